/** The signs of the map, drawn here: what is told by colour is told by shape too. */
import type { StyleImageMetadata } from "maplibre-gl";
import type { UnitState } from "../units.ts";
import type { Palette } from "./palette.ts";

export interface Sprite {
  image: ImageData;
  options: Partial<StyleImageMetadata>;
}

type Pen = CanvasRenderingContext2D;
type Shape = (pen: Pen, radius: number) => void;

// Drawn finer than most screens show it, in whole pixels of the screen twice as large.
export const FINE = 2;
/** Ranks of grades beyond this look like it. */
export const RANKS = 6;

const SHAPES: Record<UnitState, Shape> = {
  free: circle,
  en_route: (pen, radius) => polygon(pen, 4, radius * 1.2, 0),
  at_scene: (pen, radius) => polygon(pen, 4, radius * 1.25, 45),
  busy: (pen, radius) => polygon(pen, 6, radius * 1.1, 30),
  off: (pen, radius) => bar(pen, radius * 2.3, radius * 0.9),
  unknown: (pen, radius) => polygon(pen, 3, radius * 1.3, 180),
};
const RANK_SHAPES: readonly Shape[] = [
  (pen, radius) => polygon(pen, 8, radius * 1.05, 22.5),
  (pen, radius) => polygon(pen, 3, radius * 1.35, 0),
  (pen, radius) => polygon(pen, 4, radius * 1.2, 45),
  (pen, radius) => polygon(pen, 5, radius * 1.1, 0),
  circle,
];

/** Those of units and incidents by name. */
export function signSprites(palette: Palette): Map<string, Sprite> {
  return new Map([...unitSprites(palette), ...incidentSprites(palette)]);
}

/** Those of the map itself, as its style names them. */
export function mapSprites(palette: Palette): Map<string, Sprite> {
  return new Map(signs(palette));
}

function* unitSprites(palette: Palette): Generator<[string, Sprite]> {
  for (const state of Object.keys(SHAPES) as UnitState[]) {
    yield [`heading-${state}`, sprite(44, (pen) => arrowAhead(pen, palette.unit[state], palette.outline))];
    for (const stale of [false, true])
      for (const chosen of [false, true]) {
        const name = `unit-${state}${stale ? "-stale" : ""}${chosen ? "-chosen" : ""}`;
        yield [name, sprite(38, (pen) => unit(pen, palette, state, stale, chosen))];
      }
  }
}

/** A unit; one whose place is no longer known is hollow, with a question mark. */
function unit(pen: Pen, palette: Palette, state: UnitState, stale: boolean, chosen: boolean): void {
  if (chosen) ring(pen, palette, 15);
  SHAPES[state](pen, 8);
  pen.lineJoin = "round";
  pen.lineWidth = stale ? 5 : 3.5;
  pen.strokeStyle = palette.outline;
  pen.stroke();
  pen.fillStyle = stale ? palette.outline : palette.unit[state];
  pen.fill();
  if (!stale) return;
  pen.lineWidth = 2;
  pen.strokeStyle = palette.unit[state];
  pen.stroke();
  letter(pen, "?", palette.unit[state], 12);
}

function* incidentSprites(palette: Palette): Generator<[string, Sprite]> {
  for (let rank = 1; rank <= RANKS; rank += 1)
    for (const late of [false, true])
      for (const chosen of [false, true]) {
        const name = `incident-${rank}${late ? "-late" : ""}${chosen ? "-chosen" : ""}`;
        yield [name, sprite(50, (pen) => incident(pen, palette, rank, late, chosen))];
      }
}

function incident(pen: Pen, palette: Palette, rank: number, late: boolean, chosen: boolean): void {
  if (chosen) ring(pen, palette, 21);
  RANK_SHAPES[Math.min(rank, RANK_SHAPES.length) - 1]!(pen, 12);
  pen.lineJoin = "round";
  pen.lineWidth = late ? 7 : 4;
  pen.strokeStyle = late ? palette.late : palette.outline;
  pen.stroke();
  pen.fillStyle = palette.incident;
  pen.fill();
  letter(pen, String(rank), palette.on, 14, rank === 2 ? 3 : 0.5);
  if (late) badge(pen, palette);
}

/** What is late has a mark of its own at its upper right. */
function badge(pen: Pen, palette: Palette): void {
  pen.save();
  pen.translate(13, -13);
  circle(pen, 7);
  pen.fillStyle = palette.late;
  pen.fill();
  letter(pen, "!", palette.on, 12);
  pen.restore();
}

