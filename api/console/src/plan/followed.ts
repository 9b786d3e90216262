/** One run, followed by its own stream until it has ended. */
import { Asked } from "../audit/asked.ts";
import { Changes } from "../changes.ts";
import { get } from "../http.ts";
import { Stream } from "../stream.ts";
import { words } from "../words.ts";
import { reason } from "./reason.ts";
import { pathOf } from "./told.ts";
import type { Simulation } from "./types.ts";

export class Followed extends Changes {
  readonly #asked = new Asked<Simulation>(words.plan.unreachable);
  #stream: Stream | null = null;
  #closed = false;

  constructor(readonly name: string) {
    super();
    this.#asked.listen(() => this.changed());
    void this.load();
  }

  get run(): Simulation | null {
    return this.#asked.value;
  }

  /** Why it could not be had; empty where it was. */
  get why(): string {
    return this.#asked.why;
  }

  /** Whether the stream is cut off while there is still something to hear. */
  get lost(): boolean {
    return this.#stream?.connection === "lost";
  }

  async load(): Promise<void> {
    await this.#asked.ask((signal) => get<Simulation>(pathOf(this.name), { signal, ...reason.why() }));
    if (!this.#closed && this.run !== null && this.run.finished_at === null) this.#follow();
  }

  close(): void {
    this.#closed = true;
    this.#stream?.close();
    this.#asked.close();
  }

  #follow(): void {
    if (this.#stream !== null) return;
    this.#stream = new Stream(`${pathOf(this.name)}/events`, ({ event, data }) => {
      this.#asked.value = JSON.parse(data) as Simulation;
      if (event === "ended") this.#end();
      this.changed();
    });
    this.#stream.listen(() => this.changed());
  }

  #end(): void {
    this.#stream?.close();
    this.#stream = null;
  }
}
