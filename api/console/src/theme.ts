/** Day and night: as the system says, or as was chosen here. */
import { Changes } from "./changes.ts";

export type Choice = "system" | "day" | "night";

const KEPT = "nearest.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

class Theme extends Changes {
  choice: Choice = (localStorage.getItem(KEPT) as Choice | null) ?? "system";

  constructor() {
    super();
    dark.addEventListener("change", () => this.#apply());
    this.#apply();
  }

  get now(): "day" | "night" {
    if (this.choice !== "system") return this.choice;
    return dark.matches ? "night" : "day";
  }

  choose(choice: Choice): void {
    this.choice = choice;
    localStorage.setItem(KEPT, choice);
    this.#apply();
  }

  #apply(): void {
    document.documentElement.dataset["theme"] = this.now;
    this.changed();
  }
}

export const theme = new Theme();
