"""Event streams: each tells its client every event once, in order, and where units are by now.

A stream has no queue. It knows how far its client is, and looks that up in the process's tail of the record; a client
that is slow makes its own stream wait, and finds the units where they are by then.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from api.pushed import HEARTBEAT, opening, positions_message, reset_message
from api.pushing import ALLOWED_EVERY_S, Places
from api.tail import KEPT, Tail
from dispatch.desk import Desk
from dispatch.force import Force
from dispatch.model import Fix
from graphs.errors import NearestError

POSITIONS_EVERY_S: Final = 1.0
_log = logging.getLogger("nearest.stream")


class Streams:
    """The event streams of a process.

    Parameters
    ----------
    desk
        Holds the record.
    force
        Says of each place whether it is urban.
    stopping
        Set when the process is to end.
    places
        Those of the process.
    """

    def __init__(self, desk: Desk, force: Force, stopping: threading.Event, places: Places) -> None:
        self._desk, self._force, self._stopping, self._places = desk, force, stopping, places
        self._lock = threading.Lock()
        self._open = 0
        self._tail: Tail | None = None

    def join(self) -> Tail:
        """Take a place for a stream, which `leave` gives back.

        Raises
        ------
        StreamsFull
            There is none left.
        NoDatabase, BrokenRecord
            The record cannot be read.
        """
        self._places.take()
        try:
            with self._lock:
                if self._tail is None or self._tail.ended:
                    self._tail = Tail(self._desk, self._force, self._stopping)
                self._open += 1
                return self._tail
        except NearestError:
            self._places.leave()
            raise

    def leave(self) -> None:
        """Give a place back; after the last, nobody follows the record."""
        self._places.leave()
        with self._lock:
            self._open -= 1
            if self._open == 0 and self._tail is not None:
                self._tail.end()


class Stream:
    """What one client is told.

    Parameters
    ----------
    tail
        The end of the record.
    after
        The last row that the client knows, None for one that begins now.
    heartbeat_s
        Something is said at least so often, which shows both sides that the other is there.
    allowed
        Tells whether the client may still watch.
    """

    def __init__(self, tail: Tail, after: int | None, heartbeat_s: float, allowed: Callable[[], bool]) -> None:
        self._tail, self._allowed, self._heartbeat_s = tail, allowed, heartbeat_s
        self._seq = tail.seq if after is None else after
        self._fixes: dict[str, Fix] = {}
        now = time.monotonic()
        self._said_at, self._asked_at, self._positions_at = now, now, now - POSITIONS_EVERY_S

    def messages(self) -> Iterator[bytes]:
        """Yield what is to be sent, until the client may not watch any more, or the process is to end."""
        yield opening(self._seq)
        try:
            if not self._tail.has(self._seq):
                self._seq = self._tail.seq
                yield reset_message(self._seq, "the record does not go so far: it is not the one that was watched")
            while not self._tail.ended and self._may_go_on():
                if said := b"".join(self._due()) or self._heartbeat():
                    yield said
                    self._said_at = time.monotonic()
                self._tail.wait(self._seq, POSITIONS_EVERY_S)
        except NearestError as error:
            _log.warning("an event stream ends: %s", error)

    def _may_go_on(self) -> bool:
        now = time.monotonic()
        if now - self._asked_at < ALLOWED_EVERY_S:
            return True
        self._asked_at = now
        return self._allowed()

    def _due(self) -> Iterator[bytes]:
        yield from self._events()
        now = time.monotonic()
        if now - self._positions_at >= POSITIONS_EVERY_S:
            self._positions_at = now
            yield from self._positions()

    def _heartbeat(self) -> bytes:
        return HEARTBEAT if time.monotonic() - self._said_at >= self._heartbeat_s else b""

    def _events(self) -> Iterator[bytes]:
        found, self._seq = self._tail.after(self._seq)
        if found is None:
            yield reset_message(self._seq, f"more than {KEPT:,} events were missed")
        else:
            yield from found

    def _positions(self) -> Iterator[bytes]:
        live = self._tail.live
        here = {callsign: live.positions.of(callsign) for callsign in live.state.units}
        moved = {name: fix for name, fix in here.items() if fix is not None and self._fixes.get(name) is not fix}
        if moved:
            self._fixes |= moved
            yield positions_message(moved)
