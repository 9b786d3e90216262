"""A way told as people are told it: road by road, with the turn onto each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from graphs.legs import Part
from graphs.network import ROUNDABOUT, Network
from graphs.turns import ACROSS_DEG

Turn: TypeAlias = Literal["straight", "left", "right", "u_turn", "roundabout"]
# Up to this angle a way goes straight on; the same as where a turn begins to cross the oncoming lane.
STRAIGHT_DEG = ACROSS_DEG[0]


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of a way along one road.

    Parameters
    ----------
    edge
        The edge that names the road. A roundabout belongs to the road by which it is left.
    parts
        The edges driven.
    turn
        How the road is come onto; None where the way begins.
    turned_deg
        By how many degrees, clockwise, -180 to 180; through a roundabout from the road before it to the road after it.
        None where the way begins, and where it ends on a roundabout.
    """

    edge: int
    parts: tuple[Part, ...]
    turn: Turn | None
    turned_deg: float | None


def steps_of(network: Network, parts: Sequence[Part]) -> list[Step]:
    """Join the edges of a way that follow one road.

    Besides another road, a U-turn begins a new step, and so does a turn where there was another way on.
    """
    runs: list[list[Part]] = []
    for part in parts:
        if not runs or _begins(network, runs[-1][-1].edge, part.edge):
            runs.append([])
        runs[-1].append(part)
    return [_step(network, runs[row - 1][-1].edge if row else None, run) for row, run in enumerate(runs)]


def _begins(network: Network, before: int, edge: int) -> bool:
    if _round(network, before) or _round(network, edge):
        return not _round(network, before)
    if _road(network, before) != _road(network, edge) or network.twin[before] == edge:
        return True
    node = network.head[before]
    onward = set(range(network.out_start[node], network.out_start[node + 1])) - {int(network.twin[before])}
    return len(onward) > 1 and abs(turned_deg(network, before, edge)) > STRAIGHT_DEG


def _step(network: Network, before: int | None, run: Sequence[Part]) -> Step:
    edges = [part.edge for part in run]
    after = next((edge for edge in edges if not _round(network, edge)), None)
    turn = None if before is None else _turn(network, before, edges[0])
    angle = None if before is None or after is None else round(turned_deg(network, before, after), 1)
    return Step(edges[0] if after is None else after, tuple(run), turn, angle)


def _turn(network: Network, before: int, edge: int) -> Turn:
    if _round(network, edge):
        return "roundabout"
    if network.twin[before] == edge:
        return "u_turn"
    angle = turned_deg(network, before, edge)
    if abs(angle) <= STRAIGHT_DEG:
        return "straight"
    return "right" if angle > 0.0 else "left"


def turned_deg(network: Network, before: int, edge: int) -> float:
    """Return by how many degrees a vehicle turns from the end of one edge onto another, clockwise, -180 to 180."""
    arriving, leaving = network.edge_lonlat(before)[::-1], network.edge_lonlat(edge)
    bearing = _bearing_deg(arriving.tolist()) + 180.0
    return (_bearing_deg(leaving.tolist()) - bearing + 180.0) % 360.0 - 180.0


def _bearing_deg(lonlat: Sequence[Sequence[float]]) -> float:
    """Return the bearing of the first step of a line that goes anywhere; north where none does."""
    for (lon, lat), (to_lon, to_lat) in pairwise(lonlat):
        if (lon, lat) != (to_lon, to_lat):
            return math.degrees(math.atan2((to_lon - lon) * math.cos(math.radians(lat)), to_lat - lat))
    return 0.0


def _round(network: Network, edge: int) -> bool:
    return bool(network.flags[edge] & ROUNDABOUT)


def _road(network: Network, edge: int) -> tuple[str, str]:
    return network.edge_name(edge), network.class_name(edge)
