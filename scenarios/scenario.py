"""A scenario: what a planner asks about, read and checked; how it is written down stands in docs/planner.md.

Moments are whole milliseconds from the scenario's start, which may be negative: a simulation warms up before it. Values
here are immutable; a scenario with another roster or other stations is another scenario.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal, Self
from zoneinfo import ZoneInfo

import shapely

from dispatch.force import Force
from dispatch.model import Incident
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.network import Network

MS_PER_HOUR = 3_600_000

Kind = Literal["fixed", "exponential", "lognormal", "gamma"]
Patrol = Literal["station", "sector", "hot_spots"]
Activity = Literal[
    "briefing", "patrol", "station", "break", "en_route", "at_scene", "escort", "custody", "returning"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Length:
    """How long something takes: a distribution by its mean and standard deviation, seconds.

    Parameters
    ----------
    kind
        ``fixed`` and ``exponential`` need no deviation.
    """

    kind: Kind
    mean_s: float
    sd_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Station:
    """Where crews begin and end, rest and wait; with ``custody``, where prisoners are taken."""

    name: str
    lat: float
    lon: float
    sector: str | None = None
    custody: bool = False


@dataclass(frozen=True, slots=True)
class HotSpot:
    """Where patrols show themselves: how often, against the others, and for how long each time."""

    name: str
    lat: float
    lon: float
    sector: str | None
    weight: float
    dwell_s: int


@dataclass(frozen=True, slots=True)
class Break:
    """A rest during a duty.

    Parameters
    ----------
    earliest_ms, latest_ms
        When it may begin; past the latest moment it is missed.
    lasts_ms
        How long it is.
    """

    earliest_ms: int
    latest_ms: int
    lasts_ms: int


@dataclass(frozen=True, slots=True)
class Duty:
    """A callsign on duty once.

    Parameters
    ----------
    start_ms, end_ms
        From the scenario's start.
    station
        The name of a station.
    vehicle
        What the crew drives; a crew whose vehicle is still out waits for it. None: there are enough.
    patrol
        What the crew does when it is free.
    """

    callsign: str
    start_ms: int
    end_ms: int
    crew: int
    skills: frozenset[str]
    sector: str | None
    station: str
    vehicle: str | None = None
    patrol: Patrol = "station"
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True, eq=False)
class Area:
    """An area of demand; ``weight`` is its share against the others, such as the people who live in it."""

    name: str
    shape: shapely.Polygon | shapely.MultiPolygon
    weight: float
    sector: str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """How many incidents of a kind to expect.

    Parameters
    ----------
    per_hour
        Expected in an hour: in the area, or in all areas together, shared by their weights, where it is None.
    days
        0 is Monday.
    from_hour, to_hour
        Local hours of the day, from inclusive, to exclusive; 0 to 24 is all day.
    """

    type: str
    grade: str
    per_hour: float
    area: str | None = None
    days: frozenset[int] = frozenset(range(7))
    from_hour: int = 0
    to_hour: int = 24
    tags: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    units_needed: int = 1


@dataclass(frozen=True, slots=True)
class History:
    """Past incidents as demand.

    Parameters
    ----------
    resample
        ``none``: each as it was; ``days``: each day of the scenario is a past day of the same weekday, drawn anew in
        each replication.
    """

    incidents: tuple[Incident, ...]
    resample: Literal["none", "days"] = "days"


@dataclass(frozen=True, slots=True)
class Service:
    """How long units are bound by incidents of a kind; the first that fits an incident counts.

    Parameters
    ----------
    type, grade, tag
        What it is for; None fits all.
    on_scene
        Of each unit that attends, drawn apart.
    custody_share
        How often somebody is arrested: the first unit there takes them to the nearest station with custody.
    custody
        The time in there.
    """

    on_scene: Length
    type: str | None = None
    grade: str | None = None
    tag: str | None = None
    custody_share: float = 0.0
    custody: Length | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """How the control room works.

    Parameters
    ----------
    handling
        By grade, the time from the call to the first look for a unit; none for a grade that has no entry.
    decide_ms
        From when a unit comes free until somebody looks for what it could do.
    nobody
        What becomes of an incident that nobody can be sent to: it waits, or is lost to this force.
    """

    handling: Mapping[str, Length] = field(default_factory=dict)
    decide_ms: int = 1_000
    nobody: Literal["wait", "lost"] = "wait"


@dataclass(frozen=True, slots=True)
class Crews:
    """How crews work.

    Parameters
    ----------
    briefing_ms
        From the start of a duty until the crew can be sent.
    back_ms
        So long before the end of a duty a free crew drives to its station.
    stroll
        How much longer a patrol takes along a road than a drive that wants to arrive.
    travel_spread
        Standard deviation of the logarithm of what chance makes of the time of a drive; 0 is as the profiles say.
    """

    briefing_ms: int = 600_000
    back_ms: int = 900_000
    stroll: float = 1.5
    travel_spread: float = 0.0


@dataclass(frozen=True, slots=True)
class PolicyChoice:
    """A policy by its name, with its settings."""

    name: str
    settings: Mapping[str, float | int | str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What to call it beside others: its name, with the settings that are given."""
        told = " ".join(f"{key}={value}" for key, value in self.settings.items())
        return f"{self.name} {told}" if told else self.name


