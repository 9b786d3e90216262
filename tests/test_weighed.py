"""One past incident and its verdict: the traps of records, each as a few rows."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from nightshift import CLEVELAND, NOW, TOWN, changed
from records import Row, at, call, fix, on_duty, sent, write_records
from scenarios.evidence import read_evidence
from scenarios.known import Known
from scenarios.past import PastAmendment, PastDuty, PastIncident, PastRegrade, PastStatus
from scenarios.verdict import Verdict
from scenarios.weighed import weighed

# B is two blocks from A by road and D is one: whoever stands at D is sooner there.
# A crew at a scene that moves as soon as one on patrol, so that it is nearer although it may not be sent.
QUICK = changed(CLEVELAND, "statuses", "6", mobilisation_s=15)
NEAR, FAR = fix("R2", "D"), fix("R1", "B")


class Folder:
    """Writes records and judges the first incident of them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def verdict(self, rows: Iterable[Row | Iterable[Row]], fixes: Sequence[Any] = (FAR, NEAR), **more: Any) -> Verdict:
        flat = [row for each in rows for row in ([each] if hasattr(each, "__slots__") else each)]
        evidence = read_evidence(write_records(self._path, flat, fixes, **more))
        network = evidence.network()
        past = next(each for each in evidence.incidents if each.incident_id == "1")
        return weighed(past, evidence, Known(evidence, network), network).verdict


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "records")


def both(**more: Any) -> list[list[Row]]:
    """Return two units on duty and on patrol."""
    return [on_duty("R1", **more), on_duty("R2")]


class TestClasses:
    def test_the_nearest_was_sent(self, folder: Folder) -> None:
        found = folder.verdict([call(), *both(), sent("R2")])
        assert (found.verdict, found.judged, found.lost_s, found.straight) == ("nearest_sent", "R2", 0.0, True)

    def test_a_nearer_one_might_have_gone(self, folder: Folder) -> None:
        found = folder.verdict([call(), *both(), sent("R1")])
        assert (found.verdict, found.cause, found.nearest_eligible) == ("nearer_eligible_not_sent", "unexplained", "R2")
        assert found.sent_s is not None
        assert found.nearest_eligible_s is not None
        assert found.lost_s == pytest.approx(found.sent_s - found.nearest_eligible_s)
        assert found.lost_s > 15

    def test_times_that_cannot_be_told_apart(self, folder: Folder) -> None:
        unsure = fix("R2", "D", accuracy_m=2_000.0)
        found = folder.verdict([call(), *both(), sent("R1")], [FAR, unsure])
        assert (found.verdict, found.cause) == ("sent_within_noise", "")

    def test_an_old_fix_of_a_moving_unit_carries_its_doubt(self, folder: Folder) -> None:
        found = folder.verdict([call(), *both(), sent("R1")], [FAR, fix("R2", "D", -120)])
        assert found.verdict == "sent_within_noise"

    @pytest.mark.parametrize(
        ("about_the_nearer", "rule"),
        [
            ({"status": "6"}, "status"),
            ({"crew": 0}, "crew"),
            ({"end": at(50)}, ""),
        ],
    )
    def test_the_nearer_one_could_not_be_sent(self, folder: Folder, about_the_nearer: Any, rule: str) -> None:
        found = folder.verdict([call(), on_duty("R1"), on_duty("R2", **about_the_nearer), sent("R1")], force=QUICK)
        # Who is off duty is not in the picture at all.
        assert (found.verdict, found.because) == ("nearer_not_eligible" if rule else "nearest_sent", rule)

    def test_the_nearer_one_was_busy(self, folder: Folder) -> None:
        other = call("H", "2", received_at=at(-600))
        found = folder.verdict([call(), other, *both(), sent("R2", "2", -500), sent("R1")])
        assert (found.verdict, found.because) == ("nearer_not_eligible", "committed")


