"""The way of one vehicle to a place: edge by edge, and as a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import shapely
import shapely.ops

from graphs.network import Network
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


def leg_of(cost: int, spot: Spot, approach: Approach, drive: Callable[[], tuple[int, ...]]) -> Leg:
    """Return the leg of a known cost."""
    time_ms = time_of(cost)
    return Leg(time_ms, time_ms - approach.walk_ms, approach.walk_ms, metres_of(cost), spot, approach, drive)


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
    if len(leg.edges) == 1:
        pieces = [_part(network, leg.edges[0], leg.spot.fraction, leg.approach.fraction)]
    else:
        first = _part(network, leg.edges[0], leg.spot.fraction, 1.0)
        last = _part(network, leg.edges[-1], 0.0, leg.approach.fraction)
        pieces = [first, *(network.edge_line(edge) for edge in leg.edges[1:-1]), last]
    points = [point for piece in pieces for point in piece.coords]
    distinct = [point for row, point in enumerate(points) if row == 0 or point != points[row - 1]]
    return shapely.LineString(distinct if len(distinct) > 1 else distinct * 2)


def _part(network: Network, edge: int, start: float, end: float) -> shapely.LineString | shapely.Point:
    return shapely.ops.substring(network.edge_line(edge), start, end, normalized=True)
