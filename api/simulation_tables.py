"""Roster and stations as a planner changes them: told, given in place of a scenario's files, checked as a whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from api.job_requests import faults_within
from api.settings import Simulating
from api.simulation_scenarios import scenario_folder, scenario_values
from api.simulation_schemas import SimulationBody, TableRow
from graphs.errors import InputError
from graphs.faults import read_text
from scenarios.cells import meant, write_table
from scenarios.rows import CsvRow
from scenarios.scenario_files import ROSTER, STATIONS, is_road_source, read_head, read_scenario
from scenarios.scenario_out import COLUMNS
from scenarios.scenario_rows import RosterRow, StationRow
from scenarios.scenario_tables import CSV, read_rows
from scenarios.tables import rows_of

# By the names of the body: the file in whose place the rows stand.
FILES: Final[Mapping[str, str]] = {"stations": STATIONS, "roster": ROSTER}
_ROWS: Final[Mapping[str, type[CsvRow]]] = {STATIONS: StationRow, ROSTER: RosterRow}
_GRID: Final = ("easting", "northing")
# So many columns that there are not are told as faults.
_MOST_UNKNOWN: Final = 20
# Each check reads the roads of its scenario.
_CHECKING: Final = threading.Lock()


def scenario_told(name: str, settings: Simulating) -> dict[str, Any]:
    """Return what is told of a scenario with its stations and its roster, as its files have them.

    Raises
    ------
    InputError
        There is none of that name, a file of it cannot be read at all, or its stations have faults.
    """
    folder = scenario_folder(name, settings)
    try:
        tables = {table: list(_rows(folder / file)) for table, file in FILES.items()}
        placed = [_placed(row, place) for row, place in zip(tables["stations"], _places(folder), strict=True)]
    except InputError as error:
        raise InputError(faults_within(error, folder.parent, folder)) from error
    return {**scenario_values(name, settings), **tables, "stations": placed}


def _rows(path: Path) -> Iterator[dict[str, str | None]]:
    """Yield the rows of a file by the names of its columns; an empty cell is null."""
    rows = rows_of(read_text(path, CSV), path.name)
    header = [name.strip() for name in rows[0][1]] if rows else []
    known = COLUMNS[path.name]
    for _, cells in rows[1:]:
        told = dict(zip(header, (meant(cell) or None for cell in cells), strict=False))
        yield {**dict.fromkeys(known), **told}


def _places(folder: Path) -> list[tuple[float, float] | None]:
    found = read_rows(folder / STATIONS, StationRow, _anywhere)
    if found.faults:
        # A map cannot show a station whose place may be another.
        raise InputError(found.faults)
    return [each.row.place() for each in found.rows]


def _anywhere(_lat: float, _lon: float) -> bool:
    return True


def _placed(row: Mapping[str, str | None], place: tuple[float, float] | None) -> dict[str, str | None]:
    """Return a station with its place in degrees, in which maps show it, whatever the file has."""
    if place is None:
        return dict(row)
    lat, lon = map(repr, place)
    return {name: cell for name, cell in row.items() if name not in _GRID} | {"lat": lat, "lon": lon}


def changed_tables(body: SimulationBody) -> dict[str, str]:
    """Return the tables that are given in place of the scenario's own, as CSV by the names of the body."""
    given = {"stations": body.stations, "roster": body.roster}
    return {name: _csv(FILES[name], rows) for name, rows in given.items() if rows is not None}


def _csv(file: str, rows: Sequence[TableRow]) -> str:
    known = _ROWS[file].model_fields
    given = dict.fromkeys(column for row in rows for column in row)
    # Enough of the others that they are refused: with all that a body may name a table would fill memory.
    others = islice((column for column in given if column not in known), _MOST_UNKNOWN)
    columns = dict.fromkeys((*_header(file, rows), *(column for column in given if column in known), *others))
    return write_table(list(columns), [{name: _cell(value) for name, value in row.items()} for row in rows])


def _header(file: str, rows: Sequence[TableRow]) -> Iterator[str]:
    """Yield the columns of a file, without those of the place where rows tell it by the grid."""
    by_grid = any(row.get(name) is not None for row in rows for name in _GRID)
    yield from (name for name in COLUMNS[file] if not by_grid or name not in {"lat", "lon"})


def _cell(value: Any) -> Any:
    # A file says yes and no.
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def require_tables(name: str, tables: Mapping[str, str], settings: Simulating) -> None:
    """Refuse tables that the scenario cannot be simulated with.

    Where its roads are still to be compiled, that is left to the simulation: it takes minutes. So it is while
    this worker checks others.

    Raises
    ------
    InputError
        With every fault of every table, by the row of the file that stands for it: the first given is row 2.
    """
    if not tables:
        return
    folder = scenario_folder(name, settings)
    if is_road_source(folder / read_head(folder).network) or not _CHECKING.acquire(blocking=False):
        return
    try:
        _check(folder, tables)
    finally:
        _CHECKING.release()


def _check(folder: Path, tables: Mapping[str, str]) -> None:
    with TemporaryDirectory() as into:
        try:
            read_scenario(with_tables(folder, Path(into), tables))
        except InputError as error:
            raise InputError(faults_within(error, folder, Path(into))) from error


def with_tables(folder: Path, into: Path, tables: Mapping[str, str]) -> Path:
    """Make a folder of a scenario that is another but for some of its tables, and return it.

    Parameters
    ----------
    into
        An empty folder; what stays as it is is linked to from there.
    tables
        CSV by the names of `FILES`.
    """
    for path in folder.iterdir():
        if path.name not in {FILES[name] for name in tables}:
            (into / path.name).symlink_to(path.resolve())
    for name, text in tables.items():
        (into / FILES[name]).write_text(text, "utf-8")
    return into