class TestCauses:
    def test_a_reason_was_recorded(self, folder: Folder) -> None:
        found = folder.verdict([call(), *both(), sent("R1", reason="local_knowledge")])
        assert (found.cause, found.reason) == ("reason_recorded", "local_knowledge")

    def test_the_units_own_sector(self, folder: Folder) -> None:
        found = folder.verdict(
            [call(sector="North"), on_duty("R1", sector="North"), on_duty("R2", sector="South"), sent("R1")]
        )
        assert found.cause == "own_sector"

    def test_nearer_as_the_crow_flies(self, folder: Folder) -> None:
        # From E to G it is 140 m in a straight line, and by D and the long road round; from H the road alone.
        found = folder.verdict([call("G"), *both(), sent("R1")], [fix("R1", "E"), fix("R2", "H")])
        assert (found.verdict, found.cause, found.straight) == ("nearer_eligible_not_sent", "straight_line", True)


class TestUnknown:
    @pytest.mark.parametrize(
        ("rows", "because"),
        [
            ([call(None), sent("R1")], "no_place"),
            ([call(grade=None), sent("R1")], "no_grade"),
            ([call(received_at=at(61)), sent("R1")], "assigned_before_received"),
            ([call(), sent("R1", on_scene_at=at(60))], "logged_on_arrival"),
            ([call(), sent("R9")], "sent_unit:no_fix"),
        ],
    )
    def test_what_is_missing_is_named(self, folder: Folder, rows: list[Row], because: str) -> None:
        found = folder.verdict([*rows, *both()])
        assert (found.verdict, found.because, found.lost_s) == ("unknown", because, None)

    def test_a_row_that_was_not_accepted(self, folder: Folder) -> None:
        broken = {"table": "assignments", "row": "row 7", "incident_id": "1", "callsign": "R2", "reasons": "no time"}
        found = folder.verdict([call(), *both(), sent("R1")], quarantined=[broken])
        assert (found.verdict, found.because) == ("unknown", "row_quarantined")

    def test_the_position_of_who_was_sent_is_too_old(self, folder: Folder) -> None:
        found = folder.verdict([call(), *both(), sent("R1")], [fix("R1", "B", -3_000), NEAR])
        assert found.because == "sent_unit:stale_fix"

    def test_a_nearer_unit_of_which_no_status_was_known(self, folder: Folder) -> None:
        found = folder.verdict([call(), on_duty("R1"), on_duty("R2", None), sent("R1")])
        assert (found.verdict, found.because) == ("unknown", "nearer_unit:no_status")

    def test_a_nearer_eligible_unit_is_certain_beside_one_without_a_status(self, folder: Folder) -> None:
        rows = [call(), *both(), on_duty("R3", None), sent("R1")]
        found = folder.verdict(rows, [FAR, NEAR, fix("R3", "A")])
        assert (found.verdict, found.nearest_eligible) == ("nearer_eligible_not_sent", "R2")


class TestDropped:
    @pytest.mark.parametrize(
        ("rows", "because"),
        [
            ([call()], "nobody_sent"),
            ([call(merged_into="7"), sent("R1")], "merged"),
            ([call(self_initiated=True), sent("R1")], "self_initiated"),
            ([call(received_at=at(60)), sent("R1", on_scene_at=at(60))], "self_initiated"),
            ([call(grade="resolved_without_deployment"), sent("R1")], "not_deployed"),
            ([PastIncident("1", NOW, "emergency", 55.9, -3.2), sent("R1")], "outside_network"),
        ],
    )
    def test_there_is_nothing_to_judge(self, folder: Folder, rows: list[Row], because: str) -> None:
        found = folder.verdict([*rows, *both()])
        assert (found.verdict, found.because) == ("dropped", because)


