"""Road maps drawn in text.

A picture gives the places: each character is 100 m wide and each line 100 m high, north is up, and lines such as ``-``
and ``|`` are there for the eye alone. Rows give the roads::

    town = draw(
        '''
        A---B---C
            |   b
            D---E
        ''',
        "A-B-C primary limit=30mph name='Linthorpe Road'",
        "B>D",
        "D-E gate=1",
        "C-b-E private",
        turns=["no A>B>D", "only A>B>C except=psv"],
    )

A capital or a digit is a junction, a small letter a bend. ``A-B`` is a two-way road, ``A>B`` and ``B<A`` run from A to
B only. Each stretch between two junctions is a way of its own, numbered from 1. After the letters come, in any order:

- a road class, an access group (``access=open/bus`` where it differs by direction), ``tunnel``, ``bridge``,
  ``roundabout``;
- ``limit=50``, ``limit=30mph``, ``limit=none``; ``length=750`` metres; ``name=``, ``ref=``;
  ``way=7`` for stretches that are one way;
- ``signals=1`` and the other obstacles, ``normal_s=60 response_s=40`` for times that the source states.

A value with a slash differs by direction: ``limit=30mph/50mph``, ``give_way=1/0`` (along the row, against it).
"""

from __future__ import annotations

import math
import re
import shlex
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import osmium
from osmium.osm.mutable import Node, Relation, Way

from graphs.assemble import Lane, LonLat, Roads, Segment, assemble
from graphs.coordinates import METRES_PER_DEGREE
from graphs.maxspeed import limit_kmh
from graphs.network import TURN_FORBIDDEN, TURN_OBLIGATORY, Network, NetworkMeta
from graphs.osm import read_osm
from graphs.restrictions import Restriction
from graphs.tags import ACCESS_GROUPS, OBSTACLES, ROAD_CLASSES

# The north-west corner of a picture: Middlesbrough.
NORTH_LAT, WEST_LON = 54.58, -1.25
SQUARE_M = 100.0
Point = tuple[float, float]


class Sheet:
    """The places of a picture."""

    def __init__(self, picture: str, square_m: float = SQUARE_M) -> None:
        lines = textwrap.dedent(picture).strip("\n").splitlines()
        self._metres = {
            sign: (column * square_m, -row * square_m)
            for row, line in enumerate(lines)
            for column, sign in enumerate(line)
            if sign.isalnum()
        }
        if len(self._metres) != sum(sign.isalnum() for line in lines for sign in line):
            raise ValueError("a place is drawn twice")

    def places(self) -> str:
        """Return the letters of all places."""
        return "".join(self._metres)

    def at(self, place: str, *, east_m: float = 0.0, north_m: float = 0.0) -> Point:
        """Return the ``(lat, lon)`` of a place, or of a point so far from it."""
        x, y = self._metres[place]
        east = METRES_PER_DEGREE * math.cos(math.radians(NORTH_LAT))
        return NORTH_LAT + (y + north_m) / METRES_PER_DEGREE, WEST_LON + (x + east_m) / east

    def along(self, road: str, share: float, *, right_m: float = 0.0) -> Point:
        """Return the ``(lat, lon)`` of a point on the straight line ``AB``, or so far to the right of it."""
        (ax, ay), (bx, by) = (self._metres[place] for place in road)
        length = math.hypot(bx - ax, by - ay)
        east, north = (bx - ax) / length, (by - ay) / length
        return self.at(
            road[0],
            east_m=share * length * east + right_m * north,
            north_m=share * length * north - right_m * east,
        )

    def lonlat(self, place: str) -> LonLat:
        """Return the ``(lon, lat)`` of a place."""
        lat, lon = self.at(place)
        return lon, lat


class RoadMap(Sheet):
    """A drawn network and its places."""

    def __init__(
        self, picture: str, rows: Iterable[str], turns: Iterable[str] = (), square_m: float = SQUARE_M
    ) -> None:
        super().__init__(picture, square_m)
        self.network = assemble(roads_of(self, rows, turns))

    def node(self, place: str) -> int:
        """Return the node at a junction."""
        return int(np.flatnonzero(self.network.node_id == ord(place))[0])

    def edges(self, road: str) -> list[int]:
        """Return all directed edges from the first of two junctions to the second."""
        start, end = map(self.node, road)
        return np.flatnonzero((self.network.tail == start) & (self.network.head == end)).tolist()

    def edge(self, road: str) -> int:
        """Return the one directed edge from the first of two junctions to the second."""
        (edge,) = self.edges(road)
        return edge

    def road(self, edge: int) -> str:
        """Return an edge as the letters of its ends."""
        return road_of(self.network, edge)

    def turns(self) -> list[str]:
        """Return the turn restrictions as resolved: ``no A>B>C``."""
        return turns_of(self.network)


