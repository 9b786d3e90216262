/**
 * The planner's page: scenarios and simulations, a scenario to change and run, what a run came to, two runs held against
 * each other, and a simulated shift on the map.
 *
 * `#/plan`, `#/plan/scenario/NAME`, `#/plan/run/ID`, `#/plan/run/ID/shift`, `#/plan/run/ID/against/OTHER`.
 */
import { force } from "../force.ts";
import type { Page } from "../page.ts";
import { openCompared } from "./compared.ts";
import { openPlay } from "./play.ts";
import { openRun } from "./run.ts";
import { openScenario } from "./scenario.ts";
import { openStart } from "./start.ts";

export async function open(place: HTMLElement, rest: string): Promise<Page> {
  const page = await view(place, rest);
  // What was pressed is gone with the view before: whoever works by keys goes on from the beginning of this one.
  if (document.activeElement === document.body) {
    place.tabIndex = -1;
    place.focus();
  }
  return page;
}

async function view(place: HTMLElement, rest: string): Promise<Page> {
  const known = await force();
  const [kind = "", name = "", part = "", other = ""] = rest.split("/");
  if (kind === "scenario" && name !== "") return openScenario(place, known, name);
  if (kind !== "run" || name === "") return openStart(place, known);
  if (part === "shift") return openPlay(place, known, name);
  return part === "against" && other !== "" ? openCompared(place, known, other, name) : openRun(place, known, name);
}
