"""The answer: who is nearest, who is suggested, and a ledger with one line for every unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

import orjson

from dispatch.eligibility import Failure
from dispatch.eta import Eta
from dispatch.model import Incident, Unit
from graphs.times import MS_PER_S

Outcome = Literal["suggested", "met", "nobody_eligible", "nobody_on_duty"]
Certainty = Literal["clear", "indistinguishable"]


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What sending a committed unit costs the incident that it leaves.

    Parameters
    ----------
    incident_id, grade
        The incident left behind.
    next_callsign, delay_ms
        Who would reach it next, and how much later than the unit now on its way; both None where that cannot be told.
    because
        Why it cannot be told, else empty.
    """

    incident_id: str | None
    grade: str | None
    next_callsign: str | None = None
    delay_ms: int | None = None
    because: str = ""


@dataclass(frozen=True)
class LedgerLine:
    """One unit: how soon it could be there, and whether it may be sent.

    Parameters
    ----------
    eta
        None where no time can be told; ``failed`` then says why.
    failed
        Every rule that keeps the unit from being sent; empty means eligible.
    straight_m
        Metres from its position to the incident in a straight line, for people to compare; nothing is decided by it.
    behind_ms
        How much later than the nearest of all.
    fix_age_ms
        Age of its position report; None where there is none or its time lies in the future.
    notes
        What a dispatcher should know about an eligible unit.
    leaving
        Finds what an eligible unit would leave; None where it is not committed.
    """

    unit: Unit
    status_label: str
    eta: Eta | None
    failed: tuple[Failure, ...]
    straight_m: float | None = None
    behind_ms: int | None = None
    fix_age_ms: int | None = None
    notes: tuple[str, ...] = ()
    leaving: Callable[[], LeftBehind] | None = field(default=None, compare=False, repr=False)

    @property
    def eligible(self) -> bool:
        """Whether no rule keeps the unit from being sent."""
        return not self.failed

    @cached_property
    def leaves(self) -> LeftBehind | None:
        """The incident that it would leave, where it is committed to one; found when asked for."""
        return None if self.leaving is None else self.leaving()

    @property
    def order(self) -> tuple[bool, int, str]:
        """Sort key: by time, units without a time last, ties by callsign."""
        return (self.eta is None, self.eta.time_ms if self.eta else 0, self.unit.callsign)


@dataclass(frozen=True, slots=True)
class Target:
    """Within what time the grade is to be attended, and when that is up.

    Parameters
    ----------
    setting
        ``urban``, ``rural`` or ``unknown``; unknown takes the shorter target.
    target_s
        Seconds from the clock, or None where the grade has no target.
    clock
        What the clock starts from.
    due_at
        When the target is up; None where there is no target or the start of the clock is not known.
    """

    setting: str
    target_s: int | None
    clock: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the brain says to one question; it advises, a person sends.

    Parameters
    ----------
    nearest
        First of all units on duty with a known place, whether or not it may be sent.
    nearest_eligible
        First of those that may be sent.
    suggested
        Who to send together, the nearest eligible first.
    unmet
        Requirements of the incident that ``suggested`` does not meet.
    certainty, indistinguishable_from
        ``indistinguishable`` where the doubt about another eligible unit's time overlaps that of the first suggested.
    gap_m
        Metres from the incident to the nearest road that serves it; ``warnings`` says when it is far.
    versions
        Hashes of all that the answer rests on.
    """

    now: datetime
    incident: Incident
    profile: str
    outcome: Outcome
    target: Target
    nearest: str | None
    nearest_eligible: str | None
    suggested: tuple[str, ...]
    unmet: tuple[str, ...]
    certainty: Certainty | None
    indistinguishable_from: tuple[str, ...]
    gap_m: float
    warnings: tuple[str, ...]
    ledger: tuple[LedgerLine, ...]
    versions: dict[str, Any]

    def line(self, callsign: str) -> LedgerLine:
        """Return the line of a unit; KeyError where it has none."""
        for line in self.ledger:
            if line.unit.callsign == callsign:
                return line
        raise KeyError(callsign)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as JSON values: times in seconds to the millisecond, lengths in metres to 0.1."""
        return {
            "now": _moment(self.now),
            "outcome": self.outcome,
            "nearest": self.nearest,
            "nearest_eligible": self.nearest_eligible,
            "suggested": list(self.suggested),
            "unmet": list(self.unmet),
            "certainty": self.certainty,
            "indistinguishable_from": list(self.indistinguishable_from),
            "incident": _incident(self.incident),
            "profile": self.profile,
            "target": {
                "setting": self.target.setting,
                "target_s": self.target.target_s,
                "clock": self.target.clock,
                "due_at": _moment(self.target.due_at),
            },
            "gap_m": round(self.gap_m, 1),
            "warnings": list(self.warnings),
            "ledger": [_line(line) for line in self.ledger],
            "versions": self.versions,
        }

    def to_json(self) -> bytes:
        """Return the answer as UTF-8 JSON; the same question gives the same bytes at every door.

        Numbers are written in the shortest form that reads back as the same number.

        Raises
        ------
        ValueError
            A position is not a number: JSON has no word for that, and null would say that it is not known.
        """
        told = (self.gap_m, self.incident.lat, self.incident.lon)
        straight_m = sum(line.straight_m for line in self.ledger if line.straight_m is not None)
        if not all(map(math.isfinite, (*told, straight_m))):
            raise ValueError("a position is not a number")
        return orjson.dumps(self.as_dict(), option=orjson.OPT_APPEND_NEWLINE)


