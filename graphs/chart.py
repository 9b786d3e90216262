"""What a search reads: the roads under one set of times, and places and vehicles on them, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphs.compiled import compiled
from graphs.network import Floats, Ints, Longs, Network
from graphs.snapping import Approach, Spot
from graphs.times import COST_BITS, NEVER, EdgeTimes

Rows = NDArray[np.int16]
UNKNOWN = -1


class Chart(NamedTuple):
    """Everything that a search reads: S states, T turns, V vertices, A arcs, E edges.

    Parameters
    ----------
    vertex, edge, beside : (S,)
        The vertex and the edge of each state, and the next state of the same edge or -1.
    first, onto, turn_cost
        The turns out of each state, see `Turns`; `CLOSED` where forbidden.
    into_start, into_turn, source
        The turns into each state.
    edge_cost, twin, tail, head : (E,)
    sphere : (N, 3)
        The nodes on the unit sphere.
    m_per_ms
        No edge is driven faster.
    up_start, up_head, parent, up, down
        See `Hierarchy` and `Weights`.
    """

    vertex: Ints
    edge: Ints
    beside: Ints
    first: Longs
    onto: Ints
    turn_cost: Longs
    into_start: Longs
    into_turn: Ints
    source: Ints
    edge_cost: Longs
    twin: Ints
    tail: Ints
    head: Ints
    sphere: Floats
    m_per_ms: float
    up_start: Longs
    up_head: Ints
    parent: Ints
    up: Longs
    down: Longs


class Stops(NamedTuple):
    """The approaches of places, as columns; those of place ``p`` are ``first[p]:first[p + 1]``.

    Parameters
    ----------
    edge, fraction
        Where a vehicle stops.
    along, walk
        Cost from the start of the edge, and of the walk from there.
    stop
        Both together, for who comes from the start of the edge; `NEVER` where a closure is on the way.
    after
        A vehicle on the edge must be beyond this fraction, or a closure is on its way.
    """

    first: Longs
    edge: Longs
    fraction: Floats
    along: Longs
    walk: Longs
    stop: Longs
    after: Floats


class Starts(NamedTuple):
    """The spots of vehicles, as columns; those of vehicle ``u`` are ``first[u]:first[u + 1]``.

    Parameters
    ----------
    edge, fraction, along
        As in `Stops`.
    delay, rest
        Cost before the vehicle moves, and that together with the rest of the edge; `NEVER` where a closure is ahead.
    alike : (vehicles,)
        Whether every road that the vehicle may be on can be left both ways, as soon one way as the other.
    """

    first: Longs
    edge: Longs
    fraction: Floats
    along: Longs
    delay: Longs
    rest: Longs
    alike: NDArray[np.bool_]


class Room(NamedTuple):
    """What one question works out; empty between questions.

    Parameters
    ----------
    to_place : (V,)
        The cost from each vertex, `UNKNOWN` where nobody asked yet.
    by : (V,)
        The row of the approach taken, told for the vertices that the search from the place met; else -1.
    touched : (V,)
        The vertices whose costs were asked.
    used : (1,)
        How many these are.
    """

    to_place: Longs
    by: Rows
    touched: Ints
    used: Longs


def room_for(vertex_count: int) -> Room:
    """Return an empty room."""
    return Room(
        np.full(vertex_count, UNKNOWN, np.int64),
        np.full(vertex_count, -1, np.int16),
        np.empty(vertex_count, np.int32),
        np.zeros(1, np.int64),
    )


def stops_of(times: EdgeTimes, places: Sequence[Sequence[Approach]]) -> Stops:
    """Return the approaches of places as columns."""
    told = [item for approaches in places for item in approaches]
    edge = np.array([item.edge for item in told], np.int64)
    fraction = np.array([item.fraction for item in told], np.float64)
    walk = np.array([item.walk_ms for item in told], np.int64) << COST_BITS
    along, altered = _along(times, edge, fraction)
    stop, after = along + walk, np.full(len(told), -1.0)
    for row in altered:
        begun = [it.start for it in times.pieces[told[row].edge] if it.factor == 0.0 and it.start < told[row].fraction]
        if begun:
            stop[row], after[row] = NEVER, max(begun)
    return Stops(_first(places), edge, fraction, along, walk, stop, after)


def starts_of(times: EdgeTimes, vehicles: Sequence[Sequence[Spot]]) -> Starts:
    """Return the spots of vehicles as columns."""
    told = [spot for spots in vehicles for spot in spots]
    edge = np.array([spot.edge for spot in told], np.int64)
    fraction = np.array([spot.fraction for spot in told], np.float64)
    delay_ms = np.array([spot.delay_ms for spot in told], np.int64)
    return columns_of(times, _first(vehicles), edge, fraction, delay_ms)


def columns_of(times: EdgeTimes, first: Longs, edge: Longs, fraction: Floats, delay_ms: Longs) -> Starts:
    """Return spots told as columns with what a search needs beside; see `Starts`."""
    along, altered = _along(times, edge, fraction)
    delay = delay_ms << COST_BITS
    rest = delay + (times.usual_ms[edge] << COST_BITS) + times.length_cm[edge] - along
    for row in altered:
        if times.closure_ahead(int(edge[row]), float(fraction[row]), 1.0) is not None:
            rest[row] = NEVER
    return Starts(first, edge, fraction, along, delay, rest, _alike(times.network.twin, first, edge, delay))


def only(starts: Starts, vehicles: Longs) -> Starts:
    """Return some of the vehicles."""
    count = np.diff(starts.first)[vehicles]
    first = np.concatenate(([0], np.cumsum(count)))
    rows = np.arange(first[-1]) + np.repeat(starts.first[vehicles] - first[:-1], count)
    return Starts(
        first, starts.edge[rows], starts.fraction[rows], starts.along[rows], starts.delay[rows], starts.rest[rows],
        starts.alike[vehicles],
    )  # fmt: skip


def _first(groups: Sequence[Sequence[object]]) -> Longs:
    return np.cumsum([0, *map(len, groups)], dtype=np.int64)


def _along(times: EdgeTimes, edge: Longs, fraction: Floats) -> tuple[Longs, list[int]]:
    """Return the costs from the start of edges to fractions of them, and the rows that conditions have changed."""
    along = _usual_along(times.usual_ms, times.length_cm, edge, fraction)
    altered = [row for row, one in enumerate(edge.tolist()) if one in times.pieces] if times.pieces else []
    for row in altered:
        at = int(edge[row]), float(fraction[row])
        along[row] = (times.along_ms(*at) << COST_BITS) + times.along_cm(*at)
    return along, altered


@compiled
def _usual_along(usual_ms: Longs, length_cm: Longs, edge: Longs, fraction: Floats) -> Longs:
    """Return the costs from the start of edges to fractions of them, as if what is closed were driven."""
    along = np.empty(len(edge), np.int64)
    for row in range(len(edge)):
        time_ms = np.int64(np.rint(usual_ms[edge[row]] * fraction[row]))
        along[row] = (time_ms << COST_BITS) + np.int64(np.rint(length_cm[edge[row]] * fraction[row]))
    return along


@compiled
def _alike(twin: Ints, first: Longs, edge: Longs, delay: Longs) -> NDArray[np.bool_]:
    """Tell of each vehicle whether every road it may be on can be left both ways, as soon one way as the other."""
    found = np.ones(len(first) - 1, np.bool_)
    for vehicle in range(len(found)):
        for one in range(first[vehicle], first[vehicle + 1]):
            both = twin[edge[one]] < 0
            for other in range(first[vehicle], first[vehicle + 1]):
                both = both or (edge[other] == twin[edge[one]] and delay[other] == delay[one])
            found[vehicle] = found[vehicle] and both
    return found


@lru_cache(maxsize=8)
def sphere_of(network: Network) -> Floats:
    """(N, 3) the nodes on the unit sphere."""
    lon, lat = np.radians(network.node_lonlat).T
    return np.ascontiguousarray(np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), axis=1))
