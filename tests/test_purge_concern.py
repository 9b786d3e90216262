"""People and addresses of concern whose time is up leave what is known and every table; on both databases."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from desks import Room
from dispatch import markers, tasks
from dispatch.errors import Conflict
from dispatch.purge import _take_out, due
from dispatch.tables import metadata
from test_purge import DAY_S, keeping, purged, require_whole

ANN, BEN = "Ann Bell, 1980-02-01", "Ben Stone"


def warn(room: Room, person: str, role: str = "victim", days: float = 30, **more: Any) -> str:
    told = {"role": role, "text": "threats", "expires_at": room.now + timedelta(days=days), **more}
    room.do(partial(markers.placed, warn=markers.Warn(level="high", person=person, **told)))
    return next(name for name, each in room.live.state.subjects.items() if each.name in person)


def later(room: Room, days: float) -> None:
    room.later(days * DAY_S)


def test_one_goes_when_the_last_marker_is_long_out_of_force(room: Room) -> None:
    name = warn(room, ANN)
    later(room, 30 + 99)
    assert purged(room, keeping(concern_days=100)).subjects == frozenset()
    later(room, 2)
    assert purged(room, keeping(concern_days=100)).subjects == {name}
    state = room.live.state
    assert (dict(state.subjects), dict(state.markers), dict(state.named)) == ({}, {}, {})
    require_whole(room)
    with room.desk.store.reading() as reading:
        text = "".join(str(reading.connection.execute(sa.select(table)).all()) for table in metadata.sorted_tables)
    assert "Bell" not in text
    assert "bell" not in text


def test_one_stays_while_a_marker_is_in_force(room: Room) -> None:
    warn(room, ANN, days=30)
    warn(room, ANN, days=500)
    later(room, 400)
    assert purged(room, keeping(concern_days=100)).subjects == frozenset()


def test_one_stays_while_a_task_is_open(room: Room) -> None:
    name = warn(room, ANN)
    told = {"kind": "inform_victim", "person": ANN, "incident_id": None, "because": "court date"}
    room.do(partial(tasks.task_set, **told, due_at=room.now + timedelta(days=3)))
    later(room, 400)
    assert purged(room, keeping(concern_days=100)).subjects == frozenset()
    (task,) = room.live.state.tasks
    room.do(partial(tasks.task_done, task_id=task, done="told by telephone", by="PC 12", victim_told=True))
    later(room, 101)
    assert purged(room, keeping(concern_days=100)).subjects == {name}
    require_whole(room)


def test_what_happens_to_one_meanwhile_stops_the_purge(room: Room) -> None:
    warn(room, ANN)
    later(room, 400)
    force = keeping(concern_days=100)
    with room.desk.store.reading() as reading:
        found = due(reading, force, room.now)
    warn(room, ANN)
    with pytest.raises(Conflict, match="tells of it anew: purge again"), room.desk.store.writing() as writing:
        _take_out(writing, found, force, "carla")


def test_a_perpetrator_stays_while_a_victim_is_warned_of_him(room: Room) -> None:
    ben = warn(room, BEN, "perpetrator")
    ann = warn(room, ANN, days=500, linked_to=(BEN,))
    later(room, 400)
    assert purged(room, keeping(concern_days=100)).subjects == frozenset()
    later(room, 300)
    assert purged(room, keeping(concern_days=100)).subjects == {ann, ben}
    require_whole(room)


def test_without_a_number_nobody_goes(room: Room) -> None:
    warn(room, ANN)
    later(room, 9999)
    assert not purged(room, keeping(fixes_days=1)).subjects


def test_one_who_comes_back_is_known_anew(room: Room) -> None:
    first = warn(room, ANN)
    later(room, 400)
    purged(room, keeping(concern_days=100))
    second = warn(room, ANN)
    assert second != first
    require_whole(room)
