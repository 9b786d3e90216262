"""What stands in a road: barriers, signals and signs as they are tagged."""

from __future__ import annotations

import pytest

from graphs.tags import (
    BLOCKED,
    barrier,
    faces,
    obstacle,
)


def tags(text: str) -> dict[str, str]:
    """Read ``highway=service access=private``."""
    return dict(part.split("=", 1) for part in text.split())


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
