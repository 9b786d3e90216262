"""How long each edge and each turn takes."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.conditions import Change, Conditions, Stretch
from graphs.errors import InputError, SourceError
from graphs.network import Network
from graphs.profiles import Profiles
from graphs.tags import ACCESS_GROUPS, OBSTACLES, ROAD_CLASSES
from graphs.times import CLOSED, CORE_SHARE, EdgeTimes, edge_times
from roadmaps import RoadMap, draw
from shared_data import ROADS, real_network

ProfileName = Literal["normal", "response"]
PROFILES: tuple[ProfileName, ...] = ("normal", "response")


def round_numbers() -> Profiles:
    """Return a profile table whose times can be worked out in the head.

    A ceiling of 72 km/h (20 m/s) for routine driving and 90 (25 m/s) for response on every class, except that only
    response may drive tracks and busways; a limit of 36 where none is tagged; the whole limit driven, or double.
    """
    raw = Profiles.default().model_dump(by_alias=True)
    for name, speeds in raw["class"].items():
        speeds["untagged_limit_kmh"]["value"] = 36.0
        speeds["response_kmh"] = figure(90.0)
        speeds["normal_kmh"] = None if name in {"track", "busway"} else figure(72.0)
    raw["limit_share"] = {"normal": figure(1.0), "response": figure(2.0)}
    for row, name in enumerate(OBSTACLES):
        raw["delay"][name] = {"normal_s": figure(10.0 + row), "response_s": figure(1.0 + row)}
    raw["delay"]["locked_gate"]["normal_s"] = None
    raw["delay"]["private_entry"] = {"normal_s": None, "response_s": figure(5.0)}
    raw["delay"]["roundabout_entry"] = {"normal_s": figure(6.0), "response_s": figure(3.0)}
    raw["delay"]["u_turn"] = {"normal_s": figure(20.0), "response_s": figure(15.0)}
    return Profiles.model_validate(raw)


def figure(value: float) -> dict[str, Any]:
    return {"value": value, "source": "lit_limit"}


def times(drawn: RoadMap, profile: ProfileName) -> EdgeTimes:
    return edge_times(replace(drawn.network, profiles=round_numbers()), profile)


def kilometre(words: str, profile: ProfileName, road: str = "AB") -> float | None:
    """Return the seconds that a kilometre takes, or None where it is closed."""
    drawn = draw("A-B", f"A-B length=1000 {words}")
    time_ms = int(times(drawn, profile).edge_ms[drawn.edge(road)])
    return None if time_ms == CLOSED else time_ms / 1000


# ---- Speed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "normal_s", "response_s"),
    [
        ("limit=36", 100.0, 50.0),  # 10 m/s, or double
        ("limit=54", 66.667, 40.0),  # 15 m/s; double would be 30, the ceiling is 25
        ("limit=72", 50.0, 40.0),
        ("limit=100", 50.0, 40.0),
        ("limit=none", 50.0, 40.0),
        ("", 100.0, 50.0),  # 36 where none is tagged
    ],
)
def test_the_lower_of_limit_and_ceiling_is_driven(limit: str, normal_s: float, response_s: float) -> None:
    assert kilometre(limit, "normal") == normal_s
    assert kilometre(limit, "response") == response_s


def test_miles_are_miles() -> None:
    assert kilometre("limit=30mph", "normal") == pytest.approx(1000 / (30 * 0.44704), abs=0.001)


def test_each_direction_has_its_own_limit() -> None:
    assert kilometre("limit=36/72", "normal", "AB") == 100.0
    assert kilometre("limit=36/72", "normal", "BA") == 50.0


@pytest.mark.parametrize("name", ROAD_CLASSES)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_shipped_speed_of_every_class(name: str, profile: ProfileName) -> None:
    drawn = draw("A-B", f"A-B {name} length=1000 limit=70mph", "A-B primary")
    rules = Profiles.default().profile(profile)
    ceiling = rules.class_kmh[name]
    time_ms = edge_times(drawn.network, profile).edge_ms[drawn.edges("AB")[0]]
    if ceiling is None:
        assert time_ms == CLOSED
    else:
        assert time_ms == round(3_600_000 / min(70 * 1.609344 * rules.limit_share, ceiling))


def test_routine_patrols_do_not_drive_tracks_and_busways() -> None:
    assert [kilometre(name, "normal") for name in ("track", "busway")] == [None, None]
    assert [kilometre(name, "response") for name in ("track", "busway")] == [50.0, 50.0]


def test_a_road_of_no_length_takes_no_time() -> None:
    drawn = draw("A-B", "A-B length=0")
    assert times(drawn, "normal").edge_ms.tolist() == [0, 0]


def test_times_are_whole_milliseconds_rounded_to_the_nearest() -> None:
    drawn = draw("A-B", "A-B length=0.0149 limit=36", "A-B length=0.0151 limit=36")
    found = times(drawn, "normal")
    assert found.edge_ms.dtype == np.int64
    assert [int(found.edge_ms[edge]) for edge in drawn.edges("AB")] == [1, 2]


# ---- Obstacles ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OBSTACLES)
def test_each_obstacle_costs_its_delay_on_top(name: str) -> None:
    row = OBSTACLES.index(name)
    assert kilometre(f"{name}=1", "response") == 50.0 + 1 + row
    assert kilometre(f"{name}=1", "normal") == (None if name == "locked_gate" else 100.0 + 10 + row)


def test_obstacles_add_up() -> None:
    assert kilometre("signals=3 crossing=2 gate=1", "response") == 50.0 + 3 * 1 + 2 * 4 + 6


def test_an_obstacle_in_one_direction_costs_in_one_direction() -> None:
    assert kilometre("give_way=1/0", "normal", "AB") == 112.0
    assert kilometre("give_way=1/0", "normal", "BA") == 100.0


def test_the_part_that_obstacles_take_is_told_apart() -> None:
    given = draw("B-C", "B-C signals=2 normal_s=60 response_s=50")
    with_signals = draw("A-B", "A-B length=1000 signals=2/0")
    found = times(with_signals, "response")
    assert found.wait_ms[with_signals.edge("AB")] == 2_000
    assert found.wait_ms[with_signals.edge("BA")] == 0
    assert (found.edge_ms - found.wait_ms).tolist() == [50_000, 50_000]
    assert times(given, "response").wait_ms.tolist() == [0, 0]


def test_more_obstacles_than_a_byte_holds_do_not_wrap_round() -> None:
    assert kilometre("signals=300", "response") == 50.0 + 255


# ---- Who may drive -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "normal", "response"),
    [
        ("open", True, True),
        ("destination", True, True),
        ("private", False, True),
        ("bus", False, True),
        ("emergency", False, True),
        ("no", False, False),
    ],
)
def test_who_may_drive(access: str, *, normal: bool, response: bool) -> None:
    assert (kilometre(access, "normal") is not None) is normal
    assert (kilometre(access, "response") is not None) is response


def test_every_access_group_was_asked_about() -> None:
    assert ACCESS_GROUPS == ("open", "destination", "private", "bus", "emergency", "no")


def test_a_locked_gate_stays_shut_for_routine_patrols_and_opens_for_response() -> None:
    drawn = draw("A-B", "A-B locked_gate=1")
    shipped = {profile: edge_times(drawn.network, profile) for profile in PROFILES}
    assert shipped["normal"].edge_ms.tolist() == [CLOSED, CLOSED]
    assert not shipped["normal"].open.any()
    assert (shipped["response"].edge_ms > 120_000).all()


def test_open_says_what_is_not_closed() -> None:
    drawn = draw("A-B-C", "A-B", "B>C private")
    for profile in PROFILES:
        found = edge_times(drawn.network, profile)
        assert found.open.tolist() == [time != CLOSED for time in found.edge_ms.tolist()]
    assert edge_times(drawn.network, "normal").open[drawn.edge("BC")] == np.False_


def test_a_profile_that_is_not_there() -> None:
    with pytest.raises(InputError, match="normal or response"):
        edge_times(draw("A-B", "A-B").network, "blue lights")


# ---- Times that the source states --------------------------------------------------------------------------------


def test_stated_times_are_used_as_they_are() -> None:
    drawn = draw("A-B-C", "A-B normal_s=60 response_s=45.5", "B>C limit=10 normal_s=1 response_s=0.5 signals=3")
    for profile, expected in (("normal", [60_000, 60_000, 1_000]), ("response", [45_500, 45_500, 500])):
        found = edge_times(drawn.network, profile)
        assert [int(found.edge_ms[drawn.edge(road)]) for road in ("AB", "BA", "BC")] == expected


def test_a_stated_time_opens_no_closed_road() -> None:
    drawn = draw("A-B-C", "A-B private normal_s=60 response_s=45", "B-C locked_gate=1 normal_s=60 response_s=45")
    assert edge_times(drawn.network, "normal").edge_ms.tolist() == [CLOSED] * 4
    assert edge_times(drawn.network, "response").edge_ms.tolist() == [45_000] * 4


def test_stated_times_for_some_roads_alone_are_refused() -> None:
    with pytest.raises(SourceError, match="some edges state a travel time and some do not"):
        draw("A-B-C", "A-B normal_s=60 response_s=45", "B-C")


# ---- Turns -------------------------------------------------------------------------------------------------------

TURNS = draw(
    """
    A-R-S-B
      |
      P-Q
    """,
    "A-R",
    "R-S roundabout",
    "S-B",
    "R-P private",
    "P-Q private roundabout",
    "B-Q",
)


@pytest.mark.parametrize(
    ("path", "normal_s", "response_s"),
    [
        ("RA AR", 20, 15),  # a U-turn
        ("AR RS", 6, 3),  # onto a roundabout
        ("RS SB", 0, 0),  # off it
        ("AR RP", 0, 5),  # onto private ground
        ("RP PQ", 6, 3),  # a roundabout on private ground
        ("PQ QB", 0, 0),
        ("BQ QP", 6, 8),  # onto both at once
        ("RS SR", 20, 15),  # a U-turn on a roundabout enters nothing
        ("RP PR", 20, 15),
        ("SB BQ", 0, 0),
        ("SR RP", 0, 5),
    ],
)
def test_what_a_turn_costs(path: str, normal_s: int, response_s: int) -> None:
    edge, onto = (TURNS.edge(road) for road in path.split())
    assert times(TURNS, "normal").turn(edge, onto) == normal_s * 1000
    assert times(TURNS, "response").turn(edge, onto) == response_s * 1000


def test_round_a_loop_again_is_not_a_u_turn() -> None:
    drawn = draw("A-B", "A-A length=300", "A-B")
    loop, back = drawn.edges("AA")
    found = times(drawn, "normal")
    assert (found.turn(loop, loop), found.turn(loop, back)) == (0, 20_000)


def test_a_second_road_between_the_same_places_is_not_a_u_turn() -> None:
    drawn = draw("A-B", "A-B length=300", "A-B length=500")
    (short, _), (_, long_back) = drawn.edges("AB"), drawn.edges("BA")
    assert times(drawn, "normal").turn(short, long_back) == 0


# ---- Part of an edge ---------------------------------------------------------------------------------------------


@given(st.floats(0, 1))
def test_along_an_edge_and_back_is_the_whole_edge(fraction: float) -> None:
    drawn = draw("A-B", "A-B length=1234.5")
    found = times(drawn, "normal")
    whole = int(found.edge_ms[0])
    assert 0 <= found.along_ms(0, fraction) <= whole
    assert abs(found.along_ms(0, fraction) + found.along_ms(0, 1 - fraction) - whole) <= 1


def test_the_ends_of_an_edge() -> None:
    found = times(draw("A-B", "A-B length=1000"), "normal")
    assert (found.along_ms(0, 0.0), found.along_ms(0, 1.0)) == (0, 100_000)


# ---- The core of the network -------------------------------------------------------------------------------------


def masks(drawn: RoadMap, profile: ProfileName) -> tuple[set[str], set[str]]:
    """Return the roads that lead to the core, and those that the core leads to."""
    found = edge_times(drawn.network, profile)
    leaves = {drawn.road(int(edge)) for edge in np.flatnonzero(found.leaves)}
    arrives = {drawn.road(int(edge)) for edge in np.flatnonzero(found.arrives)}
    return leaves, arrives


def test_one_way_stubs() -> None:
    drawn = draw("F-A-B-T", "F>A", "A-B", "B>T")
    assert masks(drawn, "normal") == ({"FA", "AB", "BA"}, {"AB", "BA", "BT"})


def test_a_chain_of_one_way_stubs() -> None:
    drawn = draw("E-F-A-B-T-U", "E>F>A", "A-B", "B>T>U")
    assert masks(drawn, "normal") == ({"EF", "FA", "AB", "BA"}, {"AB", "BA", "BT", "TU"})


def test_a_road_past_the_core_is_in_neither() -> None:
    drawn = draw("A-B-T-F-C", "A-B", "F>T", "F>A", "B>T", "C>F")
    leaves, arrives = masks(drawn, "normal")
    assert "FT" not in leaves | arrives
    assert leaves == {"AB", "BA", "FA", "CF"}
    assert arrives == {"AB", "BA", "BT"}


def test_a_one_way_ring_is_a_core() -> None:
    drawn = draw("A-B-C", "A>B>C>A")
    assert masks(drawn, "normal") == ({"AB", "BC", "CA"}, {"AB", "BC", "CA"})


def test_without_a_core_nothing_leaves_or_arrives() -> None:
    assert masks(draw("A-B-C", "A>B>C"), "normal") == (set(), set())
    assert masks(draw("A-B", "A-B private"), "normal") == (set(), set())


def test_the_core_is_that_of_the_profile() -> None:
    drawn = draw("A-B-C-D", "A-B", "B>C private", "C>D", "D>A")
    assert masks(drawn, "response") == ({"AB", "BA", "BC", "CD", "DA"},) * 2
    assert masks(drawn, "normal") == ({"AB", "BA", "CD", "DA"}, {"AB", "BA"})


@pytest.mark.parametrize(("places", "joined"), [(20, True), (60, False)])
def test_a_second_part_is_a_core_of_its_own_where_it_is_large_enough(places: int, *, joined: bool) -> None:
    # Two places that only response can get to, by a bus gate, beside a street of 20 or of 60.
    street = "".join(map(chr, range(0x4E00, 0x4E00 + places)))
    drawn = draw(street + "-A-B", "-".join(street), f"{street[-1]}-A bus", "A-B")
    leaves, arrives = masks(drawn, "normal")
    assert ("AB" in leaves) is ("BA" in arrives) is joined
    assert (places * CORE_SHARE <= 2) is joined
    assert "AB" in masks(drawn, "response")[0]


# ---- Every edge of real towns ------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ROADS)
def test_every_edge_of_a_real_town_has_a_plausible_speed(name: str, profile: ProfileName) -> None:
    network = real_network(name)
    found = edge_times(network, profile)
    free = found.open & (network.obstacles.sum(axis=1) == 0) & (network.length_m > 50)
    kmh = network.length_m[free] * 3600 / found.edge_ms[free]
    assert kmh.min() > 4
    assert kmh.max() < {"normal": 112, "response": 134}[profile]


@pytest.mark.parametrize("name", ROADS)
def test_response_is_never_slower_and_drives_wherever_routine_patrols_do(name: str) -> None:
    network = real_network(name)
    normal, response = (edge_times(network, profile) for profile in PROFILES)
    assert response.open[normal.open].all()
    assert (response.edge_ms[normal.open] <= normal.edge_ms[normal.open]).all()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ROADS)
def test_times_worked_out_edge_by_edge(name: str, profile: ProfileName) -> None:
    network = real_network(name)
    found = edge_times(network, profile)
    for edge in range(0, network.edge_count, 7):
        assert found.edge_ms[edge] == slow_time_ms(network, found, edge)


def slow_time_ms(network: Network, found: EdgeTimes, edge: int) -> int:
    rules = found.profile
    ceiling = rules.class_kmh[network.class_name(edge)]
    waits = [(rules.delay_ms[name], int(count)) for name, count in zip(OBSTACLES, network.obstacles[edge], strict=True)]
    barred = any(wait is None and count for wait, count in waits)
    if ceiling is None or barred or network.access_name(edge) not in rules.access:
        return CLOSED
    limit = float(network.limit_kmh[edge])
    legal = rules.untagged_limit_kmh[network.class_name(edge)] if math.isnan(limit) else limit
    driving_ms = float(network.length_m[edge]) * 3.6 * 1000 / min(legal * rules.limit_share, ceiling)
    return round(driving_ms) + sum((wait or 0) * count for wait, count in waits)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ROADS)
def test_most_of_a_real_town_can_be_left_and_reached(name: str, profile: ProfileName) -> None:
    found = edge_times(real_network(name), profile)
    assert found.leaves.sum() >= 0.97 * found.open.sum()
    assert found.arrives.sum() >= 0.97 * found.open.sum()
    assert not (found.leaves & ~found.open).any()
    assert not (found.arrives & ~found.open).any()


def test_a_road_that_takes_longer_than_a_cost_can_tell_is_closed() -> None:
    drawn = draw("A-B-C", "A-B length=47000 limit=1", "B-C")
    edge, beside = drawn.edge("AB"), drawn.edge("BC")
    assert edge_times(drawn.network, "response").edge_ms[edge] > 0
    crawl = Change("crawl", (Stretch(edge, 0.0, 1.0), Stretch(beside, 0.0, 1.0)), 0.01)
    slowed = edge_times(drawn.network, "response", Conditions((crawl,)), datetime(2026, 1, 31, 12, tzinfo=UTC))
    # At ten metres an hour it would take half a year.
    assert slowed.edge_ms[edge] == CLOSED
    assert slowed.edge_ms[beside] == 100 * edge_times(drawn.network, "response").edge_ms[beside]


def test_conditions_of_another_network_are_refused() -> None:
    drawn = draw("A-B-C", "A-B", "B-C")
    other = Conditions((Change("works", (Stretch(0, 0.0, 1.0),)),), "0" * 64)
    with pytest.raises(ValueError, match="the conditions are of network 0000"):
        edge_times(drawn.network, "response", other, datetime(2026, 1, 31, 12, tzinfo=UTC))


def test_conditions_without_a_moment_are_refused() -> None:
    drawn = draw("A-B", "A-B")
    held = Conditions((Change("works", (Stretch(0, 0.0, 1.0),)),))
    with pytest.raises(ValueError, match="at which moment"):
        edge_times(drawn.network, "response", held)
    with pytest.raises(ValueError, match="no offset"):
        edge_times(drawn.network, "response", held, datetime(2026, 1, 31, 12))  # noqa: DTZ001 - that is the fault


PEAK, NIGHT = datetime(2026, 2, 3, 8, tzinfo=UTC), datetime(2026, 2, 3, 2, tzinfo=UTC)


def test_a_peak_slows_main_roads_at_its_hours() -> None:
    drawn = draw("A-B-C", "A-B primary", "B-C residential")
    main, street = drawn.edge("AB"), drawn.edge("BC")
    free, peak, night = (edge_times(drawn.network, "normal", at=at) for at in (None, PEAK, NIGHT))
    assert peak.edge_ms[main] == pytest.approx(free.edge_ms[main] / 0.8, abs=1)
    assert peak.edge_ms[street] == free.edge_ms[street]
    assert night.edge_ms.tolist() == free.edge_ms.tolist()
    weekend = edge_times(drawn.network, "normal", at=datetime(2026, 1, 31, 8, tzinfo=UTC))
    assert weekend.edge_ms.tolist() == free.edge_ms.tolist()
