"""What would be different, had one thing been: each kind of change on a case that it must turn."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

import graphs
from graphs.errors import InputError
from nightshift import TOWN
from records import Row, at, call, fix, on_duty, sent, write_records
from scenarios.audited import Audited, audited
from scenarios.compared import DIFFERENCES, WHAT_IF

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

    def test_roads_where_there_are_none(self, bench: Bench) -> None:
        changes = '[[change]]\nname = "x"\nclosures_known = true\n'
        with pytest.raises(InputError, match="a road network"):
            bench.audit(changes, [call(), on_duty("R1"), sent("R1")], [fix("R1", "B")], network=None)
