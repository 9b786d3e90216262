/**
 * What a person has asked for and the service has not yet confirmed or refused.
 *
 * An action keeps its idempotency key until there is an answer, through lost connections, an ended session and a reload of
 * the page, so that it is done once or refused, and never silently lost.
 */
import { Changes } from "./changes.ts";
import { newKey, Problem, send, Unreachable } from "./http.ts";
import { mark, since_ms, type Mark } from "./now.ts";
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
  /** When it was said of an old one that it is still wanted. */
  wanted_at?: number;
  tries: number;
  /** The key of another that has to be confirmed first; where that is not done, nor is this. */
  after?: string;
  /** `held` is one that is so old that a person says whether it is still wanted; `lapsed` is sent no more, unanswered. */
  state: "sending" | "waiting" | "held" | "refused" | "lapsed";
  problem?: string;
}

/** It was given up by who asked for it; where it had been sent before, it may have been done. */
export class GivenUp extends Unreachable {}

const AGAIN_MS = 2000;
// What has waited for longer than this is not sent without asking: the world has moved on.
const OLD_MS = 10 * 60_000;
// What a call says of people is kept here for no longer than the longest turn of duty.
const KEPT_MS = 12 * 3_600_000;
const TIDY_MS = 60_000;
// What fails inside the service so often is not going to succeed, and the next action must not wait for it.
const MOST_FAILURES = 3;

type Settled = { done: (value: unknown) => void; fail: (error: unknown) => void };

type Asked = Pick<Action, "path" | "body" | "label">;

class Outbox extends Changes {
  /** Called with each action that the service confirmed. */
  readonly onConfirmed = new Set<(action: Action) => void>();
  /** Whether the browser keeps what is asked for, so that it survives a reload. */
  kept = true;
  #actions: Action[] = [];
  #settled = new Map<string, Settled>();
  /** The action that each refusal is of. */
  #refusals = new WeakMap<object, Action>();
  /** When each was asked for, by a clock that nobody sets. */
  #asked = new Map<string, Mark>();
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
    setInterval(() => this.#tidy(), TIDY_MS);
    session.listen(() => this.#next());
  }

  get actions(): readonly Action[] {
    return this.#actions;
  }

  get pending(): readonly Action[] {
    return this.#actions.filter(isPending);
  }

  /**
   * Does something once; resolves to its answer, or rejects with the `Problem` by which it was refused.
   *
   * While the service is out of reach it stays pending and is asked again with the same key. A refusal stays in the list
   * until whoever shows it calls `seen` with it: who asked may be gone when it comes.
   */
  act<T>(path: string, body: unknown, label: string): Promise<T> {
    const answer = this.#add<T>(newAction({ path, body, label }));
    this.#changed();
    void this.#next();
    return answer;
  }

  /** Does something, and once it is confirmed something else, also where this page is gone by then; answers as `act` does. */
  both(first: Asked, second: Asked): [Promise<unknown>, Promise<unknown>] {
    const before = newAction(first);
    const answers: [Promise<unknown>, Promise<unknown>] = [this.#add(before), this.#add({ ...newAction(second), state: "waiting", after: before.key })];
    this.#changed();
    void this.#next();
    return answers;
  }

  #add<T>(action: Action): Promise<T> {
    this.#actions.push(action);
    this.#asked.set(action.key, mark());
    return new Promise<T>((done, fail) => this.#settled.set(action.key, { done: done as (value: unknown) => void, fail }));
  }

  /** Takes from the list what was refused, once it is shown where it was asked; any other error changes nothing. */
  seen(error: unknown): void {
    const action = error instanceof Problem ? this.#refusals.get(error) : undefined;
    if (action !== undefined) this.#remove(action);
  }

  /** Takes from the list what has come to its end, or gives up what waits; of what was sent already, that stays to be seen. */
  drop(key: string): void {
    const action = this.#actions.find((each) => each.key === key);
    if (action === undefined) return;
    const mayBeDone = isPending(action) && action.tries > 0;
    if (action.state === "sending" && action.tries > 0) this.#abort?.abort();
    if (mayBeDone) lapse(action, words.connection.givenUpLate);
    else this.#actions = this.#actions.filter((each) => each !== action);
    this.#fail(action, new GivenUp(words.connection.givenUp));
    this.#changed();
  }

  /** What somebody asked for that was refused, and is still kept as it was asked. */
  refusedOf(name: string): readonly Action[] {
    return this.#actions.filter((each) => each.by === name && !isPending(each) && each.body !== null);
  }

  /** Forgets what was said in those; that they were refused stays to be seen. */
  forget(name: string): void {
    for (const each of this.refusedOf(name)) each.body = null;
    this.#changed();
  }

  /** Lets an old action be sent after all. */
  release(key: string): void {
    for (const each of this.#actions) {
      if (each.key !== key || each.state !== "held") continue;
      each.state = "waiting";
      each.wanted_at = Date.now();
      this.#asked.set(key, mark());
    }
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
    for (const each of fresh) if (isPending(each)) each.state = "waiting";
    this.#actions = [...fresh, ...this.#actions];
    this.#tidy();
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
    this.#hold();
    const before = (action: Action): boolean => this.#actions.some((each) => each.key === action.after);
    return this.#actions.find((each) => (each.state === "waiting" || each.state === "sending") && each.by === session.who?.name && !before(each));
  }

  /** Keeps what has become old from being sent before somebody says that it is still wanted. */
  #hold(): void {
    const old = this.#actions.filter((each) => each.state === "waiting" && this.#age_ms(each) > OLD_MS);
    for (const each of old) each.state = "held";
    if (old.length > 0) this.#changed();
  }

  #age_ms(action: Action): number {
    const here = this.#asked.get(action.key);
    return Math.max(Date.now() - (action.wanted_at ?? action.asked_at), here === undefined ? 0 : since_ms(here));
  }

