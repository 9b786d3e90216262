"""Erlang's formulas and the hypercube: against published examples, against each other, and by their own laws."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypercube import Atom, Floats, Hypercube, mean_wait, waiting_longer
from scenarios.queueing import lost, servers_needed, waiting

FIRST, SECOND = 0.75, -0.25
# Density of demand on the line, half of it on each stretch.
STRETCHES = ((-1.0, 0.75, 0.5 / 1.75), (0.75, 1.0, 0.5 / 0.25))


def distance_over(start: float, end: float, place: float) -> float:
    """The integral of the distance to a place, from start to end."""

    def whole(x: float) -> float:
        return (x - place) * abs(x - place) / 2

    return whole(end) - whole(start)


def line(boundary: float) -> tuple[Hypercube, Floats]:
    """Two units on a line, each first to the calls on its side of a boundary; and the mean travel to every atom."""
    atoms, travel = [], []
    for start, end, density in STRETCHES:
        for low, high, order in (
            (start, min(end, boundary), (1, 0)),
            (max(start, boundary), end, (0, 1)),
        ):
            if low < high:
                atoms.append(Atom(1.25 * density * (high - low), order))
                travel.append([distance_over(low, high, place) / (high - low) for place in (FIRST, SECOND)])
    return Hypercube(atoms, (1.0, 1.0), "lost"), np.array(travel).T


def imbalance(model: Hypercube) -> float:
    busiest, idlest = max(model.workloads), min(model.workloads)
    return float(busiest - idlest)


def test_two_units_on_a_line_each_sent_to_what_is_nearest_to_it() -> None:
    model, travel = line((FIRST + SECOND) / 2)
    assert model.rate == pytest.approx(1.25)
    assert f"{model.mean_travel(travel):.5f}" == "0.46246"
    assert f"{imbalance(model):.5f}" == "0.05236"


def test_the_best_boundary_lies_nearer_to_the_busier_unit() -> None:
    """The book's 53/126 is the distance from the unit at +0.75: the boundary itself is at 83/252 on the line."""
    boundary = FIRST - 53 / 126
    assert boundary == pytest.approx(83 / 252)
    model, travel = line(boundary)
    assert f"{model.mean_travel(travel):.5f}" == "0.46166"
    assert f"{imbalance(model):.5f}" == "0.04405"


def test_no_other_boundary_is_better() -> None:
    best = line(FIRST - 53 / 126)
    told = best[0].mean_travel(best[1])
    for moved in (-0.2, -0.01, -0.001, 0.001, 0.01, 0.0794, 0.2):
        model, travel = line(FIRST - 53 / 126 + moved)
        assert model.mean_travel(travel) > told


def test_three_units_with_a_queue() -> None:
    atoms = [Atom(0.50, (0, 1, 2)), Atom(0.25, (0, 2, 1)), Atom(0.35, (1, 0, 2)), Atom(0.40, (2, 0, 1))]
    model = Hypercube(atoms, (1.0, 1.0, 1.0), "queue")
    assert [f"{each:.4f}" for each in model.workloads] == ["0.5574", "0.4734", "0.4693"]
    assert f"{model.all_busy:.5f}" == "0.23684"
    assert model.all_busy == pytest.approx(waiting(3, 1.5))
    assert model.mean_queue == pytest.approx(1.5 * mean_wait(3, 1.5, 1.0))  # Little's law
    assert model.dispatches.sum(axis=0) == pytest.approx(np.array([0.50, 0.25, 0.35, 0.40]) / 1.5)


@pytest.mark.parametrize(
    ("servers", "load", "blocked", "queued"),
    # Erlang's tables as printed: B(10, 5) = 0.018, C = B / (1 - load/servers (1 - B)).
    [(1, 0.5, 0.333333, 0.5), (5, 3.0, 0.110054, 0.236151), (10, 5.0, 0.018385, 0.036105)],
)
def test_erlang(servers: int, load: float, blocked: float, queued: float) -> None:
    assert lost(servers, load) == pytest.approx(blocked, abs=1e-6)
    assert waiting(servers, load) == pytest.approx(queued, abs=1e-6)


