"""Reading the folder of a scenario: what it becomes, and every fault that a planner may make."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

import scenarios.samples.gothenburg_week
from graphs.errors import InputError
from roadmaps import RoadMap
from scenarios.demand import calls_of
from scenarios.scenario import MS_PER_HOUR, Break, History, Length, PolicyChoice, Rate, Scenario
from scenarios.scenario_clock import Period, moment_of
from scenarios.scenario_duties import rostered
from scenarios.scenario_files import read_scenario, read_with_notes
from scenarios.scenario_load import load_of, summary
from scenarios.scenario_notes import notes_of
from scenarios.scenario_rows import RosterRow
from scenarios.scenario_tables import Read, Rows

WEEK = Path(scenarios.samples.gothenburg_week.__file__).parent
LONDON = ZoneInfo("Europe/London")

HEAD = """\
version = 1
name = "A day in town"
network = "town.network"
start = 2026-03-02
hours = 24
policies = [{ name = "nearest_first" }]

[demand]
rates = "rates.csv"
areas = "areas.geojson"
weight = "people"
sector = "beat"
"""
STATIONS = """\
name,lat,lon,sector,custody
North,{A.lat},{A.lon},N,yes
South,{G.lat},{G.lon},S,
"""
ROSTER = """\
callsign,days,start,end,crew,skills,sector,station,vehicle,patrol,breaks
N1,daily,07:00,19:00,2,taser,N,North,car 1,sector,11:00-13:00/45;16:00-17:00/15
N2,Mon-Tue,19:00,07:00,1,,N,North,,hot_spots,00:30-02:00/45
S1,2026-03-02;2026-03-03,07:00,19:00,2,,S,South,,,
"""
RATES = """\
type,grade,per_hour,area,days,from_hour,to_hour,tags,needs,units_needed
Fight,emergency,0.5,,Fri-Mon,22,24,,taser,2
Quarrel,priority,1.25,East,,,,domestic_abuse,,
"""
SERVICES = """\
type,grade,tag,kind,mean_min,sd_min,custody_share,custody_kind,custody_mean_min,custody_sd_min
Fight,,,lognormal,40,20,0.25,gamma,90,30
,,domestic_abuse,fixed,60,,,,,
,,,exponential,30,,,,,
"""
HOT_SPOTS = """\
name,lat,lon,sector,weight,dwell_min
Market,{C.lat},{C.lon},N,3,12
"""


@pytest.fixture(scope="module")
def sound(town: RoadMap, town_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder without a fault."""
    folder = tmp_path_factory.mktemp("scenario")
    shutil.copyfile(town_file, folder / "town.network")
    texts = {
        "scenario.toml": HEAD,
        "stations.csv": placed(STATIONS, town),
        "roster.csv": ROSTER,
        "rates.csv": RATES,
        "services.csv": SERVICES,
        "hot_spots.csv": placed(HOT_SPOTS, town),
        "areas.geojson": areas(town, West=(200, "N"), East=(100, "S")),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def made(sound: Path) -> Scenario:
    return read_scenario(sound)


def placed(text: str, town: RoadMap) -> str:
    """Put the places of junctions in."""

    def of(match: re.Match[str]) -> str:
        lat, lon = town.at(match[1])
        return str(lat if match[2] == "lat" else lon)

    return re.sub(r"\{(\w)\.(lat|lon)\}", of, text)


def areas(town: RoadMap, **told: tuple[object, str]) -> str:
    """The two halves of the ground as GeoJSON."""
    west, south, east, north = town.network.area.buffer(-1e-5).bounds
    middle = (west + east) / 2
    edges = {"West": (west, middle), "East": (middle, east)}
    features = []
    for name, (people, beat) in told.items():
        low, high = edges[name]
        ring = [[low, south], [high, south], [high, north], [low, north], [low, south]]
        inside = json.loads(to_geojson(ring, town))
        properties = {"name": name, "people": people, "beat": beat}
        features.append({"type": "Feature", "properties": properties, "geometry": inside})
    return json.dumps({"type": "FeatureCollection", "features": features})


def to_geojson(ring: list[list[float]], town: RoadMap) -> str:
    return str(shapely.to_geojson(shapely.Polygon(ring).intersection(town.network.area)))


@pytest.fixture
def spoilt(sound: Path, tmp_path: Path) -> Callable[[Mapping[str, object]], list[str]]:
    """Read the folder with changes: a text in place of a file's, pairs of what to replace, or None to remove it."""

    def read(changes: Mapping[str, object]) -> list[str]:
        folder = changed(sound, tmp_path, changes)
        with pytest.raises(InputError) as caught:
            read_scenario(folder)
        return [str(fault).replace(f"{folder}/", "") for fault in caught.value.faults]

    return read


def changed(sound: Path, folder: Path, changes: Mapping[str, object]) -> Path:
    shutil.copytree(sound, folder, dirs_exist_ok=True)
    for name, change in changes.items():
        path = folder / name
        if change is None:
            path.unlink()
        elif isinstance(change, str):
            path.write_text(change, "utf-8")
        else:
            assert isinstance(change, list)
            text = path.read_text("utf-8")
            for old, new in change:
                assert old in text, old
                text = text.replace(old, new, 1)
            path.write_text(text, "utf-8")
    return folder


def test_a_scenario_is_what_its_files_say(sound: Path, town: RoadMap) -> None:
    read = read_scenario(sound)
    assert (read.name, read.hours, read.start) == ("A day in town", 24, datetime(2026, 3, 2, tzinfo=UTC))
    north, south = read.stations
    assert (north.name, north.sector, north.custody, south.custody) == ("North", "N", True, False)
    assert (north.lat, north.lon) == town.at("A")
    # The night before reaches into the two hours of warming up; Wednesday's morning lies beyond the cooling down.
    assert [(duty.callsign, duty.start_ms // MS_PER_HOUR, duty.end_ms // MS_PER_HOUR) for duty in read.duties] == [
        ("N1", 7, 19),
        ("S1", 7, 19),
        ("N2", 19, 31),
    ]
    n1, s1, n2 = read.duties
    assert (n1.crew, n1.skills, n1.vehicle, n1.patrol) == (2, {"taser"}, "car 1", "sector")
    assert (s1.vehicle, s1.patrol, s1.breaks) == (None, "station", ())
    minute_ms = 60_000
    assert n1.breaks == (
        Break(660 * minute_ms, 780 * minute_ms, 45 * minute_ms),
        Break(960 * minute_ms, 1020 * minute_ms, 15 * minute_ms),
    )
    assert n2.breaks == (Break(1470 * minute_ms, 1560 * minute_ms, 45 * minute_ms),)
    fight, quarrel = read.demand if isinstance(read.demand, tuple) else ()
    days = frozenset({4, 5, 6, 0})
    taser = frozenset({"taser"})
    assert fight == Rate("Fight", "emergency", 0.5, None, days, 22, 24, needs=taser, units_needed=2)
    assert (quarrel.area, quarrel.tags, quarrel.days, quarrel.from_hour, quarrel.to_hour) == (
        "East", {"domestic_abuse"}, set(range(7)), 0, 24,
    )  # fmt: skip
    assert read.services[0].on_scene == Length("lognormal", 2400.0, 1200.0)
    assert (read.services[0].custody_share, read.services[0].custody) == (0.25, Length("gamma", 5400.0, 1800.0))
    assert [(area.name, area.weight, area.sector) for area in read.areas] == [("West", 200, "N"), ("East", 100, "S")]
    assert [(spot.name, spot.weight, spot.dwell_s) for spot in read.hot_spots] == [("Market", 3, 720)]
    assert read.policies == (PolicyChoice("nearest_first"),)
    assert read.codes["break"] == "4"
    assert read.files == {name: sha256((sound / name).read_bytes()).hexdigest() for name in sound_files(sound)}
    assert calls_of(read, 0) == calls_of(read_scenario(sound), 0) != ()


def sound_files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_an_area_need_not_be_told(sound: Path, tmp_path: Path) -> None:
    bare = [('areas = "areas.geojson"\nweight = "people"\nsector = "beat"\n', "")]
    folder = changed(sound, tmp_path, {"scenario.toml": bare, "rates.csv": [("East", "")]})
    assert read_scenario(folder).areas == ()
    assert calls_of(read_scenario(folder), 0)


NO_ROAD = {"type": "Feature", "geometry": None, "properties": {"road": "Nowhere"}}
FAULTS: list[tuple[str, dict[str, object], list[str]]] = [
    ("no file", {"scenario.toml": None}, ["scenario.toml: a file that cannot be read", "nearest scenario new"]),
    ("unknown key", {"scenario.toml": [("hours", "seeds = 3\nhours")]}, ["seeds", "did you mean seed?"]),
    ("no offset", {"scenario.toml": [("2026-03-02", "2026-03-02T07:00:00")]}, ["start", "it has no offset"]),
    ("both lengths", {"scenario.toml": [("hours", "days = 2\nhours")]}, ["days, hours: both"]),
    ("no length", {"scenario.toml": [("hours = 24", "")]}, ["days, hours: nothing"]),
    ("no demand", {"scenario.toml": [('rates = "rates.csv"', "")]}, ["demand.history, rates: nothing"]),
    ("unknown policy", {"scenario.toml": [("nearest_first", "nearest")]}, ["policies 1 name", "nearest_first"]),
    (
        "setting out of range",
        {"scenario.toml": [('"nearest_first"', '"cutoff_reserve", reserve = 0')]},
        ["policies 1 (cutoff_reserve) reserve: 0"],
    ),
    (
        "policy twice",
        {"scenario.toml": [('first" }', 'first" }, { name = "nearest_first" }')]},
        ["policies 2 name", "each policy only once"],
    ),
    (
        "patrol at the scene",
        {"scenario.toml": [("[demand]", "[codes]\npatrol = 6\n[demand]")]},
        ["codes.patrol", "2 (On patrol)"],
    ),
    ("unknown code", {"scenario.toml": [("[demand]", '[codes]\ncustody = "88"\n[demand]')]}, ["codes.custody", "8"]),
    (
        "step of a code",
        {"scenario.toml": [("[demand]", "[codes]\nen_route = 7\n[demand]")]},
        ["codes.en_route", "5 (En"],
    ),
    (
        "unknown grade handled",
        {"scenario.toml": [("[demand]", '[room.handling.urgent]\nkind = "fixed"\nmean_s = 3\n[demand]')]},
        ['room.handling: "urgent"'],
    ),
    ("no network", {"town.network": None}, ["scenario.toml network", "nearest graph build"]),
    ("no force", {"scenario.toml": [("hours", 'force = "own.toml"\nhours')]}, ["own.toml: a file that cannot be read"]),
    ("weight of nothing", {"scenario.toml": [('"people"', '"persons"')]}, ["areas.geojson properties", 'no "persons"']),
    ("no roster", {"roster.csv": None}, ["roster.csv: a file that cannot be read"]),
    ("semicolons", {"roster.csv": "callsign;start;end;crew;station\n"}, ["row 1", "parted by semicolons"]),
    ("empty roster", {"roster.csv": "callsign,start,end,crew,station\n"}, ["roster.csv: no rows"]),
    ("unknown column", {"roster.csv": [("vehicle,", "vehicles,")]}, ["row 1 vehicles", "did you mean vehicle?"]),
    ("unknown station", {"roster.csv": [("N,North,car", "N,Norh,car")]}, ["row 2 station", "did you mean North?"]),
    ("unknown sector", {"roster.csv": [("S,South", "Q,South")]}, ['row 4 sector: "Q"', "N, S"]),
    ("unknown skill", {"roster.csv": [("taser", "tazer")]}, ["row 2 skills", "did you mean taser?"]),
    ("no day", {"roster.csv": [("Mon-Tue", "Mon-Tuo")]}, ['row 3 days: "Mon-Tuo"']),
    ("days with commas", {"roster.csv": [("Mon-Tue", '"Mon,Tue"')]}, ["row 3 days", "parted by ;"]),
    ("no clock", {"roster.csv": [("07:00,19:00", "7am,19:00")]}, ['row 2 start: "7am"']),
    ("no sector to patrol", {"roster.csv": [("taser,N,", "taser,,")]}, ["row 2 sector: nothing", "patrol is sector"]),
    ("break outside", {"roster.csv": [("11:00-13:00/45", "18:00-18:30/45")]}, ["row 2 breaks", "07:00 to 19:00"]),
    ("break before", {"roster.csv": [("11:00-13:00/45", "05:00-05:30/45")]}, ['row 2 breaks: "05:00-05:30/45"']),
    (
        "break backwards",
        {"roster.csv": [("11:00-13:00/45", "13:00-11:00/45")]},
        ["row 2 breaks", "ends after it begins"],
    ),
    ("break unread", {"roster.csv": [("11:00-13:00/45", "11:00-13:00")]}, ["row 2 breaks", "HH:MM-HH:MM/MINUTES"]),
    (
        "on duty twice",
        {"roster.csv": [("N2,", "N1,"), ("19:00,07:00", "18:00,06:00")]},
        ["row 3 callsign", "N1", "the other is row 2"],
    ),
    (
        "never on duty",
        {"roster.csv": ROSTER.splitlines()[0] + "\nN1,2027-01-01,07:00,19:00,2,,,North,,,\n"},
        ["nobody on duty"],
    ),
    ("no hot spots", {"hot_spots.csv": None}, ["roster.csv row 3 patrol"]),
    ("two of a name", {"stations.csv": [("South", "North")]}, ["row 3 name", "also in row 2"]),
    ("station outside", {"stations.csv": [("North,", "North,1")]}, ["stations.csv row 2 lat, lon"]),
    (
        "station nowhere",
        {"stations.csv": [("name,lat,lon,", "name,lat,lon,")], "hot_spots.csv": "name,lat,lon\nX,,\n"},
        ["hot_spots.csv row 2 lat, lon: nothing"],
    ),
    ("custody maybe", {"stations.csv": [("yes", "maybe")]}, ["row 2 custody", "yes or no"]),
    (
        "nowhere to take them",
        {"stations.csv": [("yes", "no")]},
        ["services.csv row 2 custody_share: 0.25", "custody = yes"],
    ),
    ("unknown grade", {"rates.csv": [("emergency", "urgent")]}, ['rates.csv row 2 grade: "urgent"']),
    ("sends nobody", {"rates.csv": [("emergency", "resolved_without_deployment")]}, ["row 2 grade", "sends units"]),
    ("unknown area", {"rates.csv": [("East", "Eastt")]}, ["rates.csv row 3 area", "did you mean East?"]),
    ("negative", {"rates.csv": [("0.5", "-0.5")]}, ["rates.csv row 2 per_hour: -0.5"]),
    ("a night", {"rates.csv": [("22,24", "22,6")]}, ["row 2 to_hour: 6", "22 to 24, and 0 to 6"]),
    ("unknown tag", {"rates.csv": [("domestic_abuse", "domestic")]}, ["row 3 tags", "did you mean domestic_abuse?"]),
    ("no demand at all", {"rates.csv": [("0.5", "0"), ("1.25", "0")]}, ["no demand at all"]),
    ("a date", {"rates.csv": [("Fri-Mon", "2026-03-02")]}, ["row 2 days", "days of the week"]),
    ("unknown type", {"services.csv": [("Fight", "Figth")]}, ["services.csv row 2 type", "did you mean Fight?"]),
    (
        "no row fits",
        {"services.csv": [(",,,exponential,30,,,,,\n", ""), (",,domestic_abuse", "Fight,,domestic_abuse")]},
        ['no row for type "Quarrel"', "rates.csv row 3"],
    ),
    ("no deviation", {"services.csv": [("40,20", "40,")]}, ["row 2 sd_min: nothing", "lognormal needs"]),
    ("a deviation too many", {"services.csv": [("fixed,60,", "fixed,60,5")]}, ["row 3 sd_min: 5", "fixed has no"]),
    ("custody without a time", {"services.csv": [("gamma,90,30", ",,")]}, ["row 2 custody_kind: nothing"]),
    ("custody of nobody", {"services.csv": [("0.25", "0")]}, ["row 2 custody_kind: gamma", "custody_share is 0"]),
    ("a share", {"services.csv": [("0.25", "25")]}, ["row 2 custody_share: 25"]),
    ("no areas", {"areas.geojson": "{}"}, ["areas.geojson features: nothing"]),
    ("no JSON", {"areas.geojson": "areas"}, ["areas.geojson: text that is not JSON"]),
    ("area twice", {"areas.geojson": [('"East"', '"West"')]}, ["feature 2 name", "also in feature 1"]),
    ("area without a weight", {"areas.geojson": [("200", '"many"')]}, ["feature 1 people", "a number more than 0"]),
    ("no polygon", {"areas.geojson": [('"Polygon"', '"Point"')]}, ["feature 1 geometry.type"]),
    (
        "no road",
        {"closures.geojson": json.dumps({"type": "FeatureCollection", "features": [NO_ROAD]})},
        ["closures.geojson feature 1 road"],
    ),
]


@pytest.mark.parametrize(("changes", "said"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_a_fault_is_told(
    spoilt: Callable[[Mapping[str, object]], list[str]], changes: dict[str, object], said: list[str]
) -> None:
    told = spoilt(changes)
    assert any(all(words in fault for words in said) for fault in told), told
    assert len(told) <= 3, told


def test_faults_of_all_files_are_told_together(spoilt: Callable[[Mapping[str, object]], list[str]]) -> None:
    told = spoilt(
        {
            "scenario.toml": [("hours", "sead = 3\nhours"), ("nearest_first", "nearest")],
            "stations.csv": [("South", "North")],
            "roster.csv": [("taser", "tazer")],
            "rates.csv": [("0.5", "-0.5")],
            "services.csv": [("40,20", "40,")],
            "areas.geojson": [("200", '"many"')],
            "hot_spots.csv": [("N,3", "Q,3")],
        }
    )
    assert {fault.split()[0].rstrip(":") for fault in told} == {
        "scenario.toml", "stations.csv", "roster.csv", "rates.csv", "services.csv", "areas.geojson", "hot_spots.csv",
    }  # fmt: skip


def test_tables_are_read_without_a_sound_head(spoilt: Callable[[Mapping[str, object]], list[str]]) -> None:
    told = spoilt({"scenario.toml": [("hours = 24", "")], "roster.csv": [("07:00,19:00", "7am,19:00")]})
    assert [fault.split(":")[0] for fault in told] == ["scenario.toml days, hours", "roster.csv row 2 start"]


def test_an_area_beyond_the_network_keeps_its_part(sound: Path, tmp_path: Path) -> None:
    document = json.loads((sound / "areas.geojson").read_text())
    west, south, east, north = read_scenario(sound).network.area.bounds
    ring = [
        [west, south],
        [east, south],
        [east, north + (north - south)],
        [west, north + (north - south)],
        [west, south],
    ]
    document["features"][0]["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    read = read_with_notes(changed(sound, tmp_path, {"areas.geojson": json.dumps(document)}))
    assert read.scenario.areas[0].weight < 101
    assert read.scenario.areas[0].shape.difference(read.scenario.network.area).area < 1e-12
    assert re.search(r"beyond the network reach West by [56]\d%", read.notes[0])


def test_a_file_that_is_not_read_is_told(sound: Path, tmp_path: Path) -> None:
    patrols = [("hot_spots", "station")]
    folder = changed(sound, tmp_path, {"hot_spots.csv": None, "hotspots.csv": HOT_SPOTS, "roster.csv": patrols})
    assert read_with_notes(folder).notes == ("hotspots.csv is not read; did you mean hot_spots.csv?",)


HISTORY_HEAD = [('rates = "rates.csv"', 'history = "incidents.csv"\nresample = "none"')]


def history(town: RoadMap, *times: str) -> str:
    rows = [f"{number},{time},{{B.lat}},{{B.lon}},priority,Fight" for number, time in enumerate(times)]
    return placed("\n".join(["incident_id,received_at,lat,lon,grade,type", *rows, ""]), town)


def test_past_incidents_are_demand(sound: Path, tmp_path: Path, town: RoadMap) -> None:
    times = ("2026-03-02T10:00:00Z", "2026-03-02T11:30:00Z", "2026-04-02T11:30:00Z")
    folder = changed(sound, tmp_path, {"scenario.toml": HISTORY_HEAD, "incidents.csv": history(town, *times)})
    read = read_scenario(folder)
    assert isinstance(read.demand, History)
    assert (len(read.demand.incidents), read.demand.resample) == (3, "none")
    load = load_of(read)
    assert load.by_grade == {"priority": 2.0}
    assert [hour for hour, number in zip(load.hour, load.incidents, strict=True) if number] == [10, 11]


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ((), "no demand at all"),
        (("",), "a time with an offset"),
        (("2027-03-02T10:00:00Z",), "no incident in the period"),
    ],
)
def test_a_history_of_nothing_is_told(
    spoilt: Callable[[Mapping[str, object]], list[str]], town: RoadMap, times: tuple[str, ...], said: str
) -> None:
    (told,) = [
        fault
        for fault in spoilt({"scenario.toml": HISTORY_HEAD, "incidents.csv": history(town, *times)})
        if fault.startswith("incidents.csv")
    ]
    assert said in told


def test_a_weekday_without_history_is_told(spoilt: Callable[[Mapping[str, object]], list[str]], town: RoadMap) -> None:
    days = [('rates = "rates.csv"', 'history = "incidents.csv"')]
    told = spoilt({"scenario.toml": days, "incidents.csv": history(town, "2026-03-03T10:00:00Z")})
    assert any("no Monday" in fault for fault in told)


@pytest.mark.parametrize(
    ("local", "moment"),
    [
        ("2026-03-29T00:59", "2026-03-29T00:59:00+00:00"),
        ("2026-03-29T01:30", "2026-03-29T01:00:00+00:00"),  # skipped: the moment of the change
        ("2026-03-29T02:00", "2026-03-29T01:00:00+00:00"),
        ("2026-10-25T01:30", "2026-10-25T00:30:00+00:00"),  # there twice: the first
        ("2026-10-25T02:00", "2026-10-25T02:00:00+00:00"),
    ],
)
def test_a_time_on_the_wall_over_a_clock_change(local: str, moment: str) -> None:
    assert moment_of(datetime.fromisoformat(local), LONDON).isoformat() == moment


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 7), ("2026-03-27", 8), ("2026-10-24", 9)])
def test_a_night_over_a_clock_change(day: str, hours: int) -> None:
    row = RosterRow(callsign="N1", days=[day], start="23:00", end="07:00", crew=2, station="North")
    start = moment_of(datetime.fromisoformat(day), LONDON)
    period = Period(start, LONDON, 0, 48 * MS_PER_HOUR)
    (duty,) = (each.duty for each in rostered(Rows("roster.csv", (Read("row 2", row),)), period))
    assert duty.end_ms - duty.start_ms == hours * MS_PER_HOUR


