"""A whole database proved, on both databases: each thing that can be wrong in it is found and said."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from desks import Room
from dispatch.record import BrokenRecord, Whole
from dispatch.snapshots import snapshot_event
from dispatch.store import Store
from dispatch.verification import Head, verify_database
from evenings import evening
from tampering import tamper

ZEROS = "0" * 64


@pytest.fixture
def store(rooms: Callable[..., Room]) -> Store:
    room = rooms(snapshot_every=8)
    evening(room)
    return room.desk.store


def whole(store: Store, head: Head | None = None) -> Whole:
    with store.reading() as reading:
        return verify_database(reading, head)


def broken(store: Store, head: Head | None = None) -> BrokenRecord:
    with pytest.raises(BrokenRecord) as error:
        whole(store, head)
    return error.value


def row_of(store: Store, kind: str) -> int:
    with store.reading() as reading:
        return next(row.seq for row in reading.after(0) if row.kind == kind)


def test_an_evening_is_whole(store: Store) -> None:
    found = whole(store)
    with store.reading() as reading:
        last = reading.last()
        assert reading.snapshot() is not None
    assert last is not None
    assert found == Whole(last.seq, last.sha256, 0)
    assert whole(store, Head(found.rows, found.sha256)) == found


def test_an_empty_record_is_whole(room: Room) -> None:
    assert whole(room.desk.store).rows == 0


def test_a_changed_row_is_named(store: Store) -> None:
    seq = row_of(store, "incident_received")
    tamper(store, "UPDATE events SET actor = 'bert' WHERE seq = :seq", seq=seq)
    assert broken(store).seq == seq
    assert "were changed" in broken(store).because


def test_changed_details_are_named(store: Store) -> None:
    seq = row_of(store, "unit_assigned")
    tamper(store, "UPDATE events SET payload = REPLACE(payload, 'BX21', 'BX22') WHERE seq = :seq", seq=seq)
    assert (broken(store).seq, "details were changed" in broken(store).because) == (seq, True)


def test_details_taken_out_without_a_purge_are_named(store: Store) -> None:
    seq = row_of(store, "incident_received")
    tamper(store, "UPDATE events SET payload = NULL, salt = NULL WHERE seq = :seq", seq=seq)
    assert (broken(store).seq, "no recorded purge" in broken(store).because) == (seq, True)


def test_a_row_taken_out_is_named(store: Store) -> None:
    tamper(store, "DELETE FROM events WHERE seq = 3")
    assert str(broken(store)) == "row 3: missing; the next row there is 4"


def test_an_end_cut_off_is_missed_by_who_kept_the_head(store: Store) -> None:
    found = whole(store)
    tamper(store, "DELETE FROM answers WHERE seq >= :seq", seq=found.rows)
    tamper(store, "DELETE FROM events WHERE seq = :seq", seq=found.rows)
    assert whole(store).rows == found.rows - 1  # nobody else can tell
    error = broken(store, Head(found.rows, found.sha256))
    assert (error.seq, "the end was cut off" in error.because) == (found.rows, True)


def test_an_end_cut_off_is_missed_by_an_answer_given_after_it(store: Store) -> None:
    rows = whole(store).rows
    tamper(store, "DELETE FROM events WHERE seq = :seq", seq=rows)
    assert broken(store).because == f"missing; an answer was given when there were {rows} rows: the end was cut off"


def test_a_record_written_anew_is_not_the_one_whose_head_was_kept(store: Store) -> None:
    assert "was " + ZEROS in broken(store, Head(2, ZEROS)).because


def test_a_missing_document_is_named_with_the_row_that_names_it(store: Store) -> None:
    tamper(store, "DELETE FROM documents WHERE kind = 'question'")
    assert (broken(store).seq, "is missing" in broken(store).because) == (row_of(store, "recommended"), True)


def test_a_changed_document_is_named_with_the_row_that_names_it(store: Store) -> None:
    tamper(store, "UPDATE documents SET body = :body WHERE kind = 'recommendation'", body=zlib.compress(b"{}"))
    assert (broken(store).seq, "was changed" in broken(store).because) == (row_of(store, "recommended"), True)


def test_a_document_that_cannot_be_unpacked_is_named(store: Store) -> None:
    tamper(store, "UPDATE documents SET body = :body WHERE kind = 'question'", body=b"no zlib")
    assert (broken(store).seq, "was changed" in broken(store).because) == (row_of(store, "recommended"), True)


def test_a_document_that_no_row_names_is_told(store: Store) -> None:
    tamper(
        store,
        "INSERT INTO documents (sha256, kind, body, seq) VALUES (:name, 'question', :body, 1)",
        name="44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        body=zlib.compress(b"{}"),
    )
    assert (broken(store).seq, "no row names the document" in str(broken(store))) == (None, True)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE history SET body = REPLACE(body, 'Linthorpe', 'Albert')",
        "DELETE FROM history_keys WHERE incident_id = 'I-1'",
        "UPDATE history SET received_us = received_us - 1",
    ],
)
def test_a_history_that_the_events_do_not_make_is_named(store: Store, change: str) -> None:
    tamper(store, change)
    assert broken(store).seq == row_of(store, "incident_received")
    assert broken(store).because == "the history of its incident I-1 is another than its events make"


def test_a_missing_row_of_the_history_is_named(store: Store) -> None:
    tamper(store, "DELETE FROM history WHERE incident_id = 'I-1'")
    assert broken(store).because == "the history lacks its incident I-1"


def test_a_row_of_the_history_that_no_event_made_is_told(store: Store) -> None:
    tamper(store, "INSERT INTO history (incident_id, received_us, body) VALUES ('I-9', 1, '{}')")
    assert str(broken(store)) == "the history has an incident I-9 that no event made"


def test_a_snapshot_that_the_chain_does_not_name_is_told(store: Store) -> None:
    tamper(store, "UPDATE snapshots SET body = :body", body=zlib.compress(b"{}"))
    assert "the snapshot is another" in broken(store).because


def test_a_snapshot_of_a_state_that_the_events_do_not_make_is_told(rooms: Callable[..., Room]) -> None:
    room = rooms(snapshot_every=10_000)
    evening(room)
    with room.desk.store.writing() as writing:
        forged = replace(room.live.state, units={})
        writing.append([snapshot_event(writing, forged)], "mallory")
    assert "another state than its events make" in broken(room.desk.store).because
