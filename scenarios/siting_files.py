"""Candidates and demand points for siting: read from files, spread over the streets, or drawn from a scenario."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, read_text, unknown_name, written
from graphs.network import Network
from scenarios.cells import meant
from scenarios.checks import outside
from scenarios.demand import demand_points
from scenarios.demand_expected import along_curve, systematic
from scenarios.demand_places import places_of
from scenarios.scenario import Area, Scenario, Station
from scenarios.scenario_areas import read_areas
from scenarios.scenario_head import DemandTable
from scenarios.scenario_made import stations_of
from scenarios.scenario_rows import DemandRow, StationRow
from scenarios.scenario_tables import CSV, Rows, read_rows
from scenarios.tables import rows_of

_WEIGHT: Final = "a number, 0 or more"
# A file for another town is one mistake, however many rows it has.
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class DemandPoint:
    """Where help is needed, and how much against the other points."""

    name: str
    lat: float
    lon: float
    weight: float


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas of demand in a file.

    Parameters
    ----------
    path
        A GeoJSON file of polygons.
    name, weight
        The properties that have an area's name and its weight; without a weight all areas weigh the same.
    weights
        A CSV file that has the weights, in columns of the same names, in place of the properties.
    points
        How many demand points stand for an area.
    """

    path: Path
    name: str = "name"
    weight: str | None = None
    weights: Path | None = None
    points: int = 5


def read_candidates(path: Path, network: Network) -> tuple[Station, ...]:
    """Read candidates from a file like ``stations.csv``: name, lat, lon (or easting, northing), sector?, custody?.

    Raises
    ------
    InputError
        With every fault of the file.
    """
    rows = read_rows(path, StationRow, network.contains)
    _require_sound(rows, network, "name")
    return tuple(stations_of(rows))


def read_demand(path: Path, network: Network) -> tuple[DemandPoint, ...]:
    """Read demand points: lat, lon (or easting, northing), weight?, name?.

    Raises
    ------
    InputError
        With every fault of the file.
    """
    rows = read_rows(path, DemandRow, network.contains)
    _require_sound(rows, network)
    points = []
    for read in rows.rows:
        lat, lon = read.row.place() or (math.nan, math.nan)
        points.append(DemandPoint(read.row.name or read.where, lat, lon, read.row.weight))
    if not any(point.weight for point in points):
        raise InputError([Fault(path.name, "", "weight", "0 in every row", "a weight above 0 in some row")])
    return tuple(points)


def _require_sound(rows: Rows[Any], network: Network, once: str = "") -> None:
    faults = [*rows.faults, *_summed(list(_place_faults(rows, network)))]
    first = dict[str, str]()
    for read in rows.rows:
        value = read.value(once) if once else None
        if value is not None and first.setdefault(value, read.where) != read.where:
            hint = f"also in {first[value]}"
            faults.append(Fault(rows.source, read.where, once, written(value), f"each {once} only once", hint))
    if not rows.rows and not faults:
        faults.append(Fault(rows.source, "", "", "no rows", "one or more"))
    if faults:
        raise InputError(faults)


def _summed(faults: Sequence[Fault]) -> Iterator[Fault]:
    """Yield faults of places, those beyond the first few as one."""
    yield from faults[:_SHOWN]
    if rest := faults[_SHOWN:]:
        yield replace(rest[0], where="", value=f"places of {len(rest):,} rows more", hint="")


def _place_faults(rows: Rows[Any], network: Network) -> Iterator[Fault]:
    for read in rows.rows:
        if not read.sound or read.unsound:
            continue
        place = read.row.place()
        if place is None:
            yield Fault(rows.source, read.where, "lat, lon", NOTHING, "lat and lon, or easting and northing")
        elif not network.contains(*place):
            yield outside(place, rows.source, read.where, network)


def spread_candidates(network: Network, count: int) -> tuple[Station, ...]:
    """Return candidates on ordinary streets, at equal steps along all of them, neighbours one after the other."""
    places = places_of(network, ())
    order = along_curve(*((places.begin + places.end) / 2.0).T)
    row, share = systematic(np.diff(places.along_m)[order], count)
    lat, lon = places.on(order[row], share)
    digits = len(str(count))
    found = dict.fromkeys(zip(lat.tolist(), lon.tolist(), strict=True))
    return tuple(Station(f"P{number:0{digits}d}", *place) for number, place in enumerate(found, 1))


