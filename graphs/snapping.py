"""Where on the road network a vehicle is, and where an incident can be reached from.

A vehicle is on a directed edge, at a fraction of it. Here stand the rules and their numbers; `graphs.nearby` searches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np

from graphs.cells import cells_over
from graphs.errors import Unreachable
from graphs.nearby import Mask, Reading, places_of, walks_to, within
from graphs.network import BRIDGE, TUNNEL, Floats, Longs, Network
from graphs.tags import ROAD_CLASSES
from graphs.times import EdgeTimes

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
# The bit of such a road in `Cells.kind`, beside those of `Network.flags`.
_FAST = 128
_NOBODY_STOPS = TUNNEL | BRIDGE | _FAST
_READING = Reading(
    first_look_m=FIRST_LOOK_M,
    moving_kmh=MOVING_KMH,
    tolerance_deg=COURSE_TOLERANCE_DEG,
    course_search_m=COURSE_SEARCH_M,
    unlikely_m=UNLIKELY_M,
    unlikely_moving=TUNNEL,
    unlikely_standing=TUNNEL | _FAST,
)


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


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """Where the vehicles of several reports may be: `Spot` as columns of equal length, in the order of the reports.

    Parameters
    ----------
    row : (n,) int64
        The report of each spot; one or two spots for each report, in the order of `Snapper.spots`.
    edge, delay_ms : (n,) int64
    fraction, gap_m, lat, lon : (n,) float64
    """

    row: Longs
    edge: Longs
    fraction: Floats
    gap_m: Floats
    delay_ms: Longs
    lat: Floats
    lon: Floats

    @property
    def first(self) -> Longs:
        """(reports + 1,) where the spots of each report begin, and where the last ones end."""
        reports = int(self.row[-1]) + 1 if len(self.row) else 0
        return np.searchsorted(self.row, np.arange(reports + 1))

    def of(self, row: int) -> tuple[Spot, ...]:
        """Return the spots of one report."""
        return tuple(self.made(np.arange(*np.searchsorted(self.row, (row, row + 1)))))

    def each(self) -> list[tuple[Spot, ...]]:
        """Return the spots of every report."""
        spots = self.made(np.arange(len(self.row)))
        return [tuple(spots[start:end]) for start, end in pairwise(self.first.tolist())]

    def made(self, places: Longs) -> list[Spot]:
        """Return the spots at places of the columns."""
        columns = (self.edge, self.fraction, self.gap_m, self.delay_ms, self.lat, self.lon)
        return list(map(Spot, *(column[places].tolist() for column in columns)))

    def only(self, reports: Longs) -> Spots:
        """Return the spots of some reports, each named once, in the order given and numbered anew."""
        first = self.first
        count = first[reports + 1] - first[reports]
        row = np.repeat(np.arange(len(reports)), count)
        places = np.arange(len(row)) + np.repeat(first[reports] - np.cumsum(count) + count, count)
        columns = (self.edge, self.fraction, self.gap_m, self.delay_ms, self.lat, self.lon)
        return Spots(row, *(column[places] for column in columns))

    def later(self, delay_ms: Longs) -> Spots:
        """Return the same spots where each report's vehicle moves off so many milliseconds later."""
        return replace(self, delay_ms=self.delay_ms + delay_ms[self.row])


