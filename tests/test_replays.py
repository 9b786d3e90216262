"""Replays that auditors ask for over HTTP: run outside of the web workers, whatever is killed meanwhile."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from api import replay_open
from api.cli import main
from api.errors import TooMany
from api.job_requests import environment_of
from api.job_runner import MOST_ATTEMPTS
from api.jobs import Standing, write
from api.replay_index import INDEX
from api.replay_open import LOOK_BACKS, LookBacks
from api.replay_requests import settings_told
from api.replays import Replay, Replays, Request
from clients import service_over, settings_for, with_key
from desks import TOWN, Room
from dispatch.consultation import CONSULTED
from dispatch.record import Row, verify
from dispatch.store import Store
from evenings import A, B, D, end
from graphs.netfile import save_network
from jobs import JobClient, end_all, held, processes, until
from nightshift import NOW
from running import DEADLINE_S, Running, ask
from scenarios.csv_out import write_files
from scenarios.evidence import NETWORK, POSITIONS
from scenarios.import_asked import asked_of
from scenarios.import_out import bring_in
from scenarios.looked_back import LookBack
from scenarios.workplace import manifest_hash
from test_api_document import valid

AFTERWARDS = NOW + timedelta(hours=6)
WHY = {"X-Consultation-Reason": "the monthly audit"}
POST = "/v1/replays"
LONG = timedelta(days=30)


def evening(room: Room) -> None:
    """Three incidents of which each took its time: the nearest sent, the farther sent, and nobody sent."""
    room.on_duty("BX21", A)
    room.on_duty("BX22", D)
    for name, place, callsign in (("I-1", B, "BX21"), ("I-2", B, "BX22")):
        room.receive(name, place, phone="01642 555001", people=["Ann Bell"])
        room.later(20)
        seq, made = room.keep(name)
        room.send(name, callsign, fresh=made, recommendation=seq, reason="other", confirm=True)
        room.later(240)
        room.step(name, callsign, "at_scene")
        room.later(600)
        room.step(name, callsign, "clear")
        end(room, name)
        room.fix("BX21", A)
        room.fix("BX22", D)
        room.later(10)
    room.receive("I-3", D)


@pytest.fixture(scope="session")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("roads") / "town.network"
    save_network(TOWN.network, path)
    return path


@pytest.fixture(autouse=True)
def nobody_is_left(tmp_path: Path) -> Iterator[None]:
    """End what a test has begun and not ended: only processes that name its own folder."""
    yield
    end_all(tmp_path, "job_runner", "replay_job")


class Auditor(JobClient):
    """A client of a service that keeps replays in a folder of the test."""

    post, name, why = POST, "replay_id", WHY

    def __init__(self, app: Flask, folder: Path) -> None:
        super().__init__(app, folder, "auditor")
        self.replays = Replays(folder / "replays")

    def ask(self, source: Any, key: str = "", **more: Any) -> Any:
        return self.posted({"source": source, **more}, key)

    def asked(self, source: Any, **more: Any) -> str:
        return self.accepted(self.ask(source, **more))

    def done(self, source: Any, **more: Any) -> dict[str, Any]:
        told = self.ended(self.asked(source, **more))
        log = self.folder / "replays" / told["replay_id"] / "log"
        assert told["state"] == "done", (told, log.read_text())
        return told

    @property
    def first(self) -> str:
        return self.replays.all()[-1].request.job_id

    def record(self) -> list[Row]:
        with self.service.desk.store.reading() as reading:
            rows = list(reading.after(0))
        verify(rows)
        # A test's key is an account's change.
        return [row for row in rows if row.kind != "account_changed"]


@pytest.fixture
def auditor_of(roads: Path, tmp_path: Path) -> Iterator[Callable[..., Auditor]]:
    made = list[Auditor]()

    def make(**settings: Any) -> Auditor:
        given = {"replays_dir": tmp_path / "replays", "records_dir": tmp_path / "records", **settings}
        given.setdefault("database_url", f"sqlite:///{tmp_path / 'desk.sqlite'}")
        ticks = itertools.count()
        # No two questions come at one moment.
        app = service_over(roads, lambda: AFTERWARDS + timedelta(milliseconds=next(ticks)), **given)
        made.append(Auditor(app, tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.service.desk.store.close()


@pytest.fixture(scope="session")
def evening_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a desk that has had an evening, to be copied."""
    path = tmp_path_factory.mktemp("evening") / "desk.sqlite"
    room = Room(f"sqlite:///{path}")
    evening(room)
    room.close()
    return path


@pytest.fixture
def auditor(auditor_of: Callable[..., Auditor], evening_file: Path, tmp_path: Path) -> Auditor:
    """An auditor of that desk."""
    shutil.copy(evening_file, tmp_path / "desk.sqlite")
    return auditor_of()


