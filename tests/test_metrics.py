"""What is counted is what was asked, over all workers, and names nobody."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from api.metrics import BUCKETS_S
from clients import access_of, client_over, service_over
from running import SIGNED, Running, ask

ASK = "/v1/recommendations"
REQUESTS = "nearest_http_requests_total"
Labels = tuple[str, str, str]


def samples(text: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def requests(text: str) -> dict[Labels, int]:
    """How many requests there were by method, route and status."""
    found = [sample for sample in samples(text) if sample.name == REQUESTS]
    names = ("method", "route", "status")
    return {tuple(each.labels[name] for name in names): int(each.value) for each in found}  # type: ignore[misc]


def value(text: str, name: str, **labels: str) -> float:
    (found,) = (sample.value for sample in samples(text) if sample.name == name and sample.labels == labels)
    return float(found)


class TestOneProcess:
    @pytest.fixture
    def client(self, town_file: Path) -> FlaskClient:
        return client_over(town_file)

    def test_requests_by_route_method_and_status(self, client: FlaskClient) -> None:
        example = client.application.extensions["nearest"].example
        for _ in range(3):
            client.post(ASK, json=example)
        client.post(ASK, json=[])
        client.get("/problems/input?a=1")
        client.get("/problems/body-too-large")
        client.put("/healthz")
        assert requests(client.get("/metrics").text) == {
            ("POST", ASK, "200"): 3,
            ("POST", ASK, "422"): 1,
            ("GET", "/problems/<slug>", "200"): 2,
            ("PUT", "none", "405"): 1,
        }

    def test_what_was_refused_counts_too(self, town_file: Path) -> None:
        stranger = service_over(town_file).test_client()
        assert stranger.get("/v1/network").status_code == 401
        assert stranger.get("/metrics").status_code == 401

    def test_recommendations_and_their_seconds(self, client: FlaskClient) -> None:
        example = client.application.extensions["nearest"].example
        for _ in range(5):
            client.post(ASK, json=example)
        client.post(ASK, json=[])
        text = client.get("/metrics").text
        assert value(text, "nearest_recommendation_seconds_count") == 5
        assert 0 < value(text, "nearest_recommendation_seconds_sum") < 5
        route = {"route": ASK, "method": "POST"}
        assert value(text, "nearest_http_request_seconds_count", **route) == 6

    def test_bounds_are_those_that_are_promised(self, client: FlaskClient) -> None:
        text = client.get("/metrics").text
        bounds = [
            sample.labels["le"] for sample in samples(text) if sample.name == "nearest_recommendation_seconds_bucket"
        ]
        assert [float(bound) for bound in bounds] == [*BUCKETS_S, float("inf")]
        assert {0.001, 0.015, 0.06, 0.5, 5.0} <= set(BUCKETS_S)

    def test_nobody_can_make_series_at_will(self, client: FlaskClient) -> None:
        for number in range(20):
            client.get(f"/v1/people/07700{number}?phone=07700")
            client.open("/healthz", method=f"KNOT{number}")
            client.get(f"/problems/unheard-of-{number}")
        text = client.get("/metrics").text
        assert requests(text) == {
            ("GET", "none", "404"): 20,
            ("other", "none", "405"): 20,
            ("GET", "/problems/<slug>", "404"): 20,
        }
        assert not any(word in text for word in ("07700", "KNOT", "unheard"))

    def test_two_services_in_one_process_count_apart(self, client: FlaskClient, town_file: Path) -> None:
        client.get("/problems/input")
        assert requests(client_over(town_file).get("/metrics").text) == {}

    def test_can_be_turned_off(self, town_file: Path) -> None:
        client = client_over(town_file, metrics=False)
        assert client.get("/metrics").status_code == 404
        assert client.post(ASK, json=client.application.extensions["nearest"].example).status_code == 200
        assert "/metrics" not in client.get("/openapi.json").get_json()["paths"]


class TestWorkers:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Where this gunicorn makes its temporary files."""
        (tmp_path / "temporary").mkdir()
        return tmp_path / "temporary"

    @pytest.fixture
    def signed(self, town_file: Path, database: str) -> dict[str, str]:
        """A key of a system that collects measures."""
        app = service_over(town_file, database_url=database)
        return {"Authorization": f"Bearer {access_of(app).keys.create('prometheus', ['monitor'])}"}

    @pytest.fixture
    def database(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'desk.sqlite'}"

    @pytest.fixture
    def environment(self, town_file: Path, folder: Path, database: str) -> dict[str, str]:
        told = {"NEAREST_GRAPH": str(town_file), "NEAREST_WORKERS": "3", "NEAREST_DATABASE_URL": database}
        # The test asks more at once than any system may.
        return {**told, "TMPDIR": str(folder), "NEAREST_SYSTEM_REQUESTS_PER_S": "0"}

    @pytest.fixture
    def running(self, environment: dict[str, str]) -> Iterator[Running]:
        started = Running(**environment)
        try:
            started.find("Booting worker with pid", 3)
            yield started
        finally:
            started.stop()

    def example(self, town_file: Path) -> bytes:
        return json.dumps(service_over(town_file).extensions["nearest"].example).encode()

    def counted(self, port: int, signed: dict[str, str]) -> str:
        status, text = ask(port, "GET", "/metrics", None, signed)
        assert status == 200
        return text.decode()

    def by_worker(self, running: Running) -> Counter[int]:
        lines = [json.loads(line) for line in "".join(running.printed).splitlines() if '"event": "request"' in line]
        return Counter(line["process"] for line in lines if line["route"] == ASK)

    def test_what_is_counted_is_what_was_sent_whoever_is_asked(
        self, running: Running, town_file: Path, signed: dict[str, str]
    ) -> None:
        port, body = running.port(), self.example(town_file)
        sent = [body, b"[]", b"{"] * 60
        headers = {**SIGNED, "Content-Type": "application/json"}
        with ThreadPoolExecutor(24) as pool:
            answers = Counter(
                status for status, _ in pool.map(lambda each: ask(port, "POST", ASK, each, headers), sent)
            )
        assert answers == {200: 60, 422: 60, 400: 60}
        running.find(f'"route": "{ASK}"', 180)
        assert len(self.by_worker(running)) > 1
        expected = {("POST", ASK, str(status)): count for status, count in answers.items()}
        for _ in range(12):
            text = self.counted(port, signed)
            told = requests(text)
            assert {labels: count for labels, count in told.items() if labels[1] == ASK} == expected
            assert value(text, "nearest_recommendation_seconds_count") == 60
            assert value(text, "nearest_recommendation_seconds_bucket", le="+Inf") == 60
            assert "pid" not in text

    def test_a_worker_that_dies_takes_nothing_with_it(
        self, running: Running, town_file: Path, folder: Path, signed: dict[str, str]
    ) -> None:
        port, body = running.port(), self.example(town_file)
        headers = {**SIGNED, "Content-Type": "application/json"}
        for booted in (4, 5):
            with ThreadPoolExecutor(12) as pool:
                list(pool.map(lambda _: ask(port, "POST", ASK, body, headers), range(60)))
            # The one that is gone by now may have answered most.
            worker = next(pid for pid, _ in self.by_worker(running).most_common() if Path(f"/proc/{pid}").exists())
            os.kill(worker, signal.SIGKILL)
            running.find("Booting worker with pid", booted)
        assert requests(self.counted(port, signed))["POST", ASK, "200"] == 120
        (counts,) = folder.glob("nearest-counts-*")
        assert any(counts.iterdir())
        assert running.stop() == 0
        assert list(folder.glob("nearest-counts-*")) == []

    def test_counts_begin_anew_with_each_start(self, environment: dict[str, str], signed: dict[str, str]) -> None:
        for _ in range(2):
            started = Running(**environment)
            try:
                port = started.port()
                assert ask(port, "GET", "/problems/input")[0] == 200
                assert requests(self.counted(port, signed))["GET", "/problems/<slug>", "200"] == 1
            finally:
                started.stop()

    def test_a_start_that_fails_leaves_nothing_behind(self, folder: Path) -> None:
        started = Running(NEAREST_GRAPH="nowhere.network", TMPDIR=str(folder))
        started.process.wait()
        assert started.stop() == 2
        assert list(folder.glob("nearest-*")) == []

    def test_off(self, environment: dict[str, str], folder: Path, signed: dict[str, str]) -> None:
        started = Running(**environment, NEAREST_METRICS="off")
        try:
            port = started.port()
            assert ask(port, "GET", "/metrics", None, signed)[0] == 404
            assert list(folder.glob("nearest-counts-*")) == []
        finally:
            assert started.stop() == 0


def test_counting_does_not_lose_what_threads_count_together(town_file: Path) -> None:
    client = client_over(town_file)
    app: Any = client.application
    start = threading.Barrier(8)

    def many() -> None:
        start.wait()
        for _ in range(50):
            app.test_client().get("/problems/input")

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert requests(client.get("/metrics").text)["GET", "/problems/<slug>", "200"] == 400
