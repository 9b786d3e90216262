"""A Dask cluster of our own on this machine: a scheduler and workers, each a process that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson

_BEGINS_WITHIN_S = 60.0


class Cluster:
    """A scheduler on a free port, and so many workers.

    Parameters
    ----------
    folder
        For what they write.
    """

    def __init__(self, folder: Path, workers: int = 0) -> None:
        self._folder, self._processes = folder, list[subprocess.Popen[bytes]]()
        told = folder / "scheduler.json"
        self.scheduler = self._begin("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told))
        self._wait(self.scheduler, lambda _: told.exists() and told.read_bytes().endswith(b"}"))
        self.address = str(orjson.loads(told.read_bytes())["address"])
        self.workers = [self.worker() for _ in range(workers)]

    def worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Begin a worker that nobody looks after, and wait until the scheduler knows it."""
        options = ("--no-nanny", "--nthreads", "1", "--local-directory", str(self._folder), "--host", "127.0.0.1")
        process = self._begin("worker", self.address, *options, **environment)
        self._wait(process, lambda printed: "Registered to:" in printed)
        return process

    def close(self) -> None:
        """End all of it, at once: asked to end, one that has lost others waits for them."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def _begin(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        with self._log(len(self._processes)).open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "dask", *command, "--no-dashboard"],
                stdout=log,
                stderr=log,
                # Not where the sources lie: they would come before those of PYTHONPATH.
                cwd=self._folder,
                env={**os.environ, **environment},
            )
        self._processes.append(process)
        return process

    def _log(self, number: int) -> Path:
        return self._folder / f"{number}.log"

    def _wait(self, process: subprocess.Popen[bytes], begun: Callable[[str], bool]) -> None:
        log, end = self._log(self._processes.index(process)), time.monotonic() + _BEGINS_WITHIN_S
        while not begun(log.read_text("utf-8")):
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < end, log.read_text("utf-8")
            time.sleep(0.05)
