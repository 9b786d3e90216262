"""Prove a stretch of the record at a time, for whoever cannot wait until all of a long one is proved."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Final

from dispatch.pages import page
from dispatch.record import GENESIS, PURGED, BrokenRecord, Row, check, documents_of
from dispatch.store import Reading
from dispatch.upkeep import documents_named, last_answer
from dispatch.verification import Head

_ALL: Final = 10**9
_AT_A_TIME: Final = 50


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows that were found as they were written, each after the one before.

    Parameters
    ----------
    first, last
        The numbers of the first and the last; ``last`` is before ``first`` where there is none.
    sha256
        The hash of the last, or of the row that it began after.
    purged
        How many of them have had their details purged.
    goes_on
        Whether more rows follow.
    """

    first: int
    last: int
    sha256: str
    purged: int
    goes_on: bool


def prove_stretch(reading: Reading, after: Head | None, most: int, most_bytes: int = _ALL) -> Stretch:
    """Hold rows against each other, and the documents that they name against their hashes.

    What is kept beside the rows otherwise, such as the history, is for `dispatch.verification.verify_database`.

    Parameters
    ----------
    after
        A row that is known, such as the last of the stretch before or one whose hash was kept elsewhere; None begins at
        the first row.
    most
        So many rows at most.
    most_bytes
        No more is begun once so much was proved, of rows and of documents.

    Raises
    ------
    BrokenRecord
        With the first row that is not as it was written.
    """
    first, last = 1 if after is None else after.seq + 1, reading.last()
    head = _known(reading, after)
    gone, named, purged, size = _Purged(reading, head.seq), set[str](), 0, 0
    rows = islice(reading.after(head.seq), most)
    while size < most_bytes and (some := list(islice(rows, _AT_A_TIME))):
        new = dict[str, int]()
        for row in some:
            check(row, head.sha256, head.seq + 1)
            head = Head(row.seq, row.sha256)
            purged += row.payload is None
            gone.require_explained(row)
            for name in documents_of(row):
                if name not in named:
                    new.setdefault(name, row.seq)
        named.update(new)
        size += sum(len(row.payload or "") for row in some) + _proved_documents(reading, new)
    goes_on = last is not None and last.seq > head.seq
    if not goes_on and last_answer(reading) > head.seq:
        raise BrokenRecord(head.seq + 1, f"missing; an answer was given when there were {last_answer(reading)} rows")
    return Stretch(first, head.seq, head.sha256, purged, goes_on)


def _known(reading: Reading, after: Head | None) -> Head:
    if after is None:
        return Head(0, GENESIS)
    row = reading.row(after.seq)
    if row is None:
        raise BrokenRecord(after.seq, "missing; it was there when its hash was kept elsewhere")
    if row.sha256 != after.sha256:
        raise BrokenRecord(after.seq, f"its hash is {row.sha256}, and was {after.sha256} when it was kept elsewhere")
    # The hash alone may have stayed while the row was changed.
    check(row, row.previous, after.seq)
    return after


class _Purged:
    """The rows whose details a later event says were purged."""

    def __init__(self, reading: Reading, after: int) -> None:
        self._spans = sorted(_spans(page(reading, after, _ALL, {PURGED})))

    def require_explained(self, row: Row) -> None:
        """Refuse a row whose details are gone though no later event says that they were purged.

        Raises
        ------
        BrokenRecord
            It is such a row.
        """
        if row.payload is not None:
            return
        found = bisect_right(self._spans, (row.seq, _ALL, _ALL)) - 1
        # A row is purged once, so no span lies within another.
        first, last, by = self._spans[found] if found >= 0 else (0, 0, 0)
        if not first <= row.seq <= last or by <= row.seq:
            raise BrokenRecord(row.seq, "its details were taken out, and no recorded purge says so")


def _spans(rows: list[Row]) -> Iterator[tuple[int, int, int]]:
    for row in rows:
        yield from ((first, last, row.seq) for first, last in (row.details or {}).get("rows", ()))


def _proved_documents(reading: Reading, named: dict[str, int]) -> int:
    """Hold documents against their hashes, and return how many bytes they have."""
    missing, size = dict(named), 0
    for document in documents_named(reading, named):
        seq, size = missing.pop(document.sha256), size + len(document.body)
        if sha256(document.body).hexdigest() != document.sha256:
            raise BrokenRecord(seq, f"the document {document.sha256} that it names was changed")
    if missing:
        name, seq = min(missing.items(), key=lambda item: item[1])
        raise BrokenRecord(seq, f"the document {name} that it names is missing")
    return size
