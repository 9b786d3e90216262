"""Deadlines by the calendar and by the clock, where clocks change too."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.due import days_after, hours_after, months_before

LONDON = "Europe/London"
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


class TestDays:
    def test_into_summer_time_it_is_the_same_time_of_day(self) -> None:
        # Four weeks that are an hour short.
        assert days_after(at("2026-03-15T22:00:00Z"), 28, LONDON) == at("2026-04-12T21:00:00Z")

    def test_out_of_summer_time(self) -> None:
        assert days_after(at("2026-10-20T22:00:00Z"), 28, LONDON) == at("2026-11-17T23:00:00Z")

    def test_a_time_that_the_clocks_leave_out_is_as_much_later(self) -> None:
        assert days_after(at("2026-03-28T01:30:00Z"), 1, LONDON) == at("2026-03-29T01:30:00Z")

    def test_a_time_that_comes_twice_is_the_first(self) -> None:
        assert days_after(at("2026-10-24T00:30:00Z"), 1, LONDON) == at("2026-10-25T00:30:00Z")
        # From the second of the two to the only one of the next day.
        assert days_after(at("2026-10-25T01:30:00Z"), 1, LONDON) == at("2026-10-26T01:30:00Z")

    @given(moments, st.integers(1, 366))
    def test_the_wall_clock_shows_the_same(self, moment: datetime, days: int) -> None:
        due, zone = days_after(moment, days, LONDON), ZoneInfo(LONDON)
        assert due > moment
        before, after = moment.astimezone(zone), due.astimezone(zone)
        assert (after.date() - before.date()).days == days
        assert after.time() == before.time() or after.hour == 2


class TestMonths:
    @pytest.mark.parametrize(
        ("moment", "months", "before"),
        [
            ("2026-01-31T23:10:00Z", 12, "2025-01-31T23:10:00Z"),
            ("2024-02-29T12:00:00Z", 12, "2023-02-28T12:00:00Z"),
            ("2026-03-31T12:00:00Z", 1, "2026-02-28T13:00:00Z"),
            ("2026-01-15T12:00:00Z", 1, "2025-12-15T12:00:00Z"),
            ("2026-12-15T12:00:00Z", 12, "2025-12-15T12:00:00Z"),
        ],
    )
    def test_by_the_calendar(self, moment: str, months: int, before: str) -> None:
        assert months_before(at(moment), months, LONDON) == at(before)

    @given(moments, st.integers(1, 60))
    def test_never_more_than_that_many_and_a_day(self, moment: datetime, months: int) -> None:
        before = months_before(moment, months, LONDON)
        assert 27 * months <= (moment - before).days <= 31 * months + 1


def test_hours_pass_by_the_clock() -> None:
    assert hours_after(at("2026-03-28T22:00:00Z"), 24) == at("2026-03-29T22:00:00Z")
