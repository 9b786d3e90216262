"""Approaches to a place behind a closure: drive up to where the road is closed, and walk on along it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

from graphs.network import Network
from graphs.snapping import Approach
from graphs.times import CLOSED, MS_PER_S, EdgeTimes


def up_to_closures(times: EdgeTimes, approaches: Sequence[Approach]) -> tuple[Approach, ...]:
    """Replace approaches that a closure cuts off by those at the edges of what is closed.

    Returns
    -------
    tuple of Approach
        One for each edge, sorted by walk, then edge; the walk along the closed road is added to that from the road.
    """
    if not times.pieces:
        return tuple(approaches)
    shut = [item for item in approaches if times.closure_ahead(item.edge, 0.0, item.fraction) is not None]
    if not shut:
        return tuple(approaches)
    found = {item.edge: item for item in approaches if item not in shut}
    made = [reached for start in shut for reached in _Walk(times, start).reached()]
    for item in [*made, *_other_ways(times, made)]:
        known = found.get(item.edge)
        if known is None or (item.walk_ms, item.fraction) < (known.walk_ms, known.fraction):
            found[item.edge] = item
    return tuple(sorted(found.values(), key=lambda item: (item.walk_ms, item.edge)))


def _other_ways(times: EdgeTimes, approaches: Sequence[Approach]) -> Iterator[Approach]:
    """Yield the same places for who comes the other way: a vehicle stops on either side of a road, or there to turn."""
    for item in approaches:
        twin = int(times.network.twin[item.edge])
        if twin >= 0 and times.usual_ms[twin] != CLOSED:
            yield Approach(twin, 1.0 - item.fraction, item.gap_m, item.walk_ms, item.lat, item.lon)


class _Walk:
    """A walk along closed roads from a place, to wherever a vehicle can come."""

    def __init__(self, times: EdgeTimes, start: Approach) -> None:
        self._times, self._start = times, start
        self._network: Network = times.network
        self._waiting: list[tuple[float, int]] = []

    def reached(self) -> Iterator[Approach]:
        """Yield where the walk meets a road that can be driven to there."""
        edge, fraction = self._start.edge, self._start.fraction
        length_m = float(self._network.length_m[edge])
        yield from self._back_along(edge, fraction, 0.0)
        if self._closed_between(edge, fraction, 1.0):
            heapq.heappush(self._waiting, ((1.0 - fraction) * length_m, int(self._network.head[edge])))
        done: set[int] = set()
        while self._waiting:
            walked_m, node = heapq.heappop(self._waiting)
            if node not in done:
                done.add(node)
                yield from self._at_node(node, walked_m)

    def _at_node(self, node: int, walked_m: float) -> Iterator[Approach]:
        start, edges = self._network.into
        for edge in edges[start[node] : start[node + 1]].tolist():
            if self._times.usual_ms[edge] != CLOSED:
                yield from self._back_along(edge, 1.0, walked_m)
        for edge in range(int(self._network.out_start[node]), int(self._network.out_start[node + 1])):
            if self._times.edge_ms[edge] == CLOSED != self._times.usual_ms[edge] and self._closed_between(edge, 0, 1):
                far_m = walked_m + float(self._network.length_m[edge])
                heapq.heappush(self._waiting, (far_m, int(self._network.head[edge])))

    def _back_along(self, edge: int, fraction: float, walked_m: float) -> Iterator[Approach]:
        """Walk an edge against its direction, to where whoever drives it is stopped, or to its tail."""
        closed_at = self._times.closure_ahead(edge, 0.0, fraction)
        length_m = float(self._network.length_m[edge])
        if closed_at is None:
            yield self._made(edge, fraction, walked_m)
        elif closed_at > 0.0:
            yield self._made(edge, closed_at, walked_m + (fraction - closed_at) * length_m)
        else:
            heapq.heappush(self._waiting, (walked_m + fraction * length_m, int(self._network.tail[edge])))

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
