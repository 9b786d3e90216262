/** Assessing responses: a sample that nobody chose, the force's form for an incident, and what was judged. */
import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { at, get } from "../http.ts";
import { session } from "../session.ts";
import { words } from "../words.ts";
import { faultLines, textOf, type Doing } from "./doing.ts";
import { dayAfter, midnight, today, typedDays } from "./period.ts";
import type { Told } from "./told.ts";
import type { Case, Sample } from "./types.ts";
import { SAMPLES_DAYS, type Watch } from "./watch.ts";

const said = words.supervise.assess;
const DRAW = "draw";
const DEFAULT_SIZE = 10;
const DEFAULT_DAYS = 7;
/** Answers that are not sent yet, by person and incident: they stay when another period is looked at. */
const drafts = new Map<string, Record<string, string>>();

export class Assessing {
  /** The incident whose form is open. */
  #incident: Case | null = null;
  #problem = "";

  constructor(
    readonly watch: Watch,
    readonly doing: Doing,
    readonly told: Told,
  ) {}

  draw(): TemplateResult {
    const may = session.may("assessed");
    return html`${may ? this.#drawing() : nothing} ${this.#samples()} ${may ? this.#choice() : nothing} ${this.#form()}`;
  }

  async #choose(name: string): Promise<void> {
    this.#problem = "";
    try {
      this.#incident = await get<Case>(at("/v1/incidents/", name), { reason: said.lookReason });
      this.doing.open = `assess:${name}`;
    } catch (error) {
      this.#incident = null;
      this.#problem = error instanceof Error ? error.message : String(error);
    }
    this.doing.changed();
  }

  #drawing(): TemplateResult {
    const shown = this.doing.open === DRAW;
    return html`<p><button class="open-form" data-form=${DRAW} aria-expanded=${shown} @click=${() => this.doing.toggle(DRAW)}>${said.drawSample}</button></p>
      ${shown ? this.#drawForm() : nothing}`;
  }

  #drawForm(): TemplateResult {
    const { force } = this.told;
    const day = today(force.time_zone);
    const boxes = (name: string, items: [string, string][]) =>
      items.map(([value, label]) => html`<label><input type="checkbox" name=${name} value=${value} /> ${label}</label>`);
    return html`<form class="inline" aria-label=${said.drawSample} @submit=${(event: SubmitEvent) => void this.#drawn(event)}>
      <label>${said.closedFrom} <input type="date" name="first" value=${dayAfter(day, 1 - DEFAULT_DAYS)} required /></label>
      <label>${said.closedTo} <input type="date" name="last" value=${day} required />${faultLines(this.doing, DRAW, "to")}</label>
      <label>${said.size} <input type="number" name="size" min="1" max="1000" value=${DEFAULT_SIZE} required />${faultLines(this.doing, DRAW, "size")}</label>
      <fieldset><legend>${said.tags}</legend>${boxes("tags", force.tags.map((each) => [each.tag, each.label]))}</fieldset>
      <fieldset><legend>${said.grades}</legend>${boxes("grades", force.grades.map((each) => [each.grade, each.label]))}</fieldset>
      ${this.doing.refusal(DRAW, ["to", "size"])}
      ${this.#buttons(DRAW, said.drawNow)}
    </form>`;
  }

  async #drawn(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const zone = this.told.force.time_zone;
    const { first, last } = typedDays(form);
    const body = {
      from: midnight(first, zone),
      to: midnight(dayAfter(last), zone),
      size: Number(form.get("size")),
      tags: form.getAll("tags"),
      grades: form.getAll("grades"),
    };
    const sample = await this.doing.act<Sample>(DRAW, "/v1/assessments/samples", body, said.drawLabel);
    if (sample === null) return;
    this.doing.say(said.drawnSaid(sample.incidents.length, sample.population));
    await this.watch.samples.now();
  }

  #samples(): TemplateResult {
    const samples = this.watch.samples.value ?? [];
    if (samples.length === 0) return html`<p class="none">${said.noSamples(SAMPLES_DAYS)}</p>`;
    return html`<ul class="samples" aria-label=${said.samples}>${samples.map((each) => html`<li>${this.#sample(each)}</li>`)}</ul>`;
  }

  #sample(sample: Sample): TemplateResult {
    const { told } = this;
    const of = [...sample.tags.map((each) => told.tag(each)), ...sample.grades.map((each) => told.grade(each))].join(", ");
    return html`<p>
        <strong>${said.sample(told.on(sample.drawn_at), sample.by)}</strong>
        ${said.drawnOf(sample.incidents.length, sample.population, told.on(sample.period_from), told.on(sample.period_to))}
        ${of === "" ? nothing : said.onlyOf(of)} ${said.assessedOf(sample.incidents.length - sample.outstanding.length, sample.incidents.length)}
      </p>
      ${sample.outstanding.length === 0
        ? nothing
        : html`<p class="buttons">${said.outstanding} ${sample.outstanding.map((name) => this.#assessButton(name))}</p>`}`;
  }

  #assessButton(name: string): TemplateResult {
    if (!session.may("assessed")) return html`<span>${name}</span>`;
    return html`<button class="small open-form" data-form=${`assess:${name}`} aria-label=${said.assessOne(name)} @click=${() => void this.#choose(name)}>${name}</button>`;
  }

  #choice(): TemplateResult {
    const submit = (event: SubmitEvent): void => {
      event.preventDefault();
      const name = textOf(new FormData(event.target as HTMLFormElement), "incident");
      if (name !== undefined) void this.#choose(name);
    };
    return html`<form class="one-line" @submit=${submit}>
      <label>${said.another} <input name="incident" required autocomplete="off" /></label> <button>${said.open}</button>
      ${this.#problem === "" ? nothing : html`<span class="bad" role="alert">${this.#problem}</span>`}
    </form>`;
  }

  #form(): TemplateResult | typeof nothing {
    const shown = this.#incident;
    if (shown === null || this.doing.open !== `assess:${shown.incident_id}`) return nothing;
    const name = `assess:${shown.incident_id}`;
    const { questions, answers, outcomes } = this.told.force.assessment;
    return html`<form class="inline assess" aria-label=${said.assessOne(shown.incident_id)} @submit=${(event: SubmitEvent) => void this.#assessed(event, shown)} @input=${(event: Event) => keep(event, shown.incident_id)}>
      <h4>${said.assessOne(shown.incident_id)}</h4>
      ${this.#facts(shown)}
      ${questions.map((each) => this.#choices(shown, `answers.${each.question}`, each.label, answers.map((answer) => [answer, said.answers[answer] ?? answer])))}
      ${this.#choices(shown, "outcome", said.outcome, outcomes.map((each) => [each.outcome, each.label]))}
      <label>${said.note} <textarea name="note" rows="2" .value=${live(drafts.get(own(shown.incident_id))?.["note"] ?? "")}></textarea>${faultLines(this.doing, name, "note")}</label>
      ${this.doing.refusal(name, ["outcome", "note", ...questions.map((each) => `answers.${each.question}`)])}
      ${this.#buttons(name, said.keep)}
    </form>`;
  }

  #choices(shown: Case, field: string, label: string, choices: [string, string][]): TemplateResult {
    const chosen = drafts.get(own(shown.incident_id))?.[field];
    return html`<fieldset>
      <legend>${label}</legend>
      ${choices.map(([value, text]) => html`<label><input type="radio" name=${field} value=${value} .checked=${live(chosen === value)} required /> ${text}</label>`)}
      ${faultLines(this.doing, `assess:${shown.incident_id}`, field)}
    </fieldset>`;
  }

  #facts(shown: Case): TemplateResult {
    const { told } = this;
    const tags = shown.tags.map((each) => told.tag(each)).join(", ");
    return html`<p>
        ${said.received(told.on(shown.received_at), told.grade(shown.grade))} ${[shown.type, tags, shown.address].filter(Boolean).join(" · ")}
        ${shown.outcome === null ? nothing : said.ended(shown.outcome)}
      </p>
      <ul>
        ${shown.assignments.map((each) => html`<li>
          ${said.went(each.callsign, told.at(each.assigned_at), each.at_scene_at === null ? null : told.at(each.at_scene_at))}
          ${each.suggested ? said.wasSuggested : said.notSuggested(each.reason === null ? null : told.reason(each.reason))}
        </li>`)}
      </ul>`;
  }

  async #assessed(event: SubmitEvent, shown: Case): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const questions = this.told.force.assessment.questions.map((each) => each.question);
    const answers = Object.fromEntries(questions.map((each) => [each, textOf(form, `answers.${each}`)]));
    const body = { answers, outcome: textOf(form, "outcome"), note: textOf(form, "note") };
    const path = at("/v1/incidents/", shown.incident_id, "/assessments");
    if ((await this.doing.act(`assess:${shown.incident_id}`, path, body, said.label(shown.incident_id))) === null) return;
    drafts.delete(own(shown.incident_id));
    this.doing.say(said.keptSaid(shown.incident_id));
    await Promise.all([this.watch.assessments.now(), this.watch.samples.now()]);
  }

  #buttons(name: string, label: string): TemplateResult {
    const { doing } = this;
    return html`<p class="buttons">
      <button class="primary" ?disabled=${doing.busy(name)}>${label}</button>
      <button type="button" ?disabled=${doing.busy(name)} @click=${() => doing.shut()}>${words.supervise.doing.leave}</button>
      ${doing.state(name)}
    </p>`;
  }
}

function keep(event: Event, incident: string): void {
  const field = event.target as HTMLInputElement;
  drafts.set(own(incident), { ...drafts.get(own(incident)), [field.name]: field.value });
}

/** Each judges for themselves: what one began is not shown to the next at the same place. */
function own(incident: string): string {
  return `${session.who?.name ?? ""} ${incident}`;
}
