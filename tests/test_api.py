"""The HTTP service: the same answers as on the command line, described as they are."""

from __future__ import annotations

import csv
import json
import logging
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import scenarios.samples.gothenburg
from api.cli import main
from api.problems import KINDS
from api.settings import MAX_BODY_BYTES, Settings
from clients import client_over, service_over, with_key
from conftest import NIGHT
from graphs.errors import InputError, NetworkFileError
from graphs.netfile import save_network
from graphs.summary import summary
from roadmaps import RoadMap, draw

ASK = "/v1/recommendations"
SAMPLE = Path(scenarios.samples.gothenburg.__file__).parent
SAMPLE_NOW = "2026-11-21T02:15:00+01:00"


def command_line(*words: str | Path) -> bytes:
    return CliRunner().invoke(main, [str(word) for word in words]).stdout_bytes


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file of the sample as a client would send them."""
    numbers = {"lat": float, "lon": float, "accuracy_m": float, "course_deg": float, "speed_kmh": float, "crew": int}
    lists = {"skills", "tags", "needs"}
    return [
        {name: text.split(";") if name in lists else numbers.get(name, str)(text) for name, text in row.items() if text}
        for row in csv.DictReader(path.read_text("utf-8").splitlines())
    ]


def problem(response: TestResponse, slug: str) -> dict[str, Any]:
    assert response.content_type == "application/problem+json"
    told: dict[str, Any] = response.get_json()
    assert told["type"] == f"/problems/{slug}"
    assert told["status"] == response.status_code
    return told


class TestRecommendations:
    def test_equal_to_the_command_line(self, night: FlaskClient, gothenburg_file: Path) -> None:
        told = command_line(
            *("recommend", "--graph", gothenburg_file, "--force", SAMPLE / "force.toml", "--now", SAMPLE_NOW, "--json"),
            *("--units", SAMPLE / "units.csv", "--incidents", SAMPLE / "incidents.csv"),
            *("--at", "57.69995,11.93970", "--tag", "domestic_abuse", "--need", "response_driver"),
        )
        incident = {"lat": 57.69995, "lon": 11.9397, "grade": "emergency", "tags": ["domestic_abuse"]}
        body = {
            "now": SAMPLE_NOW,
            "incident": {**incident, "needs": ["response_driver"]},
            "units": rows(SAMPLE / "units.csv"),
            "incidents": rows(SAMPLE / "incidents.csv"),
        }
        response = night.post(ASK, json=body)
        assert response.status_code == 200
        assert response.data == told
        assert any(line["leaves"] for line in response.get_json()["ledger"])

    def test_the_demonstration_picture_is_equal_to_its_files(self, night: FlaskClient) -> None:
        incident = {"lat": 57.7, "lon": 11.97, "grade": "priority"}
        shown = night.post(ASK, json={"picture": "demonstration", "incident": incident})
        files = {"units": rows(SAMPLE / "units.csv"), "incidents": rows(SAMPLE / "incidents.csv")}
        sent = night.post(ASK, json={"now": SAMPLE_NOW, "incident": incident, **files})
        assert shown.status_code == 200
        assert shown.data == sent.data

    def test_a_later_moment_of_the_picture(self, night: FlaskClient) -> None:
        incident = {"lat": 57.7, "lon": 11.97, "grade": "priority"}
        body = {"now": "2026-11-21T09:00:00Z", "picture": "demonstration", "incident": incident}
        told = night.post(ASK, json=body).get_json()
        assert told["now"] == "2026-11-21T09:00:00Z"
        assert told["outcome"] == "nobody_on_duty"

    def test_the_clock_of_the_server_where_no_moment_is_given(self, http: FlaskClient, town: RoadMap) -> None:
        lat, lon = town.at("B")
        told = http.post(ASK, json={"incident": {"lat": lat, "lon": lon, "grade": "emergency"}, "units": []})
        assert told.get_json()["now"] == NIGHT.strftime("%Y-%m-%dT%H:%M:%SZ")

    def test_the_real_clock(self, town_file: Path, town: RoadMap) -> None:
        lat, lon = town.at("B")
        client = client_over(town_file)
        told = client.post(ASK, json={"incident": {"lat": lat, "lon": lon, "grade": "emergency"}, "units": []})
        assert datetime.now(UTC) - datetime.fromisoformat(told.get_json()["now"]) < timedelta(minutes=1)

    def test_an_empty_list_of_units_is_answered(self, http: FlaskClient, town: RoadMap) -> None:
        lat, lon = town.at("B")
        response = http.post(ASK, json={"incident": {"lat": lat, "lon": lon, "grade": "emergency"}, "units": []})
        assert response.status_code == 200
        assert (response.get_json()["outcome"], response.get_json()["ledger"]) == ("nobody_on_duty", [])

    def test_units_that_cannot_go_are_answered_with_why(self, http: FlaskClient, town: RoadMap) -> None:
        (lat, lon), (there_lat, there_lon) = town.at("B"), town.at("E")
        units = [
            {"callsign": "R1", "lat": lat, "lon": lon, "fixed_at": "2026-01-31T23:09:41Z"},
            {"callsign": "R2", "status": "2"},
            {"callsign": "R3", "status": "2", "lat": there_lat, "lon": there_lon, "fixed_at": "2026-01-31T23:09:41Z"},
        ]
        body = {"incident": {"lat": lat, "lon": lon, "grade": "emergency"}, "units": units}
        told = http.post(ASK, json=body).get_json()
        assert told["outcome"] == "nobody_eligible"
        failed = {line["callsign"]: [item["rule"] for item in line["failed"]] for line in told["ledger"]}
        assert failed == {"R1": ["no_status"], "R2": ["no_fix"], "R3": ["unreachable"]}

    def test_grid_positions_are_equal_to_the_command_line(
        self, http: FlaskClient, town_file: Path, tmp_path: Path
    ) -> None:
        unit = "callsign,status,easting,northing,fixed_at,crew\nR1,2,448900,520600,2026-01-31T23:09:41Z,2\n"
        (tmp_path / "units.csv").write_text(unit)
        told = command_line(
            *("recommend", "--graph", town_file, "--units", tmp_path / "units.csv", "--at-grid", "448600,520550"),
            *("--now", NIGHT.isoformat(), "--json"),
        )
        body = {
            "incident": {"easting": 448600, "northing": 520550.0, "grade": "emergency"},
            "units": [
                {
                    "callsign": "R1",
                    "status": "2",
                    "easting": 448900,
                    "northing": 520600,
                    "fixed_at": "2026-01-31T23:09:41Z",
                    "crew": 2,
                }
            ],
        }
        assert http.post(ASK, json=body).data == told

    def test_a_mark_at_the_start_and_a_charset_are_no_faults(self, http: FlaskClient) -> None:
        example = json.dumps(http.application.extensions["nearest"].example)
        raw = b"\xef\xbb\xbf" + example.encode()
        assert http.post(ASK, data=raw, content_type="application/json; charset=utf-8").status_code == 200


class TestRoute:
    def test_equal_to_the_command_line(self, night: FlaskClient, gothenburg_file: Path) -> None:
        for profile in ("response", "normal"):
            words = ("--from", "57.7197,11.9388", "--to", "57.6999,11.9397", "--profile", profile)
            moment = ("--force", SAMPLE / "force.toml", "--at-time", SAMPLE_NOW)
            told = command_line("route", "--graph", gothenburg_file, *words, *moment, "--json")
            asked = {"from": "57.7197,11.9388", "to": "57.6999,11.9397", "profile": profile, "at": SAMPLE_NOW}
            response = night.get("/v1/route", query_string=asked)
            assert response.data == told
            assert response.get_json()["profile"] == profile

    def test_response_unless_asked_otherwise(self, night: FlaskClient) -> None:
        assert night.get("/v1/route?from=57.7197,11.9388&to=57.6999,11.9397").get_json()["profile"] == "response"

    def test_where_no_road_leads(self, http: FlaskClient, town: RoadMap) -> None:
        ends = [",".join(map(str, town.at(place))) for place in "AF"]
        told = problem(http.get(f"/v1/route?from={ends[0]}&to={ends[1]}"), "unreachable")
        assert told["status"] == 404
        assert "no road" in told["detail"]


class TestNetwork:
    def test_tells_what_graph_info_tells_and_the_area(self, http: FlaskClient, town: RoadMap) -> None:
        told = http.get("/v1/network").get_json()
        area, drawing = told.pop("area"), told.pop("drawing")
        assert told == json.loads(json.dumps(summary(town.network)))
        assert re.fullmatch("[0-9a-f]{12}", drawing)
        assert area["type"] == "Polygon"
        west = min(lon for lon, _ in area["coordinates"][0])
        assert west == pytest.approx(told["bounds"]["west"], abs=1e-5)

    def test_is_sent_once_to_those_who_remember_it(self, http: FlaskClient, town: RoadMap) -> None:
        first = http.get("/v1/network")
        tag = first.headers["ETag"]
        assert town.network.hash[:32] in tag
        again = http.get("/v1/network", headers={"If-None-Match": f'"other", {tag}'})
        assert (again.status_code, again.data) == (304, b"")
        other = http.get("/v1/network", headers={"If-None-Match": '"other"'})
        assert (other.status_code, other.data) == (200, first.data)

    def test_has_another_tag_where_equal_roads_have_another_source(
        self, http: FlaskClient, town: RoadMap, tmp_path: Path
    ) -> None:
        other = replace(town.network, meta=replace(town.network.meta, source="other.map"))
        save_network(other, tmp_path / "other.network")
        first, second = (
            http.get("/v1/network"),
            client_over(tmp_path / "other.network").get("/v1/network"),
        )
        assert first.get_json()["hash"] == second.get_json()["hash"]
        assert first.headers["ETag"] != second.headers["ETag"]


class TestHealth:
    def test_says_on_what_answers_rest(self, night: FlaskClient) -> None:
        told = night.get("/healthz").get_json()
        rests_on = night.post(ASK, json=night.application.extensions["nearest"].example).get_json()["versions"]
        assert told["status"] == "ok"
        assert told["network"]["hash"] == rests_on["network"]
        assert told["profiles"] == rests_on["profiles"]
        assert told["conditions"] == rests_on["conditions"]
        assert told["force"] == rests_on["force"]
        assert told["picture"] == {"now": "2026-11-21T01:15:00+00:00", "units": 40, "incidents": 17}

    def test_says_that_there_is_no_picture(self, http: FlaskClient) -> None:
        assert http.get("/healthz").get_json()["picture"] is None


class TestProblems:
    @pytest.mark.parametrize(
        "path", ["/nothing", "/v1", "/v1/recommendation", "/docs/../app.py", "/docs/LICENSE", "/static/x"]
    )
    def test_nothing_here(self, http: FlaskClient, path: str) -> None:
        assert problem(http.get(path), "not-found")["faults"] == []

    def test_another_method(self, http: FlaskClient) -> None:
        response = http.get(ASK)
        assert "POST" in problem(response, "method-not-allowed")["detail"]
        assert set(response.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}

    def test_of_http_itself(self, http: FlaskClient) -> None:
        response = http.get("/docs/index.css", headers={"Range": "bytes=100000-"})
        told = response.get_json()
        assert response.content_type == "application/problem+json"
        assert (told["type"], told["status"], told["title"]) == ("about:blank", 416, "Requested Range Not Satisfiable")

    def test_a_slash_at_the_end_is_no_redirect(self, http: FlaskClient) -> None:
        assert http.get("/healthz/").status_code == 200

    def test_every_kind_is_described_at_its_address(self, http: FlaskClient) -> None:
        for kind in KINDS.values():
            assert http.get(kind.type).get_json()["type"] == kind.type
        problem(http.get("/problems/unheard-of"), "not-found")

    def test_what_nobody_foresaw(self, town_file: Path, caplog: pytest.LogCaptureFixture) -> None:
        app = service_over(town_file)

        @app.get("/fails")
        @app.doc(operation_id="route")
        def fails() -> str:
            raise RuntimeError("the key is under the mat")

        with caplog.at_level(logging.ERROR):
            response = with_key(app).get("/fails?lat=54.5")
        told = problem(response, "internal")
        assert b"mat" not in response.data
        assert b"Traceback" not in response.data
        (record,) = caplog.records
        assert told["instance"] in record.getMessage()
        assert record.exc_info is not None
        assert "54.5" not in record.getMessage()

    def test_an_error_of_a_file_shows_no_path(self, town_file: Path) -> None:
        app = service_over(town_file)

        @app.get("/fails")
        @app.doc(operation_id="route")
        def fails() -> str:
            raise NetworkFileError("/home/somebody/secret.network: damaged")

        assert b"somebody" not in with_key(app).get("/fails").data

    def test_each_has_a_name_of_its_own(self, http: FlaskClient) -> None:
        assert len({http.get("/nowhere").get_json()["instance"] for _ in range(3)}) == 3


class TestHeaders:
    def test_of_every_answer(self, http: FlaskClient) -> None:
        for path in ("/healthz", "/v1/network", "/nowhere", "/docs", "/openapi.json", "/docs/start.js"):
            with http.get(path) as response:
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert "default-src 'none'" in response.headers["Content-Security-Policy"]

    def test_where_officers_are_is_kept_by_no_cache(self, http: FlaskClient) -> None:
        example = http.application.extensions["nearest"].example
        assert http.post(ASK, json=example).headers["Cache-Control"] == "no-store"


class TestSettings:
    def test_from_the_environment(self) -> None:
        told = {"NEAREST_GRAPH": "a.network", "NEAREST_FORCE": "", "NEAREST_PICTURE": "night"}
        more = {"NEAREST_MAX_BODY_BYTES": "1000", "NEAREST_CLOSURES": "closures.geojson"}
        settings = Settings.from_environment({**told, **more})
        paths = {"picture": Path("night"), "closures": Path("closures.geojson")}
        assert settings == Settings(Path("a.network"), max_body_bytes=1000, **paths)
        assert Settings.from_environment(told).max_body_bytes == MAX_BODY_BYTES

    @pytest.mark.parametrize("limit", ["0", "-1", "2 MB", "1e6", "²"])
    def test_all_faults_together(self, limit: str) -> None:
        with pytest.raises(InputError) as caught:
            Settings.from_environment({"NEAREST_MAX_BODY_BYTES": limit})
        assert [fault.field for fault in caught.value.faults] == ["NEAREST_GRAPH", "NEAREST_MAX_BODY_BYTES"]

    def test_a_picture_with_faults_stops_the_start(self, town_file: Path, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"picture\.toml"):
            service_over(town_file, picture=tmp_path)

    def test_a_network_on_which_nothing_may_drive_stops_the_start(self, tmp_path: Path) -> None:
        save_network(draw("A---B", "A-B private").network, tmp_path / "shut.network")
        with pytest.raises(NetworkFileError, match="no road"):
            service_over(tmp_path / "shut.network")


WARM = """
import sys
from pathlib import Path
from api.app import create_app
from api.demonstration import KEY
from api.settings import Settings
from numba.core.dispatcher import Dispatcher

