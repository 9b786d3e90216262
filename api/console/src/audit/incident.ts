/** One incident of a replay, moment by moment: what was known, who went, who could have, and hindsight apart from it. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Force } from "../force.ts";
import type { Page } from "../page.ts";
import { words } from "../words.ts";
import { KnownMap } from "./known-map.ts";
import { hindsight, incidentThen, ledger, went } from "./known.ts";
import { Looked } from "./looked.ts";
import { bindSteps, moments, sinceText, slider, stepText, timeText } from "./slider.ts";
import { addressOf, gradeLabel, verdictText } from "./told.ts";
import type { Known, Moments } from "./types.ts";

const said = words.audit;

export function openIncident(place: HTMLElement, force: Force, replay: string, incident: string): Page {
  return new OneIncident(place, force, replay, incident);
}

class OneIncident {
  readonly #looked: Looked;
  readonly #unbind: () => void;
  #map: KnownMap | null = null;
  #opening = false;
  #picked = "";
  #later = false;
  #closed = false;

  constructor(
    readonly place: HTMLElement,
    readonly force: Force,
    readonly replay: string,
    readonly incident: string,
  ) {
    this.#looked = new Looked(replay, incident);
    this.#unbind = bindSteps(this.#looked);
    this.#looked.listen(() => this.#draw());
    this.#draw();
    void this.#begin();
  }

  close(): void {
    this.#closed = true;
    this.#unbind();
    this.#looked.close();
    this.#map?.close();
  }

  async #begin(): Promise<void> {
    await this.#looked.load();
    if (this.#closed) return;
    this.#draw();
    this.place.querySelector<HTMLElement>(".time-slider input")?.focus();
  }

  #draw(): void {
    if (this.#closed) return;
    const { told } = this.#looked;
    render(
      html`<div class="look-back">
        ${told.value === null ? html`<p><a href=${addressOf(this.replay)}>${said.backToReplay}</a></p>` : nothing}
        ${told.why === "" ? nothing : html`<p class="bad notice" role="alert">${told.why} <button @click=${() => void this.#looked.load()}>${words.shell.again}</button></p>`}
        ${told.value === null ? (told.why === "" ? html`<p class="notice" role="status">${said.opening}</p>` : nothing) : this.#all(told.value.moments)}
      </div>`,
      this.place,
    );
    if (told.value !== null) void this.#drawMap();
  }

  async #drawMap(): Promise<void> {
    const holder = this.place.querySelector<HTMLElement>(".look-map");
    if (this.#map === null && !this.#opening && holder !== null) {
      this.#opening = true;
      const map = await KnownMap.open(holder, this.force, this.incident, (callsign) => this.#pick(callsign));
      if (this.#closed) return map.close();
      this.#map = map;
    }
    const [known, verdict] = [this.#looked.known.value, this.#looked.told.value?.verdict];
    if (known !== null && verdict !== undefined) this.#map?.show(known, verdict, this.#picked, this.#later);
  }

  #pick(callsign: string): void {
    this.#picked = callsign;
    this.#draw();
    this.place.querySelector(`tr[data-callsign="${CSS.escape(callsign)}"]`)?.scrollIntoView({ block: "nearest" });
  }

  #all(told: Moments): TemplateResult {
    const { verdict, sentences } = this.#looked.told.value!;
    const abuse = verdict.domestic_abuse ? [said.abuse] : [];
    return html`<header>
        <h2>${said.incident(this.incident, [gradeLabel(this.force, verdict.grade), ...abuse].join(", "))}</h2>
        <p><a href=${addressOf(this.replay)}>${said.backToReplay}</a></p>
        <p class="verdict">${verdictText(verdict, sentences)}</p>
      </header>
      <section class="in-time" aria-labelledby="in-time-title">
        <h3 id="in-time-title" class="hidden-text">${said.slider.label}</h3>
        ${slider(this.#looked, told)} ${moments(this.#looked, told)}
      </section>
      <div class="look-map"></div>
      <div class="look-facts">${this.#facts(told)}</div>`;
  }

  #facts(told: Moments): TemplateResult {
    const { known } = this.#looked;
    const then = known.value;
    const failed = known.why === "" ? nothing : html`<p class="bad notice" role="alert">${known.why} <button @click=${() => void this.#looked.look()}>${words.shell.again}</button></p>`;
    if (then === null) return html`${failed}${known.why === "" ? html`<p role="status">${words.shell.loading}</p>` : nothing}`;
    return html`${failed} ${this.#then(then, told)}`;
  }

  #then(then: Known, told: Moments): TemplateResult {
    const { verdict } = this.#looked.told.value!;
    const last = this.#looked.last;
    const title = said.known.title(timeText(then.at, told), sinceText(then.at, told));
    return html`<section aria-labelledby="then-title" aria-busy=${this.#looked.known.waiting}>
        <h3 id="then-title">${title}</h3>
        <p role="status" class="hidden-text">${title}</p>
        ${last === undefined ? nothing : html`<p class="last">${stepText(last)}</p>`} ${incidentThen(then, this.force)}
      </section>
      <section aria-labelledby="went-title">
        <h3 id="went-title">${said.went.title}</h3>
        ${went(verdict)}
      </section>
      <section aria-labelledby="could-title">
        <h3 id="could-title">${then.before ? said.ledger.before : said.ledger.after}</h3>
        ${ledger(then, verdict, this.#picked, (callsign) => this.#pick(callsign))}
      </section>
      <section class="hindsight" aria-labelledby="hindsight-title">
        <h3 id="hindsight-title">${said.hindsight.title}</h3>
        <p class="faint">${said.hindsight.explained}</p>
        ${hindsight(then, told)}
        <label><input type="checkbox" .checked=${this.#later} @change=${(event: Event) => this.#show((event.target as HTMLInputElement).checked)} /> ${said.hindsight.show}</label>
      </section>`;
  }

  #show(later: boolean): void {
    this.#later = later;
    this.#draw();
  }
}
