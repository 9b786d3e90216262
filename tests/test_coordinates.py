"""Distances on the earth, and the British National Grid."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.coordinates import (
    EARTH_RADIUS_M,
    METRES_PER_DEGREE,
    distance_m,
    from_british_grid,
    great_circle_m,
    looks_like_british_grid,
    on_globe,
)

LATS = st.floats(-90, 90)
LONS = st.floats(-180, 180)
HALF_WAY_ROUND_M = math.pi * EARTH_RADIUS_M

# ---- Distances ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place_a", "place_b", "metres"),
    [
        ((0, 0), (0, 0), 0.0),
        ((0, 0), (0, 1), METRES_PER_DEGREE),
        ((0, 0), (1, 0), METRES_PER_DEGREE),
        ((60, 0), (60, 180), 60 * METRES_PER_DEGREE),  # over the pole
        ((0, 179), (0, -179), 2 * METRES_PER_DEGREE),  # over the date line
        ((90, 0), (-90, 0), HALF_WAY_ROUND_M),
        ((0, 0), (0, 180), HALF_WAY_ROUND_M),
        ((90, -37), (90, 120), 0.0),
    ],
)
def test_distances_on_a_sphere(place_a: tuple[float, float], place_b: tuple[float, float], metres: float) -> None:
    assert distance_m(*place_a, *place_b) == pytest.approx(metres, abs=1e-6)


def test_a_degree_is_a_degree() -> None:
    assert pytest.approx(111_195.08, abs=0.01) == METRES_PER_DEGREE


def test_middlesbrough_to_hartlepool() -> None:
    # Between the two town halls by the ellipsoid (WGS 84, Karney 2013): 12,600 m and some; the sphere is within 0.5%.
    geographic = _on_the_ellipsoid(54.5762, -1.2348, 54.6863, -1.2129)
    assert distance_m(54.5762, -1.2348, 54.6863, -1.2129) == pytest.approx(geographic, rel=0.005)


def _on_the_ellipsoid(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Return the distance by the radii of curvature of WGS 84 at the middle latitude, good to 1e-5 over a few km."""
    major, flattening = 6_378_137.0, 1 / 298.257223563
    squared = flattening * (2 - flattening)
    middle = math.radians((lat_a + lat_b) / 2)
    w = 1 - squared * math.sin(middle) ** 2
    north = math.radians(lat_b - lat_a) * major * (1 - squared) / w**1.5
    east = math.radians(lon_b - lon_a) * math.cos(middle) * major / math.sqrt(w)
    return math.hypot(north, east)


# Here the formula's argument is one last digit above 1.
FAR_SIDE = {"lat_a": -82.62, "lon_a": -45.06, "lat_b": 82.62, "lon_b": 134.94}


@given(LATS, LONS, LATS, LONS)
@example(**FAR_SIDE)
def test_one_pair_and_many_pairs_agree(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> None:
    one = distance_m(lat_a, lon_a, lat_b, lon_b)
    many = great_circle_m(np.array([[lon_a, lat_a]] * 3), np.array([[lon_b, lat_b]] * 3))
    # Near the far side of the globe the formula turns a last digit into centimetres.
    assert many.tolist() == pytest.approx([one] * 3, rel=1e-9, abs=0.5)
    assert many.shape == (3,)


@given(LATS, LONS, LATS, LONS)
@example(**FAR_SIDE)
def test_a_distance_is_between_nothing_and_half_way_round(
    lat_a: float, lon_a: float, lat_b: float, lon_b: float
) -> None:
    metres = distance_m(lat_a, lon_a, lat_b, lon_b)
    assert 0.0 <= metres <= HALF_WAY_ROUND_M
    assert metres == pytest.approx(distance_m(lat_b, lon_b, lat_a, lon_a), abs=1e-3)
    assert metres >= METRES_PER_DEGREE * abs(lat_b - lat_a) - 1e-3


@given(LATS, LONS, LATS, LONS, LATS, LONS)
def test_no_detour_is_shorter(
    lat_a: float, lon_a: float, lat_b: float, lon_b: float, lat_c: float, lon_c: float
) -> None:
    direct = distance_m(lat_a, lon_a, lat_c, lon_c)
    assert direct <= distance_m(lat_a, lon_a, lat_b, lon_b) + distance_m(lat_b, lon_b, lat_c, lon_c) + 0.5


@given(LATS, LONS)
def test_a_place_is_at_no_distance_from_itself(lat: float, lon: float) -> None:
    assert distance_m(lat, lon, lat, lon) == 0.0


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        (54.57, -1.23, True),
        (90, 180, True),
        (-90, -180, True),
        (90.1, 0, False),
        (0, -180.1, False),
        (451_000, 516_500, False),
        (math.nan, 0, False),
        (0, math.nan, False),
        (math.inf, 0, False),
    ],
)
def test_what_can_be_degrees(lat: float, lon: float, *, expected: bool) -> None:
    assert on_globe(lat, lon) is expected


