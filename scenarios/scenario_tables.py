"""Read the CSV files of a scenario: every row that can be read, and everything that is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from graphs.errors import Fault, InputError
from graphs.faults import read_text, rule_fault, shape_faults, unknown_name, written
from scenarios.cells import meant
from scenarios.rows import Inside, Placed, cell_value, sound_part
from scenarios.scenario_rows import AnyScenarioRow, ScenarioRow
from scenarios.tables import rows_of

CSV: Final = "a CSV file in UTF-8 with a header"
_PLACES: Final = (("lat", "lon"), ("easting", "northing"))
_PLACE_WORDS: Final = "lat, lon or easting, northing"
_PARTING: Final = ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"))


@dataclass(frozen=True, slots=True)
class Read(Generic[ScenarioRow]):
    """A row, where it stands, and which of its fields cannot be used."""

    where: str
    row: ScenarioRow
    unsound: frozenset[str] = frozenset()
    sound: bool = True

    def value(self, field: str) -> Any:
        """Return a value; None where it is absent or cannot be used."""
        return None if field in self.unsound else getattr(self.row, field, None)


@dataclass(frozen=True, slots=True)
class Rows(Generic[ScenarioRow]):
    """A file: its rows, and what is wrong with it."""

    source: str
    rows: tuple[Read[ScenarioRow], ...] = ()
    faults: tuple[Fault, ...] = ()


def read_rows(path: Path, model: type[ScenarioRow], inside: Inside) -> Rows[ScenarioRow]:
    """Read a file of a scenario.

    Parameters
    ----------
    path
        A CSV file.
    model
        What its rows are.
    inside
        Tells whether ``(lat, lon)`` lies in the network, for a hint.

    Returns
    -------
    Rows
        All that could be read, the faults beside it; a row that has a fault keeps what is sound of it.
    """
    try:
        rows = rows_of(read_text(path, CSV), path.name)
    except InputError as error:
        return Rows(path.name, (), error.faults)
    required = [name for name, info in model.model_fields.items() if info.is_required()]
    if not rows:
        needed = f"a header with {', '.join(_needed(model, required))}"
        return Rows(path.name, (), (Fault(path.name, "", "", "an empty file", needed),))
    where, names = rows[0]
    header = [name.strip() for name in names]
    faults = list(_header_faults(header, path.name, where, model, required))
    if required and not set(required) & set(header):
        return Rows(path.name, (), tuple(faults))
    absent = frozenset(required) - set(header) | _absent_place(model, header)
    reads = []
    for where, cells in rows[1:]:
        if len(cells) != len(header):
            told = f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'}"
            faults.append(Fault(path.name, where, "", told, f"{len(header)} cells, as the header has"))
        read, more = _read(where, _values(header, cells, model), model, path.name, absent, inside)
        reads.append(read)
        # In a row that has shifted, all the rest is of the wrong column.
        faults += more if len(cells) == len(header) else ()
    return Rows(path.name, tuple(reads), tuple(faults))


def _needed(model: type[AnyScenarioRow], required: Sequence[str]) -> list[str]:
    return [*required, _PLACE_WORDS] if issubclass(model, Placed) else list(required)


def _absent_place(model: type[AnyScenarioRow], header: Sequence[str]) -> set[str]:
    if not issubclass(model, Placed) or any(set(pair) <= set(header) for pair in _PLACES):
        return set()
    return {column for pair in _PLACES for column in pair}


def _header_faults(
    header: Sequence[str], source: str, where: str, model: type[AnyScenarioRow], required: Sequence[str]
) -> Iterator[Fault]:
    needed = f"a header with {', '.join(_needed(model, required))}"
    if required and not {name.casefold() for name in header} & set(required):
        hint = next((f"its cells seem to be parted by {name}" for sign, name in _PARTING if sign in header[0]), "")
        yield Fault(source, where, "", written(",".join(header)), needed, hint)
        return
    for column in required:
        if column not in header:
            yield Fault(source, where, column, "a header without it", needed)
    if _absent_place(model, header):
        yield Fault(source, where, "lat, lon", "a header without them", needed)
    for column in dict.fromkeys(header):
        if column not in model.model_fields:
            field = column or f"column {header.index(column) + 1}"
            yield unknown_name(source, field, column, model.model_fields, where)
        if header.count(column) > 1:
            yield Fault(source, where, column, "a repeated column", "each column only once")


def _values(header: Sequence[str], cells: Sequence[str], model: type[AnyScenarioRow]) -> dict[str, Any]:
    columns = [(column, cell) for column, cell in zip(header, cells, strict=False) if column in model.model_fields]
    read = {column: cell_value(model, column, meant(cell)) for column, cell in columns}
    # An empty cell is an absent value, so that defaults hold.
    return {column: value for column, value in read.items() if value is not None}


def _read(
    where: str,
    values: dict[str, Any],
    model: type[ScenarioRow],
    source: str,
    absent: frozenset[str],
    inside: Inside,
) -> tuple[Read[ScenarioRow], list[Fault]]:
    try:
        return Read(where, model.model_validate(values), absent), []
    except ValidationError as error:
        told = shape_faults(error, model, source, where)
        places = [each["loc"][:1] for each in error.errors(include_url=False)]
    # What is wrong with values beside each other has no place, and is found anew below.
    by_field = [(str(place[0]), fault) for place, fault in zip(places, told, strict=True) if place]
    unsound = absent.union(name for name, _ in by_field)
    row = sound_part(model, values, unsound)
    faults = [fault for name, fault in by_field if name not in absent]
    faults += [rule_fault(each, source, where) for each in _contradictions(row, unsound, inside)]
    return Read(where, row, unsound, sound=False), faults


def _contradictions(row: AnyScenarioRow, unsound: frozenset[str], inside: Inside) -> Iterator[PydanticCustomError]:
    if isinstance(row, Placed):
        yield from row.contradictions(unsound, inside)
    elif not unsound:
        yield from row.contradictions()
