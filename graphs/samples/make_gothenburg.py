"""Make the sample road map of Gothenburg.

The npm package ``geojson-path-finder`` carries, for its own tests, every OpenStreetMap highway of Gothenburg as the
GeoJSON that overpass-turbo exports. This script turns that export back into OpenStreetMap's own form, a sorted PBF,
so that the product reads its sample just as it reads a customer's extract.

GeoJSON has no nodes: two ways meet where they list the same coordinates. So vertices with equal coordinates become one
node. **Node ids are invented**: 1, 2, 3 and so on, as the vertices are met along the ways in order of way id. Way ids
and tags are OpenStreetMap's own. What the export does not hold cannot be given back: tags on nodes (traffic signals,
gates, crossings) and relations (turn restrictions).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import osmium
from osmium.io import File, Header
from osmium.osm import Box
from osmium.osm.mutable import Node, Way

from graphs.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PACKAGE = "geojson-path-finder@2.1.0"
MEMBER = "package/test/large-network.json"
GENERATOR = "nearest-first graphs.samples.make_gothenburg"
DEFAULT_OUT = Path(__file__).with_name("gothenburg.osm.pbf")

# OpenStreetMap stores whole numbers of 1e-7 degree. Comparing those, not floats, makes "equal" exact.
STEPS_PER_DEGREE = 10_000_000
TIMESTAMP_FORM = "%Y-%m-%dT%H:%M:%SZ"
MAX_LON, MAX_LAT = 180, 90
MAX_TAG_LENGTH = 255
WAY_LABEL = re.compile(r"way/([1-9][0-9]{0,17})")
NPM_TIMEOUT_S = 300
# About editing, not about the road.
EDITING_KEYS = frozenset({"created_by", "note", "source"})

Vertex = tuple[int, int]  # longitude, latitude, in steps


class Drop(StrEnum):
    """Why a feature did not become a way."""

    NOT_A_WAY = "not an OpenStreetMap way"
    NOT_A_HIGHWAY = "no highway tag"
    SHAPE = "neither a line nor a polygon"
    COORDINATES = "coordinates missing, not numbers, or outside the world"
    TOO_SHORT = "fewer than two nodes once repeats are gone"
    REPEATED_ID = "way id seen before"


@dataclass(frozen=True, slots=True)
class Road:
    """One way, ready to be written.

    Parameters
    ----------
    way_id
        OpenStreetMap's id.
    tags
        OpenStreetMap's tags, in order of key.
    left_out
        Keys of the properties that are no tags, or are about editing.
    vertices
        No two neighbours are equal.
    repeats
        How many vertices equal to the one before them were removed.
    """

    way_id: int
    tags: dict[str, str]
    left_out: tuple[str, ...]
    vertices: tuple[Vertex, ...]
    repeats: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What became of every feature: ``roads`` in order of way id, and the rest counted by reason."""

    roads: tuple[Road, ...]
    dropped: Counter[str]


