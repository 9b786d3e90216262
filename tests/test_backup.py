"""The commands of docs/operations.md, on a database that is being written: what they save is whole, and comes back."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import (
    URL,
    Column,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    insert,
    make_url,
    select,
)

from databases import Cluster, initialise, libpq_url, new_cluster, new_database, running, server_binaries
from postgres_keeper import as_user

MANUAL = (Path(__file__).parents[1] / "docs" / "operations.md").read_text("utf-8")
KEPT = Table("kept", MetaData(), Column("seq", Integer, primary_key=True), Column("words", Text, nullable=False))
ENOUGH = 50
WAIT_S = 30.0


def commands(heading: str) -> str:
    """The commands under a heading of the manual."""
    found = re.search(rf"^### {re.escape(heading)}\n.*?```sh\n(.*?)```", MANUAL, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


def follow(heading: str, folder: Path, cluster: Cluster | None = None, **urls: URL | str) -> None:
    """Do as the manual says, in a folder: as the server's user if it is about a server."""
    programs = [str(Path(sys.executable).parent), *([str(cluster.binaries)] if cluster else []), os.environ["PATH"]]
    environment = {**os.environ, **{name: libpq_url(url) for name, url in urls.items()}, "PATH": ":".join(programs)}
    done = subprocess.run(  # noqa: S603 - the manual's commands
        ["/bin/sh", "-eu", "-c", commands(heading)],
        **as_user(cluster.user if cluster else None),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


class Writer:
    """Writes row after row, each in a transaction of its own, and knows which of them were acknowledged."""

    def __init__(self, engine: Engine) -> None:
        self.acknowledged = 0
        self.ending = threading.Event()
        self.engine = engine

    def write(self) -> None:
        while not self.ending.is_set():
            seq = self.acknowledged + 1
            with self.engine.begin() as connection:
                connection.execute(insert(KEPT), {"seq": seq, "words": words(seq)})
            self.acknowledged = seq

    def wait_for(self, rows: int) -> int:
        """Wait until so many more rows are acknowledged; gives the number of the last."""
        wanted, end = self.acknowledged + rows, time.monotonic() + WAIT_S
        while self.acknowledged < wanted:
            assert time.monotonic() < end, f"{self.acknowledged} of {wanted} rows"
            time.sleep(0.001)
        return self.acknowledged


def words(seq: int) -> str:
    return f"row {seq}: " + "œ" * (seq % 2000)


@contextmanager
def under_writes(url: URL | str) -> Iterator[Writer]:
    """A database in which a row is added every moment."""
    with opened(url) as engine:
        KEPT.metadata.create_all(engine)
        writer = Writer(engine)
        thread = threading.Thread(target=writer.write)
        thread.start()
        try:
            writer.wait_for(ENOUGH)
            yield writer
        finally:
            writer.ending.set()
            thread.join()


@contextmanager
def opened(url: URL | str) -> Iterator[Engine]:
    engine = create_engine(url)
    if engine.name == "sqlite":
        event.listen(engine, "connect", with_log)
    yield engine
    engine.dispose()


def with_log(connection: object, _record: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[attr-defined]
    connection.execute("PRAGMA synchronous = FULL")  # type: ignore[attr-defined]


def whole(url: URL | str) -> int:
    """Check that a database is a beginning of what was written, with nothing missing or changed; gives its last row."""
    with opened(url) as engine, engine.connect() as connection:
        rows = connection.execute(select(KEPT).order_by(KEPT.c.seq)).all()
    assert [tuple(row) for row in rows] == [(seq, words(seq)) for seq in range(1, len(rows) + 1)]
    return len(rows)


def test_a_backup_of_sqlite_taken_under_writes_comes_back_whole(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nearest.sqlite'}"
    with under_writes(url) as writer:
        before = writer.wait_for(ENOUGH)
        follow("SQLite: back up", tmp_path)
        after = writer.acknowledged
        writer.wait_for(ENOUGH)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(tmp_path / "nearest-backup.sqlite", elsewhere)
    follow("SQLite: restore", elsewhere)
    assert before <= whole(f"sqlite:///{elsewhere / 'nearest.sqlite'}") <= after + 1
    assert whole(url) == writer.acknowledged


def test_a_restore_of_sqlite_takes_nothing_of_the_old_log(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nearest.sqlite'}"
    with under_writes(url):
        pass
    follow("SQLite: back up", tmp_path)
    saved = whole(f"sqlite:///{tmp_path / 'nearest-backup.sqlite'}")
    crashed(tmp_path / "nearest.sqlite", saved + 1)
    follow("SQLite: restore", tmp_path)
    assert whole(url) == saved


def crashed(database: Path, seq: int) -> None:
    """Leave a database as a process does that was killed right after it had committed: the row is in the log alone."""
    program = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA wal_autocheckpoint = 0")
connection.execute("INSERT INTO kept VALUES (?, 'after the backup')", [int(sys.argv[2])])
connection.commit()
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", program, str(database), str(seq)], check=True)  # noqa: S603 - our own command
    assert database.with_name(f"{database.name}-wal").stat().st_size > 0


def test_a_plain_copy_of_sqlite_lacks_what_was_acknowledged(tmp_path: Path) -> None:
    database = tmp_path / "nearest.sqlite"
    with under_writes(f"sqlite:///{database}"):
        pass
    kept = whole(f"sqlite:///{database}")
    crashed(database, kept + 1)
    shutil.copy(database, tmp_path / "copied.sqlite")
    assert whole(f"sqlite:///{tmp_path / 'copied.sqlite'}") == kept
    with pytest.raises(AssertionError, match="after the backup"):
        whole(f"sqlite:///{database}")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server of our own, with its programs: those of another version might not read it."""
    with new_cluster(server_binaries()) as cluster:
        initialise(cluster)
        with running(cluster):
            yield cluster


def test_a_dump_of_postgresql_taken_under_writes_comes_back_whole(cluster: Cluster) -> None:
    with new_database(cluster.url) as url, new_database(cluster.url) as restored:
        with under_writes(url) as writer:
            before = writer.wait_for(ENOUGH)
            follow("PostgreSQL: back up one database", cluster.folder, cluster, NEAREST_DATABASE_URL=url)
            after = writer.acknowledged
            writer.wait_for(ENOUGH)
        follow("PostgreSQL: restore one database", cluster.folder, cluster, RESTORED_DATABASE_URL=restored)
        assert before <= whole(restored) <= after + 1
        assert whole(url) == writer.acknowledged


def test_a_backup_of_the_server_taken_under_writes_starts_as_another(cluster: Cluster) -> None:
    with new_database(cluster.url) as url, new_cluster(cluster.binaries) as other:
        with under_writes(url) as writer:
            before = writer.wait_for(ENOUGH)
            follow("PostgreSQL: back up the server", other.folder, cluster, NEAREST_DATABASE_URL=url)
            after = writer.acknowledged
            writer.wait_for(ENOUGH)
        follow("PostgreSQL: restore the server", other.folder, other)
        with running(other) as elsewhere:
            assert before <= whole(elsewhere.set(database=make_url(url).database)) <= after + 1
        assert whole(url) == writer.acknowledged
