"""Units and incidents of the record as JSON values."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dispatch.force import Force
from dispatch.live import Live
from dispatch.state import Case


def unit_values(live: Live, callsign: str) -> dict[str, Any]:
    """Return a unit on duty, with where it was last.

    Raises
    ------
    Unknown
        It is not on duty.
    """
    fix = live.positions.of(callsign)
    return {**asdict(live.unit(callsign)), "fix": None if fix is None else asdict(fix)}


def units_values(live: Live) -> dict[str, Any]:
    """Return the units on duty."""
    units = [unit_values(live, callsign) for callsign in sorted(live.state.units)]
    return {"seq": live.state.seq, "units": units}


def case_values(case: Case, force: Force) -> dict[str, Any]:
    """Return an incident, with whether its place is urban: on that its target rests."""
    return {**asdict(case), "setting": force.setting(case.lon, case.lat)}


def cases_values(live: Live, force: Force) -> dict[str, Any]:
    """Return the open incidents, the most urgent first."""
    cases = sorted(
        live.state.incidents.values(),
        key=lambda case: (force.grade(case.grade).rank, case.received_at, case.incident_id),
    )
    return {"seq": live.state.seq, "incidents": [case_values(case, force) for case in cases]}
