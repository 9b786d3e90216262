"""Who looked at which incident, when and why: written down before it is shown, or it is not shown."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.roles import CONSULTING
from api.service import Service
from clients import client_over
from desks import Room
from dispatch.consultation import CONSULTED, Lists
from dispatch.record import Row, verify
from roadmaps import RoadMap

WHY = {"X-Consultation-Reason": "the caller rang again"}
_keys = itertools.count()


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 23, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(town_file: Path, database_url: str, clock: Clock) -> Iterator[FlaskClient]:
    client = client_over(town_file, clock, database_url=database_url)
    yield client
    known(client).desk.store.close()


def post(client: FlaskClient, path: str, body: object) -> Any:
    answer = client.post(path, json=body, headers={"Idempotency-Key": f"key-{next(_keys)}"})
    assert answer.status_code < 300, answer.text
    return answer


def receive(client: FlaskClient, town: RoadMap) -> str:
    lat, lon = town.at("A")
    name: str = post(client, "/v1/incidents", {"lat": lat, "lon": lon, "grade": "emergency"}).json["incident_id"]
    return name


def recommend(client: FlaskClient, town: RoadMap) -> tuple[str, str]:
    """An incident, and where the recommendation for it is kept."""
    post(client, "/v1/units/R21/on-duty", {"status": "2", "crew": 2})
    name = receive(client, town)
    return name, post(client, f"/v1/incidents/{name}/recommendations", {}).headers["Location"]


def known(client: FlaskClient) -> Service:
    found = client.application.extensions["nearest"]
    assert isinstance(found, Service)
    return found


def consulted(client: FlaskClient) -> list[Row]:
    with known(client).desk.store.reading() as reading:
        rows = list(reading.after(0))
    verify(rows)
    return [row for row in rows if row.kind == CONSULTED]


def told(rows: Sequence[Row]) -> list[tuple[str, str | None, Any]]:
    return [(row.actor, row.subject, row.details) for row in rows]


class TestOneIncident:
    def test_each_look_is_written_down_with_its_reason(self, desk: FlaskClient, town: RoadMap, clock: Clock) -> None:
        name = receive(desk, town)
        assert desk.get(f"/v1/incidents/{name}").status_code == 200
        clock.later(1)
        assert desk.get(f"/v1/incidents/{name}", headers=WHY).status_code == 200
        rows = consulted(desk)
        assert told(rows) == [
            ("system:tests", name, {"operation": "incident", "reason": None}),
            ("system:tests", name, {"operation": "incident", "reason": "the caller rang again"}),
        ]
        assert [row.happened for row in rows] == [clock.now - timedelta(seconds=1), clock.now]

    def test_so_is_one_that_has_ended(self, desk: FlaskClient, town: RoadMap) -> None:
        name = receive(desk, town)
        post(desk, f"/v1/incidents/{name}/cancel", {"because": "nothing found"})
        assert desk.get(f"/v1/incidents/{name}").json["stage"] == "cancelled"
        assert [row.subject for row in consulted(desk)] == [name]

    def test_so_is_what_was_recommended_for_it(self, desk: FlaskClient, town: RoadMap) -> None:
        name, kept = recommend(desk, town)
        assert desk.get(kept, headers=WHY).json["incident_id"] == name
        assert told(consulted(desk)) == [
            ("system:tests", name, {"operation": "keptRecommendation", "reason": "the caller rang again"})
        ]

    def test_so_is_its_record(self, desk: FlaskClient, town: RoadMap) -> None:
        name = receive(desk, town)
        assert desk.get(f"/v1/record?subject={name}", headers=WHY).status_code == 200
        assert told(consulted(desk)) == [
            ("system:tests", name, {"operation": "record", "reason": "the caller rang again"})
        ]

    @pytest.mark.parametrize("path", ["/v1/incidents/none", "/v1/recommendations/1", "/v1/record?subject=none"])
    def test_what_is_not_there_was_not_looked_at(self, desk: FlaskClient, path: str) -> None:
        desk.get(path)
        assert consulted(desk) == []

    def test_what_a_browser_opens_by_a_link_takes_it_in_the_address(self, town_file: Path) -> None:
        desk = client_over(town_file, consultation_reason="required", replays_dir=town_file.parent / "linked")
        report = "/v1/replays/none/report"
        assert desk.get(report).status_code == 422
        assert desk.get(f"{report}?reason=no").status_code == 422
        assert desk.get(f"{report}?reason=%C3%A5rlig%20granskning").status_code == 404
        assert desk.get("/v1/incidents/N-1?reason=only%20by%20the%20header").status_code == 422

    def test_where_a_reason_is_required_nothing_is_shown_without(self, town_file: Path, town: RoadMap) -> None:
        desk = client_over(town_file, consultation_reason="required")
        name, kept = recommend(desk, town)
        for path in (f"/v1/incidents/{name}", kept, "/v1/record", f"/v1/record?subject={name}"):
            assert desk.get(path).status_code == 422
        assert consulted(desk) == []
        assert desk.get(f"/v1/incidents/{name}", headers=WHY).status_code == 200
        assert len(consulted(desk)) == 1

    def test_every_call_that_shows_one_incident_asks_for_a_reason(self, desk: FlaskClient) -> None:
        paths = desk.get("/openapi.json").json["paths"]
        shown = {
            paths[path]["get"]["operationId"] for path in paths if "{incident_id}" in path and "get" in paths[path]
        }
        assert shown <= CONSULTING
        assert "incident" in shown


class TestLists:
    def test_a_list_is_written_down_once_in_a_stretch_of_time(
        self, desk: FlaskClient, town: RoadMap, clock: Clock
    ) -> None:
        receive(desk, town)
        for _ in range(20):
            assert desk.get("/v1/incidents").status_code == 200
            clock.later(10)
        assert told(consulted(desk)) == [("system:tests", "list incidents", {"operation": "incidents", "reason": None})]
        clock.later(600)
        desk.get("/v1/incidents")
        assert len(consulted(desk)) == 2

    def test_for_each_who_looks_and_each_list(self, desk: FlaskClient) -> None:
        other = desk.application.test_client()
        key = desk.application.extensions["nearest_access"].keys.create("console", ["dispatcher"])
        other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        for client in (desk, other, desk, other):
            assert client.get("/v1/incidents").status_code == 200
        desk.get("/v1/record")
        assert [(row.actor, row.subject) for row in consulted(desk)] == [
            ("system:tests", "list incidents"),
            ("system:console", "list incidents"),
            ("system:tests", "list record"),
        ]

    def test_another_reason_is_written_down_too(self, desk: FlaskClient) -> None:
        for headers in ({}, WHY, {}, WHY):
            desk.get("/v1/record", headers=headers)
        assert [(row.details or {})["reason"] for row in consulted(desk)] == [None, "the caller rang again"]

    def test_another_worker_knows_what_one_has_written(self, desk: FlaskClient, clock: Clock) -> None:
        workers = [Lists(known(desk).desk, 600) for _ in range(4)]
        with ThreadPoolExecutor(16) as pool:
            done = [pool.submit(workers[n % 4].consulted, "anna", "incidents", None, clock.now) for n in range(64)]
            for item in done:
                item.result()
        assert len(consulted(desk)) == 1
        # The stretch begins when it was written, not when a worker first read of it.
        clock.later(599)
        Lists(known(desk).desk, 600).consulted("anna", "incidents", None, clock.now)
        clock.later(1)
        for worker in workers:
            worker.consulted("anna", "incidents", None, clock.now)
        assert [row.recorded for row in consulted(desk)] == [clock.now - timedelta(seconds=600), clock.now]

    def test_a_clock_that_was_set_back(self, desk: FlaskClient, clock: Clock) -> None:
        desk.get("/v1/incidents")
        clock.later(-3600)
        desk.get("/v1/incidents")
        assert 1 <= len(consulted(desk)) <= 2

    def test_each_time_if_that_is_wanted(self, town_file: Path) -> None:
        desk = client_over(town_file, consultation_list_s=0)
        for _ in range(3):
            desk.get("/v1/incidents")
        assert len(consulted(desk)) == 3

    def test_a_stream_shows_incidents_as_a_list_does(self, desk: FlaskClient, clock: Clock) -> None:
        for seconds in (0, 10, 600):
            clock.later(seconds)
            desk.get("/v1/stream", buffered=False).close()
        assert [row.subject for row in consulted(desk)] == ["list stream", "list stream"]


@given(waits=st.lists(st.floats(0, 400), max_size=12), workers=st.lists(st.integers(0, 2), min_size=12, max_size=12))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_two_rows_are_nearer_than_the_stretch_and_no_look_is_farther_from_one(
    tmp_path_factory: pytest.TempPathFactory, waits: list[float], workers: list[int]
) -> None:
    room = Room(f"sqlite:///{tmp_path_factory.mktemp('lists')}/desk.db")
    lists = [Lists(room.desk, 300) for _ in range(3)]
    looks = []
    for wait, worker in zip(waits, workers, strict=False):
        room.later(wait)
        lists[worker].consulted("anna", "incidents", None, room.now)
        looks.append(room.now)
    with room.desk.store.reading() as reading:
        written = [row.recorded for row in reading.after(0)]
    room.desk.store.close()
    stretch = timedelta(seconds=300)
    assert all(later - before >= stretch for before, later in itertools.pairwise(written))
    assert all(any(timedelta(0) <= look - row < stretch for row in written) for look in looks)


class TestWhatItLeavesAlone:
    def test_a_recommendation_stays_current(self, desk: FlaskClient, town: RoadMap) -> None:
        name, kept = recommend(desk, town)
        before = known(desk).desk.live().state
        desk.get(f"/v1/incidents/{name}")
        desk.get("/v1/incidents")
        answer = desk.get(kept).json
        after = known(desk).desk.live().state
        assert (answer["current"], answer["changed"]) == (True, [])
        assert after.seq == before.seq + 3
        assert (after.units, after.incidents) == (before.units, before.incidents)

    def test_sending_goes_on_as_if_nobody_had_looked(self, desk: FlaskClient, town: RoadMap) -> None:
        name, kept = recommend(desk, town)
        desk.get(f"/v1/incidents/{name}")
        body = {"callsign": "R21", "recommendation": int(kept.rpartition("/")[2]), "confirm": True}
        answer = desk.post(
            f"/v1/incidents/{name}/assignments",
            json={**body, "reason": "local_knowledge"},
            headers={"Idempotency-Key": "send"},
        )
        assert answer.status_code == 201, answer.text


def make_unwritable(client: FlaskClient) -> None:
    """Let the database refuse whatever is written to the record, as one does that is full."""
    engine = known(client).desk.store.engine
    with engine.begin() as connection:
        if engine.name == "sqlite":
            does = "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        else:
            raises = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END"
            connection.execute(
                sa.text(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS '{quoted(raises)}'")
            )
            does = "FOR EACH ROW EXECUTE FUNCTION full_disk()"
        connection.execute(sa.text(f"CREATE TRIGGER full_disk BEFORE INSERT ON events {does}"))


def quoted(text: str) -> str:
    return text.replace("'", "''")


class TestUnwritable:
    def test_nothing_is_shown_that_cannot_be_written_down(self, desk: FlaskClient, town: RoadMap) -> None:
        name, kept = recommend(desk, town)
        make_unwritable(desk)
        for path in (f"/v1/incidents/{name}", "/v1/incidents", kept, "/v1/record", "/v1/stream"):
            answer = desk.get(path)
            assert (answer.status_code, answer.json["type"]) == (503, "/problems/no-database"), path
            assert name not in answer.text
        assert consulted(desk) == []

    def test_units_are_still_shown(self, desk: FlaskClient, town: RoadMap) -> None:
        recommend(desk, town)
        make_unwritable(desk)
        assert desk.get("/v1/units").status_code == 200
