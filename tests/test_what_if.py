"""What would be different, had one thing been: each kind of change on a case that it must turn."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import graphs
from api.cli_audit import replay_command
from graphs.errors import InputError
from nightshift import TOWN
from records import Row, at, call, fix, on_duty, sent, write_records
from roadmaps import draw
from scenarios.audited import Audited, audited
from scenarios.compared import DIFFERENCES, WHAT_IF
from scenarios.past import PastStatus

LINE = {"type": "LineString", "coordinates": [TOWN.lonlat("D"), TOWN.lonlat("A")]}
SHUT = {"type": "Feature", "geometry": LINE, "properties": {"name": "A-D", "from": at(-60).isoformat()}}


class Bench:
    """Writes records and a file of changes, and audits them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def audit(self, changes: str, rows: Iterable[Row | Iterable[Row]], fixes: Sequence[Any], **more: Any) -> Audited:
        flat = [row for each in rows for row in ([each] if hasattr(each, "__slots__") else each)]
        records = write_records(self.folder / "records", flat, fixes, **more)
        (self.folder / "changes.toml").write_text(changes, "utf-8")
        return audited(records, self.folder / "out", jobs=1, changes=self.folder / "changes.toml")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def then(done: Audited) -> tuple[str, str]:
    """Return the class of the only incident before and after the only change."""
    (_, verdicts), before = done.replayed.what_ifs[0], done.replayed.verdicts
    return before[0].verdict, verdicts[0].verdict


FAR_AND_NEAR = [fix("R1", "B"), fix("R2", "D")]


