"""The search for better arrangements: what it tries, what it takes, and what it says of it, in the real simulator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rosters import NORTH, SOUTH, TOWN, at, past, row
from scenarios.aims import AIMS
from scenarios.improve import Search, Trials, improve, paired
from scenarios.improve_moves import Arrangement, Moves, post_moves, roster_moves
from scenarios.improve_outlook import Outlook
from scenarios.scenario import Crews, Length, PolicyChoice, Rate, Scenario, Service, Station

FIRST = PolicyChoice("nearest_first")
SHORT = (Service(Length("fixed", 600.0)),)


def southern(*stations: Station, hours: int = 48) -> Scenario:
    """All calls come from the south, by day, and each draws another time of driving."""
    calls = [at(hour + 0.5, "GH"[hour % 2]) for hour in range(hours) if 8 <= hour % 24 < 18]
    return past(*calls, hours=hours, stations=stations, services=SHORT, crews=Crews(travel_spread=0.2))


def trials(scenario: Scenario, aim: str = "response", jobs: int = 1) -> Trials:
    return Trials(scenario, FIRST, AIMS[aim], jobs)


def search(scenario: Scenario, moves: Moves, budget: int, fresh: int, aim: str = "response") -> Search:
    return Search(moves, Outlook(scenario, AIMS[aim]), budget, fresh)


def test_a_crew_moves_to_where_the_calls_are() -> None:
    scenario = southern(NORTH, SOUTH)
    arrangement = Arrangement([row("R1", "07:00", "19:00")], scenario.stations)
    found = improve(arrangement, trials(scenario), search(scenario, post_moves([]), 100, 5))
    assert [step.words for step in found.steps] == ["R1 from 07:00 at South"]
    assert found.arrangement.rows[0].station == "South"
    assert found.exhausted
    assert found.proof.pairs == 5
    # Less is better, and the road between is nine kilometres long.
    assert found.proof.high is not None
    assert found.proof.high < -300


def test_a_station_moves_to_a_place_among_the_candidates() -> None:
    outpost = Station("Outpost", *TOWN.at("D"))
    scenario = southern(outpost)
    arrangement = Arrangement([row("R1", "07:00", "19:00", station="Outpost")], scenario.stations)
    candidates = [Station("back", *TOWN.at("E")), Station("south", *TOWN.at("G"))]
    found = improve(arrangement, trials(scenario, "in_target"), search(scenario, post_moves(candidates), 100, 5))
    assert found.arrangement.stations == (replace(outpost, lat=candidates[1].lat, lon=candidates[1].lon),)
    assert found.proof.other == 1.0
    assert found.proof.low is not None
    assert found.proof.low > 0


def test_a_station_with_cells_stays_where_it_is() -> None:
    arrangement = Arrangement([row()], [NORTH])
    assert [*post_moves([Station("south", *TOWN.at("G"))])(arrangement)] == []


def test_a_duty_moves_to_when_the_calls_are() -> None:
    """Calls come from half past eight to half past five, and the crew begins at ten, for twelve hours."""
    scenario = southern(SOUTH)
    arrangement = Arrangement([row("R1", "10:00", "22:00", station="South")], scenario.stations)
    found = improve(arrangement, trials(scenario), search(scenario, roster_moves(scenario), 200, 5))
    assert found.arrangement.rows[0].start in {"08:00", "07:00", "06:00"}
    assert "an hour later" not in "".join(step.words for step in found.steps)
    # One leap of two changes, or more.
    assert "; " in found.steps[0].words


def test_where_nothing_is_better_nothing_is_taken() -> None:
    scenario = southern(NORTH, SOUTH)
    arrangement = Arrangement([row("R1", "07:00", "19:00", station="South")], scenario.stations)
    found = improve(arrangement, trials(scenario), search(scenario, post_moves([]), 100, 5))
    assert (found.arrangement, found.steps, found.exhausted) == (arrangement, (), True)
    assert (found.proof.mean, found.proof.low, found.proof.high) == (0.0, 0.0, 0.0)


def test_chance_alone_is_not_taken_for_better() -> None:
    """Two stations at one corner: whichever a crew waits at, it is as far away, and every replication says so."""
    twin = replace(SOUTH, name="Twin")
    scenario = southern(SOUTH, twin)
    arrangement = Arrangement([row("R1", "07:00", "19:00", station="South")], scenario.stations)
    found = improve(arrangement, trials(scenario), search(scenario, post_moves([]), 100, 5))
    assert found.steps == ()
    assert found.tried == 1
    # A change that makes no difference costs the first look alone, of both arrangements.
    assert found.played == 8


def test_the_budget_ends_the_search() -> None:
    scenario = southern(NORTH, SOUTH)
    arrangement = Arrangement([row(f"R{number}", "07:00", "19:00") for number in range(4)], scenario.stations)
    found = improve(arrangement, trials(scenario), search(scenario, post_moves([]), 8, 3))
    assert not found.exhausted
    assert found.played == 8
    assert len(found.steps) == 1


def test_the_same_whatever_plays_it() -> None:
    scenario = southern(NORTH, SOUTH, hours=24)
    arrangement = Arrangement([row("R1", "07:00", "19:00"), row("R2", "07:00", "19:00")], scenario.stations)
    asked = search(scenario, post_moves([]), 8, 2)
    one, two = (improve(arrangement, trials(scenario, jobs=jobs), asked) for jobs in (1, 2))
    assert (one.arrangement, one.steps, one.proof) == (two.arrangement, two.steps, two.proof)


def test_fresh_replications_are_none_that_the_search_has_seen() -> None:
    """Values of the same numbers are the same, those of others are not."""
    calls = (Rate("call", "emergency", 1.0),)
    scenario = replace(southern(NORTH), demand=calls, hours=12)
    arrangement = Arrangement([row("R1", "00:00", "12:00")], scenario.stations)
    asked = trials(scenario)
    seen = asked.values(arrangement, 4)
    assert asked.played == 4
    assert asked.values(arrangement, 3) == seen[:3]
    assert asked.played == 4
    assert asked.fresh(arrangement, 3, 2) == seen[2:]
    assert not set(asked.fresh(arrangement, 17, 4)) & set(seen)


def test_moves_of_a_roster_are_legal_rows() -> None:
    """A callsign on duty from seven to seven twice cannot begin an hour sooner, or it would be there twice."""
    scenario = southern(NORTH, SOUTH)
    rows = [
        row("R1", "07:00", "19:00", breaks=["12:00-13:00/20"]),
        row("R1", "19:00", "07:00"),
        row("R2", "23:00", "07:00", station="South", patrol="sector", sector="S"),
    ]
    told = {move.words: move.arrangement for move in roster_moves(scenario)(Arrangement(rows, scenario.stations))}
    assert set(told) == {
        "R2 from 22:00, an hour sooner",
        "R1 from 07:00 at South",
        "R1 from 19:00 at South",
        "R2 from 23:00 at North",
        "R1 from 07:00 and R2 from 23:00 change places",
        "R1 from 19:00 and R2 from 23:00 change places",
    }
    assert told["R2 from 23:00 at North"].rows[2].sector == "N"
    sooner = told["R2 from 22:00, an hour sooner"].rows[2]
    assert (sooner.start, sooner.end) == ("22:00", "06:00")


def test_breaks_move_with_their_duty() -> None:
    scenario = southern(NORTH)
    arrangement = Arrangement([row("R1", "22:00", "06:00", breaks=["23:30-01:30/20"])], scenario.stations)
    rows = [move.arrangement.rows[0] for move in roster_moves(scenario)(arrangement)]
    assert [(each.start, each.end, each.breaks) for each in rows] == [
        ("21:00", "05:00", ["22:30-00:30/20"]),
        ("23:00", "07:00", ["00:30-02:30/20"]),
    ]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=20))
def test_pairs_are_what_each_replication_says(values: list[tuple[float, float]]) -> None:
    base, other = zip(*values, strict=True)
    told = paired(base, other)
    back = paired(other, base)
    assert told.pairs == len(values)
    assert told.mean is not None
    assert told.low is not None
    assert told.high is not None
    assert back.mean == pytest.approx(-told.mean)
    assert told.low <= told.mean <= told.high


def test_a_replication_without_such_an_incident_pairs_with_nothing() -> None:
    assert paired([None, 0.5], [0.5, None]).pairs == 0
    assert paired([None, 0.5], [0.5, 0.7]).low is None


def strayed(crews: int = 4) -> tuple[Scenario, Arrangement]:
    """Crews round the clock; most calls come from the south by day, and all but one of the crews are in the north."""
    calls = [at(hour + quarter / 4, "GHG"[quarter]) for hour in range(24) for quarter in range(3) if 8 <= hour < 18]
    calls += [at(hour + 0.1, "BCE"[hour % 3]) for hour in range(24)]
    half_an_hour = (Service(Length("fixed", 1_800.0)),)
    scenario = past(*calls, hours=24, stations=(NORTH, SOUTH), services=half_an_hour, crews=Crews(travel_spread=0.2))
    rows = [row(f"R{number}", "00:00", "00:00", station="North" if number else "South") for number in range(crews)]
    arrangement = Arrangement(rows, scenario.stations)
    return arrangement.over(scenario), arrangement


def test_the_formula_sees_where_a_crew_is_worth_more() -> None:
    """A second crew in the south gains more than one less in the north costs; nobody in the south costs most."""
    scenario, arrangement = strayed()
    outlook = Outlook(scenario, AIMS["response"])
    ordered = outlook.ordered(arrangement, [*post_moves([])(arrangement)])
    assert ordered[0][0] > 0
    assert ordered[0][1].words.endswith("at South")
    assert [promise for promise, _ in ordered] == sorted((promise for promise, _ in ordered), reverse=True)
    assert ordered[-1][1].words == "R0 from 00:00 at North"


def test_leaps_are_all_steps_of_the_formula_then_half_of_them() -> None:
    scenario, arrangement = strayed(8)
    outlook = Outlook(scenario, AIMS["response"])
    leaps = [*outlook.leaps(arrangement, post_moves([]))]
    counts = [len(move.words.split("; ")) for move in leaps]
    assert counts[0] >= 2
    assert counts == [counts[0] >> halved for halved in range(len(counts))]
    values = [outlook.value(arrangement), *(outlook.value(move.arrangement) for move in reversed(leaps))]
    assert values == sorted(values)


def test_what_a_planner_expects_is_found_with_the_default_budget() -> None:
    scenario, arrangement = strayed()
    found = improve(arrangement, trials(scenario), search(scenario, post_moves([]), 200, 4))
    south = sum(each.station == "South" for each in found.arrangement.rows)
    assert south in {2, 3}
    assert found.proof.high is not None
    assert found.proof.high < 0
    assert found.played <= 200
