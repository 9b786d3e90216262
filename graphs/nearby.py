"""Which roads are near a point, and how near: the kernels that search a grid of cells.

Distances are measured in a plane, in metres around the point itself; its error is below 1e-5 within a kilometre. A step
is the straight line between two points of a shape. Kernels that call each other stand in one file where they can,
because compiled code is kept on disk until its own file changes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphs.cells import Cells, Grid, clamped
from graphs.compiled import compiled
from graphs.coordinates import METRES_PER_DEGREE
from graphs.network import Floats, Ints, Longs
from graphs.times import MS_PER_S

Mask = NDArray[np.bool_]

# How far around a point to look first: most vehicles are on a road, so that this settles it.
_GLANCE_M = 16.0
# Boxes are widened by more than rounding can be wrong, so that no cell is missed.
_SLACK, _SLACK_DEG = 1.0 + 1e-9, 1e-11


@compiled
def _cells_around(
    grid: Grid, lat: float, lon: float, radius_m: float
) -> tuple[int, int, int, int]:  # pragma: no cover - compiled
    """Return the first and last column and the first and last row that a circle may touch."""
    high = radius_m / METRES_PER_DEGREE * _SLACK + _SLACK_DEG
    wide = abs(radius_m / _east_m(lat)) * _SLACK + _SLACK_DEG
    return (
        clamped((lon - wide - grid.west) * grid.per_lon, grid.columns),
        clamped((lon + wide - grid.west) * grid.per_lon, grid.columns),
        clamped((lat - high - grid.south) * grid.per_lat, grid.rows),
        clamped((lat + high - grid.south) * grid.per_lat, grid.rows),
    )


# ---- Distances ---------------------------------------------------------------------------------------------------


@compiled
def _east_m(lat: float) -> float:  # pragma: no cover - compiled
    """Return the metres in a degree of longitude."""
    return METRES_PER_DEGREE * math.cos(math.radians(lat))


@compiled
def _to_step(
    lon: float, lat: float, ax: float, ay: float, bx: float, by: float
) -> tuple[float, float, float, float, float, float, float]:  # pragma: no cover - compiled
    """Return where a step from a to b is nearest: gap, metres east and north, share; and its length and vector.

    It takes numbers, because an array handed to a function costs as much as the measuring.
    """
    east_m = _east_m(lat)
    dx, dy = (bx - ax) * east_m, (by - ay) * METRES_PER_DEGREE
    ax, ay = (ax - lon) * east_m, (ay - lat) * METRES_PER_DEGREE
    length = math.sqrt(dx * dx + dy * dy)
    share = 0.0
    if length > 0.0:
        share = min(max(-(ax * dx + ay * dy) / (length * length), 0.0), 1.0)
    px, py = ax + share * dx, ay + share * dy
    return math.sqrt(px * px + py * py), px, py, share, length, dx, dy


class Closest(NamedTuple):
    """The point of a shape closest to a place, its fraction of the length, and the step that it is on."""

    gap_m: float
    fraction: float
    lat: float
    lon: float
    point: int
    dx: float
    dy: float


@compiled
def closest_on_shape(
    shape_start: Longs, lonlat: Floats, shape: int, lat: float, lon: float
) -> Closest:  # pragma: no cover - compiled
    """Return a shape's closest point to a place."""
    east_m = _east_m(lat)
    gap_m, along, total = np.inf, 0.0, 0.0
    on_lat, on_lon, on_point, on_dx, on_dy = 0.0, 0.0, -1, 0.0, 0.0
    pointed = False
    for point in range(shape_start[shape], shape_start[shape + 1] - 1):
        gap, px, py, share, length, dx, dy = _to_step(
            lon, lat, lonlat[point, 0], lonlat[point, 1], lonlat[point + 1, 0], lonlat[point + 1, 1]
        )
        # A step of no length points nowhere: the next one, as near, tells the bearing.
        if gap < gap_m or (gap == gap_m and not pointed):
            pointed = length > 0.0
            gap_m, along, on_point, on_dx, on_dy = gap, total + share * length, point, dx, dy
            on_lat, on_lon = lat + py / METRES_PER_DEGREE, lon + px / east_m
        total += length
    return Closest(gap_m, along / total if total > 0.0 else 0.0, on_lat, on_lon, on_point, on_dx, on_dy)


# ---- Searches ----------------------------------------------------------------------------------------------------


