"""Which file of a folder is which table, and its rows as lines with the names that columns have here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from graphs.errors import Fault, InputError
from graphs.faults import gather, read_text, unknown_name, written
from scenarios.cells import meant
from scenarios.import_manifest import TABLES, RecordsManifest
from scenarios.import_rows import STEPS, columns_of, halves, required_of
from scenarios.layouts import Form, Joined, Layout, plain_form
from scenarios.rows import PLACE
from scenarios.tables import rows_of

CSV: Final = "a CSV file in UTF-8 with a header"
_PAIRS: Final = {"wgs84": ("lat", "lon"), "british_grid": ("easting", "northing")}
_HEADER_ROWS: Final = 20  # a title or a section may stand above the header


@dataclass(frozen=True)
class Bound:
    """A file and what it means for one table."""

    path: Path
    source: str
    form: Form


@dataclass(slots=True)
class Line:
    """A row of a file.

    Parameters
    ----------
    source, where
        The file, by its path in the folder, and the row.
    cells
        As they stand in the file.
    values
        Texts by the names that columns have here, without the empty ones.
    faults
        What is wrong with the row as a whole.
    at
        When it happened, None where that cannot be told.
    """

    source: str
    where: str
    cells: Mapping[str, str]
    values: dict[str, str]
    faults: list[Fault] = field(default_factory=list)
    at: datetime | None = None


def bind(folder: Path, manifest: RecordsManifest, layout: Layout) -> list[Bound]:
    """Find the files of every table.

    Raises
    ------
    InputError
        A file that the manifest names is not there, or no file of the folder fits.
    """
    bound, faults = list[Bound](), list[Fault]()
    for table in TABLES:
        by = manifest.table(table)
        for name in by.file:
            path = folder / name
            if not path.is_file():
                faults.append(Fault("manifest.toml", "", f"{table}.file", name, "a file in the folder"))
            elif not layout.forms or table == "closures":
                bound.append(Bound(path, name, plain_form(table, by, layout.name)))
            else:
                found = gather(faults, partial(_fitting, path, name, layout, table))
                bound += [Bound(path, name, form.told(by)) for form in found or ()]
        if not by.file:
            bound += _unnamed(folder, manifest, layout, table)
    if faults:
        raise InputError(faults)
    if not bound:
        raise InputError([_nothing_fits(folder, layout)])
    return bound


def _nothing_fits(folder: Path, layout: Layout) -> Fault:
    accepted = f"files of the layout {layout.name}: {layout.title}"
    return Fault(
        str(folder), "", "", "no such file", accepted, f"nearest import --suggest {folder} proposes a manifest"
    )


def _fitting(path: Path, name: str, layout: Layout, table: str) -> list[Form]:
    forms = [form for form in layout.forms if form.table == table and _fits(path, form.signature)]
    if not forms:
        needed = " or ".join(", ".join(sorted(form.signature)) for form in layout.forms if form.table == table)
        accepted = f"a header with {needed}" if needed else f"no file: the layout {layout.name} has no {table}"
        raise InputError([Fault(name, "", f"{table}.file", "another header", accepted)])
    return forms


def _unnamed(folder: Path, manifest: RecordsManifest, layout: Layout, table: str) -> Iterator[Bound]:
    """Yield the files of a table for which the manifest names none."""
    by = manifest.table(table)
    if table == "closures" or not layout.forms:
        name = f"{table}.geojson" if table == "closures" else f"{table}.csv"
        if (folder / name).is_file():
            yield Bound(folder / name, name, plain_form(table, by, layout.name))
        return
    for path in csv_files(folder):
        for form in layout.forms:
            if form.table == table and _fits(path, form.signature):
                yield Bound(path, path.relative_to(folder).as_posix(), form.told(by))


def csv_files(folder: Path) -> list[Path]:
    """Return the CSV files of a folder and of those in it, by name."""
    return sorted(path for path in folder.rglob("*.csv") if path.is_file())


def _fits(path: Path, signature: frozenset[str]) -> bool:
    return any(signature <= {name.strip() for name in cells} for _, cells in head_of(path))


def head_of(path: Path) -> list[tuple[str, list[str]]]:
    """Return the first rows of a file; none where it is no CSV file in UTF-8."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = "".join(line for _, line in zip(range(_HEADER_ROWS), file, strict=False))
        return rows_of(text.rpartition("\n")[0] or text, path.name)
    except (InputError, UnicodeDecodeError):
        return []


def lines(bound: Bound, manifest: RecordsManifest, folder: Path) -> list[Line]:
    """Read the rows of a file.

    Raises
    ------
    InputError
        It is no CSV file, or columns of its header are unknown, missing or there twice; all faults together.
    """
    form, source = bound.form, bound.source
    rows = section_of(rows_of(read_text(bound.path, CSV), source), form.section, form.signature)
    if not rows:
        raise InputError([Fault(source, "row 1", "", "nothing", CSV)])
    where, header = rows[0][0], [name.strip() for name in rows[0][1]]
    renamed = {name: ours for name in header if (ours := _name_here(name, form))}
    faults = [
        *header_faults(header, form, source, where),
        *place_faults({*renamed.values(), *form.columns.values()}, manifest.coordinates, source, where),
    ]
    if faults:
        raise InputError(faults)
    beside = _Beside(form.joined, folder)
    return [_line(source, where, header, cells, form, beside, manifest.coordinates) for where, cells in rows[1:]]


def section_of(
    rows: Sequence[tuple[str, list[str]]], section: str, signature: frozenset[str]
) -> list[tuple[str, list[str]]]:
    """Return the rows of a table from its header on, where a file has several tables or a title above it."""
    start = 0
    if signature:
        fits = (place for place, (_, cells) in enumerate(rows) if signature <= {cell.strip() for cell in cells})
        start = next(fits, 0)
    found = list(rows[start:])
    if not section:
        return found
    alone = (place for place, (_, cells) in enumerate(found) if place and not any(cell.strip() for cell in cells[1:]))
    return found[: next(alone, len(found))]


