"""Where help came late: incidents counted on squares over the roads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import polars as pl

from graphs.coordinates import METRES_PER_DEGREE
from graphs.network import Network

# A map of more squares across has too few incidents in each.
_MOST_ACROSS: Final = 40
_SIDES_M: Final = (250, 500, 1_000, 2_000, 5_000, 10_000, 20_000)


@dataclass(frozen=True, slots=True)
class Grid:
    """Squares over a network, rows from the south and columns from the west.

    Parameters
    ----------
    south, west
        The corner of row 0 and column 0, degrees.
    side_m
        Of a square.
    lat_step, lon_step
        The same in degrees.
    """

    south: float
    west: float
    side_m: int
    lat_step: float
    lon_step: float

    def box(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Return ``(west, south, east, north)`` of a square in degrees."""
        west, south = self.west + column * self.lon_step, self.south + row * self.lat_step
        return west, south, west + self.lon_step, south + self.lat_step

    def coarser(self, times: int) -> Grid:
        """Return the squares that each cover so many of these in either direction."""
        return Grid(self.south, self.west, self.side_m * times, self.lat_step * times, self.lon_step * times)


class Cell(NamedTuple):
    """The incidents of a grade in a square.

    Parameters
    ----------
    decided
        Those with a target, but for the open ones whose target is not up.
    late
        Those of them that nobody reached in target.
    timed, lateness_ms
        Of the late ones those that somebody reached, and how late these were together.
    """

    grade: str
    row: int
    column: int
    decided: int
    late: int
    timed: int
    lateness_ms: int


@lru_cache(maxsize=4)
def grid_of(network: Network) -> Grid:
    """Return the squares over a network: of a round length, so that at most 40 lie along its longer side."""
    (west, south), (east, north) = network.node_lonlat.min(axis=0).tolist(), network.node_lonlat.max(axis=0).tolist()
    per_lon_m = METRES_PER_DEGREE * math.cos(math.radians((south + north) / 2))
    longest_m = max((north - south) * METRES_PER_DEGREE, (east - west) * per_lon_m)
    side_m = next((side_m for side_m in _SIDES_M if longest_m <= side_m * _MOST_ACROSS), _SIDES_M[-1])
    return Grid(south, west, side_m, side_m / METRES_PER_DEGREE, side_m / per_lon_m)


def cells_of(grid: Grid, told: pl.DataFrame) -> Iterator[Cell]:
    """Yield the squares in which incidents with a target lie, by grade, row and column.

    Parameters
    ----------
    told
        As `results_incidents.told_of` returns it.
    """
    late = ~pl.col("in_target")
    lateness = (pl.col("first_arrived_ms") - pl.col("due_ms")).filter(late)
    found = (
        told.filter("decided")
        .group_by(
            "grade",
            ((pl.col("lat") - grid.south) / grid.lat_step).floor().cast(pl.Int64).alias("row"),
            ((pl.col("lon") - grid.west) / grid.lon_step).floor().cast(pl.Int64).alias("column"),
        )
        .agg(pl.len(), late.sum().alias("late"), lateness.count().alias("timed"), lateness.sum().alias("lateness_ms"))
        .sort("grade", "row", "column")
    )
    yield from map(Cell._make, found.iter_rows())


def on_coarser(cells: Iterable[Cell], times: int) -> tuple[Cell, ...]:
    """Return the incidents on the squares of `Grid.coarser`, whatever their grades: these are left empty."""
    return summed(cell._replace(grade="", row=cell.row // times, column=cell.column // times) for cell in cells)


class Sums:
    """Squares of several replications, put together as they come."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int, int], list[int]] = {}

    def add(self, cells: Iterable[Cell]) -> None:
        """Add squares to those of the same grade and place."""
        for grade, row, column, *counts in cells:
            sums = self._counts.setdefault((grade, row, column), [0] * len(counts))
            for at, count in enumerate(counts):
                sums[at] += count

    def cells(self) -> tuple[Cell, ...]:
        """Return the sums, by grade, row and column."""
        return tuple(Cell(*where, *counts) for where, counts in sorted(self._counts.items()))


def summed(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return squares with those of the same grade and place put together, by grade, row and column."""
    sums = Sums()
    sums.add(cells)
    return sums.cells()
