"""Commands about scenarios: ``nearest scenario new``, ``check``, ``from-street-crime`` and ``from-jemss``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from api.answers import to_json
from api.options import json_option, out, put

_FOLDER: Final = click.argument("folder", type=click.Path(path_type=Path))
_NETWORK: Final = "A network file, or a file of roads to make one of."
_FORCE: Final = "Force profile (TOML)."


@click.group("scenario")
def scenario() -> None:
    """Write and check the folders that the planner works on."""


@scenario.command("new")
@_FOLDER
@click.option("--network", type=click.Path(path_type=Path), help=f"{_NETWORK} The sample of Gothenburg if not given.")
@click.option("--force", type=click.Path(path_type=Path), help=f"{_FORCE} Cleveland's if not given.")
def new_command(folder: Path, network: Path | None, force: Path | None) -> None:
    """Write a scenario into FOLDER, with a comment on every key, that passes 'nearest scenario check' as it is."""
    # Slow to import, as in all commands here, and other commands need none of it.
    from scenarios.scenario_new import new_scenario  # noqa: PLC0415
    from scenarios.scenario_out import require_new  # noqa: PLC0415

    require_new(folder, "FOLDER")
    with _reporting() as report:
        new_scenario(folder, network, force, report)
    _written(folder)


@scenario.command("check")
@_FOLDER
@json_option
def check_command(folder: Path, *, as_json: bool) -> None:
    """Say everything that is wrong with the scenario in FOLDER, or how much work it has for how many crews."""
    from scenarios.scenario_files import read_with_notes  # noqa: PLC0415
    from scenarios.scenario_load import load_of, summary  # noqa: PLC0415
    from scenarios.scenario_notes import notes_of  # noqa: PLC0415

    read = read_with_notes(folder)
    load = load_of(read.scenario)
    told = summary(read.scenario, load)
    notes = [*read.notes, *notes_of(read.scenario, load)]
    if as_json:
        put(to_json({**told, "notes": notes}))
    else:
        _print(told, notes)


@scenario.command("from-street-crime")
@click.argument("file", type=click.Path(path_type=Path))
@_FOLDER
@click.option("--network", required=True, type=click.Path(path_type=Path), help=_NETWORK)
@click.option("--force", type=click.Path(path_type=Path), help=f"{_FORCE} Cleveland's if not given.")
def from_street_crime_command(file: Path, folder: Path, network: Path, force: Path | None) -> None:
    """Write a scenario into FOLDER whose demand is the street-level crime of FILE, as data.police.uk has it."""
    from scenarios.scenario_out import require_new  # noqa: PLC0415
    from scenarios.scenario_street_crime import street_crime_scenario  # noqa: PLC0415

    require_new(folder, "FOLDER")
    with _reporting() as report:
        notes = street_crime_scenario(file, folder, network, force, report)
    _written(folder, notes)


@scenario.command("from-jemss")
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_FOLDER
@click.option("--network", required=True, type=click.Path(path_type=Path), help=_NETWORK)
@click.option("--time-zone", default="UTC", show_default=True, help="Of the clocks: JEMSS files have none.")
def from_jemss_command(source: Path, folder: Path, network: Path, time_zone: str) -> None:
    """Write a scenario into FOLDER of the ambulances, stations and demand in SOURCE, a folder of JEMSS.jl files."""
    from scenarios.scenario_from_jemss import jemss_scenario  # noqa: PLC0415
    from scenarios.scenario_out import require_new  # noqa: PLC0415

    require_new(folder, "FOLDER")
    with _reporting() as report:
        notes = jemss_scenario(source, folder, network, time_zone, report)
    _written(folder, notes)


def _print(told: Mapping[str, Any], notes: list[str]) -> None:
    console = out()
    console.print(told["name"], style="bold")
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, words in _facts(told):
        table.add_row(name, words)
    console.print(table)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("hour", "incidents", "crews' work", "crews on duty"):
        table.add_column(name, justify="right")
    for row in told["by_hour"]:
        if row["crews"] is not None:
            over = row["work_crews"] > row["crews"]
            cells = (f"{row[key]:.1f}" for key in ("incidents", "work_crews", "crews"))
            table.add_row(f"{row['hour']:02d}", *cells, style="yellow" if over else None)
    console.print("In an hour, on average; crews' work is time at the scene and in custody, without driving:")
    console.print(table)
    for note in notes:
        console.print(f"note: {note}", highlight=False)
    console.print("no faults")


def _facts(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    grades = ", ".join(f"{number:g} {grade}" for grade, number in told["incidents_per_day"].items())
    crews, share = told["crews_on_duty"], told["work_share"]
    yield "period", f"{told['start']} to {told['end']}, {told['hours']:,} hours, {told['replications']} replications"
    yield "force", told["force"]
    yield "network", told["network"]
    yield "incidents a day", f"{sum(told['incidents_per_day'].values()):,.1f}: {grades}"
    yield (
        "crews on duty",
        f"{crews['fewest']} to {crews['most']}, of {told['callsigns']} callsigns on {told['duties']:,} duties",
    )
    yield "work", "nobody is on duty" if share is None else f"{share:.0%} of the crews' time, driving not counted"
    counts = ("stations", "areas", "hot_spots", "closures")
    yield "beside", ", ".join(f"{told[key]} {key.replace('_', ' ')}" for key in counts)
    yield "policies", ", ".join(told["policies"])


@contextmanager
def _reporting() -> Iterator[Callable[[str], None]]:
    with Console(stderr=True, markup=False).status("reading") as status:
        yield status.update


def _written(folder: Path, notes: Sequence[str] = ()) -> None:
    for note in notes:
        click.echo(f"note: {note}")
    names = ", ".join(sorted(path.name for path in folder.iterdir()))
    click.echo(f"{folder}: {names}")


COMMANDS: Final[tuple[click.Command, ...]] = (scenario,)
