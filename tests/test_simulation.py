"""A simulated shift: nothing is lost, the live rules decide, and the same seed gives the same."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from scenarios.policies import POLICIES
from scenarios.scenario import MS_PER_HOUR, Crews, Patrol, PolicyChoice, Room
from scenarios.simulated import Simulated
from scenarios.simulation import simulate
from shifts import banks

NEAREST = PolicyChoice("nearest_first")


def same(one: Simulated, other: Simulated) -> bool:
    """Tell whether two replications are equal in every cell."""
    tables = ("incidents", "assignments", "states", "coverage")
    return all(getattr(one, name).equals(getattr(other, name)) for name in tables)


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_nothing_is_lost_and_the_live_rules_suggest_the_same(name: str) -> None:
    # A busy night: incidents wait, units are diverted, breaks are missed, crews come home late.
    told = simulate(banks(24, per_hour=9.0), PolicyChoice(name), 1, checked=True)
    assert told.incidents.height > 150
    assert (told.assignments["ended"] == "diverted").any()
    assert told.incidents["waited"].any()
    # With some units kept back, there is always somebody who can rest.
    assert (told.missed_breaks > 0) == (name != "cutoff_reserve")
    assert told.overtime_ms > 0


@pytest.mark.parametrize("patrol", ["station", "sector", "hot_spots"])
def test_every_patrol_passes_the_checks(patrol: Patrol) -> None:
    told = simulate(banks(12, per_hour=4.0, patrol=patrol), NEAREST, 1, checked=True)
    assert told.incidents["outcome"].is_in(["attended", "open"]).all()


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    scenario = banks()
    one = simulate(scenario, NEAREST, 1)
    assert same(one, simulate(banks(), NEAREST, 1))
    assert not same(one, simulate(scenario, NEAREST, 2))
    assert not same(one, simulate(replace(scenario, seed=2), NEAREST, 1))


def test_looking_on_changes_nothing() -> None:
    class Looker:
        every_ms: int | None = 60_000
        from_ms: int | None = None
        to_ms: int | None = None
        seen_at: list[int]

        def __init__(self) -> None:
            self.seen_at, self.decisions = [], 0

        def seen(self, now_ms: int, _units: object) -> None:
            self.seen_at.append(now_ms)

        def decided(self, *_: object) -> None:
            self.decisions += 1

    looker = Looker()
    assert same(simulate(banks(6), NEAREST, 1), simulate(banks(6), NEAREST, 1, watch=looker))
    assert len(looker.seen_at) == 10 * 60
    assert looker.decisions > 0


def test_every_policy_meets_the_same_calls() -> None:
    scenario = banks(24, per_hour=6.0)
    columns = ["incident_id", "lat", "lon", "received_ms", "ready_ms", "type"]
    one, *others = (simulate(scenario, PolicyChoice(name), 3).incidents.select(columns) for name in sorted(POLICIES))
    assert all(one.equals(other) for other in others)


def test_every_moment_of_a_duty_is_in_one_state() -> None:
    states = simulate(banks(24, per_hour=6.0), NEAREST, 1).states
    gap = states.with_columns(pl.col("from_ms").shift(-1).over("duty").alias("next_ms"))
    assert (gap.drop_nulls("next_ms")["next_ms"] == gap.drop_nulls("next_ms")["to_ms"]).all()
    assert (states["to_ms"] > states["from_ms"]).all()
    assert states["activity"].is_in(["patrol", "station", "break", "at_scene", "en_route", "mobilising"]).any()


def test_a_response_is_made_of_its_parts() -> None:
    told = simulate(banks(24, per_hour=2.0), NEAREST, 1)
    done = told.assignments.filter(pl.col("ended") == "cleared")
    expected = done["assigned_ms"] + done["expected_ms"]
    # What the live rules expect from the position report, and what the crew drives from where it is, differ by little.
    assert (done["on_scene_ms"] - expected).abs().max() < 30_000
    assert (done["on_scene_ms"] - expected).abs().median() < 1_000


def test_a_crew_whose_vehicle_is_out_waits_for_it() -> None:
    scenario = banks(24, per_hour=6.0)
    shared = tuple(replace(duty, vehicle=f"car {duty.callsign}") for duty in scenario.duties)
    late = simulate(replace(scenario, duties=shared), NEAREST, 1)
    renamed = tuple(replace(duty, callsign=f"{duty.callsign}{duty.start_ms}") for duty in scenario.duties)
    assert late.late_starts > 0
    assert simulate(replace(scenario, duties=renamed), NEAREST, 1).late_starts == 0


def test_nobody_is_sent_in_the_briefing_or_on_a_break() -> None:
    scenario = banks(16, per_hour=8.0)
    told = simulate(replace(scenario, crews=Crews(briefing_ms=1_200_000)), NEAREST, 1)
    before = told.states.with_columns(pl.col("activity").shift(1).over("duty").alias("before"))
    assert not before.filter(pl.col("activity") == "mobilising")["before"].is_in(["briefing", "break"]).any()
    begun = told.states.group_by("duty", maintain_order=True).first()
    whole = begun.filter((pl.col("from_ms") > scenario.begin_ms) & (pl.col("to_ms") < scenario.until_ms))
    assert (whole["to_ms"] - whole["from_ms"] == 1_200_000).all()


def test_where_nobody_waits_incidents_are_lost() -> None:
    scenario = banks(24, per_hour=14.0, room=Room(nobody="lost"))
    told = simulate(scenario, NEAREST, 1, checked=True)
    lost = told.incidents.filter(pl.col("outcome") == "lost")
    assert lost.height > 0
    assert lost["first_assigned_ms"].null_count() == lost.height


def test_a_roster_that_covers_nothing_leaves_all_open() -> None:
    scenario = banks(8)
    told = simulate(replace(scenario, duties=scenario.duties[:1]), NEAREST, 1, checked=True)
    assert set(told.incidents["outcome"]) <= {"open", "attended"}
    assert (told.incidents.filter(pl.col("received_ms") > 1 * MS_PER_HOUR)["outcome"] == "open").all()
