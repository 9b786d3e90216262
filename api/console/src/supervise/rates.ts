/** Whether the nearest was sent: by the audit's own measures, domestic abuse apart, and never without what is not known. */
import { html, nothing, svg, type TemplateResult } from "lit-html";
import { clock } from "../time.ts";
import { words } from "../words.ts";
import { rateText } from "./told.ts";
import type { Because, Group, Rate, Supervision } from "./types.ts";

const said = words.supervise.rates;
/** The width of a drawn interval, in its own units: one for each percent. */
const WIDE = 100;

type Measure = [string, (group: Group) => unknown];

export function ratesTable(day: Supervision): TemplateResult {
  return html`
    ${table(said.title, day, MEASURES)}
    <details>
      <summary>${said.more}</summary>
      ${table(said.more, day, MORE)}
    </details>
    ${why(said.unknownWhy, day.unknown)} ${why(said.droppedWhy, day.dropped)}
    ${day.purged > 0 ? html`<p class="warn">${said.purged(day.purged)}</p>` : nothing}
  `;
}

function table(caption: string, day: Supervision, measures: readonly Measure[]): TemplateResult {
  return html`<table class="rates">
    <caption class="faint">${caption}</caption>
    <thead>
      <tr>
        <td></td>
        ${day.groups.map((group) => html`<th scope="col">${said.groups[group.group]}<span class="faint">${said.incidents(group.incidents)}</span></th>`)}
      </tr>
    </thead>
    <tbody>
      ${measures.map(([label, cell]) => html`<tr><th scope="row">${label}</th>${day.groups.map((group) => html`<td>${cell(group)}</td>`)}</tr>`)}
    </tbody>
  </table>`;
}

const MEASURES: readonly Measure[] = [
  [said.ofJudged, (group) => drawn(group.nearest_sent.of_judged)],
  [said.ofAttended, (group) => drawn(group.nearest_sent.of_attended)],
  [said.unknown, (group) => said.counted(group.counts.unknown, group.nearest_sent.of_attended.of)],
  [said.passedOver, (group) => said.counted(group.counts.nearer_eligible_not_sent, group.nearest_sent.of_judged.of)],
  [said.decided, (group) => rateText(group.responses.in_target_of_decided)],
  [said.open, ({ responses }) => said.standing(responses.overdue, responses.pending)],
];

const MORE: readonly Measure[] = [
  [said.withinDoubt, (group) => said.counted(group.counts.sent_within_noise, group.nearest_sent.of_judged.of)],
  [said.placed, (group) => rateText(group.if_all_placed)],
  [said.suggested, (group) => rateText(group.suggested_sent)],
  [said.lost, (group) => lost(group)],
  [said.timed, (group) => rateText(group.responses.in_target_of_timed)],
  [said.unseen, ({ responses }) => said.missing(responses.missing, responses.doubtful, responses.unclocked)],
];

function drawn(rate: Rate): TemplateResult {
  return html`<strong>${rateText(rate)}</strong>${interval(rate)}`;
}

/** A share on a line from none to all, with its interval: how sure a number is, is seen before it is read. */
function interval(rate: Rate): TemplateResult | typeof nothing {
  const { share, low, high } = rate;
  if (share === null || low === null || high === null) return nothing;
  return html`<svg class="interval" viewBox="0 0 ${WIDE} 8" preserveAspectRatio="none" role="img" aria-label=${rateText(rate)}>
    ${svg`<rect class="scale" x="0" y="3.5" width=${WIDE} height="1"></rect>
    <rect class="between" x=${low * WIDE} y="2" width=${(high - low) * WIDE} height="4"></rect>
    <rect class="share" x=${Math.min(share * WIDE, WIDE - 1)} y="0" width="1" height="8"></rect>`}
  </svg>`;
}

function lost({ lost_s }: Group): string {
  if (lost_s.median === null || lost_s.p90 === null || lost_s.total === null) return said.nothing(lost_s.n);
  return said.lostText(clock(lost_s.median), clock(lost_s.p90), clock(lost_s.total), lost_s.n, lost_s.missing);
}

function why(label: string, reasons: Because[]): TemplateResult | typeof nothing {
  if (reasons.length === 0) return nothing;
  return html`<div class="why"><h4>${label}</h4><ul>${reasons.map((each) => html`<li>${said.because(each.sentence, each.count)}</li>`)}</ul></div>`;
}
