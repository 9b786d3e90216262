/** The map of a scenario: its stations where they are or would be, and what can be reached from them in time. */
import { momentAt } from "../time.ts";
import type { Force, Grade } from "../force-types.ts";
import { get } from "../http.ts";
import { openMap, type RoadMap } from "../map/road-map.ts";
import { words } from "../words.ts";
import type { Draft, Row } from "./draft.ts";

const S_PER_MIN = 60;
/** The parts of the target that are shown one within the other. */
const PARTS = [1 / 3, 2 / 3, 1];
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

/** The minutes of which areas are shown, from the inside out. */
export function minutesOf(grade: Grade): number[] {
  return PARTS.map((part) => Math.round((part * grade.target_urban_s! * 10) / S_PER_MIN) / 10);
}

interface Reached extends GeoJSON.FeatureCollection {
  features: GeoJSON.Feature[];
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

  /** Asks what can be reached in time from the stations of a draft, on the roads as they are at a local time, and shows it. */
  async reach(draft: Draft, force: Force, local: string, signal: AbortSignal): Promise<void> {
    const grade = mostUrgent(force);
    const places = draft.rows.stations.map(placeOf).filter((place) => place !== null);
    if (grade === undefined || places.length === 0) return this.map.setAreas(null);
    const asked = new URLSearchParams(places.map(({ lat, lon }) => ["from", `${lat},${lon}`]));
    asked.set("minutes", minutesOf(grade).join(","));
    asked.set("profile", grade.profile);
    if (local !== "") asked.set("at", momentAt(local, force.time_zone));
    const told = await get<Reached>(`/v1/reachable?${asked}`, { signal });
    // The largest lies below.
    const features = told.features.map((each, band) => ({ ...each, id: band, properties: { ...each.properties, band, name: words.plan.reach.within(Number(each.properties?.["minutes"])) } })).reverse();
    this.map.setAreas({ type: "FeatureCollection", features });
  }

  hideReach(): void {
    this.map.setAreas(null);
  }
}
