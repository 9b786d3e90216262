"""Ready is a service whose network and database can be used; alive is one that answers at all."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from api.errors import NotReady
from api.readiness import database_answers, require_ready
from api.service import EXTENSION, Service
from clients import service_over
from databases import new_database

PASSWORD = "correct-horse"  # noqa: S105 - of no database
Client = Callable[[object], FlaskClient]
READY = (200, {"status": "ready", "checks": ["network", "database"]})


@pytest.fixture
def network_file(town_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(town_file, tmp_path / "town.network"))


@pytest.fixture
def client(network_file: Path) -> Iterator[Client]:
    """Makes a client of a service over a database."""
    made: list[FlaskClient] = []

    def make(url: object) -> FlaskClient:
        made.append(service_over(network_file, database_url=url).test_client())
        return made[-1]

    yield make
    for each in made:
        each.application.extensions[EXTENSION].desk.store.close()


def answer(response: TestResponse) -> tuple[int, object]:
    return response.status_code, response.get_json()


def not_ready(response: TestResponse, *names: str) -> None:
    told = response.get_json()
    assert (response.status_code, told["type"]) == (503, "/problems/not-ready")
    assert told["detail"] == f"not there: {', '.join(names)}"


def test_ready(client: Client, database_url: str) -> None:
    assert answer(client(database_url).get("/readyz")) == READY


class TestSqlite:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "desk.sqlite"

    def test_a_file_that_goes_is_missed_and_not_made_anew(self, client: Client, file: Path) -> None:
        asked = client(f"sqlite:///{file}")
        assert asked.get("/readyz").status_code == 200
        file.unlink()
        not_ready(asked.get("/readyz"), "database")
        assert not file.exists()
        assert asked.get("/healthz").status_code == 200

    def test_a_file_that_is_no_database_any_more(self, client: Client, file: Path) -> None:
        asked = client(f"sqlite:///{file}")
        for each in file.parent.glob(f"{file.name}*"):
            each.unlink()
        file.write_bytes(b"nothing of the kind" * 1000)
        not_ready(asked.get("/readyz"), "database")

    def test_a_name_with_signs_that_mean_something_in_an_address(self, client: Client, tmp_path: Path) -> None:
        url = make_url("sqlite://").set(database=str(tmp_path / "50% of all #1 & more?.db"))
        assert client(url).get("/readyz").status_code == 200

    def test_while_another_writes(self, client: Client, file: Path) -> None:
        asked = client(f"sqlite:///{file}")
        writer = sqlite3.connect(file, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("CREATE TABLE more (number)")
        assert asked.get("/readyz").status_code == 200
        writer.close()


class TestPostgresql:
    @pytest.fixture
    def mute(self) -> Iterator[URL]:
        """A server that takes connections and says nothing more."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            yield make_url(f"postgresql+psycopg://nearest:{PASSWORD}@127.0.0.1:{port}/desk")

    def test_a_database_that_goes(self, client: Client, postgresql: URL) -> None:
        with new_database(postgresql) as url:
            asked = client(url)
            assert answer(asked.get("/readyz")) == READY
            asked.application.extensions[EXTENSION].desk.store.close()
        not_ready(asked.get("/readyz"), "database")
        alive = asked.get("/healthz")
        assert (alive.status_code, alive.get_json()["conditions"]) == (200, None)

    def test_nobody_there(self, mute: URL) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        # Closed again at once, so nobody listens there.
        with pytest.raises(OperationalError):
            database_answers(create_engine(mute.set(port=port)))

    def test_a_server_that_hangs_is_not_waited_for(self, mute: URL) -> None:
        begun = time.monotonic()
        with pytest.raises(OperationalError):
            database_answers(create_engine(mute))
        assert time.monotonic() - begun < 5

    def test_why_is_in_the_log_and_the_password_is_nowhere(
        self, http: FlaskClient, mute: URL, caplog: pytest.LogCaptureFixture
    ) -> None:
        known: Service = http.application.extensions[EXTENSION]
        checks = {"database": lambda _service: database_answers(create_engine(mute))}
        with pytest.raises(NotReady, match=r"^not there: database$"):
            require_ready(replace(known, checks=checks))
        (record,) = caplog.records
        assert "OperationalError" in record.__dict__["because"]
        assert PASSWORD not in str(record.__dict__)


def test_a_network_that_goes(client: Client, network_file: Path, tmp_path: Path) -> None:
    asked = client(f"sqlite:///{tmp_path / 'desk.sqlite'}")
    assert asked.get("/readyz").status_code == 200
    network_file.unlink()
    not_ready(asked.get("/readyz"), "network")
    (tmp_path / "desk.sqlite").unlink()
    not_ready(asked.get("/readyz"), "network", "database")


def test_a_check_more(client: Client, tmp_path: Path) -> None:
    asked = client(f"sqlite:///{tmp_path / 'desk.sqlite'}")
    known: Service = asked.application.extensions[EXTENSION]
    seen: list[Service] = []

    def record(service: Service) -> None:
        seen.append(service)
        if len(seen) > 1:
            raise RuntimeError("the chain is broken")

    more = replace(known, checks={**known.checks, "record": record})
    asked.application.extensions[EXTENSION] = more
    assert asked.get("/readyz").get_json()["checks"] == ["network", "database", "record"]
    not_ready(asked.get("/readyz"), "record")
    assert seen == [more, more]
