/** Which incidents wait for units, how urgent each is, and when its target is up. */
import type { Force, Grade } from "../force-types.ts";
import type { Incident, Unit } from "../picture.ts";
import { boundTo, type Sent } from "./answers.ts";

export function gradeOf(incident: Pick<Incident, "grade">, force: Force): Grade | undefined {
  return force.grades.find((each) => each.grade === incident.grade);
}

export interface Count {
  sent: number;
  needed: number;
  /** Whether units or people are missing still. */
  short: boolean;
}

/** How many units are bound to an incident, and whether that is enough: by number, and by people for each of its tags. */
export function countOf(incident: Incident, units: ReadonlyMap<string, Unit>, force: Force): Count {
  const bound = boundTo(incident);
  // A crew that is not known counts as one officer, as in the ledger.
  const people = bound.reduce((sum, each) => sum + (units.get(each.callsign)?.crew || 1), 0);
  const tags = force.tags.filter((each) => incident.tags.includes(each.tag) && each.crew !== null);
  const few = tags.some((tag) => people < tag.crew! && !(tag.or_units !== null && bound.length >= tag.or_units));
  const needed = Math.max(incident.units_needed, 1);
  return { sent: bound.length, needed, short: bound.length < needed || few };
}

/** When the target of an incident is up, in milliseconds since 1970; null where it has none or its clock has not begun. */
export function dueAt(incident: Incident, force: Force): number | null {
  const grade = gradeOf(incident, force);
  const began = grade === undefined ? null : startOf(incident, grade);
  const target_s = grade === undefined ? null : targetOf(incident, grade);
  return began === null || target_s === null ? null : Date.parse(began) + target_s * 1000;
}

function startOf(incident: Incident, grade: Grade): string | null {
  if (grade.clock === "received") return incident.received_at;
  if (grade.clock === "graded") return incident.graded_at;
  const sent = (incident.assignments as Sent[]).filter((each) => each.step !== "stood_down" && each.step !== "diverted");
  return sent[0]?.assigned_at ?? null;
}

/** The target of the place; the shorter one where its setting is not known. */
function targetOf({ setting }: Incident, grade: Grade): number | null {
  if (setting === "urban") return grade.target_urban_s;
  if (setting === "rural") return grade.target_rural_s;
  const both = [grade.target_urban_s, grade.target_rural_s].filter((each) => each !== null);
  return both.length === 0 ? null : Math.min(...both);
}

/** When the first unit that counts as the response came to the scene, by what its people can do; null where none has. */
export function reachedAt(incident: Incident, units: ReadonlyMap<string, Unit>, force: Force): string | null {
  const counting = (incident.assignments as Sent[]).filter((each) => stopsClock(units.get(each.callsign), force));
  const times = counting.map((each) => each.at_scene_at ?? null);
  return times.filter((each) => each !== null).sort()[0] ?? null;
}

/** The service's rule: every skill of the unit does; of a unit that is gone no skill is known. */
function stopsClock(unit: Unit | undefined, force: Force): boolean {
  return (unit?.skills ?? []).every((skill) => force.skills.find((each) => each.skill === skill)?.stops_clock ?? true);
}

/** By grade, then by time left, then by age. */
export function byUrgency(force: Force): (a: Incident, b: Incident) => number {
  const rank = (each: Incident): number => gradeOf(each, force)?.rank ?? 0;
  const due = (each: Incident): number => dueAt(each, force) ?? Infinity;
  return (a, b) =>
    rank(a) - rank(b) ||
    (due(a) === due(b) ? 0 : due(a) - due(b)) ||
    a.received_at.localeCompare(b.received_at) ||
    a.incident_id.localeCompare(b.incident_id);
}
