"""CSV in and out: cells that no spreadsheet runs, lists as tables, tables in, and a night that goes there and back."""

from __future__ import annotations

import csv
import io
import json
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli import main
from databases import new_database
from dispatch.force import Force
from graphs.closures import read_closures
from graphs.network import Network
from scenarios.cells import cell, harmless, meant, write_table
from scenarios.checks import Beside
from scenarios.csv_out import CLOSURES, COLUMNS, MANIFEST
from scenarios.desk_rows import TABLES
from scenarios.history import read_history
from scenarios.manifest import Manifest
from scenarios.tables import read_units
from test_desk_http import CALL, FOLDER, START, Desk, desk, manned, open_desk, simple

__all__ = ["desk", "manned", "simple"]
FORMULAS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


class TestCells:
    @given(text=st.text())
    def test_a_text_reads_back_as_it_was(self, text: str) -> None:
        assert meant(harmless(text)) == text

    @given(text=st.text(st.sampled_from(FORMULAS + "'a1(")))
    def test_no_text_begins_like_a_formula(self, text: str) -> None:
        assert not harmless(text).startswith(tuple(FORMULAS))

    @given(text=st.text())
    def test_what_others_wrote_is_not_cut(self, text: str) -> None:
        assert meant(text) == text or text.startswith(tuple(f"'{sign}" for sign in FORMULAS + "'"))

    def test_a_number_is_no_formula(self) -> None:
        assert cell(-1.25) == "-1.25"
        assert cell("-1.25") == "'-1.25"

    @given(rows=st.lists(st.fixed_dictionaries({"a": st.text(), "b": st.text()})))
    def test_a_table_reads_back(self, rows: list[dict[str, str]]) -> None:
        read = csv.DictReader(io.StringIO(write_table(["a", "b"], rows), newline=""))
        assert [{key: meant(value) for key, value in row.items()} for row in read] == rows

    def test_lists_and_objects(self) -> None:
        assert (cell(None), cell(value=True), cell(["a", "b"]), cell([{"a": 1}])) == ("", "true", "a;b", '[{"a":1}]')


def table(answer: Any) -> list[dict[str, str]]:
    assert (answer.status_code, answer.mimetype) == (200, "text/csv"), answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def as_csv(desk: Desk, path: str) -> list[dict[str, str]]:
    return table(desk.client.get(path, headers={"Accept": "text/csv"}))


class TestLists:
    def test_units(self, manned: Desk) -> None:
        told, rows = manned.get("/v1/units")["units"], as_csv(manned, "/v1/units")
        assert [row["callsign"] for row in rows] == [unit["callsign"] for unit in told]
        assert float(rows[0]["fix.lat"]) == told[0]["fix"]["lat"]
        assert rows[0]["skills"] == ";".join(told[0]["skills"])

    def test_incidents_cannot_carry_a_formula(self, simple: Desk) -> None:
        simple.done("/v1/incidents", {**CALL, "type": '=HYPERLINK("http://x","click")', "phone": "+44 1642 326326"})
        (row,) = as_csv(simple, "/v1/incidents")
        assert row["type"] == '\'=HYPERLINK("http://x","click")'
        assert row["phone"] == "'+44 1642 326326"

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/reviews",
            "/v1/tasks",
            "/v1/markers",
            "/v1/assessments?from=2026-11-20T00:00:00Z&to=2026-11-22T00:00:00Z",
        ],
    )
    def test_an_empty_list_is_an_empty_table(self, simple: Desk, path: str) -> None:
        assert as_csv(simple, path) == []

    def test_disclosures_and_reviews(self, simple: Desk) -> None:
        name = simple.done("/v1/incidents", CALL)["incident_id"]
        simple.done(f"/v1/incidents/{name}/dash", {"ticks": 16})
        who = {"recipient": {"organisation": "@partner"}, "purpose": "mutual_aid", "lawful_basis": "vital_interests"}
        simple.done(f"/v1/incidents/{name}/disclosures", who)
        day = "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z"
        (row,) = as_csv(simple, f"/v1/disclosures?{day}")
        assert (row["recipient.organisation"], row["incident_id"]) == ("'@partner", name)
        assert [row["level"] for row in as_csv(simple, "/v1/reviews")] == ["high"]

    def test_the_record_goes_on_by_a_link(self, simple: Desk) -> None:
        for _ in range(2):
            simple.done("/v1/incidents", CALL)
        path = "/v1/record?limit=1&kind=incident_received"
        answer = simple.client.get(path, headers={"Accept": "text/csv"})
        (row,) = table(answer)
        assert row["kind"] == "incident_received"
        assert answer.headers["Link"] == f'<{path}&after={row["seq"]}>; rel="next"'

    @pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html", "application/json, text/csv;q=0.5"])
    def test_json_unless_csv_is_wanted(self, simple: Desk, accept: str) -> None:
        answer = simple.client.get("/v1/units", headers={"Accept": accept})
        assert answer.mimetype == "application/json"
        assert "Accept" in answer.headers["Vary"]

    def test_a_problem_stays_a_problem(self, simple: Desk) -> None:
        answer = simple.client.get("/v1/disclosures", headers={"Accept": "text/csv"})
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


