"""Force profiles: the two that ship, and what a profile answers."""

from __future__ import annotations

import pickle
import tomllib
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, ValidationError

from dispatch.force import Areas, Fixes, Force, Grade, Skill, Status, Tag
from graphs.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.force import Setting

TEMPLATE = (resources.files("dispatch.forces") / "template.toml").read_text("utf-8")
MIDDLESBROUGH = (-1.2345, 54.5742)
COMMONDALE_MOOR = (-0.98, 54.49)


@pytest.fixture
def cleveland() -> Force:
    return Force.default()


@pytest.fixture
def template() -> Force:
    return Force.parse(TEMPLATE, "template.toml")


class TestCleveland:
    @pytest.mark.parametrize(
        ("grade", "setting", "target_s"),
        [
            ("emergency", "urban", 15 * 60),
            ("emergency", "rural", 20 * 60),
            ("emergency", "unknown", 15 * 60),
            ("priority", "urban", 60 * 60),
            ("priority", "rural", 60 * 60),
            ("standard", "rural", 8 * 60 * 60),
            ("scheduled", "urban", None),
            ("resolved_without_deployment", "unknown", None),
        ],
    )
    def test_targets(self, cleveland: Force, grade: str, setting: Setting, target_s: int | None) -> None:
        assert cleveland.target_s(grade, setting) == target_s

    def test_only_what_is_resolved_by_telephone_sends_nobody(self, cleveland: Force) -> None:
        assert [key for key, grade in cleveland.grades.items() if not grade.deploys] == ["resolved_without_deployment"]

    def test_deployable_codes(self, cleveland: Force) -> None:
        by_answer = {
            code: status.deployable for code, status in cleveland.statuses.items() if status.deployable != "no"
        }
        assert by_answer == {"2": "yes", "3": "yes", "5": "towards_higher_grade", "7": "preempt"}
        assert cleveland.statuses.keys() == {str(code) for code in range(12)}

    def test_only_code_11_is_off_duty(self, cleveland: Force) -> None:
        assert [code for code, status in cleveland.statuses.items() if status.off_duty] == ["11"]

    def test_domestic_abuse_wants_two_people_or_two_units_and_a_trained_officer(self, cleveland: Force) -> None:
        tag = cleveland.tags["domestic_abuse"]
        assert (tag.crew, tag.or_units, tag.prefer_skill) == (2, 2, "domestic_abuse_trained")

    @pytest.mark.parametrize("tag", ["vulnerable", "repeat_victim", "child_at_risk", "firearm_seen", "cut_off_call"])
    def test_other_tags_only_inform(self, cleveland: Force, tag: str) -> None:
        assert cleveland.tags[tag] == Tag(label=cleveland.tags[tag].label)

    def test_is_read_once(self) -> None:
        assert Force.default() is Force.default()

    @pytest.mark.parametrize(
        ("place", "lonlat"),
        [
            ("Middlesbrough", MIDDLESBROUGH),
            ("Hartlepool", (-1.2100, 54.6860)),
            ("Billingham", (-1.2900, 54.6100)),
            ("Yarm", (-1.3540, 54.5040)),
            ("Redcar", (-1.0690, 54.6150)),
            ("Guisborough", (-1.0516, 54.5361)),
        ],
    )
    def test_towns_are_urban(self, cleveland: Force, place: str, lonlat: tuple[float, float]) -> None:
        assert cleveland.setting(*lonlat) == "urban", place

    @pytest.mark.parametrize(
        ("place", "lonlat"),
        [
            ("Commondale Moor", COMMONDALE_MOOR),
            ("Seal Sands", (-1.1700, 54.6200)),
            ("the open sea", (-1.0000, 54.7000)),
            ("Elwick village", (-1.2880, 54.6830)),
        ],
    )
    def test_moor_works_and_sea_are_rural(self, cleveland: Force, place: str, lonlat: tuple[float, float]) -> None:
        assert cleveland.setting(*lonlat) == "rural", place


class TestTemplate:
    @pytest.mark.parametrize(
        ("model", "tables"),
        [
            (Force, ""),
            (Grade, "grades"),
            (Areas, "areas"),
            (Status, "statuses"),
            (Fixes, "fixes"),
            (Skill, "skills"),
            (Tag, "tags"),
        ],
    )
    def test_shows_every_field(self, model: type[BaseModel], tables: str) -> None:
        table = tomllib.loads(TEMPLATE)
        table = table[tables] if tables else table
        entries = table.values() if tables in {"grades", "statuses", "skills", "tags"} else [table]
        assert {field for entry in entries for field in entry} == set(model.model_fields)

    def test_explains_every_field_where_it_first_stands(self) -> None:
        seen: set[str] = set()
        bare = []
        for before, line in pairwise(TEMPLATE.splitlines()):
            field = line.partition(" = ")[0]
            if " = " in line and not line.startswith("#") and field not in seen:
                seen.add(field)
                bare += [] if "#" in line or before.startswith("#") else [field]
        # The rows of some tables stand under the table's own explanation.
        assert bare == ["routine", "7", "nearer_in_fact", "other", "history_checked", "good", "inadequate"]

    def test_its_preemption(self, template: Force) -> None:
        assert template.may_preempt("routine", "emergency")
        assert not template.may_preempt("emergency", "routine")
        assert not template.may_preempt("routine", "routine")

    def test_a_better_rank_outranks(self, template: Force) -> None:
        assert template.outranks("emergency", "routine")
        assert not template.outranks("routine", "emergency")
        assert not template.outranks("routine", "routine")

    @pytest.mark.parametrize("ask", ["target_s", "may_preempt", "outranks"])
    def test_a_grade_that_does_not_exist_is_an_error(self, template: Force, ask: str) -> None:
        with pytest.raises(InputError, match=r'grade: "emergancy" .* emergency, routine \(did you mean emergency\?\)'):
            getattr(template, ask)("emergancy", "emergency")

    def test_a_fix_may_be_stale_as_soon_as_it_is_fresh_no_more(self) -> None:
        force = Force.parse(TEMPLATE.replace("stale_moving_s = 300", "stale_moving_s = 60"), "a.toml")
        assert force.fixes.stale_moving_s == force.fixes.fresh_s

    def test_the_grade_that_would_take_a_unit_must_exist_too(self, template: Force) -> None:
        with pytest.raises(InputError, match='"urgent"'):
            template.may_preempt("routine", "urgent")


