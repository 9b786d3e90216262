"""Motorways, tunnels and bridges; and from where an incident is reached on foot."""

from __future__ import annotations

import pytest

from graphs.snapping import snapper
from graphs.times import edge_times
from roadmaps import draw
from snaps import approaches, roads, spots

# ---- Motorways, tunnels, bridges ---------------------------------------------------------------------------------

SERVICES = draw(
    """
    A---------------B
    .
    .
    .
    P---------------Q
    |               |
    R---------------S
    """,
    "A>B motorway",
    "B-S-R-A motorway_link",
    "P-Q service",
    "P-R service",
    square_m=20,
)


def test_a_car_park_beside_a_motorway_is_not_on_the_motorway() -> None:
    place = SERVICES.along("AB", 0.5, right_m=20)  # 20 m from the motorway, 60 m from the car park's road
    assert roads(SERVICES, spots(SERVICES, place)) == ["PQ", "QP"]


@pytest.mark.parametrize("right_m", [-13, -20, -40])
def test_a_car_park_a_little_beyond_the_first_look_is_still_not_on_the_motorway(right_m: float) -> None:
    drawn = draw(
        """
        A---------------B
        .
        .
        .
        P---------------Q
        |               |
        R---------------S
        """,
        "A>B motorway",
        "B-S-R-A motorway_link",
        "P-Q service",
        "P-R service",
        square_m=12,
    )
    place = drawn.along("AB", 0.5, right_m=right_m)  # the car park's road is 48 m behind the motorway
    assert roads(drawn, spots(drawn, place)) == ["PQ", "QP"]


def test_a_car_that_stands_on_a_motorway_far_from_other_roads_is_on_it() -> None:
    place = SERVICES.along("AB", 0.5, right_m=2)  # any other road is more than 50 m farther off
    assert roads(SERVICES, spots(SERVICES, place)) == ["AB"]


@pytest.mark.parametrize(("right_m", "road"), [(2, "AB"), (4, "PQ")])
def test_a_motorway_is_believed_where_it_is_nearer_by_fifty_metres(right_m: float, road: str) -> None:
    drawn = draw(
        """
        A---------------B
        .
        .
        P---------------Q
        |               |
        R---------------S
        """,
        "A>B motorway",
        "B-S-R-A motorway_link",
        "P-Q service",
        "P-R service",
        square_m=18.5,
    )
    place = drawn.along("AB", 0.5, right_m=right_m)  # the car park's road is 55.5 m from the motorway
    assert roads(drawn, spots(drawn, place))[0] == road


def test_a_car_that_drives_along_a_motorway_is_on_it() -> None:
    place = SERVICES.along("AB", 0.5, right_m=35)
    assert roads(SERVICES, spots(SERVICES, place, course_deg=90, speed_kmh=100)) == ["AB"]


def test_a_report_above_a_tunnel_is_on_the_street() -> None:
    drawn = draw(
        """
        A-------B
        .
        C-------D
        """,
        "A-B primary tunnel",
        "C-D",
        "A-C",
        "B-D",
        square_m=20,
    )
    place = drawn.along("AB", 0.5)
    assert roads(drawn, spots(drawn, place)) == ["CD", "DC"]
    assert roads(drawn, spots(drawn, place, course_deg=90, speed_kmh=50))[0] == "CD"


def test_a_report_that_can_only_come_from_a_tunnel_is_in_it() -> None:
    drawn = draw("A-------B", "A-B tunnel")
    assert roads(drawn, spots(drawn, drawn.along("AB", 0.5))) == ["AB", "BA"]


def test_a_bridge_over_a_street_is_told_from_it_by_the_course() -> None:
    drawn = draw(
        """
          N
        W . E
          S
        """,
        "W-E trunk bridge",
        "N-S",
        "W-S",
        "E-N",
    )
    place = drawn.along("WE", 0.5)
    assert roads(drawn, spots(drawn, place, course_deg=88, speed_kmh=50))[0] == "WE"
    assert roads(drawn, spots(drawn, place, course_deg=182, speed_kmh=50))[0] == "NS"


