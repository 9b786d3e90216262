"""networkx on the node graph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.node_graph import GraphPeer, seconds
from benchmarks.peers.peer import Place, Route, Seconds
from graphs.times import MS_PER_S


class NetworkxPeer(GraphPeer):
    """Dijkstra of networkx, in Python."""

    name: ClassVar[str] = "networkx"

    def load(self) -> None:
        """Make the graph and its reverse."""
        rows = zip(self.graph.tail.tolist(), self.graph.head.tolist(), self.graph.ms.tolist(), strict=True)
        self._onward: Any = nx.DiGraph()
        self._onward.add_nodes_from(range(self.graph.size))
        self._onward.add_weighted_edges_from(rows, weight="ms")
        self._reversed: Any = self._onward.reverse()

    def times_to_held(self, incident: Place, held: Any) -> Seconds:
        """Search once from the incident against the edges."""
        return self._from(int(self.graph.nodes([incident])[0]), held)

    def table(self, origins: Sequence[Place], destinations: Sequence[Place]) -> list[Seconds]:
        """Search once from each destination."""
        sources = self.graph.nodes(origins)
        columns = [self._from(target, sources) for target in self.graph.nodes(destinations).tolist()]
        return [list(row) for row in zip(*columns, strict=True)]

    def _from(self, target: int, sources: NDArray[np.int64]) -> Seconds:
        found = nx.single_source_dijkstra_path_length(self._reversed, target, weight="ms")
        return seconds([found.get(node, math.inf) for node in sources.tolist()])

    def route(self, origin: Place, destination: Place) -> Route | None:
        """Search from both ends."""
        node, target = map(int, self.graph.nodes([origin, destination]))
        try:
            ms, path = nx.bidirectional_dijkstra(self._onward, node, target, weight="ms")
        except nx.NetworkXNoPath:
            return None
        return Route(ms / MS_PER_S, self.graph.line(path))
