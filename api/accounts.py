"""The people who may use the service: who they are, what roles they have, and their passwords."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from api.accounts_passwords import hashed, matches, outdated, require_good
from api.accounts_tables import sessions, transaction, users
from api.roles import PERSON_ROLES, ROLES
from dispatch.store import Store
from graphs.errors import Fault, InputError
from graphs.faults import unknown_name, written

OnChange = Callable[[str, Mapping[str, Any]], None]
NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._@+-]{0,98}[a-z0-9])?")
SOURCE: Final = "account"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class User:
    """A person's account, without the password."""

    number: int
    name: str
    roles: frozenset[str]
    subject: str | None
    disabled: bool
    demonstration: bool


def untold(_kind: str, _details: Mapping[str, Any]) -> None:
    """Tell nobody of a change."""


class Accounts:
    """The accounts of people.

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

    def create_user(self, name: str, roles: Iterable[str], password: str | None) -> None:
        """Make an account; without a password nobody can log in to it yet.

        Raises
        ------
        InputError
            The name is taken, or name, roles or password are not accepted.
        """
        held = frozenset(roles)
        faults = [*name_faults(name), *role_faults(name, held, PERSON_ROLES)]
        if faults:
            raise InputError(faults)
        if password is not None:
            require_good(password, name)
        kept = None if password is None else hashed(password)
        self._insert(name, held, kept, None)
        self.on_change("user_created", {"name": name, "roles": sorted(held)})

    def create_demonstration(self, roles: Iterable[str], password: str) -> None:
        """Make an account for each role, named by it, with a published password; what is there stays as it is."""
        there = {user.name for user in self.users()}
        if not (missing := [role for role in roles if role not in there]):
            return
        kept = hashed(password)
        for role in missing:
            self._insert(role, frozenset({role}), kept, None, demonstration=True)
            self.on_change("user_created", {"name": role, "roles": [role], "demonstration": True})

    def _insert(
        self,
        name: str,
        roles: frozenset[str],
        password: str | None,
        subject: str | None,
        *,
        demonstration: bool = False,
    ) -> None:
        values = {
            "name": name,
            "roles": " ".join(sorted(roles)),
            "password": password,
            "subject": subject,
            "disabled": False,
            "demonstration": demonstration,
            "created_us": micros(self._clock()),
        }
        try:
            with transaction(self._store) as connection:
                connection.execute(sa.insert(users), values)
        except IntegrityError as error:
            raise InputError([Fault(SOURCE, name, "name", written(name), "a name that is not taken")]) from error.orig

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password, and end its sessions.

        Raises
        ------
        InputError
            There is no such account, or the password is not good enough.
        """
        require_good(password, name)
        # Somebody has taken the account over from the demonstration.
        self._update(name, {"password": hashed(password), "demonstration": False}, end_sessions=True)
        self.on_change("password_set", {"name": name})

    def set_roles(self, name: str, roles: Iterable[str]) -> None:
        """Give an account other roles, from its next request on.

        Raises
        ------
        InputError
            There is no such account, or a role is not accepted.
        """
        held = frozenset(roles)
        if faults := list(role_faults(name, held, PERSON_ROLES)):
            raise InputError(faults)
        self._update(name, {"roles": " ".join(sorted(held))})
        self.on_change("roles_set", {"name": name, "roles": sorted(held)})

    def disable_user(self, name: str) -> None:
        """Shut an account, and end its sessions.

        Raises
        ------
        InputError
            There is no such account.
        """
        self._update(name, {"disabled": True}, end_sessions=True)
        self.on_change("user_disabled", {"name": name})

    def enable_user(self, name: str) -> None:
        """Open an account again.

        Raises
        ------
        InputError
            There is no such account.
        """
        self._update(name, {"disabled": False})
        self.on_change("user_enabled", {"name": name})

    def _update(self, name: str, values: Mapping[str, object], *, end_sessions: bool = False) -> None:
        with transaction(self._store) as connection:
            changed = connection.execute(sa.update(users).where(users.c.name == name).values(values)).rowcount
            if end_sessions:
                owner = sa.select(users.c.id).where(users.c.name == name).scalar_subquery()
                connection.execute(sa.delete(sessions).where(sessions.c.user_id == owner))
        if not changed:
            known = [user.name for user in self.users()]
            raise InputError([unknown_name(SOURCE, "name", name, known)])

    def users(self) -> list[User]:
        """Return every account, by name."""
        with transaction(self._store) as connection:
            return sorted(map(_user, connection.execute(sa.select(users))), key=lambda user: user.name)

    def log_in(self, name: str, password: str) -> User | None:
        """Return the account that a name and password open; None if none."""
        with transaction(self._store) as connection:
            row = connection.execute(sa.select(users).where(users.c.name == name)).first()
        kept = None if row is None or row.disabled else row.password
        if not matches(kept, password) or row is None:
            return None
        if outdated(row.password):
            self._rehash(row, password)
        return _user(row)

    def _rehash(self, row: Any, password: str) -> None:
        # Only if nobody has set another password meanwhile.
        same = (users.c.id == row.id, users.c.password == row.password)
        with transaction(self._store) as connection:
            connection.execute(sa.update(users).where(*same).values(password=hashed(password)))

    def vouched_for(self, subject: str, name: str, roles: frozenset[str]) -> User | None:
        """Return the account of somebody whom an identity provider vouches for, made or given its present roles.

        Parameters
        ----------
        subject
            The provider's issuer and its own name for the person: what stays when a person's name changes.

        Returns
        -------
        User or None
            None where the account is disabled.

        Raises
        ------
        InputError
            The name is not accepted, or is that of another account.
        """
        if faults := list(name_faults(name)):
            raise InputError(faults)
        row = self._of_subject(subject)
        if row is None:
            self._insert(name, roles, None, subject)
            self.on_change("user_created", {"name": name, "roles": sorted(roles), "subject": subject})
        elif _user(row).roles != roles:
            with transaction(self._store) as connection:
                held = {"roles": " ".join(sorted(roles))}
                connection.execute(sa.update(users).where(users.c.subject == subject).values(held))
            self.on_change("roles_set", {"name": row.name, "roles": sorted(roles), "subject": subject})
        row = self._of_subject(subject)
        return None if row is None or row.disabled else _user(row)

    def _of_subject(self, subject: str) -> Any:
        with transaction(self._store) as connection:
            return connection.execute(sa.select(users).where(users.c.subject == subject)).first()


def _user(row: Any) -> User:
    return User(row.id, row.name, frozenset(row.roles.split()), row.subject, row.disabled, row.demonstration)


def name_faults(name: str) -> Iterator[Fault]:
    """Find what is wrong with a name of an account or a system."""
    if not NAME.fullmatch(name):
        accepted = "1 to 100 small letters, digits and . _ @ + - between them"
        yield Fault(SOURCE, "", "name", written(name), accepted)


def role_faults(name: str, roles: frozenset[str], known: Collection[str]) -> Iterator[Fault]:
    """Find what is wrong with the roles of an account or a key."""
    ordered = [role for role in ROLES if role in known]
    if not roles:
        yield Fault(SOURCE, name, "role", "none", f"one or more of {', '.join(ordered)}")
    for role in sorted(roles.difference(known)):
        yield unknown_name(SOURCE, "role", role, ordered, name)


def micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
