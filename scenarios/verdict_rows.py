"""Verdicts as rows: JSON between processes, and ``verdicts.csv`` for everybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Final

import orjson
from pydantic import TypeAdapter

from scenarios.cells import write_rows
from scenarios.verdict import Verdict

COLUMNS: Final = tuple(field.name for field in fields(Verdict))
_READER: Final = TypeAdapter(Verdict)


def to_line(verdict: Verdict) -> bytes:
    """Return a verdict as a line of JSON."""
    return orjson.dumps(asdict(verdict), option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def from_lines(lines: bytes) -> Iterator[Verdict]:
    """Read lines of JSON."""
    return map(_READER.validate_json, lines.splitlines())


def write_verdicts(path: Path, verdicts: Iterable[Verdict]) -> None:
    """Write a row for each incident."""
    with path.open("w", encoding="utf-8", newline="") as out:
        write_rows(out, COLUMNS, map(asdict, verdicts))
