"""A replay is asked for: of what, and what its processes are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from api.job_requests import Room, environment_of, faults_within, folder_named, folder_names, name_of
from api.job_runner import start
from api.replay_schemas import ReplayBody
from api.replays import Replays, Request
from api.settings import Replaying, Settings
from dispatch.desk import Order
from dispatch.record import iso
from graphs.errors import Fault, InputError
from graphs.faults import checked, parse_toml, written
from scenarios.evidence import read_manifest
from scenarios.what_if import Change

WHAT_IF: Final = "what_if"
# The whole period is judged once more for each.
MOST_CHANGES: Final = 10
_SEVERAL: Final = f"1 to {MOST_CHANGES} tables [[change]]"
_FOLDER: Final = "source.folder"
_FILES: Final = ("closures", "profiles")
_TOLD: Final = ("graph", "force", "profiles", "closures", "records_dir", "replays_jobs")


@dataclass(frozen=True, slots=True)
class Period:
    """What is replayed: an imported folder, or the record from one moment to another."""

    folder: str | None
    start: str | None
    end: str | None


class _Changes(BaseModel):
    model_config = ConfigDict(extra="forbid")

    change: tuple[Change, ...] = Field(description=_SEVERAL)


def settings_told(settings: Settings) -> dict[str, Any]:
    """Return what the processes of replays go by; no other setting reaches them, and no other secret."""
    told = {name: getattr(settings, name) for name in _TOLD}
    return {**told, "database_url": settings.database_url.render_as_string(hide_password=False)}


def go_on(settings: Settings) -> None:
    """Have the replays that wait run, where they are kept and nobody runs them."""
    if (replays := kept_by(settings)) is not None:
        start(replays, environment_of(settings_told(settings)))


def room_of(settings: Replaying) -> Room:
    """Return how many replays are kept."""
    return Room("replays_dir", settings.replays_kept, settings.replays_days, settings.replays_free_mb)


def kept_by(settings: Replaying) -> Replays | None:
    """Return the replays of a service; None where it keeps none."""
    return None if settings.replays_dir is None else Replays(settings.replays_dir)


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
    return folder_named(settings.records_dir, name, _FOLDER)


def folders(settings: Settings) -> list[str]:
    """Return the names of the folders of records that may be replayed, in order: of those that were imported."""
    root = settings.records_dir
    return [] if root is None else [name for name in folder_names(root) if _is_imported(root / name)]


def _is_imported(folder: Path) -> bool:
    try:
        read_manifest(folder)
    except InputError:
        return False
    return True


def require_changes(text: str) -> None:
    """Refuse changes that are not written as they must be, or that would have this service read files.

    Raises
    ------
    InputError
        With every fault.
    """
    values = parse_toml(text, WHAT_IF)
    changes = checked(_Changes, values, WHAT_IF).change
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
    return Request(name_of(asked), iso(now), asked.actor, period.folder, period.start, period.end, body.what_if)
