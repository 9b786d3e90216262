"""What supervision watches, as values: incidents of a period with their rows, who was sent, and the response."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

import orjson

from dispatch.advice import RECOMMENDED
from dispatch.fold import case_of
from dispatch.record import Row
from dispatch.state import Assignment, Case

# Who sends two units names one after the other: what follows within a minute was one decision.
TOGETHER: Final = timedelta(seconds=60)
DOMESTIC_ABUSE: Final = "domestic_abuse"
RECEIVED: Final = "incident_received"
LINKED: Final = "incident_linked"
REGRADED: Final = "incident_regraded"
AMENDED: Final = "incident_amended"
ASSIGNED: Final = "unit_assigned"
STEPS: Final = ("unit_en_route", "unit_at_scene", "unit_clear", "unit_stood_down", "unit_diverted")
CLOSURES: Final = ("closure_opened", "closure_lifted")
_ABOUT: Final = (RECEIVED, REGRADED, AMENDED, LINKED, "incident_closed", "incident_cancelled")
OF_INCIDENTS: Final = (*_ABOUT, ASSIGNED, *STEPS, RECOMMENDED)
# What may change who should go, beside the incident itself.
OF_UNITS: Final = ("unit_on_duty", "unit_off_duty", "unit_status", "unit_crew", ASSIGNED, *STEPS, *CLOSURES)
Arrival = Literal["recorded", "missing", "doubtful", "nobody_sent", "waiting"]
Standing = Literal["in_target", "late", "overdue", "pending", "zero", "unclocked", "missing", "doubtful", "nobody_sent"]


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation that was kept before a unit was sent.

    Parameters
    ----------
    seq, answer_sha256
        Its row, and its answer as a document.
    moved
        The units of which something was recorded between it and the sending.
    """

    seq: int
    answer_sha256: str
    moved: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sending:
    """The first decision to send units to an incident, without what was taken back at once.

    Parameters
    ----------
    at, seq
        When the first was assigned, and its row.
    sent
        The assignments that were one decision.
    advice, unknown
        What was advised at that moment; None where that is not known, and ``unknown`` says why.
    """

    at: datetime
    seq: int
    sent: tuple[Assignment, ...]
    advice: Advice | None = None
    unknown: str = ""

    @property
    def callsigns(self) -> tuple[str, ...]:
        """Who was sent."""
        return tuple(dict.fromkeys(each.callsign for each in self.sent))

    @property
    def suggested(self) -> bool:
        """Whether each of them was suggested when it was sent."""
        return all(each.suggested for each in self.sent)


@dataclass(frozen=True, slots=True)
class Response:
    """When somebody was there, against the target of the grade held then.

    Parameters
    ----------
    arrival
        ``waiting`` where it is open and nobody is known to be there; ``missing`` where it has ended without that.
    clock, target_s, due_at
        What the target counts from, the target, and when it is up; None where there is none or no clock has begun.
    at
        The first arrival that stops the clock and can be believed, or None.
    """

    arrival: Arrival
    grade: str
    clock: str
    target_s: int | None
    due_at: datetime | None
    at: datetime | None = None

    def standing(self, now: datetime) -> Standing | None:
        """Return how it stands against its target; None where there is none.

        ``overdue`` is late with nobody there yet, ``pending`` is not up yet; ``zero`` took no time at all, and when the
        clock of one that is ``unclocked`` began is not known.
        """
        if self.target_s is None:
            return None
        if self.arrival == "waiting":
            return "overdue" if self.due_at is not None and now > self.due_at else "pending"
        if self.arrival != "recorded" or self.at is None:
            return "missing" if self.arrival == "recorded" else self.arrival
        if self.due_at is None:
            return "unclocked"
        if self.at <= self.due_at - timedelta(seconds=self.target_s):
            return "zero"
        return "late" if self.at > self.due_at else "in_target"

    def late_s(self, now: datetime) -> float | None:
        """Return by how much somebody was late, or is by now; None where nobody is known to be."""
        if self.due_at is None or self.standing(now) not in {"late", "overdue"}:
            return None
        return ((self.at or now) - self.due_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Watched:
    """An incident as a supervisor sees it.

    Parameters
    ----------
    grade, tags, sector
        As they were known when units were first sent; when it was received, where none was.
    assignments
        Every unit sent, to second reports of it too.
    domestic_abuse
        Whether it is one, by all that became known.
    sending
        None where nobody was sent.
    dropped, unknown
        Why there is nothing to judge, and why it cannot be; both empty where it can be.
    response
        None where nobody was to travel to it.
    """

    incident_id: str
    received_at: datetime
    grade: str
    tags: tuple[str, ...]
    sector: str | None
    assignments: tuple[Assignment, ...]
    domestic_abuse: bool
    sending: Sending | None
    dropped: str = ""
    unknown: str = ""
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """That a unit said that it was there."""

    incident_id: str
    callsign: str
    at: datetime


class Moved(NamedTuple):
    """Something that may change who should go, as far as it is looked at; see `Row`."""

    seq: int
    kind: str
    subject: str | None
    actor: str
    key: str | None
    payload: str | None

    @property
    def unit(self) -> str:
        """The callsign that it is about."""
        if self.kind != ASSIGNED and self.kind not in STEPS:
            return self.subject or ""
        return "" if self.payload is None else str(orjson.loads(self.payload)["callsign"])


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known beside the incidents' own rows.

    Parameters
    ----------
    units
        What is of `OF_UNITS`, in order.
    skills
        Those aboard, by duty; a duty that is not there has none.
    elsewhere
        Arrivals that cannot be: the unit's own position was elsewhere.
    """

    units: Sequence[Moved] = ()
    skills: Mapping[str, frozenset[str]] = field(default_factory=dict)
    elsewhere: frozenset[Arrived] = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """An incident with its rows, second reports of it included.

    Parameters
    ----------
    case
        What the record comes to, of itself alone.
    received_at
        When it was first reported.
    assignments
        Of all reports, in the order in which they were made.
    rows
        Of itself alone; ``all_rows`` those of second reports too.
    """

    case: Case
    received_at: datetime
    assignments: tuple[Assignment, ...]
    rows: tuple[Row, ...]
    all_rows: Mapping[int, Row]


def told_of(rows: Iterable[Row]) -> list[Told]:
    """Return the incidents that rows tell of, by number of the row that received them.

    Parameters
    ----------
    rows
        All of `OF_INCIDENTS` about each of them, in order.
    """
    about = defaultdict[str, list[Row]](list)
    for row in rows:
        about[row.subject or ""].append(row)
    cases = {name: case_of(each, name) for name, each in about.items()}
    known = {name: case for name, case in cases.items() if case is not None}
    second = defaultdict[str, list[Case]](list)
    for case in known.values():
        if case.duplicate_of is not None:
            second[case.duplicate_of].append(case)
    return [_told(case, second[name], about) for name, case in known.items()]


def _told(case: Case, second: Sequence[Case], about: Mapping[str, list[Row]]) -> Told:
    every = (case, *second)
    sent = sorted(
        (item for each in every for item in each.assignments), key=lambda item: (item.assigned_at, item.callsign)
    )
    rows = {row.seq: row for each in every for row in about[each.incident_id]}
    first = min(each.received_at for each in every)
    return Told(case, first, tuple(sent), tuple(about[case.incident_id]), rows)


def arrivals_of(told: Iterable[Told]) -> list[Arrived]:
    """Return every arrival, to be held against where the unit was."""
    return [
        Arrived(each.case.incident_id, item.callsign, item.at_scene_at)
        for each in told
        for item in each.assignments
        if item.at_scene_at is not None
    ]