def test_a_day_of_23_hours(sound: Path, tmp_path: Path) -> None:
    spring = [("2026-03-02", "2026-03-29"), ("hours = 24", "days = 1")]
    assert read_scenario(changed(sound, tmp_path, {"scenario.toml": spring})).hours == 23


def three_days(day: date, zone: str) -> Period:
    return Period(moment_of(datetime.combine(day, time()), ZoneInfo(zone)), ZoneInfo(zone), 0, 72 * MS_PER_HOUR)


def on_the_wall(minutes: int) -> str:
    return f"{minutes % 1440 // 60:02d}:{minutes % 60:02d}"


clocks = st.integers(0, 1439).map(on_the_wall)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
zones = st.sampled_from(["Europe/London", "Europe/Stockholm", "Pacific/Auckland", "Australia/Lord_Howe", "UTC"])


@given(st.lists(clocks, min_size=2, max_size=5, unique=True), days, zones)
def test_times_of_a_day_never_change_their_order(walls: list[str], day: date, zone: str) -> None:
    moments = [moment_of(datetime.combine(day, time.fromisoformat(wall)), ZoneInfo(zone)) for wall in sorted(walls)]
    assert all(before <= after for before, after in pairwise(moments))


@given(clocks, clocks, days, zones)
def test_a_duty_is_as_long_as_on_the_wall_give_or_take_a_change(start: str, end: str, day: date, zone: str) -> None:
    row = RosterRow(callsign="N1", days=["daily"], start=start, end=end, crew=2, station="North")
    begins, ends = row.from_to_min()
    period = three_days(day, zone)
    duties = [each.duty for each in rostered(Rows("roster.csv", (Read("row 2", row),)), period)]
    assert duties
    for duty in duties:
        assert abs((duty.end_ms - duty.start_ms) - (ends - begins) * 60_000) <= MS_PER_HOUR
    assert all(before.start_ms < after.start_ms for before, after in pairwise(duties))


