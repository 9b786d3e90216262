"""What a callsign did, as the others knew it at any moment: its duties, and what it was busy with.

docs/audit.md says when each fact counts as known.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, Final

import numpy as np

from dispatch.force import Force
from scenarios.evidence import Evidence
from scenarios.past import PastAssignment, PastDuty, PastIncident
from scenarios.past_fixes import microseconds

NEVER_US: Final = np.iinfo(np.int64).max
ALWAYS_US: Final = -NEVER_US
# An assignment of which no end is recorded, and nothing of its unit since, is believed for so long: most take less.
BELIEVED_US: Final = 2 * 3600 * 1_000_000


def known_us(happened: datetime, entered: datetime | None) -> int:
    """Return since when something counts as known: when it was entered, and never before it happened."""
    return microseconds(happened if entered is None else max(happened, entered))


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty, by what was known of it; in microseconds.

    Parameters
    ----------
    start_us, known_us
        When it began, and since when it was known.
    end_us, ended_us
        When it ended, and since when that was known.
    since_us
        What its callsign reported earlier was another duty's.
    """

    duty: PastDuty
    start_us: int
    known_us: int
    end_us: int
    ended_us: int
    since_us: int

    def covers(self, at_us: int) -> bool:
        """Tell whether it was in force at a moment, by what was known then."""
        return self.known_us <= at_us < max(self.end_us, self.ended_us)


def duties_of(name: str, evidence: Evidence) -> list[Duty]:
    """Return the duties of a callsign by their start; one for all of the period where that is assumed."""
    told = evidence.duties.get(name, ())
    if evidence.manifest.assume.duties == "always":
        duty = told[0] if told else PastDuty(name, evidence.manifest.start)
        return [Duty(duty, ALWAYS_US, ALWAYS_US, NEVER_US, NEVER_US, ALWAYS_US)]
    found = list[Duty]()
    for duty in told:
        start_us = microseconds(duty.start)
        end_us = NEVER_US if duty.end is None else microseconds(duty.end)
        ended_us = end_us if duty.end is None else known_us(duty.end, duty.end_entered_at)
        entered_us = ALWAYS_US if duty.entered_at is None else microseconds(duty.entered_at)
        # An older one that ends before it was another crew's, also where the two overlap at the handover.
        older = (min(each.end_us, start_us) for each in found if each.end_us < end_us)
        since_us = max(older, default=ALWAYS_US)
        found.append(Duty(duty, start_us, entered_us, end_us, ended_us, since_us))
    return found


@dataclass(frozen=True, slots=True)
class Bond:
    """An assignment by what was known of it, in microseconds.

    Parameters
    ----------
    at_us, from_us
        When the unit was sent, and since when that was known.
    until_us
        When it was first known to be over.
    cleared
        Whether its end is recorded; else other signs stand for it.
    """

    assignment: PastAssignment
    at_us: int
    from_us: int
    until_us: int
    cleared: bool


def bonds_of(evidence: Evidence, incidents: Mapping[str, PastIncident], force: Force) -> dict[str, list[Bond]]:
    """Return the assignments of each callsign, and when each was known to be over."""
    by_callsign = dict[str, list[PastAssignment]]()
    for group in evidence.assignments.values():
        for each in group:
            by_callsign.setdefault(each.callsign, []).append(each)
    told = dict[str, list[Bond]]()
    for callsign, sent in by_callsign.items():
        ordered = sorted(sent, key=lambda one: (one.assigned_at, one.incident_id))
        ends_us = _ends_us(callsign, ordered, evidence, incidents, force)
        told[callsign] = [_bond(each, until_us) for each, until_us in zip(ordered, ends_us, strict=True)]
    return told


def _bond(each: PastAssignment, until_us: int) -> Bond:
    from_us = known_us(each.assigned_at, each.entered_at)
    return Bond(each, microseconds(each.assigned_at), from_us, until_us, each.cleared_at is not None)


def _ends_us(
    callsign: str,
    ordered: Sequence[PastAssignment],
    evidence: Evidence,
    incidents: Mapping[str, PastIncident],
    force: Force,
) -> Iterator[int]:
    """Yield, for each assignment of one callsign, when it was first known to be over by any sign of that."""
    free = [each for each in evidence.statuses.get(callsign, ()) if _says_free(each.status, force)]
    ended = [each for each in evidence.duties.get(callsign, ()) if each.end is not None]
    signs = (
        _Signs(ordered, lambda one: one.assigned_at, lambda one: one.entered_at),
        _Signs(free, lambda one: one.at, lambda one: one.entered_at),
        _Signs(ended, lambda one: one.end, lambda one: one.end_entered_at),
    )
    for each in ordered:
        if each.cleared_at is not None:
            yield known_us(each.cleared_at, each.cleared_entered_at or each.entered_at)
            continue
        until_us = min(found.first_after(each.assigned_at) for found in signs)
        past = incidents.get(each.incident_id)
        if past is not None and past.closed_at is not None:
            until_us = min(until_us, known_us(past.closed_at, past.closed_entered_at))
        yield until_us


def _says_free(status: str | None, force: Force) -> bool:
    return status is not None and status in force.statuses and force.statuses[status].deployable == "yes"


class _Signs:
    """Things that happened, and for each moment when the first that came after it was known."""

    def __init__(
        self, rows: Sequence[Any], at: Callable[[Any], Any], entered: Callable[[Any], datetime | None]
    ) -> None:
        ordered = sorted(rows, key=at)
        self._at = [at(each) for each in ordered]
        known = [known_us(at(each), entered(each)) for each in ordered]
        # What came later may have been known before what came earlier.
        self._first_us = list(accumulate(reversed(known), min))[::-1]

    def first_after(self, moment: datetime) -> int:
        row = bisect_right(self._at, moment)
        return self._first_us[row] if row < len(self._at) else NEVER_US
