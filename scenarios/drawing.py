"""A small map of the roads around one incident, as values for a template to draw: nothing here knows of markup.

North is up. Degrees are laid out by the local scale of latitude and longitude, so that a scale bar holds everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np

from graphs.coordinates import METRES_PER_DEGREE
from graphs.nearby import Mask
from graphs.network import Floats, Longs, Network
from graphs.tags import ROAD_CLASSES

WIDTH, HEIGHT = 640, 420
_MARGIN: Final = 46.0
# A map shows no less ground than this, so that a street is not the whole of it.
_LEAST_M: Final = 600.0
_ROADS: Final = ("main", "middle", "small")
_MAIN: Final = frozenset({"motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link"})
_MIDDLE: Final = frozenset({"secondary", "secondary_link", "tertiary", "tertiary_link"})
# With more roads of a weight than this in its box a map is a grey patch, and a report too large to send.
_MOST_ROADS: Final = 5_000

Kind = Literal["incident", "sent", "could", "kept"]
Way = Literal["sent", "could"]
LonLat = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Point:
    """Somebody or something at a place: an incident, the unit sent, one that could have gone, one kept by a rule."""

    kind: Kind
    label: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Line:
    """A way that was or could have been driven, as ``(lon, lat)`` points."""

    kind: Way
    lonlat: LonLat


@dataclass(frozen=True, slots=True)
class Mark:
    """A point on the paper with its label; ``anchor`` is where the label hangs."""

    kind: Kind
    x: float
    y: float
    label: str
    label_x: float
    label_y: float
    anchor: Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Map:
    """A drawn map: path data in paper units, `WIDTH` by `HEIGHT`.

    Parameters
    ----------
    roads
        ``(weight, path data)``, lightest first.
    ways
        ``(kind, path data)``.
    bar_px, bar_label
        The scale bar.
    attribution
        Whom the roads are owed to; empty where none are drawn.
    """

    roads: tuple[tuple[str, str], ...]
    ways: tuple[tuple[Way, str], ...]
    marks: tuple[Mark, ...]
    bar_px: float
    bar_label: str
    attribution: str


@dataclass(frozen=True, slots=True)
class Paper:
    """How degrees come onto the paper: the place of its middle and metres per unit."""

    lat: float
    lon: float
    metres_per_px: float

    def xy(self, lonlat: Floats) -> Floats:
        """Return (n, 2) paper units of (n, 2) degrees; y grows downward."""
        east_m = (lonlat[:, 0] - self.lon) * METRES_PER_DEGREE * math.cos(math.radians(self.lat))
        north_m = (lonlat[:, 1] - self.lat) * METRES_PER_DEGREE
        return np.column_stack([WIDTH / 2 + east_m / self.metres_per_px, HEIGHT / 2 - north_m / self.metres_per_px])

    def box(self) -> tuple[float, float, float, float]:
        """Return ``(west, south, east, north)`` in degrees."""
        across = WIDTH / 2 * self.metres_per_px / METRES_PER_DEGREE / math.cos(math.radians(self.lat))
        up = HEIGHT / 2 * self.metres_per_px / METRES_PER_DEGREE
        return self.lon - across, self.lat - up, self.lon + across, self.lat + up


def draw_map(network: Network | None, points: Sequence[Point], lines: Sequence[Line] = ()) -> Map:
    """Draw the roads around some points, and the ways driven.

    Parameters
    ----------
    network
        The roads; None draws the points alone.
    points
        One at least; the first labels find their place first.
    lines
        Ways between them.
    """
    paper = paper_for([(point.lon, point.lat) for point in points] + [place for line in lines for place in line.lonlat])
    bar_m = round_length_m(WIDTH / 4 * paper.metres_per_px)
    return Map(
        roads=tuple(roads_on(network, paper)) if network is not None else (),
        ways=tuple((line.kind, _path([paper.xy(np.array(line.lonlat, np.float64))])) for line in lines if line.lonlat),
        marks=tuple(_marks(points, paper)),
        bar_px=round(bar_m / paper.metres_per_px, 1),
        bar_label=f"{bar_m / 1000:g} km" if bar_m >= 1000 else f"{bar_m:g} m",  # noqa: PLR2004 - metres in a kilometre
        attribution=network.meta.attribution if network is not None else "",
    )


def paper_for(places: LonLat) -> Paper:
    """Return the paper on which some places fit, one at least."""
    lonlat = np.array(places, np.float64)
    (west, south), (east, north) = lonlat.min(axis=0), lonlat.max(axis=0)
    lat, lon = float(south + north) / 2, float(west + east) / 2
    across_m = max((east - west) * METRES_PER_DEGREE * math.cos(math.radians(lat)), _LEAST_M)
    up_m = max((north - south) * METRES_PER_DEGREE, _LEAST_M * HEIGHT / WIDTH)
    return Paper(lat, lon, float(max(across_m / (WIDTH - 2 * _MARGIN), up_m / (HEIGHT - 2 * _MARGIN))))


def round_length_m(about_m: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is not longer."""
    power = 10.0 ** math.floor(math.log10(about_m))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= about_m)


