/**
 * The plan for the queue: a proposal for all incidents that wait, accepted line by line.
 *
 * It was made at a moment; what has happened since is told, a line that no longer holds cannot be accepted, and there is no
 * way to accept all of them at once.
 */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { keyed } from "lit-html/directives/keyed.js";
import { repeat } from "lit-html/directives/repeat.js";
import { force, type Force } from "../force.ts";
import { get } from "../http.ts";
import { keys } from "../keys.ts";
import { picture, type Happening } from "../picture.ts";
import { clock, timeOfDay } from "../time.ts";
import { words } from "../words.ts";
import { labelled, readable, runs } from "./figures.ts";
import { saidOf } from "./news.ts";
import { Proposal } from "./proposal.ts";
import { reasonForm } from "./proposal-reason.ts";

export interface PlanChoice {
  /** Asked to show an incident, such as to look at a line closer. */
  onIncident(incident_id: string): void;
  /** Asked to take the plan away. */
  onLeft(): void;
}

interface Queued {
  incident_id: string;
  grade: string;
  outcome: "met" | "partly_met" | "waiting";
  target: { target_s: number | null; due_at: string | null };
  sent: { callsign: string; time_s: number; leaves: { incident_id: string | null } | null }[];
  late_s: number | null;
  units_short: number;
  people_short: number;
  unmet: string[];
  reason: { text: string } | null;
}

interface Relief {
  incident_id: string;
  grade: string;
  relieved: string;
  callsign: string;
  time_s: number;
  gain_s: number;
}

interface Plan {
  now: string;
  queue: Queued[];
  reliefs: Relief[];
}

const MOST_NEWS = 6;

/** Opens the plan inside an element. */
export async function openPlan(place: HTMLElement, choice: PlanChoice): Promise<{ close(): void }> {
  const panel = new Panel(place, choice, await force());
  await panel.make();
  return panel;
}

class Panel {
  #plan: Plan | null = null;
  #proposals = new Map<string, Proposal>();
  #news: string[] = [];
  #failure = "";
  #making = false;
  #made = 0;
  #closed = false;
  readonly #ends: (() => void)[];

