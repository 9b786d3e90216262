"""Propose a manifest for a folder of records, by the headers of its files and some of their rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from dispatch.force import Force
from graphs.errors import Fault, InputError
from scenarios.import_files import _fits, csv_files, head_of
from scenarios.import_manifest import RecordsManifest
from scenarios.import_presets import LAYOUTS
from scenarios.layouts import Form, Layout
from scenarios.suggest_columns import Guess, guess, plain, shape_of
from scenarios.suggest_words import GRADE_WORDS, STATUS_WORDS
from scenarios.tables import rows_of

_LINES: Final = 5_000
_VALUES: Final = 30
_MANIFEST: Final = "manifest.toml"


def proposal(folder: Path) -> str:
    """Return the text of a ``manifest.toml`` for a folder, with what is uncertain in comments.

    Raises
    ------
    InputError
        The folder has no CSV file in UTF-8 with a header and a row.
    """
    if _is_record(folder):
        return '# The folder is what "nearest csv-out" wrote: its manifest.toml serves as it is.\n'
    known = _known_layout(folder)
    if known is not None:
        return "".join(_of_layout(*known))
    files = {path: _sample(path) for path in csv_files(folder)}
    read = {path: rows for path, rows in files.items() if len(rows) > 1}
    if not read:
        raise InputError([Fault(str(folder), "", "", "no such file", "a CSV file in UTF-8 with a header and a row")])
    return "".join(_of_guesses(folder, read, [path for path in files if path not in read]))


def _is_record(folder: Path) -> bool:
    """Tell whether ``nearest csv-out`` wrote a folder; another manifest that is there, sound or not, does not count."""
    try:
        return RecordsManifest.read(folder / _MANIFEST).said_preset == "record"
    except InputError:
        return False


def _known_layout(folder: Path) -> tuple[Layout, list[tuple[str, Form]]] | None:
    """Return the layout that most files fit, and which file fits which form of it."""
    found = list[tuple[Layout, list[tuple[str, Form]]]]()
    for layout in LAYOUTS.values():
        fits = [
            (path.relative_to(folder).as_posix(), form)
            for path in csv_files(folder)
            for form in layout.forms
            if _fits(path, form.signature)
        ]
        if fits:
            found.append((layout, fits))
    return max(found, key=lambda each: len({name for name, _ in each[1]}), default=None)


def _of_layout(layout: Layout, fits: Sequence[tuple[str, Form]]) -> Iterator[str]:
    yield f'preset = "{layout.name}"  # {layout.title}\n'
    if layout.time_zone is not None:
        yield f'time_zone = "{layout.time_zone}"\n'
    if any("days" in form.times for _, form in fits):
        yield "day_zero = 2000-01-01  # UNSURE: times count days from a day that the files do not tell\n"
        yield 'time_zone = "UTC"  # UNSURE\n'
    yield '# network = "roads.network"  # without one, distances are straight lines\n'
    for name, form in fits:
        yield f"# {name}: {form.table}\n"


def _sample(path: Path) -> list[list[str]]:
    """Return the first rows of a file, the header first; none where it cannot be read."""
    if not head_of(path):
        return []
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        text = "".join(line for _, line in zip(range(_LINES), file, strict=False))
    try:
        return [cells for _, cells in rows_of(text, path.name)]
    except InputError:
        return []


def _of_guesses(folder: Path, files: Mapping[Path, list[list[str]]], unread: Sequence[Path]) -> Iterator[str]:
    force, guesses = Force.default(), dict[str, tuple[Guess, list[list[str]]]]()
    for path, rows in files.items():
        header = [name.strip() for name in rows[0]]
        shapes = {
            name: shape_of([row[place] for row in rows[1:] if place < len(row)]) for place, name in enumerate(header)
        }
        guesses[path.relative_to(folder).as_posix()] = guess(header, shapes, path.stem), rows
    yield "# Proposed by the headers and the first rows of the files. Look at every line that says UNSURE.\n"
    yield 'preset = "generic"\n'
    yield f'time_zone = "{force.time_zone}"  # UNSURE: of times without an offset\n'
    yield '# ambiguous = "later"  # which of two times counts when clocks go back and the order does not tell\n'
    yield from _coordinates(guesses)
    yield 'force = "cleveland"  # UNSURE: or the path of a force profile in this folder\n'
    yield '# network = "roads.network"  # without one, distances are straight lines\n'
    for path in unread:
        yield f"# {path.relative_to(folder).as_posix()}: no CSV file in UTF-8 with a header and a row\n"
    yield from _tables(guesses, force)


def _coordinates(guesses: Mapping[str, tuple[Guess, list[list[str]]]]) -> Iterator[str]:
    there = {ours for made, _ in guesses.values() for ours in made.columns.values()}
    if {"lat", "easting"} <= there:
        yield 'coordinates = "british_grid"  # UNSURE: files have both\n'
    elif "easting" in there:
        yield 'coordinates = "british_grid"\n'
    elif "lat" in there:
        yield 'coordinates = "wgs84"\n'


def _tables(guesses: Mapping[str, tuple[Guess, list[list[str]]]], force: Force) -> Iterator[str]:
    taken = set[str]()
    for name, (made, rows) in sorted(guesses.items(), key=lambda item: -item[1][0].score):
        if made.score <= 0 or made.table in taken:
            why = "no table that is known" if made.score <= 0 else f"UNSURE: {made.table} too, or nothing that is read"
            yield f"\n# {name}: {why}\n"
            continue
        taken.add(made.table)
        yield from _table(name, made, rows, force)


def _table(name: str, made: Guess, rows: Sequence[Sequence[str]], force: Force) -> Iterator[str]:
    yield f"\n[{made.table}]\nfile = {json.dumps(name, ensure_ascii=False)}\n"
    if made.formats:
        yield f"times = {json.dumps(made.formats)}\n"
    yield f"\n[{made.table}.columns]\n"
    for theirs, ours in made.columns.items():
        why = f"  # UNSURE: {made.unsure[theirs]}" if theirs in made.unsure else "  # not read" if not ours else ""
        yield f"{json.dumps(theirs, ensure_ascii=False)} = {json.dumps(ours)}{why}\n"
    header = [cell.strip() for cell in rows[0]]
    labels = {code: status.label for code, status in force.statuses.items()}
    keys = {key: key.replace("_", " ") for key in force.grades}
    for ours, known, words in (("status", labels, STATUS_WORDS), ("grade", keys, GRADE_WORDS)):
        named = next((their for their, our in made.columns.items() if our == ours), None)
        if named is not None:
            place = header.index(named)
            values = Counter(row[place].strip() for row in rows[1:] if place < len(row) and row[place].strip())
            yield from _values(made.table, ours, values, known, words)


def _values(
    table: str, ours: str, values: Counter[str], known: Mapping[str, str], words: Mapping[str, str]
) -> Iterator[str]:
    """Propose what values mean that the force profile does not have."""
    others = sorted(value for value in values if value not in known)
    if not others:
        return
    told = ", ".join(f"{key} {label}" if key != label else key for key, label in known.items())
    yield f"\n[{table}.values.{ours}]  # of the force profile: {told}\n"
    for value in others[:_VALUES]:
        meaning = _meaning(plain(value), known, words)
        line = f"{json.dumps(value, ensure_ascii=False)} = {json.dumps(meaning or '?')}"
        yield f"{line}  # UNSURE: {known[meaning]}\n" if meaning else f"# {line}  # UNSURE: nothing like it\n"
    if len(others) > _VALUES:
        yield f"# and {len(others) - _VALUES} more values\n"


def _meaning(value: str, known: Mapping[str, str], words: Mapping[str, str]) -> str | None:
    """Return the code or key that a value most likely means."""
    alike = {plain(label): key for key, label in known.items()}
    if value in alike:
        return alike[value]
    for word, part in words.items():
        if word == value or (len(word) > 2 and word in value):  # noqa: PLR2004 - a letter is in everything
            return next((key for key, label in known.items() if part in f"{key} {plain(label)}"), None)
    return None
