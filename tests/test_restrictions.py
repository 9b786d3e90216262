"""Turn restrictions, and the edges that they bind."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.network import Ints, Network
from graphs.restrictions import resolve
from roadmaps import Builder, RoadMap, draw, path_of, turns_of

DOES_NOT_BIND = "turn restriction: does not bind a car, or is incomplete"
DOES_NOT_MEET = "turn restriction: its roads do not meet in the network"

CROSSROADS = """
      N
      |
    W-X-E
      |
      S
"""
FOUR_ARMS = ("N-X", "E-X", "S-X", "W-X")
# The same, as ways 1 to 4 of a file.
FOUR_WAYS = tuple(f"{arm} highway=residential" for arm in FOUR_ARMS)


@pytest.fixture
def build(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def texts(network: Network, rows: Ints) -> list[str]:
    return [network.text(row) for row in rows.tolist()]


# ---- One turn at one junction ------------------------------------------------------------------------------------


def test_no_left_turn_binds_the_one_turn() -> None:
    assert draw(CROSSROADS, *FOUR_ARMS, turns=["no S>X>W"]).turns() == ["no S>X>W"]


def test_only_straight_on_binds_the_one_turn() -> None:
    assert draw(CROSSROADS, *FOUR_ARMS, turns=["only S>X>N"]).turns() == ["only S>X>N"]


def test_restrictions_keep_their_order() -> None:
    drawn = draw(CROSSROADS, *FOUR_ARMS, turns=["only W>X>E", "no N>X>E", "no E>X>S"])
    assert drawn.turns() == ["only W>X>E", "no N>X>E", "no E>X>S"]


def test_no_entry_binds_each_way_in(build: Builder) -> None:
    network = build(CROSSROADS, *FOUR_WAYS, "1,2>X>4 restriction=no_entry")
    assert turns_of(network) == ["no E>X>W", "no N>X>W"]


def test_no_exit_binds_each_way_out(build: Builder) -> None:
    network = build(CROSSROADS, *FOUR_WAYS, "1>X>3,4 restriction=no_exit")
    assert turns_of(network) == ["no N>X>S", "no N>X>W"]


def test_exceptions_and_conditions_go_with_the_turn(build: Builder) -> None:
    network = build(
        CROSSROADS,
        *FOUR_WAYS,
        "1>X>2 restriction=no_left_turn except=psv",
        "1>X>4 'restriction:conditional=no_right_turn @ (Mo-Fr 07:00-19:00)'",
        "2>X>3 restriction=no_left_turn",
    )
    assert turns_of(network) == ["no N>X>E", "no N>X>W", "no E>X>S"]
    assert texts(network, network.turn_except) == ["psv", "", ""]
    assert texts(network, network.turn_condition) == ["", "(Mo-Fr 07:00-19:00)", ""]


def test_a_from_way_that_passes_through_the_junction_is_bound_from_both_sides(build: Builder) -> None:
    # The map should have cut the way at X; what it says is that neither arm may turn into E.
    ways = ("N-X-S highway=residential", "X-E highway=residential")
    assert turns_of(build(CROSSROADS, *ways, "1>X>2 restriction=no_left_turn")) == [
        "no N>X>E",
        "no S>X>E",
    ]


def test_a_turn_against_a_one_way_street_is_nobodys_turn(build: Builder) -> None:
    ways = ("N-X highway=residential", "E-X highway=residential oneway=yes")
    network = build(CROSSROADS, *ways, "1>X>2 restriction=no_left_turn")
    assert turns_of(network) == []
    assert network.meta.dropped == {DOES_NOT_MEET: 1}


# ---- U-turns -----------------------------------------------------------------------------------------------------


def test_no_u_turn_on_one_road_bans_turning_round_and_not_driving_on(build: Builder) -> None:
    ways = ("W-X-E highway=residential", "N-X highway=residential")
    network = build(CROSSROADS, *ways, "1>X>1 restriction=no_u_turn")
    assert turns_of(network) == ["no E>X>E", "no W>X>W"]


def test_no_straight_on_along_one_road_bans_driving_on_and_not_turning_round(build: Builder) -> None:
    ways = ("W-X-E highway=residential", "N-X highway=residential")
    network = build(CROSSROADS, *ways, "1>X>1 restriction=no_straight_on")
    assert turns_of(network) == ["no E>X>W", "no W>X>E"]


def test_only_straight_on_along_one_road_does_not_offer_a_u_turn(build: Builder) -> None:
    ways = ("W-X-E highway=residential", "N-X highway=residential")
    network = build(CROSSROADS, *ways, "1>X>1 restriction=only_straight_on")
    assert turns_of(network) == ["only E>X>W", "only W>X>E"]


def test_no_u_turn_from_one_carriageway_to_the_other_at_a_shared_end(build: Builder) -> None:
    picture = """
    A--+
       X--E
    B--+
    """
    ways = ("A-X highway=trunk oneway=yes", "X-B highway=trunk oneway=yes", "X-E highway=trunk")
    network = build(picture, *ways, "1>X>2 restriction=no_u_turn")
    assert turns_of(network) == ["no A>X>B"]


def test_no_u_turn_at_the_end_of_a_dead_end(build: Builder) -> None:
    network = build("A--X--B", "A-X highway=residential", "X-B highway=residential", "2>B>2 restriction=no_u_turn")
    assert turns_of(network) == ["no X>B>X"]


# ---- Via ways ----------------------------------------------------------------------------------------------------

DUAL = """
    A<--B<--C
        |
    D-->E-->F
