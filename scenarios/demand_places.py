"""Where calls come from: the ordinary streets of each area of demand, straight piece by straight piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from graphs.coordinates import great_circle_m
from graphs.errors import Fault, InputError
from graphs.network import Floats, Longs, Network
from graphs.tags import ROAD_CLASSES
from graphs.times import edge_times
from scenarios.generator_roads import ORDINARY
from scenarios.scenario import Area

DECIMALS: Final = 6
# A place rounded to six decimals must still lie in the network's area.
_INSIDE_DEG: Final = 2e-6


@dataclass(frozen=True, eq=False)
class Places:
    """Pieces of street, those of an area one after the other; without areas, the whole network is the only one.

    Parameters
    ----------
    bare
        The names of areas without an ordinary street: their calls come from one point inside.
    first : (areas + 1,) int64
        Where the pieces of each area begin.
    begin, end : (pieces, 2) float64
        Longitude and latitude, degrees.
    along_m : (pieces + 1,) float64
        The length of all pieces up to each.
    """

    bare: tuple[str, ...]
    first: Longs
    begin: Floats
    end: Floats
    along_m: Floats

    def at(self, area: Longs, number: Floats) -> tuple[Floats, Floats]:
        """Return latitude and longitude of places in areas, anywhere on their streets alike.

        Parameters
        ----------
        area : (n,) int64
            The number of each one's area.
        number : (n,) float64
            From 0 to 1: how far along all of its streets.
        """
        low_m, high_m = self.along_m[self.first[area]], self.along_m[self.first[area + 1]]
        here_m = low_m + number * (high_m - low_m)
        piece = np.clip(
            np.searchsorted(self.along_m, here_m, side="right") - 1, self.first[area], self.first[area + 1] - 1
        )
        return self.on(piece, (here_m - self.along_m[piece]) / (self.along_m[piece + 1] - self.along_m[piece]))

    def on(self, piece: Longs, share: Floats) -> tuple[Floats, Floats]:
        """Return latitude and longitude, to six decimals, at shares of pieces."""
        lonlat = self.begin[piece] + np.clip(share, 0.0, 1.0)[:, None] * (self.end[piece] - self.begin[piece])
        lon, lat = np.round(lonlat, DECIMALS).T
        return lat, lon


@lru_cache(maxsize=4)
def places_of(network: Network, areas: tuple[Area, ...]) -> Places:
    """Return the pieces of street of areas, cut where an area or the network's ends.

    Raises
    ------
    InputError
        An area lies outside the network's area.
    """
    shapes = _shapes(network, areas)
    lines = _lines(network)
    tree = shapely.STRtree(lines)
    each = [_within(shape, lines[np.sort(tree.query(shape, predicate="intersects"))]) for shape in shapes]
    pieces = [streets if len(streets) else _point(shape) for streets, shape in zip(each, shapes, strict=True)]
    names = [area.name for area in areas] or ["the network"]
    begin, end = np.moveaxis(np.concatenate(pieces), 1, 0)
    length_m = np.maximum(great_circle_m(begin, end), 1e-3)
    return Places(
        tuple(name for name, streets in zip(names, each, strict=True) if not len(streets)),
        np.cumsum([0, *map(len, pieces)]),
        begin,
        end,
        np.concatenate([[0.0], np.cumsum(length_m)]),
    )


def area_faults(network: Network, areas: Sequence[Area]) -> list[Fault]:
    """Return which areas lie outside the network's, so that nobody could be sent there."""
    outside = (area for area in areas if not shapely.intersects(_inside(network), area.shape))
    return [
        Fault("areas", "", area.name, "outside the network", "an area that the network reaches") for area in outside
    ]


def _shapes(network: Network, areas: Sequence[Area]) -> list[BaseGeometry]:
    faults = area_faults(network, areas)
    if faults:
        raise InputError(faults)
    inside = _inside(network)
    return [shapely.intersection(area.shape, inside) for area in areas] or [inside]


def _inside(network: Network) -> BaseGeometry:
    smaller = network.area.buffer(-_INSIDE_DEG)
    return network.area if smaller.is_empty else smaller


def _lines(network: Network) -> NDArray[Any]:
    """Return the straight pieces of ordinary streets, each street once, whichever ways it may be driven."""
    times = edge_times(network, "normal")
    ordinary = np.array([name in ORDINARY for name in ROAD_CLASSES])[network.road_class]
    edges = np.flatnonzero(ordinary & times.leaves & times.arrives & (network.flags == 0))
    shapes = np.unique(network.shape[edges])
    counts = np.diff(network.shape_start)
    wanted = np.zeros(len(counts), np.bool_)
    wanted[shapes] = True
    goes_on = np.repeat(wanted, counts)
    goes_on[network.shape_start[1:] - 1] = False
    point = np.flatnonzero(goes_on)
    lonlat = network.shape_lonlat
    return np.asarray(shapely.linestrings(np.stack([lonlat[point], lonlat[point + 1]], axis=1)))


def _within(shape: BaseGeometry, lines: NDArray[Any]) -> Floats:
    """Return (n, 2, 2) both ends of what of straight lines lies in a shape."""
    shapely.prepare(shape)
    whole = shapely.covers(shape, lines)
    cut = shapely.get_parts(shapely.intersection(lines[~whole], shape))
    kept = np.concatenate([lines[whole], cut[shapely.length(cut) > 0.0]])
    ends = [shapely.get_coordinates(shapely.get_point(kept, at)).reshape(-1, 2) for at in (0, -1)]
    return np.stack(ends, axis=1)


def _point(shape: BaseGeometry) -> Floats:
    """Return one place in a shape, as a piece of no length."""
    return np.broadcast_to(shapely.get_coordinates(shapely.point_on_surface(shape)), (2, 2))[None]
