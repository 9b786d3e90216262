/** Why another than the suggested unit is sent: asked in its own row, by the reasons of the force. */
import { html, nothing, type TemplateResult } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import { words } from "../words.ts";
import type { Line } from "./answers.ts";
import { leaving } from "./officer.ts";
import type { Sender } from "./send.ts";
import { rules as failedRules } from "./why-not.ts";

export function overrideForm(line: Line, sender: Sender, onLeave: () => void): TemplateResult {
  const { override_reasons: reasons } = sender.rules;
  const suggested = sender.chosen.shown?.answer.suggested.join(words.board.comma) || words.incident.nobody;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const why = { reason: String(form.get("reason")), note: String(form.get("note")), confirm: form.get("confirm") !== null };
    void sender.sendWhy(line, why);
  };
  return html`<form class="override" @submit=${submit} aria-label=${words.incident.whyOther(line.callsign)}>
    <p>${words.incident.suggestedIs(suggested)}</p>
    ${line.eligible ? nothing : html`<p class="bad">${words.incident.speaksAgainst(failedRules(line).join(words.board.dot))}</p>`}
    ${line.leaves === null ? nothing : html`<p class="warn">${leaving(line.leaves, sender.rules).join(words.board.dot)}</p>`}
    <label>
      ${words.incident.reason}
      <select name="reason" size="6" required ${ref(focusOnce)}>
        ${reasons.map((each) => html`<option value=${each.reason}>${each.label}</option>`)}
      </select>
    </label>
    <label>${words.incident.note} <input name="note" maxlength="300" autocomplete="off" /></label>
    ${line.eligible ? nothing : html`<label class="confirm"><input type="checkbox" name="confirm" required /> ${words.incident.confirm(line.callsign)}</label>`}
    <div class="buttons">
      <button class="primary">${words.incident.sendOne(line.callsign)}</button>
      <button type="button" @click=${onLeave}>${words.incident.leave} <kbd>${words.incident.escape}</kbd></button>
    </div>
  </form>`;
}

const seen = new WeakSet<Element>();

/** A form that has just come takes the focus; one that is drawn anew leaves it where it is. */
export function focusOnce(element: Element | undefined): void {
  if (element === undefined || seen.has(element)) return;
  seen.add(element);
  queueMicrotask(() => (element as HTMLElement).focus());
}
