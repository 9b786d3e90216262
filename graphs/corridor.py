"""What lies along a line that somebody drew: the ground beside it, and how a road runs against it.

The corridor is a rectangle for each step of the line, and a sector at each outer corner between two. All are convex, so
that a straight piece of road is in each of them from one place to another; nothing has to be joined as areas, which
fails on some roads of a real town, and its ends are the perpendiculars at the ends of the line, however it turns.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray

from graphs.coordinates import METRES_PER_DEGREE
from graphs.network import Floats, Longs


class Corridor:
    """The ground within a distance of a line, in metres east and north.

    Parameters
    ----------
    line
        ``(lon, lat)`` in degrees, not without length.
    reach_m
        Half its width.
    """

    def __init__(self, line: shapely.LineString, reach_m: float) -> None:
        west, south, _, north = line.bounds
        east_m = METRES_PER_DEGREE * math.cos(math.radians((south + north) / 2))
        self._corner, self._scale = np.array((west, south)), np.array((east_m, METRES_PER_DEGREE))
        self._line = shapely.remove_repeated_points(shapely.transform(line, self._metres))
        self._reach_m = reach_m
        places = shapely.get_coordinates(self._line)
        self._start, self._end = places[:-1], places[1:]
        self._step_m = np.hypot(*(self._end - self._start).T)
        self._way = (self._end - self._start) / self._step_m[:, None]
        # Where no step follows the last one, this one does: there is no corner.
        self._next_way = np.vstack((self._way[1:], self._way[:1] if self._line.is_closed else self._way[-1:]))

    def _metres(self, lonlat: Floats) -> Floats:
        return np.asarray((lonlat - self._corner) * self._scale)

    @property
    def length_m(self) -> float:
        """Metres along the line."""
        return float(self._step_m.sum())

    def boxes(self) -> NDArray[np.object_]:
        """Return a rectangle in degrees around the ground of each step of the line."""
        low = (np.minimum(self._start, self._end) - self._reach_m) / self._scale + self._corner
        high = (np.maximum(self._start, self._end) + self._reach_m) / self._scale + self._corner
        return np.asarray(shapely.box(*low.T, *high.T))

    def spans(self, step: Longs, road_from: Floats, road_to: Floats) -> tuple[Longs, Floats, Floats]:
        """Return which straight pieces of road are on the ground of a step of the line or of the corner at its end.

        Parameters
        ----------
        step : (n,) int64
            The steps of the line.
        road_from, road_to : (n, 2) float64
            The pieces of road, degrees; not without length.

        Returns
        -------
        row, start, end
            Rows of the input, and shares of the pieces.
        """
        start, way = self._metres(road_from), (road_to - road_from) * self._scale
        spans = (self._beside_step(step, start, way), self._at_corner(step, start, way))
        rows = [np.flatnonzero(low < high) for low, high in spans]
        low, high = (
            np.concatenate([span[row] for span, row in zip(side, rows, strict=True)])
            for side in zip(*spans, strict=True)
        )
        return np.concatenate(rows), low, high

    def _beside_step(self, step: Longs, start: Floats, way: Floats) -> tuple[Floats, Floats]:
        along, across = self._way[step], self._way[step][:, ::-1] * (-1.0, 1.0)
        ahead_m, forward_m = _dot(start - self._start[step], along), _dot(way, along)
        left_m, leftward_m = _dot(start - self._start[step], across), _dot(way, across)
        span = np.zeros(len(step)), np.ones(len(step))
        span = _not_below_zero(span, ahead_m, forward_m)
        span = _not_below_zero(span, self._step_m[step] - ahead_m, -forward_m)
        span = _not_below_zero(span, self._reach_m - left_m, -leftward_m)
        return _not_below_zero(span, self._reach_m + left_m, leftward_m)

    def _at_corner(self, step: Longs, start: Floats, way: Floats) -> tuple[Floats, Floats]:
        """Clip to what is beyond the end of a step, before the start of the next, and within reach of the corner."""
        away, along, onward = start - self._end[step], self._way[step], self._next_way[step]
        span = _within((np.zeros(len(step)), np.ones(len(step))), away, way, self._reach_m)
        span = _not_below_zero(span, _dot(away, along), _dot(way, along))
        return _not_below_zero(span, -_dot(away, onward), -_dot(way, onward))

    def beside(self, lonlat: Floats, heading: Floats) -> tuple[Floats, Floats]:
        """Return the cosine of the angle between headings at places and the line where it is nearest, and the gap.

        Parameters
        ----------
        lonlat, heading : (n, 2) float64
            Degrees.

        Returns
        -------
        cosine, gap_m
            Negative where the road runs against the line; metres.
        """
        points = shapely.points(self._metres(lonlat))
        at_m = shapely.line_locate_point(self._line, points)
        step = np.minimum(np.searchsorted(np.cumsum(self._step_m), at_m, side="right"), len(self._step_m) - 1)
        road = heading * self._scale
        road_m = np.hypot(*road.T)
        cosine = np.divide(_dot(road, self._way[step]), road_m, out=np.zeros(len(road)), where=road_m > 0.0)
        return cosine, np.asarray(shapely.distance(self._line, points))


Span = tuple[Floats, Floats]


def _dot(one: Floats, other: Floats) -> Floats:
    return np.asarray((one * other).sum(axis=1))


def _not_below_zero(span: Span, value: Floats, change: Floats) -> Span:
    """Clip spans to where ``value + share * change`` is not below zero."""
    low, high = span
    at = np.divide(-value, change, out=np.zeros(len(value)), where=change != 0.0)
    low = np.where(change > 0.0, np.maximum(low, at), low)
    high = np.where(change < 0.0, np.minimum(high, at), high)
    return low, np.where((change == 0.0) & (value < 0.0), -1.0, high)


def _within(span: Span, away: Floats, way: Floats, reach_m: float) -> Span:
    """Clip spans to where ``away + share * way`` is within reach."""
    low, high = span
    square, half = _dot(way, way), _dot(away, way)
    inside = half**2 - square * (_dot(away, away) - reach_m**2)
    root = np.sqrt(np.maximum(inside, 0.0))
    low, high = np.maximum(low, (-half - root) / square), np.minimum(high, (-half + root) / square)
    return low, np.where(inside < 0.0, -1.0, high)
