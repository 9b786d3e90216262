"""A state while events are folded into it, and an event as a handler sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from dispatch.state import Case, DutyUnit, State
from dispatch.state_risk import Marker, Review, Subject, Task


@dataclass(frozen=True, slots=True)
class Happened:
    """A row of the record, read.

    Parameters
    ----------
    details
        Its payload.
    """

    seq: int
    kind: str
    subject: str
    at: datetime
    actor: str
    details: dict[str, Any]


class Concern:
    """The tables of a state on risk. They are large and seldom change: they are copied when they first do."""

    def __init__(self, state: State) -> None:
        self.tables: dict[str, Any] = {name: getattr(state, name) for name in TABLES}
        self._owned = False

    def own(self) -> Tables:
        """Return the tables to be changed."""
        if not self._owned:
            self.tables = {name: dict(table) for name, table in self.tables.items()}
            self._owned = True
        return Tables(**self.tables)


@dataclass(frozen=True, slots=True)
class Tables:
    """Those tables, to be changed; see `dispatch.state.State`."""

    subjects: dict[str, Subject]
    named: dict[str, tuple[str, ...]]
    markers: dict[str, Marker]
    reviews: dict[str, Review]
    tasks: dict[str, Task]


TABLES: Final = tuple(each.name for each in fields(Tables))


@dataclass(slots=True)
class Draft:
    """A state while events are folded into it.

    Parameters
    ----------
    ended
        Incidents that ended while folding; a state has only open ones.
    """

    units: dict[str, DutyUnit]
    incidents: dict[str, Case]
    closures: dict[str, Any]
    snapshot_seq: int
    concern: Concern
    ended: dict[str, Case] = field(default_factory=dict)

    @staticmethod
    def of(state: State) -> Draft:
        """Begin with a state, which stays as it is."""
        return Draft(
            units=dict(state.units),
            incidents=dict(state.incidents),
            closures=dict(state.closures),
            snapshot_seq=state.snapshot_seq,
            concern=Concern(state),
        )

    def state(self, seq: int, sha256: str) -> State:
        """Return the state that it has come to, at a row of the record."""
        return State(
            seq=seq,
            sha256=sha256,
            units=self.units,
            incidents=self.incidents,
            closures=self.closures,
            snapshot_seq=self.snapshot_seq,
            **self.concern.tables,
        )

    def case(self, incident_id: str) -> Case | None:
        """Return an incident that is open, or ended while folding."""
        return self.incidents.get(incident_id) or self.ended.get(incident_id)

    def put(self, case: Case) -> None:
        """Put an incident in its place."""
        self.incidents.pop(case.incident_id, None)
        (self.incidents if case.stage == "open" else self.ended)[case.incident_id] = case


Handler = Callable[[Draft, Happened], None]