class Wanted(NamedTuple):
    """Which edges searches are for, by columns with a row for each point.

    Parameters
    ----------
    lat, lon : (n,) float64
    unlikely : (n,) int64
        Kinds of which the gap counts for ``unlikely_m`` more.
    course_deg : (n,) float64
        The edge must run in that direction where it is nearest, give or take ``tolerance_deg``; NaN for any direction.
    limit_m : (n,) float64
        The largest gap; nothing is searched for where it is negative.
    unlikely_m, tolerance_deg
        The same for all.
    """

    lat: Floats
    lon: Floats
    unlikely: Longs
    course_deg: Floats
    limit_m: Floats
    unlikely_m: float
    tolerance_deg: float


class Found(NamedTuple):
    """What searches have found, by columns: an edge and its shape, or -1; its gap; and the gap of any that counts."""

    edge: Longs
    shape: Longs
    gap_m: Floats
    nearest_m: Floats


@compiled
def likeliest(cells: Cells, allowed: Mask, wanted: Wanted) -> Found:  # pragma: no cover - compiled
    """Return for each point the wanted edge of which the gap counts least; ties by gap, then by edge.

    One loop over all points, because arrays are handed from function to function at the cost of a search.
    """
    shape_start, lonlat, edges, _, kinds, grid, start, step = cells
    lats, lons, unlikely, course_deg, limits_m, unlikely_m, tolerance_deg = wanted
    size = len(lats)
    found = Found(np.full(size, -1), np.full(size, -1), np.full(size, np.inf), np.full(size, np.inf))
    found_edge, found_shape, found_gap_m, found_nearest_m = found
    for at in range(size):
        lat, lon, limit_m = lats[at], lons[at], limits_m[at]
        best_edge, best_shape, best_m, best_gap_m, nearest_m = -1, -1, np.inf, np.inf, np.inf
        radius_m, needed_m = -1.0, min(_GLANCE_M, limit_m)
        while needed_m > radius_m:
            radius_m = needed_m
            first_x, last_x, first_y, last_y = _cells_around(grid, lat, lon, radius_m)
            for line in range(first_y * grid.columns, (last_y + 1) * grid.columns, grid.columns):
                for row in range(start[line + first_x], start[line + last_x + 1]):
                    point, shape = step[row, 0], step[row, 1]
                    gap_m, _, _, _, _, dx, dy = _to_step(
                        lon, lat, lonlat[point, 0], lonlat[point, 1], lonlat[point + 1, 0], lonlat[point + 1, 1]
                    )
                    if not (gap_m <= best_m and gap_m <= limit_m):
                        continue
                    for side in range(2):
                        edge = edges[shape, side]
                        if edge < 0 or not allowed[edge]:
                            continue
                        nearest_m = min(nearest_m, gap_m)
                        counted_m = gap_m + unlikely_m if kinds[edge] & unlikely[at] else gap_m
                        if (counted_m, gap_m, edge) < (best_m, best_gap_m, best_edge) and (
                            math.isnan(course_deg[at])
                            or (
                                _runs(dx, dy, side, course_deg[at], tolerance_deg)
                                # The bearing of a shape is that of its step nearest to here.
                                and closest_on_shape(shape_start, lonlat, shape, lat, lon).point == point
                            )
                        ):
                            best_edge, best_shape, best_m, best_gap_m = edge, shape, counted_m, gap_m
            if last_x - first_x + 1 < grid.columns or last_y - first_y + 1 < grid.rows:
                needed_m = min(2.0 * radius_m, best_m, limit_m)
        found_edge[at], found_shape[at] = best_edge, best_shape
        found_gap_m[at], found_nearest_m[at] = best_gap_m, nearest_m
    return found


@compiled
def _runs(
    dx: float, dy: float, side: int, course_deg: float, tolerance_deg: float
) -> bool:  # pragma: no cover - compiled
    """Tell whether a step, driven along or against, points along a course."""
    return abs((_bearing_deg(dx, dy, side) - course_deg + 180.0) % 360.0 - 180.0) <= tolerance_deg


@compiled
def _bearing_deg(dx: float, dy: float, side: int) -> float:  # pragma: no cover - compiled
    """Return where a step points, driven along or against, clockwise from north."""
    return (math.degrees(math.atan2(dx, dy)) + 180.0 * side) % 360.0


