/** What the page has asked for and what came of it: the newest question counts, an older answer is thrown away. */
import { Changes } from "../changes.ts";
import { Problem, Unreachable } from "../http.ts";
import { words } from "../words.ts";

/** Why something could not be had, for people to read. */
export function whyOf(error: unknown, unreachable = words.audit.unreachable): string {
  if (error instanceof Unreachable) return unreachable;
  if (error instanceof Problem) return [error.message, ...error.faults.map((each) => `${each.field}: ${each.accepted}`)].join(" ");
  return error instanceof Error ? error.message : String(error);
}

export class Asked<T> extends Changes {
  value: T | null = null;
  /** Why there is no newer value; empty where there is. */
  why = "";
  waiting = false;
  #abort: AbortController | null = null;

  /** @param unreachable what is said where no answer comes */
  constructor(readonly unreachable = words.audit.unreachable) {
    super();
  }

  /** Asks, and gives up what was asked before. */
  async ask(question: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.waiting = true;
    this.changed();
    try {
      const value = await question(abort.signal);
      if (abort.signal.aborted) return;
      [this.value, this.why] = [value, ""];
    } catch (error) {
      if (abort.signal.aborted) return;
      this.why = whyOf(error, this.unreachable);
    }
    this.waiting = false;
    this.changed();
  }

  close(): void {
    this.#abort?.abort();
  }
}
