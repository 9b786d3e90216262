"""Scenarios that are written: each passes the check as it is, on any network and for any force."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely
import tomli_w
from click.testing import CliRunner

from api.cli import main
from dispatch.force import Force
from graphs.errors import InputError
from graphs.netfile import save_network
from graphs.network import Network
from roadmaps import RoadMap
from scenarios.demand import calls_of
from scenarios.policies import POLICIES
from scenarios.scenario_files import read_with_notes
from scenarios.scenario_head import Head
from scenarios.scenario_load import load_of
from scenarios.scenario_new import hour_profile, new_scenario
from scenarios.scenario_out import codes_of, require_new
from scenarios.scenario_street_crime import count_crimes, street_crime_scenario
from shared_data import LEEDS, NEWPORT, real_network, shared

CRIMES = """\
Month,Reported by,Longitude,Latitude,Location,LSOA code,Crime type
2026-01,Somewhere,{B},On or near Linthorpe Road,E1,Burglary
2026-01,Somewhere,{B},On or near Linthorpe Road,E1,Robbery
2026-02,Somewhere,{C},On or near Linthorpe Road,E1,Burglary
2026-02,Somewhere,{C},On or near Parking Area,E1,Piracy
2026-02,Somewhere,,,No Location,,Burglary
2026-02,Somewhere,9.5,50.1,On or near Elsewhere,,Burglary
"""


def nearest(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


def saved(network: Network, folder: Path) -> Path:
    path = folder / "given.network"
    save_network(network, path)
    return path


def crimes(town: RoadMap) -> str:
    text = CRIMES
    for place in "BC":
        lat, lon = town.at(place)
        text = text.replace(f"{{{place}}}", f"{lon},{lat}")
    return text


def test_a_new_scenario_passes_its_check(town_file: Path, tmp_path: Path) -> None:
    code, told, _ = nearest("scenario", "new", tmp_path / "a", "--network", town_file)
    assert (code, told.count(".csv")) == (0, 5)
    code, told, _ = nearest("scenario", "check", tmp_path / "a")
    assert (code, told.splitlines()[-1]) == (0, "no faults")
    code, told, _ = nearest("scenario", "check", tmp_path / "a", "--json")
    facts = json.loads(told)
    assert facts["notes"] == []
    assert facts["hours"] == 168
    assert 0.3 < facts["work_share"] < 0.45
    assert calls_of(read_with_notes(tmp_path / "a").scenario, 0)


def test_without_a_network_it_is_in_gothenburg(tmp_path: Path) -> None:
    assert nearest("scenario", "new", tmp_path / "a")[0] == 0
    made = read_with_notes(tmp_path / "a").scenario
    assert (made.network.meta.source, made.force.time_zone) == ("gothenburg.osm.pbf", "Europe/Stockholm")
    assert {station.sector for station in made.stations} == {"West", "Middle", "East"}
    by_sector = {area.sector: area.shape for area in made.areas}
    for station in made.stations:
        lonlat = made.network.node_lonlat.round(6).tolist()
        assert [station.lon, station.lat] in lonlat
        assert by_sector[station.sector].buffer(1e-4).contains_properly(_point(station.lon, station.lat))


def _point(lon: float, lat: float) -> shapely.Point:
    return shapely.Point(lon, lat)


def test_every_key_of_the_head_stands_in_a_new_one(town_file: Path, tmp_path: Path) -> None:
    new_scenario(tmp_path / "a", town_file, None)
    text = (tmp_path / "a" / "scenario.toml").read_text("utf-8")
    assert [key for key in Head.model_fields if key not in text] == []


def test_another_force_gives_its_grades_and_its_codes(town_file: Path, tmp_path: Path) -> None:
    shipped = Force.default().model_dump(mode="json", exclude_none=True)
    statuses = {f"S{code}": status for code, status in shipped["statuses"].items()}
    grades = {"i": shipped["grades"]["emergency"], "ii": shipped["grades"]["standard"]}
    kept = ("version", "time_zone", "fixes", "override_reasons")
    told = {key: shipped[key] for key in kept} | {"name": "Other", "statuses": statuses, "grades": grades}
    (tmp_path / "other.toml").write_text(tomli_w.dumps(told), "utf-8")
    new_scenario(tmp_path / "a", town_file, tmp_path / "other.toml")
    made = read_with_notes(tmp_path / "a").scenario
    assert made.codes["en_route"] == "S5"
    assert made.codes["patrol"] == "S2"
    assert set(load_of(made).by_grade) == {"i", "ii"}


def test_a_force_without_a_code_for_a_break_is_told() -> None:
    force = Force.default()
    kept = {code: status for code, status in force.statuses.items() if code in {"2", "5", "6"}}
    short = Force.model_construct(**{**dict(force), "statuses": kept})
    with pytest.raises(InputError) as caught:
        codes_of(short)
    assert [fault.value for fault in caught.value.faults] == [
        f"no code for {activity}" for activity in ("briefing", "break", "escort", "custody")
    ]


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    for folder in (tmp_path, tmp_path / "a", tmp_path / "b" / "c"):
        with pytest.raises(InputError):
            require_new(folder, "FOLDER")
    assert nearest("scenario", "new", tmp_path)[0] == 2


def test_what_fails_leaves_nothing(town_file: Path, tmp_path: Path) -> None:
    (tmp_path / "crimes.csv").write_text("Month,Longitude,Latitude,Location,Crime type\n2026-01,9,50,X,Y\n", "utf-8")
    (tmp_path / "there").mkdir()
    for name in ("a", "there"):
        with pytest.raises(InputError):
            street_crime_scenario(tmp_path / "crimes.csv", tmp_path / name, town_file, None)
    assert not (tmp_path / "a").exists()
    assert list((tmp_path / "there").iterdir()) == []


def test_the_commands_that_import(town: RoadMap, town_file: Path, tmp_path: Path) -> None:
    (tmp_path / "crimes.csv").write_text(crimes(town), "utf-8")
    words = ("scenario", "from-street-crime", tmp_path / "crimes.csv", tmp_path / "a", "--network", town_file)
    code, told, _ = nearest(*words)
    assert (code, told.count("note: ")) == (0, 4)
    (tmp_path / "none").mkdir()
    code, _, told = nearest("scenario", "from-jemss", tmp_path / "none", tmp_path / "b", "--network", town_file)
    assert (code, told.count("no such file")) == (2, 3)


def test_a_check_tells_every_fault_and_ends_with_2(town_file: Path, tmp_path: Path) -> None:
    new_scenario(tmp_path / "a", town_file, None)
    (tmp_path / "a" / "stations.csv").unlink()
    (tmp_path / "a" / "services.csv").write_text("kind,mean_min\nfixed,soon\n")
    code, _, told = nearest("scenario", "check", tmp_path / "a")
    assert code == 2
    assert [line.split()[1] for line in told.splitlines() if "error" in line] == [
        f"{tmp_path}/a/stations.csv:",
        "services.csv",
    ]


def test_the_hours_of_the_day_make_a_day() -> None:
    profile = hour_profile()
    assert sum((end - begin) * factor for begin, end, factor in profile) == pytest.approx(24)
    assert [begin for begin, _, _ in profile][1:] == [end for _, end, _ in profile][:-1]


def test_street_crime_becomes_rates(town: RoadMap, town_file: Path, tmp_path: Path) -> None:
    (tmp_path / "crimes.csv").write_text(crimes(town), "utf-8")
    notes = street_crime_scenario(tmp_path / "crimes.csv", tmp_path / "a", town_file, None)
    assert "of 6 crimes, 2 are left out: 1 without a place, 1 outside the network" in notes
    assert "1 of type Piracy are taken for the least urgent of calls" in notes
    made = read_with_notes(tmp_path / "a").scenario
    # Four crimes in the 59 days of two months.
    assert sum(load_of(made).by_grade.values()) == pytest.approx(4 / 59, rel=0.01)
    assert sorted((area.name, area.weight) for area in made.areas) == [("Linthorpe Road", 2), ("Linthorpe Road (2)", 2)]
    for area, place in zip(made.areas, "BC", strict=True):
        lat, lon = town.at(place)
        assert area.shape.contains(_point(lon, lat))


def test_faults_of_street_crime_are_told_together(town: RoadMap) -> None:
    text = crimes(town).replace("2026-01,Somewhere", "January,Somewhere", 1).replace("9.5,50.1", "9.5,north")
    with pytest.raises(InputError) as caught:
        count_crimes(text, "crimes.csv", town.network)
    assert [(fault.where, fault.field) for fault in caught.value.faults] == [
        ("row 2", "Month"),
        ("row 7", "Longitude, Latitude"),
    ]
    with pytest.raises(InputError, match=r"Longitude: a header without it.*did you mean Longitud"):
        count_crimes(text.replace("Longitude", "Longitud"), "crimes.csv", town.network)
    with pytest.raises(InputError, match="no crime in the network"):
        count_crimes("Month,Longitude,Latitude,Location,Crime type\n2026-01,9,50,X,Y\n", "crimes.csv", town.network)


def test_newport(tmp_path: Path) -> None:
    new_scenario(tmp_path / "a", saved(real_network(NEWPORT), tmp_path), None)
    read = read_with_notes(tmp_path / "a")
    assert read.notes == ()
    assert len(calls_of(read.scenario, 0)) > 300


def test_street_crime_in_leeds(tmp_path: Path) -> None:
    file = shared("incidents/leeds_north_east_street_crime.csv")
    notes = street_crime_scenario(file, tmp_path / "a", saved(real_network(LEEDS), tmp_path), None)
    made = read_with_notes(tmp_path / "a").scenario
    (told,) = (note for note in notes if "left out" in note)
    left_out = int(told.split()[3].replace(",", ""))
    assert 2_000 < left_out < 3_000  # the extract has roads in half of its box only
    inside = len(file.read_text("utf-8").splitlines()) - 1 - left_out
    assert sum(load_of(made).by_grade.values()) == pytest.approx(inside / 93, rel=0.001)
    assert sum(area.weight for area in made.areas) == pytest.approx(inside, abs=10)
    assert len(calls_of(made, 0)) == pytest.approx(inside / 93 * 172 / 24, rel=0.2)


def test_each_policy_can_be_chosen(town_file: Path, tmp_path: Path) -> None:
    new_scenario(tmp_path / "a", town_file, None)
    head = tmp_path / "a" / "scenario.toml"
    tables = "\n".join(f'[[policies]]\nname = "{name}"' for name in POLICIES)
    text = head.read_text("utf-8").replace('[[policies]]\nname = "sector_first"\n', "")
    head.write_text(text.replace('[[policies]]\nname = "nearest_first"', tables), "utf-8")
    assert [choice.name for choice in read_with_notes(tmp_path / "a").scenario.policies] == list(POLICIES)
