/** What was known at a moment: of the incident, of who could have gone, and apart from both what was entered later. */
import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { Force } from "../force.ts";
import { clock } from "../time.ts";
import { words } from "../words.ts";
import { stepText, timeText } from "./slider.ts";
import { lasting } from "./told.ts";
import type { Known, KnownUnit, Later, LedgerLine, Moments, Recommendation, Step, Verdict } from "./types.ts";

const said = words.audit;

/** The incident as it was known. */
export function incidentThen(known: Known, force: Force): TemplateResult {
  const { incident } = known;
  if (incident === null) return html`<p>${said.known.noIncident}</p>`;
  const tags = incident.tags.map((name) => force.tags.find((each) => each.tag === name)?.label ?? name);
  const parts = [incident.grade_label, incident.type ?? "", ...tags, said.known.units(incident.units_needed)];
  return html`<p class="incident-then">${parts.filter((each) => each !== "").join(" · ")}</p>`;
}

/** Who went. */
export function went(verdict: Verdict): TemplateResult {
  const { sent, judged, better, sent_s, better_s, lost_s } = verdict;
  if (sent.length === 0) return html`<p>${said.went.nobody}</p>`;
  return html`<ul class="went">
    <li>${said.went.sent(sent.join(", "))}</li>
    ${judged === "" ? nothing : html`<li>${said.went.soonest(judged, lasting(sent_s))}</li>`}
    ${better === "" ? nothing : html`<li>${said.went.better(better, lasting(better_s), lasting(lost_s))}</li>`}
    ${verdict.judged_failed === "" ? nothing : html`<li>${said.went.failed(judged, verdict.judged_failed.split(";").map((rule) => (said.rules as Record<string, string>)[rule] ?? rule).join(", "))}</li>`}
  </ul>`;
}

/**
 * Who could have gone, as known then: the ledger of that moment.
 *
 * @param pick shows the way of a unit on the map before those of others
 */
export function ledger(known: Known, verdict: Verdict, picked: string, pick: (callsign: string) => void): TemplateResult {
  const told = known.recommendation;
  if (told === null) return html`<p>${known.why_not === null ? "" : said.whyNot[known.why_not]}</p>${unitsOnly(known)}`;
  const units = new Map(known.units.map((each) => [each.callsign, each]));
  return html`${told.warnings.map((text) => html`<p class="warn notice">${text}</p>`)}
    <p>${outcome(told)}</p>
    <div class="scroll" tabindex="0" role="region" aria-label=${said.ledger.label}>
      <table class="ledger">
        <thead>
          <tr>${Object.values(said.ledger.columns).map((text) => html`<th scope="col">${text}</th>`)}</tr>
        </thead>
        <tbody>
          ${repeat(told.ledger, (each) => each.callsign, (each) => row(each, units.get(each.callsign), told, verdict, known, each.callsign === picked, pick))}
        </tbody>
      </table>
    </div>`;
}

function outcome(told: Recommendation): string {
  const names = told.suggested.join(", ");
  const doubt = told.certainty === "indistinguishable" ? said.ledger.doubt(told.indistinguishable_from.join(", ")) : "";
  return [(said.outcomes as Record<string, (names: string) => string>)[told.outcome]?.(names) ?? told.outcome, doubt].filter((each) => each !== "").join(" ");
}

function row(line: LedgerLine, unit: KnownUnit | undefined, told: Recommendation, verdict: Verdict, known: Known, picked: boolean, pick: (callsign: string) => void): TemplateResult {
  const sent = verdict.sent.includes(line.callsign);
  const marks = [
    sent ? (known.before ? said.marks.sent : said.marks.gone) : "",
    line.callsign === verdict.better ? said.marks.better : "",
    told.suggested.includes(line.callsign) ? said.marks.suggested : "",
  ].filter((each) => each !== "");
  return html`<tr data-callsign=${line.callsign} class=${`${sent ? "sent" : line.eligible ? "could" : "kept"} ${picked ? "picked" : ""}`}>
    <th scope="row">
      <button aria-pressed=${picked ? "true" : "false"} @click=${() => pick(picked ? "" : line.callsign)}>${line.callsign}</button> ${marks.map((text) => html`<span class="mark">${text}</span> `)}<br />
      <span class="faint">${said.doing(line.status_label, unit?.incident_id ?? "")}</span>
    </th>
    <td class="number">
      ${line.time_s === null ? said.notKnown : html`${clock(line.time_s)} <span class="faint between">(${said.between(lasting(line.earliest_s), lasting(line.latest_s))})</span>`}<br />
      <span class="faint">${said.fixAge(lasting(line.fix_age_s))}</span>
    </td>
    <td>${could(line, unit)}</td>
  </tr>`;
}

function could(line: LedgerLine, unit: KnownUnit | undefined): TemplateResult {
  if (!line.eligible) return html`<strong>${said.marks.kept}</strong> ${line.failed.map((each) => each.because).join("; ")}`;
  const doubt = unit?.doubt ? said.doubts[unit.doubt] : "";
  return html`<strong>${said.marks.could}</strong> ${[doubt, ...line.notes].filter((each) => each !== "").join("; ")}`;
}

/** The units where nobody can be told: where they were is known all the same. */
function unitsOnly(known: Known): TemplateResult {
  return html`<ul>
    ${known.units.map((each) => html`<li>${said.unit(each.callsign, each.status_label ?? said.notKnown, lasting(each.fix_age_s))}</li>`)}
  </ul>`;
}

/** What was true at that moment and entered later. */
export function hindsight(known: Known, told: Moments): TemplateResult {
  if (known.later.length === 0) return html`<p>${said.hindsight.nothing}</p>`;
  return html`<ul>
    ${known.later.map((each) => html`<li>${laterText(each, told)}</li>`)}
  </ul>`;
}

function laterText(each: Later, told: Moments): string {
  const [since, entered] = [each.at === null ? said.hindsight.always : timeText(each.at, told), timeText(each.known_at, told)];
  if (each.kind === "step") return said.hindsight.step(stepText({ step: each.name as Step, callsigns: each.callsigns, value: each.value }), since, entered);
  return said.hindsight[each.kind](each.name, since, entered, each.value ?? said.notKnown);
}
