"""Verdicts as rows: JSON between processes, and ``verdicts.csv`` for everybody."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from graphs.errors import Fault, InputError
from scenarios.cells import meant, write_rows
from scenarios.verdict import Verdict

COLUMNS: Final = tuple(field.name for field in fields(Verdict))
_READER: Final = TypeAdapter(Verdict)
_LISTS: Final = frozenset({"sent", "tags"})


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


def read_verdicts(path: Path) -> tuple[Verdict, ...]:
    """Read what `write_verdicts` wrote.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    try:
        # Line breaks inside a text are the text's own.
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(_READER.validate_python(_values(row)) for row in csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        found = f"a file that cannot be read ({error})"
        raise InputError([Fault(str(path), "", "", found, "verdicts.csv of a replay")]) from error


def _values(row: Mapping[str, str]) -> dict[str, Any]:
    told = {name: meant(cell) for name, cell in row.items() if cell}
    return {name: cell.split(";") if name in _LISTS else cell for name, cell in told.items()}
