"""``nearest import FOLDER``: what a manifest may say, what is written, and what is read back."""

from __future__ import annotations

import csv
import json
import tomllib
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli import main
from brought import ASSIGNMENTS, GENERIC, INCIDENTS, ONE, at, bring
from dispatch.force import Force
from graphs.errors import InputError
from graphs.netfile import save_network
from graphs.network import Network
from graphs.profiles import Profiles
from roadmaps import draw
from scenarios.evidence import read_evidence, require_unchanged
from scenarios.import_asked import asked_of
from scenarios.import_clocks import Clock
from scenarios.import_out import bring_in
from scenarios.import_positions import _jumps
from scenarios.past import PastDuty
from scenarios.past_fixes import SCHEMA
from test_csv import serve, write_out
from test_desk_http import Desk, desk, manned, simple

__all__ = ["desk", "manned", "simple"]


def nearest(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


CAD = """\
Log,Date,Time,East,North,Response,Flags,Keyed by
17,14/10/2026,21:00:30,451000,516500,I,DA;X;weapon,AB
18,15/10/2026,00:10:00,451500,516900,P,,CD
"""
UNITS = "Unit,When,State\nR1,1791997200,AVL\nR2,1791997260,MEAL\n"
MAPPED = """\
preset = "generic"
time_zone = "Europe/London"
coordinates = "british_grid"

[assume]
crew = 2

[incidents]
file = "cad/calls.csv"
times = "%d/%m/%Y %H:%M:%S"
given = { sector = "North" }

[incidents.columns]
Log = "incident_id"
Date = "received_date"
Time = "received_time"
East = "easting"
North = "northing"
Response = "grade"
Flags = "tags"
"Keyed by" = ""

[incidents.values.grade]
I = "emergency"
P = "priority"

[incidents.values.tags]
DA = "domestic_abuse"
weapon = "weapon_seen"
X = ""

[statuses]
file = ["one.csv", "two.csv"]
times = ["unix_s"]
columns = { Unit = "callsign", When = "at", State = "status" }
values.status = { AVL = "2", MEAL = "4" }
"""


class TestManifest:
    def test_another_layout(self, tmp_path: Path) -> None:
        files = {"cad/calls.csv": CAD, "one.csv": UNITS, "two.csv": UNITS.replace("R1", "R3").replace("R2", "R4")}
        made = bring(tmp_path, files, MAPPED)
        evidence = made.evidence
        first, second = evidence.incidents
        assert (first.incident_id, first.received_at, first.grade) == ("17", at("2026-10-14T20:00:30Z"), "emergency")
        assert (first.lat, first.lon) == (pytest.approx(54.5412, abs=1e-4), pytest.approx(-1.2132, abs=1e-4))
        assert (first.tags, first.sector) == ({"domestic_abuse", "weapon_seen"}, "North")
        assert second.received_at == at("2026-10-14T23:10:00Z")
        assert [evidence.statuses[f"R{n}"][0].status for n in (1, 2, 3, 4)] == ["2", "4", "2", "4"]
        assert evidence.statuses["R1"][0].at == at("2026-10-14T19:00:00+02:00")
        assert evidence.manifest.assume.crew == 2
        assert {name: told.rows for name, told in evidence.manifest.source.items()} == {
            "cad/calls.csv": 2,
            "one.csv": 2,
            "two.csv": 2,
        }

    def test_all_faults_of_headers_are_told_together(self, tmp_path: Path) -> None:
        manifest = GENERIC + '[incidents.columns]\nUrgency = "grad"\nGone = "type"\n[assignments]\nfile = "none.csv"\n'
        with pytest.raises(InputError) as told:
            bring(tmp_path, {"incidents.csv": ONE}, manifest)
        assert "none.csv" in str(told.value)
        files = {"incidents.csv": "incident_id,Urgency,lattitude\nN1,1,2\n", "statuses.csv": "callsign,callsign\n1,2\n"}
        files["positions.csv"] = "callsign,lat,lon\n"
        with pytest.raises(InputError) as told:
            bring(tmp_path, files, manifest.split("[assign")[0])
        text = str(told.value)
        for word in (
            "did you mean grade?",
            "Gone",
            "lattitude",
            "received_at",
            "repeated",
            "statuses.csv row 1 at",
            "fixed_at",
        ):
            assert word in text

    def test_two_places_and_no_word_which(self, tmp_path: Path) -> None:
        files = {
            "incidents.csv": "incident_id,received_at,lat,lon,easting,northing\nN1,2026-10-14T21:00:00,54,-1,1,1\n"
        }
        with pytest.raises(InputError, match="say which pair"):
            bring(tmp_path, files)
        made = bring(tmp_path, {}, f'{GENERIC}coordinates = "wgs84"\n')
        assert made.evidence.incidents[0].lat == 54
        with pytest.raises(InputError, match="as coordinates = british_grid says"):
            bring(tmp_path, {"incidents.csv": ONE}, f'{GENERIC}coordinates = "british_grid"\n', name="other")

    @pytest.mark.parametrize("text", ["preset = 1\n", 'preset = "generic"\ncolour = 1\n', "[incidents]\nfiles = 1\n"])
    def test_a_manifest_at_fault(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(InputError):
            bring(tmp_path, {"incidents.csv": ONE}, text)

    def test_no_manifest_and_no_preset(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="--suggest"):
            bring(tmp_path, {"incidents.csv": ONE}, None)
        with pytest.raises(InputError, match="london_fire"):
            bring(tmp_path, {"incidents.csv": ONE}, None, "london")
        with pytest.raises(InputError, match="files of the layout police_uk"):
            bring(tmp_path, {"incidents.csv": ONE}, None, "police_uk")

    def test_a_force_and_a_network_of_its_own(self, tmp_path: Path) -> None:
        network = _town()
        (tmp_path / "brought").mkdir()
        save_network(network, tmp_path / "brought" / "town.network")
        text = Path("dispatch/forces/cleveland.toml").read_text().replace('"Cleveland Police"', '"Another"')
        speeds = Path("graphs/profiles.toml").read_text().replace("value = 133.0", "value = 120.0")
        manifest = f'{GENERIC}force = "own.toml"\nnetwork = "town.network"\nprofiles = "speeds.toml"\n'
        made = bring(tmp_path, {"incidents.csv": ONE, "own.toml": text, "speeds.toml": speeds}, manifest)
        assert (made.folder / "force.toml").read_text() == text
        assert made.evidence.force.name == "Another"
        assert made.evidence.manifest.network == {"hash": network.hash}
        driven = made.evidence.network()
        assert driven is not None
        assert driven.profiles.hash == Profiles.read(made.folder / "profiles.toml").hash != network.profiles.hash
        assert (made.folder / "roads.network").read_bytes() == (tmp_path / "brought" / "town.network").read_bytes()

    def test_swapped_by_the_network(self, tmp_path: Path) -> None:
        network = _town()
        (tmp_path / "brought").mkdir()
        save_network(network, tmp_path / "brought" / "town.network")
        west, south, east, north = network.area.bounds
        lat, lon = (south + north) / 2, (west + east) / 2
        rows = (
            f"{INCIDENTS}N1,2026-10-14T21:00:00,{lon},{lat},emergency\nN2,2026-10-14T21:00:00,{lat},{lon},emergency\n"
        )
        made = bring(tmp_path, {"incidents.csv": rows}, f'{GENERIC}network = "town.network"\n')
        assert "seem to be swapped" in made.reason("incidents")


def _town() -> Network:
    return draw("A--B--C", "A-B-C").network


class TestOut:
    def test_the_files_of_a_folder(self, tmp_path: Path) -> None:
        duties = (
            "callsign,start,end,crew,skills,sector,home,lat,lon\n"
            'R1,2026-10-14T14:00:00,2026-10-14T22:00:00,2,,North,"-36.9,174.8",,\nR2,2026-10-14T14:00:00,,,,,,54.5,-1.2\n'
        )
        files = {
            "incidents.csv": ONE,
            "assignments.csv": ASSIGNMENTS + "N1,R1,2026-10-14T21:01:00,,,\n",
            "duties.csv": duties,
            "regrades.csv": "incident_id,at,grade,entered_at\nN1,2026-10-14T21:02:00,priority,2026-10-14T21:05:00\n",
            "amendments.csv": "incident_id,at,field,value\nN1,2026-10-14T21:02:00,tags,domestic_abuse\n",
            "positions.csv": "callsign,fixed_at,lat,lon,received_at,speed_kmh\n"
            "R2,2026-10-14T21:00:00Z,54.5,-1.2,2026-10-14T21:00:05Z,12\nR1,2026-10-14T21:00:00Z,54.5,-1.2,,\n",
        }
        made = bring(tmp_path, files)
        evidence = made.evidence
        assert evidence.duties["R1"][0] == PastDuty(
            *("R1", at("2026-10-14T13:00Z"), at("2026-10-14T21:00Z"), 2, frozenset(), "North", (-36.9, 174.8))
        )
        assert evidence.duties["R2"][0].home == (54.5, -1.2)
        assert evidence.regrades["N1"][0].entered_at == at("2026-10-14T20:05Z")
        assert evidence.at_last(evidence.incidents[0]).tags == {"domestic_abuse"}
        frame = pl.read_parquet(made.folder / "positions.parquet")
        assert frame.schema == SCHEMA
        assert frame["callsign"].to_list() == ["R1", "R2"]
        late = [frame["received_at"][row] - frame["fixed_at"][row] for row in (0, 1)]
        assert late == [timedelta(0), timedelta(seconds=5)]
        assert evidence.manifest.start == at("2026-10-14T20:00Z")
        assert json.loads((made.folder / "import.json").read_bytes()) == json.loads(json.dumps(made.told))

    def test_equal_inputs_give_equal_bytes(self, tmp_path: Path) -> None:
        rows = "".join(f"R{n % 7},2026-10-14T21:{n % 60:02}:00Z,54.5,-1.2\n" for n in range(500))
        files = {"incidents.csv": ONE + "N2,x,,,\n", "positions.csv": "callsign,fixed_at,lat,lon\n" + rows + "R1,,,\n"}
        one, two = bring(tmp_path, files, name="one"), bring(tmp_path, {}, name="two")
        names = sorted(path.relative_to(one.folder) for path in one.folder.rglob("*") if path.is_file())
        assert names == sorted(path.relative_to(two.folder) for path in two.folder.rglob("*") if path.is_file())
        for name in names:
            assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()

    def test_every_file_has_its_checksum(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE + "N2,x,,,\n"})
        manifest = tomllib.loads((made.folder / "manifest.toml").read_text())
        for path in made.folder.rglob("*.*"):
            if path.name != "manifest.toml":
                told = manifest["files"][path.relative_to(made.folder).as_posix()]
                assert told["sha256"] == sha256(path.read_bytes()).hexdigest()
        (made.folder / "quarantine" / "incidents.csv").write_text("")
        with pytest.raises(InputError, match="changed since the import"):
            require_unchanged(made.folder, made.evidence.manifest)

    def test_nothing_is_left_where_it_failed(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "incidents.csv").write_text("incident_id\n1\n")
        with pytest.raises(InputError):
            bring_in(asked_of(tmp_path / "in", "generic"), tmp_path / "out", datetime.now(UTC))
        assert [path.name for path in tmp_path.iterdir()] == ["in"]

    def test_a_formula_stays_harmless(self, tmp_path: Path) -> None:
        rows = "incident_id,received_at,type\nN1,2026-10-14T21:00:00,=1+2\nN2,x,=3\n"
        made = bring(tmp_path, {"incidents.csv": rows})
        assert made.evidence.incidents[0].type == "=1+2"
        assert "'=3" in (made.folder / "quarantine" / "incidents.csv").read_text()

    def test_closures(self, tmp_path: Path) -> None:
        shape = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
        good = {"type": "Feature", "geometry": shape, "properties": {"from": "2026-10-14T20:00:00Z"}}
        bad = {**good, "properties": {"from": "yesterday"}}
        late = {**good, "entered_at": "2026-10-14T20:00:00"}
        text = json.dumps({"type": "FeatureCollection", "features": [good, bad, late]})
        made = bring(tmp_path, {"incidents.csv": ONE, "closures.geojson": text})
        assert made.evidence.closures == (good,)
        assert [row["row"] for row in made.aside("closures")] == ["feature 2", "feature 3"]


class TestPositions:
    @settings(max_examples=60, deadline=None)
    @given(
        places=st.lists(
            st.tuples(st.sampled_from("AB"), st.integers(0, 5), st.floats(-0.01, 0.01)), min_size=1, max_size=12
        )
    )
    def test_jumps_against_a_slow_one(self, places: list[tuple[str, int, float]]) -> None:
        rows = sorted(places)
        start = datetime(2026, 1, 1, tzinfo=UTC)
        frame = pl.DataFrame(
            {
                "callsign": [name for name, _, _ in rows],
                "fixed_at_read": [start + timedelta(seconds=10 * when) for _, when, _ in rows],
                "_lat": [54.0 + lat for _, _, lat in rows],
                "_lon": [-1.0 for _ in rows],
            },
            schema_overrides={"fixed_at_read": pl.Datetime("us", "UTC")},
        )

        def fast(one: int, two: int) -> bool:
            metres = abs(rows[one][2] - rows[two][2]) * np.pi * 6_371_009 / 180
            return bool(metres - 100 > 10 * (rows[two][1] - rows[one][1]) * 250 / 3.6)

        def jumps(row: int) -> bool:
            neighbours = 0 < row < len(rows) - 1 and rows[row - 1][0] == rows[row][0] == rows[row + 1][0]
            return neighbours and fast(row - 1, row) and fast(row, row + 1)

        assert _jumps(frame).to_list() == [jumps(row) for row in range(len(rows))]

    def test_those_that_the_record_refused_are_not_taken(self, tmp_path: Path) -> None:
        text = "callsign,fixed_at,lat,lon,refused\nR1,2026-10-14T21:00:00Z,54.5,-1.2,\n"
        text += "R1,2026-10-14T21:00:00Z,54.5,-1.2,outdated\nR1,2026-10-14T21:00:00Z,0,0,nowhere\n"
        made = bring(tmp_path, {"incidents.csv": ONE, "positions.csv": text})
        assert made.told["tables"]["positions"]["refused_before"] == 2
        assert made.counts("positions") == (3, 1, 0)

    @pytest.mark.parametrize(
        ("header", "row", "manifest"),
        [
            ("unit,day,clock,e,n", "R1,14/10/2026,21:00:00,451000,516500", 'times = "%d/%m/%Y %H:%M:%S"'),
            ("unit,t,e,n", "R1,1792008000000,451000,516500", 'times = "unix_ms"'),
            ("unit,t,e,n", "R1,2026-10-14 21:00:00,451000,516500", ""),
            ("unit,t,e,n", "R1,2026-10-14T22:00:00.000+02:00,451000,516500", ""),
        ],
    )
    def test_times_and_grid(self, tmp_path: Path, header: str, row: str, manifest: str) -> None:
        ours = {"unit": "callsign", "day": "fixed_date", "clock": "fixed_time", "t": "fixed_at", "e": "easting"}
        names = "".join(f'{name} = "{ours.get(name, "northing")}"\n' for name in header.split(","))
        text = f"{GENERIC}[positions]\n{manifest}\n[positions.columns]\n{names}"
        made = bring(tmp_path, {"incidents.csv": ONE, "positions.csv": f"{header}\n{row}\n"}, text)
        fix = made.evidence.fixes.fix(0)
        assert fix.fixed_at == at("2026-10-14T20:00:00Z")
        assert (round(fix.lat, 4), round(fix.lon, 4)) == (54.5412, -1.2132)

    def test_rows_of_another_shape(self, tmp_path: Path) -> None:
        (tmp_path / "brought").mkdir()
        raw = b"\xef\xbb\xbfcallsign,fixed_at,lat,lon\nR1,2026-10-14T21:00Z,54.5,-1.2,5\n\nR1,2026-10-14T21:00Z\n"
        raw += b"R\xff,2026-10-14T21:00Z,54.5,-1.2\nR1,2026-10-14 21:00,54.5,-1.2\nR1,2026-10-14 21:00+0100,54.5,-1.2\n"
        (tmp_path / "brought" / "positions.csv").write_bytes(raw)
        made = bring(tmp_path, {"incidents.csv": ONE})
        assert made.counts("positions") == (5, 2, 3)
        reasons = {row["row"]: row["reasons"] for row in made.aside("positions")}
        assert [reasons[row] for row in ("2", "4", "5")] == [
            "row: more cells than the header has",
            "lat, lon: nothing",
            "callsign: bytes that are no UTF-8",
        ]
        assert {made.evidence.fixes.fix(row).fixed_at for row in (0, 1)} == {at("2026-10-14T20:00Z")}

    def test_files_that_are_not_alike(self, tmp_path: Path) -> None:
        files = {
            "incidents.csv": ONE,
            "a.csv": "callsign,fixed_at,lat,lon,speed_kmh\nR1,2026-10-14T21:00Z,54.5,-1.2,5\n",
            "b.csv": "lon,lat,callsign,fixed_at\n-1.2,54.5,R1,2026-10-14T20:59Z\n",
        }
        made = bring(tmp_path, files, GENERIC + '[positions]\nfile = ["a.csv", "b.csv"]\n')
        assert made.evidence.fixes.lat.tolist() == [54.5, 54.5]
        assert made.evidence.manifest.source["b.csv"].rows == 1

    def test_not_one_sound_report(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE, "positions.csv": "callsign,fixed_at,lat,lon\nR1,,,\n"})
        assert made.counts("positions") == (1, 0, 1)
        assert made.evidence.fixes.callsigns == ()

    def test_turned_round(self, tmp_path: Path) -> None:
        text = "callsign,fixed_at,lat,lon\n" + "".join(
            f"R{n},2026-10-14T21:00Z,{place}\n" for n, place in enumerate(["54.5,-1.2"] * 5 + ["-1.2,54.5", "10,10"])
        )
        made = bring(tmp_path, {"incidents.csv": ONE, "positions.csv": text})
        assert made.counts("positions") == (7, 6, 1)
        assert "seem to be swapped" in made.reason("positions")

    def test_values_out_of_range(self, tmp_path: Path) -> None:
        rows = ("-1,,", ",361,", ",,401", "x,,", ",,nan", ",,")
        text = "callsign,fixed_at,lat,lon,accuracy_m,course_deg,speed_kmh\n"
        text += "".join(f"R1,2026-10-14T21:0{n}:00Z,54.5,-1.2,{row}\n" for n, row in enumerate(rows))
        made = bring(tmp_path, {"incidents.csv": ONE, "positions.csv": text})
        assert made.counts("positions") == (6, 1, 5)


