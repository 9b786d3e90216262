"""From rows to units and incidents, checked against the force profile, the network and the clock.

Every fault of an input is found before any is reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from dispatch.force import Force
from dispatch.model import Incident, Unit
from graphs.errors import Fault
from graphs.faults import shape_faults, unknown_name
from graphs.network import Network
from scenarios.rows import IncidentRow, UnitRow

Record = tuple[str, Mapping[str, Any]]
Row = TypeVar("Row", UnitRow, IncidentRow)
# Stands in for a moment that cannot be read, so that nothing else is called a time in the future for it.
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Beside:
    """What rows are checked against.

    Parameters
    ----------
    force
        Knows the names of statuses, grades, skills and tags.
    network
        Knows where its area is.
    now
        Nothing may have happened after it, but for the force's tolerance of clocks that differ.
    """

    force: Force
    network: Network
    now: datetime


def units_of(records: Iterable[Record], source: str, beside: Beside) -> tuple[tuple[Unit, ...], list[Fault]]:
    """Make units of records.

    Parameters
    ----------
    records
        ``(where, values)`` of each, such as ``("row 2", {...})``.
    source
        What was read, for the faults.

    Returns
    -------
    units, faults
        The units of sound records, and everything wrong with the others.
    """
    faults: list[Fault] = []
    rows = list(_rows(records, UnitRow, source, faults))
    faults += _repeated(rows, "callsign", source)
    for where, row in rows:
        faults += _unit_faults(row, source, where, beside)
    return tuple(row.unit() for _, row in rows), faults


def incidents_of(records: Iterable[Record], source: str, beside: Beside) -> tuple[tuple[Incident, ...], list[Fault]]:
    """Make incidents of records; see `units_of`."""
    faults: list[Fault] = []
    rows = list(_rows(records, IncidentRow, source, faults))
    faults += _repeated(rows, "incident_id", source)
    for where, row in rows:
        faults += _incident_faults(row, source, where, beside)
    return tuple(row.incident() for _, row in rows), faults


def _rows(records: Iterable[Record], model: type[Row], source: str, faults: list[Fault]) -> Iterator[tuple[str, Row]]:
    for where, values in records:
        try:
            yield where, model.model_validate(values)
        except ValidationError as error:
            faults += shape_faults(error, model, source, where)


def _repeated(rows: Iterable[tuple[str, Row]], field: str, source: str) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for where, row in rows:
        value = getattr(row, field)
        if value is not None and first.setdefault(value, where) != where:
            yield Fault(source, where, field, value, f"each {field} only once", f"also in {first[value]}")


def _unit_faults(row: UnitRow, source: str, where: str, beside: Beside) -> Iterator[Fault]:
    force = beside.force
    known = _Known(source, where)
    yield from known.one("status", row.status, force.statuses)
    yield from known.one("committed_grade", row.committed_grade, force.grades)
    yield from known.all("skills", row.skills, force.skills)
    yield from _future("fixed_at", row.fixed_at, source, where, beside)
    place = row.place()
    # A unit may really be outside the network; that is a rule of the ledger. A swapped position is a mistake.
    if place is not None and not beside.network.contains(*place) and beside.network.contains(place[1], place[0]):
        yield outside(place, source, where, beside.network)


def _incident_faults(row: IncidentRow, source: str, where: str, beside: Beside) -> Iterator[Fault]:
    force = beside.force
    known = _Known(source, where)
    yield from known.one("grade", row.grade, force.grades)
    yield from known.all("tags", row.tags, force.tags)
    yield from known.all("needs", row.needs, force.skills)
    yield from _future("received_at", row.received_at, source, where, beside)
    place = row.place()
    if place is not None and not beside.network.contains(*place):
        yield outside(place, source, where, beside.network)


@dataclass(frozen=True, slots=True)
class _Known:
    """Finds names that the force profile does not have."""

    source: str
    where: str

    def one(self, field: str, name: str | None, known: Collection[str]) -> Iterator[Fault]:
        if name is not None and name not in known:
            yield unknown_name(self.source, field, name, known, self.where)

    def all(self, field: str, names: Iterable[str], known: Collection[str]) -> Iterator[Fault]:
        for name in names:
            yield from self.one(field, name, known)


def _future(field: str, moment: datetime | None, source: str, where: str, beside: Beside) -> Iterator[Fault]:
    tolerance_s = beside.force.fixes.future_tolerance_s
    if moment is not None and (moment - beside.now).total_seconds() > tolerance_s:
        accepted = f"a time up to now, {beside.now.isoformat()}, and {tolerance_s} s for clocks that differ"
        yield Fault(source, where, field, moment.isoformat(), accepted)


def outside(place: tuple[float, float], source: str, where: str, network: Network, field: str = "lat, lon") -> Fault:
    """Make the fault of a place, ``(lat, lon)``, that is outside the network's area."""
    lat, lon = place
    west, south, east, north = network.area.bounds
    box = f"lat {south:.4f} to {north:.4f}, lon {west:.4f} to {east:.4f}"
    accepted = f"a point of the network {network.meta.source}: {box}"
    hint = "lat and lon seem to be swapped: the other way round it is inside" if network.contains(lon, lat) else ""
    return Fault(source, where, field, f"{lat:g}, {lon:g}", accepted, hint)
