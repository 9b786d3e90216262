"""scipy on the node graph: Dijkstra, whole and bounded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.peers.node_graph import GraphPeer, seconds
from benchmarks.peers.peer import Place, Route, Seconds
from graphs.times import MS_PER_S

# The emergency target: a unit that is further away than this is not a nearest one.
BOUND_S = 900.0


class ScipyPeer(GraphPeer):
    """Dijkstra of `scipy.sparse.csgraph` from the incident against the edges."""

    name: ClassVar[str] = "scipy"
    limit_s: ClassVar[float] = math.inf

    def load(self) -> None:
        """Make the matrix and its transpose."""
        graph, shape = self.graph, (self.graph.size, self.graph.size)
        self._onward = csr_array((graph.ms.astype(float), (graph.tail, graph.head)), shape=shape)
        self._reversed = self._onward.T.tocsr()

    def times_to_held(self, incident: Place, held: Any) -> Seconds:
        """Search once from the incident, up to ``limit_s``."""
        target = int(self.graph.nodes([incident])[0])
        found = dijkstra(self._reversed, indices=target, limit=self.limit_s * MS_PER_S)
        return seconds(found[held].tolist())

    def table(self, origins: Sequence[Place], destinations: Sequence[Place]) -> list[Seconds]:
        """Search once from each destination."""
        targets, sources = self.graph.nodes(destinations), self.graph.nodes(origins)
        found = dijkstra(self._reversed, indices=targets, limit=self.limit_s * MS_PER_S)
        return [seconds(row) for row in found[:, sources].T.tolist()]

    def route(self, origin: Place, destination: Place) -> Route | None:
        """Search once from the destination and follow the predecessors."""
        node, target = map(int, self.graph.nodes([origin, destination]))
        found, before = dijkstra(
            self._reversed, indices=target, limit=self.limit_s * MS_PER_S, return_predecessors=True
        )
        if not found[node] < math.inf:
            return None
        path = [node]
        while path[-1] != target:
            path.append(int(before[path[-1]]))
        return Route(float(found[node]) / MS_PER_S, self.graph.line(path))


class BoundedScipyPeer(ScipyPeer):
    """The same, given up at `BOUND_S`: units beyond it are None."""

    name: ClassVar[str] = f"scipy within {BOUND_S:g} s"
    limit_s: ClassVar[float] = BOUND_S
