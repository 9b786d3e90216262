"""One past incident at any moment: what was known then, who could have gone, and what was entered only later."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace as but
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.errors import InputError
from graphs.profiles import Profiles
from nightshift import TOWN
from records import Row, at, call, fix, on_duty, sent, write_records
from roadmaps import draw
from scenarios.evidence import POSITIONS
from scenarios.looked_back import STRETCH, LookBack, Then
from scenarios.moments import STEPS
from scenarios.past import PastAmendment, PastDuty, PastIncident, PastRegrade, PastStatus
from scenarios.past_fixes import SCHEMA, PastFixes, microseconds
from scenarios.replay import LEDGERS, replay
from scenarios.report_cases import ledgers_of
from scenarios.workplace import manifest_hash

Opened = Callable[..., LookBack]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    def make(rows: Iterable[Row | Iterable[Row]], fixes: Sequence[Any] = (), **more: Any) -> LookBack:
        flat = [row for each in rows for row in ([each] if hasattr(each, "__slots__") else each)]
        folder = write_records(tmp_path / "records", flat, fixes, **more)
        return LookBack.open(folder, manifest_hash(folder))

    return make


def closed(entered_s: float, **properties: Any) -> dict[str, Any]:
    (south, west), (north, east) = TOWN.at("A"), TOWN.at("B")
    line = {"type": "LineString", "coordinates": [[west * 0.6 + east * 0.4, south], [west * 0.4 + east * 0.6, north]]}
    told = {"type": "Feature", "geometry": line, "properties": {"name": "works", **properties}}
    return {**told, "entered_at": at(entered_s).isoformat(), "lifted_entered_at": None}


def told(back: LookBack) -> list[tuple[str, float, float]]:
    """Every step, with when it happened and when it was known, in seconds after the call."""
    return [
        (each.step, (each.at - at(0)).total_seconds(), (each.known_at - at(0)).total_seconds())
        for each in back.happened("1")
    ]


class TestSteps:
    def test_each_stands_where_it_happened_with_when_it_was_entered(self, opened: Opened) -> None:
        gone = {"en_route_at": at(70), "on_scene_at": at(300), "cleared_at": at(900), "cleared_entered_at": at(1000)}
        back = opened([
            call(entered_at=at(10), closed_at=at(950), closed_entered_at=at(960), outcome="done"),
            PastRegrade("1", at(40), "priority", at(55)),
            PastAmendment("1", at(45), "sector", "North"),
            on_duty("R1"), on_duty("R2"),
            sent("R1", entered_at=at(65), **gone), sent("R2", after_s=400.0),
        ])  # fmt: skip
        assert told(back) == [
            ("received", 0, 10), ("graded", 40, 55), ("amended", 45, 45), ("decision", 60, 65), ("en_route", 70, 70),
            ("at_scene", 300, 300), ("sent", 400, 400), ("cleared", 900, 1000), ("closed", 950, 960),
        ]  # fmt: skip
        assert [each.callsigns for each in back.happened("1") if each.step in {"decision", "sent"}] == [
            ("R1",),
            ("R2",),
        ]
        assert back.span("1") == (at(0), at(1000))
        assert back.decided_at("1") == at(60)

    def test_those_sent_together_are_one_decision_and_who_was_called_off_is_not(self, opened: Opened) -> None:
        off = {"cleared_at": at(90), "ended": "stood_down"}
        back = opened([call(), on_duty("R1"), on_duty("R2"), on_duty("R3"),
                       sent("R1"), sent("R2", after_s=80.0), sent("R3", after_s=65.0, **off)])  # fmt: skip
        steps = [(each.step, each.callsigns) for each in back.happened("1")]
        assert ("decision", ("R1", "R2")) in steps
        assert ("sent", ("R3",)) in steps

    def test_who_was_entered_long_after_the_others_was_not_known_with_them(self, opened: Opened) -> None:
        back = opened([call(), on_duty("R1"), on_duty("R2"), on_duty("R3"),
                       sent("R1", entered_at=at(65)), sent("R2", after_s=80.0, entered_at=at(95)),
                       sent("R3", entered_at=at(3600), on_scene_at=at(200))])  # fmt: skip
        steps = {each.callsigns: (each.step, each.known_at) for each in back.happened("1") if each.step != "at_scene"}
        assert steps["R1", "R2"] == ("decision", at(65))
        assert steps["R3",] == ("sent", at(3600))
        assert [(each.name, each.callsigns) for each in back.then("1", at(100)).later] == [("sent", ("R3",))]

    def test_a_second_report_is_a_step_of_the_first(self, opened: Opened) -> None:
        other = call(incident_id="2", received_at=at(30), merged_into="1")
        back = opened([call(), other, on_duty("R1"), sent("R1", incident_id="2")])
        assert [each.step for each in back.happened("1")] == ["received", "second_report", "decision"]
        assert back.happened("1")[1].value == "2"

    def test_nobody_sent(self, opened: Opened) -> None:
        back = opened([call()])
        assert (back.decided_at("1"), [each.step for each in back.happened("1")]) == (None, ["received"])
        with pytest.raises(KeyError):
            back.happened("2")

    def test_every_step_has_a_place_in_the_order(self) -> None:
        assert len(set(STEPS)) == len(STEPS)


class TestKnown:
    def test_a_unit_stands_where_it_was_known_to_be_with_the_age_of_that(self, opened: Opened) -> None:
        fixes = [fix("R1", "B", 10), fix("R1", "D", 50, received_s=80), fix("R1", "A", 200)]
        back = opened([call(), on_duty("R1"), sent("R1", on_scene_at=at(300))], fixes)
        for moment, place, age_s in ((60, "B", 50), (79, "B", 69), (80, "D", 30), (199, "D", 149), (200, "A", 0)):
            then = back.then("1", at(moment))
            (unit,) = then.picture.units
            assert unit.fix is not None
            assert (unit.fix.lat, unit.fix.lon) == pytest.approx(TOWN.at(place)), moment
            assert then.at - unit.fix.fixed_at == timedelta(seconds=age_s)
        later = back.then("1", at(60)).later
        assert [(each.kind, each.name, each.at, each.known_at) for each in later] == [
            ("position", "R1", at(50), at(80)),
        ]  # fmt: skip
        assert later[0].fix is not None
        assert (later[0].fix.lat, later[0].fix.lon) == pytest.approx(TOWN.at("D"))
        assert back.then("1", at(80)).later == ()

    def test_who_could_have_gone_changes_with_what_is_known(self, opened: Opened) -> None:
        back = opened(
            [call(), on_duty("R1"), on_duty("R2"), PastStatus("R2", at(30), "6"), sent("R1", on_scene_at=at(300))],
            [fix("R1", "B", 5), fix("R2", "D", 5)],
        )
        for moment, eligible in ((20, "R2"), (40, "R1")):
            answer = back.then("1", at(moment)).answer
            assert answer is not None
            assert answer.nearest_eligible == eligible

    def test_own_assignments_bind_nobody_until_the_decision(self, opened: Opened) -> None:
        back = opened([call(), on_duty("R1"), sent("R1", on_scene_at=at(300))], [fix("R1", "B", 5)])
        bound = [
            (then.before, then.picture.units[0].incident_id) for then in (back.then("1", at(s)) for s in (59, 60, 61))
        ]
        assert bound == [(True, None), (True, None), (False, "1")]

    def test_an_incident_that_was_entered_late_was_not_known(self, opened: Opened) -> None:
        back = opened([call(entered_at=at(30)), on_duty("R1"), sent("R1")], [fix("R1", "B", 5)])
        before, after = back.then("1", at(29)), back.then("1", at(30))
        assert (before.incident, before.answer, before.why_not) == (None, None, "not_entered")
        assert [each.name for each in before.later] == ["received"]
        assert after.incident is not None
        assert after.answer is not None

    @pytest.mark.parametrize(
        ("incident", "more", "why"),
        [
            (call(None), {}, "no_place"),
            (call(grade=None), {}, "no_grade"),
            (call(grade="yellow"), {}, "unknown_grade"),
            (call(), {"network": None}, "no_roads"),
            (PastIncident("1", at(0), "emergency", lat=0.0, lon=0.0), {}, "outside_network"),
        ],
    )
    def test_where_nobody_can_be_told_it_says_why(
        self, opened: Opened, incident: PastIncident, more: dict[str, Any], why: str
    ) -> None:
        then = opened([incident, on_duty("R1"), sent("R1")], [fix("R1", "B", 5)], **more).then("1", at(60))
        assert (then.answer, then.why_not) == (None, why)
        assert len(then.picture.units) == 1
        assert then.way("R1") is None

    def test_without_duties_nobody_can_be_told(self, opened: Opened) -> None:
        assert opened([call(), sent("R1")], [fix("R1", "B", 5)]).then("1", at(60)).why_not == "no_duties"

    def test_a_status_entered_later_is_hindsight(self, opened: Opened) -> None:
        late = PastStatus("R1", at(20), "6", at(70))
        back = opened([call(), on_duty("R1"), late, sent("R1", on_scene_at=at(300))], [fix("R1", "B", 5)])
        then = back.then("1", at(60))
        assert then.picture.units[0].status == "2"
        assert [(each.kind, each.name, each.value) for each in then.later] == [("status", "R1", "6")]
        after = back.then("1", at(70))
        assert (after.picture.units[0].status, after.later) == ("6", ())

    def test_a_closure_entered_later_is_hindsight(self, opened: Opened) -> None:
        rows = [call(), on_duty("R1"), sent("R1", on_scene_at=at(300))]
        back = opened(rows, [fix("R1", "B", 5)], closures=[closed(100, **{"from": at(-50).isoformat()})])
        then, after = back.then("1", at(60)), back.then("1", at(100))
        assert [each["properties"]["name"] for each in then.later_closures["features"]] == ["works"]
        assert [(each.kind, each.name, each.at) for each in then.later] == [("closure", "works", at(-50))]
        assert (then.closures["features"], after.later, after.later_closures["features"]) == ([], (), [])
        assert [each["properties"]["name"] for each in after.closures["features"]] == ["works"]

    def test_the_way_is_that_of_the_time(self, opened: Opened) -> None:
        back = opened([call(), on_duty("R1"), sent("R1")], [fix("R1", "B", 5)])
        way = back.then("1", at(60)).way("R1")
        assert way is not None
        (south, west), (_, east) = TOWN.at("A"), TOWN.at("B")
        assert way[0][0] == pytest.approx(east, abs=1e-3)
        assert way[-1] == pytest.approx((west, south), abs=1e-3)

    def test_records_that_were_changed_are_refused(self, opened: Opened, tmp_path: Path) -> None:
        opened([call()])
        folder = tmp_path / "records"
        manifest = manifest_hash(folder)
        with (folder / "statuses.csv").open("a") as file:
            file.write("\n")
        with pytest.raises(InputError, match=r"statuses\.csv"):
            LookBack.open(folder, manifest)

    @pytest.mark.parametrize("there", ["another", "none"])
    def test_positions_that_were_changed_after_it_was_opened_are_not_shown(
        self, opened: Opened, tmp_path: Path, there: str
    ) -> None:
        back = opened([call(), on_duty("R1"), sent("R1", on_scene_at=at(300))], [fix("R1", "B", 5)])
        assert back.changed() == []
        path = tmp_path / "records" / POSITIONS
        path.unlink()
        if there == "another":
            pl.DataFrame([fix("R1", "D", 5)], schema=SCHEMA).write_parquet(path)
        assert back.changed() == [POSITIONS]
        with pytest.raises(InputError, match=r"positions\.parquet"):
            back.then("1", at(60))

    def test_roads_that_are_loaded_are_taken_where_they_are_the_same(self, tmp_path: Path) -> None:
        folder = write_records(tmp_path / "records", [call(), *on_duty("R1"), sent("R1", on_scene_at=at(300))])
        same, manifest = TOWN.network, manifest_hash(folder)
        assert LookBack.open(folder, manifest, same).then("1", at(60)).network is same
        text = resources.files("graphs").joinpath("profiles.toml").read_text("utf-8")
        other = Profiles.parse(text.replace("normal = { value = 0.85", "normal = { value = 0.84", 1), "another")
        assert other.hash != same.profiles.hash
        for loaded in (but(same, profiles=other), draw("A-B", "A-B").network):
            assert LookBack.open(folder, manifest, loaded).then("1", at(60)).network is not loaded


class TestManyAtOnce:
    """Several auditors look at one incident, or one whose browser no longer waits for what it asked before."""

    def test_no_moment_shows_anything_of_another(self, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
        rows = [call(), *on_duty("R1"), PastStatus("R1", at(600), "6"), sent("R1", on_scene_at=at(1700))]
        back = opened(rows, [fix("R1", "B", 10), fix("R1", "D", 900)])
        alone = {moment: back.then("1", moment).picture for moment in (at(1000), at(70))}
        read, once = PastFixes.fixes, iter([True])
        with ThreadPoolExecutor(1) as pool:
            others = list[Future[Then]]()

            def meanwhile(fixes: PastFixes, rows: Any) -> list[Any]:
                """Have the other moment asked for just before the units of this one are put together."""
                if next(once, False):
                    others.append(pool.submit(back.then, "1", at(1000)))
                    wait(others, timeout=1.0)
                return read(fixes, rows)

            monkeypatch.setattr(PastFixes, "fixes", meanwhile)
            assert back.then("1", at(70)).picture == alone[at(70)]
            (other,) = others
            assert other.result().picture == alone[at(1000)]


class TestStretches:
    """Positions are read for an hour at a time, and tell of it what all of them tell."""

    @given(
        st.lists(
            st.tuples(st.sampled_from("AB"), st.integers(-9000, 4000), st.sampled_from([-90, -3, 0, 0, 0, 50, 4000])),
            max_size=30,
        ),
        st.integers(0, 3599),
        st.integers(-9000, 4000),
    )
    @settings(deadline=None, max_examples=60)
    def test_a_stretch_tells_the_newest_of_each_as_all_do(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        reports: list[tuple[str, int, int]],
        second: int,
        since: int,
    ) -> None:
        rows = sorted((name, fixed, fixed + late) for name, fixed, late in set(reports))
        # Each has a place of its own, by which it is told from the others.
        there = [
            {**fix(name, "A", fixed, received), "lat": 54.0 + number / 1e3}
            for number, (name, fixed, received) in enumerate(rows)
        ]
        path = tmp_path_factory.mktemp("positions") / POSITIONS
        pl.DataFrame(there, schema=SCHEMA).write_parquet(path)
        every = PastFixes.read(path)
        part = PastFixes.read_stretch(path, at(0), at(0) + STRETCH, timedelta(seconds=10))
        assert part.callsigns == every.callsigns
        assert part.in_order()
        asked = np.arange(len(every.callsigns))
        since_us = np.full(len(asked), microseconds(at(since)))

        def newest(fixes: PastFixes) -> list[Any]:
            found = fixes.newest(asked, since_us, microseconds(at(second)), 10_000_000)
            return [fixes.fix(row) if row >= 0 else None for row in found.tolist()]

        assert newest(part) == newest(every)

    def test_what_lies_before_and_after_it_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / POSITIONS
        there = [fix("R1", "A", float(second)) for second in range(-5000, 9000, 5)]
        pl.DataFrame(there, schema=SCHEMA).write_parquet(path)
        part = PastFixes.read_stretch(path, at(0), at(0) + STRETCH, timedelta(0))
        assert (len(part.lat), int(part.fixed_us[0]), int(part.fixed_us[-1])) == (
            721, microseconds(at(0)), microseconds(at(3600)),
        )  # fmt: skip

    def test_both_sides_of_an_hour_are_shown(self, opened: Opened) -> None:
        # Told at 23:10, so that the hour ends at 3,000 s.
        fixes = [fix("R1", "B", 10), fix("R1", "D", 2990, received_s=3005), fix("R1", "A", 3100)]
        back = opened([call(), on_duty("R1"), sent("R1", on_scene_at=at(4000))], fixes)
        for moment, place in ((2999, "B"), (3001, "B"), (3005, "D"), (3200, "A"), (2999, "B")):
            (unit,) = back.then("1", at(moment)).picture.units
            assert unit.fix is not None
            assert (unit.fix.lat, unit.fix.lon) == pytest.approx(TOWN.at(place)), moment
        assert [each.at for each in back.then("1", at(2999)).later] == [at(2990)]


class TestAsReplayed:
    """What is shown of the moment of the decision is what the verdict was made from."""

    def test_the_lines_of_the_ledger_are_those_of_the_replay(self, tmp_path: Path) -> None:
        draw = random.Random(7)
        rows: list[Row] = [row for number in range(6) for row in on_duty(f"R{number}", draw.choice("236"))]
        rows.append(PastDuty("R6", at(-90_000), at(100_000), 2))
        fixes = [fix("R6", "A", -86_000)]
        for number in range(12):
            begun = number * 300.0
            name = f"I{number}"
            rows.append(call(draw.choice("ABCDEFGH"), name, received_at=at(begun)))
            gone = {"on_scene_at": at(begun + 200), "cleared_at": at(begun + draw.uniform(250, 900))}
            rows.append(sent(f"R{draw.randrange(6)}", name, begun + draw.uniform(5, 60), **gone))
            for unit in range(6):
                true = begun - draw.uniform(0, 120)
                fixes.append(fix(f"R{unit}", draw.choice("ABCDEFGH"), true, true + draw.choice((0, 0, 90))))
        folder = write_records(tmp_path / "records", rows, fixes)
        done = replay(folder, tmp_path / "out", jobs=1)
        back = LookBack.open(folder, manifest_hash(folder))
        names = {each.incident_id for each in done.verdicts}
        ledgers = ledgers_of(tmp_path / "out" / LEDGERS, names)
        assert len(ledgers) == 12
        for name, ledger in ledgers.items():
            decided_at = back.decided_at(name)
            assert decided_at is not None
            answer = back.then(name, decided_at).answer
            assert answer is not None
            lines = {line["callsign"]: line for line in orjson.loads(answer.to_json())["ledger"]}
            assert ledger["conditions"] == answer.versions["conditions"]
            for line in ledger["lines"]:
                there = lines[line["callsign"]]
                assert {key: there[key] for key in line.keys() & there.keys()} == {
                    key: line[key] for key in line.keys() & there.keys()
                }

    def test_a_position_of_yesterday_is_too_old_and_not_none_at_all(self, tmp_path: Path) -> None:
        long_ago = [PastDuty("R1", at(-100_000), at(20_000), 2), PastStatus("R1", at(-5_000), "2")]
        folder = write_records(
            tmp_path / "records", [call(), *long_ago, sent("R1", on_scene_at=at(300))], [fix("R1", "B", -90_000)]
        )
        (verdict,) = replay(folder, tmp_path / "out", jobs=1).verdicts
        assert verdict.because == "sent_unit:stale_fix"
        then = LookBack.open(folder, manifest_hash(folder)).then("1", at(60))
        (unit,) = then.picture.units
        assert unit.fix is not None
        assert unit.fix.fixed_at == at(-90_000)
        assert then.answer is not None
        (line,) = then.answer.ledger
        assert "stale_fix" in {failure.rule for failure in line.failed}
