"""A night at the desk over HTTP, on the roads of Gothenburg: from the first call to the closed incident."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import scenarios.samples.gothenburg
from api.bodies import MAX_DEPTH
from api.service import EXTENSION, Service
from clients import service_over, with_key
from scenarios.picture_folder import read_picture_folder

FOLDER = Path(scenarios.samples.gothenburg.__file__).parent
START = datetime(2026, 11, 21, 1, 15, tzinfo=UTC)


class Desk:
    """A client that makes a new key for each request, at a moment that is told."""

    def __init__(self, client: FlaskClient, now: list[datetime]) -> None:
        self.client, self._now = client, now

    def later(self, seconds: float) -> None:
        self._now[0] += timedelta(seconds=seconds)

    @property
    def now(self) -> str:
        return self._now[0].isoformat()

    def post(self, path: str, body: Any = None, key: str = "", **headers: str) -> Any:
        told = {"Idempotency-Key": key or str(uuid.uuid4()), **headers}
        return self.client.post(path, json={} if body is None else body, headers=told)

    def done(self, path: str, body: Any = None, key: str = "") -> Any:
        answer = self.post(path, body, key)
        assert answer.status_code in {200, 201}, answer.get_data(as_text=True)
        return answer.json

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.json


@contextmanager
def open_desk(graph: Path, database: str, **settings: Any) -> Iterator[Desk]:
    now = [START]
    app = service_over(graph, lambda: now[0], force=FOLDER / "force.toml", database_url=database, **settings)
    service: Service = app.extensions[EXTENSION]
    yield Desk(with_key(app), now)
    service.desk.store.close()


@pytest.fixture
def desk(gothenburg_file: Path, database_url: str) -> Iterator[Desk]:
    with open_desk(gothenburg_file, database_url) as made:
        yield made


@pytest.fixture
def simple(gothenburg_file: Path, tmp_path: Path) -> Iterator[Desk]:
    """For what no database has a part in."""
    with open_desk(gothenburg_file, f"sqlite:///{tmp_path}/desk.db") as made:
        yield made


@pytest.fixture
def manned(desk: Desk) -> Desk:
    """The night of the sample: its units are on duty, where they are in its files."""
    service: Service = desk.client.application.extensions[EXTENSION]
    picture = read_picture_folder(FOLDER, service.force, service.network)
    fixes = []
    for unit in picture.units:
        told = {"status": unit.status, "crew": unit.crew, "skills": sorted(unit.skills), "sector": unit.sector}
        desk.done(f"/v1/units/{unit.callsign}/on-duty", told)
        if unit.fix is not None:
            fix, age = unit.fix, picture.now - unit.fix.fixed_at
            row = {"callsign": unit.callsign, "lat": fix.lat, "lon": fix.lon, "accuracy_m": fix.accuracy_m}
            more = {"course_deg": fix.course_deg, "speed_kmh": fix.speed_kmh}
            fixes.append({**row, **more, "fixed_at": (START - age).isoformat()})
    assert desk.done("/v1/positions", {"positions": fixes})["stored"] == len(fixes)
    return desk


CALL = {
    "lat": 57.69995,
    "lon": 11.93970,
    "grade": "emergency",
    "type": "Screaming in a flat",
    "tags": ["domestic_abuse"],
    "address": "Linnégatan 1",
}


class TestNight:
    def test_from_the_call_to_the_close(self, manned: Desk) -> None:
        incident = manned.done("/v1/incidents", CALL)
        name = incident["incident_id"]
        assert incident["received_at"] == START.isoformat()
        asked = manned.post(f"/v1/incidents/{name}/recommendations")
        number = int(asked.headers["Location"].rpartition("/")[2])
        first = asked.json["suggested"][0]
        manned.done(f"/v1/incidents/{name}/assignments", {"callsign": first, "recommendation": number})
        second = manned.done(f"/v1/incidents/{name}/recommendations")["suggested"]
        assert first not in second
        for step in ("en-route", "at-scene", "clear"):
            manned.later(60)
            manned.done(f"/v1/incidents/{name}/assignments/{first}/{step}")
        manned.done(f"/v1/incidents/{name}/close", {"outcome": "arrested"})
        ended = manned.get(f"/v1/incidents/{name}")
        (sent,) = ended["assignments"]
        assert (ended["stage"], sent["step"], sent["suggested"]) == ("closed", "clear", True)
        assert manned.get("/v1/incidents")["incidents"] == []
        kept = manned.get(f"/v1/recommendations/{number}")
        assert kept["recommendation"] == asked.json
        assert not kept["current"]

    def test_the_live_answer_is_that_of_the_stateless_call(self, manned: Desk) -> None:
        """The same brain behind both doors: the picture is put together from what the desk tells of it."""
        name = manned.done("/v1/incidents", CALL)["incident_id"]
        live = manned.post(f"/v1/incidents/{name}/recommendations")
        rows = []
        for unit in manned.get("/v1/units")["units"]:
            fix = unit.pop("fix") or {}
            known = ("callsign", "status", "crew", "skills", "sector", "duty_start", "duty_end")
            rows.append({**{key: unit[key] for key in known}, **fix})
        told = {**CALL, "incident_id": name, "received_at": manned.now}
        asked = {"now": manned.now, "incident": told, "units": rows}
        plain = manned.client.post("/v1/recommendations", json=asked)
        assert plain.status_code == 200, plain.get_data(as_text=True)
        both = [{**answer.json, "incident": None} for answer in (live, plain)]
        assert both[0] == both[1]

    def test_the_queue_is_planned_together(self, manned: Desk) -> None:
        names = [
            manned.done("/v1/incidents", {"lat": 57.6936, "lon": 11.97328, "grade": grade})["incident_id"]
            for grade in ("standard", "emergency", "priority")
        ]
        plan = manned.get("/v1/queue/plan")
        assert [item["incident_id"] for item in plan["queue"]] == [names[1], names[2], names[0]]
        sent = [unit["callsign"] for item in plan["queue"] for unit in item["sent"]]
        assert len(set(sent)) == len(sent) == 3
        alone = manned.done(f"/v1/incidents/{names[1]}/recommendations")
        assert plan["queue"][0]["sent"][0]["callsign"] == alone["suggested"][0]

    def test_two_dispatchers_one_unit(self, manned: Desk) -> None:
        name = manned.done("/v1/incidents", CALL)["incident_id"]
        other = manned.done("/v1/incidents", {**CALL, "lon": 11.9399})["incident_id"]
        first = manned.done(f"/v1/incidents/{name}/recommendations")["suggested"][0]
        manned.done(f"/v1/incidents/{name}/assignments", {"callsign": first})
        answer = manned.post(f"/v1/incidents/{other}/assignments", {"callsign": first})
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/unit-taken")
        assert answer.json["taken"]["by"] == "system:tests"
        assert first not in answer.json["recommendation"]["suggested"]

    def test_closures_reach_every_answer_about_roads(self, manned: Desk) -> None:
        path = "/v1/route?from=57.7063,11.9375&to=57.69995,11.93970"
        usual = manned.get(path)["time_s"]
        area = [[[11.92, 57.69], [11.96, 57.69], [11.96, 57.705], [11.92, 57.705], [11.92, 57.69]]]
        feature = {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": area},
            "properties": {"name": "Crowd", "factor": 0.1},
        }
        manned.done("/v1/closures", {"closure_id": "crowd", "feature": feature})
        assert manned.get(path)["time_s"] > usual
        shown = [(item["id"], item["properties"]["name"]) for item in manned.get("/v1/closures")["features"]]
        assert shown == [("crowd", "Crowd")]
        manned.done("/v1/closures/crowd/lift")
        assert manned.get(path)["time_s"] == usual


class TestOnce:
    def test_asking_again_with_the_key_is_answered_as_before(self, desk: Desk) -> None:
        first, again = (desk.post("/v1/incidents", CALL, "one") for _ in range(2))
        assert (first.status_code, first.get_data()) == (again.status_code, again.get_data())
        assert [item.headers["Idempotency-Replayed"] for item in (first, again)] == ["false", "true"]
        assert len(desk.get("/v1/incidents")["incidents"]) == 1

    def test_a_recommendation_too(self, manned: Desk) -> None:
        name = manned.done("/v1/incidents", CALL)["incident_id"]
        first = manned.post(f"/v1/incidents/{name}/recommendations", key="one")
        manned.later(60)
        again = manned.post(f"/v1/incidents/{name}/recommendations", key="one")
        assert first.get_data() == again.get_data()
        assert first.headers["Location"] == again.headers["Location"]

    def test_the_key_for_another_request_is_refused(self, desk: Desk) -> None:
        desk.done("/v1/incidents", CALL, "one")
        answer = desk.post("/v1/incidents", {**CALL, "grade": "standard"}, "one")
        assert (answer.status_code, answer.json["type"]) == (422, "/problems/key-reused")

    @pytest.mark.parametrize("key", ["", " ", "x" * 201, "ключ".encode().decode("latin-1")])
    def test_a_key_is_needed(self, simple: Desk, key: str) -> None:
        answer = simple.client.post("/v1/incidents", json=CALL, headers={"Idempotency-Key": key} if key else {})
        assert answer.status_code == 422
        assert answer.json is not None
        assert answer.json["faults"][0]["field"] == "Idempotency-Key"


class TestTraccar:
    def forwarded(self, at: datetime, **more: Any) -> dict[str, Any]:
        """What Traccar's JSON forwarder sends, with fields that are not needed."""
        position = {
            "id": 0,
            "protocol": "osmand",
            "serverTime": "2026-11-21T01:15:00.000+00:00",
            "deviceTime": at.isoformat(),
            "fixTime": at.isoformat(),
            "outdated": False,
            "valid": True,
            "latitude": 57.7,
            "longitude": 11.94,
            "altitude": 0.0,
            "speed": 10.0,
            "course": 90.0,
            "accuracy": 0.0,
            "attributes": {"batteryLevel": 80},
        }
        return {"position": {**position, **more}, "device": {"id": 7, "name": "C1", "status": "online"}}

    @pytest.fixture
    def tracked(self, simple: Desk) -> Desk:
        simple.done("/v1/units/C1/on-duty", {"status": "2"})
        return simple

    def test_knots_become_kilometres_an_hour_and_no_accuracy_is_unknown(self, tracked: Desk) -> None:
        tracked.done("/v1/positions/traccar", self.forwarded(START))
        fix = tracked.get("/v1/units/C1")["fix"]
        assert fix["speed_kmh"] == pytest.approx(18.52)
        assert fix["accuracy_m"] is None

    @pytest.mark.parametrize(
        ("more", "because"),
        [
            ({"outdated": True}, "outdated"),
            ({"valid": False}, "no_fix"),
            ({"latitude": 0.0, "longitude": 0.0}, "no_fix"),
            ({"fixTime": (START + timedelta(hours=1)).isoformat()}, "future_fix"),
        ],
    )
    def test_what_is_kept_and_not_used_is_said(self, tracked: Desk, more: dict[str, Any], because: str) -> None:
        tracked.done("/v1/positions/traccar", self.forwarded(START))
        answer = tracked.done("/v1/positions/traccar", self.forwarded(START + timedelta(seconds=1), **more))
        assert [item["because"] for item in answer["refused"]] == [because]
        assert tracked.get("/v1/units/C1")["fix"]["fixed_at"] == START.isoformat()

    def test_one_that_comes_late_is_stored_and_not_where_the_unit_is(self, tracked: Desk) -> None:
        tracked.done("/v1/positions/traccar", self.forwarded(START))
        late = self.forwarded(START - timedelta(minutes=20), latitude=57.71)
        assert tracked.done("/v1/positions/traccar", late)["stored"] == 1
        assert tracked.get("/v1/units/C1")["fix"]["lat"] == 57.7

    def test_one_that_is_sent_again_is_stored_once(self, tracked: Desk) -> None:
        told = [tracked.done("/v1/positions/traccar", self.forwarded(START)) for _ in range(2)]
        assert [(item["stored"], item["known"]) for item in told] == [(1, 0), (0, 1)]

    def test_what_is_wrong_is_said(self, tracked: Desk) -> None:
        answer = tracked.client.post("/v1/positions/traccar", json={"position": {"latitude": 91}, "device": {}})
        assert answer.json is not None
        fields = {fault["field"] for fault in answer.json["faults"]}
        assert fields == {"position.fixTime", "position.latitude", "position.longitude", "device.name"}


