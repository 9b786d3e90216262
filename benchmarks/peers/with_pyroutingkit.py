"""RoutingKit on the node graph, through pyroutingkit."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pyroutingkit
from numpy.typing import NDArray

from benchmarks.peers.node_graph import GraphPeer, seconds
from benchmarks.peers.peer import Place, Route, Seconds
from graphs.times import MS_PER_S


class PyroutingkitPeer(GraphPeer):
    """RoutingKit's customizable contraction hierarchy."""

    name: ClassVar[str] = "pyroutingkit"

    def load(self) -> None:
        """Order the nodes, then customise."""
        lonlat, graph = self.graph.network.node_lonlat.astype(np.float32), self.graph
        topology = pyroutingkit.CCHTopology()
        ends = graph.tail.astype(np.uint32), graph.head.astype(np.uint32)
        topology.build(*ends, lonlat[:, 1].copy(), lonlat[:, 0].copy(), graph.size)
        self._metric = pyroutingkit.CCHMetric(topology)
        self._ms = graph.ms.astype(np.uint32)
        self.customise()

    def customise(self) -> float:
        """Customise the whole metric on one thread; return the seconds that took."""
        start = time.perf_counter()
        self._metric.customize(self._ms)
        return time.perf_counter() - start

    def close_middle(self, origin: Place, destination: Place) -> dict[str, float]:
        """Close the middle edge of a route, one way, by a partial update; then customise the whole again."""
        before, _, rows = self._metric.query(*map(int, self.graph.nodes([origin, destination])))
        start = time.perf_counter()
        row = np.array([rows[len(rows) // 2]], np.uint32)
        self._metric.update_weights(row, np.array([pyroutingkit.INF_WEIGHT], np.uint32))
        update_s = time.perf_counter() - start
        after = self._metric.query(*map(int, self.graph.nodes([origin, destination])))[0]
        return {"update_s": update_s, "customise_whole_s": self.customise(), "longer_s": (after - before) / MS_PER_S}

    def times_to_held(self, incident: Place, held: Any) -> Seconds:
        """Ask for a table with one column."""
        return [row[0] for row in self._table(held, self.graph.nodes([incident]))]

    def table(self, origins: Sequence[Place], destinations: Sequence[Place]) -> list[Seconds]:
        """Ask for the table."""
        return self._table(self.graph.nodes(origins), self.graph.nodes(destinations))

    def _table(self, sources: NDArray[np.int64], targets: NDArray[np.int64]) -> list[Seconds]:
        found = self._metric.distances_many_to_many(sources.astype(np.uint32), targets.astype(np.uint32))
        far = found.reshape(len(sources), len(targets)).astype(float)
        far[far >= pyroutingkit.INF_WEIGHT] = math.inf
        return [seconds(row) for row in far.tolist()]

    def route(self, origin: Place, destination: Place) -> Route | None:
        """Ask for the path."""
        node, target = map(int, self.graph.nodes([origin, destination]))
        ms, path, _ = self._metric.query(node, target)
        return None if ms >= pyroutingkit.INF_WEIGHT else Route(ms / MS_PER_S, self.graph.line(path))
