"""To networkx and osmnx and back: a network as a `networkx.MultiDiGraph`, and GraphML files.

A graph made here follows the conventions of osmnx, so that its functions work on it, and carries besides what osmnx has
no place for. Reading it back gives the network again, to the byte of its content hash.
"""

from __future__ import annotations

import json
import math
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.etree.ElementTree import ParseError

import numpy as np

from graphs.assemble import Roads
from graphs.digraph import FORMAT, FORMAT_KEY, TURN_WORDS, from_networkx
from graphs.digraph_edges import ACCESS, COUNTS, GIVEN, LIMIT, SEGMENT
from graphs.errors import SourceError
from graphs.maxspeed import KNOT_KMH, MPH_KMH, limit_kmh
from graphs.network import BRIDGE, ROUNDABOUT, TUNNEL, Network
from graphs.osm import Report, quiet, sha256_of
from graphs.tags import OBSTACLES

if TYPE_CHECKING:
    import networkx as nx

SUFFIXES = (".graphml", ".graphml.gz", ".graphml.bz2")
# How other tools are told who may drive; the exact group goes beside it.
_ACCESS_TAGS = {"destination": "destination", "private": "private", "bus": "no", "emergency": "emergency", "no": "no"}


def to_networkx(network: Network) -> nx.MultiDiGraph[int]:
    """Return a network as a graph in the conventions of osmnx.

    Parameters
    ----------
    network
        The roads.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes by their OpenStreetMap ids, with ``x`` and ``y`` (degrees) and ``street_count``. Edges with ``osmid``,
        ``highway``, ``oneway``, ``reversed``, ``length`` (m), ``geometry`` and, where they are known, ``name``,
        ``ref``, ``maxspeed`` (as an OpenStreetMap tag), ``access``, ``tunnel``, ``bridge`` and ``junction``. Besides
        those of osmnx: ``segment`` (a number that both directions of a road share), ``access_group``, ``obstacles``
        (counts by name), ``given_ms`` (times that the source states, for the normal and the response profile) and,
        where no tag says it exactly, ``limit_kmh``. The graph has ``turn_restrictions`` as JSON, by edge, and
        ``attribution`` and ``licence``.
    """
    import networkx as nx  # noqa: PLC0415 - slow to import

    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(**_graph_attributes(network))
    graph.add_nodes_from(_nodes(network))
    names = _edge_names(network)
    for edge, (tail, head, key) in enumerate(names):
        graph.add_edge(tail, head, key, **_edge_attributes(network, edge))
    graph.graph["turn_restrictions"] = json.dumps(list(_turns(network, names)), ensure_ascii=False)
    return graph


def write_graphml(network: Network, path: Path) -> None:
    """Write a network as GraphML that osmnx reads; the file appears whole or not at all.

    Parameters
    ----------
    network
        The roads.
    path
        The file; a name ending in ``.gz`` or ``.bz2`` is compressed.
    """
    import osmnx  # noqa: PLC0415 - slow to import

    # The ending of the name tells networkx whether to compress.
    partial = path.with_name(f".partial-{path.name}")
    osmnx.save_graphml(to_networkx(network), partial)
    partial.replace(path)


def read_graphml(path: Path, report: Report = quiet) -> Roads:
    """Read roads from GraphML as osmnx of any version, or `write_graphml`, writes it.

    Parameters
    ----------
    path
        The file.
    report
        Called with a short sentence as the work goes on.

    Raises
    ------
    SourceError
        The file is missing, is no GraphML, or holds a graph that is no road network; see `from_networkx`.
    InputError
        Attributes that cannot be read; every one of them is named.
    """
    if not path.is_file():
        raise SourceError(f"{path}: no such file; accepted: a file ending in {', '.join(SUFFIXES)}")
    report(f"{path.name}: reading the graph")
    graph = _parsed(path)
    report(f"{path.name}: reading {graph.number_of_edges():,} edges")
    roads = from_networkx(graph, path.name)
    roads.meta = replace(roads.meta, source_sha256=sha256_of(path))
    return roads


def _parsed(path: Path) -> nx.MultiDiGraph[int]:
    import networkx as nx  # noqa: PLC0415 - slow to import

    try:
        with warnings.catch_warnings():
            # Parts of GraphML that no road network has.
            warnings.simplefilter("ignore")
            graph = nx.read_graphml(path, node_type=int, force_multigraph=True)
    except (ParseError, nx.NetworkXError, ValueError, TypeError, KeyError, OSError, EOFError) as error:
        raise SourceError(
            f"{path}: cannot be read as GraphML, or is cut off ({error}); accepted: a directed graph whose nodes have "
            "whole numbers for ids, as osmnx.save_graphml writes it"
        ) from error
    return cast("nx.MultiDiGraph[int]", graph)


