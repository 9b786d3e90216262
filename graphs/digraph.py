"""Read roads from a directed graph of networkx: one that osmnx made, or one that `graphs.graphml` wrote.

Every directed edge of such a graph is a lane. Two that mirror each other become one road with two lanes, so that
turning round costs time. An edge is read as a bundle of OpenStreetMap tags, and the rules of `graphs.tags` decide here
too.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from graphs.assemble import Lane, LonLat, Roads, Segment, SegmentTurn
from graphs.attributes import Findings, holds, tags_of, texts
from graphs.digraph_edges import Edge, EdgeReader, Node, unclassed
from graphs.errors import SourceError
from graphs.network import ATTRIBUTION, LICENCE, TURN_FORBIDDEN, TURN_OBLIGATORY, NetworkMeta
from graphs.tags import BLOCKED, OBSTACLES, faces, is_bridge, is_roundabout, is_tunnel, obstacle

if TYPE_CHECKING:
    import networkx as nx

# The graph attribute that marks a graph of our own, and the version of what its edges carry.
FORMAT_KEY, FORMAT = "nearest_first_graph", 1
# Set where edges stand for both directions of their way, even if no way of the graph has a ``oneway`` tag.
AS_DRAWN = "all_oneway"
TURN_WORDS: Final = {TURN_FORBIDDEN: "no", TURN_OBLIGATORY: "only"}
NO_TURNS = "The graph holds no turn restrictions, for osmnx keeps none. Build from an OpenStreetMap file to have them."
NO_BARRIERS = (
    "No node of the graph has a barrier: osmnx keeps gates and bollards only if asked, so some may be missing."
)
NO_LIMITS = "No road of the graph has a maxspeed: limits are assumed by road class."
TIMES_UNUSED = "travel_time and speed_kph of the graph are not used: its roads have classes, which the profile times."
TIMES_USED = "Times are those that the graph states (travel_time or speed_kph), the same for both profiles."
NO_CRS = "The graph names no coordinate system; WGS 84 degrees are assumed."

_WGS84 = re.compile(
    r"epsg:{1,2}4326\b|crs:?84\b|^wgs ?84$|proj=longlat.*(datum|ellps)=wgs84|^geo(g|d)[a-z]*\[\"wgs ?84",
    re.IGNORECASE | re.DOTALL,
)
_INT64 = 2**63

_Pair = tuple[Edge | None, Edge | None]
_EdgeName = tuple[int, int, str]
_Step = tuple[Segment, bool]


def from_networkx(graph: nx.MultiDiGraph[Any], source: str) -> Roads:
    """Read roads from a directed networkx graph, as osmnx makes it.

    Parameters
    ----------
    graph
        Node attributes ``x`` and ``y`` are WGS 84 degrees. An edge needs ``highway``, or ``maxspeed`` or ``speed_kph``
        (km/h), or ``travel_time`` (s). Edges of a graph that osmnx made with ``all_oneway`` stand for both directions.
    source
        Name for messages and for the network's origin.

    Returns
    -------
    Roads
        For `graphs.assemble.assemble`. ``dropped`` counts edges.

    Raises
    ------
    SourceError
        The graph is undirected, is projected, has no roads, or has edges that say nothing about speed.
    InputError
        Attributes that cannot be read; every one of them is named.

    Notes
    -----
    Where roads have classes, ``travel_time`` and ``speed_kph`` are not used: osmnx derives them from class and limit,
    and the profile knows better. Where some have none and every edge states a time, the stated times are used for all.
    """
    _require_directed(graph, source)
    found = Findings(source)
    nodes = _nodes(graph, found)
    reader = EdgeReader(found, own=_is_own(graph, source), drawn=_is_drawn(graph))
    edges = [edge for ends in _ends(graph, nodes) if (edge := reader.read(*ends)) is not None]
    told = _told(graph, found) if reader.own else _Told(notes=_lacks(graph))
    found.raise_all()
    dropped = Counter(reader.dropped)
    _require_roads(edges, dropped, source)
    notes = [*told.notes, *_time(edges, source), *([] if graph.graph.get("crs") else [NO_CRS])]
    roads = Roads(_meta(graph, source, notes), dropped=Counter(told.dropped) + dropped)
    steps = _add_segments(roads, _paired(edges) if not reader.drawn else [(edge, None) for edge in edges])
    _add_turns(roads, told.turns, steps)
    return roads


def _require_directed(graph: nx.MultiDiGraph[Any], source: str) -> None:
    if not graph.is_directed():
        raise SourceError(f"{source}: an undirected graph, which loses one-way streets; accepted: a directed graph")
    if not graph.number_of_edges():
        raise SourceError(f"{source}: a graph without edges; accepted: a directed graph with roads for edges")
    crs = str(graph.graph.get("crs", ""))
    if crs and not _WGS84.search(crs):
        raise SourceError(
            f"{source}: coordinates in {crs[:60]}; accepted: longitude and latitude in degrees (epsg:4326), "
            "as osmnx.projection.project_graph(graph, to_latlong=True) returns them"
        )


def _is_own(graph: nx.MultiDiGraph[Any], source: str) -> bool:
    version = graph.graph.get(FORMAT_KEY)
    if version is not None and str(version) != str(FORMAT):
        raise SourceError(f"{source}: a graph of format {version}; this version reads format {FORMAT}")
    return version is not None


def _is_drawn(graph: nx.MultiDiGraph[Any]) -> bool:
    """Tell whether osmnx made the graph with ``all_oneway``: only then does it keep the tag in place of a yes or no."""
    by_osmnx = str(graph.graph.get("created_with", "")).startswith("OSMnx")
    answers = {text for _, _, attributes in graph.edges(data=True) for text in texts(attributes.get("oneway"))}
    # Without any tag an edge is one direction: a lane too few is safer than one against the traffic.
    return holds(graph.graph.get(AS_DRAWN)) or (by_osmnx and bool(answers) and not answers & {"True", "False"})


def _nodes(graph: nx.MultiDiGraph[Any], found: Findings) -> dict[Hashable, Node]:
    nodes: dict[Hashable, Node] = {}
    for name, attributes in graph.nodes(data=True):
        where = f"node {name}"
        number = _node_id(name)
        if number is None:
            found.refuse(where, "id", name, "a whole number")
        lon = found.number(where, "x", attributes.get("x"), -180.0, 180.0)
        lat = found.number(where, "y", attributes.get("y"), -90.0, 90.0)
        if number is None or lon is None or lat is None:
            continue
        tags = tags_of(attributes)
        around = {*graph.predecessors(name), *graph.successors(name)}
        nodes[name] = Node(number, (lon, lat), obstacle(tags), faces(tags), through=len(around) < 3)  # noqa: PLR2004
    return nodes


def _node_id(name: object) -> int | None:
    try:
        number = operator.index(name)  # type: ignore[arg-type]
    except TypeError:
        return None
    return number if abs(number) < _INT64 else None


def _ends(
    graph: nx.MultiDiGraph[Any], nodes: Mapping[Hashable, Node]
) -> Iterator[tuple[Node, Node, object, Mapping[str, object]]]:
    """Yield what an edge is read from; nodes that are faulty have been told."""
    for tail, neighbours in graph.adjacency():
        for head, found in neighbours.items():
            edges = found.items() if graph.is_multigraph() else ((0, found),)
            for key, attributes in edges:
                if tail in nodes and head in nodes:
                    yield nodes[tail], nodes[head], key, attributes


def _require_roads(edges: list[Edge], dropped: Counter[str], source: str) -> None:
    if not edges:
        seen = ", ".join(f"{count} {reason}" for reason, count in dropped.most_common(3))
        raise SourceError(f"{source}: no roads in it ({seen})")


def _time(edges: list[Edge], source: str) -> Iterator[str]:
    """Settle what edges without a road class are timed by; yields what a user should know of it."""
    bare = unclassed(edges)
    stated = [edge for edge in edges if edge.seconds is not None]
    if bare and len(stated) == len(edges):
        yield TIMES_USED
        for edge in stated:
            whole = round((edge.seconds or 0.0) * 1000)
            edge.given_ms = whole, whole
    else:
        _require_evidence(bare, len(edges), source)
        if stated and not bare:
            yield TIMES_UNUSED
    for edge in bare:
        edge.tags["highway"] = "road"
    if not any(map(_limited, edges)) and any(edge.given_ms is None for edge in edges):
        yield NO_LIMITS


def _limited(edge: Edge) -> bool:
    return not all(map(math.isnan, edge.limits))


def _require_evidence(bare: list[Edge], total: int, source: str) -> None:
    """Give edges without class or limit the speed that they state; refuse if there is none."""
    silent = []
    for edge in bare:
        if _limited(edge):
            continue
        if edge.seconds and edge.length_m:
            edge.limits = (edge.length_m * 3.6 / edge.seconds,) * 2
        else:
            silent.append(edge)
    if silent:
        raise SourceError(
            f"{source}: {len(silent):,} of {total:,} edges say nothing about speed, the first {silent[0].place}; "
            "accepted edge attributes: highway (an OpenStreetMap road class), maxspeed, speed_kph, travel_time (s)"
        )


def _add_segments(roads: Roads, pairs: Sequence[_Pair]) -> dict[_EdgeName, _Step]:
    """Make segments of edges; return the segment and direction of each edge."""
    steps: dict[_EdgeName, _Step] = {}
    ends = (node.id for pair in pairs for edge in pair if edge is not None for node in (edge.tail, edge.head))
    maker = _Maker(min(ends))
    for pair in pairs:
        segment = maker.segment(*pair)
        roads.segments.append(segment)
        for edge, backward in zip(pair, (False, True), strict=True):
            if edge is not None:
                steps[edge.tail.id, edge.head.id, str(edge.key)] = segment, backward
    return steps


def _paired(edges: Iterable[Edge]) -> list[_Pair]:
    """Find the two directions of each road: ``(along, against)`` the way as mapped, in the order of the graph."""
    waiting: dict[Hashable, list[int]] = {}
    pairs: list[list[Edge]] = []
    for edge in edges:
        own, mirrored = _likeness(edge)
        if waiting.get(mirrored):
            pairs[waiting[mirrored].pop()].append(edge)
        else:
            waiting.setdefault(own, []).append(len(pairs))
            pairs.append([edge])
    # Edges that know their place come first, in it; the rest stay as they are.
    pairs.sort(key=lambda pair: (pair[0].segment is None, pair[0].segment or 0))
    return [_oriented(pair) for pair in pairs]


def _likeness(edge: Edge) -> tuple[Hashable, Hashable]:
    """Return what an edge is known by, and what its other direction would be known by."""
    if edge.segment is not None:
        return (edge.segment, edge.backward), (edge.segment, not edge.backward)
    tags = edge.tags
    built = is_tunnel(tags), is_bridge(tags), is_roundabout(tags)
    road = edge.ways, tags["highway"], tags.get("name"), tags.get("ref"), built
    ends = edge.tail.id, edge.head.id
    return (road, ends, edge.points), (road, ends[::-1], edge.points[::-1])


def _oriented(pair: list[Edge]) -> _Pair:
    if len(pair) == 1:
        return (None, pair[0]) if pair[0].backward else (pair[0], None)
    first, second = pair
    return (second, first) if first.backward and not second.backward else (first, second)


class _Maker:
    """Makes segments; a node that nothing can pass becomes a new dead end for each road to it."""

    def __init__(self, least_id: int) -> None:
        self._least_id = min(least_id, 0)

    def segment(self, along: Edge | None, against: Edge | None) -> Segment:
        """Make one road of its one or two directed edges."""
        edge = along or against
        assert edge is not None  # noqa: S101 - for the type checker
        start, end, points = _as_mapped(edge, turned=along is None)
        return Segment(
            start=self._end(start),
            end=self._end(end),
            lonlat=points,
            road_class=edge.tags["highway"],
            along=_lane(along, 0) if along else None,
            against=_lane(against, 0) if against else _lane(edge, 1),
            way_id=edge.ways[0] if edge.ways else 0,
            name=edge.tags.get("name", ""),
            ref=edge.tags.get("ref", ""),
            tunnel=is_tunnel(edge.tags),
            bridge=is_bridge(edge.tags),
            roundabout=is_roundabout(edge.tags),
            length_m=edge.length_m,
        )

    def _end(self, node: Node) -> int:
        if node.kind != BLOCKED:
            return node.id
        self._least_id -= 1
        return self._least_id


def _as_mapped(edge: Edge, *, turned: bool) -> tuple[Node, Node, tuple[LonLat, ...]]:
    return (edge.head, edge.tail, edge.points[::-1]) if turned else (edge.tail, edge.head, edge.points)


def _lane(edge: Edge, side: int) -> Lane | None:
    """Make the lane along an edge (side 0), or the one against it if the edge stands for both."""
    access = edge.accesses[side]
    if access is None:
        return None
    backward = bool(edge.backward) != bool(side)
    counts = edge.counts or _met(edge.tail if side else edge.head, backward=backward, told=edge.backward is not None)
    return Lane(access, edge.limits[side], counts, edge.given_ms)


def _met(node: Node, *, backward: bool, told: bool) -> tuple[int, ...]:
    """Count what stands at the node that a lane leads to."""
    faced = "backward" if backward else "forward"
    # A sign between junctions that faces the other way does not hold up this one.
    passed = node.through and told and node.faced not in {None, faced}
    return tuple(int(name == node.kind and not passed) for name in OBSTACLES)


@dataclass(slots=True)
class _Told:
    """What `graphs.graphml` writes of a whole graph, as JSON."""

    turns: list[tuple[list[_EdgeName], int, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)


def _told(graph: nx.MultiDiGraph[Any], found: Findings) -> _Told:
    told = _Told()
    for name, read in (("turn_restrictions", _read_turns), ("notes", _read_notes), ("dropped", _read_dropped)):
        text = graph.graph.get(name, "")
        try:
            read(told, json.loads(text))
        except (TypeError, ValueError, KeyError, AttributeError):
            found.refuse("graph", name, text, "JSON as nearest writes it")
    return told


def _read_turns(told: _Told, items: Any) -> None:
    kinds = {word: kind for kind, word in TURN_WORDS.items()}
    for item in items:
        edges = [(int(tail), int(head), str(key)) for tail, head, key in item["edges"]]
        told.turns.append((edges, kinds[item["kind"]], str(item["except"]), str(item["condition"])))


def _read_notes(told: _Told, items: Any) -> None:
    told.notes += map(str, items)


def _read_dropped(told: _Told, items: Any) -> None:
    told.dropped |= {str(reason): int(count) for reason, count in items.items()}


def _lacks(graph: nx.MultiDiGraph[Any]) -> list[str]:
    """Say what a graph of another's making leaves out; `graphs.places` has asked for barriers."""
    asked = holds(graph.graph.get(AS_DRAWN)) or any("barrier" in attributes for _, attributes in graph.nodes(data=True))
    return [NO_TURNS] if asked else [NO_TURNS, NO_BARRIERS]


def _add_turns(
    roads: Roads, turns: Iterable[tuple[list[_EdgeName], int, str, str]], steps: Mapping[_EdgeName, _Step]
) -> None:
    for edges, kind, excepted, condition in turns:
        driven = [steps[edge] for edge in edges if edge in steps]
        if len(driven) == len(edges):
            roads.turns.append(SegmentTurn(driven, kind, excepted, condition))
        else:
            roads.dropped["turn restriction: its roads do not meet in the network"] += 1


def _meta(graph: nx.MultiDiGraph[Any], source: str, notes: Iterable[str]) -> NetworkMeta:
    told = graph.graph
    return NetworkMeta(
        source=source,
        data_timestamp=str(told.get("data_timestamp", "")),
        attribution=str(told.get("attribution", ATTRIBUTION)),
        licence=str(told.get("licence", LICENCE)),
        notes=tuple(dict.fromkeys(notes)),
    )
