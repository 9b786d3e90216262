"""Rows of units and incidents: what is said about everything that is wrong with one."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from scenarios.tables import read_incidents, read_units
from tables import (
    A_TIME,
    BESIDE,
    BOTH_UNITS,
    BOX,
    C1,
    FIXED,
    GRADES,
    GRID_UNITS,
    INCIDENTS,
    LAT,
    LON,
    N1,
    SKILLS,
    TAGS,
    UNIT_FAULTS,
    UNITS,
    Files,
    faults_of,
    said,
    save,
    unit_of,
)


@pytest.fixture
def saved(tmp_path: Path) -> Files:
    return partial(save, tmp_path)


@pytest.mark.parametrize("case", UNIT_FAULTS)
def test_a_fault_of_a_unit(saved: Files, case: str) -> None:
    row, found, accepted, hint = UNIT_FAULTS[case]
    accepted = accepted or "a whole number of officers aboard, 0 to 50"
    expected = f"units.csv row 2 {found} is not accepted; accepted: {accepted}"
    assert said(read_units, saved(UNITS, row)) == [f"{expected} ({hint})" if hint else expected]


# For each: the cell's column, the cell, the value as told, and what is accepted.
CELL_FAULTS = [
    ("accuracy_m", "-1", "-1.0", "metres, 0 or more"),
    ("accuracy_m", "inf", "Infinity", "metres, 0 or more (a finite number)"),
    ("course_deg", "361", "361.0", "degrees, 0 to 360"),
    ("course_deg", "N", '"N"', "degrees, 0 to 360"),
    ("speed_kmh", "401", "401.0", "km/h, 0 to 400"),
    ("speed_kmh", "NaN", "NaN", "km/h, 0 to 400 (a finite number)"),
    ("skills", "tazer", '"tazer"', f"{SKILLS} (did you mean taser?)"),
    ("skills", "Taser", '"Taser"', f"{SKILLS} (did you mean taser?)"),
    ("committed_grade", "emergancy", '"emergancy"', f"{GRADES} (did you mean emergency?)"),
    (
        "duty_start",
        "2026-06-01T07:00",
        '"2026-06-01T07:00"',
        f"{A_TIME} (it has no offset, so it could be any zone's time)",
    ),
]


@pytest.mark.parametrize(("column", "cell", "value", "accepted"), CELL_FAULTS)
def test_a_fault_of_another_column(saved: Files, column: str, cell: str, value: str, accepted: str) -> None:
    path = saved(f"{UNITS},{column}", f"{C1},{cell}")
    assert said(read_units, path) == [f"units.csv row 2 {column}: {value} is not accepted; accepted: {accepted}"]


# For each column: values at the ends of its range, and just beyond them.
RANGES = {
    "accuracy_m": (["0", "5000"], ["-0.1"]),
    "course_deg": (["0", "360"], ["-0.1", "360.1"]),
    "speed_kmh": (["0", "400"], ["-0.1", "400.1"]),
}


@pytest.mark.parametrize("column", RANGES)
def test_the_ends_of_a_range(saved: Files, column: str) -> None:
    within, beyond = RANGES[column]
    header = f"{UNITS},{column}"
    for cell in within:
        assert unit_of(saved(header, f"{C1},{cell}")).callsign == "C1"
    for cell in beyond:
        assert [fault.field for fault in faults_of(read_units, saved(header, f"{C1},{cell}"))] == [column]


@pytest.mark.parametrize("crew", [0, 1, 50])
def test_the_ends_of_a_crew(saved: Files, crew: int) -> None:
    assert unit_of(saved(UNITS, f"C1,2,{LAT},{LON},{FIXED},{crew}")).crew == crew


@pytest.mark.parametrize(("cell", "needed"), [("1", 1), ("50", 50), ("", 1)])
def test_the_ends_of_how_many_units(saved: Files, cell: str, needed: int) -> None:
    (asked,) = read_incidents(saved(f"{INCIDENTS},units_needed", f"{N1},{cell}"), BESIDE)
    assert asked.units_needed == needed
    (fault,) = faults_of(read_incidents, saved(f"{INCIDENTS},units_needed", f"{N1},51"))
    assert fault.field == "units_needed"


@pytest.mark.parametrize(("lat", "lon"), [("51.4779", "0"), ("0", "32.58"), ("90", "180"), ("-90", "-180")])
def test_greenwich_and_the_equator_are_real_places(saved: Files, lat: str, lon: str) -> None:
    fix = unit_of(saved(UNITS, f"C1,2,{lat},{lon},{FIXED},2")).fix
    assert fix is not None
    assert (fix.lat, fix.lon) == (float(lat), float(lon))


@pytest.mark.parametrize("status", ["2x", "22", "100", "1O"])
def test_a_code_is_not_guessed_at(saved: Files, status: str) -> None:
    (fault,) = faults_of(read_units, saved(UNITS, f"C1,{status},{LAT},{LON},{FIXED},2"))
    assert (fault.field, fault.hint) == ("status", "")


def test_a_list_too_long_to_be_meant(saved: Files) -> None:
    (fault,) = faults_of(read_units, saved(f"{UNITS},skills", f"{C1},{';'.join(['taser'] * 101)}"))
    assert (fault.where, fault.field) == ("row 2", "skills")
    assert len(fault.value) < 80
    assert fault.hint == "100 at most"


def test_a_duty_that_ends_before_it_starts(saved: Files) -> None:
    path = saved(f"{UNITS},duty_start,duty_end", f"{C1},2026-06-01T07:00Z,2026-06-01T07:00Z")
    moment = "2026-06-01T07:00:00+00:00"
    accepted = f"a moment after duty_start, {moment}"
    assert said(read_units, path) == [f"units.csv row 2 duty_end: {moment} is not accepted; accepted: {accepted}"]


def test_a_duty_across_a_clock_change_is_as_long_as_it_is(saved: Files) -> None:
    duty = "2026-10-25T01:30:00+01:00,2026-10-25T01:10:00+00:00"
    unit = unit_of(saved(f"{UNITS},duty_start,duty_end", f"{C1},{duty}"))
    assert unit.duty_start is not None
    assert unit.duty_end is not None
    assert unit.duty_end - unit.duty_start == timedelta(minutes=40)


GRID = "a point of Great Britain: easting 0 to 700000, northing 0 to 1300000"
GRID_FAULTS = [
    ("54.58,-1.25", "54.58, -1.25", f"{GRID} (looks like degrees: give them as lat and lon)"),
    ("151.2,-33.8", "151.2, -33.8", f"{GRID} (looks like degrees: give them as lat and lon)"),
    ("-1.25,54.58", "-1.25, 54.58", f"{GRID} (looks like degrees: give them as lat and lon)"),
    ("0,0", "0, 0", f"{GRID} (a receiver without a fix reports 0, 0; leave the position empty if there is none)"),
    ("800000,516500", "800000, 516500", GRID),
    ("451000,-516500", "451000, -516500", GRID),
]


@pytest.mark.parametrize(("cells", "value", "accepted"), GRID_FAULTS)
def test_a_fault_of_a_grid_position(saved: Files, cells: str, value: str, accepted: str) -> None:
    told = f"units.csv row 2 easting, northing: {value} is not accepted; accepted: {accepted}"
    assert said(read_units, saved(GRID_UNITS, f"C1,2,{cells},{FIXED},2")) == [told]


def test_a_swapped_grid_position(saved: Files) -> None:
    # The town is at 448534, 520842.
    (fault,) = faults_of(read_units, saved(GRID_UNITS, f"C1,2,520842,448534,{FIXED},2"))
    assert (fault.field, fault.value[:14], fault.accepted) == ("easting, northing", "520842, 448534", BOX)
    assert fault.hint == "easting and northing seem to be swapped: the other way round it is inside"


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (f"{LAT},{LON},451000,516500", ["easting, northing: a second position"]),
        (f"{LAT},,,516500", ["lon: nothing", "easting: nothing"]),
        (f"{LAT},,451000,", ["lon: nothing", "northing: nothing", "easting, northing: a second position"]),
    ],
)
def test_a_position_of_both_kinds(saved: Files, cells: str, told: list[str]) -> None:
    found = said(read_units, saved(BOTH_UNITS, f"C1,2,{cells},{FIXED},2"))
    assert [line.removeprefix("units.csv row 2 ").split(" is not accepted")[0] for line in found] == told


def test_a_callsign_twice(saved: Files) -> None:
    path = saved(UNITS, C1, C1.replace("C1", "C2"), C1, " C1 ,,,,,")
    assert said(read_units, path) == [
        f'units.csv row {row} callsign: "C1" is not accepted; accepted: each callsign only once (also in row 2)'
        for row in (4, 5)
    ]


@pytest.mark.parametrize(("cells", "told"), [("9", "7 cells"), ("9,9,", "9 cells")])
def test_more_cells_than_columns(saved: Files, cells: str, told: str) -> None:
    assert said(read_units, saved(UNITS, f"{C1},{cells}")) == [
        f"units.csv row 2: {told} is not accepted; accepted: 6 cells, as the header has"
    ]


INCIDENT_FAULTS = [
    (f"N1,{FIXED},{LAT},{LON},urgent", "grade", '"urgent"', GRADES),
    (f"N1,{FIXED},{LAT},{LON},Emergency", "grade", '"Emergency"', f"{GRADES} (did you mean emergency?)"),
    (f"N1,{FIXED},{LAT},{LON},", "grade", "nothing", "a grade of the force profile"),
    (f"N1,{FIXED},51.5,-0.12,emergency", "lat, lon", "51.5, -0.12", BOX),
    (
        f"N1,{FIXED},{LON},{LAT},emergency",
        "lat, lon",
        "-1.25, 54.58",
        f"{BOX} (lat and lon seem to be swapped: the other way round it is inside)",
    ),
    (f"N1,{FIXED},,,emergency", "lat, lon", "nothing", "lat and lon, or easting and northing"),
    (f"N1,{FIXED},{LAT},,emergency", "lon", "nothing", "lat and lon together, or neither"),
    (
        f"N1,2026-06-01T13:00:00+00:00,{LAT},{LON},emergency",
        "received_at",
        "2026-06-01T13:00:00+00:00",
        "a time up to now, 2026-06-01T12:00:00+00:00, or 10 s later for clocks that differ",
    ),
]


@pytest.mark.parametrize(("row", "field", "value", "accepted"), INCIDENT_FAULTS)
def test_a_fault_of_an_incident(saved: Files, row: str, field: str, value: str, accepted: str) -> None:
    path = saved(INCIDENTS, row, name="incidents.csv")
    told = f"incidents.csv row 2 {field}: {value} is not accepted; accepted: {accepted}"
    assert said(read_incidents, path) == [told]


@pytest.mark.parametrize(
    ("column", "cell", "value", "accepted"),
    [
        ("tags", "domestic abuse", '"domestic abuse"', f"{TAGS} (did you mean domestic_abuse?)"),
        ("needs", "dog", '"dog"', SKILLS),
        ("units_needed", "0", "0", "a whole number, 1 to 50"),
        ("units_needed", "1.5", '"1.5"', "a whole number, 1 to 50"),
        ("on_road", "perhaps", '"perhaps"', "true or false: whether it is on the carriageway itself"),
    ],
)
def test_a_fault_of_another_column_of_an_incident(
    saved: Files, column: str, cell: str, value: str, accepted: str
) -> None:
    path = saved(f"{INCIDENTS},{column}", f"{N1},{cell}", name="incidents.csv")
    told = f"incidents.csv row 2 {column}: {value} is not accepted; accepted: {accepted}"
    assert said(read_incidents, path) == [told]


def test_an_incident_twice_but_nameless_ones_are_not_one(saved: Files) -> None:
    nameless = N1.replace("N1", "")
    path = saved(INCIDENTS, N1, nameless, nameless, N1, name="incidents.csv")
    assert said(read_incidents, path) == [
        'incidents.csv row 5 incident_id: "N1" is not accepted; accepted: each incident_id only once (also in row 2)'
    ]
