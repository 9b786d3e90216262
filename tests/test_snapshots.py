"""A start from the state that was kept: believed where the chain bears it out, and only there."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa

from desks import Room
from dispatch.fold import fold
from dispatch.snapshots import fold_all, load_state
from dispatch.state import State
from dispatch.store import Reading
from dispatch.tables import snapshots
from evenings import A, D, evening
from tampering import tamper


@pytest.fixture
def room(rooms: Callable[..., Room]) -> Room:
    """A desk that keeps its state every few events."""
    made = rooms(snapshot_every=6)
    evening(made)
    return made


def fresh(reading: Reading) -> State:
    return fold(State(), reading.after(0))


def loaded(room: Room) -> State:
    with room.desk.store.reading() as reading:
        return load_state(reading)


def test_a_start_reads_only_what_came_after(room: Room, rooms: Callable[..., Room]) -> None:
    with room.desk.store.reading() as reading:
        kept, whole = load_state(reading), fresh(reading)
        assert 0 < kept.seq < whole.seq
        assert fold(kept, reading.after(kept.seq)) == whole
    assert rooms().live.state == whole


def test_the_newest_one_alone_is_kept_and_a_row_says_so(room: Room) -> None:
    for number in range(8):
        room.receive(f"I-{number + 10}", A)
    with room.desk.store.reading() as reading:
        assert reading.connection.scalar(sa.select(sa.func.count()).select_from(snapshots)) == 1
        taken = [row for row in reading.after(0) if row.kind == "snapshot_taken"]
        kept = load_state(reading)
    assert len(taken) > 1
    assert taken[-1].details == {"seq": kept.seq, "state_sha256": kept.digest}
    assert taken[-1].seq == kept.seq + 1


def test_a_state_is_read_as_it_was_written(room: Room) -> None:
    state = room.live.state
    assert state.units
    assert state.incidents
    assert state.closures
    assert State.of_json(state.to_json()) == state


def test_folding_in_batches_comes_to_the_same(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.snapshots._BATCH", 3)
    with room.desk.store.reading() as reading:
        assert fold_all(State(), reading.after(0)) == fresh(reading)


def forge(room: Room, body: bytes, name: str | None = None) -> None:
    values: dict[str, Any] = {"body": zlib.compress(body), "name": name or sha256(body).hexdigest()}
    tamper(room.desk.store, "UPDATE snapshots SET body = :body, sha256 = :name", **values)


class TestIsNotBelieved:
    def require_read_anew(self, room: Room, rooms: Callable[..., Room], caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.ERROR):
            assert loaded(room) == State()
        assert "is not believed" in caplog.text
        with room.desk.store.reading() as reading:
            assert rooms().live.state == fresh(reading)

    def test_where_it_was_changed(
        self, room: Room, rooms: Callable[..., Room], caplog: pytest.LogCaptureFixture
    ) -> None:
        forge(room, loaded(room).to_json().replace(b"BX22", b"BX99"))
        self.require_read_anew(room, rooms, caplog)

    def test_where_it_was_changed_behind_its_name(
        self, room: Room, rooms: Callable[..., Room], caplog: pytest.LogCaptureFixture
    ) -> None:
        state = loaded(room)
        forge(room, state.to_json().replace(b"BX22", b"BX99"), state.digest)
        self.require_read_anew(room, rooms, caplog)

    def test_where_it_is_no_state(
        self, room: Room, rooms: Callable[..., Room], caplog: pytest.LogCaptureFixture
    ) -> None:
        forge(room, b"[]")
        self.require_read_anew(room, rooms, caplog)

    def test_where_it_stands_at_another_row(
        self, room: Room, rooms: Callable[..., Room], caplog: pytest.LogCaptureFixture
    ) -> None:
        tamper(room.desk.store, "UPDATE snapshots SET seq = seq - 1")
        self.require_read_anew(room, rooms, caplog)

    def test_where_the_row_that_names_it_was_changed(self, room: Room, caplog: pytest.LogCaptureFixture) -> None:
        state, forged = loaded(room), loaded(room).to_json().replace(b"BX22", b"BX99")
        name = sha256(forged).hexdigest()
        forge(room, forged)
        tamper(
            room.desk.store,
            "UPDATE events SET payload = REPLACE(payload, :was, :name) WHERE seq = :seq",
            was=state.digest,
            name=name,
            seq=state.seq + 1,
        )
        with caplog.at_level(logging.ERROR):
            assert loaded(room) == State()
        assert "is not believed" in caplog.text


def test_without_one_the_whole_record_is_read(rooms: Callable[..., Room]) -> None:
    here = rooms()
    here.on_duty("BX21", D)
    assert loaded(here) == State()
    assert rooms().unit("BX21").status == "2"
