/** One incident of a replay at a moment that is moved about: what happened, and what was known just then. */
import { Changes } from "../changes.ts";
import { at as path, get } from "../http.ts";
import { words } from "../words.ts";
import { Asked } from "./asked.ts";
import { pathOf, reason } from "./reason.ts";
import { scaleOf, type Scale } from "./scale.ts";
import type { Known, Moment, Moments, ReplayIncident, Verdict } from "./types.ts";

// So long nothing moves before the service is asked, and so many answers are kept for the way back.
const REST_MS = 120;
const KEPT = 200;

interface Told {
  moments: Moments;
  verdict: Verdict;
  sentences: Record<string, string>;
}

export class Looked extends Changes {
  readonly told = new Asked<Told>(words.audit.noAnswer);
  readonly known = new Asked<Known>(words.audit.noAnswer);
  scale: Scale = scaleOf([0]);
  /** The moment looked at, as the service writes it; empty before there is one. */
  at = "";
  readonly #kept = new Map<string, Known>();
  readonly #path: string;
  #rest: ReturnType<typeof setTimeout> | null = null;

  constructor(replay: string, incident: string) {
    super();
    this.#path = path(`${pathOf(replay)}/incidents/`, incident);
    this.told.listen(() => this.changed());
    this.known.listen(() => this.changed());
  }

  close(): void {
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.told.close();
    this.known.close();
  }

  async load(): Promise<void> {
    await this.told.ask(async (signal) => {
      const [moments, one] = await Promise.all([
        get<Moments>(`${this.#path}/moments`, { signal, ...reason.why() }),
        get<ReplayIncident>(this.#path, { signal, ...reason.why() }),
      ]);
      return { moments, verdict: one.verdict, sentences: one.sentences };
    });
    const told = this.told.value;
    if (told === null) return;
    const { moments, start, end, decided_at } = told.moments;
    this.scale = scaleOf([start, end, ...moments.map((each) => each.at)].map(Date.parse));
    if (this.at === "") this.goTo(decided_at ?? start);
  }

  get at_ms(): number {
    return Date.parse(this.at);
  }

  /** The moments at which something happened, each once, as the service writes them. */
  get stops(): string[] {
    return [...new Set(this.told.value?.moments.moments.map((each) => each.at) ?? [])];
  }

  /** What happened last by the moment looked at. */
  get last(): Moment | undefined {
    return this.told.value?.moments.moments.findLast((each) => each.at <= this.at);
  }

  /** Looks at a moment as the service writes it, at once. */
  goTo(at: string): void {
    this.#move(at, 0);
  }

  /** Looks at a moment in milliseconds, when it is moved no more. */
  moveTo(at_ms: number): void {
    const told = this.told.value;
    if (told === null) return;
    const { start, end } = told.moments;
    // What is written to the microsecond lies after its milliseconds, and the ends are asked for as they are written.
    const whole = Math.round(at_ms / 1000) * 1000;
    this.#move(whole <= Date.parse(start) ? start : whole >= Date.parse(end) ? end : written(whole), REST_MS);
  }

  /** Goes to the next moment at which something happened, or to the one before. */
  step(by: 1 | -1): void {
    const stop = by > 0 ? this.stops.find((each) => each > this.at) : this.stops.findLast((each) => each < this.at);
    if (stop !== undefined) this.goTo(stop);
  }

  #move(at: string, rest_ms: number): void {
    this.at = at;
    this.changed();
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#rest = setTimeout(() => void this.look(), rest_ms);
  }

  /** Asks what was known at the moment looked at. */
  async look(): Promise<void> {
    const moment = this.at;
    const kept = this.#kept.get(moment);
    await this.known.ask(async (signal) => kept ?? get<Known>(`${this.#path}/known?${new URLSearchParams({ at: moment })}`, { signal, ...reason.why() }));
    const known = this.known.value;
    if (this.at !== moment || this.known.why !== "" || known === null) return;
    if (this.#kept.size >= KEPT) this.#kept.clear();
    this.#kept.set(moment, known);
  }
}

/** To the microsecond as the service writes it, so that moments can be compared as they are written. */
function written(moment_ms: number): string {
  return new Date(moment_ms).toISOString().replace("Z", "000Z");
}
