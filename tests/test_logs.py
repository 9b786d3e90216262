"""One line a request, with its id in every line that belongs to it, and nothing of what was asked, said or proved."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Response
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from api import serving
from api.logs import HEADER, RequestLog, configure, formatter
from api.readiness import require_ready
from api.service import service
from clients import client_over, with_key
from roadmaps import RoadMap
from running import DEADLINE_S, SIGNED, Running, ask

ASK = "/v1/recommendations"
NAME = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
SECRET = "hush-07700-900417"  # noqa: S105 - what must not be found
LINE_KEYS = {
    "event",
    "level",
    "logger",
    "timestamp",
    "process",
    "request_id",
    "method",
    "route",
    "path",
    "status",
    "duration_ms",
    "actor",
}


class Lines:
    """What is written while a test runs, in one form."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def requests(self) -> list[dict[str, Any]]:
        return [line for line in self.told() if line["event"] == "request"]


@pytest.fixture(params=["json"])
def lines(request: pytest.FixtureRequest) -> Iterator[Lines]:
    """The lines of this product, from the lowest level on, by the root's handlers as `configure` sets them."""
    root, ours = logging.getLogger(), logging.getLogger("nearest")
    before = root.handlers, root.level, ours.level
    try:
        configure(logging.DEBUG, request.param)
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        stream = io.StringIO()
        handler.setStream(stream)
        yield Lines(stream)
    finally:
        root.handlers = before[0]
        root.setLevel(before[1])
        ours.setLevel(before[2])


@pytest.fixture(scope="module")
def failing(town_file: Path) -> FlaskClient:
    """A service with a route that fails, and one that logs something of its own."""
    client = client_over(town_file)
    app = client.application

    @app.get("/fails/<name>")
    @app.doc(operation_id="health")  # type: ignore[attr-defined]
    def fails(name: str) -> str:
        raise RuntimeError(f"no {name} here")

    @app.get("/not-ready")
    @app.doc(operation_id="health")  # type: ignore[attr-defined]
    def not_ready() -> str:
        known = service()
        object.__setattr__(known, "checks", {"mat": fails})
        require_ready(known)
        return ""

    @app.get("/streams")
    @app.doc(operation_id="health")  # type: ignore[attr-defined]
    def streams() -> Response:
        def parts() -> Iterator[str]:
            logging.getLogger("nearest.test").info("part")
            yield "a"

        return Response(parts())

    return client


class TestRequestLine:
    def test_says_what_was_answered_and_to_whom(self, http: FlaskClient, lines: Lines) -> None:
        response = http.get("/problems/input?why=" + SECRET, buffered=True)
        (line,) = lines.requests()
        assert line.keys() == LINE_KEYS
        assert (line["method"], line["route"], line["path"]) == ("GET", "/problems/<slug>", "/problems/input")
        assert (line["status"], line["actor"], line["level"]) == (200, None, "info")
        assert line["request_id"] == response.headers[HEADER]
        assert 0 <= line["duration_ms"] < 60_000

    def test_names_whoever_has_shown_who_they_are(self, http: FlaskClient, lines: Lines) -> None:
        http.get("/v1/network", buffered=True)
        (line,) = lines.requests()
        assert line["actor"] == "system:tests"

    def test_of_an_address_that_no_route_has_nothing_is_kept(self, http: FlaskClient, lines: Lines) -> None:
        http.get(f"/v1/people/{SECRET}", buffered=True)
        (line,) = lines.requests()
        assert (line["route"], line["path"], line["status"]) == (None, None, 404)

    def test_one_for_each_request_whatever_it_is(self, http: FlaskClient, lines: Lines) -> None:
        asked = [("HEAD", "/healthz", 200), ("OPTIONS", ASK, 200), ("PUT", "/healthz", 405), ("POST", ASK, 415)]
        for method, path, _ in asked:
            http.open(path, method=method, buffered=True)
        assert [(line["method"], line["status"]) for line in lines.requests()] == [
            (method, status) for method, _, status in asked
        ]

    def test_when_a_stream_has_ended(self, failing: FlaskClient, lines: Lines) -> None:
        assert failing.get("/streams", buffered=True).data == b"a"
        assert [line["event"] for line in lines.told()] == ["part", "request"]
        assert len({line["request_id"] for line in lines.told()}) == 1

    def test_of_an_application_that_breaks(self, lines: Lines) -> None:
        def breaks(_environ: object, _start: object) -> list[bytes]:
            raise RuntimeError("broken")

        with pytest.raises(RuntimeError, match="broken"):
            RequestLog(breaks)({"REQUEST_METHOD": "GET"}, lambda *_: lambda _: None)
        assert [line["status"] for line in lines.requests()] == [500]


