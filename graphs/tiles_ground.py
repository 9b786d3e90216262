"""What lies beneath the roads, as a map draws it: areas cut at the sides of a tile, and lines as roads are drawn."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from graphs.ground import AREAS, KINDS, Ground
from graphs.network import Longs
from graphs.tiles_encoding import AREAS as FILLED
from graphs.tiles_encoding import EXTENT, Features, Parts
from graphs.tiles_encoding import LINES as DRAWN
from graphs.tiles_pieces import BUFFER, grid_size, lines_of, mercator, pieces_of, points_of, starts, window

# From this zoom on an outline is drawn as exactly as the file has it.
_ALL: Final = 14
# The zoom from which a kind is drawn.
_FROM: Final = {"water": 0, "coast": 0, "river": 8, "green": 10, "built": 10}
_FROM_ROWS: Final = np.array([_FROM[kind] for kind in KINDS])
# Before that, how far an outline may stray, and the least area: half a pixel, and four by four, where a tile has 512.
_STRAYS: Final = 4.0
_LEAST: Final = 32.0**2
_RING: Final = 4


class Below:
    """The ground of a network on the grid of a zoom.

    Parameters
    ----------
    ground
        Of the network.
    z
        The zoom.
    """

    def __init__(self, ground: Ground, z: int) -> None:
        shown = _FROM_ROWS[ground.kind] <= z
        shapes = shapely.transform(ground.shapes()[shown], lambda points: mercator(points) * grid_size(z))
        kind = ground.kind[shown].astype(np.int64)
        filled = kind < len(AREAS)
        self._polygons, self._kind = _generalised(shapes[filled], kind[filled], z)
        self._bounds = shapely.bounds(self._polygons).reshape(-1, 4)
        points, start = points_of(np.asarray(shapes[~filled]))
        if z < _ALL:
            points, start = points_of(np.asarray(shapely.simplify(lines_of(points, start), _STRAYS)))
        self._lines = pieces_of(points, start, kind[~filled])

    def features(self, x: int, y: int) -> list[Features]:
        """Return what a tile shows: areas, then lines."""
        corner = np.array((x, y)) * EXTENT
        box = (*(corner - BUFFER).tolist(), *(corner + EXTENT + BUFFER).tolist())
        found = []
        if (filled := self._filled(corner, box)) is not None:
            found.append(filled)
        if (drawn := window(self._lines, x, y)) is not None:
            parts, kinds = drawn
            found.append(Features(DRAWN, parts, [{"kind": KINDS[kind]} for kind in kinds]))
        return found

    def _filled(self, corner: Longs, box: tuple[int, int, int, int]) -> Features | None:
        west, north, east, south = box
        left, top, right, bottom = self._bounds.T
        rows = np.flatnonzero((right >= west) & (left <= east) & (bottom >= north) & (top <= south))
        cut = np.asarray(shapely.clip_by_rect(self._polygons[rows], west, north, east, south))
        parts, of_row = shapely.get_parts(cut, return_index=True)
        polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
        rings, kinds = _rings(parts[polygons], self._kind[rows[of_row[polygons]]], corner)
        if not rings:
            return None
        told, feature = np.unique(kinds, return_inverse=True)
        found = Parts(np.concatenate(rings).astype(np.int32), starts(np.array(list(map(len, rings)))), feature)
        return Features(FILLED, found, [{"kind": KINDS[kind]} for kind in told.tolist()])


def _generalised(polygons: NDArray[np.object_], kind: Longs, z: int) -> tuple[NDArray[np.object_], Longs]:
    """Leave out small polygons, and points without which the others look the same, where not everything is drawn."""
    if z >= _ALL:
        return polygons, kind
    large = shapely.area(polygons) >= _LEAST
    return np.asarray(shapely.simplify(polygons[large], _STRAYS)), kind[large]


def _rings(polygons: NDArray[np.object_], kinds: Longs, corner: Longs) -> tuple[list[Longs], list[int]]:
    """Return the rings of polygons in whole numbers of a tile, without the point that closes them, and their kinds.

    An outer ring is drawn clockwise as seen on the map, and the holes in it the other way: by that a reader tells them
    apart.
    """
    found: list[Longs] = []
    of_kind: list[int] = []
    for polygon, kind in zip(polygons, kinds.tolist(), strict=True):
        outer = _ring(polygon.exterior, corner, clockwise=True)
        if outer is None:
            continue
        holes = (_ring(ring, corner, clockwise=False) for ring in polygon.interiors)
        rings = [outer, *(hole for hole in holes if hole is not None)]
        found += rings
        of_kind += [kind] * len(rings)
    return found, of_kind


def _ring(ring: shapely.LinearRing, corner: Longs, *, clockwise: bool) -> Longs | None:
    """Return a ring in whole numbers; None where it comes to nothing."""
    points = np.rint(shapely.get_coordinates(ring)).astype(np.int64) - corner
    points = points[np.append(True, np.any(points[1:] != points[:-1], axis=1))]
    if len(points) < _RING:
        return None
    (ax, ay), (bx, by) = points[:-1].T, points[1:].T
    # Twice the area; with y downwards, positive where a ring is clockwise on the map.
    doubled = int((ax * by - bx * ay).sum())
    if doubled == 0:
        return None
    return np.asarray(points[:-1] if (doubled > 0) == clockwise else points[:0:-1])
