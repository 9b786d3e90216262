"""What real tags say about driving, British ones above all."""

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
    faces,
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


# ---- Barriers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("barrier=no", None),
        ("barrier=entrance", None),
        ("barrier=cattle_grid", None),
        ("barrier=height_restrictor maxheight=2.1", None),
        ("barrier=kerb", None),
        ("barrier=gate", "gate"),
        ("barrier=gate access=yes", "gate"),
        ("barrier=gate access=permissive", "gate"),
        ("barrier=gate motor_vehicle=destination", "gate"),
        ("barrier=gate locked=no", "gate"),
        ("barrier=lift_gate", "gate"),
        ("barrier=swing_gate", "gate"),
        ("barrier=toll_booth", "gate"),
        ("barrier=gate locked=yes", "locked_gate"),
        ("barrier=gate locked=yes access=yes", "locked_gate"),
        ("barrier=gate access=private", "locked_gate"),
        ("barrier=gate access=no foot=yes", "locked_gate"),
        ("barrier=gate motor_vehicle=private", "locked_gate"),
        ("barrier=lift_gate access=no emergency=yes", "locked_gate"),
        ("barrier=lift_gate access=no bus=yes", "locked_gate"),
        ("barrier=chain access=private", "locked_gate"),
    ],
)
def test_a_gate_opens_or_is_locked(text: str, expected: str | None) -> None:
    assert barrier(tags(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("barrier=bollard", BLOCKED),
        ("barrier=bollard bicycle=yes foot=yes", BLOCKED),
        ("barrier=bollard access=no bicycle=yes", BLOCKED),
        ("barrier=bollard access=private", BLOCKED),
        ("barrier=block", BLOCKED),
        ("barrier=jersey_barrier", BLOCKED),
        ("barrier=cycle_barrier", BLOCKED),
        ("barrier=motorcycle_barrier", BLOCKED),
        ("barrier=kissing_gate", BLOCKED),
        ("barrier=stile", BLOCKED),
        ("barrier=planter", BLOCKED),
        ("barrier=yes", BLOCKED),
        ("barrier=bus_trap", BLOCKED),
        ("barrier=bollard motor_vehicle=yes", None),
        ("barrier=yes access=yes", None),
        ("barrier=block motor_vehicle=destination", None),
        ("barrier=bollard bollard=rising", "gate"),
        ("barrier=rising_bollard", "gate"),
        ("barrier=bollard bollard=removable access=private", "locked_gate"),
        ("barrier=bollard access=no emergency=yes", "locked_gate"),
        ("barrier=bollard emergency=yes", "locked_gate"),
        ("barrier=bollard emergency=yes bicycle=yes foot=yes", "locked_gate"),
        ("barrier=bollard access=no bus=yes", "locked_gate"),
        ("barrier=bollard bus=yes", "locked_gate"),
        ("barrier=bus_trap bus=yes", BLOCKED),
        ("barrier=bus_trap access=no bus=designated", BLOCKED),
        ("barrier=sump_buster access=no psv=yes", BLOCKED),
    ],
)
def test_a_bollard_stops_cars_unless_it_can_be_lowered(text: str, expected: str | None) -> None:
    assert barrier(tags(text)) == expected


# ---- Signals and signs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("highway=traffic_signals", "signals"),
        ("highway=traffic_signals crossing=traffic_signals", "signals"),
        ("highway=stop", "stop"),
        ("highway=give_way", "give_way"),
        ("highway=crossing crossing=traffic_signals", "crossing"),
        ("highway=crossing crossing:signals=yes", "crossing"),
        ("highway=crossing crossing=marked crossing:signals=yes", "crossing"),
        ("highway=crossing crossing=toucan", "crossing"),
        ("highway=crossing crossing=pelican", "crossing"),
        ("highway=crossing crossing=puffin", "crossing"),
        ("highway=crossing crossing=pegasus", "crossing"),
        ("highway=crossing crossing=zebra", None),
        ("highway=crossing crossing=uncontrolled crossing_ref=zebra", None),
        ("highway=crossing crossing=unmarked", None),
        ("highway=crossing crossing=marked crossing:signals=no", None),
        ("highway=crossing", None),
        ("railway=level_crossing", "level_crossing"),
        ("railway=level_crossing crossing:barrier=full", "level_crossing"),
        ("railway=crossing", None),
        ("highway=mini_roundabout direction=clockwise", None),
        ("highway=bus_stop", None),
        ("highway=street_lamp", None),
        ("barrier=gate highway=crossing crossing=traffic_signals", "gate"),
        ("barrier=bollard highway=crossing", BLOCKED),
        ("barrier=kerb highway=crossing crossing=traffic_signals", "crossing"),
        ("", None),
    ],
)
def test_what_a_driver_meets(text: str, expected: str | None) -> None:
    assert obstacle(tags(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("traffic_signals:direction=forward", "forward"),
        ("traffic_signals:direction=backward direction=forward", "backward"),
        ("direction=backward", "backward"),
        ("direction=both", None),
        ("traffic_signals:direction=both direction=forward", None),
        ("direction=clockwise", None),
        ("direction=90", None),
        ("", None),
    ],
)
def test_a_sign_faces_the_way_it_is_tagged(text: str, expected: str | None) -> None:
    assert faces(tags(text)) == expected


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
