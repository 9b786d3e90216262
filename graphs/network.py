"""The road network: immutable arrays, one row per directed edge, and what they were made from.

Units
-----
Coordinates are WGS 84 degrees, lengths metres, speeds km/h. Edge ``e`` runs from node ``tail[e]`` to node ``head[e]``.
Edges are sorted by tail, so that the edges out of a node are a slice. Both directions of a road share one shape.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray

from graphs.ground import NO_GROUND, Ground
from graphs.profiles import Profiles
from graphs.tags import ACCESS_GROUPS, OBSTACLES, ROAD_CLASSES

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

ATTRIBUTION = "© OpenStreetMap contributors"
LICENCE = "Open Database Licence (ODbL) 1.0"

TUNNEL, BRIDGE, ROUNDABOUT = 1, 2, 4
# The code of a turn restriction's kind in `Network.turn_kind`.
TURN_FORBIDDEN, TURN_OBLIGATORY = 0, 1


@dataclass(frozen=True)
class NetworkMeta:
    """Where a network comes from, and what did not make it in.

    Parameters
    ----------
    source
        Name of the file, folder or place it was built from, without its path.
    source_sha256
        Checksum of that file, or empty for a place.
    data_timestamp
        The time of the data, where the source says it.
    dropped
        Reason to number of ways (or edges, for islands) left out.
    notes
        Sentences that whoever relies on the network should read.
    """

    source: str
    source_sha256: str = ""
    data_timestamp: str = ""
    attribution: str = ATTRIBUTION
    licence: str = LICENCE
    dropped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """An immutable road network with its profile table.

    Arrays, by first dimension: N nodes, E directed edges, S shapes, P shape points, R turn restrictions, T texts.

    Parameters
    ----------
    node_id : (N,) int64
        OpenStreetMap's id; negative where a node was split by a barrier.
    node_lonlat : (N, 2) float64
    tail, head, shape : (E,) int32
        End nodes, and the row of ``shape_start``.
    backward : (E,) uint8
        1 where the edge runs against its shape.
    twin : (E,) int32
        The edge that runs the other way along the same shape, or -1.
    way_id : (E,) int64
    road_class, access : (E,) uint8
        Rows of `ROAD_CLASSES` and `ACCESS_GROUPS`.
    flags : (E,) uint8
        `TUNNEL`, `BRIDGE` and `ROUNDABOUT` bits.
    length_m : (E,) float64
    limit_kmh : (E,) float64
        Legal limit; NaN where none is tagged, infinite where there is none.
    obstacles : (E, len(OBSTACLES)) uint8
        How many of each are met along the edge, its head included and its tail not.
    given_ms : (E, 2) int64
        Times stated by the source for ``normal`` and ``response``, or an empty (0, 2) array.
    name, ref : (E,) int32
        Rows of the texts; row 0 is empty.
    shape_start : (S + 1,) int64
    shape_lonlat : (P, 2) float64
    turn_start : (R + 1,) int32
    turn_edge : (sum of lengths,) int32
        The edges of each restriction in driving order: from, via ..., to.
    turn_kind : (R,) uint8
    turn_except, turn_condition : (R,) int32
        Texts of the ``except`` and ``:conditional`` tags.
    text_start : (T + 1,) int64
    text_utf8 : (bytes,) uint8
    area_wkb : (bytes,) uint8
        The area inside which a place may be asked for.
    ground
        What a map draws beneath; neither among the arrays nor in the hash.
    """

    node_id: Longs
    node_lonlat: Floats
    tail: Ints
    head: Ints
    shape: Ints
    backward: Bytes
    twin: Ints
    way_id: Longs
    road_class: Bytes
    access: Bytes
    flags: Bytes
    length_m: Floats
    limit_kmh: Floats
    obstacles: Bytes
    given_ms: Longs
    name: Ints
    ref: Ints
    shape_start: Longs
    shape_lonlat: Floats
    turn_start: Ints
    turn_edge: Ints
    turn_kind: Bytes
    turn_except: Ints
    turn_condition: Ints
    text_start: Longs
    text_utf8: Bytes
    area_wkb: Bytes
    meta: NetworkMeta
    profiles: Profiles = field(default_factory=Profiles.default)
    ground: Ground = NO_GROUND

    def __post_init__(self) -> None:
        for array in self.arrays().values():
            array.flags.writeable = False

    def __repr__(self) -> str:
        return f"<Network {self.meta.source}: {self.node_count} nodes, {self.edge_count} edges>"

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, in the order of the class; they are what the content hash covers."""
        beside = {"meta", "profiles", "ground"}
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name not in beside}

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.node_id)

    @property
    def edge_count(self) -> int:
        """Number of directed edges."""
        return len(self.tail)

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) over the arrays and the licence, not over when, from which file or by whom it was built."""
        return content_hash(self.arrays(), self.meta)

    @cached_property
    def out_start(self) -> Ints:
        """(N + 1,) first edge out of each node; the edges out of ``v`` are ``out_start[v]:out_start[v + 1]``."""
        return np.searchsorted(self.tail, np.arange(self.node_count + 1)).astype(np.int32)

    @cached_property
    def into(self) -> tuple[Ints, Ints]:
        """``(in_start, in_edge)``: the edges into ``v`` are ``in_edge[in_start[v]:in_start[v + 1]]``."""
        order = np.argsort(self.head, kind="stable").astype(np.int32)
        start = np.searchsorted(self.head[order], np.arange(self.node_count + 1)).astype(np.int32)
        return start, order

    @cached_property
    def area(self) -> shapely.Polygon:
        """The area inside which a place may be asked for, in degrees."""
        area = cast("shapely.Polygon", shapely.from_wkb(self.area_wkb.tobytes()))
        shapely.prepare(area)
        return area

    def contains(self, lat: float, lon: float) -> bool:
        """Tell whether a point lies in the network's area."""
        return bool(shapely.intersects_xy(self.area, lon, lat))

    def text(self, row: int) -> str:
        """Return a text by its row."""
        return bytes(self.text_utf8[self.text_start[row] : self.text_start[row + 1]]).decode()

    def edge_name(self, edge: int) -> str:
        """Return the road's name, else its number, else its class in words."""
        label = self.text(int(self.name[edge])) or self.text(int(self.ref[edge]))
        return label or self.class_name(edge).replace("_", " ")

    def class_name(self, edge: int) -> str:
        """Return the road class of an edge."""
        return ROAD_CLASSES[int(self.road_class[edge])]

    def access_name(self, edge: int) -> str:
        """Return the access group of an edge."""
        return ACCESS_GROUPS[int(self.access[edge])]

    def edge_lonlat(self, edge: int) -> Floats:
        """Return the (n, 2) points of an edge in driving direction."""
        row = self.shape[edge]
        points = self.shape_lonlat[self.shape_start[row] : self.shape_start[row + 1]]
        return points[::-1] if self.backward[edge] else points

    def edge_line(self, edge: int) -> shapely.LineString:
        """Return an edge's geometry in driving direction, degrees."""
        return shapely.LineString(self.edge_lonlat(edge))


def content_hash(arrays: Mapping[str, NDArray[Any]], meta: NetworkMeta) -> str:
    """Return the SHA-256 (hex) of a network's content: names, types, shapes and bytes of arrays, and the licence."""
    digest = hashlib.sha256()
    for name, array in arrays.items():
        head = [name, array.dtype.str, list(array.shape)]
        digest.update(json.dumps(head, separators=(",", ":")).encode())
        digest.update(np.ascontiguousarray(array).data)
    digest.update(json.dumps([meta.attribution, meta.licence], separators=(",", ":")).encode())
    return digest.hexdigest()


__all__ = ["ACCESS_GROUPS", "OBSTACLES", "ROAD_CLASSES", "Network", "NetworkMeta", "content_hash"]