def road_of(network: Network, edge: int) -> str:
    """Return an edge of a drawn network as the letters of its ends; a node that a bollard made is ``*``."""
    ends = network.node_id[[network.tail[edge], network.head[edge]]]
    return "".join(chr(end) if end > 0 else "*" for end in ends.tolist())


def roads_in(network: Network) -> list[str]:
    """Return all directed edges of a drawn network as the letters of their ends, sorted."""
    return sorted(road_of(network, edge) for edge in range(network.edge_count))


def turns_of(network: Network) -> list[str]:
    """Return the turn restrictions of a drawn network as resolved: ``no A>B>C``."""
    ends = network.turn_start.tolist()
    chains = [network.turn_edge[start:end].tolist() for start, end in pairwise(ends)]
    words = {TURN_FORBIDDEN: "no", TURN_OBLIGATORY: "only"}
    return [
        f"{words[int(kind)]} {path_of(network, chain)}" for kind, chain in zip(network.turn_kind, chains, strict=True)
    ]


def path_of(network: Network, edges: Sequence[int]) -> str:
    """Return a drive along edges as the letters that it passes: ``A>B>C``."""
    return ">".join([road_of(network, edges[0])[0], *(road_of(network, edge)[1] for edge in edges)])


def draw(picture: str, *rows: str, turns: Iterable[str] = (), square_m: float = SQUARE_M) -> RoadMap:
    """Build the network of a picture and its rows."""
    return RoadMap(picture, rows, turns, square_m)


def roads_of(sheet: Sheet, rows: Iterable[str], turns: Iterable[str] = ()) -> Roads:
    """Return what a reader would find on a map."""
    roads = Roads(NetworkMeta("drawn.map"))
    roads.segments = [segment for row in rows for segment in _segments(sheet, row)]
    way_of: dict[str, int] = {}
    for number, segment in enumerate(roads.segments, 1):
        segment.way_id = segment.way_id or number
        ends = chr(segment.start) + chr(segment.end)
        way_of |= {ends: segment.way_id, ends[::-1]: segment.way_id}
    roads.restrictions = [_restriction(way_of, turn) for turn in turns]
    return roads


def _segments(sheet: Sheet, row: str) -> Iterator[Segment]:
    line, *words = shlex.split(row)
    told = _Told(words)
    for stretch, signs in _stretches(line):
        yield Segment(
            start=ord(stretch[0]),
            end=ord(stretch[-1]),
            lonlat=[sheet.lonlat(place) for place in stretch],
            road_class=told.one_of(ROAD_CLASSES, "residential"),
            along=None if "<" in signs else told.lane(0),
            against=None if ">" in signs else told.lane(1),
            way_id=int(told.value.get("way", "0")),
            name=told.value.get("name", ""),
            ref=told.value.get("ref", ""),
            tunnel="tunnel" in told.word,
            bridge="bridge" in told.word,
            roundabout="roundabout" in told.word,
            length_m=float(told.value["length"]) if "length" in told.value else None,
        )


def _stretches(line: str) -> Iterator[tuple[str, str]]:
    """Cut ``A-b-C>D`` at its junctions: places and signs of each stretch."""
    places, signs = line[::2], line[1::2]
    if not places.isalnum() or re.search(r"[^<>-]", signs) or len(places) != len(signs) + 1:
        raise ValueError(f"a road is drawn as A-b-C>D, not as {line}")
    start = 0
    for end in range(1, len(places)):
        if not places[end].islower():
            yield places[start : end + 1], signs[start:end]
            start = end