class TestHindsight:
    def test_a_status_that_was_entered_in_time(self, folder: Folder) -> None:
        free = PastStatus("R2", at(-20), "2", at(-20))
        found = folder.verdict([call(), on_duty("R1"), on_duty("R2", None), free, sent("R1")])
        assert found.verdict == "nearer_eligible_not_sent"

    def test_the_same_status_entered_late_is_unknown(self, folder: Folder) -> None:
        free = PastStatus("R2", at(-20), "2", at(300))
        found = folder.verdict([call(), on_duty("R1"), on_duty("R2", None), free, sent("R1")])
        assert (found.verdict, found.because) == ("unknown", "nearer_unit:no_status")

    def test_the_same_status_entered_late_after_a_busy_one(self, folder: Folder) -> None:
        free = PastStatus("R2", at(-20), "2", at(300))
        found = folder.verdict([call(), on_duty("R1"), on_duty("R2", "6"), free, sent("R1")], force=QUICK)
        assert (found.verdict, found.because) == ("nearer_not_eligible", "status")

    def test_a_position_that_came_late_was_not_known(self, folder: Folder) -> None:
        late = fix("R2", "D", 50, received_s=90)
        found = folder.verdict([call(), *both(), sent("R1")], [FAR, fix("R2", "H", -10), late])
        assert found.verdict == "nearest_sent"

    def test_a_position_dated_in_the_future_hides_none(self, folder: Folder) -> None:
        ahead = fix("R2", "H", 9_000, received_s=40)
        found = folder.verdict([call(), *both(), sent("R1")], [FAR, NEAR, ahead])
        assert (found.verdict, found.nearest) == ("nearer_eligible_not_sent", "R2")

    def test_a_regrade_entered_late_was_not_known(self, folder: Folder) -> None:
        up = PastRegrade("1", at(10), "emergency", at(500))
        found = folder.verdict([call(grade="standard"), up, *both(), sent("R2")])
        assert (found.grade, found.last_grade) == ("standard", "emergency")

    def test_tags_that_came_later_do_not_count_for_who_could_go(self, folder: Folder) -> None:
        later = PastAmendment("1", at(900), "tags", "domestic_abuse")
        found = folder.verdict([call(), later, *both(), sent("R2")])
        assert (found.tags, found.domestic_abuse) == ((), True)

    def test_a_place_that_was_corrected_in_time(self, folder: Folder) -> None:
        moved = PastAmendment("1", at(30), "place", "{!r},{!r}".format(*TOWN.at("B")))
        found = folder.verdict([call(), moved, *both(), sent("R1")])
        assert (found.verdict, (found.lat, found.lon)) == ("nearest_sent", TOWN.at("B"))

    def test_a_place_that_was_corrected_after_the_decision(self, folder: Folder) -> None:
        moved = PastAmendment("1", at(90), "place", "{!r},{!r}".format(*TOWN.at("B")))
        assert folder.verdict([call(), moved, *both(), sent("R1")]).verdict == "nearer_eligible_not_sent"

    def test_a_skill_that_was_asked_for_in_time(self, folder: Folder) -> None:
        asked = PastAmendment("1", at(30), "needs", "taser", at(40))
        skilled = on_duty("R1", skills=frozenset({"taser"}))
        found = folder.verdict([call(), asked, skilled, on_duty("R2"), sent("R1")])
        assert (found.verdict, found.because) == ("nearer_not_eligible", "skill")

    def test_a_closure_entered_late_was_not_known(self, folder: Folder) -> None:
        line = {"type": "LineString", "coordinates": [TOWN.lonlat("D"), TOWN.lonlat("A")]}
        shut = {"type": "Feature", "geometry": line, "properties": {"name": "A-D", "from": at(-60).isoformat()}}
        rows = [call(), *both(), sent("R1")]
        told = folder.verdict(rows, closures=[{**shut, "entered_at": at(120).isoformat()}])
        assert told.verdict == "nearer_eligible_not_sent"

    def test_a_closure_entered_in_time_was_known(self, folder: Folder) -> None:
        line = {"type": "LineString", "coordinates": [TOWN.lonlat("D"), TOWN.lonlat("A")]}
        shut = {"type": "Feature", "geometry": line, "properties": {"name": "A-D", "from": at(-60).isoformat()}}
        told = folder.verdict([call(), *both(), sent("R1")], closures=[{**shut, "entered_at": at(-50).isoformat()}])
        assert (told.verdict, told.judged) == ("nearest_sent", "R1")


