"""igraph on the node graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import igraph
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.node_graph import GraphPeer, seconds
from benchmarks.peers.peer import Place, Route, Seconds
from graphs.times import MS_PER_S


class IgraphPeer(GraphPeer):
    """Dijkstra of igraph's C core."""

    name: ClassVar[str] = "igraph"

    def load(self) -> None:
        """Make the igraph graph."""
        pairs = np.column_stack([self.graph.tail, self.graph.head])
        self._graph = igraph.Graph(self.graph.size, pairs, directed=True)
        self._graph.es["ms"] = self.graph.ms.astype(float)

    def times_to_held(self, incident: Place, held: Any) -> Seconds:
        """Search once from the incident against the edges."""
        return [row[0] for row in self._table(held, self.graph.nodes([incident]))]

    def table(self, origins: Sequence[Place], destinations: Sequence[Place]) -> list[Seconds]:
        """Search once from each destination."""
        return self._table(self.graph.nodes(origins), self.graph.nodes(destinations))

    def _table(self, origins: NDArray[np.int64], destinations: NDArray[np.int64]) -> list[Seconds]:
        # igraph refuses a target that is named twice.
        sources, at_source = np.unique(origins, return_inverse=True)
        targets, at_target = np.unique(destinations, return_inverse=True)
        found = self._graph.distances(targets.tolist(), sources.tolist(), weights="ms", mode="in")
        return [seconds(row) for row in np.array(found)[np.ix_(at_target, at_source)].T.tolist()]

    def route(self, origin: Place, destination: Place) -> Route | None:
        """Search from the origin to the destination."""
        node, target = map(int, self.graph.nodes([origin, destination]))
        edges = self._graph.get_shortest_path(node, target, weights="ms", output="epath")
        if not edges and node != target:
            return None
        path = [node, *self.graph.head[edges].tolist()]
        return Route(int(self.graph.ms[edges].sum()) / MS_PER_S, self.graph.line(path))
