"""Means with intervals over replications, held against scipy and against chance itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from scenarios.results_intervals import MOST, Estimate, estimate, half_width, mean_and_sd, needed, t_quantile

QUANTILES = stats.t.ppf(0.975, range(1, 400)).tolist()
NUMBERS = st.floats(0, 1e6, allow_nan=False)


@given(st.lists(NUMBERS, min_size=2, max_size=30))
def test_interval_as_scipy_has_it(values: list[float]) -> None:
    assume(np.std(values) > 1e-6 * max(values))
    found = estimate(values, 7)
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert found.mean == pytest.approx(np.mean(values))
    assert found.sd == pytest.approx(np.std(values, ddof=1))
    assert (found.low, found.high) == pytest.approx((max(low, 0), high), rel=1e-6, abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_a_share_and_its_interval_stay_within_0_and_1(values: list[float]) -> None:
    found = estimate(values, 1, highest=1.0)
    assert min(values) <= found.mean <= max(values) or found.mean == pytest.approx(min(values))
    if found.low is not None and found.high is not None:
        assert 0 <= found.low <= found.mean <= found.high <= 1


def test_of_one_value_there_is_no_interval_and_of_none_no_mean() -> None:
    assert estimate([3.5], 9) == Estimate(1, 9, 3.5, None, None, None)
    with pytest.raises(ValueError, match="no value"):
        estimate([], 0)


def test_what_is_always_the_same_has_no_spread_by_rounding() -> None:
    assert mean_and_sd([0.1] * 3) == (0.1, 0.0)


def test_the_order_of_the_values_does_not_matter() -> None:
    values = np.random.default_rng(1).random(40).tolist()
    assert estimate(values, 1) == estimate(values[::-1], 1)


@pytest.mark.parametrize("freedom", [1, 2, 9, 99, 9_999])
def test_quantile_as_scipy_has_it(freedom: int) -> None:
    assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


@pytest.mark.parametrize("replications", [2, 5, 30])
def test_nineteen_intervals_of_twenty_hold_the_truth(replications: int) -> None:
    rng = np.random.default_rng(20_260_302)
    held = np.mean([_holds(row, 50.0) for row in rng.normal(50, 10, (4_000, replications)).tolist()])
    # Three standard deviations of a share of 95 % in so many tries.
    assert abs(held - 0.95) < 3 * math.sqrt(0.95 * 0.05 / 4_000)


def test_rates_that_differ_from_night_to_night_are_held_nearly_as_often() -> None:
    rng = np.random.default_rng(20_260_302)
    # A night's incidents share its luck. The rates are askew, which costs a point or two.
    rates = rng.binomial(200, rng.beta(40, 10, (4_000, 10))) / 200
    held = np.mean([_holds(row, 0.8) for row in rates.tolist()])
    assert 0.93 < held < 0.96
    # As if incidents were independent of each other: the interval of all 2,000 together is far too narrow.
    pooled = rates.mean(axis=1)
    narrow = 1.96 * np.sqrt(pooled * (1 - pooled) / 2_000)
    assert np.mean(abs(pooled - 0.8) < narrow) < 0.75


def _holds(values: Sequence[float], truth: float) -> bool:
    found = estimate(values, 1)
    assert found.low is not None
    assert found.high is not None
    return found.low <= truth <= found.high


@given(st.floats(0.01, 10), st.floats(0.01, 10))
def test_replications_needed_is_the_least_number_that_tells(mean: float, sd: float) -> None:
    found = needed(mean, sd)
    slow = (n for n, quantile in enumerate(QUANTILES, 2) if quantile * sd / math.sqrt(n) < mean)
    least = next(slow, None)
    assert found == least if least is not None else found is None or found > 400
    assert found == needed(-mean, sd)


def test_replications_needed_where_nothing_can_be_said() -> None:
    assert needed(0.0, 1.0) is None
    assert needed(1.0, None) is None
    assert needed(1e-6, 1.0) is None
    assert needed(1.0, 0.0) == 2
    # Just above, and just below, what the most that is looked for can tell.
    least = t_quantile(MOST - 1) / math.sqrt(MOST)
    assert needed(least * (1 + 1e-9), 1.0) == MOST
    assert needed(least * (1 - 1e-9), 1.0) is None


def test_half_of_an_interval_of_one_is_not_known() -> None:
    assert half_width(None, 1) is None