def send(desk: Desk, path: str, text: str, key: str = "") -> Any:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": key or str(uuid.uuid4())}
    return desk.client.post(path, data=text.encode(), headers=headers)


def sent(desk: Desk, path: str, text: str) -> Any:
    answer = send(desk, path, text)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json


POSITIONS = (
    "callsign,fixed_at,lat,lon,accuracy_m\nR1,2026-11-21T01:14:00Z,57.69,11.97,\nR2,2026-11-21T01:14:00Z,57.7,11.96,5\n"
)


class TestPositionsIn:
    def test_are_stored(self, desk: Desk) -> None:
        assert sent(desk, "/v1/positions", POSITIONS)["stored"] == 2
        assert sent(desk, "/v1/positions", POSITIONS) == {"stored": 0, "known": 2, "refused": []}

    def test_every_fault_is_told_by_row_and_nothing_is_stored(self, simple: Desk) -> None:
        bad = POSITIONS.replace("11.97", "east").replace("57.7,", "257.7,")
        answer = send(simple, "/v1/positions", bad)
        assert answer.status_code == 422
        assert [(fault["where"], fault["field"]) for fault in answer.json["faults"]] == [
            ("row 2", "lon"),
            ("row 3", "lat"),
        ]
        assert sent(simple, "/v1/positions", POSITIONS)["stored"] == 2

    def test_what_was_refused_stays_refused(self, simple: Desk) -> None:
        text = "callsign,fixed_at,lat,lon,refused\nR1,2026-11-21T01:14:00Z,57.69,11.97,outdated\n"
        assert [each["because"] for each in sent(simple, "/v1/positions", text)["refused"]] == ["outdated"]


INCIDENTS = (
    "incident_id,received_at,lat,lon,grade,type,tags,people,closed_at\n"
    "N-1,2026-11-21T01:00:00Z,57.69995,11.9397,emergency,Fight,,Ann Smith,\n"
    "N-2,2026-11-21T01:05:00Z,57.6936,11.97328,standard,Burglary,,,\n"
    "N-0,2026-11-20T01:05:00Z,57.6936,11.97328,standard,Burglary,,,2026-11-20T05:00:00Z\n"
)


