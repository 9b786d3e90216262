"""Times of a roster as people write them, by the force's wall clocks, and the moments that they are.

Clock changes: a time that clocks skip is the moment of the change, and a time that is there twice is the first of the
two. So times that follow each other on the wall never change their order, and a duty that ends when the next begins
still does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from graphs.faults import refuse

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAYS: Final = "daily, days such as Mon-Fri or Mon;Wed, or dates such as 2026-03-02;2026-03-05"
WEEKDAYS_ONLY: Final = "daily, or days such as Mon-Fri or Mon;Wed"
CLOCK: Final = "HH:MM by the force's clocks, such as 07:00"
BREAK: Final = "HH:MM-HH:MM/MINUTES: when it may begin, and how long it is, such as 10:00-12:00/45"
DAILY: Final = "daily"
MIN_PER_DAY: Final = 1_440
_MS: Final = timedelta(milliseconds=1)
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d\d)(?::00)?")
_BREAK: Final = re.compile(r"([\d:]+)\s*-\s*([\d:]+)\s*/\s*(\d{1,3})")
_NAMES: Final = {name.casefold(): number for number, name in enumerate(WEEKDAYS)} | {
    name: number
    for number, name in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
}


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the week (0 is Monday), and dates."""

    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()

    def __contains__(self, day: date) -> bool:
        return day in self.dates or day.weekday() in self.weekdays


@dataclass(frozen=True, slots=True)
class Rest:
    """A break as a roster has it: when it may begin, minutes of the day, and how long it is."""

    earliest_min: int
    latest_min: int
    lasts_min: int


def read_days(parts: Sequence[str]) -> Days:
    """Read the days of a row; none at all are all days of the week.

    Raises
    ------
    PydanticCustomError
        One of them is no day.

    Examples
    --------
    >>> sorted(read_days(["Fri-Mon", "2026-03-04"]).weekdays)
    [0, 4, 5, 6]
    """
    weekdays, dates = set[int](), set[date]()
    for part in parts or (DAILY,):
        if part.casefold() == DAILY:
            weekdays.update(range(7))
        elif (run := _weekdays(part)) is not None:
            weekdays.update(run)
        else:
            dates.add(_date(part))
    return Days(frozenset(weekdays), frozenset(dates))


def _weekdays(part: str) -> list[int] | None:
    first, dash, last = (piece.strip() for piece in part.casefold().partition("-"))
    ends = (_NAMES.get(first), _NAMES.get(last if dash else first))
    if ends[0] is None or ends[1] is None:
        return None
    return [(ends[0] + step) % 7 for step in range((ends[1] - ends[0]) % 7 + 1)]


def _date(part: str) -> date:
    try:
        return date.fromisoformat(part)
    except ValueError:
        hint = "several days are parted by ;" if "," in part or " " in part.strip() else ""
        raise refuse(DAYS, hint, value=f'"{part}"') from None


def read_clock(text: str) -> int:
    """Return the minutes of the day of a time on the wall; 24:00 is its end.

    Raises
    ------
    PydanticCustomError
        It is none.

    Examples
    --------
    >>> read_clock("07:30"), read_clock("24:00")
    (450, 1440)
    """
    found = _CLOCK.fullmatch(text.strip())
    minutes = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else MIN_PER_DAY + 1  # noqa: PLR2004
    if minutes > MIN_PER_DAY:
        raise refuse(CLOCK, value=f'"{text}"')
    return minutes


def read_break(text: str) -> Rest:
    """Read a break.

    Raises
    ------
    PydanticCustomError
        It is none.

    Examples
    --------
    >>> read_break("10:00-12:00/45")
    Rest(earliest_min=600, latest_min=720, lasts_min=45)
    """
    found = _BREAK.fullmatch(text.strip())
    if found is None or not int(found[3]):
        raise refuse(BREAK, value=f'"{text}"')
    return Rest(read_clock(found[1]), read_clock(found[2]), int(found[3]))


def written_clock(minutes: int) -> str:
    """Write minutes of the day as a roster does; a time of the next day as that day has it.

    >>> written_clock(450), written_clock(1500)
    ('07:30', '01:00')
    """
    of_day = minutes if minutes == MIN_PER_DAY else minutes % MIN_PER_DAY
    return f"{of_day // 60:02d}:{of_day % 60:02d}"


def moment_of(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, of a time on the wall; see the head of this module for clock changes."""
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return first
    # Clocks skip it: the change lies between its two readings, of which the second is then the sooner.
    before, after = second, first
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == second.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


@dataclass(frozen=True)
class Period:
    """The time that is simulated.

    Parameters
    ----------
    start
        In UTC; milliseconds count from here.
    zone
        Of the wall clocks.
    begin_ms, until_ms
        From when to when it is simulated.
    """

    start: datetime
    zone: ZoneInfo
    begin_ms: int
    until_ms: int

    def time_ms(self, day: date, minutes: int) -> int:
        """Return a moment by its day and the minutes on the wall since its midnight, which may lead into the next."""
        local = datetime.combine(day, time()) + timedelta(minutes=minutes)
        return (moment_of(local, self.zone) - self.start) // _MS

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """The days on which a duty may begin that falls into the period."""
        first, last = (
            (self.start + edge * _MS).astimezone(self.zone).date() for edge in (self.begin_ms, self.until_ms)
        )
        return tuple(_each_day(first - timedelta(days=1), last))


def _each_day(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)
