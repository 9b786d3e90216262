"""Replications in parallel: equal bytes whoever plays them, and gone on with where it stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path

import orjson
import polars as pl
import pytest
from click.testing import CliRunner, Result

from api.cli import main
from clusters import Cluster
from graphs.errors import InputError
from graphs.netfile import save_network
from roadmaps import RoadMap
from scenarios import experiment_place
from scenarios.experiment import Asked, OtherProgram, Stopped, WorkersLost, run, run_scenario, simulated
from scenarios.experiment_bundle import Bundle
from scenarios.experiment_files import is_whole
from scenarios.experiment_place import folder_name, held
from scenarios.scenario import PolicyChoice, Scenario
from scenarios.scenario_files import read_scenario

NEAREST, BATCH = PolicyChoice("nearest_first"), PolicyChoice("batch", {"every_s": 120})
ASKED = Asked((NEAREST, BATCH), replications=4, seed=7)
COUNT = 8

HEAD = """
version = 1
name = "An evening"
network = "../roads.network"
start = 2026-03-02T17:00:00Z
hours = 6
warm_up_h = 1
cool_down_h = 1
[demand]
rates = "rates.csv"
"""
FILES = {
    "scenario.toml": HEAD,
    "roster.csv": "callsign,start,end,crew,station\nR1,16:00,00:00,2,North\nR2,16:00,00:00,2,South\n",
    "rates.csv": "type,grade,per_hour\nburglary,emergency,1.5\nnoise,standard,2\n",
    "services.csv": "kind,mean_min\nexponential,20\n",
}


@pytest.fixture(scope="module")
def scenario_folder(town: RoadMap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evening with two crews in a drawn town, whose roads lie beside the folder."""
    folder = tmp_path_factory.mktemp("planner") / "evening"
    folder.mkdir()
    save_network(town.network, folder.parent / "roads.network")
    stations = [f"{name},{lat},{lon}\n" for name, (lat, lon) in (("North", town.at("A")), ("South", town.at("H")))]
    for name, text in {**FILES, "stations.csv": "".join(("name,lat,lon\n", *stations))}.items():
        folder.joinpath(name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def scenario(scenario_folder: Path) -> Scenario:
    return read_scenario(scenario_folder)


@pytest.fixture(scope="module")
def done(scenario_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process made."""
    out = tmp_path_factory.mktemp("planner") / "out"
    run(scenario_folder, ASKED, out, jobs=1)
    return out


def files_of(out: Path) -> Mapping[str, str]:
    return {
        str(path.relative_to(out)): sha256(path.read_bytes()).hexdigest() for path in out.rglob("*") if path.is_file()
    }


def _change(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES: Mapping[str, Callable[[Path], None]] = {"changed": _change, "cut": _cut, "gone": Path.unlink}


def processes_with(text: str) -> list[str]:
    """Return the processes of ours that have a text in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if text.encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


def copied(folder: Path, to: Path) -> Path:
    """Copy a scenario with the roads beside it."""
    (to / "evening").mkdir()
    (to / "roads.network").write_bytes((folder.parent / "roads.network").read_bytes())
    for path in folder.iterdir():
        (to / "evening" / path.name).write_bytes(path.read_bytes())
    return to / "evening"


class TestFolder:
    def test_every_replication_of_every_policy_is_there(self, done: Path) -> None:
        found = {str(path.relative_to(done / "replications")) for path in (done / "replications").glob("*/*")}
        assert found == {f"{name}/{n:04d}" for name in ("nearest_first", "batch-every_s-120") for n in (1, 2, 3, 4)}
        assert all(is_whole(done / "replications" / name) for name in found)

    def test_policies_meet_the_same_calls_and_replications_others(self, done: Path) -> None:
        read = {
            path: pl.read_parquet(done / f"replications/{path}/incidents.parquet")["received_ms"].to_list()
            for path in ("nearest_first/0001", "batch-every_s-120/0001", "nearest_first/0002")
        }
        one, same, other = read.values()
        assert len(one) > 10
        assert one == same != other

    def test_what_is_kept_is_what_was_simulated(self, done: Path, scenario: Scenario) -> None:
        (expected,) = simulated(replace(scenario, seed=7), [NEAREST], 1)
        folder = done / "replications" / "nearest_first" / "0001"
        counts = orjson.loads((folder / "counts.json").read_bytes())
        assert (counts["policy"], counts["replication"]) == ("nearest_first", 1)
        assert counts["overtime_ms"] == expected.overtime_ms
        for name in ("incidents", "assignments", "states", "coverage"):
            assert pl.read_parquet(folder / f"{name}.parquet").equals(getattr(expected, name))
            assert counts["rows"][name] == getattr(expected, name).height

    def test_results_and_report_are_written(self, done: Path) -> None:
        told = orjson.loads((done / "results.json").read_bytes())
        assert [policy["policy"] for policy in told["policies"]] == [NEAREST.label, BATCH.label]
        assert [len(policy["replications"]) for policy in told["policies"]] == [4, 4]
        assert told["about"]["seed"] == 7
        assert {path.name for path in done.iterdir()} == {
            *(".lock", "manifest.json", "replications", "results.json", "results.csv", "report.html")
        }


class TestEqualBytes:
    def test_with_two_processes(self, scenario_folder: Path, done: Path, tmp_path: Path) -> None:
        steps = list[tuple[int, int]]()
        run(scenario_folder, ASKED, tmp_path / "out", jobs=2, progress=lambda at, of: steps.append((at, of)))
        assert files_of(tmp_path / "out") == files_of(done)
        assert steps == [(at, COUNT) for at in range(COUNT + 1)]

    def test_after_it_was_killed(self, scenario_folder: Path, done: Path, tmp_path: Path) -> None:
        out, steps = tmp_path / "out", list[int]()
        code = (
            "import os, signal, sys; from pathlib import Path; from scenarios.experiment import Asked, run\n"
            "from scenarios.scenario import PolicyChoice\n"
            "def told(at, of):\n"
            "    if at == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
            "choices = PolicyChoice('nearest_first'), PolicyChoice('batch', {'every_s': 120})\n"
            "run(Path(sys.argv[1]), Asked(choices, 4, 7), Path(sys.argv[2]), jobs=2, progress=told)"
        )
        told = {**os.environ, "PLAYS_INTO": str(out)}
        command = [sys.executable, "-c", code, scenario_folder, out]
        killed = subprocess.run(command, check=False, env=told)  # noqa: S603 - our own code
        assert killed.returncode == -signal.SIGKILL
        assert not (out / "results.json").exists()
        self._require_gone(out)
        run(scenario_folder, ASKED, out, progress=lambda at, _of: steps.append(at))
        assert steps == [3, 4, 5, 6, 7, 8]
        assert files_of(out) == files_of(done)

    @staticmethod
    def _require_gone(out: Path) -> None:
        """Wait until none of the processes that played for one that was killed is there any more."""
        end = time.monotonic() + 20
        while left := processes_with(str(out)):
            assert time.monotonic() < end, left
            time.sleep(0.1)

    def test_after_more_was_asked_for(self, scenario_folder: Path, done: Path, tmp_path: Path) -> None:
        out, steps = tmp_path / "out", list[int]()
        run(scenario_folder, replace(ASKED, policies=(BATCH,), replications=2), out)
        run(scenario_folder, ASKED, out, progress=lambda at, _of: steps.append(at))
        assert steps[0] == 2
        assert files_of(out) == files_of(done)

    def test_from_another_folder(
        self, scenario_folder: Path, scenario: Scenario, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Processes that wait for more stand where they were begun.
        assert list(simulated(scenario, [NEAREST], 2, jobs=2))
        monkeypatch.chdir(tmp_path)
        run(scenario_folder, ASKED, Path("out"), jobs=2)
        assert files_of(tmp_path / "out") == files_of(done)

    def test_when_there_is_nothing_to_do(self, scenario_folder: Path, done: Path) -> None:
        before, steps = files_of(done), list[int]()
        run(scenario_folder, ASKED, done, progress=lambda at, _of: steps.append(at))
        assert steps == [COUNT]
        assert files_of(done) == before

    @pytest.mark.parametrize("how", DAMAGES)
    @pytest.mark.parametrize("name", ["states.parquet", "counts.json", "measured.json", "SHA256SUMS"])
    def test_damage_is_seen(self, done: Path, tmp_path: Path, name: str, how: str) -> None:
        folder = tmp_path / "0001"
        shutil.copytree(done / "replications" / "nearest_first" / "0001", folder)
        assert is_whole(folder)
        DAMAGES[how](folder / name)
        assert not is_whole(folder)

    def test_after_files_were_damaged(self, scenario_folder: Path, done: Path, tmp_path: Path) -> None:
        out, steps = tmp_path / "out", list[int]()
        shutil.copytree(done, out)
        folders = out / "replications" / "nearest_first"
        DAMAGES["changed"](folders / "0001" / "states.parquet")
        DAMAGES["cut"](folders / "0002" / "measured.json")
        DAMAGES["gone"](folders / "0004" / "SHA256SUMS")
        run(scenario_folder, ASKED, out, progress=lambda at, _of: steps.append(at))
        assert steps == [5, 6, 7, 8]
        assert files_of(out) == files_of(done)


class TestStopped:
    def test_at_once_and_gone_on_with(self, scenario_folder: Path, done: Path, tmp_path: Path) -> None:
        out, reached = tmp_path / "out", list[int]()
        with pytest.raises(Stopped):
            run(scenario_folder, ASKED, out, progress=lambda at, _of: reached.append(at), stopped=lambda: 2 in reached)
        assert reached[-1] in {2, 3}
        assert not (out / "report.html").exists()
        run(scenario_folder, ASKED, out)
        assert files_of(out) == files_of(done)

    def test_while_a_replication_takes_long(self, scenario_folder: Path, tmp_path: Path) -> None:
        folder = copied(scenario_folder, tmp_path)
        head = folder / "scenario.toml"
        head.write_text(head.read_text("utf-8").replace("hours = 6", "days = 3000"), "utf-8")
        begun = time.monotonic()
        with pytest.raises(Stopped):
            run(folder, replace(ASKED, replications=1), tmp_path / "out", stopped=lambda: time.monotonic() > begun + 5)
        assert time.monotonic() < begun + 20


class TestRefused:
    """What is there of something else is not gone on with, and every difference is named."""

    @pytest.fixture
    def begun(self, scenario_folder: Path, tmp_path: Path) -> tuple[Path, Path]:
        """Return a scenario, and a folder that was begun for it."""
        folder = copied(scenario_folder, tmp_path)
        with held(tmp_path / "out", replace(read_scenario(folder), seed=ASKED.seed), ASKED):
            (tmp_path / "out" / "replications" / "nearest_first" / "0001").mkdir(parents=True)
        return folder, tmp_path / "out"

    def test_where_nothing_was_played_yet_anything_may_be_asked(self, begun: tuple[Path, Path]) -> None:
        other = Asked((BATCH,), replications=1, seed=8)
        scenario = replace(read_scenario(begun[0]), seed=other.seed)
        (begun[1] / "replications" / "nearest_first" / "0001").rmdir()
        with held(begun[1], scenario, other):
            pass
        assert orjson.loads((begun[1] / "manifest.json").read_bytes()) == experiment_place.manifest_of(scenario, other)

    def test_inputs_that_changed(self, begun: tuple[Path, Path]) -> None:
        for name in ("roster.csv", "rates.csv"):
            path = begun[0] / name
            path.write_text(f"{path.read_text('utf-8').strip()}\n\n", "utf-8")
        with pytest.raises(InputError) as raised:
            run(begun[0], ASKED, begun[1])
        assert [fault.field for fault in raised.value.faults] == ["rates.csv", "roster.csv"]
        assert all("manifest.json" in fault.source for fault in raised.value.faults)

    def test_another_seed_and_less_than_there_is(self, begun: tuple[Path, Path]) -> None:
        with pytest.raises(InputError) as raised:
            run(begun[0], Asked((NEAREST,), replications=3, seed=8), begun[1])
        assert [(fault.field, fault.value, fault.accepted) for fault in raised.value.faults] == [
            ("seed", "8", "7"),
            ("replications", "3", "4 or more"),
            ("policies", "nearest_first", "batch-every_s-120 among them"),
        ]

    def test_another_program(self, begun: tuple[Path, Path]) -> None:
        path = begun[1] / "manifest.json"
        told = orjson.loads(path.read_bytes())
        told["program"]["numpy"] = "1.0"
        path.write_bytes(orjson.dumps(told))
        with pytest.raises(InputError, match=r"program numpy: .* accepted: 1\.0"):
            run(begun[0], ASKED, begun[1])

    def test_a_folder_with_something_else(self, scenario_folder: Path, tmp_path: Path) -> None:
        (tmp_path / "letters.txt").write_text("mine", "utf-8")
        with pytest.raises(InputError, match=r"letters\.txt in it"):
            run(scenario_folder, ASKED, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]

    def test_a_manifest_of_something_else(self, scenario_folder: Path, tmp_path: Path) -> None:
        (tmp_path / "manifest.json").write_text('{"name": "a web page"}', "utf-8")
        with pytest.raises(InputError, match="the manifest of a folder that 'nearest simulate' made"):
            run(scenario_folder, ASKED, tmp_path)

    def test_a_second_simulation_at_the_same_time(self, begun: tuple[Path, Path]) -> None:
        scenario = replace(read_scenario(begun[0]), seed=ASKED.seed)
        with held(begun[1], scenario, ASKED), pytest.raises(InputError, match="another simulation is writing here"):
            run(begun[0], ASKED, begun[1])

    def test_what_cannot_be_asked(self, scenario_folder: Path, tmp_path: Path) -> None:
        with pytest.raises(InputError) as raised:
            run(scenario_folder, Asked((NEAREST, NEAREST), replications=0, seed=-1), tmp_path / "out")
        assert [fault.field for fault in raised.value.faults] == ["replications", "seed", "policies"]
        assert not (tmp_path / "out").exists()


def test_an_error_in_another_process_is_told_as_it_is(scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        run_scenario(replace(scenario, services=()), Asked((NEAREST,), 1, 1), tmp_path / "out")
    assert str(raised.value) == "\n".join(map(str, raised.value.faults))


def test_a_policy_that_there_is_not_and_settings_that_are_none(scenario: Scenario, tmp_path: Path) -> None:
    wrong = PolicyChoice("nearest"), PolicyChoice("batch", {"every_s": -1})
    with pytest.raises(InputError) as raised:
        run_scenario(scenario, Asked(wrong, 1, 1), tmp_path / "out")
    assert ["nearest_first" in str(raised.value), "every_s" in str(raised.value)] == [True, True]


def test_a_process_that_is_killed_is_told_and_nothing_lost(scenario_folder: Path, done: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def told(at: int, _of: int) -> None:
        if at == 2:
            os.kill(_child(), signal.SIGKILL)

    with pytest.raises(WorkersLost, match="want of memory"):
        run(scenario_folder, ASKED, out, jobs=2, progress=told)
    steps = list[int]()
    run(scenario_folder, ASKED, out, progress=lambda at, _of: steps.append(at))
    assert steps[0] >= 2
    assert files_of(out) == files_of(done)


def _child() -> int:
    """Return one of the processes that play."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        pid, rest = path.read_text("utf-8").split(" ", 1)
        command = (path.parent / "cmdline").read_bytes()
        if rest.rsplit(")", 1)[1].split()[1] == str(os.getpid()) and b"loky.backend.popen_loky_posix" in command:
            return int(pid)
    raise AssertionError("no process plays")


def test_two_settings_of_one_policy_are_two_policies(scenario_folder: Path, tmp_path: Path) -> None:
    out, seldom = tmp_path / "out", PolicyChoice("batch", {"every_s": 600})
    results = run(scenario_folder, Asked((BATCH, seldom), 2, 7), out)
    labels = ["batch every_s=120", "batch every_s=600"]
    assert [outcome.policy for outcome in results.outcomes] == labels
    told = orjson.loads((out / "results.json").read_bytes())
    assert [policy["policy"] for policy in told["policies"]] == labels
    (held_against,) = told["comparisons"]
    assert (held_against["base"], held_against["other"], held_against["pairs"]) == (*labels, 2)
    # Who plans more seldom keeps incidents waiting longer for the next plan.
    wait = next(each for each in held_against["differences"] if each["key"]["measure"] == "wait_mean_s")
    assert wait["mean"] > 0
    page = (out / "report.html").read_text("utf-8")
    assert [f'<h2 id="p{row}">{label}</h2>' in page for row, label in enumerate(labels, 1)] == [True, True]


class TestInMemory:
    def test_in_order_whoever_plays(self, scenario: Scenario) -> None:
        one, two = (list(simulated(scenario, [NEAREST, BATCH], 2, jobs=jobs)) for jobs in (1, 2))
        labels = [NEAREST.label, BATCH.label]
        assert [(each.policy, each.replication) for each in two] == [(name, n) for name in labels for n in (1, 2)]
        for here, there in zip(one, two, strict=True):
            assert here.incidents.equals(there.incidents)
            assert here.states.equals(there.states)

    def test_another_roster(self, scenario: Scenario) -> None:
        fewer = scenario.with_(duties=scenario.duties[:1])
        (found,) = simulated(fewer, [NEAREST], 1, jobs=2)
        assert set(found.states["callsign"]) == {"R1"}

    def test_whoever_has_seen_enough_can_ask_again(self, scenario: Scenario) -> None:
        asked = simulated(scenario, [NEAREST], 20, jobs=2)
        first = next(asked)
        asked.close()
        (again,) = simulated(scenario, [NEAREST], 1, jobs=2)
        assert again.incidents.equals(first.incidents)

    def test_a_bundle_is_the_scenario(self, scenario: Scenario, tmp_path: Path) -> None:
        sent = Bundle.of(scenario, tmp_path).to_send()
        for path in tmp_path.iterdir():
            path.unlink()
        found = sent.scenario()
        assert (found.network.hash, found.force.hash) == (scenario.network.hash, scenario.force.hash)
        for name in (item.name for item in fields(scenario) if item.name != "network"):
            assert getattr(found, name) == getattr(scenario, name)


@pytest.mark.parametrize(
    ("choice", "name"),
    [(NEAREST, "nearest_first"), (BATCH, "batch-every_s-120"), (PolicyChoice("x", {"a": "../Ä b"}), "x-a-..--b")],
)
def test_the_name_of_a_policys_folder(choice: PolicyChoice, name: str) -> None:
    assert folder_name(choice) == name


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers."""
    made = Cluster(tmp_path_factory.mktemp("cluster"), workers=2)
    yield made
    made.close()


class TestDask:
    """A real scheduler and real workers."""

    def test_one_of_two_workers_is_killed(
        self, cluster: Cluster, scenario_folder: Path, done: Path, tmp_path: Path
    ) -> None:
        steps = list[int]()

        def told(at: int, _of: int) -> None:
            steps.append(at)
            if at == 3:
                cluster.workers[0].kill()

        run(scenario_folder, ASKED, tmp_path / "out", dask=cluster.address, progress=told)
        assert cluster.workers[0].wait(10) == -signal.SIGKILL
        assert steps == list(range(COUNT + 1))
        assert files_of(tmp_path / "out") == files_of(done)

    def test_the_last_worker_is_killed_and_another_comes(
        self, cluster: Cluster, scenario_folder: Path, done: Path, tmp_path: Path
    ) -> None:
        def told(at: int, _of: int) -> None:
            if at == 2:
                cluster.workers[1].kill()
                cluster.workers.append(cluster.worker())

        run(scenario_folder, ASKED, tmp_path / "out", dask=cluster.address, progress=told)
        assert files_of(tmp_path / "out") == files_of(done)

    def test_a_worker_with_another_program(self, cluster: Cluster, scenario_folder: Path, tmp_path: Path) -> None:
        package = tmp_path / "other" / "scenarios"
        package.mkdir(parents=True)
        for path in Path(experiment_place.__file__).parent.glob("*.py"):
            (package / path.name).write_bytes(path.read_bytes())
        (package / "trips.py").write_text("# another\n", "utf-8")
        path = os.pathsep.join((str(package.parent), os.environ.get("PYTHONPATH", "")))
        other = cluster.worker(PYTHONPATH=path)
        told = r"the worker at tcp://127\.0\.0\.1:\d+ has another program: scenarios \w+ and not \w+; install"
        try:
            with pytest.raises(OtherProgram, match=told):
                run(scenario_folder, ASKED, tmp_path / "out", dask=cluster.address)
        finally:
            other.kill()
            other.wait()

    @pytest.mark.parametrize(
        ("address", "told"),
        [("tcp://127.0.0.1:1", "Timed out"), ("nonsense", "missing port"), ("http://127.0.0.1:80", "scheme")],
    )
    def test_an_address_where_nobody_answers(
        self, scenario_folder: Path, tmp_path: Path, address: str, told: str
    ) -> None:
        begun = time.monotonic()
        with pytest.raises(InputError, match=f"--dask: {address}.*the address of a Dask scheduler.*{told}"):
            run(scenario_folder, ASKED, tmp_path / "out", dask=address)
        assert time.monotonic() < begun + 15

    def test_a_scheduler_without_workers(self, scenario_folder: Path, tmp_path: Path) -> None:
        (tmp_path / "cluster").mkdir()
        cluster = Cluster(tmp_path / "cluster")
        try:
            with pytest.raises(InputError, match=f"begin them with 'dask worker {cluster.address}"):
                run(scenario_folder, ASKED, tmp_path / "out", dask=cluster.address)
        finally:
            cluster.close()


def nearest(*words: object) -> Result:
    """Run the command; an exception that it does not expect fails the test."""
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture(scope="module")
def played(scenario_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """What is said of two policies, one of which the scenario does not name, and where it was written."""
    folder = tmp_path_factory.mktemp("commands")
    asked = ("--replications", 2, "--seed", 7, "--policy", "nearest_first", "--policy", "sector_first")
    more = ("--records", folder / "records", "--animate", "2026-03-02T18:00/2026-03-02T18:20", "--jobs", 1)
    return nearest("simulate", scenario_folder, "-o", folder / "out", *asked, *more), folder


class TestCommands:
    def test_a_planner_reads_what_it_comes_to(self, played: tuple[Result, Path]) -> None:
        done, folder = played
        assert done.exit_code == 0
        assert "Share in target: Emergency" in done.stdout
        assert "sector_first against nearest_first" in done.stdout
        assert f"see {folder / 'out' / 'report.html'}" in done.stdout
        assert done.stderr.startswith("0 of 4 replications\n1 of 4 replications\n")

    def test_the_records_are_of_the_first_replication(self, played: tuple[Result, Path]) -> None:
        _, folder = played
        told = pl.read_csv(folder / "records" / "incidents.csv")["incident_id"]
        first = pl.read_parquet(folder / "out" / "replications" / "nearest_first" / "0001" / "incidents.parquet")
        assert set(told) == set(first["incident_id"])

    def test_the_animation_is_of_the_window(self, played: tuple[Result, Path]) -> None:
        told = orjson.loads((played[1] / "out" / "animation.json").read_bytes())
        assert (told["from_s"], told["to_s"]) == (3600, 4800)
        assert [unit["callsign"] for unit in told["units"]] == ["R1", "R2"]

    def test_simulations_are_compared(self, played: tuple[Result, Path], done: Path) -> None:
        out = played[1] / "out"
        printed = nearest("compare", done, out)
        assert printed.exit_code == 0
        names = [f"{each.parent.name}/{each.name}: nearest_first" for each in (out, done)]
        assert f"{names[0]} against {names[1]}" in printed.stdout
        (told,) = orjson.loads(nearest("compare", done, out, "--json").stdout)
        assert told["pairs"] == 2
        assert {each["finding"] for each in told["differences"]} == {"same"}

    def test_a_policy_goes_by_its_settings_too(self, scenario_folder: Path, done: Path) -> None:
        asked = ("--policy", "nearest_first", "--policy", "batch", "--replications", 4, "--seed", 7)
        refused = nearest("simulate", scenario_folder, "-o", done, *asked)
        # The settings of the policy are others than those of what is there.
        assert refused.exit_code == 2
        assert "batch-every_s-120 among them" in refused.stderr

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--policy", "nearest"), "nearest_first"),
            (("--animate", "tonight"), "FROM/TO"),
            (("--animate", "2026-03-02T03:00/2026-03-02T04:00"), "times in order from 2026-03-02T16:00:00+00:00"),
            (("--records", "{there}"), "a folder that is not there yet, or is empty"),
            (("--records", "{out}"), "a folder that is not there yet, or is empty"),
            (("--policy", "nearest", "--animate", "tonight"), "FROM/TO"),
            (("--dask", "nonsense"), "the address of a Dask scheduler that answers"),
        ],
    )
    def test_options_that_are_at_fault(
        self, scenario_folder: Path, done: Path, tmp_path: Path, options: tuple[str, ...], told: str
    ) -> None:
        words = [word.replace("{there}", str(done)).replace("{out}", str(tmp_path / "out")) for word in options]
        refused = nearest("simulate", scenario_folder, "-o", tmp_path / "out", *words)
        assert refused.exit_code == 2
        assert told in refused.stderr

    def test_a_folder_that_is_not_ours(self, scenario_folder: Path, tmp_path: Path) -> None:
        (tmp_path / "letters.txt").write_text("mine", "utf-8")
        refused = nearest("simulate", scenario_folder, "-o", tmp_path)
        assert refused.exit_code == 2
        assert "a folder with letters.txt in it" in refused.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]