class TestTablesIn:
    def test_incidents(self, desk: Desk) -> None:
        told = sent(desk, "/v1/import/incidents", INCIDENTS)
        assert (told["rows"], told["passed_over"]) == (2, 1)
        open_ = {case["incident_id"]: case for case in desk.get("/v1/incidents")["incidents"]}
        assert open_.keys() == {"N-1", "N-2"}
        assert (open_["N-1"]["received_at"], open_["N-1"]["people"]) == ("2026-11-21T01:00:00+00:00", ["Ann Smith"])

    def test_twice_by_one_key_is_once(self, simple: Desk) -> None:
        first, again = (send(simple, "/v1/import/incidents", INCIDENTS, "one") for _ in range(2))
        assert first.get_data() == again.get_data()
        assert send(simple, "/v1/import/incidents", INCIDENTS + "\n\n", "one").status_code == 422
        assert len(simple.get("/v1/incidents")["incidents"]) == 2

    def test_all_rows_or_none(self, desk: Desk) -> None:
        bad = INCIDENTS.replace("standard,Burglary,,,\n", "urgent,Burglary,,,\n")
        answer = send(desk, "/v1/import/incidents", bad)
        assert [(fault["where"], fault["field"]) for fault in answer.json["faults"]] == [("row 3", "grade")]
        assert desk.get("/v1/incidents")["incidents"] == []

    def test_what_the_record_speaks_against_is_told_by_row(self, simple: Desk) -> None:
        sent(simple, "/v1/import/incidents", INCIDENTS)
        rows = (
            "N-9,2026-11-21T01:01:00Z,priority",
            "N-2,2026-11-21T01:01:00Z,urgent",
            "N-2,2026-11-21T01:02:00Z,priority",
        )
        text = "\n".join(("incident_id,at,grade", *rows))
        answer = send(simple, "/v1/import/regrades", text)
        assert [fault["where"] for fault in answer.json["faults"]] == ["row 2", "row 3"]
        assert "no incident N-9 is open" in answer.json["faults"][0]["hint"]
        assert {case["grade"] for case in simple.get("/v1/incidents")["incidents"]} == {"emergency", "standard"}

    def test_duties_statuses_and_assignments(self, simple: Desk) -> None:
        sent(simple, "/v1/import/incidents", INCIDENTS)
        first = 'R1,2026-11-20T22:00:00Z,2026-11-21T07:00:00Z,2,taser,"57.7,11.97"'
        duties = f"callsign,start,end,crew,skills,home\n{first}\nR2,2026-11-20T22:00:00Z,,1,,\n"
        sent(simple, "/v1/import/duties", duties)
        sent(simple, "/v1/import/statuses", "callsign,at,status\nR1,2026-11-21T01:14:00Z,2\n")
        first = "N-1,R1,2026-11-21T01:02:00Z,2026-11-21T01:03:00Z,,"
        second = "N-2,R2,2026-11-21T01:06:00Z,,2026-11-21T01:08:00Z,2026-11-21T01:09:00Z"
        text = f"incident_id,callsign,assigned_at,en_route_at,on_scene_at,cleared_at\n{first}\n{second}\n"
        sent(simple, "/v1/import/assignments", text)
        units = {unit["callsign"]: unit for unit in simple.get("/v1/units")["units"]}
        assert (units["R1"]["incident_id"], units["R1"]["home"], units["R1"]["skills"]) == (
            "N-1",
            [57.7, 11.97],
            ["taser"],
        )
        assert units["R2"]["incident_id"] is None
        (sent_,) = simple.get("/v1/incidents/N-2")["assignments"]
        assert (sent_["step"], sent_["at_scene_at"]) == ("clear", "2026-11-21T01:08:00+00:00")

    def test_two_units_at_once_have_two_duties(self, simple: Desk) -> None:
        sent(simple, "/v1/import/duties", "callsign,start\nR1,2026-11-20T22:00:00Z\nR2,2026-11-20T22:00:00Z\n")
        first, second = (unit["duty"] for unit in simple.get("/v1/units")["units"])
        seq = int(first.removeprefix("R1/"))
        assert second == f"R2/{seq + 1}"
        (event,) = simple.get("/v1/record?subject=R1")["events"]
        assert event["seq"] == seq

    def test_units_with_where_they_are(self, desk: Desk) -> None:
        text = "callsign,status,lat,lon,fixed_at\nR1,2,57.6936,11.97328,2026-11-21T01:14:00Z\n"
        assert send(desk, "/v1/import/units", text + "R2,2,57.6936,11.97328,\n").status_code == 422
        assert send(desk, "/v1/import/units", text + "R2,99,57.6936,11.97328,2026-11-21T01:14:00Z\n").status_code == 422
        desk.done("/v1/units/R1/on-duty", {"status": "3"})
        assert desk.get("/v1/units/R1")["fix"] is None
        assert sent(desk, "/v1/import/units", text)["rows"] == 1
        unit = desk.get("/v1/units/R1")
        assert (unit["status"], unit["fix"]["lat"]) == ("2", 57.6936)
        assert sent(desk, "/v1/import/units", text)["passed_over"] == 1

    def test_a_step_before_the_one_that_it_follows_is_refused(self, simple: Desk) -> None:
        sent(simple, "/v1/import/incidents", INCIDENTS)
        sent(simple, "/v1/import/units", "callsign,status\nR1,2\n")
        text = (
            "incident_id,callsign,assigned_at,on_scene_at,reason\nN-1,R1,2026-11-21T01:02:00Z,2026-11-21T01:01:00Z,\n"
        )
        assert send(simple, "/v1/import/assignments", text).json["faults"][0]["field"] == "at_scene"
        answer = send(simple, "/v1/import/assignments", text.replace("01:01:00Z,", "01:03:00Z,because"))
        assert answer.json["faults"][0]["field"] == "reason"

    def test_closures(self, simple: Desk) -> None:
        document = json.loads((FOLDER / "closures.geojson").read_text())
        told = simple.done("/v1/import/closures", {"type": "FeatureCollection", "features": document["features"]})
        assert told["rows"] == len(document["features"])

    @pytest.mark.parametrize(
        ("path", "text", "status"),
        [
            ("/v1/import/officers", "callsign\nR1\n", 404),
            ("/v1/import/units", "", 422),
            ("/v1/import/units", "callsign,colour\nR1,red\n", 422),
            ("/v1/import/units", "callsign,status\nR1,2\nR1,2\n", 422),
            ("/v1/import/units", "callsign,status\n" + "".join(f"R{n},2\n" for n in range(1001)), 422),
            ("/v1/import/units", 'callsign,status\n"R1,2\n', 422),
            ("/v1/import/statuses", "callsign,at,status\nR1,2026-11-21T01:14:00,2\n", 422),
            ("/v1/import/duties", "callsign,start,end\nR1,2026-11-19T22:00:00Z,2026-11-20T07:00:00Z\n", 422),
        ],
    )
    def test_what_is_not_accepted(self, simple: Desk, path: str, text: str, status: int) -> None:
        answer = send(simple, path, text)
        assert answer.status_code == status, answer.text
        assert simple.get("/v1/units")["units"] == []

    def test_bytes_and_media_types(self, simple: Desk) -> None:
        key = {"Idempotency-Key": "x"}
        headers = {**key, "Content-Type": "text/csv"}
        assert simple.client.post("/v1/import/units", data=b"callsign\n\xff\n", headers=headers).status_code == 422
        assert simple.client.post("/v1/import/units", json={}, headers=key).status_code == 415
        assert (
            simple.client.post(
                "/v1/import/units", data="callsign\nR1\n", headers={"Content-Type": "text/csv"}
            ).status_code
            == 422
        )


