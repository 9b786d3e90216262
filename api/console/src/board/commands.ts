/** The commands of the board, which are typed: each does what can be done by its key or its button as well. */
import { addCommands, type Command, type Later, type Suggestion } from "../command.ts";
import type { Force } from "../force-types.ts";
import { force } from "../force.ts";
import { helpKey } from "../help.ts";
import { at, get, Problem } from "../http.ts";
import { now } from "../now.ts";
import { outbox } from "../outbox.ts";
import { picture, type Unit } from "../picture.ts";
import { words } from "../words.ts";
import { closeRoad } from "./close-road.ts";
import { findPlaces, type Found } from "./place-field.ts";

export interface BoardCommands {
  /** `new` */
  openCall(): void;
  /** `plan` */
  openPlan(): void;
  /** `go N-1` */
  openIncident(incident_id: string, callsign?: string): void;
  /** `unit M1` */
  openUnit(callsign: string): void;
}

// What is not answered by then is said to be kept; the outbox goes on with it.
const SOON_MS = 2000;
const MOST = 12;

export function boardCommands(choice: BoardCommands): { close(): void } {
  const { commands } = words;
  const simple = (name: keyof typeof commands.simple, run: () => void): Command => ({ name, ...commands.simple[name], run });
  return {
    close: addCommands([
      { name: "send", ...commands.send, complete: (rest) => completeOrder("send", rest), run: (rest) => order("send", rest) },
      { name: "divert", ...commands.divert, complete: (rest) => completeOrder("divert", rest), run: (rest) => order("divert", rest) },
      { name: "status", ...commands.status, complete: completeStatus, run: status },
      { name: "close", ...commands.close, complete: completeClose, run: close },
      { name: "lift", ...commands.lift, complete: liftable, run: lift },
      { name: "go", ...commands.go, complete: (rest) => incidents("go ", rest), run: (rest) => choice.openIncident(known(rest, [...picture.incidents.keys()], commands.noIncident)) },
      { name: "unit", ...commands.unit, complete: (rest) => units("unit ", rest), run: (rest) => choice.openUnit(known(rest, [...picture.units.keys()], commands.noUnit)) },
      simple("new", choice.openCall),
      simple("plan", choice.openPlan),
      simple("help", helpKey),
    ]),
  };
}

/** The longest of some names with which a text begins, and what stands behind it. */
function eat(text: string, names: Iterable<string>): { name: string; rest: string } | null {
  const low = text.toLowerCase();
  const fits = [...names].filter((name) => low === name.toLowerCase() || low.startsWith(`${name.toLowerCase()} `));
  const name = fits.sort((a, b) => b.length - a.length)[0];
  return name === undefined ? null : { name, rest: text.slice(name.length).trimStart() };
}

/** The name that a text is, however its letters are written; refused by a sentence where there is none. */
function known(text: string, names: Iterable<string>, refuse: (text: string) => string): string {
  const found = eat(text.trim(), names);
  if (found === null || found.rest !== "") throw new Error(refuse(text.trim()));
  return found.name;
}

function fits(name: string, typed: string): boolean {
  return name.toLowerCase().includes(typed.trim().toLowerCase());
}

function units(before: string, typed: string, after = ""): Suggestion[] {
  const found = [...picture.units.values()].filter((unit) => unit.callsign.toLowerCase().startsWith(typed.trim().toLowerCase()));
  return found.slice(0, MOST).map((unit) => ({ line: `${before}${unit.callsign}${after}`, hint: words.commands.unitHint(unit.status ?? "", unit.incident_id) }));
}

function incidents(before: string, typed: string): Suggestion[] {
  const found = [...picture.incidents.values()].filter((each) => fits(`${each.incident_id} ${each.type ?? ""} ${each.address ?? ""}`, typed));
  return found.slice(0, MOST).map((each) => ({ line: `${before}${each.incident_id}`, hint: words.commands.incidentHint(each.grade, each.type ?? "", each.address ?? "") }));
}

interface Order {
  unit: Unit;
  incident_id: string | null;
  /** What stands behind the last part that was understood. */
  rest: string;
  step: "to" | "incident" | "because" | "reason";
}

