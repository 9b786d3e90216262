"""The simulator against theory: Erlang, and two published examples of the hypercube model.

Travel is a few seconds against services of many hours, nobody needs time to move off, and who is done is home at once:
what is left is the queue of the books. Intervals are Student's, over replications, at 99 %.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from scipy import stats

from hypercube import mean_wait
from roadmaps import draw
from scenarios import queueing
from scenarios.scenario import MS_PER_HOUR, Length, PolicyChoice, Room, Scenario, Station
from scenarios.simulated import Simulated
from scenarios.simulation import simulate
from shifts import calls_at, poisson_s, standing

ROAD = draw("A-B", "A-B length=200")
NEAREST = PolicyChoice("nearest_first")
HOUR_S = 3_600.0
LONG_S = 10 * HOUR_S


def held(values: list[float], theory: float, widest: float) -> None:
    """Require that theory is in the interval of the replications' mean, and that the interval says something."""
    mean, error = np.mean(values), stats.sem(values)
    low, high = stats.t.interval(0.99, len(values) - 1, loc=mean, scale=error)
    assert low <= theory <= high, f"{theory:.5f} is not in {low:.5f} to {high:.5f}"
    assert high - low <= widest, f"{low:.5f} to {high:.5f} says too little"


def played(
    make: Callable[[int], Scenario],
    replications: int,
    measure: Callable[[Simulated], float],
    policy: PolicyChoice = NEAREST,
) -> list[float]:
    """Measure replications, each with calls of its own."""
    return [measure(simulate(make(seed), policy, seed)) for seed in range(1, replications + 1)]


def after(told: Simulated, share: float) -> pl.DataFrame:
    """Return the incidents but for the first ones, which came to an empty room."""
    return told.incidents.slice(int(told.incidents.height * share))


