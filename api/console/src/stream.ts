/** Follows an event stream of the service, and knows when it was last heard. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { Changes } from "./changes.ts";
import { isAlive, signedOut } from "./http.ts";
import { heardDate, mark, since_ms, type Mark } from "./now.ts";
import { session } from "./session.ts";
import { unattended } from "./unattended.ts";

export type Connection = "connecting" | "live" | "lost";

// A cable that is pulled tells nobody: after so long in silence the service is asked whether it is there.
const SILENCE_MS = 3000;
// It may be there and this connection be dead all the same, as after sleep: it is made anew where not even a heartbeat came.
// That is every 15 s.
const DEAD_MS = 31_000;
// A request to open it that was lost on its way would be waited for without end.
const OPENING_MS = 8000;
const AGAIN_MS = [500, 1000, 2000, 4000, 8000];

/** One stream. A browser's own EventSource hides heartbeats, and does not come back after a 503. */
export class Stream extends Changes {
  connection: Connection = "connecting";
  #heard: Mark | null = null;
  #opened: Mark = mark();
  #ids: LastId;
  #abort: AbortController | null = null;
  #closed = false;
  #failures = 0;
  #watch: ReturnType<typeof setTimeout> | null = null;
  #again: ReturnType<typeof setTimeout> | null = null;
  readonly #unlisten: () => void;

  /** @param after the id of the last message that is known; null begins with what happens from now on */
  constructor(
    readonly path: string,
    readonly onMessage: (message: EventSourceMessage) => void,
    after: number | string | null = null,
  ) {
    super();
    this.#ids = new LastId(after === null ? null : String(after));
    addEventListener("online", this.#now);
    addEventListener("offline", this.#cut);
    // Whoever signs in again need not wait for the next attempt.
    this.#unlisten = session.listen(this.#now);
    void this.#open();
  }

  /** Milliseconds since something was heard; infinite before the first. */
  age_ms(): number {
    return this.#heard === null ? Infinity : since_ms(this.#heard);
  }

  close(): void {
    this.#closed = true;
    removeEventListener("online", this.#now);
    removeEventListener("offline", this.#cut);
    this.#unlisten();
    this.#stop();
    this.#abort?.abort();
  }

  #now = (): void => {
    if (this.connection === "lost" && this.#again !== null && !this.#closed && !session.ended) void this.#open();
  };

  #cut = (): void => this.#abort?.abort();

  #stop(): void {
    for (const timer of [this.#again, this.#watch]) if (timer !== null) clearTimeout(timer);
    this.#again = this.#watch = null;
  }

  async #open(): Promise<void> {
    this.#stop();
    const abort = new AbortController();
    this.#abort = abort;
    this.#opened = mark();
    this.#listen(abort);
    try {
      await this.#follow(abort);
    } catch {
      // Whatever it was, the picture is no longer followed, and that is what is shown.
    }
    abort.abort();
    this.#stop();
    if (this.#closed) return;
    if (abort.signal.reason === ANEW) {
      // Until it is heard again, what is shown may be old.
      this.#is("lost");
      return void this.#open();
    }
    this.#is("lost");
    this.#again = setTimeout(() => void this.#open(), AGAIN_MS[Math.min(this.#failures++, AGAIN_MS.length - 1)]);
  }

  async #follow(abort: AbortController): Promise<void> {
    const headers: Record<string, string> = { Accept: "text/event-stream", ...unattended() };
    if (this.#ids.last !== null) headers["Last-Event-ID"] = this.#ids.last;
    const response = await fetch(this.path, { headers, signal: abort.signal, cache: "no-store" });
    heardDate(response.headers.get("Date"));
    if (response.status === 401) signedOut();
    if (!response.ok || response.body === null) throw new Error(String(response.status));
    await this.#read(response.body, abort);
  }

  async #read(body: ReadableStream<Uint8Array>, abort: AbortController): Promise<void> {
    const parser = createParser({ onEvent: this.onMessage });
    const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
    this.#ids.begin();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || abort.signal.aborted) return;
      this.#listen(abort);
      this.#failures = 0;
      this.#heard = mark();
      parser.feed(value);
      // Only what was taken in is never asked for again.
      this.#ids.feed(value);
      this.#is("live");
    }
  }

  #is(connection: Connection): void {
    if (this.connection === connection) return;
    this.connection = connection;
    this.changed();
  }

  #listen(abort: AbortController): void {
    if (this.#watch !== null) clearTimeout(this.#watch);
    this.#watch = setTimeout(() => void this.#probe(abort), SILENCE_MS);
  }

  /** Asks the service for a sign of life while the stream is silent, and gives the stream up where there is none. */
  async #probe(abort: AbortController): Promise<void> {
    if (!(await isAlive())) return abort.abort();
    if (abort.signal.aborted || this.#closed) return;
    if (this.connection === "live" && this.age_ms() > DEAD_MS) abort.abort(ANEW);
    else if (this.connection !== "live" && since_ms(this.#opened) > OPENING_MS) abort.abort();
    else this.#listen(abort);
  }
}

/** Why a stream is given up that is made anew at once. */
const ANEW = new Error("made anew");

/** The id of the last message, also of one without data, of which the parser tells nothing. */
class LastId {
  #line = "";
  #id: string | null;

  constructor(public last: string | null) {
    this.#id = last;
  }

  /** Forgets half a message of a stream that was cut off. */
  begin(): void {
    this.#line = "";
    this.#id = this.last;
  }

  feed(text: string): void {
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") this.last = this.#id;
      else if (line.startsWith("id:")) this.#id = line.slice(3).trim();
    }
  }
}
