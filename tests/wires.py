"""A wire between a browser and a service that can be pulled, fall silent, or carry requests and lose the answers."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Literal

State = Literal["whole", "silent", "deaf", "cut"]
_CHUNK = 65536
_LOOK_S = 0.05


class Wire:
    """Listens on a port of its own, and passes on what comes to the port of a service.

    Parameters
    ----------
    to_port
        Where the service listens.

    Attributes
    ----------
    state
        ``whole``; ``silent`` carries nothing and closes nothing, as when a switch dies; ``deaf`` carries requests and
        no answers; ``cut`` ends what is open and refuses what is new.
    """

    def __init__(self, to_port: int) -> None:
        self.state: State = "whole"
        self._to_port = to_port
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Take the wire away."""
        self._closed = True
        self.state = "cut"
        self._listener.close()

    def _listen(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.state == "cut":
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._to_port))
            threading.Thread(target=self._carry, args=(near, far, "requests"), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, "answers"), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket, what: Literal["requests", "answers"]) -> None:
        """Pass on what one side says; what was lost makes the connection useless, so it never goes on."""
        lost = False
        with contextlib.suppress(OSError):
            one.settimeout(_LOOK_S)
            while self.state != "cut":
                try:
                    said = one.recv(_CHUNK)
                except TimeoutError:
                    continue
                if not said:
                    break
                lost = lost or self.state == "silent" or (self.state == "deaf" and what == "answers")
                if not lost:
                    other.sendall(said)
        if not lost or self.state == "cut":
            for side in (one, other):
                side.close()
