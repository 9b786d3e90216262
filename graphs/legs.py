"""The way of one vehicle to a place: edge by edge, and as a line."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from graphs.compiled import Whole, compiled
from graphs.network import Bytes, Floats, Ints, Longs, Network
from graphs.snapping import Approach, Spot
from graphs.times import EdgeTimes, cost_of, metres_of, time_of
from graphs.turns import state_path


@dataclass(frozen=True)
class Leg:
    """The way of one vehicle to a place.

    Parameters
    ----------
    time_ms
        Leaving, driving and walking together.
    drive_ms
        From the vehicle's spot to the approach, leaving included.
    walk_ms
        From the approach to the place on foot.
    length_m
        Metres driven.
    spot, approach
        Where it starts and where it stops.
    drive
        Finds the edges.
    """

    time_ms: int
    drive_ms: int
    walk_ms: int
    length_m: float
    spot: Spot
    approach: Approach
    drive: Callable[[], tuple[int, ...]] = field(compare=False, repr=False)

    @cached_property
    def edges(self) -> tuple[int, ...]:
        """The directed edges driven, in order, first and last included; found when asked for."""
        return self.drive()


@dataclass(frozen=True, slots=True, eq=False)
class Legs:
    """The best ways of several vehicles to one place, as columns; where a vehicle has none, its row means nothing.

    Parameters
    ----------
    there : (n,) bool
        Whether there is a way.
    time_ms, walk_ms : (n,) int64
    length_m : (n,) float64
        See `Leg`.
    edge, gap_m : (n,)
        Those of the spot that it starts from.
    leg
        Makes the leg of a vehicle that has one.
    """

    there: NDArray[np.bool_]
    time_ms: Longs
    walk_ms: Longs
    length_m: Floats
    edge: Longs
    gap_m: Floats
    leg: Callable[[int], Leg]


def leg_of(cost: int, spot: Spot, approach: Approach, drive: Callable[[], tuple[int, ...]]) -> Leg:
    """Return the leg of a known cost."""
    time_ms, walk_ms = time_of(cost), approach.walk_ms
    return Leg(time_ms, time_ms - walk_ms, walk_ms, metres_of(cost), spot, approach, drive)


def start_cost(times: EdgeTimes, spot: Spot) -> int | None:
    """Return the cost from a spot to the end of its edge; None where a closure is on the way."""
    rest = times.between(spot.edge, spot.fraction, 1.0)
    return None if rest is None else cost_of(spot.delay_ms) + rest


def stop_cost(times: EdgeTimes, approach: Approach) -> int | None:
    """Return the cost from the start of an approach's edge to the place; None where a closure is on the way."""
    driven = times.between(approach.edge, 0.0, approach.fraction)
    return None if driven is None else driven + cost_of(approach.walk_ms)


def direct_cost(times: EdgeTimes, spot: Spot, approach: Approach) -> int | None:
    """Return the cost to an approach ahead on the vehicle's own edge; None where it is not ahead, or not reached."""
    if approach.edge != spot.edge or approach.fraction < spot.fraction:
        return None
    driven = times.between(spot.edge, spot.fraction, approach.fraction)
    return None if driven is None else cost_of(spot.delay_ms + approach.walk_ms) + driven


@dataclass(frozen=True, slots=True)
class Part:
    """One edge of a leg: milliseconds and metres on it, the turn onto it included; the part of it that the turn is."""

    edge: int
    time_ms: int
    length_m: float
    turn_ms: int


def leg_parts(times: EdgeTimes, leg: Leg) -> list[Part]:
    """Return a leg edge by edge; the times add up to ``leg.drive_ms``."""
    turns = times.turns
    states = state_path(turns, leg.edges)
    parts = []
    for row, edge in enumerate(leg.edges):
        start = leg.spot.fraction if row == 0 else 0.0
        end = leg.approach.fraction if row == len(leg.edges) - 1 else 1.0
        before_ms = leg.spot.delay_ms if row == 0 else int(times.turn_ms[turns.of(states[row - 1], edge)])
        driven = times.between(edge, start, end)
        if driven is None:
            raise ValueError(f"edge {edge} is closed between {start} and {end}: nobody drives this way")
        parts.append(Part(edge, before_ms + time_of(driven), metres_of(driven), before_ms if row else 0))
    return parts


def leg_line(network: Network, leg: Leg) -> shapely.LineString:
    """Return the geometry of a leg in driving direction, degrees, from the spot to the approach."""
    points = joined(
        np.array(leg.edges, np.int64), leg.spot.fraction, leg.approach.fraction, network.shape, network.backward,
        network.shape_start, network.shape_lonlat,
    )  # fmt: skip
    return shapely.LineString(points if len(points) > 1 else points.repeat(2, axis=0))


@compiled
def joined(
    edges: Longs, start: float, end: float, shape: Ints, backward: Bytes, shape_start: Longs, shape_lonlat: Floats
) -> Floats:
    """Return the points of edges driven in a row, from a fraction of the first to a fraction of the last, each once."""
    count = 2
    for edge in edges:
        count += shape_start[shape[edge] + 1] - shape_start[shape[edge]]
    points = np.empty((count, 2))
    used: Whole = 0
    for row in range(len(edges)):
        low, high = shape_start[shape[edges[row]]], shape_start[shape[edges[row]] + 1]
        line = shape_lonlat[low:high][::-1] if backward[edges[row]] else shape_lonlat[low:high]
        from_, to = start if row == 0 else 0.0, end if row == len(edges) - 1 else 1.0
        used = append_part(line, from_, to, points, used)
    return points[:used].copy()


@compiled
def append_part(line: Floats, start: float, end: float, points: Floats, used: Whole) -> Whole:
    """Append a part of a line, between two fractions of its length in the plane of its coordinates, to points."""
    whole = 0.0
    for row in range(len(line) - 1):
        whole += math.hypot(line[row + 1, 0] - line[row, 0], line[row + 1, 1] - line[row, 1])
    begun = 0.0
    for row in range(len(line) - 1):
        step = math.hypot(line[row + 1, 0] - line[row, 0], line[row + 1, 1] - line[row, 1])
        for share in (max((start * whole - begun) / step, 0.0) if step > 0.0 else 0.0,
                      min((end * whole - begun) / step, 1.0) if step > 0.0 else 1.0):  # fmt: skip
            if begun + step >= start * whole and begun <= end * whole and 0.0 <= share <= 1.0:
                lon = line[row, 0] + share * (line[row + 1, 0] - line[row, 0])
                lat = line[row, 1] + share * (line[row + 1, 1] - line[row, 1])
                if share == 1.0:
                    lon, lat = line[row + 1, 0], line[row + 1, 1]
                if used == 0 or points[used - 1, 0] != lon or points[used - 1, 1] != lat:
                    points[used, 0], points[used, 1] = lon, lat
                    used += 1
        begun += step
    return used
