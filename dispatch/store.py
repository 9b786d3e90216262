"""The one place that speaks to a database: SQLite, or PostgreSQL by its address.

One writer at a time: whoever writes holds the record from reading its end to committing, so that what was decided on
is what the record says. Readers never wait.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.resources import as_file, files
from typing import Any, Final

import alembic.command
import alembic.config
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from dispatch.connections import connected_reader, connected_writer, failure, open_engine
from dispatch.model import Fix
from dispatch.naming import is_name
from dispatch.record import BrokenRecord, Event, Row, iso, seal
from dispatch.tables import answers, documents, events, fixes, history, history_keys, snapshots
from graphs.errors import NearestError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_BATCH: Final = 5_000
# The largest number that a database has for a row.
_LARGEST: Final = 2**63 - 1


class NoDatabase(NearestError):
    """The database does not answer, or is not one that this version can use."""

    status = 503
    slug = "no-database"
    title = "The database does not answer"


@dataclass(frozen=True, slots=True)
class Given:
    """An answer given once, to be given again to whoever sends the same key."""

    request_sha256: str
    status: int
    location: str | None
    body: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class Report:
    """A fix with its callsign, when and from where it came, and why it is not used if it is not."""

    callsign: str
    fix: Fix
    received_at: datetime
    source: str
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A row of the history: an incident, and the keys by which a check finds it."""

    incident_id: str
    received_at: datetime
    body: Mapping[str, Any]
    keys: frozenset[tuple[str, str]]


class Store:
    """A database that holds the record.

    Parameters
    ----------
    url
        An SQLAlchemy address: ``sqlite:///file`` or ``postgresql+psycopg://...``.
    clock
        Returns the present moment, with an offset.
    read_only
        Nothing can be changed through it, and a SQLite file that is not there is not made.
    """

    def __init__(self, url: str | sa.URL, clock: Callable[[], datetime], *, read_only: bool = False) -> None:
        self.url = sa.make_url(url)
        self._clock, self._read_only = clock, read_only
        self._engines: dict[int, sa.Engine] = {}

    @property
    def engine(self) -> sa.Engine:
        """The connections of this process: a child must not use those of its parent."""
        engine = self._engines.get(os.getpid())
        if engine is None:
            for inherited in self._engines.values():
                inherited.dispose(close=False)
            engine = open_engine(self.url, read_only=self._read_only)
            self._engines = {os.getpid(): engine}
        return engine

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def migrate(self) -> None:
        """Bring the tables to what this version needs.

        Raises
        ------
        NoDatabase
            The database does not answer.
        """
        with self.writing() as writing, as_file(files("dispatch") / "migrations") as folder:
            config = alembic.config.Config(attributes={"connection": writing.connection})
            config.set_main_option("script_location", str(folder))
            alembic.command.upgrade(config, "head")

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Give what is committed, as of one moment.

        Raises
        ------
        NoDatabase
            The database does not answer.
        """
        with _answering(), connected_reader(self.engine) as connection:
            yield Reading(connection)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Be the one writer until the block ends, and commit then; an error takes all of it back.

        Raises
        ------
        NoDatabase
            The database does not answer, or another writer does not come to an end.
        """
        with _answering(), connected_writer(self.engine) as connection:
            yield Writing(connection, self._clock())


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise NoDatabase(f"the database failed: {failure(error.orig)}") from error


_TAIL: Final = sa.select(events).where(events.c.seq > sa.bindparam("after")).order_by(events.c.seq).limit(_BATCH)
_LAST: Final = sa.select(events).order_by(events.c.seq.desc()).limit(1)
_FIXES: Final = sa.select(fixes).where(fixes.c.id > sa.bindparam("after")).order_by(fixes.c.id)


