"""The same question gives the same answer: whoever else is there, twice, in another process, with nothing read."""

from __future__ import annotations

import ast
import builtins
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta, timezone
from importlib import resources
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dispatch
from dispatch.force import Force
from dispatch.model import Fix, Incident, Picture, Unit
from dispatch.recommend import recommend
from dispatch.recommendation import LedgerLine, LeftBehind, Recommendation
from nightshift import CLEVELAND, NOW, TOWN, ago, ask, incident, unit


def order(answer: Recommendation) -> list[str]:
    return [line.unit.callsign for line in answer.ledger]


SKILLS = st.frozensets(st.sampled_from(["taser", "domestic_abuse_trained"]))
PLACES = st.builds(
    TOWN.at, st.sampled_from("ABCDEFGHXYZ"), east_m=st.integers(-150, 150), north_m=st.integers(-150, 150)
)
FIXES = st.builds(
    Fix,
    st.just(0.0),
    st.just(0.0),
    st.integers(-20, 400).map(ago),
    st.sampled_from([None, 0.0, 50.0]),
    st.sampled_from([None, 0.0, 90.0, 200.0]),
    st.sampled_from([None, 0.0, 40.0]),
)


@st.composite
def shifts(draw_: st.DrawFn) -> tuple[Unit, ...]:
    units = []
    for row in range(draw_(st.integers(1, 7))):
        lat, lon = draw_(PLACES)
        fix = draw_(st.none() | FIXES)
        told = draw_(
            st.builds(
                Unit,
                st.just(f"U{row}"),
                st.sampled_from(["2", "2", "3", "5", "6", "7", "11", None]),
                st.just(None if fix is None else replace(fix, lat=lat, lon=lon)),
                st.sampled_from([None, 0, 1, 2]),
                SKILLS,
                incident_id=st.sampled_from([None, None, "N-7"]),
                committed_grade=st.sampled_from([None, "standard"]),
            )
        )
        units.append(told)
    return tuple(units)


QUESTIONS = st.builds(
    Incident,
    st.just(0.0),
    st.just(0.0),
    st.sampled_from(["emergency", "priority", "standard"]),
    tags=st.frozensets(st.sampled_from(["domestic_abuse", "vulnerable"])),
    needs=st.sampled_from([frozenset[str](), frozenset({"taser"})]),
    units_needed=st.integers(1, 3),
)


def own(line: LedgerLine) -> tuple[LedgerLine, LeftBehind | None]:
    """Return what a line says about its unit alone: not its distance to the first, nor who would take its place."""
    leaves = line.leaves and replace(line.leaves, next_callsign=None, delay_ms=None, because="")
    return replace(line, behind_ms=None), leaves


@given(units=shifts(), asked=QUESTIONS, place=PLACES, data=st.data())
@settings(max_examples=150, deadline=None)
def test_other_units_change_nothing_about_a_unit(
    units: tuple[Unit, ...], asked: Incident, place: tuple[float, float], data: st.DataObject
) -> None:
    asked = replace(asked, lat=place[0], lon=place[1])
    open_ = (incident(TOWN.at("G"), "standard", incident_id="N-7"),)
    whole = ask(TOWN.network, asked, *units, others=open_)
    assert sorted(order(whole)) == sorted(who.callsign for who in units)
    otherwise = ask(TOWN.network, asked, *data.draw(st.permutations(units)), others=open_)
    assert otherwise == whole
    assert otherwise.to_json() == whole.to_json()
    kept = data.draw(st.lists(st.sampled_from(units), unique_by=lambda who: who.callsign))
    for line in ask(TOWN.network, asked, *kept, others=open_).ledger:
        assert own(line) == own(whole.line(line.unit.callsign))


@given(units=shifts(), asked=QUESTIONS, place=PLACES)
@settings(max_examples=100, deadline=None)
def test_a_ledger_agrees_with_itself(units: tuple[Unit, ...], asked: Incident, place: tuple[float, float]) -> None:
    asked = replace(asked, lat=place[0], lon=place[1])
    answer = ask(TOWN.network, asked, *units)
    timed = [line for line in answer.ledger if line.eta is not None]
    assert answer.ledger[: len(timed)] == tuple(timed)
    assert answer.nearest == (timed[0].unit.callsign if timed else None)
    eligible = [line.unit.callsign for line in answer.ledger if not line.failed]
    assert answer.suggested[:1] == tuple(eligible[:1])
    assert (answer.outcome == "suggested") == bool(eligible)
    for line in timed:
        assert line.eta is not None
        assert line.eta.time_ms == line.eta.mobilisation_ms + line.eta.drive_ms + line.eta.walk_ms
        assert line.eta.mobilisation_ms <= line.eta.earliest_ms <= line.eta.time_ms <= line.eta.latest_ms
        assert line.behind_ms == line.eta.time_ms - (timed[0].eta.time_ms if timed[0].eta else 0)
        assert (
            line.straight_m or 0
        ) <= line.eta.leg.length_m + line.eta.leg.spot.gap_m + line.eta.leg.approach.gap_m + 1
    assert all(line.failed for line in answer.ledger if line.eta is None)
    assert json.loads(answer.to_json()) == json.loads(json.dumps(answer.as_dict()))


