"""Which stretches of road lie inside a shape, along a line, at a point, or on a road of a name.

A share of an edge is a share of its length in plane metres, each step with the width of a degree at its own latitude.
`snapping` measures in the plane of the point that it looks from; on an edge of a kilometre the two differ by less than
a ten-thousandth of its length.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from graphs.conditions import Stretch
from graphs.coordinates import METRES_PER_DEGREE
from graphs.corridor import Corridor
from graphs.network import Floats, Longs, Network
from graphs.snapping import snapper

Mask = NDArray[np.bool_]

# A line is drawn on a map by hand: half the width of a dual carriageway, and not as far as the next street.
ALONG_M: Final = 15.0
# A road that leaves the line by more than this is a side street.
ALONG_DEG: Final = 30.0
AT_M: Final = 30.0
# Shorter pieces are what a number's last digits leave of a road where a border meets a junction.
_SLIVER_M: Final = 0.01
# A line drawn up to a junction may end a little beyond it; that does not close the roads behind.
_OVERSHOT_M: Final = 3.0
# A line that keeps to roads by this much for almost all its length was taken from their map, as `closures_geojson`
# does: it means these, and no slip road or other carriageway beside them.
_TRACED_M: Final = 1.0
_TRACED_SHARE: Final = 0.95
_SAMPLE_M: Final = 5.0
_NO_SHAPES: Final = np.empty(0, np.int64)

Area = shapely.Polygon | shapely.MultiPolygon


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of shapes as columns: shares of the length in the direction of the shape, sorted, not overlapping.

    ``sides`` tells whether the edge along the shape, and the one against it, is meant.
    """

    shape: Longs
    start: Floats
    end: Floats
    sides: Mask

    def only(self, kept: Mask) -> Parts:
        """Return the rows that are kept."""
        return Parts(self.shape[kept], self.start[kept], self.end[kept], self.sides[kept])


