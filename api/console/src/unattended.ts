/** Whether anybody sits before this page: what it asks of its own accord must not keep a session going for ever. */
import { mark, since_ms } from "./now.ts";

const ALONE_MS = 60_000;
let touched = mark();

for (const event of ["keydown", "pointerdown", "pointermove", "wheel"]) addEventListener(event, () => (touched = mark()), { capture: true, passive: true });

/** The header by which the service knows that nobody has touched the page for a minute. */
export function unattended(): Record<string, string> {
  return since_ms(touched) > ALONE_MS ? { "X-Unattended": "1" } : {};
}
