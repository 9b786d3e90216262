/**
 * One line of the plan: a unit for an incident. It is accepted as it would be chosen in the incident itself: with a
 * recommendation of this moment, and with a reason where that suggests another.
 */
import { Changes } from "../changes.ts";
import { at, newKey, Problem, send } from "../http.ts";
import { GivenUp, outbox } from "../outbox.ts";
import { picture } from "../picture.ts";
import { words } from "../words.ts";
import type { Line, Recommendation } from "./answers.ts";
import { pendingAt, sends } from "./pending.ts";
import { isSuggested } from "./send.ts";

/** What has to be decided about a line before it is sent. */
export interface Asking {
  seq: number;
  answer: Recommendation;
  line: Line;
}

export interface Why {
  reason: string;
  note: string;
  confirm: boolean;
}

export class Proposal extends Changes {
  kind: "" | "busy" | "sent" | "bad" = "";
  said = "";
  asking: Asking | null = null;
  #closed = false;

  constructor(
    readonly incident_id: string,
    readonly callsign: string,
    /** The incident that the unit leaves for it. */
    readonly leaves: string | null,
    /** The unit that is on its way and is called off for this one. */
    readonly relieved: string | null,
  ) {
    super();
  }

  get key(): string {
    return JSON.stringify([this.incident_id, this.callsign]);
  }

  /** Whether it is being sent or was, also where that was asked for from an earlier plan. */
  get isBusy(): boolean {
    const paths = ["/assignments", "/diversions"].map((call) => at("/v1/incidents/", this.incident_id, call));
    return this.kind === "busy" || this.kind === "sent" || pendingAt(paths, sends(this.callsign)) !== undefined;
  }

  /** Nobody sees it from now on. */
  close(): void {
    this.#closed = true;
  }

  /** Why the line no longer holds by what is known now; empty where it does. */
  gone(): string {
    const { queue } = words;
    const unit = picture.units.get(this.callsign);
    if (!picture.incidents.has(this.incident_id)) return queue.notOpen(this.incident_id);
    if (unit === undefined) return queue.offDuty(this.callsign);
    if (unit.incident_id === this.incident_id) return queue.sentAlready(this.callsign, this.incident_id);
    if (unit.incident_id !== null && unit.incident_id !== this.leaves) return queue.taken(this.callsign, unit.incident_id);
    if (this.relieved !== null && picture.units.get(this.relieved)?.incident_id !== this.incident_id) return queue.notOnItsWay(this.relieved);
    return "";
  }

  /** Looks who is suggested now, and sends the unit if it is; else asks for the reason. */
  async accept(): Promise<void> {
    if (this.isBusy || this.gone() !== "") return;
    this.#is("busy", words.queue.looking);
    try {
      const response = await send("POST", at("/v1/incidents/", this.incident_id, "/recommendations"), { body: {}, key: newKey() });
      const seq = Number(response.headers.get("Location")?.split("/").pop());
      await this.#decide(seq, (await response.json()) as Recommendation);
    } catch (error) {
      this.#is("bad", words.queue.refused(error instanceof Error ? error.message : String(error)));
    }
  }

  async #decide(seq: number, answer: Recommendation): Promise<void> {
    const line = answer.ledger.find((each) => each.callsign === this.callsign);
    if (line === undefined) return this.#is("bad", words.queue.offDuty(this.callsign));
    if (this.gone() !== "") return this.#is("", "");
    if (line.eligible && isSuggested(answer, this.callsign)) return this.#send(seq, {});
    this.asking = { seq, answer, line };
    this.#is("", "");
  }

  async sendWhy({ reason, note, confirm }: Why): Promise<void> {
    if (this.asking === null) return;
    const { seq, line } = this.asking;
    this.asking = null;
    // Somebody may have bound it while the reason was given.
    if (this.gone() !== "") return this.#is("", "");
    await this.#send(seq, { reason, ...(note.trim() === "" ? {} : { note: note.trim() }), ...(line.eligible ? {} : { confirm }) });
  }

  leave(): void {
    this.asking = null;
    this.#is("", "");
  }

  async #send(recommendation: number, more: object): Promise<void> {
    const { queue, commands } = words;
    const bound = picture.units.get(this.callsign)?.incident_id ?? null;
    // From no other incident than the one that the line names.
    const leaves = bound !== null && bound === this.leaves;
    const sending = {
      path: at("/v1/incidents/", this.incident_id, leaves ? "/diversions" : "/assignments"),
      body: { callsign: this.callsign, recommendation, ...more },
      label: commands.sending(this.callsign, this.incident_id),
    };
    this.#is("busy", queue.sending);
    const [sent, calledOff] = this.relieved === null ? [outbox.act(sending.path, sending.body, sending.label), null] : outbox.both(sending, this.#callingOff(this.relieved));
    // Where the first is not done, nobody waits for the second.
    calledOff?.catch(() => undefined);
    try {
      await sent;
    } catch (error) {
      if (!this.#closed) outbox.seen(error);
      // Whether it was sent before it was given up stands in the list of actions.
      if (error instanceof GivenUp) return this.#is("bad", error.message);
      if (error instanceof Problem && error.slug === "stale-recommendation") return this.#is("bad", queue.stale(error.message));
      return this.#is("bad", queue.refused(error instanceof Error ? error.message : String(error)));
    }
    if (calledOff === null || (await this.#relieved(calledOff))) this.#is("sent", queue.sentAlready(this.callsign, this.incident_id));
  }

  /** The other one is called off only once this one is on its way: the incident is never left with nobody. */
  #callingOff(relieved: string): { path: string; body: unknown; label: string } {
    const { queue } = words;
    const path = at("/v1/incidents/", this.incident_id, "/assignments/", relieved, "/stand-down");
    return { path, body: { because: queue.because(this.callsign) }, label: queue.callingOff(relieved, this.incident_id) };
  }

  async #relieved(calledOff: Promise<unknown>): Promise<boolean> {
    try {
      await calledOff;
      return true;
    } catch (error) {
      if (!this.#closed) outbox.seen(error);
      this.#is("bad", words.queue.notCalledOff(this.relieved ?? "", error instanceof Error ? error.message : String(error)));
      return false;
    }
  }

  #is(kind: Proposal["kind"], said: string): void {
    this.kind = kind;
    this.said = said;
    this.changed();
  }
}
