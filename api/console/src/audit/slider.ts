/** The time slider, and the moments that matter as steps on it. */
import { html, nothing, svg, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { keys, type Binding } from "../keys.ts";
import { clock, timeOfDay } from "../time.ts";
import { words } from "../words.ts";
import type { Looked } from "./looked.ts";
import type { Moment, Moments } from "./types.ts";

const said = words.audit;
const FINE = 1000;
const NEAR_MS = 5_000;
const FAR_MS = 60_000;
const WITHIN = ".look-back";

/** The keys of an incident that is looked at, wherever the focus is in it. */
export function bindSteps(looked: Looked): () => void {
  const move = (by_ms: number) => () => looked.moveTo(looked.at_ms + by_ms);
  const slide = (id: string, key: string, by_ms: number, label: string): Binding => ({ id, key, label, within: ".time-slider", run: move(by_ms) });
  return keys.bind([
    { id: "audit.next", key: "n", label: said.keys.next, within: WITHIN, run: () => looked.step(1) },
    { id: "audit.previous", key: "p", label: said.keys.previous, within: WITHIN, run: () => looked.step(-1) },
    { id: "audit.decision", key: "d", label: said.keys.decision, within: WITHIN, run: () => toDecision(looked) },
    slide("audit.later", "ArrowRight", NEAR_MS, said.keys.later),
    slide("audit.earlier", "ArrowLeft", -NEAR_MS, said.keys.earlier),
    slide("audit.much-later", "Shift+ArrowRight", FAR_MS, said.keys.muchLater),
    slide("audit.much-earlier", "Shift+ArrowLeft", -FAR_MS, said.keys.muchEarlier),
  ]);
}

function toDecision(looked: Looked): void {
  const at = looked.told.value?.moments.decided_at;
  if (at) looked.goTo(at);
}

/** The time of day, and the day where that is another than the one on which it began. */
export function timeText(moment: string, told: Moments): string {
  const day = (each: string) => new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: told.time_zone }).format(new Date(each));
  const time = timeOfDay(moment, told.time_zone, true);
  return day(moment) === day(told.start) ? time : `${day(moment)} ${time}`;
}

/** How long after its beginning. */
export function sinceText(moment: string, told: Moments): string {
  return clock((Date.parse(moment) - Date.parse(told.start)) / 1000);
}

export function stepText(moment: Pick<Moment, "step" | "callsigns" | "value">): string {
  return said.step(said.steps[moment.step], moment.callsigns.join(", "), valueText(moment));
}

function valueText({ step, value }: Pick<Moment, "step" | "value">): string {
  if (value === null || value === "") return "";
  if (step !== "amended") return (said.values as Record<string, string>)[value] ?? value;
  const [field = "", ...rest] = value.split("=");
  return said.amended((said.fields as Record<string, string>)[field] ?? field, rest.join("="));
}

export function slider(looked: Looked, told: Moments): TemplateResult {
  const stops = looked.stops;
  const valueText = said.slider.value(timeText(looked.at, told), sinceText(looked.at, told), looked.last === undefined ? "" : stepText(looked.last));
  return html`<div class="time-slider" role="group" aria-label=${said.slider.label}>
    <button @click=${() => looked.step(-1)} aria-keyshortcuts="p" ?disabled=${!(looked.at > stops[0]!)}>${said.slider.previous}</button>
    <div class="track">
      <input
        type="range"
        min="0"
        max=${FINE}
        step="1"
        aria-label=${said.slider.moment}
        aria-valuetext=${valueText}
        .value=${live(String(Math.round(looked.scale.place(looked.at_ms) * FINE)))}
        @input=${(event: Event) => looked.moveTo(looked.scale.moment(Number((event.target as HTMLInputElement).value) / FINE))}
      />
      <svg class="ticks" aria-hidden="true">
        ${told.moments.map((each) => svg`<rect class=${`tick-${each.step}`} x=${`${looked.scale.place(Date.parse(each.at)) * 100}%`} y="0" width="2" height="8"></rect>`)}
      </svg>
    </div>
    <button @click=${() => looked.step(1)} aria-keyshortcuts="n" ?disabled=${!(looked.at < stops.at(-1)!)}>${said.slider.next}</button>
  </div>`;
}

export function moments(looked: Looked, told: Moments): TemplateResult {
  const last = looked.last;
  return html`<ol class="moments" aria-label=${said.slider.moments}>
    ${told.moments.map((each) => html`<li>${one(each, looked, told, each === last)}</li>`)}
  </ol>`;
}

function one(moment: Moment, looked: Looked, told: Moments, current: boolean): TemplateResult {
  const entered = moment.known_at > moment.at ? said.entered(timeText(moment.known_at, told)) : "";
  return html`<button
    class=${`moment moment-${moment.step} ${moment.at > looked.at ? "ahead" : ""} ${entered ? "late" : ""}`}
    aria-current=${current ? "step" : nothing}
    @click=${() => looked.goTo(moment.at)}
  >
    <span class="when">${timeText(moment.at, told)}</span> ${stepText(moment)} ${entered === "" ? nothing : html`<em>${entered}</em>`}
  </button>`;
}