class TestRequestId:
    @pytest.mark.parametrize("name", [NAME, NAME.upper(), NAME.replace("-", "")])
    def test_is_taken_from_the_request(self, http: FlaskClient, lines: Lines, name: str) -> None:
        response = http.get("/healthz", headers={HEADER: name}, buffered=True)
        assert response.headers.getlist(HEADER) == [name]
        assert [line["request_id"] for line in lines.told()] == [name]

    @given(
        name=st.text(st.characters(codec="latin-1", exclude_characters="\r\n")) | st.just(SECRET) | st.just(NAME * 2)
    )
    def test_is_made_where_the_request_has_none_that_could_be_one(self, http: FlaskClient, name: str) -> None:
        response = http.get("/problems/input", headers={HEADER: name})
        assert str(uuid.UUID(response.headers[HEADER])) == response.headers[HEADER]
        assert response.headers[HEADER] != name

    def test_is_new_each_time(self, http: FlaskClient) -> None:
        assert len({http.get("/problems/input").headers[HEADER] for _ in range(5)}) == 5

    def test_stands_in_every_line_of_the_request_and_in_no_other(self, failing: FlaskClient, lines: Lines) -> None:
        with ThreadPoolExecutor(4) as pool:
            named = [str(uuid.uuid4()) for _ in range(40)]
            list(pool.map(lambda name: failing.get("/fails/key", headers={HEADER: name}, buffered=True), named))
        seen = [line["request_id"] for line in lines.told()]
        assert sorted(seen) == sorted(named * 2)


class TestFailures:
    def test_are_told_once_with_their_traceback(self, failing: FlaskClient, lines: Lines) -> None:
        response = failing.get("/fails/key?" + SECRET, buffered=True)
        (failure,) = (line for line in lines.told() if "exception" in line)
        assert lines.text.count("Traceback (most recent call last)") == 1
        assert "RuntimeError: no key here" in failure["exception"]
        assert response.get_json()["instance"] in failure["event"]
        assert failure["event"].startswith("GET /fails/<name> failed: urn:uuid:")
        assert failure["level"] == "error"

    def test_show_no_values_of_variables(self, failing: FlaskClient, lines: Lines) -> None:
        failing.post("/fails/key", data=SECRET, headers={"Cookie": SECRET})
        failing.get("/fails/key", headers={"Cookie": f"nearest_session={SECRET}"}, buffered=True)
        assert "RuntimeError" in lines.text
        assert SECRET not in lines.text

    @pytest.mark.parametrize("lines", ["text"], indirect=True)
    def test_as_text(self, failing: FlaskClient, lines: Lines) -> None:
        failing.get(f"/fails/a%0Ab?{SECRET}", headers={HEADER: NAME, "Cookie": SECRET}, buffered=True)
        assert lines.text.count("Traceback (most recent call last)") == 1
        assert lines.text.count(f"request_id='{NAME}'") == 2
        assert r"path='/fails/a\nb'" in lines.text
        assert SECRET not in lines.text

    def test_of_a_check_name_the_request(self, failing: FlaskClient, lines: Lines) -> None:
        failing.get("/not-ready", headers={HEADER: NAME}, buffered=True)
        assert [(line["event"], line["request_id"]) for line in lines.told()] == [
            ("not ready: mat", NAME),
            ("request", NAME),
        ]


def test_libraries_are_heard_when_they_warn(lines: Lines) -> None:
    # What they say at lower levels quotes addresses and queries.
    logging.getLogger("urllib3.connectionpool").info("GET /login?password=%s", SECRET)
    logging.getLogger("urllib3.connectionpool").warning("pool is full")
    assert [line["event"] for line in lines.told()] == ["pool is full"]


@given(text=st.text(), form=st.sampled_from(["json", "text"]))
def test_no_text_makes_a_line_of_its_own(text: str, form: Any) -> None:
    record = logging.makeLogRecord({"msg": "said", "name": "nearest.test", "levelname": "INFO", "said": text})
    line = formatter(form).format(record)
    assert re.search(r"[\x00-\x1f\x7f]", line) is None
    if form == "json":
        assert json.loads(line)["said"] == text


