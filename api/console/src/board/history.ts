/** History and risk: what the check of the record found, by which definitions, and which questions are open. */
import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import type { Force } from "../force-types.ts";
import { at, Problem } from "../http.ts";
import { GivenUp, outbox } from "../outbox.ts";
import { dayAndTime } from "../time.ts";
import { words } from "../words.ts";
import type { Case, Definition, Marker, Match, Risk } from "./answers.ts";
import type { Chosen } from "./chosen.ts";
import { labelled, metres } from "./figures.ts";

export function history(chosen: Chosen, rules: Force): TemplateResult {
  const known = chosen.known!;
  const { risk } = known;
  if (risk === null) return html`<section class="history"><h3>${words.incident.history}</h3><p class="warn">${words.incident.notChecked}</p></section>`;
  return html`<section class="history" aria-labelledby="history">
    <h3 id="history">${words.incident.history}</h3>
    ${Object.entries(risk.definitions).map(([name, each]) => definition(name, each, chosen))}
    ${risk.markers.map((each) => marker(each, rules))}
    ${matches(risk, rules)}
    ${risk.withheld.map((each) => html`<p>${words.incident.withheld(each.because)}</p>`)}
    ${risk.unreadable.map((each) => html`<p class="warn">${words.incident.unreadable(each)}</p>`)}
  </section>`;
}

/** What is so or open, at a glance, beside the tags that tell the rest. */
export function flags(known: Case): TemplateResult | typeof nothing {
  const { risk } = known;
  if (risk === null) return nothing;
  const told = [
    ...Object.entries(risk.definitions).filter(([, each]) => each.met !== false && !known.tags.includes(each.adds ?? "")).map(([name, each]) => flag(name, each)),
    ...risk.markers.filter((each) => each.in_force && each.holds).map((each) => html`<li class="bad">${words.incident.marker(each.level, each.role)}</li>`),
    ...(known.dash?.level === undefined ? [] : [html`<li class="warn">${words.incident.dash(known.dash.level)}</li>`]),
  ];
  return told.length === 0 ? nothing : html`<ul class="flags" aria-label=${words.incident.history}>${told}</ul>`;
}

/** A definition that cannot be told is not one that is not met. */
function flag(name: string, each: Definition): TemplateResult {
  const named = (words.incident.definitions as Record<string, string>)[name] ?? name;
  return each.met === null ? html`<li class="open">${words.incident.notKnown(named)}</li>` : html`<li class="bad">${named}</li>`;
}

function definition(name: string, each: Definition, chosen: Chosen): TemplateResult {
  const named = (words.incident.definitions as Record<string, string>)[name] ?? name;
  const open = each.questions !== undefined && each.met === null;
  return html`<details ?open=${each.met === true || open}>
    <summary>${words.incident.definition(named, each.version, words.incident.met(each.met))}</summary>
    <p class="text">${each.text}</p>
    ${each.because === undefined ? nothing : html`<p>${each.because}</p>`}
    ${each.last_discussed_at ? html`<p>${words.incident.discussed(dayAndTime(each.last_discussed_at, chosen.zone))}</p>` : nothing}
    ${each.questions === undefined ? nothing : questions(each, chosen)}
  </details>`;
}

/** The questions of vulnerability, answered where they stand; not known is an answer too, and no answer is not a no. */
function questions(each: Definition, chosen: Chosen): TemplateResult {
  const answers = { ...each.answers, ...Object.fromEntries(chosen.answering) };
  const rows: [string, boolean | null][] = [
    [words.incident.yes, true],
    [words.incident.no, false],
    [words.incident.dontKnow, null],
  ];
  return html`<div class="questions">
    ${Object.entries(each.questions ?? {}).map(
      ([key, text]) => html`<fieldset ?disabled=${!chosen.isOpen}>
        <legend>${text}</legend>
        ${rows.map(
          ([label, value]) => html`<label><input type="radio" name=${`question-${key}`} .checked=${live(key in answers && answers[key] === value)} @change=${() => void answer(chosen, key, value)} /> ${label}</label>`,
        )}
      </fieldset>`,
    )}
  </div>`;
}

async function answer(chosen: Chosen, key: string, value: boolean | null): Promise<void> {
  const label = words.incident.answering(chosen.id);
  chosen.answering.set(key, value);
  try {
    chosen.learn(await outbox.act<Case>(at("/v1/incidents/", chosen.id, "/vulnerability"), { answers: { [key]: value } }, label));
  } catch (error) {
    // A refusal stands in the list of actions.
    if (!(error instanceof Problem || error instanceof GivenUp)) throw error;
  } finally {
    chosen.answering.delete(key);
    chosen.changed();
  }
}

function marker(each: Marker, rules: Force): TemplateResult {
  const more = [each.serial ? words.incident.serial : "", each.most_serious ? words.incident.mostSerious : ""].filter((said) => said !== "");
  return html`<details ?open=${each.in_force && each.holds}>
    <summary>${words.incident.markerOn(each.level, each.role, each.on)}</summary>
    <p class="text">${each.text}</p>
    ${more.map((said) => html`<p>${said}</p>`)}
    ${each.support.length === 0 ? nothing : html`<p>${words.incident.support(each.support.join(words.board.dot))}</p>`}
    <p>${each.in_force ? words.incident.expires(dayAndTime(each.expires_at, rules.time_zone)) : words.incident.expired(dayAndTime(each.expires_at, rules.time_zone))}</p>
    ${each.raised_until === null ? nothing : html`<p class="warn">${words.incident.raisedUntil(dayAndTime(each.raised_until, rules.time_zone))}</p>`}
  </details>`;
}

function matches(risk: Risk, rules: Force): TemplateResult {
  const since = dayAndTime(risk.since, rules.time_zone);
  if (risk.matches.length === 0) return html`<p>${words.incident.noMatches(since)}</p>`;
  return html`<details open>
    <summary>${words.incident.matches(risk.matches.length + risk.not_listed, since)}</summary>
    <ul class="matches">
      ${risk.matches.map((each) => match(each, rules))}
    </ul>
    ${risk.not_listed === 0 ? nothing : html`<p>${words.incident.notListed(risk.not_listed)}</p>`}
  </details>`;
}

function match(each: Match, rules: Force): TemplateResult {
  const shares = each.by.map((by) => (words.incident.shares as Record<string, string>)[by] ?? by).join(words.board.comma);
  const tags = each.tags.map((tag) => labelled(rules.tags, "tag", tag));
  const said = [each.type ?? "", ...tags, each.outcome ?? ""].filter((part) => part !== "").join(words.board.dot);
  return html`<li>
    <strong>${each.incident_id}</strong> ${dayAndTime(each.received_at, rules.time_zone)}
    <span>${words.incident.by(shares, metres(each.distance_m))}</span>
    <span>${said}</span>
  </li>`;
}