class TestChanges:
    def test_a_closure_of_the_record_known_from_its_beginning(self, bench: Bench) -> None:
        rows = [call(), on_duty("R1"), on_duty("R2"), sent("R1")]
        late = {**SHUT, "entered_at": at(120).isoformat()}
        change = '[[change]]\nname = "closures told at once"\nclosures_known = true\n'
        done = bench.audit(change, rows, FAR_AND_NEAR, closures=[late])
        assert then(done) == ("nearer_eligible_not_sent", "nearest_sent")

    def test_a_closure_of_a_file(self, bench: Bench) -> None:
        (bench.folder / "shut.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [SHUT]}))
        rows = [call(), on_duty("R1"), on_duty("R2"), sent("R1")]
        change = '[[change]]\nname = "had A-D been known"\nclosures = "shut.geojson"\n'
        assert then(bench.audit(change, rows, FAR_AND_NEAR)) == ("nearer_eligible_not_sent", "nearest_sent")

    def test_sector_cars_everywhere(self, bench: Bench) -> None:
        rows = [call(sector="North"), on_duty("R1", sector="North"), on_duty("R2", sector="South"), sent("R1")]
        change = '[[change]]\nname = "no sectors"\nsector_cars = "everywhere"\n'
        done = bench.audit(change, rows, FAR_AND_NEAR)
        assert then(done) == ("nearer_eligible_not_sent", "nearest_sent")
        (verdict,) = done.replayed.what_ifs[0][1]
        assert (verdict.sent, verdict.sent_s, verdict.lost_s) == (("R2",), done.replayed.verdicts[0].nearest_s, 0.0)

    def test_sector_cars_everywhere_is_judged_like_any_other_decision(self, bench: Bench) -> None:
        taser = frozenset({"taser"})
        rows = [
            call(sector="North", needs=taser),
            on_duty("R1", sector="North", skills=taser),
            on_duty("R2", sector="South", skills=taser),
            on_duty("R3", sector="North"),
            sent("R1", on_scene_at=at(300)),
        ]
        change = '[[change]]\nname = "no sectors"\nsector_cars = "everywhere"\n'
        done = bench.audit(change, rows, [*FAR_AND_NEAR, fix("R3", "A")])
        (before,), (verdict,) = done.replayed.verdicts, done.replayed.what_ifs[0][1]
        assert (before.verdict, before.cause, before.straight) == ("nearer_eligible_not_sent", "own_sector", False)
        assert (verdict.verdict, verdict.because, verdict.cause) == ("nearer_not_eligible", "skill", "")
        assert (verdict.judged, verdict.nearest, verdict.straight) == ("R2", "R3", True)
        assert (verdict.arrival, verdict.clock_s) == (before.arrival, before.clock_s) == ("recorded", 300.0)

    def test_another_limit_of_age(self, bench: Bench) -> None:
        rows = [call(), on_duty("R1"), on_duty("R2", "3"), sent("R1")]
        fixes = [fix("R1", "H"), fix("R2", "A", -4_000)]
        change = '[[change]]\nname = "older positions"\nfixes.stale_parked_s = 7200\n'
        assert then(bench.audit(change, rows, fixes)) == ("nearest_sent", "nearer_eligible_not_sent")

    def test_another_time_to_move(self, bench: Bench) -> None:
        rows = [call(), on_duty("R1"), on_duty("R2", "3"), sent("R1")]
        change = '[[change]]\nname = "crews in the car"\nmobilisation_s.3 = 10\n'
        assert then(bench.audit(change, rows, FAR_AND_NEAR)) == ("nearest_sent", "nearer_eligible_not_sent")

    def test_other_speeds(self, bench: Bench) -> None:
        text = (Path(graphs.__file__).parent / "profiles.toml").read_text("utf-8")
        head, primary = text.split("[class.primary]")
        slow = re.sub(r"response_kmh = \{ value = [0-9.]+", "response_kmh = { value = 8.0", primary, count=1)
        (bench.folder / "slow.toml").write_text(f"{head}[class.primary]{slow}", "utf-8")
        rows = [call(), on_duty("R1"), on_duty("R2"), sent("R1")]
        change = '[[change]]\nname = "A-D at a crawl"\nprofiles = "slow.toml"\n'
        assert then(bench.audit(change, rows, FAR_AND_NEAR)) == ("nearer_eligible_not_sent", "nearest_sent")

    def test_one_more_unit(self, bench: Bench) -> None:
        rows = [call(), on_duty("R1"), sent("R1")]
        lat, lon = TOWN.at("A")
        change = (
            f'[[change]]\nname = "a car at A"\nunit = {{callsign = "X1", lat = {lat}, lon = {lon}, status = "2"}}\n'
        )
        done = bench.audit(change, rows, [fix("R1", "B")])
        assert then(done) == ("nearest_sent", "nearer_eligible_not_sent")
        (told,) = done.compared
        assert told.differences[0].nearest_eligible_then == "X1"
        assert told.sooner_s.median == pytest.approx(30.0)

    def test_each_by_itself_and_told_in_files_and_report(self, bench: Bench) -> None:
        lat, lon = TOWN.at("A")
        rows = [call(sector="North"), on_duty("R1", sector="North"), on_duty("R2", sector="South"), sent("R1")]
        changes = (
            '[[change]]\nname = "no sectors"\nsector_cars = "everywhere"\n'
            f'[[change]]\nname = "a <car>"\nunit = {{callsign = "X1", lat = {lat}, lon = {lon}, status = "2"}}\n'
            '[[change]]\nname = "nothing"\nmobilisation_s.10 = 300\n'
        )
        done = bench.audit(changes, rows, FAR_AND_NEAR)
        out = bench.folder / "out"
        told = json.loads((out / WHAT_IF).read_bytes())
        assert [(each["change"]["name"], each["incidents_that_differ"]) for each in told] == [
            ("no sectors", 1),
            ("a <car>", 1),
            ("nothing", 0),
        ]
        with (out / DIFFERENCES).open(encoding="utf-8", newline="") as file:
            found = [(row["change"], row["verdict_then"], row["nearest_eligible_then"]) for row in csv.DictReader(file)]
        assert found == [("no sectors", "nearest_sent", "R2"), ("a <car>", "nearer_eligible_not_sent", "X1")]
        assert "a &lt;car&gt;" in (out / "report.html").read_text("utf-8")
        assert done.replayed.about["inputs"]["what_if"].keys() == {"no sectors", "a <car>", "nothing"}

    def test_rates_are_compared_over_incidents_that_are_judged_both_times(self, bench: Bench) -> None:
        rows = [on_duty("R1", "3"), on_duty("R2")]
        for number, callsign in enumerate(("R1", "R2", "R2")):
            after_s, name = 3_000.0 * number, str(number)
            rows.append(call("A", name, received_at=at(after_s), closed_at=at(after_s + 200)))
            rows.append(sent(callsign, name, after_s + 60))
        fixes = [fix("R1", "H", -4_000), fix("R2", "B", 2_860), fix("R2", "B", 6_050)]
        change = '[[change]]\nname = "other limits"\nfixes = {stale_parked_s = 7200, stale_moving_s = 100}\n'
        done = bench.audit(change, rows, fixes)
        (told,) = done.compared
        assert (told.before.counts.judged, told.then.counts.judged) == (2, 2)
        assert (told.paired_before.of, told.paired_then.of, told.left, told.joined) == (1, 1, 1, 1)
        (written,) = json.loads((bench.folder / "out" / WHAT_IF).read_bytes())
        assert (written["paired_then"]["of"], written["left"], written["joined"]) == (1, 1, 1)
        page = (bench.folder / "out" / "report.html").read_text("utf-8")
        row = re.search(r"other limits<br>.*?</tr>", page, re.DOTALL)
        assert row is not None
        assert re.findall(r'<td class="n">(.*?)</td>', row[0])[:7] == ["100.0%", "100.0%", "+0.0", "1", "1", "1", "2"]
        words = [bench.folder / "records", "-o", bench.folder / "again", "--what-if", bench.folder / "changes.toml"]
        out = CliRunner().invoke(replay_command, ["--jobs", "1", *map(str, words)])
        assert "1 judged no longer, 1 judged only then; 2 incidents differ" in " ".join(out.output.split())

    def test_without_changes_none_is_left_from_before(self, bench: Bench) -> None:
        change = '[[change]]\nname = "no sectors"\nsector_cars = "everywhere"\n'
        bench.audit(change, [call(), on_duty("R1"), sent("R1")], [fix("R1", "B")])
        audited(bench.folder / "records", bench.folder / "out", jobs=1)
        assert not (bench.folder / "out" / WHAT_IF).exists()


class TestFaults:
    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ("", "change"),
            ('[[change]]\nname = "x"\n', "one of closures_known, closures"),
            ('[[change]]\nname = "x"\nclosures_known = true\nsector_cars = "everywhere"\n', "one of closures_known"),
            ('[[change]]\nname = "x"\nmobilisation_s.77 = 5\n', "77"),
            ('[[change]]\nname = "x"\nclosures = "none.geojson"\n', "none.geojson"),
            ('[[change]]\nname = "x"\nprofiles = "none.toml"\n', "none.toml"),
            ('[[change]]\nname = "x"\nunit = {callsign = "R1", lat = 54.58, lon = -1.25, status = "2"}\n', "R1"),
            ('[[change]]\nname = "x"\nunit = {callsign = "X", lat = 4.58, lon = -1.25, status = "2"}\n', "lat, lon"),
            ('[[change]]\nname = "x"\nunit = {callsign = "X", lat = 54.58, lon = -1.25, status = "z"}\n', "status"),
            ('[[change]]\nname = "x"\nfixes.stale_moving_s = 10\n', "fixes.stale_moving_s"),
            ('[[change]]\nname = "x"\nfixes = {}\n', "stale_moving_s, stale_parked_s or both"),
            ('[[change]]\nname = "x"\nmobilisation_s = {}\n', "a table of status codes, one or more"),
            ("[[change]\n", "changes.toml"),
        ],
    )
    def test_are_told_before_anything_is_judged(self, bench: Bench, changes: str, told: str) -> None:
        with pytest.raises(InputError, match=told):
            bench.audit(changes, [call(), on_duty("R1"), sent("R1")], [fix("R1", "B")])

    def test_all_together(self, bench: Bench) -> None:
        changes = (
            '[[change]]\nname = "x"\nmobilisation_s.77 = 5\n'
            '[[change]]\nname = "y"\nunit = {callsign = "R1", lat = 54.58, lon = -1.25, status = "z"}\n'
        )
        with pytest.raises(InputError) as raised:
            bench.audit(changes, [call(), on_duty("R1"), sent("R1")], [fix("R1", "B")])
        assert [(fault.where, fault.field) for fault in raised.value.faults] == [
            ("change 1", "mobilisation_s"),
            ("change 2", "callsign"),
            ("change 2", "status"),
        ]

    @pytest.mark.parametrize("row", [sent("X1", "2"), PastStatus("X1", at(0), "2")])
    def test_one_more_unit_that_is_in_the_records_already(self, bench: Bench, row: Row) -> None:
        lat, lon = TOWN.at("A")
        changes = f'[[change]]\nname = "x"\nunit = {{callsign = "X1", lat = {lat}, lon = {lon}, status = "2"}}\n'
        rows = [call(), call("B", "2"), on_duty("R1"), sent("R1"), row]
        with pytest.raises(InputError, match="a callsign that the records do not have"):
            bench.audit(changes, rows, [fix("R1", "B")])

    def test_two_of_one_name(self, bench: Bench) -> None:
        changes = '[[change]]\nname = "x"\nfixes.stale_moving_s = 900\n' * 2
        with pytest.raises(InputError, match="change 2 name: x is not accepted"):
            bench.audit(changes, [call(), on_duty("R1"), sent("R1")], [fix("R1", "B")])

    def test_other_speeds_where_times_were_given_with_the_roads(self, bench: Bench) -> None:
        given = draw("A---B", "A-B normal_s=60 response_s=40")
        shutil.copy(Path(graphs.__file__).parent / "profiles.toml", bench.folder)
        lat, lon = given.at("A")
        changes = '[[change]]\nname = "x"\nprofiles = "profiles.toml"\n'
        rows = [replace(call(), lat=lat, lon=lon), on_duty("R1"), sent("R1")]
        with pytest.raises(InputError, match="roads whose times were not given with them"):
            bench.audit(changes, rows, [], network=given.network)

    def test_roads_where_there_are_none(self, bench: Bench) -> None:
        changes = '[[change]]\nname = "x"\nclosures_known = true\n'
        with pytest.raises(InputError, match="a road network"):
            bench.audit(changes, [call(), on_duty("R1"), sent("R1")], [fix("R1", "B")], network=None)
