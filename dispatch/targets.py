"""By when an incident is to be attended, and how much its lateness weighs."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from dispatch.force import Force
from dispatch.model import Incident
from dispatch.recommendation import Target

Longs = NDArray[np.int64]
# From a thousand times its target on, an incident weighs no more: squared, more would not stay exact when summed.
_LATEST = 1_000_000


def target_of(incident: Incident, force: Force, now: datetime) -> Target:
    """Return within what time an incident is to be attended, and when that is up."""
    grade = force.grade(incident.grade)
    setting = force.setting(incident.lon, incident.lat)
    target_s = force.target_s(incident.grade, setting)
    start = {"received": incident.received_at, "graded": incident.graded_at, "dispatched": now}[grade.clock]
    due_at = None if start is None or target_s is None else start + timedelta(seconds=target_s)
    return Target(setting, target_s, grade.clock, due_at)


def late_ms(target: Target, now: datetime, time_ms: int) -> int | None:
    """Return by how much an arrival is late, 0 where it is in time.

    Parameters
    ----------
    target
        The incident's.
    time_ms
        Milliseconds from now to the arrival.

    Returns
    -------
    int or None
        None where there is no target, or it is not known when it is up.
    """
    return None if target.due_at is None else max(_since_ms(target.due_at, now) + time_ms, 0)


def lateness(target: Target, now: datetime, time_ms: Longs) -> Longs:
    """Return what the lateness of arrivals weighs: its share of the target in thousandths, squared.

    Squared, so that a minute weighs the more, the longer somebody has waited beyond the target; as a share, since ten
    minutes beyond fifteen are worse than ten beyond twenty. Where the start of the clock is not known, the target is
    taken to be up now: what is not known is not in time.

    Parameters
    ----------
    target
        The incident's; without one nothing is late.
    time_ms : int64
        Milliseconds from now to the arrivals.
    """
    if target.target_s is None:
        return np.zeros_like(time_ms)
    since_ms = 0 if target.due_at is None else _since_ms(target.due_at, now)
    # So many milliseconds for each second of the target are so many thousandths of it.
    share = np.clip(since_ms + time_ms, 0, None) // target.target_s
    return np.minimum(share, _LATEST) ** 2


def _since_ms(due_at: datetime, now: datetime) -> int:
    return (now - due_at) // timedelta(milliseconds=1)
