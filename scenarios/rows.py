"""One unit or incident as people write it, in a row of a table or in a JSON body.

The models say what a value may look like; whether it makes sense beside the force profile, the network and the clock
is checked in ``checks.py``.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from dispatch.model import Fix, Incident, Unit
from graphs.coordinates import from_british_grid, looks_like_british_grid, on_globe
from graphs.faults import NOTHING, refuse

_MOMENT = "ISO 8601 with an offset, such as 2026-01-31T23:10:00Z or 2026-01-31T23:10:00+00:00"
_YEARS = (1970, 2199)
_GRID_HINT = "looks like British National Grid: give it as easting and northing"


def _moment(value: object) -> object:
    if value is None:
        return value
    moment = _read_moment(value)
    if moment.utcoffset() is None:
        raise refuse(_MOMENT, "it has no offset, so it could be any zone's time")
    # Near the first and last year that a clock can hold, a time may have no equal in UTC.
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise refuse(f"{_MOMENT}, in the years {_YEARS[0]} to {_YEARS[1]}")
    return moment


def _read_moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise refuse(_MOMENT)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise refuse(_MOMENT) from None
    if "T" not in value and " " not in value:
        raise refuse(_MOMENT, "a date without a time")
    return moment


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True)]
Text = Annotated[str, Field(strict=True, min_length=1)]
Names = Annotated[list[Text], Field(strict=True, max_length=100)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Placed(_Row):
    """A row with a place, in degrees or on the British National Grid."""

    lat: Number | None = Field(default=None, description="degrees of latitude, -90 to 90")
    lon: Number | None = Field(default=None, description="degrees of longitude, -180 to 180")
    easting: Number | None = Field(default=None, description="metres east on the British National Grid, 0 to 700000")
    northing: Number | None = Field(default=None, description="metres north on the British National Grid, 0 to 1300000")

    @model_validator(mode="after")
    def _one_whole_place(self) -> Self:
        degrees, grid = (self.lat, self.lon), (self.easting, self.northing)
        for pair, first, second in ((degrees, "lat", "lon"), (grid, "easting", "northing")):
            if (pair[0] is None) != (pair[1] is None):
                missing = first if pair[0] is None else second
                raise refuse(f"{first} and {second} together, or neither", field=missing, value=NOTHING)
        if None not in degrees and None not in grid:
            accepted = "lat and lon, or easting and northing, not both"
            raise refuse(accepted, field="easting, northing", value="a second position")
        if None not in grid:
            self._grid_degrees()
        elif self.lat is not None and self.lon is not None:
            _refuse_degrees(self.lat, self.lon)
        return self

    def place(self) -> tuple[float, float] | None:
        """Return ``(lat, lon)`` in degrees, or None where the row has no place."""
        if self.lat is not None and self.lon is not None:
            return self.lat, self.lon
        return self._grid_degrees() if self.easting is not None else None

    def _grid_degrees(self) -> tuple[float, float]:
        easting, northing = self.easting or 0.0, self.northing or 0.0
        try:
            return from_british_grid(easting, northing)
        except ValueError:
            accepted = "a point of Great Britain, within 0 to 700000 and 0 to 1300000"
            raise refuse(accepted, field="easting, northing", value=f"{easting:g}, {northing:g}") from None


def _refuse_degrees(lat: float, lon: float) -> None:
    field, value = "lat, lon", f"{lat:g}, {lon:g}"
    if not on_globe(lat, lon):
        hint = _GRID_HINT if looks_like_british_grid(lat, lon) else ""
        if not hint and on_globe(lon, lat):
            hint = "lat and lon may be swapped"
        raise refuse("lat -90 to 90, lon -180 to 180", hint, field, value)
    if lat == 0 and lon == 0:
        hint = "a receiver without a fix reports 0, 0; leave lat and lon empty if there is none"
        raise refuse("a real place", hint, field, value)


class UnitRow(_Placed):
    """A unit: who, in which state, where when."""

    callsign: Text = Field(description="a callsign, each only once")
    status: Text | None = Field(default=None, description="a status code of the force profile, or nothing if unknown")
    fixed_at: Moment | None = Field(default=None, description=_MOMENT)
    accuracy_m: Annotated[Number, Field(ge=0)] | None = Field(default=None, description="metres, 0 or more")
    course_deg: Annotated[Number, Field(ge=0, le=360)] | None = Field(default=None, description="degrees, 0 to 360")
    speed_kmh: Annotated[Number, Field(ge=0, le=400)] | None = Field(default=None, description="km/h, 0 to 400")
    crew: Annotated[Whole, Field(ge=0, le=50)] | None = Field(default=None, description="officers aboard, 0 to 50")
    skills: Names = Field(default_factory=list, description="skill names of the force profile")
    sector: Text | None = Field(default=None, description="a sector's name")
    duty_start: Moment | None = Field(default=None, description=_MOMENT)
    duty_end: Moment | None = Field(default=None, description=_MOMENT)
    incident_id: Text | None = Field(default=None, description="the incident that the unit is committed to")
    committed_grade: Text | None = Field(default=None, description="a grade of the force profile")

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.place() is not None and self.fixed_at is None:
            raise refuse(_MOMENT, "an undated position may be of any age", "fixed_at", NOTHING)
        if self.duty_start and self.duty_end and self.duty_end <= self.duty_start:
            raise refuse("a moment after duty_start", field="duty_end", value=self.duty_end.isoformat())
        return self

    def unit(self) -> Unit:
        """Return the unit that the row describes."""
        place = self.place()
        fix = None
        if place is not None and self.fixed_at is not None:
            fix = Fix(*place, self.fixed_at, self.accuracy_m, self.course_deg, self.speed_kmh)
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
            committed_grade=self.committed_grade,
        )


class IncidentRow(_Placed):
    """An incident: where, how urgent, what it needs."""

    incident_id: Text | None = Field(default=None, description="an identifier, each only once")
    received_at: Moment | None = Field(default=None, description=_MOMENT)
    grade: Text = Field(description="a grade of the force profile")
    type: Text | None = Field(default=None, description="text for people to read")
    tags: Names = Field(default_factory=list, description="tags of the force profile")
    needs: Names = Field(default_factory=list, description="skill names of the force profile")
    units_needed: Annotated[Whole, Field(ge=1, le=50)] = Field(default=1, description="a whole number, 1 to 50")
    sector: Text | None = Field(default=None, description="a sector's name")
    address: Text | None = Field(default=None, description="text for people to read")
    phone: Text | None = Field(default=None, description="text for people to read")
    people: Names = Field(default_factory=list, description="names of people concerned")
    on_road: bool = Field(default=False, strict=True, description="true where it is on the carriageway itself")

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if self.place() is None:
            raise refuse("a position", field="lat, lon (or easting, northing)", value=NOTHING)
        return self

    def incident(self) -> Incident:
        """Return the incident that the row describes."""
        lat, lon = self.place() or (math.nan, math.nan)
        return Incident(
            lat=lat,
            lon=lon,
            grade=self.grade,
            incident_id=self.incident_id or "",
            received_at=self.received_at,
            type=self.type,
            tags=frozenset(self.tags),
            needs=frozenset(self.needs),
            units_needed=self.units_needed,
            sector=self.sector,
            on_road=self.on_road,
        )


def cell_value(model: type[_Row], column: str, cell: str) -> Any:
    """Read a cell of a table for a field of a model; what cannot be read stays text, for the model to refuse."""
    kind = str(model.model_fields[column].annotation) if column in model.model_fields else ""
    text = cell.strip()
    if "list" in kind:
        return [part.strip() for part in text.split(";") if part.strip()]
    if not text:
        return None
    if "bool" in kind:
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(text.lower(), text)
    reader = int if "int" in kind else float if "float" in kind else str
    try:
        return reader(text)
    except ValueError:
        return text
