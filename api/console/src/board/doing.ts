/** What is done about the chosen incident: the steps of the units sent to it, and a small menu for the incident itself. */
import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { Force } from "../force-types.ts";
import { at, Problem } from "../http.ts";
import type { Binding } from "../keys.ts";
import { GivenUp, outbox } from "../outbox.ts";
import { timeOfDay } from "../time.ts";
import { words } from "../words.ts";
import { boundTo, type Case, type Sent, type Step } from "./answers.ts";
import type { Chosen } from "./chosen.ts";
import { labelled } from "./figures.ts";
import { FORMS, type FormName } from "./forms.ts";
import { pendingAt } from "./pending.ts";

/** The last part of the address of each step. */
const STEPS: Partial<Record<Step, string>> = { en_route: "en-route", at_scene: "at-scene", clear: "clear", stood_down: "stand-down" };
const STEP_KEYS: Partial<Record<Step, string>> = { en_route: "e", at_scene: "a", clear: "c", stood_down: "d" };

export interface DoingChoice {
  redraw(): void;
  onIncident(incident_id: string): void;
}

export class Doing {
  #form: FormName | null = null;
  #told = "";

  constructor(
    readonly chosen: Chosen,
    readonly rules: Force,
    readonly choice: DoingChoice,
  ) {}

  /** The units that were sent, with the steps that may follow. */
  sent(): TemplateResult | typeof nothing {
    const sent = (this.chosen.known?.assignments ?? []) as Sent[];
    if (sent.length === 0) return nothing;
    return html`<section aria-labelledby="sent-units">
      <h3 id="sent-units">${words.incident.sentUnits}</h3>
      <ul class="sent">
        ${repeat(sent, (each) => `${each.callsign} ${each.assigned_at}`, (each) => this.#sentUnit(each))}
      </ul>
    </section>`;
  }

