"""A row of each table of records, as it is checked when it is imported."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from graphs.coordinates import on_globe
from graphs.moments import MOMENT, Moment
from scenarios.desk_rows import AssignmentRow, DutyRow, Entered, RegradeRow, StatusRow
from scenarios.rows import Names, Placed, Text, Whole


class PastIncidentRow(Placed):
    """An incident of the past; what nobody recorded of it may be absent."""

    incident_id: Text = Field(description="an identifier, each only once")
    received_at: Moment = Field(description=MOMENT)
    grade: Text | None = Field(default=None, description="a grade of the force profile")
    type: Text | None = Field(default=None, description="text for people to read")
    tags: Names = Field(default_factory=list, description="tags of the force profile")
    needs: Names = Field(default_factory=list, description="skill names of the force profile")
    units_needed: Annotated[Whole, Field(ge=1, le=50)] = Field(default=1, description="a whole number, 1 to 50")
    sector: Text | None = Field(default=None, description="a sector's name")
    address: Text | None = Field(default=None, description="text for people to read")
    phone: Text | None = Field(default=None, description="text for people to read")
    people: Names = Field(default_factory=list, description="names of people concerned")
    on_road: bool = Field(default=False, strict=True, description="true or false")
    closed_at: Moment | None = Field(default=None, description=MOMENT)
    outcome: Text | None = Field(default=None, description="text for people to read")
    dash: Text | None = Field(default=None, description="text; not read")
    merged_into: Text | None = Field(default=None, description="the incident that this one is a second report of")
    self_initiated: bool = Field(default=False, strict=True, description="true or false")
    closed_entered_at: Moment | None = Field(default=None, description=MOMENT)
    entered_at: Moment | None = Field(default=None, description=MOMENT)


class PastDutyRow(Placed, DutyRow):
    """A period for which a callsign was manned; the place is that of its station, where `home` does not say it."""

    callsign: Text = Field(description="a callsign")

    def station(self) -> tuple[float, float] | None:
        """Return ``(lat, lon)`` of its station, None where that is not told.

        Raises
        ------
        ValueError
            ``home`` is no place.
        """
        if self.home is None:
            return self.place()
        lat, lon = (float(part) for part in self.home.split(","))
        if not on_globe(lat, lon):
            raise ValueError(self.home)
        return lat, lon


class AmendmentRow(Entered):
    """What was corrected or completed about an incident."""

    incident_id: Text = Field(description="an incident")
    at: Moment = Field(description=MOMENT)
    field: Literal["place", "type", "tags", "needs", "units_needed", "sector", "on_road"] = Field(
        description="place, type, tags, needs, units_needed, sector or on_road"
    )
    value: Text | None = Field(default=None, description="what it became, as in incidents; a place is LAT,LON")


class DemandRow(Placed):
    """Where and in which month something happened, and no more."""

    month: Annotated[Text, Field(pattern=r"^[12]\d{3}-(0[1-9]|1[0-2])$")] = Field(
        description="a month, such as 2026-01"
    )
    type: Text | None = Field(default=None, description="text for people to read")


MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "incidents": PastIncidentRow,
    "assignments": AssignmentRow,
    "statuses": StatusRow,
    "duties": PastDutyRow,
    "regrades": RegradeRow,
    "amendments": AmendmentRow,
    "demand": DemandRow,
}
# The times of a row in the order in which they came about; `entered_at` stands apart.
STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "incidents": ("received_at", "closed_at"),
    "assignments": ("assigned_at", "en_route_at", "on_scene_at", "cleared_at"),
    "statuses": ("at",),
    "duties": ("start", "end"),
    "regrades": ("at",),
    "amendments": ("at",),
    "positions": ("fixed_at", "received_at"),
    "demand": (),
}
POSITION_COLUMNS: Final = (
    *("callsign", "fixed_at", "received_at", "lat", "lon", "easting", "northing", "accuracy_m", "course_deg"),
    *("speed_kmh", "source", "refused"),
)
LOG_DATE: Final = "log_date"


@cache
def halves(step: str) -> tuple[str, str]:
    """Return the names of the columns that a time in two columns has.

    >>> halves("received_at"), halves("at"), halves("start")
    (('received_date', 'received_time'), ('date', 'time'), ('start_date', 'start_time'))
    """
    stem = step.removesuffix("at")
    before = stem if stem.endswith("_") or not stem else f"{stem}_"
    return f"{before}date", f"{before}time"


def columns_of(table: str) -> tuple[str, ...]:
    """Return every name that a column of a table may have here."""
    fields = POSITION_COLUMNS if table == "positions" else tuple(MODELS[table].model_fields)
    times = [step for step in (*STEPS[table], "entered_at") if step in fields]
    dates = tuple(name for step in times for name in halves(step))
    restarting = (LOG_DATE,) if "incident_id" in fields else ()
    return (*fields, *dates, *restarting)


def required_of(table: str) -> tuple[str, ...]:
    """Return the columns that a table has to have."""
    if table == "positions":
        return ("callsign", "fixed_at")
    return tuple(name for name, info in MODELS[table].model_fields.items() if info.is_required())


def as_values(row: BaseModel) -> dict[str, Any]:
    """Return the values of a row by their names."""
    return {name: getattr(row, name) for name in fields_of(type(row))}


@cache
def fields_of(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the names of a model's fields; pydantic takes its time to tell them."""
    return tuple(model.model_fields)
