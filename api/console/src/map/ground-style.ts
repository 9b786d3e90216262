/** How the service's own tiles are drawn: the ground, the roads by class, their names. */
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Palette } from "./palette.ts";

type Layer = Exclude<LayerSpecification, { type: "background" }>;
type Kind = keyof Palette["road"];

// Without glyphs from a server the browser's own fonts are used, under these names.
export const TEXT_FONT = ["sans-serif"];
export const BOLD_FONT = ["Bold", "sans-serif"];
const SOURCE = "tiles";
const ON_GROUND: ExpressionSpecification = ["!", ["has", "bridge"]];
const ZOOMS = [6, 9, 12, 14, 16, 19] as const;
/** The least important first, with the width in pixels at each of `ZOOMS`. */
const KINDS: readonly { kind: Kind; classes: readonly string[]; widths: readonly number[] }[] = [
  { kind: "track", classes: ["track", "service", "busway", "pedestrian"], widths: [0, 0, 0, 0.8, 3, 10] },
  { kind: "minor", classes: ["residential", "unclassified", "living_street", "road"], widths: [0, 0, 0.6, 2.2, 7, 24] },
  { kind: "secondary", classes: ["secondary", "secondary_link", "tertiary", "tertiary_link"], widths: [0.4, 0.7, 1.8, 4, 10, 30] },
  { kind: "primary", classes: ["primary", "primary_link"], widths: [0.6, 1.1, 2.6, 5, 12, 34] },
  { kind: "trunk", classes: ["trunk", "trunk_link"], widths: [0.8, 1.4, 3, 5.5, 13, 36] },
  { kind: "motorway", classes: ["motorway", "motorway_link"], widths: [1, 1.7, 3.4, 6, 14, 38] },
];
// What the sides of a road add to its width at each of `ZOOMS`.
const SIDES = [0, 0.7, 0.8, 1.4, 1.8, 2.4];

/** The layers of the ground and of the roads, from below. */
export function groundLayers(palette: Palette): LayerSpecification[] {
  return [
    { id: "land", type: "background", paint: { "background-color": palette.land } },
    grounds(palette),
    waters(palette),
    border(palette),
    casing("casing", ON_GROUND, palette),
    filling("roads", ON_GROUND, palette),
    // A bridge has its sides drawn over what it crosses.
    casing("bridge-casing", ["has", "bridge"], palette),
    filling("bridges", ["has", "bridge"], palette),
  ];
}

/** Names, numbers and one-way arrows, which lie above routes. */
export function nameLayers(palette: Palette): LayerSpecification[] {
  return [oneWay(), roadNames(palette), roadNumbers(palette)];
}

/** Areas lie in a tile as they lie on each other: built-up land, green, water. */
function grounds({ ground, land }: Palette): Layer {
  return {
    id: "grounds",
    type: "fill",
    source: SOURCE,
    "source-layer": "ground",
    filter: ["==", ["geometry-type"], "Polygon"],
    paint: { "fill-color": ["match", ["get", "kind"], "water", ground.water, "green", ground.green, "built", ground.built, land] },
  };
}

function waters({ ground }: Palette): Layer {
  return {
    id: "waters",
    type: "line",
    source: SOURCE,
    "source-layer": "ground",
    filter: ["==", ["geometry-type"], "LineString"],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": ["match", ["get", "kind"], "coast", ground.coast, ground.water],
      "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 8, 0.8, 14, 2.5, 18, 10],
    },
  };
}

function border(palette: Palette): Layer {
  return { id: "border", type: "line", source: "border", paint: { "line-color": palette.border, "line-width": 2, "line-dasharray": [6, 3, 1, 3] } };
}

function casing(id: string, filter: ExpressionSpecification, palette: Palette): Layer {
  return {
    ...road(id, filter),
    minzoom: 8,
    layout: { "line-cap": "butt", "line-join": "round", "line-sort-key": importance(1) },
    paint: { "line-color": palette.casing, "line-width": widths(SIDES) },
  };
}

function filling(id: string, filter: ExpressionSpecification, palette: Palette): Layer {
  const colours = KINDS.flatMap(({ kind, classes }) => [[...classes], palette.road[kind]]);
  const colour = ["match", ["get", "class"], ...colours, palette.road.minor] as unknown as ExpressionSpecification;
  return {
    ...road(id, filter),
    layout: { "line-cap": "round", "line-join": "round", "line-sort-key": importance(1) },
    paint: { "line-color": ["case", ["has", "tunnel"], palette.tunnel, colour], "line-width": widths() },
  };
}

function road(id: string, filter: ExpressionSpecification) {
  return { id, type: "line", source: SOURCE, "source-layer": "roads", filter } as const;
}

/** The width of a road by its class and the zoom. */
function widths(more: readonly number[] = []): ExpressionSpecification {
  const stops = ZOOMS.flatMap((zoom, at) => {
    const rows = KINDS.flatMap(({ classes, widths }) => [[...classes], widths[at]! + (more[at] ?? 0)]);
    return [zoom, ["match", ["get", "class"], ...rows, 0]];
  });
  return ["interpolate", ["exponential", 1.5], ["zoom"], ...stops] as unknown as ExpressionSpecification;
}

function oneWay(): Layer {
  return {
    id: "one-way",
    type: "symbol",
    source: SOURCE,
    "source-layer": "roads",
    minzoom: 16,
    filter: ["has", "oneway"],
    layout: { "symbol-placement": "line", "symbol-spacing": 120, "icon-image": "one-way", "icon-rotation-alignment": "map", "icon-padding": 1 },
  };
}

function roadNames(palette: Palette): Layer {
  return {
    id: "road-names",
    type: "symbol",
    source: SOURCE,
    "source-layer": "roads",
    minzoom: 12,
    filter: ["has", "name"],
    layout: {
      "symbol-placement": "line",
      "symbol-spacing": 320,
      "text-field": ["get", "name"],
      "text-font": TEXT_FONT,
      "text-size": ["interpolate", ["linear"], ["zoom"], 12, 11, 18, 15],
      "text-padding": 4,
      "symbol-sort-key": importance(-1),
    },
    paint: { "text-color": palette.text, "text-halo-color": palette.halo, "text-halo-width": 1.6 },
  };
}

function roadNumbers(palette: Palette): Layer {
  return {
    id: "road-numbers",
    type: "symbol",
    source: SOURCE,
    "source-layer": "roads",
    minzoom: 9,
    filter: ["has", "ref"],
    layout: {
      "symbol-placement": "line",
      "symbol-spacing": 400,
      "text-field": ["get", "ref"],
      "text-font": BOLD_FONT,
      "text-size": 11,
      "text-rotation-alignment": "viewport",
      "icon-image": "road-number",
      "icon-text-fit": "both",
      "icon-text-fit-padding": [0, 2, 0, 2],
      "icon-rotation-alignment": "viewport",
      "text-padding": 20,
    },
    paint: { "text-color": palette.text },
  };
}

/** A key by which roads are sorted: the main ones last, or first where `sign` is -1 and there is no room for all. */
function importance(sign: 1 | -1): ExpressionSpecification {
  const rows = KINDS.flatMap(({ classes }, row) => [[...classes], sign * row]);
  return ["match", ["get", "class"], ...rows, 0] as unknown as ExpressionSpecification;
}
