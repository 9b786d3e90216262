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

/** Asks for the rules anew, as after the service was away; true where they are others than were known. */
export async function rulesChanged(): Promise<boolean> {
  if (asked === null) return false;
  const [before, found] = [await asked, await get<Force>("/v1/force")];
  if (JSON.stringify(before) === JSON.stringify(found)) return false;
  asked = Promise.resolve(found);
  return true;
}
