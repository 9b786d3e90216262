"""One simulation from beginning to end, in a process of its own: ``python -m api.simulation_job FOLDER``."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from api.job_process import run_job, tell
from api.job_requests import BODY
from api.settings import Simulating
from api.simulation_scenarios import scenario_folder
from api.simulation_tables import with_tables
from api.simulations import Simulation, Simulations
from scenarios.experiment import Asked, run_scenario
from scenarios.experiment_animation import Window, animation
from scenarios.experiment_place import MANIFEST, read_manifest
from scenarios.experiment_program import program
from scenarios.scenario import PolicyChoice, Scenario
from scenarios.scenario_files import read_scenario

ANIMATION: Final = "animation.json"
# What is handed out of the folder of an experiment; its replications are not.
RESULTS: Final = ("results.json", "results.csv", "report.html", MANIFEST)
# Where joblib keeps what its processes share: gone with what the simulation works with.
_SHARED: Final = "JOBLIB_TEMP_FOLDER"


def main() -> None:
    """Run the simulation of a folder, and write what it came to."""
    settings = Simulating.from_environment()
    run_job(Simulations, partial(_run, settings=settings), settings.scenarios_dir)


def _run(simulation: Simulation, settings: Simulating) -> None:
    """Play what is asked, and keep the results; what an interrupted run has played is not played again."""
    asked, experiment = simulation.request, simulation.work / "experiment"
    os.environ[_SHARED] = str(simulation.work)
    tell(simulation, "reading")
    _begin_anew_with_another_program(experiment)
    scenario = replace(read_scenario(_folder(simulation, settings)), seed=asked.seed)
    window = None if asked.animate is None else Window.read(asked.animate, scenario, BODY, "animate")
    choices = tuple(PolicyChoice(**each) for each in asked.policies)

    def told(done: int, total: int) -> None:
        tell(simulation, "simulating" if done < total else "reporting", done, total)

    run_scenario(scenario, Asked(choices, asked.replications, asked.seed), experiment, jobs=asked.jobs, progress=told)
    simulation.out.mkdir(exist_ok=True)
    for name in RESULTS:
        # Not moved: without its manifest, what was played could not be gone on with after an interruption here.
        shutil.copyfile(experiment / name, simulation.out / name)
    if window is not None:
        _animate(simulation, scenario, choices[0], window)


def _folder(simulation: Simulation, settings: Simulating) -> Path:
    """Return the scenario's folder, or one with the tables that were given in place of its own."""
    asked = simulation.request
    named, changed = scenario_folder(asked.scenario, settings), simulation.work / "scenario"
    if not asked.tables:
        return named
    # What an interrupted run had begun is made anew.
    shutil.rmtree(changed, ignore_errors=True)
    changed.mkdir()
    return with_tables(named, changed, asked.tables)


def _animate(simulation: Simulation, scenario: Scenario, choice: PolicyChoice, window: Window) -> None:
    tell(simulation, "animating")
    simulation.out.joinpath(ANIMATION).write_bytes(animation(scenario, choice, window))


def _begin_anew_with_another_program(experiment: Path) -> None:
    """Give up what was played before the service was brought up to date: it does not go with what is played now."""
    if (experiment / MANIFEST).exists() and read_manifest(experiment)["program"] != dict(program()):
        shutil.rmtree(experiment)


if __name__ == "__main__":
    main()
