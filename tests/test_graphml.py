"""GraphML and networkx: out and back without loss, and the graphs that osmnx makes."""

from __future__ import annotations

import gzip
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import osmnx as ox
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from graphs.assemble import Lane, Roads, Segment, SegmentTurn, assemble
from graphs.digraph import NO_BARRIERS, NO_CRS, NO_LIMITS, NO_TURNS, TIMES_UNUSED, TIMES_USED
from graphs.digraph_edges import AGAINST
from graphs.errors import InputError, SourceError
from graphs.graphml import from_networkx, read_graphml, to_networkx, write_graphml
from graphs.network import TURN_FORBIDDEN, Network, NetworkMeta
from graphs.osm import read_osm
from graphs.tags import OBSTACLES
from graphs.times import edge_times
from roadmaps import RoadMap, draw, roads_in, turns_of

DATA = Path(__file__).parents[2] / "shared" / "data" / "roads"
Graph = nx.MultiDiGraph


def data_file(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    return path


def town() -> RoadMap:
    """Draw something of everything that a network can hold."""
    return draw(
        """
        A---B-b-C
        |   |   |
        D---E---F
         G--H
        """,
        "A-B primary limit=30mph/40mph name='Linthorpe Road' ref=A1032 signals=1/0",
        "B-b-C trunk bridge limit=none name='[1, 2]'",
        "A>D secondary tunnel limit=12.5mph",
        "B<E busway bus limit=20",
        "C-F private locked_gate=1",
        "D-E roundabout destination give_way=1/0 limit=7.123456789012345",
        "D-E service length=750 crossing=2",
        "E>F emergency",
        "G-D way=77 limit=30/50",
        "G-H track level_crossing=1",
        "H-H pedestrian",
        turns=["no A>B>C", "no D>E>F", "only A>D>E>F except=psv when='Mo-Fr 07:00-09:00'"],
    )


def same(network: Network, other: Network) -> bool:
    """Compare all arrays, to name the one that differs; the hash covers the licence too."""
    for name, array in network.arrays().items():
        np.testing.assert_array_equal(other.arrays()[name], array, err_msg=name, strict=True)
    return network.hash == other.hash


def osmnx_graph(*edges: tuple[int, int, dict[str, Any]], **attributes: Any) -> Graph:
    """Make a graph as osmnx does; nodes lie on a line, 0.01 degrees apart."""
    graph = nx.MultiDiGraph(**{"crs": "epsg:4326", "created_with": "OSMnx 2.1.0", **attributes})
    for tail, head, told in edges:
        graph.add_edge(tail, head, **{"osmid": tail + head, "highway": "residential", "oneway": True, **told})
    for node in graph:
        graph.nodes[node].update(x=-1.0 + node / 100, y=54.5)
    return graph


def both(tail: int, head: int, **told: Any) -> list[tuple[int, int, dict[str, Any]]]:
    """Return both directions of a street as osmnx writes them."""
    return [
        (tail, head, {"oneway": False, "reversed": False, **told}),
        (head, tail, {"oneway": False, "reversed": True, **told}),
    ]


def built(graph: Graph) -> Network:
    return assemble(from_networkx(graph, "test graph"))


def ends(network: Network) -> list[str]:
    rows = zip(network.node_id[network.tail], network.node_id[network.head], strict=True)
    return [f"{tail}>{head}" for tail, head in rows]


def met(network: Network, edge: int) -> dict[str, int]:
    counts = zip(OBSTACLES, network.obstacles[edge].tolist(), strict=True)
    return {name: count for name, count in counts if count}


# ---- Out and back ------------------------------------------------------------------------------------------------


def test_everything_comes_back_from_a_graph() -> None:
    network = town().network
    assert same(network, built(to_networkx(network)))


@pytest.mark.parametrize("name", ["town.graphml", "town.graphml.gz"])
def test_everything_comes_back_from_a_file(tmp_path: Path, name: str) -> None:
    drawn = town().network
    write_graphml(drawn, tmp_path / name)
    network = assemble(read_graphml(tmp_path / name))
    assert same(drawn, network)
    assert turns_of(network) == ["no A>B>C", "no D>E>F", "only A>D>E>F"]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_osmnx_may_load_and_save_a_file_in_between(tmp_path: Path) -> None:
    drawn = town().network
    write_graphml(drawn, tmp_path / "a.graphml")
    ox.save_graphml(ox.load_graphml(tmp_path / "a.graphml"), tmp_path / "b.graphml")
    assert same(drawn, assemble(read_graphml(tmp_path / "b.graphml")))


def test_a_graph_may_pass_through_data_frames() -> None:
    drawn = town().network
    graph = to_networkx(drawn)
    nodes, edges = ox.convert.graph_to_gdfs(graph)
    assert same(drawn, built(ox.convert.graph_from_gdfs(nodes, edges, graph_attrs=graph.graph)))


def test_times_that_the_source_states_come_back() -> None:
    drawn = draw("A--B--C", "A-B normal_s=60 response_s=40", "B>C normal_s=7 response_s=5").network
    network = built(to_networkx(drawn))
    assert same(drawn, network)
    assert network.given_ms.tolist() == [[60_000, 40_000], [60_000, 40_000], [7_000, 5_000]]


def test_what_was_said_of_the_data_comes_back(tmp_path: Path) -> None:
    drawn = town()
    meta = NetworkMeta(
        "town.osm", "", "2024-05-01T00:00:00Z", "© Somebody", "Some licence", notes=("Mind the gap — beware.",)
    )
    segments = [Segment(1, 2, [drawn.lonlat("A"), drawn.lonlat("B")], "primary", Lane(), None)]
    network = assemble(Roads(meta, segments, dropped=Counter(ferry=2)))
    write_graphml(network, tmp_path / "town.graphml")
    read = read_graphml(tmp_path / "town.graphml")
    kept = read.meta
    assert (kept.data_timestamp, kept.attribution, kept.licence) == (
        "2024-05-01T00:00:00Z",
        "© Somebody",
        "Some licence",
    )
    assert kept.notes == ("Mind the gap — beware.", NO_LIMITS)
    assert kept.source == "town.graphml"
    assert len(kept.source_sha256) == 64
    assert dict(read.dropped) == {"ferry": 2}


@given(st.floats(min_value=1.0, max_value=400.0) | st.sampled_from([30 * 1.609344, 7 * 1.852, 50.0, math.inf]))
def test_every_limit_comes_back_exactly(limit: float) -> None:
    lane = Lane(limit_kmh=limit)
    drawn = assemble(Roads(NetworkMeta("x"), [Segment(1, 2, [(0.0, 51.0), (0.1, 51.0)], "primary", lane, None)]))
    assert built(to_networkx(drawn)).limit_kmh.tolist() == [limit]


def test_limits_are_written_as_they_are_tagged() -> None:
    network = draw("A--B--C--D", "A>B limit=30mph", "B>C limit=50", "C>D limit=none").network
    edges = to_networkx(network).edges(data=True)
    assert [told["maxspeed"] for _, _, told in edges] == ["30 mph", "50", "none"]
    assert not any("limit_kmh" in told for _, _, told in edges)


def test_a_truncated_graph_keeps_what_is_left() -> None:
    graph = to_networkx(town().network)
    graph.remove_node(ord("F"))
    roads = from_networkx(graph, "cut")
    network = assemble(roads)
    assert "C-F" not in roads_in(network)
    assert turns_of(network) == ["no A>B>C"]
    assert roads.dropped["turn restriction: its roads do not meet in the network"] == 2


@pytest.mark.parametrize("name", ["bangor_maine.osm.pbf", pytest.param("newport.osm.pbf", marks=pytest.mark.slow)])
def test_a_real_town_comes_back(tmp_path: Path, name: str) -> None:
    network = assemble(read_osm(data_file(name)))
    write_graphml(network, tmp_path / "town.graphml")
    assert same(network, assemble(read_graphml(tmp_path / "town.graphml")))


def test_a_turn_on_an_island_is_dropped_with_it() -> None:
    line = [(0.0, 51.0), (0.1, 51.0)]
    main, island = (Segment(node, node + 1, line, "primary", Lane(), None, length_m=10.0**node) for node in (4, 1))
    turns = [
        SegmentTurn([(island, False), (island, False)], TURN_FORBIDDEN),
        SegmentTurn([(main, False)] * 2, TURN_FORBIDDEN),
    ]
    network = assemble(Roads(NetworkMeta("x"), [main, island], turns=turns))
    assert network.turn_edge.tolist() == [0, 0]
    assert network.meta.dropped["turn restriction: its roads do not meet in the network"] == 1


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_the_disk(_: Graph, path: Path) -> None:
        path.write_text("<graphml")
        raise OSError("no space left")

    old = tmp_path / "town.graphml"
    old.write_text("old")
    monkeypatch.setattr(ox, "save_graphml", fill_the_disk)
    with pytest.raises(OSError, match="no space left"):
        write_graphml(town().network, old)
    assert old.read_text() == "old"


# ---- Use with osmnx ----------------------------------------------------------------------------------------------


def test_osmnx_reads_the_graph() -> None:
    drawn = town()
    graph = to_networkx(drawn.network)
    stats = ox.stats.basic_stats(graph)
    roads = len(set(drawn.network.shape.tolist()))
    assert stats["m"] == drawn.network.edge_count
    assert stats["street_segment_count"] == roads
    counted = ox.stats.count_streets_per_node(graph)
    assert dict(graph.nodes(data="street_count")) == counted
    nodes, edges = ox.convert.graph_to_gdfs(graph)
    assert (len(nodes), len(edges)) == (drawn.network.node_count, drawn.network.edge_count)
    assert edges.crs == "epsg:4326"


def test_osmnx_finds_a_way_through_the_graph() -> None:
    drawn = town()
    route = ox.routing.shortest_path(to_networkx(drawn.network), ord("A"), ord("E"), weight="length")
    assert [chr(node) for node in route or []] == ["A", "D", "E"]


# ---- What osmnx writes -------------------------------------------------------------------------------------------


def test_two_directions_are_one_road() -> None:
    network = built(osmnx_graph(*both(1, 2, maxspeed="30 mph")))
    assert network.twin.tolist() == [1, 0]
    assert network.limit_kmh.tolist() == [30 * 1.609344] * 2


def test_directions_are_one_road_without_osmnx_saying_so() -> None:
    line = shapely.LineString([(-0.99, 54.5), (-0.985, 54.51), (-0.98, 54.5)])
    told = {"osmid": [7, 8], "oneway": False}
    graph = osmnx_graph((1, 2, {**told, "geometry": line}), (2, 1, {"osmid": [8, 7], "geometry": line.reverse()}))
    assert built(graph).twin.tolist() == [1, 0]


@pytest.mark.parametrize("other", [{"osmid": 9}, {"highway": "primary"}, {"bridge": "yes"}, {"name": "Back Lane"}])
def test_edges_that_differ_are_two_roads(other: dict[str, Any]) -> None:
    forth, back = both(1, 2)
    network = built(osmnx_graph(forth, (*back[:2], {**back[2], **other})))
    assert network.twin.tolist() == [-1, -1]


def test_parallel_streets_stay_apart() -> None:
    crescent = shapely.LineString([(-0.99, 54.5), (-0.985, 54.51), (-0.98, 54.5)])
    straight, back = both(1, 2)
    curved = [(tail, head, {**told, "geometry": line}) for (tail, head, told), line in zip(
        both(1, 2), (crescent, crescent.reverse()), strict=True
    )]  # fmt: skip
    network = built(osmnx_graph(straight, back, *curved))
    assert ends(network) == ["1>2", "1>2", "2>1", "2>1"]
    assert network.twin.tolist() == [2, 3, 0, 1]


def test_a_line_drawn_the_other_way_is_turned() -> None:
    line = shapely.LineString([(-0.99, 54.5), (-0.985, 54.51), (-0.98, 54.5)])
    forth, back = both(1, 2, geometry=line)
    network = built(osmnx_graph(forth, back))
    assert network.twin.tolist() == [1, 0]
    assert network.edge_lonlat(1)[0].tolist() == [-0.98, 54.5]


def test_several_values_become_the_most_careful_one() -> None:
    network = built(
        osmnx_graph(
            (1, 2, {
                "highway": "['residential', 'living_street']",
                "maxspeed": ["50", "30 mph"],
                "access": ["destination", "private"],
                "name": ["Zoar Street", "Abbey Road"],
                "osmid": "[9, 4]",
                "tunnel": ["no", "yes"],
                "junction": ["yes", "roundabout"],
            }),
            (2, 3, {"highway": ["primary", "road"], "access": "['yes', 'destination']", "name": "[no name]"}),
        )
    )  # fmt: skip
    assert [network.class_name(edge) for edge in (0, 1)] == ["living_street", "primary"]
    assert [network.access_name(edge) for edge in (0, 1)] == ["private", "destination"]
    assert network.limit_kmh[0] == 30 * 1.609344
    assert [network.edge_name(edge) for edge in (0, 1)] == ["Abbey Road; Zoar Street", "[no name]"]
    assert network.way_id.tolist() == [4, 5]
    assert network.flags.tolist() == [1 + 4, 0]


def test_a_road_that_is_partly_a_path_is_no_road() -> None:
    roads = from_networkx(osmnx_graph((1, 2, {"highway": ["residential", "footway"]}), (2, 3, {})), "x")
    assert dict(roads.dropped) == {"not for vehicles: footway": 1}
    assert ends(assemble(roads)) == ["2>3"]


def test_what_is_not_driven_is_counted() -> None:
    graph = osmnx_graph((1, 2, {}), (2, 3, {"highway": "steps"}), (3, 4, {"access": "no"}), (4, 5, {"area": "yes"}))
    assert dict(from_networkx(graph, "x").dropped) == {"not for vehicles: steps": 1, "no access": 1, "area": 1}


@pytest.mark.parametrize(
    "implied", [{"highway": "motorway"}, {"highway": "motorway_link"}, {"junction": "circular"}, {"oneway": True}]
)
def test_nobody_is_sent_against_an_implied_one_way_street(implied: dict[str, Any]) -> None:
    """osmnx makes two directions of a motorway without a oneway tag."""
    roads = from_networkx(osmnx_graph(*both(1, 2, **implied), *both(2, 3)), "x")
    assert ends(assemble(roads)) == ["1>2", "2>3", "3>2"]
    assert dict(roads.dropped) == {AGAINST: 1}


@pytest.mark.parametrize("make", [lambda graph: graph, lambda graph: to_networkx(built(graph))])
def test_nobody_is_sent_against_a_one_way_street_of_a_graph_directed_anew(make: Callable[[Graph], Graph]) -> None:
    graph = make(osmnx_graph((1, 2, {"length": 9.0}), (2, 3, {"length": 9.0})))
    again = nx.MultiDiGraph(ox.convert.to_undirected(graph).to_directed())
    roads = from_networkx(again, "x")
    assert ends(assemble(roads)) == ["1>2", "2>3"]
    assert dict(roads.dropped) == {AGAINST: 2}


def test_limits_by_direction() -> None:
    network = built(osmnx_graph(*both(1, 2, **{"maxspeed:forward": "50", "maxspeed:backward": "30"})))
    assert network.limit_kmh.tolist() == [50.0, 30.0]


@pytest.mark.parametrize(
    ("tags", "obstacle"),
    [
        ({"highway": "traffic_signals"}, "signals"),
        ({"highway": "stop"}, "stop"),
        ({"railway": "level_crossing"}, "level_crossing"),
        ({"barrier": "gate"}, "gate"),
    ],
)
def test_what_stands_at_a_node_holds_up_those_who_come_to_it(tags: dict[str, str], obstacle: str) -> None:
    graph = osmnx_graph(*both(1, 2), *both(2, 3))
    graph.nodes[2].update(tags)
    network = built(graph)
    assert {end: met(network, edge) for edge, end in enumerate(ends(network))} == {
        "1>2": {obstacle: 1},
        "2>1": {},
        "2>3": {},
        "3>2": {obstacle: 1},
    }


def test_a_signal_between_junctions_holds_up_the_direction_that_it_faces() -> None:
    graph = osmnx_graph(*both(1, 2), *both(2, 3))
    graph.nodes[2].update({"highway": "traffic_signals", "traffic_signals:direction": "backward"})
    network = built(graph)
    assert {end: met(network, edge) for edge, end in enumerate(ends(network)) if end.endswith("2")} == {
        "1>2": {},
        "3>2": {"signals": 1},
    }


def test_a_signal_at_a_junction_holds_up_everybody() -> None:
    graph = osmnx_graph(*both(1, 2), *both(2, 3), *both(2, 4))
    graph.nodes[2].update({"highway": "traffic_signals", "direction": "backward"})
    network = built(graph)
    assert [end for edge, end in enumerate(ends(network)) if met(network, edge)] == ["1>2", "3>2", "4>2"]


def test_a_street_runs_as_it_was_mapped() -> None:
    network = built(osmnx_graph(*both(2, 1)))
    assert dict(zip(ends(network), network.backward.tolist(), strict=True)) == {"1>2": 1, "2>1": 0}


def test_a_bollard_cuts_the_road() -> None:
    graph = osmnx_graph(*both(1, 2), *both(2, 3))
    graph.nodes[2]["barrier"] = "bollard"
    roads = from_networkx(graph, "x")
    assert NO_BARRIERS not in roads.meta.notes
    assert ends(assemble_all(roads)) == ["-2>3", "-1>1", "1>-1", "3>-2"]


def assemble_all(roads: Roads) -> Network:
    """Build with both halves of a road that is cut: each is longer than an island."""
    for segment in roads.segments:
        segment.length_m = 10_000.0
    return assemble(roads)


def test_an_untagged_network_is_built_with_a_note() -> None:
    roads = from_networkx(osmnx_graph((1, 2, {})), "x")
    assert roads.meta.notes == (NO_TURNS, NO_BARRIERS, NO_LIMITS)
    assert edge_times(assemble(roads), "normal").edge_ms[0] > 0


def test_a_graph_that_names_no_coordinates_is_built_with_a_note() -> None:
    assert NO_CRS in from_networkx(osmnx_graph((1, 2, {}), crs=""), "x").meta.notes


# ---- How fast ----------------------------------------------------------------------------------------------------


def test_roads_with_classes_are_timed_by_the_profile() -> None:
    told = {"travel_time": 1.0, "maxspeed": "50"}
    network = built(osmnx_graph((1, 2, {**told, "length": 1000.0})))
    assert TIMES_UNUSED in network.meta.notes
    assert edge_times(network, "normal").edge_ms[0] == 90_000  # 1 km at 40 km/h, the ceiling of a residential street


@pytest.mark.parametrize("told", [{"travel_time": 12.3456}, {"speed_kph": 100 * 3.6 / 12.3456}])
def test_edges_without_classes_take_the_time_that_they_state(told: dict[str, Any]) -> None:
    network = built(osmnx_graph((1, 2, {"length": 100.0, "highway": None, **told})))
    assert network.given_ms.tolist() == [[12_346, 12_346]]
    assert network.meta.notes == (NO_TURNS, NO_BARRIERS, TIMES_USED)


def test_a_limit_is_evidence_enough() -> None:
    network = built(osmnx_graph((1, 2, {"highway": "nan", "maxspeed": "20"}), (2, 3, {})))
    assert [network.class_name(edge) for edge in (0, 1)] == ["road", "residential"]
    assert network.limit_kmh[0] == 20.0


def test_a_stated_time_counts_as_a_limit_where_others_state_none() -> None:
    bare = {"length": 100.0, "highway": None, "travel_time": 36.0}
    network = built(osmnx_graph((1, 2, bare), (2, 3, {"length": 100.0})))
    assert network.limit_kmh[0] == 10.0


def test_edges_that_say_nothing_about_speed_are_refused() -> None:
    with pytest.raises(SourceError) as told:
        from_networkx(osmnx_graph((1, 2, {"highway": None}), (2, 3, {})), "bare.graphml")
    message = str(told.value)
    assert "bare.graphml: 1 of 2 edges say nothing about speed, the first edge 1 -> 2" in message
    assert all(word in message for word in ("highway", "maxspeed", "speed_kph", "travel_time"))


# ---- Ways as drawn (osmnx with all_oneway) -----------------------------------------------------------------------


def test_an_edge_stands_for_both_directions_of_its_way() -> None:
    graph = osmnx_graph(
        (1, 2, {"oneway": "no", "maxspeed:backward": "30", "maxspeed": "50"}),
        (2, 3, {"oneway": "yes", "oneway:bus": "no"}),
        (4, 3, {"oneway": None, "highway": "motorway"}),
        (3, 5, {"oneway": ["yes", "no"]}),
        (4, 1, {"oneway": None}),
    )
    network = built(graph)
    drawn = {end: (network.access_name(edge), network.limit_kmh[edge]) for edge, end in enumerate(ends(network))}
    assert drawn["1>2"] == ("open", 50.0)
    assert drawn["2>1"] == ("open", 30.0)
    assert drawn["3>2"][0] == "bus"
    assert set(drawn) == {"1>2", "2>1", "2>3", "3>2", "4>3", "4>1", "1>4"}


def test_a_way_that_osmnx_turned_round_is_driven_as_it_turned_it() -> None:
    network = built(osmnx_graph((1, 2, {"oneway": "-1", "maxspeed:backward": "30"}), (2, 3, {"oneway": "yes"})))
    assert ends(network) == ["1>2", "2>3"]
    assert network.limit_kmh[0] == 30.0


def test_what_stands_at_either_end_of_a_drawn_way() -> None:
    graph = osmnx_graph((1, 2, {"oneway": "no"}))
    graph.nodes[1]["highway"] = "stop"
    graph.nodes[2]["highway"] = "traffic_signals"
    network = built(graph)
    assert [met(network, edge) for edge in (0, 1)] == [{"signals": 1}, {"stop": 1}]


def test_without_any_tag_an_edge_is_one_direction() -> None:
    """A lane too few is safer than one against the traffic."""
    assert ends(built(osmnx_graph((1, 2, {"oneway": None})))) == ["1>2"]


# ---- Nootdorp, by an osmnx of 2018 -------------------------------------------------------------------------------


def test_nootdorp() -> None:
    roads = read_graphml(data_file("nootdorp.graphml"))
    network = assemble(roads)
    assert (network.node_count, network.edge_count) == (533, 1283)
    assert int((network.twin < 0).sum()) == 145  # as many as say oneway=True
    assert sum(network.class_name(edge) == "living_street" for edge in range(1283)) == 122 + 4
    assert int((network.limit_kmh == 30.0).sum()) == 713 + 2
    assert int(np.isnan(network.limit_kmh).sum()) == 1283 - 885
    signals = network.obstacles[:, OBSTACLES.index("signals")]
    # The one node with signals is where three lanes end.
    assert int(network.obstacles.sum()) == int(signals.sum()) == 3
    assert len(set(network.node_id[network.head[signals > 0]])) == 1
    assert not roads.dropped


def test_nootdorp_comes_back(tmp_path: Path) -> None:
    network = assemble(read_graphml(data_file("nootdorp.graphml")))
    write_graphml(network, tmp_path / "again.graphml")
    assert same(network, assemble(read_graphml(tmp_path / "again.graphml")))


# ---- Bad input ---------------------------------------------------------------------------------------------------


GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "roads, roads, roads",
        "<osm></osm>",
        f"{GRAPHML}</graphml>",
        f'{GRAPHML}<graph edgedefault="directed"><node id="1">',
        f'{GRAPHML}<graph edgedefault="directed"><node id="n0"/></graph></graphml>',
        f'{GRAPHML}<graph edgedefault="directed"><node id="1"><data key="d0">1</data></node></graph></graphml>',
        f'{GRAPHML}<graph edgedefault="directed"><node/></graph></graphml>',
    ],
)
def test_a_file_that_is_no_graphml(tmp_path: Path, text: str) -> None:
    path = tmp_path / "town.graphml"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"town\.graphml: cannot be read as GraphML.*osmnx\.save_graphml"):
        read_graphml(path)


