"""What a simulation comes to: each replication reduced to its numbers at once, then the means over replications.

What every number means stands in docs/planner.md.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from scenarios.results_incidents import incident_values, incidents_sha256, queue_values, told_of
from scenarios.results_intervals import Estimate, estimate
from scenarios.results_measures import MEASURES, Key, Value
from scenarios.results_places import Cell, Sums, cells_of, grid_of
from scenarios.results_units import ACTIVITIES, coverage_values, unit_values
from scenarios.scenario import Scenario
from scenarios.simulated import Simulated

_DIMENSIONS: Final = (
    *("", "sector", "hour", "setting", "domestic_abuse", "area", "type", "unit", "activity", "week_hour"),
)
_WHOLE: Final = (
    *("in_target", "enough", "waited", "wait_mean_s", "lost_share", "queue_longest", "nearest_sent", "behind_mean_s"),
    *("utilisation", "coverage", "coverage_least", "diverted", "breaks_missed", "overtime_h", "km"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers of one replication, small enough to be kept and sent.

    Parameters
    ----------
    policy, replication
        As `Simulated` has them.
    incidents_sha256
        Of what the incidents were; see `results_incidents.incidents_sha256`.
    values
        In no order that means anything; what a replication has nothing of is not among them.
    cells
        Where help came late.
    """

    policy: str
    replication: int
    incidents_sha256: str
    values: tuple[Value, ...]
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy comes to over its replications.

    Parameters
    ----------
    replications
        Their numbers, in order.
    estimates
        By measure, grade and dimension in the order in which a reader wants them.
    cells
        Where help came late, all replications together.
    """

    policy: str
    replications: tuple[int, ...]
    estimates: Mapping[Key, Estimate]
    cells: tuple[Cell, ...]

    def shown(self, key: Key) -> Estimate | None:
        """Return a number; None where there is none, or it is of too few to tell."""
        found = self.estimates.get(key)
        return None if found is None or found.few else found


@dataclass(frozen=True, slots=True)
class Run:
    """What is kept of one replication, so that it can be held against the same one of another policy.

    Parameters
    ----------
    values
        The headline's numbers, those that it has; see `headline_of`.
    """

    replication: int
    incidents_sha256: str
    values: Mapping[Key, Value]


@dataclass(frozen=True, slots=True)
class Results:
    """What a scenario's policies come to, in the order in which they first came.

    Parameters
    ----------
    headline
        What a reader asks first, in order; policies are compared by these.
    runs
        Of each policy its replications, in order of their numbers.
    """

    headline: tuple[Key, ...]
    outcomes: tuple[Outcome, ...]
    runs: Mapping[str, tuple[Run, ...]]


def headline_of(scenario: Scenario) -> tuple[Key, ...]:
    """Return what a reader asks first of a scenario."""
    grades = sorted(scenario.force.grades.items(), key=lambda each: each[1].rank)
    by_grade = ("in_target", "response_median_s", "response_p90_s")
    return (
        *(Key(name, key) for key, grade in grades if grade.target_urban_s is not None for name in by_grade),
        *(Key(name, "", "domestic_abuse", "yes") for name in ("in_target", "nearest_sent")),
        *(Key(name) for name in _WHOLE),
    )


def measured(scenario: Scenario, simulated: Simulated) -> Measured:
    """Return the numbers of a replication.

    Incidents count that were received within the period, but for those of grades that send nobody; what units did is
    cut to the period.
    """
    told = told_of(scenario, simulated.incidents)
    values = (
        *incident_values(scenario, told),
        *queue_values(scenario, simulated.incidents, simulated.assignments),
        *unit_values(scenario, simulated),
        *coverage_values(scenario, simulated.coverage),
    )
    cells = tuple(cells_of(grid_of(scenario.network), told))
    known = incidents_sha256(simulated.incidents)
    return Measured(simulated.policy, simulated.replication, known, values, cells)


def measured_json(one: Measured) -> bytes:
    """Return the numbers of a replication as JSON, to be kept in a file; `measured_from` reads it."""
    document = {
        "policy": one.policy,
        "replication": one.replication,
        "incidents_sha256": one.incidents_sha256,
        "values": [[*value.key, value.value, value.n] for value in one.values],
        "cells": [list(cell) for cell in one.cells],
    }
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def measured_from(data: bytes) -> Measured:
    """Read what `measured_json` wrote."""
    document: dict[str, Any] = orjson.loads(data)
    values = tuple(Value(Key(*key), value, n) for *key, value, n in document.pop("values"))
    cells = tuple(Cell(*cell) for cell in document.pop("cells"))
    return Measured(values=values, cells=cells, **document)


@dataclass
class _Gathered:
    """What is kept of a policy while its replications come in.

    Parameters
    ----------
    numbers
        Replication, value and n, one after the other: of thousands of replications, tuples would fill the memory.
    """

    runs: list[Run] = field(default_factory=list)
    numbers: defaultdict[Key, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    cells: Sums = field(default_factory=Sums)


def results_of(scenario: Scenario, measured: Iterable[Measured]) -> Results:
    """Return what replications come to, by policy.

    Parameters
    ----------
    scenario
        What was simulated: it says what stands in the headline, and in what order grades stand.
    measured
        In any order; each is let go of when it was looked at.
    """
    headline = headline_of(scenario)
    gathered = defaultdict[str, _Gathered](_Gathered)
    for one in measured:
        _gather(gathered[one.policy], one, headline)
    outcomes = tuple(_outcome(scenario, policy, found) for policy, found in gathered.items())
    return Results(headline, outcomes, {policy: _in_order(found.runs) for policy, found in gathered.items()})


def _gather(gathered: _Gathered, one: Measured, headline: Sequence[Key]) -> None:
    asked, numbers = frozenset(headline), gathered.numbers
    values = {value.key: value for value in one.values if value.key in asked}
    gathered.runs.append(Run(one.replication, one.incidents_sha256, values))
    gathered.cells.add(one.cells)
    for key, value, n in one.values:
        numbers[key].extend((one.replication, value, n))


def _in_order(runs: Iterable[Run]) -> tuple[Run, ...]:
    return tuple(sorted(runs, key=lambda run: run.replication))


def _outcome(scenario: Scenario, policy: str, found: _Gathered) -> Outcome:
    replications = tuple(run.replication for run in _in_order(found.runs))
    ranks = {key: grade.rank for key, grade in scenario.force.grades.items()}
    ordered = sorted(found.numbers, key=lambda key: _place(key, ranks))
    estimates = {key: _estimate(key, found.numbers[key], len(replications)) for key in ordered}
    return Outcome(policy, replications, estimates, found.cells.cells())


# Groups that have an order of their own.
_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "setting": ("urban", "rural"),
    "domestic_abuse": ("yes", "no"),
    "activity": ACTIVITIES,
}
_PLACES: Final = {name: place for place, name in enumerate(MEASURES)}


def _place(key: Key, ranks: Mapping[str, int]) -> tuple[object, ...]:
    known = _GROUPS.get(key.dimension, ())
    group = known.index(key.group) if key.group in known else len(known)
    dimension = _DIMENSIONS.index(key.dimension)
    return _PLACES[key.measure], dimension, ranks.get(key.grade, 0), group, key.group == "", key.group


def _estimate(key: Key, numbers: array[float], replications: int) -> Estimate:
    """Return the mean over replications, in order of their numbers so that it hangs on no other order."""
    kind = MEASURES[key.measure]
    rows = sorted(zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True))
    n = int(sum(n for _, _, n in rows))
    return estimate([value for _, value, _ in rows], n, highest=kind.highest, few=kind.few(n, replications))
