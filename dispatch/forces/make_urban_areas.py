"""Work out a force's urban polygons from small census areas, for ``[areas]`` in its profile.

    python -m dispatch.forces.make_urban_areas ../shared/data/cleveland

prints the ``urban`` list that ``cleveland.toml`` holds. The folder has ``lsoa.geojson``, in WGS 84 degrees and with an
``lsoa`` code in each feature's properties, and ``lsoa_population.csv``, with columns ``lsoa`` and ``persons``.

The rule is Eurostat's for an urban cluster, used on small areas in place of its 1 km squares: neighbouring areas of at
least 300 people per km2 that together hold at least 5,000. A small area that is part suburb and part field counts
whole, since most of its calls come from the suburb and the mistake gives a caller the shorter target.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

DENSITY_PER_KM2 = 300
"""Least density of an urban cluster: ec.europa.eu/eurostat, Statistics Explained, Glossary: Urban cluster."""

CLUSTER_PERSONS = 5_000
"""Least population of an urban cluster, from the same source."""

GAP_M = 25.0
"""Half of the widest gap that is closed: boundaries are rounded and generalised, so neighbours do not quite meet."""

HOLE_KM2 = 1.0
"""Smallest hole that is kept: a park or a works inside a town is urban to a driver."""

TOLERANCE_M = 100.0
"""How far the simplified outline may stray: some seconds of driving."""

DECIMALS = 4
"""Decimals of a degree that are kept: about 10 m."""

EARTH_RADIUS_M = 6_371_007.2
"""Radius of the sphere with the surface of the WGS 84 ellipsoid."""

Coordinates = NDArray[np.float64]
Project = Callable[[Coordinates], Coordinates]


class SmallArea(NamedTuple):
    """A census area: the people who live in it and its outline in WGS 84 degrees."""

    persons: int
    outline: BaseGeometry


def equal_area(lat_deg: float) -> tuple[Project, Project]:
    """Make Lambert's cylindrical equal-area projection, true to scale at one latitude.

    Parameters
    ----------
    lat_deg
        The latitude, degrees.

    Returns
    -------
    tuple
        From longitude and latitude in degrees to metres, and back; both take and give shape (n, 2).
    """
    squash = math.cos(math.radians(lat_deg))

    def to_metres(degrees: Coordinates) -> Coordinates:
        lon, lat = np.radians(degrees).T
        return EARTH_RADIUS_M * np.column_stack([lon * squash, np.sin(lat) / squash])

    def to_degrees(metres: Coordinates) -> Coordinates:
        x, y = metres.T / EARTH_RADIUS_M
        degrees: Coordinates = np.degrees(np.column_stack([x / squash, np.arcsin(y * squash)]))
        return degrees

    return to_metres, to_degrees


def read_small_areas(folder: Path) -> list[SmallArea]:
    """Read the small areas of a folder, in the order of their codes.

    Raises
    ------
    OSError
        If a file cannot be read.
    KeyError
        If a file lacks a column, a property, or a small area that the other file has.
    """
    with (folder / "lsoa_population.csv").open(encoding="utf-8-sig", newline="") as rows:
        persons = {row["lsoa"]: int(row["persons"]) for row in csv.DictReader(rows)}
    features = json.loads((folder / "lsoa.geojson").read_text("utf-8"))["features"]
    outlines = {each["properties"]["lsoa"]: shapely.geometry.shape(each["geometry"]) for each in features}
    return [SmallArea(persons[code], outlines[code]) for code in sorted(persons.keys() | outlines.keys())]


def urban_areas(areas: Sequence[SmallArea]) -> list[str]:
    """Find urban polygons, as WKT in WGS 84 degrees, from west to east.

    Parameters
    ----------
    areas
        Every small area of the force.
    """
    middle_lat = shapely.total_bounds([area.outline for area in areas])[1::2].mean()
    to_metres, to_degrees = equal_area(float(middle_lat))
    flat = [SmallArea(area.persons, shapely.transform(area.outline, to_metres)) for area in areas]
    dense = [area for area in flat if area.persons >= DENSITY_PER_KM2 * area.outline.area / 1e6]
    outlines = [_outline(cluster) for cluster in _clusters(area.outline for area in dense) if _is_town(cluster, dense)]
    return [wkt for _, wkt in sorted(_wkt(outline, to_degrees) for outline in outlines)]


def _clusters(outlines: Iterable[BaseGeometry]) -> list[shapely.Polygon]:
    """Dissolve what touches; mitred corners keep the closing of gaps free of arcs."""
    grown = shapely.union_all([outline.buffer(GAP_M, join_style="mitre") for outline in outlines])
    return cast("list[shapely.Polygon]", shapely.get_parts(grown.buffer(-GAP_M, join_style="mitre")).tolist())


def _is_town(cluster: shapely.Polygon, areas: Sequence[SmallArea]) -> bool:
    inside = (area.persons for area in areas if cluster.contains(area.outline.representative_point()))
    return sum(inside) >= CLUSTER_PERSONS


def _outline(cluster: shapely.Polygon) -> BaseGeometry:
    holes = [ring for ring in cluster.interiors if shapely.Polygon(ring).area >= HOLE_KM2 * 1e6]
    # The first corner of a ring always survives simplifying, so it must not depend on how the union was computed.
    return shapely.Polygon(cluster.exterior, holes).normalize().simplify(TOLERANCE_M)


def _wkt(outline: BaseGeometry, to_degrees: Project) -> tuple[tuple[float, ...], str]:
    """Return the bounds, to sort by, and the text."""
    rounded = shapely.transform(outline, lambda metres: np.round(to_degrees(metres), DECIMALS))
    text = str(shapely.to_wkt(rounded.normalize(), rounding_precision=DECIMALS))
    return shapely.from_wkt(text).bounds, text


def as_toml(polygons: Sequence[str]) -> str:
    """Write the ``urban`` list of a profile; a backslash at a line's end joins it to the next."""
    folded = (" \\\n    ".join(textwrap.wrap(wkt, width=112)) for wkt in polygons)
    items = "".join(f'    """\\\n    {wkt}""",\n' for wkt in folded)
    return f"urban = [\n{items}]"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the ``urban`` list of a folder, ready for a profile."""
    parser = argparse.ArgumentParser(description="Print the urban polygons of a force, for [areas] in its profile.")
    parser.add_argument("folder", type=Path, help="folder with lsoa.geojson and lsoa_population.csv")
    folder = parser.parse_args(arguments).folder
    print(as_toml(urban_areas(read_small_areas(folder))))


if __name__ == "__main__":
    main()
