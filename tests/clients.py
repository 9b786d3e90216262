"""Services with a database of their own, and clients that have a key for them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask import Flask
from flask.testing import FlaskClient

from api.access import EXTENSION, Access
from api.app import create_app, utc_now
from api.roles import ROLES
from api.settings import Settings

# A test asks more at once than any system does.
UNLIMITED = {"person_requests_per_s": 0, "system_requests_per_s": 0}


def settings_for(graph: Path, **values: Any) -> Settings:
    """Settings with a new database beside the network's file, unless told otherwise."""
    database = f"sqlite:///{graph.parent / uuid.uuid4().hex}.sqlite"
    return Settings(graph, **{"database_url": database, **UNLIMITED, **values})


def service_over(graph: Path, clock: Callable[[], datetime] = utc_now, **values: Any) -> APIFlask:
    """A service over a network."""
    return create_app(settings_for(graph, **values), clock)


def access_of(app: Flask) -> Access:
    """Accounts and keys of a service."""
    found = app.extensions[EXTENSION]
    assert isinstance(found, Access)
    return found


def with_key(app: Flask, *roles: str) -> FlaskClient:
    """A client with a key that has these roles, or every role."""
    key = access_of(app).keys.create("tests", roles or ROLES)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client


def client_over(graph: Path, clock: Callable[[], datetime] = utc_now, **values: Any) -> FlaskClient:
    """A client with every role, of a service over a network."""
    return with_key(service_over(graph, clock, **values))