NAMES = sorted({name for model, _ in TABLES.values() for name in model.model_fields})
CELLS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["2", "emergency", "R1", "N-1", "2026-01-31T23:09:00Z", "54.579", "-1.245", "clear", "\ud800", "1e400"]
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    table_=st.sampled_from([*TABLES, "positions"]),
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True),
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=4),
)
def test_any_table_is_recorded_or_refused(
    http: FlaskClient, table_: str, names: list[str], rows: list[list[str]]
) -> None:
    needed = [name for name in NAMES if table_ in TABLES and TABLES[table_][0].model_fields.get(name, None) is not None]
    header = list(dict.fromkeys([*names, *(needed[:4] if len(rows) % 2 else ())]))
    lines = [header, *([*row, *[""] * len(header)][: len(header)] for row in rows)]
    out = io.StringIO(newline="")
    csv.writer(out).writerows(lines)
    path = "/v1/positions" if table_ == "positions" else f"/v1/import/{table_}"
    headers = {"Content-Type": "text/csv", "Idempotency-Key": str(uuid.uuid4())}
    answer = http.post(path, data=out.getvalue().encode("utf-8", "surrogatepass"), headers=headers)
    assert answer.status_code in {200, 201, 422}, answer.text


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_refused(http: FlaskClient, raw: bytes) -> None:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": str(uuid.uuid4())}
    assert http.post("/v1/import/statuses", data=raw, headers=headers).status_code == 422


def serve(desk: Desk) -> None:
    """A quarter of an hour: two calls, one unit sent to each, one of the calls ends, a road is closed."""
    first = desk.done("/v1/incidents", {**CALL, "people": ["Ann Smith"], "phone": "+44 1642 326326"})["incident_id"]
    second = desk.done("/v1/incidents", {"lat": 57.6936, "lon": 11.97328, "grade": "standard"})["incident_id"]
    sending = desk.done(f"/v1/incidents/{first}/recommendations")["suggested"][0]
    desk.done(f"/v1/incidents/{first}/assignments", {"callsign": sending})
    desk.later(60)
    desk.done(f"/v1/incidents/{first}/assignments/{sending}/en-route")
    desk.done(f"/v1/incidents/{second}/regrade", {"grade": "priority", "because": "he is back"})
    third = desk.done("/v1/incidents", {"lat": 57.70, "lon": 11.97, "grade": "standard"})["incident_id"]
    other = desk.done(f"/v1/incidents/{third}/recommendations")["suggested"][0]
    desk.done(f"/v1/incidents/{third}/assignments", {"callsign": other})
    for step in ("en-route", "at-scene", "clear"):
        desk.later(60)
        desk.done(f"/v1/incidents/{third}/assignments/{other}/{step}")
    desk.done(f"/v1/incidents/{third}/close", {"outcome": "=advice given"})
    area = [[[11.92, 57.69], [11.96, 57.69], [11.96, 57.705], [11.92, 57.705], [11.92, 57.69]]]
    shape = {"type": "Polygon", "coordinates": area}
    feature = {"type": "Feature", "geometry": shape, "properties": {"name": "Crowd", "factor": 0.1}}
    desk.done("/v1/closures", {"closure_id": "crowd", "feature": feature})


