/** Clocks that run: their text alone is redrawn each second, in elements that say what they count. */
import { now } from "../now.ts";
import { clock } from "../time.ts";
import { words } from "../words.ts";

/** Writes every clock of the page anew, so that no two differ: `data-due` counts to a moment and below it, `data-fixed` is the age of a fix. */
export function tick(at = now()): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-due]")) tickDue(element, at);
  for (const element of document.querySelectorAll<HTMLElement>("[data-fixed]")) tickAge(element, at);
}

function tickDue(element: HTMLElement, at: number): void {
  const left_s = Math.floor((Number(element.dataset["due"]) - at) / 1000);
  const late = left_s < 0;
  element.classList.toggle("late", late);
  element.classList.toggle("soon", !late && left_s < Number(element.dataset["soon"] ?? 0));
  write(element, late ? words.board.late(clock(left_s)) : words.board.left(clock(left_s)));
}

function tickAge(element: HTMLElement, at: number): void {
  const age_s = Math.max((at - Date.parse(element.dataset["fixed"] ?? "")) / 1000, 0);
  const [fresh_s, stale_s] = [Number(element.dataset["fresh"]), Number(element.dataset["stale"])];
  const age = age_s >= stale_s ? "stale" : age_s > fresh_s ? "old" : "fresh";
  element.dataset["age"] = age;
  write(element, age === "stale" ? words.board.ageStale(span(age_s)) : words.board.age(span(age_s)));
}

/** A span of time in the fewest characters. */
export function span(seconds: number): string {
  if (seconds < 100) return words.board.seconds(Math.round(seconds));
  if (seconds < 6000) return words.board.minutes(Math.round(seconds / 60));
  return words.board.hours(Math.round(seconds / 3600));
}

function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
