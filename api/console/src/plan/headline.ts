/** What a run came to: the numbers that a reader asks first, and how much of the demand could be reached hour by hour. */
import { html, nothing, svg, type TemplateResult } from "lit-html";
import type { Force } from "../force.ts";
import { words } from "../words.ts";
import { intervalText, measureText, policyLabel, valueText } from "./told.ts";
import type { Estimate, Key, Results } from "./types.ts";

const said = words.plan;
const BAR = 10;
const HIGH = 60;
const WIDE_PX = 44;

function same(one: Key, other: Key): boolean {
  return one.measure === other.measure && one.grade === other.grade && one.dimension === other.dimension && one.group === other.group;
}

export function headline(results: Results, force: Force): TemplateResult {
  const { policies } = results;
  return html`<section aria-labelledby="headline-title">
    <h3 id="headline-title">${said.headline.title}</h3>
    <p class="faint">${said.headline.intro}</p>
    <div class="plan-scroll" tabindex="0" role="group" aria-label=${said.headline.title}>
      <table class="plan-numbers">
        <thead>
          <tr><th scope="col">${said.headline.number}</th>${policies.map(({ policy }) => html`<th scope="col">${policyLabel(policy)}</th>`)}</tr>
        </thead>
        <tbody>
          ${results.headline.map(
            (key) => html`<tr>
              <th scope="row">${measureText(key, force)}</th>
              ${policies.map(({ numbers }) => html`<td>${estimate(numbers.find((each) => same(each, key)))}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function estimate(one: Estimate | undefined): TemplateResult | string {
  if (one === undefined) return said.headline.none;
  if (one.few) return said.headline.few(one.n);
  const told = (value: number): string => valueText(value, one.unit);
  return html`<strong>${told(one.mean)}</strong> <span class="faint">${intervalText(one.low, one.high, told)}</span>`;
}

/** How much of the demand a free unit could have reached in time, hour by hour, for each policy. */
export function coverage(results: Results): TemplateResult | typeof nothing {
  const [first] = results.policies;
  const hours = first === undefined ? [] : hourly(first.numbers);
  if (first === undefined || hours.length === 0) return nothing;
  return html`<section aria-labelledby="coverage-title">
    <h3 id="coverage-title">${said.coverage.title}</h3>
    <p class="faint">${said.coverage.intro}</p>
    ${bars(hours, policyLabel(first.policy))}
    <div class="plan-scroll" tabindex="0" role="group" aria-label=${said.coverage.title}>
      <table class="plan-numbers">
        <thead>
          <tr><th scope="col">${said.coverage.hour}</th>${results.policies.map(({ policy }) => html`<th scope="col">${policyLabel(policy)}</th>`)}</tr>
        </thead>
        <tbody>
          ${hours.map(
            (hour) => html`<tr>
              <th scope="row">${said.coverage.hourOf(hour.group)}</th>
              ${results.policies.map(({ numbers }) => html`<td>${estimate(numbers.find((each) => same(each, hour)))}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function hourly(numbers: readonly Estimate[]): Estimate[] {
  return numbers.filter((each) => each.measure === "coverage" && each.dimension === "hour").sort((a, b) => a.group.localeCompare(b.group));
}

/** Bars are the table at a glance; whoever does not see them has the table. */
function bars(hours: readonly Estimate[], policy: string): TemplateResult {
  return html`<p>${said.coverage.chart(policy)}</p>
    <svg class="plan-bars" aria-hidden="true" viewBox=${`0 0 ${hours.length * BAR} ${HIGH}`} width=${hours.length * WIDE_PX} preserveAspectRatio="none">
      ${hours.map(({ mean }, row) => svg`<rect x=${row * BAR + 1} width=${BAR - 2} y=${(1 - mean) * HIGH} height=${mean * HIGH}></rect>`)}
    </svg>`;
}
