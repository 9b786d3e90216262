"""Hands that reach into the database behind the service, past what guards the record there."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from dispatch.store import Store

GUARDS = ("events_unchanged", "events_kept")


def tamper(store: Store, statement: str, **values: Any) -> None:
    """Change the database in a way in which the service never would."""
    with store.writing() as writing:
        for guard in GUARDS:
            where = " ON events" if store.engine.name == "postgresql" else ""
            writing.connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {guard}{where}")
        writing.connection.execute(sa.text(statement), values)
