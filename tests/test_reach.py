"""What can be reached in a time: edges, parts of edges, and the ground beside them."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
import shapely

from graphs.conditions import Change, Conditions, Stretch
from graphs.network import Network
from graphs.reach import Reach
from graphs.reference import ReferenceRouter
from graphs.router import Router
from graphs.snapping import Approach, Spot
from roadmaps import RoadMap, draw
from shared_data import BANGOR, NEWPORT, real_network

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
# A kilometre of street takes 75 s on response: 48 km/h.
LINE = draw("A---------B---------C", "A-B-C")
RING = draw("A-----B\n|     |\nD-----C", "A>B>C>D>A")


def parts(drawn: RoadMap, found: Reach) -> dict[str, list[tuple[float, float]]]:
    """Return the parts reached, by road, to a hundredth."""
    told: dict[str, list[tuple[float, float]]] = {}
    for edge, start, end in zip(found.edge.tolist(), found.start.tolist(), found.end.tolist(), strict=True):
        told.setdefault(drawn.road(edge), []).append((round(start, 2), round(end, 2)))
    return told


def outward(router: Router, *spots: Spot, seconds: float) -> Reach:
    return router.reachable(router.vehicles([[spot] for spot in spots]), seconds / 60)


def spot(drawn: RoadMap, road: str, fraction: float, delay_ms: int = 0) -> Spot:
    return Spot(drawn.edge(road), fraction, 0.0, delay_ms, 0.0, 0.0)


def test_time_runs_out_on_the_road() -> None:
    found = outward(Router(LINE.network, "response"), spot(LINE, "AB", 0.5), seconds=56.25)
    # Half a street to B and a quarter of the next, or a U-turn of 15 s and what is left of the time back.
    assert parts(LINE, found) == {"AB": [(0.5, 1.0)], "BC": [(0.0, 0.25)], "BA": [(0.0, 0.05)]}


def test_the_delay_of_leaving_counts() -> None:
    found = outward(Router(LINE.network, "response"), spot(LINE, "AB", 0.5, delay_ms=18_750), seconds=37.5)
    assert parts(LINE, found) == {"AB": [(0.5, 0.75)]}
    late = outward(Router(LINE.network, "response"), spot(LINE, "AB", 0.5, delay_ms=60_000), seconds=37.5)
    assert parts(LINE, late) == {}


def test_round_the_block_to_just_behind_is_two_parts_of_one_street() -> None:
    router = Router(RING.network, "response")
    lap_ms = int(router.edge_times.edge_ms.sum())
    found = outward(router, spot(RING, "AB", 0.5), seconds=(lap_ms - int(router.edge_times.edge_ms[0]) * 0.25) / 1000)
    assert parts(RING, found)["AB"] == [(0.0, 0.25), (0.5, 1.0)]
    whole = outward(router, spot(RING, "AB", 0.5), seconds=lap_ms / 1000)
    assert parts(RING, whole)["AB"] == [(0.0, 1.0)]


def test_several_together_reach_what_any_of_them_reaches() -> None:
    router = Router(LINE.network, "response")
    found = outward(router, spot(LINE, "AB", 0.0), spot(LINE, "CB", 0.0), seconds=37.5)
    assert parts(LINE, found) == {"AB": [(0.0, 0.5)], "CB": [(0.0, 0.5)]}


def test_a_closure_is_reached_and_not_passed() -> None:
    shut = Change("gas leak", (Stretch(LINE.edge("AB"), 0.8, 0.9),))
    router = Router(LINE.network, "response", Conditions((shut,)), NOON)
    assert parts(LINE, outward(router, spot(LINE, "AB", 0.5), seconds=600)) == {"AB": [(0.5, 0.8)]}


def test_what_is_slowed_is_reached_later() -> None:
    slow = Change("queue", (Stretch(LINE.edge("AB"), 0.0, 0.5),), 0.5)
    router = Router(LINE.network, "response", Conditions((slow,)), NOON)
    assert parts(LINE, outward(router, spot(LINE, "AB", 0.0), seconds=93.75)) == {"AB": [(0.0, 0.75)]}


def test_no_time_reaches_the_place_itself() -> None:
    assert parts(LINE, outward(Router(LINE.network, "response"), spot(LINE, "AB", 0.5), seconds=0)) == {
        "AB": [(0.5, 0.5)]
    }


def test_the_ground_is_what_lies_beside_the_roads_reached() -> None:
    found = outward(Router(LINE.network, "response"), spot(LINE, "AB", 0.5), seconds=56.25)
    ground = found.area(60.0)
    lat, lon = LINE.along("AB", 0.75)
    assert ground.contains(shapely.Point(lon, lat))
    for share, right_m, inside in ((0.75, 50.0, True), (0.75, 70.0, False), (0.4, 0.0, False)):
        lat, lon = LINE.along("AB", share, right_m=right_m)
        assert ground.contains(shapely.Point(lon, lat)) is inside


def test_nothing_reached_is_no_ground() -> None:
    late = outward(Router(LINE.network, "response"), spot(LINE, "AB", 0.5, delay_ms=60_000), seconds=1)
    assert late.area(60.0).is_empty


@pytest.mark.parametrize("profile", ["normal", "response"])
@pytest.mark.parametrize("name", [BANGOR, NEWPORT])
def test_as_far_as_the_reference_router_drives_and_no_farther(name: str, profile: str) -> None:
    network: Network = real_network(name)
    draw_ = random.Random(4)
    router, reference = Router(network, profile), ReferenceRouter(network, profile)
    limit_ms = 240_000
    edge = draw_.choice([one for one in range(network.edge_count) if router.edge_times.leaves[one]])
    start = Spot(edge, 0.3, 0.0, 2_000, 0.0, 0.0)
    found = outward(router, start, seconds=limit_ms / 1000)
    reached = {(one, begun): end for one, begun, end in zip(found.edge.tolist(), found.start, found.end, strict=True)}
    assert len(reached) > 100

    def time_ms(at: int, fraction: float) -> int:
        told = reference.arrivals([Approach(at, fraction, 0.0, 0, 0.0, 0.0)]).time_ms(start)
        return limit_ms * 9 if told is None else told

    for (one, begun), end in draw_.sample(sorted(reached.items()), 40):
        assert time_ms(one, float(end)) <= limit_ms
        if end < 1.0:
            assert time_ms(one, min(float(end) + 0.01, 1.0)) >= limit_ms
        assert begun in {0.0, 0.3}
    beyond = [one for one in range(network.edge_count) if router.edge_times.open[one] and (one, 0.0) not in reached]
    for one in draw_.sample(beyond, 40):
        assert one == edge or time_ms(one, 0.0) > limit_ms
