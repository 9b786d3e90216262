/** An answer that is asked for again whenever something happened that may change it, and never more often than is bearable. */
import { Problem } from "../http.ts";
import { now } from "../now.ts";

const APART_MS = 1000;
/** Of the service's time, a page that is looked at may take a fifth. */
const SHARE = 5;
const AGAIN_MS = 5000;
const LATER_MS = 15_000;
/** What a timer can wait at most. */
const MOST_MS = 2 ** 31 - 1;

/** What can be asked for again, whatever it is. */
export interface Again {
  again(): void;
  now(): Promise<void>;
  close(): void;
}

export class Asked<T> implements Again {
  value: T | null = null;
  /** When it was answered, on the clock that no one sets, in seconds. */
  heard_s = 0;
  /** Why it could not be had, or could not be had again; what was told before is still there. */
  problem = "";
  asking = false;
  #due = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #moment: ReturnType<typeof setTimeout> | null = null;
  #ended = false;

  /**
   * @param ask asks the service
   * @param told called after each answer and each failure
   * @param next when the answer will be another one merely because time goes by; null for never
   */
  constructor(
    readonly ask: () => Promise<T>,
    readonly told: () => void,
    readonly next: (value: T) => number | null = () => null,
  ) {}

  /** Asks, now or as soon as the last answer is old enough. */
  again(): void {
    if (this.#ended) return;
    this.#due = true;
    if (!this.asking && this.#timer === null) void this.#ask();
  }

  /** Asks at once, as when somebody wants it. */
  async now(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.asking) this.#due = true;
    else await this.#ask();
  }

  close(): void {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#moment !== null) clearTimeout(this.#moment);
  }

  async #ask(): Promise<void> {
    this.#due = false;
    this.asking = true;
    const began = performance.now();
    let wait_ms = AGAIN_MS;
    try {
      this.value = await this.ask();
      this.heard_s = performance.now() / 1000;
      this.problem = "";
      wait_ms = Math.max(APART_MS, SHARE * (performance.now() - began));
      this.#look(this.value);
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      // What the service refuses, it refuses again.
      this.#due ||= !(error instanceof Problem) || error.status >= 500 || error.status === 429;
    }
    this.asking = false;
    if (this.#ended) return;
    this.#timer = setTimeout(() => this.#rested(), wait_ms);
    this.told();
  }

  #rested(): void {
    this.#timer = null;
    if (this.#due) void this.#ask();
  }

  #look(value: T): void {
    if (this.#moment !== null) clearTimeout(this.#moment);
    const moment = this.next(value);
    if (moment === null) return;
    const left_ms = moment - now();
    // The clock here may be ahead of the service's: what should be over and is not is asked again a little later.
    this.#moment = setTimeout(() => this.again(), Math.min(left_ms > 0 ? left_ms + APART_MS : LATER_MS, MOST_MS));
  }
}

/** The first moment of several that is not yet known to be over. */
export function soonest(moments: readonly (string | null)[]): number | null {
  const found = moments.filter((each) => each !== null).map((each) => Date.parse(each));
  return found.length === 0 ? null : Math.min(...found);
}
