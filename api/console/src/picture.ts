/** What is known now: units, incidents and closures, loaded once and kept up to date by the stream. */
import type { EventSourceMessage } from "eventsource-parser";
import { Changes } from "./changes.ts";
import { get } from "./http.ts";
import { mark, now, since_ms, type Mark } from "./now.ts";
import { Stream, type Connection } from "./stream.ts";

export interface Fix {
  callsign: string;
  fixed_at: string;
  lat: number;
  lon: number;
  accuracy_m: number | null;
  course_deg: number | null;
  speed_kmh: number | null;
}

export interface Unit {
  callsign: string;
  duty: string;
  duty_start: string;
  duty_end: string | null;
  status: string | null;
  status_at: string | null;
  crew: number | null;
  skills: string[];
  sector: string | null;
  home: { lat: number; lon: number } | null;
  incident_id: string | null;
  assigned_at: string | null;
  fix: Fix | null;
}

export interface Assignment {
  callsign: string;
  [member: string]: unknown;
}

/** An incident as the stream tells it; phone, people and risk come only to whoever looks at the incident. */
export interface Incident {
  incident_id: string;
  received_at: string;
  lat: number;
  lon: number;
  grade: string;
  graded_at: string;
  type: string | null;
  tags: string[];
  needs: string[];
  units_needed: number;
  sector: string | null;
  /** Of its place: `urban`, `rural` or `unknown`. */
  setting: string;
  on_road: boolean;
  address: string | null;
  raised_by: unknown[];
  assignments: Assignment[];
  stage: string;
  duplicate_of: string | null;
  duplicates: string[];
  outcome: string | null;
  ended_at: string | null;
}

export interface Closure {
  id: string;
  feature: GeoJSON.Feature;
}

export interface Happening {
  seq: number;
  kind: string;
  subject: string | null;
  at: string;
  actor: string;
  as_of: number;
  units: Record<string, Unit | null>;
  incidents: Record<string, Incident | null>;
  closures: Record<string, unknown>;
}

const AGAIN_MS = 2000;
// A closure that begins later is told by no event when it begins.
const CLOSURES_MS = 60_000;
// The clock here may be behind the service's by so much.
const BEHIND_MS = 1500;

class Picture extends Changes {
  readonly units = new Map<string, Unit>();
  readonly incidents = new Map<string, Incident>();
  closures: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
  /** The last row of the record that is in it. */
  seq = 0;
  loaded = false;
  stream: Stream | null = null;
  #loaded_at: Mark | null = null;
  #opened = 0;
  #unlisten: () => void = () => undefined;
  /** From when all is loaded again until the next stream is heard, no stream says whether it is true. */
  #reloading: Connection | null = null;
  #loads = 0;
  #closuresDue = false;
  #closuresAsked = false;
  #closuresTimer: ReturnType<typeof setTimeout> | null = null;
  /** Called with each event, after it is in the picture. */
  readonly onHappening = new Set<(happening: Happening) => void>();

  get connection(): Connection {
    return this.#reloading ?? this.stream?.connection ?? "connecting";
  }

  /** Milliseconds since the picture was last known to be true. */
  age_ms(): number {
    const loaded_ms = this.#loaded_at === null ? Infinity : since_ms(this.#loaded_at);
    return Math.min(loaded_ms, this.stream?.age_ms() ?? Infinity);
  }

  /** Loads all and follows the stream, until the returned function is called or another page opens it. */
  async open(): Promise<() => void> {
    this.#close();
    const opened = ++this.#opened;
    await this.#load();
    if (opened === this.#opened) this.#follow();
    return () => {
      if (opened === this.#opened) this.#close();
    };
  }

  #follow(): void {
    this.stream = new Stream("/v1/stream", (message) => this.#take(message), this.seq);
    this.#unlisten = this.stream.listen(() => {
      this.#reloading = null;
      this.changed();
    });
    this.#watchClosures();
  }

