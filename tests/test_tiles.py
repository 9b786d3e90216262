"""Vector tiles, read by somebody else's decoder and held against the network that they draw."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.assemble import Roads, assemble
from graphs.network import Network
from graphs.tiles import DEEPEST, Tiles, is_tile
from graphs.tiles_encoding import EXTENT, number
from graphs.tiles_pieces import BUFFER
from roadmaps import draw
from smallnets import small_roads

# A number of the grid is half a step from the truth at most; where a line is cut, once more.
ROUNDED = 1.5


@dataclass(frozen=True)
class Drawn:
    """A feature as decoded, its lines in numbers of its tile."""

    tags: dict[str, Any]
    lines: list[np.ndarray[Any, Any]]


def decoded(tile: bytes, layer: str = "roads") -> list[Drawn]:
    if not tile:
        return []
    features = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})[layer]["features"]
    return [Drawn(each["properties"], list(_lines(each["geometry"]))) for each in features]


def _lines(geometry: dict[str, Any]) -> Iterator[np.ndarray[Any, Any]]:
    lines = [geometry["coordinates"]] if geometry["type"] == "LineString" else geometry["coordinates"]
    return (np.array(line) for line in lines)


def placed(lonlat: Any, z: int) -> np.ndarray[Any, Any]:
    """Degrees as places on the grid of a zoom, by the textbook's formula."""
    lon, lat = np.radians(np.asarray(lonlat, np.float64)).T
    size = EXTENT * 2**z
    return np.stack(
        ((lon / math.pi + 1) / 2 * size, (1 - np.log(np.tan(lat) + 1 / np.cos(lat)) / math.pi) / 2 * size), axis=1
    )


