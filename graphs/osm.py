"""Read roads from OpenStreetMap files: ``.osm.pbf``, ``.osm``, ``.osm.gz``, ``.osm.bz2``.

The file is read several times (ways, turn restrictions, what is drawn beneath, nodes), so that the order of its objects
does not matter.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import osmium

from graphs.assemble import Lane, LonLat, Roads, Segment
from graphs.coordinates import distance_m
from graphs.errors import SourceError
from graphs.ground_osm import INCOMPLETE, Outlines, items_of, read_outlines
from graphs.maxspeed import limit_kmh
from graphs.network import NetworkMeta
from graphs.restrictions import Restriction, read_restriction
from graphs.tags import (
    BLOCKED,
    OBSTACLES,
    directions,
    dropped_because,
    faces,
    faces_both,
    is_bridge,
    is_roundabout,
    is_tunnel,
    obstacle,
)

# What faces drivers of one direction; a gate or a level crossing stops both, whatever its direction tag says.
_FACING = frozenset({"signals", "stop", "give_way", "crossing"})
# Signals this near to a junction, or behind one another, are taken for one group. Judgement: in Newport, of 47 signals
# on two-way roads that do not say their direction, 43 stand up to 29 m from a junction and the next stands at 44 m.
SIGNAL_GROUP_M = 30.0
SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
# Field 3 of a block's header, a number.
_DATASIZE = 3 << 3
Report = Callable[[str], None]


def quiet(_message: str) -> None:
    """Report nothing."""


@dataclass(slots=True)
class _Way:
    id: int
    tags: dict[str, str]
    nodes: list[int]


@dataclass(slots=True)
class _Found:
    """What the file holds that matters here."""

    ways: list[_Way] = field(default_factory=list)
    restrictions: list[Restriction] = field(default_factory=list)
    outlines: Outlines = field(default_factory=Outlines)
    place: dict[int, LonLat] = field(default_factory=dict)
    standing: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)


def read_osm(path: Path, report: Report = quiet) -> Roads:
    """Read an OpenStreetMap file.

    Parameters
    ----------
    path
        The file; its name's ending tells the format.
    report
        Called with a short sentence as the work goes on.

    Raises
    ------
    SourceError
        The file is missing, is not OpenStreetMap data, is cut off, or holds no road.
    """
    if not path.is_file():
        raise SourceError(f"{path}: no such file; accepted: a file ending in {', '.join(SUFFIXES)}")
    found = _Found()
    try:
        report(f"{path.name}: reading ways")
        _read_ways(path, found)
        report(f"{path.name}: reading turn restrictions; {len(found.ways):,} roads so far")
        _read_restrictions(path, found)
        found.outlines = read_outlines(path)
        report(f"{path.name}: reading nodes")
        _read_nodes(path, found)
        timestamp = _timestamp(path)
        _refuse_half_a_length(path)
    except (RuntimeError, ValueError, OSError, osmium.InvalidLocationError) as error:
        raise SourceError(
            f"{path}: cannot be read as OpenStreetMap data, or is cut off ({error}); "
            f"accepted: a whole file ending in {', '.join(SUFFIXES)}"
        ) from error
    if not found.ways:
        seen = ", ".join(f"{count} {reason}" for reason, count in found.dropped.most_common(3))
        raise SourceError(
            f"{path}: no roads in it ({seen or 'no way with a highway tag'}); "
            "accepted: a file with ways that a car may drive, tagged highway=residential and the like"
        )
    report(f"{path.name}: cutting {len(found.ways):,} roads at junctions")
    return _roads(path, found, timestamp)


def _read_ways(path: Path, found: _Found) -> None:
    source = osmium.FileProcessor(path, osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway", "route"))
    for way in source:
        assert isinstance(way, osmium.osm.Way)  # noqa: S101 - what was asked for; the library's types cannot say so
        tags = dict(way.tags)
        if "highway" not in tags and tags.get("route") != "ferry":
            continue
        reason = dropped_because(tags)
        if reason is None:
            found.ways.append(_Way(way.id, tags, [node.ref for node in way.nodes]))
        else:
            found.dropped[reason] += 1


def _read_restrictions(path: Path, found: _Found) -> None:
    source = osmium.FileProcessor(path, osmium.osm.RELATION).with_filter(osmium.filter.KeyFilter("type"))
    for relation in source:
        assert isinstance(relation, osmium.osm.Relation)  # noqa: S101 - as above
        tags = dict(relation.tags)
        if not tags["type"].startswith("restriction"):
            continue
        item = read_restriction(tags, [(member.role, member.type, member.ref) for member in relation.members])
        if item is None:
            found.dropped["turn restriction: does not bind a car, or is incomplete"] += 1
        else:
            found.restrictions.append(item)


def _read_nodes(path: Path, found: _Found) -> None:
    wanted = {node for way in found.ways for node in way.nodes}
    # Kept apart: roads are numbered by what is known of roads alone.
    drawn, drawn_at = found.outlines.nodes(), found.outlines.place
    # The library's own filter by id takes a bit for every id up to the largest: over a gigabyte.
    for node in osmium.FileProcessor(path, osmium.osm.NODE):
        assert isinstance(node, osmium.osm.Node)  # noqa: S101 - as above
        number = node.id
        if number in drawn and node.location.valid():
            drawn_at[number] = (node.location.lon, node.location.lat)
        if number not in wanted or not node.location.valid():
            continue
        found.place[node.id] = (node.location.lon, node.location.lat)
        if len(node.tags):
            tags = dict(node.tags)
            kind = obstacle(tags)
            if kind:
                found.standing[node.id] = (kind, faces(tags) or ("both" if faces_both(tags) else None))


def _timestamp(path: Path) -> str:
    with osmium.io.Reader(path, osmium.osm.NOTHING) as reader:
        header = reader.header()
    return header.get("osmosis_replication_timestamp") or header.get("timestamp")


def _refuse_half_a_length(path: Path) -> None:
    """Refuse a PBF that ends within the four bytes that begin a block: the library takes these for the end."""
    if path.suffix != ".pbf":
        return
    with path.open("rb") as stream:
        while length := stream.read(4):
            if len(length) < 4:  # noqa: PLR2004 - the bytes of a length
                raise ValueError("it ends within the length of a block")
            stream.seek(_block_bytes(stream.read(int.from_bytes(length))), os.SEEK_CUR)


def _block_bytes(header: bytes) -> int:
    """Return the size of the block that follows a header (wiki.openstreetmap.org/wiki/PBF_Format, BlobHeader)."""
    at = 0
    while at < len(header):
        key, at = _number(header, at)
        value, at = _number(header, at)
        if key == _DATASIZE:
            return value
        at += value  # Every field but the size is text or bytes, after its length.
    raise ValueError("a block does not tell its size")


def _number(header: bytes, at: int) -> tuple[int, int]:
    """Read a number of seven bits a byte, the lowest first; return it and where it ends."""
    end = next(place for place in range(at, len(header)) if header[place] < 0x80)  # noqa: PLR2004 - the last byte
    return sum((header[place] & 0x7F) << 7 * (place - at) for place in range(at, end + 1)), end + 1


def _roads(path: Path, found: _Found, timestamp: str) -> Roads:
    meta = NetworkMeta(source=path.name, source_sha256=sha256_of(path), data_timestamp=timestamp)
    ground, incomplete = items_of(found.outlines)
    found.dropped += Counter({INCOMPLETE: incomplete})
    roads = Roads(meta, restrictions=found.restrictions, dropped=found.dropped, ground=ground)
    cutter = _Cutter(found)
    for way in found.ways:
        roads.segments += cutter.segments(way)
    return roads


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Cutter:
    """Cuts ways at junctions, and at barriers that nothing can pass."""

    def __init__(self, found: _Found) -> None:
        self._place, self._standing, self._dropped = found.place, found.standing, found.dropped
        self._signals = _Signals(found)
        uses: Counter[int] = Counter()
        for way in found.ways:
            uses.update(way.nodes)
        self._junctions = {node for node, count in uses.items() if count > 1}
        self._junctions |= {node for node, (kind, _) in found.standing.items() if kind == BLOCKED}
        # Ids of new dead ends lie below those of the file, which are negative where an editor wrote it.
        self._lowest = min(0, *found.place) if found.place else 0

    def segments(self, way: _Way) -> Iterator[Segment]:
        along, against = directions(way.tags)
        limits = {name: limit_kmh(way.tags, direction=name) for name in ("forward", "backward")}
        for nodes in self._stretches(way):
            ahead, back = self._obstacles(nodes, two_way=None not in {along, against})
            yield Segment(
                start=self._end(nodes[0]),
                end=self._end(nodes[-1]),
                lonlat=[self._place[node] for node in nodes],
                road_class=way.tags["highway"],
                along=_lane(along, limits["forward"], ahead),
                against=_lane(against, limits["backward"], back),
                way_id=way.id,
                name=way.tags.get("name", ""),
                ref=way.tags.get("ref", ""),
                tunnel=is_tunnel(way.tags),
                bridge=is_bridge(way.tags),
                roundabout=is_roundabout(way.tags),
            )

    def _stretches(self, way: _Way) -> Iterator[list[int]]:
        """Yield runs of nodes between junctions; where the extract lacks a node, the road is cut."""
        run: list[int] = []
        for node in way.nodes:
            if node not in self._place:
                self._dropped["node missing from the extract"] += 1
                yield from _if_road(run)
                run = []
                continue
            if run and node == run[-1]:
                continue
            run.append(node)
            if len(run) > 1 and node in self._junctions:
                yield run
                run = [node]
        yield from _if_road(run)

    def _end(self, node: int) -> int:
        """Return a node's id; one that is blocked becomes a new dead end each time."""
        if self._standing.get(node, ("",))[0] != BLOCKED:
            return node
        self._lowest -= 1
        return self._lowest

    def _obstacles(self, nodes: list[int], *, two_way: bool) -> tuple[list[int], list[int]]:
        """Count obstacles met along and against a stretch: those inside it and at its end, not at its start."""
        ahead, back = list[tuple[int, str]](), list[tuple[int, str]]()
        last = len(nodes) - 1
        for place, node in enumerate(nodes):
            kind, faced = self._standing.get(node, (BLOCKED, None))
            if kind == BLOCKED:
                continue
            one_sided = two_way and 0 < place < last and kind in _FACING
            met_ahead, met_back = self._faced(kind, faced, nodes, place) if one_sided else (True, True)
            ahead += [(place, kind)] * met_ahead
            back += [(last - place, kind)] * met_back
        return self._counted(nodes, ahead), self._counted(nodes[::-1], back[::-1])

    def _counted(self, nodes: list[int], met: list[tuple[int, str]]) -> list[int]:
        """Count what is met in driving order; a group of signals stops a driver once, and it may begin at the start."""
        counts = [0] * len(OBSTACLES)
        first: int | None = None
        for place, kind in met:
            if kind == "signals":
                if first is not None and self._length_m(nodes[first : place + 1]) <= SIGNAL_GROUP_M:
                    continue
                first = place
            counts[OBSTACLES.index(kind)] += place > 0
        return counts

    def _faced(self, kind: str, faced: str | None, nodes: list[int], place: int) -> tuple[bool, bool]:
        """Tell whether a sign inside a two-way stretch faces those who drive along it, and those against it.

        A stop or give-way sign that does not say faces those who come to the nearer end; a signal, those who come to
        the nearer junction whose signals it belongs to, or both.
        """
        if faced is not None:
            return faced != "backward", faced != "forward"
        before_m, after_m = self._length_m(nodes[: place + 1]), self._length_m(nodes[place:])
        if kind == "signals":
            before_m, after_m = self._signals.near_m(nodes[0], before_m), self._signals.near_m(nodes[-1], after_m)
        return after_m <= before_m, before_m <= after_m

    def _length_m(self, nodes: list[int]) -> float:
        return _length_m(self._place, nodes)


