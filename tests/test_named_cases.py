"""What goes wrong in real systems, one tiny map each: every router against numbers worked out by hand.

Routine driving is 10 m/s where no limit is tagged, response 20 m/s; a U-turn takes 20 s and 15 s. See `round_numbers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from drives import assert_sound
from graphs.conditions import Change, Conditions, Stretch
from graphs.legs import Leg
from graphs.profiles import Profiles
from graphs.reference import ReferenceRouter
from graphs.router import Router, weights_of
from graphs.snapping import Approach, Spot
from graphs.times import edge_times
from oracles import costs_between
from roadmaps import RoadMap, draw, path_of
from test_times import round_numbers

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)  # a Tuesday, between the peaks
WALK_M_S = 1.4
# Tables with few places and with many are worked out in two ways.
MANY_PLACES = 40
Spots = tuple[Spot, ...]
Approaches = tuple[Approach, ...]


class Case:
    """A drawn map under one profile, asked by every router at once."""

    def __init__(
        self,
        drawn: RoadMap,
        profile: str = "normal",
        *changes: Change,
        at: datetime | None = None,
        profiles: Profiles | None = None,
    ) -> None:
        self.map, self.at = drawn, at or (NOON if changes else None)
        self.network = replace(drawn.network, profiles=profiles or round_numbers())
        held = Conditions(changes)
        self.engine = Router(self.network, profile, held, self.at)
        self.plain = ReferenceRouter(self.network, profile, held, self.at)

    def on(self, road: str, share: float, delay_s: float = 0.0) -> Spots:
        """A vehicle that stands on a road in one direction."""
        return (Spot(self.map.edge(road), share, 0.0, round(delay_s * 1000), 0.0, 0.0),)

    def either_way(self, road: str, share: float, turn_s: float = 0.0) -> Spots:
        """A vehicle that may leave along a road or, after turning round, against it."""
        return self.on(road, share) + self.on(road[::-1], 1.0 - share, turn_s)

    def place(self, road: str, share: float) -> Approaches:
        """A place at the roadside, reached from both directions if there are two, or from up to a closure."""
        edges = [(edge, share) for edge in self.map.edges(road)]
        edges += [(edge, 1.0 - share) for edge in self.map.edges(road[::-1])]
        return tuple(Approach(edge, at, 0.0, 0, 0.0, 0.0) for edge, at in edges)

    def at_door(self, place: tuple[float, float]) -> Approaches:
        """A place as the engine finds it; the plain search finds it too."""
        found = self.engine.approaches(*place)
        assert found == self.plain.approaches(*place)
        return found

    def best(self, spots: Spots, place: Approaches) -> Leg | None:
        """Return the best leg, after every router has told the same time and length in every way of asking."""
        leg = self.engine.best(spots, place)
        told = None if leg is None else (leg.time_ms, round(leg.length_m * 100))
        plain = self.plain.best(spots, place)
        assert told == (None if plain is None else (plain.time_ms, round(plain.length_m * 100)))
        assert [[told]] == list(costs_between(self.plain.edge_times, [spots], [place], self.at))
        vehicles = self.engine.vehicles([spots])
        for places in (1, MANY_PLACES):
            table = self.engine.times(vehicles, [place] * places)
            assert table.time_ms.tolist() == [[-1 if told is None else told[0]] * places]
        assert [found.time_ms for found in self.engine.nearest(place, vehicles, 1)] == (
            [] if told is None else [told[0]]
        )
        if leg is not None:
            assert_sound(self.engine, leg, at=self.at)
        return leg

    def seconds(self, spots: Spots, place: Approaches) -> float | None:
        leg = self.best(spots, place)
        return None if leg is None else leg.time_ms / 1000

    def way(self, spots: Spots, place: Approaches) -> str:
        leg = self.best(spots, place)
        assert leg is not None
        return path_of(self.network, leg.edges)

    def order(self, vehicles: Sequence[Spots], place: Approaches, count: int) -> list[int]:
        """Return which vehicles are the soonest, by their rows."""
        return [found.row for found in self.engine.nearest(place, self.engine.vehicles(vehicles), count)]


def shut(
    drawn: RoadMap, *roads: str, part: tuple[float, float] = (0.0, 1.0), factor: float = 0.0, name: str = ""
) -> Change:
    """Close or slow a part of roads in the directions named."""
    stretches = tuple(Stretch(edge, *part) for road in roads for edge in drawn.edges(road))
    return Change(name or " ".join(roads), stretches, factor)


def walk_s(metres: float) -> float:
    return round(metres * 1000 / WALK_M_S) / 1000


def block(*turns: str) -> RoadMap:
    """Draw a street from A to D with a way round B to C."""
    return draw(
        """
        A---B---C---D
            |   |
            E---F
        """,
        "A-B-C-D length=100",
        "B-E-F-C length=100",
        turns=turns,
    )


BLOCK = block()


# ---- No way --------------------------------------------------------------------------------------------------------


def test_unreachable_is_null_never_0() -> None:
    case = Case(draw("A---B---C", "A>B", "B-C"))
    unit, place = case.on("BC", 0.5), case.place("AB", 0.5)
    assert case.best(unit, place) is None
    assert case.engine.arrivals(place).times_of([unit]) == [(None,)]
    table = case.engine.times(case.engine.vehicles([unit]), [place])
    assert table.time_ms.tolist() == [[-1]]
    assert np.isnan(table.length_m).all()
    assert case.order([unit], place, 5) == []


def test_one_unreachable_pair_leaves_the_others_alone() -> None:
    case = Case(draw("A---B---C", "A>B length=100", "B-C length=100"))
    units, places = [case.on("AB", 0.0), case.on("CB", 0.0)], [case.place("AB", 0.5), case.place("BC", 0.5)]
    table = case.engine.times(case.engine.vehicles(units), places)
    assert table.time_ms.tolist() == [[5_000, 15_000], [-1, 5_000]]
    assert table.length_m[0].tolist() == [50.0, 150.0]


def test_a_place_that_nothing_leads_to_and_a_unit_that_is_nowhere() -> None:
    case = Case(BLOCK)
    units, place = [(), case.on("AB", 0.0)], case.place("BC", 0.5)
    fleet = case.engine.vehicles(units)
    assert case.engine.arrivals(()).best_of(units) == [None, None]
    assert case.engine.arrivals(place).best_of(units)[0] is None
    assert case.engine.times(fleet, [(), place]).time_ms.tolist() == [[-1, -1], [-1, 15_000]]
    assert case.order(units, place, 5) == [1]


def test_nobody_is_on_duty() -> None:
    case = Case(BLOCK)
    nobody, place = case.engine.vehicles([]), case.place("BC", 0.5)
    assert case.engine.nearest(place, nobody, 3) == []
    assert case.engine.times(nobody, [place]).time_ms.shape == (0, 1)
    assert case.engine.arrivals(place).best_of([]) == []


# ---- Where a vehicle is, and where it stops ------------------------------------------------------------------------


def test_a_car_park_beside_a_motorway() -> None:
    """The car park is 30 m from the motorway and 45 m from the lane that leads to it."""
    drawn = draw(
        "M---N---O\n\nA---B---C",
        "M>N>O motorway",
        "A-B-C length=400",
        "O-C length=200",
        "A-M length=200",
        square_m=75.0,
    )
    case = Case(drawn, "response")
    lat, lon = drawn.at("N", north_m=-60)
    place, unit = case.at_door((lat, lon)), case.engine.spots(lat, lon)
    assert {drawn.road(item.edge) for item in place} == {"AB", "BA", "BC", "CB"}
    assert {drawn.road(item.edge) for item in unit} <= {"AB", "BA", "BC", "CB"}
    # From the start of the lane, 20 m/s for 400 m, and then on foot.
    walked = min(item.walk_ms for item in place) / 1000
    assert case.seconds(case.on("AB", 0.0), place) == 20.0 + walked


def test_the_wrong_carriageway() -> None:
    """The report is nearer the carriageway that runs the other way; the course tells. It is 6 m from its own."""
    drawn = draw("A---B\nD---C", "B>A length=400", "D>C length=400", "A>D length=10", "C>B length=10", square_m=10.0)
    case = Case(drawn)
    middle = drawn.along("BA", 0.5, right_m=-4.0)
    unit = case.engine.spots(*middle, course_deg=90.0, speed_kmh=50.0)
    assert [drawn.road(spot.edge) for spot in unit] == ["DC"]
    assert case.way(unit, case.place("BA", 0.5)) == "D>C>B>A"
    assert case.seconds(unit, case.place("BA", 0.5)) == pytest.approx(6.0 * 3.6 / 10 + 20.0 + 1.0 + 20.0, abs=0.01)


def test_the_heading_is_not_ignored() -> None:
    """The place is 100 m behind: round the block is 350 m longer than turning round, which takes 20 s."""
    case = Case(BLOCK)
    east = case.engine.spots(*BLOCK.along("BC", 0.5), course_deg=90.0, speed_kmh=50.0)
    still = case.engine.spots(*BLOCK.along("BC", 0.5))
    place = case.place("AB", 0.5)
    assert case.seconds(still, place) == pytest.approx(10.0, abs=0.01)
    assert case.seconds(east, place) == pytest.approx(10.0 + 20.0, abs=0.01)


def test_not_into_the_tunnel_below() -> None:
    drawn = draw("  A\n  |\nX-+-Y\n  |\n  B", "X-Y tunnel length=400", "A-B length=400", "X-A length=600")
    case = Case(drawn)
    place = case.at_door(drawn.along("AB", 0.5))
    assert {drawn.road(item.edge) for item in place} == {"AB", "BA"}
    assert case.seconds(case.on("AB", 0.0), place) == pytest.approx(20.0, abs=0.01)


def test_an_island_for_one_profile_only() -> None:
    """The yard behind the locked gate is reached on foot from the street by a routine patrol, by car on response."""
    drawn = draw("A---B---C", "A-B length=1000", "B-C length=100 locked_gate=1")
    door = drawn.along("BC", 0.9)
    routine, response = Case(drawn), Case(drawn, "response")
    assert {drawn.road(item.edge) for item in response.at_door(door)} == {"BC", "CB"}
    # 1,090 m at 20 m/s, and seven seconds for the gate, spread over its road; that is drawn 400 m long for who walks.
    assert response.seconds(response.on("AB", 0.0), response.at_door(door)) == pytest.approx(54.5 + 0.9 * 7.0, abs=0.01)
    assert {drawn.road(item.edge) for item in routine.at_door(door)} == {"AB", "BA"}
    assert routine.seconds(routine.on("AB", 0.0), routine.at_door(door)) == pytest.approx(100.0 + walk_s(360), abs=0.01)


def test_just_behind_on_a_one_way_street_is_round_the_block() -> None:
    case = Case(draw("A---B\n|   |\nD---C", "A>B>C>D>A length=100"))
    assert case.seconds(case.on("AB", 0.5), case.place("AB", 0.4)) == 39.0
    assert case.way(case.on("AB", 0.5), case.place("AB", 0.4)) == "A>B>C>D>A>B"


def test_just_ahead_on_the_same_street() -> None:
    case = Case(draw("A---B\n|   |\nD---C", "A>B>C>D>A length=100"))
    assert case.seconds(case.on("AB", 0.5), case.place("AB", 0.6)) == 1.0
    assert case.seconds(case.on("AB", 0.5), case.place("AB", 0.5)) == 0.0


# ---- Closures ------------------------------------------------------------------------------------------------------


def test_closing_one_segment_leaves_the_rest_of_the_street() -> None:
    case = Case(BLOCK, "normal", shut(BLOCK, "BC", part=(0.6, 0.8)), shut(BLOCK, "CB", part=(0.2, 0.4)))
    assert case.seconds(case.on("AB", 0.0), case.place("BC", 0.5)) == 15.0
    # Beyond the closure from the other side: B, E, F, C, and 10 m back.
    assert case.seconds(case.on("AB", 0.0), case.place("BC", 0.9)) == 41.0
    assert case.way(case.on("AB", 0.0), case.place("BC", 0.9)) == "A>B>E>F>C>B"


def test_an_incident_on_a_closed_stretch_is_reached_up_to_the_closure() -> None:
    case = Case(BLOCK, "normal", shut(BLOCK, "AB", part=(0.5, 0.75)), shut(BLOCK, "BA", part=(0.25, 0.5)))
    place = case.at_door(BLOCK.along("AB", 0.6, right_m=-1.0))
    one = case.map.edge("AB")
    # Up to the closure for those who come, to the door for whoever is within it, and to its other end for those behind.
    assert sorted(item.fraction for item in place if item.edge == one) == [0.5, pytest.approx(0.6), 0.75]
    assert case.seconds(case.on("AB", 0.0), place) == pytest.approx(5.0 + walk_s(10.0) + walk_s(1.0), abs=0.01)


def test_an_incident_on_a_street_that_is_closed_is_reached_from_its_corner() -> None:
    drawn = draw("A---B-------C", "A-B length=100", "B-C length=200")
    case = Case(drawn, "normal", shut(drawn, "BC", "CB"))
    place = case.at_door(drawn.along("BC", 0.75))
    assert case.seconds(case.on("AB", 0.0), place) == pytest.approx(10.0 + walk_s(150.0), abs=0.01)


def test_the_walk_goes_on_along_streets_that_are_closed() -> None:
    drawn = draw("A---B---C-------D", "A-B length=100", "B-C length=100", "C-D length=200")
    case = Case(drawn, "normal", shut(drawn, "BC", "CB", "CD", "DC"))
    place = case.at_door(drawn.along("CD", 0.75))
    assert case.seconds(case.on("AB", 0.0), place) == pytest.approx(10.0 + walk_s(250.0), abs=0.01)


def test_behind_the_closed_mouth_of_a_cul_de_sac_one_walks_in() -> None:
    """The road at the place is open, but nobody can drive to it."""
    drawn = draw("A---B---C-------D", "A-B length=100", "B-C length=100", "C-D length=200")
    case = Case(drawn, "normal", shut(drawn, "BC", "CB"))
    place = case.at_door(drawn.along("CD", 0.5))
    assert case.seconds(case.on("AB", 0.0), place) == pytest.approx(10.0 + walk_s(200.0), abs=0.01)
    # Whoever is inside drives.
    assert case.seconds(case.on("DC", 0.0), place) == 10.0
    assert case.engine.shut_off_by(*drawn.along("CD", 0.5)) == ("BC CB",)


def test_where_everything_is_closed_nobody_comes_and_nothing_breaks() -> None:
    drawn = draw("A---B---C", "A-B length=100", "B-C length=100")
    case = Case(drawn, "normal", shut(drawn, "AB", "BA", "BC", "CB"))
    place = case.at_door(drawn.along("BC", 0.5))
    assert case.seconds(case.on("AB", 0.5), place) is None
    assert case.seconds(case.on("BC", 0.25), place) == 2.5


def test_a_vehicle_within_a_closure_drives_out_of_it() -> None:
    case = Case(BLOCK, "normal", shut(BLOCK, "AB", "BA", part=(0.25, 0.75)))
    assert case.seconds(case.either_way("AB", 0.5), case.place("BC", 0.5)) == 10.0


def test_whoever_is_shut_in_between_two_closures_has_a_way_that_exists() -> None:
    """The unit is past the closure on its own street, and the street with the place is closed from B on.

    Others along the unit's street stop at its closure. It drives on to B, and must not turn round in C for nothing.
    """
    drawn = draw("D---B---C---F\n    |   |\n    E   G", "D-B-C-F length=100", "C-G length=100", "B-E length=100")
    closed = shut(drawn, "DB", part=(0.3, 0.5)), shut(drawn, "BD", part=(0.5, 0.7)), shut(drawn, "BE", "EB")
    case = Case(drawn, "normal", *closed)
    place = case.at_door(drawn.along("BE", 0.9))
    leg = case.best(case.either_way("DB", 0.7), place)
    assert leg is not None
    way = path_of(case.network, leg.edges)
    assert (way, leg.drive_ms) in {("D>B>C>B", 3_000 + 10_000 + 20_000 + 10_000), ("D>B>C", 3_000), ("D>B", 3_000)}


def test_a_unit_in_a_closed_street_does_not_turn_round_at_its_end_for_nothing() -> None:
    """The place is at B, and there is nowhere to stop there but in the street that the unit has just left."""
    drawn = draw("A---B---C\n|       |\nD-------E", "A-B length=100", "C>B length=100", "A-D-E-C length=200")
    case = Case(drawn, "normal", shut(drawn, "AB", "BA"))
    place = case.at_door(drawn.at("B"))
    assert {("BA", 0.0), ("CB", 1.0)} <= {(drawn.road(item.edge), item.fraction) for item in place}
    assert case.seconds(case.either_way("AB", 0.5), place) in {5.0, 5.0 + 20.0}


def test_speed_0_is_closed() -> None:
    slow, closed = (Case(BLOCK, "normal", shut(BLOCK, "BC", factor=factor)) for factor in (0.5, 0.0))
    assert slow.seconds(slow.on("AB", 0.0), slow.place("CD", 1.0)) == 40.0
    assert closed.seconds(closed.on("AB", 0.0), closed.place("CD", 1.0)) == 50.0
    assert closed.way(closed.on("AB", 0.0), closed.place("CD", 1.0)) == "A>B>E>F>C>D"


def test_a_second_closure_does_not_drop_the_first() -> None:
    first, second = shut(BLOCK, "BC"), shut(BLOCK, "EF")
    one, both = Case(BLOCK, "normal", first), Case(BLOCK, "normal", first, second)
    assert one.seconds(one.on("AB", 0.0), one.place("CD", 1.0)) == 50.0
    assert both.best(both.on("AB", 0.0), both.place("CD", 1.0)) is None


def test_a_lifted_closure_leaves_nothing_behind() -> None:
    network = replace(BLOCK.network, profiles=round_numbers())
    before = weights_of(edge_times(network, "normal", at=NOON)).cost.copy()
    held = Conditions((shut(BLOCK, "BC", name="gas leak"), shut(BLOCK, "EF", factor=0.5, name="works")))
    during = weights_of(edge_times(network, "normal", held, NOON)).cost
    after = weights_of(edge_times(network, "normal", held.without("gas leak").without("works"), NOON)).cost
    assert before.tobytes() == after.tobytes() != during.tobytes()


def test_closing_a_road_that_a_profile_never_drives_changes_nothing_for_it() -> None:
    drawn = draw("A---B---C", "A-B length=100", "B-C length=100 busway")
    case = Case(drawn, "normal", shut(drawn, "BC", "CB"))
    assert case.seconds(case.on("AB", 0.0), case.place("AB", 1.0)) == 10.0


# ---- Turns ---------------------------------------------------------------------------------------------------------


def test_a_ban_by_way_of_a_road() -> None:
    drawn = block("no A>B>C>D")
    case = Case(drawn)
    assert case.seconds(case.on("AB", 0.0), case.place("CD", 1.0)) == 50.0
    assert case.way(case.on("AB", 0.0), case.place("CD", 1.0)) == "A>B>E>F>C>D"
    # Neither part of it is banned alone.
    assert case.seconds(case.on("AB", 0.0), case.place("CF", 1.0)) == 30.0
    assert case.seconds(case.on("BC", 0.0), case.place("CD", 1.0)) == 20.0


def test_an_obligation_by_way_of_a_road() -> None:
    """From A one must drive on to D, and turn round there."""
    drawn = block("only A>B>C>D")
    case = Case(drawn)
    assert case.seconds(case.on("AB", 0.0), case.place("CD", 1.0)) == 30.0
    assert case.seconds(case.on("AB", 0.0), case.place("BE", 1.0)) == 30.0 + 20.0 + 30.0
    assert case.seconds(case.on("CB", 0.0), case.place("BE", 1.0)) == 20.0


def test_a_ban_at_certain_hours() -> None:
    drawn = block("no A>B>C when='(Mo-Fr 10:00-14:00)'")
    sunday = datetime(2026, 2, 1, 12, tzinfo=UTC)
    found = [Case(drawn, at=at) for at in (NOON, sunday, None)]
    # Of an unknown moment it binds: a way that may be forbidden is never promised.
    assert [case.seconds(case.on("AB", 0.0), case.place("CD", 1.0)) for case in found] == [50.0, 30.0, 50.0]


def test_a_ban_that_excepts_emergencies() -> None:
    drawn = block("no A>B>C except=emergency")
    routine, response = Case(drawn), Case(drawn, "response")
    assert routine.seconds(routine.on("AB", 0.0), routine.place("CD", 1.0)) == 50.0
    assert response.seconds(response.on("AB", 0.0), response.place("CD", 1.0)) == 15.0


CROSSING = """
    N
    |
