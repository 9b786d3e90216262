"""What is told to partners: to whom, why, by which basis, and the very document."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson
import pytest

from desks import TOWN, Room
from dispatch import incidents
from dispatch.disclosure import Reason, disclosed, parts_for
from dispatch.purge import purge
from dispatch.verification import verify_database
from graphs.errors import InputError
from nightshift import CLEVELAND
from test_desk_http import CALL, Desk, desk, simple

__all__ = ["desk", "simple"]
WHO = {"recipient": {"organisation": "Ambulance service", "person": "Duty officer"}}
BODY: dict[str, Any] = {**WHO, "purpose": "mutual_aid", "lawful_basis": "vital_interests"}
DAY = "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z"


def call(desk: Desk) -> str:
    told = {**CALL, "people": ["Ann Smith"], "phone": "01642 326326"}
    return str(desk.done("/v1/incidents", told)["incident_id"])


class TestDisclosure:
    def test_is_told_and_recorded(self, desk: Desk) -> None:
        name = call(desk)
        told = desk.done(f"/v1/incidents/{name}/disclosures", BODY)
        assert told["incidentComponent"]["internalIncidentId"] == name
        assert "Ann Smith" not in str(told)
        (kept,) = desk.get(f"/v1/disclosures?{DAY}")["disclosures"]
        assert {key: kept[key] for key in ("recipient", "purpose", "lawful_basis", "by", "incident_id")} == {
            **BODY,
            "by": "system:tests",
            "incident_id": name,
        }
        assert kept["fields"] == ["place", "address", "resources", "notes"]
        body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
        assert kept["document_sha256"] == sha256(body).hexdigest()

    def test_the_document_is_kept_and_proved(self, desk: Desk) -> None:
        told = desk.done(f"/v1/incidents/{call(desk)}/disclosures", BODY)
        store = desk.client.application.extensions["nearest"].desk.store
        with store.reading() as reading:
            verify_database(reading)
            (row,) = [row for row in reading.after(0) if row.kind == "disclosed"]
            assert orjson.loads(reading.document(row.details["document_sha256"])) == told

    def test_of_an_ended_incident_too(self, simple: Desk) -> None:
        name = call(simple)
        simple.done(f"/v1/incidents/{name}/close", {"outcome": "arrested"})
        told = simple.done(f"/v1/incidents/{name}/disclosures", BODY)
        assert told["incidentComponent"]["incidentStatusCommonRegistryText"] == ["Closed"]

    def test_twice_by_one_key_is_once(self, simple: Desk) -> None:
        path = f"/v1/incidents/{call(simple)}/disclosures"
        first, again = (simple.done(path, BODY, "one") for _ in range(2))
        assert first == again
        assert len(simple.get(f"/v1/disclosures?{DAY}")["disclosures"]) == 1

    def test_fewer_parts_may_be_told(self, simple: Desk) -> None:
        told = simple.done(f"/v1/incidents/{call(simple)}/disclosures", {**BODY, "fields": []})
        assert "locationComponent" not in told

    def test_more_than_the_purpose_needs_is_refused(self, simple: Desk) -> None:
        answer = simple.post(f"/v1/incidents/{call(simple)}/disclosures", {**BODY, "fields": ["people", "place"]})
        assert answer.status_code == 422
        assert [(fault["field"], fault["value"]) for fault in answer.json["faults"]] == [("fields", '"people"')]
        assert simple.get(f"/v1/disclosures?{DAY}")["disclosures"] == []

    def test_an_unknown_purpose_and_basis_are_told_together(self, simple: Desk) -> None:
        body = {**BODY, "purpose": "gossip", "lawful_basis": "none"}
        answer = simple.post(f"/v1/incidents/{call(simple)}/disclosures", body)
        assert {fault["field"] for fault in answer.json["faults"]} == {"purpose", "lawful_basis"}

    def test_the_period_is_needed(self, simple: Desk) -> None:
        answer = simple.client.get("/v1/disclosures?from=yesterday")
        assert {fault["field"] for fault in answer.json["faults"]} == {"from", "to"}


def test_a_force_without_purposes_discloses_nothing(room: Room) -> None:
    bare = CLEVELAND.model_copy(update={"disclosure": type(CLEVELAND.disclosure)()})
    with pytest.raises(InputError, match="no name, because none is defined"):
        parts_for(bare, Reason("A", None, "mutual_aid", "consent"))
    room.receive("N-1", TOWN.at("C"))


def test_equal_documents_are_kept_once_and_recorded_twice(room: Room) -> None:
    room.receive("N-1", TOWN.at("C"))
    reason = Reason("Ambulance", None, "mutual_aid", "consent")
    for _ in range(2):
        room.do(lambda known: [disclosed(known, "N-1", {"a": 1}, reason, ())])
    with room.desk.store.reading() as reading:
        rows = [row for row in reading.about("N-1") if row.kind == "disclosed"]
        assert len({row.details["document_sha256"] for row in rows if row.details}) == 1
        assert len(rows) == 2
        verify_database(reading)


def test_the_document_goes_with_the_incident_and_that_it_was_disclosed_stays(room: Room) -> None:
    room.receive("N-1", TOWN.at("C"))
    reason = Reason("Ambulance", None, "mutual_aid", "consent")
    room.do(lambda known: [disclosed(known, "N-1", {"a": 1}, reason, ())])
    room.do(lambda known: incidents.closed(known, "N-1", "arrested"))
    room.later(400 * 86_400)
    retention = CLEVELAND.retention.model_copy(update={"incidents_days": 365, "tags_days": {}})
    gone = purge(room.desk.store, CLEVELAND.model_copy(update={"retention": retention}), room.now, "anna")
    assert (gone.incidents, len(gone.documents)) == ({"N-1"}, 1)
    with room.desk.store.reading() as reading:
        (row,) = [row for row in reading.about("N-1") if row.kind == "disclosed"]
        assert (row.details, row.actor) == (None, "anna")
        verify_database(reading)
