"""What holds for any queue: held against trying everything, and against planning again with something taken away."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatch.assign import assign
from dispatch.model import Incident, Picture, Unit
from dispatch.plan import Plan, Queued
from dispatch.recommend import recommend
from nightshift import CLEVELAND, NOW, TOWN, ago, incident, unit
from slow_plan import SlowPlan

TRAINED = "domestic_abuse_trained"
GRADES = ("emergency", "priority", "standard", "scheduled", "resolved_without_deployment")
RANK = {key: grade.rank for key, grade in CLEVELAND.grades.items()}


def place(chance: random.Random) -> tuple[float, float]:
    return TOWN.at(chance.choice("ABCDEFGHXYZ"), east_m=chance.choice((-80, 0, 0, 40)))


def queue(chance: random.Random, most: int = 5, *, simple: bool = False) -> Picture:
    """Draw incidents and a shift; what units say of their incidents' grades is so."""
    grades = GRADES[:3] if simple else (*GRADES, *GRADES[:3])
    incidents = tuple(
        incident(
            place(chance),
            chance.choice(grades),
            *(() if simple else chance.choice(((), (), ("vulnerable",), ("domestic_abuse",)))),
            needs=chance.choice(((), (), (), ("taser",))),
            incident_id=f"N-{row}",
            units_needed=1 if simple else chance.choice((1, 1, 1, 2, 3)),
            received_at=chance.choice((None, NOW, ago(700), ago(870), ago(3500), ago(30_000))),
        )
        for row in range(chance.randint(1, most))
    )
    grade_of = {item.incident_id: item.grade for item in incidents}
    count = chance.randint(0, 5 if simple else 7)
    return Picture(NOW, tuple(patrol(chance, f"U{row}", grade_of, simple=simple) for row in range(count)), incidents)


def patrol(chance: random.Random, callsign: str, grade_of: dict[str, str], *, simple: bool) -> Unit:
    bound_to = chance.choice((None, chance.choice((*grade_of, *grade_of, "N-gone"))))
    statuses = ("2", "5", "5", "5", "6", "7", "11", None) if bound_to else ("2", "2", "2", "3", "4", "7")
    return unit(
        callsign,
        place(chance),
        *chance.choice(((), ("taser",), (TRAINED,), ("taser", TRAINED))),
        status=chance.choice(statuses),
        crew=2 if simple else chance.choice((None, 0, 1, 1, 2, 2)),
        age_s=chance.choice((0, 0, 0, 0, 4000)),
        incident_id=bound_to,
        committed_grade=grade_of.get(bound_to, "standard") if bound_to else None,
        assigned_at=None if simple or not bound_to else chance.choice((ago(600), ago(600), ago(60), None)),
    )


def attended(chance: random.Random) -> Picture:
    """Draw incidents that somebody is on the way to, most of them as many as are needed, and a few free units."""
    incidents = tuple(
        incident(
            TOWN.at(chance.choice("ABCDEFGH")),
            chance.choice(GRADES[:3]),
            *chance.choice(((), (), ("domestic_abuse",))),
            incident_id=f"N-{row}",
            units_needed=chance.choice((1, 1, 1, 2)),
            received_at=ago(900),
        )
        for row in range(chance.randint(1, 3))
    )
    bound = tuple(
        unit(
            f"U{row}",
            TOWN.at(chance.choice("ABCDEFGH")),
            *chance.choice(((), (TRAINED,))),
            status=chance.choice(("2", "5", "5", "5")),
            crew=chance.choice((None, 1, 2)),
            incident_id=item.incident_id,
            committed_grade=item.grade,
            assigned_at=chance.choice((None, ago(60), ago(600), ago(600), ago(600))),
        )
        for row, item in enumerate(chance.choices(incidents, k=4))
    )
    free = tuple(patrol(chance, f"V{row}", {}, simple=chance.random() < 0.5) for row in range(chance.randint(1, 3)))
    return Picture(NOW, (*bound, *free), incidents)


def queues(most: int = 5, *, simple: bool = False) -> st.SearchStrategy[Picture]:
    """Return queues of all kinds alike: those that hypothesis builds piece by piece are mostly plain."""
    plain = st.integers(0, 2**64).map(lambda seed: queue(random.Random(seed), most, simple=simple))
    return (
        plain if simple or most == 1 else plain | st.integers(0, 2**64).map(lambda seed: attended(random.Random(seed)))
    )


def planned(picture: Picture) -> Plan:
    return assign(picture, TOWN.network, EAGER)


# Times in the town are minutes: seconds are a gain there.
EAGER = CLEVELAND.model_copy(update={"diversion": {"gain_s": 5, "gain_share": 0.05, "hold_s": 180}})


def told(queued: Queued) -> tuple[Any, ...]:
    """Return what the plan does for an incident, but for what others do."""
    sent = tuple((each.callsign, each.time_ms) for each in queued.sent)
    return sent, queued.staying, queued.lost, queued.late_ms, queued.units_short, queued.people_short


def going(plan: Plan) -> dict[str, str]:
    sent = {each.callsign: queued.incident.incident_id for queued in plan.queue for each in queued.sent}
    return sent | {relief.callsign: relief.incident_id for relief in plan.reliefs}


