"""From road segments to a `Network`: number, sort, pair, drop islands, resolve turn restrictions.

Every reader (OpenStreetMap, GraphML, JEMSS) hands over the same thing, so that the rest of the product cannot tell
where roads came from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from graphs.coordinates import METRES_PER_DEGREE, great_circle_m
from graphs.errors import SourceError
from graphs.ground import Item, ground_of
from graphs.network import BRIDGE, ROUNDABOUT, TUNNEL, Floats, Ints, Network, NetworkMeta
from graphs.restrictions import Restriction, Turn, resolve
from graphs.tags import ACCESS_GROUPS, OBSTACLES, ROAD_CLASSES

LonLat = tuple[float, float]
# A part of the map that no road joins to the rest and that has less road than this is an island: a mapping fragment or
# a place that the extract cut off. Judgement: longer than a retail park's loose ends, shorter than the roads of a real
# island.
ISLAND_M = 5_000.0
AREA_MARGIN_M = 1_000.0


@dataclass(slots=True)
class Lane:
    """One driving direction of a segment.

    Parameters
    ----------
    access
        One of `ACCESS_GROUPS`.
    limit_kmh
        Legal limit, NaN where none is known.
    obstacles
        Counts in the order of `OBSTACLES`.
    given_ms
        ``(normal, response)`` times stated by the source, or None.
    """

    access: str = "open"
    limit_kmh: float = float("nan")
    obstacles: Sequence[int] = (0,) * len(OBSTACLES)
    given_ms: tuple[int, int] | None = None


@dataclass(slots=True)
class Segment:
    """A stretch of road between two junctions; ``lonlat`` runs from ``start`` to ``end``."""

    start: int
    end: int
    lonlat: Sequence[LonLat]
    road_class: str
    along: Lane | None
    against: Lane | None
    way_id: int = 0
    name: str = ""
    ref: str = ""
    tunnel: bool = False
    bridge: bool = False
    roundabout: bool = False
    length_m: float | None = None


@dataclass(slots=True)
class SegmentTurn:
    """A turn restriction told edge by edge.

    Parameters
    ----------
    steps
        The segments in driving order, each with whether it is driven from its end to its start.
    """

    steps: Sequence[tuple[Segment, bool]]
    kind: int
    excepted: str = ""
    condition: str = ""


@dataclass(slots=True)
class Roads:
    """What a reader found.

    Parameters
    ----------
    restrictions
        Turn restrictions as mapped, by way.
    turns
        Turn restrictions of sources that tell them edge by edge.
    ground
        What is drawn beneath, in degrees.
    """

    meta: NetworkMeta
    segments: list[Segment] = field(default_factory=list)
    restrictions: list[Restriction] = field(default_factory=list)
    turns: list[SegmentTurn] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    ground: list[Item] = field(default_factory=list)


def assemble(roads: Roads) -> Network:
    """Build the network.

    Raises
    ------
    SourceError
        No segment can be driven.
    """
    # What is dropped from here on is counted apart, so that the same roads can be assembled again.
    roads = replace(roads, dropped=Counter(roads.dropped))
    segments = _without_islands(roads)
    if not segments:
        raise SourceError(
            f"{roads.meta.source}: no road in it can be driven; "
            "accepted: a source with at least one road whose ends are in it and that a vehicle may use"
        )
    shapes = _Shapes(segments)
    edges = _Edges(segments)
    texts = _Texts()
    owner, lanes = edges.owner, edges.lanes
    columns = [segments[row] for row in owner]
    area = _area(shapes.lonlat)
    return Network(
        node_id=edges.node_id,
        node_lonlat=_node_lonlat(segments, edges.node_id),
        tail=edges.tail,
        head=edges.head,
        shape=owner,
        backward=edges.backward,
        twin=edges.twin(),
        way_id=np.array([item.way_id for item in columns], np.int64),
        road_class=np.array([ROAD_CLASSES.index(item.road_class) for item in columns], np.uint8),
        access=np.array([ACCESS_GROUPS.index(lane.access) for lane in lanes], np.uint8),
        flags=np.array([_flags(item) for item in columns], np.uint8),
        length_m=shapes.length_m[owner],
        limit_kmh=np.array([lane.limit_kmh for lane in lanes], np.float64),
        obstacles=np.minimum(np.array([lane.obstacles for lane in lanes], np.int64), 255).astype(np.uint8),
        given_ms=_given_ms(lanes),
        name=np.array([texts.row(item.name) for item in columns], np.int32),
        ref=np.array([texts.row(item.ref) for item in columns], np.int32),
        shape_start=shapes.start,
        shape_lonlat=shapes.lonlat,
        **_turns(roads, edges, columns, texts),
        text_start=texts.start(),
        text_utf8=texts.utf8(),
        area_wkb=np.frombuffer(area.wkb, np.uint8),
        meta=replace(roads.meta, dropped=dict(sorted(roads.dropped.items()))),
        ground=ground_of(roads.ground, area),
    )


def _without_islands(roads: Roads) -> list[Segment]:
    """Drop what no road joins to the rest, unless it is large; direction does not matter here."""
    segments = [item for item in roads.segments if item.along or item.against]
    if not segments:
        return []
    ids, ends = np.unique(np.array([(item.start, item.end) for item in segments]), return_inverse=True)
    ends = ends.reshape(-1, 2)
    links = coo_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(len(ids), len(ids)))
    _, part = connected_components(links, directed=False)
    part_of_segment = part[ends[:, 0]]
    road_m = np.bincount(part_of_segment, weights=_Shapes(segments).length_m)
    kept = road_m >= min(ISLAND_M, road_m.max())
    for row in np.flatnonzero(~kept[part_of_segment]):
        item = segments[row]
        roads.dropped["island: directed edges"] += (item.along is not None) + (item.against is not None)
    return [item for item, row in zip(segments, part_of_segment, strict=True) if kept[row]]


class _Shapes:
    """Points and lengths of all segments, flat."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        counts = np.array([len(item.lonlat) for item in segments], np.int64)
        self.start = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self.lonlat: Floats = np.array([point for item in segments for point in item.lonlat], np.float64)
        self.length_m = self._lengths(segments)

    def _lengths(self, segments: Sequence[Segment]) -> Floats:
        steps = great_circle_m(self.lonlat[:-1], self.lonlat[1:])
        # A step from the last point of one shape to the first of the next is no road.
        steps[self.start[1:-1] - 1] = 0.0
        measured = np.add.reduceat(np.append(steps, 0.0), self.start[:-1])
        stated = np.array([np.nan if item.length_m is None else item.length_m for item in segments])
        return np.where(np.isnan(stated), measured, stated)


