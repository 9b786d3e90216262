/** What the console knows of the force's profile, asked once a session. */
import { get } from "./http.ts";
import type { Force } from "./force-types.ts";

export type { Force } from "./force-types.ts";

let asked: Promise<Force> | null = null;

export function force(): Promise<Force> {
  asked ??= get<Force>("/v1/force").catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}
