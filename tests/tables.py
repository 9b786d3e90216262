"""Files of units and incidents for tests: columns, rows, and how each is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dispatch.model import Unit
from graphs.errors import Fault, InputError
from nightshift import CLEVELAND
from roadmaps import draw
from scenarios.checks import Beside
from scenarios.tables import read_units

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
TOWN = draw("A---B---C", "A-B-C")
BESIDE = Beside(CLEVELAND, TOWN.network, NOW)
LAT, LON = "54.58", "-1.25"
FIXED = "2026-06-01T11:59:30Z"
FIXED_AT = datetime(2026, 6, 1, 11, 59, 30, tzinfo=UTC)
UNITS = "callsign,status,lat,lon,fixed_at,crew"
C1 = f"C1,2,{LAT},{LON},{FIXED},2"
MORE_UNITS = (
    "callsign,status,lat,lon,fixed_at,accuracy_m,course_deg,speed_kmh,crew,skills,sector,duty_start,duty_end,"
    "incident_id,committed_grade"
)
GRID_UNITS = "callsign,status,easting,northing,fixed_at,crew"
BOTH_UNITS = "callsign,status,lat,lon,easting,northing,fixed_at,crew"
INCIDENTS = "incident_id,received_at,lat,lon,grade"
N1 = f"N1,{FIXED},{LAT},{LON},emergency"
MORE_INCIDENTS = f"{INCIDENTS},type,tags,needs,units_needed,sector,address,phone,people,on_road"
A_TIME = "ISO 8601 with an offset, such as 2026-01-31T23:10:00Z or 2026-01-31T23:10:00+00:00"
BOX = "a point of the network drawn.map: lat 54.5710 to 54.5890, lon -1.2655 to -1.2221"
GRADES = "emergency, priority, standard, scheduled, resolved_without_deployment"
STATUSES = "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
SKILLS = (
    "taser, method_of_entry, domestic_abuse_trained, response_driver, public_order, negotiator, mental_health, firearms"
)
TAGS = (
    "domestic_abuse, vulnerable, repeat_victim, child_at_risk, firearm_seen, cut_off_call, suspect_present, weapon_seen"
)
UNIT_COLUMNS = (
    "lat, lon, easting, northing, callsign, status, fixed_at, accuracy_m, course_deg, speed_kmh, crew, skills, sector, "
    "duty_start, duty_end, incident_id, committed_grade"
)
UNIT_HEADER = "a header with callsign, status, fixed_at, crew, and lat, lon or easting, northing"
A_FILE = "a CSV file in UTF-8 with a header"
Files = Callable[..., Path]


def save(folder: Path, *lines: str | bytes, name: str = "units.csv") -> Path:
    """Write lines, or bytes as they are, to a file."""
    path = folder / name
    path.write_bytes(b"".join(line if isinstance(line, bytes) else f"{line}\n".encode() for line in lines))
    return path


def faults_of(read: Callable[[Path, Beside], Any], path: Path) -> Sequence[Fault]:
    with pytest.raises(InputError) as refused:
        read(path, BESIDE)
    return refused.value.faults


def said(read: Callable[[Path, Beside], Any], path: Path) -> list[str]:
    """Return what people are told, a line for each fault; the file must be refused."""
    return [str(fault) for fault in faults_of(read, path)]


def read_or_told(
    read: Callable[[Path, Beside], tuple[Any, ...]], path: Path
) -> tuple[Sequence[Fault], tuple[Any, ...]]:
    """Return the faults of a file, or else what it holds."""
    try:
        return (), read(path, BESIDE)
    except InputError as refused:
        return refused.faults, ()


def unit_of(path: Path) -> Unit:
    """Return the one unit of a file."""
    (unit,) = read_units(path, BESIDE)
    return unit


# For each unit: the row, and what is said about it after "units.csv row 2 ".
UNIT_FAULTS = {
    "lat 91": (C1.replace(LAT, "91"), "lat, lon: 91, -1.25", "lat -90 to 90, lon -180 to 180", ""),
    "lon -181": (C1.replace(LON, "-181"), "lat, lon: 54.58, -181", "lat -90 to 90, lon -180 to 180", ""),
    "swapped": (
        f"C1,2,{LON},{LAT},{FIXED},2",
        "lat, lon: -1.25, 54.58",
        BOX,
        "lat and lon seem to be swapped: the other way round it is inside",
    ),
    "nowhere": (
        f"C1,2,0,0,{FIXED},2",
        "lat, lon: 0, 0",
        "a real place",
        "a receiver without a fix reports 0, 0; leave the position empty if there is none",
    ),
    "grid as degrees": (
        f"C1,2,451000,516500,{FIXED},2",
        "lat, lon: 451000, 516500",
        "lat -90 to 90, lon -180 to 180",
        "looks like British National Grid: give it as easting and northing",
    ),
    "a naive time": (
        C1.replace("Z", ""),
        'fixed_at: "2026-06-01T11:59:30"',
        A_TIME,
        "it has no offset, so it could be any zone's time",
    ),
    "a date": (C1.replace(FIXED, "2026-06-01"), 'fixed_at: "2026-06-01"', A_TIME, "a date without a time"),
    "a time of day": (C1.replace(FIXED, "11:59:30Z"), 'fixed_at: "11:59:30Z"', A_TIME, ""),
    "a British date": (C1.replace(FIXED, "01/06/2026 11:59"), 'fixed_at: "01/06/2026 11:59"', A_TIME, ""),
    "seconds since 1970": (C1.replace(FIXED, "1780315170"), 'fixed_at: "1780315170"', A_TIME, ""),
    "a time before all clocks": (
        C1.replace(FIXED, "0001-01-01T00:00:00+01:00"),
        'fixed_at: "0001-01-01T00:00:00+01:00"',
        f"{A_TIME}, in the years 1970 to 2199",
        "",
    ),
    "a time in the future": (
        C1.replace(FIXED, "2026-06-01T12:00:10.001Z"),
        "fixed_at: 2026-06-01T12:00:10.001000+00:00",
        "a time up to now, 2026-06-01T12:00:00+00:00, or 10 s later for clocks that differ",
        "",
    ),
    "no time": (C1.replace(FIXED, ""), "fixed_at: nothing", A_TIME, "an undated position may be of any age"),
    "no latitude": (C1.replace(LAT, ""), "lat: nothing", "lat and lon together, or neither", ""),
    "no longitude": (C1.replace(LON, ""), "lon: nothing", "lat and lon together, or neither", ""),
    "no callsign": (C1.replace("C1", ""), "callsign: nothing", "a callsign, each only once", ""),
    "a code too many": (C1.replace("C1,2", "C1,12"), 'status: "12"', STATUSES, ""),
    "a word for a code": (C1.replace("C1,2", "C1,patrol"), 'status: "patrol"', STATUSES, ""),
    "a word for a crew": (f"C1,2,{LAT},{LON},{FIXED},two", 'crew: "two"', None, ""),
    "half an officer": (f"C1,2,{LAT},{LON},{FIXED},1.5", 'crew: "1.5"', None, ""),
    "fewer than nobody": (f"C1,2,{LAT},{LON},{FIXED},-1", "crew: -1", None, ""),
    "a coachload": (f"C1,2,{LAT},{LON},{FIXED},51", "crew: 51", None, ""),
    "a number as programs write it": (f"C1,2,{LAT},{LON},{FIXED},1_0", 'crew: "1_0"', None, ""),
    "digits of another script": (f"C1,2,{LAT},{LON},{FIXED},٢", 'crew: "٢"', None, ""),
    "not a number": (C1.replace(LAT, "nan"), "lat: NaN", "degrees of latitude, -90 to 90", "a finite number"),
    "infinity": (C1.replace(LON, "-inf"), "lon: -Infinity", "degrees of longitude, -180 to 180", "a finite number"),
    "more than a number holds": (
        C1.replace(LAT, "1e999"),
        "lat: Infinity",
        "degrees of latitude, -90 to 90",
        "a finite number",
    ),
    "degrees and minutes": (C1.replace(LAT, "54°35'"), "lat: \"54°35'\"", "degrees of latitude, -90 to 90", ""),
    "a decimal comma": (C1.replace(LAT, '"54,58"'), 'lat: "54,58"', "degrees of latitude, -90 to 90", ""),
    "what would steer a terminal": (
        C1.replace("C1", "C\x1b[31m1"),
        'callsign: "C\\u001b[31m1"',
        "text without control characters",
        "it has U+001B",
    ),
}  # fmt: skip
