/** The supervisor's page: how today goes, what asks for a look, what is due, and whether the record is whole. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { force } from "../force.ts";
import { keys } from "../keys.ts";
import type { Page } from "../page.ts";
import { session } from "../session.ts";
import { words } from "../words.ts";
import { Assessing } from "./assess.ts";
import type { Asked } from "./asked.ts";
import { lateList, overrideList, passedOverList } from "./cases.ts";
import { Doing } from "./doing.ts";
import { judgedList } from "./judged.ts";
import { PeriodBar } from "./period-bar.ts";
import { readDays } from "./period.ts";
import { ratesTable } from "./rates.ts";
import { bindRows, csvButton, settle } from "./rows.ts";
import { run, write } from "./running.ts";
import { endingSoon, markerList, reviewList, taskList } from "./todo.ts";
import { Told } from "./told.ts";
import type { Supervision } from "./types.ts";
import { Verification } from "./verify.ts";
import { Watch } from "./watch.ts";

const said = words.supervise;
// Its frame with it: whoever skips to the page, or clicks where nothing is, has the focus there.
const PAGE = "#page:has(> .page-supervise)";
/** So many parts, the first, say how it went; what is to be done stands beside them. */
const WENT = 4;

interface Section {
  name: keyof typeof said.sections;
  /** What the way to it says beside its name: how much there is. */
  count: string;
  csv?: TemplateResult | typeof nothing;
  body: unknown;
}

class Supervisor implements Page {
  readonly #watch: Watch;
  readonly #doing = new Doing();
  readonly #told: Told;
  readonly #bar: PeriodBar;
  readonly #assessing: Assessing;
  readonly #verification: Verification;
  readonly #leave: (() => void)[] = [];
  #formShown: string | null = null;

  constructor(
    readonly place: HTMLElement,
    rest: string,
    told: Told,
  ) {
    const days = readDays(rest);
    this.#told = told;
    this.#watch = new Watch(days, told.force.time_zone);
    this.#bar = new PeriodBar(days, rest !== "" && days === null, told);
    this.#assessing = new Assessing(this.#watch, this.#doing, told);
    this.#verification = new Verification(this.#doing);
  }

