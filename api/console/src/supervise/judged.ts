/** What was judged in the period: how many of each outcome and answer, and each assessment with what the record said. */
import { html, nothing, type TemplateResult } from "lit-html";
import { clock } from "../time.ts";
import { words } from "../words.ts";
import { incidentLink, rows } from "./rows.ts";
import type { Told } from "./told.ts";
import type { Assessments, Facts, Judged } from "./types.ts";

const said = words.supervise.assess;

export function judgedList(found: Assessments, told: Told): TemplateResult {
  if (found.assessments.length === 0) return html`<p class="none">${said.noneJudged}</p>`;
  const { answers, outcomes } = told.force.assessment;
  return html`
    <ul class="counts">${outcomes.map((each) => html`<li>${said.count(each.label, found.outcomes[each.outcome] ?? 0)}</li>`)}</ul>
    <table class="answers">
      <caption class="hidden-text">${said.answersTitle}</caption>
      <thead>
        <tr><td></td>${answers.map((each) => html`<th scope="col">${said.answers[each] ?? each}</th>`)}</tr>
      </thead>
      <tbody>
        ${Object.entries(found.answers).map(([question, counts]) => html`<tr>
          <th scope="row">${told.question(question)}</th>
          ${answers.map((each) => html`<td>${counts[each] ?? 0}</td>`)}
        </tr>`)}
      </tbody>
    </table>
    ${rows(said.judged, found.assessments, (each) => String(each.seq), (each) => one(each, told))}
  `;
}

function one(each: Judged, told: Told): TemplateResult {
  const answers = Object.entries(each.answers).filter(([, answer]) => answer !== "yes");
  return html`${incidentLink(each.incident_id)} <strong>${told.outcome(each.outcome)}</strong>
    <span>${said.by(each.by, told.on(each.at))}</span>
    <span>${facts(each.facts, told)}</span>
    ${each.note === null ? nothing : html`<q>${each.note}</q>`}
    ${answers.length === 0
      ? html`<span>${said.allYes}</span>`
      : html`<ul>${answers.map(([question, answer]) => html`<li>${told.question(question)} ${said.answers[answer as keyof typeof said.answers] ?? answer}</li>`)}</ul>`}`;
}

function facts(found: Facts, told: Told): string {
  const time = (seconds: number | null): string | null => (seconds === null ? null : clock(seconds));
  return [
    said.firstSent(time(found.first_sent_s)),
    said.firstThere(time(found.first_at_scene_s)),
    found.suggested_sent === null ? "" : found.suggested_sent ? said.wasSuggested : said.notSuggested(found.reason === null ? null : told.reason(found.reason)),
    found.history_checked ? said.checked : said.unchecked,
    ...found.raised_by.map((each) => said.raised(told.raised(each))),
  ].filter((each) => each !== "").join(" ");
}