def tiles_under(network: Network, z: int) -> list[tuple[int, int]]:
    """Every tile that a network can touch, and those around."""
    x, y = (placed(network.shape_lonlat, z) // EXTENT).astype(int).T
    last = 2**z - 1
    return [
        (column, row)
        for column in range(max(x.min() - 1, 0), min(x.max() + 1, last) + 1)
        for row in range(max(y.min() - 1, 0), min(y.max() + 1, last) + 1)
    ]


def drawn_whole(network: Network, z: int) -> list[tuple[dict[str, Any], shapely.LineString]]:
    """All lines of a zoom on its grid, each with what is told of it."""
    tiles = Tiles(network)
    return [
        (drawn.tags, shapely.LineString(line + np.array((x, y)) * EXTENT))
        for x, y in tiles_under(network, z)
        for drawn in decoded(tiles.tile(z, x, y))
        for line in drawn.lines
    ]


TOWN = draw(
    """
    A---B---C---K
    |   b   |
    D-E>F---G
    """,
    "A-B-C-K primary name='Linthorpe Road' ref=A66",
    "A-D-E name='Stryd Fawr ⚑'",
    "E>F residential",
    "F-G service tunnel",
    "C-G motorway bridge",
    "B-b-F roundabout",
)


def tile_of(place: str) -> tuple[int, int]:
    """The tile of zoom 14 that a place is in."""
    (at,) = placed([TOWN.lonlat(place)], 14)
    return int(at[0] // EXTENT), int(at[1] // EXTENT)


# ---- What is told ------------------------------------------------------------------------------------------------


def told(network: Network, z: int = 14) -> list[dict[str, Any]]:
    found = [tags for tags, _ in drawn_whole(network, z)]
    return [tags for row, tags in enumerate(found) if tags not in found[:row]]


def test_what_is_told_of_each_road() -> None:
    found = told(TOWN.network)
    assert {"class": "primary", "name": "Linthorpe Road", "ref": "A66"} in found
    assert {"class": "residential", "name": "Stryd Fawr ⚑"} in found
    assert {"class": "residential", "oneway": True} in found
    assert {"class": "service", "tunnel": True} in found
    assert {"class": "motorway", "bridge": True} in found
    assert {"class": "residential"} in found
    assert len(found) == 6


def test_a_road_is_one_line_however_many_junctions_it_has_and_ways_it_is_driven() -> None:
    lines = [line for tags, line in drawn_whole(TOWN.network, 10) if tags.get("name") == "Linthorpe Road"]
    assert len(lines) == 1
    start, end = placed([TOWN.lonlat("A"), TOWN.lonlat("K")], 10)
    assert lines[0].hausdorff_distance(shapely.LineString([start, end])) <= ROUNDED + 4.0


def test_a_one_way_street_is_drawn_as_it_is_driven() -> None:
    town = draw("A--B--C", "C>B>A name='Out'", "A-B name='Both'")
    (out,) = {line for tags, line in drawn_whole(town.network, 14) if tags.get("name") == "Out"}
    assert out.coords[0][0] > out.coords[-1][0]


@pytest.mark.parametrize(
    ("z", "classes"),
    [
        (5, {"motorway"}),
        (8, {"motorway", "primary"}),
        (13, {"motorway", "primary", "residential"}),
        (14, {"motorway", "primary", "residential", "service"}),
        (DEEPEST, {"motorway", "primary", "residential", "service"}),
    ],
)
def test_what_is_drawn_from_which_zoom(z: int, classes: set[str]) -> None:
    # Squares of 2 km, for what is smaller than a number of the grid is not drawn.
    town = draw("A-B-C-D-E", "A-B motorway", "B-C primary", "C-D residential", "D-E service", square_m=2_000.0)
    assert {tags["class"] for tags, _ in drawn_whole(town.network, z)} == classes


# ---- Where it is drawn -------------------------------------------------------------------------------------------


def drawn_lines(network: Network, z: int) -> list[shapely.LineString]:
    return [line for _, line in drawn_whole(network, z)]


def road_lines(network: Network, z: int) -> list[shapely.LineString]:
    starts = network.shape_start.tolist()
    points = placed(network.shape_lonlat, z)
    return [shapely.LineString(points[start:end]) for start, end in pairwise(starts)]


def strayed(lines: Sequence[shapely.LineString], others: Sequence[shapely.LineString]) -> float:
    """How far any place on some lines is from others at most; places are looked at every 50 numbers."""
    points = shapely.points(shapely.get_coordinates(shapely.segmentize(lines, 50.0)))
    return float(shapely.STRtree(others).query_nearest(points, return_distance=True)[1].max())


def check_drawn(network: Network, z: int, strays: float) -> None:
    """Every road is drawn, and nothing that is no road; what is smaller than a number of the grid may be left out."""
    drawn, roads = drawn_lines(network, z), road_lines(network, z)
    large = [road for road in roads if road.length > 2 * strays]
    assert strayed(large, drawn) <= strays
    assert strayed(drawn, roads) <= strays


def check_tiles(network: Network, z: int) -> None:
    """No tile draws beyond its buffer, and where two meet, they draw the same."""
    tiles = Tiles(network)
    crossings: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for x, y in tiles_under(network, z):
        lines = [line for drawn in decoded(tiles.tile(z, x, y)) for line in drawn.lines]
        for line in lines:
            assert line.min() >= -BUFFER
            assert line.max() <= EXTENT + BUFFER
            assert len(line) > 1
            assert np.any(line[1:] != line[:-1], axis=1).all()
        crossings[x, y] = set(_inner_points(lines, x, y))
    for (x, y), points in crossings.items():
        for beside in ((x + 1, y), (x, y + 1)):
            if beside in crossings:
                assert _shared(points, (x, y), beside) == _shared(crossings[beside], (x, y), beside)


def _inner_points(lines: Iterable[np.ndarray[Any, Any]], x: int, y: int) -> Iterator[tuple[int, int]]:
    """Points of the grid that are not where a line is cut, which is on the buffer's side."""
    for line in lines:
        for column, row in line.tolist():
            if min(column, row) > -BUFFER and max(column, row) < EXTENT + BUFFER:
                yield column + x * EXTENT, row + y * EXTENT


def _shared(points: set[tuple[int, int]], tile: tuple[int, int], beside: tuple[int, int]) -> set[tuple[int, int]]:
    """Those of the points that both tiles draw, each within its buffer."""

    def within(point: tuple[int, int]) -> bool:
        return all(
            corner * EXTENT - BUFFER < place < (corner + 1) * EXTENT + BUFFER
            for which in (tile, beside)
            for corner, place in zip(which, point, strict=True)
        )

    return {point for point in points if within(point)}


@pytest.mark.parametrize("z", [14, 15, DEEPEST])
def test_every_road_is_drawn_and_nothing_else(z: int) -> None:
    check_drawn(TOWN.network, z, ROUNDED)
    check_tiles(TOWN.network, z)


@pytest.mark.parametrize("z", [8, 11, 13])
def test_what_is_generalised_strays_by_a_pixel_at_most(z: int) -> None:
    bends = draw("A-b-c-d-E", "A-b-c-d-E motorway", square_m=400.0)
    check_drawn(bends.network, z, 4.0 + ROUNDED)


@given(small_roads(), st.integers(14, DEEPEST))
@settings(deadline=None)
def test_any_small_map_is_drawn(roads: Roads, z: int) -> None:
    network = assemble(roads)
    check_drawn(network, z, ROUNDED)
    check_tiles(network, z)


def test_a_real_town(gothenburg: Network) -> None:
    check_tiles(gothenburg, 13)
    check_drawn(gothenburg, 14, ROUNDED)
    # What lies in a buffer is drawn by two tiles, and by four at a corner.
    shown = (1 + 2 * BUFFER / EXTENT) ** 2
    drawn_m, roads_m = (
        sum(line.length for line in lines) for lines in (drawn_lines(gothenburg, 14), road_lines(gothenburg, 14))
    )
    assert drawn_m == pytest.approx(roads_m * shown, rel=0.005)


# ---- Bytes -------------------------------------------------------------------------------------------------------


def test_the_same_network_gives_the_same_bytes(gothenburg: Network) -> None:
    first, second = Tiles(gothenburg), Tiles(gothenburg)
    # Made in another order, so that nothing hangs on what was made before.
    asked = [(z, x, y) for z in (10, 12, 14) for x, y in tiles_under(gothenburg, z)][::5]
    made = [first.tile(*each) for each in asked]
    assert [second.tile(*each) for each in asked[::-1]] == made[::-1]
    assert sum(map(len, made)) > 10_000


def test_many_may_ask_at_once(gothenburg: Network) -> None:
    tiles, alone = Tiles(gothenburg), Tiles(gothenburg)
    asked = [(z, x, y) for z in (11, 13) for x, y in tiles_under(gothenburg, z)]
    found: list[list[bytes]] = []
    threads = [threading.Thread(target=lambda: found.append([tiles.tile(*each) for each in asked])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[alone.tile(*each) for each in asked]] * 4


def test_where_nothing_is_there_is_nothing() -> None:
    tiles = Tiles(TOWN.network)
    assert tiles.tile(14, 0, 0) == b""
    assert tiles.tile(14, *tile_of("A")) != b""


@pytest.mark.parametrize(
    "address", [(-1, 0, 0), (0, 0, 1), (0, 1, 0), (3, 8, 0), (3, 0, -1), (DEEPEST + 1, 0, 0), (10**9, 0, 0)]
)
def test_what_is_no_tile(address: tuple[int, int, int]) -> None:
    assert not is_tile(*address)
    assert Tiles(TOWN.network).tile(*address) == b""


@pytest.mark.parametrize("value", [0, 1, 127, 128, 16_383, 16_384, 2**31])
def test_numbers_are_written_as_protocol_buffers_have_them(value: int) -> None:
    written = number(value)
    assert sum((byte & 0x7F) << 7 * place for place, byte in enumerate(written)) == value
    assert [byte >> 7 for byte in written] == [1] * (len(written) - 1) + [0]
