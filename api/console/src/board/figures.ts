/** Numbers as they stand in the board's lists. */
import type { Force } from "../force-types.ts";
import { clock } from "../time.ts";
import { words } from "../words.ts";

/** Minutes and seconds; a dash where it is not known. */
export function runs(seconds: number | null): string {
  return seconds === null ? words.incident.unknown : clock(seconds);
}

/** Metres below a kilometre, else kilometres to a tenth. */
export function metres(value: number | null): string {
  if (value === null) return words.incident.unknown;
  return value < 1000 ? words.incident.m(Math.round(value)) : words.incident.km((value / 1000).toFixed(1));
}

/** The label of a name of the force profile, or the name itself where it has none. */
export function labelled<Row extends { label: string }>(rows: readonly Row[], key: keyof Row, name: string): string {
  return rows.find((row) => row[key] === name)?.label ?? name;
}

/** A sentence of the service with the labels of the force in place of its keys, those that nobody would take for a word. */
export function readable(said: string, rules: Force): string {
  return said.replace(/[a-z]+(?:_[a-z]+)+/g, (key) => {
    const tag = labelled(rules.tags, "tag", key);
    return tag === key ? labelled(rules.skills, "skill", key) : tag;
  });
}
