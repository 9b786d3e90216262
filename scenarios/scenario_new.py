"""A scenario to begin with, on any network and for any force; all its figures are made up."""

from __future__ import annotations

import importlib.resources
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import shapely

from dispatch.force import Force
from graphs.netfile import load_network, save_network
from graphs.network import Floats, Network
from graphs.osm import Report, quiet
from graphs.tags import ROAD_CLASSES
from graphs.times import edge_times
from scenarios.generator_roads import ORDINARY
from scenarios.scenario import Area, Length
from scenarios.scenario_files import built_network, is_road_source
from scenarios.scenario_out import FORCE, NETWORK, Draft, codes_of, new_folder, write_draft

START: Final = "2026-03-02"
_SECTORS: Final = ("West", "Middle", "East")
# They overlap by what a crew takes to come back, so that no sector is left bare.
_SHIFTS: Final = (("07:00", "15:15"), ("15:00", "23:15"), ("23:00", "07:15"))
# By turns, for whoever is free rests as soon as it may: crews that may at the same time all rest at once.
_BREAKS: Final = (
    ("10:30-12:30/45", "11:30-13:30/45"),
    ("18:30-20:30/45", "19:30-21:30/45"),
    ("02:30-04:30/45", "03:30-05:30/45"),
)
# Crews of a station in each shift.
_CREWS: Final = 2
# Of all calls, what each grade that sends units has, the most urgent first.
_SHARES: Final = (0.2, 0.4, 0.4)
# Calls an hour by the hour of the day: from, to, against the mean of the day.
HOURS: Final = ((0, 3, 0.9), (3, 7, 0.4), (7, 11, 0.8), (11, 15, 1.1), (15, 19, 1.35), (19, 24, 1.35))
_ABUSE: Final = "domestic_abuse"
# Of calls of the most urgent grade.
_DOMESTIC_SHARE: Final = 0.25
# How long a call binds a crew, minutes, custody and driving not counted.
_SCENE_MIN: Final = (45.0, 40.0, 50.0)
_CUSTODY_SHARE: Final = 0.1
_CUSTODY_MIN: Final = 90.0
# Of the crews' time, what the calls take up.
_LOAD: Final = 0.4
_HANDLING_S: Final = (60.0, 120.0, 300.0)
ABOUT: Final = (
    "A scenario to begin with. Its stations, crews, calls and times are made up: put the force's own in their place.",
    "The areas are three strips of the network, weighted by its junctions.",
)


@dataclass(frozen=True, eq=False)
class Town:
    """A network cut into sectors, with a station in each."""

    network: Network
    areas: tuple[Area, ...]
    stations: tuple[Mapping[str, Any], ...]


def new_scenario(folder: Path, network: Path | None, force: Path | None, report: Report = quiet) -> None:
    """Write a scenario that passes its check as it is.

    Parameters
    ----------
    folder
        A folder that is empty, or not there yet.
    network
        A network file, which is copied, or a file of roads, of which one is made; the sample of Gothenburg if None.
    force
        A force profile, which is copied.
    report
        Called with a short sentence as the work goes on.

    Raises
    ------
    InputError
        The force has no status that a crew could report for something that it does.
    NearestError
        The network or the profile cannot be read.
    """
    read = Force.default() if force is None else Force.read(force)
    with new_folder(folder):
        if network is not None:
            town = town_of(bring_network(folder, network, report))
        else:
            town = town_of(_sample(folder, report))
            if force is None:
                read = _sample_force(folder)
        if force is not None:
            shutil.copyfile(force, folder / FORCE)
        write_draft(folder, draft_of(town, read, FORCE if (folder / FORCE).exists() else None))


def _sample(folder: Path, report: Report) -> Network:
    sample = importlib.resources.files("graphs.samples") / "gothenburg.osm.pbf"
    with importlib.resources.as_file(sample) as roads:
        return bring_network(folder, roads, report)