def read_area_demand(asked: Areas, network: Network) -> tuple[tuple[DemandPoint, ...], list[str]]:
    """Read areas, and let points on their streets stand for them, each with an equal part of the weight.

    Returns
    -------
    points, notes
        An area without a street of its own is one point. The notes say what was cut off at the network's edge.

    Raises
    ------
    InputError
        With every fault of the files.
    """
    told = DemandTable(rates=NOTHING, name=asked.name, weight=None if asked.weights else asked.weight)
    read = read_areas(asked.path, told, network)
    faults, areas = list(read.faults), read.areas
    if asked.weights is not None:
        weights, more = _weights(asked, asked.weights)
        faults += more
        areas = [replace(area, weight=area.weight * weights.get(area.name, 0.0)) for area in areas]
        if not more:
            faults += [_unweighed(asked, area, weights) for area in areas if area.name not in weights]
    if not faults and not any(area.weight for area in areas):
        faults.append(Fault(asked.path.name, "", "", "no area with a weight", "one or more"))
    if faults:
        raise InputError(faults)
    return tuple(_on_streets(areas, network, asked.points)), read.notes


def _unweighed(asked: Areas, area: Area, weights: Mapping[str, float]) -> Fault:
    source = asked.weights.name if asked.weights else ""
    known = list(weights)
    shown = [*known[:3], "..."] if len(known) > 3 else known  # noqa: PLR2004 - enough to see what they look like
    return Fault(
        source, "", asked.name, f"no row for {written(area.name)}", f"a row for every area: {', '.join(shown)}"
    )


def _weights(asked: Areas, path: Path) -> tuple[dict[str, float], list[Fault]]:
    """Return the weight of each area by its name, and what is wrong with the file."""
    rows = rows_of(read_text(path, CSV), path.name)
    header = [cell.strip() for cell in rows[0][1]] if rows else []
    columns = (asked.name, asked.weight or "weight")
    missing = [unknown_name(path.name, "header", name, header) for name in columns if name not in header]
    if missing:
        return {}, missing
    name_at, weight_at = (header.index(name) for name in columns)
    found, faults = dict[str, float](), list[Fault]()
    for where, cells in rows[1:]:
        if len(cells) != len(header):
            faults.append(Fault(path.name, where, "", f"{len(cells)} cells", f"{len(header)} cells, as the header has"))
            continue
        name, weight = meant(cells[name_at].strip()), _number(cells[weight_at])
        if weight is None:
            faults.append(Fault(path.name, where, columns[1], written(cells[weight_at]), _WEIGHT))
        if name in found:
            faults.append(Fault(path.name, where, columns[0], written(name), f"each {columns[0]} only once"))
        found[name] = weight or 0.0
    return found, faults


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0.0 else None


def _on_streets(areas: Sequence[Area], network: Network, count: int) -> Iterator[DemandPoint]:
    weighty = tuple(area for area in areas if area.weight > 0.0)
    places = places_of(network, weighty)
    bare = set(places.bare)
    steps = (np.arange(count) + 0.5) / count
    for number, area in enumerate(weighty):
        lat, lon = places.at(np.full(count, number), steps)
        found = list(dict.fromkeys(zip(lat.tolist(), lon.tolist(), strict=True)))
        found = found[:1] if area.name in bare else found
        for row, place in enumerate(found, 1):
            name = area.name if len(found) == 1 else f"{area.name} {row}"
            yield DemandPoint(name, *place, area.weight / len(found))


def scenario_demand(scenario: Scenario, count: int) -> tuple[DemandPoint, ...]:
    """Return points that stand for the calls that a scenario expects, each weighing what it has of 100."""
    lat, lon, weight = demand_points(scenario, count)
    columns = zip(lat.tolist(), lon.tolist(), (weight * 100.0).tolist(), strict=True)
    return tuple(DemandPoint(f"point {row}", *point) for row, point in enumerate(columns, 1))