class TestRecord:
    def test_a_night_of_this_product(self, manned: Desk, tmp_path: Path, gothenburg_file: Path) -> None:
        serve(manned)
        night = tmp_path / "night"
        files = write_out(manned, night)
        force = Path("scenarios/samples/gothenburg/force.toml")
        done = nearest("import", night, "-o", tmp_path / "out", "--force", force, "--network", gothenburg_file)
        assert done.exit_code == 0, done.output
        evidence = read_evidence(tmp_path / "out")
        assert len(evidence.incidents) == len(files["incidents.csv"]) == 3
        assert sum(map(len, evidence.assignments.values())) == 2
        assert sum(map(len, evidence.statuses.values())) == len(files["statuses.csv"])
        assert len(evidence.duties) == len(files["duties.csv"])
        assert len(evidence.closures) == 1
        assert evidence.manifest.time_zone == Force.read(force).time_zone
        assert "another" not in done.output
        with (night / "statuses.csv").open("a") as file:
            file.write("R1,2026-11-21T01:00:00Z,2,\r\n")
        again = nearest("import", night, "-o", tmp_path / "again")
        assert again.exit_code == 2
        assert "changed since it was written" in again.stderr

    def test_with_another_force_it_is_said(self, manned: Desk, tmp_path: Path) -> None:
        serve(manned)
        write_out(manned, tmp_path / "night")
        manifest = (tmp_path / "night" / "manifest.toml").read_text()
        assert "[force]" in manifest
        done = nearest("import", tmp_path / "night", "-o", tmp_path / "out", "--json")
        notes = json.loads(done.stdout)["notes"]
        assert any("another force profile" in note for note in notes)