def _name_here(name: str, form: Form) -> str:
    if name in form.columns:
        return form.columns[name]
    return "" if form.mapped_only else name


def header_faults(header: Sequence[str], form: Form, source: str, where: str) -> Iterator[Fault]:
    """Yield what is wrong with the names of columns."""
    known = columns_of(form.table)
    for name in header:
        ours = _name_here(name, form)
        if ours and ours not in known:
            field = name or f"column {header.index(name) + 1}"
            yield unknown_name(source, field, ours, known, where)
    for name, ours in form.columns.items():
        if ours and name not in header and form.prepare is None and form.joined is None:
            yield unknown_name("manifest.toml", f"{form.table}.columns", name, [each for each in header if each], where)
        if ours and ours not in known:
            yield unknown_name("manifest.toml", f"{form.table}.columns.{name}", ours, known)
    for table, names in (("given", form.given), ("values", form.values)):
        for name in sorted(set(names) - set(known)):
            yield unknown_name("manifest.toml", f"{form.table}.{table}", name, known)
    yield from _set_faults([_name_here(name, form) for name in header], form, source, where)


def _set_faults(names: Sequence[str], form: Form, source: str, where: str) -> Iterator[Fault]:
    told = [name for name in names if name]
    for name in sorted({name for name in told if told.count(name) > 1}):
        yield Fault(source, where, name, "a repeated column", "each column only once")
    there = {*told, *form.given, *(form.columns.values() if form.prepare or form.joined else ())}
    for step in STEPS[form.table]:
        if halves(step)[1] in there or halves(step)[0] in there:
            there.add(step)
    for name in required_of(form.table):
        if name not in there:
            hint = "map one to it, as [TABLE.columns] of the manifest says what columns are called"
            yield Fault(source, where, name, "a header without it", f"a column for {name}", hint)


def place_faults(there: Iterable[str], coordinates: str | None, source: str, where: str) -> Iterator[Fault]:
    """Yield the fault of two places in one row, or of another than the manifest says."""
    pairs = {name: set(pair) <= set(there) for name, pair in _PAIRS.items()}
    if coordinates is None and all(pairs.values()):
        accepted = 'coordinates = "wgs84" or "british_grid" in the manifest, to say which pair is read'
        yield Fault(source, where, "lat, lon, easting, northing", "two pairs of columns", accepted)
    other = next((name for name, has in pairs.items() if has and name != coordinates), None)
    if coordinates is not None and other is not None and not pairs[coordinates]:
        accepted = f"columns {' and '.join(_PAIRS[coordinates])}, as coordinates = {coordinates} says"
        yield Fault(source, where, ", ".join(_PAIRS[other]), "columns of the other kind", accepted)


def _line(
    source: str,
    where: str,
    header: Sequence[str],
    row: Sequence[str],
    form: Form,
    beside: _Beside,
    coordinates: str | None,
) -> Line:
    cells = {
        name or f"column {place}": meant(cell) for place, (name, cell) in enumerate(zip(header, row, strict=False), 1)
    }
    faults = list[Fault]()
    if len(row) != len(header):
        faults.append(Fault(source, where, "", f"{len(row)} cells", f"{len(header)} cells, as the header has"))
    told = {**cells, **beside.of(cells)}
    if form.prepare is not None:
        told = {**told, **form.prepare(told)}
    values = dict(form.given)
    for name, cell in told.items():
        ours = _name_here(name, form)
        if ours and (text := meaning(form, ours, cell)):
            values[ours] = text
    if coordinates is not None:
        for name in PLACE - set(_PAIRS[coordinates]):
            values.pop(name, None)
    return Line(source, where, cells, values, faults)


def meaning(form: Form, column: str, cell: str) -> str:
    """Return what a cell means; of a list every part by itself.

    Examples
    --------
    >>> form = Form("incidents", frozenset(), values={"tags": {"DA": "domestic_abuse", "X": ""}})
    >>> meaning(form, "tags", "DA;X;hate")
    'domestic_abuse;hate'
    """
    text, values = cell.strip(), form.values.get(column)
    if not values:
        return text
    if text in values or column not in {"tags", "needs", "skills"}:
        return values.get(text, text)
    parts = (values.get(part.strip(), part.strip()) for part in text.split(";"))
    return ";".join(part for part in parts if part)


class _Beside:
    """Finds the row of another file that belongs to a row."""

    def __init__(self, joined: Joined | None, folder: Path) -> None:
        self._joined = joined
        self._rows: dict[str, dict[str, str]] = {} if joined is None else _keyed(joined, folder)

    def of(self, cells: Mapping[str, str]) -> dict[str, str]:
        return {} if self._joined is None else self._rows.get(cells.get(self._joined.ours, ""), {})


def _keyed(joined: Joined, folder: Path) -> dict[str, dict[str, str]]:
    for path in csv_files(folder):
        if not _fits(path, joined.signature):
            continue
        rows = section_of(rows_of(read_text(path, CSV), path.name), joined.section, joined.signature)
        header = [name.strip() for name in rows[0][1]]
        place = header.index(joined.theirs)
        return {
            cells[place].strip(): {f"{joined.section}.{name}": cell for name, cell in zip(header, cells, strict=False)}
            for _, cells in rows[1:]
        }
    accepted = f"a file of {joined.section} with the columns {', '.join(sorted(joined.signature))}"
    raise InputError([Fault(str(folder), "", "", written(None), accepted)])
