"""Read a folder that holds one moment: ``picture.toml`` says when, ``units.csv`` and ``incidents.csv`` say what."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from dispatch.force import Force
from dispatch.model import Picture
from graphs.errors import Fault, InputError
from graphs.faults import checked, gather, parse_toml, read_text
from graphs.moments import Moment
from graphs.network import Network
from scenarios.checks import END_OF_TIME, Beside
from scenarios.rows import Text
from scenarios.tables import read_incidents, read_units

HEAD = "picture.toml"


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Text = Field(description="a line of text for people to read")
    now: Annotated[Moment, Field(description="a TOML date-time with an offset, such as 2026-01-31T23:10:00Z")]


def read_picture_folder(path: Path, force: Force, network: Network) -> Picture:
    """Read a picture.

    Parameters
    ----------
    path
        A folder with ``picture.toml`` (``title``, and ``now`` with an offset), ``units.csv`` and ``incidents.csv``.
    force, network
        What its rows are checked against.

    Returns
    -------
    Picture
        Units and open incidents in the order of their files.

    Raises
    ------
    InputError
        With every fault of the three files.
    """
    faults: list[Fault] = []
    now = gather(faults, lambda: _read_now(path / HEAD))
    beside = Beside(force, network, now or END_OF_TIME)
    units = gather(faults, lambda: read_units(path / "units.csv", beside))
    incidents = gather(faults, lambda: read_incidents(path / "incidents.csv", beside))
    if faults or now is None:
        raise InputError(faults)
    return Picture(now, units or (), incidents or ())


def _read_now(path: Path) -> datetime:
    values = parse_toml(read_text(path, f"a folder with {HEAD}, units.csv and incidents.csv"), path.name)
    return checked(_Head, values, path.name).now
