/** The map of an incident that is looked back at: everything as it was known, hindsight only where it is asked for. */
import type { Force } from "../force.ts";
import { openMap, type RoadMap } from "../map/road-map.ts";
import { stateOf, statusOf } from "../units.ts";
import { words } from "../words.ts";
import type { Known, KnownUnit, Verdict } from "./types.ts";

const said = words.audit;
// What is shown at first: who matters, and those who were soonest.
const SOONEST = 4;

export class KnownMap {
  #placed = false;

  private constructor(
    readonly map: RoadMap,
    readonly force: Force,
    readonly incident: string,
  ) {}

  static async open(place: HTMLElement, force: Force, incident: string, onUnit: (callsign: string) => void): Promise<KnownMap> {
    const map = await openMap(place, { label: said.map(incident), onPick: (picked) => picked.kind === "unit" && onUnit(picked.name) });
    return new KnownMap(map, force, incident);
  }

  close(): void {
    this.map.close();
  }

  show(known: Known, verdict: Verdict, picked: string, later: boolean): void {
    const { map, incident } = this;
    map.setUnits(known.units.flatMap((unit) => this.#unit(unit, unit.callsign === picked || verdict.sent.includes(unit.callsign))));
    const rank = this.force.grades.find((each) => each.grade === known.incident?.grade)?.rank ?? 1;
    map.setIncidents(known.incident === null ? [] : [{ name: incident, lat: known.incident.lat, lon: known.incident.lon, rank, label: incident, late: false, chosen: true }]);
    const focus = picked === "" ? verdict.judged : picked;
    const ways = [...known.ways].sort((a, b) => Number(b.callsign === focus) - Number(a.callsign === focus));
    map.setRoute(ways.map(({ callsign, coordinates }) => ({ name: callsign, coordinates })));
    const unknown = later ? known.later_closures.features.map(unknownThen) : [];
    map.setClosures({ type: "FeatureCollection", features: [...known.closures.features, ...unknown] });
    map.setPoints(later ? laterPlaces(known) : null);
    if (!this.#placed) this.look(known, verdict);
  }

  /** Brings the incident, who went, who could have gone and the soonest of all into view. */
  look(known: Known, verdict: Verdict): void {
    const wanted = new Set([...verdict.sent, verdict.better, ...(known.recommendation?.ledger ?? []).slice(0, SOONEST).map((each) => each.callsign)]);
    const places: [number, number][] = known.units.flatMap((each) => (each.lon === null || each.lat === null || !wanted.has(each.callsign) ? [] : [[each.lon, each.lat] as [number, number]]));
    if (known.incident !== null) places.push([known.incident.lon, known.incident.lat]);
    if (places.length === 0) return;
    this.#placed = true;
    const [lons, lats] = [places.map(([lon]) => lon), places.map(([, lat]) => lat)];
    this.map.look({ bounds: [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)] });
  }

  #unit(unit: KnownUnit, chosen: boolean) {
    if (unit.lat === null || unit.lon === null) return [];
    const { fixes } = this.force;
    const stale_s = (statusOf(unit, this.force)?.moving ?? true) ? fixes.stale_moving_s : fixes.stale_parked_s;
    const { callsign, lat, lon, course_deg, fix_age_s } = unit;
    return [{ name: callsign, lat, lon, course_deg, state: stateOf(unit, this.force), label: callsign, age_s: fix_age_s, stale_s, chosen }];
  }
}

function unknownThen(feature: GeoJSON.Feature): GeoJSON.Feature {
  return { ...feature, properties: { ...feature.properties, name: said.hindsight.closed(String(feature.properties?.["name"] ?? "")) } };
}

function laterPlaces(known: Known): GeoJSON.FeatureCollection {
  const features = known.later.flatMap((each): GeoJSON.Feature[] =>
    each.lat === null || each.lon === null ? [] : [{ type: "Feature", geometry: { type: "Point", coordinates: [each.lon, each.lat] }, properties: { kind: "later", label: said.hindsight.place(each.name) } }],
  );
  return { type: "FeatureCollection", features };
}