class TestCommand:
    def test_a_table_for_people(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "incidents.csv").write_text(ONE + "N2,yesterday,54.5,-1.2,emergency\n")
        done = nearest("import", tmp_path / "in", "-o", tmp_path / "out", "--preset", "generic")
        assert done.exit_code == 0
        assert "1 received_at" in done.output
        again = nearest("import", tmp_path / "in", "-o", tmp_path / "out", "--preset", "generic")
        assert (again.exit_code, "not there yet" in again.stderr) == (2, True)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--check"], "--check"),
            (["--database", "sqlite:///x"], "--database"),
            ([], "-o"),
        ],
    )
    def test_options_of_the_other_form_beside_a_folder(self, tmp_path: Path, options: list[str], said: str) -> None:
        done = nearest("import", tmp_path, *options)
        assert (done.exit_code, said in done.stderr) == (2, True)

    @pytest.mark.parametrize(
        "options",
        [["-o", "x"], ["--network", "x"], ["--force", "x"], ["--preset", "generic"], ["--suggest"], ["--json"]],
    )
    def test_and_beside_a_file(self, tmp_path: Path, options: list[str]) -> None:
        (tmp_path / "it.gz").write_bytes(b"")
        done = nearest("import", tmp_path / "it.gz", *options)
        assert (done.exit_code, options[0] in done.stderr) == (2, True)


