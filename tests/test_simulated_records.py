"""A simulated shift, exported as records and audited, gives the simulator's own answers."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from dispatch.force import Force
from dispatch.model import Incident, Picture
from dispatch.recommend import recommend
from dispatch.watched import TOGETHER
from graphs.conditions import Change, Conditions, Stretch
from graphs.errors import InputError
from graphs.network import Network
from known_truth import NOW, imported
from nightshift import CLEVELAND, changed
from roadmaps import draw
from scenarios.evidence import MANIFEST, read_evidence
from scenarios.import_notes import SIMULATED
from scenarios.judge import Sent, by_road, judge
from scenarios.replay import VERDICTS, replay
from scenarios.scenario import (
    MS_PER_HOUR,
    Break,
    Crews,
    Duty,
    History,
    HotSpot,
    Length,
    PolicyChoice,
    Rate,
    Room,
    Scenario,
    Service,
    Station,
)
from scenarios.scenario_head import CodesTable
from scenarios.simulated import Simulated
from scenarios.simulated_records import export, write_records
from scenarios.simulated_watch import RecordsWatch
from scenarios.simulation import simulate
from scenarios.verdict import JUDGED, Verdict
from verdicts import read_verdicts

TOWN = draw(
    """
    A---B---C---D---E
    |   |   |   |   |
    F---G---H---I---J
    |   |   |   |   |
    K---L---M---N---O
    """,
    "A-B-C-D-E-J-O-N-M-L-K-F-A residential length=900",
    "F-G-H-I-J residential length=900",
    "B-G-L secondary length=900",
    "C-H-M residential length=900",
    "D-I-N secondary length=900",
)
START = datetime(2026, 3, 2, 6, tzinfo=UTC)
NEAREST = PolicyChoice("nearest_first")
STATIONS = (Station("West", *TOWN.at("F"), sector="W", custody=True), Station("East", *TOWN.at("J"), sector="E"))


def duty(callsign: str, start_h: float, end_h: float, crew: int = 2, **more: Any) -> Duty:
    """Make a duty of the east for callsigns that begin with E, of the west otherwise."""
    east = callsign.startswith("E")
    known = {"skills": frozenset({"taser"}), "sector": "E" if east else "W", "station": "East" if east else "West"}
    return Duty(callsign, round(start_h * MS_PER_HOUR), round(end_h * MS_PER_HOUR), crew, **{**known, **more})


# Hand-overs on the hour, at the station and in the middle of work.
DUTIES = (
    duty("W1", -4, 4),
    duty("W1", 4, 12),
    duty("W2", -1, 7, patrol="sector", breaks=(Break(2 * MS_PER_HOUR, 4 * MS_PER_HOUR, 1_800_000),)),
    duty("E1", -4, 4, patrol="sector"),
    duty("E1", 4, 12, vehicle="car"),
    duty("E2", 0, 4, crew=1, vehicle="car", patrol="hot_spots"),
    duty("=E3", 1, 9, station="East", sector="E", patrol="hot_spots"),
)
RATES = (
    Rate("theft", "priority", 4.0),
    Rate("violence", "emergency", 2.0, tags=frozenset({"domestic_abuse"}), units_needed=2),
    Rate("noise", "standard", 3.0),
)
SERVICES = (Service(Length("lognormal", 1500.0, 900.0), custody_share=0.2, custody=Length("fixed", 1800.0)),)


def shift(**more: Any) -> Scenario:
    told: dict[str, Any] = {
        "name": "shift",
        "network": TOWN.network,
        "force": CLEVELAND,
        "start": START,
        "hours": 8,
        "stations": STATIONS,
        "duties": DUTIES,
        "demand": RATES,
        "services": SERVICES,
        "codes": CodesTable().by_activity(),
        "hot_spots": (HotSpot("market", *TOWN.at("D"), None, 1.0, 600),),
        "room": Room({"emergency": Length("gamma", 60.0, 30.0), "priority": Length("exponential", 120.0)}),
        "crews": Crews(travel_spread=0.2),
        "warm_up_h": 1,
        "cool_down_h": 1,
    }
    return Scenario(**{**told, **more})


class Kept(RecordsWatch):
    """Keeps whole pictures too, of the decisions that first sent somebody."""

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[str, tuple[Picture, Incident, tuple[str, ...]]] = {}

    def decided(self, now_ms: int, picture: Picture, incident: Incident, sent: tuple[str, ...]) -> None:
        super().decided(now_ms, picture, incident, sent)
        if sent:
            self.first.setdefault(incident.incident_id, (picture, incident, sent))


@dataclass
class Audited:
    """A replication, what was seen of it, and what the audit says of its records."""

    scenario: Scenario
    simulated: Simulated
    watch: Kept
    folder: Path
    verdicts: dict[str, Verdict]

    @property
    def incidents(self) -> dict[str, dict[str, Any]]:
        return {row["incident_id"]: row for row in self.simulated.incidents.iter_rows(named=True)}


def audited(scenario: Scenario, tmp_path: Path, choice: PolicyChoice = NEAREST, replication: int = 1) -> Audited:
    watch = Kept()
    simulated = simulate(scenario, choice, replication, watch=watch)
    write_records(scenario, simulated, watch, tmp_path / "records")
    folder = imported(tmp_path / "records")
    replay(folder, tmp_path / "replayed", jobs=1)
    verdicts = {verdict.incident_id: verdict for verdict in read_verdicts(tmp_path / "replayed" / VERDICTS)}
    return Audited(scenario, simulated, watch, folder, verdicts)


def require_same(found: Audited) -> Counter[str]:
    """Hold every verdict against the simulator's own answer; return how many there are of each class."""
    incidents, classes = found.incidents, Counter[str]()
    assert incidents.keys() == found.verdicts.keys()
    for name, verdict in found.verdicts.items():
        own = incidents[name]
        if name not in found.watch.first:
            assert (verdict.because, own["first_assigned_ms"]) == ("nobody_sent", None)
            classes["nobody"] += 1
            continue
        assert verdict.verdict in JUDGED
        first = set(found.watch.first[name][2])
        # Who is sent a moment later, and came on duty in between, may be nearer than all who could be sent at first.
        assert verdict.nearest_eligible in {own["nearest_eligible"], *(set(verdict.sent) - first)}
        if set(verdict.sent) == first:
            _require_same_answer(found, name, verdict)
            classes[verdict.verdict] += 1
        else:
            # Whom the audit takes as one decision: all within a minute, without who was called away at once.
            assert _more_came_of_it(found, name)
            classes["together"] += 1
    return classes


