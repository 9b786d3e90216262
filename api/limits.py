"""How often somebody may try to log in, and how much an actor may ask.

Both are kept in the database, because counts in the memory of one worker would let as many times more through as there
are workers. Attempts to log in are counted exactly. Allowances are drawn in portions of two seconds' worth, since a
write to the disk costs more than most requests; a limit is exceeded by one portion for each worker at most.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from api.accounts_settings import AccessSettings
from api.accounts_tables import allowances, login_attempts, transaction
from api.errors import TooMany
from dispatch.store import Store

_SECOND_US: Final = 1_000_000
# What may be asked at once, in seconds' worth.
_BURST_S: Final = 10
_PORTION_S: Final = 2
# One subscriber of IPv6 has as many addresses as they like (RFC 6177); they share the first 64 bits.
_SUBSCRIBER_BITS: Final = 64

Microseconds = Callable[[], int]


def wall_clock_us() -> int:
    """Return the present moment, in microseconds since 1970."""
    return time.time_ns() // 1000


class LoginAttempts:
    """Attempts to log in, by account and by address.

    Parameters
    ----------
    store
        The database.
    settings
        How many attempts there are, and how long a lock lasts.
    now_us
        Returns the present moment, in microseconds since 1970.
    """

    def __init__(self, store: Store, settings: AccessSettings, now_us: Microseconds = wall_clock_us) -> None:
        self._store, self._settings, self._now_us = store, settings, now_us

    def begin(self, account: str, address: str) -> None:
        """Count an attempt before the password is looked at, so that many at once gain nothing.

        Raises
        ------
        TooMany
            The account or the address is locked. Nothing was looked at.
        """
        self._count(_address(address), self._settings.login_attempts_address)
        self._count(_account(account), self._settings.login_attempts)

    def succeeded(self, account: str, address: str) -> None:
        """Take back what `begin` counted, and forget the account's failures and whatever is old."""
        old = login_attempts.c.last_us <= self._now_us() - self._lock_us
        counted = login_attempts.c.name == _address(address)
        with transaction(self._store) as connection:
            connection.execute(sa.delete(login_attempts).where(old | (login_attempts.c.name == _account(account))))
            connection.execute(
                sa.update(login_attempts).where(counted).values(count=login_attempts.c.count - 1),
            )

    @property
    def _lock_us(self) -> int:
        return self._settings.login_locked_s * _SECOND_US

    def _count(self, name: str, most: int) -> None:
        now = self._now_us()
        count, last_us = login_attempts.c.count, login_attempts.c.last_us
        over = last_us <= now - self._lock_us
        again = {"count": sa.case((over, 1), else_=count + 1), "last_us": now}
        with transaction(self._store) as connection:
            first = _insert(connection, login_attempts).values(name=name, count=1, last_us=now)
            counted = first.on_conflict_do_update(index_elements=["name"], set_=again, where=over | (count < most))
            if connection.execute(counted.returning(count)).first() is not None:
                return
            since = connection.scalar(sa.select(last_us).where(login_attempts.c.name == name))
        left_us = (since or now) + self._lock_us - now
        raise TooMany("too many failed attempts to log in; nobody looks at passwords until then", left_us / _SECOND_US)


class Allowances:
    """What each actor may still ask, seen from one worker.

    Parameters
    ----------
    store
        The database.
    now_us
        Returns the present moment, in microseconds since 1970.
    """

    def __init__(self, store: Store, now_us: Microseconds = wall_clock_us) -> None:
        self._store, self._now_us = store, now_us
        self._lock = threading.Lock()
        self._drawn: dict[str, int] = {}
        self._refused_until_us: dict[str, int] = {}

    def take(self, name: str, per_s: int) -> None:
        """Use one request of an actor's allowance.

        Parameters
        ----------
        per_s
            What may be asked in the long run; 0 is no limit.

        Raises
        ------
        TooMany
            The allowance is spent for now.
        """
        if per_s == 0 or self._take_drawn(name):
            return
        now = self._now_us()
        if now >= self._refused_until_us.get(name, 0):
            self._refused_until_us[name] = self._draw(name, per_s, now)
        if now < (until_us := self._refused_until_us[name]):
            raise TooMany(f"more than {per_s} requests a second", (until_us - now) / _SECOND_US)

    def _take_drawn(self, name: str) -> bool:
        with self._lock:
            left = self._drawn.get(name, 0)
            if left > 0:
                self._drawn[name] = left - 1
        return left > 0

    def _draw(self, name: str, per_s: int, now: int) -> int:
        """Draw a portion, or one request, and use one; return when there is more, 0 if something was drawn."""
        cost_us = _SECOND_US // per_s
        for count in (per_s * _PORTION_S, 1):
            if self._spend(name, count * cost_us, now):
                with self._lock:
                    self._drawn[name] = self._drawn.get(name, 0) + count - 1
                return 0
        with transaction(self._store) as connection:
            spent_us = connection.scalar(sa.select(allowances.c.spent_until_us).where(allowances.c.name == name))
        return (spent_us or now) + cost_us - _BURST_S * _SECOND_US

    def _spend(self, name: str, cost_us: int, now: int) -> bool:
        """Move the moment until which the actor has spent its allowance (the generic cell rate algorithm)."""
        spent = allowances.c.spent_until_us
        after = sa.case((spent > now, spent), else_=now) + cost_us
        within = after <= now + _BURST_S * _SECOND_US
        with transaction(self._store) as connection:
            first = _insert(connection, allowances).values(name=name, spent_until_us=now + cost_us)
            drawn = first.on_conflict_do_update(index_elements=["name"], set_={"spent_until_us": after}, where=within)
            return connection.execute(drawn.returning(spent)).first() is not None


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    kind = sqlite if connection.dialect.name == "sqlite" else postgresql
    return kind.insert(table)


def _account(name: str) -> str:
    return f"account {name}"


def _address(address: str) -> str:
    try:
        read = ip_address(address)
    except ValueError:  # a socket file has no addresses
        return f"address {address[:100]}"
    if isinstance(read, IPv6Address) and read.ipv4_mapped is None:
        return f"address {int(read) >> _SUBSCRIBER_BITS:x}"
    return f"address {read}"
