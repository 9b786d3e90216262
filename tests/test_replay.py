"""A whole replay: inputs held against their checksums, equal bytes however it runs, gone on with where it stopped."""

from __future__ import annotations

import gzip
import json
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.errors import InputError
from nightshift import NOW, TOWN
from records import Row, at, call, fix, on_duty, sent, write_records
from scenarios import audited as auditing
from scenarios import replay as replaying
from scenarios.audited import audited, decided
from scenarios.evidence import CLOSURES, MANIFEST, POSITIONS, read_evidence
from scenarios.past_fixes import PastFixes
from scenarios.replay import LEDGERS, REPLAY, VERDICTS, replay
from scenarios.report import REPORT
from scenarios.verdict import CLASSES, Verdict
from scenarios.verdict_rows import write_verdicts
from scenarios.workplace import alone
from verdicts import read_ledgers, read_verdicts

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


class Stopped(Exception):
    """Somebody stopped the replay."""


class TestGoneOnWith:
    @pytest.fixture
    def stopped(self, records: Path, tmp_path: Path) -> Path:
        """Return where a replay was stopped after two parts."""

        def told(at: int, _of: int) -> None:
            if at >= 400:
                raise Stopped

        with pytest.raises(Stopped):
            replay(records, tmp_path / "out", jobs=1, told=told)
        return tmp_path / "out"

    @pytest.mark.parametrize("name", ["000000000.jsonl", "000000200.ledgers.gz"])
    @pytest.mark.parametrize("kept", [0, 1_000, None])
    def test_a_part_that_is_not_whole_is_judged_again(
        self, records: Path, done: Path, stopped: Path, name: str, kept: int | None
    ) -> None:
        (part,) = stopped.glob(f".work-*/as_it_was/{name}")
        if kept is None:
            part.unlink()
        else:
            part.write_bytes(part.read_bytes()[:kept])
        steps = list[int]()
        replay(records, stopped, jobs=1, told=lambda at, _of: steps.append(at))
        assert steps == [200, 400, 600, 650]
        assert bytes_of(stopped) == bytes_of(done)


class TestInputsThatChange:
    @pytest.fixture
    def mine(self, tmp_path: Path) -> Path:
        rows = [call(), *on_duty("R1"), *on_duty("R2"), sent("R1")]
        return write_records(tmp_path / "records", rows, [fix("R1", "B"), fix("R2", "D")])

    @pytest.mark.parametrize("moment", [0, 1])
    @pytest.mark.parametrize("how", [replay, audited])
    def test_while_it_runs_are_refused(
        self, mine: Path, tmp_path: Path, moment: int, how: Callable[..., object]
    ) -> None:
        def told(at: int, _of: int) -> None:
            if at == moment:
                path = mine / "assignments.csv"
                path.write_text(path.read_text("utf-8").replace("R1", "R2"), "utf-8")

        with pytest.raises(InputError, match=r"assignments\.csv.*it was changed since the import"):
            how(mine, tmp_path / "out", jobs=1, told=told)
        assert {path.name for path in (tmp_path / "out").iterdir()} <= {".lock", "progress.json"}

    def test_in_other_processes_too(self, records: Path, tmp_path: Path) -> None:
        mine, changed = tmp_path / "records", list[int]()
        mine.mkdir()
        for path in records.iterdir():
            (mine / path.name).write_bytes(path.read_bytes())

        def told(at: int, _of: int) -> None:
            if not changed:
                (mine / "statuses.csv").write_bytes(b"callsign\n")
                changed.append(at)

        with pytest.raises(InputError, match=r"statuses\.csv.*it was changed since the import"):
            replay(mine, tmp_path / "out", jobs=2, told=told)
        assert changed == [0]

    def test_with_a_manifest_that_fits_them(self, mine: Path, tmp_path: Path) -> None:
        def told(at: int, _of: int) -> None:
            if at == 1:
                path = mine / MANIFEST
                path.write_text(f"# another\n{path.read_text('utf-8')}", "utf-8")

        with pytest.raises(InputError, match="it was changed while the replay ran"):
            replay(mine, tmp_path / "out", jobs=1, told=told)

    def test_a_file_that_a_change_names(self, mine: Path, tmp_path: Path) -> None:
        shut = tmp_path / "shut.geojson"
        shut.write_text('{"type": "FeatureCollection", "features": []}', "utf-8")
        (tmp_path / "changes.toml").write_text('[[change]]\nname = "x"\nclosures = "shut.geojson"\n', "utf-8")

        def told(at: int, _of: int) -> None:
            if at == 1:
                shut.write_text('{"type": "FeatureCollection",  "features": []}', "utf-8")

        with pytest.raises(InputError, match=r"shut\.geojson.*another file than when the replay began"):
            replay(mine, tmp_path / "out", jobs=1, told=told, changes=tmp_path / "changes.toml")

    def test_closures_that_the_manifest_does_not_list_are_not_read(self, mine: Path) -> None:
        unlist(mine, CLOSURES)
        line = {"type": "LineString", "coordinates": [TOWN.lonlat("D"), TOWN.lonlat("A")]}
        feature = {"type": "Feature", "geometry": line, "properties": {"name": "A-D", "from": at(-60).isoformat()}}
        (mine / CLOSURES).write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
        assert read_evidence(mine).closures == ()

    @pytest.mark.parametrize("name", ["force.toml", "roads.network"])
    def test_what_every_verdict_rests_on_must_be_listed(self, mine: Path, name: str) -> None:
        unlist(mine, name)
        with pytest.raises(InputError, match=f"files.*a checksum of {name}"):
            read_evidence(mine)