class Snapper:
    """Finds edges near points.

    Parameters
    ----------
    network
        The roads.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        edges = np.full((len(network.shape_start) - 1, 2), -1, np.int32)
        edges[network.shape, network.backward] = np.arange(network.edge_count)
        kind = network.flags | np.uint8(_FAST) * np.isin(network.road_class, _NO_STOPPING)
        self._cells = cells_over(network.shape_start, network.shape_lonlat, edges, network.twin, kind)

    def near(self, lat: float, lon: float, radius_m: float) -> Near:
        """Return every edge within a radius, nearest first, ties by edge."""
        found = within(self._cells, self._every, 0, float(lat), float(lon), float(radius_m))
        gap_m, edge, fraction, on_lat, on_lon, bearing_deg = found[np.lexsort((found[:, 1], found[:, 0]))].T
        return Near(edge.astype(np.int64), gap_m, fraction, on_lon, on_lat, bearing_deg)

    @cached_property
    def _every(self) -> Mask:
        return np.ones(self._network.edge_count, np.bool_)

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

        Raises
        ------
        Unreachable
            The profile of the times may use no road.
        ValueError
            The point is no place.
        """
        known = (math.nan if value is None else value for value in (course_deg, speed_kmh))
        reports = np.array((lat, lon, *known, accuracy_m), np.float64).reshape(5, 1)
        whole, parts, refused = self._places_of(times, reports)
        if refused >= 0:
            raise _refusal(times, times.leaves, lat, lon, accuracy_m)
        spots = zip(whole.T.tolist(), parts.T.tolist(), strict=True)
        return tuple(
            Spot(edge, fraction, gap_m, delay_ms, *on_road)
            for (_, edge, delay_ms), (fraction, gap_m, *on_road) in spots
        )

    def spots_of(
        self,
        times: EdgeTimes,
        lat: Floats,
        lon: Floats,
        course_deg: Floats,
        speed_kmh: Floats,
        accuracy_m: Floats,
    ) -> Spots:
        """Return where the vehicles of several reports may be, each as `spots` has it.

        Parameters
        ----------
        lat, lon, course_deg, speed_kmh, accuracy_m : (n,) float64
            One row for each report; NaN for a course or a speed that is not known.

        Raises
        ------
        Unreachable
            The profile of the times may use no road.
        ValueError
            A row is no place, and which; or the columns differ in length.
        """
        reports = np.array((lat, lon, course_deg, speed_kmh, accuracy_m), np.float64)
        whole, parts, refused = self._places_of(times, reports)
        if refused >= 0:
            at_lat, at_lon, _, _, within_m = reports[:, refused].tolist()
            raise _refusal(times, times.leaves, at_lat, at_lon, within_m, f"row {refused}: ")
        (row, edge, delay_ms), (fraction, gap_m, on_lat, on_lon) = whole, parts
        return Spots(row, edge, fraction, gap_m, delay_ms, on_lat, on_lon)

    def _places_of(self, times: EdgeTimes, reports: Floats) -> tuple[Longs, Floats, int]:
        return places_of(self._cells, times.leaves, _READING, reports, times.u_turn_ms, times.profile.off_road_kmh)

    def approaches(self, times: EdgeTimes, lat: float, lon: float, *, on_road: bool = False) -> tuple[Approach, ...]:
        """Return where an incident can be reached from: every edge within the profile's walk, else the nearest.

        Motorways, trunk links, bridges and tunnels are left out unless the incident is ``on_road``.

        Raises
        ------
        Unreachable
            The profile of the times may use no such road.
        ValueError
            The point is no place.
        """
        walk = times.profile.walk_m, times.profile.walk_m_s
        shunned = 0 if on_road else _NOBODY_STOPS
        found = walks_to(self._cells, times.arrives, shunned, float(lat), float(lon), *walk).tolist()
        if not found:
            allowed = times.arrives & (self._cells.kind & shunned == 0)
            raise _refusal(times, allowed, lat, lon)
        found.sort()
        return tuple(
            Approach(int(edge), fraction, gap_m, int(walk_ms), on_lat, on_lon)
            for gap_m, edge, fraction, on_lat, on_lon, walk_ms in found
        )

    def passed_over(self, times: EdgeTimes, lat: float, lon: float, within_m: float) -> tuple[int, float] | None:
        """Return the nearest edge on which nobody stops, if it is nearer than ``within_m``, and its gap in metres."""
        found = within(self._cells, times.arrives, 0, float(lat), float(lon), float(within_m)).tolist()
        kind = self._cells.kind
        left_out = [(gap_m, int(edge)) for gap_m, edge, *_ in found if kind[int(edge)] & _NOBODY_STOPS]
        nearest = min(left_out, default=None)
        return nearest and (nearest[1], nearest[0])


def _refusal(
    times: EdgeTimes, allowed: Mask, lat: float, lon: float, accuracy_m: float = 0.0, at: str = ""
) -> Unreachable | ValueError:
    """Return why a report or a place has no answer."""
    if not allowed.any():
        return Unreachable(f"the network has no road that profile {times.profile.name} may use")
    if math.isfinite(lat) and math.isfinite(lon) and not accuracy_m > -math.inf:
        return ValueError(f"{at}accuracy_m {accuracy_m} is no distance")
    return ValueError(f"{at}lat {lat}, lon {lon} is no place")


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
