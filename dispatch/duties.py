"""Units: on duty, off duty, status, crew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dispatch.desk import Known
from dispatch.errors import Conflict, WrongStep
from dispatch.naming import BODY, long_texts, require_name
from dispatch.record import Event, iso
from dispatch.state import Assignment, DutyUnit, Step
from dispatch.transitions import STEPS, may_follow
from graphs.errors import Fault, InputError
from graphs.faults import unknown_name


def on_duty(
    known: Known,
    callsign: str,
    start: datetime,
    end: datetime | None,
    status: str | None,
    crew: int | None,
    skills: Sequence[str],
    sector: str | None,
    home: tuple[float, float] | None,
) -> list[Event]:
    """Put a unit on duty.

    Raises
    ------
    Conflict
        It is on duty already.
    InputError
        The status or a skill is not in the force profile, or the end is not after the start.
    """
    require_name("callsign", callsign)
    require_no_incident(known, callsign)
    already = known.state.units.get(callsign)
    if already is not None:
        since = iso(already.duty_start)
        raise Conflict(f"{callsign} is on duty since {since}; end that duty first", duty=already.duty)
    _require(known, status, skills, sector)
    if end is not None and end <= start:
        raise InputError([Fault(BODY, "", "duty_end", iso(end), f"a moment after duty_start, {iso(start)}")])
    told = {
        # The row's number: no two duties have it.
        "duty": f"{callsign}/{known.next_seq}",
        "duty_start": iso(start),
        "duty_end": None if end is None else iso(end),
        "status": status,
        "crew": crew,
        "skills": sorted(skills),
        "sector": sector,
        "home": None if home is None else list(home),
    }
    return [Event("unit_on_duty", callsign, known.now, told)]


def require_no_incident(known: Known, name: str) -> None:
    """Refuse the name of an incident for something else: what is told of the one would be taken for the other.

    Raises
    ------
    Conflict
        There is, or was, an incident of that name.
    """
    if known.writing.is_incident(name):
        raise Conflict(f"there is an incident {name}: nothing else can have its name")


def off_duty(known: Known, callsign: str, at: datetime) -> list[Event]:
    """Take a unit off duty.

    Raises
    ------
    Unknown
        It is not on duty.
    Conflict
        It is bound to an incident: who would attend it must be settled first.
    """
    unit = known.live.unit(callsign)
    _require_unbound(unit)
    return [Event("unit_off_duty", callsign, not_ahead(known, at), {"duty": unit.duty})]


def _require_unbound(unit: DutyUnit) -> None:
    if unit.incident_id is not None:
        raise Conflict(
            f"{unit.callsign} is bound to incident {unit.incident_id}: stand it down, divert it or clear it first",
            incident_id=unit.incident_id,
        )


def change_status(known: Known, callsign: str, status: str, at: datetime) -> list[Event]:
    """Note the status code that a unit reports; one that goes with a step takes its assignment there.

    Raises
    ------
    Unknown
        It is not on duty.
    InputError
        The code is not in the force profile, or is told for a time to come.
    WrongStep
        The force profile does not let the one code follow the other.
    """
    unit = known.live.unit(callsign)
    _require(known, status, ())
    late = unit.status_at is not None and at < unit.status_at
    if not late and not known.force.may_change_status(unit.status, status):
        allowed = known.force.transitions[unit.status or ""]
        detail = (
            f"{callsign} has status {unit.status}, which {', '.join(allowed) or 'nothing'} may follow, not {status}"
        )
        raise WrongStep(detail, status=unit.status, allowed=list(allowed))
    noted = _status(known, unit, status, at)
    if known.force.statuses[status].off_duty:
        # What it has reported since shows that it is on duty again, or still.
        return noted if late else [*noted, *off_duty(known, callsign, at)]
    return [*noted, *_step(known, unit, status, at, late=late)]


def _status(known: Known, unit: DutyUnit, status: str, at: datetime) -> list[Event]:
    return [Event("unit_status", unit.callsign, not_ahead(known, at), {"status": status, "duty": unit.duty})]


def _step(known: Known, unit: DutyUnit, status: str, at: datetime, *, late: bool) -> list[Event]:
    step = known.force.statuses[status].step
    case = known.state.incidents.get(unit.incident_id or "")
    bound = case.assignment(unit.callsign) if case is not None else None
    if step is None or bound is None or not may_follow(bound.step, step):
        return []
    # It was told of another assignment, or the unit has reported since that it is not done.
    if _is_before(known, at, bound) or (late and step == "clear"):
        return []
    return [Event(f"unit_{step}", bound.incident_id, at, {"callsign": unit.callsign, "status": status})]


def _is_before(known: Known, at: datetime, bound: Assignment) -> bool:
    """Tell whether a moment is before the last step of an assignment, by more than clocks differ."""
    return (bound.stepped_at - at).total_seconds() > known.force.fixes.future_tolerance_s


def change_crew(known: Known, callsign: str, crew: int | None, skills: Sequence[str]) -> list[Event]:
    """Note who is aboard.

    Raises
    ------
    Unknown
        It is not on duty.
    InputError
        A skill is not in the force profile.
    """
    unit = known.live.unit(callsign)
    _require(known, None, skills)
    return [Event("unit_crew", callsign, known.now, {"crew": crew, "skills": sorted(skills), "duty": unit.duty})]


def step(known: Known, incident_id: str, callsign: str, to: Step, at: datetime, because: str | None) -> list[Event]:
    """Take a unit's assignment a step further.

    Raises
    ------
    Unknown
        The incident is not open, or the unit is not bound to it.
    WrongStep
        The step does not follow the one that it has come to.
    InputError
        It is told for a time to come, or before the step that it follows.
    """
    case = known.live.case(incident_id)
    bound = case.assignment(callsign)
    if bound is None:
        raise Conflict(f"{callsign} is not bound to incident {incident_id}")
    if not may_follow(bound.step, to):
        allowed = STEPS[bound.step]
        raise WrongStep(
            f"{callsign} is {bound.step} at incident {incident_id}; {', '.join(allowed)} may follow, not {to}",
            step=bound.step,
            allowed=list(allowed),
        )
    if _is_before(known, at, bound):
        accepted = f"a time not before it was {bound.step}, {iso(bound.stepped_at)}"
        raise InputError([Fault(BODY, "", "at", iso(at), accepted)])
    told = {"callsign": callsign, "status": known.force.status_of(to), "because": because}
    if to == "stood_down":
        told["status"] = known.force.status_of("clear") if bound.step == "en_route" else None
    return [Event(f"unit_{to}", incident_id, not_ahead(known, at), told)]


def _require(known: Known, status: str | None, skills: Sequence[str], sector: str | None = None) -> None:
    force = known.force
    faults = long_texts({"sector": sector})
    faults += [unknown_name(BODY, "skills", name, force.skills) for name in skills if name not in force.skills]
    if status is not None and status not in force.statuses:
        faults.append(unknown_name(BODY, "status", status, force.statuses))
    if faults:
        raise InputError(faults)


def not_ahead(known: Known, at: datetime) -> datetime:
    """Refuse a time to come, but for clocks that differ."""
    tolerance_s = known.force.fixes.future_tolerance_s
    if (at - known.now).total_seconds() > tolerance_s:
        accepted = f"a time up to now, {iso(known.now)}, or {tolerance_s} s later for clocks that differ"
        raise InputError([Fault(BODY, "", "at", iso(at), accepted)])
    return at
