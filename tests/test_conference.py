"""The list for the next multi-agency conference: who is on it and why, and what came of each case."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from api.partner_schemas import ConferenceAnswer
from desks import TOWN, Room
from dispatch import dash, incidents
from dispatch.conference import Discussed, discussed, due, listed
from dispatch.disclosure import Reason
from dispatch.errors import Unknown
from dispatch.verification import verify_database
from graphs.errors import InputError
from nightshift import CLEVELAND, NOW
from test_desk_http import CALL, Desk, desk, simple

__all__ = ["desk", "simple"]
REASON = Reason("MARAC Middlesbrough", "Coordinator", "conference", "safeguarding")
SINCE = NOW - timedelta(days=14)


def abuse(room: Room, name: str, *people: str, **more: Any) -> None:
    room.receive(name, TOWN.at("C"), tags=("domestic_abuse",), people=people, **more)


def assess(room: Room, name: str, ticks: int, level: Any = None, because: str | None = None) -> None:
    room.do(partial(dash.assessed, incident_id=name, ticks=ticks, level=level, because=because))


def rules(room: Room) -> dict[str, list[str]]:
    with room.desk.store.reading() as reading:
        found = due(reading, room.live.state, CLEVELAND, SINCE, room.now)
    return {each.case.incident_id: [reason["rule"] for reason in each.reasons] for each in found}


def hold(room: Room, conference_id: str, *cases: Discussed) -> None:
    room.do(partial(discussed, conference_id=conference_id, discussed_at=room.now, outcomes=cases))


def make_list(room: Room) -> str:
    seq = room.live.state.seq
    room.do(partial(listed, held_at=room.now + timedelta(days=7), since=SINCE, reason=REASON))
    return f"conference:{seq + 1}"


class TestWhoIsDue:
    def test_many_ticks(self, room: Room) -> None:
        abuse(room, "N-1", "Ann Smith")
        assess(room, "N-1", 14)
        assert rules(room) == {"N-1": ["visible_high_risk"]}

    def test_one_tick_fewer_is_not(self, room: Room) -> None:
        abuse(room, "N-1", "Ann Smith")
        assess(room, "N-1", 13)
        assert rules(room) == {}

    def test_professional_judgement_and_its_words(self, room: Room) -> None:
        abuse(room, "N-1", "Ann Smith")
        assess(room, "N-1", 3, "high", "she is terrified")
        with room.desk.store.reading() as reading:
            (found,) = due(reading, room.live.state, CLEVELAND, SINCE, room.now)
        (reason,) = found.reasons
        assert (reason["rule"], reason["because"]) == ("professional_judgement", "she is terrified")
        assert reason["version"] == CLEVELAND.hash[:16]

    def test_escalation(self, room: Room) -> None:
        for number in range(CLEVELAND.risk.dash.escalation_incidents or 0):
            abuse(room, f"N-{number}", "Ann Smith")
            room.later(60)
        assess(room, f"N-{number}", 3)
        assert rules(room) == {f"N-{number}": ["potential_escalation"]}

    def test_a_repeat_after_a_conference(self, room: Room) -> None:
        abuse(room, "N-1", "Ann Smith")
        assess(room, "N-1", 20)
        hold(room, make_list(room), Discussed("N-1", "alarm fitted"))
        room.later(3600)
        abuse(room, "N-2", "Ann Smith")
        assert rules(room) == {"N-2": ["conference_repeat"]}

    def test_an_ended_incident_is_due_too(self, room: Room) -> None:
        abuse(room, "N-1", "Ann Smith")
        room.do(lambda known: incidents.closed(known, "N-1", "arrested"))
        assess(room, "N-1", 20)
        assert rules(room) == {"N-1": ["visible_high_risk"]}

    def test_what_was_before_is_not(self, room: Room) -> None:
        abuse(room, "N-1", "Ann Smith")
        assess(room, "N-1", 20)
        room.later(15 * 86_400)
        with room.desk.store.reading() as reading:
            later = due(reading, room.live.state, CLEVELAND, room.now - timedelta(days=14), room.now)
        assert later == []

    def test_a_case_that_was_discussed_is_due_again_only_after_something_new(self, room: Room) -> None:
        abuse(room, "N-1", "Ann Smith")
        assess(room, "N-1", 20)
        hold(room, make_list(room), Discussed("N-1", "alarm fitted"))
        assess_again = partial(assess, room, "N-1", 21)
        room.later(60)
        # The check that the discussion itself caused does not make it due.
        assert "visible_high_risk" not in rules(room).get("N-1", [])
        assess_again()
        assert "visible_high_risk" in rules(room)["N-1"]


class TestDiscussed:
    def test_gives_the_date_that_a_repeat_counts_from(self, room: Room) -> None:
        abuse(room, "N-1", "Ann Smith", "unknown")
        assess(room, "N-1", 20)
        name = make_list(room)
        room.later(7 * 86_400)
        hold(room, name, Discussed("N-1", "alarm fitted"))
        (subject,) = [each for each in room.live.state.subjects.values() if each.name == "Ann Smith"]
        assert subject.discussed_at == room.now

    def test_one_person_in_two_cases_is_one(self, room: Room) -> None:
        for name in ("N-1", "N-2"):
            abuse(room, name, "Ann Smith")
            assess(room, name, 20)
        hold(room, make_list(room), Discussed("N-1", "a"), Discussed("N-2", "b"))
        assert [each.name for each in room.live.state.subjects.values()] == ["Ann Smith"]

    def test_what_is_not_accepted_is_told_together(self, room: Room) -> None:
        abuse(room, "N-1")
        assess(room, "N-1", 20)
        name = make_list(room)
        with pytest.raises(InputError) as refused:
            hold(room, name, Discussed("N-1", "a"), Discussed("N-9", "b"))
        assert [(fault.where, fault.field) for fault in refused.value.faults] == [
            ("/outcomes/0", "people"),
            ("/outcomes/1", "incident_id"),
        ]
        with pytest.raises(Unknown):
            hold(room, "conference:99", Discussed("N-1", "a"))

    def test_a_conference_to_come_has_no_outcome(self, room: Room) -> None:
        abuse(room, "N-1", "Ann Smith")
        assess(room, "N-1", 20)
        told = {"conference_id": make_list(room), "discussed_at": room.now + timedelta(days=1)}
        with pytest.raises(InputError, match="a time up to now"):
            room.do(partial(discussed, **told, outcomes=[Discussed("N-1", "a")]))


def test_the_record_is_whole_with_its_documents(room: Room) -> None:
    abuse(room, "N-1", "Ann Smith")
    assess(room, "N-1", 20)
    hold(room, make_list(room), Discussed("N-1", "alarm fitted"))
    with room.desk.store.reading() as reading:
        verify_database(reading)


def body(_desk: Desk) -> dict[str, Any]:
    return {
        "held_at": "2026-12-01T09:00:00Z",
        "since": "2026-11-14T00:00:00Z",
        "recipient": {"organisation": "MARAC"},
        "purpose": "conference",
        "lawful_basis": "safeguarding",
    }


class TestHttp:
    def test_a_list_with_what_was_done(self, desk: Desk) -> None:
        desk.done("/v1/units/R1/on-duty", {"status": "2", "crew": 2})
        fix = {"callsign": "R1", "lat": 57.6936, "lon": 11.97328, "fixed_at": desk.now}
        desk.done("/v1/positions", {"positions": [fix]})
        name = desk.done("/v1/incidents", {**CALL, "people": ["Ann Smith"], "phone": "031 123456"})["incident_id"]
        desk.done(f"/v1/incidents/{name}/assignments", {"callsign": "R1"})
        for step in ("en-route", "at-scene"):
            desk.later(60)
            desk.done(f"/v1/incidents/{name}/assignments/R1/{step}")
        desk.done(f"/v1/incidents/{name}/dash", {"ticks": 16})
        made = desk.done("/v1/conferences", body(desk))
        ConferenceAnswer.model_validate(made)
        (case,) = made["cases"]
        assert [each["rule"] for each in case["reasons"]] == ["visible_high_risk"]
        assert (case["initial_response"]["to_scene_s"], case["initial_response"]["history_checked"]) == (120.0, True)
        assert [unit["callsign"] for unit in case["initial_response"]["units"]] == ["R1"]
        assert [each["level"] for each in case["reviews"]] == ["high"]
        assert case["people"] == ["Ann Smith"]
        assert "phone" not in case
        assert desk.get(f"/v1/conferences/{made['conference_id']}") == made
        day = "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z"
        (kept,) = desk.get(f"/v1/disclosures?{day}")["disclosures"]
        assert (kept["incident_id"], kept["recipient"]["organisation"]) == (name, "MARAC")
        desk.later(60)
        told = {"discussed_at": desk.now, "outcomes": [{"incident_id": name, "outcome": "alarm fitted"}]}
        held = desk.done(f"/v1/conferences/{made['conference_id']}/discussed", told)
        assert held["outcomes"] == {name: "alarm fitted"}
        assert len(held["discussed"]) == 1

    def test_as_csv(self, simple: Desk) -> None:
        name = simple.done("/v1/incidents", {**CALL, "people": ["Ann Smith"]})["incident_id"]
        simple.done(f"/v1/incidents/{name}/dash", {"ticks": 16})
        made = simple.done("/v1/conferences", body(simple))
        answer = simple.client.get(f"/v1/conferences/{made['conference_id']}", headers={"Accept": "text/csv"})
        header, row = answer.text.splitlines()
        assert {"incident_id", "reasons", "initial_response.first_at_scene_at"} <= set(header.split(","))
        assert "Ann Smith" in row

    def test_nobody_due_is_an_empty_list(self, simple: Desk) -> None:
        made = simple.done("/v1/conferences", body(simple))
        assert (made["cases"], made["purged"]) == ([], [])
        assert simple.get(f"/v1/conferences/{made['conference_id']}") == made
