/** The map of a scenario: its stations where they are or would be, and what can be reached from them in time. */
import type { Force, Grade } from "../force-types.ts";
import { get } from "../http.ts";
import { openMap, type RoadMap } from "../map/road-map.ts";
import { momentAt } from "../time.ts";
import { words } from "../words.ts";
import type { Draft, Row } from "./draft.ts";

const S_PER_MIN = 60;
/** The parts of the target that are shown one within the other. */
const PARTS = [1 / 3, 2 / 3, 1];
const MOST_MIN = 30;
// The outline of a whole town takes the service seconds.
const AREA_MS = 60_000;
// Beyond these a station is not on the map at all, whatever the text says.
const MOST_LAT = 90;
const MOST_LON = 180;

type Place = { lat: number; lon: number };

/** Where a row says that its station is; null where it says nothing that is a place. */
export function placeOf(row: Row): Place | null {
  const [lat, lon] = [row.cells["lat"], row.cells["lon"]].map((cell) => (cell === null || cell === undefined ? NaN : Number(cell)));
  return lat !== undefined && lon !== undefined && Math.abs(lat) <= MOST_LAT && Math.abs(lon) <= MOST_LON ? { lat, lon } : null;
}

/** The grade that help is most urgent for, of those that have a target. */
export function mostUrgent(force: Force): Grade | undefined {
  return [...force.grades].sort((a, b) => a.rank - b.rank).find((each) => each.deploys && each.target_urban_s !== null);
}

/** The minutes of which areas are shown, from the inside out; the last are the target, or as many as the service looks. */
export function minutesOf(grade: Grade): number[] {
  const target_min = Math.min(grade.target_urban_s! / S_PER_MIN, MOST_MIN);
  return PARTS.map((part) => Math.round(part * target_min * 10) / 10);
}

export class ScenarioMap {
  private constructor(readonly map: RoadMap) {}

  static async open(place: HTMLElement, label: string, onStation: (name: string) => void): Promise<ScenarioMap> {
    return new ScenarioMap(await openMap(place, { label, onPick: (picked) => picked.kind === "station" && onStation(picked.name) }));
  }

  close(): void {
    this.map.close();
  }

  /** Puts the stations of a draft on the map. */
  show(draft: Draft): void {
    const features = draft.rows.stations.flatMap((row): GeoJSON.Feature[] => {
      const place = placeOf(row);
      const label = row.cells["name"] ?? words.plan.table.noName;
      return place === null ? [] : [{ type: "Feature", id: row.id, geometry: { type: "Point", coordinates: [place.lon, place.lat] }, properties: { kind: "station", label } }];
    });
    this.map.setPoints({ type: "FeatureCollection", features });
  }

  /**
   * Asks what can be reached in time from the stations of a draft, on the roads as they are at a local time.
   *
   * The target comes first, and each area is shown when it is there: of a large town one takes the service seconds.
   */
  async reach(draft: Draft, force: Force, local: string, signal: AbortSignal): Promise<void> {
    const grade = mostUrgent(force);
    const places = draft.rows.stations.map(placeOf).filter((place) => place !== null);
    this.map.setAreas(null);
    if (grade === undefined || places.length === 0) return;
    const from = places.map(({ lat, lon }) => `${lat},${lon}`).join(";");
    const at = local === "" ? {} : { at: momentAt(local, force.time_zone) };
    const features: GeoJSON.Feature[] = [];
    for (const [row, minutes] of minutesOf(grade).reverse().entries()) {
      const asked = new URLSearchParams({ from, minutes: String(minutes), profile: grade.profile, ...at });
      const told = await get<GeoJSON.FeatureCollection>(`/v1/reachable?${asked}`, { signal, patience_ms: AREA_MS });
      if (signal.aborted) return;
      // The largest lies below.
      const band = PARTS.length - 1 - row;
      features.push(...told.features.map((each) => ({ ...each, id: band, properties: { ...each.properties, band, name: words.plan.reach.within(minutes) } })));
      this.map.setAreas({ type: "FeatureCollection", features });
    }
  }

  hideReach(): void {
    this.map.setAreas(null);
  }
}
