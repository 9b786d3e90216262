"""The database, SQLite and PostgreSQL alike: one writer at a time, readers as of one moment, and nothing half done."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.model import Fix
from dispatch.record import BrokenRecord, Event, Row, checked, verify
from dispatch.store import Given, NoDatabase, Past, Report, Store, Writing
from dispatch.upkeep import recorded_span, spans_of
from tampering import tamper

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WRITERS, EACH = 4, 25


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = Store(database_url, lambda: NOON)
    made.migrate()
    yield made
    made.close()


def noted(store: Store, *words: str, subject: str | None = None, key: str | None = None) -> list[Row]:
    with store.writing() as writing:
        return writing.append([Event("noted", subject, NOON, {"words": word}) for word in words], "anna", key)


def rows(store: Store, after: int = 0) -> list[Row]:
    with store.reading() as reading:
        return list(reading.after(after))


def test_rows_come_back_as_they_were_written(store: Store) -> None:
    written = [*noted(store, "Ægir's Way \u2028 \U0001f693", "b", subject="I-1"), *noted(store, "c", key="k1")]
    assert rows(store) == written
    assert [row.seq for row in rows(store, 1)] == [2, 3]
    assert verify(rows(store)).sha256 == written[-1].sha256
    with store.reading() as reading:
        assert reading.last() == written[-1]
        assert reading.row(2) == written[1]
        assert (reading.row(4), reading.row(0)) == (None, None)
        assert reading.about("I-1") == written[:2]


def test_a_long_tail_is_read_in_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    written = noted(store, *map(str, range(10)))
    monkeypatch.setattr("dispatch.store._BATCH", 10)
    assert rows(store) == written
    assert list(checked(rows(store))) == written


def test_the_rows_of_a_period_have_its_start_and_not_its_end(database_url: str) -> None:
    now = [NOON]
    store = Store(database_url, lambda: now[0])
    store.migrate()
    for hour in range(3):
        now[0] = NOON + timedelta(hours=hour)
        noted(store, str(hour))
    with store.reading() as reading:
        assert recorded_span(reading, NOON, NOON + timedelta(hours=2)) == (1, 2)
        assert recorded_span(reading, NOON + timedelta(hours=1), None) == (2, 3)
        assert recorded_span(reading, None, NOON) is None
    store.close()


def test_an_error_takes_all_of_it_back(store: Store) -> None:
    noted(store, "a")

    def fail(writing: Writing) -> None:
        writing.append([Event("noted", None, NOON, {})], "anna")
        writing.keep("question", b"{}", 2)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), store.writing() as writing:
        fail(writing)
    with store.reading() as reading:
        assert [row.seq for row in reading.after(0)] == [1]
    noted(store, "b")
    assert verify(rows(store)).rows == 2


def test_a_reader_sees_one_moment(store: Store) -> None:
    noted(store, "a")
    with store.reading() as reading:
        assert len(list(reading.after(0))) == 1
        noted(store, "b")
        assert len(list(reading.after(0))) == 1
    assert len(rows(store)) == 2


def test_a_writer_waits_for_the_one_before(store: Store) -> None:
    entered, order = threading.Event(), list[str]()

    def first() -> None:
        with store.writing() as writing:
            entered.set()
            time.sleep(0.3)
            writing.append([Event("noted", None, NOON, {})], "first")
            order.append("first")

    with ThreadPoolExecutor() as pool:
        done = pool.submit(first)
        entered.wait()
        noted(store, "second")
        order.append("second")
        done.result()
    assert order == ["first", "second"]
    assert [row.actor for row in rows(store)] == ["first", "anna"]


def test_many_writers_of_many_processes_make_one_chain(database_url: str, store: Store) -> None:
    program = f"""
        from datetime import UTC, datetime
        from dispatch.record import Event
        from dispatch.store import Store
        store = Store({database_url!r}, lambda: datetime.now(UTC))
        for number in range({EACH}):
            with store.writing() as writing:
                writing.append([Event("noted", None, writing.now, {{"number": number}})], "one of many")
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(WRITERS)]  # noqa: S603 - our own
    assert [process.communicate(timeout=60)[1] for process in processes] == [b""] * WRITERS
    assert verify(rows(store)).rows == WRITERS * EACH


