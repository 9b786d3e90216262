"""The reference router: plain Dijkstra over the network's arrays, exact and simple.

It is the oracle that every faster router is held against. One search runs backwards from a place over directed edges,
so that the time of a turn, a U-turn above all, is part of the answer; it gives the time from every edge.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
import shapely.ops

from graphs.compiled import compiled
from graphs.errors import OutsideNetwork
from graphs.network import Bytes, Ints, Longs, Network
from graphs.snapping import Approach, Spot, snapper
from graphs.times import EdgeTimes, Mask, edge_times

NEVER = np.int64(2**62)
NO_EDGE = -1


@dataclass(frozen=True, slots=True)
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
    edges
        The directed edges driven, in order, first and last included.
    """

    time_ms: int
    drive_ms: int
    walk_ms: int
    length_m: float
    spot: Spot
    approach: Approach
    edges: tuple[int, ...]


class ReferenceRouter:
    """Answers routing questions on one network under one profile.

    Parameters
    ----------
    network
        The roads.
    profile
        Name of a profile of the network's profile table.
    """

    def __init__(self, network: Network, profile: str) -> None:
        self.network = network
        self.times: EdgeTimes = edge_times(network, profile)
        self._snapper = snapper(network)

    def spots(
        self,
        lat: float,
        lon: float,
        course_deg: float | None = None,
        speed_kmh: float | None = None,
        accuracy_m: float = 0.0,
    ) -> tuple[Spot, ...]:
        """Return where a vehicle reported at a point may be on the road; see `Snapper.spots`.

        Raises
        ------
        OutsideNetwork
            The point is outside the network's area.
        """
        self._require_inside(lat, lon)
        return self._snapper.spots(
            self.times, lat, lon, course_deg=course_deg, speed_kmh=speed_kmh, accuracy_m=accuracy_m
        )

    def approaches(self, lat: float, lon: float, *, on_road: bool = False) -> tuple[Approach, ...]:
        """Return where a place can be reached from.

        Raises
        ------
        OutsideNetwork
            The point is outside the network's area.
        """
        self._require_inside(lat, lon)
        return self._snapper.approaches(self.times, lat, lon, on_road=on_road)

    def passed_over(self, lat: float, lon: float, within_m: float) -> tuple[int, float] | None:
        """Return the nearest edge on which nobody stops and its gap in metres; see `Snapper.passed_over`."""
        return self._snapper.passed_over(self.times, lat, lon, within_m)

    def _require_inside(self, lat: float, lon: float) -> None:
        if not self.network.contains(lat, lon):
            west, south, east, north = self.network.area.bounds
            swapped = "; with lat and lon swapped it is inside" if self.network.contains(lon, lat) else ""
            raise OutsideNetwork(
                f"lat {lat:g}, lon {lon:g} is outside the network {self.network.meta.source}, which covers "
                f"lat {south:.4f} to {north:.4f}, lon {west:.4f} to {east:.4f}{swapped}"
            )

    def arrivals(self, approaches: Sequence[Approach], watched: Sequence[Spot] = ()) -> Arrivals:
        """Search backwards from a place.

        Parameters
        ----------
        approaches
            Where the place can be reached from.
        watched
            If given, the search ends as soon as the times from these are final; other times are then unknown.
        """
        return Arrivals(self.times, tuple(approaches), np.array([spot.edge for spot in watched], np.int64))

    def route(self, from_lat: float, from_lon: float, to_lat: float, to_lon: float) -> Leg | None:
        """Return the fastest way between two points, or None where there is none.

        Raises
        ------
        OutsideNetwork
            A point is outside the network's area.
        """
        spots = self.spots(from_lat, from_lon)
        return self.arrivals(self.approaches(to_lat, to_lon), spots).best(spots)


class Arrivals:
    """The times to one place from every edge, as found by one backward search.

    Attributes
    ----------
    final_ms
        Times up to this are final; a later one is known only for what was watched, and may be too late for the rest.
    """

    def __init__(self, times: EdgeTimes, approaches: tuple[Approach, ...], watched: Longs) -> None:
        self._times = times
        self._approaches = approaches
        self._of_edge = {item.edge: item for item in approaches}
        edges = np.array([item.edge for item in approaches], np.int64)
        seeds = np.array([item.walk_ms + times.along_ms(item.edge, item.fraction) for item in approaches], np.int64)
        network = times.network
        self._from_end, self._next, final_ms = search_backwards(
            *network.into, network.tail, network.twin, times.edge_ms, times.group, times.turn_ms, times.u_turn_ms,
            edges, seeds, watched,
        )  # fmt: skip
        self.final_ms = int(final_ms)

    def time_ms(self, spot: Spot) -> int | None:
        """Return the time from one spot; None where the place cannot be reached from it."""
        told = [time for time in (self._direct_ms(spot), self._onward_ms(spot)) if time is not None]
        return min(told, default=None)

    def best(self, spots: Sequence[Spot]) -> Leg | None:
        """Return the fastest leg from any of a vehicle's spots, the first on a tie; None where there is none."""
        timed = [(time, row) for row, time in enumerate(map(self.time_ms, spots)) if time is not None]
        return self.leg(spots[min(timed)[1]]) if timed else None

    def leg(self, spot: Spot) -> Leg | None:
        """Return the leg from one spot; None where the place cannot be reached from it."""
        time_ms = self.time_ms(spot)
        if time_ms is None:
            return None
        stays = time_ms == self._direct_ms(spot)
        edges = (spot.edge,) if stays else tuple(follow(spot.edge, self._next, self._stopping).tolist())
        return self._made(spot, edges, time_ms)

    def _direct_ms(self, spot: Spot) -> int | None:
        """Time to an approach ahead on the vehicle's own edge."""
        target = self._of_edge.get(spot.edge)
        if target is None or target.fraction < spot.fraction:
            return None
        ahead = self._times.along_ms(spot.edge, target.fraction) - self._times.along_ms(spot.edge, spot.fraction)
        return spot.delay_ms + ahead + target.walk_ms

    def _onward_ms(self, spot: Spot) -> int | None:
        """Time by way of the end of the vehicle's edge."""
        rest = int(self._from_end[spot.edge])
        if rest >= NEVER:
            return None
        whole = int(self._times.edge_ms[spot.edge])
        return spot.delay_ms + whole - self._times.along_ms(spot.edge, spot.fraction) + rest

    @cached_property
    def _stopping(self) -> Mask:
        """(E,) whether a vehicle that comes onto the edge stops on it."""
        stopping = np.zeros(self._times.network.edge_count, np.bool_)
        for edge, target in self._of_edge.items():
            seed = target.walk_ms + self._times.along_ms(edge, target.fraction)
            stopping[edge] = seed <= int(self._times.edge_ms[edge]) + int(self._from_end[edge])
        return stopping

    def _made(self, spot: Spot, edges: tuple[int, ...], time_ms: int) -> Leg:
        target = self._of_edge[edges[-1]]
        length = self._times.network.length_m[list(edges)]
        driven = length.sum() - spot.fraction * length[0] - (1.0 - target.fraction) * length[-1]
        return Leg(time_ms, time_ms - target.walk_ms, target.walk_ms, max(float(driven), 0.0), spot, target, edges)