@given(queues())
@settings(max_examples=400, deadline=None)
def test_equal_to_trying_everything(picture: Picture) -> None:
    plan, slow = planned(picture), SlowPlan(picture, TOWN.network, EAGER).solve()
    assert going(plan) == slow.going
    assert {relief.relieved: relief.callsign for relief in plan.reliefs} == slow.relief
    for queued in plan.queue:
        name = queued.incident.incident_id
        assert (queued.units_short, queued.people_short) == (slow.units_short(name), slow.people_short(name))
        assert all(each.time_ms == slow.time_ms[name, each.callsign] for each in queued.sent)
    shown = {queued.incident.incident_id for queued in plan.queue}
    for name, item in slow.incidents.items():
        if name not in shown and EAGER.grade(item.grade).deploys:
            assert not slow.units_short(name)
            assert not slow.people_short(name)


@given(queues(4, simple=True))
@settings(max_examples=150, deadline=None)
def test_no_other_way_to_send_one_unit_each_is_better(picture: Picture) -> None:
    """Every way to send units at all, not stage by stage: best for the first grade, then for the next."""
    slow = SlowPlan(picture, TOWN.network, CLEVELAND)
    plan = assign(picture, TOWN.network, CLEVELAND)
    choices = [["", *(name for name in slow.incidents if who in slow.eligible[name])] for who in slow.units]

    def worth(ways: tuple[str, ...]) -> list[Any] | None:
        slow.going = {who: name for who, name in zip(slow.units, ways, strict=True) if name}
        values: list[Any] = []
        for grade in GRADES[:3]:
            mine = sorted(name for name, item in slow.incidents.items() if item.grade == grade)
            sent = {name: [who for who, to in slow.going.items() if to == name] for name in mine}
            if any(whos and len(slow.coming(name)) > 1 for name, whos in sent.items()):
                return None
            waiting = {name: (whos or [""])[0] for name, whos in sent.items() if whos or not slow.coming(name)}
            times_ms = sum(slow.time_ms[name, who] for name, who in waiting.items() if who)
            names = [(not who, who) for who in waiting.values()]
            values += [[-sum(map(bool, waiting.values())), slow._late(waiting), times_ms, names]]
        return values

    told_ways = ((ways, worth(ways)) for ways in itertools.product(*choices))
    best = min(((values, ways) for ways, values in told_ways if values is not None), key=lambda each: each[0])[1]
    assert going(plan) == {who: name for who, name in zip(slow.units, best, strict=True) if name}


@given(queues(), st.data())
@settings(max_examples=200, deadline=None)
def test_no_set_of_less_urgent_incidents_changes_anything_for_a_more_urgent_one(
    picture: Picture, data: st.DataObject
) -> None:
    rank = data.draw(st.sampled_from([RANK[item.grade] for item in picture.incidents]))
    kept = tuple(item for item in picture.incidents if RANK[item.grade] <= rank or data.draw(st.booleans()))
    for_all, for_some = planned(picture), planned(replace(picture, incidents=kept))

    def urgent(plan: Plan) -> tuple[Any, ...]:
        queue = [(each.incident, told(each)) for each in plan.queue if RANK[each.incident.grade] <= rank]
        return queue, [relief for relief in plan.reliefs if RANK[relief.grade] <= rank]

    assert urgent(for_all) == urgent(for_some)


@given(queues())
@settings(max_examples=150, deadline=None)
def test_units_are_only_taken_towards_a_more_urgent_grade(picture: Picture) -> None:
    plan = planned(picture)
    for queued in plan.queue:
        for each in queued.sent:
            assert each.leaves is None or RANK[queued.incident.grade] < RANK[each.leaves.grade or ""]
        # Whoever is taken from an incident goes to another, and is not counted as coming.
        assert not {*queued.lost} & {*queued.staying}
        assert {*queued.lost} <= going(plan).keys()
    bound = {who.callsign for who in picture.units if who.committed}
    assert not bound & {relief.callsign for relief in plan.reliefs}