def test_a_writer_that_is_killed_holds_nobody_up(database_url: str, store: Store) -> None:
    program = f"""
        import sys, time
        from datetime import UTC, datetime
        from dispatch.store import Store
        with Store({database_url!r}, lambda: datetime.now(UTC)).writing() as writing:
            print("writing", flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    noted(store, "after it")
    assert verify(rows(store)).rows == 1


def test_an_answer_is_given_again_to_its_key(store: Store) -> None:
    given = Given("a" * 64, 201, "/v1/incidents/I-1", b'{"a":1}', 7)
    with store.writing() as writing:
        writing.give("anna", "k1", given, "I-1")
    with store.reading() as reading:
        assert reading.given("anna", "k1") == given
        assert reading.given("bert", "k1") is None


def test_a_document_is_kept_once_under_its_hash(store: Store) -> None:
    with store.writing() as writing:
        name = writing.keep("question", b"Who?", 3)
        assert writing.keep("question", b"Who?", 9) == name
    with store.reading() as reading:
        assert reading.document(name) == b"Who?"
        assert reading.document("0" * 64) is None
    tamper(store, "UPDATE documents SET sha256 = :name", name="0" * 64)
    with pytest.raises(BrokenRecord, match="was changed"), store.reading() as reading:
        reading.document("0" * 64)


def report(callsign: str, at: datetime, refused: str | None = None) -> Report:
    return Report(callsign, Fix(54.57, -1.23, at, 5.0, 90.0, 48.3), NOON, "radios", refused)


def test_a_position_report_is_stored_once(store: Store) -> None:
    first, late = report("BX21", NOON), report("BX21", NOON - timedelta(minutes=5), "late")
    with store.writing() as writing:
        assert writing.add_fixes([first, late, first]) == [True, True, False]
        assert writing.add_fixes([first]) == [False]
    with store.reading() as reading:
        assert [found for _, found in reading.fixes_after(0)] == [first, late]
        assert [found for _, found in reading.newest_fixes({"BX21", "BX22"})] == [first]
        assert (reading.fix_count(), reading.last_fix()) == (2, 2)


def test_the_history_has_each_incident_once(store: Store) -> None:
    old = Past("I-1", NOON - timedelta(days=400), {"grade": "standard"}, frozenset({("phone", "1")}))
    new = Past("I-2", NOON, {"grade": "emergency"}, frozenset({("phone", "1"), ("address", "x")}))
    with store.writing() as writing:
        writing.remember(old)
        writing.remember(new)
        writing.remember(new)
    with store.reading() as reading:
        assert list(reading.all_past()) == [old, new]


class TestForReadingOnly:
    def test_nothing_can_be_changed(self, database_url: str, store: Store) -> None:
        noted(store, "a")
        reader = Store(database_url, lambda: NOON, read_only=True)
        assert rows(reader) == rows(store)
        with pytest.raises(NoDatabase):
            noted(reader, "b")
        reader.close()

    def test_a_file_that_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        reader = Store(f"sqlite:///{tmp_path / 'none #1.sqlite'}", lambda: NOON, read_only=True)
        with pytest.raises(NoDatabase, match="the file is not there, or cannot be opened"):
            rows(reader)
        assert list(tmp_path.iterdir()) == []
        reader.close()

    def test_a_file_with_a_strange_name_is_read(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'the desk #1%20.sqlite'}"
        writer, reader = Store(url, lambda: NOON), Store(url, lambda: NOON, read_only=True)
        writer.migrate()
        noted(writer, "a")
        assert len(rows(reader)) == 1
        writer.close()
        reader.close()


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'none' / 'desk.sqlite'}", lambda: NOON)
    with pytest.raises(NoDatabase, match="the database failed"):
        rows(store)
    store.close()


def test_numbers_become_stretches() -> None:
    assert spans_of([]) == []
    assert spans_of([1, 2, 4, 6, 7]) == [(1, 2), (4, 4), (6, 7)]
