"""From rows to units and incidents, checked against the force profile, the network and the clock.

Every fault of an input is found before any is reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic

from pydantic import ValidationError

from dispatch.force import Force
from dispatch.model import Incident, Unit
from graphs.errors import Fault
from graphs.faults import rule_fault, shape_faults, unknown_name, written
from graphs.network import Network
from scenarios.rows import PLACE, SWAPPED_HINT, IncidentRow, Row, UnitRow, sound_part

Record = tuple[str, Mapping[str, Any]]
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


@dataclass(frozen=True, slots=True)
class _Read(Generic[Row]):
    """A row, which of its fields cannot be used, and what is wrong with it so far."""

    where: str
    row: Row
    unsound: frozenset[str]
    faults: tuple[Fault, ...] = ()


def units_of(
    records: Iterable[Record], source: str, beside: Beside, absent: Collection[str] = ()
) -> tuple[tuple[Unit, ...], list[Fault]]:
    """Make units of records.

    Parameters
    ----------
    records
        ``(where, values)`` of each, such as ``("row 2", {...})``.
    source
        What was read, for the faults.
    absent
        Fields that the input lacks as a whole; nothing is said about them for each record.

    Returns
    -------
    units, faults
        The units of sound records, and everything wrong with the others.
    """
    faults: list[Fault] = []
    rows = _rows(records, UnitRow, source, beside, frozenset(absent), faults)
    repeated = _repeated(rows, "callsign", source)
    for read in rows:
        faults += [*read.faults, *repeated.get(read.where, ()), *_unit_faults(read, source, beside)]
    return tuple(read.row.unit() for read in rows if not (read.faults or read.unsound)), faults


def incidents_of(
    records: Iterable[Record], source: str, beside: Beside, absent: Collection[str] = ()
) -> tuple[tuple[Incident, ...], list[Fault]]:
    """Make incidents of records; see `units_of`."""
    faults: list[Fault] = []
    rows = _rows(records, IncidentRow, source, beside, frozenset(absent), faults)
    repeated = _repeated(rows, "incident_id", source)
    for read in rows:
        faults += [*read.faults, *repeated.get(read.where, ()), *_incident_faults(read, source, beside)]
    return tuple(read.row.incident() for read in rows if not (read.faults or read.unsound)), faults


def _rows(
    records: Iterable[Record],
    model: type[Row],
    source: str,
    beside: Beside,
    absent: frozenset[str],
    faults: list[Fault],
) -> list[_Read[Row]]:
    """Read what can be read; a record that is no table of values has no row, and its fault is added."""
    rows: list[_Read[Row]] = []
    for where, values in records:
        try:
            rows.append(_Read(where, model.model_validate(values), absent))
        except ValidationError as error:
            told = shape_faults(error, model, source, where)
            if isinstance(values, Mapping):
                rows.append(_partly(where, values, error, told, model, source, beside, absent))
            else:
                faults += told
    return rows


def _partly(
    where: str,
    values: Mapping[str, Any],
    error: ValidationError,
    told: Iterable[Fault],
    model: type[Row],
    source: str,
    beside: Beside,
    absent: frozenset[str],
) -> _Read[Row]:
    """Keep what is sound of a faulty row: its other faults are then found in the same go."""
    places = [each["loc"][:1] for each in error.errors(include_url=False)]
    by_field = [(str(place[0]), fault) for place, fault in zip(places, told, strict=True) if place]
    unsound = absent.union(name for name, _ in by_field)
    row = sound_part(model, values, unsound)
    found = [fault for name, fault in by_field if name not in absent]
    found += [rule_fault(each, source, where) for each in row.contradictions(unsound, beside.network.contains)]
    return _Read(where, row, unsound, tuple(found))


def _repeated(rows: Iterable[_Read[Row]], field: str, source: str) -> dict[str, list[Fault]]:
    """Return the fault of each row, by where it is, that has the same value as one before it."""
    first: dict[str, str] = {}
    found: dict[str, list[Fault]] = {}
    for read in rows:
        value = getattr(read.row, field, None)
        if value is not None and first.setdefault(value, read.where) != read.where:
            hint = f"also in {first[value]}"
            found[read.where] = [Fault(source, read.where, field, written(value), f"each {field} only once", hint)]
    return found


def _unit_faults(read: _Read[UnitRow], source: str, beside: Beside) -> Iterator[Fault]:
    force, row, where = beside.force, read.row, read.where
    known = _Known(source, where)
    yield from known.one("status", row.status, force.statuses)
    yield from known.one("committed_grade", row.committed_grade, force.grades)
    yield from known.all("skills", row.skills, force.skills)
    yield from _future("fixed_at", row.fixed_at, source, where, beside)
    # A unit may really be outside the network; that is a rule of the ledger. A swapped position is a mistake.
    yield from (fault for fault in _outside(read, source, beside.network) if fault.hint)


def _incident_faults(read: _Read[IncidentRow], source: str, beside: Beside) -> Iterator[Fault]:
    force, row, where = beside.force, read.row, read.where
    known = _Known(source, where)
    yield from known.one("grade", getattr(row, "grade", None), force.grades)
    yield from known.all("tags", row.tags, force.tags)
    yield from known.all("needs", row.needs, force.skills)
    yield from _future("received_at", row.received_at, source, where, beside)
    yield from _outside(read, source, beside.network)


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
        accepted = f"a time up to now, {beside.now.isoformat()}, or {tolerance_s} s later for clocks that differ"
        yield Fault(source, where, field, moment.isoformat(), accepted)


def _outside(read: _Read[Row], source: str, network: Network) -> Iterator[Fault]:
    """Yield the fault of a row whose place is outside the network, as the row writes the place."""
    row = read.row
    place = None if read.unsound & PLACE else row.place()
    if place is None or network.contains(*place):
        return
    fault = outside(place, source, read.where, network)
    if row.easting is not None and row.northing is not None:
        turned = row.turned_place()
        swapped = turned is not None and network.contains(*turned)
        hint = "easting and northing seem to be swapped: the other way round it is inside" if swapped else ""
        lat, lon = place
        value = f"{row.easting:.12g}, {row.northing:.12g} (lat {lat:.5f}, lon {lon:.5f})"
        fault = replace(fault, field="easting, northing", value=value, hint=hint)
    yield fault


def outside(place: tuple[float, float], source: str, where: str, network: Network, field: str = "lat, lon") -> Fault:
    """Make the fault of a place, ``(lat, lon)``, that is outside the network's area."""
    lat, lon = place
    west, south, east, north = network.area.bounds
    box = f"lat {south:.4f} to {north:.4f}, lon {west:.4f} to {east:.4f}"
    accepted = f"a point of the network {network.meta.source}: {box}"
    hint = SWAPPED_HINT if network.contains(lon, lat) else ""
    return Fault(source, where, field, f"{lat:.12g}, {lon:.12g}", accepted, hint)
