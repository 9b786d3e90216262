"""What nobody can beat: the least time from anywhere to a place, told from straight lines alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from graphs.compiled import compiled
from graphs.coordinates import EARTH_RADIUS_M, distance_m, great_circle_m
from graphs.network import Floats, Longs, Network
from graphs.snapping import Approach
from graphs.times import KEPT, MS_PER_S, EdgeTimes

# Gaps and fractions of edges are measured as on a plane: for roads and gaps of less than a degree that is nearer the
# truth than this.
MARGIN: Final = 1.05
# Fractions of an edge's time are whole milliseconds, at both ends of a way.
ROUNDED_MS: Final = 2


def least_ms(
    times: EdgeTimes,
    place: tuple[float, float],
    approaches: Sequence[Approach],
    lat: Floats,
    lon: Floats,
    accuracy_m: Floats,
) -> Longs:
    """Return the milliseconds that no vehicle can beat from where it is reported, without looking for its road.

    The gap to its road, what it drives and the way from its stop make up at least the straight line. The gap is free
    within the accuracy of the report; nothing else is quicker than the fastest road.

    Parameters
    ----------
    times
        Those of the router.
    place, approaches
        Latitude and longitude, and where it can be reached from.
    lat, lon, accuracy_m : (n,) float64
        The reports.

    Returns
    -------
    (n,) int64
    """
    road_m = road_lengths_m(times.network)
    reach_m = max(distance_m(*place, stop.lat, stop.lon) + float(road_m[stop.edge]) for stop in approaches)
    return _least_ms(*place, reach_m, fastest_m_per_ms(times.base or times), lat, lon, accuracy_m)


@compiled
def _least_ms(
    to_lat: float, to_lon: float, reach_m: float, m_per_ms: float, lat: Floats, lon: Floats, accuracy_m: Floats
) -> Longs:  # pragma: no cover - compiled
    """Return what `least_ms` does; the straight line as `great_circle_m` has it."""
    to_phi, least = math.radians(to_lat), np.zeros(len(lat), np.int64)
    for row in range(len(lat)):
        phi = math.radians(lat[row])
        half = math.sin((phi - to_phi) / 2.0) ** 2
        half += math.cos(phi) * math.cos(to_phi) * math.sin(math.radians(lon[row] - to_lon) / 2.0) ** 2
        straight_m = 2.0 * EARTH_RADIUS_M * math.asin(min(math.sqrt(half), 1.0))
        far_m = straight_m - max(accuracy_m[row], 0.0) - reach_m
        least[row] = max(int(far_m / m_per_ms) - ROUNDED_MS, 0)
    return least


@lru_cache(maxsize=8)
def road_lengths_m(network: Network) -> Floats:
    """(E,) metres along the shape of each edge, which the length that a source states may differ from."""
    lonlat, start = network.shape_lonlat, network.shape_start
    steps_m = np.concatenate(([0.0], np.cumsum(great_circle_m(lonlat[:-1], lonlat[1:]))))
    return np.asarray((steps_m[start[1:] - 1] - steps_m[start[:-1]])[network.shape])


@lru_cache(maxsize=KEPT)
def fastest_m_per_ms(times: EdgeTimes) -> float:
    """Return metres of ground a millisecond that nobody covers more of, on roads or beside them, with `MARGIN`.

    Conditions slow edges and never quicken them: ``times`` are those without.
    """
    driven = times.unslowed_ms >= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        speeds = road_lengths_m(times.network)[driven] / times.unslowed_ms[driven]
    beside = times.profile.off_road_kmh / 3.6 / MS_PER_S
    return MARGIN * max(beside, float(np.nanmax(speeds, initial=0.0)))
