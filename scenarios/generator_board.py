"""What the control room of a made-up period has been told, message by message, as it comes in.

It keeps a live board. That is another way to the same facts than going back through a finished record, on purpose: what
a replay rebuilds is held against it.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar

from dispatch.force import Force
from dispatch.model import Fix, Picture, Unit
from scenarios.generator_shift import Duty, Report, Sent, Told

_KEPT: Final = 200
# So long an assignment is believed of which nothing more is heard.
_BELIEVED_S: Final = 7_200
Value = TypeVar("Value")


def moment(time_s: int) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromtimestamp(time_s, UTC)


@dataclass(slots=True)
class _Row:
    """What the board shows of one callsign."""

    duties: list[Duty] = field(default_factory=list)
    ended_s: list[int] = field(default_factory=list)
    statuses: deque[Told] = field(default_factory=lambda: deque(maxlen=_KEPT))
    reports: deque[Report] = field(default_factory=lambda: deque(maxlen=_KEPT))
    bound: list[Sent] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def duty(self, now_s: int) -> Duty | None:
        there = [each for each in self.duties if each.start_s <= now_s < each.end_s]
        return max(there, key=lambda each: each.start_s, default=None)

    def since(self, now_s: int) -> int:
        """Return since when what is reported is of the crew that is on duty."""
        duty = self.duty(now_s)
        begun_s = now_s if duty is None else duty.start_s
        return max((end for end in self.ended_s if end <= begun_s), default=0)

    def status(self, now_s: int, since_s: int) -> Told | None:
        """Return the newest status from before a moment; of two of one second, the one that can be read."""
        told = [each for each in self.statuses if since_s <= each.at_s < now_s]
        return max(told, key=lambda each: (each.at_s, each.code is not None), default=None)

    def fix(self, now_s: int, since_s: int) -> Report | None:
        """Return the newest report that had come in by a moment."""
        come = [each for each in self.reports if each.received_s <= now_s and each.fixed_s >= since_s]
        return max(come, key=lambda each: (each.fixed_s, each.received_s), default=None)


class Board:
    """A live board.

    Parameters
    ----------
    force
        The force's rules.
    readable
        Whether the record keeps what happened at a moment: what it does not keep, the board never hears.
    """

    def __init__(self, force: Force, readable: Callable[[int], bool]) -> None:
        self._force, self._readable = force, readable
        self._rows = defaultdict[str, _Row](_Row)
        self._coming = list[tuple[int, int, Callable[[], None]]]()
        self._count = 0
        self.grades = dict[str, tuple[int, str | None]]()
        self.tags = dict[str, tuple[int, frozenset[str]]]()

    def at(self, known_s: int, hear: Callable[[], None]) -> None:
        """Hear something at a moment."""
        self._count += 1
        heapq.heappush(self._coming, (known_s, self._count, hear))

    def hear(self, now_s: int) -> None:
        """Take in all that has come by a moment."""
        while self._coming and self._coming[0][0] <= now_s:
            heapq.heappop(self._coming)[2]()

    def on_duty(self, duty: Duty) -> None:
        """Be told of a duty."""
        row = self._rows[duty.callsign]
        row.ended_s.append(duty.end_s)
        self.at(max(duty.start_s, duty.entered_s), lambda: row.duties.append(duty))
        self.at(duty.end_s, lambda: self._ended(row, duty))

    def _ended(self, row: _Row, duty: Duty) -> None:
        for sent in row.sent:
            if sent.assigned_s < duty.end_s and not sent.records_clear:
                self._release(sent)
        row.duties = [each for each in row.duties if each is not duty]

    def told(self, message: Report | Told) -> None:
        """Be told where a unit is, or what it does."""
        row = self._rows[message.callsign]
        if isinstance(message, Report):
            ahead_s = message.fixed_s - message.received_s
            if ahead_s <= self._force.fixes.future_tolerance_s:
                self.at(message.received_s, lambda: row.reports.append(message))
        elif self._readable(message.at_s):
            self.at(message.entered_s, lambda: self._status(row, message))
        else:
            self.unread(message.callsign, message.entered_s)

    def unread(self, callsign: str, at_s: int) -> None:
        """Be told something of a unit that the records cannot use: what it does from then on is not known."""
        row = self._rows[callsign]
        self.at(at_s, lambda: row.statuses.append(Told(callsign, at_s, None, at_s)))

    def _status(self, row: _Row, told: Told) -> None:
        row.statuses.append(told)
        if told.code is not None and self._force.statuses[told.code].deployable == "yes":
            for sent in row.sent:
                if sent.assigned_s < told.at_s and not sent.records_clear:
                    self._release(sent)

    def assigned(self, sent: Sent) -> None:
        """Be told that a unit is sent."""
        if not sent.readable:
            return
        row = self._rows[sent.callsign]
        row.sent.append(sent)
        self.at(max(sent.assigned_s, sent.entered_s), lambda: self._bind(row, sent))

    def _bind(self, row: _Row, sent: Sent) -> None:
        for other in row.sent:
            if other.incident_id != sent.incident_id and other.assigned_s < sent.assigned_s and not other.records_clear:
                self._release(other)
        if not sent.over:
            row.bound.append(sent)

    def cleared(self, sent: Sent) -> None:
        """Be told that a unit is done with an incident."""
        if sent.readable and sent.records_clear and sent.cleared_s is not None:
            self.at(max(sent.cleared_s, sent.entered_s), lambda: self._release(sent))

    def closed(self, incident_id: str, closed_s: int) -> None:
        """Be told that an incident is closed."""
        self.at(closed_s, lambda: self._close(incident_id))

    def _close(self, incident_id: str) -> None:
        for row in self._rows.values():
            for sent in row.sent:
                if sent.incident_id == incident_id and not sent.records_clear:
                    self._release(sent)

    def _release(self, sent: Sent) -> None:
        sent.over = True
        row = self._rows[sent.callsign]
        row.bound = [each for each in row.bound if each is not sent]
        row.sent = [each for each in row.sent if each is not sent]

    def graded(self, incident_id: str, at_s: int, grade: str | None, entered_s: int) -> None:
        """Be told of a grade."""
        self.at(max(at_s, entered_s), lambda: _newest(self.grades, incident_id, at_s, grade))

    def tagged(self, incident_id: str, at_s: int, tags: frozenset[str], entered_s: int) -> None:
        """Be told of tags."""
        self.at(max(at_s, entered_s), lambda: _newest(self.tags, incident_id, at_s, tags))

    def picture(self, now_s: int, but: str = "", sent: Iterable[str] = (), lag_s: int = 0) -> Picture:
        """Return what is known at a moment, without one incident's own assignments.

        Parameters
        ----------
        sent
            Callsigns that are in the picture whether or not a duty of theirs is known.
        lag_s
            How long positions take to the screen.
        """
        asked, units = frozenset(sent), list[Unit]()
        for callsign, row in sorted(self._rows.items()):
            duty = row.duty(now_s)
            if duty is not None or callsign in asked:
                units.append(self._unit(callsign, row, duty, now_s, but, lag_s))
        return Picture(moment(now_s), tuple(units))

    def doubtful(self, now_s: int, but: str) -> frozenset[str]:
        """Return the units of which it is not known whether they are free again: sent long ago, and silent since."""
        found = set[str]()
        for callsign, row in self._rows.items():
            believed, others = self._busy_with(row, now_s, row.since(now_s), but)
            if others and not believed:
                found.add(callsign)
        return frozenset(found)

    def _busy_with(self, row: _Row, now_s: int, since_s: int, but: str) -> tuple[list[Sent], list[Sent]]:
        """Return the assignments that count, and those that are too old to be believed without any sign."""
        status = row.status(now_s, since_s)
        there = [each for each in row.bound if each.incident_id != but and since_s <= each.assigned_s < now_s]
        seen_s = 0 if status is None else status.at_s
        old = [
            each
            for each in there
            if not each.records_clear and seen_s < each.assigned_s and now_s - each.assigned_s > _BELIEVED_S
        ]
        return [each for each in there if each not in old], old

    def _rank(self, sent: Sent) -> int:
        grade = self.grades.get(sent.incident_id, (0, None))[1]
        return -1 if grade is None else self._force.grades[grade].rank

    def _unit(self, callsign: str, row: _Row, duty: Duty | None, now_s: int, but: str, lag_s: int) -> Unit:
        since_s = row.since(now_s)
        report = row.fix(now_s - lag_s, since_s)
        status = row.status(now_s, since_s)
        bound = min(self._busy_with(row, now_s, since_s, but)[0], key=self._rank, default=None)
        return Unit(
            callsign=callsign,
            status=None if status is None else status.code,
            fix=None if report is None else _fix(report),
            crew=None if duty is None else duty.crew,
            skills=frozenset() if duty is None else duty.skills,
            sector=None if duty is None else duty.sector,
            duty_start=None if duty is None else moment(duty.start_s),
            duty_end=None if duty is None else moment(duty.end_s),
            incident_id=None if bound is None else bound.incident_id,
            committed_grade=None if bound is None else self.grades.get(bound.incident_id, (0, None))[1],
        )


def _newest(kept: dict[str, tuple[int, Value]], name: str, at_s: int, value: Value) -> None:
    if name not in kept or at_s >= kept[name][0]:
        kept[name] = at_s, value


def _fix(report: Report) -> Fix:
    return Fix(
        report.lat, report.lon, moment(report.fixed_s), report.accuracy_m, report.course_deg, report.speed_kmh
    )  # fmt: skip
