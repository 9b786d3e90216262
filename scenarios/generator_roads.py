"""The roads of a made-up period: where its people drive, by which way, and how long that really takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

import numpy as np

from graphs.coordinates import METRES_PER_DEGREE, great_circle_m
from graphs.legs import Leg, leg_parts
from graphs.network import Floats, Longs, Network
from graphs.profiles import Period
from graphs.router import Router
from graphs.snapping import Approach, Spot
from graphs.times import CLOSED, MS_PER_S, EdgeTimes

# Streets on which patrols drive and calls come from.
ORDINARY: Final = ("residential", "tertiary", "secondary", "unclassified", "primary")
_SHORTEST_M: Final = 20.0


@dataclass(frozen=True, slots=True)
class Driving:
    """How long people really drive, against what the profiles say.

    Parameters
    ----------
    by_class
        For each profile and class of road, the factor on the time of driving; 1 where none is told. Delays at
        junctions are as the profiles have them.
    by_period
        For each profile and period of the network's table, the factor on top, on the classes that the period names.
    spread
        Standard deviation of the logarithm of what chance adds to a whole drive.
    """

    by_class: Mapping[str, Mapping[str, float]]
    by_period: Mapping[str, Mapping[str, float]]
    spread: float

    def factor(self, profile: str, road_class: str, period: Period | None) -> float:
        """Return the factor on the time of driving along a road of a class."""
        told = self.by_class.get(profile, {}).get(road_class, 1.0)
        if period is None or road_class not in period.classes:
            return told
        return told * self.by_period.get(profile, {}).get(period.name, 1.0)


@dataclass(frozen=True, slots=True)
class Path:
    """Stretches of road driven, or stood on, one after the other.

    Parameters
    ----------
    until_s : (n,) float64
        When each is over, seconds since 1970.
    edge : (n,) int64
    begin, end : (n,) float64
        Fractions of the edge.
    start_s
        When the first begins.
    """

    start_s: float
    until_s: Floats
    edge: Longs
    begin: Floats
    end: Floats

    @property
    def end_s(self) -> float:
        """When all of it is over."""
        return float(self.until_s[-1])

    def at(self, times_s: Floats) -> tuple[Longs, Floats, Floats]:
        """Return the edge and the fraction of it at moments, and the share of the edge driven in a second."""
        row = np.minimum(np.searchsorted(self.until_s, times_s, side="right"), len(self.until_s) - 1)
        begun_s = np.concatenate([[self.start_s], self.until_s[:-1]])[row]
        lasts_s = np.maximum(self.until_s[row] - begun_s, 1e-9)
        share = np.clip((times_s - begun_s) / lasts_s, 0.0, 1.0)
        way = self.end[row] - self.begin[row]
        return self.edge[row], self.begin[row] + share * way, way / lasts_s


def standing(edge: int, fraction: float, start_s: float, end_s: float) -> Path:
    """Return the path of a vehicle that stays where it is."""
    here = np.array([fraction])
    return Path(start_s, np.array([end_s]), np.array([edge], np.int64), here, here)


class Streets:
    """A network as people drive on it.

    Parameters
    ----------
    network
        The roads.
    driving
        How long that takes.
    """

    def __init__(self, network: Network, driving: Driving) -> None:
        self.network, self.driving = network, driving
        self._patrol = Router(network, "normal")
        self._line = lru_cache(maxsize=200_000)(self._line_of)
        self._router = lru_cache(maxsize=4)(lambda profile, at: Router(network, profile, at=at))

    def ordinary(self) -> Longs:
        """Return the edges of ordinary streets that can be driven to and left."""
        times, network = self._patrol.edge_times, self.network
        classes = [network.class_name(edge) in ORDINARY for edge in range(network.edge_count)]
        sound = np.array(classes) & times.leaves & times.arrives & (network.length_m > _SHORTEST_M)
        return np.flatnonzero(sound & (network.flags == 0) & (times.edge_ms != CLOSED))

    def middle(self, edges: Longs) -> Floats:
        """Return the ``(n, 2)`` middles of edges, degrees of longitude and latitude."""
        told = [self.point(int(edge), 0.5)[:2] for edge in edges]
        return np.array(told, np.float64).reshape(-1, 2)

    def point(self, edge: int, fraction: float) -> tuple[float, float, float]:
        """Return longitude, latitude and course in degrees at a fraction of an edge."""
        lon, lat, along = self._line(edge)
        here = fraction * along[-1]
        row = max(min(int(np.searchsorted(along, here, side="right")), len(along) - 1), 1)
        east = (lon[row] - lon[row - 1]) * math.cos(math.radians(lat[row]))
        course = math.degrees(math.atan2(east, lat[row] - lat[row - 1])) % 360.0
        return float(np.interp(here, along, lon)), float(np.interp(here, along, lat)), course

    def _line_of(self, edge: int) -> tuple[Floats, Floats, Floats]:
        points = self.network.edge_lonlat(edge)
        along = np.concatenate([[0.0], np.cumsum(great_circle_m(points[:-1], points[1:]))])
        return points[:, 0].copy(), points[:, 1].copy(), along

    def patrol(self, edge: int, fraction: float, to: int, start_s: float, slower: float) -> Path | None:
        """Return a drive to the middle of an edge without any hurry; None where no road leads there."""
        spots = self._spots(self._patrol, edge, fraction)
        return self._path(self._patrol, spots, self._approach(to, 0.5), start_s, lambda *_: slower)

    def drive(
        self, profile: str, at: datetime, edge: int, fraction: float, place: tuple[float, float], start_s: float,
        chance: float,
    ) -> tuple[Path | None, float]:  # fmt: skip
        """Return the drive to a place and the seconds on foot after it.

        Parameters
        ----------
        at
            The local moment by which the way is chosen.
        edge, fraction
            Where it begins.
        place
            Latitude and longitude.
        start_s
            When, seconds since 1970.
        chance
            What chance makes of the time of driving.
        """
        router, period = self._router(profile, at), self.network.profiles.period(at)
        approaches = router.approaches(*place)

        def factor(road_class: str) -> float:
            return self.driving.factor(profile, road_class, period) * chance

        # Who has stood may point either way, and its report says no more.
        spots = [replace(spot, delay_ms=0) for spot in self._spots(router, edge, fraction)]
        path = self._path(router, spots, approaches, start_s, factor)
        if path is None:
            others = (
                self._path(router, near, approaches, start_s, factor) for near in self._beside(router, edge, fraction)
            )
            path = next((other for other in others if other is not None), None)
        if path is None:
            return None, 0.0
        last = int(path.edge[-1]), float(path.end[-1])
        walks = [item.walk_ms for item in approaches if (item.edge, item.fraction) == last]
        return path, min(walks, default=0) / MS_PER_S

    def _approach(self, edge: int, fraction: float) -> tuple[Approach, ...]:
        """Return a place on a street as it is reached from either side."""
        lon, lat, _ = self.point(edge, fraction)
        twin, times = int(self.network.twin[edge]), self._patrol.edge_times
        back = (Approach(twin, 1.0 - fraction, 0.0, 0, lat, lon),) if twin >= 0 and times.arrives[twin] else ()
        return (Approach(edge, fraction, 0.0, 0, lat, lon), *back)

    def _spots(self, router: Router, edge: int, fraction: float) -> tuple[Spot, ...]:
        """Return both ways in which a vehicle can leave: on, and back after turning round.

        Where a profile may not drive at all, as out of a yard that blue lights opened, it begins on the next road.
        """
        lon, lat, _ = self.point(edge, fraction)
        times, twin = router.edge_times, int(self.network.twin[edge])
        back = (Spot(twin, 1.0 - fraction, 0.0, times.u_turn_ms, lat, lon),) if twin >= 0 else ()
        ways = (Spot(edge, fraction, 0.0, 0, lat, lon), *back)
        return tuple(spot for spot in ways if times.leaves[spot.edge]) or router.spots(lat, lon)

    def _beside(self, router: Router, edge: int, fraction: float) -> Iterator[tuple[Spot, ...]]:
        """Yield roads near a place, for a car that backs out of one from which turn restrictions let nobody go on."""
        lon, lat, _ = self.point(edge, fraction)
        for away_m in (0.0, 80.0, 200.0):
            for north, east in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                near = moved(lat, lon, north * away_m, east * away_m)
                if self.network.contains(*near):
                    yield router.spots(*near)

    def _path(
        self,
        router: Router,
        spots: Sequence[Spot],
        approaches: Sequence[Approach],
        start_s: float,
        factor: Callable[[str], float],
    ) -> Path | None:
        times = router.edge_times
        leg = router.best(spots, approaches)
        return None if leg is None else self._driven(times, leg, start_s, factor)

    def _driven(self, times: EdgeTimes, leg: Leg, start_s: float, factor: Callable[[str], float]) -> Path:
        """Return a leg as it is driven: what is neither a turn nor an obstacle takes a factor longer."""
        rows = list[tuple[float, int, float, float]]()
        parts = leg_parts(times, leg)
        for row, part in enumerate(parts):
            begin = leg.spot.fraction if row == 0 else 0.0
            end = leg.approach.fraction if row == len(parts) - 1 else 1.0
            still_ms = part.turn_ms + (leg.spot.delay_ms if row == 0 else 0)
            wait_ms = int(times.wait_ms[part.edge]) * (end - begin)
            driven_ms = max(part.time_ms - still_ms - wait_ms, 0.0)
            if still_ms:
                rows.append((still_ms / MS_PER_S, part.edge, begin, begin))
            moving_ms = driven_ms * factor(self.network.class_name(part.edge)) + wait_ms
            rows.append((moving_ms / MS_PER_S, part.edge, begin, end))
        lasts_s, edges, begin_at, end_at = zip(*rows, strict=True)
        until_s = start_s + np.cumsum(lasts_s)
        return Path(start_s, until_s, np.array(edges, np.int64), np.array(begin_at), np.array(end_at))


def moved(lat: float, lon: float, north_m: float, east_m: float) -> tuple[float, float]:
    """Return a point so many metres north and east of another, to a millionth of a degree."""
    east_deg = east_m / (METRES_PER_DEGREE * math.cos(math.radians(lat)))
    return round(lat + north_m / METRES_PER_DEGREE, 6), round(lon + east_deg, 6)
