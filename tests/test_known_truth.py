"""Made-up periods: does an audit of their records find what is true of them?

Truth comes from the play itself: from what its control room had been told, and the reference router.
"""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from graphs.network import Network
from known_truth import BACK, CLEVELAND, FORWARD, abroad, differences, evidence_of, imported, judged, made, truth_of
from scenarios.calibrate import fit
from scenarios.generator import generate
from scenarios.generator_policy import DRIVING, FAULTLESS, Plan
from scenarios.rates import rate
from scenarios.trips import trips_of
from scenarios.verdict import GOOD, JUDGED
from shared_data import NEWPORT, real_network

SMALL = Plan(BACK, days=2, units=9, incidents=150, seed=11, fix_every_s=45)
# The small periods that a rate is taken from.
WEEKEND = replace(SMALL, days=1, incidents=100, fix_every_s=60)
SEEDS = 10


@pytest.fixture(scope="module")
def newport() -> Network:
    return real_network(NEWPORT)


@pytest.fixture(scope="module")
def small(newport: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of records of the weekend on which clocks go back."""
    raw = tmp_path_factory.mktemp("made") / "small"
    generate(newport, CLEVELAND, SMALL, raw)
    return raw


def changed(small: Path, tmp_path: Path, name: str, change: Callable[[dict[str, str]], None]) -> Path:
    """Return a copy of records with the rows of one file changed."""
    raw = tmp_path / "changed"
    shutil.copytree(small, raw)
    manifest = (raw / "manifest.toml").read_text("utf-8")
    kept = [part for part in manifest.split("\n[") if not part.startswith(f'files."{name}"')]
    (raw / "manifest.toml").write_text("\n[".join(kept), "utf-8")
    with (raw / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        change(row)
    with (raw / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return raw


def in_utc(text: str) -> datetime:
    """Read a local time of the small period that is there once."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)


class TestEveryVerdictIsTrue:
    def test_in_newport_when_clocks_go_back(self, small: Path, tmp_path: Path) -> None:
        shutil.copytree(small, tmp_path / "raw")
        found = judged(imported(tmp_path / "raw"))
        assert len(found) == SMALL.incidents
        assert differences(found, truth_of(small)) == []

    def test_in_gothenburg_when_clocks_go_forward(self, gothenburg: Network, tmp_path: Path) -> None:
        plan = replace(SMALL, start=FORWARD, incidents=100, seed=12)
        raw = tmp_path / "raw"
        found = judged(made(gothenburg, plan, raw, abroad(tmp_path, "Europe/Stockholm")))
        assert len(found) == plan.incidents
        assert differences(found, truth_of(raw)) == []

    @pytest.mark.slow
    def test_of_a_month_in_newport(self, newport: Network, tmp_path: Path) -> None:
        raw = tmp_path / "raw"
        found = judged(made(newport, Plan(seed=21), raw))
        truth = truth_of(raw)
        assert differences(found, truth) == []
        assert {row["verdict"] for row in truth.values()} == {verdict.verdict for verdict in found.values()}

    @pytest.mark.slow
    def test_of_a_month_in_gothenburg(self, gothenburg: Network, tmp_path: Path) -> None:
        raw = tmp_path / "raw"
        force_file = abroad(tmp_path, "Europe/Stockholm")
        plan = Plan(start=date(2025, 3, 15), seed=22)
        assert differences(judged(made(gothenburg, plan, raw, force_file)), truth_of(raw)) == []


class TestWhatIsMade:
    def test_the_same_plan_gives_the_same_bytes(self, newport: Network, small: Path, tmp_path: Path) -> None:
        generate(newport, CLEVELAND, SMALL, tmp_path / "again")
        for path in sorted(small.iterdir()):
            assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name

    def test_the_clock_goes_back_inside(self, small: Path) -> None:
        with (small / "statuses.csv").open(encoding="utf-8", newline="") as file:
            told = [datetime.fromisoformat(row["at"]) for row in csv.DictReader(file)]
        assert any(at.date() == date(2025, 10, 26) and at.hour == 1 for at in told)

    def test_arrivals_are_missing_as_planned(self, small: Path) -> None:
        with (small / "assignments.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        missing = sum(not row["on_scene_at"] for row in rows if row["cleared_at"] and row["ended"] == "clear")
        assert 0.08 < missing / len(rows) < 0.28

    def test_every_kind_of_verdict_comes_up(self, small: Path) -> None:
        told = Counter(row["verdict"] for row in truth_of(small).values())
        assert {"nearest_sent", "nearer_not_eligible", "nearer_eligible_not_sent", "unknown", "dropped"} <= told.keys()


class TestHindsight:
    """The same record with one status entered late."""

    def test_a_status_entered_late_was_not_known(self, small: Path, tmp_path: Path) -> None:
        truth = {name: row for name, row in truth_of(small).items() if row["verdict"] == "nearer_eligible_not_sent"}
        with (small / "statuses.csv").open(encoding="utf-8", newline="") as file:
            statuses = list(csv.DictReader(file))
        freed = dict(self._freed(truth, statuses))
        kept_back = list(freed.values())

        def late(row: dict[str, str]) -> None:
            if row in kept_back:
                row["entered_at"] = "2025-10-28T12:00:00Z"

        found = judged(imported(changed(small, tmp_path, "statuses.csv", late)))
        assert [name for name in freed if found[name].nearest_eligible == truth[name]["nearest_eligible"]] == []
        assert freed
        assert any(found[name].verdict != "nearer_eligible_not_sent" for name in freed)

    def test_without_any_status_it_is_not_known_who_could_have_gone(self, small: Path, tmp_path: Path) -> None:
        truth = truth_of(small)
        wanted = {row["nearest_eligible"] for row in truth.values() if row["verdict"] == "nearer_eligible_not_sent"}

        def late(row: dict[str, str]) -> None:
            if row["callsign"] in wanted:
                row["entered_at"] = "2025-10-28T12:00:00Z"

        found = judged(imported(changed(small, tmp_path, "statuses.csv", late)))
        before = [name for name, row in truth.items() if row["verdict"] == "nearer_eligible_not_sent"]
        assert any("nearer_unit:no_status" in found[name].because for name in before)
        assert not any(found[name].nearest_eligible in wanted for name in before)

    @staticmethod
    def _freed(
        truth: dict[str, dict[str, str]], statuses: list[dict[str, str]]
    ) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield decisions at which the better unit had been free since its last status, and that status."""
        for name, row in truth.items():
            at = datetime.fromisoformat(row["decided_at"])
            own = [one for one in statuses if one["callsign"] == row["nearest_eligible"] and in_utc(one["at"]) < at]
            known = [one for one in own[-2:] if datetime.fromisoformat(one["entered_at"]) <= at]
            if len(known) > 1 and known[1]["status"] in {"2", "3"} and known[0]["status"] in {"1", "4"}:
                yield name, known[1]


class TestTheRate:
    def test_the_long_run_rate_lies_in_the_interval(self, newport: Network, tmp_path: Path) -> None:
        self._hold(newport, tmp_path, SEEDS)

    @pytest.mark.slow
    def test_it_does_so_for_95_of_100_seeds(self, newport: Network, tmp_path: Path) -> None:
        self._hold(newport, tmp_path, 100)

    @staticmethod
    def _hold(newport: Network, tmp_path: Path, seeds: int) -> None:
        counts = list[tuple[int, int]]()
        for seed in range(seeds):
            folder = made(newport, replace(WEEKEND, seed=1_000 + seed), tmp_path / str(seed))
            told = [verdict.verdict for verdict in judged(folder).values() if verdict.verdict in JUDGED]
            counts.append((sum(each in GOOD for each in told), len(told)))
        long_run = sum(good for good, _ in counts) / sum(of for _, of in counts)
        rates = [rate(*count) for count in counts]
        inside = sum((each.low or 0.0) <= long_run <= (each.high or 0.0) for each in rates)
        assert inside >= 0.95 * seeds - 1, (inside, long_run)


@pytest.mark.slow
def test_calibration_finds_how_people_drive(newport: Network, tmp_path: Path) -> None:
    plan = Plan(date(2025, 6, 2), days=14, units=16, incidents=2_500, fix_every_s=15, keeping=FAULTLESS)
    found = fit(trips_of(evidence_of(newport, plan, tmp_path / "raw"), newport)).factors
    # Of roads on which hardly anybody drives, a fortnight tells less than 3%, and the fit says so.
    telling = [one for one in found if one.kind == "class" and one.low and one.high and one.high / one.low < 1.06]
    assert len(telling) >= 6
    for one in telling:
        assert one.factor == pytest.approx(DRIVING.by_class[one.profile][one.name], rel=0.03), one