/** Reads `B12 to 103 because local knowledge` as far as it goes; null where not even the unit is known. */
function readOrder(text: string): Order | null {
  const first = eat(text, picture.units.keys());
  const unit = first === null ? undefined : picture.units.get(first.name);
  if (first === null || unit === undefined) return null;
  const to = /^to(?:\s+|$)/i.exec(first.rest);
  if (to === null) return { unit, incident_id: null, rest: first.rest, step: "to" };
  const second = eat(first.rest.slice(to[0].length), picture.incidents.keys());
  if (second === null) return { unit, incident_id: null, rest: first.rest.slice(to[0].length), step: "incident" };
  const because = /^because(?:\s+|$)/i.exec(second.rest);
  if (because === null) return { unit, incident_id: second.name, rest: second.rest, step: "because" };
  return { unit, incident_id: second.name, rest: second.rest.slice(because[0].length), step: "reason" };
}

async function completeOrder(verb: "send" | "divert", text: string): Promise<Suggestion[]> {
  const order = readOrder(text);
  if (order === null) return units(`${verb} `, text, " to ");
  const to = `${verb} ${order.unit.callsign} to `;
  if (order.step === "to") return units(`${verb} `, text, " to ");
  if (order.step === "incident") return incidents(to, order.rest);
  const before = `${to}${order.incident_id} because `;
  if (order.step === "because") return text.endsWith(" ") || order.rest !== "" ? [{ line: before, hint: words.commands.becauseHint }] : [];
  const { override_reasons } = await force();
  return override_reasons.filter((each) => fits(each.label, order.rest)).map((each) => ({ line: before + each.label, hint: "" }));
}

/** Sends a unit. It is taken from another incident only where that is what was written: nothing else says that it leaves one. */
async function order(verb: "send" | "divert", text: string): Promise<string | Later> {
  const { commands } = words;
  const how = commands.how(commands[verb].example);
  const read = readOrder(text);
  if (read === null) throw new Error(text === "" ? how : commands.noUnit(text.split(/\s+/)[0] ?? ""));
  if (read.step === "to") throw new Error(how);
  if (read.incident_id === null) throw new Error(commands.noIncident(read.rest));
  if (read.step === "because" && read.rest !== "") throw new Error(how);
  const { unit, incident_id } = read;
  const { callsign, incident_id: bound } = unit;
  const reason = read.step === "reason" ? reasonOf(read.rest, await force()) : null;
  const body = { callsign, ...(reason === null ? {} : { reason }) };
  if (verb === "send") return done(at("/v1/incidents/", incident_id, "/assignments"), body, commands.sending(callsign, incident_id), { line: `divert ${text}`, incident_id });
  if (bound === null || bound === incident_id) throw new Error(commands.leavesNone(callsign));
  return done(at("/v1/incidents/", incident_id, "/diversions"), body, commands.diverting(callsign, bound, incident_id));
}

function reasonOf(text: string, rules: Force): string {
  const found = rules.override_reasons.filter((each) => each.reason === text.trim() || fits(each.label, text));
  if (text.trim() === "" || found.length !== 1) throw new Error(words.commands.noReason(text, rules.override_reasons.map((each) => each.label)));
  return found[0]!.reason;
}

async function completeStatus(text: string): Promise<Suggestion[]> {
  const found = eat(text, picture.units.keys());
  if (found === null || !text.includes(" ")) return units("status ", text, " ");
  const { statuses } = await force();
  const from = statuses.find((each) => each.status === picture.units.get(found.name)?.status)?.then ?? null;
  const next = statuses.filter((each) => (from === null || from.includes(each.status)) && fits(`${each.status} ${each.label}`, found.rest));
  return next.map((each) => ({ line: `status ${found.name} ${each.status}`, hint: each.label }));
}

async function status(text: string): Promise<string | Later> {
  const { commands } = words;
  const found = eat(text, picture.units.keys());
  if (found === null) throw new Error(text === "" ? commands.how(commands.status.example) : commands.noUnit(text.split(/\s+/)[0] ?? ""));
  const { statuses } = await force();
  const told = statuses.find((each) => each.status === found.rest.trim());
  if (told === undefined) throw new Error(commands.noStatus(found.rest, statuses.map((each) => each.status)));
  // Without a connection it is confirmed later, and was true already now.
  const when = picture.connection === "lost" ? { at: new Date(now()).toISOString() } : {};
  return done(at("/v1/units/", found.name, "/status"), { status: told.status, ...when }, commands.reporting(found.name, told.label));
}