function* signs(palette: Palette): Generator<[string, Sprite]> {
  yield ["closed", sprite(24, (pen) => noEntry(pen, palette))];
  yield ["slowed", sprite(26, (pen) => caution(pen, palette))];
  yield ["one-way", sprite(16, (pen) => arrowAlong(pen, palette.arrow))];
  yield ["way", sprite(14, (pen) => chevron(pen, palette.routeCasing))];
  yield ["point-station", sprite(24, (pen) => station(pen, palette))];
  yield ["point-late", sprite(24, (pen) => late(pen, palette))];
  yield ["point-other", sprite(18, (pen) => outlined(pen, palette, palette.point, () => circle(pen, 5)))];
  yield ["road-number", roadNumber(palette)];
}

function noEntry(pen: Pen, palette: Palette): void {
  outlined(pen, palette, palette.closed, () => circle(pen, 9));
  pen.fillStyle = palette.on;
  pen.fillRect(-6, -2, 12, 4);
}

function caution(pen: Pen, palette: Palette): void {
  outlined(pen, palette, palette.slowed, () => polygon(pen, 3, 11, 0));
  letter(pen, "!", palette.on, 11, 2);
}

function station(pen: Pen, palette: Palette): void {
  outlined(pen, palette, palette.point, () => {
    pen.beginPath();
    for (const [x, y] of [[-7, 7], [-7, -2], [0, -8], [7, -2], [7, 7]] as const) pen.lineTo(x, y);
    pen.closePath();
  });
}

function late(pen: Pen, palette: Palette): void {
  outlined(pen, palette, palette.incident, () => circle(pen, 8));
  letter(pen, "!", palette.on, 12);
}

function outlined(pen: Pen, palette: Palette, colour: string, path: () => void): void {
  path();
  pen.lineJoin = "round";
  pen.lineWidth = 3;
  pen.strokeStyle = palette.outline;
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
}

function ring(pen: Pen, palette: Palette, radius: number): void {
  circle(pen, radius);
  pen.lineWidth = 6;
  pen.strokeStyle = palette.outline;
  pen.stroke();
  pen.lineWidth = 3;
  pen.strokeStyle = palette.chosen;
  pen.stroke();
}

/** An arrow head above the middle, where a unit that goes north is going. */
function arrowAhead(pen: Pen, colour: string, outline: string): void {
  pen.beginPath();
  for (const [x, y] of [[0, -20], [7, -11], [-7, -11]] as const) pen.lineTo(x, y);
  pen.closePath();
  pen.lineJoin = "round";
  pen.lineWidth = 3;
  pen.strokeStyle = outline;
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
}

function arrowAlong(pen: Pen, colour: string): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.6;
  pen.beginPath();
  pen.moveTo(-6, 0);
  pen.lineTo(6, 0);
  pen.moveTo(2, -3.5);
  pen.lineTo(6, 0);
  pen.lineTo(2, 3.5);
  pen.stroke();
}

function chevron(pen: Pen, colour: string): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.moveTo(-1.5, -2.6);
  pen.lineTo(1.5, 0);
  pen.lineTo(-1.5, 2.6);
  pen.stroke();
}

function circle(pen: Pen, radius: number): void {
  pen.beginPath();
  pen.arc(0, 0, radius, 0, 2 * Math.PI);
}

function bar(pen: Pen, width: number, height: number): void {
  pen.beginPath();
  pen.rect(-width / 2, -height / 2, width, height);
}

/** A regular polygon, its first corner `turned` degrees from the top. */
function polygon(pen: Pen, corners: number, radius: number, turned: number): void {
  pen.beginPath();
  for (let corner = 0; corner < corners; corner += 1) {
    const angle = ((turned + (360 * corner) / corners - 90) * Math.PI) / 180;
    pen.lineTo(radius * Math.cos(angle), radius * Math.sin(angle));
  }
  pen.closePath();
}

function letter(pen: Pen, text: string, colour: string, size: number, below = 0.5): void {
  pen.font = `bold ${size}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillStyle = colour;
  pen.fillText(text, 0, below);
}

function roadNumber(palette: Palette): Sprite {
  const made = sprite(14, (pen) => {
    pen.beginPath();
    pen.roundRect(-6, -6, 12, 12, 3);
    pen.fillStyle = palette.halo;
    pen.fill();
    pen.lineWidth = 1.5;
    pen.strokeStyle = palette.arrow;
    pen.stroke();
  });
  const [from, to] = [5 * FINE, 9 * FINE];
  return { image: made.image, options: { ...made.options, stretchX: [[from, to]], stretchY: [[from, to]], content: [2 * FINE, 2 * FINE, 12 * FINE, 12 * FINE] } };
}

/** Draws a square of so many pixels around its middle. */
function sprite(size: number, draw: (pen: Pen) => void): Sprite {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * FINE;
  const pen = canvas.getContext("2d", { willReadFrequently: true })!;
  pen.scale(FINE, FINE);
  pen.translate(size / 2, size / 2);
  draw(pen);
  return { image: pen.getImageData(0, 0, size * FINE, size * FINE), options: { pixelRatio: FINE } };
}
