"""The service as it is really run answers as in one process, and ends in good order."""

from __future__ import annotations

import json
import shlex
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from api import serving
from clients import client_over, service_over
from roadmaps import RoadMap
from running import DEADLINE_S, SIGNED, Running, ask

ASK = "/v1/recommendations"
LIMIT = 5_000_000
HEAD = "\r\n".join(
    (
        f"POST {ASK} HTTP/1.1",
        "Host: localhost",
        f"Authorization: {SIGNED['Authorization']}",
        "Content-Type: application/json",
        "",
    )
)


@pytest.fixture(scope="module")
def running(town_file: Path) -> Iterator[Running]:
    started = Running(NEAREST_GRAPH=str(town_file), NEAREST_MAX_BODY_BYTES=str(LIMIT))
    try:
        started.find("Booting worker with pid", 2)
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def port(running: Running) -> int:
    return running.port()


@pytest.fixture(scope="module")
def example(town_file: Path) -> dict[str, Any]:
    told: dict[str, Any] = service_over(town_file).extensions["nearest"].example
    return told


def post(port: int, body: bytes) -> tuple[int, bytes]:
    return ask(port, "POST", ASK, body, {"Content-Type": "application/json"})


def get(port: int, path: str) -> tuple[int, bytes]:
    return ask(port, "GET", path)


