"""A job is asked for: whether it may be begun, under what name, and how its processes are told the settings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

from api.jobs import AskedT, Jobs
from api.settings import PREFIX, variable
from dispatch.desk import Order
from dispatch.errors import Conflict, Unknown
from graphs.errors import Fault, InputError
from graphs.faults import unknown_name, written

BODY: Final = "body"
_MEGABYTE: Final = 1_000_000
# Where the web workers count, which the processes of a job must not.
_COUNTS: Final = "PROMETHEUS_MULTIPROC_DIR"
JobsT = TypeVar("JobsT", bound=Jobs[Any])


@dataclass(frozen=True, slots=True)
class Room:
    """How many jobs of a kind are kept, and for how long.

    Parameters
    ----------
    setting
        The name of the setting that says where.
    most
        So many at most, those that wait among them.
    days
        What has ended is removed so many days later.
    free_mb
        None is begun with less room than that on the disk.
    """

    setting: str
    most: int
    days: int
    free_mb: int


def environment_of(told: Mapping[str, Any], around: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of the processes of jobs: the service's own, with only the settings that they need.

    Parameters
    ----------
    told
        Those settings; what is None is not given.
    """
    kept = {name: value for name, value in around.items() if not name.startswith(PREFIX) and name != _COUNTS}
    return {**kept, **{variable(name): str(value) for name, value in told.items() if value is not None}}


def kept_for(jobs: JobsT | None, kind: type[JobsT], room: Room, now: datetime) -> JobsT:
    """Return the jobs of a kind, after those are removed that have been kept for long enough.

    Raises
    ------
    Unknown
        The service keeps none.
    """
    if jobs is None:
        raise Unknown(f"this service keeps no {kind.noun}s: {variable(room.setting)} names no folder")
    jobs.sweep(now - timedelta(days=room.days))
    return jobs


def make_folder(jobs: JobsT | None, room: Room, now: datetime) -> None:
    """Make the folder of jobs, if the service is to keep some, and remove those that were kept for long enough.

    Raises
    ------
    InputError
        It cannot be made, or not be shut to others.
    """
    if jobs is None:
        return
    try:
        jobs.make()
        kept_for(jobs, type(jobs), room, now)
    except OSError as error:
        accepted = "a folder of this user's own"
        fault = Fault("environment", "", variable(room.setting), written(str(jobs.root)), accepted, str(error.strerror))
        raise InputError([fault]) from error


def require_room(jobs: Jobs[AskedT], room: Room) -> None:
    """Refuse another job where there is no room for it.

    Raises
    ------
    Conflict
        So many are kept already, or the disk is nearly full.
    """
    if len(jobs.all()) >= room.most:
        raise Conflict(f"{room.most} {jobs.noun}s are kept, which is as many as may be: remove one that is done")
    free_mb = jobs.free_bytes() // _MEGABYTE
    if free_mb < room.free_mb:
        raise Conflict(f"{free_mb:,} MB are free where {jobs.noun}s are kept, and {room.free_mb:,} MB must be")


def name_of(asked: Order) -> str:
    """Return the name of a job; whoever asks the same again with the same key asks for the same job."""
    return sha256(f"{asked.actor}\n{asked.key}\n{asked.request_sha256}".encode()).hexdigest()[:16]


def folder_named(root: Path | None, name: str, field: str) -> Path:
    """Return a folder that people may ask for by its name.

    Parameters
    ----------
    root
        The folder of all of them; None where there are none.
    field
        Of the body that names it.

    Raises
    ------
    InputError
        There is none of that name, or something in it lies elsewhere.
    """
    found = [] if root is None else folder_names(root)
    if root is None or name not in found:
        raise InputError([unknown_name(BODY, field, name, found)])
    folder = root / name
    accepted = "files of the folder itself, and no links out of it"
    astray = [path for path in sorted(folder.rglob("*")) if not path.resolve().is_relative_to(folder.resolve())]
    if astray:
        raise InputError(Fault(BODY, "", field, written(path.name), accepted) for path in astray)
    return folder


def folder_names(root: Path) -> list[str]:
    """Return the names of the folders in a folder, in order; a link is none."""
    return sorted(_folders(root))


def _folders(root: Path) -> Iterator[str]:
    try:
        yield from (path.name for path in root.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return


def faults_within(error: InputError, *folders: Path) -> list[Fault]:
    """Return faults that name files by their path in one of some folders: where those are is nobody's business."""
    faults = list(error.faults)
    for folder in folders:
        faults = [replace(each, source=each.source.removeprefix(f"{folder}{os.sep}")) for each in faults]
    return faults
