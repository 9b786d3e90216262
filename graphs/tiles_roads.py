"""Roads as a map draws them: one line for both directions, and joined along the way that bears one name."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from graphs.network import BRIDGE, TUNNEL, Floats, Longs, Network
from graphs.tags import LINKED_CLASSES, ROAD_CLASSES
from graphs.tiles_encoding import Value
from graphs.tiles_pieces import Pieces, grid_size, lines_of, mercator, pieces_of, points_of, taken

# From this zoom on all is drawn, and as exactly as the grid is fine.
ALL: Final = 14
# The zoom from which a class is drawn; judgement, so that a tile of a dense town stays a picture of it and small.
_FROM: Final = {
    **dict(zip(LINKED_CLASSES, (0, 0, 7, 9, 11), strict=True)),
    **dict(zip((f"{name}_link" for name in LINKED_CLASSES), (10, 10, 11, 12, 12), strict=True)),
    **dict.fromkeys(("unclassified", "residential", "living_street", "road"), 13),
}
_FROM_ROWS: Final = np.array([_FROM.get(name, ALL) for name in ROAD_CLASSES])
# By how much a line may leave its road before everything is drawn: half a pixel where a tile has 512.
_STRAYS: Final = 4.0


class Streets:
    """The roads of a network as lines, each as long as nothing that a map tells of it changes.

    Parameters
    ----------
    network
        Its roads.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        edge = np.flatnonzero((network.twin < 0) | (network.backward == 0))
        one_way = network.twin[edge] < 0
        drawn = network.flags[edge] & (TUNNEL | BRIDGE)
        told = (network.road_class[edge], network.name[edge], network.ref[edge], one_way, drawn)
        self._groups, group = np.unique(np.stack(told, axis=1).astype(np.int64), axis=0, return_inverse=True)
        # The least important first: where a map keeps the order, the main roads lie on top.
        self._points, self._start, self._group = self._joined(edge, group)

    def _joined(self, edge: Longs, group: Longs) -> tuple[Floats, Longs, Longs]:
        """Join the lines of each group where they meet; return points, starts, and the group of each line."""
        lines = self._lines(edge[np.argsort(group, kind="stable")])
        joined = np.asarray(shapely.multilinestrings(lines, indices=np.sort(group)))
        one_way = self._groups[:, 3] > 0
        for which, directed in ((one_way, True), (~one_way, False)):
            joined[which] = shapely.line_merge(joined[which], directed=directed)
        parts, of_group = shapely.get_parts(joined, return_index=True)
        points, start = points_of(parts)
        return mercator(points), start, of_group

    def _lines(self, edge: Longs) -> NDArray[np.object_]:
        """Return edges as lines in driving direction."""
        network = self._network
        points, start = taken(network.shape_lonlat, network.shape_start, network.shape[edge].astype(np.int64))
        row = np.repeat(np.arange(len(edge)), np.diff(start))
        within = np.arange(len(points)) - start[row]
        turned = network.backward[edge][row] > 0
        return lines_of(points[np.where(turned, start[row + 1] - 1 - within, start[row] + within)], start)

    def level(self, z: int) -> Pieces:
        """Return what is drawn at a zoom, on its grid."""
        rows = np.flatnonzero(_FROM_ROWS[self._groups[self._group, 0]] <= z)
        points, start = taken(self._points, self._start, rows)
        points = points * grid_size(z)
        if z < ALL:
            # Douglas and Peucker, Cartographica 10(2), 1973: points go without which the line looks the same.
            lines = shapely.simplify(lines_of(points, start), _STRAYS, preserve_topology=False)
            points, start = points_of(np.asarray(lines))
        return pieces_of(points, start, self._group[rows])

    def told(self, group: int) -> dict[str, Value]:
        """Return what a map tells of a group of lines; what is empty or not so is left out."""
        road_class, name, ref, one_way, drawn = self._groups[group].tolist()
        text = self._network.text
        told: dict[str, Value] = {"class": ROAD_CLASSES[road_class], "name": text(name), "ref": text(ref)}
        told |= {"oneway": one_way > 0, "bridge": drawn & BRIDGE > 0, "tunnel": drawn & TUNNEL > 0}
        return {key: value for key, value in told.items() if value}
