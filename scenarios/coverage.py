"""How much of the demand the free units of a moment could reach in time, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from dispatch.brief import NO_TIME, Board, Brief
from graphs.network import Floats, Longs
from graphs.router import Router
from graphs.snapping import Approach
from graphs.times import MS_PER_S, EdgeTimes
from scenarios.demand import demand_points
from scenarios.scenario import Scenario

POINTS: Final = 100
# Of each state of the roads.
_KEPT_PLACES: Final = 1_500


@dataclass(frozen=True, eq=False)
class Times:
    """How soon each of some units can be at each point of demand.

    Parameters
    ----------
    rows : (n,) int64
        The units, as rows of the board.
    time_ms : (n, m) int64
        Mobilisation included; `NO_TIME` where there is no way.
    """

    rows: Longs
    time_ms: Longs


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What was found on some roads: where the points can be reached from, and how soon they are from places."""

    approaches: Sequence[tuple[Approach, ...]]
    known: dict[tuple[float, float], Longs] = field(default_factory=dict)


class Coverage:
    """The demand of a scenario as points, and who can be how soon at them.

    Parameters
    ----------
    scenario
        Its most urgent grade is what is driven to, and has the target.
    """

    def __init__(self, scenario: Scenario) -> None:
        force = scenario.force
        self._scenario, self._grade = scenario, force.most_urgent_grade
        self._profile = force.grade(self._grade).profile
        self.lat, self.lon, weight = demand_points(scenario, POINTS)
        self.weight: Floats = weight / weight.sum()
        told = [
            force.target_s(self._grade, force.setting(lon, lat))
            for lat, lon in zip(self.lat.tolist(), self.lon.tolist(), strict=True)
        ]
        self.target_ms = np.array([np.inf if target is None else target * MS_PER_S for target in told])
        # Of the roads as they were, which come again with the hours: most of the free units stand at a few places.
        self._found: WeakKeyDictionary[EdgeTimes, _Found] = WeakKeyDictionary()

    def times(self, brief: Brief, board: Board, rows: Longs, now_ms: int) -> Times:
        """Return how soon units can be at the points; who is driving counts as standing where it is.

        Parameters
        ----------
        brief, board
            What knows their mobilisation, and where they are.
        rows
            The units.
        """
        scenario = self._scenario
        router = Router(scenario.network, self._profile, scenario.conditions, scenario.local(now_ms))
        inside = rows[router.inside(board.lat[rows], board.lon[rows])]
        places = list(zip(board.lat[inside].tolist(), board.lon[inside].tolist(), strict=True))
        known = self._on(router).known
        new = [place not in known for place in places]
        if any(new):
            self._find(router, board, inside[new])
        driven_ms = np.array([known[place] for place in places], np.int64).reshape(len(inside), len(self.weight))
        ready_ms = brief.kinds.ready_ms[board.kind[inside]][:, None]
        return Times(inside, np.where(driven_ms == NO_TIME, NO_TIME, driven_ms + ready_ms))

    def _on(self, router: Router) -> _Found:
        """Return what was found on the roads as they are, though not about too many places."""
        roads = router.edge_times
        if roads not in self._found:
            latlon = zip(self.lat.tolist(), self.lon.tolist(), strict=True)
            self._found[roads] = _Found([router.approaches(lat, lon) for lat, lon in latlon])
        elif len(self._found[roads].known) > _KEPT_PLACES:
            self._found[roads].known.clear()
        return self._found[roads]

    def _find(self, router: Router, board: Board, rows: Longs) -> None:
        lat, lon, _, _, accuracy_m = board.reports(rows)
        still = np.full(len(rows), np.nan)
        vehicles = router.vehicles_on(router.spots_of(lat, lon, still, still, accuracy_m))
        found = self._found[router.edge_times]
        time_ms = router.times(vehicles, found.approaches).time_ms
        found.known.update(zip(zip(lat.tolist(), lon.tolist(), strict=True), time_ms, strict=True))

    def share(self, times: Times) -> float:
        """Return the share of the demand that some unit can reach within the target; from 0 to 1."""
        there = (times.time_ms != NO_TIME) & (times.time_ms <= self.target_ms)
        return min(float(self.weight[there.any(axis=0)].sum()), 1.0)

    def gaps_ms(self, times: Times) -> Floats:
        """Return how much later help would be on average without each unit, the others staying where they are.

        Returns
        -------
        (n,) float64
            Milliseconds, weighted by the demand. Where nobody else can come at all, the target counts, or an hour.
        """
        told = np.where(times.time_ms == NO_TIME, np.inf, times.time_ms.astype(np.float64))
        if len(told) < 2:  # noqa: PLR2004 - with one unit there is no other
            return np.full(len(told), (self._nobody_ms() * self.weight).sum())
        order = np.argsort(told, axis=0, kind="stable")
        first, second = np.take_along_axis(told, order[:2], axis=0)
        second = np.where(np.isinf(second), first + self._nobody_ms(), second)
        later_ms = np.subtract(second, first, out=np.zeros_like(first), where=np.isfinite(first))
        lost_ms: Floats = np.zeros(len(told))
        np.add.at(lost_ms, order[0], later_ms * self.weight)
        return lost_ms

    def _nobody_ms(self) -> Floats:
        return np.where(np.isinf(self.target_ms), 3_600_000.0, self.target_ms)


@lru_cache(maxsize=4)
def coverage_of(scenario: Scenario) -> Coverage:
    """Return the demand of a scenario as points, found once."""
    return Coverage(scenario)
