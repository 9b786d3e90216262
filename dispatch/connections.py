"""Connections to a database, and the queue of those who want to write to it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event as listen

# Any number: it names the record among PostgreSQL's advisory locks.
_WRITER: Final = 7_310_001
_WAIT_S: Final = 30
_POOL: Final = 32
# Seconds to connect, milliseconds until a server that has fallen silent is given up.
_PATIENCE: Final = {"connect_timeout": 5, "tcp_user_timeout": 10_000}
_WRITES: Final = "nearest_writes"
_PRAGMAS: Final = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON")


_SAID: Final = {
    # What psycopg raises where no connection comes about has no code.
    "OperationalError": "the server does not answer, or refuses the user, the password or the database",
    "SQLITE_CANTOPEN": "the file is not there, or cannot be opened",
    "SQLITE_NOTADB": "the file is no database",
    "SQLITE_BUSY": "another program holds it",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it cannot be written to",
    "SQLITE_CONSTRAINT_TRIGGER": "the record is never changed",
    "P0001": "the record is never changed",
    "28P01": "the user or password is not accepted",
    "3D000": "there is no database of that name",
    "53300": "too many connections",
    "55P03": "another writer does not come to an end",
}


def failure(error: BaseException | None) -> str:
    """Say what went wrong in a database; its own words may quote what is about people, its codes do not."""
    kind = type(error).__name__
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or kind
    if code in _SAID:
        return f"{_SAID[code]} ({code})"
    return kind if code == kind else f"{kind} {code}"


def open_engine(url: sa.URL, *, read_only: bool) -> sa.Engine:
    """Return the connections to a database; those that only read can change nothing in it."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, read_only=read_only)
    # What is asked with names people, and has no place in a log.
    engine = sa.create_engine(url, pool_size=_POOL, pool_pre_ping=True, hide_parameters=True, connect_args=_PATIENCE)
    listen.listen(engine, "connect", partial(_prepare_postgresql, read_only=read_only))
    return engine


def _prepare_postgresql(connection: Any, _record: Any, *, read_only: bool) -> None:
    connection.execute(f"SET lock_timeout = '{_WAIT_S}s'")
    connection.execute(f"SET default_transaction_read_only = {'on' if read_only else 'off'}")
    connection.commit()


def _sqlite(url: sa.URL, *, read_only: bool) -> sa.Engine:
    if read_only:
        # Otherwise a file that is not there would be made.
        url = url.set(database=f"file:{quote(url.database or '')}", query={"mode": "ro", "uri": "true"})
    engine = sa.create_engine(url, pool_size=_POOL, hide_parameters=True, connect_args={"timeout": _WAIT_S})
    listen.listen(engine, "connect", _prepare_reader if read_only else _prepare_sqlite)
    listen.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_reader(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transactions would begin late, after the reading that a decision rests on.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def empty_log(engine: sa.Engine) -> None:
    """Leave nothing of what was deleted in SQLite's write-ahead log."""
    if engine.name == "sqlite":
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()


@contextmanager
def connected_reader(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a transaction in which every question is answered as of one moment."""
    with engine.connect() as connection:
        if engine.name != "sqlite":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def connected_writer(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give the transaction of the one writer."""
    options: dict[str, Any] = {_WRITES: True}
    if engine.name != "sqlite":
        # What is read after waiting for the lock must be what the last writer left.
        options["isolation_level"] = "READ COMMITTED"
    with _queue(engine), engine.connect().execution_options(**options) as connection, connection.begin():
        if engine.name != "sqlite":
            # With it rows become visible in the order of their numbers, so a reader of the tail misses none.
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:writer)"), {"writer": _WRITER})
        yield connection


def _queue(engine: sa.Engine) -> AbstractContextManager[None]:
    database = engine.url.database
    return _locked(Path(f"{database}.lock")) if engine.name == "sqlite" and database else nullcontext()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # SQLite's own waiting is asking again after ever longer sleeps, and who has waited long sleeps longest. A lock of
    # its own for each writer, opened anew, counts between threads too, and goes with a process that dies.
    with ExitStack() as stack:
        # Where no file can be made, SQLite itself says why.
        with suppress(OSError):
            fcntl.flock(stack.enter_context(path.open("ab")), fcntl.LOCK_EX)
        yield
