/** The incidents of a replay, found by what is said of them; the list is how one gets to each. */
import { html, nothing, type TemplateResult } from "lit-html";
import { keyed } from "lit-html/directives/keyed.js";
import { repeat } from "lit-html/directives/repeat.js";
import type { Force } from "../force.ts";
import { get } from "../http.ts";
import { words } from "../words.ts";
import { Asked } from "./asked.ts";
import { pathOf, reason } from "./reason.ts";
import { addressOf, dated, gradeLabel, lasting, verdictText } from "./told.ts";
import type { Incidents, Verdict } from "./types.ts";

const said = words.audit;
const FILTERS = ["verdict", "cause", "grade", "domestic_abuse"] as const;
type Filter = (typeof FILTERS)[number] | "order";
type Chosen = Partial<Record<Filter, string>>;
/** Some of the incidents, and how many stand before them. */
type Part = Incidents & { after: number };
const KEPT = "nearest.audit.found";
const PAGE = 100;
// Of the others nobody knows whether another could have gone.
const JUDGED = new Set(["nearest_sent", "sent_within_noise", "nearer_not_eligible", "nearer_eligible_not_sent"]);

export class Found {
  readonly #asked = new Asked<Part>(words.audit.noAnswer);
  /** What was chosen stays chosen on the way to an incident and back, and how far one had read stays too. */
  #chosen: Chosen;
  #after: number;

  constructor(
    readonly force: Force,
    readonly replay: string,
    readonly draw: () => void,
  ) {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") as Record<string, { chosen: Chosen; after: number }>;
    this.#chosen = kept[replay]?.chosen ?? {};
    this.#after = kept[replay]?.after ?? 0;
    this.#asked.listen(draw);
  }

  close(): void {
    this.#asked.close();
  }

  async load(after = this.#after): Promise<void> {
    this.#after = after;
    sessionStorage.setItem(KEPT, JSON.stringify({ [this.replay]: { chosen: this.#chosen, after } }));
    const query = new URLSearchParams({ ...this.#chosen, limit: String(PAGE), after: String(after) });
    await this.#asked.ask(async (signal) => ({ ...(await get<Incidents>(`${pathOf(this.replay)}/incidents?${query}`, { signal, ...reason.why() })), after }));
  }

  #choose(name: Filter, event: Event): void {
    const { value } = event.target as HTMLSelectElement;
    const { [name]: _before, ...others } = this.#chosen;
    this.#chosen = value === "" ? others : { ...others, [name]: value };
    void this.load(0);
  }

  template(): TemplateResult {
    const found = this.#asked.value;
    return html`<section class="found" aria-labelledby="found-title" aria-busy=${this.#asked.waiting}>
      <h3 id="found-title">${said.found.title}</h3>
      ${this.#asked.why === "" ? nothing : html`<p class="bad notice" role="alert">${this.#asked.why} <button @click=${() => void this.load()}>${words.shell.again}</button></p>`}
      ${found === null ? (this.#asked.why === "" ? html`<p role="status">${words.shell.loading}</p>` : nothing) : this.#listed(found)}
    </section>`;
  }

  #listed(found: Part): TemplateResult {
    return html`<form class="filters" @submit=${(event: Event) => event.preventDefault()}>
        ${FILTERS.map((name) => this.#filter(name, found))}
        <label>
          ${said.found.order}
          <select @change=${(event: Event) => this.#choose("order", event)}>
            ${Object.entries(said.found.orders).map(([value, text]) => html`<option value=${value === "received" ? "" : value} ?selected=${(this.#chosen.order ?? "received") === value}>${text}</option>`)}
          </select>
        </label>
      </form>
      <p role="status">${said.found.count(found.count, found.after, found.incidents.length)}</p>
      ${keyed(found.after, html`<div class="scroll" tabindex="0" role="region" aria-label=${said.found.list}>${this.#table(found)}</div>`)}
      ${this.#pages(found)}`;
  }

  #filter(name: (typeof FILTERS)[number], found: Incidents): TemplateResult {
    const choices = Object.entries(found.choices[name]).filter(([value]) => value !== "");
    const chosen = this.#chosen[name] ?? "";
    return html`<label>
      ${said.found.filters[name]}
      <select @change=${(event: Event) => this.#choose(name, event)}>
        <option value="" ?selected=${chosen === ""}>${said.found.all}</option>
        ${choices.map(([value, count]) => html`<option value=${value} ?selected=${chosen === value}>${said.found.choice(this.#label(name, value, found), count)}</option>`)}
      </select>
    </label>`;
  }

  #label(name: (typeof FILTERS)[number], value: string, found: Incidents): string {
    if (name === "verdict") return said.classes[value as Verdict["verdict"]];
    if (name === "cause") return found.sentences[value] ?? value;
    return name === "grade" ? gradeLabel(this.force, value) : said.found.abuse[value as "true" | "false"];
  }

  #table(found: Incidents): TemplateResult {
    const { columns } = said.found;
    return html`<table>
      <thead>
        <tr>${Object.values(columns).map((text) => html`<th scope="col">${text}</th>`)}</tr>
      </thead>
      <tbody>
        ${repeat(found.incidents, (each) => each.incident_id, (each) => this.#row(each, found.sentences))}
      </tbody>
    </table>`;
  }

  #row(each: Verdict, sentences: Record<string, string>): TemplateResult {
    return html`<tr>
      <th scope="row"><a href=${addressOf(this.replay, each.incident_id)}>${each.incident_id}</a></th>
      <td>${dated(each.received_at, this.force.time_zone)}</td>
      <td>${gradeLabel(this.force, each.grade)}${each.domestic_abuse ? html`<br /><strong>${said.abuse}</strong>` : nothing}</td>
      <td>${verdictText(each, sentences)}</td>
      <td>${each.sent.join(", ") || said.nobody}</td>
      <td>${each.better || (JUDGED.has(each.verdict) ? said.nobody : said.notKnown)}</td>
      <td class="number">${lasting(each.lost_s)}</td>
    </tr>`;
  }

  #pages(found: Part): TemplateResult | typeof nothing {
    if (found.after === 0 && found.next === null) return nothing;
    return html`<p class="buttons">
      <button ?disabled=${found.after === 0} @click=${() => void this.load(Math.max(found.after - PAGE, 0))}>${said.found.before}</button>
      <button ?disabled=${found.next === null} @click=${() => void this.load(found.next ?? 0)}>${said.found.after}</button>
    </p>`;
  }
}
