"""The words and numbers of a report, for people to read: one line of meaning for every term."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from scenarios.audit_response import ResponseRow

CLASS_WORDS: Final[Mapping[str, str]] = {
    "nearest_sent": "Nearest sent",
    "sent_within_noise": "Too close to call",
    "nearer_not_eligible": "Nearer unit could not be sent",
    "nearer_eligible_not_sent": "Nearer unit could have been sent",
    "unknown": "Cannot be told",
    "dropped": "Nothing to judge",
}
CLASS_MEANINGS: Final[Mapping[str, str]] = {
    "nearest_sent": "no unit with a known position was predicted to be there sooner",
    "sent_within_noise": "a unit that may have been sooner differs by less than the doubt about where both were",
    "nearer_not_eligible": "a unit was nearer, but a rule of the force kept it from being sent",
    "nearer_eligible_not_sent": "a unit that no rule kept back was predicted to be there sooner, beyond doubt",
    "unknown": "the record lacks what is needed to judge",
    "dropped": "nobody was sent, or there was no choice to make",
}
_NOT_KNOWN: Final = "not known"
# A number and its unit stay on one line.
_TIE: Final = "\u00a0"
_MINUS: Final = "\u2212"
_LONGEST_IN_SECONDS: Final = 90.0
_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600


def duration(seconds: float | None) -> str:
    r"""Say a time: seconds up to 90, then minutes and seconds, then hours.

    Examples
    --------
    >>> [duration(s).replace("\u00a0", " ") for s in (None, 0.4, 90, 90.6, 754, 3725)]
    ['not known', '0 s', '90 s', '1:31 min', '12:34 min', '1 h 02 min']
    """
    if seconds is None:
        return _NOT_KNOWN
    whole = round(abs(seconds))
    minus = _MINUS if seconds < 0 and whole else ""
    if whole <= _LONGEST_IN_SECONDS:
        return f"{minus}{whole}{_TIE}s"
    if whole < _HOUR_S:
        return f"{minus}{whole // _MINUTE_S}:{whole % _MINUTE_S:02d}{_TIE}min"
    return f"{minus}{whole // _HOUR_S:,}{_TIE}h {whole % _HOUR_S // _MINUTE_S:02d}{_TIE}min"


def between(least_s: float, most_s: float) -> str:
    r"""Say that a time is between two, with the unit once where it is the same.

    Examples
    --------
    >>> [between(*each).replace("\u00a0", " ") for each in ((61, 75), (100, 4000), (99, 119))]
    ['61 to 75 s', '1:40 min to 1 h 06 min', '1:39 to 1:59 min']
    """
    least, most = duration(least_s), duration(most_s)
    short, _, unit = least.rpartition(_TIE)
    same = _TIE not in short and unit == most.rpartition(_TIE)[2] and _TIE not in most.rpartition(_TIE)[0]
    return f"{short if same else least} to {most}"


def share(value: float | None) -> str:
    """Say a share from 0 to 1 in percent with one decimal.

    Examples
    --------
    >>> share(0.6894), share(None)
    ('68.9%', 'not known')
    """
    return _NOT_KNOWN if value is None else f"{100 * value:.1f}%"


def count(value: int | None) -> str:
    """Say a whole number with thousands apart.

    Examples
    --------
    >>> count(26669)
    '26,669'
    """
    return _NOT_KNOWN if value is None else f"{value:,}"


def times(value: int) -> str:
    """Say how often.

    Examples
    --------
    >>> times(1), times(1200)
    ('once', '1,200 times')
    """
    return "once" if value == 1 else f"{value:,} times"


def metres(value: float | None) -> str:
    r"""Say a length: metres up to a kilometre, then kilometres.

    Examples
    --------
    >>> [metres(m).replace("\u00a0", " ") for m in (640.4, 12345.0, None)]
    ['640 m', '12.3 km', 'not known']
    """
    if value is None:
        return _NOT_KNOWN
    return f"{value:,.0f}{_TIE}m" if value < 1_000 else f"{value / 1_000:,.1f}{_TIE}km"  # noqa: PLR2004 - metres in a kilometre


def moment(at: datetime | None, time_zone: str) -> str:
    """Say a moment in the force's time, with its zone since an hour comes twice when clocks go back.

    Examples
    --------
    >>> from datetime import UTC
    >>> moment(datetime(2026, 7, 3, 22, 5, 9, tzinfo=UTC), "Europe/London")
    '3 July 2026, 23:05:09 BST'
    """
    if at is None:
        return _NOT_KNOWN
    local = at.astimezone(ZoneInfo(time_zone))
    return f"{local.day} {local:%B %Y, %H:%M:%S} {local.tzname()}"


def day(at: datetime, time_zone: str) -> str:
    """Say a day in the force's time.

    Examples
    --------
    >>> from datetime import UTC
    >>> day(datetime(2026, 7, 3, 23, 30, tzinfo=UTC), "Europe/London")
    '4 July 2026'
    """
    local = at.astimezone(ZoneInfo(time_zone))
    return f"{local.day} {local:%B %Y}"


def points(value: float | None) -> str:
    r"""Say the difference of two shares in percentage points, with its sign.

    Examples
    --------
    >>> points(-0.0834).replace("\u2212", "-"), points(0.02)
    ('-8.3', '+2.0')
    """
    if value is None:
        return _NOT_KNOWN
    sign = _MINUS if round(value, 3) < 0 else "+"
    return f"{sign}{abs(100 * value):.1f}"


def target(seconds: int | None) -> str:
    r"""Say a target as people set it.

    Examples
    --------
    >>> target(900), target(28800), target(95).replace("\u00a0", " "), target(None)
    ('15 minutes', '8 hours', '1:35 min', 'none')
    """
    if seconds is None:
        return "none"
    for unit_s, name in ((_HOUR_S, "hour"), (_MINUTE_S, "minute")):
        if seconds % unit_s == 0:
            whole = seconds // unit_s
            return f"{whole} {name}{'' if whole == 1 else 's'}"
    return duration(seconds)


_CLOCKS: Final[Mapping[str, str]] = {
    "received": "from receipt",
    "graded": "from grading",
    "dispatched": "from dispatch",
}


def target_words(row: ResponseRow) -> str:
    """Say which incidents a row of response times is of, and what they are held to."""
    area = "" if row.setting == "unknown" else f", {row.setting}"
    if row.target_s is None:
        return f"{row.label}{area}: no target"
    return f"{row.label}{area}: {target(row.target_s)} {_CLOCKS.get(row.clock, row.clock)}"
