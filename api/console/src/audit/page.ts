/**
 * The auditor's page: replays, what one of them came to, and one incident of it moment by moment.
 *
 * `#/audit`, `#/audit/REPLAY`, `#/audit/REPLAY/INCIDENT`.
 */
import { force } from "../force.ts";
import type { Page } from "../page.ts";
import { openIncident } from "./incident.ts";
import { openReplay } from "./replay.ts";
import { openReplays } from "./replays.ts";

export async function open(place: HTMLElement, rest: string): Promise<Page> {
  const known = await force();
  const [replay = "", ...name] = rest.split("/");
  if (replay === "") return openReplays(place, known);
  // An incident's name may have strokes in it.
  return name.length === 0 ? openReplay(place, known, replay) : openIncident(place, known, replay, name.join("/"));
}

