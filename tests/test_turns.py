"""What turns there are, of which kind, and which restrictions forbid them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from graphs.network import Network
from graphs.restrictions import binding
from graphs.turns import ACROSS, PRIVATE_ENTRY, ROUNDABOUT_ENTRY, U_TURN, drives_on_left, state_path, turns_of
from roadmaps import RoadMap, draw
from shared_data import real_network

LONDON = ZoneInfo("Europe/London")


def kind(drawn: RoadMap, path: str) -> int:
    """Return the kind of the turn ``ABC``."""
    turns = turns_of(drawn.network)
    return int(turns.kind[turns.of(drawn.edge(path[:2]), drawn.edge(path[1:]))])


def forbidden(drawn: RoadMap, profile: str = "response", at: datetime | None = None) -> set[str]:
    """Return the drives ``ABC``, ``ABCD`` that a restriction forbids at their last turn."""
    network = drawn.network
    turns = turns_of(network)
    binds = binding(network, network.profiles.profile(profile), at)
    chains = {state: drawn.road(int(turns.edge[state])) for state in range(turns.state_count)}
    found = set()
    for turn, rule in zip(turns.ruled_turn.tolist(), turns.ruled_by.tolist(), strict=True):
        if binds[rule]:
            state = int(turns.source[turn])
            onto = int(turn - turns.first[state]) + int(network.out_start[network.head[turns.edge[state]]])
            remembered = "*" if state >= network.edge_count else ""
            found.add(remembered + chains[state] + drawn.road(onto)[1])
    return found


CROSSING = """
    N

W---X---E

    S
"""


@pytest.mark.parametrize(
    ("side", "far"), [("left", ("WXS", "EXN", "SXE", "NXW")), ("right", ("WXN", "EXS", "SXW", "NXE"))]
)
def test_turning_to_the_far_side_of_a_busy_road_crosses_its_traffic(side: str, far: tuple[str, ...]) -> None:
    drawn = on_the(side, draw(CROSSING, "W-X-E primary", "N-X-S"))
    paths = [a + "X" + b for a in "NESW" for b in "NESW" if a != b]
    assert {path for path in paths if kind(drawn, path) & ACROSS} == set(far)


def test_nobody_waits_for_a_gap_between_quiet_streets() -> None:
    drawn = on_the("left", draw(CROSSING, "W-X-E", "N-X-S"))
    assert not any(kind(drawn, a + "X" + b) & ACROSS for a in "NESW" for b in "NESW" if a != b)


def test_a_busy_one_way_road_is_joined_without_crossing_it() -> None:
    drawn = on_the("left", draw(CROSSING, "W>X>E primary", "N-X-S"))
    assert not kind(drawn, "SXE") & ACROSS
    assert not kind(drawn, "WXS") & ACROSS  # and left without oncoming traffic


def test_straight_on_and_sharply_back_are_not_across() -> None:
    drawn = on_the("left", draw(CROSSING, "W-X-E primary", "N-X-S"))
    assert (kind(drawn, "WXE"), kind(drawn, "WXW")) == (0, U_TURN)


def test_a_bend_of_a_busy_road_is_no_junction() -> None:
    bend = on_the("left", draw("A---B\n    |\n    C", "A-B primary", "B-C primary"))
    assert kind(bend, "ABC") == 0


def test_entering_is_told_and_leaving_is_not() -> None:
    drawn = draw("A-R-S-P", "A-R", "R-S roundabout", "S-P private")
    assert kind(drawn, "ARS") == ROUNDABOUT_ENTRY
    assert kind(drawn, "RSP") == PRIVATE_ENTRY
    assert kind(drawn, "PSR") == ROUNDABOUT_ENTRY
    assert kind(drawn, "SRA") == 0


def on_the(side: str, drawn: RoadMap) -> RoadMap:
    """Return a map whose profile table drives on one side."""
    profiles = drawn.network.profiles
    told = profiles.model_copy(update={"turns": profiles.turns.model_copy(update={"drives_on": side})})
    object.__setattr__(drawn.network, "profiles", told)
    return drawn


# ---- The side of the road ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ring", "side"), [("A>b>C>d>A", "left"), ("A<b<C<d<A", "right")])
def test_roundabouts_tell_the_side_of_the_road(ring: str, side: str) -> None:
    other = {"left": "right", "right": "left"}[side]
    drawn = on_the(other, draw("A-b\n| |\nd-C", f"{ring} roundabout"))
    assert drives_on_left(drawn.network) is (side == "left")


@pytest.mark.parametrize("side", ["left", "right"])
def test_without_a_roundabout_the_profile_table_tells_the_side(side: str) -> None:
    drawn = on_the(side, draw("A-B", "A-B"))
    assert drives_on_left(drawn.network) is (side == "left")


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("newport.osm.pbf", "left"),
        ("leeds_north_east.osm.gz", "left"),
        ("bangor_maine.osm.pbf", "right"),
    ],
)
def test_real_towns_drive_on_their_side(name: str, side: str) -> None:
    # The profile table says the other side: the roundabouts must tell.
    network = real_network(name)
    profiles = network.profiles
    other = {"drives_on": "right" if side == "left" else "left"}
    told = profiles.model_copy(update={"turns": profiles.turns.model_copy(update=other)})
    assert drives_on_left(replace(network, profiles=told)) is (side == "left")


# ---- Restrictions ------------------------------------------------------------------------------------------------

TOWN = """
A---B---C
    |   |