class TestClock:
    @settings(max_examples=200, deadline=None)
    @given(
        start_s=st.integers(0, 5 * 3600),
        gaps=st.lists(st.integers(0, 90), min_size=1, max_size=4),
    )
    def test_the_truth_is_among_the_readings_in_order(self, start_s: int, gaps: list[int]) -> None:
        clock = Clock("Europe/London")
        moments = [datetime(2026, 10, 24, 23, tzinfo=UTC) + timedelta(seconds=start_s)]
        for gap in gaps:
            moments.append(moments[-1] + timedelta(minutes=gap))
        zone = clock.zone
        written = [clock.read(moment.astimezone(zone).replace(tzinfo=None).isoformat()) for moment in moments]
        found = list(clock.in_order(written, None))
        assert tuple(moments) in found
        if len(found) == 1:
            settled = clock.settle(written, None)
            assert settled is not None
            assert settled.moments == tuple(moments)


def test_the_example_of_the_docs(tmp_path: Path) -> None:
    """The manifest and the files that docs/import.md shows."""
    text = Path("docs/import.md").read_text()
    blocks = dict(_named_blocks(text))
    made = bring(
        tmp_path, {name: body for name, body in blocks.items() if name != "manifest.toml"}, blocks["manifest.toml"]
    )
    assert made.counts("incidents") == (3, 2, 1)
    assert made.counts("assignments") == (2, 2, 0)
    with (made.folder / "incidents.csv").open() as file:
        assert [row["grade"] for row in csv.DictReader(file)] == ["emergency", "priority"]


def _named_blocks(text: str) -> list[tuple[str, str]]:
    """Return the blocks of code that have a file's name in the line before them."""
    parts = text.split("```")
    found = []
    for before, block in zip(parts[::2], parts[1::2], strict=False):
        name = before.rstrip().rsplit("\n", 1)[-1].strip("`:* ")
        if name.endswith((".csv", ".toml")) and " " not in name:
            found.append((name, block.split("\n", 1)[1]))
    return found
