"""What the record comes to: the units on duty, the open incidents, who is sent where, and what is closed.

A state is never changed: folding events gives another one, so that a reader's state stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal

import orjson
from pydantic import TypeAdapter

from dispatch.model import Fix, Incident, Unit
from dispatch.record import GENESIS
from dispatch.state_risk import Marker, Review, Subject, Task

Step = Literal["assigned", "en_route", "at_scene", "clear", "stood_down", "diverted"]
Stage = Literal["open", "duplicate", "cancelled", "closed"]
# Steps in which a unit is bound to its incident.
BOUND: Final[frozenset[Step]] = frozenset({"assigned", "en_route", "at_scene"})


@dataclass(frozen=True, slots=True)
class Assignment:
    """A unit sent to an incident.

    Parameters
    ----------
    duty
        The unit's duty, for callsigns are used again.
    step
        How far it has come.
    assigned_at, en_route_at, at_scene_at, ended_at
        When it came to each step; the end is a stand-down, a diversion, or that it was clear.
    by
        Who sent it.
    seq
        The row of the record that says so.
    recommendation
        The recommendation that it rests on, by the number of its row; None where none was asked.
    suggested
        Whether it was suggested then.
    reason, note
        Why another than the suggested unit was sent: a code of the force profile, and words.
    failed
        The rules that spoke against the unit, where it was sent all the same.
    """

    incident_id: str
    callsign: str
    duty: str
    step: Step
    assigned_at: datetime
    by: str
    seq: int
    recommendation: int | None = None
    suggested: bool = False
    reason: str | None = None
    note: str | None = None
    failed: tuple[str, ...] = ()
    en_route_at: datetime | None = None
    at_scene_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def bound(self) -> bool:
        """Whether the unit is still bound to the incident."""
        return self.step in BOUND

    @property
    def stepped_at(self) -> datetime:
        """When it came to the last step that is known, the end aside."""
        return self.at_scene_at or self.en_route_at or self.assigned_at


@dataclass(frozen=True, slots=True)
class DutyUnit:
    """A callsign on duty.

    Parameters
    ----------
    duty
        Names the duty: a callsign is used again, a duty is not.
    status_at
        When the status was so.
    home
        Latitude and longitude of its station, or None.
    incident_id, assigned_at
        What it is bound to, and since when.
    """

    callsign: str
    duty: str
    duty_start: datetime
    duty_end: datetime | None
    status: str | None
    status_at: datetime | None
    crew: int | None
    skills: tuple[str, ...] = ()
    sector: str | None = None
    home: tuple[float, float] | None = None
    incident_id: str | None = None
    assigned_at: datetime | None = None

    def unit(self, fix: Fix | None) -> Unit:
        """Return the unit as a picture shows it."""
        return Unit(
            callsign=self.callsign,
            status=self.status,
            fix=fix,
            crew=self.crew,
            skills=frozenset(self.skills),
            sector=self.sector,
            duty_start=self.duty_start,
            duty_end=self.duty_end,
            incident_id=self.incident_id,
            assigned_at=self.assigned_at,
        )


@dataclass(frozen=True, slots=True)
class Case:
    """An incident with all that is known of it.

    Parameters
    ----------
    grade, graded_at
        The grade it has, and since when.
    asked_grade
        The grade that the call handler gave it.
    raised_by
        What raised the grade above that.
    assignments
        Every unit sent, those that have left included, in the order in which they were sent.
    stage
        Whether it is open, or how it ended.
    duplicate_of, duplicates
        The incident that it is the same as; those that are the same as it.
    risk
        What the history check found; see `dispatch.risk`.
    dash
        How the risk was assessed last; see `dispatch.dash`.
    """

    incident_id: str
    received_at: datetime
    lat: float
    lon: float
    grade: str
    graded_at: datetime
    asked_grade: str
    received_by: str
    type: str | None = None
    tags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    units_needed: int = 1
    sector: str | None = None
    on_road: bool = False
    address: str | None = None
    phone: str | None = None
    people: tuple[str, ...] = ()
    raised_by: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    stage: Stage = "open"
    duplicate_of: str | None = None
    duplicates: tuple[str, ...] = ()
    outcome: str | None = None
    ended_at: datetime | None = None
    risk: Mapping[str, Any] | None = None
    dash: Mapping[str, Any] | None = None

    def incident(self) -> Incident:
        """Return the incident as a picture shows it."""
        return Incident(
            lat=self.lat,
            lon=self.lon,
            grade=self.grade,
            incident_id=self.incident_id,
            received_at=self.received_at,
            type=self.type,
            tags=frozenset(self.tags),
            needs=frozenset(self.needs),
            units_needed=self.units_needed,
            sector=self.sector,
            on_road=self.on_road,
            graded_at=self.graded_at,
            raised_by=self.raised_by,
        )

    @property
    def bound(self) -> tuple[Assignment, ...]:
        """The units that are still bound to it."""
        return tuple(item for item in self.assignments if item.bound)

    def assignment(self, callsign: str) -> Assignment | None:
        """Return the assignment that binds a unit to it."""
        return next((item for item in self.bound if item.callsign == callsign), None)


@dataclass(frozen=True, slots=True)
class State:
    """What the record comes to at one of its rows.

    Parameters
    ----------
    seq, sha256
        That row: its number and hash.
    units
        Those on duty, by callsign.
    incidents
        The open ones, by their names.
    closures
        What is closed or slowed, as GeoJSON features, by name.
    snapshot_seq
        The row up to which the newest snapshot goes.
    subjects
        People and addresses of concern, by subject.
    named
        Their subjects, by kind and key, such as ``person|ann smith``.
    markers
        Those that are not lifted, by name; some have expired.
    reviews, tasks
        Those that are not done, by name.
    """

    seq: int = 0
    sha256: str = GENESIS
    units: Mapping[str, DutyUnit] = field(default_factory=dict)
    incidents: Mapping[str, Case] = field(default_factory=dict)
    closures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    snapshot_seq: int = 0
    subjects: Mapping[str, Subject] = field(default_factory=dict)
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    markers: Mapping[str, Marker] = field(default_factory=dict)
    reviews: Mapping[str, Review] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """Write the state; equal states give equal bytes."""
        return orjson.dumps(_STATE.dump_python(self, mode="json"), option=orjson.OPT_SORT_KEYS)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the state as JSON."""
        return sha256(self.to_json()).hexdigest()

    @staticmethod
    def of_json(body: bytes) -> State:
        """Read a state.

        Raises
        ------
        pydantic.ValidationError
            It is not one.
        """
        return _STATE.validate_python(orjson.loads(body))


_STATE: Final = TypeAdapter(State)
