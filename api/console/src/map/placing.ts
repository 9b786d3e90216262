/** Choosing places on the map, by mouse or with the keys at a cross hair in its middle. */
import { html, nothing, render } from "lit-html";
import type { LngLat, Map as GlMap, MapMouseEvent } from "maplibre-gl";
import { keys } from "../keys.ts";
import { words } from "../words.ts";

export type ShapeKind = "line" | "polygon";
type Corner = [number, number];

interface Task {
  kind: "place" | ShapeKind;
  corners: Corner[];
  done: (corners: Corner[] | null) => void;
}

const NEEDED = { place: 1, line: 2, polygon: 3 } as const;
// A degree to a centimetre.
const PLACES = 1e7;
// The second click of a double click is no corner of its own.
const SAME_PX = 4;

/** Takes places one after another until as many as are needed are chosen, or it is given up. */
export class Placing {
  #task: Task | null = null;
  #kept: GeoJSON.Geometry | null = null;
  readonly #hint = document.createElement("div");
  readonly #cross = document.createElement("div");
  readonly #unbind: () => void;

  /**
   * @param frame the element around the map, whose id names the region of the keys
   * @param show draws what is chosen so far
   */
  constructor(
    readonly map: GlMap,
    readonly frame: HTMLElement,
    readonly show: (features: GeoJSON.Feature[]) => void,
  ) {
    this.#hint.className = "map-hint";
    this.#cross.className = "map-cross";
    frame.append(this.#cross, this.#hint);
    const anywhere = `#${frame.id}.placing`;
    // Enter on one of the buttons presses the button.
    const within = `${anywhere} canvas`;
    this.#unbind = keys.bind([
      { id: "map.take", key: "Enter", label: words.map.keys.take, within, run: () => this.#take(map.getCenter()) },
      { id: "map.end", key: "Shift+Enter", label: words.map.keys.end, within, run: () => this.#end() },
      { id: "map.back", key: "Backspace", label: words.map.keys.back, within, run: () => this.#back() },
      { id: "map.giveUp", key: "Escape", label: words.map.keys.giveUp, within: anywhere, run: () => this.#settle(null) },
    ]);
    map.on("click", (event) => this.#clicked(event));
    map.on("dblclick", () => this.#end());
  }

  get busy(): boolean {
    return this.#task !== null;
  }

  async place(): Promise<{ lat: number; lon: number } | null> {
    const corner = (await this.#ask("place"))?.[0];
    return corner === undefined ? null : { lat: corner[1], lon: corner[0] };
  }

  async shape(kind: ShapeKind): Promise<GeoJSON.LineString | GeoJSON.Polygon | null> {
    const corners = await this.#ask(kind);
    if (corners === null) return null;
    return kind === "polygon" ? polygonOf(corners) : { type: "LineString", coordinates: corners };
  }

  /** The corners that were chosen, `[lon, lat]`; null where it was given up. */
  #ask(kind: Task["kind"]): Promise<Corner[] | null> {
    this.#settle(null);
    return new Promise((done) => {
      this.#task = { kind, corners: [], done };
      this.frame.classList.add("placing");
      this.map.doubleClickZoom.disable();
      this.map.getCanvas().focus();
      this.#draw();
    });
  }

  /** Goes on showing a shape that was drawn, until it is told otherwise. */
  keep(shape: GeoJSON.Geometry | null): void {
    this.#kept = shape;
    this.#draw();
  }

  /** Gives up what is being chosen, as when whoever asked is gone. */
  stop(): void {
    this.#settle(null);
  }

  close(): void {
    this.#settle(null);
    this.#unbind();
  }

  #clicked(event: MapMouseEvent): void {
    if (this.#task !== null) this.#take(event.lngLat);
  }

  #take(at: LngLat): void {
    const task = this.#task!;
    const last = task.corners.at(-1);
    if (last !== undefined && this.map.project(last).dist(this.map.project(at)) < SAME_PX) return;
    task.corners.push([Math.round(at.lng * PLACES) / PLACES, Math.round(at.lat * PLACES) / PLACES]);
    if (task.kind === "place") this.#settle(task.corners);
    else this.#draw();
  }

  #back(): void {
    this.#task?.corners.pop();
    this.#draw();
  }

  #end(): void {
    const task = this.#task;
    if (task !== null && task.corners.length >= NEEDED[task.kind]) this.#settle(task.corners);
  }

  #settle(corners: Corner[] | null): void {
    const task = this.#task;
    if (task === null) return;
    this.#task = null;
    this.frame.classList.remove("placing");
    // Later, so that the double click that ended it does not zoom as well.
    setTimeout(() => this.#task === null && this.map.doubleClickZoom.enable());
    this.#draw();
    task.done(corners);
  }

  #draw(): void {
    const kept = this.#kept === null ? [] : [feature("kept", this.#kept)];
    this.show(this.#task === null ? kept : drawn(this.#task));
    render(this.#task === null ? nothing : this.#words(this.#task), this.#hint);
  }

  #words({ kind, corners }: Task) {
    const enough = corners.length >= NEEDED[kind];
    return html`
      <p role="status">${words.map.hints[kind]}${kind === "place" ? nothing : ` ${words.map.corners(corners.length)}`}</p>
      ${kind === "place" ? nothing : html`<button ?disabled=${!enough} @click=${() => this.#end()}>${words.map.done}</button>`}
      ${kind === "place" ? nothing : html`<button ?disabled=${corners.length === 0} @click=${() => this.#back()}>${words.map.undo}</button>`}
      <button @click=${() => this.#settle(null)}>${words.map.cancel}</button>
    `;
  }
}

/** What is chosen so far, as it is drawn. */
function drawn({ kind, corners }: Task): GeoJSON.Feature[] {
  const points = corners.map((corner, row) => feature(`corner ${row}`, { type: "Point", coordinates: corner }));
  if (corners.length < 2) return points;
  const shape: GeoJSON.Geometry =
    kind === "polygon" && corners.length > 2 ? polygonOf(corners) : { type: "LineString", coordinates: corners };
  return [feature("shape", shape), ...points];
}

/** An area with these corners. */
function polygonOf(corners: Corner[]): GeoJSON.Polygon {
  return { type: "Polygon", coordinates: [[...corners, corners[0]!]] };
}

function feature(id: string, geometry: GeoJSON.Geometry): GeoJSON.Feature {
  return { type: "Feature", id, geometry, properties: { id } };
}
