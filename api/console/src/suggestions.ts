/** A list of suggestions under a field: moved through with the arrows while the focus stays in the field (ARIA combobox). */
import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

/** One that can be taken. */
export interface Suggested<T> {
  /** What is taken. */
  value: T;
  text: string;
  /** More about it, such as what tells it from another of the same name. */
  hint: string;
}

/** The state of such a list. */
export class Suggestions<T> {
  items: readonly Suggested<T>[] = [];
  /** The row that the arrows are at; -1 is the field itself. */
  at = -1;
  open = false;

  constructor(
    /** The id of the list in the page. */
    readonly id: string,
    /** Draws the field and the list anew. */
    readonly draw: () => void,
    readonly take: (value: T) => void,
  ) {}

  show(items: readonly Suggested<T>[]): void {
    this.items = items;
    this.at = -1;
    this.open = items.length > 0;
    this.draw();
  }

  close(): void {
    this.open = false;
    this.at = -1;
    this.draw();
  }

  get chosen(): Suggested<T> | undefined {
    return this.open ? this.items[this.at] : undefined;
  }

  /** Moves by so many rows, round by the field itself, in which nothing is chosen. */
  move(by: 1 | -1): void {
    if (this.items.length === 0) return;
    const count = this.items.length + 1;
    this.at = this.open ? ((this.at + 1 + by + count) % count) - 1 : by === 1 ? 0 : this.items.length - 1;
    this.open = true;
    this.draw();
    document.getElementById(this.#option(this.at))?.scrollIntoView({ block: "nearest" });
  }

  takeAt(row: number): void {
    const item = this.items[row];
    if (item === undefined) return;
    this.open = false;
    this.at = -1;
    this.take(item.value);
  }

  /** The field's `aria-activedescendant`. */
  get active(): string | typeof nothing {
    return this.chosen === undefined ? nothing : this.#option(this.at);
  }

  list(label: string): TemplateResult {
    // A press of the mouse must not take the focus out of the field before the click comes.
    return html`<ul class="suggestions" id=${this.id} role="listbox" aria-label=${label} ?hidden=${!this.open} @mousedown=${keepFocus}>
      ${repeat(this.items, (_, row) => row, (item, row) => this.#row(item, row))}
    </ul>`;
  }

  #row(item: Suggested<T>, row: number): TemplateResult {
    return html`<li role="option" id=${this.#option(row)} aria-selected=${row === this.at} @click=${() => this.takeAt(row)}>
      <span>${item.text}</span> <small>${item.hint}</small>
    </li>`;
  }

  #option(row: number): string {
    return `${this.id}-${row}`;
  }
}

function keepFocus(event: Event): void {
  event.preventDefault();
}
