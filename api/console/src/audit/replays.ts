/** All replays that are kept, and the form that asks for another. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { Force } from "../force.ts";
import { get, newKey, post, Unreachable } from "../http.ts";
import type { Page } from "../page.ts";
import { momentAt } from "../time.ts";
import { words } from "../words.ts";
import { Asked, whyOf } from "./asked.ts";
import { progress, sourceText } from "./progress.ts";
import { reason } from "./reason.ts";
import { addressOf, dated } from "./told.ts";
import { isUnderWay, type Replay } from "./types.ts";

const said = words.audit;
const AGAIN_MS = 2000;

interface Kept {
  replays: Replay[];
  keeps: boolean;
  folders: string[];
}

export function openReplays(place: HTMLElement, force: Force): Page {
  return new Replays(place, force);
}

class Replays {
  readonly #kept = new Asked<Kept>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #source: "record" | "folder" = "record";
  /** The key of what was asked for and has no answer yet, so that asking again begins no second replay. */
  #key = { for: "", name: "" };
  #refused = "";
  #asking = false;
  #closed = false;

  constructor(
    readonly place: HTMLElement,
    readonly force: Force,
  ) {
    this.#kept.listen(() => this.#draw());
    void this.#load();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#kept.close();
  }

  async #load(): Promise<void> {
    await this.#kept.ask((signal) => get<Kept>("/v1/replays", { signal }));
    if (this.#closed) return;
    const waits = this.#kept.why !== "" || this.#kept.value?.replays.some(isUnderWay);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = waits ? setTimeout(() => void this.#load(), AGAIN_MS) : null;
  }

  async #ask(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const body = this.#body(new FormData(event.target as HTMLFormElement));
    const text = JSON.stringify(body);
    if (this.#key.for !== text) this.#key = { for: text, name: newKey() };
    [this.#asking, this.#refused] = [true, ""];
    this.#draw();
    try {
      const begun = await post<Replay>("/v1/replays", body, { ...reason.why(), key: this.#key.name });
      location.hash = addressOf(begun.replay_id);
    } catch (error) {
      this.#refused = error instanceof Unreachable ? said.start.notKnown : whyOf(error);
      if (!(error instanceof Unreachable)) this.#key = { for: "", name: "" };
    }
    this.#asking = false;
    this.#draw();
  }

  #body(form: FormData): unknown {
    const whatIf = String(form.get("what_if") ?? "").trim();
    const more = whatIf === "" ? {} : { what_if: whatIf };
    if (this.#source === "folder") return { source: { folder: String(form.get("folder")) }, ...more };
    const record = Object.fromEntries(
      ["from", "to"].map((name) => [name, String(form.get(name) ?? "")]).filter(([, local]) => local !== "").map(([name, local]) => [name, momentAt(local!, this.force.time_zone)]),
    );
    return { source: { record }, ...more };
  }

  #draw(): void {
    const kept = this.#kept.value;
    render(
      html`<div class="audit-start">
        <section aria-labelledby="replays-title">
          <h2 id="replays-title">${said.replays}</h2>
          ${this.#kept.why === "" ? nothing : html`<p class="bad notice" role="alert">${this.#kept.why}</p>`}
          ${kept === null ? html`<p class="notice" role="status">${words.shell.loading}</p>` : this.#list(kept)}
        </section>
        ${kept === null ? nothing : this.#form(kept)}
      </div>`,
      this.place,
    );
  }

  #list(kept: Kept): TemplateResult {
    if (kept.replays.length === 0) return html`<p>${said.none}</p>`;
    return html`<ul class="replays">
      ${repeat(kept.replays, (each) => each.replay_id, (each) => this.#one(each))}
    </ul>`;
  }

  #one(replay: Replay): TemplateResult {
    const zone = this.force.time_zone;
    return html`<li>
      <a href=${addressOf(replay.replay_id)}>${sourceText(replay, zone)}</a>
      <span class="faint">${said.asked(replay.by, dated(replay.asked_at, zone))}</span>
      ${progress(replay)}
    </li>`;
  }

  #form(kept: Kept): TemplateResult {
    if (!kept.keeps) return html`<section><h2>${said.start.title}</h2><p>${said.start.keepsNone}</p></section>`;
    return html`<section aria-labelledby="start-title">
      <h2 id="start-title">${said.start.title}</h2>
      <form class="start" @submit=${(event: SubmitEvent) => void this.#ask(event)}>
        <fieldset>
          <legend>${said.start.source}</legend>
          ${(["record", "folder"] as const).map((name) => this.#choice(name))}
        </fieldset>
        ${this.#source === "record" ? this.#period() : this.#folders(kept.folders)}
        <details>
          <summary>${said.start.whatIf}</summary>
          <label>${said.start.changes} <textarea name="what_if" rows="6" spellcheck="false" maxlength="100000"></textarea></label>
        </details>
        ${reason.field()}
        <p class="bad" role="alert">${this.#refused}</p>
        <button class="primary" ?disabled=${this.#asking || (this.#source === "folder" && kept.folders.length === 0)}>${said.start.submit}</button>
      </form>
    </section>`;
  }

  #choice(name: "record" | "folder"): TemplateResult {
    const choose = (): void => {
      this.#source = name;
      this.#draw();
    };
    return html`<label><input type="radio" name="source" value=${name} .checked=${this.#source === name} @change=${choose} /> ${said.start.sources[name]}</label>`;
  }

  #period(): TemplateResult {
    return html`<div class="period-fields">
        ${(["from", "to"] as const).map((name) => html`<label>${said.start[name]} <input type="datetime-local" name=${name} max="9999-12-31T23:59" /></label>`)}
      </div>
      <p class="faint">${said.start.open(this.force.time_zone)}</p>`;
  }

  #folders(folders: string[]): TemplateResult {
    if (folders.length === 0) return html`<p>${said.start.noFolders}</p>`;
    return html`<label>${said.start.folder} <select name="folder" required>${folders.map((name) => html`<option value=${name}>${name}</option>`)}</select></label>`;
  }
}
