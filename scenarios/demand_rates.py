"""Calls by rates: for each kind of incident a Poisson process whose rate changes with the hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from graphs.network import Floats, Longs
from scenarios.demand_days import LocalDay
from scenarios.demand_draws import GAP, RATES, rows_of, stream
from scenarios.scenario import Rate, Scenario


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Calls of one kind on one day.

    Parameters
    ----------
    row
        Of the rates.
    received_ms : (n,) int64
    numbers : (n, columns) float64
        The random numbers of each.
    """

    row: int
    received_ms: Longs
    numbers: Floats


def expected(rates: Sequence[Rate], day: LocalDay) -> Floats:
    """Return (rates, k) how many calls of each row to expect in each hour of a day."""
    weekday = day.day.weekday()
    per_hour = np.array([rate.per_hour if weekday in rate.days else 0.0 for rate in rates])
    begin, end = np.array([(rate.from_hour, rate.to_hour) for rate in rates], np.int64).reshape(-1, 2, 1).swapaxes(0, 1)
    at_work = (begin <= day.hour) & (day.hour < end)
    return np.where(at_work, per_hour[:, None] * day.lasts_h, 0.0)


def arrivals(scenario: Scenario, rates: Sequence[Rate], replication: int, day: LocalDay) -> Iterator[Arrivals]:
    """Yield the calls of a whole day, a row of the rates after the other; each row has a stream of its own."""
    until = np.cumsum(np.pad(expected(rates, day), ((0, 0), (1, 0))), axis=1)
    for row in np.flatnonzero(until[:, -1] > 0.0).tolist():
        draw = stream(scenario, replication, RATES, row, day.day.toordinal())
        received_ms, numbers = _arrivals(until[row], day.bounds_ms, draw)
        if len(received_ms):
            yield Arrivals(row, received_ms, numbers)


def _arrivals(until: Floats, bounds_ms: Longs, draw: np.random.Generator) -> tuple[Longs, Floats]:
    """Return moments and numbers of calls, by how many are expected until each bound.

    Calls come at a rate of 1 in the time that is measured in expected calls (time change: E. Cinlar, Introduction to
    stochastic processes, 1975, section 4.7). So the n-th call of a day is the same with another rate, only sooner or
    later.
    """
    total, reached, blocks = until[-1], 0.0, list[tuple[Floats, Floats]]()
    while reached < total:
        left = total - reached
        numbers = rows_of(draw, int(left + 3.0 * left**0.5) + 3)
        at = reached - np.cumsum(np.log1p(-numbers[:, GAP]))
        blocks.append((at, numbers))
        reached = float(at[-1])
    at, numbers = (np.concatenate(part) for part in zip(*blocks, strict=True))
    count = int(np.searchsorted(at, total))
    moments_ms = np.interp(at[:count], until, bounds_ms.astype(np.float64))
    return np.floor(moments_ms).astype(np.int64), numbers[:count]
