"""Every policy on a case where it must win, and on one where it must lose; drawn on a road of 20 km.

Places are told from -1, the west end, to 1, the east end. One unit waits at each post.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from dispatch.model import Incident
from roadmaps import draw
from scenarios.policies import POLICIES, policy_of
from scenarios.scenario import History, Length, PolicyChoice, Scenario, Station
from scenarios.simulation import simulate
from shifts import calls_at, poisson_s, standing

ROAD = draw("A-B-C-D-E-F-G-H-I", "A-B-C-D-E-F-G-H-I primary length=2500", square_m=1_250.0)
WEST_AND_EAST = ("west", "east")
NEAREST = PolicyChoice("nearest_first")


def at(x: float) -> tuple[float, float]:
    """Return the place of a coordinate."""
    return ROAD.along("AI", (x + 1.0) / 2.0)


def case(
    posts: Sequence[float], calls: Sequence[tuple[float, float, str]], service_s: float = 18_000.0
) -> Scenario:  # fmt: skip
    """Make a scenario; calls are seconds, place and grade. Who stands east of 0 is of sector east, the others west."""
    stations = [Station(f"P{row}", *at(x)) for row, x in enumerate(posts)]
    made = calls_at([at(x) for _, x, _ in calls], [at_s for at_s, _, _ in calls])
    told = zip(made.incidents, calls, strict=True)
    history = History(tuple(_call(incident, x, grade) for incident, (_, x, grade) in told), resample="none")
    scenario = standing(ROAD.network, stations, history, 48, Length("fixed", service_s))
    duties = zip(scenario.duties, posts, strict=True)
    return replace(scenario, duties=tuple(replace(duty, sector=_sector(x)) for duty, x in duties))


def _call(incident: Incident, x: float, grade: str) -> Incident:
    return replace(incident, grade=grade, sector=_sector(x))


def _sector(x: float) -> str:
    return WEST_AND_EAST[x > 0.0]


def waits_s(scenario: Scenario, policy: PolicyChoice, grade: str = "emergency") -> float:
    """Return the sum of the seconds until somebody came to the incidents of a grade."""
    told = simulate(scenario, policy, 1, checked=True).incidents
    mine = told.filter(told["grade"] == grade)
    assert mine.height
    assert mine["first_arrived_ms"].null_count() == 0
    return float((mine["first_arrived_ms"] - mine["received_ms"]).sum()) / 1_000.0


def gain_s(scenario: Scenario, policy: PolicyChoice, grade: str = "emergency") -> float:
    """Return how much sooner help is there than with the nearest first."""
    return waits_s(scenario, NEAREST, grade) - waits_s(scenario, policy, grade)


# The nearest to the first call is the only one near the second.
THEN_THE_FAR_END = [(0.0, -0.35, "emergency"), (3_600.0, 0.9, "emergency")]


def test_sector_first_wins_where_the_other_sector_calls_next() -> None:
    assert gain_s(case((-0.9, 0.1), THEN_THE_FAR_END), PolicyChoice("sector_first")) > 60.0


def test_sector_first_loses_where_nobody_else_calls() -> None:
    assert gain_s(case((-0.9, 0.1), THEN_THE_FAR_END[:1]), PolicyChoice("sector_first")) < -60.0


def test_nearest_first_wins_where_every_call_finds_all_units_free() -> None:
    # And so it loses where sector first or coverage reserve wins.
    calls = [(0.0, -0.1, "emergency"), (40_000.0, 0.9, "emergency"), (80_000.0, -0.1, "emergency")]
    scenario = case((-0.9, 0.1), calls)
    for name in ("sector_first", "batch", "coverage_reserve"):
        settings = {"weight": 20.0} if name == "coverage_reserve" else {}
        assert gain_s(scenario, PolicyChoice(name, settings)) < 0.0, name


def test_batch_wins_where_two_call_at_once() -> None:
    calls = [(0.0, 0.05, "emergency"), (20.0, 0.9, "emergency")]
    assert gain_s(case((-0.5, 0.5), calls), PolicyChoice("batch", {"every_s": 60})) > 60.0


def test_batch_loses_where_one_calls_alone() -> None:
    lost_s = -gain_s(case((-0.5, 0.5), [(5.0, 0.05, "emergency")]), PolicyChoice("batch", {"every_s": 60}))
    assert lost_s == 55.0


def test_coverage_reserve_wins_where_a_hole_is_called_from() -> None:
    assert gain_s(case((-0.9, 0.1), THEN_THE_FAR_END), PolicyChoice("coverage_reserve")) > 60.0


def test_coverage_reserve_loses_where_nobody_calls_while_the_unit_is_away() -> None:
    calls = [(0.0, -0.1, "emergency"), (40_000.0, 0.9, "emergency")]
    assert gain_s(case((-0.9, 0.1), calls), PolicyChoice("coverage_reserve", {"weight": 20.0})) < -60.0


def test_coverage_reserve_without_weight_is_nearest_first() -> None:
    scenario = case((-0.9, 0.1), THEN_THE_FAR_END)
    assert gain_s(scenario, PolicyChoice("coverage_reserve", {"weight": 0.0})) == 0.0


MINOR_THEN_URGENT = [(0.0, -0.1, "standard"), (60.0, 0.1, "standard"), (7_200.0, 0.2, "emergency")]


def test_cutoff_reserve_wins_where_something_urgent_follows() -> None:
    assert gain_s(case((-0.1, 0.1), MINOR_THEN_URGENT), PolicyChoice("cutoff_reserve", {"reserve": 1})) > 3_600.0


def test_cutoff_reserve_loses_where_nothing_urgent_follows() -> None:
    scenario = case((-0.1, 0.1), MINOR_THEN_URGENT[:2])
    assert gain_s(scenario, PolicyChoice("cutoff_reserve", {"reserve": 1}), "standard") < -3_600.0


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("batch", {"every_s": 0}),
        ("batch", {"every": 5}),
        ("cutoff_reserve", {"reserve": -1}),
        ("coverage_reserve", {"weight": float("nan")}),
        ("nearest_first", {"weight": 1}),
    ],
)
def test_wrong_settings_are_refused(name: str, settings: dict[str, float | int | str]) -> None:
    with pytest.raises(ValidationError):
        policy_of(case((0.0,), []), PolicyChoice(name, settings))


def test_every_policy_says_what_it_is() -> None:
    for name, policy in POLICIES.items():
        assert policy.name == name
        assert policy.__doc__
        assert all(field.description for field in policy.settings_of.model_fields.values())


def test_coverage_reserve_sends_whom_the_published_optimum_sends() -> None:
    # Larson and Odoni 5.3.3: the best boundary lies 53/126 from the unit at 0.75, which is at 83/252; half way is 0.25.
    posts = [Station(f"P{row}", *at(x)) for row, x in enumerate((0.75, -0.25))]
    drawn = np.random.default_rng(5)
    right = drawn.random(2_000) < 0.5
    places = np.where(right, drawn.uniform(0.75, 1.0, 2_000), drawn.uniform(-1.0, 0.75, 2_000)).tolist()
    times_s = poisson_s(1.25 / 360_000.0, 2_000, 5)
    demand = calls_at([at(x) for x in places], times_s)
    hours = int(times_s[-1] // 3_600) + 1
    scenario = standing(ROAD.network, posts, demand, hours, Length("exponential", 360_000.0))
    told = simulate(scenario, PolicyChoice("coverage_reserve"), 1).incidents
    both_free = told.filter(told["nearest_eligible"].is_not_null() & ~told["waited"])
    x = np.array([places[int(name[1:])] for name in both_free["incident_id"]])
    spared = (both_free["behind_ms"] > 0).to_numpy()
    assert 0.25 < x[spared].min() < 0.27
    assert x[spared].max() == pytest.approx(83 / 252, abs=0.05)
