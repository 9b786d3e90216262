"""An incident and its resources in the shape of an Emergency Incident Data Object (EIDO, NENA-STA-021.1).

Components and members have the names of that standard's schema, and refer to each other as it says. What stands in
members that take words of its registries is explained in ``docs/desk.md``: a force's own words stand beside them. Only
the parts that are asked for are written; without any, the document says what happened, how urgent it is and its state.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from html import escape
from typing import Any, Final

from dispatch.force import Force
from dispatch.force_disclosure import Part
from dispatch.normal import phone_of
from dispatch.record import iso
from dispatch.state import Assignment, Case, DutyUnit, Stage, Step

VERSION: Final = "1.0"
ELEMENT: Final = "nearest-first"
OTHER: Final = "Other"
_STATUSES: Final[Mapping[Stage, str]] = {
    "open": "Active",
    "duplicate": "Closed",
    "cancelled": "Cancelled",
    "closed": "Closed",
}
_STEPS: Final[Mapping[Step, tuple[str, str]]] = {
    "assigned": ("Assigned", "Dispatched"),
    "en_route": ("Assigned", "Enroute"),
    "at_scene": ("Assigned", "OnScene"),
    "clear": ("Unassigned", "Cleared"),
    "stood_down": ("Unassigned", "Cancelled"),
    "diverted": ("Unassigned", "Diverted"),
}
_SEVERITIES: Final = {"high": "high", "medium": "normal", "standard": "low"}
_PIDF: Final = "urn:ietf:params:xml:ns:pidf"
_GEOPRIV: Final = f"{_PIDF}:geopriv10"
_CIVIC: Final = f"{_GEOPRIV}:civicAddr"
_GML: Final = "http://www.opengis.net/gml"
_WGS84: Final = "urn:ogc:def:crs:EPSG::4326"
Component = dict[str, Any]


def eido(
    case: Case, units: Mapping[str, DutyUnit], force: Force, parts: Collection[Part], now: datetime
) -> dict[str, Any]:
    """Write an incident as an EIDO.

    Parameters
    ----------
    case
        The incident.
    units
        Those on duty, by callsign: the skills of a unit that was sent are told while it is on that duty.
    parts
        What is told beside what happened, how urgent it is and its state.
    now
        The moment of writing.

    Returns
    -------
    dict
        JSON values.
    """
    return _Writer(case, units, force, frozenset(parts), now).document()


class _Writer:
    def __init__(
        self, case: Case, units: Mapping[str, DutyUnit], force: Force, parts: frozenset[Part], now: datetime
    ) -> None:
        self._case, self._units, self._force, self._parts, self._now = case, units, force, parts, now
        self._agency = force.disclosure.agency
        self._notes = list[Component]()

    def document(self) -> dict[str, Any]:
        """Write every component; an empty list is left out."""
        places, people = list(self._places()), list(self._people())
        resources, cautions = list(self._resources()), list(self._cautions())
        told = {
            **self._prologue(self._now, None),
            "eidoVersion": VERSION,
            "issuingElementIdentification": f"{ELEMENT}.{self._agency}",
            "incidentComponent": self._incident(places, people, cautions),
            "mergeComponent": list(self._merged()),
            "locationComponent": places,
            "personComponent": people,
            "callbackComponent": list(self._callbacks()),
            "cautionComponent": cautions,
            "emergencyResourceComponent": resources,
            "dispatchComponent": list(self._dispatches()),
            "notesComponent": self._notes,
            "agencyComponent": [self._owner()],
            "agentComponent": [self._agent()] if resources else [],
        }
        return {name: value for name, value in told.items() if value != []}

    def _prologue(self, at: datetime, kind: str | None, number: int = 0) -> Component:
        """Write what every component begins with (section 2.1 of the standard)."""
        return {
            "$id": _tracking(self._case.incident_id, self._agency) if kind is None else self._name(kind, number),
            "lastUpdateTimeStamp": iso(at),
            "updatedByAgencyReference": {"$ref": self._agency},
        }

    def _name(self, kind: str, number: int = 0) -> str:
        return f"{_tracking(self._case.incident_id, self._agency)}:{kind}:{number}"

    def _ref(self, kind: str, number: int = 0) -> dict[str, str]:
        return {"$ref": self._name(kind, number)}

    def _note(self, at: datetime, text: str, **more: Any) -> dict[str, str]:
        """Add a note, whose text is HTML by the standard, and return a reference to it."""
        number = len(self._notes)
        self._notes.append({**self._prologue(at, "note", number), "notesActionComments": escape(text), **more})
        return self._ref("note", number)

    def _owner(self) -> Component:
        told = {
            "$id": self._agency,
            "agencyRoleDescriptionRegistryText": ["CallReceiving", "Dispatch"],
            "agencyType": ["police"],
            "incidentOwningAgencyIndicator": True,
        }
        return {**self._prologue(self._now, "agency"), **told}

    def _agent(self) -> Component:
        # The room as one agent: which of its people sent a unit is nobody's business outside it.
        told = {"agentRoleRegistryText": ["Dispatching"], "agencyReference": {"$ref": self._agency}}
        return {**self._prologue(self._now, "agent"), **told}

    def _incident(self, places: list[Component], people: list[Component], cautions: list[Component]) -> Component:
        case, grade = self._case, self._force.grades.get(self._case.grade)
        told = {
            **self._prologue(case.ended_at or case.graded_at, "incident"),
            "incidentTypeCommonRegistryText": OTHER,
            "incidentTypeInternalText": case.type,
            "incidentTypeInternalCode": ";".join(case.tags) or None,
            "incidentStatusCommonRegistryText": [_STATUSES[case.stage]],
            "incidentStatusInternalText": [case.stage],
            "internalIncidentId": case.incident_id,
            "incidentPriorityInternalText": case.grade,
            "incidentCommonPriorityNumber": None if grade is None else grade.rank,
            "beatOrDispatchGroupText": case.sector,
            "locationReference": _references(places) or None,
            "personReference": _references(people) or None,
            "dispositionComponent": self._dispositions() or None,
            "notesReference": list(self._incident_notes(cautions)),
        }
        return {name: value for name, value in told.items() if value is not None}

    def _incident_notes(self, cautions: list[Component]) -> Iterator[dict[str, str]]:
        case = self._case
        # The standard has a time of receipt for a call only, of which the record knows nothing else.
        yield self._note(case.received_at, f"received {iso(case.received_at)}")
        if "notes" in self._parts and case.ended_at is not None:
            yield self._note(case.ended_at, f"{case.stage} {iso(case.ended_at)}")
        if "phone" in self._parts and case.phone is not None and self._number() is None:
            yield self._note(case.received_at, f"telephone: {case.phone}")
        if cautions:
            yield self._note(self._now, "cautions", cautionReference=_references(cautions))

    def _number(self) -> str | None:
        phone = self._case.phone
        return None if phone is None else phone_of(phone, self._force.risk.phone_region)

    def _dispositions(self) -> list[Component]:
        case = self._case
        if "notes" not in self._parts or case.outcome is None:
            return []
        told = {"dispositionCommonRegistryCode": OTHER, "dispositionDescriptionText": case.outcome}
        return [{**self._prologue(case.ended_at or self._now, "disposition"), **told}]

    def _merged(self) -> Iterator[Component]:
        case = self._case
        others = [(name, "REPLACING") for name in case.duplicates]
        if case.duplicate_of is not None:
            others.append((case.duplicate_of, "REPLACED"))
        for number, (other, direction) in enumerate(others):
            told = {
                "incidentTrackingIdentifier": _tracking(other, self._agency),
                "incidentMergeDirectionCode": direction,
            }
            yield {**self._prologue(case.ended_at or self._now, "merge", number), **told}

    def _places(self) -> Iterator[Component]:
        case, number = self._case, 0
        if "place" in self._parts:
            yield self._place(number, _presence(case, point=(case.lat, case.lon)))
            number += 1
        if "address" in self._parts and case.address is not None:
            yield {
                **self._place(number, _presence(case, address=case.address)),
                "locationDescriptionText": case.address,
            }

    def _place(self, number: int, presence: str) -> Component:
        told = {"locationTypeDescriptionRegistryText": "CurrentIncident", "locationByValue": presence}
        return {**self._prologue(self._case.received_at, "location", number), **told}

    def _people(self) -> Iterator[Component]:
        people = self._case.people if "people" in self._parts else ()
        for number, name in enumerate(people):
            # A name as it was told is not taken apart into the parts that NIEM has for one.
            told = {
                "personIncidentRoleRegistryText": [OTHER],
                "notesReference": [self._note(self._case.received_at, name)],
            }
            yield {**self._prologue(self._case.received_at, "person", number), **told}

    def _callbacks(self) -> Iterator[Component]:
        number = self._number() if "phone" in self._parts else None
        if number is not None:
            yield {**self._prologue(self._case.received_at, "callback"), "callBackInformationUri": [f"tel:{number}"]}

    def _cautions(self) -> Iterator[Component]:
        found = list(_warnings(self._case)) if "risk" in self._parts else []
        for number, (level, text) in enumerate(found):
            told = {
                "cautionTypeInternalText": text,
                "cautionTypeCommonRegistryText": OTHER,
                "cautionSeverity": _SEVERITIES.get(level, "normal"),
                "cautionSource": self._agency,
            }
            yield {**self._prologue(self._now, "caution", number), **told}

    def _resources(self) -> Iterator[Component]:
        for number, sent in enumerate(self._sent()):
            primary, secondary = _STEPS[sent.step]
            told = {
                "emergencyResourceTypeCommonRegistryText": OTHER,
                "emergencyResourceTypeInternalText": "police unit",
                "emergencyResourceName": sent.callsign,
                "primaryUnitStatusRegistryText": primary,
                "secondaryUnitStatusRegistryText": [secondary],
                "unitStatusInternal": [sent.step],
                "resourceAttributeRegistryText": [OTHER],
                "resourceAttributeInternalText": self._skills(sent),
                "agentReference": [self._ref("agent")],
                "notesReference": [self._note(_times(sent)[-1][1], _course(sent))],
            }
            yield {**self._prologue(_times(sent)[-1][1], "resource", number), **told}

    def _sent(self) -> tuple[Assignment, ...]:
        return self._case.assignments if "resources" in self._parts else ()

    def _skills(self, sent: Assignment) -> list[str]:
        unit = self._units.get(sent.callsign)
        # Somebody else may be aboard by now, under the same callsign.
        return list(unit.skills) if unit is not None and unit.duty == sent.duty and unit.skills else ["not known"]

    def _dispatches(self) -> Iterator[Component]:
        for number, sent in enumerate(self._sent()):
            told: Component = {
                "agencyReference": {"$ref": self._agency},
                "agentReference": self._ref("agent"),
                "emergencyResourceReference": [self._ref("resource", number)],
            }
            if "notes" in self._parts and sent.note is not None:
                told["notesReference"] = [self._note(sent.assigned_at, sent.note)]
            yield {**self._prologue(sent.assigned_at, "dispatch", number), **told}


def _tracking(incident_id: str, agency: str) -> str:
    """Name an incident as the standard does, for all agencies."""
    return f"urn:emergency:uid:incidentid:{incident_id}:{agency}"


def _references(components: list[Component]) -> list[dict[str, str]]:
    return [{"$ref": each["$id"]} for each in components]


def _times(sent: Assignment) -> list[tuple[str, datetime]]:
    """Return the steps of an assignment that are known, each with its time."""
    known = (
        ("assigned", sent.assigned_at),
        ("en route", sent.en_route_at),
        ("at scene", sent.at_scene_at),
        (sent.step.replace("_", " "), sent.ended_at),
    )
    return [(name, at) for name, at in known if at is not None]


def _course(sent: Assignment) -> str:
    return "; ".join(f"{name} {iso(at)}" for name, at in _times(sent))


def _warnings(case: Case) -> Iterator[tuple[str, str]]:
    """Yield a level and a text for the risk assessment and each marker in force that holds for the incident."""
    if case.dash is not None:
        yield case.dash["level"], f"risk assessment (DASH): {case.dash['level']}"
    for marker in (case.risk or {}).get("markers", ()):
        if marker["in_force"] and marker["holds"]:
            yield marker["level"], f"{marker['role']}: {marker['text']}"


def _presence(case: Case, point: tuple[float, float] | None = None, address: str | None = None) -> str:
    """Write a place as a PIDF-LO (RFC 4119, 5139 and 5491).

    An address as it was told stands whole in LOC, for nobody has taken it apart into street, number and town.
    """
    root = ET.Element(f"{{{_PIDF}}}presence", {"entity": f"pres:incident-{_plain(case.incident_id)}@example.invalid"})
    told = ET.SubElement(root, f"{{{_PIDF}}}tuple", {"id": "place"})
    geopriv = ET.SubElement(ET.SubElement(told, f"{{{_PIDF}}}status"), f"{{{_GEOPRIV}}}geopriv")
    where = ET.SubElement(geopriv, f"{{{_GEOPRIV}}}location-info")
    if point is not None:
        shape = ET.SubElement(where, f"{{{_GML}}}Point", {"srsName": _WGS84})
        ET.SubElement(shape, f"{{{_GML}}}pos").text = f"{point[0]:.6f} {point[1]:.6f}"
    if address is not None:
        ET.SubElement(ET.SubElement(where, f"{{{_CIVIC}}}civicAddress"), f"{{{_CIVIC}}}LOC").text = address
    ET.SubElement(geopriv, f"{{{_GEOPRIV}}}usage-rules")
    ET.SubElement(told, f"{{{_PIDF}}}timestamp").text = iso(case.received_at)
    return ET.tostring(root, encoding="unicode", xml_declaration=False)


def _plain(name: str) -> str:
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name)
