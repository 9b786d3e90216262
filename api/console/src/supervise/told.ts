/** How numbers and times of the page are said. */
import type { Force } from "../force.ts";
import { clock, dayAndTime, timeOfDay } from "../time.ts";
import { words } from "../words.ts";
import type { Rate } from "./types.ts";

const said = words.supervise;

/** A share with so many decimals that what is not all and not nothing never reads as that. */
export function percent(share: number): string {
  const whole = share * 100;
  if (whole > 99 && whole < 100) return (Math.floor(whole * 10) / 10).toFixed(1);
  if (whole > 0 && whole < 1) return (Math.ceil(whole * 10) / 10).toFixed(1);
  return String(Math.round(whole));
}

/** A rate with what it was counted of and how sure it is; a percentage never stands alone. */
export function rateText(rate: Rate): string {
  if (rate.share === null || rate.low === null || rate.high === null) return said.rates.nothing(rate.of);
  return `${said.rates.counted(rate.count, rate.of)}, ${said.rates.interval(percent(rate.share), percent(rate.low), percent(rate.high))}`;
}

/** By how much one unit was later than another, or sooner. */
export function givenUp(seconds: number | null): string {
  if (seconds === null) return said.overrides.notKnown;
  return seconds < 0 ? said.overrides.sooner(clock(-seconds)) : said.overrides.later(clock(seconds));
}

/** Labels and times by a force's own words and clocks. */
export class Told {
  constructor(readonly force: Force) {}

  at(moment: string): string {
    return timeOfDay(moment, this.force.time_zone, true);
  }

  on(moment: string): string {
    return dayAndTime(moment, this.force.time_zone);
  }

  /** A sentence of the service with the force's clock in place of UTC. */
  sentence(text: string): string {
    return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (moment) => this.on(moment));
  }

  grade(name: string): string {
    return this.force.grades.find((each) => each.grade === name)?.label ?? name;
  }

  tag(name: string): string {
    return this.force.tags.find((each) => each.tag === name)?.label ?? name;
  }

  reason(name: string): string {
    return this.force.override_reasons.find((each) => each.reason === name)?.label ?? name;
  }

  raised(name: string): string {
    return this.force.risk.raises.find((each) => each.reason === name)?.label ?? name;
  }

  outcome(name: string): string {
    return this.force.assessment.outcomes.find((each) => each.outcome === name)?.label ?? name;
  }

  question(name: string): string {
    return this.force.assessment.questions.find((each) => each.question === name)?.label ?? name;
  }
}
