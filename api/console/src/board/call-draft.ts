/** What was typed of a call and is not at the service yet: it outlives a reload and a session that ends. */

/** A place that was chosen, and how. */
export interface Chosen {
  lat: number;
  lon: number;
  name: string;
  kind: "street" | "crossing" | "coordinates" | "grid" | "map";
}

export interface Draft {
  /** When the call came: when its first letter was typed, by the clock of the service. */
  received_at: string;
  grade: string;
  /** What stands in the field of the place, and the place that was chosen from it. */
  typed: string;
  place: Chosen | null;
  address: string;
  type: string;
  tags: string[];
  needs: string[];
  units_needed: number;
  phone: string;
  people: string;
  on_road: boolean;
}

const PATH = "/v1/incidents";
const KEPT = "nearest.call.";
const changed = new EventTarget();

export function emptyDraft(): Draft {
  const texts = { received_at: "", grade: "", typed: "", address: "", type: "", phone: "", people: "" };
  return { ...texts, place: null, tags: [], needs: [], units_needed: 1, on_road: false };
}

/** What somebody left unsent; an empty one where they did not. */
export function readDraft(name: string): Draft {
  try {
    return { ...emptyDraft(), ...(JSON.parse(sessionStorage.getItem(KEPT + name) ?? "{}") as Partial<Draft>) };
  } catch {
    return emptyDraft();
  }
}

export function keepDraft(name: string, draft: Draft): void {
  if (isEmpty(draft)) sessionStorage.removeItem(KEPT + name);
  else sessionStorage.setItem(KEPT + name, JSON.stringify(draft));
}

export function isEmpty(draft: Draft): boolean {
  return JSON.stringify({ ...draft, received_at: "" }) === JSON.stringify(emptyDraft());
}

/** Whether an action of the outbox is a call. */
export function isCall(path: string): boolean {
  return path === PATH;
}

/** The address as it was told; where that is left empty, what was typed of the streets. */
export function addressOf({ address, typed, place }: Draft): string {
  return address || (place?.kind === "street" || place?.kind === "crossing" ? typed : "");
}

/** The body by which a draft is sent. */
export function bodyOf(draft: Draft): Record<string, unknown> {
  const { grade, tags, needs, units_needed, on_road, place } = draft;
  const people = draft.people.split(/[;\n]/).map((each) => each.trim()).filter(Boolean);
  const texts = { received_at: draft.received_at, address: addressOf(draft), type: draft.type, phone: draft.phone };
  const told = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text.trim()]).filter(([, text]) => text !== ""));
  return { ...told, grade, tags, needs, units_needed, people, on_road, ...(place === null ? {} : { lat: place.lat, lon: place.lon }) };
}

/** Puts a call that was refused back, so that it can be mended; false where another is being typed. */
export function restoreCall(name: string, body: unknown): boolean {
  if (!isEmpty(readDraft(name))) return false;
  const { lat, lon, people, ...told } = body as Record<string, unknown> & { lat: number; lon: number; people: string[] };
  const address = String(told["address"] ?? "");
  const place: Chosen = { lat, lon, name: address, kind: "map" };
  putBack(name, { ...emptyDraft(), ...told, typed: address, people: people.join("; "), place });
  return true;
}

/** Keeps a draft, and has an open form show it. */
export function putBack(name: string, draft: Draft): void {
  keepDraft(name, draft);
  changed.dispatchEvent(new Event("restored"));
}

/** Calls back when a call was put back, until the returned function is called. */
export function whenRestored(callback: () => void): () => void {
  changed.addEventListener("restored", callback);
  return () => changed.removeEventListener("restored", callback);
}
