"""The node graph of this product's network, for peers that are graph libraries.

A node graph knows no turn restrictions and no time to turn, so its times are a little shorter than the product's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.peers.peer import Peer, Place, Seconds, Source
from graphs.network import Network
from graphs.times import MS_PER_S, edge_times

PROFILE = "response"


@dataclass(frozen=True, eq=False)
class NodeGraph:
    """The open edges of a network, the quickest of any that run between the same nodes.

    Parameters
    ----------
    tail, head, ms, edge : (M,) int64
        End nodes, time in milliseconds and the row in the network, ordered by tail, then head.
    """

    network: Network
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    ms: NDArray[np.int64]
    edge: NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of nodes."""
        return self.network.node_count

    @cached_property
    def _scale(self) -> NDArray[np.float64]:
        """Degrees to degrees of equal length, so that the nearest is the nearest on the ground."""
        return np.array([math.cos(math.radians(float(self.network.node_lonlat[:, 1].mean()))), 1.0])

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.network.node_lonlat * self._scale)

    def nodes(self, places: Sequence[Place]) -> NDArray[np.int64]:
        """Return the node nearest to each place."""
        lonlat = np.array(places, np.float64)[:, ::-1] * self._scale
        return np.asarray(self._tree.query(lonlat)[1], np.int64)

    def line(self, nodes: Sequence[int]) -> list[tuple[float, float]]:
        """Return the ``(lon, lat)`` points along a path of nodes, as the roads run."""
        rows = np.asarray(nodes, np.int64)
        keys = self.tail * self.size + self.head
        edges = self.edge[np.searchsorted(keys, rows[:-1] * self.size + rows[1:])]
        parts = [self.network.edge_lonlat(int(edge))[1:] for edge in edges]
        whole = np.concatenate([self.network.node_lonlat[rows[:1]], *parts])
        return [(lon, lat) for lon, lat in whole.tolist()]


@lru_cache(maxsize=1)
def node_graph(network: Network) -> NodeGraph:
    """Return the node graph of a network under `PROFILE`: no closed edge, no loop, one edge for each pair of nodes."""
    ms = edge_times(network, PROFILE).edge_ms
    edge = np.flatnonzero((ms >= 0) & (network.tail != network.head))
    tail, head = network.tail[edge].astype(np.int64), network.head[edge].astype(np.int64)
    order = np.lexsort((edge, ms[edge], head, tail))
    edge, tail, head = edge[order], tail[order], head[order]
    first = np.r_[True, (np.diff(tail) != 0) | (np.diff(head) != 0)]
    graph = NodeGraph(network, tail[first], head[first], ms[edge[first]], edge[first])
    graph.nodes([(0.0, 0.0)])
    return graph


def seconds(ms: Sequence[float]) -> Seconds:
    """Return milliseconds as seconds; infinite ones as None."""
    return [value / MS_PER_S if value < math.inf else None for value in ms]


class GraphPeer(Peer):
    """A library that works on node numbers."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.graph = node_graph(source.network)
        start = time.perf_counter()
        self.load()
        self.steps_s["build"] = time.perf_counter() - start

    def load(self) -> None:
        """Make the library's own graph of ``self.graph``."""
        raise NotImplementedError

    def hold(self, units: Sequence[Place]) -> Any:
        """Return the nodes of the units."""
        return self.graph.nodes(units)
