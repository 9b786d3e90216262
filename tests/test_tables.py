"""Files of units and incidents: what is read, and what is said about a file or a header that is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.model import Fix, Incident, Unit
from scenarios.tables import read_incidents, read_units
from tables import (
    A_FILE,
    BESIDE,
    BOTH_UNITS,
    C1,
    FIXED,
    FIXED_AT,
    GRID_UNITS,
    INCIDENTS,
    LAT,
    LON,
    MORE_INCIDENTS,
    MORE_UNITS,
    N1,
    UNIT_COLUMNS,
    UNIT_FAULTS,
    UNIT_HEADER,
    UNITS,
    Files,
    faults_of,
    read_or_told,
    said,
    save,
    unit_of,
)


@pytest.fixture
def saved(tmp_path: Path) -> Files:
    return partial(save, tmp_path)


class TestWhatIsRead:
    WHOLE = Unit("C1", "2", Fix(54.58, -1.25, FIXED_AT), 2)

    def test_a_unit(self, saved: Files) -> None:
        assert read_units(saved(UNITS, C1), BESIDE) == (self.WHOLE,)

    def test_every_column_of_a_unit(self, saved: Files) -> None:
        duty = "2026-06-01T07:00:00+01:00,2026-06-01T16:00:00+01:00"
        row = f"C1,5,{LAT},{LON},{FIXED},12.5,270,38,1,taser;negotiator,North,{duty},N-7,standard"
        assert unit_of(saved(MORE_UNITS, row)) == Unit(
            "C1",
            "5",
            Fix(54.58, -1.25, FIXED_AT, 12.5, 270.0, 38.0),
            1,
            frozenset({"taser", "negotiator"}),
            "North",
            datetime(2026, 6, 1, 6, 0, tzinfo=UTC),
            datetime(2026, 6, 1, 15, 0, tzinfo=UTC),
            "N-7",
            "standard",
        )

    def test_every_column_of_an_incident(self, saved: Files) -> None:
        row = f"{N1},Noise,domestic_abuse;vulnerable,taser,2,North,1 High St,01642 0,Ann;Bob,yes"
        (asked,) = read_incidents(saved(MORE_INCIDENTS, row), BESIDE)
        assert asked == Incident(
            54.58,
            -1.25,
            "emergency",
            incident_id="N1",
            received_at=FIXED_AT,
            type="Noise",
            tags=frozenset({"domestic_abuse", "vulnerable"}),
            needs=frozenset({"taser"}),
            units_needed=2,
            sector="North",
            on_road=True,
        )

    def test_empty_cells_are_not_known(self, saved: Files) -> None:
        assert unit_of(saved(MORE_UNITS, "C1,,,,,,,,,,,,,,")) == Unit("C1")
        (asked,) = read_incidents(saved(MORE_INCIDENTS, f",,{LAT},{LON},standard,,,,,,,,,"), BESIDE)
        assert asked == Incident(54.58, -1.25, "standard")

    def test_a_mark_windows_lines_blank_lines_and_quotes(self, saved: Files) -> None:
        rows = ["", UNITS, "", " , ,,,,", C1.replace("C1", '" C 1 "'), '"C""2""",,,,,', "\t"]
        path = saved(b"\xef\xbb\xbf" + "\r\n".join(rows).encode())
        assert [unit.callsign for unit in read_units(path, BESIDE)] == ["C 1", 'C"2"']

    def test_old_macintosh_lines(self, saved: Files) -> None:
        assert read_units(saved(f"{UNITS}\r{C1}\r".encode()), BESIDE) == (self.WHOLE,)

    def test_commas_and_line_breaks_within_quotes(self, saved: Files) -> None:
        row = f'{N1},"Noise, shouting\nand glass",,,,,"1, High St",,,'
        (asked,) = read_incidents(saved(MORE_INCIDENTS, row), BESIDE)
        assert asked.type == "Noise, shouting\nand glass"

    def test_columns_in_any_order_and_spaces_around_everything(self, saved: Files) -> None:
        row = f"2 , {FIXED},2, {LON} , C1 ,{LAT} "
        assert unit_of(saved(" crew,fixed_at , status,lon , callsign, lat", row)) == self.WHOLE

    def test_the_order_of_the_file_is_kept(self, saved: Files) -> None:
        path = saved(UNITS, *(C1.replace("C1", name) for name in ("Z", "A", "M")))
        assert [unit.callsign for unit in read_units(path, BESIDE)] == ["Z", "A", "M"]

    def test_skills_with_blanks_between_and_one_twice(self, saved: Files) -> None:
        row = f"C1,2,{LAT},{LON},{FIXED},,,,2, taser ;; taser;negotiator ;,,,,,"
        assert unit_of(saved(MORE_UNITS, row)).skills == {"taser", "negotiator"}

    @pytest.mark.parametrize(
        ("cell", "on_road"),
        [("yes", True), ("TRUE", True), ("1", True), ("no", False), ("False", False), ("0", False), ("", False)],
    )
    def test_yes_and_no(self, saved: Files, cell: str, *, on_road: bool) -> None:
        (asked,) = read_incidents(saved(f"{INCIDENTS},on_road", f"{N1},{cell}"), BESIDE)
        assert asked.on_road is on_road

    @pytest.mark.parametrize(
        "cell",
        ["2026-06-01T12:59:30+01:00", "2026-06-01 11:59:30Z", "20260601T115930Z", "2026-06-01T11:59:30.000000+00:00"],
    )
    def test_one_moment_in_several_spellings(self, saved: Files, cell: str) -> None:
        assert unit_of(saved(UNITS, C1.replace(FIXED, cell))) == self.WHOLE

    @pytest.mark.parametrize(
        "row", [f"C1,2,{LAT},{LON},2026-06-01T12:00:10Z,2", f"C1,2,{LAT},{LON},1970-01-01T00:00Z,2"]
    )
    def test_a_time_within_what_clocks_differ_or_long_ago(self, saved: Files, row: str) -> None:
        assert unit_of(saved(UNITS, row)).callsign == "C1"

    def test_a_unit_outside_the_network_is_for_the_ledger_to_tell(self, saved: Files) -> None:
        fix = unit_of(saved(UNITS, f"C1,2,51.5,-0.12,{FIXED},2")).fix
        assert fix is not None
        assert (fix.lat, fix.lon) == (51.5, -0.12)

    @pytest.mark.parametrize(
        ("easting", "northing", "lat", "lon"),
        [
            # Points that the Ordnance Survey publishes with OSTN15.
            ("91492.146", "11318.804", 49.92226393730, -6.29977752014),
            ("250359.811", "62016.569", 50.43885825610, -4.10864563561),
            ("422242.186", "433818.701", 53.80021519630, -1.66379168242),
            ("424639.355", "565012.703", 54.97912273660, -1.61657685184),
        ],
    )
    def test_the_national_grid_as_the_ordnance_survey_has_it(
        self, saved: Files, easting: str, northing: str, lat: float, lon: float
    ) -> None:
        fix = unit_of(saved(GRID_UNITS, f"C1,2,{easting},{northing},{FIXED},2")).fix
        assert fix is not None
        assert fix.lat == pytest.approx(lat, abs=1e-8)
        assert fix.lon == pytest.approx(lon, abs=1e-8)

    def test_each_row_may_use_the_position_that_it_has(self, saved: Files) -> None:
        path = saved(BOTH_UNITS, f"C1,2,{LAT},{LON},,,{FIXED},2", f"C2,2,,,451000,516500,{FIXED},2", "C3,2,,,,,,2")
        placed = [unit.fix and round(unit.fix.lat, 4) for unit in read_units(path, BESIDE)]
        assert placed == [54.58, 54.5412, None]

    @pytest.mark.parametrize(
        "lines", [(), ("",), (" ", "", "\t"), (UNITS,), (UNITS, ""), (",,,",), ('""',), (b"\xef\xbb\xbf",)]
    )
    def test_a_file_without_units_has_none(self, saved: Files, lines: tuple[str, ...]) -> None:
        assert read_units(saved(*lines), BESIDE) == ()


