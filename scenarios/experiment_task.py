"""One replication, played by a worker on this machine or on another.

Nothing here imports polars before a replication is played: how many threads it may use is set first.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scenarios.experiment_bundle import Bundle
from scenarios.experiment_program import require_same_program
from scenarios.scenario import PolicyChoice

# Each worker plays one replication at a time, and there are as many workers as the machine can bear.
ONE_THREAD: Final[Mapping[str, str]] = dict.fromkeys(
    (
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "POLARS_MAX_THREADS",
    ),
    "1",
)


@dataclass(frozen=True, slots=True)
class Task:
    """A replication to play.

    Parameters
    ----------
    number
        From 1.
    """

    choice: PolicyChoice
    number: int


@dataclass(frozen=True, slots=True)
class Played:
    """A replication that was played, as the files to keep of it."""

    task: Task
    files: Mapping[str, bytes]


# A worker may have several threads, and what a scenario keeps is not made for them.
_ALONE = threading.Lock()


def play(bundle: Bundle, asking: Mapping[str, str], task: Task, where: str = "a process of this machine") -> Played:
    """Play a replication, as a worker.

    Parameters
    ----------
    asking
        The program that asks, from `experiment_program.program`.
    where
        What to call this worker.

    Raises
    ------
    OtherProgram
        This worker's program is another.
    """
    for name, threads in ONE_THREAD.items():
        os.environ.setdefault(name, threads)
    require_same_program(asking, where)
    from scenarios.experiment_files import to_files  # noqa: PLC0415 - see the head of this module
    from scenarios.results import measured  # noqa: PLC0415
    from scenarios.simulation import simulate  # noqa: PLC0415

    with _ALONE:
        scenario = bundle.scenario()
        # What the replication before has left in circles is not found for many of them, and is a tenth of the memory.
        gc.collect()
        if not gc.get_freeze_count():
            # What a worker has by now it keeps: looking for garbage in it again and again takes a tenth of the time.
            gc.freeze()
        simulated = simulate(scenario, task.choice, task.number)
        return Played(task, to_files(simulated, measured(scenario, simulated)))
