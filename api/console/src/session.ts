/** Who is signed in and what they may do. */
import { Changes } from "./changes.ts";
import { get, Problem, remove, send, useToken, whenOther, whenSignedOut } from "./http.ts";
import { now } from "./now.ts";

export interface Who {
  name: string;
  kind: string;
  roles: string[];
  may: string[];
  csrf_token: string | null;
  expires_at: string | null;
}

class Session extends Changes {
  who: Who | null = null;
  /** True where somebody was signed in and is no longer: what they did is kept, and the page asks for the password. */
  ended = false;
  // Pages of one browser share the cookie: who signs in or out in one does so in all.
  readonly #others = new BroadcastChannel("nearest.session");

  constructor() {
    super();
    whenSignedOut(() => this.#over());
    whenOther(() => void this.#look());
    this.#others.onmessage = () => void this.#look();
  }

  /** Asks who is signed in; nobody is no error. */
  async load(): Promise<void> {
    try {
      this.#is(await get<Who>("/v1/session"));
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      this.#over();
    }
  }

  async signIn(name: string, password: string): Promise<void> {
    const response = await send("POST", "/v1/session", { body: { name, password } });
    this.#is((await response.json()) as Who);
    this.#others.postMessage(null);
  }

  async signOut(): Promise<void> {
    try {
      await remove("/v1/session");
    } catch (error) {
      // A session that is over already needs no end.
      if (!(error instanceof Problem) || error.status !== 401) throw error;
    }
    this.who = null;
    this.ended = false;
    useToken(null);
    this.changed();
    this.#others.postMessage(null);
  }

  may(operation: string): boolean {
    return this.who?.may.includes(operation) ?? false;
  }

  /** Seconds until the session ends in any case; null where that is not known. */
  get left_s(): number | null {
    const expires_at = this.who?.expires_at ?? null;
    return expires_at === null ? null : (Date.parse(expires_at) - now()) / 1000;
  }

  #is(who: Who): void {
    this.who = who;
    this.ended = false;
    useToken(who.csrf_token);
    this.changed();
  }

  #over(): void {
    if (this.ended || this.who === null) return;
    this.ended = true;
    useToken(null);
    this.changed();
  }

  async #look(): Promise<void> {
    try {
      await this.load();
    } catch {
      // Whoever it is, whatever is asked for next says so again.
    }
  }
}

export const session = new Session();
