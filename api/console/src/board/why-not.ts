/** Why a unit that is faster or nearer is not suggested, in the words of the ledger. */
import { words } from "../words.ts";
import type { Line, Recommendation } from "./answers.ts";
import { metres, runs } from "./figures.ts";

export interface WhyNot {
  callsign: string;
  /** In what it is ahead of those suggested; empty where its place is not known. */
  ahead: string;
  because: string[];
}

const PLACELESS = ["no_fix", "future_fix", "stale_fix", "outside_area"];
const MOST = 12;

/**
 * One for each unit that would be sooner, or is nearer in a straight line, and is not suggested; soonest first, and last
 * those from which no road leads there.
 */
export function whyNot(answer: Recommendation, lines: readonly Line[]): WhyNot[] {
  const chosen = lines.filter((line) => answer.suggested.includes(line.callsign) && line.time_s !== null);
  const last = chosen.at(-1);
  const others = lines.filter((line) => !answer.suggested.includes(line.callsign));
  if (last === undefined) return others.filter((line) => line.time_s !== null).slice(0, MOST).map((line) => told(line, null, answer));
  const [first] = chosen;
  return others.filter((line) => isSooner(line, last) || isNearer(line, first!)).map((line) => told(line, isSooner(line, last) ? last : first!, answer));
}

/** Units that could be nearer than anybody: nothing is known of their place. */
export function placeless(lines: readonly Line[]): WhyNot[] {
  return lines
    .filter(isPlaceless)
    .map((line) => ({ callsign: line.callsign, ahead: "", because: rules(line) }));
}

function isSooner(line: Line, last: Line): boolean {
  return line.time_s !== null && line.time_s < last.time_s!;
}

function isPlaceless(line: Line): boolean {
  return line.time_s === null && line.failed.some((each) => PLACELESS.includes(each.rule));
}

function isNearer(line: Line, first: Line): boolean {
  return !isPlaceless(line) && line.straight_m !== null && first.straight_m !== null && line.straight_m < first.straight_m;
}

function told(line: Line, last: Line | null, answer: Recommendation): WhyNot {
  const sooner = last === null || isSooner(line, last);
  const ahead = sooner ? words.incident.sooner(runs(line.time_s)) : words.incident.nearer(metres(line.straight_m));
  return { callsign: line.callsign, ahead, because: [...rules(line), ...roads(line, last), ...choice(line, last, answer)] };
}

/** Every rule that failed, by its name for people and what about the unit failed it. */
export function rules(line: Line): string[] {
  const named = words.incident.rules as Record<string, string | undefined>;
  return line.failed.map((each) => words.incident.rule(named[each.rule] ?? each.rule, each.because));
}

/** Nearer in a straight line, and later by road: across a river, or behind one-way streets. */
function roads(line: Line, last: Line | null): string[] {
  if (last === null || line.time_s === null || line.time_s <= last.time_s!) return [];
  return [words.incident.byRoad(metres(line.length_m), runs(line.time_s), runs(line.time_s - last.time_s!), last.callsign)];
}

/** A unit that may be sent and would be sooner than one of those suggested, who bring what it does not. */
function choice(line: Line, last: Line | null, answer: Recommendation): string[] {
  if (!line.eligible || last === null || line.time_s === null || line.time_s >= last.time_s!) return [];
  if (answer.indistinguishable_from.includes(line.callsign)) return [words.incident.alike(answer.suggested[0] ?? "")];
  return [words.incident.brings(last.callsign, last.notes.join("; ") || words.incident.noNotes)];
}
