/** The board's map: what the picture holds, drawn as it changes. */
import type { Force } from "../force-types.ts";
import { force } from "../force.ts";
import { openMap, type Box, type MapIncident, type MapRoute, type MapUnit, type Picked, type RoadMap } from "../map/road-map.ts";
import { picture, type Incident, type Unit } from "../picture.ts";
import { fixAge, staleAfter, stateOf } from "../units.ts";
import { words } from "../words.ts";
import { dueAt, gradeOf, reachedAt } from "./waiting.ts";
import { now } from "../now.ts";

export interface Choice {
  unit?: string | null;
  incident?: string | null;
}

export interface BoardMap extends Pick<RoadMap, "works" | "look" | "bring" | "choosePlace" | "drawShape" | "stopChoosing" | "setDrawn" | "setPoints"> {
  /** Marks what was chosen in the list, and brings an incident that was not chosen before into view. */
  choose(choice: Choice): void;
  /** Draws the way of the unit in focus above others; null takes all away. */
  route(routes: MapRoute[] | null): void;
  close(): void;
}

// What happens is drawn at once, and then no more often than this; where units merely move, every other second. Where the
// map is drawn in software a picture of a town takes a tenth of a second and more, in which keys would wait.
const LEAST_MS = 400;
const MOVES_MS = 2000;
// Whoever presses keys is not kept waiting by the map, but neither is the map for long.
const QUIET_MS = 250;
const HELD_MS = 1500;
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
  /** Whether an incident was chosen and no way to it shown yet. */
  #fresh = false;
  #drawn_at = 0;
  #due_at = Infinity;
  #due: ReturnType<typeof setTimeout> | null = null;
  #pressed_at = -Infinity;
  #closures: GeoJSON.FeatureCollection | null = null;
  readonly works: boolean;
  readonly #ends: (() => void)[];

  constructor(
    readonly map: RoadMap,
    readonly rules: Force,
  ) {
    const grown = setInterval(() => this.#within(0), GROWN_MS);
    const happened = (): void => this.#within(LEAST_MS);
    const pressed = (): void => void (this.#pressed_at = performance.now());
    picture.onHappening.add(happened);
    addEventListener("keydown", pressed, { capture: true });
    this.works = map.works;
    this.#ends = [
      picture.listen(() => this.#within(MOVES_MS)),
      () => picture.onHappening.delete(happened),
      () => removeEventListener("keydown", pressed, { capture: true }),
      () => clearInterval(grown),
      () => this.#due !== null && clearTimeout(this.#due),
    ];
    this.#draw();
  }

  choose(choice: Choice): void {
    const before = this.#choice.incident;
    this.#choice = choice;
    this.#draw();
    const incident = picture.incidents.get(choice.incident ?? "");
    this.#fresh = incident !== undefined && (this.#fresh || choice.incident !== before);
    if (incident !== undefined && choice.incident !== before) this.map.bring(around([[incident.lon, incident.lat]]));
  }

  route(routes: MapRoute[] | null): void {
    this.map.setRoute(routes);
    const way = routes?.[0]?.coordinates ?? [];
    if (way.length === 0) return;
    // The first way is looked at closely; those of others that are gone through move the map only where they must.
    if (this.#fresh) this.map.look({ bounds: around(way) });
    else this.map.bring(around(way));
    this.#fresh = false;
  }

  look: RoadMap["look"] = (at) => this.map.look(at);
  bring: RoadMap["bring"] = (box) => this.map.bring(box);
  choosePlace: RoadMap["choosePlace"] = () => this.map.choosePlace();
  drawShape: RoadMap["drawShape"] = (kind) => this.map.drawShape(kind);
  stopChoosing: RoadMap["stopChoosing"] = () => this.map.stopChoosing();
  setDrawn: RoadMap["setDrawn"] = (shape) => this.map.setDrawn(shape);
  setPoints: RoadMap["setPoints"] = (points) => this.map.setPoints(points);

  close(): void {
    for (const end of this.#ends) end();
    this.map.close();
  }

  /** Draws so long after it was last drawn, or now where that is over. */
  #within(least_ms: number): void {
    const due_at = Math.max(this.#drawn_at + least_ms, performance.now());
    if (due_at < this.#due_at) this.#schedule(due_at, due_at + HELD_MS);
  }

  #schedule(due_at: number, latest: number): void {
    if (this.#due !== null) clearTimeout(this.#due);
    this.#due_at = due_at;
    this.#due = setTimeout(() => {
      const quiet_at = Math.min(this.#pressed_at + QUIET_MS, latest);
      if (quiet_at > performance.now()) this.#schedule(quiet_at, latest);
      else this.#draw();
    }, due_at - performance.now());
  }

  #draw(): void {
    if (this.#due !== null) clearTimeout(this.#due);
    this.#due = null;
    this.#due_at = Infinity;
    this.#drawn_at = performance.now();
    const at_ms = now();
    this.map.setUnits([...picture.units.values()].flatMap((unit) => this.#unit(unit, at_ms)));
    this.map.setIncidents([...picture.incidents.values()].map((incident) => this.#incident(incident, at_ms)));
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
    const due = reachedAt(incident, picture.units, this.rules) === null ? dueAt(incident, this.rules) : null;
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
