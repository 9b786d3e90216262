"""The calls that a console makes beside those of the desk: supervision, the record proved, one incident looked into."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.routes import record
from api.service import EXTENSION, Service
from clients import service_over, with_key
from conftest import NIGHT
from dispatch.store import Store
from roadmaps import RoadMap
from tampering import tamper
from test_api_document import valid


class Clock:
    """The service's clock, which goes on when it is told to."""

    def __init__(self) -> None:
        self.now = NIGHT

    def __call__(self) -> datetime:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Console:
    """A client that says what it wants done, each time under a new key."""

    def __init__(self, client: FlaskClient) -> None:
        self.client, self.asked = client, 0

    def post(self, path: str, body: dict[str, Any] | None = None, status: int | None = None) -> dict[str, Any]:
        self.asked += 1
        response = self.client.post(path, json=body or {}, headers={"Idempotency-Key": f"console-{self.asked}"})
        assert response.status_code in ({200, 201} if status is None else {status}), response.get_data(as_text=True)
        told: dict[str, Any] = response.get_json()
        return told

    @property
    def store(self) -> Store:
        service: Service = self.client.application.extensions[EXTENSION]
        return service.desk.store

    def get(self, path: str, status: int = 200) -> dict[str, Any]:
        response = self.client.get(path)
        assert response.status_code == status, response.get_data(as_text=True)
        told: dict[str, Any] = response.get_json()
        return told


@pytest.fixture
def console(town: RoadMap, town_file: Path, clock: Clock, database_url: str) -> Iterator[Console]:
    """A console with every role, of a room with a unit at hand and an incident."""
    app = service_over(town_file, clock, database_url=database_url)
    console = Console(with_key(app))
    lat, lon = town.at("B")
    console.post("/v1/units/R21/on-duty", {"status": "2", "crew": 2})
    fix = {"callsign": "R21", "lat": lat, "lon": lon, "fixed_at": clock().isoformat()}
    assert console.client.post("/v1/positions", json={"positions": [fix]}).status_code == 200
    console.post("/v1/incidents", {"incident_id": "N-1", "lat": lat, "lon": lon, "grade": "emergency"})
    yield console
    console.store.close()


class TestSupervision:
    def test_today_is_since_midnight_by_the_forces_clocks(self, console: Console, clock: Clock) -> None:
        console.post("/v1/incidents/N-1/recommendations")
        console.post("/v1/incidents/N-1/assignments", {"callsign": "R21"})
        clock.later(1)
        told = console.get("/v1/supervision")
        valid(told, "SupervisionAnswer", console.get("/openapi.json"))
        assert told["from"] == NIGHT.strftime("%Y-%m-%dT00:00:00Z")
        assert told["groups"][0]["counts"]["nearest_sent"] == 1
        assert told["groups"][0]["nearest_sent"]["of_attended"]["share"] == 1.0

    def test_an_answer_with_everything_in_it_is_as_described(
        self, console: Console, clock: Clock, town: RoadMap
    ) -> None:
        lat, lon = town.at("H")
        console.post("/v1/units/R22/on-duty", {"status": "2", "crew": 2})
        fix = {"callsign": "R22", "lat": lat, "lon": lon, "fixed_at": clock().isoformat()}
        assert console.client.post("/v1/positions", json={"positions": [fix]}).status_code == 200
        console.post("/v1/incidents/N-1/recommendations")
        console.post("/v1/incidents/N-1/assignments", {"callsign": "R22", "reason": "cover", "note": "by hand"})
        clock.later(1900)
        told = console.get("/v1/supervision?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z")
        assert told["groups"][0]["incidents"] == 0
        told = console.get("/v1/supervision")
        valid(told, "SupervisionAnswer", console.get("/openapi.json"))
        assert [each["reason"] for each in told["overrides"]] == ["cover"]
        assert [each["better"] for each in told["not_nearest"]] == ["R21"]
        assert [each["waiting"] for each in told["late"]] == [True]

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ("from=yesterday", "from"),
            ("from=2026-01-01T00:00:00Z&to=2026-01-09T00:00:01Z", "from, to"),
            ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from, to"),
            ("since=2026-01-01T00:00:00Z", "since"),
        ],
    )
    def test_a_period_that_is_none_is_refused(self, console: Console, asked: str, field: str) -> None:
        told = console.get(f"/v1/supervision?{asked}", 422)
        assert [fault["field"] for fault in told["faults"]] == [field]

    @pytest.mark.parametrize(
        ("period", "status"),
        [
            # The clocks go back on 26 October 2025, and forward on 30 March.
            ("from=2025-10-19T23:00:00Z&to=2025-10-27T00:00:00Z", 200),
            ("from=2025-10-19T23:00:00Z&to=2025-10-27T00:00:01Z", 422),
            ("from=2025-03-24T00:00:00Z&to=2025-03-30T23:00:00Z", 200),
            ("from=2025-03-26T12:00:00Z&to=2025-04-02T12:00:00Z", 200),
            ("from=2025-03-26T12:00:00Z&to=2025-04-02T12:00:01Z", 422),
        ],
    )
    def test_a_week_by_the_forces_clocks_is_a_week(self, console: Console, period: str, status: int) -> None:
        console.get(f"/v1/supervision?{period}", status)

    @pytest.mark.parametrize(
        ("to", "midnight"),
        [
            ("2025-07-01T23:30:00Z", "2025-07-01T23:00:00Z"),
            ("2025-07-01T22:30:00Z", "2025-06-30T23:00:00Z"),
            # Days of 25 and of 23 hours.
            ("2025-10-26T22:00:00Z", "2025-10-25T23:00:00Z"),
            ("2025-03-30T22:00:00Z", "2025-03-30T00:00:00Z"),
            # At midnight it is the day that is over.
            ("2025-02-01T00:00:00Z", "2025-01-31T00:00:00Z"),
            ("2025-10-27T00:00:00Z", "2025-10-25T23:00:00Z"),
        ],
    )
    def test_midnight_is_that_of_the_forces_clocks(self, console: Console, to: str, midnight: str) -> None:
        assert console.get(f"/v1/supervision?to={to}")["from"] == midnight

    def test_whoever_waits_at_midnight_is_told_of_after_it(self, console: Console, clock: Clock) -> None:
        clock.later(3600)
        told = console.get("/v1/supervision")
        valid(told, "SupervisionAnswer", console.get("/openapi.json"))
        assert (told["from"], told["groups"][0]["incidents"]) == ("2026-02-01T00:00:00Z", 0)
        assert [(each["incident_id"], each["waiting"], each["earlier"]) for each in told["late"]] == [
            ("N-1", True, True)
        ]
        # Of a period that has an end, that alone is told.
        assert console.get("/v1/supervision?from=2026-02-01T00:00:00Z&to=2026-02-01T00:05:00Z")["late"] == []

    def test_whoever_looks_is_written_down_once_for_a_while(self, console: Console, clock: Clock) -> None:
        for _ in range(3):
            clock.later(1)
            console.get("/v1/supervision")
        looks = console.get("/v1/record?kind=consulted")["events"]
        assert [each["subject"] for each in looks].count("list supervision") == 1


