"""What a map draws beneath the roads: read from a file, kept with the network, drawn in tiles; never driven."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm.mutable import Node, Relation, Way

from graphs import tiles as tiles_module
from graphs.assemble import Lane, Roads, Segment, assemble
from graphs.errors import NetworkFileError
from graphs.ground import KINDS, LEAST_M2, NO_GROUND, STRAYS_M, Item, ground_of
from graphs.ground_osm import INCOMPLETE
from graphs.netfile import file_arrays, load_network, save_network
from graphs.network import Network, NetworkMeta
from graphs.osm import read_osm
from graphs.summary import summary
from graphs.tiles import Tiles, drawing_of
from graphs.tiles_encoding import EXTENT
from graphs.tiles_pieces import BUFFER
from roadmaps import OsmMap, Sheet
from shared_data import LEEDS, NEWPORT, real_network
from test_tiles import placed, tiles_under

MAP = """
A-------------B
| c-----d e-f |
| | g-h | | | |
| | i-j | | | |
| k-----l m-n |
C-------------D
"""
ROADS = "A-B-D-C-A highway=residential name='Ring Road'"
HOLE = "g-h-j-i-g"
# Degrees in a metre, about: a point is kept within 11 cm.
KEPT_DEG = 1e-6


def written(path: Path, *rows: str, relations: Sequence[Relation] = (), order: str = "nwr", missing: str = "") -> Path:
    drawn = OsmMap(MAP, ROADS, *rows, missing=missing)
    drawn.relations = list(relations)
    return drawn.write(path / "town.osm", order)


def built(path: Path, *rows: str, relations: Sequence[Relation] = (), order: str = "nwr", missing: str = "") -> Network:
    return assemble(read_osm(written(path, *rows, relations=relations, order=order, missing=missing)))


def polygon(places: str) -> shapely.Polygon:
    return shapely.Polygon([Sheet(MAP).lonlat(place) for place in places])


def lake(*ways: tuple[int, str], tags: dict[str, str] | None = None) -> Relation:
    members = [("w", way, role) for way, role in ways]
    return Relation(id=1, members=members, tags={"type": "multipolygon", **(tags or {"natural": "water"})})


def shapes(network: Network) -> list[tuple[str, shapely.Geometry]]:
    ground = network.ground
    return [(KINDS[kind], shape) for kind, shape in zip(ground.kind.tolist(), ground.shapes(), strict=True)]


def same(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    return bool(shapely.hausdorff_distance(one, other) < 2 * KEPT_DEG and type(one) is type(other))


# ---- Read --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ("natural=water", "water"),
        ("waterway=riverbank", "water"),
        ("natural=wood", "green"),
        ("leisure=park", "green"),
        ("landuse=cemetery", "green"),
        ("landuse=residential", "built"),
        ("landuse=residential natural=water", "water"),
        ("landuse=industrial leisure=park", "green"),
    ],
)
def test_what_is_drawn_as_what(tmp_path: Path, tags: str, kind: str) -> None:
    ((found, shape),) = shapes(built(tmp_path, f"c-d-l-k-c {tags}"))
    assert found == kind
    assert same(shape, polygon("cdlk"))


@pytest.mark.parametrize(
    "tags", ["building=yes", "natural=tree_row", "landuse=grass", "waterway=drain", "place=island"]
)
def test_what_is_not_drawn(tmp_path: Path, tags: str) -> None:
    assert built(tmp_path, f"c-d-l-k-c {tags}").ground is NO_GROUND


@pytest.mark.parametrize(("tags", "kind"), [("waterway=river", "river"), ("natural=coastline", "coast")])
def test_lines_are_drawn_as_lines(tmp_path: Path, tags: str, kind: str) -> None:
    ((found, shape),) = shapes(built(tmp_path, f"e-m-n {tags}"))
    assert found == kind
    assert same(shape, shapely.LineString([Sheet(MAP).lonlat(place) for place in "emn"]))


@pytest.mark.parametrize("order", ["nwr", "rwn", "wrn"])
def test_an_area_of_several_ways_with_a_hole(tmp_path: Path, order: str) -> None:
    relation = lake((2, "outer"), (3, "outer"), (4, "inner"))
    network = built(tmp_path, "c-d-l name=a", "l-k-c name=b", f"{HOLE} name=c", relations=[relation], order=order)
    ((kind, shape),) = shapes(network)
    assert kind == "water"
    assert same(shape, shapely.difference(polygon("cdlk"), polygon("ghji")))
    assert len(shape.interiors) == 1


def test_what_fills_a_hole_is_drawn_in_it(tmp_path: Path) -> None:
    relation = lake((2, "outer"), (3, "inner"))
    found = dict(shapes(built(tmp_path, "c-d-l-k-c name=a", f"{HOLE} natural=wood", relations=[relation])))
    assert same(found["green"], polygon("ghji"))
    assert found["water"].intersection(found["green"]).area == 0


def test_an_outline_that_is_not_whole_is_left_out_and_counted(tmp_path: Path) -> None:
    # Of the relation a way is absent, of the wood a node, and the park is no ring.
    relation = lake((2, "outer"), (9, "outer"), (3, "inner"))
    rows = ("c-d-l name=a", f"{HOLE} name=b", "e-f-n-m-e natural=wood", "c-d-l-k leisure=park")
    network = built(tmp_path, *rows, relations=[relation], missing="n")
    assert network.ground is NO_GROUND
    assert network.meta.dropped[INCOMPLETE] == 3


def test_what_is_no_multipolygon_is_no_area(tmp_path: Path) -> None:
    relation = lake((2, "outer"), tags={"type": "route", "natural": "water"})
    assert built(tmp_path, "c-d-l-k-c name=a", relations=[relation]).ground is NO_GROUND


def test_a_river_is_cut_where_the_extract_lacks_a_node(tmp_path: Path) -> None:
    network = built(tmp_path, "c-d-e-f-n waterway=river", missing="e")
    assert [kind for kind, _ in shapes(network)] == ["river", "river"]
    assert INCOMPLETE not in network.meta.dropped


# ---- Packed ------------------------------------------------------------------------------------------------------

AREA = shapely.box(-1.3, 54.5, -1.2, 54.6)


def square(lon: float, lat: float, side: float) -> shapely.Polygon:
    return shapely.box(lon, lat, lon + side, lat + side)


def test_what_lies_outside_the_area_is_cut_off() -> None:
    items: list[Item] = [
        ("water", square(-1.21, 54.55, 0.02)),
        ("river", shapely.LineString([(-1.25, 54.55), (-1.1, 54.55), (-1.1, 54.56), (-1.25, 54.56)])),
        ("green", square(-1.1, 54.55, 0.02)),
        # It touches a side, and a line is all that it has in common with the area.
        ("built", square(-1.2, 54.55, 0.02)),
    ]
    ground = ground_of(items, AREA)
    assert ground.counts() == {"water": 1, "river": 2}
    assert all(shapely.covered_by(shape, shapely.buffer(AREA, KEPT_DEG)) for shape in ground.shapes())
    assert ground.shapes()[0].area == pytest.approx(0.01 * 0.02, rel=1e-3)


@pytest.mark.parametrize(("share", "kept"), [(0.9, 0), (1.1, 1)])
def test_small_areas_are_left_out(share: float, kept: int) -> None:
    side = (LEAST_M2 * share) ** 0.5 / 111_195
    narrow = float(np.cos(np.radians(54.55)))
    pond = shapely.box(-1.25, 54.55, -1.25 + side / narrow, 54.55 + side)
    assert len(ground_of([("water", pond)], AREA)) == kept


def test_an_outline_strays_by_no_more_than_it_may() -> None:
    rounded = shapely.Point(-1.25, 54.55).buffer(0.01, quad_segs=500)
    (found,) = ground_of([("water", rounded)], AREA).shapes()
    assert len(found.exterior.coords) < len(rounded.exterior.coords) / 5
    assert shapely.hausdorff_distance(found, rounded) < (STRAYS_M + 0.2) / 60_000
    assert found.is_valid


def test_an_outline_that_crosses_itself_is_mended() -> None:
    bow = shapely.Polygon([(-1.3, 54.54), (-1.25, 54.56), (-1.25, 54.54), (-1.3, 54.56)])
    ground = ground_of([("water", shapely.union(bow.buffer(0), bow.buffer(0)))], AREA)
    assert all(shape.is_valid for shape in ground.shapes())


@st.composite
def grounds(draw: st.DrawFn) -> list[Item]:
    """Squares, some with a hole, and lines, of any kind and in any order."""
    items: list[Item] = []
    for _ in range(draw(st.integers(0, 8))):
        lon, lat = -1.299 + 0.0005 * draw(st.integers(0, 15)), 54.501 + 0.0005 * draw(st.integers(0, 15))
        kind = draw(st.sampled_from(KINDS))
        side = draw(st.sampled_from([0.0008, 0.001, 0.004]))
        shape: shapely.Polygon | shapely.LineString = square(lon, lat, side)
        if kind in {"river", "coast"}:
            shape = shapely.LineString([(lon, lat), (lon + side, lat), (lon + side, lat + side)])
        elif draw(st.booleans()):
            shape = shapely.difference(shape, square(lon + side / 4, lat + side / 4, side / 2))
        items.append((kind, shape))
    return items


@given(grounds())
def test_what_is_packed_is_what_was_given(items: list[Item]) -> None:
    ground = ground_of(items, AREA)
    expected = sorted(items, key=lambda item: KINDS.index(item[0]))
    assert [KINDS[kind] for kind in ground.kind] == [kind for kind, _ in expected]
    assert len(ground) == len(items)
    for found, (_, shape) in zip(ground.shapes(), expected, strict=True):
        assert same(found, shape)
        assert shapely.get_num_interior_rings(found) == shapely.get_num_interior_rings(shape)


# ---- Kept --------------------------------------------------------------------------------------------------------


@pytest.fixture
def park(tmp_path: Path) -> Network:
    return built(tmp_path, "c-d-l-k-c leisure=park", "e-m waterway=river")


def test_the_hash_does_not_cover_it(tmp_path: Path, park: Network) -> None:
    assert park.hash == replace(park, ground=NO_GROUND).hash == built(tmp_path).hash
    assert not {name for name in park.arrays() if name.startswith("ground")}


def test_the_name_of_what_is_drawn_covers_it(park: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawing_of(park) == drawing_of(replace(park))
    assert drawing_of(park) != drawing_of(replace(park, ground=NO_GROUND))
    monkeypatch.setattr(tiles_module, "code_hash", lambda _package: "of another version")
    assert drawing_of(park) != drawing_of(replace(park))


def test_what_is_drawn_does_not_number_roads(tmp_path: Path) -> None:
    # A file of an editor, whose ids are negative; a bollard makes new ends below the lowest of them.
    drawn = OsmMap("A-B-C d-e-f", "A-B-C highway=residential length=1", "B barrier=bollard", "d-e-f-d natural=water")
    drawn.nodes = [replace_id(node, -ord(chr(node.id))) for node in drawn.nodes]
    drawn.ways = [Way(id=way.id, nodes=[-node for node in way.nodes], tags=way.tags) for way in drawn.ways]
    network = assemble(read_osm(drawn.write(tmp_path / "editor.osm")))
    assert network.node_id.min() == -ord("C") - 2


def replace_id(node: Node, number: int) -> Node:
    return Node(id=number, location=node.location, tags=node.tags)


def test_it_comes_back_from_a_file(tmp_path: Path, park: Network) -> None:
    save_network(park, tmp_path / "park.network")
    loaded = load_network(tmp_path / "park.network")
    assert loaded.ground.counts() == park.ground.counts() == {"green": 1, "river": 1}
    for name, array in park.ground.arrays().items():
        assert np.array_equal(loaded.ground.arrays()[name], array)
        assert not loaded.ground.arrays()[name].flags.writeable
    save_network(loaded, tmp_path / "again.network")
    assert (tmp_path / "again.network").read_bytes() == (tmp_path / "park.network").read_bytes()


def test_a_file_without_it_is_as_it_was_before_there_was_any(tmp_path: Path, park: Network) -> None:
    plain = replace(park, ground=NO_GROUND)
    assert all(name.startswith("hierarchy.") or name in plain.arrays() for name in file_arrays(plain))
    save_network(plain, tmp_path / "plain.network")
    assert load_network(tmp_path / "plain.network").ground is NO_GROUND


def test_damage_to_it_is_found(tmp_path: Path, park: Network) -> None:
    path = tmp_path / "park.network"
    save_network(park, path)
    content = bytearray(path.read_bytes())
    header = 8 + int.from_bytes(content[:8], "little")
    layout = json.loads(bytes(content[8:header]))
    for name in park.ground.arrays():
        start, _ = layout[f"ground.{name}"]["data_offsets"]
        changed = bytearray(content)
        changed[header + start] ^= 1
        path.write_bytes(changed)
        with pytest.raises(NetworkFileError, match="checksum"):
            load_network(path)


def test_it_is_told_what_is_drawn(park: Network) -> None:
    assert summary(park)["drawn"] == {"green": 1, "river": 1}


# ---- Drawn -------------------------------------------------------------------------------------------------------


def drawn(network: Network, z: int) -> dict[str, shapely.Geometry]:
    """What the tiles of a zoom draw of each kind, on its grid and each within its tile."""
    tiles, found = Tiles(network), dict[str, list[shapely.Geometry]]()
    for x, y in tiles_under(network, z):
        content = tiles.tile(z, x, y)
        layers = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True}) if content else {}
        for each in layers.get("ground", {"features": []})["features"]:
            shape = shapely.geometry.shape(each["geometry"])
            low, high = shapely.get_coordinates(shape).min(), shapely.get_coordinates(shape).max()
            assert -BUFFER <= low <= high <= EXTENT + BUFFER
            # Areas that overlap are drawn one over the other.
            within = shapely.clip_by_rect(shapely.make_valid(shapely.get_parts(shape)), 0, 0, EXTENT, EXTENT)
            corner = np.array((x, y)) * EXTENT
            moved = shapely.transform(within, lambda points: points + corner)  # noqa: B023 - called at once
            found.setdefault(each["properties"]["kind"], []).extend(moved)
    return {kind: shapely.union_all(parts) for kind, parts in found.items()}


def expected(network: Network, z: int) -> dict[str, shapely.Geometry]:
    found: dict[str, list[shapely.Geometry]] = {}
    for kind, shape in shapes(network):
        found.setdefault(kind, []).append(shapely.transform(shape, lambda points: placed(points, z)))
    return {kind: shapely.union_all(shapely.make_valid(np.array(parts))) for kind, parts in found.items()}


def check_drawn(network: Network, z: int) -> None:
    """Areas cover what they should, but for a number along their sides; lines are as long as they should be."""
    found, wanted = drawn(network, z), expected(network, z)
    assert set(found) == set(wanted)
    for kind, shape in wanted.items():
        if kind in {"river", "coast"}:
            assert found[kind].length == pytest.approx(shape.length, rel=0.02)
            assert shapely.hausdorff_distance(found[kind], shape) < 2
        else:
            assert shapely.symmetric_difference(found[kind], shape).area <= 1.5 * shape.length


def test_areas_and_lines_are_drawn(tmp_path: Path) -> None:
    relation = lake((2, "outer"), (3, "inner"))
    rows = ("c-d-l-k-c name=a", f"{HOLE} natural=wood", "e-f-n-m-e landuse=retail", "A-c waterway=river")
    network = built(tmp_path, *rows, relations=[relation])
    for z in (14, 16):
        check_drawn(network, z)


def test_a_network_of_nothing_else_has_no_such_layer(tmp_path: Path) -> None:
    assert drawn(built(tmp_path), 14) == {}


@pytest.mark.parametrize(
    ("z", "kinds"), [(6, {"water"}), (9, {"water", "river"}), (11, {"water", "river", "green", "built"})]
)
def test_what_is_drawn_from_which_zoom(tmp_path: Path, z: int, kinds: set[str]) -> None:
    big = OsmMap(MAP, ROADS, "c-d-l-k-c natural=water", "e-f-n-m-e natural=wood", "g-h-j-i-g landuse=retail",
                 "A-B waterway=river", square_m=5_000.0)  # fmt: skip
    assert set(drawn(assemble(read_osm(big.write(tmp_path / "big.osm"))), z)) == kinds


@given(grounds(), st.integers(14, 15))
@settings(deadline=None, max_examples=40)
def test_any_ground_is_drawn(items: list[Item], z: int) -> None:
    across = Segment(1, 2, [(-1.3, 54.5), (-1.29, 54.513)], "residential", Lane(), Lane())
    check_drawn(assemble(Roads(NetworkMeta("drawn"), [across], ground=items)), z)


@pytest.mark.parametrize(("name", "kinds"), [(LEEDS, {"built", "green", "water"}), (NEWPORT, set(KINDS))])
def test_a_real_town(name: str, kinds: set[str]) -> None:
    network = real_network(name)
    assert set(network.ground.counts()) == kinds
    assert all(shapely.is_valid(shape) for shape in network.ground.shapes())
    found, wanted = drawn(network, 13), expected(network, 13)
    for kind in kinds - {"river", "coast"}:
        assert shapely.area(found[kind]) == pytest.approx(shapely.area(wanted[kind]), rel=0.02)
    beside = sum(array.nbytes for array in network.ground.arrays().values())
    assert beside < 0.15 * sum(array.nbytes for array in network.arrays().values())