@pytest.fixture(scope="module")
def finished_folder(roads: Path, evening_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with a finished replay, to be copied."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copy(evening_file, folder / "desk.sqlite")
    given = {"database_url": f"sqlite:///{folder / 'desk.sqlite'}", "replays_dir": folder / "replays"}
    auditor = Auditor(service_over(roads, lambda: AFTERWARDS, **given), folder)
    auditor.done({"record": {}})
    auditor.service.desk.store.close()
    return folder


@pytest.fixture
def finished(auditor_of: Callable[..., Auditor], finished_folder: Path, tmp_path: Path) -> Auditor:
    """An auditor with a finished replay."""
    shutil.copytree(finished_folder, tmp_path, dirs_exist_ok=True)
    return auditor_of()


def request(name: str, seconds: float = 0) -> Request:
    return Request(name * 16, (NOW + timedelta(seconds=seconds)).isoformat(), "anna", "records", None, None, None)


class TestFolders:
    @pytest.fixture
    def replays(self, tmp_path: Path) -> Replays:
        kept = Replays(tmp_path / "kept")
        kept.make()
        return kept

    def test_what_was_interrupted_goes_first_and_then_what_was_asked_for_first(self, replays: Replays) -> None:
        for name, seconds in (("b", 1), ("a", 2), ("c", 0)):
            assert replays.add(request(name, seconds))
        assert [each.request.job_id[0] for each in replays.all()] == ["a", "b", "c"]
        assert self.next_of(replays) == "c"
        replays.stand(self.find(replays, "a"), Standing("running", 1))
        assert self.next_of(replays) == "a"
        for name in "ac":
            replays.stand(self.find(replays, name), Standing("done"))
        assert self.next_of(replays) == "b"
        replays.cancel(self.find(replays, "b"))
        assert replays.next() is None
        assert self.find(replays, "b").state == "cancelled"

    def next_of(self, replays: Replays) -> str:
        found = replays.next()
        assert found is not None
        return found.request.job_id[0]

    def find(self, replays: Replays, name: str) -> Replay:
        found = replays.find(name * 16)
        assert found is not None
        return found

    def test_asked_for_twice_there_is_one(self, replays: Replays) -> None:
        assert replays.add(request("a"))
        assert not replays.add(replace(request("a"), by="berta"))
        assert self.find(replays, "a").request.by == "anna"

    @pytest.mark.parametrize(
        "name", ["", ".", "..", "../kept", "a" * 15, "A" * 16, "lock", f"{'a' * 16}/../{'a' * 16}"]
    )
    def test_what_is_no_name_of_a_replay_finds_nothing(self, replays: Replays, name: str) -> None:
        replays.add(request("a"))
        assert replays.find(name) is None

    def test_the_lock_is_held_until_all_who_have_it_let_go(self, replays: Replays) -> None:
        lock = replays.take_lock()
        assert lock is not None
        other = os.dup(lock)
        assert replays.take_lock() is None
        os.close(lock)
        assert replays.take_lock() is None
        os.close(other)
        again = replays.take_lock()
        assert again is not None
        os.close(again)

    def test_what_has_ended_goes_by_its_age(self, replays: Replays) -> None:
        for name, state, days in (("a", "done", 1), ("b", "failed", 40), ("c", "running", 40), ("d", "queued", 40)):
            replays.add(request(name, -86400 * days))
            finished = None if state in {"running", "queued"} else (NOW - timedelta(days=days)).isoformat()
            replays.stand(self.find(replays, name), Standing(state, finished_at=finished))  # type: ignore[arg-type]
        assert replays.sweep(NOW - LONG) == 1
        assert {each.request.job_id[0] for each in replays.all()} == {"a", "c", "d"}
        assert not list(replays.root.glob(".*"))

    def test_what_a_removal_left_when_it_was_cut_short_goes_too(self, replays: Replays) -> None:
        left = replays.root / f".gone-{'a' * 16}"
        left.mkdir()
        (left / "verdicts.csv").write_text("incident_id")
        replays.sweep(datetime.now(UTC) - LONG)
        assert left.exists()
        os.utime(left, (0, 0))
        replays.sweep(datetime.now(UTC) - LONG)
        assert not left.exists()

    def test_nobody_else_may_read_there(self, replays: Replays) -> None:
        replays.root.chmod(0o755)
        replays.make()
        assert stat.S_IMODE(replays.root.stat().st_mode) == 0o700


class TestAsking:
    @pytest.mark.parametrize(
        ("source", "field"),
        [
            ({}, "source"),
            ({"record": {}, "folder": "x"}, "source"),
            ({"record": {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}}, "source.record.from"),
            ({"record": {"from": "2026-02-01"}}, "source.record.from"),
            ({"record": {"since": "2026-02-01T00:00:00Z"}}, "source.record.since"),
            ({"folder": "elsewhere"}, "source.folder"),
        ],
    )
    def test_what_is_not_accepted_is_named(self, auditor_of: Callable[..., Auditor], source: Any, field: str) -> None:
        auditor = auditor_of()
        answer = auditor.ask(source)
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json["faults"]] == [field]
        assert auditor.replays.all() == []
        assert auditor.record() == []

    @pytest.mark.parametrize("name", ["..", ".", "../records", "/etc", "sound/..", "sound/inside", "astray"])
    def test_no_name_leads_out_of_the_folder_of_records(
        self, auditor_of: Callable[..., Auditor], tmp_path: Path, name: str
    ) -> None:
        (tmp_path / "records" / "sound" / "inside").mkdir(parents=True)
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "records" / "astray").symlink_to(tmp_path / "elsewhere")
        answer = auditor_of().ask({"folder": name})
        assert answer.status_code == 422
        (fault,) = answer.json["faults"]
        assert (fault["field"], fault["accepted"]) == ("source.folder", "sound")

    def test_nor_does_a_link_in_a_folder(self, auditor_of: Callable[..., Auditor], tmp_path: Path) -> None:
        folder = tmp_path / "records" / "january"
        folder.mkdir(parents=True)
        (tmp_path / "secret.toml").write_text("format = 1")
        (folder / "manifest.toml").symlink_to(tmp_path / "secret.toml")
        (fault,) = auditor_of().ask({"folder": "january"}).json["faults"]
        assert (fault["field"], fault["value"]) == ("source.folder", '"manifest.toml"')

    def test_a_folder_that_was_not_imported_is_refused_as_the_importer_does(
        self, auditor_of: Callable[..., Auditor], tmp_path: Path
    ) -> None:
        folder = tmp_path / "records" / "january"
        folder.mkdir(parents=True)
        (folder / "manifest.toml").write_text('preset = "generic"')
        answer = auditor_of().ask({"folder": "january"})
        assert answer.status_code == 422
        (fault,) = answer.json["faults"]
        assert fault["hint"] == "import it first: nearest import FOLDER -o IMPORTED"
        assert str(tmp_path) not in answer.text

    def test_a_service_that_keeps_none_says_so(self, auditor_of: Callable[..., Auditor]) -> None:
        auditor = auditor_of(replays_dir=None)
        assert auditor.get(POST).json == {"replays": [], "keeps": False, "folders": []}
        answer = auditor.ask({"record": {}})
        assert (answer.status_code, answer.json["type"]) == (404, "/problems/unknown")
        assert "NEAREST_REPLAYS_DIR" in answer.json["detail"]

    def test_no_more_are_kept_than_may_be(self, auditor_of: Callable[..., Auditor]) -> None:
        auditor = auditor_of(replays_kept=2)
        with held(auditor.replays):
            first, key = auditor.asked({"record": {}}), "second"
            assert auditor.ask({"record": {}}, key).status_code == 202
            answer = auditor.ask({"record": {}})
            assert (answer.status_code, answer.json["type"]) == (409, "/problems/conflict")
            # What is there already needs no room.
            assert auditor.ask({"record": {}}, key).status_code == 202
            auditor.client.delete(f"{POST}/{first}")
            auditor.client.delete(f"{POST}/{first}")
            assert auditor.ask({"record": {}}).status_code == 202

    def test_none_is_begun_on_a_full_disk(self, auditor_of: Callable[..., Auditor]) -> None:
        answer = auditor_of(replays_free_mb=10**9).ask({"record": {}})
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/conflict")
        assert "MB" in answer.json["detail"]

    def test_the_same_key_asks_once(self, auditor_of: Callable[..., Auditor]) -> None:
        auditor = auditor_of()
        with held(auditor.replays):
            first, second = (auditor.ask({"record": {}}, "once") for _ in range(2))
            assert (first.data, first.headers["Idempotency-Replayed"]) == (second.data, "false")
            assert second.headers["Idempotency-Replayed"] == "true"
            assert len(auditor.replays.all()) == 1
            other = auditor.ask({"record": {}}, "once", what_if="[x]")
            assert (other.status_code, other.json["type"]) == (422, "/problems/key-reused")
            assert [row.kind for row in auditor.record()] == [CONSULTED]

    def test_whoever_was_killed_before_it_was_recorded_asks_for_the_same_again(
        self, auditor_of: Callable[..., Auditor]
    ) -> None:
        auditor = auditor_of()
        with held(auditor.replays):
            first = auditor.ask({"record": {}}, "once").json["replay_id"]
            store = auditor.service.desk.store
            with store.engine.begin() as connection:
                connection.exec_driver_sql("DELETE FROM answers")
            assert auditor.ask({"record": {}}, "once").json["replay_id"] == first
            assert len(auditor.replays.all()) == 1

    def test_what_cannot_be_recorded_is_not_begun(self, auditor_of: Callable[..., Auditor]) -> None:
        auditor = auditor_of()
        with auditor.service.desk.store.engine.begin() as connection:
            does = "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
            connection.exec_driver_sql(f"CREATE TRIGGER full_disk BEFORE INSERT ON events {does}")
        answer = auditor.ask({"record": {}})
        assert (answer.status_code, answer.json["type"]) == (503, "/problems/no-database")
        assert auditor.replays.all() == []

    def test_the_processes_of_a_replay_are_told_no_other_secret(self, roads: Path) -> None:
        given = {
            "NEAREST_OIDC_CLIENT_SECRET": "hush",
            "PROMETHEUS_MULTIPROC_DIR": "/x",
            "NEAREST_DATABASE_URL_FILE": "f",
        }
        settings = settings_for(roads, database_url="postgresql://nearest:word@db/desk")
        told = environment_of(settings_told(settings), {**given, "PATH": "/bin"})
        assert told["NEAREST_DATABASE_URL"] == "postgresql+psycopg://nearest:word@db/desk"
        assert (told["PATH"], told["NEAREST_GRAPH"]) == ("/bin", str(roads))
        assert given.keys().isdisjoint(told)


