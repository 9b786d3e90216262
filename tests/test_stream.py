"""Pushing: every stream tells every event once, in order, from any worker, and ends when it must."""

from __future__ import annotations

import itertools
import os
import re
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

import orjson
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import serving
from api.pushed import PUSHED, RETRY_MS
from api.roles import ROLES
from api.streams import ALLOWED_EVERY_S, POSITIONS_EVERY_S
from api.tail import KEPT
from clients import access_of, client_over, with_key
from dispatch.pages import page
from dispatch.record import Event
from dispatch.store import Store
from dispatch.tables import events
from jobs import until
from listeners import Listener, Message, messages
from roadmaps import RoadMap
from running import DEADLINE_S, SIGNED, Running

WORKERS, WRITERS, WRITES = 3, 8, 15
SOON_S = 5.0
ROW = [column.name for column in events.columns]
_keys = itertools.count()


@pytest.fixture
def desk(town_file: Path) -> Iterator[FlaskClient]:
    client = client_over(town_file, heartbeat_s=1, remembered_ms=0)
    yield client
    client.application.extensions["nearest"].desk.store.close()


class Open:
    """A stream of a client in this process."""

    def __init__(self, client: FlaskClient, query: str = "", **headers: str) -> None:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.response: TestResponse = client.get(f"/v1/stream{query}", headers=told, buffered=False)
        assert self.response.status_code == 200, self.response.text
        self._messages = messages(line for part in self.response.response for line in part.splitlines(keepends=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.response.close()

    def next(self, *kinds: str) -> Message:
        """The next message of such a kind; the next event of the record if none is named."""
        return next(said for said in self._messages if (said.event in kinds if kinds else said.id and said.data))

    def rest(self) -> list[Message]:
        return list(self._messages)


def post(client: FlaskClient, path: str, body: object) -> Any:
    answer = client.post(path, json=body, headers={"Idempotency-Key": f"key-{next(_keys)}"})
    assert answer.status_code < 300, answer.text
    return answer.json


def on_duty(client: FlaskClient, callsign: str) -> None:
    post(client, f"/v1/units/{callsign}/on-duty", {"status": "2", "crew": 2})


def receive(client: FlaskClient, town: RoadMap, **more: Any) -> str:
    lat, lon = town.at("A")
    name: str = post(client, "/v1/incidents", {"lat": lat, "lon": lon, "grade": "emergency", **more})["incident_id"]
    return name


def append(client: FlaskClient, count: int) -> None:
    """Put so many events into the record at once."""
    store = client.application.extensions["nearest"].desk.store
    with store.writing() as writing:
        writing.append([Event("closure_lifted", f"c{number}", writing.now, {}) for number in range(count)], "anna")


class TestMessages:
    def test_an_event_comes_with_what_it_changed(self, desk: FlaskClient, town: RoadMap) -> None:
        with Open(desk) as stream:
            on_duty(desk, "R21")
            came = stream.next()
            name = receive(desk, town)
            received = stream.next()
            post(
                desk,
                f"/v1/incidents/{name}/assignments",
                {"callsign": "R21", "reason": "local_knowledge", "confirm": True},
            )
            sent = stream.next("unit_assigned")
        assert (came.event, came.data["kind"], came.data["subject"]) == ("unit_on_duty", "unit_on_duty", "R21")
        assert came.data["seq"] == came.id
        assert came.data["units"]["R21"]["status"] == "2"
        assert came.data["incidents"] == {}
        assert received.data["incidents"][name]["grade"] == "emergency"
        assert (sent.event, sent.data["actor"]) == ("unit_assigned", "system:tests")
        assert sent.data["units"]["R21"]["incident_id"] == name
        assert [item["callsign"] for item in sent.data["incidents"][name]["assignments"]] == ["R21"]

    def test_what_is_gone_is_null(self, desk: FlaskClient, town: RoadMap) -> None:
        on_duty(desk, "R21")
        first, second = receive(desk, town), receive(desk, town)
        with Open(desk) as stream:
            post(desk, f"/v1/incidents/{second}/link", {"duplicate_of": first})
            post(desk, "/v1/units/R21/off-duty", {})
            linked, off = stream.next(), stream.next()
        assert linked.data["incidents"][second] is None
        assert linked.data["incidents"][first]["duplicates"] == [second]
        assert off.data["units"] == {"R21": None}

    def test_a_closure_comes_and_goes(self, desk: FlaskClient) -> None:
        feature = {"type": "Feature", "geometry": None, "properties": {"road": "Linthorpe Road"}}
        with Open(desk) as stream:
            post(desk, "/v1/closures", {"closure_id": "x", "feature": feature})
            opened = stream.next()
            append(desk, 1)
            lifted = stream.next()
        assert opened.data["closures"] == {"x": feature}
        assert (lifted.event, lifted.data["closures"]) == ("closure_lifted", {"c0": None})

    def test_nobody_who_only_watches_is_told_who_called(self, desk: FlaskClient, town: RoadMap) -> None:
        with Open(desk) as stream:
            name = receive(desk, town, phone="01642 1", people=["A. Caller"], address="Linthorpe Road 1")
            told = stream.next().data["incidents"][name]
        assert told["address"] == "Linthorpe Road 1"
        assert not {"phone", "people", "risk"} & told.keys()

    def test_consultations_and_upkeep_are_not_pushed(self, desk: FlaskClient, town: RoadMap) -> None:
        name = receive(desk, town)
        with Open(desk) as stream:
            assert desk.get(f"/v1/incidents/{name}").status_code == 200
            store = desk.application.extensions["nearest"].desk.store
            with store.writing() as writing:
                writing.append([Event("snapshot_taken", None, writing.now, {"seq": 0, "state_sha256": ""})], "nearest")
            on_duty(desk, "R21")
            assert stream.next().event == "unit_on_duty"
        assert {row.kind for row in rows_of(desk)} - PUSHED == {"account_changed", "consulted", "snapshot_taken"}

    def test_it_says_when_to_come_again_and_after_which_row(self, desk: FlaskClient) -> None:
        on_duty(desk, "R21")
        with Open(desk) as stream:
            first = next(iter(stream.response.response))
        last = len(rows_of(desk))
        assert first == f"retry: {RETRY_MS}\nid: {last}\n\n".encode()

    def test_no_proxy_keeps_it_back(self, desk: FlaskClient) -> None:
        with Open(desk) as stream:
            headers = stream.response.headers
            assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert headers["X-Accel-Buffering"] == "no"
            assert "no-cache" in headers["Cache-Control"]
            assert "Content-Length" not in headers

    def test_a_heartbeat_comes_where_nothing_happens(self, desk: FlaskClient) -> None:
        with Open(desk) as stream:
            first, second = stream.next(":"), stream.next(":")
        assert 0.9 < second.at - first.at < 2.5


def rows_of(client: FlaskClient) -> list[Any]:
    with client.application.extensions["nearest"].desk.store.reading() as reading:
        return list(reading.after(0))


class TestPositions:
    def test_at_most_one_message_a_second_with_the_newest_fix_of_each_that_moved(
        self, desk: FlaskClient, town: RoadMap
    ) -> None:
        for callsign in ("R21", "R22", "R23"):
            on_duty(desk, callsign)
        lat, lon = town.at("A")
        begun = datetime.now(UTC)

        def fix(callsign: str, number: int) -> dict[str, object]:
            at = begun - timedelta(seconds=100 - number)
            return {"callsign": callsign, "fixed_at": at.isoformat(), "lat": lat + number / 1e5, "lon": lon}

        post(desk, "/v1/positions", {"positions": [fix("R23", 0)]})
        heard = list[Message]()
        with Open(desk) as stream:
            heard.append(stream.next("positions"))
            moving, moved_from = threading.Thread(target=self._move, args=(desk, fix)), time.monotonic()
            moving.start()
            while "R22" not in (last := {item["callsign"]: item["fix"] for item in heard[-1].data["positions"]}) or (
                last["R22"]["lat"] != pytest.approx(lat + 40 / 1e5)
            ):
                heard.append(stream.next("positions"))
            moving.join()
            took_s = time.monotonic() - moved_from
        first, *more = heard
        assert [item["callsign"] for item in first.data["positions"]] == ["R23"]
        assert all(message.id is None for message in heard)
        assert all("R23" not in str(message.data) for message in more)
        gaps = [later.at - before.at for before, later in itertools.pairwise(heard)]
        assert min(gaps) > POSITIONS_EVERY_S * 0.9
        # Forty fixes of each in about two seconds, or as long as the machine takes for them.
        assert len(more) <= took_s / POSITIONS_EVERY_S + 2

    def _move(self, desk: FlaskClient, fix: Any) -> None:
        client = with_key(desk.application, "feeder")
        for number in range(1, 41):
            post(client, "/v1/positions", {"positions": [fix("R21", number), fix("R22", number)]})
            time.sleep(0.05)

    def test_whoever_comes_back_is_told_where_all_are(self, desk: FlaskClient, town: RoadMap) -> None:
        lat, lon = town.at("A")
        on_duty(desk, "R21")
        now = datetime.now(UTC).isoformat()
        post(desk, "/v1/positions", {"positions": [{"callsign": "R21", "fixed_at": now, "lat": lat, "lon": lon}]})
        for _ in range(2):
            with Open(desk, Last_Event_ID="1") as stream:
                assert [item["callsign"] for item in stream.next("positions").data["positions"]] == ["R21"]


class TestResume:
    def test_after_any_row_by_header_or_address(self, desk: FlaskClient) -> None:
        for number in range(10):
            on_duty(desk, f"R{number}")
        whole = [row.seq for row in rows_of(desk) if row.kind in PUSHED]
        for after in (0, 4, 9):
            left = [seq for seq in whole if seq > after]
            with Open(desk, Last_Event_ID=str(after)) as stream:
                assert [stream.next().id for _ in left] == left
        with Open(desk, "?last_event_id=7") as stream:
            assert stream.next().id == 8
        # A browser comes back to the address that it was given first, and says in the header how far it is.
        with Open(desk, "?last_event_id=2", Last_Event_ID="8") as stream:
            assert stream.next().id == 9

    def test_a_client_that_reads_late_misses_nothing(self, desk: FlaskClient) -> None:
        with Open(desk, Last_Event_ID="0") as stream:
            append(desk, KEPT // 2)
            time.sleep(0.3)
            append(desk, KEPT // 2)
            time.sleep(0.3)
            told = [stream.next().id for _ in range(KEPT // 2 * 2)]
        assert told == [row.seq for row in rows_of(desk) if row.kind in PUSHED]

    def test_whoever_missed_too_much_is_told_to_load_again(self, desk: FlaskClient) -> None:
        on_duty(desk, "R21")
        append(desk, KEPT)
        with Open(desk, Last_Event_ID="0") as stream:
            reset = stream.next()
            on_duty(desk, "R22")
            next_ = stream.next()
        assert (reset.event, reset.data["seq"]) == ("reset", reset.id)
        assert reset.id >= KEPT + 1
        assert (next_.event, next_.data["subject"]) == ("unit_on_duty", "R22")

    def test_as_much_as_is_kept_is_told(self, desk: FlaskClient) -> None:
        last = rows_of(desk)[-1].seq
        append(desk, KEPT)
        with Open(desk, Last_Event_ID=f"{last}") as stream:
            assert [stream.next().id for _ in range(KEPT)] == list(range(last + 1, last + KEPT + 1))

    def test_one_that_is_too_slow_is_told_to_load_again(self, desk: FlaskClient) -> None:
        with Open(desk) as stream, Open(desk) as other:
            stream.next(":")
            # One that is not slow shows how far the process has read.
            append(desk, KEPT - 1)
            assert {other.next().event for _ in range(KEPT - 1)} == {"closure_lifted"}
            append(desk, KEPT + 1)
            assert other.next().event == "reset"
            assert stream.next().event == "reset"

    def test_a_record_that_is_shorter_than_what_the_client_knows(self, desk: FlaskClient) -> None:
        with Open(desk, Last_Event_ID="999999") as stream:
            reset = stream.next()
            on_duty(desk, "R21")
            assert stream.next().data["subject"] == "R21"
        # The key that is asked with, and that somebody looks.
        assert (reset.event, reset.id) == ("reset", 2)

    @pytest.mark.parametrize("text", ["x", "-1", "1.5", "٣", "1" * 19, " 1"])
    def test_an_id_that_is_none_of_ours(self, desk: FlaskClient, text: str) -> None:
        answer = desk.get("/v1/stream", query_string={"last_event_id": text, "other": "1"})
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json["faults"]] == ["other", "last_event_id"]


class TestWho:
    def test_only_those_who_may_watch(self, desk: FlaskClient) -> None:
        answered = {}
        for role in ROLES:
            with with_key(desk.application, role).get("/v1/stream", buffered=False) as answer:
                answered[role] = answer.status_code
        watching = {"dispatcher", "supervisor", "auditor"}
        assert answered == {role: 200 if role in watching else 403 for role in ROLES}

    def test_what_a_marker_is_about_is_no_incident(self, desk: FlaskClient) -> None:
        store = desk.application.extensions["nearest"].desk.store
        with Open(desk) as stream:
            with store.writing() as writing:
                told = {"marker_id": "M-1", "because": "a mistake"}
                writing.append([Event("marker_lifted", "S-1", writing.now, told)], "anna")
            lifted = stream.next().data
        assert (lifted["kind"], lifted["units"], lifted["incidents"]) == ("marker_lifted", {}, {})

    def test_a_key_that_is_revoked_watches_no_longer(self, desk: FlaskClient) -> None:
        keys = access_of(desk.application).keys
        with Open(desk) as stream:
            stream.next(":")
            for key in keys.all():
                keys.revoke(key.key_id)
            begun = time.monotonic()
            stream.rest()
        assert time.monotonic() - begun < ALLOWED_EVERY_S + POSITIONS_EVERY_S + 1

    def test_a_session_that_is_over_watches_no_longer(self, desk: FlaskClient) -> None:
        access = access_of(desk.application)
        access.accounts.create_user("anna", ["dispatcher"], "eleven grey horses at dawn")
        [user] = access.accounts.users()
        session = access.sessions.open(user)
        client = desk.application.test_client()
        client.set_cookie("nearest_session", session.token)
        with Open(client) as stream:
            stream.next(":")
            access.end(session)
            begun = time.monotonic()
            stream.rest()
        assert time.monotonic() - begun < ALLOWED_EVERY_S + POSITIONS_EVERY_S + 1

    def test_an_open_stream_keeps_no_session_in_use(self, town_file: Path) -> None:
        idle_s = 3
        desk = client_over(town_file, heartbeat_s=1, remembered_ms=0, session_idle_s=idle_s)
        access = access_of(desk.application)
        access.accounts.create_user("anna", ["dispatcher"], "eleven grey horses at dawn")
        [user] = access.accounts.users()
        client = desk.application.test_client()
        client.set_cookie("nearest_session", access.sessions.open(user).token)
        service = desk.application.extensions["nearest"]
        at_last = threading.Timer(20, service.stopping.set)
        begun = time.monotonic()
        with Open(client) as stream:
            at_last.start()
            stream.rest()
        took_s = time.monotonic() - begun
        at_last.cancel()
        assert took_s < idle_s + ALLOWED_EVERY_S + POSITIONS_EVERY_S + 2
        assert client.get("/v1/session").status_code == 401
        service.desk.store.close()


class TestPlaces:
    def test_no_more_streams_than_there_are_threads_for(self, town_file: Path) -> None:
        desk = client_over(town_file, streams=2)
        with Open(desk), Open(desk):
            refused = desk.get("/v1/stream")
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
            assert refused.json["type"] == "/problems/streams-full"
        with Open(desk), Open(desk):
            pass

    def test_a_look_at_the_head_takes_no_place(self, town_file: Path) -> None:
        desk = client_over(town_file, streams=1)
        for _ in range(3):
            assert desk.head("/v1/stream", buffered=True).status_code == 200
        with Open(desk):
            pass

    def test_nobody_follows_the_record_without_a_stream(self, town_file: Path) -> None:
        desk = client_over(town_file)
        with Open(desk), Open(desk):
            # Those of other tests go a little after their last stream.
            until(lambda: tails() == 1, "one thread follows the record")
        until(lambda: tails() == 0, "nobody follows it")

    def test_streams_end_where_the_record_is_broken(self, desk: FlaskClient) -> None:
        on_duty(desk, "R21")
        store = desk.application.extensions["nearest"].desk.store
        with Open(desk) as stream:
            stream.next(":")
            with store.writing() as writing:
                last = writing.last()
                values = {name: getattr(last, name) for name in ROW}
                writing.connection.execute(sa.insert(events), {**values, "seq": last.seq + 1})
            stream.rest()
        answer = desk.get("/v1/stream")
        assert (answer.status_code, answer.json["type"]) == (503, "/problems/broken-record")

    def test_streams_end_when_the_process_is_to_end(self, desk: FlaskClient) -> None:
        with Open(desk) as stream:
            stream.next(":")
            desk.application.extensions["nearest"].stopping.set()
            begun = time.monotonic()
            stream.rest()
        assert time.monotonic() - begun < 1


def tails() -> int:
    return sum(thread.name == "tail" for thread in threading.enumerate())


# ---- As it is really run ------------------------------------------------------------------------------------------


@pytest.fixture
def running(database_url: str, town_file: Path) -> Iterator[Running]:
    told = {"NEAREST_GRAPH": str(town_file), "NEAREST_DATABASE_URL": database_url, "NEAREST_HEARTBEAT_S": "1"}
    started = Running(NEAREST_WORKERS=str(WORKERS), NEAREST_STREAMS="8", NEAREST_SYSTEM_REQUESTS_PER_S="0", **told)
    try:
        started.find("Booting worker with pid", WORKERS)
        yield started
    finally:
        started.stop()


def write(port: int, writer: int) -> None:
    """Say a few things, each until it is acknowledged."""
    for number in range(WRITES):
        action = ("on-duty", {"status": "2", "crew": 2}) if number == 0 else ("crew", {"crew": number})
        body = orjson.dumps(action[1])
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{writer}-{number}"}
        until_answered(port, f"/v1/units/R{writer}/{action[0]}", body, headers)


def until_answered(port: int, path: str, body: bytes, headers: dict[str, str]) -> None:
    while True:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)) as connection:
                connection.request("POST", path, body, {**SIGNED, **headers})
                with connection.getresponse() as response:
                    answer = response.read()
        except (OSError, HTTPException):
            time.sleep(0.05)
            continue
        assert response.status == 200, answer
        return


def pushed_rows(url: str) -> list[int]:
    store = Store(url, lambda: datetime.now(UTC))
    with store.reading() as reading:
        found = [row.seq for row in page(reading, 0, 100_000, PUSHED)]
    store.close()
    return found


def test_every_stream_of_every_worker_tells_every_event_once(running: Running, database_url: str) -> None:
    port, names = running.port(), [str(uuid.uuid4()) for _ in range(12)]
    listeners = [Listener(port, 0, lambda name=name: name) for name in names]
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda writer: write(port, writer), range(WRITERS)))
    whole = pushed_rows(database_url)
    assert len(whole) == WRITERS * WRITES
    for listener in listeners:
        listener.await_(len(whole))
        assert listener.ids == whole
        assert listener.opened == 1
    end_all(running, listeners)
    running.stop()
    lines = [line for line in running.printed if '"route": "/v1/stream"' in line]
    processes = {found[1] for line in lines if any(name in line for name in names) if (found := _process(line))}
    assert len(processes) >= 2, lines


def _process(line: str) -> re.Match[str] | None:
    return re.search(r'"process": (\d+)', line)


def test_streams_go_on_at_another_worker_where_theirs_is_killed(running: Running, database_url: str) -> None:
    port = running.port()
    listeners = [Listener(port, 0) for _ in range(6)]
    write(port, WRITERS)
    for listener in listeners:
        listener.await_(1)
    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, port, writer) for writer in range(WRITERS)]
        for number, pid in enumerate(running.find(r"Booting worker with pid: (\d+)", WORKERS)[:WORKERS]):
            time.sleep(0.3)
            os.kill(int(pid), signal.SIGKILL)
            running.find("Booting worker with pid", WORKERS + number + 1)
        for done in writing:
            done.result()
    # What is said after the last kill has to come too.
    write(port, WRITERS + 1)
    whole = pushed_rows(database_url)
    assert len(whole) == (WRITERS + 2) * WRITES
    for listener in listeners:
        listener.await_(len(whole))
        assert listener.ids == whole
        assert listener.opened >= 2
    end_all(running, listeners)


def test_heartbeats_come_and_streams_end_well_before_the_process_must(running: Running) -> None:
    listeners = [Listener(running.port()) for _ in range(4)]
    # A worker that has just booted may take a while to answer.
    until(lambda: all(listener.heard for listener in listeners), "all listen")
    time.sleep(4)
    for listener in listeners:
        assert sum(message.event == ":" for message in listener.heard) >= 2
    begun = time.monotonic()
    end_all(running, listeners)
    assert time.monotonic() - begun < serving.graceful_timeout / 2


def end_all(running: Running, listeners: list[Listener]) -> None:
    """Tell the process to end; all of its streams do, of their own accord."""
    assert not any(listener.ended(0) for listener in listeners)
    running.process.send_signal(signal.SIGTERM)
    assert all(listener.ended(SOON_S) for listener in listeners)