class TestSetting:
    @pytest.mark.parametrize(("lon", "setting"), [(-1.2, "urban"), (-1.3, "urban"), (-1.31, "rural")])
    def test_inside_on_and_outside_the_outline(self, template: Force, lon: float, setting: str) -> None:
        assert template.setting(lon, 54.55) == setting

    def test_no_areas_leave_it_unknown(self) -> None:
        start, end = TEMPLATE.index("[areas]"), TEMPLATE.index("[statuses.2]")
        text = TEMPLATE[:start] + TEMPLATE[end:]
        assert Force.parse(text, "a.toml").setting(*MIDDLESBROUGH) == "unknown"

    @pytest.mark.parametrize("lonlat", [(float("nan"), 54.0), (-1.2, float("inf")), (-1.2, 91.0), (451_000, 516_500)])
    def test_what_is_no_place_has_none(self, template: Force, lonlat: tuple[float, float]) -> None:
        with pytest.raises(ValueError, match="not a place"):
            template.setting(*lonlat)

    def test_unknown_takes_the_shorter_target_even_if_it_is_the_rural_one(self) -> None:
        force = Force.parse(TEMPLATE.replace("target_urban_s = 900", "target_urban_s = 1500"), "a.toml")
        assert force.target_s("emergency", "unknown") == 1200


class TestHash:
    def test_is_of_the_values_not_of_comments_and_layout(self, template: Force) -> None:
        bare = "\n".join(line.partition("  #")[0] for line in TEMPLATE.splitlines() if not line.startswith("#"))
        assert len(bare) < len(TEMPLATE) / 2
        assert Force.parse(bare, "other name.toml").hash == template.hash

    def test_the_order_of_tables_does_not_count(self, template: Force) -> None:
        start, between, end = (TEMPLATE.index(table) for table in ("[statuses.2]", "[statuses.7]", "# Which incidents"))
        swapped = TEMPLATE[:start] + TEMPLATE[between:end] + TEMPLATE[start:between] + TEMPLATE[end:]
        force = Force.parse(swapped, "a.toml")
        assert list(force.statuses) == ["7", "2"]
        assert force.hash == template.hash

    def test_any_value_changes_it(self, template: Force) -> None:
        other = Force.parse(TEMPLATE.replace("mobilisation_s = 15", "mobilisation_s = 16"), "a.toml")
        assert other.hash != template.hash

    def test_is_sha_256_in_hex(self, template: Force) -> None:
        assert len(bytes.fromhex(template.hash)) == 32

    def test_a_profile_travels_between_processes(self, cleveland: Force) -> None:
        assert cleveland.setting(*MIDDLESBROUGH) == "urban"  # fills what is kept beside the values
        twin = pickle.loads(pickle.dumps(cleveland))  # noqa: S301
        assert twin == cleveland
        assert (twin.hash, hash(twin)) == (cleveland.hash, hash(cleveland))


class TestChanging:
    def test_a_profile_cannot_be_changed_in_place(self, template: Force) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(template, "name", "Another")  # noqa: B010

    def test_a_changed_copy_has_its_own_hash(self, template: Force) -> None:
        before = template.hash
        other = template.model_copy(update={"fixes": template.fixes.model_copy(update={"fresh_s": 30})})
        assert other.fixes.fresh_s == 30
        assert other.hash != before == template.hash

    def test_a_changed_copy_has_its_own_areas(self, template: Force) -> None:
        assert template.setting(*MIDDLESBROUGH) == "urban"
        assert template.model_copy(update={"areas": Areas()}).setting(*MIDDLESBROUGH) == "unknown"

    def test_a_changed_copy_is_checked(self, template: Force) -> None:
        with pytest.raises(InputError, match=r"preemption\.emergency\.0"):
            template.model_copy(update={"preemption": {"emergency": ["routine"]}})

    def test_an_unchanged_copy_is_equal(self, template: Force) -> None:
        assert template.model_copy() == template


class TestReading:
    def test_a_file(self, tmp_path: Path, template: Force) -> None:
        path = tmp_path / "a.toml"
        path.write_text(TEMPLATE, "utf-8")
        assert Force.read(path) == template

    def test_a_file_with_a_byte_order_mark(self, tmp_path: Path, template: Force) -> None:
        path = tmp_path / "a.toml"
        path.write_text(TEMPLATE, "utf-8-sig")
        assert Force.read(str(path)) == template
