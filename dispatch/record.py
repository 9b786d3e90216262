"""The record: events chained by SHA-256 over canonical JSON, so that no row can be changed without a trace.

A row's hash covers its number, kind, subject, times, actor, key, the hash of its details and the hash of the row
before. Details are hashed with a random salt, so that once they are purged nobody can guess a telephone number from
its hash.
"""

from __future__ import annotations

import hashlib
import secrets
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import rfc8785

from graphs.errors import NearestError

# What stands before the first row.
GENESIS: Final = "0" * 64
PURGED: Final = "purged"
# Which details of an event name a document by its SHA-256; other hashes are of what is kept elsewhere.
NAMING: Final[Mapping[str, tuple[str, ...]]] = {
    "recommended": ("answer_sha256", "question_sha256", "force_sha256"),
    "disclosed": ("document_sha256",),
}


class BrokenRecord(NearestError):
    """The record is not whole: a row was changed, taken out or put in.

    Parameters
    ----------
    seq
        The first row that is not as it was written; None where what is wrong stands beside the rows.
    because
        What is wrong.
    """

    exit_code = 3
    status = 503
    slug = "broken-record"
    title = "The record is not whole"

    def __init__(self, seq: int | None, because: str) -> None:
        self.seq, self.because = seq, because
        super().__init__(because if seq is None else f"row {seq}: {because}")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, not yet recorded.

    Parameters
    ----------
    kind
        One of `dispatch.fold.KINDS`.
    subject
        The incident, callsign or other thing that it is about; what is purged is purged by subject.
    at
        When it happened.
    payload
        JSON values: its details.
    """

    kind: str
    subject: str | None
    at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """An event as it stands in the record.

    Parameters
    ----------
    seq
        From 1, without gaps.
    at, recorded_at
        When it happened and when it was written down; ISO 8601 in UTC, as hashed.
    actor
        Who said so.
    key
        The idempotency key of the request, or None.
    payload
        Canonical JSON; None once purged.
    salt
        Hashed before the payload; None once purged.
    """

    seq: int
    kind: str
    subject: str | None
    at: str
    recorded_at: str
    actor: str
    key: str | None
    payload: str | None
    salt: str | None
    payload_sha256: str
    previous: str
    sha256: str

    @property
    def details(self) -> dict[str, Any] | None:
        """The payload as values; None once purged."""
        return None if self.payload is None else orjson.loads(self.payload)

    @property
    def happened(self) -> datetime:
        """When it happened."""
        return datetime.fromisoformat(self.at)

    @property
    def recorded(self) -> datetime:
        """When it was written down."""
        return datetime.fromisoformat(self.recorded_at)


def documents_of(row: Row) -> Iterator[str]:
    """Yield the documents that an event names, by their SHA-256; none once its details are purged."""
    names = NAMING.get(row.kind, ())
    details = row.details if names else None
    if details is not None:
        yield from (details[name] for name in names)


def canonical(value: Any) -> bytes:
    """Write JSON values in the one way of RFC 8785."""
    return rfc8785.dumps(value)


def iso(moment: datetime) -> str:
    """Write a moment in UTC, to the microsecond, always in the same form."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seal(event: Event, after: Row | None, recorded_at: datetime, actor: str, key: str | None = None) -> Row:
    """Make the row of an event.

    Parameters
    ----------
    event
        What happened.
    after
        The last row, None for the first.
    recorded_at
        Now.
    actor, key
        See `Row`.
    """
    payload, salt = canonical(event.payload).decode(), secrets.token_hex(16)
    row = Row(
        seq=1 if after is None else after.seq + 1,
        kind=event.kind,
        subject=event.subject,
        at=iso(event.at),
        recorded_at=iso(recorded_at),
        actor=actor,
        key=key,
        payload=payload,
        salt=salt,
        payload_sha256=_payload_hash(salt, payload),
        previous=GENESIS if after is None else after.sha256,
        sha256="",
    )
    return replace(row, sha256=row_hash(row))