  constructor(
    readonly place: HTMLElement,
    readonly choice: PlanChoice,
    readonly rules: Force,
  ) {
    picture.onHappening.add(this.#happened);
    const timer = setInterval(() => this.#draw(), 1000);
    this.#ends = [this.#bind(), picture.listen(() => this.#draw()), () => clearInterval(timer), () => picture.onHappening.delete(this.#happened)];
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#ends) end();
    this.#leaveProposals();
  }

  /** Asks for a new plan; what was accepted of the old one stands as it is. */
  async make(): Promise<void> {
    if (this.#making) return;
    this.#making = true;
    const from = document.activeElement;
    this.#draw();
    try {
      this.#plan = await get<Plan>("/v1/queue/plan");
      this.#failure = "";
      this.#news = [];
      this.#made += 1;
      this.#leaveProposals();
      this.#proposals = this.#proposed(this.#plan);
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
    this.#making = false;
    this.#draw();
    // Whoever has gone on to something else meanwhile is not called back.
    if (!this.#closed && (document.activeElement === from || document.activeElement === document.body)) this.#focus();
  }

  /** What comes of those that are being sent is told in the list of actions from now on. */
  #leaveProposals(): void {
    for (const each of this.#proposals.values()) each.close();
  }

  #proposed({ queue, reliefs }: Plan): Map<string, Proposal> {
    const sent = queue.flatMap((each) => each.sent.map((unit) => new Proposal(each.incident_id, unit.callsign, unit.leaves?.incident_id ?? null, null)));
    const made = [...sent, ...reliefs.map((each) => new Proposal(each.incident_id, each.callsign, null, each.relieved))];
    for (const each of made) each.listen(() => this.#draw());
    return new Map(made.map((each) => [each.key, each]));
  }

  #bind(): () => void {
    const within = ".queue-plan";
    const { queue } = words;
    const look = (): void => {
      const id = document.activeElement?.closest<HTMLElement>("[data-incident]")?.dataset["incident"];
      if (id !== undefined) this.choice.onIncident(id);
    };
    return keys.bind([
      { id: "queue.next", key: "ArrowDown", label: queue.next, within, run: (event) => this.#move(event, 1) },
      { id: "queue.previous", key: "ArrowUp", label: queue.previous, within, run: (event) => this.#move(event, -1) },
      { id: "queue.look", key: "o", label: queue.look, within, run: look },
      { id: "queue.again", key: "g", label: queue.again, within, run: () => void this.make() },
      { id: "queue.leave", key: "Escape", label: queue.leave, within, run: () => this.choice.onLeft() },
    ]);
  }

  #happened = (told: Happening): void => {
    const said = saidOf(told);
    if (said === "") return;
    this.#news = [...this.#news, `${timeOfDay(told.at, this.rules.time_zone, true)} ${said}`].slice(-MOST_NEWS);
    this.#draw();
  };

  /** From line to line, by the first button of each. */
  #move(event: KeyboardEvent, by: 1 | -1): void {
    if ((event.target as HTMLElement).matches("select, input")) return;
    const lines = [...this.place.querySelectorAll<HTMLElement>("[data-line]")];
    const at = lines.findIndex((each) => each.contains(document.activeElement));
    lines[Math.min(Math.max(at + by, 0), lines.length - 1)]?.querySelector("button")?.focus();
  }

  #focus(): void {
    const first = this.place.querySelector<HTMLElement>("[data-line] button") ?? this.place.querySelector<HTMLElement>("button");
    first?.focus();
  }

  #draw(): void {
    if (this.#closed) return;
    const { queue } = words;
    const line = document.activeElement?.closest<HTMLElement>("[data-line]");
    render(
      html`<div class="queue-plan">
        <h2 id="plan-title">${queue.title}</h2>
        <p>${queue.intro}</p>
        <div class="in-row buttons">
          <button @click=${() => void this.make()}>${queue.again} <kbd>${queue.againKey}</kbd></button>
          <button @click=${() => this.choice.onLeft()}>${queue.leave}</button>
        </div>
        <p role="status">${this.#making ? queue.making : ""}</p>
        <p role="alert" class=${this.#failure === "" ? "" : "bad"}>${this.#failure === "" ? "" : queue.failed(this.#failure)}</p>
        ${this.#plan === null ? nothing : keyed(this.#made, this.#shown(this.#plan))}
      </div>`,
      this.place,
    );
    // A form that went away has taken the focus with it.
    if (line && document.activeElement === document.body) line.querySelector("button")?.focus();
  }

  #shown(plan: Plan): TemplateResult {
    const { queue } = words;
    return html`
      <p class="faint">${queue.madeAt(timeOfDay(plan.now, this.rules.time_zone, true))}</p>
      ${this.#since()}
      ${plan.queue.length === 0 ? html`<p>${queue.empty}</p>` : nothing}
      <ul class="plan-lines">
        ${repeat(plan.queue, (each) => each.incident_id, (each) => this.#incident(each))}
      </ul>
      ${plan.reliefs.length === 0 ? nothing : html`<h3>${queue.reliefs}</h3>`}
      <ul class="plan-lines">
        ${repeat(plan.reliefs, (each) => each.incident_id + each.callsign, (each) => this.#relief(each))}
      </ul>
    `;
  }

  #since(): TemplateResult | typeof nothing {
    if (this.#news.length === 0) return nothing;
    return html`<section class="warn since" aria-labelledby="plan-since">
      <h3 id="plan-since">${words.queue.since}</h3>
      <ul>
        ${this.#news.map((each) => html`<li>${each}</li>`)}
      </ul>
    </section>`;
  }

  #incident(queued: Queued): TemplateResult {
    const { queue } = words;
    const incident = picture.incidents.get(queued.incident_id);
    const short = [queued.units_short > 0 ? queue.short(queued.units_short) : "", queued.people_short > 0 ? queue.peopleShort(queued.people_short) : "", ...queued.unmet.map((each) => readable(each, this.rules))];
    return html`<li data-incident=${queued.incident_id} ?data-line=${queued.sent.length === 0}>
      <h3>${queue.incident(queued.incident_id, labelled(this.rules.grades, "grade", queued.grade), incident?.type ?? "", incident?.address ?? "")}</h3>
      <p>${this.#lateness(queued)}</p>
      ${queued.sent.length > 0 ? html`<ul>${repeat(queued.sent, (unit) => unit.callsign, (unit) => this.#unit(queued, unit))}</ul>` : nothing}
      ${queued.reason === null ? nothing : html`<p class="warn">${queue.waits(readable(queued.reason.text, this.rules))}</p>`}
      ${short.some(Boolean) ? html`<p class="warn">${short.filter(Boolean).join(queue.and)}</p>` : nothing}
      ${queued.sent.length === 0 ? this.#lookButton(queued.incident_id) : nothing}
    </li>`;
  }

  #lateness({ late_s, sent }: Queued): string {
    const { queue } = words;
    if (sent.length === 0) return queue.nobody;
    if (late_s === null) return queue.lateUnknown;
    return late_s > 0 ? queue.late(clock(late_s)) : queue.onTime;
  }

  #unit(queued: Queued, unit: Queued["sent"][number]): TemplateResult | typeof nothing {
    const { queue } = words;
    const leaves = unit.leaves === null ? "" : queue.leaves(unit.leaves.incident_id ?? queue.unknownIncident);
    return this.#line(queued.incident_id, unit.callsign, queue.unit(unit.callsign, runs(unit.time_s)), leaves);
  }

  #relief(relief: Relief): TemplateResult | typeof nothing {
    const { queue } = words;
    const text = queue.relief(relief.callsign, relief.relieved, relief.incident_id, runs(relief.time_s), runs(relief.gain_s));
    return this.#line(relief.incident_id, relief.callsign, text, "");
  }

  #line(incident_id: string, callsign: string, text: string, more: string): TemplateResult | typeof nothing {
    const { queue } = words;
    const proposal = [...this.#proposals.values()].find((each) => each.incident_id === incident_id && each.callsign === callsign);
    if (proposal === undefined) return nothing;
    const gone = proposal.gone();
    return html`<li data-line data-incident=${incident_id}>
      <div class="in-row">
        <span>${text}</span>
        ${more === "" ? nothing : html`<span class="warn">${more}</span>`}
        <button class="primary" aria-label=${queue.acceptThis(callsign, incident_id)} aria-disabled=${gone !== "" || proposal.isBusy} @click=${() => void proposal.accept()}>
          ${queue.accept}
        </button>
        ${this.#lookButton(incident_id)}
      </div>
      <p role="status" class=${proposal.kind}>${this.#said(proposal, gone)}</p>
      ${proposal.asking === null || gone !== "" ? nothing : reasonForm(proposal, this.rules)}
    </li>`;
  }

  #said({ kind, said }: Proposal, gone: string): string {
    if (kind === "sent") return said;
    return kind === "bad" ? [gone, said].filter(Boolean).join(" ") : gone || said;
  }

  #lookButton(incident_id: string): TemplateResult {
    return html`<button aria-label=${words.queue.lookAt(incident_id)} @click=${() => this.choice.onIncident(incident_id)}>${words.queue.look}</button>`;
  }
}
