"""Purge what the force no longer keeps: details go, and what stays of each row still proves the record whole.

An incident goes as a whole, with those that are the same as it, and only where nothing that is known now hangs on it.
What goes is read and proved first, while others write; only taking it out holds them up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from dispatch.connections import empty_log
from dispatch.consultation import CONSULTED
from dispatch.errors import Conflict
from dispatch.fold import case_of
from dispatch.force import Force
from dispatch.force_tables import Retention
from dispatch.purge_concern import concern_due, without_concern
from dispatch.record import PURGED, BrokenRecord, Event, Row, checked, documents_of, iso
from dispatch.snapshots import fold_all, load_state, snapshot_event
from dispatch.state import Case, State
from dispatch.store import Reading, Store, Writing
from dispatch.upkeep import (
    count_answers,
    count_fixes,
    forget_answers,
    forget_details,
    forget_documents,
    forget_fixes,
    numbers_of_kind,
    recorded_span,
    rows_about_received,
    spans_of,
)

# Whoever has not asked again by then will not; answers name people, as incidents do.
ANSWERS_DAYS: Final = 30
# What may begin to hang on a person or an address of concern.
_MAY_CONCERN: Final = frozenset({"marker_placed", "marker_renewed", "marker_raised", "task_set", "release_notified"})


@dataclass(frozen=True, slots=True)
class _Ended:
    case: Case
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be purged.

    Parameters
    ----------
    seq
        The last row that was looked at.
    incidents
        Their names.
    numbers
        The rows whose details go, consultations among them.
    consultations
        How many of the rows are consultations that go by themselves.
    documents
        Those that no other row names.
    answers_until
        Answers given after this row or one before it go; 0 for none.
    fixes_before
        Position reports received before go; None for none.
    answers, fixes
        How many.
    kept_back
        Why incidents whose time is up are kept all the same, and how many for each reason.
    subjects
        People and addresses of concern.
    """

    seq: int
    incidents: frozenset[str]
    numbers: tuple[int, ...]
    consultations: int
    documents: frozenset[str]
    answers_until: int
    fixes_before: datetime | None
    answers: int
    fixes: int
    kept_back: Mapping[str, int]
    subjects: frozenset[str] = frozenset()

    @property
    def anything(self) -> bool:
        """Whether there is anything to purge."""
        return bool(self.numbers or self.answers or self.fixes)


def due(reading: Reading, force: Force, now: datetime) -> Due:
    """Find what is to be purged, and prove that what is known now does not hang on it.

    Raises
    ------
    BrokenRecord
        The record is not whole, or what is known would be another after the purge.
    """
    keeps, state = force.retention, fold_all(load_state(reading), ())
    state = fold_all(state, checked(reading.after(state.seq), state.sha256, state.seq + 1))
    ended, kept_back = _ended(reading, keeps, state, now)
    consulted = _consulted(reading, keeps, now)
    concern = concern_due(reading, state, keeps.concern_days, now)
    numbers = {number for item in ended.values() for number in item.numbers} | set(consulted)
    numbers.update(number for rows in concern.values() for number in rows)
    documents = _prove(reading, without_concern(state, concern), numbers)
    until, before = _answers_until(reading, keeps, now, incidents=bool(ended)), _before(now, keeps.fixes_days)
    return Due(
        seq=state.seq,
        incidents=frozenset(ended),
        numbers=tuple(sorted(numbers)),
        consultations=len(consulted),
        documents=documents,
        answers_until=until,
        fixes_before=before,
        answers=count_answers(reading, until) if until else 0,
        fixes=0 if before is None else count_fixes(reading, before),
        kept_back=kept_back,
        subjects=frozenset(concern),
    )


