/** What is shown as features, and the difference between what a source holds and what it is to hold. */
import type { GeoJSONSourceDiff } from "maplibre-gl";
import { clock } from "../time.ts";
import type { UnitState } from "../units.ts";
import { RANKS } from "./sprites.ts";

export interface MapUnit {
  name: string;
  lat: number;
  lon: number;
  course_deg: number | null;
  state: UnitState;
  label: string;
  /** Seconds since the fix; null where that is not known. */
  age_s: number | null;
  /** Seconds from which the fix no longer says where the unit is. */
  stale_s?: number;
  chosen?: boolean;
}

export interface MapIncident {
  name: string;
  lat: number;
  lon: number;
  /** 1 is the most urgent. */
  rank: number;
  label: string;
  late: boolean;
  chosen?: boolean;
}

export interface MapRoute {
  coordinates: [number, number][];
  name: string;
}


// Where nobody says from when a fix is stale; as long as forces take it for a unit that moves.
const STALE_S = 300;
// A fix fades in steps: a step is seen, and most units need no new drawing as the seconds pass.
const FADED = [1, 0.85, 0.7, 0.55] as const;
const STALE_FADE = 0.45;
// As exact as a fix is: a tenth of a metre.
const PLACES = 1e6;

export function unitFeature(unit: MapUnit): GeoJSON.Feature {
  const stale_s = unit.stale_s ?? STALE_S;
  const stale = unit.age_s === null || unit.age_s >= stale_s;
  const fade = stale ? STALE_FADE : FADED[Math.floor((FADED.length * unit.age_s!) / stale_s)]!;
  // How old is told by the minute: what is fresh needs no words.
  const minutes = unit.age_s === null ? null : Math.floor(unit.age_s / 60);
  const age = minutes === null ? " ?" : minutes < 1 ? "" : ` ${clock(minutes * 60)}`;
  const course = unit.course_deg === null || stale ? {} : { course: Math.round(unit.course_deg) };
  return point(unit, { state: unit.state, label: unit.label, fade, stale, age, chosen: unit.chosen ?? false, ...course });
}

export function incidentFeature(incident: MapIncident): GeoJSON.Feature {
  const { label, late, chosen = false } = incident;
  return point(incident, { rank: Math.min(Math.max(Math.round(incident.rank), 1), RANKS), label, late, chosen });
}

/** Routes, the one in focus first. */
export function routeFeatures(routes: MapRoute[]): GeoJSON.Feature[] {
  return routes.map(({ name, coordinates }, row) => feature(name, { type: "LineString", coordinates }, { row }));
}

/** Closures by their number in the list, for two may bear one name; each with the place of its sign. */
export function closureFeatures(closures: GeoJSON.FeatureCollection): GeoJSON.Feature[] {
  return closures.features.flatMap(({ id, geometry, properties }, row) => {
    const name = String(id ?? properties?.["name"] ?? row);
    const told = { name, label: String(properties?.["name"] ?? name), slowed: Number(properties?.["factor"] ?? 0) > 0 };
    const made = (key: string, shape: GeoJSON.Geometry): GeoJSON.Feature => ({ type: "Feature", id: key, geometry: shape, properties: { id: key, ...told } });
    return [made(`${row} ${name}`, geometry), made(`${row} sign`, { type: "Point", coordinates: middleOf(geometry) })];
  });
}

/** A point on the longest of some lines, near its middle. */
function middleOf(geometry: GeoJSON.Geometry): GeoJSON.Position {
  const lines = geometry.type === "MultiLineString" ? geometry.coordinates : geometry.type === "LineString" ? [geometry.coordinates] : [];
  const longest = lines.reduce((best, line) => (lengthOf(line) > lengthOf(best) ? line : best), lines[0] ?? [[0, 0]]);
  let left = lengthOf(longest) / 2;
  for (const [row, to] of longest.slice(1).entries()) {
    const from = longest[row]!;
    const step = lengthOf([from, to]);
    if (step >= left) return [from[0]! + ((to[0]! - from[0]!) * left) / (step || 1), from[1]! + ((to[1]! - from[1]!) * left) / (step || 1)];
    left -= step;
  }
  return longest[0]!;
}

/** In degrees of latitude, which is exact enough for a middle. */
function lengthOf(line: GeoJSON.Position[]): number {
  return line.slice(1).reduce((sum, to, row) => {
    const from = line[row]!;
    return sum + Math.hypot((to[0]! - from[0]!) * Math.cos((to[1]! * Math.PI) / 180), to[1]! - from[1]!);
  }, 0);
}

/** Features of others by their number, with what they tell of themselves. */
export function numbered(collection: GeoJSON.FeatureCollection): GeoJSON.Feature[] {
  return collection.features.map((each, row) => {
    const id = String(each.id ?? row);
    return { ...each, id, properties: { ...each.properties, id, name: String(each.properties?.["name"] ?? each.properties?.["label"] ?? id) } };
  });
}

function point(at: { name: string; lat: number; lon: number }, told: Record<string, unknown>): GeoJSON.Feature {
  const coordinates = [Math.round(at.lon * PLACES) / PLACES, Math.round(at.lat * PLACES) / PLACES];
  return feature(at.name, { type: "Point", coordinates }, told);
}

function feature(name: string, geometry: GeoJSON.Geometry, told: Record<string, unknown>): GeoJSON.Feature {
  return { type: "Feature", id: name, geometry, properties: { id: name, name, ...told } };
}

/** Remembers what a source holds, and tells only what is different. */
export class Held {
  #kept = new Map<string, string>();

  /** The change by which the source comes to hold these features; null where it does already. */
  change(features: readonly GeoJSON.Feature[]): GeoJSONSourceDiff | null {
    const add: GeoJSON.Feature[] = [];
    const gone = new Set(this.#kept.keys());
    for (const each of features) {
      const [id, text] = [String(each.id), JSON.stringify(each)];
      gone.delete(id);
      if (this.#kept.get(id) === text) continue;
      this.#kept.set(id, text);
      add.push(each);
    }
    for (const id of gone) this.#kept.delete(id);
    // Adding one that is there puts the new one in its place.
    return add.length === 0 && gone.size === 0 ? null : { add, remove: [...gone] };
  }
}
