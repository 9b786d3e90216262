"""Ways, tables, the nearest, reachable areas and closures over HTTP: numbers that can be added up by hand."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
from flask.testing import FlaskClient

import scenarios.samples.gothenburg
from api.driving import Driving
from api.queries import REPORTED
from api.road_answers import route_answer
from clients import client_over, service_over
from conftest import NIGHT
from dispatch.force import Force
from dispatch.recommend import recommend
from graphs.closures import closures_of, read_closures
from graphs.errors import InputError
from graphs.netfile import save_network
from graphs.network import Network
from graphs.reference import ReferenceRouter
from roadmaps import Point, draw
from scenarios.picture_folder import read_picture_folder

SAMPLE = Path(scenarios.samples.gothenburg.__file__).parent
# Every block is 500 m and takes 40 s on blue lights, 60 s without; nothing joins the halves.
BLOCK = "length=500 normal_s=60 response_s=40"
TOWN = draw(
    """
    A---B---C     E---F
    |   |   |     |   |
    D---G---H     I---J
    """,
    f"A-B {BLOCK} name='Linthorpe Road'",
    f"B-C {BLOCK} name='Albert Road'",
    f"C-H-G-D-A {BLOCK} name='Borough Road'",
    f"B-G {BLOCK} name='Park Road'",
    "E-F-J-I-E length=875 normal_s=60 response_s=40",
)
CLOSURES = [
    {"road": "Albert Road", "from": "2026-01-31T23:05:00Z", "to": "2026-01-31T23:15:00Z", "profile": "response"},
    {"road": "Park Road", "factor": 0.5, "from": "2026-01-31T23:30:00Z"},
]
BEFORE, DURING, AFTER, LATER = (f"2026-01-31T23:{minute}:00Z" for minute in ("04", "10", "15", "30"))


def closures_file(path: Path, told: Sequence[dict[str, Any]]) -> Path:
    features = [{"type": "Feature", "geometry": None, "properties": properties} for properties in told]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The files of the town's network and of its closures."""
    folder = tmp_path_factory.mktemp("closures")
    save_network(TOWN.network, folder / "town.network")
    return folder / "town.network", closures_file(folder / "closures.geojson", CLOSURES)


@pytest.fixture(scope="module")
def client(files: tuple[Path, Path]) -> FlaskClient:
    """The service over the town with its closures, while the road is closed."""
    return client_over(files[0], lambda: NIGHT, closures=files[1])


@pytest.fixture(scope="module")
def closed_night(gothenburg_file: Path) -> FlaskClient:
    """The service of the demonstration, with the closures of that night."""
    told = {"force": SAMPLE / "force.toml", "picture": SAMPLE, "closures": SAMPLE / "closures.geojson"}
    return client_over(gothenburg_file, **told)


def text(*places: Point) -> str:
    return ";".join(f"{lat!r},{lon!r}" for lat, lon in places)


def get(client: FlaskClient, path: str, **query: object) -> Any:
    named = {name.removesuffix("_"): value for name, value in query.items()}
    response = client.get(f"/v1/{path}", query_string=named)
    assert response.status_code == 200, response.text
    return response.get_json()


AB, BC, CH, HG, EF = (TOWN.along(road, 0.5) for road in ("AB", "BC", "CH", "HG", "EF"))


