"""The engine against the plain search and networkx, on small networks with everything that roads have."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drives import assert_sound
from graphs.conditions import NO_CONDITIONS
from graphs.hierarchy import closing_arcs, customise, fill, recustomise, relax_triangles, slots_of
from graphs.legs import Leg
from graphs.network import Network
from graphs.ordering import build_hierarchy
from graphs.profiles import Profiles
from graphs.reference import ReferenceRouter
from graphs.router import Router, hierarchy_of
from graphs.snapping import Approach, Spot
from graphs.times import NEVER, edge_times, time_of
from graphs.turns import turns_of
from oracles import Rules, costs_between
from smallnets import MOMENT, closed_roads, conditions, open_edges, places, small_networks, street_grids, vehicles

FEW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
MANY = settings(FEW, max_examples=5_000)
PROFILES = st.sampled_from(["normal", "response"])


@dataclass
class Asked:
    """Both routers on one network, and vehicles and places to ask them about."""

    engine: Router
    reference: ReferenceRouter
    vehicles: list[tuple[Spot, ...]]
    places: list[tuple[Approach, ...]]


def table_of(u_turn_s: float, across_s: float, roundabout_s: float, private_s: float) -> Profiles:
    """Return a profile table in which turns cost this."""
    raw = Profiles.default().model_dump(by_alias=True)
    told = {"u_turn": u_turn_s, "turn_across": across_s, "roundabout_entry": roundabout_s, "private_entry": private_s}
    for kind, seconds in told.items():
        for profile in Profiles.names:
            raw["delay"][kind][f"{profile}_s"] = {"value": seconds, "source": "peak"}
    return Profiles.model_validate(raw)


# The shipped table, and tables in which a turn is dearer than turning round, or turning round costs nothing.
TABLES = (
    Profiles.default(), table_of(0, 5, 6, 10), table_of(2, 60, 6, 10), table_of(3, 5, 6, 60), table_of(15, 5, 3, 30),
)  # fmt: skip


@st.composite
def asked(draw_: st.DrawFn, *, grid: bool = False) -> Asked | None:
    """None where there is no road that the profile may drive; ``grid`` is a grid of streets, some of them closed."""
    network, profile = draw_(street_grids() if grid else small_networks()), draw_(PROFILES)
    network = replace(network, profiles=draw_(st.sampled_from(TABLES)))
    held = draw_(closed_roads(network) if grid else st.just(NO_CONDITIONS) | conditions(network))
    reference = ReferenceRouter(network, profile, held, MOMENT)
    times = reference.edge_times
    if not open_edges(times):
        return None
    return Asked(
        Router(network, profile, held, MOMENT),
        reference,
        draw_(st.lists(vehicles(times), min_size=1, max_size=4)),
        draw_(st.lists(places(times), min_size=1, max_size=3)),
    )


def told(leg: Leg | None) -> tuple[int, int] | None:
    """Return the time in milliseconds and the length in centimetres of a leg."""
    return None if leg is None else (leg.time_ms, round(leg.length_m * 100))


def assert_three_are_equal(case: Asked | None) -> None:
    if case is None:
        return
    engine, reference = case.engine, case.reference
    times, rules = reference.edge_times, Rules(reference.edge_times, MOMENT)
    expected = list(costs_between(times, case.vehicles, case.places, MOMENT))
    for column, place in enumerate(case.places):
        quick, plain = engine.arrivals(place), reference.arrivals(place)
        legs = quick.best_of(case.vehicles)
        assert list(map(told, legs)) == [row[column] for row in expected]
        assert list(map(told, plain.best_of(case.vehicles))) == [row[column] for row in expected]
        assert quick.times_of(case.vehicles) == plain.times_of(case.vehicles)
        for spots in case.vehicles:
            assert list(map(quick.cost, spots)) == list(map(plain.cost, spots))
        for leg in legs:
            if leg is not None:
                assert_sound(engine, leg, rules)


@given(case=asked())
@FEW
def test_engine_plain_search_and_networkx_are_equal(case: Asked | None) -> None:
    assert_three_are_equal(case)


@pytest.mark.slow
@given(case=asked())
@MANY
def test_engine_plain_search_and_networkx_are_equal_on_thousands_of_networks(case: Asked | None) -> None:
    assert_three_are_equal(case)


@given(case=asked(grid=True))
@FEW
def test_all_are_equal_behind_and_between_closures(case: Asked | None) -> None:
    assert_three_are_equal(case)


@pytest.mark.slow
@given(case=asked(grid=True))
@MANY
def test_all_are_equal_behind_and_between_thousands_of_closures(case: Asked | None) -> None:
    assert_three_are_equal(case)


# ---- One router, one answer, however it is asked --------------------------------------------------------------------


@given(case=asked() | asked(grid=True), count=st.integers(1, 5))
@FEW
def test_a_table_the_nearest_and_a_single_way_agree(case: Asked | None, count: int) -> None:
    if case is None:
        return
    engine, fleet = case.engine, case.engine.vehicles(case.vehicles)
    table = engine.times(fleet, case.places)
    # Tables with few places and with many are worked out in two ways.
    wide = engine.times(fleet, case.places * 15)
    np.testing.assert_array_equal(wide.time_ms, np.tile(table.time_ms, 15))
    np.testing.assert_array_equal(wide.length_m, np.tile(table.length_m, 15))
    for column, place in enumerate(case.places):
        arrivals = engine.arrivals(place)
        legs = [engine.best(spots, place) for spots in case.vehicles]
        assert arrivals.best_of(case.vehicles) == legs == [arrivals.best(spots) for spots in case.vehicles]
        assert table.time_ms[:, column].tolist() == [-1 if leg is None else leg.time_ms for leg in legs]
        np.testing.assert_array_equal(
            table.length_m[:, column], [np.nan if leg is None else leg.length_m for leg in legs]
        )
        for spots, leg, each in zip(case.vehicles, legs, arrivals.times_of(case.vehicles), strict=True):
            assert each == tuple(map(arrivals.time_ms, spots))
            assert (leg.time_ms if leg else None) == min((time for time in each if time is not None), default=None)
            for spot, time in zip(spots, each, strict=True):
                single = arrivals.leg(spot)
                assert (single.time_ms if single else None) == time
                assert single is None or time_of(arrivals.cost(spot) or 0) == time
        # Equal times in the order given: sorting keeps that order.
        there = sorted((leg.time_ms, row) for row, leg in enumerate(legs) if leg is not None)[:count]
        nearest = engine.nearest(place, fleet, count)
        assert [(each.time_ms, each.row) for each in nearest] == there
        assert [each.length_m for each in nearest] == [table.length_m[row, column] for _, row in there]


@given(network=small_networks(), profile=PROFILES, data=st.data())
@FEW
def test_two_points_are_asked_for_as_a_vehicle_and_a_place_are(
    network: Network, profile: str, data: st.DataObject
) -> None:
    engine, reference = Router(network, profile), ReferenceRouter(network, profile)
    times = engine.edge_times
    if not (times.leaves.any() and times.arrives.any()):
        return
    west, south, east, north = network.area.bounds
    point = st.tuples(st.floats(south, north), st.floats(west, east)).filter(lambda at: network.contains(*at))
    start, end = data.draw(point), data.draw(point)
    leg = engine.route(*start, *end)
    assert told(leg) == told(reference.route(*start, *end))
    assert leg == engine.best(engine.spots(*start), engine.approaches(*end))


# ---- Conditions -----------------------------------------------------------------------------------------------------


@given(network=small_networks(), profile=PROFILES, data=st.data())
@FEW
def test_changing_a_few_weights_is_computing_all_of_them(network: Network, profile: str, data: st.DataObject) -> None:
    hierarchy = hierarchy_of(network)
    slots = slots_of(hierarchy, turns_of(network))
    times = edge_times(network, profile, data.draw(conditions(network)), MOMENT)
    base = edge_times(network, profile, at=MOMENT) if times.base is None else times.base
    if not times.pieces:
        return
    whole = customise(hierarchy, slots, times)
    changed = recustomise(hierarchy, slots, customise(hierarchy, slots, base), times, times.pieces)
    np.testing.assert_array_equal(changed.cost, whole.cost)


@given(network=small_networks(), profile=PROFILES, data=st.data())
@FEW
def test_what_is_remembered_is_enough_under_any_conditions(network: Network, profile: str, data: st.DataObject) -> None:
    held = data.draw(conditions(network))
    for at, those in ((None, NO_CONDITIONS), (MOMENT, NO_CONDITIONS), (MOMENT, held)):
        assert hierarchy_of(network).expansion.is_exact_for(edge_times(network, profile, those, at))


# ---- Builds ---------------------------------------------------------------------------------------------------------


@given(network=small_networks())
@FEW
def test_two_builds_are_equal(network: Network) -> None:
    one, other = build_hierarchy(network), build_hierarchy(network)
    for name in ("vertex", "remembered", "up_start", "up_head", "parent"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


# ---- Kernels --------------------------------------------------------------------------------------------------------


@given(network=small_networks(), profile=PROFILES)
@settings(FEW, max_examples=25)
def test_compiled_and_plain_code_agree(network: Network, profile: str) -> None:
    hierarchy, turns, times = hierarchy_of(network), turns_of(network), edge_times(network, profile)
    slot = slots_of(hierarchy, turns).slot
    np.testing.assert_array_equal(
        closing_arcs.py_func(hierarchy.up_start, hierarchy.up_head), closing_arcs(hierarchy.up_start, hierarchy.up_head)
    )
    plain = np.full((2, len(hierarchy.up_head)), NEVER, np.int64)
    fill.py_func(plain.reshape(-1), slot, turns.onto, turns.edge, times.edge_cost, times.turn_cost)
    relax_triangles.py_func(hierarchy.up_start, hierarchy.triangles, plain)
    np.testing.assert_array_equal(plain, customise(hierarchy, slots_of(hierarchy, turns), times).cost)
