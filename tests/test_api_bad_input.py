"""Whatever is sent, the answer says what is wrong with it, and never that the service is."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.bodies import MAX_DEPTH
from api.problems import MAX_LISTED
from api.schemas import MAX_ROWS
from clients import client_over
from conftest import NIGHT

ASK = "/v1/recommendations"
Body = dict[str, Any]
Change = Callable[[Body], object]


@pytest.fixture
def body(http: FlaskClient) -> Body:
    """A body that is answered, to be spoilt."""
    return copy.deepcopy(http.application.extensions["nearest"].example)


def test_unspoilt_it_is_answered(http: FlaskClient, body: Body) -> None:
    assert http.post(ASK, json=body).status_code == 200


def told(response: TestResponse, status: int) -> list[dict[str, str]]:
    """Return the faults of a problem."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    faults: list[dict[str, str]] = response.get_json()["faults"]
    assert all(fault["accepted"] for fault in faults)
    return faults


def place(fault: dict[str, str]) -> tuple[str, str]:
    return fault["where"], fault["field"]


def unit(**fields: Any) -> Change:
    return lambda body: body["units"][1].update(fields)


def incident(**fields: Any) -> Change:
    return lambda body: body["incident"].update(fields)


def without(*path: Any) -> Change:
    def change(body: Body) -> None:
        inner: Any = body
        for part in path[:-1]:
            inner = inner[part]
        del inner[path[-1]]

    return change


def moved(**fields: Any) -> Change:
    def change(body: Body) -> None:
        row = body["incident"]
        body["incident"] = {key: row[key] for key in row if key not in {"lat", "lon"}} | fields

    return change


def whole(**fields: Any) -> Change:
    return lambda body: body.update(fields)


