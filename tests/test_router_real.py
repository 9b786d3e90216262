"""The engine against the plain search on real roads: equal to the millisecond and the centimetre."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from drives import assert_sound
from graphs.conditions import NO_CONDITIONS
from graphs.reference import ReferenceRouter
from graphs.router import Router, hierarchy_of
from graphs.times import edge_times
from oracles import Rules
from questions import AUCKLAND, GOTHENBURG, MOMENT, disturbed, incidents, network_of, told, units
from shared_data import BANGOR, LEEDS, NEWPORT, PORTO

SMALL = (NEWPORT, BANGOR, LEEDS, GOTHENBURG)
ALL = (*SMALL, PORTO, AUCKLAND)
PROFILES = ("normal", "response")


def assert_equal_on(name: str, profile: str, *, as_usual: bool, units_: int, incidents_: int, legs: int) -> None:
    """Compare ``units x incidents`` pairs, and look at every leg of ``legs`` units."""
    chance = random.Random(f"{name} {profile} {as_usual}")
    network = network_of(name)
    held = NO_CONDITIONS if as_usual else disturbed(network, chance)
    engine, reference = (kind(network, profile, held, MOMENT) for kind in (Router, ReferenceRouter))
    assert bool(engine.edge_times.pieces) is not as_usual
    rules = Rules(engine.edge_times, MOMENT)
    asked = units(reference, units_, chance)
    places = incidents(reference, incidents_, chance)
    table = engine.times(engine.vehicles(asked), places)
    reached = 0
    for column, place in enumerate(places):
        quick, plain = engine.arrivals(place), reference.arrivals(place)
        found = quick.best_of(asked)
        expected = list(map(told, plain.best_of(asked)))
        assert list(map(told, found)) == expected
        assert quick.times_of(asked) == plain.times_of(asked)
        assert table.time_ms[:, column].tolist() == [-1 if one is None else one[0] for one in expected]
        assert np.rint(np.nan_to_num(table.length_m[:, column], nan=-1) * 100).tolist() == [
            -100 if one is None else one[1] for one in expected
        ]
        for spots in asked[:: max(units_ // 5, 1)]:
            assert list(map(quick.cost, spots)) == list(map(plain.cost, spots))
        for leg in found[column % units_ :: max(units_ // legs, 1)]:
            if leg is not None:
                assert_sound(engine, leg, rules)
        reached += sum(one is not None for one in expected)
    assert reached > units_ * incidents_ * 0.7


@pytest.mark.parametrize("as_usual", [True, False], ids=["as usual", "disturbed"])
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", SMALL)
def test_equal_to_the_plain_search(name: str, profile: str, *, as_usual: bool) -> None:
    assert_equal_on(name, profile, as_usual=as_usual, units_=50, incidents_=20, legs=5)


@pytest.mark.slow
@pytest.mark.parametrize("as_usual", [True, False], ids=["as usual", "disturbed"])
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ALL)
def test_equal_to_the_plain_search_on_ten_thousand_pairs(name: str, profile: str, *, as_usual: bool) -> None:
    assert_equal_on(name, profile, as_usual=as_usual, units_=100, incidents_=100, legs=10)


@pytest.mark.parametrize("name", [*SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in (PORTO, AUCKLAND))])
def test_what_is_remembered_of_u_turns_is_enough(name: str) -> None:
    network, expansion = network_of(name), hierarchy_of(network_of(name)).expansion
    nothing = replace(expansion, remembered=np.zeros_like(expansion.remembered))
    for profile in PROFILES:
        for at in (None, MOMENT):
            assert expansion.is_exact_for(edge_times(network, profile, at=at))
        # Auckland's file knows of no turn that is dear or forbidden, so there is nothing to remember.
        assert nothing.is_exact_for(edge_times(network, profile)) is (name == AUCKLAND)
