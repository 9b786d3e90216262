"""An evening in a control room, for tests of what is kept of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from desks import TOWN, Room
from dispatch import incidents

A, B, D = (TOWN.at(place) for place in "ABD")


def end(room: Room, incident_id: str, outcome: str = "done") -> None:
    """Close an incident."""
    room.do(partial(incidents.closed, incident_id=incident_id, outcome=outcome))


def attended(room: Room, incident_id: str, callsign: str, **more: Any) -> int:
    """An incident from receipt to its end; returns the number of its recommendation."""
    room.receive(incident_id, B, **more)
    seq, made = room.keep(incident_id)
    room.send(incident_id, callsign, fresh=made, recommendation=seq, reason="other", confirm=True)
    room.step(incident_id, callsign, "at_scene")
    room.step(incident_id, callsign, "clear")
    end(room, incident_id)
    return seq


def evening(room: Room) -> None:
    """Two units on duty, an incident that was attended, one that is open, and a closed road."""
    room.on_duty("BX21", A)
    room.on_duty("BX22", D)
    told = {"address": "2 Linthorpe Road", "phone": "01642 555001", "people": ["Ann Bell"], "tags": ["domestic_abuse"]}
    attended(room, "I-1", "BX21", **told)
    room.receive("I-2", D, address="9 Parliament Road")
    room.close_road("works", "Parliament Road")
