"""What a supervisor is told of a unit sent against the advice: who was suggested, and the seconds given up."""

from __future__ import annotations

from typing import Any

from desks import TOWN, Room
from test_supervision import advised, told_of

NEAR, MIDDLE, FAR = TOWN.at("A"), TOWN.at("C"), TOWN.at("H")
REASON = "local_knowledge"


def overrides(room: Room) -> list[dict[str, Any]]:
    return [sent for group in told_of(room)["overrides"] for sent in group["sent"]]


def called(room: Room, **more: Any) -> None:
    """A call at A, with a unit near it and one far away."""
    room.on_duty("NEAR", NEAR)
    room.on_duty("FAR", FAR)
    room.later(1)
    room.receive("I-1", NEAR, **more)


def times(room: Room) -> dict[str, float]:
    """Seconds of each unit to the incident, as it would be advised now."""
    return {line.unit.callsign: line.eta.time_ms / 1000 for line in room.keep("I-1")[1].ledger if line.eta is not None}


def test_it_is_the_difference_by_the_advice_that_was_kept(room: Room) -> None:
    called(room)
    by_advice = times(room)
    room.send("I-1", "FAR", reason=REASON)
    (sent,) = overrides(room)
    assert (sent["callsign"], sent["advised"]) == ("FAR", ["NEAR"])
    assert sent["given_up_s"] == round(by_advice["FAR"] - by_advice["NEAR"], 3) > 0


def test_without_advice_it_is_not_known_and_not_zero(room: Room) -> None:
    called(room)
    room.send("I-1", "FAR", reason=REASON)
    (sent,) = overrides(room)
    assert (sent["advised"], sent["given_up_s"]) == (None, None)


def test_nor_where_something_was_recorded_of_the_one_suggested_before_another_was_sent(room: Room) -> None:
    called(room)
    room.keep("I-1")
    room.later(1)
    room.status("NEAR", "3")
    room.later(1)
    room.send("I-1", "FAR", reason=REASON)
    (sent,) = overrides(room)
    assert (sent["advised"], sent["given_up_s"]) == (None, None)


def test_nor_of_one_that_was_sent_later(room: Room) -> None:
    called(room, units_needed=2)
    room.on_duty("MIDDLE", MIDDLE)
    room.later(1)
    advised(room, "I-1", "NEAR")
    room.later(120)
    # Fresh positions, so that the two that are left can be told apart.
    room.fix("MIDDLE", MIDDLE, 0)
    room.fix("FAR", FAR, 0)
    room.later(1)
    room.send("I-1", "FAR", reason=REASON)
    (sent,) = overrides(room)
    assert (sent["callsign"], sent["advised"], sent["given_up_s"]) == ("FAR", None, None)


def test_when_the_next_target_is_up_is_told_until_it_is(room: Room) -> None:
    assert told_of(room)["next_due_at"] is None
    room.receive("I-1", NEAR)
    room.later(60)
    room.receive("I-2", NEAR)
    first = told_of(room)["next_due_at"]
    room.later(900)
    second = told_of(room)
    assert first < second["next_due_at"]
    assert [each["incident_id"] for each in second["late"]] == ["I-1"]
    assert second["late"][0]["due_at"] == first
    room.later(600)
    assert told_of(room)["next_due_at"] is None