class TestBadInput:
    @pytest.mark.parametrize("body", [[], "x", 3, None, {"grade": None}, {"unknown": 1}, {"lat": [1]}])
    def test_it_is_named(self, simple: Desk, body: Any) -> None:
        headers = {"Idempotency-Key": "x", "Content-Type": "application/json"}
        answer = simple.client.post("/v1/incidents", data=json.dumps(body), headers=headers)
        assert answer.status_code == 422
        assert answer.json is not None
        assert answer.json["faults"]

    def test_all_of_it_is_named_at_once(self, simple: Desk) -> None:
        answer = simple.post("/v1/incidents", {"lat": 57.7, "grade": "urgent", "tags": ["domestic"], "crew": 2})
        assert {fault["field"] for fault in answer.json["faults"]} == {"lon", "grade", "tags", "crew"}

    def test_depth_and_syntax(self, simple: Desk) -> None:
        headers = {"Idempotency-Key": "x", "Content-Type": "application/json"}
        for raw in ("{", "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), '{"a":1,"a":2}'):
            assert simple.client.post("/v1/incidents", data=raw, headers=headers).status_code == 400

    def test_what_must_be_known_cannot_be_taken_back(self, simple: Desk) -> None:
        name = simple.done("/v1/incidents", CALL)["incident_id"]
        answer = simple.post(f"/v1/incidents/{name}/amend", {"lat": 57.7, "tags": None})
        assert {fault["field"] for fault in answer.json["faults"]} == {"lon", "tags"}
        simple.done(f"/v1/incidents/{name}/amend", {"address": None})
        assert simple.get(f"/v1/incidents/{name}")["address"] is None

    def test_what_is_not_there_is_404(self, simple: Desk) -> None:
        for path in ("/v1/units/R99", "/v1/incidents/N-99", "/v1/recommendations/99"):
            answer = simple.client.get(path)
            assert answer.json is not None
            assert (answer.status_code, answer.json["type"]) == (404, "/problems/unknown")
