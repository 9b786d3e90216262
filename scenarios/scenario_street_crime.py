"""A scenario from street-level crime as police.uk publishes it: rates by type, and a small area round each point.

What is published has a month and a place that stands for several, and no time of day; which hours crimes are reported
in, how long they take and how urgent they are is made up here. Crimes are not calls: a force's own calls are more.
"""

from __future__ import annotations

import calendar
import math
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import shapely
from shapely import affinity

from dispatch.force import Force
from graphs.coordinates import METRES_PER_DEGREE
from graphs.errors import Fault, InputError
from graphs.faults import read_text, unknown_name, written
from graphs.network import Network
from graphs.osm import Report, quiet
from graphs.snapping import snapper
from scenarios.scenario import Area
from scenarios.scenario_new import (
    START,
    Town,
    bring_network,
    handling,
    high_streets,
    hour_profile,
    roster,
    sending,
    town_of,
)
from scenarios.scenario_out import FORCE, NETWORK, Draft, codes_of, new_folder, write_draft
from scenarios.scenario_tables import CSV
from scenarios.tables import rows_of

COLUMNS: Final = ("Month", "Longitude", "Latitude", "Location", "Crime type")
# A point stands for the homes near it; so far around it, metres.
_RADIUS_M: Final = 50.0
_ON_OR_NEAR: Final = "On or near "
_FAR_M: Final = 200.0
# Of each sector.
_HOT_SPOTS: Final = 2
# What crews may be bound by the scenes alone.
_LOAD: Final = 0.4
_FEWEST_CREWS: Final = 2
ABOUT: Final = (
    "Made of street-level crime as police.uk publishes it: counts by type and month, at places that stand for many.",
    "Contains public sector information licensed under the Open Government Licence v3.0.",
    "Made up are: the hours of the day, how urgent a type is, how long it takes, stations, crews and arrests.",
    "Recorded crimes are not calls for service: a force has more of these, so the rates are a lower bound.",
)


@dataclass(frozen=True, slots=True)
class Crime:
    """What a type of crime is taken for: made up.

    Parameters
    ----------
    urgency
        0 for the most urgent grade that sends units, 1 for the next, 2 for the third.
    mean_min
        At the scene.
    custody_share
        How often somebody is arrested.
    """

    urgency: int
    mean_min: float
    custody_share: float = 0.0


OTHERS: Final = Crime(2, 40.0)
CRIMES: Final[Mapping[str, Crime]] = {
    "Anti-social behaviour": Crime(1, 25.0),
    "Bicycle theft": Crime(2, 30.0),
    "Burglary": Crime(1, 60.0, 0.05),
    "Criminal damage and arson": Crime(2, 40.0, 0.05),
    "Drugs": Crime(1, 45.0, 0.3),
    "Possession of weapons": Crime(0, 60.0, 0.5),
    "Public order": Crime(1, 40.0, 0.15),
    "Robbery": Crime(0, 75.0, 0.2),
    "Shoplifting": Crime(2, 40.0, 0.2),
    "Theft from the person": Crime(2, 40.0),
    "Vehicle crime": Crime(2, 35.0),
    "Violence and sexual offences": Crime(0, 70.0, 0.2),
}


@dataclass(slots=True)
class Counted:
    """What a file has: crimes by type and by place, the months that it covers, and what was left out."""

    types: Counter[str] = field(default_factory=Counter)
    places: Counter[tuple[float, float]] = field(default_factory=Counter)
    names: dict[tuple[float, float], str] = field(default_factory=dict)
    months: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def days(self) -> int:
        """How many days its months have."""
        return sum(calendar.monthrange(int(month[:4]), int(month[5:7]))[1] for month in self.months)


