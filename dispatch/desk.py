"""The desk: what people and systems tell the service, written down once and decided on what is known by then.

Whoever writes is the only writer: it reads the end of the record, decides, appends and commits. What was acknowledged
is in the record; what was refused left no trace.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from dispatch.errors import KeyReused, Unknown
from dispatch.fold import fold
from dispatch.force import Force
from dispatch.live import Live, Roads
from dispatch.memory import remember
from dispatch.positions import judged
from dispatch.record import Event, Row, checked
from dispatch.snapshots import fold_all, load_state, snapshot_event
from dispatch.state import State
from dispatch.store import Given, Reading, Report, Store, Writing
from graphs.errors import Fault
from graphs.network import Network

# A start folds at most so many events.
SNAPSHOT_EVERY: Final = 10_000


@dataclass(frozen=True, slots=True)
class Order:
    """Who asks for something, and the key by which it is asked only once.

    Parameters
    ----------
    actor
        A person's or a system's name.
    key
        Chosen by the client.
    request_sha256
        Of the request, to tell whether the same key asks for the same.
    """

    actor: str
    key: str
    request_sha256: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a decision rests on: all that is recorded by now, and nobody writes meanwhile."""

    live: Live
    force: Force
    network: Network
    writing: Writing
    actor: str

    @property
    def state(self) -> State:
        """What the record comes to."""
        return self.live.state

    @property
    def now(self) -> datetime:
        """The moment of recording."""
        return self.writing.now

    @property
    def next_seq(self) -> int:
        """The number that the next row will have."""
        return self.state.seq + 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told to who asked.

    Parameters
    ----------
    document
        Whether the event has kept the body as its ``answer_sha256``: it need not be kept twice.
    """

    body: bytes
    status: int = 200
    location: str | None = None
    document: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, or was done before under the same key."""

    answer: Answer
    seq: int
    again: bool


Decide = Callable[[Known], Sequence[Event]]
Tell = Callable[[Live, Sequence[Row]], Answer]


class Desk:
    """The service's memory and its only way to change it.

    Parameters
    ----------
    store
        The database.
    force, network, roads
        The force's rules, the roads, and how closures become conditions on them.
    snapshot_every
        Events after which the state is kept, so that a start need not read all.
    """

    def __init__(
        self, store: Store, force: Force, network: Network, roads: Roads, snapshot_every: int = SNAPSHOT_EVERY
    ) -> None:
        self.store, self.force, self.network, self._roads = store, force, network, roads
        self._snapshot_every = snapshot_every
        self._lock = threading.Lock()
        self._live: Live | None = None

    def live(self) -> Live:
        """Return what is known now; the end of the record is read first.

        Raises
        ------
        BrokenRecord
            A row was changed.
        NoDatabase
            The database does not answer.
        """
        with self.store.reading() as reading:
            return self._up_to_date(reading)

    def perform(self, order: Order, decide: Decide, tell: Tell) -> Done:
        """Do something once.

        Parameters
        ----------
        order
            Who asks, and under which key.
        decide
            Returns the events that come of it, or refuses with an error, on what is known.
        tell
            Makes the answer from what is known after it.

        Raises
        ------
        KeyReused
            The key came before with another request.
        Conflict, InputError, Unknown
            As the decision says; nothing is recorded then.
        """
        with self.store.writing() as writing:
            before = self._up_to_date(writing)
            given = writing.given(order.actor, order.key)
            if given is not None:
                return _again(given, order, writing)
            events = decide(Known(before, self.force, self.network, writing, order.actor))
            rows = writing.append(events, order.actor, order.key)
            after = replace(before, state=fold(before.state, rows))
            remember(writing, after.state, rows)
            answer = tell(after, rows)
            body = b"" if answer.document else answer.body
            kept = Given(order.request_sha256, answer.status, answer.location, body, after.state.seq)
            writing.give(order.actor, order.key, kept, rows[0].subject if rows else None)
            after = self._snapshot(writing, after)
        self._publish(before, after)
        return Done(answer, kept.seq, again=False)

    def record(self, event: Event, actor: str) -> int:
        """Write down something that needs no decision, such as who looked at what; return its row's number."""
        with self.store.writing() as writing:
            return writing.append([event], actor)[-1].seq

    def report(self, reports: Sequence[Report]) -> list[Report | None]:
        """Store position reports; return each as it was judged, None for one that was there already."""
        told = [judged(report, self.force) for report in reports]
        with self.store.writing() as writing:
            new = writing.add_fixes(told)
        return [report if added else None for report, added in zip(told, new, strict=True)]

    def _up_to_date(self, reading: Reading) -> Live:
        with self._lock:
            live = self._live or Live.start(load_state(reading), self._roads)
            rows = checked(reading.after(live.state.seq), live.state.sha256, live.state.seq + 1)
            self._live = live.with_(fold_all(live.state, rows), reading)
            return self._live

    def _snapshot(self, writing: Writing, after: Live) -> Live:
        if after.state.seq - after.state.snapshot_seq < self._snapshot_every:
            return after
        rows = writing.append([snapshot_event(writing, after.state)], "nearest")
        return replace(after, state=fold(after.state, rows))

    def _publish(self, before: Live, after: Live) -> None:
        with self._lock:
            # Another thread may have read further already.
            if self._live is before:
                self._live = after


def _again(given: Given, order: Order, reading: Reading) -> Done:
    if given.request_sha256 != order.request_sha256:
        accepted = "a key that was not used before; the same key only for the same request"
        raise KeyReused([Fault("request", "", "Idempotency-Key", order.key, accepted)])
    body = given.body or _document(given.seq, reading)
    return Done(Answer(body, given.status, given.location), given.seq, again=True)


def _document(seq: int, reading: Reading) -> bytes:
    """Return the answer that an event keeps.

    Raises
    ------
    Unknown
        It was purged.
    """
    row = reading.row(seq)
    told = row.details if row is not None else None
    body = reading.document(told["answer_sha256"]) if told is not None else None
    if body is None:
        raise Unknown(f"what was answered then, in row {seq}, was purged")
    return body