def write_out(desk: Desk, folder: Path, *more: str) -> dict[str, list[dict[str, str]]]:
    address = desk.client.application.extensions["nearest"].desk.store.url.render_as_string(hide_password=False)
    result = CliRunner().invoke(main, ["csv-out", "--database", address, "-o", str(folder), *more])
    assert result.exit_code == 0, result.output
    return {name: list(csv.DictReader((folder / name).read_text("utf-8").splitlines())) for name in COLUMNS}


class TestOut:
    def test_the_files_of_a_night(self, manned: Desk, tmp_path: Path, gothenburg: Network) -> None:
        serve(manned)
        out = tmp_path / "night"
        files = write_out(manned, out)
        assert {path.name for path in out.iterdir()} == {*COLUMNS, CLOSURES, MANIFEST}
        manifest = tomllib.loads((out / MANIFEST).read_text())
        for name, told in manifest["files"].items():
            assert told["sha256"] == sha256((out / name).read_bytes()).hexdigest()
        force = Force.read(FOLDER / "force.toml")
        assert (manifest["force"]["hash"], manifest["network"]["hash"]) == (force.hash, gothenburg.hash)
        assert [row["grade"] for row in files["regrades.csv"]] == ["priority"]
        assert [row["ended"] for row in files["assignments.csv"]] == ["", "clear"]
        closed = [row for row in files["incidents.csv"] if row["closed_at"]]
        assert [row["outcome"] for row in closed] == ["'=advice given"]
        assert all(row["entered_at"] for row in files["statuses.csv"])
        assert len(read_closures(out / CLOSURES, gothenburg).changes) == 1
        beside = Beside(force, gothenburg, START.replace(hour=3))
        assert len(read_units(out / "units.csv", beside)) == len(files["units.csv"])
        history = read_history(out / "incidents.csv", force, Manifest.read(out / MANIFEST), START.replace(hour=3))
        assert (len(history.sound), history.refused) == (3, ())

    def test_hindsight_is_left_out_of_a_period(self, manned: Desk, tmp_path: Path) -> None:
        serve(manned)
        end = START.replace(minute=16).isoformat()
        files = write_out(manned, tmp_path / "early", "--to", end)
        assert files["regrades.csv"] == []
        assert [row["en_route_at"] for row in files["assignments.csv"]] == [""]
        assert {row["incident_id"] for row in files["units.csv"]} > {""}
        later = write_out(manned, tmp_path / "late", "--from", end)
        assert len(later["regrades.csv"]) == 1
        assert len(later["incidents.csv"]) == 1

    def test_equal_records_give_equal_files(self, manned: Desk, tmp_path: Path) -> None:
        serve(manned)
        for name in ("one", "two"):
            write_out(manned, tmp_path / name)
        for path in (tmp_path / "one").iterdir():
            assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