class TestOfTheRecord:
    def test_from_the_question_to_the_report(
        self, auditor_of: Callable[..., Auditor], database_url: str, tmp_path: Path
    ) -> None:
        room = Room(database_url)
        evening(room)
        auditor = auditor_of(database_url=database_url)
        before, state = auditor.record(), auditor.service.desk.live().state
        told = auditor.done({"record": {"from": "2026-01-01T00:00:00Z"}})
        name = told["replay_id"]
        assert (told["headline"]["counts"]["nearest_sent"], told["headline"]["counts"]["dropped"]) == (1, 1)
        report = auditor.get(f"{POST}/{name}/report", headers=WHY)
        assert (report.status_code, report.mimetype) == (200, "text/html")
        verdicts = auditor.get(f"{POST}/{name}/files/verdicts.csv", headers=WHY)
        assert [row["incident_id"] for row in csv.DictReader(io.StringIO(verdicts.text))] == ["I-1", "I-2", "I-3"]
        one = auditor.get(f"{POST}/{name}/incidents/I-2", headers=WHY).json
        assert one["verdict"]["verdict"] == "nearer_eligible_not_sent"
        assert (one["verdict"]["sent"], one["verdict"]["nearest_eligible"]) == (["BX22"], "BX21")
        assert one["ledger"]["lines"][0]["callsign"] == "BX21"
        assert "<html" in report.text
        self.nothing_else_is_recorded(auditor, before, name)
        after = auditor.service.desk.live().state
        assert (after.units, after.incidents, after.closures) == (state.units, state.incidents, state.closures)
        self.nobody_else_may_read(tmp_path / "replays")
        room.close()

    def test_what_was_closed_at_the_start_of_the_service_is_closed_in_it(
        self, auditor_of: Callable[..., Auditor], evening_file: Path, tmp_path: Path
    ) -> None:
        shutil.copy(evening_file, tmp_path / "desk.sqlite")
        (south, west), (north, east) = A, B
        line = {
            "type": "LineString",
            "coordinates": [[west * 0.6 + east * 0.4, south], [west * 0.4 + east * 0.6, north]],
        }
        feature = {"type": "Feature", "geometry": line, "properties": {"name": "works"}}
        (tmp_path / "closed.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        auditor = auditor_of(closures=tmp_path / "closed.geojson")
        name = auditor.done({"record": {}})["replay_id"]
        told = {each: auditor.get(f"{POST}/{name}/incidents/{each}").json["verdict"] for each in ("I-1", "I-2")}
        # As the other way round without it.
        assert [each["verdict"] for each in told.values()] == ["nearer_eligible_not_sent", "nearest_sent"]

    def nothing_else_is_recorded(self, auditor: Auditor, before: list[Row], name: str) -> None:
        after = auditor.record()
        assert after[: len(before)] == before
        new = after[len(before) :]
        period = {"replay_id": name, "folder": None, "from": "2026-01-01T00:00:00.000000Z"}
        period |= {"to": auditor.told(name)["to"]}
        why = {"reason": "the monthly audit"}
        assert [(row.kind, row.actor, row.subject, row.details) for row in new] == [
            (CONSULTED, "system:tests", subject, {"operation": operation, **why, **details})
            for subject, operation, details in (
                ("list replayAsked", "replayAsked", period),
                ("list replayReport", "replayReport", period),
                ("list replayFile", "replayFile", {**period, "file": "verdicts.csv"}),
                ("I-2", "replayIncident", {"replay_id": name, "folder": None}),
            )
        ]

    def nobody_else_may_read(self, folder: Path) -> None:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for path in folder.rglob("*"):
            if path.parent != folder or path.is_dir():
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.name == "request.json", path

    def test_what_it_worked_with_is_gone(self, finished: Auditor) -> None:
        (replay,) = finished.replays.all()
        assert not replay.work.exists()
        assert not [path for path in replay.out.iterdir() if path.name == "progress.json"]

    def test_the_report_may_do_nothing_in_a_browser(self, finished: Auditor) -> None:
        answer = finished.get(f"{POST}/{finished.first}/report")
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy.pop("style-src") == "'unsafe-inline'"
        assert policy.pop("img-src") == "data:"
        assert set(policy.values()) == {"'none'"}
        assert "default-src" in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert "<script" not in answer.text

    def test_every_file_of_the_list_is_handed_out(self, finished: Auditor) -> None:
        files = finished.told(finished.first)["files"]
        assert {"verdicts.csv", "ledgers.jsonl.gz", "incidents.geojson", "replay.json", "tables/groups.csv"} <= {
            each["name"] for each in files
        }
        for each in files:
            answer = finished.get(f"{POST}/{finished.first}/files/{each['name']}")
            assert (answer.status_code, len(answer.data)) == (200, each["bytes"])
            assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        ledgers = finished.get(f"{POST}/{finished.first}/files/ledgers.jsonl.gz")
        assert (ledgers.mimetype, ledgers.content_encoding) == ("application/gzip", None)
        assert json.loads(gzip.decompress(ledgers.data).splitlines()[0])["incident_id"] == "I-1"

    @pytest.mark.parametrize(
        "name",
        [
            "../request.json",
            "..%2Frequest.json",
            ".lock",
            "tables",
            "tables/../../state.json",
            "nothing.csv",
            "/etc/passwd",
        ],
    )
    def test_and_no_other(self, finished: Auditor, name: str) -> None:
        before = finished.record()
        answer = finished.get(f"{POST}/{finished.first}/files/{name}")
        assert answer.status_code == 404
        assert finished.record() == before

    def test_answers_are_as_described(self, finished: Auditor) -> None:
        document, address = finished.get("/openapi.json").json, f"{POST}/{finished.first}"
        valid(finished.get(POST).json, "ReplaysAnswer", document)
        valid(finished.get(address).json, "ReplayAnswer", document)
        for name in ("I-1", "I-3"):
            valid(finished.get(f"{address}/incidents/{name}").json, "ReplayIncidentAnswer", document)
        for example in document["components"]["schemas"]["ReplayBody"]["examples"]:
            valid(example, "ReplayBody", document)

    def test_a_link_is_no_file_of_it(self, finished: Auditor, tmp_path: Path) -> None:
        (replay,) = finished.replays.all()
        (replay.out / "more.csv").symlink_to(tmp_path / "desk.sqlite")
        assert "more.csv" not in {each["name"] for each in finished.told(finished.first)["files"]}
        assert finished.get(f"{POST}/{finished.first}/files/more.csv").status_code == 404

    @pytest.mark.parametrize("name", ["I-4", "I-1%00", "x" * 200])
    def test_an_incident_that_was_not_replayed_was_not_looked_at(self, finished: Auditor, name: str) -> None:
        before = finished.record()
        assert finished.get(f"{POST}/{finished.first}/incidents/{name}").status_code == 404
        assert finished.record() == before

    def test_one_to_whom_nobody_was_sent_has_no_ledger(self, finished: Auditor) -> None:
        told = finished.get(f"{POST}/{finished.first}/incidents/I-3").json
        assert (told["verdict"]["verdict"], told["verdict"]["because"]) == ("dropped", "nobody_sent")
        assert told["ledger"] is None

    def test_nothing_is_shown_that_cannot_be_written_down(self, finished: Auditor) -> None:
        with finished.service.desk.store.engine.begin() as connection:
            does = "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
            connection.exec_driver_sql(f"CREATE TRIGGER full_disk BEFORE INSERT ON events {does}")
        for path in ("report", "files/verdicts.csv", "incidents/I-1"):
            answer = finished.get(f"{POST}/{finished.first}/{path}")
            assert (answer.status_code, answer.json["type"]) == (503, "/problems/no-database"), path

    def test_a_dispatcher_sees_none_of_it(self, finished: Auditor) -> None:
        dispatcher = with_key(finished.app, "dispatcher")
        for path in ("", f"/{finished.first}", f"/{finished.first}/report", f"/{finished.first}/incidents/I-1"):
            assert dispatcher.get(POST + path).status_code == 403

    def test_collectors_learn_how_many_there_are(self, finished: Auditor) -> None:
        told = with_key(finished.app, "monitor").get("/metrics").text
        found = re.findall(r'^nearest_replays\{state="(\w+)"\} (\S+)$', told, re.MULTILINE)
        assert dict(found) == {"queued": "0.0", "running": "0.0", "done": "1.0", "failed": "0.0", "cancelled": "0.0"}

    def test_what_is_removed_is_gone(self, finished: Auditor) -> None:
        address = f"{POST}/{finished.first}"
        assert finished.client.delete(address).status_code == 204
        assert finished.get(address).status_code == 404
        assert finished.client.delete(address).status_code == 404
        assert [path.name for path in finished.replays.root.iterdir() if path.is_dir()] == []

    def test_and_so_is_what_is_old(self, finished: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NEAREST_REPLAYS_DIR", str(finished.replays.root))
        database = f"sqlite:///{finished.folder / 'desk.sqlite'}"
        (replay,) = finished.replays.all()
        for days, words in ((29, "went: 0 replays"), (31, "went: 1 replays")):
            ended = (datetime.now(UTC) - timedelta(days=days)).isoformat()
            finished.replays.stand(replay, replace(replay.standing, finished_at=ended))
            dry = CliRunner().invoke(main, ["admin", "--database", database, "purge", "--dry-run"])
            assert words.replace("went", "would go") in dry.output
            told = CliRunner().invoke(main, ["admin", "--database", database, "purge"])
            assert words in told.output
        assert finished.replays.all() == []


class TestLookingBack:
    """Incidents of a replay are found, and one of them is looked at moment by moment."""

    def moment(self, auditor: Auditor, incident_id: str, step: str) -> str:
        told = auditor.get(f"{POST}/{auditor.first}/incidents/{incident_id}/moments").json
        return next(each["at"] for each in told["moments"] if each["step"] == step)

    def known(self, auditor: Auditor, incident_id: str, at: str) -> Any:
        return auditor.get(f"{POST}/{auditor.first}/incidents/{incident_id}/known?at={at}", headers=WHY)

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ("", ["I-1", "I-2", "I-3"]),
            ("verdict=nearer_eligible_not_sent", ["I-2"]),
            ("verdict=dropped", ["I-3"]),
            ("cause=reason_recorded", ["I-2"]),
            ("grade=emergency&domestic_abuse=false", ["I-1", "I-2", "I-3"]),
            ("domestic_abuse=true", []),
            ("order=lost", ["I-2", "I-1", "I-3"]),
            ("limit=1&after=1", ["I-2"]),
        ],
    )
    def test_they_are_found_by_what_is_said_of_them(self, finished: Auditor, asked: str, found: list[str]) -> None:
        told = finished.get(f"{POST}/{finished.first}/incidents?{asked}").json
        assert [each["incident_id"] for each in told["incidents"]] == found
        assert told["count"] == (3 if "limit" in asked else len(found))
        assert told["next"] == (2 if "limit" in asked else None)
        assert told["choices"]["verdict"] == {"nearest_sent": 1, "nearer_eligible_not_sent": 1, "dropped": 1}
        assert told["choices"]["domestic_abuse"] == {"false": 3}
        one = finished.get(f"{POST}/{finished.first}/incidents/I-2").json["verdict"]
        assert all(each == one for each in told["incidents"] if each["incident_id"] == "I-2")

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ("verdict=nearest", "verdict"), ("domestic_abuse=yes", "domestic_abuse"), ("order=name", "order"),
            ("limit=0", "limit"), ("after=-1", "after"), ("since=1", "since"),
        ],
    )  # fmt: skip
    def test_what_is_not_accepted_is_named(self, finished: Auditor, asked: str, field: str) -> None:
        answer = finished.get(f"{POST}/{finished.first}/incidents?{asked}")
        assert (answer.status_code, [each["field"] for each in answer.json["faults"]]) == (422, [field])

    def test_the_steps_are_those_of_the_desk(self, finished: Auditor) -> None:
        told = finished.get(f"{POST}/{finished.first}/incidents/I-2/moments").json
        steps = [(each["step"], each["callsigns"], each["value"]) for each in told["moments"]]
        assert steps == [
            ("received", [], "Emergency"), ("decision", ["BX22"], None), ("at_scene", ["BX22"], None),
            ("cleared", ["BX22"], "clear"), ("closed", [], "done"),
        ]  # fmt: skip
        assert (told["start"], told["end"]) == (told["moments"][0]["at"], told["moments"][-1]["known_at"])
        assert told["decided_at"] == told["moments"][1]["at"]

    def test_at_the_decision_the_ledger_is_that_of_the_verdict(self, finished: Auditor) -> None:
        told = self.known(finished, "I-2", self.moment(finished, "I-2", "decision")).json
        one = finished.get(f"{POST}/{finished.first}/incidents/I-2").json
        lines = {each["callsign"]: each for each in told["recommendation"]["ledger"]}
        for line in one["ledger"]["lines"]:
            there = lines[line["callsign"]]
            assert {key: there[key] for key in line.keys() & there.keys()} == {
                key: line[key] for key in line.keys() & there.keys()
            }
        assert (told["before"], told["recommendation"]["nearest_eligible"]) == (True, one["verdict"]["better"])
        assert {each["callsign"] for each in told["ways"]} == {one["verdict"]["judged"], one["verdict"]["better"]}
        assert [each["incident_id"] for each in told["units"]] == [None, None]
        assert (told["later"], told["why_not"]) == ([], None)

    def test_afterwards_who_went_is_bound(self, finished: Auditor) -> None:
        told = self.known(finished, "I-2", self.moment(finished, "I-2", "at_scene")).json
        assert {each["callsign"]: each["incident_id"] for each in told["units"]} == {"BX21": None, "BX22": "I-2"}
        assert not told["before"]
        assert told["incident"]["grade_label"] == "Emergency"

    def test_a_moment_must_be_one_of_the_incident(self, finished: Auditor) -> None:
        address = f"{POST}/{finished.first}/incidents/I-2/known"
        for asked in ("", "?at=2020-01-01T00:00:00Z", "?at=noon", "?at=2026-01-31T23:00:00"):
            answer = finished.get(address + asked)
            assert (answer.status_code, [each["field"] for each in answer.json["faults"]]) == (422, ["at"]), asked

    def test_a_refusal_that_tells_of_the_incident_is_a_look_at_it(self, finished: Auditor) -> None:
        before = len(finished.record())
        assert self.known(finished, "I-2", "2020-01-01T00:00:00Z").status_code == 422
        (row,) = finished.record()[before:]
        assert (row.kind, row.subject, (row.details or {})["operation"]) == (CONSULTED, "I-2", "replayKnown")

    def test_a_replay_of_an_older_version_has_no_list_and_says_so(self, finished: Auditor) -> None:
        (replay,) = finished.replays.all()
        with closing(sqlite3.connect(replay.folder / INDEX)) as index, index:
            index.execute("DROP TABLE listed")
        answer = finished.get(f"{POST}/{finished.first}/incidents")
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/conflict")
        assert "older version" in answer.json["detail"]
        assert finished.get(f"{POST}/{finished.first}/incidents/I-2").status_code == 200

    def test_however_often_one_is_looked_at_it_is_written_down_once_in_a_while(self, finished: Auditor) -> None:
        at = self.moment(finished, "I-2", "decision")
        before = len(finished.record())
        for _ in range(3):
            assert self.known(finished, "I-2", at).status_code == 200
        (row,) = finished.record()[before:]
        why = {"operation": "replayKnown", "reason": "the monthly audit"}
        assert (row.kind, row.subject, row.details) == (
            CONSULTED, "I-2", {**why, "replay_id": finished.first, "folder": None},
        )  # fmt: skip

    def test_answers_are_as_described(self, finished: Auditor) -> None:
        document, address = finished.get("/openapi.json").json, f"{POST}/{finished.first}/incidents"
        valid(finished.get(address).json, "ReplayIncidentsAnswer", document)
        for name in ("I-1", "I-3"):
            told = finished.get(f"{address}/{name}/moments").json
            valid(told, "ReplayMomentsAnswer", document)
            for each in told["moments"]:
                valid(self.known(finished, name, each["at"]).json, "ReplayKnownAnswer", document)

    @pytest.mark.parametrize(
        "path", ["incidents", "incidents/I-1/moments", "incidents/I-1/known?at=2026-01-31T23:00:00Z"]
    )
    def test_only_of_a_replay_that_is_done_and_only_for_auditors(self, finished: Auditor, path: str) -> None:
        assert with_key(finished.app, "supervisor").get(f"{POST}/{finished.first}/{path}").status_code == 403
        assert finished.get(f"{POST}/{'0' * 16}/{path}").status_code == 404
        with held(finished.replays):
            name = finished.asked({"record": {}})
            assert finished.get(f"{POST}/{name}/{path}").status_code == 409

    @pytest.mark.parametrize("path", ["moments", "known?at=2026-01-31T23:00:00Z"])
    def test_an_incident_that_was_not_replayed_was_not_looked_at(self, finished: Auditor, path: str) -> None:
        before = finished.record()
        assert finished.get(f"{POST}/{finished.first}/incidents/I-4/{path}").status_code == 404
        assert finished.record() == before

    def test_records_that_were_changed_since_are_not_looked_at(self, finished: Auditor) -> None:
        (replay,) = finished.replays.all()
        with (replay.kept / "statuses.csv").open("a") as file:
            file.write("\n")
        answer = finished.get(f"{POST}/{finished.first}/incidents/I-1/moments")
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/conflict")
        assert "kept/statuses.csv" in answer.json["detail"]
        assert str(finished.folder) not in answer.text

    @pytest.mark.parametrize("there", ["another", "none"])
    def test_nor_those_that_were_changed_since_they_were_looked_at(self, finished: Auditor, there: str) -> None:
        at = self.moment(finished, "I-2", "decision")
        assert self.known(finished, "I-2", at).status_code == 200
        path = finished.replays.all()[0].kept / POSITIONS
        content = path.read_bytes()
        path.unlink()
        if there == "another":
            path.write_bytes(content[:-1] + b"x")
        answer = self.known(finished, "I-2", at)
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/conflict")
        assert f"kept/{POSITIONS}" in answer.json["detail"]
        # What is as it was is looked at again.
        path.write_bytes(content)
        assert self.known(finished, "I-2", at).status_code == 200

    def test_replays_keep_the_same_roads_once(self, finished: Auditor) -> None:
        finished.done({"record": {}})
        one, other = (each.kept / NETWORK for each in finished.replays.all())
        assert one.samefile(other)
        finished.client.delete(f"{POST}/{finished.first}")
        (left,) = finished.replays.all()
        told = finished.get(f"{POST}/{left.request.job_id}/incidents/I-2/moments")
        assert told.status_code == 200, told.text

    def test_what_it_rests_on_is_no_result_and_goes_with_it(self, finished: Auditor) -> None:
        (replay,) = finished.replays.all()
        assert (replay.kept / "incidents.csv").exists()
        assert not [each for each in finished.told(finished.first)["files"] if "kept" in each["name"]]
        finished.client.delete(f"{POST}/{finished.first}")
        assert not replay.kept.exists()


