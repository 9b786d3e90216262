"""The databases that tests run on: empty, real, durable, and gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from sqlalchemy import URL, Column, Integer, MetaData, Table, Text, create_engine, insert, inspect, select, text

from databases import GIVEN, new_database, server_binaries, unavailable
from postgres_setup import find_binaries

GONE_S = 30.0
NOTES = Table("notes", MetaData(), Column("seq", Integer, primary_key=True), Column("words", Text, nullable=False))


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_an_empty_database_that_keeps_what_is_committed(database_url: str, turn: str) -> None:
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == []
    NOTES.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(NOTES), [{"seq": 1, "words": f"{turn}: Ægir's Way"}, {"seq": 2, "words": ""}])
    engine.dispose()
    another = create_engine(database_url)
    with another.connect() as connection:
        assert connection.scalars(select(NOTES.c.words).order_by(NOTES.c.seq)).all() == [f"{turn}: Ægir's Way", ""]
    another.dispose()


def test_what_is_rolled_back_is_not_there(database_url: str) -> None:
    engine = create_engine(database_url)
    NOTES.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(insert(NOTES), {"seq": 1, "words": "never"})
        connection.rollback()
        assert connection.execute(select(NOTES)).all() == []
    engine.dispose()


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_commit_on_postgresql_is_on_the_disk(postgresql: URL, setting: str) -> None:
    engine = create_engine(postgresql)
    with engine.connect() as connection:
        assert connection.scalar(text(f"SHOW {setting}")) == "on"
    engine.dispose()


def test_a_database_goes_even_where_a_connection_was_left_open(postgresql: URL) -> None:
    with new_database(postgresql) as url:
        engine = create_engine(url)
        connection = engine.connect()
        name = connection.scalar(text("SELECT current_database()"))
    connection.invalidate()
    engine.dispose()
    outside = create_engine(postgresql)
    with outside.connect() as connection:
        known = connection.scalars(text("SELECT datname FROM pg_database")).all()
    outside.dispose()
    assert "postgres" in known
    assert name not in known


def test_no_server_is_left_behind_when_the_tests_are_killed() -> None:
    server_binaries()
    program = """
        import time
        from databases import initialise, new_cluster, running, server_binaries
        with new_cluster(server_binaries()) as cluster:
            initialise(cluster)
            with running(cluster):
                print(cluster.folder, (cluster.data / "postmaster.pid").read_text().split()[0], flush=True)
                time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, cwd=Path(__file__).parent, stdout=subprocess.PIPE, text=True) as tests:  # noqa: S603
        folder, pid = (tests.stdout or pytest.fail("no output")).readline().split()
        assert alive(int(pid))
        tests.kill()
    end = time.monotonic() + GONE_S
    while alive(int(pid)) or Path(folder).exists():
        assert time.monotonic() < end, f"server {pid} or its folder {folder} is left"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_debians_newest_server_comes_first_then_the_one_on_the_path(tmp_path: Path) -> None:
    debian, here = tmp_path / "postgresql", tmp_path / "bin"
    for folder in (debian / "9.6" / "bin", debian / "10" / "bin", here):
        programs(folder)
    (debian / "16" / "bin").mkdir(parents=True)  # clients only: not a server
    assert find_binaries(debian, path=str(here)) == debian / "10" / "bin"
    assert find_binaries(tmp_path / "none", path=str(here)) == here


def programs(folder: Path) -> None:
    folder.mkdir(parents=True)
    for program in ("initdb", "postgres", "pg_dump", "pg_basebackup"):
        (folder / program).touch(0o755)


def test_without_a_server_ci_fails_and_a_desk_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=GIVEN):
        unavailable(f"give {GIVEN}")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match=GIVEN):
        unavailable(f"give {GIVEN}")
