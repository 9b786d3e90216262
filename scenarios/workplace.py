"""Where a replay writes: a folder that it has to itself, and inputs that stay as they were until it is done."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from graphs.errors import Fault, InputError
from graphs.provenance import code_hash
from scenarios.evidence import MANIFEST, read_manifest, require_unchanged

PACKAGES: Final = ("graphs", "dispatch", "scenarios")
_WORK: Final = ".work-"


@dataclass(frozen=True)
class Workplace:
    """Where one replay works.

    Parameters
    ----------
    folder, out
        The imported folder, and where the answers are written.
    work
        Where what is done so far is kept.
    manifest
        SHA-256, hex, of the manifest, which has the checksum of every other input.
    """

    folder: Path
    out: Path
    work: Path
    manifest: str

    def require_same(self) -> None:
        """Hold the inputs against what they were when the replay began; what was made of others is deleted.

        Raises
        ------
        InputError
            Some are missing or were changed; every one is named.
        """
        try:
            require_same(self.folder, self.manifest)
        except InputError:
            shutil.rmtree(self.work)
            raise


@contextmanager
def workplace(folder: Path, out: Path) -> Iterator[Workplace]:
    """Hold a folder for one replay, whose inputs are as they were imported.

    What an interrupted replay of the same inputs left there is kept, and deleted when this one is done.

    Raises
    ------
    InputError
        The inputs are not as they were imported, ``out`` is in their folder, or another replay is writing to it.
    """
    manifest = manifest_hash(folder)
    require_unchanged(folder, read_manifest(folder))
    _require_apart(folder, out)
    out.mkdir(parents=True, exist_ok=True)
    with alone(out, "replay"):
        work = out / f"{_WORK}{_key(manifest)[:16]}"
        for other in out.glob(f"{_WORK}*"):
            if other != work:
                shutil.rmtree(other)
        work.mkdir(exist_ok=True)
        yield Workplace(folder, out, work, manifest)
        shutil.rmtree(work)


def _require_apart(folder: Path, out: Path) -> None:
    inside, around = out.resolve(), folder.resolve()
    if inside == around or around in inside.parents:
        raise InputError([Fault(str(out), "", "", "in the folder of the records", "a folder outside it")])


@contextmanager
def alone(out: Path, what: str) -> Iterator[None]:
    """Hold a folder for one replay, or whatever else is to be the only one there, at a time.

    Raises
    ------
    InputError
        Another one holds it.
    """
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            taken = f"another {what} is writing here"
            raise InputError([Fault(str(out), "", "", taken, "a folder of its own")]) from error
        yield


def manifest_hash(folder: Path) -> str:
    """Return the SHA-256, hex, of the manifest of a folder.

    Raises
    ------
    InputError
        It has none that can be read.
    """
    path = folder / MANIFEST
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        accepted = "a folder that 'nearest import' made"
        raise InputError([Fault(str(path), "", "", str(error.strerror), accepted)]) from error


def require_same(folder: Path, manifest: str, but: Collection[str] = ()) -> None:
    """Hold a folder against a manifest that was read before.

    Parameters
    ----------
    manifest
        The hash of the manifest, as it was.
    but
        Files that are not looked at.

    Raises
    ------
    InputError
        The manifest or files of it were changed; every one is named.
    """
    found = manifest_hash(folder)
    if found != manifest:
        hint = "it was changed while the replay ran"
        raise InputError([Fault(str(folder / MANIFEST), "", "SHA-256", found, manifest, hint)])
    require_unchanged(folder, read_manifest(folder), but)


def _key(manifest: str) -> str:
    """Return a hash of all that an answer depends on: the inputs, and this program."""
    digest = sha256(manifest.encode())
    for package in PACKAGES:
        digest.update(code_hash(package).encode())
    return digest.hexdigest()


def write_whole(path: Path, body: bytes) -> None:
    """Write a file so that a reader finds all of it or the one before, even where the machine stops."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(body)
    put_whole(part, path)


def put_whole(part: Path, path: Path) -> None:
    """Put a file, or a folder of files, that is written under another name in its place, as `write_whole` does."""
    for each in sorted(part.iterdir()) if part.is_dir() else [part]:
        with each.open("rb") as file:
            os.fsync(file.fileno())
    part.replace(path)
