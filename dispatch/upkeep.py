"""What keeping the record asks of the database: to prove it, to hand it on, and to purge it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from dispatch.record import BrokenRecord, Row, iso
from dispatch.store import Past, Reading, Report, Writing, micros, past_row, report_of
from dispatch.tables import answers, documents, events, fixes, history, history_keys

_BATCH: Final = 500
_PAGE: Final = 2_000
RECEIVED: Final = "incident_received"
IMPORTED: Final = "incident_imported"
Spans = Sequence[tuple[int, int]]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Document:
    """What an event names by hash.

    Parameters
    ----------
    sha256
        Its name, which is the hash of its body.
    kind
        Such as ``question``.
    seq
        The first row that names it.
    """

    sha256: str
    kind: str
    seq: int
    body: bytes


def batches(items: Iterable[_T], size: int = _BATCH) -> Iterator[list[_T]]:
    """Yield items some at a time."""
    coming = iter(items)
    while batch := list(islice(coming, size)):
        yield batch


def spans_of(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return ascending numbers as stretches without a gap, ends included.

    >>> spans_of([1, 2, 3, 7])
    [(1, 3), (7, 7)]
    """
    found = list[tuple[int, int]]()
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _paged(reading: Reading, asked: sa.Select[Any], *order: sa.Column[Any]) -> Iterator[Any]:
    """Yield what is asked in the order of columns that number it, a page at a time: no cursor is left open."""
    page = asked.order_by(*order).limit(_PAGE)
    found = reading.connection.execute(page).all()
    while found:
        yield from found
        if len(found) < _PAGE:
            return
        last = tuple(getattr(found[-1], column.name) for column in order)
        found = reading.connection.execute(page.where(sa.tuple_(*order) > last)).all()


def _rows(reading: Reading, asked: sa.Select[Any], *order: sa.Column[Any]) -> Iterator[Row]:
    return (Row(*row) for row in _paged(reading, asked, *order))


def recorded_span(reading: Reading, start: datetime | None, end: datetime | None) -> tuple[int, int] | None:
    """Return the first and the last row recorded at ``start <= t < end``; None where there is none."""
    asked = sa.select(sa.func.min(events.c.seq), sa.func.max(events.c.seq))
    if start is not None:
        asked = asked.where(events.c.recorded_at >= iso(start))
    if end is not None:
        asked = asked.where(events.c.recorded_at < iso(end))
    first, last = reading.connection.execute(asked).one()
    return None if first is None else (first, last)


def rows_about_received(reading: Reading, before: datetime) -> Iterator[Row]:
    """Yield all rows about incidents received before a moment and not purged, those about one together, in order."""
    # What was imported is as old as what it tells of.
    received = sa.or_(
        sa.and_(events.c.kind == RECEIVED, events.c.recorded_at < iso(before)),
        sa.and_(events.c.kind == IMPORTED, events.c.at < iso(before)),
    )
    subjects = sa.select(events.c.subject).where(received, events.c.payload.is_not(None))
    asked = sa.select(events).where(events.c.subject.in_(subjects))
    return _rows(reading, asked, events.c.subject, events.c.seq)


def numbers_of_kind(reading: Reading, kind: str, before: datetime) -> list[int]:
    """Return the rows of a kind recorded before a moment that have their details."""
    wanted = (events.c.kind == kind, events.c.payload.is_not(None), events.c.recorded_at < iso(before))
    return list(reading.connection.scalars(sa.select(events.c.seq).where(*wanted).order_by(events.c.seq)))


def rows_recorded(reading: Reading, kind: str, start: datetime | None, end: datetime | None) -> Iterator[Row]:
    """Yield the rows of a kind recorded at ``start <= t < end``, in order."""
    asked = sa.select(events).where(events.c.kind == kind)
    if start is not None:
        asked = asked.where(events.c.recorded_at >= iso(start))
    if end is not None:
        asked = asked.where(events.c.recorded_at < iso(end))
    return _rows(reading, asked, events.c.seq)


def rows_by_subject(reading: Reading, kinds: Collection[str]) -> Iterator[Row]:
    """Yield the rows of some kinds, those about one subject together and in order."""
    asked = sa.select(events).where(events.c.kind.in_(sorted(kinds)), events.c.subject.is_not(None))
    return _rows(reading, asked, events.c.subject, events.c.seq)


def all_documents(reading: Reading) -> Iterator[Document]:
    """Yield every document in the order of the rows that name them.

    Raises
    ------
    BrokenRecord
        One cannot be read any more.
    """
    return map(_document, _paged(reading, sa.select(documents), documents.c.seq, documents.c.sha256))


def documents_named(reading: Reading, names: Iterable[str]) -> Iterator[Document]:
    """Yield the documents of these names that are there, in the order of the names."""
    for batch in batches(names):
        asked = sa.select(documents).where(documents.c.sha256.in_(batch))
        found = {row.sha256: row for row in reading.connection.execute(asked)}
        yield from (_document(found[name]) for name in batch if name in found)