  #close(): void {
    this.stream?.close();
    this.stream = null;
    this.#reloading = null;
    if (this.#closuresTimer !== null) clearTimeout(this.#closuresTimer);
  }

  async #load(): Promise<void> {
    const [units, incidents, closures] = await Promise.all([
      get<{ seq: number; units: Unit[] }>("/v1/units"),
      get<{ seq: number; incidents: Incident[] }>("/v1/incidents"),
      get<GeoJSON.FeatureCollection>("/v1/closures"),
    ]);
    this.units.clear();
    this.incidents.clear();
    for (const unit of units.units) this.units.set(unit.callsign, unit);
    for (const incident of incidents.incidents) this.incidents.set(incident.incident_id, incident);
    this.closures = closures;
    // Events between the two answers come again and change nothing.
    this.seq = Math.min(units.seq, incidents.seq);
    this.loaded = true;
    this.#loads += 1;
    this.#loaded_at = mark();
    this.changed();
  }

  #take(message: EventSourceMessage): void {
    const told = JSON.parse(message.data) as Happening & { positions?: { callsign: string; fix: Fix }[] };
    if (message.event === "positions") for (const { callsign, fix } of told.positions ?? []) this.#moved(callsign, fix);
    else if (message.event === "reset") void this.#again();
    else this.#happened(told);
    this.changed();
  }

  #moved(callsign: string, fix: Fix): void {
    const unit = this.units.get(callsign);
    if (unit !== undefined) this.units.set(callsign, { ...unit, fix });
  }

  #happened(told: Happening): void {
    if (told.seq <= this.seq) return;
    this.seq = told.seq;
    for (const [name, unit] of Object.entries(told.units)) {
      if (unit === null) this.units.delete(name);
      else this.units.set(name, unit);
    }
    for (const [name, incident] of Object.entries(told.incidents)) {
      if (incident === null) this.incidents.delete(name);
      else this.incidents.set(name, incident);
    }
    if (Object.keys(told.closures).length > 0) void this.#closuresAgain();
    for (const listener of [...this.onHappening]) listener(told);
  }

  /** Asks for the closures until there is an answer, one question at a time, so that no older answer comes last. */
  async #closuresAgain(): Promise<void> {
    this.#closuresDue = true;
    if (this.#closuresAsked) return;
    this.#closuresAsked = true;
    while (this.#closuresDue && this.stream !== null) {
      this.#closuresDue = false;
      const loads = this.#loads;
      try {
        const closures = await get<GeoJSON.FeatureCollection>("/v1/closures");
        // What was loaded meanwhile is newer.
        if (loads === this.#loads) this.closures = closures;
        this.changed();
      } catch {
        this.#closuresDue = true;
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    }
    this.#closuresAsked = false;
    this.#watchClosures();
  }

  /** Asks again when the next closure ends, and now and then for those that begin. */
  #watchClosures(): void {
    if (this.#closuresTimer !== null) clearTimeout(this.#closuresTimer);
    if (this.stream === null) return;
    const ends = this.closures.features.map((each) => Date.parse(String(each.properties?.["to"] ?? "")) - now() + BEHIND_MS);
    const next_ms = Math.min(CLOSURES_MS, ...ends.filter((left_ms) => left_ms > 0));
    this.#closuresTimer = setTimeout(() => void this.#closuresAgain(), next_ms);
  }

  /** Too much was missed: everything is loaded again, and followed from there, so that nothing between is lost. */
  async #again(): Promise<void> {
    const stream = this.stream;
    stream?.close();
    this.#unlisten();
    this.#reloading ??= "connecting";
    try {
      await this.#load();
    } catch {
      if (this.stream !== stream || stream === null) return;
      this.#reloading = "lost";
      this.changed();
      setTimeout(() => this.stream === stream && void this.#again(), AGAIN_MS);
      return;
    }
    // Unless the page was left meanwhile.
    if (this.stream === stream && stream !== null) this.#follow();
  }
}

export const picture = new Picture();
