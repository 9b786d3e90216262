"""A scenario from files of the ambulance simulator JEMSS.jl."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphs.assemble import assemble
from graphs.errors import InputError
from graphs.jemss import read_jemss
from graphs.netfile import save_network
from roadmaps import RoadMap
from scenarios.demand import calls_of
from scenarios.scenario import Length
from scenarios.scenario_files import read_with_notes
from scenarios.scenario_from_jemss import jemss_scenario
from scenarios.scenario_jemss import read_jemss_city
from scenarios.scenario_load import load_of
from shared_data import shared

FILES = {
    "ambulances.csv": "ambulances\nindex,stationIndex,class\n1,1,als\n2,2,bls\n",
    "stations.csv": "stations,,,from a map\nindex,x,y,capacity,,NAME\n1,{A},5,,North\n2,{G},5,,South\n",
    "hospitals.csv": "hospitals\nindex,x,y,name\n1,{C},Infirmary\n2,9.5,50.1,Elsewhere\n",
    "demand.csv": (
        "demandRasters\nrasterIndex,rasterFilename\n1,people.tif\n\n"
        "demandModes\nmodeIndex,rasterIndex,priority,arrivalRate\n1,1,highPriority,24\n2,1,lowPriority,12\n\n"
        "demandSets\nsetIndex,modeIndices\n1,[1; 2]\n\ndemandSetsTiming\nstartTime,setIndex\n0,1\n"
    ),
    "cover.csv": "coverTimes\ndemandPriority,coverTime\nhighPriority,0.005\nlowPriority,0.01\n",
    "travel.csv": (
        "travelSets\ntravelSetIndex,priority,travelModeIndex\n1,highPriority,1\n1,lowPriority,2\n\n"
        "travelSetsTiming\nstartTime,travelSetIndex\n0,1\n"
    ),
    "redispatch.csv": (
        "miscData\nallowRedispatch\n1\n\n"
        "redispatchConditions\nfromCallPriority,toCallPriority,allowRedispatch\nlowPriority,highPriority,1\n"
    ),
    "gen.xml": (
        "<genConfig><sim><callDistributions><dispatchDelay>Normal(50/60/60/24, 0)</dispatchDelay>"
        "<onSceneDuration>Gamma(4, 3/60/24)</onSceneDuration><transport>Bernoulli(0.8)</transport>"
        "<handoverDuration>Exponential(20/60/24)</handoverDuration></callDistributions></sim></genConfig>"
    ),
}


def placed(text: str, town: RoadMap) -> str:
    for place in "ACG":
        lat, lon = town.at(place)
        text = text.replace(f"{{{place}}}", f"{lon},{lat}")
    return text


@pytest.fixture
def city(town: RoadMap, tmp_path: Path) -> Path:
    folder = tmp_path / "city"
    (folder / "more").mkdir(parents=True)
    for number, (name, text) in enumerate(FILES.items()):
        ((folder / "more" if number % 2 else folder) / name).write_text(placed(text, town), "utf-8")
    return folder


def test_a_city_becomes_a_scenario(city: Path, town_file: Path, tmp_path: Path) -> None:
    notes = jemss_scenario(city, tmp_path / "a", town_file, "Europe/London")
    assert any("people.tif" in note for note in notes)
    assert "Elsewhere lies outside the network and is left out" in notes
    made = read_with_notes(tmp_path / "a").scenario
    assert [(station.name, station.custody) for station in made.stations] == [
        ("North", False),
        ("South", False),
        ("Infirmary", True),
    ]
    assert {(duty.callsign, duty.station) for duty in made.duties} == {("A1", "North"), ("A2", "South")}
    load = load_of(made)
    assert load.by_grade == pytest.approx({"high": 24.0, "low": 12.0})
    assert (load.fewest, load.most) == (2, 2)
    force = made.force
    assert {key: grade.profile for key, grade in force.grades.items()} == {
        "high": "response", "medium": "response", "low": "normal",
    }  # fmt: skip
    # The files count from when an ambulance is sent, 50 seconds after the call.
    assert force.target_s("high", "unknown") == round(0.005 * 86_400 + 50)
    assert force.target_s("medium", "unknown") is None
    assert force.may_preempt("low", "high")
    assert not force.may_preempt("medium", "high")
    assert made.room.handling["high"] == Length("fixed", 50.0)
    (service,) = made.services
    assert service.on_scene == Length("gamma", 720.0, 360.0)
    assert (service.custody_share, service.custody) == (0.8, Length("exponential", 1200.0))
    assert calls_of(made, 0)


def test_a_network_of_elsewhere_is_refused(city: Path, gothenburg_file: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no station lies in it"):
        jemss_scenario(city, tmp_path / "a", gothenburg_file)
    assert not (tmp_path / "a").exists()


def test_a_file_of_a_kind_is_taken_and_the_others_are_told(city: Path) -> None:
    (city / "b.csv").write_text(FILES["redispatch.csv"].replace("lowPriority", "medPriority"), "utf-8")
    told = read_jemss_city(city)
    assert told.redispatch == [("medPriority", "highPriority")]
    assert told.notes == ["of 2 files of redispatch, b.csv is taken"]


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("ambulances.csv", "2,2,bls", "2,7,bls", "index 2 stationIndex: 7"),
        ("ambulances.csv", "ambulances\n", "vans\n", "a file with a table ambulances"),
        ("stations.csv", "index,x,y", "index,x,lat", "stations.y"),
        ("demand.csv", "lowPriority,12", "lowPriority,many", 'arrivalRate: "many"'),
        ("demand.csv", "lowPriority,12", "urgent,12", 'priority: "urgent"'),
        ("gen.xml", "Gamma(4, 3/60/24)", "Weibull(2, 3)", "onSceneDuration"),
        ("gen.xml", "Bernoulli(0.8)", "Bernoulli(8)", "transport"),
        ("gen.xml", "</sim>", "", "XML"),
        ("gen.xml", "Gamma(4, 3/60/24)", "Gamma(4, 3/0)", "onSceneDuration"),
    ],
)
def test_a_fault_is_told(city: Path, name: str, old: str, new: str, said: str) -> None:
    (path,) = city.rglob(name)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(InputError) as caught:
        read_jemss_city(city)
    assert said in str(caught.value)


def test_auckland(tmp_path: Path) -> None:
    roads = assemble(read_jemss(shared("jemss/auckland_roads.zip")))
    save_network(roads, tmp_path / "auckland.network")
    notes = jemss_scenario(shared("jemss/auckland"), tmp_path / "a", tmp_path / "auckland.network", "Pacific/Auckland")
    assert any("auckland-urban-pop-densit-40m.tif" in note for note in notes)
    read = read_with_notes(tmp_path / "a")
    assert read.notes == ()
    made = read.scenario
    assert (len(made.stations), len({duty.callsign for duty in made.duties})) == (18, 16)
    assert made.stations[0].name == "St John Botany"
    assert load_of(made).by_grade == pytest.approx({"high": 159.6, "medium": 68.6, "low": 51.8}, rel=1e-4)
    assert len(calls_of(made, 0)) == pytest.approx(280 / 24 * 172, rel=0.1)
