"""Units, incidents and pictures: what cannot be said, and how time is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dispatch.model import Fix, Incident, Picture, Unit
from nightshift import NOW

LONDON = ZoneInfo("Europe/London")
NAIVE = datetime(2026, 1, 31, 23, 10)  # noqa: DTZ001 - what is refused


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="fixed_at has no UTC offset: 2026-01-31T23:10:00"):
        Fix(54.58, -1.25, NAIVE)
    with pytest.raises(ValueError, match="duty_start has no UTC offset"):
        Unit("U1", duty_start=NAIVE)
    with pytest.raises(ValueError, match="duty_end has no UTC offset"):
        Unit("U1", duty_end=NAIVE)
    with pytest.raises(ValueError, match="received_at has no UTC offset"):
        Incident(54.58, -1.25, "emergency", received_at=NAIVE)
    with pytest.raises(ValueError, match="now has no UTC offset"):
        Picture(NAIVE)


def test_a_callsign_stands_once_in_a_picture() -> None:
    with pytest.raises(ValueError, match="a callsign stands twice"):
        Picture(NOW, (Unit("U1"), Unit("U2"), Unit("U1")))


def test_times_are_kept_in_utc() -> None:
    summer = datetime(2026, 7, 1, 0, 30, tzinfo=LONDON)
    kept = Fix(54.58, -1.25, summer).fixed_at
    assert (kept, kept.tzinfo) == (summer, UTC)
    unit = Unit("U1", duty_start=summer, duty_end=summer + timedelta(hours=9))
    assert unit.duty_start is not None
    assert unit.duty_start.isoformat() == "2026-06-30T23:30:00+00:00"
    assert Picture(summer).now.tzinfo is UTC


def test_an_hour_that_comes_twice_is_not_one_moment() -> None:
    # On 25 October 2026 British clocks show 01:30 twice, an hour apart.
    first, second = (datetime(2026, 10, 25, 1, 30, fold=fold, tzinfo=LONDON) for fold in (0, 1))
    assert Picture(second).now - Picture(first).now == timedelta(hours=1)


def test_the_hour_that_does_not_come_takes_no_time() -> None:
    # On 29 March 2026 British clocks go from 00:59:59 to 02:00:00.
    before = datetime(2026, 3, 29, 0, 59, tzinfo=LONDON)
    after = datetime(2026, 3, 29, 2, 1, tzinfo=LONDON)
    assert Picture(after).now - Picture(before).now == timedelta(minutes=2)
