/** What a supervisor watches: each list is asked for again when the stream tells something that may change it. */
import { Changes } from "../changes.ts";
import { at, get, Problem, Unreachable } from "../http.ts";
import { picture, type Happening } from "../picture.ts";
import { session } from "../session.ts";
import { Asked, soonest, type Again } from "./asked.ts";
import { bounds, dayAfter, midnight, today, type Days } from "./period.ts";
import type { Assessments, Marker, Review, Sample, Supervision, Task } from "./types.ts";

/** How far back samples are looked for, in days. */
export const SAMPLES_DAYS = 28;
const AGAIN_MS = 2000;
const STEPS = ["unit_assigned", "unit_en_route", "unit_at_scene", "unit_clear", "unit_stood_down", "unit_diverted"];

export class Watch extends Changes {
  readonly day: Asked<Supervision>;
  readonly reviews: Asked<Review[]>;
  readonly tasks: Asked<Task[]>;
  readonly markers: Asked<Marker[]>;
  readonly assessments: Asked<Assessments>;
  readonly samples: Asked<Sample[]>;
  #seen = 0;
  #leavePicture: () => void = () => undefined;
  #lost = false;
  #closed = false;
  readonly #leave: (() => void)[] = [];

  /** @param days null for today, whichever day that is by then */
  constructor(
    readonly days: Days | null,
    readonly zone: string,
  ) {
    super();
    const told = () => this.changed();
    this.day = new Asked(() => get<Supervision>(this.#dayPath()), told, (value) => soonest([value.next_due_at, this.#dayEnd()]));
    this.reviews = new Asked(async () => (await get<{ reviews: Review[] }>("/v1/reviews")).reviews, told, nextDue);
    this.tasks = new Asked(async () => (await get<{ tasks: Task[] }>("/v1/tasks")).tasks, told, nextDue);
    this.markers = new Asked(async () => (await get<{ markers: Marker[] }>("/v1/markers")).markers, told, nextEnd);
    this.assessments = new Asked(() => get<Assessments>(this.assessmentsPath()), told, () => soonest([this.#dayEnd()]));
    this.samples = new Asked(() => this.#askSamples(), told);
  }

  /** Asks for everything and follows the stream. */
  async open(): Promise<void> {
    // What happens from here on is told, so whatever is asked from here on stays right.
    await this.#follow();
    await Promise.all([this.day, ...this.#kept].map((each) => each.now()));
  }

  close(): void {
    this.#closed = true;
    for (const leave of this.#leave) leave();
    for (const each of [this.day, ...this.#kept]) each.close();
    this.#leavePicture();
  }

  assessmentsPath(): string {
    const { first, last } = this.days ?? { first: today(this.zone), last: today(this.zone) };
    return at("/v1/assessments?from=", midnight(first, this.zone), "&to=", midnight(dayAfter(last), this.zone));
  }

  get #kept(): Again[] {
    return [this.reviews, this.tasks, this.markers, this.assessments, this.samples];
  }

  #dayPath(): string {
    if (this.days === null) return "/v1/supervision";
    const { from, to } = bounds(this.days, this.zone);
    return at("/v1/supervision?from=", from) + (to === null ? "" : at("&to=", to));
  }

  /** When today is over, and another day is today; null where days are named. */
  #dayEnd(): string | null {
    return this.days === null ? midnight(dayAfter(today(this.zone)), this.zone) : null;
  }

  async #askSamples(): Promise<Sample[]> {
    const day = today(this.zone);
    const path = at("/v1/assessments/samples?from=", midnight(dayAfter(day, -SAMPLES_DAYS), this.zone), "&to=", midnight(dayAfter(day), this.zone));
    return (await get<{ samples: Sample[] }>(path)).samples;
  }

  async #follow(): Promise<void> {
    if (!session.may("stream")) return;
    const happened = (happening: Happening): void => {
      this.#seen = happening.seq;
      for (const each of this.#touched(happening.kind)) each.again();
    };
    picture.onHappening.add(happened);
    this.#leave.push(() => picture.onHappening.delete(happened), picture.listen(() => this.#looked()));
    await this.#open();
  }

  async #open(): Promise<void> {
    try {
      const leave = await picture.open();
      if (this.#closed) return leave();
      this.#leavePicture = leave;
      this.#seen = picture.seq;
    } catch (error) {
      if (this.#closed) return;
      if (!(error instanceof Unreachable) && !(error instanceof Problem)) throw error;
      this.#lost = true;
      const timer = setTimeout(() => void this.#open(), AGAIN_MS);
      this.#leave.push(() => clearTimeout(timer));
    }
  }

  #touched(kind: string): Again[] {
    if (kind.startsWith("incident_") || STEPS.includes(kind)) return [this.day];
    if (kind === "dash_recorded" || kind.startsWith("review_")) return [this.reviews];
    if (kind.startsWith("task_")) return [this.tasks];
    if (kind.startsWith("marker_")) return [this.markers, this.tasks];
    return [];
  }

  /** After a connection that was lost, or events that were too many to be told, anything may be another. */
  #looked(): void {
    const missed = picture.seq !== this.#seen || (this.#lost && picture.connection === "live");
    this.#lost = picture.connection === "lost" || (this.#lost && picture.connection !== "live");
    this.#seen = picture.seq;
    if (missed) for (const each of [this.day, ...this.#kept]) each.again();
  }
}

function nextDue(items: { due_at: string; overdue_s: number | null }[]): number | null {
  return soonest(items.map((each) => (each.overdue_s === null ? each.due_at : null)));
}

function nextEnd(markers: Marker[]): number | null {
  return soonest(markers.map((each) => (each.in_force ? each.expires_at : null)));
}
