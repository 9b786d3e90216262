"""The record for auditors: every event, in order, and so that each hash can be checked by whoever reads it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from api.roles import ROLES
from clients import client_over, with_key
from dispatch.record import Row, canonical, verify
from dispatch.tables import events

_keys = itertools.count()


@pytest.fixture
def desk(town_file: Path, database_url: str) -> Iterator[FlaskClient]:
    client = client_over(town_file, database_url=database_url)
    yield client
    client.application.extensions["nearest"].desk.store.close()


def on_duty(client: FlaskClient, *callsigns: str) -> None:
    for callsign in callsigns:
        headers = {"Idempotency-Key": f"key-{next(_keys)}"}
        answer = client.post(f"/v1/units/{callsign}/on-duty", json={"status": "2", "crew": 2}, headers=headers)
        assert answer.status_code == 200, answer.text


def pages(client: FlaskClient, limit: int, query: str = "") -> list[dict[str, Any]]:
    """Every event, page by page."""
    found, after = list[dict[str, Any]](), 0
    while after is not None:
        answer = client.get(f"/v1/record?after={after}&limit={limit}{query}")
        assert answer.status_code == 200, answer.text
        assert len(answer.json["events"]) <= limit
        found += answer.json["events"]
        after = answer.json["next"]
    return found


def row(told: dict[str, Any]) -> Row:
    payload = None if told["payload"] is None else canonical(told["payload"]).decode()
    return Row(**{**told, "payload": payload})


@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
def test_pages_hold_every_event_once_and_prove_themselves_whole(desk: FlaskClient, limit: int) -> None:
    on_duty(desk, "R21", "R22", "R23", "R24")
    told = pages(desk, limit)
    # The first row says who was given the key that all of this is asked with.
    assert [item["kind"] for item in told[:2]] == ["account_changed", "unit_on_duty"]
    assert [item["subject"] for item in told[1:5]] == ["R21", "R22", "R23", "R24"]
    assert told[1]["payload"]["crew"] == 2
    head = desk.get("/v1/record/head").json
    whole = verify(row(item) for item in told)
    # Whoever read it is in the record too, at its end, and is told with a last page that came after.
    assert (whole.rows, whole.sha256) == (told[-1]["seq"], told[-1]["sha256"])
    assert head["seq"] - whole.rows in {0, 1}


def test_only_what_is_about_a_subject_or_of_a_kind(desk: FlaskClient) -> None:
    on_duty(desk, "R21", "R22")
    desk.post("/v1/units/R21/crew", json={"crew": 1}, headers={"Idempotency-Key": "crew"})
    assert [item["kind"] for item in pages(desk, 1, "&subject=R21")] == ["unit_on_duty", "unit_crew", "consulted"]
    assert [item["subject"] for item in pages(desk, 1, "&kind=unit_on_duty")] == ["R21", "R22"]
    assert [item["subject"] for item in pages(desk, 9, "&kind=unit_on_duty&subject=R22")] == ["R22"]
    assert pages(desk, 9, "&kind=unheard_of") == []


def test_the_head_is_the_last_row(desk: FlaskClient) -> None:
    assert desk.get("/v1/record/head").json["seq"] == 1
    on_duty(desk, "R21", "R22")
    head = desk.get("/v1/record/head").json
    last = pages(desk, 1000, "&kind=unit_on_duty")[-1]
    assert head == {name: last[name] for name in ("seq", "sha256", "recorded_at")}


def test_details_that_were_purged_are_null(desk: FlaskClient) -> None:
    on_duty(desk, "R21")
    store = desk.application.extensions["nearest"].desk.store
    with store.writing() as writing:
        writing.connection.execute(sa.update(events).where(events.c.seq == 2).values(payload=None, salt=None))
    [told] = pages(desk, 9, "&subject=R21")[:1]
    assert (told["payload"], told["salt"], told["kind"]) == (None, None, "unit_on_duty")


def test_whatever_is_wrong_is_told_together(desk: FlaskClient) -> None:
    answer = desk.get("/v1/record?after=-1&limit=1001&kind=&subject=%00&sort=up")
    assert answer.status_code == 422
    assert sorted(fault["field"] for fault in answer.json["faults"]) == ["after", "kind", "limit", "sort", "subject"]


@pytest.mark.parametrize("path", ["/v1/record", "/v1/record/head"])
def test_only_auditors_read_it(town_file: Path, path: str) -> None:
    app = client_over(town_file).application
    answered = {role: with_key(app, role).get(path).status_code for role in ROLES}
    assert answered == {role: 200 if role == "auditor" else 403 for role in ROLES}
