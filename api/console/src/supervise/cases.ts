/** The cases that ask for a look: who waits too long, who was sent against the advice, where a nearer one was passed over. */
import { html, nothing, type TemplateResult } from "lit-html";
import { clock } from "../time.ts";
import { words } from "../words.ts";
import { incidentLink, rows } from "./rows.ts";
import { running } from "./running.ts";
import { givenUp, type Told } from "./told.ts";
import type { Late, NotNearest, Override, OverrideSent, Supervision } from "./types.ts";

const said = words.supervise;

/** @param heard_s when the answer came, so that what is still waiting runs on from there */
export function lateList(day: Supervision, heard_s: number, told: Told): TemplateResult {
  if (day.late.length === 0) return html`<p class="none">${said.late.none}</p>`;
  return rows(said.late.title, day.late, (each) => each.incident_id, (each) => late(each, heard_s, told));
}

function late(each: Late, heard_s: number, told: Told): TemplateResult {
  const since = each.waiting
    ? html`<span class="mark bad">${running(each.late_s, heard_s)} ${said.late.waiting}</span>`
    : html`<span class="mark warn">${clock(each.late_s)} ${said.late.arrived}</span>`;
  return html`${incidentLink(each.incident_id)} ${about(each, told)} ${since}
    <span>${said.late.target(clock(each.target_s), told.at(each.due_at))}</span>
    ${each.arrived_at === null ? nothing : html`<span>${said.late.at(told.at(each.arrived_at))}</span>`}
    <span>${each.sent.length === 0 ? said.late.nobody : said.late.sent(each.sent.join(", "))}</span>`;
}

export function overrideList(day: Supervision, told: Told): TemplateResult {
  if (day.overrides.length === 0) return html`<p class="none">${said.overrides.none}</p>`;
  return html`${day.overrides.map((group) => overrideGroup(group, told))}`;
}

function overrideGroup(group: Override, told: Told): TemplateResult {
  const label = group.label ?? group.reason ?? said.overrides.noReason;
  return html`<h4>${said.overrides.group(label, group.count, group.domestic_abuse)}</h4>
    ${rows(label, group.sent, (each) => `${each.incident_id} ${each.callsign} ${each.at}`, (each) => override(each, told))}`;
}

function override(each: OverrideSent, told: Told): TemplateResult {
  const advised = each.advised === null ? said.overrides.adviceNotKnown : said.overrides.advised(each.advised.join(", "));
  return html`${incidentLink(each.incident_id)} ${about(each, told)}
    <span>${said.overrides.sent(each.callsign, told.at(each.at), each.by)}</span>
    <span>${advised}</span>
    <span class="mark warn">${givenUp(each.given_up_s)}</span>
    ${each.failed.length === 0 ? nothing : html`<span>${said.overrides.failed(each.failed.join(", "))}</span>`}
    ${each.note === null ? nothing : html`<q>${each.note}</q>`}`;
}

export function passedOverList(day: Supervision, told: Told): TemplateResult {
  if (day.not_nearest.length === 0) return html`<p class="none">${said.passedOver.none}</p>`;
  return rows(said.passedOver.title, day.not_nearest, (each) => each.incident_id, (each) => passedOver(each, told));
}

function passedOver(each: NotNearest, told: Told): TemplateResult {
  const reasons = each.reasons.map((reason) => reason.label ?? reason.reason).join("; ");
  return html`${incidentLink(each.incident_id)} ${about(each, told)}
    <span>${said.passedOver.sent(each.sent.join(", "), told.at(each.decided_at), each.by.join(", "))}</span>
    <span class="mark warn">${said.passedOver.better(each.better, each.lost_s === null ? null : clock(each.lost_s))}</span>
    <span>${each.cause_label}${reasons === "" ? nothing : said.passedOver.reasons(reasons)}</span>`;
}

function about(each: { grade: string; domestic_abuse: boolean }, told: Told): TemplateResult {
  return html`<span>${told.grade(each.grade)}</span>${each.domestic_abuse ? html`<span class="mark abuse">${said.abuse}</span>` : nothing}`;
}
