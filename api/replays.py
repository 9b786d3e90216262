"""Replays that auditors have asked for, each a folder: what was asked, how far it is, what came of it.

The folders are all that there is, so any worker answers for any replay, and none is lost with a worker. Whoever holds
the lock runs them, one at a time, and is the only one that writes their states; the system frees the lock of a process
that is no more.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: Final[tuple[State, ...]] = ("queued", "running", "done", "failed", "cancelled")
WAITING: Final[frozenset[State]] = frozenset({"queued", "running"})
OUT: Final = "out"
WORK: Final = "work"
LOG: Final = "log"
PROGRESS: Final = "progress.json"
OUTCOME: Final = "outcome.json"
_REQUEST: Final = "request.json"
_STATE: Final = "state.json"
_CANCEL: Final = "cancel"
_LOCK: Final = "lock"
_ID: Final = re.compile(r"[0-9a-f]{16}")
# A folder on its way in or out, which is no replay.
_PASSING: Final = re.compile(r"\.(new|gone)-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked.

    Parameters
    ----------
    asked_at
        ISO 8601, UTC.
    by
        Who asked.
    folder
        Name of the folder of records; None where this service's own record is replayed.
    start, end
        Of the period, ISO 8601, UTC; None for no limit.
    what_if
        Text of a file of changes.
    """

    replay_id: str
    asked_at: str
    by: str
    folder: str | None
    start: str | None
    end: str | None
    what_if: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a replay has come.

    Parameters
    ----------
    attempts
        How often it was begun: more than once after an interruption.
    because
        Why it failed.
    faults
        What is wrong with its input, as `graphs.errors.Fault` has it.
    """

    state: State = "queued"
    attempts: int = 0
    started_at: str | None = None
    finished_at: str | None = None
    because: str | None = None
    faults: tuple[Mapping[str, str], ...] = ()
    headline: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay that was asked for."""

    folder: Path
    request: Request
    standing: Standing = field(default_factory=Standing)
    to_cancel: bool = False

    @property
    def state(self) -> State:
        """What it is at; what waits and is to be cancelled is never begun."""
        return "cancelled" if self.to_cancel and self.standing.state == "queued" else self.standing.state

    @property
    def out(self) -> Path:
        """Where its results are."""
        return self.folder / OUT

    @property
    def work(self) -> Path:
        """What is needed until it has ended."""
        return self.folder / WORK

    def progress(self) -> Mapping[str, Any] | None:
        """Return ``phase``, ``done`` and ``total``; None where it has not begun or does not run any more."""
        if self.state != "running":
            return None
        return _read(self.out / PROGRESS) or _read(self.work / PROGRESS)


class Replays:
    """The folder of all replays.

    Parameters
    ----------
    root
        On a local disk, and nobody else's to read.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def make(self) -> None:
        """Make the folder, if need be, and shut it to others.

        Raises
        ------
        OSError
            It cannot be made, or is not ours to shut.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)

    def all(self) -> list[Replay]:
        """Return every replay, the newest first."""
        paths = self.root.iterdir() if self.root.is_dir() else ()
        found = (self.find(path.name) for path in paths if _ID.fullmatch(path.name))
        there = [each for each in found if each is not None]
        return sorted(there, key=lambda each: (each.request.asked_at, each.request.replay_id), reverse=True)

    def find(self, replay_id: str) -> Replay | None:
        """Return a replay; None where there is none of that name, or not any more."""
        folder = self.root / replay_id
        if not _ID.fullmatch(replay_id) or (request := _read(folder / _REQUEST)) is None:
            return None
        standing = _read(folder / _STATE) or {}
        return Replay(folder, Request(**request), Standing(**standing), (folder / _CANCEL).exists())

    def add(self, request: Request) -> bool:
        """Add a replay to those that wait; return whether it was not there already."""
        passing, folder = self.root / f".new-{request.replay_id}", self.root / request.replay_id
        if folder.exists():
            return False
        shutil.rmtree(passing, ignore_errors=True)
        passing.mkdir(mode=0o700)
        write(passing / _REQUEST, asdict(request))
        passing.rename(folder)
        return True

    def next(self) -> Replay | None:
        """Return what is to be run: what was interrupted, then what was asked for first."""
        found = [each for each in reversed(self.all()) if each.state in WAITING]
        return min(found, key=lambda each: each.state == "queued", default=None)

    def stand(self, replay: Replay, standing: Standing) -> None:
        """Note how far a replay has come; only for the holder of the lock.

        Raises
        ------
        FileNotFoundError
            It was removed.
        """
        write(replay.folder / _STATE, asdict(standing))

    def cancel(self, replay: Replay) -> None:
        """Have a replay ended: what waits is passed over, what runs is ended by the holder of the lock."""
        (replay.folder / _CANCEL).touch()

    def remove(self, replay: Replay) -> None:
        """Remove a replay with its results."""
        gone = self.root / f".gone-{replay.request.replay_id}"
        try:
            replay.folder.rename(gone)
        except FileNotFoundError:
            return  # another worker has
        shutil.rmtree(gone, ignore_errors=True)

    def ended_before(self, moment: datetime) -> list[Replay]:
        """Return what had ended before a moment."""
        return [each for each in self.all() if each.state not in WAITING and _ended(each) < moment]

    def sweep(self, before: datetime) -> int:
        """Remove what had ended before a moment, and what a removal that was cut short has left; return how many."""
        for path in self.root.iterdir():
            if _PASSING.fullmatch(path.name) and _written(path) < before.timestamp():
                shutil.rmtree(path, ignore_errors=True)
        old = self.ended_before(before)
        for replay in old:
            self.remove(replay)
        return len(old)

    def free_bytes(self) -> int:
        """Return the room that is left on the disk."""
        return shutil.disk_usage(self.root).free

    def take_lock(self) -> int | None:
        """Return a descriptor that holds the lock until every process that has it has closed it; None if it is held."""
        descriptor = os.open(self.root / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")  # another worker has removed it


def _ended(replay: Replay) -> datetime:
    return datetime.fromisoformat(replay.standing.finished_at or replay.request.asked_at)


def write(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON values to a file, so that whoever reads it finds the old ones or the new ones."""
    passing = path.with_name(f".{path.name}")
    with passing.open("w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    passing.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    """Read JSON values; None where there are none (yet, or any more)."""
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return found


def outcome_of(replay: Replay) -> Mapping[str, Any] | None:
    """Return what the process of a replay has come to: a headline, or faults and why; None where it came to no end."""
    return _read(replay.folder / OUTCOME)


def files_of(out: Path) -> Iterator[str]:
    """Yield the names of the files of a result, in order; what is hidden or a link is none."""
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out)
        if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix()
