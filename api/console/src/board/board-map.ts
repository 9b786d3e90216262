/** The board's map: what the picture holds, drawn as it changes. */
import type { Force } from "../force-types.ts";
import { force } from "../force.ts";
import { openMap, type Box, type MapIncident, type MapRoute, type MapUnit, type Picked, type RoadMap } from "../map/road-map.ts";
import { picture, type Incident, type Unit } from "../picture.ts";
import { fixAge, staleAfter, stateOf } from "../units.ts";
import { words } from "../words.ts";
import { dueAt, gradeOf, reachedAt } from "./waiting.ts";

export interface Choice {
  unit?: string | null;
  incident?: string | null;
}

export interface BoardMap extends Pick<RoadMap, "look" | "bring" | "choosePlace" | "drawShape" | "setDrawn" | "setPoints"> {
  /** Marks what was chosen in the list, and brings an incident that was not chosen before into view. */
  choose(choice: Choice): void;
  /** Draws the way of the unit in focus above others; null takes all away. */
  route(routes: MapRoute[] | null): void;
  close(): void;
}

// What changes is drawn at once, and then no more often than this: a picture of 500 units costs a tenth of a second.
const LEAST_MS = 400;
// Ages and minutes grow though nothing is told.
const GROWN_MS = 5000;
// A box around a place, so that it does not lie on the border of what is seen.
const AROUND_DEG = 0.002;

export async function openBoardMap(place: HTMLElement, options: { onPick: (picked: Picked) => void }): Promise<BoardMap> {
  const [map, rules] = await Promise.all([openMap(place, { label: words.map.label, onPick: options.onPick }), force()]);
  return new LiveBoard(map, rules);
}

class LiveBoard implements BoardMap {
  #choice: Choice = {};
  #drawn_at = 0;
  #due: ReturnType<typeof setTimeout> | null = null;
  #closures: GeoJSON.FeatureCollection | null = null;
  readonly #ends: (() => void)[];

  constructor(
    readonly map: RoadMap,
    readonly rules: Force,
  ) {
    const grown = setInterval(() => this.#soon(), GROWN_MS);
    this.#ends = [picture.listen(() => this.#soon()), () => clearInterval(grown), () => this.#due !== null && clearTimeout(this.#due)];
    this.#draw();
  }

  choose(choice: Choice): void {
    const before = this.#choice.incident;
    this.#choice = choice;
    this.#draw();
    const incident = picture.incidents.get(choice.incident ?? "");
    if (incident !== undefined && choice.incident !== before) this.map.bring(around([[incident.lon, incident.lat]]));
  }

  route(routes: MapRoute[] | null): void {
    this.map.setRoute(routes);
    const way = routes?.[0]?.coordinates ?? [];
    if (way.length > 0) this.map.bring(around(way));
  }

  look: RoadMap["look"] = (at) => this.map.look(at);
  bring: RoadMap["bring"] = (box) => this.map.bring(box);
  choosePlace: RoadMap["choosePlace"] = () => this.map.choosePlace();
  drawShape: RoadMap["drawShape"] = (kind) => this.map.drawShape(kind);
  setDrawn: RoadMap["setDrawn"] = (shape) => this.map.setDrawn(shape);
  setPoints: RoadMap["setPoints"] = (points) => this.map.setPoints(points);

  close(): void {
    for (const end of this.#ends) end();
    this.map.close();
  }

  #soon(): void {
    if (this.#due !== null) return;
    const wait = Math.max(this.#drawn_at + LEAST_MS - performance.now(), 0);
    this.#due = setTimeout(() => this.#draw(), wait);
  }

  #draw(): void {
    if (this.#due !== null) clearTimeout(this.#due);
    this.#due = null;
    this.#drawn_at = performance.now();
    const now = Date.now();
    this.map.setUnits([...picture.units.values()].flatMap((unit) => this.#unit(unit, now)));
    this.map.setIncidents([...picture.incidents.values()].map((incident) => this.#incident(incident, now)));
    if (this.#closures === picture.closures) return;
    this.#closures = picture.closures;
    this.map.setClosures(picture.closures);
  }

  /** A unit that has told no place is in the list alone. */
  #unit(unit: Unit, now: number): MapUnit[] {
    if (unit.fix === null) return [];
    return [
      {
        name: unit.callsign,
        lat: unit.fix.lat,
        lon: unit.fix.lon,
        course_deg: unit.fix.course_deg,
        state: stateOf(unit, this.rules),
        label: unit.callsign,
        age_s: fixAge(unit, this.rules, now),
        stale_s: staleAfter(unit, this.rules),
        chosen: unit.callsign === this.#choice.unit,
      },
    ];
  }

  #incident(incident: Incident, now: number): MapIncident {
    const due = reachedAt(incident) === null ? dueAt(incident, this.rules) : null;
    const left_s = due === null ? null : (due - now) / 1000;
    // By the minute: the list counts the seconds.
    const left = left_s === null ? "" : ` ${left_s < 0 ? words.map.over(Math.floor(-left_s / 60)) : words.map.left(Math.floor(left_s / 60))}`;
    return {
      name: incident.incident_id,
      lat: incident.lat,
      lon: incident.lon,
      // A grade that is not known is not a low one.
      rank: gradeOf(incident, this.rules)?.rank ?? 1,
      label: `${incident.incident_id}${left}`,
      late: left_s !== null && left_s < 0,
      chosen: incident.incident_id === this.#choice.incident,
    };
  }
}

function around(places: [number, number][]): Box {
  const [lons, lats] = [places.map(([lon]) => lon), places.map(([, lat]) => lat)];
  return [Math.min(...lons) - AROUND_DEG, Math.min(...lats) - AROUND_DEG, Math.max(...lons) + AROUND_DEG, Math.max(...lats) + AROUND_DEG];
}
