"""Was the nearest officer sent? One past decision, judged by what was known when it was made.

Two measures are judged alike: how soon each unit could be there by road, and how far away it was in a straight line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from dispatch.eligibility import Failure, Question, failures_of
from dispatch.eta import accuracy_m, age_doubt_ms
from dispatch.force import Force
from dispatch.model import Incident, Picture, Unit
from dispatch.recommendation import LedgerLine, Recommendation
from graphs.coordinates import distance_m
from graphs.times import MS_PER_S
from scenarios.verdict import Class

# Rules that are about what was known, not about the unit: a unit that fails no other may have been eligible.
UNKNOWING: Final = frozenset({"no_status"})
# What a unit that may have moved is taken to have driven in a straight line, at most: along a road it was less.
STRAIGHT_KMH: Final = 60.0
KMH_PER_MPS: Final = 3.6
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
    doubt
        Why it cannot be told whether the unit was free; empty where it can.
    """

    unit: Unit
    cost: float
    least: float
    most: float
    failed: tuple[str, ...]
    straight_m: float
    may_be: float
    doubt: str = ""

    @property
    def unsure(self) -> str:
        """Why it is not known whether it was eligible; empty where it is."""
        if self.failed and UNKNOWING.issuperset(self.failed):
            return ";".join(self.failed)
        return "" if self.failed else self.doubt

    @property
    def surely(self) -> bool:
        """Whether it was eligible, by all that was known."""
        return not self.failed and not self.doubt


@dataclass(frozen=True, slots=True)
class Sent:
    """Who was sent, and why.

    Parameters
    ----------
    reasons, late_reasons
        As recorded with the decision, and some time after.
    doubts
        See `Seen`.
    """

    callsigns: frozenset[str]
    reasons: tuple[str, ...] = ()
    late_reasons: tuple[str, ...] = ()
    doubts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision: who could have been sent, nearest first, and who was.

    Parameters
    ----------
    candidates
        By ``cost``, then by callsign: all up to the first that was sent, the others sent, and those that may have been
        eligible.
    nearest, eligible
        The nearest of all, and of those that might have been sent.
    missing
        The rules for which no place is known of units sent.
    straight
        Whether one of the units sent was the nearest of those that might have been, as the crow flies.
    unplaced
        How many units might have been sent, had their position been known.
    """

    incident: Incident
    sent: Sent
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
        The nearest of them that might have been sent: beyond doubt, or else as it seemed.
    """

    verdict: Class
    because: str = ""
    cause: str = ""
    judged: Candidate | None = None
    nearer: tuple[Candidate, ...] = ()
    better: Candidate | None = None


def by_road(recommendation: Recommendation, force: Force, sent: Sent) -> Asked:
    """Return a decision as the brain's answer to the picture of that moment shows it.

    Parameters
    ----------
    force
        Knows how long a unit that is ready to go takes to move.
    """
    ready_s = min(status.mobilisation_s for status in force.statuses.values() if not status.off_duty)
    timed = [line for line in recommendation.ledger if line.eta is not None]
    others = {line.unit.callsign: line.failed for line in recommendation.ledger if line.eta is None}

    def candidate(line: LedgerLine) -> Candidate:
        return _by_time(line, ready_s, sent.doubts)

    near = [_Near(line, line.unit, not line.failed, line.straight_m or 0.0) for line in timed]
    return _asked(recommendation.incident, near, candidate, others, sent)


def _by_time(line: LedgerLine, ready_s: int, doubts: Mapping[str, str]) -> Candidate:
    if line.eta is None:
        raise ValueError(f"{line.unit.callsign} has no time")
    eta = line.eta
    cost, least, most = (each / MS_PER_S for each in (eta.time_ms, eta.earliest_ms, eta.latest_ms))
    may_be = cost if line.unit.status is not None else cost - eta.mobilisation_ms / MS_PER_S + ready_s
    doubt = doubts.get(line.unit.callsign, "")
    return Candidate(line.unit, cost, least, most, _rules(line.failed), line.straight_m or 0.0, may_be, doubt)