def unlist(folder: Path, name: str) -> None:
    """Take a file out of the manifest of a folder."""
    path = folder / MANIFEST
    told, count = re.subn(rf'\n\[files\."{re.escape(name)}"\][^\[]*', "\n", path.read_text("utf-8"))
    assert count == 1
    path.write_text(told, "utf-8")


class TestOneReplayAtATime:
    """Of two imported folders, the second replayed into what the first has written."""

    @pytest.fixture
    def folders(self, tmp_path: Path) -> tuple[Path, Path]:
        one, other = (
            write_records(
                tmp_path / callsign,
                [call(), *on_duty("R1"), *on_duty("R2"), sent(callsign)],
                [fix("R1", "B"), fix("R2", "D")],
            )
            for callsign in ("R1", "R2")
        )
        return one, other

    def test_nobody_else_writes_until_the_report_is_written(
        self, folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_report, refused = auditing.write_report, list[str]()

        def meanwhile(out: Path, told: Any) -> None:
            with pytest.raises(InputError) as raised:
                replay(folders[1], out, jobs=1)
            refused.append(str(raised.value))
            write_report(out, told)

        monkeypatch.setattr(auditing, "write_report", meanwhile)
        audited(folders[0], tmp_path / "out", jobs=1)
        assert "another replay is writing here" in refused[0]
        assert (tmp_path / "out" / REPORT).exists()

    def test_what_was_judged_is_kept_until_the_report_is_written(
        self, folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out, steps = tmp_path / "out", list[int]()
        audited(folders[0], out, jobs=1)
        with monkeypatch.context() as broken:
            broken.setattr(auditing, "write_report", stop)
            with pytest.raises(Stopped):
                audited(folders[1], out, jobs=1)
        # What is there of the first must not be taken for the second's.
        assert not (out / REPLAY).exists()
        assert not (out / REPORT).exists()
        audited(folders[1], out, jobs=1, told=lambda at, _of: steps.append(at))
        assert steps == [1]
        told = json.loads((out / REPLAY).read_bytes())
        assert told["counts"]["nearest_sent"] == 1
        assert not list(out.glob(".work-*"))

    @pytest.mark.parametrize("inside", [".", "out"])
    def test_not_among_the_records(self, folders: tuple[Path, Path], inside: str) -> None:
        before = sorted(folders[0].iterdir())
        with pytest.raises(InputError, match="in the folder of the records"):
            audited(folders[0], folders[0] / inside, jobs=1)
        assert sorted(folders[0].iterdir()) == before


def stop(*_: object) -> None:
    raise Stopped


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

    def test_a_folder_that_another_version_imported(self, mine: Path, tmp_path: Path) -> None:
        table, manifest = mine / "statuses.csv", mine / "manifest.toml"
        before = sha256(table.read_bytes()).hexdigest()
        table.write_text(table.read_text("utf-8").replace(",entered_at", "", 1), "utf-8", newline="")
        text = manifest.read_text("utf-8").replace(before, sha256(table.read_bytes()).hexdigest())
        manifest.write_text(text, "utf-8")
        with pytest.raises(InputError, match="import the records again"):
            replay(mine, tmp_path / "out", jobs=1)

    def test_no_folder_at_all(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"manifest\.toml"):
            replay(tmp_path / "nothing", tmp_path / "out")

    def test_a_time_zone_that_there_is_not(self, mine: Path, tmp_path: Path) -> None:
        path = mine / MANIFEST
        path.write_text(path.read_text("utf-8").replace('"Europe/London"', '"Europe/Londn"'), "utf-8")
        with pytest.raises(InputError, match=r'time_zone: "Europe/Londn" is not accepted.*an IANA time zone'):
            replay(mine, tmp_path / "out", jobs=1)

    def test_two_at_once_in_one_folder(self, mine: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        out.mkdir()
        with alone(out, "replay"), pytest.raises(InputError, match="another replay is writing here"):
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


class TestPositions:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        fixes = [fix("R1", "A", -40), fix("R1", "B", -20), fix("R2", "C", -60)]
        return write_records(tmp_path / "records", [call()], fixes) / POSITIONS

    def test_in_order(self, path: Path) -> None:
        assert PastFixes.read(path).first.tolist() == [0, 2, 3]

    @pytest.mark.parametrize("order", [[1, 0, 2], [0, 2, 1], [2, 0, 1]])
    def test_in_another_order(self, path: Path, order: list[int]) -> None:
        pl.read_parquet(path)[order].write_parquet(path)
        with pytest.raises(InputError, match="rows sorted by them"):
            PastFixes.read(path)

    @pytest.mark.parametrize("column", ["callsign", "fixed_at", "received_at", "lat"])
    def test_without_a_value_that_every_one_has(self, path: Path, column: str) -> None:
        frame = pl.read_parquet(path)
        frame.with_columns(pl.when(pl.int_range(3) < 2).then(pl.col(column)).alias(column)).write_parquet(path)
        with pytest.raises(InputError, match=f"{column}: a row without one"):
            PastFixes.read(path)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_verdict_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, reason: str) -> None:
    path = tmp_path_factory.getbasetemp() / VERDICTS
    verdicts = (Verdict("1", NOW, "nearest_sent", reason=reason), Verdict("2", NOW, "unknown"))
    write_verdicts(path, verdicts)
    assert read_verdicts(path) == verdicts
