"""Every rule that may keep a unit from being sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatch.eligibility import Failure, Question, failures
from dispatch.force import Force
from dispatch.model import Fix, Incident, Unit
from nightshift import CLEVELAND, NOW, ago, changed, incident, unit

HERE = (54.58, -1.25)
EMERGENCY = incident(HERE, "emergency", incident_id="N-1")
LONDON = ZoneInfo("Europe/London")
GRADES = tuple(CLEVELAND.grades)


def failed(
    who: Unit,
    asked: Incident = EMERGENCY,
    now: datetime = NOW,
    force: Force = CLEVELAND,
    known_grade: str | None = None,
) -> tuple[Failure, ...]:
    return failures(Question(who, asked, now, force, known_grade))


def rules(*question: Any, **more: Any) -> list[str]:
    return [failure.rule for failure in failed(*question, **more)]


def here(**more: Any) -> Unit:
    return unit("U1", HERE, **more)


class TestStatus:
    @pytest.mark.parametrize("status", ["2", "3"])
    def test_on_patrol_and_at_the_station_may_be_sent(self, status: str) -> None:
        assert failed(here(status=status)) == ()

    @pytest.mark.parametrize("status", ["0", "1", "4", "6", "8", "9", "10"])
    def test_what_cannot_be_called_away_is_named(self, status: str) -> None:
        label = CLEVELAND.statuses[status].label
        assert failed(here(status=status)) == (Failure("status", f"status {status} ({label})"),)

    def test_off_duty_is_no_status_of_someone_there(self) -> None:
        assert failed(here(status="11")) == (Failure("off_duty", "status 11 (Off duty)"),)

    def test_no_status_is_not_available(self) -> None:
        assert failed(here(status=None)) == (Failure("no_status", "no status known; that is not 'available'"),)

    @pytest.mark.parametrize("status", ["12", "02", "2 ", "", "patrol"])
    def test_a_code_that_the_force_does_not_have_is_not_available(self, status: str) -> None:
        assert failed(here(status=status)) == (Failure("status", f"status {status} is not in the force profile"),)


class TestCommitment:
    @pytest.mark.parametrize("status", ["2", "3", "5", "7"])
    def test_a_unit_on_its_way_is_not_suggested_to_an_equal_incident(self, status: str) -> None:
        busy = here(status=status, incident_id="N-7", committed_grade="standard")
        told = failed(busy, incident(HERE, "standard", incident_id="N-1"))
        assert told == (Failure("committed", "committed to incident N-7 (grade standard)"),)

    @pytest.mark.parametrize("status", ["2", "3", "5", "7"])
    def test_a_second_call_does_not_hide_the_first(self, status: str) -> None:
        busy = here(status=status, incident_id="N-7", committed_grade="emergency")
        assert rules(busy) == ["committed"]

    def test_a_unit_that_says_it_is_free_but_has_an_incident_is_treated_as_bound_to_it(self) -> None:
        says_free = here(status="2", incident_id="N-7", committed_grade="priority")
        assert failed(says_free) == ()
        assert rules(says_free, incident(HERE, "priority")) == ["committed"]
        assert rules(says_free, incident(HERE, "standard")) == ["committed"]

    def test_a_grade_without_an_incident_binds_too(self) -> None:
        told = failed(here(committed_grade="emergency"))
        assert told == (Failure("committed", "committed to an incident (grade emergency)"),)

    @pytest.mark.parametrize("status", ["2", "5", "7"])
    def test_an_incident_of_unknown_grade_is_not_left(self, status: str) -> None:
        told = failed(here(status=status, incident_id="N-7"))
        assert told == (Failure("committed", "committed to incident N-7 of unknown grade"),)

    @pytest.mark.parametrize("status", ["5", "7"])
    def test_a_status_of_being_bound_is_believed_without_an_incident(self, status: str) -> None:
        assert failed(here(status=status)) == (Failure("committed", "committed to an incident of unknown grade"),)

    def test_a_grade_that_the_force_does_not_have_is_not_left(self) -> None:
        told = failed(here(status="5", incident_id="N-7", committed_grade="immediate"))
        assert told == (Failure("committed", "committed to incident N-7 (grade immediate)"),)

    @pytest.mark.parametrize("status", ["2", "5", "7"])
    def test_nobody_is_sent_twice_to_one_incident(self, status: str) -> None:
        there = here(status=status, incident_id="N-1", committed_grade="standard")
        assert failed(there) == (Failure("committed", "already assigned to this incident"),)

    def test_an_incident_without_a_name_is_nobodys_own(self) -> None:
        nameless = incident(HERE, "emergency")
        assert failed(here(status="5", incident_id="N-7", committed_grade="standard"), nameless) == ()

    @pytest.mark.parametrize(("held", "asked"), list(product(GRADES, GRADES)))
    @pytest.mark.parametrize("status", ["2", "7"])
    def test_preemption_follows_the_matrix(self, status: str, held: str, asked: str) -> None:
        allowed = {
            ("priority", "emergency"),
            ("standard", "emergency"),
            ("standard", "priority"),
            ("scheduled", "emergency"),
            ("scheduled", "priority"),
        }
        told = rules(here(status=status, incident_id="N-7", committed_grade=held), incident(HERE, asked))
        assert ("committed" not in told) == ((held, asked) in allowed)

    @pytest.mark.parametrize(("held", "asked"), list(product(GRADES, GRADES)))
    def test_on_the_way_only_a_higher_grade_takes_a_unit(self, held: str, asked: str) -> None:
        told = rules(here(status="5", incident_id="N-7", committed_grade=held), incident(HERE, asked))
        assert ("committed" not in told) == (GRADES.index(asked) < GRADES.index(held))

    def test_the_picture_tells_the_grade_where_the_unit_does_not(self) -> None:
        bound = here(status="7", incident_id="N-7")
        assert failed(bound, known_grade="standard") == ()
        assert rules(bound, known_grade="emergency") == ["committed"]

    def test_a_unit_is_not_taken_from_an_incident_that_was_regraded_meanwhile(self) -> None:
        bound = here(status="7", incident_id="N-7", committed_grade="standard")
        told = failed(bound, known_grade="emergency")
        assert told == (Failure("committed", "committed to incident N-7 (grade emergency)"),)

    def test_where_two_grades_are_told_both_must_let_it_go(self) -> None:
        bound = here(status="7", incident_id="N-7", committed_grade="emergency")
        assert rules(bound, known_grade="standard") == ["committed"]
        asked = incident(HERE, "priority")
        bound = here(status="7", incident_id="N-7", committed_grade="priority")
        told = failed(bound, asked, known_grade="emergency")
        assert told == (Failure("committed", "committed to incident N-7 (grade priority or emergency)"),)


class TestFix:
    @pytest.mark.parametrize(
        ("status", "limit_s"),
        [
            ("2", 300),
            ("5", 300),
            ("7", 300),
            ("9", 300),
            ("1", 3600),
            ("3", 3600),
            ("6", 3600),
            (None, 300),
            ("x", 300),
        ],
    )
    def test_stale_from_the_limit_on_by_whether_it_may_have_moved(self, status: str | None, limit_s: int) -> None:
        assert "stale_fix" not in rules(here(status=status, age_s=limit_s - 0.001))
        assert "stale_fix" in rules(here(status=status, age_s=limit_s))

    def test_the_age_and_the_limit_are_told(self) -> None:
        (told,) = failed(here(age_s=95 * 60))
        assert told == Failure("stale_fix", "position is 1:35:00 old; the limit here is 0:05:00")

    def test_a_board_ten_days_old(self) -> None:
        (told,) = failed(here(status="3", age_s=10 * 24 * 3600))
        assert told == Failure("stale_fix", "position is 10 days, 0:00:00 old; the limit here is 1:00:00")

    def test_the_future_within_what_clocks_differ_is_now(self) -> None:
        assert failed(here(age_s=-10)) == ()

    @pytest.mark.parametrize(("ahead_s", "span"), [(10.001, "10 s"), (119, "119 s"), (120, "0:02:00")])
    def test_the_future_beyond_that_is_a_wrong_clock(self, ahead_s: float, span: str) -> None:
        assert failed(here(age_s=-ahead_s)) == (Failure("future_fix", f"position dated {span} in the future"),)

    def test_no_fix_is_not_here(self) -> None:
        assert failed(unit("U1", None)) == (Failure("no_fix", "no position known"),)


class TestDuty:
    def test_one_that_starts_later(self) -> None:
        told = failed(here(duty_start=ago(-1)))
        assert told == (Failure("off_duty", "duty starts 2026-01-31T23:10:01+00:00"),)

    def test_one_that_starts_now(self) -> None:
        assert failed(here(duty_start=NOW)) == ()

    def test_one_that_ends_now_is_over(self) -> None:
        told = failed(here(duty_start=ago(3600), duty_end=NOW))
        assert told == (Failure("off_duty", "duty ended 2026-01-31T23:10:00+00:00"),)

    def test_one_that_ends_in_a_moment(self) -> None:
        assert failed(here(duty_end=NOW + timedelta(microseconds=1))) == ()

    @pytest.mark.parametrize(
        ("clock", "on_duty"), [((31, 21, 59), False), ((31, 22, 0), True), ((32, 2, 0), True), ((32, 7, 0), False)]
    )
    def test_a_night_that_spans_midnight(self, clock: tuple[int, int, int], *, on_duty: bool) -> None:
        days, hours, minutes = clock
        now = datetime(2026, 1, 1, tzinfo=LONDON) + timedelta(days=days - 1, hours=hours, minutes=minutes)
        start = datetime(2026, 1, 31, 22, 0, tzinfo=LONDON)
        night = Unit("U1", "2", Fix(*HERE, now), duty_start=start, duty_end=datetime(2026, 2, 1, 7, 0, tzinfo=LONDON))
        assert rules(night, now=now) == ([] if on_duty else ["off_duty"])

    @pytest.mark.parametrize(("fold", "over"), [(0, False), (1, True)])
    def test_the_hour_that_comes_twice(self, fold: int, *, over: bool) -> None:
        # British clocks go back from 02:00 to 01:00 on 25 October 2026; this duty ends at the second 01:30.
        now = datetime(2026, 10, 25, 1, 45, fold=fold, tzinfo=LONDON)
        end = datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=LONDON)
        night = Unit("U1", "2", Fix(*HERE, now), duty_start=now - timedelta(hours=5), duty_end=end)
        expected = (Failure("off_duty", "duty ended 2026-10-25T01:30:00+00:00"),) if over else ()
        assert failed(night, now=now) == expected

    def test_a_fix_from_before_the_clocks_went_back_is_as_old_as_it_is(self) -> None:
        now = datetime(2026, 10, 25, 1, 5, fold=1, tzinfo=LONDON)
        by_the_wall_a_minute_old = Unit("U1", "2", Fix(*HERE, datetime(2026, 10, 25, 1, 4, tzinfo=LONDON)))
        by_the_wall_in_the_future = Unit("U2", "3", Fix(*HERE, datetime(2026, 10, 25, 1, 50, tzinfo=LONDON)))
        (told,) = failed(by_the_wall_a_minute_old, now=now)
        assert told == Failure("stale_fix", "position is 1:01:00 old; the limit here is 0:05:00")
        assert failed(by_the_wall_in_the_future, now=now) == ()

    def test_times_are_told_by_the_forces_clocks(self) -> None:
        now = datetime(2026, 7, 1, 12, 0, tzinfo=LONDON)
        late = Unit("U1", "2", Fix(*HERE, now), duty_start=now + timedelta(hours=2))
        assert failed(late, now=now) == (Failure("off_duty", "duty starts 2026-07-01T14:00:00+01:00"),)


class TestCrewAndSkills:
    CREWED = changed(CLEVELAND, "tags", "firearm_seen", crew=2)

    def test_nobody_aboard_is_sent_nowhere(self) -> None:
        assert failed(here(crew=0)) == (Failure("crew", "nobody aboard"),)

    @pytest.mark.parametrize("crew", [None, 1, 2])
    def test_where_two_units_do_instead_a_crew_keeps_nobody_back(self, crew: int | None) -> None:
        assert failed(here(crew=crew), incident(HERE, "emergency", "domestic_abuse")) == ()

    @pytest.mark.parametrize(("crew", "aboard"), [(None, "unknown"), (1, "1")])
    def test_where_they_do_not_a_crew_must_be_known_and_large_enough(self, crew: int | None, aboard: str) -> None:
        told = failed(here(crew=crew), incident(HERE, "emergency", "firearm_seen"), force=self.CREWED)
        assert told == (Failure("crew", f"firearm_seen needs 2 aboard; {aboard} here"),)

    @pytest.mark.parametrize("crew", [2, 3])
    def test_a_crew_large_enough(self, crew: int) -> None:
        assert failed(here(crew=crew), incident(HERE, "emergency", "firearm_seen"), force=self.CREWED) == ()

    def test_an_empty_car_is_told_once(self) -> None:
        told = failed(here(crew=0), incident(HERE, "emergency", "firearm_seen"), force=self.CREWED)
        assert told == (Failure("crew", "nobody aboard"),)

    def test_each_missing_skill_is_named(self) -> None:
        asked = incident(HERE, needs=["taser", "negotiator", "method_of_entry"])
        told = failed(unit("U1", HERE, "taser"), asked)
        assert told == (
            Failure("skill", "nobody aboard has method_of_entry"),
            Failure("skill", "nobody aboard has negotiator"),
        )

    def test_a_tag_may_ask_for_a_skill_of_every_unit(self) -> None:
        force = changed(CLEVELAND, "tags", "firearm_seen", needs=("firearms",))
        asked = incident(HERE, "emergency", "firearm_seen", needs=["taser"])
        assert failed(unit("U1", HERE, "taser", "firearms"), asked, force=force) == ()
        told = failed(unit("U1", HERE, "taser"), asked, force=force)
        assert told == (Failure("skill", "nobody aboard has firearms"),)

    def test_a_preferred_skill_keeps_nobody_back(self) -> None:
        assert failed(here(), incident(HERE, "emergency", "domestic_abuse")) == ()


def test_a_grade_that_is_settled_by_telephone_sends_nobody() -> None:
    told = failed(here(), incident(HERE, "resolved_without_deployment"))
    expected = "grade resolved_without_deployment is resolved without sending a unit"
    assert told == (Failure("grade", expected),)


# Each way in which a unit can be at fault by itself: what it changes, and the rule that it fails.
WRONG: dict[str, dict[str, Any]] = {
    "status": {"status": "4"},
    "off_duty": {"duty_end": ago(1)},
    "committed": {"incident_id": "N-7", "committed_grade": "emergency"},
    "crew": {"crew": 0},
    "stale_fix": {"age_s": 3600},
}


@pytest.mark.parametrize("broken", list(product([False, True], repeat=len(WRONG) + 2)))
def test_every_failed_rule_is_listed_and_no_other(broken: tuple[bool, ...]) -> None:
    wrong = [rule for rule, is_broken in zip(WRONG, broken, strict=False) if is_broken]
    unskilled, settled = broken[-2:]
    asked = incident(HERE, GRADES[-1] if settled else "emergency", needs=["taser"] if unskilled else [])
    told = rules(here(**{key: value for rule in wrong for key, value in WRONG[rule].items()}), asked)
    expected = {*wrong, *(["skill"] if unskilled else []), *(["grade"] if settled else [])}
    assert set(told) == expected
    assert len(told) == len(expected)