def test_one_server_waits_as_every_book_says() -> None:
    assert mean_wait(1, 0.8, 10.0) == pytest.approx(0.8 / 0.2 * 10.0)
    assert waiting_longer(1, 0.8, 10.0, 15.0) == pytest.approx(0.8 * math.exp(-0.2 * 1.5))


def test_too_great_a_load_makes_everybody_wait_for_ever() -> None:
    assert (waiting(2, 2.0), mean_wait(2, 2.5, 1.0), waiting_longer(0, 0.1, 1.0, 9.0)) == (1.0, math.inf, 1.0)
    assert (waiting(0, 0.0), mean_wait(0, 0.0, 1.0), waiting_longer(0, 0.0, 1.0, 0.0)) == (0.0, 0.0, 0.0)


@given(st.floats(0.001, 80.0), st.floats(0.001, 1.0))
def test_fewest_servers_are_enough_and_one_less_is_not(load: float, share: float) -> None:
    servers = servers_needed(load, share)
    assert waiting(servers, load) <= share
    assert servers == 1 or waiting(servers - 1, load) > share or servers - 1 <= load


def test_no_number_of_servers_lets_nobody_wait() -> None:
    with pytest.raises(ValueError, match="share that must wait at 0"):
        servers_needed(1.0, 0.0)


@given(st.data(), st.integers(1, 4), st.sampled_from(["lost", "queue"]))
def test_hypercube_of_alike_units_is_erlang_whatever_the_orders(data: st.DataObject, units: int, full: str) -> None:
    orders = st.sampled_from(list(permutations(range(units))))
    atoms = data.draw(st.lists(st.builds(Atom, st.floats(0.01, 0.2), orders), min_size=1, max_size=4))
    model = Hypercube(atoms, [1.0] * units, full)
    theirs = lost if full == "lost" else waiting
    assert model.all_busy == pytest.approx(theirs(units, model.rate))
    served = model.rate * (1 - model.all_busy if full == "lost" else 1)
    assert model.workloads.sum() == pytest.approx(served)
    assert model.dispatches.sum() == pytest.approx(1)


@given(st.lists(st.floats(0.5, 3.0), min_size=2, max_size=4), st.sampled_from(["lost", "queue"]))
def test_each_unit_ends_as_many_calls_as_it_is_sent_to(rates: list[float], full: str) -> None:
    forth, back = tuple(range(len(rates))), tuple(reversed(range(len(rates))))
    model = Hypercube([Atom(0.4, forth), Atom(0.3, back)], rates, full)
    served = model.rate * (1 - model.all_busy if full == "lost" else 1)
    assert model.workloads * np.array(rates) == pytest.approx(model.dispatches.sum(axis=1) * served)


def test_unequal_units_of_a_pair_by_hand() -> None:
    """Balance of the states 00, 10, 01, 11 with rates 1 and 2, one call in a unit of time, the first unit first."""
    model = Hypercube([Atom(1.0, (0, 1))], (1.0, 2.0), "lost")
    idle, first, second, both = model.states
    assert idle == pytest.approx(first * 1.0 + second * 2.0)
    assert first * (1.0 + 1.0) == pytest.approx(idle + both * 2.0)
    assert second * (1.0 + 2.0) == pytest.approx(both * 1.0)
    assert both * 3.0 == pytest.approx(first + second)


@pytest.mark.parametrize(
    ("atoms", "rates", "said"),
    [
        ([Atom(0.1, (0, 0))], (1.0, 1.0), "every unit once"),
        ([Atom(2.0, (0, 1))], (1.0, 1.0), "faster than all units"),
        ([Atom(0.1, tuple(range(13)))], (1.0,) * 13, "12 units at the most"),
    ],
)
def test_what_has_no_answer_is_refused(atoms: list[Atom], rates: tuple[float, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Hypercube(atoms, rates, "queue")
