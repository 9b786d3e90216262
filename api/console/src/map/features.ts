/** What is shown as features, and the difference between what a source holds and what it is to hold. */
import type { GeoJSONSourceDiff } from "maplibre-gl";

export interface MapRoute {
  coordinates: [number, number][];
  name: string;
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
