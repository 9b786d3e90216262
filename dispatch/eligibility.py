"""May this unit be sent to this incident? Every rule that says no is named, not only the first.

Missing knowledge is never good news: no status is not "available", no position is not "here".
To add a rule: write a function that yields `Failure` and add it to `_ASPECTS`, beside what it looks at in `_judged`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from dispatch.force import Force, Status
from dispatch.model import Incident, Unit
from graphs.snapping import MOVING_KMH


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that keeps a unit from being sent, and what about the unit failed it."""

    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class Question:
    """One unit and one incident at one moment, under one force's rules.

    Parameters
    ----------
    known_grade
        The grade that the incident which the unit is committed to has in the picture; None where it is not there.
    """

    unit: Unit
    incident: Incident
    now: datetime
    force: Force
    known_grade: str | None = None

    @property
    def status(self) -> Status | None:
        """What the unit's status code means, or None where nothing is known."""
        return self.force.statuses.get(self.unit.status) if self.unit.status is not None else None

    @property
    def committed_grades(self) -> tuple[str, ...]:
        """What is told of the grade of the unit's own incident; where it was regraded, two grades may be."""
        told = (self.unit.committed_grade, self.known_grade)
        return tuple(dict.fromkeys(grade for grade in told if grade is not None))

    def local(self, moment: datetime) -> str:
        """Write a moment by the force's clocks."""
        return moment.astimezone(ZoneInfo(self.force.time_zone)).isoformat()


Rule = Callable[[Question], Iterator[Failure]]


def failures(question: Question) -> tuple[Failure, ...]:
    """Return every failed rule, in the order of `RULES`."""
    return tuple(failure for rule in RULES for failure in rule(question))


def failures_of(questions: Iterable[Question]) -> list[tuple[Failure, ...]]:
    """Return what `failures` does for each of the units asked about one incident at one moment.

    Units that are alike in what a rule looks at are judged by it once.
    """
    judged: list[_Judged] = [{} for _ in _ASPECTS]
    return [_judged(question, judged) + _position_failures(question) for question in questions]


_Judged = dict[object, tuple[Failure, ...]]


def _judged(question: Question, judged: Sequence[_Judged]) -> tuple[Failure, ...]:
    """Return the failed rules but for that of the position, which comes last."""
    unit, now = question.unit, question.now
    within_duty = (unit.duty_start is None or now >= unit.duty_start) and (unit.duty_end is None or now < unit.duty_end)
    shift = unit.status, within_duty or (unit.duty_start, unit.duty_end)
    bound = unit.status, unit.incident_id, unit.committed_grade, question.known_grade
    found: tuple[Failure, ...] = ()
    for rules, known, alike in zip(_ASPECTS, judged, (shift, bound, unit.skills, unit.crew), strict=True):
        failed = known.get(alike)
        if failed is None:
            failed = known[alike] = tuple(failure for rule in rules for failure in rule(question))
        found += failed
    return found


def _position_failures(question: Question) -> tuple[Failure, ...]:
    fix, limits = question.unit.fix, question.force.fixes
    if fix is not None:
        age_s = (question.now - fix.fixed_at).total_seconds()
        if 0.0 <= age_s < min(limits.stale_moving_s, limits.stale_parked_s):
            return ()
    return tuple(fix_usable(question))


def grade_deploys(question: Question) -> Iterator[Failure]:
    """Yield ``grade``: the incident's grade sends nobody."""
    grade = question.force.grade(question.incident.grade)
    if not grade.deploys:
        yield Failure("grade", f"grade {question.incident.grade} is resolved without sending a unit")


def on_duty(question: Question) -> Iterator[Failure]:
    """Yield ``off_duty``: the status says so, or the duty does not cover this moment."""
    unit, now = question.unit, question.now
    if question.status is not None and question.status.off_duty:
        yield Failure("off_duty", f"status {unit.status} ({question.status.label})")
    if unit.duty_start is not None and now < unit.duty_start:
        yield Failure("off_duty", f"duty starts {question.local(unit.duty_start)}")
    if unit.duty_end is not None and now >= unit.duty_end:
        yield Failure("off_duty", f"duty ended {question.local(unit.duty_end)}")


def status_deployable(question: Question) -> Iterator[Failure]:
    """Yield ``no_status`` or ``status``: nothing is known of what the unit does, or it cannot be called away."""
    unit, status = question.unit, question.status
    if unit.status is None:
        yield Failure("no_status", "no status known; that is not 'available'")
    elif status is None:
        yield Failure("status", f"status {unit.status} is not in the force profile")
    elif status.deployable == "no" and not status.off_duty:
        yield Failure("status", f"status {unit.status} ({status.label})")


