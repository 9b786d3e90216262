"""A scenario from a folder of JEMSS files: ambulances become units, hospitals stations with custody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
import tomli_w

from dispatch.force import Force
from graphs.errors import Fault, InputError
from graphs.network import Network
from graphs.osm import Report, quiet
from scenarios.scenario import Area, Length
from scenarios.scenario_jemss import PRIORITIES, Jemss, read_jemss_city
from scenarios.scenario_new import START, bring_network, ordinary_points
from scenarios.scenario_out import FORCE, NETWORK, Draft, codes_of, new_folder, write_draft

GRADES: Final[Mapping[str, str]] = dict(zip(PRIORITIES, ("high", "medium", "low"), strict=True))
_CELLS: Final = 24
_MODES: Final = {1: "response", 2: "normal"}
# Where the files do not say how long anything takes.
_ON_SCENE: Final = Length("exponential", 720.0)
_S_PER_MIN: Final = 60.0
_NO_COUNTERPART: Final = (
    "an ambulance is a unit with a crew of two; its class has no counterpart",
    "duties have 24 hours: an ambulance that is out at midnight comes home before it goes out again",
    "a hospital is a station with custody: a patient who is taken there is a prisoner who is taken to the nearest",
    "mobilisation takes no time, since the files have none; speeds off the roads have no counterpart",
    "for how long is simulated is up to whoever asks: a week, ten times over",
    "how many ambulances a station holds, maps, and where idle ambulances are moved have no counterpart",
)


def jemss_scenario(folder: Path, out: Path, network: Path, time_zone: str = "UTC", report: Report = quiet) -> list[str]:
    """Write a scenario of a folder of JEMSS files.

    Parameters
    ----------
    folder
        With ambulances, stations and demand, in any of its folders; hospitals, targets and more where there are any.
    out
        A folder that is empty, or not there yet.
    network
        A network file, or the roads as JEMSS has them.
    time_zone
        Of the force's clocks: the files have none.
    report
        Called with a short sentence as the work goes on.

    Returns
    -------
    list of str
        Which files were taken, and what has no counterpart.

    Raises
    ------
    InputError
        With every fault of the files.
    """
    city = read_jemss_city(folder)
    force = force_of(city, folder.name, time_zone)
    with new_folder(out):
        roads = bring_network(out, network, report)
        notes = list(_notes(city, roads))
        _leave_out(city, roads)
        profile = force.model_dump(mode="json", exclude_none=True, exclude=_EMPTY)
        (out / FORCE).write_text(tomli_w.dumps(profile), "utf-8")
        write_draft(out, _draft(city, force, roads, folder.name, notes))
    return notes


def _leave_out(city: Jemss, roads: Network) -> None:
    """Leave out what lies outside the network, and the ambulances there."""
    city.stations = [station for station in city.stations if roads.contains(station.lat, station.lon)]
    city.hospitals = [place for place in city.hospitals if roads.contains(place.lat, place.lon)]
    there = {station.index for station in city.stations}
    city.ambulances = [each for each in city.ambulances if each[1] in there]
    if not city.ambulances:
        accepted = "the network of the city that the files are of"
        raise InputError([Fault("options", "", "--network", roads.meta.source, accepted, "no station lies in it")])


_EMPTY: Final = {"areas", "diversion", "retention", "skills", "tags", "assessment", "risk", "disclosure", "transitions"}


def _notes(city: Jemss, roads: Network) -> Iterator[str]:
    yield from city.notes
    yield from _NO_COUNTERPART
    yield (
        "calls come from squares of the network, weighted by its junctions, in place of the raster "
        f"{city.raster or 'of the files'}: put areas with people into areas.geojson"
    )
    for place in (*city.stations, *city.hospitals):
        if not roads.contains(place.lat, place.lon):
            yield f"{place.name} lies outside the network and is left out"
    if city.on_scene is None:
        yield "no file says how long calls take: 12 minutes at the scene, made up"


def force_of(city: Jemss, name: str, time_zone: str) -> Force:
    """Return a force profile with the priorities as grades, and redispatch as pre-emption.

    Raises
    ------
    InputError
        The time zone is none.
    """
    shipped = Force.default()
    statuses = {code: status.model_dump(exclude_none=True) for code, status in shipped.statuses.items()}
    for status in statuses.values():
        status["mobilisation_s"] = 0
    # So that redispatch, and not the rank of the grades alone, says who may be called off.
    statuses[codes_of(shipped)["en_route"]]["deployable"] = "preempt"
    preemption = dict[str, list[str]]()
    for left, taker in city.redispatch:
        preemption.setdefault(GRADES[left], []).append(GRADES[taker])
    return Force.parse(
        tomli_w.dumps(
            {
                "version": 1,
                "name": f"{name} (JEMSS)",
                "time_zone": time_zone,
                "grades": {GRADES[key]: _grade(city, key, rank) for rank, key in enumerate(PRIORITIES, 1)},
                "statuses": statuses,
                "preemption": preemption,
                "fixes": shipped.fixes.model_dump(),
                "override_reasons": dict(shipped.override_reasons),
            }
        ),
        FORCE,
    )


def _grade(city: Jemss, priority: str, rank: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "label": f"{GRADES[priority].capitalize()} priority",
        "rank": rank,
        "clock": "received",
        "profile": _MODES.get(city.mode.get(priority, 1), "normal"),
    }
    if priority in city.target_s:
        # The files count from when an ambulance is sent, the grade from the call.
        target_s = round(city.target_s[priority] + (city.delay.mean_s if city.delay else 0.0))
        told |= {"target_urban_s": target_s, "target_rural_s": target_s}
    return told


def _draft(city: Jemss, force: Force, roads: Network, name: str, notes: Sequence[str]) -> Draft:
    delay = city.delay
    return Draft(
        name=f"{name} (JEMSS)",
        start=START,
        about=(
            "Made of files of the ambulance simulator JEMSS.jl.",
            *(f"{note[0].upper()}{note[1:]}." for note in notes),
        ),
        network=NETWORK,
        force=FORCE,
        codes=codes_of(force),
        tables={
            "stations.csv": list(_stations(city)),
            "roster.csv": list(_roster(city)),
            "rates.csv": list(_rates(city)),
            "services.csv": [_service(city)],
        },
        areas=list(squares(roads)),
        handling={} if delay is None else dict.fromkeys(GRADES.values(), delay),
        briefing_min=0.0,
        back_min=0.0,
    )


def _stations(city: Jemss) -> Iterator[dict[str, Any]]:
    for station in city.stations:
        yield {"name": station.name, "lat": station.lat, "lon": station.lon, "custody": "no"}
    names = {station.name for station in city.stations}
    for place in city.hospitals:
        name = place.name if place.name not in names else f"{place.name} (hospital)"
        yield {"name": name, "lat": place.lat, "lon": place.lon, "custody": "yes"}


def _roster(city: Jemss) -> Iterator[dict[str, Any]]:
    names = {station.index: station.name for station in city.stations}
    for index, station, _ in city.ambulances:
        yield {
            "callsign": f"A{index}",
            "days": "daily",
            "start": "00:00",
            "end": "24:00",
            "crew": 2,
            "station": names[station],
            "patrol": "station",
        }


def _rates(city: Jemss) -> Iterator[dict[str, Any]]:
    for priority, per_day in city.per_day.items():
        grade = GRADES[priority]
        yield {"type": f"{grade.capitalize()} priority call", "grade": grade, "per_hour": round(per_day / 24.0, 6)}


def _service(city: Jemss) -> dict[str, Any]:
    scene = city.on_scene or _ON_SCENE
    told: dict[str, Any] = {"kind": scene.kind, "mean_min": _minutes(scene.mean_s), "sd_min": _minutes(scene.sd_s)}
    if city.handover is not None and city.transport and city.hospitals:
        told |= {"custody_share": city.transport, "custody_kind": city.handover.kind}
        told |= {"custody_mean_min": _minutes(city.handover.mean_s), "custody_sd_min": _minutes(city.handover.sd_s)}
    return told


def _minutes(seconds: float) -> float | None:
    return round(seconds / _S_PER_MIN, 4) or None


def squares(network: Network) -> Iterator[Area]:
    """Yield squares that cover a network where it has ordinary streets, weighted by their junctions."""
    streets = ordinary_points(network)
    west, south, east, north = network.area.bounds
    side = np.array([east - west, north - south]) / _CELLS
    cells = np.minimum(((streets - [west, south]) / side).astype(np.int64), _CELLS - 1)
    for (column, row), count in zip(*np.unique(cells, axis=0, return_counts=True), strict=True):
        low = np.array([west, south]) + np.array([column, row]) * side
        square = shapely.box(*low, *(low + side)).intersection(network.area)
        if isinstance(square, shapely.Polygon | shapely.MultiPolygon) and not square.is_empty:
            yield Area(f"{column + 1}-{row + 1}", square, float(count))
