"""What happened in one simulated replication, as tables; moments are milliseconds from the scenario's start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import polars as pl

from dispatch.model import Incident, Picture, Unit

# One row for each incident, in order of receipt.
INCIDENTS: Final = {
    "incident_id": pl.String,
    "type": pl.String,  # null where it has none
    "grade": pl.String,
    "tags": pl.String,  # `;` between them, sorted
    "sector": pl.String,
    "area": pl.String,
    "lat": pl.Float64,
    "lon": pl.Float64,
    "setting": pl.String,  # urban, rural, unknown
    "received_ms": pl.Int64,
    "ready_ms": pl.Int64,
    "counted": pl.Boolean,  # received within the period that counts
    "units_needed": pl.Int64,
    "target_s": pl.Int64,  # null where its grade has none
    "due_ms": pl.Int64,
    "first_assigned_ms": pl.Int64,
    "first_arrived_ms": pl.Int64,
    "enough_ms": pl.Int64,  # when as many as it needs are there
    "closed_ms": pl.Int64,
    "outcome": pl.String,  # attended, lost, open (nobody there when the simulation ended)
    "waited": pl.Boolean,  # nobody could be sent at `ready_ms`
    "nearest_eligible": pl.String,  # at the decision that first sent somebody
    "first_sent": pl.String,  # the soonest of those sent then
    "behind_ms": pl.Int64,  # how much later it was expected than the nearest eligible
}
# One row for each unit sent, in order of assignment.
ASSIGNMENTS: Final = {
    "incident_id": pl.String,
    "duty": pl.Int64,  # row of `Scenario.duties`
    "callsign": pl.String,
    "assigned_ms": pl.Int64,
    "en_route_ms": pl.Int64,
    "on_scene_ms": pl.Int64,
    "cleared_ms": pl.Int64,  # done with all of it, custody included; or turned away
    "ended": pl.String,  # cleared, diverted, relieved; null where the simulation ended first
    "expected_ms": pl.Int64,  # the time that the recommendation told, from `assigned_ms`
    "length_m": pl.Float64,  # driven towards the incident
}
# What each crew did: every moment from its first row to its last is in one row. Order: duty, from_ms.
STATES: Final = {
    "duty": pl.Int64,
    "callsign": pl.String,
    "activity": pl.String,  # an `Activity`, or mobilising: assigned and not yet moving
    "from_ms": pl.Int64,
    "to_ms": pl.Int64,
    "incident_id": pl.String,  # what it is bound to
}
# How much of the demand a free unit could reach in time, every so often.
COVERAGE: Final = {
    "at_ms": pl.Int64,
    "free": pl.Int64,  # units
    "share": pl.Float64,  # of the demand, weighted, within the target of the most urgent grade
}


@dataclass(frozen=True, eq=False)
class Simulated:
    """One replication.

    Parameters
    ----------
    policy, replication
        Name of the policy; the number of the replication, from 1.
    incidents, assignments, states, coverage
        Tables with the columns of `INCIDENTS` and so on.
    missed_breaks, late_starts
        How many breaks could not be taken in their time; how many crews waited for their vehicle.
    overtime_ms
        Worked beyond the ends of duties, all crews together.
    """

    policy: str
    replication: int
    incidents: pl.DataFrame
    assignments: pl.DataFrame
    states: pl.DataFrame
    coverage: pl.DataFrame
    missed_breaks: int
    late_starts: int
    overtime_ms: int


class Watch(Protocol):
    """Looks on while a replication is played, and changes nothing.

    Attributes
    ----------
    every_ms
        How often it wants to see where everybody is; None for never.
    from_ms, to_ms
        From when until before when it wants to; None for all that is simulated.
    """

    every_ms: int | None

    @property
    def from_ms(self) -> int | None:
        """When it looks first."""

    @property
    def to_ms(self) -> int | None:
        """When it looks no more."""

    def seen(self, now_ms: int, units: tuple[Unit, ...]) -> None:
        """See all units on duty, with their positions."""

    def decided(self, now_ms: int, picture: Picture, incident: Incident, sent: tuple[str, ...]) -> None:
        """See a decision: what the brain knew, and who was sent, the nearest first; nobody where it waits."""
