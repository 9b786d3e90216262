/** What is to be done: risks to be looked at again, tasks, and markers that end soon; the overdue first. */
import { html, nothing, type TemplateResult } from "lit-html";
import { at } from "../http.ts";
import { session } from "../session.ts";
import { words } from "../words.ts";
import { faultLines, textOf, type Doing } from "./doing.ts";
import { incidentLink, rows } from "./rows.ts";
import { running } from "./running.ts";
import type { Told } from "./told.ts";
import type { Marker, Review, Task } from "./types.ts";
import type { Watch } from "./watch.ts";
import { now } from "../now.ts";

const said = words.supervise;
/** From how many days before its end a marker is shown. */
export const ENDING_DAYS = 14;
const DAY_MS = 86_400_000;
const TELLING = ["tell_victim", "inform_victim"];

export interface Todo {
  watch: Watch;
  doing: Doing;
  told: Told;
}

export function reviewList({ watch, doing, told }: Todo): TemplateResult {
  const reviews = watch.reviews.value ?? [];
  if (reviews.length === 0) return html`<p class="none">${said.reviews.none}</p>`;
  return rows(said.reviews.title, reviews, (each) => each.review_id, (each) => {
    const name = `review:${each.review_id}`;
    return html`${incidentLink(each.incident_id)}
      <span>${said.reviews.level(each.level)}</span> ${due(each, watch.reviews.heard_s, told)}
      ${session.may("reviewDone") ? doneButton(doing, name, said.reviews.doneOf(each.incident_id)) : nothing}
      ${doing.open === name ? reviewForm(name, each, { watch, doing, told }) : nothing}`;
  });
}

function reviewForm(name: string, review: Review, { watch, doing, told }: Todo): TemplateResult {
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const body = { outcome: textOf(form, "outcome"), level: textOf(form, "level") };
    const done = await doing.act(name, at("/v1/reviews/", review.review_id, "/done"), body, said.reviews.label(review.incident_id));
    if (done === null) return;
    doing.say(said.reviews.said(review.incident_id));
    await watch.reviews.now();
  };
  const levels = told.force.risk.levels;
  return html`<form class="inline" aria-label=${said.reviews.doneOf(review.incident_id)} @submit=${submit}>
    <label>${said.reviews.outcome} <textarea name="outcome" rows="2" required></textarea>${faultLines(doing, name, "outcome")}</label>
    <label>${said.reviews.newLevel}
      <select name="level"><option value="">${said.reviews.asBefore(review.level)}</option>${levels.map((each) => html`<option>${each}</option>`)}</select>
      ${faultLines(doing, name, "level")}
    </label>
    ${doing.refusal(name, ["outcome", "level"])} ${buttons(doing, name)}
  </form>`;
}

export function taskList({ watch, doing, told }: Todo): TemplateResult {
  const tasks = watch.tasks.value ?? [];
  if (tasks.length === 0) return html`<p class="none">${said.tasks.none}</p>`;
  return rows(said.tasks.title, tasks, (each) => each.task_id, (each) => {
    const name = `task:${each.task_id}`;
    const whom = each.name ?? each.subject;
    return html`${each.name === null ? incidentLink(each.subject) : html`<strong class="name" tabindex="0">${each.name}</strong>`}
      <span>${said.tasks.kinds[each.kind]}</span> ${due(each, watch.tasks.heard_s, told)}
      ${session.may("taskDone") ? doneButton(doing, name, said.tasks.doneOf(said.tasks.kinds[each.kind], whom)) : nothing}
      <span>${told.sentence(each.because)}</span>
      ${each.about === null ? nothing : html`<span>${said.tasks.about(each.about)}</span>`}
      ${each.tried > 0 ? html`<span class="mark warn">${said.tasks.tried(each.tried)}</span>` : nothing}
      ${each.support.length > 0 ? html`<span>${said.tasks.support(each.support.join("; "))}</span>` : nothing}
      ${doing.open === name ? taskForm(name, each, { watch, doing, told }) : nothing}`;
  });
}

