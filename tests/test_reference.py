"""The reference router against networkx, pair by pair, and its paths edge by edge."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drives import assert_sound
from graphs.assemble import Lane, Roads, Segment, assemble
from graphs.errors import OutsideNetwork
from graphs.legs import leg_line
from graphs.network import Network, NetworkMeta
from graphs.reference import ReferenceRouter, search_backwards
from graphs.snapping import Approach, Spot
from graphs.sources import build_network
from oracles import times_between
from roadmaps import draw
from smallnets import small_networks

ROADS = Path(__file__).parents[2] / "shared" / "data" / "roads"
GOTHENBURG = Path(__file__).parents[1] / "graphs" / "samples" / "gothenburg.osm.pbf"
REAL = ("bangor_maine.osm.pbf", "leeds_north_east.osm.gz", "nootdorp.graphml", "newport.osm.pbf")


def places_in(network: Network, count: int, draw_: random.Random) -> list[tuple[float, float]]:
    """Draw ``(lat, lon)`` near roads."""
    found: list[tuple[float, float]] = []
    while len(found) < count:
        lon, lat = network.edge_lonlat(draw_.randrange(network.edge_count))[0]
        place = float(lat) + draw_.gauss(0, 0.0008), float(lon) + draw_.gauss(0, 0.0008)
        if network.contains(*place):
            found.append(place)
    return found


def assert_equal_to_networkx(network: Network, profile: str, starts: int, ends: int, seed: int) -> int:
    """Compare ``starts x ends`` pairs; return how many had a way."""
    draw_ = random.Random(seed)
    router = ReferenceRouter(network, profile)
    spots = [router.spots(*place) for place in places_in(network, starts, draw_)]
    approaches = [router.approaches(*place) for place in places_in(network, ends, draw_)]
    expected = times_between(router.edge_times, spots, approaches)
    reached = 0
    for column, place in enumerate(approaches):
        arrivals = router.arrivals(place)
        for row, vehicle in enumerate(spots):
            leg = arrivals.best(vehicle)
            assert (leg.time_ms if leg else None) == expected[row][column]
            if leg is not None:
                assert_sound(router, leg)
                reached += 1
    return reached


@pytest.mark.parametrize("profile", ["normal", "response"])
@pytest.mark.parametrize("name", REAL)
def test_equal_to_networkx_on_real_roads(name: str, profile: str) -> None:
    if not ROADS.is_dir():
        pytest.skip("the real data is not beside the checkout")
    network = build_network(str(ROADS / name))
    assert assert_equal_to_networkx(network, profile, 25, 20, seed=1) > 450


def test_equal_to_networkx_in_gothenburg() -> None:
    assert assert_equal_to_networkx(build_network(str(GOTHENBURG)), "response", 25, 20, seed=2) > 450


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["normal", "response"])
def test_equal_to_networkx_in_porto(profile: str) -> None:
    if not ROADS.is_dir():
        pytest.skip("the real data is not beside the checkout")
    network = build_network(str(ROADS / "porto.osm.pbf"))
    assert assert_equal_to_networkx(network, profile, 25, 20, seed=3) > 450


@given(network=small_networks(), profile=st.sampled_from(["normal", "response"]), data=st.data())
@settings(max_examples=150, deadline=None)
def test_equal_to_networkx_on_small_networks(network: Network, profile: str, data: st.DataObject) -> None:
    router = ReferenceRouter(network, profile)
    open_edges = np.flatnonzero(router.edge_times.open).tolist()
    if not open_edges:
        return
    edge = st.sampled_from(open_edges)
    share = st.sampled_from([0.0, 0.25, 0.5, 1.0])
    spots = data.draw(
        st.lists(
            st.builds(Spot, edge, share, st.just(0.0), st.integers(0, 3_000), *[st.just(0.0)] * 2),
            min_size=1,
            max_size=2,
        )
    )
    targets = data.draw(
        st.lists(
            st.builds(Approach, edge, share, st.just(0.0), st.integers(0, 9_000), *[st.just(0.0)] * 2),
            min_size=1,
            max_size=3,
            unique_by=lambda item: item.edge,
        )
    )
    leg = router.arrivals(targets).best(spots)
    assert (leg.time_ms if leg else None) == times_between(router.edge_times, [spots], [targets])[0][0]
    if leg is not None:
        assert_sound(router, leg)


@given(network=small_networks())
@settings(max_examples=25, deadline=None)
def test_compiled_and_plain_code_agree(network: Network) -> None:
    times = ReferenceRouter(network, "response").edge_times
    if not times.open.any():
        return
    target = np.flatnonzero(times.open)[:1].astype(np.int64)
    turns = times.turns
    arguments = (
        *turns.into, turns.source, turns.edge, times.edge_cost, times.turn_cost, target, np.zeros(1, np.int64)
    )  # fmt: skip
    compiled = search_backwards(*arguments)
    plain = search_backwards.py_func(*arguments)
    for one, other in zip(compiled, plain, strict=True):
        np.testing.assert_array_equal(one, other)


TOWN = draw(
    """
    A---B---C
    |   |   |
    D---E---F
    """,
    "A-B residential",
    "B-C residential",
    "A-D residential",
    "B>E residential",
    "C-F residential",
    "D-E residential",
    "E-F residential",
)


def test_just_behind_on_a_one_way_street_is_round_the_block() -> None:
    router = ReferenceRouter(TOWN.network, "response")
    edge = TOWN.edge("BE")
    ahead, behind = (Approach(edge, share, 0.0, 0, 0.0, 0.0) for share in (0.9, 0.1))
    spot = Spot(edge, 0.5, 0.0, 0, 0.0, 0.0)
    straight, round_ = router.arrivals([ahead]).leg(spot), router.arrivals([behind]).leg(spot)
    assert straight is not None
    assert round_ is not None
    assert straight.edges == (edge,)
    assert straight.length_m == pytest.approx(0.4 * TOWN.network.length_m[edge])
    # Down to E, round by one side, back to B: six streets, the first and the last of them this one.
    assert len(round_.edges) == 5
    assert (round_.edges[0], round_.edges[-1]) == (edge, edge)
    assert round_.time_ms > 4 * straight.time_ms


def test_a_u_turn_is_taken_where_it_pays_and_costs_its_time() -> None:
    road = draw("A---B-------C", "A-B residential", "B-C residential")
    router = ReferenceRouter(road.network, "response")
    network = road.network
    west = road.edge("BA")
    target = Approach(int(network.twin[west]), 1.0, 0.0, 0, 0.0, 0.0)
    leg = router.arrivals([target]).leg(Spot(west, 0.0, 0.0, 0, 0.0, 0.0))
    assert leg is not None
    assert leg.edges == (west, int(network.twin[west]))
    assert leg.time_ms == 2 * int(router.edge_times.edge_ms[west]) + router.edge_times.u_turn_ms


def test_parallel_edges_are_never_added_up() -> None:
    roads = [
        Segment(1, 2, [(-1.0, 54.0), (-0.99, 54.0)], "residential", Lane(given_ms=(t, t)), None, way_id=t)
        for t in (5_000, 7_000)
    ]
    network = assemble(Roads(NetworkMeta("drawn"), roads))
    router = ReferenceRouter(network, "normal")
    quick = int(np.flatnonzero(network.way_id == 5_000)[0])
    leg = router.arrivals([Approach(quick, 1.0, 0.0, 0, 0.0, 0.0)]).leg(Spot(quick, 0.0, 0.0, 0, 0.0, 0.0))
    assert leg is not None
    assert leg.time_ms == 5_000


def test_unreachable_is_none() -> None:
    road = draw("A---B---C", "A>B residential", "B-C residential")
    router = ReferenceRouter(road.network, "normal")
    target = Approach(road.edge("AB"), 0.5, 0.0, 0, 0.0, 0.0)
    assert router.arrivals([target]).leg(Spot(road.edge("BC"), 0.5, 0.0, 0, 0.0, 0.0)) is None


def test_a_place_outside_is_an_error_with_a_hint() -> None:
    router = ReferenceRouter(TOWN.network, "response")
    lat, lon = TOWN.at("E")
    with pytest.raises(OutsideNetwork, match="swapped it is inside"):
        router.approaches(lon, lat)
    with pytest.raises(OutsideNetwork, match="outside the network"):
        router.spots(lat + 1, lon)


def test_adding_and_reordering_vehicles_changes_no_time() -> None:
    router = ReferenceRouter(TOWN.network, "response")
    vehicles = [router.spots(*TOWN.at(name, east_m=20)) for name in "ABCDEF"]
    target = router.approaches(*TOWN.at("E", north_m=-40))
    alone = [router.arrivals(target).best(spots) for spots in vehicles]
    everyone = router.arrivals(target)
    assert everyone.best_of(vehicles[::-1])[::-1] == everyone.best_of(vehicles) == alone


def test_the_line_of_a_leg_starts_and_ends_where_the_leg_does() -> None:
    router = ReferenceRouter(TOWN.network, "response")
    leg = router.route(*TOWN.at("A", east_m=30), *TOWN.at("F", north_m=30))
    assert leg is not None
    line = leg_line(TOWN.network, leg)
    assert line.coords[0] == pytest.approx((leg.spot.lon, leg.spot.lat), abs=1e-9)
    assert line.coords[-1] == pytest.approx((leg.approach.lon, leg.approach.lat), abs=1e-9)
