"""Pairs that make several sums least, one after the other, held against trying all of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.matching import Sum, match

Answer = tuple[int, ...]


def answers(allowed: np.ndarray) -> list[Answer]:
    """Return every way to give each row a column of its own or none."""
    choices = [[*np.flatnonzero(row).tolist(), -1] for row in allowed]
    free = (each for each in itertools.product(*choices))
    return [each for each in free if len(taken := [one for one in each if one >= 0]) == len(set(taken))]


def worth(answer: Answer, sums: list[Sum], width: int) -> tuple[object, ...]:
    totals = [
        sum(int(each.cost[row, column] if column >= 0 else each.alone[row]) for row, column in enumerate(answer))
        for each in sums
    ]
    return *totals, tuple(column if column >= 0 else width for column in answer)


@st.composite
def tasks(draw_: st.DrawFn) -> tuple[np.ndarray, list[Sum]]:
    count, width = draw_(st.integers(0, 5)), draw_(st.integers(0, 6))
    flags = st.lists(st.sampled_from([True, True, False]), min_size=count * width, max_size=count * width)
    sums = []
    for _ in range(draw_(st.integers(0, 3))):
        # Few different costs, so that many answers are equally good; some near the largest that may be.
        costs = st.sampled_from(draw_(st.sampled_from([[0, 1], [0, 1, 2, 5], [-3, 0, 7], [0, 1, 2**43, 2**43 + 1]])))
        cost = draw_(st.lists(costs, min_size=count * width, max_size=count * width))
        alone = draw_(st.lists(costs, min_size=count, max_size=count))
        sums.append(Sum(np.array(cost, np.int64).reshape(count, width), np.array(alone, np.int64)))
    return np.array(draw_(flags), bool).reshape(count, width), sums


@given(tasks())
@settings(max_examples=1500, deadline=None)
def test_equal_to_trying_all(task: tuple[np.ndarray, list[Sum]]) -> None:
    allowed, sums = task
    best = min(answers(allowed), key=lambda answer: worth(answer, sums, allowed.shape[1]))
    assert match(allowed, sums) == list(best)


def test_rows_that_may_have_nothing_go_without() -> None:
    allowed = np.array([[False, False], [True, False], [True, False]])
    served = Sum(np.zeros((3, 2), np.int64), np.ones(3, np.int64))
    assert match(allowed, [served]) == [-1, 0, -1]


def test_a_large_first_sum_takes_nothing_from_the_second() -> None:
    large = Sum(np.full((2, 2), 2**43, np.int64), np.full(2, 2**43 + 1, np.int64))
    fine = Sum(np.array([[1, 3], [2, 3]], np.int64), np.zeros(2, np.int64))
    assert match(np.ones((2, 2), bool), [large, fine]) == [0, 1]


@pytest.mark.parametrize("seed", range(3))
def test_many_rows_are_equal_to_the_hungarian_method(seed: int) -> None:
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - only here

    chance = np.random.default_rng(seed)
    cost = chance.integers(0, 3_600_000, (60, 300))
    found = match(np.ones(cost.shape, bool), [Sum(cost, np.full(60, 2**40))])
    rows, columns = linear_sum_assignment(cost)
    assert len(set(found)) == 60
    assert cost[np.arange(60), found].sum() == cost[rows, columns].sum()
