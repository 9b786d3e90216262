/** All simulations that are kept, and the scenarios of which there can be more. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { Asked } from "../audit/asked.ts";
import type { Force } from "../force.ts";
import { get } from "../http.ts";
import type { Page } from "../page.ts";
import { words } from "../words.ts";
import { Followed } from "./followed.ts";
import { progress } from "./progress.ts";
import { addressOf, dated, faultText, periodOf, policyText, titleOf } from "./told.ts";
import type { ScenarioHead, Simulation } from "./types.ts";

const said = words.plan;

interface Kept {
  scenarios: ScenarioHead[];
  runs: Simulation[];
}

export function openStart(place: HTMLElement, force: Force): Page {
  return new Start(place, force);
}

class Start {
  readonly #kept = new Asked<Kept>(words.plan.unreachable);
  /** The one that runs, or is the next to: all others stand still until it has ended. */
  #followed: Followed | null = null;
  #closed = false;

  constructor(
    readonly place: HTMLElement,
    readonly force: Force,
  ) {
    this.#kept.listen(() => this.#draw());
    void this.#load();
  }

  close(): void {
    this.#closed = true;
    this.#followed?.close();
    this.#kept.close();
  }

  async #load(): Promise<void> {
    await this.#kept.ask(async (signal) => {
      const [{ scenarios }, { simulations }] = await Promise.all([
        get<{ scenarios: ScenarioHead[] }>("/v1/scenarios", { signal }),
        get<{ simulations: Simulation[] }>("/v1/simulations", { signal }),
      ]);
      return { scenarios, runs: simulations };
    });
    if (!this.#closed) this.#follow();
  }

  #follow(): void {
    const open = (this.#kept.value?.runs ?? []).filter((each) => each.finished_at === null);
    // The newest stands first, and the oldest is played first.
    const next = open.find((each) => each.state === "running") ?? open.at(-1);
    this.#followed?.close();
    this.#followed = next === undefined ? null : new Followed(next.simulation_id);
    this.#followed?.listen(() => this.#heard());
  }

  #heard(): void {
    const over = this.#followed?.run?.finished_at ?? null;
    if (over === null) return this.#draw();
    this.#followed?.close();
    this.#followed = null;
    void this.#load();
  }

  #draw(): void {
    if (this.#closed) return;
    const kept = this.#kept.value;
    render(
      html`<div class="plan-start">
        ${this.#kept.why === "" ? nothing : html`<p class="bad notice" role="alert">${this.#kept.why} <button @click=${() => void this.#load()}>${words.shell.again}</button></p>`}
        ${kept === null ? html`<p class="notice" role="status">${words.shell.loading}</p>` : html`${this.#scenarios(kept.scenarios)} ${this.#runs(kept.runs)}`}
      </div>`,
      this.place,
    );
  }

  #scenarios(scenarios: ScenarioHead[]): TemplateResult {
    return html`<section aria-labelledby="scenarios-title">
      <h2 id="scenarios-title">${said.scenarios}</h2>
      ${scenarios.length === 0 ? html`<p>${said.noScenarios}</p>` : html`<ul class="plan-list">${scenarios.map((each) => this.#scenario(each))}</ul>`}
    </section>`;
  }

  #scenario(scenario: ScenarioHead): TemplateResult {
    const name = scenario.name ?? scenario.scenario;
    if (scenario.faults.length > 0)
      return html`<li>
        <strong>${name}</strong> <span class="bad">${said.unusable}</span>
        <ul>${scenario.faults.map((fault) => html`<li>${faultText(fault)}</li>`)}</ul>
      </li>`;
    return html`<li>
      <a href=${`#/plan/scenario/${encodeURIComponent(scenario.scenario)}`}>${name}</a>
      <span class="faint">${periodOf(scenario, this.force)}</span>
      <span class="faint">${scenario.policies.map(policyText).join("; ")}</span>
      ${scenario.past_incidents ? html`<span class="faint">${said.past}</span>` : nothing}
    </li>`;
  }

  #runs(runs: Simulation[]): TemplateResult {
    return html`<section aria-labelledby="runs-title">
      <h2 id="runs-title">${said.runs}</h2>
      ${runs.length === 0
        ? html`<p>${said.noRuns}</p>`
        : html`<ul class="plan-list">${repeat(runs, (each) => each.simulation_id, (each) => this.#run(each))}</ul>`}
    </section>`;
  }

  #run(kept: Simulation): TemplateResult {
    const followed = this.#followed?.run;
    const run = followed?.simulation_id === kept.simulation_id ? followed : kept;
    return html`<li>
      <a href=${addressOf(run.simulation_id)}>${titleOf(run)}</a>
      <span class="faint">${said.asked(run.by, dated(run.asked_at, this.force.time_zone))}</span>
      <span class="faint">${said.changedTables(run.changed)}</span>
      <span class="plan-progress">${progress(run)}</span>
    </li>`;
  }
}