EARLY, LATE = "2026-01-31T21:00:00Z", "2026-01-31T22:00:00Z"
FAR = {"incident_id": "N-1", "grade": "standard", "lat": 50, "lon": 0}
NAN, INFINITY = float("nan"), float("inf")
ONE_FAULT: dict[str, tuple[Change, str, str, str]] = {
    "lat 91": (unit(lat=91.0), "/units/1", "lat, lon", "lat -90 to 90"),
    "swapped, unit": (lambda body: _swap(body["units"][1]), "/units/1", "lat, lon", "swapped"),
    "swapped, incident": (lambda body: _swap(body["incident"]), "/incident", "lat, lon", "swapped"),
    "0, 0": (unit(lat=0, lon=0), "/units/1", "lat, lon", "a receiver without a fix"),
    "grid as degrees": (unit(lat=448600, lon=520550), "/units/1", "lat, lon", "British National Grid"),
    "incident on the grid": (incident(lat=448600.0, lon=520550.0), "/incident", "lat, lon", "British National Grid"),
    "half a position": (without("units", 1, "lon"), "/units/1", "lon", "together"),
    "two positions": (unit(easting=448600, northing=520550), "/units/1", "easting, northing", "not both"),
    "off the grid": (moved(easting=-5, northing=3), "/incident", "easting, northing", "Great Britain"),
    "no position": (moved(), "/incident", "lat, lon", "easting and northing"),
    "outside": (incident(lat=54.7), "/incident", "lat, lon", "a point of the network"),
    "naive fix": (unit(fixed_at="2026-01-31T23:09:41"), "/units/1", "fixed_at", "no offset"),
    "naive now": (whole(now="2026-01-31T23:10:00"), "", "now", "no offset"),
    "a date": (whole(now="2026-01-31"), "", "now", "a date without a time"),
    "a number for a time": (incident(received_at=1769900000), "/incident", "received_at", "ISO 8601"),
    "a year past clocks": (whole(now="9999-12-31T23:59:59-12:00"), "", "now", "2199"),
    "a year before clocks": (incident(received_at="0001-01-01T00:00:00+05:00"), "/incident", "received_at", "1970"),
    "future fix": (unit(fixed_at="2026-01-31T23:10:11Z"), "/units/1", "fixed_at", "up to now"),
    "future call": (incident(received_at="2026-01-31T23:10:11Z"), "/incident", "received_at", "up to now"),
    "undated fix": (without("units", 1, "fixed_at"), "/units/1", "fixed_at", "undated"),
    "duty ends first": (unit(duty_start=LATE, duty_end=EARLY), "/units/1", "duty_end", "after duty_start"),
    "status": (unit(status="22"), "/units/1", "status", "0, 1, 2, 3, 4, 5"),
    "skill": (unit(skills=["tazer"]), "/units/1", "skills", "did you mean taser?"),
    "needed skill": (incident(needs=["taser", "tazer"]), "/incident", "needs", "did you mean taser?"),
    "grade": (incident(grade="emergancy"), "/incident", "grade", "did you mean emergency?"),
    "committed grade": (unit(committed_grade="urgent"), "/units/1", "committed_grade", "emergency, priority"),
    "tag": (incident(tags=["domestic"]), "/incident", "tags", "domestic_abuse"),
    "callsign again": (unit(callsign="R21"), "/units/1", "callsign", "also in /units/0"),
    "no callsign": (without("units", 1, "callsign"), "/units/1", "callsign", "a callsign"),
    "empty callsign": (unit(callsign=""), "/units/1", "callsign", "a callsign"),
    "half a character": (unit(callsign="\ud800"), "/units/1", "callsign", "a callsign"),
    "unknown key of a unit": (unit(fixed_on="x"), "/units/1", "fixed_on", "did you mean fixed_at?"),
    "unknown key of the incident": (incident(tag=["x"]), "/incident", "tag", "did you mean tags?"),
    "unknown key of the body": (whole(unit=[]), "", "unit", "did you mean units?"),
    "text for a number": (unit(lat="54.58"), "/units/1", "lat", "degrees of latitude"),
    "true for a number": (unit(crew=True), "/units/1", "crew", "officers aboard"),
    "a fraction of an officer": (unit(crew=1.5), "/units/1", "crew", "officers aboard"),
    "a number for text": (unit(callsign=21), "/units/1", "callsign", "a callsign"),
    "text for a list": (unit(skills="taser"), "/units/1", "skills", "skill names"),
    "a list too long": (incident(people=["somebody"] * 101), "/incident", "people", "names of people"),
    "text for true": (incident(on_road="yes"), "/incident", "on_road", "true"),
    "no units needed": (incident(units_needed=0), "/incident", "units_needed", "1 to 50"),
    "a list for a unit": (lambda body: body["units"].append([]), "/units/2", "", "callsign"),
    "null for a unit": (lambda body: body["units"].append(None), "/units/2", "", "callsign"),
    "an object for units": (whole(units={}), "", "units", "a list of every unit"),
    "too many units": (whole(units=[{}] * (MAX_ROWS + 1)), "", "units", f"{MAX_ROWS} at most"),
    "a list for the incident": (whole(incident=[]), "", "incident", "an object"),
    "no incident": (without("incident"), "", "incident", "the incident asked about"),
    "neither": (without("units"), "", "units, picture", "exactly one"),
    "null for units": (whole(units=None), "", "units, picture", "exactly one"),
    "NaN": (unit(lat=NAN), "/units/1", "lat", "a finite number"),
    "infinity": (incident(lon=-INFINITY), "/incident", "lon", "a finite number"),
    "NaN for text": (incident(type=NAN), "/incident", "type", "text for people"),
    "NaN nowhere": (whole(nan=NAN), "", "nan", "now, incident"),
    "an open incident outside": (whole(incidents=[FAR]), "/incidents/0", "lat, lon", "a point of the network"),
}


def _swap(row: Body) -> None:
    row["lat"], row["lon"] = row["lon"], row["lat"]


@pytest.mark.parametrize("case", ONE_FAULT)
def test_one_fault(http: FlaskClient, body: Body, case: str) -> None:
    change, where, field, words = ONE_FAULT[case]
    change(body)
    (fault,) = told(http.post(ASK, data=json.dumps(body), content_type="application/json"), 422)
    assert (fault["source"], *place(fault)) == ("body", where, field)
    assert words in f"{fault['accepted']} ({fault['hint']})"


def test_what_was_found_is_said(http: FlaskClient, body: Body) -> None:
    unit(lat=91.0)(body)
    (fault,) = told(http.post(ASK, json=body), 422)
    assert fault["value"].startswith("91, ")


