"""Samples for assessment over HTTP: found again by when they were drawn, each with what is still to be assessed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from clients import client_over, with_key

_keys = itertools.count()


@pytest.fixture
def desk(town_file: Path) -> Iterator[FlaskClient]:
    client = client_over(town_file)
    yield client
    client.application.extensions["nearest"].desk.store.close()


def tell(client: FlaskClient, path: str, body: Any) -> Any:
    answer = client.post(path, json=body, headers={"Idempotency-Key": f"samples-{next(_keys)}"})
    assert answer.status_code in {200, 201}, answer.text
    return answer.json


def hours(number: float) -> str:
    """A moment so many hours from now."""
    return (datetime.now(UTC) + timedelta(hours=number)).isoformat().replace("+00:00", "Z")


def end_incident(client: FlaskClient, name: str) -> None:
    place = client.get("/v1/network").json["bounds"]
    tell(client, "/v1/incidents", {"incident_id": name, "grade": "priority", **_middle(place)})
    tell(client, f"/v1/incidents/{name}/close", {"outcome": "advice"})


def _middle(bounds: Any) -> dict[str, float]:
    return {"lat": (bounds["south"] + bounds["north"]) / 2, "lon": (bounds["west"] + bounds["east"]) / 2}


def draw(client: FlaskClient) -> Any:
    return tell(client, "/v1/assessments/samples", {"from": hours(-1), "to": hours(1), "size": 10})


def judge(client: FlaskClient, name: str) -> None:
    form = client.get("/v1/assessments/form").json
    body = {"answers": dict.fromkeys(form["questions"], "yes"), "outcome": next(iter(form["outcomes"]))}
    tell(client, f"/v1/incidents/{name}/assessments", body)


def drawn_within(client: FlaskClient, start: float, end: float) -> list[Any]:
    return list(client.get(f"/v1/assessments/samples?from={hours(start)}&to={hours(end)}").json["samples"])


def test_the_newest_comes_first_and_what_was_judged_before_one_was_drawn_is_outstanding_in_it(
    desk: FlaskClient,
) -> None:
    for name in ("N-1", "N-2"):
        end_incident(desk, name)
    first = draw(desk)
    judge(desk, "N-1")
    second = draw(desk)
    told = drawn_within(desk, -1, 1)
    assert [each["sample_id"] for each in told] == [second["sample_id"], first["sample_id"]]
    assert sorted(told[0]["outstanding"]) == ["N-1", "N-2"]
    assert told[1]["outstanding"] == ["N-2"]
    # One by one they are told as in the list.
    for each in told:
        assert desk.get(f"/v1/assessments/samples/{each['sample_id']}").json == each


def test_others_are_not_told(desk: FlaskClient) -> None:
    end_incident(desk, "N-1")
    draw(desk)
    assert drawn_within(desk, -2, -1) == []
    assert desk.get("/v1/assessments/samples").status_code == 422


def test_an_auditor_reads_them_and_a_dispatcher_does_not(desk: FlaskClient) -> None:
    path = f"/v1/assessments/samples?from={hours(-1)}&to={hours(1)}"
    assert with_key(desk.application, "auditor").get(path).status_code == 200
    assert with_key(desk.application, "dispatcher").get(path).status_code == 403
