/** Why the auditor looks: it goes with every question about past incidents, and stands in the record beside it. */
import { html, type TemplateResult } from "lit-html";
import { at } from "../http.ts";
import { words } from "../words.ts";

const KEPT = "nearest.audit.reason";

/** What is asked with every question that shows incidents; a header holds bytes, which the service reads as UTF-8. */
export function why(): { reason: string } {
  return { reason: String.fromCharCode(...new TextEncoder().encode(given())) };
}

function given(): string {
  return sessionStorage.getItem(KEPT) ?? words.audit.reason.usual;
}

export function reasonField(): TemplateResult {
  return html`<label class="why">
    ${words.audit.reason.label}
    <input name="why" minlength="3" maxlength="200" .value=${given()} @change=${keep} />
  </label>`;
}

function keep(event: Event): void {
  const field = event.target as HTMLInputElement;
  const text = field.value.trim();
  if (text.length < 3) field.value = given();
  else sessionStorage.setItem(KEPT, text);
}

export function pathOf(replay: string): string {
  return at("/v1/replays/", replay);
}