class TestCallsigns:
    def test_what_another_shift_reported_is_not_this_ones(self, folder: Folder) -> None:
        before = PastDuty("R2", at(-30_000), at(-9_000), 2)
        free = PastStatus("R2", at(-9_500), "2")
        now = PastDuty("R2", at(-9_000), at(20_000), 2)
        found = folder.verdict([call(), on_duty("R1"), before, free, now, sent("R1")])
        assert (found.verdict, found.because) == ("unknown", "nearer_unit:no_status")

    def test_a_crew_that_changed_in_the_middle_of_a_shift(self, folder: Folder) -> None:
        changed_crew = PastDuty("R2", at(-100), at(20_000), 0)
        found = folder.verdict([call(), *both(), changed_crew, sent("R1")])
        assert (found.verdict, found.because) == ("nearer_not_eligible", "crew")

    def test_a_change_of_crew_that_was_entered_late(self, folder: Folder) -> None:
        changed_crew = PastDuty("R2", at(-100), at(20_000), 0, entered_at=at(400))
        assert folder.verdict([call(), *both(), changed_crew, sent("R1")]).verdict == "nearer_eligible_not_sent"

    def test_a_unit_that_was_cancelled_and_sent_again(self, folder: Folder) -> None:
        again = sent("R2", after_s=200, on_scene_at=at(300))
        found = folder.verdict([call(), *both(), sent("R2", cleared_at=at(100), ended="stood_down"), again])
        assert (found.verdict, found.decided_at, found.from_received_s) == ("nearest_sent", at(60), 300.0)

    def test_two_sent_together_are_one_decision(self, folder: Folder) -> None:
        found = folder.verdict([call(), *both(), sent("R1"), sent("R2", after_s=75)])
        assert (found.verdict, found.sent, found.judged) == ("nearest_sent", ("R1", "R2"), "R2")

    def test_who_follows_later_was_not_part_of_it(self, folder: Folder) -> None:
        found = folder.verdict([call(), *both(), sent("R1"), sent("R2", after_s=200)])
        assert (found.verdict, found.sent) == ("nearer_eligible_not_sent", ("R1",))


class TestCommitted:
    """A unit is busy until the first sign that it is not."""

    @pytest.mark.parametrize(
        ("more", "busy"),
        [
            ({}, True),
            ({"cleared_at": at(-100)}, False),
            ({"cleared_at": at(61)}, True),
            # Cleared in time, and written down late: nobody knew.
            ({"cleared_at": at(-100), "entered_at": at(90)}, False),
        ],
    )
    def test_cleared(self, folder: Folder, more: dict[str, Any], *, busy: bool) -> None:
        other = call("H", "2", received_at=at(-600))
        found = folder.verdict([call(), other, *both(), sent("R2", "2", -500, **more), sent("R1")])
        assert found.verdict == ("nearer_not_eligible" if busy else "nearer_eligible_not_sent")

    @pytest.mark.parametrize(
        "sign",
        [
            PastStatus("R2", at(-50), "2"),
            sent("R2", "3", -300, cleared_at=at(-200)),
        ],
    )
    def test_other_signs_that_it_is_over(self, folder: Folder, sign: Row) -> None:
        others = [call("H", name, received_at=at(-600)) for name in "23"]
        found = folder.verdict([call(), *others, *both(), sent("R2", "2", -500), sign, sent("R1")])
        assert found.verdict == "nearer_eligible_not_sent"

    def test_its_incident_was_closed(self, folder: Folder) -> None:
        other = call("H", "2", received_at=at(-600), closed_at=at(-10))
        found = folder.verdict([call(), other, *both(), sent("R2", "2", -500), sent("R1")])
        assert found.verdict == "nearer_eligible_not_sent"


