"""Deadlines by the calendar and by the clock.

Hours are hours that pass; days and months are those of the force's wall calendar, so that a review in four weeks is due
at the same time of day, summer time or not.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def days_after(moment: datetime, days: int, zone: str) -> datetime:
    """Return the same time of day so many days later, in UTC.

    Where clocks go forward over it, it is as much later; where they go back, the first of the two.
    """
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) + timedelta(days=days)
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def months_before(moment: datetime, months: int, zone: str) -> datetime:
    """Return the same day and time so many months earlier, in UTC; the month's last day where it has no such day."""
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def hours_after(moment: datetime, hours: float) -> datetime:
    """Return the moment so many hours later, in UTC."""
    return moment.astimezone(UTC) + timedelta(hours=hours)
