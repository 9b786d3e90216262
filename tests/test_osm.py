"""Reading OpenStreetMap files: tiny ones drawn in text, broken ones, and real towns."""

from __future__ import annotations

import bz2
import gzip
import math
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.assemble import assemble
from graphs.coordinates import distance_m
from graphs.errors import SourceError
from graphs.network import BRIDGE, ROUNDABOUT, TUNNEL, Network
from graphs.osm import SUFFIXES, read_osm
from graphs.tags import OBSTACLES
from roadmaps import OsmMap, road_of, roads_in, turns_of
from shared_data import BANGOR, LEEDS, NEWPORT, PORTO, ROADS, real_network, shared

Thing = TypeVar("Thing", osmium.osm.Node, osmium.osm.Way)

MPH = 1.609344
STREET = "highway=residential"
# On this scale no piece of a map is so small that it is left out as an island.
LARGE_M = 3_000.0


@pytest.fixture
def build(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


class Builder:
    """Builds the network of a picture and its rows, by way of a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self, picture: str, *rows: str, missing: str = "", order: str = "nwr", square_m: float = 100.0
    ) -> Network:
        found = OsmMap(picture, *rows, missing=missing, square_m=square_m)
        return assemble(read_osm(found.write(self._folder / "town.osm", order)))


def obstacles(network: Network) -> dict[str, dict[str, int]]:
    """Return the obstacles met on each road that has any."""
    return {
        road_of(network, edge): {
            name: int(count) for name, count in zip(OBSTACLES, network.obstacles[edge], strict=True) if count
        }
        for edge in np.flatnonzero(network.obstacles.any(axis=1)).tolist()
    }


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


def test_names_in_any_script_come_back(build: Builder) -> None:
    network = build("A-B-C", f"A-B {STREET} name='Ffordd yr Orsaf 🚔'", f"B-C {STREET} name='Улица'")
    assert {network.edge_name(edge) for edge in range(4)} == {"Ffordd yr Orsaf 🚔", "Улица"}


# ---- What blocks a road ------------------------------------------------------------------------------------------


def test_a_bollard_cuts_a_street_into_two_dead_ends(build: Builder) -> None:
    network = build("A-B-C", f"A-B-C {STREET}", "B barrier=bollard", square_m=LARGE_M)
    assert sorted(roads_in(network)) == ["*A", "*C", "A*", "C*"]
    assert len(network.node_id) == 4
    assert obstacles(network) == {}


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


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ("barrier=gate", "gate"),
        ("barrier=gate locked=yes", "locked_gate"),
        ("barrier=lift_gate access=private", "locked_gate"),
    ],
)
def test_a_gate_is_met_from_both_sides(build: Builder, tags: str, kind: str) -> None:
    network = build("A-B-C", f"A-B-C {STREET}", f"B {tags}")
    assert obstacles(network) == {"AC": {kind: 1}, "CA": {kind: 1}}


def test_a_gate_stops_both_directions_whatever_its_direction_says(build: Builder) -> None:
    network = build("A-B-C", f"A-B-C {STREET}", "B barrier=gate locked=yes direction=forward")
    assert obstacles(network) == {"AC": {"locked_gate": 1}, "CA": {"locked_gate": 1}}


# ---- Signals and signs -------------------------------------------------------------------------------------------

CROSSROADS = """
        N
        |
    W-b-X-d-E
        |
        S
"""
ARMS = (f"W-b-X {STREET}", f"X-d-E {STREET}", f"N-X {STREET}", f"X-S {STREET}")


def test_signals_at_a_junction_stop_those_who_come_to_it(build: Builder) -> None:
    network = build(CROSSROADS, *ARMS, "X highway=traffic_signals")
    assert obstacles(network) == {road: {"signals": 1} for road in ("WX", "EX", "NX", "SX")}


def test_signals_between_junctions_stop_both_directions(build: Builder) -> None:
    network = build(CROSSROADS, *ARMS, "b highway=traffic_signals")
    assert obstacles(network) == {"WX": {"signals": 1}, "XW": {"signals": 1}}


@pytest.mark.parametrize(
    ("tags", "roads"),
    [
        ("traffic_signals:direction=forward", ["WX"]),
        ("traffic_signals:direction=backward", ["XW"]),
        ("direction=forward", ["WX"]),
        ("traffic_signals:direction=both", ["WX", "XW"]),
    ],
)
def test_signals_with_a_direction_stop_those_they_face(build: Builder, tags: str, roads: list[str]) -> None:
    network = build(CROSSROADS, *ARMS, f"b highway=traffic_signals {tags}")
    assert obstacles(network) == {road: {"signals": 1} for road in roads}


def test_a_direction_is_that_of_the_way_as_drawn(build: Builder) -> None:
    rows = (f"X-b-W {STREET}", *ARMS[1:], "b highway=traffic_signals direction=forward")
    assert obstacles(build(CROSSROADS, *rows)) == {"XW": {"signals": 1}}


def test_a_direction_tag_on_a_one_way_street_makes_no_difference(build: Builder) -> None:
    rows = (f"W-b-X {STREET} oneway=yes", *ARMS[1:], "b highway=traffic_signals direction=backward")
    assert obstacles(build(CROSSROADS, *rows)) == {"WX": {"signals": 1}}


@pytest.mark.parametrize("sign", ["stop", "give_way"])
def test_a_sign_near_a_junction_faces_those_who_come_to_it(build: Builder, sign: str) -> None:
    picture = """
    W-----b-X
            |
            S
    """
    network = build(picture, f"W-b-X {STREET}", f"X-S {STREET}", f"b highway={sign}")
    assert obstacles(network) == {"WX": {sign: 1}}


def test_a_sign_is_near_by_metres_and_not_by_bends(build: Builder) -> None:
    # Four bends lie between the sign and the junction that it faces, none on the long way to the other.
    picture = """
    W----------------sabcdX
                          |
                          S
    """
    network = build(picture, f"W-s-a-b-c-d-X {STREET}", f"X-S {STREET}", "s highway=give_way")
    assert obstacles(network) == {"WX": {"give_way": 1}}


def test_a_sign_half_way_between_two_junctions_is_not_lost(build: Builder) -> None:
    network = build(CROSSROADS, *ARMS, "b highway=give_way")
    assert sum(met["give_way"] for met in obstacles(network).values()) >= 1


def test_a_sign_on_a_one_way_street_is_met_wherever_it_stands(build: Builder) -> None:
    picture = """
    W-b-----X
            |
            S
    """
    network = build(picture, f"W-b-X {STREET} oneway=yes", f"X-S {STREET}", "b highway=give_way")
    assert obstacles(network) == {"WX": {"give_way": 1}}


def test_several_obstacles_on_one_stretch_are_counted(build: Builder) -> None:
    picture = "A-b-c-d-E"
    rows = (
        "b highway=crossing crossing=traffic_signals",
        "c railway=level_crossing",
        "d highway=crossing crossing=toucan",
    )
    network = build(picture, f"A-b-c-d-E {STREET}", *rows)
    assert obstacles(network) == {road: {"crossing": 2, "level_crossing": 1} for road in ("AE", "EA")}


def test_an_obstacle_at_a_junction_on_a_loop_is_met_once(build: Builder) -> None:
    picture = """
    A-X-b
      | |
      d-c
    """
    network = build(picture, f"A-X {STREET}", f"X-b-c-d-X {STREET}", "X highway=traffic_signals")
    assert network.obstacles[network.tail == network.head].sum(axis=1).tolist() == [1, 1]


# ---- What is left out --------------------------------------------------------------------------------------------


def test_a_node_missing_from_the_extract_cuts_the_road(build: Builder) -> None:
    network = build("A-B-C-D-E", f"A-B-C-D-E {STREET}", missing="C", square_m=LARGE_M)
    assert roads_in(network) == ["AB", "BA", "DE", "ED"]
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


# ---- Formats -----------------------------------------------------------------------------------------------------


def test_every_format_gives_the_same_network(tmp_path: Path) -> None:
    drawn = OsmMap(
        CROSSROADS,
        *ARMS,
        "X highway=traffic_signals",
        "b barrier=bollard",
        "E-N highway=primary oneway=-1 name='Stryd Fawr' maxspeed='20 mph'",
        "2>X>3 restriction=no_right_turn except=psv",
    )
    networks = [assemble(read_osm(drawn.write(tmp_path / f"town{suffix}"))) for suffix in SUFFIXES]
    assert len({network.hash for network in networks}) == 1
    assert [network.meta.source for network in networks] == [f"town{suffix}" for suffix in SUFFIXES]
    assert len({network.meta.source_sha256 for network in networks}) == len(set(SUFFIXES)) - 1  # .pbf is .osm.pbf


def test_progress_is_reported_in_sentences(tmp_path: Path) -> None:
    told: list[str] = []
    read_osm(OsmMap("A-B", f"A-B {STREET}").write(tmp_path / "town.osm"), told.append)
    assert told[0] == "town.osm: reading ways"
    assert all(line.startswith("town.osm: ") for line in told)


# ---- Files that cannot be read -----------------------------------------------------------------------------------


def refused(path: Path) -> str:
    """Return what is told about a file that is refused: always its name and what would be accepted."""
    with pytest.raises(SourceError) as caught:
        assemble(read_osm(path))
    told = str(caught.value)
    assert path.name in told
    assert "accepted: " in told
    assert caught.value.exit_code == 2
    return told


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "nowhere.osm.pbf")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path)


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200)
RANDOM = np.random.default_rng(7).bytes(4096)
CONTENTS = {
    "empty": b"",
    "png": PNG,
    "random": RANDOM,
    "text": b"callsign,status\nM1,2\n",
    "html": b"<html><body>404 Not Found</body></html>",
    "cut xml": b'<?xml version="1.0"?><osm version="0.6"><node id="1" lat="54" lon="-1"/>',
    "bad id": b'<osm version="0.6"><node id="x" lat="54" lon="-1"/></osm>',
    "no version": b'<osm><node id="1" lat="54" lon="-1"/></osm>',
    "no roads": b'<osm version="0.6"><node id="1" lat="54" lon="-1"/></osm>',
    "bad place": b'<osm version="0.6"><node id="1" lat="north" lon="-1"/><way id="1"><nd ref="1"/><nd ref="2"/>'
    b'<tag k="highway" v="residential"/></way></osm>',
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", CONTENTS)
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, suffix: str, content: str) -> None:
    path = tmp_path / f"town{suffix}"
    path.write_bytes(CONTENTS[content])
    refused(path)


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize(("suffix", "squeeze"), [(".osm.gz", gzip.compress), (".osm.bz2", bz2.compress)])
def test_a_squeezed_file_that_is_no_map(
    tmp_path: Path, suffix: str, squeeze: Callable[[bytes], bytes], content: str
) -> None:
    path = tmp_path / f"town{suffix}"
    path.write_bytes(squeeze(CONTENTS[content]))
    refused(path)


@pytest.mark.parametrize("name", ["town.txt", "town.graphml.osmx", "town", "town.osm.xz"])
def test_a_name_that_tells_no_format(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"<osm version='0.6'/>")
    refused(path)


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if "pbf" not in suffix])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.99])
def test_a_text_file_cut_off_anywhere(tmp_path: Path, suffix: str, share: float) -> None:
    whole = OsmMap(CROSSROADS, *ARMS).write(tmp_path / f"town{suffix}")
    content = whole.read_bytes()
    whole.write_bytes(content[: int(len(content) * share)])
    refused(whole)


def blocks(content: bytes) -> list[int]:
    """Return where the blocks of a PBF end: four bytes of length, a header that tells the size, the block."""
    ends = [0]
    while ends[-1] < len(content):
        header_at = ends[-1] + 4
        header = content[header_at : header_at + int.from_bytes(content[ends[-1] : header_at])]
        # Field 3 of the header, the last one: a variable-length number, seven bits a byte.
        digits = header[header.rindex(b"\x18") + 1 :]
        size = sum((digit & 0x7F) << 7 * place for place, digit in enumerate(digits))
        ends.append(header_at + len(header) + size)
    return ends


def test_a_pbf_of_a_town_cut_off_inside_any_block(tmp_path: Path) -> None:
    content = shared(f"roads/{BANGOR}").read_bytes()
    ends = blocks(content)
    assert ends[-1] == len(content)
    path = tmp_path / "cut.osm.pbf"
    for start, end in pairwise(ends):
        for length in (start + 4, (start + end) // 2, end - 1):
            path.write_bytes(content[:length])
            assert "cut off" in refused(path)


def test_a_pbf_cut_off_between_blocks_has_no_roads(tmp_path: Path) -> None:
    content = shared(f"roads/{BANGOR}").read_bytes()
    path = tmp_path / "cut.osm.pbf"
    # A header, two blocks of nodes, one of ways, one of relations; nothing in the format tells how many are to come.
    for length in blocks(content)[1:4]:
        path.write_bytes(content[:length])
        assert "no roads in it" in refused(path)


@settings(max_examples=20, deadline=None)
@given(share=st.floats(0.0, 0.997))
def test_a_pbf_cut_off_anywhere_before_its_ways_end(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    content = shared(f"roads/{BANGOR}").read_bytes()
    path = tmp_path_factory.getbasetemp() / "cut.osm.pbf"
    path.write_bytes(content[: int(len(content) * share)])
    refused(path)


def test_a_pbf_with_a_byte_changed_is_refused_or_read(tmp_path: Path) -> None:
    # Zlib's checksum finds what is changed inside a block.
    content = bytearray(shared(f"roads/{BANGOR}").read_bytes())
    content[len(content) // 2] ^= 0xFF
    path = tmp_path / "changed.osm.pbf"
    path.write_bytes(content)
    refused(path)


def test_a_map_without_roads_says_what_it_holds(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"park{suffix}"
        OsmMap("A-B-C", "A-B highway=footway", "B-C waterway=river").write(path)
        assert "1 not for vehicles: footway" in refused(path)


def test_a_map_whose_roads_have_no_nodes(tmp_path: Path) -> None:
    assert "can be driven" in refused(OsmMap("A-B", f"A-B {STREET}", missing="AB").write(tmp_path / "town.osm"))


# ---- Real towns --------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("name", ROADS)
def test_the_source_and_its_checksum_are_told(name: str) -> None:
    meta = real_network(name).meta
    assert meta.source == name
    assert len(meta.source_sha256) == 64
    assert "OpenStreetMap" in meta.attribution


@pytest.mark.slow
def test_the_age_of_porto_is_told() -> None:
    assert real_network(PORTO).meta.data_timestamp == "2015-06-06T00:23:02Z"
