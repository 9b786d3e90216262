"""The reference router: plain Dijkstra over the turns of the network, exact and simple.

It is the oracle that the engine is held against. One search runs backwards from a place over states, so that the time
of a turn, a U-turn above all, is part of the answer; it gives the cost from every state.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import cast

import numpy as np

from graphs.compiled import compiled
from graphs.legs import Leg, Legs, direct_cost, leg_of, start_cost, stop_cost
from graphs.nearby import Mask
from graphs.network import Ints, Longs
from graphs.routing import Coming, Routing
from graphs.snapping import Approach, Spot, Spots
from graphs.times import NEVER, EdgeTimes, time_of

NO_TURN = -1


class ReferenceRouter(Routing):
    """Answers routing questions as the engine does, slowly; see `graphs.router.Router`."""

    name = "reference"

    def arrivals(self, approaches: Sequence[Approach]) -> ReferenceArrivals:
        """Search backwards from a place, given by where it can be reached from."""
        return ReferenceArrivals(self.edge_times, tuple(approaches))

    def coming(
        self,
        vehicles: Spots,
        free: Mask,
        places: Sequence[Sequence[Approach]],
        bound: Sequence[Sequence[int]],
        count: int,
    ) -> list[Coming]:
        """Ask about each place by itself; see `Routing.coming`."""
        told = [self.arrivals(approaches).best_of(vehicles.each()) for approaches in places]
        times = [[None if leg is None else leg.time_ms for leg in legs] for legs in told]
        asked = [set(np.flatnonzero(free).tolist()) - set(rows) for rows in bound]
        return [
            Coming(
                sorted((ms, row) for row, ms in enumerate(there) if row in others and ms is not None)[:count],
                [there[row] for row in rows],
            )
            for there, others, rows in zip(times, asked, bound, strict=True)
        ]


def _in_columns(legs: Sequence[Leg | None]) -> Legs:
    made = [it and (it.time_ms, it.walk_ms, it.spot.edge, it.length_m, it.spot.gap_m) for it in legs]
    told = np.array([columns or (0,) * 5 for columns in made], np.float64).reshape(-1, 5).T
    time_ms, walk_ms, edge = told[:3].astype(np.int64)
    there = np.array([it is not None for it in legs], np.bool_)
    return Legs(there, time_ms, walk_ms, told[3], edge, told[4], lambda row: cast("Leg", legs[row]))


class ReferenceArrivals:
    """The ways to one place from everywhere, as found by one backward search."""

    def __init__(self, times: EdgeTimes, approaches: tuple[Approach, ...]) -> None:
        self._times = times
        self._approaches = approaches
        self._stop: dict[int, int] = {}
        self._at: dict[int, Approach] = {}
        for item in approaches:
            cost = stop_cost(times, item)
            if cost is not None and cost < self._stop.get(item.edge, NEVER):
                self._stop[item.edge], self._at[item.edge] = cost, item
        states = [(state, cost) for edge, cost in self._stop.items() for state in self._states(edge)]
        target, seed = np.array(states, np.int64).reshape(-1, 2).T.copy()
        turns = times.turns
        self._from_end, self._next = search_backwards(
            *turns.into, turns.source, turns.edge, times.edge_cost, times.turn_cost, target, seed
        )

    def _states(self, edge: int) -> Iterable[int]:
        return self._times.turns.states_of_edge.get(edge, (edge,))

    def cost(self, spot: Spot) -> int | None:
        """Return the cost from one spot; None where the place cannot be reached from it."""
        told = [cost for cost in (self._direct(spot), self._onward(spot)) if cost is not None]
        return min(told, default=None)

    def time_ms(self, spot: Spot) -> int | None:
        """Return the time from one spot; None where the place cannot be reached from it."""
        cost = self.cost(spot)
        return None if cost is None else time_of(cost)

    def best(self, spots: Sequence[Spot]) -> Leg | None:
        """Return the best leg from any of a vehicle's spots, the first on a tie; None where there is none."""
        told = [(cost, row) for row, cost in enumerate(map(self.cost, spots)) if cost is not None]
        return self.leg(spots[min(told)[1]]) if told else None

    def best_of(self, vehicles: Sequence[Sequence[Spot]]) -> list[Leg | None]:
        """Return the best leg of each vehicle."""
        return [self.best(spots) for spots in vehicles]

    def times_of(self, vehicles: Sequence[Sequence[Spot]]) -> list[tuple[int | None, ...]]:
        """Return the time from each spot of each vehicle."""
        return [tuple(map(self.time_ms, spots)) for spots in vehicles]

    def best_of_reports(self, reports: Spots) -> Legs:
        """Return the best leg of each vehicle, told as columns."""
        return _in_columns(self.best_of(reports.each()))

    def times_of_reports(self, reports: Spots) -> list[tuple[int | None, ...]]:
        """Return the time from each spot of each vehicle, told as columns."""
        return self.times_of(reports.each())

    def leg(self, spot: Spot) -> Leg | None:
        """Return the leg from one spot; None where the place cannot be reached from it."""
        cost = self.cost(spot)
        if cost is None:
            return None
        ahead = self._ahead(spot)
        if ahead is not None and ahead[0] == cost:
            return leg_of(cost, spot, ahead[1], lambda: (spot.edge,))
        edges = self._followed(spot.edge)
        return leg_of(cost, spot, self._at[edges[-1]], lambda: edges)

    def _direct(self, spot: Spot) -> int | None:
        ahead = self._ahead(spot)
        return None if ahead is None else ahead[0]

    def _ahead(self, spot: Spot) -> tuple[int, Approach] | None:
        """Return the best approach ahead on the vehicle's own edge, and the cost to it."""
        told = ((direct_cost(self._times, spot, item), item) for item in self._approaches)
        return min(((cost, item) for cost, item in told if cost is not None), key=lambda one: one[0], default=None)

    def _onward(self, spot: Spot) -> int | None:
        """Return the cost by way of the end of the vehicle's edge."""
        rest, start = int(self._from_end[spot.edge]), start_cost(self._times, spot)
        return None if rest >= NEVER or start is None else start + rest

    def _followed(self, edge: int) -> tuple[int, ...]:
        """Return the edges from one edge, itself included, along the search's tree to the first on which it stops."""
        turns = self._times.turns
        edges, state = [edge], edge
        while len(edges) == 1 or not self._stopping[state]:
            state = int(turns.onto[self._next[state]])
            edges.append(int(turns.edge[state]))
        return tuple(edges)

    @cached_property
    def _stopping(self) -> dict[int, bool] | _Nowhere:
        """Whether a vehicle that comes onto an edge in a state stops on it."""
        found = _Nowhere()
        for edge, cost in self._stop.items():
            through = int(self._times.edge_cost[edge])
            for state in self._states(edge):
                found[state] = through < 0 or cost <= through + int(self._from_end[state])
        return found


