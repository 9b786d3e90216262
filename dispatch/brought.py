"""Several things that happened elsewhere, brought to the desk at once: all of them are recorded, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dispatch.desk import Known
from dispatch.duties import not_ahead
from dispatch.errors import Conflict
from dispatch.fold import foreseen
from dispatch.naming import BODY
from dispatch.record import Event
from dispatch.state import Step
from graphs.errors import Fault, InputError, NearestError
from graphs.faults import unknown_name

# Decides on one row, on what is known once the rows before it are recorded.
One = Callable[[Known], Sequence[Event]]


def brought(known: Known, rows: Iterable[tuple[str, One]]) -> list[Event]:
    """Decide on rows one after the other.

    Parameters
    ----------
    rows
        Where each stands, and its decision.

    Raises
    ------
    InputError
        With what stands against each of the rows; nothing is recorded then.
    """
    events, faults = list[Event](), list[Fault]()
    for where, one in rows:
        try:
            new = one(known)
        except InputError as error:
            faults += (replace(fault, where=where) for fault in error.faults)
        except NearestError as error:
            faults.append(Fault(BODY, where, "", "the row", "what goes with the record", str(error)))
        else:
            events += new
            known = _after(known, new)
    if faults:
        raise InputError(faults)
    return events


def _after(known: Known, new: Sequence[Event]) -> Known:
    state = foreseen(known.state, new, known.actor)
    # The rows that are not recorded yet count, so that names made of their numbers differ.
    state = replace(state, seq=state.seq + len(new))
    return replace(known, live=replace(known.live, state=state))


@dataclass(frozen=True, slots=True)
class Sent:
    """A unit that was sent to an incident elsewhere; None is a step that is not known, or to which it has not come."""

    incident_id: str
    callsign: str
    assigned_at: datetime
    en_route_at: datetime | None
    at_scene_at: datetime | None
    ended_at: datetime | None
    ended: Step
    reason: str | None


def sent(known: Known, told: Sent) -> list[Event]:
    """Note that a unit was sent: no recommendation of this desk stands behind it, and no rule is asked again.

    Raises
    ------
    Unknown
        The incident is not open, or the unit is not on duty.
    Conflict
        The unit is bound already.
    InputError
        The reason is not one of the force's, or a step is before the one that it follows.
    """
    known.live.case(told.incident_id)
    unit = known.live.unit(told.callsign)
    reasons = known.force.override_reasons
    if told.reason is not None and told.reason not in reasons:
        raise InputError([unknown_name(BODY, "reason", told.reason, reasons)])
    if unit.incident_id is not None:
        raise Conflict(f"{unit.callsign} is bound to incident {unit.incident_id}")
    values: dict[str, Any] = {
        "callsign": told.callsign,
        "duty": unit.duty,
        "recommendation": None,
        "suggested": False,
        "reason": told.reason,
        "note": None,
        "failed": [],
        "confirmed": False,
        "diverted_from": None,
    }
    return [Event("unit_assigned", told.incident_id, not_ahead(known, told.assigned_at), values), *_steps(known, told)]


def _steps(known: Known, told: Sent) -> list[Event]:
    events, last = list[Event](), told.assigned_at
    steps: tuple[tuple[Step, datetime | None], ...] = (
        ("en_route", told.en_route_at),
        ("at_scene", told.at_scene_at),
        (told.ended, told.ended_at),
    )
    for step, at in steps:
        if at is None:
            continue
        if at < last:
            accepted = f"a moment not before the step before it, {last.isoformat()}"
            raise InputError([Fault(BODY, "", step, at.isoformat(), accepted)])
        # The status stands in a file of its own.
        values = {"callsign": told.callsign, "status": None, "because": None}
        events.append(Event(f"unit_{step}", told.incident_id, not_ahead(known, at), values))
        last = at
    return events
