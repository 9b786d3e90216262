/** The officers for the chosen incident, soonest first, and the keys that work in their list. */
import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { keys } from "../keys.ts";
import { timeOfDay } from "../time.ts";
import { words } from "../words.ts";
import type { Line } from "./answers.ts";
import type { Chosen } from "./chosen.ts";
import { overrideForm } from "./override.ts";
import { officerDetails, officerRow } from "./officer.ts";
import { isSuggested, type Sender } from "./send.ts";

const LEAST = 8;
// Whom a new list has brought under Enter is not sent before there was time to read who it is; each press begins it anew.
const ARMED_AFTER_MS = 1000;
const LIST = "#ranked";

export interface RankedChoice {
  /** Called with the unit in focus whose way is to be shown; null where there is none. */
  onFocus(line: Line | null): void;
  redraw(): void;
}

export class Ranked {
  /** The unit in focus, or that had it last. */
  callsign: string | null = null;
  #all = false;
  #pressing = false;
  #armed = true;
  #arming: ReturnType<typeof setTimeout> | null = null;
  #unbind: () => void;

  constructor(
    readonly chosen: Chosen,
    readonly sender: Sender,
    readonly choice: RankedChoice,
  ) {
    chosen.isHeld = () => this.#isHeld();
    chosen.watched = () => this.#watched();
    sender.onNewList = () => this.#showNewList();
    this.#unbind = keys.bind(this.#bindings());
  }

  close(): void {
    this.#unbind();
    if (this.#arming !== null) clearTimeout(this.#arming);
  }

  get line(): Line | null {
    return this.chosen.lines.find((line) => line.callsign === this.callsign) ?? null;
  }

  /** Puts the focus on whom the list suggests, as after it has come or is another one; the list itself where it suggests nobody. */
  focusSuggested(): void {
    const suggested = this.chosen.shown?.answer.suggested[0] ?? null;
    this.callsign = suggested;
    this.#disarm();
    // That may move the focus away from a row that is gone, and with it who is spoken of.
    this.choice.redraw();
    this.callsign = suggested;
    const row = suggested === null ? null : document.querySelector<HTMLElement>(`${LIST} [data-officer="${CSS.escape(suggested)}"]`);
    (row ?? document.querySelector<HTMLElement>("#who"))?.focus();
    this.choice.onFocus(this.line);
  }

  /** Puts the focus on what stands in the place of a row that is gone; false where nothing does. */
  focusPlace(row: number): boolean {
    const rows = document.querySelectorAll<HTMLElement>(`${LIST} .officer`);
    const there = rows[Math.min(row, rows.length - 1)] ?? document.querySelector<HTMLElement>("#who");
    this.#disarm();
    there?.focus();
    return there !== null;
  }

  /** Whoever has gone on to something else meanwhile, such as a form of the same incident, is not called back by the focus. */
  #showNewList(): void {
    const active = document.activeElement;
    const here = active === null || active === document.body || active.closest(`${LIST} .row, #who`) !== null;
    if (here && this.sender.asking === null) return this.focusSuggested();
    this.#disarm();
    this.choice.redraw();
  }

