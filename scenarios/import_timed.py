"""Settle the times of rows: two readings of an hour, times of day without a date, numbers that restart each day."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from graphs.errors import Fault
from graphs.faults import NOTHING
from scenarios.import_clocks import Clock, UnreadableError, Written
from scenarios.import_files import Line
from scenarios.import_rows import LOG_DATE, STEPS, halves

# When facts were written down; they stand apart from the order in which these came about.
_ENTERED: Final = ("entered_at", "closed_entered_at", "cleared_entered_at", "end_entered_at")


@dataclass(slots=True)
class Timed:
    """A row and its times, as they were written and, once they are settled, as moments in UTC."""

    table: str
    line: Line
    clock: Clock
    restarts: bool = False
    written: dict[str, Written] = field(default_factory=dict)
    moments: dict[str, datetime] = field(default_factory=dict)

    @property
    def incident_id(self) -> str:
        """The incident that the row is of."""
        return self.line.values.get("incident_id", "")

    def fault(self, name: str, value: str, accepted: str, hint: str = "") -> None:
        """Keep what is wrong with the row."""
        self.line.faults.append(Fault(self.line.source, self.line.where, name, value, accepted, hint))

    def steps(self) -> list[tuple[str, Written]]:
        """Return the times that the row has, in the order in which they came about."""
        return [(name, self.written[name]) for name in STEPS[self.table] if name in self.written]


def timed(table: str, line: Line, clock: Clock, *, restarts: bool) -> Timed:
    """Read the times of a row; what cannot be read becomes a fault of it."""
    row = Timed(table, line, clock, restarts)
    for name in (*STEPS[table], *_ENTERED):
        text = _text(line, name)
        if text:
            try:
                row.written[name] = clock.read(text)
            except UnreadableError as error:
                row.fault(name, f'"{text}"', error.accepted, error.hint)
    return row


def _text(line: Line, name: str) -> str:
    """Return a time as it was written, from one column or from two."""
    on, at = halves(name)
    day, of_day = line.values.pop(on, ""), line.values.pop(at, "")
    whole = line.values.pop(name, "")
    if whole or not of_day:
        return whole
    return f"{day} {of_day}".strip()


def settle(rows: Mapping[str, Sequence[Timed]]) -> Counter[str]:
    """Settle the times of all tables; what cannot be told becomes a fault of its row.

    Returns
    -------
    Counter
        How many rows had a time that was there twice and was told by the ``order`` of steps or by the ``manifest``, and
        how many units were sent ``before_received``.
    """
    counts = Counter[str]()
    _name_by_day(rows)
    about = dict[str, list[Timed]]()
    for row in rows.get("assignments", ()):
        about.setdefault(row.incident_id, []).append(row)
    received = dict[str, datetime]()
    for row in rows.get("incidents", ()):
        _settle_incident(row, about.get(row.incident_id, ()), counts)
        if "received_at" in row.moments:
            received.setdefault(row.incident_id, row.moments["received_at"])
    for table, some in rows.items():
        for row in some if table != "incidents" else ():
            _settle_row(row, received.get(row.incident_id), counts)
    for row in (row for some in rows.values() for row in some):
        _settle_entered(row, counts)
    return counts


def _settle_incident(row: Timed, about: Sequence[Timed], counts: Counter[str]) -> None:
    first = row.written.get("received_at")
    if first is None:
        return
    closed = [(row.clock, [row.written["closed_at"]])] if "closed_at" in row.written else []
    chains = closed + [(each.clock, [step for _, step in each.steps()]) for each in about]
    try:
        readings = row.clock.readings(first, None)
        best = _best(readings, chains) if len(readings) > 1 else readings
        found = row.clock.choose([(moment,) for moment in best], doubtful=len(readings) > 1)
    except UnreadableError as error:
        row.fault("received_at", f'"{first.text}"', error.accepted, error.hint)
        return
    counts[found.how] += 1
    row.moments["received_at"] = found.moments[0]
    if closed:
        _settle_steps(row, [("closed_at", row.written["closed_at"])], found.moments[0], "received_at", counts)


def _best(readings: Sequence[datetime], chains: Sequence[tuple[Clock, Sequence[Written]]]) -> list[datetime]:
    """Return the readings of a receipt after which the most chains of steps are in order."""
    fits = [sum(_goes(clock, steps, moment) for clock, steps in chains) for moment in readings]
    return [moment for moment, count in zip(readings, fits, strict=True) if count == max(fits)]


def _goes(clock: Clock, steps: Sequence[Written], after: datetime) -> bool:
    with suppress(UnreadableError):
        return next(clock.in_order(steps, after), None) is not None
    return False


def _settle_row(row: Timed, received: datetime | None, counts: Counter[str]) -> None:
    steps = row.steps()
    if not steps:
        return
    if received is not None and row.table == "assignments" and not _starts_after(row, received):
        counts["before_received"] += 1
        received = None
    before = "" if received is None or row.table != "assignments" else "received_at"
    # Grades and tags may be written down with the call itself, by another clock.
    _settle_steps(row, steps, received if before or steps[0][1].of_day else None, before, counts)


def _starts_after(row: Timed, received: datetime) -> bool:
    """Tell whether a unit can have been sent when the call had come in; a time of day alone always can."""
    first = row.written.get("assigned_at")
    if first is None or first.of_day is not None:
        return True
    try:
        return max(row.clock.readings(first, None)) >= received
    except UnreadableError:
        return True


def _settle_steps(
    row: Timed, steps: Sequence[tuple[str, Written]], after: datetime | None, before: str, counts: Counter[str]
) -> None:
    texts = ", ".join(f'"{written.text}"' for _, written in steps)
    try:
        found = row.clock.settle([written for _, written in steps], after)
    except UnreadableError as error:
        names = ", ".join(name for name, _ in steps)
        row.fault(*_unreadable(row, steps, after) or (names, texts), error.accepted, error.hint)
        return
    if found is None:
        row.fault(*_out_of_order(row, steps, after, before))
        return
    counts[found.how] += 1
    row.moments |= zip((name for name, _ in steps), found.moments, strict=True)


def _unreadable(row: Timed, steps: Iterable[tuple[str, Written]], after: datetime | None) -> tuple[str, str] | None:
    """Return the first time that is none by itself, or was there twice."""
    for name, written in steps:
        try:
            if written.of_day is None and len(row.clock.readings(written, after)) == 1:
                continue
        except UnreadableError:
            pass
        return name, f'"{written.text}"'
    return None


def _out_of_order(
    row: Timed, steps: Sequence[tuple[str, Written]], after: datetime | None, before: str
) -> tuple[str, str, str, str]:
    """Say which step cannot come after the one before it."""
    told = "" if after is None else after.isoformat()
    for count in range(1, len(steps) + 1):
        with suppress(UnreadableError):
            if next(row.clock.in_order([written for _, written in steps[:count]], after), None) is not None:
                before, told = steps[count - 1][0], steps[count - 1][1].text
                continue
        break
    name, written = steps[min(count, len(steps)) - 1]
    hint = "steps out of order" if written.of_day is None else "or a time of day of more than 12 hours after it"
    return name, f'"{written.text}"', f"a moment not before {before}, {told}".replace(" ,", ","), hint


def moment_about(row: Timed) -> datetime | None:
    """Return when a row's first step happened, or else a later one, also where its steps are out of order."""
    if row.moments:
        return min(row.moments.values())
    for _, written in row.steps():
        try:
            return row.clock.readings(written, None)[0]
        except UnreadableError:
            continue
    return None


