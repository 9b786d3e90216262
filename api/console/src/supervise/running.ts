/** Times that run: each second their text alone is written anew, and nothing else is drawn. */
import { html, type TemplateResult } from "lit-html";
import { clock } from "../time.ts";

const RUNNING = "[data-began]";

/** Seconds that went by until an answer came, and go on from there. */
export function running(seconds: number, heard_s: number): TemplateResult {
  return html`<span class="running" data-began=${heard_s - seconds}></span>`;
}

/** Lets all times within an element run until the returned function is called. */
export function run(place: HTMLElement): () => void {
  const timer = setInterval(() => write(place), 1000);
  return () => clearInterval(timer);
}

export function write(place: HTMLElement): void {
  const now_s = performance.now() / 1000;
  for (const each of place.querySelectorAll<HTMLElement>(RUNNING)) each.textContent = clock(now_s - Number(each.dataset["began"]));
}
