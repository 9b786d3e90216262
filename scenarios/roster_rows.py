"""Duties as the rows of a roster: which crews there are, on which days, from which station; and the officers aboard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scenarios.roster_lines import Line
from scenarios.roster_need import Load
from scenarios.roster_rules import HOURS_A_DAY, Rules
from scenarios.roster_shifts import Cover, Kind, Shift
from scenarios.scenario import Duty, Scenario, Station
from scenarios.scenario_clock import DAILY, WEEKDAYS, Period, written_clock
from scenarios.scenario_duties import rostered
from scenarios.scenario_rows import RosterRow
from scenarios.scenario_tables import Read, Rows

ROSTER: Final = "roster.csv"
_MIN: Final = 60
# A break may begin so long before or after the middle of its duty; crews of one hour take theirs one after the other.
_AROUND_MIN: Final = 60
_APART_MIN: Final = 30
_TURNS: Final = 3
# Nobody reads 10:37 as a time for a break.
_STEP_MIN: Final = 15


@dataclass(frozen=True, slots=True)
class Crew:
    """A callsign that has the same hours on certain days."""

    callsign: str
    kind: Kind
    start_h: int
    hours: int
    days: tuple[int, ...]
    station: Station

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """Its duties of the week."""
        return tuple(Shift(day * HOURS_A_DAY + self.start_h, self.hours) for day in self.days)


def crews_of(found: Cover, load: Load, stations: Sequence[Station]) -> tuple[Crew, ...]:
    """Give duties callsigns and stations, so that in every hour crews stand where the load is.

    Each takes the station that, over its hours, lacks most of its share of the crews on duty.
    """
    total, held = found.on_duty(), Counter[tuple[str, int]]()
    crews, named = list[Crew](), Counter[int]()
    for kind, start_h, hours, days in _templates(found):
        shifts = [Shift(day * HOURS_A_DAY + start_h, hours) for day in days]
        slots = [slot for shift in shifts for slot in shift.covers]

        def lacking(station: Station, slots: Sequence[int] = slots) -> float:
            there = sum(held[station.name, slot] for slot in slots)
            return _share(load, station.name, slots) * sum(total[slot] for slot in slots) - there

        station = max(stations, key=lacking)
        held.update((station.name, slot) for slot in slots)
        named[start_h] += 1
        crews.append(Crew(f"R{start_h:02d}-{named[start_h]}", kind, start_h, hours, days, station))
    return tuple(crews)


def _share(load: Load, station: str, slots: Sequence[int]) -> float:
    """Return the part of the load of some hours that is nearest to a station; alike for all where there is none."""
    every = sum(float(hours[[*slots]].sum()) for hours in load.by_station.values())
    return float(load.by_station[station][[*slots]].sum()) / every if every else 1 / len(load.by_station)


def _templates(found: Cover) -> Iterator[tuple[Kind, int, int, tuple[int, ...]]]:
    """Yield each crew's hours and days: the second of two on Monday is the second on Tuesday too."""
    times = dict.fromkeys((kind, shift.start_h, shift.hours) for kind, shift in found.crews)
    for kind, start_h, hours in sorted(times, key=lambda each: (each[1], each[2], str(each[0]))):
        counts = [found.crews.get((kind, Shift(day * HOURS_A_DAY + start_h, hours)), 0) for day in range(len(WEEKDAYS))]
        for number in range(max(counts)):
            yield kind, start_h, hours, tuple(day for day, count in enumerate(counts) if count > number)


def rows_of(crews: Iterable[Crew], rules: Rules) -> tuple[RosterRow, ...]:
    """Return crews as rows of ``roster.csv``."""
    return tuple(_row(crew, number, rules) for number, crew in enumerate(crews))


def _row(crew: Crew, number: int, rules: Rules) -> RosterRow:
    patrol, sector = crew.kind.patrol, crew.station.sector
    return RosterRow(
        callsign=crew.callsign,
        days=[DAILY] if len(crew.days) == len(WEEKDAYS) else [WEEKDAYS[day] for day in crew.days],
        start=written_clock(crew.start_h * _MIN),
        end=written_clock((crew.start_h + crew.hours) % HOURS_A_DAY * _MIN),
        crew=crew.kind.crew,
        skills=sorted(crew.kind.skills),
        sector=sector,
        station=crew.station.name,
        patrol="station" if patrol == "sector" and sector is None else patrol,
        breaks=_breaks(crew, number, rules),
    )


def _breaks(crew: Crew, number: int, rules: Rules) -> list[str]:
    if crew.hours <= rules.break_after:
        return []
    begins, lasts = crew.start_h * _MIN, crew.hours * _MIN
    middle = begins + (lasts - rules.break_min) // 2 // _STEP_MIN * _STEP_MIN + (number % _TURNS - 1) * _APART_MIN
    first, last = max(middle - _AROUND_MIN, begins), min(middle + _AROUND_MIN, begins + lasts - rules.break_min)
    return [f"{written_clock(first)}-{written_clock(max(last, first))}/{rules.break_min}"]


def duties_of(rows: Iterable[RosterRow], scenario: Scenario) -> tuple[Duty, ...]:
    """Return the duties of rows within a scenario's time, as reading their file would."""
    read = Rows(ROSTER, tuple(Read(f"row {number}", row) for number, row in enumerate(rows, 2)))
    period = Period(scenario.start, scenario.zone, scenario.begin_ms, scenario.until_ms)
    return tuple(each.duty for each in rostered(read, period))


def roster_cells(rows: Iterable[RosterRow]) -> list[dict[str, Any]]:
    """Return rows as the cells of ``roster.csv``."""
    return [{name: value for name, value in row.model_dump().items() if value not in (None, [])} for row in rows]


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer's week: by day, the hours and the callsign."""

    name: str
    kind: Kind
    line: Line
    callsigns: tuple[str, ...]

    @property
    def hours(self) -> int:
        """Worked in a week."""
        return sum(shift.hours for shift in self.line)


def officers_of(crews: Sequence[Crew], lines: Mapping[Kind, Sequence[Line]]) -> tuple[Officer, ...]:
    """Put the officers of every duty aboard its crews."""
    seats = dict[tuple[Kind, Shift], list[str]]()
    for crew in crews:
        for shift in crew.shifts:
            seats.setdefault((crew.kind, shift), []).extend([crew.callsign] * crew.kind.crew)
    found = list[Officer]()
    for kind, its in lines.items():
        for line in its:
            callsigns = tuple(seats[kind, shift].pop(0) for shift in line)
            found.append(Officer(f"officer {len(found) + 1}", kind, line, callsigns))
    return tuple(found)


OFFICER_COLUMNS: Final = ("officer", "skills", "hours", *WEEKDAYS)


def officer_cells(officers: Iterable[Officer]) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``officers.csv``: what each officer works on each day of the week, and with which callsign."""
    for officer in officers:
        days = dict[str, list[str]]()
        for shift, callsign in zip(officer.line, officer.callsigns, strict=True):
            start, end = (written_clock(hour % HOURS_A_DAY * _MIN) for hour in (shift.start, shift.start + shift.hours))
            days.setdefault(WEEKDAYS[shift.day], []).append(f"{start}-{end} {callsign}")
        told = {day: "; ".join(duties) for day, duties in days.items()}
        yield {"officer": officer.name, "skills": sorted(officer.kind.skills), "hours": officer.hours, **told}
