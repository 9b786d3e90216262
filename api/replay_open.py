"""The records of replays that are being looked back at, as a worker holds them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson

from api.errors import TooMany
from api.job_requests import faults_within
from api.job_results import require_done
from api.replay_requests import records_folder
from api.replays import Replay, Replays
from api.settings import Settings
from dispatch.errors import Conflict
from graphs.errors import InputError
from graphs.network import Network
from scenarios.looked_back import LookBack
from scenarios.replay import REPLAY

# Two auditors may look at two replays in turn. A folder is read once, however many moments are asked for.
_KEPT: Final = 2
# Reading takes up to minutes, in one of the threads that dispatchers ask: most of them stay free.
_MOST_WAIT: Final = 2
_ASK_AGAIN_S: Final = 5
# Records of incidents stay no longer in memory than somebody looks at them, nor than their replay is kept.
IDLE_S: Final = 600.0
_EVERY_S: Final = 60.0


@dataclass(eq=False)
class _Records:
    """Records of replays, with the folders of these; ``back`` is None until they are read."""

    replays: set[Path] = field(default_factory=set)
    reading: threading.Lock = field(default_factory=threading.Lock)
    back: LookBack | None = None
    asked_s: float = 0.0

    def sound(self) -> LookBack | None:
        """Return what was read, where the files are still those that were."""
        back = self.back
        return back if back is not None and not back.changed() else None


class LookBacks:
    """The records that are open; several threads may ask."""

    def __init__(self) -> None:
        self._open: dict[tuple[Path, str], _Records] = {}
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(_MOST_WAIT)
        self._watched = False

    def __len__(self) -> int:
        return sum(held.back is not None for held in self._open.values())

    def records(self, replay: Replay, folder: Path, manifest: str, loaded: Network) -> LookBack:
        """Return the records of a replay, read if need be.

        Parameters
        ----------
        loaded
            See `LookBack.open`.

        Raises
        ------
        InputError
            They are not as the replay read them.
        TooMany
            As many as may wait for records to be read.
        """
        held = self._held(replay, (folder, manifest))
        if (back := held.sound()) is not None:
            return back
        if not self._waiting.acquire(blocking=False):
            raise TooMany("records of replays are being read", _ASK_AGAIN_S)
        try:
            with held.reading:
                if (back := held.sound()) is None:
                    held.back = None
                    held.back = back = LookBack.open(folder, manifest, loaded)
                    self._keep_few()
                return back
        finally:
            self._waiting.release()

    def _held(self, replay: Replay, name: tuple[Path, str]) -> _Records:
        with self._lock:
            held = self._open.setdefault(name, _Records())
            held.replays.add(replay.folder)
            held.asked_s = time.monotonic()
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, daemon=True).start()
        return held

    def _keep_few(self) -> None:
        with self._lock:
            there = sorted((held.asked_s, name) for name, held in self._open.items() if held.back is not None)
            for _, name in there[:-_KEPT]:
                del self._open[name]

    def _watch(self) -> None:
        while True:
            time.sleep(_EVERY_S)
            self.let_go(time.monotonic() - IDLE_S)

    def let_go(self, before_s: float = 0.0) -> None:
        """Let go of the records of replays that are gone, and of those that nobody has asked for since a moment."""
        with self._lock:
            for name, held in list(self._open.items()):
                if held.asked_s < before_s or not any(folder.exists() for folder in held.replays):
                    del self._open[name]


LOOK_BACKS: Final = LookBacks()


@contextmanager
def look_back(replay: Replay, settings: Settings, loaded: Network) -> Iterator[LookBack]:
    """Hold the records that a replay judged, to look at incidents of it.

    Raises
    ------
    Conflict
        It is not done, or the records are gone or were changed since.
    TooMany
        As many as may wait for records to be read.
    """
    require_done(replay, Replays.noun)
    manifest = orjson.loads((replay.out / REPLAY).read_bytes())["inputs"]["manifest"]
    try:
        back = LOOK_BACKS.records(replay, _folder(replay, settings), manifest, loaded)
    except InputError as error:
        raise _gone(replay, settings, error) from error
    try:
        yield back
    except InputError as error:
        # It was asked for something that is not there, unless the files were changed meanwhile.
        if not back.changed():
            raise
        raise _gone(replay, settings, error) from error


def _gone(replay: Replay, settings: Settings, error: InputError) -> Conflict:
    said = "; ".join(str(fault) for fault in faults_within(error, *_around(replay, settings)))
    return Conflict(f"the records of the replay {replay.request.job_id} are not there as it read them: {said}")


def _folder(replay: Replay, settings: Settings) -> Path:
    folder = replay.request.folder
    return replay.kept if folder is None else records_folder(folder, settings)


def _around(replay: Replay, settings: Settings) -> Iterator[Path]:
    yield replay.folder
    if settings.records_dir is not None:
        yield settings.records_dir