app = create_app(Settings(Path(sys.argv[1]), closures=Path(sys.argv[2]), database_url=sys.argv[3], demonstration=True))
modules = [module for name, module in sys.modules.items() if name.startswith("graphs.")]
kernels = [item for module in modules for item in vars(module).values() if isinstance(item, Dispatcher)]
before = [list(kernel.signatures) for kernel in kernels]
client = app.test_client()
client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {KEY}"
assert client.post("/v1/recommendations", json=app.extensions["nearest"].example).status_code == 200
ends = ("57.7197,11.9388", "57.6999,11.9397")
for query in (
    f"route?from={ends[0]}&to={ends[1]}",
    f"table?origins={ends[0]};{ends[1]}&destinations={ends[1]}",
    f"table?origins={ends[0]};{ends[1]}&destinations={';'.join([ends[1]] * 50)}",
    f"nearest?to={ends[0]}&from={ends[1]}",
    f"reachable?from={ends[0]}&minutes=1",
    "closures?",
):
    for at in ("2026-11-21T02:15:00Z", "2026-11-22T12:00:00Z"):
        assert client.get(f"/v1/{query}&at={at}").status_code == 200
print(sum(map(bool, before)) >= 6, before == [list(kernel.signatures) for kernel in kernels])
print("graphs.reference" in sys.modules)
"""


def test_the_first_request_finds_everything_compiled_and_nobody_asks_the_reference(
    gothenburg_file: Path, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'desk.sqlite'}"
    command = [sys.executable, "-c", WARM, gothenburg_file, SAMPLE / "closures.geojson", database]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - the text above
    assert done.stdout.split() == ["True", "True", "False"]
