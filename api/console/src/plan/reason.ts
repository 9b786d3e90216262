/** Why a planner looks at past incidents: it goes with every question about a run that is made of them. */
import { html, nothing, type TemplateResult } from "lit-html";
import { words } from "../words.ts";

const KEPT = "nearest.plan.reason";
const SHORTEST = 3;

/** What is asked with; a header holds bytes, which the service reads as UTF-8. */
export function why(): { reason: string } {
  return { reason: String.fromCharCode(...new TextEncoder().encode(given())) };
}

function given(): string {
  return sessionStorage.getItem(KEPT) ?? words.plan.reason.usual;
}

/** The field for it, where the demand is incidents that there were. */
export function reasonField(past: boolean | null): TemplateResult | typeof nothing {
  if (past !== true) return nothing;
  return html`<label>${words.plan.reason.label} <input minlength=${SHORTEST} maxlength="200" .value=${given()} @change=${keep} /></label>`;
}

function keep(event: Event): void {
  const field = event.target as HTMLInputElement;
  const text = field.value.trim();
  if (text.length < SHORTEST) field.value = given();
  else sessionStorage.setItem(KEPT, text);
}
