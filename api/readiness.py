"""Whether the service can do its work now: checks by name, each of which raises an error where something is amiss."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from sqlalchemy import URL, Engine, NullPool, create_engine, text

from api.errors import NotReady
from api.examples import ask_example
from api.service import Check, Service
from graphs.conditions import NO_CONDITIONS

# Seconds. Whoever asks whether a service is ready asks again soon, and waits no longer than this itself.
_PATIENCE_S: Final = 2
_log = logging.getLogger("nearest.readiness")


def require_ready(service: Service) -> None:
    """Run every check of a service.

    Raises
    ------
    NotReady
        With the names of the checks that fail; the log says why.
    """
    failed = [name for name, check in service.checks.items() if not _passes(name, check, service)]
    if failed:
        raise NotReady(f"not there: {', '.join(failed)}")


def _passes(name: str, check: Check, service: Service) -> bool:
    try:
        check(service)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not ready
        # The first line says it; SQLAlchemy's others show statements.
        _log.warning("not ready: %s", name, extra={"because": f"{type(error).__name__}: {error}".partition("\n")[0]})
        return False
    return True


def network_answers(service: Service) -> None:
    """Check that the network file is there, without which nothing starts again, and that a question is answered."""
    service.settings.graph.stat()
    ask_example(service, NO_CONDITIONS)


def database_answers(engine: Engine) -> None:
    """Check that a database answers, by a new connection: those in use may all be busy, and an old one proves little.

    Raises
    ------
    SQLAlchemyError
        It does not, or not within two seconds.
    """
    with _probe(engine.url).connect() as connection:
        connection.execute(text("SELECT count(*) FROM sqlite_master" if engine.name == "sqlite" else "SELECT 1"))


def _service_database(service: Service) -> None:
    database_answers(service.desk.store.engine)


@lru_cache(maxsize=8)
def _probe(url: URL) -> Engine:
    """Make the engine for checks of a database, which gives up soon."""
    if url.get_backend_name() == "sqlite":
        # Opened as a plain path, a file that is gone would be made anew and found to be well.
        there = url.set(database=f"file:{quote(url.database or '')}", query={"mode": "rw", "uri": "true"})
        return create_engine(there, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": _PATIENCE_S})
    patience = {"connect_timeout": _PATIENCE_S, "tcp_user_timeout": _PATIENCE_S * 1000}
    return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=patience)


CHECKS: Final[Mapping[str, Check]] = MappingProxyType({"network": network_answers, "database": _service_database})
