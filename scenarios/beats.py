"""Which streets belong to which sector: where its patrols drive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import shapely

from graphs.coordinates import great_circle_m
from graphs.nearby import Mask
from graphs.network import Floats, Longs, Network
from graphs.times import CLOSED, EdgeTimes
from scenarios.generator_roads import ORDINARY
from scenarios.scenario import Scenario

NO_BEAT: Final = -1


@dataclass(frozen=True, eq=False)
class Beats:
    """Streets by sector.

    Parameters
    ----------
    of_sector
        The number of each sector's beat.
    edge : (E,) int64
        The beat of each edge; `NO_BEAT` where no patrol drives.
    """

    of_sector: Mapping[str, int]
    edge: Longs

    def streets(self, sector: str) -> Longs:
        """Return the edges of a sector's beat."""
        return np.flatnonzero(self.edge == self.of_sector.get(sector, NO_BEAT - 1))


@lru_cache(maxsize=4)
def beats_of(scenario: Scenario, times: EdgeTimes) -> Beats:
    """Share out the streets on which patrols drive: by the areas that name a sector, else to the nearest station.

    Parameters
    ----------
    times
        By which patrols drive. No patrol drives where a closure or a slower stretch is told, whenever that holds.
    """
    network = scenario.network
    told = [*(each.sector for each in scenario.stations), *(each.sector for each in scenario.areas)]
    sectors = sorted({sector for sector in told if sector is not None})
    number = {sector: row for row, sector in enumerate(sectors)}
    edge = np.full(network.edge_count, NO_BEAT, np.int64)
    rows = np.flatnonzero(_patrolled(scenario, times))
    if len(rows) and sectors:
        edge[rows] = _by_area(scenario, _middles(network, rows), number)
    return Beats(number, edge)


def _patrolled(scenario: Scenario, times: EdgeTimes) -> Mask:
    network = scenario.network
    driven: Mask = (times.usual_ms != CLOSED) & times.leaves & times.arrives
    ordinary = driven & np.array([name in ORDINARY for name in _classes(network)], np.bool_)
    driven = ordinary if ordinary.any() else driven
    for change in scenario.conditions.changes:
        driven[[stretch.edge for stretch in change.stretches]] = False
    return driven


def _classes(network: Network) -> list[str]:
    return [network.class_name(edge) for edge in range(network.edge_count)]


def _middles(network: Network, rows: Longs) -> Floats:
    """(n, 2) half way between the ends of edges, degrees of longitude and latitude."""
    middles: Floats = (network.node_lonlat[network.tail[rows]] + network.node_lonlat[network.head[rows]]) / 2.0
    return middles


def _by_area(scenario: Scenario, places: Floats, number: Mapping[str, int]) -> Longs:
    beat = _by_station(scenario, places, number)
    for area in scenario.areas:
        if area.sector is not None:
            inside = shapely.contains_xy(area.shape, places[:, 0], places[:, 1])
            beat[inside] = number[area.sector]
    return beat


def _by_station(scenario: Scenario, places: Floats, number: Mapping[str, int]) -> Longs:
    stations = [station for station in scenario.stations if station.sector is not None]
    if not stations:
        return np.full(len(places), NO_BEAT, np.int64)
    away_m = np.stack([great_circle_m(places, np.array([(each.lon, each.lat)])) for each in stations])
    numbers = np.array([number[each.sector or ""] for each in stations], np.int64)
    beats: Longs = numbers[away_m.argmin(axis=0)]
    return beats
