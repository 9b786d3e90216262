"""What a map draws beneath the roads and nobody drives: water, shores, green and built-up land.

It is kept in the network's file and no part of the network's hash, for no time and no way hangs on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from graphs.coordinates import METRES_PER_DEGREE

# Areas in the order in which they are drawn, then lines.
AREAS: Final = ("built", "green", "water")
LINES: Final = ("river", "coast")
KINDS: Final = (*AREAS, *LINES)
# An outline may stray so far, and what is smaller is left out: two pixels on the deepest map that a screen shows whole
# streets of, and a large garden.
STRAYS_M: Final = 2.0
LEAST_M2: Final = 500.0
# Places are kept in millionths of a degree, 11 cm.
_PER_DEGREE: Final = 1_000_000
# A kind, and a polygon or line in degrees.
Item = tuple[str, shapely.Polygon | shapely.LineString]


@dataclass(frozen=True, eq=False)
class Ground:
    """Polygons and lines, sorted by kind.

    Parameters
    ----------
    kind : (n,) uint8
        Rows of `KINDS`.
    ring_start : (n + 1,) int32
        The rings of each, the outer first; of a line, itself.
    point_start : (rings + 1,) int32
        The points of each ring, which ends where it began.
    microdegrees : (points, 2) int32
        Longitude and latitude.
    """

    kind: NDArray[np.uint8]
    ring_start: NDArray[np.int32]
    point_start: NDArray[np.int32]
    microdegrees: NDArray[np.int32]

    def __post_init__(self) -> None:
        for array in self.arrays().values():
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.kind)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name; none where there is nothing."""
        return {item.name: getattr(self, item.name) for item in fields(self)} if len(self) else {}

    def shapes(self) -> NDArray[np.object_]:
        """Return polygons and lines in degrees."""
        lonlat = self.microdegrees / _PER_DEGREE
        ring = np.repeat(np.arange(len(self.point_start) - 1), np.diff(self.point_start))
        owner = np.repeat(np.arange(len(self)), np.diff(self.ring_start))
        filled = self.kind < len(AREAS)
        of_area = filled[owner]
        found = np.empty(len(self), np.object_)
        if filled.any():
            within = of_area[ring]
            rings = np.asarray(shapely.linearrings(lonlat[within], indices=_numbered(ring[within])))
            found[filled] = shapely.polygons(rings, indices=_numbered(owner[of_area]))
        if not filled.all():
            within = ~of_area[ring]
            found[~filled] = shapely.linestrings(lonlat[within], indices=_numbered(ring[within]))
        return found

    def counts(self) -> dict[str, int]:
        """Return how many there are of each kind that there is."""
        counted = np.bincount(self.kind, minlength=len(KINDS)).tolist()
        return {kind: count for kind, count in zip(KINDS, counted, strict=True) if count}


NO_GROUND: Final = Ground(
    np.zeros(0, np.uint8), np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros((0, 2), np.int32)
)


def ground_of(items: Sequence[Item], area: shapely.Polygon) -> Ground:
    """Cut polygons and lines to an area, generalise them and pack them; small ones are left out.

    Parameters
    ----------
    items
        In the order of their kinds as found; of each kind the order is kept.
    area
        Degrees.
    """
    shapes = np.array([shape for _, shape in items], np.object_)
    if not len(shapes):
        return NO_GROUND
    kind = np.array([KINDS.index(name) for name, _ in items], np.uint8)
    order = np.argsort(kind, kind="stable")
    cut, whole = shapely.get_parts(_generalised(_cut(shapes[order], area), area), return_index=True)
    kind = kind[order][whole]
    # A polygon that an area's side touches leaves a line or a point behind.
    wanted = np.where(kind < len(AREAS), shapely.GeometryType.POLYGON, shapely.GeometryType.LINESTRING)
    kept = (shapely.get_type_id(cut) == wanted) & ~shapely.is_empty(cut) & _large(cut, area)
    return _packed(kind[kept], cut[kept])


def _cut(shapes: NDArray[np.object_], area: shapely.Polygon) -> NDArray[np.object_]:
    shapely.prepare(area)
    found = shapes.copy()
    across = ~shapely.contains_properly(area, shapes)
    found[across] = shapely.intersection(shapely.make_valid(shapes[across]), area)
    return found


def _metres(area: shapely.Polygon) -> NDArray[np.float64]:
    """Return metres in a degree, east and north."""
    middle_lat = (area.bounds[1] + area.bounds[3]) / 2
    return np.array((METRES_PER_DEGREE * max(np.cos(np.radians(middle_lat)), 0.01), METRES_PER_DEGREE))


def _generalised(shapes: NDArray[np.object_], area: shapely.Polygon) -> NDArray[np.object_]:
    scale = _metres(area)
    flat = shapely.transform(shapes, lambda points: points * scale)
    return np.asarray(shapely.transform(shapely.simplify(flat, STRAYS_M), lambda points: points / scale))


def _large(shapes: NDArray[np.object_], area: shapely.Polygon) -> NDArray[np.bool_]:
    """Tell which polygons are large enough; lines all are."""
    size = shapely.area(shapes) * np.prod(_metres(area))
    return np.asarray((size >= LEAST_M2) | (shapely.get_type_id(shapes) != shapely.GeometryType.POLYGON))


def _packed(kind: NDArray[np.uint8], shapes: NDArray[np.object_]) -> Ground:
    if not len(kind):
        return NO_GROUND
    rings: list[NDArray[np.int32]] = []
    counts = []
    for shape in shapes:
        lines = [shape.exterior, *shape.interiors] if isinstance(shape, shapely.Polygon) else [shape]
        rings += [np.rint(shapely.get_coordinates(line) * _PER_DEGREE).astype(np.int32) for line in lines]
        counts.append(len(lines))
    return Ground(kind, _starts(counts), _starts(list(map(len, rings))), np.concatenate(rings))


def _starts(counts: Sequence[int]) -> NDArray[np.int32]:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int32)


def _numbered(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return sorted numbers as 0, 1, 2, ... without gaps."""
    return np.unique(rows, return_inverse=True)[1]
