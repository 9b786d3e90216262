"""Rows that are brought to a desk: what happened elsewhere, to go on from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphs.errors import Fault, InputError
from graphs.faults import shape_faults, unknown_name, written
from graphs.moments import MOMENT, Moment
from scenarios.cells import meant
from scenarios.history import HistoryRow
from scenarios.rows import Names, Text, UnitRow, Whole, cell_value
from scenarios.tables import rows_of

MOST_ROWS: Final = 1_000
_ENTERED: Final = f"when it was written down, {MOMENT}; not read"
Model = TypeVar("Model", bound=BaseModel)


class Entered(BaseModel):
    """A row that may say when it was written down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entered_at: Moment | None = Field(default=None, description=_ENTERED)


class StatusRow(Entered):
    """A status code that a unit reported."""

    callsign: Text = Field(description="a unit on duty")
    at: Moment = Field(description=MOMENT)
    status: Text = Field(description="a status code of the force profile")


class RegradeRow(Entered):
    """Another grade for an incident."""

    incident_id: Text = Field(description="an open incident")
    at: Moment = Field(description=MOMENT)
    grade: Text = Field(description="a grade of the force profile")


class AssignmentRow(Entered):
    """A unit sent to an incident, and how far it has come."""

    incident_id: Text = Field(description="an open incident")
    callsign: Text = Field(description="a unit on duty")
    assigned_at: Moment = Field(description=MOMENT)
    en_route_at: Moment | None = Field(default=None, description=MOMENT)
    on_scene_at: Moment | None = Field(default=None, description=MOMENT)
    cleared_at: Moment | None = Field(default=None, description=MOMENT)
    reason: Text | None = Field(default=None, description="one of the force's override reasons")
    ended: Literal["clear", "stood_down", "diverted"] | None = Field(
        default=None, description="how it ended: clear, stood_down or diverted; clear, if not given"
    )
    cleared_entered_at: Moment | None = Field(default=None, description=_ENTERED)


class DutyRow(Entered):
    """A unit that comes on duty."""

    callsign: Text = Field(description="a callsign, each only once")
    start: Moment = Field(description=MOMENT)
    end: Moment | None = Field(default=None, description=MOMENT)
    crew: Annotated[Whole, Field(ge=0, le=50)] | None = Field(default=None, description="a whole number, 0 to 50")
    skills: Names = Field(default_factory=list, description="skill names of the force profile")
    sector: Text | None = Field(default=None, description="a sector's name")
    home: Text | None = Field(default=None, description="LAT,LON of its station")
    end_entered_at: Moment | None = Field(default=None, description=_ENTERED)


# Each table by its name, and the columns that identify a row.
TABLES: Final[dict[str, tuple[type[BaseModel], str]]] = {
    "duties": (DutyRow, "callsign"),
    "units": (UnitRow, "callsign"),
    "incidents": (HistoryRow, "incident_id"),
    "regrades": (RegradeRow, ""),
    "statuses": (StatusRow, ""),
    "assignments": (AssignmentRow, ""),
}


def read_rows(
    text: str, source: str, model: type[Model], once: str = "", most: int = MOST_ROWS
) -> list[tuple[str, Model]]:
    """Read CSV text into rows, each with where it stands.

    Parameters
    ----------
    source
        What to call the text in faults.
    once
        A column whose values may stand in one row only; none, if empty.
    most
        How many rows there may be.

    Raises
    ------
    InputError
        With every fault of every row.
    """
    rows = rows_of(text, source)
    if not rows:
        raise InputError([Fault(source, "", "", "no row", f"a header with {', '.join(model.model_fields)}")])
    where, names = rows[0]
    header = [name.strip() for name in names]
    faults = [
        unknown_name(source, name, name, model.model_fields, where) for name in header if name not in model.model_fields
    ]
    faults += [
        Fault(source, where, name, "a repeated column", "each column only once")
        for name in set(header)
        if header.count(name) > 1
    ]
    if len(rows) - 1 > most:
        faults.append(Fault(source, "", "", f"{len(rows) - 1} rows", f"{most} rows at most"))
    if faults:
        raise InputError(faults)
    found, first = list[tuple[str, Model]](), dict[str, str]()
    for where, cells in rows[1:]:
        row = _row(header, cells, source, where, model, faults)
        if row is None:
            continue
        faults += _again(getattr(row, once, None) if once else None, first, source, where, once)
        found.append((where, row))
    if faults:
        raise InputError(faults)
    return found


def _row(
    header: Sequence[str], cells: Sequence[str], source: str, where: str, model: type[Model], faults: list[Fault]
) -> Model | None:
    if len(cells) != len(header):
        faults.append(Fault(source, where, "", f"{len(cells)} cells", f"{len(header)} cells, as the header has"))
        return None
    columns = zip(header, cells, strict=True)
    read: dict[str, Any] = {column: cell_value(model, column, meant(cell)) for column, cell in columns}
    try:
        return model.model_validate({column: value for column, value in read.items() if value is not None})
    except ValidationError as error:
        faults += shape_faults(error, model, source, where)
        return None


def _again(value: Any, first: dict[str, str], source: str, where: str, once: str) -> list[Fault]:
    if value is None or first.setdefault(value, where) == where:
        return []
    return [Fault(source, where, once, written(value), f"each {once} only once", f"also in {first[value]}")]
