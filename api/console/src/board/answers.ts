/** What the service answers about an incident, as far as the board shows it. */
import type { Assignment, Incident } from "../picture.ts";

/** How far a unit that was sent has come. */
export type Step = "assigned" | "en_route" | "at_scene" | "clear" | "stood_down" | "diverted";

export interface Sent extends Assignment {
  incident_id: string;
  step: Step;
  assigned_at: string;
  by: string;
  suggested: boolean;
  reason: string | null;
  note: string | null;
  failed: string[];
  en_route_at: string | null;
  at_scene_at: string | null;
  ended_at: string | null;
}

export interface Failed {
  rule: string;
  because: string;
}

export interface Leaves {
  incident_id: string | null;
  grade: string | null;
  next_callsign: string | null;
  delay_s: number | null;
  because: string;
}

/** A line of the ledger; what cannot be told is null. */
export interface Line {
  callsign: string;
  eligible: boolean;
  failed: Failed[];
  time_s: number | null;
  earliest_s: number | null;
  latest_s: number | null;
  behind_s: number | null;
  mobilisation_s: number | null;
  drive_s: number | null;
  walk_s: number | null;
  length_m: number | null;
  straight_m: number | null;
  fix_age_s: number | null;
  fix_gap_m: number | null;
  status: string | null;
  status_label: string;
  crew: number | null;
  skills: string[];
  sector: string | null;
  notes: string[];
  leaves: Leaves | null;
}

export interface Target {
  setting: "urban" | "rural" | "unknown";
  target_s: number | null;
  clock: string;
  due_at: string | null;
}

export interface Recommendation {
  now: string;
  outcome: "suggested" | "met" | "nobody_eligible" | "nobody_on_duty";
  nearest: string | null;
  nearest_eligible: string | null;
  suggested: string[];
  unmet: string[];
  certainty: "clear" | "indistinguishable" | null;
  indistinguishable_from: string[];
  profile: string;
  target: Target;
  gap_m: number;
  warnings: string[];
  ledger: Line[];
}

export interface Match {
  incident_id: string;
  received_at: string;
  by: string[];
  counts_by: string[];
  distance_m: number;
  grade: string | null;
  type: string | null;
  tags: string[];
  stage: string | null;
  outcome: string | null;
}

export interface Marker {
  marker_id: string;
  role: string;
  level: string;
  serial: boolean;
  most_serious: boolean;
  text: string;
  support: string[];
  expires_at: string;
  in_force: boolean;
  raised_until: string | null;
  on: string;
  holds: boolean;
}

/** A definition held against the incident; `met` is null where it cannot be told. */
export interface Definition {
  version: string;
  text: string;
  adds: string | null;
  met: boolean | null;
  because?: string;
  months?: number;
  last_discussed_at?: string | null;
  questions?: Record<string, string>;
  answers?: Record<string, boolean | null>;
}

export interface Risk {
  since: string;
  matches: Match[];
  not_listed: number;
  withheld: { by: string; incidents: number; because: string }[];
  unreadable: string[];
  definitions: Record<string, Definition>;
  markers: Marker[];
  raises: { reason: string; to: string; raised: boolean; said: string }[];
}

/** An incident with all that is known of it, told to whoever looks at it. */
export interface Case extends Incident {
  asked_grade: string;
  received_by: string;
  raised_by: string[];
  phone: string | null;
  people: string[];
  risk: Risk | null;
  dash: { level?: string } | null;
}

const BOUND: readonly string[] = ["assigned", "en_route", "at_scene"];

/** The units that are bound to an incident, in the order in which they were sent. */
export function boundTo(incident: Pick<Incident, "assignments">): Sent[] {
  return (incident.assignments as Sent[]).filter((each) => BOUND.includes(each.step));
}
