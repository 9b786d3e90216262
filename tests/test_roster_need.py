"""Loads by hour of the week, and the crews that they need."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dispatch.model import Incident
from graphs.errors import InputError
from nightshift import CLEVELAND, changed
from nightshift import TOWN as TWO_HALVES
from rosters import MONDAY, NORTH, SOUTH, at, past, town
from scenarios.queueing import servers_needed
from scenarios.roster_need import ANY, Want, load_of, needs_of, raised, wants_of
from scenarios.roster_rules import Rules
from scenarios.scenario import Length, Rate, Service, Station


def test_a_call_loads_the_hours_that_it_binds_a_crew_in() -> None:
    load = load_of(past(at(10.5)), 1)
    hours = load.by_want[ANY]
    assert np.flatnonzero(hours).tolist() == [10, 11]
    assert hours[10] == pytest.approx(0.5)
    # The rest of the hour at the scene, and the drive, of less than two minutes.
    assert 0.5 < hours[11] < 0.5 + 2 / 60


def test_every_unit_that_is_needed_counts() -> None:
    one, two = (load_of(past(at(10.5, units_needed=number)), 1).by_want[ANY].sum() for number in (1, 2))
    assert two == pytest.approx(2 * one)


def test_custody_binds_the_first_unit_only() -> None:
    arrest = (Service(Length("fixed", 3_600.0), custody_share=1.0, custody=Length("fixed", 7_200.0)),)
    free, held = (
        load_of(past(at(10.5, units_needed=2), services=services), 1).by_want[ANY].sum()
        for services in ((Service(Length("fixed", 3_600.0)),), arrest)
    )
    assert 2.0 < held - free < 2.0 + 2 / 60


def test_the_loads_of_stations_are_of_the_calls_nearest_to_them() -> None:
    load = load_of(past(at(10.5, "B"), at(40.0, "G"), stations=(NORTH, SOUTH)), 1)
    assert np.flatnonzero(load.by_station["North"]).tolist() == [10, 11]
    assert np.flatnonzero(load.by_station["South"]).tolist() == [40, 41]
    assert sum(load.by_station.values()) == pytest.approx(load.by_want[ANY])


def test_each_skill_has_its_own_load() -> None:
    load = load_of(past(at(10.5), at(40.0, needs=frozenset({"negotiator"}))), 1)
    assert np.flatnonzero(load.by_want[Want("negotiator")]).tolist() == [40, 41]
    assert np.flatnonzero(load.by_want[ANY]).tolist() == [10, 11, 40, 41]


def test_a_tag_whose_crew_nothing_replaces_asks_for_so_many_aboard() -> None:
    strict = changed(CLEVELAND, "tags", "domestic_abuse", or_units=None)
    incident = at(1.0, tags=frozenset({"domestic_abuse"}))
    assert wants_of(incident, CLEVELAND) == {ANY}
    assert wants_of(incident, strict) == {ANY, Want(aboard=2)}


def test_rates_come_to_rate_times_service_time() -> None:
    asked = town(Rate("call", "priority", 0.5), services=(Service(Length("exponential", 1_800.0)),))
    load = load_of(asked, 40)
    # 168 hours of 40 weeks at half a call an hour: 3,360 calls, so the mean is sure to about 3 in 100.
    assert load.calls == pytest.approx(40 * 172 * 0.5, rel=0.07)
    assert load.by_want[ANY].mean() == pytest.approx(0.5 * 0.5, rel=0.25)


def test_two_weeks_are_two_looks_at_each_hour() -> None:
    load = load_of(past(at(10.0), at(10.0 + 168, "C"), at(34.0), hours=336), 1)
    assert load.by_want[ANY][10] == pytest.approx(1.0)
    assert load.by_want[ANY][34] == pytest.approx(0.5)


def test_where_no_road_leads_nobody_is_bound() -> None:
    """The town of two halves that no road joins: the station is in the western one."""
    incidents = (
        Incident(*TWO_HALVES.at("B"), "emergency", "west", MONDAY),
        Incident(*TWO_HALVES.at("Y"), "emergency", "east", MONDAY),
    )
    asked = past(*incidents, network=TWO_HALVES.network, stations=(Station("West", *TWO_HALVES.at("A")),))
    load = load_of(asked, 1)
    assert (load.calls, load.unreached) == (2, 1)
    assert 1.0 < load.by_want[ANY].sum() < 1.2


def test_less_than_a_week_is_refused() -> None:
    with pytest.raises(InputError, match="168 hours or more"):
        load_of(replace(past(at(1.0)), hours=24), 1)


def test_needs_are_erlangs_and_the_least_that_the_force_wants() -> None:
    load = load_of(past(at(10.0), at(10.0, "C"), at(40.0, needs=frozenset({"negotiator"}))), 1)
    needs = needs_of(load, 0.1, Rules(least_crews=2))
    assert needs[ANY][10] == servers_needed(float(load.by_want[ANY][10]), 0.1) == 5
    assert needs[ANY][0] == 2
    assert set(needs[Want("negotiator")]) == {1, 3}


def test_more_crews_are_needed_where_it_is_said() -> None:
    needs = {ANY: (1,) * 168, Want("negotiator"): (0,) * 168}
    more = raised(needs, [(ANY, 3), (ANY, 3), (Want("negotiator"), 5)])
    assert [hour for hour, crews in enumerate(more[ANY]) if crews == 2] == [3]
    assert [hour for hour, crews in enumerate(more[Want("negotiator")]) if crews] == [5]
