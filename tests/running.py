"""The service as it is really run: a gunicorn of our own on a free port, real sockets."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from api.demonstration import KEY

# A machine with nothing compiled and other work takes a minute to begin.
DEADLINE_S = 120.0
SIGNED = {"Authorization": f"Bearer {KEY}"}


class Running:
    """A gunicorn of our own with a new database, and what it prints.

    Parameters
    ----------
    application
        In place of the service: a module among the tests.
    environment
        Variables beside those of this process.
    """

    def __init__(self, *application: str, **environment: str) -> None:
        command = [sys.executable, "-m", "gunicorn", "-c", "python:api.serving", "--bind", "127.0.0.1:0", *application]
        self._folder = tempfile.TemporaryDirectory()
        kept = {"NEAREST_DATABASE_URL": f"sqlite:///{self._folder.name}/desk.sqlite", "NEAREST_DEMONSTRATION": "1"}
        told = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), **kept, **environment}
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.printed: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.printed.append(line)

    def find(self, pattern: str, count: int = 1) -> list[str]:
        """Wait until what is printed matches so many times."""
        end = time.monotonic() + DEADLINE_S
        while len(found := re.findall(pattern, "".join(self.printed))) < count:
            assert time.monotonic() < end, "".join(self.printed)
            assert self.process.poll() is None, "".join(self.printed)
            time.sleep(0.02)
        return found

    def port(self) -> int:
        """Wait until it listens."""
        return int(self.find(r"Listening at: http://127\.0\.0\.1:(\d+)")[0])

    def stop(self) -> int:
        """End the process by its own id, and say how it ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(DEADLINE_S)
        self._reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._folder.cleanup()
        return code


@contextmanager
def serving(*application: str, **environment: str) -> Iterator[int]:
    """The port of a service that listens for as long as it is needed."""
    service = Running(*application, **environment)
    try:
        yield service.port()
    finally:
        service.stop()


def ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Ask by a connection of its own, with the published key; gives status and body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    connection.request(method, path, body, {**SIGNED, **(headers or {})})
    with connection.getresponse() as response:
        answer = response.status, response.read()
    connection.close()
    return answer
