"""Download the roads of a place from OpenStreetMap's servers, by its name."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from graphs.assemble import Roads
from graphs.digraph import AS_DRAWN, from_networkx
from graphs.errors import SourceError
from graphs.osm import Report, quiet
from graphs.tags import ROAD_CLASSES

if TYPE_CHECKING:
    import networkx as nx
    import requests
    import shapely

# Without a connection nobody should wait long to be told; a city's roads may take minutes.
ANSWER_S: Final = 5.0
DOWNLOAD_S: Final = 180.0
FILE_ROUTE: Final = "download an extract and run 'nearest graph build FILE'"
_OTHERWISE: Final = f"accepted: a town, district or county with its country, or a file ({FILE_ROUTE})"

_ACCESS: Final = ("access", "vehicle", "motor_vehicle", "motorcar", "bus", "psv", "minibus", "emergency", "police")
_SIDES: Final = ("forward", "backward")
# What the rules for tags and limits read; osmnx drops every other tag.
_NODE_TAGS: Final = (
    *("highway", "railway", "barrier", "bollard", "locked", "crossing", "crossing:signals", "direction"),
    *("traffic_signals:direction", "access:police", *_ACCESS),
)
_WAY_TAGS: Final = (
    *("highway", "name", "ref", "junction", "tunnel", "covered", "bridge", "service", "area", "access:police"),
    *("oneway", "oneway:motor_vehicle", "oneway:vehicle", "oneway:bus", "oneway:psv", "oneway:emergency"),
    *("busway", "busway:left", "busway:right"),
    *("maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic"),
    *(f"maxspeed:{side}" for side in _SIDES),
    *_ACCESS,
    *(f"{key}:{side}" for key in _ACCESS for side in _SIDES),
)
# Nodes at which something stands in the road are kept when a street is merged to one edge.
_STANDING: Final = ("highway", "railway", "barrier")
# Every class that a police car may drive, private roads too.
_FILTER: Final = f'["highway"~"^({"|".join(ROAD_CLASSES)})$"]["area"!~"yes"]'


def read_place(name: str, report: Report = quiet) -> Roads:
    """Download the roads within the boundary of a place.

    Parameters
    ----------
    name
        As one would type it into a map's search, such as ``Middlesbrough, England``.
    report
        Called with a short sentence as the work goes on.

    Returns
    -------
    Roads
        Without turn restrictions, which osmnx does not download.

    Raises
    ------
    SourceError
        There is no connection to OpenStreetMap's servers, they know no such place with a boundary, or it has no roads.

    Notes
    -----
    Uses the servers in ``osmnx.settings`` (``nominatim_url``, ``overpass_url``) and keeps no cache, for a cached map is
    an old map.
    """
    import requests  # noqa: PLC0415 - slow to import

    with _configured():
        try:
            report(f"{name}: asking OpenStreetMap where it is")
            boundary = _boundary(name)
            report(f"{name}: downloading its roads")
            graph = _graph(name, boundary)
        except requests.RequestException as error:
            raise SourceError(
                f"{name}: no connection to OpenStreetMap's servers ({type(error).__name__}), from which the roads of a "
                f"named place are downloaded; without a connection, {FILE_ROUTE}"
            ) from error
    graph.graph[AS_DRAWN] = True
    report(f"{name}: reading {graph.number_of_edges():,} streets")
    roads = from_networkx(graph, name)
    roads.meta = replace(roads.meta, data_timestamp=datetime.now(UTC).isoformat(timespec="seconds"))
    return roads


@contextmanager
def _configured() -> Iterator[None]:
    """Have osmnx keep the tags that matter here, and nothing on disk; afterwards all is as it was."""
    import osmnx  # noqa: PLC0415 - slow to import

    wanted = {
        "use_cache": False,
        # A name is then looked up by the system or not at all, and not at somebody else's server.
        "doh_url_template": None,
        "useful_tags_node": list(_NODE_TAGS),
        "useful_tags_way": list(_WAY_TAGS),
        # Ways come as they are drawn: osmnx's own reading of one-way tags knows no implied ones and no bus lanes.
        "all_oneway": True,
        "requests_timeout": ANSWER_S,
        "requests_kwargs": {**osmnx.settings.requests_kwargs, "hooks": {"response": _refuse_to_wait}},
    }
    before = {key: getattr(osmnx.settings, key) for key in wanted}
    # osmnx replaces this to stay with one server of several.
    look_up = socket.getaddrinfo
    try:
        _set(wanted)
        yield
    finally:
        _set(before)
        socket.getaddrinfo = look_up


def _set(values: dict[str, Any]) -> None:
    import osmnx  # noqa: PLC0415 - slow to import

    for key, value in values.items():
        setattr(osmnx.settings, key, value)


def _refuse_to_wait(response: requests.Response, **_: object) -> None:
    """Stop osmnx from trying again every minute, for ever, where a gateway has no connection either."""
    if response.status_code in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.GATEWAY_TIMEOUT}:
        response.raise_for_status()


def _boundary(name: str) -> shapely.Polygon | shapely.MultiPolygon:
    import osmnx  # noqa: PLC0415 - slow to import

    try:
        return cast("shapely.Polygon | shapely.MultiPolygon", osmnx.geocode_to_gdf(name).union_all())
    except TypeError as error:
        raise SourceError(f"{name}: OpenStreetMap has no boundary for this place; {_OTHERWISE}") from error
    except ValueError as error:
        raise SourceError(f"{name}: OpenStreetMap found no such place ({error}); {_OTHERWISE}") from error


def _graph(name: str, boundary: shapely.Polygon | shapely.MultiPolygon) -> nx.MultiDiGraph[Any]:
    """Download the roads in a boundary; each edge is then a stretch of one way, as drawn."""
    import osmnx  # noqa: PLC0415 - slow to import
    import requests  # noqa: PLC0415 - slow to import

    # osmnx waits a minute for a server that does not answer; ask first.
    status = f"{osmnx.settings.overpass_url.rstrip('/')}/status"
    requests.get(status, timeout=ANSWER_S, **osmnx.settings.requests_kwargs).close()
    # From here on a busy server is worth waiting for.
    kwargs = {key: value for key, value in osmnx.settings.requests_kwargs.items() if key != "hooks"}
    _set({"requests_timeout": DOWNLOAD_S, "requests_kwargs": kwargs})
    try:
        found = osmnx.graph_from_polygon(boundary, simplify=False, retain_all=True, custom_filter=_FILTER)
    except ValueError as error:
        raise SourceError(f"{name}: no roads in its boundary ({error}); {_OTHERWISE}") from error
    return osmnx.simplify_graph(found, node_attrs_include=_STANDING, edge_attrs_differ=["osmid"], remove_rings=False)
