"""What the tags of a way say about driving, British ones above all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.tags import (
    ACCESS_GROUPS,
    BLOCKED,
    OBSTACLES,
    ROAD_CLASSES,
    access_group,
    barrier,
    directions,
    dropped_because,
    is_bridge,
    is_roundabout,
    is_tunnel,
    obstacle,
    road_class,
)


def tags(text: str) -> dict[str, str]:
    """Read ``highway=service access=private``."""
    return dict(part.split("=", 1) for part in text.split())


# ---- Class of road -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in ROAD_CLASSES if name != "pedestrian"])
def test_every_class_is_itself(name: str) -> None:
    assert road_class({"highway": name}) == name


@pytest.mark.parametrize(
    "value", ["footway", "cycleway", "path", "steps", "bridleway", "construction", "no", "", "Residential"]
)
def test_ways_that_no_car_drives_have_no_class(value: str) -> None:
    assert road_class({"highway": value}) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("highway=pedestrian", None),
        ("highway=pedestrian motor_vehicle=no", None),
        ("highway=pedestrian motor_vehicle=private", None),
        ("highway=pedestrian bicycle=yes foot=designated", None),
        ("highway=pedestrian motor_vehicle=destination", "pedestrian"),
        ("highway=pedestrian motor_vehicle=delivery", "pedestrian"),
        ("highway=pedestrian motor_vehicle=permissive", "pedestrian"),
        ("highway=pedestrian motorcar=yes", "pedestrian"),
    ],
)
def test_a_pedestrian_street_is_a_road_only_where_motors_are_let_in(text: str, expected: str | None) -> None:
    assert road_class(tags(text)) == expected


# ---- Who may drive -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("", "open"),
        ("access=yes", "open"),
        ("access=permissive", "open"),
        ("access=destination", "destination"),
        ("motor_vehicle=destination", "destination"),
        ("access=customers", "destination"),
        ("access=permit", "destination"),
        ("access=residents", "destination"),
        ("access=private", "private"),
        ("motor_vehicle=agricultural", "private"),
        ("motor_vehicle=agricultural;forestry", "private"),
        ("access=military", "private"),
        ("access=no", "no"),
        ("vehicle=no", "no"),
        ("motor_vehicle=no", "no"),
        ("access= Private ", "private"),
    ],
)
def test_an_access_value_has_its_group(text: str, group: str) -> None:
    assert access_group(dict([text.split("=", 1)] if text else [])) == group


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("access=no motor_vehicle=yes", "open"),
        ("access=private motor_vehicle=permissive", "open"),
        ("access=yes motor_vehicle=private", "private"),
        ("vehicle=no motor_vehicle=destination", "destination"),
        ("motor_vehicle=no motorcar=yes", "open"),
        ("motorcar=no motor_vehicle=yes access=yes", "no"),
        ("access=destination vehicle=private", "private"),
    ],
)
def test_the_most_specific_key_decides(text: str, group: str) -> None:
    assert access_group(tags(text)) == group


@pytest.mark.parametrize(
    "value", ["unknown", "fixme", "A&E Only", "variable", "residents;customers", "discouraged", "", "£5"]
)
def test_a_value_that_nobody_understands_is_private(value: str) -> None:
    assert access_group({"access": value}) == "private"


@pytest.mark.parametrize(
    "text",
    [
        "access=no bus=yes",
        "access=no psv=yes taxi=yes bicycle=yes",
        "motor_vehicle=no bus=designated",
        "motor_vehicle=no psv=designated",
        "access=no bus=permissive",
        "vehicle=no minibus=yes",
        "motorcar=no bus=yes",
        "highway=busway",
        "highway=busway access=yes",
        "highway=busway access=no bus=designated",
    ],
)
def test_a_bus_gate_is_for_buses(text: str) -> None:
    assert access_group(tags(text)) == "bus"


def test_a_busway_that_lets_cars_in_is_open() -> None:
    assert access_group(tags("highway=busway motor_vehicle=yes")) == "open"


@pytest.mark.parametrize(
    "text",
    [
        "access=no emergency=yes",
        "access=no emergency=designated",
        "motor_vehicle=no emergency=yes",
        "access=private emergency=yes",
        "access=no police=yes",
        "access=no access:police=yes",
        "access=emergency",
        "vehicle=emergency",
        "motor_vehicle=emergency",
        "highway=service service=emergency_access",
        "highway=service service=emergency_access access=yes",
        "highway=service service=emergency_access access=no",
        "access=no bus=yes emergency=yes",
    ],
)
def test_a_road_for_emergency_vehicles(text: str) -> None:
    assert access_group(tags(text)) == "emergency"


@pytest.mark.parametrize(
    "text",
    ["access=no emergency=no", "access=no bus=no", "access=no emergency=private", "motor_vehicle=no bicycle=yes"],
)
def test_nobody_is_let_in_by_a_tag_that_keeps_out(text: str) -> None:
    assert access_group(tags(text)) == "no"


@pytest.mark.parametrize("text", ["emergency=yes", "bus=designated", "psv=yes", "motor_vehicle=yes bus=designated"])
def test_a_road_open_to_all_stays_open(text: str) -> None:
    assert access_group(tags(text)) == "open"


# ---- Which way ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("highway=residential", ("open", "open")),
        ("highway=residential oneway=no", ("open", "open")),
        ("highway=residential oneway=yes", ("open", None)),
        ("highway=residential oneway=true", ("open", None)),
        ("highway=residential oneway=1", ("open", None)),
        ("highway=residential oneway=YES", ("open", None)),
        ("highway=residential oneway=-1", (None, "open")),
        ("highway=residential oneway=reverse", (None, "open")),
        ("highway=residential oneway=yes motor_vehicle=destination", ("destination", None)),
        ("highway=residential oneway=-1 access=private", (None, "private")),
        ("highway=residential access=no", (None, None)),
        ("highway=residential oneway=yes access=no", (None, None)),
    ],
)
def test_one_way_streets(text: str, expected: tuple[str | None, str | None]) -> None:
    assert directions(tags(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("highway=primary junction=roundabout", ("open", None)),
        ("highway=primary junction=circular", ("open", None)),
        ("highway=primary junction=roundabout oneway=no", ("open", "open")),
        ("highway=primary junction=roundabout oneway=-1", (None, "open")),
        ("highway=motorway", ("open", None)),
        ("highway=motorway_link", ("open", None)),
        ("highway=motorway oneway=no", ("open", "open")),
        ("highway=motorway_link oneway=-1", (None, "open")),
        ("highway=trunk", ("open", "open")),
        ("highway=trunk_link", ("open", "open")),
        ("highway=residential junction=mini_roundabout", ("open", "open")),
    ],
)
def test_roundabouts_and_motorways_are_one_way_unless_tagged_otherwise(
    text: str, expected: tuple[str | None, str | None]
) -> None:
    assert directions(tags(text)) == expected


def test_a_one_way_for_cyclists_alone_binds_no_car() -> None:
    assert directions(tags("highway=residential oneway:bicycle=yes")) == ("open", "open")


def test_cycling_against_a_one_way_street_opens_it_to_no_car() -> None:
    assert directions(tags("highway=residential oneway=yes oneway:bicycle=no cycleway=opposite")) == ("open", None)


def test_a_one_way_for_motors_alone() -> None:
    assert directions(tags("highway=residential oneway=no oneway:motor_vehicle=yes")) == ("open", None)
    assert directions(tags("highway=residential oneway=yes oneway:motor_vehicle=no")) == ("open", "open")
    assert directions(tags("highway=residential oneway:vehicle=-1")) == (None, "open")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("highway=primary oneway=yes oneway:bus=no", ("open", "bus")),
        ("highway=primary oneway=yes oneway:psv=no", ("open", "bus")),
        ("highway=primary oneway=yes busway=opposite_lane", ("open", "bus")),
        ("highway=primary oneway=yes busway:right=opposite_lane", ("open", "bus")),
        ("highway=primary oneway=-1 oneway:bus=no", ("bus", "open")),
        ("highway=primary oneway=yes oneway:emergency=no", ("open", "emergency")),
        ("highway=primary oneway=yes oneway:emergency=no oneway:bus=no", ("open", "emergency")),
        ("highway=primary oneway=yes busway=lane", ("open", None)),
        ("highway=primary oneway=yes oneway:bus=yes", ("open", None)),
        ("highway=primary access=no oneway=yes oneway:bus=no", (None, None)),
        ("highway=busway oneway=yes oneway:bus=no", ("bus", "bus")),
    ],
)
def test_a_contraflow_lane_is_open_to_those_it_is_tagged_for(
    text: str, expected: tuple[str | None, str | None]
) -> None:
    assert directions(tags(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("highway=residential motor_vehicle:backward=no", ("open", None)),
        ("highway=residential vehicle:forward=no", (None, "open")),
        ("highway=residential access:backward=no", ("open", None)),
        ("highway=residential motorcar:backward=no", ("open", None)),
        ("highway=residential motor_vehicle:backward=no bus:backward=yes", ("open", "bus")),
        ("highway=residential motor_vehicle:backward=no psv=yes", ("open", "bus")),
        ("highway=residential motor_vehicle:forward=destination", ("destination", "open")),
        ("highway=residential access=private motor_vehicle:backward=no", ("private", None)),
        ("highway=residential motor_vehicle:backward=no motor_vehicle:forward=no", (None, None)),
        ("highway=residential oneway=yes motor_vehicle:backward=yes", ("open", None)),
        ("highway=residential bicycle:backward=no", ("open", "open")),
    ],
)
def test_no_entry_at_one_end_of_a_two_way_street(text: str, expected: tuple[str | None, str | None]) -> None:
    assert directions(tags(text)) == expected


# ---- What is no road ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("highway=residential", None),
        ("highway=pedestrian motor_vehicle=delivery", None),
        ("highway=residential oneway=reversible", "reversible lane: direction unknown"),
        ("highway=residential oneway=alternating", "reversible lane: direction unknown"),
        ("highway=steps", "not for vehicles: steps"),
        ("highway=construction construction=primary", "not for vehicles: construction"),
        ("highway=pedestrian", "not for vehicles: pedestrian"),
        ("highway=pedestrian area=yes", "area"),
        ("highway=service area=yes", "area"),
        ("highway=resdential", "unknown highway tag: resdential"),
        ("highway=unclassified;tertiary", "unknown highway tag: unclassified;tertiary"),
        ("highway=discontinued", "unknown highway tag: discontinued"),
        ("highway=service access=no", "no access"),
        ("highway=service motor_vehicle=no bicycle=yes", "no access"),
        ("highway=residential motor_vehicle:backward=no motor_vehicle:forward=no", "no access"),
        ("highway=service access=no bus=yes", None),
        ("route=ferry", "ferry"),
        ("route=ferry motor_vehicle=yes name=Woolwich", "ferry"),
        ("route=ferry highway=primary", None),
    ],
)
def test_what_is_left_out_says_why(text: str, reason: str | None) -> None:
    assert dropped_because(tags(text)) == reason


# ---- Structures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tunnel=yes", True),
        ("tunnel=building_passage", True),
        ("covered=yes", True),
        ("tunnel=no", False),
        ("tunnel=", False),
        ("covered=no", False),
        ("tunnel=culvert", False),
        ("layer=-1", False),
        ("", False),
    ],
)
def test_tunnels(text: str, *, expected: bool) -> None:
    assert is_tunnel(tags(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bridge=yes", True),
        ("bridge=viaduct", True),
        ("bridge=no", False),
        ("bridge=", False),
        ("layer=1", False),
        ("", False),
    ],
)
def test_bridges(text: str, *, expected: bool) -> None:
    assert is_bridge(tags(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("junction=roundabout", True),
        ("junction=circular", True),
        ("junction=yes", False),
        ("highway=mini_roundabout", False),
    ],
)
def test_roundabouts(text: str, *, expected: bool) -> None:
    assert is_roundabout(tags(text)) is expected


# ---- Whatever is written -----------------------------------------------------------------------------------------

KEYS = (
    "highway", "access", "vehicle", "motor_vehicle", "motorcar", "bus", "psv", "emergency", "oneway", "oneway:bus",
    "junction", "service", "barrier", "bollard", "locked", "area", "route", "busway", "motor_vehicle:backward",
    "access:forward",
)  # fmt: skip
VALUES = st.sampled_from(
    (*ROAD_CLASSES, "yes", "no", "-1", "private", "destination", "designated", "emergency", "roundabout",
     "opposite_lane", "gate", "bollard", "ferry", "reversible", "", " YES ", "yes;no", "İ", "\x00")
)  # fmt: skip
ANY_TAGS = st.dictionaries(st.sampled_from(KEYS), VALUES | st.text(max_size=5), max_size=8)


@given(ANY_TAGS)
def test_whatever_is_written_has_a_plain_answer(written: dict[str, str]) -> None:
    assert road_class(written) in (None, *ROAD_CLASSES)
    assert access_group(written) in ACCESS_GROUPS
    assert set(directions(written)) <= {None, "open", "destination", "private", "bus", "emergency"}
    assert barrier(written) in (None, "gate", "locked_gate", BLOCKED)
    assert obstacle(written) in (None, BLOCKED, *OBSTACLES)


@given(ANY_TAGS)
def test_what_is_kept_can_be_driven_by_somebody_in_some_direction(written: dict[str, str]) -> None:
    if "highway" in written and dropped_because(written) is None:
        assert road_class(written) is not None
        assert directions(written) != (None, None)


@given(ANY_TAGS)
def test_turning_the_one_way_tag_round_turns_the_answer_round(written: dict[str, str]) -> None:
    turned = {
        "motor_vehicle:forward" if key == "motor_vehicle:backward" else
        "access:backward" if key == "access:forward" else key: value
        for key, value in written.items()
        if key != "oneway"
    }  # fmt: skip
    ahead = directions({**written, "oneway": "yes"})
    assert directions({**turned, "oneway": "-1"}) == ahead[::-1]
