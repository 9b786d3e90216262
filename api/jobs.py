"""Long jobs that somebody has asked for, each a folder: what was asked, how far it is, what came of it.

The folders are all that there is, so any worker answers for any job, and none is lost with a worker. Whoever holds the
lock runs those of a folder, one at a time, and is the only one that writes their states; the system frees the lock of a
process that is no more.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, Literal, TypeVar

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: Final[tuple[State, ...]] = ("queued", "running", "done", "failed", "cancelled")
WAITING: Final[frozenset[State]] = frozenset({"queued", "running"})
OUT: Final = "out"
WORK: Final = "work"
KEPT: Final = "kept"
LOG: Final = "log"
PROGRESS: Final = "progress.json"
OUTCOME: Final = "outcome.json"
_REQUEST: Final = "request.json"
_STATE: Final = "state.json"
_CANCEL: Final = "cancel"
_LOCK: Final = "lock"
_ID: Final = re.compile(r"[0-9a-f]{16}")
# A folder on its way in or out, which is no job.
_PASSING: Final = re.compile(r"\.(new|gone)-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What every job has been asked with.

    Parameters
    ----------
    job_id
        The name of its folder.
    asked_at
        ISO 8601, UTC.
    by
        Who asked.
    """

    job_id: str
    asked_at: str
    by: str


AskedT = TypeVar("AskedT", bound=Asked)
_AskedT_co = TypeVar("_AskedT_co", bound=Asked, covariant=True)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a job has come.

    Parameters
    ----------
    attempts
        How often it was begun: more than once after an interruption.
    because
        Why it failed.
    faults
        What is wrong with its input, as `graphs.errors.Fault` has it.
    headline
        What it came to, in short; None for a job that has none.
    """

    state: State = "queued"
    attempts: int = 0
    started_at: str | None = None
    finished_at: str | None = None
    because: str | None = None
    faults: tuple[Mapping[str, str], ...] = ()
    headline: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Job(Generic[_AskedT_co]):
    """A job that was asked for."""

    folder: Path
    request: _AskedT_co
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

    @property
    def kept(self) -> Path:
        """What its results rest on: kept for as long as they are."""
        return self.folder / KEPT

    def progress(self) -> Mapping[str, Any] | None:
        """Return ``phase``, ``done`` and ``total``; None where it has not begun or does not run any more."""
        if self.state != "running":
            return None
        return _read(self.out / PROGRESS) or _read(self.work / PROGRESS)


class Jobs(Generic[AskedT]):
    """The folder of all jobs of a kind.

    Parameters
    ----------
    root
        On a local disk, and nobody else's to read.
    kind
        What is asked with each.

    Attributes
    ----------
    noun
        What people call one.
    module
        What its process runs.
    """

    noun: ClassVar[str] = "job"
    module: ClassVar[str]

    def __init__(self, root: Path, kind: type[AskedT]) -> None:
        self.root, self._kind = root, kind

    def make(self) -> None:
        """Make the folder, if need be, and shut it to others.

        Raises
        ------
        OSError
            It cannot be made, or is not ours to shut.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)

    def all(self) -> list[Job[AskedT]]:
        """Return every job, the newest first."""
        paths = self.root.iterdir() if self.root.is_dir() else ()
        found = (self.find(path.name) for path in paths if _ID.fullmatch(path.name))
        there = [each for each in found if each is not None]
        return sorted(there, key=lambda each: (each.request.asked_at, each.request.job_id), reverse=True)

    def find(self, job_id: str) -> Job[AskedT] | None:
        """Return a job; None where there is none of that name, or not any more."""
        folder = self.root / job_id
        if not _ID.fullmatch(job_id) or (asked := _read(folder / _REQUEST)) is None:
            return None
        known = {each.name for each in fields(self._kind)} - {"job_id"}
        request = self._kind(job_id, **{name: value for name, value in asked.items() if name in known})
        standing = _read(folder / _STATE) or {}
        return Job(folder, request, Standing(**standing), (folder / _CANCEL).exists())

    def add(self, request: AskedT) -> bool:
        """Add a job to those that wait; return whether it was not there already."""
        passing, folder = self.root / f".new-{request.job_id}", self.root / request.job_id
        if folder.exists():
            return False
        shutil.rmtree(passing, ignore_errors=True)
        passing.mkdir(mode=0o700)
        write(passing / _REQUEST, asdict(request))
        passing.rename(folder)
        return True

    def next(self) -> Job[AskedT] | None:
        """Return what is to be run: what was interrupted, then what was asked for first."""
        found = [each for each in reversed(self.all()) if each.state in WAITING]
        return min(found, key=lambda each: each.state == "queued", default=None)

    def stand(self, job: Job[AskedT], standing: Standing) -> None:
        """Note how far a job has come; only for the holder of the lock.

        Raises
        ------
        FileNotFoundError
            It was removed.
        """
        write(job.folder / _STATE, asdict(standing))

    def cancel(self, job: Job[AskedT]) -> None:
        """Have a job ended: what waits is passed over, what runs is ended by the holder of the lock."""
        (job.folder / _CANCEL).touch()

    def remove(self, job: Job[AskedT]) -> None:
        """Remove a job with its results."""
        gone = self.root / f".gone-{job.request.job_id}"
        try:
            job.folder.rename(gone)
        except FileNotFoundError:
            return  # another worker has
        shutil.rmtree(gone, ignore_errors=True)

    def ended_before(self, moment: datetime) -> list[Job[AskedT]]:
        """Return what had ended before a moment."""
        return [each for each in self.all() if each.state not in WAITING and _ended(each) < moment]

    def sweep(self, before: datetime) -> int:
        """Remove what had ended before a moment, and what a removal that was cut short has left; return how many."""
        for path in self.root.iterdir():
            if _PASSING.fullmatch(path.name) and _written(path) < before.timestamp():
                shutil.rmtree(path, ignore_errors=True)
        old = self.ended_before(before)
        for job in old:
            self.remove(job)
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


def _ended(job: Job[Asked]) -> datetime:
    return datetime.fromisoformat(job.standing.finished_at or job.request.asked_at)


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


def outcome_of(job: Job[Asked]) -> Mapping[str, Any] | None:
    """Return what the process of a job has come to, with ``because`` where it failed; None where it came to no end."""
    return _read(job.folder / OUTCOME)


def files_of(out: Path) -> Iterator[str]:
    """Yield the names of the files of a result, in order; what is hidden or a link is none."""
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out)
        if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix()