function taskForm(name: string, task: Task, { watch, doing }: Todo): TemplateResult {
  const whom = task.name ?? task.subject;
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const victim = textOf(form, "victim_told");
    const body = { done: textOf(form, "done"), by: textOf(form, "by"), victim_told: victim === undefined ? undefined : victim === "yes" };
    const done = await doing.act<{ open: boolean }>(name, at("/v1/tasks/", task.task_id, "/done"), body, said.tasks.label(whom));
    if (done === null) return;
    doing.say(done.open ? said.tasks.stillOpen(whom) : said.tasks.said(whom));
    await watch.tasks.now();
  };
  return html`<form class="inline" aria-label=${said.tasks.doneOf(said.tasks.kinds[task.kind], whom)} @submit=${submit}>
    <label>${said.tasks.done} <textarea name="done" rows="2" required></textarea>${faultLines(doing, name, "done")}</label>
    <label>${said.tasks.by} <input name="by" placeholder=${session.who?.name ?? ""} />${faultLines(doing, name, "by")}</label>
    ${TELLING.includes(task.kind) ? victimTold(doing, name) : nothing}
    ${doing.refusal(name, ["done", "by", "victim_told"])} ${buttons(doing, name)}
  </form>`;
}

function victimTold(doing: Doing, name: string): TemplateResult {
  return html`<fieldset>
    <legend>${said.tasks.victimTold}</legend>
    <label><input type="radio" name="victim_told" value="yes" required /> ${said.tasks.yes}</label>
    <label><input type="radio" name="victim_told" value="no" /> ${said.tasks.no}</label>
    ${faultLines(doing, name, "victim_told")}
  </fieldset>`;
}

/** Markers that have ended or soon will, unless somebody renews them. */
export function endingSoon(markers: readonly Marker[], at_ms = now()): Marker[] {
  return markers.filter((each) => Date.parse(each.expires_at) < at_ms + ENDING_DAYS * DAY_MS).sort((a, b) => Date.parse(a.expires_at) - Date.parse(b.expires_at));
}

export function markerList({ watch, told }: Todo): TemplateResult {
  const ending = endingSoon(watch.markers.value ?? []);
  if (ending.length === 0) return html`<p class="none">${said.markers.none(ENDING_DAYS)}</p>`;
  return rows(said.markers.title, ending, (each) => each.marker_id, (each) => html`
    <strong class="name" tabindex="0">${each.name}</strong>
    <span>${said.markers.roles[each.role]}, ${said.reviews.level(each.level)}</span>
    ${each.in_force
      ? html`<span class="mark warn">${said.markers.ends(told.on(each.expires_at))}</span>`
      : html`<span class="mark bad">${said.markers.ended(told.on(each.expires_at))}</span>`}
    <span>${each.text}</span>`);
}

function due(item: { due_at: string; overdue_s: number | null }, heard_s: number, told: Told): TemplateResult {
  if (item.overdue_s === null) return html`<span>${said.due.at(told.on(item.due_at))}</span>`;
  return html`<span class="mark bad">${running(item.overdue_s, heard_s)} ${said.due.overdue}</span><span>${said.due.was(told.on(item.due_at))}</span>`;
}

function doneButton(doing: Doing, name: string, label: string): TemplateResult {
  return html`<button class="small open-form" aria-label=${label} aria-expanded=${doing.open === name} data-form=${name} @click=${() => doing.toggle(name)}>
    ${said.doing.done}
  </button>`;
}

function buttons(doing: Doing, name: string): TemplateResult {
  return html`<p class="buttons">
    <button class="primary" ?disabled=${doing.busy(name)}>${said.doing.record}</button>
    <button type="button" ?disabled=${doing.busy(name)} @click=${() => doing.shut()}>${said.doing.leave}</button>
    ${doing.state(name)}
  </p>`;
}
