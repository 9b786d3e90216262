"""What an arrangement promises by a formula, so that the search simulates the most promising changes first.

A call goes to the first crew on duty that is free, the one with the shortest drive from its station first, where each
crew is busy a share q of its time, on its own: the k-th is sent with (1 - q) q^(k - 1) (Daskin 1983, Transportation
Science 17, 48-70). The q of a call is the load of its hour of the day, shared by the crews on duty then. Skills,
patrols, breaks and queues are left to the simulation, which alone says what is better.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from graphs.nearby import Mask
from graphs.network import Floats, Longs
from graphs.router import Router
from graphs.times import MS_PER_S
from scenarios.aims import Aim
from scenarios.demand import calls_of
from scenarios.improve_moves import Arrangement, Move, Moves
from scenarios.roster_rows import duties_of
from scenarios.roster_rules import HOURS_A_DAY
from scenarios.scenario import MS_PER_HOUR, Call, Scenario, Station
from scenarios.scenario_rows import RosterRow

# Draws of the demand that are looked at, and calls of these at the most.
_DRAWS, _CALLS = 4, 400
# Beyond so many crews none is ever sent.
_CREWS: Final = 8
_MOST_BUSY: Final = 0.9
# How sharply a drive that is longer than the target tells against one that is shorter.
_SHARPNESS: Final = 4
# Changes in one leap, at the most.
_LEAP: Final = 12
_NOBODY_MS: Final = 3_600_000.0
_MS_PER_MIN, _MIN_PER_HOUR = 60_000, 60


class Outlook:
    """The formula, over the most urgent calls of a few draws of a scenario's demand.

    Parameters
    ----------
    scenario
        Its demand and its network.
    aim
        What is looked at; where it counts what is in target, drives are held against what is left until then.
    """

    def __init__(self, scenario: Scenario, aim: Aim) -> None:
        every = [call for number in range(1, _DRAWS + 1) for call in calls_of(scenario, number)]
        counted = [call for call in every if 0 <= call.received_ms < scenario.end_ms]
        urgent = [call for call in counted if call.incident.grade == scenario.force.most_urgent_grade]
        self._calls = urgent[:: math.ceil(len(urgent) / _CALLS) or 1]
        self._scenario = scenario
        self._left_ms = np.array([_left_ms(scenario, call) for call in self._calls]) if aim.sign > 0 else None
        self._at_ms = np.array([call.ready_ms for call in self._calls], np.int64)
        self._load = _load(scenario, every)[self._at_ms // MS_PER_HOUR % HOURS_A_DAY]
        self._drives = dict[tuple[float, float], Floats]()
        self._there = dict[str, Mask]()
        router = Router(scenario.network, _profile(scenario), scenario.conditions, scenario.start)
        self._router, asked = router, [call.incident for call in self._calls]
        self._to = [router.approaches(it.lat, it.lon, on_road=it.on_road) for it in asked]

    def value(self, arrangement: Arrangement) -> float:
        """Return what an arrangement promises for a call, on average: the more the better."""
        if not self._calls or not arrangement.rows:
            return 0.0
        drive_ms = {station.name: self._drive_ms(station) for station in arrangement.stations}
        there = np.array([self._on_duty(row) for row in arrangement.rows])
        rows = np.where(there, [drive_ms[row.station] for row in arrangement.rows], np.inf)
        crews = min(_CREWS, len(rows))
        soonest = np.sort(np.partition(rows, crews - 1, axis=0)[:crews], axis=0)
        busy = np.minimum(self._load / np.maximum(there.sum(axis=0), 1), _MOST_BUSY)
        sent = (1.0 - busy) * busy ** np.arange(crews)[:, None]
        nobody = busy**crews * self._good(np.full(len(busy), np.inf))
        return float(((sent * self._good(soonest)).sum(axis=0) + nobody).mean())

    def _good(self, drive_ms: Floats) -> Floats:
        if self._left_ms is None:
            return -np.minimum(drive_ms, _NOBODY_MS) / MS_PER_S
        return np.asarray(1.0 / (1.0 + (drive_ms / self._left_ms) ** _SHARPNESS), np.float64)

    def _drive_ms(self, station: Station) -> Floats:
        place = station.lat, station.lon
        if place not in self._drives:
            time_ms: Longs = self._router.times(self._router.vehicles_at([place]), self._to).time_ms[0]
            self._drives[place] = np.where(time_ms < 0, np.inf, time_ms.astype(np.float64))
        return self._drives[place]

    def _on_duty(self, row: RosterRow) -> Mask:
        key = row.model_dump_json()
        if key not in self._there:
            duties = duties_of([row], self._scenario)
            self._there[key] = np.zeros(len(self._at_ms), np.bool_)
            for duty in duties:
                self._there[key] |= (duty.start_ms <= self._at_ms) & (self._at_ms < duty.end_ms)
        return self._there[key]

    def ordered(self, arrangement: Arrangement, moves: Sequence[Move]) -> list[tuple[float, Move]]:
        """Return changes with what each promises more than what there is, the most promising first."""
        base = self.value(arrangement)
        told = [(self.value(move.arrangement) - base, move) for move in moves]
        return sorted(told, key=lambda each: -each[0])

    def leaps(self, arrangement: Arrangement, moves: Moves) -> Iterator[Move]:
        """Yield several changes at once: all that the formula would make one after the other, then half of them, ..."""
        way = list[Move]()
        while len(way) < _LEAP:
            here = way[-1].arrangement if way else arrangement
            best = self.ordered(here, [*moves(here)])
            if not best or best[0][0] <= 0.0:
                break
            way.append(best[0][1])
        count = len(way)
        while count > 1:
            yield Move("; ".join(move.words for move in way[:count]), way[count - 1].arrangement)
            count //= 2


def _profile(scenario: Scenario) -> str:
    return scenario.force.grade(scenario.force.most_urgent_grade).profile


def _load(scenario: Scenario, calls: Sequence[Call]) -> Floats:
    """Return (24,) how many crews are at scenes and in custody, on average, by hours counted from the start."""
    minutes = scenario.hours * _MIN_PER_HOUR
    change = np.zeros(minutes + 1)
    for call in calls:
        for unit in range(call.incident.units_needed):
            lasts_ms = call.on_scene_ms[min(unit, len(call.on_scene_ms) - 1)] + (call.custody_ms if unit == 0 else 0)
            for at_ms, by in ((call.ready_ms, 1), (call.ready_ms + lasts_ms, -1)):
                change[min(max(at_ms // _MS_PER_MIN, 0), minutes)] += by
    hours = np.cumsum(change)[:-1].reshape(-1, _MIN_PER_HOUR).mean(axis=1) / _DRAWS
    of_day = np.arange(scenario.hours) % HOURS_A_DAY
    days = np.maximum(np.bincount(of_day, minlength=HOURS_A_DAY), 1)
    return np.asarray(np.bincount(of_day, hours, HOURS_A_DAY) / days, np.float64)


def _left_ms(scenario: Scenario, call: Call) -> float:
    """Return how long a drive may last for a call to be in target, once somebody looks for a unit; 1 s at least."""
    force, incident = scenario.force, call.incident
    target_s = force.target_s(incident.grade, force.setting(incident.lon, incident.lat))
    if target_s is None:
        return _NOBODY_MS
    return float(max(target_s * MS_PER_S - (call.ready_ms - call.received_ms), MS_PER_S))
