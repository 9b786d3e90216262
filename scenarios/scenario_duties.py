"""From the rows of a roster to duties, each with its moments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise

from graphs.errors import Fault
from graphs.faults import written
from scenarios.scenario import Break, Duty
from scenarios.scenario_clock import Period
from scenarios.scenario_rows import RosterRow
from scenarios.scenario_tables import Rows

_MS_PER_MIN = 60_000


@dataclass(frozen=True, slots=True)
class Rostered:
    """A duty, and the row and the day that it comes from."""

    duty: Duty
    where: str
    day: date


def rostered(rows: Rows[RosterRow], period: Period) -> list[Rostered]:
    """Return the duties of all sound rows that fall into a period, in order of beginning and callsign."""
    found = [
        Rostered(duty, read.where, day)
        for read in rows.rows
        if read.sound and not read.unsound
        for day in period.dates
        if day in read.row.on() and (duty := _duty(read.row, day, period)) is not None
    ]
    return sorted(found, key=lambda each: (each.duty.start_ms, each.duty.callsign, each.duty.end_ms))


def _duty(row: RosterRow, day: date, period: Period) -> Duty | None:
    """Return the duty that begins on a day; None where it lies outside the period, or in an hour that clocks skip."""
    begins, ends = row.from_to_min()
    start_ms, end_ms = period.time_ms(day, begins), period.time_ms(day, ends)
    if end_ms <= max(start_ms, period.begin_ms) or start_ms >= period.until_ms:
        return None
    return Duty(
        callsign=row.callsign,
        start_ms=start_ms,
        end_ms=end_ms,
        crew=row.crew,
        skills=frozenset(row.skills),
        sector=row.sector,
        station=row.station,
        vehicle=row.vehicle,
        patrol=row.patrol,
        breaks=tuple(_breaks(row, day, period, end_ms)),
    )


def _breaks(row: RosterRow, day: date, period: Period, end_ms: int) -> Iterator[Break]:
    for rest in sorted(row.rests(), key=lambda each: each.earliest_min):
        lasts_ms = rest.lasts_min * _MS_PER_MIN
        # Where clocks skip an hour of the duty, a break that would then end after it has to begin sooner.
        latest_ms = min(period.time_ms(day, rest.latest_min), end_ms - lasts_ms)
        earliest_ms = min(period.time_ms(day, rest.earliest_min), latest_ms)
        if earliest_ms >= period.time_ms(day, row.from_to_min()[0]):
            yield Break(earliest_ms, latest_ms, lasts_ms)


def overlaps(rows: Rows[RosterRow], duties: Sequence[Rostered], period: Period) -> Iterator[Fault]:
    """Yield the rows by which one callsign is on duty twice at a time, each pair of rows once."""
    by_callsign = sorted(duties, key=lambda each: (each.duty.callsign, each.duty.start_ms))
    told = set[frozenset[str]]()
    for callsign, each in groupby(by_callsign, key=lambda one: one.duty.callsign):
        for before, after in pairwise(each):
            pair = frozenset((before.where, after.where))
            if after.duty.start_ms < before.duty.end_ms and pair not in told:
                told.add(pair)
                value = f"{written(callsign)}, on duty twice: {_span(before, period)} and {_span(after, period)}"
                accepted = "one duty of a callsign at a time"
                also = f"the other is {before.where}" if before.where != after.where else "its days follow too closely"
                yield Fault(rows.source, after.where, "callsign", value, accepted, also)


def _span(rostered: Rostered, period: Period) -> str:
    start, end = (
        (period.start + timedelta(milliseconds=edge)).astimezone(period.zone)
        for edge in (rostered.duty.start_ms, rostered.duty.end_ms)
    )
    return f"{start:%a %Y-%m-%d %H:%M} to {end:%H:%M}"
