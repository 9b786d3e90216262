"""How soon a unit can be with the caller, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial

import numpy as np

from dispatch.eligibility import Failure, Question, may_have_moved
from dispatch.model import Fix
from graphs.legs import Leg
from graphs.network import Floats, Longs
from graphs.routing import Routing, Ways
from graphs.snapping import Spot, Spots
from graphs.times import MS_PER_S, EdgeTimes


@dataclass(frozen=True)
class Eta:
    """When a unit can be with the caller; milliseconds from now.

    Parameters
    ----------
    time_ms
        ``mobilisation_ms`` + ``drive_ms`` + ``walk_ms``.
    earliest_ms, latest_ms
        The bounds that the age and accuracy of the fix and an unknown direction of travel leave.
    length_m
        Metres driven.
    gap_m
        Metres between the fix and the road.
    way
        Finds the leg.
    """

    time_ms: int
    mobilisation_ms: int
    drive_ms: int
    walk_ms: int
    earliest_ms: int
    latest_ms: int
    length_m: float
    gap_m: float
    way: Callable[[], Leg] = field(compare=False, repr=False)

    @cached_property
    def leg(self) -> Leg:
        """The way there; found when asked for."""
        return self.way()


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit with a usable fix, and where it may be on the road."""

    question: Question
    fix: Fix
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """Units with usable fixes, and where each may be on the road.

    Parameters
    ----------
    questions
        The units, in the order of the reports of ``spots``.
    spots
        Where they may be.
    radius_m : (units,) float64
        How accurate their fixes are.
    """

    questions: tuple[Question, ...]
    spots: Spots
    radius_m: Floats

    def placed(self) -> list[Placed]:
        """Return the units one by one."""
        return [
            Placed(question, question.unit.fix, spots)
            for question, spots in zip(self.questions, self.spots.each(), strict=True)
            if question.unit.fix is not None
        ]


def on_road(router: Routing, questions: Iterable[Question]) -> tuple[Fleet, dict[str, Failure]]:
    """Put units on the road, all at once.

    Returns
    -------
    fleet, failed
        The units on the road, in the order given; and by callsign the rule that the positions of the others fail.
    """
    known, failed = [], {}
    for question in questions:
        if question.unit.fix is None:
            failed[question.unit.callsign] = Failure("no_fix", "no position known")
        else:
            known.append((question, question.unit.fix))
    reports = _reports(known)
    inside = router.inside(reports[0], reports[1])
    for row in np.flatnonzero(~inside).tolist():
        question, fix = known[row]
        told = f"position lat {fix.lat:g}, lon {fix.lon:g} is outside the road network"
        failed[question.unit.callsign] = Failure("outside_area", told)
    placed = tuple(question for (question, _), there in zip(known, inside.tolist(), strict=True) if there)
    there = reports[:, inside]
    return Fleet(placed, router.spots_of(*there), there[-1]), failed


def place(router: Routing, question: Question) -> Placed | Failure:
    """Put one unit on the road, or say which rule its position fails."""
    fleet, failed = on_road(router, [question])
    return failed.get(question.unit.callsign) or fleet.placed()[0]


def _reports(known: Sequence[tuple[Question, Fix]]) -> Floats:
    """Return latitude, longitude, course, speed and accuracy of the fixes as rows; NaN where it is not known."""
    told = [
        (
            fix.lat,
            fix.lon,
            math.nan if fix.course_deg is None else fix.course_deg,
            math.nan if fix.speed_kmh is None else fix.speed_kmh,
            accuracy_m(question, fix),
        )
        for question, fix in known
    ]
    return np.array(told, np.float64).reshape(-1, 5).T.copy()


def etas(fleet: Fleet, ways: Ways, times: EdgeTimes) -> list[Eta | Failure]:
    """Tell how soon each unit can be there, or that no road leads there.

    Parameters
    ----------
    fleet
        The units.
    ways
        Those to the incident.
    times
        Those that the ways rest on.
    """
    legs = ways.best_of_reports(fleet.spots)
    ready_ms = np.array([mobilisation(question) * MS_PER_S for question in fleet.questions], np.int64)
    time_ms = ready_ms + legs.time_ms
    doubt_ms = age_doubt_ms(fleet.questions) + _accuracy_doubt_ms(fleet.radius_m, times, legs.edge)
    latest_ms = time_ms + doubt_ms + _direction_doubt_ms(fleet.spots, ways, times)
    columns = zip(
        legs.there.tolist(),
        time_ms.tolist(),
        ready_ms.tolist(),
        (legs.time_ms - legs.walk_ms).tolist(),
        legs.walk_ms.tolist(),
        np.maximum(time_ms - doubt_ms, ready_ms).tolist(),
        latest_ms.tolist(),
        legs.length_m.tolist(),
        legs.gap_m.tolist(),
        strict=True,
    )
    return [
        Eta(time, ready, drive, walk, earliest, latest, length_m, gap_m, partial(legs.leg, row))
        if there
        else Failure("unreachable", "no road leads from there to the incident")
        for row, (there, time, ready, drive, walk, earliest, latest, length_m, gap_m) in enumerate(columns)
    ]


def accuracy_m(question: Question, fix: Fix) -> float:
    """Return the radius of a fix in metres, the force's own where the device did not say."""
    return question.force.fixes.default_accuracy_m if fix.accuracy_m is None else fix.accuracy_m


def mobilisation(question: Question) -> int:
    """Return the seconds until the vehicle moves; where the status is not known, the longest that one may take."""
    if question.status is not None:
        return question.status.mobilisation_s
    return max(status.mobilisation_s for status in question.force.statuses.values())


def fix_age_ms(fix: Fix, now: datetime) -> int:
    """Return the age of a fix from the time it was true; one dated within the tolerated future is new."""
    return max(round((now - fix.fixed_at).total_seconds() * MS_PER_S), 0)


def age_doubt_ms(questions: Sequence[Question]) -> Longs:
    """Return the ages of moving units' fixes: each may have come nearer, or gone away, for so long since."""
    age_ms = [0 if it.unit.fix is None else fix_age_ms(it.unit.fix, it.now) for it in questions]
    doubted = [
        ms if ms > it.force.fixes.fresh_s * MS_PER_S and may_have_moved(it) else 0
        for it, ms in zip(questions, age_ms, strict=True)
    ]
    return np.array(doubted, np.int64)


def _accuracy_doubt_ms(radius_m: Floats, times: EdgeTimes, edge: Longs) -> Longs:
    """Return the time to drive each fix's radius at the speed of the road it is on."""
    length_m = times.network.length_m[edge]
    driven_ms = (times.usual_ms[edge] - times.wait_ms[edge]).astype(np.float64)
    doubt_ms = np.zeros(len(edge))
    np.divide(radius_m * driven_ms, length_m, out=doubt_ms, where=length_m > 0.0)
    return np.rint(doubt_ms).astype(np.int64)


def _direction_doubt_ms(spots: Spots, ways: Ways, times: EdgeTimes) -> Longs:
    """Return what a wrong guess costs where a unit may point either way: at most a U-turn.

    Where its two spots differ in delay its direction is known: turning round first is already in the time.
    """
    doubt_ms = np.zeros(len(spots.first) - 1, np.int64)
    first, second = spots.row[:-1], spots.row[1:]
    either = first[(first == second) & (spots.delay_ms[:-1] == spots.delay_ms[1:])]
    for row, spot_ms in zip(either.tolist(), ways.times_of_reports(spots.only(either)), strict=True):
        told = [time for time in spot_ms if time is not None]
        doubt_ms[row] = min(max(told) - min(told), times.u_turn_ms) if told else 0
    return doubt_ms