def full_question() -> tuple[Picture, Incident]:
    """A question that needs every part of the brain."""
    units = (
        unit("U1", TOWN.at("A"), "taser", "negotiator", "mental_health", crew=1, sector="North"),
        unit("U2", TOWN.at("H"), "domestic_abuse_trained", "taser", "firearms", accuracy_m=None, age_s=100),
        unit("U3", TOWN.at("B"), "taser", status="7", incident_id="N-7", committed_grade="standard", crew=None),
        unit("U4", TOWN.at("F"), status="11", duty_end=ago(60)),
        unit("U5", TOWN.at("X"), "taser"),
        unit("U6", None),
        unit("U7", (0.0, 0.0), status=None),
    )
    asked = incident(
        TOWN.at("C", north_m=30), "emergency", "domestic_abuse", "vulnerable", "child_at_risk", needs=["taser"],
        incident_id="N-1", received_at=ago(90), sector="South", units_needed=2, type="Café",
    )  # fmt: skip
    return Picture(NOW, units, (incident(TOWN.at("G"), "standard", incident_id="N-7"), asked)), asked


class TestSameBytes:
    def test_twice(self) -> None:
        picture, asked = full_question()
        answers = {recommend(picture, asked, TOWN.network, CLEVELAND).to_json() for _ in range(2)}
        assert len(answers) == 1

    def test_from_another_copy_of_everything(self) -> None:
        picture, asked = full_question()
        network = replace(TOWN.network, tail=TOWN.network.tail.copy())
        force = Force.model_validate(CLEVELAND.model_dump())
        first = recommend(picture, asked, TOWN.network, CLEVELAND).to_json()
        assert recommend(*full_question(), network, force).to_json() == first

    def test_whatever_offset_its_times_came_with(self) -> None:
        picture, asked = full_question()
        zone = timezone(timedelta(hours=-7))

        def moved(who: Unit) -> Unit:
            fix = who.fix and replace(who.fix, fixed_at=who.fix.fixed_at.astimezone(zone))
            return replace(who, fix=fix, duty_end=who.duty_end and who.duty_end.astimezone(zone))

        assert asked.received_at is not None
        elsewhere = Picture(NOW.astimezone(zone), tuple(map(moved, picture.units)), picture.incidents)
        asked_elsewhere = replace(asked, received_at=asked.received_at.astimezone(zone))
        answer = recommend(elsewhere, asked_elsewhere, TOWN.network, CLEVELAND).to_json()
        assert answer == recommend(picture, asked, TOWN.network, CLEVELAND).to_json()

    def test_across_processes(self) -> None:
        script = """
import sys
from test_same_answer import CLEVELAND, TOWN, full_question, recommend
sys.stdout.buffer.write(recommend(*full_question(), TOWN.network, CLEVELAND).to_json())
"""
        tests = Path(__file__).parent
        here = recommend(*full_question(), TOWN.network, CLEVELAND).to_json()
        for seed in ("0", "4711"):
            environment = {
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)]),
            }
            done = subprocess.run(  # noqa: S603 - this test's own text
                [sys.executable, "-c", script], env=environment, capture_output=True, check=True
            )
            assert done.stdout == here

    def test_it_is_utf_8_json_on_one_line(self) -> None:
        picture, asked = full_question()
        answer = recommend(picture, asked, TOWN.network, CLEVELAND).to_json()
        assert answer.endswith(b"}\n")
        assert answer.count(b"\n") == 1
        assert "Café".encode() in answer


class TestPure:
    def test_it_reads_no_clock_no_file_and_no_dice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        picture, asked = full_question()
        # Compiled code and the hash of the product's own text are read once, by the first answer.
        first = recommend(picture, asked, TOWN.network, CLEVELAND)

        def refuse(*_: object, **__: object) -> NoReturn:
            raise AssertionError("the brain looked outside")

        outside = {
            builtins: ("open", "input", "print"),
            os: ("open", "urandom", "stat", "getenv"),
            time: ("time", "time_ns", "monotonic", "perf_counter", "sleep", "localtime", "gmtime"),
            random: ("random", "randint", "choice", "shuffle"),
            np.random: ("random", "default_rng"),
        }
        with monkeypatch.context() as patched:
            for module, names in outside.items():
                for name in names:
                    patched.setattr(module, name, refuse)
            again = recommend(*full_question(), TOWN.network, CLEVELAND)
        assert again == first

    def test_the_interpreter_sees_nothing_opened(self) -> None:
        script = """
import sys
from test_same_answer import CLEVELAND, TOWN, full_question, recommend
first = recommend(*full_question(), TOWN.network, CLEVELAND)
seen, watching = [], True
sys.addaudithook(lambda event, _: seen.append(event) if watching else None)
again = recommend(*full_question(), TOWN.network, CLEVELAND)
watching = False
assert again == first
print([event for event in seen if event.split(".")[0] not in {"object", "sys", "code", "builtins"}])
"""
        tests = Path(__file__).parent
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])}
        done = subprocess.run(  # noqa: S603 - this test's own text
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout == "[]\n"

    def test_no_module_of_dispatch_asks_what_time_it_is(self) -> None:
        clocks = {"now", "today", "utcnow", "time", "monotonic", "perf_counter"}
        modules = sorted(Path(str(resources.files(dispatch))).glob("*.py"))
        assert len(modules) > 5
        for path in modules:
            calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
            assert not [call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in clocks], path

    def test_what_was_asked_is_unchanged(self) -> None:
        picture, asked = full_question()
        before = json.dumps(CLEVELAND.model_dump(mode="json"))
        arrays = {name: array.copy() for name, array in TOWN.network.arrays().items()}
        recommend(picture, asked, TOWN.network, CLEVELAND)
        assert (picture, asked) == full_question()
        assert json.dumps(CLEVELAND.model_dump(mode="json")) == before
        for name, array in TOWN.network.arrays().items():
            np.testing.assert_array_equal(array, arrays[name])
