"""Replications in memory, for whoever tries rosters or posts that are in no file."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Generator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from scenarios.experiment_bundle import Bundle
from scenarios.experiment_task import Task
from scenarios.experiment_workers import processes
from scenarios.scenario import PolicyChoice, Scenario
from scenarios.simulated import Simulated


def simulated(
    scenario: Scenario, choices: Sequence[PolicyChoice], replications: int, jobs: int = 1, first: int = 1
) -> Generator[Simulated, None, None]:
    """Play replications of a scenario and give them one by one, policy by policy.

    Parameters
    ----------
    choices
        The policies.
    replications
        How many of each, numbered from ``first``.
    jobs
        How many processes play; 1 for this one, 0 for one a processor. They are kept for a while: another scenario
        that is played soon after meets them running, with the network in their hands.
    """
    tasks = [Task(choice, number) for choice in choices for number in range(first, first + replications)]
    if jobs == 1:
        return (_simulate(scenario, task) for task in tasks)
    return _by_processes(scenario, tasks, jobs)


def _simulate(scenario: Scenario, task: Task) -> Simulated:
    from scenarios.simulation import simulate  # noqa: PLC0415 - slow to import, and other processes may play

    return simulate(scenario, task.choice, task.number)


def _by_processes(scenario: Scenario, tasks: Sequence[Task], jobs: int) -> Generator[Simulated, None, None]:
    todo, begun = iter(tasks), deque[Any]()
    with tempfile.TemporaryDirectory(prefix="nearest-") as folder, processes(jobs) as (executor, count):
        bundle = Bundle.of(scenario, Path(folder))
        try:
            while True:
                # One in hand and one in reserve each: what nobody has asked for yet must not fill the memory.
                begun += [executor.submit(_play, bundle, task) for task in islice(todo, 2 * count - len(begun))]
                if not begun:
                    return
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()


def _play(bundle: Bundle, task: Task) -> Simulated:
    return _simulate(bundle.scenario(), task)
