"""The command ``nearest calibrate``: what recorded trips say of the profile table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.table import Table

from api import answers
from api.options import OPTIONS, json_option, out, profiles_option, put
from graphs.errors import Fault, InputError
from graphs.network import Network
from graphs.profiles import Profiles
from graphs.provenance import product_version
from scenarios.profile_file import profiles_toml

if TYPE_CHECKING:
    from scenarios.calibrate import Calibration, Errors
    from scenarios.evidence import Evidence
    from scenarios.factors import Factor

_COLUMNS: Final = ("factor", "95% interval", "trips", "hours")
_MOST_HELD_OUT: Final = 0.9


@click.command("calibrate")
@click.argument("imported", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The profile table to write (TOML)."
)
@click.option("--held-out", default=0.2, show_default=True, help="Share of incidents to measure the errors on.")
@click.option("--seed", default=0, show_default=True, help="Decides which incidents these are.")
@profiles_option
@json_option
def calibrate_command(
    *, imported: Path, output: Path, held_out: float, seed: int, profiles: Path | None, as_json: bool
) -> None:
    """Fit the profile table to the trips in IMPORTED, a folder that 'nearest import' made.

    The table written goes where --profiles is taken.
    """
    # Slow to import, and other commands need none of it.
    from scenarios.calibrate import calibrate  # noqa: PLC0415
    from scenarios.evidence import read_evidence  # noqa: PLC0415

    _require_sound(imported, output, held_out)
    evidence = read_evidence(imported)
    network = _network(evidence, profiles)
    with Console(stderr=True).status("driving every trip"):
        found = calibrate(evidence, network, held_out=held_out, seed=seed)
    output.write_text(profiles_toml(found.profiles, _head(found, evidence, network)), "utf-8", newline="\n")
    if as_json:
        put(answers.to_json({"output": str(output), "network": network.hash, **found.as_json()}))
    else:
        print_calibration(out(), found)
        click.echo(f"{output}: profile table {found.profiles.hash[:12]}, for --profiles")


def _require_sound(imported: Path, output: Path, held_out: float) -> None:
    faults = list[Fault]()
    if output.absolute().resolve().is_relative_to(imported.absolute().resolve()):
        faults.append(Fault(OPTIONS, "", "-o", str(output), f"a file outside {imported}, which is sealed"))
    if output.is_dir() or not output.parent.is_dir():
        faults.append(Fault(OPTIONS, "", "-o", str(output), "a file in a folder that exists"))
    if not 0.0 <= held_out <= _MOST_HELD_OUT:
        faults.append(Fault(OPTIONS, "", "--held-out", f"{held_out:g}", f"a share, from 0 to {_MOST_HELD_OUT:g}"))
    if faults:
        raise InputError(faults)


def _network(evidence: Evidence, profiles: Path | None) -> Network:
    network = evidence.network(None if profiles is None else Profiles.read(profiles))
    if network is None:
        accepted = "a folder that was imported with a road network"
        raise InputError([Fault(str(evidence.folder), "", "network", "nothing", accepted)])
    return network


def _head(found: Calibration, evidence: Evidence, network: Network) -> list[str]:
    """Return what stands above the table: where its numbers come from."""
    manifest = evidence.manifest
    counts = f"{found.trained:,} trips fitted to, {found.before.trips:,} held out (seed {found.seed})"
    return [
        f"Profile table of {evidence.force.name}, made by 'nearest calibrate' {product_version()}.",
        "",
        f"Records {manifest.start:%Y-%m-%d} to {manifest.end:%Y-%m-%d}: {counts}.",
        f"Error on trips held out: {_error(found.before)} before, {_error(found.after)} after.",
        f"Made from table {found.predicted_by}",
        f"on network {network.hash}.",
        "",
        "  speed on a road = min(legal limit x limit_share, ceiling of the class) x pace of the class,",
        "  and in a period x its share of that",
        "",
        *(f"Note: {each}." for each in found.warnings),
    ]


def _error(errors: Errors) -> str:
    if errors.median_s is None or errors.p90_s is None or errors.ratio is None:
        return "not known"
    return f"median {errors.median_s:.0f} s, 90th percentile {errors.p90_s:.0f} s, actual/predicted {errors.ratio:.2f}"


def print_calibration(console: Console, found: Calibration) -> None:
    """Print the factors with their intervals, the error before and after, and what is to be known before using them."""
    from scenarios.trips import UNUSABLE  # noqa: PLC0415 - imports what reads positions

    funnel = found.funnel
    console.print(f"{funnel['assignments']:>9,} assignments")
    for key, text in UNUSABLE.items():
        if funnel[key]:
            console.print(f"{funnel[key]:>13,} {text}")
    console.print(f"{found.trained:>9,} trips fitted to, {found.before.trips:,} held out")
    console.print(_table(found))
    console.print(f"held out, before: {_error(found.before)}")
    console.print(f"held out, after:  {_error(found.after)}")
    for each in found.warnings:
        console.print(f"note: {each}", style="yellow")


def _table(found: Calibration) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("profile", "of"):
        table.add_column(name, no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("remark")
    for factor in found.factors:
        if factor.trips:
            table.add_row(*_cells(factor), style=None if factor.low is not None else "dim")
    return table


def _cells(factor: Factor) -> Iterator[Any]:
    yield factor.profile
    yield factor.name or "all of it"
    yield f"{factor.factor:.2f}"
    yield "" if factor.low is None or factor.high is None else f"{factor.low:.2f} to {factor.high:.2f}"
    yield f"{factor.trips:,}"
    yield f"{factor.hours:,.1f}"
    yield factor.note


COMMANDS: Final[tuple[click.Command, ...]] = (calibrate_command,)
