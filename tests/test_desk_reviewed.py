"""What is told late, twice or at the same moment changes nothing that it should not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clients import with_key
from desks import TOWN, Room
from dispatch import closing, incidents
from dispatch.advice import still_fresh
from dispatch.assignments import Send, assigned
from dispatch.desk import Known
from dispatch.errors import NotSuggested
from dispatch.markers import Warn, placed
from dispatch.record import Event
from dispatch.releases import Release, notified
from dispatch.risk import check_again
from graphs.errors import InputError
from test_desk_http import CALL, Desk, open_desk

A, B, C = (TOWN.at(place) for place in "ABC")


@pytest.fixture
def room(database_url: str) -> Iterator[Room]:
    made = Room(database_url)
    yield made
    made.close()


@pytest.fixture
def desk(gothenburg_file: Path, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(gothenburg_file, f"sqlite:///{tmp_path}/desk.db") as made:
        yield made


class TestToldLate:
    def test_off_duty_does_not_undo_what_was_reported_since(self, room: Room) -> None:
        room.on_duty("R21")
        room.later(600)
        room.status("R21", "2")
        room.later(60)
        room.status("R21", "11", room.now - timedelta(seconds=300))
        assert room.unit("R21").status == "2"

    def test_a_status_does_not_take_a_later_assignment_further(self, room: Room) -> None:
        room.on_duty("R21", A)
        room.receive("N-1", B)
        room.receive("N-2", C)
        room.send("N-1", "R21")
        for step in ("en_route", "at_scene", "clear"):
            room.later(60)
            room.step("N-1", "R21", step)
        there = room.now - timedelta(seconds=60)
        room.later(60)
        room.fix("R21", B)
        room.send("N-2", "R21")
        room.later(60)
        room.status("R21", "6", there)
        (sent,) = room.case("N-2").assignments
        assert (sent.step, room.unit("R21").status) == ("assigned", "2")

    def test_clear_does_not_free_a_unit_that_has_reported_since_that_it_is_there(self, room: Room) -> None:
        room.on_duty("R21", A)
        room.receive("N-1", B)
        room.send("N-1", "R21")
        room.later(120)
        room.status("R21", "6")
        room.status("R21", "2", room.now - timedelta(seconds=5))
        (sent,) = room.case("N-1").assignments
        assert (sent.step, room.unit("R21").incident_id) == ("at_scene", "N-1")

    def test_a_step_leaves_a_newer_status(self, room: Room) -> None:
        room.on_duty("R21", A)
        room.receive("N-1", B)
        room.send("N-1", "R21")
        room.later(300)
        room.status("R21", "0")
        room.step("N-1", "R21", "at_scene", room.now - timedelta(seconds=100))
        (sent,) = room.case("N-1").assignments
        assert sent.at_scene_at == room.now - timedelta(seconds=100)
        assert (room.unit("R21").status, room.unit("R21").status_at) == ("0", room.now)

    def test_a_step_is_not_before_the_one_that_it_follows(self, room: Room) -> None:
        room.on_duty("R21", A)
        room.receive("N-1", B)
        room.send("N-1", "R21")
        with pytest.raises(InputError, match="not before it was assigned"):
            room.step("N-1", "R21", "en_route", room.now - timedelta(seconds=60))
        room.step("N-1", "R21", "en_route", room.now - timedelta(seconds=5))

    def test_a_call_is_no_repeat_of_one_that_came_after_it(self, room: Room) -> None:
        her: dict[str, Any] = {"grade": "standard", "tags": ("domestic_abuse",), "people": ("Ann Smith",)}
        room.receive("N-1", B, **her)
        room.later(3600)
        room.receive("N-2", C, **her)
        room.do(partial(incidents.amended, incident_id="N-1", changes={"address": "1 Linthorpe Road"}))
        met = [(room.case(name).risk or {})["definitions"]["repeat_victim"]["met"] for name in ("N-1", "N-2")]
        assert (met, room.case("N-1").grade) == ([False, True], "standard")


def test_a_release_raises_an_incident_that_a_person_has_lowered_before(room: Room) -> None:
    warn = Warn("victim", "high", "x", room.now + timedelta(days=9), "Ann Smith", linked_to=["Bob Jones"])
    room.do(partial(placed, warn=warn))
    room.receive("N-1", B, grade="standard", people=("Ann Smith",))
    assert room.case("N-1").grade == "priority"
    regraded = partial(incidents.regraded, incident_id="N-1", grade="standard", because="calm", at=room.now)
    room.do(regraded)
    room.do(partial(check_again, incident_id="N-1"))
    assert room.case("N-1").grade == "standard"
    room.later(60)
    room.do(partial(notified, release=Release("Bob Jones", "prison", room.now)))
    assert room.case("N-1").grade == "priority"


def test_a_position_of_the_future_is_not_new_when_its_time_comes(room: Room) -> None:
    room.on_duty("R21")
    room.fix("R21", A, ago_s=-600)
    room.receive("N-1", B)
    for seconds, rule in ((0, "future_fix"), (595, "no_fix"), (10, "no_fix")):
        room.later(seconds)
        (line,) = room.ask("N-1").ledger
        assert [failure.rule for failure in line.failed] == [rule]
    assert room.live.positions.of("R21") is None


def test_two_dispatchers_who_send_two_units_at_the_same_moment(room: Room) -> None:
    """Both looked at a recommendation in which either unit would do; the second hears of the first."""
    room.on_duty("R21", A)
    room.on_duty("R22", C)
    room.receive("N-1", B)
    basis, made = room.live.state.seq, room.ask("N-1")
    either = {*made.suggested, *made.indistinguishable_from}
    assert either == {"R21", "R22"}

    def decide(callsign: str, known: Known) -> list[Event]:
        return assigned(known, Send("N-1", callsign), still_fresh(known, made, basis), None)

    room.do(partial(decide, "R21"), by="anna")
    with pytest.raises(NotSuggested, match="nobody is suggested"):
        room.do(partial(decide, "R22"), by="ben")


@pytest.mark.parametrize("name", ["A66/A174", "..", "."])
def test_a_name_that_no_address_can_have_is_refused(room: Room, name: str) -> None:
    with pytest.raises(InputError, match="no colon or slash"):
        room.receive(name, B)
    with pytest.raises(InputError, match="no colon or slash"):
        room.do(partial(closing.opened, closure_id=name, feature={}))


def test_a_key_is_answered_as_before_when_the_incident_has_ended(desk: Desk) -> None:
    desk.done("/v1/units/R21/on-duty", {"status": "2", "crew": 2})
    fix = {"callsign": "R21", "lat": 57.7, "lon": 11.94, "fixed_at": desk.now}
    desk.done("/v1/positions", {"positions": [fix]})
    name = desk.done("/v1/incidents", CALL)["incident_id"]
    paths = [f"/v1/incidents/{name}/{what}" for what in ("recommendations", "assignments")]
    bodies = [{}, {"callsign": "R21"}]
    first = [desk.post(path, body, path) for path, body in zip(paths, bodies, strict=True)]
    desk.done(f"/v1/incidents/{name}/assignments/R21/stand-down")
    desk.done(f"/v1/incidents/{name}/close", {"outcome": "nobody there"})
    again = [desk.post(path, body, path) for path, body in zip(paths, bodies, strict=True)]
    assert [(each.status_code, each.get_data()) for each in again] == [(201, each.get_data()) for each in first]
    assert [desk.post(path, body).status_code for path, body in zip(paths, bodies, strict=True)] == [404, 404]


def test_a_system_that_reports_a_status_is_not_told_where_the_unit_is(desk: Desk) -> None:
    desk.done("/v1/units/R21/on-duty", {"status": "2", "crew": 2})
    fix = {"callsign": "R21", "lat": 57.7, "lon": 11.94, "fixed_at": desk.now}
    desk.done("/v1/positions", {"positions": [fix]})
    radio = with_key(desk.client.application, "feeder")
    answer = radio.post("/v1/units/R21/status", json={"status": "2"}, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 200
    assert {**(answer.json or {}), "seq": 0} == {"seq": 0, "callsign": "R21", "status": "2", "holds": True}