  async open(): Promise<void> {
    this.#leave.push(
      this.#watch.listen(() => this.#draw()),
      this.#doing.listen(() => this.#draw()),
      run(this.place),
      bindRows(),
      this.#bar.bind(PAGE),
      this.#bind(),
    );
    // Before anything is loaded, so that the next press of a key finds the focus where it was.
    this.#draw();
    this.#bar.settle(this.place);
    await this.#watch.open();
    this.#draw();
  }

  close(): void {
    for (const leave of this.#leave) leave();
    this.#watch.close();
    this.#verification.close();
  }

  #bind(): () => void {
    const ways = (Object.keys(said.sections) as Section["name"][]).map((name, row) => ({
      id: `supervise.section.${name}`,
      key: String((row + 1) % 10),
      label: said.goTo(said.sections[name]),
      within: PAGE,
      run: () => this.#go(name),
    }));
    const shut = { id: "supervise.form.leave", key: "Escape", label: said.doing.leave, within: `${PAGE} form.inline`, run: () => this.#doing.shut() };
    return keys.bind([...ways, shut]);
  }

  #go(name: string): void {
    const heading = this.place.querySelector<HTMLElement>(`#supervise-${name}`);
    heading?.focus({ preventScroll: true });
    heading?.scrollIntoView({ block: "start" });
  }

  #draw(): void {
    const focus = document.activeElement;
    const section = focus?.closest<HTMLElement>("section[data-name]")?.dataset["name"];
    const day = this.#sections();
    render(
      html`${this.#bar.draw(this.#watch.day)}
        <div class="ways" role="group" aria-label=${said.ways}>
          ${day.map((each) => html`<button @click=${() => this.#go(each.name)}>${said.sections[each.name]} <span class="count">${each.count}</span></button>`)}
        </div>
        <p class="hidden-text" role="status">${this.#doing.said}</p>
        <div class="sections">
          <div>${day.slice(0, WENT).map((each) => this.#section(each))}</div>
          <div>${day.slice(WENT).map((each) => this.#section(each))}</div>
        </div>`,
      this.place,
    );
    write(this.place);
    settle(this.place);
    this.#refocus(focus, section);
  }

  /** Puts the focus into a form that was opened, and back where it was when what had it is gone. */
  #refocus(before: Element | null, section: string | undefined): void {
    const { open } = this.#doing;
    const [was, now] = [this.#formShown, open];
    this.#formShown = open;
    if (was !== now && now !== null) return void this.place.querySelector<HTMLElement>("form.inline :is(input, textarea, select)")?.focus();
    if (before === null || before.isConnected || section === undefined) return;
    const opener = was === null ? null : this.place.querySelector<HTMLElement>(`[data-form=${CSS.escape(was)}]`);
    const next = opener ?? this.place.querySelector<HTMLElement>(`section[data-name=${section}] .row[data-chosen] .name`);
    if (next === null) this.#go(section);
    else next.focus();
  }

  #sections(): Section[] {
    const watch = this.#watch;
    const day = watch.day.value;
    const todo = { watch, doing: this.#doing, told: this.#told };
    const ofDay = (draw: (value: Supervision) => unknown) => part(watch.day, draw);
    return [
      { name: "rates", count: count(day, rateCount), body: ofDay(ratesTable) },
      { name: "overrides", count: count(day, ({ overrides }) => String(overrides.reduce((total, each) => total + each.count, 0))), body: ofDay((value) => overrideList(value, this.#told)) },
      { name: "passedOver", count: count(day, ({ not_nearest }) => String(not_nearest.length)), body: ofDay((value) => passedOverList(value, this.#told)) },
      {
        name: "judged",
        count: count(watch.assessments.value, ({ assessments }) => String(assessments.length)),
        csv: csvButton(watch.assessmentsPath(), "assessments", said.sections.judged),
        body: part(watch.assessments, (found) => judgedList(found, this.#told)),
      },
      { name: "late", count: count(day, lateCount), body: ofDay((value) => lateList(value, watch.day.heard_s, this.#told)) },
      { name: "reviews", count: count(watch.reviews.value, dueCount), csv: csvButton("/v1/reviews", "reviews", said.sections.reviews), body: part(watch.reviews, () => reviewList(todo)) },
      { name: "tasks", count: count(watch.tasks.value, dueCount), csv: csvButton("/v1/tasks", "tasks", said.sections.tasks), body: part(watch.tasks, () => taskList(todo)) },
      { name: "markers", count: count(watch.markers.value, (markers) => String(endingSoon(markers).length)), csv: csvButton("/v1/markers", "markers", said.sections.markers), body: part(watch.markers, () => markerList(todo)) },
      { name: "assess", count: "", body: part(watch.samples, () => this.#assessing.draw()) },
      ...(session.may("recordVerified") ? [{ name: "record" as const, count: "", body: this.#verification.draw(this.#told) }] : []),
    ];
  }

  #section({ name, csv, body }: Section): TemplateResult {
    return html`<section class=${`panel panel-${name}`} data-name=${name} aria-labelledby=${`supervise-${name}`}>
      <div class="head"><h3 id=${`supervise-${name}`} tabindex="-1">${said.sections[name]}</h3>${csv ?? nothing}</div>
      ${body}
    </section>`;
  }
}

/** What was told, or why it was not; what was told before stays, with why it is old. */
function part<T>(asked: Asked<T>, draw: (value: T) => unknown): TemplateResult {
  const again = html`<button class="small" @click=${() => void asked.now()}>${words.shell.again}</button>`;
  const problem = asked.problem === "" ? nothing : html`<p class="bad" role="alert">${said.problem(asked.problem, asked.value !== null)} ${again}</p>`;
  const loading = asked.asking ? html`<p class="faint">${words.shell.loading}</p>` : nothing;
  return html`${problem} ${asked.value === null ? loading : draw(asked.value)}`;
}

/** How much there is; what is not known is never none. */
function count<T>(value: T | null, of: (value: T) => string): string {
  return value === null ? said.notKnown : of(value);
}

function rateCount({ groups }: Supervision): string {
  const rate = groups[0]?.nearest_sent.of_judged;
  return rate === undefined ? said.notKnown : said.rates.counted(rate.count, rate.of);
}

function lateCount({ late }: Supervision): string {
  return said.late.count(late.length, late.filter((each) => each.waiting).length);
}

function dueCount(items: { overdue_s: number | null }[]): string {
  return said.due.count(items.length, items.filter((each) => each.overdue_s !== null).length);
}

export async function open(place: HTMLElement, rest: string): Promise<Page> {
  const page = new Supervisor(place, rest, new Told(await force()));
  await page.open();
  return page;
}