class _Signals:
    """Knows the junctions to which signals before them belong: those with signals near by on two arms or more.

    Signals on one arm alone are taken for a crossing of people on foot, which stops both directions.
    """

    def __init__(self, found: _Found) -> None:
        self._place = found.place
        self._junctions = _junctions(found.ways)
        signals = {node for node, (kind, _) in found.standing.items() if kind == "signals"}
        arms = {arm for way in found.ways for arm in self._arms(way.nodes, signals)}
        company = Counter(junction for junction, _ in arms)
        self._signalled = {junction for junction, count in company.items() if count > 1}

    def near_m(self, node: int, away_m: float) -> float:
        """Return how far a signal is from a node, infinite unless it belongs to the signals of a junction there."""
        return away_m if away_m <= SIGNAL_GROUP_M and node in self._signalled else math.inf

    def _arms(self, nodes: list[int], signals: set[int]) -> Iterator[tuple[int, int]]:
        """Yield each junction that a way comes to from a signal near it, with the node of the way before it."""
        for place, node in enumerate(nodes):
            if node in signals:
                yield from self._arm(nodes[place:])
                yield from self._arm(nodes[place::-1])

    def _arm(self, nodes: list[int]) -> Iterator[tuple[int, int]]:
        way_m = 0.0
        for before, node in pairwise(nodes):
            if before not in self._place or node not in self._place:
                return
            way_m += _length_m(self._place, [before, node])
            if way_m > SIGNAL_GROUP_M:
                return
            if node in self._junctions:
                yield node, before
                return


def _junctions(ways: list[_Way]) -> set[int]:
    """Return the nodes where three arms or more meet; where two do, one road is mapped as two ways."""
    arms: Counter[int] = Counter()
    for way in ways:
        arms.update(way.nodes)
        arms.update(way.nodes[1:-1])
    return {node for node, count in arms.items() if count > 2}  # noqa: PLR2004 - a road has two ends


def _length_m(place: dict[int, LonLat], nodes: list[int]) -> float:
    places = [place[node] for node in nodes]
    return sum(distance_m(lat_a, lon_a, lat_b, lon_b) for (lon_a, lat_a), (lon_b, lat_b) in pairwise(places))


def _if_road(run: list[int]) -> Iterator[list[int]]:
    if len(run) > 1:
        yield run


def _lane(access: str | None, limit: float | None, obstacles: list[int]) -> Lane | None:
    if access is None:
        return None
    return Lane(access, math.nan if limit is None else limit, obstacles)
