"""One directed edge of a networkx graph: what its attributes say, and whether it can be believed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import shapely

from graphs.assemble import LonLat
from graphs.attributes import Attributes, Findings, as_number, holds, tags_of, texts, unfolded
from graphs.maxspeed import limit_kmh
from graphs.tags import ACCESS_GROUPS, OBSTACLES, ROAD_CLASSES, directions, dropped_because

# Written by `graphs.graphml` and by nobody else; an edge that has them is taken at its word.
SEGMENT, ACCESS, COUNTS, LIMIT, GIVEN = "segment", "access_group", "obstacles", "limit_kmh", "given_ms"
AGAINST = "against a one-way street"
_INT64: Final = 2**63
_TURNED: Final = frozenset({"-1", "reverse"})
_TAGS_TAKEN: Final = ("highway", "maxspeed", "name", "ref", "tunnel", "bridge", "junction")


@dataclass(slots=True)
class Node:
    """An end of edges; ``kind`` and ``faced`` are as `graphs.tags.obstacle` and `graphs.tags.faces` tell."""

    id: int
    lonlat: LonLat
    kind: str | None = None
    faced: str | None = None
    through: bool = False


@dataclass(slots=True)
class Edge:
    """A directed edge as read.

    Parameters
    ----------
    points
        In driving direction.
    ways
        OpenStreetMap ids of the ways that it is made of, sorted.
    backward
        Whether it runs against the way as mapped; None where the graph does not say.
    accesses
        Access group along the edge, and against it for graphs whose edges stand for both directions.
    seconds
        The time that the graph states for it.
    segment, counts, given_ms
        What `graphs.graphml` writes.
    """

    tail: Node
    head: Node
    key: object
    points: tuple[LonLat, ...]
    ways: tuple[int, ...]
    tags: dict[str, str]
    backward: bool | None
    accesses: tuple[str | None, str | None]
    limits: tuple[float, float]
    length_m: float | None
    seconds: float | None = None
    segment: int | None = None
    counts: tuple[int, ...] | None = None
    given_ms: tuple[int, int] | None = None

    @property
    def place(self) -> str:
        """The edge in words."""
        return f"edge {self.tail.id} -> {self.head.id}"


@dataclass(slots=True)
class EdgeReader:
    """Reads edges one by one, noting what is wrong and what is left out.

    Parameters
    ----------
    own
        Whether `graphs.graphml` wrote the graph.
    drawn
        Whether each edge stands for a way as mapped, both directions in one (osmnx with ``all_oneway``).
    """

    found: Findings
    own: bool
    drawn: bool
    dropped: list[str] = field(default_factory=list)

    def read(self, tail: Node, head: Node, key: object, attributes: Attributes) -> Edge | None:
        """Read an edge; None where it is faulty or no road."""
        own = self.own and {SEGMENT, ACCESS, COUNTS} <= attributes.keys()
        where = f"edge {tail.id} -> {head.id}"
        edge = Edge(
            tail=tail,
            head=head,
            key=key,
            points=self._points(where, attributes.get("geometry"), tail, head),
            ways=self._ways(where, attributes.get("osmid")),
            tags=_own_tags(attributes) if own else tags_of(attributes),
            backward=holds(attributes["reversed"]) if texts(attributes.get("reversed")) else None,
            accesses=(None, None),
            limits=(math.nan, math.nan),
            length_m=self.found.optional(where, "length", attributes),
        )
        if not self.drawn and _mirrors_one_way(edge, attributes):
            self.dropped.append(AGAINST)
            return None
        if own:
            self._take(where, edge, attributes)
            return edge
        return edge if self._judge(where, edge, attributes) else None

    def _points(self, where: str, geometry: object, tail: Node, head: Node) -> tuple[LonLat, ...]:
        if not isinstance(geometry, shapely.Geometry) and not texts(geometry):
            return tail.lonlat, head.lonlat
        points = _line_points(geometry)
        if points is None:
            self.found.refuse(where, "geometry", str(geometry), "a LineString of longitudes and latitudes")
            return tail.lonlat, head.lonlat
        ahead = math.dist(points[0], tail.lonlat) + math.dist(points[-1], head.lonlat)
        turned = math.dist(points[-1], tail.lonlat) + math.dist(points[0], head.lonlat)
        # Tools that copy an edge for its other direction often leave the line as it was.
        return points[::-1] if turned < ahead else points

    def _ways(self, where: str, osmid: object) -> tuple[int, ...]:
        numbers = [as_number(text) for text in texts(osmid)]
        whole = [int(number) for number in numbers if number is not None and math.isfinite(number)]
        if len(whole) < len(numbers) or any(abs(number) >= _INT64 for number in whole):
            self.found.refuse(where, "osmid", osmid, "a whole number, or a list of them")
        return tuple(sorted(whole))

    def _judge(self, where: str, edge: Edge, attributes: Attributes) -> bool:
        """Decide by its tags whether and how an edge of another's graph is driven."""
        tags = edge.tags
        if self.drawn and tags.get("oneway") in _TURNED:
            # osmnx has turned the way round and kept the tag.
            edge.tail, edge.head, edge.points = edge.head, edge.tail, edge.points[::-1]
        if not self.drawn:
            _set_one_way(tags, attributes)
        reason = dropped_because({"highway": "road", **tags})
        along, against = directions(tags)
        if not self.drawn:
            along, against = (against, None) if edge.backward else (along, None)
            reason = reason or (AGAINST if along is None else None)
        if reason:
            self.dropped.append(reason)
            return False
        edge.accesses = along, against
        edge.limits = self._limits(tags, backward=bool(edge.backward))
        edge.seconds = self._seconds(where, edge, attributes)
        return True

    def _limits(self, tags: Mapping[str, str], *, backward: bool) -> tuple[float, float]:
        ahead, behind = _limit(tags, "forward"), _limit(tags, "backward")
        return (behind, ahead) if backward else (ahead, behind)

    def _seconds(self, where: str, edge: Edge, attributes: Attributes) -> float | None:
        """Return the time stated for an edge that no road class tells the speed of."""
        seconds = self.found.optional(where, "travel_time", attributes)
        speed_kmh = self.found.optional(where, "speed_kph", attributes, least=1.0)
        if seconds is None and speed_kmh is not None and edge.length_m is not None:
            return edge.length_m * 3.6 / speed_kmh
        return seconds

    def _take(self, where: str, edge: Edge, attributes: Attributes) -> None:
        """Take an edge of our own as it was written."""
        access, class_ = str(attributes[ACCESS]), edge.tags.get("highway", "")
        if access not in ACCESS_GROUPS:
            self.found.refuse(where, ACCESS, access, ", ".join(ACCESS_GROUPS))
        if class_ not in ROAD_CLASSES:
            self.found.refuse(where, "highway", class_, ", ".join(ROAD_CLASSES))
        edge.accesses = access, None
        edge.limits = self._own_limit(where, edge, attributes.get(LIMIT)), math.nan
        edge.segment = self._whole(where, SEGMENT, attributes[SEGMENT])
        edge.counts = self._counts(where, attributes[COUNTS])
        edge.given_ms = self._given_ms(where, attributes.get(GIVEN))

    def _own_limit(self, where: str, edge: Edge, value: object) -> float:
        if value is None:
            return _limit(edge.tags, "forward")
        limit = as_number(value)
        if limit is not None and limit > 0.0:
            return limit
        self.found.refuse(where, LIMIT, value, "a number above 0, km/h")
        return math.nan

    def _counts(self, where: str, value: object) -> tuple[int, ...]:
        held = unfolded(value)
        if not isinstance(held, dict) or not held.keys() <= set(OBSTACLES):
            self.found.refuse(where, COUNTS, value, f"counts by name, of {', '.join(OBSTACLES)}")
            return (0,) * len(OBSTACLES)
        return tuple(self._whole(where, COUNTS, held.get(name, 0)) for name in OBSTACLES)

    def _given_ms(self, where: str, value: object) -> tuple[int, int] | None:
        if value is None:
            return None
        held = unfolded(value)
        if not isinstance(held, list | tuple) or len(held) != len(("normal", "response")):
            self.found.refuse(where, GIVEN, value, "two times in milliseconds: normal, response")
            return None
        return self._whole(where, GIVEN, held[0]), self._whole(where, GIVEN, held[1])

    def _whole(self, where: str, name: str, value: object) -> int:
        text = str(value)
        if text.isascii() and text.isdigit() and int(text) < _INT64:
            return int(text)
        self.found.refuse(where, name, value, "a whole number, 0 or more")
        return 0