class TestOpen:
    """Records that a worker has read stay in its memory for a while."""

    @pytest.fixture
    def copies(self, finished: Auditor) -> list[Path]:
        """The records of a replay, three times."""
        (replay,) = finished.replays.all()
        return [shutil.copytree(replay.kept, finished.folder / f"copy{number}") for number in range(3)]

    def read(self, open_: LookBacks, auditor: Auditor, folder: Path) -> LookBack:
        return open_.records(auditor.replays.all()[-1], folder, manifest_hash(folder), auditor.service.network)

    def test_the_last_two_are_kept(self, finished: Auditor, copies: list[Path]) -> None:
        open_ = LookBacks()
        first, second = (self.read(open_, finished, folder) for folder in copies[:2])
        assert self.read(open_, finished, copies[0]) is first
        third = self.read(open_, finished, copies[2])
        assert len(open_) == 2
        assert self.read(open_, finished, copies[0]) is first
        assert self.read(open_, finished, copies[2]) is third
        assert self.read(open_, finished, copies[1]) is not second

    def test_what_nobody_asks_for_is_let_go(self, finished: Auditor, copies: list[Path]) -> None:
        open_ = LookBacks()
        self.read(open_, finished, copies[0])
        open_.let_go(time.monotonic() - 60)
        assert len(open_) == 1
        open_.let_go(time.monotonic() + 1)
        assert len(open_) == 0

    def test_and_what_is_of_a_replay_that_is_gone(self, finished: Auditor, copies: list[Path]) -> None:
        open_ = LookBacks()
        self.read(open_, finished, copies[0])
        assert finished.get(f"{POST}/{finished.first}/incidents/I-1/moments").status_code == 200
        there = len(LOOK_BACKS)
        finished.client.delete(f"{POST}/{finished.first}")
        assert len(LOOK_BACKS) < there
        open_.let_go()
        assert len(open_) == 0

    def test_while_records_are_read_others_are_looked_at_and_not_all_wait(
        self, finished: Auditor, copies: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(replay_open, "_MOST_WAIT", 1)
        open_, begun, go_on = LookBacks(), threading.Event(), threading.Event()
        there = self.read(open_, finished, copies[0])
        read = LookBack.open

        def slowly(*asked: Any) -> LookBack:
            begun.set()
            assert go_on.wait(DEADLINE_S)
            return read(*asked)

        monkeypatch.setattr(LookBack, "open", staticmethod(slowly))
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(self.read, open_, finished, copies[1])
            try:
                assert begun.wait(DEADLINE_S)
                assert self.read(open_, finished, copies[0]) is there
                with pytest.raises(TooMany, match="ask again in 5 s"):
                    self.read(open_, finished, copies[2])
            finally:
                go_on.set()
            assert reading.result() is self.read(open_, finished, copies[1])


class TestOfAFolder:
    @pytest.fixture
    def auditor(self, auditor_of: Callable[..., Auditor], evening_file: Path, roads: Path, tmp_path: Path) -> Auditor:
        """An auditor with the records of another desk's evening."""
        store = Store(f"sqlite:///{evening_file}", lambda: AFTERWARDS, read_only=True)
        with closing(store), store.reading() as reading:
            write_files(reading, tmp_path / "files")
        (tmp_path / "records").mkdir()
        bring_in(asked_of(tmp_path / "files", "record", roads), tmp_path / "records" / "january", AFTERWARDS)
        return auditor_of()

    def test_it_is_replayed_with_changes(self, auditor: Auditor) -> None:
        changes = '[[change]]\nname = "sector cars"\nsector_cars = "everywhere"\n'
        told = auditor.done({"folder": "january"}, what_if=changes)
        assert (told["folder"], told["from"][:10], told["what_if"]) == ("january", "2026-01-31", changes)
        (auditor.folder / "records" / "not imported").mkdir()
        listed = auditor.get(POST).json
        assert (listed["keeps"], listed["folders"]) == (True, ["january"])
        assert told["headline"]["counts"]["nearest_sent"] == 1
        assert "what_if.json" in {each["name"] for each in told["files"]}
        assert (auditor.folder / "records" / "january" / "incidents.csv").exists()
        looked = auditor.get(f"{POST}/{told['replay_id']}/incidents/I-2/moments").json
        assert [each["step"] for each in looked["moments"]][:2] == ["received", "decision"]
        assert {(row.details or {})["folder"] for row in auditor.record()} == {"january"}

    def test_records_that_were_changed_since_are_refused(self, auditor: Auditor, tmp_path: Path) -> None:
        with (tmp_path / "records" / "january" / "incidents.csv").open("a") as file:
            file.write("\n")
        name = auditor.asked({"folder": "january"})
        told = auditor.ended(name)
        assert (told["state"], told["headline"], told["files"]) == ("failed", None, [])
        (fault,) = told["faults"]
        assert (fault["source"], fault["hint"]) == ("january/incidents.csv", "it was changed since the import")
        for path in ("report", "files/verdicts.csv", "incidents/I-1"):
            answer = auditor.get(f"{POST}/{name}/{path}")
            assert (answer.status_code, answer.json["type"]) == (409, "/problems/conflict")
        assert auditor.client.delete(f"{POST}/{name}").status_code == 204

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ('[[change]]\nname = "x"\nclosures = "/etc/passwd"', "closures"),
            ('[[change]]\nname = "x"\nprofiles = "../../other.toml"', "profiles"),
            ('[[change]]\nname = "x"', "change.0.change"),
            ("[[change]]" * 2, ""),
            ("change = []", "change"),
            ('[[change]]\nname = "x"\nclosures_known = true\n' * 11, "change"),
        ],
    )
    def test_changes_that_are_not_accepted_are_named(self, auditor: Auditor, changes: str, field: str) -> None:
        answer = auditor.ask({"folder": "january"}, what_if=changes)
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json["faults"]] == [field]
        assert {fault["source"] for fault in answer.json["faults"]} == {"what_if"}


