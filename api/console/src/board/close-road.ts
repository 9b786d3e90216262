/** Closing a road: by the name that it is given, or by the next one where the record has a closure of that name still. */
import { get, Problem } from "../http.ts";
import { outbox } from "../outbox.ts";
import { picture } from "../picture.ts";

const LONGEST_ID = 60;
const MOST_TRIES = 20;

/**
 * Has a road closed; rejects as the outbox does.
 *
 * A closure whose time is over, or has not come, keeps its name in the record, and the service lists only those in force.
 */
export async function closeRoad(name: string, feature: GeoJSON.Feature<GeoJSON.Geometry | null>, label: string): Promise<void> {
  for (let number = 1; ; number += 1) {
    const id = idOf(name, number);
    if (isTaken(id)) continue;
    try {
      await outbox.act("/v1/closures", { closure_id: id, feature }, label);
      return;
    } catch (error) {
      if (number > MOST_TRIES || !(await isOnlyKept(error, id))) throw error;
      outbox.seen(error);
    }
  }
}

/** Colons and slashes name nothing in the record. */
function idOf(name: string, number: number): string {
  const base = name.replace(/[:/\p{C}]/gu, "-").slice(0, LONGEST_ID).trim();
  return number === 1 ? base : `${base} ${number}`;
}

function isTaken(id: string): boolean {
  return picture.incidents.has(id) || picture.closures.features.some((each) => each.id === id);
}

/** Whether a closure was refused for one of its name that is not in force; one in force may be the same road, just closed. */
async function isOnlyKept(error: unknown, id: string): Promise<boolean> {
  if (!(error instanceof Problem) || error.slug !== "conflict") return false;
  try {
    return !(await get<GeoJSON.FeatureCollection>("/v1/closures")).features.some((each) => each.id === id);
  } catch {
    return false;
  }
}
