"""Candidates and demand points: read with all faults, spread over streets, and written for a scenario."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import shapely

from graphs.coordinates import distance_m
from graphs.errors import InputError
from roadmaps import RoadMap, draw
from scenarios.scenario import Station
from scenarios.siting import Question
from scenarios.siting_files import (
    Areas,
    DemandPoint,
    read_area_demand,
    read_candidates,
    read_demand,
    spread_candidates,
)
from scenarios.siting_out import FILES, Told
from scenarios.siting_roads import roads_at, times_ms
from scenarios.siting_solve import solve
from shared_data import NEWPORT, real_network, shared


@pytest.fixture(scope="module")
def town() -> RoadMap:
    return draw(
        """
        A---------B---------C
        |         |         |
        D---------E---------F
        """,
        "A-B-C residential limit=30mph name='High Street'",
        "D-E-F residential limit=30mph name='Low Street'",
        "A-D residential",
        "B-E residential",
        "C-F residential",
    )


def faults_of(error: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [str(fault) for fault in error.value.faults]


def place(town: RoadMap, letter: str) -> str:
    lat, lon = town.at(letter)
    return f"{lat:.6f},{lon:.6f}"


def test_candidates_are_read_as_stations(town: RoadMap, tmp_path: Path) -> None:
    file = tmp_path / "candidates.csv"
    file.write_text(f"name,lat,lon,sector,custody\nWest,{place(town, 'A')},w,yes\nEast,{place(town, 'C')},,\n")
    west, east = read_candidates(file, town.network)
    assert (west.name, west.sector, west.custody) == ("West", "w", True)
    assert (east.name, east.sector, east.custody) == ("East", None, False)


def test_all_faults_of_candidates_are_told_together(town: RoadMap, tmp_path: Path) -> None:
    file = tmp_path / "candidates.csv"
    here = place(town, "A")
    lat, lon = town.at("A")
    file.write_text(
        f"name,lat,lon\nWest,{here}\nWest,{here}\nFar,55.9,-1.2\nTurned,{lon:.5f},{lat:.5f}\nNone,,\nOdd,x,1\n"
    )
    with pytest.raises(InputError) as error:
        read_candidates(file, town.network)
    told = "\n".join(faults_of(error))
    assert 'row 3 name: "West" is not accepted; accepted: each name only once (also in row 2)' in told
    assert "row 4 lat, lon: 55.9, -1.2 is not accepted" in told
    assert "row 5 lat, lon" in told
    assert "swapped" in told
    assert "row 6 lat, lon: nothing is not accepted; accepted: lat and lon, or easting and northing" in told
    assert 'row 7 lat: "x" is not accepted' in told


def test_a_file_for_another_town_is_not_told_row_by_row(town: RoadMap, tmp_path: Path) -> None:
    file = tmp_path / "demand.csv"
    file.write_text("lat,lon\n" + "57.7,11.9\n" * 5_000)
    with pytest.raises(InputError) as error:
        read_demand(file, town.network)
    told = faults_of(error)
    assert len(told) == 21
    assert "row 2 lat, lon: 57.7, 11.9 is not accepted" in told[0]
    assert (
        "demand.csv lat, lon: places of 4,980 rows more is not accepted; accepted: a point of the network" in told[-1]
    )


def test_demand_points_weigh_1_and_are_called_by_their_row_unless_told(town: RoadMap, tmp_path: Path) -> None:
    file = tmp_path / "demand.csv"
    file.write_text(
        f"lat,lon,weight,name\n{place(town, 'A')},,\n{place(town, 'B')},2.5,Market\n{place(town, 'C')},0,\n"
    )
    points = read_demand(file, town.network)
    assert [(point.name, point.weight) for point in points] == [("row 2", 1.0), ("Market", 2.5), ("row 4", 0.0)]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("", "no rows is not accepted"),
        ("{A},-1\n", "weight: -1.0 is not accepted; accepted: a number, 0 or more"),
        ("{A},nan\n", "weight"),
        ("{A},0\n{B},0\n", "a weight above 0 in some row"),
    ],
)
def test_demand_that_is_none_is_refused(town: RoadMap, tmp_path: Path, rows: str, told: str) -> None:
    file = tmp_path / "demand.csv"
    file.write_text("lat,lon,weight\n" + rows.format(A=place(town, "A"), B=place(town, "B")))
    with pytest.raises(InputError) as error:
        read_demand(file, town.network)
    assert len(error.value.faults) == 1
    assert told in faults_of(error)[0]


def test_a_header_without_places_is_told_once(town: RoadMap, tmp_path: Path) -> None:
    file = tmp_path / "demand.csv"
    file.write_text("name,weight\na,1\nb,2\n")
    with pytest.raises(InputError) as error:
        read_demand(file, town.network)
    (fault,) = error.value.faults
    assert (fault.where, fault.field, fault.accepted) == (
        "row 1",
        "lat, lon",
        "a header with lat, lon or easting, northing",
    )


def polygon(town: RoadMap, name: str, corners: str, **properties: object) -> dict[str, object]:
    """Return an area around the places of some letters."""
    box = shapely.MultiPoint([town.lonlat(letter) for letter in corners]).buffer(0.0001)
    shape = json.loads(shapely.to_geojson(shapely.box(*box.bounds)))
    return {"type": "Feature", "properties": {"name": name, **properties}, "geometry": shape}


def areas_file(folder: Path, *features: object) -> Path:
    file = folder / "areas.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


def test_points_on_the_streets_stand_for_an_area(town: RoadMap, tmp_path: Path) -> None:
    north, south = polygon(town, "north", "AC", persons=90), polygon(town, "south", "DF", persons=10)
    file = areas_file(tmp_path, north, south)
    points, _ = read_area_demand(Areas(file, weight="persons", points=3), town.network)
    assert [point.name for point in points] == ["north 1", "north 2", "north 3", "south 1", "south 2", "south 3"]
    assert [point.weight for point in points] == [30.0] * 3 + [10 / 3] * 3
    shape = shapely.from_geojson(json.dumps(north["geometry"]))
    assert all(shape.covers(shapely.Point(point.lon, point.lat)) for point in points[:3])


def test_weights_may_come_from_a_table(town: RoadMap, tmp_path: Path) -> None:
    file = areas_file(tmp_path, polygon(town, "north", "AC"), polygon(town, "south", "DF"))
    weights = tmp_path / "population.csv"
    weights.write_text("name,persons\nnorth,400\nsouth,100\nelsewhere,7\n")
    points, _ = read_area_demand(Areas(file, "name", "persons", weights, 1), town.network)
    assert [(point.name, point.weight) for point in points] == [("north", 400.0), ("south", 100.0)]


def test_faults_of_weights_are_told_together(town: RoadMap, tmp_path: Path) -> None:
    file = areas_file(tmp_path, polygon(town, "north", "AC"), polygon(town, "south", "DF"))
    weights = tmp_path / "population.csv"
    weights.write_text("name,persons\nnorth,many\nnorth,1\n")
    with pytest.raises(InputError) as error:
        read_area_demand(Areas(file, "name", "persons", weights, 1), town.network)
    assert len(error.value.faults) == 2
    weights.write_text("name,persons\nnorth,1\n")
    with pytest.raises(InputError, match='no row for "south" is not accepted'):
        read_area_demand(Areas(file, "name", "persons", weights, 1), town.network)
    weights.write_text("name,people\nnorth,1\n")
    with pytest.raises(InputError, match="persons"):
        read_area_demand(Areas(file, "name", "persons", weights, 1), town.network)


def test_candidates_are_spread_over_all_streets(town: RoadMap) -> None:
    found = spread_candidates(town.network, 11)
    assert found == spread_candidates(town.network, 11)
    assert [each.name for each in found] == [f"P{number:02d}" for number in range(1, 12)]
    places = [(each.lat, each.lon) for each in found]
    for letter in town.places():
        assert min(distance_m(*town.at(letter), *place) for place in places) < 400


def test_real_streets_give_as_many_candidates_as_asked_for() -> None:
    network = real_network(NEWPORT)
    found = spread_candidates(network, 200)
    assert len(found) == 200
    assert all(network.contains(each.lat, each.lon) for each in found)


def test_times_are_those_of_the_slowest_moment_with_mobilisation(town: RoadMap) -> None:
    places = [town.at("A"), town.at("F")]
    quiet = times_ms(town.network, "normal", (), places, places)
    night, peak = (datetime.fromisoformat(f"2026-03-04T{hour}+00:00") for hour in ("03:00", "08:30"))
    both = times_ms(town.network, "normal", (night, peak), places, places, mobilisation_s=60)
    each = [times_ms(town.network, "normal", (at,), places, places) for at in (night, peak)]
    assert (both == np.maximum(*each) + 60_000).all()
    assert (each[0] == quiet).all()
    assert quiet.shape == (2, 2)
    assert quiet[0, 1] > quiet[0, 0]


def test_where_no_road_leads_there_is_no_time() -> None:
    halves = draw(
        """
        A---B---C     E---F
        |   |   |     |   |
        D---G---H     I---J
        """,
        "A-B-C-H-G-D-A primary length=500",
        "B-G length=500",
        "E-F-J-I-E length=875",
    )
    a, f = halves.at("A"), halves.at("F")
    found = times_ms(halves.network, "normal", (), [a], [a, f], mobilisation_s=60)
    assert found[0, 0] >= 60_000
    assert found[1, 0] == -1


def test_a_post_is_told_by_its_road(town: RoadMap) -> None:
    places = [town.along("AB", 0.5), town.along("EF", 0.5), town.along("BE", 0.5)]
    assert roads_at(town.network, "normal", places) == ["High Street", "Low Street", "residential"]


def test_files_of_posts_are_a_scenario_s_stations(town: RoadMap, tmp_path: Path) -> None:
    candidates = [Station("=West", *town.at("A"), "w", custody=True), Station("East", *town.at("F"))]
    points = [DemandPoint("one", *town.at("B"), 2.0), DemandPoint("lost", *town.at("C"), 1.0)]
    question = Question("p-median", np.array([[1_000, 9_000], [-1, -1]]), np.array([2.0, 1.0]), 1)
    told = Told(solve(question), candidates, points, ["High Street"], {"attribution": "drawn"})
    told.write(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES)
    (west,) = read_candidates(tmp_path / "out" / "stations.csv", town.network)
    assert west == candidates[0]
    result = json.loads((tmp_path / "out" / "result.json").read_bytes())
    assert result["value"] == result["bound"] == 1.0
    assert result["proved"] is True
    assert result["hopeless"] == ["lost"]
    assert result["mean_s"] == 1.0
    rows = list(csv.DictReader((tmp_path / "out" / "points.csv").read_text().splitlines()))
    assert [(row["post"], row["time_s"], row["covered"]) for row in rows] == [("'=West", "1.0", ""), ("", "", "")]
    features = json.loads((tmp_path / "out" / "posts.geojson").read_bytes())["features"]
    assert [feature["properties"]["kind"] for feature in features] == ["post", "demand", "demand"]


def test_real_small_areas_with_their_population(tmp_path: Path) -> None:
    """The areas of a force, moved to the streets of another town, which a map of its own roads is absent for."""
    document = json.loads(shared("cleveland/lsoa.geojson").read_text())
    network = real_network(NEWPORT)
    middle = network.area.centroid
    moved = [
        {**each, "geometry": json.loads(shapely.to_geojson(_moved(each["geometry"], middle)))}
        for each in document["features"]
        if each["properties"]["name"].startswith("Middlesbrough 0")
    ]
    file = areas_file(tmp_path, *moved)
    asked = Areas(file, "lsoa", "persons", shared("cleveland/lsoa_population.csv"), 2)
    points, _ = read_area_demand(asked, network)
    people = sum(each["properties"]["persons"] for each in moved)
    assert len(points) > len(moved)
    assert sum(point.weight for point in points) <= people + 1e-6


def _moved(geometry: object, middle: shapely.Point) -> shapely.Geometry:
    shape = shapely.from_geojson(json.dumps(geometry))
    return shapely.transform(shape, lambda lonlat: (lonlat - (-1.235, 54.575)) * 0.2 + (middle.x, middle.y))
