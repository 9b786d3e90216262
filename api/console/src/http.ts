/** Asks the service, as whoever is signed in; every refusal becomes a `Problem`, every silence `Unreachable`. */
import { heardDate } from "./now.ts";
import { unattended } from "./unattended.ts";

export interface Fault {
  source: string;
  where: string;
  field: string;
  value: string;
  accepted: string;
  hint: string;
}

/** A problem document (RFC 9457) that the service answered with; `body` has members of its own, such as who won. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: Record<string, unknown>,
  ) {
    super(String(body["detail"] ?? body["title"] ?? status));
  }

  /** The last part of the type, such as `unit-taken`. */
  get slug(): string {
    return String(this.body["type"] ?? "").split("/").pop() ?? "";
  }

  get faults(): Fault[] {
    return (this.body["faults"] as Fault[] | undefined) ?? [];
  }
}

/** No answer came: whether anything was done is not known. */
export class Unreachable extends Error {}

export interface Asking {
  body?: unknown;
  /** Names the request, so that asking again does nothing twice; needed where something is changed. */
  key?: string;
  /** Why somebody looks at an incident. */
  reason?: string;
  signal?: AbortSignal;
  accept?: string;
  /** How long an answer may take, where that is known to be long. */
  patience_ms?: number;
}

const PATIENCE_MS = 20_000;
// So soon a service that is well says so.
const ALIVE_MS = 2000;
let csrfToken: string | null = null;
let onSignedOut: () => void = () => undefined;
let onOther: () => void = () => undefined;

/** What changes something needs the token of the session. */
export function useToken(token: string | null): void {
  csrfToken = token;
}

/** Called when the service no longer knows who asks. */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

/** Called when the session may be another than the token is of, as when somebody else signed in beside this page. */
export function whenOther(callback: () => void): void {
  onOther = callback;
}

/** Tells that the service no longer knows who asks, where that was not asked by `send`. */
export function signedOut(): void {
  onSignedOut();
}

export function newKey(): string {
  // crypto.randomUUID is missing where the page came by plain http from another machine.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Asks and waits for the answer. */
export async function send(method: string, path: string, asking: Asking = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: asking.accept ?? "application/json", ...unattended() };
  if (asking.body !== undefined) headers["Content-Type"] = "application/json";
  if (csrfToken !== null && method !== "GET") headers["X-CSRF-Token"] = csrfToken;
  if (asking.key !== undefined) headers["Idempotency-Key"] = asking.key;
  if (asking.reason) headers["X-Consultation-Reason"] = asking.reason;
  const timer = AbortSignal.timeout(asking.patience_ms ?? PATIENCE_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: asking.body === undefined ? null : JSON.stringify(asking.body),
      signal: asking.signal ? AbortSignal.any([asking.signal, timer]) : timer,
      redirect: "error",
    });
  } catch (error) {
    if (asking.signal?.aborted) throw error;
    throw new Unreachable(String(error));
  }
  // What is asked with GET may come from a cache, with the date of long ago.
  if (method !== "GET") heardDate(response.headers.get("Date"));
  if (response.ok) return response;
  throw await refusal(response, path);
}

async function refusal(response: Response, path: string): Promise<Error> {
  let body: Record<string, unknown>;
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    // A proxy before a service that is down says so with a page of its own.
    if (response.status >= 500) return new Unreachable(String(response.status));
    body = { title: response.statusText };
  }
  const problem = new Problem(response.status, body);
  if (response.status === 401 && path !== "/v1/session") onSignedOut();
  if (problem.slug === "cross-site") onOther();
  return problem;
}

/** Whether the service answers at all, and is well. */
export async function isAlive(): Promise<boolean> {
  try {
    const response = await fetch("/healthz", { signal: AbortSignal.timeout(ALIVE_MS), cache: "no-store" });
    // An answer that is not read holds its connection, which ends with the time.
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}

/** Reads a JSON answer; the caller says what it is. */
export async function get<T>(path: string, asking: Asking = {}): Promise<T> {
  const response = await send("GET", path, asking);
  return (await response.json()) as T;
}

/** Changes something and reads the answer, null where there is none. */
export async function post<T>(path: string, body: unknown, asking: Asking = {}): Promise<T> {
  const response = await send("POST", path, { key: newKey(), ...asking, body });
  return (response.status === 204 ? null : await response.json()) as T;
}

export async function remove(path: string): Promise<void> {
  await send("DELETE", path);
}

/** A path with its names and texts made safe: `at("/v1/units/", callsign)`. */
export function at(...parts: string[]): string {
  return parts.map((part, row) => (row % 2 === 0 ? part : encodeURIComponent(part))).join("");
}