def test_all_faults_of_a_body_are_told_together(http: FlaskClient, body: Body) -> None:
    whole(now="noon", colour="red", picture="demonstration")(body)
    incident(grade="emergancy", lat=0.0, tags=["x"])(body)
    body["units"] += [
        {"callsign": "R21"},
        {"callsign": "R9", "lat": 91, "lon": 0, "fixed_at": EARLY},
        {"callsign": "R8", "status": "x"},
        7,
    ]
    body["incidents"] = [{"grade": "standard", "lat": 54.5795, "lon": -1.247, "units": 3}]
    faults = told(http.post(ASK, json=body), 422)
    assert sorted(place(fault) for fault in faults) == [
        ("", "colour"),
        ("", "incidents"),
        ("", "now"),
        ("", "picture"),
        ("", "units, picture"),
        ("/incident", "grade"),
        ("/incident", "lat, lon"),
        ("/incident", "tags"),
        ("/incidents/0", "units"),
        ("/units/2", "callsign"),
        ("/units/3", "lat, lon"),
        ("/units/4", "status"),
        ("/units/5", ""),
    ]
    assert http.post(ASK, json=body).get_json()["detail"].startswith("13 faults; the first: body now:")


def test_faults_beyond_reading_are_counted(http: FlaskClient, body: Body) -> None:
    body["units"] = [{"callsign": ""}] * (MAX_LISTED + 1)
    response = http.post(ASK, json=body)
    assert len(told(response, 422)) == MAX_LISTED
    assert response.get_json()["detail"].startswith(f"{MAX_LISTED + 1} faults, of which {MAX_LISTED} are listed")


def test_a_picture_that_the_service_does_not_have(http: FlaskClient, body: Body) -> None:
    body["picture"] = body.pop("units") and "demonstration"
    (fault,) = told(http.post(ASK, json=body), 422)
    assert (fault["field"], "no demonstration picture" in fault["accepted"]) == ("picture", True)


def test_another_picture(http: FlaskClient, body: Body) -> None:
    del body["units"]
    faults = told(http.post(ASK, json={**body, "picture": "yesterday"}), 422)
    assert {fault["field"] for fault in faults} == {"picture"}


@pytest.mark.parametrize("value", [[], "units", 7, None, True, NAN])
def test_not_an_object(http: FlaskClient, value: object) -> None:
    (fault,) = told(http.post(ASK, data=json.dumps(value), content_type="application/json"), 422)
    assert fault["accepted"] == "an object with now, incident, units, incidents, picture"


