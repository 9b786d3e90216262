"""Simulations that planners ask for over HTTP: run outside of the web workers, whatever is killed meanwhile."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import re
import shutil
import signal
import stat
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from api import simulation_tables
from api.cli import main
from api.job_requests import environment_of
from api.job_runner import MOST_ATTEMPTS
from api.jobs import Standing
from api.pushed import RETRY_MS
from api.pushing import ALLOWED_EVERY_S
from api.roles import ROLES
from api.simulation_schemas import SimulationBody
from api.simulations import Simulations
from clients import access_of, service_over, with_key
from desks import TOWN
from dispatch.consultation import CONSULTED
from dispatch.record import Row
from graphs.netfile import save_network
from jobs import JobClient, begun_by, end_all, held, processes, until
from listeners import Message, messages
from nightshift import NOW
from running import DEADLINE_S, SIGNED, Running, ask
from scenarios.scenario_new import new_scenario
from test_api_document import valid

POST = "/v1/simulations"
WHY = {"X-Consultation-Reason": "the winter roster"}
LONG = {"scenario": "town", "replications": 150, "jobs": 2}
SMALL = {"scenario": "town", "replications": 2}


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the roads of a town and two scenarios of a morning there, to be copied."""
    root = tmp_path_factory.mktemp("planned")
    (root / "scenarios").mkdir()
    save_network(TOWN.network, root / "town.network")
    town, past = root / "scenarios" / "town", root / "scenarios" / "past"
    new_scenario(town, root / "town.network", None)
    head = (town / "scenario.toml").read_text()
    head = head.replace("days = 7", "hours = 6").replace("replications = 10", "replications = 3")
    (town / "scenario.toml").write_text(head)
    shutil.copytree(town, past)
    demand = 'history = "incidents.csv"\nresample = "none"'
    (past / "scenario.toml").write_text(head.replace('rates = "rates.csv"', demand))
    (past / "rates.csv").unlink()
    lat, lon = TOWN.at("B")
    rows = [f"P-{hour},2026-03-02T0{hour}:00:00Z,{lat},{lon},emergency,Ann Bell" for hour in (1, 3)]
    (past / "incidents.csv").write_text("\n".join(("incident_id,received_at,lat,lon,grade,people", *rows)) + "\n")
    return root


@pytest.fixture(autouse=True)
def nobody_is_left(tmp_path: Path) -> Iterator[None]:
    yield
    end_all(tmp_path, "job_runner", "simulation_job")


