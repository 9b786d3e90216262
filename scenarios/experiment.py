"""Many replications of a scenario under several policies, in parallel, and what they come to.

The same scenario, seed and program give equal bytes, whatever plays them and however often it was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from scenarios.experiment_bundle import Bundle
from scenarios.experiment_files import is_whole, keep, read_measured
from scenarios.experiment_memory import simulated
from scenarios.experiment_place import Asked, held, manifest_of, replication_folder
from scenarios.experiment_program import OtherProgram
from scenarios.experiment_workers import Stopped, Workers, WorkersLost, each_played, here
from scenarios.results import Results, results_of
from scenarios.scenario import Scenario
from scenarios.scenario_files import read_scenario
from scenarios.workplace import put_whole

RESULTS: Final = "results.json"
REPORT: Final = "report.html"
# The page comes last: with it, all is there.
_RESULTS: Final = (RESULTS, "results.csv", REPORT)
Progress = Callable[[int, int], None]


def told_nobody(_done: int, _total: int) -> None:
    """Tell nobody."""


def never() -> bool:
    """Do not stop."""
    return False


def run(
    scenario_folder: Path,
    asked: Asked,
    out: Path,
    *,
    jobs: int = 1,
    dask: str | None = None,
    progress: Progress = told_nobody,
    stopped: Callable[[], bool] = never,
) -> Results:
    """Read a scenario and play it; see `run_scenario`.

    Parameters
    ----------
    scenario_folder
        See docs/planner.md.

    Raises
    ------
    InputError
        The scenario has faults too.
    """
    scenario = read_scenario(scenario_folder)
    return run_scenario(scenario, asked, out, jobs=jobs, dask=dask, progress=progress, stopped=stopped)


def run_scenario(
    scenario: Scenario,
    asked: Asked,
    out: Path,
    *,
    jobs: int = 1,
    dask: str | None = None,
    progress: Progress = told_nobody,
    stopped: Callable[[], bool] = never,
) -> Results:
    """Play all replications that are asked for, keep them in a folder, and write what they come to.

    Parameters
    ----------
    scenario
        As it was read; its own seed, policies and number of replications do not count.
    out
        A folder, made if it is not there. Replications that are there and whole are not played again; more of them,
        and other policies, may be asked for than before.
    jobs
        How many processes of this machine play; 0 for one a processor.
    dask
        The address of a Dask scheduler, whose workers play in place of processes of this machine.
    progress
        Is called with how many replications are done, and of how many.
    stopped
        Is asked ten times a second whether to stop.

    Raises
    ------
    InputError
        What is asked for has faults; the folder holds something else, or replications of other inputs, of another
        seed or by another program; no scheduler answers.
    Stopped
        ``stopped`` said so.
    OtherProgram, WorkersLost
        Those who should play cannot.
    """
    asked.require_sound()
    scenario, tasks = replace(scenario, seed=asked.seed), asked.tasks()
    with held(out, scenario, asked) as work:
        todo = [task for task in tasks if not is_whole(replication_folder(out, task))]
        done = len(tasks) - len(todo)
        progress(done, len(tasks))
        if todo:
            _remove_results(out)
            with _workers(Bundle.of(scenario, work), jobs, dask) as workers:
                for count, played in enumerate(each_played(workers, todo, stopped), done + 1):
                    keep(replication_folder(out, played.task), played.files)
                    progress(count, len(tasks))
        results = results_of(scenario, (read_measured(replication_folder(out, task)) for task in tasks))
        _put_results(work, out, scenario, results, manifest_of(scenario, asked))
        return results


def _remove_results(out: Path) -> None:
    """Remove what fewer replications came to: it must not be taken for what these come to."""
    for name in _RESULTS:
        out.joinpath(name).unlink(missing_ok=True)


def _put_results(work: Path, out: Path, scenario: Scenario, results: Results, about: Mapping[str, Any]) -> None:
    # Plots are slow to import.
    from scenarios.experiment_report import write_results  # noqa: PLC0415

    write_results(work, scenario, results, about)
    for name in _RESULTS:
        put_whole(work / name, out / name)


def _workers(bundle: Bundle, jobs: int, dask: str | None) -> AbstractContextManager[Workers]:
    if dask is None:
        return here(jobs, bundle)
    # Only here: a module that needs the extra.
    from scenarios.experiment_dask import there  # noqa: PLC0415

    return there(dask, bundle)


__all__ = ["Asked", "OtherProgram", "Stopped", "WorkersLost", "run", "run_scenario", "simulated"]
