"""``nearest admin``: accounts of people and keys of systems, in the database that the service uses.

A password is asked for, or read from standard input, and is never an argument: those every process on the machine can
read. A running service believes what was ended for `AccessSettings.remembered_ms` at most.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click
from rich.table import Table

from api.access import Access
from api.accounts import User
from api.accounts_keys import OVERLAP, VALID_FOR, Key
from api.accounts_sessions import SECOND_US
from api.accounts_settings import AccessSettings
from api.accounts_tables import ensure_tables
from api.accounts_told import telling_record
from api.answers import to_json
from api.demonstration import end_demonstration
from api.options import json_option, out, put, stored
from api.roles import PERSON_ROLES, ROLES
from api.settings import Stored
from dispatch.store import Store

_HOURS: Final = OVERLAP // timedelta(hours=1)
_person_roles = click.option("--role", "roles", multiple=True, help=f"{', '.join(PERSON_ROLES)}; may be given again.")
_key_roles = click.option("--role", "roles", multiple=True, help=f"{', '.join(ROLES)}; may be given again.")
_days = click.option("--days", default=VALID_FOR.days, show_default=True, help="How long the key is valid.")


@click.group("admin")
@click.option("--database", help="Address of the database; NEAREST_DATABASE_URL if not given.")
@click.pass_context
def admin(context: click.Context, database: str | None) -> None:
    """Manage accounts of people and keys of systems."""
    # What only looks makes no database where a name was mistyped; a purge opens its own.
    if context.invoked_subcommand != "purge":
        context.obj = context.with_resource(_access(database, read_only=context.invoked_subcommand == "list"))


@contextmanager
def _access(database: str | None, *, read_only: bool) -> Iterator[Access]:
    store = Store(str_of(stored(database)), _now, read_only=read_only)
    try:
        if not read_only:
            store.migrate()
            ensure_tables(store)
        yield Access(store, _now, AccessSettings(), telling_record(store, _now))
    finally:
        store.close()


def str_of(settings: Stored) -> str:
    """Return the address of the database, with its password."""
    return settings.database_url.render_as_string(hide_password=False)


def _now() -> datetime:
    return datetime.now(UTC)


@admin.command("create-user")
@click.argument("name")
@_person_roles
@click.pass_obj
def create_user(access: Access, name: str, roles: tuple[str, ...]) -> None:
    """Make an account; its password is asked for, or read from standard input."""
    access.accounts.create_user(name, roles, _password())
    click.echo(f"{name} is {' and '.join(sorted(roles))}")


@admin.command("set-password")
@click.argument("name")
@click.pass_obj
def set_password(access: Access, name: str) -> None:
    """Give an account another password, and end its sessions."""
    access.accounts.set_password(name, _password())
    click.echo(f"{name} has another password; sessions are ended")


@admin.command("set-roles")
@click.argument("name")
@_person_roles
@click.pass_obj
def set_roles(access: Access, name: str, roles: tuple[str, ...]) -> None:
    """Give an account other roles in place of those it has."""
    access.accounts.set_roles(name, roles)
    click.echo(f"{name} is {' and '.join(sorted(roles))}")


@admin.command("disable-user")
@click.argument("name")
@click.pass_obj
def disable_user(access: Access, name: str) -> None:
    """Shut an account, and end its sessions."""
    access.accounts.disable_user(name)
    click.echo(f"{name} is shut")


@admin.command("enable-user")
@click.argument("name")
@click.pass_obj
def enable_user(access: Access, name: str) -> None:
    """Open an account again."""
    access.accounts.enable_user(name)
    click.echo(f"{name} is open")


@admin.command("create-key")
@click.argument("name")
@_key_roles
@_days
@click.pass_obj
def create_key(access: Access, name: str, roles: tuple[str, ...], days: int) -> None:
    """Make a key for the system NAME, and print it, this once."""
    _show(access.keys.create(name, roles, timedelta(days=days)))


@admin.command("rotate-key")
@click.argument("key_id")
@click.option("--overlap-hours", default=_HOURS, show_default=True, help="How long the old key is valid beside it.")
@_days
@click.pass_obj
def rotate_key(access: Access, key_id: str, overlap_hours: int, days: int) -> None:
    """Make a key like KEY_ID, and print it, this once; the old one ends after the overlap."""
    _show(access.keys.rotate(key_id, timedelta(hours=overlap_hours), timedelta(days=days)))


@admin.command("revoke-key")
@click.argument("key_id")
@click.pass_obj
def revoke_key(access: Access, key_id: str) -> None:
    """End a key now."""
    access.keys.revoke(key_id)
    click.echo(f"{key_id} is revoked")


@admin.command("end-demonstration")
@click.pass_obj
def end_demonstration_command(access: Access) -> None:
    """Shut the published accounts and revoke the published key."""
    end_demonstration(access)
    click.echo("no published credential is valid")


@admin.command("list")
@json_option
@click.pass_obj
def list_command(access: Access, *, as_json: bool) -> None:
    """List accounts and keys."""
    people, systems = [_person(user) for user in access.accounts.users()], [_system(key) for key in access.keys.all()]
    if as_json:
        put(to_json({"users": people, "keys": systems}))
        return
    for title, rows in (("Accounts", people), ("Keys", systems)):
        out().print(_table(title, rows) if rows else f"{title}: none")


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    # A pipe ends its line, which is no part of the password.
    return sys.stdin.readline().rstrip("\r\n")


def _show(key: str) -> None:
    click.echo(key)
    click.echo("It cannot be shown again.", err=True)


def _person(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "roles": sorted(user.roles),
        "from": user.subject or "here",
        "state": "shut" if user.disabled else "open",
        "demonstration": user.demonstration,
    }


def _system(key: Key) -> dict[str, Any]:
    return {
        "key": key.key_id,
        "name": key.name,
        "roles": sorted(key.roles),
        "created": _moment(key.created_us),
        "expires": _moment(key.expires_us),
        "revoked": _moment(key.revoked_us),
        "used": _moment(key.used_us),
        "demonstration": key.demonstration,
    }


def _moment(us: int | None) -> str | None:
    if us is None:
        return None
    return datetime.fromtimestamp(us // SECOND_US, UTC).isoformat().replace("+00:00", "Z")


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return ", ".join(value) if isinstance(value, list) else str(value or "")


COMMANDS: Final[tuple[click.Command, ...]] = (admin,)
