/**
 * The map: the service's own roads and ground, with what a page puts on it.
 *
 * It is never the only way to anything. Where it cannot be, words stand in its place and the page goes on without it.
 */
import {
  AttributionControl,
  GPUInitializationError,
  Map as GlMap,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type GeoJSONSource,
  type MapMouseEvent,
} from "maplibre-gl";
import { keys } from "../keys.ts";
import { network, type Network } from "../network.ts";
import { theme } from "../theme.ts";
import { words } from "../words.ts";
import { closureFeatures, Held, numbered, routeFeatures, type MapRoute } from "./features.ts";
import { drawLegend } from "./legend.ts";
import { palettes } from "./palette.ts";
import { Placing, type ShapeKind } from "./placing.ts";
import { PICKED, type Shown } from "./shown-style.ts";
import { SignLayer } from "./sign-layer.ts";
import { incidentSign, unitSign, type MapIncident, type MapUnit } from "./signs.ts";
import { mapSprites, signSprites } from "./sprites.ts";
import { EMPTY, layers, mapStyle } from "./style.ts";
import { onOtherDrawing } from "./tile-requests.ts";
import { Trouble } from "./trouble.ts";

export type { UnitState } from "../units.ts";
export type { MapRoute } from "./features.ts";
export type { MapIncident, MapUnit } from "./signs.ts";
export type { ShapeKind } from "./placing.ts";

/** What was picked on the map: a place, or something that is shown there. */
export type Picked =
  | { kind: "place"; lat: number; lon: number }
  | { kind: "unit" | "incident" | "closure" | "area" | "station" | "late" | "point"; name: string };

export interface MapOptions {
  /** What the map is, for those who do not see it. */
  label: string;
  onPick?: (picked: Picked) => void;
}

/** West, south, east, north. */
export type Box = [number, number, number, number];
export type Look = { lat: number; lon: number; zoom?: number } | { bounds: Box };

export interface RoadMap {
  /** Whether there is a map; where there is none, nothing is shown and nothing can be chosen on it. */
  readonly works: boolean;
  setUnits(units: readonly MapUnit[]): void;
  setIncidents(incidents: readonly MapIncident[]): void;
  /** As `GET /v1/closures` answers; a feature's id, else its property `name`, is what is picked. */
  setClosures(closures: GeoJSON.FeatureCollection): void;
  /** Routes, the one in focus first. */
  setRoute(routes: MapRoute[] | null): void;
  /** Areas with a property `band` from 0. */
  setAreas(areas: GeoJSON.FeatureCollection | null): void;
  /** Points with the properties `kind` (`station`, `late` or another) and `label`. */
  setPoints(points: GeoJSON.FeatureCollection | null): void;
  look(at: Look): void;
  /** Brings a box (west, south, east, north) into view, and moves nothing where it is in view already. */
  bring(box: Box): void;
  /** A shape that was drawn and is not yet anything else. */
  setDrawn(shape: GeoJSON.Geometry | null): void;
  /** The next click, or Enter at the cross hair; null where it was given up, or where there is no map. */
  choosePlace(): Promise<{ lat: number; lon: number } | null>;
  /** A line or an area, corner by corner; null as above. */
  drawShape(kind: ShapeKind): Promise<GeoJSON.LineString | GeoJSON.Polygon | null>;
  /** Gives up what is being chosen or drawn, as when whoever asked is gone. */
  stopChoosing(): void;
  close(): void;
}

const WORKER = "/console/map-worker.js";
// Whether the worker runs is known only by its answer; a wrong address gives none.
const WORKER_PATIENCE_MS = 30_000;
const TILES_AGAIN_MS = 4000;
const PAN_PX = 100;
const FINE_PAN_PX = 20;
const MOVE_MS = 250;
const REACH_PX = 5;
const CLOSE_UP = 15;

type TileId = { x: number; y: number; z: number };
/** What the library's event says beside the error where it is of a tile, which its types leave out. */
type FailedTile = { sourceId?: string; tile?: { tileID: { canonical: TileId } } };

let count = 0;

