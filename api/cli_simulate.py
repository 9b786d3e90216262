"""The planner's commands: ``nearest simulate`` and ``nearest compare``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.answers import to_json
from api.options import OPTIONS, force_option, json_option, out, put, read_force
from graphs.errors import Fault, InputError
from graphs.faults import gather

if TYPE_CHECKING:
    from dispatch.force import Force
    from scenarios import experiment_tables
    from scenarios.experiment_animation import Window
    from scenarios.results import Results
    from scenarios.results_compared import Comparison
    from scenarios.scenario import PolicyChoice, Scenario

_FOLDER: Final = click.Path(path_type=Path)
# Where nobody looks at a bar, a line is printed so many times.
_LINES: Final = 10


@click.command("simulate")
@click.argument("scenario_folder", metavar="SCENARIO", type=_FOLDER)
@click.option("-o", "--output", required=True, type=_FOLDER, help="The folder to write into.")
@click.option("--replications", type=click.IntRange(min=1), help="How often it is played; the scenario's if not given.")
@click.option("--seed", type=click.IntRange(min=0), help="Another one gives other calls; the scenario's if not given.")
@click.option("--policy", "names", multiple=True, help="Only this policy; may be given again. All of the scenario's.")
@click.option("--jobs", default=0, show_default="one for each processor", type=click.IntRange(min=0), help="Processes.")
@click.option("--dask", help="The address of a Dask scheduler, whose workers play it.")
@click.option("--records", type=_FOLDER, help="Write the first replication as records too, into this folder.")
@click.option("--animate", metavar="FROM/TO", help="Write what happens between two times of the first replication too.")
@json_option
def simulate_command(
    *,
    scenario_folder: Path,
    output: Path,
    replications: int | None,
    seed: int | None,
    names: tuple[str, ...],
    jobs: int,
    dask: str | None,
    records: Path | None,
    animate: str | None,
    as_json: bool,
) -> None:
    """Play the scenario in the folder SCENARIO, and say how often help arrives in time under each policy.

    Writes report.html, results.csv, results.json and the tables of every replication. Stopped, it goes on where it was
    when it is started again; more replications or policies are added to what is there.
    """
    # Frames and drawings are slow to import, and other commands need none.
    from scenarios.experiment import Asked, run_scenario  # noqa: PLC0415
    from scenarios.scenario_files import read_scenario  # noqa: PLC0415

    _require_places(output, records)
    scenario = read_scenario(scenario_folder)
    choices, window = _choices_and_window(scenario, names, animate)
    asked = Asked(choices, replications or scenario.replications, scenario.seed if seed is None else seed)
    with replications_told() as told:
        results = run_scenario(scenario, asked, output, jobs=jobs, dask=dask, progress=told)
    _write_more(replace(scenario, seed=asked.seed), choices[0], output, records, window)
    _show(results, scenario.force, output, as_json=as_json)


def _require_places(output: Path, records: Path | None) -> None:
    faults = [
        Fault(OPTIONS, "", option, str(path), "a folder, in one that exists")
        for option, path in (("-o", output), ("--records", records))
        if path is not None and (path.is_file() or not path.absolute().parent.is_dir())
    ]
    if records is not None and (records.absolute() == output.absolute() or _holds_something(records)):
        faults.append(Fault(OPTIONS, "", "--records", str(records), "a folder that is not there yet, or is empty"))
    if faults:
        raise InputError(faults)


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _choices_and_window(
    scenario: Scenario, names: Sequence[str], animate: str | None
) -> tuple[tuple[PolicyChoice, ...], Window | None]:
    faults: list[Fault] = []
    choices = gather(faults, lambda: _choices(scenario, names))
    window = gather(faults, lambda: _window(scenario, animate))
    if choices is None or faults:
        raise InputError(faults)
    return choices, window


def _choices(scenario: Scenario, names: Sequence[str]) -> tuple[PolicyChoice, ...]:
    """Return the policies of these names, with the scenario's settings where it has some; all of its own if none."""
    chosen = {choice.label: choice for name in names for choice in _called(scenario, name)}
    return tuple(chosen.values()) or scenario.policies


