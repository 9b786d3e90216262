"""Replications made by hand, for tests of what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from nightshift import CLEVELAND, TOWN
from scenarios.results import measured, results_of
from scenarios.results_intervals import Estimate
from scenarios.results_measures import Key
from scenarios.scenario import Duty, Rate, Scenario, Station
from scenarios.simulated import ASSIGNMENTS, COVERAGE, INCIDENTS, STATES, Simulated

S = 1_000
MINUTE = 60 * S
HOUR = 60 * MINUTE
# A Thursday in summer: an hour before midnight in UTC is midnight in London.
START = datetime(2026, 7, 2, 22, 0, tzinfo=UTC)
LAT, LON = TOWN.at("E", east_m=20, north_m=-20)
STATIONS = (Station("Nick", LAT, LON, "North", custody=True),)


def scenario(**more: Any) -> Scenario:
    """Make a scenario of four hours in the drawn town."""
    known: dict[str, Any] = {
        "name": "Four hours", "network": TOWN.network, "force": CLEVELAND, "start": START, "hours": 4,
        "stations": STATIONS, "duties": (Duty("R1", 0, 4 * HOUR, 2, frozenset(), "North", "Nick"),),
        "demand": (Rate("theft", "emergency", 1.0),), "services": (), "codes": {},
    }  # fmt: skip
    return Scenario(**{**known, **more})


def incident(name: str, received_ms: int = 0, response_s: float | None = None, **more: Any) -> dict[str, Any]:
    """Make a row of the incidents: an emergency with 15 minutes, reached so long after its receipt, or open."""
    arrived_ms = None if response_s is None else received_ms + round(response_s * S)
    assigned_ms = None if arrived_ms is None else min(received_ms + MINUTE, arrived_ms)
    row: dict[str, Any] = {
        "incident_id": name, "type": "theft", "grade": "emergency", "tags": "", "sector": "North", "area": None,
        "lat": LAT, "lon": LON, "setting": "urban", "received_ms": received_ms, "ready_ms": received_ms + MINUTE,
        "counted": 0 <= received_ms < 4 * HOUR, "units_needed": 1, "target_s": 900, "due_ms": received_ms + 900 * S,
        "first_assigned_ms": assigned_ms, "first_arrived_ms": arrived_ms, "enough_ms": arrived_ms,
        "closed_ms": None if arrived_ms is None else arrived_ms + HOUR,
        "outcome": "open" if arrived_ms is None else "attended", "waited": False,
        "nearest_eligible": None if arrived_ms is None else "R1", "first_sent": None if arrived_ms is None else "R1",
        "behind_ms": None if arrived_ms is None else 0,
    }  # fmt: skip
    return {**row, **more}


def state(activity: str, from_ms: int, to_ms: int, callsign: str = "R1", duty: int = 0) -> tuple[Any, ...]:
    """Make a row of what a crew did."""
    return duty, callsign, activity, from_ms, to_ms, "1" if activity == "at_scene" else None


def sent(incident_id: str, assigned_ms: int, length_m: float, ended: str = "cleared", callsign: str = "R1") -> Any:
    """Make a row of a unit sent."""
    arrived_ms = assigned_ms + 5 * MINUTE
    steps = (assigned_ms, assigned_ms + S, arrived_ms, arrived_ms + HOUR)
    return incident_id, 0, callsign, *steps, ended, 5 * MINUTE, length_m


def played(
    incidents: Iterable[Mapping[str, Any]] = (),
    assignments: Iterable[Any] = (),
    states: Iterable[Any] = (state("station", 0, 4 * HOUR),),
    coverage: Iterable[Any] = (),
    policy: str = "nearest_first",
    replication: int = 1,
    counts: tuple[int, int, int] = (0, 0, 0),
) -> Simulated:
    """Put a replication together."""
    rows = [tuple(row[name] for name in INCIDENTS) for row in incidents]
    tables = ((INCIDENTS, rows), (ASSIGNMENTS, assignments), (STATES, states), (COVERAGE, coverage))
    made = [pl.DataFrame(list(told), schema=dict(columns), orient="row") for columns, told in tables]
    return Simulated(policy, replication, *made, *counts)


def values(simulated: Simulated, of: Scenario | None = None) -> dict[Key, float]:
    """Return the numbers of a replication."""
    return {value.key: value.value for value in measured(of or scenario(), simulated).values}


def estimates(*simulated: Simulated) -> Mapping[Key, Estimate]:
    """Return what replications of one policy come to."""
    of = scenario()
    return results_of(of, [measured(of, one) for one in simulated]).outcomes[0].estimates