class TestFile:
    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        path = tmp_path / "units.csv"
        value = "a file that cannot be read (No such file or directory)"
        assert said(read_units, path) == [f"{path}: {value} is not accepted; accepted: {A_FILE}"]

    def test_a_folder(self, tmp_path: Path) -> None:
        value = "a file that cannot be read (Is a directory)"
        assert said(read_units, tmp_path) == [f"{tmp_path}: {value} is not accepted; accepted: {A_FILE}"]

    def test_another_encoding(self, saved: Files) -> None:
        path = saved(UNITS, C1, "Café,2,,,,1\n".encode("latin-1"))
        assert said(read_units, path) == [f"{path} line 3: the byte 0xE9 is not accepted; accepted: {A_FILE}"]

    def test_the_encoding_of_a_spreadsheet(self, saved: Files) -> None:
        path = saved(f"{UNITS}\n{C1}\n".encode("utf-16"))
        (told,) = said(read_units, path)
        assert told == f"{path} line 1: the byte 0xFF is not accepted; accepted: {A_FILE} (it looks like UTF-16)"

    @pytest.mark.parametrize(
        ("content", "row"),
        [
            (f"{UNITS}\n{C1}".encode("utf-16-le"), 1),
            (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", 1),
            (f"{UNITS}\nC\0001,2,,,,1\n".encode(), 2),
        ],
    )
    def test_what_is_not_text(self, saved: Files, content: bytes, row: int) -> None:
        (told,) = said(read_units, saved(content))
        value, hint = "the character U+0000", "a binary file, or one in UTF-16"
        assert told == f"units.csv row {row}: {value} is not accepted; accepted: {A_FILE} ({hint})"

    @pytest.mark.parametrize("start", [b"\x89PNG\r\n\x1a\n", b"\x1f\x8b\x08\x00", b"\xff\xd8\xff\xe0"])
    def test_a_picture_or_an_archive(self, saved: Files, start: bytes) -> None:
        (fault,) = faults_of(read_units, saved(start))
        assert re.fullmatch(r"the (byte 0x..|character U\+0000)", fault.value)
        assert fault.accepted == A_FILE

    def test_an_open_quote(self, saved: Files) -> None:
        path = saved(UNITS, C1, '"C2,2,,,,1', "C3,2,,,,1")
        value = "text that breaks the rules of CSV (unexpected end of data)"
        assert said(read_units, path) == [f"units.csv row 3: {value} is not accepted; accepted: {A_FILE}"]

    def test_text_after_a_quote(self, saved: Files) -> None:
        (fault,) = faults_of(read_units, saved(UNITS, '"C1"x,2,,,,1'))
        assert (fault.where, fault.accepted) == ("row 2", A_FILE)


class TestHeader:
    @pytest.mark.parametrize("column", ["callsign", "status", "fixed_at", "crew"])
    def test_a_missing_column(self, saved: Files, column: str) -> None:
        header = UNITS.replace(column, "sector")
        assert said(read_units, saved(header))[0] == (
            f"units.csv row 1 {column}: a header without it is not accepted; accepted: {UNIT_HEADER}"
        )

    def test_a_missing_column_is_told_once_and_not_for_each_row(self, saved: Files) -> None:
        rows = [f"{name},2,{LAT},{LON},2" for name in ("C1", "C2")]
        path = saved("callsign,status,lat,lon,crew", *rows)
        assert [fault.field for fault in faults_of(read_units, path)] == ["fixed_at"]
        path = saved("incident_id,received_at,grade", f"N1,{FIXED},emergency", f"N2,{FIXED},emergency")
        assert [fault.field for fault in faults_of(read_incidents, path)] == ["lat, lon"]

    @pytest.mark.parametrize("header", ["callsign,status,fixed_at,crew", "callsign,status,lat,easting,fixed_at,crew"])
    def test_no_position(self, saved: Files, header: str) -> None:
        told = f"units.csv row 1 lat, lon: a header without them is not accepted; accepted: {UNIT_HEADER}"
        assert told in said(read_units, saved(header))

    @pytest.mark.parametrize(
        ("column", "meant"), [("Callsign", "callsign"), ("SKILS", "skills"), ("fix_at", "fixed_at")]
    )
    def test_an_unknown_column_and_what_was_meant(self, saved: Files, column: str, meant: str) -> None:
        header = f"{UNITS},{column}"
        assert said(read_units, saved(header, f"{C1},")) == [
            f'units.csv row 1 {column}: "{column}" is not accepted; accepted: {UNIT_COLUMNS} (did you mean {meant}?)'
        ]

    def test_a_column_without_a_name(self, saved: Files) -> None:
        path = saved(f"{UNITS},", f"{C1},")
        assert said(read_units, path) == [f'units.csv row 1 column 7: "" is not accepted; accepted: {UNIT_COLUMNS}']

    def test_a_column_twice(self, saved: Files) -> None:
        path = saved(f"{UNITS},crew", f"{C1},3")
        assert said(read_units, path) == [
            "units.csv row 1 crew: a repeated column is not accepted; accepted: each column only once"
        ]

    @pytest.mark.parametrize(("sign", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
    def test_cells_parted_by_another_sign(self, saved: Files, sign: str, name: str) -> None:
        (fault,) = faults_of(read_units, saved(UNITS.replace(",", sign), C1.replace(",", sign)))
        assert (fault.where, fault.accepted) == ("row 1", UNIT_HEADER)
        assert fault.hint == f"its cells seem to be parted by {name}"

    def test_no_header(self, saved: Files) -> None:
        assert said(read_units, saved(C1, C1)) == [f'units.csv row 1: "{C1}" is not accepted; accepted: {UNIT_HEADER}']

    def test_where_the_header_is(self, saved: Files) -> None:
        (fault,) = faults_of(read_units, saved("", "", f"{UNITS},crew", f"{C1},2"))
        assert fault.where == "row 3"


class TestAllTogether:
    def test_every_fault_of_a_row(self, saved: Files) -> None:
        row = f"C1,22,91,{LON},2026-06-01T11:59:30,-1,361,fast,two,tazer;dog,,2026-06-01T09:00Z,2026-06-01T08:00Z,N,x"
        fields = [fault.field for fault in faults_of(read_units, saved(MORE_UNITS, row))]
        once = {"fixed_at", "accuracy_m", "course_deg", "speed_kmh", "crew", "lat, lon", "duty_end", "status"}
        assert sorted(fields) == sorted([*once, "committed_grade", "skills", "skills"])

    def test_every_fault_of_a_file(self, saved: Files) -> None:
        path = saved(
            f"{UNITS},skils",
            C1 + ",",
            f"C2,22,{LAT},{LON},{FIXED},two,",
            f"C1,2,91,{LON},{FIXED},2,",
            "",
            f"C3,2,{LAT},,,1,",
            f"C4,2,{LAT},{LON},{FIXED},1,x,y",
            f"C2,2,{LON},{LAT},{FIXED},1,",
        )
        told = [(fault.where, fault.field) for fault in faults_of(read_units, path)]
        assert sorted(told) == [
            ("row 1", "skils"),
            ("row 3", "crew"),
            ("row 3", "status"),
            ("row 4", "callsign"),
            ("row 4", "lat, lon"),
            ("row 6", "fixed_at"),
            ("row 6", "lon"),
            ("row 7", ""),
            ("row 8", "callsign"),
            ("row 8", "lat, lon"),
        ]

    def test_every_fault_names_its_file_and_what_would_be_accepted(self, saved: Files) -> None:
        rows = [row for row, *_ in UNIT_FAULTS.values()]
        for fault in faults_of(read_units, saved(UNITS, *rows)):
            assert fault.source == "units.csv"
            assert re.fullmatch(r"row \d+", fault.where)
            assert fault.field
            assert fault.value
            assert fault.accepted

    def test_a_sound_row_is_no_fault_beside_others(self, saved: Files) -> None:
        rows = [row.replace("C1", f"D{number}") for number, (row, *_) in enumerate(UNIT_FAULTS.values())]
        told = [fault.where for fault in faults_of(read_units, saved(UNITS, *rows, C1))]
        assert set(told) == {f"row {number}" for number in range(2, len(rows) + 2)}

    def test_quoted_line_breaks_do_not_shift_the_rows_that_are_named(self, saved: Files) -> None:
        path = saved(f"{INCIDENTS},type", f'{N1},"a\nb\nc"', f"N2,{FIXED},{LAT},{LON},urgent,", name="incidents.csv")
        assert [fault.where for fault in faults_of(read_incidents, path)] == ["row 5"]


CELLS = st.text(max_size=12) | st.sampled_from(
    ["", LAT, LON, FIXED, "2", "nan", "1e400", '"', "\x00", "54_58", "taser;taser", "0", "-0.0", "9" * 5000, "\ud7ff"]
)


@given(
    rows=st.lists(st.lists(CELLS, max_size=16), max_size=4), header=st.sampled_from([UNITS, MORE_UNITS, BOTH_UNITS, ""])
)
@settings(max_examples=150, deadline=None)
def test_whatever_a_file_holds_it_is_read_or_its_faults_are_told(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], header: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "units.csv"
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]), "utf-8", newline="")
    told, units = read_or_told(read_units, path)
    assert all(fault.source and fault.value and fault.accepted for fault in told)
    assert all(unit.callsign and "\x00" not in unit.callsign for unit in units)


@given(content=st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_whatever_bytes_a_file_holds(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "incidents.csv"
    path.write_bytes(content)
    told, incidents = read_or_told(read_incidents, path)
    assert all(fault.source and fault.value and fault.accepted for fault in told)
    assert incidents == ()