def _require_same_answer(found: Audited, name: str, verdict: Verdict) -> None:
    own, scenario = found.incidents[name], found.scenario
    picture, incident, sent = found.watch.first[name]
    told = recommend(picture, incident, scenario.network, scenario.force, scenario.conditions)
    asked = judge(by_road(told, scenario.force, Sent(frozenset(sent))))
    assert verdict.judged == own["first_sent"]
    assert verdict.sent_s is not None
    assert verdict.nearest_eligible_s is not None
    assert round((verdict.sent_s - verdict.nearest_eligible_s) * 1000) == own["behind_ms"]
    assert (verdict.verdict, verdict.because) == (asked.verdict, asked.because)
    assert (verdict.better or None) == (asked.better.unit.callsign if asked.better else None)
    if asked.better is not None and asked.judged is not None:
        assert verdict.lost_s == pytest.approx(asked.judged.cost - asked.better.cost, abs=1e-9)
    nearest = verdict.verdict in {"nearest_sent", "nearer_not_eligible"}
    assert nearest == (own["first_sent"] == own["nearest_eligible"])


def _more_came_of_it(found: Audited, name: str) -> bool:
    rows = [row for row in found.simulated.assignments.iter_rows(named=True) if row["incident_id"] == name]
    first_ms, minute_ms = min(row["assigned_ms"] for row in rows), TOGETHER // timedelta(milliseconds=1)
    more = [row for row in rows if 0 < row["assigned_ms"] - first_ms <= minute_ms]
    gone = [
        row for row in rows if row["en_route_ms"] is None and (row["cleared_ms"] or first_ms) - first_ms <= minute_ms
    ]
    return bool(more or gone)


