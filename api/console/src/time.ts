/** Times as people in a control room read them. */
import { now } from "./now.ts";

const DAY_MS = 86_400_000;

/** Minutes and seconds, hours from one hour on: `4:05`, `1:02:03`; a minus before what is past. */
export function clock(seconds: number): string {
  const whole = Math.round(Math.abs(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const text = h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
  return seconds < 0 && whole > 0 ? `-${text}` : text;
}

/** The time of day where the force is. */
export function timeOfDay(moment: string | number | Date, zone: string, seconds = false): string {
  return new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
    timeZone: zone,
  }).format(new Date(moment));
}

/** Day and time of day where the force is, with the year where that is not this one. */
export function dayAndTime(moment: string | number | Date, zone: string): string {
  const year = (of: string | number | Date) => new Intl.DateTimeFormat("en-GB", { year: "numeric", timeZone: zone }).format(new Date(of));
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    ...(year(moment) === year(now()) ? {} : { year: "numeric" }),
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
  }).format(new Date(moment));
}

export function secondsSince(moment: string | null, at = now()): number | null {
  return moment === null ? null : (at - Date.parse(moment)) / 1000;
}

/**
 * The moment, in UTC, at which clocks in a zone show a local time such as `2026-11-21T02:15`.
 *
 * Where the clocks are put back, the second of the two; where they are put forward, as if they had not been.
 */
export function momentAt(local: string, zone: string): string {
  const asked = Date.parse(`${local}Z`);
  const shown = (moment: number) => Date.parse(`${new Date(moment).toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T")}Z`);
  // By the clocks of a day later and of a day before: one of them is right, or both are.
  const [later, before] = [asked + DAY_MS, asked - DAY_MS].map((near) => asked - (shown(near) - near)) as [number, number];
  return new Date(shown(later) === asked ? later : before).toISOString();
}

function pad(n: number): string {
  return String(n).padStart(2, "0");
}