def _sample_force(folder: Path) -> Force:
    text = (importlib.resources.files("scenarios.samples.gothenburg") / FORCE).read_text("utf-8")
    (folder / FORCE).write_text(text, "utf-8")
    return Force.parse(text, FORCE)


def bring_network(folder: Path, source: Path, report: Report = quiet) -> Network:
    """Put a network into a folder: a copy, or one that is made of a file of roads."""
    at = folder / NETWORK
    if not is_road_source(source):
        network = load_network(source)
        shutil.copyfile(source, at)
        return network
    network = built_network(source, report)
    report(f"writing {at}")
    save_network(network, at)
    return network


def draft_of(town: Town, force: Force, profile: str | None) -> Draft:
    """Return a scenario of a town; ``profile`` is the file of the force in its folder, if there is one."""
    grades = sending(force)
    crews = [dict(row) for row in roster(town, force, _CREWS)]
    # Three shifts share the crews, so a third of them is on duty.
    per_hour = _LOAD * len(crews) / len(_SHIFTS) / _hours_of_work(len(grades))
    return Draft(
        name=f"A week in {_titled(town.network.meta.source)}",
        start=START,
        about=ABOUT,
        network=NETWORK,
        force=profile,
        codes=codes_of(force),
        tables={
            "stations.csv": town.stations,
            "roster.csv": crews,
            "rates.csv": list(_rates(force, grades, per_hour)),
            "services.csv": list(_services(grades)),
            "hot_spots.csv": list(high_streets(town)),
        },
        areas=town.areas,
        handling=handling(grades),
        policies=({"name": "nearest_first"}, {"name": "sector_first"}),
    )


def _titled(source: str) -> str:
    name = Path(source).name.partition(".")[0].replace("_", " ")
    return f"{name[:1].upper()}{name[1:]}"


def sending(force: Force) -> list[str]:
    """Return the three most urgent grades of a force that send units."""
    sent = (key for key, grade in force.grades.items() if grade.deploys)
    return sorted(sent, key=lambda key: force.grades[key].rank)[: len(_SHARES)]


def handling(grades: Sequence[str]) -> dict[str, Length]:
    """Return how long calls of each grade are handled before anybody looks for a unit."""
    return {grade: Length("exponential", _HANDLING_S[row]) for row, grade in enumerate(grades)}


def _hours_of_work(grades: int) -> float:
    """Return the hours for which a call binds a crew on average."""
    shares = np.array(_SHARES[:grades]) / sum(_SHARES[:grades])
    custody_min = shares[0] * _CUSTODY_SHARE * _CUSTODY_MIN
    return float((shares @ np.array(_SCENE_MIN[:grades]) + custody_min) / 60.0)


def _rates(force: Force, grades: Sequence[str], per_hour: float) -> Iterator[dict[str, Any]]:
    for row, grade in enumerate(grades):
        share = _SHARES[row] / sum(_SHARES[: len(grades)])
        for kind, tags, part in _kinds(force, grade, most_urgent=not row):
            for begin, end, factor in hour_profile():
                per = round(per_hour * share * part * factor, 3)
                yield {"type": kind, "grade": grade, "per_hour": per, "from_hour": begin, "to_hour": end, "tags": tags}


def _kinds(force: Force, grade: str, *, most_urgent: bool) -> Iterator[tuple[str, list[str], float]]:
    """Yield the types of calls of a grade, their tags, and what share of the grade each is."""
    there = most_urgent and _ABUSE in force.tags
    if there:
        yield "Domestic abuse call", [_ABUSE], _DOMESTIC_SHARE
    yield f"{grade.replace('_', ' ').capitalize()} call", [], 1.0 - _DOMESTIC_SHARE * there


def hour_profile() -> list[tuple[int, int, float]]:
    """Return hours of the day with their rate against the mean of the day: made up, quiet at dawn, busy at night."""
    mean = sum((end - begin) * factor for begin, end, factor in HOURS) / 24.0
    return [(begin, end, factor / mean) for begin, end, factor in HOURS]