class StretchFinder:
    """Finds stretches of one network's roads.

    Parameters
    ----------
    network
        The roads.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        counts = np.diff(network.shape_start)
        self._shape_of_point = np.repeat(np.arange(len(counts)), counts)
        lines = shapely.linestrings(network.shape_lonlat, indices=self._shape_of_point)
        self._tree = shapely.STRtree(lines)  # type: ignore[arg-type]  # an array of lines; the stubs know only lists
        self._step_m = self._steps()
        # (P,) metres of all steps before each point, and of those of its own shape.
        self._total_m = np.concatenate(([0.0], np.cumsum(self._step_m)))[:-1]
        self._along_m = self._total_m - self._total_m[network.shape_start[self._shape_of_point]]
        self._length_m = self._along_m[network.shape_start[1:] - 1]

    def _steps(self) -> Floats:
        """Return (P,) metres from each point to the next of its shape; 0 from the last."""
        lonlat = self._network.shape_lonlat
        middle = np.radians((lonlat[:-1, 1] + lonlat[1:, 1]) / 2)
        east, north = np.diff(lonlat, axis=0).T * METRES_PER_DEGREE
        steps = np.append(np.hypot(east * np.cos(middle), north), 0.0)
        steps[self._network.shape_start[1:] - 1] = 0.0
        return steps

    @cached_property
    def _edges_of_shape(self) -> NDArray[np.int32]:
        """(S, 2) the edge along each shape and the one against it, or -1."""
        network = self._network
        edges = np.full((len(network.shape_start) - 1, 2), -1, np.int32)
        edges[network.shape, network.backward] = np.arange(network.edge_count)
        return edges

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every name and number of a road."""
        rows = np.unique(np.concatenate((self._network.name, self._network.ref))).tolist()
        return tuple(sorted({name for row in rows for name in _names_in(self._network.text(row))}))

    @cached_property
    def _rows_of_name(self) -> dict[str, list[int]]:
        """The rows of the network's texts that hold each name or number, in small letters."""
        found: dict[str, list[int]] = {}
        for row in np.unique(np.concatenate((self._network.name, self._network.ref))).tolist():
            for name in map(_folded, _names_in(self._network.text(row))):
                found.setdefault(name, []).append(row)
        return found

    def named(self, name: str) -> Mask:
        """Tell of each edge whether its road has a name or number, in whatever letters; (E,)."""
        rows = self._rows_of_name.get(_folded(name), [])
        return np.asarray(np.isin(self._network.name, rows) | np.isin(self._network.ref, rows))

    def whole(self, edges: Iterable[int]) -> tuple[Stretch, ...]:
        """Return whole edges."""
        return tuple(Stretch(edge, 0.0, 1.0) for edge in edges)

    def at(self, lon: float, lat: float, only: Mask | None = None) -> tuple[Stretch, ...]:
        """Return the whole nearest edge within `AT_M` and its twin, or nothing."""
        near = snapper(self._network).near(lat, lon, AT_M)
        edges = near.edge if only is None else near.edge[only[near.edge]]
        both = {edge for first in edges[:1].tolist() for edge in (first, int(self._network.twin[first]))}
        return self.whole(sorted(both - {-1}))

    def inside(self, area: Area, only: Mask | None = None) -> tuple[Stretch, ...]:
        """Return what lies inside an area in degrees, cut at its border, in both directions.

        Parameters
        ----------
        area
            ``(lon, lat)`` in degrees; its border belongs to it.
        only : (E,) bool
            The edges that may be returned; all, if None.
        """
        return self._stretches(self._clipped(area), only)

    def along(
        self, line: shapely.LineString, only: Mask | None = None, *, one_way: bool = False
    ) -> tuple[Stretch, ...]:
        """Return the roads along a line: at most `ALONG_M` from it, between the perpendiculars at its two ends.

        A line that keeps to a road exactly means no other.

        Parameters
        ----------
        line
            ``(lon, lat)`` in degrees.
        only : (E,) bool
            The edges that may be returned; all, if None.
        one_way
            Only the edges that run as the line is drawn; otherwise both directions.
        """
        parts, gap_m = self._running(Corridor(line, ALONG_M), only)
        close = parts.only(gap_m <= _TRACED_M)
        traced_m = ((close.end - close.start) * self._length_m[close.shape]).sum()
        narrow = Corridor(line, _TRACED_M)
        if traced_m >= _TRACED_SHARE * narrow.length_m:
            parts, _ = self._running(narrow, only)
            parts = parts.only(np.isin(parts.shape, close.shape))
        if not one_way:
            parts = replace(parts, sides=np.ones_like(parts.sides))
        return self._stretches(parts, only)

    def _running(self, corridor: Corridor, only: Mask | None) -> tuple[Parts, Floats]:
        """Return the parts of shapes that run with or against a corridor's line, and their mean gaps to it, metres.

        ``sides`` are those that run as the line is drawn.
        """
        parts = self._beside(corridor)
        if only is not None:
            edges = self._edges_of_shape[parts.shape]
            parts = parts.only(np.any((edges >= 0) & only[edges], axis=1))
        length_m = self._length_m[parts.shape]
        least_m = np.minimum(min(_OVERSHOT_M, corridor.length_m / 2), length_m / 2)
        parts = parts.only((parts.end - parts.start) * length_m >= least_m)
        alike, gap_m = self._compared(parts, corridor)
        parts = replace(parts, sides=np.column_stack((alike > 0.0, alike < 0.0)))
        running = np.abs(alike) >= math.cos(math.radians(ALONG_DEG))
        return parts.only(running), gap_m[running]

    def _beside(self, corridor: Corridor) -> Parts:
        """Return the parts of shapes in the corridor of a line."""
        step, shape = self._tree.query(corridor.boxes()).astype(np.int64)
        first, last = self._network.shape_start[shape], self._network.shape_start[shape + 1] - 1
        step, point = np.repeat(step, last - first), _ranges(first, last)
        real = self._step_m[point] > 0.0
        step, point = step[real], point[real]
        lonlat = self._network.shape_lonlat
        row, start, end = corridor.spans(step, lonlat[point], lonlat[point + 1])
        return self._parts(point[row], start, end)

    def _compared(self, parts: Parts, corridor: Corridor) -> tuple[Floats, Floats]:
        """Return of each part the mean cosine of its angle to the line, negative against it, and the mean gap, metres.

        A mean over the whole of it lets a road wind.
        """
        span_m = (parts.end - parts.start) * self._length_m[parts.shape]
        counts = np.maximum(np.ceil(span_m / _SAMPLE_M), 1).astype(np.int64)
        row = np.repeat(np.arange(len(counts)), counts)
        nth = _ranges(np.zeros_like(counts), counts)
        share = parts.start[row] + (parts.end - parts.start)[row] * (nth + 0.5) / counts[row]
        cosine, gap_m = corridor.beside(*self._places(parts.shape[row], share))
        cosines, gaps = (np.bincount(row, each, len(counts)) / counts for each in (cosine, gap_m))
        return cosines, gaps

    def _places(self, shape: Longs, share: Floats) -> tuple[Floats, Floats]:
        """Return (n, 2) the points at shares of shapes, and (n, 2) the step in degrees on which each lies."""
        lonlat, first = self._network.shape_lonlat, self._network.shape_start
        along_m = share * self._length_m[shape]
        point = np.searchsorted(self._total_m, self._total_m[first[shape]] + along_m, side="right") - 1
        point = np.clip(point, first[shape], first[shape + 1] - 2)
        step = lonlat[point + 1] - lonlat[point]
        step_m = self._step_m[point]
        part = np.divide(along_m - self._along_m[point], step_m, out=np.zeros(len(point)), where=step_m > 0)
        return lonlat[point] + step * np.clip(part, 0.0, 1.0)[:, None], step

    def line(self, stretch: Stretch) -> Floats:
        """Return the (n, 2) points of a stretch in driving direction, degrees."""
        network = self._network
        shape = int(network.shape[stretch.edge])
        backward = bool(network.backward[stretch.edge])
        ends = np.array([1.0 - stretch.end, 1.0 - stretch.start] if backward else [stretch.start, stretch.end])
        cut, _ = self._places(np.array([shape, shape]), ends)
        inner = slice(network.shape_start[shape], network.shape_start[shape + 1])
        along_m, (from_m, to_m) = self._along_m[inner], ends * self._length_m[shape]
        between = network.shape_lonlat[inner][(along_m > from_m) & (along_m < to_m)]
        points = np.vstack((cut[:1], between, cut[1:]))
        return points[::-1] if backward else points

    def _clipped(self, area: Area) -> Parts:
        """Return the parts of shapes inside an area.

        What crosses its border is cut step by step, because a road may cross or touch itself, and then a place on it
        has several shares.
        """
        whole = np.sort(self._tree.query(area, predicate="covers")).astype(np.int64)
        cut = np.setdiff1d(self._tree.query(area, predicate="intersects"), whole).astype(np.int64)
        points = _ranges(self._network.shape_start[cut], self._network.shape_start[cut + 1] - 1)
        points = points[self._step_m[points] > 0.0]
        lonlat = self._network.shape_lonlat
        steps = np.stack((lonlat[points], lonlat[points + 1]), axis=1)
        pieces, row = shapely.get_parts(shapely.intersection(shapely.linestrings(steps), area), return_index=True)
        # A step that only touches leaves a point, and one that misses an empty line.
        lines = (shapely.get_type_id(pieces) == shapely.GeometryType.LINESTRING) & ~shapely.is_empty(pieces)
        pieces, row = pieces[lines], row[lines]
        ends = [_share_on(steps[row], shapely.get_coordinates(shapely.get_point(pieces, end))) for end in (0, -1)]
        return self._parts(points[row], np.minimum(*ends), np.maximum(*ends), whole)

    def _parts(self, point: Longs, start: Floats, end: Floats, whole: Longs = _NO_SHAPES) -> Parts:
        """Return parts of shapes, made of shares of the steps from points and of whole shapes."""
        shape = self._shape_of_point[point]
        from_m, to_m = (self._along_m[point] + share * self._step_m[point] for share in (start, end))
        shape, from_m, to_m = _joined(shape, from_m, to_m, self._total_m[self._network.shape_start[shape]])
        length_m = self._length_m[shape]
        # Digits lost at a junction neither leave a sliver of road beyond it closed, nor one before it open.
        from_m[from_m < _SLIVER_M] = 0.0
        ended = length_m - to_m < _SLIVER_M
        to_m[ended] = length_m[ended]
        real = to_m - from_m > np.minimum(_SLIVER_M, length_m / 2)
        shape = np.concatenate((whole, shape[real]))
        start = np.concatenate((np.zeros(len(whole)), (from_m / length_m)[real]))
        end = np.concatenate((np.ones(len(whole)), (to_m / length_m)[real]))
        order = np.lexsort((start, shape))
        return Parts(shape[order], start[order], end[order], np.ones((len(order), 2), np.bool_))

    def _stretches(self, parts: Parts, only: Mask | None) -> tuple[Stretch, ...]:
        """Return the stretches of the edges on both sides of parts."""
        edges = self._edges_of_shape[parts.shape]
        row, side = np.nonzero((edges >= 0) & parts.sides)
        edge, turned = edges[row, side], side == 1
        start = np.where(turned, 1.0 - parts.end[row], parts.start[row])
        end = np.where(turned, 1.0 - parts.start[row], parts.end[row])
        if only is not None:
            edge, start, end = (column[only[edge]] for column in (edge, start, end))
        order = np.lexsort((start, edge))
        columns = (column[order].tolist() for column in (edge, start, end))
        return tuple(map(Stretch, *columns))


