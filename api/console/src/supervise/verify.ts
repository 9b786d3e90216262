/** Proving the record: whole to its end, or which row is the first that is not as it was written. */
import { html, nothing, type TemplateResult } from "lit-html";
import { at, get } from "../http.ts";
import { words } from "../words.ts";
import { textOf, type Doing } from "./doing.ts";
import { running } from "./running.ts";
import type { Told } from "./told.ts";
import { now } from "../now.ts";

const said = words.supervise.record;

/** The answer to `GET /v1/record/verification`: a stretch of the record, as long as takes seconds. */
interface Stretch {
  whole: boolean | null;
  first: number | null;
  rows: number | null;
  purged: number | null;
  seq: number | null;
  sha256: string | null;
  next: string | null;
  broken: { seq: number | null; because: string } | null;
  took_s: number;
}

/** What the stretches come to together. */
interface Proof {
  last: Stretch;
  rows: number;
  purged: number;
  took_s: number;
  after: string | null;
}

export class Verification {
  #proof: Proof | null = null;
  #problem = "";
  #at = 0;
  #began_s: number | null = null;
  #ended = false;

  constructor(readonly doing: Doing) {}

  /** Asks for no more stretches. */
  close(): void {
    this.#ended = true;
  }

  draw(told: Told): TemplateResult {
    const busy = this.#began_s !== null;
    const submit = (event: SubmitEvent): void => {
      event.preventDefault();
      if (!busy) void this.#run(textOf(new FormData(event.target as HTMLFormElement), "after") ?? null);
    };
    return html`<p>${said.what}</p>
      <form class="one-line" @submit=${submit}>
        <label>${said.after} <input name="after" size="24" autocomplete="off" spellcheck="false" /></label>
        <button class="primary" aria-disabled=${busy}>${said.verify}</button>
      </form>
      ${busy ? html`<p class="faint">${said.running(this.#proof?.rows ?? 0)} ${running(0, this.#began_s ?? 0)}</p>` : nothing}
      ${this.#problem === "" ? nothing : html`<p class="bad" role="alert">${said.failed(this.#problem)}</p>`}
      ${busy || this.#proof === null ? nothing : this.#result(this.#proof, told)}`;
  }

  #result(proof: Proof, told: Told): TemplateResult {
    const { last } = proof;
    const when = told.at(new Date(this.#at).toISOString());
    if (last.broken !== null) {
      return html`<div class="bad verified">
        <p><strong>${verdict(proof)}</strong></p>
        <p>${last.broken.because}</p>
        <p>${said.found(when, proof.took_s)}</p>
      </div>`;
    }
    return html`<div class="good verified">
      <p><strong>${verdict(proof)}</strong></p>
      <p>${said.counted(proof.rows, proof.purged)} ${said.found(when, proof.took_s)}</p>
      <p>${said.head} <code>${last.seq}:${last.sha256}</code></p>
    </div>`;
  }

  async #run(after: string | null): Promise<void> {
    this.#problem = "";
    this.#proof = null;
    this.#began_s = performance.now() / 1000;
    this.doing.say(said.begun);
    try {
      this.#proof = await this.#prove(after);
      this.#at = now();
    } catch (error) {
      // What was read before is no proof of the rest.
      this.#proof = null;
      this.#problem = error instanceof Error ? error.message : String(error);
    }
    this.#began_s = null;
    this.doing.say(this.#proof === null ? said.failed(this.#problem) : verdict(this.#proof));
  }

  async #prove(after: string | null): Promise<Proof> {
    const proof = { rows: 0, purged: 0, took_s: 0, after };
    for (let next = after; ; ) {
      const last: Stretch = await get<Stretch>("/v1/record/verification" + (next === null ? "" : at("?after=", next)));
      proof.rows += last.rows ?? 0;
      proof.purged += last.purged ?? 0;
      proof.took_s += last.took_s;
      this.#proof = { ...proof, last };
      next = last.next;
      if (next === null || this.#ended) return this.#proof;
      this.doing.changed();
    }
  }
}

/** What was found, in one sentence, for those who see the page and for those who hear it. */
function verdict({ last: { broken }, after }: Proof): string {
  if (broken !== null) return broken.seq === null ? said.brokenBeside : said.broken(broken.seq);
  return after === null ? said.whole : said.wholeSince(after.split(":")[0] ?? "");
}