@given(queues(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_picture_does_not_matter(picture: Picture, chance: random.Random) -> None:
    units, incidents = list(picture.units), list(picture.incidents)
    chance.shuffle(units)
    chance.shuffle(incidents)
    assert planned(Picture(NOW, tuple(units), tuple(incidents))).to_json() == planned(picture).to_json()


@given(queues(1))
@settings(max_examples=200, deadline=None)
def test_a_single_incident_is_planned_as_it_is_recommended(picture: Picture) -> None:
    (asked,) = picture.incidents
    free = tuple(who for who in picture.units if who.incident_id != asked.incident_id)
    assume(CLEVELAND.grade(asked.grade).deploys)
    picture = replace(picture, units=free)
    answer = recommend(picture, asked, TOWN.network, EAGER)
    (queued,) = planned(picture).queue
    assert tuple(each.callsign for each in queued.sent) == answer.suggested
    for each in queued.sent:
        eta = answer.line(each.callsign).eta
        assert eta is not None
        assert each.time_ms == eta.time_ms
    assert queued.unmet == answer.unmet
    assert queued.target == answer.target


@given(queues(), st.randoms(use_true_random=False), st.sampled_from(GRADES[:3]), st.integers(1, 2))
@settings(max_examples=150, deadline=None)
def test_a_new_incident_that_gets_idle_units_changes_nothing_else(
    picture: Picture, chance: random.Random, grade: str, needed: int
) -> None:
    new = incident(place(chance), grade, incident_id="N-new", units_needed=needed, received_at=NOW)
    before, after = planned(picture), planned(replace(picture, incidents=(*picture.incidents, new)))
    sent = {each.callsign for each in after.queued("N-new").sent}
    bound = {who.callsign for who in picture.units if who.committed}
    assume(not sent & (going(before).keys() | bound))
    assert {each.incident: told(each) for each in after.queue if each.incident != new} == {
        each.incident: told(each) for each in before.queue
    }
    assert after.reliefs == before.reliefs


def without(picture: Picture, names: Collection[str]) -> Picture:
    return replace(picture, incidents=tuple(item for item in picture.incidents if item.incident_id not in names))


def shortage(picture: Picture, name: str) -> tuple[int, int]:
    """Return the units and people that an incident is short of; none where it is not in the queue at all."""
    try:
        queued = planned(picture).queued(name)
    except KeyError:
        return 0, 0
    return queued.units_short, queued.people_short


def able(who: Unit, asked: Incident) -> Unit:
    """Lift every rule that may keep a unit from an incident."""
    skills = frozenset(CLEVELAND.skills)
    return unit(who.callsign, (asked.lat, asked.lon), *skills)


@given(queues())
@settings(max_examples=250, deadline=None)
def test_every_reason_is_true(picture: Picture) -> None:
    plan = planned(picture)
    for queued in plan.queue:
        assert (queued.reason is None) == (queued.outcome == "met")
        if queued.reason is not None:
            check_idle(plan, picture, queued)
            {"nobody_eligible": check_rules, "sent_elsewhere": check_elsewhere}[queued.reason.cause](
                plan, picture, queued
            )


def check_idle(plan: Plan, picture: Picture, queued: Queued) -> None:
    """No unit that may be sent is idle while something is missing."""
    ledger = recommend(picture, queued.incident, TOWN.network, EAGER).ledger
    assert {line.unit.callsign for line in ledger if line.eligible} <= going(plan).keys()


def check_rules(_plan: Plan, picture: Picture, queued: Queued) -> None:
    """Nothing else that waits is in the way, the rules are; and they are counted right."""
    asked, reason = queued.incident, queued.reason
    assert reason is not None
    name, short = asked.incident_id, (queued.units_short, queued.people_short)
    ledger = recommend(picture, asked, TOWN.network, EAGER).ledger
    rules = [{failure.rule for failure in line.failed} for line in ledger]
    assert dict(reason.rules) == Counter(rule for failed in rules for rule in failed)
    alone = replace(picture, incidents=(asked,))
    assert shortage(alone, name) == short
    coming = {*queued.staying, *(each.callsign for each in queued.sent)}
    for who in picture.units:
        if who.callsign not in coming:
            others = tuple(each for each in picture.units if each is not who)
            assert shortage(replace(alone, units=(*others, able(who, asked))), name) < short


def check_elsewhere(plan: Plan, picture: Picture, queued: Queued) -> None:
    """The unit named goes where it is said to go, and without what is named the incident gets more."""
    reason, name, short = queued.reason, queued.incident.incident_id, (queued.units_short, queued.people_short)
    assert reason is not None
    first = reason.steps[0]
    assert going(plan)[first.callsign] == first.incident_id
    assert all(RANK[step.grade] <= RANK[queued.incident.grade] for step in reason.steps)
    assert shortage(without(picture, reason.without), name) < short
    for count, step in enumerate(reason.steps[1:], 1):
        named = [each.incident_id for each in reason.steps[:count]]
        assert going(planned(without(picture, named)))[step.callsign] == step.incident_id
        assert shortage(without(picture, named), name) == short


def applied(picture: Picture, plan: Plan, at_s: float = 0.0) -> Picture:
    """Return the picture in which all that was proposed is done."""
    to = going(plan)
    relieved = {relief.relieved for relief in plan.reliefs}
    grades = {item.incident_id: item.grade for item in picture.incidents}

    def moved(who: Unit) -> Unit:
        if who.callsign in relieved:
            return replace(who, status="2", incident_id=None, committed_grade=None, assigned_at=None)
        if who.callsign not in to:
            return who
        name = to[who.callsign]
        return replace(who, status="5", incident_id=name, committed_grade=grades[name], assigned_at=picture.now)

    return replace(picture, units=tuple(map(moved, picture.units)), now=picture.now + timedelta(seconds=at_s))


@given(queues())
@settings(max_examples=150, deadline=None)
def test_what_was_just_done_is_left_alone(picture: Picture) -> None:
    plan = planned(picture)
    again = planned(applied(picture, plan))
    moved = going(plan).keys()
    assert not moved & going(again).keys()
    assert not moved & {relief.relieved for relief in again.reliefs}