  /** Forgets what old actions say of people; what is not sent by then is sent no more, and stays to be seen. */
  #tidy(): void {
    this.#hold();
    for (const each of this.#actions) {
      if (each.state === "sending" || each.body === null || Date.now() - each.asked_at < KEPT_MS) continue;
      if (isPending(each)) lapse(each, each.tries > 0 ? words.connection.lapsedLate : words.connection.lapsed);
      each.body = null;
      this.#fail(each, new GivenUp(words.connection.lapsed));
    }
    this.#changed();
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
        // Unless it was given up meanwhile.
        if (action.state !== "sending") return true;
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
    this.#settled.get(action.key)?.done(value);
    this.#settled.delete(action.key);
    for (const listener of this.onConfirmed) listener(action);
    this.#remove(action);
  }

  #refused(action: Action, problem: Problem): void {
    action.state = "refused";
    action.problem = problem.message;
    this.#refusals.set(problem, action);
    this.#fail(action, problem);
    this.kept = keep(this.#actions);
    // Whoever asked draws first, so that what they show does not come and go in the list.
    setTimeout(() => this.changed());
  }

  #fail(action: Action, error: unknown): void {
    this.#settled.get(action.key)?.fail(error);
    this.#settled.delete(action.key);
    const resting = this.#actions.filter((each) => each.after === action.key);
    this.#actions = this.#actions.filter((each) => !resting.includes(each));
    for (const each of resting) this.#fail(each, new GivenUp(words.connection.givenUp));
  }

  #remove(action: Action): void {
    this.#actions = this.#actions.filter((each) => each !== action);
    this.#asked.delete(action.key);
    this.#changed();
  }

  #changed(): void {
    this.kept = keep(this.#actions);
    this.changed();
  }
}

function newAction(asked: Asked): Action {
  return { ...asked, key: newKey(), by: session.who?.name ?? "", asked_at: Date.now(), tries: 0, state: "sending" };
}

/** Whether it may still be done. */
function isPending({ state }: Action): boolean {
  return state !== "refused" && state !== "lapsed";
}

/** Ends an action to which no answer is known. */
function lapse(action: Action, why: string): void {
  action.state = "lapsed";
  action.problem = why;
}

/** Whether the same request may be answered otherwise a little later. */
function isPassing(problem: Problem, tries: number): boolean {
  if (problem.status === 500) return tries < MOST_FAILURES;
  return problem.status === 401 || problem.status === 429 || problem.status > 500 || problem.slug === "cross-site";
}

export const outbox = new Outbox();
