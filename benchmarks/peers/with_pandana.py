"""pandana on the node graph."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pandana
import pandas as pd
from numpy.typing import NDArray

from benchmarks.peers.node_graph import GraphPeer
from benchmarks.peers.peer import Place, Route, Seconds
from graphs.times import MS_PER_S

# What pandana gives for a pair without a way: the largest 32-bit number, in thousandths.
PANDANA_NONE_S = (2**32 - 1) / 1000
# Pandana cuts times off at the thousandth below; half of one more keeps a whole millisecond whole.
HALF_MS = 0.5


class PandanaPeer(GraphPeer):
    """A contraction hierarchy; one query for each pair."""

    name: ClassVar[str] = "pandana"

    def load(self) -> None:
        """Contract the graph."""
        lonlat, graph = self.graph.network.node_lonlat, self.graph
        cost = pd.DataFrame({"s": (graph.ms + HALF_MS) / MS_PER_S})
        ends = pd.Series(graph.tail), pd.Series(graph.head)
        self._net = pandana.Network(pd.Series(lonlat[:, 0]), pd.Series(lonlat[:, 1]), *ends, cost, twoway=False)

    def times_to_held(self, incident: Place, held: Any) -> Seconds:
        """Query each unit's node with the incident's."""
        return self._pairs(held, np.repeat(self.graph.nodes([incident]), len(held)))

    def table(self, origins: Sequence[Place], destinations: Sequence[Place]) -> list[Seconds]:
        """Query each pair."""
        sources, targets = self.graph.nodes(origins), self.graph.nodes(destinations)
        flat = self._pairs(np.repeat(sources, len(targets)), np.tile(targets, len(sources)))
        return [flat[row : row + len(targets)] for row in range(0, len(flat), len(targets))]

    def _pairs(self, sources: NDArray[np.int64], targets: NDArray[np.int64]) -> Seconds:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of each pair without a way
            found = self._net.shortest_path_lengths(sources, targets)
        return [value if value < PANDANA_NONE_S else None for value in found]

    def route(self, origin: Place, destination: Place) -> Route | None:
        """Query the path, then its length: pandana gives one or the other."""
        node, target = map(int, self.graph.nodes([origin, destination]))
        path = self._net.shortest_path(node, target)
        (length_s,) = self._pairs(np.array([node]), np.array([target]))
        return None if length_s is None else Route(length_s, self.graph.line(path))
