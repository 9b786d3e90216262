"""Each trap in the records that auditors get, as a tiny record, and what becomes of it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from brought import ASSIGNMENTS, GENERIC, INCIDENTS, ONE, at, bring
from graphs.errors import InputError
from scenarios.import_asked import asked_of
from scenarios.import_out import bring_in

# The clocks of Europe/London went back on 25 October 2026 at 02:00, and forward on 29 March.
NIGHT = INCIDENTS + "N1,2026-10-25T00:50:00,54.57,-1.23,emergency\n"


def sent(*rows: str) -> str:
    return ASSIGNMENTS + "".join(f"{row}\n" for row in rows)


class TestClocks:
    def test_dispatched_0155_arrived_0105(self, tmp_path: Path) -> None:
        rows = sent("N1,R1,2026-10-25T01:55:00,,2026-10-25T01:05:00,2026-10-25T02:30:00")
        made = bring(tmp_path, {"incidents.csv": NIGHT, "assignments.csv": rows})
        (one,) = made.evidence.assignments["N1"]
        assert (one.assigned_at, one.on_scene_at) == (at("2026-10-25T00:55Z"), at("2026-10-25T01:05Z"))
        assert made.told["settled"] == {"order": 1}
        assert any("clocks went back" in note for note in made.told["notes"])

    def test_the_receipt_is_told_by_the_steps_after_it(self, tmp_path: Path) -> None:
        call = INCIDENTS + "N1,2026-10-25T01:50:00,54.57,-1.23,emergency\n"
        rows = sent("N1,R1,2026-10-25T01:55:00,,2026-10-25T01:05:00,")
        made = bring(tmp_path, {"incidents.csv": call, "assignments.csv": rows})
        assert made.evidence.incidents[0].received_at == at("2026-10-25T00:50Z")

    def test_two_readings_in_order_are_not_guessed(self, tmp_path: Path) -> None:
        rows = sent("N1,R1,2026-10-25T00:55:00,,2026-10-25T01:05:00,2026-10-25T02:30:00")
        made = bring(tmp_path, {"incidents.csv": NIGHT, "assignments.csv": rows})
        assert made.counts("assignments") == (1, 0, 1)
        assert "there twice" in made.reason("assignments")
        assert "on_scene_at" in made.reason("assignments")
        assert made.evidence.quarantined.keys() == {"N1"}

    @pytest.mark.parametrize(("which", "hour"), [("earlier", "00:05"), ("later", "01:05")])
    def test_unless_the_manifest_says_which(self, tmp_path: Path, which: str, hour: str) -> None:
        rows = sent("N1,R1,2026-10-25T00:55:00,,2026-10-25T01:05:00,2026-10-25T02:30:00")
        files = {"incidents.csv": NIGHT, "assignments.csv": rows}
        made = bring(tmp_path, files, f'{GENERIC}ambiguous = "{which}"\n')
        assert made.evidence.assignments["N1"][0].on_scene_at == at(f"2026-10-25T{hour}Z")
        assert made.told["settled"] == {"manifest": 1}

    def test_a_receipt_that_nothing_settles(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE + "N2,2026-10-25T01:10:00,54.57,-1.23,emergency\n"})
        assert made.counts("incidents") == (2, 1, 1)
        assert "there twice" in made.reason("incidents")

    def test_the_hour_that_was_not_there(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE + "N2,2026-03-29T01:30:00,54.57,-1.23,emergency\n"})
        assert "clocks went forward" in made.reason("incidents")

    def test_a_status_in_the_hour_that_was_there_twice(self, tmp_path: Path) -> None:
        statuses = "callsign,at,status\nR1,2026-10-25T01:10:00,2\nR1,2026-10-25T01:10:00+00:00,2\n"
        made = bring(tmp_path, {"incidents.csv": ONE, "statuses.csv": statuses})
        assert made.counts("statuses") == (2, 1, 1)

    def test_positions_in_the_hours_that_were_there_twice_or_never(self, tmp_path: Path) -> None:
        rows = ("2026-10-25T01:10:00", "2026-03-29T01:30:00", "2026-10-25T00:10:00", "2026-10-25 01:20:00+01:00")
        text = "callsign,fixed_at,lat,lon\n" + "".join(f"R1,{row},54.57,-1.23\n" for row in rows)
        made = bring(tmp_path, {"incidents.csv": ONE, "positions.csv": text})
        assert made.counts("positions") == (4, 2, 2)
        assert [row["row"] for row in made.aside("positions")] == ["2", "3"]
        again = bring(tmp_path, {}, f'{GENERIC}ambiguous = "later"\n', name="again")
        assert again.counts("positions") == (4, 3, 1)

    def test_times_without_an_offset_and_no_zone(self, tmp_path: Path) -> None:
        files = {"incidents.csv": ONE + "N2,2026-10-14T20:00:00,54.57,-1.23,emergency\n"}
        assert "names no time_zone" in bring(tmp_path, files, 'preset = "generic"\n').reason("incidents")


class TestTimesOfDay:
    def test_across_midnight(self, tmp_path: Path) -> None:
        call = INCIDENTS + "N1,2026-10-14T23:50:00,54.57,-1.23,emergency\n"
        made = bring(tmp_path, {"incidents.csv": call, "assignments.csv": sent("N1,R1,23:58,23:59:30,00:07,01:00")})
        (one,) = made.evidence.assignments["N1"]
        assert (one.assigned_at, one.on_scene_at) == (at("2026-10-14T22:58Z"), at("2026-10-14T23:07Z"))

    def test_in_the_night_when_clocks_go_back(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": NIGHT, "assignments.csv": sent("N1,R1,01:55,,01:05,")})
        (one,) = made.evidence.assignments["N1"]
        assert (one.assigned_at, one.on_scene_at) == (at("2026-10-25T00:55Z"), at("2026-10-25T01:05Z"))

    def test_a_little_before_the_step_before_is_not_a_day_later(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE, "assignments.csv": sent("N1,R1,21:02,,21:01,")})
        assert "more than 12 hours" in made.reason("assignments")

    def test_the_receipt_needs_a_date(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE + "N2,21:00,54.57,-1.23,emergency\n"})
        assert "time of day alone" in made.reason("incidents")

    def test_of_an_incident_that_is_not_there(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE, "assignments.csv": sent("N9,R1,21:02,,,")})
        assert "time of day alone" in made.reason("assignments")


class TestNumbersThatRestart:
    MANIFEST = GENERIC + "[incidents]\nid_restarts_daily = true\n[assignments]\nid_restarts_daily = true\n"

    def test_each_day_has_its_own_number_7(self, tmp_path: Path) -> None:
        calls = "".join(f"7,2026-10-{day}T23:55:00,54.57,-1.23,emergency\n" for day in (14, 15))
        rows = sent("7,R1,2026-10-15T00:05:00,,,", "7,R2,2026-10-15T23:56:00,,,")
        made = bring(tmp_path, {"incidents.csv": INCIDENTS + calls, "assignments.csv": rows}, self.MANIFEST)
        told = {name: [one.callsign for one in some] for name, some in made.evidence.assignments.items()}
        assert told == {"2026-10-14/7": ["R1"], "2026-10-15/7": ["R2"]}
        assert [one.incident_id for one in made.evidence.incidents] == ["2026-10-14/7", "2026-10-15/7"]

    def test_the_day_of_the_log_goes_before_the_time(self, tmp_path: Path) -> None:
        calls = "".join(f"7,2026-10-{day}T23:55:00,54.57,-1.23,emergency\n" for day in (14, 15))
        rows = "incident_id,callsign,assigned_at,log_date\n7,R1,2026-10-15T23:59:00,2026-10-14\n"
        made = bring(tmp_path, {"incidents.csv": INCIDENTS + calls, "assignments.csv": rows}, self.MANIFEST)
        assert list(made.evidence.assignments) == ["2026-10-14/7"]

    def test_a_number_of_no_incident_before(self, tmp_path: Path) -> None:
        calls = INCIDENTS + "7,2026-10-14T23:55:00,54.57,-1.23,emergency\n"
        rows = sent("7,R1,2026-10-14T23:00:00,,,", "8,R1,2026-10-15T00:00:00,,,")
        made = bring(tmp_path, {"incidents.csv": calls, "assignments.csv": rows}, self.MANIFEST)
        assert made.counts("assignments") == (2, 0, 2)


def places(*rows: str) -> str:
    return ONE + "".join(f"P{number},2026-10-14T21:00:00,{row},emergency\n" for number, row in enumerate(rows))


class TestPlaces:
    @pytest.mark.parametrize(
        ("place", "because"),
        [
            ("0,0", "without a fix reports 0, 0"),
            ("-1.23,54.57", "seem to be swapped"),
            ("516500,451000", "British National Grid"),
            ("54.57,", "lat and lon together"),
            ("54.57,east", "lon"),
        ],
    )
    def test_no_place(self, tmp_path: Path, place: str, because: str) -> None:
        made = bring(tmp_path, {"incidents.csv": places(place, *["54.57,-1.23"] * 3)})
        assert made.counts("incidents") == (5, 4, 1)
        assert because in made.reason("incidents")

    def test_degrees_read_as_metres(self, tmp_path: Path) -> None:
        rows = "incident_id,received_at,easting,northing,grade\n"
        rows += "N1,2026-10-14T21:00:00,451000,516500,emergency\nN2,2026-10-14T21:00:00,-1.23,54.57,emergency\n"
        made = bring(tmp_path, {"incidents.csv": rows}, f'{GENERIC}coordinates = "british_grid"\n')
        assert "looks like degrees" in made.reason("incidents")
        (one,) = made.evidence.incidents
        assert one.lat == pytest.approx(54.5412, abs=1e-4)

    def test_none_is_kept(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": places(",")})
        assert [one.lat for one in made.evidence.incidents] == [54.57, None]

    def test_a_default_location_is_named_and_kept(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": places(*["54.5,-1.2"] * 30, *[f"54.{n},-1.2" for n in range(60, 90)])})
        assert made.counts("incidents") == (61, 61, 0)
        assert made.told["default_locations"] == [{"lat": 54.5, "lon": -1.2, "incidents": 30}]
        assert any(note.startswith("default_location: 30 ") for note in made.told["notes"])

    def test_gps(self, tmp_path: Path) -> None:
        rows = (
            ("20:00:00", "54.570,-1.230"),
            ("20:00:10", "54.571,-1.230"),
            ("20:00:20", "54.900,-1.230"),  # 36 km in ten seconds, and back
            ("20:00:30", "54.572,-1.230"),
            ("20:00:40", "0,0"),
            ("20:00:50", "451000,516500"),
            ("20:01:00", "54.573,x"),
            ("20:01:10", "54.573,"),
            ("20:01:20", ","),
        )
        text = "callsign,fixed_at,lat,lon\n" + "".join(f"R1,2026-10-14 {when},{place}\n" for when, place in rows)
        made = bring(tmp_path, {"incidents.csv": ONE, "positions.csv": text})
        assert made.counts("positions") == (9, 3, 6)
        reasons = [row["reasons"] for row in made.aside("positions")]
        told = ("250 km/h", "0, 0", "not on the globe", "not a number", "half of one", "nothing")
        assert all(word in reason for word, reason in zip(told, reasons, strict=True)), reasons
        assert made.evidence.fixes.lat.tolist() == [54.570, 54.571, 54.572]

    def test_swapped_gps_jumps(self, tmp_path: Path) -> None:
        rows = ("54.570,-1.230", "-1.230,54.570", "54.570,-1.230")
        text = "callsign,fixed_at,lat,lon\n"
        text += "".join(f"R1,2026-10-14T20:00:{n}0Z,{place}\n" for n, place in enumerate(rows))
        assert bring(tmp_path, {"incidents.csv": ONE, "positions.csv": text}).counts("positions") == (3, 2, 1)


class TestSteps:
    @pytest.mark.parametrize(
        "row",
        [
            "N1,R1,2026-10-14T21:05:00,2026-10-14T21:04:00,,",
            "N1,R1,2026-10-14T21:05:00,,2026-10-14T21:04:59,",
            "N1,R1,2026-10-14T21:05:00,,2026-10-14T21:10:00,2026-10-14T21:09:00",
        ],
    )
    def test_out_of_order(self, tmp_path: Path, row: str) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE, "assignments.csv": sent(row)})
        assert made.counts("assignments") == (1, 0, 1)
        assert "steps out of order" in made.reason("assignments")

    def test_sent_before_the_call_is_for_the_audit_to_say(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE, "assignments.csv": sent("N1,R1,2026-10-14T20:55:00,,,")})
        assert made.told["settled"] == {"before_received": 1}
        assert made.counts("assignments") == (1, 1, 0)

    def test_missing_arrivals_and_clear_without_arrival_are_kept(self, tmp_path: Path) -> None:
        rows = sent("N1,R1,2026-10-14T21:05:00,,,", "N1,R2,2026-10-14T21:05:00,,,2026-10-14T21:09:00")
        made = bring(tmp_path, {"incidents.csv": ONE, "assignments.csv": rows})
        assert [one.on_scene_at for one in made.evidence.assignments["N1"]] == [None, None]

    def test_closed_before_it_was_received(self, tmp_path: Path) -> None:
        rows = (
            "incident_id,received_at,closed_at\nN1,2026-10-14T21:00:00,2026-10-14T20:59:00\nN2,2026-10-14T21:00:00,\n"
        )
        assert "closed_at" in bring(tmp_path, {"incidents.csv": rows}).reason("incidents")


class TestTwice:
    def test_incidents(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE + "N1,2026-10-14T22:00:00+01:00,54.57,-1.23,standard\n"})
        assert "also in incidents.csv row 2" in made.reason("incidents")

    def test_the_same_unit_at_the_same_moment(self, tmp_path: Path) -> None:
        row = "N1,R1,2026-10-14T21:05:00,,,"
        made = bring(tmp_path, {"incidents.csv": ONE, "assignments.csv": sent(row, row)})
        assert made.counts("assignments") == (2, 1, 1)

    def test_cancelled_and_sent_again_are_two(self, tmp_path: Path) -> None:
        rows = sent("N1,R1,2026-10-14T21:05:00,,,2026-10-14T21:06:00", "N1,R1,2026-10-14T21:09:00,,,")
        made = bring(tmp_path, {"incidents.csv": ONE, "assignments.csv": rows})
        assert len(made.evidence.assignments["N1"]) == 2

    def test_duties(self, tmp_path: Path) -> None:
        rows = "callsign,start,end,crew\n" + "R1,2026-10-14T14:00:00,2026-10-14T22:00:00,2\n" * 2
        rows += "R1,2026-10-14T18:00:00,2026-10-14T22:00:00,1\nR1,2026-10-15T22:00:00,2026-10-15T22:00:00,1\n"
        made = bring(tmp_path, {"incidents.csv": ONE, "duties.csv": rows})
        assert made.counts("duties") == (4, 2, 2)

    def test_merged_incidents(self, tmp_path: Path) -> None:
        rows = "incident_id,received_at,merged_into\nN1,2026-10-14T21:00:00,\nN2,2026-10-14T21:01:00,N1\n"
        made = bring(tmp_path, {"incidents.csv": rows})
        assert [one.merged_into for one in made.evidence.incidents] == [None, "N1"]


class TestNames:
    def test_an_unknown_grade_or_status_is_put_aside_with_a_hint(self, tmp_path: Path) -> None:
        statuses = "callsign,at,status\nR1,2026-10-14T21:00:00,available\nR1,2026-10-14T21:00:00,2\n"
        calls = ONE + "N2,2026-10-14T21:00:00,54.57,-1.23,emergancy\nN3,2026-10-14T21:00:00,54.57,-1.23,\n"
        made = bring(tmp_path, {"incidents.csv": calls, "statuses.csv": statuses})
        assert "did you mean emergency?" in made.reason("incidents")
        assert made.counts("statuses") == (2, 1, 1)
        assert [one.grade for one in made.evidence.incidents] == ["emergency", None]

    def test_an_unknown_tag_or_skill_is_left_out_and_told(self, tmp_path: Path) -> None:
        calls = "incident_id,received_at,tags\nN1,2026-10-14T21:00:00,domestic_abuse;domestic_abus\n"
        duties = "callsign,start,skills\nR1,2026-10-14T14:00:00,juggling\n"
        made = bring(tmp_path, {"incidents.csv": calls, "duties.csv": duties})
        assert made.evidence.incidents[0].tags == {"domestic_abuse"}
        notes = [note for note in made.told["notes"] if "lacks" in note]
        assert len(notes) == 2
        assert "did you mean domestic_abuse?" in "".join(notes)

    def test_an_unknown_need_is_put_aside(self, tmp_path: Path) -> None:
        calls = "incident_id,received_at,needs\nN1,2026-10-14T21:00:00,juggling\nN2,2026-10-14T21:00:00,\n"
        assert "juggling" in bring(tmp_path, {"incidents.csv": calls}).reason("incidents")


class TestTheEnd:
    @pytest.mark.parametrize("manifest", [GENERIC, GENERIC + "end = 2026-10-15T00:00:00Z\n"])
    def test_nothing_happens_after_it(self, tmp_path: Path, manifest: str) -> None:
        late = "2026-10-16T00:00:00" if "end" in manifest else "2026-12-16T00:00:00"
        files = {
            "incidents.csv": ONE + f"N2,{late},54.57,-1.23,emergency\n",
            "statuses.csv": f"callsign,at,status\nR1,{late},2\n",
            "positions.csv": f"callsign,fixed_at,lat,lon\nR1,{late},54.57,-1.23\n",
            "duties.csv": f"callsign,start,end\nR1,2026-10-14T20:00:00,{late}\n",
        }
        made = bring(tmp_path, files, manifest)
        counts = [made.counts(name) for name in ("incidents", "statuses", "positions", "duties")]
        assert counts == [(2, 1, 1), (1, 0, 1), (1, 0, 1), (1, 1, 0)]


def test_every_reason_of_a_row_is_told(tmp_path: Path) -> None:
    row = "N2,2026-13-14T21:00:00,0,0,emergancy\n"
    made = bring(tmp_path, {"incidents.csv": ONE + row})
    (aside,) = made.aside("incidents")
    assert [aside[name] for name in ("file", "row", "received_at")] == ["incidents.csv", "row 3", "2026-13-14T21:00:00"]
    assert all(word in aside["reasons"] for word in ("received_at", "real place", "did you mean emergency?"))


def test_a_row_of_another_length(tmp_path: Path) -> None:
    made = bring(tmp_path, {"incidents.csv": ONE + "N2,2026-10-14T21:00:00,54.57\n"})
    assert "3 cells" in made.reason("incidents")


def test_not_one_sound_row(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not one sound row"):
        bring(tmp_path, {"incidents.csv": INCIDENTS + "N1,yesterday,,,\n"})
    assert not (tmp_path / "out").exists()


class TestWhatIsPutAside:
    def test_when_a_row_out_of_order_happened_is_kept(self, tmp_path: Path) -> None:
        rows = sent("N1,R1,2026-10-14T21:01:00,2026-10-14T21:09:00,2026-10-14T21:05:00,")
        made = bring(tmp_path, {"incidents.csv": ONE, "assignments.csv": rows})
        with (made.folder / "quarantined.csv").open(encoding="utf-8", newline="") as file:
            (row,) = csv.DictReader(file)
        assert (row["callsign"], row["at"]) == ("R1", "2026-10-14T20:01:00.000000Z")

    def test_that_nobody_is_on_duty_is_said(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE, "statuses.csv": "callsign,at,status\nR1,2026-10-14T21:01:00,2\n"})
        assert any("No duty is recorded" in note for note in made.evidence.manifest.notes)

    def test_a_callsign_without_a_duty_is_named(self, tmp_path: Path) -> None:
        duties = "callsign,start\nR1,2026-10-14T20:00:00\n"
        statuses = "callsign,at,status\nR1,2026-10-14T21:01:00,2\nr1,2026-10-14T21:02:00,2\n"
        made = bring(tmp_path, {"incidents.csv": ONE, "duties.csv": duties, "statuses.csv": statuses})
        assert any("count as off duty: r1" in note for note in made.evidence.manifest.notes)

    def test_a_folder_inside_the_records_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "incidents.csv").write_text(ONE, "utf-8")
        with pytest.raises(InputError, match="a folder outside"):
            bring_in(asked_of(tmp_path, "generic"), tmp_path / "out", at("2026-11-01T00:00Z"))

    def test_a_folder_that_was_imported_is_not_imported_again(self, tmp_path: Path) -> None:
        made = bring(tmp_path, {"incidents.csv": ONE})
        with pytest.raises(InputError, match="nearest replay takes it"):
            asked_of(made.folder)
