"""A whole replay: inputs held against their checksums, equal bytes however it runs, gone on with where it stopped."""

from __future__ import annotations

import gzip
import json
import random
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from graphs.errors import InputError
from records import Row, at, call, fix, on_duty, sent, write_records
from scenarios import replay as replaying
from scenarios.audited import audited, decided
from scenarios.replay import LEDGERS, REPLAY, VERDICTS, read_ledgers, replay
from scenarios.verdict import CLASSES
from scenarios.verdict_rows import read_verdicts

COUNT = 650
FILES = (VERDICTS, LEDGERS, REPLAY)


def week() -> tuple[list[Row], list[dict[str, Any]]]:
    """Return many incidents, a few minutes apart, and two units that take turns."""
    rows: list[Row] = [*on_duty("R1", end=None), *on_duty("R2", end=None)]
    fixes, draw = list[dict[str, Any]](), random.Random("a week")
    for number in range(COUNT):
        after_s, (place, first, second) = 300.0 * number, draw.sample("ABCDEFGH", 3)
        received = at(after_s)
        rows += [
            call(place, f"{number:04d}", received_at=received, closed_at=received + timedelta(seconds=200)),
            sent(f"R{number % 2 + 1}", f"{number:04d}", after_s + 60, on_scene_at=at(after_s + 150)),
        ]
        fixes += [fix("R1", first, after_s + 50), fix("R2", second, after_s + 40)]
    return rows, fixes


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_records(tmp_path_factory.mktemp("replay") / "records", *week())


