"""An answer does not hang on who else is asked about, in which order, from which thread, or in which process."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.network import Network
from graphs.ordering import build_hierarchy
from graphs.router import Nearest, Router, Table
from graphs.snapping import Approach, Spot
from questions import GOTHENBURG, MOMENT, disturbed, incidents, network_of, told, units
from shared_data import BANGOR, LEEDS, NEWPORT, PORTO

THREADS = 8


@dataclass
class Asked:
    """A router with vehicles and places to ask it about."""

    router: Router
    vehicles: list[tuple[Spot, ...]]
    places: list[tuple[Approach, ...]]

    def table(self, rows: slice = slice(None), columns: slice = slice(None)) -> Table:
        return self.router.times(self.router.vehicles(self.vehicles[rows]), self.places[columns])


@pytest.fixture(scope="module", params=[GOTHENBURG, LEEDS])
def asked(request: pytest.FixtureRequest) -> Asked:
    network = network_of(request.param)
    chance = random.Random(request.param)
    router = Router(network, "response", disturbed(network, chance), MOMENT)
    return Asked(router, units(router, 60, chance), incidents(router, 20, chance))


def same(one: Table, time_ms: np.ndarray, length_m: np.ndarray) -> bool:
    """Tell whether two tables are equal byte for byte."""
    return one.time_ms.tobytes() == time_ms.tobytes() and one.length_m.tobytes() == length_m.tobytes()


# ---- Who else is asked about -----------------------------------------------------------------------------------------


def test_a_table_cut_in_two_is_the_same_table(asked: Asked) -> None:
    whole = asked.table()
    for cut in (1, 17, 59):
        parts = [asked.table(slice(None, cut)), asked.table(slice(cut, None))]
        assert same(whole, *(np.concatenate([getattr(it, name) for it in parts]) for name in ("time_ms", "length_m")))
    for cut in (1, 7, 19):
        parts = [asked.table(columns=slice(None, cut)), asked.table(columns=slice(cut, None))]
        joined = (np.concatenate([getattr(it, name) for it in parts], axis=1) for name in ("time_ms", "length_m"))
        assert same(whole, *joined)


def test_the_order_of_vehicles_and_places_changes_nothing(asked: Asked) -> None:
    whole, chance = asked.table(), random.Random(1)
    rows, columns = chance.sample(range(60), 60), chance.sample(range(20), 20)
    vehicles, places = [asked.vehicles[row] for row in rows], [asked.places[column] for column in columns]
    mixed = asked.router.times(asked.router.vehicles(vehicles), places)
    sized = np.ix_(rows, columns)
    assert same(mixed, whole.time_ms[sized].copy(), whole.length_m[sized].copy())


def test_more_vehicles_change_nobodys_leg(asked: Asked) -> None:
    for place in asked.places:
        alone = [asked.router.arrivals(place).best(spots) for spots in asked.vehicles]
        together = asked.router.arrivals(place)
        assert together.best_of(asked.vehicles[::-1])[::-1] == together.best_of(asked.vehicles) == alone
        # The cells that others have worked out do not change the way that is found.
        fresh = [asked.router.arrivals(place).best(spots) for spots in asked.vehicles]
        assert [leg.edges for leg in alone if leg] == [leg.edges for leg in fresh if leg]


def test_whoever_is_nearest_stays_so_when_others_come_who_are_not(asked: Asked) -> None:
    router = asked.router
    for place in asked.places:
        all_of_them = router.nearest(place, router.vehicles(asked.vehicles), 60)
        for count in (1, 3, 10):
            assert router.nearest(place, router.vehicles(asked.vehicles), count) == all_of_them[:count]
        kept = sorted(found.row for found in all_of_them[:5])
        few = router.nearest(place, router.vehicles([asked.vehicles[row] for row in kept]), 5)
        assert [Nearest(kept[it.row], it.time_ms, it.length_m) for it in few] == all_of_them[:5]


# ---- Builds ----------------------------------------------------------------------------------------------------------


def fingerprint(network: Network) -> str:
    """Return the SHA-256 of a hierarchy's arrays."""
    hierarchy, digest = build_hierarchy(network), hashlib.sha256()
    for array in (hierarchy.vertex, hierarchy.remembered, hierarchy.up_start, hierarchy.up_head):
        digest.update(array.dtype.str.encode() + array.tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("name", [GOTHENBURG, NEWPORT, BANGOR, LEEDS, pytest.param(PORTO, marks=pytest.mark.slow)])
def test_two_builds_are_equal(name: str) -> None:
    assert fingerprint(network_of(name)) == fingerprint(network_of(name))


def test_a_build_in_another_process_is_equal() -> None:
    ask = f"import questions, test_router_alone as it; print(it.fingerprint(questions.network_of({LEEDS!r})))"
    where = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    found = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", ask],
        env=os.environ | {"PYTHONPATH": where, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == fingerprint(network_of(LEEDS))


# ---- Threads ---------------------------------------------------------------------------------------------------------


def answers(router: Router, asked: Asked) -> list[object]:
    """Ask a router everything."""
    fleet = router.vehicles(asked.vehicles)
    found: list[object] = []
    for place in asked.places:
        legs = router.arrivals(place).best_of(asked.vehicles)
        found += [router.nearest(place, fleet, 5), [(told(leg), leg and leg.edges) for leg in legs[:10]]]
    table = router.times(fleet, asked.places)
    return [*found, table.time_ms.tobytes(), table.length_m.tobytes()]


def test_a_router_answers_threads_as_it_answers_one_while_conditions_change() -> None:
    network = network_of(LEEDS)
    chance = random.Random(8)
    router = Router(network, "response", disturbed(network, chance), MOMENT)
    asked = Asked(router, units(router, 40, chance), incidents(router, 10, chance))
    changes = [disturbed(network, chance) for _ in range(24)]

    def under(held: Conditions) -> list[object]:
        return answers(Router(network, "response", held, MOMENT), asked)

    alone, alone_under = answers(router, asked), [under(held) for held in changes[:6]]
    assert len({str(each) for each in [alone, *alone_under]}) > 1
    with ThreadPoolExecutor(THREADS) as pool:
        asking = [pool.submit(answers, router, asked) for _ in range(24)]
        changing = [pool.submit(under, held) for held in changes]
        usual = pool.submit(under, NO_CONDITIONS)
        assert all(each.result() == alone for each in asking)
        assert [each.result() for each in changing[:6]] == alone_under
        assert usual.result() == under(NO_CONDITIONS)


def test_threads_that_ask_about_one_place_do_not_disturb_each_other_or_anyone_later(asked: Asked) -> None:
    places = asked.places[:4]
    alone = [list(map(told, asked.router.arrivals(place).best_of(asked.vehicles))) for place in places]
    for place, expected in zip(places, alone, strict=True):
        shared = asked.router.arrivals(place)
        with ThreadPoolExecutor(THREADS) as threads:
            answers = list(threads.map(lambda _, shared=shared: shared.best_of(asked.vehicles), range(40)))
        assert all(list(map(told, legs)) == expected for legs in answers)
    again = [list(map(told, asked.router.arrivals(place).best_of(asked.vehicles))) for place in places]
    assert again == alone


def test_what_routers_share_cannot_be_written_to(asked: Asked) -> None:
    times = asked.router.edge_times
    for array in (times.edge_ms, times.usual_ms, times.turn_ms, times.edge_cost, times.turn_cost, times.length_cm):
        assert not array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        times.edge_ms[0] = 0


def test_vehicles_of_another_router_are_refused(asked: Asked) -> None:
    other = Router(asked.router.network, "normal").vehicles(asked.vehicles)
    for ask in (
        lambda: asked.router.nearest(asked.places[0], other, 3),
        lambda: asked.router.times(other, asked.places),
        lambda: asked.router.reachable(other, 5),
    ):
        with pytest.raises(ValueError, match="under another profile"):
            ask()
