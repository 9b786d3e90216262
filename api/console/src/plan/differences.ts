/** Differences, pair by pair: what is better, what is worse, and what cannot be told yet. */
import { html, nothing, type TemplateResult } from "lit-html";
import type { Force } from "../force.ts";
import { words } from "../words.ts";
import { changeText, intervalText, measureText, valueText } from "./told.ts";
import type { Difference, Finding, Unit } from "./types.ts";

const said = words.plan.compared;
/** A finding is told by its word, its sign and its colour. */
const SIGNS: Record<Finding, string> = { better: "▲", worse: "▼", more: "+", less: "−", same: "=", cannot_tell: "?" };

/**
 * @param label what the table is of
 * @param unitOf what a number is counted in, where the difference itself does not say
 */
export function differences(rows: readonly Difference[], force: Force, label: string, unitOf: (row: Difference) => Unit): TemplateResult {
  return html`<p>${summary(rows)}</p>
    <div class="plan-scroll" tabindex="0" role="group" aria-label=${label}>
      <table class="plan-numbers plan-differences">
        <thead>
          <tr>
            <th scope="col">${words.plan.headline.number}</th>
            <th scope="col">${said.base}</th>
            <th scope="col">${said.other}</th>
            <th scope="col">${said.difference}</th>
            <th scope="col">${said.finding}</th>
          </tr>
        </thead>
        <tbody>${rows.map((row) => one(row, force, row.key.unit ?? unitOf(row)))}</tbody>
      </table>
    </div>`;
}

/** How many are what, by which a reader begins. */
function summary(rows: readonly Difference[]): string {
  const told = rows.filter((row) => !row.few);
  const counted = (Object.keys(SIGNS) as Finding[]).map((finding) => [finding, told.filter((row) => row.finding === finding).length] as const);
  return counted.filter(([, count]) => count > 0).map(([finding, count]) => said.counted(count, said.findings[finding])).join(", ");
}

function one(row: Difference, force: Force, unit: Unit): TemplateResult {
  const change = (value: number): string => changeText(value, unit);
  return html`<tr>
    <th scope="row">${measureText(row.key, force)}</th>
    <td>${valueText(row.base, unit)}</td>
    <td>${valueText(row.other, unit)}</td>
    <td><strong>${change(row.mean)}</strong> <span class="faint">${intervalText(row.low, row.high, change)}</span></td>
    <td>${row.few ? said.few : finding(row)}</td>
  </tr>`;
}

function finding(row: Difference): TemplateResult {
  return html`<span class=${`finding finding-${row.finding}`}><span aria-hidden="true">${SIGNS[row.finding]}</span> ${said.findings[row.finding]}</span>
    ${row.finding === "cannot_tell" ? html`<span class="faint">${said.needed(row.needed, row.pairs)}</span>` : nothing}`;
}
