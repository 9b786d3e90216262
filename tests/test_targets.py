"""By when an incident is to be attended, by whichever clock, and how lateness weighs."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.recommendation import Target
from dispatch.targets import late_ms, lateness, target_of
from nightshift import CLEVELAND, NOW, TOWN, ago, ask, changed, incident

PLACE = TOWN.at("A")


@pytest.mark.parametrize(("clock", "start"), [("received", ago(100)), ("dispatched", NOW), ("graded", None)])
def test_a_target_starts_from_its_clock(clock: str, start: datetime | None) -> None:
    force = changed(CLEVELAND, "grades", "emergency", clock=clock)
    target = target_of(incident(PLACE, received_at=ago(100)), force, NOW)
    assert target.due_at == (start and start + timedelta(seconds=target.target_s or 0))


@pytest.mark.parametrize("grade", [*CLEVELAND.grades])
def test_equal_to_that_of_a_recommendation(grade: str) -> None:
    asked = incident(PLACE, grade, received_at=ago(100))
    assert ask(TOWN.network, asked).target == target_of(asked, CLEVELAND, NOW)


def due_in(seconds: float | None, target_s: int | None = 900) -> Target:
    return Target("urban", target_s, "received", None if seconds is None else NOW + timedelta(seconds=seconds))


def test_late_by_what_is_beyond_the_target() -> None:
    assert late_ms(due_in(60), NOW, 59_999) == 0
    assert late_ms(due_in(60), NOW, 60_001) == 1
    assert late_ms(due_in(-60), NOW, 1) == 60_001
    assert late_ms(due_in(None), NOW, 1) is None


def test_weighs_the_share_of_the_target_squared() -> None:
    times_ms = np.array([0, 60_000, 150_000, 240_000])
    assert lateness(due_in(60), NOW, times_ms).tolist() == [0, 0, 100**2, 200**2]
    assert lateness(due_in(60, 1800), NOW, times_ms).tolist() == [0, 0, 50**2, 100**2]
    # Without a target nothing is late; without a start everything is.
    assert lateness(due_in(None, None), NOW, times_ms).tolist() == [0, 0, 0, 0]
    assert lateness(due_in(None), NOW, times_ms).tolist() == [0, 66**2, 166**2, 266**2]


@given(since_s=st.integers(-(10**10), 10**10), target_s=st.integers(1, 10**6), time_ms=st.integers(0, 10**9))
@settings(max_examples=200)
def test_stays_small_enough_to_be_summed_exactly(since_s: int, target_s: int, time_ms: int) -> None:
    (told,) = lateness(due_in(-since_s, target_s), NOW, np.array([time_ms])).tolist()
    assert told == min(max(since_s * 1000 + time_ms, 0) // target_s, 10**6) ** 2 <= 2**44
