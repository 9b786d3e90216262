"""Where on the road network a vehicle is, and where an incident can be reached from.

A vehicle is on a directed edge, at a fraction of it. Candidates come from an index over whole shapes; distances are
then measured in metres around the point itself, so that they are true at any latitude.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from graphs.compiled import compiled
from graphs.coordinates import METRES_PER_DEGREE, degrees_around
from graphs.errors import Unreachable
from graphs.network import BRIDGE, TUNNEL, Floats, Longs, Network
from graphs.tags import ROAD_CLASSES
from graphs.times import MS_PER_S, EdgeTimes

FIRST_LOOK_M = 60.0
# Above this speed a course tells which way the vehicle points; below it GPS courses are noise.
MOVING_KMH = 5.0
# How far a course may differ from the road's direction: half-way between along it and across it.
COURSE_TOLERANCE_DEG = 60.0
# A report that points along no road this near falls back on the nearest road.
COURSE_SEARCH_M = 50.0
# A position report comes from under the sky, and a parked car is more likely beside a motorway than on it: such a road
# must be nearer than any other by this much to be believed.
UNLIKELY_M = 50.0
_NO_STOPPING = tuple(ROAD_CLASSES.index(name) for name in ("motorway", "motorway_link", "trunk_link"))


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a directed edge where a vehicle may be.

    Parameters
    ----------
    edge
        The directed edge.
    fraction
        Share of the edge's length already driven, 0 to 1.
    gap_m
        Metres between the reported point and the road.
    delay_ms
        Time before the vehicle moves along this edge: leaving a yard, or turning round first.
    lat, lon
        The point on the road.
    """

    edge: int
    fraction: float
    gap_m: float
    delay_ms: int
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Approach:
    """A place on a directed edge from which an incident is reached on foot in ``walk_ms``."""

    edge: int
    fraction: float
    gap_m: float
    walk_ms: int
    lat: float
    lon: float


