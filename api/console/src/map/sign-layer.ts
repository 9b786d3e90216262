/**
 * Signs on a canvas of their own above the map.
 *
 * They change every few seconds. The map beneath need not be drawn again for that, which takes a machine that draws in
 * software a tenth of a second and more, in which keys would wait.
 */
import type { Map as GlMap } from "maplibre-gl";
import type { Palette } from "./palette.ts";
import type { Sign } from "./signs.ts";
import { FINE, type Sprite } from "./sprites.ts";

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

interface Drawn {
  sign: Sign;
  at: Box;
  words: Box | null;
}

const FONT_PX = 12;
const SMALL_PX = 10;
const LINE_PX = 14;
const HALO_PX = 1.8;
// How far from the middle of a sign its words begin, and how far from it one may click.
const AWAY_PX = { unit: 14, incident: 19 } as const;
// The arrow of one that moves goes around it.
const AWAY_HEADED_PX = 22;
const REACH_PX = { unit: 13, incident: 17 } as const;
// What lies so far outside reaches into what is seen.
const MARGIN_PX = 60;
// Words are looked for in cells of this size, which are larger than most.
const CELL_PX = 64;
// Words stay legible where the sign fades.
const LEAST_FADE = 0.7;

export class SignLayer {
  readonly #canvas = document.createElement("canvas");
  readonly #pen: CanvasRenderingContext2D;
  readonly #signs = new Map<string, readonly Sign[]>();
  readonly #images = new Map<string, HTMLCanvasElement>();
  readonly #widths = new Map<string, number>();
  #held = "";
  #drawn: Drawn[] = [];
  #palette: Palette;
  #sprites: ReadonlyMap<string, Sprite>;

