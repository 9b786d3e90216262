"""Reading OpenStreetMap files: tiny ones drawn in text."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from graphs.assemble import assemble
from graphs.errors import SourceError
from graphs.network import BRIDGE, ROUNDABOUT, TUNNEL
from graphs.osm import read_osm
from graphs.tags import OBSTACLES
from roadmaps import Builder, OsmMap, road_of, roads_in, turns_of

MPH = 1.609344
STREET = "highway=residential"
# On this scale no piece of a map is so small that it is left out as an island.
LARGE_M = 3_000.0


@pytest.fixture
def build(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


# ---- Where roads are cut -----------------------------------------------------------------------------------------


def test_a_street_alone_is_one_edge_each_way(build: Builder) -> None:
    network = build("A-b-C", f"A-b-C {STREET}")
    assert roads_in(network) == ["AC", "CA"]
    assert network.twin.tolist() == [1, 0]


def test_roads_are_cut_where_they_meet_and_not_where_they_bend(build: Builder) -> None:
    picture = """
    A-b-X-d-E
        |
        S
    """
    assert roads_in(build(picture, f"A-b-X-d-E {STREET}", f"X-S {STREET}")) == ["AX", "EX", "SX", "XA", "XE", "XS"]


def test_roads_that_cross_without_a_shared_node_do_not_meet(build: Builder) -> None:
    picture = """
      N
    W + E
      S
    """
    crossing = build(picture, f"W-E {STREET} bridge=yes layer=1", f"N-S {STREET}", f"E-S {STREET}")
    assert roads_in(crossing) == ["ES", "EW", "NS", "SE", "SN", "WE"]


def test_a_way_that_ends_in_the_middle_of_another_cuts_it(build: Builder) -> None:
    picture = """
    A-M-C
      |
      S
    """
    assert roads_in(build(picture, f"A-M-C {STREET}", f"S-M {STREET}")) == ["AM", "CM", "MA", "MC", "MS", "SM"]


def test_a_footway_does_not_cut_the_road_it_joins(build: Builder) -> None:
    picture = """
    A-M-C
      |
      S
    """
    assert roads_in(build(picture, f"A-M-C {STREET}", "S-M highway=footway")) == ["AC", "CA"]


def test_a_way_that_crosses_itself_is_cut_there(build: Builder) -> None:
    picture = """
    A-X-b
      | |
      d-c
    """
    network = build(picture, f"A-X-b-c-d-X {STREET}")
    assert roads_in(network) == ["AX", "XA", "XX", "XX"]


def test_a_crescent_is_a_loop_of_two_edges_that_are_twins(build: Builder) -> None:
    picture = """
    A-X-b
      | |
      d-c
    """
    network = build(picture, f"A-X {STREET}", f"X-b-c-d-X {STREET}")
    loops = np.flatnonzero(network.tail == network.head)
    assert network.twin[loops].tolist() == loops[::-1].tolist()
    assert network.length_m[loops] == pytest.approx([800.0, 800.0], abs=0.5)


def test_a_closed_way_alone_is_a_loop_at_its_first_node(build: Builder) -> None:
    picture = """
    A-b
    | |
    d-c
    """
    assert roads_in(build(picture, f"A-b-c-d-A {STREET}")) == ["AA", "AA"]


def test_two_roads_between_the_same_junctions_are_both_kept(build: Builder) -> None:
    picture = """
    A-b-C
    |   |
    d-e-f
    """
    network = build(picture, f"A-b-C {STREET}", f"A-d-e-f-C {STREET}")
    assert roads_in(network) == ["AC", "AC", "CA", "CA"]
    assert sorted(network.length_m.tolist()) == pytest.approx([400.0, 400.0, 800.0, 800.0], abs=0.5)


def test_a_node_written_twice_in_a_row_is_one_node(build: Builder) -> None:
    network = build("A-B-C", f"A-A-B-B-C-C {STREET}")
    assert (network.length_m > 0).all()
    assert network.length_m.sum() == pytest.approx(2 * build("A-B-C", f"A-B-C {STREET}").length_m[0])
    assert len(network.shape_lonlat) == len(network.shape_start) - 1 + 2


@pytest.mark.parametrize("way", ["A-A", "A-A-A"])
def test_a_way_that_goes_nowhere_is_no_road(build: Builder, way: str) -> None:
    assert roads_in(build("A-B", f"A-B {STREET}", f"{way} {STREET}")) == ["AB", "BA"]


def test_two_nodes_at_one_place_are_a_road_of_no_length(tmp_path: Path) -> None:
    drawn = OsmMap("A-B-C", f"A-B {STREET}", f"B-C {STREET}")
    drawn.nodes[2].location = drawn.nodes[1].location
    network = assemble(read_osm(drawn.write(tmp_path / "town.osm")))
    assert roads_in(network) == ["AB", "BA", "BC", "CB"]
    assert sorted(network.length_m.tolist())[:2] == [0.0, 0.0]


def test_the_order_of_objects_in_the_file_does_not_matter(build: Builder) -> None:
    picture = """
    A-b-X-d-E
        |
        S
    """
    rows = (
        f"A-b-X {STREET}",
        f"X-d-E {STREET}",
        f"S-X {STREET}",
        "X highway=traffic_signals",
        "1>X>3 restriction=no_right_turn",
    )
    networks = [build(picture, *rows, order=order) for order in ("nwr", "rwn", "wrn", "wnr")]
    assert len({network.hash for network in networks}) == 1
    assert turns_of(networks[0]) == ["no A>X>S"]


# ---- Which way ---------------------------------------------------------------------------------------------------


def test_a_one_way_street_has_one_edge_and_no_twin(build: Builder) -> None:
    network = build("A-B-C", f"A-B {STREET} oneway=yes", f"B-C {STREET}")
    assert roads_in(network) == ["AB", "BC", "CB"]
    assert network.twin.tolist() == [-1, 2, 1]


def test_a_one_way_street_drawn_backwards_runs_against_its_way(build: Builder) -> None:
    network = build("A-b-C", f"A-b-C {STREET} oneway=-1")
    assert roads_in(network) == ["CA"]
    assert network.edge_lonlat(0)[0].tolist() == network.node_lonlat[network.tail[0]].tolist()
    assert network.backward.tolist() == [1]


def test_a_roundabout_is_one_way_and_flagged(build: Builder) -> None:
    picture = """
    A-W-b-E-D
      |   |
      f-g-h
    """
    rows = ("W-f-g-h-E-b-W highway=primary junction=roundabout", f"A-W {STREET}", f"E-D {STREET}")
    network = build(picture, *rows)
    assert roads_in(network) == ["AW", "DE", "ED", "EW", "WA", "WE"]
    assert [road_of(network, edge) for edge in np.flatnonzero(network.flags & ROUNDABOUT).tolist()] == ["EW", "WE"]


def test_each_direction_has_its_own_limit(build: Builder) -> None:
    network = build("A-B", f"A-B {STREET} maxspeed:forward='30 mph' maxspeed:backward='40 mph'")
    assert network.limit_kmh.tolist() == [30 * MPH, 40 * MPH]


def test_what_a_way_says_is_kept(build: Builder) -> None:
    network = build(
        "A-B", "A-B highway=primary name='Linthorpe Road' ref=A1032 bridge=yes tunnel=yes access=destination"
    )
    assert [network.text(network.name[0]), network.text(network.ref[0])] == ["Linthorpe Road", "A1032"]
    assert [network.class_name(0), network.access_name(0)] == ["primary", "destination"]
    assert network.flags.tolist() == [BRIDGE | TUNNEL] * 2
    assert math.isnan(network.limit_kmh[0])


def test_a_tunnel_is_no_bridge(build: Builder) -> None:
    network = build("A-B-C", f"A-B {STREET} tunnel=yes", f"B-C {STREET} bridge=yes")
    flags = {road_of(network, edge): int(network.flags[edge]) for edge in range(network.edge_count)}
    assert flags == {"AB": TUNNEL, "BA": TUNNEL, "BC": BRIDGE, "CB": BRIDGE}


@pytest.mark.parametrize("sign", ["stop", "give_way"])
@pytest.mark.parametrize(("side", "road"), [("forward", "AC"), ("backward", "CA")])
def test_a_sign_that_says_its_direction_faces_it_however_near_an_end(
    build: Builder, sign: str, side: str, road: str
) -> None:
    for picture in ("A-b-----C", "A-----b-C"):
        network = build(picture, f"A-b-C {STREET}", f"b highway={sign} direction={side}")
        met = network.obstacles[:, OBSTACLES.index(sign)]
        assert {road_of(network, edge): int(count) for edge, count in enumerate(met)} == {"AC": 0, "CA": 0, road: 1}


def test_names_in_any_script_come_back(build: Builder) -> None:
    network = build("A-B-C", f"A-B {STREET} name='Ffordd yr Orsaf 🚔'", f"B-C {STREET} name='Улица'")
    assert {network.edge_name(edge) for edge in range(4)} == {"Ffordd yr Orsaf 🚔", "Улица"}


# ---- What blocks a road ------------------------------------------------------------------------------------------


def test_a_bollard_cuts_a_street_into_two_dead_ends(build: Builder) -> None:
    network = build("A-B-C", f"A-B-C {STREET}", "B barrier=bollard", square_m=LARGE_M)
    assert sorted(roads_in(network)) == ["*A", "*C", "A*", "C*"]
    assert len(network.node_id) == 4
    assert not network.obstacles.any()


def test_a_bollard_at_a_junction_cuts_every_arm(build: Builder) -> None:
    picture = """
    A-X-C
      |
      S
    """
    network = build(picture, f"A-X-C {STREET}", f"X-S {STREET}", "X barrier=bollard", square_m=LARGE_M)
    assert roads_in(network) == ["*A", "*C", "*S", "A*", "C*", "S*"]
    assert (network.node_id < 0).sum() == 3


def test_dead_ends_get_ids_of_their_own_where_an_editor_wrote_negative_ones(tmp_path: Path) -> None:
    path = tmp_path / "josm.osm"
    path.write_text(
        """<osm version="0.6">
          <node id="-1" lat="54.58" lon="-1.25"/>
          <node id="-2" lat="54.58" lon="-1.15"><tag k="barrier" v="bollard"/></node>
          <node id="-3" lat="54.58" lon="-1.05"/>
          <node id="-4" lat="54.65" lon="-1.25"/>
          <way id="-5"><nd ref="-1"/><nd ref="-2"/><nd ref="-3"/><tag k="highway" v="residential"/></way>
          <way id="-6"><nd ref="-1"/><nd ref="-4"/><tag k="highway" v="residential"/></way>
        </osm>""",
        "utf-8",
    )
    network = assemble(read_osm(path))
    nodes = {int(node): tuple(place) for node, place in zip(network.node_id, network.node_lonlat.tolist(), strict=True)}
    assert nodes[-1] == (-1.25, 54.58)
    assert sorted(nodes)[2:] == [-4, -3, -1]


# ---- What is left out --------------------------------------------------------------------------------------------


def test_a_node_missing_from_the_extract_cuts_the_road(build: Builder) -> None:
    network = build("A-B-C-D-E", f"A-B-C-D-E {STREET}", missing="C", square_m=LARGE_M)
    assert roads_in(network) == ["AB", "BA", "DE", "ED"]
    assert network.meta.dropped == {"node missing from the extract": 1}


def test_a_node_without_a_place_is_as_good_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "town.osm"
    path.write_text(
        """<osm version="0.6">
          <node id="1" lat="54.58" lon="-1.25"/><node id="2" lat="54.58" lon="-1.24"/><node id="3"/>
          <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/></way>
        </osm>""",
        "utf-8",
    )
    network = assemble(read_osm(path))
    assert network.node_id.tolist() == [1, 2]
    assert network.meta.dropped == {"node missing from the extract": 1}


def test_a_way_with_one_node_left_is_no_road(build: Builder) -> None:
    network = build("A-B-C", f"A-B {STREET}", f"B-C {STREET}", missing="C")
    assert roads_in(network) == ["AB", "BA"]


def test_a_small_island_is_left_out_and_counted_by_directed_edges(build: Builder) -> None:
    picture = """
    A----B----C

    D-E>F
    """
    network = build(picture, f"A-B-C {STREET}", f"D-E {STREET}", f"E-F {STREET} oneway=yes")
    assert roads_in(network) == ["AC", "CA"]
    assert network.meta.dropped == {"island: directed edges": 3}


def test_a_large_island_is_kept(tmp_path: Path) -> None:
    picture = """
    A------B------C

    D-----E
    """
    rows = (f"A-B-C {STREET}", f"D-E {STREET}")
    for square_m, kept in ((800.0, ["AC", "CA"]), (900.0, ["AC", "CA", "DE", "ED"])):
        drawn = OsmMap(picture, *rows, square_m=square_m)
        assert roads_in(assemble(read_osm(drawn.write(tmp_path / "town.osm")))) == kept


def test_a_road_without_way_in_is_not_an_island(build: Builder) -> None:
    # Direction does not matter for islands; what cannot be driven to is another question.
    assert roads_in(build("A----B-C", f"A-B {STREET}", f"C-B {STREET} oneway=yes")) == ["AB", "BA", "CB"]


def test_a_ferry_is_no_road(build: Builder) -> None:
    network = build("A-B-C", f"A-B {STREET}", "B-C route=ferry motor_vehicle=yes name='Transporter Bridge'")
    assert roads_in(network) == ["AB", "BA"]
    assert network.meta.dropped == {"ferry": 1}


def test_everything_left_out_is_counted_with_its_reason(build: Builder) -> None:
    picture = "A-B-C-D-E-F-G-H"
    rows = (
        f"A-B {STREET}",
        "B-C highway=steps",
        "C-D highway=steps",
        "D-E highway=service access=no",
        "E-F highway=pedestrian area=yes",
        f"F-G {STREET} oneway=reversible",
        "G-H waterway=river",
        "A-H route=bus",
    )
    assert build(picture, *rows).meta.dropped == {
        "area": 1,
        "no access": 1,
        "not for vehicles: steps": 2,
        "reversible lane: direction unknown": 1,
    }


def test_assembling_twice_counts_once(tmp_path: Path) -> None:
    picture = """
    A----B

    D-E
    """
    roads = read_osm(OsmMap(picture, f"A-B {STREET}", f"D-E {STREET}").write(tmp_path / "town.osm"))
    first, second = assemble(roads), assemble(roads)
    assert first.meta.dropped == second.meta.dropped == {"island: directed edges": 2}


# ---- A download that broke off -----------------------------------------------------------------------------------


@pytest.fixture
def with_turn_and_without(tmp_path: Path) -> tuple[bytes, bytes]:
    """Return a PBF whose last block is a turn restriction, and the one of the same roads without it."""
    picture, roads, turn = "A-B-C", (f"A-B {STREET}", f"B-C {STREET}"), "1>B>2 restriction=no_straight_on"
    whole = OsmMap(picture, *roads, turn).write(tmp_path / "whole.osm.pbf")
    return whole.read_bytes(), OsmMap(picture, *roads).write(tmp_path / "plain.osm.pbf").read_bytes()


def test_a_pbf_cut_off_anywhere_in_its_last_block_is_refused(
    tmp_path: Path, with_turn_and_without: tuple[bytes, bytes]
) -> None:
    whole, plain = with_turn_and_without
    cut = tmp_path / "cut.osm.pbf"
    for length in range(len(plain) + 1, len(whole)):
        cut.write_bytes(whole[:length])
        with pytest.raises(SourceError, match=r"cut\.osm\.pbf: .*cut off.*accepted: a whole file"):
            read_osm(cut)


def test_a_pbf_cut_off_between_two_blocks_is_byte_for_byte_a_whole_file(
    tmp_path: Path, with_turn_and_without: tuple[bytes, bytes]
) -> None:
    # A limit of the format, which does not tell how many blocks are to come: such a cut cannot be found in the file.
    whole, plain = with_turn_and_without
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(whole[: len(plain)])
    assert cut.read_bytes() == plain
    assert (len(read_osm(cut).segments), len(read_osm(cut).restrictions)) == (2, 0)
    cut.write_bytes(whole)
    assert (len(read_osm(cut).segments), len(read_osm(cut).restrictions)) == (2, 1)