def by_straight_line(picture: Picture, incident: Incident, force: Force, sent: Sent) -> Asked:
    """Return a decision as distances in a straight line show it, for where there is no road network.

    Eligible is judged by the same rules. The radii of positions are the uncertainty, and what a unit that may have
    moved could have driven since its report, at `STRAIGHT_KMH`.
    """
    grades = {each.incident_id: each.grade for each in picture.incidents}
    questions = [
        Question(unit, incident, picture.now, force, grades.get(unit.incident_id or "")) for unit in picture.units
    ]
    found, others = list[Candidate](), dict[str, tuple[Failure, ...]]()
    judged = zip(questions, failures_of(questions), age_doubt_ms(questions), strict=True)
    for question, failed, age_ms in judged:
        unit, rules = question.unit, _rules(failed)
        if unit.fix is None or PLACELESS.intersection(rules):
            others[unit.callsign] = failed
            continue
        straight_m = distance_m(unit.fix.lat, unit.fix.lon, incident.lat, incident.lon)
        off_m = accuracy_m(question, unit.fix) + int(age_ms) / MS_PER_S * STRAIGHT_KMH / KMH_PER_MPS
        told = (straight_m, straight_m - off_m, straight_m + off_m)
        found.append(Candidate(unit, *told, rules, straight_m, straight_m, sent.doubts.get(unit.callsign, "")))
    found.sort(key=lambda each: (each.cost, each.unit.callsign))
    near = [_Near(each, each.unit, not each.failed, each.straight_m) for each in found]
    return _asked(incident, near, lambda each: each, others, sent)


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
    sent: Sent,
) -> Asked:
    first = next((row for row, each in enumerate(near) if each.unit.callsign in sent.callsigns), -1)
    looked_at = {each.unit.callsign for row, each in enumerate(near) if row <= first or each.unit.status is None}
    looked_at |= {*sent.callsigns, *sent.doubts}
    shown = [each for each in near if each.unit.callsign in looked_at]
    eligible = next((each for each in near if each.eligible), None)
    might = [each for each in near if each.eligible or each.unit.callsign in sent.callsigns]
    crow = min(might, key=lambda each: (each.straight_m, each.unit.callsign), default=None)
    return Asked(
        incident=incident,
        sent=sent,
        candidates=tuple(candidate(each.line) for each in shown),
        nearest=candidate(near[0].line) if near else None,
        eligible=None if eligible is None else candidate(eligible.line),
        missing=tuple(_missing(near, others, sent)),
        straight=crow.unit.callsign in sent.callsigns if crow is not None and first >= 0 else None,
        unplaced=sum(bool(failed) and _UNPLACED.issuperset(_rules(failed)) for failed in others.values()),
    )


def _missing(near: Sequence[_Near[Line]], others: Mapping[str, tuple[Failure, ...]], sent: Sent) -> Iterator[str]:
    """Yield why no place is known of units sent."""
    placed = {each.unit.callsign for each in near}
    rules = {failure.rule for callsign in sent.callsigns for failure in others.get(callsign, ())} & PLACELESS
    yield from (f"sent_unit:{rule}" for rule in sorted(rules))
    if not rules and placed.isdisjoint(sent.callsigns):
        yield "sent_unit:not_in_the_records"


def judge(asked: Asked) -> Judgement:
    """Judge a decision; docs/audit.md has the definitions."""
    sent = [each for each in asked.candidates if each.unit.callsign in asked.sent.callsigns]
    others = [each for each in asked.candidates if each.unit.callsign not in asked.sent.callsigns]
    if not sent:
        return Judgement("unknown", because=";".join(asked.missing))
    judged, earliest = sent[0], min(each.least for each in sent)
    nearer = tuple(each for each in others if each.cost < judged.cost)
    better = next((each for each in nearer if each.surely and each.most < earliest), None)
    if better is not None and asked.missing:
        # Who else was sent may have been nearer still.
        return Judgement("unknown", because=";".join(asked.missing), judged=judged, nearer=nearer)
    if better is not None:
        cause = _cause(asked, judged, better)
        return Judgement("nearer_eligible_not_sent", cause=cause, judged=judged, nearer=nearer, better=better)
    unsure = next((each for each in others if each.unsure and _most_may_be(each) < earliest), None)
    if unsure is not None:
        rules = ";".join(f"nearer_unit:{rule}" for rule in unsure.unsure.split(";"))
        shown = nearer if unsure in nearer else (*nearer, unsure)
        return Judgement("unknown", because=rules, judged=judged, nearer=shown)
    return _nobody_beyond_doubt(judged, nearer, others)


def _nobody_beyond_doubt(judged: Candidate, nearer: tuple[Candidate, ...], others: Sequence[Candidate]) -> Judgement:
    """Judge where nobody was nearer beyond doubt that may have been sent."""
    seeming = next((each for each in nearer if each.surely), None)
    if seeming is not None or any(each.unsure and each.may_be < judged.cost for each in others):
        return Judgement("sent_within_noise", judged=judged, nearer=nearer, better=seeming)
    if nearer:
        return Judgement("nearer_not_eligible", because=";".join(nearer[0].failed), judged=judged, nearer=nearer)
    return Judgement("nearest_sent", judged=judged)


def _cause(asked: Asked, judged: Candidate, better: Candidate) -> str:
    """Name what the choice is consistent with; whether that was the cause is for people to say."""
    if asked.sent.reasons:
        return "reason_recorded"
    if asked.sent.late_reasons:
        return "reason_recorded_late"
    sector, other = asked.incident.sector, better.unit.sector
    if sector is not None and other is not None and judged.unit.sector == sector != other:
        return "own_sector"
    return "straight_line" if judged.straight_m < better.straight_m else "unexplained"


def _most_may_be(each: Candidate) -> float:
    """Return the latest that a unit of which something is not known would have been there, at its best."""
    return each.may_be + (each.most - each.cost)


def _rules(failed: Iterable[Failure]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(failure.rule for failure in failed))
