"""What can be reached in a time, as GeoJSON; the same on the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
import shapely.geometry.polygon
import shapely.ops

from api.driving import Driving
from api.places import Place
from api.road_answers import on_road
from graphs.network import Network
from graphs.reach import Reach
from graphs.router import Router

# Decimals of a degree, a decimetre: the ground beside a road is known no better.
PLACES = 6


def reachable_answer(
    driving: Driving, places: Sequence[Place], minutes: Sequence[float], *, roads: bool = False
) -> dict[str, Any]:
    """Answer what can be reached from any of several places, ``(lat, lon)``, in each number of minutes.

    Parameters
    ----------
    driving
        How the roads are driven.
    places
        Where vehicles are; whoever is soonest counts.
    minutes
        One area for each.
    roads
        Whether the roads reached are told as lines too.

    Returns
    -------
    dict
        A GeoJSON FeatureCollection. An area is the ground from which somebody walks to a road that is reached, as far
        as an incident may be from its road.

    Raises
    ------
    OutsideNetwork
        A point is outside the network's area.
    InputError
        There is no such profile.
    """
    router = driving.by(Router)
    spots = [router.spots(*place) for place in places]
    vehicles = router.vehicles(spots)
    features: list[dict[str, Any]] = []
    for each in minutes:
        features += _features(router.reachable(vehicles, each), router.edge_times.profile.walk_m, roads=roads)
    origins = [on_road(driving.network, found[0]) for found in spots]
    return {"type": "FeatureCollection", "features": features, "origins": origins, **driving.told()}


def _features(reach: Reach, beside_m: float, *, roads: bool) -> Iterator[dict[str, Any]]:
    parts = _road_parts(reach)
    road_m = sum(float(reach.network.length_m[part.edge]) * (part.end - part.start) for part in parts)
    told = {
        "minutes": reach.minutes,
        "beside_m": beside_m,
        "edges": len(np.unique(reach.edge[reach.end > reach.start])),
        "road_km": round(road_m / 1000, 2),
        "attribution": reach.network.meta.attribution,
    }
    yield {"type": "Feature", "properties": {"kind": "area", **told}, "geometry": _area(reach, beside_m)}
    if roads:
        yield {"type": "Feature", "properties": {"kind": "roads", **told}, "geometry": _lines(reach.network, parts)}


def _area(reach: Reach, beside_m: float) -> dict[str, Any]:
    """Return the ground reached as a MultiPolygon whose outer rings run anticlockwise, as RFC 7946 has them."""
    ground = shapely.set_precision(reach.area(beside_m), 10.0**-PLACES)
    parts = [part for part in shapely.get_parts(ground) if isinstance(part, shapely.Polygon)]
    rings = [shapely.geometry.mapping(shapely.geometry.polygon.orient(part))["coordinates"] for part in parts]
    return {"type": "MultiPolygon", "coordinates": rings}


def _lines(network: Network, parts: Sequence[_RoadPart]) -> dict[str, Any]:
    lines = [
        shapely.ops.substring(network.edge_line(part.edge), part.start, part.end, normalized=True) for part in parts
    ]
    coordinates = [np.round(shapely.get_coordinates(line), PLACES).tolist() for line in lines if line.length > 0.0]
    return {"type": "MultiLineString", "coordinates": coordinates}


class _RoadPart(NamedTuple):
    """A part of a road that is reached in one direction or both, in shares along the edge that names it."""

    edge: int
    start: float
    end: float


def _road_parts(reach: Reach) -> list[_RoadPart]:
    """Return the parts of roads reached; what is reached in both directions is told once."""
    network = reach.network
    twin = network.twin[reach.edge]
    turned = (twin >= 0) & (twin < reach.edge)
    edge = np.where(turned, twin, reach.edge)
    start = np.where(turned, 1.0 - reach.end, reach.start)
    end = np.where(turned, 1.0 - reach.start, reach.end)
    order = np.lexsort((start, edge))
    parts: list[_RoadPart] = []
    for part in map(_RoadPart, edge[order].tolist(), start[order].tolist(), end[order].tolist()):
        if parts and parts[-1].edge == part.edge and part.start <= parts[-1].end:
            parts[-1] = parts[-1]._replace(end=max(parts[-1].end, part.end))
        else:
            parts.append(part)
    return parts
