"""Urban polygons: the rule on drawn squares, and those that ship against the census they come from."""

from __future__ import annotations

import csv
import tomllib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import shapely

from dispatch.force import Force
from dispatch.forces import make_urban_areas

CLEVELAND = (resources.files("dispatch.forces") / "cleveland.toml").read_text("utf-8")
DATA = Path(__file__).parents[2] / "shared/data/cleveland"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no small areas of Cleveland at {DATA}")


@needs_data
class TestUrbanAreas:
    """The polygons that ship are what the script makes of the census."""

    def test_they_are_made_again_to_the_last_digit(self, capsys: pytest.CaptureFixture[str]) -> None:
        make_urban_areas.main([str(DATA)])
        printed = capsys.readouterr().out
        assert printed in CLEVELAND
        assert tuple(tomllib.loads(printed)["urban"]) == Force.default().areas.urban

    def test_areas_agree_with_the_published_hectares(self) -> None:
        areas = make_urban_areas.read_small_areas(DATA)
        to_metres, _ = make_urban_areas.equal_area(54.6)
        measured_ha = sum(shapely.transform(area.outline, to_metres).area for area in areas) / 10_000
        with (DATA / "lsoa_population.csv").open(encoding="utf-8-sig") as rows:
            published_ha = sum(float(row["hectares"]) for row in csv.DictReader(rows))
        assert measured_ha == pytest.approx(published_ha, rel=0.005)

    def test_they_hold_the_share_of_people_that_the_profile_states(self) -> None:
        areas = make_urban_areas.read_small_areas(DATA)
        urban = [area.persons for area in areas if _is_urban(area.outline.representative_point())]
        assert round(100 * sum(urban) / sum(area.persons for area in areas)) == 93


def _is_urban(place: shapely.Point) -> bool:
    return Force.default().setting(place.x, place.y) == "urban"


PERSONS = {"#": 3_000, "+": 310, ".": 290}


class TestUrbanRule:
    """Small areas of one square kilometre, drawn in text: # is dense, + just so, . just not."""

    @pytest.mark.parametrize(
        ("case", "drawn", "urban"),
        [
            ("a town", "##", ["##"]),
            ("one dense square holds too few people", "#.", []),
            ("a town and a hamlet apart", "##.#", ["##  "]),
            ("two towns, from west to east", "##.##", ["##   ", "   ##"]),
            ("thinly settled, but enough of it", "+" * 17, ["#" * 17]),
            ("thinly settled, and too little of it", "+" * 16, []),
            ("a park of three squares stays a hole", "#####\n#...#\n#####", ["#####\n#   #\n#####"]),
        ],
    )
    def test_what_is_urban(self, case: str, drawn: str, urban: list[str]) -> None:
        areas = [_square(place, PERSONS[mark]) for place, mark in _marks(drawn)]
        found = make_urban_areas.urban_areas(areas)
        assert [_drawn(shapely.from_wkt(wkt), drawn) for wkt in found] == urban, case

    def test_a_small_hole_is_filled(self) -> None:
        ring = _square((0, 0), 0).outline
        ring = shapely.box(*ring.buffer(0.02).bounds) - shapely.box(*ring.buffer(-0.001).bounds)
        (urban,) = make_urban_areas.urban_areas([make_urban_areas.SmallArea(100_000, ring)])
        assert not shapely.from_wkt(urban).interiors

    def test_the_projection_keeps_areas_and_comes_back(self) -> None:
        to_metres, to_degrees = make_urban_areas.equal_area(54.6)
        corners = np.array([[-1.3, 54.5], [-0.8, 54.7]])
        assert to_degrees(to_metres(corners)) == pytest.approx(corners)
        (west, south), (east, north) = to_metres(corners)
        # The area of a cell of a globe: R^2 times its width in radians times the difference of the sines of latitude.
        sines = np.sin(np.radians([54.5, 54.7]))
        cell_m2 = make_urban_areas.EARTH_RADIUS_M**2 * np.radians(0.5) * (sines[1] - sines[0])
        assert (east - west) * (north - south) == pytest.approx(cell_m2)

    def test_an_area_without_a_population_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "lsoa_population.csv").write_text("lsoa,persons\nE1,5\n", "utf-8")
        (tmp_path / "lsoa.geojson").write_text('{"features": []}', "utf-8")
        with pytest.raises(KeyError, match="E1"):
            make_urban_areas.read_small_areas(tmp_path)


def _marks(drawn: str) -> list[tuple[tuple[int, int], str]]:
    return [((row, column), mark) for row, line in enumerate(drawn.splitlines()) for column, mark in enumerate(line)]


def _square(place: tuple[int, int], persons: int) -> make_urban_areas.SmallArea:
    row, column = place
    _, to_degrees = make_urban_areas.equal_area(0.0)
    metres = shapely.box(1000 * column, -1000 * row, 1000 * column + 1000, -1000 * row - 1000)
    return make_urban_areas.SmallArea(persons, shapely.transform(metres, to_degrees))


def _drawn(urban: shapely.Polygon, drawn: str) -> str:
    marks = {place: urban.covers(_square(place, 0).outline.centroid) for place, _ in _marks(drawn)}
    lines = [
        "".join("#" if marks[row, column] else " " for column in range(len(line)))
        for row, line in enumerate(drawn.splitlines())
    ]
    return "\n".join(lines)