/** Opens a map that fills an element; it is there at once, and draws what it is given when it can. */
export async function openMap(place: HTMLElement, options: MapOptions): Promise<RoadMap> {
  const frame = document.createElement("div");
  frame.className = "road-map";
  frame.id = `road-map-${(count += 1)}`;
  place.replaceChildren(frame);
  try {
    return new LiveMap(frame, await network(), options);
  } catch (error) {
    // What is thrown here is that there is no WebGL, or that the service did not tell of its network.
    const why = error instanceof GPUInitializationError ? words.map.noGraphics : words.map.failed(String(error instanceof Error ? error.message : error));
    frame.replaceChildren();
    frame.classList.add("without");
    new Trouble(frame).say("map", why);
    return new NoMap(frame);
  }
}

class LiveMap implements RoadMap {
  readonly works = true;
  readonly #map: GlMap;
  readonly #signs: SignLayer;
  readonly #trouble: Trouble;
  readonly #placing: Placing;
  readonly #network: Network;
  readonly #options: MapOptions;
  readonly #frame: HTMLElement;
  readonly #held = new Map<Shown, { held: Held; features: GeoJSON.Feature[] }>();
  readonly #legend = document.createElement("div");
  readonly #ends: (() => void)[] = [];
  readonly #failedTiles: TileId[] = [];
  #tilesTimer: ReturnType<typeof setTimeout> | null = null;
  #ready = false;
  #working = false;
  #closed = false;

  constructor(frame: HTMLElement, network: Network, options: MapOptions) {
    this.#frame = frame;
    this.#network = network;
    this.#options = options;
    setWorkerUrl(WORKER);
    this.#map = this.#made();
    const palette = palettes[theme.now];
    this.#signs = new SignLayer(this.#map, palette, signSprites(palette));
    this.#trouble = new Trouble(frame);
    this.#placing = new Placing(this.#map, frame, (features) => this.#show("drawing", features));
    this.#describe();
    this.#watch();
    this.#bindKeys();
    this.#ends.push(theme.listen(() => this.#recolour()));
  }