MALFORMED: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "line 1, column 1", "the end of the text"),
    "cut off": (b'{"units": [', "line 1, column 12", "the end of the text"),
    "a comma too many": (b'{\n  "units": [],\n}', "line 3, column 1", '"}"'),
    "single quotes": (b"{'units': []}", "line 1, column 2", "'units'"),
    "two values": (b"{} {}", "line 1, column 4", "{}"),
    "XML": (b"<units/>", "line 1, column 1", "<units/>"),
    "not UTF-8": (b'{"type": "caf\xe9"}', "byte 13", "not UTF-8"),
    "UTF-16": ('{"units": []}'.encode("utf-16"), "byte 0", "not UTF-8"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "", "deep nesting"),
    "deeper than any body": (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "/0" * MAX_DEPTH, "deep nesting"),
    "a number without end": (b"1" * 5000, "", "a number too long"),
    "NaN misspelt": (b'{"lat": nan}', "line 1, column 9", "nan"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_json(http: FlaskClient, case: str) -> None:
    raw, where, value = MALFORMED[case]
    response = http.post(ASK, data=raw, content_type="application/json")
    (fault,) = told(response, 400)
    assert response.get_json()["type"] == "/problems/malformed-json"
    assert fault["where"] == where
    assert value in fault["value"]


def test_the_depth_that_is_accepted(http: FlaskClient) -> None:
    raw = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    told(http.post(ASK, data=raw, content_type="application/json"), 422)


def test_a_key_given_twice_would_lose_one_of_its_values(http: FlaskClient) -> None:
    raw = b'{"incident": {"lat": 54.5, "lon": 1, "lat": 55}, "units": [{}], "units": []}'
    faults = told(http.post(ASK, data=raw, content_type="application/json"), 400)
    assert [place(fault) for fault in faults] == [("", "units"), ("/incident", "lat")]
    nested = b'{"units": [{}, {"a/b~": {"c": 1, "c": 1, "d": 2}}]}'
    (fault,) = told(http.post(ASK, data=nested, content_type="application/json"), 400)
    assert place(fault) == ("/units/1/a~1b~0", "c")


@pytest.mark.parametrize("declared", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_not_declared_as_json(http: FlaskClient, body: Body, declared: str | None) -> None:
    response = http.post(ASK, data=json.dumps(body), content_type=declared)
    (fault,) = told(response, 415)
    assert (fault["field"], fault["accepted"]) == ("Content-Type", "application/json")


def test_a_compressed_body_is_not_guessed_at(http: FlaskClient, body: Body) -> None:
    headers = {"Content-Encoding": "gzip"}
    (fault,) = told(http.post(ASK, json=body, headers=headers), 415)
    assert (fault["field"], fault["value"]) == ("Content-Encoding", "gzip")


def test_the_limit_of_a_body_is_what_the_setting_says(town_file: Path) -> None:
    client = client_over(town_file, lambda: NIGHT, max_body_bytes=2000)
    example = json.dumps(client.application.extensions["nearest"].example)
    assert client.post(ASK, data=example.ljust(2000), content_type="application/json").status_code == 200
    (fault,) = told(client.post(ASK, data=example.ljust(2001), content_type="application/json"), 413)
    assert fault["accepted"] == "2000 bytes at most"


def test_a_body_that_ends_too_soon(http: FlaskClient, body: Body) -> None:
    raw = json.dumps(body).encode()
    longer = {"CONTENT_LENGTH": str(len(raw) + 1)}
    response = http.post(ASK, data=raw, content_type="application/json", environ_overrides=longer)
    (fault,) = told(response, 400)
    assert fault["value"] == "a body that could not be read to its end"


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
def test_a_body_of_unknown_length(town_file: Path, body: Body, more: int, status: int) -> None:
    raw = json.dumps(body).encode()
    client = client_over(town_file, lambda: NIGHT, max_body_bytes=len(raw))
    stream = BytesIO(raw + b" " * more)
    response = client.post(
        ASK,
        input_stream=stream,
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == status


IN = "54.5795,-1.2485"
QUERIES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "nothing": ("", [("from", "LAT,LON"), ("to", "LAT,LON")]),
    "one end": (f"from={IN}", [("to", "LAT,LON")]),
    "lat 91": (f"from=91,1&to={IN}", [("from", "lat -90 to 90")]),
    "text": (f"from=here&to={IN}", [("from", "LAT,LON")]),
    "one number": (f"from=54.5&to={IN}", [("from", "LAT,LON")]),
    "three numbers": (f"from={IN}&to=1,2,3", [("to", "LAT,LON")]),
    "NaN": (f"from=nan,1&to={IN}", [("from", "lat -90 to 90")]),
    "infinity": (f"from={IN}&to=1,-inf", [("to", "lon -180 to 180")]),
    "swapped": (f"from=-1.2485,54.5795&to={IN}", [("from", "swapped")]),
    "swapped off the globe": (f"from=120,50&to={IN}", [("from", "may be swapped")]),
    "grid": (f"from=448600,520550&to={IN}", [("from", "British National Grid")]),
    "0, 0": (f"from={IN}&to=0,0", [("to", "a point of the network")]),
    "outside, both": ("from=50,0&to=51,0", [("from", "a point of the network"), ("to", "a point of the network")]),
    "profile": (f"from={IN}&to={IN}&profile=respons", [("profile", "did you mean response?")]),
    "unknown parameter": (f"from={IN}&to={IN}&form=1,1", [("form", "did you mean from?")]),
    "a report": (
        f"from={IN}&to={IN}&course_deg=361&speed_kmh=nan&accuracy_m=x&on_road=1",
        [
            ("course_deg", "a number, 0 to 360"),
            ("speed_kmh", "0 to 400"),
            ("accuracy_m", "0 to 10000"),
            ("on_road", "true"),
        ],
    ),
    "given twice": (f"from={IN}&to={IN}&to=1,1", [("to", "each parameter once")]),
    "moment": (f"from={IN}&to={IN}&at=noon", [("at", "ISO 8601")]),
    "moment without an offset": (f"from={IN}&to={IN}&at=2026-01-31T23:10:00", [("at", "no offset")]),
    "a plus that is a space": (f"from={IN}&to={IN}&at=2026-01-31T23:10:00+01:00", [("at", "write %2B")]),
    "all at once": (
        "from=x&to=91,0&profile=y&z=1",
        [("z", "from, course_deg"), ("from", ""), ("to", ""), ("profile", "")],
    ),
}


@pytest.mark.parametrize("case", QUERIES)
def test_a_bad_query(http: FlaskClient, case: str) -> None:
    query, expected = QUERIES[case]
    faults = told(http.get(f"/v1/route?{query}"), 422)
    assert [fault["field"] for fault in faults] == [field for field, _ in expected]
    for fault, (_, words) in zip(faults, expected, strict=True):
        assert fault["source"] == "query"
        assert words in f"{fault['accepted']} ({fault['hint']})"


FULL = ";".join([IN] * 101)
OTHER_QUERIES: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "table, nothing": ("table", [("", "origins", "semicolon"), ("", "destinations", "semicolon")]),
    "table, empty": (f"table?origins=&destinations={IN}", [("", "origins", "semicolon")]),
    "table, a place": (f"table?origins={IN};91,1;{IN}&destinations={IN}", [("place 2", "origins", "lat -90 to 90")]),
    "table, the only place": (f"table?origins=91,1&destinations={IN}", [("", "origins", "lat -90 to 90")]),
    "table, a semicolon too many": (f"table?origins={IN};&destinations={IN}", [("place 2", "origins", "LAT,LON")]),
    "table, swapped": (
        f"table?origins={IN}&destinations=-1.2485,54.5795;50,0",
        [("place 1", "destinations", "swapped"), ("place 2", "destinations", "a point of the network")],
    ),
    "table, too large": (
        f"table?origins={FULL}&destinations={FULL.removesuffix(IN)}{IN}",
        [("", "origins, destinations", "10,000 pairs at most")],
    ),
    "table, a profile and a moment": (
        f"table?origins={IN}&destinations={IN}&profile=blue&at=1",
        [("", "profile", "normal, response"), ("", "at", "ISO 8601")],
    ),
    "table, parameters": (
        f"table?origins={IN}&destinations={IN}&destinations={IN}&minutes=1",
        [("", "destinations", "each parameter once"), ("", "minutes", "origins, destinations, profile, at")],
    ),
    "nearest, nothing": ("nearest", [("", "to", "LAT,LON"), ("", "from", "no demonstration picture")]),
    "nearest, nobody": (f"nearest?to={IN}&from=", [("", "from", "semicolon")]),
    "nearest, too many": (f"nearest?to={IN}&from=" + ";".join([IN] * 10_001), [("", "from", "10,000 places at most")]),
    "nearest, none asked for": (f"nearest?to={IN}&from={IN}&k=0", [("", "k", "1 to 100")]),
    "nearest, more than anybody reads": (f"nearest?to={IN}&from={IN}&k=101", [("", "k", "1 to 100")]),
    "nearest, half": (f"nearest?to={IN}&from={IN}&k=1.5", [("", "k", "1 to 100")]),
    "nearest, a number of digits": (f"nearest?to={IN}&from={IN}&k=" + "9" * 5000, [("", "k", "1 to 100")]),
    "reachable, nothing": ("reachable", [("", "from", "semicolon"), ("", "minutes", "above 0 and up to 30")]),
    "reachable, no time": (f"reachable?from={IN}&minutes=0", [("", "minutes", "above 0")]),
    "reachable, a time twice": (f"reachable?from={IN}&minutes=5,5.0", [("", "minutes", "each once")]),
    "reachable, too long": (f"reachable?from={IN}&minutes=5,61", [("", "minutes", "up to 30")]),
    "reachable, NaN": (f"reachable?from={IN}&minutes=nan", [("", "minutes", "above 0")]),
    "reachable, semicolons": (f"reachable?from={IN}&minutes=5;10", [("", "minutes", "a comma between")]),
    "reachable, too many times": (
        f"reachable?from={IN}&minutes={','.join(map(str, range(1, 12)))}",
        [("", "minutes", "5 numbers at most")],
    ),
    "reachable, too many places": (f"reachable?from={FULL}&minutes=5", [("", "from", "100 places at most")]),
    "reachable, roads": (f"reachable?from={IN}&minutes=5&roads=yes", [("", "roads", "true or false")]),
    "closures": ("closures?at=now&to=1", [("", "to", "at"), ("", "at", "ISO 8601")]),
}


@pytest.mark.parametrize("case", OTHER_QUERIES)
def test_another_bad_query(http: FlaskClient, case: str) -> None:
    query, expected = OTHER_QUERIES[case]
    faults = told(http.get(f"/v1/{query}"), 422)
    assert [(fault["where"], fault["field"]) for fault in faults] == [case[:2] for case in expected]
    for fault, (*_, words) in zip(faults, expected, strict=True):
        assert words in f"{fault['accepted']} ({fault['hint']})"


def test_the_size_of_a_table_that_is_refused_is_said(http: FlaskClient) -> None:
    (fault,) = told(http.get(f"/v1/table?origins={FULL}&destinations={FULL}"), 422)
    assert fault["value"] == "101 x 101 places, 10,201 pairs"
