/** What whoever is signed in has asked for and is not confirmed yet, from whichever form: it is not asked for twice. */
import { outbox, type Action } from "../outbox.ts";
import { session } from "../session.ts";

/** The action that waits at one of some paths with a body that fits; undefined where there is none. */
export function pendingAt(paths: readonly string[], fits: (body: unknown) => boolean = () => true): Action | undefined {
  return outbox.pending.find((each) => each.by === session.who?.name && paths.includes(each.path) && fits(each.body));
}

/** Whether a body sends that unit. */
export function sends(callsign: string): (body: unknown) => boolean {
  return (body) => (body as { callsign?: string } | null)?.callsign === callsign;
}
