"""``scenario.toml``: what each key may hold."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from dispatch.force_tables import Label, Table
from graphs.faults import NOTHING, refuse
from scenarios.scenario import Activity, Kind, Length
from scenarios.scenario_rows import KINDS, Resample, deviation

HEAD: Final = "scenario.toml"
ACTIVITIES: Final[tuple[Activity, ...]] = get_args(Activity)
_SECONDS: Final = "seconds, 0 or more"
_HOURS: Final = "a whole number of hours, 0 to 168"
_START: Final = "a date such as 2026-03-02, which is its midnight by the force's clocks, or a date-time with an offset"
_FILE: Final = "a file's name, from this folder"
_CODE: Final = "a status code of the force profile"
_POSITIVE: Final = "a whole number, 1 or more"


def _start(value: object) -> date | datetime:
    """Read a date, or a moment; a text is as good as TOML's own."""
    if isinstance(value, str):
        value = _dated(value)
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise refuse(_START, "it has no offset, such as 2026-03-02T07:00:00+00:00")
    if not isinstance(value, date):
        raise refuse(_START)
    if not 1970 <= value.year <= 2199:  # noqa: PLR2004 - as of all moments
        raise refuse(f"{_START}, in the years 1970 to 2199")
    return value


def _dated(text: str) -> date | datetime:
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    raise refuse(_START)


def _code(value: object) -> object:
    """Take a number for the code that is written like it."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Code = Annotated[str, BeforeValidator(_code), Field(description=_CODE)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class LengthTable(Table):
    """How long something takes."""

    kind: Kind = Field(description=KINDS)
    mean_s: Seconds = Field(description=_SECONDS)
    sd_s: Seconds | None = Field(default=None, description=_SECONDS)

    @model_validator(mode="after")
    def _deviates(self) -> Self:
        for error in deviation(self.kind, self.sd_s, "sd_s"):
            raise error
        return self

    def length(self) -> Length:
        """Return the distribution."""
        return Length(self.kind, self.mean_s, self.sd_s or 0.0)


class RoomTable(Table):
    """How the control room works."""

    decide_s: Seconds = Field(default=1.0, description=_SECONDS)
    nobody: Literal["wait", "lost"] = Field(default="wait", description='"wait" or "lost"')
    handling: Mapping[str, LengthTable] = Field(default_factory=dict, description="a table for each grade")


class CrewsTable(Table):
    """How crews work."""

    briefing_min: float = Field(default=10.0, ge=0, le=240, description="minutes, 0 to 240")
    back_min: float = Field(default=15.0, ge=0, le=240, description="minutes, 0 to 240")
    stroll: float = Field(default=1.5, ge=1, le=20, description="a number, 1 to 20")
    travel_spread: float = Field(default=0.0, ge=0, le=1, description="a number, 0 to 1")


class CodesTable(Table):
    """For each thing that a crew may be doing, the force's status code."""

    briefing: Code = "1"
    patrol: Code = "2"
    station: Code = "3"
    # Not Python's word for leaving a loop, but the key of the file.
    break_: Code = Field(default="4", alias="break", description=_CODE)
    en_route: Code = "5"
    at_scene: Code = "6"
    escort: Code = "9"
    custody: Code = "8"
    returning: Code = "2"

    def by_activity(self) -> dict[Activity, str]:
        """Return the codes."""
        told = self.model_dump(by_alias=True)
        return {activity: told[activity] for activity in ACTIVITIES}


class DemandTable(Table):
    """Where incidents come from: past ones or rates, and where the areas are."""

    history: str | None = Field(default=None, min_length=1, description=_FILE)
    resample: Resample = Field(default="days", description='"days" or "none"')
    rates: str | None = Field(default=None, min_length=1, description=_FILE)
    areas: str | None = Field(default=None, min_length=1, description=_FILE)
    name: str = Field(default="name", min_length=1, description="the property that has an area's name")
    weight: str | None = Field(default=None, min_length=1, description="the property that has an area's weight")
    sector: str | None = Field(default=None, min_length=1, description="the property that has an area's sector")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.history is None) == (self.rates is None):
            raise refuse("one of the two", field="history, rates", value=NOTHING if self.rates is None else "both")
        return self


class PolicyTable(BaseModel):
    """A policy; what is beside its name are its settings."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    name: str = Field(min_length=1, description="a policy's name")

    @property
    def settings(self) -> dict[str, Any]:
        """Its settings, as they are written."""
        return dict(self.model_extra or {})


class Head(Table):
    """All of it; docs/planner.md says what each key means."""

    version: int = Field(ge=1, le=1, description="1")
    name: Label = Field(description="a line of text for people to read")
    network: str = Field(min_length=1, description="a network file, or a file of roads, from this folder")
    force: str | None = Field(default=None, min_length=1, description=_FILE)
    start: Annotated[date | datetime, BeforeValidator(_start)] = Field(description=_START)
    days: int | None = Field(default=None, ge=1, le=3_660, description="a whole number of days, 1 to 3660")
    hours: int | None = Field(default=None, ge=1, le=87_840, description="a whole number of hours, 1 to 87840")
    seed: int = Field(default=1, ge=0, lt=2**63, description="a whole number, 0 or more")
    replications: int = Field(default=10, ge=1, le=100_000, description=_POSITIVE)
    warm_up_h: int = Field(default=2, ge=0, le=168, description=_HOURS)
    cool_down_h: int = Field(default=2, ge=0, le=168, description=_HOURS)
    coverage_every_min: int = Field(default=60, ge=1, le=1_440, description="a whole number of minutes, 1 to 1440")
    policies: tuple[PolicyTable, ...] = Field(
        default=(PolicyTable(name="nearest_first"),), min_length=1, strict=False, description="[[policies]] tables"
    )
    codes: CodesTable = Field(default=CodesTable(), description="a table of status codes")
    room: RoomTable = Field(default=RoomTable(), description="a table about the control room")
    crews: CrewsTable = Field(default=CrewsTable(), description="a table about how crews work")
    demand: DemandTable = Field(description="a table with history, or with rates")

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.days is None) == (self.hours is None):
            raise refuse("one of the two", field="days, hours", value=NOTHING if self.days is None else "both")
        return self


# Where one of these is at fault, its default would make other faults of what is none.
_DECISIVE: Final = frozenset({"version", "network", "force", "start", "days", "hours", "demand"})


def sound_head(values: Mapping[str, Any], error: ValidationError) -> Head | None:
    """Return what is left of a file without what is wrong in it, so that other files can be held against it.

    Parameters
    ----------
    values
        Of the file.
    error
        What is wrong with them.

    Returns
    -------
    Head or None
        None where too little is left.
    """
    places = [[part for part in each["loc"] if part != "[key]"] for each in error.errors(include_url=False)]
    if any(not place or place[0] in _DECISIVE for place in places):
        return None
    left = deepcopy(dict(values))
    for place in places:
        _drop(left, place)
    try:
        return Head.model_validate(left)
    except ValidationError:
        return None


def _drop(values: Any, place: list[int | str]) -> None:
    *path, last = place
    for part in path:
        values = values.get(part) if isinstance(values, dict) else None
    if isinstance(values, dict):
        values.pop(last, None)