"""
CARRIAGEWAYS = ("C>B>A trunk", "D>E>F trunk")


def test_a_u_turn_by_way_of_a_link_between_carriageways() -> None:
    drawn = draw(DUAL, *CARRIAGEWAYS, "B-E trunk_link", turns=["no D>E>B>A"])
    assert drawn.turns() == ["no D>E>B>A"]


def test_a_via_way_binds_only_those_who_come_from_the_from_way() -> None:
    drawn = draw(DUAL, *CARRIAGEWAYS, "B-E trunk_link", turns=["no D>E>B>A", "only C>B>E>F"])
    assert drawn.turns() == ["no D>E>B>A", "only C>B>E>F"]


def test_two_via_ways_are_followed_in_order() -> None:
    picture = """
    A<--B<--C
        |
        M
        |
    D-->E-->F
    """
    drawn = draw(picture, *CARRIAGEWAYS, "B-M", "M-E", turns=["no D>E>M>B>A"])
    assert drawn.turns() == ["no D>E>M>B>A"]


def test_two_via_ways_in_the_wrong_order_bind_nothing(build: Builder) -> None:
    rows = [f"{stretch} highway=residential" for stretch in ("A-B", "B-C", "C-D", "D-E")]
    right = build("A-B-C-D-E", *rows, "1>2>3>4 restriction=no_straight_on")
    wrong = build("A-B-C-D-E", *rows, "1>3>2>4 restriction=no_straight_on")
    assert (turns_of(right), turns_of(wrong)) == (["no A>B>C>D>E"], [])
    assert wrong.meta.dropped == {DOES_NOT_MEET: 1}


def test_a_via_way_with_a_junction_in_it_is_followed_through(build: Builder) -> None:
    picture = """
    A-B-C-D-E
        |
        S
    """
    rows = ("A-B", "B-C-D", "D-E", "C-S")
    network = build(picture, *(f"{row} highway=residential" for row in rows), "1>2>3 restriction=no_straight_on")
    assert turns_of(network) == ["no A>B>C>D>E"]


def test_a_via_way_is_never_followed_back_to_where_it_began(build: Builder) -> None:
    # From 1 by way of 2 onto 1: the only way would be to turn round in the middle of way 2.
    rows = ("A-B highway=residential", "B-C-D highway=residential", "C-S highway=residential")
    picture = """
    A-B-C-D
        |
        S
    """
    network = build(picture, *rows, "1>2>1 restriction=no_u_turn")
    assert turns_of(network) == []
    assert network.meta.dropped == {DOES_NOT_MEET: 1}


def test_a_via_way_round_a_block_leads_back(build: Builder) -> None:
    picture = """
    A-B-C
      | |
      E-D
    """
    rows = ("A-B highway=residential", "B-C-D-E-B highway=residential", "C-E highway=residential")
    network = build(picture, *rows, "1>2>1 restriction=no_u_turn")
    assert turns_of(network) == ["no A>B>C>E>B>A", "no A>B>E>C>B>A"]


def test_a_via_node_beside_via_ways_does_not_hide_them(build: Builder) -> None:
    rows = [f"{stretch} highway=residential" for stretch in ("A-B", "B-C", "C-D")]
    network = build("A-B-C-D", *rows, "1>B>2>3 restriction=no_straight_on")
    assert turns_of(network) == ["no A>B>C>D"]


# ---- What cannot be resolved -------------------------------------------------------------------------------------


def test_what_cannot_be_resolved_is_counted(build: Builder) -> None:
    network = build(
        CROSSROADS,
        *FOUR_WAYS,
        "1>X>2 restriction=no_left_turn",
        "1>X>77 restriction=no_left_turn",
        "1>E>2 restriction=no_left_turn",
        "1>X>3 restriction:hgv=no_straight_on",
        "1>3 restriction=no_left_turn",
    )
    assert turns_of(network) == ["no N>X>E"]
    assert network.meta.dropped == {DOES_NOT_BIND: 2, DOES_NOT_MEET: 2}


def test_a_restriction_onto_a_footway_binds_nothing(build: Builder) -> None:
    rows = (*FOUR_WAYS[:3], "W-X highway=footway")
    network = build(CROSSROADS, *rows, "1>X>4 restriction=no_right_turn")
    assert network.meta.dropped == {"not for vehicles: footway": 1, DOES_NOT_MEET: 1}


def test_a_restriction_at_a_junction_that_bollards_have_cut_binds_nothing(build: Builder) -> None:
    network = build(
        CROSSROADS,
        *FOUR_WAYS,
        "X barrier=bollard",
        "1>X>2 restriction=no_left_turn",
    )
    assert network.meta.dropped[DOES_NOT_MEET] == 1


def test_a_network_without_restrictions_has_empty_columns() -> None:
    network = draw("A-B", "A-B").network
    assert network.turn_start.tolist() == [0]
    assert [len(column) for column in (network.turn_edge, network.turn_kind, network.turn_except)] == [0, 0, 0]


# ---- On random maps ----------------------------------------------------------------------------------------------

BLOCK = """
    A-B-C
    | | |
    D-E-F
    | | |
    G-H-I
