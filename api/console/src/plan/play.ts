/** A simulated shift played on the map, with the lists that say the same in words. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { repeat } from "lit-html/directives/repeat.js";
import type { Force } from "../force.ts";
import { at, get } from "../http.ts";
import { keys, type Binding } from "../keys.ts";
import { openMap, type RoadMap } from "../map/road-map.ts";
import type { Page } from "../page.ts";
import { clock, timeOfDay } from "../time.ts";
import { words } from "../words.ts";
import { Player, SPEEDS } from "./player.ts";
import { reason } from "./reason.ts";
import { ANIMATION } from "./run.ts";
import { Shift, type ShiftUnit, type StandingIncident } from "./shift.ts";
import { addressOf, gradeLabel, pathOf, policyLabel, titleOf } from "./told.ts";
import type { Animation, Simulation } from "./types.ts";

const said = words.plan.shift;
const WITHIN = ".plan-shift";
const MS_PER_S = 1000;
const LEAP_S = 60;

export async function openPlay(place: HTMLElement, force: Force, name: string): Promise<Page> {
  const path = pathOf(name);
  const [run, told] = await Promise.all([get<Simulation>(path, reason.why()), get<Animation>(at(`${path}/files/`, ANIMATION), reason.why())]);
  const rank = (grade: string): number => force.grades.find((each) => each.grade === grade)?.rank ?? force.grades.length;
  return new Play(place, force, run, new Shift(told, rank));
}

class Play {
  readonly #player: Player;
  readonly #unbind: () => void;
  #map: RoadMap | null = null;
  #chosen = "";
  #closed = false;

  constructor(
    readonly place: HTMLElement,
    readonly force: Force,
    readonly run: Simulation,
    readonly shift: Shift,
  ) {
    this.#player = new Player(shift.told.from_s, shift.told.to_s);
    this.#player.listen(() => this.#draw());
    this.#unbind = this.#bindKeys();
    this.#draw();
    if (document.activeElement === document.body) place.querySelector<HTMLElement>("button.primary")?.focus();
    void this.#openMap();
  }

  close(): void {
    this.#closed = true;
    this.#player.pause();
    this.#unbind();
    this.#map?.close();
  }

  async #openMap(): Promise<void> {
    const room = this.place.querySelector<HTMLElement>(".plan-shift-map")!;
    const map = await openMap(room, { label: said.map, onPick: (picked) => (picked.kind === "unit" || picked.kind === "incident") && this.#choose(picked.name) });
    if (this.#closed) return map.close();
    this.#map = map;
    this.#look();
    this.#draw();
  }

  #look(): void {
    const { units, incidents } = this.shift.told;
    const places = [...units.flatMap(({ spells }) => spells.flat().map(([, lat, lon]) => [lon, lat] as const)), ...incidents.map(({ lat, lon }) => [lon, lat] as const)];
    const box = places.reduce(([w, s, e, n], [lon, lat]) => [Math.min(w, lon), Math.min(s, lat), Math.max(e, lon), Math.max(n, lat)] as [number, number, number, number], [Infinity, Infinity, -Infinity, -Infinity] as [number, number, number, number]);
    if (places.length > 0) this.#map?.look({ bounds: box });
  }

  #bindKeys(): () => void {
    const player = this.#player;
    const key = (id: string, name: string, label: string, run: () => void): Binding => ({ id: `plan.${id}`, key: name, label, within: WITHIN, run });
    const told = words.plan.keys;
    return keys.bind([
      key("play", "k", told.play, () => player.toggle()),
      key("next", "n", told.next, () => this.#step(1)),
      key("previous", "p", told.previous, () => this.#step(-1)),
      key("later", "l", told.later, () => player.goTo(player.at_s + LEAP_S)),
      key("earlier", "j", told.earlier, () => player.goTo(player.at_s - LEAP_S)),
      key("faster", ">", told.faster, () => player.change(1)),
      key("slower", "<", told.slower, () => player.change(-1)),
    ]);
  }

  #step(by: 1 | -1): void {
    const moment = this.shift.next(this.#player.at_s, by);
    if (moment !== undefined) this.#player.goTo(moment);
  }

  #choose(name: string): void {
    this.#chosen = this.#chosen === name ? "" : name;
    this.#draw();
  }

  #time(at_s: number): string {
    return timeOfDay(Date.parse(this.shift.told.start) + at_s * MS_PER_S, this.shift.told.time_zone, true);
  }

  #draw(): void {
    if (this.#closed) return;
    const at_s = this.#player.at_s;
    const [units, incidents] = [this.shift.units(at_s), this.shift.incidents(at_s)];
    this.#show(units, incidents);
    const focus = document.activeElement as HTMLElement | null;
    const mine = this.place.contains(focus);
    render(
      html`<div class="plan-shift" data-at=${Math.round(at_s)}>
        <header>
          <p><a href=${addressOf(this.run.simulation_id)}>${said.back}</a></p>
          <h2>${said.title(titleOf(this.run))}</h2>
          <p class="faint">${said.made(policyLabel(this.shift.told.policy), this.shift.told.replication)}</p>
        </header>
        ${this.#bar(at_s)}
        <div class="plan-shift-map"></div>
        <div class="plan-shift-lists">${this.#incidents(incidents)} ${this.#units(units)}</div>
      </div>`,
      this.place,
    );
    // What has the focus may move in its list or end; the keys go on all the same.
    if (mine && document.activeElement !== focus) (this.place.contains(focus) ? focus : this.place.querySelector<HTMLElement>("button.primary"))?.focus({ preventScroll: true });
  }

  #show(units: ShiftUnit[], incidents: StandingIncident[]): void {
    this.#map?.setUnits(units.map(({ callsign, lat, lon, course_deg, state }) => ({ name: callsign, lat, lon, course_deg, state, label: callsign, age_s: 0, chosen: callsign === this.#chosen })));
    this.#map?.setIncidents(
      incidents.map(({ incident, standing, waits_s, late }) => {
        const { incident_id: name, lat, lon, grade } = incident;
        return { name, lat, lon, rank: this.shift.rank(grade), label: standing === "there" ? said.standings.there : said.waits(clock(waits_s)), late, chosen: name === this.#chosen };
      }),
    );
  }

  #bar(at_s: number): TemplateResult {
    const player = this.#player;
    const move = (event: Event): void => player.goTo(Number((event.target as HTMLInputElement).value));
    const speed = (event: Event): void => {
      player.speed = Number((event.target as HTMLSelectElement).value);
      player.changed();
    };
    return html`<div class="plan-shift-bar" role="group" aria-label=${said.bar}>
      <button class="primary" @click=${() => player.toggle()} aria-keyshortcuts="k">${player.playing ? said.pause : said.play}</button>
      <button @click=${() => this.#step(-1)} aria-keyshortcuts="p">${said.previous}</button>
      <input type="range" min=${player.from_s} max=${player.to_s} step="10" aria-label=${said.time} aria-valuetext=${this.#time(at_s)} .value=${live(String(Math.round(at_s / 10) * 10))} @input=${move} />
      <button @click=${() => this.#step(1)} aria-keyshortcuts="n">${said.next}</button>
      <time>${this.#time(at_s)}</time>
      <label>${said.speed} <select @change=${speed}>${SPEEDS.map((each) => html`<option value=${each} .selected=${live(each === player.speed)}>${said.times(each)}</option>`)}</select></label>
    </div>`;
  }

  #incidents(incidents: StandingIncident[]): TemplateResult {
    return html`<section aria-labelledby="shift-incidents">
      <h3 id="shift-incidents">${said.incidents(incidents.length)}</h3>
      <ul class="plan-list">${repeat(incidents, ({ incident }) => incident.incident_id, (each) => html`<li>${this.#incident(each)}</li>`)}</ul>
    </section>`;
  }

  #incident({ incident, standing, callsigns, waits_s, left_s, late }: StandingIncident): TemplateResult {
    const name = incident.incident_id;
    const left = left_s === null ? "" : late ? said.late(clock(-left_s)) : said.left(clock(left_s));
    return html`<button class=${`plan-shift-one ${late ? "late" : ""}`} aria-pressed=${this.#chosen === name ? "true" : "false"} @click=${() => this.#find(name, incident)}>
      <strong>${gradeLabel(this.force, incident.grade)}</strong> ${incident.type}
      <span>${said.standing(said.standings[standing], callsigns.join(", "))}</span>
      <span class="number">${standing === "there" ? said.waited(clock(waits_s)) : said.waits(clock(waits_s))}</span>
      ${left === "" ? nothing : html`<span class=${late ? "bad" : ""}>${left}</span>`}
    </button>`;
  }

  #units(units: ShiftUnit[]): TemplateResult {
    return html`<section aria-labelledby="shift-units">
      <h3 id="shift-units">${said.units(units.length)}</h3>
      <ul class="plan-list">
        ${repeat(units, ({ callsign }) => callsign, (each) => html`<li>${this.#unit(each)}</li>`)}
      </ul>
    </section>`;
  }

  #unit(unit: ShiftUnit): TemplateResult {
    const { callsign, activity, state } = unit;
    const doing = activity === null ? said.unknown : (said.activities[activity] ?? activity);
    const bound = this.shift.told.incidents.find((each) => each.incident_id === unit.incident_id);
    return html`<button class="plan-shift-one" aria-pressed=${this.#chosen === callsign ? "true" : "false"} @click=${() => this.#find(callsign, unit)}>
      <strong>${callsign}</strong> <span>${doing === words.map.states[state] ? doing : said.doing(words.map.states[state], doing)}</span>
      ${bound === undefined ? nothing : html`<span class="faint">${said.bound(gradeLabel(this.force, bound.grade), bound.type)}</span>`}
    </button>`;
  }

  #find(name: string, { lat, lon }: { lat: number; lon: number }): void {
    this.#choose(name);
    if (this.#chosen === name) this.#map?.bring([lon, lat, lon, lat]);
  }
}
