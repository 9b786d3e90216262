"""Measure which vertices and which order make the smallest hierarchy, and the quickest.

    python -m benchmarks.orders [extract.osm.pbf]

Four graphs of one network: its nodes alone (no turn has a cost: not exact), the fewest vertices that are exact, those
with every junction beside a dear turn told apart as well, and every edge told apart. Each is ordered by METIS, and by
RoutingKit's inertial flow where routingkit-cch is installed. Writes ``results/orders.md``.
"""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from benchmarks.first_path import RESULTS, ROADS, points, timed
from graphs.expansion import Expansion, expand, merged
from graphs.hierarchy import Hierarchy, customise, slots_of
from graphs.network import Ints, Network
from graphs.ordering import contracted, dissected, give_hierarchy, links_of
from graphs.router import Router
from graphs.sources import build_network
from graphs.times import edge_times
from graphs.turns import turns_of

try:
    import routingkit_cch as rk
except ImportError:
    rk = None

PROFILE = "response"
UNITS, QUESTIONS = 200, 200


def graphs_of(network: Network) -> Iterator[tuple[str, Expansion, bool]]:
    """Yield each graph with its name and whether it is exact."""
    turns = turns_of(network)
    head = network.head[turns.edge].astype(np.int32)
    nothing = np.zeros(turns.state_count, np.bool_)
    yield "nodes, turns for nothing", Expansion(head, nothing, network.node_count), False
    smallest = expand(network)
    yield "the fewest that are exact", smallest, True
    told_apart = _told_apart(network, smallest)
    vertex, count = merged(turns, smallest.remembered | told_apart)
    yield "U-turns remembered beside every dear turn", Expansion(vertex, smallest.remembered | told_apart, count), True
    everything = np.arange(turns.state_count, dtype=np.int32)
    yield "every edge", Expansion(everything, ~nothing, turns.state_count), True


def _told_apart(network: Network, smallest: Expansion) -> Any:
    """(S,) whether the edge of a state comes from a node with more than one vertex, and can be driven back."""
    turns = turns_of(network)
    head = network.head[turns.edge]
    pairs = np.unique(np.stack((head, smallest.vertex)), axis=1)
    several = np.bincount(pairs[0], minlength=network.node_count) > 1
    return several[network.tail[turns.edge]] & (network.twin[turns.edge] >= 0)


def orders_of(network: Network, expansion: Expansion) -> Iterator[tuple[str, Callable[[csr_array], Ints]]]:
    """Yield each way of ordering with its name."""
    yield "METIS", dissected
    if rk is not None:
        place = np.zeros((expansion.vertex_count, 2))
        turns = turns_of(network)
        place[expansion.vertex] = network.node_lonlat[network.head[turns.edge]]

        def inertial(links: csr_array) -> Ints:
            tail, head = links.nonzero()
            order = rk.compute_order_inertial(
                expansion.vertex_count, tail.tolist(), head.tolist(), place[:, 1].tolist(), place[:, 0].tolist()
            )
            rank = np.empty(expansion.vertex_count, np.int32)
            rank[np.array(order)] = np.arange(expansion.vertex_count)
            return rank

        yield "inertial flow", inertial


def measure(network: Network, hierarchy: Hierarchy) -> dict[str, float]:
    """Return sizes, and medians of customising and of asking for the 5 nearest of 200."""
    times = edge_times(network, PROFILE)
    slots = slots_of(hierarchy, turns_of(network))
    customising = [timed(lambda: customise(hierarchy, slots, times))[0] for _ in range(7)]
    return {
        "vertices": hierarchy.vertex_count,
        "arcs": len(hierarchy.up_head),
        "triangles": len(hierarchy.triangles),
        "customise ms": round(statistics.median(customising) * 1e3, 1),
        "5 of 200 us": round(statistics.median(asked(network, hierarchy)) * 1e6),
    }


def asked(network: Network, hierarchy: Hierarchy) -> list[float]:
    """Return the seconds of each question."""
    # A router takes the hierarchy of its network: a copy of the network gets another one.
    copy, draw = replace(network), random.Random(1)
    give_hierarchy(copy, hierarchy)
    router = Router(copy, PROFILE)
    vehicles = router.vehicles([router.spots(*place) for place in points(copy, UNITS, draw)])
    places = [router.approaches(*place) for place in points(copy, QUESTIONS, draw)]
    router.nearest(places[0], vehicles, 5)
    return [timed(lambda place=place: router.nearest(place, vehicles, 5))[0] for place in places]


def main() -> None:
    """Measure and write the table."""
    pbf = Path(sys.argv[1]) if len(sys.argv) > 1 else ROADS / "porto.osm.pbf"
    if not pbf.is_file():
        sys.exit(f"{pbf}: no such file; the measures need the real data")
    network = build_network(str(pbf))
    heads = ("graph", "exact", "order", "order s", "vertices", "arcs", "triangles", "customise ms", "5 of 200 us")
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    for name, expansion, exact in graphs_of(network):
        links = links_of(turns_of(network), expansion)
        for order, ranked in orders_of(network, expansion):
            order_s, rank = timed(lambda ranked=ranked, links=links: ranked(links))
            found = measure(network, contracted(links, rank, expansion))
            cells = (name, "yes" if exact else "no", order, f"{order_s:.2f}", *map(str, found.values()))
            lines.append(" | ".join(cells))
            print(lines[-1], flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "orders.md").write_text("\n".join(f"| {line} |" for line in lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
