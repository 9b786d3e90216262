"""The sample road map of Gothenburg, and the script that makes it."""

from __future__ import annotations

import io
import json
import random
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.io import Reader

from graphs.errors import SourceError
from graphs.samples import make_gothenburg
from graphs.samples.make_gothenburg import Drop, main, number_vertices, read_road, survey, write_pbf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Refused = Callable[..., str]

SAMPLES = Path(make_gothenburg.__file__).parent

# One letter, one place: a column is 0.001 degree of longitude, a row 0.001 degree of latitude.
TOWN = """
a  b  c

   d  e
"""


class Way(NamedTuple):
    tags: dict[str, str]
    nodes: list[int]


class RoadMap(NamedTuple):
    """A PBF as it was found: ids in order of the file."""

    nodes: dict[int, tuple[float, float]]
    ways: dict[int, Way]
    order: list[tuple[str, int]]


def place(letter: str) -> list[float]:
    row, column = next((row, text.index(letter)) for row, text in enumerate(TOWN.splitlines()) if letter in text)
    return [round(11.97 + column / 1000, 7), round(57.71 - row / 1000, 7)]


def line(*positions: list[float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": list(positions)}


def street(way_id: int, letters: str, highway: str = "residential", **tags: object) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": f"way/{way_id}",
        "properties": {"@id": f"way/{way_id}", "highway": highway, **tags},
        "geometry": line(*map(place, letters)),
    }


def square(way_id: int, *rings: str, **tags: str) -> dict[str, Any]:
    shape = {"type": "Polygon", "coordinates": [[*map(place, ring)] for ring in rings]}
    return street(way_id, rings[0], "pedestrian", **tags) | {"geometry": shape}


def town(*features: object, **more: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


def saved(folder: Path, content: object) -> Path:
    path = folder / "town.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def tarball(path: Path, member: str, content: bytes) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo(member)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return path


def read(path: Path) -> RoadMap:
    found = RoadMap({}, {}, [])
    for thing in osmium.FileProcessor(str(path)):
        found.order.append((thing.type_str(), thing.id))
        if isinstance(thing, osmium.osm.Node):
            found.nodes[thing.id] = (thing.lon, thing.lat)
        elif isinstance(thing, osmium.osm.Way):
            found.ways[thing.id] = Way({tag.k: tag.v for tag in thing.tags}, [node.ref for node in thing.nodes])
    return found


def made(folder: Path, *features: object, **more: object) -> RoadMap:
    out = folder / "town.osm.pbf"
    assert main(["--from", str(saved(folder, town(*features, **more))), "--out", str(out)]) == 0
    return read(out)


def reason(feature: object) -> str | None:
    dropped = list(survey([feature]).dropped.elements())
    return dropped[0] if dropped else None


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str | None) -> None:
    """Put a script in the place of npm, or take npm away."""
    (folder / "bin").mkdir()
    if script is not None:
        npm = folder / "bin" / "npm"
        npm.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"))


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run the command, expect it to end with 2, and return what it said."""

    def run(*argv: object) -> str:
        assert main([str(word) for word in argv]) == 2
        return capsys.readouterr().err

    return run


class TestJoining:
    def test_streets_that_list_the_same_place_meet_there(self, tmp_path: Path) -> None:
        found = made(tmp_path, street(1, "abc"), street(2, "bd"))
        assert found.ways[1].nodes[1] == found.ways[2].nodes[0]
        assert len(found.nodes) == 4

    def test_streets_that_only_cross_on_paper_do_not_meet(self, tmp_path: Path) -> None:
        found = made(tmp_path, street(1, "be"), street(2, "cd"))
        assert not set(found.ways[1].nodes) & set(found.ways[2].nodes)

    def test_places_one_step_apart_stay_apart(self, tmp_path: Path) -> None:
        near = street(2, "bd")
        near["geometry"]["coordinates"][0][0] += 1e-7
        found = made(tmp_path, street(1, "ab"), near)
        assert not set(found.ways[1].nodes) & set(found.ways[2].nodes)

    def test_a_roundabout_ends_at_the_node_it_began_at(self, tmp_path: Path) -> None:
        nodes = made(tmp_path, street(1, "bcedb", junction="roundabout")).ways[1].nodes
        assert nodes[0] == nodes[-1]
        assert len(set(nodes)) == 4

    def test_node_ids_count_from_one_along_the_ways_in_order_of_id(self, tmp_path: Path) -> None:
        found = made(tmp_path, street(20, "cb"), street(3, "abd"))
        assert [found.ways[3].nodes, found.ways[20].nodes] == [[1, 2, 3], [4, 2]]
        assert found.nodes[4] == pytest.approx(place("c"), abs=1e-9)


class TestTags:
    def test_tags_are_kept_and_notes_about_editing_are_not(self, tmp_path: Path) -> None:
        editing = {"created_by": "JOSM", "source": "survey", "note": "look again", "@timestamp": "2016"}
        road = {"name": "Götaälvbron", "source:maxspeed": "sign", "maxspeed": "50"}
        found = made(tmp_path, street(7, "ab", "secondary", **editing, **road))
        assert found.ways[7].tags == {"highway": "secondary", **road}

    def test_a_property_that_is_not_text_is_left_out_and_counted(self) -> None:
        (road,) = survey([street(1, "ab", lanes=2, relations=[], name="x" * 256)]).roads
        assert road.tags == {"highway": "residential"}
        assert road.left_out == ("@id", "lanes", "name", "relations")

    def test_a_square_becomes_its_outer_ring(self, tmp_path: Path) -> None:
        way = made(tmp_path, square(5, "acedba", "bdeb", area="yes")).ways[5]
        assert way == Way({"highway": "pedestrian", "area": "yes"}, [1, 2, 3, 4, 5, 1])

    def test_a_ring_left_open_is_closed_and_area_is_not_made_up(self, tmp_path: Path) -> None:
        way = made(tmp_path, square(5, "bced")).ways[5]
        assert way == Way({"highway": "pedestrian"}, [1, 2, 3, 4, 1])


class TestBadFeatures:
    def test_a_place_listed_twice_in_a_row_is_listed_once(self, tmp_path: Path) -> None:
        assert made(tmp_path, street(1, "aabbbc")).ways[1].nodes == [1, 2, 3]
        (road,) = survey([street(1, "aabbbc")]).roads
        assert road.repeats == 3

    @pytest.mark.parametrize(
        "bad", [None, [], [11.9], ["11.9", "57.7"], [11.9, None], [181, 57.7], [11.9, -90.1], [float("nan"), 57.7]]
    )
    def test_a_street_with_one_bad_place_is_dropped_whole(self, bad: object) -> None:
        feature = street(1, "abc")
        feature["geometry"]["coordinates"][1] = bad
        assert reason(feature) == Drop.COORDINATES

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"geometry": line(place("a"))}, Drop.TOO_SHORT),
            ({"geometry": line(place("a"), place("a"), place("a"))}, Drop.TOO_SHORT),
            ({"geometry": line()}, Drop.COORDINATES),
            ({"geometry": {"type": "LineString"}}, Drop.COORDINATES),
            ({"geometry": {"type": "Polygon", "coordinates": None}}, Drop.COORDINATES),
            ({"geometry": {"type": "Polygon", "coordinates": [[]]}}, Drop.COORDINATES),
            ({"geometry": {"type": "Point", "coordinates": place("a")}}, Drop.SHAPE),
            ({"geometry": {"type": ["LineString"], "coordinates": []}}, Drop.SHAPE),
            ({"geometry": None}, Drop.SHAPE),
            ({"id": "relation/1"}, Drop.NOT_A_WAY),
            ({"id": "way/0"}, Drop.NOT_A_WAY),
            ({"id": 1}, Drop.NOT_A_WAY),
            ({"properties": None}, Drop.NOT_A_WAY),
            ({"properties": {"waterway": "river"}}, Drop.NOT_A_HIGHWAY),
        ],
    )
    def test_what_cannot_be_a_road_is_dropped_and_told_why(self, change: dict[str, object], why: Drop) -> None:
        assert reason(street(1, "ab") | change) == why

    @pytest.mark.parametrize("feature", [None, 7, [], {}])
    def test_what_is_no_feature_is_dropped(self, feature: object) -> None:
        assert reason(feature) == Drop.NOT_A_WAY

    def test_the_way_id_may_stand_among_the_properties_only(self) -> None:
        feature = street(12, "ab")
        del feature["id"]
        road = read_road(feature)
        assert not isinstance(road, Drop)
        assert road.way_id == 12

    def test_of_two_ways_with_one_id_the_first_stays(self, tmp_path: Path) -> None:
        found = made(tmp_path, street(1, "ab", name="first"), street(1, "cd", name="second"))
        assert [way.tags["name"] for way in found.ways.values()] == ["first"]
        assert len(found.nodes) == 2

    def test_a_height_is_ignored(self, tmp_path: Path) -> None:
        feature = street(1, "ab")
        feature["geometry"]["coordinates"][0].append(31.5)
        assert made(tmp_path, feature).nodes[1] == pytest.approx(place("a"), abs=1e-9)


class TestFile:
    def test_two_runs_give_equal_bytes_whatever_the_order_of_features_and_tags(self, tmp_path: Path) -> None:
        streets = [
            street(3, "abc", name="Storgatan", oneway="yes"),
            street(1, "bd", oneway="yes", name="Kyrkogatan"),
            square(2, "bcedb"),
        ]
        outs = [tmp_path / f"{run}.osm.pbf" for run in range(3)]
        turned = [feature | {"properties": dict(reversed(feature["properties"].items()))} for feature in streets[::-1]]
        for out, features in zip(outs, (streets, streets, turned), strict=True):
            assert main(["--from", str(saved(tmp_path, town(*features))), "--out", str(out)]) == 0
        first, again, reordered = (out.read_bytes() for out in outs)
        assert first == again
        assert first == reordered

    def test_nodes_come_before_ways_and_both_in_order_of_id(self, tmp_path: Path) -> None:
        found = made(tmp_path, street(30, "ab"), street(4, "cd"))
        assert found.order == [("n", 1), ("n", 2), ("n", 3), ("n", 4), ("w", 4), ("w", 30)]

    def test_the_header_says_who_made_it_when_and_where(self, tmp_path: Path) -> None:
        made(tmp_path, street(1, "ae"), timestamp="2016-12-27T10:04:02Z")
        with Reader(str(tmp_path / "town.osm.pbf")) as reader:
            header = reader.header()
        assert "make_gothenburg" in header.get("generator")
        assert header.get("sorting") == "Type_then_ID"
        assert header.get("osmosis_replication_timestamp") == "2016-12-27T10:04:02Z"
        (west, north), (east, south) = place("a"), place("e")
        corners = header.box().bottom_left, header.box().top_right
        assert [value for corner in corners for value in (corner.lon, corner.lat)] == [west, south, east, north]

    @settings(deadline=None)
    @given(st.lists(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=6), max_size=5))
    def test_every_way_runs_through_the_places_of_its_feature(self, walks: list[list[tuple[int, int]]]) -> None:
        walks = [steps for steps in walks if len(set(steps)) > 1] or [[(0, 0), (0, 1)]]
        features = [
            street(number, "") | {"geometry": line(*([x / 1e7, y / 1e7] for x, y in steps))}
            for number, steps in enumerate(walks, start=1)
        ]
        random.Random(0).shuffle(features)
        with tempfile.TemporaryDirectory() as folder:
            write_pbf(survey(features).roads, Path(folder, "town.osm.pbf"))
            found = read(Path(folder, "town.osm.pbf"))
        for number, steps in enumerate(walks, start=1):
            without_repeats = [here for here, before in zip(steps, [None, *steps], strict=False) if here != before]
            places = [found.nodes[node] for node in found.ways[number].nodes]
            assert [(round(lon * 1e7), round(lat * 1e7)) for lon, lat in places] == without_repeats
        assert len(found.nodes) == len(set(found.nodes.values())) == len(number_vertices(survey(features).roads))


class TestCommand:
    def test_it_says_what_it_read_kept_and_dropped(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        features = [street(1, "aab", note="x"), street(2, "bd", "motorway"), street(3, "c"), street(1, "ab"), {}]
        made(tmp_path, *features)
        said = capsys.readouterr().out.splitlines()
        for fact in (
            "read 5 features",
            "dropped 3 features",
            f"        1 {Drop.TOO_SHORT}",
            "kept 2 ways",
            "        1 motorway",
            "left out 3 properties",
            "        1 note",
            "repeated vertices removed: 1",
            "nodes numbered: 3, of them on several ways: 1",
        ):
            assert fact in said

    def test_without_a_file_it_has_npm_pack_the_package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        packed = tarball(tmp_path / "p", make_gothenburg.MEMBER, json.dumps(town(street(1, "ab"))).encode())
        stand_in(tmp_path, monkeypatch, f'echo "$@" > "{tmp_path}/asked"; /bin/cp "{packed}" ./some-2.1.0.tgz')
        monkeypatch.chdir(tmp_path)
        assert main(["--out", "out.osm.pbf"]) == 0
        assert list(read(tmp_path / "out.osm.pbf").ways) == [1]
        assert (tmp_path / "asked").read_text().startswith("pack geojson-path-finder@2.1.0")
        assert not list(tmp_path.glob("*.tgz"))

    @pytest.mark.parametrize(
        ("script", "said"),
        [
            (None, "npm is not installed"),
            ("echo no such package >&2; : > a.tgz; exit 1", "no such package"),
            ("", "no tarball"),
        ],
    )
    def test_when_npm_cannot_help_it_says_so(
        self, script: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
    ) -> None:
        stand_in(tmp_path, monkeypatch, script)
        assert said in refused("--out", tmp_path / "out.osm.pbf")

    def test_when_npm_hangs_it_gives_up(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
    ) -> None:
        stand_in(tmp_path, monkeypatch, "exec /bin/sleep 60")
        monkeypatch.setattr(make_gothenburg, "NPM_TIMEOUT_S", 0.1)
        assert "took over 0.1 s; give --from FILE" in refused("--out", tmp_path / "out.osm.pbf")

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"a,b\n1,2\n", "neither JSON nor a tarball"),
            (b"\xff\xfe\x00", "neither JSON nor a tarball"),
            (b"[]", "'list' is not accepted; accepted: a FeatureCollection"),
            (b'{"type": "Feature"}', "'Feature' is not accepted; accepted: a FeatureCollection"),
            (b'{"type": "FeatureCollection"}', "must have a list of features"),
            (b'{"type": "FeatureCollection", "features": []}', "no feature in it is a road"),
            (b'{"type": "FeatureCollection", "features": [], "timestamp": "2016"}', "timestamp '2016' is not accepted"),
        ],
    )
    def test_a_wrong_file_is_refused_and_an_older_map_stays(
        self, content: bytes, said: str, tmp_path: Path, refused: Refused
    ) -> None:
        (tmp_path / "wrong.json").write_bytes(content)
        (tmp_path / "out.osm.pbf").write_bytes(b"made before")
        fault = refused("--from", tmp_path / "wrong.json", "--out", tmp_path / "out.osm.pbf")
        assert said in fault
        assert "wrong.json" in fault
        assert (tmp_path / "out.osm.pbf").read_bytes() == b"made before"

    def test_a_missing_file_is_named(self, tmp_path: Path, refused: Refused) -> None:
        assert "gone.json: cannot be read (No such file" in refused("--from", tmp_path / "gone.json")

    def test_a_tarball_of_something_else_is_refused(self, tmp_path: Path, refused: Refused) -> None:
        packed = tarball(tmp_path / "other.tgz", "package/package.json", b"{}")
        assert f"other.tgz: the tarball has no file {make_gothenburg.MEMBER}" in refused("--from", packed)

    def test_half_a_tarball_is_refused(self, tmp_path: Path, refused: Refused) -> None:
        packed = tarball(tmp_path / "half.tgz", make_gothenburg.MEMBER, random.Random(0).randbytes(50_000))
        packed.write_bytes(packed.read_bytes()[:20_000])
        assert "half.tgz: the tarball is damaged" in refused("--from", packed)

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path, refused: Refused) -> None:
        source = saved(tmp_path, town(street(1, "ab")))
        assert "nowhere" in refused("--from", source, "--out", tmp_path / "nowhere" / "out.osm.pbf")

    def test_a_wrong_option_ends_with_two(self) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["--form", "x"])
        assert ended.value.code == SourceError.exit_code == 2


@pytest.fixture(scope="module")
def gothenburg() -> RoadMap:
    return read(SAMPLES / "gothenburg.osm.pbf")


# Ways over or under Göta älv that a vehicle can use, the bus lanes of Götaälvbron among them.
CROSSINGS = {
    "Älvsborgsbron": [4303422, 4303437],
    "Götaälvbron": [4498568, 284414660, 28517366, 138395233],
    "Tingstadstunneln": [4498561, 14502363, 116613454, 116613455, 116613456, 116613463],
}
ON_FOOT = {"footway", "path", "steps", "cycleway", "platform", "bridleway", "construction"}
LUNDBYLEDEN, GOTATUNNELN = 165831514, 4361874  # a motorway north of the river, a trunk road south of it


def tagged(found: RoadMap, key: str, *values: str) -> int:
    return sum(way.tags.get(key) in values if values else key in way.tags for way in found.ways.values())


def within_reach(found: RoadMap, start: int, closed: Iterable[int]) -> set[int]:
    """Return the nodes that a vehicle free of one-ways gets to."""
    beside: dict[int, list[int]] = {}
    for way_id, way in found.ways.items():
        if way.tags["highway"] not in ON_FOOT and way_id not in closed:
            for here, there in zip(way.nodes, way.nodes[1:], strict=False):
                beside.setdefault(here, []).append(there)
                beside.setdefault(there, []).append(here)
    seen, waiting = {start}, [start]
    while waiting:
        fresh = set(beside[waiting.pop()]) - seen
        seen |= fresh
        waiting.extend(fresh)
    return seen


class TestGothenburg:
    def test_it_has_every_way_and_place_of_the_export(self, gothenburg: RoadMap) -> None:
        assert (len(gothenburg.ways), len(gothenburg.nodes)) == (20_227, 104_250)

    def test_it_is_sorted_and_whole(self, gothenburg: RoadMap) -> None:
        assert gothenburg.order == sorted(gothenburg.order)
        assert list(gothenburg.nodes) == list(range(1, 104_251))
        assert {node for way in gothenburg.ways.values() for node in way.nodes} == set(gothenburg.nodes)

    def test_no_two_nodes_share_a_place_and_no_way_stands_still(self, gothenburg: RoadMap) -> None:
        assert len(set(gothenburg.nodes.values())) == len(gothenburg.nodes)
        for way in gothenburg.ways.values():
            assert all(here != there for here, there in zip(way.nodes, way.nodes[1:], strict=False))

    def test_it_has_what_a_router_must_cope_with(self, gothenburg: RoadMap) -> None:
        assert tagged(gothenburg, "highway", "motorway") == 183
        assert tagged(gothenburg, "highway", "residential") == 2_627
        assert tagged(gothenburg, "oneway", "yes") == 3_509
        assert tagged(gothenburg, "junction", "roundabout") == 133
        assert tagged(gothenburg, "tunnel") == 320
        assert tagged(gothenburg, "bridge") == 548
        assert tagged(gothenburg, "area", "yes") == 105

    def test_it_has_no_tags_about_editing(self, gothenburg: RoadMap) -> None:
        assert not any(tagged(gothenburg, key) for key in ("@id", "created_by", "source", "note"))

    def test_joined_vertices_make_junctions(self, gothenburg: RoadMap) -> None:
        ways_at = Counter(node for way in gothenburg.ways.values() for node in set(way.nodes))
        assert sum(count > 1 for count in ways_at.values()) == 28_431
        assert sum(count > 2 for count in ways_at.values()) == 3_913

    def test_it_names_its_three_river_crossings(self, gothenburg: RoadMap) -> None:
        for name, way_ids in CROSSINGS.items():
            tags = [gothenburg.ways[way_id].tags for way_id in way_ids]
            assert name in {way.get("name") for way in tags}
            assert all("bridge" in way or "tunnel" in way for way in tags)

    @pytest.mark.parametrize("open_one", [None, *CROSSINGS])
    def test_the_river_parts_the_city_unless_a_crossing_is_open(
        self, gothenburg: RoadMap, open_one: str | None
    ) -> None:
        closed = {way_id for name, way_ids in CROSSINGS.items() if name != open_one for way_id in way_ids}
        north, south = (gothenburg.ways[way_id].nodes[0] for way_id in (LUNDBYLEDEN, GOTATUNNELN))
        reached = within_reach(gothenburg, north, closed)
        assert (south in reached) == (open_one is not None)
        assert len(reached) > (50_000 if open_one else 10_000)

    def test_its_header_gives_the_age_of_the_data(self) -> None:
        with Reader(str(SAMPLES / "gothenburg.osm.pbf")) as reader:
            header = reader.header()
        assert header.get("osmosis_replication_timestamp") == "2016-12-27T10:04:02Z"
        assert header.box().contains(osmium.osm.Location(11.9671, 57.7089))

    def test_its_readme_says_whose_it_is_and_what_it_holds(self) -> None:
        readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
        size = (SAMPLES / "gothenburg.osm.pbf").stat().st_size
        facts = ["20,227 ways", "104,250 nodes", f"{size:,} bytes", "2016-12-27", make_gothenburg.MEMBER]
        for words in ["© OpenStreetMap contributors", "ODbL 1.0", *facts]:
            assert words in readme