class _Nowhere(dict[int, bool]):
    """Nobody stops where nothing is told."""

    def __missing__(self, state: int) -> bool:
        return False


@compiled
def search_backwards(
    into_start: Longs,
    into_turn: Ints,
    source: Ints,
    edge: Ints,
    edge_cost: Longs,
    turn_cost: Longs,
    target: Longs,
    seed: Longs,
) -> tuple[Longs, Longs]:
    """Return for each state the cost from its end to the target, and the turn taken there.

    Dijkstra (1959) over states, from the target backwards. ``seed`` is the cost from the start of each target state.
    The heap orders equal costs by state, and the first way found is kept: two runs give the same tree, and edges that
    cost nothing cannot make it a circle.
    """
    from_start = np.full(len(edge), NEVER, np.int64)
    from_end = np.full(len(edge), NEVER, np.int64)
    taken = np.full(len(edge), NO_TURN, np.int64)
    heap = [(np.int64(0), np.int64(0)) for _ in range(0)]
    for row in range(len(target)):
        if seed[row] < from_start[target[row]]:
            from_start[target[row]] = seed[row]
            heapq.heappush(heap, (seed[row], target[row]))
    while len(heap) > 0:
        cost, state = heapq.heappop(heap)
        if cost > from_start[state]:
            continue
        for place in range(into_start[state], into_start[state + 1]):
            turn = into_turn[place]
            before = source[turn]
            if turn_cost[turn] < 0 or cost + turn_cost[turn] >= from_end[before]:
                continue
            from_end[before] = cost + turn_cost[turn]
            taken[before] = turn
            through = edge_cost[edge[before]]
            if through >= 0 and from_end[before] + through < from_start[before]:
                from_start[before] = from_end[before] + through
                heapq.heappush(heap, (from_start[before], np.int64(before)))
    return from_end, taken
