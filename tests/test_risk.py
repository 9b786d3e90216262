"""The check on receipt: repeat and vulnerable by the force's definitions, and what raises a grade."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desks import TOWN, Room
from dispatch import incidents, markers, risk
from dispatch.errors import Unknown
from dispatch.fold import fold
from dispatch.memory import TOLD, made_again
from dispatch.raising import Reason, raised
from dispatch.state import State
from dispatch.upkeep import rows_by_subject
from graphs.errors import InputError
from nightshift import CLEVELAND, NOW

A, D = TOWN.at("A"), TOWN.at("D")
ANN, ABUSE = "Ann Smith", "domestic_abuse"


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Room]:
    """A desk on SQLite."""
    with closing(Room(f"sqlite:///{tmp_path / 'desk.db'}")) as made:
        yield made


def amend(room: Room, incident_id: str, **changes: Any) -> None:
    room.do(partial(incidents.amended, incident_id=incident_id, changes=changes))


def regrade(room: Room, incident_id: str, grade: str) -> None:
    room.do(partial(incidents.regraded, incident_id=incident_id, grade=grade, because="told more", at=room.now))


def found(room: Room, incident_id: str) -> dict[str, Any]:
    told = room.case(incident_id).risk
    assert told is not None
    return dict(told)


def definition(room: Room, incident_id: str, name: str) -> dict[str, Any]:
    made: dict[str, Any] = found(room, incident_id)["definitions"][name]
    return made


class TestRepeat:
    def test_an_earlier_incident_of_the_same_person_makes_a_repeat_victim(self, room: Room) -> None:
        room.receive("N-1", D, "standard", tags=[ABUSE], people=[ANN])
        assert definition(room, "N-1", "repeat_victim")["met"] is False
        room.receive("N-2", A, "standard", tags=[ABUSE], people=[ANN])
        told, case = definition(room, "N-2", "repeat_victim"), room.case("N-2")
        assert (told["met"], told["count"], told["version"]) == (True, 1, "2026-1")
        assert told["text"].startswith("An earlier domestic abuse incident within 12 months")
        assert case.tags == (ABUSE, "repeat_victim")
        assert (case.asked_grade, case.grade) == ("standard", "priority")
        assert case.raised_by == ("Repeat victim of domestic abuse",)
        assert case.incident().raised_by == case.raised_by

    @pytest.mark.parametrize("shared", [{"people": [ANN]}, {"phone": "01642 326326"}, {"address": "14 High St"}])
    def test_by_whatever_is_shared(self, quick: Room, shared: dict[str, Any]) -> None:
        quick.receive("N-1", A, "standard", tags=[ABUSE], **shared)
        quick.receive("N-2", A, "standard", tags=[ABUSE], **shared)
        assert "repeat_victim" in quick.case("N-2").tags

    def test_a_neighbour_is_not_the_same_victim(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard", tags=[ABUSE], address="Flat 2, 14 High St", people=["Bea Jones"])
        quick.receive("N-2", A, "standard", tags=[ABUSE], address="Flat 3, 14 High St", people=[ANN])
        (match,) = found(quick, "N-2")["matches"]
        assert match["by"] == ["building", "near"]
        assert definition(quick, "N-2", "repeat_victim")["met"] is False

    def test_what_was_not_domestic_abuse_is_shown_and_does_not_count(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard", people=[ANN])
        quick.receive("N-2", D, "standard", tags=[ABUSE], people=[ANN])
        assert [match["incident_id"] for match in found(quick, "N-2")["matches"]] == ["N-1"]
        assert definition(quick, "N-2", "repeat_victim")["count"] == 0

    @pytest.mark.parametrize(("seconds", "met"), [(0, True), (1, False)])
    def test_twelve_months_and_not_a_second_more(self, quick: Room, seconds: int, met: bool) -> None:  # noqa: FBT001
        quick.receive("N-1", A, "standard", tags=[ABUSE], people=[ANN])
        quick.now = datetime(2027, 1, 31, 23, 10, tzinfo=UTC)
        assert quick.now.replace(year=2026) == NOW
        quick.later(seconds)
        quick.receive("N-2", D, "standard", tags=[ABUSE], people=[ANN])
        assert definition(quick, "N-2", "repeat_victim")["met"] is met

    def test_one_that_was_the_same_happened_once(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard", tags=[ABUSE], people=[ANN])
        quick.receive("N-2", A, "standard", tags=[ABUSE], people=[ANN])
        quick.do(partial(incidents.linked, incident_id="N-2", duplicate_of="N-1"))
        quick.receive("N-3", A, "standard", tags=[ABUSE], people=[ANN])
        assert definition(quick, "N-3", "repeat_victim")["count"] == 1
        # Neither its own duplicates nor it itself make it a repeat.
        amend(quick, "N-1", people=[ANN, "Bea Jones"])
        assert {match["incident_id"] for match in found(quick, "N-1")["matches"]} == {"N-3"}

    def test_amending_who_it_is_about_checks_again(self, quick: Room) -> None:
        quick.receive("N-1", D, "standard", tags=[ABUSE], people=[ANN])
        quick.receive("N-2", A, "standard", tags=[ABUSE])
        assert found(quick, "N-2")["matches"] == []
        amend(quick, "N-2", type="a row")
        assert found(quick, "N-2")["matches"] == []
        amend(quick, "N-2", people=[ANN])
        assert quick.case("N-2").grade == "priority"
        assert quick.case("N-2").tags == (ABUSE, "repeat_victim")

    def test_a_tag_that_a_person_took_off_is_not_set_again(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard", tags=[ABUSE], people=[ANN])
        quick.receive("N-2", A, "standard", tags=[ABUSE], people=[ANN])
        amend(quick, "N-2", tags=[ABUSE])
        assert quick.case("N-2").tags == (ABUSE,)
        assert definition(quick, "N-2", "repeat_victim")["met"] is True

    def test_a_force_without_a_definition_does_not_use_the_word(self, tmp_path: Path) -> None:
        force = CLEVELAND.model_copy(update={"risk": {"phone_region": "GB"}})
        with closing(Room(f"sqlite:///{tmp_path / 'plain.db'}", force=force)) as plain:
            plain.receive("N-1", A, "standard", tags=[ABUSE, "cut_off_call"], people=[ANN])
            plain.receive("N-2", A, "standard", tags=[ABUSE], people=[ANN])
            assert found(plain, "N-2")["definitions"] == {}
            assert (plain.case("N-1").grade, plain.case("N-2").tags) == ("standard", (ABUSE,))


class TestConferences:
    def test_a_further_incident_within_a_year_of_the_last_discussion(self, quick: Room) -> None:
        quick.do(partial(markers.discussed, person=ANN, discussed_at=quick.now, note=None))
        quick.later(300 * 86400)
        quick.receive("N-1", A, tags=[ABUSE], people=["Smith, Ann"])
        told = definition(quick, "N-1", "conference_repeat")
        assert told["met"] is True
        assert told["last_discussed_at"] == "2026-01-31T23:10:00.000000Z"
        quick.receive("N-2", A, people=[ANN])
        assert definition(quick, "N-2", "conference_repeat")["met"] is False
        quick.later(100 * 86400)
        quick.receive("N-3", A, tags=[ABUSE], people=[ANN])
        assert definition(quick, "N-3", "conference_repeat")["met"] is False

    def test_an_earlier_one_told_late_is_not_the_last(self, quick: Room) -> None:
        for year in (2025, 2024):
            at = datetime(year, 6, 1, tzinfo=UTC)
            quick.do(partial(markers.discussed, person=ANN, discussed_at=at, note=None))
        (subject,) = quick.live.state.subjects.values()
        assert subject.discussed_at == datetime(2025, 6, 1, tzinfo=UTC)


class TestVulnerable:
    def test_it_is_asked_and_never_guessed(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard")
        told = definition(quick, "N-1", "vulnerable")
        assert told["met"] is None
        assert set(told["questions"]) == {"care", "protect", "exploited"}
        assert "harm or exploitation" in told["text"]

    @pytest.mark.parametrize(
        ("answers", "met"),
        [
            ({"care": True}, True),
            ({"care": False, "protect": False, "exploited": False}, False),
            ({"care": False, "protect": None, "exploited": False}, None),
        ],
    )
    def test_one_yes_is_enough_and_not_known_is_not_no(self, quick: Room, answers: Any, met: object) -> None:
        quick.receive("N-1", A, "standard")
        quick.do(partial(risk.answered, incident_id="N-1", answers=answers))
        assert definition(quick, "N-1", "vulnerable")["met"] is met
        assert ("vulnerable" in quick.case("N-1").tags) is (met is True)

    def test_answers_stay_when_it_is_checked_again(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard")
        quick.do(partial(risk.answered, incident_id="N-1", answers={"care": True}))
        quick.do(partial(risk.answered, incident_id="N-1", answers={"protect": False}))
        amend(quick, "N-1", people=[ANN])
        assert definition(quick, "N-1", "vulnerable")["answers"] == {"care": True, "protect": False}

    def test_another_question_is_refused(self, quick: Room) -> None:
        quick.receive("N-1", A)
        for answers in ({"car": True}, {}):
            with pytest.raises(InputError):
                quick.do(partial(risk.answered, incident_id="N-1", answers=answers))
        with pytest.raises(Unknown):
            quick.do(partial(risk.answered, incident_id="N-9", answers={"care": True}))


class TestGrades:
    @pytest.mark.parametrize("grade", ["priority", "standard", "scheduled", "resolved_without_deployment"])
    def test_a_cut_off_call_is_regraded_at_once(self, quick: Room, grade: str) -> None:
        quick.receive("N-1", A, grade, tags=["cut_off_call"])
        case = quick.case("N-1")
        assert (case.grade, case.asked_grade, case.raised_by) == ("emergency", grade, ("The call was cut off",))

    def test_and_when_it_is_cut_off_later(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard")
        quick.later(20)
        amend(quick, "N-1", tags=["cut_off_call"])
        assert (quick.case("N-1").grade, quick.case("N-1").graded_at) == ("emergency", quick.now)

    def test_a_person_may_grade_it_again_and_is_not_overruled(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard", tags=["cut_off_call"])
        regrade(quick, "N-1", "standard")
        amend(quick, "N-1", people=[ANN])
        assert (quick.case("N-1").grade, quick.case("N-1").raised_by) == ("standard", ())
        (row,) = found(quick, "N-1")["raises"]
        assert row["raised"] is False
        assert row["said"] == ("The call was cut off: not raised to emergency again, for a person has graded it since")

    def test_even_where_the_tag_comes_and_goes(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard", tags=["cut_off_call"])
        regrade(quick, "N-1", "standard")
        amend(quick, "N-1", tags=[])
        amend(quick, "N-1", tags=["cut_off_call"])
        assert quick.case("N-1").grade == "standard"

    def test_a_new_reason_raises_it_all_the_same(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard", tags=["cut_off_call"])
        regrade(quick, "N-1", "standard")
        amend(quick, "N-1", tags=["cut_off_call", "weapon_seen"])
        assert (quick.case("N-1").grade, quick.case("N-1").raised_by) == ("emergency", ("A weapon was seen",))

    def test_what_raised_it_before_is_kept(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard", tags=[ABUSE], people=[ANN])
        quick.receive("N-2", A, "standard", tags=[ABUSE], people=[ANN])
        amend(quick, "N-2", tags=[ABUSE, "repeat_victim", "suspect_present"])
        assert quick.case("N-2").raised_by == (
            "Repeat victim of domestic abuse",
            "Domestic abuse, and the suspect is there",
        )

    def test_what_raised_it_is_in_the_recommendation(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard", tags=["cut_off_call"])
        assert quick.ask("N-1").as_dict()["incident"]["raised_by"] == ["The call was cut off"]

    def test_an_emergency_needs_no_raising_and_the_reason_is_told(self, quick: Room) -> None:
        quick.receive("N-1", A, "emergency", tags=["cut_off_call"])
        assert quick.case("N-1").raised_by == ()
        assert [row["reason"] for row in found(quick, "N-1")["raises"]] == ["cut_off_call"]


RANKED = sorted(CLEVELAND.grades, key=lambda key: CLEVELAND.grades[key].rank)
some_reasons = st.lists(
    st.builds(Reason, st.sampled_from("abcdef"), st.text(), st.sampled_from(RANKED)), unique_by=lambda each: each.name
)


class TestRaising:
    @given(st.sampled_from(RANKED), some_reasons, st.sets(st.sampled_from("abcdef")))
    def test_it_never_lowers(self, grade: str, reasons: list[Reason], told: set[str]) -> None:
        outcome = raised(CLEVELAND, grade, reasons, told)
        assert RANKED.index(outcome.grade) <= RANKED.index(grade)
        assert bool(outcome.because) == (outcome.grade != grade)
        assert len(outcome.rows) == len(reasons)

    @given(st.sampled_from(RANKED), some_reasons, st.sets(st.sampled_from("abcdef")))
    def test_more_reasons_never_make_it_less_urgent(self, grade: str, reasons: list[Reason], told: set[str]) -> None:
        grades = [raised(CLEVELAND, grade, reasons[:count], told).grade for count in range(len(reasons) + 1)]
        assert all(RANKED.index(later) <= RANKED.index(earlier) for earlier, later in pairwise(grades))

    @given(st.sampled_from(RANKED), some_reasons)
    def test_what_was_told_before_changes_nothing(self, grade: str, reasons: list[Reason]) -> None:
        outcome = raised(CLEVELAND, grade, reasons, {each.name for each in reasons})
        assert outcome.grade == grade

    @given(some_reasons, st.sampled_from(RANKED), st.sampled_from(RANKED))
    def test_from_a_more_urgent_grade_it_comes_to_one_as_urgent(self, reasons: list[Reason], a: str, b: str) -> None:
        high, low = sorted((a, b), key=RANKED.index)
        ends = [RANKED.index(raised(CLEVELAND, grade, reasons, ()).grade) for grade in (high, low)]
        assert ends[0] <= ends[1]


class TestRecord:
    def test_the_state_is_folded_again_and_written_and_read(self, rooms: Callable[..., Room]) -> None:
        room = rooms(snapshot_every=1)
        room.receive("N-1", A, "standard", tags=[ABUSE, "cut_off_call"], people=[ANN])
        room.do(partial(markers.discussed, person=ANN, discussed_at=room.now, note=None))
        with room.desk.store.reading() as reading:
            again = fold(State(), reading.after(0))
        live = room.live.state
        assert again == live
        assert again.digest == live.digest
        assert State.of_json(live.to_json()) == live

    def test_the_history_can_be_made_again_from_the_record_alone(self, room: Room) -> None:
        room.receive("N-1", A, "standard", tags=[ABUSE], people=[ANN], phone="01642 326326", address="14 High St")
        room.receive("N-2", A, "standard", tags=[ABUSE], people=[ANN])
        room.do(partial(incidents.closed, incident_id="N-1", outcome="advice"))
        with room.desk.store.reading() as reading:
            kept = list(reading.all_past())
            made = sorted((past for _, past in made_again(rows_by_subject(reading, TOLD))), key=lambda p: p.incident_id)
        assert made == kept
        assert ("person", "ann smith") in kept[0].keys

    def test_checking_again_by_hand(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard")
        quick.receive("N-2", A, "standard")
        quick.do(partial(risk.check_again, incident_id="N-1"))
        assert [match["incident_id"] for match in found(quick, "N-1")["matches"]] == ["N-2"]
