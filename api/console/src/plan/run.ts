/** One run: how far it is, its numbers, its report and files, what it can be held against, and its shift to play. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { Asked, whyOf } from "../audit/asked.ts";
import type { Force } from "../force.ts";
import { at, get, post, Problem, remove } from "../http.ts";
import type { Page } from "../page.ts";
import { words } from "../words.ts";
import { differences } from "./differences.ts";
import { Followed } from "./followed.ts";
import { coverage, headline } from "./headline.ts";
import { progress } from "./progress.ts";
import { reason } from "./reason.ts";
import { addressOf, dated, faultText, pathOf, policyLabel, policyText, titleOf } from "./told.ts";
import type { Difference, Results, Simulation, Unit } from "./types.ts";

const said = words.plan;
const RESULTS = "results.json";
export const ANIMATION = "animation.json";

export function openRun(place: HTMLElement, force: Force, name: string): Page {
  return new OneRun(place, force, name);
}

class OneRun {
  readonly #followed: Followed;
  readonly #results = new Asked<Results>(words.plan.unreachable);
  readonly #others = new Asked<Simulation[]>(words.plan.unreachable);
  #refused = "";
  #cancelling = false;
  #closed = false;

  constructor(
    readonly place: HTMLElement,
    readonly force: Force,
    readonly name: string,
  ) {
    this.#followed = new Followed(name);
    this.#followed.listen(() => this.#heard());
    for (const asked of [this.#results, this.#others]) asked.listen(() => this.#draw());
    this.#draw();
  }

  close(): void {
    this.#closed = true;
    this.#followed.close();
    this.#results.close();
    this.#others.close();
  }

  #heard(): void {
    const run = this.#followed.run;
    if (run?.state === "done" && this.#results.value === null && !this.#results.waiting) void this.#load();
    this.#draw();
  }

  async #load(): Promise<void> {
    await Promise.all([
      this.#results.ask((signal) => get<Results>(at(`${pathOf(this.name)}/files/`, RESULTS), { signal, ...reason.why() })),
      this.#others.ask(async (signal) => (await get<{ simulations: Simulation[] }>("/v1/simulations", { signal })).simulations),
    ]);
  }

  async #cancel(): Promise<void> {
    await this.#do(() => post(`${pathOf(this.name)}/cancel`, {}));
    this.#cancelling = this.#refused === "";
    this.#draw();
  }

  async #remove(): Promise<void> {
    if (!confirm(said.run.removeSure)) return;
    await this.#do(() => remove(pathOf(this.name)));
    if (this.#refused === "") location.hash = "#/plan";
    this.#draw();
  }

  async #do(what: () => Promise<unknown>): Promise<void> {
    this.#refused = "";
    try {
      await what();
    } catch (error) {
      // What is gone already is what was asked for.
      if (!(error instanceof Problem) || error.status !== 404) this.#refused = whyOf(error, said.unreachable);
    }
  }

  #draw(): void {
    if (this.#closed) return;
    const { run, why: problem } = this.#followed;
    render(
      html`<div class="plan-run">
        <p><a href="#/plan">${said.back}</a></p>
        ${problem === "" ? nothing : html`<p class="bad notice" role="alert">${problem} <button @click=${() => void this.#followed.load()}>${words.shell.again}</button></p>`}
        ${run === null ? html`<p class="notice" role="status">${words.shell.loading}</p>` : this.#told(run)}
      </div>`,
      this.place,
    );
  }

  #told(run: Simulation): TemplateResult {
    return html`<header>
        <h2>${titleOf(run)}</h2>
        <p class="faint">${said.asked(run.by, dated(run.asked_at, this.force.time_zone))}</p>
        <p><a href=${`#/plan/scenario/${encodeURIComponent(run.scenario)}`}>${said.run.scenario(run.scenario)}</a> <span class="faint">${said.changedTables(run.changed)}</span></p>
        <p class="faint">${said.run.asked(run.policies.map(policyText).join("; "), run.replications, run.seed)}</p>
        <p class="plan-progress" role="status">${progress(run)}</p>
        ${this.#followed.lost && run.finished_at === null ? html`<p class="warn notice">${said.run.lost}</p>` : nothing}
        ${run.because === null ? nothing : html`<p class="bad notice" role="alert">${run.because}</p>`}
        ${run.faults.length === 0 ? nothing : html`<ul class="bad notice">${run.faults.map((fault) => html`<li>${faultText(fault)}</li>`)}</ul>`}
        ${this.#buttons(run)}
        <p class="bad" role="alert">${this.#refused}</p>
      </header>
      ${run.state === "done" ? this.#done(run) : nothing}`;
  }

  #buttons(run: Simulation): TemplateResult {
    const has = (file: string): boolean => run.files.some((each) => each.name === file);
    return html`<p class="plan-buttons">
      ${has("report.html") ? html`<a class="button" href=${reason.link(`${pathOf(this.name)}/report`)} target="_blank" rel="noopener">${said.run.report}</a>` : nothing}
      ${has(ANIMATION) ? html`<a class="button" href=${addressOf(this.name, "shift")}>${said.run.play}</a>` : nothing}
      ${run.finished_at === null
        ? html`<button ?disabled=${this.#cancelling} @click=${() => void this.#cancel()}>${this.#cancelling ? said.run.cancelling : said.run.cancel}</button>`
        : html`<button @click=${() => void this.#remove()}>${said.run.remove}</button>`}
    </p>`;
  }

  #done(run: Simulation): TemplateResult {
    const results = this.#results.value;
    return html`${this.#against(run)}
      ${this.#results.why === "" ? nothing : html`<p class="bad notice" role="alert">${this.#results.why} <button @click=${() => void this.#load()}>${words.shell.again}</button></p>`}
      ${results === null ? nothing : html`${headline(results, this.force)} ${this.#policies(results)} ${coverage(results)}`} ${this.#files(run)}`;
  }

  #against(run: Simulation): TemplateResult {
    const others = (this.#others.value ?? []).filter((each) => each.state === "done" && each.simulation_id !== run.simulation_id);
    return html`<section aria-labelledby="against-title">
      <h3 id="against-title">${said.run.against}</h3>
      ${others.length === 0 ? html`<p class="faint">${said.run.noOthers}</p>` : this.#choice(others)}
    </section>`;
  }

  #choice(others: Simulation[]): TemplateResult {
    const go = (event: SubmitEvent): void => {
      event.preventDefault();
      location.hash = addressOf(this.name, "against", String(new FormData(event.target as HTMLFormElement).get("base")));
    };
    return html`<form class="plan-against" @submit=${go}>
      <label>${said.run.base}
        <select name="base">${others.map((each) => html`<option value=${each.simulation_id}>${said.run.other(titleOf(each), dated(each.asked_at, this.force.time_zone))}</option>`)}</select>
      </label>
      <button class="primary">${said.run.compare}</button>
    </form>`;
  }

  #policies(results: Results): TemplateResult | typeof nothing {
    if (results.comparisons.length === 0) return nothing;
    const unitOf = ({ key }: Difference): Unit => results.policies.flatMap(({ numbers }) => numbers).find((each) => each.measure === key.measure)?.unit ?? "number";
    return html`${results.comparisons.map((each, number) => {
      const title = said.run.policies(policyLabel(each.other), policyLabel(each.base), each.pairs);
      return html`<section aria-labelledby=${`policies-${number}`}>
        <h3 id=${`policies-${number}`}>${title}</h3>
        ${differences(each.differences, this.force, title, unitOf)}
      </section>`;
    })}`;
  }

  #files(run: Simulation): TemplateResult | typeof nothing {
    return html`<details>
      <summary>${said.run.files(run.files.length)}</summary>
      <ul>${run.files.map(({ name, bytes }) => html`<li><a href=${reason.link(at(`${pathOf(this.name)}/files/`, name))} download>${name}</a> <span class="faint">${words.audit.size(bytes)}</span></li>`)}</ul>
    </details>`;
  }
}
