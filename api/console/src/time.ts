/** Times as people in a control room read them. */
import { now } from "./now.ts";

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

/** Day and time of day where the force is. */
export function dayAndTime(moment: string | number | Date, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
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
  const first = asked - (shown(asked) - asked);
  // The offset may be another one there than at the first guess.
  const second = asked - (shown(first) - first);
  return new Date(second).toISOString();
}

function pad(n: number): string {
  return String(n).padStart(2, "0");
}
