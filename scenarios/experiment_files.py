"""A replication as files: one folder each, that is there whole or not at all."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson
import polars as pl

from scenarios.results import Measured, measured_from, measured_json
from scenarios.simulated import Simulated
from scenarios.workplace import put_whole

TABLES: Final = ("incidents", "assignments", "states", "coverage")
COUNTS: Final = "counts.json"
MEASURED: Final = "measured.json"
# As `sha256sum --check` reads them.
SUMS: Final = "SHA256SUMS"
_FILES: Final = (*(f"{name}.parquet" for name in TABLES), COUNTS, MEASURED)
_COUNTED: Final = ("missed_breaks", "late_starts", "overtime_ms")
_ROWS: Final = 262_144
_LEVEL: Final = 3


def to_files(simulated: Simulated, measured: Measured) -> Mapping[str, bytes]:
    """Return a replication as files, equal ones as equal bytes.

    Returns
    -------
    Mapping
        By name: the tables as Parquet, the counts and the numbers as JSON, and the checksums of these.
    """
    rows = {name: getattr(simulated, name).height for name in TABLES}
    counts = {name: getattr(simulated, name) for name in _COUNTED}
    told = {"policy": simulated.policy, "replication": simulated.replication, **counts, "rows": rows}
    files = {
        **{f"{name}.parquet": _parquet(getattr(simulated, name)) for name in TABLES},
        COUNTS: orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE),
        MEASURED: measured_json(measured),
    }
    sums = "".join(f"{sha256(body).hexdigest()}  {name}\n" for name, body in files.items())
    return {**files, SUMS: sums.encode()}


def _parquet(table: pl.DataFrame) -> bytes:
    body = io.BytesIO()
    # In one piece: how a table was put together must not show in the file.
    table.rechunk().write_parquet(body, compression="zstd", compression_level=_LEVEL, row_group_size=_ROWS)
    return body.getvalue()


def keep(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a replication in place of what is there."""
    making = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    for name, body in files.items():
        (making / name).write_bytes(body)
    shutil.rmtree(folder, ignore_errors=True)
    put_whole(making, folder)


def is_whole(folder: Path) -> bool:
    """Tell whether a replication is there with all that belongs to it, unchanged."""
    try:
        lines = (folder / SUMS).read_text("ascii").splitlines()
        sums = {name: told for told, name in (line.split("  ", 1) for line in lines)}
        if set(sums) != set(_FILES) or {path.name for path in folder.iterdir()} != {*_FILES, SUMS}:
            return False
        return all(sha256((folder / name).read_bytes()).hexdigest() == told for name, told in sums.items())
    except (OSError, ValueError):
        return False


def read_measured(folder: Path) -> Measured:
    """Read the numbers of a replication."""
    return measured_from((folder / MEASURED).read_bytes())
