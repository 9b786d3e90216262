"""Millions of position reports as columns, and which of them was the newest known at a moment."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from dispatch.model import Fix
from graphs.compiled import Whole, compiled
from graphs.errors import Fault, InputError
from graphs.network import Floats, Longs

# Of ``positions.parquet``, sorted by callsign and in it by fixed_at, received_at; moments are microseconds in UTC.
SCHEMA: Final = pl.Schema(
    {
        "callsign": pl.String(),
        "fixed_at": pl.Datetime("us", "UTC"),
        "received_at": pl.Datetime("us", "UTC"),
        "lat": pl.Float64(),
        "lon": pl.Float64(),
        "accuracy_m": pl.Float64(),
        "course_deg": pl.Float64(),
        "speed_kmh": pl.Float64(),
    }
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_ARRAYS: Final = ("first", "fixed_us", "received_us", "lat", "lon", "accuracy_m", "course_deg", "speed_kmh")
_CALLSIGNS: Final = "callsigns.npy"
_NEEDED: Final = frozenset({"callsign", "fixed_at", "received_at", "lat", "lon"})


def microseconds(moment: datetime) -> int:
    """Return a moment as whole microseconds since 1970."""
    return (moment - _EPOCH) // _US


def moment_of(time_us: int) -> datetime:
    """Return the moment so many microseconds after 1970 began."""
    return _EPOCH + timedelta(microseconds=time_us)


@dataclass(frozen=True, eq=False)
class PastFixes:
    """Position reports, by callsign and in it by the time at which they were true.

    Parameters
    ----------
    callsigns
        Sorted.
    first : (n + 1,) int64
        The reports of callsign ``c`` are rows ``first[c]:first[c + 1]``.
    fixed_us, received_us : (m,) int64
        When a position was true and when it was known, microseconds since 1970.
    lat, lon, accuracy_m, course_deg, speed_kmh : (m,) float64
        The last three are NaN where they are not known.
    """

    callsigns: tuple[str, ...]
    first: Longs
    fixed_us: Longs
    received_us: Longs
    lat: Floats
    lon: Floats
    accuracy_m: Floats
    course_deg: Floats
    speed_kmh: Floats

    @classmethod
    def read(cls, path: Path) -> PastFixes:
        """Read ``positions.parquet``, one column after the other: all at once would take twice the room.

        Raises
        ------
        InputError
            The rows are not in order, or lack a callsign, a moment or a place.
        """

        def column(name: str) -> pl.Series:
            found = pl.scan_parquet(path).select(name).collect().to_series()
            if name in _NEEDED and found.null_count():
                raise _not_accepted(path, name, "a row without one", "one in every row")
            return found

        found = cls._of(*_runs(column("callsign")), column)
        if not found.in_order():
            raise _not_accepted(path, "callsign, fixed_at", "rows in another order", "rows sorted by them")
        return found

    @classmethod
    def read_stretch(cls, path: Path, begin: datetime, end: datetime, ahead: timedelta) -> PastFixes:
        """Read of ``positions.parquet``, which `read` accepts, what tells any moment of a stretch of time.

        `newest` finds the same in it as in all reports. Besides, those that came after the moment are there; every
        callsign is known, with reports or without.

        Parameters
        ----------
        begin, end
            The first moment, and the one that is not part of it any more.
        ahead
            As for `newest`.
        """
        told = pl.scan_parquet(path)
        come = pl.col("received_at") <= begin
        # Of what had come by then, nothing but the last that counts is ever the newest.
        last = told.filter(come & (pl.col("fixed_at") - pl.col("received_at") <= ahead)).group_by("callsign").last()
        later = told.filter(~come & (pl.col("fixed_at") <= end + ahead))
        frame = pl.concat([last, later]).sort("callsign", "fixed_at", "received_at", maintain_order=True)
        names = told.select(pl.col("callsign").unique().sort())
        # Neither takes more room than what it comes to, however many reports there are.
        all_names, found = pl.collect_all([names, frame], engine="streaming")
        there = dict(zip(*_runs(found["callsign"]), strict=True))
        callsigns = all_names["callsign"].to_list()
        return cls._of(callsigns, [there.get(name, 0) for name in callsigns], found.get_column)

    @classmethod
    def _of(cls, callsigns: Sequence[str], lengths: Sequence[int], column: Callable[[str], pl.Series]) -> PastFixes:
        """Make reports of columns, and of how many rows each callsign has in them."""
        first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        times = (column(name).to_physical().to_numpy() for name in ("fixed_at", "received_at"))
        numbers = (column(name).fill_null(math.nan).to_numpy() for name in list(SCHEMA)[3:])
        return cls(tuple(callsigns), first, *times, *numbers)

    def in_order(self) -> bool:
        """Tell whether each callsign has its reports in one place, by when they were true: `newest` relies on it."""
        falls = np.flatnonzero(np.diff(self.fixed_us) < 0) + 1
        return all(one < other for one, other in pairwise(self.callsigns)) and bool(np.isin(falls, self.first).all())

    def save(self, folder: Path) -> None:
        """Write the columns so that several processes may share them; see `open`."""
        np.save(folder / _CALLSIGNS, np.array(self.callsigns, np.str_))
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> PastFixes:
        """Map the columns that `save` wrote into memory."""
        names = np.load(folder / _CALLSIGNS).tolist()
        return cls(tuple(names), *(np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS))

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """The number of each callsign."""
        return {callsign: row for row, callsign in enumerate(self.callsigns)}

    def newest(self, rows: Longs, since_us: Longs, at_us: int, ahead_us: int) -> Longs:
        """Return the report that was the newest known at a moment, of each of some callsigns; -1 where there is none.

        Parameters
        ----------
        rows : (k,) int64
            Which callsigns.
        since_us : (k,) int64
            Older reports of a callsign are somebody else's.
        at_us
            The moment; what was received later was not known.
        ahead_us
            A report that was dated further than this ahead when it came never counts.
        """
        return newest(self.first, self.fixed_us, self.received_us, rows, since_us, at_us, ahead_us)

    def fix(self, row: int) -> Fix:
        """Return one report."""
        return self.fixes(np.array([row]))[0]

    def fixes(self, rows: Longs) -> list[Fix]:
        """Return some reports, all at once."""
        known = (self.accuracy_m, self.course_deg, self.speed_kmh)
        told = ([None if value != value else value for value in column[rows].tolist()] for column in known)  # noqa: PLR0124 - NaN
        moments = map(moment_of, self.fixed_us[rows].tolist())
        return list(map(Fix, self.lat[rows].tolist(), self.lon[rows].tolist(), moments, *told))


@compiled
def newest(
    first: Longs, fixed_us: Longs, received_us: Longs, rows: Longs, since_us: Longs, at_us: Whole, ahead_us: Whole
) -> Longs:
    """Do what `PastFixes.newest` says, over arrays."""
    found = np.full(len(rows), -1, np.int64)
    for place in range(len(rows)):
        low, high = first[rows[place]], first[rows[place] + 1]
        row = low + np.searchsorted(fixed_us[low:high], at_us + ahead_us, side="right") - 1
        while row >= low and fixed_us[row] >= since_us[place]:
            if received_us[row] <= at_us and fixed_us[row] - received_us[row] <= ahead_us:
                found[place] = row
                break
            row -= 1
    return found


def _runs(callsigns: pl.Series) -> tuple[list[str], list[int]]:
    """Return the callsigns of rows that are sorted by them, and how many rows each has."""
    runs = callsigns.rle().struct.unnest()
    return runs["value"].to_list(), runs["len"].to_list()


def _not_accepted(path: Path, field: str, found: str, accepted: str) -> InputError:
    return InputError([Fault(str(path), "", field, found, accepted)])


def no_fixes(callsigns: Sequence[str] = ()) -> PastFixes:
    """Return no report at all, of anybody."""
    none = np.empty(0)
    first, whole = np.zeros(len(callsigns) + 1, np.int64), np.empty(0, np.int64)
    return PastFixes(tuple(callsigns), first, whole, whole, none, none, none, none, none)