def _document(found: Any) -> Document:
    try:
        return Document(found.sha256, found.kind, found.seq, zlib.decompress(found.body))
    except zlib.error as error:
        raise BrokenRecord(found.seq, f"the document {found.sha256} that it names was changed") from error


def last_answer(reading: Reading) -> int:
    """Return the highest row after which an answer was given; 0 where none was."""
    return reading.connection.scalar(sa.select(sa.func.max(answers.c.seq))) or 0


def pasts_of(reading: Reading, incident_ids: Collection[str]) -> dict[str, Past]:
    """Return the history's rows of some incidents."""
    asked = sa.select(history_keys).where(history_keys.c.incident_id.in_(incident_ids))
    keys = dict[str, set[tuple[str, str]]]()
    for row in reading.connection.execute(asked):
        keys.setdefault(row.incident_id, set()).add((row.kind, row.key))
    found = reading.connection.execute(sa.select(history).where(history.c.incident_id.in_(incident_ids)))
    return {row.incident_id: past_row(row, keys.get(row.incident_id, ())) for row in found}


def past_names(reading: Reading) -> Iterator[str]:
    """Yield the incidents that the history knows."""
    for table in (history, history_keys):
        asked = sa.select(table.c.incident_id).distinct()
        yield from (row.incident_id for row in _paged(reading, asked, table.c.incident_id))


def fixes_between(reading: Reading, start: datetime | None, end: datetime | None) -> Iterator[Report]:
    """Yield the position reports received at ``start <= t < end``, in the order in which they came."""
    asked = sa.select(fixes)
    if start is not None:
        asked = asked.where(fixes.c.received_us >= micros(start))
    if end is not None:
        asked = asked.where(fixes.c.received_us < micros(end))
    return map(report_of, _paged(reading, asked, fixes.c.id))


def newest_fix(reading: Reading, callsign: str, before: datetime | None) -> Report | None:
    """Return the usable position report of a callsign, received before a moment, that was true last."""
    asked = sa.select(fixes).where(fixes.c.callsign == callsign, fixes.c.refused.is_(None))
    if before is not None:
        asked = asked.where(fixes.c.received_us < micros(before))
    found = reading.connection.execute(asked.order_by(fixes.c.fixed_us.desc()).limit(1)).first()
    return None if found is None else report_of(found)


def keep_documents(writing: Writing, kept: Iterable[Document]) -> None:
    """Put documents under their own names and rows; those that are there already stay."""
    for batch in batches(kept):
        rows = [
            {"sha256": item.sha256, "kind": item.kind, "body": zlib.compress(item.body, 1), "seq": item.seq}
            for item in batch
        ]
        writing.connection.execute(writing.once(documents), rows)


def told_of(reading: Reading, incident_ids: Collection[str]) -> set[str]:
    """Return those of some incidents that the record tells or told of."""
    wanted = (events.c.kind.in_((RECEIVED, IMPORTED)), events.c.subject.in_(incident_ids))
    return {name for name in reading.connection.scalars(sa.select(events.c.subject).where(*wanted)) if name}


def remember_new(writing: Writing, pasts: Collection[Past]) -> None:
    """Put incidents into the history that it does not have."""
    told = [
        {
            "incident_id": past.incident_id,
            "received_us": micros(past.received_at),
            "body": json.dumps(past.body, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        }
        for past in pasts
    ]
    keys = [
        {"kind": kind, "key": key, "incident_id": past.incident_id} for past in pasts for kind, key in sorted(past.keys)
    ]
    for table, rows in ((history, told), (history_keys, keys)):
        if rows:
            writing.connection.execute(sa.insert(table), rows)


def forget_details(writing: Writing, spans: Spans) -> None:
    """Take the details of rows out, with their salt."""
    within = events.c.seq.between(sa.bindparam("first"), sa.bindparam("last"))
    asked = sa.update(events).where(within).values(payload=None, salt=None)
    for batch in batches(spans):
        writing.connection.execute(asked, [{"first": first, "last": last} for first, last in batch])


def forget_answers(writing: Writing, until: int) -> int:
    """Delete the answers given after a row or one before it; return how many."""
    return writing.connection.execute(sa.delete(answers).where(answers.c.seq <= until)).rowcount


def count_answers(reading: Reading, until: int) -> int:
    """Return how many answers were given after a row or one before it."""
    return reading.connection.scalar(sa.select(sa.func.count()).select_from(answers).where(answers.c.seq <= until)) or 0


def forget_documents(writing: Writing, names: Iterable[str]) -> int:
    """Delete documents; return how many there were."""
    asked = (sa.delete(documents).where(documents.c.sha256.in_(batch)) for batch in batches(names))
    return sum(writing.connection.execute(each).rowcount for each in asked)


def forget_fixes(writing: Writing, before: datetime) -> int:
    """Delete the position reports received before a moment; return how many."""
    return writing.connection.execute(sa.delete(fixes).where(fixes.c.received_us < micros(before))).rowcount


def count_fixes(reading: Reading, before: datetime) -> int:
    """Return how many position reports were received before a moment."""
    asked = sa.select(sa.func.count()).select_from(fixes).where(fixes.c.received_us < micros(before))
    return reading.connection.scalar(asked) or 0
