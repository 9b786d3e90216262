"""Read the CSV files that people bring: a header, then a row for each thing; UTF-8, with or without a mark."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dispatch.model import Incident, Unit
from graphs.errors import Fault, InputError
from graphs.faults import read_text, unknown_name
from scenarios.checks import Beside, Record, incidents_of, units_of
from scenarios.rows import IncidentRow, UnitRow, cell_value

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
    records, faults = _records(path, UnitRow, UNIT_COLUMNS)
    units, more = units_of(records, path.name, beside)
    if faults or more:
        raise InputError([*faults, *more])
    return units


def read_incidents(path: Path, beside: Beside) -> tuple[Incident, ...]:
    """Read ``incidents.csv``; see `read_units`."""
    records, faults = _records(path, IncidentRow, INCIDENT_COLUMNS)
    incidents, more = incidents_of(records, path.name, beside)
    if faults or more:
        raise InputError([*faults, *more])
    return incidents


def _records(
    path: Path, model: type[UnitRow | IncidentRow], required: Sequence[str]
) -> tuple[list[Record], list[Fault]]:
    text = read_text(path, "a CSV file in UTF-8 with a header")
    if not text.strip():
        return [], []
    try:
        lines = [(number, cells) for number, cells in _lines(text) if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise InputError([Fault(path.name, "", "", str(error), "a CSV file in UTF-8 with a header")]) from error
    header = [name.strip() for name in lines[0][1]]
    faults = list(_header_faults(header, path.name, model, required))
    if faults:
        return [], faults
    records: list[Record] = []
    for number, cells in lines[1:]:
        if len(cells) > len(header):
            accepted = f"{len(header)} cells, as the header has"
            faults.append(Fault(path.name, f"row {number}", "", f"{len(cells)} cells", accepted))
            continue
        records.append((f"row {number}", _values(header, cells, model)))
    return records, faults


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield rows with the line that each starts on; the header is row 1."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    for cells in reader:
        yield start, cells
        start = reader.line_num + 1


def _values(header: Sequence[str], cells: Sequence[str], model: type[UnitRow | IncidentRow]) -> dict[str, Any]:
    read = {column: cell_value(model, column, cell) for column, cell in zip(header, cells, strict=False)}
    # An empty cell is an absent value, so that defaults hold.
    return {column: value for column, value in read.items() if value is not None}


def _header_faults(
    header: Sequence[str], source: str, model: type[UnitRow | IncidentRow], required: Sequence[str]
) -> Iterator[Fault]:
    for column in required:
        if column not in header:
            yield Fault(source, "row 1", column, "a missing column", f"a header with {', '.join(required)}")
    if not any(set(pair) <= set(header) for pair in _PLACES):
        yield Fault(source, "row 1", "lat, lon", "missing columns", "columns lat and lon, or easting and northing")
    for column in sorted(set(header)):
        if column not in model.model_fields:
            yield unknown_name(source, column or "header", column, model.model_fields, "row 1")
        if header.count(column) > 1:
            yield Fault(source, "row 1", column, "a repeated column", "each column only once")
