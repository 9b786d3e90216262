/** What the signs of the map mean, in words beside each. */
import { html, render } from "lit-html";
import { words } from "../words.ts";
import type { Sprite } from "./sprites.ts";

const told = words.map.legend;
const MEANINGS: readonly (readonly [sign: string, meaning: string])[] = [
  ...Object.entries(words.map.states).map(([state, word]) => [`unit-${state}`, told.unit(word)] as const),
  ["unit-free-stale", told.stale],
  ["unit-free-chosen", told.chosen],
  ["incident-1", told.incident],
  ["incident-2", told.second],
  ["incident-3-late", told.late],
  ["closed", told.closed],
  ["slowed", told.slowed],
];

/** Draws the legend, folded until it is asked for. */
export function drawLegend(place: HTMLElement, signs: ReadonlyMap<string, Sprite>): void {
  const rows = MEANINGS.map(([sign, meaning]) => html`<li><img src=${address(signs.get(sign)!)} alt="" />${meaning}</li>`);
  render(html`<details><summary>${told.title}</summary><ul>${rows}</ul></details>`, place);
}

function address({ image }: Sprite): string {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
