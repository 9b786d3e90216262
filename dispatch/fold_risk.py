"""What events on risk change: people and addresses of concern, markers, assessments, reviews and tasks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from dispatch.draft import Draft, Handler, Happened, Tables
from dispatch.record import PURGED
from dispatch.state_risk import Marker, Raised, Review, Subject, Task


def _noted(draft: Draft, event: Happened) -> None:
    told, tables = event.details, draft.concern.own()
    keys = tuple((kind, key) for kind, key in told["keys"])
    place = None if told["place"] is None else tuple(told["place"])
    tables.subjects[event.subject] = Subject(event.subject, told["name"], keys, told["born"], place)
    for kind, key in keys:
        name = f"{kind}|{key}"
        tables.named[name] = (*tables.named.get(name, ()), event.subject)


def _discussed(draft: Draft, event: Happened) -> None:
    tables = draft.concern.own()
    subject = tables.subjects.get(event.subject)
    if subject is not None:
        at = datetime.fromisoformat(event.details["discussed_at"])
        # An earlier conference that is told of late is not the last one.
        last = at if subject.discussed_at is None else max(at, subject.discussed_at)
        tables.subjects[event.subject] = replace(subject, discussed_at=last)


def _placed(draft: Draft, event: Happened) -> None:
    told, tables = event.details, draft.concern.own()
    marker = Marker(
        marker_id=told["marker_id"],
        subject=event.subject,
        role=told["role"],
        level=told["level"],
        text=told["text"],
        placed_at=event.at,
        placed_by=event.actor,
        expires_at=datetime.fromisoformat(told["expires_at"]),
        serial=told["serial"],
        most_serious=told["most_serious"],
        support=tuple(told["support"]),
        linked_to=tuple(told["linked_to"]),
    )
    tables.markers[marker.marker_id] = marker
    subject = tables.subjects.get(event.subject)
    if subject is not None:
        tables.subjects[event.subject] = replace(subject, markers=(*subject.markers, marker.marker_id))


def _renewed(draft: Draft, event: Happened) -> None:
    told = event.details
    changes = {"level": told["level"], "expires_at": datetime.fromisoformat(told["expires_at"])}
    if told["support"] is not None:
        changes["support"] = tuple(told["support"])
    _change_marker(draft.concern.own(), told["marker_id"], **changes)


def _change_marker(tables: Tables, marker_id: str, **changes: Any) -> None:
    marker = tables.markers.get(marker_id)
    if marker is not None:
        tables.markers[marker_id] = replace(marker, **changes)


def _lifted(draft: Draft, event: Happened) -> None:
    tables, marker_id = draft.concern.own(), event.details["marker_id"]
    tables.markers.pop(marker_id, None)
    subject = tables.subjects.get(event.subject)
    if subject is not None:
        left = tuple(each for each in subject.markers if each != marker_id)
        tables.subjects[event.subject] = replace(subject, markers=left)


def _raised(draft: Draft, event: Happened) -> None:
    told, tables = event.details, draft.concern.own()
    marker = tables.markers.get(told["marker_id"])
    if marker is not None:
        more = Raised(told["release_id"], told["level"], datetime.fromisoformat(told["until"]))
        _change_marker(tables, marker.marker_id, raised=(*marker.raised, more))


def _raise_ended(draft: Draft, event: Happened) -> None:
    told, tables = event.details, draft.concern.own()
    marker = tables.markers.get(told["marker_id"])
    if marker is not None:
        left = tuple(each for each in marker.raised if each.release_id != told["release_id"])
        _change_marker(tables, marker.marker_id, raised=left)


def _answered(draft: Draft, event: Happened) -> None:
    case = draft.case(event.subject)
    if case is not None:
        draft.put(replace(case, risk={**(case.risk or {}), "answers": event.details["answers"]}))


def _assessed(draft: Draft, event: Happened) -> None:
    case = draft.case(event.subject)
    if case is not None:
        draft.put(replace(case, dash=event.details))


def _review_set(draft: Draft, event: Happened) -> None:
    told = event.details
    draft.concern.own().reviews[told["review_id"]] = Review(
        review_id=told["review_id"],
        incident_id=event.subject,
        level=told["level"],
        least=told["least"],
        set_at=event.at,
        due_at=datetime.fromisoformat(told["due_at"]),
    )


def _review_done(draft: Draft, event: Happened) -> None:
    told = event.details
    draft.concern.own().reviews.pop(told["review_id"], None)
    case = draft.case(event.subject)
    if case is not None and case.dash is not None and told["level"] is not None:
        draft.put(replace(case, dash={**case.dash, "level": told["level"], "reviewed": told["outcome"]}))


def _task_set(draft: Draft, event: Happened) -> None:
    told = event.details
    draft.concern.own().tasks[told["task_id"]] = Task(
        task_id=told["task_id"],
        kind=told["kind"],
        subject=event.subject,
        because=told["because"],
        set_at=event.at,
        set_by=event.actor,
        due_at=datetime.fromisoformat(told["due_at"]),
        about=told["about"],
        release_id=told["release_id"],
    )


def _task_tried(draft: Draft, event: Happened) -> None:
    tables, task_id = draft.concern.own(), event.details["task_id"]
    task = tables.tasks.get(task_id)
    if task is not None:
        tables.tasks[task_id] = replace(task, tried=task.tried + 1)


def _task_ended(draft: Draft, event: Happened) -> None:
    draft.concern.own().tasks.pop(event.details["task_id"], None)


def _purged(draft: Draft, event: Happened) -> None:
    for name in event.details.get("subjects", ()):
        tables = draft.concern.own()
        subject = tables.subjects.pop(name, None)
        if subject is None:
            continue
        for marker_id in subject.markers:
            tables.markers.pop(marker_id, None)
        for kind, key in subject.keys:
            left = tuple(each for each in tables.named.pop(f"{kind}|{key}", ()) if each != name)
            if left:
                tables.named[f"{kind}|{key}"] = left


RISK_HANDLERS: Final[dict[str, Handler]] = {
    "subject_noted": _noted,
    "conference_discussed": _discussed,
    "marker_placed": _placed,
    "marker_renewed": _renewed,
    "marker_lifted": _lifted,
    "marker_raised": _raised,
    "marker_raise_ended": _raise_ended,
    "vulnerability_answered": _answered,
    "dash_recorded": _assessed,
    "review_set": _review_set,
    "review_done": _review_done,
    "task_set": _task_set,
    "task_tried": _task_tried,
    "task_done": _task_ended,
    "task_closed": _task_ended,
    PURGED: _purged,
}
