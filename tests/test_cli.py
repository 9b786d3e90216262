"""The command as people use it: what it prints, what it says of a wrong input, and how it ends."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import networkx as nx
import pytest
import shapely
from click.testing import CliRunner, Result

from api.cli import main
from roadmaps import RoadMap
from scenarios.samples import gothenburg as night

NIGHT = Path(night.__file__).parent
ROADS = Path(__file__).parents[2] / "shared" / "data" / "roads"
GOTHENBURG = Path(__file__).parents[1] / "graphs" / "samples" / "gothenburg.osm.pbf"
NOW = "2026-01-31T23:10:00Z"
COLUMNS = ("callsign", "status", "lat", "lon", "fixed_at", "crew")
Ask = Callable[..., Result]


def nearest(*words: object) -> Result:
    """Run the command; an exception that it does not expect fails the test."""
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def units_file(folder: Path, *rows: tuple[object, ...], header: tuple[str, ...] = COLUMNS) -> Path:
    path = folder / "units.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


@pytest.fixture
def ask(town_file: Path, town: RoadMap, tmp_path: Path) -> Ask:
    """Ask who should go to the middle of the town; one unit is at A, unless told otherwise."""

    def asking(*words: object, rows: tuple[tuple[object, ...], ...] | None = None, at: object = None) -> Result:
        lat, lon = town.at("A")
        units = units_file(tmp_path, *(rows if rows is not None else [("B11", 2, lat, lon, NOW, 2)]))
        place = at or "{},{}".format(*town.at("B"))
        return nearest("recommend", "--graph", town_file, "--units", units, "--at", place, "--now", NOW, *words)

    return asking


class TestRecommend:
    def test_a_dispatcher_reads_who_should_go(self, ask: Ask) -> None:
        done = ask("--tag", "domestic_abuse")
        assert done.exit_code == 0
        assert "Send B11." in done.stdout
        assert "=>  B11" in done.stdout
        assert "Not met: domestic_abuse: nobody with domestic_abuse_trained" in done.stdout

    def test_the_demonstration(self, gothenburg_file: Path) -> None:
        files = (
            "--units",
            NIGHT / "units.csv",
            "--incidents",
            NIGHT / "incidents.csv",
            "--force",
            NIGHT / "force.toml",
        )
        words = ("recommend", "--graph", gothenburg_file, *files, "--now", "2026-11-21T02:15:00+01:00")
        done = nearest(*words, "--incident", "N-0211", "-k", 3)
        assert done.exit_code == 0
        assert "Send M1 and L3." in done.stdout
        assert "due 02:28:40 CET" in done.stdout
        # The third eligible ends the table, but whoever is suggested is in it all the same.
        assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("=>")] == ["M1", "L3"]
        assert "stale_fix: position is 1:35:00 old" in done.stdout

    def test_k_is_how_many_can_be_chosen_from(self, ask: Ask, town: RoadMap) -> None:
        rows = tuple((f"U{row}", 2, *town.at(place), NOW, 2) for row, place in enumerate("ACDGH"))
        done = ask("-k", 2, rows=rows)
        assert sum(f"U{row}  " in done.stdout for row in range(5)) == 2
        assert "3 more can be sent" in done.stdout

    def test_json_is_the_whole_ledger(self, ask: Ask, town: RoadMap) -> None:
        rows = tuple((f"U{row}", 6, *town.at(place), NOW, 2) for row, place in enumerate("ACDGH"))
        done = ask("--json", "-k", 1, rows=rows)
        answer = json.loads(done.stdout)
        assert done.exit_code == 3
        assert answer["outcome"] == "nobody_eligible"
        assert {line["callsign"] for line in answer["ledger"]} == {"U0", "U1", "U2", "U3", "U4"}
        assert all(line["failed"][0]["rule"] == "status" for line in answer["ledger"])

    def test_geojson_has_routes_that_lead_to_the_incident(self, ask: Ask, town: RoadMap) -> None:
        answer = json.loads(ask("--geojson").stdout)
        kinds = [feature["properties"]["kind"] for feature in answer["features"]]
        assert kinds == ["incident", "unit", "route"]
        route = shapely.geometry.shape(answer["features"][2]["geometry"])
        lat, lon = town.at("B")
        assert route.coords[-1] == pytest.approx((lon, lat), abs=1e-6)
        assert answer["attribution"] == "© OpenStreetMap contributors"

    @pytest.mark.parametrize("callsign", ["[bold]M1", "[/x]", "M[1]"])
    def test_a_callsign_is_printed_as_it_is(self, ask: Ask, town: RoadMap, callsign: str) -> None:
        done = ask(rows=((callsign, 2, *town.at("A"), NOW, 2),))
        assert done.exit_code == 0
        assert f"Send {callsign}." in done.stdout

    def test_an_empty_units_file_means_that_nobody_is_on_duty(self, ask: Ask) -> None:
        done = ask(rows=())
        assert done.exit_code == 3
        assert "Nobody is on duty." in done.stdout

    def test_when_nobody_can_be_sent_the_ledger_says_why_for_each(self, ask: Ask, town: RoadMap) -> None:
        rows = (
            ("AT1", 6, *town.at("A"), NOW, 2),
            ("NO1", "", *town.at("A"), NOW, 2),
            ("OL1", 2, *town.at("A"), "2026-01-31T20:10:00Z", 2),
            ("FA1", 2, *town.at("E"), NOW, 2),
        )
        done = ask(rows=rows)
        assert done.exit_code == 3
        assert "Nobody can be sent." in done.stdout
        for words in ("status 6 (At scene)", "no status known", "stale_fix", "unreachable"):
            assert words in done.stdout

    def test_an_incident_on_the_british_grid(self, town_file: Path, tmp_path: Path, town: RoadMap) -> None:
        # Ordnance Survey grid of a point beside B, from its degrees and back.
        from convertbng.cutil import convert_bng  # noqa: PLC0415 - the only test that needs it

        lat, lon = town.at("B")
        easting, northing = convert_bng(lon, lat)
        units = units_file(tmp_path, ("B11", 2, *town.at("A"), NOW, 2))
        words = ("recommend", "--graph", town_file, "--units", units, "--now", NOW, "--json")
        by_grid = json.loads(nearest(*words, "--at-grid", f"{float(easting[0])},{float(northing[0])}").stdout)
        by_degrees = json.loads(nearest(*words, "--at", f"{lat},{lon}").stdout)
        assert by_grid["incident"]["lat"] == pytest.approx(lat, abs=1e-7)
        assert by_grid["ledger"][0]["time_s"] == pytest.approx(by_degrees["ledger"][0]["time_s"], abs=0.1)


class TestWrongInput:
    """Exit code 2, nothing on standard output, and a message that can be acted on."""

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("-k", 0), "options -k: 0 is not accepted; accepted: a whole number, 1 or more"),
            (("--grade", "emergancy"), "did you mean emergency?"),
            (("--tag", "domestic"), "did you mean domestic_abuse?"),
            (("--need", "tazer"), "did you mean taser?"),
            (("--now", "2026-01-31T23:10:00"), "it has no offset"),
            (("--now", "yesterday"), "--now"),
            (("--units-needed", 0), "units_needed: 0 is not accepted"),
            (("--received", "2026-02-01T00:00:00Z"), "a time up to now"),
            (("--json", "--geojson"), "one of them"),
            (("--incident", "N-1"), "--at and --incident is not accepted; accepted: one of them"),
            (("--force", "no-such.toml"), "no-such.toml"),
            (("--profiles", "no-such.toml"), "no-such.toml"),
            (("--incidents", "no-such.csv"), "no-such.csv"),
        ],
    )
    def test_options(self, ask: Ask, words: tuple[object, ...], told: str) -> None:
        done = ask(*words)
        assert (done.exit_code, done.stdout) == (2, "")
        assert told in done.stderr
        assert done.stderr.startswith("error: ")

    @pytest.mark.parametrize(
        ("at", "told"),
        [
            ("91,-1.25", "lat -90 to 90"),
            ("-1.25,54.58", "swapped"),
            ("451000,516500", "British National Grid"),
            ("0,0", "0, 0"),
            ("51.5,-0.1", "a point of the network"),
            ("nan,inf", "a finite number"),
            ("54.58", "two numbers with a comma between"),
            ("here", "two numbers with a comma between"),
        ],
    )
    def test_places(self, ask: Ask, at: str, told: str) -> None:
        done = ask(at=at)
        assert (done.exit_code, done.stdout) == (2, "")
        assert told in done.stderr

    def test_faults_of_options_and_of_the_file_come_together(self, ask: Ask) -> None:
        done = ask("-k", 0, "--grade", "x", rows=(("A1", 77, 91, 0, NOW, 2), ("A1", 2, "", "", "", "two")))
        lines = done.stderr.splitlines()
        assert done.exit_code == 2
        assert [line.split(":")[1].strip() for line in lines if "options" in line] == ["options -k", "options grade"]
        assert {"units.csv row 2 status", "units.csv row 2 lat, lon", "units.csv row 3 crew"} <= {
            line.removeprefix("error: ").split(":")[0] for line in lines
        }

    def test_a_missing_network_names_the_command_that_makes_one(self, tmp_path: Path) -> None:
        done = nearest("route", "--graph", tmp_path / "nix", "--from", "1,2", "--to", "3,4")
        assert done.exit_code == 2
        assert "nearest graph build" in done.stderr

    def test_a_damaged_network(self, town_file: Path, tmp_path: Path) -> None:
        damaged = tmp_path / "damaged.network"
        content = bytearray(town_file.read_bytes())
        content[-1] ^= 1
        damaged.write_bytes(content)
        done = nearest("graph", "info", damaged)
        assert done.exit_code == 2
        assert "damaged" in done.stderr

    def test_no_way_ends_with_3(self, town_file: Path, town: RoadMap) -> None:
        start, end = ("{},{}".format(*town.at(place)) for place in "AE")
        done = nearest("route", "--graph", town_file, "--from", start, "--to", end)
        assert (done.exit_code, done.stdout) == (3, "")
        assert "no road" in done.stderr


def bad_sources(folder: Path) -> Iterator[tuple[str, Path, str]]:
    """Yield a name, a file that is no road source, and words that its message must have."""
    noise = folder / "noise.osm.pbf"
    noise.write_bytes(bytes(range(256)) * 40)
    yield "not a PBF", noise, "cannot be read as OpenStreetMap data"
    empty = folder / "empty.osm"
    empty.write_text('<osm version="0.6"><node id="1" lat="54" lon="-1"/></osm>', "utf-8")
    yield "no roads", empty, "no roads in it"
    speedless = folder / "speedless.graphml"
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node(1, x="-1.0", y="54.0")
    graph.add_node(2, x="-1.1", y="54.0")
    graph.add_edge(1, 2, osmid="1", length="10.0")
    nx.write_graphml(graph, speedless)
    yield "GraphML without speeds", speedless, "maxspeed"
    yield "missing", folder / "missing.osm.pbf", "no such file"
    other = folder / "roads.docx"
    other.write_text("roads", "utf-8")
    yield "another kind of file", other, ".osm.pbf"


class TestGraph:
    @pytest.mark.parametrize("row", range(5))
    def test_a_bad_source(self, tmp_path: Path, row: int) -> None:
        _, source, told = list(bad_sources(tmp_path))[row]
        done = nearest("graph", "build", source, "-o", tmp_path / "out.network")
        assert done.exit_code == 2
        assert told in done.stderr
        assert source.name in done.stderr
        assert not (tmp_path / "out.network").exists()

    def test_a_truncated_extract(self, tmp_path: Path) -> None:
        if not ROADS.is_dir():
            pytest.skip("the real data is not beside the checkout")
        cut = tmp_path / "cut.osm.pbf"
        cut.write_bytes((ROADS / "bangor_maine.osm.pbf").read_bytes()[:90_000])
        done = nearest("graph", "build", cut, "-o", tmp_path / "out.network")
        assert done.exit_code == 2
        assert "cut off" in done.stderr

    def test_build_info_and_export(self, tmp_path: Path) -> None:
        if not ROADS.is_dir():
            pytest.skip("the real data is not beside the checkout")
        network, graphml, again = (tmp_path / name for name in ("a.network", "a.graphml", "b.network"))
        built = nearest("graph", "build", ROADS / "bangor_maine.osm.pbf", "-o", network)
        assert built.exit_code == 0
        assert "reading ways" in built.stderr
        assert nearest("graph", "export", network, "-o", graphml).exit_code == 0
        assert nearest("graph", "build", graphml, "-o", again).exit_code == 0
        facts, back = (json.loads(nearest("graph", "info", path, "--json").stdout) for path in (network, again))
        assert facts["hash"] == back["hash"]
        told = nearest("graph", "info", network).stdout
        for words in (facts["hash"], "Open Database Licence", "island", "private", "footway"):
            assert words in told

    def test_an_output_that_is_a_folder_leaves_nothing_behind(self, tmp_path: Path, town_file: Path) -> None:
        (tmp_path / "out").mkdir()
        for words in (("build", GOTHENBURG), ("export", town_file)):
            done = nearest("graph", *words, "-o", tmp_path / "out")
            assert done.exit_code == 2
            assert [path.name for path in tmp_path.iterdir()] == ["out"]

    def test_an_output_in_no_folder(self, tmp_path: Path) -> None:
        done = nearest("graph", "build", ROADS / "bangor_maine.osm.pbf", "-o", tmp_path / "nix" / "a.network")
        assert done.exit_code == 2
        assert "a folder that exists" in done.stderr


class TestLooks:
    def test_a_route_is_told_road_by_road(self, town_file: Path, town: RoadMap) -> None:
        start, end = ("{},{}".format(*town.at(place)) for place in "AC")
        words = ("route", "--graph", town_file, "--from", start, "--to", end)
        told = nearest(*words).stdout
        assert "Linthorpe Road" in told
        assert "1.00 km" in told
        answer = json.loads(nearest(*words, "--json").stdout)
        assert sum(step["time_s"] for step in answer["steps"]) == pytest.approx(answer["drive_s"])
        feature = json.loads(nearest(*words, "--geojson").stdout)
        assert feature["geometry"]["type"] == "LineString"
        assert feature["properties"]["time_s"] == answer["time_s"]

    def test_a_snap_shows_where_a_vehicle_and_an_incident_would_be(self, town_file: Path, town: RoadMap) -> None:
        place = "{},{}".format(*town.at("A", east_m=100, north_m=10))
        words = ("snap", "--graph", town_file, "--at", place)
        told = nearest(*words, "--course", 90, "--speed", 30).stdout
        assert "A vehicle here is on" in told
        assert "Linthorpe Road" in told
        answer = json.loads(nearest(*words, "--course", 90, "--speed", 30, "--json").stdout)
        ahead, back = answer["vehicle"]
        assert ahead["delay_s"] < back["delay_s"]
        assert ahead["gap_m"] == pytest.approx(10, abs=0.1)

    @pytest.mark.parametrize("words", [("--course", 999), ("--course", "nan"), ("--speed", -5), ("--speed", "inf")])
    def test_a_motion_that_is_none(self, town_file: Path, town: RoadMap, words: tuple[object, ...]) -> None:
        done = nearest("snap", "--graph", town_file, "--at", "{},{}".format(*town.at("A")), *words)
        assert done.exit_code == 2
        assert f"options {words[0]}" in done.stderr

    def test_an_unknown_profile_is_told_with_those_there_are(self, town_file: Path, town: RoadMap) -> None:
        place = "{},{}".format(*town.at("A"))
        done = nearest("snap", "--graph", town_file, "--at", place, "--profile", "blue")
        assert done.exit_code == 2
        assert "normal or response" in done.stderr


class TestClosures:
    """What is closed changes who is soonest, and both routers agree about it."""

    DEMONSTRATION = (
        *("--units", NIGHT / "units.csv", "--incidents", NIGHT / "incidents.csv", "--force", NIGHT / "force.toml"),
        *("--now", "2026-11-21T02:15:00+01:00", "--incident", "N-0211", "--json"),
    )

    def test_a_collision_on_the_way_of_the_nearest(self, gothenburg_file: Path) -> None:
        words = ("recommend", "--graph", gothenburg_file, *self.DEMONSTRATION)
        without = json.loads(nearest(*words).stdout)
        closed = nearest(*words, "--closures", NIGHT / "closures.geojson")
        told = json.loads(closed.stdout)
        assert [answer["ledger"][0]["callsign"] for answer in (without, told)] == ["M1", "M1"]
        assert told["ledger"][0]["time_s"] > without["ledger"][0]["time_s"] + 20
        assert told["versions"]["conditions"] != without["versions"]["conditions"]
        reference = nearest(*words, "--closures", NIGHT / "closures.geojson", "--reference")
        assert '"name":"reference"' in reference.stdout
        assert reference.stdout.replace('"name":"reference"', '"name":"hierarchy"') == closed.stdout

    def test_people_are_told_that_there_are_conditions(self, gothenburg_file: Path) -> None:
        words = ("recommend", "--graph", gothenburg_file, *self.DEMONSTRATION[:-1])
        assert "conditions" not in nearest(*words).stdout
        told = nearest(*words, "--closures", NIGHT / "closures.geojson").stdout
        assert re.search(r"conditions [0-9a-f]{12} ", told)

    @pytest.mark.parametrize("command", ["recommend", "route", "table", "reachable"])
    def test_every_fault_of_the_file_and_of_the_options(
        self, command: str, town_file: Path, town: RoadMap, tmp_path: Path
    ) -> None:
        bad = tmp_path / "bad.geojson"
        features = [
            {"type": "Feature", "geometry": None, "properties": {"road": "Nowhere Road"}},
            {"type": "Feature", "geometry": None, "properties": {"road": "Linthorpe Road", "factor": 2}},
        ]
        bad.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
        place = "{},{}".format(*town.at("A"))
        units = units_file(tmp_path, ("B11", 2, *town.at("A"), NOW, 2))
        options = {
            "recommend": ("--units", units, "--at", place, "--now", "noon"),
            "route": ("--from", place, "--to", place, "--at-time", "noon"),
            "table": ("--origin", place, "--destination", place, "--at-time", "noon"),
            "reachable": ("--from", place, "--minutes", "5", "--at-time", "noon"),
        }
        done = nearest(command, "--graph", town_file, "--closures", bad, *options[command])
        assert (done.exit_code, done.stdout) == (2, "")
        now = "--now" if command == "recommend" else "--at-time"
        places = [line.removeprefix("error: ").split(":")[0] for line in done.stderr.splitlines()]
        assert places == [f"options {now}", "bad.geojson feature 1 road", "bad.geojson feature 2 factor"]

    def test_a_file_that_is_not_there(self, town_file: Path, town: RoadMap) -> None:
        place = "{},{}".format(*town.at("A"))
        words = ("route", "--graph", town_file, "--from", place, "--to", place, "--closures", "no-such.geojson")
        done = nearest(*words)
        assert done.exit_code == 2
        assert "no-such.geojson" in done.stderr

    def test_a_route_around_it_at_its_time(self, gothenburg_file: Path) -> None:
        words = (
            *("route", "--graph", gothenburg_file, "--from", "57.7063,11.9375", "--to", "57.69995,11.93970", "--json"),
            *("--force", NIGHT / "force.toml", "--closures", NIGHT / "closures.geojson", "--at-time"),
        )
        during, over = "2026-11-21T02:15:00+01:00", "2026-11-21T05:00:00+01:00"
        closed, opened = (json.loads(nearest(*words, at).stdout) for at in (during, over))
        for answer, roads in ((closed, 0), (opened, 2)):
            names = {step["road"] for step in answer["steps"]}
            assert len(names & {"Götatunneln", "Andréegatan"}) == roads
        assert closed["time_s"] > opened["time_s"]
        reference = json.loads(nearest(*words, during, "--reference").stdout)
        assert (reference["time_s"], reference["length_m"]) == (closed["time_s"], closed["length_m"])


class TestRoads:
    def test_a_table_is_told_and_equal_to_the_routes(self, town_file: Path, town: RoadMap) -> None:
        a, c, e = ("{},{}".format(*town.at(place)) for place in "ACE")
        words = ("table", "--graph", town_file, "--origin", a, "--origin", e, "--destination", c, "--at-time", NOW)
        told = nearest(*words).stdout.splitlines()
        assert told[2].split()[-1] == "-"
        answer = json.loads(nearest(*words, "--json").stdout)
        route = json.loads(
            nearest("route", "--graph", town_file, "--from", a, "--to", c, "--at-time", NOW, "--json").stdout
        )
        assert answer["durations"] == [[route["time_s"]], [None]]
        assert answer["distances"] == [[route["length_m"]], [None]]

    def test_a_table_s_places_are_told_by_their_number(self, town_file: Path, town: RoadMap) -> None:
        a = "{},{}".format(*town.at("A"))
        done = nearest("table", "--graph", town_file, "--origin", a, "--origin", "91,1", "--destination", a)
        assert done.exit_code == 2
        assert done.stderr.startswith("error: options place 2 --origin: ")

    def test_what_can_be_reached_is_printed_as_geojson(self, town_file: Path, town: RoadMap) -> None:
        a = "{},{}".format(*town.at("A"))
        words = ("reachable", "--graph", town_file, "--from", a, "--minutes", "0.5,1", "--roads")
        answer = json.loads(nearest(*words).stdout)
        kinds = [(item["properties"]["minutes"], item["properties"]["kind"]) for item in answer["features"]]
        assert kinds == [(0.5, "area"), (0.5, "roads"), (1.0, "area"), (1.0, "roads")]

    def test_minutes_that_are_none(self, town_file: Path, town: RoadMap) -> None:
        done = nearest("reachable", "--graph", town_file, "--from", "{},{}".format(*town.at("A")), "--minutes", "5,x")
        assert done.exit_code == 2
        assert "options --minutes" in done.stderr

    def test_turns_are_printed(self, gothenburg_file: Path) -> None:
        words = ("--from", "57.7063,11.9375", "--to", "57.69995,11.93970", "--at-time", "2026-11-21T02:15:00+01:00")
        told = nearest("route", "--graph", gothenburg_file, "--force", NIGHT / "force.toml", *words).stdout
        assert "at 2026-11-21 02:15:00 CET" in told
        for turn in ("left", "right", "straight", "roundabout, 93° left"):
            assert f"  {turn}  " in told
