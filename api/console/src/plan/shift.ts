/** A simulated shift: who was where, and what waited how long, at any moment of it. */
import type { UnitState } from "../units.ts";
import type { Animation, Sample, ShiftIncident } from "./types.ts";

/** What each activity is at a glance; what a crew does that is told to nobody is not known. */
const STATES: Record<string, UnitState> = {
  patrol: "free",
  station: "free",
  returning: "free",
  mobilising: "en_route",
  en_route: "en_route",
  at_scene: "at_scene",
  briefing: "busy",
  break: "busy",
  escort: "busy",
  custody: "busy",
};
const DEG = 180 / Math.PI;
const FULL_DEG = 360;

export interface ShiftUnit {
  callsign: string;
  lat: number;
  lon: number;
  course_deg: number | null;
  activity: string | null;
  state: UnitState;
  /** What it is sent to at that moment; null for nothing. */
  incident_id: string | null;
}

export type Standing = "unready" | "waiting" | "sent" | "there";

export interface StandingIncident {
  incident: ShiftIncident;
  standing: Standing;
  /** Who is sent and not yet done there. */
  callsigns: string[];
  /** Seconds since the call until somebody was there, or until now. */
  waits_s: number;
  /** Seconds until the target is up; below 0 it was missed; null for no target, or where somebody came in time. */
  left_s: number | null;
  late: boolean;
}

export class Shift {
  /** Moments at which something happens to an incident, each once, by time. */
  readonly happenings: number[];

  /** @param rank how urgent a grade is, 1 the most */
  constructor(
    readonly told: Animation,
    readonly rank: (grade: string) => number,
  ) {
    const moments = told.incidents.flatMap((each) => [each.received_s, each.first_assigned_s, each.first_arrived_s, each.closed_s]);
    const within = moments.filter((moment) => moment !== null && moment >= told.from_s && moment <= told.to_s) as number[];
    this.happenings = [...new Set(within)].sort((a, b) => a - b);
  }

  /** Everybody on duty at a moment, between the places where they were seen. */
  units(at_s: number): ShiftUnit[] {
    return this.told.units.flatMap(({ callsign, spells }) => {
      const spell = spells.find((each) => each[0]![0] <= at_s && each.at(-1)![0] >= at_s);
      if (spell === undefined) return [];
      return [{ callsign, ...this.#placed(spell, at_s), incident_id: this.#boundTo(callsign, at_s) }];
    });
  }

  #placed(spell: Sample[], at_s: number): Omit<ShiftUnit, "callsign" | "incident_id"> {
    const row = before(spell, at_s);
    const [from, to] = [spell[row]!, spell[row + 1] ?? spell[row]!];
    const share = to[0] > from[0] ? (at_s - from[0]) / (to[0] - from[0]) : 0;
    const activity = from[3] === null ? null : (this.told.activities[from[3]] ?? null);
    return {
      lat: from[1] + share * (to[1] - from[1]),
      lon: from[2] + share * (to[2] - from[2]),
      course_deg: courseOf(from, to),
      activity,
      state: activity === null ? "unknown" : (STATES[activity] ?? "busy"),
    };
  }

  #boundTo(callsign: string, at_s: number): string | null {
    const bound = this.told.incidents.find(({ sent }) => sent.some((each) => each.callsign === callsign && isSent(each, at_s)));
    return bound?.incident_id ?? null;
  }

  /** Incidents that are open at a moment, those that nobody was sent to first, then by grade, then by who has waited longest. */
  incidents(at_s: number): StandingIncident[] {
    const order: Standing[] = ["waiting", "unready", "sent", "there"];
    return this.told.incidents
      .filter(({ received_s, closed_s }) => received_s <= at_s && (closed_s === null || closed_s > at_s))
      .map((incident) => standingOf(incident, at_s))
      .sort((a, b) => order.indexOf(a.standing) - order.indexOf(b.standing) || this.rank(a.incident.grade) - this.rank(b.incident.grade) || b.waits_s - a.waits_s);
  }

  /** The next moment at which something happens, or the one before; undefined where there is none. */
  next(at_s: number, by: 1 | -1): number | undefined {
    return by > 0 ? this.happenings.find((each) => each > at_s) : this.happenings.findLast((each) => each < at_s);
  }
}

function standingOf(incident: ShiftIncident, at_s: number): StandingIncident {
  const { received_s, first_arrived_s, ready_s, due_s } = incident;
  const callsigns = incident.sent.filter((each) => isSent(each, at_s)).map((each) => each.callsign);
  const there = first_arrived_s !== null && first_arrived_s <= at_s;
  const until_s = there ? first_arrived_s : at_s;
  const late = due_s !== null && until_s > due_s;
  const standing = there ? "there" : callsigns.length > 0 ? "sent" : ready_s === null || ready_s > at_s ? "unready" : "waiting";
  return { incident, standing, callsigns, waits_s: until_s - received_s, left_s: due_s === null || (there && !late) ? null : due_s - until_s, late };
}

function isSent(sending: ShiftIncident["sent"][number], at_s: number): boolean {
  return sending.assigned_s !== null && sending.assigned_s <= at_s && (sending.cleared_s === null || sending.cleared_s > at_s);
}

/** The row of the last sample that is not after a moment; the first where all are. */
function before(spell: readonly Sample[], at_s: number): number {
  let [low, high] = [0, spell.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (spell[middle]![0] <= at_s) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where somebody drives; null who stands still. */
function courseOf(from: Sample, to: Sample): number | null {
  const north = to[1] - from[1];
  const east = (to[2] - from[2]) * Math.cos(from[1] / DEG);
  return north === 0 && east === 0 ? null : (Math.atan2(east, north) * DEG + FULL_DEG) % FULL_DEG;
}