@given(clocks, st.integers(1, 1440), st.integers(0, 1440), st.integers(0, 600), st.integers(1, 240), days, zones)
def test_a_break_lies_in_its_duty(
    start: str, lasts: int, after: int, window: int, minutes: int, day: date, zone: str
) -> None:
    begins = int(start[:2]) * 60 + int(start[3:])
    assume(after + window + minutes <= lasts)
    end, first, last = (on_the_wall(begins + edge) for edge in (lasts, after, after + window))
    rests = [f"{first}-{last}/{minutes}"]
    row = RosterRow(callsign="N1", days=["daily"], start=start, end=end, crew=2, station="N", breaks=rests)
    period = three_days(day, zone)
    for each in rostered(Rows("roster.csv", (Read("row 2", row),)), period):
        for rest in each.duty.breaks:
            assert each.duty.start_ms <= rest.earliest_ms <= rest.latest_ms
            assert rest.latest_ms + rest.lasts_ms <= each.duty.end_ms


def test_the_load_of_a_day_by_hand(sound: Path) -> None:
    read = read_scenario(sound)
    load = load_of(read)
    # Monday: a fight every two hours from 22 to 24, of two units for 40 minutes and a quarter of 90 in custody; and
    # 1.25 quarrels an hour, of an hour each.
    assert load.by_grade == pytest.approx({"emergency": 1.0, "priority": 30.0})
    quarrels, fights = 1.25, 0.5 * (2 * 40 + 0.25 * 90) / 60
    assert load.work == pytest.approx([quarrels] * 22 + [quarrels + fights] * 2)
    assert load.crews.tolist() == [0.0] * 7 + [2.0] * 12 + [1.0] * 5
    assert (load.fewest, load.most, load.alone_h) == (0, 2, 7.0)
    told = list(notes_of(read, load))
    assert told[0] == "nobody is on duty for 7.0 of 24 hours"
    assert "in 12.0 of 24 hours there is more work than crews" in told[1]
    assert summary(read, load)["by_hour"][23] == {"hour": 23, "incidents": 1.75, "work_crews": 2.1, "crews": 1.0}


