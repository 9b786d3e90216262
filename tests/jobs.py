"""What tests of long jobs share: their processes, and waiting for them."""

from __future__ import annotations

import itertools
import os
import signal
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from flask import Flask

from api.jobs import Jobs
from api.service import EXTENSION, Service
from clients import with_key
from running import DEADLINE_S


def processes(folder: Path, module: str) -> list[int]:
    """Which processes run a module of the product for a folder of a test."""
    found = list[int]()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().decode().split("\0")
            # Who runs the jobs has their module among its words too.
            runs = ("-m", f"api.{module}") in itertools.pairwise(words)
            if runs and any(word.startswith(str(folder)) for word in words):
                found.append(int(path.parent.name))
    return found


def begun_by(job: int) -> list[int]:
    """Which processes a job has begun, directly or not, whether it is still there or not."""
    found = list[int]()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # Its name may have spaces and brackets in it.
            state, _parent, group, *_ = path.read_text().rpartition(")")[2].split()
            if int(group) == job and int(path.parent.name) != job and state != "Z":
                found.append(int(path.parent.name))
    return found


def end_all(folder: Path, *modules: str) -> None:
    """End what a test has begun and not ended: only processes that name its own folder."""
    for name in modules:
        for pid in processes(folder, name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def until(true: Callable[[], Any], what: str) -> Any:
    end_at = time.monotonic() + DEADLINE_S
    while not (found := true()):
        assert time.monotonic() < end_at, f"in vain: {what}"
        time.sleep(0.02)
    return found


class held:  # noqa: N801 - read as a word
    """Nobody runs jobs meanwhile."""

    def __init__(self, jobs: Jobs[Any]) -> None:
        lock = jobs.take_lock()
        assert lock is not None
        self._lock = lock

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_error: object) -> None:
        os.close(self._lock)


class JobClient:
    """A client of a service that keeps long jobs of one kind in a folder of the test.

    Attributes
    ----------
    post
        Where they are asked for.
    name
        What an answer calls the name of one.
    why
        The header that says why.
    """

    post: ClassVar[str]
    name: ClassVar[str]
    why: ClassVar[Mapping[str, str]]

    def __init__(self, app: Flask, folder: Path, role: str) -> None:
        self.app, self.client, self.folder = app, with_key(app, role), folder

    @property
    def service(self) -> Service:
        found = self.app.extensions[EXTENSION]
        assert isinstance(found, Service)
        return found

    def get(self, path: str, **more: Any) -> Any:
        # A file is sent from the disk; a client that has read it all closes it.
        return self.client.get(path, buffered=True, **more)

    def posted(self, body: Any, key: str = "") -> Any:
        headers = {"Idempotency-Key": key or str(uuid.uuid4()), **self.why}
        return self.client.post(self.post, json=body, headers=headers)

    def accepted(self, answer: Any) -> str:
        assert answer.status_code == 202, answer.text
        name: str = answer.json[self.name]
        assert answer.headers["Location"] == f"{self.post}/{name}"
        return name

    def told(self, name: str) -> dict[str, Any]:
        answer = self.get(f"{self.post}/{name}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found

    def ended(self, name: str) -> dict[str, Any]:
        def over() -> Any:
            told = self.told(name)
            return told if told["finished_at"] is not None else None

        found: dict[str, Any] = until(over, f"{name} ends")
        return found