def free_of_commitment(question: Question) -> Iterator[Failure]:
    """Yield ``committed``: the unit is bound to an incident that this one may not take it from."""
    unit = question.unit
    if unit.incident_id is not None and unit.incident_id == question.incident.incident_id:
        yield Failure("committed", "already assigned to this incident")
    else:
        yield from kept_elsewhere(question)


def kept_elsewhere(question: Question) -> Iterator[Failure]:
    """Yield ``committed``: the unit is bound to another incident, that this one may not take it from."""
    unit, status = question.unit, question.status
    bound = unit.incident_id is not None or unit.committed_grade is not None
    may_be_taken = status is not None and status.deployable in {"preempt", "towards_higher_grade"}
    if not bound and not may_be_taken:
        return
    to = f"incident {unit.incident_id}" if unit.incident_id else "an incident"
    if not question.committed_grades:
        yield Failure("committed", f"committed to {to} of unknown grade")
    else:
        kept_by = [grade for grade in question.committed_grades if not _may_leave(question, grade)]
        if kept_by:
            yield Failure("committed", f"committed to {to} (grade {' or '.join(kept_by)})")


def _may_leave(question: Question, committed_grade: str) -> bool:
    force, grade = question.force, question.incident.grade
    if committed_grade not in force.grades:
        return False
    if question.status is not None and question.status.deployable == "towards_higher_grade":
        return force.outranks(grade, committed_grade)
    # A unit that reports itself free but has an assignment is treated like one that can be called away from it.
    return force.may_preempt(committed_grade, grade)


def skills_held(question: Question) -> Iterator[Failure]:
    """Yield ``skill``: nobody aboard has a skill that every unit sent must have."""
    for skill in sorted(required_skills(question.incident, question.force) - question.unit.skills):
        yield Failure("skill", f"nobody aboard has {skill}")


def required_skills(incident: Incident, force: Force) -> frozenset[str]:
    """Return the skills that every unit sent to an incident must have."""
    by_tag = (skill for tag in incident.tags if tag in force.tags for skill in force.tags[tag].needs)
    return incident.needs | frozenset(by_tag)


def crew_enough(question: Question) -> Iterator[Failure]:
    """Yield ``crew``: too few aboard for a tag that does not allow several units instead, or nobody aboard."""
    crew = question.unit.crew
    if crew == 0:
        yield Failure("crew", "nobody aboard")
        return
    for name in sorted(question.incident.tags & question.force.tags.keys()):
        tag = question.force.tags[name]
        if tag.crew is None or tag.or_units is not None or (crew is not None and crew >= tag.crew):
            continue
        yield Failure("crew", f"{name} needs {tag.crew} aboard; {'unknown' if crew is None else crew} here")


def fix_usable(question: Question) -> Iterator[Failure]:
    """Yield ``no_fix``, ``future_fix`` or ``stale_fix``: it is not known where the unit is now."""
    fix, limits = question.unit.fix, question.force.fixes
    if fix is None:
        yield Failure("no_fix", "no position known")
        return
    age_s = (question.now - fix.fixed_at).total_seconds()
    if age_s < -limits.future_tolerance_s:
        yield Failure("future_fix", f"position dated {_span(-age_s)} in the future")
    limit_s = limits.stale_moving_s if may_have_moved(question) else limits.stale_parked_s
    if age_s >= limit_s:
        yield Failure("stale_fix", f"position is {_span(age_s)} old; the limit here is {_span(limit_s)}")


def may_have_moved(question: Question) -> bool:
    """Tell whether a unit may have moved since its fix: by its status, or because it was moving then.

    Where nothing is known of what it does, it may.
    """
    fix = question.unit.fix
    under_way = fix is not None and fix.speed_kmh is not None and fix.speed_kmh > MOVING_KMH
    return under_way or question.status is None or question.status.moving


def _span(seconds: float) -> str:
    """Write a span of time as people say it."""
    span = timedelta(seconds=round(seconds))
    return f"{span.total_seconds():.0f} s" if span < timedelta(minutes=2) else str(span)


# Rules that look at the same about a unit, which stands in `_judged`.
_ASPECTS: tuple[tuple[Rule, ...], ...] = (
    (grade_deploys, on_duty, status_deployable),
    (free_of_commitment,),
    (skills_held,),
    (crew_enough,),
)
RULES: tuple[Rule, ...] = (*chain.from_iterable(_ASPECTS), fix_usable)
# With one of these failed, the unit has no place from which a time could be told.
PLACELESS = frozenset({"off_duty", "no_fix", "future_fix", "stale_fix"})