class TestSameAnswers:
    @pytest.mark.parametrize(
        "choice",
        [NEAREST, PolicyChoice("sector_first"), PolicyChoice("coverage_reserve"), PolicyChoice("cutoff_reserve")],
    )
    def test_under_every_policy(self, choice: PolicyChoice, tmp_path: Path) -> None:
        found = audited(shift(), tmp_path, choice)
        classes = require_same(found)
        assert sum(classes.values()) > 60
        assert classes["nearest_sent"] > 15
        assert classes["nearer_not_eligible"] > 3
        assert ("diverted" in set(found.simulated.assignments["ended"])) == (choice.name != "cutoff_reserve")

    @pytest.mark.parametrize(
        "choice", [PolicyChoice("sector_first"), PolicyChoice("coverage_reserve", {"weight": 5.0})]
    )
    def test_where_others_than_the_nearest_are_sent(self, choice: PolicyChoice, tmp_path: Path) -> None:
        # Few enough calls that somebody can be chosen.
        quiet = tuple(replace(rate, per_hour=rate.per_hour / 3.0) for rate in RATES)
        classes = require_same(audited(shift(demand=quiet, seed=3), tmp_path, choice))
        assert classes["nearer_eligible_not_sent"] > 0

    def test_when_units_are_planned_in_batches(self, tmp_path: Path) -> None:
        classes = require_same(audited(shift(hours=2), tmp_path, PolicyChoice("batch")))
        assert classes["nearest_sent"] + classes["nearer_not_eligible"] > 15

    @pytest.mark.parametrize("on_scene_min", [3, 6, 10])
    def test_where_everything_happens_on_the_minute(self, on_scene_min: int, tmp_path: Path) -> None:
        # Calls, times and decisions fall on the same milliseconds, three calls at a time.
        minute = timedelta(minutes=1)
        told = [
            Incident(*TOWN.at(place), grade, f"{n}{place}", START + 10 * n * minute, units_needed=1 + (n % 3 == 0))
            for n in range(-6, 48)
            for place, grade in zip("AHO", ("standard", "priority", "emergency"), strict=True)
        ]
        asked = shift(
            demand=History(tuple(told), "none"), services=(Service(Length("fixed", 60.0 * on_scene_min)),),
            room=Room(decide_ms=0), crews=Crews(briefing_ms=0), network=on_the_minute(),
        )  # fmt: skip
        found = audited(asked, tmp_path)
        decided = Counter(decision.now_ms for decision in found.watch.decisions)
        assert max(decided.values()) > 2
        freed = set(found.simulated.assignments["cleared_ms"].to_list())
        assert len(freed & decided.keys()) > 10
        assert require_same(found)["nearest_sent"] > 10

    def test_with_roads_closed_and_slow(self, tmp_path: Path) -> None:
        closed = Change(
            "works", tuple(Stretch(edge, 0.0, 1.0) for edge in (TOWN.edge("GH"), TOWN.edge("HG"))),
            start=START + timedelta(hours=2), end=START + timedelta(hours=5),
        )  # fmt: skip
        slow = Change("fair", (Stretch(TOWN.edge("CH"), 0.25, 0.75),), factor=0.3)
        found = audited(shift(conditions=Conditions((closed, slow), TOWN.network.hash)), tmp_path)
        assert len(read_evidence(found.folder).closures) == 2
        assert require_same(found)["nearest_sent"] > 15

    def test_on_the_roads_of_gothenburg(self, gothenburg: Network, tmp_path: Path) -> None:
        box = gothenburg.area.bounds
        lat, lon = gothenburg.area.centroid.y, gothenburg.area.centroid.x
        east = lon + (box[2] - box[0]) / 5
        stations = (Station("West", lat, lon, "W", custody=True), Station("East", lat, east, "E"))
        asked = shift(network=gothenburg, stations=stations, hot_spots=(HotSpot("square", lat, east, None, 1.0, 600),))
        classes = require_same(audited(asked, tmp_path, PolicyChoice("sector_first")))
        assert sum(classes.values()) > 60
        assert classes["nearest_sent"] > 8