def _line(line: LedgerLine) -> dict[str, Any]:
    unit, straight_m = line.unit, line.straight_m
    return {
        "callsign": unit.callsign,
        "eligible": not line.failed,
        "failed": [{"rule": failure.rule, "because": failure.because} for failure in line.failed],
        **(_TIMELESS if line.eta is None else _times(line.eta, line.behind_ms)),
        "straight_m": None if straight_m is None else round(straight_m, 1),
        "fix_age_s": None if line.fix_age_ms is None else line.fix_age_ms / MS_PER_S,
        "fix_gap_m": None if line.eta is None else round(line.eta.gap_m, 1),
        "status": unit.status,
        "status_label": line.status_label,
        "crew": unit.crew,
        "skills": sorted(unit.skills),
        "sector": unit.sector,
        "notes": list(line.notes),
        "leaves": None if line.leaves is None else _left(line.leaves),
    }


def _times(eta: Eta, behind_ms: int | None) -> dict[str, float | None]:
    return {
        "time_s": eta.time_ms / MS_PER_S,
        "earliest_s": eta.earliest_ms / MS_PER_S,
        "latest_s": eta.latest_ms / MS_PER_S,
        "behind_s": None if behind_ms is None else behind_ms / MS_PER_S,
        "mobilisation_s": eta.mobilisation_ms / MS_PER_S,
        "drive_s": eta.drive_ms / MS_PER_S,
        "walk_s": eta.walk_ms / MS_PER_S,
        "length_m": round(eta.length_m, 1),
    }


_TIMELESS = dict.fromkeys(
    ("time_s", "earliest_s", "latest_s", "behind_s", "mobilisation_s", "drive_s", "walk_s", "length_m")
)


def _left(left: LeftBehind) -> dict[str, Any]:
    return {
        "incident_id": left.incident_id,
        "grade": left.grade,
        "next_callsign": left.next_callsign,
        "delay_s": _seconds(left.delay_ms),
        "because": left.because,
    }


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "incident_id": incident.incident_id,
        "received_at": _moment(incident.received_at),
        "lat": incident.lat,
        "lon": incident.lon,
        "grade": incident.grade,
        "type": incident.type,
        "tags": sorted(incident.tags),
        "needs": sorted(incident.needs),
        "units_needed": incident.units_needed,
        "sector": incident.sector,
        "on_road": incident.on_road,
        "graded_at": _moment(incident.graded_at),
        "raised_by": list(incident.raised_by),
    }


def _seconds(time_ms: int | None) -> float | None:
    return None if time_ms is None else time_ms / MS_PER_S


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
