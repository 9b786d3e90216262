"""Looking back at incidents of a replay: their steps, and what was known at any moment of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from api.places import QUERY
from dispatch.errors import Unknown
from dispatch.force import Force
from dispatch.model import Unit
from dispatch.record import iso
from graphs.errors import Fault, InputError
from scenarios.hindsight import Later
from scenarios.looked_back import LookBack, Then
from scenarios.moments import Happened


def moments_values(back: LookBack, incident_id: str) -> dict[str, Any]:
    """Return the steps of an incident, and from when to when it can be looked at.

    Raises
    ------
    Unknown
        The records have no such incident.
    """
    start, end = _span(back, incident_id)
    decided_at = back.decided_at(incident_id)
    return {
        "start": iso(start),
        "end": iso(end),
        "decided_at": None if decided_at is None else iso(decided_at),
        "time_zone": back.force.time_zone,
        "moments": [_step(each, back.force) for each in back.happened(incident_id)],
    }


def known_values(back: LookBack, incident_id: str, at: datetime, ways: Iterable[str]) -> dict[str, Any]:
    """Return what was known at a moment of an incident.

    Parameters
    ----------
    ways
        Callsigns of which the way is told too, as far as they had a time.

    Raises
    ------
    Unknown
        The records have no such incident.
    InputError
        Nothing of it happened as early as that, or as late.
    """
    start, end = _span(back, incident_id)
    if not start <= at <= end:
        raise InputError([Fault(QUERY, "", "at", iso(at), f"a moment from {iso(start)} to {iso(end)}")])
    then = back.then(incident_id, at)
    return {
        "at": iso(at),
        "before": then.before,
        "incident": None if then.incident is None else _incident(then, back.force),
        "units": [_unit(each, then, back.force) for each in then.picture.units],
        "recommendation": None if then.answer is None else then.answer.as_dict(),
        "why_not": then.why_not or None,
        "closures": then.closures,
        "ways": list(_ways(then, ways)),
        "later": [_later(each, back.force) for each in then.later],
        "later_closures": then.later_closures,
    }


def _span(back: LookBack, incident_id: str) -> tuple[datetime, datetime]:
    try:
        return back.span(incident_id)
    except KeyError:
        raise Unknown(f"there is no incident {incident_id} in the records of the replay") from None


def _step(each: Happened, force: Force) -> dict[str, Any]:
    return {
        "step": each.step,
        "at": iso(each.at),
        "known_at": iso(each.known_at),
        "callsigns": list(each.callsigns),
        "value": _said(each.step, each.value, force) or None,
    }


def _said(name: str, value: str, force: Force) -> str:
    """Return what a step came to, with the grade as people call it."""
    graded = name in {"received", "graded"} and value in force.grades
    return force.grade(value).label if graded else value


def _incident(then: Then, force: Force) -> dict[str, Any]:
    known = then.incident
    if known is None:
        raise ValueError("the incident was not known")
    return {
        "lat": known.lat,
        "lon": known.lon,
        "grade": known.grade,
        "grade_label": force.grade(known.grade).label,
        "type": known.type,
        "tags": sorted(known.tags),
        "units_needed": known.units_needed,
        "sector": known.sector,
    }


def _unit(unit: Unit, then: Then, force: Force) -> dict[str, Any]:
    fix, status = unit.fix, unit.status
    return {
        "callsign": unit.callsign,
        "status": status,
        "status_label": None if status is None else force.statuses[status].label,
        "crew": unit.crew,
        "sector": unit.sector,
        "incident_id": unit.incident_id,
        "assigned_at": None if unit.assigned_at is None else iso(unit.assigned_at),
        "doubt": then.doubts.get(unit.callsign),
        "lat": None if fix is None else fix.lat,
        "lon": None if fix is None else fix.lon,
        "course_deg": None if fix is None else fix.course_deg,
        "fixed_at": None if fix is None else iso(fix.fixed_at),
        "fix_age_s": None if fix is None else (then.at - fix.fixed_at).total_seconds(),
    }


def _ways(then: Then, callsigns: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    for callsign in dict.fromkeys(callsigns):
        way = then.way(callsign) if callsign else None
        if way is not None:
            yield {"callsign": callsign, "coordinates": way}


def _later(each: Later, force: Force) -> dict[str, Any]:
    label = force.statuses[each.value].label if each.kind == "status" and each.value in force.statuses else each.value
    return {
        "kind": each.kind,
        "name": each.name,
        "at": None if each.at is None else iso(each.at),
        "known_at": iso(each.known_at),
        "callsigns": list(each.callsigns),
        "value": _said(each.name, label, force) or None,
        "lat": None if each.fix is None else each.fix.lat,
        "lon": None if each.fix is None else each.fix.lon,
    }
