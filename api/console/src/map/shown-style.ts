/** How what is put on the map is drawn: closures, the route, areas, points, and a shape being drawn. */
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import { BOLD_FONT } from "./ground-style.ts";
import type { Palette } from "./palette.ts";

/** The sources that hold it, from below. */
export const SHOWN = ["areas", "closures", "route", "points", "drawing"] as const;
export type Shown = (typeof SHOWN)[number];
/** The layers in which something can be picked, the topmost first. */
export const PICKED = ["points", "closure-signs", "closures", "areas"] as const;

// What is nearest to the beginning of a list is in focus.
const IN_FOCUS: ExpressionSpecification = ["==", ["get", "row"], 0];

/** Layers below the names of roads. */
export function lowLayers(palette: Palette): LayerSpecification[] {
  return [...areas(palette), ...closures(palette), ...routes(palette)];
}

/** Layers above all. */
export function highLayers(palette: Palette): LayerSpecification[] {
  return [closureSigns(palette), points(palette), ...drawing(palette)];
}

function areas(palette: Palette): LayerSpecification[] {
  const colours = palette.bands.slice(0, -1).flatMap((colour, band) => [band, colour]);
  const colour = ["match", ["get", "band"], ...colours, palette.bands.at(-1)!] as unknown as ExpressionSpecification;
  return [
    { id: "areas", type: "fill", source: "areas", paint: { "fill-color": colour, "fill-opacity": 0.25 } },
    { id: "area-edges", type: "line", source: "areas", paint: { "line-color": colour, "line-width": 2 } },
  ];
}

/** Hatched across the road; what is slowed is dashed wider and in a colour of its own. */
function closures(palette: Palette): LayerSpecification[] {
  const width: ExpressionSpecification = ["interpolate", ["exponential", 1.5], ["zoom"], 9, 3, 14, 6, 18, 18];
  const source = { type: "line", source: "closures" } as const;
  return [
    { ...source, id: "closure-ground", paint: { "line-color": palette.outline, "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 9, 5, 14, 9, 18, 22] } },
    { ...source, id: "closures", filter: ["!", ["get", "slowed"]], paint: { "line-color": palette.closed, "line-width": width, "line-dasharray": [0.5, 0.35] } },
    { ...source, id: "slowed", filter: ["get", "slowed"], paint: { "line-color": palette.slowed, "line-width": width, "line-dasharray": [1.6, 0.8] } },
  ];
}

function closureSigns(palette: Palette): LayerSpecification {
  return {
    id: "closure-signs",
    type: "symbol",
    source: "closures",
    filter: ["==", ["geometry-type"], "Point"],
    layout: {
      "icon-image": ["case", ["get", "slowed"], "slowed", "closed"],
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      "text-field": ["step", ["zoom"], "", 14, ["get", "label"]],
      ...beside(1.1),
    },
    paint: text(palette),
  };
}

function routes(palette: Palette): LayerSpecification[] {
  const above: ExpressionSpecification = ["-", 0, ["get", "row"]];
  const shape = { "line-cap": "round", "line-join": "round", "line-sort-key": above } as const;
  return [
    { id: "route-casing", type: "line", source: "route", layout: shape, paint: { "line-color": palette.routeCasing, "line-width": 9, "line-opacity": ["case", IN_FOCUS, 1, 0.6] } },
    { id: "route", type: "line", source: "route", layout: shape, paint: { "line-color": palette.route, "line-width": ["case", IN_FOCUS, 5.5, 3], "line-opacity": ["case", IN_FOCUS, 1, 0.6] } },
    {
      id: "route-direction",
      type: "symbol",
      source: "route",
      layout: { "symbol-placement": "line", "symbol-spacing": 90, "icon-image": "way", "icon-rotation-alignment": "map", "icon-allow-overlap": true, "icon-ignore-placement": true },
    },
  ];
}

function points(palette: Palette): LayerSpecification {
  return {
    id: "points",
    type: "symbol",
    source: "points",
    layout: {
      "icon-image": ["match", ["get", "kind"], "station", "point-station", "late", "point-late", "point-other"],
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      "text-field": ["coalesce", ["get", "label"], ""],
      ...beside(0.9),
    },
    paint: text(palette),
  };
}

function drawing(palette: Palette): LayerSpecification[] {
  return [
    { id: "drawing-area", type: "fill", source: "drawing", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": palette.closed, "fill-opacity": 0.2 } },
    { id: "drawing-line", type: "line", source: "drawing", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": palette.closed, "line-width": 4 } },
    {
      id: "drawing-points",
      type: "circle",
      source: "drawing",
      filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-radius": 5, "circle-color": palette.closed, "circle-stroke-color": palette.outline, "circle-stroke-width": 2 },
    },
  ];
}

/** Words beside a sign, left out where there is no room; the sign stays. */
function beside(away: number) {
  return {
    "text-font": BOLD_FONT,
    "text-size": 12,
    "text-variable-anchor-offset": ["left", [away, 0], "right", [-away, 0], "top", [0, away], "bottom", [0, -away]],
    "text-justify": "auto",
    "text-optional": true,
    "text-padding": 1,
  } as const satisfies NonNullable<Extract<LayerSpecification, { type: "symbol" }>["layout"]>;
}

function text(palette: Palette) {
  return { "text-color": palette.text, "text-halo-color": palette.halo, "text-halo-width": 1.8 } as const;
}

