"""Questions that the service's own network answers: to show in its documentation, to warm up, to prove its health."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from api.questions import read_question
from api.service import Service
from dispatch.force import Force
from dispatch.recommend import recommend
from dispatch.recommendation import Recommendation
from graphs.conditions import Conditions
from graphs.coordinates import great_circle_m
from graphs.errors import NetworkFileError
from graphs.network import Network
from graphs.times import edge_times

NOW = "2026-01-31T23:10:00Z"
FIXED_AT = "2026-01-31T23:09:41Z"
# The units stand this far down the list of roads, nearest to the incident first.
_SHARES = (0.0, 0.1, 0.4)
_CALLSIGNS = ("R21", "R34")


def example_body(network: Network, force: Force) -> dict[str, Any]:
    """Make a body of ``POST /v1/recommendations`` with two units on the network's roads; equal input, equal body.

    Raises
    ------
    NetworkFileError
        The network has no road that every profile may use.
    """
    incident, *others = _places(network)
    free = max(force.statuses, key=lambda code: force.statuses[code].deployable == "yes")
    urgent = min(force.grades, key=lambda grade: force.grades[grade].rank)
    return {
        "now": NOW,
        "incident": {"incident_id": "2026-0417", "received_at": FIXED_AT, **incident, "grade": urgent},
        "units": [
            {"callsign": callsign, "status": free, **place, "fixed_at": FIXED_AT, "crew": 2}
            for callsign, place in zip(_CALLSIGNS, others, strict=True)
        ],
    }


def _places(network: Network) -> list[dict[str, float]]:
    """Choose points on roads that every profile may drive: one in the middle of the network, the others around it."""
    usable = np.ones(network.edge_count, np.bool_)
    for name in network.profiles.names:
        times = edge_times(network, name)
        usable &= times.arrives & times.leaves
    edges = np.flatnonzero(usable)
    if not len(edges):
        raise NetworkFileError(f"{network.meta.source}: no road in it is open to every profile")
    middle = shapely.get_coordinates(shapely.centroid(network.area))
    ends = network.node_lonlat[network.tail[edges]]
    ranked = edges[np.argsort(great_circle_m(ends, np.broadcast_to(middle, ends.shape)), kind="stable")]
    return [_half_way(network, int(ranked[int(share * (len(ranked) - 1))])) for share in _SHARES]


def _half_way(network: Network, edge: int) -> dict[str, float]:
    point = network.edge_line(edge).interpolate(0.5, normalized=True)
    return {"lat": round(point.y, 5), "lon": round(point.x, 5)}


def example_places(service: Service) -> list[tuple[float, float]]:
    """Return the places of the example, ``(lat, lon)``: its incident, then its units."""
    return [(item["lat"], item["lon"]) for item in (service.example["incident"], *service.example["units"])]


def picture_body(service: Service) -> dict[str, Any] | None:
    """Ask about the first open incident of the demonstration picture; None where the service has no picture."""
    if service.picture is None:
        return None
    incident = service.example["incident"]
    asked: dict[str, Any] = {"lat": incident["lat"], "lon": incident["lon"], "grade": incident["grade"]}
    for first in service.picture.incidents[:1]:
        asked = {"lat": first.lat, "lon": first.lon, "grade": first.grade}
        asked |= {"incident_id": first.incident_id, "tags": sorted(first.tags), "needs": sorted(first.needs)}
        if first.received_at is not None:
            asked["received_at"] = first.received_at.isoformat()
    return {"picture": "demonstration", "incident": asked}


def ask_example(service: Service, conditions: Conditions | None = None, **changed: Any) -> Recommendation:
    """Ask the example, with some fields of its incident changed, the way a client would.

    Parameters
    ----------
    conditions
        Those that hold, which the record knows, if not given.
    """
    body = {**service.example, "incident": {**service.example["incident"], **changed}}
    return recommend(*read_question(body, service), service.network, service.force, conditions or service.conditions)
