"""From what the files of a scenario say to its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from dispatch.force import Force
from graphs.errors import Fault
from scenarios.scenario import MS_PER_HOUR, Crews, History, HotSpot, Rate, Room, Service, Station
from scenarios.scenario_checks import Files
from scenarios.scenario_clock import Period, moment_of, read_days
from scenarios.scenario_duties import Rostered, overlaps
from scenarios.scenario_head import Head
from scenarios.scenario_rows import HotSpotRow, RateRow, RosterRow, ServiceRow, StationRow
from scenarios.scenario_tables import Rows

_MS_PER_S: Final = 1_000
_S_PER_MIN: Final = 60
_HOUR: Final = timedelta(hours=1)


def period_of(head: Head, force: Force) -> Period:
    """Return the time that is simulated, warming up and cooling down included."""
    zone = ZoneInfo(force.time_zone)
    start, until_ms = _start(head, zone), (hours_of(head, force) + head.cool_down_h) * MS_PER_HOUR
    return Period(start, zone, -head.warm_up_h * MS_PER_HOUR, until_ms)


def hours_of(head: Head, force: Force) -> int:
    """Return how many hours of time count; days are those of the wall clocks, so one may have 23 hours or 25."""
    if head.hours is not None:
        return head.hours
    zone = ZoneInfo(force.time_zone)
    start = _start(head, zone)
    wall = start.astimezone(zone).replace(tzinfo=None) + timedelta(days=head.days or 0)
    return -((start - moment_of(wall, zone)) // _HOUR)


def _start(head: Head, zone: ZoneInfo) -> datetime:
    if isinstance(head.start, datetime):
        return head.start.astimezone(UTC)
    return moment_of(datetime.combine(head.start, time()), zone)


def roster_faults(rows: Rows[RosterRow], duties: Sequence[Rostered], period: Period) -> Iterator[Fault]:
    """Yield duties that overlap, and a roster of which nothing falls into the period."""
    yield from overlaps(rows, duties, period)
    if rows.rows and all(read.sound for read in rows.rows) and not rows.faults and not duties:
        first, last = (
            (period.start + timedelta(milliseconds=edge)).astimezone(period.zone)
            for edge in (period.begin_ms, period.until_ms)
        )
        accepted = f"a duty between {first:%a %Y-%m-%d %H:%M} and {last:%a %Y-%m-%d %H:%M}"
        yield Fault(rows.source, "", "days", "nobody on duty in the whole period", accepted)


def stations_of(rows: Rows[StationRow]) -> Iterator[Station]:
    """Yield the stations."""
    for row in _sound(rows):
        lat, lon = _place(row)
        yield Station(row.name, lat, lon, row.sector, row.custody)


def hot_spots_of(rows: Rows[HotSpotRow]) -> Iterator[HotSpot]:
    """Yield the hot spots."""
    for row in _sound(rows):
        lat, lon = _place(row)
        yield HotSpot(row.name, lat, lon, row.sector, row.weight, round(row.dwell_min * _S_PER_MIN))


def services_of(rows: Rows[ServiceRow]) -> Iterator[Service]:
    """Yield the services."""
    for row in _sound(rows):
        yield Service(row.on_scene(), row.type, row.grade, row.tag, row.custody_share, row.custody())


def demand_of(head: Head, files: Files) -> History | tuple[Rate, ...]:
    """Return the demand."""
    if files.rates is None:
        return History(files.incidents or (), head.demand.resample)
    return tuple(map(_rate, _sound(files.rates)))


def _rate(row: RateRow) -> Rate:
    return Rate(
        type=row.type,
        grade=row.grade,
        per_hour=row.per_hour,
        area=row.area,
        days=read_days(row.days).weekdays,
        from_hour=row.from_hour,
        to_hour=row.to_hour,
        tags=frozenset(row.tags),
        needs=frozenset(row.needs),
        units_needed=row.units_needed,
    )


def room_of(head: Head) -> Room:
    """Return how the control room works."""
    handling = {grade: told.length() for grade, told in head.room.handling.items()}
    return Room(handling, round(head.room.decide_s * _MS_PER_S), head.room.nobody)


def crews_of(head: Head) -> Crews:
    """Return how crews work."""
    told = head.crews
    briefing_ms, back_ms = (round(minutes * _S_PER_MIN * _MS_PER_S) for minutes in (told.briefing_min, told.back_min))
    return Crews(briefing_ms, back_ms, told.stroll, told.travel_spread)


def _sound(rows: Rows[Any]) -> list[Any]:
    return [read.row for read in rows.rows if read.sound]


def _place(row: StationRow | HotSpotRow) -> tuple[float, float]:
    place = row.place()
    if place is None:
        raise ValueError(f"{row.name} has no place")
    return place
