"""The commands about the record as people use them, and a live answer computed again somewhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

import scenarios.samples.gothenburg
from api.cli import main
from clients import service_over, with_key
from desks import TOWN, Room
from dispatch.advice import ask, recommended
from evenings import evening
from graphs.netfile import save_network
from roadmaps import draw
from tampering import tamper

FORCE = Path(scenarios.samples.gothenburg.__file__).parent / "force.toml"
LINNE = {"lat": 57.69995, "lon": 11.9397}
CARS = {"C1": (57.69673, 11.96736), "C2": (57.69207, 11.95498), "C3": (57.70131, 11.96926)}
KEEPING = """
[retention]
incidents_days = 30
"""


def nearest(*words: object) -> Result:
    """Run the command; an exception that it does not expect fails the test."""
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture
def busy(room: Room) -> Room:
    evening(room)
    return room


@pytest.fixture
def town_network(tmp_path: Path) -> Path:
    path = tmp_path / "town.network"
    save_network(TOWN.network, path)
    return path


def address(room: Room) -> str:
    return room.desk.store.url.render_as_string(hide_password=False)


class TestVerify:
    def test_says_how_much_is_whole_and_what_to_keep(self, busy: Room) -> None:
        done = nearest("verify", "--database", address(busy))
        state = busy.live.state
        assert done.stdout == f"whole: {state.seq} rows\nhead {state.seq}:{state.sha256}\n"
        again = nearest("verify", "--database", address(busy), "--head", f"{state.seq}:{state.sha256}", "--json")
        assert json.loads(again.stdout) == {"rows": state.seq, "sha256": state.sha256, "purged": 0}

    def test_takes_the_database_of_the_service(self, busy: Room, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NEAREST_DATABASE_URL", address(busy))
        assert nearest("verify").stdout.startswith("whole: ")

    def test_ends_with_3_and_names_the_row(self, busy: Room) -> None:
        tamper(busy.desk.store, "UPDATE events SET actor = 'mallory' WHERE seq = 4")
        done = nearest("verify", "--database", address(busy))
        assert (done.exit_code, done.stdout) == (3, "")
        assert done.stderr.startswith("error: row 4: its kind, subject, times, actor or key were changed")

    def test_refuses_a_head_that_is_none(self, busy: Room) -> None:
        done = nearest("verify", "--database", address(busy), "--head", "the last")
        assert done.exit_code == 2
        assert "options --head: the last is not accepted; accepted: SEQ:SHA256" in done.stderr

    def test_the_option_stands_for_the_file_with_the_address_too(
        self, busy: Room, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NEAREST_DATABASE_URL_FILE", "not there")
        assert nearest("verify", "--database", address(busy)).exit_code == 0
        done = nearest("verify", "--database", "nearest.sqlite")
        assert (done.exit_code, "error: options --database: " in done.stderr) == (2, True)

    def test_makes_no_database(self, tmp_path: Path) -> None:
        done = nearest("verify", "--database", f"sqlite:///{tmp_path / 'none.sqlite'}")
        assert done.exit_code == 1
        assert "the file is not there, or cannot be opened" in done.stderr
        assert list(tmp_path.iterdir()) == []


class TestExportAndImport:
    def test_a_record_goes_from_one_database_to_another(self, busy: Room, tmp_path: Path) -> None:
        file, other = tmp_path / "it.gz", f"sqlite:///{tmp_path / 'other.sqlite'}"
        done = nearest("export", "--database", address(busy), "-o", file, "--fixes")
        assert done.stdout.startswith(
            f"{file}: rows 1 to {busy.live.state.seq}, 3 documents, 2 position reports; SHA-256"
        )
        assert "whole: rows 1 to" in nearest("import", file, "--check").stdout
        assert nearest("import", file, "--database", other).stdout.endswith("; imported\n")
        heads = [nearest("verify", "--database", url).stdout for url in (address(busy), other)]
        assert heads[0] == heads[1]
        again = nearest("import", file, "--database", other)
        assert (again.exit_code, "the record ends with row" in again.stderr) == (3, True)

    def test_all_faults_are_told_together(self, busy: Room, tmp_path: Path) -> None:
        told = ("--from", "yesterday", "--to", "2026-01-01", "-o", tmp_path)
        done = nearest("export", "--database", address(busy), *told)
        assert done.exit_code == 2
        assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == [
            "options --from",
            "options --to",
            "options -o",
        ]

    def test_a_period_without_a_row_is_refused(self, busy: Room, tmp_path: Path) -> None:
        done = nearest("export", "--database", address(busy), "--to", "2020-01-01T00:00:00Z", "-o", tmp_path / "it.gz")
        assert (done.exit_code, "in which something was recorded" in done.stderr) == (2, True)

    def test_a_damaged_file_is_refused_with_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "it.gz").write_bytes(b"callsign\n")
        done = nearest("import", tmp_path / "it.gz", "--database", f"sqlite:///{tmp_path / 'other.sqlite'}")
        assert (done.exit_code, f"{tmp_path / 'it.gz'} line 1: Not a gzipped file" in done.stderr) == (2, True)


class TestRecompute:
    @pytest.fixture
    def file(self, busy: Room, tmp_path: Path) -> Path:
        nearest("export", "--database", address(busy), "-o", tmp_path / "it.gz")
        return tmp_path / "it.gz"

    def test_answers_come_out_equal_to_the_byte(self, busy: Room, file: Path, town_network: Path) -> None:
        for source in ((file,), ("--database", address(busy))):
            done = nearest("recompute", *source, "--graph", town_network)
            assert (done.exit_code, done.stderr) == (0, "")
            assert done.stdout.endswith("1 recommendations: 1 equal to the byte\n")

    def test_other_roads_are_refused_by_name(self, file: Path, tmp_path: Path) -> None:
        save_network(draw("A---B", "A-B").network, tmp_path / "other.network")
        done = nearest("recompute", file, "--graph", tmp_path / "other.network")
        assert done.exit_code == 2
        assert "options --graph: " in done.stderr
        assert "on which row" in done.stderr

    def test_other_rules_are_refused_by_name(self, file: Path, town_network: Path) -> None:
        done = nearest("recompute", file, "--graph", town_network, "--force", FORCE)
        assert (done.exit_code, "options --force: " in done.stderr) == (2, True)

    def test_an_answer_that_was_made_up_differs(self, busy: Room, town_network: Path) -> None:
        live = busy.live
        made, asked = ask(live, "I-2", busy.now, busy.desk.network, busy.desk.force)
        forged = made.to_json().replace(b'"suggested":["BX22"]', b'"suggested":["BX21"]')
        assert forged != made.to_json()
        busy.do(lambda known: recommended(known, forged, asked, made, live.state.seq))
        done = nearest("recompute", "--database", address(busy), "--graph", town_network, "--json")
        assert done.exit_code == 3
        assert [(item["outcome"], item["differing"]) for item in json.loads(done.stdout)] == [
            ("equal", []),
            ("differs", ["suggested"]),
        ]

    def test_an_answer_of_another_version_is_told_apart(self, busy: Room, town_network: Path) -> None:
        live = busy.live
        made, asked = ask(live, "I-2", busy.now, busy.desk.network, busy.desk.force)
        engine = made.versions["engine"]["hash"]
        older = made.to_json().replace(engine.encode(), b"0" * len(engine))
        busy.do(lambda known: recommended(known, older, asked, made, live.state.seq))
        done = nearest("recompute", "--database", address(busy), "--graph", town_network)
        assert done.exit_code == 0
        assert "1 equal to the byte; 1 equal; another version of the program" in done.stdout

    def test_a_file_and_a_database_are_one_too_many(self, busy: Room, file: Path, town_network: Path) -> None:
        done = nearest("recompute", file, "--database", address(busy), "--graph", town_network)
        assert done.exit_code == 2


class TestPurge:
    def test_says_what_would_go_and_what_went(self, busy: Room, tmp_path: Path) -> None:
        # The command goes by the real clock, and the evening was long ago.
        busy.off_duty("BX21")
        profile = tmp_path / "force.toml"
        shipped = (resources.files("dispatch.forces") / "cleveland.toml").read_text("utf-8")
        profile.write_text(shipped + KEEPING, "utf-8")
        purge = ("admin", "--database", address(busy), "purge", "--force", profile)
        before = nearest("verify", "--database", address(busy)).stdout
        would = nearest(*purge, "--dry-run")
        assert nearest("verify", "--database", address(busy)).stdout == before
        went = nearest(*purge, "--by", "carla")
        assert would.stdout.replace("would go", "went") == went.stdout
        assert went.stdout.startswith("went: 1 incidents, 0 people and addresses of concern, details of ")
        assert "of them purged" in nearest("verify", "--database", address(busy)).stdout
        with busy.desk.store.reading() as reading:
            assert [row.actor for row in reading.after(0) if row.kind == "purged"] == ["carla"]


class TestALiveRecommendation:
    """Given by the service over the sample network, exported, and computed again in another process."""

    @pytest.fixture
    def client(self, gothenburg_file: Path, tmp_path: Path) -> FlaskClient:
        url = f"sqlite:///{tmp_path / 'desk.sqlite'}"
        app = service_over(gothenburg_file, force=FORCE, database_url=url)
        return with_key(app)

    def test_is_equal_to_the_byte(self, client: FlaskClient, gothenburg_file: Path, tmp_path: Path) -> None:
        answers = live_answers(client)
        environment = {**os.environ, "NEAREST_DATABASE_URL": f"sqlite:///{tmp_path / 'desk.sqlite'}"}
        environment.pop("NEAREST_FORCE", None)
        file = tmp_path / "night.gz"
        command(environment, "export", "-o", file)
        done = command(environment, "recompute", file, "--graph", gothenburg_file, "--json")
        assert [(item["outcome"], item["suggested"]) for item in json.loads(done)] == [
            ("equal", json.loads(answer)["suggested"]) for answer in answers
        ]
        assert command(environment, "verify").startswith(b"whole: ")


def live_answers(client: FlaskClient) -> list[bytes]:
    """Ask before and after a road is closed."""
    number = iter(range(100))

    def post(path: str, body: dict[str, Any]) -> Any:
        done = client.post(path, json=body, headers={"Idempotency-Key": f"k{next(number)}"})
        assert done.status_code < 300, done.get_data(as_text=True)
        return done

    now = datetime.now(UTC).isoformat()
    for callsign, (lat, lon) in CARS.items():
        post(f"/v1/units/{callsign}/on-duty", {"status": "2", "crew": 2})
        post("/v1/positions", {"positions": [{"callsign": callsign, "fixed_at": now, "lat": lat, "lon": lon}]})
    told = {"grade": "emergency", "tags": ["domestic_abuse"], "address": "Linnégatan 1"}
    name = post("/v1/incidents", {**LINNE, **told}).json["incident_id"]
    before = post(f"/v1/incidents/{name}/recommendations", {})
    road = {"type": "Feature", "geometry": None, "properties": {"road": "Linnégatan"}}
    post("/v1/closures", {"closure_id": "works", "feature": road})
    return [before.data, post(f"/v1/incidents/{name}/recommendations", {}).data]


def command(environment: dict[str, str], *words: object) -> bytes:
    """Run the command in a process of its own."""
    line = [sys.executable, "-c", "from api.cli import main; main()", *map(str, words)]
    done = subprocess.run(line, env=environment, capture_output=True, check=False)  # noqa: S603 - our own command
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("command", [("list",), ("purge", "--dry-run"), ("purge",)])
def test_what_looks_and_what_takes_out_makes_no_database(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = nearest("admin", "--database", f"sqlite:///{tmp_path / 'none.sqlite'}", *command)
    assert done.exit_code == 1
    assert not list(tmp_path.iterdir())
