/**
 * How the map asks for its tiles: not for ever, since a browser makes six connections to a service and no more; and not in
 * silence where the service has none of this drawing, which a map takes for empty ground.
 */
import { addProtocol, AJAXError } from "maplibre-gl";

/** Called when the service says that it has no such drawing, as after it was started with other roads. */
export const onOtherDrawing = new Set<() => void>();

const SCHEME = "tiles";
const PATIENCE_MS = 10_000;

addProtocol(SCHEME, async ({ url }, { signal }) => {
  const address = location.origin + url.slice(SCHEME.length + "://".length);
  const response = await fetch(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) });
  if (response.status === 404) for (const listener of onOtherDrawing) listener();
  if (!response.ok) throw new AJAXError(response.status, response.statusText, address, await response.blob());
  return { data: await response.arrayBuffer() };
});

/** The address of the tiles of a drawing, as a map's style has it. */
export function tilesOf(drawing: string): string {
  return `${SCHEME}:///v1/tiles/${drawing}/{z}/{x}/{y}`;
}
