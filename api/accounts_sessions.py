"""Sessions of people: a random token in a cookie, of which only the hash is kept.

A session ends when it has not been used for a while, when a shift is over, at logout, and when its account is shut or
gets another password.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from api.accounts import User, micros
from api.accounts_settings import AccessSettings
from api.accounts_tables import sessions, transaction, users
from api.roles import Actor
from dispatch.store import Store

SECOND_US: Final = 1_000_000
# A session's last use is written this often, not at every request.
_NOTED_US: Final = 60 * SECOND_US


@dataclass(frozen=True, slots=True)
class Session:
    """A session under way, and whose it is."""

    token: str = field(repr=False)
    actor: Actor
    expires_us: int

    @property
    def csrf_token(self) -> str:
        """What a page of this service sends to show that no other page asks; it tells nothing about the token."""
        digest = hmac.digest(self.token.encode(), b"csrf", "sha256")
        return urlsafe_b64encode(digest).decode().rstrip("=")


class Sessions:
    """The sessions of every worker.

    Parameters
    ----------
    store
        The database.
    clock
        Returns the present moment, with an offset.
    settings
        How long sessions last.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], settings: AccessSettings) -> None:
        self._store, self._clock, self._settings = store, clock, settings

    def open(self, user: User) -> Session:
        """Begin a session; those that are over are forgotten."""
        now, token = micros(self._clock()), secrets.token_urlsafe(32)
        expires_us = now + self._settings.session_s * SECOND_US
        values = {"token_sha256": fingerprint(token), "user_id": user.number, "expires_us": expires_us}
        with transaction(self._store) as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.expires_us <= now))
            connection.execute(sa.insert(sessions), {**values, "opened_us": now, "used_us": now})
        return Session(token, _actor(user), expires_us)

    def find(self, token: str, *, used: bool = True) -> Session | None:
        """Return the session of a token, if it is under way, and note that it is used, if it is."""
        now = micros(self._clock())
        asked = (
            sa.select(sessions.c.used_us, sessions.c.expires_us, users)
            .join_from(sessions, users)
            .where(sessions.c.token_sha256 == fingerprint(token), ~users.c.disabled)
        )
        with transaction(self._store) as connection:
            row = connection.execute(asked).first()
        if row is None or now >= min(row.expires_us, row.used_us + self._settings.session_idle_s * SECOND_US):
            return None
        if used:
            self._note_use(token, row.used_us, now)
        return Session(token, _actor(row), row.expires_us)

    def _note_use(self, token: str, used_us: int, now: int) -> None:
        # A short idle limit must not run out between two notes.
        if now - used_us >= min(_NOTED_US, self._settings.session_idle_s * SECOND_US // 10):
            mine = sessions.c.token_sha256 == fingerprint(token)
            with transaction(self._store) as connection:
                connection.execute(sa.update(sessions).where(mine).values(used_us=now))

    def close(self, token: str) -> None:
        """End a session."""
        with transaction(self._store) as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.token_sha256 == fingerprint(token)))


def fingerprint(secret: str) -> str:
    """Return what is kept of a random secret; 256 bits of chance need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _actor(user: Any) -> Actor:
    """Make the actor of an account, or of a row that holds one."""
    roles = user.roles if isinstance(user.roles, frozenset) else frozenset(user.roles.split())
    return Actor(user.name, "person", roles, user.demonstration)