class Planner(JobClient):
    """A client of a service that keeps simulations in a folder of the test."""

    post, name, why = POST, "simulation_id", WHY

    def __init__(self, app: Flask, folder: Path) -> None:
        super().__init__(app, folder, "planner")
        self.simulations = Simulations(folder / "simulations")

    def ask(self, body: Any, key: str = "") -> Any:
        return self.posted(body, key)

    def asked(self, body: Any) -> str:
        return self.accepted(self.ask(body))

    def faults(self, body: Any) -> dict[str, str]:
        answer = self.ask(body)
        assert answer.status_code == 422, answer.text
        assert self.simulations.all() == []
        return {fault["field"]: fault["accepted"] for fault in answer.json["faults"]}

    def done(self, body: Any) -> dict[str, Any]:
        told = self.ended(self.asked(body))
        assert told["state"] == "done", (told, self.log(told["simulation_id"]))
        return told

    def log(self, name: str) -> str:
        return (self.simulations.root / name / "log").read_text()

    def compared(self, base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
        answer = self.get(f"{POST}/{base['simulation_id']}/compared?with={other['simulation_id']}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json
        return told

    def begun(self, body: Any) -> tuple[str, int]:
        """Ask, and wait until replications are played; returns its name, and the number of its process."""
        name = self.asked(body)
        until(lambda: (self.told(name)["done"] or 0) > 0 or self.told(name)["finished_at"], "replications")
        assert self.told(name)["state"] == "running", (self.told(name), self.log(name))
        (job,) = processes(self.folder, "simulation_job")
        return name, job

    def events(self, name: str, **headers: str) -> Any:
        told = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.client.get(f"{POST}/{name}/events", headers=told, buffered=False)

    def heard(self, name: str, **headers: str) -> Iterator[Message]:
        answer = self.events(name, **headers)
        assert answer.status_code == 200, answer.text
        return messages(line for part in answer.response for line in part.splitlines(keepends=True))

    @property
    def first(self) -> str:
        return self.simulations.all()[-1].request.job_id

    def record(self) -> list[Row]:
        with self.service.desk.store.reading() as reading:
            return [row for row in reading.after(0) if row.kind != "account_changed"]


@pytest.fixture
def planner_of(planned: Path, tmp_path: Path) -> Iterator[Callable[..., Planner]]:
    made = list[Planner]()
    shutil.copytree(planned, tmp_path, dirs_exist_ok=True)

    def make(**settings: Any) -> Planner:
        given = {"simulations_dir": tmp_path / "simulations", "scenarios_dir": tmp_path / "scenarios"}
        given |= {"simulations_jobs": 2, "heartbeat_s": 1, "remembered_ms": 0}
        given.setdefault("database_url", f"sqlite:///{tmp_path / 'desk.sqlite'}")
        ticks = itertools.count()
        app = service_over(
            tmp_path / "town.network", lambda: NOW + timedelta(milliseconds=next(ticks)), **{**given, **settings}
        )
        made.append(Planner(app, tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.service.desk.store.close()


@pytest.fixture
def planner(planner_of: Callable[..., Planner]) -> Planner:
    return planner_of()


@pytest.fixture(scope="module")
def finished_folder(planned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a service keeps after a simulation of past incidents, to be copied."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copytree(planned, folder, dirs_exist_ok=True)
    given = {"simulations_dir": folder / "simulations", "scenarios_dir": folder / "scenarios"}
    app = service_over(folder / "town.network", lambda: NOW, database_url=f"sqlite:///{folder / 'x.sqlite'}", **given)
    planner = Planner(app, folder)
    planner.done({"scenario": "past", "replications": 1, "policies": [{"name": "nearest_first"}]})
    planner.service.desk.store.close()
    return folder / "simulations"


@pytest.fixture
def finished(planner_of: Callable[..., Planner], finished_folder: Path, tmp_path: Path) -> Planner:
    shutil.copytree(finished_folder, tmp_path / "simulations")
    return planner_of()


class TestScenarios:
    def test_what_can_be_asked(self, planner: Planner) -> None:
        past, town = planner.get("/v1/scenarios").json["scenarios"]
        assert (town["scenario"], town["start"], town["hours"], town["days"]) == ("town", "2026-03-02", 6, None)
        assert (town["past_incidents"], past["past_incidents"], town["faults"]) == (False, True, [])
        assert (town["replications"], town["seed"]) == (3, 1)
        assert [each["name"] for each in town["policies"]] == ["nearest_first", "sector_first"]

    def test_one_that_cannot_be_read_says_why(self, planner: Planner, tmp_path: Path) -> None:
        head = tmp_path / "scenarios" / "town" / "scenario.toml"
        head.write_text(head.read_text().replace("hours = 6", "hours = 0").replace("sector_first", "secter_first"))
        (tmp_path / "scenarios" / "empty").mkdir()
        empty, _, town = planner.get("/v1/scenarios").json["scenarios"]
        assert [(fault["source"], fault["field"]) for fault in town["faults"]] == [("scenario.toml", "hours")]
        assert town["name"] is None
        assert [fault["source"] for fault in empty["faults"]] == ["empty/scenario.toml"]
        head.write_text(head.read_text().replace("hours = 0", "hours = 6"))
        (fault,) = planner.get("/v1/scenarios").json["scenarios"][2]["faults"]
        assert "sector_first" in fault["hint"] + fault["accepted"]

    def test_a_service_without_any(self, planner_of: Callable[..., Planner]) -> None:
        planner = planner_of(scenarios_dir=None)
        assert planner.get("/v1/scenarios").json == {"scenarios": []}
        assert list(planner.faults(SMALL)) == ["scenario"]


class TestAsking:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "scenario"),
            ({"scenario": "elsewhere"}, "scenario"),
            ({"scenario": "../town.network"}, "scenario"),
            ({"scenario": "town", "since": 1}, "since"),
            ({"scenario": "town", "replications": 0}, "replications"),
            ({"scenario": "town", "replications": "2"}, "replications"),
            ({"scenario": "town", "replications": 501}, "replications"),
            ({"scenario": "town", "seed": -1}, "seed"),
            ({"scenario": "town", "seed": 2**63}, "seed"),
            ({"scenario": "town", "jobs": 3}, "jobs"),
            ({"scenario": "town", "animate": {"from": "2026-03-02T01:00:00Z"}}, "to"),
            ({"scenario": "town", "animate": {"from": "2026-03-02T01:00:00Z", "to": "2026-03-02T01:00:00Z"}}, "to"),
            ({"scenario": "town", "animate": {"from": "2026-03-02T01:00:00Z", "to": "2026-03-03T01:00:01Z"}}, "to"),
            ({"scenario": "town", "policies": []}, "policies"),
            ({"scenario": "town", "policies": [{"name": "nearest_first"}] * 2}, "policies"),
            ({"scenario": "town", "policies": [{"name": "nearest_first"}] * 11}, "policies"),
            ({"scenario": "town", "policies": [{"name": "nearest"}]}, "name"),
            ({"scenario": "town", "policies": [{"name": "coverage_reserve", "settings": {"weight": -1}}]}, "weight"),
            ({"scenario": "town", "policies": [{"name": "nearest_first", "settings": {"x": 1}}]}, "x"),
            ({"scenario": "town", "policies": [{"name": "nearest_first", "settings": {"name": "x"}}]}, "settings"),
        ],
    )
    def test_what_is_not_accepted_is_named(self, planner: Planner, body: Any, field: str) -> None:
        assert [each.rpartition(".")[2] for each in planner.faults(body)] == [field]
        assert planner.record() == []

    def test_all_faults_are_told_together(self, planner: Planner) -> None:
        body = {"scenario": "town", "replications": 501, "jobs": 3, "policies": [{"name": "a"}, {"name": "b"}]}
        answer = planner.ask(body)
        assert sorted(fault["field"] for fault in answer.json["faults"]) == ["jobs", "name", "name", "replications"]

    def test_no_link_leads_out_of_a_scenario(self, planner: Planner, tmp_path: Path) -> None:
        (tmp_path / "secret.csv").write_text("name")
        (tmp_path / "scenarios" / "town" / "hot_spots.csv").unlink()
        (tmp_path / "scenarios" / "town" / "hot_spots.csv").symlink_to(tmp_path / "secret.csv")
        assert planner.faults(SMALL) == {"scenario": "files of the folder itself, and no links out of it"}

    def test_what_its_scenario_says_holds_where_nothing_else_is_asked(self, planner: Planner) -> None:
        with held(planner.simulations):
            told = planner.told(planner.asked({"scenario": "town"}))
        assert (told["replications"], told["seed"], told["jobs"], told["by"]) == (3, 1, 2, "system:tests")
        assert told["policies"] == [{"name": "nearest_first", "settings": {}}, {"name": "sector_first", "settings": {}}]

    def test_a_service_that_keeps_none_says_so(self, planner_of: Callable[..., Planner]) -> None:
        planner = planner_of(simulations_dir=None)
        assert planner.get(POST).json == {"simulations": []}
        answer = planner.ask(SMALL)
        assert (answer.status_code, answer.json["type"]) == (404, "/problems/unknown")
        assert "NEAREST_SIMULATIONS_DIR" in answer.json["detail"]

    def test_no_more_are_kept_than_may_be(self, planner_of: Callable[..., Planner]) -> None:
        planner = planner_of(simulations_kept=1)
        with held(planner.simulations):
            assert planner.ask(SMALL, "first").status_code == 202
            answer = planner.ask(SMALL)
            assert (answer.status_code, answer.json["type"]) == (409, "/problems/conflict")
            # What is there already needs no room.
            assert planner.ask(SMALL, "first").headers["Idempotency-Replayed"] == "true"
            assert len(planner.simulations.all()) == 1

    def test_none_is_begun_on_a_full_disk(self, planner_of: Callable[..., Planner]) -> None:
        answer = planner_of(simulations_free_mb=10**9).ask(SMALL)
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/conflict")

    def test_its_processes_are_told_no_secret(self) -> None:
        around = {"NEAREST_DATABASE_URL": "postgresql://nearest:word@db/desk", "PATH": "/bin"}
        told = environment_of({"scenarios_dir": Path("/data")}, around)
        assert told == {"PATH": "/bin", "NEAREST_SCENARIOS_DIR": "/data"}

    def test_only_a_planner_may(self, planner: Planner) -> None:
        with held(planner.simulations):
            name = planner.asked(SMALL)
            for role in set(ROLES) - {"planner"}:
                client = with_key(planner.app, role)
                for path in ("/v1/scenarios", POST, *(f"{POST}/{name}{each}" for each in ("", "/events", "/report"))):
                    assert client.get(path).status_code == 403, (role, path)
                assert client.post(f"{POST}/{name}/cancel").status_code == 403
                assert client.post(POST, json=SMALL).status_code == 403
        assert planner.simulations.all()[0].state == "queued"


class TestDone:
    def test_from_the_question_to_the_results(self, planner_of: Callable[..., Planner], database_url: str) -> None:
        planner = planner_of(database_url=database_url)
        told = planner.done(SMALL)
        address = f"{POST}/{told['simulation_id']}"
        assert {each["name"] for each in told["files"]} >= {
            "manifest.json",
            "results.csv",
            "results.json",
            "report.html",
        }
        for each in told["files"]:
            answer = planner.get(f"{address}/files/{each['name']}")
            assert (answer.status_code, len(answer.data)) == (200, each["bytes"])
        rows = list(csv.DictReader(io.StringIO(planner.get(f"{address}/files/results.csv").text)))
        assert {row["policy"] for row in rows} == {"nearest_first", "sector_first"}
        assert {row["replications"] for row in rows} <= {"0", "1", "2"}
        report = planner.get(f"{address}/report")
        assert (report.status_code, report.mimetype) == (200, "text/html")
        assert "script" not in report.headers["Content-Security-Policy"]
        # Nobody's incidents: nothing to be written down.
        assert planner.record() == []
        self.nothing_else_is_left(planner, told["simulation_id"])

    def nothing_else_is_left(self, planner: Planner, name: str) -> None:
        folder = planner.simulations.root / name
        assert sorted(path.name for path in folder.iterdir()) == [
            "log",
            "out",
            "outcome.json",
            "request.json",
            "state.json",
        ]
        assert stat.S_IMODE(planner.simulations.root.stat().st_mode) == 0o700
        assert begun_by_any(planner.folder) == []

    def test_whoever_looks_at_past_incidents_is_written_down(self, finished: Planner) -> None:
        address = f"{POST}/{finished.first}"
        assert finished.get(f"{address}/report", headers=WHY).status_code == 200
        assert finished.get(f"{address}/files/results.csv", headers=WHY).status_code == 200
        with held(finished.simulations):
            second = finished.asked({"scenario": "past"})
        of = {"simulation_id": finished.first, "scenario": "past"}
        why = {"reason": "the winter roster"}
        assert [(row.kind, row.actor, row.subject, row.details) for row in finished.record()] == [
            (CONSULTED, "system:tests", f"list {operation}", {"operation": operation, **why, **details})
            for operation, details in (
                ("simulationReport", of),
                ("simulationFile", {**of, "file": "results.csv"}),
                ("simulationAsked", {**of, "simulation_id": second}),
            )
        ]

    def test_nobody_of_the_past_is_named(self, finished: Planner) -> None:
        for each in finished.told(finished.first)["files"]:
            assert b"Ann Bell" not in finished.get(f"{POST}/{finished.first}/files/{each['name']}").data

    @pytest.mark.parametrize(
        "name", ["../request.json", "..%2Fstate.json", "replications", "nothing.csv", "/etc/passwd"]
    )
    def test_no_other_file_is_handed_out(self, finished: Planner, name: str) -> None:
        assert finished.get(f"{POST}/{finished.first}/files/{name}").status_code == 404
        assert finished.record() == []

    def test_answers_are_as_described(self, finished: Planner) -> None:
        document = finished.get("/openapi.json").json
        valid(finished.get(POST).json, "SimulationsAnswer", document)
        valid(finished.told(finished.first), "SimulationAnswer", document)
        valid(finished.get("/v1/scenarios").json, "ScenariosAnswer", document)
        for example in document["components"]["schemas"]["SimulationBody"]["examples"]:
            valid(example, "SimulationBody", document)

    def test_what_has_ended_is_not_cancelled(self, finished: Planner) -> None:
        for _ in range(2):
            answer = finished.client.post(f"{POST}/{finished.first}/cancel")
            assert (answer.status_code, answer.json["state"]) == (200, "done")
        assert finished.get(f"{POST}/{finished.first}/report").status_code == 200

    def test_what_is_removed_is_gone(self, finished: Planner) -> None:
        address = f"{POST}/{finished.first}"
        assert finished.client.delete(address).status_code == 204
        assert {finished.get(address).status_code, finished.client.delete(address).status_code} == {404}
        assert finished.client.post(f"{address}/cancel").status_code == 404
        assert [path.name for path in finished.simulations.root.iterdir() if path.is_dir()] == []

    def test_what_is_old_goes(self, finished: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NEAREST_SIMULATIONS_DIR", str(finished.simulations.root))
        (simulation,) = finished.simulations.all()
        ended = (datetime.now(UTC) - timedelta(days=31)).isoformat()
        finished.simulations.stand(simulation, replace(simulation.standing, finished_at=ended))
        database = f"sqlite:///{finished.folder / 'desk.sqlite'}"
        told = CliRunner().invoke(main, ["admin", "--database", database, "purge"])
        assert "went: 1 simulations that ended more than 30 days ago" in told.output
        assert finished.simulations.all() == []

    def test_collectors_learn_how_many_there_are(self, finished: Planner) -> None:
        told = with_key(finished.app, "monitor").get("/metrics").text
        assert re.findall(r'^nearest_simulations\{state="done"\} (\S+)$', told, re.MULTILINE) == ["1.0"]

    def test_faults_of_a_scenario_are_told_when_it_is_read(self, planner: Planner, tmp_path: Path) -> None:
        with (tmp_path / "scenarios" / "town" / "stations.csv").open("a") as file:
            file.write("North,99,0,West,no\n")
        told = planner.ended(planner.asked(SMALL))
        assert (told["state"], told["files"]) == ("failed", [])
        assert {fault["source"] for fault in told["faults"]} == {"stations.csv"}
        answer = planner.get(f"{POST}/{told['simulation_id']}/report")
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/conflict")


def begun_by_any(folder: Path) -> list[int]:
    return [pid for job in processes(folder, "simulation_job") for pid in (job, *begun_by(job))]


class TestAnimated:
    def test_a_window_of_the_first_policy(self, planner: Planner) -> None:
        window = {"from": "2026-03-02T01:00:00Z", "to": "2026-03-02T02:00:00+00:00"}
        told = planner.done({**SMALL, "replications": 1, "animate": window})
        assert told["animate"] == "2026-03-02T01:00:00.000000Z/2026-03-02T02:00:00.000000Z"
        shown = planner.get(f"{POST}/{told['simulation_id']}/files/animation.json").json
        assert (shown["from_s"], shown["to_s"], shown["every_s"]) == (3600, 7200, 10)
        assert {unit["callsign"][0] for unit in shown["units"]} == {"W", "M", "E"}

    def test_one_that_is_not_simulated_is_told_before_anything_is_played(self, planner: Planner) -> None:
        window = {"from": "2026-04-02T01:00:00Z", "to": "2026-04-02T02:00:00Z"}
        told = planner.ended(planner.asked({**LONG, "animate": window}))
        assert (told["state"], [fault["field"] for fault in told["faults"]]) == ("failed", ["animate"])


class TestStream:
    def test_it_tells_how_far_it_is_until_it_has_ended(self, planner: Planner) -> None:
        with held(planner.simulations):
            name = planner.asked({**SMALL, "replications": 4})
            answer = planner.events(name)
            headers = answer.headers
            assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert (headers["X-Accel-Buffering"], "no-cache" in headers["Cache-Control"]) == ("no", True)
            parts = iter(answer.response)
            assert next(parts) == f"retry: {RETRY_MS}\n\n".encode()
            said = iter(messages(line for part in parts for line in part.splitlines(keepends=True)))
            first, beat = next(said), next(said)
        assert (first.event, first.data["state"], beat.event) == ("progress", "queued", ":")
        # Whoever watches has it run, as whoever asks.
        rest = [message for message in said if message.data is not None]
        assert [message.event for message in rest[:-1]] == ["progress"] * (len(rest) - 1)
        assert (rest[-1].event, rest[-1].data) == ("ended", planner.told(name))
        counts = [message.data["done"] for message in rest if message.data["phase"] == "simulating"]
        assert counts == sorted(counts)
        assert all(before.id != after.id for before, after in itertools.pairwise(rest))

    def test_whoever_comes_back_is_told_what_has_come_of_it_since(self, finished: Planner) -> None:
        (ended,) = [message for message in finished.heard(finished.first) if message.data is not None]
        assert (ended.event, ended.data["state"]) == ("ended", "done")
        (again,) = [m for m in finished.heard(finished.first, Last_Event_ID="1-running-simulating-1") if m.data]
        assert again.id == ended.id
        # A browser would come back for ever otherwise.
        assert finished.events(finished.first, Last_Event_ID=str(ended.id)).status_code == 204
        assert finished.get(f"{POST}/{finished.first}/events?last_event_id={ended.id}").status_code == 204

    def test_nothing_is_told_twice(self, planner: Planner) -> None:
        with held(planner.simulations):
            name = planner.asked(SMALL)
            first = next(message for message in planner.heard(name) if message.data is not None)
            again = planner.heard(name, Last_Event_ID=str(first.id))
            assert [message.event for message in (next(again), next(again))] == ["", ":"]

    def test_one_that_is_removed_ends(self, finished: Planner) -> None:
        with held(finished.simulations):
            name = finished.asked(SMALL)
            said = finished.heard(name)
            assert next(message for message in said if message.data is not None).data["state"] == "queued"
            shutil.rmtree(finished.simulations.root / name)
            assert [message for message in said if message.data is not None] == []
        assert finished.events(name).status_code == 404

    @pytest.mark.parametrize("text", ["X", "a b", "1" * 101, "ä"])
    def test_an_id_that_is_none_of_ours(self, finished: Planner, text: str) -> None:
        answer = finished.get(f"{POST}/{finished.first}/events", query_string={"last_event_id": text, "other": "1"})
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json["faults"]] == ["other", "last_event_id"]

    def test_all_streams_share_their_places(self, planner_of: Callable[..., Planner]) -> None:
        planner = planner_of(streams=1)
        auditor = with_key(planner.app, "auditor")
        with held(planner.simulations):
            name = planner.asked(SMALL)
            with planner.events(name):
                for refused in (planner.events(name), auditor.get("/v1/stream")):
                    assert (refused.status_code, refused.json["type"]) == (503, "/problems/streams-full")
            with auditor.get("/v1/stream", buffered=False) as answer:
                assert answer.status_code == 200
                assert planner.events(name).status_code == 503
            with planner.events(name) as answer:
                assert answer.status_code == 200

    def test_it_ends_with_the_process_and_with_the_right_to_watch(self, planner: Planner) -> None:
        with held(planner.simulations):
            name = planner.asked(SMALL)
            revoked, stopped = planner.heard(name), planner.heard(name)
            for said in (revoked, stopped):
                next(message for message in said if message.data is not None)
            begun = time.monotonic()
            planner.service.stopping.set()
            list(stopped)
            assert time.monotonic() - begun < 1
            planner.service.stopping.clear()
            keys = access_of(planner.app).keys
            for key in keys.all():
                keys.revoke(key.key_id)
            list(revoked)
            assert time.monotonic() - begun < ALLOWED_EVERY_S + 3


class TestKilled:
    def test_its_process_is_killed_and_goes_on_where_it_was(self, planner: Planner) -> None:
        body = {"scenario": "town", "replications": 20, "jobs": 1, "policies": [{"name": "nearest_first"}]}
        name, job = planner.begun(body)
        played = planner.told(name)["done"]
        os.kill(job, signal.SIGKILL)
        until(lambda: job not in processes(planner.folder, "simulation_job") and not begun_by(job), "all of it ends")
        counts = list[int]()
        for message in planner.heard(name):
            if message.data is not None and message.data["attempts"] == 2 and message.data["done"] is not None:
                counts.append(message.data["done"])
        assert min(counts) >= played
        told = planner.ended(name)
        assert (told["state"], told["attempts"]) == ("done", 2), planner.log(name)
        # As if nothing had been.
        whole = planner.done(body)["simulation_id"]
        pair = [planner.get(f"{POST}/{each}/files/results.csv").data for each in (name, whole)]
        assert pair[0] == pair[1]

    def test_the_runner_is_killed_and_whoever_watches_starts_another(self, planner: Planner) -> None:
        name, job = planner.begun({**SMALL, "replications": 10})
        (runner,) = processes(planner.folder, "job_runner")
        os.kill(runner, signal.SIGKILL)
        until(lambda: job not in processes(planner.folder, "simulation_job") and not begun_by(job), "all of it ends")
        (ended,) = [message.data for message in planner.heard(name) if message.event == "ended"]
        assert (ended["state"], ended["attempts"]) == ("done", 2), planner.log(name)

    def test_what_is_killed_each_time_has_failed(self, planner: Planner) -> None:
        with held(planner.simulations):
            name = planner.asked(SMALL)
            (simulation,) = planner.simulations.all()
            planner.simulations.stand(simulation, Standing("running", MOST_ATTEMPTS, "2026-01-31T23:10:00Z"))
        told = planner.ended(name)
        assert (told["state"], told["because"]) == (
            "failed",
            f"its process was ended {MOST_ATTEMPTS} times before it had come to an end",
        )

    def test_one_runs_at_a_time_and_what_is_cancelled_ends_at_once_with_all_that_it_began(
        self, planner: Planner
    ) -> None:
        first, job = planner.begun(LONG)
        second = planner.asked(SMALL)
        assert [each["state"] for each in planner.get(POST).json["simulations"]] == ["queued", "running"]
        # Two that play, and what looks after them.
        assert len(begun_by(job)) >= 2
        begun = time.monotonic()
        for _ in range(2):
            answer = planner.client.post(f"{POST}/{first}/cancel")
            assert answer.status_code == 200
        until(lambda: job not in processes(planner.folder, "simulation_job") and not begun_by(job), "all of it ends")
        assert time.monotonic() - begun < 5
        told = planner.ended(first)
        assert (told["state"], told["because"], told["files"]) == ("cancelled", None, [])
        assert sorted(path.name for path in (planner.simulations.root / first).iterdir()) == [
            *("cancel", "log", "request.json", "state.json")
        ]
        assert planner.client.post(f"{POST}/{first}/cancel").json["state"] == "cancelled"
        assert planner.ended(second)["state"] == "done"

    def test_what_waits_and_is_cancelled_is_never_begun(self, planner: Planner) -> None:
        with held(planner.simulations):
            name = planner.asked(SMALL)
            assert planner.client.post(f"{POST}/{name}/cancel").json["state"] == "cancelled"
            assert [m.event for m in planner.heard(name) if m.data is not None] == ["ended"]
        assert planner.told(name)["started_at"] is None

    def test_what_another_version_of_the_program_has_played_is_given_up(self, planner: Planner) -> None:
        with held(planner.simulations):
            name = planner.asked(SMALL)
            experiment = planner.simulations.root / name / "work" / "experiment"
            experiment.mkdir(parents=True)
            told = {"format": 1, "inputs": {}, "policies": [], "program": {"version": "0.0.1"}}
            (experiment / "manifest.json").write_text(json.dumps(told))
        assert planner.ended(name)["state"] == "done", planner.log(name)


class TestServed:
    """As it is really run, by a gunicorn of our own with three workers."""

    @pytest.fixture
    def environment(self, planned: Path, tmp_path: Path, database_url: str) -> dict[str, str]:
        shutil.copytree(planned, tmp_path, dirs_exist_ok=True)
        return {
            "NEAREST_GRAPH": str(tmp_path / "town.network"),
            "NEAREST_DATABASE_URL": database_url,
            "NEAREST_SIMULATIONS_DIR": str(tmp_path / "simulations"),
            "NEAREST_SIMULATIONS_JOBS": "2",
            "NEAREST_SCENARIOS_DIR": str(tmp_path / "scenarios"),
            "NEAREST_HEARTBEAT_S": "1",
            "NEAREST_WORKERS": "3",
            "NEAREST_SYSTEM_REQUESTS_PER_S": "0",
        }

    def asked(self, port: int, body: Any) -> str:
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
        status, told = ask(port, "POST", POST, json.dumps(body).encode(), headers)
        assert status == 202, told
        name: str = json.loads(told)["simulation_id"]
        return name

    def told(self, port: int, name: str) -> Any:
        return json.loads(ask(port, "GET", f"{POST}/{name}")[1])

    def listened(self, port: int, name: str, last: str | None = None) -> Iterator[Message]:
        headers = SIGNED | ({} if last is None else {"Last-Event-ID": last})
        with closing(HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)) as connection:
            connection.request("GET", f"{POST}/{name}/events", headers=headers)
            with connection.getresponse() as response:
                assert response.status == 200, response.read()
                yield from messages(iter(response.readline, b""))

    def test_streams_go_on_at_another_worker_where_theirs_is_killed_and_so_does_the_simulation(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        running = Running(**environment)
        try:
            workers = {int(pid) for pid in running.find(r"Booting worker with pid: (\d+)", 3)}
            port = running.port()
            name = self.asked(port, {**SMALL, "replications": 30, "jobs": 2})
            heard = [next(m for m in self.listened(port, name) if m.data is not None) for _ in range(6)]
            until(lambda: self.told(port, name)["done"], "replications")
            (job,) = processes(tmp_path, "simulation_job")
            for pid in workers:
                os.kill(pid, signal.SIGKILL)
            running.find(r"Booting worker with pid: (\d+)", 6)
            assert processes(tmp_path, "simulation_job") == [job]
            ends = [list(self.listened(port, name, str(message.id)))[-1] for message in heard[:2]]
            assert [(end.event, end.data["state"], end.data["attempts"]) for end in ends] == [("ended", "done", 1)] * 2
            pages = [ask(port, "GET", f"{POST}/{name}/files/results.json") for _ in range(8)]
            assert {status for status, _ in pages} == {200}
            assert len({page for _, page in pages}) == 1
        finally:
            running.stop()

    def test_the_service_is_started_again_and_it_goes_on_without_a_question(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        running = Running(**environment)
        try:
            port = running.port()
            name = self.asked(port, {**SMALL, "replications": 10})
            until(lambda: self.told(port, name)["done"], "replications")
            (job,) = processes(tmp_path, "simulation_job")
        finally:
            running.stop()
        for pid in processes(tmp_path, "job_runner"):
            os.kill(pid, signal.SIGKILL)
        until(lambda: job not in processes(tmp_path, "simulation_job") and not begun_by(job), "what it began ends")
        running = Running(**environment)
        try:

            def ended() -> Any:
                found = Simulations(tmp_path / "simulations").find(name)
                return found if found is not None and found.standing.finished_at else None

            found = until(ended, "the simulation ends")
            assert (found.state, found.standing.attempts) == ("done", 2)
        finally:
            running.stop()


class TestTables:
    """A scenario with other stations or another roster than its files have."""

    def test_a_scenario_is_told_as_it_can_be_given_back(self, planner: Planner, tmp_path: Path) -> None:
        told = planner.get("/v1/scenarios/town").json
        valid(told, "WholeScenarioAnswer", planner.get("/openapi.json").json)
        with (tmp_path / "scenarios" / "town" / "roster.csv").open(encoding="utf-8") as file:
            rows = [{name: cell or None for name, cell in row.items()} for row in csv.DictReader(file)]
        assert told["roster"] == [{"vehicle": None, **row} for row in rows]
        assert told["stations"]
        with held(planner.simulations):
            name = planner.asked(
                {**SMALL, "stations": told["stations"], "roster": told["roster"], "called": "as it is"}
            )
        assert (planner.told(name)["called"], planner.told(name)["changed"]) == ("as it is", ["stations", "roster"])

    def test_the_place_of_a_station_on_the_grid_is_told_in_degrees(self, planner: Planner, tmp_path: Path) -> None:
        path = tmp_path / "scenarios" / "town" / "stations.csv"
        path.write_text("name,easting,northing,sector,custody\nNick,451000,516500,North,yes\n")
        (station,) = planner.get("/v1/scenarios/town").json["stations"]
        assert "easting" not in station
        assert (round(float(station["lat"]), 4), round(float(station["lon"]), 4)) == (54.5412, -1.2132)

    @pytest.mark.parametrize(
        "text",
        ["", "title,where\nNick,here\n", "name,easting,northing\nNick,451000,516500\nFar,here,516500\n"],
        ids=["empty", "another header", "a place that is none"],
    )
    def test_stations_that_cannot_be_shown_are_told(self, planner: Planner, tmp_path: Path, text: str) -> None:
        (tmp_path / "scenarios" / "town" / "stations.csv").write_text(text)
        answer = planner.get("/v1/scenarios/town")
        assert answer.status_code == 422
        assert all(fault["source"].endswith("stations.csv") for fault in answer.json["faults"])

    def test_there_is_no_scenario_of_another_name(self, planner: Planner) -> None:
        for name in ("elsewhere", "..", "%2e%2e"):
            assert planner.get(f"/v1/scenarios/{name}").status_code == 404

    def test_every_fault_of_every_row_is_told_at_its_cell(self, planner: Planner) -> None:
        told = planner.get("/v1/scenarios/town").json
        first, *others = told["roster"]
        roster = [{**first, "crew": "two", "start": "25:00"}, {**first, "station": "Elsewhere"}, *others]
        far = {"name": "Far", "lat": 10.0, "lon": 10.0}
        answer = planner.ask({**SMALL, "roster": roster, "stations": [*told["stations"], far]})
        assert answer.status_code == 422
        found = {(fault["source"], fault["where"], fault["field"]) for fault in answer.json["faults"]}
        row = f"row {len(told['stations']) + 2}"
        assert {
            ("roster.csv", "row 2", "crew"),
            ("roster.csv", "row 2", "start"),
            ("roster.csv", "row 3", "station"),
            ("stations.csv", row, "lat, lon"),
        } <= found
        assert planner.simulations.all() == []
        assert planner.record() == []

    def test_a_column_that_is_none_is_told(self, planner: Planner) -> None:
        told = planner.get("/v1/scenarios/town").json
        faults = planner.faults({**SMALL, "roster": [{**told["roster"][0], "colour": "blue"}]})
        assert "colour" in faults

    def test_columns_without_end_make_no_large_table(self, planner: Planner) -> None:
        roster = [{f"column {number}": None for number in range(5_000)}, *({} for _ in range(1_999))]
        text = simulation_tables.changed_tables(SimulationBody.model_validate({**SMALL, "roster": roster}))["roster"]
        assert len(text) < 100_000
        told = planner.get("/v1/scenarios/town").json["roster"][0]
        faults = planner.faults({**SMALL, "roster": [{**told, **roster[0]}]})
        assert 10 < sum(field.startswith("column ") for field in faults) < 100

    def test_what_was_asked_before_is_not_checked_again(self, planner: Planner, tmp_path: Path) -> None:
        body = {**SMALL, "roster": planner.get("/v1/scenarios/town").json["roster"]}
        with held(planner.simulations):
            assert planner.ask(body, "once").status_code == 202
            (tmp_path / "scenarios" / "town" / "stations.csv").write_text("")
            answer = planner.ask(body, "once")
            assert (answer.status_code, answer.headers.get("Idempotency-Replayed")) == (202, "true")

    def test_while_others_are_checked_it_is_left_to_the_simulation(self, planner: Planner) -> None:
        first, *others = planner.get("/v1/scenarios/town").json["roster"]
        with simulation_tables._CHECKING:
            name = planner.asked({**SMALL, "roster": [{**first, "station": "Elsewhere"}, *others]})
        told = planner.ended(name)
        assert told["state"] == "failed"
        assert ("roster.csv", "station") in {(fault["source"], fault["field"]) for fault in told["faults"]}
        # Afterwards it is told at once again.
        assert planner.ask({**SMALL, "roster": [{**first, "station": "Elsewhere"}]}).status_code == 422

    @pytest.mark.parametrize("table", [[], "rows", [["R1"]], [{"callsign": {"a": 1}}]])
    def test_a_table_that_is_none_is_refused(self, planner: Planner, table: Any) -> None:
        assert any(field.startswith("roster") for field in planner.faults({**SMALL, "roster": table}))

    def test_a_text_that_a_spreadsheet_would_run_is_a_name_like_any_other(self, planner: Planner) -> None:
        told = planner.get("/v1/scenarios/town").json
        with held(planner.simulations):
            planner.asked({**SMALL, "roster": [{**told["roster"][0], "callsign": "=R1"}, *told["roster"][1:]]})


class TestCompared:
    def test_another_roster_is_held_against_the_scenarios_own(self, planner: Planner) -> None:
        roster = planner.get("/v1/scenarios/town").json["roster"]
        body = {"scenario": "town", "replications": 2, "policies": [{"name": "nearest_first"}]}
        base, other = planner.done(body), planner.done({**body, "roster": roster[:1]})
        assert (base["changed"], other["changed"]) == ([], ["roster"])
        told = planner.compared(base, other)
        valid(told, "ComparedAnswer", planner.get("/openapi.json").json)
        (one,) = told["comparisons"]
        assert (one["policy"], one["pairs"]) == ("nearest_first", 2)
        assert any(each["mean"] for each in one["differences"])
        for each in one["differences"]:
            assert each["mean"] == pytest.approx(each["other"] - each["base"])
            assert each["key"]["label"]
        # The other way round every difference has the other sign.
        (turned,) = planner.compared(other, base)["comparisons"]
        assert [each["mean"] for each in turned["differences"]] == [-each["mean"] for each in one["differences"]]

    def test_only_those_that_met_the_same_incidents_are_compared(self, planner: Planner) -> None:
        body = {"scenario": "town", "replications": 1, "policies": [{"name": "nearest_first"}]}
        base, other = planner.done(body), planner.done({**body, "seed": 7})
        answer = planner.get(f"{POST}/{base['simulation_id']}/compared?with={other['simulation_id']}")
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json["faults"]] == ["incidents"]

    def test_one_that_has_not_ended_has_nothing_to_compare(self, planner: Planner) -> None:
        with held(planner.simulations):
            name = planner.asked(SMALL)
            assert planner.get(f"{POST}/{name}/compared?with={name}").status_code == 409
        assert planner.get(f"{POST}/{name}/compared?with=none").status_code == 404
        assert planner.get(f"{POST}/{name}/compared").status_code == 422
