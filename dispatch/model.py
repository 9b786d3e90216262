"""The words of dispatch: units, fixes, incidents and the picture of one moment.

Everything here is an immutable value. Times are kept in UTC; a naive time is refused where a value is made, so that no
later step has to guess a zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


def _keep_in_utc(thing: object, *names: str) -> None:
    """Put moments into UTC: Python compares two times of one zone by their wall clocks, wrong where clocks change."""
    for name in names:
        moment = getattr(thing, name)
        if moment is None or moment.tzinfo is UTC:
            continue
        if moment.utcoffset() is None:
            raise ValueError(f"{name} has no UTC offset: {moment.isoformat()}")
        object.__setattr__(thing, name, moment.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Fix:
    """One position report of a unit.

    Parameters
    ----------
    lat, lon
        WGS 84 degrees.
    fixed_at
        When the position was true, not when it arrived.
    accuracy_m
        Radius in metres within which the unit was, or None where the device did not say.
    course_deg
        Direction of travel, degrees clockwise from north, or None.
    speed_kmh
        Speed over ground, or None.
    """

    lat: float
    lon: float
    fixed_at: datetime
    accuracy_m: float | None = None
    course_deg: float | None = None
    speed_kmh: float | None = None

    def __post_init__(self) -> None:
        _keep_in_utc(self, "fixed_at")


@dataclass(frozen=True, slots=True)
class Unit:
    """A callsign on a duty.

    Parameters
    ----------
    callsign
        Unique within a picture.
    status
        The force's status code, or None where nothing is known; None never counts as available.
    fix
        The last known position, or None.
    crew
        Officers aboard, or None where unknown.
    skills
        Skill names of the force profile that somebody aboard has.
    sector
        The unit's own area.
    duty_start, duty_end
        The duty's period; an absent end is open.
    incident_id, committed_grade
        What the unit is committed to, and that incident's grade.
    assigned_at
        Since when it is committed to that, or None where that is not known.
    """

    callsign: str
    status: str | None = None
    fix: Fix | None = None
    crew: int | None = None
    skills: frozenset[str] = frozenset()
    sector: str | None = None
    duty_start: datetime | None = None
    duty_end: datetime | None = None
    incident_id: str | None = None
    committed_grade: str | None = None
    assigned_at: datetime | None = None

    def __post_init__(self) -> None:
        _keep_in_utc(self, "duty_start", "duty_end", "assigned_at")

    @property
    def committed(self) -> bool:
        """Whether the unit is bound to an incident, known or not."""
        return self.incident_id is not None or self.committed_grade is not None


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that somebody is to attend.

    Parameters
    ----------
    lat, lon
        WGS 84 degrees.
    grade
        Response grade, a key of the force profile.
    tags
        What the force profile has requirements for, such as ``domestic_abuse``.
    needs
        Skills that every unit sent must have.
    units_needed
        How many units must attend.
    on_road
        The incident is on the carriageway itself: motorways, bridges and tunnels are then places to stop.
    graded_at
        Since when it has its grade, or None where that is not known.
    raised_by
        What raised its grade above the one that it was given, in sentences.
    """

    lat: float
    lon: float
    grade: str
    incident_id: str = ""
    received_at: datetime | None = None
    type: str | None = None
    tags: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    units_needed: int = 1
    sector: str | None = None
    on_road: bool = False
    graded_at: datetime | None = None
    raised_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _keep_in_utc(self, "received_at", "graded_at")


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known at one moment.

    Parameters
    ----------
    now
        The moment.
    units
        Every unit known, in any order.
    incidents
        Open incidents; used to show what a diverted unit would leave behind.
    """

    now: datetime
    units: tuple[Unit, ...] = ()
    incidents: tuple[Incident, ...] = ()

    def __post_init__(self) -> None:
        _keep_in_utc(self, "now")
        callsigns = [unit.callsign for unit in self.units]
        if len(set(callsigns)) != len(callsigns):
            raise ValueError("a callsign stands twice in the picture")
