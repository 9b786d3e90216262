"""Lines on the grid of a zoom, and the part of them that a tile shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from graphs.network import Floats, Ints, Longs
from graphs.tiles_encoding import EXTENT, Parts

# How far a tile goes on beyond its sides, so that the ends of thick lines are not seen: 8 pixels of 512.
BUFFER: Final = 64
# Mercator's square ends where its height is its width.
_NORTH_LAT: Final = 85.0511287798066
Place = TypeVar("Place", np.int32, np.float64)


def mercator(lonlat: Floats) -> Floats:
    """Return (n, 2) degrees as places in Mercator's square: 0 to 1 from west to east, and from north to south."""
    lon, lat = lonlat[:, 0], np.clip(lonlat[:, 1], -_NORTH_LAT, _NORTH_LAT)
    y = 0.5 - np.arcsinh(np.tan(np.radians(lat))) / (2 * np.pi)
    return np.stack((lon / 360 + 0.5, y), axis=1)


def grid_size(z: int) -> int:
    """Return how many whole numbers the grid of a zoom has from side to side of the world."""
    return EXTENT << z


@dataclass(frozen=True, eq=False)
class Pieces:
    """Lines in whole numbers on the grid of a zoom, sorted by group.

    Parameters
    ----------
    xy : (n, 2) int32
    start : (p + 1,) int64
        The first point of each line.
    group : (p,) int64
        What is told of each line, by its number.
    low, high : (p, 2) int32
        The least and the greatest of its points.
    """

    xy: Ints
    start: Longs
    group: Longs
    low: Ints
    high: Ints


def pieces_of(points: Floats, start: Longs, group: Longs) -> Pieces:
    """Put lines on the grid; a point that comes to lie on the one before it is left out, and a line of one point.

    Parameters
    ----------
    points : (n, 2) float64
        Places on the grid, not yet whole numbers.
    """
    xy, start, kept = _sound(np.rint(points).astype(np.int32), start)
    low = np.minimum.reduceat(xy, start[:-1]) if len(kept) else xy
    high = np.maximum.reduceat(xy, start[:-1]) if len(kept) else xy
    return Pieces(xy, start, group[kept], low, high)


def _sound(xy: Ints, start: Longs) -> tuple[Ints, Longs, Longs]:
    """Leave out repeated points and lines of one point; return points, starts, and the rows of the lines left."""
    part = np.repeat(np.arange(len(start) - 1), np.diff(start))
    fresh = np.ones(len(xy), np.bool_)
    fresh[1:] = np.any(xy[1:] != xy[:-1], axis=1) | (part[1:] != part[:-1])
    count = np.bincount(part[fresh], minlength=len(start) - 1)
    fresh &= count[part] > 1
    kept = np.flatnonzero(count > 1)
    return xy[fresh], starts(count[kept]), kept


def window(pieces: Pieces, x: int, y: int) -> tuple[Parts, list[int]] | None:
    """Return what a tile shows of lines, and the group of each of its features; None where it shows nothing."""
    corner = np.array((x, y)) * EXTENT
    low, high = corner - BUFFER, corner + EXTENT + BUFFER
    rows = np.flatnonzero(np.all((pieces.high >= low) & (pieces.low <= high), axis=1))
    whole = np.all((pieces.low[rows] >= low) & (pieces.high[rows] <= high), axis=1)
    uncut, uncut_start = taken(pieces.xy, pieces.start, rows[whole])
    cut, cut_start, cut_row = _clipped(pieces, rows[~whole], (*low.tolist(), *high.tolist()))
    row = np.concatenate((rows[whole], cut_row))
    xy = np.concatenate((uncut, cut))
    start = np.concatenate((uncut_start, cut_start[1:] + len(uncut)))
    # Back into the order of the rows; the parts of one row stay as they follow each other along it.
    order = np.argsort(row, kind="stable")
    xy, start = taken(xy, start, order)
    if not len(order):
        return None
    groups, feature = np.unique(pieces.group[row[order]], return_inverse=True)
    return Parts((xy - corner).astype(np.int32), start, feature), groups.tolist()


def taken(xy: NDArray[Place], start: Longs, rows: Longs) -> tuple[NDArray[Place], Longs]:
    """Return the points of some lines, in the order of the rows, and where each line starts."""
    count = np.diff(start)[rows]
    new = starts(count)
    return xy[np.repeat(start[rows] - new[:-1], count) + np.arange(new[-1])], new


def starts(count: Longs) -> Longs:
    """Return (n + 1,) where each of n parts starts that have so many points, and where the last ends."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(count)))


def lines_of(points: Floats, start: Longs) -> NDArray[np.object_]:
    """Return lines as geometries."""
    row = np.repeat(np.arange(len(start) - 1), np.diff(start))
    return np.asarray(shapely.linestrings(points, indices=row))


def points_of(lines: NDArray[np.object_]) -> tuple[Floats, Longs]:
    """Return the points of geometries of one part, and where each starts."""
    points, line = shapely.get_coordinates(lines, return_index=True)
    return points, starts(np.bincount(line, minlength=len(lines)))


def _clipped(pieces: Pieces, rows: Longs, box: tuple[int, int, int, int]) -> tuple[Ints, Longs, Longs]:
    """Cut lines at the sides of a box; return points, starts, and the row that each is of."""
    points, start = taken(pieces.xy, pieces.start, rows)
    lines = lines_of(points.astype(np.float64), start)
    inside, of_line = shapely.get_parts(np.asarray(shapely.clip_by_rect(lines, *box)), return_index=True)
    held, start = points_of(inside)
    cut, start, kept = _sound(np.rint(held).astype(np.int32), start)
    return cut, start, rows[of_line[kept]]