  constructor(
    readonly map: GlMap,
    palette: Palette,
    sprites: ReadonlyMap<string, Sprite>,
  ) {
    this.#palette = palette;
    this.#sprites = sprites;
    this.#canvas.className = "map-signs";
    this.#canvas.setAttribute("aria-hidden", "true");
    // In memory of the page: where there is a graphics card, it is not kept waiting for by the other canvas either.
    this.#pen = this.#canvas.getContext("2d", { willReadFrequently: true })!;
    map.getCanvasContainer().append(this.#canvas);
    for (const event of ["move", "resize"] as const) map.on(event, () => this.#draw());
  }

  /** Shows signs in place of those of the same kind. */
  set(kind: Sign["kind"], signs: readonly Sign[]): void {
    this.#signs.set(kind, [...signs].sort((a, b) => a.weight - b.weight));
    const held = JSON.stringify([...this.#signs]);
    if (held === this.#held) return;
    this.#held = held;
    this.#draw();
  }

  recolour(palette: Palette, sprites: ReadonlyMap<string, Sprite>): void {
    this.#palette = palette;
    this.#sprites = sprites;
    this.#images.clear();
    this.#draw();
  }

  /** What is drawn at a place in the window, the topmost; undefined where nothing is. */
  at({ x, y }: { x: number; y: number }): Sign | undefined {
    const hit = (box: Box | null): boolean => box !== null && x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
    return this.#drawn.findLast(({ at, words }) => hit(at) || hit(words))?.sign;
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    const fine = devicePixelRatio;
    const [wide, high] = [Math.round(width * fine), Math.round(height * fine)];
    if (this.#canvas.width !== wide || this.#canvas.height !== high) [this.#canvas.width, this.#canvas.height] = [wide, high];
    const pen = this.#pen;
    pen.setTransform(fine, 0, 0, fine, 0, 0);
    pen.clearRect(0, 0, width, height);
    this.#drawn = [];
    // Units lie above incidents.
    for (const kind of ["incident", "unit"] as const)
      for (const sign of this.#signs.get(kind) ?? []) {
        const { x, y } = this.map.project([sign.lon, sign.lat]);
        if (x < -MARGIN_PX || y < -MARGIN_PX || x > width + MARGIN_PX || y > height + MARGIN_PX) continue;
        this.#sign(sign, x, y);
      }
    this.#words();
    pen.globalAlpha = 1;
  }

  #sign(sign: Sign, x: number, y: number): void {
    const pen = this.#pen;
    pen.globalAlpha = sign.fade;
    if (sign.heading !== null) {
      pen.save();
      pen.translate(x, y);
      pen.rotate((sign.heading.course_deg * Math.PI) / 180);
      this.#image(sign.heading.sprite, 0, 0);
      pen.restore();
    }
    this.#image(sign.sprite, x, y);
    const reach = REACH_PX[sign.kind];
    this.#drawn.push({ sign, at: { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach }, words: null });
  }

  #image(name: string, x: number, y: number): void {
    const image = this.#images.get(name) ?? this.#make(name);
    const size = image.width / FINE;
    this.#pen.drawImage(image, x - size / 2, y - size / 2, size, size);
  }

  #make(name: string): HTMLCanvasElement {
    const { image } = this.#sprites.get(name)!;
    const made = document.createElement("canvas");
    [made.width, made.height] = [image.width, image.height];
    made.getContext("2d", { willReadFrequently: true })!.putImageData(image, 0, 0);
    this.#images.set(name, made);
    return made;
  }

  /** Writes words beside signs, those of more weight first; where there is room on no side there are none. */
  #words(): void {
    const taken = new Map<string, Box[]>();
    const zoom = this.map.getZoom();
    const pen = this.#pen;
    pen.lineJoin = "round";
    pen.lineWidth = 2 * HALO_PX;
    pen.strokeStyle = this.#palette.halo;
    pen.fillStyle = this.#palette.text;
    pen.textBaseline = "middle";
    const byWeight = [...this.#drawn].sort((a, b) => b.sign.weight - a.sign.weight);
    for (const drawn of byWeight) {
      const lines = drawn.sign.lines.filter((each) => each.from <= zoom).map((each) => each.text);
      if (lines.length > 0) drawn.words = this.#write(drawn, lines, taken);
    }
  }

  #write({ sign, at }: Drawn, lines: readonly string[], taken: Map<string, Box[]>): Box | null {
    const widths = lines.map((text, row) => this.#width(text, fontOf(row)));
    const [width, height] = [Math.max(...widths), lines.length * LINE_PX];
    const [x, y, away] = [(at.left + at.right) / 2, (at.top + at.bottom) / 2, sign.heading === null ? AWAY_PX[sign.kind] : AWAY_HEADED_PX];
    const sides: [left: number, top: number, align: CanvasTextAlign][] = [
      [x + away, y - height / 2, "left"],
      [x - away - width, y - height / 2, "right"],
      [x - width / 2, y + away, "center"],
      [x - width / 2, y - away - height, "center"],
    ];
    for (const [left, top, align] of sides) {
      const box = { left, top, right: left + width, bottom: top + height };
      if (!take(box, taken)) continue;
      this.#lines(lines, box, align, sign.fade);
      return box;
    }
    return null;
  }

  #lines(lines: readonly string[], { left, top, right }: Box, align: CanvasTextAlign, fade: number): void {
    const pen = this.#pen;
    pen.globalAlpha = Math.max(fade, LEAST_FADE);
    pen.textAlign = align;
    const x = align === "left" ? left : align === "right" ? right : (left + right) / 2;
    for (const [row, text] of lines.entries()) {
      pen.font = fontOf(row);
      const y = top + (row + 0.5) * LINE_PX;
      pen.strokeText(text, x, y);
      pen.fillText(text, x, y);
    }
  }

  #width(text: string, font: string): number {
    const key = `${font} ${text}`;
    const known = this.#widths.get(key);
    if (known !== undefined) return known;
    this.#pen.font = font;
    const { width } = this.#pen.measureText(text);
    // Numbers of incidents come and go without end.
    if (this.#widths.size > 5000) this.#widths.clear();
    this.#widths.set(key, width);
    return width;
  }
}

function fontOf(row: number): string {
  return `bold ${row === 0 ? FONT_PX : SMALL_PX}px sans-serif`;
}

/** Takes a place for words; false where others are. */
function take(box: Box, taken: Map<string, Box[]>): boolean {
  const cells: string[] = [];
  for (let column = Math.floor(box.left / CELL_PX); column * CELL_PX <= box.right; column += 1)
    for (let row = Math.floor(box.top / CELL_PX); row * CELL_PX <= box.bottom; row += 1) cells.push(`${column} ${row}`);
  const meets = (other: Box): boolean => box.left < other.right + 1 && other.left < box.right + 1 && box.top < other.bottom + 1 && other.top < box.bottom + 1;
  if (cells.some((cell) => taken.get(cell)?.some(meets))) return false;
  for (const cell of cells) taken.set(cell, [...(taken.get(cell) ?? []), box]);
  return true;
}
