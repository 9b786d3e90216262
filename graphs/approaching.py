"""Approaches to a place behind a closure: drive up to where the road is closed, and walk on."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import numpy as np

from graphs.compiled import Whole, compiled
from graphs.network import Ints, Longs, Network
from graphs.snapping import Approach
from graphs.times import CLOSED, MS_PER_S, EdgeTimes

# A part of the map with more junctions than this that closures cut off is not walked through.
ENCLOSED_NODES = 1_000


def up_to_closures(times: EdgeTimes, approaches: Sequence[Approach]) -> tuple[tuple[Approach, ...], tuple[str, ...]]:
    """Add to the approaches of a place those at the edges of what cuts it off, with the walk from there.

    Returns
    -------
    approaches
        Those given, for who is inside, and those added; sorted by walk, then edge and fraction. An edge may have two.
    names
        The closures that are walked past; none where the place is not cut off.
    """
    if not times.pieces:
        return tuple(approaches), ()
    enclosed = frozenset(node for item in approaches for node in _enclosed(times, item).tolist())
    cut = [item for item in approaches if _is_cut_off(times, item, enclosed)]
    walks = [_Walk(times, item, enclosed) for item in cut]
    made = [reached for walk in walks for reached in walk.reached()]
    least: dict[tuple[int, float], Approach] = {}
    for item in [*approaches, *made, *_other_ways(times, made)]:
        known = least.setdefault((item.edge, item.fraction), item)
        if item.walk_ms < known.walk_ms:
            least[item.edge, item.fraction] = item
    found = sorted(least.values(), key=lambda item: (item.walk_ms, item.edge, item.fraction))
    return tuple(found), tuple(sorted({name for walk in walks for name in walk.names}))


def _is_cut_off(times: EdgeTimes, item: Approach, enclosed: frozenset[int]) -> bool:
    tail = int(times.network.tail[item.edge])
    return tail in enclosed or times.closure_ahead(item.edge, 0.0, item.fraction) is not None


def _enclosed(times: EdgeTimes, item: Approach) -> Ints:
    """Return the junctions that closures cut off together with the start of an approach's edge; mostly none."""
    network = times.network
    # Of two parts of the map, the smaller is cut off from the larger.
    most = max(min(ENCLOSED_NODES, network.node_count // 2), 1)
    return enclosed_by(*network.into, network.tail, times.edge_ms, times.usual_ms, network.tail[item.edge], most)


@compiled
def enclosed_by(
    in_start: Ints, in_edge: Ints, tail: Ints, edge_ms: Longs, usual_ms: Longs, start: Whole, most: Whole
) -> Ints:
    """Return the nodes that can drive to one, if they are few and only closures keep others from it; else nothing.

    ``most`` is how many they may be.
    """
    found = np.empty(most, np.int32)
    found[0], size = start, 1
    seen = {np.int64(start): True}
    row = 0
    while row < size:
        node = found[row]
        row += 1
        for place in range(in_start[node], in_start[node + 1]):
            before = np.int64(tail[in_edge[place]])
            if edge_ms[in_edge[place]] < 0 or before in seen:
                continue
            if size == len(found):
                return found[:0].copy()
            seen[before] = True
            found[size] = before
            size += 1
    for node in found[:size]:
        for place in range(in_start[node], in_start[node + 1]):
            edge = in_edge[place]
            if edge_ms[edge] < 0 and usual_ms[edge] >= 0 and np.int64(tail[edge]) not in seen:
                return found[:size].copy()
    return found[:0].copy()


def _other_ways(times: EdgeTimes, approaches: Sequence[Approach]) -> Iterator[Approach]:
    """Yield the same places for who comes the other way: a vehicle stops on either side of a road, or there to turn."""
    for item in approaches:
        twin = int(times.network.twin[item.edge])
        if twin >= 0 and times.usual_ms[twin] != CLOSED:
            yield Approach(twin, 1.0 - item.fraction, item.gap_m, item.walk_ms, item.lat, item.lon)


class _Walk:
    """A walk from a place along closed roads, and through what they enclose, to wherever a vehicle can come."""

    def __init__(self, times: EdgeTimes, start: Approach, enclosed: frozenset[int]) -> None:
        self._times, self._start, self._enclosed = times, start, enclosed
        self._network: Network = times.network
        self._waiting: list[tuple[float, int]] = []
        self.names: set[str] = set()

    def reached(self) -> Iterator[Approach]:
        """Yield where the walk meets a road that can be driven to there."""
        edge, fraction = self._start.edge, self._start.fraction
        yield from self._back_along(edge, fraction, 0.0)
        head = int(self._network.head[edge])
        if head in self._enclosed or self._closed_between(edge, fraction, 1.0):
            self._walk_on(head, (1.0 - fraction) * float(self._network.length_m[edge]))
        done: set[int] = set()
        while self._waiting:
            walked_m, node = heapq.heappop(self._waiting)
            if node not in done:
                done.add(node)
                yield from self._at_node(node, walked_m)

    def _walk_on(self, node: int, walked_m: float) -> None:
        heapq.heappush(self._waiting, (walked_m, node))

    def _at_node(self, node: int, walked_m: float) -> Iterator[Approach]:
        start, edges = self._network.into
        for edge in edges[start[node] : start[node + 1]].tolist():
            if self._times.usual_ms[edge] != CLOSED:
                yield from self._back_along(edge, 1.0, walked_m)
        for edge in range(int(self._network.out_start[node]), int(self._network.out_start[node + 1])):
            driven = self._times.usual_ms[edge] != CLOSED
            if driven and (node in self._enclosed or self._closed_between(edge, 0.0, 1.0)):
                self._walk_on(int(self._network.head[edge]), walked_m + float(self._network.length_m[edge]))

    def _back_along(self, edge: int, fraction: float, walked_m: float) -> Iterator[Approach]:
        """Walk an edge against its direction, to where whoever drives it is stopped, or to its tail."""
        tail, length_m = int(self._network.tail[edge]), float(self._network.length_m[edge])
        closed_at = self._times.closure_ahead(edge, 0.0, fraction)
        if closed_at is not None:
            self.names |= {it.name for it in self._times.pieces[edge] if it.factor == 0.0}
        if closed_at:
            yield self._made(edge, closed_at, walked_m + (fraction - closed_at) * length_m)
        elif closed_at is None and tail not in self._enclosed:
            yield self._made(edge, fraction, walked_m)
        # What is enclosed is left on foot as well: vehicles inside it stop at the closure, and others outside.
        if tail in self._enclosed or closed_at == 0.0:
            self._walk_on(tail, walked_m + fraction * length_m)

    def _closed_between(self, edge: int, start: float, end: float) -> bool:
        """Tell whether an edge is closed all the way between two fractions."""
        reached = start
        for piece in self._times.pieces.get(edge, ()):
            if piece.factor == 0.0 and piece.start <= reached < piece.end:
                reached = piece.end
        return reached >= end

    def _made(self, edge: int, fraction: float, walked_m: float) -> Approach:
        point = self._network.edge_line(edge).interpolate(fraction, normalized=True)
        walk_ms = self._start.walk_ms + round(walked_m * MS_PER_S / self._times.profile.walk_m_s)
        return Approach(edge, fraction, self._start.gap_m + walked_m, walk_ms, point.y, point.x)
