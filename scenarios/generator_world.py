"""The town of a made-up period: its sectors, its stations, and who is on duty when."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from graphs.coordinates import great_circle_m
from graphs.network import Longs
from scenarios.generator_policy import Plan
from scenarios.generator_roads import Streets
from scenarios.generator_shift import Duty

_NAMES: Final = ("North", "South", "East", "West", "Middle", "Docks", "Hill", "Park", "Bridge", "Quarry")
# Local times at which the three shifts of a day begin.
_SHIFTS: Final = (time(7), time(15), time(23))
_MANNED: Final = 0.9
_CREW_CHANGES: Final = 0.06
_SKILLS: Final = (
    ("domestic_abuse_trained", "response_driver"),
    ("response_driver",),
    ("taser", "response_driver"),
    ("taser", "method_of_entry"),
    (),
)


@dataclass(frozen=True, eq=False)
class Town:
    """Sectors of a network.

    Parameters
    ----------
    edges
        By sector, its ordinary streets.
    stations
        By sector, the edge on which its station stands.
    """

    edges: Mapping[str, Longs]
    stations: Mapping[str, int]

    @property
    def sectors(self) -> tuple[str, ...]:
        """Names of the sectors."""
        return tuple(self.edges)


def town_of(streets: Streets, sectors: int) -> Town:
    """Part a network into sectors: every street belongs to the nearest of as many middles, far from each other."""
    edges = streets.ordinary()
    places = streets.middle(edges)
    centre = places.mean(axis=0, keepdims=True)
    chosen = [int(np.argmin(great_circle_m(places, centre)))]
    away_m = great_circle_m(places, places[chosen[0]][None])
    while len(chosen) < min(sectors, len(_NAMES)):
        # The outermost streets are few and far: sectors round them would be empty.
        chosen.append(int(np.argsort(away_m)[int(0.9 * len(away_m))]))
        away_m = np.minimum(away_m, great_circle_m(places, places[chosen[-1]][None]))
    distance_m = np.stack([great_circle_m(places, places[row][None]) for row in chosen])
    nearest = distance_m.argmin(axis=0)
    names = _NAMES[: len(chosen)]
    return Town(
        {name: edges[nearest == row] for row, name in enumerate(names)},
        {name: int(edges[place]) for name, place in zip(names, chosen, strict=True)},
    )


def local_s(day: date, at: time, zone: ZoneInfo) -> int:
    """Return a local time of a day in seconds since 1970."""
    return int(datetime.combine(day, at, zone).timestamp())


def duties_of(plan: Plan, town: Town, zone: ZoneInfo, draw: random.Random) -> Iterator[list[Duty]]:
    """Yield each duty by its start, with a second one where the crew changes in the middle of it."""
    names = [(f"{sector[0]}{row // len(town.sectors) + 1}", sector) for row, sector in _spread(plan.units, town)]
    for days in range(-1, plan.days):
        day = plan.start + timedelta(days=days)
        for row, begin in enumerate(_SHIFTS):
            end = _SHIFTS[(row + 1) % len(_SHIFTS)]
            end_day = day + timedelta(days=int(end <= begin))
            span = local_s(day, begin, zone), local_s(end_day, end, zone)
            if span[1] <= local_s(plan.start, time(), zone):
                continue
            for callsign, sector in names:
                if draw.random() < _MANNED:
                    yield list(_duty(callsign, sector, span, plan, draw))


def _spread(units: int, town: Town) -> Iterator[tuple[int, str]]:
    for row in range(units):
        yield row, town.sectors[row % len(town.sectors)]


def _duty(callsign: str, sector: str, span: tuple[int, int], plan: Plan, draw: random.Random) -> Iterator[Duty]:
    late = draw.random() < plan.keeping.late_duty
    entered_s = span[0] + (draw.randrange(300, 2_400) if late else -600)
    yield Duty(callsign, sector, *span, entered_s, draw.choice((1, 2, 2)), frozenset(draw.choice(_SKILLS)))
    if draw.random() < _CREW_CHANGES:
        changed_s = span[0] + draw.randrange(7_200, 21_600)
        yield Duty(
            callsign, sector, changed_s, span[1], changed_s + 30, draw.choice((1, 2)), frozenset(draw.choice(_SKILLS))
        )
