"""What happened about one incident, step by step, and since when each step was known."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from dispatch.watched import TOGETHER
from scenarios.evidence import Evidence
from scenarios.past import PastAssignment, PastIncident
from scenarios.weighed import Decision, decision_about, whole

Step = Literal[
    "received", "second_report", "graded", "amended", "decision", "sent", "en_route", "at_scene", "cleared", "closed"
]
# In the order in which steps of one moment are told.
STEPS: Final[tuple[Step, ...]] = (
    *("received", "second_report", "graded", "amended", "decision", "sent", "en_route", "at_scene", "cleared"),
    "closed",
)


@dataclass(frozen=True, slots=True)
class Happened:
    """A step of an incident.

    Parameters
    ----------
    step
        One of `STEPS`; ``decision`` is the first sending, whatever was sent after it, or entered long after it, is
        ``sent``.
    at, known_at
        When it happened, and when it was entered; the same where the records do not say when.
    callsigns
        Of the units that it is about.
    value
        The grade given, the second report's name, ``FIELD=VALUE`` of what was amended, or how an assignment or the
        incident ended; empty for nothing.
    """

    step: Step
    at: datetime
    known_at: datetime
    callsigns: tuple[str, ...] = ()
    value: str = ""

    @property
    def order(self) -> tuple[datetime, int, tuple[str, ...], str]:
        """Sort key: by time, then as `STEPS` has them."""
        return self.at, STEPS.index(self.step), self.callsigns, self.value


def happened_to(past: PastIncident, evidence: Evidence) -> tuple[Happened, ...]:
    """Return every step of an incident and of the second reports of it, in order."""
    _, assignments = whole(past, evidence)
    decision = decision_about(past, evidence)
    together = () if decision is None else _entered_together(decision)
    found = [*_told(past, evidence), *(one for each in assignments for one in _steps(each, together))]
    if decision is not None:
        entered = min(_entered(each) for each in together)
        callsigns = tuple(dict.fromkeys(each.callsign for each in together))
        found.append(Happened("decision", decision.at, max(entered, decision.at), callsigns))
    return tuple(sorted(found, key=lambda each: each.order))


def _entered_together(decision: Decision) -> tuple[PastAssignment, ...]:
    """Return what of a decision was known since it was: who was entered long after the first was not known yet."""
    first = min(map(_entered, decision.sent))
    return tuple(each for each in decision.sent if _entered(each) <= max(first, each.assigned_at) + TOGETHER)


def _entered(each: PastAssignment) -> datetime:
    return _known(each.assigned_at, each.entered_at)


def _told(past: PastIncident, evidence: Evidence) -> Iterator[Happened]:
    """Yield what was told of the incident itself."""
    yield _happened("received", past.received_at, past.entered_at, value=past.grade or "")
    for other in evidence.merged(past.incident_id):
        yield _happened("second_report", other.received_at, other.entered_at, value=other.incident_id)
    for regrade in evidence.regrades.get(past.incident_id, ()):
        yield _happened("graded", regrade.at, regrade.entered_at, value=regrade.grade)
    for each in evidence.amendments.get(past.incident_id, ()):
        yield _happened("amended", each.at, each.entered_at, value=f"{each.field}={each.value or ''}")
    if past.closed_at is not None:
        yield _happened("closed", past.closed_at, past.closed_entered_at, value=past.outcome or "")


def _steps(each: PastAssignment, decided: Collection[PastAssignment]) -> Iterator[Happened]:
    """Yield the steps of one unit that was sent."""
    told = (each.callsign,)
    if each not in decided:
        yield _happened("sent", each.assigned_at, each.entered_at, told)
    if each.en_route_at is not None:
        yield _happened("en_route", each.en_route_at, each.entered_at, told)
    if each.on_scene_at is not None:
        yield _happened("at_scene", each.on_scene_at, each.entered_at, told)
    if each.cleared_at is not None:
        entered = each.cleared_entered_at or each.entered_at
        yield _happened("cleared", each.cleared_at, entered, told, each.ended or "")


def _happened(
    step: Step, at: datetime, entered: datetime | None, callsigns: tuple[str, ...] = (), value: str = ""
) -> Happened:
    return Happened(step, at, _known(at, entered), callsigns, value)


def _known(at: datetime, entered: datetime | None) -> datetime:
    """Return since when something counts as known: when it was entered, and never before it happened."""
    return at if entered is None else max(at, entered)
