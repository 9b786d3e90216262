"""People and addresses of concern: who they are, and which of them an incident concerns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dispatch.desk import Known
from dispatch.force_risk import Risk
from dispatch.lookup import Told, address_keys, people_of, person_keys, wanted_of
from dispatch.naming import BODY
from dispatch.normal import NEAR_M, Person, cell_of, person_of, shortened
from dispatch.record import Event, iso
from dispatch.state import State
from dispatch.state_risk import Key, Marker, Subject
from graphs.coordinates import distance_m
from graphs.errors import Fault, InputError
from graphs.faults import written

NOTED: Final = "subject_noted"
_NAMES: Final = "first name and surname, or one name with a date of birth, such as Ann Smith, 1980-02-01"
# How an incident may be joined to a subject, as it is told; what is only near is shown and counts for nothing.
_HOLDING: Final = frozenset({"same person", "same address", "same building, and a flat is not known"})


@dataclass(frozen=True, slots=True)
class Concern:
    """A person or an address of concern to an incident, and how so."""

    subject: Subject
    how: str

    @property
    def holds(self) -> bool:
        """Whether what is so for the subject is so for the incident."""
        return self.how in _HOLDING


def concerns(state: State, told: Told, risk: Risk) -> list[Concern]:
    """Return the people and addresses that an incident concerns, the surest first."""
    wanted = wanted_of(told, risk)
    names = {name for kind, key in wanted for name in state.named.get(f"{kind}|{key}", ())}
    people = people_of(told, risk)
    found = [(state.subjects[name], how) for name in names if (how := _how(state.subjects[name], told, wanted, people))]
    joined = [Concern(subject, how) for subject, how in found]
    return sorted(joined, key=lambda each: (not each.holds, each.subject.subject))


def _how(subject: Subject, told: Told, wanted: frozenset[Key], people: Sequence[Person]) -> str | None:
    if subject.person:
        born = () if subject.born is None else (subject.born,)
        same = (each for each in people if ("person", shortened(each.name)) in subject.keys and each.may_be(born))
        return "same person" if next(same, None) is not None else None
    shared = wanted & frozenset(subject.keys)
    kinds = {kind for kind, _ in shared}
    if "address" in kinds:
        return "same address"
    if "building" in kinds:
        known = _has_flat(wanted) and _has_flat(subject.keys)
        return "same building" if known else "same building, and a flat is not known"
    near = subject.place is not None and distance_m(told.lat, told.lon, *subject.place) <= NEAR_M
    return f"within {NEAR_M:.0f} m" if near else None


def _has_flat(keys: Collection[Key]) -> bool:
    return any(kind == "address" and not key.startswith("|") for kind, key in keys)


def markers_of(state: State, concerned: Sequence[Concern], now: datetime) -> list[dict[str, Any]]:
    """Return the markers on what an incident concerns as JSON values, those not in force too."""
    return [
        {**marker_values(state.markers[name], now), "on": each.how, "holds": each.holds}
        for each in concerned
        for name in each.subject.markers
        if name in state.markers
    ]


def marker_values(marker: Marker, now: datetime) -> dict[str, Any]:
    """Return a marker as it is at a moment, without whom it is on."""
    until = [each.until for each in marker.raised if now < each.until]
    return {
        "marker_id": marker.marker_id,
        "role": marker.role,
        "level": marker.level_at(now),
        "serial": marker.serial,
        "most_serious": marker.most_serious,
        "text": marker.text,
        "support": list(marker.support),
        "expires_at": iso(marker.expires_at),
        "in_force": marker.in_force(now),
        "raised_until": iso(max(until)) if until else None,
    }


def find_person(state: State, person: Person) -> Subject | None:
    """Return a person that is known: of the same name, and the same date of birth or none where none is told."""
    return next((each for each in namesakes(state, person) if each.born == person.born), None)


def namesakes(state: State, person: Person) -> list[Subject]:
    """Return the people known whom a name may mean: no other date of birth speaks against it."""
    named = (state.subjects[name] for name in state.named.get(f"person|{shortened(person.name)}", ()))
    return [each for each in named if person.may_be(() if each.born is None else (each.born,))]


def find_address(state: State, address: str, risk: Risk) -> Subject | None:
    """Return an address that is known."""
    keys = [key for key in address_keys(address, risk) if key[0] == "address"]
    names = (name for kind, key in keys for name in state.named.get(f"{kind}|{key}", ()))
    return next((state.subjects[name] for name in names), None)


def person_subject(known: Known, name: str, field: str, ahead: int = 0) -> tuple[str, list[Event]]:
    """Return the subject of a person, and the event that makes it known where it was not.

    Parameters
    ----------
    name
        As it was told.
    field
        What to call it in a fault.
    ahead
        How many events come before in the same decision.

    Raises
    ------
    InputError
        It names nobody in particular.
    """
    person = require_person(known, name, field)
    found = find_person(known.state, person)
    if found is not None:
        return found.subject, []
    subject = f"person:{known.next_seq + ahead}"
    told = {"name": name, "born": person.born, "keys": [list(key) for key in person_keys(person)], "place": None}
    return subject, [Event(NOTED, subject, known.now, told)]


def require_person(known: Known, name: str, field: str) -> Person:
    """Read a name.

    Raises
    ------
    InputError
        It names nobody in particular.
    """
    person = person_of(name, known.force.risk.no_names)
    if person is None:
        raise InputError([Fault(BODY, "", field, written(name), _NAMES)])
    return person


def address_subject(
    known: Known, address: str, place: tuple[float, float] | None, field: str, ahead: int = 0
) -> tuple[str, list[Event]]:
    """Return the subject of an address, and the event that makes it known where it was not; see `person_subject`.

    Parameters
    ----------
    place
        Latitude and longitude, or None.

    Raises
    ------
    InputError
        It is no address.
    """
    found = find_address(known.state, address, known.force.risk)
    if found is not None:
        return found.subject, []
    subject, keys = f"address:{known.next_seq + ahead}", list(_address_keys(address, place, known.force.risk))
    if not any(kind == "address" for kind, _ in keys):
        raise InputError([Fault(BODY, "", field, written(address), "an address with a street or a house's name")])
    told = {
        "name": address,
        "born": None,
        "keys": [list(key) for key in keys],
        "place": None if place is None else list(place),
    }
    return subject, [Event(NOTED, subject, known.now, told)]


def _address_keys(address: str, place: tuple[float, float] | None, risk: Risk) -> Iterator[Key]:
    yield from address_keys(address, risk)
    if place is not None:
        yield "cell", cell_of(*place)