class TestTable:
    def test_rows_are_origins_and_what_cannot_be_reached_is_null(self, client: FlaskClient) -> None:
        told = get(client, "table", origins=text(AB, EF), destinations=text(CH, AB, EF), at=BEFORE)
        # Half of Linthorpe Road, Albert Road and half of Borough Road: 20 + 40 + 20 s.
        assert told["durations"] == [[80.0, 0.0, None], [None, None, 0.0]]
        assert told["distances"] == [[1000.0, 0.0, None], [None, None, 0.0]]

    def test_says_where_the_places_are_and_on_what_it_rests(self, client: FlaskClient) -> None:
        beside = TOWN.along("AB", 0.5, right_m=10)
        told = get(client, "table", origins=text(beside), destinations=text(CH))
        (origin,) = told["origins"]
        assert (origin["road"], origin["gap_m"]) == ("Linthorpe Road", pytest.approx(10.0, abs=0.1))
        assert (origin["lat"], origin["lon"]) == pytest.approx(AB, abs=1e-6)
        assert [place["road"] for place in told["destinations"]] == ["Borough Road"]
        assert (told["profile"], told["at"]) == ("response", DURING)
        assert (told["network"], told["profiles"]) == (TOWN.network.hash, TOWN.network.profiles.hash)
        assert told["attribution"] == TOWN.network.meta.attribution

    @pytest.mark.parametrize(
        ("at", "profile", "seconds"),
        [
            (BEFORE, "response", 80.0),
            ("2026-01-31T23:05:00Z", "response", 120.0),
            (DURING, "response", 120.0),
            (DURING, "normal", 120.0),
            (AFTER, "response", 80.0),
            (AFTER, "normal", 120.0),
        ],
    )
    def test_a_closure_holds_from_its_start_to_its_end_for_its_profile(
        self, client: FlaskClient, at: str, profile: str, seconds: float
    ) -> None:
        asked = {"origins": text(AB), "destinations": text(CH), "profile": profile, "at": at}
        told = get(client, "table", **asked)
        assert told["durations"] == [[seconds]]
        around = profile == "response" and seconds == 120.0
        assert told["distances"] == [[1500.0 if around else 1000.0]]

    def test_a_slow_road(self, client: FlaskClient) -> None:
        bg = TOWN.along("BG", 0.5)
        for at, seconds in ((AFTER, 40.0), (LATER, 60.0)):
            assert get(client, "table", origins=text(AB), destinations=text(bg), at=at)["durations"] == [[seconds]]

    def test_now_is_the_clock_s_and_offsets_are_equal(self, client: FlaskClient) -> None:
        asked = {"origins": text(AB), "destinations": text(CH)}
        now = client.get("/v1/table", query_string=asked).data
        assert client.get("/v1/table", query_string={**asked, "at": "2026-02-01T00:10:00+01:00"}).data == now
        assert b'"durations":[[120.0]]' in now

    def test_one_pair_depends_on_no_other(self, client: FlaskClient) -> None:
        places = [AB, BC, CH, HG]
        whole = get(client, "table", origins=text(*places), destinations=text(*places), at=BEFORE)["durations"]
        for row, start in enumerate(places):
            for column, end in enumerate(places):
                alone = get(client, "table", origins=text(start), destinations=text(end), at=BEFORE)
                assert alone["durations"] == [[whole[row][column]]]

    def test_a_large_one(self, client: FlaskClient) -> None:
        told = get(client, "table", origins=text(*[AB] * 100), destinations=text(*[HG] * 100))
        assert told["durations"] == [[80.0] * 100] * 100


class TestNearest:
    def test_the_soonest_first_by_its_place_in_the_question(self, client: FlaskClient) -> None:
        told = get(client, "nearest", to=text(CH), from_=text(EF, AB, HG), at=BEFORE)
        found = [(item["index"], item["duration"], item["distance"]) for item in told["nearest"]]
        # On the other side of no road there is no time: the first never comes.
        assert found == [(2, 40.0, 500.0), (1, 80.0, 1000.0)]
        assert [item["from"]["road"] for item in told["nearest"]] == ["Borough Road", "Linthorpe Road"]
        assert told["to"]["road"] == "Borough Road"
        assert told["left_out"] == []

    def test_k(self, client: FlaskClient) -> None:
        told = get(client, "nearest", to=text(CH), from_=text(AB, HG), k=1, at=BEFORE)
        assert [item["index"] for item in told["nearest"]] == [1]
        assert len(get(client, "nearest", to=text(CH), from_=text(*[AB] * 9))["nearest"]) == 5

    def test_equally_soon_in_the_order_given(self, client: FlaskClient) -> None:
        told = get(client, "nearest", to=text(CH), from_=text(AB, HG, AB, HG), k=4)
        assert [item["index"] for item in told["nearest"]] == [1, 3, 0, 2]

    def test_a_closure_changes_who_it_is(self, client: FlaskClient) -> None:
        to, vehicles = text(TOWN.along("CH", 0.1)), text(AB, TOWN.along("DG", 0.2))
        # 64 s by Albert Road; 32 + 40 + 36 s along Borough Road.
        for at, seconds in ((BEFORE, [(0, 64.0), (1, 108.0)]), (DURING, [(1, 108.0), (0, 136.0)])):
            told = get(client, "nearest", to=to, from_=vehicles, at=at)
            assert [(item["index"], item["duration"]) for item in told["nearest"]] == seconds

    def test_units_of_the_picture(self, night: FlaskClient) -> None:
        told = get(night, "nearest", to="57.69995,11.93970", k=100)
        incident = {"lat": 57.69995, "lon": 11.9397, "grade": "emergency"}
        asked = {"picture": "demonstration", "incident": incident}
        ledger = night.post("/v1/recommendations", json=asked).get_json()["ledger"]
        driven = {
            line["callsign"]: (round(line["drive_s"] + line["walk_s"], 3), line["length_m"])
            for line in ledger
            if line["drive_s"] is not None
        }
        found = {item["callsign"]: (item["duration"], item["distance"]) for item in told["nearest"]}
        assert found == {name: (time, pytest.approx(metres, abs=0.1)) for name, (time, metres) in driven.items()}
        assert len(found) > 30
        times = [item["duration"] for item in told["nearest"]]
        assert times == sorted(times)
        rules = {item["callsign"]: [rule["rule"] for rule in item["failed"]] for item in told["left_out"]}
        assert rules == {"L2": ["stale_fix"], "O7": ["no_fix"], "O8": ["off_duty", "off_duty"]}
        assert told["at"] == "2026-11-21T01:15:00Z"

    def test_a_day_later_nobody_has_a_place(self, night: FlaskClient) -> None:
        told = get(night, "nearest", to="57.69995,11.93970", at="2026-11-22T01:15:00Z")
        assert told["nearest"] == []
        assert len(told["left_out"]) == 40