def _own_tags(attributes: Attributes) -> dict[str, str]:
    """Return the tags that `graphs.graphml` writes, untouched: a name may look like a list."""
    return {key: str(attributes[key]) for key in _TAGS_TAKEN if key in attributes}


def _limit(tags: Mapping[str, str], direction: Literal["forward", "backward"]) -> float:
    limit = limit_kmh(tags, direction=direction)
    return math.nan if limit is None else limit


def _line_points(geometry: object) -> tuple[LonLat, ...] | None:
    """Return the points of a LineString, or of one in well-known text; None where it is none on the globe."""
    try:
        line = geometry if isinstance(geometry, shapely.Geometry) else shapely.from_wkt(str(geometry))
    except shapely.GEOSException:
        return None
    if not isinstance(line, shapely.LineString) or line.is_empty:
        return None
    points = shapely.get_coordinates(line)
    if not (np.abs(points) <= (180.0, 90.0)).all():
        return None
    return tuple((lon, lat) for lon, lat in points.tolist())


def _set_one_way(tags: dict[str, str], attributes: Attributes) -> None:
    """Replace osmnx's answer by the tag that it stands for: False may also mean that there was no tag."""
    tags.pop("oneway", None)
    if holds(attributes.get("oneway")):
        tags["oneway"] = "yes"


def _mirrors_one_way(edge: Edge, attributes: Attributes) -> bool:
    """Tell whether an edge is the other direction of a one-way street, made when a graph was directed anew."""
    ends = [str(attributes.get(name, "")) for name in ("from", "to")]
    mirrored = edge.tail is not edge.head and ends == [str(edge.head.id), str(edge.tail.id)]
    return mirrored and holds(attributes.get("oneway"))


def unclassed(edges: Iterable[Edge]) -> list[Edge]:
    """Return the edges that have no road class."""
    return [edge for edge in edges if "highway" not in edge.tags]
