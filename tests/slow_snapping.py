"""Snapping the slow and plain way, by an index over whole shapes: what `graphs.snapping` must agree with to the bit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely

from graphs.compiled import compiled
from graphs.coordinates import METRES_PER_DEGREE
from graphs.network import BRIDGE, TUNNEL, Floats, Longs, Network
from graphs.snapping import (
    COURSE_SEARCH_M,
    COURSE_TOLERANCE_DEG,
    FIRST_LOOK_M,
    MOVING_KMH,
    UNLIKELY_M,
    Approach,
    Near,
    Spot,
)
from graphs.times import EdgeTimes

Mask = np.typing.NDArray[np.bool_]


def degrees_around(lat: float, radius_m: float) -> tuple[float, float]:
    """Return the half-width in degrees of longitude and of latitude of a box that holds a circle around a point."""
    lat_deg = radius_m / METRES_PER_DEGREE
    # The circle's widest parallel lies a little poleward of its centre.
    poleward = min(abs(lat) + lat_deg, 89.9)
    return lat_deg / math.cos(math.radians(poleward)), lat_deg


@dataclass(frozen=True)
class Report:
    lat: float
    lon: float
    course_deg: float | None = None
    speed_kmh: float | None = None
    accuracy_m: float = 0.0


class SlowSnapper:
    """Every edge near a point is measured whole; then rows are kept, ordered and chosen as columns."""

    def __init__(self, network: Network) -> None:
        self._network = network
        lengths = np.diff(network.shape_start)
        lines = shapely.linestrings(network.shape_lonlat, indices=np.repeat(np.arange(len(lengths)), lengths))
        self._tree = shapely.STRtree(lines)
        self._edges_of_shape = np.full((len(lengths), 2), -1, np.int32)
        self._edges_of_shape[network.shape, network.backward] = np.arange(network.edge_count)
        classes = np.array([network.class_name(edge) for edge in range(network.edge_count)], np.object_)
        self._fast = np.isin(classes, ["motorway", "motorway_link", "trunk_link"])
        self._stopping = ~self._fast & (network.flags & (TUNNEL | BRIDGE) == 0)

    def near(self, lat: float, lon: float, radius_m: float) -> Near:
        wide, high = degrees_around(lat, radius_m)
        box = shapely.box(lon - wide, lat - high, lon + wide, lat + high)
        shapes = np.sort(self._tree.query(box)).astype(np.int64)
        hits = closest_on_shapes(self._network.shape_start, self._network.shape_lonlat, shapes, lon, lat)
        edges = self._edges_of_shape[shapes]
        rows, sides = np.nonzero((edges >= 0) & (hits[:, :1] <= radius_m))
        edge = edges[rows, sides]
        order = np.lexsort((edge, hits[rows, 0]))
        rows, sides, edge = rows[order], sides[order], edge[order]
        return Near(
            edge=edge.astype(np.int64),
            gap_m=hits[rows, 0],
            fraction=np.where(sides == 1, 1.0 - hits[rows, 1], hits[rows, 1]),
            lon=hits[rows, 2],
            lat=hits[rows, 3],
            bearing_deg=np.mod(hits[rows, 4] + 180.0 * sides, 360.0),
        )

    def spots(self, times: EdgeTimes, report: Report) -> tuple[Spot, ...]:
        moving = report.speed_kmh is not None and report.speed_kmh > MOVING_KMH
        course_deg = report.course_deg if moving else None
        near = self._usable(times.leaves, report.lat, report.lon, FIRST_LOOK_M)
        believed_m = self._believed_m(near, moving=course_deg is not None)
        first = int(np.argmin(believed_m))
        in_doubt = course_deg is not None or believed_m[first] > near.gap_m[first]
        reach_m = float(near.gap_m[first]) + max(UNLIKELY_M, COURSE_SEARCH_M)
        if in_doubt and reach_m > FIRST_LOOK_M:
            near = self._usable(times.leaves, report.lat, report.lon, reach_m)
            believed_m = self._believed_m(near, moving=course_deg is not None)
            first = int(np.argmin(believed_m))
        if course_deg is not None:
            off = np.abs((near.bearing_deg - course_deg + 180.0) % 360.0 - 180.0)
            along = (off <= COURSE_TOLERANCE_DEG) & (near.gap_m <= near.gap_m[first] + COURSE_SEARCH_M)
            if along.any():
                first = int(np.argmin(np.where(along, believed_m, np.inf)))
                return self._both_ways(times, near, first, times.u_turn_ms, report.accuracy_m)
        return self._both_ways(times, near, first, 0, report.accuracy_m)

    def _believed_m(self, near: Near, *, moving: bool) -> Floats:
        unlikely = self._network.flags[near.edge] & TUNNEL > 0
        if not moving:
            unlikely = unlikely | self._fast[near.edge]
        return near.gap_m + UNLIKELY_M * unlikely

    def _both_ways(self, times: EdgeTimes, near: Near, row: int, turn_ms: int, accuracy_m: float) -> tuple[Spot, ...]:
        gap_m, fraction = float(near.gap_m[row]), float(near.fraction[row])
        place = float(near.lat[row]), float(near.lon[row])
        leave_ms = round(max(gap_m - accuracy_m, 0.0) * 3.6 * 1000 / times.profile.off_road_kmh)
        ahead = Spot(int(near.edge[row]), fraction, gap_m, leave_ms, *place)
        twin = int(self._network.twin[ahead.edge])
        if twin < 0 or not times.leaves[twin]:
            return (ahead,)
        return ahead, Spot(twin, 1.0 - fraction, gap_m, leave_ms + turn_ms, *place)

    def approaches(self, times: EdgeTimes, lat: float, lon: float, *, on_road: bool = False) -> tuple[Approach, ...]:
        profile = times.profile
        near = self._usable(times.arrives if on_road else times.arrives & self._stopping, lat, lon, profile.walk_m)
        rows = np.flatnonzero(near.gap_m <= max(profile.walk_m, near.gap_m[0])).tolist()
        walks = [round(near.gap_m[row] * 1000 / profile.walk_m_s) for row in rows]
        columns = (near.edge, near.fraction, near.gap_m, np.array(walks), near.lat, near.lon)
        return tuple(Approach(*(column[row].item() for column in columns)) for row in rows)

    def passed_over(self, times: EdgeTimes, lat: float, lon: float, within_m: float) -> tuple[int, float] | None:
        left_out = only(self.near(lat, lon, within_m), times.arrives & ~self._stopping)
        return (int(left_out.edge[0]), float(left_out.gap_m[0])) if len(left_out.edge) else None

    def _usable(self, allowed: Mask, lat: float, lon: float, radius_m: float) -> Near:
        """Return allowed edges within a radius, doubled until there is one."""
        assert allowed.any()
        while True:
            kept = only(self.near(lat, lon, radius_m), allowed)
            if len(kept.edge):
                return kept
            radius_m *= 2.0


def only(near: Near, allowed: Mask) -> Near:
    kept = allowed[near.edge]
    return Near(
        near.edge[kept],
        near.gap_m[kept],
        near.fraction[kept],
        near.lon[kept],
        near.lat[kept],
        near.bearing_deg[kept],
    )


@compiled
def closest_on_shapes(shape_start: Longs, shape_lonlat: Floats, shapes: Longs, lon: float, lat: float) -> Floats:
    """Return for each shape its closest point to a place: gap m, fraction of length, lon, lat, bearing along it."""
    east_m = METRES_PER_DEGREE * math.cos(math.radians(lat))
    out = np.empty((len(shapes), 5))
    for row in range(len(shapes)):
        best, best_along, total = np.inf, 0.0, 0.0
        best_lon, best_lat, bearing = 0.0, 0.0, 0.0
        pointed = False
        for point in range(shape_start[shapes[row]], shape_start[shapes[row] + 1] - 1):
            ax = (shape_lonlat[point, 0] - lon) * east_m
            ay = (shape_lonlat[point, 1] - lat) * METRES_PER_DEGREE
            dx = (shape_lonlat[point + 1, 0] - shape_lonlat[point, 0]) * east_m
            dy = (shape_lonlat[point + 1, 1] - shape_lonlat[point, 1]) * METRES_PER_DEGREE
            length = math.sqrt(dx * dx + dy * dy)
            share = 0.0
            if length > 0.0:
                share = min(max(-(ax * dx + ay * dy) / (length * length), 0.0), 1.0)
            px, py = ax + share * dx, ay + share * dy
            gap = math.sqrt(px * px + py * py)
            # A step of no length points nowhere: the next one, as near, tells the bearing.
            if gap < best or (gap == best and not pointed):
                pointed = length > 0.0
                best, best_along = gap, total + share * length
                best_lon, best_lat = lon + px / east_m, lat + py / METRES_PER_DEGREE
                bearing = math.degrees(math.atan2(dx, dy))
            total += length
        out[row, 0] = best
        out[row, 1] = best_along / total if total > 0.0 else 0.0
        out[row, 2], out[row, 3], out[row, 4] = best_lon, best_lat, bearing
    return out
