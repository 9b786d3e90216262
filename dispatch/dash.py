"""Risk assessments: what ticks make of a level, and when a risk is looked at again.

A level by ticks is the least that it can be. A professional may raise it and never lower it below that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dispatch.desk import Known
from dispatch.due import days_after, hours_after, months_before
from dispatch.errors import Unknown
from dispatch.fold import case_of
from dispatch.force import Force
from dispatch.force_risk import LEVELS, Level, graver, rank
from dispatch.lookup import look_up
from dispatch.naming import BODY
from dispatch.record import Event, iso
from dispatch.risk import repeats
from dispatch.state import Case
from dispatch.state_risk import Review
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING

# How many questions the form has.
QUESTIONS = 27


@dataclass(frozen=True, slots=True)
class Least:
    """The lowest level that a risk can have, and why."""

    level: Level
    because: tuple[str, ...]


def least_level(force: Force, ticks: int, incidents: int) -> Least:
    """Return the lowest level that so many ticks and incidents allow.

    Parameters
    ----------
    ticks
        Questions answered with yes.
    incidents
        Within the months of the force's escalation rule, the one at hand among them.
    """
    rule = force.risk.dash
    found = list[tuple[Level, str]]()
    if ticks >= rule.high_ticks:
        found.append(("high", f"{ticks} ticks; high from {rule.high_ticks}"))
    elif rule.medium_ticks is not None and ticks >= rule.medium_ticks:
        found.append(("medium", f"{ticks} ticks; medium from {rule.medium_ticks}"))
    if rule.escalation_incidents is not None and incidents >= rule.escalation_incidents:
        months = rule.escalation_months
        found.append(("high", f"{incidents} incidents in {months} months; high from {rule.escalation_incidents}"))
    return Least(graver("standard", *(level for level, _ in found)), tuple(why for _, why in found))


def assessed(known: Known, incident_id: str, ticks: int, level: Level | None, because: str | None) -> list[Event]:
    """Record a risk assessment of an incident, open or ended; a review of a medium or high risk becomes due.

    Parameters
    ----------
    level
        By professional judgement; None takes what the ticks make.
    because
        Why it is higher than the ticks make it.

    Raises
    ------
    Unknown
        There is no such incident.
    InputError
        The level is lower than the ticks allow, or higher without a reason.
    """
    case = require_case(known, incident_id)
    least = least_level(known.force, ticks, _incidents(known, case))
    _require_allowed(level, least.level, least.because)
    given = level or least.level
    if rank(given) > rank(least.level) and because is None:
        raise InputError([Fault(BODY, "", "because", NOTHING, f"why it is {given} and not {least.level}")])
    told = {
        "level": given,
        "least": least.level,
        "ticks": ticks,
        "why": list(least.because),
        "because": because,
        "at": iso(known.now),
        "by": known.actor,
    }
    events = [Event("dash_recorded", incident_id, known.now, told)]
    events += (_done(known, each, "assessed again", None) for each in _open_reviews(known, incident_id))
    return [*events, *_next(known, incident_id, given, least.level, len(events))]


def _incidents(known: Known, case: Case) -> int:
    force, months = known.force, known.force.risk.dash.escalation_months
    since = months_before(case.received_at, months, force.time_zone)
    looked = look_up(known.writing, case, force.risk, since, {case.incident_id, *case.duplicates})
    return 1 + sum(1 for _ in repeats(force, case, looked.matches, months))


def _require_allowed(level: Level | None, least: Level, because: tuple[str, ...] = ()) -> None:
    if level is None or rank(level) >= rank(least):
        return
    allowed = " or ".join(LEVELS[rank(least) :])
    hint = "; ".join((*because, "judgement may raise a level, never lower it"))
    raise InputError([Fault(BODY, "", "level", level, allowed, hint)])


def require_case(known: Known, incident_id: str) -> Case:
    """Return an incident, open or ended.

    Raises
    ------
    Unknown
        There was never one of that name, or its details were purged.
    """
    found = known.state.incidents.get(incident_id) or case_of(known.writing.about(incident_id), incident_id)
    if found is None:
        raise Unknown(f"there is no incident {incident_id}")
    return found


def _open_reviews(known: Known, incident_id: str) -> list[Review]:
    return [each for each in known.state.reviews.values() if each.incident_id == incident_id]


def _done(known: Known, review: Review, outcome: str, level: Level | None) -> Event:
    told = {"review_id": review.review_id, "outcome": outcome, "level": level, "from": review.level}
    return Event("review_done", review.incident_id, known.now, told)


def _next(known: Known, incident_id: str, level: Level, least: Level, ahead: int) -> list[Event]:
    due_at = review_due(known.force, level, known.now)
    if due_at is None:
        return []
    told = {"review_id": f"R-{known.next_seq + ahead}", "level": level, "least": least, "due_at": iso(due_at)}
    return [Event("review_set", incident_id, known.now, told)]


def review_due(force: Force, level: Level, now: datetime) -> datetime | None:
    """Return when a risk of a level is to be looked at again; None where it need not be."""
    rule = force.risk.reviews
    if level == "high":
        return hours_after(now, rule.high_hours)
    return days_after(now, rule.medium_days, force.time_zone) if level == "medium" else None


def reviewed(known: Known, review_id: str, outcome: str, level: Level | None) -> list[Event]:
    """Record that a risk was looked at again; the next review becomes due where it is still medium or high.

    Parameters
    ----------
    level
        The level from now on; None leaves it.

    Raises
    ------
    Unknown
        There is no such review, or it is done.
    InputError
        The level is lower than the ticks allow.
    """
    review = known.state.reviews.get(review_id)
    if review is None:
        raise Unknown(f"there is no review {review_id}, or it is done")
    _require_allowed(level, review.least)
    given = level or review.level
    done = _done(known, review, outcome, given)
    return [done, *_next(known, review.incident_id, given, review.least, 1)]
