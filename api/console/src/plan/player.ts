/** Time that goes on by itself, faster than in life, until it is stopped or at its end. */
import { Changes } from "../changes.ts";

export const SPEEDS = [1, 10, 30, 60, 120, 300];
const USUAL = 60;
const MS_PER_S = 1000;
// What is shown changes so often: each time is a new picture for the map.
const STEP_MS = 100;
// A page that was hidden, or a machine that had other things to do, does not leap.
const LEAP_MS = 500;

export class Player extends Changes {
  playing = false;
  speed = USUAL;
  #at_s: number;
  #timer: ReturnType<typeof setInterval> | null = null;
  #last_ms = 0;

  /** @param from_s, to_s what can be played */
  constructor(
    readonly from_s: number,
    readonly to_s: number,
  ) {
    super();
    this.#at_s = from_s;
  }

  get at_s(): number {
    return this.#at_s;
  }

  goTo(at_s: number): void {
    this.#at_s = Math.min(Math.max(at_s, this.from_s), this.to_s);
    if (this.#at_s >= this.to_s) this.pause();
    this.changed();
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Plays on; from the beginning where it was at its end. */
  play(): void {
    if (this.#at_s >= this.to_s) this.#at_s = this.from_s;
    this.playing = true;
    this.#last_ms = performance.now();
    this.#timer ??= setInterval(() => this.#step(), STEP_MS);
    this.changed();
  }

  pause(): void {
    this.playing = false;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.changed();
  }

  /** The next speed up or down. */
  change(by: 1 | -1): void {
    this.speed = SPEEDS[Math.min(Math.max(SPEEDS.indexOf(this.speed) + by, 0), SPEEDS.length - 1)]!;
    this.changed();
  }

  #step(): void {
    const now_ms = performance.now();
    const gone_ms = Math.min(now_ms - this.#last_ms, LEAP_MS);
    this.#last_ms = now_ms;
    this.goTo(this.#at_s + (gone_ms / MS_PER_S) * this.speed);
  }
}
