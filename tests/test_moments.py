"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from graphs.moments import Moment

READER: TypeAdapter[datetime] = TypeAdapter(Moment)
MOMENT = datetime(2026, 1, 31, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["2026-01-31T23:10:00Z", "2026-01-31 23:10:00+00:00", "2026-02-01T00:10+01:00", "20260131T231000Z", MOMENT]
)
def test_a_moment(value: object) -> None:
    assert READER.validate_python(value) == MOMENT


@pytest.mark.parametrize(
    "value",
    [None, "", "now", 1769900000, "2026-01-31", "2026-01-31T23:10:00", "2026-13-31T23:10:00Z", "1969-12-31T23:59:59Z"],
)
def test_no_moment(value: object) -> None:
    with pytest.raises(ValidationError, match="ISO 8601 with an offset"):
        READER.validate_python(value)