@pytest.fixture(scope="module")
def done(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("replay") / "out"
    replay(records, out, jobs=1)
    return out


def bytes_of(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in FILES}


class TestResult:
    def test_every_incident_has_a_verdict(self, done: Path) -> None:
        verdicts = read_verdicts(done / VERDICTS)
        assert [one.incident_id for one in verdicts] == [f"{number:04d}" for number in range(COUNT)]
        counts = json.loads((done / REPLAY).read_bytes())["counts"]
        assert {name: sum(one.verdict == name for one in verdicts) for name in CLASSES} == counts
        assert min(counts["nearest_sent"], counts["nearer_eligible_not_sent"]) > 50

    def test_every_judged_one_has_its_ledger(self, done: Path) -> None:
        verdicts = {one.incident_id: one for one in read_verdicts(done / VERDICTS)}
        for ledger in read_ledgers(done / LEDGERS):
            verdict = verdicts[ledger["incident_id"]]
            by_callsign = {line["callsign"]: line for line in ledger["lines"]}
            assert verdict.sent_s == by_callsign[verdict.judged]["time_s"]
            assert ledger["lines"][0]["time_s"] == verdict.nearest_s
            if verdict.verdict == "nearer_eligible_not_sent":
                nearer = by_callsign[verdict.nearest_eligible]
                assert nearer["eligible"]
                assert verdict.lost_s == pytest.approx(by_callsign[verdict.judged]["time_s"] - nearer["time_s"])

    def test_one_decision_can_be_looked_at_whole(self, records: Path, done: Path) -> None:
        verdict = read_verdicts(done / VERDICTS)[7]
        found = decided(records, verdict.incident_id)
        assert found.verdict == verdict
        assert found.answer.nearest == verdict.nearest
        assert len(found.answer.ledger) == 2

    def test_nothing_is_left_of_the_work(self, done: Path) -> None:
        assert {path.name for path in done.iterdir()} == {*FILES, ".lock"}


class TestEqualBytes:
    def test_with_two_processes(self, records: Path, done: Path, tmp_path: Path) -> None:
        replay(records, tmp_path / "out", jobs=2)
        assert bytes_of(tmp_path / "out") == bytes_of(done)

    def test_with_parts_of_another_size(
        self, records: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(replaying, "PART", 37)
        replay(records, tmp_path / "out", jobs=1)
        assert (tmp_path / "out" / VERDICTS).read_bytes() == (done / VERDICTS).read_bytes()
        assert gzip.decompress((tmp_path / "out" / LEDGERS).read_bytes()) == gzip.decompress(
            (done / LEDGERS).read_bytes()
        )

    def test_after_it_was_killed(self, records: Path, done: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        code = (
            "import sys, os, signal, pathlib; from scenarios.replay import replay\n"
            "def told(done, total):\n"
            "    if done >= 200: os.kill(os.getpid(), signal.SIGKILL)\n"
            "replay(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), jobs=1, told=told)"
        )
        killed = subprocess.run([sys.executable, "-c", code, records, out], check=False)  # noqa: S603 - our own code
        assert killed.returncode == -signal.SIGKILL
        parts = list(out.glob(".work-*/as_it_was/*.jsonl"))
        assert parts, list(out.rglob("*"))
        steps = list[tuple[int, int]]()
        replay(records, out, jobs=1, told=lambda at, of: steps.append((at, of)))
        assert steps[0] == (200 * len(parts), COUNT)
        assert steps[-1] == (COUNT, COUNT)
        assert bytes_of(out) == bytes_of(done)

    def test_what_was_left_of_other_inputs_is_not_gone_on_with(self, records: Path, done: Path, tmp_path: Path) -> None:
        left = tmp_path / "out" / ".work-0123456789abcdef"
        (left / "as_it_was").mkdir(parents=True)
        (left / "as_it_was" / "000000000.jsonl").write_bytes(b"{}\n")
        replay(records, tmp_path / "out", jobs=1)
        assert bytes_of(tmp_path / "out") == bytes_of(done)
        assert not left.exists()


class TestRefused:
    @pytest.fixture
    def mine(self, tmp_path: Path) -> Path:
        rows = [call(), *on_duty("R1"), sent("R1")]
        return write_records(tmp_path / "records", rows, [fix("R1", "B")])

    @pytest.mark.parametrize(
        "name", ["incidents.csv", "statuses.csv", "positions.parquet", "force.toml", "roads.network"]
    )
    def test_an_input_that_was_changed(self, mine: Path, tmp_path: Path, name: str) -> None:
        path = mine / name
        path.write_bytes(path.read_bytes() + b"\n")
        with pytest.raises(InputError, match=f"(?s){name}.*it was changed since the import"):
            replay(mine, tmp_path / "out", jobs=1)

    def test_all_changed_files_are_named(self, mine: Path, tmp_path: Path) -> None:
        (mine / "duties.csv").unlink()
        (mine / "incidents.csv").write_text("incident_id\n", "utf-8")
        with pytest.raises(InputError) as raised:
            replay(mine, tmp_path / "out", jobs=1)
        assert {Path(fault.source).name for fault in raised.value.faults} == {"duties.csv", "incidents.csv"}

    def test_a_folder_that_was_not_imported(self, tmp_path: Path) -> None:
        (tmp_path / "manifest.toml").write_text('time_zone = "Europe/London"\n', "utf-8")
        with pytest.raises(InputError, match="import it first"):
            replay(tmp_path, tmp_path / "out")

    def test_no_folder_at_all(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"manifest\.toml"):
            replay(tmp_path / "nothing", tmp_path / "out")

    def test_two_at_once_in_one_folder(self, mine: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        out.mkdir()
        with replaying.alone(out), pytest.raises(InputError, match="another replay is writing here"):
            replay(mine, out, jobs=1)


def test_the_whole_audit_twice_gives_equal_bytes(tmp_path: Path) -> None:
    rows, fixes = week()
    records = write_records(tmp_path / "records", rows[: 4 + 2 * 40], fixes)
    for name in ("one", "other"):
        audited(records, tmp_path / name, jobs=1)
    one, other = (
        {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        for out in (tmp_path / "one", tmp_path / "other")
    )
    assert one == other
    assert {"report.html", "numbers.json", "incidents.geojson"} < one.keys()
