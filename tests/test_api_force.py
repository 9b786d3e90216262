"""What the service tells of the force's rules is what the profile says, whole and with its own labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.force_answers import force_answer
from clients import client_over
from dispatch.force import Force
from graphs.network import Network
from nightshift import CLEVELAND
from roadmaps import RoadMap
from test_api_document import valid


@pytest.fixture(scope="module")
def told(http: FlaskClient) -> dict[str, Any]:
    """What the service says."""
    answer: dict[str, Any] = http.get("/v1/force").get_json()
    return answer


def keyed(rows: list[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: {name: value for name, value in row.items() if name != key} for row in rows}


def dumped(tables: Mapping[str, Any]) -> dict[str, Any]:
    return {key: table.model_dump(mode="json") for key, table in tables.items()}


def test_the_answer_is_as_described(told: dict[str, Any], http: FlaskClient) -> None:
    valid(told, "ForceAnswer", http.get("/openapi.json").get_json())


def test_it_names_the_profile_and_its_zone(told: dict[str, Any]) -> None:
    assert (told["name"], told["time_zone"], told["hash"]) == ("Cleveland Police", "Europe/London", CLEVELAND.hash)


def test_grades_stand_by_rank_with_their_targets_clocks_and_who_may_take_a_unit_from_them(
    told: dict[str, Any],
) -> None:
    assert [grade["rank"] for grade in told["grades"]] == sorted(grade.rank for grade in CLEVELAND.grades.values())
    grades = keyed(told["grades"], "grade")
    taken = {name: tuple(grade.pop("preempted_by")) for name, grade in grades.items()}
    assert grades == dumped(CLEVELAND.grades)
    assert taken == {name: CLEVELAND.preemption.get(name, ()) for name in CLEVELAND.grades}


def test_statuses_say_what_they_mean_and_what_may_follow(told: dict[str, Any]) -> None:
    statuses = keyed(told["statuses"], "status")
    follow = {code: status.pop("then") for code, status in statuses.items()}
    assert statuses == dumped(CLEVELAND.statuses)
    assert list(statuses) == list(CLEVELAND.statuses)
    for code, then in follow.items():
        may = [other for other in statuses if CLEVELAND.may_change_status(code, other) and other != code]
        assert may == [other for other in statuses if other != code and (then is None or other in then)]


def test_skills_tags_and_reasons_are_those_of_the_profile(told: dict[str, Any]) -> None:
    assert keyed(told["skills"], "skill") == dumped(CLEVELAND.skills)
    assert keyed(told["tags"], "tag") == dumped(CLEVELAND.tags)
    assert {row["reason"]: row["label"] for row in told["override_reasons"]} == CLEVELAND.override_reasons


def test_definitions_have_their_versions_and_questions_their_words(told: dict[str, Any]) -> None:
    risk, rules = told["risk"], CLEVELAND.risk
    assert rules.repeat_victim is not None
    assert rules.conference_repeat is not None
    assert rules.vulnerable is not None
    assert [(row["definition"], row["version"], row["text"], row["adds"]) for row in risk["definitions"]] == [
        ("repeat_victim", rules.repeat_victim.version, rules.repeat_victim.text, "repeat_victim"),
        ("conference_repeat", rules.conference_repeat.version, rules.conference_repeat.text, None),
        ("vulnerable", rules.vulnerable.version, rules.vulnerable.text, "vulnerable"),
    ]
    assert {row["question"]: row["label"] for row in risk["questions"]} == rules.vulnerable.questions
    assert keyed(risk["raises"], "reason") == dumped(rules.raises)


def test_the_keys_that_are_told_are_those_that_forms_accept(told: dict[str, Any]) -> None:
    assert {row["outcome"] for row in told["assessment"]["outcomes"]} == set(CLEVELAND.assessment.outcomes)
    assert {row["basis"] for row in told["disclosure"]["lawful_bases"]} == set(CLEVELAND.disclosure.lawful_bases)
    for row in told["disclosure"]["purposes"]:
        assert tuple(row["parts"]) == CLEVELAND.disclosure.purposes[row["purpose"]].fields


def test_a_force_without_rules_on_risk_has_none(town: RoadMap) -> None:
    bare = force_answer(Force.parse(BARE, "bare.toml"), town.network)
    assert (bare["risk"]["definitions"], bare["risk"]["questions"], bare["tags"]) == ([], [], [])
    assert bare["statuses"][0]["then"] is None


def test_the_grid_is_told_only_where_the_roads_lie_on_it(town: RoadMap, gothenburg: Network) -> None:
    assert force_answer(CLEVELAND, town.network)["grid"] == "british_national_grid"
    assert force_answer(CLEVELAND, gothenburg)["grid"] is None


def test_it_is_sent_again_only_where_it_is_another(http: FlaskClient, town_file: Path, tmp_path: Path) -> None:
    first = http.get("/v1/force")
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache"
    assert CLEVELAND.hash[:32] in tag
    again = http.get("/v1/force", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    other = tmp_path / "bare.toml"
    other.write_text(BARE, "utf-8")
    changed = client_over(town_file, force=other).get("/v1/force", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.get_json()["name"] == "Bare"


BARE = """
version = 1
name = "Bare"
time_zone = "Europe/Lisbon"
[grades.now]
label = "Now"
rank = 1
clock = "received"
profile = "response"
[statuses.A]
label = "Available"
deployable = "yes"
moving = true
mobilisation_s = 0
[fixes]
fresh_s = 60
stale_moving_s = 300
stale_parked_s = 3600
future_tolerance_s = 10
default_accuracy_m = 30.0
[override_reasons]
other = "Other"
"""
