"""Duties that cover what is needed: against trying everything, and against another solver."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from rosters import row, town
from scenarios.roster_need import ANY, Needs, NoRoster, Want
from scenarios.roster_rows import duties_of
from scenarios.roster_rules import Rules
from scenarios.roster_shifts import Cover, Kind, Shift, cover, kinds_of, legal_shifts

PAIR = Kind(2, frozenset(), "station")
ALONE = Kind(1, frozenset(), "station")
NEGOTIATORS = Kind(2, frozenset({"negotiator"}), "station")
WORK = 5.0


def needs(hours: dict[int, int], want: Want = ANY) -> Needs:
    return {want: tuple(hours.get(hour, 0) for hour in range(168))}


def covered(found: Cover, asked: Needs) -> bool:
    return all(
        sum(
            crews
            for (kind, shift), crews in found.crews.items()
            if want.met(kind.crew, kind.skills) and hour in shift.covers
        )
        >= crews_needed
        for want, hours in asked.items()
        for hour, crews_needed in enumerate(hours)
    )


def tried(asked: Needs, rules: Rules, most: int) -> int:
    """The fewest crew hours, by trying everything that covers any of it."""
    useful = [shift for shift in legal_shifts(rules) if any(asked[ANY][hour] for hour in shift.covers)]
    best = None
    for counts in product(range(most + 1), repeat=len(useful)):
        there = np.zeros(168, np.int64)
        for shift, count in zip(useful, counts, strict=True):
            there[list(shift.covers)] += count
        hours = sum(shift.hours * count for shift, count in zip(useful, counts, strict=True))
        if (there >= np.array(asked[ANY])).all() and (best is None or hours < best):
            best = hours
    assert best is not None
    return best


@given(st.dictionaries(st.sampled_from([50, 53, 56, 58]), st.integers(1, 2), min_size=1))
@settings(max_examples=25, deadline=None)
def test_no_duties_cover_it_with_fewer_hours(hours: dict[int, int]) -> None:
    rules = Rules(shift_hours=(4, 6), starts=(0, 4, 8))
    asked = needs(hours)
    found = cover(asked, [ALONE], rules, WORK)
    assert covered(found, asked)
    assert found.officer_hours == found.bound == tried(asked, rules, 2)


@given(st.lists(st.integers(0, 4), min_size=21, max_size=21))
@settings(max_examples=15, deadline=None)
def test_another_solver_finds_no_better(blocks: list[int]) -> None:
    """HiGHS, on a whole week in blocks of eight hours."""
    asked = needs({hour: blocks[hour // 8] for hour in range(168)})
    rules = Rules(shift_hours=(8, 10), starts=(0, 4, 7, 8, 15, 16, 23))
    found = cover(asked, [PAIR], rules, WORK)
    shifts = legal_shifts(rules)
    matrix = np.zeros((168, len(shifts)))
    for column, shift in enumerate(shifts):
        matrix[list(shift.covers), column] = 1
    cost = np.array([2 * shift.hours for shift in shifts])
    theirs = milp(
        cost,
        constraints=LinearConstraint(matrix, lb=np.array(asked[ANY])),
        integrality=np.ones(len(shifts)),
        bounds=Bounds(0, np.inf),
    )
    assert covered(found, asked)
    assert found.bound <= round(theirs.fun) <= found.officer_hours
    assert found.officer_hours - found.bound <= 2 * found.gap * found.officer_hours


def test_sunday_night_runs_into_monday() -> None:
    found = cover(needs({167: 1, 0: 1}), [PAIR], Rules(shift_hours=(8,), starts=(22,)), WORK)
    assert found.crews == {(PAIR, Shift(6 * 24 + 22, 8)): 1}
    assert found.on_duty()[0] == found.on_duty()[167] == 1


def test_skills_go_where_they_are_needed_and_no_further() -> None:
    asked = needs({10: 2, 60: 1}) | needs({10: 1}, Want("negotiator"))
    found = cover(asked, [PAIR, NEGOTIATORS], Rules(shift_hours=(8,), starts=(8,)), WORK)
    assert found.crews == {(PAIR, Shift(8, 8)): 1, (NEGOTIATORS, Shift(8, 8)): 1, (PAIR, Shift(56, 8)): 1}


def test_one_alone_does_what_needs_no_pair() -> None:
    asked = needs({10: 2}) | needs({10: 1}, Want(aboard=2))
    found = cover(asked, [ALONE, PAIR], Rules(shift_hours=(8,), starts=(8,)), WORK)
    assert found.crews == {(ALONE, Shift(8, 8)): 1, (PAIR, Shift(8, 8)): 1}
    assert found.officer_hours == found.bound == 24


def test_no_more_different_starts_than_allowed() -> None:
    asked = needs({hour: 1 + (hour % 24 in range(9, 14)) for hour in range(168)})
    found = cover(asked, [PAIR], Rules(shift_hours=(8, 12), starts=tuple(range(24)), most_starts=2), WORK)
    assert covered(found, asked)
    assert len({shift.start_h for _, shift in found.crews}) <= 2


def test_a_long_night_is_no_duty_where_its_work_is_dangerous() -> None:
    every, safe = (
        {(shift.start_h, shift.hours) for shift in legal_shifts(rules)} for rules in (Rules(), Rules(night_longest=8))
    )
    assert every - safe == {(18, 9), (18, 10), (22, 9), (22, 10)}
    assert safe < every


def test_too_few_starts_are_said() -> None:
    with pytest.raises(NoRoster, match="no more than 1 hours of the day do not cover"):
        cover(needs(dict.fromkeys(range(24), 1)), [PAIR], Rules(most_starts=1), WORK)


def test_twice_the_same() -> None:
    asked = needs({hour: 1 + hour % 5 for hour in range(168)})
    one, two = (cover(asked, [PAIR], Rules(), 1.0) for _ in range(2))
    assert one.crews == two.crews


def test_all_that_stands_in_the_way_is_said() -> None:
    asked = needs({10: 1}) | needs({10: 1}, Want("negotiator"))
    with pytest.raises(NoRoster) as told:
        cover(asked, [PAIR], Rules(shift_hours=(8,), starts=(20,)), WORK)
    skill, hours = str(told.value).splitlines()
    assert skill == "incidents need negotiator, and no crew on the roster of the scenario is such: there are crew of 2"
    assert hours.startswith("crews are needed in 1 hours of the week, the first Mon 10:00, in which no duty may be")


def test_kinds_of_crews_are_those_of_the_roster() -> None:
    rows = [
        row("R1", patrol="sector", sector="N"),
        row("R2", patrol="sector", sector="N"),
        row("R3"),
        row("R4", skills=["negotiator"], crew=1),
    ]
    asked = town()
    kinds = kinds_of(asked.with_(duties=duties_of(rows, asked)))
    assert kinds == (Kind(1, frozenset({"negotiator"}), "station"), Kind(2, frozenset(), "sector"))
    with pytest.raises(NoRoster, match="what kinds of crews"):
        kinds_of(asked)
