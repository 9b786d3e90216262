"""Risk over HTTP: every call, once for each key, and answers as the document describes them."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from clients import service_over, with_key
from graphs.netfile import save_network
from nightshift import NOW
from roadmaps import RoadMap

ANN, CARL = "Ann Smith", "Carl Jones, 1980-02-01"


class Control:
    """A control room over HTTP, whose clock stands still until it is told to go on."""

    def __init__(self, town: Path, roads: RoadMap) -> None:
        self.now, self.keys = NOW, itertools.count()
        self.app = service_over(town, lambda: self.now)
        self.client = with_key(self.app)
        self.lat, self.lon = roads.at("A")
        self.document = self.client.get("/openapi.json").get_json()

    def post(self, path: str, body: Any = None, key: str = "", client: FlaskClient | None = None) -> TestResponse:
        headers = {"Idempotency-Key": key or f"k{next(self.keys)}"}
        return (client or self.client).post(path, json=body or {}, headers=headers)

    def told(self, path: str, body: Any = None, model: str = "", status: int = 200) -> Any:
        """Post, and hold the answer against the document."""
        answer = self.post(path, body)
        assert answer.status_code == status, answer.get_data(as_text=True)
        self.valid(answer.get_json(), model)
        return answer.get_json()

    def read(self, path: str, model: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200
        self.valid(answer.get_json(), model)
        return answer.get_json()

    def valid(self, value: object, model: str) -> None:
        resource = Resource.from_contents(self.document, default_specification=DRAFT202012)
        registry: Registry[Any] = Registry().with_resource("urn:document", resource)
        OAS31Validator({"$ref": f"urn:document#/components/schemas/{model}"}, registry=registry).validate(value)

    def receive(self, **more: Any) -> Any:
        place = {"lat": self.lat, "lon": self.lon, "grade": "standard"}
        return self.told("/v1/incidents", {**place, **more}, "CaseAnswer", 201)

    def warn(self, **more: Any) -> Any:
        until = (self.now + timedelta(days=30)).isoformat()
        body = {"role": "victim", "level": "high", "text": "threats to kill", "expires_at": until, "person": ANN}
        return self.told("/v1/markers", {**body, **more}, "MarkerAnswer", 201)


@pytest.fixture(scope="module")
def control(town: RoadMap, tmp_path_factory: pytest.TempPathFactory) -> Control:
    """A control room; each test brings people of its own."""

    path = tmp_path_factory.mktemp("risk") / "town.network"
    save_network(town.network, path)
    return Control(path, town)


class TestChecks:
    def test_the_answer_to_a_call_tells_the_history(self, control: Control) -> None:
        first = control.receive(tags=["domestic_abuse"], people=["Eve Adams"], address="14 High St")
        second = control.receive(tags=["domestic_abuse"], people=["ADAMS, Eve"])
        assert second["tags"] == ["domestic_abuse", "repeat_victim"]
        assert (second["grade"], second["asked_grade"]) == ("priority", "standard")
        assert second["raised_by"] == ["Repeat victim of domestic abuse"]
        (match,) = [each for each in second["risk"]["matches"] if "person" in each["by"]]
        assert match["incident_id"] == first["incident_id"]
        assert second["risk"]["definitions"]["repeat_victim"]["version"] == "2026-1"

    def test_what_raised_the_grade_is_in_the_recommendation(self, control: Control) -> None:
        case = control.receive(tags=["cut_off_call"])
        made = control.told(f"/v1/incidents/{case['incident_id']}/recommendations", {}, "RecommendationAnswer", 201)
        assert made["incident"]["raised_by"] == ["The call was cut off"]

    def test_the_same_key_checks_once(self, control: Control) -> None:
        body = {"lat": control.lat, "lon": control.lon, "grade": "standard", "people": ["Fay Once"]}
        one, other = (control.post("/v1/incidents", body, "once") for _ in range(2))
        assert one.get_data() == other.get_data()
        assert other.headers["Idempotency-Replayed"] == "true"

    def test_vulnerable_by_answer_and_checked_again_by_hand(self, control: Control) -> None:
        name = control.receive()["incident_id"]
        told = control.told(f"/v1/incidents/{name}/vulnerability", {"answers": {"care": True}}, "CaseAnswer")
        assert told["tags"] == ["vulnerable"]
        again = control.told(f"/v1/incidents/{name}/check", {}, "CaseAnswer")
        assert again["risk"]["definitions"]["vulnerable"]["met"] is True
        refused = control.post(f"/v1/incidents/{name}/vulnerability", {"answers": {"care": "yes"}})
        assert refused.status_code == 422


class TestMarkers:
    def test_placed_renewed_listed_and_lifted(self, control: Control) -> None:
        placed = control.warn(person="Gil Marked", support=["IDVA: Monday to Friday"], linked_to=[CARL])
        name = placed["marker_id"]
        assert (placed["name"], placed["linked_to"], placed["in_force"]) == ("Gil Marked", [CARL], True)
        until = (control.now + timedelta(days=60)).isoformat()
        told = {"expires_at": until, "because": "as before"}
        renewed = control.told(f"/v1/markers/{name}/renew", told, "MarkerAnswer")
        assert renewed["expires_at"] > placed["expires_at"]
        assert name in [each["marker_id"] for each in control.read("/v1/markers", "MarkersAnswer")["markers"]]
        left = control.told(f"/v1/markers/{name}/lift", {"because": "moved away"}, "MarkersAnswer")
        assert name not in [each["marker_id"] for each in left["markers"]]
        assert control.post(f"/v1/markers/{name}/lift", {"because": "again"}).status_code == 404

    def test_only_a_supervisor_lifts_one(self, control: Control) -> None:
        name = control.warn(person="Hal Marked")["marker_id"]
        dispatcher = with_key(control.app, "dispatcher")
        assert control.post(f"/v1/markers/{name}/lift", {"because": "x"}, client=dispatcher).status_code == 403
        supervisor = with_key(control.app, "supervisor")
        assert control.post(f"/v1/markers/{name}/lift", {"because": "x"}, client=supervisor).status_code == 200

    def test_a_conference(self, control: Control) -> None:
        body = {"person": "Ida Talked", "discussed_at": (control.now - timedelta(days=1)).isoformat()}
        told = control.told("/v1/conferences/discussions", body, "DiscussedAnswer", 201)
        assert told["name"] == "Ida Talked"
        case = control.receive(tags=["domestic_abuse"], people=["Ida Talked"])
        assert case["risk"]["definitions"]["conference_repeat"]["met"] is True

    def test_every_fault_is_told(self, control: Control) -> None:
        refused = control.post("/v1/markers", {"role": "x", "level": "higher", "text": "", "serial": "no"})
        assert refused.status_code == 422
        fields = {fault["field"] for fault in refused.get_json()["faults"]}
        assert fields == {"role", "level", "text", "serial", "expires_at"}


class TestReviews:
    def test_assessed_overdue_and_done(self, control: Control) -> None:
        name = control.receive(people=["Jo Assessed"])["incident_id"]
        refused = control.post(f"/v1/incidents/{name}/dash", {"ticks": 15, "level": "medium", "because": "x"})
        assert refused.status_code == 422
        told = control.told(f"/v1/incidents/{name}/dash", {"ticks": 15}, "DashAnswer", 201)
        assert (told["level"], told["why"]) == ("high", ["15 ticks; high from 14"])
        due = datetime.fromisoformat(told["review"]["due_at"])
        assert due == control.now + timedelta(hours=24)
        control.now = due
        assert control.read("/v1/reviews", "ReviewsAnswer")["overdue"] == 0
        control.now += timedelta(seconds=90)
        listed = control.read("/v1/reviews", "ReviewsAnswer")
        assert (listed["overdue"], listed["reviews"][0]["overdue_s"]) == (1, 90)
        done = control.told(
            f"/v1/reviews/{told['review']['review_id']}/done", {"outcome": "as before"}, "ReviewedAnswer"
        )
        assert (done["level"], done["review"]["overdue_s"]) == ("high", None)
        assert control.read(f"/v1/incidents/{name}", "CaseAnswer")["dash"]["level"] == "high"

    def test_the_longest_overdue_stands_first(self, control: Control) -> None:
        for ticks, level in ((2, "medium"), (15, "high")):
            name = control.receive()["incident_id"]
            control.told(
                f"/v1/incidents/{name}/dash", {"ticks": ticks, "level": level, "because": "x"}, "DashAnswer", 201
            )
        listed = control.read("/v1/reviews", "ReviewsAnswer")["reviews"]
        assert [each["due_at"] for each in listed] == sorted(each["due_at"] for each in listed)
        assert len(listed) > 1


class TestReleases:
    def test_noted_told_and_cancelled(self, control: Control) -> None:
        marked = control.warn(person="Kim Linked", level="medium", linked_to=["Lou Out"], support=["Refuge"])
        at = (control.now + timedelta(hours=72)).isoformat()
        body = {"perpetrator": "OUT, Lou", "out_of": "prison", "release_at": at, "conditions": ["tag"]}
        told = control.told("/v1/releases", body, "ReleaseAnswer", 201)
        assert [each["marker_id"] for each in told["markers"]] == [marked["marker_id"]]
        assert told["markers"][0]["level"] == "high"
        assert [(each["kind"], each["name"], each["about"], each["support"]) for each in told["tasks"]] == [
            ("tell_victim", "Kim Linked", "Lou Out", ["Refuge"]),
            ("reassess", "Kim Linked", "Lou Out", ["Refuge"]),
        ]
        tell = told["tasks"][0]["task_id"]
        tried = control.told(f"/v1/tasks/{tell}/done", {"done": "no answer", "victim_told": False}, "TaskDoneAnswer")
        assert tried["open"] is True
        done = control.told(f"/v1/tasks/{tell}/done", {"done": "told", "victim_told": True}, "TaskDoneAnswer")
        assert done["open"] is False
        off = control.told(f"/v1/releases/{told['release_id']}/cancel", {"because": "appeal"}, "ReleaseAnswer")
        assert [each["kind"] for each in off["tasks"]] == ["inform_victim"]
        assert off["markers"][0]["level"] == "medium"
        assert control.post(f"/v1/releases/{told['release_id']}/cancel", {"because": "x"}).status_code == 409

    def test_a_task_by_hand_becomes_overdue(self, control: Control) -> None:
        due = control.now + timedelta(minutes=10)
        body = {"person": "Max Waiting", "because": "what became of bail", "due_at": due.isoformat()}
        name = control.told("/v1/tasks", body, "TaskAnswer", 201)["task_id"]
        control.now = due + timedelta(seconds=1)
        listed = control.read("/v1/tasks", "TasksAnswer")
        assert listed["overdue"] >= 1
        assert next(each for each in listed["tasks"] if each["task_id"] == name)["overdue_s"] == 1