def _called(scenario: Scenario, name: str) -> list[PolicyChoice]:
    from scenarios.scenario_files import policy_choice  # noqa: PLC0415 - see above
    from scenarios.scenario_head import PolicyTable  # noqa: PLC0415

    found = [choice for choice in scenario.policies if name in {choice.name, choice.label}]
    return found or [policy_choice(PolicyTable(name=name), "--policy", OPTIONS)]


def _window(scenario: Scenario, animate: str | None) -> Window | None:
    from scenarios.experiment_animation import Window  # noqa: PLC0415 - see above

    return None if animate is None else Window.read(animate, scenario, OPTIONS, "--animate")


@contextmanager
def replications_told() -> Iterator[Callable[[int, int], None]]:
    """Tell how far it is: by a bar to people, by a few lines to files."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _tell_plainly
        return
    columns = (TextColumn("replications"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("replications", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell_plainly(done: int, total: int) -> None:
    if done in {0, total} or done * _LINES // total > (done - 1) * _LINES // total:
        click.echo(f"{done} of {total} replications", err=True)


def _write_more(
    scenario: Scenario, choice: PolicyChoice, output: Path, records: Path | None, window: Window | None
) -> None:
    """Write what only a replication that is watched can tell."""
    from scenarios.experiment_animation import animation  # noqa: PLC0415 - see above
    from scenarios.simulated_records import export  # noqa: PLC0415
    from scenarios.workplace import write_whole  # noqa: PLC0415

    if window is not None:
        write_whole(output / "animation.json", animation(scenario, choice, window))
    if records is not None:
        rows = export(scenario, choice, 1, records)
        told = ", ".join(f"{name} {count:,}" for name, count in rows.items())
        click.echo(f"{records}: {told}", err=True)


def _show(results: Results, force: Force, output: Path, *, as_json: bool) -> None:
    from scenarios.experiment import REPORT, RESULTS  # noqa: PLC0415 - see above
    from scenarios.experiment_tables import headline_table  # noqa: PLC0415
    from scenarios.results_compared import comparisons_of  # noqa: PLC0415

    if as_json:
        put(output.joinpath(RESULTS).read_bytes())
        return
    _print(headline_table(results, force))
    print_comparisons(comparisons_of(results), force)
    out().print(f"see {output / REPORT}")


@click.command("compare")
@click.argument("base", metavar="OUT_A", type=_FOLDER)
@click.argument("other", metavar="OUT_B", type=_FOLDER)
@force_option
@json_option
def compare_command(base: Path, other: Path, force_file: Path | None, *, as_json: bool) -> None:
    """Hold two simulations against each other, such as two rosters: replication by replication, the same calls.

    OUT_A and OUT_B are folders that 'nearest simulate' made, of the same demand and with the same seed.
    """
    from scenarios.experiment import RESULTS  # noqa: PLC0415 - see above
    from scenarios.results_files import compared_files  # noqa: PLC0415

    compared = compared_files(base / RESULTS, other / RESULTS)
    if as_json:
        put(to_json([comparison_values(each) for each in compared]))
    else:
        print_comparisons(compared, read_force(force_file))


def comparison_values(compared: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON values."""
    differences = [{**asdict(each), "key": each.key._asdict()} for each in compared.differences]
    return {**asdict(compared), "differences": differences}


def print_comparisons(compared: Iterable[Comparison], force: Force) -> None:
    """Print the tables of comparisons."""
    from scenarios.experiment_tables import comparison_table  # noqa: PLC0415 - see above

    for each in compared:
        _print(comparison_table(each, force))


def _print(told: experiment_tables.Table) -> None:
    """Print a table of the report."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(told.first)
    for column in told.columns:
        table.add_column(column, justify="right")
    for label, cells in told.rows:
        table.add_row(label, *(f"{one.text} ({one.interval})" if one.interval else one.text for one in cells))
    out().print(told.title, style="bold")
    out().print(table)


COMMANDS: Final[tuple[click.Command, ...]] = (simulate_command, compare_command)