@lru_cache(maxsize=8)
def stretch_finder(network: Network) -> StretchFinder:
    """Return the index of a network, made once."""
    return StretchFinder(network)


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _names_in(text: str) -> list[str]:
    """Return the names in a text; OpenStreetMap parts several by semicolons."""
    return [part for part in map(str.strip, text.split(";")) if part]


def _ranges(first: Longs, last: Longs) -> Longs:
    """Return the numbers from each first up to its last, which does not belong to them."""
    counts = last - first
    before = np.cumsum(counts) - counts
    return np.asarray(np.repeat(first - before, counts) + np.arange(counts.sum()))


def _share_on(steps: Floats, places: Floats) -> Floats:
    """Return the shares of (n, 2, 2) steps at which (n, 2) places on them are; 0 and 1 are exact at their ends."""
    start, way = steps[:, 0], steps[:, 1] - steps[:, 0]
    # Along the longer side the share loses least.
    side = np.abs(way).argmax(axis=1)
    row = np.arange(len(way))
    share = (places - start)[row, side] / way[row, side]
    return np.where((places == steps[:, 1]).all(axis=1), 1.0, np.clip(share, 0.0, 1.0))


def _joined(shape: Longs, from_m: Floats, to_m: Floats, before_m: Floats) -> tuple[Longs, Floats, Floats]:
    """Sort parts of shapes and join those that touch or overlap; ``before_m`` are the metres of all shapes before."""
    order = np.lexsort((from_m, shape))
    shape, from_m, to_m, before_m = shape[order], from_m[order], to_m[order], before_m[order]
    reached_m = np.maximum.accumulate(before_m + to_m)
    first = np.ones(len(order), np.bool_)
    first[1:] = (shape[1:] != shape[:-1]) | ((before_m + from_m)[1:] > reached_m[:-1] + _SLIVER_M)
    if not len(order):
        return shape, from_m, to_m
    return shape[first], from_m[first], np.maximum.reduceat(to_m, np.flatnonzero(first))
