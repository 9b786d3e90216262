"""Vehicles that move without events: where they are does not depend on when anybody asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.conditions import Change, Conditions, Stretch
from graphs.driven import driven
from graphs.legs import leg_parts
from graphs.router import Router
from nightshift import TOWN
from scenarios.beats import NO_BEAT, beats_of
from scenarios.movement import Movement
from shifts import BANKS, START, banks

ROUTER = Router(BANKS.network, "normal")
EVERYWHERE = np.zeros(BANKS.network.edge_count, np.int64)
HOUR_MS = 3_600_000


def moving(slots: int = 1) -> Movement:
    """Make vehicles at the town's first edge."""
    made = Movement(ROUTER.edge_times, 1.5, EVERYWHERE, slots)
    for slot in range(slots):
        made.stand(slot, BANKS.edge("DE"), 0.25, 0)
    return made


def drive(there: Movement, slot: int = 0, place: str = "P") -> int:
    """Let a vehicle drive from where it stands to a place; return how long it takes."""
    edge, fraction, _ = there.stop(slot, 0)
    lat, lon = there.place_of(edge, fraction)
    leg = ROUTER.route(lat, lon, *BANKS.at(place))
    assert leg is not None
    way = driven(ROUTER.edge_times, leg)
    assert way.time_ms == leg.drive_ms
    there.drive(slot, way, 0)
    return way.time_ms


def test_a_drive_takes_the_time_and_the_length_of_its_leg() -> None:
    leg = ROUTER.route(*BANKS.at("A"), *BANKS.along("PS", 0.3))
    assert leg is not None
    way, parts = driven(ROUTER.edge_times, leg), leg_parts(ROUTER.edge_times, leg)
    assert way.time_ms == leg.drive_ms == sum(part.time_ms for part in parts)
    there = moving()
    there.drive(0, way, 0)
    assert there.driven_cm(0, way.time_ms) == round(leg.length_m * 100)
    edge, fraction, moved = there.stop(0, way.time_ms)
    assert not moved
    assert there.place_of(edge, fraction) == pytest.approx((leg.approach.lat, leg.approach.lon), abs=1e-6)


def test_what_chance_adds_leaves_turns_as_they_are() -> None:
    leg = ROUTER.route(*BANKS.at("A"), *BANKS.at("S"))
    assert leg is not None
    slow, usual = driven(ROUTER.edge_times, leg, 2.0), driven(ROUTER.edge_times, leg)
    turns = usual.begin == usual.end
    assert (slow.lasts_ms[turns] == usual.lasts_ms[turns]).all()
    assert (slow.lasts_ms[~turns] == 2 * usual.lasts_ms[~turns]).all()


def test_a_slowed_stretch_is_driven_slowly() -> None:
    edge = BANKS.edge("EF")
    slowed = Conditions(changes=(Change("works", (Stretch(edge, 0.25, 0.75),), 0.5),), network=BANKS.network.hash)
    router = Router(BANKS.network, "normal", slowed, START)
    leg = router.route(*BANKS.at("D"), *BANKS.along("FJ", 0.5))
    assert leg is not None
    assert driven(router.edge_times, leg).time_ms == leg.drive_ms


def test_a_vehicle_stopped_on_its_way_has_driven_that_far() -> None:
    there = moving()
    whole_ms = drive(there)
    seen = [there.driven_cm(0, at_ms) for at_ms in range(0, whole_ms, 1_000)]
    assert seen == sorted(seen)
    half = moving()
    drive(half)
    half.stop(0, whole_ms // 2)
    assert half.driven_cm(0, whole_ms) == half.driven_cm(0, whole_ms // 2) > 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2 * HOUR_MS), max_size=12), st.integers(0, 2**63))
def test_where_a_patrol_is_does_not_depend_on_who_asked_before(asked_ms: list[int], seed: int) -> None:
    often, once = moving(), moving()
    for there in (often, once):
        there.wander(0, 0, seed, 0)
    slot = np.array([0])
    for at_ms in sorted(asked_ms):
        often.reports(slot, at_ms)
    for one, other in zip(often.reports(slot, 2 * HOUR_MS), once.reports(slot, 2 * HOUR_MS), strict=True):
        assert np.array_equal(one, other, equal_nan=True)
    assert often.driven_cm(0, 2 * HOUR_MS) == once.driven_cm(0, 2 * HOUR_MS)


def test_a_patrol_keeps_to_its_beat_and_sees_all_of_it() -> None:
    scenario = banks()
    beats = beats_of(scenario, ROUTER.edge_times)
    west = beats.of_sector["west"]
    there = Movement(ROUTER.edge_times, 1.5, beats.edge, 1)
    there.stand(0, BANKS.edge("DE"), 0.25, 0)
    there.wander(0, west, 7, 0)
    seen = set()
    for at_ms in range(0, 24 * HOUR_MS, 5_000):
        there.reports(np.array([0]), at_ms)
        seen.add(int(there.fleet.edge[0]))
    assert seen == set(beats.streets("west").tolist())


def test_no_patrol_turns_back_where_it_can_go_on() -> None:
    there = moving()
    there.wander(0, 0, 3, 0)
    twin, before = BANKS.network.twin, -1
    for at_ms in range(0, 4 * HOUR_MS, 2_000):
        there.reports(np.array([0]), at_ms)
        edge = int(there.fleet.edge[0])
        assert before == -1 or edge != twin[before]
        before = edge


def test_a_patrol_where_no_street_leads_on_stands() -> None:
    town = TOWN.network
    times = Router(town, "normal").edge_times
    there = Movement(times, 1.0, np.full(town.edge_count, NO_BEAT), 1)
    there.stand(0, TOWN.edge("AD"), 0.5, 0)
    there.wander(0, 0, 1, 0)
    assert not there.stop(0, HOUR_MS)[2]


def test_a_report_tells_course_and_speed_of_who_moves_alone() -> None:
    there = moving(2)
    drive(there)
    _, lon, course_deg, speed_kmh = there.reports(np.array([0, 1]), 8_000)
    assert 60.0 < course_deg[0] < 120.0
    assert speed_kmh[0] > 5.0
    assert np.isnan(course_deg[1])
    assert speed_kmh[1] == 0.0
    assert lon[0] > lon[1]


def test_kernels_do_the_same_uncompiled() -> None:
    from scenarios import movement_kernels  # noqa: PLC0415

    there = moving()
    drive(there)
    slots = np.array([0])
    there.reports(slots, 0)
    told = movement_kernels.reports.py_func(there.fleet, there.streets, slots, 0)  # type: ignore[attr-defined]
    for one, other in zip(told, there.reports(slots, 0), strict=True):
        assert np.array_equal(one, other, equal_nan=True)
