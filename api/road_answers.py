"""Answers about ways, times and closures, as JSON values; the same on the command line and over HTTP."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from api.driving import Driving, versions
from api.places import Place
from dispatch.eligibility import Failure
from dispatch.force import Force
from dispatch.model import Picture
from dispatch.whereabouts import whereabouts
from graphs.closures import closures_geojson
from graphs.conditions import Change, Conditions
from graphs.directions import Step, steps_of
from graphs.errors import Unreachable
from graphs.legs import Leg, Part, leg_line, leg_parts
from graphs.network import Network
from graphs.router import Nearest, Router
from graphs.routing import Routing
from graphs.snapping import Approach, Spot
from graphs.times import MS_PER_S

NOTHING_REPORTED: Final[Mapping[str, float]] = MappingProxyType({})
NOT_NAMED: Final[Mapping[Change, str]] = MappingProxyType({})


def route_answer(
    driving: Driving,
    start: Place,
    end: Place,
    engine: type[Routing] = Router,
    *,
    reported: Mapping[str, float] = NOTHING_REPORTED,
    on_road: bool = False,
) -> dict[str, Any]:
    """Answer how to drive from one ``(lat, lon)`` to another.

    Parameters
    ----------
    reported
        What a position report says of the start besides: ``course_deg``, ``speed_kmh``, ``accuracy_m``.
    on_road
        Whether the end is on the carriageway itself.

    Raises
    ------
    OutsideNetwork
        A point is outside the network's area.
    Unreachable
        No road leads there.
    InputError
        There is no such profile.
    """
    router = driving.by(engine)
    leg = router.best(router.spots(*start, **reported), router.approaches(*end, on_road=on_road))
    if leg is None:
        way = f"from {start[0]:g}, {start[1]:g} to {end[0]:g}, {end[1]:g}"
        raise Unreachable(f"no road that profile {driving.profile} may use leads {way}")
    parts = leg_parts(router.edge_times, leg)
    return {
        "time_s": leg.time_ms / MS_PER_S,
        "drive_s": leg.drive_ms / MS_PER_S,
        "walk_s": leg.walk_ms / MS_PER_S,
        "length_m": round(leg.length_m, 1),
        "start_gap_m": round(leg.spot.gap_m, 1),
        "end_gap_m": round(leg.approach.gap_m, 1),
        "steps": [_step(driving.network, step) for step in steps_of(driving.network, parts)],
        "edges": [_edge(driving.network, part) for part in parts],
        "geometry": way_geometry(driving.network, leg),
        **driving.told(),
    }


def _step(network: Network, step: Step) -> dict[str, Any]:
    return {
        "turn": step.turn,
        "turned_deg": step.turned_deg,
        "road": network.edge_name(step.edge),
        "class": network.class_name(step.edge),
        "time_s": sum(part.time_ms for part in step.parts) / MS_PER_S,
        "length_m": round(sum(part.length_m for part in step.parts), 1),
    }


def _edge(network: Network, part: Part) -> dict[str, Any]:
    return {
        "edge": part.edge,
        "way_id": int(network.way_id[part.edge]),
        "road": network.edge_name(part.edge),
        "time_s": part.time_ms / MS_PER_S,
        "turn_s": part.turn_ms / MS_PER_S,
        "length_m": round(part.length_m, 1),
    }


def way_geometry(network: Network, leg: Leg) -> dict[str, Any]:
    """Return the line of a leg as GeoJSON."""
    line = leg_line(network, leg)
    return {"type": "LineString", "coordinates": [[round(x, 7), round(y, 7)] for x, y in line.coords]}


def table_answer(driving: Driving, origins: Sequence[Place], destinations: Sequence[Place]) -> dict[str, Any]:
    """Answer how long it takes from every origin to every destination.

    Raises
    ------
    OutsideNetwork
        A point is outside the network's area.
    InputError
        There is no such profile.
    """
    router = driving.by(Router)
    reports = router.reports(origins)
    approaches = [router.approaches(*place) for place in destinations]
    table = router.times(router.vehicles_on(reports), approaches)
    return {
        "durations": [[ms / MS_PER_S if ms >= 0 else None for ms in row] for row in table.time_ms.tolist()],
        "distances": [[_metres(metres) for metres in row] for row in table.length_m.tolist()],
        "origins": [on_road(driving.network, found) for found in reports.made(reports.first[:-1])],
        "destinations": [on_road(driving.network, found[0]) for found in approaches],
        **driving.told(),
    }


def _metres(length_m: float) -> float | None:
    return None if math.isnan(length_m) else round(length_m, 1)


def on_road(network: Network, found: Spot | Approach) -> dict[str, Any]:
    """Tell where a point was put on the road."""
    return {
        "lat": round(found.lat, 7),
        "lon": round(found.lon, 7),
        "gap_m": round(found.gap_m, 1),
        "road": network.edge_name(found.edge),
    }


@dataclass(frozen=True, slots=True)
class _Vehicle:
    """Its number in the question or its callsign, and where it may be on the road."""

    index: int | None
    callsign: str | None
    spots: tuple[Spot, ...]


def nearest_answer(driving: Driving, to: Place, places: Sequence[Place], count: int) -> dict[str, Any]:
    """Answer which vehicles, each at a ``(lat, lon)``, are soonest at a place; at most ``count`` of them.

    Raises
    ------
    OutsideNetwork
        A point is outside the network's area.
    InputError
        There is no such profile.
    """
    router = driving.by(Router)
    vehicles = [_Vehicle(row, None, spots) for row, spots in enumerate(router.reports(places).each())]
    return _nearest(driving, to, vehicles, count, {})


def nearest_units_answer(driving: Driving, to: Place, picture: Picture, force: Force, count: int) -> dict[str, Any]:
    """Answer which units of a picture are soonest at a place, by the roads alone; at most ``count`` of them.

    Raises
    ------
    OutsideNetwork
        The place is outside the network's area.
    InputError
        There is no such profile.
    """
    placed, failed = whereabouts(replace(picture, now=driving.at), force, driving.by(Router))
    vehicles = [_Vehicle(None, callsign, item.spots) for callsign, item in sorted(placed.items())]
    return _nearest(driving, to, vehicles, count, failed)


def _nearest(
    driving: Driving, to: Place, vehicles: Sequence[_Vehicle], count: int, failed: Mapping[str, Sequence[Failure]]
) -> dict[str, Any]:
    router = driving.by(Router)
    approaches = router.approaches(*to)
    asked = router.vehicles([vehicle.spots for vehicle in vehicles])
    found = router.nearest(approaches, asked, count) if vehicles else []
    left_out = [
        {"callsign": name, "failed": [{"rule": item.rule, "because": item.because} for item in why]}
        for name, why in sorted(failed.items())
    ]
    return {
        "to": on_road(driving.network, approaches[0]),
        "nearest": [_soon(driving.network, vehicles[item.row], item) for item in found],
        "left_out": left_out,
        **driving.told(),
    }


def _soon(network: Network, vehicle: _Vehicle, found: Nearest) -> dict[str, Any]:
    return {
        "index": vehicle.index,
        "callsign": vehicle.callsign,
        "duration": found.time_ms / MS_PER_S,
        "distance": round(found.length_m, 1),
        "from": on_road(network, vehicle.spots[0]),
    }


def closures_answer(
    network: Network, conditions: Conditions, at: datetime, named: Mapping[Change, str] = NOT_NAMED
) -> dict[str, Any]:
    """Answer what is closed or slowed at a moment, for any profile, as GeoJSON that `read_closures` reads.

    Parameters
    ----------
    named
        The names by which closures of the record are lifted.
    """
    profiles = network.profiles.names
    held = Conditions(tuple(item for item in conditions.changes if any(item.in_force(at, name) for name in profiles)))
    told = closures_geojson(held, network)
    features = [
        {"id": named.get(item), **feature} for item, feature in zip(held.changes, told["features"], strict=True)
    ]
    return {**told, "features": features, **versions(network, conditions, at)}
