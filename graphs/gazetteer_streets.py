"""Streets as places: the roads that share a name, in pieces where they lie far apart, and where two streets meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from graphs.coordinates import METRES_PER_DEGREE
from graphs.network import Floats, Ints, Longs, Network
from graphs.tiles_pieces import lines_of, taken

# Roads of one name with nothing of it in 400 m between are two streets; those with 800 m always are. Judgement: more
# than a park or a square that a street goes round, less than the next district.
APART_M: Final = 400.0
# Junctions this near to each other are taken for the sides of a wide one.
JUNCTION_M: Final = 60.0
_TOLD: Final = 2
_KEPT: Final = 1024


@dataclass(frozen=True, slots=True)
class Street:
    """A name, and its number among those of the network."""

    row: int
    name: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a street that lies together: a point on it, its length, and the main streets that it meets."""

    lat: float
    lon: float
    length_m: float
    meets: tuple[str, ...]


class Streets:
    """The streets of a network, by name and by number.

    Parameters
    ----------
    network
        Whose roads they are.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        edge = np.unique(network.shape, return_index=True)[1]
        text = np.concatenate((network.name[edge], network.ref[edge])).astype(np.int64)
        edge = np.concatenate((edge, edge))[text > 0].astype(np.int64)
        text = text[text > 0]
        order = np.lexsort((edge, text))
        self._text, start = np.unique(text[order], return_index=True)
        self._edge = edge[order]
        self._start = np.append(start, len(edge))
        self.names = [network.text(row) for row in self._text.tolist()]
        middle_lat = float(network.node_lonlat[:, 1].mean())
        self._metres = np.array((METRES_PER_DEGREE * max(np.cos(np.radians(middle_lat)), 0.01), METRES_PER_DEGREE))
        # Both are asked of the same few streets while somebody types.
        self.pieces = lru_cache(maxsize=_KEPT)(self._pieces)
        self._nodes = lru_cache(maxsize=_KEPT)(self._nodes_of)

    def __getitem__(self, row: int) -> Street:
        return Street(row, self.names[row])

    def away(self, lat: float, lon: float) -> Floats:
        """Return (streets,) about how far each is from a point, in metres: the nearest end of one of its roads."""
        place = (self._network.node_lonlat[self._network.tail[self._edge]] - (lon, lat)) * self._metres
        return np.asarray(np.minimum.reduceat(np.hypot(*place.T), self._start[:-1]))

    def _edges(self, row: int) -> Longs:
        """Return one directed edge of each road that bears a name."""
        return self._edge[self._start[row] : self._start[row + 1]]

    def _nodes_of(self, row: int) -> Longs:
        return self._ends(self._edges(row))

    def _ends(self, edge: Longs) -> Longs:
        return np.union1d(self._network.tail[edge], self._network.head[edge]).astype(np.int64)

    def _edges_at(self, nodes: Longs) -> Longs:
        """Return the edges that begin or end at nodes."""
        network = self._network
        into_start, into_edge = network.into
        begin = _ranges(network.out_start[nodes], network.out_start[nodes + 1])
        return np.concatenate((begin, into_edge[_ranges(into_start[nodes], into_start[nodes + 1])]))

    def _pieces(self, street: Street) -> list[Piece]:
        """Return the parts of a street that lie far apart, the longest first."""
        edge = self._edges(street.row)
        part = self._parted(edge)
        found = [self._piece(street, edge[part == number]) for number in range(part.max() + 1)]
        return sorted(found, key=lambda piece: (-piece.length_m, piece.lat, piece.lon))

    def _parted(self, edge: Longs) -> Longs:
        """Return the part of each edge: cells that roads pass or that lie side by side are of one part."""
        points, start = self._points(edge)
        cells, cell = np.unique(np.floor(points / APART_M), axis=0, return_inverse=True)
        within = np.ones(len(points) - 1, np.bool_)
        within[start[1:-1] - 1] = False
        along = np.flatnonzero(within)
        heap = _heaps(cells, 1.0, np.stack((cell[along], cell[along + 1]), axis=1))
        return np.unique(heap[cell[start[:-1]]], return_inverse=True)[1].astype(np.int64)

    def _points(self, edge: Longs) -> tuple[Floats, Longs]:
        """Return the points of roads in metres, and where each road starts."""
        network = self._network
        points, start = taken(network.shape_lonlat, network.shape_start, network.shape[edge].astype(np.int64))
        return points * self._metres, start

    def _piece(self, street: Street, edge: Longs) -> Piece:
        lines = shapely.multilinestrings(lines_of(*self._points(edge)))
        middle = shapely.get_coordinates(shapely.shortest_line(lines, shapely.centroid(lines)))[:1]
        lon, lat = (middle / self._metres)[0].tolist()
        length_m = float(self._network.length_m[edge].sum())
        return Piece(lat, lon, length_m, self._met(street, edge))

    def _met(self, street: Street, edge: Longs) -> tuple[str, ...]:
        """Return the main streets that roads meet: by class, then by how often."""
        network = self._network
        about = self._edges_at(self._ends(edge))
        met = Counter(zip(network.road_class[about].tolist(), network.name[about].tolist(), strict=True))
        ranked = sorted(met, key=lambda each: (each[0], -met[each], each[1]))
        names = dict.fromkeys(network.text(name) for _, name in ranked if name)
        return tuple([name for name in names if name != street.name][:_TOLD])

    def meetings(self, street: Street, across: Street, *, beside: bool = False) -> Iterator[tuple[float, float]]:
        """Yield the ``(lat, lon)`` of each junction where two streets meet, one for all the sides that it has.

        Parameters
        ----------
        beside
            Whether they meet where they come near to each other, too: round a square, or by another street.
        """
        if street == across:
            return
        nodes, others = self._nodes(street.row), self._nodes(across.row)
        met = self._near(nodes, others) if beside else np.intersect1d(nodes, others, assume_unique=True)
        if len(met):
            place = self._network.node_lonlat[met] * self._metres
            yield from self._middles(met, place)

    def _near(self, nodes: Longs, others: Longs) -> Longs:
        """Return those of some nodes that lie within a junction of any of others."""
        place, beside = (self._network.node_lonlat[each] * self._metres for each in (nodes, others))
        away_m, _ = KDTree(beside).query(place, distance_upper_bound=JUNCTION_M)
        return nodes[np.isfinite(away_m)]

    def _middles(self, nodes: Longs, place: Floats) -> Iterator[tuple[float, float]]:
        """Yield the middle node of each heap of nodes."""
        heap = _heaps(place, JUNCTION_M)
        for number in range(heap.max() + 1):
            rows = np.flatnonzero(heap == number)
            middle = place[rows].mean(axis=0)
            node = nodes[rows[np.argmin(np.hypot(*(place[rows] - middle).T))]]
            lon, lat = self._network.node_lonlat[node].tolist()
            yield lat, lon

    def across(self, street: Street) -> list[Street]:
        """Return the streets that share a junction with one, in the order of their names."""
        text = np.unique(self._network.name[self._edges_at(self._nodes(street.row))])
        rows = np.searchsorted(self._text, text[text > 0])
        return sorted((self[row] for row in rows.tolist() if row != street.row), key=lambda each: each.name)


def _ranges(start: Longs | Ints, end: Longs | Ints) -> Longs:
    """Return the whole numbers of several ranges, one after the other."""
    count = (end - start).astype(np.int64)
    return np.repeat(start - np.cumsum(count) + count, count) + np.arange(count.sum())


def _heaps(place: Floats, apart: float, links: Longs | None = None) -> Longs:
    """Return the heap of each place: those that lie so near to each other, or are linked, are of one.

    Parameters
    ----------
    apart
        Along either axis.
    links : (n, 2) int64
        Places that are of one heap wherever they lie.
    """
    if len(place) == 1:
        return np.zeros(1, np.int64)
    beside = KDTree(place).query_pairs(apart, p=np.inf, output_type="ndarray")
    pairs = beside if links is None else np.concatenate((beside, links))
    graph = coo_array((np.ones(len(pairs), np.int8), tuple(pairs.T)), shape=(len(place), len(place)))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)
