"""A replay is asked for: whether it may be begun, under what name, and how its processes are told the settings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.replay_runner import start
from api.replay_schemas import ReplayBody
from api.replays import Replays, Request
from api.settings import PREFIX, Settings, variable
from dispatch.desk import Order
from dispatch.errors import Conflict, Unknown
from dispatch.record import iso
from graphs.errors import Fault, InputError
from graphs.faults import parse_toml, shape_faults, unknown_name, written
from scenarios.evidence import read_manifest
from scenarios.what_if import Change

BODY: Final = "body"
WHAT_IF: Final = "what_if"
# The whole period is judged once more for each.
MOST_CHANGES: Final = 10
_SEVERAL: Final = f"1 to {MOST_CHANGES} tables [[change]]"
_FOLDER: Final = "source.folder"
_FILES: Final = ("closures", "profiles")
_MEGABYTE: Final = 1_000_000
# What the processes of a replay go by; no other setting reaches them, and no secret but the address of the database.
_TOLD: Final = ("graph", "force", "profiles", "closures", "records_dir", "replays_jobs")
# Where the web workers count, which the processes of a replay must not.
_COUNTS: Final = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True, slots=True)
class Period:
    """What is replayed: an imported folder, or the record from one moment to another."""

    folder: str | None
    start: str | None
    end: str | None


class _Changes(BaseModel):
    model_config = ConfigDict(extra="forbid")

    change: tuple[Change, ...] = Field(description=_SEVERAL)


def environment_of(settings: Settings, around: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of the processes of replays: the service's own, with only the settings that they need."""
    kept = {name: value for name, value in around.items() if not name.startswith(PREFIX) and name != _COUNTS}
    given = {name: getattr(settings, name) for name in _TOLD}
    told = {variable(name): str(value) for name, value in given.items() if value is not None}
    return {**kept, **told, variable("database_url"): settings.database_url.render_as_string(hide_password=False)}


def go_on(settings: Settings) -> None:
    """Have the replays that wait run, where they are kept and nobody runs them."""
    if settings.replays_dir is not None:
        start(Replays(settings.replays_dir), environment_of(settings))


def replays_of(settings: Settings, now: datetime) -> Replays:
    """Return the replays of a service, after those are removed that have been kept for long enough.

    Raises
    ------
    Unknown
        It keeps none.
    """
    if settings.replays_dir is None:
        raise Unknown(f"this service keeps no replays: {variable('replays_dir')} names no folder")
    kept = Replays(settings.replays_dir)
    kept.sweep(now - timedelta(days=settings.replays_days))
    return kept


def make_folder(settings: Settings, now: datetime) -> None:
    """Make the folder of replays, if the service is to keep some, and remove those that were kept for long enough.

    Raises
    ------
    InputError
        It cannot be made, or not be shut to others.
    """
    if settings.replays_dir is None:
        return
    try:
        Replays(settings.replays_dir).make()
        replays_of(settings, now)
    except OSError as error:
        name, accepted = variable("replays_dir"), "a folder of this user's own"
        raise InputError(
            [Fault("environment", "", name, written(str(settings.replays_dir)), accepted, str(error.strerror))]
        ) from error


def period_of(body: ReplayBody, settings: Settings, now: datetime) -> Period:
    """Return what is asked for.

    Raises
    ------
    InputError
        There is no such folder, or it is not an imported one.
    """
    if body.source.folder is not None:
        folder = records_folder(body.source.folder, settings)
        try:
            manifest = read_manifest(folder)
        except InputError as error:
            raise InputError(faults_within(error, folder.parent)) from error
        return Period(body.source.folder, iso(manifest.start), iso(manifest.end))
    asked = body.source.record
    first = None if asked is None or asked.from_ is None else iso(asked.from_)
    # A replay that is begun again reads the same rows.
    last = now if asked is None or asked.to is None else min(asked.to, now)
    return Period(None, first, iso(last))


def records_folder(name: str, settings: Settings) -> Path:
    """Return a folder of records by its name.

    Raises
    ------
    InputError
        There is none of that name, or something in it lies elsewhere.
    """
    root = settings.records_dir
    found = [] if root is None else sorted(_folders(root))
    if root is None or name not in found:
        raise InputError([unknown_name(BODY, _FOLDER, name, found)])
    folder = root / name
    accepted = "files of the folder itself, and no links out of it"
    astray = [path for path in sorted(folder.rglob("*")) if not path.resolve().is_relative_to(folder.resolve())]
    if astray:
        raise InputError(Fault(BODY, "", _FOLDER, written(path.name), accepted) for path in astray)
    return folder


def faults_within(error: InputError, *folders: Path) -> list[Fault]:
    """Return faults that name files by their path in one of some folders: where those are is nobody's business."""
    faults = list(error.faults)
    for folder in folders:
        faults = [replace(each, source=each.source.removeprefix(f"{folder}{os.sep}")) for each in faults]
    return faults


def require_changes(text: str) -> None:
    """Refuse changes that are not written as they must be, or that would have this service read files.

    Raises
    ------
    InputError
        With every fault.
    """
    values = parse_toml(text, WHAT_IF)
    try:
        changes = _Changes.model_validate(values).change
    except ValidationError as error:
        raise InputError(shape_faults(error, _Changes, WHAT_IF)) from error
    accepted = "a change that names no file, where it is asked for over HTTP"
    faults = [
        Fault(WHAT_IF, f"change {number}", name, written(given), accepted)
        for number, change in enumerate(changes, 1)
        for name in _FILES
        if (given := getattr(change, name)) is not None
    ]
    if not 1 <= len(changes) <= MOST_CHANGES:
        faults.append(Fault(WHAT_IF, "", "change", str(len(changes)), _SEVERAL))
    if faults:
        raise InputError(faults)


def _folders(root: Path) -> Iterator[str]:
    try:
        yield from (path.name for path in root.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return


def request_of(body: ReplayBody, settings: Settings, now: datetime, asked: Order) -> Request:
    """Return the request for a replay; whoever asks the same again with the same key asks for the same replay.

    Raises
    ------
    InputError
        As `period_of` and `require_changes`.
    """
    if body.what_if is not None:
        require_changes(body.what_if)
    period = period_of(body, settings, now)
    name = sha256(f"{asked.actor}\n{asked.key}\n{asked.request_sha256}".encode()).hexdigest()[:16]
    return Request(name, iso(now), asked.actor, period.folder, period.start, period.end, body.what_if)


def require_room(replays: Replays, settings: Settings) -> None:
    """Refuse another replay where there is no room for it.

    Raises
    ------
    Conflict
        So many are kept already, or the disk is nearly full.
    """
    if len(replays.all()) >= settings.replays_kept:
        raise Conflict(f"{settings.replays_kept} replays are kept, which is as many as may be: remove one that is done")
    free_mb = replays.free_bytes() // _MEGABYTE
    if free_mb < settings.replays_free_mb:
        raise Conflict(f"{free_mb:,} MB are free where replays are kept, and {settings.replays_free_mb:,} MB must be")
