"""What a simulation must not lose, invent or forget: incidents, units, duties, breaks and prisoners."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graphs.conditions import Change, Conditions, Stretch
from roadmaps import RoadMap, draw
from scenarios.policies import POLICIES
from scenarios.scenario import MS_PER_HOUR, Break, History, HotSpot, Length, PolicyChoice, Room, Scenario, Station
from scenarios.scenario import Service as ServiceTime
from scenarios.simulated import Simulated
from scenarios.simulation import simulate
from shifts import START, calls_at, standing
from test_policies import at, case
from test_simulated_records import audited, require_same

NEAREST = PolicyChoice("nearest_first")
BATCH = PolicyChoice("batch", {"every_s": 30})
TRAINED = "domestic_abuse_trained"
# A dead end, C to D, beside a ring.
DEAD_END = draw(
    """
    A---B---C---D
    |       |
    E---F---G
    """,
    "A-B-C-G-F-E-A",
    "C-D",
    square_m=500.0,
)


def called(scenario: Scenario, row: int, **told: Any) -> Scenario:
    """Return a scenario with one of its calls told otherwise."""
    assert isinstance(scenario.demand, History)
    incidents = list(scenario.demand.incidents)
    incidents[row] = replace(incidents[row], **told)
    return replace(scenario, demand=History(tuple(incidents), resample="none"))


def abuse(scenario: Scenario) -> Scenario:
    """Return a scenario whose first call is about domestic abuse."""
    return called(scenario, 0, tags=frozenset({"domestic_abuse"}))


def rostered(scenario: Scenario, row: int, **told: Any) -> Scenario:
    """Return a scenario with one of its duties told otherwise."""
    duties = list(scenario.duties)
    duties[row] = replace(duties[row], **told)
    return replace(scenario, duties=tuple(duties))


def with_statuses(scenario: Scenario, **deployable: str) -> Scenario:
    """Return a scenario whose force says otherwise who may be called away; codes as ``s6``."""
    told = scenario.force.model_dump()
    statuses = dict(told["statuses"])
    for code, says in deployable.items():
        statuses[code[1:]] = {**statuses[code[1:]], "deployable": says}
    return replace(scenario, force=type(scenario.force).model_validate({**told, "statuses": statuses}))


def with_custody(scenario: Scenario, service_s: float) -> Scenario:
    """Return a scenario in which somebody is arrested each time, and taken to the far east."""
    service = ServiceTime(Length("fixed", service_s), custody_share=1.0, custody=Length("fixed", 3_600.0))
    stations = (*scenario.stations, Station("Custody", *at(0.95), custody=True))
    return replace(scenario, services=(service,), stations=stations)


def row_of(told: Simulated, row: int) -> dict[str, Any]:
    """Return what became of a call."""
    return told.incidents.filter(pl.col("incident_id") == f"I{row:06d}").row(0, named=True)


def sent_to(told: Simulated, row: int) -> list[tuple[str, str | None]]:
    """Return who was sent to a call, and how that ended."""
    mine = told.assignments.filter(pl.col("incident_id") == f"I{row:06d}")
    return list(mine.select("callsign", "ended").iter_rows())


def closed_street(town: RoadMap, name: str, hours: int | None) -> Conditions:
    """Return a street that is closed in the middle, from the start for so many hours or for ever."""
    edge, network = town.edge(name), town.network
    stretches = (Stretch(edge, 0.2, 0.4), Stretch(int(network.twin[edge]), 0.6, 0.8))
    end = None if hours is None else START + timedelta(hours=hours)
    return Conditions((Change("closed", stretches, start=START, end=end),), network.hash)


# ---- Incidents -------------------------------------------------------------------------------------------------------


def test_an_incident_is_over_when_the_last_who_comes_is_diverted_after_another_is_done() -> None:
    # U1 is done within a minute; U2, sent for its skill, is taken to the emergency before it is there.
    scenario = abuse(case((0.0, 0.35, -0.9), [(0.0, 0.01, "priority"), (100.0, 0.36, "emergency")], service_s=60.0))
    told = simulate(rostered(scenario, 1, skills=frozenset({TRAINED})), NEAREST, 1, checked=True)
    assert sent_to(told, 0) == [("U1", "cleared"), ("U2", "diverted")]
    assert row_of(told, 0)["closed_ms"] == 100_000


def test_what_a_crew_has_done_is_not_asked_for_again() -> None:
    # One officer was there, another was on the way and is diverted: one is missing, not two.
    calls = [(0.0, 0.01, "priority"), (100.0, 0.36, "emergency")]
    scenario = abuse(case((0.0, 0.35, -0.9), calls, service_s=60.0))
    for row in range(3):
        scenario = rostered(scenario, row, crew=1)
    assert len(sent_to(simulate(scenario, NEAREST, 1), 0)) == 3


def test_enough_are_there_only_when_they_are_there_together() -> None:
    # Two officers are needed; the first is called away before the second comes, and comes back much later.
    scenario = abuse(case((0.0, -0.9), [(0.0, 0.01, "priority"), (100.0, 0.02, "emergency")], service_s=3_600.0))
    scenario = rostered(rostered(scenario, 0, crew=1), 1, crew=1)
    told = simulate(with_statuses(scenario, s6="preempt"), NEAREST, 1, checked=True)
    there = told.assignments.filter((pl.col("incident_id") == "I000000") & (pl.col("ended") == "cleared"))
    assert row_of(told, 0)["enough_ms"] == there["on_scene_ms"].max()


def test_the_way_to_an_incident_ends_at_the_incident() -> None:
    scenario = with_custody(case((0.0,), [(0.0, 0.05, "priority"), (700.0, -0.1, "emergency")]), 60.0)
    told = simulate(with_statuses(scenario, s9="preempt"), NEAREST, 1, checked=True)
    assert sent_to(told, 0)[0] == ("U1", "diverted")
    assert told.assignments["length_m"][0] == 500.0


def test_who_is_called_away_from_an_escort_leaves_nothing_to_do_at_the_scene() -> None:
    scenario = with_custody(case((0.0,), [(0.0, 0.05, "priority"), (700.0, -0.1, "emergency")]), 60.0)
    told = simulate(with_statuses(scenario, s9="preempt"), NEAREST, 1, checked=True)
    assert sent_to(told, 0) == [("U1", "diverted")]


def test_a_prisoner_is_taken_by_whoever_does_what_is_left() -> None:
    scenario = with_custody(case((0.0, 0.1), [(0.5, 0.02, "priority"), (100.0, -0.1, "emergency")]), 600.0)
    told = simulate(with_statuses(scenario, s6="preempt"), NEAREST, 1, checked=True)
    assert sent_to(told, 0) == [("U1", "diverted"), ("U2", "cleared")]
    custody = told.states.filter((pl.col("activity") == "custody") & (pl.col("incident_id") == "I000000"))
    assert custody["callsign"].to_list() == ["U2"]


# ---- Who waits is looked after -----------------------------------------------------------------------------------


def test_an_incident_that_nobody_can_reach_is_looked_at_again_when_the_road_opens() -> None:
    demand = calls_at([DEAD_END.at("E")], [600.0])
    scenario = standing(
        DEAD_END.network, [Station("P", *DEAD_END.at("D"))], demand, 24, Length("fixed", 60.0),
        conditions=closed_street(DEAD_END, "CD", 1),
    )  # fmt: skip
    told = row_of(simulate(scenario, NEAREST, 1, checked=True), 0)
    assert told["first_assigned_ms"] is not None
    assert told["first_assigned_ms"] < 2 * MS_PER_HOUR


def test_a_waiting_emergency_takes_who_may_be_taken_as_soon_as_it_may() -> None:
    # A force that lets nobody turn round on the way, but calls away from a scene.
    scenario = case((0.0,), [(0.5, 0.05, "standard"), (10.0, 0.0, "emergency")], service_s=7_200.0)
    told = simulate(with_statuses(scenario, s5="no", s6="preempt"), NEAREST, 1, checked=True)
    assert row_of(told, 1)["first_assigned_ms"] == row_of(told, 0)["first_arrived_ms"]


@pytest.mark.parametrize("name", ["nearest_first", "batch"])
def test_who_is_on_duty_before_the_start_is_there_at_the_start(name: str) -> None:
    scenario = replace(case((0.0,), [(0.0, 0.05, "priority")]), room=Room(nobody="lost"))
    told = simulate(scenario, PolicyChoice(name), 1, checked=True)
    assert row_of(told, 0)["outcome"] == "attended"
    assert told.coverage["free"][0] == 1


# ---- Duties ----------------------------------------------------------------------------------------------------------


def ends_on_the_way_home() -> Scenario:
    """Make a case: U1 is done just before its duty ends and still drives home when somebody calls beside it."""
    calls = [(1.0, -0.4, "priority"), (3_672.0, -0.5, "standard")]
    scenario = called(case((-0.9, 0.3), calls, service_s=3_100.0), 0, sector=None)
    scenario = rostered(scenario, 0, end_ms=MS_PER_HOUR, sector="elsewhere")
    return rostered(scenario, 1, sector="west")


def test_nobody_is_sent_after_the_end_of_the_duty() -> None:
    told = simulate(ends_on_the_way_home(), NEAREST, 1, checked=True)
    assert sent_to(told, 1) == [("U2", "cleared")]


def test_the_audit_knows_who_was_still_on_duty_on_the_way_home(tmp_path: Path) -> None:
    require_same(audited(ends_on_the_way_home(), tmp_path, PolicyChoice("sector_first")))


def test_a_crew_that_cannot_get_to_its_beat_goes_off_duty_all_the_same() -> None:
    demand = calls_at([DEAD_END.at("D")], [20.0 * 3_600])
    scenario = standing(
        DEAD_END.network, [Station("P", *DEAD_END.at("D"), sector="s")], demand, 24, Length("fixed", 60.0),
        conditions=closed_street(DEAD_END, "CD", None),
    )  # fmt: skip
    first = replace(scenario.duties[0], patrol="sector", sector="s", end_ms=2 * MS_PER_HOUR)
    second = replace(first, patrol="station", start_ms=2 * MS_PER_HOUR, end_ms=30 * MS_PER_HOUR)
    told = simulate(replace(scenario, duties=(first, second)), NEAREST, 1, checked=True)
    assert told.assignments["duty"].to_list() == [1]


def test_overtime_at_the_end_of_the_simulation_is_counted() -> None:
    scenario = rostered(case((0.0,), [(0.5, 0.9, "priority")], service_s=2_600.0), 0, end_ms=1_800_000)
    told = simulate(replace(scenario, hours=1), NEAREST, 1, checked=True)
    assert told.states["to_ms"].max() == MS_PER_HOUR
    assert told.overtime_ms == 1_800_000


# ---- Breaks ----------------------------------------------------------------------------------------------------------


def test_a_break_before_the_simulation_is_not_missed_in_it() -> None:
    rest = Break(-6 * MS_PER_HOUR, -3 * MS_PER_HOUR, 60_000)
    scenario = rostered(case((0.0,), []), 0, start_ms=-8 * MS_PER_HOUR, breaks=(rest,))
    assert simulate(scenario, NEAREST, 1).missed_breaks == 0


def test_a_break_that_a_crew_never_came_to_is_missed() -> None:
    rest = Break(MS_PER_HOUR, 2 * MS_PER_HOUR, 60_000)
    scenario = case((0.0,), [(0.5, 0.05, "priority")], service_s=4 * 3_600.0)
    assert simulate(rostered(scenario, 0, end_ms=3 * MS_PER_HOUR, breaks=(rest,)), NEAREST, 1).missed_breaks == 1


def test_a_break_that_was_broken_off_is_taken_again_or_missed() -> None:
    rest = Break(MS_PER_HOUR, 3 * MS_PER_HOUR, 1_800_000)
    scenario = rostered(case((0.0,), [(3_700.0, 0.05, "priority")], service_s=600.0), 0, breaks=(rest,))
    told = simulate(with_statuses(scenario, s4="yes"), NEAREST, 1, checked=True)
    whole = told.states.filter((pl.col("activity") == "break") & (pl.col("to_ms") - pl.col("from_ms") == 1_800_000))
    assert whole.height + told.missed_breaks == 1


# ---- Policies --------------------------------------------------------------------------------------------------------


def test_batch_relieves_under_the_rules_of_the_force() -> None:
    scenario = rostered(case((-0.9, 0.02), [(0.0, 0.0, "priority")], service_s=60.0), 1, start_ms=240_000)
    assert scenario.force.diversion.hold_s == 180
    told = simulate(scenario, BATCH, 1, checked=True)
    assert sent_to(told, 0) == [("U1", "relieved"), ("U2", "cleared")]


def test_in_a_batch_who_is_sent_to_the_first_is_not_free_for_the_second() -> None:
    # As an audit of its records has it, where one is entered after the other.
    scenario = case((0.0, -0.5), [(1.0, 0.05, "priority"), (2.0, 0.1, "priority")], service_s=600.0)
    told = simulate(scenario, BATCH, 1, checked=True)
    assert [row_of(told, row)["first_sent"] for row in range(2)] == ["U1", "U2"]
    assert row_of(told, 1)["nearest_eligible"] == "U2"


def test_coverage_reserve_keeps_the_crew_that_a_tag_asks_for() -> None:
    calls = [(0.5, 0.0, "priority"), (20_000.0, 0.9, "emergency"), (40_000.0, 0.9, "emergency")]
    scenario = rostered(abuse(case((-0.2, 0.1), calls)), 0, crew=1)
    told = simulate(scenario, PolicyChoice("coverage_reserve", {"weight": 20.0}), 1, checked=True)
    assert row_of(told, 0)["enough_ms"] is not None


def test_coverage_reserve_does_not_take_who_is_bound_and_later_before_who_is_free_and_sooner() -> None:
    calls = [(0.5, -0.2, "standard"), (200.0, 0.0, "emergency"), (90_000.0, 0.9, "standard")]
    told = simulate(case((-0.5, 0.1), calls, service_s=90_000.0), PolicyChoice("coverage_reserve"), 1, checked=True)
    assert sent_to(told, 1)[0][0] == "U2"


def test_coverage_reserve_where_nobody_can_reach_a_part_of_the_demand() -> None:
    # Demand beyond a closure; both free units stand before it, and two calls come from there.
    places = [DEAD_END.at("B"), DEAD_END.at("B"), DEAD_END.at("E"), DEAD_END.at("D")]
    posts = [Station("P", *DEAD_END.at("D")), Station("Q", *DEAD_END.at("D"))]
    scenario = standing(
        DEAD_END.network, posts, calls_at(places, [60.0, 120.0, 180.0, 240.0]), 24, Length("fixed", 60.0),
        conditions=closed_street(DEAD_END, "CD", None),
    )  # fmt: skip
    told = simulate(scenario, PolicyChoice("coverage_reserve"), 1)
    assert told.incidents["outcome"].to_list() == ["open", "open", "open", "attended"]


# ---- What no other test looks at -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_hot_spots_are_driven_to_and_left_for_calls(name: str) -> None:
    calls = [(3_600.0 * hour, 0.1, "emergency") for hour in range(1, 10)]
    spots = (HotSpot("one", *at(0.3), None, 1.0, 600), HotSpot("two", *at(-0.3), None, 2.0, 60))
    scenario = rostered(case((0.0,), calls, service_s=300.0), 0, patrol="hot_spots")
    told = simulate(replace(scenario, hot_spots=spots), PolicyChoice(name), 1, checked=True)
    assert set(told.states["activity"]) == {"patrol", "en_route", "at_scene"}
    assert (told.incidents["outcome"] == "attended").all()