@pytest.fixture(scope="module", params=["json", "text"])
def running(request: pytest.FixtureRequest, town_file: Path) -> Iterator[Running]:
    environment = {"NEAREST_LOG_FORMAT": request.param, "NEAREST_LOG_LEVEL": "debug", "NEAREST_GRAPH": str(town_file)}
    started = Running("slow_service:application()", "--access-logfile", "-", **environment)
    try:
        started.find("Booting worker with pid", 2)
        yield started
    finally:
        started.stop()


def test_nothing_that_is_sent_is_found_in_the_log(running: Running, town: RoadMap) -> None:
    port = running.port()
    names = [
        *("Authorization", "Cookie", "Referer", "User-Agent", "X-Api-Key", "X-Forwarded-For", "X-Consultation-Reason"),
        *("Idempotency-Key", "If-None-Match", "X-CSRF-Token", "Origin", "Accept", "Last-Event-ID", "From", HEADER),
    ]
    headers = dict.fromkeys(names, SECRET) | {"Content-Type": f"application/json; charset={SECRET}"}
    place = "{},{}".format(*town.at("A"))
    for more in ({}, SIGNED, {"Authorization": f"Bearer {SECRET}"}, {"Content-Type": "application/json"}):
        body = json.dumps({"incident": {"phone": SECRET}, SECRET: SECRET}).encode()
        ask(port, "POST", f"{ASK}?phone={SECRET}", body, headers | SIGNED | more)
        ask(port, "POST", "/v1/session", json.dumps({"name": SECRET, "password": SECRET}).encode(), headers | more)
        ask(port, "GET", f"/v1/route?from={SECRET}&to={place}", None, headers | more)
        ask(port, "GET", f"/v1/people/{SECRET}?{SECRET}", None, headers | more)
        ask(port, "GET", f"/fails?{SECRET}", None, headers | more)
    for head in (
        f"GET /{SECRET} HTTP/9.9\r\n\r\n",
        f"{SECRET}\r\n\r\n",
        f"GET / HTTP/1.1\r\nAuthorization {SECRET}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {SECRET}\r\n\r\n",
        f"GET /?{SECRET * 1000} HTTP/1.1\r\nHost: a\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as connection:
            connection.sendall(head.encode())
            assert connection.recv(1000)
    running.find("is not HTTP", 5)
    running.find("RuntimeError: the key is under the mat", 4)
    assert "hush" not in "".join(running.printed)


def test_every_line_of_the_server_has_the_form_of_the_others(running: Running) -> None:
    (answered,) = ask(running.port(), "GET", "/healthz", None, {HEADER: NAME})[:1]
    assert answered == 200
    running.find(NAME, 2)
    printed = "".join(running.printed)
    lines = [line for line in printed.splitlines() if line.startswith("{")]
    if not lines:
        # As text: a moment, a level, what happened.
        assert re.search(r"(?m)^\d{4}-\d\d-\d\dT[\d:.]+Z \[info *\] GET answered with 200 in \d+ ms", printed)
        assert printed.count(f"request_id='{NAME}'") == 2
        return
    told = [json.loads(line) for line in lines]
    assert {"gunicorn.error", "gunicorn.access", "nearest.requests"} <= {line["logger"] for line in told}
    # The line of the request, and the server's own that was asked for here.
    assert sorted(line["logger"] for line in told if line.get("request_id") == NAME) == [
        "gunicorn.access",
        "nearest.requests",
    ]
    others = set(printed.splitlines()) - set(lines)
    assert all(re.match(r"Nearest First is at|curl ", line) for line in others if line), others


def test_lines_of_what_is_not_http_belong_to_no_request(running: Running) -> None:
    port = running.port()
    for _ in range(8):
        ask(port, "GET", "/problems/input")
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as connection:
            connection.sendall(b"GARBAGE\r\n\r\n")
            connection.recv(1000)
    garbage = running.find(r".*InvalidRequestLine.*", 8)
    assert not any("request_id" in line for line in garbage)


def test_the_server_has_no_line_of_its_own_for_a_request() -> None:
    assert not hasattr(serving, "accesslog")
    assert "r" not in re.findall(r"%\((.)\)", serving.access_log_format)


def test_keys_are_named_and_not_shown(http: FlaskClient, lines: Lines) -> None:
    client = with_key(http.application)
    client.get("/v1/network", buffered=True)
    (line,) = lines.requests()
    assert client.environ_base["HTTP_AUTHORIZATION"].split()[1] not in lines.text
    assert line["actor"] == "system:tests"
