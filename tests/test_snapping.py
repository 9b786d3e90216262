"""Where a vehicle is on the road."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from graphs.errors import Unreachable
from graphs.reference import ReferenceRouter
from graphs.snapping import COURSE_SEARCH_M, FIRST_LOOK_M, MOVING_KMH, snapper
from graphs.times import edge_times
from roadmaps import Point, draw
from snaps import approaches, roads, spots

# ---- One street --------------------------------------------------------------------------------------------------

STREET = draw("A---B", "A-B")


def test_a_vehicle_beside_a_street_may_leave_either_way() -> None:
    found = spots(STREET, STREET.along("AB", 0.25, right_m=12))
    assert roads(STREET, found) == ["AB", "BA"]
    assert [item.fraction for item in found] == pytest.approx([0.25, 0.75], abs=1e-6)
    assert [item.gap_m for item in found] == pytest.approx([12, 12], abs=0.01)
    on_road = STREET.along("AB", 0.25)
    for item in found:
        assert (item.lat, item.lon) == pytest.approx(on_road, abs=1e-7)


def test_twins_add_up_to_the_whole_street() -> None:
    ahead, back = spots(STREET, STREET.along("AB", 0.3, right_m=5))
    assert STREET.network.twin[ahead.edge] == back.edge
    assert ahead.fraction + back.fraction == 1.0


@pytest.mark.parametrize(("share", "fraction"), [(-0.1, 0.0), (0.0, 0.0), (1.0, 1.0), (1.1, 1.0)])
def test_a_vehicle_beyond_the_end_of_a_street_is_at_its_end(share: float, fraction: float) -> None:
    ahead, back = spots(STREET, STREET.along("AB", share))
    assert (ahead.fraction, back.fraction) == pytest.approx((fraction, 1 - fraction), abs=1e-6)


def test_leaving_a_yard_takes_time_at_walking_pace() -> None:
    slow_ms = 30.0 * 3.6 * 1000 / edge_times(STREET.network, "response").profile.off_road_kmh
    for item in spots(STREET, STREET.along("AB", 0.5, right_m=30)):
        assert item.delay_ms == pytest.approx(slow_ms, abs=5)


def test_a_vehicle_on_the_road_leaves_at_once() -> None:
    assert [item.delay_ms for item in spots(STREET, STREET.along("AB", 0.5))] == [0, 0]


def test_a_curve_is_measured_along_its_length() -> None:
    drawn = draw(
        """
        A---b
            |
            |
            |
            C
        """,
        "A-b-C",
    )
    ahead, _ = spots(drawn, drawn.along("bC", 0.5, right_m=3))
    assert ahead.fraction == pytest.approx(6 / 8, abs=1e-4)


# ---- Course and speed --------------------------------------------------------------------------------------------

CARRIAGEWAYS = draw(
    """
    A-----------B
    .           .
    D-----------C
    """,
    "B>A trunk",
    "D>C trunk",
    "A-D",
    "C-B",
    square_m=15,
)


def test_a_car_nearer_the_wrong_carriageway_is_on_the_one_it_drives_along() -> None:
    place = CARRIAGEWAYS.along("AB", 0.5, right_m=10)  # 10 m from the westbound carriageway, 20 m from the eastbound
    assert roads(CARRIAGEWAYS, spots(CARRIAGEWAYS, place)) == ["BA"]
    assert roads(CARRIAGEWAYS, spots(CARRIAGEWAYS, place, course_deg=92, speed_kmh=80)) == ["DC"]
    assert roads(CARRIAGEWAYS, spots(CARRIAGEWAYS, place, course_deg=268, speed_kmh=80)) == ["BA"]


@pytest.mark.parametrize("speed_kmh", [None, 0.0, MOVING_KMH])
def test_the_course_of_a_vehicle_that_does_not_move_is_noise(speed_kmh: float | None) -> None:
    place = CARRIAGEWAYS.along("AB", 0.5, right_m=10)
    assert roads(CARRIAGEWAYS, spots(CARRIAGEWAYS, place, course_deg=92, speed_kmh=speed_kmh)) == ["BA"]


def test_a_speed_without_a_course_tells_no_direction() -> None:
    assert roads(STREET, spots(STREET, STREET.along("AB", 0.5), speed_kmh=40)) == ["AB", "BA"]


def test_driving_along_a_street_turning_round_costs_a_u_turn() -> None:
    times = edge_times(STREET.network, "response")
    for course_deg, order in ((90, ["AB", "BA"]), (270, ["BA", "AB"]), (-90, ["BA", "AB"]), (450, ["AB", "BA"])):
        ahead, back = spots(STREET, STREET.along("AB", 0.5), course_deg=course_deg, speed_kmh=30)
        assert roads(STREET, (ahead, back)) == order
        assert (ahead.delay_ms, back.delay_ms) == (0, times.u_turn_ms)


def test_a_car_just_past_its_turning_on_a_one_way_street_cannot_turn_round() -> None:
    drawn = draw(
        """
        A>>>>>>>B
        |       |
        D-------C
        """,
        "A>B",
        "B-C-D-A",
    )
    place = drawn.along("AB", 0.4, right_m=4)
    for course_deg in (90, 270):
        (only,) = spots(drawn, place, course_deg=course_deg, speed_kmh=30)
        assert drawn.road(only.edge) == "AB"
        assert only.delay_ms == pytest.approx(1440, abs=5)  # the 4 m to the road and no U-turn


def test_a_heading_across_the_street_falls_back_on_the_nearest_road() -> None:
    found = spots(STREET, STREET.along("AB", 0.5), course_deg=0, speed_kmh=30)
    assert roads(STREET, found) == ["AB", "BA"]
    assert [item.delay_ms for item in found] == [0, 0]


@pytest.mark.parametrize(("off_deg", "along"), [(59, True), (61, False)])
def test_how_far_a_course_may_differ(off_deg: float, *, along: bool) -> None:
    (first, second) = spots(STREET, STREET.along("AB", 0.5), course_deg=90 + off_deg, speed_kmh=30)
    assert (second.delay_ms > first.delay_ms) is along


def test_on_a_bend_the_course_is_that_of_the_stretch_beside_the_car() -> None:
    drawn = draw(
        """
        A---b
            |
            |
            C
        """,
        "A-b-C",
    )
    found = spots(drawn, drawn.along("bC", 0.6), course_deg=180, speed_kmh=30)
    assert roads(drawn, found) == ["AC", "CA"]
    assert found[0].delay_ms < found[1].delay_ms
    reverse = spots(drawn, drawn.along("bC", 0.6), course_deg=0, speed_kmh=30)
    assert roads(drawn, reverse) == ["CA", "AC"]


def test_a_doubled_point_does_not_turn_the_road_to_the_north() -> None:
    # Two nodes at one place: the step between them points nowhere.
    drawn = draw("A---B", "A-B")
    lonlat = drawn.network.shape_lonlat
    doubled = replace(drawn.network, shape_start=np.array([0, 3]), shape_lonlat=np.vstack([lonlat[:1], lonlat]))
    near = snapper(doubled).near(*drawn.along("BA", 1.1), 100.0)
    bearings = dict(zip(map(drawn.road, near.edge.tolist()), near.bearing_deg.tolist(), strict=True))
    assert bearings == {"AB": pytest.approx(90.0), "BA": pytest.approx(270.0)}


def test_a_road_that_points_the_right_way_is_looked_for_beyond_the_first_look() -> None:
    drawn = draw(
        """
        A-------B
        |       |
        |       |
        |       |
        D-------C
        """,
        "B>A",
        "D>C",
        "A-D",
        "B-C",
        square_m=25,
    )
    place = drawn.along("AB", 0.5, right_m=30)  # the right way is 70 m off, within 50 m more than the nearest
    assert FIRST_LOOK_M < 70 < 30 + COURSE_SEARCH_M
    assert roads(drawn, spots(drawn, place, course_deg=90, speed_kmh=40)) == ["DC"]


def test_a_road_that_points_the_right_way_far_off_is_not_believed() -> None:
    drawn = draw(
        """
        A-------B
        |       |
        |       |
        |       |
        |       |
        D-------C
        """,
        "B>A",
        "D>C",
        "A-D",
        "B-C",
        square_m=25,
    )
    place = drawn.along("AB", 0.5, right_m=30)
    assert roads(drawn, spots(drawn, place, course_deg=90, speed_kmh=40)) == ["BA"]


def test_a_road_that_points_the_right_way_must_not_be_much_farther_off_than_the_nearest() -> None:
    drawn = draw(
        """
        A-------B
        |       |
        D-------C
        """,
        "B>A",
        "D>C",
        "A-D",
        "B-C",
        square_m=29,
    )
    for right_m, road in ((6, "DC"), (2, "BA")):  # the right way is 52 m off, then 56 m
        place = drawn.along("AB", 0.5, right_m=right_m)
        assert roads(drawn, spots(drawn, place, course_deg=90, speed_kmh=40)) == [road]


# ---- Who may drive there -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["private", "bus", "emergency", "track", "busway bus"])
def test_a_routine_patrol_is_never_put_on_a_road_it_may_not_drive(kind: str) -> None:
    drawn = draw(
        """
        A-------B
        .
        C-------D
        """,
        f"A-B service {kind}" if "way" not in kind and kind != "track" else f"A-B {kind}",
        "C-D",
        "A-C",
        "B-D",
        square_m=20,
    )
    place = drawn.along("AB", 0.5, right_m=1)
    assert roads(drawn, spots(drawn, place, "normal")) == ["CD", "DC"]
    assert roads(drawn, spots(drawn, place, "response")) == ["AB", "BA"]
    assert set(roads(drawn, approaches(drawn, place, "normal"))) == {"CD", "DC"}
    assert set(roads(drawn, approaches(drawn, place, "response"))) == {"AB", "BA", "CD", "DC"}


def test_a_bus_lane_against_a_one_way_street_is_for_response_alone() -> None:
    drawn = draw(
        """
        A---B

        D---C
        """,
        "A-B access=open/bus",
        "B-C-D-A",
    )
    place = drawn.along("AB", 0.5)
    assert roads(drawn, spots(drawn, place, "response")) == ["AB", "BA"]
    assert roads(drawn, spots(drawn, place, "normal")) == ["AB"]
    assert roads(drawn, approaches(drawn, place, "normal")) == ["AB"]


# Seventy junctions: a town beside which an estate of three is an island and not a town of its own.
TOWN = "".join(map(chr, range(0x4E00, 0x4E00 + 70)))
ESTATE = draw(
    f"""
    {TOWN}
       G
       HIJ
    """,
    "-".join(TOWN),
    f"{TOWN[3]}-G-H locked_gate=1",
    "H-I-J",
)


def test_an_estate_behind_a_locked_gate_is_an_island_for_a_routine_patrol() -> None:
    place = ESTATE.along("IJ", 0.5)
    beyond = {"HI", "IH", "IJ", "JI"}
    assert set(roads(ESTATE, spots(ESTATE, place, "response"))) == {"IJ", "JI"}
    assert not beyond & set(roads(ESTATE, spots(ESTATE, place, "normal")))
    assert set(roads(ESTATE, approaches(ESTATE, place, "response"))) <= beyond
    assert not beyond & set(roads(ESTATE, approaches(ESTATE, place, "normal")))


ONE_WAY_STUBS = draw(
    """
    A-------B
    |   |
    F   T
    """,
    "A-B",
    "F>A",
    "B>T",
)


def test_a_vehicle_is_not_put_on_a_street_that_leads_nowhere() -> None:
    assert roads(ONE_WAY_STUBS, spots(ONE_WAY_STUBS, ONE_WAY_STUBS.at("T"))) == ["AB", "BA"]
    assert roads(ONE_WAY_STUBS, spots(ONE_WAY_STUBS, ONE_WAY_STUBS.at("F"))) == ["FA"]


def test_an_incident_is_not_reached_from_a_street_with_no_way_in() -> None:
    assert roads(ONE_WAY_STUBS, approaches(ONE_WAY_STUBS, ONE_WAY_STUBS.at("T"))) == ["BT"]
    assert "FA" not in roads(ONE_WAY_STUBS, approaches(ONE_WAY_STUBS, ONE_WAY_STUBS.at("F")))


def test_a_network_with_no_road_for_a_profile_says_so() -> None:
    drawn = draw("A--B", "A-B private")
    for ask in (spots, approaches):
        with pytest.raises(Unreachable, match="no road that profile normal may use"):
            ask(drawn, drawn.at("A"), "normal")


@pytest.mark.parametrize("place", [(math.nan, -1.25), (54.58, math.inf), (-math.inf, math.nan)])
def test_a_point_that_is_no_place_is_refused(place: Point) -> None:
    for ask in (spots, approaches):
        with pytest.raises(ValueError, match="is no place"):
            ask(STREET, place)


@pytest.mark.parametrize("place", [(-54.58, 178.75), (90.0, 0.0), (-90.0, 180.0), (0.0, 0.0)])
def test_a_point_at_the_other_end_of_the_world_has_an_answer(place: Point) -> None:
    assert roads(STREET, spots(STREET, place)) == ["AB", "BA"]
    assert len(approaches(STREET, place)) == 2


def test_a_gap_within_the_accuracy_of_the_report_is_no_ground_to_cross() -> None:
    router = ReferenceRouter(STREET.network, "response")
    place = STREET.at("A", east_m=50, north_m=30)
    exact, vague, in_between = (router.spots(*place, accuracy_m=radius)[0].delay_ms for radius in (0.0, 30.5, 20.0))
    assert vague == 0
    assert exact > in_between > 0