class TestArrival:
    def test_no_arrival_is_never_in_time(self, folder: Folder) -> None:
        found = folder.verdict([call(), *both(), sent("R2")])
        assert (found.arrival, found.clock_s, found.from_sent_s, found.target_s) == ("missing", None, None, 900)

    def test_the_forces_clock(self, folder: Folder) -> None:
        found = folder.verdict([call(), *both(), sent("R2", on_scene_at=at(300))])
        assert (found.arrival, found.clock, found.clock_s, found.from_sent_s) == ("recorded", "received", 300.0, 240.0)

    def test_both_clocks_after_a_regrade(self, folder: Folder) -> None:
        force = changed(CLEVELAND, "grades", "emergency", clock="graded")
        up = PastRegrade("1", at(100), "emergency")
        rows = [call(grade="priority"), up, *both(), sent("R2", on_scene_at=at(300))]
        found = folder.verdict(rows, force=force)
        assert (found.last_grade, found.clock_s, found.target_s) == ("emergency", 200.0, 900)
        assert (found.first_grade, found.first_clock_s, found.first_target_s) == ("priority", 300.0, 3600)

    def test_a_regrade_after_the_arrival_changes_no_clock(self, folder: Folder) -> None:
        down = PastRegrade("1", at(400), "standard")
        found = folder.verdict([call(), down, *both(), sent("R2", on_scene_at=at(300))])
        assert (found.last_grade, found.first_grade) == ("emergency", "")

    @pytest.mark.parametrize(
        "there", [fix("R2", "H", 310), fix("R2", "A", 310, speed_kmh=60.0)], ids=["far away", "driving"]
    )
    def test_at_scene_by_its_own_word_alone(self, folder: Folder, there: Any) -> None:
        found = folder.verdict([call(), *both(), sent("R2", on_scene_at=at(300))], [FAR, NEAR, there])
        assert (found.arrival, found.clock_s) == ("doubtful", None)

    def test_until_then_it_drove(self, folder: Folder) -> None:
        driving = fix("R2", "D", 285, speed_kmh=60.0)
        found = folder.verdict([call(), *both(), sent("R2", on_scene_at=at(300))], [FAR, NEAR, driving])
        assert found.arrival == "recorded"

    def test_community_support_does_not_stop_the_clock(self, folder: Folder) -> None:
        force = changed(CLEVELAND, "skills", "community_support", label="Community support", stops_clock=False)
        first = on_duty("R2", skills=frozenset({"community_support"}))
        rows = [call(), on_duty("R1"), first, sent("R2", on_scene_at=at(200)), sent("R1", on_scene_at=at(500))]
        assert folder.verdict(rows, force=force).clock_s == 500.0


class TestStations:
    def test_they_stand_in_where_there_are_no_positions(self, folder: Folder) -> None:
        rows = [call(), on_duty("R1", home=TOWN.at("B")), on_duty("R2", home=TOWN.at("D")), sent("R1")]
        found = folder.verdict(rows, [], positions="stations", station_accuracy_m=0.0)
        assert (found.verdict, found.nearest_eligible) == ("nearer_eligible_not_sent", "R2")

    def test_not_for_one_that_is_out(self, folder: Folder) -> None:
        other = call("H", "2", received_at=at(-600))
        duties = [on_duty("R1", home=TOWN.at("B")), on_duty("R2", home=TOWN.at("D"))]
        rows = [call(), other, *duties, sent("R2", "2", -500), sent("R1")]
        found = folder.verdict(rows, [], positions="stations")
        assert found.verdict == "nearest_sent"

    def test_nor_where_nobody_said_so(self, folder: Folder) -> None:
        rows = [call(), on_duty("R1", home=TOWN.at("B")), sent("R1")]
        assert folder.verdict(rows, []).because == "sent_unit:no_fix"


class TestStraightLine:
    def test_without_a_network_the_crow_flies(self, folder: Folder) -> None:
        found = folder.verdict([call("G"), *both(), sent("R1")], [fix("R1", "C"), fix("R2", "D")], network=None)
        assert (found.verdict, found.nearest, found.lost_s) == ("nearer_eligible_not_sent", "R2", None)

    def test_radii_that_overlap_are_noise(self, folder: Folder) -> None:
        fixes = [fix("R1", "B", accuracy_m=300.0), NEAR]
        assert folder.verdict([call(), *both(), sent("R1")], fixes, network=None).verdict == "sent_within_noise"