def test_a_vehicle_that_two_crews_have_is_told(sound: Path, tmp_path: Path) -> None:
    read = read_scenario(changed(sound, tmp_path, {"roster.csv": [("S,South,,", "S,South,car 1,")]}))
    assert "1 duties begin while their vehicle is rostered to another crew" in " ".join(notes_of(read, load_of(read)))


def test_what_lies_off_the_roads_is_told(sound: Path, tmp_path: Path, town: RoadMap) -> None:
    lat, lon = town.at("D", east_m=-250, north_m=-250)
    spot = f"name,lat,lon\nQuarry,{lat},{lon}\n"
    document = json.loads((sound / "areas.geojson").read_text())
    disc = shapely.Point(lon, lat).buffer(1e-4)
    document["features"][0]["geometry"] = json.loads(shapely.to_geojson(disc))
    read = read_scenario(changed(sound, tmp_path, {"hot_spots.csv": spot, "areas.geojson": json.dumps(document)}))
    told = list(notes_of(read, load_of(read)))
    assert "further than 200 m from any road: Quarry" in told
    assert "areas without an ordinary street, whose calls come from one point inside: West" in told


def test_a_key_below_a_table_is_told_to_go_up(spoilt: Callable[[Mapping[str, object]], list[str]]) -> None:
    below = [("[demand]", "[crews]\nstroll = 2\nreplications = 3\n[demand]")]
    (told,) = spoilt({"scenario.toml": below})
    assert "above the first [table]" in told


