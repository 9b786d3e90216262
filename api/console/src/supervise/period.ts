/** The days that are looked at, by the force's own calendar, as they stand in the page's address. */
import { now } from "../now.ts";

export interface Days {
  /** The first and the last day, such as `2026-11-26`. */
  first: string;
  last: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** The day it is where the force is. */
export function today(zone: string, at_ms = now()): string {
  const part = partsOf(at_ms, zone);
  return `${part("year")}-${part("month")}-${part("day")}`;
}

export function dayAfter(day: string, days = 1): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** When a day begins where the force is. */
export function midnight(day: string, zone: string): string {
  const utc = Date.parse(`${day}T00:00:00Z`);
  // Twice, because the clocks may change between the first guess and that midnight.
  const guess = utc - offset_ms(utc, zone);
  return new Date(utc - offset_ms(guess, zone)).toISOString();
}

/** Reads the end of an address: `2026-11-26`, or `2026-11-24..2026-11-26`; null for none, or for what is no period. */
export function readDays(text: string): Days | null {
  const [first = "", last = first] = text.split("..");
  return isDay(first) && isDay(last) && first <= last ? { first, last } : null;
}

/** The days of a form, whichever of its two was typed first. */
export function typedDays(form: FormData): Days {
  const [first = "", last = ""] = [String(form.get("first")), String(form.get("last"))].sort();
  return { first, last };
}

export function writeDays({ first, last }: Days): string {
  return first === last ? first : `${first}..${last}`;
}

/** Those days as the service takes them; a last day that is not over has no end yet. */
export function bounds(days: Days, zone: string): { from: string; to: string | null } {
  return { from: midnight(days.first, zone), to: days.last < today(zone) ? midnight(dayAfter(days.last), zone) : null };
}

function isDay(text: string): boolean {
  return DAY.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

function offset_ms(moment: number, zone: string): number {
  const part = partsOf(moment, zone);
  const local = `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:${part("second")}Z`;
  return Date.parse(local) - Math.floor(moment / 1000) * 1000;
}

function partsOf(moment: number, zone: string): (name: Intl.DateTimeFormatPartTypes) => string {
  const parts = new Intl.DateTimeFormat("en-GB", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  }).formatToParts(moment);
  return (name) => parts.find((each) => each.type === name)!.value;
}
