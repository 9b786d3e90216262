"""The tables of the record, and of what is kept beside it.

``events`` is the record. All else can be made again from it, or is named by it through a hash, but for the fixes, of
which there are many a second: a recommendation keeps those that it used.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# SQLite numbers rows by itself only where the column is called INTEGER.
_NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")
_SHA256: Final = String(64)

events: Final = Table(
    "events",
    metadata,
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("kind", String(40), nullable=False),
    Column("subject", String(200)),
    Column("at", String(32), nullable=False),
    Column("recorded_at", String(32), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("key", String(200)),
    # Both are empty once the event's details were purged; their hash stays.
    Column("payload", Text),
    Column("salt", String(32)),
    Column("payload_sha256", _SHA256, nullable=False),
    Column("previous", _SHA256, nullable=False),
    Column("sha256", _SHA256, nullable=False),
    Index(None, "subject", "seq"),
    Index(None, "kind", "seq"),
)
# Answers given once, to be given again to whoever sends the same key.
answers: Final = Table(
    "answers",
    metadata,
    Column("actor", String(200), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request_sha256", _SHA256, nullable=False),
    Column("status", Integer, nullable=False),
    Column("location", String(400)),
    Column("body", LargeBinary, nullable=False),
    Column("seq", _NUMBER, nullable=False, index=True),
    Column("subject", String(200), index=True),
)
# Recommendations, what they rested on, and whatever else an event names by hash; compressed.
documents: Final = Table(
    "documents",
    metadata,
    Column("sha256", _SHA256, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("seq", _NUMBER, nullable=False, index=True),
)
fixes: Final = Table(
    "fixes",
    metadata,
    Column("id", _NUMBER, primary_key=True),
    Column("callsign", String(200), nullable=False),
    # Microseconds since 1970, UTC.
    Column("fixed_us", BigInteger, nullable=False),
    Column("received_us", BigInteger, nullable=False, index=True),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("accuracy_m", Float),
    Column("course_deg", Float),
    Column("speed_kmh", Float),
    Column("source", String(200), nullable=False),
    # Why the fix is kept and not used; nothing for one that is.
    Column("refused", String(40)),
    UniqueConstraint("callsign", "fixed_us"),
    # Numbers are never used again: readers go on after the last that they saw.
    sqlite_autoincrement=True,
)
# What a history check finds; made from the events of incidents.
history: Final = Table(
    "history",
    metadata,
    Column("incident_id", String(200), primary_key=True),
    Column("received_us", BigInteger, nullable=False, index=True),
    Column("body", Text, nullable=False),
)
history_keys: Final = Table(
    "history_keys",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("key", String(400), primary_key=True),
    Column("incident_id", String(200), primary_key=True, index=True),
)
snapshots: Final = Table(
    "snapshots",
    metadata,
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("sha256", _SHA256, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
