"""Clients of an event stream, as browsers are: they read messages, and where they are cut off come back with an id."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from running import DEADLINE_S, SIGNED


@dataclass(frozen=True)
class Message:
    """One message of a stream; a comment has no event and no data, and is called as browsers never call one."""

    event: str
    id: Any
    data: Any
    at: float


def messages(lines: Iterable[bytes]) -> Iterator[Message]:
    """Read messages as the WHATWG's standard says; comments are told too, with ``:`` for their event."""
    fields: dict[str, str] = {}
    for line in lines:
        text = line.decode().rstrip("\n")
        if text:
            name, _, value = text.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        name = fields.get("id")
        data = json.loads(fields["data"]) if "data" in fields else None
        event = fields.get("event", ":" if "" in fields else "")
        # The number of a row, or what names how far a job is.
        yield Message(event, int(name) if name and name.isdigit() else name, data, time.monotonic())
        fields = {}


class Listener:
    """Listens in a thread of its own until it is told to stop; comes back wherever it is cut off.

    Parameters
    ----------
    port
        Of the service.
    after
        The row after which to begin.
    request_ids
        Made for each time that it comes.
    """

    def __init__(self, port: int, after: int | None = None, request_id: Callable[[], str] | None = None) -> None:
        self._port, self._request_id = port, request_id
        self.last, self.heard, self.opened, self.refused = after, list[Message](), 0, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def ids(self) -> list[int]:
        return [message.id for message in self.heard if message.id is not None and message.data is not None]

    def ended(self, within_s: float) -> bool:
        """Stop coming back, and tell whether the server ends the stream by itself."""
        self._stop.set()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def await_(self, count: int) -> None:
        """Wait until so many events were heard."""
        end = time.monotonic() + DEADLINE_S
        while len(self.ids) < count:
            assert time.monotonic() < end, (count, len(self.ids))
            time.sleep(0.02)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except (OSError, HTTPException):
                time.sleep(0.1)

    def _listen(self) -> None:
        headers = dict(SIGNED)
        if self._request_id is not None:
            headers["X-Request-Id"] = self._request_id()
        if self.last is not None:
            headers["Last-Event-ID"] = str(self.last)
        with (
            closing(HTTPConnection("127.0.0.1", self._port, timeout=DEADLINE_S)) as connection,
            self._ask(connection, headers) as response,
        ):
            if response.status != 200:
                self.refused += 1
                response.read()
                time.sleep(0.1)
                return
            self.opened += 1
            for message in messages(iter(response.readline, b"")):
                self.heard.append(message)
                self.last = self.last if message.id is None else message.id

    def _ask(self, connection: HTTPConnection, headers: dict[str, str]) -> HTTPResponse:
        connection.request("GET", "/v1/stream", headers=headers)
        return connection.getresponse()