  template(): TemplateResult | typeof nothing {
    if (this.chosen.shown === null) return html`<p role="status">${this.chosen.failure === "" ? words.incident.asking : nothing}</p>`;
    const rows = this.#rows();
    const rest = this.chosen.lines.length - rows.length;
    return html`
      <ol id="ranked" aria-label=${words.incident.ranked} @pointerdown=${() => this.#press()}>
        ${repeat(rows, (line) => line.callsign, (line) => this.#row(line, this.#tabbed(rows)))}
      </ol>
      ${rest > 0 || this.#all ? html`<button class="more" @click=${() => this.#showAll()}>${this.#all ? words.incident.fewer : words.incident.all(rest)}</button>` : nothing}
      ${this.line === null ? nothing : officerDetails(this.line, this.#says(), this.sender.rules)}
    `;
  }

  #rows(): Line[] {
    const { lines, shown } = this.chosen;
    const last = Math.max(...shown!.answer.suggested.map((each) => lines.findIndex((line) => line.callsign === each)), 0);
    const here = Math.max(LEAST, last + 3, lines.findIndex((line) => line.callsign === this.callsign) + 1);
    return this.#all ? lines : lines.slice(0, here);
  }

  #tabbed(rows: readonly Line[]): string | undefined {
    const there = rows.find((line) => line.callsign === this.callsign) ?? rows.find((line) => this.chosen.shown!.answer.suggested.includes(line.callsign));
    return (there ?? rows[0])?.callsign;
  }

  #row(line: Line, tabbed: string | undefined): TemplateResult {
    const { sender } = this;
    const form = sender.asking === line.callsign ? overrideForm(line, sender, () => this.#leaveForm(line.callsign)) : nothing;
    const row = officerRow(line, {
      answer: this.chosen.shown!.answer,
      rules: sender.rules,
      sending: sender.stateOf(line.callsign),
      armed: this.#armed,
      diversion: sender.isDiversion(line.callsign),
      tabbed: line.callsign === tabbed,
      current: line.callsign === this.callsign,
      onFocus: () => this.#focused(line.callsign),
      onClick: () => this.#chose(line.callsign),
      onSend: () => void this.#send(line),
    });
    return html`<li class=${line.callsign === this.callsign ? "chosen" : ""}>${row}${form}</li>`;
  }

  /** That there is a newer order; it stands above the list and takes no room there. */
  news(): TemplateResult | typeof nothing {
    const { newer, shown, news } = this.chosen;
    if (newer === null || shown === null) return nothing;
    const since = timeOfDay(shown.answer.now, this.sender.rules.time_zone, true);
    return html`<div class="warn news" role="status">
      <p><strong>${words.incident.changed(since)}</strong> ${news.join(words.board.and)}</p>
      <p>
        ${words.incident.suggestedNow(newer.answer.suggested.join(words.board.comma) || words.incident.nobody)}
        <button @click=${() => this.#take()} aria-keyshortcuts="u">${words.incident.takeOrder} <kbd>${words.incident.takeKey}</kbd></button>
      </p>
    </div>`;
  }

  /** What Enter would do now; empty where it would do nothing. */
  #says(): string {
    const { line } = this;
    const answer = this.chosen.shown?.answer;
    if (!this.#armed || line === null || answer === undefined || inFocus() !== line.callsign) return "";
    if (!line.eligible || !isSuggested(answer, line.callsign)) return words.incident.asksWhy(line.callsign);
    return this.sender.isDiversion(line.callsign) ? words.incident.diverts(line.callsign) : words.incident.sends(line.callsign);
  }

  #focused(callsign: string): void {
    // While a button of the mouse is down nothing is redrawn: what is under it would move away.
    if (this.#pressing) return;
    const other = this.callsign !== callsign;
    this.callsign = callsign;
    this.choice.redraw();
    if (other) this.choice.onFocus(this.line);
  }

  #chose(callsign: string): void {
    this.#pressing = false;
    this.#focused(callsign);
  }

  #press(): void {
    this.#pressing = true;
    const over = new AbortController();
    const end = (): void => {
      over.abort();
      setTimeout(() => this.#pressed());
    };
    // A touch that became scrolling, or a drag, ends with the second.
    for (const ended of ["pointerup", "pointercancel"]) addEventListener(ended, end, { signal: over.signal });
  }

  /** After a press: also where no click came of it, the unit with the focus is the one that is spoken of. */
  #pressed(): void {
    this.#pressing = false;
    const callsign = inFocus();
    if (callsign !== null && callsign !== this.callsign) this.#focused(callsign);
  }

  #disarm(): void {
    this.#armed = false;
    if (this.#arming !== null) clearTimeout(this.#arming);
    this.#arming = setTimeout(() => this.#arm(), ARMED_AFTER_MS);
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.choice.redraw();
  }

  async #send(line: Line): Promise<void> {
    this.callsign = line.callsign;
    const sending = this.sender.send(line);
    // At once, not with the next frame: what is typed now belongs to the form that asks for the reason.
    this.choice.redraw();
    await sending;
  }

  #sendFocused(event: KeyboardEvent): void {
    if (!this.#armed) return this.#disarm();
    // Whom the focus is seen on, and nobody who had it before.
    const line = this.chosen.lines.find((each) => each.callsign === inFocus());
    if (!event.repeat && line !== undefined) void this.#send(line);
  }

  #leaveForm(callsign: string): void {
    this.sender.leave();
    this.choice.redraw();
    this.#focusRow(callsign);
  }

  #take(): void {
    this.chosen.take();
    this.focusSuggested();
  }

  /** So many lines of the ledger, off duty or not, are being looked at. */
  #watched(): number {
    const last = this.#rows().at(-1)?.callsign;
    return this.chosen.shown!.answer.ledger.findIndex((line) => line.callsign === last) + 1;
  }

  #showAll(): void {
    this.#all = !this.#all;
    this.choice.redraw();
  }

  /** Whether somebody works in the list: it has the focus or the pointer, or a reason is being given. */
  #isHeld(): boolean {
    const list = document.querySelector(LIST);
    return this.sender.asking !== null || (list !== null && (list.contains(document.activeElement) || list.matches(":hover")));
  }

  #bindings(): Parameters<typeof keys.bind>[0] {
    const within = `${LIST} .officer`;
    const send = (event: KeyboardEvent): void => this.#sendFocused(event);
    return [
      { id: "officers.send", key: "Enter", label: words.incident.keySend, within, run: send },
      { id: "officers.next", key: "ArrowDown", label: words.board.keyNext, within, run: () => this.#move(1) },
      { id: "officers.previous", key: "ArrowUp", label: words.board.keyPrevious, within, run: () => this.#move(-1) },
      { id: "officers.first", key: "Home", label: words.board.keyFirst, within, run: () => this.#move(-Infinity) },
      { id: "officers.last", key: "End", label: words.board.keyLast, within, run: () => this.#move(Infinity) },
      { id: "officers.take", key: "u", label: words.incident.takeOrder, within: "#incident", run: () => this.chosen.newer !== null && this.#take() },
      { id: "override.send", key: "Enter", label: words.incident.keySend, within: ".override", run: () => submit() },
      { id: "override.leave", key: "Escape", label: words.incident.leave, within: ".override", run: () => this.#leaveForm(this.sender.asking ?? "") },
    ];
  }

  #move(by: number): void {
    const rows = this.#rows();
    const here = rows.findIndex((line) => line.callsign === (inFocus() ?? this.callsign));
    const there = rows[Math.min(Math.max(here + by, 0), rows.length - 1)];
    if (there === undefined) return;
    this.#focusRow(there.callsign);
    // Whoever goes through the list reads it.
    this.#arm();
  }

  #focusRow(callsign: string): void {
    document.querySelector<HTMLElement>(`${LIST} [data-officer="${CSS.escape(callsign)}"]`)?.focus();
  }
}

/** The unit whose row has the focus; null where none has. */
function inFocus(): string | null {
  return document.activeElement?.closest<HTMLElement>(`${LIST} .officer`)?.dataset["officer"] ?? null;
}

/** Enter in a form of the list: a button is pressed, anything else sends. */
function submit(): void {
  const active = document.activeElement;
  if (active instanceof HTMLButtonElement) active.click();
  else active?.closest("form")?.requestSubmit();
}
