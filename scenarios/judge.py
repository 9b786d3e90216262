"""Was the nearest officer sent? One past decision, judged by what was known when it was made.

Two measures are judged alike: how soon each unit could be there by road, and how far away it was in a straight line.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from dispatch.eligibility import Failure, Question, failures_of
from dispatch.eta import accuracy_m
from dispatch.force import Force
from dispatch.model import Incident, Picture, Unit
from dispatch.recommendation import LedgerLine, Recommendation
from graphs.coordinates import distance_m
from graphs.times import MS_PER_S
from scenarios.verdict import Class

# Rules that are about what was known, not about the unit: a unit that fails no other may have been eligible.
UNKNOWING: Final = frozenset({"no_status"})
# Rules for which a unit has no time.
_UNPLACED: Final = frozenset({"no_fix", "future_fix", "stale_fix"})
PLACELESS: Final = frozenset({"off_duty", "no_fix", "future_fix", "stale_fix", "outside_area", "unreachable"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that could have been sent, and how near it was.

    Parameters
    ----------
    cost, least, most
        Seconds by road, or metres in a straight line, and the bounds that uncertainty leaves.
    failed
        The rules that kept it from being sent; none means eligible.
    may_be
        The least that ``cost`` may be where the unit's status is not known: it may have been ready to go.
    """

    unit: Unit
    cost: float
    least: float
    most: float
    failed: tuple[str, ...]
    straight_m: float
    may_be: float

    @property
    def unsure(self) -> bool:
        """Whether it may have been eligible, for all that was known."""
        return bool(self.failed) and UNKNOWING.issuperset(self.failed)


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision: who could have been sent, nearest first, and who was.

    Parameters
    ----------
    candidates
        By ``cost``, then by callsign: all up to the first that was sent, and those of unknown status.
    nearest, eligible
        The nearest of all, and of those that might have been sent.
    missing
        Where no place is known of any unit sent, the rules for which that is so.
    straight
        Whether one of the units sent was the nearest of those that might have been, as the crow flies.
    unplaced
        How many units might have been sent, had their position been known.
    """

    incident: Incident
    sent: frozenset[str]
    reasons: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    nearest: Candidate | None
    eligible: Candidate | None
    missing: tuple[str, ...]
    straight: bool | None
    unplaced: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of a decision.

    Parameters
    ----------
    verdict, because, cause
        As in `Verdict`.
    judged
        Of the units sent, the nearest; None where no place is known of any.
    nearer
        Those nearer, nearest first; for ``unknown`` the one that may have been nearer too.
    better
        The nearest of them that might have been sent.
    """

    verdict: Class
    because: str = ""
    cause: str = ""
    judged: Candidate | None = None
    nearer: tuple[Candidate, ...] = ()
    better: Candidate | None = None


def by_road(recommendation: Recommendation, force: Force, sent: Collection[str], reasons: Sequence[str] = ()) -> Asked:
    """Return a decision as the brain's answer to the picture of that moment shows it.

    Parameters
    ----------
    force
        Knows how long a unit that is ready to go takes to move.
    sent
        Callsigns that were sent.
    reasons
        Reasons for that, as recorded.
    """
    ready_s = min(status.mobilisation_s for status in force.statuses.values() if not status.off_duty)
    timed = [line for line in recommendation.ledger if line.eta is not None]
    others = {line.unit.callsign: line.failed for line in recommendation.ledger if line.eta is None}

    def candidate(line: LedgerLine) -> Candidate:
        return _by_time(line, ready_s)

    near = [_Near(line, line.unit, not line.failed, line.straight_m or 0.0) for line in timed]
    return _asked(recommendation.incident, near, candidate, others, sent, reasons)


def _by_time(line: LedgerLine, ready_s: int) -> Candidate:
    if line.eta is None:
        raise ValueError(f"{line.unit.callsign} has no time")
    eta = line.eta
    cost, least, most = (each / MS_PER_S for each in (eta.time_ms, eta.earliest_ms, eta.latest_ms))
    may_be = cost if line.unit.status is not None else cost - eta.mobilisation_ms / MS_PER_S + ready_s
    return Candidate(line.unit, cost, least, most, _rules(line.failed), line.straight_m or 0.0, may_be)


