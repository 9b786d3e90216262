"""The grid of cells, and snapping through it against the slow way: equal to the bit."""

from __future__ import annotations

import math
from dataclasses import astuple, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.cells import CELLS_PER_STEP, Cells, cells_over, clamped
from graphs.coordinates import METRES_PER_DEGREE
from graphs.errors import Unreachable
from graphs.network import BRIDGE, TUNNEL, Floats, Network
from graphs.snapping import Spots, snapper
from graphs.times import EdgeTimes, edge_times
from roadmaps import Point, RoadMap, draw
from shared_data import ROADS, real_network
from slow_snapping import Report, SlowSnapper
from snaps import PROFILES, ProfileName

# ---- Reports -----------------------------------------------------------------------------------------------------


def columns(reports: list[Report]) -> list[Floats]:
    """Return lat, lon, course, speed and accuracy as columns; NaN for what is not known."""
    return list(np.array([astuple(report) for report in reports], np.float64).reshape(len(reports), 5).T)


def all_at_once(network: Network, times: EdgeTimes, reports: list[Report]) -> Spots:
    return snapper(network).spots_of(times, *columns(reports))


def random_places(network: Network, count: int, random: np.random.Generator) -> Floats:
    """Return (n, 2) lon and lat: beside roads, on junctions, near what is unlikely, anywhere, and far out."""
    low, high = network.node_lonlat.min(axis=0), network.node_lonlat.max(axis=0)
    beside = network.shape_lonlat[random.integers(len(network.shape_lonlat), size=count)]
    unlikely = np.flatnonzero(
        (network.flags & (TUNNEL | BRIDGE) > 0) | (network.road_class <= network.road_class.min())
    )
    rows = network.shape_start[network.shape[random.choice(unlikely, count // 4)]]
    return np.vstack(
        [
            beside + random.normal(0, 2e-4, beside.shape),
            network.shape_lonlat[rows] + random.normal(0, 4e-4, (len(rows), 2)),
            network.node_lonlat[random.integers(network.node_count, size=count // 4)],
            random.uniform(low, high, (count // 4, 2)),
            random.uniform(2 * low - high, 2 * high - low, (count // 8, 2)),
        ]
    )


def random_reports(network: Network, count: int, seed: int) -> list[Report]:
    random = np.random.default_rng(seed)
    return [
        Report(
            lat,
            lon,
            course_deg=random.choice([None, random.uniform(-360, 720)], p=[0.3, 0.7]),
            speed_kmh=random.choice([None, 0.0, 5.0, 5.01, 30.0, 100.0]),
            accuracy_m=float(random.choice([0.0, 0.0, 3.0, 10.0, 50.0])),
        )
        for lon, lat in random_places(network, count, random).tolist()
    ]


# ---- Against the slow way ----------------------------------------------------------------------------------------


def check_spots(network: Network, times: EdgeTimes, reports: list[Report]) -> None:
    """All reports at once, and each by itself, are where the slow way has them, in its order."""
    slow, fast = SlowSnapper(network), snapper(network)
    found = all_at_once(network, times, reports)
    assert (np.diff(found.row) >= 0).all()
    for row, report in enumerate(reports):
        expected = slow.spots(times, report)
        assert found.of(row) == expected
        lat, lon, course_deg, speed_kmh, accuracy_m = astuple(report)
        known = {"course_deg": course_deg, "speed_kmh": speed_kmh, "accuracy_m": accuracy_m}
        assert fast.spots(times, lat, lon, **known) == expected


def check_places(network: Network, times: EdgeTimes, places: list[Point], radius_m: float) -> None:
    """What is near, from where a place is reached, and what is passed over are what the slow way has."""
    slow, fast = SlowSnapper(network), snapper(network)
    for place in places:
        for on_road in (False, True):
            if on_road or (times.arrives & slow._stopping).any():
                expected = slow.approaches(times, *place, on_road=on_road)
                assert fast.approaches(times, *place, on_road=on_road) == expected
        assert fast.passed_over(times, *place, radius_m) == slow.passed_over(times, *place, radius_m)
        near, expected_near = fast.near(*place, radius_m), slow.near(*place, radius_m)
        for column in near.__slots__:
            assert np.array_equal(getattr(near, column), getattr(expected_near, column))
            assert getattr(near, column).dtype == getattr(expected_near, column).dtype


def check_town(network: Network, profile: ProfileName, count: int) -> None:
    times = edge_times(network, profile)
    reports = random_reports(network, count, seed=11)
    check_spots(network, times, reports)
    check_places(network, times, [(report.lat, report.lon) for report in reports[::3]], 150.0)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ROADS)
def test_a_real_town(name: str, profile: ProfileName) -> None:
    check_town(real_network(name), profile, 1500)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_sample_town(gothenburg: Network, profile: ProfileName) -> None:
    check_town(gothenburg, profile, 1500)


PLACES = "ABCDEFGHIJ"
KINDS = ("", "motorway", "trunk_link", "primary tunnel", "primary bridge", "private", "motorway tunnel")


@st.composite
def maps(data: st.DrawFn) -> RoadMap:
    """Draw roads of all kinds between ten places at random, so that many meet, cross and run side by side."""
    cells = data(st.lists(st.integers(0, 59), min_size=10, max_size=10, unique=True))
    lines = [[PLACES[cells.index(6 * y + x)] if 6 * y + x in cells else "." for x in range(6)] for y in range(10)]
    road = st.tuples(st.sampled_from(PLACES), st.sampled_from("->"), st.sampled_from(PLACES)).map("".join)
    rows = data(st.lists(st.tuples(road, st.sampled_from(KINDS)).map(" ".join), min_size=1, max_size=14))
    square_m = data(st.sampled_from([10.0, 25.0, 60.0, 400.0]))
    return draw("\n".join(map("".join, lines)), "A-B-C-D", *rows, square_m=square_m)


@st.composite
def questions(data: st.DrawFn) -> tuple[RoadMap, list[Report]]:
    """Draw a map and reports on it, some just at its places, so that gaps are equal."""
    drawn = data(maps())
    off = st.one_of(st.just(0.0), st.sampled_from([-60.0, -10.0, 5.0, 50.0]), st.floats(-300, 300))
    reports = [
        Report(
            *drawn.at(data(st.sampled_from(PLACES)), east_m=data(off), north_m=data(off)),
            course_deg=data(st.none() | st.sampled_from([0.0, 90.0, 150.0, 270.0]) | st.floats(-720, 720)),
            speed_kmh=data(st.none() | st.sampled_from([5.0, 5.1, 80.0])),
            accuracy_m=data(st.sampled_from([0.0, 7.5, 60.0])),
        )
        for _ in range(data(st.integers(1, 8)))
    ]
    return drawn, reports


@settings(deadline=None)
@given(questions(), st.sampled_from(PROFILES), st.floats(0.0, 500.0))
def test_a_tiny_map(asked: tuple[RoadMap, list[Report]], profile: ProfileName, radius_m: float) -> None:
    drawn, reports = asked
    times = edge_times(drawn.network, profile)
    if times.leaves.any() and times.arrives.any():
        check_spots(drawn.network, times, reports)
        check_places(drawn.network, times, [(report.lat, report.lon) for report in reports], radius_m)


@pytest.mark.parametrize(("tunnel_m", "road"), [(45, "AC"), (30, "CD")])
def test_how_far_a_road_along_the_course_is_looked_for(tunnel_m: float, road: str) -> None:
    # The streets along the course are 100 m off, within 50 m more than the street across it. But where a first look,
    # 60 m around, sees the tunnel alone, only 50 m more than that is looked through.
    drawn = draw(
        """
        A---B
        .   .
        C---D
        """,
        "A-B primary tunnel",
        "C-D",
        "A-C",
        "B-D",
        square_m=50,
    )
    times = edge_times(drawn.network, "response")
    report = Report(*drawn.at("A", east_m=99.9, north_m=-tunnel_m), course_deg=180.0, speed_kmh=30.0)
    check_spots(drawn.network, times, [report])
    ahead, *_ = all_at_once(drawn.network, times, [report]).of(0)
    assert drawn.road(ahead.edge) == road


def test_of_two_roads_believed_alike_the_nearer_is_taken() -> None:
    # A tunnel here and a street 50 m north of it, to the last bit; which can be had where degrees are small.
    drawn = draw("A---x---B\n.\nC---y---D", "A-x-B", "C-y-D tunnel", "A-C", "B-D")
    lonlat = drawn.network.shape_lonlat - drawn.lonlat("y")
    near_50 = 50.0 / METRES_PER_DEGREE + np.arange(-9, 10) * np.spacing(50.0 / METRES_PER_DEGREE)
    lonlat[lonlat[:, 1] > 0.0, 1] = near_50[near_50 * METRES_PER_DEGREE == 50.0][0]
    network = replace(drawn.network, shape_lonlat=lonlat)
    times = edge_times(network, "response")
    check_spots(network, times, [Report(0.0, 0.0)])
    ahead, _ = all_at_once(network, times, [Report(0.0, 0.0)]).of(0)
    assert (drawn.road(ahead.edge), ahead.gap_m) == ("CD", 0.0)


# ---- Reports that have no answer ---------------------------------------------------------------------------------

STREET = draw("A---B", "A-B")
HERE = STREET.along("AB", 0.5)


@pytest.mark.parametrize("place", [(math.nan, -1.25), (54.58, -math.inf), (1e300, 0.0)])
def test_of_many_reports_the_one_that_is_no_place_is_named(place: Point) -> None:
    times = edge_times(STREET.network, "response")
    with pytest.raises(ValueError, match=r"^row 2: lat .* is no place$"):
        all_at_once(STREET.network, times, [Report(*HERE), Report(*HERE), Report(*place), Report(math.nan, 0.0)])
    with pytest.raises(ValueError, match=r"^lat .* is no place$"):
        snapper(STREET.network).spots(times, *place)


@pytest.mark.parametrize("accuracy_m", [math.nan, -math.inf])
def test_an_accuracy_that_is_no_distance_is_refused(accuracy_m: float) -> None:
    times = edge_times(STREET.network, "response")
    with pytest.raises(ValueError, match=f"^row 1: accuracy_m {accuracy_m} is no distance$"):
        all_at_once(STREET.network, times, [Report(*HERE), Report(*HERE, accuracy_m=accuracy_m)])


def test_a_vehicle_known_to_within_any_distance_leaves_at_once() -> None:
    times = edge_times(STREET.network, "response")
    (ahead, _) = snapper(STREET.network).spots(times, *STREET.at("A", north_m=500), accuracy_m=math.inf)
    assert ahead.delay_ms == 0


def test_columns_of_different_lengths_are_refused() -> None:
    one, two = np.zeros(1), np.zeros(2)
    with pytest.raises(ValueError, match="inhomogeneous"):
        snapper(STREET.network).spots_of(edge_times(STREET.network, "response"), two, two, one, two, two)


def test_no_reports_have_no_spots() -> None:
    found = all_at_once(STREET.network, edge_times(STREET.network, "response"), [])
    assert len(found.row) == len(found.edge) == len(found.lat) == 0


def test_on_a_network_with_no_road_for_a_profile_many_reports_are_refused_as_one_is() -> None:
    drawn = draw("A--B", "A-B private")
    with pytest.raises(Unreachable, match="no road that profile normal may use"):
        all_at_once(drawn.network, edge_times(drawn.network, "normal"), [Report(math.nan, 0.0)])


def test_where_nobody_may_stop_there_is_no_approach() -> None:
    drawn = draw("A--B", "A-B motorway")
    times = edge_times(drawn.network, "response")
    with pytest.raises(Unreachable):
        snapper(drawn.network).approaches(times, *drawn.at("A"))
    assert len(snapper(drawn.network).approaches(times, *drawn.at("A"), on_road=True)) == 2


# ---- The grid ----------------------------------------------------------------------------------------------------


def cells_of(lines: list[list[Point]], cell_m: float) -> Cells:
    """Sort shapes that have no edges into cells."""
    start = np.cumsum([0, *map(len, lines)])
    lonlat = np.array([point for line in lines for point in line], np.float64).reshape(-1, 2)
    none = np.zeros(0, np.int32)
    return cells_over(start, lonlat, np.full((len(lines), 2), -1, np.int32), none, none.astype(np.uint8), cell_m)


def steps_at(cells: Cells, lon: float, lat: float) -> set[tuple[int, int]]:
    """Return the steps that pass through the cell of a point."""
    grid = cells.grid
    column = clamped((lon - grid.west) * grid.per_lon, grid.columns)
    row = clamped((lat - grid.south) * grid.per_lat, grid.rows)
    cell = row * grid.columns + column
    return set(map(tuple, cells.step[cells.start[cell] : cells.start[cell + 1]].tolist()))


POINT = st.tuples(st.floats(-1.3, -1.2), st.floats(54.5, 54.6) | st.sampled_from([54.5, 54.55, 54.6]))
LINES = st.lists(st.lists(POINT, min_size=2, max_size=6), min_size=1, max_size=6)


@settings(deadline=None)  # the first example compiles
@given(LINES, st.sampled_from([20.0, 64.0, 1000.0]), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5))
def test_every_point_of_a_step_is_in_a_cell_that_lists_it(
    lines: list[list[Point]], cell_m: float, shares: list[float]
) -> None:
    cells = cells_of(lines, cell_m)
    assert cells.grid.columns * cells.grid.rows <= CELLS_PER_STEP * len(cells.shape_lonlat)
    first = 0
    for shape, line in enumerate(lines):
        for point, ((ax, ay), (bx, by)) in enumerate(pairwise(line), start=first):
            for share in (0.0, 1.0, *shares):
                # A search looks a little farther than it must, so that rounding does no harm.
                lon, lat = ax + share * (bx - ax), ay + share * (by - ay)
                around = [(lon + east, lat + north) for east in (-1e-10, 0, 1e-10) for north in (-1e-10, 0, 1e-10)]
                assert (point, shape) in set().union(*(steps_at(cells, *place) for place in around))
        first += len(line)


@pytest.mark.parametrize("line", [[(0.0, 0.0), (0.0, 1.0)], [(-180.0, 0.0), (180.0, 0.0)], [(5.0, 60.0), (5.0, 60.0)]])
def test_lines_without_width_or_height(line: list[Point]) -> None:
    cells = cells_of([line], 64.0)
    for lon, lat in line:
        assert (0, 0) in steps_at(cells, lon, lat)


def test_an_upright_step_on_the_border_of_two_columns_is_in_both() -> None:
    corners = [(0.0, 0.0), (0.1, 0.1)]
    border = 5.0 / cells_of([corners] * 500, 64.0).grid.per_lon
    upright = [(border - 1e-12, 0.0), (border + 1e-12, 0.1)]
    cells = cells_of([upright, *[corners] * 500], 64.0)
    for lon, lat in (*upright, (border - 1e-9, 0.05), (border + 1e-9, 0.05)):
        assert (0, 0) in steps_at(cells, lon, lat)


def test_no_roads_are_one_empty_cell() -> None:
    cells = cells_of([], 64.0)
    assert (cells.grid.columns, cells.grid.rows, len(cells.step)) == (1, 1, 0)
