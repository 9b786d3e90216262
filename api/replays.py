"""Replays that auditors have asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from api.jobs import Asked, Job, Jobs


@dataclass(frozen=True, slots=True)
class Request(Asked):
    """What was asked.

    Parameters
    ----------
    folder
        Name of the folder of records; None where this service's own record is replayed.
    start, end
        Of the period, ISO 8601, UTC; None for no limit.
    what_if
        Text of a file of changes.
    """

    folder: str | None
    start: str | None
    end: str | None
    what_if: str | None


Replay = Job[Request]


class Replays(Jobs[Request]):
    """The folder of all replays."""

    noun: ClassVar[str] = "replay"
    module: ClassVar[str] = "api.replay_job"

    def __init__(self, root: Path) -> None:
        super().__init__(root, Request)
