/** How far a run is, in words and as a bar. */
import { html, nothing, type TemplateResult } from "lit-html";
import { words } from "../words.ts";
import type { Simulation } from "./types.ts";

const said = words.plan;

export function progress(run: Simulation): TemplateResult {
  const state = html`<span class=${`run-state run-${run.state}`}>${said.states[run.state]}</span>`;
  if (run.state !== "running" || run.phase === null) return state;
  const label = said.phases[run.phase] ?? run.phase;
  const { done, total } = run;
  if (done === null || total === null) return html`${state} <span>${label}</span>`;
  return html`${state} <span>${label} ${said.counted(done, total)}</span>
    ${total === 0 ? nothing : html`<progress aria-label=${label} max=${total} .value=${done}></progress>`}`;
}