/** The streets that fit, each name once, with how many places apart have it. */
async function roads(text: string): Promise<Map<string, Found[]>> {
  const found = new Map<string, Found[]>();
  for (const each of await findPlaces(text)) if (each.kind === "street") found.set(each.name, [...(found.get(each.name) ?? []), each]);
  return found;
}

async function completeClose(text: string): Promise<Suggestion[]> {
  if (text.trim() === "") return [];
  const found = await roads(text.replace(/^all\s+/i, ""));
  return [...found].map(([name, pieces]) => ({ line: `close ${pieces.length > 1 ? "all " : ""}${name}`, hint: words.commands.roadHint(pieces.length, pieces[0]?.meets ?? []) }));
}

async function close(text: string): Promise<string | Later> {
  const { commands } = words;
  if (text.trim() === "") throw new Error(commands.how(commands.close.example));
  const all = /^all\s+/i.test(text);
  const asked = text.replace(/^all\s+/i, "").trim();
  const found = await roads(asked);
  const road = [...found.keys()].find((name) => name.toLowerCase() === asked.toLowerCase());
  // The name decides what is closed: one that is nearly right is offered and not taken.
  if (road === undefined) throw new Error(found.size === 0 ? commands.noRoad(asked) : commands.whichRoad(asked, [...found.keys()]));
  const pieces = found.get(road)?.length ?? 1;
  if (pieces > 1 && !all) throw new Error(commands.manyRoads(road, pieces));
  const feature: GeoJSON.Feature<null> = { type: "Feature", geometry: null, properties: { road, name: road } };
  return told(closeRoad(road, feature, commands.closing(road)), commands.closing(road));
}

interface Liftable {
  id: string;
  name: string;
}

/** What is closed now: a road that was closed by the line before is not in the picture yet. */
async function lifts(): Promise<Liftable[]> {
  // Out of reach, what is known is asked for, and kept.
  const closures = await get<GeoJSON.FeatureCollection>("/v1/closures").catch(() => picture.closures);
  const named = closures.features.filter((each) => typeof each.id === "string");
  return named.map((each) => ({ id: String(each.id), name: String(each.properties?.["name"] ?? each.id) }));
}

async function liftable(typed: string): Promise<Suggestion[]> {
  return (await lifts()).filter((each) => fits(`${each.id} ${each.name}`, typed)).map((each) => ({ line: `lift ${each.id}`, hint: each.name }));
}

async function lift(text: string): Promise<string | Later> {
  const { commands } = words;
  const asked = text.trim().toLowerCase();
  const found = (await lifts()).filter((each) => each.id.toLowerCase() === asked || each.name.toLowerCase() === asked);
  if (found.length !== 1) throw new Error(found.length === 0 ? commands.noClosure(text.trim()) : commands.manyClosures(found.map((each) => each.id)));
  const { id, name } = found[0]!;
  return done(at("/v1/closures/", id, "/lift"), {}, commands.lifting(name));
}

/** The line by which a unit is taken from where it is, for an incident. */
interface Instead {
  line: string;
  incident_id: string;
}

function done(path: string, body: unknown, label: string, instead?: Instead): Promise<string | Later> {
  return told(outbox.act(path, body, label), label, instead);
}

let last = 0;

/** Says that something was done, or that it is kept until the service answers. */
async function told(acted: Promise<unknown>, label: string, instead?: Instead): Promise<string | Later> {
  const mine = ++last;
  let waits = true;
  const answer = acted.then(
    () => words.commands.done(label),
    (error: unknown) => {
      // One that comes later, or after the next command, stands in the list of actions.
      if (waits && mine === last) outbox.seen(error);
      throw new Error(refusal(error, instead));
    },
  );
  const later = new Promise<Later>((tell) =>
    setTimeout(() => {
      waits = false;
      tell({ meanwhile: words.commands.kept(label), done: answer });
    }, SOON_MS),
  );
  answer.catch(() => undefined);
  return Promise.race([answer, later]);
}

function refusal(error: unknown, instead?: Instead): string {
  if (!(error instanceof Problem)) return error instanceof Error ? error.message : String(error);
  const { commands } = words;
  const taken = error.body["taken"] as { incident_id: string } | undefined;
  if (taken !== undefined && instead !== undefined && taken.incident_id !== instead.incident_id) return commands.needsDiversion(error.message, instead.line);
  if (error.slug === "not-suggested") return commands.needsReason(error.message);
  if (error.slug === "not-eligible") return commands.needsConfirm(error.message);
  return error.message;
}
