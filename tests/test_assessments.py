"""The supervisor's assessment: a sample nobody could choose, and a form kept in the record; on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desks import TOWN, Room
from dispatch import incidents
from dispatch.assessments import Wanted, assessed, drawn, facts, sampled
from dispatch.errors import Conflict, Unknown
from dispatch.fold import case_of
from graphs.errors import InputError

A, C = TOWN.at("A"), TOWN.at("C")


def ended(room: Room, name: str, *tags: str, end: str = "closed") -> None:
    room.receive(name, C, tags=tags)
    if end == "closed":
        room.do(partial(incidents.closed, incident_id=name, outcome="advice"))
    else:
        room.do(partial(incidents.cancelled, incident_id=name, because="a hoax"))


def wanted(room: Room, **more: frozenset[str]) -> Wanted:
    return Wanted(room.now - timedelta(hours=1), room.now + timedelta(hours=1), **more)


def good(room: Room) -> dict[str, str]:
    return dict.fromkeys(room.desk.force.assessment.questions, "yes")


def drawn_by(room: Room, size: int, **more: frozenset[str]) -> dict[str, object]:
    seq = room.do(partial(sampled, wanted=wanted(room, **more), size=size)).seq
    with room.desk.store.reading() as reading:
        row = reading.row(seq)
    assert row is not None
    return row.details or {}


class TestSample:
    def test_it_is_drawn_from_what_was_closed_with_the_tag_and_can_be_drawn_again(self, room: Room) -> None:
        for number in range(6):
            ended(room, f"N-{number}", "domestic_abuse")
        ended(room, "N-6")
        ended(room, "N-7", "domestic_abuse", end="cancelled")
        room.receive("N-8", C, tags=["domestic_abuse"])
        told = drawn_by(room, 3, tags=frozenset({"domestic_abuse"}))
        population = [f"N-{number}" for number in range(6)]
        assert told["population"] == 6
        assert told["incidents"] == list(drawn(population, 3, str(told["seed"])))

    def test_an_empty_one_is_refused(self, room: Room) -> None:
        ended(room, "N-1")
        with pytest.raises(Conflict, match="no incident of that kind"):
            drawn_by(room, 3, tags=frozenset({"domestic_abuse"}))

    def test_what_is_wrong_with_it_is_said_at_once(self, room: Room) -> None:
        backwards = Wanted(room.now, room.now, frozenset({"domestic"}), frozenset({"urgent"}))
        with pytest.raises(InputError) as refused:
            room.do(partial(sampled, wanted=backwards, size=1))
        assert [fault.field for fault in refused.value.faults] == ["tags", "grades", "to"]

    @given(st.sets(st.text(min_size=1), max_size=20), st.integers(1, 25), st.text())
    def test_order_does_not_matter_and_nobody_is_drawn_twice(self, names: set[str], size: int, seed: str) -> None:
        told = drawn(names, size, seed)
        assert told == drawn(sorted(names), size, seed)
        assert len(set(told)) == len(told) == min(size, len(names))

    def test_everybody_is_as_likely(self) -> None:
        counts = Counter(name for seed in range(4000) for name in drawn("abcde", 2, f"{seed}"))
        # 1,600 expected of each, with a standard deviation of 31.
        assert all(abs(count - 1600) < 5 * 31 for count in counts.values())


class TestForm:
    def test_what_the_record_says_is_kept_with_the_answers(self, room: Room) -> None:
        room.on_duty("R21", A)
        room.receive("N-1", C)
        room.later(30)
        room.send("N-1", "R21")
        room.later(270)
        room.step("N-1", "R21", "at_scene")
        room.step("N-1", "R21", "clear")
        room.do(partial(incidents.closed, incident_id="N-1", outcome="advice"))
        room.do(partial(assessed, incident_id="N-1", answers=good(room), outcome="good", note=None))
        with room.desk.store.reading() as reading:
            rows = reading.about("N-1")
        told = rows[-1].details or {}
        assert (rows[-1].kind, told["outcome"]) == ("assessed", "good")
        assert (told["facts"]["first_sent_s"], told["facts"]["first_at_scene_s"]) == (30.0, 300.0)
        assert told["facts"]["suggested_sent"] is True

    def test_nobody_sent_is_not_known_and_not_zero(self, room: Room) -> None:
        ended(room, "N-1")
        with room.desk.store.reading() as reading:
            case = case_of(reading.about("N-1"), "N-1")
        assert case is not None
        told = facts(case)
        assert (told["first_sent_s"], told["first_at_scene_s"], told["suggested_sent"]) == (None, None, None)

    def test_an_open_incident_is_not_assessed(self, room: Room) -> None:
        room.receive("N-1", C)
        with pytest.raises(Conflict, match="still open"):
            room.do(partial(assessed, incident_id="N-1", answers=good(room), outcome="good", note=None))

    def test_nor_one_that_is_not_there(self, room: Room) -> None:
        with pytest.raises(Unknown):
            room.do(partial(assessed, incident_id="N-1", answers=good(room), outcome="good", note=None))

    def test_each_question_is_answered_with_one_of_three(self, room: Room) -> None:
        ended(room, "N-1")
        told = {**good(room), "in_time": "maybe", "on_time": "yes"}
        del told["informed"]
        with pytest.raises(InputError) as refused:
            room.do(partial(assessed, incident_id="N-1", answers=told, outcome="fine", note=None))
        fields = [fault.field for fault in refused.value.faults]
        assert fields == ["answers.on_time", "answers.in_time", "answers.informed", "outcome"]
        assert "did you mean in_time?" in str(refused.value)
