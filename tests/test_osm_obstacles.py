"""Gates, signals and signs on the roads of OpenStreetMap files: who meets them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphs.network import Network
from graphs.tags import OBSTACLES
from roadmaps import Builder, road_of

STREET = "highway=residential"


@pytest.fixture
def build(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def obstacles(network: Network) -> dict[str, dict[str, int]]:
    """Return the obstacles met on each road that has any."""
    return {
        road_of(network, edge): {
            name: int(count) for name, count in zip(OBSTACLES, network.obstacles[edge], strict=True) if count
        }
        for edge in np.flatnonzero(network.obstacles.any(axis=1)).tolist()
    }


# ---- Gates ----------------------------------------------------------------------------------------------------------


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


def test_a_sign_at_the_far_end_of_a_loop_faces_both_ways_round(build: Builder) -> None:
    network = build("A-X-b", f"A-X {STREET}", f"X-b-X {STREET}", "b highway=give_way")
    assert network.obstacles[network.tail == network.head].sum(axis=1).tolist() == [1, 1]


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


# ---- Signals near a junction, and groups of them ---------------------------------------------------------------------

# With squares of 10 m: 20 m from each letter to the next.
T_JUNCTION = (f"W-b-X-d-E {STREET}", f"N-X {STREET}")
SIGNALS = "highway=traffic_signals"


def signals(network: Network) -> dict[str, int]:
    """Return how often each road stops for signals, where it does."""
    return {road: met["signals"] for road, met in obstacles(network).items() if "signals" in met}


@pytest.mark.parametrize("roads", [ARMS, T_JUNCTION])
def test_signals_before_a_junction_stop_those_who_come_to_it(build: Builder, roads: tuple[str, ...]) -> None:
    network = build(CROSSROADS, *roads, f"b {SIGNALS}", f"d {SIGNALS}", square_m=10)
    assert signals(network) == {"WX": 1, "EX": 1}


def test_signals_before_a_junction_that_is_one_stop_those_who_come_to_it_once(build: Builder) -> None:
    network = build(CROSSROADS, *ARMS, f"b {SIGNALS}", f"X {SIGNALS}", square_m=10)
    assert signals(network) == {"WX": 1, "EX": 1, "NX": 1, "SX": 1}


@pytest.mark.parametrize(
    ("square_m", "roads"), [(14.9, {"WX": 1, "EX": 1}), (15.1, {"WX": 1, "XW": 1, "EX": 1, "XE": 1})]
)
def test_signals_belong_to_a_junction_within_thirty_metres(
    build: Builder, square_m: float, roads: dict[str, int]
) -> None:
    network = build(CROSSROADS, *ARMS, f"b {SIGNALS}", f"d {SIGNALS}", square_m=square_m)
    assert signals(network) == roads


def test_signals_far_from_a_junction_do_not_belong_to_its_signals(build: Builder) -> None:
    picture = """
              N
              n
    W-b-------X-d-E
    """
    roads = (f"W-b-X {STREET}", f"X-d-E {STREET}", f"N-n-X {STREET}")
    network = build(picture, *roads, *(f"{at} {SIGNALS}" for at in "bdn"), square_m=10)
    assert signals(network) == {"WX": 1, "XW": 1, "EX": 1, "NX": 1}


def test_signals_far_from_a_junction_are_no_company_for_near_ones(build: Builder) -> None:
    picture = """
              N
              |
    W-b-------X-d-E
    """
    roads = (f"W-b-X {STREET}", f"X-d-E {STREET}", f"N-X {STREET}")
    network = build(picture, *roads, *(f"{at} {SIGNALS}" for at in "bd"), square_m=10)
    assert signals(network) == {"WX": 1, "XW": 1, "EX": 1, "XE": 1}


def test_signals_face_the_nearer_of_two_junctions(build: Builder) -> None:
    picture = """
      N     M
      |     |
    W-X-a---Y-E
      |     |
      S     T
    """
    roads = (f"W-X-a-Y-E {STREET}", f"N-X-S {STREET}", f"M-Y-T {STREET}")
    network = build(picture, *roads, f"a {SIGNALS}", *(f"{at} {SIGNALS}" for at in "XY"), square_m=7)
    # Driving to Y, X and a are one group, and Y, 42 m from X, is another.
    assert signals(network) == dict.fromkeys(("WX", "NX", "SX", "YX", "XY", "EY", "MY", "TY"), 1)


def test_signals_belong_to_the_junction_that_has_others_though_a_side_street_is_nearer(build: Builder) -> None:
    picture = """
      N     M
      |     |
    W-X-a---Y-c-E
    """
    roads = (f"W-X-a-Y-c-E {STREET}", f"N-X {STREET}", f"M-Y {STREET}")
    network = build(picture, *roads, f"a {SIGNALS}", f"c {SIGNALS}", square_m=7)
    assert signals(network) == {"XY": 1, "EY": 1}


def test_signals_on_one_arm_alone_are_a_crossing(build: Builder) -> None:
    picture = """
              N
              |
    W-a-b-----X-E
    """
    network = build(picture, f"W-a-b-X {STREET}", f"N-X-E {STREET}", f"a {SIGNALS}", f"b {SIGNALS}", square_m=3)
    assert signals(network) == {"WX": 1, "XW": 1}


@pytest.mark.parametrize(
    "tags",
    ["crossing=traffic_signals", "traffic_signals=pedestrian_crossing", "direction=both", "crossing:signals=yes"],
)
def test_signals_that_say_so_stop_both_directions_near_a_junction(build: Builder, tags: str) -> None:
    network = build(CROSSROADS, *ARMS, f"b {SIGNALS} {tags}", f"d {SIGNALS} crossing=no", square_m=10)
    assert signals(network) == {"WX": 1, "XW": 1, "EX": 1}


@pytest.mark.parametrize("sign", ["stop", "give_way"])
def test_a_sign_that_says_so_faces_both_directions_near_a_junction(build: Builder, sign: str) -> None:
    network = build("W-----b-X-E", f"W-b-X {STREET}", f"X-E {STREET}", f"b highway={sign} direction=both")
    assert obstacles(network) == {"WX": {sign: 1}, "XW": {sign: 1}}


def test_a_signalled_crossing_near_a_junction_stops_both_directions(build: Builder) -> None:
    rows = (f"{at} highway=crossing crossing=traffic_signals" for at in "bd")
    network = build(CROSSROADS, *ARMS, *rows, f"X {SIGNALS}", square_m=10)
    assert {road for road, met in obstacles(network).items() if "crossing" in met} == {"WX", "XW", "EX", "XE"}


def test_where_one_road_is_mapped_as_two_ways_is_no_junction(build: Builder) -> None:
    roads = (f"W-b-P {STREET}", f"P-c-E {STREET} maxspeed=50")
    network = build("W---b-P-c---E", *roads, f"b {SIGNALS}", f"c {SIGNALS}", square_m=10)
    assert signals(network) == {"WP": 1, "PW": 1, "PE": 1, "EP": 1}


def test_signals_at_the_edge_of_an_extract_are_read(build: Builder) -> None:
    network = build("W---b-m-X-E", f"W-b-m-X-E {STREET}", f"b {SIGNALS}", missing="m", square_m=10)
    assert signals(network) == {"Wb": 1}


DUAL_CARRIAGEWAY = """
      N M
      | |
    W-X-Y-E
      | |
      S T