@dataclass(frozen=True, slots=True)
class Part:
    """One edge of a leg: milliseconds and metres on it, the turn onto it included."""

    edge: int
    time_ms: int
    length_m: float


def leg_parts(times: EdgeTimes, leg: Leg) -> list[Part]:
    """Return a leg edge by edge; the times add up to ``leg.drive_ms``."""
    parts = []
    for row, edge in enumerate(leg.edges):
        start = leg.spot.fraction if row == 0 else 0.0
        end = leg.approach.fraction if row == len(leg.edges) - 1 else 1.0
        before_ms = leg.spot.delay_ms if row == 0 else times.turn(leg.edges[row - 1], edge)
        driven_ms = times.along_ms(edge, end) - times.along_ms(edge, start)
        parts.append(Part(edge, before_ms + driven_ms, float(times.network.length_m[edge]) * (end - start)))
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


@compiled
def waiting(target_edge: Longs, target_ms: Longs, from_start: Longs) -> list[tuple[np.int64, np.int64]]:
    """Return the first heap of a search, with one entry for each target; times go into ``from_start``."""
    heap = [(np.int64(0), np.int64(0)) for _ in range(0)]
    for row in range(len(target_edge)):
        if target_ms[row] < from_start[target_edge[row]]:
            from_start[target_edge[row]] = target_ms[row]
            heapq.heappush(heap, (target_ms[row], target_edge[row]))
    return heap


@compiled
def search_backwards(
    in_start: Ints,
    in_edge: Ints,
    tail: Ints,
    twin: Ints,
    edge_ms: Longs,
    group: Bytes,
    turn_ms: Longs,
    u_turn_ms: int,
    target_edge: Longs,
    target_ms: Longs,
    watched: Longs,
) -> tuple[Longs, Longs, np.int64]:
    """Return for each edge the time from its end to the target, the edge turned onto there; and what time is final.

    Dijkstra (1959) over directed edges, from the target backwards. ``target_ms`` is the time from the start of each
    target edge. The heap orders equal times by edge, and the first way found is kept: two runs give the same tree, and
    edges that take no time cannot make it a circle.
    """
    from_start = np.full(len(tail), NEVER, np.int64)
    from_end = np.full(len(tail), NEVER, np.int64)
    onto = np.full(len(tail), NO_EDGE, np.int64)
    heap = waiting(target_edge, target_ms, from_start)
    is_watched = np.zeros(len(tail), np.bool_)
    is_watched[watched] = True
    # The search may end once no time still to come can better the worst of those watched.
    enough = NEVER
    while len(heap) > 0:
        time, edge = heapq.heappop(heap)
        if time > from_start[edge]:
            continue
        if time > enough:
            return from_end, onto, time
        better = False
        for place in range(in_start[tail[edge]], in_start[tail[edge] + 1]):
            before = in_edge[place]
            if edge_ms[before] < 0:
                continue
            whole = time + turn_ms[group[before], group[edge]] + u_turn_ms * (twin[before] == edge)
            if whole >= from_end[before]:
                continue
            better = better or is_watched[before]
            from_end[before] = whole
            onto[before] = edge
            if whole + edge_ms[before] < from_start[before]:
                from_start[before] = whole + edge_ms[before]
                heapq.heappush(heap, (from_start[before], np.int64(before)))
        if better:
            enough = from_end[watched].max()
    return from_end, onto, NEVER


@compiled
def follow(edge: int, onto: Longs, stopping: Mask) -> Longs:
    """Return the edges from one edge, itself included, along the search's tree to the first on which it stops."""
    count = 1
    last = onto[edge]
    while not stopping[last]:
        last = onto[last]
        count += 1
    path = np.empty(count + 1, np.int64)
    path[0] = edge
    for step in range(count):
        path[step + 1] = onto[path[step]]
    return path