  #made(): GlMap {
    const canvas = document.createElement("div");
    canvas.className = "map-canvas";
    this.#frame.append(canvas);
    const map = new GlMap({
      container: canvas,
      style: mapStyle(this.#network, theme.now),
      bounds: boundsOf(this.#network),
      fitBoundsOptions: { padding: 20 },
      maxZoom: 19,
      attributionControl: false,
      // The keys are the console's own, shown by `?`.
      keyboard: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      renderWorldCopies: false,
      locale: { "Map.Title": this.#options.label, "NavigationControl.ZoomIn": words.map.keys.closer, "NavigationControl.ZoomOut": words.map.keys.wider },
    });
    map.touchZoomRotate.disableRotation();
    map.addControl(new AttributionControl({ compact: false, customAttribution: escaped(this.#network.attribution) }));
    map.addControl(new ScaleControl({ unit: "metric" }));
    map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    return map;
  }

  /** Says to those who do not see it that nothing is lost to them. */
  #describe(): void {
    const told = document.createElement("p");
    told.id = `${this.#frame.id}-told`;
    told.className = "hidden-text";
    told.textContent = words.map.listIsPrimary;
    this.#legend.className = "map-legend";
    this.#frame.append(told, this.#legend);
    const canvas = this.#map.getCanvas();
    // Its arrow keys are its own; the page around it is the region.
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-describedby", told.id);
  }

  #watch(): void {
    const map = this.#map;
    map.once("style.load", () => this.#begin());
    map.on("click", (event) => this.#picked(event));
    map.on("error", (event) => this.#failed(event.error, event as FailedTile));
    map.on("webglcontextlost", () => this.#trouble.say("graphics", words.map.graphicsLost));
    map.on("webglcontextrestored", () => this.#trouble.over("graphics"));
    map.on("moveend", () => this.#tellView());
    map.on("idle", () => this.#frame.setAttribute("aria-busy", "false"));
    const otherRoads = (): void => this.#trouble.say("roads", words.map.otherNetwork);
    onOtherDrawing.add(otherRoads);
    this.#ends.push(() => onOtherDrawing.delete(otherRoads));
    const sized = new ResizeObserver(() => this.#checkSize());
    sized.observe(this.#frame);
    this.#ends.push(() => sized.disconnect());
    this.#tellView();
  }

  #begin(): void {
    for (const [name, { image, options }] of mapSprites(palettes[theme.now])) this.#map.addImage(name, image, options);
    this.#ready = true;
    // Another theme may have been chosen since the style was made.
    this.#recolour();
    void this.#checkWorker();
    for (const name of this.#held.keys()) this.#flush(name);
  }

  /** A worker that does not run says nothing, and nothing would be drawn. */
  async #checkWorker(): Promise<void> {
    const late = setTimeout(() => this.#trouble.say("worker", words.map.noWorker), WORKER_PATIENCE_MS);
    this.#ends.push(() => clearTimeout(late));
    await (this.#map.getSource("border") as GeoJSONSource).setData(this.#network.area);
    clearTimeout(late);
    this.#working = true;
    this.#trouble.over("worker");
  }

  #failed(error: { message: string }, { sourceId, tile }: FailedTile): void {
    if (sourceId === "tiles") return this.#tileFailed(tile?.tileID.canonical);
    console.error(error);
    if (this.#working) this.#trouble.say("error", words.map.failed(error.message));
    else this.#trouble.say("worker", words.map.noWorker);
  }

  #tileFailed(id: TileId | undefined): void {
    this.#trouble.say("tiles", words.map.partly);
    if (id !== undefined) this.#failedTiles.push(id);
    if (this.#tilesTimer !== null) return;
    this.#tilesTimer = setTimeout(() => {
      this.#tilesTimer = null;
      if (this.#closed) return;
      this.#trouble.over("tiles");
      // By name: the library waits for ever for those that failed where all are asked for.
      this.#map.refreshTiles("tiles", this.#failedTiles.splice(0));
    }, TILES_AGAIN_MS);
  }

  /** A map without height does all it should, and shows nothing. */
  #checkSize(): void {
    const { clientHeight, clientWidth, offsetParent } = this.#frame;
    if (offsetParent === null || (clientHeight > 0 && clientWidth > 0)) return this.#trouble.over("size");
    console.error(words.map.noRoom);
    this.#trouble.say("size", words.map.noRoom);
  }

  #tellView(): void {
    const { lng, lat } = this.#map.getCenter();
    this.#frame.dataset["view"] = [lng.toFixed(6), lat.toFixed(6), this.#map.getZoom().toFixed(3)].join(" ");
  }

  #recolour(): void {
    const palette = palettes[theme.now];
    const [own, signs] = [mapSprites(palette), signSprites(palette)];
    this.#signs.recolour(palette, signs);
    drawLegend(this.#legend, new Map([...own, ...signs]));
    if (!this.#ready) return;
    for (const [name, { image }] of own) this.#map.updateImage(name, image);
    for (const { id, paint } of layers(palette))
      for (const [property, value] of Object.entries(paint ?? {})) this.#map.setPaintProperty(id, property as never, value as never, { validate: false });
  }

  #bindKeys(): void {
    const within = `#${this.#frame.id}`;
    const pan = (x: number, y: number) => () => {
      const step = this.#placing.busy ? FINE_PAN_PX : PAN_PX;
      this.#map.panBy([x * step, y * step], { duration: this.#placing.busy ? 0 : MOVE_MS });
    };
    const told = words.map.keys;
    this.#ends.push(
      keys.bind([
        { id: "map.left", key: "ArrowLeft", label: told.left, within, run: pan(-1, 0) },
        { id: "map.right", key: "ArrowRight", label: told.right, within, run: pan(1, 0) },
        { id: "map.up", key: "ArrowUp", label: told.up, within, run: pan(0, -1) },
        { id: "map.down", key: "ArrowDown", label: told.down, within, run: pan(0, 1) },
        { id: "map.closer", key: "+", label: told.closer, within, run: () => void this.#map.zoomIn({ duration: MOVE_MS }) },
        { id: "map.wider", key: "-", label: told.wider, within, run: () => void this.#map.zoomOut({ duration: MOVE_MS }) },
        { id: "map.whole", key: "0", label: told.whole, within, run: () => this.look({ bounds: boundsOf(this.#network) }) },
      ]),
    );
  }

  #picked(event: MapMouseEvent): void {
    const onPick = this.#options.onPick;
    if (onPick === undefined || this.#placing.busy || event.defaultPrevented) return;
    const { x, y } = event.point;
    const sign = this.#signs.at(event.point);
    if (sign !== undefined) return onPick({ kind: sign.kind, name: sign.name });
    const found = this.#map.queryRenderedFeatures([[x - REACH_PX, y - REACH_PX], [x + REACH_PX, y + REACH_PX]], { layers: [...PICKED] });
    const first = PICKED.map((layer) => found.find((each) => each.layer.id === layer)).find((each) => each !== undefined);
    if (first === undefined) onPick({ kind: "place", lat: event.lngLat.lat, lon: event.lngLat.lng });
    else onPick({ kind: kindOf(first.source, first.properties), name: String(first.properties["name"]) });
  }

  #show(name: Shown, features: GeoJSON.Feature[]): void {
    const known = this.#held.get(name) ?? { held: new Held(), features };
    known.features = features;
    this.#held.set(name, known);
    this.#flush(name);
  }

  #flush(name: Shown): void {
    if (!this.#ready || this.#closed) return;
    const { held, features } = this.#held.get(name)!;
    const change = held.change(features);
    if (change === null) return;
    this.#frame.setAttribute("aria-busy", "true");
    const source = this.#map.getSource(name) as GeoJSONSource;
    source.updateData(change).catch((error: Error) => this.#closed || this.#failed(error, { sourceId: name }));
  }

  setUnits(units: readonly MapUnit[]): void {
    this.#signs.set("unit", units.map(unitSign));
  }

  setIncidents(incidents: readonly MapIncident[]): void {
    this.#signs.set("incident", incidents.map(incidentSign));
  }

  setClosures(closures: GeoJSON.FeatureCollection): void {
    this.#show("closures", closureFeatures(closures));
  }

  setRoute(routes: MapRoute[] | null): void {
    this.#show("route", routeFeatures(routes ?? []));
  }

  setAreas(areas: GeoJSON.FeatureCollection | null): void {
    this.#show("areas", numbered(areas ?? EMPTY));
  }

  setPoints(points: GeoJSON.FeatureCollection | null): void {
    this.#show("points", numbered(points ?? EMPTY));
  }

  look(at: Look): void {
    // The map itself keeps still where the system asks for less motion.
    if ("bounds" in at) this.#map.fitBounds(at.bounds, { padding: 50, maxZoom: CLOSE_UP + 1, duration: MOVE_MS });
    else this.#map.easeTo({ center: [at.lon, at.lat], zoom: at.zoom ?? Math.max(this.#map.getZoom(), CLOSE_UP - 1), duration: MOVE_MS });
  }

  bring([west, south, east, north]: Box): void {
    const seen = this.#map.getBounds();
    if (seen.contains([west, south]) && seen.contains([east, north])) return;
    this.look({ bounds: [west, south, east, north] });
  }

  setDrawn(shape: GeoJSON.Geometry | null): void {
    this.#placing.keep(shape);
  }

  stopChoosing(): void {
    this.#placing.stop();
  }

  choosePlace(): Promise<{ lat: number; lon: number } | null> {
    return this.#placing.place();
  }

  drawShape(kind: ShapeKind): Promise<GeoJSON.LineString | GeoJSON.Polygon | null> {
    return this.#placing.shape(kind);
  }

  close(): void {
    if (this.#closed) return;
    this.#placing.close();
    this.#closed = true;
    for (const end of this.#ends) end();
    this.#map.remove();
    this.#frame.remove();
  }
}

/** Stands where there is no map. */
class NoMap implements RoadMap {
  readonly works = false;
  constructor(readonly frame: HTMLElement) {}
  setUnits(): void {}
  setIncidents(): void {}
  setClosures(): void {}
  setRoute(): void {}
  setAreas(): void {}
  setPoints(): void {}
  look(): void {}
  bring(): void {}
  setDrawn(): void {}
  choosePlace(): Promise<null> {
    return Promise.resolve(null);
  }
  drawShape(): Promise<null> {
    return Promise.resolve(null);
  }
  stopChoosing(): void {}
  close(): void {
    this.frame.remove();
  }
}

function kindOf(source: string, told: Record<string, unknown>): Exclude<Picked["kind"], "place"> {
  const kinds = { closures: "closure", areas: "area" } as const;
  if (source in kinds) return kinds[source as keyof typeof kinds];
  return told["kind"] === "station" || told["kind"] === "late" ? told["kind"] : "point";
}

function boundsOf({ bounds }: Network): Box {
  return [bounds.west, bounds.south, bounds.east, bounds.north];
}

/** The attribution is shown as HTML; it is text. */
function escaped(text: string): string {
  const element = document.createElement("span");
  element.textContent = text;
  return element.innerHTML;
}
