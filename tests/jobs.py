"""What tests of long jobs share: their processes, and waiting for them."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from api.jobs import Jobs
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