def street_crime_scenario(
    crimes: Path, folder: Path, network: Path, force: Path | None, report: Report = quiet
) -> list[str]:
    """Write a scenario of a file of street-level crime.

    Parameters
    ----------
    crimes
        CSV as data.police.uk has it: Month, Longitude, Latitude, Location, Crime type and others.
    folder
        A folder that is empty, or not there yet.
    network, force, report
        See `scenarios.scenario_new.new_scenario`.

    Returns
    -------
    list of str
        What was left out and what was made up.

    Raises
    ------
    InputError
        With every fault of the file.
    """
    read = Force.default() if force is None else Force.read(force)
    text = read_text(crimes, CSV)
    with new_folder(folder):
        town = town_of(bring_network(folder, network, report))
        counted = count_crimes(text, crimes.name, town.network)
        if force is not None:
            shutil.copyfile(force, folder / FORCE)
        write_draft(folder, _draft(counted, town, read, None if force is None else FORCE, crimes.stem))
    return [*ABOUT[2:], *_left_out(counted)]


def count_crimes(text: str, source: str, network: Network) -> Counted:
    """Count the crimes of a file that lie in a network.

    Raises
    ------
    InputError
        With every fault of the file, or where no crime lies in the network.
    """
    rows = rows_of(text, source)
    header = [name.strip() for name in rows[0][1]] if rows else []
    faults = [
        unknown_column for name in COLUMNS if name not in header for unknown_column in _absent(source, name, header)
    ]
    counted, why_not = Counted(), cache(partial(_why_not, network))
    for where, cells in rows[1:] if not faults else []:
        values = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        faults += _count(counted, values, source, where, why_not)
    if not faults and not counted.types:
        faults.append(Fault(source, "", "", "no crime in the network", "one or more", _why(counted)))
    if faults:
        raise InputError(faults)
    return counted


def _why_not(network: Network, lat: float, lon: float) -> str:
    """Say why crimes of a place are left out; an extract of roads often has holes and a ragged edge."""
    if not network.contains(lat, lon):
        return "outside the network"
    near = len(snapper(network).near(lat, lon, _FAR_M).edge)
    return "" if near else f"further than {_FAR_M:g} m from any road"


def _absent(source: str, name: str, header: Sequence[str]) -> Iterator[Fault]:
    hint = unknown_name(source, "", name, header).hint
    yield Fault(source, "row 1", name, "a header without it", ", ".join(COLUMNS), hint)


def _count(
    counted: Counted, values: Mapping[str, str], source: str, where: str, why_not: Callable[[float, float], str]
) -> Iterator[Fault]:
    month, kind = values.get("Month", ""), values.get("Crime type", "")
    if not _is_month(month):
        yield Fault(source, where, "Month", written(month), "YYYY-MM")
        return
    if not kind:
        yield Fault(source, where, "Crime type", "nothing", "a type of crime")
        return
    # A month in which all was left out is still one that was counted.
    counted.months.add(month)
    if not values.get("Longitude") or not values.get("Latitude"):
        counted.left_out["without a place"] += 1
        return
    try:
        lon, lat = float(values["Longitude"]), float(values["Latitude"])
    except ValueError:
        value = written(f"{values['Longitude']}, {values['Latitude']}")
        yield Fault(source, where, "Longitude, Latitude", value, "two numbers in degrees")
        return
    reason = why_not(lat, lon)
    if reason:
        counted.left_out[reason] += 1
        return
    counted.types[kind] += 1
    counted.places[lon, lat] += 1
    counted.names.setdefault((lon, lat), values.get("Location", "").removeprefix(_ON_OR_NEAR) or "somewhere")


def _is_month(text: str) -> bool:
    year, dash, month = text.partition("-")
    return bool(dash) and len(year) == 4 and (year + month).isdigit() and 1 <= int(month) <= 12  # noqa: PLR2004


def _why(counted: Counted) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counted.left_out.items())


def _left_out(counted: Counted) -> Iterator[str]:
    if counted.left_out:
        left, total = counted.left_out.total(), counted.left_out.total() + counted.types.total()
        yield f"of {total:,} crimes, {left:,} are left out: {_why(counted)}"
    for kind in sorted(counted.types.keys() - CRIMES.keys()):
        yield f"{counted.types[kind]:,} of type {kind} are taken for the least urgent of calls"


