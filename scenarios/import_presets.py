"""The layouts that ship: what each file of them means, in columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from scenarios.evidence import Assumed
from scenarios.layouts import Cells, Form, Joined, Layout

_STATIONS: Final = Assumed(positions="stations", status="3", crew=4, duties="always", commitments="none")


def _incident_of_london(cells: Cells) -> Cells:
    """Take the rounded place where the exact one is withheld, as it is for homes."""
    return {
        "place east": cells["Easting_m"].strip() or cells["Easting_rounded"],
        "place north": cells["Northing_m"].strip() or cells["Northing_rounded"],
    }


def _mobilisation(cells: Cells) -> Cells:
    return {"free at": cells["DateAndTimeLeft"].strip() or cells["DateAndTimeReturned"]}


def _attended(cells: Cells) -> Cells:
    """Tell the hour of the call from the number's date, and the arrival from the minutes after it."""
    _, _, on = cells["IncidentNumber"].strip().rpartition("-")
    try:
        received = datetime.strptime(on, "%d%m%Y") + timedelta(hours=float(cells["HourOfCall"]))  # noqa: DTZ007
        arrived = received + timedelta(seconds=round(60 * float(cells["AttendanceTime"])))
    except ValueError:
        return {"call": f"{on} {cells['HourOfCall']}".strip(), "arrival": cells["AttendanceTime"]}
    return {"call": received.isoformat(), "arrival": arrived.isoformat()}


_LONDON_TIMES: Final = ("%d/%m/%Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%d-%b-%Y %H:%M:%S", "%d/%m/%Y %H:%M")
_TO_PRED: Final = frozenset({"IncidentNumber", "AttendanceTime", "HourOfCall", "DeployedFromStationName"})
_STATION_PLACE: Final = frozenset({"LatitudeStation", "LongitudeStation"})

LONDON_FIRE: Final = Layout(
    "london_fire",
    "London Fire Brigade's incident and mobilisation data, or attendances with their stations (ToPred.csv)",
    (
        Form(
            "incidents",
            frozenset({"IncidentNumber", "DateOfCall", "TimeOfCall", "Easting_rounded", "Easting_m"}),
            {
                "IncidentNumber": "incident_id",
                "DateOfCall": "received_date",
                "TimeOfCall": "received_time",
                "place east": "easting",
                "place north": "northing",
                "StopCodeDescription": "type",
                "IncidentStationGround": "sector",
            },
            given={"grade": "emergency"},
            times=_LONDON_TIMES,
            prepare=_incident_of_london,
            notes=(
                "The brigade has no grades: every call counts as one of the grade emergency.",
                "Places of homes are rounded to a square of 50 m by the brigade.",
            ),
        ),
        Form(
            "assignments",
            frozenset({"IncidentNumber", "Resource_Code", "DateAndTimeMobilised"}),
            {
                "IncidentNumber": "incident_id",
                "Resource_Code": "callsign",
                "free at": "cleared_at",
                "DateAndTimeMobilised": "assigned_at",
                "DateAndTimeMobile": "en_route_at",
                "DateAndTimeArrived": "on_scene_at",
            },
            times=_LONDON_TIMES,
            prepare=_mobilisation,
            notes=(
                "An appliance counts as free when it left the incident, or when it was back where that is not told.",
            ),
        ),
        Form(
            "incidents",
            _TO_PRED | {"LatitudeIncident", "LongitudeIncident"},
            {
                "IncidentNumber": "incident_id",
                "call": "received_at",
                "LatitudeIncident": "lat",
                "LongitudeIncident": "lon",
                "IncidentGroupType": "type",
            },
            given={"grade": "emergency"},
            prepare=_attended,
            notes=(
                "The brigade has no grades: every call counts as one of the grade emergency.",
                "Calls are known to the hour only: each counts as received when its hour began.",
            ),
        ),
        Form(
            "assignments",
            _TO_PRED,
            {
                "IncidentNumber": "incident_id",
                "DeployedFromStationName": "callsign",
                "call": "assigned_at",
                "arrival": "on_scene_at",
            },
            prepare=_attended,
            notes=(
                "When crews were sent is not recorded: each counts as sent when the call was received.",
                "Crews have no callsigns: each goes by the name of the station that it came from.",
            ),
        ),
        Form(
            "duties",
            _TO_PRED | _STATION_PLACE,
            {
                "DeployedFromStationName": "callsign",
                "call": "start",
                "LatitudeStation": "lat",
                "LongitudeStation": "lon",
            },
            prepare=_attended,
            first_only=True,
            notes=("Only stations from which somebody was sent are known.",),
            assume=_STATIONS,
        ),
    ),
    time_zone="Europe/London",
)

