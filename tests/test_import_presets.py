"""The layouts that ship, over the real files."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import pytest

from brought import NOW, Brought, at
from graphs.coordinates import distance_m
from graphs.errors import InputError
from scenarios.evidence import Assumed
from scenarios.import_asked import asked_of
from scenarios.import_out import bring_in, summary
from shared_data import shared


def bring_real(tmp_path: Path, preset: str, *paths: str, manifest: str = "") -> Brought:
    folder = tmp_path / "in"
    folder.mkdir()
    for path in paths:
        shutil.copyfile(shared(path), folder / Path(path).name)
    if manifest:
        (folder / "manifest.toml").write_text(manifest)
    return Brought(tmp_path / "out", summary(bring_in(asked_of(folder, preset), tmp_path / "out", NOW)))


class TestLondonFire:
    def test_the_official_files(self, tmp_path: Path) -> None:
        paths = ("incidents/london_fire/LFB Incident data.csv", "incidents/london_fire/LFB Mobilisation data.csv")
        made = bring_real(tmp_path, "london_fire", *paths)
        assert (made.counts("incidents"), made.counts("assignments")) == ((20, 20, 0), (20, 20, 0))
        evidence = made.evidence
        by_id = {one.incident_id: one for one in evidence.incidents}
        first = by_id["235138081"]
        assert first.received_at == at("2009-01-01T00:00:37Z")
        assert (first.lat, first.lon) == (
            pytest.approx(51.4758117319, abs=1e-6),
            pytest.approx(-0.1488944358, abs=1e-6),
        )
        # The exact place of a home is withheld: the middle of its square stands in.
        assert by_id["6091"].lat is not None
        sent = {one.callsign: one for one in evidence.assignments["235138081"]}
        assert sent["H271"].assigned_at == sent["H212"].assigned_at == at("2009-01-01T00:02:27Z")
        assert (sent["H271"].en_route_at, sent["H271"].cleared_at) == (None, at("2009-01-01T00:16:46Z"))
        assert evidence.assignments["5091"][1].cleared_at == at("2009-01-01T00:18:53Z")

    def test_arrivals_agree_with_the_attendance_times_of_the_brigade(self, tmp_path: Path) -> None:
        paths = ("incidents/london_fire/LFB Incident data.csv", "incidents/london_fire/LFB Mobilisation data.csv")
        evidence = bring_real(tmp_path, "london_fire", *paths).evidence
        with shared("incidents/london_fire/LFB Mobilisation data.csv").open(encoding="utf-8-sig") as file:
            told = {
                (row["IncidentNumber"], row["Resource_Code"]): row["AttendanceTimeSeconds"]
                for row in csv.DictReader(file)
            }
        found = {
            (one.incident_id, one.callsign): (one.on_scene_at - one.assigned_at).total_seconds()
            for some in evidence.assignments.values()
            for one in some
            if one.on_scene_at is not None
        }
        assert found == {key: float(seconds) for key, seconds in told.items() if seconds}

    def test_attendances_with_their_stations(self, tmp_path: Path) -> None:
        made = bring_real(tmp_path, "london_fire", "incidents/london_fire/ToPred.csv")
        assert made.counts("incidents") == (321, 321, 0)
        evidence = made.evidence
        assert len(evidence.duties) == 84
        expected = Assumed(positions="stations", status="3", crew=4, duties="always", commitments="none")
        assert evidence.manifest.assume == expected
        assert sum("Assumed:" in note for note in made.told["notes"]) == 5
        first = evidence.assignments["011614-20012024"][0]
        assert (first.callsign, first.assigned_at) == ("Clapham", at("2024-01-20T00:00:00Z"))
        assert first.on_scene_at == at("2024-01-20T00:05:27Z")
        homes = {name: some[0].home for name, some in evidence.duties.items()}
        nearest = 0
        for one in evidence.incidents:
            away = {
                name: distance_m(one.lat, one.lon, *home)
                for name, home in homes.items()
                if home is not None and one.lat is not None and one.lon is not None
            }
            nearest += min(away, key=lambda name: away[name]) == evidence.assignments[one.incident_id][0].callsign
        assert nearest == 221

    def test_a_row_whose_hour_cannot_be_read(self, tmp_path: Path) -> None:
        folder = tmp_path / "in"
        folder.mkdir()
        lines = shared("incidents/london_fire/ToPred.csv").read_text().splitlines()[:3]
        bad = lines[2].replace("015026-25012024", "015026-25132024")
        (folder / "ToPred.csv").write_text("\n".join([*lines[:2], bad]))
        made = Brought(tmp_path / "out", summary(bring_in(asked_of(folder, "london_fire"), tmp_path / "out", NOW)))
        assert made.counts("incidents") == (2, 1, 1)
        assert "25132024" in made.reason("incidents")

    def test_the_manifest_goes_before_the_preset(self, tmp_path: Path) -> None:
        manifest = 'preset = "london_fire"\n[assume]\npositions = "stations"\n[incidents.given]\ngrade = "standard"\n'
        made = bring_real(tmp_path, "", "incidents/london_fire/ToPred.csv", manifest=manifest)
        assert {one.grade for one in made.evidence.incidents} == {"standard"}
        assert made.evidence.manifest.assume == Assumed(positions="stations")


def test_dallas_police(tmp_path: Path) -> None:
    made = bring_real(tmp_path, "dallas_police", "incidents/dallas_police/active_calls.csv")
    evidence = made.evidence
    assert made.counts("incidents") == (63, 45, 0)
    assert made.told["tables"]["incidents"]["told_again"] == 18
    assert sum(map(len, evidence.assignments.values())) == 63
    assert {(one.lat, one.lon) for one in evidence.incidents} == {(None, None)}
    assert evidence.manifest.time_zone == "America/Chicago"
    last = max(one.received_at for one in evidence.incidents)
    assert last == at("2018-01-09T09:26:00-06:00")
    assert Counter(one.grade for one in evidence.incidents).keys() == {"emergency", "priority", "standard"}


def test_police_uk(tmp_path: Path) -> None:
    path = "incidents/leeds_north_east_street_crime.csv"
    made = bring_real(tmp_path, "police_uk", path)
    assert made.counts("demand") == (6138, 6138, 0)
    assert made.told["replayable"] is False
    assert "Nothing can be replayed" in made.told["notes"][0]
    assert made.evidence.incidents == ()
    with (made.folder / "demand.csv").open() as file, shared(path).open() as source:
        first, told = next(csv.DictReader(file)), next(csv.DictReader(source))
    assert first == {"month": "2016-07", "lat": told["Latitude"], "lon": told["Longitude"], "type": told["Crime type"]}


class TestJemss:
    PATHS = (
        *("jemss/auckland/calls/single/call.csv", "jemss/auckland/stations/stations_1.csv"),
        "jemss/auckland/ambulances/ambulances_1.csv",
    )

    def test_a_call_and_the_ambulances_at_their_stations(self, tmp_path: Path) -> None:
        manifest = 'preset = "jemss"\ntime_zone = "Pacific/Auckland"\nday_zero = 2020-01-01\n'
        evidence = bring_real(tmp_path, "", *self.PATHS, manifest=manifest).evidence
        (call,) = evidence.incidents
        assert (call.incident_id, call.lat, call.lon, call.grade) == ("1", -37.0, 175.0, "emergency")
        assert call.received_at == at("2020-01-01T00:00:00+13:00")
        assert len(evidence.duties) == 16
        assert evidence.duties["4"][0].home == evidence.duties["3"][0].home == (-36.909769, 174.693545)

    def test_without_a_day_zero(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="day_zero"):
            bring_real(tmp_path, "jemss", *self.PATHS)


def test_a_file_of_another_layout(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="files of the layout jemss"):
        bring_real(tmp_path, "jemss", "incidents/dallas_police/active_calls.csv")
    (tmp_path / "in" / "manifest.toml").write_text(
        'preset = "london_fire"\n[incidents]\nfile = "active_calls.csv"\n[statuses]\nfile = "active_calls.csv"\n'
    )
    asked = asked_of(tmp_path / "in")
    with pytest.raises(InputError) as told:
        bring_in(asked, tmp_path / "out", NOW)
    assert "a header with" in str(told.value)
    assert "has no statuses" in str(told.value)