class Reading:
    """What can be asked of the database within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def last(self) -> Row | None:
        """Return the last row of the record; None where it is empty."""
        found = self.connection.execute(_LAST).first()
        return None if found is None else Row(*found)

    def after(self, seq: int) -> Iterator[Row]:
        """Yield the rows after a number, in order."""
        # A batch at a time: the whole record need not fit into memory, and a short tail takes one question.
        while found := self.connection.execute(_TAIL, {"after": seq}).all():
            for row in found:
                yield Row(*row)
            if len(found) < _BATCH:
                return
            seq = found[-1].seq

    def of_kind(self, kind: str, start: datetime, end: datetime) -> list[Row]:
        """Return the rows of a kind that tell of something at ``start <= t < end``, in order."""
        at = events.c.at
        wanted = (events.c.kind == kind, at >= iso(start), at < iso(end))
        asked = sa.select(events).where(*wanted).order_by(events.c.seq)
        return [Row(*row) for row in self.connection.execute(asked)]

    def about(self, subject: str) -> list[Row]:
        """Return the rows about an incident or another subject, in order."""
        if not is_name(subject):
            return []  # no row is about it, and a database may refuse to look for it
        asked = sa.select(events).where(events.c.subject == subject).order_by(events.c.seq)
        return [Row(*row) for row in self.connection.execute(asked)]

    def is_incident(self, name: str) -> bool:
        """Tell whether there is, or was, an incident of a name."""
        kinds = events.c.kind.in_(("incident_received", "incident_imported"))
        asked = sa.select(sa.literal(1)).where(events.c.subject == name, kinds).limit(1)
        return self.connection.execute(asked).first() is not None

    def row(self, seq: int) -> Row | None:
        """Return a row by its number; None where there is none."""
        if seq > _LARGEST:
            return None
        found = self.connection.execute(sa.select(events).where(events.c.seq == seq)).first()
        return None if found is None else Row(*found)

    def given(self, actor: str, key: str) -> Given | None:
        """Return the answer that was given to a key."""
        wanted = (answers.c.request_sha256, answers.c.status, answers.c.location, answers.c.body, answers.c.seq)
        asked = sa.select(*wanted).where(answers.c.actor == actor, answers.c.key == key)
        found = self.connection.execute(asked).first()
        return None if found is None else Given(*found)

    def document(self, name: str) -> bytes | None:
        """Return a document by its SHA-256; None where there is none, or no more.

        Raises
        ------
        BrokenRecord
            Its content was changed.
        """
        asked = sa.select(documents.c.body, documents.c.seq).where(documents.c.sha256 == name)
        found = self.connection.execute(asked).first()
        if found is None:
            return None
        body = zlib.decompress(found.body)
        if sha256(body).hexdigest() != name:
            raise BrokenRecord(found.seq, f"the document {name} that it names was changed")
        return body

    def fixes_after(self, number: int) -> Iterator[tuple[int, Report]]:
        """Yield the position reports after a number, each with its own."""
        for row in self.connection.execute(_FIXES, {"after": number}):
            yield row.id, report_of(row)

    def last_fix(self) -> int:
        """Return the number of the last position report; 0 where there is none."""
        return self.connection.scalar(sa.select(sa.func.max(fixes.c.id))) or 0

    def newest_fixes(self, callsigns: Iterable[str]) -> Iterator[tuple[int, Report]]:
        """Yield the newest usable position report of each callsign, and the newest of any that are dated after it."""
        for callsign in sorted(callsigns):
            usable = self._newest_fix(callsign, fixes.c.refused.is_(None))
            after = usable.fixed_us if usable is not None else 0
            ahead = self._newest_fix(callsign, fixes.c.refused == "future_fix", fixes.c.fixed_us > after)
            yield from ((row.id, report_of(row)) for row in (usable, ahead) if row is not None)

    def _newest_fix(self, callsign: str, *wanted: sa.ColumnElement[bool]) -> Any:
        asked = sa.select(fixes).where(fixes.c.callsign == callsign, *wanted).order_by(fixes.c.fixed_us.desc())
        return self.connection.execute(asked.limit(1)).first()

    def fix_count(self) -> int:
        """Return how many position reports are stored."""
        return self.connection.scalar(sa.select(sa.func.count()).select_from(fixes)) or 0

    def all_past(self) -> Iterator[Past]:
        """Yield the whole history, by incident."""
        for row in self.connection.execute(sa.select(history).order_by(history.c.incident_id)).all():
            yield self._past(row)

    def _past(self, row: Any) -> Past:
        asked = sa.select(history_keys.c.kind, history_keys.c.key).where(history_keys.c.incident_id == row.incident_id)
        return past_row(row, ((kind, key) for kind, key in self.connection.execute(asked)))

    def snapshot(self) -> tuple[int, str, bytes] | None:
        """Return the newest snapshot: its row, its SHA-256 and its content; None where there is none."""
        found = self.connection.execute(sa.select(snapshots).order_by(snapshots.c.seq.desc()).limit(1)).first()
        return None if found is None else (found.seq, found.sha256, zlib.decompress(found.body))


class Writing(Reading):
    """The one writer's transaction.

    Parameters
    ----------
    connection
        In a transaction that no other writer is in.
    now
        When it began, with an offset: the time of recording of all that it writes.
    """

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        super().__init__(connection)
        self.now = now

    def append(self, happened: Sequence[Event], actor: str, key: str | None = None) -> list[Row]:
        """Add events to the end of the record.

        Returns
        -------
        list of Row
            The new rows.
        """
        rows, last = list[Row](), self.last()
        for item in happened:
            last = seal(item, last, self.now, actor, key)
            rows.append(last)
        self.put(rows)
        return rows

    def put(self, rows: Iterable[Row]) -> None:
        """Add rows as they are."""
        values = [dict(zip(events.c.keys(), astuple(row), strict=True)) for row in rows]
        if values:
            self.connection.execute(sa.insert(events), values)

    def give(self, actor: str, key: str, given: Given, subject: str | None) -> None:
        """Keep an answer for its key."""
        names = ("request_sha256", "status", "location", "body", "seq")
        values = dict(zip(names, astuple(given), strict=True))
        self.connection.execute(sa.insert(answers), {"actor": actor, "key": key, "subject": subject, **values})

    def keep(self, kind: str, body: bytes, seq: int) -> str:
        """Keep a document under its SHA-256, which is returned; one that is there already is kept once."""
        name = sha256(body).hexdigest()
        if self.connection.execute(sa.select(documents.c.seq).where(documents.c.sha256 == name)).first() is None:
            values = {"sha256": name, "kind": kind, "body": zlib.compress(body, 1), "seq": seq}
            self.connection.execute(sa.insert(documents), values)
        return name

    def add_fixes(self, reports: Sequence[Report]) -> list[bool]:
        """Store position reports; one that is there already, for its callsign and time, is told by False."""
        if not reports:
            return []
        asked = self.once(fixes).returning(fixes.c.callsign, fixes.c.fixed_us)
        new = {tuple(row) for row in self.connection.execute(asked, [_fix_row(report) for report in reports])}
        told = []
        for report in reports:
            name = (report.callsign, micros(report.fix.fixed_at))
            told.append(name in new)
            new.discard(name)
        return told

    def once(self, table: sa.Table) -> sa.Insert:
        """Return an insert that leaves what is there already."""
        if self.connection.dialect.name == "sqlite":
            return sqlite.insert(table).on_conflict_do_nothing()
        return postgresql.insert(table).on_conflict_do_nothing()

    def remember(self, past: Past) -> None:
        """Put an incident into the history, in place of what was there of it."""
        self.forget(past.incident_id)
        body = json.dumps(past.body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        row = {"incident_id": past.incident_id, "received_us": micros(past.received_at), "body": body}
        self.connection.execute(sa.insert(history), row)
        rows = [{"kind": kind, "key": key, "incident_id": past.incident_id} for kind, key in sorted(past.keys)]
        if rows:
            self.connection.execute(sa.insert(history_keys), rows)

    def forget(self, incident_id: str) -> None:
        """Take an incident out of the history."""
        for table in (history, history_keys):
            self.connection.execute(sa.delete(table).where(table.c.incident_id == incident_id))

    def keep_snapshot(self, seq: int, name: str, body: bytes) -> None:
        """Keep a snapshot, and only the newest."""
        self.connection.execute(sa.delete(snapshots))
        values = {"seq": seq, "sha256": name, "body": zlib.compress(body, 1)}
        self.connection.execute(sa.insert(snapshots), values)


def _fix_row(report: Report) -> dict[str, Any]:
    fix = report.fix
    return {
        "callsign": report.callsign,
        "fixed_us": micros(fix.fixed_at),
        "received_us": micros(report.received_at),
        "lat": fix.lat,
        "lon": fix.lon,
        "accuracy_m": fix.accuracy_m,
        "course_deg": fix.course_deg,
        "speed_kmh": fix.speed_kmh,
        "source": report.source,
        "refused": report.refused,
    }


def report_of(row: Any) -> Report:
    """Read a row of the fixes."""
    fix = Fix(row.lat, row.lon, _moment(row.fixed_us), row.accuracy_m, row.course_deg, row.speed_kmh)
    return Report(row.callsign, fix, _moment(row.received_us), row.source, row.refused)


def past_row(row: Any, keys: Iterable[tuple[str, str]]) -> Past:
    """Read a row of the history."""
    return Past(row.incident_id, _moment(row.received_us), json.loads(row.body), frozenset(keys))


def micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970, UTC."""
    return (moment.astimezone(UTC) - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND
