/** The keys that hold here, shown by `?`, each of which can be changed. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { keys, nameOf, type Binding } from "./keys.ts";
import { words } from "./words.ts";

interface Region {
  name: string;
  here: boolean;
  bindings: Binding[];
}

// What moves through any page, and what is only held down, cannot be given another meaning.
const RESERVED = ["Tab", "Shift+Tab", "Escape", "Enter"];
const HELD = ["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock"];

let holder: HTMLElement | null = null;
/** Where the focus was when the keys were asked for. */
let from: Element | null = null;
let waiting: Binding | null = null;
let said = "";

export function drawHelp(place: HTMLElement): void {
  if (holder === null) keys.listen(draw);
  holder = place;
  draw();
}

/** Shows the keys. */
export function helpKey(): void {
  from = document.activeElement;
  waiting = null;
  said = "";
  draw();
  dialog()?.showModal();
}

const dialog = (): HTMLDialogElement | null => holder?.querySelector("dialog") ?? null;

function draw(): void {
  if (holder === null || !holder.isConnected) return;
  render(
    html`<dialog class="help" aria-labelledby="help-title" @keydown=${pressed} @close=${closed}>
      <div class="in-row"><h2 id="help-title">${words.keys.title}</h2><button @click=${() => dialog()?.close()}>${words.keys.close}</button></div>
      <p>${words.keys.intro}</p>
      <p role="status" class="told">${said}</p>
      <div class="regions">${regions().map(table)} ${fixed()}</div>
      <button @click=${reset}>${words.keys.reset}</button>
    </dialog>`,
    holder,
  );
}

function table(region: Region): TemplateResult {
  return html`<section>
    <h3>${region.here ? words.keys.here(region.name) : region.name}</h3>
    <ul class="keys">
      ${repeat(region.bindings, (binding) => binding.id, row)}
    </ul>
  </section>`;
}

function row(binding: Binding): TemplateResult {
  const key = keyName(keys.keyOf(binding));
  return html`<li>
    <button aria-label=${words.keys.change(binding.label, key)} @click=${() => change(binding)}>
      ${waiting === binding ? words.keys.press : html`<kbd>${key}</kbd>`}
    </button>
    <span>${binding.label}</span> ${keys.isChanged(binding) ? html`<small>${words.keys.own}</small>` : nothing}
  </li>`;
}

const fixed = (): TemplateResult => html`<section>
  <h3>${words.keys.lists}</h3>
  <ul class="keys">
    ${words.keys.fixed.map(({ key, does }) => html`<li><kbd>${key}</kbd> <span>${does}</span></li>`)}
  </ul>
</section>`;

/** The regions that are on the page, that with the focus first; each binding once. */
function regions(): Region[] {
  const found = new Map<string, Region>();
  const seen = new Set<string>();
  for (const binding of keys.bindings) {
    const region = binding.within ? document.querySelector(binding.within) : null;
    if ((binding.within && region === null) || seen.has(binding.id)) continue;
    seen.add(binding.id);
    const name = binding.within ? nameOfRegion(binding, region) : words.keys.always;
    const here = binding.within !== undefined && from?.closest(binding.within) !== null && from !== null;
    const known = found.get(name) ?? { name, here, bindings: [] };
    known.here ||= here;
    found.set(name, { ...known, bindings: [...known.bindings, binding] });
  }
  return [...found.values()].sort((a, b) => Number(b.here) - Number(a.here));
}

/** What a region is called on the page itself, else by the first part of the binding's id. */
function nameOfRegion(binding: Binding, region: Element | null): string {
  const [first = ""] = binding.id.split(".");
  const labelledby = region?.getAttribute("aria-labelledby");
  const label = region?.getAttribute("aria-label") ?? (labelledby ? document.getElementById(labelledby)?.textContent : null);
  return label?.trim() || words.keys.places[first] || first;
}

/** A key as it stands on keyboards. */
export function keyName(key: string): string {
  const parts = key.length > 1 ? key.split(/\+(?!$)/) : [key];
  return parts.map((part) => words.keys.names[part] ?? part).join("+");
}

function change(binding: Binding): void {
  waiting = binding;
  said = words.keys.press;
  draw();
}

function pressed(event: KeyboardEvent): void {
  if (waiting === null || HELD.includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  const binding = waiting;
  waiting = null;
  said = event.key === "Escape" ? "" : give(binding, nameOf(event));
  draw();
}

/** Gives a binding another key, and says what came of it. */
function give(binding: Binding, key: string): string {
  if (RESERVED.includes(key)) return words.keys.reserved(keyName(key));
  const other = keys.change(binding, key);
  return other === null ? words.keys.changed(binding.label, keyName(key)) : words.keys.taken(keyName(key), other.label);
}

function reset(): void {
  keys.reset();
  said = words.keys.wasReset;
  draw();
}

function closed(): void {
  waiting = null;
  said = "";
}
