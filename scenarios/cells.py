"""Cells of CSV files as they are written and read, so that no spreadsheet takes one for a formula.

A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break would be run by a spreadsheet that opens the
file. It is written with an apostrophe in front, which spreadsheets hide, and read back without it. Numbers stay as they
are: -1.2 is no formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TextIO

import orjson

from dispatch.record import iso

# The wide forms are run too.
_RUN: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_MARK: Final = "'"


def harmless(text: str) -> str:
    """Write a text so that no spreadsheet runs it.

    >>> harmless("=1+2"), harmless("'tis"), harmless("R21")
    ("'=1+2", "''tis", 'R21')
    """
    return _MARK + text if text.startswith((*_RUN, _MARK)) else text


def meant(cell: str) -> str:
    """Read back what `harmless` wrote; a cell that others wrote stays as it is.

    >>> meant("'=1+2"), meant("''tis"), meant("'tis")
    ('=1+2', "'tis", "'tis")
    """
    return cell[1:] if cell.startswith(_MARK) and cell[1:].startswith((*_RUN, _MARK)) else cell


def cell(value: Any) -> str:
    """Write a value: nothing for None, lists of plain values with ``;`` between, all other structure as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, list | tuple) and all(isinstance(part, str | int | float) for part in value):
        return harmless(";".join(str(part) for part in value))
    return harmless(value if isinstance(value, str) else orjson.dumps(value).decode())


def write_rows(out: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a table as CSV (RFC 4180) as its rows come; return how many there were.

    Parameters
    ----------
    columns
        The header; one that a row lacks is empty.
    """
    writer, count = csv.writer(out), 0
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row.get(column)) for column in columns])
        count += 1
    return count


def write_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a table as CSV; see `write_rows`."""
    out = io.StringIO(newline="")
    write_rows(out, columns, rows)
    return out.getvalue()


def flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return values in one level: those of an object inside have its name and a point in front.

    >>> flat({"callsign": "R1", "fix": {"lat": 54.5, "lon": -1.2}})
    {'callsign': 'R1', 'fix.lat': 54.5, 'fix.lon': -1.2}
    """
    found = dict[str, Any]()
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value
    return found
