"""A small town that rosters are made for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dispatch.model import Incident
from nightshift import CLEVELAND
from roadmaps import draw
from scenarios.scenario import History, Length, Rate, Scenario, Service, Station
from scenarios.scenario_out import codes_of
from scenarios.scenario_rows import RosterRow

# A Monday, in winter: Middlesbrough's clocks tell UTC.
MONDAY = datetime(2026, 1, 12, tzinfo=UTC)
# Half a minute apart in the north, and a long road to the south.
TOWN = draw(
    """
    A---B---C
    |       |
    D       E
    |
    F---G---H
    """,
    "A-B-C-E residential",
    "A-D residential",
    "D-F residential length=9000",
    "F-G-H residential",
)
NORTH = Station("North", *TOWN.at("A"), sector="N", custody=True)
SOUTH = Station("South", *TOWN.at("H"), sector="S")
HOUR = (Service(Length("fixed", 3_600.0)),)


def row(callsign: str = "R1", start: str = "00:00", end: str = "12:00", **more: Any) -> RosterRow:
    """A crew of two, every day."""
    return RosterRow(**{"callsign": callsign, "start": start, "end": end, "crew": 2, "station": "North", **more})


def town(*rates: Rate, **more: Any) -> Scenario:
    told: dict[str, Any] = {
        "name": "town",
        "network": TOWN.network,
        "force": CLEVELAND,
        "start": MONDAY,
        "hours": 168,
        "stations": (NORTH,),
        "duties": (),
        "demand": rates,
        "services": HOUR,
        "codes": codes_of(CLEVELAND),
    }
    return Scenario(**{**told, **more})


def at(hours: float, place: str = "B", grade: str = "emergency", **more: Any) -> Incident:
    """An incident so many hours after Monday 00:00."""
    moment = MONDAY + timedelta(hours=hours)
    return Incident(*TOWN.at(place), grade, f"i{hours:g}{place}", moment, **more)


def past(*incidents: Incident, **more: Any) -> Scenario:
    """A scenario of these incidents, as they were."""
    return town(demand=History(incidents, "none"), **more)
