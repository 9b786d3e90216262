"""Closures as people draw them, on tiny maps and in a real town."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from graphs.closures import closures_geojson, closures_of, parse_closures, read_closures
from graphs.conditions import Change, Conditions, Stretch
from graphs.coordinates import METRES_PER_DEGREE
from graphs.errors import Fault, InputError
from graphs.network import Network
from graphs.stretches import stretch_finder
from roadmaps import Point, RoadMap, draw
from shared_data import BANGOR, NEWPORT, real_network

NIGHT = datetime(2026, 1, 31, 23, 10, tzinfo=UTC)
Json = dict[str, Any]

TOWN = draw(
    """
    A-----B-----C
          |
          D-----E
    """,
    "A-B-C primary name='High Street' ref='A66;A19'",
    "B-D name='Mill Lane'",
    "D>E name='Back Lane'",
)


def lonlat(point: Point) -> list[float]:
    lat, lon = point
    return [lon, lat]


def line(*points: Point) -> Json:
    return {"type": "LineString", "coordinates": [lonlat(point) for point in points]}


def dot(point: Point) -> Json:
    return {"type": "Point", "coordinates": lonlat(point)}


def area(*points: Point) -> Json:
    ring = [lonlat(point) for point in points]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def box(drawn: RoadMap, corner: str, east_m: tuple[float, float], north_m: tuple[float, float]) -> Json:
    """Return the rectangle between distances east and north of a place."""
    (west, east), (south, north) = east_m, north_m
    corners = ((west, south), (east, south), (east, north), (west, north))
    return area(*(drawn.at(corner, east_m=x, north_m=y) for x, y in corners))


def feature(geometry: Json | None, **properties: Any) -> Json:
    # from is a word of Python's own.
    properties = {key.removesuffix("_"): value for key, value in properties.items()}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features: Any) -> Json:
    return {"type": "FeatureCollection", "features": list(features)}


def read(drawn: RoadMap, *features: Any) -> Conditions:
    return closures_of(collection(*features), drawn.network, "closures.geojson")


def told(drawn: RoadMap, conditions: Conditions, profile: str = "normal") -> list[str]:
    """Return what is closed or slow, as ``AB 20-60`` in metres, with ``* 0.5`` where it is slow."""
    altered = conditions.at(NIGHT, profile)
    columns = (altered.edge, altered.start, altered.end, altered.factor)
    rows = []
    for edge, start, end, factor in zip(*(column.tolist() for column in columns), strict=True):
        length = drawn.network.length_m[edge]
        slow = f" * {factor:g}" if factor else ""
        rows.append(f"{drawn.road(edge)} {start * length:.0f}-{end * length:.0f}{slow}")
    return sorted(rows)


def closed(drawn: RoadMap, geometry: Json | None, **properties: Any) -> list[str]:
    return told(drawn, read(drawn, feature(geometry, **properties)))


# ---- Areas -------------------------------------------------------------------------------------------------------


def test_closing_one_stretch_does_not_close_the_rest_of_the_edge() -> None:
    assert closed(TOWN, box(TOWN, "A", (200, 500), (-20, 20))) == ["AB 200-500", "BA 100-400"]


def test_an_area_closes_whole_roads_and_parts_of_others() -> None:
    assert closed(TOWN, box(TOWN, "B", (-50, 700), (-150, 50))) == [
        "AB 550-600",
        "BA 0-50",
        "BC 0-600",
        "BD 0-150",
        "CB 0-600",
        "DB 50-200",
    ]


def test_an_area_with_a_hole_leaves_the_road_in_the_hole() -> None:
    outer = box(TOWN, "A", (100, 500), (-20, 20))["coordinates"][0]
    hole = box(TOWN, "A", (200, 300), (-10, 10))["coordinates"][0]
    assert closed(TOWN, {"type": "Polygon", "coordinates": [outer, hole]}) == [
        "AB 100-200",
        "AB 300-500",
        "BA 100-300",
        "BA 400-500",
    ]


def test_areas_that_overlap_are_one() -> None:
    parts = [box(TOWN, "A", each, (-20, 20))["coordinates"] for each in ((100, 300), (200, 400))]
    assert closed(TOWN, {"type": "MultiPolygon", "coordinates": parts}) == ["AB 100-400", "BA 200-500"]


def test_a_border_through_a_junction_closes_nothing_beyond_it() -> None:
    geometry = area(TOWN.at("A", north_m=50), TOWN.at("B", north_m=50), TOWN.at("B"), TOWN.at("A"))
    assert closed(TOWN, geometry) == ["AB 0-600", "BA 0-600"]


def test_an_area_across_a_bridge_closes_the_bridge_and_the_road_below() -> None:
    river = draw(
        """
              N
              |
        A-----|-----B
              |
              S
        """,
        "A-B bridge",
        "N-S",
        "A-N",
    )
    assert closed(river, box(river, "A", (550, 650), (-50, 50))) == [
        "AB 550-650",
        "BA 550-650",
        "NS 150-250",
        "SN 150-250",
    ]


def test_a_road_that_crosses_itself_is_cut_both_times() -> None:
    loop = draw(
        """
              c---b
              |   |
        A-----+---a
              |
              D
        """,
        "A-a-b-c-D",
    )
    assert closed(loop, box(loop, "A", (580, 620), (-20, 20))) == [
        "AD 1780-1820",
        "AD 580-620",
        "DA 1380-1420",
        "DA 180-220",
    ]


def test_a_road_within_the_area_only_by_name() -> None:
    assert closed(TOWN, box(TOWN, "B", (-50, 50), (-50, 50)), road="mill lane") == ["BD 0-50", "DB 150-200"]


# ---- Names of roads ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("road", ["High Street", "high  street", "A66", "a19"])
def test_a_named_road_is_closed_everywhere(road: str) -> None:
    assert closed(TOWN, None, road=road) == ["AB 0-600", "BA 0-600", "BC 0-600", "CB 0-600"]


def test_an_unknown_road_is_a_fault_that_names_the_closest() -> None:
    (fault,) = faults_of(TOWN, feature(None, road="Hihg Street"))
    assert (fault.where, fault.field, fault.value) == ("feature 1", "road", '"Hihg Street"')
    assert fault.hint == "did you mean High Street?"
    assert "such as High Street" in fault.accepted


# ---- Lines -------------------------------------------------------------------------------------------------------


def test_a_line_closes_the_road_along_it_and_no_side_street() -> None:
    # Drawn by hand, a few metres beside the road and past the junction.
    geometry = line(TOWN.along("AB", 0.5, right_m=6), TOWN.along("BC", 0.25, right_m=4))
    assert closed(TOWN, geometry) == ["AB 300-600", "BA 0-300", "BC 0-150", "CB 450-600"]


def test_a_line_up_to_a_junction_closes_nothing_beyond_it() -> None:
    geometry = line(TOWN.at("A"), TOWN.at("B", east_m=2))
    assert closed(TOWN, geometry) == ["AB 0-600", "BA 0-600"]


def test_a_line_around_a_corner() -> None:
    geometry = line(TOWN.along("AB", 0.5), TOWN.at("B"), TOWN.at("D"))
    assert closed(TOWN, geometry) == ["AB 300-600", "BA 0-300", "BD 0-200", "DB 0-200"]


@pytest.mark.parametrize(("places", "road"), [("AB", "AB"), ("BA", "BA")])
def test_one_direction_only(places: str, road: str) -> None:
    geometry = line(*map(TOWN.at, places))
    assert closed(TOWN, geometry, direction="along") == [f"{road} 0-600"]


def test_against_a_one_way_street_there_is_no_road() -> None:
    assert closed(TOWN, line(TOWN.at("D"), TOWN.at("E")), direction="along") == ["DE 0-600"]
    (fault,) = faults_of(TOWN, feature(line(TOWN.at("E"), TOWN.at("D")), direction="along"))
    assert fault.accepted == "a line along a road in its direction, within 15 m of it"


def test_a_line_on_a_bend_closes_it_without_a_gap() -> None:
    bend = draw(
        """
        A--b
            c
            |
            D
        """,
        "A-b-c-D",
        "D-A length=2000",
    )
    outside = line(*(bend.at(place, east_m=7, north_m=7) for place in "AbcD"))
    rows = closed(bend, outside)
    assert len(rows) == 2
    assert all(row.startswith(("AD", "DA")) for row in rows)


def test_a_line_on_a_named_road_closes_no_road_beside_it() -> None:
    around_the_corner = line(TOWN.along("AB", 0.5), TOWN.at("B"), TOWN.at("D"))
    assert closed(TOWN, around_the_corner, road="Mill Lane") == ["BD 0-200", "DB 0-200"]


def test_a_line_that_turns_back_beside_its_own_end_closes_all_of_its_road() -> None:
    hairpin = draw(
        """
        A----a
        B----b
        """,
        "A-a-b-B name='Hairpin'",
        "B-A",
        square_m=10.0,
    )
    (edge,) = (edge for edge in hairpin.edges("AB") if hairpin.network.edge_name(edge) == "Hairpin")
    conditions = read(hairpin, feature(line(*map(hairpin.at, "AabB")), direction="along"))
    assert conditions.changes[0].stretches == (Stretch(edge, 0.0, 1.0),)


def test_lines_of_one_feature_are_one_change() -> None:
    geometry = {
        "type": "MultiLineString",
        "coordinates": [line(*map(TOWN.at, pair))["coordinates"] for pair in ("AB", "BD")],
    }
    conditions = read(TOWN, feature(geometry))
    assert len(conditions.changes) == 1
    assert told(TOWN, conditions) == ["AB 0-600", "BA 0-600", "BD 0-200", "DB 0-200"]


def test_both_carriageways_lie_along_a_line_and_the_next_street_does_not() -> None:
    dual = draw(
        """
        A----------B
        C----------D

        E----------F
        """,
        "B>A way=1",
        "C>D way=1",
        "E-F",
        "A-C-E",
        "B-D-F",
        square_m=10.0,
    )
    geometry = line(dual.along("AB", 0.2, right_m=5), dual.along("AB", 0.8, right_m=5))
    assert closed(dual, geometry) == ["BA 22-88", "CD 22-88"]
    assert closed(dual, geometry, direction="along") == ["CD 22-88"]


def test_a_line_taken_from_the_map_means_no_road_beside_it() -> None:
    slip = draw(
        """
             D
        A----B----C
        """,
        "A>B>C trunk",
        "A>D trunk_link",
        "D>C",
        square_m=12.0,
    )
    assert closed(slip, line(*map(slip.at, "ABC"))) == ["AB 0-60", "BC 0-60"]
    assert closed(slip, line(*map(slip.at, "AD"))) == ["AD 0-61"]
    by_hand = line(slip.at("A", north_m=3), slip.at("B", north_m=3))
    assert closed(slip, by_hand) == ["AB 0-60", "AD 0-61"]


# ---- Points ------------------------------------------------------------------------------------------------------


def test_a_point_closes_the_road_there_both_ways() -> None:
    assert closed(TOWN, dot(TOWN.along("BD", 0.5, right_m=20))) == ["BD 0-200", "DB 0-200"]
    assert closed(TOWN, dot(TOWN.along("DE", 0.5))) == ["DE 0-600"]


def test_a_point_on_a_named_road() -> None:
    corner = dot(TOWN.at("B", east_m=-20, north_m=-5))
    assert closed(TOWN, corner) == ["AB 0-600", "BA 0-600"]
    assert closed(TOWN, corner, road="Mill Lane") == ["BD 0-200", "DB 0-200"]


def test_a_point_far_from_any_road_is_a_fault() -> None:
    (fault,) = faults_of(TOWN, feature(dot(TOWN.along("AB", 0.5, right_m=31))))
    assert (fault.field, fault.accepted) == ("geometry", "a point within 30 m of a road")


# ---- What, when, for whom ----------------------------------------------------------------------------------------


def test_two_changes_on_one_road_both_hold() -> None:
    first, second = (feature(box(TOWN, "A", each, (-20, 20))) for each in ((100, 200), (400, 500)))
    slow = feature(None, road="High Street", factor=0.5)
    assert told(TOWN, read(TOWN, first, second, slow))[:5] == [
        "AB 0-100 * 0.5",
        "AB 100-200",
        "AB 200-400 * 0.5",
        "AB 400-500",
        "AB 500-600 * 0.5",
    ]


def test_a_period_that_has_ended() -> None:
    ended = feature(dot(TOWN.along("BD", 0.5)), from_="2026-01-31T20:00:00Z", to="2026-01-31T23:10:00Z")
    lasting = feature(dot(TOWN.along("DE", 0.5)), from_="2026-01-31T23:10:00+00:00", to=None)
    conditions = read(TOWN, ended, lasting)
    assert len(conditions.changes) == 2
    assert told(TOWN, conditions) == ["DE 0-600"]


def test_a_change_for_normal_only() -> None:
    conditions = read(TOWN, feature(None, road="Mill Lane", profile="normal", factor=0.25))
    assert told(TOWN, conditions, "normal") == ["BD 0-200 * 0.25", "DB 0-200 * 0.25"]
    assert told(TOWN, conditions, "response") == []


def test_a_change_has_its_name_or_that_of_its_longest_road() -> None:
    names = [
        read(TOWN, each).changes[0].name
        for each in (
            feature(None, road="Mill Lane", name="gas leak"),
            feature(None, road="mill lane"),
            feature(box(TOWN, "B", (-50, 700), (-150, 50))),
        )
    ]
    assert names == ["gas leak", "Mill Lane", "High Street and other roads"]


def test_null_is_as_good_as_absent() -> None:
    one = feature(None, road="Mill Lane", name=None, factor=None, direction=None, profile=None, from_=None)
    assert read(TOWN, one) == read(TOWN, feature(None, road="Mill Lane"))


def test_a_file_without_features_changes_nothing() -> None:
    assert read(TOWN).changes == ()


# ---- Files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
def test_a_file(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "closures.geojson"
    document = collection(feature(dot(TOWN.along("BD", 0.5)), name="Straßenfest"))
    # What tools add beside is none of our business.
    document |= {"name": "closures", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}}
    document["features"][0]["id"] = 7
    path.write_text(mark + json.dumps(document, ensure_ascii=False), "utf-8")
    conditions = read_closures(path, TOWN.network)
    assert conditions.changes[0].name == "Straßenfest"
    assert told(TOWN, conditions) == ["BD 0-200", "DB 0-200"]


def test_heights_are_left_out() -> None:
    geometry = dot(TOWN.along("BD", 0.5))
    geometry["coordinates"].append(25.0)
    assert closed(TOWN, geometry) == ["BD 0-200", "DB 0-200"]


# ---- Faults ------------------------------------------------------------------------------------------------------


def faults_of(drawn: RoadMap, *features: Any) -> Sequence[Fault]:
    with pytest.raises(InputError) as caught:
        read(drawn, *features)
    return caught.value.faults


@pytest.mark.parametrize(
    ("properties", "field", "value", "words"),
    [
        ({"from_": "2026-01-31T23:10:00"}, "from", '"2026-01-31T23:10:00"', "it has no offset"),
        ({"from_": "2026-01-31"}, "from", '"2026-01-31"', "a date without a time"),
        ({"from_": "0001-01-01T00:00:00Z"}, "from", '"0001-01-01T00:00:00Z"', "in the years 1970 to 2199"),
        ({"to": "tonight"}, "to", '"tonight"', "ISO 8601 with an offset"),
        ({"to": 1769900000}, "to", "1769900000", "ISO 8601 with an offset"),
        (
            {"from_": "2026-01-31T23:10:00Z", "to": "2026-01-31T23:10:00+01:00"},
            "to",
            '"2026-01-31T23:10:00+01:00"',
            "a moment after from, 2026-01-31T23:10:00+00:00",
        ),
        ({"profile": "respnse"}, "profile", '"respnse"', "normal, response (did you mean response?)"),
        ({"profile": 2}, "profile", "2", "a profile, or nothing for all"),
        ({"factor": 1}, "factor", "1", "0 (closed), or 0.01 to less than 1"),
        ({"factor": 1.5}, "factor", "1.5", "0 (closed), or 0.01 to less than 1"),
        ({"factor": -1}, "factor", "-1", "0 (closed), or 0.01 to less than 1"),
        ({"factor": 0.001}, "factor", "0.001", "0 (closed), or 0.01 to less than 1"),
        ({"factor": "0.5"}, "factor", '"0.5"', "0 (closed), or 0.01 to less than 1"),
        ({"factor": False}, "factor", "false", "0 (closed), or 0.01 to less than 1"),
        ({"name": ""}, "name", '""', "text in one line for people to read"),
        ({"name": "a\x1b[2J"}, "name", '"a\\u001b[2J"', "text in one line for people to read"),
        ({"road": ["A66"]}, "road", '["A66"]', "the name or number of a road"),
        ({"direction": "against"}, "direction", '"against"', "both, or along"),
        ({"direction": "along"}, "direction", '"along"', "only a line is drawn in a direction"),
        ({"factr": 0.5}, "factr", '"factr"', "did you mean factor?"),
        ({"start": None}, "start", '"start"', "from, to, profile"),
    ],
)
def test_faults_of_properties(properties: Json, field: str, value: str, words: str) -> None:
    (fault,) = faults_of(TOWN, feature(dot(TOWN.along("BD", 0.5)), **properties))
    assert (fault.source, fault.where, fault.field, fault.value) == ("closures.geojson", "feature 1", field, value)
    assert words in str(fault)


WEST, SOUTH, EAST, NORTH = TOWN.network.area.bounds
BOWTIE = [TOWN.at("A", north_m=9), TOWN.at("B", north_m=-9), TOWN.at("B", north_m=9), TOWN.at("A", north_m=-9)]


@pytest.mark.parametrize(
    ("geometry", "field", "words"),
    [
        (None, "geometry", "a geometry, or a road by its name"),
        ("Point", "geometry", "a table with type and coordinates"),
        ({"type": "MultiPoint", "coordinates": []}, "geometry.type", "Point, LineString, MultiLineString"),
        ({"type": "GeometryCollection", "geometries": []}, "geometry.type", '"GeometryCollection" is not accepted'),
        ({"type": ["Point"]}, "geometry.type", '["Point"] is not accepted'),
        ({"type": "Point"}, "geometry.coordinates", "[lon, lat], two numbers in degrees"),
        ({"type": "Point", "coordinates": [-1.25]}, "geometry.coordinates", "[-1.25] is not accepted"),
        ({"type": "Point", "coordinates": [True, 54.58]}, "geometry.coordinates", "two numbers in degrees"),
        ({"type": "Point", "coordinates": [10**400, 54.58]}, "geometry.coordinates", "two numbers in degrees"),
        ({"type": "Point", "coordinates": [math.inf, 54.58]}, "geometry.coordinates", "two numbers in degrees"),
        ({"type": "LineString", "coordinates": []}, "geometry.coordinates", "a list of positions"),
        (
            {"type": "LineString", "coordinates": [[-1.25, 54.58]]},
            "geometry.coordinates",
            "two or more different places",
        ),
        (line(TOWN.at("A"), TOWN.at("A")), "geometry.coordinates", "two or more different places"),
        ({"type": "Polygon", "coordinates": [[[-1.25, "54"]]]}, "geometry.coordinates[0][0]", "two numbers in degrees"),
        ({"type": "Polygon", "coordinates": [[-1.25, 54.58]]}, "geometry.coordinates[0][0]", "-1.25 is not accepted"),
        (area(TOWN.at("A"), TOWN.at("B")), "geometry.coordinates", "four or more places"),
        (area(*BOWTIE), "geometry.coordinates", "Self-intersection"),
        (dot((SOUTH - 1, WEST)), "geometry.coordinates", f"lon {WEST:.4f} to {EAST:.4f}"),
        (dot((WEST, SOUTH)), "geometry.coordinates", f"lat {SOUTH:.4f} to {NORTH:.4f}"),
        (dot((-1.25, 54.58)), "geometry.coordinates", "lon and lat seem to be swapped: GeoJSON has lon first"),
        (line((-1.25, 54.58), (-1.249, 54.58)), "geometry.coordinates", "and 1 more of 2 places"),
        (dot((516500.0, 451000.0)), "geometry.coordinates", "looks like British National Grid"),
        (box(TOWN, "A", (100, 200), (50, 90)), "geometry", "an area with a road in it"),
        (
            line(TOWN.at("A", north_m=50), TOWN.at("B", north_m=50)),
            "geometry",
            "a line along a road, within 15 m of it",
        ),
        (line(TOWN.at("A", north_m=20), TOWN.at("A", north_m=-20)), "geometry", "a line along a road"),
    ],
)
def test_faults_of_geometries(geometry: Any, field: str, words: str) -> None:
    (fault,) = faults_of(TOWN, feature(geometry))
    assert (fault.where, fault.field) == ("feature 1", field)
    assert words in str(fault)


def test_all_faults_of_a_file_are_reported_together() -> None:
    faults = faults_of(
        TOWN,
        feature(dot((-1.25, 54.58)), factor=2, from_="2026-01-31T23:10:00Z", to="2026-01-31T22:00:00Z", fctor=1),
        feature(None, road="Mill Lane"),
        feature(box(TOWN, "A", (100, 200), (50, 90)), road="Nowhere", profile="blue"),
        "a feature",
        {"type": "Feature", "geometry": None, "properties": [1]},
        feature(dot(TOWN.at("A")), road="Mill Lane"),
    )
    assert [(fault.where, fault.field) for fault in faults] == [
        ("feature 1", "factor"),
        ("feature 1", "to"),
        ("feature 1", "fctor"),
        ("feature 1", "geometry.coordinates"),
        ("feature 3", "road"),
        ("feature 3", "profile"),
        ("feature 3", "geometry"),
        ("feature 4", "type"),
        ("feature 5", "properties"),
        ("feature 6", "geometry"),
    ]


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("", "", "text that is not JSON"),
        ("{", "", "text that is not JSON"),
        ("[" * 100_000, "", "too deeply nested"),
        ('{"type": NaN}', "", "NaN is no number of JSON"),
        ('{"type": "FeatureCollection", "features": [], "features": []}', "", "a repeated key, 'features'"),
        ("[]", "type", "accepted: FeatureCollection"),
        ('{"type": "Feature"}', "type", "put it into the features of a FeatureCollection"),
        ('{"type": "FeatureCollection", "features": {}}', "features", "a list of features"),
    ],
)
def test_no_collection(text: str, field: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_closures(text, TOWN.network, "closures.geojson")
    (fault,) = caught.value.faults
    assert (fault.where, fault.field) == ("", field)
    assert words in str(fault)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=5)
        | st.sampled_from(["Feature", "Point"]),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["type", "features", "geometry", "coordinates", "properties", "road", "from"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_is_given_is_refused_in_words(anything: Any) -> None:
    for document in (
        anything,
        collection(anything),
        collection(feature(anything)),
        collection(feature(None, road=anything)),
    ):
        with suppress(InputError):
            closures_of(document, TOWN.network, "closures.geojson")


# ---- And back ----------------------------------------------------------------------------------------------------


def test_conditions_are_told_as_geojson() -> None:
    conditions = read(
        TOWN, feature(box(TOWN, "D", (100, 300), (-20, 20)), name="flood", factor=0.5, to="2026-02-01T08:00:00+01:00")
    )
    (found,) = closures_geojson(conditions, TOWN.network)["features"]
    assert found["properties"] == {
        "name": "flood",
        "factor": 0.5,
        "from": None,
        "to": "2026-02-01T07:00:00+00:00",
        "profile": None,
        "direction": "along",
    }
    assert found["geometry"]["type"] == "MultiLineString"
    expected = [lonlat(TOWN.at("D", east_m=east)) for east in (100, 300)]
    assert np.allclose(found["geometry"]["coordinates"], [expected], atol=1e-7)


def test_what_is_told_can_be_read_again() -> None:
    bent = draw(
        """
        A--b   E
            c--D
        """,
        "A-b-c-D name='Crooked Lane'",
        "D>E",
    )
    conditions = read(
        bent,
        feature(box(bent, "A", (150, 500), (-120, 50)), profile="response"),
        feature(line(bent.at("A"), bent.at("b")), direction="along", from_="2026-01-31T20:00:00Z"),
        feature(None, road="crooked lane", factor=0.5),
    )
    document = json.loads(json.dumps(closures_geojson(conditions, bent.network)))
    again = closures_of(document, bent.network, "served")
    for profile in ("normal", "response"):
        assert told(bent, again, profile) == told(bent, conditions, profile)


# ---- Real roads --------------------------------------------------------------------------------------------------


def metres_inside(network: Network, edges: Iterable[int], polygon: shapely.Polygon) -> dict[int, float]:
    """Return the metres of each edge inside an area, by shapely alone."""
    east = METRES_PER_DEGREE * math.cos(math.radians(polygon.centroid.y))
    scale = np.array([east, METRES_PER_DEGREE])
    plane = shapely.transform(polygon, lambda lonlat: lonlat * scale)
    found = {edge: shapely.LineString(network.edge_lonlat(edge) * scale).intersection(plane).length for edge in edges}
    return {edge: metres for edge, metres in found.items() if metres > 0.02}


def test_the_centre_of_newport_against_shapely() -> None:
    network = real_network(NEWPORT)
    west, south, east, north = network.area.bounds
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    polygon = shapely.affinity.scale(middle.buffer((east - west) / 4, quad_segs=3), 1.0, 0.6)
    document = collection({**feature(None), "geometry": shapely.geometry.mapping(polygon)})
    conditions = parse_closures(json.dumps(document), network, "newport")
    altered = conditions.at(NIGHT, "normal")
    expected = metres_inside(network, range(network.edge_count), polygon)
    assert len(expected) > 100
    assert 0 < sum(altered.end - altered.start < 1.0) < len(expected)
    metres = metres_of(conditions, network)
    assert set(np.flatnonzero(metres).tolist()) == set(expected)
    for edge, length in expected.items():
        assert metres[edge] == pytest.approx(length, rel=2e-3, abs=0.02)
    for stretch in conditions.changes[0].stretches:
        inside = shapely.LineString(stretch_finder(network).line(stretch))
        assert polygon.buffer(1e-7).covers(inside)


@pytest.mark.parametrize("name", [NEWPORT, BANGOR])
def test_what_is_told_of_a_town_can_be_read_again(name: str) -> None:
    network = real_network(name)
    west, south, east, north = network.area.bounds
    area_of_town = shapely.Point((west + east) / 2, (south + north) / 2).buffer((east - west) / 30)
    conditions = Conditions((Change("town", stretch_finder(network).inside(area_of_town)),))
    document = json.loads(json.dumps(closures_geojson(conditions, network)))
    again = closures_of(document, network, "served")
    assert metres_of(again, network) == pytest.approx(metres_of(conditions, network), abs=0.05)


def metres_of(conditions: Conditions, network: Network) -> np.ndarray[Any, np.dtype[np.float64]]:
    altered = conditions.at(NIGHT, "normal")
    metres = np.zeros(network.edge_count)
    np.add.at(metres, altered.edge, (altered.end - altered.start) * network.length_m[altered.edge])
    return metres