def row_hash(row: Row) -> str:
    """Return the SHA-256 (hex) that a row must have."""
    # Text, whole numbers and null only, with sorted keys: orjson writes that as RFC 8785 does, and faster.
    head = {
        "actor": row.actor,
        "at": row.at,
        "key": row.key,
        "kind": row.kind,
        "payload_sha256": row.payload_sha256,
        "previous": row.previous,
        "recorded_at": row.recorded_at,
        "seq": row.seq,
        "subject": row.subject,
    }
    return hashlib.sha256(orjson.dumps(head)).hexdigest()


def _payload_hash(salt: str, payload: str) -> str:
    return hashlib.sha256(f"{salt}{payload}".encode()).hexdigest()


def check(row: Row, previous: str, seq: int) -> None:
    """Hold a row against the one before.

    Parameters
    ----------
    row
        The row.
    previous, seq
        The hash of the row before it, and the number that it must have.

    Raises
    ------
    BrokenRecord
        With what is wrong.
    """
    if row.seq != seq:
        raise BrokenRecord(seq, f"missing; the next row there is {row.seq}")
    if row.previous != previous:
        raise BrokenRecord(seq, "does not follow the row before it: the hash it names is another")
    if row_hash(row) != row.sha256:
        raise BrokenRecord(seq, "its kind, subject, times, actor or key were changed: they do not give its hash")
    if (row.payload is None) != (row.salt is None):
        raise BrokenRecord(seq, "its details or their salt were taken out")
    if row.payload is not None and row.salt is not None and _payload_hash(row.salt, row.payload) != row.payload_sha256:
        raise BrokenRecord(seq, "its details were changed: they do not give the hash that the row names")


def checked(rows: Iterable[Row], previous: str = GENESIS, seq: int = 1) -> Iterator[Row]:
    """Yield rows, each held against the one before.

    Raises
    ------
    BrokenRecord
        At the first row that is not as it was written.
    """
    for row in rows:
        check(row, previous, seq)
        yield row
        previous, seq = row.sha256, seq + 1


@dataclass(frozen=True, slots=True)
class Whole:
    """A record that was found whole.

    Parameters
    ----------
    rows
        How many it has.
    sha256
        The hash of its last row: kept elsewhere, it proves later that no rows were taken off the end.
    purged
        How many rows have had their details purged.
    """

    rows: int
    sha256: str
    purged: int


class Proof:
    """Holds rows against each other as they come, from the first on; details may be missing only where purged.

    A purge stands after the rows that it names, so that what is missing is explained at the end, or not at all.
    """

    def __init__(self) -> None:
        self._rows, self._last, self._purged = 0, GENESIS, 0
        self._unexplained: list[int] = []

    def see(self, row: Row) -> None:
        """Hold the next row against those before.

        Raises
        ------
        BrokenRecord
            It is not as it was written.
        """
        check(row, self._last, self._rows + 1)
        self._rows, self._last = row.seq, row.sha256
        if row.payload is None:
            self._purged += 1
            self._unexplained.append(row.seq)
        elif row.kind == PURGED:
            self._explain((row.details or {}).get("rows", []))

    def _explain(self, spans: Iterable[tuple[int, int]]) -> None:
        for first, last in spans:
            del self._unexplained[bisect_left(self._unexplained, first) : bisect_right(self._unexplained, last)]

    def whole(self) -> Whole:
        """Say what was found whole.

        Raises
        ------
        BrokenRecord
            Details were taken out, and no recorded purge says so.
        """
        if self._unexplained:
            raise BrokenRecord(self._unexplained[0], "its details were taken out, and no recorded purge says so")
        return Whole(self._rows, self._last, self._purged)


def verify(rows: Iterable[Row]) -> Whole:
    """Prove a record whole, from its first row.

    Details may be missing only where a later ``purged`` event names the row.

    Raises
    ------
    BrokenRecord
        With the first row that is not as it was written.
    """
    proof = Proof()
    for row in rows:
        proof.see(row)
    return proof.whole()