def raw(port: int, *parts: bytes) -> HTTPResponse:
    """Send bytes that no client library would, and read the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as connection:
        for part in parts:
            connection.sendall(part)
        response = HTTPResponse(connection)
        response.begin()
        response.told = json.loads(response.read())  # type: ignore[attr-defined]
    return response


def test_answers_as_in_one_process(port: int, example: dict[str, Any], town_file: Path) -> None:
    alone = client_over(town_file).post(ASK, json=example).data
    assert post(port, json.dumps(example).encode()) == (200, alone)


def test_many_at_once_get_equal_bytes(port: int, example: dict[str, Any]) -> None:
    bodies = [json.dumps(example | {"units": example["units"][: count % 3]}).encode() for count in range(120)]
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda body: post(port, body), bodies))
    assert {status for status, _ in answers} == {200}
    assert [len(set(answers[start::3])) for start in range(3)] == [1, 1, 1]
    assert len(set(answers)) == 3


def test_roads_asked_by_many_at_once_are_as_in_one_process(port: int, town: RoadMap, town_file: Path) -> None:
    alone = client_over(town_file)
    a, c, h = ("{},{}".format(*town.at(place)) for place in "ACH")
    queries = [
        f"/v1/{query}&profile={profile}&at=2026-01-31T{hour}:10:00Z"
        for query in (
            f"route?from={a}&to={h}",
            f"table?origins={a};{c};{h}&destinations={h};{a}",
            f"nearest?to={h}&from={a};{c}",
            f"reachable?from={a};{h}&minutes=0.5,1",
        )
        for profile in ("response", "normal")
        for hour in ("08", "23")
    ]
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda query: get(port, query), queries * 6))
    assert answers == [(200, alone.get(query).data) for query in queries] * 6


def test_a_table_of_many_places_has_a_long_address(port: int, town: RoadMap) -> None:
    places = ";".join(["{:.5f},{:.5f}".format(*town.at("A"))] * 100)
    status, told = get(port, f"/v1/table?origins={places}&destinations={places}".replace(",", "%2C"))
    assert status == 200
    assert [len(json.loads(told)[name]) for name in ("durations", "origins")] == [100, 100]


def test_refuses_and_answers_side_by_side(port: int, example: dict[str, Any]) -> None:
    good, bad = json.dumps(example).encode(), b"{"
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda body: post(port, body)[0], [good, bad] * 30))
    assert told == [200, 400] * 30


def test_both_workers_are_the_children_of_one_process(running: Running) -> None:
    workers = {int(pid) for pid in running.find(r"Booting worker with pid: (\d+)", 2)}
    assert len(workers) == 2
    parents = {int(Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[1]) for pid in workers}
    assert parents == {running.process.pid}


def test_listens_on_this_machine_only() -> None:
    assert serving.bind.split(":")[0] == "127.0.0.1"


def test_the_command_that_it_prints_works(running: Running, port: int) -> None:
    (line,) = running.find(r"\ncurl (.+)\n")
    _, address, _, key, _, header, _, body = shlex.split(line)
    assert address == f"http://127.0.0.1:{port}{ASK}"
    request = urllib.request.Request(address, body.encode(), dict(told.split(": ") for told in (key, header)))  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as response:  # noqa: S310 - our own address
        assert json.load(response)["outcome"] == "suggested"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400),
        (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: knots\r\n\r\n", 501),
    ],
)
def test_what_is_not_http_gets_a_problem_and_no_page(port: int, head: bytes, status: int) -> None:
    response = raw(port, head)
    assert response.status == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.told["status"] == status  # type: ignore[attr-defined]


def test_an_address_with_two_slashes_is_no_redirect(port: int) -> None:
    assert raw(port, b"GET /v1//route HTTP/1.1\r\nHost: a\r\n\r\n").status == 404


def test_a_body_over_the_limit_gets_its_answer(port: int) -> None:
    status, told = post(port, b" " * (LIMIT + 1))
    assert (status, json.loads(told)["type"]) == (413, "/problems/body-too-large")


def test_a_body_of_unknown_length_over_the_limit_gets_its_answer(port: int) -> None:
    head = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%s\r\n" % (LIMIT // 2, b" " * (LIMIT // 2))
    response = raw(port, head.encode(), chunk, chunk, chunk, b"0\r\n\r\n")
    assert response.status == 413


def test_a_body_of_unknown_length_within_the_limit(port: int, example: dict[str, Any]) -> None:
    body = json.dumps(example).encode()
    head = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n"
    assert raw(port, head.encode(), b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)).status == 200


def test_a_client_that_goes_away_harms_nobody(port: int, example: dict[str, Any]) -> None:
    body = json.dumps(example).encode()
    head = f"{HEAD}Content-Length: {len(body)}\r\n\r\n"
    for _ in range(30):
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as connection:
            connection.sendall(head.encode() + body[:20])
    assert post(port, body)[0] == 200


def test_one_connection_asks_many_times(port: int, example: dict[str, Any]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    for body, status in [(example, 200), ([], 422), (example, 200)]:
        connection.request("POST", ASK, json.dumps(body), {**SIGNED, "Content-Type": "application/json"})
        with connection.getresponse() as response:
            assert (response.status, len(response.read()) > 0) == (status, True)
    connection.close()


def test_ends_when_told_to(town_file: Path) -> None:
    started = Running(NEAREST_GRAPH=str(town_file))
    started.find("Booting worker with pid", 2)
    assert started.stop() == 0


@pytest.fixture
def slow(town_file: Path) -> Iterator[Running]:
    """A service with a route that takes its time, and one that sends until the process is to end."""
    started = Running("slow_service:application()", NEAREST_GRAPH=str(town_file))
    try:
        started.find("Booting worker with pid", 2)
        yield started
    finally:
        started.stop()


def seconds_to_end(ended: Running, workers: int) -> float:
    """From being told to end until the last worker had nothing more to do; that it then goes depends on the machine."""
    lines = [json.loads(line) for line in ended.printed if line.startswith("{")]
    (told,) = (line["timestamp"] for line in lines if line["event"] == "Handling signal: term")
    done = [line["timestamp"] for line in lines if line["event"].startswith("Worker exiting")]
    assert len(done) == workers
    return (datetime.fromisoformat(max(done)) - datetime.fromisoformat(told)).total_seconds()


def test_what_was_asked_before_the_end_is_answered_and_nothing_more_is_taken(slow: Running) -> None:
    port = slow.port()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(get, port, "/slow?s=2") for _ in range(4)]
        slow.find('"event": "slow"', 4)
        slow.process.send_signal(signal.SIGTERM)
        slow.find("Handling signal: term")
        time.sleep(0.5)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        assert not any(answer.done() for answer in asked)
        assert [answer.result() for answer in asked] == [(200, b"slow")] * 4
    assert slow.stop() == 0
    assert 1 < seconds_to_end(slow, workers=2) < serving.graceful_timeout


def test_streams_end_with_the_process(slow: Running) -> None:
    port = slow.port()
    with ThreadPoolExecutor(3) as pool:
        streams = [pool.submit(get, port, "/stream") for _ in range(3)]
        slow.find('"event": "stream"', 3)
        assert slow.stop() == 0
        assert {answer.result() for answer in streams} == {(200, b"begin\nend\n")}
    assert seconds_to_end(slow, workers=2) < serving.graceful_timeout / 2


def test_a_stream_holds_one_of_the_threads_there_are(town_file: Path) -> None:
    few = {"NEAREST_WORKERS": "1", "NEAREST_THREADS": "1", "NEAREST_STREAMS": "1", "NEAREST_GRAPH": str(town_file)}
    started = Running("slow_service:application()", **few)
    try:
        port = started.port()
        with ThreadPoolExecutor(3) as pool:
            streams = [pool.submit(get, port, "/stream") for _ in range(2)]
            started.find('"event": "stream"', 2)
            third = pool.submit(get, port, "/slow?s=0")
            time.sleep(0.5)
            assert not third.done()
            started.stop()
            assert {answer.result() for answer in streams} == {(200, b"begin\nend\n")}
            assert third.result() == (200, b"slow")
        assert len(started.find("Booting worker with pid")) == 1
    finally:
        started.stop()


@pytest.mark.parametrize("bind", ["0.0.0.0:0", "[::]:0", "unix:{folder}/nearest.sock"])
def test_does_not_listen_beyond_this_machine_with_published_credentials(
    town_file: Path, tmp_path: Path, bind: str
) -> None:
    started = Running("--bind", bind.format(folder=tmp_path), NEAREST_GRAPH=str(town_file))
    started.process.wait(DEADLINE_S)
    assert started.stop() == 2
    printed = "".join(started.printed)
    assert "error: server bind" in printed
    assert "nearest admin end-demonstration" in printed
    assert "Listening" not in printed


def test_listens_wherever_it_is_told_to_with_its_own_credentials(town_file: Path) -> None:
    started = Running("--bind", "0.0.0.0:0", NEAREST_GRAPH=str(town_file), NEAREST_DEMONSTRATION="0")
    try:
        port = int(started.find(r"Listening at: http://127\.0\.0\.1:\d+,http://0\.0\.0\.0:(\d+)")[0])
        assert get(port, "/healthz")[0] == 200
        assert get(port, "/v1/network")[0] == 401
    finally:
        started.stop()


@pytest.mark.parametrize(
    ("graph", "words"),
    [("", "environment NEAREST_GRAPH: nothing is not accepted"), ("nowhere.network", "nowhere.network: no such file")],
)
def test_says_in_a_line_why_it_does_not_start(graph: str, words: str) -> None:
    started = Running(NEAREST_GRAPH=graph)
    started.process.wait(DEADLINE_S)
    assert started.stop() == 2
    printed = "".join(started.printed)
    assert f"error: {words}" in printed
    assert "Traceback" not in printed
