"""The engine: exact times, ways and areas on a hierarchy that is customised for each set of conditions.

Everything here is immutable once made, but for the costs that one question works out for itself: any number of threads
may ask one router.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from graphs.arrivals import ROOMS, Arrivals, starts_on
from graphs.chart import UNKNOWN, Chart, Starts, only, sphere_of, starts_of, stops_of
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.coordinates import great_circle_m
from graphs.fleet import coming, table
from graphs.hierarchy import DOWN, UP, Slots, Weights, customise, recustomise, slots_of
from graphs.nearby import Mask
from graphs.network import Floats, Longs, Network
from graphs.ordering import hierarchy_of
from graphs.reach import Reach, reach
from graphs.routing import Coming, Routing
from graphs.snapping import Approach, Spot, Spots
from graphs.times import COST_BITS, KEPT, NEVER, EdgeTimes, metres_of, time_of
from graphs.turns import turns_of

# Where more edges than this are different, all weights are customised at once; measured in docs/engine.md.
FEW_EDGES = 100
# Up to this many places are looked to one by one; for more, what leads up from the vehicles is worked out once.
FEW_PLACES = 8


@dataclass(frozen=True, slots=True)
class Nearest:
    """A vehicle that is among the soonest at a place: its row in what was asked, and how soon it is there."""

    row: int
    time_ms: int
    length_m: float


@dataclass(frozen=True, eq=False)
class Table:
    """Times and metres from n origins to m destinations.

    Parameters
    ----------
    time_ms : (n, m) int64
        -1 where there is no way.
    length_m : (n, m) float64
        NaN where there is no way.
    """

    time_ms: Longs
    length_m: Floats


@dataclass(frozen=True, eq=False)
class Vehicles:
    """Any number of vehicles on the road, ready to be asked about.

    Parameters
    ----------
    times
        Those of the router that put them there; another router's answers would rest on two sets of times.
    starts
        Where each may be.
    """

    times: EdgeTimes
    starts: Starts

    def __len__(self) -> int:
        return len(self.starts.first) - 1


class Router(Routing):
    """Answers routing questions on one network under one profile, as the roads are at one moment.

    Parameters
    ----------
    network, profile, conditions, at
        See `Routing`.
    """

    name = "hierarchy"

    def __init__(
        self, network: Network, profile: str, conditions: Conditions = NO_CONDITIONS, at: datetime | None = None
    ) -> None:
        super().__init__(network, profile, conditions, at)
        self._chart = chart_of(self.edge_times)

    def vehicles(self, spots: Sequence[Sequence[Spot]]) -> Vehicles:
        """Return vehicles, each given by where it may be; asking about them again then costs less."""
        return Vehicles(self.edge_times, starts_of(self.edge_times, spots))

    def vehicles_at(
        self,
        places: Sequence[tuple[float, float]],
        course_deg: Floats | None = None,
        speed_kmh: Floats | None = None,
        accuracy_m: Floats | None = None,
    ) -> Vehicles:
        """Put vehicles reported at ``(lat, lon)`` on the road, all at once; see `Snapper.spots_of`.

        Parameters
        ----------
        places
            n points.
        course_deg, speed_kmh : (n,) float64
            NaN where it is not known; nowhere known if not given.
        accuracy_m : (n,) float64
            0 if not given.

        Raises
        ------
        OutsideNetwork
            A point is outside the network's area.
        """
        return self.vehicles_on(self.reports(places, course_deg, speed_kmh, accuracy_m))

    def reports(
        self,
        places: Sequence[tuple[float, float]],
        course_deg: Floats | None = None,
        speed_kmh: Floats | None = None,
        accuracy_m: Floats | None = None,
    ) -> Spots:
        """Return where vehicles reported at ``(lat, lon)`` may be; see `vehicles_at`."""
        lat, lon = np.array(places, np.float64).reshape(-1, 2).T.copy()
        for row in np.flatnonzero(~self.inside(lat, lon)).tolist():
            self._require_inside(float(lat[row]), float(lon[row]))
        unknown = np.full(len(lat), np.nan)
        return self.spots_of(
            lat,
            lon,
            unknown if course_deg is None else course_deg,
            unknown if speed_kmh is None else speed_kmh,
            np.zeros(len(lat)) if accuracy_m is None else accuracy_m,
        )

    def vehicles_on(self, reports: Spots) -> Vehicles:
        """Return vehicles told as columns, ready to be asked about."""
        return Vehicles(self.edge_times, starts_on(self.edge_times, reports))

    def arrivals(self, approaches: Sequence[Approach]) -> Arrivals:
        """Look from everywhere to a place, given by where it can be reached from."""
        return Arrivals(self.edge_times, self._chart, tuple(approaches))

    def nearest(self, approaches: Sequence[Approach], vehicles: Vehicles, count: int) -> list[Nearest]:
        """Return the vehicles that can be soonest at a place, at most ``count``; equal times in the order given."""
        self._require_own(vehicles)
        if count < 1 or not len(vehicles):
            return []
        rows, costs = self.arrivals(approaches).nearest(vehicles.starts, count)
        return [
            Nearest(row, time_of(cost), metres_of(cost))
            for row, cost in zip(rows.tolist(), costs.tolist(), strict=True)
        ]

    def coming(
        self,
        vehicles: Spots,
        free: Mask,
        places: Sequence[Sequence[Approach]],
        bound: Sequence[Sequence[int]],
        count: int,
    ) -> list[Coming]:
        """Ask about all places at once; see `Routing.coming`."""
        starts, room = starts_on(self.edge_times, vehicles), ROOMS.take(len(self._chart.parent))
        rows = np.array([row for group in bound for row in group], np.int64)
        bound_first = np.cumsum([0, *map(len, bound)], dtype=np.int64)
        stops = stops_of(self.edge_times, places)
        found, costs, own = coming(self._chart, starts, stops, free, bound_first, rows, count, room)
        ROOMS.give(room)
        own_ms = [None if cost >= NEVER else time_of(cost) for cost in own.tolist()]
        soonest = [
            [(time_of(cost), row) for cost, row in zip(told, order, strict=True) if cost < NEVER]
            for told, order in zip(costs.tolist(), found.tolist(), strict=True)
        ]
        ends = pairwise(bound_first.tolist())
        return [Coming(first, own_ms[start:end]) for first, (start, end) in zip(soonest, ends, strict=True)]

    def times(self, origins: Vehicles, destinations: Sequence[Sequence[Approach]]) -> Table:
        """Return times and metres from every vehicle to every place; no pair depends on another.

        Parameters
        ----------
        origins
            n vehicles.
        destinations
            The approaches of m places.
        """
        self._require_own(origins)
        costs = np.full((len(origins), len(destinations)), UNKNOWN, np.int64)
        if len(destinations) > FEW_PLACES and origins.starts.alike.any():
            room = ROOMS.take(len(self._chart.parent))
            costs = table(self._chart, origins.starts, stops_of(self.edge_times, destinations), room)
            ROOMS.give(room)
        for column in np.flatnonzero((costs == UNKNOWN).any(axis=0)).tolist():
            rows = np.flatnonzero(costs[:, column] == UNKNOWN)
            costs[rows, column] = self.arrivals(destinations[column]).costs(only(origins.starts, rows))
        there = costs < NEVER
        length_m = np.where(there, (costs & ((1 << COST_BITS) - 1)) / 100.0, np.nan)
        return Table(np.where(there, costs >> COST_BITS, -1), length_m)

    def reachable(self, vehicles: Vehicles, minutes: float) -> Reach:
        """Return what any of the vehicles can reach in so many minutes: together, whoever is soonest there counts."""
        self._require_own(vehicles)
        return reach(self.edge_times, self._chart, vehicles.starts, minutes)

    def _require_own(self, vehicles: Vehicles) -> None:
        if vehicles.times is not self.edge_times:
            raise ValueError("these vehicles were put on the road under another profile, or under other conditions")


@lru_cache(maxsize=8)
def _slots(network: Network) -> Slots:
    return slots_of(hierarchy_of(network), turns_of(network))


@lru_cache(maxsize=KEPT)
def chart_of(times: EdgeTimes) -> Chart:
    """Return what a search under some times reads, the weights among it."""
    network, turns = times.network, times.turns
    hierarchy = hierarchy_of(network)
    start, turn = turns.into
    cost = weights_of(times).cost
    return Chart(
        vertex=hierarchy.vertex,
        edge=turns.edge,
        beside=_beside(network),
        first=turns.first,
        onto=turns.onto,
        turn_cost=times.turn_cost,
        into_start=start,
        into_turn=turn,
        source=turns.source,
        edge_cost=times.edge_cost,
        twin=network.twin,
        tail=network.tail,
        head=network.head,
        sphere=sphere_of(network),
        m_per_ms=_fastest(times.base or times),
        up_start=hierarchy.up_start,
        up_head=hierarchy.up_head,
        parent=hierarchy.parent,
        up=cost[UP],
        down=cost[DOWN],
    )


@lru_cache(maxsize=KEPT)
def weights_of(times: EdgeTimes) -> Weights:
    """Return the weights of the hierarchy under some times, from those without conditions where little is different."""
    hierarchy, slots = hierarchy_of(times.network), _slots(times.network)
    if times.base is not None and len(times.pieces) <= FEW_EDGES:
        found = recustomise(hierarchy, slots, weights_of(times.base), times, times.pieces)
    else:
        found = customise(hierarchy, slots, times)
    found.cost.flags.writeable = False
    return found


def _beside(network: Network) -> NDArray[np.int32]:
    turns = turns_of(network)
    beside = np.full(turns.state_count, -1, np.int32)
    for states in turns.states_of_edge.values():
        beside[list(states[:-1])] = states[1:]
    return beside


@lru_cache(maxsize=KEPT)
def _fastest(times: EdgeTimes) -> float:
    """Return metres a millisecond that no edge exceeds, whichever of its length and its chord is longer.

    Conditions slow edges and never quicken them: those without are asked.
    """
    network = times.network
    ends = network.node_lonlat
    straight_m = great_circle_m(ends[network.tail], ends[network.head])
    driven = times.unslowed_ms >= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        speeds = np.maximum(network.length_m, straight_m)[driven] / times.unslowed_ms[driven]
    return float(np.nanmax(speeds, initial=1e-9))
