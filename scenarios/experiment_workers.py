"""Who plays replications: processes on this machine (joblib's loky), or anything else that works like them."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Final, Protocol

from graphs.errors import NearestError
from scenarios.experiment_bundle import Bundle
from scenarios.experiment_program import program
from scenarios.experiment_task import ONE_THREAD, Played, Task, play

# How often it is looked whether to stop.
LOOK_S: Final = 0.1
# So long an idle process waits for more: whoever tries one roster after another need not begin them anew.
_IDLE_S: Final = 60
_WATCH_S: Final = 1.0


class Stopped(NearestError):
    """Whoever asked for an experiment stopped it; what is done is kept."""

    slug = "stopped"
    title = "The simulation was stopped"


class WorkersLost(NearestError):
    """Nobody is left to play replications; what is done is kept."""

    slug = "workers-lost"
    title = "No worker is left"


class Workers(Protocol):
    """Who plays replications; a future is theirs, and means nothing to others."""

    def room(self) -> int:
        """Return how many tasks they should have in their hands."""

    def begin(self, task: Task) -> Any:
        """Hand over a task and return its future."""

    def ended(self, futures: Collection[Any], within_s: float) -> Iterable[Any]:
        """Wait until some are done, but not for long, and return those."""

    def played(self, future: Any) -> Played | None:
        """Return what came of a task; None where it was lost on the way and must be begun again."""


def each_played(workers: Workers, tasks: Iterable[Task], stopped: Callable[[], bool]) -> Iterator[Played]:
    """Have tasks played, and give what came of each as soon as it is there; no more is held than workers have in hand.

    Raises
    ------
    Stopped
        ``stopped`` says so.
    """
    waiting, begun = deque(tasks), dict[Any, Task]()
    while waiting or begun:
        if stopped():
            raise Stopped("the simulation was stopped; what is done is kept, and gone on with when it is started again")
        while waiting and len(begun) < workers.room():
            task = waiting.popleft()
            begun[workers.begin(task)] = task
        for future in workers.ended(begun.keys(), LOOK_S):
            task = begun.pop(future)
            found = workers.played(future)
            if found is None:
                waiting.appendleft(task)
            else:
                yield found


class _Processes:
    """Processes of this machine."""

    def __init__(self, executor: Any, jobs: int, bundle: Bundle) -> None:
        self._executor, self._jobs, self._bundle = executor, jobs, bundle

    def room(self) -> int:
        """Return how many tasks keep all of them busy."""
        # One in hand and one in reserve each.
        return 2 * self._jobs

    def begin(self, task: Task) -> Any:
        """Hand over a task."""
        return self._executor.submit(play, self._bundle, program(), task)

    def ended(self, futures: Collection[Any], within_s: float) -> Iterable[Any]:
        """Wait until some are done."""
        return wait(futures, within_s, FIRST_COMPLETED).done

    def played(self, future: Any) -> Played:
        """Return what came of a task.

        Raises
        ------
        BrokenProcessPool
            A process was ended from outside; `processes` makes `WorkersLost` of it.
        """
        found: Played = future.result()
        return found


@contextmanager
def processes(jobs: int) -> Iterator[tuple[Any, int]]:
    """Have so many processes of this machine, 0 for one a processor; they are ended where something goes wrong.

    Raises
    ------
    WorkersLost
        One of them was ended from outside, such as for want of memory.
    """
    # Slow to import, and whoever asks a cluster needs none of it.
    from joblib.externals.loky import get_reusable_executor  # noqa: PLC0415

    count = jobs or os.cpu_count() or 1
    executor = get_reusable_executor(
        count, timeout=_IDLE_S, env=dict(ONE_THREAD), initializer=_end_with, initargs=(os.getpid(),)
    )
    try:
        yield executor, count
    except BrokenProcessPool as error:
        raise WorkersLost(
            "a process that played a replication was ended, perhaps for want of memory; what is done is kept: "
            "start it again, with fewer jobs"
        ) from error
    except GeneratorExit:
        # Somebody has seen enough, and may soon ask for more.
        raise
    except BaseException:
        # What they are at would go on for as long as a replication takes.
        executor.shutdown(wait=True, kill_workers=True)
        raise


def _end_with(parent: int) -> None:
    """Have this process end when the one that began it is no more: killed, that one could not see to it."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os._exit(1)


@contextmanager
def here(jobs: int, bundle: Bundle) -> Iterator[Workers]:
    """Have processes of this machine for workers; see `processes`. They end with this, and give their memory back."""
    with processes(jobs) as (executor, count):
        yield _Processes(executor, count, bundle)
        executor.shutdown(wait=True, kill_workers=True)
