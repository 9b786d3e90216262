"""The random numbers behind calls: one stream for each purpose, one row of numbers for each call.

A number of a call is always the same column of its row, and a length is drawn by inverting its distribution at that
number. So a longer service or another roster changes nothing else of any call, and what is compared meets the same
calls (common random numbers: A. M. Law, Simulation Modeling and Analysis, 5th ed. 2015, section 11.2).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import gammaincinv, ndtri

from graphs.network import Floats, Longs
from graphs.times import MS_PER_S
from scenarios.scenario import Length, Scenario

# What streams are for; they stand in the spawn key after the replication.
RATES, PAST_DAYS, PAST_CALLS = 101, 102, 103

# The columns of a call's row of numbers.
GAP, AREA, PLACE, HANDLING, ARREST, CUSTODY = range(6)
CHANCE: Final = slice(6, 10)
ON_SCENE: Final = slice(10, 18)
WIDTH: Final = 18
# Logarithms and quantiles of 0 are infinite.
_LEAST: Final = 2.0**-54


def stream(scenario: Scenario, replication: int, *purpose: int) -> np.random.Generator:
    """Return the stream of random numbers for a purpose, the same wherever and whenever it is asked for."""
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(scenario.seed, spawn_key=(replication, *purpose)))
    )


def rows_of(draw: np.random.Generator, count: int) -> Floats:
    """Return the rows of the next calls, above 0 and below 1; it is no matter how many are asked for at once."""
    return np.maximum(draw.random((count, WIDTH)), _LEAST)


def lengths_ms(length: Length, number: Floats) -> Longs:
    """Return the lengths, milliseconds, at which a distribution reaches given probabilities."""
    return np.rint(_lengths_s(length, number) * MS_PER_S).astype(np.int64)


def _lengths_s(length: Length, number: Floats) -> Floats:
    """Invert distributions told by mean and deviation (Law, as above, section 6.2.2)."""
    mean_s, sd_s = length.mean_s, length.sd_s
    if length.kind == "exponential":
        return np.asarray(-mean_s * np.log1p(-number))
    if length.kind == "fixed" or sd_s == 0.0 or mean_s == 0.0:
        return np.full(number.shape, mean_s)
    square = (sd_s / mean_s) ** 2
    if length.kind == "gamma":
        return np.asarray(gammaincinv(1.0 / square, number) * mean_s * square)
    deviation = np.sqrt(np.log1p(square))
    return np.asarray(mean_s * np.exp(deviation * ndtri(number) - deviation**2 / 2.0))


def chances(spread: float, number: Floats) -> Floats:
    """Return what chance makes of the time of drives: lognormal, its median 1, the deviation of its logarithm given."""
    return np.asarray(np.exp(spread * ndtri(number)))
