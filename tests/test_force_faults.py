"""Faults of a force profile: each is told at its field, and all are told together."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.force import Force, Tag
from graphs.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from graphs.errors import Fault

TEMPLATE = (resources.files("dispatch.forces") / "template.toml").read_text("utf-8")


def changed(*changes: tuple[str, str]) -> str:
    """Replace texts of the template, each of which must be there once."""
    text = TEMPLATE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        Force.parse(text, "a.toml")
    return caught.value.faults


# What is wrong, the change that makes it so, where the fault is, and what was found.
ONE_FAULT = {
    "version of the future": ("version = 1", "version = 2", "version", "2"),
    "version that is a truth value": ("version = 1", "version = true", "version", "true"),
    "no name": ('name = "A Police Force"', "", "name", "nothing"),
    "blank name": ('name = "A Police Force"', 'name = " "', "name", '" "'),
    "time zone that does not exist": ("Europe/London", "Europe/Middlesbrough", "time_zone", '"Europe/Middlesbrough"'),
    "time zone that is a folder": ("Europe/London", "Europe", "time_zone", '"Europe"'),
    "time zone outside the database": ("Europe/London", "../../etc/passwd", "time_zone", '"../../etc/passwd"'),
    "rank in words": ("rank = 2", 'rank = "2"', "grades.routine.rank", '"2"'),
    "rank of zero": ("rank = 2", "rank = 0", "grades.routine.rank", "0"),
    "rank that is a truth value": ("rank = 2", "rank = true", "grades.routine.rank", "true"),
    "two grades of one rank": ("rank = 2", "rank = 1", "grades.routine.rank", "1"),
    "clock that nobody has": ('clock = "received"  #', 'clock = "answered"  #', "grades.emergency.clock", '"answered"'),
    "target without a rural one": ("target_rural_s = 1200", "", "grades.emergency.target_rural_s", "nothing"),
    "target without an urban one": ("target_urban_s = 900", "", "grades.emergency.target_rural_s", "1200"),
    "target of no time": ("target_urban_s = 900", "target_urban_s = 0", "grades.emergency.target_urban_s", "0"),
    "target in a fraction": ("= 900", "= 900.5", "grades.emergency.target_urban_s", "900.5"),
    "key in capitals": ("[tags.mental_health_crisis]", "[tags.Crisis]", "tags.Crisis", '"Crisis"'),
    "grade that is no table": ("[grades.routine]", "[grades]\nlater = 3\n[grades.routine]", "grades.later", "3"),
    "status key with a space": (
        "\n[preemption]",
        '\n[statuses."7 b"]\nlabel = "x"\ndeployable = "no"\nmoving = true\nmobilisation_s = 0\n[preemption]',
        "statuses.7 b",
        '"7 b"',
    ),
    "negative mobilisation": ("mobilisation_s = 15", "mobilisation_s = -15", "statuses.2.mobilisation_s", "-15"),
    "endless mobilisation": ("mobilisation_s = 15", "mobilisation_s = inf", "statuses.2.mobilisation_s", "Infinity"),
    "sent while off duty": ("off_duty = false", "off_duty = true", "statuses.2.deployable", '"yes"'),
    "deployable perhaps": ('deployable = "preempt"', 'deployable = "maybe"', "statuses.7.deployable", '"maybe"'),
    "stale before it is fresh no more": ("stale_moving_s = 300", "stale_moving_s = 59", "fixes.stale_moving_s", "59"),
    "accuracy that is no number": ("= 30.0", "= nan", "fixes.default_accuracy_m", "NaN"),
    "accuracy without end": ("= 30.0", "= inf", "fixes.default_accuracy_m", "Infinity"),
    "perfect accuracy": ("= 30.0", "= 0", "fixes.default_accuracy_m", "0"),
    "grade taken that does not exist": ("\nroutine = [", "\nrotine = [", "preemption.rotine", '"rotine"'),
    "taken by a grade that does not exist": ('= ["emergency"]', '= ["urgent"]', "preemption.routine.0", '"urgent"'),
    "taken by its own grade": ('= ["emergency"]', '= ["routine"]', "preemption.routine.0", '"routine"'),
    "taken by a worse grade": (
        "\nroutine = [",
        '\nemergency = ["routine"]\nroutine = [',
        "preemption.emergency.0",
        '"routine"',
    ),
    "preference for an unknown skill": (
        '= "domestic_abuse_',
        '= "domestic_',
        "tags.domestic_abuse.prefer_skill",
        '"domestic_trained"',
    ),
    "need for an unknown skill": (
        'needs = ["mental_health"]',
        'needs = ["calm"]',
        "tags.mental_health_crisis.needs.0",
        '"calm"',
    ),
    "units in place of no crew": ("crew = 2", "", "tags.domestic_abuse.or_units", "2"),
    "crew of nobody": ("crew = 2", "crew = 0", "tags.domestic_abuse.crew", "0"),
    "preference without a limit": ("near_enough_s = 300", "", "tags.domestic_abuse.near_enough_s", "nothing"),
    "limit without a preference": ("prefer_skill = ", "# ", "tags.domestic_abuse.near_enough_s", "300"),
}

POLYGONS = {
    "not WKT": "somewhere",
    "a point": "POINT (-1.2 54.5)",
    "empty": "POLYGON EMPTY",
    "crossing itself": "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))",
    "not closed": "POLYGON ((0 0, 1 1, 1 0))",
    "on the national grid": "POLYGON ((451000 516000, 452000 516000, 452000 517000, 451000 516000))",
    "without numbers": "POLYGON ((nan nan, 1 1, 1 0, nan nan))",
}


# No field of a profile takes any of these.
JUNK = ["-1", "{}", "{rank = 1}", "[[]]", "[[1]]", "[1, {}]", "2026-01-01", "07:30:00", "nan", '""', '"\\u0000"']


class TestFaults:
    @pytest.mark.parametrize("case", ONE_FAULT)
    def test_one_thing_wrong_is_one_fault_at_its_field(self, case: str) -> None:
        old, new, field, value = ONE_FAULT[case]
        (fault,) = faults_of(changed((old, new)))
        assert (fault.source, fault.where, fault.field, fault.value) == ("a.toml", "", field, value)
        assert fault.accepted

    @pytest.mark.parametrize("case", POLYGONS)
    def test_what_is_no_polygon(self, case: str) -> None:
        wkt = POLYGONS[case]
        (fault,) = faults_of(changed(("urban = [", f'urban = ["{wkt}", ')))
        assert (fault.field, fault.accepted) == (
            "areas.urban.0",
            "a valid polygon in degrees, POLYGON ((lon lat, ...))",
        )
        assert fault.value.strip('".') == wkt[: len(fault.value.strip('".'))]

    def test_a_misspelt_field_is_told_with_what_was_meant(self) -> None:
        misspelt, _ = faults_of(changed(("near_enough_s = 300", "near_enogh_s = 300")))[::-1]
        assert misspelt.field == "tags.domestic_abuse.near_enogh_s"
        assert misspelt.accepted == ", ".join(Tag.model_fields)
        assert misspelt.hint == "did you mean near_enough_s?"

    def test_a_misspelt_table_is_told_with_what_was_meant(self) -> None:
        (fault,) = faults_of(changed(("\n[preemption]", "\n[pre_emption]")))
        assert (fault.field, fault.hint) == ("pre_emption", "did you mean preemption?")

    @pytest.mark.parametrize(
        ("field", "accepted"),
        [
            ("clock", '"received", "graded" or "dispatched"'),
            ("profile", '"response" or "normal"'),
            ("rank", "a whole number, 1 for the most urgent grade"),
        ],
    )
    def test_a_missing_field_says_what_is_accepted(self, field: str, accepted: str) -> None:
        routine = TEMPLATE.index("[grades.routine]")
        start = TEMPLATE.index(f"\n{field} = ", routine)
        text = TEMPLATE[:start] + TEMPLATE[TEMPLATE.index("\n", start + 1) :]
        (fault,) = faults_of(text)
        assert (fault.field, fault.value, fault.accepted) == (f"grades.routine.{field}", "nothing", accepted)

    def test_all_are_told_together(self) -> None:
        cases = [
            "two grades of one rank",
            "target in a fraction",
            "sent while off duty",
            "stale before it is fresh no more",
            "taken by a grade that does not exist",
            "need for an unknown skill",
            "units in place of no crew",
            "preference without a limit",
            "time zone that does not exist",
        ]
        text = changed(*((ONE_FAULT[case][0], ONE_FAULT[case][1]) for case in cases))
        assert sorted(fault.field for fault in faults_of(text)) == sorted(ONE_FAULT[case][2] for case in cases)

    def test_a_grade_at_fault_is_still_a_known_grade(self) -> None:
        (fault,) = faults_of(changed(("rank = 1  ", 'rank = "first"  ')))
        assert fault.field == "grades.emergency.rank"

    def test_an_empty_file_lacks_every_table_that_is_needed(self) -> None:
        needed = [name for name, field in Force.model_fields.items() if field.is_required()]
        assert [fault.field for fault in faults_of("")] == needed

    def test_an_empty_table_needs_an_entry(self) -> None:
        faults = faults_of("grades = {}\nstatuses = {}\noverride_reasons = {}")
        empty = [fault for fault in faults if fault.value == "an empty table"]
        assert [fault.field for fault in empty] == ["grades", "statuses", "override_reasons"]
        assert all(fault.accepted.endswith(", at least one") for fault in empty)

    def test_the_message_can_be_acted_on(self) -> None:
        with pytest.raises(InputError) as caught:
            Force.parse(changed(("rank = 2", "rank = 1"), ("= 30.0", "= nan")), "a.toml")
        nan, rank = str(caught.value).splitlines()
        accepted = "metres, more than 0 (a finite number)"
        assert nan == f"a.toml fixes.default_accuracy_m: NaN is not accepted; accepted: {accepted}"
        assert rank.startswith("a.toml grades.routine.rank: 1 is not accepted; accepted: a rank that no other")
        assert rank.endswith("(emergency has it too)")

    def test_a_grade_that_sends_nobody_has_no_target(self) -> None:
        faults = faults_of(changed(("deploys = true", "deploys = false")))
        assert [fault.field.rpartition(".")[2] for fault in faults] == ["target_urban_s", "target_rural_s"]
        assert {fault.accepted for fault in faults} == {"no target, because the grade sends no unit"}

    def test_a_long_value_is_cut(self) -> None:
        (fault,) = faults_of(changed(("Europe/London", "Europe/" + "x" * 1000)))
        assert fault.value == '"Europe/' + "x" * 52 + "..."

    @given(st.data())
    def test_junk_anywhere_is_a_fault_and_nothing_else(self, data: st.DataObject) -> None:
        lines = TEMPLATE.splitlines()
        places = [number for number, line in enumerate(lines) if " = " in line and not line.startswith("#")]
        for number in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)):
            lines[number] = f"{lines[number].partition(' = ')[0]} = {data.draw(st.sampled_from(JUNK))}"
        assert all(fault.field and fault.value and fault.accepted for fault in faults_of("\n".join(lines)))


class TestFiles:
    def test_a_fault_names_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a.toml"
        path.write_text(changed(("rank = 2", "rank = 1")), "utf-8")
        with pytest.raises(InputError, match="a rank that no other grade has") as caught:
            Force.read(path)
        assert [fault.source for fault in caught.value.faults] == [str(path)]

    def test_a_missing_file_is_a_fault(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"none\.toml: a file that cannot be read \(No such file or directory\)"):
            Force.read(tmp_path / "none.toml")

    def test_a_folder_is_a_fault(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="accepted: a TOML file in UTF-8"):
            Force.read(tmp_path)

    def test_a_file_in_another_encoding_is_a_fault(self, tmp_path: Path) -> None:
        path = tmp_path / "a.toml"
        path.write_bytes('name = "Heddlu Dyfed-Powys \u00a9"'.encode("cp1252"))
        with pytest.raises(InputError, match="line 1: the byte 0xA9 is not accepted"):
            Force.read(path)

    @pytest.mark.parametrize(
        ("text", "where", "value"),
        [
            ("version = 1\nname = Cleveland", "line 2, column 8", '"name = Cleveland"'),
            ("version = 1\n\nversion = 1 # again", "line 3, column 12", '"version = 1 # again"'),
            ("[grades", "", '"the text"'),
            ("a = " + "[" * 5000, "", '"the text"'),
        ],
    )
    def test_what_is_not_toml(self, text: str, where: str, value: str) -> None:
        (fault,) = faults_of(text)
        assert (fault.where, fault.value, fault.accepted) == (where, value, "TOML")
        assert fault.hint

    @given(st.text())
    def test_any_text_is_a_fault_and_nothing_else(self, text: str) -> None:
        assert faults_of(text)
