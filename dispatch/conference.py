"""Multi-agency conferences on domestic abuse: which cases are due for discussion and why, and what came of each.

A case is due by the reasons for which one is referred (SafeLives): a visible high risk, which is a number of ticks;
professional judgement; potential escalation, which is a number of incidents; and a repeat within the force's months.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dispatch.concern import concerns, person_subject, require_person
from dispatch.dash import least_level, require_case
from dispatch.desk import Known
from dispatch.disclosure import Reason, disclosed, parts_for
from dispatch.duties import not_ahead
from dispatch.errors import Unknown
from dispatch.fold import case_of
from dispatch.force import Force
from dispatch.force_disclosure import Part
from dispatch.naming import BODY
from dispatch.normal import person_of
from dispatch.record import Event, Row, iso
from dispatch.risk import recheck
from dispatch.state import Assignment, Case, State
from dispatch.store import Reading
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, unknown_name

LISTED: Final = "conference_listed"
OUTCOME: Final = "conference_outcome"
# After one of these a risk may be high; after the other an incident may be a repeat.
_ASSESSED: Final = ("dash_recorded", "review_done", "incident_imported")
_CHECKED: Final = ("history_checked",)


@dataclass(frozen=True, slots=True)
class Due:
    """A case that is due for discussion, and why."""

    case: Case
    reasons: tuple[Mapping[str, Any], ...]


def due(reading: Reading, state: State, force: Force, since: datetime, now: datetime) -> list[Due]:
    """Return the cases with something since a moment that makes them due, and that were not discussed after it.

    Returns
    -------
    list of Due
        In the order in which the calls were received.
    """
    assessed, checked, settled = (_last(reading, kinds, since, now) for kinds in (_ASSESSED, _CHECKED, (OUTCOME,)))
    found = list[Due]()
    for name in assessed.keys() | checked.keys():
        case = state.incidents.get(name) or case_of(reading.about(name), name)
        if case is None:
            continue
        high = reasons_high(force, case) if assessed.get(name, 0) > settled.get(name, 0) else ()
        # Checks come again and again; what was discussed once is no further incident.
        repeat = reasons_repeat(case) if name in checked and name not in settled else ()
        if reasons := (*high, *repeat):
            found.append(Due(case, reasons))
    return sorted(found, key=lambda each: (each.case.received_at, each.case.incident_id))


def _last(reading: Reading, kinds: Sequence[str], since: datetime, now: datetime) -> dict[str, int]:
    found = dict[str, int]()
    for kind in kinds:
        # What was recorded in this very moment counts.
        for row in reading.of_kind(kind, since, now + timedelta(microseconds=1)):
            if row.subject is not None:
                found[row.subject] = max(found.get(row.subject, 0), row.seq)
    return found


def reasons_high(force: Force, case: Case) -> Iterator[dict[str, Any]]:
    """Yield why the risk of a case is high, if it is: the rule, its version, and the fact."""
    if case.dash is not None and case.dash["level"] == "high":
        rule, because = _high(force, case.dash)
        yield {"rule": rule, "version": force.hash[:16], "because": because}


def reasons_repeat(case: Case) -> Iterator[dict[str, Any]]:
    """Yield that a case is a further incident after a conference, if it is."""
    definitions: Mapping[str, Any] = (case.risk or {}).get("definitions") or {}
    repeat = definitions.get("conference_repeat")
    if repeat is None or not repeat["met"] or repeat["last_discussed_at"] >= iso(case.received_at):
        return
    because = f"{repeat['text']}; last {repeat['last_discussed_at']}"
    yield {"rule": "conference_repeat", "version": repeat["version"], "because": because}


def _high(force: Force, dash: Mapping[str, Any]) -> tuple[str, str]:
    ticks, least = dash.get("ticks"), dash.get("least")
    if ticks is None:
        return "high_risk", "assessed as high elsewhere; by what is not known"
    visible = least_level(force, ticks, 0)
    if visible.level == "high":
        return "visible_high_risk", visible.because[0]
    if least == "high":
        return "potential_escalation", "; ".join(dash["why"])
    return "professional_judgement", dash["because"] or str(dash.get("reviewed") or "raised at a review")


def listed(known: Known, held_at: datetime, since: datetime, reason: Reason) -> list[Event]:
    """List the cases due for the next conference, and record each as disclosed to its recipient.

    Raises
    ------
    InputError
        The purpose or basis is not in the force profile, or ``since`` is still to come.
    """
    parts = parts_for(known.force, reason)
    if since > known.now:
        raise InputError([Fault(BODY, "", "since", iso(since), f"a moment up to now, {iso(known.now)}")])
    name = f"conference:{known.next_seq}"
    found = due(known.writing, known.state, known.force, since, known.now)
    told = {
        "held_at": iso(held_at),
        "since": iso(since),
        **reason.values(),
        "fields": list(parts),
        "incidents": [each.case.incident_id for each in found],
    }
    events = [Event(LISTED, name, known.now, told)]
    for each in found:
        entry = {"conference_id": name, **entry_of(known.state, known.force, each, parts, known.now)}
        events.append(disclosed(known, each.case.incident_id, entry, reason, parts, len(events)))
    return events


def entry_of(state: State, force: Force, each: Due, parts: Sequence[Part], now: datetime) -> dict[str, Any]:
    """Return what is told of a case, as JSON values.

    Parameters
    ----------
    parts
        Of the incident, beside why it is due, its risk level, the initial response and what is still to be done.
    """
    case = each.case
    told = {
        "incident_id": case.incident_id,
        "received_at": iso(case.received_at),
        "type": case.type,
        "tags": list(case.tags),
        "grade": case.grade,
        "stage": case.stage,
        "reasons": [dict(reason) for reason in each.reasons],
        "level": None if case.dash is None else case.dash["level"],
        "initial_response": _response(case, units="resources" in parts),
        "reviews": _reviews(state, case, now),
        "tasks": _tasks(state, force, case, now),
    }
    shown: dict[Part, Mapping[str, Any]] = {
        "place": {"lat": case.lat, "lon": case.lon},
        "address": {"address": case.address},
        "people": {"people": list(case.people)},
        "phone": {"phone": case.phone},
        "notes": {"outcome": case.outcome},
        "risk": {"ticks": (case.dash or {}).get("ticks"), "markers": _markers(case)},
    }
    for part in parts:
        told |= shown.get(part, {})
    return told


def _response(case: Case, *, units: bool) -> dict[str, Any]:
    """Return what was done at the initial response: when, and by whom."""
    sent = [item.assigned_at for item in case.assignments]
    there = [item.at_scene_at for item in case.assignments if item.at_scene_at is not None]
    first, arrived = min(sent, default=None), min(there, default=None)
    told: dict[str, Any] = {
        "asked_grade": case.asked_grade,
        "raised_by": list(case.raised_by),
        "history_checked": case.risk is not None and "matches" in case.risk,
        "first_assigned_at": None if first is None else iso(first),
        "first_at_scene_at": None if arrived is None else iso(arrived),
        "to_scene_s": None if arrived is None else (arrived - case.received_at).total_seconds(),
    }
    return {**told, "units": [_unit(item) for item in case.assignments]} if units else told


def _unit(item: Assignment) -> dict[str, Any]:
    times = {"assigned_at": item.assigned_at, "at_scene_at": item.at_scene_at, "ended_at": item.ended_at}
    told = {name: None if at is None else iso(at) for name, at in times.items()}
    return {"callsign": item.callsign, "step": item.step, **told}


def _markers(case: Case) -> list[str]:
    found = (case.risk or {}).get("markers", ())
    return [f"{each['role']}, {each['level']}: {each['text']}" for each in found if each["in_force"] and each["holds"]]


def _reviews(state: State, case: Case, now: datetime) -> list[dict[str, Any]]:
    return [
        {"review_id": each.review_id, "level": each.level, "due_at": iso(each.due_at), "overdue": now > each.due_at}
        for each in state.reviews.values()
        if each.incident_id == case.incident_id
    ]


def _tasks(state: State, force: Force, case: Case, now: datetime) -> list[dict[str, Any]]:
    about = {case.incident_id, *(each.subject.subject for each in concerns(state, case, force.risk) if each.holds)}
    return [
        {"task_id": each.task_id, "kind": each.kind, "due_at": iso(each.due_at), "overdue": now > each.due_at}
        for each in state.tasks.values()
        if each.subject in about
    ]


@dataclass(frozen=True, slots=True)
class Discussed:
    """What a conference came to in a case.

    Parameters
    ----------
    people
        Who was discussed; None for those whom the incident names.
    """

    incident_id: str
    outcome: str
    people: Sequence[str] | None = None


def discussed(known: Known, conference_id: str, discussed_at: datetime, outcomes: Sequence[Discussed]) -> list[Event]:
    """Note what a conference came to; from then on the rule of a repeat counts for the people who were discussed.

    Raises
    ------
    Unknown
        There was no such conference.
    InputError
        A case was not on its list, nobody is named whom the rule could count for, or the moment is still to come.
    """
    at, names = not_ahead(known, discussed_at), conference_incidents(known.writing, conference_id)
    faults, events, subjects = list[Fault](), list[Event](), dict[Any, str]()
    for number, each in enumerate(outcomes):
        where = f"/outcomes/{number}"
        if each.incident_id not in names:
            faults.append(unknown_name(BODY, "incident_id", each.incident_id, names, where))
            continue
        people = _people(known, each)
        if not people:
            accepted = "names of who was discussed: the incident names nobody who can be found again"
            faults.append(Fault(BODY, where, "people", NOTHING, accepted))
            continue
        told = {"conference_id": conference_id, "outcome": each.outcome, "discussed_at": iso(at)}
        events.append(Event(OUTCOME, each.incident_id, known.now, told))
        events += _noted(known, people, at, subjects, events)
    if faults:
        raise InputError(faults)
    return recheck(known, events, subjects.values())


def conference_incidents(reading: Reading, conference_id: str) -> list[str]:
    """Return the incidents on the list of a conference.

    Raises
    ------
    Unknown
        There was no such conference.
    """
    return list((conference_row(reading, conference_id).details or {}).get("incidents", ()))


def conference_row(reading: Reading, conference_id: str) -> Row:
    """Return the row of the record that a conference was listed by.

    Raises
    ------
    Unknown
        There was no such conference.
    """
    for row in reading.about(conference_id):
        if row.kind == LISTED:
            return row
    raise Unknown(f"there is no conference {conference_id}")


def _people(known: Known, each: Discussed) -> list[str]:
    if each.people is not None:
        return list(each.people)
    named = require_case(known, each.incident_id).people
    return [name for name in named if person_of(name, known.force.risk.no_names) is not None]


def _noted(
    known: Known, people: Sequence[str], at: datetime, subjects: dict[Any, str], before: Sequence[Event]
) -> list[Event]:
    """Note each person as discussed; one who is named in several cases is one."""
    events = list[Event]()
    for name in people:
        person = require_person(known, name, "people")
        if person in subjects:
            continue
        subject, noted = person_subject(known, name, "people", len(before) + len(events))
        subjects[person] = subject
        told = {"discussed_at": iso(at), "note": None}
        events += [*noted, Event("conference_discussed", subject, known.now, told)]
    return events
