"""Runs the replays that wait, one after another, outside of the web workers.

``python -m api.replay_runner FOLDER LOCK`` is begun by `start` with the lock in its hands. Whoever asks anything about
replays begins it where none runs, so one that was killed costs a replay some time and nothing else.
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

from api.replays import LOG, OUT, WORK, Replay, Replays, Standing, outcome_of

# Where it was killed so often, it is too large for the machine, or meets a fault in the program.
MOST_ATTEMPTS: Final = 3
_LOOK_S: Final = 0.1
_ARGUMENTS: Final = 3


def start(replays: Replays, environment: Mapping[str, str]) -> None:
    """Have the replays that wait run, unless somebody runs them; return at once.

    Parameters
    ----------
    environment
        Of the processes: the settings of the service that they go by.
    """
    if replays.next() is None or (lock := replays.take_lock()) is None:
        return
    command = [sys.executable, "-m", "api.replay_runner", str(replays.root.absolute()), str(lock)]
    try:
        with (replays.root / LOG).open("ab") as log:
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


def run_all(replays: Replays, lock: int | None) -> None:
    """Run what waits until nothing does; the lock is let go of at the end."""
    while lock is not None:
        while (replay := replays.next()) is not None:
            try:
                _run(replays, replay, lock)
            except FileNotFoundError:
                continue  # it was removed meanwhile
        os.close(lock)
        # Who came since the last look and found the lock held has begun nobody.
        lock = replays.take_lock() if replays.next() is not None else None


def _run(replays: Replays, replay: Replay, lock: int) -> None:
    """Bring a replay to its end, or to that of its process."""
    before = replay.standing
    if (outcome := outcome_of(replay)) is not None:
        _end(replays, replay, _come_to(before, outcome))
        return
    if before.attempts >= MOST_ATTEMPTS:
        _end(replays, replay, replace(before, state="failed", because=_killed(replay)))
        return
    standing = replace(before, state="running", attempts=before.attempts + 1, started_at=before.started_at or _now())
    replays.stand(replay, standing)
    replay.work.mkdir(mode=0o700, exist_ok=True)
    if _attend(replays, replay, lock):
        _end(replays, replay, replace(standing, state="cancelled"))
    elif (outcome := outcome_of(replay)) is not None:
        _end(replays, replay, _come_to(standing, outcome))


def _attend(replays: Replays, replay: Replay, lock: int) -> bool:
    """Run the process of a replay; return whether it was cancelled, and ended for that."""
    command = [sys.executable, "-m", "api.replay_job", str(replay.folder)]
    with (replay.folder / LOG).open("ab") as log:
        # It ends when this process does: the other end of its input is closed then, whatever ended it.
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, pass_fds=(lock,)
        )
    with process:
        while process.poll() is None:
            found = replays.find(replay.request.replay_id)
            if found is None or found.to_cancel:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                break
            time.sleep(_LOOK_S)
    found = replays.find(replay.request.replay_id)
    if found is None:
        # Its process may have made the folder anew.
        shutil.rmtree(replay.folder, ignore_errors=True)
    return found is None or (found.to_cancel and outcome_of(replay) is None)


def _come_to(standing: Standing, outcome: Mapping[str, Any]) -> Standing:
    told = {name: outcome[name] for name in ("because", "faults", "headline") if name in outcome}
    return replace(standing, state="done" if outcome.get("headline") is not None else "failed", **told)


def _end(replays: Replays, replay: Replay, standing: Standing) -> None:
    """Note the end of a replay; what it worked with is personal data that nobody needs any more."""
    for name in (WORK,) if standing.state == "done" else (WORK, OUT):
        shutil.rmtree(replay.folder / name, ignore_errors=True)
    replays.stand(replay, replace(standing, finished_at=_now()))


def _killed(replay: Replay) -> str:
    return f"its process was ended {replay.standing.attempts} times before it had come to an end"


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
    run_all(Replays(Path(sys.argv[1])), int(sys.argv[2]))


if __name__ == "__main__":
    main()
