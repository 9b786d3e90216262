/** The service's road network, asked once. */
import { get } from "./http.ts";

/** `GET /v1/network`, as far as the console uses it. */
export interface Network {
  /** What its tiles draw, by name: part of their address. */
  drawing: string;
  attribution: string;
  bounds: { west: number; south: number; east: number; north: number };
  area: GeoJSON.Polygon;
  profiles: Record<string, unknown>;
}

let asked: Promise<Network> | null = null;

export function network(): Promise<Network> {
  asked ??= get<Network>("/v1/network").catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}
