"""Lines of officers: legal, complete, and as few as trying everything finds."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.errors import InputError
from scenarios.roster_lines import Line, broken, lines_of
from scenarios.roster_rules import Rules
from scenarios.roster_shifts import Shift

RULES = Rules(weekly_hours=48)
WORK = 5.0
EARLY, LATE, NIGHT = 7, 15, 22


def fewest(officers: dict[Shift, int], rules: Rules) -> int:
    """By trying all legal lines, one after the other."""
    shifts = sorted(officers)
    legal = [
        set(line)
        for size in range(1, len(shifts) + 1)
        for line in combinations(range(len(shifts)), size)
        if not broken(tuple(shifts[row] for row in line), rules)
    ]
    largest = [line for line in legal if not any(line < other for other in legal)]

    @cache
    def left(counts: tuple[int, ...]) -> int:
        first = next((row for row, count in enumerate(counts) if count), None)
        if first is None:
            return 0
        return 1 + min(
            left(tuple(max(count - (row in line), 0) for row, count in enumerate(counts)))
            for line in largest
            if first in line
        )

    return left(tuple(officers[shift] for shift in shifts))


def worked(lines: tuple[Line, ...]) -> Counter[Shift]:
    return Counter(shift for line in lines for shift in line)


SHIFTS = st.builds(
    lambda day, start, hours: Shift(day * 24 + start, hours),
    st.integers(0, 6),
    st.sampled_from([0, 7, 10, 15, 19, 23]),
    st.sampled_from([8, 9, 10, 12]),
)


@given(
    st.dictionaries(SHIFTS, st.integers(1, 2), min_size=1, max_size=8),
    st.sampled_from([RULES, Rules(weekly_hours=24), Rules(weekly_rest=90, daily_rest=14), Rules(night_daily=3)]),
)
@settings(max_examples=120, deadline=None)
def test_no_fewer_officers_could_work_it(officers: dict[Shift, int], rules: Rules) -> None:
    found = lines_of(officers, rules, WORK)
    assert worked(found.lines) == officers
    assert [broken(line, rules) for line in found.lines] == [[]] * len(found.lines)
    assert found.bound <= fewest(officers, rules) == len(found.lines)


def test_a_crew_round_the_clock_takes_as_many_as_its_hours_say() -> None:
    """168 hours of one officer at 48 a week are three and a half: four, with proof."""
    shifts = {Shift(day * 24 + start, 8): 1 for day in range(7) for start in (EARLY, LATE, 23)}
    found = lines_of(shifts, RULES, WORK)
    assert (len(found.lines), found.bound, found.gap) == (4, 4, 0.0)
    assert [broken(line, RULES) for line in found.lines] == [[]] * 4


def test_nobody_works_nothing() -> None:
    assert lines_of({}, RULES, WORK).lines == ()


def test_twice_the_same() -> None:
    shifts = {Shift(day * 24 + start, 9): 2 for day in range(7) for start in (EARLY, LATE, 23)}
    assert lines_of(shifts, RULES, WORK).lines == lines_of(shifts, RULES, WORK).lines


@pytest.mark.parametrize(
    ("line", "said"),
    [
        # Ten hours from late to early.
        ((Shift(LATE, 8), Shift(24 + 9, 8)), "10 hours of rest between duties, 11 are needed"),
        # From Sunday's night into Monday's early turn.
        ((Shift(EARLY, 8), Shift(6 * 24 + NIGHT, 8)), "1 hours of rest between duties, 11 are needed"),
        # Seven days without a day off.
        (
            tuple(Shift(day * 24 + EARLY, 4) for day in range(7)),
            "the longest rest of the week is 20 hours, 35 are needed",
        ),
        (tuple(Shift(day * 24 + EARLY, 10) for day in range(5)), "50 hours a week, 48 are allowed"),
        # 37 hours from Sunday at 02:00 to Monday at 15:00: 22 and 15 on either side of midnight.
        (
            (*(Shift(day * 24 + LATE, 8) for day in range(5)), Shift(5 * 24 + 18, 8)),
            "no rest of the week has its 24 hours between one Monday and the next",
        ),
    ],
)
def test_what_a_line_breaks_is_said(line: Line, said: str) -> None:
    assert said in broken(line, RULES)


def test_a_rest_over_sunday_midnight_counts_where_one_week_has_24_hours_of_it() -> None:
    assert broken(tuple(Shift(day * 24 + LATE, 8) for day in range(6)), RULES) == []
    # From Sunday at 23:00 to Tuesday at 15:00.
    assert broken(tuple(Shift(day * 24 + LATE, 8) for day in range(1, 7)), RULES) == []


def test_no_officer_has_a_week_without_its_rest() -> None:
    """One officer could work all six duties, but for the 37 hours that are cut by Sunday midnight."""
    duties = {**{Shift(day * 24 + LATE, 8): 1 for day in range(5)}, Shift(5 * 24 + 18, 8): 1}
    found = lines_of(duties, RULES, WORK)
    assert (len(found.lines), found.bound) == (2, 2)


def test_officers_begin_at_one_hour_of_the_day_where_that_takes_no_more_of_them() -> None:
    """Lines that mix early, late and night turns take as few; five of 8 hours each, in seven days, are seven lines."""
    shifts = {Shift(day * 24 + start, 8): 5 for day in range(7) for start in (EARLY, LATE, NIGHT)}
    found = lines_of(shifts, Rules(), WORK)
    assert len(found.lines) == found.bound == 21
    assert [len({shift.start_h for shift in line}) for line in found.lines] == [1] * 21


def test_a_long_week_of_nights_is_shorter_where_the_force_says_so() -> None:
    nights = tuple(Shift(day * 24 + NIGHT, 8) for day in range(5))
    assert broken(nights, RULES) == []
    assert broken(nights, Rules(night_daily=6)) == ["40 hours a week, 36 are allowed"]
    assert broken(tuple(Shift(day * 24 + EARLY, 8) for day in range(5)), Rules(night_daily=6)) == []


@pytest.mark.parametrize(
    ("start", "hours", "night"), [(22, 8, True), (15, 8, False), (17, 9, True), (3, 8, True), (4, 8, False)]
)
def test_three_hours_between_eleven_and_six_make_a_night(start: int, hours: int, night: bool) -> None:  # noqa: FBT001
    assert RULES.is_night(start, hours) is night


def test_rules_are_read_key_by_key(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("weekly_hours = 40\nstarts = [7, 15, 23]\n")
    assert Rules.read(path) == Rules(weekly_hours=40, starts=(7, 15, 23))


def test_all_faults_of_rules_are_told(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("weekly_hour = 40\nstarts = [24]\nbreak_min = 0\n")
    with pytest.raises(InputError) as told:
        Rules.read(path)
    assert {fault.field.split(".")[0].split("[")[0] for fault in told.value.faults} == {
        "weekly_hour",
        "starts",
        "break_min",
    }
