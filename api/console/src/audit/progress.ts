/** How far a replay is, in words and as a bar. */
import { html, nothing, type TemplateResult } from "lit-html";
import { words } from "../words.ts";
import { dated } from "./told.ts";
import type { Replay } from "./types.ts";

const said = words.audit;
const PHASES = said.phases as Record<string, string>;

/** What is replayed. */
export function sourceText(replay: Replay, zone: string): string {
  const [from, to] = [replay.from, replay.to].map((moment) => (moment === null ? null : dated(moment, zone)));
  const period = said.period(from ?? null, to ?? null);
  return replay.folder === null ? said.ofRecord(period) : said.ofFolder(replay.folder, period);
}

export function progress(replay: Replay): TemplateResult {
  const state = html`<span class=${`state state-${replay.state}`}>${said.states[replay.state]}</span>`;
  if (replay.state !== "running") return state;
  const { phase, done, total } = replay;
  const label = phase === null ? "" : (PHASES[phase] ?? phase);
  const counted = done === null || total === null ? "" : said.counted(done, total);
  return html`${state}
    <span>${label} ${counted}</span>
    ${counted === "" ? nothing : html`<progress aria-label=${label} max=${total!} .value=${done!}></progress>`}`;
}