def _draft(counted: Counted, town: Town, force: Force, profile: str | None, name: str) -> Draft:
    grades = sending(force)
    areas = list(_areas(counted, town))
    crews = math.ceil(_work(counted) / _LOAD / len(town.stations))
    return Draft(
        name=name.replace("_", " ").capitalize(),
        start=START,
        about=[*ABOUT, *(f"{sentence}." for sentence in _left_out(counted))],
        network=NETWORK,
        force=profile,
        codes=codes_of(force),
        tables={
            "stations.csv": town.stations,
            "roster.csv": list(roster(town, force, max(crews, _FEWEST_CREWS))),
            "rates.csv": list(_rates(counted, grades)),
            "services.csv": list(_services(counted)),
            "hot_spots.csv": list(_hot_spots(counted, areas, town)),
        },
        areas=areas,
        handling=handling(grades),
        policies=({"name": "nearest_first"}, {"name": "sector_first"}),
    )


def _work(counted: Counted) -> float:
    """Return how many crews are bound at once, on average."""
    minutes = sum(number * CRIMES.get(kind, OTHERS).mean_min for kind, number in counted.types.items())
    return minutes / (counted.days * 24 * 60)


def _rates(counted: Counted, grades: Sequence[str]) -> Iterator[dict[str, Any]]:
    for kind, number in sorted(counted.types.items()):
        grade = grades[min(CRIMES.get(kind, OTHERS).urgency, len(grades) - 1)]
        for begin, end, factor in hour_profile():
            per_hour = round(number / (counted.days * 24) * factor, 5)
            yield {"type": kind, "grade": grade, "per_hour": per_hour, "from_hour": begin, "to_hour": end}


def _services(counted: Counted) -> Iterator[dict[str, Any]]:
    for kind in sorted(counted.types):
        crime = CRIMES.get(kind, OTHERS)
        told = {"type": kind, "kind": "lognormal", "mean_min": crime.mean_min, "sd_min": round(crime.mean_min * 0.6, 1)}
        if crime.custody_share:
            told |= {"custody_share": crime.custody_share, "custody_kind": "gamma", "custody_mean_min": 120.0}
            told |= {"custody_sd_min": 40.0}
        yield told


def _areas(counted: Counted, town: Town) -> Iterator[Area]:
    """Yield a small area round each place, named by its street, weighted by its crimes."""
    used = Counter[str]()
    for (lon, lat), number in sorted(counted.places.items()):
        name = counted.names[lon, lat]
        used[name] += 1
        called = name if used[name] == 1 else f"{name} ({used[name]})"
        sector = next((area.sector for area in town.areas if area.shape.intersects(shapely.Point(lon, lat))), None)
        yield Area(called, _disc(lon, lat), number, sector)


def _disc(lon: float, lat: float) -> shapely.Polygon:
    disc = shapely.Point(lon, lat).buffer(_RADIUS_M / METRES_PER_DEGREE, quad_segs=2)
    return affinity.scale(disc, xfact=1.0 / math.cos(math.radians(lat)))


def _hot_spots(counted: Counted, areas: Sequence[Area], town: Town) -> Iterator[dict[str, Any]]:
    """Yield the busiest places of each sector; one of its streets where nothing happened in it."""
    busiest = sorted(zip(sorted(counted.places), areas, strict=True), key=lambda each: (-each[1].weight, each[1].name))
    for street in high_streets(town):
        own = [(place, area) for place, area in busiest if area.sector == street["sector"]]
        for (lon, lat), area in own[:_HOT_SPOTS]:
            told = {"name": area.name, "lat": lat, "lon": lon, "sector": area.sector}
            yield {**told, "weight": area.weight, "dwell_min": 10}
        if not own:
            yield street
