"""Changes of accounts and keys in the record: who was let in, by whom, and when; never a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from flask import g, has_request_context

from api.accounts import OnChange
from dispatch.record import Event
from dispatch.store import Store

KIND: Final = "account_changed"
# Whoever works on the machine itself; the record cannot know who that is.
MACHINE: Final = "machine"
# Others may type anything here, a password too.
_UNTOLD: Final = {"login_failed": ("name",)}


def telling_record(store: Store, clock: Callable[[], datetime]) -> OnChange:
    """Make what is called after each change: it appends an event without a subject.

    Parameters
    ----------
    store, clock
        Where the record is, and the present moment.
    """

    def told(change: str, details: Mapping[str, Any]) -> None:
        left_out = _UNTOLD.get(change, ())
        values = {"change": change, **{name: value for name, value in details.items() if name not in left_out}}
        with store.writing() as writing:
            writing.append([Event(KIND, None, clock(), values)], _actor(change, details))

    return told


def _actor(change: str, details: Mapping[str, Any]) -> str:
    """Return who did it: who asked, who logged in, or somebody on the machine itself."""
    if has_request_context() and g.get("actor") is not None:
        return str(g.actor.name)
    if change == "logged_in":
        return str(details["name"])
    return "nobody known" if change == "login_failed" else MACHINE
