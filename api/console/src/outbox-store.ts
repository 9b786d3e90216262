/**
 * Where actions are kept until they are confirmed: in the browser, each page its own, so that neither a reload nor a crash
 * loses one, and what a page left behind is taken up by another.
 */
import { newKey } from "./http.ts";
import type { Action } from "./outbox.ts";

const PREFIX = "nearest.outbox.";
const TAB = "nearest.tab";
let own: string | null = null;
const awaited = new Set<string>();

/** Keeps the actions of this page in place of those kept before; false where the browser has no room or does not allow it. */
export function keep(actions: readonly Action[]): boolean {
  if (own === null) return true;
  try {
    if (actions.length === 0) localStorage.removeItem(PREFIX + own);
    else localStorage.setItem(PREFIX + own, JSON.stringify(actions));
    return true;
  } catch {
    return false;
  }
}

/** Finds what this page kept before it was loaded again, and, now and later, what other pages left behind. */
export async function takeUp(found: (actions: Action[]) => void): Promise<void> {
  const before = sessionStorage.getItem(TAB);
  // A page that is opened twice has its name from the first, which still lives.
  const again = before !== null && (await claim(before));
  own = again ? before : newKey();
  if (!again) await claim(own);
  sessionStorage.setItem(TAB, own);
  found(read(own));
  for (const name of Object.keys(localStorage)) inherit(name, found);
  addEventListener("storage", (event) => {
    if (event.key !== null && event.newValue !== null) inherit(event.key, found);
  });
}

/** Holds the lock of a name for as long as the page lives; false where another page does. */
function claim(name: string): Promise<boolean> {
  if (!("locks" in navigator)) return Promise.resolve(true);
  return new Promise((done) => {
    void navigator.locks.request(PREFIX + name, { ifAvailable: true }, (lock) => {
      done(lock !== null);
      return lock === null ? undefined : new Promise(() => undefined);
    });
  });
}

/** Takes up what is kept under a name once the page that keeps it is gone. */
function inherit(key: string, found: (actions: Action[]) => void): void {
  const name = key.slice(PREFIX.length);
  if (!key.startsWith(PREFIX) || name === own || awaited.has(name) || !("locks" in navigator)) return;
  awaited.add(name);
  void navigator.locks.request(key, () => {
    awaited.delete(name);
    const left = read(name);
    localStorage.removeItem(key);
    if (left.length > 0) found(left);
  });
}

function read(name: string): Action[] {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "[]") as Action[];
  } catch {
    return [];
  }
}
