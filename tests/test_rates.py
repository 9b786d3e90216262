"""Shares, differences and percentiles: against published examples, exact coverage and the standard library."""

from __future__ import annotations

import math
from statistics import median, quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from scenarios.rates import Rate, Spread, difference, rate, spread

shares = st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
seconds = st.floats(-1e5, 1e5)


# Newcombe, Two-sided confidence intervals for the single proportion, Stat. Med. 17 (1998) 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_share_has_the_published_interval(count: int, of: int, low: float, high: float) -> None:
    found = rate(count, of)
    assert (round(found.low or 0.0, 4), round(found.high or 0.0, 4)) == (low, high)


# Newcombe, Interval estimation for the difference, Stat. Med. 17 (1998) 873-890, table II, method 10.
@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_a_difference_has_the_published_interval(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = difference(rate(*one), rate(*other))
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


@pytest.mark.parametrize("truth", [0.5, 0.7, 0.9, 0.97])
def test_the_interval_holds_the_truth_in_95_of_100(truth: float) -> None:
    of = 200
    found = [rate(count, of) for count in range(of + 1)]
    held = [binom.pmf(each.count, of, truth) for each in found if (each.low or 0) <= truth <= (each.high or 0)]
    assert 0.93 < sum(held) < 0.97


def test_of_nothing_there_is_no_share() -> None:
    assert rate(0, 0) == Rate(0, 0, None, None, None)


@pytest.mark.parametrize(("one", "other"), [((0, 0), (3, 4)), ((3, 4), (0, 0)), ((0, 0), (0, 0))])
def test_nothing_has_no_difference(one: tuple[int, int], other: tuple[int, int]) -> None:
    found = difference(rate(*one), rate(*other))
    assert (found.difference, found.low, found.high) == (None, None, None)


@pytest.mark.parametrize(("count", "of"), [(1, 0), (-1, 3), (4, 3)])
def test_more_than_all_is_no_share(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        rate(count, of)


@settings(deadline=None)
@given(shares)
def test_a_share_is_in_its_interval(share: tuple[int, int]) -> None:
    found = rate(*share)
    assert found.share is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.share <= found.high <= 1


@settings(deadline=None)
@given(shares, shares)
def test_a_difference_is_in_its_interval_and_turns_round(one: tuple[int, int], other: tuple[int, int]) -> None:
    there, back = difference(rate(*one), rate(*other)), difference(rate(*other), rate(*one))
    assert there.difference is not None
    assert there.low is not None
    assert there.high is not None
    assert back.low is not None
    assert -1 - 1e-12 <= there.low <= there.difference <= there.high <= 1 + 1e-12
    assert math.isclose(there.high, -back.low, abs_tol=1e-12)


@settings(deadline=None)
@given(st.lists(seconds | st.none()))
def test_a_spread_is_that_of_the_standard_library(values: list[float | None]) -> None:
    known = [value for value in values if value is not None]
    found = spread(values)
    assert (found.n, found.missing) == (len(known), len(values) - len(known))
    if known:
        ninth = quantiles(known, n=10, method="inclusive")[8] if len(known) > 1 else known[0]
        assert found.median == pytest.approx(median(known), abs=1e-6)
        assert found.p90 == pytest.approx(ninth, abs=1e-6)
        assert found.total == math.fsum(known)
    else:
        assert (found.median, found.p90, found.total) == (None, None, None)


def test_a_spread_reads_as_a_spreadsheet_has_it() -> None:
    # PERCENTILE.INC of 0, 60, ..., 600 at 0.9.
    assert spread([*range(0, 601, 60), None]) == Spread(11, 1, 300.0, 540.0, 3300.0)


@settings(deadline=None)
@given(st.lists(seconds | st.none()), st.randoms())
def test_order_changes_nothing(values: list[float | None], random: object) -> None:
    mixed = list(values)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert spread(mixed) == spread(values)