def _graph_attributes(network: Network) -> dict[str, Any]:
    meta = network.meta
    return {
        "crs": "epsg:4326",
        "name": meta.source,
        "created_with": "Nearest First",
        "simplified": True,
        FORMAT_KEY: FORMAT,
        "attribution": meta.attribution,
        "licence": meta.licence,
        "data_timestamp": meta.data_timestamp,
        "dropped": json.dumps(dict(meta.dropped), ensure_ascii=False),
        "notes": json.dumps(list(meta.notes), ensure_ascii=False),
    }


def _nodes(network: Network) -> Iterator[tuple[int, dict[str, float]]]:
    _, first = np.unique(network.shape, return_index=True)
    ends = np.concatenate((network.tail[first], network.head[first]))
    streets = np.bincount(ends, minlength=network.node_count).tolist()
    for node, (lon, lat), count in zip(network.node_id.tolist(), network.node_lonlat.tolist(), streets, strict=True):
        yield node, {"y": lat, "x": lon, "street_count": count}


def _edge_names(network: Network) -> list[tuple[int, int, int]]:
    """Return tail, head and key of each edge as networkx knows it; the key tells parallel edges apart."""
    seen: Counter[tuple[int, int]] = Counter()
    names = []
    for ends in zip(network.node_id[network.tail].tolist(), network.node_id[network.head].tolist(), strict=True):
        names.append((*ends, seen[ends]))
        seen[ends] += 1
    return names


def _edge_attributes(network: Network, edge: int) -> dict[str, Any]:
    return {
        "osmid": int(network.way_id[edge]),
        "highway": network.class_name(edge),
        "oneway": bool(network.twin[edge] < 0),
        "reversed": bool(network.backward[edge]),
        "length": float(network.length_m[edge]),
        "geometry": network.edge_line(edge),
        SEGMENT: int(network.shape[edge]),
        ACCESS: network.access_name(edge),
        COUNTS: {name: count for name, count in zip(OBSTACLES, network.obstacles[edge].tolist(), strict=True) if count},
        **_known_tags(network, edge),
        **_limit_attributes(float(network.limit_kmh[edge])),
        **({GIVEN: network.given_ms[edge].tolist()} if len(network.given_ms) else {}),
    }


def _known_tags(network: Network, edge: int) -> dict[str, str]:
    flags = int(network.flags[edge])
    tags = {
        "name": network.text(int(network.name[edge])),
        "ref": network.text(int(network.ref[edge])),
        "access": _ACCESS_TAGS.get(network.access_name(edge), ""),
        "tunnel": "yes" if flags & TUNNEL else "",
        "bridge": "yes" if flags & BRIDGE else "",
        "junction": "roundabout" if flags & ROUNDABOUT else "",
    }
    return {key: value for key, value in tags.items() if value}


def _limit_attributes(limit: float) -> dict[str, Any]:
    """Return a limit as the tag that reads back as it, and as a number too where no tag does."""
    if math.isnan(limit):
        return {}
    if math.isinf(limit):
        return {"maxspeed": "none"}
    plain, mph, knots = f"{limit:.10g}", f"{limit / MPH_KMH:.6g} mph", f"{limit / KNOT_KMH:.6g} knots"
    # A whole number of miles is what the sign says, and so is a whole number of kilometres.
    for tag in (plain, mph, knots) if limit.is_integer() else (mph, plain, knots):
        if limit_kmh({"maxspeed": tag}, direction="forward") == limit:
            return {"maxspeed": tag}
    return {"maxspeed": plain, LIMIT: limit}


def _turns(network: Network, names: list[tuple[int, int, int]]) -> Iterator[dict[str, Any]]:
    for row, (start, end) in enumerate(pairwise(network.turn_start.tolist())):
        yield {
            "edges": [names[edge] for edge in network.turn_edge[start:end].tolist()],
            "kind": TURN_WORDS[int(network.turn_kind[row])],
            "except": network.text(int(network.turn_except[row])),
            "condition": network.text(int(network.turn_condition[row])),
        }


__all__ = ["SUFFIXES", "from_networkx", "read_graphml", "to_networkx", "write_graphml"]
