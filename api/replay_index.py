"""One incident of a replay, found without reading all the others: by SQLite, beside the files that auditors take."""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson

from scenarios.verdict import Verdict

INDEX: Final = "incidents.sqlite"
_MADE: Final = "CREATE TABLE incidents (incident_id TEXT PRIMARY KEY, verdict BLOB NOT NULL, ledger BLOB) WITHOUT ROWID"


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
        told = ((one.incident_id, orjson.dumps(asdict(one), option=orjson.OPT_UTC_Z)) for one in verdicts)
        index.executemany("INSERT INTO incidents (incident_id, verdict) VALUES (?, ?)", told)
        index.executemany("UPDATE incidents SET ledger = ? WHERE incident_id = ?", _lines(ledgers))


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
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as index:
        found = index.execute(asked, (incident_id,)).fetchone()
    if found is None:
        return None
    verdict, ledger = found
    return orjson.loads(verdict), None if ledger is None else orjson.loads(zlib.decompress(ledger))