"""
STREETS = ("A-B-C", "D-E-F", "G-H-I", "A-D-G", "B-E-H", "C-F-I")
BLOCKS = draw(BLOCK, *STREETS)


@st.composite
def drives(draws: st.DrawFn) -> str:
    """Draw a way through the blocks: two to five streets that come by no place twice."""
    network = BLOCKS.network
    edge = draws(st.sampled_from(range(network.edge_count)))
    path = [edge]
    for _ in range(draws(st.integers(1, 4))):
        onward = range(network.out_start[network.head[edge]], network.out_start[network.head[edge] + 1])
        passed = {int(network.tail[step]) for step in path}
        choices = [choice for choice in onward if int(network.head[choice]) not in passed]
        if not choices:
            break
        edge = draws(st.sampled_from(choices))
        path.append(edge)
    return path_of(network, path)


def resolved(drawn: RoadMap) -> set[str]:
    return {turn.split()[1] for turn in drawn.turns()}


@given(drives(), st.sampled_from(["no", "only"]))
def test_any_drive_that_is_restricted_is_found_again(drive: str, rule: str) -> None:
    assert resolved(draw(BLOCK, *STREETS, turns=[f"{rule} {drive}"])) == {drive}


@given(st.lists(drives(), min_size=1, max_size=4))
def test_every_resolved_turn_is_a_drive_along_its_ways(found: list[str]) -> None:
    network = draw(BLOCK, *STREETS, turns=[f"no {drive}" for drive in found]).network
    for start, end in zip(network.turn_start[:-1], network.turn_start[1:], strict=True):
        chain = network.turn_edge[start:end]
        assert len(chain) >= 2
        assert (network.head[chain[:-1]] == network.tail[chain[1:]]).all()


def test_nothing_to_resolve_is_nothing() -> None:
    network = BLOCKS.network
    assert resolve([], network.node_id, network.tail, network.head, network.way_id, network.twin) == ([], 0)
