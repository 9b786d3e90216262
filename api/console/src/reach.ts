/** Whether the service answers, on a page that follows no stream which would tell it. */
import { Changes } from "./changes.ts";
import { isAlive } from "./http.ts";
import { picture } from "./picture.ts";
import { session } from "./session.ts";

const EACH_MS = 3000;

class Reach extends Changes {
  #lost = false;

  begin(): void {
    setInterval(() => void this.#probe(), EACH_MS);
    for (const event of ["online", "offline"]) addEventListener(event, () => void this.#probe());
  }

  /** A stream that is followed knows it better, and what it knew last holds until the service is asked. */
  get lost(): boolean {
    if (picture.stream !== null) this.#lost = picture.connection === "lost";
    return this.#lost;
  }

  async #probe(): Promise<void> {
    if (picture.stream !== null || session.who === null) return;
    const lost = !(await isAlive());
    if (picture.stream !== null) return;
    this.#lost = lost;
    this.changed();
  }
}

export const reach = new Reach();
