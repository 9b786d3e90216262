"""What vehicles can reach in a time: edges, and the ground beside them."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import shapely
import shapely.ops

from graphs.chart import Chart, Starts
from graphs.compiled import Whole, compiled
from graphs.coordinates import METRES_PER_DEGREE
from graphs.network import Floats, Longs, Network
from graphs.times import COST_BITS, MS_PER_S, NEVER, EdgeTimes

S_PER_MIN = 60
# An edge, the shares of its length from which and to which it is driven, and when that begins.
Part = tuple[int, float, float, int]


@dataclass(frozen=True, eq=False)
class Reach:
    """What can be reached in a time, by one vehicle or by any of several.

    Parameters
    ----------
    minutes
        The time.
    edge : (n,) int64
        The directed edges of which a part is reached, sorted. Of one on which a vehicle stands two parts may be: from
        there on, and round the block from its start.
    start, end : (n,) float64
        The part of it, as shares of its length in driving direction.
    time_ms : (n,) int64
        When its start is reached.
    """

    network: Network
    minutes: float
    edge: Longs
    start: Floats
    end: Floats
    time_ms: Longs

    def area(self, beside_m: float) -> shapely.MultiPolygon:
        """Return the ground within so many metres of the roads reached, as polygons in degrees."""
        lines = self._lines()
        if not lines:
            return shapely.MultiPolygon()
        narrow = float(np.cos(np.radians(np.concatenate([line[:1, 1] for line in lines]).mean())))
        flat = shapely.linestrings(
            np.concatenate(lines) * (narrow, 1.0), indices=np.repeat(np.arange(len(lines)), list(map(len, lines)))
        )
        grown = shapely.union_all(shapely.buffer(flat, beside_m / METRES_PER_DEGREE, quad_segs=2))
        ground = shapely.transform(grown, lambda points: points / (narrow, 1.0))
        return shapely.MultiPolygon([part for part in shapely.get_parts(ground) if isinstance(part, shapely.Polygon)])

    def _lines(self) -> list[Floats]:
        """Return the points of every part; a road that is reached whole in both directions once."""
        whole = (self.start == 0.0) & (self.end == 1.0)
        twin = self.network.twin[self.edge]
        again = whole & (twin >= 0) & (twin < self.edge) & np.isin(twin, self.edge[whole])
        rows = np.flatnonzero(~again).tolist()
        return [_part(self.network, int(self.edge[row]), self.start[row], self.end[row]) for row in rows]


def _part(network: Network, edge: int, start: float, end: float) -> Floats:
    if (start, end) == (0.0, 1.0):
        return network.edge_lonlat(edge)
    part = shapely.get_coordinates(shapely.ops.substring(network.edge_line(edge), start, end, normalized=True))
    return part if len(part) > 1 else np.repeat(part, 2, axis=0)


def reach(times: EdgeTimes, chart: Chart, starts: Starts, minutes: float) -> Reach:
    """Search outward from every spot for so many minutes."""
    limit_ms = round(minutes * S_PER_MIN * MS_PER_S)
    from_start = spread(chart, starts, (np.int64(limit_ms + 1) << COST_BITS) - 1)
    parts: list[Part] = []
    for edge, at_ms, whole in _begun(times, from_start, limit_ms):
        parts.append((edge, 0.0, 1.0, at_ms) if whole else _reached(times, edge, 0.0, at_ms, limit_ms))
    spots = zip(starts.edge.tolist(), starts.fraction.tolist(), (starts.delay >> COST_BITS).tolist(), strict=True)
    own = [_reached(times, edge, fraction, at_ms, limit_ms) for edge, fraction, at_ms in spots if at_ms <= limit_ms]
    return _made(times.network, minutes, _merged(parts, own))


def _merged(parts: list[Part], own: list[Part]) -> list[Part]:
    """Return all parts, sorted; those of one edge that overlap are one."""
    if not own:
        return parts
    edges = {edge for edge, *_ in own}
    kept = [part for part in parts if part[0] not in edges]
    for edge, start, end, at_ms in sorted([*own, *(part for part in parts if part[0] in edges)]):
        if kept and kept[-1][0] == edge and start <= kept[-1][2]:
            kept[-1] = (edge, kept[-1][1], max(kept[-1][2], end), kept[-1][3])
        else:
            kept.append((edge, start, end, at_ms))
    return sorted(kept)


def _made(network: Network, minutes: float, parts: list[Part]) -> Reach:
    return Reach(
        network=network,
        minutes=minutes,
        edge=np.array([part[0] for part in parts], np.int64),
        start=np.array([part[1] for part in parts], np.float64),
        end=np.array([part[2] for part in parts], np.float64),
        time_ms=np.array([part[3] for part in parts], np.int64),
    )


def _begun(times: EdgeTimes, from_start: Longs, limit_ms: int) -> list[tuple[int, int, bool]]:
    """Return the edges whose start is reached, when, and whether their end is too."""
    least = np.full(times.network.edge_count, NEVER, np.int64)
    np.minimum.at(least, times.turns.edge, from_start)
    begun = np.flatnonzero(least < NEVER)
    at_ms, through_ms = least[begun] >> COST_BITS, times.edge_ms[begun]
    whole = (through_ms >= 0) & (at_ms + through_ms <= limit_ms)
    return list(zip(begun.tolist(), at_ms.tolist(), whole.tolist(), strict=True))


def _reached(times: EdgeTimes, edge: int, start: float, at_ms: int, limit_ms: int) -> Part:
    """Return which part of an edge is driven in what is left of the time."""
    closed = times.closure_ahead(edge, start, 1.0)
    end = 1.0 if closed is None else closed
    left_ms = limit_ms - at_ms + times.along_ms(edge, start)
    if times.along_ms(edge, end) > left_ms:
        low, high = start, end
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (middle, high) if times.along_ms(edge, middle) <= left_ms else (low, middle)
        end = low
    return edge, start, end, at_ms


@compiled
def spread(chart: Chart, starts: Starts, limit: Whole) -> Longs:
    """Return for each state the cost at which its edge is begun, `NEVER` where that is beyond the limit.

    Dijkstra (1959) forward over states from the ends of the spots' edges.
    """
    from_start = np.full(len(chart.vertex), NEVER, np.int64)
    from_end = np.full(len(chart.vertex), NEVER, np.int64)
    heap = [(np.int64(0), np.int64(0)) for _ in range(0)]
    for spot in range(len(starts.edge)):
        if starts.rest[spot] < from_end[starts.edge[spot]]:
            from_end[starts.edge[spot]] = starts.rest[spot]
            heapq.heappush(heap, (starts.rest[spot], np.int64(starts.edge[spot])))
    while len(heap) > 0:
        cost, state = heapq.heappop(heap)
        if cost > from_end[state] or cost > limit:
            continue
        for turn in range(chart.first[state], chart.first[state + 1]):
            after = np.int64(chart.onto[turn])
            if chart.turn_cost[turn] < 0 or cost + chart.turn_cost[turn] >= from_start[after]:
                continue
            begun = cost + chart.turn_cost[turn]
            if begun > limit:
                continue
            from_start[after] = begun
            through = chart.edge_cost[chart.edge[after]]
            if through >= 0 and begun + through < from_end[after]:
                from_end[after] = begun + through
                heapq.heappush(heap, (begun + through, after))
    return from_start
