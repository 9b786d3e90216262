"""When was somebody there? Response times of one incident by the force's own clocks.

An arrival that is not recorded is unknown: never zero, and never in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from dispatch.force import Force
from graphs.coordinates import distance_m
from scenarios.evidence import Evidence
from scenarios.past import PastAssignment, PastIncident
from scenarios.past_fixes import microseconds
from scenarios.verdict import Arrival

# A unit that says "at scene" and is further off, or still drives, is not there: half a kilometre is more than any error
# of a receiver, and whoever looks for a space to park is slower.
FAR_M: Final = 500.0
DRIVING_KMH: Final = 20.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """The first arrival that stops the clock; ``at`` is None where it is not recorded or cannot be believed."""

    kind: Arrival
    at: datetime | None = None


def arrived(past: PastIncident, sent: Sequence[PastAssignment], evidence: Evidence) -> Arrived:
    """Return the first arrival at an incident of a unit that counts as the response.

    Parameters
    ----------
    sent
        The assignments of the incident.
    """
    if not sent:
        # Somebody was, where a row of that was put aside.
        refused = "assignments" in evidence.quarantined.get(past.incident_id, ())
        return Arrived("missing" if refused else "nobody_sent")
    counted = [(each.on_scene_at, each) for each in sent if each.on_scene_at is not None and _counts(each, evidence)]
    there = sorted(counted, key=lambda told: (told[0], told[1].callsign))
    if not there:
        return Arrived("missing")
    at, first = there[0]
    return Arrived("doubtful") if is_doubtful(past, first, evidence) else Arrived("recorded", at)


def _counts(each: PastAssignment, evidence: Evidence) -> bool:
    """Tell whether a unit stops the clock, by its skills on that day."""
    at = each.assigned_at
    duties = [
        duty
        for duty in evidence.duties.get(each.callsign, ())
        if duty.start <= at and (duty.end is None or at < duty.end)
    ]
    skills = evidence.force.skills
    return not duties or all(skills[name].stops_clock for name in duties[-1].skills if name in skills)


def is_doubtful(past: PastIncident, each: PastAssignment, evidence: Evidence) -> bool:
    """Tell whether an arrival cannot be: before the call, before the unit was sent, or elsewhere by its own fix."""
    at = each.on_scene_at
    if at is None or at < past.received_at or at < each.assigned_at:
        return True
    if past.lat is None or past.lon is None:
        return False
    return is_elsewhere(evidence, each.callsign, at, past.lat, past.lon)


def is_elsewhere(evidence: Evidence, callsign: str, arrived_at: datetime, lat: float, lon: float) -> bool:
    """Tell whether the first fresh report after an arrival shows that it was none.

    One from before it says nothing: until then the unit drove.
    """
    fixes, row = evidence.fixes, evidence.fixes.row_of.get(callsign)
    if row is None:
        return False
    low, high = fixes.first[row : row + 2].tolist()
    after = low + int(np.searchsorted(fixes.fixed_us[low:high], microseconds(arrived_at)))
    if after == high:
        return False
    fix = fixes.fix(after)
    if (fix.fixed_at - arrived_at).total_seconds() > evidence.force.fixes.fresh_s:
        return False
    return distance_m(fix.lat, fix.lon, lat, lon) > FAR_M or (fix.speed_kmh or 0.0) > DRIVING_KMH


def responses(
    past: PastIncident, sent: Sequence[PastAssignment], evidence: Evidence, decided_at: datetime | None
) -> dict[str, Any]:
    """Return what `Verdict` tells of the first arrival, by the clocks of the grade held then and of the first one."""
    came, force = arrived(past, sent, evidence), evidence.force
    grade, graded_at = past.grade, past.received_at
    for change in evidence.regrades.get(past.incident_id, ()):
        # One that was entered after the arrival would move a target that was met or missed already.
        in_time = came.at is None or max(change.at, change.entered_at or change.at) < came.at
        if in_time and change.grade != grade:
            grade, graded_at = change.grade, change.at
    starts = {"received": past.received_at, "graded": graded_at, "dispatched": decided_at}
    told: dict[str, Any] = {
        "arrival": came.kind,
        "from_received_s": _since(past.received_at, came.at),
        "from_graded_s": _since(graded_at, came.at),
        "from_sent_s": _since(decided_at, came.at),
        "last_grade": grade or "",
        **_by_clock(past, grade, starts, came.at, force),
    }
    if grade != past.grade:
        first = {**starts, "graded": past.received_at}
        by_first = _by_clock(past, past.grade, first, came.at, force)
        told |= {f"first_{name}": by_first[name] for name in ("target_s", "clock_s")}
        told["first_grade"] = past.grade or ""
    return told


def _by_clock(
    past: PastIncident, grade: str | None, starts: dict[str, datetime | None], at: datetime | None, force: Force
) -> dict[str, Any]:
    if grade is None or grade not in force.grades:
        return {"clock": "", "target_s": None, "clock_s": None}
    clock = force.grade(grade).clock
    return {
        "clock": clock,
        "target_s": force.target_s(grade, setting_of(past, force)),
        "clock_s": _since(starts[clock], at),
    }


def setting_of(past: PastIncident, force: Force) -> Any:
    """Return whether an incident is in an ``urban`` or a ``rural`` area; ``unknown`` without a place."""
    return "unknown" if past.lat is None or past.lon is None else force.setting(past.lon, past.lat)


def _since(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()
