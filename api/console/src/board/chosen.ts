/**
 * The incident that was chosen: what is known of it, and who should go.
 *
 * A recommendation is asked again when something has happened that may change it. While somebody works in the list, another
 * order is kept beside it until they take it: nothing moves under a finger.
 */
import { Changes } from "../changes.ts";
import { at, get, newKey, Problem, send, Unreachable } from "../http.ts";
import { now } from "../now.ts";
import { picture, type Happening } from "../picture.ts";
import { session } from "../session.ts";
import type { Case, Line, Recommendation } from "./answers.ts";
import { isNear, isRelevant, isSame, saidOf, WATCHED } from "./news.ts";
import { words } from "../words.ts";

/** A recommendation as it is shown. */
export interface Kept {
  /** Its number in the record; null for one that came with a refusal. */
  seq: number | null;
  answer: Recommendation;
  /** What each unit was bound to when it was made: sending means what could be seen then. */
  bound: ReadonlyMap<string, string | null>;
}

const SOON_MS = 300;
const LATER_MS = 5000;
// Units that move change the times; so old a list is asked again.
const OLD_MS = 30_000;
// One thing that is done often comes as several events; each look is written down, so one look is for all of them.
const LOOK_MS = 150;

export class Chosen extends Changes {
  known: Case | null = null;
  shown: Kept | null = null;
  /** What would be shown now, where its order is another one and somebody works in the list. */
  newer: Kept | null = null;
  /** What has happened since the shown one, in sentences. */
  news: string[] = [];
  /** Answers to its questions that are not yet confirmed, by question. */
  readonly answering = new Map<string, boolean | null>();
  /** Why nothing can be shown. */
  failure = "";
  /** Whether somebody works in the list; the view says so. */
  isHeld: () => boolean = () => false;
  /** How many lines of the shown ledger are in view; the view says so. */
  watched: () => number = () => WATCHED;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #look: ReturnType<typeof setTimeout> | null = null;
  #due_at = Infinity;
  #asking: Promise<void> | null = null;
  #again: "hold" | "take" | null = null;
  /** Whether the last look at the incident failed. */
  #missed = false;
  #age: ReturnType<typeof setInterval>;
  #unlisten: () => void;
  #closed = false;

  constructor(
    readonly id: string,
    /** The force's time zone, in which every time is told. */
    readonly zone: string,
  ) {
    super();
    picture.onHappening.add(this.#happened);
    this.#age = setInterval(() => this.#grown(), 1000);
    // Whoever has signed in again need not wait for the next try.
    this.#unlisten = session.listen(() => this.failure !== "" && !session.ended && this.#schedule(0));
  }

  close(): void {
    this.#closed = true;
    picture.onHappening.delete(this.#happened);
    this.#unlisten();
    clearInterval(this.#age);
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#look !== null) clearTimeout(this.#look);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get isOpen(): boolean {
    return this.known?.stage === "open";
  }

  /** The units of the shown ledger that may come to it: not off duty, nor bound to it already. */
  get lines(): Line[] {
    return (this.shown?.answer.ledger ?? []).filter(
      (line) => this.shown?.bound.get(line.callsign) !== this.id && !line.failed.some((each) => each.rule === "off_duty"),
    );
  }

  async begin(): Promise<void> {
    await this.load();
    if (this.isOpen) await this.ask("take");
  }

  /** Looks at the incident, which is written down. */
  async load(): Promise<void> {
    try {
      this.known = await get<Case>(at("/v1/incidents/", this.id), { reason: words.incident.lookReason });
      this.failure = "";
      this.#missed = false;
    } catch (error) {
      this.#missed = true;
      this.#failed(error);
    }
    this.changed();
  }

  /** Takes up what the service answered after something was done. */
  learn(known: Case): void {
    if (known.incident_id === this.id) this.known = known;
    this.changed();
  }

  /** Asks who should go: `take` shows the answer whatever it is, `hold` only where it moves nothing. */
  async ask(how: "take" | "hold"): Promise<void> {
    if (this.#asking !== null) {
      this.#again = this.#again === "take" ? "take" : how;
      return this.#asking;
    }
    this.#asking = this.#ask(how);
    await this.#asking;
  }

  async #ask(how: "take" | "hold"): Promise<void> {
    this.#due_at = Infinity;
    try {
      const response = await send("POST", at("/v1/incidents/", this.id, "/recommendations"), { body: {}, key: newKey() });
      const seq = Number(response.headers.get("Location")?.split("/").pop());
      this.#answered(keep(seq, (await response.json()) as Recommendation), how);
      this.failure = "";
    } catch (error) {
      this.#failed(error);
    }
    this.#asking = null;
    const again = this.#again;
    this.#again = null;
    this.changed();
    if (again !== null && !this.#closed) await this.ask(again);
  }

  #answered(made: Kept, how: "take" | "hold"): void {
    const still = this.shown === null || how === "take" || isSame(this.shown.answer, made.answer, this.watched()) || !this.isHeld();
    if (still) this.#show(made);
    else this.newer = made;
  }

  #show(made: Kept): void {
    this.shown = made;
    this.newer = null;
    this.news = [];
  }

  /** Shows the newer order. */
  take(): void {
    if (this.newer !== null) this.#show(this.newer);
    this.changed();
  }

  /** Shows the list that came with a refusal, and asks for one that has a number. */
  replace(answer: Recommendation): void {
    this.#show(keep(null, answer));
    this.changed();
    void this.ask("hold");
  }

  /** Asks again soon, as when something has changed that the stream does not tell, such as a road. */
  again(): void {
    this.#schedule(SOON_MS);
  }

  #happened = (told: Happening): void => {
    const own = told.incidents[this.id];
    if (own === null) this.#lookSoon();
    else if (own !== undefined && this.known !== null) this.#mine(told, own);
    if (!isRelevant(told, this.id) || !this.isOpen) return;
    const said = saidOf(told);
    if (said !== "" && this.shown !== null) this.news = [...this.news, said].slice(-5);
    this.#schedule(isNear(told, this.id, this.shown?.answer ?? null) ? SOON_MS : LATER_MS);
  };

