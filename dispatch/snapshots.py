"""Snapshots: the state kept now and then, so that a start need not read the whole record.

A snapshot is only believed where an event in the chain names its hash.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from hashlib import sha256
from itertools import islice
from typing import Final

from dispatch.fold import fold
from dispatch.record import BrokenRecord, Event, Row, check
from dispatch.state import State
from dispatch.store import Reading, Writing

TAKEN: Final = "snapshot_taken"
_BATCH: Final = 5_000
_log = logging.getLogger("nearest.record")


def fold_all(state: State, rows: Iterable[Row]) -> State:
    """Fold any number of rows, in batches: incidents that have ended do not pile up."""
    coming = iter(rows)
    while batch := list(islice(coming, _BATCH)):
        state = fold(state, batch)
    return state


def snapshot_event(writing: Writing, state: State) -> Event:
    """Keep a state, and return the event that says so."""
    body = state.to_json()
    name = sha256(body).hexdigest()
    writing.keep_snapshot(state.seq, name, body)
    return Event(TAKEN, None, writing.now, {"seq": state.seq, "state_sha256": name})


def load_state(reading: Reading) -> State:
    """Return the state of the newest snapshot, or the empty one where there is none that the chain bears out.

    The rows after it are folded by who asks.
    """
    found = reading.snapshot()
    if found is None:
        return State()
    seq, name, body = found
    try:
        return hold_against_chain(reading.row(seq), reading.row(seq + 1), name, body)
    except (BrokenRecord, ValueError) as error:
        _log.error("the snapshot at row %d is not believed, the whole record is read instead: %s", seq, error)
        return State()


def hold_against_chain(at: Row | None, says_so: Row | None, name: str, body: bytes) -> State:
    """Return the state of a snapshot that the chain bears out.

    Parameters
    ----------
    at, says_so
        The row up to which it goes, and the one after, which names it.
    name, body
        Its SHA-256 and content, as they are kept.

    Raises
    ------
    BrokenRecord
        It is another than the one that the chain names.
    pydantic.ValidationError, orjson.JSONDecodeError
        It is no state.
    """
    if at is None or says_so is None or says_so.kind != TAKEN:
        raise BrokenRecord(None, "no event in the chain names the snapshot")
    check(says_so, at.sha256, at.seq + 1)
    told = says_so.details or {}
    if told.get("state_sha256") != name or sha256(body).hexdigest() != name or told.get("seq") != at.seq:
        raise BrokenRecord(at.seq, "the snapshot is another than the one that the chain names")
    state = State.of_json(body)
    if (state.seq, state.sha256) != (at.seq, at.sha256):
        raise BrokenRecord(at.seq, "the snapshot goes with another row")
    return state
