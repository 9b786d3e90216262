/** A scenario: its period, its stations on the map, its roster; changed here, and run. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { Asked, whyOf } from "../audit/asked.ts";
import type { Force } from "../force.ts";
import { at, get, newKey, post, Problem, Unreachable, type Fault } from "../http.ts";
import type { Page } from "../page.ts";
import { words } from "../words.ts";
import { Draft, type Row } from "./draft.ts";
import { reason } from "./reason.ts";
import { localOf, RunForm } from "./run-form.ts";
import { minutesOf, mostUrgent, placeOf, ScenarioMap } from "./scenario-map.ts";
import { bindTable, fieldId, focusFault, table } from "./table.ts";
import { addressOf, faultText, periodOf, startOf } from "./told.ts";
import type { Scenario, Simulation, TableName } from "./types.ts";

const said = words.plan;
// Roads are loaded and every duty is looked at before a run is accepted.
const CHECK_MS = 90_000;

export async function openScenario(place: HTMLElement, force: Force, name: string): Promise<Page> {
  return new OneScenario(place, force, await get<Scenario>(at("/v1/scenarios/", name)));
}

class OneScenario {
  readonly #draft: Draft;
  readonly #form: RunForm;
  readonly #reached = new Asked<null>(words.plan.unreachable);
  readonly #unbind = bindTable();
  readonly #find: Record<TableName, string> = { stations: "", roster: "" };
  #map: ScenarioMap | null = null;
  #local: string;
  #reaching = false;
  #reachedFor = "";
  #told = "";
  #refused: string[] = [];
  #asking = false;
  #closed = false;
  /** The key of what was asked for and has no answer yet, so that asking again begins no second run. */
  #key = { for: "", name: "" };

  constructor(
    readonly place: HTMLElement,
    readonly force: Force,
    readonly scenario: Scenario,
  ) {
    this.#draft = new Draft(scenario);
    this.#form = new RunForm(scenario, force);
    const start = startOf(scenario, force);
    this.#local = start === null ? "" : localOf(Date.parse(start), force.time_zone);
    this.#draft.listen(() => this.#changed());
    this.#reached.listen(() => this.#draw());
    this.#draw();
    void this.#openMap();
  }

  close(): void {
    this.#closed = true;
    this.#unbind();
    this.#reached.close();
    this.#map?.close();
  }

  async #openMap(): Promise<void> {
    const room = this.place.querySelector<HTMLElement>(".plan-map")!;
    const map = await ScenarioMap.open(room, said.mapOf(this.scenario.name ?? this.scenario.scenario), (name) => this.#focusStation(name));
    if (this.#closed) return map.close();
    this.#map = map;
    map.show(this.#draft);
    this.#look();
    // It may have been asked for before there was a map to show it on.
    if (this.#reaching) void this.#reach();
  }

  #look(): void {
    const places = this.#draft.rows.stations.map(placeOf).filter((place) => place !== null);
    if (places.length === 0) return;
    const [lats, lons] = [places.map(({ lat }) => lat), places.map(({ lon }) => lon)];
    this.#map?.map.look({ bounds: [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)] });
  }

  #focusStation(name: string): void {
    const row = this.#draft.rows.stations.find((each) => each.cells["name"] === name);
    if (row === undefined) return;
    // What is pointed at is shown, whatever was looked for.
    if (document.getElementById(fieldId("stations", row, "name")) === null) this.#find.stations = "";
    this.#draw();
    document.getElementById(fieldId("stations", row, "name"))?.focus();
  }

  #changed(): void {
    this.#map?.show(this.#draft);
    if (this.#reaching && this.#reachedFor !== this.#posts()) void this.#reach();
    this.#draw();
  }

  #posts(): string {
    return JSON.stringify([this.#local, this.#draft.rows.stations.map(placeOf)]);
  }

  async #reach(): Promise<void> {
    this.#reachedFor = this.#posts();
    await this.#reached.ask(async (signal) => {
      await this.#map?.reach(this.#draft, this.force, this.#local, signal);
      return null;
    });
  }

  #toggleReach(): void {
    this.#reaching = !this.#reaching;
    if (this.#reaching) void this.#reach();
    else this.#map?.hideReach();
    this.#draw();
  }

  async #move(row: Row): Promise<void> {
    const place = await this.#map?.map.choosePlace();
    if (place) this.#draft.move(row, place);
    this.#told = place ? said.moved(row.cells["name"] ?? said.table.noName) : said.notMoved;
    this.#draw();
    this.#after(() => document.getElementById(`move-${row.id}`)?.focus());
  }

  async #addStation(): Promise<void> {
    const place = await this.#map?.map.choosePlace();
    if (!place) return void this.#after(() => document.getElementById("add-on-map")?.focus());
    const row = this.#draft.add("stations", { name: this.#newName() });
    this.#draft.move(row, place);
    this.#focusNew("stations", row, "name");
  }

  #newName(): string {
    const taken = new Set(this.#draft.rows.stations.map((row) => row.cells["name"]));
    for (let number = 1; ; number += 1) if (!taken.has(said.newPost(number))) return said.newPost(number);
  }

  #addRow(name: TableName): void {
    this.#focusNew(name, this.#draft.add(name, {}), name === "stations" ? "name" : "callsign");
  }

  /** The next thing that is typed is its name. */
  #focusNew(name: TableName, row: Row, column: string): void {
    this.#after(() => {
      const field = document.getElementById(fieldId(name, row, column)) as HTMLInputElement | null;
      field?.focus();
      field?.select();
    });
  }

  /** Does it when what was changed is drawn. */
  #after(what: () => void): void {
    requestAnimationFrame(() => requestAnimationFrame(what));
  }

  async #ask(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const body = { ...this.#form.body(), ...this.#draft.body() };
    const text = JSON.stringify(body);
    if (this.#key.for !== text) this.#key = { for: text, name: newKey() };
    [this.#asking, this.#refused] = [true, []];
    this.#draw();
    try {
      const begun = await post<Simulation>("/v1/simulations", body, { ...reason.why(), key: this.#key.name, patience_ms: CHECK_MS });
      location.hash = addressOf(begun.simulation_id);
    } catch (error) {
      this.#refuse(error);
    }
    this.#asking = false;
    this.#draw();
  }

  #refuse(error: unknown): void {
    if (error instanceof Unreachable) return void (this.#refused = [said.notKnown]);
    this.#key = { for: "", name: "" };
    const faults = error instanceof Problem ? error.faults : [];
    const left: Fault[] = this.#form.mark(this.#draft.mark(faults));
    const marked = faults.length - left.length;
    this.#refused = [...(faults.length === 0 ? [whyOf(error, said.unreachable)] : []), ...(marked > 0 ? [said.marked(marked)] : []), ...left.map(faultText)];
    if (this.#draft.faulty > 0) this.#after(focusFault);
  }

  #draw(): void {
    if (this.#closed) return;
    const { scenario, force } = this;
    render(
      html`<div class="plan-scenario">
        <header>
          <p><a href="#/plan">${said.back}</a></p>
          <h2>${scenario.name ?? scenario.scenario}</h2>
          <p class="faint">${periodOf(scenario, force)}</p>
          ${scenario.past_incidents ? html`<p class="faint">${said.past}</p>` : nothing}
        </header>
        <section class="plan-where" aria-labelledby="where-title">
          <h3 id="where-title">${said.where}</h3>
          ${this.#reachBar()}
          <div class="plan-map"></div>
        </section>
        <section class="plan-ask" aria-labelledby="ask-title">
          <h3 id="ask-title">${said.form.title}</h3>
          <form @submit=${(event: SubmitEvent) => void this.#ask(event)} novalidate>
            ${this.#form.template(() => this.#draw())}
            <p class="faint">${said.given(this.#draft.isChanged("stations"), this.#draft.isChanged("roster"))}</p>
            <div class="bad" role="alert">${this.#refused.length === 0 ? nothing : html`<ul class="notice">${this.#refused.map((each) => html`<li>${each}</li>`)}</ul>`}</div>
            <button class="primary" ?disabled=${this.#asking}>${this.#asking ? said.form.checking : said.form.submit}</button>
          </form>
        </section>
        ${this.#table("stations")} ${this.#table("roster")}
        <p class="hidden-text" role="status">${this.#told}</p>
      </div>`,
      this.place,
    );
  }

  #reachBar(): TemplateResult | typeof nothing {
    const grade = mostUrgent(this.force);
    if (grade === undefined) return nothing;
    const choose = (event: Event): void => {
      this.#local = (event.target as HTMLInputElement).value;
      if (this.#reaching) void this.#reach();
    };
    return html`<div class="plan-reach">
        <button aria-pressed=${this.#reaching ? "true" : "false"} @click=${() => this.#toggleReach()}>${said.reach.show}</button>
        <label>${said.reach.at} <input type="datetime-local" max="9999-12-31T23:59" .value=${this.#local} @change=${choose} /></label>
      </div>
      <p class="plan-reach-told faint" role="status">${this.#reaching ? (this.#reached.why !== "" ? said.reach.failed(this.#reached.why) : this.#reached.waiting ? said.reach.asking : said.reach.legend(minutesOf(grade), grade.label, grade.profile)) : ""}</p>`;
  }

  #table(name: TableName): TemplateResult {
    const count = this.#draft.rows[name].length;
    const find = (event: Event): void => {
      this.#find[name] = (event.target as HTMLInputElement).value;
      this.#draft.letGo(name);
      this.#draw();
    };
    return html`<section class="plan-rows" aria-labelledby=${`${name}-title`}>
      <h3 id=${`${name}-title`}>${said.table.titles[name](count)}</h3>
      <div class="plan-buttons">
        <label>${said.table.find} <input type="search" .value=${this.#find[name]} @input=${find} /></label>
        ${name === "stations" ? html`<button id="add-on-map" @click=${() => void this.#addStation()}>${said.table.addOnMap}</button>` : nothing}
        <button @click=${() => this.#addRow(name)}>${said.table.add[name]}</button>
        <button ?disabled=${!this.#draft.isChanged(name)} @click=${() => this.#draft.restore(name)}>${said.table.restore}</button>
        <span class="warn">${this.#draft.isChanged(name) ? said.table.changed : ""}</span>
      </div>
      ${table({ draft: this.#draft, table: name, find: this.#find[name], ...(name === "stations" ? { actions: (row: Row) => this.#moveButton(row) } : {}) })}
    </section>`;
  }

  #moveButton(row: Row): TemplateResult {
    return html`<button id=${`move-${row.id}`} aria-label=${said.table.moveOf(row.cells["name"] ?? said.table.noName)} @click=${() => void this.#move(row)}>${said.table.move}</button>`;
  }
}
