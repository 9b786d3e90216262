"""Incidents: received, regraded, amended, linked, cancelled, closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dispatch.desk import Known
from dispatch.duties import not_ahead
from dispatch.errors import Conflict
from dispatch.fold import RECEIVED
from dispatch.naming import BODY, long_texts, require_name
from dispatch.record import Event
from dispatch.risk import RESTS_ON, with_check
from dispatch.state import Case
from graphs.errors import Fault, InputError
from graphs.faults import unknown_name, written


def received(known: Known, incident_id: str, at: datetime, told: Mapping[str, Any]) -> list[Event]:
    """Open an incident.

    Parameters
    ----------
    incident_id
        Names it; a name is never used again.
    at
        When the call was received.
    told
        What is known of it: the names of `dispatch.fold.RECEIVED`.

    Raises
    ------
    Conflict
        There is, or was, an incident of that name.
    InputError
        A grade, tag or skill is not in the force profile, or the call is of a time to come.
    """
    require_name("incident_id", incident_id)
    if known.writing.about(incident_id):
        raise Conflict(f"there is an incident {incident_id} already, or something else of that name")
    _require(known, told)
    values = {name: told[name] for name in RECEIVED}
    return with_check(known, [Event("incident_received", incident_id, not_ahead(known, at), values)])


def regraded(known: Known, incident_id: str, grade: str, because: str, at: datetime) -> list[Event]:
    """Give an incident another grade; both the old and the new clock stay in the record.

    Raises
    ------
    Unknown
        No such incident is open.
    Conflict
        It has that grade.
    InputError
        The grade is not in the force profile, or is told for a time to come.
    """
    case = known.live.case(incident_id)
    _require(known, {"grade": grade})
    if case.grade == grade:
        raise Conflict(f"incident {incident_id} is {grade} already")
    told = {"grade": grade, "from": case.grade, "because": because, "raised_by": []}
    return [Event("incident_regraded", incident_id, not_ahead(known, at), told)]


def amended(known: Known, incident_id: str, changes: Mapping[str, Any]) -> list[Event]:
    """Correct or complete what is known of an incident; its grade is changed by regrading.

    Raises
    ------
    Unknown
        No such incident is open.
    InputError
        Nothing is changed, or a tag or skill is not in the force profile.
    """
    known.live.case(incident_id)
    _require(known, changes)
    if not changes:
        names = [name for name in RECEIVED if name != "grade"]
        raise InputError([Fault(BODY, "", "", "an empty object", f"at least one of {', '.join(names)}")])
    change = [Event("incident_amended", incident_id, known.now, {"changes": dict(changes)})]
    return change if RESTS_ON.isdisjoint(changes) else with_check(known, change)


def linked(known: Known, incident_id: str, duplicate_of: str) -> list[Event]:
    """Note that an incident is the same as another; its units must be settled first.

    What was known of it alone goes over to the other: tags, and a grade that is more urgent.

    Raises
    ------
    Unknown
        One of the two is not open.
    Conflict
        Units are bound to it, or both are one.
    """
    case, other = known.live.case(incident_id), known.live.case(duplicate_of)
    if case is other:
        raise Conflict(f"incident {incident_id} cannot be a duplicate of itself")
    _require_unattended(case)
    link = Event("incident_linked", incident_id, known.now, {"duplicate_of": duplicate_of})
    return [link, *_carried_over(known, case, other)]


def _carried_over(known: Known, case: Case, kept: Case) -> list[Event]:
    """Give the incident that is kept what was known of the other alone: its tags, and a more urgent grade.

    A grade that a check raised is not carried over: its first reason may have been the incident that is kept.
    """
    events = []
    tags = sorted({*kept.tags, *case.tags})
    if tags != sorted(kept.tags):
        events.append(Event("incident_amended", kept.incident_id, known.now, {"changes": {"tags": tags}}))
    own = case.asked_grade if case.raised_by else case.grade
    if known.force.outranks(own, kept.grade):
        because = f"incident {case.incident_id}, which is the same, was graded {own}"
        told = {"grade": own, "from": kept.grade, "because": because, "raised_by": [*kept.raised_by, because]}
        events.append(Event("incident_regraded", kept.incident_id, known.now, told))
    return with_check(known, events) if events else []


def cancelled(known: Known, incident_id: str, because: str) -> list[Event]:
    """Cancel an incident: nobody is needed.

    Raises
    ------
    Unknown
        No such incident is open.
    Conflict
        Units are bound to it.
    """
    _require_unattended(known.live.case(incident_id))
    return [Event("incident_cancelled", incident_id, known.now, {"outcome": because})]


def closed(known: Known, incident_id: str, outcome: str) -> list[Event]:
    """Close an incident: what was to be done is done.

    Raises
    ------
    Unknown
        No such incident is open.
    Conflict
        Units are bound to it.
    """
    _require_unattended(known.live.case(incident_id))
    return [Event("incident_closed", incident_id, known.now, {"outcome": outcome})]


def _require_unattended(case: Case) -> None:
    bound = [item.callsign for item in case.bound]
    if bound:
        raise Conflict(
            f"{', '.join(bound)} {'is' if len(bound) == 1 else 'are'} bound to incident {case.incident_id}: "
            "stand down, divert or clear first",
            callsigns=bound,
        )


def _require(known: Known, told: Mapping[str, Any]) -> None:
    force = known.force
    asked: Sequence[tuple[str, Mapping[str, Any], Sequence[str]]] = (
        ("grade", force.grades, [told["grade"]] if "grade" in told else []),
        ("tags", force.tags, told.get("tags", ())),
        ("needs", force.skills, told.get("needs", ())),
    )
    faults = long_texts(told)
    faults += [
        unknown_name(BODY, field, name, table) for field, table, names in asked for name in names if name not in table
    ]
    if "lat" in told and not known.network.contains(told["lat"], told["lon"]):
        place = written([told["lat"], told["lon"]])
        faults.append(Fault(BODY, "", "lat, lon", place, f"a place in the network {known.network.meta.source}"))
    if faults:
        raise InputError(faults)
