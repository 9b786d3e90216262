"""Scenarios over small drawn towns, for tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from dispatch.force import Force
from dispatch.model import Incident
from graphs.network import Network
from nightshift import CLEVELAND
from roadmaps import RoadMap, draw
from scenarios.scenario import (
    MS_PER_HOUR,
    Activity,
    Break,
    Crews,
    Duty,
    History,
    Length,
    Patrol,
    Rate,
    Room,
    Scenario,
    Service,
    Station,
)
from scenarios.scenario_head import CodesTable

# A Monday, at local midnight.
START = datetime(2026, 3, 2, tzinfo=UTC)
CODES: dict[Activity, str] = CodesTable().by_activity()
# Two halves joined by one bridge, each with a station; streets enough to wander in.
BANKS = draw(
    """
    A---B---C       K---L---M
    |   |   |       |   |   |
    D---E---F---J---N---O---P
    |   |   |       |   |   |
    G---H---I       Q---R---S
    """,
    "A-B-C-F-I-H-G-D-A",
    "B-E-H",
    "D-E-F",
    "F-J-N secondary",
    "K-L-M-P-S-R-Q-N-K",
    "L-O-R",
    "N-O-P",
    square_m=200.0,
)
AT_ONCE = Crews(briefing_ms=0, back_ms=0, stroll=1.5)
SHORT = (Service(Length("lognormal", 1_500.0, 900.0), custody_share=0.1, custody=Length("gamma", 3_600.0, 900.0)),)


def station(town: RoadMap, place: str, name: str, **more: Any) -> Station:
    """Make a station at a place of a town."""
    lat, lon = town.at(place)
    return Station(name, lat, lon, **more)


BANK_STATIONS = (
    station(BANKS, "E", "West", sector="west", custody=True),
    station(BANKS, "O", "East", sector="east"),
)


def duties(
    callsigns: Iterable[str], station_name: str, hours: int, *, patrol: Patrol = "station", **more: Any
) -> tuple[Duty, ...]:
    """Make duties of eight hours one after the other for each callsign, a break in each, from before the start."""
    made = []
    for row, callsign in enumerate(callsigns):
        for begin in range(-8, hours + 8, 8):
            start_ms = begin * MS_PER_HOUR
            rest = Break(start_ms + 2 * MS_PER_HOUR, start_ms + 5 * MS_PER_HOUR, 1_800_000)
            told = {"crew": 1 + row % 2, "skills": frozenset({"taser"} if row % 2 else ()), "breaks": (rest,), **more}
            made.append(
                Duty(callsign, start_ms, start_ms + 8 * MS_PER_HOUR, station=station_name, patrol=patrol, **told)
            )
    return tuple(made)


def banks(hours: int = 24, per_hour: float = 3.0, patrol: Patrol = "sector", **more: Any) -> Scenario:
    """Make a scenario of two stations, six crews and a mixed demand."""
    roster = (
        *duties(("W1", "W2", "W3"), "West", hours, patrol=patrol, sector="west"),
        *duties(("E1", "E2", "E3"), "East", hours, patrol=patrol, sector="east"),
    )
    rates = (
        Rate("domestic", "emergency", per_hour * 0.3, tags=frozenset({"domestic_abuse"})),
        Rate("fight", "emergency", per_hour * 0.1, needs=frozenset({"taser"}), units_needed=2),
        Rate("theft", "priority", per_hour * 0.3),
        Rate("damage", "standard", per_hour * 0.3),
    )
    values: dict[str, Any] = {
        "name": "banks",
        "network": BANKS.network,
        "force": CLEVELAND,
        "start": START,
        "hours": hours,
        "stations": BANK_STATIONS,
        "duties": roster,
        "demand": rates,
        "services": SHORT,
        "codes": CODES,
        "room": Room(handling={"emergency": Length("exponential", 60.0), "priority": Length("fixed", 300.0)}),
    }
    return Scenario(**{**values, **more})


def idle_force() -> Force:
    """Return the force with nobody needing any time to move off, and one clock for every grade."""
    told = CLEVELAND.model_dump()
    statuses = {code: {**status, "mobilisation_s": 0} for code, status in told["statuses"].items()}
    return CLEVELAND.model_copy(update={"statuses": statuses})


def calls_at(places: Sequence[tuple[float, float]], times_s: Sequence[float], grade: str = "emergency") -> History:
    """Make a history of incidents at places, so many seconds after the start."""
    told = zip(places, times_s, strict=True)
    return History(
        tuple(
            Incident(lat, lon, grade, f"I{row:06d}", START + timedelta(milliseconds=round(at_s * 1_000)))
            for row, ((lat, lon), at_s) in enumerate(told)
        ),
        resample="none",
    )


def standing(
    network: Network, posts: Sequence[Station], demand: History, hours: int, service: Length, **more: Any
) -> Scenario:
    """Make a scenario in which one unit stands at each post for ever: a queue as in the books."""
    end_ms = (hours + 10_000) * MS_PER_HOUR
    roster = tuple(
        Duty(f"U{row + 1}", -MS_PER_HOUR, end_ms, 2, frozenset(), None, post.name) for row, post in enumerate(posts)
    )
    scenario = Scenario(
        "posts", network, idle_force(), START, hours, tuple(posts), roster, demand, (Service(service),), CODES,
        crews=AT_ONCE, room=Room(decide_ms=0), warm_up_h=0, cool_down_h=0, coverage_every_min=1_000_000,
    )  # fmt: skip
    return replace(scenario, **more)


def poisson_s(rate_per_s: float, count: int, seed: int) -> list[float]:
    """Draw the moments of a Poisson process."""
    draw_ = np.random.default_rng(seed)
    return np.cumsum(draw_.exponential(1.0 / rate_per_s, count)).tolist()
