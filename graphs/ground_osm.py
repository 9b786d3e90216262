"""Read what a map draws beneath the roads from OpenStreetMap files.

The order of a file's objects does not matter, so nothing here is the library's own assembly of areas, which wants them
sorted: outlines are put together from the ways of a relation by GEOS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import osmium
import shapely
from shapely.geometry.base import BaseGeometry

from graphs.ground import AREAS, Item

LonLat = tuple[float, float]
# What it is drawn as, its outer ways and its inner ones.
Area = tuple[str, list[int], list[int]]
# What is drawn as what (wiki.openstreetmap.org/wiki/Map_features). A tag that stands first decides.
_TAGS: Final = {
    "water": (
        *(("natural", "water"), ("waterway", "riverbank"), ("waterway", "dock")),
        *(("landuse", "reservoir"), ("landuse", "basin")),
    ),
    "green": (
        *(("leisure", "park"), ("leisure", "nature_reserve"), ("leisure", "golf_course"), ("natural", "wood")),
        *(("landuse", "forest"), ("landuse", "cemetery"), ("landuse", "village_green")),
        *(("landuse", "recreation_ground"), ("landuse", "allotments"), ("amenity", "grave_yard")),
    ),
    "built": tuple(("landuse", value) for value in ("residential", "commercial", "retail", "industrial")),
    "river": (("waterway", "river"), ("waterway", "canal")),
    "coast": (("natural", "coastline"),),
}
_KIND_OF: Final = {tag: kind for kind, tags in _TAGS.items() for tag in tags}
_LEAST_RING: Final = 4
INCOMPLETE: Final = "drawn area: its outline is not whole in the extract"


@dataclass(slots=True)
class Outlines:
    """Ways and relations that are drawn, before it is known where their nodes are.

    Parameters
    ----------
    ways
        The nodes of each way that is drawn, or is part of a relation that is.
    drawn
        Ways by what they are drawn as.
    relations
        Areas of several ways.
    place
        Degrees of each node that was found.
    """

    ways: dict[int, list[int]] = field(default_factory=dict)
    drawn: list[tuple[str, int]] = field(default_factory=list)
    relations: list[Area] = field(default_factory=list)
    place: dict[int, LonLat] = field(default_factory=dict)

    def nodes(self) -> set[int]:
        """Return the nodes of all ways."""
        return {node for nodes in self.ways.values() for node in nodes}


def read_outlines(path: Path) -> Outlines:
    """Read which ways and relations of a file are drawn."""
    found = Outlines()
    for relation in _tagged(path, osmium.osm.RELATION):
        assert isinstance(relation, osmium.osm.Relation)  # noqa: S101 - what was asked for; the library's types cannot say so
        kind = _kind(relation)
        if kind in AREAS and relation.tags.get("type") == "multipolygon":
            ways = [(member.role, member.ref) for member in relation.members if member.type == "w"]
            outer, inner = ([ref for role, ref in ways if (role == "inner") == within] for within in (False, True))
            found.relations.append((kind, outer, inner))
    for way in _tagged(path, osmium.osm.WAY):
        assert isinstance(way, osmium.osm.Way)  # noqa: S101 - as above
        if (kind := _kind(way)) is not None:
            found.drawn.append((kind, way.id))
            found.ways[way.id] = [node.ref for node in way.nodes]
    _read_parts(path, found)
    return found


def _read_parts(path: Path, found: Outlines) -> None:
    """Read the ways that are drawn for the sake of a relation alone: they may have no tags."""
    parts = {way for _, outer, inner in found.relations for way in (*outer, *inner)} - found.ways.keys()
    for way in osmium.FileProcessor(path, osmium.osm.WAY) if parts else ():
        assert isinstance(way, osmium.osm.Way)  # noqa: S101 - as above
        if way.id in parts:
            found.ways[way.id] = [node.ref for node in way.nodes]


def _tagged(path: Path, kind: osmium.osm.osm_entity_bits) -> osmium.FileProcessor:
    return osmium.FileProcessor(path, kind).with_filter(osmium.filter.TagFilter(*_KIND_OF))


def _kind(thing: osmium.osm.Way | osmium.osm.Relation) -> str | None:
    tags = thing.tags
    held = (_KIND_OF.get((key, tags[key])) for key in _KEYS if key in tags)
    return min((kind for kind in held if kind), key=_ORDER.__getitem__, default=None)


_KEYS: Final = tuple(dict.fromkeys(key for key, _ in _KIND_OF))
_ORDER: Final = {kind: row for row, kind in enumerate(_TAGS)}


def items_of(outlines: Outlines) -> tuple[list[Item], int]:
    """Return polygons and lines in degrees, and how many areas are left out because part of their outline is absent."""
    lines = [(kind, line) for kind, way in outlines.drawn if kind not in AREAS for line in _lines(way, outlines)]
    ways: list[Area] = [(kind, [way], []) for kind, way in outlines.drawn if kind in AREAS]
    areas = [(kind, list(_polygons(outer, inner, outlines))) for kind, outer, inner in (*ways, *outlines.relations)]
    polygons = [(kind, polygon) for kind, found in areas for polygon in found]
    return [*polygons, *lines], sum(not found for _, found in areas)


def _polygons(outer: list[int], inner: list[int], outlines: Outlines) -> Iterator[shapely.Polygon]:
    """Yield the polygons that whole rings enclose, without the holes in them."""
    filled = _built(outer, outlines)
    if filled is None:
        return
    holes = _built(inner, outlines) if inner else None
    area = filled if holes is None else shapely.difference(filled, holes)
    yield from (part for part in shapely.get_parts(area) if isinstance(part, shapely.Polygon) and not part.is_empty)


def _built(ways: list[int], outlines: Outlines) -> BaseGeometry | None:
    """Return the area that ways enclose; None where they do not."""
    lines = [line for way in ways for line in _lines(way, outlines)]
    merged = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(lines)))
    rings = [part for part in merged if part.is_closed and len(part.coords) >= _LEAST_RING]
    area = shapely.make_valid(shapely.build_area(shapely.MultiLineString(rings))) if rings else None
    return None if area is None or area.is_empty else area


def _lines(way: int, outlines: Outlines) -> Iterator[shapely.LineString]:
    """Yield a way as far as its nodes are known: where one is missing, the line is cut."""
    run: list[LonLat] = []
    for node in (*outlines.ways.get(way, ()), None):
        if node is not None and node in outlines.place:
            run.append(outlines.place[node])
            continue
        if len(run) > 1:
            yield shapely.LineString(run)
        run = []
