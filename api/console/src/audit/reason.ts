/** Why the auditor looks, and where replays are asked for. */
import { at } from "../http.ts";
import { Reason } from "../reason.ts";
import { words } from "../words.ts";

export const reason = new Reason("nearest.audit.reason", words.audit.reason);

export function pathOf(replay: string): string {
  return at("/v1/replays/", replay);
}
