"""Where a vehicle is on the road, and where an incident can be reached from."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from graphs.coordinates import METRES_PER_DEGREE, distance_m
from graphs.network import BRIDGE, TUNNEL, Network
from graphs.snapping import (
    COURSE_SEARCH_M,
    FIRST_LOOK_M,
    MOVING_KMH,
    Approach,
    Snapper,
    Spot,
    closest_on_shapes,
    snapper,
)
from graphs.times import EdgeTimes, edge_times
from roadmaps import Point, RoadMap, draw
from shared_data import ROADS, real_network

ProfileName = Literal["normal", "response"]
PROFILES: tuple[ProfileName, ...] = ("normal", "response")


def spots(
    drawn: RoadMap,
    place: Point,
    profile: ProfileName = "response",
    *,
    course_deg: float | None = None,
    speed_kmh: float | None = None,
) -> tuple[Spot, ...]:
    times = edge_times(drawn.network, profile)
    return snapper(drawn.network).spots(times, *place, course_deg=course_deg, speed_kmh=speed_kmh)


def approaches(
    drawn: RoadMap, place: Point, profile: ProfileName = "response", *, on_road: bool = False
) -> tuple[Approach, ...]:
    times = edge_times(drawn.network, profile)
    return snapper(drawn.network).approaches(times, *place, on_road=on_road)


def roads(drawn: RoadMap, found: tuple[Spot, ...] | tuple[Approach, ...]) -> list[str]:
    return [drawn.road(item.edge) for item in found]


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
    network = drawn.network
    doubled = np.vstack([network.shape_lonlat[:1], network.shape_lonlat])
    hit = closest_on_shapes(np.array([0, 3]), doubled, np.array([0]), *drawn.along("BA", 1.1)[::-1])
    assert hit[0, 4] == pytest.approx(90.0)


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
        with pytest.raises(ValueError, match="no road that profile normal may use"):
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


# ---- Against shapely ---------------------------------------------------------------------------------------------


def planar(network: Network, edge: int, lat: float, lon: float) -> shapely.LineString:
    """Return an edge in metres east and north of a point."""
    east = METRES_PER_DEGREE * math.cos(math.radians(lat))
    return shapely.LineString((network.edge_lonlat(edge) - (lon, lat)) * (east, METRES_PER_DEGREE))


HERE = shapely.Point(0, 0)


def check_near(network: Network, lat: float, lon: float, radius_m: float) -> None:
    near = snapper(network).near(lat, lon, radius_m)
    lines = [planar(network, edge, lat, lon) for edge in range(network.edge_count)]
    gaps = shapely.distance(np.array(lines), HERE)
    assert set(near.edge.tolist()) == set(np.flatnonzero(gaps <= radius_m).tolist())
    assert (np.diff(near.gap_m) >= 0).all()
    for row, edge in enumerate(near.edge.tolist()):
        line = lines[edge]
        assert near.gap_m[row] == pytest.approx(gaps[edge], abs=1e-6)
        on_line = line.interpolate(near.fraction[row], normalized=True)
        assert on_line.distance(HERE) == pytest.approx(gaps[edge], abs=1e-6)
        told_m = distance_m(lat, lon, near.lat[row], near.lon[row])
        assert told_m == pytest.approx(gaps[edge], rel=1e-4, abs=1e-6)
        check_bearing(line, on_line, float(near.bearing_deg[row]))


def check_bearing(line: shapely.LineString, on_line: shapely.Point, bearing_deg: float) -> None:
    """Some step of the line that holds the point runs in that direction."""
    bearings = [
        math.degrees(math.atan2(bx - ax, by - ay)) % 360
        for (ax, ay), (bx, by) in pairwise(line.coords)
        if shapely.LineString([(ax, ay), (bx, by)]).distance(on_line) < 1e-6 and (ax, ay) != (bx, by)
    ]
    assert line.length == 0 or any(abs((bearing - bearing_deg + 180) % 360 - 180) < 1e-6 for bearing in bearings)


PLACES = "ABCDEFGHIJ"


@st.composite
def scribbles(data: st.DrawFn) -> RoadMap:
    """Draw roads between ten places at random, with loops, parallel roads and one-way streets."""
    columns = data(st.lists(st.integers(0, 19), min_size=10, max_size=10))
    picture = "\n".join("." * column + place for column, place in zip(columns, PLACES, strict=True))
    pair = st.tuples(st.sampled_from(PLACES), st.sampled_from(">-"), st.sampled_from(PLACES))
    rows = data(st.lists(pair.map("".join), min_size=1, max_size=14))
    return draw(picture, "A-B-C-D-E-F-G-H-I-J", *rows)


@given(scribbles(), st.floats(-200, 2100), st.floats(-1200, 200), st.floats(1, 900))
def test_every_edge_within_a_radius_is_found(drawn: RoadMap, east_m: float, north_m: float, radius_m: float) -> None:
    lat, lon = drawn.at("A", east_m=east_m, north_m=north_m)
    gaps = [planar(drawn.network, edge, lat, lon).distance(HERE) for edge in range(drawn.network.edge_count)]
    if all(abs(gap - radius_m) > 1e-6 for gap in gaps):
        check_near(drawn.network, lat, lon, radius_m)


def random_points(network: Network, count: int, seed: int) -> list[Point]:
    """Half anywhere in the network's bounds, half within a street's width of a road."""
    random = np.random.default_rng(seed)
    low, high = network.node_lonlat.min(axis=0), network.node_lonlat.max(axis=0)
    anywhere = random.uniform(low, high, (count // 2, 2))
    beside = network.shape_lonlat[random.integers(len(network.shape_lonlat), size=count - count // 2)]
    beside = beside + random.normal(0, 2e-4, beside.shape)
    return [(lat, lon) for lon, lat in np.vstack([anywhere, beside]).tolist()]


@pytest.mark.parametrize("name", ROADS)
def test_gaps_and_fractions_in_a_real_town(name: str) -> None:
    network = real_network(name)
    index = snapper(network)
    for lat, lon in random_points(network, 300, seed=3):
        near = index.near(lat, lon, 150.0)
        for row, edge in enumerate(near.edge.tolist()):
            line = planar(network, edge, lat, lon)
            assert near.gap_m[row] == pytest.approx(line.distance(HERE), abs=1e-6)
            on_line = line.interpolate(near.fraction[row], normalized=True)
            assert on_line.distance(HERE) == pytest.approx(near.gap_m[row], abs=1e-5)


@pytest.mark.parametrize("name", ROADS)
def test_the_nearest_edge_in_a_real_town_is_the_nearest(name: str) -> None:
    network = real_network(name)
    index = snapper(network)
    lines = shapely.linestrings(
        network.shape_lonlat, indices=np.repeat(np.arange(len(network.shape_start) - 1), np.diff(network.shape_start))
    )
    for lat, lon in random_points(network, 40, seed=4):
        east = METRES_PER_DEGREE * math.cos(math.radians(lat))
        metres = shapely.transform(lines, lambda xy, x=lon, y=lat, e=east: (xy - (x, y)) * (e, METRES_PER_DEGREE))
        gap_m = float(shapely.distance(metres, HERE).min())
        assert index.near(lat, lon, gap_m + 0.5).gap_m[0] == pytest.approx(gap_m, abs=1e-6)


# ---- No road that may not be driven, on real towns ---------------------------------------------------------------


def may_drive(times: EdgeTimes, edge: int) -> bool:
    """Tell from the network's own columns, not from times."""
    network, profile = times.network, times.profile
    kinds = zip(network.obstacles[edge], profile.delay_ms.values(), strict=False)
    assert list(profile.delay_ms)[: network.obstacles.shape[1]] == [
        "signals", "stop", "give_way", "crossing", "level_crossing", "gate", "locked_gate",
    ]  # fmt: skip
    return (
        network.access_name(edge) in profile.access
        and profile.class_kmh[network.class_name(edge)] is not None
        and all(wait is not None or count == 0 for count, wait in kinds)
    )


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ROADS)
def test_no_vehicle_is_put_where_it_may_not_drive(name: str, profile: ProfileName) -> None:
    network = real_network(name)
    times, index = edge_times(network, profile), snapper(network)
    random = np.random.default_rng(5)
    for lat, lon in random_points(network, 1000, seed=5):
        course_deg = float(random.uniform(0, 360)) if random.random() < 0.5 else None
        found = index.spots(times, lat, lon, course_deg=course_deg, speed_kmh=30.0)
        assert 1 <= len(found) <= 2
        for item in found:
            assert may_drive(times, item.edge)
            assert times.leaves[item.edge]
            assert 0.0 <= item.fraction <= 1.0
            assert item.delay_ms >= 0
            assert distance_m(lat, lon, item.lat, item.lon) == pytest.approx(item.gap_m, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ROADS)
def test_no_incident_is_reached_from_where_nobody_may_stop(name: str, profile: ProfileName) -> None:
    network = real_network(name)
    times, index = edge_times(network, profile), snapper(network)
    for lat, lon in random_points(network, 1000, seed=6):
        found = index.approaches(times, lat, lon)
        assert found
        nearest_m = min(item.gap_m for item in found)
        for item in found:
            assert may_drive(times, item.edge)
            assert times.arrives[item.edge]
            assert network.class_name(item.edge) not in {"motorway", "motorway_link", "trunk_link"}
            assert network.flags[item.edge] & (TUNNEL | BRIDGE) == 0
            assert item.gap_m <= times.profile.walk_m or item.gap_m == nearest_m
            assert item.walk_ms == round(item.gap_m / times.profile.walk_m_s * 1000)


@pytest.mark.parametrize("name", ROADS)
def test_two_looks_give_equal_answers(name: str) -> None:
    network = real_network(name)
    times = edge_times(network, "response")
    first, second = Snapper(network), Snapper(network)
    for lat, lon in random_points(network, 50, seed=7):
        assert first.spots(times, lat, lon) == second.spots(times, lat, lon)
        assert first.approaches(times, lat, lon) == second.approaches(times, lat, lon)
