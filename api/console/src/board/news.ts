/** What has happened that may change who should go to an incident, and how it is said. */
import type { Happening } from "../picture.ts";
import { words } from "../words.ts";
import type { Recommendation } from "./answers.ts";

const OF_UNITS = ["unit_on_duty", "unit_off_duty", "unit_status", "unit_crew", "unit_assigned", "unit_diverted", "unit_stood_down", "unit_at_scene", "unit_clear"];
const OF_ROADS = ["closure_opened", "closure_lifted"];
const OF_INCIDENT = ["incident_regraded", "incident_amended", "incident_linked"];
// So many lines of the ledger, and all that are shown, are looked at by somebody who decides.
export const WATCHED = 8;

export function isRelevant(told: Happening, incident_id: string): boolean {
  if (OF_UNITS.includes(told.kind) || OF_ROADS.includes(told.kind)) return true;
  return OF_INCIDENT.includes(told.kind) && incident_id in told.incidents;
}

/** Whether it should be answered at once: it is about the incident, the roads, or a unit near the top of the list. */
export function isNear(told: Happening, incident_id: string, answer: Recommendation | null): boolean {
  if (OF_ROADS.includes(told.kind) || incident_id in told.incidents || answer === null) return true;
  const watched = new Set([...answer.suggested, ...answer.ledger.slice(0, WATCHED).map((line) => line.callsign)]);
  return told.kind === "unit_on_duty" || Object.keys(told.units).some((callsign) => watched.has(callsign));
}

/** Whether one list may take the place of another and nobody has to look twice: who is named, what each would leave, the order. */
export function isSame(one: Recommendation, other: Recommendation, watched: number): boolean {
  return outline(one, watched) === outline(other, watched);
}

function outline(answer: Recommendation, watched: number): string {
  const top = answer.ledger.slice(0, Math.max(watched, WATCHED)).map((line) => [line.callsign, line.eligible, line.leaves?.incident_id]);
  return JSON.stringify([answer.outcome, answer.suggested, [...answer.indistinguishable_from].sort(), top]);
}

/** A sentence; empty where there is none for it. */
export function saidOf(told: Happening): string {
  const callsign = Object.keys(told.units)[0] ?? told.subject ?? "";
  const incident = Object.keys(told.incidents)[0] ?? "";
  const say = (words.incident.happened as Record<string, ((unit: string, incident: string) => string) | undefined>)[told.kind];
  return say?.(OF_ROADS.includes(told.kind) ? (told.subject ?? "") : callsign, incident) ?? "";
}