def test_a_skill_that_nobody_has_is_told(sound: Path, tmp_path: Path) -> None:
    read = read_scenario(changed(sound, tmp_path, {"roster.csv": [("taser", "")]}))
    assert "nobody on the roster has taser" in list(notes_of(read, load_of(read)))[-1]


@given(st.lists(st.tuples(st.integers(-5, 30), st.integers(1, 30)), min_size=1, max_size=6))
def test_crew_hours_are_those_of_the_duties(made: Scenario, spans: list[tuple[int, int]]) -> None:
    duties = tuple(
        replace(made.duties[0], callsign=f"U{n}", start_ms=start * MS_PER_HOUR, end_ms=(start + lasts) * MS_PER_HOUR)
        for n, (start, lasts) in enumerate(spans)
    )
    load = load_of(replace(made, duties=duties))
    inside = sum(max(0, min(start + lasts, 24) - max(start, 0)) for start, lasts in spans)
    assert float(load.crews @ load.lasts_h) == pytest.approx(inside)


def test_the_sample_week(gothenburg_file: Path, tmp_path: Path) -> None:
    """The bundled folder, on the network that other tests have built already."""
    shutil.copytree(WEEK, tmp_path / "week")
    head = tmp_path / "week" / "scenario.toml"
    text = head.read_text("utf-8")
    text = text.replace("../../../graphs/samples/gothenburg.osm.pbf", str(gothenburg_file))
    head.write_text(text.replace("../gothenburg/force.toml", str(WEEK.parent / "gothenburg" / "force.toml")), "utf-8")
    read = read_with_notes(tmp_path / "week")
    assert read.notes == ()
    made = read.scenario
    assert {choice.name for choice in made.policies} == {
        "nearest_first", "sector_first", "batch", "coverage_reserve", "cutoff_reserve",
    }  # fmt: skip
    assert made.hours == 168
    assert len(made.conditions.changes) == 1
    load = load_of(made)
    assert load.alone_h == 0
    assert [note.split(" there")[0] for note in notes_of(made, load)] == ["in 2.0 of 168 hours"]
    assert load.share is not None
    assert 0.3 < load.share < 0.6
    calls = calls_of(made, 0)
    expected = sum(load.by_grade.values()) / 24
    assert len(calls) == pytest.approx(expected * 172, abs=4 * (expected * 172) ** 0.5)
    assert {call.area for call in calls} == {area.name for area in made.areas}


def test_the_sample_names_files_that_are_there() -> None:
    head = (WEEK / "scenario.toml").read_text("utf-8")
    for name in re.findall(r'(?m)^(?:network|force|rates|areas) = "([^"]+)"', head):
        assert (WEEK / name).is_file()
