"""What the HTTP service is told by its surroundings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graphs.errors import Fault, InputError
from graphs.faults import NOTHING

SOURCE = "environment"
MAX_BODY_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the HTTP service, each from the environment variable that stands beside it.

    Parameters
    ----------
    graph
        ``NEAREST_GRAPH``: the network file.
    force
        ``NEAREST_FORCE``: force profile (TOML); Cleveland if not given.
    profiles
        ``NEAREST_PROFILES``: profile table (TOML) in place of the shipped one.
    picture
        ``NEAREST_PICTURE``: folder of a demonstration picture; none if not given.
    closures
        ``NEAREST_CLOSURES``: closures.geojson, what is closed or slowed; nothing if not given.
    max_body_bytes
        ``NEAREST_MAX_BODY_BYTES``: longest body that is read.
    """

    graph: Path
    force: Path | None = None
    profiles: Path | None = None
    picture: Path | None = None
    closures: Path | None = None
    max_body_bytes: int = MAX_BODY_BYTES

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings; an empty variable counts as not given.

        Raises
        ------
        InputError
            With every variable that is missing or not accepted.
        """
        told = {name: value for name, value in environment.items() if value}
        faults: list[Fault] = []
        if "NEAREST_GRAPH" not in told:
            accepted = "a network file; make one with 'nearest graph build SOURCE -o FILE'"
            faults.append(Fault(SOURCE, "", "NEAREST_GRAPH", NOTHING, accepted))
        max_body_bytes = _positive(told, "NEAREST_MAX_BODY_BYTES", MAX_BODY_BYTES, faults)
        if faults:
            raise InputError(faults)
        return cls(
            graph=Path(told["NEAREST_GRAPH"]),
            force=_path(told, "NEAREST_FORCE"),
            profiles=_path(told, "NEAREST_PROFILES"),
            picture=_path(told, "NEAREST_PICTURE"),
            closures=_path(told, "NEAREST_CLOSURES"),
            max_body_bytes=max_body_bytes,
        )


def _path(told: Mapping[str, str], name: str) -> Path | None:
    return Path(told[name]) if name in told else None


def _positive(told: Mapping[str, str], name: str, default: int, faults: list[Fault]) -> int:
    text = told.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        faults.append(Fault(SOURCE, "", name, text, "a whole number, 1 or more"))
        return default
    return int(text)
