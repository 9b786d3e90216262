"""Shares with intervals, differences between them, and how times are spread; nothing is said of no incidents at all."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

LEVEL: Final = 0.95
# Below so many incidents a single one moves a rate by more than twenty points, and tells on a person.
SMALL: Final = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of a number of incidents.

    Parameters
    ----------
    count, of
        So many of so many.
    share, low, high
        ``count / of`` and its 95 % interval, 0 to 1; None where there was nothing to count.
    """

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None

    @property
    def few(self) -> bool:
        """Whether the share is of so few that it says little, and is not to be shown."""
        return self.of < SMALL


@dataclass(frozen=True, slots=True)
class Difference:
    """How much one share is above another.

    Parameters
    ----------
    one, other
        The shares.
    difference, low, high
        ``one`` less ``other`` and its 95 % interval, -1 to 1; None where one of the shares is.
    """

    one: Rate
    other: Rate
    difference: float | None
    low: float | None
    high: float | None

    @property
    def few(self) -> bool:
        """Whether one of the shares is of so few that the difference says little, and is not to be shown."""
        return self.one.few or self.other.few


@dataclass(frozen=True, slots=True)
class Spread:
    """How the values that are known are spread; the figures are None where none is.

    Parameters
    ----------
    n, missing
        How many values are known, and how many are not.
    median, p90
        The middle one, and the one that nine in ten do not exceed.
    total
        Their sum.
    """

    n: int
    missing: int
    median: float | None
    p90: float | None
    total: float | None

    @property
    def few(self) -> bool:
        """Whether so few are known that median and 90th percentile say little, and are not to be shown."""
        return self.n < SMALL


def rate(count: int, of: int) -> Rate:
    """Return a share with its 95 % score interval.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, J. Am. Stat. Assoc. 22
    (1927) 209-212, as scipy has it.

    Raises
    ------
    ValueError
        ``count`` is not of 0 to ``of``.
    """
    if not 0 <= count <= of:
        raise ValueError(f"{count} of {of} is no share")
    if of == 0:
        return Rate(0, 0, None, None, None)
    # scipy.stats takes a second to import, which a command line that shows no rate must not.
    from scipy.stats import binomtest  # noqa: PLC0415

    low, high = binomtest(count, of).proportion_ci(LEVEL, method="wilson")
    share = count / of
    # Rounding may put a bound past the share itself, at 0 and 1.
    return Rate(count, of, share, min(float(low), share), max(float(high), share))


def difference(one: Rate, other: Rate) -> Difference:
    """Return how much one share is above another that is independent of it, with a 95 % interval.

    Source: R. G. Newcombe, Interval estimation for the difference between independent proportions: comparison of eleven
    methods, Stat. Med. 17 (1998) 873-890, method 10.
    """
    if one.share is None or one.low is None or one.high is None:
        return Difference(one, other, None, None, None)
    if other.share is None or other.low is None or other.high is None:
        return Difference(one, other, None, None, None)
    gap = one.share - other.share
    below = math.hypot(one.share - one.low, other.high - other.share)
    above = math.hypot(one.high - one.share, other.share - other.low)
    return Difference(one, other, gap, gap - below, gap + above)


def spread(values: Iterable[float | None]) -> Spread:
    """Return how values are spread; None is a value that is not known.

    Percentiles lie between neighbours as a spreadsheet has them (PERCENTILE.INC), so that a reader can check them:
    R. J. Hyndman and Y. Fan, Sample quantiles in statistical packages, Am. Stat. 50 (1996) 361-365, definition 7.
    """
    told = list(values)
    known = sorted(value for value in told if value is not None)
    if not known:
        return Spread(0, len(told), None, None, None)
    median, p90 = np.quantile(known, (0.5, 0.9), method="linear")
    # math.fsum does not depend on the order of the values.
    return Spread(len(known), len(told) - len(known), float(median), float(p90), math.fsum(known))
