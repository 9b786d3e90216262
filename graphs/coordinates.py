"""Places on the earth: distances, bearings, and the British National Grid."""

from __future__ import annotations

import math

import numpy as np
from convertbng.cutil import convert_lonlat
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EARTH_RADIUS_M = 6_371_009.0  # mean radius, IUGG 1980; the value that osmnx uses, so that lengths agree
METRES_PER_DEGREE = math.pi * EARTH_RADIUS_M / 180.0
# The Ordnance Survey's grid covers eastings 0..700 km and northings 0..1300 km (OS, A guide to coordinate systems).
GRID_EASTING_M = (0.0, 700_000.0)
GRID_NORTHING_M = (0.0, 1_300_000.0)
_DEGREES_END = 1_000.0  # metres; no mistyped degree is as large


def great_circle_m(lonlat_a: Floats, lonlat_b: Floats) -> Floats:
    """Return great-circle distances in metres between two arrays of points of shape (n, 2), degrees.

    Haversine formula (R. W. Sinnott, Sky and Telescope 68(2), 1984) on a sphere of `EARTH_RADIUS_M`.
    """
    lon_a, lat_a = np.radians(lonlat_a).T
    lon_b, lat_b = np.radians(lonlat_b).T
    half = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Return the great-circle distance in metres between two points in degrees.

    Examples
    --------
    >>> round(distance_m(54.0, -1.0, 55.0, -1.0))
    111195
    """
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half = math.sin((phi_b - phi_a) / 2) ** 2
    half += math.cos(phi_a) * math.cos(phi_b) * math.sin(math.radians(lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(math.sqrt(half), 1.0))


def on_globe(lat: float, lon: float) -> bool:
    """Tell whether two numbers can be degrees of latitude and longitude."""
    return -90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0  # noqa: PLR2004 - the globe


def from_british_grid(easting_m: float, northing_m: float) -> tuple[float, float]:
    """Return ``(lat, lon)`` in degrees of a British National Grid point, by the OSTN15 transformation.

    Raises
    ------
    ValueError
        The point is outside the area that OSTN15 covers.

    Examples
    --------
    >>> lat, lon = from_british_grid(451_000, 516_500)
    >>> round(lat, 4), round(lon, 4)
    (54.5412, -1.2132)
    """
    (easting_0, easting_1), (northing_0, northing_1) = GRID_EASTING_M, GRID_NORTHING_M
    lons, lats = convert_lonlat(easting_m, northing_m)
    # The transformation itself answers for a cell beyond the grid's edge.
    on_grid = easting_0 <= easting_m <= easting_1 and northing_0 <= northing_m <= northing_1
    if not (on_grid and math.isfinite(lons[0]) and math.isfinite(lats[0])):
        raise ValueError(f"easting {easting_m:g}, northing {northing_m:g} is outside the British National Grid")
    return float(lats[0]), float(lons[0])


def looks_like_british_grid(first: float, second: float) -> bool:
    """Tell whether two numbers given as degrees are more likely an easting and a northing."""
    return any(
        _DEGREES_END < easting <= GRID_EASTING_M[1] and _DEGREES_END < northing <= GRID_NORTHING_M[1]
        for easting, northing in ((first, second), (second, first))
    )
