"""What units did with their time, and how much of the demand they covered: the numbers of one replication."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from statistics import fmean
from typing import Final, get_args

import numpy as np
import polars as pl

from graphs.network import Longs
from scenarios.results_incidents import local_of
from scenarios.results_measures import Key, Value
from scenarios.scenario import MS_PER_HOUR, Activity, Scenario
from scenarios.simulated import Simulated

# What binds a unit to an incident.
BOUND: Final = ("mobilising", "en_route", "at_scene", "escort", "custody")
ACTIVITIES: Final = ("mobilising", *get_args(Activity))
_M_PER_KM: Final = 1_000
# Every zone differs from UTC by a multiple of a quarter of an hour: in none does the hour change within one.
_QUARTER: Final = timedelta(minutes=15)


def unit_values(scenario: Scenario, simulated: Simulated) -> Iterator[Value]:
    """Yield the numbers about units, from what they did within the period that counts."""
    states = _within(scenario, simulated.states)
    yield from _by_unit(states)
    yield from _by_activity(states)
    yield from _by_hour(scenario, states)
    yield from _sent(scenario, simulated.assignments)
    duties = simulated.states["duty"].n_unique()
    yield Value(Key("breaks_missed"), float(simulated.missed_breaks), duties)
    yield Value(Key("late_starts"), float(simulated.late_starts), duties)
    yield Value(Key("overtime_h"), simulated.overtime_ms / MS_PER_HOUR, duties)


def _within(scenario: Scenario, states: pl.DataFrame) -> pl.DataFrame:
    clipped = states.with_columns(pl.col("from_ms", "to_ms").clip(0, scenario.end_ms))
    return clipped.filter(pl.col("to_ms") > pl.col("from_ms")).with_columns(
        lasts_ms=pl.col("to_ms") - pl.col("from_ms"), bound=pl.col("activity").is_in(BOUND)
    )


def _by_unit(states: pl.DataFrame) -> Iterator[Value]:
    times = [pl.col("lasts_ms").sum(), pl.col("lasts_ms").filter("bound").sum().alias("bound_ms")]
    times.append(pl.col("duty").n_unique().alias("duties"))
    rows = states.group_by("callsign").agg(times).sort("callsign").iter_rows()
    whole = states.select(times).row(0)
    for callsign, on_duty_ms, bound_ms, duties in [("", *whole), *rows]:
        dimension = "unit" if callsign else ""
        yield Value(Key("duty_h", "", dimension, callsign), on_duty_ms / MS_PER_HOUR, duties)
        if on_duty_ms:
            yield Value(Key("utilisation", "", dimension, callsign), bound_ms / on_duty_ms, duties)


def _by_activity(states: pl.DataFrame) -> Iterator[Value]:
    """Yield what share of the time on duty each activity took; 0 for one that nobody came to."""
    spent = dict(states.group_by("activity").agg(pl.col("lasts_ms").sum()).iter_rows())
    on_duty_ms, duties = sum(spent.values()), states["duty"].n_unique()
    for activity in ACTIVITIES if on_duty_ms else ():
        yield Value(Key("activity", "", "activity", activity), spent.get(activity, 0) / on_duty_ms, duties)


def _by_hour(scenario: Scenario, states: pl.DataFrame) -> Iterator[Value]:
    """Yield utilisation and the mean number on duty by local hour of the day."""
    edges_ms, hours = _quarters(scenario)
    on_duty_ms = _spent_ms(states, edges_ms)
    bound_ms = _spent_ms(states.filter("bound"), edges_ms)
    for hour in np.unique(hours).tolist():
        own = hours == hour
        busy, there, passed = (int(each[own].sum()) for each in (bound_ms, on_duty_ms, np.diff(edges_ms)))
        group, n = f"{hour:02d}", int(own.sum())
        yield Value(Key("on_duty", "", "hour", group), there / passed, n)
        if there:
            yield Value(Key("utilisation", "", "hour", group), busy / there, n)


@lru_cache(maxsize=4)
def _quarters(scenario: Scenario) -> tuple[Longs, Longs]:
    """Return the bounds of the quarters of hours of the period, in milliseconds, and the local hour of each."""
    first = scenario.start.replace(minute=scenario.start.minute // 15 * 15, second=0, microsecond=0)
    before_ms = (scenario.start - first) // timedelta(milliseconds=1)
    step_ms = _QUARTER // timedelta(milliseconds=1)
    inside = np.arange(step_ms - before_ms, scenario.end_ms, step_ms, dtype=np.int64)
    edges_ms = np.concatenate([[0], inside, [scenario.end_ms]]).astype(np.int64)
    begins = pl.DataFrame({"at": edges_ms[:-1]}).select(local_of(scenario, pl.col("at")).dt.hour().cast(pl.Int64))
    return edges_ms, begins.to_series().to_numpy()


def _spent_ms(states: pl.DataFrame, edges_ms: Longs) -> Longs:
    """Return the time that states spend between each two bounds.

    What was spent until a moment is the sum of its distances from the beginnings before it, less that from the ends.
    """
    begun, ended = (_passed_ms(np.sort(states[name].to_numpy()), edges_ms) for name in ("from_ms", "to_ms"))
    spent: Longs = np.diff(begun - ended)
    return spent


def _passed_ms(moments_ms: Longs, edges_ms: Longs) -> Longs:
    """Return, for each bound, the time since each moment before it, summed."""
    before = np.searchsorted(moments_ms, edges_ms)
    sums = np.concatenate([[0], np.cumsum(moments_ms, dtype=np.int64)])
    passed: Longs = before * edges_ms - sums[before]
    return passed


def _sent(scenario: Scenario, assignments: pl.DataFrame) -> Iterator[Value]:
    """Yield how often units were sent, turned away and how far they drove, for assignments made within the period."""
    made = assignments.filter(pl.col("assigned_ms").is_between(0, scenario.end_ms, closed="left"))
    told = [pl.len().alias("n"), pl.col("length_m").sum().alias("m")]
    told += [(pl.col("ended") == name).sum().alias(name) for name in ("diverted", "relieved")]
    rows = made.sort("callsign", "assigned_ms").group_by("callsign", maintain_order=True).agg(told)
    whole = made.select(told).row(0)
    for callsign, sent, length_m, diverted, relieved in [("", *whole), *rows.iter_rows()]:
        numbers = {"assignments": sent, "km": length_m / _M_PER_KM, "diverted": diverted, "relieved": relieved}
        for name, value in numbers.items():
            yield Value(Key(name, "", "unit" if callsign else "", callsign), float(value), sent)


def coverage_values(scenario: Scenario, coverage: pl.DataFrame) -> Iterator[Value]:
    """Yield mean coverage and free units: of all looks within the period, by local hour of the day and of the week."""
    local = local_of(scenario, pl.col("at_ms"))
    looks = coverage.filter(pl.col("at_ms").is_between(0, scenario.end_ms, closed="left")).sort("at_ms")
    groups = {"": pl.lit(""), "hour": local.dt.strftime("%H"), "week_hour": local.dt.strftime("%u %H")}
    for dimension, group in groups.items():
        for measure, column in (("coverage", "share"), ("free", "free")):
            told = looks.select(group.alias("group"), pl.col(column).cast(pl.Float64)).drop_nulls()
            for key, values in _by_group(told.iter_rows()).items():
                yield Value(Key(measure, "", dimension, key), fmean(values), len(values))
    if share := looks["share"].drop_nulls().to_list():
        yield Value(Key("coverage_least"), min(share), len(share))


def _by_group(rows: Iterable[tuple[str, float]]) -> Mapping[str, list[float]]:
    found = defaultdict[str, list[float]](list)
    for group, value in rows:
        found[group].append(value)
    return found