class TestKilled:
    def begun(self, auditor: Auditor) -> tuple[str, int, int]:
        """Ask, and wait until it runs; returns its name, and the numbers of the runner's process and its own."""
        name = auditor.asked({"record": {}})
        (job,) = until(lambda: processes(auditor.folder, "replay_job"), "its process")
        (runner,) = processes(auditor.folder, "job_runner")
        return name, runner, job

    def test_its_process_is_killed_and_begun_again(self, auditor: Auditor) -> None:
        name, _, job = self.begun(auditor)
        os.kill(job, signal.SIGKILL)
        told = auditor.ended(name)
        assert (told["state"], told["attempts"]) == ("done", 2)

    def test_the_runner_is_killed_and_whoever_asks_next_starts_another(self, auditor: Auditor) -> None:
        name, runner, job = self.begun(auditor)
        os.kill(runner, signal.SIGKILL)
        until(lambda: job not in processes(auditor.folder, "replay_job"), "what it began ends with it")
        told = auditor.ended(name)
        assert (told["state"], told["attempts"]) == ("done", 2)

    def test_what_is_killed_each_time_has_failed(self, auditor: Auditor) -> None:
        with held(auditor.replays):
            name = auditor.asked({"record": {}})
            (replay,) = auditor.replays.all()
            auditor.replays.stand(replay, Standing("running", MOST_ATTEMPTS, "2026-01-31T23:10:00Z"))
        told = auditor.ended(name)
        assert (told["state"], told["attempts"]) == ("failed", MOST_ATTEMPTS)
        assert told["because"] == "its process was ended 3 times before it had come to an end"

    def test_what_had_come_to_its_end_is_not_begun_again(self, auditor: Auditor) -> None:
        with held(auditor.replays):
            name = auditor.asked({"record": {}})
            (replay,) = auditor.replays.all()
            auditor.replays.stand(replay, Standing("running", 1, "2026-01-31T23:10:00Z"))
            write(replay.folder / "outcome.json", {"because": "no roads", "faults": []})
        told = auditor.ended(name)
        assert (told["state"], told["attempts"], told["because"]) == ("failed", 1, "no roads")

    def test_one_runs_at_a_time_and_what_is_cancelled_makes_room(self, auditor: Auditor) -> None:
        first, _, job = self.begun(auditor)
        second, third = (auditor.asked({"record": {}}) for _ in range(2))
        assert [each["state"] for each in auditor.get(POST).json["replays"]] == ["queued", "queued", "running"]
        assert processes(auditor.folder, "replay_job") == [job]
        for name in (third, first):
            assert auditor.client.delete(f"{POST}/{name}").status_code == 202
        assert auditor.told(third)["state"] == "cancelled"
        told = auditor.ended(first)
        assert (told["state"], told["because"], told["files"]) == ("cancelled", None, [])
        assert job not in processes(auditor.folder, "replay_job")
        assert sorted(path.name for path in (auditor.replays.root / first).iterdir()) == [
            *("cancel", "log", "request.json", "state.json")
        ]
        assert auditor.ended(second)["state"] == "done"
        assert auditor.told(third)["started_at"] is None
        until(lambda: not processes(auditor.folder, "job_runner"), "the runner has nothing left to do")


