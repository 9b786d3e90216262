"""An incident in the shape of an EIDO, held against the rules of NENA-STA-021.1 that are checked here by hand.

The standard's schema has no licence that lets a copy be kept. What follows it is named by the schema's own types: each
component has the prologue, the members that its type requires, and references that lead somewhere.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.partner_schemas import EidoAnswer
from desks import TOWN, Room
from dispatch import incidents
from dispatch.eido import eido
from dispatch.force_disclosure import PARTS
from nightshift import CLEVELAND, NOW
from test_desk_http import CALL, Desk, simple

__all__ = ["simple"]
# What each type of the schema requires beside the prologue, by the component that holds it.
REQUIRED = {
    "incidentComponent": {"incidentTypeCommonRegistryText"},
    "agencyComponent": {"agencyRoleDescriptionRegistryText", "agencyType"},
    "agentComponent": {"agentRoleRegistryText", "agencyReference"},
    "mergeComponent": {"incidentMergeDirectionCode", "incidentTrackingIdentifier"},
    "locationComponent": {"locationTypeDescriptionRegistryText"},
    "personComponent": {"personIncidentRoleRegistryText"},
    "callbackComponent": set[str](),
    "cautionComponent": {"cautionTypeInternalText", "cautionTypeCommonRegistryText", "cautionSeverity"},
    "emergencyResourceComponent": {
        "agentReference",
        "emergencyResourceTypeCommonRegistryText",
        "primaryUnitStatusRegistryText",
        "resourceAttributeRegistryText",
        "resourceAttributeInternalText",
        "secondaryUnitStatusRegistryText",
    },
    "dispatchComponent": set[str](),
    "notesComponent": {"notesActionComments"},
}
PROLOGUE = {"$id", "lastUpdateTimeStamp", "updatedByAgencyReference"}
SEVERITIES = {"highest", "high", "normal", "low", "lowest"}
PIDF = "{urn:ietf:params:xml:ns:pidf}"
GEOPRIV = "{urn:ietf:params:xml:ns:pidf:geopriv10}"


def components(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in document.items():
        if name.endswith("Component"):
            yield from ((name, each) for each in (value if isinstance(value, list) else [value]))


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"$ref"}:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def require_shape(document: dict[str, Any]) -> None:
    assert {*PROLOGUE, "eidoVersion", "issuingElementIdentification", "agencyComponent"} <= document.keys()
    assert document["eidoVersion"] == "1.0"
    assert isinstance(document["incidentComponent"], dict)
    names = [document["$id"]]
    for name, each in components(document):
        assert PROLOGUE | REQUIRED[name] <= each.keys(), name
        assert None not in each.values(), name
        datetime.fromisoformat(each["lastUpdateTimeStamp"])
        names.append(each["$id"])
    assert len(set(names)) == len(names)
    assert set(references(document)) <= set(names)
    for note in document.get("notesComponent", ()):
        assert note["$id"] in set(references(document))
    for caution in document.get("cautionComponent", ()):
        assert caution["cautionSeverity"] in SEVERITIES


@pytest.fixture
def busy(room: Room) -> Room:
    room.on_duty("R21", TOWN.at("B"), skills=["domestic_abuse_trained"])
    room.receive(
        "N-1",
        TOWN.at("C"),
        type="Screaming <in> a flat",
        tags=("domestic_abuse",),
        address="7 Linthorpe Road & yard",
        phone="01642 326326",
        people=("Ann Smith", "Bob Jones"),
    )
    room.send("N-1", "R21")
    for step in ("en_route", "at_scene"):
        room.later(60)
        room.step("N-1", "R21", step)  # type: ignore[arg-type]
    return room


def written(room: Room, *parts: Any) -> dict[str, Any]:
    return eido(room.case("N-1"), room.live.state.units, CLEVELAND, parts, room.now)


class TestShape:
    def test_with_every_part(self, busy: Room) -> None:
        document = written(busy, *PARTS)
        require_shape(document)
        assert {name for name, _ in components(document)} == REQUIRED.keys() - {"mergeComponent", "cautionComponent"}

    @pytest.mark.parametrize("part", PARTS)
    def test_with_one_part(self, busy: Room, part: Any) -> None:
        require_shape(written(busy, part))

    def test_ended_and_linked(self, busy: Room) -> None:
        busy.receive("N-2", TOWN.at("C"))
        busy.do(lambda known: incidents.linked(known, "N-2", "N-1"))
        document = written(busy)
        require_shape(document)
        (merge,) = document["mergeComponent"]
        assert merge["incidentMergeDirectionCode"] == "REPLACING"
        assert merge["incidentTrackingIdentifier"] == "urn:emergency:uid:incidentid:N-2:cleveland.police.uk"


class TestContent:
    def test_the_incident(self, busy: Room) -> None:
        told = written(busy)["incidentComponent"]
        assert told["internalIncidentId"] == "N-1"
        assert (told["incidentPriorityInternalText"], told["incidentCommonPriorityNumber"]) == ("emergency", 1)
        assert told["incidentStatusCommonRegistryText"] == ["Active"]

    def test_a_unit_with_its_steps_and_times(self, busy: Room) -> None:
        document = written(busy, "resources")
        (unit,) = document["emergencyResourceComponent"]
        assert (unit["emergencyResourceName"], unit["unitStatusInternal"]) == ("R21", ["at_scene"])
        assert unit["resourceAttributeInternalText"] == ["domestic_abuse_trained"]
        (note,) = [each for each in document["notesComponent"] if each["$id"] == unit["notesReference"][0]["$ref"]]
        there = (NOW + timedelta(seconds=120)).isoformat(timespec="microseconds").replace("+00:00", "Z")
        assert note["notesActionComments"].endswith(f"at scene {there}")

    def test_a_place_is_pidf_lo(self, busy: Room) -> None:
        point, civic = (
            ET.fromstring(each["locationByValue"])  # noqa: S314 - written by this product
            for each in written(busy, "place", "address")["locationComponent"]
        )
        lat, lon = TOWN.at("C")
        where = f"{PIDF}tuple/{PIDF}status/{GEOPRIV}geopriv/{GEOPRIV}location-info"
        assert point.tag == f"{PIDF}presence"
        found = point.findtext(f"{where}/{{http://www.opengis.net/gml}}Point/{{http://www.opengis.net/gml}}pos")
        assert found == f"{lat:.6f} {lon:.6f}"
        loc = "{urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr}"
        assert civic.findtext(f"{where}/{loc}civicAddress/{loc}LOC") == "7 Linthorpe Road & yard"

    def test_notes_are_html(self, busy: Room) -> None:
        busy.do(lambda known: incidents.amended(known, "N-1", {"people": ["<b>Ann"]}))
        assert "&lt;b&gt;Ann" in str(written(busy, "people"))

    def test_a_telephone_number_is_a_uri(self, busy: Room) -> None:
        (callback,) = written(busy, "phone")["callbackComponent"]
        assert callback["callBackInformationUri"] == ["tel:+441642326326"]

    @pytest.mark.parametrize(
        ("part", "secret"),
        [("people", "Ann Smith"), ("phone", "326326"), ("address", "Linthorpe"), ("resources", "R21")],
    )
    def test_what_is_not_asked_for_is_not_told(self, busy: Room, part: Any, secret: str) -> None:
        assert secret in str(written(busy, part))
        assert secret not in str(written(busy, *(each for each in PARTS if each != part)))

    def test_who_sent_the_unit_is_not_told(self, busy: Room) -> None:
        assert "anna" not in str(written(busy, *PARTS))


class TestHttp:
    def test_shows_no_person_unless_told_to(self, simple: Desk) -> None:
        name = simple.done("/v1/incidents", {**CALL, "people": ["Ann Smith"]})["incident_id"]
        plain = simple.get(f"/v1/incidents/{name}/eido")
        require_shape(plain)
        assert "Ann Smith" not in str(plain)
        assert "Ann Smith" in str(simple.get(f"/v1/incidents/{name}/eido?fields=people"))

    def test_is_as_the_openapi_document_says(self, simple: Desk) -> None:
        name = simple.done("/v1/incidents", {**CALL, "people": ["Ann Smith"], "phone": "031 123456"})["incident_id"]
        EidoAnswer.model_validate(simple.get(f"/v1/incidents/{name}/eido?fields={','.join(PARTS)}"))

    def test_counts_as_consulting_the_incident(self, simple: Desk) -> None:
        name = simple.done("/v1/incidents", CALL)["incident_id"]
        simple.get(f"/v1/incidents/{name}/eido")
        events = simple.get(f"/v1/record?subject={name}")["events"]
        kinds = [(row["kind"], row["payload"].get("operation")) for row in events]
        assert ("consulted", "eido") in kinds

    def test_what_is_not_accepted_is_told(self, simple: Desk) -> None:
        name = simple.done("/v1/incidents", CALL)["incident_id"]
        answer = simple.client.get(f"/v1/incidents/{name}/eido?fields=peple&x=1")
        assert answer.status_code == 422
        assert {fault["field"] for fault in answer.json["faults"]} == {"fields", "x"}
        assert simple.client.get("/v1/incidents/none/eido").status_code == 404
