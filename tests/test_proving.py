"""A record proved a stretch at a time is proved as it is in one go, and what is broken is found as surely."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from desks import Room
from dispatch import proving
from dispatch.proving import Stretch, prove_stretch
from dispatch.record import BrokenRecord
from dispatch.store import Store
from dispatch.verification import Head, verify_database
from evenings import evening
from tampering import tamper
from test_purge import keeping, off, purged

DAY_S = 86_400


@pytest.fixture
def room(rooms: Callable[..., Room]) -> Room:
    """A room after an evening."""
    room = rooms(snapshot_every=8)
    evening(room)
    return room


def stretches(store: Store, most: int, most_bytes: int = 10**9) -> list[Stretch]:
    """Prove all of a record, so many rows or bytes at a time."""
    found, after = list[Stretch](), None
    with store.reading() as reading:
        while not found or found[-1].goes_on:
            found.append(prove_stretch(reading, after, most, most_bytes))
            after = Head(found[-1].last, found[-1].sha256)
    return found


@pytest.mark.parametrize("most", [1, 7, 10_000])
def test_stretches_come_to_the_whole(room: Room, most: int) -> None:
    found = stretches(room.desk.store, most)
    with room.desk.store.reading() as reading:
        whole = verify_database(reading)
    assert (found[-1].last, found[-1].sha256) == (whole.rows, whole.sha256)
    assert [each.first for each in found] == [1, *(each.last + 1 for each in found[:-1])]
    assert all(each.last - each.first < most for each in found)


def test_a_stretch_ends_where_its_documents_are_much(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "_AT_A_TIME", 3)
    found = stretches(room.desk.store, 10_000, most_bytes=1)
    with room.desk.store.reading() as reading:
        whole = verify_database(reading)
    assert (found[-1].last, found[-1].sha256) == (whole.rows, whole.sha256)
    assert [each.last for each in found[:-1]] == list(range(3, whole.rows, 3))


def test_a_row_that_is_known_is_proved_itself(room: Room) -> None:
    store = room.desk.store
    with store.reading() as reading:
        row = reading.row(5)
    assert row is not None
    head = Head(row.seq, row.sha256)
    with store.reading() as reading:
        assert prove_stretch(reading, head, 10_000).first == 6
    tamper(store, "UPDATE events SET actor = 'bert' WHERE seq = 5")
    with store.reading() as reading, pytest.raises(BrokenRecord) as broken:
        prove_stretch(reading, head, 10_000)
    assert broken.value.seq == 5


def test_an_empty_record_is_whole(rooms: Callable[..., Room]) -> None:
    (found,) = stretches(rooms().desk.store, 10)
    assert (found.first, found.last, found.sha256) == (1, 0, "0" * 64)


@pytest.mark.parametrize(
    "done",
    [
        "UPDATE events SET actor = 'bert' WHERE seq = 5",
        "UPDATE events SET payload = REPLACE(payload, 'BX21', 'BX22') WHERE kind = 'unit_assigned'",
        "UPDATE events SET payload = NULL, salt = NULL WHERE seq = 4",
        "UPDATE events SET salt = NULL WHERE seq = 4",
        "DELETE FROM events WHERE seq = 3",
        "DELETE FROM events WHERE seq > 6",
        "DELETE FROM documents WHERE kind = 'recommendation'",
        "UPDATE documents SET body = (SELECT body FROM documents WHERE kind = 'force' LIMIT 1) WHERE kind = 'question'",
    ],
)
@pytest.mark.parametrize("most", [2, 10_000])
def test_what_is_broken_is_found_where_verify_finds_it(room: Room, done: str, most: int) -> None:
    store = room.desk.store
    tamper(store, done)
    with store.reading() as reading, pytest.raises(BrokenRecord) as wanted:
        verify_database(reading)
    with pytest.raises(BrokenRecord) as found:
        stretches(store, most)
    assert found.value.seq == wanted.value.seq


def test_a_purge_explains_what_is_missing_in_stretches_before_it(room: Room) -> None:
    store = room.desk.store
    room.later(60)
    off(room, "BX21", "BX22")
    room.later(365 * DAY_S)
    purged(room, keeping(incidents_days=300))
    assert sum(each.purged for each in stretches(store, 3)) == sum(each.purged for each in stretches(store, 10_000)) > 0
    tamper(store, "UPDATE events SET payload = NULL, salt = NULL WHERE seq = 1")
    with pytest.raises(BrokenRecord, match="no recorded purge") as broken:
        stretches(store, 3)
    assert broken.value.seq == 1
