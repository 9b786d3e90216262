"""What happens in a replication is written down here, and read out as tables at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from dispatch.targets import target_of
from scenarios.scenario import Call, Scenario
from scenarios.simulated import ASSIGNMENTS, COVERAGE, INCIDENTS, STATES, Simulated

_CHUNK: Final = 100_000


@dataclass(slots=True, eq=False)
class Sent:
    """A unit sent to an incident; a moment is None until it has come.

    Parameters
    ----------
    duty
        Row of the scenario's duties.
    expected_ms
        What the recommendation told, from ``assigned_ms``.
    """

    incident_id: str
    duty: int
    callsign: str
    assigned_ms: int
    expected_ms: int
    en_route_ms: int | None = None
    on_scene_ms: int | None = None
    cleared_ms: int | None = None
    ended: str | None = None
    driven_cm: int = 0

    def row(self) -> tuple[Any, ...]:
        """Return it in the order of `ASSIGNMENTS`."""
        return (
            self.incident_id, self.duty, self.callsign, self.assigned_ms, self.en_route_ms, self.on_scene_ms,
            self.cleared_ms, self.ended, self.expected_ms, self.driven_cm / 100.0,
        )  # fmt: skip


@dataclass(slots=True, eq=False)
class Told:
    """What becomes of one incident."""

    call: Call
    first_assigned_ms: int | None = None
    first_arrived_ms: int | None = None
    enough_ms: int | None = None
    closed_ms: int | None = None
    lost: bool = False
    waited: bool = False
    nearest_eligible: str | None = None
    first_sent: str | None = None
    behind_ms: int | None = None

    @property
    def outcome(self) -> str:
        """Attended, lost or open."""
        return "attended" if self.first_arrived_ms is not None else "lost" if self.lost else "open"


@dataclass(eq=False)
class Log:
    """What happened so far; what is over is kept as columns, which take a tenth of the room."""

    scenario: Scenario
    open: dict[str, Told] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    coverage: list[tuple[int, int, float | None]] = field(default_factory=list)
    missed_breaks: int = 0
    late_starts: int = 0
    overtime_ms: int = 0
    _incidents: list[tuple[Any, ...]] = field(default_factory=list)
    _incident_columns: list[pl.DataFrame] = field(default_factory=list)
    _states: list[tuple[int, str, str, int, int, str | None]] = field(default_factory=list)
    _state_columns: list[pl.DataFrame] = field(default_factory=list)

    def receive(self, told: Told) -> None:
        """Begin to write down what becomes of an incident."""
        self.open[told.call.incident.incident_id] = told

    def over(self, told: Told) -> None:
        """Hear that an incident is over."""
        del self.open[told.call.incident.incident_id]
        self._incidents.append(_incident(self.scenario, told))
        if len(self._incidents) == _CHUNK:
            self._incident_columns.append(_table(INCIDENTS, self._incidents))
            self._incidents = []

    def state(
        self, duty: int, callsign: str, activity: str, from_ms: int, to_ms: int, incident_id: str | None
    ) -> None:  # fmt: skip
        """Write down what a crew did; a moment without length is none."""
        if to_ms > from_ms:
            self._states.append((duty, callsign, activity, from_ms, to_ms, incident_id))
            if len(self._states) == _CHUNK:
                self._state_columns.append(_table(STATES, self._states))
                self._states = []

    def simulated(self, policy: str, replication: int) -> Simulated:
        """Return it as tables, at the end."""
        left = [_incident(self.scenario, told) for told in self.open.values()]
        incidents = pl.concat([*self._incident_columns, _table(INCIDENTS, [*self._incidents, *left])])
        states = pl.concat([*self._state_columns, _table(STATES, self._states)])
        return Simulated(
            policy=policy,
            replication=replication,
            incidents=incidents.sort("received_ms", "incident_id").rechunk(),
            assignments=_table(ASSIGNMENTS, [sent.row() for sent in self.sent]),
            states=states.sort("duty", "from_ms").rechunk(),
            coverage=_table(COVERAGE, self.coverage),
            missed_breaks=self.missed_breaks,
            late_starts=self.late_starts,
            overtime_ms=self.overtime_ms,
        )


def _incident(scenario: Scenario, told: Told) -> tuple[Any, ...]:
    call, incident = told.call, told.call.incident
    dispatched_ms = call.ready_ms if told.first_assigned_ms is None else told.first_assigned_ms
    target = target_of(incident, scenario.force, scenario.moment(dispatched_ms))
    due_ms = None if target.due_at is None else scenario.since_start(target.due_at)
    return (
        incident.incident_id, incident.type, incident.grade, ";".join(sorted(incident.tags)), incident.sector,
        call.area, incident.lat, incident.lon, target.setting, call.received_ms, call.ready_ms,
        0 <= call.received_ms < scenario.end_ms, incident.units_needed, target.target_s, due_ms, told.first_assigned_ms,
        told.first_arrived_ms, told.enough_ms, told.closed_ms, told.outcome, told.waited, told.nearest_eligible,
        told.first_sent, told.behind_ms,
    )  # fmt: skip


def _table(columns: Mapping[str, Any], rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(columns), orient="row")
