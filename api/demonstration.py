"""Published credentials for a first look: they are worth something on this machine only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from api.access import Access, is_loopback
from api.accounts_tables import api_keys, transaction, users
from api.roles import PERSON_ROLES
from dispatch.store import Store
from graphs.errors import Fault, InputError

KEY: Final = "nf_demonstration_only-on-this-machine"
PASSWORD: Final = "only on this machine"  # noqa: S105 - it is published
SYSTEM: Final = "demonstration"
# A first look is a dispatcher's and a planner's; who administers or audits logs in as such.
KEY_ROLES: Final = ("dispatcher", "supervisor", "planner", "auditor", "feeder")


def create_demonstration(access: Access) -> None:
    """Make a key with most roles, and an account for each role of people, named by it; what is there stays as it is."""
    access.keys.create_demonstration(KEY, SYSTEM, KEY_ROLES)
    access.accounts.create_demonstration(PERSON_ROLES, PASSWORD)


def has_demonstration(store: Store) -> bool:
    """Return whether a published credential is valid."""
    asked = sa.union_all(
        sa.select(sa.literal(1)).select_from(users).where(users.c.demonstration, ~users.c.disabled),
        sa.select(sa.literal(1)).select_from(api_keys).where(api_keys.c.demonstration, api_keys.c.revoked_us.is_(None)),
    ).limit(1)
    with transaction(store) as connection:
        return connection.execute(asked).first() is not None


def require_own_credentials(store: Store, hosts: Iterable[str]) -> None:
    """Refuse to be reached from beyond this machine by credentials that everybody knows.

    Parameters
    ----------
    hosts
        Where the service is to listen. A socket file is for a proxy, which may let in anybody.

    Raises
    ------
    InputError
        The service would be reached, and there are such credentials.
    """
    beyond = [host for host in hosts if not is_loopback(host)]
    if beyond and has_demonstration(store):
        accepted = (
            "127.0.0.1, because the database holds published demonstration credentials; take another database "
            "(NEAREST_DATABASE_URL), or end them: nearest admin end-demonstration"
        )
        raise InputError([Fault("server", "", "bind", ", ".join(beyond), accepted)])


def end_demonstration(access: Access) -> None:
    """Revoke the published key and shut the published accounts that nobody has given another password."""
    for key in access.keys.all():
        if key.demonstration and key.revoked_us is None:
            access.keys.revoke(key.key_id)
    for user in access.accounts.users():
        if user.demonstration and not user.disabled:
            access.accounts.disable_user(user.name)
