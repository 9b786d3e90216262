/** Shares as the service tells them, by the definitions of the audit. */

/** So many of so many; the share and its 95 % interval are null where there is nothing to count. */
export interface Rate {
  count: number;
  of: number;
  share: number | null;
  low: number | null;
  high: number | null;
}

/** By both denominators: of those that can be judged, and of all attended, where unknown counts as not. */
export interface Measure {
  of_judged: Rate;
  of_attended: Rate;
}
