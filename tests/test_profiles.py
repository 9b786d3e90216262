"""The table of speeds, delays and access: that it is sound, and that its faults are told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from graphs import tags
from graphs.errors import Fault, InputError
from graphs.profiles import Profile, Profiles

# The first text that hypothesis draws on a machine waits for its table of characters to be built.
ANY_TEXT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SHIPPED = resources.files("graphs").joinpath("profiles.toml").read_text("utf-8")
MPH = 1.609344


def edited(*changes: tuple[str, str]) -> str:
    text = SHIPPED
    for old, new in changes:
        assert text.count(old) == 1, f"{old} is not there once"
        text = text.replace(old, new)
    return text


def faults_of(text: str) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        Profiles.parse(text, "mine.toml")
    return list(caught.value.faults)


def only_fault(*changes: tuple[str, str]) -> Fault:
    (fault,) = faults_of(edited(*changes))
    return fault


@pytest.fixture(params=["normal", "response"])
def profile(request: pytest.FixtureRequest) -> Profile:
    return Profiles.default().profile(request.param)


def journey_s(profile: Profile, metres: float, road_class: str, limit_mph: float, points: dict[str, int]) -> float:
    ceiling_kmh = profile.class_kmh[road_class]
    assert ceiling_kmh is not None
    driven_s = metres * 3.6 / min(limit_mph * MPH * profile.limit_share, ceiling_kmh)
    return driven_s + sum(count * (profile.delay_ms[kind] or 0) for kind, count in points.items()) / 1000


# The shipped numbers


def test_every_class_and_group_of_the_map_has_its_numbers(profile: Profile) -> None:
    assert set(profile.class_kmh) == set(profile.untagged_limit_kmh) == set(tags.ROAD_CLASSES)
    assert set(profile.delay_ms) == {*tags.OBSTACLES, "private_entry", "roundabout_entry", "u_turn", "turn_across"}
    assert profile.access < set(tags.ACCESS_GROUPS)


def test_nothing_opens_what_is_closed_to_everyone(profile: Profile) -> None:
    assert "no" not in profile.access


def test_delays_are_whole_milliseconds(profile: Profile) -> None:
    assert {type(delay) for delay in profile.delay_ms.values()} <= {int, type(None)}
    assert Profiles.default().profile("response").delay_ms["give_way"] == 3500


def test_routine_patrol_keeps_out_where_only_a_response_may_go() -> None:
    normal, response = (Profiles.default().profile(name) for name in Profiles.names)
    shut = {name for name, kmh in normal.class_kmh.items() if kmh is None}
    assert shut == {"track", "busway"}
    assert {kind for kind, delay in normal.delay_ms.items() if delay is None} == {"locked_gate", "private_entry"}
    assert None not in response.class_kmh.values()
    assert None not in response.delay_ms.values()
    assert response.access - normal.access == {"private", "bus", "emergency"}


def test_blue_lights_are_never_slower() -> None:
    normal, response = (Profiles.default().profile(name) for name in Profiles.names)
    for name, kmh in normal.class_kmh.items():
        assert (kmh or 0) <= (response.class_kmh[name] or 0), name
    for kind, delay in normal.delay_ms.items():
        assert delay is None or (response.delay_ms[kind] or 0) <= delay, kind


@pytest.mark.parametrize(
    ("road_class", "mph"),
    [("motorway", 70), ("trunk", 60), ("primary", 30), ("residential", 30), ("living_street", 20)],
)
def test_untagged_roads_take_the_limit_of_the_law(profile: Profile, road_class: str, mph: int) -> None:
    assert profile.untagged_limit_kmh[road_class] == pytest.approx(mph * MPH, abs=0.001)


def test_routine_patrol_keeps_every_limit_and_the_measured_average_of_fast_roads() -> None:
    normal = Profiles.default().profile("normal")
    assert normal.limit_share <= 1
    assert 70 * normal.limit_share == pytest.approx(59.4, abs=0.5)  # Strategic Road Network, 2017
    assert 60 * normal.limit_share == pytest.approx(50, abs=2)  # free flow, single carriageways, 2019


@pytest.mark.parametrize(
    ("journey", "measured_saving"),
    [
        ((4_000, "secondary", 30, {"signals": 4, "give_way": 2, "crossing": 2}), 0.385),
        ((12_000, "primary", 60, {"signals": 1, "give_way": 2, "roundabout_entry": 2}), 0.309),
    ],
    ids=["urban Minnesota", "rural Minnesota"],
)
def test_blue_lights_save_time_but_less_than_was_ever_measured(
    journey: tuple[float, str, float, dict[str, int]], measured_saving: float
) -> None:
    normal_s, response_s = (journey_s(Profiles.default().profile(name), *journey) for name in Profiles.names)
    assert 0.15 < 1 - response_s / normal_s < measured_saving


def test_every_source_is_cited_and_is_a_citation_or_a_judgement() -> None:
    profiles = Profiles.default()
    assert {row.source for row in profiles.table() if row.value is not None} == set(profiles.sources.values())
    for key, text in profiles.sources.items():
        assert text.startswith("judgement") or re.search(r"\b(19|20)\d\d\b|OSRM", text), key


# Reading


def test_the_shipped_file_is_read_once() -> None:
    assert Profiles.default() is Profiles.default()


def test_a_file_of_one_s_own_may_start_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SHIPPED, "utf-8-sig")
    assert Profiles.read(path).hash == Profiles.default().hash


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.toml.*No such file"):
        Profiles.read(tmp_path / "absent.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"version = 1 # \xff")
    with pytest.raises(InputError, match="UTF-8"):
        Profiles.read(path)


def test_a_profile_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Profiles.default().version = 1


def test_two_profiles_taken_from_one_table_share_nothing() -> None:
    first, second = (Profiles.default().profile("normal") for _ in range(2))
    first.class_kmh["motorway"] = 1.0
    assert second.class_kmh["motorway"] == 111.0


def test_an_unknown_profile_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(InputError, match="'pursuit' is not accepted; accepted: normal or response"):
        Profiles.default().profile("pursuit")


# The hash


@pytest.mark.parametrize(
    "same",
    [
        SHIPPED.replace("\n", "\r\n"),
        SHIPPED + "\n# a remark\n",
        edited(("walk_m = { value = 60.0", "walk_m = {   value = 60")),
        edited(('normal = ["open", "destination"]', 'normal = ["destination", "open", "open"]')),
        edited(("version = 1\n", ""), ("[sources]", "version = 1\n[sources]")),
    ],
    ids=["line ends", "comment", "spacing", "order of a set", "order of keys"],
)
def test_the_hash_is_of_the_values(same: str) -> None:
    assert Profiles.parse(same, "mine.toml").hash == Profiles.default().hash


@pytest.mark.parametrize(
    "change",
    [
        ("walk_m = { value = 60.0", "walk_m = { value = 61.0"),
        ('normal = ["open", "destination"]', 'normal = ["open"]'),
        ("70 mph: Motorways", "70 mph; Motorways"),
        ('response_kmh = { value = 15.0, source = "track_road" }', ""),
    ],
    ids=["number", "access", "source", "absence"],
)
def test_the_hash_changes_with_any_value(change: tuple[str, str]) -> None:
    assert Profiles.parse(edited(change), "mine.toml").hash != Profiles.default().hash


def test_the_hash_does_not_hang_on_the_process() -> None:
    program = "from graphs.profiles import Profiles; print(Profiles.default().hash)"
    hashes = {
        subprocess.run(  # noqa: S603 - our own interpreter and program
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert hashes == {Profiles.default().hash}
    assert re.fullmatch("[0-9a-f]{64}", hashes.pop())


# Faults


@pytest.mark.parametrize(
    ("change", "field", "value", "accepted"),
    [
        (("value = 95.6", 'value = "95.6"'), "class.trunk.normal_kmh.value", '"95.6"', "a valid number"),
        (("value = 95.6", "value = true"), "class.trunk.normal_kmh.value", "true", "a valid number"),
        (("value = 95.6", "value = nan"), "class.trunk.normal_kmh.value", "NaN", "a finite number"),
        (("value = 95.6", "value = inf"), "class.trunk.normal_kmh.value", "Infinity", "a finite number"),
        (("value = 95.6", "value = -95.6"), "class.trunk.normal_kmh.value", "-95.6", "greater than or equal to 1"),
        (("value = 0.85", "value = 85"), "limit_share.normal.value", "85", "less than or equal to 2"),
        (("value = 120.0", "value = 120000"), "delay.locked_gate.response_s.value", "120000", "equal to 3600"),
        (("value = 1.4,", "value = 0,"), "approach.walk_m_s.value", "0", "greater than or equal to 0.1"),
        (("version = 1", "version = 2"), "version", "2", "1"),
        (('"bus", "emergency"]', '"buses", "emergency"]'), "access.response.3", '"buses"', "'private', 'bus'"),
        (('normal = ["open", "destination"]', 'normal = ["open", "no"]'), "access.normal.1", '"no"', "'open'"),
        (('normal = ["open", "destination"]', 'normal = "open"'), "access.normal", '"open"', "a list"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_what_is_accepted(
    change: tuple[str, str], field: str, value: str, accepted: str
) -> None:
    fault = only_fault(change)
    assert (fault.source, fault.field, fault.value) == ("mine.toml", field, value)
    assert accepted in fault.accepted


@pytest.mark.parametrize("field", ["approach.walk_m", "limit_share.normal", "class.road.untagged_limit_kmh"])
def test_a_missing_number_is_named(field: str) -> None:
    section, key = field.rsplit(".", 1)
    before, after = SHIPPED.split(f"[{section}]")
    fault = faults_of(f"{before}[{section}]{re.sub(rf'(?m)^{key} = .*$', '', after, count=1)}")
    assert [(one.field, one.value) for one in fault] == [(field, "nothing")]


@pytest.mark.parametrize("delay", ["u_turn", "roundabout_entry"])
def test_no_profile_can_be_forbidden_to_turn(delay: str) -> None:
    before, after = SHIPPED.split(f"[delay.{delay}]")
    text = f"{before}[delay.{delay}]{re.sub(r'(?m)^normal_s = .*$', '', after, count=1)}"
    assert [fault.field for fault in faults_of(text)] == [f"delay.{delay}.normal_s"]


def test_a_misspelt_class_is_told_with_its_likely_name() -> None:
    missing, unknown = faults_of(edited(("[class.busway]", "[class.bussway]")))
    assert (missing.field, missing.value) == ("class.busway", "nothing")
    assert (unknown.field, unknown.hint) == ("class.bussway", "did you mean busway?")
    assert "motorway, motorway_link" in unknown.accepted


def test_a_number_without_its_source_is_refused() -> None:
    fault = only_fault(('walk_m = { value = 60.0, source = "walk_distance" }', "walk_m = 60.0"))
    assert (fault.field, fault.value, fault.accepted) == (
        "approach.walk_m",
        "60.0",
        "a table with the keys value, source",
    )


def test_a_source_that_is_not_listed_is_refused() -> None:
    fault = only_fault(('source = "walk_speed"', 'source = "walk_sped"'))
    assert (fault.field, fault.value, fault.hint) == (
        "approach.walk_m_s.source",
        '"walk_sped"',
        "did you mean walk_speed?",
    )
    assert "walk_distance, walk_speed" in fault.accepted


def test_a_source_may_be_called_source() -> None:
    text = edited(("[sources]", '[sources]\nsource = "a survey of 2024"'), ('"walk_speed"', '"source"'))
    assert Profiles.parse(text, "mine.toml").sources["source"] == "a survey of 2024"


def test_all_faults_are_told_together() -> None:
    faults = faults_of(
        edited(
            ("value = 95.6", "value = 0"),
            ("value = 0.85", "value = 85"),
            ('source = "walk_speed"', 'source = "hearsay"'),
            ("[approach]", "[approach]\nrun_m_s = 4"),
        )
    )
    assert {fault.field for fault in faults} == {
        "class.trunk.normal_kmh.value",
        "limit_share.normal.value",
        "approach.walk_m_s.source",
        "approach.run_m_s",
    }


def test_sources_that_are_no_table_are_one_fault() -> None:
    text = re.sub(r"(?s)\[sources\].*?(?=\[class\.motorway\])", "", SHIPPED).replace(
        "version = 1", "version = 1\nsources = 3"
    )
    assert [(fault.field, fault.accepted) for fault in faults_of(text)] == [("sources", "a table")]


def test_a_long_value_is_cut_short() -> None:
    fault = only_fault(('normal = ["open", "destination"]', f'normal = "{"x" * 500}"'))
    assert len(fault.value) < 100


def test_malformed_toml_is_one_fault_with_its_line() -> None:
    (fault,) = faults_of("version = 1\n[sources\n")
    assert (fault.source, fault.where) == ("mine.toml", "line 2, column 9")


@ANY_TEXT
@given(st.text())
def test_no_text_ends_in_anything_but_faults(text: str) -> None:
    assert faults_of(text)


@ANY_TEXT
@given(st.sampled_from(range(0, len(SHIPPED), 7)), st.sampled_from('x=[]{}"#\n9.'))
def test_one_wrong_character_is_read_or_told(place: int, character: str) -> None:
    text = SHIPPED[:place] + character + SHIPPED[place + 1 :]
    faults: tuple[Fault, ...] = ()
    try:
        Profiles.parse(text, "mine.toml")
    except InputError as told:
        faults = told.faults
    assert {fault.source for fault in faults} <= {"mine.toml"}


# The printed table


def test_the_table_has_every_number_and_every_absence() -> None:
    rows = Profiles.default().table()
    assert len(rows) == len({row.what for row in rows}) == 3 * 18 + 2 + 2 * 11 + 3 + 2 * 2
    absent = {row.what for row in rows if row.value is None}
    assert absent == {
        "class.track.normal_kmh",
        "class.busway.normal_kmh",
        "delay.locked_gate.normal_s",
        "delay.private_entry.normal_s",
    }


def test_the_table_is_the_same_after_the_hash_was_asked() -> None:
    profiles = Profiles.parse(SHIPPED, "mine.toml")
    before = profiles.table()
    assert len(profiles.hash) == 64
    assert profiles.table() == before


def test_a_row_says_whose_number_it_is_and_why() -> None:
    rows = {row.what: row for row in Profiles.default().table()}
    limit, share = rows["class.motorway.untagged_limit_kmh"], rows["limit_share.response"]
    assert (limit.profile, limit.value) == ("both", 112.654)
    assert limit.source == "70 mph: Motorways Traffic (Speed Limit) Regulations 1974."
    assert (share.profile, share.value) == ("response", 1.05)
    assert share.source.startswith("judgement, cautious")
