"""RoutingKit on the node graph, through routingkit-cch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import routingkit_cch as rk

from benchmarks.peers.node_graph import GraphPeer
from benchmarks.peers.peer import Place, Route, Seconds
from graphs.times import MS_PER_S


class RoutingkitCchPeer(GraphPeer):
    """The same RoutingKit through other bindings, which can pin the units."""

    name: ClassVar[str] = "routingkit-cch"

    def load(self) -> None:
        """Order the nodes, then customise."""
        lonlat, graph = self.graph.network.node_lonlat, self.graph
        ends = graph.tail.tolist(), graph.head.tolist()
        order = rk.compute_order_inertial(graph.size, *ends, lonlat[:, 1].tolist(), lonlat[:, 0].tolist())
        self._metric = rk.CCHMetric(rk.CCH(order, *ends, False), graph.ms.tolist())  # noqa: FBT003 - it takes no name
        self._query = rk.CCHQuery(self._metric)

    def hold(self, units: Sequence[Place]) -> Any:
        """Pin the units."""
        return rk.CCHManyToOne(self._metric, self.graph.nodes(units).tolist())

    def times_to_held(self, incident: Place, held: Any) -> Seconds:
        """Sweep from the incident to the pinned units."""
        return _seconds(held.distances_to(int(self.graph.nodes([incident])[0])))

    def table(self, origins: Sequence[Place], destinations: Sequence[Place]) -> list[Seconds]:
        """Pin the origins and sweep once from each destination."""
        held = self.hold(origins)
        columns = [_seconds(held.distances_to(target)) for target in self.graph.nodes(destinations).tolist()]
        return [list(row) for row in zip(*columns, strict=True)]

    def route(self, origin: Place, destination: Place) -> Route | None:
        """Ask for the path."""
        node, target = map(int, self.graph.nodes([origin, destination]))
        found = self._query.run(node, target)
        return None if found.distance is None else Route(found.distance / MS_PER_S, self.graph.line(found.node_path))


def _seconds(ms: Sequence[int | None]) -> Seconds:
    return [None if value is None else value / MS_PER_S for value in ms]
