"""Markers, reviews and tasks as JSON values, as they are at a moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from dispatch.concern import marker_values
from dispatch.force_risk import rank
from dispatch.record import iso
from dispatch.state import State
from dispatch.state_risk import Marker, Review, Task


def marker_answer(state: State, marker: Marker, now: datetime) -> dict[str, Any]:
    """Return a marker with whom it is on."""
    return {
        **marker_values(marker, now),
        "subject": marker.subject,
        "name": _name(state, marker.subject) or "",
        "linked_to": [_name(state, each) or each for each in marker.linked_to],
        "placed_at": iso(marker.placed_at),
        "placed_by": marker.placed_by,
    }


def _name(state: State, subject: str | None) -> str | None:
    found = state.subjects.get(subject or "")
    return None if found is None else found.name


def markers_answer(state: State, now: datetime) -> dict[str, Any]:
    """Return every marker."""
    markers = sorted(
        state.markers.values(),
        key=lambda each: (not each.in_force(now), -rank(each.level_at(now)), each.marker_id),
    )
    return {"seq": state.seq, "markers": [marker_answer(state, each, now) for each in markers]}


def overdue_s(due_at: datetime, now: datetime) -> int | None:
    """Return by how many whole seconds something is overdue; None where it is not."""
    return int((now - due_at).total_seconds()) if now > due_at else None


def review_answer(review: Review, now: datetime) -> dict[str, Any]:
    """Return a review."""
    return {
        "review_id": review.review_id,
        "incident_id": review.incident_id,
        "level": review.level,
        "least": review.least,
        "set_at": iso(review.set_at),
        "due_at": iso(review.due_at),
        "overdue_s": overdue_s(review.due_at, now),
    }


def reviews_answer(state: State, now: datetime) -> dict[str, Any]:
    """Return the reviews that are not done, the longest overdue first."""
    reviews = sorted(state.reviews.values(), key=lambda each: (each.due_at, each.review_id))
    return {
        "seq": state.seq,
        "overdue": _overdue(reviews, now),
        "reviews": [review_answer(each, now) for each in reviews],
    }


def _overdue(items: Iterable[Review | Task], now: datetime) -> int:
    return sum(1 for each in items if now > each.due_at)


def task_answer(state: State, task: Task, now: datetime) -> dict[str, Any]:
    """Return a task with whom it is for, and what help there is."""
    return {
        "task_id": task.task_id,
        "kind": task.kind,
        "subject": task.subject,
        "name": _name(state, task.subject),
        "because": task.because,
        "about": _name(state, task.about),
        "release_id": task.release_id,
        "set_at": iso(task.set_at),
        "set_by": task.set_by,
        "due_at": iso(task.due_at),
        "overdue_s": overdue_s(task.due_at, now),
        "tried": task.tried,
        "support": _support(state, task.subject, now),
    }


def _support(state: State, subject: str, now: datetime) -> list[str]:
    found = state.subjects.get(subject)
    names = found.markers if found is not None else ()
    markers = (state.markers[name] for name in names if name in state.markers)
    return list(dict.fromkeys(line for each in markers if each.in_force(now) for line in each.support))


def tasks_answer(state: State, now: datetime) -> dict[str, Any]:
    """Return the tasks that are not done, the longest overdue first."""
    tasks = sorted(state.tasks.values(), key=lambda each: (each.due_at, each.task_id))
    return {
        "seq": state.seq,
        "overdue": _overdue(tasks, now),
        "tasks": [task_answer(state, each, now) for each in tasks],
    }
