/** The colours of the map, for day and for night. What a state means by colour it also means by shape and by word. */
import type { UnitState } from "../units.ts";

export interface Palette {
  land: string;
  /** Where the network ends. */
  border: string;
  ground: Record<"water" | "green" | "built" | "coast", string>;
  road: Record<"motorway" | "trunk" | "primary" | "secondary" | "minor" | "track", string>;
  casing: string;
  tunnel: string;
  text: string;
  halo: string;
  arrow: string;
  unit: Record<UnitState, string>;
  /** What is written on the colour of a unit, an incident or a sign. */
  on: string;
  outline: string;
  chosen: string;
  incident: string;
  late: string;
  closed: string;
  slowed: string;
  route: string;
  routeCasing: string;
  /** Coverage from the first band on; the last is used for all beyond. */
  bands: readonly string[];
  point: string;
}

const day: Palette = {
  land: "#f1efe9",
  border: "#7d8894",
  ground: { water: "#a9cfe8", green: "#d3e6c5", built: "#e7e3da", coast: "#5f97bd" },
  road: { motorway: "#e8955c", trunk: "#f0b36a", primary: "#f7d08a", secondary: "#fbe9a0", minor: "#ffffff", track: "#efe6d4" },
  casing: "#9d968a",
  tunnel: "#d9d4ca",
  text: "#24303b",
  halo: "#ffffff",
  arrow: "#5b6875",
  unit: { free: "#17653a", en_route: "#0b5cad", at_scene: "#6b2fa0", busy: "#7a4b00", off: "#5a6672", unknown: "#b3141d" },
  on: "#ffffff",
  outline: "#ffffff",
  chosen: "#111a22",
  incident: "#a3121b",
  late: "#111a22",
  closed: "#b3141d",
  slowed: "#b36b00",
  route: "#0b5cad",
  routeCasing: "#ffffff",
  bands: ["#1a7f4b", "#7aa82c", "#d9a514", "#d2691e", "#a3121b"],
  point: "#24303b",
};

const night: Palette = {
  land: "#141c23",
  border: "#66737f",
  ground: { water: "#17476a", green: "#1a2f24", built: "#1b242c", coast: "#3f7da6" },
  road: { motorway: "#8a5a34", trunk: "#7d5a34", primary: "#6b5a38", secondary: "#54503c", minor: "#3a4651", track: "#2c353d" },
  casing: "#0a0f14",
  tunnel: "#262f37",
  text: "#d7e0e8",
  halo: "#0e151b",
  arrow: "#9aa8b5",
  unit: { free: "#7ddba3", en_route: "#7cc4ff", at_scene: "#d3a8ff", busy: "#f0bd62", off: "#98a5b1", unknown: "#ff8d88" },
  on: "#0b1218",
  outline: "#0b1218",
  chosen: "#ffffff",
  incident: "#ff8d88",
  late: "#ffffff",
  closed: "#ff7a75",
  slowed: "#ffc861",
  route: "#5cb3ff",
  routeCasing: "#0b1218",
  bands: ["#4cc38a", "#a9cf5a", "#f0c94a", "#f0975a", "#ff8d88"],
  point: "#d7e0e8",
};

export const palettes: Readonly<Record<"day" | "night", Palette>> = { day, night };