class TestWhatWasKnown:
    def test_an_incident_is_written_as_it_was_received(self, manned: Desk, tmp_path: Path) -> None:
        first = manned.done("/v1/incidents", CALL)["incident_id"]
        manned.later(60)
        other = manned.done("/v1/incidents", {**CALL, "grade": "standard", "tags": ["weapon_seen"]})["incident_id"]
        changes = {"lat": 57.70, "lon": 11.98, "tags": ["domestic_abuse", "suspect_present"]}
        manned.done(f"/v1/incidents/{first}/amend", changes)
        manned.later(60)
        manned.done(f"/v1/incidents/{other}/link", {"duplicate_of": first})
        files = write_out(manned, tmp_path / "night")
        told = {row["incident_id"]: row for row in files["incidents.csv"]}
        assert (float(told[first]["lat"]), told[first]["tags"]) == (CALL["lat"], ";".join(CALL.get("tags", [])))
        assert (told[first]["merged_into"], told[other]["merged_into"]) == ("", first)
        assert told[other]["tags"] == "weapon_seen"
        amended = [row for row in files["amendments.csv"] if row["incident_id"] == first]
        assert (amended[0]["field"], amended[0]["value"]) == ("place", "57.7,11.98")
        tags = [set(row["value"].split(";")) for row in amended if row["field"] == "tags"]
        assert tags[0] == {"domestic_abuse", "suspect_present"}
        assert tags[-1] >= {"domestic_abuse", "suspect_present", "weapon_seen"}
        assert all(row["at"] and row["entered_at"] for row in files["amendments.csv"])

    def test_a_period_begins_with_what_was_true_already(self, manned: Desk, tmp_path: Path) -> None:
        first = manned.done("/v1/incidents", CALL)["incident_id"]
        sending = manned.done(f"/v1/incidents/{first}/recommendations")["suggested"][0]
        manned.done(f"/v1/incidents/{first}/assignments", {"callsign": sending})
        manned.later(60)
        manned.done(f"/v1/incidents/{first}/assignments/{sending}/en-route")
        manned.later(60)
        start = manned.now
        whole = write_out(manned, tmp_path / "whole")
        late = write_out(manned, tmp_path / "late", "--from", start)
        assert late["incidents.csv"] == []
        (sent,) = late["assignments.csv"]
        assert (sent["incident_id"], sent["callsign"], sent["cleared_at"]) == (first, sending, "")
        assert sent["en_route_at"]
        on_duty = [row["callsign"] for row in late["duties.csv"]]
        last = {row["callsign"]: row for row in whole["statuses.csv"]}
        assert {row["callsign"]: row for row in late["statuses.csv"]} == last
        assert len(late["statuses.csv"]) == len(last) <= len(on_duty)

    def test_what_had_ended_by_then_is_left_out(self, manned: Desk, tmp_path: Path) -> None:
        first = manned.done("/v1/incidents", CALL)["incident_id"]
        sending = manned.done(f"/v1/incidents/{first}/recommendations")["suggested"][0]
        manned.done(f"/v1/incidents/{first}/assignments", {"callsign": sending})
        for step in ("en-route", "at-scene", "clear"):
            manned.later(60)
            manned.done(f"/v1/incidents/{first}/assignments/{sending}/{step}")
        manned.done(f"/v1/units/{sending}/off-duty")
        manned.later(60)
        late = write_out(manned, tmp_path / "late", "--from", manned.now)
        assert late["assignments.csv"] == []
        assert sending not in {row["callsign"] for table_ in ("statuses", "duties") for row in late[f"{table_}.csv"]}


@contextmanager
def another(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path}/other.db"
        return
    with new_database(request.getfixturevalue("postgresql")) as url:
        yield url


CARRIED = ("status", "crew", "skills", "sector", "duty_start", "duty_end", "incident_id", "fix")
TOLD = ("received_at", "lat", "lon", "grade", "type", "tags", "address", "phone", "people", "stage", "sector")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_night_there_and_back(
    manned: Desk, kind: str, request: pytest.FixtureRequest, tmp_path: Path, gothenburg_file: Path
) -> None:
    serve(manned)
    write_out(manned, tmp_path / "night")

    def text(name: str) -> str:
        return (tmp_path / "night" / name).read_text("utf-8")

    with another(kind, request, tmp_path) as url, open_desk(gothenburg_file, url) as empty:
        empty.later(600)
        told = json.loads(text(CLOSURES))
        sent(empty, "/v1/positions", text("positions.csv"))
        for table_ in ("units", "incidents", "regrades", "assignments"):
            sent(empty, f"/v1/import/{table_}", text(f"{table_}.csv").replace("\r\n", "\n"))
        empty.done("/v1/import/closures", {"type": told["type"], "features": told["features"]})
        for path, member, name, carried in (
            ("/v1/units", "units", "callsign", CARRIED),
            ("/v1/incidents", "incidents", "incident_id", TOLD),
        ):
            before, after = (
                {each[name]: {key: each[key] for key in carried} for each in one.get(path)[member]}
                for one in (manned, empty)
            )
            assert after == before
        for name in before:
            gone, come = (one.get(f"/v1/incidents/{name}")["assignments"] for one in (manned, empty))
            steps = ("callsign", "step", "assigned_at", "en_route_at", "at_scene_at", "ended_at", "reason")
            assert [[each[key] for key in steps] for each in come] == [[each[key] for key in steps] for each in gone]
        shapes = [one.get("/v1/closures")["features"] for one in (manned, empty)]
        assert [each["geometry"] for each in shapes[1]] == [each["geometry"] for each in shapes[0]]
