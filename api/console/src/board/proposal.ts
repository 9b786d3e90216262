/**
 * One line of the plan: a unit for an incident. It is accepted as it would be chosen in the incident itself: with a
 * recommendation of this moment, and with a reason where that suggests another.
 */
import { Changes } from "../changes.ts";
import { at, newKey, Problem, send } from "../http.ts";
import { outbox } from "../outbox.ts";
import { picture } from "../picture.ts";
import { words } from "../words.ts";
import type { Line, Recommendation } from "./answers.ts";
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

  get isBusy(): boolean {
    return this.kind === "busy" || this.kind === "sent";
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
    if (line.eligible && isSuggested(answer, this.callsign)) return this.#send(seq, {});
    this.asking = { seq, answer, line };
    this.#is("", "");
  }

  async sendWhy({ reason, note, confirm }: Why): Promise<void> {
    if (this.asking === null) return;
    const { seq, line } = this.asking;
    this.asking = null;
    await this.#send(seq, { reason, ...(note.trim() === "" ? {} : { note: note.trim() }), ...(line.eligible ? {} : { confirm }) });
  }

  leave(): void {
    this.asking = null;
    this.#is("", "");
  }

  async #send(recommendation: number, more: object): Promise<void> {
    const { queue, commands } = words;
    const bound = picture.units.get(this.callsign)?.incident_id ?? null;
    const path = at("/v1/incidents/", this.incident_id, bound === null ? "/assignments" : "/diversions");
    this.#is("busy", queue.sending);
    try {
      await outbox.act(path, { callsign: this.callsign, recommendation, ...more }, commands.sending(this.callsign, this.incident_id));
      if (this.relieved !== null) await this.#relieve(this.relieved);
      this.#is("sent", queue.sentAlready(this.callsign, this.incident_id));
    } catch (error) {
      if (error instanceof Problem && error.slug === "stale-recommendation") return this.#is("bad", queue.stale(error.message));
      this.#is("bad", queue.refused(error instanceof Error ? error.message : String(error)));
    }
  }

  /** Calls the other one off, only once this one is on its way: the incident is never left with nobody. */
  async #relieve(relieved: string): Promise<void> {
    const path = at("/v1/incidents/", this.incident_id, "/assignments/", relieved, "/stand-down");
    await outbox.act(path, { because: words.queue.because(this.callsign) }, words.queue.callingOff(relieved, this.incident_id));
  }

  #is(kind: Proposal["kind"], said: string): void {
    this.kind = kind;
    this.said = said;
    this.changed();
  }
}
