"""The steps by which a database comes to what this version needs."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime

import alembic.command
import alembic.config
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import api.accounts_tables
import dispatch.migrations
from dispatch.record import Event
from dispatch.store import NoDatabase, Store
from dispatch.tables import metadata

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STARTS = 4
NAMES = {table.name for table in (*metadata.sorted_tables, *api.accounts_tables.TABLES)}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = Store(database_url, lambda: NOON)
    yield made
    made.close()


@pytest.fixture
def kept(store: Store) -> Store:
    store.migrate()
    with store.writing() as writing:
        writing.append([Event("noted", "I-1", NOON, {"words": "Ægir's Way"})], "anna")
    return store


def test_an_empty_database_comes_to_what_the_tables_say(store: Store) -> None:
    store.migrate()
    with store.engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) == {*NAMES, "alembic_version"}
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []


def test_a_database_of_the_first_step_keeps_its_rows(store: Store) -> None:
    upgrade(store, "0001")
    with store.writing() as writing:
        [row] = writing.append([Event("noted", "I-1", NOON, {"words": "before"})], "anna")
    store.migrate()
    with store.reading() as reading:
        assert list(reading.after(0)) == [row]
        assert set(sa.inspect(reading.connection).get_table_names()) >= NAMES


def test_a_second_upgrade_changes_nothing(kept: Store) -> None:
    kept.migrate()
    with kept.reading() as reading:
        assert [row.seq for row in reading.after(0)] == [1]


def upgrade(store: Store, revision: str) -> None:
    with store.writing() as writing:
        config = alembic.config.Config(attributes={"connection": writing.connection})
        config.set_main_option("script_location", dispatch.migrations.__path__[0])
        alembic.command.upgrade(config, revision)


def test_processes_that_start_at_once_upgrade_once(database_url: str, store: Store) -> None:
    program = f"""
        import sys
        from datetime import UTC, datetime
        from dispatch.store import Store
        sys.stdin.read()
        Store({database_url!r}, lambda: datetime.now(UTC)).migrate()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(STARTS)]  # noqa: S603
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    ended = [process.communicate(timeout=60)[1].decode() for process in started]
    assert [process.returncode for process in started] == [0] * STARTS, ended
    with store.reading() as reading:
        assert set(sa.inspect(reading.connection).get_table_names()) == {*NAMES, "alembic_version"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET actor = 'bert'",
        "UPDATE events SET payload = '{}'",
        "UPDATE events SET payload = NULL",
        "UPDATE events SET payload = NULL, salt = NULL, subject = NULL",
        "UPDATE events SET seq = 2",
        "DELETE FROM events",
    ],
)
def test_the_database_itself_refuses_to_change_a_row(kept: Store, change: str) -> None:
    with pytest.raises(NoDatabase, match="the record is never changed"), kept.writing() as writing:
        writing.connection.exec_driver_sql(change)
    with kept.reading() as reading:
        assert [(row.actor, row.details) for row in reading.after(0)] == [("anna", {"words": "Ægir's Way"})]


def test_details_may_be_taken_out_with_their_salt(kept: Store) -> None:
    with kept.writing() as writing:
        writing.connection.exec_driver_sql("UPDATE events SET payload = NULL, salt = NULL")
    with kept.reading() as reading:
        assert [(row.actor, row.details) for row in reading.after(0)] == [("anna", None)]


def test_postgresql_refuses_to_empty_the_record(kept: Store) -> None:
    if kept.engine.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(NoDatabase, match="the record is never changed"), kept.writing() as writing:
        writing.connection.exec_driver_sql("TRUNCATE events")
