/** One replay: how far it is, its numbers, its report and files, and the incidents that it judged. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { percent } from "../supervise/told.ts";
import type { Force } from "../force.ts";
import { at, get, Problem, remove } from "../http.ts";
import type { Page } from "../page.ts";
import { words } from "../words.ts";
import { Asked, whyOf } from "./asked.ts";
import { Found } from "./found.ts";
import { progress, sourceText } from "./progress.ts";
import { pathOf, reason } from "./reason.ts";
import { dated, lasting } from "./told.ts";
import { isUnderWay, type Headline, type Rate, type Replay } from "./types.ts";

const said = words.audit;
const AGAIN_MS = 1500;

export function openReplay(place: HTMLElement, force: Force, name: string): Page {
  return new OneReplay(place, force, name);
}

class OneReplay {
  readonly #asked = new Asked<Replay>();
  readonly #found: Found;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #refused = "";
  #closed = false;

  constructor(
    readonly place: HTMLElement,
    readonly force: Force,
    readonly name: string,
  ) {
    this.#found = new Found(force, name, () => this.#draw());
    this.#asked.listen(() => this.#draw());
    void this.#load();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#asked.close();
    this.#found.close();
  }

  async #load(): Promise<void> {
    const before = this.#asked.value?.state;
    await this.#asked.ask((signal) => get<Replay>(pathOf(this.name), { signal }));
    if (this.#closed) return;
    const replay = this.#asked.value;
    if (replay?.state === "done" && before !== "done") void this.#found.load();
    if (this.#timer !== null) clearTimeout(this.#timer);
    const goesOn = this.#asked.why !== "" || replay === null || isUnderWay(replay);
    this.#timer = goesOn ? setTimeout(() => void this.#load(), AGAIN_MS) : null;
  }

  async #end(): Promise<void> {
    const replay = this.#asked.value;
    if (replay === null) return;
    const over = !isUnderWay(replay);
    if (over && !confirm(said.removeSure)) return;
    this.#refused = "";
    try {
      await remove(pathOf(this.name));
      if (over) location.hash = "#/audit";
      else await this.#load();
    } catch (error) {
      // What is gone already is what was asked for.
      if (error instanceof Problem && error.status === 404) location.hash = "#/audit";
      else this.#refused = whyOf(error);
    }
    this.#draw();
  }

  #draw(): void {
    if (this.#closed) return;
    const replay = this.#asked.value;
    render(
      html`<div class="audit-replay">
        <p><a href="#/audit">${said.back}</a></p>
        ${this.#asked.why === "" ? nothing : html`<p class="bad notice" role="alert">${this.#asked.why}</p>`}
        ${replay === null ? html`<p class="notice" role="status">${words.shell.loading}</p>` : this.#told(replay)}
      </div>`,
      this.place,
    );
  }

  #told(replay: Replay): TemplateResult {
    const zone = this.force.time_zone;
    return html`<header>
        <h2>${sourceText(replay, zone)}</h2>
        <p class="faint">${said.asked(replay.by, dated(replay.asked_at, zone))}</p>
        <p class="standing" role="status">${progress(replay)}</p>
        ${replay.because === null ? nothing : html`<p class="bad notice">${replay.because}</p>`} ${faults(replay)}
        <p class="buttons">
          ${replay.state === "done" ? html`<a class="button" href=${reason.link(`${pathOf(this.name)}/report`)} target="_blank" rel="noopener">${said.report}</a>` : nothing}
          <button @click=${() => void this.#end()}>${isUnderWay(replay) ? said.cancel : said.remove}</button>
        </p>
        <p class="bad" role="alert">${this.#refused}</p>
      </header>
      ${replay.headline === null ? nothing : headline(replay.headline)} ${replay.state === "done" ? this.#found.template() : nothing} ${this.#files(replay)}`;
  }

  #files(replay: Replay): TemplateResult | typeof nothing {
    if (replay.files.length === 0) return nothing;
    return html`<details class="files">
      <summary>${said.files(replay.files.length)}</summary>
      <ul>
        ${replay.files.map(({ name, bytes }) => html`<li><a href=${reason.link(`${pathOf(this.name)}/files/${name.split("/").map((part) => at("", part)).join("/")}`)} download>${name}</a> <span class="faint">${said.size(bytes)}</span></li>`)}
      </ul>
    </details>`;
  }
}

function faults(replay: Replay): TemplateResult | typeof nothing {
  if (replay.faults.length === 0) return nothing;
  return html`<ul class="bad notice">
    ${replay.faults.map((each) => html`<li>${said.fault([each.source, each.where, each.field].filter((part) => part !== "").join(" "), each.value, each.accepted, each.hint)}</li>`)}
  </ul>`;
}

function headline(told: Headline): TemplateResult {
  const { counts } = told;
  const rows: [string, string][] = [
    [said.headline.good, rate(told.good.of_judged)],
    [said.headline.ofAttended, rate(told.good.of_attended)],
    [said.headline.strict, rate(told.strict.of_judged)],
    [said.headline.withinNoise, rate(told.within_noise)],
    [said.headline.allPlaced, rate(told.if_all_placed)],
    [said.headline.lost, spread(told.lost_not_sent_s.n, told.lost_not_sent_s.median, told.lost_not_sent_s.p90)],
  ];
  return html`<section class="headline" aria-labelledby="headline-title">
    <h3 id="headline-title">${said.headline.title}</h3>
    <dl>
      ${rows.map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}
    </dl>
    <h4>${said.headline.classes}</h4>
    <dl class="counts">
      ${(Object.keys(said.classes) as (keyof typeof said.classes)[]).map((name) => html`<div><dt>${said.classes[name]}</dt><dd>${counts[name]}</dd></div>`)}
    </dl>
  </section>`;
}

function rate({ count, of, share, low, high }: Rate): string {
  if (share === null || low === null || high === null) return said.headline.nothing;
  return said.headline.rate(percent(share), count, of, percent(low), percent(high));
}

function spread(n: number, median: number | null, p90: number | null): string {
  return n === 0 ? said.headline.nothing : said.headline.spread(n, lasting(median), lasting(p90));
}