W---X---E
    |
    S
"""


def test_a_forbidden_turn_cannot_be_got_round_by_turning_round_in_a_side_street_for_nothing() -> None:
    drawn = draw(CROSSING, "W-X-E length=100", "N-X-S length=100", turns=["no W>X>S"])
    case = Case(drawn)
    assert case.seconds(case.on("WX", 0.0), case.place("XE", 1.0)) == 20.0
    assert case.seconds(case.on("WX", 0.0), case.place("XS", 1.0)) == 10.0 + 10.0 + 20.0 + 10.0 + 10.0


@pytest.mark.parametrize("length_m", [140, 160, 199, 210])
def test_turning_round_into_a_private_road_costs_both(length_m: int) -> None:
    """Both side roads are private on the way back alone. Where the first is left by a U-turn, it takes 15 s and 5 s."""
    drawn = draw(
        """
        W---X---E---F---G
            |   |
            S   H
        """,
        "W-X length=100",
        "X-S length=100",
        "X-E length=100 access=open/private",
        f"E-F length={length_m} access=open/private",
        "F-G length=100 private",
        "E-H length=4000",
        turns=["no W>X>S"],
    )
    case = Case(drawn, "response")
    assert case.way(case.on("WX", 0.0), case.place("XS", 1.0)) == "W>X>E>X>S"
    assert case.seconds(case.on("WX", 0.0), case.place("XS", 1.0)) == 5.0 + 5.0 + 15.0 + 5.0 + 5.0 + 5.0


def test_a_dear_turn_is_got_round_only_by_a_u_turn_that_is_paid_for() -> None:
    """Straight on for 10 m, round and left is 2 s against 5 s of waiting to turn right, but for the U-turn."""
    drawn = draw(CROSSING, "W-X length=100 primary", "X-E length=10 primary", "N-X-S length=100")
    case = Case(drawn)
    assert case.way(case.on("WX", 0.0), case.place("XS", 1.0)) == "W>X>S"
    assert case.seconds(case.on("WX", 0.0), case.place("XS", 1.0)) == 10.0 + 5.0 + 10.0


def test_a_u_turn_costs_its_time_and_is_taken_where_it_pays() -> None:
    """Out of a dead end there is no other way; where there is a block to drive round that is shorter, it is driven."""
    dead_end = Case(draw("A---B", "A-B length=100"))
    assert dead_end.seconds(dead_end.on("AB", 0.0), dead_end.place("BA", 1.0)[:1]) == 10.0 + 20.0 + 10.0
    block = Case(draw("A---B\n    |\\ \n    C-D", "A-B length=100", "B>C>D>B length=60"))
    assert block.way(block.on("AB", 0.0), block.place("BA", 1.0)[:1]) == "A>B>C>D>B>A"
    assert block.seconds(block.on("AB", 0.0), block.place("BA", 1.0)[:1]) == 10.0 + 18.0 + 10.0


def right_hand() -> Profiles:
    raw = round_numbers().model_dump(by_alias=True)
    raw["turns"]["drives_on"] = "right"
    return Profiles.model_validate(raw)


@pytest.mark.parametrize("profiles", [round_numbers(), right_hand()], ids=["left-hand", "right-hand"])
def test_a_turn_across_the_traffic_of_a_busy_road_costs(profiles: Profiles) -> None:
    left = profiles.drives_on_left
    busy = Case(draw(CROSSING, "W-X-E primary length=100", "N-X-S length=100"), profiles=profiles)
    quiet = Case(draw(CROSSING, "W-X-E length=100", "N-X-S length=100"), profiles=profiles)
    for start, right, ahead, other in (("WX", "XS", "XE", "XN"), ("SX", "XE", "XN", "XW")):
        waits = [busy.seconds(busy.on(start, 0.0), busy.place(road, 1.0)) for road in (right, ahead, other)]
        assert waits == ([25.0, 20.0, 20.0] if left else [20.0, 20.0, 25.0])
        assert {quiet.seconds(quiet.on(start, 0.0), quiet.place(road, 1.0)) for road in (right, ahead, other)} == {20.0}


def test_a_roundabout_is_waited_for_once() -> None:
    case = Case(draw("A---B---C\n    D", "A-B length=100", "B>D>C>B roundabout length=20", "C-A length=900"))
    assert case.seconds(case.on("AB", 0.0), case.place("CB", 1.0)) == 10.0 + 6.0 + 6.0


# ---- Roads ---------------------------------------------------------------------------------------------------------


def test_gates_and_private_roads_open_at_a_price() -> None:
    drawn = draw("A---B---C---D", "A-B length=100", "B-C length=100 private", "C-D length=100 private gate=1")
    response, routine = Case(drawn, "response"), Case(drawn)
    # 5 s a road; 5 s to read where the private one leads, once; 6 s for the gate.
    assert response.seconds(response.on("AB", 0.0), response.place("BC", 1.0)) == 10.0 + 5.0
    assert response.seconds(response.on("AB", 0.0), response.place("CD", 1.0)) == 15.0 + 5.0 + 6.0
    assert {drawn.road(item.edge) for item in routine.at_door(drawn.at("D"))} == {"AB", "BA"}


def test_miles_an_hour_are_kept() -> None:
    case = Case(draw("A---B", "A-B length=1000 limit=30mph"))
    assert case.seconds(case.on("AB", 0.0), case.place("AB", 1.0)) == 74.565  # 13.4112 m/s


def test_no_limit_is_no_limit() -> None:
    case = Case(draw("A---B", "A-B length=1000 limit=none"))
    assert case.seconds(case.on("AB", 0.0), case.place("AB", 1.0)) == 50.0  # the ceiling, 20 m/s


def test_of_parallel_roads_the_least_counts_and_not_their_sum() -> None:
    case = Case(draw("A---B---C---D", "A-B length=100", "B>C length=50", "B>C length=70", "C-D length=100"))
    assert case.seconds(case.on("AB", 0.0), case.place("CD", 1.0)) == 25.0


def test_roads_of_no_length() -> None:
    drawn = draw("A---B---C---D", "A-B length=100", "B-C length=0", "B>C length=0", "C>B length=0", "C-D length=100")
    case = Case(drawn)
    assert case.seconds(case.on("AB", 0.0), case.place("CD", 1.0)) == 20.0
    # Over one road and back over another is no U-turn.
    assert case.seconds(case.on("AB", 0.0), case.place("BA", 1.0)[:1]) == 20.0


def test_a_road_that_leads_back_to_its_start() -> None:
    """Round the loop and back, 8 s, is a way to turn round without the 20 s."""
    case = Case(draw("  c d\nA---B---C", "A-B length=100", "B-c-d-B length=80", "B-C length=100"))
    assert case.seconds(case.on("AB", 0.0), case.place("BC", 1.0)) == 20.0
    assert case.seconds(case.on("AB", 0.0), case.place("BA", 1.0)[:1]) == 28.0
    (there, _) = case.map.edges("BB")
    loop = (Approach(there, 0.5, 0.0, 0, 0.0, 0.0),)
    assert case.seconds(case.on("AB", 0.0), loop) == 14.0


# ---- Who is nearest ------------------------------------------------------------------------------------------------


def test_the_nearest_by_crow_flight_is_across_the_river() -> None:
    drawn = draw(
        """
        A---P---B
        |       |
        C   Q   D
        """,
        "A-P-B length=400",
        "A-C length=2000",
        "B-D length=2000",
        "C-Q-D length=400",
    )
    case = Case(drawn)
    across, far = case.either_way("CQ", 1.0), case.either_way("AP", 0.1)
    place = case.place("PB", 0.1)
    assert case.order([across, far], place, 1) == [1]
    assert [case.seconds(unit, place) for unit in (across, far)] == [40.0 + 200.0 + 36.0, 40.0]


def test_equal_times_come_in_the_order_given() -> None:
    case = Case(BLOCK)
    west, east, late = case.on("AB", 0.0), case.on("DC", 0.0), case.on("AB", 0.0, 1.0)
    place = case.place("BC", 0.5)
    assert case.order([late, west, east], place, 3) == [1, 2, 0]
    assert case.order([east, late, west], place, 3) == [0, 2, 1]
    assert case.order([east, west, late, west], place, 2) == [0, 1]