DALLAS_POLICE: Final = Layout(
    "dallas_police",
    "Dallas Police Department's active calls",
    (
        Form(
            "incidents",
            frozenset({"incident_number", "date_time", "nature_of_call", "priority", "beat"}),
            {
                "incident_number": "incident_id",
                "date_time": "received_at",
                "nature_of_call": "type",
                "priority": "grade",
                "beat": "sector",
            },
            values={"grade": {"1": "emergency", "2": "priority", "3": "standard", "4": "standard"}},
            first_only=True,
            notes=(
                "Calls have no coordinates: none of them can be judged.",
                "Priority 1 counts as emergency, 2 as priority, 3 and 4 as standard.",
            ),
        ),
        Form(
            "assignments",
            frozenset({"incident_number", "date_time", "unit_number"}),
            {"incident_number": "incident_id", "unit_number": "callsign", "date_time": "assigned_at"},
            notes=("When units were sent is not recorded: each counts as sent at the time of its call.",),
        ),
    ),
    time_zone="America/Chicago",
)


def _call_of_jemss(cells: Cells) -> Cells:
    """Tell the end of the wait for a decision."""
    return {"arrival in days": cells["arrivalTime"]}


_JEMSS_STATIONS: Final = Joined("stations", frozenset({"index", "x", "y", "capacity"}), "stationIndex", "index")

JEMSS: Final = Layout(
    "jemss",
    "files of a JEMSS simulation: calls, ambulances and stations",
    (
        Form(
            "incidents",
            frozenset({"index", "priority", "x", "y", "arrivalTime"}),
            {"index": "incident_id", "arrival in days": "received_at", "x": "lon", "y": "lat", "priority": "grade"},
            values={"grade": {"1": "emergency", "2": "priority", "3": "standard"}},
            times=("days",),
            prepare=_call_of_jemss,
            section="calls",
            notes=(
                "Calls are those of a simulation; who was sent is not in its files.",
                "Priority 1 counts as emergency, 2 as priority, 3 as standard.",
            ),
        ),
        Form(
            "duties",
            frozenset({"index", "stationIndex", "class"}),
            {"index": "callsign", "stations.x": "lon", "stations.y": "lat", "first day": "start"},
            times=("days",),
            prepare=lambda _cells: {"first day": "0"},
            section="ambulances",
            joined=_JEMSS_STATIONS,
            notes=("Ambulances are on duty all the time, and stand at their stations.",),
            assume=Assumed(positions="stations", status="3", crew=2, duties="always"),
        ),
    ),
)

POLICE_UK: Final = Layout(
    "police_uk",
    "street-level crime of data.police.uk",
    (
        Form(
            "demand",
            frozenset({"Month", "Longitude", "Latitude", "Crime type"}),
            {"Month": "month", "Longitude": "lon", "Latitude": "lat", "Crime type": "type"},
            notes=(
                "Nothing can be replayed: the files say in which month and near which point something happened.",
                "demand.csv is for simulations.",
            ),
        ),
    ),
    time_zone="Europe/London",
)

GENERIC: Final = Layout("generic", "CSV files named after their tables, with the columns of this product")
RECORD: Final = Layout("record", "what 'nearest csv-out' writes", time_zone="UTC")

LAYOUTS: Final[Mapping[str, Layout]] = {
    layout.name: layout for layout in (GENERIC, RECORD, LONDON_FIRE, DALLAS_POLICE, JEMSS, POLICE_UK)
}
