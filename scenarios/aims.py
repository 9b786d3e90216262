"""What a roster or a set of posts is to be good at, as one number of a simulated replication."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from scenarios.results_incidents import told_of
from scenarios.scenario import Scenario
from scenarios.simulated import Simulated

_MS_PER_S: Final = 1_000.0
_MS_PER_MIN: Final = 60_000


@dataclass(frozen=True, slots=True)
class Aim:
    """One number of a replication.

    Parameters
    ----------
    words
        What it is, for people to read.
    sign
        1 where more is better, -1 where less is.
    of
        Returns it; None where the replication had no incident that it is about.
    """

    words: str
    sign: int
    of: Callable[[Scenario, Simulated], float | None]


def urgent(scenario: Scenario, simulated: Simulated) -> pl.DataFrame:
    """Return the incidents of the most urgent grade that count and have a target, but for those open and not yet due.

    Columns as of `results_incidents.told_of`.
    """
    grade = scenario.force.most_urgent_grade
    return told_of(scenario, simulated.incidents).filter((pl.col("grade") == grade) & pl.col("decided"))


def to_try(scenario: Scenario) -> Scenario:
    """Return a scenario in which coverage is not looked at every hour: no aim asks, and it takes half of the time."""
    return replace(scenario, coverage_every_min=(scenario.until_ms - scenario.begin_ms) // _MS_PER_MIN + 1)


def share_in_target(scenario: Scenario, simulated: Simulated) -> float | None:
    """Return the share of incidents of the most urgent grade in target; one that nobody attended is not."""
    incidents = urgent(scenario, simulated)
    return None if incidents.is_empty() else int(incidents["in_target"].sum()) / incidents.height


def mean_response_s(scenario: Scenario, simulated: Simulated) -> float | None:
    """Return the mean response to the most urgent grade, seconds; one without help waits until the simulation ends."""
    incidents = urgent(scenario, simulated)
    if incidents.is_empty():
        return None
    response_ms = pl.col("response_ms").fill_null(scenario.until_ms - pl.col("received_ms"))
    return int(incidents.select(response_ms.sum()).item()) / incidents.height / _MS_PER_S


AIMS: Final[Mapping[str, Aim]] = {
    "in_target": Aim("share of the most urgent grade in target", 1, share_in_target),
    "response": Aim("mean response to the most urgent grade, seconds", -1, mean_response_s),
}
