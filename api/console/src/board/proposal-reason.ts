/** Why a unit of the plan is sent although another would be suggested for the incident by itself: asked in its line. */
import { html, nothing, type TemplateResult } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import type { Force } from "../force-types.ts";
import { words } from "../words.ts";
import { runs } from "./figures.ts";
import { focusOnce } from "./override.ts";
import type { Asking, Proposal } from "./proposal.ts";

export function reasonForm(proposal: Proposal, rules: Force): TemplateResult | typeof nothing {
  const { asking } = proposal;
  if (asking === null) return nothing;
  const { queue, incident } = words;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    void proposal.sendWhy({ reason: String(form.get("reason")), note: String(form.get("note")), confirm: form.get("confirm") !== null });
  };
  const { line } = asking;
  return html`<form class="proposal-reason" @submit=${submit} aria-label=${queue.whyThis(proposal.callsign)}>
    <p>${alone(asking)}</p>
    ${line.eligible ? nothing : html`<p class="bad">${queue.against(line.failed.map((each) => each.because).join(queue.and))}</p>`}
    <label>${incident.reason} <select name="reason" required ${ref(focusOnce)}>${rules.override_reasons.map((each) => html`<option value=${each.reason}>${each.label}</option>`)}</select></label>
    <label>${incident.note} <input name="note" maxlength="300" autocomplete="off" /></label>
    ${line.eligible ? nothing : html`<label><input type="checkbox" name="confirm" required /> ${incident.confirm(proposal.callsign)}</label>`}
    <div class="in-row buttons">
      <button class="primary">${incident.sendOne(proposal.callsign)}</button>
      <button type="button" @click=${() => proposal.leave()}>${incident.leave}</button>
    </div>
  </form>`;
}

/** Whom the incident would be given if it were the only one. */
function alone({ answer, line }: Asking): string {
  const [first] = answer.suggested;
  if (first === undefined) return words.queue.nobodyAlone;
  const theirs = answer.ledger.find((each) => each.callsign === first)?.time_s ?? null;
  return words.queue.alone(first, runs(theirs), line.callsign, runs(line.time_s));
}
