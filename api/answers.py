"""Answers as JSON and GeoJSON values, the same on the command line and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from dispatch.recommendation import LedgerLine, Recommendation
from graphs.errors import Unreachable
from graphs.legs import Leg, Part, leg_line, leg_parts
from graphs.network import Network
from graphs.router import Router
from graphs.times import MS_PER_S


def to_json(value: object) -> bytes:
    """Return a value as UTF-8 JSON, one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def route_answer(
    network: Network, profile: str, start: tuple[float, float], end: tuple[float, float]
) -> dict[str, Any]:
    """Answer how to drive from one ``(lat, lon)`` to another.

    Raises
    ------
    OutsideNetwork
        A point is outside the network's area.
    Unreachable
        No road leads there.
    InputError
        There is no such profile.
    """
    router = Router(network, profile)
    leg = router.route(*start, *end)
    if leg is None:
        raise Unreachable(
            f"no road that profile {profile} may use leads from {start[0]:g}, {start[1]:g} to {end[0]:g}, {end[1]:g}"
        )
    return {
        "profile": profile,
        "time_s": leg.time_ms / MS_PER_S,
        "drive_s": leg.drive_ms / MS_PER_S,
        "walk_s": leg.walk_ms / MS_PER_S,
        "length_m": round(leg.length_m, 1),
        "start_gap_m": round(leg.spot.gap_m, 1),
        "end_gap_m": round(leg.approach.gap_m, 1),
        "steps": _steps(router, leg),
        "geometry": _geometry(network, leg),
        "attribution": network.meta.attribution,
        "network": network.hash,
        "profiles": network.profiles.hash,
    }


def _steps(router: Router, leg: Leg) -> list[dict[str, Any]]:
    """Join the edges of a leg that follow one road."""
    network = router.network
    steps = []

    def road(part: Part) -> tuple[str, str]:
        return network.edge_name(part.edge), network.class_name(part.edge)

    for (name, kind), run in groupby(leg_parts(router.edge_times, leg), key=road):
        along = list(run)
        time_s = sum(part.time_ms for part in along) / MS_PER_S
        length_m = round(sum(part.length_m for part in along), 1)
        steps.append({"road": name, "class": kind, "time_s": time_s, "length_m": length_m})
    return steps


def _geometry(network: Network, leg: Leg) -> dict[str, Any]:
    line = leg_line(network, leg)
    return {"type": "LineString", "coordinates": [[round(x, 7), round(y, 7)] for x, y in line.coords]}


def snap_answer(
    network: Network,
    profile: str,
    at: tuple[float, float],
    course_deg: float | None = None,
    speed_kmh: float | None = None,
) -> dict[str, Any]:
    """Answer where a vehicle at ``(lat, lon)`` would be on the road, and from where an incident there is reached.

    Raises
    ------
    OutsideNetwork
        The point is outside the network's area.
    InputError
        There is no such profile.
    """
    router = Router(network, profile)
    vehicle = [
        {**_edge(network, spot.edge, spot.fraction, spot.gap_m), "delay_s": spot.delay_ms / MS_PER_S}
        for spot in router.spots(*at, course_deg, speed_kmh)
    ]
    incident = [
        {**_edge(network, item.edge, item.fraction, item.gap_m), "walk_s": item.walk_ms / MS_PER_S}
        for item in router.approaches(*at)
    ]
    return {"profile": profile, "vehicle": vehicle, "incident": incident, "attribution": network.meta.attribution}


def _edge(network: Network, edge: int, fraction: float, gap_m: float) -> dict[str, Any]:
    return {
        "edge": edge,
        "way_id": int(network.way_id[edge]),
        "road": network.edge_name(edge),
        "class": network.class_name(edge),
        "access": network.access_name(edge),
        "one_way": bool(network.twin[edge] < 0),
        "fraction": round(fraction, 6),
        "gap_m": round(gap_m, 1),
    }


def recommendation_geojson(answer: Recommendation, network: Network, k: int) -> dict[str, Any]:
    """Return the incident and the units of `shown_lines` with their routes, as GeoJSON."""
    incident = {"kind": "incident", "incident_id": answer.incident.incident_id, "grade": answer.incident.grade}
    features = [_point(answer.incident.lon, answer.incident.lat, incident)]
    for line in shown_lines(answer, k):
        features += list(_unit_features(line, network))
    return {
        "type": "FeatureCollection",
        "attribution": network.meta.attribution,
        "suggested": list(answer.suggested),
        "features": features,
    }


def shown_lines(answer: Recommendation, k: int) -> list[LedgerLine]:
    """Return the ledger down to the ``k``-th eligible unit, and whoever is suggested beyond it."""
    shown, eligible = [], 0
    for line in answer.ledger:
        if line.eta is not None and (eligible < k or line.unit.callsign in answer.suggested):
            shown.append(line)
            eligible += line.eligible
    return shown


def _unit_features(line: LedgerLine, network: Network) -> Iterable[dict[str, Any]]:
    told = {"callsign": line.unit.callsign, "eligible": line.eligible, "failed": [item.rule for item in line.failed]}
    fix = line.unit.fix
    if fix is not None:
        yield _point(fix.lon, fix.lat, {"kind": "unit", **told})
    if line.eta is not None:
        properties = {"kind": "route", **told, "time_s": line.eta.time_ms / MS_PER_S}
        yield {"type": "Feature", "properties": properties, "geometry": _geometry(network, line.eta.leg)}


def _point(lon: float, lat: float, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [lon, lat]}}
