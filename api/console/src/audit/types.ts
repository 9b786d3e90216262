/** The answers about replays, as far as the console uses them. */
import type { Measure, Rate } from "../rate.ts";

export type { Measure, Rate };

export type State = "queued" | "running" | "done" | "failed" | "cancelled";

export interface Spread {
  n: number;
  missing: number;
  median: number | null;
  p90: number | null;
  total: number | null;
}

export type Class = "nearest_sent" | "sent_within_noise" | "nearer_not_eligible" | "nearer_eligible_not_sent" | "unknown" | "dropped";

export interface Headline {
  counts: Record<Class, number>;
  good: Measure;
  strict: Measure;
  within_noise: Rate;
  if_all_placed: Rate;
  lost_not_sent_s: Spread;
  lost_judged_s: Spread;
}

export interface Fault {
  source: string;
  where: string;
  field: string;
  value: string;
  accepted: string;
  hint: string;
}

export interface Replay {
  replay_id: string;
  asked_at: string;
  by: string;
  folder: string | null;
  from: string | null;
  to: string | null;
  what_if: string | null;
  state: State;
  phase: string | null;
  done: number | null;
  total: number | null;
  started_at: string | null;
  finished_at: string | null;
  because: string | null;
  faults: Fault[];
  files: { name: string; bytes: number }[];
  headline: Headline | null;
}

/** Whether it waits or runs: it can be cancelled, and there is more to be told of it. */
export function isUnderWay({ state }: Replay): boolean {
  return state === "queued" || state === "running";
}

/** A row of verdicts.csv. */
export interface Verdict {
  incident_id: string;
  received_at: string;
  verdict: Class;
  because: string;
  cause: string;
  decided_at: string | null;
  sent: string[];
  judged: string;
  judged_failed: string;
  nearest: string;
  nearest_eligible: string;
  better: string;
  sent_s: number | null;
  better_s: number | null;
  lost_s: number | null;
  grade: string;
  tags: string[];
  domestic_abuse: boolean;
  sector: string;
  lat: number | null;
  lon: number | null;
  arrival: string;
  target_s: number | null;
  clock_s: number | null;
}

export interface Incidents {
  count: number;
  next: number | null;
  sentences: Record<string, string>;
  incidents: Verdict[];
  choices: Record<"verdict" | "cause" | "grade" | "domestic_abuse", Record<string, number>>;
}

export interface ReplayIncident {
  verdict: Verdict;
  sentences: Record<string, string>;
}

export type Step = "received" | "second_report" | "graded" | "amended" | "decision" | "sent" | "en_route" | "at_scene" | "cleared" | "closed";

export interface Moment {
  step: Step;
  at: string;
  known_at: string;
  callsigns: string[];
  value: string | null;
}

export interface Moments {
  start: string;
  end: string;
  decided_at: string | null;
  time_zone: string;
  moments: Moment[];
}

export interface KnownUnit {
  callsign: string;
  status: string | null;
  status_label: string | null;
  crew: number | null;
  sector: string | null;
  incident_id: string | null;
  doubt: "same_moment" | "not_cleared" | null;
  lat: number | null;
  lon: number | null;
  course_deg: number | null;
  fixed_at: string | null;
  fix_age_s: number | null;
}

export interface LedgerLine {
  callsign: string;
  eligible: boolean;
  failed: { rule: string; because: string }[];
  time_s: number | null;
  earliest_s: number | null;
  latest_s: number | null;
  straight_m: number | null;
  fix_age_s: number | null;
  status_label: string;
  crew: number | null;
  notes: string[];
}

export interface Recommendation {
  outcome: string;
  nearest: string | null;
  nearest_eligible: string | null;
  suggested: string[];
  certainty: string | null;
  indistinguishable_from: string[];
  warnings: string[];
  ledger: LedgerLine[];
}

export interface Later {
  kind: "step" | "position" | "status" | "closure";
  name: string;
  at: string | null;
  known_at: string;
  callsigns: string[];
  value: string | null;
  lat: number | null;
  lon: number | null;
}

export type WhyNot = "not_entered" | "no_grade" | "unknown_grade" | "no_place" | "no_roads" | "no_duties" | "outside_network";

export interface Known {
  at: string;
  before: boolean;
  incident: { lat: number; lon: number; grade: string; grade_label: string; type: string | null; tags: string[]; units_needed: number } | null;
  units: KnownUnit[];
  recommendation: Recommendation | null;
  why_not: WhyNot | null;
  closures: GeoJSON.FeatureCollection;
  ways: { callsign: string; coordinates: [number, number][] }[];
  later: Later[];
  later_closures: GeoJSON.FeatureCollection;
}