def _settle_entered(row: Timed, counts: Counter[str]) -> None:
    first = next(iter(row.moments.values()), None)
    for name in _ENTERED:
        if name in row.written:
            _settle_one(row, name, first, counts)


def _settle_one(row: Timed, name: str, first: datetime | None, counts: Counter[str]) -> None:
    written = row.written[name]
    try:
        readings = row.clock.readings(written, first)
        later = [moment for moment in readings if first is None or moment >= first] or readings
        found = row.clock.choose([(moment,) for moment in later], doubtful=len(readings) > 1)
    except UnreadableError as error:
        row.fault(name, f'"{written.text}"', error.accepted, error.hint)
        return
    counts[found.how] += 1
    row.moments[name] = found.moments[0]


def _name_by_day(rows: Mapping[str, Sequence[Timed]]) -> None:
    """Put the date before numbers that restart each day: the date of receipt, in the force's zone."""
    days = dict[str, list[tuple[datetime, str]]]()
    for row in rows.get("incidents", ()):
        number, at = row.incident_id, _local(row, "received_at")
        if row.restarts and number and at is not None:
            day = _log_day(row) or at.date()
            row.line.values["incident_id"] = f"{day.isoformat()}/{number}"
            days.setdefault(number, []).append((at, f"{day.isoformat()}/{number}"))
    for each in days.values():
        each.sort()
    for table, some in rows.items():
        for row in some:
            if row.restarts and table != "incidents" and row.incident_id:
                _name_of(row, days.get(row.incident_id, []))
    _name_merged(rows.get("incidents", ()), days)


def _name_of(row: Timed, of_number: Sequence[tuple[datetime, str]]) -> None:
    """Name the incident of a row: that of the day it names, or the last of its number received before it."""
    day, number = _log_day(row), row.incident_id
    if day is not None:
        row.line.values["incident_id"] = f"{day.isoformat()}/{number}"
        return
    at = _local(row, row.steps()[0][0]) if row.steps() else None
    place = 0 if at is None else bisect_right(of_number, (at, "\U0010ffff"))
    if place:
        row.line.values["incident_id"] = of_number[place - 1][1]
    else:
        row.fault("incident_id", f'"{number}"', "a number of an incident received before it, or a column log_date")


def _name_merged(incidents: Iterable[Timed], days: Mapping[str, Sequence[tuple[datetime, str]]]) -> None:
    for row in incidents:
        number, at = row.line.values.get("merged_into"), _local(row, "received_at")
        if number is None or not row.restarts or at is None:
            continue
        earlier = [name for when, name in days.get(number, ()) if when <= at and name != row.incident_id]
        if earlier:
            row.line.values["merged_into"] = earlier[-1]
        else:
            row.fault("merged_into", f'"{number}"', "a number of an incident received before it")


def _local(row: Timed, name: str) -> datetime | None:
    """Return a time by the wall clock of the force, without its zone."""
    written = row.written.get(name)
    if written is None or written.of_day is not None:
        return None
    if written.moment is not None:
        return written.moment.astimezone(row.clock.zone or UTC).replace(tzinfo=None)
    return written.local


def _log_day(row: Timed) -> date | None:
    text = row.line.values.get(LOG_DATE)
    if text is None:
        return None
    for read in (date.fromisoformat, *map(_by_format, row.clock.formats)):
        with suppress(ValueError):
            return read(text)
    row.fault(LOG_DATE, f'"{text}"' if text else NOTHING, "a date")
    return None


def _by_format(pattern: str) -> Callable[[str], date]:
    on = pattern.split(" %H", maxsplit=1)[0]
    return lambda text: datetime.strptime(text, on).replace(tzinfo=UTC).date()
