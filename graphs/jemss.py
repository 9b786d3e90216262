"""Read roads from the files of the ambulance simulator JEMSS.jl: ``nodes.csv`` and ``arcs.csv``.

Each file holds tables: a line with the table's name, a header, rows, an empty line. Nodes have a longitude ``x`` and a
latitude ``y``. Arcs are directed or undirected, as ``arcForm`` says, and have a travel time in days for each mode: mode
1 is driving with lights and sirens, mode 2 without. A column ``distance`` is in kilometres: on JEMSS's own Auckland
roads it is within 0.3% of the great circle between an arc's ends.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Final

import numpy as np

from graphs.assemble import Lane, LonLat, Roads, Segment
from graphs.coordinates import great_circle_m
from graphs.errors import Fault, InputError, SourceError
from graphs.faults import written
from graphs.network import NetworkMeta
from graphs.osm import Report, quiet

FILES = ("nodes.csv", "arcs.csv")
ROAD_CLASS = "unclassified"
NOT_STATED = "not stated in the files"
MS_PER_DAY: Final = 86_400_000
# Distances that add up to so many times the straight lines between the nodes are in another unit, or of other places.
_PLAUSIBLE: Final = (0.5, 5.0)
# Beyond these a number is a slip; far beyond, so that a distance in metres is told as such.
_LONGEST_DAYS: Final = 3_650.0
_LONGEST_KM: Final = 1e8
_FORMS: Final = ("directed", "undirected")
_NODE_COLUMNS: Final = ("index", "x", "y")
_ARC_COLUMNS: Final = ("index", "fromNode", "toNode")


@dataclass(slots=True)
class _Table:
    """A table of a file: its rows as texts by column, each with its line in the file."""

    columns: Sequence[str] = ()
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)


@dataclass(slots=True)
class _Arc:
    index: int
    start: int
    end: int
    length_m: float | None
    given_ms: tuple[int, int]


def read_jemss(folder: Path, report: Report = quiet) -> Roads:
    """Read the roads of a JEMSS.jl folder.

    Parameters
    ----------
    folder
        A folder, or a zip file, with ``nodes.csv`` and ``arcs.csv``.
    report
        Called with a short sentence as the work goes on.

    Returns
    -------
    Roads
        Every arc is a straight road of class ``unclassified`` with the arc's index for a way id and the stated times,
        mode 1 for ``response`` and mode 2 for ``normal``; a single mode serves both, further modes are not used.
        Opposite directed arcs of equal distance are the two lanes of one road, so that turning round costs time.

    Raises
    ------
    SourceError
        There is no such folder or zip file, or it cannot be read.
    InputError
        The files have faults; every one of them is named, by its line in the file.
    """
    with ExitStack() as opened:
        streams = _opened(folder, opened)
        report(f"{folder.name}: reading nodes")
        nodes_reader = TablesReader(f"{folder.name}/nodes.csv", streams["nodes.csv"])
        places = _places(nodes_reader)
        report(f"{folder.name}: reading arcs between {len(places):,} nodes")
        arcs_reader = TablesReader(f"{folder.name}/arcs.csv", streams["arcs.csv"])
        directed, modes = _form(arcs_reader)
        arcs = list(_arcs(arcs_reader, modes, places))
    faults = [*nodes_reader.faults, *arcs_reader.faults]
    if faults:
        raise InputError(faults)
    digest = hashlib.sha256(nodes_reader.digest + arcs_reader.digest).hexdigest()
    return _roads(folder.name, digest, places, arcs, directed=directed, modes=modes)


def _opened(folder: Path, opened: ExitStack) -> dict[str, IO[bytes] | None]:
    """Open the two files; None stands for one that is missing."""
    if folder.is_dir():
        found = {name: folder / name for name in FILES}
        return {name: opened.enter_context(path.open("rb")) if path.is_file() else None for name, path in found.items()}
    if not folder.is_file():
        raise SourceError(f"{folder}: no such folder or zip file; accepted: one with {' and '.join(FILES)}")
    try:
        archive = opened.enter_context(zipfile.ZipFile(folder))
        members = {name: jemss_member(archive, name) for name in FILES}
        return {name: opened.enter_context(archive.open(at)) if at else None for name, at in members.items()}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise SourceError(f"{folder}: cannot be read as a zip file ({error})") from error


def jemss_member(archive: zipfile.ZipFile, name: str) -> str | None:
    """Return the one member of an archive that has a file's name, at the top or in a folder; None where none has."""
    paths = [PurePosixPath(member) for member in archive.namelist()]
    # Finder adds a folder of its own with files of the same names.
    found = sorted((path for path in paths if path.name == name and "__MACOSX" not in path.parts), key=_depth)
    return str(found[0]) if found else None


