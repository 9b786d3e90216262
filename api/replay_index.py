"""Incidents of a replay, found without reading all the others: by SQLite, beside the files that auditors take."""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson

from dispatch.errors import Conflict
from dispatch.record import iso
from scenarios.verdict import Verdict

INDEX: Final = "incidents.sqlite"
# By what incidents are found: fields of `Verdict`, in columns of the same names.
FOUND_BY: Final = ("verdict", "cause", "grade", "domestic_abuse")
_COLUMNS: Final = (*FOUND_BY, "received_at", "lost_s")
_MADE: Final = "CREATE TABLE incidents (incident_id TEXT PRIMARY KEY, verdict BLOB NOT NULL, ledger BLOB) WITHOUT ROWID"
# Apart from all that is said of them, so that going through all is quick.
_LISTED: Final = f"CREATE TABLE listed (incident_id TEXT, {', '.join(_COLUMNS)})"
# The order in which a list is told: by receipt, or those that lost most first.
ORDERS: Final[Mapping[str, str]] = {
    "received": "received_at, incident_id",
    "lost": "lost_s DESC NULLS LAST, received_at, incident_id",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """Some incidents of a replay.

    Parameters
    ----------
    count
        How many there are in all that were asked for.
    verdicts
        The rows of these, as JSON values.
    choices
        For each of `FOUND_BY`, what all the incidents of the replay have there, and how many of them.
    """

    count: int
    verdicts: list[Any]
    choices: Mapping[str, Mapping[Any, int]]


def write_index(path: Path, verdicts: Iterable[Verdict], ledgers: Path) -> None:
    """Write what is said of each incident to a new file.

    Parameters
    ----------
    ledgers
        ``ledgers.jsonl.gz`` of the replay.
    """
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as index, index:
        index.execute(_MADE)
        index.execute(_LISTED)
        marks = ", ".join("?" * (1 + len(_COLUMNS)))
        for one in verdicts:
            told = orjson.dumps(asdict(one), option=orjson.OPT_UTC_Z)
            index.execute("INSERT INTO incidents (incident_id, verdict) VALUES (?, ?)", (one.incident_id, told))
            index.execute(f"INSERT INTO listed VALUES ({marks})", (one.incident_id, *_values(one)))  # noqa: S608
        index.executemany("UPDATE incidents SET ledger = ? WHERE incident_id = ?", _lines(ledgers))


def _values(one: Verdict) -> tuple[Any, ...]:
    told = (getattr(one, name) for name in _COLUMNS)
    return tuple(iso(value) if isinstance(value, datetime) else value for value in told)


def _lines(ledgers: Path) -> Iterator[tuple[bytes, str]]:
    with gzip.open(ledgers) as lines:
        for line in lines:
            yield zlib.compress(line, 1), orjson.loads(line)["incident_id"]


def find_incident(path: Path, incident_id: str) -> tuple[Any, Any] | None:
    """Return the verdict and the ledger of an incident as JSON values.

    Returns
    -------
    tuple or None
        None where there is no such incident; the ledger is None where it has none.
    """
    asked = "SELECT verdict, ledger FROM incidents WHERE incident_id = ?"
    with _opened(path) as index:
        found = index.execute(asked, (incident_id,)).fetchone()
    if found is None:
        return None
    verdict, ledger = found
    return orjson.loads(verdict), None if ledger is None else orjson.loads(zlib.decompress(ledger))


def list_incidents(path: Path, wanted: Mapping[str, Any], order: str, after: int, limit: int) -> Listed:
    """Return some incidents of a replay.

    Parameters
    ----------
    wanted
        What they have in columns of `FOUND_BY`.
    order
        One of `ORDERS`.
    after, limit
        How many are passed over, and how many are returned at most.

    Raises
    ------
    Conflict
        An older version of this program made it, which made no list.
    """
    conditions = " AND ".join(f"{name} = ?" for name in wanted) or "TRUE"
    values = tuple(wanted.values())
    # Only names of our own stand in what is asked.
    some = f"SELECT incident_id FROM listed WHERE {conditions} ORDER BY {ORDERS[order]} LIMIT ? OFFSET ?"  # noqa: S608
    counted = f"SELECT count(*) FROM listed WHERE {conditions}"  # noqa: S608
    told = "SELECT verdict FROM incidents WHERE incident_id = ?"
    with _opened(path) as index:
        _require_listed(index)
        (count,) = index.execute(counted, values).fetchone()
        found = index.execute(some, (*values, limit, after)).fetchall()
        verdicts = [index.execute(told, name).fetchone()[0] for name in found]
        choices = {name: dict(index.execute(_choices(name)).fetchall()) for name in FOUND_BY}
    return Listed(count, list(map(orjson.loads, verdicts)), choices)


def _require_listed(index: sqlite3.Connection) -> None:
    if index.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'listed'").fetchone() is None:
        raise Conflict("the replay was made by an older version, without a list of its incidents: replay again")


def _choices(name: str) -> str:
    return f"SELECT {name}, count(*) FROM listed GROUP BY 1 ORDER BY 1"  # noqa: S608 - a name of our own


def _opened(path: Path) -> AbstractContextManager[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True))