class TestReachable:
    def test_the_edges_kilometres_and_ground(self, client: FlaskClient) -> None:
        told = get(client, "reachable", from_=text(AB), minutes=0.9, at=BEFORE)
        (area,) = told["features"]
        # 54 s: 20 to either end of the block, and 34 of 40 into each of three more blocks.
        assert area["properties"]["edges"] == 5
        assert area["properties"]["road_km"] == pytest.approx(0.5 + 3 * 0.5 * 34 / 40, abs=0.01)
        ground = shapely.geometry.shape(area["geometry"])
        for road in ("BC", "BG", "AD"):
            assert ground.covers(point(TOWN.along(road, 0.84)))
        assert ground.covers(point(TOWN.along("AB", 0.5, right_m=59)))
        for outside in (TOWN.along("AB", 0.5, right_m=61), CH, HG, EF):
            assert not ground.covers(point(outside))
        assert told["attribution"] == area["properties"]["attribution"] == TOWN.network.meta.attribution

    def test_a_closed_road_is_not_entered(self, client: FlaskClient) -> None:
        (area,) = get(client, "reachable", from_=text(AB), minutes=0.9, at=DURING)["features"]
        assert area["properties"]["edges"] == 4
        assert area["properties"]["road_km"] == pytest.approx(0.5 + 2 * 0.5 * 34 / 40, abs=0.01)
        assert not shapely.geometry.shape(area["geometry"]).covers(point(TOWN.along("BC", 0.5)))

    def test_one_feature_for_each_number_in_the_order_given(self, client: FlaskClient) -> None:
        told = get(client, "reachable", from_=text(AB), minutes="2,0.5,1", at=BEFORE)
        assert [item["properties"]["minutes"] for item in told["features"]] == [2.0, 0.5, 1.0]
        two, half, one = (shapely.geometry.shape(item["geometry"]) for item in told["features"])
        assert two.contains(one)
        assert one.contains(half)
        assert all(part.exterior.is_ccw and part.is_valid for part in (*two.geoms, *one.geoms))

    def test_places_are_asked_about_together(self, client: FlaskClient) -> None:
        (both,) = get(client, "reachable", from_=text(AB, EF), minutes=0.5, at=BEFORE)["features"]
        alone = [get(client, "reachable", from_=text(at), minutes=0.5, at=BEFORE)["features"][0] for at in (AB, EF)]
        for name in ("edges", "road_km"):
            assert both["properties"][name] == pytest.approx(sum(item["properties"][name] for item in alone), abs=0.011)
        union = shapely.union_all([shapely.geometry.shape(item["geometry"]) for item in alone])
        assert union.symmetric_difference(shapely.geometry.shape(both["geometry"])).area < 1e-3 * union.area

    def test_the_roads_where_asked_for(self, client: FlaskClient) -> None:
        area, roads = get(client, "reachable", from_=text(AB), minutes=0.9, roads="true", at=BEFORE)["features"]
        assert (area["properties"]["kind"], roads["properties"]["kind"]) == ("area", "roads")
        lines = shapely.geometry.shape(roads["geometry"])
        # What is reached in both directions is drawn once.
        assert len(lines.geoms) == 4
        assert shapely.geometry.shape(area["geometry"]).contains(lines)


def point(at: Point) -> shapely.Point:
    return shapely.Point(at[1], at[0])


