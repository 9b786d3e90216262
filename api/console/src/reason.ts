/** Why somebody looks at past incidents: it goes with every question about them, and stands in the record beside the look. */
import { html, type TemplateResult } from "lit-html";
import { at } from "./http.ts";
import { session } from "./session.ts";

const SHORTEST = 3;

/** A reason that is kept for as long as the tab is open, for whoever gave it and for nobody else. */
export class Reason {
  constructor(
    readonly kept: string,
    readonly text: { label: string; usual: string },
  ) {}

  /** What is asked with; a header holds bytes, which the service reads as UTF-8. */
  why(): { reason: string } {
    return { reason: String.fromCharCode(...new TextEncoder().encode(this.#given())) };
  }

  /** The address of what is opened by a link, which cannot send a header. */
  link(path: string): string {
    return at(`${path}?reason=`, this.#given());
  }

  field(): TemplateResult {
    return html`<label class="why">
      ${this.text.label}
      <input name="why" minlength=${SHORTEST} maxlength="200" .value=${this.#given()} @change=${(event: Event) => this.#keep(event.target as HTMLInputElement)} />
    </label>`;
  }

  get #name(): string {
    return `${this.kept}.${session.who?.name ?? ""}`;
  }

  #given(): string {
    return sessionStorage.getItem(this.#name) ?? this.text.usual;
  }

  #keep(field: HTMLInputElement): void {
    const text = field.value.trim();
    if (text.length < SHORTEST) field.value = this.#given();
    else sessionStorage.setItem(this.#name, text);
  }
}