  menu(): TemplateResult | typeof nothing {
    if (!this.chosen.isOpen) return nothing;
    const names = Object.keys(FORMS) as FormName[];
    return html`<section class="doing" aria-labelledby="doing">
      <h3 id="doing">${words.incident.doing}</h3>
      <div class="buttons">
        ${names.map((name) => html`<button data-form=${name} aria-expanded=${this.#form === name} aria-keyshortcuts=${FORMS[name].key} @click=${() => this.open(name)}>${words.incident.forms[name]} <kbd>${FORMS[name].key}</kbd></button>`)}
      </div>
      ${this.#form === null ? nothing : this.#formOf(this.#form)}
      <p class=${this.#told === "" ? "" : "bad"} role="alert">${this.#told}</p>
    </section>`;
  }

  open(name: FormName): void {
    this.#form = this.#form === name ? null : name;
    this.#told = "";
    this.choice.redraw();
  }

  bindings(): Binding[] {
    const forms = (Object.keys(FORMS) as FormName[]).map((name) => ({
      id: `incident.${name}`,
      key: FORMS[name].key,
      label: words.incident.forms[name],
      within: "#incident",
      run: () => this.chosen.isOpen && this.open(name),
    }));
    const steps = (Object.keys(STEPS) as Step[]).map((step) => ({
      id: `sent.${step}`,
      key: STEP_KEYS[step]!,
      label: words.incident.steps[step],
      within: ".sent",
      run: () => document.activeElement?.closest("li")?.querySelector<HTMLButtonElement>(`[data-step=${step}]`)?.click(),
    }));
    return [...forms, ...steps, { id: "form.leave", key: "Escape", label: words.incident.leave, within: ".doing-form", run: () => this.#leave() }];
  }

  #sentUnit(sent: Sent): TemplateResult {
    const time = (moment: string): string => timeOfDay(moment, this.rules.time_zone, true);
    const times = [
      words.incident.sentBy(time(sent.assigned_at), sent.by),
      sent.en_route_at === null ? "" : words.incident.stepAt(words.incident.stepNames.en_route, time(sent.en_route_at)),
      sent.at_scene_at === null ? "" : words.incident.stepAt(words.incident.stepNames.at_scene, time(sent.at_scene_at)),
      sent.ended_at === null ? "" : words.incident.stepAt(words.incident.stepNames[sent.step], time(sent.ended_at)),
      sent.reason === null ? "" : words.incident.because(labelled(this.rules.override_reasons, "reason", sent.reason), sent.note ?? ""),
    ].filter((each) => each !== "");
    const bound = boundTo(this.chosen.known!).includes(sent);
    return html`<li class=${bound ? "" : "faint"}>
      <span><strong>${sent.callsign}</strong> ${words.incident.stepNames[sent.step]}</span>
      <span class="more">${times.join(words.board.dot)}</span>
      ${bound ? html`<span class="buttons">${this.#next(sent)}</span>` : nothing}
    </li>`;
  }

  #next(sent: Sent): TemplateResult[] {
    const then = (this.rules.steps.find((each) => each.step === sent.step)?.then ?? []) as Step[];
    return then
      .filter((step) => step in STEPS)
      .map((step) => html`<button data-step=${step} aria-disabled=${pendingAt([this.#pathOf(sent, step)]) !== undefined} aria-label=${words.incident.stepOf(sent.callsign, words.incident.steps[step])} @click=${() => void this.#step(sent, step)}>${words.incident.steps[step]} <kbd>${STEP_KEYS[step]}</kbd></button>`);
  }

  #pathOf(sent: Sent, step: Step): string {
    return at("/v1/incidents/", this.chosen.id, "/assignments/", sent.callsign, `/${STEPS[step]}`);
  }

  async #step(sent: Sent, step: Step): Promise<void> {
    await this.#act<Case>(this.#pathOf(sent, step), {}, words.incident.stepOf(sent.callsign, words.incident.steps[step]), (known) => this.chosen.learn(known));
  }

  #formOf(name: FormName): TemplateResult {
    const form = FORMS[name];
    const submit = (event: SubmitEvent): void => {
      event.preventDefault();
      void this.#send(name, event.target as HTMLFormElement);
    };
    const pending = pendingAt([this.#pathOfForm(name)]);
    return html`<form class="doing-form" aria-label=${words.incident.forms[name]} @submit=${submit}>
      ${form.fields(this.chosen.known!, this.rules)}
      <p role="status">${pending === undefined ? "" : pending.state === "sending" ? words.incident.underWay : words.incident.waits}</p>
      <div class="buttons">
        <button class="primary">${words.incident.forms[name]}</button>
        <button type="button" @click=${() => this.#leave()}>${words.incident.leave} <kbd>${words.incident.escape}</kbd></button>
      </div>
    </form>`;
  }

  #pathOfForm(name: FormName): string {
    return at("/v1/incidents/", this.chosen.id, `/${name}`);
  }

  async #send(name: FormName, form: HTMLFormElement): Promise<void> {
    let typedOn = false;
    form.addEventListener("input", () => (typedOn = true), { once: true });
    const body = FORMS[name].read(new FormData(form), this.chosen.known!);
    const label = words.incident.doingTo(words.incident.forms[name], this.chosen.id);
    await this.#act<Case>(this.#pathOfForm(name), body, label, (known) => {
      if (this.chosen.closed) return;
      // Another form that was opened meanwhile stays, and so does one in which more was typed.
      if (form.isConnected && !typedOn) this.#leave();
      if (name === "link") this.choice.onIncident(known.incident_id);
      else if (name === "regrade" || name === "amend") this.chosen.learn(known);
      else void this.chosen.load();
    });
  }

  async #act<Told>(path: string, body: object, label: string, done: (told: Told) => void): Promise<void> {
    const same = JSON.stringify(body);
    if (pendingAt([path], (each) => JSON.stringify(each) === same) !== undefined) return;
    this.#told = "";
    try {
      done(await outbox.act<Told>(path, body, label));
    } catch (error) {
      if (error instanceof GivenUp) return;
      if (!(error instanceof Problem)) throw error;
      const faults = error.faults.map((each) => words.board.fault(each.field, each.accepted));
      const why = [error.message, ...faults].join(words.board.dot);
      // Where the incident was left, it stays in the list of actions.
      if (this.chosen.closed) return;
      this.#told = words.board.refused(label, why);
      outbox.seen(error);
    }
    this.choice.redraw();
  }

  #leave(): void {
    const name = this.#form;
    const active = document.activeElement;
    const here = active === null || active === document.body || active.closest(".doing-form") !== null;
    this.#form = null;
    this.choice.redraw();
    if (here) document.querySelector<HTMLElement>(`[data-form=${name}]`)?.focus();
  }
}