class TestServed:
    """As it is really run, by a gunicorn of our own with two workers."""

    @pytest.fixture
    def environment(self, evening_file: Path, roads: Path, tmp_path: Path) -> dict[str, str]:
        shutil.copy(evening_file, tmp_path / "desk.sqlite")
        return {
            "NEAREST_GRAPH": str(roads),
            "NEAREST_DATABASE_URL": f"sqlite:///{tmp_path / 'desk.sqlite'}",
            "NEAREST_REPLAYS_DIR": str(tmp_path / "replays"),
        }

    def asked(self, port: int) -> str:
        body, headers = (
            json.dumps({"source": {"record": {}}}),
            {"Idempotency-Key": "a", "Content-Type": "application/json"},
        )
        status, told = ask(port, "POST", POST, body.encode(), headers)
        assert status == 202, told
        name: str = json.loads(told)["replay_id"]
        return name

    def test_workers_are_killed_and_it_goes_on(self, environment: dict[str, str], tmp_path: Path) -> None:
        running = Running(**environment)
        try:
            workers = {int(pid) for pid in running.find(r"Booting worker with pid: (\d+)", 2)}
            port = running.port()
            name = self.asked(port)
            (job,) = until(lambda: processes(tmp_path, "replay_job"), "its process")
            for pid in workers:
                os.kill(pid, signal.SIGKILL)
            running.find(r"Booting worker with pid: (\d+)", 4)
            assert processes(tmp_path, "replay_job") == [job]

            def ended() -> Any:
                told = json.loads(ask(port, "GET", f"{POST}/{name}")[1])
                return told if told["finished_at"] else None

            told = until(ended, "the replay ends")
            assert (told["state"], told["attempts"]) == ("done", 1)
            pages = [ask(port, "GET", f"{POST}/{name}/report") for _ in range(8)]
            assert {status for status, _ in pages} == {200}
            assert len({page for _, page in pages}) == 1
            database = environment["NEAREST_DATABASE_URL"]
            made = CliRunner().invoke(main, ["admin", "--database", database, "create-key", "m", "--role", "monitor"])
            (key,) = re.findall(r"nf_\S+", made.output)
            measures = ask(port, "GET", "/metrics", headers={"Authorization": f"Bearer {key}"})
            assert b'nearest_replays{state="done"} 1.0' in measures[1]
        finally:
            running.stop()

    def test_the_service_is_started_again_and_it_goes_on_without_a_question(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        running = Running(**environment)
        try:
            name = self.asked(running.port())
            (job,) = until(lambda: processes(tmp_path, "replay_job"), "its process")
        finally:
            running.stop()
        for pid in processes(tmp_path, "job_runner"):
            os.kill(pid, signal.SIGKILL)
        until(lambda: job not in processes(tmp_path, "replay_job"), "what it began ends with it")
        running = Running(**environment)
        try:

            def ended() -> Any:
                found = Replays(tmp_path / "replays").find(name)
                return found if found is not None and found.standing.finished_at else None

            found = until(ended, "the replay ends")
            assert (found.state, found.standing.attempts) == ("done", 2)
        finally:
            running.stop()