def _services(grades: Sequence[str]) -> Iterator[dict[str, Any]]:
    for row, grade in enumerate(grades):
        told = {"grade": grade, "kind": "lognormal", "mean_min": _SCENE_MIN[row], "sd_min": _SCENE_MIN[row] * 0.6}
        if not row:
            told |= {"custody_share": _CUSTODY_SHARE, "custody_kind": "gamma", "custody_mean_min": _CUSTODY_MIN}
            told |= {"custody_sd_min": 30.0}
        yield told


def high_streets(town: Town) -> Iterator[dict[str, Any]]:
    """Yield a hot spot for each sector, on a street of its own."""
    for station, area in zip(town.stations, town.areas, strict=True):
        lon, lat = _street_near(town.network, area.shape, 0.75)
        yield {"name": f"{station['name']} high street", "lat": lat, "lon": lon, "sector": area.sector, "dwell_min": 10}


def roster(town: Town, force: Force, crews: int) -> Iterator[Mapping[str, Any]]:
    """Yield a roster of three shifts, with so many crews at each station in each of them."""
    wanted = _skills(force)
    for station in town.stations:
        for number in range(crews * len(_SHIFTS)):
            shift, place = number // crews, number % crews
            begin, end = _SHIFTS[shift]
            yield {
                "callsign": f"{station['name'][0]}{shift + 1}{place + 1}",
                "days": "daily",
                "start": begin,
                "end": end,
                "crew": 2,
                # Every other crew has what the force's tags and rules ask for by name.
                "skills": wanted if place % 2 == 0 else [],
                "sector": station["sector"],
                "station": station["name"],
                "patrol": ("sector", "hot_spots")[place % 2],
                "breaks": _BREAKS[shift][place % 2],
            }


def _skills(force: Force) -> list[str]:
    named = [tag.prefer_skill for tag in force.tags.values() if tag.prefer_skill]
    return list(dict.fromkeys([*named, *(skill for tag in force.tags.values() for skill in tag.needs)]))


def town_of(network: Network) -> Town:
    """Cut a network into strips from west to east with as many junctions each, and put a station in each."""
    streets = ordinary_points(network)
    inner = np.quantile(streets[:, 0], np.arange(1, len(_SECTORS)) / len(_SECTORS))
    west, south, east, north = network.area.bounds
    edges = [west, *inner.tolist(), east]
    areas, stations = list[Area](), list[Mapping[str, Any]]()
    for row, sector in enumerate(_SECTORS):
        strip = network.area.intersection(shapely.box(edges[row], south, edges[row + 1], north))
        weight = int(np.count_nonzero((streets[:, 0] >= edges[row]) & (streets[:, 0] <= edges[row + 1])))
        area = Area(sector, cast("shapely.Polygon", strip), weight, sector)
        lon, lat = _street_near(network, strip, 0.5)
        areas.append(area)
        stations.append({"name": sector, "lat": lat, "lon": lon, "sector": sector, "custody": "no"})
    stations[1] = {**stations[1], "custody": "yes"}
    return Town(network, tuple(areas), tuple(stations))


def ordinary_points(network: Network) -> Floats:
    """Return the (n, 2) ends of ordinary streets that can be driven to and left, degrees of longitude and latitude."""
    times = edge_times(network, "normal")
    ordinary = np.array([name in ORDINARY for name in ROAD_CLASSES])[network.road_class]
    edges = np.flatnonzero(ordinary & times.leaves & times.arrives & (network.flags == 0))
    return network.node_lonlat[np.unique(network.head[edges])]


def _street_near(network: Network, shape: shapely.Geometry, quantile: float) -> tuple[float, float]:
    """Return the end of an ordinary street nearest to a quantile of those in a shape."""
    streets = ordinary_points(network)
    inside = streets[shapely.intersects_xy(shape, streets)]
    inside = inside if len(inside) else streets
    off = inside - np.quantile(inside, quantile, axis=0)
    lon, lat = inside[int(np.argmin((off**2).sum(axis=1)))]
    return round(float(lon), 6), round(float(lat), 6)
