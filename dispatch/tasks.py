"""What is to be done for victims by a deadline: it stays open until somebody says what was done."""

from __future__ import annotations

from datetime import datetime

from dispatch.concern import person_subject
from dispatch.dash import require_case
from dispatch.desk import Known
from dispatch.errors import Unknown
from dispatch.naming import BODY
from dispatch.record import Event, iso
from dispatch.state_risk import Task, TaskKind
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING

# What is done only once the victim was told.
TELLING: frozenset[TaskKind] = frozenset({"tell_victim", "inform_victim"})


def task_event(
    known: Known,
    ahead: int,
    kind: TaskKind,
    subject: str,
    because: str,
    due_at: datetime,
    about: str | None = None,
    release_id: str | None = None,
) -> Event:
    """Return the event that sets a task.

    Parameters
    ----------
    ahead
        How many events come before in the same decision.

    See `dispatch.state_risk.Task` for the others.
    """
    told = {
        "task_id": f"T-{known.next_seq + ahead}",
        "kind": kind,
        "because": because,
        "due_at": iso(due_at),
        "about": about,
        "release_id": release_id,
    }
    return Event("task_set", subject, known.now, told)


def task_set(
    known: Known, kind: TaskKind, person: str | None, incident_id: str | None, because: str, due_at: datetime
) -> list[Event]:
    """Set a task, such as to keep a victim informed.

    Parameters
    ----------
    person, incident_id
        One of the two: for whom, or for the victim of which incident.

    Raises
    ------
    Unknown
        There is no such incident.
    InputError
        It is for neither or for both, or was due already.
    """
    if (person is None) == (incident_id is None):
        value = NOTHING if person is None else "both"
        raise InputError([Fault(BODY, "", "person, incident_id", value, "one of the two")])
    if due_at <= known.now:
        raise InputError([Fault(BODY, "", "due_at", iso(due_at), f"a moment after now, {iso(known.now)}")])
    if person is not None:
        subject, events = person_subject(known, person, "person")
    else:
        subject, events = require_case(known, incident_id or "").incident_id, []
    return [*events, task_event(known, len(events), kind, subject, because, due_at)]


def task_done(known: Known, task_id: str, done: str, by: str | None, *, victim_told: bool | None) -> list[Event]:
    """Record what was done; a task of telling somebody who could not be told stays open, and the attempt is kept.

    Parameters
    ----------
    by
        Who did it, where that is not who records it.
    victim_told
        Whether the victim was told; None where the task was not to tell.

    Raises
    ------
    Unknown
        There is no such task, or it is done.
    InputError
        It is not said whether the victim was told.
    """
    task = require_task(known, task_id)
    if task.kind in TELLING and victim_told is None:
        raise InputError([Fault(BODY, "", "victim_told", NOTHING, "true or false")])
    told = {"task_id": task_id, "done": done, "by": by or known.actor, "victim_told": victim_told}
    in_vain = task.kind in TELLING and not victim_told
    return [Event("task_tried" if in_vain else "task_done", task.subject, known.now, told)]


def require_task(known: Known, task_id: str) -> Task:
    """Return an open task.

    Raises
    ------
    Unknown
        There is none of that name, or it is done.
    """
    found = known.state.tasks.get(task_id)
    if found is None:
        raise Unknown(f"there is no task {task_id}, or it is done")
    return found