def _depth(path: PurePosixPath) -> tuple[int, str]:
    return len(path.parts), str(path)


class TablesReader:
    """The tables of one file, and what is wrong in them."""

    def __init__(self, source: str, stream: IO[bytes] | None) -> None:
        self.source = source
        self.faults: list[Fault] = []
        self.digest = b""
        self._tables: dict[str, _Table] = {}
        if stream is None:
            self.refuse(0, "", "a missing file", f"a folder or zip file with {' and '.join(FILES)}")
        else:
            self._read(stream)
        self.readable = not self.faults

    def _read(self, stream: IO[bytes]) -> None:
        try:
            raw = stream.read()
            self.digest = hashlib.sha256(raw).digest()
            self._tables = _tables(raw.decode("utf-8-sig"))
        except (
            UnicodeDecodeError,
            csv.Error,
            zipfile.BadZipFile,
            zlib.error,
            RuntimeError,
            OSError,
            EOFError,
        ) as error:
            self.refuse(0, "", str(error), "tables as JEMSS.jl writes them: CSV in UTF-8")

    def refuse(self, line: int, column: str, value: str, accepted: str, hint: str = "") -> None:
        """Note a fault; line 0 is the whole file."""
        self.faults.append(Fault(self.source, f"row {line}" if line else "", column, value, accepted, hint))

    def table(self, name: str, columns: Sequence[str]) -> _Table:
        """Return a table; an empty one, and a fault, where it or a column is missing."""
        if not self.readable:
            return _Table()
        table = self._tables.get(name)
        if table is None:
            self.refuse(0, name, "a missing table", f"tables {', '.join(self._tables)} and this one")
            return _Table()
        missing = [column for column in columns if column not in table.columns]
        for column in missing:
            self.refuse(0, f"{name}.{column}", "a missing column", f"columns {', '.join(columns)}")
        return _Table(table.columns) if missing else table

    def number(self, line: int, row: Mapping[str, str], column: str, least: float, most: float) -> float | None:
        """Read a number in a range, or note a fault."""
        try:
            number = float(row[column])
        except ValueError:
            number = math.nan
        if least <= number <= most:
            return number
        self.refuse(line, column, written(row[column]), f"a number, {least:g} to {most:g}")
        return None

    def whole(self, line: int, row: Mapping[str, str], column: str) -> int | None:
        """Read a whole number above 0, which may be written as 7.0, or note a fault."""
        number = self.number(line, row, column, 1, 2**53)
        if number is None or number.is_integer():
            return None if number is None else int(number)
        self.refuse(line, column, written(row[column]), "a whole number")
        return None


