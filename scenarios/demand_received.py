"""The calls of one day as they are received: when, what and where, by rates or by history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely

from dispatch.model import Incident
from graphs.coordinates import great_circle_m
from graphs.network import Floats, Longs
from scenarios import demand_history, demand_rates
from scenarios.demand_days import LocalDay
from scenarios.demand_draws import AREA, PAST_CALLS, PLACE, WIDTH, rows_of, stream
from scenarios.demand_places import places_of
from scenarios.scenario import Area, Rate, Scenario

_NO_AREA: Final = -1


@dataclass(frozen=True, eq=False)
class Received:
    """Calls before anything is drawn about how long they take.

    Parameters
    ----------
    incidents
        In order of receipt, with sectors.
    received_ms : (n,) int64
    area : (n,) int64
        The number of the area that each lies in; -1 for none.
    numbers : (n, columns) float64
        The random numbers of each.
    """

    incidents: Sequence[Incident]
    received_ms: Longs
    area: Longs
    numbers: Floats


def received_on(scenario: Scenario, replication: int, day: LocalDay) -> Received:
    """Return the calls of a day, as far as it lies within the scenario.

    Raises
    ------
    InputError
        An area lies outside the network, or a history lacks times or weekdays.
    """
    if isinstance(scenario.demand, tuple):
        return _by_rates(scenario, scenario.demand, replication, day)
    return _by_history(scenario, replication, day)


def area_shares(areas: Sequence[Area]) -> Floats:
    """Return (areas + 1,) the share of demand up to each area, by weight; 0 where no area has any."""
    until = np.cumsum([0.0, *(area.weight for area in areas)])
    return until / (until[-1] or 1.0)


def areas_at(areas: Sequence[Area], lat: Floats, lon: Floats) -> Longs:
    """Return (n,) the number of the first area that holds each place; -1 where none does."""
    found = np.full(len(lat), _NO_AREA, np.int64)
    if areas:
        place, area = shapely.STRtree([area.shape for area in areas]).query(shapely.points(lon, lat), "intersects")
        last_first = np.argsort(-area, kind="stable")
        found[place[last_first]] = area[last_first]
    return found


def sectors_at(scenario: Scenario, area: Longs, lat: Floats, lon: Floats) -> list[str | None]:
    """Return the sector of each place: its area's, else that of the nearest station that has one."""
    by_area = [*(area.sector for area in scenario.areas), None]
    stations = [station for station in scenario.stations if station.sector is not None]
    told = [by_area[row] for row in area.tolist()]
    if not stations or all(told):
        return told
    posts = np.array([(station.lon, station.lat) for station in stations])
    away_m = [great_circle_m(np.column_stack([lon, lat]), post[None]) for post in posts]
    nearest = np.argmin(away_m, axis=0).tolist()
    return [sector or stations[row].sector for sector, row in zip(told, nearest, strict=True)]


def _by_rates(scenario: Scenario, rates: Sequence[Rate], replication: int, day: LocalDay) -> Received:
    groups = list(demand_rates.arrivals(scenario, rates, replication, day))
    counts = [len(group.received_ms) for group in groups]
    row = np.repeat([group.row for group in groups], counts).astype(np.int64)
    nth = np.concatenate([np.empty(0, np.int64), *map(np.arange, counts)])
    received_ms = np.concatenate([np.empty(0, np.int64), *(group.received_ms for group in groups)])
    numbers = np.concatenate([np.empty((0, WIDTH)), *(group.numbers for group in groups)])
    order = np.argsort(received_ms, kind="stable")
    order = order[_within(scenario, received_ms[order])]
    return _placed(scenario, rates, day, row[order], nth[order], received_ms[order], numbers[order])


def _placed(
    scenario: Scenario, rates: Sequence[Rate], day: LocalDay, row: Longs, nth: Longs, received_ms: Longs,
    numbers: Floats,
) -> Received:  # fmt: skip
    """Return calls with their places, sectors and names."""
    area = _areas(scenario, rates, row, numbers[:, AREA])
    lat, lon = places_of(scenario.network, scenario.areas).at(np.maximum(area, 0), numbers[:, PLACE])
    sectors = sectors_at(scenario, area, lat, lon)
    # The n-th of a row on a day keeps its name whatever becomes of other rows.
    columns = zip(
        row.tolist(), nth.tolist(), lat.tolist(), lon.tolist(), received_ms.tolist(), sectors, strict=True
    )  # fmt: skip
    named = f"{day.day:%Y%m%d}"
    incidents = [
        _incident(scenario, rates[of], f"{named}-{of + 1}-{count + 1}", (north, east), at_ms, sector)
        for of, count, north, east, at_ms, sector in columns
    ]
    return Received(incidents, received_ms, area, numbers)


def _incident(
    scenario: Scenario, rate: Rate, incident_id: str, place: tuple[float, float], at_ms: int, sector: str | None
) -> Incident:  # fmt: skip
    moment = scenario.moment(at_ms)
    return Incident(
        *place, rate.grade, incident_id, moment, rate.type, rate.tags, rate.needs, rate.units_needed, sector,
        graded_at=moment,
    )  # fmt: skip


def _areas(scenario: Scenario, rates: Sequence[Rate], row: Longs, number: Floats) -> Longs:
    """Return (n,) the areas of calls: that of their row, or one drawn by weight."""
    if not scenario.areas:
        return np.full(len(row), _NO_AREA, np.int64)
    number_of = {area.name: count for count, area in enumerate(scenario.areas)}
    told = np.array([_NO_AREA if rate.area is None else number_of[rate.area] for rate in rates], np.int64)[row]
    drawn = np.searchsorted(area_shares(scenario.areas), number, side="right") - 1
    return np.where(told == _NO_AREA, np.minimum(drawn, len(scenario.areas) - 1), told)


def _by_history(scenario: Scenario, replication: int, day: LocalDay) -> Received:
    timed = demand_history.arrivals(scenario, replication, day)
    numbers = rows_of(stream(scenario, replication, PAST_CALLS, day.day.toordinal()), len(timed))
    received_ms = np.array([at_ms for at_ms, _ in timed], np.int64)
    kept = np.flatnonzero(_within(scenario, received_ms))
    incidents = [timed[row][1] for row in kept.tolist()]
    lat, lon = (np.array([getattr(it, name) for it in incidents], np.float64) for name in ("lat", "lon"))
    area = areas_at(scenario.areas, lat, lon)
    sectors = sectors_at(scenario, area, lat, lon)
    told = zip(incidents, received_ms[kept].tolist(), sectors, strict=True)
    return Received([_again(scenario, *each) for each in told], received_ms[kept], area, numbers[kept])


def _again(scenario: Scenario, incident: Incident, at_ms: int, sector: str | None) -> Incident:
    """Return a past incident as it is received now; what was found out about its grade later is not known yet."""
    moment = scenario.moment(at_ms)
    return replace(incident, received_at=moment, graded_at=moment, sector=incident.sector or sector, raised_by=())


def _within(scenario: Scenario, received_ms: Longs) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return (scenario.begin_ms <= received_ms) & (received_ms < scenario.until_ms)