def by_straight_line(
    picture: Picture, incident: Incident, force: Force, sent: Collection[str], reasons: Sequence[str] = ()
) -> Asked:
    """Return a decision as distances in a straight line show it, for where there is no road network.

    Eligible is judged by the same rules; the radii of the two positions are the uncertainty.
    """
    grades = {each.incident_id: each.grade for each in picture.incidents}
    questions = [
        Question(unit, incident, picture.now, force, grades.get(unit.incident_id or "")) for unit in picture.units
    ]
    found, others = list[Candidate](), dict[str, tuple[Failure, ...]]()
    for question, failed in zip(questions, failures_of(questions), strict=True):
        unit, rules = question.unit, _rules(failed)
        if unit.fix is None or PLACELESS.intersection(rules):
            others[unit.callsign] = failed
            continue
        straight_m = distance_m(unit.fix.lat, unit.fix.lon, incident.lat, incident.lon)
        radius_m = accuracy_m(question, unit.fix)
        found.append(
            Candidate(unit, straight_m, straight_m - radius_m, straight_m + radius_m, rules, straight_m, straight_m)
        )
    found.sort(key=lambda each: (each.cost, each.unit.callsign))
    near = [_Near(each, each.unit, not each.failed, each.straight_m) for each in found]
    return _asked(incident, near, lambda each: each, others, sent, reasons)


Line = TypeVar("Line")


class _Near(NamedTuple, Generic[Line]):
    """What is looked at of every unit with a place; most are never looked at closer."""

    line: Line
    unit: Unit
    eligible: bool
    straight_m: float


def _asked(
    incident: Incident,
    near: Sequence[_Near[Line]],
    candidate: Callable[[Line], Candidate],
    others: Mapping[str, tuple[Failure, ...]],
    sent: Collection[str],
    reasons: Sequence[str],
) -> Asked:
    first = next((row for row, each in enumerate(near) if each.unit.callsign in sent), -1)
    shown = [each for row, each in enumerate(near) if row <= first or each.unit.status is None]
    eligible = next((each for each in near if each.eligible), None)
    might = [each for each in near if each.eligible or each.unit.callsign in sent]
    crow = min(might, key=lambda each: (each.straight_m, each.unit.callsign), default=None)
    return Asked(
        incident=incident,
        sent=frozenset(sent),
        reasons=tuple(reasons),
        candidates=tuple(candidate(each.line) for each in shown),
        nearest=candidate(near[0].line) if near else None,
        eligible=None if eligible is None else candidate(eligible.line),
        missing=() if first >= 0 else tuple(_missing(others, sent)),
        straight=crow.unit.callsign in sent if crow is not None and first >= 0 else None,
        unplaced=sum(bool(failed) and _UNPLACED.issuperset(_rules(failed)) for failed in others.values()),
    )


def _missing(others: Mapping[str, tuple[Failure, ...]], sent: Collection[str]) -> list[str]:
    """Return why no place is known of the units sent."""
    rules = {failure.rule for callsign in sent for failure in others.get(callsign, ())}
    return [f"sent_unit:{rule}" for rule in sorted(rules & PLACELESS)] or ["sent_unit:not_in_the_records"]


def judge(asked: Asked) -> Judgement:
    """Judge a decision; docs/audit.md has the definitions."""
    judged = next((each for each in asked.candidates if each.unit.callsign in asked.sent), None)
    if judged is None:
        return Judgement("unknown", because=";".join(asked.missing))
    nearer = tuple(each for each in asked.candidates if each.cost < judged.cost)
    better = next((each for each in nearer if not each.failed), None)
    certain = better is not None and not _alike(better, judged)
    unsure = next((each for each in asked.candidates if each.unsure and _may_be_nearer(each, judged)), None)
    if unsure is not None and not certain:
        rules = ";".join(f"nearer_unit:{rule}" for rule in unsure.failed)
        shown = nearer if unsure in nearer else (*nearer, unsure)
        return Judgement("unknown", because=rules, judged=judged, nearer=shown)
    if not nearer:
        return Judgement("nearest_sent", judged=judged)
    if better is None:
        return Judgement("nearer_not_eligible", because=";".join(nearer[0].failed), judged=judged, nearer=nearer)
    if not certain:
        return Judgement("sent_within_noise", judged=judged, nearer=nearer, better=better)
    cause = _cause(asked, judged, better)
    return Judgement("nearer_eligible_not_sent", cause=cause, judged=judged, nearer=nearer, better=better)


def _cause(asked: Asked, judged: Candidate, better: Candidate) -> str:
    """Name what the choice is consistent with; whether that was the cause is for people to say."""
    if any(asked.reasons):
        return "reason_recorded"
    sector = asked.incident.sector
    if sector is not None and judged.unit.sector == sector != better.unit.sector:
        return "own_sector"
    return "straight_line" if judged.straight_m < better.straight_m else "unexplained"


def _alike(nearer: Candidate, judged: Candidate) -> bool:
    """Tell whether a nearer unit and the one sent cannot be told apart, for all that was known."""
    return nearer.most >= judged.least


def _may_be_nearer(each: Candidate, judged: Candidate) -> bool:
    """Tell whether a unit of unknown status would have been nearer beyond doubt, had it been ready to go."""
    return each.may_be + (each.most - each.cost) < judged.least


def _rules(failed: Iterable[Failure]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(failure.rule for failure in failed))
