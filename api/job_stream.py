"""How far a job is, pushed as it changes: each message holds all that is told of it, so that none needs another.

The state of a job is in its folder, so any worker can go on for a client that comes back; what it missed in between
does not matter, only where the job is by now. The id of a message names how far that is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Generic

from api.jobs import WAITING, AskedT, Job
from api.pushed import HEARTBEAT, message, retry
from api.pushing import ALLOWED_EVERY_S

POLL_S: Final = 0.25


def message_id(job: Job[AskedT], values: Mapping[str, Any]) -> str:
    """Return what names how far a job is."""
    far = (job.standing.attempts, job.state, values["phase"], values["done"])
    return "-".join(str(each) for each in far if each is not None)


class JobStream(Generic[AskedT]):
    """What one client is told.

    Parameters
    ----------
    find
        Finds the job; None once it is removed.
    values
        Makes what is told of it.
    last_id
        Of the last message that the client has; None for one that begins now.
    heartbeat_s
        Something is said at least so often.
    stopping
        Set when the process is to end.
    look_after
        Asked every few seconds whether the client may still watch.
    """

    def __init__(
        self,
        find: Callable[[], Job[AskedT] | None],
        values: Callable[[Job[AskedT]], Mapping[str, Any]],
        last_id: str | None,
        heartbeat_s: float,
        stopping: threading.Event,
        look_after: Callable[[], bool],
    ) -> None:
        self._find, self._values, self._last_id = find, values, last_id
        self._heartbeat_s, self._stopping, self._look_after = heartbeat_s, stopping, look_after
        self._said_at = self._looked_at = time.monotonic()

    def messages(self) -> Iterator[bytes]:
        """Yield what is to be sent, until the job has ended or is gone, its client may not watch, or all is to end."""
        yield retry()
        while (job := self._find()) is not None:
            if said := self._told(job) or self._heartbeat():
                yield said
                self._said_at = time.monotonic()
            if job.state not in WAITING or self._stopping.wait(POLL_S) or not self._may_go_on():
                return

    def _told(self, job: Job[AskedT]) -> bytes:
        values = self._values(job)
        name = message_id(job, values)
        if name == self._last_id:
            return b""
        self._last_id = name
        return message("progress" if job.state in WAITING else "ended", values, name)

    def _heartbeat(self) -> bytes:
        return HEARTBEAT if time.monotonic() - self._said_at >= self._heartbeat_s else b""

    def _may_go_on(self) -> bool:
        now = time.monotonic()
        if now - self._looked_at < ALLOWED_EVERY_S:
            return True
        self._looked_at = now
        return self._look_after()
