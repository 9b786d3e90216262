"""People and addresses of concern whose time is up: nothing warns of them any more, and nothing is to be done."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from dispatch.state import State
from dispatch.state_risk import Marker, Subject
from dispatch.store import Reading


def concern_due(reading: Reading, state: State, days: int | None, now: datetime) -> dict[str, tuple[int, ...]]:
    """Return the people and addresses to purge, each with the rows about it.

    One goes when its last marker has been out of force for so many days, and as many have passed since anything was
    last written about it. It stays while a task is open for it, and while a marker that stays is linked to it.

    Parameters
    ----------
    days
        As the force profile has them; None for never.
    """
    if days is None:
        return {}
    before = now - timedelta(days=days)
    quiet = {name for name, subject in state.subjects.items() if _is_quiet(subject, state, before)}
    asked_for = {name for task in state.tasks.values() for name in (task.subject, task.about)}
    found = dict[str, tuple[int, ...]]()
    for name in sorted(quiet - asked_for):
        rows = reading.about(name)
        if rows[-1].recorded < before:
            found[name] = tuple(row.seq for row in rows if row.payload is not None)
    return _unlinked(found, state)


def _is_quiet(subject: Subject, state: State, before: datetime) -> bool:
    markers = [state.markers[name] for name in subject.markers]
    discussed = subject.discussed_at is not None and subject.discussed_at >= before
    return not discussed and all(_ended(marker, before) for marker in markers)


def _ended(marker: Marker, before: datetime) -> bool:
    return not marker.in_force(before)


def _unlinked(found: dict[str, tuple[int, ...]], state: State) -> dict[str, tuple[int, ...]]:
    """Leave out whom a marker that stays is linked to."""
    linked = {name for marker in state.markers.values() if marker.subject not in found for name in marker.linked_to}
    return {name: rows for name, rows in found.items() if name not in linked}


def without_concern(state: State, subjects: Collection[str]) -> State:
    """Return a state without some people and addresses of concern, and their markers."""
    gone = set(subjects)
    named = {key: tuple(name for name in names if name not in gone) for key, names in state.named.items()}
    return replace(
        state,
        subjects={name: item for name, item in state.subjects.items() if name not in gone},
        named={key: names for key, names in named.items() if names},
        markers={name: item for name, item in state.markers.items() if item.subject not in gone},
    )