def fetch_package(folder: Path) -> Path:
    """Have npm download the package into a folder, and return the tarball.

    Raises
    ------
    SourceError
        If npm is not installed, fails, or takes over five minutes.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise SourceError(f"npm is not installed, so {PACKAGE} cannot be fetched; install it, or give --from FILE")
    command = [npm, "pack", PACKAGE, "--ignore-scripts"]
    try:
        done = subprocess.run(  # noqa: S603 - no word of the command comes from outside
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=NPM_TIMEOUT_S
        )
    except subprocess.TimeoutExpired as late:
        raise SourceError(f"npm pack {PACKAGE} took over {NPM_TIMEOUT_S} s; give --from FILE") from late
    tarballs = sorted(folder.glob("*.tgz"))
    if done.returncode or not tarballs:
        raise SourceError(f"npm pack {PACKAGE} failed: {done.stderr.strip() or 'it left no tarball'}")
    return tarballs[0]


def read_export(path: Path) -> bytes:
    """Read the GeoJSON's bytes from a file, or out of the npm tarball.

    Raises
    ------
    SourceError
        If the file is missing or cannot be read, or is a tarball without the export in it.
    """
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise SourceError(f"{path}: cannot be read ({fault.strerror})") from fault
    return content if not tarfile.is_tarfile(io.BytesIO(content)) else _member(path, content)


def _member(path: Path, content: bytes) -> bytes:
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as tarball:
            if member := tarball.extractfile(MEMBER):
                return member.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as fault:
        raise SourceError(f"{path}: the tarball is damaged ({fault})") from fault
    except KeyError:
        pass
    raise SourceError(f"{path}: the tarball has no file {MEMBER}; it should be that of npm's {PACKAGE}")


def parse_export(content: bytes, name: str) -> dict[str, Any]:
    """Parse GeoJSON and make sure that it is a collection of features.

    Raises
    ------
    SourceError
        If it is not JSON or not a FeatureCollection.
    """
    try:
        collection = json.loads(content)
    except ValueError as fault:
        raise SourceError(f"{name}: neither JSON nor a tarball ({fault})") from fault
    kind = collection.get("type") if isinstance(collection, dict) else type(collection).__name__
    if kind != "FeatureCollection":
        raise SourceError(f"{name}: GeoJSON of type {kind!r} is not accepted; accepted: a FeatureCollection")
    if not isinstance(collection.get("features"), list):
        raise SourceError(f"{name}: a FeatureCollection must have a list of features; this one has none")
    return dict(collection)


def data_time(collection: Mapping[str, Any], name: str) -> str | None:
    """Return the moment at which OpenStreetMap was like this, if the export says so.

    Raises
    ------
    SourceError
        If it says so in another form than ``2016-12-27T10:04:02Z``.
    """
    stamp = collection.get("timestamp")
    if stamp is None:
        return None
    try:
        moment = datetime.strptime(str(stamp), TIMESTAMP_FORM).replace(tzinfo=UTC)
    except ValueError as fault:
        raise SourceError(f"{name}: timestamp {stamp!r} is not accepted; accepted: 2016-12-27T10:04:02Z") from fault
    return moment.strftime(TIMESTAMP_FORM)


def survey(features: Iterable[object]) -> Survey:
    """Turn features into roads, in order of way id, and count what cannot be turned.

    Of two features with one way id the first is kept.
    """
    roads: dict[int, Road] = {}
    dropped: Counter[str] = Counter()
    for feature in features:
        road = read_road(feature)
        if isinstance(road, Drop):
            dropped[road] += 1
        elif road.way_id in roads:
            dropped[Drop.REPEATED_ID] += 1
        else:
            roads[road.way_id] = road
    return Survey(tuple(roads[way_id] for way_id in sorted(roads)), dropped)


def read_road(feature: object) -> Road | Drop:
    """Read one feature, or say why it is no road.

    A road with one bad vertex is dropped whole: to leave out the vertex would draw a road where there is none.
    """
    if not isinstance(feature, dict) or not isinstance(properties := feature.get("properties"), dict):
        return Drop.NOT_A_WAY
    label = WAY_LABEL.fullmatch(str(feature.get("id") or properties.get("@id")))
    if label is None:
        return Drop.NOT_A_WAY
    tags = {key: value for key, value in sorted(properties.items()) if _is_tag(key, value)}
    line = _line(feature.get("geometry")) if "highway" in tags else Drop.NOT_A_HIGHWAY
    if isinstance(line, Drop):
        return line
    vertices = tuple(vertex for vertex, _ in groupby(line))
    if len(vertices) == 1:
        return Drop.TOO_SHORT
    left_out = tuple(sorted(properties.keys() - tags.keys()))
    return Road(int(label[1]), tags, left_out, vertices, repeats=len(line) - len(vertices))


def _is_tag(key: str, value: object) -> bool:
    # overpass-turbo marks what it adds itself with "@"; a tag of OpenStreetMap is always text, and never long.
    short = isinstance(value, str) and max(len(key), len(value)) <= MAX_TAG_LENGTH
    return short and not key.startswith("@") and key not in EDITING_KEYS


def _line(geometry: object) -> list[Vertex] | Drop:
    match geometry:
        case {"type": "LineString", "coordinates": positions}:
            return _vertices(positions) or Drop.COORDINATES
        case {"type": "Polygon", "coordinates": [outer, *_]}:
            # A way cannot have holes: the outer ring is the way that was mapped.
            ring = _vertices(outer)
            return (ring if ring[:1] == ring[-1:] else [*ring, ring[0]]) or Drop.COORDINATES
        case {"type": "LineString" | "Polygon"}:
            return Drop.COORDINATES
        case _:
            return Drop.SHAPE


def _vertices(positions: object) -> list[Vertex]:
    # Every vertex, or none at all if one is bad.
    found = [_vertex(position) for position in positions] if isinstance(positions, list) else []
    vertices = [vertex for vertex in found if vertex is not None]
    return vertices if len(vertices) == len(found) else []


def _vertex(position: object) -> Vertex | None:
    match position:
        # A third number is a height. "Not a number" fails both comparisons.
        case [int() | float() as lon, int() | float() as lat, *_] if abs(lon) <= MAX_LON and abs(lat) <= MAX_LAT:
            return round(lon * STEPS_PER_DEGREE), round(lat * STEPS_PER_DEGREE)
        case _:
            return None


def number_vertices(roads: Iterable[Road]) -> dict[Vertex, int]:
    """Give each place one node id, 1 and up, in order of first use.

    Neighbours on a road so get neighbouring ids, which a PBF packs best.
    """
    node_ids: dict[Vertex, int] = {}
    for road in roads:
        for vertex in road.vertices:
            node_ids.setdefault(vertex, len(node_ids) + 1)
    return node_ids


def write_pbf(roads: Sequence[Road], out: Path, timestamp: str | None = None) -> None:
    """Write nodes and then ways, each in order of id, so that the same roads always give the same bytes.

    The file is made beside its place and moved there whole, so a failure leaves an older file as it was.

    Parameters
    ----------
    roads
        In order of way id; at least one.
    out
        Where the file goes; its folder must exist.
    timestamp
        When OpenStreetMap was like this, for the header.

    Raises
    ------
    OSError
        If the file cannot be written there.
    """
    node_ids = number_vertices(roads)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        draft = Path(folder, "draft.osm.pbf")
        # Versions, users and times of edits are not in the export; their empty columns are left out.
        form = File(str(draft), "pbf,add_metadata=false")
        with osmium.SimpleWriter(form, header=_header(node_ids, timestamp)) as writer:
            for (lon, lat), node_id in node_ids.items():
                writer.add_node(Node(id=node_id, location=(lon / STEPS_PER_DEGREE, lat / STEPS_PER_DEGREE)))
            for road in roads:
                refs = [node_ids[vertex] for vertex in road.vertices]
                writer.add_way(Way(id=road.way_id, nodes=refs, tags=road.tags))
        draft.replace(out)


def _header(vertices: Iterable[Vertex], timestamp: str | None) -> Header:
    lons, lats = zip(*vertices, strict=True)
    corners_deg = (value / STEPS_PER_DEGREE for value in (min(lons), min(lats), max(lons), max(lats)))
    header = Header().add_box(Box(*corners_deg))
    header.set("generator", GENERATOR)
    header.set("sorting", "Type_then_ID")
    if timestamp is not None:
        # The one place a PBF header has for the age of its data.
        header.set("osmosis_replication_timestamp", timestamp)
    return header


def describe(found: Survey) -> str:
    """Say what was read, kept and dropped, one fact a line."""
    lines = [
        f"read {len(found.roads) + found.dropped.total():,} features",
        *_counts("dropped", found.dropped),
        *_counts("kept", Counter(road.tags["highway"] for road in found.roads), "ways"),
        *_counts("left out", Counter(key for road in found.roads for key in road.left_out), "properties"),
        f"repeated vertices removed: {sum(road.repeats for road in found.roads):,}",
        f"nodes numbered: {len(number_vertices(found.roads)):,}, of them on several ways: {_junctions(found.roads):,}",
    ]
    return "\n".join(lines)


def _counts(verb: str, counts: Mapping[str, int], noun: str = "features") -> list[str]:
    largest_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [f"{verb} {sum(counts.values()):,} {noun}", *(f"  {count:>7,} {name}" for name, count in largest_first)]


def _junctions(roads: Iterable[Road]) -> int:
    ways_at = Counter(vertex for road in roads for vertex in set(road.vertices))
    return sum(count > 1 for count in ways_at.values())


def make(source: Path, out: Path) -> str:
    """Make the PBF from the npm tarball or its GeoJSON, and return an account of it.

    Raises
    ------
    SourceError
        If the source is not the export that it should be, or no feature in it is a road.
    """
    content = read_export(source)
    collection = parse_export(content, source.name)
    timestamp = data_time(collection, source.name)
    found = survey(collection["features"])
    account = describe(found)
    if not found.roads:
        raise SourceError(f"{source.name}: no feature in it is a road\n{account}")
    write_pbf(found.roads, out, timestamp)
    return (
        f"from {source.name}, data of {timestamp or 'an unknown time'}, SHA-256 {hashlib.sha256(content).hexdigest()}\n"
        f"{account}\nwrote {out}, {out.stat().st_size:,} bytes"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 if the input or the place for the output is wrong."""
    options = _parser().parse_args(argv)
    try:
        with tempfile.TemporaryDirectory() as folder:
            account = make(options.source or fetch_package(Path(folder)), options.out)
    except (SourceError, OSError) as fault:
        sys.stderr.write(f"make_gothenburg: {fault}\n")
        return SourceError.exit_code
    sys.stdout.write(f"{account}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m graphs.samples.make_gothenburg",
        description=f"Make the sample road map of Gothenburg from {PACKAGE}, which npm fetches unless --from is given.",
    )
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE", help="its tarball or GeoJSON, at hand")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, metavar="FILE", help="default: beside this script")
    return parser


if __name__ == "__main__":
    sys.exit(main())