@dataclass(frozen=True, eq=False)
class Scenario:
    """What is simulated.

    Parameters
    ----------
    start, hours
        The period that counts: from a moment, in UTC, so many hours of time passed.
    warm_up_h, cool_down_h
        What is simulated before and after and not counted.
    codes
        For each activity the force's status code.
    coverage_every_min
        How often it is looked how much of the demand a free unit could reach in time.
    files
        The SHA-256 of every file that it was read from, by its name in the scenario's folder.
    """

    name: str
    network: Network
    force: Force
    start: datetime
    hours: int
    stations: tuple[Station, ...]
    duties: tuple[Duty, ...]
    demand: History | tuple[Rate, ...]
    services: tuple[Service, ...]
    codes: Mapping[Activity, str]
    areas: tuple[Area, ...] = ()
    hot_spots: tuple[HotSpot, ...] = ()
    conditions: Conditions = NO_CONDITIONS
    room: Room = Room()
    crews: Crews = Crews()
    policies: tuple[PolicyChoice, ...] = (PolicyChoice("nearest_first"),)
    seed: int = 1
    replications: int = 10
    warm_up_h: int = 2
    cool_down_h: int = 2
    coverage_every_min: int = 60
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def begin_ms(self) -> int:
        """When the simulation begins."""
        return -self.warm_up_h * MS_PER_HOUR

    @property
    def end_ms(self) -> int:
        """When the period that counts ends."""
        return self.hours * MS_PER_HOUR

    @property
    def until_ms(self) -> int:
        """When the simulation ends."""
        return self.end_ms + self.cool_down_h * MS_PER_HOUR

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of the force's wall clocks."""
        return ZoneInfo(self.force.time_zone)

    def moment(self, time_ms: int) -> datetime:
        """Return a moment in UTC."""
        return self.start + timedelta(milliseconds=time_ms)

    def since_start(self, moment: datetime) -> int:
        """Return a moment in milliseconds from the start, rounded down."""
        return (moment - self.start) // timedelta(milliseconds=1)

    def local(self, time_ms: int) -> datetime:
        """Return a moment by the force's wall clocks."""
        return self.moment(time_ms).astimezone(self.zone)

    def station(self, name: str) -> Station:
        """Return a station; KeyError where there is none of the name."""
        return self._stations[name]

    @cached_property
    def _stations(self) -> Mapping[str, Station]:
        return {station.name: station for station in self.stations}

    def with_(self, *, duties: tuple[Duty, ...] | None = None, stations: tuple[Station, ...] | None = None) -> Self:
        """Return the scenario with another roster or other stations."""
        return replace(
            self,
            duties=self.duties if duties is None else duties,
            stations=self.stations if stations is None else stations,
        )


@dataclass(frozen=True, slots=True)
class Call:
    """An incident to come, with all that chance decides about it, so that every policy meets the same.

    Parameters
    ----------
    incident
        With ``received_at``, and its sector where one is known.
    received_ms, ready_ms
        When it is received, and when somebody first looks for a unit.
    area
        The area of demand that it lies in, where there are areas.
    on_scene_ms
        Of the first unit there, the second and so on; the last holds for all that follow.
    custody_ms
        The time in custody; 0 where nobody is arrested.
    chance
        What the time of a drive there is multiplied with, for the first unit sent, the second and so on; likewise.
    """

    incident: Incident
    received_ms: int
    ready_ms: int
    area: str | None
    on_scene_ms: tuple[int, ...]
    custody_ms: int
    chance: tuple[float, ...]
