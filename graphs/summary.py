"""What a network holds, what it left out, and what each profile may not use of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from graphs.coordinates import METRES_PER_DEGREE
from graphs.network import BRIDGE, ROUNDABOUT, TUNNEL, Network
from graphs.tags import ACCESS_GROUPS, ROAD_CLASSES
from graphs.times import edge_times


def summary(network: Network) -> dict[str, Any]:
    """Describe a network as JSON values: counts, area (km2), lengths (km), licence, hash, what was dropped and why."""
    _, first = np.unique(network.shape, return_index=True)
    west, south, east, north = network.area.bounds
    meta = network.meta
    return {
        "source": meta.source,
        "source_sha256": meta.source_sha256,
        "data_timestamp": meta.data_timestamp or None,
        "attribution": meta.attribution,
        "licence": meta.licence,
        "hash": network.hash,
        "nodes": network.node_count,
        "edges": network.edge_count,
        "roads_km": round(float(network.length_m[first].sum()) / 1000, 1),
        "one_way_edges": int((network.twin < 0).sum()),
        "turn_restrictions": len(network.turn_kind),
        "tunnel_edges": int((network.flags & TUNNEL > 0).sum()),
        "bridge_edges": int((network.flags & BRIDGE > 0).sum()),
        "roundabout_edges": int((network.flags & ROUNDABOUT > 0).sum()),
        "limit_tagged_share": round(float(np.isfinite(network.limit_kmh).mean()), 3),
        "area_km2": round(area_km2(network), 1),
        "bounds": {"west": west, "south": south, "east": east, "north": north},
        "drawn": network.ground.counts(),
        "dropped": dict(meta.dropped),
        "notes": list(meta.notes),
        "profiles": {name: _use(network, name) for name in network.profiles.names},
    }


def area_km2(network: Network) -> float:
    """Return the size of the network's area in square kilometres."""
    middle_lat = (network.area.bounds[1] + network.area.bounds[3]) / 2
    scale = METRES_PER_DEGREE / 1000
    factors = (scale * float(np.cos(np.radians(middle_lat))), scale)
    return float(shapely.area(shapely.transform(network.area, lambda points: points * factors)))


def _use(network: Network, profile: str) -> dict[str, Any]:
    """Count the edges that a profile may use, and why it may not use the others; each is counted under one reason."""
    times = edge_times(network, profile)
    counts = {"open_edges": int(times.open.sum()), "closed": {}}
    closed = ~times.open
    reasons: dict[str, int] = {}
    for row, group in enumerate(ACCESS_GROUPS):
        if group not in times.profile.access:
            _take(reasons, f"access {group}", closed, network.access == row)
    for row, name in enumerate(ROAD_CLASSES):
        if times.profile.class_kmh[name] is None:
            _take(reasons, f"class {name}", closed, network.road_class == row)
    _take(reasons, "an obstacle that it may not pass", closed, np.ones(network.edge_count, np.bool_))
    counts["closed"] = {reason: count for reason, count in reasons.items() if count}
    counts["cut_off"] = {
        "cannot be left for the rest": int((times.open & ~times.leaves).sum()),
        "cannot be reached from the rest": int((times.open & ~times.arrives).sum()),
    }
    return counts


def _take(reasons: dict[str, int], reason: str, closed: np.ndarray[Any, Any], which: np.ndarray[Any, Any]) -> None:
    reasons[reason] = int((closed & which).sum())
    closed &= ~which
