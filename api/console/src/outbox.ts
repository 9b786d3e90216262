/**
 * What a person has asked for and the service has not yet confirmed or refused.
 *
 * An action keeps its idempotency key until there is an answer, through lost connections, an ended session and a reload of
 * the page, so that it is done once or refused, and never silently lost.
 */
import { Changes } from "./changes.ts";
import { newKey, Problem, send, Unreachable } from "./http.ts";
import { keep, takeUp } from "./outbox-store.ts";
import { session } from "./session.ts";
import { words } from "./words.ts";

export interface Action {
  key: string;
  path: string;
  body: unknown;
  /** What it is, for people to read. */
  label: string;
  /** Who asked for it: another person who signs in must not send it as theirs. */
  by: string;
  asked_at: number;
  tries: number;
  /** `held` is one that is so old that a person says whether it is still wanted. */
  state: "sending" | "waiting" | "held" | "refused";
  problem?: string;
}

/** It was given up by who asked for it; where it had been sent before, it may have been done. */
export class GivenUp extends Unreachable {}

const AGAIN_MS = 2000;
// What was left behind by a page for longer than this is not sent without asking: the world has moved on.
const OLD_MS = 10 * 60_000;
// Whoever waited for so long may look elsewhere by now; a refusal is then shown in the list as well.
const LONG_MS = 3000;
// What fails inside the service so often is not going to succeed, and the next action must not wait for it.
const MOST_FAILURES = 3;

type Settled = { done: (value: unknown) => void; fail: (error: unknown) => void };

class Outbox extends Changes {
  /** Called with each action that the service confirmed. */
  readonly onConfirmed = new Set<(action: Action) => void>();
  #actions: Action[] = [];
  #settled = new Map<string, Settled>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #sending = false;
  #abort: AbortController | null = null;
  #hurry = false;

  /** Takes up what a reload of the page interrupted, and what a page that is gone has left. */
  begin(): void {
    void takeUp((actions) => this.#found(actions));
    addEventListener("beforeunload", (event) => {
      if (this.pending.length > 0) event.preventDefault();
    });
    addEventListener("online", () => this.again());
    session.listen(() => this.#next());
  }

  get actions(): readonly Action[] {
    return this.#actions;
  }

  get pending(): readonly Action[] {
    return this.#actions.filter((each) => each.state !== "refused");
  }

  /**
   * Does something once; resolves to its answer, or rejects with the `Problem` by which it was refused.
   *
   * While the service is out of reach it stays pending and is asked again with the same key.
   */
  act<T>(path: string, body: unknown, label: string): Promise<T> {
    const by = session.who?.name ?? "";
    const action: Action = { key: newKey(), path, body, label, by, asked_at: Date.now(), tries: 0, state: "sending" };
    this.#actions.push(action);
    const answer = new Promise<T>((done, fail) => this.#settled.set(action.key, { done: done as (value: unknown) => void, fail }));
    this.#changed();
    void this.#next();
    return answer;
  }

  /** Takes a refused action from the list once it was seen, or gives up one that waits. */
  drop(key: string): void {
    const action = this.#actions.find((each) => each.key === key);
    if (action === undefined) return;
    this.#actions = this.#actions.filter((each) => each !== action);
    if (action.state === "sending") this.#abort?.abort();
    this.#settled.get(key)?.fail(new GivenUp(words.connection.givenUp));
    this.#settled.delete(key);
    this.#changed();
  }

  /** Lets an old action be sent after all. */
  release(key: string): void {
    for (const each of this.#actions) if (each.key === key && each.state === "held") each.state = "waiting";
    this.#changed();
    void this.#next();
  }

  /** Asks at once for all that waits, as when the connection is back; a request from before that hangs is made anew. */
  again(): void {
    this.#hurry = true;
    this.#abort?.abort();
    void this.#next();
  }

  #found(actions: Action[]): void {
    const known = new Set(this.#actions.map((each) => each.key));
    const fresh = actions.filter((each) => !known.has(each.key));
    for (const each of fresh) {
      if (each.state !== "refused") each.state = Date.now() - each.asked_at > OLD_MS ? "held" : "waiting";
    }
    this.#actions = [...fresh, ...this.#actions];
    this.#changed();
    void this.#next();
  }

  async #next(): Promise<void> {
    if (this.#sending || session.who === null || session.ended) return;
    this.#sending = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#hurry = false;
    try {
      // In the order in which they were asked for: a later one may rest on an earlier one.
      for (let action = this.#mine(); action !== undefined; action = this.#mine()) {
        if (!(await this.#try(action))) break;
      }
    } finally {
      this.#sending = false;
    }
    if (this.#mine() !== undefined && !session.ended) this.#timer = setTimeout(() => void this.#next(), this.#hurry ? 0 : AGAIN_MS);
  }

  #mine(): Action | undefined {
    return this.#actions.find((each) => (each.state === "waiting" || each.state === "sending") && each.by === session.who?.name);
  }

  /** Asks once; false where it has to be asked again. */
  async #try(action: Action): Promise<boolean> {
    action.state = "sending";
    action.tries += 1;
    this.#changed();
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const response = await send("POST", action.path, { body: action.body, key: action.key, signal: abort.signal });
      const value: unknown = response.status === 204 ? null : await response.json();
      this.#confirmed(action, value);
    } catch (error) {
      if (!(error instanceof Problem) || isPassing(error, action.tries)) {
        action.state = "waiting";
        this.#changed();
        return false;
      }
      this.#refused(action, error);
    } finally {
      this.#abort = null;
    }
    return true;
  }

  #confirmed(action: Action, value: unknown): void {
    this.#actions = this.#actions.filter((each) => each !== action);
    this.#settled.get(action.key)?.done(value);
    this.#settled.delete(action.key);
    for (const listener of this.onConfirmed) listener(action);
    this.#changed();
  }

  #refused(action: Action, problem: Problem): void {
    action.state = "refused";
    action.problem = problem.message;
    const settled = this.#settled.get(action.key);
    this.#settled.delete(action.key);
    // Where somebody waits for the answer, they show the refusal where it was asked; else it stays in the list.
    const waited = action.tries > 1 || Date.now() - action.asked_at > LONG_MS;
    if (settled !== undefined && !waited) this.#actions = this.#actions.filter((each) => each !== action);
    settled?.fail(problem);
    this.#changed();
  }

  #changed(): void {
    keep(this.#actions);
    this.changed();
  }
}

/** Whether the same request may be answered otherwise a little later. */
function isPassing(problem: Problem, tries: number): boolean {
  if (problem.status === 500) return tries < MOST_FAILURES;
  return problem.status === 401 || problem.status === 429 || problem.status > 500 || problem.slug === "cross-site";
}

export const outbox = new Outbox();
