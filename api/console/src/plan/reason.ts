/** Why a planner looks at past incidents, where the demand of a scenario is made of them. */
import { Reason } from "../reason.ts";
import { words } from "../words.ts";

export const reason = new Reason("nearest.plan.reason", words.plan.reason);
