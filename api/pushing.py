"""Event streams as responses: a place for each, sent at once, and for whoever may watch only as long as they may."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Final, cast

from flask import Flask, Response, current_app, g, request

from api.access import access
from api.errors import Refused, StreamsFull
from api.orders import actor
from api.roles import Actor, may

EXTENSION: Final = "nearest_places"
# A session or key that has ended is noticed so soon, beside what a worker remembers of it.
ALLOWED_EVERY_S: Final = 2.0
# A client that takes nothing for so long is let go: it holds a thread.
_SEND_S: Final = 20.0
_HEADERS: Final = {
    "Cache-Control": "no-cache, no-store",
    # nginx keeps answers back until it has a good deal of them.
    "X-Accel-Buffering": "no",
}


class Places:
    """How many event streams a process has open, of whatever kind: each holds a thread of the server.

    Parameters
    ----------
    most
        So many at once.
    """

    def __init__(self, most: int) -> None:
        self._most, self._open = most, 0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take a place, which `leave` gives back.

        Raises
        ------
        StreamsFull
            There is none left.
        """
        with self._lock:
            if self._open >= self._most:
                raise StreamsFull(self._most)
            self._open += 1

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self._open -= 1


def open_places(app: Flask, most: int) -> Places:
    """Make an application able to push, to so many at once."""
    app.extensions[EXTENSION] = places = Places(most)
    return places


def places() -> Places:
    """Return the places of the application that handles the present request."""
    return cast("Places", current_app.extensions[EXTENSION])


def pushed(messages: Iterator[bytes], leave: Callable[[], None]) -> Response:
    """Make the response that sends messages as they come.

    Parameters
    ----------
    leave
        Gives the place of the stream back.
    """
    if (socket := request.environ.get("gunicorn.socket")) is not None:
        socket.settimeout(_SEND_S)
    response = Response(messages, content_type="text/event-stream; charset=utf-8", headers=_HEADERS)
    # Called even where nothing is ever taken from the stream, as after HEAD.
    response.call_on_close(leave)
    return response


def still_allowed(operation: str, note: Callable[[str], None] | None = None) -> Callable[[], bool]:
    """Make what tells, outside of the request, whether its client may still watch.

    Parameters
    ----------
    note
        Told the name of who watches each time that it is so.
    """
    guard, name, session = access(), actor(), g.session
    asked = request._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - as Werkzeug's own documents say

    def watching() -> Actor | None:
        if session is None:
            return guard.known(asked).actor
        # That a page is open does not show that anybody sits before it.
        found = guard.sessions.find(session.token, used=False)
        return None if found is None else found.actor

    def allowed() -> bool:
        try:
            found = watching()
        except Refused:
            return False
        if found is None or not may(found.roles, operation):
            return False
        if note is not None:
            note(name)
        return True

    return allowed