class TestRoute:
    def test_edges_turns_and_times(self, client: FlaskClient) -> None:
        told = get(client, "route", from_=text(AB), to=text(CH), at=BEFORE)
        assert [(step["turn"], step["road"], step["time_s"]) for step in told["steps"]] == [
            (None, "Linthorpe Road", 20.0),
            ("straight", "Albert Road", 40.0),
            ("right", "Borough Road", 20.0),
        ]
        edges = [(item["edge"], item["time_s"], item["length_m"]) for item in told["edges"]]
        assert edges == [
            (TOWN.edge("AB"), 20.0, 250.0),
            (TOWN.edge("BC"), 40.0, 500.0),
            (TOWN.edge("CH"), 20.0, 250.0),
        ]
        assert [item["way_id"] for item in told["edges"]] == [TOWN.network.way_id[edge] for edge, _, _ in edges]

    def test_the_parts_add_up(self, night: FlaskClient) -> None:
        told = get(night, "route", from_="57.7063,11.9375", to="57.6999,11.9397")
        assert sum(item["time_s"] for item in told["edges"]) == pytest.approx(told["drive_s"])
        assert sum(step["time_s"] for step in told["steps"]) == pytest.approx(told["drive_s"])
        assert sum(item["length_m"] for item in told["edges"]) == pytest.approx(told["length_m"], abs=5)
        assert all(item["turn_s"] <= item["time_s"] for item in told["edges"])
        assert any(item["turn_s"] > 0 for item in told["edges"])
        (entered,) = (step for step in told["steps"] if step["turn"] == "roundabout")
        assert (entered["road"], entered["turned_deg"]) == ("Regnbågsgatan", pytest.approx(-93, abs=1))

    def test_around_a_closure_while_it_holds(self, client: FlaskClient) -> None:
        told = get(client, "route", from_=text(AB), to=text(CH))
        assert [step["road"] for step in told["steps"]][1:2] == ["Park Road"]
        assert (told["time_s"], told["length_m"]) == (120.0, 1500.0)
        assert told["conditions"] == read_closures_hash(client)


def read_closures_hash(client: FlaskClient) -> str:
    told: str = client.get("/healthz").get_json()["conditions"]
    return told


class TestClosures:
    @pytest.mark.parametrize(
        ("at", "names"), [(BEFORE, []), (DURING, ["Albert Road"]), (AFTER, []), (LATER, ["Park Road"])]
    )
    def test_those_in_force(self, client: FlaskClient, at: str, names: list[str]) -> None:
        told = get(client, "closures", at=at)
        assert [item["properties"]["name"] for item in told["features"]] == names
        assert told["at"] == at
        assert told["conditions"] == read_closures_hash(client)

    def test_what_is_told_can_be_read_and_closes_the_same(self, client: FlaskClient) -> None:
        told = get(client, "closures")
        assert told["features"][0]["properties"]["profile"] == "response"
        conditions = closures_of(told, TOWN.network, "answer")
        driving = Driving(TOWN.network, "response", NIGHT, conditions)
        assert route_answer(driving, AB, CH)["time_s"] == 120.0

    def test_without_any(self, http: FlaskClient) -> None:
        told = get(http, "closures")
        assert told["features"] == []
        assert told["conditions"] == read_closures_hash(http)


def test_a_file_with_faults_stops_the_start_and_names_them_all(files: tuple[Path, Path], tmp_path: Path) -> None:
    bad = closures_file(tmp_path / "bad.geojson", [{"road": "Nowhere Road"}, {"road": "Park Road", "factor": 2}])
    with pytest.raises(InputError) as caught:
        service_over(files[0], closures=bad)
    assert [(fault.where, fault.field) for fault in caught.value.faults] == [
        ("feature 1", "road"),
        ("feature 2", "factor"),
    ]


