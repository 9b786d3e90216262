"""A grid of cells over the roads, to find those near a point.

A step is the straight line between two points of a shape. Each cell lists the steps that pass through it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from graphs.compiled import compiled
from graphs.coordinates import METRES_PER_DEGREE
from graphs.network import Bytes, Floats, Ints, Longs

# Of 32 to 200 m, the side with which vehicles in a city are found fastest.
CELL_M = 64.0
# Where roads are sparse, cells grow until there are no more of them than this for each step.
CELLS_PER_STEP = 4
# Steps are widened by more than rounding can be wrong, so that no cell is missed.
_SLACK_CELLS = 1e-6


class Grid(NamedTuple):
    """Where cells lie: the corner in degrees, cells in a degree, and how many there are."""

    west: float
    south: float
    per_lon: float
    per_lat: float
    columns: int
    rows: int


class Cells(NamedTuple):
    """The shapes of a network, their edges, and which steps pass through which cell of a grid.

    Parameters
    ----------
    shape_start : (S + 1,) int64
    shape_lonlat : (P, 2) float64
    edges : (S, 2) int32
        The edge along each shape and the one against it, or -1.
    twin : (E,) int32
    kind : (E,) uint8
        Bits by which callers tell edges apart.
    grid
    start : (columns * rows + 1,) int32
        The steps of cell ``row * columns + column`` are ``step[start[cell]:start[cell + 1]]``.
    step : (n, 2) int32
        The first point of each step, and the shape that it is part of.
    """

    shape_start: Longs
    shape_lonlat: Floats
    edges: Ints
    twin: Ints
    kind: Bytes
    grid: Grid
    start: Ints
    step: Ints


def cells_over(
    shape_start: Longs, shape_lonlat: Floats, edges: Ints, twin: Ints, kind: Bytes, cell_m: float = CELL_M
) -> Cells:
    """Sort the steps of all shapes into cells with sides of ``cell_m`` metres, or longer where roads are sparse."""
    west, south, east, north = _bounds(shape_lonlat)
    limit = max(CELLS_PER_STEP * len(shape_lonlat), 1)
    while True:
        per_lat = METRES_PER_DEGREE / cell_m
        per_lon = per_lat * max(math.cos(math.radians((south + north) / 2.0)), 0.01)
        columns, rows = int((east - west) * per_lon) + 1, int((north - south) * per_lat) + 1
        if columns * rows <= limit:
            break
        cell_m *= 2.0
    grid = Grid(west, south, per_lon, per_lat, columns, rows)
    return Cells(
        shape_start, shape_lonlat, edges, twin, kind, grid, *_sorted_into_cells(shape_start, shape_lonlat, grid)
    )


def _bounds(lonlat: Floats) -> tuple[float, float, float, float]:
    if not len(lonlat):
        return 0.0, 0.0, 0.0, 0.0
    (west, south), (east, north) = lonlat.min(axis=0).tolist(), lonlat.max(axis=0).tolist()
    return west, south, east, north


@compiled
def _sorted_into_cells(
    shape_start: Longs, shape_lonlat: Floats, grid: Grid
) -> tuple[Ints, Ints]:  # pragma: no cover - compiled
    """Return the steps of each cell, in the order of shapes and points: start and step."""
    cells = grid.columns * grid.rows
    passed = np.empty(4 * grid.columns + 2 * grid.rows, np.int64)
    start, end = np.zeros(cells + 1, np.int32), np.zeros(cells + 1, np.int32)
    step = np.empty((0, 2), np.int32)
    for filling in (False, True):
        for shape in range(len(shape_start) - 1):
            for point in range(shape_start[shape], shape_start[shape + 1] - 1):
                for row in range(_cells_of_step(shape_lonlat, point, grid, passed)):
                    cell = passed[row]
                    if filling:
                        step[end[cell], 0], step[end[cell], 1] = point, shape
                    end[cell] += 1
        if not filling:
            for cell in range(cells):
                start[cell + 1] = start[cell] + end[cell]
                end[cell] = start[cell]
            step = np.empty((start[cells], 2), np.int32)
    return start, step


@compiled
def _cells_of_step(lonlat: Floats, point: int, grid: Grid, passed: Longs) -> int:  # pragma: no cover - compiled
    """Write the cells that a step passes through, column by column, and return how many there are."""
    west, south, per_lon, per_lat, columns, rows = grid
    ax, ay = (lonlat[point, 0] - west) * per_lon, (lonlat[point, 1] - south) * per_lat
    bx, by = (lonlat[point + 1, 0] - west) * per_lon, (lonlat[point + 1, 1] - south) * per_lat
    if ax > bx:
        ax, ay, bx, by = bx, by, ax, ay
    count = 0
    for column in range(clamped(ax, columns), clamped(bx, columns) + 1):
        from_y, to_y = ay, by
        if bx - ax > _SLACK_CELLS:
            rise = (by - ay) / (bx - ax)
            from_y = ay + (max(ax, float(column)) - ax) * rise
            to_y = ay + (min(bx, column + 1.0) - ax) * rise
        lowest, highest = min(from_y, to_y) - _SLACK_CELLS, max(from_y, to_y) + _SLACK_CELLS
        for row in range(clamped(lowest, rows), clamped(highest, rows) + 1):
            passed[count] = row * columns + column
            count += 1
    return count


@compiled
def clamped(place: float, count: int) -> int:  # pragma: no cover - compiled
    """Return the column or row of a place on the grid, or the grid's edge for one beyond it."""
    if not place > 0.0:
        return 0
    return int(place) if place < count else count - 1
