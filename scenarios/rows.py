"""One unit or incident as people write it, in a row of a table or in a JSON body.

The models say what a value may look like; whether it makes sense beside the force profile, the network and the clock
is checked in ``checks.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Self, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dispatch.model import Fix, Incident, Unit
from graphs.coordinates import from_british_grid, looks_like_british_grid, on_globe
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, refuse, written
from graphs.moments import MOMENT, Moment

_GRID_HINT = "looks like British National Grid: give it as easting and northing"
_DEGREES_HINT = "looks like degrees: give them as lat and lon"
SWAPPED_HINT = "lat and lon seem to be swapped: the other way round it is inside"
_NO_FIX_HINT = "a receiver without a fix reports 0, 0; leave the position empty if there is none"
# What would steer a terminal, or shows that the text is none; a tab or a new line may stand in what people read.
# The last spans change the direction of writing, and with it what a callsign looks like.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
PLACE = frozenset({"lat", "lon", "easting", "northing"})
Inside = Callable[[float, float], bool]


def _printable(text: str) -> str:
    found = _CONTROL.search(text)
    if found:
        raise refuse("text without control characters", f"it has U+{ord(found[0]):04X}")
    return text


_MOMENT_READER: TypeAdapter[datetime] = TypeAdapter(Moment)
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True)]
Text = Annotated[str, Field(strict=True, min_length=1), AfterValidator(_printable)]
Names = Annotated[list[Text], Field(strict=True, max_length=100)]


def read_moment(value: object, source: str, field: str) -> datetime:
    """Read one moment that stands by itself.

    Raises
    ------
    InputError
        It is no moment, or has no offset.
    """
    try:
        return _MOMENT_READER.validate_python(value)
    except ValidationError as error:
        told = error.errors(include_url=False)[0]
        hint = told.get("ctx", {}).get("hint", "")
        raise InputError([Fault(source, "", field, written(value), told["msg"], hint)]) from error


def _nowhere(_lat: float, _lon: float) -> bool:
    return False


class CsvRow(BaseModel):
    """A row of a table that people bring; the description of a field says what is accepted there."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Placed(CsvRow):
    """A row with a place, in degrees or on the British National Grid."""

    lat: Number | None = Field(default=None, description="degrees of latitude, -90 to 90")
    lon: Number | None = Field(default=None, description="degrees of longitude, -180 to 180")
    easting: Number | None = Field(default=None, description="metres east on the British National Grid, 0 to 700000")
    northing: Number | None = Field(default=None, description="metres north on the British National Grid, 0 to 1300000")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for error in self.contradictions():
            raise error
        return self

    def contradictions(self, unsound: Collection[str] = (), inside: Inside = _nowhere) -> Iterator[PydanticCustomError]:
        """Yield what is wrong with values beside each other.

        Parameters
        ----------
        unsound
            Fields already found wrong; nothing is said about them again.
        inside
            Tells whether ``(lat, lon)`` is where a place may be; used for a hint.
        """
        if PLACE.isdisjoint(unsound):
            yield from self._place_contradictions(inside)

    def _place_contradictions(self, inside: Inside) -> Iterator[PydanticCustomError]:
        halves = ((self.lat, self.lon, "lat", "lon"), (self.easting, self.northing, "easting", "northing"))
        for one, other, first, second in halves:
            if (one is None) != (other is None):
                missing = first if one is None else second
                yield refuse(f"{first} and {second} together, or neither", field=missing, value=NOTHING)
        if self.lat is not None and self.easting is not None:
            accepted = "lat and lon, or easting and northing, not both"
            yield refuse(accepted, field="easting, northing", value="a second position")
        if self.lat is not None and self.lon is not None:
            yield from _wrong_degrees(self.lat, self.lon, inside)
        if self.easting is not None and self.northing is not None:
            yield from _wrong_grid(self.easting, self.northing)

    def place(self) -> tuple[float, float] | None:
        """Return ``(lat, lon)`` in degrees, or None where the row has none, or none that can be told."""
        if any(self._place_contradictions(_nowhere)):
            return None
        if self.lat is not None and self.lon is not None:
            return self.lat, self.lon
        if self.easting is not None and self.northing is not None:
            return from_british_grid(self.easting, self.northing)
        return None

    def turned_place(self) -> tuple[float, float] | None:
        """Return the place with its two numbers exchanged, or None where that is none."""
        turned = self.model_copy(
            update={"lat": self.lon, "lon": self.lat, "easting": self.northing, "northing": self.easting}
        )
        return turned.place()


def _wrong_degrees(lat: float, lon: float, inside: Inside) -> Iterator[PydanticCustomError]:
    field, value = "lat, lon", f"{lat:.12g}, {lon:.12g}"
    if not on_globe(lat, lon):
        hint = _GRID_HINT if looks_like_british_grid(lat, lon) else SWAPPED_HINT if inside(lon, lat) else ""
        yield refuse("lat -90 to 90, lon -180 to 180", hint, field, value)
    elif lat == 0 and lon == 0:
        yield refuse("a real place", _NO_FIX_HINT, field, value)


def _wrong_grid(easting_m: float, northing_m: float) -> Iterator[PydanticCustomError]:
    try:
        from_british_grid(easting_m, northing_m)
    except ValueError:
        accepted = "a point of Great Britain: easting 0 to 700000, northing 0 to 1300000"
        hint = _DEGREES_HINT if on_globe(easting_m, northing_m) or on_globe(northing_m, easting_m) else ""
        if easting_m == northing_m == 0:
            hint = _NO_FIX_HINT
        yield refuse(accepted, hint, "easting, northing", f"{easting_m:.12g}, {northing_m:.12g}")