def _before(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now - timedelta(days=days)


def _consulted(reading: Reading, keeps: Retention, now: datetime) -> list[int]:
    before = _before(now, keeps.consultations_days)
    return [] if before is None else numbers_of_kind(reading, CONSULTED, before)


def _answers_until(reading: Reading, keeps: Retention, now: datetime, *, incidents: bool) -> int:
    before = _before(now, keeps.answers_days or (ANSWERS_DAYS if incidents else None))
    span = None if before is None else recorded_span(reading, None, before)
    return 0 if span is None else span[1]


def _ended(reading: Reading, keeps: Retention, state: State, now: datetime) -> tuple[dict[str, _Ended], dict[str, int]]:
    """Return the incidents to purge, and why others whose time is up are kept."""
    if keeps.incidents_days is None:
        return {}, {}
    found, same = dict[str, _Ended](), dict[str, list[str]]()
    for item in _cases(rows_about_received(reading, now - timedelta(days=keeps.incidents_days))):
        name, other = item.case.incident_id, item.case.duplicate_of
        if other is not None:
            same.setdefault(name, []).append(other)
            same.setdefault(other, []).append(name)
        if _is_up(item.case, keeps, now):
            found[name] = item
    return found, _keep_back(found, same, state)


def _keep_back(found: dict[str, _Ended], same: Mapping[str, list[str]], state: State) -> dict[str, int]:
    """Leave out what is kept all the same, until nothing more is; return how many for each reason."""
    kept_back = dict[str, int]()
    while held := {name: why for name, item in found.items() if (why := _held(item.case, state, found, same))}:
        for name, why in held.items():
            kept_back[why] = kept_back.get(why, 0) + 1
            del found[name]
    return kept_back


def _cases(rows: Iterable[Row]) -> Iterator[_Ended]:
    for incident_id, about in groupby(rows, key=attrgetter("subject")):
        told = list(about)
        case = case_of(told, incident_id)
        if case is not None:
            yield _Ended(case, tuple(row.seq for row in told if row.payload is not None))


def _is_up(case: Case, keeps: Retention, now: datetime) -> bool:
    days = max(keeps.incidents_days or 0, *(keeps.tags_days.get(tag, 0) for tag in case.tags), 0)
    return case.stage != "open" and case.ended_at is not None and case.ended_at < now - timedelta(days=days)


def _held(case: Case, state: State, due_too: Collection[str], same: Mapping[str, list[str]]) -> str | None:
    """Say why an incident is kept; the units that were sent take their status from it while they are on duty."""
    name = case.incident_id
    on_duty = {unit.duty for unit in state.units.values()}
    if name in state.incidents:
        return "open"
    if any(review.incident_id == name for review in state.reviews.values()):
        return "a review is not done"
    if any(task.subject == name for task in state.tasks.values()):
        return "a task is not done"
    if any(item.duty in on_duty for item in case.assignments):
        return "a unit that was sent is still on that duty"
    if any(other not in due_too for other in same.get(name, ())):
        return "an incident that is the same is kept"
    return None


def _prove(reading: Reading, state: State, numbers: Collection[int]) -> frozenset[str]:
    """Fold the whole record as if it were purged; return the documents that nothing names any more."""
    if not numbers:
        return frozenset()
    going, staying = set[str](), set[str]()

    def purged() -> Iterator[Row]:
        for row in checked(reading.after(0)):
            (going if row.seq in numbers else staying).update(documents_of(row))
            yield replace(row, payload=None, salt=None) if row.seq in numbers else row

    without = fold_all(State(), purged())
    if without != state:
        parts = [name for name in State.__dataclass_fields__ if getattr(without, name) != getattr(state, name)]
        raise BrokenRecord(None, f"nothing was purged: {', '.join(parts)} would be another afterwards")
    return frozenset(going - staying)


def purge(store: Store, force: Force, now: datetime, by: str) -> Due:
    """Purge what the force no longer keeps, and record that it was done, by which rule and by whom.

    Returns
    -------
    Due
        What went; where there was nothing, nothing is recorded.

    Raises
    ------
    Conflict
        Something happened meanwhile to an incident that was to go; nothing is purged then.
    BrokenRecord
        As `due`.
    """
    with store.reading() as reading:
        found = due(reading, force, now)
    if found.anything:
        with store.writing() as writing:
            _take_out(writing, found, force, by)
        empty_log(store.engine)
    return found


def _take_out(writing: Writing, found: Due, force: Force, by: str) -> None:
    state, named = load_state(writing), set[str]()
    for row in writing.after(found.seq):
        named.update(documents_of(row))
        if row.subject in found.incidents | found.subjects:
            raise Conflict(f"{row.subject} was to be purged, and row {row.seq} tells of it anew: purge again")
        if found.subjects and row.kind in _MAY_CONCERN:
            raise Conflict(f"row {row.seq} may concern a person or an address that was to be purged: purge again")
    state = fold_all(state, checked(writing.after(state.seq), state.sha256, state.seq + 1))
    spans = spans_of(found.numbers)
    forget_details(writing, spans)
    for incident_id in sorted(found.incidents):
        writing.forget(incident_id)
    counts = {
        "documents": forget_documents(writing, sorted(found.documents - named)),
        "answers": forget_answers(writing, found.answers_until) if found.answers_until else 0,
        "fixes": forget_fixes(writing, found.fixes_before) if found.fixes_before is not None else 0,
    }
    rows = writing.append([_event(writing, found, force, spans, counts)], by)
    # The snapshot that there was may tell of what went.
    writing.append([snapshot_event(writing, fold_all(state, rows))], by)


def _event(
    writing: Writing, found: Due, force: Force, spans: list[tuple[int, int]], counts: Mapping[str, int]
) -> Event:
    told: dict[str, Any] = {
        "rule": force.retention.model_dump(mode="json"),
        "force": {"name": force.name, "hash": force.hash},
        "rows": [list(span) for span in spans],
        "incidents": len(found.incidents),
        "subjects": sorted(found.subjects),
        "consultations": found.consultations,
        "fixes_before": None if found.fixes_before is None else iso(found.fixes_before),
        **counts,
    }
    return Event(PURGED, None, writing.now, told)
