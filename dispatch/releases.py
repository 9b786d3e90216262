"""Releases from custody and prison: whom they concern, what is raised, and who must be told by when."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from dispatch.concern import namesakes, person_subject, require_person
from dispatch.desk import Known
from dispatch.due import days_after, hours_after
from dispatch.errors import Conflict, Unknown
from dispatch.force_risk import Releases
from dispatch.record import Event, Row, iso
from dispatch.risk import recheck
from dispatch.state_risk import Marker
from dispatch.tasks import task_event

NOTIFIED = "release_notified"
CANCELLED = "release_cancelled"
From = Literal["custody", "prison"]


@dataclass(frozen=True, slots=True)
class Release:
    """A release.

    Parameters
    ----------
    perpetrator
        A name, with a date of birth behind it or not.
    release_at
        When it was, or is planned to be.
    conditions
        What it is bound to, a line each.
    """

    perpetrator: str
    out_of: From
    release_at: datetime
    conditions: Sequence[str] = ()


def notified(known: Known, release: Release) -> list[Event]:
    """Record a release: linked markers are raised, and tasks are set to tell the victims and to assess the risk again.

    A marker that has expired is in force again, for what has ended is the warning and not the link.

    Raises
    ------
    InputError
        The name names nobody in particular.
    """
    subject, events = person_subject(known, release.perpetrator, "perpetrator")
    linked = list(_linked(known, release))
    release_id = f"L-{known.next_seq + len(events)}"
    told = {
        "release_id": release_id,
        "out_of": release.out_of,
        "release_at": iso(release.release_at),
        "conditions": list(release.conditions),
        "linked": [marker.marker_id for marker in linked],
    }
    events.append(Event(NOTIFIED, subject, known.now, told))
    events += (_raise(known, release, release_id, marker) for marker in linked)
    concerned = list(dict.fromkeys(marker.subject for marker in linked))
    for each in concerned:
        events += _tasks(known, release, release_id, each, subject, len(events))
    return recheck(known, events, concerned)


def _linked(known: Known, release: Release) -> Iterator[Marker]:
    person = require_person(known, release.perpetrator, "perpetrator")
    meant = {each.subject for each in namesakes(known.state, person)}
    return (marker for marker in known.state.markers.values() if not meant.isdisjoint(marker.linked_to))


def _raise(known: Known, release: Release, release_id: str, marker: Marker) -> Event:
    rule = known.force.risk.releases
    until = days_after(max(release.release_at, known.now), rule.raise_days, known.force.time_zone)
    told = {"marker_id": marker.marker_id, "release_id": release_id, "level": rule.raise_to, "until": iso(until)}
    return Event("marker_raised", marker.subject, known.now, told)


def _tasks(known: Known, release: Release, release_id: str, victim: str, about: str, ahead: int) -> list[Event]:
    rule, now, at = known.force.risk.releases, known.now, release.release_at
    when = f"planned for {iso(at)}" if at > now else f"at {iso(at)}"
    because = f"release from {release.out_of} {when}"
    tell = task_event(known, ahead, "tell_victim", victim, because, tell_by(rule, now, at), about, release_id)
    again = reassess_by(rule, now, at)
    return [tell, task_event(known, ahead + 1, "reassess", victim, because, again, about, release_id)]


def tell_by(rule: Releases, now: datetime, release_at: datetime) -> datetime:
    """Return by when a victim is told: well before a planned release, else soon, and not after it where it is to come.

    Parameters
    ----------
    now
        When the news came.
    """
    early = hours_after(release_at, -rule.tell_before_hours)
    soon = now + timedelta(minutes=rule.tell_within_minutes)
    if early > now:
        return early
    return min(soon, release_at) if release_at > now else soon


def reassess_by(rule: Releases, now: datetime, release_at: datetime) -> datetime:
    """Return by when the risk is assessed again."""
    by = hours_after(now, rule.reassess_hours)
    return min(by, release_at) if release_at > now else by


def cancelled(known: Known, release_id: str, because: str) -> list[Event]:
    """Record that a release does not happen: its tasks are closed, and who was told of it is told of that.

    Raises
    ------
    Unknown
        There is no such release, or it was purged.
    Conflict
        It was cancelled already.
    """
    row, told = _release(known, release_id)
    for later in known.writing.about(row.subject or ""):
        if later.kind == CANCELLED and (later.details or {}).get("release_id") == release_id:
            raise Conflict(f"the release {release_id} was cancelled by {later.actor} at {later.recorded_at}")
    events = [Event(CANCELLED, row.subject, known.now, {"release_id": release_id, "because": because})]
    raised = [each for each in known.state.markers.values() if any(up.release_id == release_id for up in each.raised)]
    events += (_lower(known, marker, release_id, because) for marker in raised)
    tasks = [each for each in known.state.tasks.values() if each.release_id == release_id]
    ended = f"the release was cancelled: {because}"
    events += (
        Event("task_closed", task.subject, known.now, {"task_id": task.task_id, "because": ended}) for task in tasks
    )
    untold = {task.subject for task in tasks if task.kind == "tell_victim"}
    soon = known.now + timedelta(minutes=known.force.risk.releases.tell_within_minutes)
    for victim in dict.fromkeys(marker.subject for marker in raised):
        if victim not in untold:
            said = f"told of a release from {told['out_of']} that was cancelled"
            events.append(task_event(known, len(events), "inform_victim", victim, said, soon, row.subject, release_id))
    return events


def _release(known: Known, release_id: str) -> tuple[Row, dict[str, Any]]:
    number = re.fullmatch(r"L-([1-9]\d{0,17})", release_id)
    row = known.writing.row(int(number[1])) if number else None
    if row is None or row.kind != NOTIFIED or row.details is None:
        raise Unknown(f"there is no release {release_id}")
    return row, row.details


def _lower(known: Known, marker: Marker, release_id: str, because: str) -> Event:
    told = {"marker_id": marker.marker_id, "release_id": release_id, "because": because}
    return Event("marker_raise_ended", marker.subject, known.now, told)