class TestDoubt:
    def test_one_that_is_unsure_does_not_hide_one_that_is_sure(self, folder: Folder) -> None:
        fixes = [FAR, fix("R2", "D", -200), fix("R3", "D")]
        found = folder.verdict([call(), *both(), on_duty("R3"), sent("R1")], fixes)
        assert (found.verdict, found.better) == ("nearer_eligible_not_sent", "R3")

    def test_any_of_those_sent_may_have_been_sooner(self, folder: Folder) -> None:
        fixes = [FAR, NEAR, fix("R3", "B", -235)]
        rows = [call(), *both(), on_duty("R3"), sent("R1"), sent("R3")]
        assert folder.verdict(rows, fixes).verdict == "sent_within_noise"

    def test_one_of_those_sent_had_no_position(self, folder: Folder) -> None:
        rows = [call(), *both(), on_duty("R3"), sent("R3"), sent("R1")]
        found = folder.verdict(rows)
        assert (found.verdict, found.because) == ("unknown", "sent_unit:no_fix")

    def test_a_unit_without_a_status_that_may_have_been_sooner_within_the_noise(self, folder: Folder) -> None:
        fixes = [FAR, fix("R2", "D", -20)]
        found = folder.verdict([call(), on_duty("R1"), on_duty("R2", None), sent("R1")], fixes)
        assert (found.verdict, found.better) == ("sent_within_noise", "")

    def test_the_age_of_a_position_is_doubt_in_a_straight_line_too(self, folder: Folder) -> None:
        fixes = [FAR, fix("R2", "D", -230)]
        found = folder.verdict([call(), *both(), sent("R1")], fixes, network=None)
        assert found.verdict == "sent_within_noise"


class TestTakenBack:
    def test_a_unit_that_was_called_off_at_once_was_not_sent(self, folder: Folder) -> None:
        off = sent("R2", cleared_at=at(63), ended="stood_down")
        found = folder.verdict([call(), *both(), off, sent("R1", after_s=70, en_route_at=at(75))])
        assert (found.verdict, found.sent, found.decided_at) == ("nearer_eligible_not_sent", ("R1",), at(60))

    def test_a_far_one_that_was_named_by_mistake_accuses_nobody(self, folder: Folder) -> None:
        off = sent("R1", cleared_at=at(63), ended="stood_down")
        found = folder.verdict([call(), *both(), off, sent("R2", after_s=70, en_route_at=at(75))])
        assert (found.verdict, found.sent) == ("nearest_sent", ("R2",))


class TestWrittenDownLater:
    @pytest.mark.parametrize(
        "second",
        [
            sent("R2", on_scene_at=at(60)),
            sent("R2", after_s=70, on_scene_at=at(70)),
            sent("R2", on_scene_at=at(300), entered_at=at(300)),
        ],
        ids=["there already", "there when it was named", "entered on arrival"],
    )
    def test_logged_on_arrival_whoever_stands_first(self, folder: Folder, second: Row) -> None:
        found = folder.verdict([call(), *both(), sent("R1"), second])
        assert (found.verdict, found.because) == ("unknown", "logged_on_arrival")

    def test_an_incident_that_was_entered_after_somebody_was_sent(self, folder: Folder) -> None:
        found = folder.verdict([call(entered_at=at(600)), *both(), sent("R1")])
        assert (found.verdict, found.because) == ("unknown", "entered_after_decision")

    def test_a_reason_that_was_entered_later(self, folder: Folder) -> None:
        late = sent("R1", reason="local_knowledge", entered_at=at(90_000))
        found = folder.verdict([call(), *both(), late])
        assert (found.cause, found.reason) == ("reason_recorded_late", "local_knowledge")

    def test_an_end_of_duty_that_nobody_had_entered(self, folder: Folder) -> None:
        gone = PastDuty("R2", at(-10_000), at(50), 2, end_entered_at=at(300))
        free = PastStatus("R2", at(-5_000), "2")
        found = folder.verdict([call(), on_duty("R1"), gone, free, sent("R1")])
        assert found.verdict == "nearer_eligible_not_sent"

    def test_an_end_of_duty_that_was_known(self, folder: Folder) -> None:
        gone = PastDuty("R2", at(-10_000), at(50), 2, end_entered_at=at(55))
        free = PastStatus("R2", at(-5_000), "2")
        assert folder.verdict([call(), on_duty("R1"), gone, free, sent("R1")]).verdict == "nearest_sent"

    def test_a_clearance_that_was_entered_later(self, folder: Folder) -> None:
        other = call("H", "2", received_at=at(-600))
        busy = sent("R2", "2", -500, cleared_at=at(-100), cleared_entered_at=at(90))
        found = folder.verdict([call(), other, *both(), busy, sent("R1")])
        assert (found.verdict, found.because) == ("nearer_not_eligible", "committed")

    def test_a_regrade_that_was_entered_after_the_arrival_moves_no_target(self, folder: Folder) -> None:
        down = PastRegrade("1", at(100), "standard", at(9_000))
        found = folder.verdict([call(), down, *both(), sent("R2", on_scene_at=at(2_000))])
        assert (found.last_grade, found.target_s, found.clock_s) == ("emergency", 900, 2_000.0)

    def test_a_regrade_to_the_same_grade_restarts_no_clock(self, folder: Folder) -> None:
        force = changed(CLEVELAND, "grades", "emergency", clock="graded")
        again = PastRegrade("1", at(1_500), "emergency")
        found = folder.verdict([call(), again, *both(), sent("R2", on_scene_at=at(2_000))], force=force)
        assert (found.clock_s, found.first_grade) == (2_000.0, "")


