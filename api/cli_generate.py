"""The command ``nearest generate``: a made-up period of records, to try the audit on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from api.options import OPTIONS
from graphs.errors import Fault, InputError
from graphs.netfile import load_network


@click.command("generate")
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--network", "network_file", required=True, type=click.Path(path_type=Path), help="The road network.")
@click.option("--force", "force_file", type=click.Path(path_type=Path), help="Force profile; Cleveland if not given.")
@click.option("--start", default="2025-10-01", show_default=True, type=click.DateTime(["%Y-%m-%d"]), help="First day.")
@click.option("--days", default=31, show_default=True, type=click.IntRange(1, 366))
@click.option("--units", default=15, show_default=True, type=click.IntRange(1, 1_000), help="Callsigns.")
@click.option("--incidents", default=3_000, show_default=True, type=click.IntRange(1, 99_999), help="In all of it.")
@click.option("--seed", default=1, show_default=True, help="Another one gives another period.")
def generate_command(
    *,
    output: Path,
    network_file: Path,
    force_file: Path | None,
    start: datetime,
    days: int,
    units: int,
    incidents: int,
    seed: int,
) -> None:
    """Make up a period of records in the folder OUTPUT, for 'nearest import' to take, and what is true of it.

    truth.csv says of every incident what an audit has to find; truth.json, by what policy and how fast it was played.
    """
    # Slow to import, and other commands need none of it.
    from scenarios.generator import generate  # noqa: PLC0415
    from scenarios.generator_policy import Plan  # noqa: PLC0415

    if output.exists() and (output.is_file() or any(output.iterdir())):
        raise InputError([Fault(OPTIONS, "", "OUTPUT", str(output), "a folder that is not there yet, or is empty")])
    network = load_network(network_file)
    plan = Plan(start=start.date(), days=days, units=units, incidents=incidents, seed=seed)
    with Console(stderr=True).status("playing the period"):
        made = generate(network, force_file, plan, output)
    click.echo(f"{output}: {', '.join(f'{name} {rows:,}' for name, rows in made.rows.items())}")


COMMANDS: Final[tuple[click.Command, ...]] = (generate_command,)
