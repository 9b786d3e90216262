"""What is told to partners about an incident: to whom, for which purpose, on which basis, and the very document.

The document is kept under its hash, which the record names: it goes when the incident is purged, and that it was
disclosed, when and by whom stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from dispatch.desk import Known
from dispatch.force import Force
from dispatch.force_disclosure import Part
from dispatch.naming import BODY
from dispatch.record import Event
from graphs.errors import Fault, InputError
from graphs.faults import unknown_name, written

DISCLOSED: Final = "disclosed"


@dataclass(frozen=True, slots=True)
class Reason:
    """To whom something is told, and why.

    Parameters
    ----------
    organisation, person
        Of the recipient; the person may be None.
    purpose, lawful_basis
        Codes of the force profile.
    fields
        Which parts of an incident are told; None for all that the purpose has.
    """

    organisation: str
    person: str | None
    purpose: str
    lawful_basis: str
    fields: Sequence[Part] | None = None

    def values(self) -> dict[str, Any]:
        """Return it as JSON values, without the parts."""
        recipient = {"organisation": self.organisation, "person": self.person}
        return {"recipient": recipient, "purpose": self.purpose, "lawful_basis": self.lawful_basis}


def parts_for(force: Force, reason: Reason) -> tuple[Part, ...]:
    """Return the parts of an incident that are told.

    Raises
    ------
    InputError
        The purpose or the basis is not in the force profile, or more is asked than the purpose needs.
    """
    table = force.disclosure
    faults = [
        unknown_name(BODY, field, name, known)
        for field, name, known in (
            ("purpose", reason.purpose, table.purposes),
            ("lawful_basis", reason.lawful_basis, table.lawful_bases),
        )
        if name not in known
    ]
    allowed = table.purposes[reason.purpose].fields if reason.purpose in table.purposes else ()
    if reason.purpose in table.purposes:
        faults += _too_much(reason, allowed)
    if faults:
        raise InputError(faults)
    return allowed if reason.fields is None else tuple(dict.fromkeys(reason.fields))


def _too_much(reason: Reason, allowed: Sequence[Part]) -> list[Fault]:
    hint = f"that is what the purpose {reason.purpose} needs, by the force profile"
    accepted = ", ".join(allowed) or "none"
    return [
        Fault(BODY, "", "fields", written(name), accepted, hint) for name in reason.fields or () if name not in allowed
    ]


def disclosed(
    known: Known, incident_id: str, document: Mapping[str, Any], reason: Reason, parts: Sequence[Part], ahead: int = 0
) -> Event:
    """Keep a document that is told to a partner, and return the event that says so.

    Parameters
    ----------
    document
        JSON values.
    parts
        Which parts of the incident it tells.
    ahead
        How many events come before in the same decision.
    """
    body = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    name = known.writing.keep(DISCLOSED, body, known.next_seq + ahead)
    told = {**reason.values(), "fields": list(parts), "document_sha256": name}
    return Event(DISCLOSED, incident_id, known.now, told)
