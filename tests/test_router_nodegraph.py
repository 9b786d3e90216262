"""Where no turn costs anything, times are those between nodes, which other programs know: RoutingKit and networkx."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray
from pyroutingkit import INF_WEIGHT, CCHMetric, CCHTopology

from graphs.assemble import assemble
from graphs.jemss import read_jemss
from graphs.network import Longs, Network
from graphs.profiles import Profiles
from graphs.router import Router
from graphs.snapping import Approach, Spot
from questions import network_of
from shared_data import LEEDS, NEWPORT, PORTO
from test_jemss import TINY, arcs_graph, data

PROFILES = ("normal", "response")
TURNS = ("u_turn", "roundabout_entry", "private_entry", "turn_across")


def free_turns() -> Profiles:
    """Return the profile table with turns that cost nothing."""
    raw = Profiles.default().model_dump(by_alias=True)
    for name in TURNS:
        for key in ("normal_s", "response_s"):
            if raw["delay"][name][key] is not None:
                raw["delay"][name][key]["value"] = 0.0
    return Profiles.model_validate(raw)


@cache
def without_turns(name: str) -> Network:
    """Return a real network on which every turn is allowed and free."""
    network = network_of(name)
    return replace(
        network,
        profiles=free_turns(),
        turn_start=np.zeros(1, np.int32),
        turn_edge=network.turn_edge[:0],
        turn_kind=network.turn_kind[:0],
        turn_except=network.turn_except[:0],
        turn_condition=network.turn_condition[:0],
    )


def node_table(router: Router, starts: list[int], ends: list[int]) -> Longs:
    """Ask for the times between nodes: a vehicle is at the start of any edge out, a place at the end of any edge in."""
    network, times = router.network, router.edge_times
    into_start, into = network.into

    def leaving(node: int) -> list[Spot]:
        edges = range(int(network.out_start[node]), int(network.out_start[node + 1]))
        return [Spot(edge, 0.0, 0.0, 0, 0.0, 0.0) for edge in edges if times.usual_ms[edge] >= 0]

    def arriving(node: int) -> list[Approach]:
        edges = into[into_start[node] : into_start[node + 1]].tolist()
        return [Approach(edge, 1.0, 0.0, 0, 0.0, 0.0) for edge in edges if times.usual_ms[edge] >= 0]

    return router.times(router.vehicles(list(map(leaving, starts))), list(map(arriving, ends))).time_ms


def routingkit_table(router: Router, starts: list[int], ends: list[int]) -> NDArray[np.int64]:
    """Ask RoutingKit for the times between nodes, -1 where there is no way."""
    network, edge_ms = router.network, router.edge_times.edge_ms
    tail, head, lon_lat = network.tail.astype(np.uint32), network.head.astype(np.uint32), network.node_lonlat
    topology = CCHTopology()
    latitude, longitude = lon_lat[:, 1].astype(np.float32), lon_lat[:, 0].astype(np.float32)
    topology.build(tail, head, latitude, longitude, network.node_count)
    metric = CCHMetric(topology)
    metric.customize(np.where(edge_ms < 0, INF_WEIGHT, edge_ms).astype(np.uint32))
    found = metric.distances_many_to_many(np.array(starts, np.uint32), np.array(ends, np.uint32)).astype(np.int64)
    return np.where(found >= INF_WEIGHT, -1, found)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", [LEEDS, NEWPORT, pytest.param(PORTO, marks=pytest.mark.slow)])
def test_ten_thousand_times_are_those_of_routingkit(name: str, profile: str) -> None:
    router, chance = Router(without_turns(name), profile), random.Random(name + profile)
    nodes = chance.sample(range(router.network.node_count), 200)
    starts, ends = nodes[:100], nodes[100:]
    expected = routingkit_table(router, starts, ends)
    np.testing.assert_array_equal(node_table(router, starts, ends), expected)
    assert (expected >= 0).sum() > 5_000


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", TINY)
def test_every_pair_of_nodes_of_a_tiny_network_agrees_with_a_plain_search(name: str, profile: str) -> None:
    """U-turns have their usual price: between two nodes, nobody ever has to turn round."""
    folder = data(f"small_networks/{name}")
    router = Router(assemble(read_jemss(folder)), profile)
    graph = arcs_graph(folder, {"response": 1, "normal": 2}[profile])
    ids = router.network.node_id.tolist()
    nodes = list(range(len(ids)))
    plain = dict(nx.all_pairs_dijkstra_path_length(graph, weight="ms"))
    found = node_table(router, nodes, nodes)
    for start in nodes:
        for end in nodes:
            if start != end:
                assert found[start, end] == plain[ids[start]].get(ids[end], -1)
