/** How the page says numbers, intervals and names. */
import type { Force } from "../force.ts";
import { at, type Fault } from "../http.ts";
import { percent } from "../supervise/told.ts";
import { clock, momentAt } from "../time.ts";
import { words } from "../words.ts";
import type { Key, Policy, ScenarioHead, Simulation, Unit } from "./types.ts";

const said = words.plan;
const PLACES = 1;

export function pathOf(run: string): string {
  return at("/v1/simulations/", run);
}

export function addressOf(run: string, ...more: string[]): string {
  return ["#/plan/run", run, ...more].map((part, row) => (row === 0 ? part : encodeURIComponent(part))).join("/");
}

/** Day, year and time: plans are of days far off. */
export function dated(moment: string, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: zone }).format(new Date(moment));
}

/** What people call a run; its scenario where nobody has said. */
export function titleOf(run: Simulation): string {
  return run.called ?? said.unnamed(run.scenario);
}

/** When the period begins, in UTC: a date is its midnight by the force's clocks. */
export function startOf(scenario: ScenarioHead, force: Force): string | null {
  const { start } = scenario;
  if (start === null) return null;
  return /^\d{4}-\d{2}-\d{2}$/.test(start) ? momentAt(`${start}T00:00`, force.time_zone) : new Date(start).toISOString();
}

export function periodOf(scenario: ScenarioHead, force: Force): string {
  const start = startOf(scenario, force);
  if (start === null) return said.noPeriod;
  return said.period(dated(start, force.time_zone), scenario.days, scenario.hours);
}

export function policyText({ name, settings }: Policy): string {
  const told = Object.entries(settings).map(([key, value]) => `${key} ${String(value)}`);
  return said.policy(said.policies[name] ?? name, told.join(", "));
}

/** The name of a policy as results have it: `batch-every_s-120`. */
export function policyLabel(label: string): string {
  const [name = label, ...settings] = label.split("-");
  return said.policy(said.policies[name] ?? name, settings.join(" "));
}

export function gradeLabel(force: Force, name: string): string {
  return force.grades.find((each) => each.grade === name)?.label ?? name;
}

/** What a number is of. */
export function measureText(key: Key, force: Force): string {
  const label = said.measures[key.measure] ?? key.label ?? key.measure;
  const abuse = key.dimension === "domestic_abuse" ? (key.group === "yes" ? said.abuse : said.notAbuse) : key.group;
  return [label, key.grade === "" ? "" : gradeLabel(force, key.grade), abuse].filter((part) => part !== "").join(", ");
}

export function valueText(value: number, unit: Unit): string {
  if (unit === "s") return clock(value);
  if (unit === "share") return said.percent(percent(value));
  return said.units[unit](rounded(value));
}

/** A difference, with its sign; of shares it is points of a hundred. */
export function changeText(value: number, unit: Unit): string {
  const size = Math.abs(value);
  const text = unit === "s" ? clock(size) : unit === "share" ? said.points((size * 100).toFixed(PLACES)) : said.units[unit](rounded(size));
  // What is rounded away has no sign.
  return value === 0 || !/[1-9]/.test(text) ? text : said.signed(value < 0, text);
}

function rounded(value: number): string {
  return value.toLocaleString("en-GB", { maximumFractionDigits: Math.abs(value) < 10 ? 2 : PLACES });
}

/** The 95 % interval; that there is none is said. */
export function intervalText(low: number | null, high: number | null, told: (value: number) => string): string {
  return low === null || high === null ? said.noInterval : said.interval(told(low), told(high));
}

export function faultText({ source, where, field, value, accepted, hint }: Fault): string {
  return said.fault([source, where, field].filter((part) => part !== "").join(" "), value, accepted, hint);
}
