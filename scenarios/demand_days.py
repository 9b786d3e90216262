"""The days of a scenario by the force's wall clocks, and the hours in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from graphs.network import Floats, Longs
from scenarios.scenario import MS_PER_HOUR, Scenario

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, eq=False)
class LocalDay:
    """A day from midnight to midnight, of 23 or 25 hours where clocks change.

    Parameters
    ----------
    day
        The date.
    bounds_ms : (k + 1,) int64
        From when to when each of its hours is, milliseconds from the scenario's start.
    hour : (k,) int64
        What the clocks say in each: one that comes twice stands twice, one that is left out does not stand here.
    """

    day: date
    bounds_ms: Longs
    hour: Longs

    @property
    def begin_ms(self) -> int:
        """When it begins."""
        return int(self.bounds_ms[0])

    @property
    def end_ms(self) -> int:
        """When it ends."""
        return int(self.bounds_ms[-1])

    @property
    def lasts_h(self) -> Floats:
        """(k,) how long each of its hours is, in hours: less than 1 where clocks change by half of one."""
        return np.diff(self.bounds_ms) / MS_PER_HOUR


def days_of(scenario: Scenario, begin_ms: int, until_ms: int) -> Iterator[LocalDay]:
    """Yield all days, whole, of which something lies between two moments."""
    day = scenario.local(begin_ms).date()
    while (local_day := _local_day(scenario, day)).begin_ms < until_ms:
        yield local_day
        day += timedelta(days=1)


def time_ms(scenario: Scenario, wall: datetime) -> int | None:
    """Return when the clocks say a moment of the wall; None where they are put forward past it."""
    moment = wall.replace(tzinfo=scenario.zone).astimezone(UTC)
    there = moment.astimezone(scenario.zone).replace(tzinfo=None, fold=0) == wall.replace(fold=0)
    return scenario.since_start(moment) if there else None


def _local_day(scenario: Scenario, day: date) -> LocalDay:
    begin_ms, end_ms = _midnight_ms(scenario, day), _midnight_ms(scenario, day + timedelta(days=1))
    bounds_ms, hours = [begin_ms], list[int]()
    while (at_ms := bounds_ms[-1]) < end_ms:
        local = scenario.local(at_ms)
        # Clocks change on the hour, so nothing changes before the next one.
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        bounds_ms.append(min(at_ms + MS_PER_HOUR - into // _MS, end_ms))
        hours.append(local.hour)
    return LocalDay(day, np.array(bounds_ms, np.int64), np.array(hours, np.int64))


def _midnight_ms(scenario: Scenario, day: date) -> int:
    """Return when a day begins; a midnight that clocks are put forward past is the moment at which they are."""
    return scenario.since_start(datetime.combine(day, time(), scenario.zone).astimezone(UTC))