class Snapper:
    """Finds edges near points.

    Parameters
    ----------
    network
        The roads.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        lengths = np.diff(network.shape_start)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        lines = shapely.linestrings(network.shape_lonlat, indices=rows)
        self._tree = shapely.STRtree(lines)  # type: ignore[arg-type]  # an array of lines; the stubs know only lists

    @cached_property
    def _edges_of_shape(self) -> NDArray[np.int32]:
        """(S, 2) the edge along each shape and the one against it, or -1."""
        network = self._network
        edges = np.full((len(network.shape_start) - 1, 2), -1, np.int32)
        edges[network.shape, network.backward] = np.arange(network.edge_count)
        return edges

    def near(self, lat: float, lon: float, radius_m: float) -> Near:
        """Return every edge within a radius, nearest first, ties by edge."""
        wide, high = degrees_around(lat, radius_m)
        network = self._network
        shapes = np.sort(self._tree.query(shapely.box(lon - wide, lat - high, lon + wide, lat + high))).astype(np.int64)
        hits = closest_on_shapes(network.shape_start, network.shape_lonlat, shapes, lon, lat)
        edges = self._edges_of_shape[shapes]
        rows, sides = np.nonzero((edges >= 0) & (hits[:, :1] <= radius_m))
        edge = edges[rows, sides]
        order = np.lexsort((edge, hits[rows, 0]))
        rows, sides, edge = rows[order], sides[order], edge[order]
        turned = sides == 1
        return Near(
            edge=edge.astype(np.int64),
            gap_m=hits[rows, 0],
            fraction=np.where(turned, 1.0 - hits[rows, 1], hits[rows, 1]),
            lon=hits[rows, 2],
            lat=hits[rows, 3],
            bearing_deg=np.mod(hits[rows, 4] + 180.0 * turned, 360.0),
        )

    def spots(
        self,
        times: EdgeTimes,
        lat: float,
        lon: float,
        *,
        course_deg: float | None = None,
        speed_kmh: float | None = None,
        accuracy_m: float = 0.0,
    ) -> tuple[Spot, ...]:
        """Return where a vehicle may be: one spot for each direction in which it can leave.

        A report with a course over `MOVING_KMH` is put on an edge that points that way; leaving in the other direction
        then costs a U-turn. Without one, both directions of the nearest road are equally possible. A gap to the road
        within ``accuracy_m`` is an error of the report; beyond it, it is ground to be crossed first.
        """
        moving = speed_kmh is not None and speed_kmh > MOVING_KMH
        course_deg = course_deg if moving else None
        near = self._usable(times, times.leaves, lat, lon, FIRST_LOOK_M)
        believed_m = self._believed_m(near, moving=course_deg is not None)
        first = int(np.argmin(believed_m))
        in_doubt = course_deg is not None or believed_m[first] > near.gap_m[first]
        reach_m = float(near.gap_m[first]) + max(UNLIKELY_M, COURSE_SEARCH_M)
        if in_doubt and reach_m > FIRST_LOOK_M:
            # Beyond the first look there may be a road that is believed more, or that points the right way.
            near = self._usable(times, times.leaves, lat, lon, reach_m)
            believed_m = self._believed_m(near, moving=course_deg is not None)
            first = int(np.argmin(believed_m))
        if course_deg is not None:
            off = np.abs((near.bearing_deg - course_deg + 180.0) % 360.0 - 180.0)
            along = (off <= COURSE_TOLERANCE_DEG) & (near.gap_m <= near.gap_m[first] + COURSE_SEARCH_M)
            if along.any():
                first = int(np.argmin(np.where(along, believed_m, np.inf)))
                return self._both_ways(times, near, first, times.u_turn_ms, accuracy_m)
        return self._both_ways(times, near, first, 0, accuracy_m)

    def _believed_m(self, near: Near, *, moving: bool) -> Floats:
        """Return gaps, longer where a report is unlikely to come from such a road."""
        network = self._network
        unlikely = network.flags[near.edge] & TUNNEL > 0
        if not moving:
            unlikely = unlikely | np.isin(network.road_class[near.edge], _NO_STOPPING)
        return near.gap_m + UNLIKELY_M * unlikely

    def _both_ways(self, times: EdgeTimes, near: Near, first: int, turn_ms: int, accuracy_m: float) -> tuple[Spot, ...]:
        ground_m = max(float(near.gap_m[first]) - accuracy_m, 0.0)
        leave_ms = round(ground_m * 3.6 * MS_PER_S / times.profile.off_road_kmh)
        ahead = near.spot(first, leave_ms)
        twin = int(self._network.twin[ahead.edge])
        if twin < 0 or not times.leaves[twin]:
            return (ahead,)
        back = Spot(twin, 1.0 - ahead.fraction, ahead.gap_m, leave_ms + turn_ms, ahead.lat, ahead.lon)
        return (ahead, back)

    def approaches(self, times: EdgeTimes, lat: float, lon: float, *, on_road: bool = False) -> tuple[Approach, ...]:
        """Return where an incident can be reached from: every edge within the profile's walk, else the nearest.

        Motorways, trunk links, bridges and tunnels are left out unless the incident is ``on_road``.
        """
        profile = times.profile
        allowed = times.arrives if on_road else times.arrives & self._stopping
        near = self._usable(times, allowed, lat, lon, profile.walk_m)
        rows = np.flatnonzero(near.gap_m <= max(profile.walk_m, near.gap_m[0]))
        return tuple(near.approach(int(row), round(near.gap_m[row] * MS_PER_S / profile.walk_m_s)) for row in rows)

    def passed_over(self, times: EdgeTimes, lat: float, lon: float, within_m: float) -> tuple[int, float] | None:
        """Return the nearest edge on which nobody stops, if it is nearer than ``within_m``, and its gap in metres."""
        near = self.near(lat, lon, within_m)
        left_out = near.only((times.arrives & ~self._stopping)[near.edge])
        return (int(left_out.edge[0]), float(left_out.gap_m[0])) if len(left_out.edge) else None

    @cached_property
    def _stopping(self) -> NDArray[np.bool_]:
        network = self._network
        stopping = ~np.isin(network.road_class, _NO_STOPPING) & (network.flags & (TUNNEL | BRIDGE) == 0)
        return np.asarray(stopping, np.bool_)

    def _usable(self, times: EdgeTimes, allowed: NDArray[np.bool_], lat: float, lon: float, radius_m: float) -> Near:
        """Return allowed edges within a radius, doubled until there is one."""
        if not allowed.any():
            raise Unreachable(f"the network has no road that profile {times.profile.name} may use")
        if not (math.isfinite(lat) and math.isfinite(lon)):
            raise ValueError(f"lat {lat}, lon {lon} is no place")
        while True:
            near = self.near(lat, lon, radius_m)
            kept = near.only(allowed[near.edge])
            if len(kept.edge):
                return kept
            radius_m *= 2.0


@lru_cache(maxsize=8)
def snapper(network: Network) -> Snapper:
    """Return the index of a network, made once."""
    return Snapper(network)


@dataclass(frozen=True, slots=True)
class Near:
    """Edges near a point, as columns of equal length; bearings in degrees clockwise from north."""

    edge: Longs
    gap_m: Floats
    fraction: Floats
    lon: Floats
    lat: Floats
    bearing_deg: Floats

    def only(self, kept: NDArray[np.bool_]) -> Near:
        """Return the rows that are kept."""
        return Near(
            self.edge[kept],
            self.gap_m[kept],
            self.fraction[kept],
            self.lon[kept],
            self.lat[kept],
            self.bearing_deg[kept],
        )

    def spot(self, row: int, delay_ms: int) -> Spot:
        """Return one row as a place of a vehicle."""
        return Spot(*self._place(row), delay_ms, float(self.lat[row]), float(self.lon[row]))

    def approach(self, row: int, walk_ms: int) -> Approach:
        """Return one row as a place to stop at."""
        return Approach(*self._place(row), walk_ms, float(self.lat[row]), float(self.lon[row]))

    def _place(self, row: int) -> tuple[int, float, float]:
        return int(self.edge[row]), float(self.fraction[row]), float(self.gap_m[row])


@compiled
def closest_on_shapes(
    shape_start: Longs, shape_lonlat: Floats, shapes: Longs, lon: float, lat: float
) -> Floats:  # pragma: no cover - compiled
    """Return for each shape its closest point to a place: gap m, fraction of length, lon, lat, bearing along it.

    Plane geometry in metres around the place; the error of the plane is below 1e-5 within a kilometre.
    """
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
