/**
 * The scale of the time slider.
 *
 * What is decided takes seconds, what follows takes hours. So each stretch between two moments that matter is as wide as
 * the root of its length, and the seconds before a decision can still be told apart.
 */

export interface Scale {
  /** From 0 to 1, where a moment stands. */
  place(at_ms: number): number;
  moment(place: number): number;
}

/** The scale between the first and the last of some moments, in milliseconds. */
export function scaleOf(moments: readonly number[]): Scale {
  const knots = [...new Set(moments)].sort((a, b) => a - b);
  const places = [0];
  for (let row = 1; row < knots.length; row++) places.push(places[row - 1]! + Math.sqrt((knots[row]! - knots[row - 1]!) / 1000));
  const whole = places.at(-1)! || 1;
  const shares = places.map((each) => each / whole);
  return {
    place: (at_ms) => between(knots, shares, at_ms),
    moment: (place) => between(shares, knots, place),
  };
}

/** Reads a value off a line that goes through some points. */
function between(from: readonly number[], to: readonly number[], value: number): number {
  if (value <= from[0]!) return to[0]!;
  const row = from.findIndex((each) => each >= value);
  if (row < 0) return to.at(-1)!;
  const share = (value - from[row - 1]!) / (from[row]! - from[row - 1]!);
  return to[row - 1]! + share * (to[row]! - to[row - 1]!);
}
