"""Turn by turn: which way a driver is told to turn, and where not to be told anything."""

from __future__ import annotations

import pytest

from graphs.directions import Step, steps_of, turned_deg
from graphs.legs import leg_parts
from graphs.network import Network
from graphs.router import Router
from roadmaps import RoadMap, draw

CROSS = draw(
    """
      N
      |
    W-X-E
      |
      S
    """,
    "S-X name=Low",
    "X-N name=High",
    "W-X name=West",
    "X-E name=East",
)


def steps(town: RoadMap, start: tuple[float, float], end: tuple[float, float]) -> list[Step]:
    router = Router(town.network, "response")
    leg = router.route(*start, *end)
    assert leg is not None
    return steps_of(town.network, leg_parts(router.edge_times, leg))


def told(network: Network, found: list[Step]) -> list[tuple[str | None, str]]:
    return [(step.turn, network.edge_name(step.edge)) for step in found]


@pytest.mark.parametrize(
    ("road", "turn", "degrees"),
    [("XN", "straight", 0), ("XW", "left", -90), ("XE", "right", 90), ("XS", "u_turn", 180)],
)
def test_at_a_crossing(road: str, turn: str, degrees: float) -> None:
    network = CROSS.network
    assert abs(turned_deg(network, CROSS.edge("SX"), CROSS.edge(road))) == pytest.approx(abs(degrees), abs=0.2)
    if turn != "u_turn":
        found = steps(CROSS, CROSS.along("SX", 0.5), CROSS.along(road, 0.9))
        assert [step.turn for step in found] == [None, turn]
        assert found[1].turned_deg == pytest.approx(degrees, abs=0.2)
        assert (found[0].turned_deg, found[0].turn) == (None, None)


def test_turning_round_on_the_same_road_is_told() -> None:
    town = draw("A---B", "A-B name=Only length=1000")
    network = town.network
    router = Router(network, "response")
    ahead = next(spot for spot in router.spots(*town.along("AB", 0.5)) if spot.edge == town.edge("AB"))
    behind = [item for item in router.approaches(*town.along("AB", 0.1)) if item.edge == town.edge("BA")]
    leg = router.best([ahead], behind)
    assert leg is not None
    assert told(network, steps_of(network, leg_parts(router.edge_times, leg))) == [(None, "Only"), ("u_turn", "Only")]


def test_a_bend_is_no_turn_but_leaving_a_road_of_the_same_name_is() -> None:
    town = draw(
        """
        A---B
            |
            C---D
            |
            E
        """,
        "A-B-C-D name=High",
        "C-E name=High",
    )
    # At B there is one way on; at C the same name goes two ways.
    assert [step.turn for step in steps(town, town.along("AB", 0.5), town.along("CE", 0.9))] == [None]
    onto = steps(town, town.along("AB", 0.5), town.along("CD", 0.9))
    assert told(town.network, onto) == [(None, "High"), ("left", "High")]
    assert sum(len(step.parts) for step in onto) == 3


RING = draw(
    """
        N
        |
        1
      2   3---E
        4
        |
        S
    """,
    "4>3>1>2>4 roundabout name=Circus",
    "S-4 name=South",
    "N-1 name=North",
    "3-E name=East",
)


class TestRoundabout:
    @pytest.mark.parametrize(("road", "name", "degrees"), [("1N", "North", 0), ("3E", "East", 90)])
    def test_is_told_by_the_road_that_leaves_it(self, road: str, name: str, degrees: float) -> None:
        found = steps(RING, RING.along("S4", 0.5), RING.along(road, 0.9))
        assert told(RING.network, found) == [(None, "South"), ("roundabout", name)]
        assert found[1].turned_deg == pytest.approx(degrees, abs=0.2)
        assert sum(part.length_m for part in found[1].parts) > RING.network.length_m[RING.edge(road)]

    def test_that_a_way_ends_on(self) -> None:
        router = Router(RING.network, "response")
        spots = [spot for spot in router.spots(*RING.along("S4", 0.5)) if spot.edge == RING.edge("S4")]
        near = [item for item in router.approaches(*RING.along("31", 0.5)) if item.edge == RING.edge("31")]
        leg = router.best(spots, near)
        assert leg is not None
        last = steps_of(RING.network, leg_parts(router.edge_times, leg))[-1]
        assert (last.turn, last.turned_deg, RING.network.edge_name(last.edge)) == ("roundabout", None, "Circus")
