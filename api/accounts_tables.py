"""The tables of who may use the service. Times are microseconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table
from sqlalchemy.exc import DBAPIError, IntegrityError

from dispatch.connections import failure
from dispatch.store import NoDatabase, Store
from dispatch.tables import metadata

_NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")
_SHA256: Final = String(64)

users: Final = Table(
    "users",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    # Words with a space between, as for keys.
    Column("roles", String(200), nullable=False),
    # Nothing for people whom an identity provider vouches for.
    Column("password", String(200)),
    # The provider's issuer and its own name for the person.
    Column("subject", String(600), unique=True),
    Column("disabled", Boolean, nullable=False),
    Column("demonstration", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)
sessions: Final = Table(
    "sessions",
    metadata,
    Column("token_sha256", _SHA256, primary_key=True),
    Column("user_id", _NUMBER, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("opened_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False, index=True),
)
api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False, index=True),
    Column("roles", String(200), nullable=False),
    Column("secret_sha256", _SHA256, nullable=False),
    Column("demonstration", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("revoked_us", BigInteger),
    Column("used_us", BigInteger),
)
# Attempts to log in that have failed or are under way, by account and by address.
login_attempts: Final = Table(
    "login_attempts",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_us", BigInteger, nullable=False, index=True),
)
# How far ahead of the clock an actor has spent what it may ask for.
allowances: Final = Table(
    "allowances",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("spent_until_us", BigInteger, nullable=False),
)
# Logins that were sent to an identity provider and have not come back.
oidc_logins: Final = Table(
    "oidc_logins",
    metadata,
    Column("state_sha256", _SHA256, primary_key=True),
    Column("nonce", String(100), nullable=False),
    Column("verifier", String(200), nullable=False),
    Column("expires_us", BigInteger, nullable=False, index=True),
)
TABLES: Final = (users, sessions, api_keys, login_attempts, allowances, oidc_logins)


def ensure_tables(store: Store) -> None:
    """Make the tables that are not there yet."""
    metadata.create_all(store.engine, tables=TABLES)


@contextmanager
def transaction(store: Store) -> Iterator[sa.Connection]:
    """Give a transaction beside the record; one that writes begins with a write, so that it never has to start again.

    Raises
    ------
    NoDatabase
        The database does not answer.
    IntegrityError
        What is to be written is there already.
    """
    try:
        with store.engine.begin() as connection:
            yield connection
    except IntegrityError:
        raise
    except DBAPIError as error:
        # The wrapped error holds what was to be written, hashes of passwords among it; the driver's own does not.
        raise NoDatabase(f"the database failed: {failure(error.orig)}") from error.orig
