/** The answers of the service that a supervisor's page shows, as far as it shows them. */
import type { Measure, Rate } from "../rate.ts";

export type { Measure, Rate };

export type GroupName = "all" | "domestic_abuse" | "other";

export interface Group {
  group: GroupName;
  incidents: number;
  sendings: number;
  counts: {
    nearest_sent: number;
    sent_within_noise: number;
    nearer_not_eligible: number;
    nearer_eligible_not_sent: number;
    unknown: number;
    dropped: number;
  };
  nearest_sent: Measure;
  strict: Measure;
  if_all_placed: Rate;
  suggested_sent: Rate;
  lost_s: { n: number; missing: number; median: number | null; p90: number | null; total: number | null };
  responses: {
    with_target: number;
    in_target: number;
    late: number;
    overdue: number;
    pending: number;
    zero: number;
    unclocked: number;
    missing: number;
    doubtful: number;
    nobody_sent: number;
    in_target_of_timed: Rate;
    in_target_of_decided: Rate;
  };
}

export interface Because {
  because: string;
  sentence: string;
  count: number;
}

export interface NotNearest {
  incident_id: string;
  grade: string;
  domestic_abuse: boolean;
  decided_at: string;
  by: string[];
  sent: string[];
  judged: string;
  better: string;
  lost_s: number | null;
  cause_label: string;
  reasons: { reason: string; label: string | null }[];
}

export interface OverrideSent {
  incident_id: string;
  grade: string;
  domestic_abuse: boolean;
  callsign: string;
  at: string;
  by: string;
  note: string | null;
  failed: string[];
  /** Who was suggested just before; null where that is not known. */
  advised: string[] | null;
  /** Seconds by which the unit sent was later than the soonest of those; null where that is not known. */
  given_up_s: number | null;
}

export interface Override {
  reason: string | null;
  label: string | null;
  count: number;
  domestic_abuse: number;
  sent: OverrideSent[];
}

export interface Late {
  incident_id: string;
  grade: string;
  domestic_abuse: boolean;
  target_s: number;
  due_at: string;
  late_s: number;
  waiting: boolean;
  arrived_at: string | null;
  sent: string[];
}

export interface Supervision {
  from: string;
  to: string;
  as_of: string;
  purged: number;
  next_due_at: string | null;
  groups: Group[];
  unknown: Because[];
  dropped: Because[];
  not_nearest: NotNearest[];
  overrides: Override[];
  late: Late[];
}

export interface Review {
  review_id: string;
  incident_id: string;
  level: string;
  least: string;
  due_at: string;
  overdue_s: number | null;
}

export interface Task {
  task_id: string;
  kind: "tell_victim" | "reassess" | "inform_victim";
  subject: string;
  name: string | null;
  because: string;
  about: string | null;
  set_by: string;
  due_at: string;
  overdue_s: number | null;
  tried: number;
  support: string[];
}

export interface Marker {
  marker_id: string;
  name: string;
  role: "victim" | "perpetrator" | "address";
  level: string;
  text: string;
  expires_at: string;
  in_force: boolean;
}

export interface Sample {
  sample_id: string;
  drawn_at: string;
  by: string;
  period_from: string;
  period_to: string;
  tags: string[];
  grades: string[];
  population: number;
  incidents: string[];
  outstanding: string[];
}

export interface Facts {
  first_sent_s: number | null;
  first_at_scene_s: number | null;
  suggested_sent: boolean | null;
  reason: string | null;
  history_checked: boolean;
  raised_by: string[];
}

export interface Judged {
  seq: number;
  incident_id: string;
  at: string;
  by: string;
  answers: Record<string, string>;
  outcome: string;
  note: string | null;
  facts: Facts;
}

export interface Assessments {
  assessments: Judged[];
  outcomes: Record<string, number>;
  answers: Record<string, Record<string, number>>;
}

/** An incident as it is shown to whoever judges the response to it. */
export interface Case {
  incident_id: string;
  received_at: string;
  grade: string;
  type: string | null;
  tags: string[];
  address: string | null;
  stage: string;
  outcome: string | null;
  assignments: {
    callsign: string;
    assigned_at: string;
    at_scene_at: string | null;
    suggested: boolean;
    reason: string | null;
  }[];
}
