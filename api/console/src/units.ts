/** What the status of a unit comes to, and how old its fix may be, by the rules of the force. */
import type { Force, Status } from "./force-types.ts";
import type { Unit } from "./picture.ts";
import { secondsSince } from "./time.ts";
import { now } from "./now.ts";

/** What a person has to tell apart at a glance; each has a colour, a shape and a word. */
export type UnitState = "free" | "en_route" | "at_scene" | "busy" | "off" | "unknown";

// Faster than this a unit is moving, whatever its status says; the service counts it so too.
const MOVING_KMH = 5;

/** The meaning of a unit's status; undefined where it has none, or one that the force does not know. */
export function statusOf(unit: Pick<Unit, "status">, force: Force): Status | undefined {
  return unit.status === null ? undefined : force.statuses.find((each) => each.status === unit.status);
}

/** The state of a unit. What is not known is not free. */
export function stateOf(unit: Pick<Unit, "status" | "incident_id">, force: Force): UnitState {
  const status = statusOf(unit, force);
  if (status === undefined) return "unknown";
  if (status.off_duty) return "off";
  if (status.step === "at_scene") return "at_scene";
  if (status.step === "en_route" || status.deployable === "towards_higher_grade") return "en_route";
  return status.deployable === "yes" && unit.incident_id === null ? "free" : "busy";
}

/** Seconds from which a unit's fix no longer says where it is. */
export function staleAfter(unit: Pick<Unit, "status" | "fix">, force: Force): number {
  const moving = (unit.fix?.speed_kmh ?? 0) > MOVING_KMH || (statusOf(unit, force)?.moving ?? true);
  return moving ? force.fixes.stale_moving_s : force.fixes.stale_parked_s;
}

/** Seconds since a unit's fix; null where there is none, or where it is dated in the future. */
export function fixAge(unit: Pick<Unit, "fix">, force: Force, at_ms = now()): number | null {
  const age_s = secondsSince(unit.fix?.fixed_at ?? null, at_ms);
  return age_s === null || age_s < -force.fixes.future_tolerance_s ? null : Math.max(age_s, 0);
}
