/** The whole style of the map; day and night differ in colours alone. */
import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Network } from "../network.ts";
import { groundLayers, nameLayers } from "./ground-style.ts";
import { palettes, type Palette } from "./palette.ts";
import { highLayers, lowLayers, SHOWN } from "./shown-style.ts";
import { tilesOf } from "./tile-requests.ts";

// The last zoom for which there are tiles.
const DEEPEST = 16;

export const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** The style as the map begins with it; later it is the colours alone that change, so that nothing shown is lost. */
export function mapStyle(network: Network, theme: "day" | "night"): StyleSpecification {
  return { version: 8, sources: sources(network), layers: layers(palettes[theme]) };
}

/** All layers, from below. */
export function layers(palette: Palette): LayerSpecification[] {
  return [...groundLayers(palette), ...lowLayers(palette), ...nameLayers(palette), ...highLayers(palette)];
}

function sources({ drawing, bounds, area }: Network): Record<string, SourceSpecification> {
  const { west, south, east, north } = bounds;
  const shown = SHOWN.map((name): [string, SourceSpecification] => [name, { type: "geojson", data: EMPTY, promoteId: "id", maxzoom: DEEPEST }]);
  return {
    tiles: { type: "vector", tiles: [tilesOf(drawing)], minzoom: 0, maxzoom: DEEPEST, bounds: [west, south, east, north] },
    border: { type: "geojson", data: area },
    ...Object.fromEntries(shown),
  };
}
