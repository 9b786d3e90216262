"""Who looked at what: events of the record like any other, so that they cannot be quietly taken out either.

Looking at one incident is written down each time. A list, which every console asks for many times a minute, is written
down by its name, once for each who looks in a stretch of time; the record itself says which incidents were in it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from dispatch.desk import Desk
from dispatch.record import Event, Row
from dispatch.store import Writing
from dispatch.tables import events

CONSULTED: Final = "consulted"
_BATCH: Final = 100
_MOST_REMEMBERED: Final = 10_000
_NOTHING_MORE: Final[Mapping[str, str | None]] = MappingProxyType({})


def consulted(
    desk: Desk,
    actor: str,
    incident_id: str,
    operation: str,
    reason: str | None,
    at: datetime,
    more: Mapping[str, str | None] = _NOTHING_MORE,
) -> int:
    """Write down that somebody looks at an incident; return the row's number.

    Parameters
    ----------
    operation
        By which call.
    reason
        Why, if that was said.
    more
        What else tells what was looked at, such as the replay that it is part of.

    Raises
    ------
    NoDatabase
        It cannot be written down; nothing may be shown then.
    """
    return desk.record(Event(CONSULTED, incident_id, at, {"operation": operation, "reason": reason, **more}), actor)


class Lists:
    """Writes down who looks at a list, once in a stretch of time whichever worker is asked.

    Parameters
    ----------
    desk
        Holds the record.
    every_s
        Seconds of that stretch; 0 writes down each time.
    """

    def __init__(self, desk: Desk, every_s: float) -> None:
        self._desk, self._every = desk, timedelta(seconds=every_s)
        self._lock = threading.Lock()
        self._written_until: dict[tuple[object, ...], datetime] = {}

    def consulted(
        self,
        actor: str,
        name: str,
        reason: str | None,
        now: datetime,
        incident_id: str | None = None,
        more: Mapping[str, str | None] = _NOTHING_MORE,
    ) -> None:
        """Write down that somebody looks at a list and why, unless the record says so for this stretch of time.

        Parameters
        ----------
        incident_id
            What all of the list is about, None where it is about many. Each page of what the record says about an
            incident would otherwise add to what it says, and never come to its end.
        more
            What else tells which list it is, such as its period.

        Raises
        ------
        NoDatabase
            It cannot be written down; nothing may be shown then.
        """
        subject = incident_id or f"list {name}"
        look = (actor, name, reason, subject, *more.items())
        with self._lock:
            until = self._written_until.get(look)
        # A clock that was set back does not stretch the time.
        if until is not None and until - self._every <= now < until:
            return
        written = self._write(actor, subject, {"operation": name, "reason": reason, **more})
        with self._lock:
            if len(self._written_until) >= _MOST_REMEMBERED:
                self._written_until.clear()
            self._written_until[look] = written + self._every

    def _write(self, actor: str, subject: str, told: Mapping[str, Any]) -> datetime:
        with self._desk.store.writing() as writing:
            happened = Event(CONSULTED, subject, writing.now, told)
            found = _last(writing, happened, actor, writing.now - self._every)
            if found is None:
                writing.append([happened], actor)
            return found or writing.now


def _last(writing: Writing, happened: Event, actor: str, since: datetime) -> datetime | None:
    """Return when the record last says the same after a moment; only rows after that moment are looked at."""
    wanted = (events.c.subject == happened.subject, events.c.kind == CONSULTED)
    asked = sa.select(events).where(*wanted).order_by(events.c.seq.desc())
    with writing.connection.execute(asked.execution_options(yield_per=_BATCH)) as found:
        for row in (Row(*values) for values in found):
            if row.recorded <= since:
                return None
            if row.actor == actor and row.details == happened.payload:
                return row.recorded
    return None
