"""Guess what the columns of a file are, by their names and by what their cells look like."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from scenarios.import_clocks import _iso, _time_of_day
from scenarios.import_rows import MODELS, STEPS, columns_of, halves, required_of
from scenarios.suggest_words import SYNONYMS, TABLE_WORDS

_ALIKE: Final = 0.84
_SURE: Final = 1.0
_NEARLY: Final = 0.99
_LARGE_M: Final = 1_000.0
_FILLERS: Final = frozenset({"date", "time", "datetime", "and", "of", "the", "at", "on", "stamp", "local", "utc"})
FORMATS: Final = (
    *("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d %b %Y %H:%M:%S"),
    *("%d-%b-%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S"),
    *("%d/%m/%y %H:%M", "%d/%m/%y %H:%M:%S", "%Y%m%d%H%M%S", "%d %b %Y %H:%M"),
)
DATES: Final = tuple(dict.fromkeys(pattern.split(" %H")[0] for pattern in FORMATS if " %H" in pattern))


@dataclass(frozen=True)
class Shape:
    """What the cells of a column look like: ``time``, ``date``, ``of_day``, ``number``, ``text`` or ``nothing``.

    Parameters
    ----------
    formats
        Under which all of its times or dates can be read; none where they are ISO 8601.
    largest
        Of its numbers.
    """

    kind: str
    formats: tuple[str, ...] = ()
    largest: float = 0.0


@dataclass
class Guess:
    """What the columns of a file are, as one table.

    Parameters
    ----------
    columns
        By a column of the file, its name here; empty where it is none.
    unsure
        Columns of which that is a guess, each with why.
    formats
        Of its times.
    """

    table: str
    score: float
    columns: dict[str, str] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)
    formats: list[str] = field(default_factory=list)


def plain(name: str) -> str:
    """Return a name in lower case with single spaces between its words.

    >>> plain("DateAndTimeArrived"), plain("Incident_No.")
    ('date and time arrived', 'incident no')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"[a-z0-9]+", parted.lower()))


def shape_of(cells: Sequence[str]) -> Shape:
    """Tell what cells look like; empty ones do not count."""
    told = [cell.strip() for cell in cells if cell.strip()]
    if not told:
        return Shape("nothing")
    if all(_time_of_day(cell) is not None for cell in told):
        return Shape("of_day")
    if all(_iso(cell) is not None for cell in told):
        return Shape("time")
    for kind, patterns in (("time", FORMATS), ("date", ("%Y-%m-%d", *DATES))):
        fits = tuple(pattern for pattern in patterns if all(_reads(cell, pattern) for cell in told))
        if fits:
            return Shape(kind, tuple(pattern for pattern in fits if pattern != "%Y-%m-%d"))
    with suppress(ValueError):
        return Shape("number", (), max(abs(float(cell)) for cell in told))
    return Shape("text")


def _reads(cell: str, pattern: str) -> bool:
    try:
        datetime.strptime(cell, pattern)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


def guess(header: Sequence[str], shapes: Mapping[str, Shape], file: str) -> Guess:
    """Guess which table a file is, and what its columns are."""
    found = [_as_table(table, header, shapes, file) for table in (*MODELS, "positions") if table != "amendments"]
    return max(found, key=lambda each: each.score)


def _as_table(table: str, header: Sequence[str], shapes: Mapping[str, Shape], file: str) -> Guess:
    made = Guess(table, 0.0)
    offers = sorted(_offers(table, header, shapes), key=lambda offer: -offer[0])
    for likeness, name, ours in offers:
        if name in made.columns or ours in made.columns.values():
            continue
        made.columns[name] = ours
        if likeness < _SURE:
            made.unsure[name] = f"by its name alone, which is near {ours}"
        made.score += likeness
    for name in header:
        if name and name not in made.columns:
            made.columns[name] = ""
    _add_formats(made, shapes)
    there = {*made.columns.values()} | {step for step in STEPS[table] if halves(step)[1] in made.columns.values()}
    missing = [name for name in required_of(table) if name not in there]
    named = any(word in plain(file) for word in TABLE_WORDS[table])
    made.score += 2.0 * named - 3.0 * len(missing)
    return made


def _offers(table: str, header: Sequence[str], shapes: Mapping[str, Shape]) -> Iterator[tuple[float, str, str]]:
    for name in header:
        if not name:
            continue
        for ours in columns_of(table):
            likeness = _likeness(plain(name), ours)
            wanted = _fitting(ours, table, shapes[name])
            if likeness >= _ALIKE and wanted is not None:
                yield likeness, name, wanted
        yield from _by_axis(table, name, shapes[name])


def _by_axis(table: str, name: str, shape: Shape) -> Iterator[tuple[float, str, str]]:
    """Yield what ``x`` and ``y`` are: metres where they are large."""
    axes = {"x": ("lon", "easting"), "y": ("lat", "northing")}
    pair = axes.get(plain(name))
    if pair is not None and shape.kind == "number" and pair[0] in columns_of(table):
        yield _NEARLY, name, pair[shape.largest > _LARGE_M]


def _likeness(name: str, ours: str) -> float:
    """Return how near a name is to that of a column here, or to another word for it; 1 where it is that."""
    words = [plain(ours), *SYNONYMS.get(ours, ())]
    if ours.endswith("_at"):
        words.append(plain(ours.removesuffix("_at")))
    if name in words:
        return _SURE
    short = " ".join(word for word in name.split() if word not in _FILLERS)
    if ours.endswith("_at") or ours in {"at", "start", "end"}:
        return max(_closest(short, words), _SURE if short in words or (not short and ours == "at") else 0.0)
    return _closest(name, words)


def _closest(name: str, words: Sequence[str]) -> float:
    ratios = (difflib.SequenceMatcher(None, name, word).ratio() for word in words if name)
    return _NEARLY * max(ratios, default=0.0)


def _fitting(ours: str, table: str, shape: Shape) -> str | None:
    """Return what a column can be by its cells: a time may be one half of two; None where they cannot be that."""
    times = {*STEPS[table], "entered_at"}
    if ours in times:
        return {"time": ours, "nothing": ours, "date": halves(ours)[0], "of_day": halves(ours)[1]}.get(shape.kind)
    if ours in {"lat", "lon", "easting", "northing", "crew", "accuracy_m", "course_deg", "speed_kmh"}:
        large = shape.largest > _LARGE_M
        wrong = shape.kind not in {"number", "nothing"} or (ours in {"lat", "lon"} and large)
        return None if wrong else ours
    return None if shape.kind in {"time", "of_day"} else ours


def _add_formats(made: Guess, shapes: Mapping[str, Shape]) -> None:
    """Collect the formats of its times; days and months that may be either way round are told."""
    for name, ours in made.columns.items():
        formats = shapes[name].formats if ours else ()
        if not formats:
            continue
        if any(pattern.startswith("%m/") for pattern in formats) and any(each.startswith("%d/") for each in formats):
            made.unsure[name] = "day and month may be the other way round"
        pattern = formats[0]
        whole = f"{pattern} %H:%M:%S" if shapes[name].kind == "date" else pattern
        for each in (whole, whole.removesuffix(":%S")) if shapes[name].kind == "date" else (whole,):
            if each not in made.formats:
                made.formats.append(each)
