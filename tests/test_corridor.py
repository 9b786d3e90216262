"""The ground along a drawn line, against shapely."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from graphs.coordinates import METRES_PER_DEGREE
from graphs.corridor import Corridor
from graphs.network import Floats

REACH_M = 15.0
# On the equator a degree is as wide as it is high, so that metres can be told in degrees.
PLACES = st.tuples(st.integers(-6, 6), st.integers(-6, 6)).map(lambda place: (place[0] * 5.0, place[1] * 5.0))
OPEN = st.lists(PLACES, min_size=2, max_size=5, unique=True)
LINES = OPEN | OPEN.filter(lambda places: len(places) > 2).map(lambda places: [*places, places[0]])
ROADS = st.tuples(PLACES, PLACES).filter(lambda road: road[0] != road[1])


def degrees(metres: object) -> Floats:
    return np.asarray(metres, np.float64) / METRES_PER_DEGREE


def corridor(places: list[tuple[float, float]]) -> Corridor:
    return Corridor(shapely.LineString(degrees(places)), REACH_M)


def inside(line: shapely.LineString, place: shapely.Point) -> bool:
    """Tell whether a place is beside a step, or at a corner and not beyond an end."""
    steps = [shapely.LineString(pair) for pair in zip(line.coords, line.coords[1:], strict=False)]
    if any(step.buffer(REACH_M, cap_style="flat").covers(place) for step in steps):
        return True
    at_m = line.project(place)
    return line.distance(place) <= REACH_M and (line.is_closed or 0.0 < at_m < line.length)


@given(LINES, ROADS, st.floats(0.0, 1.0))
def test_a_place_on_a_road_is_in_the_corridor_where_it_is_beside_the_line(
    places: list[tuple[float, float]], road: tuple[tuple[float, float], tuple[float, float]], share: float
) -> None:
    line = shapely.LineString(places)
    place = shapely.LineString(road).interpolate(share, normalized=True)
    expected = inside(line, place)
    # On the border itself digits decide.
    assume(
        all(
            inside(line, near) == expected
            for near in shapely.points(shapely.get_coordinates(place.buffer(1e-3, quad_segs=1)))
        )
    )
    steps = np.arange(len(line.coords) - 1)
    start, end = (np.repeat(degrees([each]), len(steps), axis=0) for each in road)
    _, low, high = corridor(places).spans(steps, start, end)
    assert bool(((low <= share) & (share <= high)).any()) == expected


@given(LINES)
def test_boxes_hold_the_ground_of_each_step(places: list[tuple[float, float]]) -> None:
    line = shapely.LineString(places)
    for box, start, end in zip(corridor(places).boxes(), line.coords, line.coords[1:], strict=False):
        ground = shapely.LineString(degrees([start, end])).buffer(degrees(REACH_M - 1e-3))
        assert box.covers(ground)


def test_a_road_is_compared_with_the_line_where_it_is_nearest() -> None:
    # East, then north.
    corner = corridor([(0.0, 0.0), (100.0, 0.0), (100.0, 100.0)])
    assert corner.length_m == pytest.approx(200.0)
    places, headings = (
        degrees([(50.0, 5.0), (95.0, 50.0), (50.0, -8.0)]),
        degrees([(1.0, 0.0), (0.0, -2.0), (0.0, 1.0)]),
    )
    cosine, gap_m = corner.beside(places, headings)
    assert cosine.tolist() == pytest.approx([1.0, -1.0, 0.0], abs=1e-6)
    assert gap_m.tolist() == pytest.approx([5.0, 5.0, 8.0], abs=1e-3)
