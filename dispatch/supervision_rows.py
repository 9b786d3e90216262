"""What supervision reads of the record: all about the incidents of a period, and what moved beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import orjson
import sqlalchemy as sa

from dispatch.record import BrokenRecord, Row
from dispatch.state import Assignment
from dispatch.store import Reading, micros
from dispatch.tables import events
from dispatch.upkeep import batches, documents_named
from dispatch.watched import LINKED, OF_INCIDENTS, OF_UNITS, RECEIVED, Arrived, Moved

_US_PER_S: Final = 1_000_000
_ROWS: Final = 500


def received_between(reading: Reading, start: datetime, end: datetime) -> list[Row]:
    """Return the rows of incidents received at ``start <= t < end``, in order."""
    return reading.of_kind(RECEIVED, start, end)


def rows_about(reading: Reading, names: Iterable[str]) -> list[Row]:
    """Return what the record says of incidents, in order, but for who looked at them."""
    found = list[Row]()
    for some in batches(names, _ROWS):
        wanted = (events.c.subject.in_(some), events.c.kind.in_(OF_INCIDENTS))
        found += [Row(*row) for row in reading.connection.execute(sa.select(events).where(*wanted))]
    return sorted(found, key=lambda row: row.seq)


def second_reports(reading: Reading, names: Collection[str], after: int) -> set[str]:
    """Return the incidents that a link after a row says are the same as one of these."""
    wanted = (events.c.kind == LINKED, events.c.seq > after, events.c.payload.is_not(None))
    asked = sa.select(events.c.subject, events.c.payload).where(*wanted)
    told = reading.connection.execute(asked)
    return {row.subject for row in told if orjson.loads(row.payload)["duplicate_of"] in names}


def moved_between(reading: Reading, after: int, before: int) -> list[Moved]:
    """Return what was recorded between two rows that may change who should go, but for incidents, in order."""
    wanted = (events.c.seq > after, events.c.seq < before, events.c.kind.in_(OF_UNITS))
    asked = sa.select(*(events.c[name] for name in Moved._fields)).where(*wanted).order_by(events.c.seq)
    return list(map(Moved._make, reading.connection.execute(asked)))


def skills_on_duty(reading: Reading, sent: Iterable[Assignment]) -> dict[str, frozenset[str]]:
    """Return the skills aboard on each duty from which a unit was sent, by the names of the duties."""
    found = dict[str, frozenset[str]]()
    # The one that had begun last: a callsign has had hundreds.
    for some in batches({each.duty: (each.callsign, each.seq) for each in sent}.values(), _ROWS):
        asked, values = _values(some)
        rows = reading.connection.execute(sa.text(_BEGUN.format(asked=asked)), values)
        told = (orjson.loads(row.payload) for row in rows if row.payload is not None)
        found |= {each["duty"]: frozenset(each["skills"]) for each in told}
    return found


def answers_named(reading: Reading, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield documents with their SHA-256, one at a time, for a week of them fills memory; what was purged is left out.

    Raises
    ------
    BrokenRecord
        One was changed.
    """
    for document in documents_named(reading, names):
        if sha256(document.body).hexdigest() != document.sha256:
            raise BrokenRecord(document.seq, f"the document {document.sha256} that it names was changed")
        yield document.sha256, document.body


def first_fixes(reading: Reading, arrivals: Sequence[Arrived], within_s: int) -> Mapping[Arrived, tuple[float, ...]]:
    """Return where units were first reported to be after they said that they were there.

    Parameters
    ----------
    within_s
        A report counts up to so many seconds afterwards.

    Returns
    -------
    mapping
        For each arrival with such a report its latitude, longitude and km/h; 0 where that is not known.
    """
    found = dict[Arrived, tuple[float, ...]]()
    for some in batches(arrivals, _ROWS):
        # What is told of a second report is told of the incident that is kept, too.
        said = defaultdict[tuple[str, int], list[Arrived]](list)
        for each in some:
            said[each.callsign, micros(each.at)].append(each)
        for callsign, at_us, row in _after(reading, list(said), within_s):
            found |= dict.fromkeys(said[callsign, at_us], (row.lat, row.lon, row.speed_kmh or 0.0))
    return found


def _after(reading: Reading, said: Sequence[tuple[str, int]], within_s: int) -> Iterator[tuple[str, int, Any]]:
    """Yield the first usable report of each callsign from a moment on, where there is one in time."""
    asked, values = _values(said)
    statement = sa.text(_FIRST.format(asked=asked))
    for row in reading.connection.execute(statement, values | {"within_us": within_s * _US_PER_S}):
        yield row.callsign, row.at_us, row


def _values(pairs: Sequence[tuple[str, int]]) -> tuple[str, dict[str, Any]]:
    """Return pairs as rows of a statement, and what stands in them."""
    # As text: what makes a statement of so many values takes longer than the database.
    asked = ", ".join(f"(CAST(:name{row} AS TEXT), CAST(:number{row} AS BIGINT))" for row in range(len(pairs)))
    names = {f"name{row}": name for row, (name, _) in enumerate(pairs)}
    return asked, names | {f"number{row}": number for row, (_, number) in enumerate(pairs)}


_BEGUN: Final = """
WITH asked (callsign, sent_seq) AS (VALUES {asked})
SELECT events.payload FROM asked JOIN events ON events.seq = (
    SELECT MAX(earlier.seq) FROM events AS earlier
    WHERE earlier.subject = asked.callsign AND earlier.kind = 'unit_on_duty' AND earlier.seq < asked.sent_seq
)
"""
_FIRST: Final = """
WITH asked (callsign, at_us) AS (VALUES {asked})
SELECT asked.callsign, asked.at_us, fixes.lat, fixes.lon, fixes.speed_kmh
FROM asked JOIN fixes ON fixes.callsign = asked.callsign AND fixes.fixed_us = (
    SELECT MIN(later.fixed_us) FROM fixes AS later
    WHERE later.callsign = asked.callsign AND later.refused IS NULL
    AND later.fixed_us BETWEEN asked.at_us AND asked.at_us + :within_us
)
"""
