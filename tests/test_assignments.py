"""Sending units: whom anybody may send at a word, and what is asked of who departs from it; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from desks import TOWN, Room
from dispatch import incidents
from dispatch.advice import ask_again, changes, read_asked
from dispatch.errors import (
    Conflict,
    NotEligible,
    NotSuggested,
    StaleRecommendation,
    UnitTaken,
    Unknown,
    WrongStep,
)
from dispatch.live import Roads
from dispatch.state import Step
from dispatch.transitions import STEPS
from graphs.errors import InputError

A, B, C, D, F = (TOWN.at(place) for place in "ABCDF")


@pytest.fixture
def room(rooms: Callable[..., Room]) -> Room:
    """A room with R21 at hand, R22 farther off, and an incident."""
    made = rooms()
    made.on_duty("R21", B)
    made.on_duty("R22", D)
    made.receive("N-1", A)
    return made


class TestSending:
    def test_the_suggested_unit_is_sent_at_a_word(self, room: Room) -> None:
        number, made = room.keep("N-1")
        assert made.suggested == ("R21",)
        room.send("N-1", "R21", recommendation=number)
        (sent,) = room.case("N-1").assignments
        assert (sent.callsign, sent.suggested, sent.recommendation, sent.by) == ("R21", True, number, "anna")
        assert room.unit("R21").incident_id == "N-1"

    def test_another_needs_one_of_the_forces_reasons(self, room: Room) -> None:
        with pytest.raises(NotSuggested, match="R21 is suggested") as refused:
            room.send("N-1", "R22")
        assert refused.value.more["recommendation"]["suggested"] == ["R21"]
        with pytest.raises(InputError, match="reason"):
            room.send("N-1", "R22", reason="because")
        reason = next(iter(room.desk.force.override_reasons))
        room.send("N-1", "R22", reason=reason, note="she knows the family")
        (sent,) = room.case("N-1").assignments
        assert (sent.suggested, sent.reason, sent.note) == (False, reason, "she knows the family")

    def test_an_ineligible_one_needs_a_confirmation_as_well(self, room: Room) -> None:
        room.status("R21", "4")
        reason = next(iter(room.desk.force.override_reasons))
        for told in ({}, {"reason": reason}, {"confirm": True}):
            with pytest.raises(NotEligible, match="status: status 4") as refused:
                room.send("N-1", "R21", **told)
            assert refused.value.more["failed"][0]["rule"] == "status"
        room.send("N-1", "R21", reason=reason, confirm=True)
        assert room.case("N-1").assignments[0].failed == ("status",)

    def test_one_that_no_road_leads_from_is_not_eligible(self, room: Room) -> None:
        room.on_duty("R30", A)
        room.fix("R30", (54.9, -1.25), ago_s=-1)
        with pytest.raises(NotEligible, match="outside_area"):
            room.send("N-1", "R30")

    def test_who_is_not_on_duty_cannot_be_sent(self, room: Room) -> None:
        with pytest.raises(Unknown, match="no unit R99 is on duty"):
            room.send("N-1", "R99")

    def test_an_incident_that_ended_gets_nobody(self, room: Room) -> None:
        fresh = room.ask("N-1")
        room.do(partial(incidents.cancelled, incident_id="N-1", because="a hoax"))
        with pytest.raises(Unknown, match="no incident N-1 is open"):
            room.send("N-1", "R21", fresh=fresh)


class TestTwoDispatchers:
    def test_the_second_hears_who_was_first_and_when_and_who_is_next(self, room: Room) -> None:
        room.receive("N-2", B)
        seen = room.ask("N-2")
        room.send("N-1", "R21", by="anna")
        with pytest.raises(UnitTaken, match="R21 was sent to incident N-1 by anna at 2026-01-31T23:10") as refused:
            room.send("N-2", "R21", by="bo", fresh=seen)
        taken = refused.value.more["taken"]
        assert taken == {
            "callsign": "R21",
            "incident_id": "N-1",
            "by": "anna",
            "at": "2026-01-31T23:10:00.000000Z",
        }
        with pytest.raises(UnitTaken) as refused:
            room.send("N-2", "R21", by="bo")
        assert refused.value.more["recommendation"]["suggested"] == ["R22"]

    def test_a_unit_is_sent_to_an_incident_once(self, room: Room) -> None:
        room.send("N-1", "R21")
        with pytest.raises(UnitTaken, match="R21 was sent to incident N-1"):
            room.send("N-1", "R21")

    def test_of_many_at_once_one_wins(self, room: Room, rooms: Callable[..., Room]) -> None:
        others = [rooms() for _ in range(6)]
        told: list[str] = []

        def send(other: Room, by: str) -> None:
            try:
                other.send("N-1", "R21", by=by)
                told.append("sent")
            except UnitTaken as refused:
                told.append(refused.more["taken"]["by"])

        threads = [threading.Thread(target=send, args=(other, f"d{place}")) for place, other in enumerate(others)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (sent,) = room.case("N-1").assignments
        assert sorted(told) == sorted(["sent", *[sent.by] * 5])


class TestStale:
    def test_what_has_changed_is_said(self, room: Room) -> None:
        number, _ = room.keep("N-1")
        room.on_duty("R23", A)
        with pytest.raises(StaleRecommendation, match="R23 came on duty; suggested now: R23") as refused:
            room.send("N-1", "R21", recommendation=number)
        assert refused.value.more["changed"] == ["R23 came on duty"]
        assert refused.value.more["recommendation"]["suggested"] == ["R23"]

    def test_a_unit_that_came_nearer_makes_it_stale(self, room: Room) -> None:
        number, _ = room.keep("N-1")
        room.later(1)
        room.fix("R22", A)
        with pytest.raises(StaleRecommendation, match="positions have changed"):
            room.send("N-1", "R21", recommendation=number)

    def test_what_does_not_matter_does_not(self, room: Room) -> None:
        number, _ = room.keep("N-1")
        room.receive("N-2", D)
        room.later(30)
        room.send("N-1", "R21", recommendation=number)
        assert room.unit("R21").incident_id == "N-1"

    def test_a_recommendation_for_another_incident_is_none(self, room: Room) -> None:
        room.receive("N-2", D)
        number, _ = room.keep("N-2")
        with pytest.raises(Unknown, match=f"no recommendation {number} for incident N-1"):
            room.send("N-1", "R21", recommendation=number)

    def test_other_incidents_do_not_count_but_other_units_do(self, room: Room) -> None:
        basis = room.live.state.seq
        room.receive("N-2", D)
        room.status("R22", "4")
        room.do(partial(incidents.regraded, incident_id="N-2", grade="standard", because="x", at=room.now))
        room.do(partial(incidents.regraded, incident_id="N-1", grade="priority", because="x", at=room.now))
        with room.desk.store.reading() as reading:
            said = changes(reading.after(basis), "N-1")
        assert said == ["R22 reported status 4", "the incident was regraded from emergency to priority"]


class TestDiverting:
    def test_a_unit_goes_to_the_more_urgent_and_the_other_waits_again(self, room: Room) -> None:
        room.receive("N-2", F, "standard")
        room.send("N-2", "R21")
        room.step("N-2", "R21", "en_route")
        room.off_duty("R22")
        with pytest.raises(UnitTaken, match="to take it from there, divert it"):
            room.send("N-1", "R21")
        room.send("N-1", "R21", divert=True)
        assert room.unit("R21").incident_id == "N-1"
        assert room.case("N-2").bound == ()
        assert [item.step for item in room.case("N-2").assignments] == ["diverted"]

    def test_the_rules_of_the_force_hold(self, room: Room) -> None:
        room.receive("N-2", F, "emergency")
        room.send("N-2", "R21", reason=next(iter(room.desk.force.override_reasons)))
        with pytest.raises(NotEligible, match="committed to incident N-2"):
            room.send("N-1", "R21", divert=True)

    def test_a_free_unit_cannot_be_diverted(self, room: Room) -> None:
        with pytest.raises(Conflict, match="not bound to an incident: assign it"):
            room.send("N-1", "R21", divert=True)


class TestSteps:
    @pytest.mark.parametrize("step", STEPS)
    @pytest.mark.parametrize("then", ["en_route", "at_scene", "clear", "stood_down"])
    def test_each_pair_of_the_table(self, rooms: Callable[..., Room], step: Step, then: Step) -> None:
        room = rooms()
        room.on_duty("R21", B)
        room.receive("N-1", A)
        room.send("N-1", "R21")
        ways: dict[Step, tuple[Step, ...]] = {
            "assigned": (),
            "clear": ("at_scene", "clear"),
            "diverted": (),
        }
        if step == "diverted":
            room.receive("N-2", A)
            reason = next(iter(room.desk.force.override_reasons))
            room.send("N-2", "R21", divert=True, confirm=True, reason=reason)
        for way in ways.get(step, (step,)):
            room.step("N-1", "R21", way)
        if then in STEPS[step]:
            room.step("N-1", "R21", then)
            assert room.case("N-1").assignments[0].step == then
        else:
            with pytest.raises(Conflict):
                room.step("N-1", "R21", then)

    def test_a_radio_that_says_so_takes_the_step(self, room: Room) -> None:
        room.send("N-1", "R21")
        room.later(20)
        room.status("R21", "5")
        room.later(300)
        room.status("R21", "6")
        (sent,) = room.case("N-1").assignments
        assert sent.en_route_at is not None
        assert sent.at_scene_at is not None
        assert (sent.at_scene_at - sent.en_route_at).total_seconds() == 300

    def test_a_step_sets_the_status_that_goes_with_it(self, room: Room) -> None:
        room.send("N-1", "R21")
        for step, status in (("en_route", "5"), ("at_scene", "6"), ("clear", "2")):
            room.step("N-1", "R21", step)
            assert room.unit("R21").status == status
        assert room.unit("R21").incident_id is None

    def test_one_that_is_not_bound_takes_none(self, room: Room) -> None:
        with pytest.raises(Conflict, match="R21 is not bound to incident N-1"):
            room.step("N-1", "R21", "en_route")

    def test_what_may_follow_is_told(self, room: Room) -> None:
        room.send("N-1", "R21")
        with pytest.raises(WrongStep) as refused:
            room.step("N-1", "R21", "clear")
        assert refused.value.more["allowed"] == ["en_route", "at_scene", "stood_down", "diverted"]


class TestKept:
    def test_a_kept_recommendation_can_be_made_again_to_the_byte(self, room: Room) -> None:
        room.close_road("x", "Linthorpe Road")
        number, made = room.keep("N-1")
        with room.desk.store.reading() as reading:
            row = reading.row(number)
            assert row is not None
            told = row.details or {}
            question = reading.document(told["question_sha256"])
            answer = reading.document(told["answer_sha256"])
        assert question is not None
        room.later(500)
        again = ask_again(read_asked(question), room.desk.network, room.desk.force, Roads(room.desk.network))
        assert again.to_json() == answer == made.to_json()
