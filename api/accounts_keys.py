"""Keys of systems: shown once, kept as a hash, each with roles and an end."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from api.accounts import SOURCE, OnChange, micros, name_faults, role_faults, untold
from api.accounts_sessions import SECOND_US, fingerprint
from api.accounts_tables import api_keys, transaction
from api.roles import ROLES, Actor
from dispatch.store import Store
from graphs.errors import Fault, InputError
from graphs.faults import unknown_name

PREFIX: Final = "nf_"
VALID_FOR: Final = timedelta(days=365)
# A rotated key works for so long beside the new one.
OVERLAP: Final = timedelta(days=1)
_KEY: Final = re.compile(r"nf_([a-z0-9]{1,32})_([A-Za-z0-9_-]{20,100})")
_ID_BYTES: Final = 5
_SECRET_BYTES: Final = 32
# A key's last use is written this often, not at every request.
_NOTED_US: Final = 60 * SECOND_US


@dataclass(frozen=True, slots=True)
class Key:
    """What may be shown of a key; times in microseconds since 1970."""

    key_id: str
    name: str
    roles: frozenset[str]
    demonstration: bool
    created_us: int
    expires_us: int
    revoked_us: int | None
    used_us: int | None


class Keys:
    """The keys of systems.

    Parameters
    ----------
    store
        The database.
    clock
        Returns the present moment, with an offset.
    on_change
        Told of every change once it is committed: its kind, and details without secrets.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], on_change: OnChange = untold) -> None:
        self._store, self._clock, self.on_change = store, clock, on_change

    def create(self, name: str, roles: Iterable[str], valid_for: timedelta = VALID_FOR) -> str:
        """Make a key for a system.

        Returns
        -------
        str
            The key, which cannot be shown again.

        Raises
        ------
        InputError
            The name, a role or the time is not accepted.
        """
        held = frozenset(roles)
        faults = [*name_faults(name), *role_faults(name, held, ROLES)]
        if valid_for <= timedelta(0):
            faults.append(Fault(SOURCE, name, "days", str(valid_for.days), "1 or more"))
        if faults:
            raise InputError(faults)
        key_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        self._insert(key_id, secret, name, held, valid_for)
        self.on_change("key_created", {"key": key_id, "name": name, "roles": sorted(held)})
        return f"{PREFIX}{key_id}_{secret}"

    def create_demonstration(self, key: str, name: str, roles: Iterable[str]) -> None:
        """Keep a published key; nothing happens where it is kept already."""
        key_id, secret = _parts(key) or ("", "")
        if self._row(key_id) is None:
            self._insert(key_id, secret, name, frozenset(roles), VALID_FOR * 10, demonstration=True)
            self.on_change("key_created", {"key": key_id, "name": name, "roles": sorted(roles), "demonstration": True})

    def _insert(
        self,
        key_id: str,
        secret: str,
        name: str,
        roles: frozenset[str],
        valid_for: timedelta,
        *,
        demonstration: bool = False,
    ) -> None:
        now = self._clock()
        values = {
            "id": key_id,
            "name": name,
            "roles": " ".join(sorted(roles)),
            "secret_sha256": fingerprint(secret),
            "demonstration": demonstration,
            "created_us": micros(now),
            "expires_us": micros(now + valid_for),
        }
        with transaction(self._store) as connection:
            connection.execute(sa.insert(api_keys), values)

    def rotate(self, key_id: str, overlap: timedelta = OVERLAP, valid_for: timedelta = VALID_FOR) -> str:
        """Make a key like another, which ends after the overlap.

        Returns
        -------
        str
            The new key, which cannot be shown again.

        Raises
        ------
        InputError
            There is no such key, or it is over; the overlap is less than nothing.
        """
        if overlap < timedelta():
            hours = f"{overlap / timedelta(hours=1):g}"
            raise InputError([Fault(SOURCE, key_id, "overlap hours", hours, "0 or more")])
        now, row = micros(self._clock()), self._row(key_id)
        if row is None or row.revoked_us is not None or row.expires_us <= now:
            raise InputError([unknown_name(SOURCE, "key", key_id, self._current(now))])
        key = self.create(row.name, row.roles.split(), valid_for)
        end_us = min(row.expires_us, now + overlap // timedelta(microseconds=1))
        self._update(key_id, expires_us=end_us)
        self.on_change("key_rotated", {"key": key_id, "name": row.name, "ends_us": end_us})
        return key

    def revoke(self, key_id: str) -> None:
        """End a key now.

        Raises
        ------
        InputError
            There is no such key, or it is over.
        """
        now = micros(self._clock())
        if key_id not in (current := self._current(now)):
            raise InputError([unknown_name(SOURCE, "key", key_id, current)])
        self._update(key_id, revoked_us=now)
        self.on_change("key_revoked", {"key": key_id})

    def all(self) -> list[Key]:
        """Return every key that there was, by name and age."""
        with transaction(self._store) as connection:
            rows = connection.execute(sa.select(api_keys)).all()
        return sorted(map(_key, rows), key=lambda key: (key.name, key.created_us, key.key_id))

    def find(self, key: str) -> Actor | None:
        """Return whose a key is, if it is valid, and note that it is used."""
        if (parts := _parts(key)) is None or (row := self._row(parts[0])) is None:
            return None
        now = micros(self._clock())
        same = hmac.compare_digest(row.secret_sha256, fingerprint(parts[1]))
        if not same or row.revoked_us is not None or now >= row.expires_us:
            return None
        if row.used_us is None or now - row.used_us >= _NOTED_US:
            self._update(row.id, used_us=now)
        # No person is called so, so that the record never takes the one for the other.
        return Actor(f"system:{row.name}", "system", frozenset(row.roles.split()), row.demonstration)

    def _current(self, now: int) -> list[str]:
        return [key.key_id for key in self.all() if key.revoked_us is None and key.expires_us > now]

    def _row(self, key_id: str) -> Any:
        with transaction(self._store) as connection:
            return connection.execute(sa.select(api_keys).where(api_keys.c.id == key_id)).first()

    def _update(self, key_id: str, **values: int) -> None:
        with transaction(self._store) as connection:
            connection.execute(sa.update(api_keys).where(api_keys.c.id == key_id).values(values))


def _parts(key: str) -> tuple[str, str] | None:
    match = _KEY.fullmatch(key)
    return (match[1], match[2]) if match else None


def _key(row: Any) -> Key:
    roles = frozenset(row.roles.split())
    times = (row.created_us, row.expires_us, row.revoked_us, row.used_us)
    return Key(row.id, row.name, roles, row.demonstration, *times)