class _Told:
    """The words of a row."""

    _KEYS = frozenset({"access", "limit", "length", "name", "ref", "way", "normal_s", "response_s", *OBSTACLES})
    _WORDS = frozenset({"tunnel", "bridge", "roundabout", *ROAD_CLASSES, *ACCESS_GROUPS})

    def __init__(self, words: Iterable[str]) -> None:
        parted = [word.partition("=") for word in words]
        self.word = {key for key, sign, _ in parted if not sign}
        self.value = {key: value for key, sign, value in parted if sign}
        unknown = (self.word - self._WORDS) | (self.value.keys() - self._KEYS)
        if unknown:
            raise ValueError(f"not a word for a road: {', '.join(sorted(unknown))}")

    def one_of(self, choices: Sequence[str], default: str) -> str:
        return next((choice for choice in choices if choice in self.word), default)

    def lane(self, side: int) -> Lane:
        limit = limit_kmh({"maxspeed": self._sided("limit", side, "")}, direction="forward")
        given = [self._sided(key, side, "") for key in ("normal_s", "response_s")]
        return Lane(
            access=self._sided("access", side, self.one_of(ACCESS_GROUPS, "open")),
            limit_kmh=math.nan if limit is None else limit,
            obstacles=[int(self._sided(name, side, "0")) for name in OBSTACLES],
            given_ms=(round(float(given[0]) * 1000), round(float(given[1]) * 1000)) if all(given) else None,
        )

    def _sided(self, key: str, side: int, default: str) -> str:
        return self.value.get(key, default).split("/")[-1 if side else 0]


def _restriction(way_of: dict[str, int], turn: str) -> Restriction:
    """Read ``no A>B>C``: from way, via node, to way; ``no A>B>C>D``: from way, via way, to way."""
    rule, path, *words = shlex.split(turn)
    value = dict(word.split("=", 1) for word in words)
    places = path.split(">")
    ways = [way_of[start + end] for start, end in pairwise(places)]
    via_ways = tuple(dict.fromkeys(ways[1:-1]))
    return Restriction(
        kind={"no": TURN_FORBIDDEN, "only": TURN_OBLIGATORY}[rule],
        from_ways=(ways[0],),
        via_ways=via_ways,
        via_node=None if via_ways else ord(places[1]),
        to_ways=(ways[-1],),
        excepted=value.get("except", ""),
        condition=value.get("when", ""),
        u_turn=places[0] == places[-1],
    )


class OsmMap(Sheet):
    """A tiny OpenStreetMap file in text.

    Every letter of the picture is a node. Rows::

        "A-B-C highway=residential name='Linthorpe Road'"   a way; ways are numbered from 1
        "B barrier=bollard"                                 tags of a node
        "1>B>2 restriction=no_left_turn"                    a turn restriction: from way, via node or ways, to way

    Letters in ``missing`` are nodes that ways name and the file does not hold, as at the edge of an extract.
    """

    def __init__(self, picture: str, *rows: str, missing: str = "", square_m: float = SQUARE_M) -> None:
        super().__init__(picture, square_m)
        self.ways: list[Way] = []
        self.relations: list[Relation] = []
        tags: dict[str, dict[str, str]] = {}
        for row in rows:
            line, *words = shlex.split(row)
            told = dict(word.split("=", 1) for word in words)
            if ">" in line:
                self.relations.append(self._turn(line, told))
            elif "-" in line:
                self.ways.append(Way(id=len(self.ways) + 1, nodes=[ord(place) for place in line[::2]], tags=told))
            else:
                tags[line] = told
        present = sorted(set(self.places()) - set(missing))
        self.nodes = [Node(id=ord(at), location=self.lonlat(at), tags=tags.get(at, {})) for at in present]

    def _turn(self, line: str, tags: dict[str, str]) -> Relation:
        first, *via, last = line.split(">")
        roles = [("from", first), *(("via", part) for part in via), ("to", last)]
        members = [
            ("w", int(name), role) if name.isdigit() else ("n", ord(name), role)
            for role, part in roles
            for name in part.split(",")
        ]
        return Relation(id=len(self.relations) + 1, members=members, tags={"type": "restriction", **tags})

    def write(self, path: Path, order: str = "nwr") -> Path:
        """Write the file in the format that its name's ending tells; ``order`` is that of nodes, ways, relations."""
        with osmium.SimpleWriter(path, overwrite=True) as writer:
            things: dict[str, Sequence[Node | Way | Relation]] = {"n": self.nodes, "w": self.ways, "r": self.relations}
            for letter in order:
                for thing in things[letter]:
                    writer.add(thing)
        return path


class Builder:
    """Builds the network of a picture and its rows by way of a file, as `OsmMap` has them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self, picture: str, *rows: str, missing: str = "", order: str = "nwr", square_m: float = SQUARE_M
    ) -> Network:
        found = OsmMap(picture, *rows, missing=missing, square_m=square_m)
        return assemble(read_osm(found.write(self._folder / "town.osm", order)))
