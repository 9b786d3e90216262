"""``nearest import --suggest``: what a folder's headers and values tell, and that the proposal imports."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli import main
from brought import ONE, bring
from graphs.errors import InputError
from scenarios.suggest import proposal
from scenarios.suggest_columns import guess, plain, shape_of
from shared_data import shared

CALLS = """\
URN,Call Received Date,Call Received Time,Eastings,Northings,Response Grade,Nature,Beat,Operator
17,14/10/2026,21:03:11,451000,516500,Immediate,Domestic,Grove Hill,AB
18,14/10/2026,22:03:11,451500,516900,Prompt,Theft,Grove Hill,AB
"""
SENT = """\
Log No,CallSign,Dispatched,En-route,Arrived,Clear
17,R1,14/10/2026 21:04,14/10/2026 21:05,14/10/2026 21:11,14/10/2026 21:40
18,R2,14/10/2026 22:04,,14/10/2026 22:31,
"""
STATES = """\
Call Sign,Timestamp,Status Code
R1,2026-10-14 20:00:00,Available
R2,2026-10-14 20:00:00,MEAL
R3,2026-10-14 20:00:00,ZZZ
"""
AVL = "vehicle,gps_time,x,y,speed\nR1,2026-10-14T20:00:00Z,451000,516500,12\n"
DUTIES = "unit,shift_start,shift_end,officers,skills\nR1,2026-10-14 14:00,2026-10-14 23:00,2,\n"
FILES = {"a.csv": CALLS, "dispatches.csv": SENT, "unit_status.csv": STATES, "avl.csv": AVL, "shifts.csv": DUTIES}


def folder(tmp_path: Path, files: dict[str, str]) -> Path:
    made = tmp_path / "brought"
    made.mkdir()
    for name, text in files.items():
        (made / name).write_text(text)
    return made


class TestProposal:
    def test_it_imports_as_it_is(self, tmp_path: Path) -> None:
        text = proposal(folder(tmp_path, FILES))
        made = bring(tmp_path, {}, text)
        counts = {name: told["imported"] for name, told in made.told["tables"].items()}
        assert counts == {"incidents": 2, "assignments": 2, "statuses": 2, "duties": 1, "positions": 1}
        assert [one.grade for one in made.evidence.incidents] == ["emergency", "priority"]
        assert [made.evidence.statuses[name][0].status for name in ("R1", "R2")] == ["2", "4"]
        assert made.evidence.duties["R1"][0].crew == 2

    def test_what_it_is_unsure_of_is_said(self, tmp_path: Path) -> None:
        lines = proposal(folder(tmp_path, FILES)).splitlines()
        unsure = [line for line in lines if "UNSURE" in line]
        for part in ("time_zone", '"MEAL" = "4"', '# "ZZZ"', '"Immediate"'):
            assert any(part in line for line in unsure), part
        assert '"Operator" = ""  # not read' in lines

    def test_day_and_month_that_may_be_either_way_round(self, tmp_path: Path) -> None:
        text = proposal(folder(tmp_path, {"calls.csv": CALLS.replace("14/10", "04/10")}))
        assert '"Call Received Date" = "received_date"  # UNSURE: day and month' in text

    def test_nothing_is_written(self, tmp_path: Path) -> None:
        made = folder(tmp_path, FILES)
        done = CliRunner().invoke(main, ["import", "--suggest", str(made)])
        assert done.exit_code == 0
        assert tomllib.loads(done.stdout)["incidents"]["file"] == "a.csv"
        assert sorted(path.name for path in made.iterdir()) == sorted(FILES)

    def test_files_of_our_own_names(self, tmp_path: Path) -> None:
        text = proposal(folder(tmp_path, {"incidents.csv": ONE}))
        assert bring(tmp_path, {}, text).counts("incidents") == (1, 1, 0)
        assert "values" not in text

    def test_files_that_are_none_of_it(self, tmp_path: Path) -> None:
        made = folder(tmp_path, {"a.csv": CALLS, "notes.csv": "colour,mood\nred,good\n"})
        (made / "binary.csv").write_bytes(b"\xff\xfe\x00")
        text = proposal(made)
        assert "# notes.csv: no table that is known" in text
        assert "# binary.csv: no CSV file" in text
        with pytest.raises(InputError, match="no such file"):
            proposal(tmp_path / "brought" / "nothing")

    @pytest.mark.parametrize(
        ("path", "preset"),
        [
            ("incidents/london_fire/LFB Incident data.csv", "london_fire"),
            ("incidents/london_fire/ToPred.csv", "london_fire"),
            ("incidents/dallas_police/active_calls.csv", "dallas_police"),
            ("incidents/leeds_north_east_street_crime.csv", "police_uk"),
            ("jemss/auckland/calls/single/call.csv", "jemss"),
        ],
    )
    def test_a_layout_that_is_known(self, tmp_path: Path, path: str, preset: str) -> None:
        made = folder(tmp_path, {})
        shutil.copyfile(shared(path), made / "it.csv")
        text = proposal(made)
        assert tomllib.loads(text)["preset"] == preset
        assert bring(tmp_path, {}, text).told["preset"] == preset


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["21:03", "7:30:10"], "of_day"),
        (["2026-10-14T20:00:00Z"], "time"),
        (["14/10/2026 21:03", ""], "time"),
        (["14 Oct 2026"], "date"),
        (["2026-10-14"], "date"),
        (["12.5", "-3"], "number"),
        (["R1", "2"], "text"),
        (["", " "], "nothing"),
    ],
)
def test_shapes(cells: list[str], kind: str) -> None:
    assert shape_of(cells).kind == kind


def test_names() -> None:
    assert plain("DateAndTime_Arrived") == "date and time arrived"
    shapes = {
        "LATITUDE": shape_of(["54.5"]),
        "Long.": shape_of(["-1.2"]),
        "unit": shape_of(["R1"]),
        "gpsTime": shape_of(["2026-10-14T20:00:00Z"]),
    }
    found = guess(list(shapes), shapes, "tracks")
    assert (found.table, found.columns["LATITUDE"], found.columns["Long."]) == ("positions", "lat", "lon")
