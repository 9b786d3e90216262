"""A folder that holds one moment."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import scenarios.samples.gothenburg
from dispatch.force import Force
from graphs.errors import Fault, InputError
from graphs.network import Network
from roadmaps import RoadMap
from scenarios.picture_folder import read_picture_folder

HEAD = 'title = "A night"\nnow = 2026-01-31T23:10:00Z\n'
UNITS = "callsign,status,lat,lon,fixed_at,crew\nR21,2,{lat},{lon},2026-01-31T23:09:41Z,2\n"
INCIDENTS = "incident_id,received_at,grade,lat,lon\nN-1,2026-01-31T23:00:00Z,emergency,{lat},{lon}\n"


@pytest.fixture
def folder(tmp_path: Path, town: RoadMap) -> Path:
    lat, lon = town.at("B")
    (tmp_path / "picture.toml").write_text(HEAD)
    (tmp_path / "units.csv").write_text(UNITS.format(lat=lat, lon=lon))
    (tmp_path / "incidents.csv").write_text(INCIDENTS.format(lat=lat, lon=lon))
    return tmp_path


def faults(folder: Path, network: Network) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        read_picture_folder(folder, Force.default(), network)
    return caught.value.faults


def test_a_picture_is_its_moment_its_units_and_its_open_incidents(folder: Path, town: RoadMap) -> None:
    picture = read_picture_folder(folder, Force.default(), town.network)
    assert picture.now == datetime(2026, 1, 31, 23, 10, tzinfo=UTC)
    assert [unit.callsign for unit in picture.units] == ["R21"]
    assert [incident.incident_id for incident in picture.incidents] == ["N-1"]


def test_the_sample_is_a_picture(gothenburg: Network) -> None:
    folder = Path(scenarios.samples.gothenburg.__file__).parent
    picture = read_picture_folder(folder, Force.read(folder / "force.toml"), gothenburg)
    assert len(picture.units) == 40


@pytest.mark.parametrize(
    ("head", "field", "words"),
    [
        ('title = "A night"\nnow = 2026-01-31T23:10:00', "now", "it has no offset"),
        ('title = "A night"\nnow = 2026-01-31', "now", "ISO 8601 with an offset"),
        ('title = "A night"', "now", "with an offset"),
        ("now = 2026-01-31T23:10:00Z", "title", "a line of text"),
        (HEAD + "wind = 3", "wind", "title, now"),
        ("title = ", "", "TOML"),
    ],
    ids=["naive", "no time", "no moment", "no title", "unknown key", "not TOML"],
)
def test_a_bad_head(folder: Path, town: RoadMap, head: str, field: str, words: str) -> None:
    (folder / "picture.toml").write_text(head)
    (fault,) = faults(folder, town.network)
    assert (fault.source, fault.field) == ("picture.toml", field)
    assert words in str(fault)


def test_faults_of_all_three_files_are_told_together(folder: Path, town: RoadMap) -> None:
    (folder / "picture.toml").write_text("now = 2026-01-31T23:10:00")
    (folder / "units.csv").write_text(UNITS.format(lat=91, lon=0))
    (folder / "incidents.csv").unlink()
    told = faults(folder, town.network)
    assert [Path(fault.source).name for fault in told] == ["picture.toml", "picture.toml", "units.csv", "incidents.csv"]


def test_a_missing_folder_names_what_belongs_there(tmp_path: Path, town: RoadMap) -> None:
    first, *_ = faults(tmp_path / "nothing", town.network)
    assert "picture.toml, units.csv and incidents.csv" in first.accepted


def test_what_happens_after_the_pictures_moment_is_a_fault(folder: Path, town: RoadMap) -> None:
    (folder / "picture.toml").write_text(HEAD.replace("23:10", "22:10"))
    assert {fault.field for fault in faults(folder, town.network)} == {"fixed_at", "received_at"}
