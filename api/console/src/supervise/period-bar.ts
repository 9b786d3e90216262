/** Which days are looked at: chosen by date, or one day further; it stands in the address, so that it can be sent on. */
import { html, nothing, type TemplateResult } from "lit-html";
import { keys } from "../keys.ts";
import { words } from "../words.ts";
import type { Asked } from "./asked.ts";
import { dayAfter, readDays, today, typedDays, writeDays, type Days } from "./period.ts";
import type { Told } from "./told.ts";
import type { Supervision } from "./types.ts";

const said = words.supervise.period;
const HOME = "#/supervise";
/** The control that changed the days, which gets the focus again when the page is made anew for them. */
let used: string | null = null;

export class PeriodBar {
  /** @param unreadable whether the address holds something that is no period */
  constructor(
    readonly days: Days | null,
    readonly unreadable: boolean,
    readonly told: Told,
  ) {}

  draw(day: Asked<Supervision>): TemplateResult {
    const { first, last } = this.#shown;
    const now = today(this.told.force.time_zone);
    return html`<header class="period">
      <h2>${said.title}</h2>
      <form @submit=${(event: SubmitEvent) => this.#chosen(event)}>
        <button type="button" data-period="earlier" @click=${() => this.#move(-1)}>${said.earlier}</button>
        <label>${said.first} <input type="date" name="first" max=${now} value=${first} required /></label>
        <label>${said.last} <input type="date" name="last" max=${now} value=${last} required /></label>
        <button data-period="show">${said.show}</button>
        <button type="button" data-period="later" ?disabled=${last >= now} @click=${() => this.#move(1)}>${said.later}</button>
        <button type="button" data-period="today" @click=${() => this.#today()}>${said.today}</button>
      </form>
      <p class="faint">${this.#asOf(day.value)}</p>
      ${this.unreadable ? html`<p class="bad" role="alert">${said.unreadable}</p>` : nothing}
    </header>`;
  }

  /** Gives the focus back to what changed the days. */
  settle(place: HTMLElement): void {
    if (used === null) return;
    const button = place.querySelector<HTMLElement>(`[data-period=${used}]:enabled`) ?? place.querySelector<HTMLElement>("[data-period=show]");
    button?.focus();
    used = null;
  }

  bind(within: string): () => void {
    return keys.bind([
      { id: "supervise.period.earlier", key: "[", label: said.earlier, within, run: () => this.#move(-1) },
      { id: "supervise.period.later", key: "]", label: said.later, within, run: () => this.#move(1) },
      { id: "supervise.period.today", key: "t", label: said.today, within, run: () => this.#today() },
    ]);
  }

  get #shown(): Days {
    const now = today(this.told.force.time_zone);
    return this.days ?? { first: now, last: now };
  }

  #asOf(value: Supervision | null): string {
    if (value === null) return "";
    return said.received(this.told.on(value.from), this.told.on(value.to), this.told.at(value.as_of));
  }

  /** From what the address says by now: a key that is held comes again before its page is there. */
  #move(days: number): void {
    const now = today(this.told.force.time_zone);
    const { first, last } = readDays(location.hash.slice(HOME.length + 1)) ?? { first: now, last: now };
    if (days > 0 && last >= now) return;
    go({ first: dayAfter(first, days), last: dayAfter(last, days) }, days < 0 ? "earlier" : "later");
  }

  #today(): void {
    if (location.hash === HOME) return;
    used = "today";
    location.hash = HOME;
  }

  #chosen(event: SubmitEvent): void {
    event.preventDefault();
    go(typedDays(new FormData(event.target as HTMLFormElement)), "show");
  }
}

function go(days: Days, by: string): void {
  const wanted = `${HOME}/${writeDays(days)}`;
  if (location.hash === wanted) return;
  used = by;
  location.hash = wanted;
}
