"""The rows of a period's records: what happened, and when each fact was entered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class PastIncident:
    """An incident as it was recorded.

    Parameters
    ----------
    incident_id
        Unique in the folder.
    received_at
        When the call came in.
    grade, tags
        As first given, like all the rest; `PastRegrade` and `PastAmendment` say what they became.
    lat, lon
        WGS 84 degrees; None where the record has no place.
    merged_into
        The incident that it turned out to be a second report of.
    self_initiated
        An officer came upon it: nobody was sent.
    entered_at, closed_entered_at
        When it was written down, and when its end was; None where the record does not say, and then it counts as known
        when it happened.
    """

    incident_id: str
    received_at: datetime
    grade: str | None = None
    lat: float | None = None
    lon: float | None = None
    type: str | None = None
    tags: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    units_needed: int = 1
    sector: str | None = None
    on_road: bool = False
    closed_at: datetime | None = None
    outcome: str | None = None
    merged_into: str | None = None
    self_initiated: bool = False
    entered_at: datetime | None = None
    closed_entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastAssignment:
    """A unit that was sent, and the steps that it came to; None where a step is not recorded.

    Parameters
    ----------
    reason
        Why another than the suggested unit was sent, as recorded.
    ended
        ``clear``, ``stood_down`` or ``diverted``.
    """

    incident_id: str
    callsign: str
    assigned_at: datetime
    en_route_at: datetime | None = None
    on_scene_at: datetime | None = None
    cleared_at: datetime | None = None
    entered_at: datetime | None = None
    reason: str | None = None
    ended: str | None = None
    cleared_entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastStatus:
    """A status code that a unit reported at a moment; None where what it reported could not be read."""

    callsign: str
    at: datetime
    status: str | None
    entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastDuty:
    """A period for which a callsign was manned; ``home`` is ``(lat, lon)`` of its station."""

    callsign: str
    start: datetime
    end: datetime | None = None
    crew: int | None = None
    skills: frozenset[str] = frozenset()
    sector: str | None = None
    home: tuple[float, float] | None = None
    entered_at: datetime | None = None
    end_entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastRegrade:
    """Another grade for an incident, from a moment on."""

    incident_id: str
    at: datetime
    grade: str
    entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastAmendment:
    """What was corrected or completed about an incident, from a moment on.

    Parameters
    ----------
    field, value
        One of `AMENDED`, and what it became, as a cell of a table; None for nothing any more. ``place`` is ``LAT,LON``.
    """

    incident_id: str
    at: datetime
    field: str
    value: str | None = None
    entered_at: datetime | None = None


AMENDED: Final = ("place", "type", "tags", "needs", "units_needed", "sector", "on_road")


def amended(past: PastIncident, amendments: Iterable[PastAmendment]) -> PastIncident:
    """Return an incident after amendments, in the order given."""
    for each in amendments:
        cell = each.value or ""
        told: dict[str, Any] = {each.field: each.value}
        if each.field == "place":
            lat, lon = cell.split(",")
            told = {"lat": float(lat), "lon": float(lon)}
        elif each.field in {"tags", "needs"}:
            told = {each.field: frozenset(cell.split(";")) if cell else frozenset()}
        elif each.field == "units_needed":
            told = {each.field: int(cell or 1)}
        elif each.field == "on_road":
            told = {each.field: cell == "true"}
        past = replace(past, **told)
    return past
