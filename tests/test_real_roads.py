"""The roads of real towns, as read from their extracts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import TypeVar

import numpy as np
import osmium
import pytest

from graphs.assemble import assemble
from graphs.coordinates import distance_m
from graphs.network import BRIDGE, ROUNDABOUT, TUNNEL, Network
from graphs.osm import read_osm
from graphs.tags import OBSTACLES
from shared_data import BANGOR, LEEDS, NEWPORT, PORTO, ROADS, real_network, shared

Thing = TypeVar("Thing", osmium.osm.Node, osmium.osm.Way)

MPH = 1.609344


def things(name: str, kind: type[Thing]) -> Iterator[Thing]:
    """Read an extract again, without the reader under test."""
    return (thing for thing in osmium.FileProcessor(shared(f"roads/{name}")) if isinstance(thing, kind))


def named(network: Network, name: str) -> list[int]:
    """Return the edges of a road by its name or number."""
    return [edge for edge in range(network.edge_count) if network.edge_name(edge) == name]


@pytest.mark.parametrize(
    ("name", "ways", "nodes", "edges", "road_km", "turns"),
    [
        (NEWPORT, 6335, 10193, 21561, 1371, 91),
        (BANGOR, 1724, 3010, 7751, 1271, 0),
        (LEEDS, 1281, 2302, 5747, 374, 14),
        pytest.param(PORTO, 45966, 68183, 160961, 18575, 337, marks=pytest.mark.slow),
    ],
)
def test_the_size_of_a_town(name: str, ways: int, nodes: int, edges: int, road_km: int, turns: int) -> None:
    network = real_network(name)
    assert len(set(network.way_id.tolist())) == ways
    assert (network.node_count, network.edge_count, len(network.turn_kind)) == (nodes, edges, turns)
    assert round(network.length_m.sum() / 1000) == road_km


@pytest.mark.parametrize("name", ROADS)
def test_arrays_fit_together(name: str) -> None:
    network = real_network(name)
    assert (np.diff(network.tail) >= 0).all()
    assert np.array_equal(np.flatnonzero(network.tail == 17), np.arange(network.out_start[17], network.out_start[18]))
    two_way = np.flatnonzero(network.twin >= 0)
    twin = network.twin[two_way]
    assert np.array_equal(network.twin[twin], two_way)
    assert np.array_equal(network.tail[twin], network.head[two_way])
    assert np.array_equal(network.shape[twin], network.shape[two_way])
    assert np.array_equal(network.backward[twin], 1 - network.backward[two_way])
    start, end = network.shape_start[network.shape], network.shape_start[network.shape + 1] - 1
    first = np.where(network.backward == 0, start, end)
    assert np.array_equal(network.shape_lonlat[first], network.node_lonlat[network.tail])
    assert np.isfinite(network.length_m).all()
    assert (network.length_m >= 0).all()
    assert all(network.contains(lat, lon) for lon, lat in network.node_lonlat[::50].tolist())


@pytest.mark.parametrize("name", ROADS)
def test_the_length_of_every_road_is_that_of_its_way(name: str) -> None:
    network = real_network(name)
    place = {node.id: (node.lat, node.lon) for node in things(name, osmium.osm.Node)}
    shapes = {*zip(network.way_id.tolist(), network.shape.tolist(), network.length_m.tolist(), strict=True)}
    in_network = Counter[int]()
    for way_id, _, length in shapes:
        in_network[way_id] += length
    whole = 0
    for way in things(name, osmium.osm.Way):
        if way.id in in_network:
            steps = pairwise(place.get(node.ref) for node in way.nodes)
            told = sum(distance_m(*a, *b) for a, b in steps if a is not None and b is not None)
            assert in_network[way.id] <= told + 1e-6
            whole += in_network[way.id] == pytest.approx(told, abs=1e-6)
    assert whole >= 0.995 * len(in_network)


@pytest.mark.parametrize("name", ROADS)
def test_two_builds_are_equal(name: str) -> None:
    again = assemble(read_osm(shared(f"roads/{name}")))
    assert again.hash == real_network(name).hash
    assert again.meta == real_network(name).meta


@pytest.mark.parametrize(
    ("name", "count"),
    [(NEWPORT, 47), (BANGOR, 97), (LEEDS, 0), pytest.param(PORTO, 1377, marks=pytest.mark.slow)],
)
def test_motorways_are_one_way(name: str, count: int) -> None:
    network = real_network(name)
    motorway = [edge for edge in range(network.edge_count) if network.class_name(edge) == "motorway"]
    assert len(motorway) == count
    assert (network.twin[motorway] == -1).all()


@pytest.mark.parametrize(("name", "count"), [(NEWPORT, 341), (BANGOR, 10), (LEEDS, 13)])
def test_roundabouts_are_one_way(name: str, count: int) -> None:
    network = real_network(name)
    roundabout = network.flags & ROUNDABOUT > 0
    assert roundabout.sum() == count
    assert (network.twin[roundabout] == -1).all()


def test_roundabouts_run_clockwise_in_britain_and_the_other_way_abroad() -> None:
    for name, clockwise in ((NEWPORT, True), (BANGOR, False)):
        network = real_network(name)
        turned = 0.0
        for edge in np.flatnonzero(network.flags & ROUNDABOUT).tolist():
            steps = np.diff(
                network.edge_lonlat(edge) * (math.cos(math.radians(network.node_lonlat[0, 1])), 1.0), axis=0
            )
            turned += float(np.sum(steps[:-1, 0] * steps[1:, 1] - steps[:-1, 1] * steps[1:, 0]))
        assert (turned < 0) == clockwise


@pytest.mark.parametrize("name", [NEWPORT, LEEDS])
def test_british_limits_are_whole_miles_an_hour(name: str) -> None:
    limits = real_network(name).limit_kmh
    tagged = limits[~np.isnan(limits)] / MPH
    assert np.allclose(tagged, np.round(tagged))
    assert set(np.round(tagged).tolist()) <= {5, 10, 15, 20, 25, 30, 40, 50, 60, 70}


def test_limits_in_bangor_are_whole_miles_an_hour() -> None:
    limits = real_network(BANGOR).limit_kmh
    tagged = limits[~np.isnan(limits)] / MPH
    assert Counter(np.round(tagged, 6).tolist()) == {60: 66, 25: 33, 45: 23, 70: 12, 35: 11, 65: 7, 20: 2}


def test_the_m4_at_newport() -> None:
    network = real_network(NEWPORT)
    m4 = [edge for edge in named(network, "M4") if network.class_name(edge) == "motorway"]
    assert len(m4) == 43
    assert (network.twin[m4] == -1).all()
    # Fifty between the Brynglas junctions, the national limit beyond.
    assert set(np.round(network.limit_kmh[m4] / MPH).tolist()) == {50, 70}
    assert (network.access[m4] == 0).all()
    assert 15_000 < network.length_m[m4].sum() < 25_000


def test_george_street_bridge_at_newport() -> None:
    network = real_network(NEWPORT)
    bridge = named(network, "George Street Bridge")
    assert {network.class_name(edge) for edge in bridge} == {"secondary"}
    assert {network.text(network.ref[edge]) for edge in bridge} == {"B4237"}
    over = [edge for edge in bridge if network.flags[edge] & BRIDGE]
    assert network.limit_kmh[over] == pytest.approx([30 * MPH] * len(over))
    assert len(over) == 10


def test_tunnel_terrace_is_no_tunnel() -> None:
    network = real_network(NEWPORT)
    terrace = named(network, "Tunnel Terrace")
    assert len(terrace) == 7
    assert (network.flags[terrace] & TUNNEL == 0).all()


def test_the_i_95_at_bangor() -> None:
    network = real_network(BANGOR)
    i95 = named(network, "I 95")
    assert len(i95) == 61
    assert {network.class_name(edge) for edge in i95} == {"motorway"}


def test_roundhay_road_in_leeds() -> None:
    network = real_network(LEEDS)
    road = named(network, "Roundhay Road")
    assert {network.class_name(edge) for edge in road} == {"trunk", "tertiary"}
    assert {round(limit / MPH) for limit in network.limit_kmh[road].tolist() if not math.isnan(limit)} <= {30, 40}


def test_via_way_restrictions_on_cardiff_road_at_newport() -> None:
    network = real_network(NEWPORT)
    chains = [network.turn_edge[start:end] for start, end in pairwise(network.turn_start.tolist())]
    assert Counter(map(len, chains)) == {2: 75, 3: 16}
    ways = [network.way_id[chain].tolist() for chain in chains if len(chain) == 3]
    assert [1107038261, 29621678, 1107038259] in ways


@pytest.mark.parametrize(
    ("name", "unmet"), [(NEWPORT, 3), (BANGOR, 1), (LEEDS, 0), pytest.param(PORTO, 6, marks=pytest.mark.slow)]
)
def test_nearly_every_turn_restriction_is_resolved(name: str, unmet: int) -> None:
    network = real_network(name)
    assert network.meta.dropped.get("turn restriction: its roads do not meet in the network", 0) == unmet
    for start, end in pairwise(network.turn_start.tolist()):
        chain = network.turn_edge[start:end]
        assert np.array_equal(network.head[chain[:-1]], network.tail[chain[1:]])


def signals(network: Network, node: int) -> tuple[list[int], list[int]]:
    """Return the signals on each edge to a node of the file, and on each edge from it."""
    met = network.obstacles[:, OBSTACLES.index("signals")]
    at = np.flatnonzero(network.node_id == node)
    return met[network.head == at].tolist(), met[network.tail == at].tolist()


@pytest.mark.parametrize(
    ("name", "count"), [(NEWPORT, 225), (BANGOR, 177), (LEEDS, 118), pytest.param(PORTO, 634, marks=pytest.mark.slow)]
)
def test_how_often_a_town_stops_for_signals(name: str, count: int) -> None:
    assert real_network(name).obstacles[:, OBSTACLES.index("signals")].sum() == count


def test_signals_on_the_four_arms_of_a_junction_at_newport() -> None:
    # Lower Dock Street and John Street: no signal says its direction; they stand from 18 to 24 m before the junction.
    assert signals(real_network(NEWPORT), 467036017) == ([1, 1, 1, 1], [0, 0, 0, 0])


def test_a_crossing_29_m_from_a_side_street_at_newport() -> None:
    # Chepstow Road: tagged as any signal, but no other arm of the junction has one.
    network = real_network(NEWPORT)
    ends = network.node_id[np.column_stack((network.tail, network.head))]
    both_ways = np.isin(ends, [445787073, 428876992]).all(axis=1)
    assert network.obstacles[both_ways, OBSTACLES.index("signals")].tolist() == [1, 1]


@pytest.mark.parametrize("name", ROADS)
def test_the_source_and_its_checksum_are_told(name: str) -> None:
    meta = real_network(name).meta
    assert meta.source == name
    assert len(meta.source_sha256) == 64
    assert "OpenStreetMap" in meta.attribution


@pytest.mark.slow
def test_the_age_of_porto_is_told() -> None:
    assert real_network(PORTO).meta.data_timestamp == "2015-06-06T00:23:02Z"
