"""What vehicles can reach in a time: edges, and the ground beside them."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
import shapely.ops

from graphs.chart import Chart, Starts
from graphs.compiled import Whole, compiled
from graphs.coordinates import METRES_PER_DEGREE
from graphs.network import Floats, Longs, Network
from graphs.snapping import Spot
from graphs.times import COST_BITS, MS_PER_S, NEVER, EdgeTimes

S_PER_MIN = 60


@dataclass(frozen=True, eq=False)
class Reach:
    """What can be reached in a time, by one vehicle or by any of several.

    Parameters
    ----------
    minutes
        The time.
    edge : (n,) int64
        Every directed edge of which a part is reached, each once, sorted; an edge reached from its own middle as well
        as round the block is told from its start.
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
        lines = [_part(self.network, *row) for row in zip(self.edge.tolist(), self.start, self.end, strict=True)]
        if not lines:
            return shapely.MultiPolygon()
        narrow = float(np.cos(np.radians(np.concatenate([line[:1, 1] for line in lines]).mean())))
        flat = shapely.linestrings(
            np.concatenate(lines) * (narrow, 1.0), indices=np.repeat(np.arange(len(lines)), list(map(len, lines)))
        )
        grown = shapely.union_all(shapely.buffer(flat, beside_m / METRES_PER_DEGREE, quad_segs=2))
        ground = shapely.transform(grown, lambda points: points / (narrow, 1.0))
        return shapely.MultiPolygon([part for part in shapely.get_parts(ground) if isinstance(part, shapely.Polygon)])


def _part(network: Network, edge: int, start: float, end: float) -> Floats:
    if (start, end) == (0.0, 1.0):
        return network.edge_lonlat(edge)
    part = shapely.get_coordinates(shapely.ops.substring(network.edge_line(edge), start, end, normalized=True))
    return part if len(part) > 1 else np.repeat(part, 2, axis=0)


def reach(times: EdgeTimes, chart: Chart, starts: Starts, spots: Sequence[Spot], minutes: float) -> Reach:
    """Search outward from every spot for so many minutes."""
    limit_ms = round(minutes * S_PER_MIN * MS_PER_S)
    from_start = spread(chart, starts, np.int64(limit_ms) << COST_BITS)
    found = {int(edge): _reached(times, int(edge), 0.0, int(at), limit_ms) for edge, at in _begun(times, from_start)}
    for spot in spots:
        part = _reached(times, spot.edge, spot.fraction, spot.delay_ms, limit_ms)
        known = found.get(spot.edge)
        if spot.delay_ms <= limit_ms and (known is None or known[1] < spot.fraction):
            # Round the block and up to here, as well as from here on: two parts; the longer is told.
            longer = known is None or part[1] - part[0] > known[1] - known[0]
            found[spot.edge] = part if longer else found[spot.edge]
        elif known is not None:
            found[spot.edge] = (known[0], max(known[1], part[1]), known[2])
    rows = sorted((edge, *told) for edge, told in found.items())
    edge, start, end, at = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Reach(
        times.network, minutes, np.array(edge, np.int64), np.array(start, np.float64), np.array(end, np.float64),
        np.array(at, np.int64),
    )  # fmt: skip


def _begun(times: EdgeTimes, from_start: Longs) -> list[tuple[int, int]]:
    """Return the edges whose start is reached, and when."""
    least = np.full(times.network.edge_count, NEVER, np.int64)
    np.minimum.at(least, times.turns.edge, from_start)
    begun = np.flatnonzero(least < NEVER)
    return list(zip(begun.tolist(), (least[begun] >> COST_BITS).tolist(), strict=True))


def _reached(times: EdgeTimes, edge: int, start: float, at_ms: int, limit_ms: int) -> tuple[float, float, int]:
    """Return which part of an edge is driven in what is left of the time, and when its start is reached."""
    closed = times.closure_ahead(edge, start, 1.0)
    end = 1.0 if closed is None else closed
    left_ms = limit_ms - at_ms + times.along_ms(edge, start)
    if times.along_ms(edge, end) > left_ms:
        low, high = start, end
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (middle, high) if times.along_ms(edge, middle) <= left_ms else (low, middle)
        end = low
    return start, end, at_ms


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
