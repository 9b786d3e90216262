"""The end of the record, followed by one thread for all event streams of a process.

It is asked for again and again, which any database answers, and costs no connection of its own as waiting for a notice
would.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_right
from operator import itemgetter
from typing import Final

from api.pushed import PUSHED, event_message
from dispatch.desk import Desk
from dispatch.force import Force
from dispatch.pages import page
from graphs.errors import NearestError

POLL_S: Final = 0.05
# So many events are kept for streams that are a little behind, and as many are told to one that comes back.
KEPT: Final = 1000
_log = logging.getLogger("nearest.stream")


class Tail:
    """The newest events as messages.

    Parameters
    ----------
    desk
        Holds the record.
    force
        Says of each place whether it is urban.
    stopping
        Set when the process is to end.

    Raises
    ------
    NearestError
        The record cannot be read.
    """

    def __init__(self, desk: Desk, force: Force, stopping: threading.Event) -> None:
        self._desk, self._force, self._stopping = desk, force, stopping
        self._changed = threading.Condition()
        self._messages: list[tuple[int, bytes]] = []
        self.live = desk.live()
        # Every event after this row is among the messages.
        self._kept_after = self.live.state.seq
        self.ended = False
        threading.Thread(target=self._follow, name="tail", daemon=True).start()

    @property
    def seq(self) -> int:
        """The last row that was read."""
        return self.live.state.seq

    def end(self) -> None:
        """End it, and with it all its streams."""
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def wait(self, seq: int, timeout_s: float) -> None:
        """Wait until there are rows after one, or it has ended, but not longer than told."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended or self.seq > seq, timeout_s)

    def has(self, seq: int) -> bool:
        """Return whether the record goes as far as a row; another worker may have seen one before this one did.

        Raises
        ------
        NearestError
            The record cannot be read.
        """
        return seq <= self.seq or seq <= self._desk.live().state.seq

    def after(self, seq: int) -> tuple[list[bytes] | None, int]:
        """Return the messages after a row, and the row up to which they go.

        The messages are None where more has happened than is told again.

        Raises
        ------
        NoDatabase
            The database does not answer.
        """
        with self._changed:
            live, kept = self.live, seq >= self._kept_after
            if kept:
                first = bisect_right(self._messages, seq, key=itemgetter(0))
                return [message for _, message in self._messages[first:]], max(seq, self.seq)
        with self._desk.store.reading() as reading:
            rows = page(reading, seq, KEPT + 1, PUSHED)
        missed = [event_message(row, live, self._force) for row in rows if row.seq <= live.state.seq]
        return (missed if len(missed) <= KEPT else None), live.state.seq

    def _follow(self) -> None:
        try:
            while not (self.ended or self._stopping.wait(POLL_S)):
                self._read()
        except NearestError as error:
            _log.warning("event streams end: %s", error)
        finally:
            self.end()

    def _read(self) -> None:
        before, live, rows = self.seq, self._desk.live(), []
        if live.state.seq > before:
            with self._desk.store.reading() as reading:
                rows = page(reading, before, KEPT + 1, PUSHED)
        new = [(row.seq, event_message(row, live, self._force)) for row in rows if row.seq <= live.state.seq]
        with self._changed:
            self.live = live
            self._keep(new)
            if live.state.seq > before:
                self._changed.notify_all()

    def _keep(self, new: list[tuple[int, bytes]]) -> None:
        if len(new) > KEPT:
            # More at once than is kept: nobody who was behind can be told all of it.
            self._messages, self._kept_after = [], self.seq
            return
        self._messages += new
        if (surplus := len(self._messages) - KEPT) > 0:
            self._kept_after = self._messages[surplus - 1][0]
            del self._messages[:surplus]
