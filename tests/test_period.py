"""A period of the record as a file: what is in it, what is found wrong with it, how it comes into another record."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from desks import Room
from dispatch.errors import Conflict
from dispatch.fold import fold
from dispatch.period import Held, PeriodFileError, read_period, write_period
from dispatch.period_import import import_period
from dispatch.record import BrokenRecord, Event
from dispatch.state import State
from dispatch.store import Store
from dispatch.verification import verify_database
from evenings import A, D, attended, evening
from nightshift import NOW
from tampering import tamper

Lines = list[dict[str, Any]]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    """Another, empty record."""
    made = Store(f"sqlite:///{tmp_path / 'other.sqlite'}", lambda: NOW)
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def busy(room: Room) -> Room:
    evening(room)
    room.fix("BX21", A)
    return room


def export(
    room: Room, path: Path, start: datetime | None = None, end: datetime | None = None, *, fixes: bool = False
) -> Held:
    with room.desk.store.reading() as reading:
        held = write_period(reading, path, start, end, with_fixes=fixes)
    assert held is not None
    return held


def state_of(store: Store) -> State:
    with store.reading() as reading:
        return fold(State(), reading.after(0))


def lines_of(path: Path) -> Lines:
    return [orjson.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def put(path: Path, lines: Lines) -> None:
    path.write_bytes(gzip.compress(b"".join(orjson.dumps(line) + b"\n" for line in lines)))


def refused(path: Path) -> str:
    with pytest.raises(PeriodFileError) as error:
        read_period(path)
    return str(error.value).removeprefix(f"{path} ")


def test_a_file_is_read_as_it_was_written_and_equal_content_gives_equal_bytes(busy: Room, tmp_path: Path) -> None:
    one, other = tmp_path / "one.gz", tmp_path / "other.gz"
    held = export(busy, one, fixes=True)
    assert export(busy, other, fixes=True) == held == read_period(one)
    assert one.read_bytes() == other.read_bytes()
    assert (held.manifest.first, held.end.documents, held.end.fixes > 0) == (1, 3, True)
    assert [path.name for path in sorted(tmp_path.glob("*.gz*"))] == ["one.gz", "other.gz"]


def test_it_is_lines_that_any_program_can_read(busy: Room, tmp_path: Path) -> None:
    held = export(busy, tmp_path / "it.gz")
    lines = lines_of(tmp_path / "it.gz")
    assert lines[0]["manifest"]["format"] == "nearest-record-period"
    assert [line["row"]["seq"] for line in lines if "row" in line] == list(range(1, held.end.rows + 1))
    assert {line["document"]["kind"] for line in lines if "document" in line} == {"recommendation", "question", "force"}
    assert lines[-1]["end"]["sha256"] == held.end.sha256


def test_a_whole_record_comes_into_an_empty_one(busy: Room, other: Store, tmp_path: Path) -> None:
    export(busy, tmp_path / "it.gz", fixes=True)
    import_period(other, tmp_path / "it.gz")
    assert state_of(other) == state_of(busy.desk.store)
    with busy.desk.store.reading() as mine, other.reading() as theirs:
        assert list(theirs.after(0)) == list(mine.after(0))
        assert list(theirs.all_past()) == list(mine.all_past())
        assert [report for _, report in theirs.fixes_after(0)] == [report for _, report in mine.fixes_after(0)]
        assert verify_database(theirs) == verify_database(mine)


def test_night_after_night_is_put_at_the_end(busy: Room, other: Store, tmp_path: Path) -> None:
    first, second = tmp_path / "first.gz", tmp_path / "second.gz"
    busy.later(86_400)
    midnight = busy.now
    attended(busy, "I-3", "BX22", address="2 Linthorpe Road")
    export(busy, first, None, midnight)
    held = export(busy, second, midnight, midnight + timedelta(days=1))
    assert held.manifest.first > 1
    with pytest.raises(Conflict, match=r"begins with row \d+, and the record is empty"):
        import_period(other, second)
    import_period(other, first)
    with pytest.raises(Conflict, match="begins with row 1, and the record ends with row"):
        import_period(other, first)
    import_period(other, second)
    assert state_of(other) == state_of(busy.desk.store)
    with other.reading() as reading:
        assert verify_database(reading).rows == held.manifest.last


def test_a_file_that_goes_on_after_another_record_is_refused(busy: Room, other: Store, tmp_path: Path) -> None:
    export(busy, tmp_path / "first.gz")
    busy.later(60)
    since = busy.now
    busy.receive("I-9", D)
    export(busy, tmp_path / "second.gz", since)
    with other.writing() as writing:
        rows = [row for row in lines_of(tmp_path / "first.gz") if "row" in row]
        for _ in rows:
            writing.append([_noted()], "anna")
    with pytest.raises(Conflict, match="goes on after another row"):
        import_period(other, tmp_path / "second.gz")


def _noted() -> Event:
    return Event("noted", None, NOW, {})


def test_nothing_is_written_where_a_file_is_not_whole(busy: Room, other: Store, tmp_path: Path) -> None:
    path = tmp_path / "it.gz"
    export(busy, path)
    put(path, lines_of(path)[:-1])
    with pytest.raises(PeriodFileError):
        import_period(other, path)
    with other.reading() as reading:
        assert reading.last() is None


def test_no_file_is_made_where_nothing_happened(busy: Room, tmp_path: Path) -> None:
    with busy.desk.store.reading() as reading:
        assert write_period(reading, tmp_path / "it.gz", NOW + timedelta(days=9), None, with_fixes=False) is None
    assert list(tmp_path.glob("it*")) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE events SET actor = 'mallory' WHERE seq = 3", "row 3: its kind, subject"),
        ("DELETE FROM documents WHERE kind = 'question'", "a document that it names is missing"),
    ],
)
def test_no_file_is_made_of_a_record_that_is_not_whole(busy: Room, tmp_path: Path, change: str, said: str) -> None:
    tamper(busy.desk.store, change)
    with pytest.raises(BrokenRecord, match=said):
        export(busy, tmp_path / "it.gz")
    assert list(tmp_path.glob("it*")) == []


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file of an evening."""
    folder = tmp_path_factory.mktemp("period")
    room = Room(f"sqlite:///{folder / 'desk.sqlite'}")
    evening(room)
    export(room, folder / "it.gz", fixes=True)
    room.close()
    return (folder / "it.gz").read_bytes()


