"""One job from beginning to end, in a process of its own.

What it came to stands in a file at the end, also where its input is not accepted. Killed at any moment, it can be begun
again and goes on.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from api.job_requests import faults_within
from api.jobs import OUTCOME, PROGRESS, AskedT, Job, Jobs, write
from graphs.errors import InputError, NearestError

_NICE: Final = 19
_BROKEN: Final = "something failed that should not have; its log tells more"
Headline = Mapping[str, Any] | None


def run_job(kept: Callable[[Path], Jobs[AskedT]], run: Callable[[Job[AskedT]], Headline], *within: Path | None) -> None:
    """Run the job whose folder is the argument of this process, and write what it came to.

    Parameters
    ----------
    kept
        Makes the jobs of a folder.
    run
        Does it, and returns its headline.
    within
        Folders whose place is not told with the names of files in them.
    """
    folder = Path(sys.argv[1])
    os.umask(0o077)
    # Dispatchers come first.
    os.nice(_NICE)
    threading.Thread(target=_end_with_the_runner, daemon=True).start()
    job = kept(folder.parent).find(folder.name)
    if job is not None:
        write(job.folder / OUTCOME, _outcome(job, run, [each for each in (job.work, *within) if each is not None]))


def _end_with_the_runner() -> None:
    """Wait until the process that began this one is no more, and end this one and all that it began."""
    while os.read(0, 1):
        pass
    # What clears up after processes that share memory does not heed this, and ends by itself when they have.
    os.killpg(0, signal.SIGTERM)


def _outcome(job: Job[AskedT], run: Callable[[Job[AskedT]], Headline], within: list[Path]) -> dict[str, Any]:
    try:
        return {"headline": run(job)}
    except InputError as error:
        return {"because": error.title, "faults": [asdict(fault) for fault in faults_within(error, *within)]}
    except NearestError as error:
        return {"because": str(error)}
    except Exception:  # noqa: BLE001 - whatever it is, whoever asked is told that it failed
        traceback.print_exc()
        return {"because": _BROKEN}


def tell(job: Job[AskedT], phase: str, done: int | None = None, total: int | None = None) -> None:
    """Tell what a job is doing, and how much of that is done, where it is counted."""
    write(job.work / PROGRESS, {"phase": phase, "done": done, "total": total})
