/** The forms of the incident's menu: what each asks, and the body that comes of it. */
import { html, type TemplateResult } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import type { Force } from "../force-types.ts";
import { picture } from "../picture.ts";
import { words } from "../words.ts";
import type { Case } from "./answers.ts";
import { focusOnce } from "./override.ts";

/** Each is the last part of its address, too. */
export type FormName = "regrade" | "amend" | "link" | "cancel" | "close";

export interface Form {
  key: string;
  fields(known: Case, rules: Force): TemplateResult;
  read(form: FormData, known: Case): object;
}

export const FORMS: Record<FormName, Form> = {
  regrade: { key: "r", fields: regradeFields, read: (form) => ({ grade: text(form, "grade"), because: text(form, "because") }) },
  amend: { key: "m", fields: amendFields, read: amended },
  link: { key: "l", fields: linkFields, read: (form) => ({ duplicate_of: text(form, "duplicate_of") }) },
  cancel: { key: "x", fields: because, read: (form) => ({ because: text(form, "because") }) },
  close: { key: "o", fields: closeFields, read: (form) => ({ outcome: text(form, "outcome") }) },
};

function text(form: FormData, name: string): string {
  return String(form.get(name) ?? "").trim();
}

function regradeFields(known: Case, rules: Force): TemplateResult {
  const others = rules.grades.filter((each) => each.grade !== known.grade);
  return html`<label>${words.incident.grade} <select name="grade" ${ref(focusOnce)}>${others.map((each) => html`<option value=${each.grade}>${each.label}</option>`)}</select></label>
    <label>${words.incident.becauseField} <input name="because" required autocomplete="off" /></label>`;
}

function because(): TemplateResult {
  return html`<label>${words.incident.becauseField} <input name="because" required autocomplete="off" ${ref(focusOnce)} /></label>`;
}

function closeFields(): TemplateResult {
  return html`<label>${words.incident.outcomeField} <input name="outcome" required autocomplete="off" ${ref(focusOnce)} /></label>`;
}

function linkFields(known: Case): TemplateResult {
  const others = [...picture.incidents.values()].filter((each) => each.incident_id !== known.incident_id);
  return html`<label
    >${words.incident.sameAs}
    <select name="duplicate_of" required ${ref(focusOnce)}>
      ${others.map((each) => html`<option value=${each.incident_id}>${words.incident.other(each.incident_id, each.type ?? "", each.address ?? "")}</option>`)}
    </select></label
  >`;
}

function amendFields(known: Case, rules: Force): TemplateResult {
  return html`
    <label>${words.incident.type} <input name="type" .value=${known.type ?? ""} autocomplete="off" ${ref(focusOnce)} /></label>
    <label>${words.incident.address} <input name="address" .value=${known.address ?? ""} autocomplete="off" /></label>
    <label>${words.incident.phone} <input name="phone" .value=${known.phone ?? ""} autocomplete="off" /></label>
    <label>${words.incident.people} <input name="people" .value=${known.people.join("; ")} autocomplete="off" /></label>
    <label>${words.incident.unitsNeeded} <input name="units_needed" type="number" min="1" max="50" required .value=${String(known.units_needed)} /></label>
    ${boxes("tags", words.incident.tags, rules.tags.map((each) => [each.tag, each.label]), known.tags)}
    ${boxes("needs", words.incident.needsField, rules.skills.map((each) => [each.skill, each.label]), known.needs)}
    <label class="confirm"><input type="checkbox" name="on_road" .checked=${known.on_road} /> ${words.incident.onRoad}</label>
  `;
}

function boxes(name: string, legend: string, rows: [string, string][], held: readonly string[]): TemplateResult {
  return html`<fieldset>
    <legend>${legend}</legend>
    ${rows.map(([value, label]) => html`<label><input type="checkbox" name=${name} value=${value} .checked=${held.includes(value)} /> ${label}</label>`)}
  </fieldset>`;
}

/** Only what is another: what is left out stays as others may have made it meanwhile. */
function amended(form: FormData, known: Case): object {
  const people = text(form, "people").split(";").map((each) => each.trim()).filter((each) => each !== "");
  const told: Record<string, unknown> = {
    type: text(form, "type") || null,
    address: text(form, "address") || null,
    phone: text(form, "phone") || null,
    people,
    units_needed: Number(form.get("units_needed")),
    tags: form.getAll("tags").map(String),
    needs: form.getAll("needs").map(String),
    on_road: form.get("on_road") !== null,
  };
  return Object.fromEntries(Object.entries(told).filter(([name, value]) => !isEqual(value, known[name as keyof Case])));
}

function isEqual(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((each) => other.includes(each));
  return one === other;
}
