"""Bring a period's records from another system: every row is taken as it is, or put aside with every reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from dispatch.force import Force
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, gather, rule_fault, shape_faults
from graphs.network import Network
from scenarios.checks import END_OF_TIME
from scenarios.evidence import Assumed
from scenarios.import_asked import Asked, force_of, made_by, network_of, require_unchanged, sha256_of
from scenarios.import_checks import Against, Noticed, check, unknown_names
from scenarios.import_clocks import Clock
from scenarios.import_closures import read_features
from scenarios.import_files import Bound, Line, bind, lines
from scenarios.import_notes import SIMULATED, count_notes, duty_notes, noticed_notes, settled_notes
from scenarios.import_positions import Fixes, Zoned, require_sound, take
from scenarios.import_rows import MODELS, STEPS, fields_of
from scenarios.import_timed import Timed, moment_about, settle, timed
from scenarios.layouts import assumed
from scenarios.manifest import File
from scenarios.rows import Placed, cell_value, sound_part

_SHOWN: Final = 20


@dataclass
class Table:
    """What became of the rows of one table.

    Parameters
    ----------
    read
        How many there were.
    again
        How many told once more what a row before them told, in a layout where that is usual.
    rows
        Those that are sound.
    refused
        The others, with their faults.
    """

    read: int = 0
    again: int = 0
    rows: list[Any] = field(default_factory=list)
    refused: list[Line] = field(default_factory=list)

    def reasons(self) -> Counter[str]:
        """Return how many rows were put aside, by their first reason in a few words."""
        return Counter(_reason(line.faults[0]) for line in self.refused)


def _reason(fault: Fault) -> str:
    told = fault.hint and not fault.hint.startswith(("also in", "did you mean"))
    return f"{fault.field or 'row'}: {fault.hint if told else f'accepted: {fault.accepted}'}"


@dataclass
class Imported:
    """The records of a folder, and what is said of them; see `scenarios.evidence.ImportedManifest`.

    Parameters
    ----------
    settled
        How many rows had a time that was there twice, by what told which was meant.
    """

    preset: str
    time_zone: str
    force: Force
    force_text: str
    network: Network | None
    assume: Assumed
    start: datetime
    end: datetime
    tables: Mapping[str, Table]
    closures: Sequence[Mapping[str, Any]]
    fixes: Fixes | None
    noticed: Noticed
    settled: Counter[str]
    source: Mapping[str, File]
    notes: tuple[str, ...]


def read_records(asked: Asked, out: Path, now: datetime) -> Imported:
    """Read the records of a folder; position reports are written as they are read.

    Parameters
    ----------
    out
        The folder for ``positions.parquet`` and for what is put aside of it.
    now
        Nothing happened after it, but for the force's tolerance of clocks that differ, and in a simulation.

    Raises
    ------
    InputError
        Files or headers are at fault, or not one row is sound; all faults together.
    """
    faults = list[Fault]()
    told_force = gather(faults, partial(force_of, asked))
    network = gather(faults, partial(network_of, asked))
    bound = gather(faults, partial(bind, asked.folder, asked.manifest, asked.layout))
    gather(faults, partial(require_unchanged, asked))
    found = None if bound is None else gather(faults, partial(_read_lines, asked, bound))
    if faults or told_force is None or bound is None or found is None:
        raise InputError(faults)
    force, force_text = told_force
    end = _end(asked, now, force)
    tables, settled = _tables(asked, found, force)
    noticed = _check(tables, Against(force, network, end))
    features = _closures(tables, bound, network)
    fixes = _fixes(asked, bound, end, out)
    start, last = _span(asked, tables, fixes)
    assume = assumed(asked.manifest, (each.form for each in bound))
    notes = [
        *([SIMULATED] if asked.manifest.simulated else []),
        *dict.fromkeys(note for each in bound for note in each.form.notes),
        *made_by(asked, force, network),
        *settled_notes(settled),
        *count_notes({name: table.again for name, table in tables.items()}, fixes.refused if fixes else 0),
        *noticed_notes(noticed),
        *duty_notes(_callsigns(tables, "duties"), _callsigns(tables, "assignments", "statuses"), assume),
    ]
    zone = asked.manifest.time_zone or asked.layout.time_zone or "UTC"
    zone = force.time_zone if asked.layout.name == "record" and asked.manifest.time_zone in {None, "UTC"} else zone
    counted = _sources(bound, found, fixes)
    return Imported(
        asked.layout.name,
        zone,
        force,
        force_text,
        network,
        assume,
        start,
        last,
        tables,
        features,
        fixes,
        noticed,
        settled,
        counted,
        tuple(notes),
    )


def _end(asked: Asked, now: datetime, force: Force) -> datetime:
    told = asked.manifest.end or _moment(asked.manifest.record.get("to"))
    if asked.manifest.simulated:
        return told or END_OF_TIME
    latest = now + timedelta(seconds=force.fixes.future_tolerance_s)
    return latest if told is None else min(latest, told)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _read_lines(asked: Asked, bound: Sequence[Bound]) -> list[tuple[Bound, list[Line]]]:
    """Read the tables that are gone through row by row; the faults of all headers are told together."""
    faults, found = list[Fault](), list[tuple[Bound, list[Line]]]()
    for each in bound:
        if each.form.table == "positions":
            gather(faults, partial(require_sound, each, asked.manifest.coordinates))
        if each.form.table not in MODELS:
            continue
        if "days" in each.form.times and asked.manifest.day_zero is None:
            accepted = "day_zero = a date in manifest.toml"
            faults.append(Fault(each.source, "", "day_zero", NOTHING, accepted, "its times count days from that day"))
        rows = gather(faults, partial(lines, each, asked.manifest, asked.folder))
        found.append((each, rows or []))
    if faults:
        raise InputError(faults)
    return found


def _callsigns(tables: Mapping[str, Table], *names: str) -> set[str]:
    return {row.callsign for name in names if name in tables for row in tables[name].rows}


def _clock(asked: Asked, bound: Bound) -> Clock:
    manifest = asked.manifest
    zone = manifest.time_zone or asked.layout.time_zone
    if zone is None and "days" in bound.form.times:
        zone = "UTC"
    return Clock(zone, manifest.ambiguous, bound.form.times, manifest.day_zero)


def _tables(
    asked: Asked, found: Sequence[tuple[Bound, list[Line]]], force: Force
) -> tuple[dict[str, Table], Counter[str]]:
    """Make rows of lines, table by table."""
    tables, rows = dict[str, Table](), dict[str, list[Timed]]()
    for bound, some in found:
        name, clock = bound.form.table, _clock(asked, bound)
        table = tables.setdefault(name, Table())
        table.read += len(some)
        once = _first_only(some, name) if bound.form.first_only else some
        table.again += len(some) - len(once)
        restarts = bound.form.id_restarts_daily
        rows.setdefault(name, []).extend(timed(name, line, clock, restarts=restarts) for line in once)
    settled = settle(rows)
    for name, each in rows.items():
        for row in each:
            row.line.at = moment_about(row)
            made = _row(row, force)
            if made is None:
                tables[name].refused.append(row.line)
            else:
                tables[name].rows.append((row.line, made))
    return tables, settled


def _first_only(some: Iterable[Line], name: str) -> list[Line]:
    key = "callsign" if name == "duties" else "incident_id"
    first = dict[str, Line]()
    for line in some:
        first.setdefault(line.values.get(key, f"{line.source} {line.where}"), line)
    return list(first.values())


def _row(row: Timed, force: Force) -> BaseModel | None:
    """Make a row of texts and moments; everything that is wrong with it becomes faults of its line."""
    model, line = MODELS[row.table], row.line
    fields = fields_of(model)
    values: dict[str, Any] = {
        name: value
        for name, text in line.values.items()
        if name in fields and (value := cell_value(model, name, text)) is not None
    }
    try:
        made = model.model_validate({**values, **row.moments})
        if not line.faults:
            return made
    except ValidationError as error:
        _add_faults(row, error, values)
    line.faults.extend(unknown_names(line, values, force))
    return None


def _add_faults(row: Timed, error: ValidationError, values: Mapping[str, Any]) -> None:
    """Add what is wrong with single values, and with the others beside each other."""
    model, line = MODELS[row.table], row.line
    told = {fault.field for fault in line.faults}
    found = shape_faults(error, model, line.source, line.where)
    line.faults.extend(fault for fault in found if not _told(fault.field, told, row))
    unsound = {str(each["loc"][0]) for each in error.errors(include_url=False) if each["loc"]}
    if unsound and issubclass(model, Placed):
        part = sound_part(model, values, unsound)
        line.faults.extend(rule_fault(each, line.source, line.where) for each in part.contradictions(unsound))


def _told(name: str, told: set[str], row: Timed) -> bool:
    """Tell whether a fault says once more that a time could not be settled."""
    return name in told or (name in row.written and bool(row.line.faults))


def _check(tables: Mapping[str, Table], against: Against) -> Noticed:
    rows = {name: table.rows for name, table in tables.items() if name != "demand"}
    noticed = check(rows, against)
    for table in tables.values():
        table.refused += [line for line, _ in table.rows if line.faults]
        table.rows = [row for line, row in table.rows if not line.faults]
    return noticed


def _closures(tables: dict[str, Table], bound: Sequence[Bound], network: Network | None) -> list[Mapping[str, Any]]:
    files = [each for each in bound if each.form.table == "closures"]
    if not files:
        return []
    features, refused = read_features(files, network)
    tables["closures"] = Table(len(features) + len(refused), 0, list(features), refused)
    return features


def _fixes(asked: Asked, bound: Sequence[Bound], end: datetime, out: Path) -> Fixes | None:
    files = [each for each in bound if each.form.table == "positions"]
    if not files:
        return None
    manifest = asked.manifest
    zone = manifest.time_zone or asked.layout.time_zone
    zoned = {each.source: Zoned(zone, manifest.ambiguous, each.form.times) for each in files}
    with TemporaryDirectory(dir=out, prefix=".positions") as work:
        return take(files, zoned, manifest.coordinates, end, out, Path(work))


def _span(asked: Asked, tables: Mapping[str, Table], fixes: Fixes | None) -> tuple[datetime, datetime]:
    """Return the first and last moment of the records.

    Raises
    ------
    InputError
        Not one row has a moment.
    """
    moments = list(_moments(tables))
    if fixes is not None and fixes.first is not None and fixes.last is not None:
        moments += [fixes.first, fixes.last]
    if not moments:
        refused = [fault for table in tables.values() for line in table.refused for fault in line.faults]
        nothing = Fault(str(asked.folder), "", "", "not one sound row", "records of at least one moment")
        raise InputError([nothing, *refused[:_SHOWN]])
    record = asked.manifest.record
    start = asked.manifest.start or _moment(record.get("from")) or min(moments)
    end = asked.manifest.end or _moment(record.get("to")) or max(moments)
    return start.astimezone(UTC), end.astimezone(UTC)


def _moments(tables: Mapping[str, Table]) -> Iterator[datetime]:
    for name, table in tables.items():
        # A duty may have begun long before the period, and its end is planned ahead.
        for step in STEPS.get(name, ()) if name != "duties" else ():
            yield from (moment for row in table.rows if (moment := getattr(row, step)) is not None)
        if name == "demand":
            for month in sorted({row.month for row in table.rows}):
                first = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
                yield from (first, (first + timedelta(days=31)).replace(day=1) - timedelta(seconds=1))


def _sources(bound: Sequence[Bound], found: Iterable[tuple[Bound, list[Line]]], fixes: Fixes | None) -> dict[str, File]:
    """Return the files that were read, with their checksums and how many rows they had."""
    rows = Counter[str]() if fixes is None else Counter(fixes.by_file)
    for each, some in found:
        rows[each.source] = max(rows[each.source], len(some))
    return {each.source: File(sha256=sha256_of(each.path), rows=rows[each.source]) for each in bound}
