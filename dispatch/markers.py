"""Markers on people and addresses: placed, renewed, lifted. A marker that is not renewed ends by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.concern import address_subject, person_subject, require_person
from dispatch.desk import Known
from dispatch.duties import not_ahead
from dispatch.errors import Unknown
from dispatch.force_risk import LEVELS, Level, rank
from dispatch.naming import BODY
from dispatch.record import Event, iso
from dispatch.risk import recheck
from dispatch.state import State
from dispatch.state_risk import Marker, Role
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, written


@dataclass(frozen=True, slots=True)
class Warn:
    """A marker to be placed.

    Parameters
    ----------
    person, address
        One of the two: a name, with a date of birth behind it or not, or an address.
    place
        Latitude and longitude of an address, or None.
    linked_to
        Names of the perpetrators whose release concerns it.

    See `dispatch.state_risk.Marker` for the others.
    """

    role: Role
    level: Level
    text: str
    expires_at: datetime
    person: str | None = None
    address: str | None = None
    place: tuple[float, float] | None = None
    serial: bool = False
    most_serious: bool = False
    support: Sequence[str] = ()
    linked_to: Sequence[str] = ()


def placed(known: Known, warn: Warn) -> list[Event]:
    """Place a marker; open incidents that it concerns are checked again.

    Raises
    ------
    InputError
        With every fault of what is asked.
    """
    faults = [*_contradictions(warn), *_passed(known, warn.expires_at)]
    if faults:
        raise InputError(faults)
    subject, events = _subject(known, warn)
    linked, noted = _linked(known, warn, len(events))
    events += noted
    told = {
        "marker_id": f"M-{known.next_seq + len(events)}",
        "role": warn.role,
        "level": warn.level,
        "text": warn.text,
        "support": list(warn.support),
        "serial": warn.serial,
        "most_serious": warn.most_serious,
        "linked_to": linked,
        "expires_at": iso(warn.expires_at),
    }
    return recheck(known, [*events, Event("marker_placed", subject, known.now, told)], {subject})


def _contradictions(warn: Warn) -> list[Fault]:
    faults = []
    needed, other = ("address", "person") if warn.role == "address" else ("person", "address")
    if getattr(warn, needed) is None:
        faults.append(Fault(BODY, "", needed, NOTHING, f"what a marker with role {warn.role} is on"))
    if getattr(warn, other) is not None:
        accepted = f"nothing, for a marker with role {warn.role} is on a {needed}"
        faults.append(Fault(BODY, "", other, written(getattr(warn, other)), accepted))
    kinds = [name for name in ("serial", "most_serious") if getattr(warn, name) and warn.role != "perpetrator"]
    faults += (Fault(BODY, "", name, "true", "false, for only a perpetrator can be that") for name in kinds)
    if warn.linked_to and warn.role == "perpetrator":
        accepted = "nothing: a victim's or an address's marker names the perpetrators"
        faults.append(Fault(BODY, "", "linked_to", written(list(warn.linked_to)), accepted))
    return faults


def _passed(known: Known, expires_at: datetime) -> list[Fault]:
    if expires_at > known.now:
        return []
    return [Fault(BODY, "", "expires_at", iso(expires_at), f"a moment after now, {iso(known.now)}")]


def _subject(known: Known, warn: Warn) -> tuple[str, list[Event]]:
    if warn.address is not None:
        return address_subject(known, warn.address, warn.place, "address")
    return person_subject(known, warn.person or "", "person")


def _linked(known: Known, warn: Warn, ahead: int) -> tuple[list[str], list[Event]]:
    people = {require_person(known, name, "linked_to"): name for name in warn.linked_to}
    if warn.person is not None and require_person(known, warn.person, "person") in people:
        raise InputError([Fault(BODY, "", "linked_to", written(warn.person), "others than whom the marker is on")])
    subjects, events = list[str](), list[Event]()
    for name in people.values():
        subject, noted = person_subject(known, name, "linked_to", ahead + len(events))
        subjects.append(subject)
        events += noted
    return subjects, events


def renewed(
    known: Known,
    marker_id: str,
    expires_at: datetime,
    because: str,
    level: Level | None = None,
    support: Sequence[str] | None = None,
) -> list[Event]:
    """Let a marker hold for longer, on a level that may be higher; open incidents that it concerns are checked again.

    Parameters
    ----------
    level, support
        None leaves it as it is.

    Raises
    ------
    Unknown
        There is no such marker.
    InputError
        It would hold for a shorter time or on a lower level: that is for a supervisor, who lifts it.
    """
    marker = require_marker(known.state, marker_id)
    faults = _passed(known, expires_at)
    if expires_at <= marker.expires_at:
        faults.append(Fault(BODY, "", "expires_at", iso(expires_at), f"a moment after {iso(marker.expires_at)}"))
    if level is not None and rank(level) < rank(marker.level):
        allowed = " or ".join(LEVELS[rank(marker.level) :])
        faults.append(Fault(BODY, "", "level", level, f"{allowed}: a supervisor lifts a marker"))
    if faults:
        raise InputError(faults)
    told = {
        "marker_id": marker_id,
        "expires_at": iso(expires_at),
        "because": because,
        "level": level or marker.level,
        "support": None if support is None else list(support),
    }
    return recheck(known, [Event("marker_renewed", marker.subject, known.now, told)], {marker.subject})


def lifted(known: Known, marker_id: str, because: str) -> list[Event]:
    """Take a marker off before it ends by itself; what it raised stays as it is.

    Raises
    ------
    Unknown
        There is no such marker.
    """
    marker = require_marker(known.state, marker_id)
    return [Event("marker_lifted", marker.subject, known.now, {"marker_id": marker_id, "because": because})]


def require_marker(state: State, marker_id: str) -> Marker:
    """Return a marker.

    Raises
    ------
    Unknown
        There is none of that name, or it was lifted.
    """
    found = state.markers.get(marker_id)
    if found is None:
        raise Unknown(f"there is no marker {marker_id}, or it was lifted")
    return found


def discussed(known: Known, person: str, discussed_at: datetime, note: str | None) -> list[Event]:
    """Note that a multi-agency conference discussed somebody, or that somebody was referred to one.

    Raises
    ------
    InputError
        The name names nobody in particular, or the moment is still to come.
    """
    subject, events = person_subject(known, person, "person")
    told = {"discussed_at": iso(not_ahead(known, discussed_at)), "note": note}
    return recheck(known, [*events, Event("conference_discussed", subject, known.now, told)], {subject})
