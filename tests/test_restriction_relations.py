"""Turn restrictions as mapped: which relations bind a car."""

from __future__ import annotations

import pytest

from graphs.network import TURN_FORBIDDEN, TURN_OBLIGATORY
from graphs.restrictions import Restriction, read_restriction


def relation(*members: tuple[str, str, int], **tags: str) -> Restriction | None:
    return read_restriction({"type": "restriction", **{key.replace("__", ":"): tags[key] for key in tags}}, members)


FROM, VIA, TO = ("from", "w", 1), ("via", "n", 9), ("to", "w", 2)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("no_left_turn", TURN_FORBIDDEN),
        ("no_right_turn", TURN_FORBIDDEN),
        ("no_straight_on", TURN_FORBIDDEN),
        ("no_u_turn", TURN_FORBIDDEN),
        ("no_entry", TURN_FORBIDDEN),
        ("no_exit", TURN_FORBIDDEN),
        ("only_left_turn", TURN_OBLIGATORY),
        ("only_straight_on", TURN_OBLIGATORY),
        ("only_u_turn", TURN_OBLIGATORY),
    ],
)
def test_a_rule_forbids_or_obliges(value: str, kind: int) -> None:
    read = relation(FROM, VIA, TO, restriction=value)
    assert read == Restriction(kind, (1,), (), 9, (2,), u_turn=value.endswith("u_turn"))


@pytest.mark.parametrize(
    "key", ["restriction__hgv", "restriction__bus", "restriction__bicycle", "restriction__hgv__conditional"]
)
def test_a_rule_for_lorries_or_buses_does_not_bind_a_car(key: str) -> None:
    assert relation(FROM, VIA, TO, **{key: "no_left_turn"}) is None


@pytest.mark.parametrize("kind", ["restriction:hgv", "restriction:bus", "restriction:bicycle"])
def test_the_old_way_of_naming_lorries_in_the_type_does_not_bind_a_car_either(kind: str) -> None:
    assert relation(FROM, VIA, TO, type=kind, restriction="no_left_turn") is None


@pytest.mark.parametrize("kind", ["restriction:motorcar", "restriction:motor_vehicle"])
def test_the_old_way_of_naming_cars_in_the_type_binds_a_car(kind: str) -> None:
    assert relation(FROM, VIA, TO, type=kind, restriction="no_left_turn") is not None


@pytest.mark.parametrize("key", ["restriction__motorcar", "restriction__motor_vehicle", "restriction__vehicle"])
def test_a_rule_for_cars_comes_before_that_for_all(key: str) -> None:
    read = relation(FROM, VIA, TO, restriction="no_left_turn", **{key: "only_straight_on"})
    assert read is not None
    assert read.kind == TURN_OBLIGATORY


@pytest.mark.parametrize("value", ["", "none", "give_way", "left_turn", "NO_LEFT_TURN"])
def test_a_rule_that_is_none_binds_nobody(value: str) -> None:
    assert relation(FROM, VIA, TO, restriction=value) is None


@pytest.mark.parametrize(
    "members",
    [
        (),
        (VIA,),
        (FROM, TO),
        (FROM, VIA),
        (VIA, TO),
        (FROM, ("via", "n", 8), VIA, TO),
        (("from", "n", 1), VIA, TO),
        (("", "w", 1), VIA, TO),
        (FROM, ("via", "r", 7), TO),
    ],
)
def test_an_incomplete_relation_binds_nobody(members: tuple[tuple[str, str, int], ...]) -> None:
    assert relation(*members, restriction="no_left_turn") is None


def test_other_roles_do_not_matter() -> None:
    assert relation(("location_hint", "n", 5), FROM, VIA, TO, restriction="no_left_turn") is not None


def test_via_ways_keep_their_order() -> None:
    read = relation(FROM, ("via", "w", 30), ("via", "w", 20), TO, restriction="no_u_turn")
    assert read is not None
    assert (read.via_ways, read.via_node) == ((30, 20), None)


def test_no_entry_from_several_roads_and_no_exit_to_several() -> None:
    read = relation(FROM, ("from", "w", 4), VIA, TO, ("to", "w", 5), restriction="no_entry")
    assert read is not None
    assert (read.from_ways, read.to_ways) == ((1, 4), (2, 5))


def test_an_exception_is_kept() -> None:
    read = relation(FROM, VIA, TO, restriction="no_left_turn", **{"except": "psv;emergency"})
    assert read is not None
    assert read.excepted == "psv;emergency"


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        ("no_left_turn @ (Mo-Fr 07:00-09:30,16:00-18:30)", "(Mo-Fr 07:00-09:30,16:00-18:30)"),
        ("no_left_turn @ Mo-Fr 07:00-19:00", "Mo-Fr 07:00-19:00"),
        ("no_left_turn@(weight>7.5)", "(weight>7.5)"),
    ],
)
def test_a_condition_is_kept(value: str, condition: str) -> None:
    read = relation(FROM, VIA, TO, restriction__conditional=value)
    assert read is not None
    assert (read.kind, read.condition) == (TURN_FORBIDDEN, condition)