class TestRecommendations:
    @pytest.mark.parametrize(
        ("now", "grade", "seconds"),
        [
            (BEFORE, "emergency", 80.0),
            (DURING, "emergency", 120.0),
            (DURING, "standard", 120.0),
            (AFTER, "emergency", 80.0),
            (AFTER, "standard", 120.0),
        ],
    )
    def test_closures_hold_at_the_moment_of_the_picture(
        self, client: FlaskClient, now: str, grade: str, seconds: float
    ) -> None:
        answer = client.post("/v1/recommendations", json=question(now, grade)).get_json()
        (line,) = answer["ledger"]
        assert (line["drive_s"], line["walk_s"]) == (seconds, 0.0)
        assert answer["versions"]["conditions"] == read_closures_hash(client)
        assert answer["versions"]["engine"]["name"] == "hierarchy"

    def test_a_vehicle_on_a_closed_road_is_in_as_much_doubt_as_on_any(self, client: FlaskClient) -> None:
        body = question(DURING, "emergency")
        body["units"][0] |= dict(zip(("lat", "lon"), TOWN.along("BC", 0.5), strict=True)) | {"accuracy_m": 50}
        (line,) = client.post("/v1/recommendations", json=body).get_json()["ledger"]
        # It stands within the closed road and drives out of it; 50 m of 500 take 4 s of 40, a U-turn takes 15.
        assert line["drive_s"] == 40.0
        assert line["time_s"] - line["earliest_s"] == 4.0
        assert line["latest_s"] - line["time_s"] == 4.0 + 15.0


def question(now: str, grade: str) -> dict[str, Any]:
    (lat, lon), (to_lat, to_lon) = AB, CH
    unit = {"callsign": "R1", "status": "2", "lat": lat, "lon": lon, "fixed_at": now, "accuracy_m": 0, "crew": 2}
    return {"now": now, "incident": {"lat": to_lat, "lon": to_lon, "grade": grade}, "units": [unit]}


class TestAgainstTheReference:
    """The engine's tables are the reference router's ways, on real roads, with and without closures."""

    @pytest.mark.parametrize("hour", ["02:15", "16:30", "05:30"])
    @pytest.mark.parametrize("profile", ["response", "normal"])
    def test_a_table(self, closed_night: FlaskClient, gothenburg: Network, hour: str, profile: str) -> None:
        at = f"2026-11-21T{hour}:00+01:00"
        places = some_places(gothenburg, 14, seed=hour)
        told = get(
            closed_night, "table", origins=text(*places[:7]), destinations=text(*places[7:]), profile=profile, at=at
        )
        conditions = read_closures(SAMPLE / "closures.geojson", gothenburg)
        moment = datetime.fromisoformat(at).astimezone(ZoneInfo("Europe/Stockholm"))
        driving = Driving(gothenburg, profile, moment, conditions)
        for row, start in enumerate(places[:7]):
            for column, end in enumerate(places[7:]):
                way = route_answer(driving, start, end, ReferenceRouter)
                assert told["durations"][row][column] == way["time_s"]
                assert told["distances"][row][column] == way["length_m"]
        assert told["conditions"] == conditions.hash

    def test_the_nearest(self, closed_night: FlaskClient, gothenburg: Network) -> None:
        *vehicles, to = some_places(gothenburg, 30, seed="nearest")
        at = "2026-11-21T02:15:00+01:00"
        column = get(closed_night, "table", origins=text(*vehicles), destinations=text(to), at=at)
        ranked = sorted((row[0], index) for index, row in enumerate(column["durations"]))
        told = get(closed_night, "nearest", to=text(to), from_=text(*vehicles), k=12, at=at)
        assert [(item["duration"], item["index"]) for item in told["nearest"]] == ranked[:12]


def some_places(network: Network, count: int, seed: str) -> list[Point]:
    """Choose places in the network's area."""
    dice = random.Random(seed)
    west, south, east, north = network.area.bounds
    found: list[Point] = []
    while len(found) < count:
        lat, lon = round(dice.uniform(south, north), 5), round(dice.uniform(west, east), 5)
        if network.contains(lat, lon):
            found.append((lat, lon))
    return found


def test_the_way_of_a_unit_is_that_of_its_ledger_line(night: FlaskClient, gothenburg: Network) -> None:
    force = Force.read(SAMPLE / "force.toml")
    picture = read_picture_folder(SAMPLE, force, gothenburg)
    fixes = {unit.callsign: unit.fix for unit in picture.units if unit.fix is not None}
    for incident in (replace(picture.incidents[0], on_road=on_road) for on_road in (False, True)):
        lines = recommend(picture, incident, gothenburg, force).as_dict()["ledger"]
        timed = [line for line in lines if line["time_s"] is not None]
        assert len(timed) > 30
        for line in timed:
            fix = fixes[line["callsign"]]
            told = {name: value for name in REPORTED if (value := getattr(fix, name)) is not None}
            ends = {"from_": text((fix.lat, fix.lon)), "to": text((incident.lat, incident.lon))}
            asked = {**ends, **told, "on_road": str(incident.on_road).lower(), "at": picture.now.isoformat()}
            way = get(night, "route", **asked)
            for measure in ("drive_s", "walk_s", "length_m"):
                assert way[measure] == line[measure]
