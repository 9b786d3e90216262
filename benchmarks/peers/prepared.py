"""Data that a peer prepares once and keeps in a folder, with the seconds each step took."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

STEP_LIMIT_S = 1_800
RECORD = "steps.json"
Steps = dict[str, float]


class StepError(RuntimeError):
    """A tool of a peer failed; the message holds the end of what it said."""


def run(tool: Path, arguments: Sequence[str | Path]) -> float:
    """Run a tool of a peer and return the seconds that it took.

    Raises
    ------
    StepError
        The tool ended with an error or took longer than `STEP_LIMIT_S`.
    """
    start = time.perf_counter()
    try:
        command = [str(part) for part in (tool, *arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=STEP_LIMIT_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StepError(f"{tool.name}: {error}") from error
    if done.returncode:
        raise StepError(f"{tool.name} ended with {done.returncode}: {(done.stderr or done.stdout)[-400:].strip()}")
    return time.perf_counter() - start


def prepared(cache: Path, name: str, pbf: Path, make: Callable[[Path], Steps]) -> tuple[Path, Steps]:
    """Return the folder of a peer's data for an extract and the seconds of its steps, made now or in an earlier run.

    Parameters
    ----------
    name
        The peer with its version: another version has another folder.
    make
        Called with the empty folder where nothing is kept yet; returns step name to seconds.
    """
    digest = hashlib.sha256(pbf.read_bytes()).hexdigest()[:12]
    folder = cache / f"{name}-{digest}"
    record = folder / RECORD
    if not record.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        record.write_text(json.dumps(make(folder)), "utf-8")
    return folder, json.loads(record.read_text("utf-8"))
