"""The ways to one place from everywhere, each worked out when it is asked for."""

from __future__ import annotations

import weakref
from collections import defaultdict, deque
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from threading import Lock

import numpy as np

from graphs.chart import Chart, Room, Starts, columns_of, room_for, starts_of, stops_of
from graphs.fleet import best_of, from_each, least_costs, nearest
from graphs.legs import Leg, Legs, direct_cost, leg_of, start_cost
from graphs.network import Longs
from graphs.searches import clear, drive, from_spot, look
from graphs.snapping import Approach, Spot, Spots
from graphs.times import COST_BITS, NEVER, EdgeTimes, time_of

# Rooms kept for questions to come, for each size of network; as many as threads ask at once in a worker, and more.
ROOMS_KEPT = 16


class Rooms:
    """Rooms that questions have done with: making one takes as long as answering a small question."""

    def __init__(self) -> None:
        self._free: dict[int, deque[Room]] = defaultdict(partial(deque, maxlen=ROOMS_KEPT))

    def take(self, vertex_count: int) -> Room:
        """Return an empty room that nobody else has."""
        try:
            return self._free[vertex_count].pop()
        except IndexError:
            return room_for(vertex_count)

    def give(self, room: Room) -> None:
        """Take back a room."""
        clear(room)
        self._free[len(room.to_place)].append(room)


ROOMS = Rooms()


class Arrivals:
    """The ways to one place from everywhere, each worked out when it is asked for."""

    def __init__(self, times: EdgeTimes, chart: Chart, approaches: tuple[Approach, ...]) -> None:
        self._times, self._chart, self._approaches = times, chart, approaches
        self.stops = stops_of(times, [approaches])
        self.room = ROOMS.take(len(chart.parent))
        # Threads that ask about one place take turns: they work in one room.
        self._lock = Lock()
        # The room is free again when nothing refers to these ways any more, their legs included.
        weakref.finalize(self, ROOMS.give, self.room).atexit = False
        look(chart, self.stops, self.room)

    def cost(self, spot: Spot) -> int | None:
        """Return the cost from one spot; None where the place cannot be reached from it."""
        cost, _ = self._from(spot)
        return None if cost >= NEVER else cost

    def time_ms(self, spot: Spot) -> int | None:
        """Return the time from one spot; None where the place cannot be reached from it."""
        cost = self.cost(spot)
        return None if cost is None else time_of(cost)

    def leg(self, spot: Spot) -> Leg | None:
        """Return the leg from one spot; None where the place cannot be reached from it."""
        cost, row = self._from(spot)
        return None if cost >= NEVER else self._made(cost, spot, row)

    def best(self, spots: Sequence[Spot]) -> Leg | None:
        """Return the best leg from any of a vehicle's spots, the first on a tie; None where there is none."""
        (found,) = self.best_of([spots])
        return found

    def costs(self, starts: Starts) -> Longs:
        """Return the least cost from each vehicle, `NEVER` where there is no way."""
        with self._lock:
            return least_costs(self._chart, starts, self.stops, self.room)

    def nearest(self, starts: Starts, count: int) -> tuple[Longs, Longs]:
        """Return the rows of the vehicles soonest here, at most ``count`` of them, and their costs."""
        with self._lock:
            return nearest(self._chart, starts, self.stops, count, self.room)

    def best_of(self, vehicles: Sequence[Sequence[Spot]]) -> list[Leg | None]:
        """Return the best leg of each vehicle."""
        starts = starts_of(self._times, vehicles)
        with self._lock:
            costs, chosen, rows = best_of(self._chart, starts, self.stops, self.room)
        spots = [spot for places in vehicles for spot in places]
        told = zip(costs.tolist(), chosen.tolist(), rows.tolist(), strict=True)
        return [self._made(cost, spots[spot], row) if spot >= 0 else None for cost, spot, row in told]

    def times_of(self, vehicles: Sequence[Sequence[Spot]]) -> list[tuple[int | None, ...]]:
        """Return the time from each spot of each vehicle."""
        return self._times_from(starts_of(self._times, vehicles))

    def _times_from(self, starts: Starts) -> list[tuple[int | None, ...]]:
        with self._lock:
            costs = from_each(self._chart, starts, self.stops, self.room).tolist()
        ends = starts.first.tolist()
        told = [None if cost >= NEVER else time_of(cost) for cost in costs]
        return [tuple(told[start:end]) for start, end in pairwise(ends)]

    def best_of_reports(self, reports: Spots) -> Legs:
        """Return the best leg of each vehicle, told as columns."""
        starts = starts_on(self._times, reports)
        with self._lock:
            costs, chosen, rows = best_of(self._chart, starts, self.stops, self.room)
        # Where there is no way, the last row is read: of the walks, that is none.
        walks_ms = np.array([*(item.walk_ms for item in self._approaches), 0], np.int64)

        def leg(vehicle: int) -> Leg:
            (spot,) = reports.made(chosen[vehicle : vehicle + 1])
            return self._made(int(costs[vehicle]), spot, int(rows[vehicle]))

        return Legs(
            there=costs < NEVER,
            time_ms=costs >> COST_BITS,
            walk_ms=walks_ms[rows],
            length_m=(costs & ((1 << COST_BITS) - 1)) / 100.0,
            edge=reports.edge[chosen],
            gap_m=reports.gap_m[chosen],
            leg=leg,
        )

    def times_of_reports(self, reports: Spots) -> list[tuple[int | None, ...]]:
        """Return the time from each spot of each vehicle, told as columns."""
        return self._times_from(starts_on(self._times, reports))

    def _from(self, spot: Spot) -> tuple[int, int]:
        starts = starts_of(self._times, [[spot]])
        with self._lock:
            cost, row = from_spot(self._chart, starts, self.stops, 0, self.room)
        return int(cost), int(row)

    def _made(self, cost: int, spot: Spot, row: int) -> Leg:
        return leg_of(cost, spot, self._approaches[row], partial(self._driven, cost, spot, row))

    def _driven(self, cost: int, spot: Spot, row: int) -> tuple[int, ...]:
        if direct_cost(self._times, spot, self._approaches[row]) == cost:
            return (spot.edge,)
        left = cost - (start_cost(self._times, spot) or 0)
        with self._lock:
            path = drive(self._chart, self.stops, spot.edge, left, row, self.room)
        return tuple(self._chart.edge[path].tolist())


def starts_on(times: EdgeTimes, reports: Spots) -> Starts:
    """Return vehicles told as columns with what a search needs beside."""
    return columns_of(times, reports.first, reports.edge, reports.fraction, reports.delay_ms)
