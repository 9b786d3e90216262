/** The chosen incident: what it is, what its history is, who should go and why not the others, and what is done about it. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Force } from "../force-types.ts";
import { keys } from "../keys.ts";
import { outbox } from "../outbox.ts";
import { picture } from "../picture.ts";
import { timeOfDay } from "../time.ts";
import { words } from "../words.ts";
import type { Case, Line } from "./answers.ts";
import { Chosen } from "./chosen.ts";
import { tick } from "./clocks.ts";
import { Doing } from "./doing.ts";
import { labelled, readable } from "./figures.ts";
import { flags, history } from "./history.ts";
import { Ranked } from "./ranked.ts";
import { Ways, type Shown } from "./route.ts";
import { Sender } from "./send.ts";
import { countOf, dueAt } from "./waiting.ts";
import { placeless, whyNot, type WhyNot } from "./why-not.ts";

export interface IncidentChoice {
  rules: Force;
  /** Called with the way of the unit in focus; null where there is none to draw. */
  onWay(way: Shown | null): void;
  onIncident(incident_id: string): void;
  /** Asked for the focus to go back to the list. */
  onLeft(): void;
}

export interface IncidentPanel {
  readonly chosen: Chosen;
  /** Puts the focus where the next thing is done: on whom is suggested, or on that unit. */
  focus(callsign?: string): void;
  close(): void;
}

/** Opens the panel of an incident inside an element; the focus goes into it where that is asked for. */
export function openIncident(place: HTMLElement, incident_id: string, choice: IncidentChoice, withFocus: boolean): IncidentPanel {
  const panel = new Panel(place, incident_id, choice);
  void panel.begin(withFocus);
  return panel;
}

class Panel implements IncidentPanel {
  readonly chosen: Chosen;
  #sender: Sender;
  #ranked: Ranked;
  #doing: Doing;
  #ways: Ways;
  #note = "";
  #closed = false;
  #ends: (() => void)[];

  constructor(
    readonly place: HTMLElement,
    incident_id: string,
    readonly choice: IncidentChoice,
  ) {
    this.chosen = new Chosen(incident_id, choice.rules.time_zone);
    this.#sender = new Sender(this.chosen, choice.rules);
    this.#ways = new Ways(choice.rules, (way) => this.#showWay(way));
    this.#ranked = new Ranked(this.chosen, this.#sender, { onFocus: (line) => this.#focused(line), redraw: () => this.draw() });
    this.#doing = new Doing(this.chosen, choice.rules, { redraw: () => this.draw(), onIncident: choice.onIncident });
    const redraw = (): void => this.draw();
    this.#ends = [
      this.chosen.listen(redraw),
      this.#sender.listen(redraw),
      outbox.listen(redraw),
      keys.bind([{ id: "incident.leave", key: "Escape", label: words.incident.back, within: "#incident", run: () => choice.onLeft() }, ...this.#doing.bindings()]),
    ];
  }

  async begin(withFocus: boolean): Promise<void> {
    this.draw();
    if (withFocus) this.#heading()?.focus();
    await this.chosen.begin();
    if (this.#closed) return;
    this.draw();
    const mine = document.activeElement === this.#heading();
    if (withFocus && mine && this.chosen.known !== null) this.focus();
    else this.#focused(this.#suggested());
  }

  focus(callsign?: string): void {
    // Where it could not be shown, whoever chooses it again means to see it.
    if (this.chosen.known === null && this.chosen.failure !== "") return void this.begin(true);
    if (callsign !== undefined && this.chosen.lines.some((line) => line.callsign === callsign)) this.#ranked.callsign = callsign;
    if (this.chosen.shown === null) this.#heading()?.focus();
    else if (callsign === undefined) this.#ranked.focusSuggested();
    else {
      this.draw();
      this.#row(callsign)?.focus();
    }
  }

  #row(callsign: string): HTMLElement | null {
    return this.place.querySelector<HTMLElement>(`[data-officer="${CSS.escape(callsign)}"]`);
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#ends) end();
    for (const part of [this.chosen, this.#sender, this.#ranked, this.#ways]) part.close();
    this.choice.onWay(null);
    render(nothing, this.place);
  }

  draw(): void {
    if (this.#closed) return;
    const active = document.activeElement as HTMLElement | null;
    const held = active?.dataset["officer"];
    const row = held === undefined ? -1 : [...this.place.querySelectorAll("[data-officer]")].indexOf(active!);
    render(this.#template(), this.place);
    // A row that was moved has lost the focus; of one that is gone it goes to what stands in its place.
    if (held !== undefined && document.activeElement === document.body) {
      if (this.#row(held) !== null) this.#row(held)!.focus();
      else if (!this.#ranked.focusPlace(row)) this.#heading()?.focus();
    }
    const note = this.place.querySelector("#way-note");
    if (note !== null && note.textContent !== this.#note) note.textContent = this.#note;
    tick();
  }

  #heading(): HTMLElement | null {
    return this.place.querySelector<HTMLElement>("#incident-title");
  }

  #suggested(): Line | null {
    return this.chosen.lines.find((line) => line.callsign === this.chosen.shown?.answer.suggested[0]) ?? null;
  }

  #focused(line: Line | null): void {
    const { known, shown } = this.chosen;
    if (known !== null && shown !== null) void this.#ways.ask(line, known, shown.answer);
  }

  #showWay(way: Shown | null): void {
    this.#note = way?.note ?? "";
    this.choice.onWay(way);
    this.draw();
  }

  /** The heading is one element from the first: it has the focus while the rest is being asked. */
  #template(): TemplateResult {
    const { known, failure, id } = this.chosen;
    return html`
      <h2 id="incident-title" tabindex="-1"><span class="ident">${id}</span> ${known === null ? nothing : (known.type ?? words.incident.noType)}</h2>
      ${failure === "" ? nothing : html`<p class="bad" role="alert">${failure}</p>`}
      ${known === null ? html`<p role="status">${failure === "" ? words.shell.loading : nothing}</p>` : this.#about(known)}
    `;
  }

  #about(known: Case): TemplateResult {
    const ended = (): string => words.incident.ended((words.incident.stages as Record<string, string>)[known.stage] ?? known.stage, known.outcome ?? "");
    return html`
      ${head(known, this.choice.rules, this.#dueAt())}
      ${this.#sendings()}
      ${known.stage === "open" ? this.#who() : html`<p class="warn">${ended()}</p>`}
      ${this.#doing.sent()}
      ${history(this.chosen, this.choice.rules)}
      ${this.#doing.menu()}
    `;
  }

  /** As the service said with the list; where the clock begins with a sending, that says what it would be if one began now. */
  #dueAt(): string | null {
    const target = this.chosen.shown?.answer.target;
    return target === undefined || target.clock === "dispatched" ? null : target.due_at;
  }

  #sendings(): TemplateResult {
    const { notice } = this.#sender;
    const told = notice === null ? nothing : html`<p><strong>${notice.text}</strong></p>${notice.more.length === 0 ? nothing : html`<ul>${notice.more.map((each) => html`<li>${each}</li>`)}</ul>`}`;
    return html`<div id="told" class=${notice === null ? "" : notice.kind === "sent" ? "good" : "bad"} role=${notice?.kind === "refused" ? "alert" : "status"}>${told}</div>`;
  }