class _Edges:
    """Directed edges of all segments, sorted by tail, then by segment, forward before backward."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        rows: list[tuple[int, int, int, int, Lane]] = []
        for row, item in enumerate(segments):
            if item.along is not None:
                rows.append((item.start, row, 0, item.end, item.along))
            if item.against is not None:
                rows.append((item.end, row, 1, item.start, item.against))
        rows.sort(key=lambda edge: edge[:3])
        ends = np.array([(edge[0], edge[3]) for edge in rows], np.int64)
        self.node_id, numbered = np.unique(ends, return_inverse=True)
        numbered = numbered.reshape(-1, 2).astype(np.int32)
        self.tail: Ints = np.ascontiguousarray(numbered[:, 0])
        self.head: Ints = np.ascontiguousarray(numbered[:, 1])
        self.owner: Ints = np.array([edge[1] for edge in rows], np.int32)
        self.backward: NDArray[np.uint8] = np.array([edge[2] for edge in rows], np.uint8)
        self.lanes: list[Lane] = [edge[4] for edge in rows]

    def twin(self) -> Ints:
        of_shape = np.full((int(self.owner.max()) + 1, 2), -1, np.int32)
        of_shape[self.owner, self.backward] = np.arange(len(self.owner))
        return np.ascontiguousarray(of_shape[self.owner, 1 - self.backward])


class _Texts:
    """Each text once; row 0 is empty."""

    def __init__(self) -> None:
        self._row = {"": 0}

    def row(self, text: str) -> int:
        return self._row.setdefault(text, len(self._row))

    def start(self) -> NDArray[np.int64]:
        return np.concatenate(([0], np.cumsum([len(text.encode()) for text in self._row]))).astype(np.int64)

    def utf8(self) -> NDArray[np.uint8]:
        return np.frombuffer("".join(self._row).encode(), np.uint8)


def _flags(segment: Segment) -> int:
    return TUNNEL * segment.tunnel | BRIDGE * segment.bridge | ROUNDABOUT * segment.roundabout


def _given_ms(lanes: Sequence[Lane]) -> NDArray[np.int64]:
    stated = [lane.given_ms for lane in lanes if lane.given_ms is not None]
    if stated and len(stated) != len(lanes):
        raise SourceError("some edges state a travel time and some do not")
    return np.array(stated, np.int64).reshape(-1, 2)


def _node_lonlat(segments: Iterable[Segment], node_id: NDArray[np.int64]) -> Floats:
    found: dict[int, LonLat] = {}
    for item in segments:
        found[item.start], found[item.end] = item.lonlat[0], item.lonlat[-1]
    return np.array([found[key] for key in node_id.tolist()], np.float64)


def _turns(roads: Roads, edges: _Edges, columns: Sequence[Segment], texts: _Texts) -> dict[str, Any]:
    way_id = np.array([item.way_id for item in columns], np.int64)
    found, unresolved = resolve(roads.restrictions, edges.node_id, edges.tail, edges.head, way_id, edges.twin())
    told = _told_by_edge(roads.turns, edges, columns)
    unresolved += len(roads.turns) - len(told)
    found += told
    if unresolved:
        roads.dropped["turn restriction: its roads do not meet in the network"] += unresolved
    lengths = [len(turn.edges) for turn in found]
    return {
        "turn_start": np.concatenate(([0], np.cumsum(lengths))).astype(np.int32),
        "turn_edge": np.array([edge for turn in found for edge in turn.edges], np.int32),
        "turn_kind": np.array([turn.kind for turn in found], np.uint8),
        "turn_except": np.array([texts.row(turn.excepted) for turn in found], np.int32),
        "turn_condition": np.array([texts.row(turn.condition) for turn in found], np.int32),
    }


def _told_by_edge(turns: Sequence[SegmentTurn], edges: _Edges, columns: Sequence[Segment]) -> list[Turn]:
    """Find the edges of turns told by segment; one whose segments are not all in the network is left out."""
    if not turns:
        return []
    ways_driven = zip(columns, edges.backward.tolist(), strict=True)
    edge_of = {(id(item), bool(backward)): edge for edge, (item, backward) in enumerate(ways_driven)}
    chains = [[edge_of.get((id(item), backward)) for item, backward in turn.steps] for turn in turns]
    return [
        Turn(tuple(edge for edge in chain if edge is not None), turn.kind, turn.excepted, turn.condition)
        for turn, chain in zip(turns, chains, strict=True)
        if None not in chain
    ]


def _area(lonlat: Floats) -> shapely.Polygon:
    """Return the convex hull of all roads and a margin around it, in degrees."""
    middle_lat = float((lonlat[:, 1].min() + lonlat[:, 1].max()) / 2)
    narrow = max(np.cos(np.radians(middle_lat)), 0.01)
    hull = shapely.convex_hull(shapely.MultiPoint(lonlat * (narrow, 1.0)))
    grown = shapely.buffer(hull, AREA_MARGIN_M / METRES_PER_DEGREE, quad_segs=4)
    return shapely.transform(grown, lambda points: points / (narrow, 1.0))