def on_the_minute() -> Network:
    """Return the town with every street a minute long, and no delay at junctions."""
    return draw(
        """
        A---B---C---D---E
        |   |   |   |   |
        F---G---H---I---J
        |   |   |   |   |
        K---L---M---N---O
        """,
        "A-B-C-D-E-J-O-N-M-L-K-F-A residential normal_s=60 response_s=60",
        "F-G-H-I-J residential normal_s=60 response_s=60",
        "B-G-L residential normal_s=60 response_s=60",
        "C-H-M residential normal_s=60 response_s=60",
        "D-I-N residential normal_s=60 response_s=60",
    ).network


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestRecords:
    def test_every_row_is_taken_and_nothing_has_to_be_assumed(self, tmp_path: Path) -> None:
        counts = export(shift(), NEAREST, 2, tmp_path / "records")
        summary = orjson.loads((imported(tmp_path / "records") / "import.json").read_bytes())
        for table, told in summary["tables"].items():
            assert (told["read"], told["imported"]) == (counts[f"{table}.csv"], counts[f"{table}.csv"]), table
        assert summary["notes"] == [SIMULATED]
        assert summary["replayable"]

    def test_a_shift_ahead_is_audited_and_said_to_be_simulated(self, tmp_path: Path) -> None:
        ahead = shift(start=NOW + timedelta(days=365))
        found = audited(ahead, tmp_path)
        require_same(found)
        evidence = read_evidence(found.folder)
        assert evidence.manifest.start > NOW
        assert evidence.manifest.notes == (SIMULATED,)

    def test_records_ahead_that_are_not_simulated_are_refused(self, tmp_path: Path) -> None:
        export(shift(start=NOW + timedelta(days=365)), NEAREST, 1, tmp_path / "records")
        manifest = tmp_path / "records" / MANIFEST
        manifest.write_text(manifest.read_text("utf-8").replace("simulated = true", "simulated = false"), "utf-8")
        with pytest.raises(InputError, match="up to the end of the period or now"):
            imported(tmp_path / "records")

    def test_force_profile_and_roads_are_the_scenarios_own(self, tmp_path: Path) -> None:
        profile = changed(CLEVELAND, "statuses", "3", mobilisation_s=77)
        asked = shift(force=profile)
        export(asked, NEAREST, 1, tmp_path / "records")
        evidence = read_evidence(imported(tmp_path / "records"))
        assert evidence.force.hash == profile.hash == Force.read(tmp_path / "records" / "force.toml").hash
        network = evidence.network()
        assert network is not None
        assert network.hash == asked.network.hash

    def test_who_works_on_after_the_end_is_on_duty_until_it_is_free(self, tmp_path: Path) -> None:
        asked = shift(services=(Service(Length("fixed", 5_400.0)),), demand=(Rate("x", "priority", 8.0),))
        export(asked, NEAREST, 1, tmp_path / "records")
        ends = {(it["callsign"], it["start"][:13]): it["end"] for it in rows_of(tmp_path / "records" / "duties.csv")}
        assert ends["W1", "2026-03-02T05"] > "2026-03-02T10:00:00.1"
        starts = [it["start"] for it in rows_of(tmp_path / "records" / "duties.csv") if it["callsign"] == "W1"]
        assert starts[1] > ends["W1", "2026-03-02T05"]

    def test_reports_between_decisions(self, tmp_path: Path) -> None:
        asked = shift(demand=())
        counts = [
            export(asked, NEAREST, 1, tmp_path / str(every_ms), every_ms=every_ms)["positions.csv"]
            for every_ms in (None, 60_000)
        ]
        assert counts[0] == 0
        assert counts[1] > 600

    def test_a_callsign_that_a_spreadsheet_would_run_comes_through(self, tmp_path: Path) -> None:
        found = audited(shift(), tmp_path)
        assert "=E3" in read_evidence(found.folder).fixes.callsigns
        assert any("=E3" in verdict.sent for verdict in found.verdicts.values())

    def test_what_lasts_no_time_is_hardly_ever_needed(self, tmp_path: Path) -> None:
        found = audited(shift(), tmp_path)
        states = found.simulated.states.filter(found.simulated.states["activity"] != "mobilising")
        assert len(rows_of(tmp_path / "records" / "statuses.csv")) <= len(states)

    def test_the_same_simulation_gives_the_same_bytes(self, tmp_path: Path) -> None:
        for name in "ab":
            export(shift(), NEAREST, 1, tmp_path / name)
        files = sorted(path.name for path in (tmp_path / "a").iterdir())
        assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)