class TestTheRecordProved:
    def test_whole_to_its_end(self, console: Console) -> None:
        told, head = console.get("/v1/record/verification"), console.get("/v1/record/head")
        valid(told, "VerificationAnswer", console.get("/openapi.json"))
        assert (told["whole"], told["first"], told["rows"], told["next"], told["broken"]) == (
            True,
            1,
            head["seq"],
            None,
            None,
        )
        assert (told["seq"], told["sha256"]) == (head["seq"], head["sha256"])

    def test_stretch_by_stretch(self, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(record, "MOST_PROVED", 2)
        rows, found, after = 0, list[bool | None](), ""
        while after is not None:
            told = console.get("/v1/record/verification" + (f"?after={after}" if after else ""))
            rows, after = rows + told["rows"], told["next"]
            found.append(told["whole"])
        assert rows == console.get("/v1/record/head")["seq"] > 2
        # Until the end is reached it is not known.
        assert found == [None] * (len(found) - 1) + [True]

    def test_broken_at_its_first_broken_row(self, console: Console) -> None:
        tamper(console.store, "UPDATE events SET actor = 'bert' WHERE seq = 2")
        told = console.get("/v1/record/verification")
        valid(told, "VerificationAnswer", console.get("/openapi.json"))
        assert (told["whole"], told["rows"], told["broken"]["seq"]) == (False, None, 2)
        assert "were changed" in told["broken"]["because"]

    def test_against_a_head_that_was_kept_elsewhere(self, console: Console) -> None:
        head = console.get("/v1/record/head")
        kept = f"{head['seq']}:{head['sha256']}"
        console.post("/v1/incidents/N-1/recommendations")
        told = console.get(f"/v1/record/verification?after={kept}")
        assert (told["whole"], told["first"]) == (True, head["seq"] + 1)
        assert told["rows"] > 0
        told = console.get(f"/v1/record/verification?after={head['seq']}:{'0' * 64}")
        assert (told["whole"], told["broken"]["seq"]) == (False, head["seq"])

    @pytest.mark.parametrize("after", ["", "1", "0:" + "0" * 64, "1:" + "0" * 63, f"{10**18}:{'0' * 64}"])
    def test_a_head_that_is_none_is_refused(self, console: Console, after: str) -> None:
        told = console.get(f"/v1/record/verification?after={after}", 422)
        assert [fault["field"] for fault in told["faults"]] == ["after"]
