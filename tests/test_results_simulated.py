"""What really simulated shifts come to: numbers that must add up, whatever happened."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import shapely

from nightshift import TOWN
from played import HOUR, START
from played import scenario as four_hours
from scenarios.animation import AnimationWatch, animation_json
from scenarios.experiment_report import write_results
from scenarios.results import measured, results_of
from scenarios.results_compared import comparisons_of
from scenarios.results_measures import Key
from scenarios.results_units import ACTIVITIES, BOUND
from scenarios.scenario import Area, Duty, Length, PolicyChoice, Rate, Scenario, Service, Station
from scenarios.simulated import Simulated
from scenarios.simulation import simulate

CODES = {"briefing": "1", "patrol": "2", "station": "3", "break": "4", "en_route": "5", "at_scene": "6"}
NORTH, SOUTH = TOWN.at("B"), TOWN.at("G")
NEAREST, SECTOR = PolicyChoice("nearest_first"), PolicyChoice("sector_first")


def town() -> Scenario:
    """Return four busy hours in the drawn town, with a crew in either half of it."""
    here = [TOWN.at(place) for place in "ABCDEFGH"]
    box = shapely.box(min(lon for _, lon in here), min(lat for lat, _ in here), max(lon for _, lon in here), NORTH[0])
    duties = [
        Duty(name, -2 * HOUR, 5 * HOUR, 2, frozenset(), sector, sector) for name, sector in (("N1", "N"), ("S1", "S"))
    ]
    return four_hours(
        duties=tuple(duties),
        stations=(Station("N", *NORTH, "N", custody=True), Station("S", *SOUTH, "S")),
        areas=(Area("Town", box, 1.0, "N"),),
        demand=(Rate("theft", "emergency", 2.0), Rate("dispute", "priority", 1.0, tags=frozenset({"domestic_abuse"}))),
        services=(Service(Length("exponential", 1_200.0)),),
        codes={**CODES, "escort": "9", "custody": "8", "returning": "2"},
        seed=5,
    )


@pytest.fixture(scope="module")
def of() -> Scenario:
    return town()


@pytest.fixture(scope="module")
def night(of: Scenario) -> Simulated:
    return simulate(of, NEAREST, 1)


def test_every_incident_has_one_outcome(of: Scenario, night: Simulated) -> None:
    found = {value.key: value for value in measured(of, night).values}
    counted = night.incidents.filter("counted")
    attended = counted.filter(pl.col("outcome") == "attended").height
    assert found[Key("incidents")].value == counted.height > 0
    assert attended + found[Key("lost")].value + found[Key("open")].value == counted.height
    by_hour = sum(value.value for key, value in found.items() if key[:3] == ("incidents", "", "hour"))
    by_abuse = sum(value.value for key, value in found.items() if key[:3] == ("incidents", "", "domestic_abuse"))
    assert by_hour == by_abuse == counted.height
    assert found[Key("in_target")].n + found[Key("pending")].value == found[Key("in_target_of_all")].n


def test_the_nearest_is_sent_where_the_policy_says_so(of: Scenario, night: Simulated) -> None:
    assert {value.key: value.value for value in measured(of, night).values}[Key("nearest_sent")] == 1


def test_time_on_duty_is_spent_on_something(of: Scenario, night: Simulated) -> None:
    found = {value.key: value.value for value in measured(of, night).values}
    shares = {each: found[Key("activity", "", "activity", each)] for each in ACTIVITIES}
    assert sum(shares.values()) == pytest.approx(1)
    assert found[Key("utilisation")] == pytest.approx(sum(shares[each] for each in BOUND))
    # Two crews for four hours.
    assert found[Key("duty_h")] == 8
    hours = [value for key, value in found.items() if key[:3] == ("on_duty", "", "hour")]
    assert hours == [2, 2, 2, 2]


def test_policies_meet_the_same_incidents_and_are_compared(of: Scenario, tmp_path: Path) -> None:
    runs = [measured(of, simulate(of, choice, number)) for choice in (NEAREST, SECTOR) for number in (1, 2, 3)]
    results = results_of(of, runs)
    (found,) = comparisons_of(results)
    assert found.pairs == 3
    write_results(tmp_path, of, results, {})
    told = json.loads((tmp_path / "results.json").read_bytes())
    assert [one["policy"] for one in told["policies"]] == ["nearest_first", "sector_first"]


def test_looking_on_changes_nothing(of: Scenario, night: Simulated) -> None:
    watch = AnimationWatch(30_000, HOUR + 7_000, 2 * HOUR)
    seen = simulate(of, NEAREST, 1, watch=watch)
    assert measured(of, seen) == measured(of, night)
    # Nobody looks outside the window.
    for samples in watch.samples.values():
        assert [at_ms for at_ms, _, _ in samples] == list(range(HOUR + 7_000, 2 * HOUR, 30_000))
    told = json.loads(animation_json(of, watch, seen))
    assert [one["callsign"] for one in told["units"]] == ["N1", "S1"]
    assert told["start"] == START.isoformat()
    for one in told["units"]:
        (spell,) = one["spells"]
        assert (spell[0][0], spell[-1][0]) == (3_607, 7_177)
        assert None not in [sample[3] for sample in spell]
        assert all(of.network.contains(lat, lon) for _, lat, lon, _ in spell)