@compiled
def within(
    cells: Cells, allowed: Mask, shunned: int, lat: float, lon: float, radius_m: float
) -> Floats:  # pragma: no cover - compiled
    """Return every allowed edge within a radius that is of no shunned kind, in no order.

    Returns
    -------
    (n, 6) float64
        Gap in metres, edge, fraction, lat, lon, bearing in degrees clockwise from north.
    """
    shapes = _shapes_within(cells, lat, lon, radius_m)
    found = np.empty((2 * len(shapes), 6))
    count = 0
    for shape in shapes:
        at = closest_on_shape(cells.shape_start, cells.shape_lonlat, shape, lat, lon)
        for side in range(2):
            edge = cells.edges[shape, side]
            if edge < 0 or not allowed[edge] or cells.kind[edge] & shunned:
                continue
            found[count, 0], found[count, 1] = at.gap_m, edge
            found[count, 2] = 1.0 - at.fraction if side else at.fraction
            found[count, 3], found[count, 4] = at.lat, at.lon
            found[count, 5] = _bearing_deg(at.dx, at.dy, side)
            count += 1
    return found[:count]


@compiled
def _shapes_within(cells: Cells, lat: float, lon: float, radius_m: float) -> Ints:  # pragma: no cover - compiled
    """Return the shapes with a point within a radius, each once."""
    _, lonlat, edges, _, _, grid, start, step = cells
    first_x, last_x, first_y, last_y = _cells_around(grid, lat, lon, radius_m)
    shapes, count = np.empty(64, np.int32), 0
    seen = np.zeros(len(edges) // 8 + 1, np.uint8)
    for line in range(first_y * grid.columns, (last_y + 1) * grid.columns, grid.columns):
        for row in range(start[line + first_x], start[line + last_x + 1]):
            point, shape = step[row, 0], step[row, 1]
            if seen[shape >> 3] >> (shape & 7) & 1:
                continue
            gap_m, _, _, _, _, _, _ = _to_step(
                lon, lat, lonlat[point, 0], lonlat[point, 1], lonlat[point + 1, 0], lonlat[point + 1, 1]
            )
            if gap_m <= radius_m:
                seen[shape >> 3] |= 1 << (shape & 7)
                if count == len(shapes):
                    shapes = np.concatenate((shapes, np.empty_like(shapes)))
                shapes[count] = shape
                count += 1
    return shapes[:count]


@compiled
def walks_to(
    cells: Cells, allowed: Mask, shunned: int, lat: float, lon: float, walk_m: float, walk_m_s: float
) -> Floats:  # pragma: no cover - compiled
    """Return every allowed edge within a walk, else the nearest, as `within` does, with the walk in ms as last column.

    The result is empty where no edge is allowed, and for a point that is no place.
    """
    found = within(cells, allowed, shunned, lat, lon, walk_m)
    if not len(found):
        here = np.array([[lat], [lon], [np.nan], [np.inf]])
        wanted = Wanted(here[0], here[1], np.zeros(1, np.int64), here[2], here[3], 0.0, 0.0)
        nearest = likeliest(cells, allowed & (cells.kind & shunned == 0), wanted)
        if nearest.edge[0] >= 0:
            found = within(cells, allowed, shunned, lat, lon, nearest.gap_m[0])
    for row in range(len(found)):
        found[row, 5] = np.rint(found[row, 0] * MS_PER_S / walk_m_s)
    return found


class Reading(NamedTuple):
    """How position reports are read; see the head of `graphs.snapping`."""

    first_look_m: float
    moving_kmh: float
    tolerance_deg: float
    course_search_m: float
    unlikely_m: float
    unlikely_moving: int
    unlikely_standing: int


@compiled
def places_of(
    cells: Cells, leaves: Mask, reading: Reading, reports: Floats, u_turn_ms: int, off_road_kmh: float
) -> tuple[Longs, Floats, int]:  # pragma: no cover - compiled
    """Return where vehicles may be.

    Parameters
    ----------
    reports : (5, n) float64
        Rows lat, lon, course in degrees, speed in km/h, accuracy in metres; NaN for an unknown course or speed.

    Returns
    -------
    whole : (3, n) int64
        Row of the report, edge, delay in milliseconds.
    parts : (4, n) float64
        Fraction, gap in metres, lat, lon.
    refused : int
        The first report that has no answer, or -1.
    """
    edges, shapes, turned = _on_edges(cells, leaves, reading, reports)
    shape_start, lonlat, edges_of, twin = cells[:4]
    size = len(edges)
    whole, parts, count = np.empty((3, 2 * size), np.int64), np.empty((4, 2 * size)), 0
    for row in range(size):
        edge, accuracy_m = edges[row], reports[4, row]
        if edge < 0 or not accuracy_m > -np.inf:
            return whole[:, :0], parts[:, :0], row
        at = closest_on_shape(shape_start, lonlat, shapes[row], reports[0, row], reports[1, row])
        fraction = 1.0 - at.fraction if edges_of[shapes[row], 1] == edge else at.fraction
        delay_ms = int(np.rint(max(at.gap_m - accuracy_m, 0.0) * 3.6 * MS_PER_S / off_road_kmh))
        for _ in range(2):
            whole[0, count], whole[1, count], whole[2, count] = row, edge, delay_ms
            parts[0, count], parts[1, count], parts[2, count], parts[3, count] = fraction, at.gap_m, at.lat, at.lon
            count += 1
            edge, fraction, delay_ms = twin[edge], 1.0 - fraction, delay_ms + turned[row] * u_turn_ms
            if edge < 0 or not leaves[edge]:
                break
    return whole[:, :count], parts[:, :count], -1


@compiled
def _on_edges(
    cells: Cells, leaves: Mask, reading: Reading, reports: Floats
) -> tuple[Longs, Longs, Mask]:  # pragma: no cover - compiled
    """Return the edge and shape that each vehicle is on, or -1, and whether it would have to turn round to go back."""
    lat, lon, course_deg, speed_kmh = reports[0], reports[1], reports[2], reports[3]
    size = len(lat)
    unlikely, any_way, limit_m = np.empty(size, np.int64), np.empty(size), np.empty(size)
    for row in range(size):
        moving = speed_kmh[row] > reading.moving_kmh and not math.isnan(course_deg[row])
        unlikely[row] = reading.unlikely_moving if moving else reading.unlikely_standing
        any_way[row] = np.nan
        limit_m[row] = np.inf if math.isfinite(lat[row]) and math.isfinite(lon[row]) else -1.0
    found = likeliest(
        cells, leaves, Wanted(lat, lon, unlikely, any_way, limit_m, reading.unlikely_m, reading.tolerance_deg)
    )
    turned = _limited(cells, leaves, reading, reports, found, limit_m)
    along = likeliest(
        cells, leaves, Wanted(lat, lon, unlikely, course_deg, limit_m, reading.unlikely_m, reading.tolerance_deg)
    )
    for row in range(size):
        if along.edge[row] >= 0:
            found.edge[row], found.shape[row], turned[row] = along.edge[row], along.shape[row], True
    return found.edge, found.shape, turned


@compiled
def _limited(
    cells: Cells, leaves: Mask, reading: Reading, reports: Floats, found: Found, limit_m: Floats
) -> Mask:  # pragma: no cover - compiled
    """Write how far off to look for a road that points along each course, or -1; return which are found already."""
    shape_start, lonlat, edges, _, kinds = cells[:5]
    along = np.zeros(len(limit_m), np.bool_)
    for row in range(len(limit_m)):
        lat, lon, course_deg, speed_kmh = reports[0, row], reports[1, row], reports[2, row], reports[3, row]
        edge, shape = found.edge[row], found.shape[row]
        limit_m[row] = -1.0
        if edge < 0 or not speed_kmh > reading.moving_kmh or math.isnan(course_deg):
            continue
        at = closest_on_shape(shape_start, lonlat, shape, lat, lon)
        side = 1 if edges[shape, 1] == edge else 0
        twin = edges[shape, 1 - side]
        along[row] = _runs(at.dx, at.dy, side, course_deg, reading.tolerance_deg)
        if along[row]:
            continue
        limit_m[row] = _course_limit_m(reading, at.gap_m, found.nearest_m[row])
        back = twin >= 0 and leaves[twin] and kinds[twin] == kinds[edge]
        if back and _runs(at.dx, at.dy, 1 - side, course_deg, reading.tolerance_deg):
            # The twin counts for as little as anything does: only a tie with it is left to be found.
            limit_m[row] = at.gap_m
    return along


@compiled
def _course_limit_m(reading: Reading, gap_m: float, nearest_m: float) -> float:  # pragma: no cover - compiled
    """Return how far off a road may be that points along the course, given what was found without one."""
    look_m = reading.first_look_m
    while look_m < nearest_m:
        look_m *= 2.0
    # What a first look believes: that edge, or where it is farther off, something less likely.
    believed_m = gap_m if gap_m <= look_m else nearest_m
    reach_m = believed_m + max(reading.unlikely_m, reading.course_search_m)
    return min(gap_m + reading.course_search_m, reach_m if reach_m > reading.first_look_m else look_m)
