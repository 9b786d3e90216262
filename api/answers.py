"""Answers about units, and every answer as bytes; the same on the command line and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from api.road_answers import way_geometry
from dispatch.recommendation import LedgerLine, Recommendation
from graphs.network import Network
from graphs.router import Router
from graphs.times import MS_PER_S


def to_json(value: object) -> bytes:
    """Return a value as UTF-8 JSON, one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


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
        yield {"type": "Feature", "properties": properties, "geometry": way_geometry(network, line.eta.leg)}


def _point(lon: float, lat: float, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [lon, lat]}}
