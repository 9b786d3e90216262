"""Read what a replay wrote, as a program of somebody else would."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter

from scenarios.cells import meant
from scenarios.verdict import Verdict

_READER = TypeAdapter(Verdict)


def read_verdicts(path: Path) -> tuple[Verdict, ...]:
    """Read ``verdicts.csv``; line breaks inside a text are the text's own."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(_READER.validate_python(_values(row)) for row in csv.DictReader(file))


def _values(row: dict[str, str]) -> dict[str, Any]:
    told = {name: meant(cell) for name, cell in row.items() if cell}
    return {name: cell.split(";") if name in {"sent", "tags"} else cell for name, cell in told.items()}


def read_ledgers(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the ledgers of ``ledgers.jsonl.gz`` one after the other."""
    with gzip.open(path, "rb") as file:
        yield from map(orjson.loads, file)
