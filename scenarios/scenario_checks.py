"""What is wrong with the files of a scenario beside each other, the force profile and the network."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from dispatch.force import Force, Status
from dispatch.model import Incident
from graphs.errors import Fault
from graphs.faults import NOTHING, unknown_name, written
from graphs.network import Network
from scenarios.checks import outside
from scenarios.scenario import Activity
from scenarios.scenario_head import ACTIVITIES, HEAD, Head
from scenarios.scenario_rows import HotSpotRow, RateRow, RosterRow, ServiceRow, StationRow
from scenarios.scenario_tables import Read, Rows

_FREE: Final = frozenset({"patrol", "station", "returning"})
_STEPS: Final = frozenset({"en_route", "at_scene"})


@dataclass(frozen=True)
class Files:
    """What was read of a scenario; what could not be read is None, and nothing is held against it.

    Parameters
    ----------
    areas
        The names of the areas; None where the file could not be read.
    area_sectors
        Their sectors.
    incidents
        The history.
    """

    head: Head
    force: Force | None
    network: Network | None
    stations: Rows[StationRow]
    roster: Rows[RosterRow]
    services: Rows[ServiceRow]
    hot_spots: Rows[HotSpotRow]
    rates: Rows[RateRow] | None = None
    areas: Collection[str] | None = ()
    area_sectors: Collection[str] = ()
    incidents: tuple[Incident, ...] | None = None

    @property
    def sectors(self) -> Collection[str]:
        """Every sector that is told of stations, areas and past incidents."""
        told = [read.value("sector") for read in self.stations.rows]
        told += [*self.area_sectors, *(incident.sector for incident in self.incidents or ())]
        return dict.fromkeys(str(each) for each in told if each is not None)


def cross_faults(files: Files) -> Iterator[Fault]:
    """Yield what is wrong with values beside those of other rows and files, the force and the roads."""
    if files.force is not None:
        yield from code_faults(files.head, files.force)
        yield from _unknown(HEAD, "", "room.handling", files.head.room.handling, files.force.grades)
    yield from _stations(files)
    yield from _hot_spots(files)
    yield from _roster(files)
    if files.rates is not None:
        yield from _rates(files, files.rates)
    yield from _services(files)
    yield from _unserved(files)


def code_faults(head: Head, force: Force) -> Iterator[Fault]:
    """Yield the codes that the force does not have, or that mean something else there."""
    codes = head.codes.by_activity()
    for activity in ACTIVITIES:
        code, field = codes[activity], f"codes.{activity}"
        status = force.statuses.get(code)
        if status is None:
            fault = unknown_name(HEAD, field, code, suiting(force, activity))
            yield Fault(
                HEAD, "", field, fault.value, f"{meaning(activity)}: {fault.accepted}", _default(head, activity)
            )
        elif not suits(status, activity):
            fitting = ", ".join(f"{each} ({force.statuses[each].label})" for each in suiting(force, activity))
            value = f'{written(code)} ({status.label}: deployable "{status.deployable}", step {_step(status)})'
            yield Fault(HEAD, "", field, value, f"{meaning(activity)}: {fitting or 'none is defined'}")


def _default(head: Head, activity: Activity) -> str:
    field = "break_" if activity == "break" else activity
    return "" if field in head.codes.model_fields_set else "it is the default; name the force's own code"


def _step(status: Status) -> str:
    return NOTHING if status.step is None else f'"{status.step}"'


def suiting(force: Force, activity: Activity) -> list[str]:
    """Return the status codes of a force that can stand for what a crew is doing."""
    return [code for code, status in force.statuses.items() if suits(status, activity)]


def suits(status: Status, activity: Activity) -> bool:
    """Say whether a status can stand for what a crew is doing."""
    if status.off_duty:
        return False
    if activity in _STEPS:
        return status.step == activity and status.deployable != "yes"
    bound = status.step in _STEPS
    return not bound and status.deployable == ("yes" if activity in _FREE else "no")


def meaning(activity: Activity) -> str:
    """Say what a status code has to mean for what a crew is doing."""
    if activity in _STEPS:
        return f'a code whose step is "{activity}" and that is not deployable "yes"'
    return f'a code that is deployable "{"yes" if activity in _FREE else "no"}" and on duty'


def _unknown(
    source: str, where: str, field: str, names: Iterable[str], known: Collection[str] | None
) -> Iterator[Fault]:
    if known is None:
        return
    for name in names:
        if name not in known:
            yield unknown_name(source, field, name, known, where)


def _one(rows: Rows[Any], read: Read[Any], field: str, known: Collection[str] | None) -> Iterator[Fault]:
    value = read.value(field)
    yield from _unknown(rows.source, read.where, field, () if value is None else (value,), known)


def _all(rows: Rows[Any], read: Read[Any], field: str, known: Collection[str] | None) -> Iterator[Fault]:
    yield from _unknown(rows.source, read.where, field, read.value(field) or (), known)


def _names(rows: Rows[Any]) -> Collection[str] | None:
    """Return the names of a file; None where it could not be read."""
    found = dict.fromkeys(str(name) for read in rows.rows if (name := read.value("name")) is not None)
    return None if rows.faults and not found else found


def _repeated(rows: Rows[Any], field: str) -> Iterator[Fault]:
    first = dict[str, str]()
    for read in rows.rows:
        value = read.value(field)
        if value is not None and first.setdefault(value, read.where) != read.where:
            hint = f"also in {first[value]}"
            yield Fault(rows.source, read.where, field, written(value), f"each {field} only once", hint)


def _outside(rows: Rows[Any], network: Network | None) -> Iterator[Fault]:
    for read in rows.rows:
        if not read.sound or read.unsound:
            continue
        place = read.row.place()
        if place is None:
            yield Fault(rows.source, read.where, "lat, lon", NOTHING, "lat and lon, or easting and northing")
        elif network is not None and not network.contains(*place):
            yield outside(place, rows.source, read.where, network)


def _stations(files: Files) -> Iterator[Fault]:
    if not files.stations.rows and not files.stations.faults:
        yield Fault(files.stations.source, "", "", "no rows", "one station or more")
    yield from _repeated(files.stations, "name")
    yield from _outside(files.stations, files.network)


def _hot_spots(files: Files) -> Iterator[Fault]:
    yield from _repeated(files.hot_spots, "name")
    yield from _outside(files.hot_spots, files.network)
    for read in files.hot_spots.rows:
        yield from _one(files.hot_spots, read, "sector", files.sectors)


def _roster(files: Files) -> Iterator[Fault]:
    rows, force = files.roster, files.force
    if not rows.rows and not rows.faults:
        yield Fault(rows.source, "", "", "no rows", "one duty or more")
    for read in rows.rows:
        yield from _one(rows, read, "station", _names(files.stations))
        yield from _one(rows, read, "sector", files.sectors)
        yield from _all(rows, read, "skills", None if force is None else force.skills)
    if not files.hot_spots.faults:
        yield from _spotless(files)


def _spotless(files: Files) -> Iterator[Fault]:
    """Yield the patrols of hot spots that have none to go to, each sector once."""
    source, there = files.hot_spots.source, {read.value("sector") for read in files.hot_spots.rows}
    lacking = dict[str | None, list[str]]()
    for read in files.roster.rows:
        sector = read.value("sector")
        if read.value("patrol") == "hot_spots" and not there & {sector, None}:
            lacking.setdefault(sector, []).append(read.where)
    for sector, rows in lacking.items():
        whose = "of all sectors" if sector is None else f"of {sector} or of all sectors"
        accepted = f"station or sector; hot_spots only where {source} has one {whose}"
        more = f"so have {len(rows) - 1} more rows" if len(rows) > 1 else ""
        yield Fault(files.roster.source, rows[0], "patrol", '"hot_spots"', accepted, more)


def _rates(files: Files, rows: Rows[RateRow]) -> Iterator[Fault]:
    force = files.force
    for read in rows.rows:
        yield from _one(rows, read, "area", files.areas)
        yield from _one(rows, read, "grade", None if force is None else force.grades)
        yield from _all(rows, read, "tags", None if force is None else force.tags)
        yield from _all(rows, read, "needs", None if force is None else force.skills)
        yield from _sends_nobody(rows, read, force)
    if not rows.faults and not any(read.value("per_hour") for read in rows.rows):
        yield Fault(rows.source, "", "per_hour", "no demand at all", "a row with a rate more than 0")


def _sends_nobody(rows: Rows[RateRow], read: Read[RateRow], force: Force | None) -> Iterator[Fault]:
    grade = read.value("grade")
    if force is not None and grade in force.grades and not force.grades[grade].deploys:
        sent = ", ".join(key for key, each in force.grades.items() if each.deploys)
        yield Fault(rows.source, read.where, "grade", written(grade), f"a grade that sends units: {sent}")


def _services(files: Files) -> Iterator[Fault]:
    rows, force = files.services, files.force
    if not rows.rows and not rows.faults:
        yield Fault(rows.source, "", "", "no rows", "one row or more; one without type, grade and tag fits all")
    for read in rows.rows:
        yield from _one(rows, read, "type", _types(files))
        yield from _one(rows, read, "grade", None if force is None else force.grades)
        yield from _one(rows, read, "tag", None if force is None else force.tags)
    held = any(read.value("custody") for read in files.stations.rows)
    arrests = [read for read in rows.rows if read.value("custody_share")]
    if arrests and not held and files.stations.rows and "custody" not in _unsound(files.stations):
        field, accepted = "custody_share", f"0, or custody = yes of a station in {files.stations.source}"
        yield Fault(
            rows.source, arrests[0].where, field, f"{arrests[0].value(field):g}", accepted, "nowhere to take them"
        )


def _unsound(rows: Rows[Any]) -> set[str]:
    return {field for read in rows.rows for field in read.unsound}


def _types(files: Files) -> Collection[str] | None:
    """Return the types of incident that there may be; None where that cannot be told."""
    if files.rates is not None:
        told = [read.value("type") for read in files.rates.rows]
        return None if files.rates.faults and not told else dict.fromkeys(str(each) for each in told if each)
    if files.incidents is None:
        return None
    return dict.fromkeys(incident.type for incident in files.incidents if incident.type)


def _unserved(files: Files) -> Iterator[Fault]:
    """Yield the kinds of incident that no row of the services fits."""
    services = [read for read in files.services.rows if not read.unsound & {"type", "grade", "tag"}]
    if files.services.faults or not services:
        return
    told = dict[str, str]()
    for where, type_, grade, tags in _kinds(files):
        if not any(_fits(read, type_, grade, tags) for read in services):
            words = [f'type "{type_}"', f'grade "{grade}"', *(f'tag "{tag}"' for tag in sorted(tags))]
            told.setdefault(", ".join(words), where)
    accepted = "a row that fits each kind of incident; one without type, grade and tag fits all"
    for kind, where in told.items():
        yield Fault(files.services.source, "", "", f"no row for {kind} ({where})", accepted)


def _kinds(files: Files) -> Iterator[tuple[str, str | None, str, frozenset[str]]]:
    if files.rates is not None:
        for read in files.rates.rows:
            # What no unit is sent to, or what is no grade, has been told.
            known = files.force is None or _sends(files.force, read.value("grade"))
            if known and not read.unsound & {"type", "grade", "tags"}:
                tags = frozenset(read.row.tags)
                yield f"{files.rates.source} {read.where}", read.row.type, read.row.grade, tags
    for incident in files.incidents or ():
        yield incident.incident_id, incident.type, incident.grade, incident.tags


def _sends(force: Force, grade: str | None) -> bool:
    return grade is not None and grade in force.grades and force.grades[grade].deploys


def _fits(read: Read[ServiceRow], type_: str | None, grade: str, tags: frozenset[str]) -> bool:
    tag = read.value("tag")
    return read.value("type") in {None, type_} and read.value("grade") in {None, grade} and (tag is None or tag in tags)
