"""How a test gets a database: a SQLite file, or a database of its own on a PostgreSQL server that the tests run.

The server listens on a socket in a folder of its own, never on a port, so it meets no other server. It syncs to disk as
a real one does. Where it can, it sorts text as an English reader does and not by bytes: a query that leaves it to the
database how to sort callsigns then shows.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest
from sqlalchemy import URL, make_url

from postgres_keeper import as_user
from postgres_setup import find_binaries

GIVEN = "NEAREST_TEST_POSTGRES_URL"
KEEPER = Path(__file__).with_name("postgres_keeper.py")
START_S = 60.0
ICU = ("--locale-provider=icu", "--icu-locale=en-GB")


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server's programs and files, before or after it runs.

    Parameters
    ----------
    binaries
        Folder of the server's programs.
    folder
        Its own folder: socket and log, and ``data`` with the databases.
    user
        Whom it runs as: PostgreSQL refuses root. None where the tests do not run as root.
    """

    binaries: Path
    folder: Path
    user: str | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> URL:
        return URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(self.folder)})

    def run(self, program: str, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one of the programs as the server's user."""
        command = [str(self.binaries / program), *map(str, arguments)]
        done = subprocess.run(  # noqa: S603 - our own command
            command, cwd=self.folder, capture_output=True, text=True, check=False, **as_user(self.user)
        )
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done


@contextmanager
def new_cluster(binaries: Path) -> Iterator[Cluster]:
    """Files of a new server, with no databases yet; removed at the end."""
    user = _server_user()
    folder = Path(tempfile.mkdtemp(prefix="nearest-postgres-"))
    try:
        if user:
            binaries = _readable(binaries, folder, user)
            shutil.chown(folder, user)
        yield Cluster(binaries, folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def initialise(cluster: Cluster) -> None:
    """Make the first databases; ICU's sorting is not in every build of PostgreSQL, nor in one before 15."""
    common = ("-D", cluster.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    if cluster.run("initdb", *common, *ICU, check=False).returncode:
        cluster.run("initdb", *common)


@contextmanager
def running(cluster: Cluster) -> Iterator[URL]:
    """Run a server until the end, or until this process dies in any way; gives the URL of its first database."""
    settings = {"listen_addresses": "", "unix_socket_directories": cluster.folder, "max_connections": 200}
    command = [cluster.binaries / "postgres", "-D", cluster.data, *(f"--{k}={v}" for k, v in settings.items())]
    keeper = [sys.executable, KEEPER, os.getpid(), cluster.user or "", cluster.folder]
    with (cluster.folder / "log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            list(map(str, [*keeper, *command])),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await_start(cluster, process)
        yield cluster.url
    finally:
        process.terminate()
        process.wait()


@contextmanager
def server() -> Iterator[URL]:
    """A PostgreSQL server: the one that ``NEAREST_TEST_POSTGRES_URL`` names, or one of our own while the tests last."""
    if given := os.environ.get(GIVEN):
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    with new_cluster(server_binaries()) as cluster:
        initialise(cluster)
        with running(cluster) as url:
            yield url


def server_binaries() -> Path:
    """Folder of the server's programs; where there is none, the test fails in CI and is skipped elsewhere."""
    return find_binaries() or unavailable(f"no PostgreSQL here: run 'make postgres', or give {GIVEN}")


def unavailable(reason: str) -> NoReturn:
    """End a test that cannot be run here: CI must not pass without it."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def new_database(server: URL) -> Iterator[str]:
    """URL of a new, empty database on a server; dropped at the end, even where a connection was left open."""
    name = f"nearest_{uuid.uuid4().hex}"
    with psycopg.connect(libpq_url(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def libpq_url(url: URL | str) -> str:
    """Write a URL as PostgreSQL's own programs read it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _await_start(cluster: Cluster, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(libpq_url(cluster.url)).close()
        except psycopg.OperationalError:
            log = (cluster.folder / "log").read_text(errors="replace")
            assert process.poll() is None, log
            assert time.monotonic() < end, log
            time.sleep(0.05)
        else:
            return


def _server_user() -> str | None:
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


def _readable(binaries: Path, folder: Path, user: str) -> Path:
    """Give a folder of the programs that another user can reach: a copy, if the checkout is root's alone."""
    if _runs(binaries, user):
        return binaries
    installed, package = binaries.parent, binaries.parents[1]
    libraries = package.with_name(f"{package.name}.libs")  # found by the programs beside their package
    shutil.copytree(installed, folder / package.name / installed.name, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / installed.name / binaries.name


def _runs(binaries: Path, user: str) -> bool:
    command = [str(binaries / "postgres"), "--version"]
    try:
        subprocess.run(command, cwd="/", capture_output=True, check=True, **as_user(user))  # noqa: S603 - our own
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
