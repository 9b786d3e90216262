"""What a search may change about posts and rosters, one thing at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

from pydantic import ValidationError

from scenarios.roster_rows import ROSTER, duties_of
from scenarios.scenario import Scenario, Station
from scenarios.scenario_clock import MIN_PER_DAY, Period, read_break, read_clock, written_clock
from scenarios.scenario_duties import overlaps, rostered
from scenarios.scenario_rows import RosterRow
from scenarios.scenario_tables import Read, Rows

_HOUR_MIN: Final = 60


class Arrangement:
    """A roster and stations; equal where these are.

    Parameters
    ----------
    rows
        Of the roster.
    stations
        With their places.
    """

    def __init__(self, rows: Sequence[RosterRow], stations: Sequence[Station]) -> None:
        self.rows, self.stations = tuple(rows), tuple(stations)
        self._key = (tuple(row.model_dump_json() for row in self.rows), self.stations)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Arrangement) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def over(self, scenario: Scenario) -> Scenario:
        """Return a scenario with this roster and these stations."""
        return scenario.with_(duties=duties_of(self.rows, scenario), stations=self.stations)

    def with_rows(self, changed: Mapping[int, RosterRow]) -> Arrangement:
        """Return an arrangement with other rows in the place of some."""
        return Arrangement([changed.get(number, row) for number, row in enumerate(self.rows)], self.stations)


@dataclass(frozen=True, slots=True)
class Move:
    """A change of an arrangement: what it is, in words, and what then is."""

    words: str
    arrangement: Arrangement


Moves = Callable[[Arrangement], Iterator[Move]]


def post_moves(candidates: Sequence[Station]) -> Moves:
    """Return the changes of posts: a crew waits elsewhere, two crews change places, a station stands elsewhere.

    Parameters
    ----------
    candidates
        Places where a station could be; one takes the place and keeps its name, sector and custody. A station with
        custody stays where its cells are.
    """

    def moves(arrangement: Arrangement) -> Iterator[Move]:
        yield from _other_stations(arrangement)
        yield from _swapped_stations(arrangement)
        for number, station in enumerate(arrangement.stations):
            for place in candidates if not station.custody else ():
                if (place.lat, place.lon) not in {(each.lat, each.lon) for each in arrangement.stations}:
                    stations = list(arrangement.stations)
                    stations[number] = replace(station, lat=place.lat, lon=place.lon)
                    yield Move(f"{station.name} at {place.name}", Arrangement(arrangement.rows, stations))

    return moves


def roster_moves(scenario: Scenario) -> Moves:
    """Return the changes of a roster: a crew begins an hour sooner or later, or waits elsewhere; two change places.

    How long a duty is, and so the officer hours, stays as it is. A change by which a callsign would be on duty twice is
    left out.
    """
    period = Period(scenario.start, scenario.zone, scenario.begin_ms, scenario.until_ms)

    def moves(arrangement: Arrangement) -> Iterator[Move]:
        for number, row in enumerate(arrangement.rows):
            for by_min, words in ((-_HOUR_MIN, "an hour sooner"), (_HOUR_MIN, "an hour later")):
                moved = _moved(row, by_min)
                if moved is not None and not _twice(told := arrangement.with_rows({number: moved}), period):
                    yield Move(f"{row.callsign} from {moved.start}, {words}", told)
        yield from _other_stations(arrangement)
        yield from _swapped_stations(arrangement)

    return moves


def _other_stations(arrangement: Arrangement) -> Iterator[Move]:
    for number, row in enumerate(arrangement.rows):
        for station in arrangement.stations:
            if station.name != row.station and (moved := _at(row, station)) is not None:
                yield Move(f"{_named(row)} at {station.name}", arrangement.with_rows({number: moved}))


def _swapped_stations(arrangement: Arrangement) -> Iterator[Move]:
    by_name = {station.name: station for station in arrangement.stations}
    for (one, first), (two, second) in combinations(enumerate(arrangement.rows), 2):
        if first.station != second.station:
            there, here = _at(first, by_name[second.station]), _at(second, by_name[first.station])
            if there is not None and here is not None:
                yield Move(
                    f"{_named(first)} and {_named(second)} change places",
                    arrangement.with_rows({one: there, two: here}),
                )


def _named(row: RosterRow) -> str:
    return f"{row.callsign} from {row.start}"


def _at(row: RosterRow, station: Station) -> RosterRow | None:
    """Return a row from another station, and in its sector where it has one."""
    return _changed(row, station=station.name, sector=station.sector or row.sector)


def _moved(row: RosterRow, by_min: int) -> RosterRow | None:
    """Return a row that begins, rests and ends so much later; None where it would begin on another day."""
    begins = read_clock(row.start) + by_min
    if not 0 <= begins < MIN_PER_DAY:
        return None

    def later(minutes: int) -> str:
        return written_clock((minutes + by_min) % MIN_PER_DAY)

    rests = [read_break(text) for text in row.breaks]
    breaks = [f"{later(rest.earliest_min)}-{later(rest.latest_min)}/{rest.lasts_min}" for rest in rests]
    return _changed(row, start=written_clock(begins), end=later(read_clock(row.end)), breaks=breaks)


def _changed(row: RosterRow, **values: Any) -> RosterRow | None:
    """Return a row with other values; None where these do not go together."""
    try:
        return RosterRow.model_validate({**row.model_dump(), **values})
    except ValidationError:
        return None


def _twice(arrangement: Arrangement, period: Period) -> bool:
    """Tell whether a callsign is on duty twice at a time."""
    rows = Rows(ROSTER, tuple(Read(f"row {number}", row) for number, row in enumerate(arrangement.rows, 2)))
    return any(overlaps(rows, rostered(rows, period), period))