  #who(): TemplateResult {
    const answer = this.chosen.shown?.answer;
    return html`<section aria-labelledby="who">
      <h3 id="who" tabindex="-1">${words.incident.who}</h3>
      ${answer === undefined ? nothing : html`<div class="said">
        <p class="outcome">${outcome(answer.outcome, answer.suggested, answer.certainty, answer.indistinguishable_from)} <span class="faint">${words.incident.asOf(timeOfDay(answer.now, this.choice.rules.time_zone, true))}</span></p>
        ${[...answer.unmet, ...answer.warnings].map((each) => html`<p class="warn">${readable(each, this.choice.rules)}</p>`)}
        ${this.#ranked.news()}
      </div>`}
      ${this.#ranked.template()}
      ${answer === undefined ? nothing : why(whyNot(answer, this.chosen.lines), placeless(this.chosen.lines), this.choice.rules)}
    </section>`;
  }
}

function outcome(name: string, suggested: string[], certainty: string | null, alike: string[]): string {
  if (name !== "suggested") return (words.incident.outcomes as Record<string, string>)[name] ?? name;
  const said = words.incident.suggests(suggested.join(words.board.and));
  return certainty === "indistinguishable" ? `${said} ${words.incident.notToBeTold(alike.join(words.board.comma))}` : said;
}

function why(rows: readonly WhyNot[], unplaced: readonly WhyNot[], rules: Force): TemplateResult | typeof nothing {
  if (rows.length + unplaced.length === 0) return nothing;
  return html`<section class="why" aria-labelledby="why">
    <h3 id="why">${words.incident.whyNot}</h3>
    <ul>
      ${rows.map((each) => html`<li><strong>${each.callsign}</strong> ${each.ahead}: ${readable(each.because.join(words.board.dot), rules)}</li>`)}
      ${unplaced.map((each) => html`<li class="warn"><strong>${each.callsign}</strong> ${words.incident.mayBeNearer}: ${readable(each.because.join(words.board.dot), rules)}</li>`)}
    </ul>
  </section>`;
}

function head(known: Case, rules: Force, due_at: string | null): TemplateResult {
  const due = due_at === null ? dueAt(known, rules) : Date.parse(due_at);
  const count = countOf(known, picture.units, rules);
  return html`<div class="incident-head">
    <p class="line">
      <span class="grade" data-rank=${rank(known, rules)}>${labelled(rules.grades, "grade", known.grade)}</span>
      ${due === null ? html`<span>${words.incident.noTarget}</span>` : html`<span class="left" data-due=${due} data-soon="120"></span>`}
      <span>${words.board.sentOf(count.sent, count.needed)}</span>
      <span>${words.incident.received(timeOfDay(known.received_at, rules.time_zone, true), known.received_by)}</span>
    </p>
    <p>${known.address ?? words.incident.noAddress(known.lat.toFixed(5), known.lon.toFixed(5))}</p>
    <div class="marks">
      ${known.tags.length === 0 ? nothing : html`<ul class="tags" aria-label=${words.incident.tags}>${known.tags.map((each) => html`<li>${labelled(rules.tags, "tag", each)}</li>`)}</ul>`}
      ${flags(known)}
    </div>
    ${known.needs.length === 0 ? nothing : html`<p>${words.incident.needs(known.needs.map((each) => labelled(rules.skills, "skill", each)).join(words.board.comma))}</p>`}
    ${known.people.length + (known.phone === null ? 0 : 1) === 0 ? nothing : html`<p>${words.incident.caller([known.phone ?? "", ...known.people].filter((each) => each !== "").join(words.board.dot))}</p>`}
    ${known.raised_by.map((each) => html`<p class="warn">${words.incident.raised(labelled(rules.grades, "grade", known.asked_grade), each)}</p>`)}
  </div>`;
}

function rank(known: Case, rules: Force): number {
  return rules.grades.find((each) => each.grade === known.grade)?.rank ?? 0;
}

