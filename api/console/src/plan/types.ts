/** What the service answers to a planner, as far as the page uses it. */
import type { Fault } from "../http.ts";

export interface Policy {
  name: string;
  settings: Record<string, unknown>;
}

/** `GET /v1/scenarios`, one of them; null is what its `scenario.toml` does not tell. */
export interface ScenarioHead {
  scenario: string;
  name: string | null;
  start: string | null;
  days: number | null;
  hours: number | null;
  past_incidents: boolean | null;
  policies: Policy[];
  replications: number | null;
  seed: number | null;
  faults: Fault[];
}

export type TableName = "stations" | "roster";
export type Cells = Record<string, string | null>;

/** `GET /v1/scenarios/{name}`. */
export interface Scenario extends ScenarioHead {
  stations: Cells[];
  roster: Cells[];
}

/** `GET /v1/simulations/{id}`. */
export interface Simulation {
  simulation_id: string;
  asked_at: string;
  by: string;
  scenario: string;
  past_incidents: boolean;
  policies: Policy[];
  replications: number;
  seed: number;
  animate: string | null;
  called: string | null;
  changed: TableName[];
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  phase: string | null;
  done: number | null;
  total: number | null;
  started_at: string | null;
  finished_at: string | null;
  because: string | null;
  faults: Fault[];
  files: { name: string; bytes: number }[];
}

/** What a number is of; the service tells the label and the unit where it compares. */
export interface Key {
  measure: string;
  grade: string;
  dimension: string;
  group: string;
  label?: string;
  unit?: Unit;
}

export type Unit = "s" | "h" | "km" | "share" | "number";

export interface Estimate extends Key {
  unit: Unit;
  n: number;
  replications: number;
  mean: number;
  low: number | null;
  high: number | null;
  few: boolean;
}

export type Finding = "better" | "worse" | "more" | "less" | "same" | "cannot_tell";

export interface Difference {
  key: Key;
  pairs: number;
  base: number;
  other: number;
  mean: number;
  low: number | null;
  high: number | null;
  finding: Finding;
  needed: number | null;
  few: boolean;
}

/** A square over the roads with how many incidents of a grade were late there. */
export interface LateSquare {
  grade: string;
  bbox: [number, number, number, number];
  decided: number;
  late: number;
}

/** `results.json`. */
export interface Results {
  scenario: { name: string; start: string; hours: number; time_zone: string };
  headline: Key[];
  policies: { policy: string; numbers: Estimate[]; late: { side_m: number; squares: LateSquare[] } }[];
  comparisons: { base: string; other: string; pairs: number; differences: Difference[] }[];
}

/** `GET /v1/simulations/{id}/compared`. */
export interface Compared {
  base: string;
  other: string;
  comparisons: { policy: string; pairs: number; differences: Difference[] }[];
}

/** A place at a time: seconds from the start, latitude, longitude, row of the activity; null where that is not known. */
export type Sample = [number, number, number, number | null];

export interface Sending {
  callsign: string;
  assigned_s: number | null;
  en_route_s: number | null;
  on_scene_s: number | null;
  cleared_s: number | null;
}

export interface ShiftIncident {
  incident_id: string;
  type: string;
  grade: string;
  lat: number;
  lon: number;
  received_s: number;
  ready_s: number | null;
  first_assigned_s: number | null;
  first_arrived_s: number | null;
  due_s: number | null;
  closed_s: number | null;
  sent: Sending[];
}

/** `animation.json`; times are seconds from `start`. */
export interface Animation {
  policy: string;
  replication: number;
  start: string;
  time_zone: string;
  from_s: number;
  to_s: number;
  activities: string[];
  units: { callsign: string; spells: Sample[][] }[];
  incidents: ShiftIncident[];
}
