/**
 * Sending a unit: the suggested one at a word, another with a reason, one that a rule speaks against with a confirmation too,
 * one that is bound elsewhere by the call that diverts it. What is refused says who was first, and shows the list as it is now.
 */
import { Changes } from "../changes.ts";
import type { Force } from "../force-types.ts";
import { at, Problem } from "../http.ts";
import { GivenUp, outbox } from "../outbox.ts";
import { timeOfDay } from "../time.ts";
import { words } from "../words.ts";
import type { Case, Line, Recommendation } from "./answers.ts";
import type { Chosen } from "./chosen.ts";
import { refusals } from "./refusals.ts";

/** What is told of the last thing that was sent. */
export interface Notice {
  kind: "sent" | "refused";
  text: string;
  more: string[];
}

/** Why a unit is sent all the same. */
export interface Why {
  reason: string;
  note: string;
  confirm: boolean;
}

interface Taken {
  callsign: string;
  incident_id: string;
  by: string | null;
  at: string | null;
}

export class Sender extends Changes {
  /** The unit for which a reason is asked. */
  asking: string | null = null;
  notice: Notice | null = null;
  /** Called when the list is another one, so that the focus goes to whom it suggests. */
  onNewList: () => void = () => undefined;
  #pending = new Map<string, string>();
  #closed = false;

  constructor(
    readonly chosen: Chosen,
    readonly rules: Force,
  ) {
    super();
  }

  close(): void {
    this.#closed = true;
  }

  /** How far the sending of a unit is; empty where it was not asked for. */
  stateOf(callsign: string): string {
    const path = this.#pending.get(callsign);
    if (path === undefined) return "";
    const waits = outbox.actions.some((each) => each.path === path && each.state === "waiting" && isOf(each.body, callsign));
    return waits ? words.incident.waits : words.incident.underWay;
  }

  /** Sends at once whoever is suggested or as soon for all that is known; for another it asks why. */
  async send(line: Line): Promise<void> {
    const answer = this.chosen.shown?.answer;
    if (answer === undefined || this.#pending.has(line.callsign)) return;
    if (line.eligible && isSuggested(answer, line.callsign)) return this.#act(line, {});
    this.asking = line.callsign;
    this.changed();
  }

  async sendWhy(line: Line, why: Why): Promise<void> {
    const note = why.note.trim();
    await this.#act(line, { reason: why.reason, ...(note === "" ? {} : { note }), ...(line.eligible ? {} : { confirm: why.confirm }) });
  }

  leave(): void {
    this.asking = null;
    this.changed();
  }

  /** Whether the unit was seen to be bound to another incident, which it would leave. */
  isDiversion(callsign: string): boolean {
    const bound = this.chosen.shown?.bound.get(callsign) ?? null;
    return bound !== null && bound !== this.chosen.id;
  }

  async #act(line: Line, more: object): Promise<void> {
    const { callsign } = line;
    const { id, shown } = this.chosen;
    const path = at("/v1/incidents/", id, this.isDiversion(callsign) ? "/diversions" : "/assignments");
    const label = words.incident.sending(callsign, id);
    this.asking = null;
    this.notice = null;
    this.#pending.set(callsign, path);
    this.changed();
    try {
      const known = await outbox.act<Case>(path, { callsign, recommendation: shown?.seq ?? null, ...more }, label);
      this.#pending.delete(callsign);
      await this.#sent(callsign, known);
    } catch (error) {
      this.#pending.delete(callsign);
      this.#refused(line, label, error);
    }
    this.changed();
  }

  async #sent(callsign: string, known: Case): Promise<void> {
    this.notice = { kind: "sent", text: words.incident.sent(callsign, this.chosen.id), more: [] };
    this.chosen.learn(known);
    this.changed();
    if (this.#closed) return;
    await this.chosen.ask("take");
    this.onNewList();
  }

  #refused(line: Line, label: string, error: unknown): void {
    if (error instanceof GivenUp) return;
    if (!(error instanceof Problem)) throw error;
    if (this.#closed) return refusals.tell(label, error.message);
    this.notice = this.#noticeOf(error);
    const fresh = error.body["recommendation"] as Recommendation | undefined;
    if (fresh !== undefined) this.chosen.replace(fresh);
    if (error.slug === "not-suggested" || error.slug === "not-eligible") this.asking = line.callsign;
    this.changed();
    if (fresh !== undefined && this.asking === null) this.onNewList();
  }

  #noticeOf(problem: Problem): Notice {
    if (problem.slug === "unit-taken") return { kind: "refused", text: this.#takenBy(problem.body["taken"] as Taken), more: [] };
    if (problem.slug === "stale-recommendation") {
      return { kind: "refused", text: words.incident.stale, more: (problem.body["changed"] as string[] | undefined) ?? [] };
    }
    return { kind: "refused", text: words.incident.refused(problem.message), more: problem.faults.map((each) => words.board.fault(each.field, each.accepted)) };
  }

  #takenBy(taken: Taken): string {
    const when = taken.at === null ? "" : timeOfDay(taken.at, this.rules.time_zone, true);
    return words.incident.taken({ ...taken, when, here: taken.incident_id === this.chosen.id });
  }
}

/** Whether a unit goes at a word. */
export function isSuggested(answer: Recommendation, callsign: string): boolean {
  return answer.suggested.includes(callsign) || answer.indistinguishable_from.includes(callsign);
}

function isOf(body: unknown, callsign: string): boolean {
  return (body as { callsign?: string } | null)?.callsign === callsign;
}