class UnitRow(Placed):
    """A unit: who, in which state, where when."""

    callsign: Text = Field(description="a callsign, each only once")
    status: Text | None = Field(default=None, description="a status code of the force profile, or nothing if unknown")
    fixed_at: Moment | None = Field(default=None, description=MOMENT)
    accuracy_m: Annotated[Number, Field(ge=0)] | None = Field(default=None, description="metres, 0 or more")
    course_deg: Annotated[Number, Field(ge=0, le=360)] | None = Field(default=None, description="degrees, 0 to 360")
    speed_kmh: Annotated[Number, Field(ge=0, le=400)] | None = Field(default=None, description="km/h, 0 to 400")
    crew: Annotated[Whole, Field(ge=0, le=50)] | None = Field(
        default=None, description="a whole number of officers aboard, 0 to 50"
    )
    skills: Names = Field(default_factory=list, description="skill names of the force profile")
    sector: Text | None = Field(default=None, description="a sector's name")
    duty_start: Moment | None = Field(default=None, description=MOMENT)
    duty_end: Moment | None = Field(default=None, description=MOMENT)
    incident_id: Text | None = Field(default=None, description="the incident that the unit is committed to")
    committed_grade: Text | None = Field(default=None, description="a grade of the force profile")

    def contradictions(self, unsound: Collection[str] = (), inside: Inside = _nowhere) -> Iterator[PydanticCustomError]:
        """Yield what is wrong with values beside each other; see `Placed`."""
        yield from super().contradictions(unsound, inside)
        placed = any(getattr(self, name) is not None for name in PLACE)
        if placed and self.fixed_at is None and "fixed_at" not in unsound:
            yield refuse(MOMENT, "an undated position may be of any age", "fixed_at", NOTHING)
        if self.duty_start and self.duty_end and self.duty_end <= self.duty_start:
            accepted = f"a moment after duty_start, {self.duty_start.isoformat()}"
            yield refuse(accepted, field="duty_end", value=self.duty_end.isoformat())

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


class IncidentRow(Placed):
    """An incident: where, how urgent, what it needs."""

    incident_id: Text | None = Field(default=None, description="an identifier, each only once")
    received_at: Moment | None = Field(default=None, description=MOMENT)
    grade: Text = Field(description="a grade of the force profile")
    type: Text | None = Field(default=None, description="text for people to read")
    tags: Names = Field(default_factory=list, description="tags of the force profile")
    needs: Names = Field(default_factory=list, description="skill names of the force profile")
    units_needed: Annotated[Whole, Field(ge=1, le=50)] = Field(default=1, description="a whole number, 1 to 50")
    sector: Text | None = Field(default=None, description="a sector's name")
    address: Text | None = Field(default=None, description="text for people to read")
    phone: Text | None = Field(default=None, description="text for people to read")
    people: Names = Field(default_factory=list, description="names of people concerned")
    on_road: bool = Field(
        default=False, strict=True, description="true or false: whether it is on the carriageway itself"
    )

    def contradictions(self, unsound: Collection[str] = (), inside: Inside = _nowhere) -> Iterator[PydanticCustomError]:
        """Yield what is wrong with values beside each other; see `Placed`."""
        yield from super().contradictions(unsound, inside)
        if PLACE.isdisjoint(unsound) and all(getattr(self, name) is None for name in PLACE):
            yield refuse("lat and lon, or easting and northing", field="lat, lon", value=NOTHING)

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


Row = TypeVar("Row", UnitRow, IncidentRow)
AnyRow = TypeVar("AnyRow", bound=CsvRow)


def sound_part(model: type[AnyRow], values: Mapping[str, Any], unsound: Collection[str]) -> AnyRow:
    """Make a row of the values that are sound by themselves, so that they can be checked with the others."""
    readers = _readers(model)
    sound = readers.keys() & values.keys() - set(unsound)
    return model.model_construct(**{name: readers[name].validate_python(values[name]) for name in sound})


@cache
def _readers(model: type[CsvRow]) -> dict[str, TypeAdapter[Any]]:
    return {name: TypeAdapter(info.rebuild_annotation()) for name, info in model.model_fields.items()}


def cell_value(model: type[BaseModel], column: str, cell: str) -> Any:
    """Read a cell of a table for a field of a model; what cannot be read stays text, for the model to refuse."""
    kind = _kinds(model).get(column, str)
    text = cell.strip()
    if kind is list:
        return [part.strip() for part in text.split(";") if part.strip()]
    if not text:
        return None
    if kind is bool:
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(text.lower(), text)
    # Python reads 1_0 as ten; people do not.
    if kind not in {int, float} or "_" in text or not text.isascii():
        return text
    try:
        return kind(text)
    except ValueError:
        return text


@cache
def _kinds(model: type[BaseModel]) -> dict[str, Any]:
    """Return what each field holds: ``int``, ``float``, ``bool``, ``list`` or something that stays text."""
    return {name: _kind(info.annotation) for name, info in model.model_fields.items()}


def _kind(annotation: Any) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is list:
        return list
    # Annotated[int, ...] and int | None both have the type first.
    return _kind(arguments[0]) if arguments else annotation