def test_an_incident_under_a_bridge_is_not_reached_from_the_bridge() -> None:
    drawn = draw(
        """
          N
        W . E
          S
        """,
        "W-E trunk bridge",
        "N-S",
        "W-S",
        "E-N",
    )
    place = drawn.along("WE", 0.5)
    assert set(roads(drawn, approaches(drawn, place))) == {"NS", "SN"}
    assert set(roads(drawn, approaches(drawn, place, on_road=True))) == {"NS", "SN", "WE", "EW"}


@pytest.mark.parametrize("kind", ["motorway", "motorway_link", "trunk_link", "primary bridge", "primary tunnel"])
def test_nobody_stops_there_unless_the_incident_is_on_it(kind: str) -> None:
    drawn = draw(
        """
        A-------B
        |       |
        |       |
        |       |
        D-------C
        """,
        f"A>B {kind}",
        "B-C-D-A",
    )
    place = drawn.along("AB", 0.5)
    assert "AB" not in roads(drawn, approaches(drawn, place))
    assert "AB" in roads(drawn, approaches(drawn, place, on_road=True))


def test_a_trunk_road_is_a_place_to_stop() -> None:
    drawn = draw("A-------B", "A-B trunk")
    assert roads(drawn, approaches(drawn, drawn.along("AB", 0.5))) == ["AB", "BA"]


# ---- Walking the rest --------------------------------------------------------------------------------------------

LADDER = draw(
    """
    A-------B
    .
    C-------D
    .
    .
    E-------F
    """,
    "A-B",
    "C-D",
    "E-F",
    "A-C-E",
    "B-D-F",
    square_m=25,
)


def test_an_incident_is_reached_from_every_road_within_the_walk() -> None:
    found = approaches(LADDER, LADDER.along("AB", 0.5, right_m=20))
    assert roads(LADDER, found) == ["AB", "BA", "CD", "DC"]
    assert [item.gap_m for item in found] == pytest.approx([20, 20, 30, 30], abs=0.01)
    walk_m_s = edge_times(LADDER.network, "response").profile.walk_m_s
    assert [item.walk_ms for item in found] == [round(item.gap_m / walk_m_s * 1000) for item in found]
    assert found[0].walk_ms == pytest.approx(20 / 1.4 * 1000, abs=10)


def test_both_directions_of_a_road_are_approaches() -> None:
    found = {item.edge: item for item in approaches(LADDER, LADDER.along("AB", 0.3))}
    ahead, back = found[LADDER.edge("AB")], found[LADDER.edge("BA")]
    assert (ahead.fraction, back.fraction) == pytest.approx((0.3, 0.7), abs=1e-4)
    assert ahead.gap_m == back.gap_m


@pytest.mark.parametrize("far_m", [61, 100, 500, 3000])
def test_with_nothing_within_the_walk_the_nearest_road_is_used_and_the_gap_told(far_m: float) -> None:
    found = approaches(LADDER, LADDER.along("AB", 0.5, right_m=-far_m))
    assert roads(LADDER, found) == ["AB", "BA"]
    assert [item.gap_m for item in found] == pytest.approx([far_m, far_m], rel=1e-3)
    assert found[0].walk_ms == pytest.approx(far_m / 1.4 * 1000, rel=1e-3)


def test_just_within_the_walk_and_just_beyond() -> None:
    inside = approaches(LADDER, LADDER.along("CD", 0.5, right_m=-59.9 + 50))
    assert {"AB", "CD"} <= set(roads(LADDER, inside))
    assert set(roads(LADDER, approaches(LADDER, LADDER.along("EF", 0.5, right_m=61)))) == {"EF", "FE"}


def test_a_vehicle_far_from_any_road_is_put_on_the_nearest_and_the_gap_told() -> None:
    found = spots(LADDER, LADDER.along("AB", 0.5, right_m=-900))
    assert roads(LADDER, found) == ["AB", "BA"]
    assert found[0].gap_m == pytest.approx(900, rel=1e-3)
    assert found[0].delay_ms == pytest.approx(900 * 360, rel=1e-3)


def test_equal_gaps_are_ordered_by_edge() -> None:
    near = snapper(LADDER.network).near(*LADDER.at("D"), 60)
    tied = near.edge[near.gap_m == near.gap_m[0]]
    assert len(tied) >= 2
    assert tied.tolist() == sorted(tied.tolist())
