"""What a supervisor sees of a day is what an audit of that day says, wherever it says anything."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from api.routes import supervision as route
from api.routes.supervision import answer, open_before, watch
from api.supervision_answers import Seen
from desks import TOWN, Room
from dispatch import incidents, supervision, supervision_rows
from dispatch.force import Force
from dispatch.watched import DOMESTIC_ABUSE, Beside
from dispatch.watched import told_of as incidents_of
from nightshift import CLEVELAND, changed
from scenarios.audit_response import response_of
from scenarios.replay import Replayed, replay
from scenarios.verdict import Verdict
from test_replay_record import imported

PLACES = "ABCDEFGH"


def told_of(room: Room, hours: float = 24) -> dict[str, Any]:
    """What a supervisor is told of the hours until now."""
    with room.desk.store.reading() as reading:
        start, end = room.now - timedelta(hours=hours), room.now + timedelta(seconds=1)
        return answer(reading, room.desk.force, start, end, room.now)


def told_now(room: Room, hours: float) -> dict[str, Any]:
    """The same as it is told where no end is asked for."""
    start = room.now - timedelta(hours=hours)
    earlier = open_before(room.live, start)
    with room.desk.store.reading() as reading:
        return answer(reading, room.desk.force, start, room.now + timedelta(seconds=1), room.now, earlier)


def seen_by(room: Room, from_h: float = 24, to_h: float = 0) -> dict[str, Seen]:
    """What is said of each incident received between so many hours ago and so many; of the last day otherwise."""
    end = room.now - timedelta(hours=to_h) + timedelta(seconds=0 if to_h else 1)
    with room.desk.store.reading() as reading:
        seen, _ = watch(reading, room.desk.force, room.now - timedelta(hours=from_h), end)
    return {each.one.incident_id: each for each in seen}


def verdict_of(room: Room, incident_id: str = "I-1") -> tuple[str, str]:
    verdict = seen_by(room)[incident_id].verdict
    return verdict.verdict, verdict.because


def advised(room: Room, incident_id: str, callsign: str, **more: Any) -> None:
    """Ask, keep, and send at once."""
    seq, _ = room.keep(incident_id)
    room.send(incident_id, callsign, recommendation=seq, **more)


class Day:
    """A day at a desk that keeps its advice: some sent against it, together, taken back, merged, regraded, too late."""

    def __init__(self, room: Room, seed: int) -> None:
        self.room, self.draw = room, random.Random(seed)
        self.free = [f"BX{number}" for number in range(21, 29)]
        self.busy = dict[str, list[str]]()
        self.at_once = set[str]()

    def run(self, calls: int) -> None:
        for callsign in self.free:
            self.room.on_duty(callsign, self.place(), self.draw.choice("23"), self.draw.choice((1, 2)), hours=20)
        for number in range(calls):
            self.room.later(self.draw.uniform(20, 200))
            self.something()
            self.call(f"I-{number}")

    def place(self) -> Any:
        return TOWN.at(self.draw.choice(PLACES))

    def something(self) -> None:
        room, draw = self.room, self.draw
        for callsign in draw.sample(self.free, min(3, len(self.free))):
            room.fix(callsign, self.place(), draw.uniform(0, 30))
            room.later(1)
        if self.free and draw.random() < 0.5:
            room.status(draw.choice(self.free), draw.choice(("2", "3", "4")))
            room.later(1)
        for incident_id in list(self.busy):
            if draw.random() < 0.5:
                self.attend(incident_id)

    def attend(self, incident_id: str) -> None:
        room, draw, sent = self.room, self.draw, self.busy.pop(incident_id)
        for callsign in sent:
            if draw.random() < 0.8:
                room.step(incident_id, callsign, "at_scene")
                room.later(2)
                room.step(incident_id, callsign, "clear")
            else:
                room.step(incident_id, callsign, "stood_down")
            self.free.append(callsign)
            room.later(1)
        if draw.random() < 0.7:
            room.do(partial(incidents.closed, incident_id=incident_id, outcome="done"))
            room.later(1)

    def call(self, incident_id: str) -> None:
        room, draw = self.room, self.draw
        tags = draw.choice(([], [], [DOMESTIC_ABUSE], ["cut_off_call"]))
        grade = draw.choice(("emergency", "priority", "standard", "resolved_without_deployment"))
        room.receive(incident_id, self.place(), grade, tags=tags)
        room.later(draw.uniform(1, 40))
        if draw.random() < 0.15:
            room.do(partial(incidents.amended, incident_id=incident_id, changes={"tags": [DOMESTIC_ABUSE]}))
            room.later(1)
        if draw.random() < 0.1 and self.free:
            others = [name for name in room.live.state.incidents if name != incident_id]
            if others:
                room.do(partial(incidents.linked, incident_id=incident_id, duplicate_of=draw.choice(others)))
                return
        self.send(incident_id)

    def send(self, incident_id: str) -> None:
        room, draw = self.room, self.draw
        seq, told = room.keep(incident_id)
        pause_s = draw.choice((0, 0, 0, 15, 90))
        room.later(pause_s)
        if pause_s and self.free:
            room.status(draw.choice(self.free), draw.choice(("2", "3", "4")))
        eligible = [line.unit.callsign for line in told.ledger if line.eligible and line.unit.callsign in self.free]
        if not eligible:
            return
        first = eligible[0] if draw.random() < 0.6 else draw.choice(eligible)
        others = [name for name in eligible if name != first]
        sent = [first, *others[: draw.random() < 0.3]]
        for callsign in sent:
            room.send(incident_id, callsign, recommendation=seq, reason=draw.choice(("other", "cover")), confirm=True)
            self.free.remove(callsign)
            room.later(draw.uniform(1, 5))
        if not pause_s:
            self.at_once.add(incident_id)
        self.busy[incident_id] = sent


def audited(room: Room, folder: Path) -> Replayed:
    return replay(imported(room, folder, TOWN.network), folder / "out", jobs=1)


@pytest.mark.parametrize("seed", range(3))
def test_a_day_counts_here_as_in_an_audit_of_it(room: Room, tmp_path: Path, seed: int) -> None:
    day = Day(room, seed)
    day.run(40)
    # So long that nothing is pending.
    room.later(9 * 3600)
    seen, told, audit = seen_by(room), told_of(room), audited(room, tmp_path)
    there = {one.incident_id: one for one in audit.verdicts}
    assert seen.keys() == there.keys()
    assert sum(is_judged_alike(seen[name].verdict, there[name], at_once=name in day.at_once) for name in seen) > 10
    responds_alike(everybody(told)["responses"], audit.verdicts)


def is_judged_alike(here: Verdict, there: Verdict, *, at_once: bool) -> bool:
    """Hold what is said of an incident against its audit; return whether it was judged."""
    assert (here.decided_at, here.sent, here.domestic_abuse) == (there.decided_at, there.sent, there.domestic_abuse)
    assert (here.grade, here.tags, here.sector) == (there.grade, there.tags, there.sector), here
    if here.because in {"advice_old", "advice_overtaken"} and not at_once:
        return False
    assert (here.verdict, here.because, here.cause) == (there.verdict, there.because, there.cause), here
    assert (here.judged, here.better, here.lost_s) == (there.judged, there.better, there.lost_s), here
    return here.verdict not in {"unknown", "dropped"}


def responds_alike(here: dict[str, Any], verdicts: Sequence[Verdict]) -> None:
    rows = [row for row in response_of(verdicts, CLEVELAND).by_last_grade if row.target_s is not None]
    timed = [row.in_target_of_timed for row in rows if row.in_target_of_timed is not None]
    assert here["in_target_of_timed"]["count"] == sum(each.count for each in timed)
    assert here["in_target_of_timed"]["of"] == sum(each.of for each in timed) > 5
    assert (here["zero"], here["doubtful"]) == (sum(row.zero for row in rows), sum(row.doubtful for row in rows))
    # Of those open, an audit says that no arrival is recorded, or that nobody was sent.
    unattended = here["missing"] + here["nobody_sent"] + here["overdue"]
    assert unattended == sum(row.missing + row.nobody_sent for row in rows)
    assert here["pending"] == 0


def everybody(told: dict[str, Any], group: str = "all") -> dict[str, Any]:
    (found,) = (each for each in told["groups"] if each["group"] == group)
    assert isinstance(found, dict)
    return found


def regrade(room: Room, grade: str) -> None:
    room.do(partial(incidents.regraded, incident_id="I-1", grade=grade, at=room.now, because="calmer"))


@pytest.fixture
def manned(room: Room) -> Room:
    """A room with a unit at each end of the town."""
    room.on_duty("BX21", TOWN.at("A"))
    room.on_duty("BX22", TOWN.at("D"))
    return room


class TestTheNearest:
    def test_was_sent_as_advised(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        advised(manned, "I-1", "BX21")
        assert verdict_of(manned) == ("nearest_sent", "")
        told = everybody(told_of(manned))
        assert told["counts"]["nearest_sent"] == 1
        assert told["suggested_sent"]["count"] == told["nearest_sent"]["of_attended"]["count"] == 1

    def test_was_passed_over(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"), tags=[DOMESTIC_ABUSE])
        advised(manned, "I-1", "BX22", reason="known_to_victim", note="Speaks Polish")
        assert verdict_of(manned) == ("nearer_eligible_not_sent", "")
        told = told_of(manned)
        (passed,) = told["not_nearest"]
        assert (passed["sent"], passed["better"], passed["by"]) == (["BX22"], "BX21", ["anna"])
        assert passed["lost_s"] > 0
        assert passed["reasons"] == [
            {"reason": "known_to_victim", "label": CLEVELAND.override_reasons["known_to_victim"]}
        ]
        (override,) = told["overrides"]
        assert (override["reason"], override["count"], override["domestic_abuse"]) == ("known_to_victim", 1, 1)
        (sent,) = override["sent"]
        assert (sent["incident_id"], sent["callsign"], sent["by"], sent["note"]) == (
            "I-1",
            "BX22",
            "anna",
            "Speaks Polish",
        )
        assert everybody(told)["suggested_sent"]["count"] == 0

    def test_is_told_with_what_was_known_when_units_were_sent(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"), "standard")
        advised(manned, "I-1", "BX22", reason="cover")
        manned.later(1200)
        regrade(manned, "emergency")
        manned.do(partial(incidents.amended, incident_id="I-1", changes={"tags": [DOMESTIC_ABUSE]}))
        told = told_of(manned)
        (passed,), (override,) = told["not_nearest"], told["overrides"]
        assert (passed["grade"], [each["grade"] for each in override["sent"]]) == ("standard", ["standard"])
        verdict = seen_by(manned)["I-1"].verdict
        assert (verdict.grade, verdict.tags) == ("standard", ())
        # That it was domestic abuse counts whenever it became known.
        assert passed["domestic_abuse"]

    def test_is_not_known_without_advice(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        manned.send("I-1", "BX21")
        assert verdict_of(manned) == ("unknown", "not_advised")
        told = everybody(told_of(manned))
        # What is not known counts as not: never good, and not left out either.
        assert told["nearest_sent"]["of_attended"] | {"high": 0} == {
            "count": 0,
            "of": 1,
            "share": 0.0,
            "low": 0.0,
            "high": 0,
        }
        assert told["nearest_sent"]["of_judged"] == {"count": 0, "of": 0, "share": None, "low": None, "high": None}
        # That it was the suggested one, the sending itself says.
        assert told["suggested_sent"]["count"] == 1

    def test_is_not_known_from_old_advice(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        seq, _ = manned.keep("I-1")
        manned.later(CLEVELAND.fixes.fresh_s)
        manned.fix("BX21", TOWN.at("A"))
        manned.fix("BX22", TOWN.at("D"))
        manned.send("I-1", "BX21", recommendation=seq)
        assert verdict_of(manned) == ("nearest_sent", "")
        manned.receive("I-2", TOWN.at("C"))
        seq, _ = manned.keep("I-2")
        manned.later(CLEVELAND.fixes.fresh_s + 1)
        manned.fix("BX22", TOWN.at("D"))
        manned.send("I-2", "BX22", recommendation=seq)
        assert verdict_of(manned, "I-2") == ("unknown", "advice_old")

    @pytest.mark.parametrize(
        ("meanwhile", "verdict"),
        [
            (lambda room: room.status("BX22", "4"), "nearest_sent"),
            (lambda room: room.status("BX21", "3"), "unknown"),
            (lambda room: room.on_duty("BX23", TOWN.at("B")), "unknown"),
            (lambda room: room.close_road("works", "Parliament Road"), "unknown"),
            (lambda room: regrade(room, "priority"), "unknown"),
            (lambda room: room.receive("I-2", TOWN.at("D")), "nearest_sent"),
        ],
        ids=["a farther unit", "the unit itself", "a new unit", "a closure", "the incident", "another incident"],
    )  # fmt: skip
    def test_is_not_known_where_something_came_between(
        self, manned: Room, meanwhile: Callable[[Room], object], verdict: str
    ) -> None:
        manned.receive("I-1", TOWN.at("B"))
        seq, _ = manned.keep("I-1")
        manned.later(5)
        meanwhile(manned)
        manned.send("I-1", "BX21", recommendation=seq, reason="other")
        assert verdict_of(manned)[0] == verdict

    def test_may_be_taken_from_elsewhere(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("C"), "standard")
        advised(manned, "I-1", "BX22")
        manned.receive("I-2", TOWN.at("D"))
        advised(manned, "I-2", "BX22", divert=True)
        assert verdict_of(manned, "I-2") == ("nearest_sent", "")

    def test_is_no_question_of_a_second_report(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        advised(manned, "I-1", "BX21")
        manned.later(30)
        manned.receive("I-2", TOWN.at("B"))
        manned.do(partial(incidents.linked, incident_id="I-2", duplicate_of="I-1"))
        assert verdict_of(manned, "I-2") == ("dropped", "merged")
        assert everybody(told_of(manned))["responses"]["with_target"] == 1


class TestLate:
    def test_nobody_there_yet(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        assert everybody(told_of(manned))["responses"]["pending"] == 1
        manned.later(CLEVELAND.grades["emergency"].target_urban_s or 0)
        assert told_of(manned)["late"] == []
        manned.later(60)
        (late,) = told_of(manned)["late"]
        target_s = late["target_s"]
        assert (late["incident_id"], late["waiting"], late["arrived_at"], late["sent"]) == ("I-1", True, None, [])
        assert late["late_s"] == pytest.approx((CLEVELAND.grades["emergency"].target_urban_s or 0) + 60 - target_s)

    def test_there_too_late(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        advised(manned, "I-1", "BX21")
        manned.later(1500)
        manned.fix("BX21", TOWN.at("B"))
        manned.step("I-1", "BX21", "at_scene")
        manned.later(500)
        (late,) = told_of(manned)["late"]
        assert (late["waiting"], late["late_s"], late["sent"]) == (False, 1500 - late["target_s"], ["BX21"])

    def test_whoever_says_so_from_elsewhere_is_not_there(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        advised(manned, "I-1", "BX21")
        manned.later(60)
        manned.step("I-1", "BX21", "at_scene")
        manned.later(10)
        manned.fix("BX21", TOWN.at("D"))
        told = everybody(told_of(manned))["responses"]
        assert (told["doubtful"], told["in_target"]) == (1, 0)
        assert told["in_target_of_decided"]["of"] == 1

    def test_whoever_does_not_count_as_the_response_is_not_there(self, rooms: Callable[..., Room]) -> None:
        support: Force = changed(CLEVELAND, "skills", "community_support", label="Community support", stops_clock=False)
        room = rooms(force=support)
        room.on_duty("BX21", TOWN.at("A"), skills=["community_support"])
        room.receive("I-1", TOWN.at("B"))
        advised(room, "I-1", "BX21")
        room.later(60)
        room.step("I-1", "BX21", "at_scene")
        assert everybody(told_of(room))["responses"]["pending"] == 1
        room.later(3600)
        assert [late["waiting"] for late in told_of(room)["late"]] == [True]

    def test_ended_without_an_arrival_is_not_in_time(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        advised(manned, "I-1", "BX21")
        manned.step("I-1", "BX21", "stood_down")
        manned.do(partial(incidents.closed, incident_id="I-1", outcome="gone"))
        told = everybody(told_of(manned))["responses"]
        assert (told["missing"], told["in_target_of_decided"]["count"], told["in_target_of_decided"]["of"]) == (1, 0, 1)

    def test_an_arrival_that_two_assignments_tell_of_is_one(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        advised(manned, "I-1", "BX21")
        manned.later(60)
        manned.step("I-1", "BX21", "at_scene")
        with manned.desk.store.reading() as reading:
            (told,) = incidents_of(supervision_rows.rows_about(reading, ["I-1"]))
        (sent,) = told.assignments
        twice = replace(told, assignments=(sent, replace(sent, incident_id="I-2", note="as another system has it")))
        response = supervision.watched(twice, Beside(), CLEVELAND).response
        assert response is not None
        assert response.at == manned.now

    def test_skills_are_those_of_the_duty_from_which_a_unit_was_sent(self, room: Room) -> None:
        room.on_duty("BX21", TOWN.at("A"), skills=["domestic_abuse_trained"])
        room.off_duty("BX21")
        room.on_duty("BX21", TOWN.at("A"), skills=["response_driver"])
        room.receive("I-1", TOWN.at("B"))
        advised(room, "I-1", "BX21")
        (sent,) = room.case("I-1").assignments
        room.step("I-1", "BX21", "stood_down")
        room.off_duty("BX21")
        room.on_duty("BX21", TOWN.at("A"))
        with room.desk.store.reading() as reading:
            found = supervision_rows.skills_on_duty(reading, [sent])
        # Of the others of the callsign nothing is read.
        assert found == {sent.duty: frozenset({"response_driver"})}

    def test_those_who_wait_stand_first_then_the_latest(self, manned: Room) -> None:
        for number, place in enumerate("BCF"):
            manned.receive(f"I-{number}", TOWN.at(place))
        advised(manned, "I-1", "BX22")
        manned.later(3000)
        manned.step("I-1", "BX22", "at_scene")
        told = told_of(manned)["late"]
        assert [(late["incident_id"], late["waiting"]) for late in told] == [
            ("I-0", True),
            ("I-2", True),
            ("I-1", False),
        ]


class TestAcrossTheEdgeOfThePeriod:
    """What the clock does not end, a new day does not end either."""

    def test_whoever_waits_since_before_it_is_told_and_in_no_number(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        manned.later(3600)
        manned.receive("I-2", TOWN.at("B"))
        told = told_now(manned, 0.5)
        (late,) = told["late"]
        assert (late["incident_id"], late["waiting"], late["earlier"]) == ("I-1", True, True)
        assert (everybody(told)["incidents"], everybody(told)["responses"]["overdue"]) == (1, 0)
        assert [each["earlier"] for each in told_now(manned, 24)["late"]] == [False]

    def test_when_it_will_be_late_is_told(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        due_at = told_of(manned)["next_due_at"]
        manned.later(300)
        told = told_now(manned, 0.01)
        assert (told["next_due_at"], told["late"]) == (due_at, [])
        assert due_at is not None

    def test_where_somebody_was_nobody_waits(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        advised(manned, "I-1", "BX21")
        manned.later(1800)
        manned.step("I-1", "BX21", "at_scene")
        manned.later(3600)
        assert [each["waiting"] for each in told_now(manned, 24)["late"]] == [False]
        assert told_now(manned, 0.5)["late"] == []

    def test_a_first_report_before_it_counts(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        self.attend(manned, "I-1")
        manned.later(3600)
        manned.receive("I-2", TOWN.at("B"))
        self.link(manned, "I-1", "I-2")
        manned.later(7200)
        found = seen_by(manned, 2.5)
        assert list(found) == ["I-2"]
        assert found["I-2"] == seen_by(manned)["I-2"]
        one = found["I-2"].one
        assert one.sending is not None
        assert one.response is not None
        assert (one.sending.callsigns, one.response.standing(manned.now)) == (("BX21",), "in_target")

    def test_a_second_report_after_it_counts(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        manned.later(600)
        manned.receive("I-2", TOWN.at("B"))
        manned.fix("BX21", TOWN.at("A"))
        self.attend(manned, "I-2")
        self.link(manned, "I-2", "I-1")
        manned.later(3600 - 62)
        found = seen_by(manned, 24, 1.1)
        assert list(found) == ["I-1"]
        assert found["I-1"] == seen_by(manned)["I-1"]
        sending = found["I-1"].one.sending
        assert sending is not None
        assert sending.callsigns == ("BX21",)

    def test_a_second_report_from_elsewhere_is_no_arrival(self, manned: Room) -> None:
        manned.receive("I-1", TOWN.at("B"))
        manned.later(1)
        manned.receive("I-2", TOWN.at("B"))
        self.attend(manned, "I-2", "D")
        self.link(manned, "I-2", "I-1")
        told = everybody(told_of(manned))["responses"]
        assert (told["doubtful"], told["in_target"]) == (1, 0)

    def attend(self, room: Room, incident_id: str, place: str = "B") -> None:
        """Send a unit, which says a minute later that it is there, and is where it is."""
        advised(room, incident_id, "BX21")
        room.later(60)
        room.fix("BX21", TOWN.at(place))
        room.step(incident_id, "BX21", "at_scene")
        room.later(1)
        room.step(incident_id, "BX21", "clear")
        room.later(1)

    def link(self, room: Room, incident_id: str, duplicate_of: str) -> None:
        room.do(partial(incidents.linked, incident_id=incident_id, duplicate_of=duplicate_of))


def test_what_was_judged_first_goes_first_and_all_are_told_the_same(
    manned: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    manned.on_duty("BX23", TOWN.at("H"))
    for number, callsign in enumerate(("BX21", "BX22", "BX23")):
        manned.receive(f"I-{number}", TOWN.at("B"))
        advised(manned, f"I-{number}", callsign, reason="cover", confirm=True)
        manned.later(5)
    told = told_of(manned)
    monkeypatch.setattr(route, "_MOST_REMEMBERED", 2)
    route._JUDGED.clear()
    assert told_of(manned) == told
    assert [min(question.callsigns) for question, _ in route._JUDGED] == ["BX22", "BX23"]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: told_of(manned), range(16))) == [told] * 16


def test_domestic_abuse_is_told_apart_and_adds_up(room: Room) -> None:
    Day(room, 11).run(30)
    told = told_of(room)
    whole, apart = everybody(told), [everybody(told, name) for name in ("domestic_abuse", "other")]
    for name in ("counts", "responses"):
        parts = Counter[str]()
        for group in apart:
            parts.update({key: value for key, value in group[name].items() if isinstance(value, int)})
        assert {key: value for key, value in whole[name].items() if isinstance(value, int)} == dict(parts)
    assert all(group["incidents"] for group in apart)


def test_of_nothing_there_is_no_rate(room: Room) -> None:
    told = told_of(room)
    assert everybody(told)["nearest_sent"]["of_attended"]["share"] is None
    assert (told["seq"], told["late"], told["overrides"]) == (0, [], [])


def test_only_what_was_received_in_the_period_counts(manned: Room) -> None:
    manned.receive("I-1", TOWN.at("B"))
    manned.later(7200)
    manned.receive("I-2", TOWN.at("B"))
    assert [everybody(told_of(manned, hours))["incidents"] for hours in (1, 24)] == [1, 2]
