"""The desk on both databases: what is told is written down once, decided on what is known by then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from desks import TOWN, Room
from dispatch import closing as closures
from dispatch import incidents
from dispatch.errors import Conflict, KeyReused, Unknown, WrongStep
from dispatch.fold import case_of, fold
from dispatch.live import _changed, _closed_by, _conditions
from dispatch.record import verify
from dispatch.state import State
from graphs.errors import InputError

A, C = TOWN.at("A"), TOWN.at("C")


def state_again(room: Room) -> State:
    """Fold the whole record anew, and prove it whole on the way."""
    with room.desk.store.reading() as reading:
        verify(reading.after(0))
        return fold(State(), reading.after(0))


def kinds(room: Room) -> list[str]:
    with room.desk.store.reading() as reading:
        return [row.kind for row in reading.after(0)]


class TestDuties:
    def test_a_unit_comes_on_duty_and_goes(self, room: Room) -> None:
        room.on_duty("R21", A, skills=["taser"])
        assert room.unit("R21").skills == ("taser",)
        room.off_duty("R21")
        with pytest.raises(Unknown, match="no unit R21 is on duty"):
            room.unit("R21")

    def test_a_callsign_is_used_again_a_duty_is_not(self, room: Room) -> None:
        room.on_duty("R21")
        first = room.unit("R21").duty
        room.off_duty("R21")
        room.on_duty("R21")
        assert room.unit("R21").duty != first

    def test_nobody_is_on_duty_twice(self, room: Room) -> None:
        room.on_duty("R21")
        with pytest.raises(Conflict, match="R21 is on duty since"):
            room.on_duty("R21")

    def test_a_duty_that_ends_before_it_starts_is_refused(self, room: Room) -> None:
        with pytest.raises(InputError, match="a moment after duty_start"):
            room.on_duty("R21", hours=-2)

    def test_an_unknown_status_or_skill_is_refused_and_leaves_no_trace(self, room: Room) -> None:
        with pytest.raises(InputError) as refused:
            room.on_duty("R21", status="99", skills=["tazer"])
        assert [fault.field for fault in refused.value.faults] == ["skills", "status"]
        assert "did you mean taser?" in str(refused.value)
        assert kinds(room) == []

    def test_a_unit_bound_to_an_incident_cannot_go_off_duty(self, room: Room) -> None:
        room.on_duty("R21", A)
        room.receive("N-1", C)
        room.send("N-1", "R21")
        with pytest.raises(Conflict, match="R21 is bound to incident N-1"):
            room.off_duty("R21")
        with pytest.raises(Conflict, match="R21 is bound to incident N-1"):
            room.status("R21", "11")

    def test_booking_off_by_radio_ends_the_duty(self, room: Room) -> None:
        room.on_duty("R21")
        room.status("R21", "11")
        assert "R21" not in room.live.state.units

    def test_a_status_that_may_not_follow_is_refused(self, room: Room) -> None:
        room.on_duty("R21", status="11")
        with pytest.raises(WrongStep, match="R21 has status 11, which 1 may follow, not 2"):
            room.status("R21", "2")

    def test_a_status_that_is_entered_late_does_not_undo_a_newer_one(self, room: Room) -> None:
        room.on_duty("R21")
        room.later(600)
        room.status("R21", "4")
        room.status("R21", "3", at=room.now - timedelta(seconds=300))
        assert room.unit("R21").status == "4"
        assert kinds(room).count("unit_status") == 2

    def test_a_status_of_tomorrow_is_refused(self, room: Room) -> None:
        room.on_duty("R21")
        with pytest.raises(InputError, match="10 s later for clocks that differ"):
            room.status("R21", "4", at=room.now + timedelta(seconds=11))
        room.status("R21", "4", at=room.now + timedelta(seconds=10))


class TestIncidents:
    def test_received_regraded_amended_and_closed(self, room: Room) -> None:
        room.receive("N-1", C, "priority", tags=["domestic_abuse"], people=["Ann Example"])
        room.later(60)
        told = {"grade": "emergency", "because": "he is back", "at": room.now}
        room.do(partial(incidents.regraded, incident_id="N-1", **told))
        room.do(partial(incidents.amended, incident_id="N-1", changes={"address": "1 Linthorpe Road"}))
        case = room.case("N-1")
        assert (case.grade, case.asked_grade, case.graded_at) == ("emergency", "priority", room.now)
        assert (case.received_at, case.address) == (room.now - timedelta(seconds=60), "1 Linthorpe Road")
        room.do(partial(incidents.closed, incident_id="N-1", outcome="advice given"))
        with pytest.raises(Unknown):
            room.case("N-1")
        with room.desk.store.reading() as reading:
            ended = case_of(reading.about("N-1"), "N-1")
        assert ended is not None
        assert (ended.stage, ended.outcome, ended.people) == ("closed", "advice given", ("Ann Example",))

    def test_a_name_is_never_used_again(self, room: Room) -> None:
        room.receive("N-1", C)
        room.do(partial(incidents.cancelled, incident_id="N-1", because="a test call"))
        with pytest.raises(Conflict, match="there is an incident N-1 already"):
            room.receive("N-1", C)

    def test_names_of_incidents_and_callsigns_never_meet(self, room: Room) -> None:
        room.receive("N-1", C)
        with pytest.raises(Conflict, match="there is an incident N-1: nothing else can have its name"):
            room.on_duty("N-1")
        with pytest.raises(Conflict, match="N-1: nothing else"):
            room.close_road("N-1", "Linthorpe Road")
        room.on_duty("R21")
        with pytest.raises(Conflict, match="or something else of that name"):
            room.receive("R21", C)

    @pytest.mark.parametrize("name", ["", " N-1", "person:1", "N\x1b", "x" * 101])
    def test_a_name_that_can_name_nothing_is_refused(self, room: Room, name: str) -> None:
        with pytest.raises(InputError, match="no colon"):
            room.receive(name, C)
        with pytest.raises(InputError, match="callsign"):
            room.on_duty(name)

    def test_a_text_too_long_to_look_up_by_is_refused(self, room: Room) -> None:
        with pytest.raises(InputError, match="300 characters at most"):
            room.receive("N-1", C, address="x" * 301)

    def test_a_duplicate_ends_and_the_other_knows_of_it(self, room: Room) -> None:
        room.receive("N-1", C)
        room.receive("N-2", C)
        room.do(partial(incidents.linked, incident_id="N-2", duplicate_of="N-1"))
        assert room.case("N-1").duplicates == ("N-2",)
        assert list(room.live.state.incidents) == ["N-1"]

    def test_what_was_known_of_a_duplicate_alone_goes_over(self, room: Room) -> None:
        room.receive("N-1", C, "standard", tags=["child_at_risk"])
        room.receive("N-2", C, "emergency", tags=["firearm_seen"])
        room.do(partial(incidents.linked, incident_id="N-2", duplicate_of="N-1"))
        kept = room.case("N-1")
        assert (kept.grade, set(kept.tags)) == ("emergency", {"child_at_risk", "firearm_seen"})
        assert kept.raised_by == ("incident N-2, which is the same, was graded emergency",)

    def test_an_incident_is_no_duplicate_of_itself(self, room: Room) -> None:
        room.receive("N-1", C)
        with pytest.raises(Conflict, match="a duplicate of itself"):
            room.do(partial(incidents.linked, incident_id="N-1", duplicate_of="N-1"))

    def test_an_incident_with_units_cannot_end(self, room: Room) -> None:
        room.on_duty("R21", A)
        room.receive("N-1", C)
        room.send("N-1", "R21")
        for end in (partial(incidents.closed, outcome="done"), partial(incidents.cancelled, because="a hoax")):
            with pytest.raises(Conflict, match="R21 is bound to incident N-1"):
                room.do(partial(end, incident_id="N-1"))

    def test_all_that_is_wrong_with_a_call_is_said_at_once(self, room: Room) -> None:
        with pytest.raises(InputError) as refused:
            room.receive("N-1", (0.0, 0.0), "urgent", tags=["domestic"], needs=["flying"])
        assert [fault.field for fault in refused.value.faults] == ["grade", "tags", "needs", "lat, lon"]


class TestOnce:
    def test_the_same_key_does_it_once_and_is_answered_the_same(self, room: Room) -> None:
        told = {"because": "he is back", "at": room.now}
        room.receive("N-1", C, "standard")
        again = partial(incidents.regraded, incident_id="N-1", grade="emergency", **told)
        first = room.do(again, key="k")
        second = room.do(again, key="k")
        assert (first.again, second.again) == (False, True)
        assert (first.answer, first.seq) == (second.answer, second.seq)
        assert kinds(room).count("incident_regraded") == 1

    def test_the_same_key_for_another_request_is_refused(self, room: Room) -> None:
        lift = partial(closures.lifted, closure_id="x")
        room.close_road("x", "Linthorpe Road")
        room.do(lift, key="k", request="1" * 64)
        with pytest.raises(KeyReused):
            room.do(lift, key="k", request="2" * 64)

    def test_the_key_of_another_person_is_another_key(self, room: Room) -> None:
        room.close_road("x", "Linthorpe Road")
        room.do(partial(closures.lifted, closure_id="x"), by="anna", key="k")
        with pytest.raises(Unknown):
            room.do(partial(closures.lifted, closure_id="x"), by="bo", key="k")

    def test_what_was_refused_may_be_asked_again_with_its_key(self, room: Room) -> None:
        lift = partial(closures.lifted, closure_id="x")
        with pytest.raises(Unknown):
            room.do(lift, key="k")
        room.close_road("x", "Linthorpe Road")
        assert not room.do(lift, key="k").again


class TestClosures:
    def test_a_closed_road_sends_units_round_and_a_lifted_one_does_not(self, room: Room) -> None:
        room.on_duty("R21", A)
        room.receive("N-1", C)
        usual = room.ask("N-1").ledger[0].eta
        room.close_road("x", "Linthorpe Road")
        closed = room.ask("N-1").ledger[0].eta
        room.do(partial(closures.lifted, closure_id="x"))
        lifted = room.ask("N-1").ledger[0].eta
        assert usual is not None
        assert closed is not None
        assert closed.time_ms > usual.time_ms
        assert lifted == usual

    def test_one_more_is_found_on_the_roads_and_the_others_are_not_again(self, room: Room) -> None:
        for cache in (_changed, _closed_by, _conditions):
            cache.cache_clear()

        def found() -> int:
            live = room.live
            assert set(live.conditions.changes) == set(live.closed_by)
            assert set(live.closed_by.values()) == set(live.state.closures)
            return _changed.cache_info().misses

        room.close_road("works", "Parliament Road")
        assert found() == 1
        room.close_road("fire", "Linthorpe Road")
        assert found() == 2
        room.do(partial(closures.lifted, closure_id="works"))
        assert found() == 2

    def test_a_name_is_in_force_once(self, room: Room) -> None:
        room.close_road("x", "Linthorpe Road")
        with pytest.raises(Conflict, match="lift it first"):
            room.close_road("x", "Linthorpe Road")


class TestState:
    def test_it_is_a_fold_of_the_record(self, room: Room) -> None:
        room.on_duty("R21", A)
        room.on_duty("R22", C)
        room.receive("N-1", C)
        room.keep("N-1")
        room.send("N-1", "R22")
        room.step("N-1", "R22", "en_route")
        room.close_road("x", "Parliament Road")
        assert state_again(room) == room.live.state
        assert State.of_json(room.live.state.to_json()) == room.live.state

    def test_another_process_sees_what_this_one_did(self, room: Room, rooms: Callable[..., Room]) -> None:
        other = rooms()
        room.on_duty("R21", A)
        assert other.unit("R21").callsign == "R21"
        other.on_duty("R22")
        assert sorted(room.live.state.units) == ["R21", "R22"]
        assert room.live.state == other.live.state

    def test_a_snapshot_is_where_a_new_process_begins(self, rooms: Callable[..., Room]) -> None:
        room = rooms(snapshot_every=3)
        for number in range(8):
            room.on_duty(f"R{number}", A)
        assert kinds(room).count("snapshot_taken") >= 2
        other = rooms()
        assert other.live.state == room.live.state == state_again(room)


class TestPositions:
    def test_the_newest_is_where_a_unit_is_however_late_older_ones_arrive(self, room: Room) -> None:
        room.on_duty("R21", C)
        room.later(5)
        room.fix("R21", A, ago_s=300)
        fix = room.live.positions.of("R21")
        assert fix is not None
        assert (fix.lat, fix.lon) == C

    def test_one_dated_in_the_future_does_not_freeze_the_unit(self, room: Room) -> None:
        room.on_duty("R21", C)
        told = room.fix("R21", A, ago_s=-3600)
        assert told is not None
        assert told.refused == "future_fix"
        room.later(1)
        room.fix("R21", A)
        fix = room.live.positions.of("R21")
        assert fix is not None
        assert (fix.lat, fix.lon, fix.fixed_at) == (*A, room.now)

    def test_a_unit_whose_only_position_is_of_the_future_is_told_so(self, room: Room) -> None:
        room.on_duty("R21")
        room.fix("R21", A, ago_s=-3600)
        room.receive("N-1", C)
        (line,) = room.ask("N-1").ledger
        assert [failure.rule for failure in line.failed] == ["future_fix"]

    def test_outdated_positions_are_kept_and_not_used(self, room: Room) -> None:
        room.on_duty("R21", C, hours=1)
        room.later(1)
        room.fix("R21", A, refused="outdated")
        fix = room.live.positions.of("R21")
        assert fix is not None
        assert (fix.lat, fix.lon) == C
        with room.desk.store.reading() as reading:
            assert reading.fix_count() == 2

    def test_one_that_was_stored_is_stored_once(self, room: Room) -> None:
        room.on_duty("R21", C)
        assert room.fix("R21", C) is None
        with room.desk.store.reading() as reading:
            assert reading.fix_count() == 1

    def test_a_new_process_finds_where_units_were(self, room: Room, rooms: Callable[..., Room]) -> None:
        room.fix("R21", A)
        room.on_duty("R22", C)
        other = rooms()
        assert other.live.positions.of("R22") == room.live.positions.of("R22") != None  # noqa: E711
        room.on_duty("R21")
        assert other.live.positions.of("R21") == room.live.positions.of("R21")
        assert other.live.positions.of("R21") is not None
