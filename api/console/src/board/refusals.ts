/** Refusals of what was asked at an incident that is no longer in view: they are shown on the board until they were seen. */
import { html, nothing, type TemplateResult } from "lit-html";
import { Changes } from "../changes.ts";
import { words } from "../words.ts";

interface Refusal {
  label: string;
  why: string;
}

class Refusals extends Changes {
  #told: Refusal[] = [];

  tell(label: string, why: string): void {
    this.#told.push({ label, why });
    this.changed();
  }

  template(): TemplateResult | typeof nothing {
    if (this.#told.length === 0) return nothing;
    const rows = this.#told.map((each) => html`<li class="bad">${words.board.refused(each.label, each.why)} <button @click=${() => this.#seen(each)}>${words.shell.dismiss}</button></li>`);
    return html`<ul class="refusals" role="alert" aria-label=${words.board.refusals}>${rows}</ul>`;
  }

  #seen(refusal: Refusal): void {
    this.#told = this.#told.filter((each) => each !== refusal);
    this.changed();
  }
}

export const refusals = new Refusals();