# ---- The British National Grid -----------------------------------------------------------------------------------

# Ordnance Survey, Transformations and OSGM15 user guide, annexe A: Caister water tower; and test points of the OSTN15
# developer pack (OSTN15_OSGM15_TestInput_ETRStoOSGB and its output): easting, northing, ETRS89 latitude, longitude.
PUBLISHED = {
    "Caister water tower": (651409.804, 313177.450, 52.658007833, 1.716073973),
    "TP01": (91492.146, 11318.804, 49.92226393730, -6.29977752014),
    "TP04": (449816.371, 75335.861, 50.57563665000, -1.29782277240),
    "TP06": (292184.870, 168003.465, 51.40078220140, -3.55128349240),
    "TP09": (530624.974, 178388.464, 51.48936564950, -0.11992557180),
    "TP15": (454002.834, 340834.943, 52.96219109410, -1.19747655922),
    "TP20": (422242.186, 433818.701, 53.80021519630, -1.66379168242),
    "TP25": (424639.355, 565012.703, 54.97912273660, -1.61657685184),
    "TP31": (9587.909, 899448.996, 57.81351838410, -8.57854456076),
    "TP40": (395999.668, 1138728.951, 60.13308091660, -2.07382822798),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_ordnance_surveys_own_points(name: str) -> None:
    easting, northing, lat, lon = PUBLISHED[name]
    found = from_british_grid(easting, northing)
    assert distance_m(*found, lat, lon) < (0.01 if name == "TP31" else 0.001)  # TP31 is St Kilda


def test_middlesbrough_town_hall() -> None:
    lat, lon = from_british_grid(449_550, 520_330)
    assert (lat, lon) == pytest.approx((54.576, -1.235), abs=0.002)


@pytest.mark.parametrize(
    ("easting", "northing"),
    [
        (-1, 500_000),
        (451_000, -1),
        (700_001, 500_000),
        (451_000, 1_250_001),
        (0, 0),
        (700_000, 1_300_000),
        (1e9, 1e9),
        (-1e300, 1e300),
        (54.57, -1.23),  # degrees
        (math.nan, 500_000),
        (451_000, math.nan),
        (math.inf, 500_000),
        (451_000, -math.inf),
    ],
)
def test_a_point_outside_the_grid_is_an_error(easting: float, northing: float) -> None:
    with pytest.raises(ValueError, match="outside the British National Grid"):
        from_british_grid(easting, northing)


@given(st.floats(390_000, 530_000), st.floats(200_000, 560_000), st.floats(-2000, 2000), st.floats(-2000, 2000))
def test_grid_metres_are_metres(easting: float, northing: float, east_m: float, north_m: float) -> None:
    # The grid's scale differs from 1 by less than 0.1%, and the sphere from the ellipsoid by less than 0.4%.
    metres = distance_m(*from_british_grid(easting, northing), *from_british_grid(easting + east_m, northing + north_m))
    assert metres == pytest.approx(math.hypot(east_m, north_m), rel=0.006, abs=0.01)


@given(st.floats(390_000, 530_000), st.floats(200_000, 560_000))
def test_east_is_east_and_north_is_north(easting: float, northing: float) -> None:
    lat, lon = from_british_grid(easting, northing)
    assert from_british_grid(easting + 100, northing)[1] > lon
    assert from_british_grid(easting, northing + 100)[0] > lat
    assert all(type(value) is float for value in (lat, lon))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (451_000, 516_500, True),
        (516_500, 451_000, True),
        (451_000, 1_200_000, True),
        (1_200_000, 451_000, True),
        (54.57, -1.23, False),
        (-1.23, 54.57, False),
        (0, 0, False),
        (451_000, 0, False),
        (516_500, -1.23, False),
        (900_000, 900_000, False),
        (450_000, 1_300_001, False),
        (math.nan, 451_000, False),
        (math.inf, 451_000, False),
    ],
)
def test_grid_coordinates_given_as_degrees_are_recognised(first: float, second: float, *, expected: bool) -> None:
    assert looks_like_british_grid(first, second) is expected


@given(LATS, LONS)
def test_no_degrees_look_like_the_grid(lat: float, lon: float) -> None:
    assert not looks_like_british_grid(lat, lon)
    assert on_globe(lat, lon)
