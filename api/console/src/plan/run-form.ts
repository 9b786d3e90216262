/** What is to be run: its name, its policies, how often and with which chance, and which hours are to be played back. */
import { html, nothing, type TemplateResult } from "lit-html";
import type { Force } from "../force.ts";
import type { Fault } from "../http.ts";
import { momentAt } from "../time.ts";
import { words } from "../words.ts";
import { reason } from "./reason.ts";
import { policyText, startOf } from "./told.ts";
import type { Policy, Scenario } from "./types.ts";

const said = words.plan.form;
const SHOWN_H = 3;
const MS_PER_H = 3_600_000;
const FIELDS = ["called", "replications", "seed", "from", "to", "policies"] as const;
type Field = (typeof FIELDS)[number];

/** What was written into the form, as it is kept while the page is drawn anew. */
export class RunForm {
  called = "";
  replications: string;
  seed: string;
  policies: Policy[];
  shown = true;
  from = "";
  to = "";
  /** What the service said against a field. */
  faults = new Map<Field, Fault[]>();

  constructor(
    readonly scenario: Scenario,
    readonly force: Force,
  ) {
    this.replications = String(scenario.replications ?? "");
    this.seed = String(scenario.seed ?? "");
    this.policies = [...scenario.policies];
    const start = startOf(scenario, force);
    if (start === null) return;
    const hours = Math.min(SHOWN_H, scenario.hours ?? SHOWN_H);
    this.from = localOf(Date.parse(start), force.time_zone);
    this.to = localOf(Date.parse(start) + hours * MS_PER_H, force.time_zone);
  }

  /** The body as the service takes it; what is no number goes as it was written, so that the service says what is wrong. */
  body(): Record<string, unknown> {
    const { scenario, force } = this;
    const moment = (local: string): string => (local === "" ? "" : momentAt(local, force.time_zone));
    return {
      scenario: scenario.scenario,
      policies: this.policies,
      ...(this.called.trim() === "" ? {} : { called: this.called.trim() }),
      ...(this.replications === "" ? {} : { replications: numberOf(this.replications) }),
      ...(this.seed === "" ? {} : { seed: numberOf(this.seed) }),
      ...(this.shown ? { animate: { from: moment(this.from), to: moment(this.to) } } : {}),
    };
  }

  /** Puts faults to their fields, and returns those that are of none. */
  mark(faults: readonly Fault[]): Fault[] {
    this.faults.clear();
    return faults.filter((fault) => {
      const field = FIELDS.find((each) => fault.source === "body" && (fault.field === each || fault.field === `animate.${each}` || fault.where.startsWith(each) || (each === "from" && fault.field === "animate")));
      if (field === undefined) return true;
      this.faults.set(field, [...(this.faults.get(field) ?? []), fault]);
      return false;
    });
  }

  template(redraw: () => void): TemplateResult {
    return html`${this.#text("called", said.called)}
      <fieldset>
        <legend>${said.policies}</legend>
        ${this.scenario.policies.map((policy) => this.#policy(policy))} ${this.#told("policies")}
      </fieldset>
      <div class="plan-fields">${this.#text("replications", said.replications, true)} ${this.#text("seed", said.seed, true)}</div>
      <p class="faint">${said.chance}</p>
      <fieldset>
        <legend>${said.shift}</legend>
        <label><input type="checkbox" .checked=${this.shown} @change=${(event: Event) => this.#show(event, redraw)} /> ${said.shown}</label>
        ${this.shown ? html`<div class="plan-fields">${this.#moment("from")} ${this.#moment("to")}</div><p class="faint">${said.zone(this.force.time_zone)}</p>` : nothing}
      </fieldset>
      ${this.scenario.past_incidents === true ? reason.field() : nothing}`;
  }

  #show(event: Event, redraw: () => void): void {
    this.shown = (event.target as HTMLInputElement).checked;
    redraw();
  }

  #policy(policy: Policy): TemplateResult {
    const choose = (event: Event): void => {
      const wanted = new Set(this.policies);
      if ((event.target as HTMLInputElement).checked) wanted.add(policy);
      else wanted.delete(policy);
      // As the scenario has them: the first is what the others are held against.
      this.policies = this.scenario.policies.filter((each) => wanted.has(each));
    };
    return html`<label><input type="checkbox" .checked=${this.policies.includes(policy)} @change=${choose} /> ${policyText(policy)}</label>`;
  }

  #text(field: "called" | "replications" | "seed", label: string, number = false): TemplateResult {
    const write = (event: Event): void => void (this[field] = (event.target as HTMLInputElement).value.trim());
    return html`<label>${label}
      <input name=${field} inputmode=${number ? "numeric" : "text"} autocomplete="off" maxlength="200" aria-invalid=${this.#invalid(field)} aria-describedby=${this.#describedBy(field)} .value=${this[field]} @change=${write} />
      ${this.#told(field)}
    </label>`;
  }

  #moment(field: "from" | "to"): TemplateResult {
    const write = (event: Event): void => void (this[field] = (event.target as HTMLInputElement).value);
    return html`<label>${said[field]}
      <input type="datetime-local" name=${field} max="9999-12-31T23:59" aria-invalid=${this.#invalid(field)} aria-describedby=${this.#describedBy(field)} .value=${this[field]} @change=${write} />
      ${this.#told(field)}
    </label>`;
  }

  #invalid(field: Field): "true" | "false" {
    return this.faults.has(field) ? "true" : "false";
  }

  #describedBy(field: Field): string | typeof nothing {
    return this.faults.has(field) ? `form-${field}-fault` : nothing;
  }

  #told(field: Field): TemplateResult | typeof nothing {
    const faults = this.faults.get(field) ?? [];
    return faults.length === 0 ? nothing : html`<span class="cell-fault" id=${`form-${field}-fault`}>${faults.map((fault) => words.plan.table.fault(fault.accepted, fault.hint)).join(" ")}</span>`;
  }
}

function numberOf(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** A moment as a field for local times has it. */
export function localOf(moment_ms: number, zone: string): string {
  return new Date(moment_ms).toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T").slice(0, 16);
}
