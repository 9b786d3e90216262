"""Runs the jobs that wait in a folder, one after another, outside of the web workers.

``python -m api.job_runner FOLDER LOCK MODULE`` is begun by `start` with the lock in its hands; each job is a process of
its own, ``python -m MODULE JOB``. Whoever asks anything about jobs of the kind begins it where none runs, so one that
was killed costs a job some time and nothing else.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from api.jobs import KEPT, LOG, OUT, WORK, Asked, AskedT, Job, Jobs, Standing, outcome_of

# Where it was killed so often, it is too large for the machine, or meets a fault in the program.
MOST_ATTEMPTS: Final = 3
_LOOK_S: Final = 0.1
_CLEAR_UP_S: Final = 0.3
_ARGUMENTS: Final = 4


def start(jobs: Jobs[AskedT], environment: Mapping[str, str]) -> None:
    """Have the jobs that wait run, unless somebody runs them; return at once.

    Parameters
    ----------
    environment
        Of the processes: the settings of the service that they go by.
    """
    if jobs.next() is None or (lock := jobs.take_lock()) is None:
        return
    command = [sys.executable, "-m", "api.job_runner", str(jobs.root.absolute()), str(lock), jobs.module]
    try:
        with (jobs.root / LOG).open("ab") as log:
            subprocess.run(  # noqa: S603 - our own command
                command,
                pass_fds=(lock,),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=False,
            )
    finally:
        # The process that runs them has it still.
        os.close(lock)


def run_all(jobs: Jobs[Asked], lock: int | None, module: str) -> None:
    """Run what waits until nothing does; the lock is let go of at the end."""
    while lock is not None:
        while (job := jobs.next()) is not None:
            try:
                _run(jobs, job, lock, module)
            except FileNotFoundError:
                continue  # it was removed meanwhile
        os.close(lock)
        # Who came since the last look and found the lock held has begun nobody.
        lock = jobs.take_lock() if jobs.next() is not None else None


def _run(jobs: Jobs[Asked], job: Job[Asked], lock: int, module: str) -> None:
    """Bring a job to its end, or to that of its process."""
    before = job.standing
    if (outcome := outcome_of(job)) is not None:
        _end(jobs, job, _come_to(before, outcome))
        return
    if before.attempts >= MOST_ATTEMPTS:
        _end(jobs, job, replace(before, state="failed", because=_killed(job)))
        return
    standing = replace(before, state="running", attempts=before.attempts + 1, started_at=before.started_at or _now())
    jobs.stand(job, standing)
    job.work.mkdir(mode=0o700, exist_ok=True)
    if _attend(jobs, job, lock, module):
        _end(jobs, job, replace(standing, state="cancelled"))
    elif (outcome := outcome_of(job)) is not None:
        _end(jobs, job, _come_to(standing, outcome))


def _attend(jobs: Jobs[Asked], job: Job[Asked], lock: int, module: str) -> bool:
    """Run the process of a job; return whether it was cancelled, and ended for that."""
    command = [sys.executable, "-m", module, str(job.folder)]
    with (job.folder / LOG).open("ab") as log:
        # It ends when this process does: the other end of its input is closed then, whatever ended it.
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, pass_fds=(lock,)
        )
    with process:
        while not _over(process.pid):
            found = jobs.find(job.request.job_id)
            if found is None or found.to_cancel:
                break
            time.sleep(_LOOK_S)
        _end_all(process.pid)
    found = jobs.find(job.request.job_id)
    if found is None:
        # Its process may have made the folder anew.
        shutil.rmtree(job.folder, ignore_errors=True)
    return found is None or (found.to_cancel and outcome_of(job) is None)


def _end_all(group: int) -> None:
    """End a job with all that it began, which goes by its number: nobody else has that until it is waited for."""
    # What clears up after processes that share memory does not heed this, and ends by itself when they have.
    os.killpg(group, signal.SIGTERM)
    time.sleep(_CLEAR_UP_S)
    os.killpg(group, signal.SIGKILL)


def _over(pid: int) -> bool:
    """Return whether a process of ours has ended; it is not waited for yet."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _come_to(standing: Standing, outcome: Mapping[str, Any]) -> Standing:
    told = {name: outcome[name] for name in ("because", "faults", "headline") if name in outcome}
    return replace(standing, state="failed" if "because" in outcome else "done", **told)


def _end(jobs: Jobs[Asked], job: Job[Asked], standing: Standing) -> None:
    """Note the end of a job; what it worked with may be personal data that nobody needs any more."""
    for name in (WORK,) if standing.state == "done" else (WORK, OUT, KEPT):
        shutil.rmtree(job.folder / name, ignore_errors=True)
    jobs.stand(job, replace(standing, finished_at=_now()))


def _killed(job: Job[Asked]) -> str:
    return f"its process was ended {job.standing.attempts} times before it had come to an end"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def main() -> None:
    """Go on without whoever began this, and run what waits."""
    if len(sys.argv) != _ARGUMENTS:
        sys.exit(2)
    # Whoever began it waits for the first process only, and need not look after the second.
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    run_all(Jobs(Path(sys.argv[1]), Asked), int(sys.argv[2]), sys.argv[3])


if __name__ == "__main__":
    main()