def at_one_place(units: int, load: float, calls: int, nobody: str) -> Callable[[int], Scenario]:
    """Make a queue with exponential times: all units and all calls at one place."""
    place = ROAD.along("AB", 0.5)
    posts = [Station(f"P{row}", *place) for row in range(units)]

    def made(seed: int) -> Scenario:
        times_s = poisson_s(load / HOUR_S, calls, seed)
        hours = int(times_s[-1] // HOUR_S) + 1
        demand = calls_at([place] * calls, times_s)
        room = Room(decide_ms=0, nobody=nobody)  # type: ignore[arg-type]
        return standing(ROAD.network, posts, demand, hours, Length("exponential", HOUR_S), room=room)

    return made


def waits(told: Simulated) -> float:
    """Return the share of incidents that waited."""
    return float(after(told, 0.1)["waited"].mean())  # type: ignore[arg-type]


def hours_waited(told: Simulated) -> float:
    """Return the mean hours from the call to the first unit sent."""
    case = after(told, 0.1).filter(pl.col("first_assigned_ms").is_not_null())
    return float((case["first_assigned_ms"] - case["ready_ms"]).mean()) / MS_PER_HOUR  # type: ignore[arg-type]


def lost(told: Simulated) -> float:
    """Return the share of incidents that were lost."""
    return float((after(told, 0.1)["outcome"] == "lost").mean())  # type: ignore[arg-type]


LOADS = [
    (3, 1.5, 600, 8),
    pytest.param(1, 0.5, 4_000, 20, marks=pytest.mark.slow),
    pytest.param(3, 2.4, 6_000, 20, marks=pytest.mark.slow),
    pytest.param(8, 6.4, 6_000, 20, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("units", "load", "calls", "replications"), LOADS)
def test_waiting_is_that_of_erlang_c(units: int, load: float, calls: int, replications: int) -> None:
    runs = [simulate(at_one_place(units, load, calls, "wait")(seed), NEAREST, seed) for seed in range(replications)]
    held([waits(told) for told in runs], queueing.waiting(units, load), 0.2)
    held([hours_waited(told) for told in runs], mean_wait(units, load, 1.0), 0.6)


@pytest.mark.parametrize(("units", "load", "calls", "replications"), LOADS)
def test_loss_is_that_of_erlang_b(units: int, load: float, calls: int, replications: int) -> None:
    values = played(at_one_place(units, load, calls, "lost"), replications, lost)
    held(values, queueing.lost(units, load), 0.12)


# ---- Larson and Odoni 5.3.3: two units on a line -------------------------------------------------------------------
# One unit of length is 100 m, one of time ten hours.

LINE_POSTS = (0.75, -0.25)


def on_line(x: float) -> tuple[float, float]:
    """Return the place of a coordinate from -1 to 1."""
    return ROAD.along("AB", (x + 1.0) / 2.0)


def two_on_a_line(calls: int) -> Callable[[int], Scenario]:
    """Make the example: half of the demand beyond the right unit."""
    posts = [Station(f"P{row}", *on_line(x)) for row, x in enumerate(LINE_POSTS)]

    def made(seed: int) -> Scenario:
        drawn = np.random.default_rng((seed, 1))
        right = drawn.random(calls) < 0.5
        x = np.where(right, drawn.uniform(0.75, 1.0, calls), drawn.uniform(-1.0, 0.75, calls))
        times_s = poisson_s(1.25 / LONG_S, calls, seed)
        demand = calls_at([on_line(each) for each in x.tolist()], times_s)
        hours = int(times_s[-1] // HOUR_S) + 1
        room = Room(decide_ms=0, nobody="lost")
        return standing(ROAD.network, posts, demand, hours, Length("exponential", LONG_S), room=room)

    return made


def mean_travel(told: Simulated) -> float:
    """Return the mean distance driven to an incident, in units of length."""
    return float(told.assignments["length_m"].mean()) / 100.0  # type: ignore[arg-type]


def workload(told: Simulated, callsign: str) -> float:
    """Return the share of its time that a unit was bound."""
    mine = told.states.filter(pl.col("callsign") == callsign)
    lasted = (mine["to_ms"] - mine["from_ms"]).sum()
    return (
        mine.filter(pl.col("incident_id").is_not_null()).select(pl.col("to_ms") - pl.col("from_ms")).sum().item()
        / lasted
    )


def imbalance(told: Simulated) -> float:
    """Return the difference of the two workloads."""
    return abs(workload(told, "U1") - workload(told, "U2"))


@pytest.mark.parametrize(("calls", "replications"), [(1_000, 8), pytest.param(6_000, 30, marks=pytest.mark.slow)])
def test_two_units_on_a_line(calls: int, replications: int) -> None:
    runs = [simulate(two_on_a_line(calls)(seed), NEAREST, seed) for seed in range(1, replications + 1)]
    held([mean_travel(told) for told in runs], 0.46246, 0.06)
    held([imbalance(told) for told in runs], 0.05236, 0.12)


@pytest.mark.slow
def test_nearest_first_loses_to_coverage_reserve_on_the_line() -> None:
    # Both meet the same calls; the published best is 0.46166, which takes many of them to see.
    make, cover = two_on_a_line(10_000), PolicyChoice("coverage_reserve")
    gains = [
        mean_travel(simulate(make(seed), NEAREST, seed)) - mean_travel(simulate(make(seed), cover, seed))
        for seed in range(1, 31)
    ]
    low, _ = stats.t.interval(0.95, len(gains) - 1, loc=np.mean(gains), scale=stats.sem(gains))
    assert low > 0.0, gains


# ---- Larson and Odoni 5.4.3: three units, nobody is lost -----------------------------------------------------------

# Where each unit stands, and where its areas call from: so that the nearest are those of the book, in its order.
THREE_POSTS = (0.0, -0.9, 0.9)
AREAS = ((-0.1, 0.50), (0.1, 0.25), (-0.8, 0.35), (0.8, 0.40))


def three_on_a_line(calls: int) -> Callable[[int], Scenario]:
    """Make the example, with the preferences of its four areas told by distance."""
    posts = [Station(f"P{row}", *on_line(x)) for row, x in enumerate(THREE_POSTS)]
    x, rates = np.array(AREAS).T

    def made(seed: int) -> Scenario:
        areas = np.random.default_rng((seed, 2)).choice(len(x), calls, p=rates / rates.sum())
        times_s = poisson_s(1.5 / LONG_S, calls, seed)
        demand = calls_at([on_line(x[area]) for area in areas], times_s)
        hours = int(times_s[-1] // HOUR_S) + 1
        return standing(ROAD.network, posts, demand, hours, Length("exponential", LONG_S))

    return made


@pytest.mark.parametrize(("calls", "replications"), [(1_000, 8), pytest.param(6_000, 30, marks=pytest.mark.slow)])
def test_three_units_with_a_queue(calls: int, replications: int) -> None:
    runs = [simulate(three_on_a_line(calls)(seed), NEAREST, seed) for seed in range(1, replications + 1)]
    for callsign, theory in (("U1", 0.5574), ("U2", 0.4734), ("U3", 0.4693)):
        held([workload(told, callsign) for told in runs], theory, 0.12)
    held([waits(told) for told in runs], 0.23684, 0.15)