class TestFaults:
    @pytest.fixture
    def path(self, written: bytes, tmp_path: Path) -> Path:
        path = tmp_path / "it.gz"
        path.write_bytes(written)
        return path

    def test_a_changed_row_is_named_with_its_line(self, path: Path) -> None:
        lines = lines_of(path)
        lines[3]["row"]["actor"] = "mallory"
        put(path, lines)
        assert refused(path).startswith("line 4: row 3: its kind, subject, times, actor or key were changed")

    def test_a_missing_row_is_named(self, path: Path) -> None:
        lines = lines_of(path)
        put(path, [*lines[:3], *lines[4:]])
        assert refused(path) == "line 4: row 3: missing; the next row there is 4"

    def test_rows_cut_off_the_end_are_missed(self, path: Path) -> None:
        lines = lines_of(path)
        rows = [line for line in lines if "row" in line]
        put(path, [lines[0], *rows[:-1], lines[-1]])
        assert f"row {len(rows)}: missing; the manifest tells of rows up to {len(rows)}" in refused(path)

    def test_a_changed_document_is_named(self, path: Path) -> None:
        lines = lines_of(path)
        place = next(place for place, line in enumerate(lines) if "document" in line)
        lines[place]["document"]["body"] += " "
        put(path, lines)
        assert refused(path).startswith(f"line {place + 1}: row ")

    @pytest.mark.parametrize("kind", ["document", "fix"])
    def test_a_line_taken_out_is_missed(self, path: Path, kind: str) -> None:
        lines = lines_of(path)
        place = next(place for place, line in enumerate(lines) if kind in line)
        put(path, [*lines[:place], *lines[place + 1 :]])
        assert refused(path).startswith(f"line {len(lines) - 1}: ")

    def test_a_changed_position_report_is_missed_by_the_checksum(self, path: Path) -> None:
        lines = lines_of(path)
        place = next(place for place, line in enumerate(lines) if "fix" in line)
        lines[place]["fix"]["callsign"] = "BX29"
        put(path, lines)
        assert refused(path).startswith(f"line {len(lines)}: the checksum is another")

    def test_a_file_cut_off_is_missed(self, path: Path) -> None:
        lines = lines_of(path)
        put(path, lines[:-1])
        assert refused(path) == f"line {len(lines)}: missing; the end of the file was cut off"

    def test_a_packed_file_cut_off_is_missed(self, path: Path, written: bytes) -> None:
        path.write_bytes(written[: len(written) // 2])
        assert refused(path).startswith("line ")

    def test_bytes_that_were_changed_are_found(self, path: Path, written: bytes) -> None:
        for place in range(12, len(written), 97):
            path.write_bytes(written[:place] + bytes([written[place] ^ 0x10]) + written[place + 1 :])
            assert refused(path).startswith("line ")

    def test_a_line_after_the_last_is_refused(self, path: Path) -> None:
        lines = lines_of(path)
        put(path, [*lines, lines[1]])
        assert refused(path) == f"line {len(lines) + 1}: there is a line after the last"

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            (b"{}\n", "line 1: Value error, a line has one thing"),
            (b"words\n", "line 1: Invalid JSON"),
            (b'{"manifest": {"format": "x"}}\n', "line 1: manifest."),
            (b'{"fix": null}\n', "line 1: "),
        ],
    )
    def test_another_file_is_refused(self, path: Path, line: bytes, said: str) -> None:
        path.write_bytes(gzip.compress(line))
        assert refused(path).startswith(said)

    def test_what_is_not_packed_is_refused(self, path: Path) -> None:
        path.write_bytes(b"callsign,status\n")
        assert refused(path) == "line 1: Not a gzipped file (b'ca')"

    def test_another_version_is_refused(self, path: Path) -> None:
        lines = lines_of(path)
        lines[0]["manifest"]["version"] = 2
        put(path, lines)
        assert refused(path).startswith("line 1: manifest.version: ")

    def test_an_empty_file_is_refused(self, path: Path) -> None:
        path.write_bytes(gzip.compress(b""))
        assert refused(path) == "line 1: missing; the end of the file was cut off"