D---E---F
"""
ROADS = ("A-B-C", "B-E", "C-F", "D-E-F")


def test_a_ban_forbids_one_turn() -> None:
    assert forbidden(draw(TOWN, *ROADS, turns=["no A>B>E"])) == {"ABE"}


def test_an_obligation_forbids_every_other_turn_and_turning_round() -> None:
    assert forbidden(draw(TOWN, *ROADS, turns=["only A>B>C"])) == {"ABE", "ABA"}


def test_two_obligations_leave_both_ways_open() -> None:
    assert forbidden(draw(TOWN, *ROADS, turns=["only A>B>C", "only A>B>E"])) == {"ABA"}


def test_a_ban_over_a_via_road_forbids_it_only_to_who_came_that_way() -> None:
    drawn = draw(TOWN, *ROADS, turns=["no A>B>E>F"])
    assert forbidden(drawn) == {"*BEF"}
    turns = turns_of(drawn.network)
    ab, be, ef, cb = (drawn.edge(road) for road in ("AB", "BE", "EF", "CB"))
    remembering = state_path(turns, (ab, be))[1]
    assert remembering >= drawn.network.edge_count
    assert state_path(turns, (cb, be)) == [cb, be]
    # What was remembered is forgotten when the drive goes on elsewhere.
    assert state_path(turns, (ab, be, drawn.edge("ED"))) == [ab, remembering, drawn.edge("ED")]
    assert turns.of(remembering, ef) in turns.ruled_turn


def test_an_obligation_over_a_via_road_binds_at_each_of_its_junctions() -> None:
    assert forbidden(draw(TOWN, *ROADS, turns=["only A>B>E>F"])) == {"ABC", "ABA", "*BED", "*BEB"}


def test_restrictions_that_share_a_beginning_are_all_kept() -> None:
    drawn = draw(TOWN, *ROADS, turns=["no A>B>E>F", "no B>E>D", "no A>B>E>D"])
    assert forbidden(drawn) == {"*BEF", "BED", "*BED"}


def test_an_exception_frees_those_it_names() -> None:
    drawn = draw(TOWN, *ROADS, turns=["no A>B>E except=psv;emergency"])
    assert forbidden(drawn, "normal") == {"ABE"}
    assert forbidden(drawn, "response") == set()


def test_an_exception_for_cars_frees_a_police_car() -> None:
    assert forbidden(draw(TOWN, *ROADS, turns=["no A>B>E except=motorcar"]), "normal") == set()


@pytest.mark.parametrize(
    ("when", "hour", "bound"),
    [
        ("(Mo-Fr 07:00-09:00)", 8, {"ABE"}),
        ("(Mo-Fr 07:00-09:00)", 9, set()),
        ("Mo-Fr 07:00-09:00", 8, {"ABE"}),
        ("(Sa-Su)", 8, set()),
        ("(22:00-06:00)", 23, {"ABE"}),
        ("(weight>7.5)", 8, set()),
        ("(wet)", 8, {"ABE"}),
        ("(PH off)", 8, {"ABE"}),
        ("(SH 08:00-09:00)", 12, {"ABE"}),
        ("(sunset-sunrise)", 12, {"ABE"}),
    ],
)
def test_a_condition_binds_at_its_hours_in_local_time(when: str, hour: int, bound: set[str]) -> None:
    drawn = draw(TOWN, *ROADS, turns=[f"no A>B>E when='{when}'"])
    at = datetime(2026, 7, 8, hour, 30 if hour != 9 else 0, tzinfo=LONDON)  # a Wednesday, in summer time
    assert forbidden(drawn, at=at) == bound


def test_a_condition_binds_where_the_moment_is_not_known() -> None:
    assert forbidden(draw(TOWN, *ROADS, turns=["no A>B>E when='(Mo-Fr 07:00-09:00)'"])) == {"ABE"}


def test_every_restriction_of_a_real_town_finds_its_turns() -> None:
    network: Network = real_network("newport.osm.pbf")
    turns = turns_of(network)
    assert set(turns.ruled_by.tolist()) == set(range(len(network.turn_kind)))
