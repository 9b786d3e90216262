"""Moments as people write them: ISO 8601, with an offset."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

from graphs.faults import refuse

MOMENT: Final = "ISO 8601 with an offset, such as 2026-01-31T23:10:00Z or 2026-01-31T23:10:00+00:00"
# Near the first and last year that a clock can hold, a time may have no equal in UTC.
_YEARS: Final = (1970, 2199)


def _moment(value: object) -> datetime:
    moment = _read(value)
    if moment.utcoffset() is None:
        raise refuse(MOMENT, "it has no offset, so it could be any zone's time")
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise refuse(f"{MOMENT}, in the years {_YEARS[0]} to {_YEARS[1]}")
    return moment


def _read(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise refuse(MOMENT)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise refuse(MOMENT) from None
    if "T" not in value and " " not in value:
        raise refuse(MOMENT, "a date without a time")
    return moment


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
