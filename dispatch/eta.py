"""How soon a unit can be with the caller, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.eligibility import Failure, Question, may_have_moved
from dispatch.model import Fix
from graphs.errors import OutsideNetwork
from graphs.legs import Leg
from graphs.routing import Routing
from graphs.snapping import Spot
from graphs.times import MS_PER_S, EdgeTimes


@dataclass(frozen=True, slots=True)
class Eta:
    """When a unit can be with the caller; milliseconds from now.

    Parameters
    ----------
    time_ms
        ``mobilisation_ms`` + ``drive_ms`` + ``walk_ms``.
    earliest_ms, latest_ms
        The bounds that the age and accuracy of the fix and an unknown direction of travel leave.
    leg
        The way there.
    """

    time_ms: int
    mobilisation_ms: int
    drive_ms: int
    walk_ms: int
    earliest_ms: int
    latest_ms: int
    leg: Leg


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit with a usable fix, and where it may be on the road."""

    question: Question
    fix: Fix
    spots: tuple[Spot, ...]


def place(router: Routing, question: Question) -> Placed | Failure:
    """Put a unit on the road, or say which rule its position fails."""
    fix = question.unit.fix
    if fix is None:
        return Failure("no_fix", "no position known")
    try:
        spots = router.spots(fix.lat, fix.lon, fix.course_deg, fix.speed_kmh, accuracy_m(question, fix))
    except OutsideNetwork:
        return Failure("outside_area", f"position lat {fix.lat:g}, lon {fix.lon:g} is outside the road network")
    return Placed(question, fix, spots)


def eta(best: Leg | None, spot_ms: Sequence[int | None], times: EdgeTimes, placed: Placed) -> Eta | Failure:
    """Tell how soon a placed unit can be there, or that no road leads there.

    Parameters
    ----------
    best
        Its best way, or None.
    spot_ms
        The time from each of its spots.
    times
        Those that the way rests on.
    placed
        The unit.
    """
    if best is None:
        return Failure("unreachable", "no road leads from there to the incident")
    mobilisation_ms = mobilisation(placed.question) * MS_PER_S
    time_ms = mobilisation_ms + best.time_ms
    doubt_ms = _age_doubt_ms(placed) + _accuracy_doubt_ms(placed, times, best)
    return Eta(
        time_ms=time_ms,
        mobilisation_ms=mobilisation_ms,
        drive_ms=best.drive_ms,
        walk_ms=best.walk_ms,
        earliest_ms=max(time_ms - doubt_ms, mobilisation_ms),
        latest_ms=time_ms + doubt_ms + _direction_doubt_ms(spot_ms, times, placed.spots),
        leg=best,
    )


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


def _age_doubt_ms(placed: Placed) -> int:
    """Return the age of a moving unit's fix: it may have come nearer, or gone away, for so long since."""
    question = placed.question
    age_ms = fix_age_ms(placed.fix, question.now)
    known = age_ms <= question.force.fixes.fresh_s * MS_PER_S or not may_have_moved(question)
    return 0 if known else age_ms


def _accuracy_doubt_ms(placed: Placed, times: EdgeTimes, leg: Leg) -> int:
    """Return the time to drive the fix's radius at the speed of the road it is on."""
    fix = placed.fix
    radius_m = accuracy_m(placed.question, fix)
    edge = leg.spot.edge
    length_m = float(times.network.length_m[edge])
    driven_ms = float(times.usual_ms[edge] - times.wait_ms[edge])
    return round(radius_m * driven_ms / length_m) if length_m > 0.0 else 0


def _direction_doubt_ms(spot_ms: Sequence[int | None], times: EdgeTimes, spots: Sequence[Spot]) -> int:
    """Return what a wrong guess costs where a unit may point either way: at most a U-turn."""
    if len({spot.delay_ms for spot in spots}) > 1:
        return 0  # its direction is known: turning round first is already in the time
    told = [time for time in spot_ms if time is not None]
    return min(max(told) - min(told), times.u_turn_ms)