class TestBusyOrNot:
    def test_the_first_sign_is_the_one_that_was_known_first(self, folder: Folder) -> None:
        other = call("H", "2", received_at=at(-900))
        signs = [PastStatus("R2", at(-300), "2", at(500)), PastStatus("R2", at(-100), "2", at(-100))]
        found = folder.verdict([call(), other, *both(), sent("R2", "2", -800), *signs, sent("R1")])
        assert found.verdict == "nearer_eligible_not_sent"

    def test_a_unit_that_stands_twice_at_one_incident_is_not_busy_for_ever(self, folder: Folder) -> None:
        other = call("H", "2", received_at=at(-900))
        twice = [sent("R2", "2", -800), sent("R2", "2", -700, cleared_at=at(-500))]
        assert folder.verdict([call(), other, *both(), *twice, sent("R1")]).verdict == "nearer_eligible_not_sent"

    @pytest.mark.parametrize("grades", [("emergency", "scheduled"), ("scheduled", "emergency")])
    def test_of_two_assignments_the_more_urgent_binds(self, folder: Folder, grades: tuple[str, str]) -> None:
        others = [call("H", name, received_at=at(-900), grade=grade) for name, grade in zip("23", grades, strict=True)]
        both_of_them = [sent("R2", "2", -800, cleared_at=at(900)), sent("R2", "3", -400, cleared_at=at(900))]
        rows = [call(), *others, on_duty("R1"), on_duty("R2", "7"), *both_of_them, sent("R1")]
        assert folder.verdict(rows, force=changed(CLEVELAND, "statuses", "7", mobilisation_s=0)).because == "committed"

    def test_nothing_says_that_it_was_over_and_nothing_that_it_was_not(self, folder: Folder) -> None:
        other = call("H", "2", received_at=at(-9_900))
        rows = [call(), other, on_duty("R1"), on_duty("R2", None), PastStatus("R2", at(-9_950), "2")]
        found = folder.verdict([*rows, sent("R2", "2", -9_800), sent("R1")])
        assert (found.verdict, found.because) == ("unknown", "nearer_unit:not_cleared")

    def test_sent_elsewhere_at_that_very_moment(self, folder: Folder) -> None:
        other = call("H", "2", received_at=at(10))
        found = folder.verdict([call(), other, *both(), sent("R2", "2"), sent("R1")])
        assert (found.verdict, found.because) == ("unknown", "nearer_unit:same_moment")

    def test_a_status_of_the_crew_before_is_not_this_ones_where_they_overlap(self, folder: Folder) -> None:
        before, now = PastDuty("R2", at(-10_000), at(-50), 2), PastDuty("R2", at(-100), at(20_000), 2)
        free = PastStatus("R2", at(-5_000), "2")
        found = folder.verdict([call(), on_duty("R1"), before, free, now, sent("R1")])
        assert (found.verdict, found.because) == ("unknown", "nearer_unit:no_status")

    def test_what_the_crew_before_was_sent_to_does_not_bind_this_one(self, folder: Folder) -> None:
        other = call("H", "2", received_at=at(-9_900))
        before, now = PastDuty("R2", at(-30_000), at(-9_000), 2), PastDuty("R2", at(-9_000), at(20_000), 2)
        free = PastStatus("R2", at(-5_000), "2")
        old = sent("R2", "2", -9_800, cleared_at=at(500))
        found = folder.verdict([call(), other, on_duty("R1"), before, now, free, old, sent("R1")])
        assert found.verdict == "nearer_eligible_not_sent"

    def test_a_report_that_could_not_be_read_leaves_the_status_open(self, folder: Folder) -> None:
        unread = {"table": "statuses", "row": "row 9", "callsign": "R2", "at": at(-60), "reasons": "status 99"}
        found = folder.verdict([call(), *both(), sent("R1")], quarantined=[unread])
        assert (found.verdict, found.because) == ("unknown", "nearer_unit:no_status")