  /** The stream leaves out what is told only to who looks: that is asked again where it may have changed. */
  #mine(told: Happening, own: object): void {
    this.known = { ...this.known!, ...own };
    if (!told.kind.startsWith("unit_") && told.kind !== "recommended") this.#lookSoon();
    this.changed();
  }

  #lookSoon(): void {
    if (this.#look !== null) clearTimeout(this.#look);
    this.#look = setTimeout(() => void this.load(), LOOK_MS);
  }

  #schedule(after_ms: number): void {
    const due_at = Date.now() + after_ms;
    if (due_at >= this.#due_at) return;
    this.#due_at = due_at;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#due_at = Infinity;
      if (this.#closed) return;
      // The page asks for the password; what is asked for before that is refused again.
      if (session.ended) this.#schedule(LATER_MS);
      else if (this.known === null) void this.begin();
      else void this.#askAgain();
    }, after_ms);
  }

  async #askAgain(): Promise<void> {
    if (this.#missed) await this.load();
    if (this.isOpen && !this.#closed) await this.ask("hold");
  }

  /** Asks again where units have moved since and the list is old; a console that nobody sees asks nothing. */
  #grown(): void {
    const last = this.newer ?? this.shown;
    const made = Date.parse(last?.answer.now ?? "");
    if (last?.answer.outcome === "met") return;
    if (document.hidden || !this.isOpen || !(now() - made > OLD_MS) || this.#asking !== null) return;
    const moved = [...picture.units.values()].some((unit) => unit.fix !== null && Date.parse(unit.fix.fixed_at) > made);
    if (moved) void this.ask("hold");
  }

  #failed(error: unknown): void {
    if (error instanceof Unreachable) {
      // What is shown stays, and the banner of the connection says how old it is.
      if (this.known === null) this.failure = words.incident.unreachable;
      this.#schedule(LATER_MS);
    } else if (error instanceof Problem) {
      this.failure = error.message;
      if (isPassing(error)) this.#schedule(LATER_MS);
    } else throw error;
  }
}

/** Whether the same question may be answered a little later: signed out, asked too often, or something failed inside. */
function isPassing({ status }: Problem): boolean {
  return status === 401 || status === 429 || status >= 500;
}

function keep(seq: number | null, answer: Recommendation): Kept {
  return { seq, answer, bound: new Map([...picture.units.values()].map((unit) => [unit.callsign, unit.incident_id])) };
}