def _tables(text: str) -> dict[str, _Table]:
    """Cut a file into its tables; cells beyond a table's header are not part of it."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    tables: dict[str, _Table] = {}
    table: _Table | None = None
    for cells in reader:
        row = [cell.strip() for cell in cells]
        if not any(row):
            table = None
        elif table is None:
            table = tables.setdefault(row[0], _Table())
        elif not table.columns:
            # A column without a name still has its place before those that follow.
            table.columns = row[: max(place for place, name in enumerate(row, 1) if name)]
        else:
            padded = [*row, *[""] * len(table.columns)]
            table.rows.append((reader.line_num, dict(zip(table.columns, padded, strict=False))))
    return tables


def _places(reader: TablesReader) -> dict[int, LonLat | None]:
    """Return where the nodes are; None for one that is named but faulty."""
    places: dict[int, LonLat | None] = {}
    for line, row in reader.table("nodes", _NODE_COLUMNS).rows:
        index = reader.whole(line, row, "index")
        lon = reader.number(line, row, "x", -180, 180)
        lat = reader.number(line, row, "y", -90, 90)
        if index in places:
            reader.refuse(line, "index", str(index), "each index once")
        elif index is not None:
            places[index] = None if lon is None or lat is None else (lon, lat)
    return places


def _form(reader: TablesReader) -> tuple[bool, int]:
    """Read whether arcs are directed, and how many modes there are."""
    rows = reader.table("miscData", ("arcForm", "numModes")).rows
    if not rows:
        if not reader.faults:
            reader.refuse(0, "miscData", "an empty table", "one row with arcForm and numModes")
        return True, 0
    line, row = rows[0]
    if row["arcForm"] not in _FORMS:
        reader.refuse(line, "arcForm", written(row["arcForm"]), " or ".join(_FORMS))
    return row["arcForm"] == "directed", reader.whole(line, row, "numModes") or 0


def _arcs(reader: TablesReader, modes: int, places: Mapping[int, LonLat | None]) -> Iterator[_Arc]:
    used = [f"mode_{mode}" for mode in range(1, min(modes, 2) + 1)]
    table = reader.table("arcs", (*_ARC_COLUMNS, *used))
    seen: set[int] = set()
    for line, row in table.rows:
        index = reader.whole(line, row, "index")
        if index in seen:
            reader.refuse(line, "index", str(index), "each index once")
        seen.add(index or 0)
        ends = [_end(reader, line, row, column, places) for column in ("fromNode", "toNode")]
        days = [reader.number(line, row, column, 0, _LONGEST_DAYS) for column in used]
        length_km = reader.number(line, row, "distance", 0, _LONGEST_KM) if "distance" in table.columns else None
        times = [round(time * MS_PER_DAY) for time in days if time is not None]
        if index is not None and ends[0] is not None and ends[1] is not None and times:
            yield _Arc(index, ends[0], ends[1], None if length_km is None else length_km * 1000, (times[-1], times[0]))


def _end(
    reader: TablesReader, line: int, row: Mapping[str, str], column: str, places: Mapping[int, LonLat | None]
) -> int | None:
    node = reader.whole(line, row, column)
    # Without nodes there is nothing to compare with, and that has been told.
    if node is not None and places and node not in places:
        reader.refuse(line, column, str(node), "the index of a row of nodes.csv")
    return node if places.get(node or 0) else None


def _roads(
    name: str, digest: str, places: Mapping[int, LonLat | None], arcs: Sequence[_Arc], *, directed: bool, modes: int
) -> Roads:
    meta = NetworkMeta(
        name, digest, attribution=NOT_STATED, licence=NOT_STATED, notes=tuple(_notes(arcs, places, modes))
    )
    roads = Roads(meta)
    driven = [arc for arc in arcs if arc.start != arc.end]
    for arc, back in _opposed(driven) if directed else ((arc, arc) for arc in driven):
        roads.segments.append(_segment(arc, back, places))
    met = {node for arc in arcs for node in (arc.start, arc.end)}
    roads.dropped["arc from a node to itself"] += len(arcs) - len(driven)
    roads.dropped["node without arcs"] += len(places.keys() - met)
    roads.dropped = +roads.dropped
    return roads


def _opposed(arcs: Sequence[_Arc]) -> list[tuple[_Arc, _Arc | None]]:
    """Find for each directed arc the arc that runs the other way along the same road, if there is one."""
    waiting: dict[tuple[int, int, float | None], list[int]] = {}
    pairs: list[tuple[_Arc, _Arc | None]] = []
    for arc in arcs:
        opposed = waiting.get((arc.end, arc.start, arc.length_m))
        if opposed:
            row = opposed.pop(0)
            pairs[row] = pairs[row][0], arc
        else:
            waiting.setdefault((arc.start, arc.end, arc.length_m), []).append(len(pairs))
            pairs.append((arc, None))
    return pairs


def _segment(arc: _Arc, back: _Arc | None, places: Mapping[int, LonLat | None]) -> Segment:
    return Segment(
        start=arc.start,
        end=arc.end,
        lonlat=_line(arc, places),
        road_class=ROAD_CLASS,
        along=Lane(given_ms=arc.given_ms),
        against=None if back is None else Lane(given_ms=back.given_ms),
        way_id=arc.index,
        length_m=arc.length_m,
    )


def _line(arc: _Arc, places: Mapping[int, LonLat | None]) -> list[LonLat]:
    return [place for place in (places[arc.start], places[arc.end]) if place is not None]


def _notes(arcs: Sequence[_Arc], places: Mapping[int, LonLat | None], modes: int) -> Iterator[str]:
    yield "Travel times are those that the JEMSS files state; roads are straight lines without names or limits."
    if modes == 1:
        yield "The files state one travel time for each arc, which serves both profiles."
    if modes > 2:  # noqa: PLR2004 - response and normal
        yield f"The files state {modes} modes, of which the first two are used."
    stated_m = sum(arc.length_m or 0.0 for arc in arcs)
    lines = np.array([_line(arc, places) for arc in arcs], np.float64).reshape(-1, 2, 2)
    straight_m = float(great_circle_m(lines[:, 0], lines[:, 1]).sum())
    if stated_m and not _PLAUSIBLE[0] * straight_m <= stated_m <= _PLAUSIBLE[1] * straight_m:
        yield (
            f"The distances add up to {stated_m / 1000:,.0f} km, the straight lines between nodes to "
            f"{straight_m / 1000:,.0f} km: they may not be in kilometres. Travel times do not rest on them."
        )
