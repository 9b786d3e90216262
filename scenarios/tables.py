"""Read the CSV files that people bring: a header, then a row for each thing; UTF-8, with or without a mark."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dispatch.model import Incident, Unit
from graphs.errors import Fault, InputError
from graphs.faults import read_text, unknown_name, written
from scenarios.cells import meant
from scenarios.checks import Beside, Record, incidents_of, units_of
from scenarios.rows import IncidentRow, UnitRow, cell_value

Model = UnitRow | IncidentRow
_FILE = "a CSV file in UTF-8 with a header"
_PARTING = ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"))
_PLACES = (("lat", "lon"), ("easting", "northing"))
UNIT_COLUMNS = ("callsign", "status", "fixed_at", "crew")
INCIDENT_COLUMNS = ("incident_id", "received_at", "grade")


def read_units(path: Path, beside: Beside) -> tuple[Unit, ...]:
    """Read ``units.csv``.

    Parameters
    ----------
    path
        Columns: callsign, status, fixed_at, crew, and lat, lon or easting, northing; optional ones as in `UnitRow`.
    beside
        What the rows are checked against.

    Returns
    -------
    tuple of Unit
        In the order of the file; none where the file is empty or has a header only.

    Raises
    ------
    InputError
        With every fault of the file.
    """
    records, absent, faults = _records(path, UnitRow, UNIT_COLUMNS)
    units, more = units_of(records, path.name, beside, absent)
    if faults or more:
        raise InputError([*faults, *more])
    return units


def read_incidents(path: Path, beside: Beside) -> tuple[Incident, ...]:
    """Read ``incidents.csv``; see `read_units`."""
    records, absent, faults = _records(path, IncidentRow, INCIDENT_COLUMNS)
    incidents, more = incidents_of(records, path.name, beside, absent)
    if faults or more:
        raise InputError([*faults, *more])
    return incidents


def _records(path: Path, model: type[Model], required: Sequence[str]) -> tuple[list[Record], set[str], list[Fault]]:
    """Return the records of a file, the columns it lacks, and the faults of its shape."""
    rows = rows_of(read_text(path, _FILE), path.name)
    if not rows:
        return [], set(), []
    where, names = rows[0]
    header = [name.strip() for name in names]
    absent = {column for column in required if column not in header}
    if not any(set(pair) <= set(header) for pair in _PLACES):
        absent.update(column for pair in _PLACES for column in pair if column not in header)
    faults = list(_header_faults(header, path.name, where, model, required))
    if absent.issuperset(required):
        return [], absent, faults
    records: list[Record] = []
    for where, cells in rows[1:]:
        if len(cells) != len(header):
            accepted = f"{len(header)} cells, as the header has"
            faults.append(Fault(path.name, where, "", f"{len(cells)} cells", accepted))
        records.append((where, _values(header, cells, model)))
    return records, absent, faults


def rows_of(text: str, source: str) -> list[tuple[str, list[str]]]:
    """Return the rows of CSV text that are not blank, each with the line that it starts on.

    Raises
    ------
    InputError
        The text is no CSV.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if "\0" in line:
            hint = "a binary file, or one in UTF-16"
            raise InputError([Fault(source, f"row {number}", "", "the character U+0000", _FILE, hint)])
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[str, list[str]]] = []
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((f"row {start}", cells))
            start = reader.line_num + 1
    except csv.Error as error:
        value = f"text that breaks the rules of CSV ({error})"
        raise InputError([Fault(source, f"row {start}", "", value, _FILE)]) from error
    return rows


def _values(header: Sequence[str], cells: Sequence[str], model: type[Model]) -> dict[str, Any]:
    columns = [(column, cell) for column, cell in zip(header, cells, strict=False) if column in model.model_fields]
    read = {column: cell_value(model, column, meant(cell)) for column, cell in columns}
    # An empty cell is an absent value, so that defaults hold.
    return {column: value for column, value in read.items() if value is not None}


def _header_faults(
    header: Sequence[str], source: str, where: str, model: type[Model], required: Sequence[str]
) -> Iterator[Fault]:
    needed = f"a header with {', '.join(required)}, and lat, lon or easting, northing"
    if not {name.casefold() for name in header} & set(required):
        hint = next((f"its cells seem to be parted by {name}" for sign, name in _PARTING if sign in header[0]), "")
        yield Fault(source, where, "", written(",".join(header)), needed, hint)
        return
    for column in required:
        if column not in header:
            yield Fault(source, where, column, "a header without it", needed)
    if not any(set(pair) <= set(header) for pair in _PLACES):
        yield Fault(source, where, "lat, lon", "a header without them", needed)
    for column in sorted(set(header)):
        if column not in model.model_fields:
            yield unknown_name(
                source, column or f"column {header.index(column) + 1}", column, model.model_fields, where
            )
        if header.count(column) > 1:
            yield Fault(source, where, column, "a repeated column", "each column only once")