def roads_on(network: Network, paper: Paper) -> Iterator[tuple[str, str]]:
    """Yield the roads in the box by weight, each road once for both directions."""
    shapes = _shapes(network)
    west, south, east, north = paper.box()
    low, high = shapes.low, shapes.high
    inside = (low[:, 0] <= east) & (high[:, 0] >= west) & (low[:, 1] <= north) & (high[:, 1] >= south)
    for weight in reversed(_ROADS):
        rows = np.flatnonzero(inside & shapes.weight[weight]).tolist()
        if weight == "main" or len(rows) <= _MOST_ROADS:
            yield weight, _path(paper.xy(_shape_lonlat(network, row)) for row in rows)


def _shape_lonlat(network: Network, row: int) -> Floats:
    return network.shape_lonlat[network.shape_start[row] : network.shape_start[row + 1]]


@dataclass(frozen=True, slots=True, eq=False)
class _Shapes:
    """(S, 2) least and greatest degrees of each shape, and which shapes are roads of a weight."""

    low: Floats
    high: Floats
    weight: dict[str, Mask]


@lru_cache(maxsize=1)
def _shapes(network: Network) -> _Shapes:
    starts: Longs = network.shape_start[:-1]
    low = np.minimum.reduceat(network.shape_lonlat, starts, axis=0)
    high = np.maximum.reduceat(network.shape_lonlat, starts, axis=0)
    kind = np.zeros(len(starts), np.int64)
    kind[network.shape] = network.road_class
    main, middle = (
        np.isin(kind, [ROAD_CLASSES.index(name) for name in names]) for names in (_known(_MAIN), _known(_MIDDLE))
    )
    return _Shapes(low, high, {"main": main, "middle": middle, "small": ~main & ~middle})


def _known(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name in ROAD_CLASSES)


def _path(lines: Iterable[Floats]) -> str:
    """Return path data in whole units, each point from the one before; those that fall together are left out."""
    parts = list[str]()
    for line in lines:
        whole = np.rint(np.clip(line, -9_999, 9_999)).astype(np.int64)
        steps = np.diff(whole, axis=0)
        steps = steps[steps.any(axis=1)]
        if len(steps):
            parts.append(f"M{whole[0, 0]} {whole[0, 1]}l" + " ".join(f"{x} {y}" for x, y in steps.tolist()))
    return "".join(parts)


_LETTER_PX, _LINE_PX, _GAP_PX = 7.4, 15.0, 11.0
_Box = tuple[float, float, float, float]


def _marks(points: Sequence[Point], paper: Paper) -> Iterator[Mark]:
    """Yield the points with their labels where they cover as few of the others as can be."""
    places = paper.xy(np.array([(point.lon, point.lat) for point in points], np.float64)).round(1).tolist()
    taken: list[_Box] = [(x - 8, y - 8, x + 8, y + 8) for x, y in places]
    for point, (x, y) in zip(points, places, strict=True):
        mark, box = min(_placings(point, x, y), key=lambda one: _covered(one[1], taken))
        taken.append(box)
        yield mark


def _placings(point: Point, x: float, y: float) -> Iterator[tuple[Mark, _Box]]:
    """Yield the ways to hang a label at a point, the best liked first, with the box that it fills."""
    wide, low = len(point.label) * _LETTER_PX, _LINE_PX
    for anchor, at_x, at_y, left in (
        ("start", x + _GAP_PX, y + 5, x + _GAP_PX),
        ("end", x - _GAP_PX, y + 5, x - _GAP_PX - wide),
        ("middle", x, y - _GAP_PX - 2, x - wide / 2),
        ("middle", x, y + _GAP_PX + 12, x - wide / 2),
    ):
        box = (left, at_y - low + 3, left + wide, at_y + 3)
        yield Mark(point.kind, x, y, point.label, round(at_x, 1), round(at_y, 1), anchor), box  # type: ignore[arg-type]


def _covered(box: _Box, taken: Sequence[_Box]) -> float:
    """Return the area of a label that is over others, or off the paper."""
    left, top, right, bottom = box
    off = max(-left, 0) + max(right - WIDTH, 0) + max(-top, 0) + max(bottom - HEIGHT, 0)
    over = sum(max(min(right, b) - max(left, a), 0) * max(min(bottom, d) - max(top, c), 0) for a, c, b, d in taken)
    return over + off * 1_000
