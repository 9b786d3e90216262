"""The hierarchy: what it remembers, that it is the same every time, and that a file brings one that fits."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graphs.expansion import expand, remembered_for
from graphs.netfile import load_network, save_network
from graphs.network import Network
from graphs.ordering import build_hierarchy, hierarchy_of
from graphs.profiles import Profiles
from graphs.reference import ReferenceRouter
from graphs.router import Router
from graphs.times import edge_times
from graphs.turns import turns_of
from roadmaps import RoadMap, draw
from shared_data import BANGOR, NEWPORT, real_network
from test_reference import places_in

CROSSING = """
    N
    |
W---X---E
    |
    S---T
"""


def vertices(drawn: RoadMap, junction: str) -> list[set[str]]:
    """Return the roads into a junction, those that share a vertex together."""
    expansion, network = expand(drawn.network), drawn.network
    into = [edge for edge in range(network.edge_count) if network.head[edge] == drawn.node(junction)]
    shared: dict[int, set[str]] = {}
    for edge in into:
        shared.setdefault(int(expansion.vertex[edge]), set()).add(drawn.road(edge))
    return sorted(shared.values(), key=sorted)


def test_a_quiet_junction_forgets_where_one_came_from() -> None:
    assert vertices(draw(CROSSING, "W-X-E", "N-X-S-T"), "X") == [{"EX", "NX", "SX", "WX"}]


def test_a_busy_junction_tells_apart_who_waits_for_a_gap() -> None:
    assert len(vertices(draw(CROSSING, "W-X-E primary", "N-X-S-T"), "X")) == 4


def test_a_restriction_is_a_vertex_of_its_own() -> None:
    assert vertices(draw(CROSSING, "W-X-E", "N-X-S-T", turns=["no N>X>S"]), "X") == [{"EX", "SX", "WX"}, {"NX"}]


def test_behind_a_restriction_turning_round_is_remembered() -> None:
    # Who may not turn from N to E could go on to S, turn round there, and come back.
    free = draw(CROSSING, "W-X-E", "N-X-S-T")
    bound = draw(CROSSING, "W-X-E", "N-X-S-T", turns=["no N>X>E"])
    assert vertices(free, "S") == [{"TS", "XS"}]
    assert vertices(bound, "S") == [{"TS"}, {"XS"}]


def test_entering_a_roundabout_needs_no_second_vertex_where_everyone_enters() -> None:
    ring = draw("A-R-S\n  |\n  T", "A>R", "R>S roundabout", "T>R")
    assert vertices(ring, "R") == [{"AR", "TR"}]


@pytest.mark.parametrize("name", [BANGOR, NEWPORT])
def test_far_fewer_vertices_than_edges(name: str) -> None:
    network = real_network(name)
    hierarchy = build_hierarchy(network)
    assert network.node_count <= hierarchy.vertex_count < 0.65 * network.edge_count
    # Every arc leads up, and the ancestors of a vertex hold all that can be met from it.
    assert (hierarchy.up_head > hierarchy.up_tail).all()
    for vertex in range(0, hierarchy.vertex_count, 97):
        heads = hierarchy.up_head[hierarchy.up_start[vertex] : hierarchy.up_start[vertex + 1]]
        if len(heads):
            parent = int(hierarchy.parent[vertex])
            above = hierarchy.up_head[hierarchy.up_start[parent] : hierarchy.up_start[parent + 1]]
            assert set(heads.tolist()) <= {parent, *above.tolist()}


def test_built_twice_it_is_the_same() -> None:
    one, other = build_hierarchy(real_network(NEWPORT)), build_hierarchy(real_network(NEWPORT))
    for name, array in one.arrays().items():
        np.testing.assert_array_equal(array, other.arrays()[name])


def test_the_file_brings_the_hierarchy(tmp_path: Path) -> None:
    network = real_network(BANGOR)
    save_network(network, tmp_path / "bangor.network")
    loaded = load_network(tmp_path / "bangor.network")
    given = hierarchy_of(loaded)
    assert isinstance(given.up_head.base, np.ndarray | memoryview)  # mapped, not built
    for name, array in hierarchy_of(network).arrays().items():
        np.testing.assert_array_equal(array, given.arrays()[name])


def dear_turns() -> Profiles:
    """Return a profile table in which a turn across costs a minute and turning round three."""
    raw = Profiles.default().model_dump(by_alias=True)
    for profile in Profiles.names:
        raw["delay"]["turn_across"][f"{profile}_s"] = {"value": 60.0, "source": "peak"}
        raw["delay"]["u_turn"][f"{profile}_s"] = {"value": 180.0, "source": "peak"}
    return Profiles.model_validate(raw)


def test_a_profile_table_with_dearer_turns_gets_a_hierarchy_that_is_exact_for_it(tmp_path: Path) -> None:
    save_network(real_network(BANGOR), tmp_path / "bangor.network")
    network = load_network(tmp_path / "bangor.network", dear_turns())
    times = edge_times(network, "normal")
    shipped = hierarchy_of(real_network(BANGOR))
    assert not shipped.expansion.is_exact_for(times)
    assert hierarchy_of(network).expansion.is_exact_for(times)
    assert_as_reference(network, "normal")


def test_a_network_that_is_only_written_again_is_not_looked_at_and_no_less_exact(tmp_path: Path) -> None:
    first, second = tmp_path / "first.network", tmp_path / "second.network"
    save_network(real_network(BANGOR), first)
    save_network(load_network(first, dear_turns()), second)
    assert first.read_bytes() == second.read_bytes()
    network = load_network(second, dear_turns())
    assert hierarchy_of(network).expansion.is_exact_for(edge_times(network, "normal"))


def test_a_file_made_for_the_other_side_of_the_road_gets_another_hierarchy(tmp_path: Path) -> None:
    town = draw("W---X---E\n    |\n    S", "W-X-E primary", "X-S")
    save_network(town.network, tmp_path / "town.network")
    raw = Profiles.default().model_dump(by_alias=True)
    raw["turns"]["drives_on"] = "right"
    network = load_network(tmp_path / "town.network", Profiles.model_validate(raw))
    assert not hierarchy_of(town.network).expansion.is_exact_for(edge_times(network, "response"))
    assert_as_reference(network, "response")


def test_a_hierarchy_that_forgets_too_much_would_be_wrong() -> None:
    # The check above is what keeps this from happening: with the shipped table's vertices, dear turns are got round.
    network = replace(real_network(BANGOR), profiles=dear_turns())
    needed = remembered_for(edge_times(network, "normal"))
    assert (needed & ~hierarchy_of(real_network(BANGOR)).remembered).sum() > 100


def assert_as_reference(network: Network, profile: str) -> None:
    draw_ = random.Random(8)
    router, reference = Router(network, profile), ReferenceRouter(network, profile)
    vehicles = [router.spots(*place) for place in places_in(network, 40, draw_)]
    for place in places_in(network, 15, draw_):
        approaches = router.approaches(*place)
        found, expected = router.arrivals(approaches), reference.arrivals(approaches)
        assert found.best_of(vehicles) == expected.best_of(vehicles)
        assert found.times_of(vehicles) == expected.times_of(vehicles)


def test_states_share_a_vertex_only_where_they_end() -> None:
    network = real_network(NEWPORT)
    turns, expansion = turns_of(network), expand(network)
    head = network.head[turns.edge]
    node_of = np.full(expansion.vertex_count, -1)
    node_of[expansion.vertex] = head
    assert (node_of[expansion.vertex] == head).all()
