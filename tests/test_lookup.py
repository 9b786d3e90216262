"""Earlier incidents are found by person, number, address and place; on both databases."""

from __future__ import annotations

import csv
import math
from datetime import timedelta
from typing import Any

import pytest

from desks import TOWN, Room
from dispatch import incidents
from dispatch.lookup import Lookup, Match, look_up
from dispatch.normal import cell_of
from dispatch.state import Case
from dispatch.store import Past
from graphs.coordinates import EARTH_RADIUS_M, distance_m
from nightshift import NOW, Place
from shared_data import shared

A, D = TOWN.at("A"), TOWN.at("D")
ANN = "Ann Smith"


def north(place: Place, metres: float) -> Place:
    return place[0] + math.degrees(metres / EARTH_RADIUS_M), place[1]


def told(place: Place = A, **more: Any) -> Case:
    case = Case("N-0", NOW, *place, "standard", NOW, "standard", "anna")
    return case if not more else Case(**{**{name: getattr(case, name) for name in Case.__slots__}, **more})


def looked(room: Room, case: Case, months_ago: float = 12) -> Lookup:
    with room.desk.store.reading() as reading:
        return look_up(reading, case, room.desk.force.risk, room.now - timedelta(days=months_ago * 30.5))


def found(room: Room, case: Case) -> dict[str, tuple[str, ...]]:
    return {match.past.incident_id: match.by for match in looked(room, case).matches}


class TestKeys:
    def test_by_person_number_address_and_place(self, room: Room) -> None:
        room.receive("N-1", D, people=["SMITH, Ann"])
        room.receive("N-2", D, phone="+44 1642 326326")
        room.receive("N-3", A, address="14 High St")
        room.receive("N-4", D)
        case = told(people=(ANN,), phone="01642 326326", address="14 High Street, Yarm")
        assert found(room, case) == {"N-1": ("person",), "N-2": ("phone",), "N-3": ("address", "near")}

    @pytest.mark.parametrize(("metres", "is_near"), [(0.0, True), (29.9, True), (30.1, False), (45.0, False)])
    def test_within_30_m_and_no_further(self, room: Room, metres: float, is_near: bool) -> None:  # noqa: FBT001
        room.receive("N-1", A)
        assert ("N-1" in found(room, told(north(A, metres)))) is is_near
        assert ("N-1" in found(room, told(north(A, -metres)))) is is_near

    def test_another_flat_is_only_in_the_same_building(self, room: Room) -> None:
        room.receive("N-1", A, address="Flat 2, 14 High St")
        assert found(room, told(D, address="Flat 3, 14 High St")) == {}  # over a kilometre away
        assert found(room, told(A, address="Flat 3, 14 High St")) == {"N-1": ("building", "near")}
        assert found(room, told(A, address="14 High St")) == {"N-1": ("building", "near")}
        assert found(room, told(A, address="Apartment 2, 14 High Street")) == {"N-1": ("address", "near")}

    def test_dates_of_birth_tell_namesakes_apart(self, room: Room) -> None:
        room.receive("N-1", D, people=["Ann Smith, 1980-02-01"])
        room.receive("N-2", D, people=[ANN])
        assert set(found(room, told(people=("Ann Smith, 1980-02-01",)))) == {"N-1", "N-2"}
        assert set(found(room, told(people=("Ann Smith, 1991-05-05",)))) == {"N-2"}
        assert set(found(room, told(people=(ANN,)))) == {"N-1", "N-2"}

    def test_nobody_in_particular_is_nobody(self, room: Room) -> None:
        room.receive("N-1", D, people=["Unknown male"])
        case = told(people=("Unknown male",), phone="withheld", address="-")
        assert found(room, case) == {}
        assert looked(room, case).unreadable == (
            "withheld is not a telephone number that can be looked up",
            "- is not an address that can be looked up",
            "Unknown male names nobody who can be looked up",
        )

    def test_what_was_corrected_is_found_as_it_is_now(self, room: Room) -> None:
        room.receive("N-1", D, people=["Ann Smyth"])
        room.do(lambda known: incidents.amended(known, "N-1", {"people": [ANN]}))
        assert set(found(room, told(people=(ANN,)))) == {"N-1"}
        assert found(room, told(people=("Ann Smyth",))) == {}

    def test_no_further_back_than_asked(self, room: Room) -> None:
        room.receive("N-1", D, people=[ANN])
        room.later(400 * 86400)
        assert found(room, told(people=(ANN,))) == {}
        assert [match.past.incident_id for match in looked(room, told(people=(ANN,)), 14).matches] == ["N-1"]

    def test_the_newest_first(self, room: Room) -> None:
        for number in range(3):
            room.receive(f"N-{number + 1}", D, people=[ANN])
            room.later(60)
        assert list(found(room, told(people=(ANN,)))) == ["N-3", "N-2", "N-1"]


