/**
 * What time it is at the service, and how long ago something was.
 *
 * Ages and times left are counted against times of the service; the clock of this machine may be wrong, or be put right
 * while somebody looks.
 */

// An answer that is so much behind what was heard before says that the clock of the service was put back.
const STEP_MS = 5000;
let base_ms: number | null = null;

/** Takes note of the Date of an answer that comes from the service itself and from no cache. */
export function heardDate(date: string | null): void {
  const told = Date.parse(date ?? "");
  if (Number.isNaN(told)) return;
  const found = told - performance.now();
  // Whole seconds are told, and travel takes time: no answer is ahead of the service, and the highest is the nearest.
  if (base_ms === null || found > base_ms || base_ms - found > STEP_MS) base_ms = found;
}

/** Milliseconds since 1970 by the clock of the service, at most a second behind it; by this machine's until it was heard. */
export function now(): number {
  return base_ms === null ? Date.now() : base_ms + performance.now();
}

/** A moment here, from which time is counted. */
export interface Mark {
  wall_ms: number;
  steady_ms: number;
}

export function mark(): Mark {
  return { wall_ms: Date.now(), steady_ms: performance.now() };
}

/** Milliseconds since then. The steady clock may stand still in sleep and the other be put back, so the longer one counts. */
export function since_ms(then: Mark): number {
  return Math.max(Date.now() - then.wall_ms, performance.now() - then.steady_ms);
}