class TestMerged:
    def test_who_was_sent_to_the_second_report_was_sent(self, folder: Folder) -> None:
        second = call("A", "7", received_at=at(10), merged_into="1")
        first_there = sent("R2", "7", 58, on_scene_at=at(200))
        found = folder.verdict([call(), second, *both(), first_there, sent("R1", on_scene_at=at(900))])
        assert (found.verdict, found.sent, found.clock_s) == ("nearest_sent", ("R2", "R1"), 200.0)


def test_the_rules_that_the_unit_sent_failed_itself_are_told(folder: Folder) -> None:
    found = folder.verdict([call(needs=frozenset({"taser"})), *both(), sent("R2")])
    assert (found.verdict, found.judged_failed) == ("nearest_sent", "skill")


def test_asked_in_any_order_the_answer_is_that_of_one_asked_once(tmp_path: Path) -> None:
    draw = random.Random("an evening")
    rows: list[Row] = []
    for callsign in ("R1", "R2", "R3"):
        rows += [
            PastDuty(callsign, at(start), at(start + 400), 2, end_entered_at=at(start + 430)) for start in (0, 390)
        ]
        moments = sorted(draw.sample(range(800), 25))
        rows += [PastStatus(callsign, at(s), draw.choice("2367"), at(s + draw.choice((0, 0, 40)))) for s in moments]
        for number, s in enumerate(sorted(draw.sample(range(800), 6))):
            cleared = draw.choice((None, at(s + draw.randrange(10, 90))))
            rows.append(sent(callsign, f"{callsign}-{number}", s, cleared_at=cleared, entered_at=at(s + 5)))
            rows.append(call(draw.choice("ABDGH"), f"{callsign}-{number}", received_at=at(s - 5)))
    fixes = [fix(callsign, draw.choice("ABDGH"), s) for callsign in ("R1", "R2", "R3") for s in range(0, 800, 50)]
    evidence = read_evidence(write_records(tmp_path / "records", rows, fixes))
    kept, moments_s = Known(evidence), [each / 2 for each in range(1_640)]
    for order in (moments_s, draw.sample(moments_s, len(moments_s))):
        for s in order:
            assert kept.seen(at(s), {"R1-2"}) == Known(evidence).seen(at(s), {"R1-2"}), s


class TestWithoutDuties:
    def test_nobody_can_be_judged(self, folder: Folder) -> None:
        rows = [call(), PastStatus("R1", at(-50), "2"), PastStatus("R2", at(-50), "2"), sent("R1")]
        found = folder.verdict(rows)
        assert (found.verdict, found.because) == ("unknown", "no_duties")

    def test_but_where_it_is_assumed_that_all_are_on_duty(self, folder: Folder) -> None:
        rows = [call(), PastStatus("R1", at(-50), "2"), PastStatus("R2", at(-50), "2"), sent("R1")]
        assert folder.verdict(rows, duties="always").verdict == "nearer_eligible_not_sent"


def test_somebody_was_sent_where_a_row_of_that_was_put_aside(folder: Folder) -> None:
    aside = {"table": "assignments", "row": "row 2", "incident_id": "1", "callsign": "R2", "reasons": "out of order"}
    found = folder.verdict([call(), *both()], quarantined=[aside])
    assert (found.verdict, found.because, found.arrival) == ("unknown", "row_quarantined", "missing")
