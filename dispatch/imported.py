"""History from before this record: incidents that other systems kept, for checks to find; they are never open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dispatch.fold import RECEIVED, case_of
from dispatch.force import Force
from dispatch.force_risk import Level
from dispatch.lookup import keys_of
from dispatch.memory import past_of
from dispatch.model import Incident
from dispatch.record import Event, checked, iso
from dispatch.snapshots import fold_all, load_state, snapshot_event
from dispatch.store import Store, Writing
from dispatch.upkeep import IMPORTED, batches, remember_new, told_of

# In one transaction: so long is another writer kept waiting at most.
BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an incident of the past.

    Parameters
    ----------
    incident
        As it was received.
    address, phone, people
        By which later checks find it.
    closed_at, outcome, dash
        None where nobody wrote it down.
    """

    incident: Incident
    received_at: datetime
    address: str | None = None
    phone: str | None = None
    people: tuple[str, ...] = ()
    closed_at: datetime | None = None
    outcome: str | None = None
    dash: Level | None = None

    @property
    def lat(self) -> float:
        """Degrees of latitude."""
        return self.incident.lat

    @property
    def lon(self) -> float:
        """Degrees of longitude."""
        return self.incident.lon


@dataclass(frozen=True, slots=True)
class Brought:
    """How many incidents were imported, and how many the record knew already."""

    imported: int
    known: int


def bring(store: Store, history: Iterable[Known], force: Force, by: str) -> Brought:
    """Import incidents of the past, some at a time; one whose name the record knows is left as it is.

    Parameters
    ----------
    history
        Each incident once.
    by
        Who imports them, for the record.

    Raises
    ------
    NoDatabase
        The database does not answer. What was imported by then stays, and is not imported again.
    """
    imported = known = 0
    for batch in batches(history, BATCH):
        with store.writing() as writing:
            there = told_of(writing, [item.incident.incident_id for item in batch])
            new = [item for item in batch if item.incident.incident_id not in there]
            _add(writing, new, force, by)
        imported, known = imported + len(new), known + len(there)
    if imported:
        _keep_snapshot(store, by)
    return Brought(imported, known)


def _add(writing: Writing, new: Sequence[Known], force: Force, by: str) -> None:
    rows = writing.append([_event(item, force) for item in new], by)
    cases = (case_of([row], row.subject or "") for row in rows)
    remember_new(writing, [past_of(case) for case in cases if case is not None])


def _event(item: Known, force: Force) -> Event:
    values: Mapping[str, Any] = {"address": item.address, "phone": item.phone, "people": list(item.people)}
    told = {
        **{name: _plain(values.get(name, getattr(item.incident, name, None))) for name in RECEIVED},
        "closed_at": None if item.closed_at is None else iso(item.closed_at),
        "outcome": item.outcome,
        "dash": item.dash,
        "keys": [list(key) for key in sorted(keys_of(item, force.risk))],
    }
    return Event(IMPORTED, item.incident.incident_id, item.received_at, told)


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _keep_snapshot(store: Store, by: str) -> None:
    """Keep the state, so that the next start need not read all that was imported."""
    with store.writing() as writing:
        state = load_state(writing)
        state = fold_all(state, checked(writing.after(state.seq), state.sha256, state.seq + 1))
        writing.append([snapshot_event(writing, state)], by)
