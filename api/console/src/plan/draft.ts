/** A scenario's stations and roster as a planner has changed them; kept in this browser until they are put back. */
import { Changes } from "../changes.ts";
import type { Fault } from "../http.ts";
import type { Cells, Scenario, TableName } from "./types.ts";

export const COLUMNS = {
  stations: ["name", "lat", "lon", "sector", "custody"],
  roster: ["callsign", "days", "start", "end", "crew", "skills", "sector", "station", "vehicle", "patrol", "breaks"],
} as const satisfies Record<TableName, readonly string[]>;

const TABLES = ["stations", "roster"] as const;
/** By the files in whose place the rows stand. */
const FILES: Record<string, TableName> = { "stations.csv": "stations", "roster.csv": "roster" };
/** The first row given is row 2, as the header is row 1. */
const FIRST_ROW = 2;
// A millionth of a degree is a tenth of a metre.
const PLACES = 6;

export interface Row {
  readonly id: number;
  cells: Cells;
  /** What the service said against it, by column; gone from a cell that was written anew. */
  faults: Map<string, Fault[]>;
  /** Whether it was written in since something was last looked for: it does not vanish under the hand. */
  held: boolean;
}

export class Draft extends Changes {
  rows: Record<TableName, Row[]> = { stations: [], roster: [] };
  readonly #own: Record<TableName, string>;
  readonly #kept: string;
  #changed: Partial<Record<TableName, boolean>> = {};
  #ids = 0;

  constructor(readonly scenario: Scenario) {
    super();
    this.#kept = `nearest.plan.draft.${scenario.scenario}`;
    this.#own = { stations: text(scenario.stations), roster: text(scenario.roster) };
    const before = this.#before();
    for (const table of TABLES) this.#fill(table, before?.[table] ?? scenario[table]);
  }

  /** Whether a table is another than the scenario's own. */
  isChanged(table: TableName): boolean {
    // A roster may have thousands of lines, and is asked about with every drawing.
    return (this.#changed[table] ??= this.#differs(table));
  }

  #differs(table: TableName): boolean {
    return text(this.rows[table].map((row) => row.cells)) !== this.#own[table];
  }

  /** The tables that are others, as the service takes them. */
  body(): Partial<Record<TableName, Cells[]>> {
    const changed = TABLES.filter((table) => this.isChanged(table));
    return Object.fromEntries(changed.map((table) => [table, this.rows[table].map((row) => row.cells)]));
  }

  /** Writes a cell; a station that gets another name keeps its crews. */
  set(table: TableName, row: Row, column: string, value: string): void {
    const before = row.cells[column] ?? null;
    row.cells = { ...row.cells, [column]: value === "" ? null : value };
    row.faults.delete(column);
    row.held = true;
    if (table === "stations" && column === "name" && before !== null && value !== "") this.#rename(before, value);
    this.#touched();
  }

  #rename(before: string, now: string): void {
    if (this.rows.stations.some((each) => each.cells["name"] === before)) return;
    for (const row of this.rows.roster) if (row.cells["station"] === before) row.cells = { ...row.cells, station: now };
  }

  /** Puts a station somewhere else. */
  move(row: Row, { lat, lon }: { lat: number; lon: number }): void {
    row.cells = { ...row.cells, lat: lat.toFixed(PLACES), lon: lon.toFixed(PLACES) };
    for (const column of ["lat", "lon"]) row.faults.delete(column);
    this.#touched();
  }

  /** Adds a row at the end, or after the one that it is like. */
  add(table: TableName, cells: Cells, after?: Row): Row {
    const row = { ...this.#row(table, cells), held: true };
    const rows = this.rows[table];
    rows.splice(after === undefined ? rows.length : rows.indexOf(after) + 1, 0, row);
    this.#touched();
    return row;
  }

  /** Lets go of what was written in, as something else is looked for. */
  letGo(table: TableName): void {
    for (const row of this.rows[table]) row.held = false;
  }

  remove(table: TableName, row: Row): void {
    this.rows[table] = this.rows[table].filter((each) => each !== row);
    this.#touched();
  }

  /** Puts the scenario's own rows back. */
  restore(table: TableName): void {
    this.#fill(table, this.scenario[table]);
    this.#touched();
  }

  /** Puts faults to their cells, and returns those that are of no cell here. */
  mark(faults: readonly Fault[]): Fault[] {
    for (const table of TABLES) for (const row of this.rows[table]) row.faults.clear();
    const given = this.body();
    const left = faults.filter((fault) => !this.#placed(fault, given));
    this.changed();
    return left;
  }

  #placed(fault: Fault, given: Partial<Record<TableName, Cells[]>>): boolean {
    const table = FILES[fault.source];
    const number = /^row (\d+)$/.exec(fault.where);
    if (table === undefined || number === null || !(table in given)) return false;
    const row = this.rows[table][Number(number[1]) - FIRST_ROW];
    const columns = fault.field.split(",").map((each) => each.trim());
    const known = columns.filter((each) => (COLUMNS[table] as readonly string[]).includes(each));
    if (row === undefined || known.length === 0) return false;
    for (const column of known) row.faults.set(column, [...(row.faults.get(column) ?? []), fault]);
    return true;
  }

  get faulty(): number {
    return TABLES.reduce((sum, table) => sum + this.rows[table].reduce((found, row) => found + row.faults.size, 0), 0);
  }

  #row(table: TableName, cells: Cells): Row {
    return { id: (this.#ids += 1), cells: { ...Object.fromEntries(COLUMNS[table].map((name) => [name, null])), ...cells }, faults: new Map(), held: false };
  }

  #fill(table: TableName, rows: readonly Cells[]): void {
    this.rows[table] = rows.map((cells) => this.#row(table, cells));
  }

  #touched(): void {
    this.#changed = {};
    const body = this.body();
    try {
      if (Object.keys(body).length === 0) sessionStorage.removeItem(this.#kept);
      else sessionStorage.setItem(this.#kept, JSON.stringify(body));
    } catch {
      // Where there is no room for it, it is only not there after a reload.
    }
    this.changed();
  }

  #before(): Partial<Record<TableName, Cells[]>> | null {
    try {
      return JSON.parse(sessionStorage.getItem(this.#kept) ?? "null") as Partial<Record<TableName, Cells[]>> | null;
    } catch {
      return null;
    }
  }
}

/** Rows as they can be told apart: an absent cell is an empty one. */
function text(rows: readonly Cells[]): string {
  return JSON.stringify(rows.map((cells) => Object.entries(cells).filter(([, value]) => value !== null).sort()));
}
