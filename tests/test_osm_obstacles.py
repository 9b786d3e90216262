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
