"""The answer for the whole queue: who goes to each waiting incident, and why others are left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from dispatch.model import Incident
from dispatch.recommendation import LeftBehind, Target
from graphs.times import MS_PER_S

Cause = Literal["outside_area", "nobody_eligible", "sent_elsewhere"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A unit that the plan sends to an incident.

    Parameters
    ----------
    time_ms
        Milliseconds from now until it is there, mobilisation included.
    leaves
        What it leaves, where it is committed to another incident.
    """

    callsign: str
    time_ms: int
    leaves: LeftBehind | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The nearest unit that could still go, and the incident that it goes to instead."""

    callsign: str
    incident_id: str
    grade: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an incident is left waiting, or gets less than it needs.

    Parameters
    ----------
    cause
        ``outside_area``: no time is known to a place off the roads. ``nobody_eligible``: rules keep every unit (or
        every other one) from being sent, whatever waits. ``sent_elsewhere``: units that may be sent go to incidents
        that come first; were those in ``without`` not there, the incident would get more than it does.
    text
        The reason for people to read.
    rules
        How many units fail each rule, for ``nobody_eligible``; a unit that fails two counts twice.
    steps
        For ``sent_elsewhere``: the nearest unit that may be sent and where it goes; where it would go if that incident
        did not ask for it; and so on.
    without
        For ``sent_elsewhere``: the incidents that together stand in the way.
    """

    cause: Cause
    text: str
    rules: tuple[tuple[str, int], ...] = ()
    steps: tuple[Step, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Queued:
    """One waiting incident, and what the plan does for it.

    Parameters
    ----------
    incident, target
        The incident, and by when it is to be attended.
    staying
        Callsigns of units that are committed to it already and that the plan leaves there.
    lost
        Callsigns of units that the plan takes away from it.
    sent
        Who goes, soonest first.
    late_ms
        By how much the first to attend is late; None where nobody is sent, somebody is committed already, or the target
        is not known.
    units_short, people_short
        How many units, and how many people of a tag's crew, are still missing.
    unmet
        Requirements that are not met, as in a single suggestion.
    reason
        Why something is missing; None where nothing is.
    """

    incident: Incident
    target: Target
    staying: tuple[str, ...]
    lost: tuple[str, ...]
    sent: tuple[Sent, ...]
    late_ms: int | None
    units_short: int
    people_short: int
    unmet: tuple[str, ...]
    reason: Reason | None

    @property
    def outcome(self) -> Literal["met", "partly_met", "waiting"]:
        """Whether it gets all that it needs, a part, or nobody attends at all."""
        if not self.units_short and not self.people_short:
            return "met"
        return "partly_met" if self.sent or self.staying else "waiting"


@dataclass(frozen=True, slots=True)
class Relief:
    """A nearer free unit that is proposed in place of one on its way.

    Parameters
    ----------
    relieved, callsign
        Who is on the way, and who would go instead.
    relieved_ms, time_ms
        How soon each would be there.
    """

    incident_id: str
    grade: str
    relieved: str
    callsign: str
    relieved_ms: int
    time_ms: int

    @property
    def gain_ms(self) -> int:
        """How much sooner somebody would be there."""
        return self.relieved_ms - self.time_ms


@dataclass(frozen=True, slots=True)
class Plan:
    """Who should go to each waiting incident, all of them together; it advises, a person sends.

    Parameters
    ----------
    queue
        Every incident that waits for somebody, or would once the plan takes a unit from it; most urgent grade first,
        then by name.
    reliefs
        Units to send in place of others, in the same order.
    versions
        Hashes of all that the plan rests on.
    """

    now: datetime
    queue: tuple[Queued, ...]
    reliefs: tuple[Relief, ...]
    versions: dict[str, Any]

    def queued(self, incident_id: str) -> Queued:
        """Return what the plan does for an incident; KeyError where it waits for nobody."""
        for each in self.queue:
            if each.incident.incident_id == incident_id:
                return each
        raise KeyError(incident_id)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON values: times in seconds to the millisecond."""
        return {
            "now": _moment(self.now),
            "queue": [_queued(each) for each in self.queue],
            "reliefs": [_relief(each) for each in self.reliefs],
            "versions": self.versions,
        }

    def to_json(self) -> bytes:
        """Return the plan as UTF-8 JSON; the same picture gives the same bytes at every door."""
        text = json.dumps(self.as_dict(), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode() + b"\n"


def _queued(queued: Queued) -> dict[str, Any]:
    incident, target = queued.incident, queued.target
    return {
        "incident_id": incident.incident_id,
        "grade": incident.grade,
        "received_at": _moment(incident.received_at),
        "units_needed": incident.units_needed,
        "tags": sorted(incident.tags),
        "outcome": queued.outcome,
        "target": {
            "setting": target.setting,
            "target_s": target.target_s,
            "clock": target.clock,
            "due_at": _moment(target.due_at),
        },
        "staying": list(queued.staying),
        "lost": list(queued.lost),
        "sent": [_sent(each) for each in queued.sent],
        "late_s": _seconds(queued.late_ms),
        "units_short": queued.units_short,
        "people_short": queued.people_short,
        "unmet": list(queued.unmet),
        "reason": _reason(queued.reason),
    }


def _sent(sent: Sent) -> dict[str, Any]:
    left = sent.leaves
    leaves = left and {
        "incident_id": left.incident_id,
        "grade": left.grade,
        "next_callsign": left.next_callsign,
        "delay_s": _seconds(left.delay_ms),
        "because": left.because,
    }
    return {"callsign": sent.callsign, "time_s": _seconds(sent.time_ms), "leaves": leaves}


def _reason(reason: Reason | None) -> dict[str, Any] | None:
    if reason is None:
        return None
    steps = ({"callsign": one.callsign, "incident_id": one.incident_id, "grade": one.grade} for one in reason.steps)
    return {
        "cause": reason.cause,
        "text": reason.text,
        "rules": dict(reason.rules),
        "steps": list(steps),
        "without": list(reason.without),
    }


def _relief(relief: Relief) -> dict[str, Any]:
    return {
        "incident_id": relief.incident_id,
        "grade": relief.grade,
        "relieved": relief.relieved,
        "callsign": relief.callsign,
        "relieved_s": _seconds(relief.relieved_ms),
        "time_s": _seconds(relief.time_ms),
        "gain_s": _seconds(relief.gain_ms),
    }


def _seconds(time_ms: int | None) -> float | None:
    return None if time_ms is None else time_ms / MS_PER_S


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
