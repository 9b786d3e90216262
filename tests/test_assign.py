"""Several incidents together, on roads drawn for the case."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.assign import assign
from dispatch.force import Diversion, Force
from dispatch.model import Incident, Picture, Unit
from dispatch.plan import Plan, Step
from dispatch.recommendation import LeftBehind
from graphs.errors import InputError
from graphs.reference import ReferenceRouter
from graphs.times import MS_PER_S
from nightshift import CLEVELAND, NOW, TOWN, ago, changed, incident, unit
from roadmaps import draw

TRAINED = "domestic_abuse_trained"
# Ten kilometres of straight road; a response drives a metre in 75 ms, a patrol needs 15 s to set out.
ROAD = draw("A---------B", "A-B", square_m=1000)


def at(metres: float) -> tuple[float, float]:
    return ROAD.at("A", east_m=metres)


def patrol(callsign: str, metres: float, *skills: str, **more: Any) -> Unit:
    return unit(callsign, at(metres), *skills, **more)


def job(name: str, metres: float, grade: str = "emergency", *tags: str, **more: Any) -> Incident:
    return incident(at(metres), grade, *tags, **{"incident_id": name, "received_at": NOW, **more})


def plan(*told: Unit | Incident, force: Force = CLEVELAND) -> Plan:
    units = tuple(each for each in told if isinstance(each, Unit))
    incidents = tuple(each for each in told if isinstance(each, Incident))
    return assign(Picture(NOW, units, incidents), ROAD.network, force)


def sent(made: Plan) -> dict[str, tuple[str, ...]]:
    return {each.incident.incident_id: tuple(one.callsign for one in each.sent) for each in made.queue}


def on_way(callsign: str, metres: float, to: str, grade: str = "emergency", *skills: str, **more: Any) -> Unit:
    told = {"status": "5", "incident_id": to, "committed_grade": grade, "assigned_at": ago(600), **more}
    return unit(callsign, at(metres), *skills, **told)


class TestGrades:
    def test_many_minor_jobs_do_not_outweigh_an_emergency(self) -> None:
        minor = (job(f"S-{row:02d}", 100 + row, "standard", received_at=ago(90_000)) for row in range(20))
        made = plan(patrol("U1", 100), job("E-1", 9000), *minor)
        assert sent(made)["E-1"] == ("U1",)
        assert [each.outcome for each in made.queue] == ["met"] + ["waiting"] * 20

    def test_an_emergency_takes_the_nearest_even_where_a_lesser_one_has_no_other(self) -> None:
        made = plan(
            patrol("U1", 1000, "taser"), patrol("U2", 1100), job("E", 0), job("P", 900, "priority", needs={"taser"})
        )
        assert sent(made) == {"E": ("U1",), "P": ()}

    def test_a_unit_on_its_way_is_taken_and_what_it_leaves_waits_again(self) -> None:
        bound = on_way("U1", 1000, "S", "standard")
        made = plan(bound, patrol("U2", 9000), job("E", 0), job("S", 2000, "standard"))
        assert sent(made) == {"E": ("U1",), "S": ("U2",)}
        assert made.queued("S").lost == ("U1",)
        left = made.queued("E").sent[0].leaves
        assert left is not None
        second = made.queued("S").sent[0].time_ms
        assert left == LeftBehind("S", "standard", "U2", left.delay_ms)
        # Both set out in 15 s by their status and drive at the same speed: six kilometres more.
        assert left.delay_ms == pytest.approx((second - 15_000) * 6 / 7, rel=0.01)

    def test_what_is_left_to_nobody_is_told(self) -> None:
        made = plan(on_way("U1", 1000, "S", "standard"), job("E", 0), job("S", 2000, "standard"))
        assert made.queued("E").sent[0].leaves == LeftBehind(
            "S", "standard", because="nobody else goes there by this plan"
        )
        reason = made.queued("S").reason
        assert reason is not None
        assert (reason.text, reason.without) == ("U1 goes to E (emergency, more urgent)", ("E",))

    def test_a_unit_is_not_taken_for_a_grade_that_may_not_take_it(self) -> None:
        made = plan(on_way("U1", 1000, "P", "priority"), job("S", 0, "standard"), job("P", 5000, "priority"))
        assert sent(made) == {"S": ()}

    def test_what_is_left_may_take_a_unit_from_a_lesser_grade_in_turn(self) -> None:
        units = (on_way("U1", 1000, "P", "priority"), on_way("U2", 3000, "S", "standard"), patrol("U3", 9000))
        made = plan(*units, job("E", 0), job("P", 2000, "priority"), job("S", 4000, "standard"))
        assert sent(made) == {"E": ("U1",), "P": ("U2",), "S": ("U3",)}


class TestWithinAGrade:
    def test_a_feasible_job_is_never_left_with_an_idle_eligible_unit(self) -> None:
        # The nearest to A is the only one who may go to B.
        made = plan(patrol("U1", 1000, "taser"), patrol("U2", 5000), job("A", 900), job("B", 2000, needs={"taser"}))
        assert sent(made) == {"A": ("U2",), "B": ("U1",)}

    def test_the_sum_of_times_counts_not_who_is_asked_first(self) -> None:
        made = plan(patrol("U1", 1000), patrol("U2", 4000), job("A", 2000), job("B", 0))
        assert sent(made) == {"A": ("U2",), "B": ("U1",)}

    def test_lateness_comes_before_the_sum_of_times(self) -> None:
        # A has 120 s left of 20 minutes: only U1 is there in time, though in sum the other way round is sooner.
        made = plan(patrol("U1", 1000), patrol("U2", 4000), job("A", 2000, received_at=ago(1080)), job("B", 0))
        assert sent(made) == {"A": ("U1",), "B": ("U2",)}
        assert [each.late_ms for each in made.queue] == [0, 0]

    def test_who_would_be_late_goes_before_who_would_not(self) -> None:
        made = plan(patrol("U1", 0), job("A", 100, "priority"), job("B", 5000, "priority", received_at=ago(3500)))
        assert sent(made) == {"A": (), "B": ("U1",)}

    def test_who_has_waited_longer_beyond_the_target_weighs_more(self) -> None:
        late, later = ago(1000), ago(6000)
        made = plan(patrol("U1", 0), job("A", 500, received_at=late), job("B", 1000, received_at=later))
        assert sent(made) == {"A": (), "B": ("U1",)}

    def test_a_call_received_nobody_knows_when_is_not_in_time(self) -> None:
        made = plan(patrol("U1", 0), job("A", 100), job("B", 500, received_at=None))
        assert sent(made) == {"A": (), "B": ("U1",)}
        assert made.queued("B").late_ms is None

    def test_without_a_target_the_soonest_go(self) -> None:
        made = plan(patrol("U1", 0), job("A", 900, "scheduled", received_at=ago(9999)), job("B", 100, "scheduled"))
        assert sent(made) == {"A": (), "B": ("U1",)}

    def test_equal_in_all_goes_by_name(self) -> None:
        units = [patrol(callsign, 1000) for callsign in ("U3", "U1", "U2")]
        made = plan(*units, job("C", 0), job("A", 0), job("B", 0), job("D", 0))
        assert sent(made) == {"A": ("U1",), "B": ("U2",), "C": ("U3",), "D": ()}

    def test_everybody_gets_a_first_unit_before_anybody_a_second(self) -> None:
        made = plan(patrol("U1", 100), patrol("U2", 200), job("A", 0, units_needed=2), job("B", 9000))
        assert sent(made) == {"A": ("U1",), "B": ("U2",)}
        assert made.queued("A").outcome == "partly_met"
        assert made.queued("A").unmet == ("2 units are needed; 1 can be sent",)

    def test_an_officer_alone_is_joined_and_a_trained_one_comes_where_near(self) -> None:
        units = (patrol("U1", 100, crew=1), patrol("U2", 300, crew=1), patrol("U3", 900, TRAINED, crew=1))
        made = plan(*units, job("A", 0, "emergency", "domestic_abuse"), job("B", 200, "priority"))
        assert sent(made) == {"A": ("U1", "U3"), "B": ("U2",)}

    def test_a_preferred_skill_that_goes_elsewhere_is_not_said_to_be_far(self) -> None:
        units = (patrol("U1", 100), patrol("U2", 300, TRAINED))
        made = plan(*units, job("A", 0, "priority", "domestic_abuse"), job("E", 400))
        assert made.queued("A").unmet == (f"domestic_abuse: nobody free with {TRAINED} is within 300 s of the first",)
        assert made.queued("A").outcome == "met"

    def test_an_inserted_incident_does_not_reshuffle_the_others(self) -> None:
        units = [patrol(f"U{row}", 1000 * row) for row in range(10)]
        jobs = [job(f"N-{row}", 1000 * row + 300) for row in range(8)]
        before, after = plan(*units, *jobs), plan(*units, *jobs, job("N-new", 9000))
        assert sent(after) == sent(before) | {"N-new": ("U9",)}


class TestWhoWaits:
    def test_only_what_is_missing_is_sent(self) -> None:
        made = plan(on_way("U1", 900, "A"), patrol("U2", 500), patrol("U3", 600), job("A", 0, units_needed=2))
        assert sent(made) == {"A": ("U2",)}
        assert made.queued("A").staying == ("U1",)
        assert made.queued("A").late_ms is None

    def test_an_officer_alone_at_a_scene_that_needs_two_is_joined(self) -> None:
        alone = on_way("U1", 0, "A", status="6", crew=1)
        made = plan(alone, patrol("U2", 500), job("A", 0, "emergency", "domestic_abuse"))
        assert sent(made) == {"A": ("U2",)}

    def test_what_has_all_it_needs_is_not_in_the_queue(self) -> None:
        assert sent(plan(on_way("U1", 900, "A"), job("A", 0))) == {}

    def test_a_unit_whose_duty_is_over_does_not_count(self) -> None:
        gone = on_way("U1", 900, "A", duty_end=ago(60))
        assert sent(plan(gone, patrol("U2", 5000), job("A", 0))) == {"A": ("U2",)}

    def test_nobody_goes_to_what_is_settled_by_telephone(self) -> None:
        assert sent(plan(patrol("U1", 0), job("A", 0, "resolved_without_deployment"))) == {}

    def test_nothing_waits_where_nothing_happens(self) -> None:
        assert plan(patrol("U1", 0)).queue == ()
        assert plan().queue == ()


class TestReasons:
    def test_no_unit_may_be_sent_and_by_which_rules(self) -> None:
        units = (patrol("U1", 0, status="6"), patrol("U2", 0, status=None), patrol("U3", 0, status="11"))
        (left,) = plan(*units, job("A", 0, needs={"taser"})).queue
        assert left.reason is not None
        assert left.reason.text == "no unit may be sent (no_status 1, off_duty 1, skill 3, status 1)"
        assert dict(left.reason.rules) == {"no_status": 1, "off_duty": 1, "skill": 3, "status": 1}

    def test_no_unit_is_known(self) -> None:
        (left,) = plan(job("A", 0)).queue
        assert left.reason is not None
        assert (left.reason.cause, left.reason.text) == ("nobody_eligible", "no unit is known")

    def test_no_road_leads_to_one_of_two(self) -> None:
        units = (unit("U1", TOWN.at("A")), unit("U2", TOWN.at("B")))
        jobs = tuple(incident(TOWN.at(place), incident_id=place) for place in "XC")
        made = assign(Picture(NOW, units, jobs), TOWN.network, CLEVELAND)
        assert sent(made) == {"C": ("U2",), "X": ()}
        reason = made.queued("X").reason
        assert reason is not None
        assert reason.text == "no unit may be sent (unreachable 2)"

    def test_no_other_unit_may_join(self) -> None:
        (left,) = plan(patrol("U1", 0), patrol("U2", 0, status="6"), job("A", 0, units_needed=2)).queue
        assert left.reason is not None
        assert left.reason.text == "no other unit may be sent (status 1)"

    def test_the_nearest_goes_to_a_more_urgent_one(self) -> None:
        (_, left) = plan(patrol("R21", 0), job("N-2", 900), job("N-5", 100, "priority")).queue
        assert left.reason is not None
        assert left.reason.text == "R21 goes to N-2 (emergency, more urgent)"
        assert left.reason.steps == (Step("R21", "N-2", "emergency"),)

    def test_what_else_stands_in_the_way_is_named_in_turn(self) -> None:
        made = plan(patrol("R21", 0), job("N-2", 900), job("N-3", 950, "priority"), job("N-5", 100, "standard"))
        reason = made.queued("N-5").reason
        assert reason is not None
        assert reason.text == "R21 goes to N-2 (emergency, more urgent); without that, R21 would go to N-3"
        assert reason.without == ("N-2", "N-3")

    def test_a_long_line_is_counted_not_recited(self) -> None:
        made = plan(patrol("R21", 0), *(job(f"N-{row}", 100 * row) for row in range(9)))
        reason = made.queued("N-8").reason
        assert reason is not None
        assert reason.text.endswith("; without that, R21 would go to N-2; 5 more may come first")
        assert reason.without == tuple(f"N-{row}" for row in range(8))

    def test_an_incident_off_the_map_costs_the_others_nothing(self) -> None:
        made = plan(patrol("U1", 0), Incident(0.0, 0.0, "emergency", "far"), job("near", 100))
        assert sent(made) == {"far": (), "near": ("U1",)}
        reason = made.queued("far").reason
        assert reason is not None
        assert (reason.cause, reason.text) == ("outside_area", "the incident is outside the road network")


class TestRelief:
    LIMITS = CLEVELAND.diversion

    def reliefs(self, *told: Unit | Incident, force: Force = CLEVELAND) -> list[tuple[str, str]]:
        return [(relief.relieved, relief.callsign) for relief in plan(*told, force=force).reliefs]

    def test_a_nearer_free_unit_takes_over(self) -> None:
        (relief,) = plan(on_way("U1", 9000, "A"), patrol("U2", 500), job("A", 0)).reliefs
        assert (relief.incident_id, relief.relieved, relief.callsign) == ("A", "U1", "U2")
        # The one on its way drives already; the other has 15 s to set out.
        assert (relief.relieved_ms, relief.time_ms) == (pytest.approx(675_000, abs=50), pytest.approx(52_500, abs=50))
        assert relief.gain_ms == relief.relieved_ms - relief.time_ms

    @pytest.mark.parametrize(("metres", "taken"), [(3810, False), (3790, True)])
    def test_from_the_force_s_seconds_on(self, metres: float, *, taken: bool) -> None:
        # From 5,600 m: 420 s; two minutes less, 15 s to set out among them, is 3,800 m.
        assert bool(self.reliefs(on_way("U1", 5600, "A"), patrol("U2", metres), job("A", 0))) is taken

    @pytest.mark.parametrize(("metres", "taken"), [(6560, False), (6540, True)])
    def test_from_the_force_s_share_on(self, metres: float, *, taken: bool) -> None:
        # From 9,000 m: 675 s; a quarter less, 15 s among it, is 6,550 m.
        assert bool(self.reliefs(on_way("U1", 9000, "A"), patrol("U2", metres), job("A", 0))) is taken

    @pytest.mark.parametrize(("since", "taken"), [(None, False), (ago(179), False), (ago(180), True)])
    def test_not_so_soon_after_it_was_assigned(self, since: Any, *, taken: bool) -> None:
        assert bool(self.reliefs(on_way("U1", 9000, "A", assigned_at=since), patrol("U2", 0), job("A", 0))) is taken

    @pytest.mark.parametrize(("status", "taken"), [("2", True), ("3", True), ("5", True), ("6", False), ("7", False)])
    def test_only_before_it_is_at_the_scene(self, status: str, *, taken: bool) -> None:
        assert bool(self.reliefs(on_way("U1", 9000, "A", status=status), patrol("U2", 0), job("A", 0))) is taken

    def test_not_by_one_who_is_committed(self) -> None:
        bound = on_way("U2", 0, "B", "standard")
        assert self.reliefs(on_way("U1", 9000, "A"), bound, job("A", 0), job("B", 5000, "standard")) == []

    def test_not_by_fewer_people_where_people_count(self) -> None:
        told = on_way("U1", 9000, "A"), patrol("U2", 0, crew=1), job("A", 0, "emergency", "domestic_abuse")
        assert self.reliefs(*told) == []
        assert self.reliefs(*told[:2], job("A", 0)) == [("U1", "U2")]

    def test_not_where_a_preferred_skill_would_be_lost(self) -> None:
        bound = on_way("U1", 9000, "A", "emergency", TRAINED)
        asked = job("A", 0, "emergency", "domestic_abuse")
        assert self.reliefs(bound, patrol("U2", 0), patrol("U3", 900, TRAINED), asked) == [("U1", "U3")]

    def test_what_waits_goes_first_where_it_is_as_urgent(self) -> None:
        told = on_way("U1", 9000, "A"), patrol("U2", 500), job("A", 0), job("B", 1000)
        made = plan(*told)
        assert (sent(made), made.reliefs) == ({"B": ("U2",)}, ())

    def test_what_waits_and_is_less_urgent_does_not(self) -> None:
        made = plan(on_way("U1", 9000, "A"), patrol("U2", 500), job("A", 0), job("B", 1000, "priority"))
        assert [relief.callsign for relief in made.reliefs] == ["U2"]
        reason = made.queued("B").reason
        assert reason is not None
        assert reason.text == "U2 goes to A (emergency, more urgent)"

    def test_two_free_units_are_shared_out_for_the_most(self) -> None:
        told = on_way("U1", 9000, "A"), on_way("U2", 9500, "B"), patrol("U3", 500), patrol("U4", 3000)
        assert self.reliefs(*told, job("A", 0), job("B", 1000)) == [("U1", "U3"), ("U2", "U4")]

    def test_older_profiles_have_limits_too(self) -> None:
        told = CLEVELAND.model_dump()
        del told["diversion"]
        assert Force.model_validate(told).diversion == Diversion()

    @given(
        own_m=st.integers(0, 9900),
        nearer_m=st.integers(0, 9900),
        place_m=st.integers(0, 9900),
        passed_s=st.integers(0, 900),
        strays_s=st.integers(-900, 900),
        status=st.sampled_from(["2", "3"]),
    )
    @settings(max_examples=200, deadline=None)
    def test_who_was_relieved_is_never_sent_back(
        self, own_m: int, nearer_m: int, place_m: int, passed_s: int, strays_s: int, status: str
    ) -> None:
        """The one drives on to the incident, the other wherever it likes, and nothing is held."""
        force = CLEVELAND.model_copy(update={"diversion": {"gain_s": 1, "gain_share": 0.0, "hold_s": 0}})
        asked = job("A", place_m)
        before = plan(on_way("U1", own_m, "A"), patrol("U2", nearer_m, status=status), asked, force=force)
        if not before.reliefs:
            return
        ahead_s = max(passed_s - CLEVELAND.statuses[status].mobilisation_s, 0)
        nearer = on_way("U2", driven(nearer_m, place_m, ahead_s), "A", assigned_at=NOW)
        strayed_s = max(min(strays_s, passed_s), -passed_s)
        relieved = patrol("U1", driven(own_m, place_m, strayed_s))
        later = NOW + timedelta(seconds=passed_s)
        units = tuple(replace(who, fix=who.fix and replace(who.fix, fixed_at=later)) for who in (nearer, relieved))
        assert assign(Picture(later, units, (asked,)), ROAD.network, force).reliefs == ()


def driven(from_m: float, to_m: float, seconds: float) -> float:
    """Return where a unit is that drives so long towards a place, or away from it."""
    step = seconds * MS_PER_S / 75
    towards = 1.0 if to_m >= from_m else -1.0
    if step >= abs(to_m - from_m):
        return to_m
    return min(max(from_m + towards * step, 0.0), 9990.0)


class TestAnswer:
    PICTURE = (
        on_way("U1", 1000, "S", "standard"),
        patrol("U2", 9000),
        job("E", 0),
        job("S", 2000, "standard"),
        job("T", 2000, "standard"),
    )

    def test_as_json(self) -> None:
        told = json.loads(plan(*self.PICTURE).to_json())
        assert list(told) == ["now", "queue", "reliefs", "versions"]
        assert told["now"] == "2026-01-31T23:10:00Z"
        first, second, third = told["queue"]
        assert (first["incident_id"], first["outcome"], first["late_s"]) == ("E", "met", 0.0)
        assert first["sent"][0]["leaves"]["incident_id"] == "S"
        assert first["target"]["due_at"] == "2026-01-31T23:25:00Z"
        assert (second["lost"], second["sent"][0]["callsign"], second["reason"]) == (["U1"], "U2", None)
        assert third["reason"]["steps"] == [{"callsign": "U2", "incident_id": "S", "grade": "standard"}]
        assert third["reason"]["without"] == ["S"]

    def test_names_what_it_rests_on_as_a_recommendation_does(self) -> None:
        versions = plan(*self.PICTURE).versions
        assert versions["force"] == {"name": "Cleveland Police", "hash": CLEVELAND.hash}
        assert versions["network"] == ROAD.network.hash
        assert versions.keys() == {"engine", "policy", "network", "profiles", "conditions", "force"}

    def test_any_router_gives_the_same_plan(self) -> None:
        units, incidents = self.PICTURE[:2], self.PICTURE[2:]
        picture = Picture(NOW, units, incidents)  # type: ignore[arg-type]
        slow = assign(picture, ROAD.network, CLEVELAND, engine=ReferenceRouter)
        assert slow.queue == plan(*self.PICTURE).queue

    def test_only_what_waits_is_in_the_queue(self) -> None:
        with pytest.raises(KeyError):
            plan(*self.PICTURE).queued("N-0")


def test_all_faults_are_told_together() -> None:
    told = job("A", 0, "urgent"), job("A", 0), job("", 0), job("B", 0, "emergency", "domestic_abuze", needs={"tazer"})
    with pytest.raises(InputError) as caught:
        plan(*told)
    assert sorted((fault.field, fault.value) for fault in caught.value.faults) == [
        ("grade", '"urgent"'),
        ("incident_id", '""'),
        ("incident_id", '"A"'),
        ("needs", '"tazer"'),
        ("tags", '"domestic_abuze"'),
    ]


def test_since_when_a_unit_is_assigned_is_kept_in_utc() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=2)))
    kept = Unit("U1", assigned_at=east).assigned_at
    assert kept is not None
    assert (kept, kept.tzinfo) == (NOW, UTC)
    with pytest.raises(ValueError, match="assigned_at has no UTC offset"):
        Unit("U1", assigned_at=NOW.replace(tzinfo=None))


def test_three_people_may_be_asked_for() -> None:
    force = changed(CLEVELAND, "tags", "domestic_abuse", crew=3, or_units=3, prefer_skill=None, near_enough_s=None)
    units = (patrol("U1", 100, crew=1), patrol("U2", 200, crew=1), patrol("U3", 300, crew=1), patrol("U4", 400))
    made = plan(*units, job("A", 0, "emergency", "domestic_abuse"), job("B", 0, "priority"), force=force)
    assert sent(made) == {"A": ("U1", "U2", "U3"), "B": ("U4",)}
    made = plan(*units[:2], job("A", 0, "emergency", "domestic_abuse"), force=force)
    assert (made.queued("A").people_short, made.queued("A").outcome) == (1, "partly_met")
    assert made.queued("A").unmet == ("domestic_abuse: 3 people or 3 units are needed together",)
