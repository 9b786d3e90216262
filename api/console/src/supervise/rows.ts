/** Lists that are walked with the arrows: one row of each can be reached by Tab, with all that is in it. */
import { html, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { warn } from "../connection.ts";
import { send } from "../http.ts";
import { keys } from "../keys.ts";
import { session } from "../session.ts";
import { words } from "../words.ts";

const said = words.supervise.rows;
const LIST = ".walked";
/** Around a list, without a name of its own: the keys of all lists are told as those of the page. */
const WALKING = ".walking";
const WITHIN = "a, button, input, select, textarea";

/** A list; `key` names each row for good, so that the focus stays where it is when the list is drawn anew. */
export function rows<T>(label: string, items: readonly T[], key: (item: T) => string, row: (item: T) => TemplateResult): TemplateResult {
  return html`<div class="walking">
    <ul class="walked" aria-label=${label} @focusin=${chosen}>
      ${repeat(items, key, (item) => html`<li class="row">${row(item)}</li>`)}
    </ul>
  </div>`;
}

/** The incident's name, which leads to it on the board of whoever has one. */
export function incidentLink(name: string): TemplateResult {
  if (!session.may("unitAssigned")) return html`<strong class="name" tabindex="0">${name}</strong>`;
  return html`<a class="name" href=${`#/board/${encodeURIComponent(name)}`}>${name}</a>`;
}

/** Keeps the service's CSV of a list as a file; an address alone cannot say that CSV is wanted. */
export function csvButton(path: string, name: string, label: string): TemplateResult {
  const keep = async (event: Event): Promise<void> => {
    const button = event.currentTarget as HTMLButtonElement;
    button.disabled = true;
    try {
      const response = await send("GET", path, { accept: "text/csv" });
      const address = URL.createObjectURL(await response.blob());
      Object.assign(document.createElement("a"), { href: address, download: `${name}.csv` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } catch (error) {
      warn(said.csvFailed(label, error instanceof Error ? error.message : String(error)));
    } finally {
      button.disabled = false;
    }
  };
  return html`<button class="small" @click=${keep} aria-label=${said.csvOf(label)}>${said.csv}</button>`;
}

/** Lets one row of each list be a stop of Tab; called after each drawing. */
export function settle(place: HTMLElement): void {
  for (const list of place.querySelectorAll<HTMLElement>(LIST)) {
    const all = rowsOf(list);
    const current = all.find((row) => row.contains(document.activeElement)) ?? all.find((row) => row.hasAttribute("data-chosen")) ?? all[0];
    for (const row of all) choose(row, row === current);
  }
}

/** The keys of all lists, until the returned function is called. */
export function bindRows(): () => void {
  const walk = (id: string, key: string, label: string, to: (row: number, last: number) => number) => ({
    id: `supervise.rows.${id}`,
    key,
    label,
    within: WALKING,
    run: () => step(to),
  });
  return keys.bind([
    walk("down", "ArrowDown", said.down, (row, last) => Math.min(row + 1, last)),
    walk("up", "ArrowUp", said.up, (row) => Math.max(row - 1, 0)),
    walk("first", "Home", said.first, () => 0),
    walk("last", "End", said.last, (_row, last) => last),
  ]);
}

function step(to: (row: number, last: number) => number): void {
  const focus = document.activeElement;
  const list = focus?.closest<HTMLElement>(LIST);
  // Arrows and Home are for the text, the choice or the boxes where one is being entered.
  if (!list || focus?.closest("form")) return;
  const all = rowsOf(list);
  const row = to(all.findIndex((each) => each.contains(focus)), all.length - 1);
  const target = all[row];
  if (target === undefined) return;
  for (const each of all) choose(each, each === target);
  target.querySelector<HTMLElement>(".name, button")?.focus();
}

function chosen(event: FocusEvent): void {
  const list = event.currentTarget as HTMLElement;
  const current = (event.target as HTMLElement).closest(".row");
  for (const row of rowsOf(list)) choose(row, row === current);
}

function rowsOf(list: HTMLElement): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>(":scope > .row")];
}

function choose(row: HTMLElement, on: boolean): void {
  row.toggleAttribute("data-chosen", on);
  for (const each of row.querySelectorAll<HTMLElement>(`${WITHIN}, .name`)) each.tabIndex = on ? 0 : -1;
}
