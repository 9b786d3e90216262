"""What a simulation comes to: tiny replications made by hand, with the numbers that they must give."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from dispatch.force import Force
from nightshift import CLEVELAND
from played import HOUR, LAT, LON, MINUTE, S, estimates, incident, played, scenario, sent, state, values
from scenarios.results import measured, measured_from, measured_json, results_of
from scenarios.results_incidents import told_of
from scenarios.results_measures import MEASURES, Key
from scenarios.results_places import Cell, cells_of, grid_of, summed
from scenarios.results_units import ACTIVITIES, _spent_ms
from scenarios.scenario import Area, Rate

EMERGENCY = "emergency"


def test_response_times_of_four_emergencies() -> None:
    found = values(played([incident(str(n), n, response_s=300.0 * n) for n in (1, 2, 3, 4)]))
    for grade in ("", EMERGENCY):
        assert found[Key("response_mean_s", grade)] == 750
        assert found[Key("response_median_s", grade)] == 750
        # Between the third and the fourth, as PERCENTILE.INC has it.
        assert found[Key("response_p75_s", grade)] == 975
        assert found[Key("response_p90_s", grade)] == pytest.approx(1_110)
        assert found[Key("response_p95_s", grade)] == pytest.approx(1_155)
        assert found[Key("in_target", grade)] == 0.75
    assert found[Key("incidents")] == 4


def test_who_is_not_reached_is_not_in_target_unless_the_target_is_not_up() -> None:
    late = {"target_s": 28_800, "due_ms": 9 * HOUR, "grade": "standard"}
    rows = [
        incident("reached", 0, 300),
        incident("open too long", 1),
        incident("lost", 2, outcome="lost"),
        incident("pending", HOUR, **late),
        incident("lost before its target was up", HOUR, outcome="lost", **late),
        incident("no target", 3, target_s=None, due_ms=None, grade="scheduled"),
    ]
    found = values(played(rows))
    assert found[Key("in_target")] == 1 / 4
    assert found[Key("in_target_of_all")] == 1 / 5
    assert found[Key("pending")] == 1
    assert found[Key("pending", "standard")] == 1
    assert found[Key("in_target", "standard")] == 0
    assert found[Key("lost")] == 2
    assert found[Key("open")] == 3
    assert found[Key("lost_share")] == 2 / 6
    assert Key("in_target", "scheduled") not in found
    assert Key("response_mean_s", "standard") not in found


def test_one_that_was_reached_at_the_very_end_of_its_target_is_in_it() -> None:
    assert values(played([incident("1", 0, 900)]))[Key("in_target")] == 1
    assert values(played([incident("1", 0, 900.001)]))[Key("in_target")] == 0


def test_an_arrival_whose_target_is_not_known_is_not_in_target() -> None:
    found = values(played([incident("1", 0, 60, due_ms=None)]))
    assert found[Key("in_target")] == 0
    # Its grade's clock is the receipt, which is known.
    assert found[Key("response_mean_s")] == 60


def test_what_was_received_outside_the_period_or_sends_nobody_does_not_count() -> None:
    rows = [
        incident("warm-up", -1, 60),
        incident("after", 4 * HOUR, 60),
        incident("by telephone", 5, grade="resolved_without_deployment", target_s=None, due_ms=None),
        incident("counts", 0, 600),
    ]
    found = values(played(rows))
    assert found[Key("incidents")] == 1
    assert found[Key("response_mean_s")] == 600
    assert Key("incidents", "resolved_without_deployment") not in found


def _with_clock(clock: str, grade: str) -> Force:
    grades = CLEVELAND.model_dump()["grades"]
    return CLEVELAND.model_copy(update={"grades": {**grades, grade: {**grades[grade], "clock": clock}}})


def test_response_time_counts_from_the_grades_own_clock() -> None:
    force = _with_clock("dispatched", EMERGENCY)
    row = incident("1", 0, 600, first_assigned_ms=240 * S, due_ms=(240 + 900) * S)
    assert values(played([row]), scenario(force=force))[Key("response_mean_s")] == 360
    no_target = {"grade": "scheduled", "target_s": None, "due_ms": None, "first_assigned_ms": 240 * S}
    without = played([incident("1", 0, 600, **no_target)])
    assert values(without, scenario(force=_with_clock("dispatched", "scheduled")))[Key("response_mean_s")] == 360
    assert values(without)[Key("response_mean_s")] == 600
    # The moment of grading is in no table: without a target nothing tells it.
    graded = values(without, scenario(force=_with_clock("graded", "scheduled")))
    assert Key("response_mean_s") not in graded


def test_incidents_are_told_apart_by_what_they_are() -> None:
    rows = [
        incident("1", 30 * MINUTE, 300, tags="domestic_abuse;weapon"),
        incident("2", 90 * MINUTE, 1_200, setting="rural", sector=None, tags="domestic_abuse_history"),
    ]
    found = values(played(rows))
    assert found[Key("in_target", "", "domestic_abuse", "yes")] == 1
    assert found[Key("in_target", "", "domestic_abuse", "no")] == 0
    assert found[Key("response_mean_s", EMERGENCY, "setting", "rural")] == 1_200
    assert found[Key("incidents", "", "sector", "")] == 1
    # 22:30 and 23:30 in UTC are 23:30 and 00:30 by the clocks of the summer.
    assert found[Key("response_mean_s", "", "hour", "23")] == 300
    assert found[Key("response_mean_s", "", "hour", "00")] == 1_200
    assert not [key for key in found if key.dimension in {"area", "type"}]


def test_areas_and_types_are_dimensions_where_there_are_few() -> None:
    of = scenario(
        areas=(Area("Gresham", box(0, 0, 1, 1), 1.0),),
        demand=(Rate("theft", EMERGENCY, 1.0), Rate("fire", EMERGENCY, 1.0)),
    )
    found = values(played([incident("1", 0, 300, area="Gresham")]), of)
    assert found[Key("in_target", "", "area", "Gresham")] == 1
    assert found[Key("in_target", "", "type", "theft")] == 1
    many = scenario(demand=tuple(Rate(f"type {n}", EMERGENCY, 1.0) for n in range(41)))
    assert Key("in_target", "", "type", "theft") not in values(played([incident("1", 0, 300)]), many)


def test_waiting_and_the_queue() -> None:
    rows = [
        incident("1", 0, 600),
        incident("2", 0, 1_200, waited=True, first_assigned_ms=11 * MINUTE),
        incident("3", 5 * MINUTE, 1_200, waited=True, first_assigned_ms=16 * MINUTE),
        # Comes at the moment at which another leaves the queue.
        incident("4", 10 * MINUTE, 1_200, waited=True, first_assigned_ms=13 * MINUTE),
        incident("5", 30 * MINUTE, outcome="lost", waited=True, closed_ms=31 * MINUTE),
    ]
    found = values(played(rows))
    assert found[Key("waited")] == 4 / 5
    # 0, 10, 10 and 2 minutes; who is lost waits for nobody.
    assert found[Key("wait_mean_s")] == 22 / 4 * 60
    assert found[Key("queue_longest")] == 2
    assert found[Key("queue_mean")] == pytest.approx(22 / 240)


def test_who_waits_at_the_end_or_since_the_warm_up_is_in_the_queue_of_the_period() -> None:
    rows = [incident("1", -HOUR, waited=True), incident("2", 4 * HOUR - 3 * MINUTE, waited=True)]
    found = values(played(rows))
    assert found[Key("queue_longest")] == 2
    assert found[Key("queue_mean")] == pytest.approx((240 + 2) / 240)


def test_who_loses_its_only_unit_is_in_the_queue_again() -> None:
    def step(name: str, assigned_min: int, cleared_min: int | None, ended: str | None) -> tuple[object, ...]:
        cleared_ms = None if cleared_min is None else cleared_min * MINUTE
        return name, 0, "R1", assigned_min * MINUTE, None, None, cleared_ms, ended, 5 * MINUTE, 10.0

    rows = [
        incident("diverted", 0, 3_600, closed_ms=90 * MINUTE),
        # While the second is called away the first stays; then nobody is left.
        incident("two sent", 0, 3_600, closed_ms=90 * MINUTE),
        incident("relieved", 0, 3_600, closed_ms=90 * MINUTE),
        incident("never reached", 0, first_assigned_ms=MINUTE),
    ]
    steps = [
        step("diverted", 1, 11, "diverted"),
        step("two sent", 1, 60, "diverted"),
        step("two sent", 2, 4, "diverted"),
        step("relieved", 1, 5, "relieved"),
        step("relieved", 5, 90, "cleared"),
        step("never reached", 1, 230, "diverted"),
        # Ten minutes after its unit was called away.
        step("diverted", 21, 90, "cleared"),
    ]
    found = values(played(rows, steps))
    assert found[Key("queue_mean")] == pytest.approx((10 + 10 + 30) / 240)
    assert found[Key("queue_longest")] == 1
    # Whose unit is not done when the simulation ends does not wait.
    held = [step("diverted", 1, None, None)]
    assert values(played([incident("diverted", 0, 3_600, closed_ms=None)], held))[Key("queue_mean")] == 0


def test_enough_units_is_of_incidents_that_need_several() -> None:
    rows = [
        incident("1", 0, 300),
        incident("2", 0, 300, units_needed=2, enough_ms=600 * S),
        incident("3", 0, 300, units_needed=3, enough_ms=None),
    ]
    found = values(played(rows))
    assert found[Key("enough")] == 0.5
    assert found[Key("enough_median_s")] == 600


def test_nearest_sent_is_of_those_somebody_was_sent_to() -> None:
    rows = [
        incident("1", 0, 300),
        incident("2", 0, 300, first_sent="R2", behind_ms=90 * S),
        incident("3", 0, 300, first_sent="R3", behind_ms=30 * S),
        incident("4", 0),
    ]
    found = values(played(rows))
    assert found[Key("nearest_sent")] == 1 / 3
    assert found[Key("behind_mean_s")] == 60


def test_what_units_did_is_cut_to_the_period() -> None:
    states = [
        state("briefing", -HOUR, 0),
        state("patrol", 0, HOUR),
        state("mobilising", HOUR, HOUR + MINUTE),
        state("en_route", HOUR + MINUTE, 90 * MINUTE),
        state("at_scene", 90 * MINUTE, 6 * HOUR),
        state("break", 3 * HOUR, 5 * HOUR, "R2", 1),
        state("station", 9 * HOUR, 10 * HOUR, "R3", 2),
    ]
    found = values(played(states=states, counts=(2, 1, 3 * HOUR)))
    assert found[Key("duty_h", "", "unit", "R1")] == 4
    assert found[Key("duty_h", "", "unit", "R2")] == 1
    assert Key("duty_h", "", "unit", "R3") not in found
    assert found[Key("utilisation", "", "unit", "R1")] == 3 / 4
    assert found[Key("utilisation", "", "unit", "R2")] == 0
    assert found[Key("utilisation")] == 3 / 5
    assert found[Key("activity", "", "activity", "at_scene")] == 2.5 / 5
    assert found[Key("activity", "", "activity", "custody")] == 0
    assert math.fsum(found[Key("activity", "", "activity", each)] for each in ACTIVITIES) == pytest.approx(1)
    assert (found[Key("breaks_missed")], found[Key("late_starts")], found[Key("overtime_h")]) == (2, 1, 3)
    # The second hour is the one after midnight by the clocks of the summer.
    assert found[Key("utilisation", "", "hour", "23")] == 0
    assert found[Key("utilisation", "", "hour", "00")] == 1
    assert found[Key("on_duty", "", "hour", "02")] == 2


def test_nobody_on_duty_has_no_utilisation() -> None:
    found = values(played(states=[]))
    assert Key("utilisation") not in found
    assert found[Key("duty_h")] == 0
    assert found[Key("on_duty", "", "hour", "23")] == 0


def test_the_hour_that_comes_twice_when_clocks_go_back() -> None:
    # From 00:30 UTC, 01:30 by the clocks of the summer, which go back to 01:00 half an hour later.
    of = scenario(start=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    rows = [incident(str(n), n * 30 * MINUTE, 300.0 * (n + 1)) for n in range(4)]
    states = [state("patrol", 0, 30 * MINUTE), state("at_scene", 30 * MINUTE, 2 * HOUR)]
    looks = [(n * 30 * MINUTE, n, n / 4) for n in range(4)]
    found = values(played(rows, states=states, coverage=looks), of)
    hours = {"01": 3, "02": 1}
    assert {key.group: value for key, value in found.items() if key[:3] == ("incidents", "", "hour")} == hours
    assert found[Key("response_mean_s", "", "hour", "01")] == 600
    assert found[Key("utilisation", "", "hour", "01")] == 2 / 3
    # An hour and a half of it passed, and somebody was there all of the time.
    assert found[Key("on_duty", "", "hour", "01")] == 1
    assert found[Key("coverage", "", "hour", "01")] == 0.25
    assert found[Key("free", "", "week_hour", "7 01")] == 1


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(1, 300)), max_size=20),
    st.lists(st.integers(0, 900), min_size=2, max_size=10, unique=True).map(sorted),
)
def test_time_between_bounds_as_counted_one_by_one(spans: list[tuple[int, int]], edges: list[int]) -> None:
    states = pl.DataFrame(
        [(begin, begin + lasts) for begin, lasts in spans], schema=["from_ms", "to_ms"], orient="row"
    ).cast(pl.Int64)
    slow = [
        sum(max(min(begin + lasts, right) - max(begin, left), 0) for begin, lasts in spans)
        for left, right in pairwise(edges)
    ]
    assert _spent_ms(states, np.array(edges, np.int64)).tolist() == slow


def test_units_sent_within_the_period() -> None:
    rows = [
        sent("0", -MINUTE, 9_000),
        sent("1", 0, 1_500),
        sent("2", HOUR, 2_500, "diverted"),
        sent("2", HOUR, 500, "relieved", "R2"),
        sent("3", 4 * HOUR, 9_000),
    ]
    found = values(played(assignments=rows))
    assert found[Key("assignments")] == 3
    assert found[Key("km")] == 4.5
    assert found[Key("km", "", "unit", "R1")] == 4
    assert (found[Key("diverted")], found[Key("relieved")]) == (1, 1)
    assert found[Key("diverted", "", "unit", "R2")] == 0


def test_coverage_by_hour_of_the_day_and_of_the_week() -> None:
    looks = [
        (-HOUR, 9, 1.0),
        (0, 2, 0.5),
        (30 * MINUTE, 4, 0.75),
        (HOUR, 1, None),
        (2 * HOUR, 0, 0.0),
        (4 * HOUR, 9, 1.0),
    ]
    found = values(played(coverage=looks))
    assert found[Key("coverage")] == pytest.approx(1.25 / 3)
    assert found[Key("coverage_least")] == 0
    assert found[Key("free")] == 7 / 4
    assert found[Key("coverage", "", "hour", "23")] == 0.625
    assert found[Key("coverage", "", "week_hour", "4 23")] == 0.625
    # Where nothing is known of the share, there is none: it is not 0.
    assert Key("coverage", "", "hour", "00") not in found
    assert found[Key("free", "", "week_hour", "5 00")] == 1


def test_where_help_came_late() -> None:
    of = scenario()
    grid = grid_of(of.network)
    north = LAT + grid.lat_step
    rows = [
        incident("1", 0, 300),
        incident("2", 0, 960),
        incident("3", 0),
        incident("4", 0, 1_020, lat=north),
        incident("pending", 0, target_s=28_800, due_ms=8 * HOUR, grade="standard"),
    ]
    first, second = cells_of(grid, told_of(of, played(rows).incidents))
    assert (first.decided, first.late, first.timed, first.lateness_ms) == (3, 2, 1, MINUTE)
    assert (second.decided, second.late, second.timed, second.lateness_ms) == (1, 1, 1, 2 * MINUTE)
    assert (second.row, second.column) == (first.row + 1, first.column)
    west, south, east, north_edge = grid.box(first.row, first.column)
    assert west <= LON < east
    assert south <= LAT < north_edge
    assert summed([first, second, first]) == (Cell(EMERGENCY, *first[1:3], 6, 4, 2, 2 * MINUTE), second)


def test_what_is_kept_of_a_replication_can_be_sent_and_written_down() -> None:
    one = measured(scenario(), played([incident("1", 0, 300)], [sent("1", 0, 10)], coverage=[(0, 1, 0.1)]))
    assert measured_from(measured_json(one)) == one
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - made here
    assert {value.key.measure for value in one.values} <= set(MEASURES)


def test_the_same_incidents_have_the_same_hash_whatever_became_of_them() -> None:
    def known(*rows: dict[str, object]) -> str:
        return measured(scenario(), played(rows)).incidents_sha256

    base = known(incident("1", 0, 300))
    assert known(incident("1", 0, 900, waited=True, sector="South"), incident("warm-up", -1)) == base
    for change in ({"grade": "priority"}, {"lat": LAT + 1e-9}, {"tags": "weapon"}, {"type": None}, {"units_needed": 2}):
        assert known(incident("1", 0, 300, **change)) != base
    assert known(incident("1", 1, 300)) != base
    assert known(incident("2", 0, 300)) != base


def test_a_rate_is_the_mean_of_what_replications_have() -> None:
    found = estimates(
        played([incident("1", 0, 300), *(incident(f"late {n}", 0) for n in range(3))]),
        played([incident("1", 0, 300), incident("2", 0, 300)], replication=2),
        played(replication=3),
    )
    one = found[Key("in_target")]
    assert (one.mean, one.replications, one.n) == (0.625, 2, 6)
    assert one.sd == pytest.approx(0.5303300858899106)
    # 12.7062 is what Student's t of one degree of freedom exceeds with 2.5 %; a share stays within 0 and 1.
    assert (one.low, one.high) == (0, 1)
    assert found[Key("incidents")].mean == 2
    assert not one.few


def test_numbers_of_too_few_are_marked() -> None:
    found = estimates(*(played([incident("1", 0, 300)] * 4, replication=n) for n in (1, 2)))
    assert not found[Key("in_target")].few
    assert found[Key("response_median_s")].few
    found = estimates(played([incident("1", 0, 300)] * 4))
    assert found[Key("in_target")].few
    assert not found[Key("incidents")].few
    found = estimates(played([incident("1", 0, 300)] * 10))
    assert [found[Key(f"response_{each}_s")].few for each in ("median", "p75", "p90", "p95")] == [
        False,
        False,
        False,
        True,
    ]


def test_results_hang_on_no_order() -> None:
    of = scenario()
    runs = [measured(of, played([incident("1", 0, 100.1 * n)], replication=n)) for n in (1, 2, 3, 4)]
    runs.append(replace(runs[0], policy="batch"))
    shuffled = [runs[2], runs[0], replace(runs[3], values=runs[3].values[::-1]), runs[1], runs[4]]
    assert results_of(of, runs) == results_of(of, shuffled)
    assert [outcome.policy for outcome in results_of(of, runs).outcomes] == ["nearest_first", "batch"]
    assert list(results_of(of, runs).outcomes[0].estimates) == list(results_of(of, shuffled).outcomes[0].estimates)


def test_one_replication_has_no_interval() -> None:
    one = estimates(played([incident(str(n), 0, 300) for n in range(9)]))[Key("in_target")]
    assert (one.mean, one.sd, one.low, one.high) == (1, None, None, None)
