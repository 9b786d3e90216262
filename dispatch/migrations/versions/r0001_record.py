"""The record and what is kept beside it; rows of the record are never changed, but for purged details."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNCHANGED = (
    *("seq", "kind", "subject", "at", "recorded_at", "actor", "key"),
    *("payload_sha256", "previous", "sha256"),
)
_REFUSED = "rows of the record are not changed"
_KEPT = "rows of the record are not deleted"


def upgrade() -> None:
    """Make the tables, and what guards the record."""
    _events()
    _answers()
    _documents()
    _fixes()
    _history()
    _snapshots()
    guard = _guard_sqlite if op.get_bind().dialect.name == "sqlite" else _guard_postgresql
    guard()


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", _NUMBER, autoincrement=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(200)),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("recorded_at", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("payload", sa.Text),
        sa.Column("salt", sa.String(32)),
        sa.Column("payload_sha256", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_subject_seq"), "events", ["subject", "seq"])
    op.create_index(op.f("ix_events_kind_seq"), "events", ["kind", "seq"])


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("actor", sa.String(200)),
        sa.Column("key", sa.String(200)),
        sa.Column("request_sha256", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("location", sa.String(400)),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("seq", _NUMBER, nullable=False),
        sa.Column("subject", sa.String(200)),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_answers")),
    )
    op.create_index(op.f("ix_answers_seq"), "answers", ["seq"])
    op.create_index(op.f("ix_answers_subject"), "answers", ["subject"])


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("sha256", sa.String(64)),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("seq", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_documents")),
    )
    op.create_index(op.f("ix_documents_seq"), "documents", ["seq"])


def _fixes() -> None:
    op.create_table(
        "fixes",
        sa.Column("id", _NUMBER),
        sa.Column("callsign", sa.String(200), nullable=False),
        sa.Column("fixed_us", sa.BigInteger, nullable=False),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("accuracy_m", sa.Float),
        sa.Column("course_deg", sa.Float),
        sa.Column("speed_kmh", sa.Float),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("refused", sa.String(40)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixes")),
        sa.UniqueConstraint("callsign", "fixed_us", name=op.f("uq_fixes_callsign_fixed_us")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_fixes_received_us"), "fixes", ["received_us"])


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("incident_id", sa.String(200)),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_history")),
    )
    op.create_index(op.f("ix_history_received_us"), "history", ["received_us"])
    op.create_table(
        "history_keys",
        sa.Column("kind", sa.String(20)),
        sa.Column("key", sa.String(400)),
        sa.Column("incident_id", sa.String(200)),
        sa.PrimaryKeyConstraint("kind", "key", "incident_id", name=op.f("pk_history_keys")),
    )
    op.create_index(op.f("ix_history_keys_incident_id"), "history_keys", ["incident_id"])


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("seq", _NUMBER, autoincrement=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_snapshots")),
    )


def _guard_sqlite() -> None:
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _UNCHANGED)
    op.execute(
        f"CREATE TRIGGER events_unchanged BEFORE UPDATE ON events "
        f"WHEN NOT (NEW.payload IS NULL AND NEW.salt IS NULL AND {same}) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )
    op.execute(f"CREATE TRIGGER events_kept BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END")


def _guard_postgresql() -> None:
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _UNCHANGED)
    op.execute(
        f"CREATE FUNCTION events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'UPDATE' THEN RAISE EXCEPTION '{_REFUSED}'; END IF; "
        f"RAISE EXCEPTION '{_KEPT}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER events_unchanged BEFORE UPDATE ON events FOR EACH ROW "
        f"WHEN (NOT (NEW.payload IS NULL AND NEW.salt IS NULL AND {same})) EXECUTE FUNCTION events_refuse()"
    )
    op.execute(
        "CREATE TRIGGER events_kept BEFORE DELETE OR TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION events_refuse()"
    )
