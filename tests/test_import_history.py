"""Past incidents from a file: what is imported, what is put aside and why, and that checks find them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import main
from desks import TOWN, Room
from dispatch.purge import purge
from dispatch.verification import verify_database
from graphs.errors import InputError
from nightshift import CLEVELAND, NOW
from scenarios.history import History, quarantine, read_history
from scenarios.manifest import Manifest

HEADER = "incident_id,received_at,lat,lon,grade,tags,address,phone,people,closed_at,outcome,dash\n"
LAT, LON = TOWN.at("C")


def row(name: str, received: str = "2026-01-05T21:00:00Z", place: str = f"{LAT},{LON}", rest: str = "") -> str:
    return f"{name},{received},{place},emergency,{rest or 'domestic_abuse,7 Linthorpe Road,,Ann Smith,,,'}\n"


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    def saved(*rows: str, header: str = HEADER) -> Path:
        path = tmp_path / "old.csv"
        path.write_text(header + "".join(rows), "utf-8")
        return path

    return saved


def read(path: Path, manifest: Manifest | None = None) -> History:
    return read_history(path, CLEVELAND, manifest or Manifest(), NOW)


def run(path: Path, url: str, *more: str) -> Result:
    return CliRunner().invoke(main, ["import-history", str(path), "--database", url, "--by", "anna", *more])


LONDON = Manifest(time_zone="Europe/London")


class TestReading:
    def test_a_sound_row(self, save: Callable[..., Path]) -> None:
        rest = (
            "domestic_abuse;firearm_seen,7 Linthorpe Road,01642 326326,Ann Smith;Bob,2026-01-06T00:00:00Z,arrested,high"
        )
        (known,) = read(save(row("A-1", rest=rest))).sound
        assert known.incident.tags == {"domestic_abuse", "firearm_seen"}
        assert (known.people, known.phone, known.outcome, known.dash) == (
            ("Ann Smith", "Bob"),
            "01642 326326",
            "arrested",
            "high",
        )
        assert known.closed_at == datetime(2026, 1, 6, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("bad", "field"),
        [
            (row("B", "2026-01-05T21:00:00"), "received_at"),
            (row("B", "2099-01-05T21:00:00Z"), "received_at"),
            (row("B", place="0,0"), "lat, lon"),
            (row("B", place="191,7"), "lat, lon"),
            (row("B").replace("emergency", "emergancy"), "grade"),
            (row("B").replace("domestic_abuse", "domestic"), "tags"),
            (row("B", rest="domestic_abuse,,,,2026-01-05T20:00:00Z,,"), "closed_at"),
            (row("B", rest="domestic_abuse,,,,,,grave"), "dash"),
            (row(""), "incident_id"),
            (row("B" * 101), "incident_id"),
            (row("B", rest=f",{'x' * 301},,,,,"), "address"),
            (row("B").replace(",,,\n", ",\n"), ""),
        ],
    )
    def test_a_row_at_fault_is_put_aside_with_its_reason(self, save: Callable[..., Path], bad: str, field: str) -> None:
        found = read(save(row("A-1"), bad))
        assert [known.incident.incident_id for known in found.sound] == ["A-1"]
        (refused,) = found.refused
        assert (refused.where, [fault.field for fault in refused.faults]) == ("row 3", [field])

    def test_a_repeated_row_says_where_it_stood_first(self, save: Callable[..., Path]) -> None:
        (refused,) = read(save(row("A-1"), row("A-2"), row("A-1"))).refused
        assert (refused.where, refused.faults[0].hint) == ("row 4", "also in row 2")

    def test_turned_coordinates_are_hinted_at(self, save: Callable[..., Path]) -> None:
        found = read(save(*(row(f"A-{n}") for n in range(3)), row("B", place=f"{LON},{LAT}")))
        (refused,) = found.refused
        assert "swapped" in refused.faults[0].hint
        assert len(found.sound) == 3

    def test_a_default_location_is_noticed_and_kept(self, save: Callable[..., Path]) -> None:
        many = CLEVELAND.risk.crowd_incidents + 1
        found = read(save(*(row(f"A-{n}", rest=f",{n} High Street,,,,,") for n in range(many))))
        assert list(found.crowded.values()) == [many]
        assert len(found.sound) == many

    def test_one_caller_who_calls_often_is_no_default_location(self, save: Callable[..., Path]) -> None:
        assert read(save(*(row(f"A-{n}") for n in range(40)))).crowded == {}

    def test_a_header_that_lacks_something_is_refused(self, save: Callable[..., Path]) -> None:
        with pytest.raises(InputError) as refused:
            read(save(header="incident_id,lat,grade,colour\n"))
        assert {fault.field for fault in refused.value.faults} == {"received_at", "lat, lon", "colour"}


class TestManifest:
    @pytest.mark.parametrize(
        ("text", "hour"),
        [("2026-01-05T21:00:00", 21), ("2026-07-05 21:00:00", 20), ("2026-07-05T21:00:00Z", 21)],
    )
    def test_names_the_zone_of_naive_times(self, save: Callable[..., Path], text: str, hour: int) -> None:
        (known,) = read_history(save(row("A-1", text)), CLEVELAND, LONDON, datetime(2027, 1, 1, tzinfo=UTC)).sound
        assert known.received_at.astimezone(UTC).hour == hour

    def test_an_hour_that_there_was_not(self, save: Callable[..., Path]) -> None:
        (refused,) = read(save(row("A-1", "2025-03-30T01:30:00")), LONDON).refused
        assert [(fault.field, fault.hint) for fault in refused.faults] == [
            ("received_at", "clocks went forward over it")
        ]

    def test_an_hour_that_there_was_twice(self, save: Callable[..., Path]) -> None:
        path = save(row("A-1", "2025-10-26T01:30:00"))
        (refused,) = read(path, LONDON).refused
        assert "it was there twice" in refused.faults[0].hint
        for which, hour in (("earlier", 0), ("later", 1)):
            (known,) = read(path, Manifest(time_zone="Europe/London", ambiguous=which)).sound  # type: ignore[arg-type]
            assert known.received_at.astimezone(UTC) == datetime(2025, 10, 26, hour, 30, tzinfo=UTC)

    def test_names_columns_and_values(self, save: Callable[..., Path], tmp_path: Path) -> None:
        mapping = tmp_path / "manifest.toml"
        mapping.write_text(
            'time_zone = "Europe/London"\n[columns]\nURN = "incident_id"\nLogged = "received_at"\nPriority = "grade"\n'
            'Y = "lat"\nX = "lon"\nOperator = ""\n[values.grade]\n1 = "emergency"\n'
        )
        path = save(f"A-1,2026-01-05 21:00,1,{LAT},{LON},Jo\n", header="URN,Logged,Priority,Y,X,Operator\n")
        (known,) = read(path, Manifest.read(mapping)).sound
        assert (known.incident.incident_id, known.incident.grade) == ("A-1", "emergency")

    def test_an_unknown_key_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "manifest.toml"
        path.write_text('timezone = "Europe/London"\nambiguous = "both"\n')
        with pytest.raises(InputError) as refused:
            Manifest.read(path)
        assert len(refused.value.faults) == 2


def test_what_is_put_aside_reads_as_it_was(save: Callable[..., Path], tmp_path: Path) -> None:
    found = read(save(row("=1+2", "yesterday")))
    aside = tmp_path / "aside.csv"
    aside.write_text(quarantine(found.refused), "utf-8", newline="")
    assert ",'=1+2," in aside.read_text()
    (kept,) = csv.DictReader(io.StringIO(aside.read_text("utf-8"), newline=""))
    assert (kept["row"], kept["received_at"]) == ("row 2", "yesterday")
    assert "received_at" in kept["reasons"]


class TestImport:
    def test_history_checks_find_them_and_they_are_never_open(self, room: Room, save: Callable[..., Path]) -> None:
        result = run(save(row("A-1")), str(room.desk.store.url.render_as_string(hide_password=False)))
        assert result.exit_code == 0, result.output
        assert room.live.state.incidents == {}
        room.receive("N-1", (LAT, LON), tags=("domestic_abuse",), people=("Ann Smith",))
        risk = room.case("N-1").risk
        assert risk is not None
        assert [match["incident_id"] for match in risk["matches"]] == ["A-1"]
        assert risk["definitions"]["repeat_victim"]["met"]

    def test_twice_is_once_and_the_record_is_whole(self, room: Room, save: Callable[..., Path]) -> None:
        path, url = save(row("A-1"), row("A-2"), row("A-3", "never")), room.desk.store.url
        address = url.render_as_string(hide_password=False)
        first, again = (run(path, address) for _ in range(2))
        assert [line.split()[0] for line in first.output.splitlines()[:4]] == ["3", "2", "0", "1"]
        assert [line.split()[0] for line in again.output.splitlines()[:4]] == ["3", "0", "2", "1"]
        with room.desk.store.reading() as reading:
            verify_database(reading)
            assert [row.kind for row in reading.after(0)].count("incident_imported") == 2
        assert path.with_name("old.csv.quarantine.csv").exists()

    def test_an_incident_of_the_desk_stays_as_it_is(self, room: Room, save: Callable[..., Path]) -> None:
        room.receive("A-1", (LAT, LON))
        result = run(save(row("A-1")), room.desk.store.url.render_as_string(hide_password=False))
        assert "1 already there" in result.output
        assert room.case("A-1").stage == "open"

    def test_its_name_is_never_used_again(self, room: Room, save: Callable[..., Path]) -> None:
        run(save(row("A-1")), room.desk.store.url.render_as_string(hide_password=False))
        with pytest.raises(Exception, match="there is an incident A-1 already"):
            room.receive("A-1", (LAT, LON))

    def test_it_can_be_assessed_and_purged_like_others(self, room: Room, save: Callable[..., Path]) -> None:
        run(save(row("A-1", "2010-01-05T21:00:00Z")), room.desk.store.url.render_as_string(hide_password=False))
        retention = CLEVELAND.retention.model_copy(update={"incidents_days": 365, "tags_days": {}})
        gone = purge(room.desk.store, CLEVELAND.model_copy(update={"retention": retention}), room.now, "anna")
        assert gone.incidents == {"A-1"}
        with room.desk.store.reading() as reading:
            verify_database(reading)

    def test_nothing_sound_ends_with_2(self, tmp_path: Path, save: Callable[..., Path]) -> None:
        assert run(save(row("A-1", "never")), f"sqlite:///{tmp_path}/new.db").exit_code == 2

    def test_many_batches(self, tmp_path: Path, save: Callable[..., Path]) -> None:
        moments = (NOW - timedelta(minutes=n) for n in range(2_500))
        rows = [row(f"A-{n}", at.isoformat(), rest=f",{n} High Street,,,,,") for n, at in enumerate(moments)]
        result = run(save(*rows), f"sqlite:///{tmp_path}/new.db")
        assert "2,500 imported" in result.output, result.output

    def test_a_changed_file_is_refused(self, tmp_path: Path, save: Callable[..., Path]) -> None:
        mapping = tmp_path / "manifest.toml"
        mapping.write_text('[files."old.csv"]\nsha256 = "00"\nrows = 1\n')
        result = run(save(row("A-1")), f"sqlite:///{tmp_path}/new.db", "--mapping", str(mapping))
        assert result.exit_code == 2
        assert "it was changed since" in result.output
