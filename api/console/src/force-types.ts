/** The answer to `GET /v1/force`, as far as the console uses it. */

export interface Grade {
  grade: string;
  label: string;
  rank: number;
  clock: "received" | "graded" | "dispatched";
  profile: string;
  deploys: boolean;
  target_urban_s: number | null;
  target_rural_s: number | null;
  preempted_by: string[];
}

export interface Status {
  status: string;
  label: string;
  off_duty: boolean;
  deployable: "yes" | "no" | "towards_higher_grade" | "preempt";
  moving: boolean;
  mobilisation_s: number;
  step: string | null;
  then: string[] | null;
}

export interface Force {
  hash: string;
  version: number;
  name: string;
  time_zone: string;
  grid: string | null;
  grades: Grade[];
  statuses: Status[];
  steps: { step: string; then: string[] }[];
  skills: { skill: string; label: string; stops_clock: boolean }[];
  tags: { tag: string; label: string; crew: number | null; or_units: number | null; needs: string[]; prefer_skill: string | null }[];
  override_reasons: { reason: string; label: string }[];
  fixes: { fresh_s: number; stale_moving_s: number; stale_parked_s: number; future_tolerance_s: number; default_accuracy_m: number };
  risk: {
    levels: string[];
    roles: string[];
    task_kinds: string[];
    months: number;
    definitions: { definition: string; version: string; text: string; adds: string | null }[];
    questions: { question: string; label: string }[];
    raises: { reason: string; label: string; tags: string[]; marker: string | null; to: string }[];
  };
  assessment: { questions: { question: string; label: string }[]; answers: string[]; outcomes: { outcome: string; label: string }[] };
}
