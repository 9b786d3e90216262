/** One line of the ledger: a unit, how soon it can be there, and what speaks for or against it. */
import { html, nothing, type TemplateResult } from "lit-html";
import type { Force } from "../force-types.ts";
import { words } from "../words.ts";
import type { Leaves, Line, Recommendation } from "./answers.ts";
import { span } from "./clocks.ts";
import { labelled, metres, readable, runs } from "./figures.ts";
import { rules as failedRules } from "./why-not.ts";

export interface OfficerChoice {
  answer: Recommendation;
  rules: Force;
  /** How far its sending is; empty where nobody asked for it. */
  sending: string;
  /** Whether there was time to read a list that has come by itself. */
  armed: boolean;
  diversion: boolean;
  tabbed: boolean;
  current: boolean;
  onFocus(): void;
  onClick(): void;
  onSend(): void;
}

export function officerRow(line: Line, choice: OfficerChoice): TemplateResult {
  const { answer, rules, sending } = choice;
  return html`<div class="row">
    <button
      class="officer"
      data-officer=${line.callsign}
      tabindex=${choice.tabbed ? 0 : -1}
      aria-current=${choice.current ? "true" : nothing}
      @focus=${choice.onFocus}
      @click=${choice.onClick}
    >
      <span class="callsign">${line.callsign}</span>
      <span class="time">${runs(line.time_s)}</span>
      <span class="range">${rangeOf(line)}</span>
      <span class="far">${metres(line.length_m)}</span>
      ${mark(line, answer, choice.diversion)}
      <span class="more">${sending === "" ? readable(about(line, rules), rules) : html`<strong>${sending}</strong>`}</span>
    </button>
    <button class="send" tabindex="-1" aria-label=${words.incident.sendOne(line.callsign)} ?disabled=${sending !== "" || !choice.armed} @click=${choice.onSend}>${words.incident.send}</button>
  </div>`;
}

function rangeOf(line: Line): string {
  return line.earliest_s === null ? "" : words.incident.range(runs(line.earliest_s), runs(line.latest_s));
}

/** Where a unit stands, by a word: the colour says nothing of its own. */
function mark(line: Line, answer: Recommendation, diversion: boolean): TemplateResult {
  const named = answer.suggested.includes(line.callsign)
    ? ["good", diversion ? words.incident.suggestedDiversion : words.incident.suggested]
    : answer.indistinguishable_from.includes(line.callsign)
      ? ["good", words.incident.asSoon]
      : !line.eligible
        ? ["bad", words.incident.notEligible]
        : diversion
          ? ["warn", words.incident.diversion]
          : ["", words.incident.eligible];
  return html`<span class="mark ${named[0]}">${named[1]}</span>`;
}

function about(line: Line, rules: Force): string {
  const skills = line.skills.map((each) => labelled(rules.skills, "skill", each));
  return [...failedRules(line), ...doubts(line, rules), ...leaving(line.leaves, rules), words.incident.crew(line.crew), ...skills].join(words.board.dot);
}

/** What is uncertain about its time. */
export function doubts(line: Line, rules: Force): string[] {
  const said: string[] = [];
  if (line.fix_age_s !== null && line.fix_age_s > rules.fixes.fresh_s) said.push(words.incident.fixOld(span(line.fix_age_s)));
  if (line.fix_gap_m !== null && line.fix_gap_m > rules.fixes.default_accuracy_m) said.push(words.incident.fixGap(metres(line.fix_gap_m)));
  return said;
}

export function leaving(leaves: Leaves | null, rules: Force): string[] {
  if (leaves === null) return [];
  const what = words.incident.leaves(leaves.incident_id ?? words.incident.unknownIncident, leaves.grade === null ? "" : labelled(rules.grades, "grade", leaves.grade));
  if (leaves.next_callsign === null) return [what, leaves.because || words.incident.nobodyNext];
  if (leaves.delay_s === null) return [what, leaves.because || words.incident.nextThere(leaves.next_callsign)];
  const later = leaves.delay_s >= 0;
  return [what, words.incident.nextLater(leaves.next_callsign, runs(Math.abs(leaves.delay_s)), later)];
}

/** All about the unit in focus, in a place of its own: the rows stay where they are. */
export function officerDetails(line: Line, says: string, rules: Force): TemplateResult {
  const skills = line.skills.map((each) => labelled(rules.skills, "skill", each)).join(words.board.comma);
  const rows: [string, string][] = [
    [words.incident.madeOf, words.incident.parts(runs(line.mobilisation_s), runs(line.drive_s), runs(line.walk_s))],
    [words.incident.distances, words.incident.distance(metres(line.length_m), metres(line.straight_m))],
    [words.incident.uncertain, [rangeOf(line), ...doubts(line, rules)].filter((each) => each !== "").join(words.board.dot)],
    [words.incident.status, line.status_label],
    [words.incident.skills, skills],
    [words.incident.notes, line.notes.join(words.board.dot)],
    [words.incident.against, failedRules(line).join(words.board.dot)],
    [words.incident.cost, leaving(line.leaves, rules).join(words.board.dot)],
  ];
  const known = line.time_s === null ? rows.slice(3) : rows;
  return html`<div class="details">
    <h4>${line.callsign}</h4>
    <p class="hint">${says === "" ? nothing : html`<kbd>${words.incident.enter}</kbd> ${says}`}</p>
    <dl>
      ${known.filter(([, value]) => value !== "").map(([name, value]) => html`<div><dt>${name}</dt><dd>${readable(value, rules)}</dd></div>`)}
    </dl>
    <p id="way-note" role="status"></p>
  </div>`;
}
