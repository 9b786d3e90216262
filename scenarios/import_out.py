"""Write imported records as the folder that an audit reads; equal records give equal bytes."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson
import tomli_w

from dispatch.record import iso
from graphs.errors import Fault, InputError
from scenarios.cells import write_rows
from scenarios.evidence import (
    CLOSURES,
    COLUMNS,
    FORCE,
    MANIFEST,
    NETWORK,
    POSITIONS,
    PROFILES,
    QUARANTINED,
    SUMMARY,
    ImportedManifest,
)
from scenarios.import_asked import Asked, network_path, profiles_path, sha256_of
from scenarios.import_files import Line
from scenarios.import_notes import assumption_notes
from scenarios.import_rows import PastDutyRow, PastIncidentRow, as_values
from scenarios.importing import Imported, Table, read_records
from scenarios.manifest import File

DEMAND: Final = "demand.csv"
_DEMAND_COLUMNS: Final = ("month", "lat", "lon", "type")
_ORDER: Final[Mapping[str, tuple[str, ...]]] = {
    "incidents": ("received_at", "incident_id"),
    "assignments": ("assigned_at", "incident_id", "callsign"),
    "statuses": ("at", "callsign"),
    "duties": ("start", "callsign"),
    "regrades": ("at", "incident_id"),
    "amendments": ("at", "incident_id", "field"),
}


def bring_in(asked: Asked, out: Path, now: datetime) -> Imported:
    """Import a folder of records into another folder.

    Parameters
    ----------
    out
        Must not be there yet, or be empty. It is there when all of it is written, and not before.
    now
        Nothing happened after it.

    Raises
    ------
    InputError
        See `read_records`; nothing is then written.
    """
    if out.absolute().resolve().is_relative_to(asked.folder.absolute().resolve()):
        raise InputError([Fault("options", "", "-o", str(out), f"a folder outside {asked.folder}")])
    if out.is_file() or (out.is_dir() and any(out.iterdir())) or not out.absolute().parent.is_dir():
        raise InputError([Fault("options", "", "-o", str(out), "a folder that is not there yet, or is empty")])
    with TemporaryDirectory(dir=out.absolute().parent, prefix=f".{out.name}.") as folder:
        work = Path(folder) / "records"
        work.mkdir()
        imported = read_records(asked, work, now)
        write(imported, work, {NETWORK: network_path(asked), PROFILES: profiles_path(asked)})
        if out.is_dir():
            out.rmdir()
        work.replace(out)
    return imported


def write(imported: Imported, out: Path, beside: Mapping[str, Path | None]) -> None:
    """Write everything but the position reports, which are there already.

    Parameters
    ----------
    beside
        Files to be copied, each by its name there.
    """
    tables = imported.tables
    counts = {name: _table(out / name, columns, _rows(tables, name)) for name, columns in COLUMNS.items()}
    if POSITIONS in {path.name for path in out.iterdir()} and imported.fixes is not None:
        counts[POSITIONS] = imported.fixes.taken
    counts[CLOSURES] = len(imported.closures)
    document = {"type": "FeatureCollection", "features": list(imported.closures)}
    (out / CLOSURES).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    if "demand" in tables:
        counts[DEMAND] = _table(out / DEMAND, _DEMAND_COLUMNS, _demand(tables["demand"]))
    (out / FORCE).write_text(imported.force_text, "utf-8", newline="")
    for name, path in beside.items():
        if path is not None:
            shutil.copyfile(path, out / name)
    _write_aside(tables, out)
    (out / SUMMARY).write_bytes(orjson.dumps(summary(imported), option=orjson.OPT_INDENT_2))
    (out / MANIFEST).write_text(_manifest(imported, out, counts), "utf-8")


def _table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        return write_rows(file, columns, rows)


def _rows(tables: Mapping[str, Table], name: str) -> Iterator[Mapping[str, Any]]:
    if name == QUARANTINED:
        yield from _quarantined(tables)
        return
    table = name.removesuffix(".csv")
    if table not in tables:
        return
    rows = tables[table].rows
    for row in sorted(rows, key=lambda row: [getattr(row, key) for key in _ORDER[table]]):
        yield _values(row)


def _values(row: Any) -> dict[str, Any]:
    values = as_values(row)
    if isinstance(row, PastIncidentRow):
        values["lat"], values["lon"] = row.place() or (None, None)
    if isinstance(row, PastDutyRow):
        home = row.station()
        values["home"] = None if home is None else f"{home[0]!r},{home[1]!r}"
    return {name: sorted(value) if isinstance(value, list) else value for name, value in values.items()}


def _demand(table: Table) -> Iterator[Mapping[str, Any]]:
    for row in table.rows:
        lat, lon = row.place() or (None, None)
        yield {"month": row.month, "lat": lat, "lon": lon, "type": row.type}


def _quarantined(tables: Mapping[str, Table]) -> Iterator[Mapping[str, Any]]:
    for name, table in tables.items():
        for line in table.refused:
            told = {key: line.values.get(key) for key in ("incident_id", "callsign")}
            at = {"at": line.at, "reasons": _reasons(line)}
            yield {"table": name, "row": f"{line.source} {line.where}", **told, **at}


def _reasons(line: Line) -> str:
    return " | ".join(str(fault) for fault in line.faults)


def _write_aside(tables: Mapping[str, Table], out: Path) -> None:
    """Write what was put aside as it stood, table by table."""
    for name, table in tables.items():
        if not table.refused:
            continue
        folder = out / "quarantine"
        folder.mkdir(exist_ok=True)
        cells = dict.fromkeys(key for line in table.refused for key in line.cells)
        columns = ("file", "row", "reasons", *(key for key in cells))
        rows = (
            {**line.cells, "file": line.source, "row": line.where, "reasons": _reasons(line)} for line in table.refused
        )
        _table(folder / f"{name}.csv", columns, rows)


def summary(imported: Imported) -> dict[str, Any]:
    """Return what became of every row, as ``import.json`` has it."""
    tables: dict[str, Any] = {
        name: {
            "read": table.read,
            "imported": len(table.rows),
            "told_again": table.again,
            "quarantined": len(table.refused),
            "reasons": dict(sorted(table.reasons().items(), key=lambda item: (-item[1], item[0]))),
        }
        for name, table in imported.tables.items()
    }
    fixes = imported.fixes
    if fixes is not None:
        aside = sum(fixes.reasons.values())
        reasons = dict(sorted(fixes.reasons.items(), key=lambda item: (-item[1], item[0])))
        tables["positions"] = {
            "read": fixes.read,
            "imported": fixes.taken,
            "refused_before": fixes.refused,
            "quarantined": aside,
            "reasons": reasons,
        }
    return {
        "preset": imported.preset,
        "start": iso(imported.start),
        "end": iso(imported.end),
        "tables": tables,
        "replayable": bool(imported.tables.get("incidents", Table()).rows),
        "settled": {name: count for name, count in sorted(imported.settled.items()) if name != "plain"},
        "default_locations": [
            {"lat": lat, "lon": lon, "incidents": count}
            for (lat, lon), count in sorted(imported.noticed.crowded.items(), key=lambda item: (-item[1], item[0]))
        ],
        "notes": [*assumption_notes(imported.assume), *imported.notes],
    }


def _manifest(imported: Imported, out: Path, counts: Mapping[str, int]) -> str:
    files = sorted(path for path in out.rglob("*") if path.is_file() and path.name != MANIFEST)
    told = ImportedManifest(
        preset=imported.preset,
        time_zone=imported.time_zone,
        start=imported.start,
        end=imported.end,
        assume=imported.assume,
        force={"name": imported.force.name, "hash": imported.force.hash},
        network={} if imported.network is None else {"hash": imported.network.hash},
        source=imported.source,
        notes=imported.notes,
        files={
            (name := path.relative_to(out).as_posix()): File(sha256=sha256_of(path), rows=counts.get(name, 0))
            for path in files
        },
    )
    return tomli_w.dumps(told.model_dump(exclude_none=True))
