"""What a record tells of driving: which assignments are trips, and what the table predicts for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graphs.errors import InputError
from graphs.network import Network
from graphs.router import Router
from graphs.tags import ROAD_CLASSES
from recorded_trips import LONDON, START, Report, Truth, after, evidence_of, junctions, recorded
from roadmaps import RoadMap, draw
from scenarios.evidence import Assumed, Evidence
from scenarios.past import PastAssignment, PastDuty, PastIncident, PastRegrade
from scenarios.trips import UNUSABLE, Trips, trips_of

ROAD = draw(
    """
    A-----B-----C-----D
                |
                E
    """,
    "A-B primary limit=30mph",
    "B-C residential signals=1/0",
    "C-D residential",
    "C-E private service length=900",
    square_m=200.0,
)
NOON = after(12 * 3600)
CALL = PastIncident("I1", after(-90, NOON), "emergency", *ROAD.at("D"))
SENT = PastAssignment("I1", "X1", after(-30, NOON), NOON, after(150, NOON))


def report(place: str = "A", at_s: float = 0.0, **more: Any) -> Report:
    return "X1", after(at_s, NOON), ROAD.at(place), {"accuracy_m": 0.0, **more}


def told(evidence: Evidence, network: Network = ROAD.network) -> Trips:
    return trips_of(evidence, network)


def why(incident: PastIncident = CALL, sent: PastAssignment = SENT, *reports: Report, **more: Any) -> str:
    """Return the one reason for which an assignment is no trip; nothing where it is one."""
    found = told(evidence_of([incident], [sent], reports or [report()], **more))
    reasons = [key for key in UNUSABLE if found.funnel[key]]
    assert len(found) + len(reasons) == found.funnel["assignments"] == 1
    return reasons[0] if reasons else ""


def test_a_trip_is_told_by_class_of_road_with_waits_and_walk_apart() -> None:
    found = told(evidence_of([CALL], [SENT], [report()]))
    leg = Router(ROAD.network, "response", at=NOON).route(*ROAD.at("A"), *ROAD.at("D"))
    assert leg is not None
    by_class = dict(zip(ROAD_CLASSES, found.class_s[0].tolist(), strict=True))
    assert {name: value for name, value in by_class.items() if value} == {
        "primary": pytest.approx(1200 * 3.6 / (30 * 1.609344 * 1.05), abs=0.01),
        "residential": pytest.approx(2400 * 3.6 / 48, abs=0.01),
    }
    assert found.wait_s[0] == pytest.approx(6.0, abs=0.01)
    assert found.predicted_s[0] == pytest.approx(leg.time_ms / 1000, abs=0.01)
    assert (found.actual_s[0], found.incident, found.callsign, found.period[0]) == (150.0, ("I1",), ("X1",), -1)


def test_a_trip_in_a_peak_is_predicted_with_the_share_of_the_peak() -> None:
    peak, row = after(8 * 3600), ROAD_CLASSES.index("primary")
    sent = replace(SENT, en_route_at=peak, on_scene_at=after(150, peak))
    usual = told(evidence_of([CALL], [SENT], [report()]))
    slow = told(evidence_of([CALL], [sent], [("X1", peak, ROAD.at("A"), {"accuracy_m": 0.0})]))
    assert ROAD.network.profiles.periods[int(slow.period[0])].name == "morning peak"
    assert slow.class_s[0, row] == pytest.approx(usual.class_s[0, row] / 0.9, abs=0.01)
    assert np.delete(slow.class_s[0], row) == pytest.approx(np.delete(usual.class_s[0], row), abs=0.01)


def test_a_trip_is_driven_under_the_profile_of_the_grade_held_when_it_began() -> None:
    regrades = [PastRegrade("I1", after(-60, NOON), "standard"), PastRegrade("I1", after(60, NOON), "emergency")]
    found = told(evidence_of([CALL], [SENT], [report()], regrades=regrades))
    assert [found.profiles.names[row] for row in found.profile.tolist()] == ["normal"]
    assert found.predicted_s[0] > told(evidence_of([CALL], [SENT], [report()])).predicted_s[0]


@pytest.mark.parametrize(
    ("incident", "sent", "reason"),
    [
        (replace(CALL, lat=None, lon=None), SENT, "no_place"),
        (replace(CALL, grade=None), SENT, "no_grade"),
        (replace(CALL, grade="Z"), SENT, "no_grade"),
        (replace(CALL, self_initiated=True), SENT, "self_initiated"),
        (CALL, replace(SENT, en_route_at=None), "no_en_route"),
        (CALL, replace(SENT, on_scene_at=None), "no_arrival"),
        (CALL, replace(SENT, on_scene_at=NOON), "no_time"),
        (CALL, replace(SENT, on_scene_at=after(-55 * 60, NOON)), "no_time"),
        (CALL, replace(SENT, on_scene_at=after(7201, NOON)), "too_long"),
        (CALL, replace(SENT, on_scene_at=after(7200, NOON)), ""),
        (CALL, replace(SENT, ended="diverted"), "diverted"),
        (replace(CALL, lat=60.0, lon=10.0), SENT, "outside_network"),
    ],
)
def test_an_assignment_that_tells_nothing_is_counted_by_its_reason(
    incident: PastIncident, sent: PastAssignment, reason: str
) -> None:
    assert why(incident, sent) == reason


def test_a_row_set_aside_takes_its_incident_with_it() -> None:
    assert why(quarantined={"I1": "a time that is none"}) == "row_quarantined"


@pytest.mark.parametrize(
    ("age_s", "reason"), [(0, ""), (LONDON.fixes.fresh_s, ""), (LONDON.fixes.fresh_s + 1, "no_fix"), (-1, "no_fix")]
)
def test_a_trip_begins_at_a_fresh_fix_from_before_it_began(age_s: float, reason: str) -> None:
    assert why(CALL, SENT, report("A", -age_s)) == reason


def test_of_several_fixes_the_last_before_the_trip_counts() -> None:
    found = told(evidence_of([CALL], [SENT], [report("A", -40), report("B", -10), report("C", 5)]))
    assert found.class_s[0, ROAD_CLASSES.index("primary")] == 0.0


def test_a_unit_that_is_there_already_tells_nothing() -> None:
    near = ROAD.at("D", east_m=-150.0)
    assert why(CALL, SENT, ("X1", NOON, near, {})) == "too_near"


@pytest.mark.parametrize(
    ("place", "more", "reason"),
    [("D", {}, ""), ("B", {}, "not_there"), ("D", {"speed_kmh": 40.0}, "not_there"), ("D", {"speed_kmh": 3.0}, "")],
)
def test_an_arrival_that_the_unit_s_own_position_belies_is_none(place: str, more: dict[str, Any], reason: str) -> None:
    assert why(CALL, SENT, report(), report(place, 160.0, **more)) == reason


def test_where_a_unit_went_long_after_says_nothing_of_its_arrival() -> None:
    assert why(CALL, SENT, report(), report("A", 160.0 + LONDON.fixes.fresh_s)) == ""


def test_a_unit_sent_elsewhere_on_the_way_did_not_drive_there() -> None:
    other = PastIncident("I2", after(30, NOON), "emergency", *ROAD.at("B"))
    sent = [SENT, PastAssignment("I2", "X1", after(60, NOON))]
    found = told(evidence_of([CALL, other], sent, [report()]))
    assert (found.funnel["diverted"], found.funnel["no_en_route"], len(found)) == (1, 1, 0)


def test_a_unit_sent_on_after_it_arrived_did_drive_there() -> None:
    other = PastIncident("I2", after(30, NOON), "emergency", *ROAD.at("B"))
    sent = [SENT, PastAssignment("I2", "X1", after(300, NOON))]
    assert told(evidence_of([CALL, other], sent, [report()])).incident == ("I1",)


def test_where_no_road_leads_is_said(town: RoadMap) -> None:
    lat, lon = town.at("F")
    reports = [("X1", NOON, town.at("A"), {"accuracy_m": 0.0})]
    found = told(evidence_of([replace(CALL, lat=lat, lon=lon)], [SENT], reports), town.network)
    assert (found.funnel["unreachable"], len(found)) == (1, 0)


def test_stations_stand_in_where_the_record_has_no_positions() -> None:
    duties = [PastDuty("X1", START, home=ROAD.at("A"))]
    assume = Assumed(positions="stations", station_accuracy_m=0.0)
    at_home = told(evidence_of([CALL], [SENT], duties=duties, assume=assume))
    reported = told(evidence_of([CALL], [SENT], [report()]))
    assert at_home.predicted_s.tolist() == reported.predicted_s.tolist()
    assert told(evidence_of([CALL], [SENT], duties=duties)).funnel["no_fix"] == 1


def test_a_closure_counts_when_it_was_there_whenever_it_was_entered() -> None:
    ring = draw(
        """
        A-----B-----D
        |           |
        F-----------G
        """,
        "A-B-D primary",
        "A-F-G-D residential length=3000",
        square_m=200.0,
    )
    line = [ring.lonlat("A"), ring.lonlat("B")]
    span = {"from": NOON.isoformat(), "to": after(60, NOON).isoformat(), "name": "burst main"}
    closure = {
        "type": "Feature",
        "properties": span,
        "geometry": {"type": "LineString", "coordinates": line},
        "entered_at": after(900, NOON).isoformat(),
    }
    incident = replace(CALL, lat=ring.at("D")[0], lon=ring.at("D")[1])
    reports = [("X1", NOON, ring.at("A"), {"accuracy_m": 0.0})]
    open_, shut = (
        told(evidence_of([incident], [SENT], reports, closures=each), ring.network).class_s[0]
        for each in ([], [closure])
    )
    row = ROAD_CLASSES.index("primary")
    assert open_[row] > 0
    assert shut[row] == 0 < shut.sum()


def test_roads_with_times_of_their_own_are_refused() -> None:
    stated = draw("A---B", "A-B normal_s=60 response_s=40")
    with pytest.raises(InputError, match="roads with times of their own"):
        told(evidence_of([CALL], [SENT]), stated.network)


def test_twice_the_same_record_gives_the_same_trips(gothenburg: Network) -> None:
    made = recorded(gothenburg, junctions(gothenburg), 60, Truth(spread=0.1), seed=3)
    first, second = told(made, gothenburg), told(made, gothenburg)
    assert first.incident == second.incident
    assert np.array_equal(first.class_s, second.class_s)
    assert first.records == second.records != ""


def test_trips_that_took_as_long_as_predicted_are_predicted(gothenburg: Network) -> None:
    found = told(recorded(gothenburg, junctions(gothenburg), 200, Truth(), profiles=("response", "normal")), gothenburg)
    assert len(found) > 150
    assert set(found.profile.tolist()) == {0, 1}
    assert found.predicted_s == pytest.approx(found.actual_s, abs=0.01)
