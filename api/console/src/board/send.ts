/**
 * Sending a unit: the suggested one at a word, another with a reason, one that a rule speaks against with a confirmation too,
 * one that is bound elsewhere by the call that diverts it. What is refused says who was first, and shows the list as it is now.
 */
import { Changes } from "../changes.ts";
import type { Force } from "../force-types.ts";
import { at, Problem } from "../http.ts";
import { GivenUp, outbox } from "../outbox.ts";
import { session } from "../session.ts";
import { timeOfDay } from "../time.ts";
import { words } from "../words.ts";
import { boundTo, type Case, type Line, type Recommendation, type Sent } from "./answers.ts";
import type { Chosen } from "./chosen.ts";
import { pendingAt, sends } from "./pending.ts";

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

  /** How far the sending of a unit is, also where it was asked for before the incident was left; empty where it was not. */
  stateOf(callsign: string): string {
    const paths = ["/assignments", "/diversions"].map((call) => at("/v1/incidents/", this.chosen.id, call));
    const pending = pendingAt(paths, sends(callsign));
    if (pending === undefined) return "";
    return pending.state === "sending" ? words.incident.underWay : words.incident.waits;
  }

  /** Sends at once whoever is suggested or as soon for all that is known; for another it asks why. */
  async send(line: Line): Promise<void> {
    const answer = this.chosen.shown?.answer;
    const { known } = this.chosen;
    if (answer === undefined || this.stateOf(line.callsign) !== "") return;
    // That it was sent may be known before the list is a new one.
    const here = known === null ? undefined : boundTo(known).find((each) => each.callsign === line.callsign);
    if (here !== undefined) return this.#isHere(here);
    if (line.eligible && isSuggested(answer, line.callsign)) return this.#act(line, {});
    this.asking = line.callsign;
    this.changed();
  }

  /** Somebody was faster; whoever presses twice is told already. */
  async #isHere({ callsign, by, assigned_at }: Sent): Promise<void> {
    if (by === session.who?.name) return;
    this.notice = { kind: "refused", text: this.#takenBy({ callsign, incident_id: this.chosen.id, by, at: assigned_at }) + words.incident.newList, more: [] };
    this.changed();
    await this.chosen.ask("take");
    if (!this.#closed) this.onNewList();
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
    this.changed();
    try {
      const known = await outbox.act<Case>(path, { callsign, recommendation: shown?.seq ?? null, ...more }, label);
      await this.#sent(callsign, known);
    } catch (error) {
      this.#refused(line, error);
    }
    this.changed();
  }

  async #sent(callsign: string, known: Case): Promise<void> {
    this.notice = { kind: "sent", text: words.incident.sent(callsign, this.chosen.id), more: [] };
    this.chosen.learn(known);
    this.changed();
    if (this.#closed) return;
    // Whoever gives a reason by now still needs the list that it is given for.
    await this.chosen.ask(this.asking === null ? "take" : "hold");
    this.onNewList();
  }

  #refused(line: Line, error: unknown): void {
    if (error instanceof GivenUp) return;
    if (!(error instanceof Problem)) throw error;
    // Where the incident was left, the refusal stays in the list of actions.
    if (this.#closed) return;
    this.notice = this.#noticeOf(error);
    outbox.seen(error);
    const fresh = error.body["recommendation"] as Recommendation | undefined;
    // The list in which a reason is being given for another stays as it is.
    if (fresh !== undefined && this.asking !== null) void this.chosen.ask("hold");
    if (fresh !== undefined && this.asking === null) this.chosen.replace(fresh);
    if (this.asking === null && (error.slug === "not-suggested" || error.slug === "not-eligible")) this.asking = line.callsign;
    this.changed();
    if (fresh !== undefined && this.asking === null) this.onNewList();
  }

  #noticeOf(problem: Problem): Notice {
    const after = this.asking === null ? words.incident.newList : "";
    if (problem.slug === "unit-taken") return { kind: "refused", text: this.#takenBy(problem.body["taken"] as Taken) + after, more: [] };
    if (problem.slug === "stale-recommendation") {
      return { kind: "refused", text: words.incident.stale + after, more: (problem.body["changed"] as string[] | undefined) ?? [] };
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