def crowd(room: Room, count: int, **more: Any) -> None:
    for number in range(count):
        room.receive(f"C-{number}", A, **{"people": [f"Person{number} Other{number}"], **more})


class TestCrowds:
    def test_a_place_of_many_is_said_and_counts_for_nothing(self, room: Room) -> None:
        crowd(room, 26, address="1 Bridge Street")
        room.receive("N-1", A, people=[ANN], address="1 Bridge Street")
        answer = looked(room, told(people=(ANN,), address="1 Bridge Street"))
        assert [each.past.incident_id for each in answer.matches] == ["N-1"]
        assert answer.matches[0].counts_by == ("person",)
        assert answer.withheld[0].because == (
            "27 incidents within 30 m: probably a default location, or a place of many; not counted as a repeat by "
            "place alone"
        )
        assert {each.by for each in answer.withheld} == {"near", "address"}

    def test_as_many_as_are_allowed_count(self, room: Room) -> None:
        crowd(room, 25, address="1 Bridge Street")
        answer = looked(room, told(address="1 Bridge Street"))
        assert answer.withheld == ()
        assert len(answer.matches) == 25

    def test_many_calls_of_one_victim_are_no_crowd(self, room: Room) -> None:
        for number in range(40):
            shared = {"people": [ANN]} if number % 2 else {"phone": "01642 326326", "people": [ANN]}
            room.receive(f"N-{number}", A, address="14 High St", **shared)
        answer = looked(room, told(address="14 High St"))
        assert answer.withheld == ()
        assert len(answer.matches) == 40

    def test_a_number_of_many_addresses(self, room: Room) -> None:
        for number in range(26):
            room.receive(f"N-{number}", D, phone="01642 326326", address=f"{number + 1} High St")
        answer = looked(room, told(phone="01642 326326"))
        assert [each.by for each in answer.withheld] == ["phone"]
        assert all(each.counts_by == () for each in answer.matches)

    def test_more_than_are_read_are_said(self, room: Room) -> None:
        rows = [_past(room, number) for number in range(205)]
        with room.desk.store.writing() as writing:
            for past in rows:
                writing.remember(past)
        answer = looked(room, told(people=(ANN,), phone="01642 326326"))
        assert answer.matches == ()
        assert [(each.by, each.incidents) for each in answer.withheld] == [("person", 201), ("phone", 201)]
        assert answer.withheld[0].because.startswith("more than 200 incidents with such a name")


def _past(room: Room, number: int) -> Any:

    keys = frozenset({("person", "ann smith"), ("phone", "+441642326326")})
    return Past(f"P-{number}", room.now, {"lat": D[0], "lon": D[1]}, keys)


def test_a_match_knows_how_far(room: Room) -> None:
    room.receive("N-1", A)
    (match,) = looked(room, told(north(A, 20))).matches
    assert isinstance(match, Match)
    assert match.distance_m == pytest.approx(20, abs=0.01)


class TestLeeds:
    """Street crime as the police publish it: thousands of incidents on few points, some of them places of many."""

    def test_what_is_near_is_what_is_within_30_m(self, room: Room) -> None:
        places = leeds()[::5]
        with room.desk.store.writing() as writing:
            for number, place in enumerate(places):
                keys = frozenset({("cell", cell_of(*place))})
                writing.remember(Past(f"P-{number}", room.now, {"lat": place[0], "lon": place[1]}, keys))
        compared = 0
        for number, place in enumerate(places[::40]):
            away = north(place, number % 40)
            near = {f"P-{n}" for n, other in enumerate(places) if distance_m(*away, *other) <= 30}
            answer = looked(room, told(away))
            if len(near) > 25:
                assert [each.by for each in answer.withheld] == ["near"]
            else:
                compared += 1
                assert {match.past.incident_id for match in answer.matches} == near
        assert compared > 10


def leeds() -> list[Place]:
    with shared("incidents/leeds_north_east_street_crime.csv").open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["Latitude"]]
    return [(float(row["Latitude"]), float(row["Longitude"])) for row in rows]