"""


@pytest.mark.parametrize(("square_m", "again"), [(14.9, {}), (15.1, {"XY": 1, "YX": 1})])
def test_a_junction_of_two_carriageways_stops_a_driver_once(
    build: Builder, square_m: float, again: dict[str, int]
) -> None:
    roads = (f"W-X-Y-E {STREET}", f"N-X-S {STREET} oneway=yes", f"T-Y-M {STREET} oneway=yes")
    network = build(DUAL_CARRIAGEWAY, *roads, f"X {SIGNALS}", f"Y {SIGNALS}", square_m=square_m)
    assert signals(network) == {"WX": 1, "NX": 1, "EY": 1, "TY": 1} | again


def test_the_next_group_of_signals_is_thirty_metres_from_the_first_of_this_one(build: Builder) -> None:
    rows = (f"{at} {SIGNALS}" for at in "bcd")
    network = build("A-b-c-d-E", f"A-b-c-d-E {STREET} oneway=yes", *rows, square_m=10)
    assert signals(network) == {"AE": 2}


def test_only_signals_go_in_groups(build: Builder) -> None:
    rows = (f"b {SIGNALS}", "c highway=crossing crossing=puffin", "d highway=crossing crossing=toucan")
    network = build("A-b-c-d-E", f"A-b-c-d-E {STREET}", *rows, square_m=10)
    assert obstacles(network) == {road: {"signals": 1, "crossing": 2} for road in ("AE", "EA")}
