/** How the page says moments, lengths of time and names. */
import type { Force } from "../force.ts";
import { clock } from "../time.ts";
import { words } from "../words.ts";
import type { Verdict } from "./types.ts";

const said = words.audit;

/** The address of a replay, or of an incident of it. */
export function addressOf(replay: string, incident?: string): string {
  return incident === undefined ? `#/audit/${replay}` : `#/audit/${replay}/${encodeURIComponent(incident)}`;
}

/** Day, year and time: what is audited may be long ago. */
export function dated(moment: string, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: zone }).format(new Date(moment));
}

/** A length of time, or that it is not known. */
export function lasting(seconds: number | null): string {
  return seconds === null ? said.notKnown : clock(seconds);
}

export function gradeLabel(force: Force, name: string): string {
  return force.grades.find((each) => each.grade === name)?.label ?? (name || said.noGrade);
}

/** What is said of an incident, in a sentence or two. */
export function verdictText(verdict: Verdict, sentences: Record<string, string>): string {
  const parts = [said.classes[verdict.verdict], sentences[verdict.because] ?? "", sentences[verdict.cause] ?? ""];
  return parts.filter((each) => each !== "").join(". ");
}
