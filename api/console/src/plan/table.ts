/** A table of a scenario that can be written in, with what the service said against a cell beside it. */
import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { repeat } from "lit-html/directives/repeat.js";
import { keys } from "../keys.ts";
import { words } from "../words.ts";
import { COLUMNS, type Draft, type Row } from "./draft.ts";
import type { TableName } from "./types.ts";

const said = words.plan.table;
/** Columns of which few values are accepted; the empty one stands for the table's own choice. */
const PATROLS = ["station", "sector", "hot_spots"];
const ANSWERS = ["yes", "no"];
const WITHIN = ".plan-table";

export interface TableOptions {
  draft: Draft;
  table: TableName;
  /** Rows with this text in any cell are shown, and those that were just written in; all where it is empty. */
  find: string;
  /** What else can be done to a row: its buttons. */
  actions?: (row: Row) => TemplateResult;
}

/** Enter goes down a column and Shift+Enter up, as in a spreadsheet. */
export function bindTable(): () => void {
  return keys.bind([
    { id: "plan.down", key: "Enter", label: words.plan.keys.down, within: `${WITHIN} input`, run: () => moveBy(1) },
    { id: "plan.up", key: "Shift+Enter", label: words.plan.keys.up, within: `${WITHIN} input`, run: () => moveBy(-1) },
  ]);
}

function moveBy(step: 1 | -1): void {
  const field = document.activeElement as HTMLInputElement;
  const column = [...document.querySelectorAll<HTMLInputElement>(`${WITHIN} [data-column="${field.dataset["column"]}"][data-table="${field.dataset["table"]}"]`)];
  const next = column[column.indexOf(field) + step];
  next?.focus();
  if (next instanceof HTMLInputElement) next.select();
}

/** The first cell that something was said against gets the focus. */
export function focusFault(): void {
  document.querySelector<HTMLElement>(`${WITHIN} [aria-invalid="true"]`)?.focus();
}

/** A cell by the id that its field has. */
export function fieldId(table: TableName, row: Row, column: string): string {
  return `cell-${table}-${row.id}-${column}`;
}

export function table(options: TableOptions): TemplateResult {
  const { draft, table: name, find } = options;
  const wanted = find.trim().toLowerCase();
  const rows = draft.rows[name].filter((row) => row.held || row.faults.size > 0 || wanted === "" || Object.values(row.cells).some((cell) => cell?.toLowerCase().includes(wanted)));
  return html`<div class="plan-scroll plan-table">
    <table aria-label=${said.names[name]}>
      <thead>
        <tr>${COLUMNS[name].map((column) => html`<th scope="col">${said.columns[column]}</th>`)}<th scope="col">${said.actions}</th></tr>
      </thead>
      <tbody>${repeat(rows, (row) => row.id, (row) => one(options, row))}</tbody>
    </table>
  </div>`;
}

function one({ draft, table: name, actions }: TableOptions, row: Row): TemplateResult {
  const called = row.cells[COLUMNS[name][0]] ?? said.noName;
  const remove = (event: Event): void => {
    const next = (event.target as HTMLElement).closest("tr")?.nextElementSibling ?? (event.target as HTMLElement).closest("tr")?.previousElementSibling;
    draft.remove(name, row);
    next?.querySelector<HTMLElement>("input")?.focus();
  };
  return html`<tr>
    ${COLUMNS[name].map((column) => html`<td class=${`column-${column}`}>${cell(draft, name, row, column, called)}</td>`)}
    <td class="plan-row-actions">
      ${actions?.(row) ?? nothing}
      <button aria-label=${said.copyOf(called)} @click=${() => copy(draft, name, row)}>${said.copy}</button>
      <button aria-label=${said.removeOf(called)} @click=${remove}>${said.remove}</button>
    </td>
  </tr>`;
}

/** The like of a row below it; what may be there only once is to be written anew. */
function copy(draft: Draft, name: TableName, row: Row): void {
  const first = COLUMNS[name][0];
  const made = draft.add(name, { ...row.cells, [first]: null }, row);
  // The row is drawn with the next frame.
  requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(fieldId(name, made, first))?.focus()));
}

function cell(draft: Draft, name: TableName, row: Row, column: string, called: string): TemplateResult {
  const faults = row.faults.get(column) ?? [];
  const id = fieldId(name, row, column);
  const told = faults.length === 0 ? nothing : `${id}-fault`;
  const label = said.cell(said.columns[column] ?? column, called);
  const value = row.cells[column] ?? "";
  const write = (event: Event): void => draft.set(name, row, column, (event.target as HTMLInputElement).value.trim());
  const choices = choicesOf(draft, name, column, value);
  const invalid = faults.length > 0 ? "true" : "false";
  // What is being typed stays while the table is drawn anew: only another value than was drawn before is put in.
  return html`${choices === null
      ? html`<input id=${id} data-table=${name} data-column=${column} aria-label=${label} aria-invalid=${invalid} aria-describedby=${told} autocomplete="off" spellcheck="false" .value=${value} @change=${write} />`
      : html`<select id=${id} data-table=${name} data-column=${column} aria-label=${label} aria-invalid=${invalid} aria-describedby=${told} @change=${write}>
          ${choices.map((each) => html`<option value=${each} .selected=${live(each === value)}>${optionText(name, column, each)}</option>`)}
        </select>`}
    ${faults.length === 0 ? nothing : html`<div class="cell-fault" id=${`${id}-fault`}>${faults.map((fault) => html`<div>${said.fault(fault.accepted, fault.hint)}</div>`)}</div>`}`;
}

/** What a column can be, with what it is now; null where anything can be written. */
function choicesOf(draft: Draft, name: TableName, column: string, value: string): string[] | null {
  if (name === "stations") return column === "custody" ? withOwn(["", ...ANSWERS], value) : null;
  if (column === "patrol") return withOwn(["", ...PATROLS], value);
  if (column !== "station") return null;
  return withOwn(["", ...draft.rows.stations.flatMap((row) => row.cells["name"] ?? [])], value);
}

function withOwn(choices: string[], value: string): string[] {
  return [...new Set(choices.includes(value) ? choices : [...choices, value])];
}

function optionText(name: TableName, column: string, value: string): string {
  if (value === "") return "";
  return name === "roster" && column === "patrol" ? (said.patrols[value] ?? value) : name === "stations" ? (said.answers[value] ?? value) : value;
}
