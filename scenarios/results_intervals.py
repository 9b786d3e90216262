"""Means over replications with intervals, and how many replications it takes to tell a difference from chance.

Replications are independent draws, so that their values are; within one, a bad night makes many incidents late at once,
and no interval may be made from its incidents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from scenarios.rates import LEVEL

# More replications than this are not looked for.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a number is, over replications.

    Parameters
    ----------
    replications
        How many have a value.
    n
        Of how many things the values are, all replications together.
    mean
        Of the values of replications, each counting alike.
    sd
        Their standard deviation; None for a single one.
    low, high
        95 % interval of the mean; None for a single replication.
    few
        It is of so few things that it says little.
    """

    replications: int
    n: int
    mean: float
    sd: float | None
    low: float | None
    high: float | None
    few: bool = False


def estimate(values: Sequence[float], n: int, *, highest: float = math.inf, few: bool = False) -> Estimate:
    """Return the mean of values of replications with Student's t interval.

    Parameters
    ----------
    values
        One at least, none negative.
    n
        Of how many things they are.
    highest
        What a value cannot exceed: an interval never leaves 0 to that.

    Raises
    ------
    ValueError
        There is no value.
    """
    mean, sd = mean_and_sd(values)
    half = half_width(sd, len(values))
    low, high = (None, None) if half is None else (max(mean - half, 0.0), min(mean + half, highest))
    return Estimate(len(values), n, mean, sd, low, high, few)


def mean_and_sd(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean and the sample standard deviation; None for a single value.

    Raises
    ------
    ValueError
        There is no value.
    """
    if not values:
        raise ValueError("there is no value to take a mean of")
    # Rounding must not make a spread of what is all the same.
    if min(values) == max(values):
        return values[0], None if len(values) == 1 else 0.0
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def half_width(sd: float | None, replications: int) -> float | None:
    """Return half of the 95 % interval of a mean, ``t sd / sqrt(n)``; None for a single replication.

    Source: Student, The probable error of a mean, Biometrika 6 (1908) 1-25.
    """
    return None if sd is None else t_quantile(replications - 1) * sd / math.sqrt(replications)


@cache
def t_quantile(freedom: int) -> float:
    """Return what Student's t exceeds with 2.5 %, for so many degrees of freedom."""
    # scipy takes a while to import, which a command line that shows no interval must not.
    from scipy.special import stdtrit  # noqa: PLC0415

    return float(stdtrit(freedom, 0.5 + LEVEL / 2))


def needed(mean: float, sd: float | None) -> int | None:
    """Return the least number of replications whose 95 % interval would leave out 0, were mean and deviation these.

    That is the smallest n with ``t sd / sqrt(n) < |mean|``, which takes `mean` and `sd` for the truth: of few
    replications they are rough, and so is n.

    Returns
    -------
    int or None
        At least 2; None where it is more than `MOST`, or nothing can be said.
    """
    if sd is None or mean == 0 or not _tells(mean, sd, MOST):
        return None
    low, high = 1, MOST
    # The width shrinks with n, so that it can be halved: `low` does not tell, `high` does.
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _tells(mean, sd, middle) else (middle, high)
    return high


def _tells(mean: float, sd: float, replications: int) -> bool:
    half = half_width(sd, replications)
    return half is not None and half < abs(mean)
