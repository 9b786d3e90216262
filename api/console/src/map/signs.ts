/** What is known of a unit or an incident, as a sign with words beside it. */
import { clock } from "../time.ts";
import type { UnitState } from "../units.ts";
import { words } from "../words.ts";
import { RANKS } from "./sprites.ts";

export interface MapUnit {
  name: string;
  lat: number;
  lon: number;
  course_deg: number | null;
  state: UnitState;
  label: string;
  /** Seconds since the fix; null where that is not known. */
  age_s: number | null;
  /** Seconds from which the fix no longer says where the unit is. */
  stale_s?: number;
  chosen?: boolean;
}

export interface MapIncident {
  name: string;
  lat: number;
  lon: number;
  /** 1 is the most urgent. */
  rank: number;
  label: string;
  late: boolean;
  chosen?: boolean;
}

export interface Sign {
  kind: "unit" | "incident";
  name: string;
  lat: number;
  lon: number;
  sprite: string;
  /** An arrow around the sign, and where it points. */
  heading: { sprite: string; course_deg: number } | null;
  /** How much of the sign is seen, from 0 to 1. */
  fade: number;
  /** Each line of its words with the zoom from which it is written; the first in full size. */
  lines: { text: string; from: number }[];
  /** What is higher lies on top, and has its words where there is no room for all. */
  weight: number;
}

// Where nobody says from when a fix is stale; as long as forces take it for a unit that moves.
const STALE_S = 300;
// A fix fades in steps: a step is seen, and most units need no new drawing as the seconds pass.
const FADED = [1, 0.85, 0.7, 0.55] as const;
const STALE_FADE = 0.45;
const CHOSEN = 100;
// From afar there is no room for more.
const INCIDENT_WORDS = 12;
const UNIT_STATES = 13;

export function unitSign(unit: MapUnit): Sign {
  const { name, lat, lon, state, chosen = false, stale_s = STALE_S } = unit;
  const stale = unit.age_s === null || unit.age_s >= stale_s;
  const fade = stale ? STALE_FADE : FADED[Math.floor((FADED.length * unit.age_s!) / stale_s)]!;
  // How old is told by the minute: what is fresh needs no words.
  const minutes = unit.age_s === null ? null : Math.floor(unit.age_s / 60);
  const age = minutes === null ? " ?" : minutes < 1 ? "" : ` ${clock(minutes * 60)}`;
  const lines = [
    { text: unit.label, from: 0 },
    { text: words.map.states[state] + age, from: chosen ? 0 : UNIT_STATES },
  ];
  const heading = unit.course_deg === null || stale ? null : { sprite: `heading-${state}`, course_deg: Math.round(unit.course_deg) };
  const sprite = `unit-${state}${stale ? "-stale" : ""}${chosen ? "-chosen" : ""}`;
  return { kind: "unit", name, lat, lon, sprite, heading, fade, lines, weight: chosen ? CHOSEN : 0 };
}

export function incidentSign({ name, lat, lon, rank, label, late, chosen = false }: MapIncident): Sign {
  const shown = Math.min(Math.max(Math.round(rank), 1), RANKS);
  const sprite = `incident-${shown}${late ? "-late" : ""}${chosen ? "-chosen" : ""}`;
  const lines = [{ text: label, from: chosen ? 0 : INCIDENT_WORDS }];
  return { kind: "incident", name, lat, lon, sprite, heading: null, fade: 1, lines, weight: chosen ? CHOSEN : -shown };
}