def test_a_compressed_file_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "town.graphml.gz"
    path.write_bytes(gzip.compress(GRAPHML.encode() * 100)[:-20])
    with pytest.raises(SourceError, match="cut off"):
        read_graphml(path)


@given(st.integers(0, 20_000))
def test_a_file_cut_off_anywhere(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = folder / "whole.graphml"
    if not whole.is_file():
        write_graphml(town().network, whole)
    text = whole.read_bytes()
    cut = folder / "cut.graphml"
    cut.write_bytes(text[: length % (len(text) - len("</graphml>"))])
    with pytest.raises(SourceError, match="cut off"):
        read_graphml(cut)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.graphml: no such file"):
        read_graphml(tmp_path / "nowhere.graphml")


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.MultiGraph([(1, 2)]), "undirected"),
        (nx.MultiDiGraph(), "without edges"),
        (osmnx_graph((1, 2, {}), crs="epsg:32631"), "coordinates in epsg:32631"),
        (osmnx_graph((1, 2, {}), crs='PROJCS["OSGB36",GEOGCS["WGS 84"]]'), "project_graph"),
        (osmnx_graph((1, 2, {"highway": "footway"})), "no roads in it .1 not for vehicles: footway."),
        (osmnx_graph((1, 2, {}), nearest_first_graph=2), "format 2; this version reads format 1"),
    ],
)
def test_a_graph_that_is_no_road_network(graph: Graph, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        from_networkx(graph, "x")


@pytest.mark.parametrize(
    "crs", ["epsg:4326", "EPSG:4326", "{'init': 'epsg:4326'}", "+proj=longlat +datum=WGS84 +no_defs", "WGS 84"]
)
def test_degrees_by_any_name(crs: str) -> None:
    assert built(osmnx_graph((1, 2, {}), crs=crs)).edge_count == 1


def test_all_faults_of_a_foreign_graph_are_told_together() -> None:
    graph = osmnx_graph(
        (1, 2, {"length": -5}),
        (2, 3, {"osmid": "seven"}),
        (2, 4, {"geometry": "POINT (1 2)"}),
        (3, 5, {"geometry": "LINESTRING (1 2, 3"}),
        (4, 5, {"geometry": "LINESTRING (451000 516500, 451100 516500)"}),
        (3, 4, {"travel_time": math.nan, "speed_kph": "fast"}),
    )
    del graph.nodes[5]["x"]
    graph.nodes[1]["y"] = "north"
    graph.add_node("here", x=0.0, y=0.0)
    graph.nodes[2]["x"] = math.inf
    assert told(graph) == [
        "node 1 y",
        "node 2 x",
        "node 5 x",
        "node here id",
        "edge 3 -> 4 speed_kph",
    ]
    graph.nodes[1]["y"], graph.nodes[2]["x"], graph.nodes[5]["x"] = 54.5, -0.98, -0.95
    graph.remove_node("here")
    assert told(graph) == [
        "edge 1 -> 2 length",
        "edge 2 -> 3 osmid",
        "edge 2 -> 4 geometry",
        "edge 3 -> 5 geometry",
        "edge 3 -> 4 speed_kph",
        "edge 4 -> 5 geometry",
    ]


def test_all_faults_of_a_graph_of_our_own_are_told_together() -> None:
    graph = to_networkx(draw("A--B--C", "A>B normal_s=1 response_s=1", "B>C normal_s=1 response_s=1").network)
    graph.edges[ord("A"), ord("B"), 0].update(
        segment="first", access_group="all", highway="path", limit_kmh=-1, obstacles={"signals": -1}, given_ms=[1]
    )
    graph.edges[ord("B"), ord("C"), 0].update(obstacles={"sheep": 1}, given_ms="[1, 'soon']")
    graph.graph.update(turn_restrictions='[{"edges": [[1, 2]]}]', notes="{", dropped="[]")
    assert told(graph) == [
        *(f"edge 65 -> 66 {name}" for name in (
            "access_group", "highway", "limit_kmh", "segment", "obstacles", "given_ms"
        )),
        "edge 66 -> 67 obstacles",
        "edge 66 -> 67 given_ms",
        "graph turn_restrictions",
        "graph notes",
        "graph dropped",
    ]  # fmt: skip


def told(graph: Graph) -> list[str]:
    """Return where a graph's faults are."""
    with pytest.raises(InputError) as raised:
        from_networkx(graph, "x")
    assert all(fault.source == "x" and fault.accepted for fault in raised.value.faults)
    return [f"{fault.where} {fault.field}" for fault in raised.value.faults]
