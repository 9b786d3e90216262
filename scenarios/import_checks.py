"""Rows of records beside each other and beside the force profile: what is put aside, and what is only told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from dispatch.force import Force
from dispatch.imported import Known
from dispatch.model import Incident
from dispatch.naming import LONGEST_NAME, is_name
from graphs.coordinates import on_globe
from graphs.errors import Fault
from graphs.faults import unknown_name, written
from graphs.network import Network
from scenarios.desk_rows import AssignmentRow, DutyRow, RegradeRow, StatusRow
from scenarios.history import _crowded, _is_turned, _middle
from scenarios.import_files import Line
from scenarios.import_rows import MODELS, AmendmentRow, PastDutyRow, PastIncidentRow, as_values, fields_of
from scenarios.rows import SWAPPED_HINT

Read = tuple[Line, Any]
_NAMED: Final = f"1 to {LONGEST_NAME} printable characters, without a space at an end"


@dataclass(frozen=True)
class Against:
    """What rows are checked against.

    Parameters
    ----------
    end
        Nothing happened after it.
    """

    force: Force
    network: Network | None
    end: datetime


@dataclass
class Noticed:
    """What is not put aside, but told.

    Parameters
    ----------
    left_out
        By column and name, how many rows are kept without a name that the force does not have.
    hints
        By name, the closest that it has.
    strangers
        By table, how many rows are of incidents that are not among the records.
    crowded
        Places that very many callers share, each with how many incidents.
    """

    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    hints: dict[str, str] = field(default_factory=dict)
    strangers: Counter[str] = field(default_factory=Counter)
    crowded: dict[tuple[float, float], int] = field(default_factory=dict)


def check(tables: Mapping[str, Sequence[Read]], against: Against) -> Noticed:
    """Hold the rows of all tables against each other, the force profile and the end of the period.

    Parameters
    ----------
    tables
        Rows that are sound by themselves; what is wrong with them beside the others is added to the faults of their
        lines.
    """
    noticed = Noticed()
    for table, rows in tables.items():
        for line, row in rows:
            line.faults.extend(unknown_names(line, as_values(row), against.force))
            line.faults.extend(_CHECKS[table](line, row, against, noticed))
            line.faults.extend(_late(line, row, against.end))
        _repeated(table, rows)
    incidents = tables.get("incidents", ())
    _turned(incidents, against.network)
    _strangers(tables, {row.incident_id for _, row in incidents}, noticed)
    noticed.crowded = _default_places([row for line, row in incidents if not line.faults], against.force)
    return noticed


def _incident(line: Line, row: PastIncidentRow, against: Against, noticed: Noticed) -> Iterator[Fault]:
    _leave_out(line, "tags", row.tags, against.force.tags, noticed)
    yield from _unnamed(line, "incident_id", row.incident_id)
    if row.merged_into == row.incident_id:
        yield Fault(line.source, line.where, "merged_into", written(row.merged_into), "another incident")


def _assignment(line: Line, row: AssignmentRow, _against: Against, _noticed: Noticed) -> Iterator[Fault]:
    yield from _unnamed(line, "incident_id", row.incident_id)
    yield from _unnamed(line, "callsign", row.callsign)


def _status(line: Line, row: StatusRow, _against: Against, _noticed: Noticed) -> Iterator[Fault]:
    yield from _unnamed(line, "callsign", row.callsign)


def _duty(line: Line, row: PastDutyRow, against: Against, noticed: Noticed) -> Iterator[Fault]:
    _leave_out(line, "skills", row.skills, against.force.skills, noticed)
    yield from _unnamed(line, "callsign", row.callsign)
    if row.end is not None and row.end == row.start:
        yield Fault(line.source, line.where, "end", row.end.isoformat(), "a moment after start")
    try:
        row.station()
    except ValueError:
        yield Fault(line.source, line.where, "home", written(row.home), "LAT,LON in degrees")


def _nothing(_line: Line, _row: RegradeRow, _against: Against, _noticed: Noticed) -> Iterable[Fault]:
    return ()


def _amendment(line: Line, row: AmendmentRow, against: Against, noticed: Noticed) -> Iterator[Fault]:
    """Hold what a field became against what an incident may have there."""
    cell, names = row.value or "", [part for part in (row.value or "").split(";") if part]
    if row.field == "tags":
        _leave_out(line, "tags", names, against.force.tags, noticed)
    elif row.field == "needs":
        yield from unknown_names(line, {"needs": names}, against.force)
    elif not _AMENDED_TO.get(row.field, re.compile(".*")).fullmatch(cell):
        yield Fault(line.source, line.where, "value", written(row.value), _ACCEPTED[row.field])
    elif row.field == "place":
        lat, lon = map(float, cell.split(","))
        if not on_globe(lat, lon) or lat == lon == 0:
            yield Fault(line.source, line.where, "value", cell, _ACCEPTED["place"])


_NUMBER: Final = r"-?\d+(\.\d+)?"
_AMENDED_TO: Final = {
    "place": re.compile(f"{_NUMBER},{_NUMBER}"),
    "units_needed": re.compile(r"[1-9]|[1-4]\d|50"),
    "on_road": re.compile("true|false"),
}
_ACCEPTED: Final = {
    "place": "LAT,LON in degrees",
    "units_needed": "a whole number, 1 to 50",
    "on_road": "true or false",
}
_CHECKS: Final[Mapping[str, Callable[[Line, Any, Against, Noticed], Iterable[Fault]]]] = {
    "incidents": _incident,
    "assignments": _assignment,
    "statuses": _status,
    "duties": _duty,
    "regrades": _nothing,
    "amendments": _amendment,
}


def unknown_names(line: Line, values: Mapping[str, Any], force: Force) -> Iterator[Fault]:
    """Yield the fault of each name that the force profile lacks, and without which a row says something else."""
    known = {"grade": force.grades, "status": force.statuses, "needs": force.skills}
    for field_, names in known.items():
        told = values.get(field_)
        for name in told if isinstance(told, list) else [told]:
            if isinstance(name, str) and name not in names:
                yield unknown_name(line.source, field_, name, names, line.where)


def _leave_out(line: Line, name: str, told: list[str], known: Collection[str], noticed: Noticed) -> None:
    """Take the names out of a row that the force does not have, and count them."""
    for each in [each for each in told if each not in known]:
        told.remove(each)
        noticed.left_out[name, each] += 1
        noticed.hints.setdefault(each, unknown_name(line.source, name, each, known).hint)


def _unnamed(line: Line, name: str, text: str) -> Iterator[Fault]:
    if not is_name(text):
        yield Fault(line.source, line.where, name, written(text), _NAMED)


def _late(line: Line, row: BaseModel, end: datetime) -> Iterator[Fault]:
    """Yield the faults of moments after the end; the end of a duty is planned ahead."""
    planned = {"end"} if isinstance(row, DutyRow) else set[str]()
    for name in fields_of(type(row)):
        value = getattr(row, name)
        if isinstance(value, datetime) and name not in planned and value > end:
            accepted = f"a time up to the end of the period or now, {end.isoformat(timespec='seconds')}"
            yield Fault(line.source, line.where, name, value.isoformat(), accepted)


_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "incidents": ("incident_id",),
    "assignments": ("incident_id", "callsign", "assigned_at"),
    "duties": ("callsign", "start"),
}


def _repeated(table: str, rows: Sequence[Read]) -> None:
    """Add the fault of each row that tells what one before it told."""
    key, first = _KEYS.get(table), dict[tuple[object, ...], Line]()
    if key is None:
        return
    for line, row in rows:
        told = tuple(getattr(row, name) for name in key)
        before = first.setdefault(told, line)
        if before is not line:
            value = ", ".join(written(each) if isinstance(each, str) else str(each) for each in told)
            hint = f"also in {before.source} {before.where}"
            line.faults.append(
                Fault(line.source, line.where, ", ".join(key), value, f"each {', '.join(key)} only once", hint)
            )


def _turned(incidents: Sequence[Read], network: Network | None) -> None:
    """Add the fault of each incident whose place is among the others when its two numbers are exchanged."""
    places = [place for line, row in incidents if not line.faults and (place := row.place()) is not None]
    middle = _middle(places)
    for line, row in incidents:
        place = row.place()
        if place is None:
            continue
        inside = network is not None and network.contains(place[1], place[0]) and not network.contains(*place)
        if inside or _is_turned(row, middle):
            value = f"{place[0]:.12g}, {place[1]:.12g}"
            line.faults.append(
                Fault(line.source, line.where, "lat, lon", value, "a place among the others", SWAPPED_HINT)
            )


def _strangers(tables: Mapping[str, Sequence[Read]], known: Collection[str], noticed: Noticed) -> None:
    for table, rows in tables.items():
        if "incident_id" in MODELS[table].model_fields and table != "incidents":
            noticed.strangers[table] += sum(row.incident_id not in known for _, row in rows)


def _default_places(rows: Iterable[PastIncidentRow], force: Force) -> dict[tuple[float, float], int]:
    known = (_known(row, place) for row in rows if (place := row.place()) is not None)
    return _crowded(known, force.risk.crowd_incidents)


def _known(row: PastIncidentRow, place: tuple[float, float]) -> Known:
    incident = Incident(*place, grade=row.grade or "", incident_id=row.incident_id)
    return Known(incident, row.received_at, row.address, row.phone, (), None, None, None)
