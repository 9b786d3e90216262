/** The way of the unit in focus: asked from the fix that its time rests on, drawn on the map, held against the ledger. */
import type { Force } from "../force-types.ts";
import { get, Problem, Unreachable } from "../http.ts";
import { picture, type Fix } from "../picture.ts";
import { words } from "../words.ts";
import type { Case, Line, Recommendation } from "./answers.ts";

export interface Way {
  drive_s: number;
  walk_s: number;
  length_m: number;
  geometry: { coordinates: [number, number][] };
}

export interface Shown {
  callsign: string;
  coordinates: [number, number][];
  /** What should be known of it; empty where it is the way of the ledger. */
  note: string;
}

// Whoever goes through the list with a key held down asks for no way of those in between.
const PAUSE_MS = 120;
// A unit moves while its way is being asked; so little is no other way.
const SAME_S = 1;

/** Asks for ways, one at a time: whoever is in focus by now is the one that counts. */
export class Ways {
  #abort: AbortController | null = null;

  constructor(
    readonly rules: Force,
    readonly show: (way: Shown | null) => void,
  ) {}

  close(): void {
    this.#abort?.abort();
  }

  async ask(line: Line | null, known: Case, answer: Recommendation): Promise<void> {
    this.#abort?.abort();
    const fix = line === null ? null : (picture.units.get(line.callsign)?.fix ?? null);
    if (line === null || fix === null || line.time_s === null) return this.show(null);
    const abort = new AbortController();
    this.#abort = abort;
    try {
      await new Promise((done) => setTimeout(done, PAUSE_MS));
      if (abort.signal.aborted) return;
      const way = await get<Way>(this.#path(fix, known, answer), { signal: abort.signal });
      if (!abort.signal.aborted) this.show({ callsign: line.callsign, coordinates: way.geometry.coordinates, note: noteOn(way, line, fix, answer) });
    } catch (error) {
      if (abort.signal.aborted) return;
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      this.show({ callsign: line.callsign, coordinates: [], note: words.incident.noWay });
    }
  }

  /** All that the report says of course and speed goes with it, as in the ledger: else a unit may start the other way. */
  #path(fix: Fix, known: Case, answer: Recommendation): string {
    const query = new URLSearchParams({
      from: `${fix.lat},${fix.lon}`,
      to: `${known.lat},${known.lon}`,
      on_road: String(known.on_road),
      profile: answer.profile,
      at: answer.now,
      accuracy_m: String(fix.accuracy_m ?? this.rules.fixes.default_accuracy_m),
    });
    if (fix.course_deg !== null) query.set("course_deg", String(fix.course_deg));
    if (fix.speed_kmh !== null) query.set("speed_kmh", String(fix.speed_kmh));
    return `/v1/route?${query}`;
  }
}

function noteOn(way: Way, line: Line, fix: Fix, answer: Recommendation): string {
  const same = Math.abs(way.drive_s + way.walk_s - (line.drive_s! + line.walk_s!)) <= SAME_S;
  if (same) return "";
  const moved = Date.parse(fix.fixed_at) > Date.parse(answer.now) - (line.fix_age_s ?? 0) * 1000 + 500;
  return moved ? words.incident.wayMoved : words.incident.wayDiffers;
}
