"""Snapping against shapely, on random maps and in real towns."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from graphs.coordinates import METRES_PER_DEGREE, distance_m
from graphs.network import BRIDGE, TUNNEL, Network
from graphs.snapping import Snapper, snapper
from graphs.times import EdgeTimes, edge_times
from roadmaps import Point, RoadMap, draw
from shared_data import ROADS, real_network
from snaps import PROFILES, ProfileName

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
