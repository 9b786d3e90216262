"""Options that several commands have, and how what they name is read."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console

from api.driving import Driving
from api.places import Place, read_place, read_places
from api.settings import Stored
from dispatch.force import Force
from graphs.closures import read_closures
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.errors import Fault, InputError
from graphs.faults import gather
from graphs.netfile import load_network
from graphs.network import Network
from graphs.profiles import Profiles
from graphs.router import Router
from graphs.routing import Routing
from scenarios.checks import END_OF_TIME
from scenarios.rows import read_moment

OPTIONS = "options"
_ADDRESS = "NEAREST_DATABASE_URL"

graph_option = click.option(
    "--graph",
    "graph_file",
    required=True,
    type=click.Path(path_type=Path),
    help="Network file, see 'nearest graph build'.",
)
profiles_option = click.option(
    "--profiles", type=click.Path(path_type=Path), help="Profile table (TOML) in place of the shipped one."
)
profile_option = click.option("--profile", default="response", show_default=True, help="normal or response.")
force_option = click.option(
    "--force", "force_file", type=click.Path(path_type=Path), help="Force profile (TOML); Cleveland if not given."
)
closures_option = click.option(
    "--closures",
    "closures_file",
    type=click.Path(path_type=Path),
    help="closures.geojson: what is closed or slowed, from when to when.",
)
at_time_option = click.option(
    "--at-time", help="ISO time at which it is driven, in local time; the clock's if not given."
)
reference_option = click.option(
    "--reference", is_flag=True, help="Ask the slow router that the engine is held against."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
geojson_option = click.option("--geojson", "as_geojson", is_flag=True, help="Print GeoJSON, routes included.")


def read_network(graph_file: Path, profiles: Path | None) -> Network:
    """Load a network, with the shipped profile table or another."""
    return load_network(graph_file, Profiles.read(profiles) if profiles else None)


def read_force(force_file: Path | None) -> Force:
    """Read a force profile, or take the default one."""
    return Force.read(force_file) if force_file else Force.default()


def conditions_of(closures_file: Path | None, network: Network, faults: list[Fault]) -> Conditions:
    """Read what is closed or slowed; faults of the file are added to others."""
    if closures_file is None:
        return NO_CONDITIONS
    return gather(faults, lambda: read_closures(closures_file, network)) or NO_CONDITIONS


def moment_of(text: str | None, option: str, faults: list[Fault]) -> datetime:
    """Read a moment, or take the clock's; where it is at fault, the fault is added."""
    if text is None:
        return datetime.now(UTC)
    return gather(faults, partial(read_moment, text, OPTIONS, option)) or END_OF_TIME


def engine_of(*, reference: bool) -> type[Routing]:
    """Return the engine, or the router that it is held against."""
    if not reference:
        return Router
    from graphs.reference import ReferenceRouter  # noqa: PLC0415 - for whoever asks for it, and nobody else

    return ReferenceRouter


class Asked:
    """The network and the conditions that the options of one command name; their faults are told together.

    Parameters
    ----------
    options
        Values of the options above by their names in Python.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self.faults: list[Fault] = []
        self.network = read_network(options["graph_file"], options["profiles"])
        force = read_force(options["force_file"])
        at = moment_of(options["at_time"], "--at-time", self.faults)
        # A moment tells its own local time, unless a force says what that is.
        told = options["at_time"] is not None and options["force_file"] is None
        zone = at.tzinfo if told else ZoneInfo(force.time_zone)
        conditions = conditions_of(options["closures_file"], self.network, self.faults)
        self.driving = Driving(self.network, options["profile"], at.astimezone(zone), conditions)

    def place(self, text: str, option: str) -> Place:
        """Read one place."""
        return read_place(text, OPTIONS, option, self.network, self.faults)

    def places(self, texts: Sequence[str], option: str) -> list[Place]:
        """Read several places."""
        return read_places(texts, OPTIONS, option, self.network, self.faults)

    def require_sound(self) -> None:
        """Raise an `InputError` with every fault found, if there is one."""
        if self.faults:
            raise InputError(self.faults)


def out() -> Console:
    """Return where people read."""
    # What people bring is printed as it is: "[bold]" in a callsign is part of the callsign.
    console = Console(highlight=False, markup=False)
    # A file or a pipe has no width; a table must not be folded for it.
    return console if console.is_terminal else Console(highlight=False, markup=False, width=160)


def put(text: bytes) -> None:
    """Write an answer for machines."""
    sys.stdout.buffer.write(text)


def stored(database: str | None) -> Stored:
    """Return where the record is: what ``--database`` says, else what the environment says.

    Raises
    ------
    InputError
        The address is not one.
    """
    if not database:
        return Stored.from_environment()
    # The option stands for both variables: the address, and the file that it is in.
    others = {name: value for name, value in os.environ.items() if name not in {_ADDRESS, f"{_ADDRESS}_FILE"}}
    try:
        return Stored.from_environment({**others, _ADDRESS: database})
    except InputError as error:
        raise InputError(_of_option(fault) for fault in error.faults) from None


def _of_option(fault: Fault) -> Fault:
    return replace(fault, source=OPTIONS, field="--database") if fault.field == _ADDRESS else fault
