"""Sending units: the suggested one at a word, another with a reason, an ineligible one with a confirmation as well.

Nothing is sent by itself: a dispatcher names the unit. What is checked is that nobody else has sent it, and that
whoever departs from the suggestion knows it and says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dispatch.desk import Known
from dispatch.eligibility import Failure, Question, failures
from dispatch.errors import Conflict, NotEligible, NotSuggested, StaleRecommendation, UnitTaken, WrongStep
from dispatch.model import Incident, Unit
from dispatch.naming import BODY
from dispatch.recommendation import Recommendation
from dispatch.record import Event, iso
from dispatch.state import Assignment, Case, DutyUnit
from dispatch.transitions import may_follow
from graphs.errors import InputError
from graphs.faults import unknown_name


@dataclass(frozen=True, slots=True)
class Send:
    """What a dispatcher asks.

    Parameters
    ----------
    recommendation
        The number of the recommendation that was looked at, or None.
    reason, note
        Why another than the suggested unit: a code of the force profile, and words.
    confirm
        Send the unit although a rule speaks against it.
    divert
        Take the unit from the incident that it is bound to.
    """

    incident_id: str
    callsign: str
    recommendation: int | None = None
    reason: str | None = None
    note: str | None = None
    confirm: bool = False
    divert: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """The recommendation that the dispatcher looked at.

    Parameters
    ----------
    seq
        The number of its row.
    suggested
        Whom it suggested.
    changed
        What has happened since, in sentences.
    """

    seq: int
    suggested: tuple[str, ...]
    changed: tuple[str, ...]


def assigned(known: Known, send: Send, fresh: Recommendation, looked: Looked | None) -> list[Event]:
    """Send a unit to an incident.

    Parameters
    ----------
    known
        All that is recorded by now.
    send
        What is asked.
    fresh
        A recommendation made just now.
    looked
        The one that was looked at, if any.

    Raises
    ------
    Unknown
        The incident is not open, or the unit is not on duty.
    UnitTaken
        The unit is bound to an incident; with who sent it, when, and the fresh recommendation.
    NotEligible, NotSuggested, StaleRecommendation
        A confirmation or a reason is missing, or the picture has moved on; with the fresh recommendation.
    InputError
        The reason is not one of the force's.
    """
    case, unit = known.live.case(send.incident_id), known.live.unit(send.callsign)
    _require_reason_known(known, send)
    _require_free(known, send, case, unit, fresh)
    failed = _failed(known, case, unit, fresh)
    _require_eligible(send, failed, fresh)
    suggested = send.callsign in fresh.suggested or send.callsign in fresh.indistinguishable_from
    if not suggested and send.reason is None:
        _refuse_unsuggested(send, fresh, looked)
    return [*_leaving(known, send, unit), _sent(known, send, unit, failed, suggested=suggested)]


def _require_reason_known(known: Known, send: Send) -> None:
    reasons = known.force.override_reasons
    if send.reason is not None and send.reason not in reasons:
        raise InputError([unknown_name(BODY, "reason", send.reason, reasons)])


def _require_free(known: Known, send: Send, case: Case, unit: DutyUnit, fresh: Recommendation) -> None:
    if unit.incident_id is None:
        if send.divert:
            raise Conflict(f"{unit.callsign} is not bound to an incident: assign it")
        return
    held = _held(known, unit)
    if unit.incident_id == case.incident_id or not send.divert:
        by = f" by {held.by} at {iso(held.assigned_at)}" if held is not None else ""
        hint = "" if unit.incident_id == case.incident_id else "; to take it from there, divert it"
        raise UnitTaken(
            f"{unit.callsign} was sent to incident {unit.incident_id}{by}{hint}", **_taken(unit, held), **_fresh(fresh)
        )
    if held is not None and not may_follow(held.step, "diverted"):
        raise WrongStep(f"{unit.callsign} is {held.step} at incident {unit.incident_id} and cannot be diverted")


def _held(known: Known, unit: DutyUnit) -> Assignment | None:
    case = known.state.incidents.get(unit.incident_id or "")
    return case.assignment(unit.callsign) if case is not None else None


def _taken(unit: DutyUnit, held: Assignment | None) -> dict[str, Any]:
    return {
        "taken": {
            "callsign": unit.callsign,
            "incident_id": unit.incident_id,
            "by": held.by if held else None,
            "at": iso(held.assigned_at) if held else None,
        }
    }


def _fresh(fresh: Recommendation) -> dict[str, Any]:
    return {"recommendation": fresh.as_dict()}


def _failed(known: Known, case: Case, unit: DutyUnit, fresh: Recommendation) -> tuple[Failure, ...]:
    """Return the rules that speak against a unit: those of now, and those of place from the fresh recommendation."""
    tolerance_s = known.force.fixes.future_tolerance_s
    seen = unit.unit(known.live.positions.shown(unit.callsign, known.now, tolerance_s))
    other = known.state.incidents.get(unit.incident_id or "")
    now = failures(_question(known, seen, case.incident(), other))
    line = next((line for line in fresh.ledger if line.unit.callsign == unit.callsign), None)
    if line is None:
        return (*now, Failure("not_in_ledger", "it came on duty after the recommendation was made"))
    rules = {failure.rule for failure in now}
    placed = tuple(item for item in line.failed if item.rule in {"outside_area", "unreachable"})
    return (*now, *(item for item in placed if item.rule not in rules))


def _question(known: Known, unit: Unit, incident: Incident, other: Case | None) -> Question:
    return Question(unit, incident, known.now, known.force, other.grade if other is not None else None)


def _require_eligible(send: Send, failed: tuple[Failure, ...], fresh: Recommendation) -> None:
    if not failed or (send.confirm and send.reason is not None):
        return
    because = "; ".join(f"{failure.rule}: {failure.because}" for failure in failed)
    needed = "a reason" if send.confirm else "a confirmation and a reason"
    raise NotEligible(
        f"{send.callsign} is not eligible ({because}); sending it all the same needs {needed}",
        failed=[{"rule": failure.rule, "because": failure.because} for failure in failed],
        **_fresh(fresh),
    )


def _refuse_unsuggested(send: Send, fresh: Recommendation, looked: Looked | None) -> None:
    suggested = ", ".join(fresh.suggested) or "nobody"
    if looked is not None and send.callsign in looked.suggested:
        changed = looked.changed or ("positions have changed",)
        raise StaleRecommendation(
            f"since the recommendation {looked.seq} {'; '.join(changed)}; suggested now: {suggested}",
            changed=list(changed),
            **_fresh(fresh),
        )
    raise NotSuggested(
        f"{suggested} is suggested; sending {send.callsign} needs one of the force's reasons", **_fresh(fresh)
    )


def _leaving(known: Known, send: Send, unit: DutyUnit) -> list[Event]:
    if unit.incident_id is None:
        return []
    told = {"callsign": unit.callsign, "to": send.incident_id, "status": None, "because": send.reason}
    return [Event("unit_diverted", unit.incident_id, known.now, told)]


def _sent(known: Known, send: Send, unit: DutyUnit, failed: tuple[Failure, ...], *, suggested: bool) -> Event:
    told = {
        "callsign": unit.callsign,
        "duty": unit.duty,
        "recommendation": send.recommendation,
        "suggested": suggested,
        "reason": send.reason,
        "note": send.note,
        "failed": [failure.rule for failure in failed],
        "confirmed": send.confirm,
        "diverted_from": unit.incident_id,
    }
    return Event("unit_assigned", send.incident_id, known.now, told)
