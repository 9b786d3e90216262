"""The record page by page, and narrowed to what somebody may see or looks for."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from dispatch.record import Row
from dispatch.store import Reading
from dispatch.tables import events


def page(
    reading: Reading, after: int, limit: int, kinds: Collection[str] | None = None, subject: str | None = None
) -> list[Row]:
    """Return rows after a number, in order.

    Parameters
    ----------
    limit
        So many at most.
    kinds, subject
        Only rows of these kinds, or about this; all, where None.
    """
    asked = sa.select(events).where(events.c.seq > after)
    if kinds is not None:
        asked = asked.where(events.c.kind.in_(sorted(kinds)))
    if subject is not None:
        asked = asked.where(events.c.subject == subject)
    return [Row(*row) for row in reading.connection.execute(asked.order_by(events.c.seq).limit(limit))]
