/** What is being done on the page: which form is open, what is on its way, and what was refused. */
import { html, nothing, type TemplateResult } from "lit-html";
import { Changes } from "../changes.ts";
import { Problem, Unreachable, type Fault } from "../http.ts";
import { outbox } from "../outbox.ts";
import { words } from "../words.ts";

const said = words.supervise.doing;

export class Doing extends Changes {
  /** The form that is open, such as `review:R-33`. */
  open: string | null = null;
  /** What was said last, for those who hear the page. */
  said = "";
  #busy = new Set<string>();
  #refused = new Map<string, Problem>();

  /** Opens a form, or closes it where it is open; the focus goes to its first field. */
  toggle(name: string): void {
    this.open = this.open === name ? null : name;
    this.#refused.clear();
    this.changed();
  }

  shut(): void {
    this.open = null;
    this.#refused.clear();
    this.changed();
  }

  busy(name: string): boolean {
    return this.#busy.has(name);
  }

  say(text: string): void {
    this.said = text;
    this.changed();
  }

  /**
   * Sends what a form says; null where it was refused, which then stands in the form, or with the actions where that is left.
   *
   * Where there is no connection it is kept and the form waits; after a reload of the page the outbox alone shows it.
   */
  async act<T>(name: string, path: string, body: unknown, label: string): Promise<T | null> {
    this.#busy.add(name);
    this.#refused.delete(name);
    this.changed();
    try {
      const answer = await outbox.act<T>(path, body, label);
      if (this.open === name) this.open = null;
      return answer;
    } catch (error) {
      if (error instanceof Problem) this.#refused.set(name, error);
      else if (!(error instanceof Unreachable)) throw error;
      return null;
    } finally {
      this.#busy.delete(name);
      this.changed();
    }
  }

  /** What the service says of a field of a form: `answers.in_time` is a field of its own. */
  faults(name: string, field: string): Fault[] {
    return (this.#refused.get(name)?.faults ?? []).filter((each) => each.field === field);
  }

  /** What was refused, without what stands at the form's fields. */
  refusal(name: string, fields: readonly string[]): TemplateResult | typeof nothing {
    const problem = this.#refused.get(name);
    if (problem === undefined) return nothing;
    // Only a form that is drawn shows it: one that was left, or whose row is gone, leaves it with the actions.
    outbox.seen(problem);
    const others = problem.faults.filter((each) => !fields.includes(each.field));
    if (problem.faults.length > 0 && others.length === 0) return html`<p class="bad" role="alert">${said.seeFields}</p>`;
    const lines = others.map((each) => html`<li>${said.fault(each.field, each.accepted)}</li>`);
    return html`<div class="bad" role="alert"><p>${problem.message}</p>${lines.length > 0 ? html`<ul>${lines}</ul>` : nothing}</div>`;
  }

  /** That a form is on its way, or waits for the connection. */
  state(name: string): TemplateResult | typeof nothing {
    return this.busy(name) ? html`<span class="faint">${said.kept}</span>` : nothing;
  }
}

/** The faults of a field, under it. */
export function faultLines(doing: Doing, name: string, field: string): TemplateResult | typeof nothing {
  const faults = doing.faults(name, field);
  if (faults.length === 0) return nothing;
  return html`<span class="bad">${faults.map((each) => said.accepted(each.value, each.accepted)).join(" ")}</span>`;
}

/** What a form's field holds, without the blanks around it; undefined where that is nothing. */
export function textOf(form: FormData, name: string): string | undefined {
  const text = String(form.get(name) ?? "").trim();
  return text === "" ? undefined : text;
}
