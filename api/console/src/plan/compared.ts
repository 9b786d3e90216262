/** Two runs that met the same incidents, held against each other. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { Asked } from "../audit/asked.ts";
import type { Force } from "../force.ts";
import { get } from "../http.ts";
import type { Page } from "../page.ts";
import { words } from "../words.ts";
import { differences } from "./differences.ts";
import { reason } from "./reason.ts";
import { addressOf, pathOf, policyLabel, titleOf } from "./told.ts";
import type { Compared, Simulation } from "./types.ts";

const said = words.plan.compared;

interface Told {
  base: Simulation;
  other: Simulation;
  compared: Compared;
}

/** Shows the run `other` by its differences from the run `base`. */
export function openCompared(place: HTMLElement, force: Force, base: string, other: string): Page {
  const asked = new Asked<Told>(words.plan.unreachable);
  asked.listen(() => render(whole(asked, force, other), place));
  void asked.ask(async (signal) => {
    const asking = { signal, ...reason.why() };
    const [one, two] = await Promise.all([base, other].map((name) => get<Simulation>(pathOf(name), asking)));
    const path = `${pathOf(base)}/compared?${new URLSearchParams({ with: other })}`;
    return { base: one!, other: two!, compared: await get<Compared>(path, asking) };
  });
  return { close: () => asked.close() };
}

function whole(asked: Asked<Told>, force: Force, other: string): TemplateResult {
  return html`<div class="plan-compared">
    <p><a href=${addressOf(other)}>${said.back}</a></p>
    ${asked.why === "" ? nothing : html`<p class="bad notice" role="alert">${said.refused(asked.why)}</p>`}
    ${asked.value === null ? (asked.waiting ? html`<p class="notice" role="status">${words.shell.loading}</p>` : nothing) : told(asked.value, force)}
  </div>`;
}

function told({ base, other, compared }: Told, force: Force): TemplateResult {
  return html`<h2>${said.title(titleOf(other), titleOf(base))}</h2>
    <dl class="plan-pair">
      <dt>${said.base}</dt>
      <dd><a href=${addressOf(base.simulation_id)}>${titleOf(base)}</a> <span class="faint">${words.plan.changedTables(base.changed)}</span></dd>
      <dt>${said.other}</dt>
      <dd><a href=${addressOf(other.simulation_id)}>${titleOf(other)}</a> <span class="faint">${words.plan.changedTables(other.changed)}</span></dd>
    </dl>
    <p class="faint">${said.intro}</p>
    ${compared.comparisons.map(
      ({ policy, pairs, differences: rows }, number) => html`<section aria-labelledby=${`compared-${number}`}>
        <h3 id=${`compared-${number}`}>${said.pairs(policyLabel(policy), pairs)}</h3>
        ${differences(rows, force, policyLabel(policy), () => "number")}
      </section>`,
    )}`;
}
