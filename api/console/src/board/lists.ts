/** The lists of the board, from which everything can be done: incidents by grade and time left, units by what they do. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { Force } from "../force-types.ts";
import { keys } from "../keys.ts";
import { picture, type Incident, type Unit } from "../picture.ts";
import { fixAge, staleAfter, stateOf, statusOf, type UnitState } from "../units.ts";
import { words } from "../words.ts";
import { tick } from "./clocks.ts";
import { labelled } from "./figures.ts";
import { byUrgency, countOf, dueAt, gradeOf, reachedAt } from "./waiting.ts";

export interface ListsChoice {
  rules: Force;
  onIncident(incident_id: string): void;
  onUnit(callsign: string): void;
  onCall(): void;
  onPlan(): void;
  onClosing(): void;
}

export interface Lists {
  choose(chosen: { incident: string | null; unit: string | null }): void;
  focus(item: { incident?: string; unit?: string }): void;
  close(): void;
}

const STATES: readonly UnitState[] = ["free", "en_route", "at_scene", "busy", "unknown", "off"];
const SHAPES: Record<UnitState, string> = { free: "●", en_route: "▲", at_scene: "■", busy: "◆", unknown: "?", off: "×" };

// So long after its last move a pointer is taken to be aimed at something, and so long at most the lists wait for it.
const AIMED_MS = 700;
const HELD_MS = 3000;
// What has come under the focus by itself is read before it can be opened.
const READ_MS = 700;

export function openLists(place: HTMLElement, choice: ListsChoice): Lists {
  return new BoardLists(place, choice);
}

class BoardLists implements Lists {
  #incident: string | null = null;
  #unit: string | null = null;
  /** The item that Tab comes to: `i:` and an incident, or `u:` and a unit. */
  #current = "";
  #ends: (() => void)[];
  #timer: ReturnType<typeof setInterval>;
  #later: ReturnType<typeof setTimeout> | null = null;
  /** When a pointer was last moved over the lists, and since when they were not drawn because of it. */
  #aimed_at = -Infinity;
  #held_since: number | null = null;
  /** When the focus was last brought to another item than it was put on. */
  #shifted_at = -Infinity;

  constructor(
    readonly place: HTMLElement,
    readonly choice: ListsChoice,
  ) {
    this.#timer = setInterval(() => tick(), 1000);
    const aimed = (): void => void (this.#aimed_at = performance.now());
    for (const kind of ["pointermove", "pointerdown"]) place.addEventListener(kind, aimed);
    this.#ends = [
      picture.listen(() => this.#follow()),
      keys.bind(this.#bindings()),
      () => clearInterval(this.#timer),
      () => this.#later !== null && clearTimeout(this.#later),
      () => ["pointermove", "pointerdown"].forEach((kind) => place.removeEventListener(kind, aimed)),
    ];
    this.draw();
  }

  choose(chosen: { incident: string | null; unit: string | null }): void {
    this.#incident = chosen.incident;
    this.#unit = chosen.unit;
    this.draw();
  }

  focus(item: { incident?: string; unit?: string }): void {
    const wanted = item.unit !== undefined ? `u:${item.unit}` : item.incident !== undefined ? `i:${item.incident}` : this.#current;
    const element = this.#item(wanted) ?? this.#items()[0] ?? this.place.querySelector<HTMLElement>("button");
    element?.focus();
    element?.scrollIntoView({ block: "nearest" });
  }

  close(): void {
    for (const end of this.#ends) end();
    render(nothing, this.place);
  }

  /** Draws what has changed; not while somebody aims, so that no row moves away from under the pointer. */
  #follow(): void {
    const at = performance.now();
    this.#held_since ??= at;
    if (at - this.#aimed_at > AIMED_MS || at - this.#held_since > HELD_MS) this.draw();
    else this.#later ??= setTimeout(() => {
      this.#later = null;
      this.#follow();
    }, AIMED_MS / 4);
  }

  draw(): void {
    this.#held_since = null;
    if (this.#later !== null) clearTimeout(this.#later);
    this.#later = null;
    const before = this.#items();
    const row = before.indexOf(document.activeElement as HTMLElement);
    const held = row < 0 ? "" : (before[row]!.dataset["item"] ?? "");
    render(this.#template(), this.place);
    // What had the focus may have gone to another list, or away: then to what stands in its place.
    if (row >= 0 && this.#item(held) === null) this.#shifted_at = performance.now();
    if (row >= 0 && document.activeElement !== this.#item(held)) (this.#item(held) ?? this.#items()[Math.min(row, this.#items().length - 1)])?.focus();
    tick();
  }

  #items(): HTMLElement[] {
    return [...this.place.querySelectorAll<HTMLElement>("[data-item]")];
  }

  #item(name: string): HTMLElement | null {
    return this.place.querySelector<HTMLElement>(`[data-item="${CSS.escape(name)}"]`);
  }

  #template(): TemplateResult {
    const { rules } = this.choice;
    const open = [...picture.incidents.values()].filter((each) => each.stage === "open").sort(byUrgency(rules));
    const goes = (each: Incident): boolean => gradeOf(each, rules)?.deploys ?? true;
    const waiting = open.filter((each) => goes(each) && countOf(each, picture.units, rules).short);
    const attended = open.filter((each) => goes(each) && !waiting.includes(each));
    const others = open.filter((each) => !goes(each));
    const units = [...picture.units.values()].sort((a, b) => a.callsign.localeCompare(b.callsign, undefined, { numeric: true }));
    this.#settle([...waiting, ...attended, ...others], units);
    return html`
      <div class="buttons">
        <button @click=${this.choice.onCall} aria-keyshortcuts="n">${words.board.newCall} <kbd>${words.board.newKey}</kbd></button>
        <button @click=${this.choice.onPlan} aria-keyshortcuts="p">${words.board.plan} <kbd>${words.board.planKey}</kbd></button>
        <button @click=${this.choice.onClosing} aria-keyshortcuts="c">${words.board.closing} <kbd>${words.board.closingKey}</kbd></button>
      </div>
      ${this.#cases("waiting", words.board.waiting(waiting.length), waiting, words.board.nobodyWaits)}
      ${this.#cases("attended", words.board.attended(attended.length), attended, "")}
      ${this.#cases("resolved", words.board.resolved(others.length), others, "")}
      <section aria-labelledby="units">
        <h2 id="units">${words.board.units(units.length)}</h2>
        ${STATES.map((state) => this.#units(state, units.filter((each) => stateOf(each, rules) === state)))}
      </section>
    `;
  }

  /** Sees to it that Tab comes to an item that is there. */
  #settle(incidents: readonly Incident[], units: readonly Unit[]): void {
    const names = [...incidents.map((each) => `i:${each.incident_id}`), ...units.map((each) => `u:${each.callsign}`)];
    if (!names.includes(this.#current)) this.#current = names[0] ?? "";
  }

  #cases(id: string, title: string, incidents: readonly Incident[], none: string): TemplateResult | typeof nothing {
    if (incidents.length === 0 && none === "") return nothing;
    return html`<section aria-labelledby=${id}>
      <h2 id=${id}>${title}</h2>
      ${incidents.length === 0 ? html`<p class="faint">${none}</p>` : html`<ol class="cases">${repeat(incidents, (each) => each.incident_id, (each) => html`<li>${this.#case(each)}</li>`)}</ol>`}
    </section>`;
  }

  #case(incident: Incident): TemplateResult {
    const { rules } = this.choice;
    const name = `i:${incident.incident_id}`;
    const count = countOf(incident, picture.units, rules);
    const tags = incident.tags.map((each) => labelled(rules.tags, "tag", each)).join(words.board.dot);
    return html`<button
      class="case"
      data-item=${name}
      tabindex=${name === this.#current ? 0 : -1}
      aria-current=${incident.incident_id === this.#incident ? "true" : nothing}
      @focus=${() => this.#focused(name)}
      @click=${() => this.choice.onIncident(incident.incident_id)}
    >
      <span class="grade" data-rank=${gradeOf(incident, rules)?.rank ?? 0}>${labelled(rules.grades, "grade", incident.grade)}</span>
      ${this.#left(incident)}
      <span class="ident">${incident.incident_id}</span>
      <span class="count">${words.board.sentOf(count.sent, count.needed)}</span>
      <span class="what">${[incident.type ?? words.incident.noType, incident.address ?? ""].filter((each) => each !== "").join(words.board.dot)}</span>
      ${tags === "" ? nothing : html`<span class="tagged">${tags}</span>`}
    </button>`;
  }

  #left(incident: Incident): TemplateResult {
    if (reachedAt(incident, picture.units, this.choice.rules) !== null) return html`<span class="left">${words.board.there}</span>`;
    const due = dueAt(incident, this.choice.rules);
    return due === null ? html`<span class="left">${words.board.noTarget}</span>` : html`<span class="left" data-due=${due} data-soon="120"></span>`;
  }

  #units(state: UnitState, units: readonly Unit[]): TemplateResult | typeof nothing {
    if (units.length === 0) return nothing;
    return html`<h3 id=${`units-${state}`}><span class="shape" data-state=${state} aria-hidden="true">${SHAPES[state]}</span> ${words.board.states[state]} ${words.board.count(units.length)}</h3>
      <ul class="units" aria-labelledby=${`units-${state}`}>
        ${repeat(units, (each) => each.callsign, (each) => html`<li>${this.#unitRow(each, state)}</li>`)}
      </ul>`;
  }

  #unitRow(unit: Unit, state: UnitState): TemplateResult {
    const { rules } = this.choice;
    const name = `u:${unit.callsign}`;
    const chosen = unit.callsign === this.#unit;
    return html`<button
      class="unit"
      data-item=${name}
      tabindex=${name === this.#current ? 0 : -1}
      aria-current=${chosen ? "true" : nothing}
      @focus=${() => this.#focused(name)}
      @click=${() => this.choice.onUnit(unit.callsign)}
    >
      <span class="shape" data-state=${state} aria-hidden="true">${SHAPES[state]}</span>
      <span class="callsign">${unit.callsign}</span>
      <span class="status">${statusOf(unit, rules)?.label ?? (unit.status === null ? words.board.noStatus : words.board.strangeStatus(unit.status))}</span>
      ${unit.incident_id === null ? nothing : html`<span class="bound">${words.board.bound(unit.incident_id)}</span>`}
      ${this.#age(unit)}
      ${chosen ? html`<span class="about">${this.#about(unit)}</span>` : nothing}
    </button>`;
  }

  #age(unit: Unit): TemplateResult {
    const { rules } = this.choice;
    if (unit.fix === null) return html`<span class="age" data-age="stale">${words.board.noFix}</span>`;
    if (fixAge(unit, rules) === null) return html`<span class="age" data-age="stale">${words.board.futureFix}</span>`;
    return html`<span class="age" data-fixed=${unit.fix.fixed_at} data-fresh=${rules.fixes.fresh_s} data-stale=${staleAfter(unit, rules)}></span>`;
  }

  #about(unit: Unit): string {
    const skills = unit.skills.map((each) => labelled(this.choice.rules.skills, "skill", each));
    return [words.incident.crew(unit.crew), ...skills, unit.sector === null ? "" : words.board.sector(unit.sector)].filter((each) => each !== "").join(words.board.dot);
  }

  #focused(name: string): void {
    if (this.#current === name) return;
    const before = this.#item(this.#current);
    this.#current = name;
    // Only who is come to by Tab has changed: that needs no list drawn anew.
    before?.setAttribute("tabindex", "-1");
    this.#item(name)?.setAttribute("tabindex", "0");
  }

  #bindings(): Parameters<typeof keys.bind>[0] {
    const within = ".lists";
    const { onCall, onPlan, onClosing } = this.choice;
    return [
      { id: "lists.open", key: "Enter", label: words.board.keyOpen, within, run: () => this.#open() },
      { id: "lists.next", key: "ArrowDown", label: words.board.keyNext, within, run: () => this.#move(1) },
      { id: "lists.previous", key: "ArrowUp", label: words.board.keyPrevious, within, run: () => this.#move(-1) },
      { id: "lists.first", key: "Home", label: words.board.keyFirst, within, run: () => this.#move(-Infinity) },
      { id: "lists.last", key: "End", label: words.board.keyLast, within, run: () => this.#move(Infinity) },
      { id: "lists.section", key: "ArrowRight", label: words.board.keySection, within, run: () => this.#section(1) },
      { id: "lists.sectionBefore", key: "ArrowLeft", label: words.board.keySectionBefore, within, run: () => this.#section(-1) },
      { id: "lists.call", key: "n", label: words.board.newCall, within, run: onCall },
      { id: "lists.plan", key: "p", label: words.board.plan, within, run: onPlan },
      { id: "lists.closing", key: "c", label: words.board.closing, within, run: onClosing },
    ];
  }

  /** Enter presses what has the focus, unless that was brought there just before. */
  #open(): void {
    if (performance.now() - this.#shifted_at > READ_MS) (document.activeElement as HTMLElement).click();
  }

  #move(by: number): void {
    const items = this.#items();
    const here = items.indexOf(document.activeElement as HTMLElement);
    items[Math.min(Math.max(here + by, 0), items.length - 1)]?.focus();
  }

  /** To the first item of the list after this one, or before it. */
  #section(by: number): void {
    const lists = [...this.place.querySelectorAll("ol, ul")];
    const here = lists.findIndex((each) => each.contains(document.activeElement));
    lists[Math.min(Math.max(here + by, 0), lists.length - 1)]?.querySelector<HTMLElement>("[data-item]")?.focus();
  }
}
