"""Speed limits as they are really tagged."""

from __future__ import annotations

import math
from typing import Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from graphs.maxspeed import HIGHEST_LIMIT_KMH, KNOT_KMH, LOWEST_LIMIT_KMH, MPH_KMH, WALKING_KMH, limit_kmh

DIRECTIONS: tuple[Literal["forward", "backward"], ...] = ("forward", "backward")
KEYS = (
    "maxspeed:forward",
    "maxspeed:backward",
    "maxspeed",
    "maxspeed:type",
    "source:maxspeed",
    "zone:maxspeed",
    "zone:traffic",
)


def forward(**tags: str) -> float | None:
    return limit_kmh({key.replace("__", ":"): value for key, value in tags.items()}, direction="forward")


@pytest.mark.parametrize(
    ("value", "kmh"),
    [
        ("50", 50.0),
        ("30.5", 30.5),
        (" 50 ", 50.0),
        ("50 km/h", 50.0),
        ("50 kmh", 50.0),
        ("50kph", 50.0),
        ("30 mph", 30 * 1.609344),
        ("30mph", 30 * 1.609344),
        ("30 MPH", 30 * 1.609344),
        ("20 knots", 20 * 1.852),
        ("none", math.inf),
        ("walk", WALKING_KMH),
    ],
)
def test_a_number_with_or_without_a_unit(value: str, kmh: float) -> None:
    assert forward(maxspeed=value) == kmh


@pytest.mark.parametrize(
    ("value", "mph"),
    [
        ("GB:nsl_single", 60),
        ("GB:nsl_dual", 70),
        ("GB:nsl_restricted", 30),
        ("GB:motorway", 70),
        ("GB:national", 60),
        ("GB:20", 20),
        ("GB:zone20", 20),
        ("GB:zone:20", 20),
        ("GB:20 mph", 20),
        ("GB:30", 30),
        ("gb:NSL_single", 60),
        ("GB: nsl_single", 60),
        ("UK:nsl_dual", 70),
        ("GB-SCT:nsl_single", 60),
        ("GB-WLS:nsl_single", 60),
        ("GB-WLS:nsl_restricted", 20),
        ("GB-WLS:zone30", 30),
    ],
)
def test_british_rules_are_in_miles_an_hour(value: str, mph: int) -> None:
    assert forward(maxspeed=value) == mph * 1.609344


@pytest.mark.parametrize(
    ("value", "kmh"),
    [
        ("DE:urban", 50.0),
        ("DE:rural", 100.0),
        ("DE:motorway", math.inf),
        ("DE:living_street", WALKING_KMH),
        ("DE:zone30", 30.0),
        ("DE:zone:20", 20.0),
        ("SE:urban", 50.0),
        ("SE:rural", 70.0),
        ("SE:motorway", 110.0),
        ("PT:urban", 50.0),
        ("PT:rural", 90.0),
        ("PT:motorway", 120.0),
        ("FR:rural", 80.0),
        ("IE:rural", 60.0),
        ("NL:motorway", 100.0),
        ("BE-WAL:rural", 90.0),
        ("BE-VLG:rural", 70.0),
        ("BE:rural", 70.0),
    ],
)
def test_rules_of_countries_that_were_looked_up(value: str, kmh: float) -> None:
    assert forward(maxspeed=value) == kmh


@pytest.mark.parametrize(
    "value", ["XX:urban", "US:rural", "US:zone25", "XX:30", "DE:moon", "BE:urban", "GB:", "DE:zone"]
)
def test_a_country_or_context_that_was_not_looked_up_is_not_guessed(value: str) -> None:
    assert forward(maxspeed=value) is None


@pytest.mark.parametrize(
    ("value", "kmh"),
    [
        ("30 mph;40 mph", 30 * 1.609344),
        ("50; 70", 50.0),
        ("70;50", 50.0),
        ("50|70", 50.0),
        ("50||70", 50.0),
        ("none;80", 80.0),
        ("30 mph;50", 30 * 1.609344),
        ("signals;60", 60.0),
        ("0;60", 60.0),
        ("GB:nsl_dual;GB:nsl_single", 60 * 1.609344),
    ],
)
def test_a_list_gives_its_lowest_readable_limit(value: str, kmh: float) -> None:
    assert forward(maxspeed=value) == kmh


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        ";",
        "signals",
        "variable",
        "implicit",
        "default",
        "fixme:higher",
        "0",
        "0 mph",
        "0.3",
        "-30",
        "-30 mph",
        "NaN",
        "inf",
        "1e3",
        "30 furlongs",
        "30 mph approx",
        "5O",
        "٣٠",
        "50,5",
        "2012",
        "161",
        "9999999999999999999999",
    ],
)
def test_what_is_not_a_limit_is_none(value: str) -> None:
    assert forward(maxspeed=value) is None


def test_each_direction_has_its_own_limit() -> None:
    tags = {"maxspeed": "60", "maxspeed:forward": "30", "maxspeed:backward": "40"}
    assert [limit_kmh(tags, direction=direction) for direction in DIRECTIONS] == [30.0, 40.0]


def test_a_direction_without_a_tag_takes_the_limit_of_the_way() -> None:
    tags = {"maxspeed": "60", "maxspeed:forward": "30"}
    assert [limit_kmh(tags, direction=direction) for direction in DIRECTIONS] == [30.0, 60.0]


def test_an_unreadable_direction_falls_back_to_the_way() -> None:
    assert forward(maxspeed__forward="signals", maxspeed="60") == 60.0


@pytest.mark.parametrize("rule", ["GB:nsl_single", "GB:nsl_dual"])
@pytest.mark.parametrize("key", ["maxspeed__type", "source__maxspeed", "zone__maxspeed", "zone__traffic"])
def test_a_rule_without_a_number_is_read(key: str, rule: str) -> None:
    assert forward(**{key: rule}) == {"GB:nsl_single": 60, "GB:nsl_dual": 70}[rule] * 1.609344


def test_a_signed_number_comes_before_the_rule() -> None:
    assert forward(maxspeed="50 mph", maxspeed__type="GB:nsl_dual") == 50 * 1.609344


def test_variable_limits_fall_back_to_the_rule_that_bounds_them() -> None:
    assert forward(maxspeed="signals", maxspeed__type="GB:motorway") == 70 * 1.609344


def test_keys_answer_in_order() -> None:
    tags = {
        "zone:traffic": "DE:urban",
        "zone:maxspeed": "DE:30",
        "source:maxspeed": "SE:rural",
        "maxspeed:type": "PT:rural",
    }
    found = []
    while tags:
        found.append(limit_kmh(tags, direction="backward"))
        tags.popitem()
    assert found == [90.0, 70.0, 30.0, 50.0]


@pytest.mark.parametrize("key", ["maxspeed__type", "source__maxspeed"])
@pytest.mark.parametrize("value", ["2012", "20", "sign", "survey", "none"])
def test_where_a_limit_comes_from_is_not_a_limit(key: str, value: str) -> None:
    assert forward(**{key: value}) is None


def test_a_zone_may_be_a_bare_number() -> None:
    assert forward(zone__maxspeed="30") == 30.0


def test_limits_by_time_of_day_are_not_read() -> None:
    assert forward(maxspeed__conditional="20 mph @ (08:00-09:00)") is None


def test_no_tags_no_limit() -> None:
    assert limit_kmh({}, direction="forward") is None


WRITTEN = st.one_of(
    st.text(max_size=30),
    st.text("0123456789.-;|: mphknotsGBDE_zone", max_size=20),
    st.sampled_from(["GB:", "DE:zone", "none;", "30 mph|", "walk", "\x00", "İ", "🚓"]),
)


# The first text that hypothesis draws on a machine waits for its table of characters to be built.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tags=st.dictionaries(st.sampled_from(KEYS), WRITTEN), direction=st.sampled_from(DIRECTIONS))
@example(tags={"maxspeed": "9" * 5000}, direction="forward")
@example(tags={"maxspeed:type": "GB:" * 2000}, direction="backward")
def test_whatever_is_written_gives_a_plausible_limit_or_none(
    tags: dict[str, str], direction: Literal["forward", "backward"]
) -> None:
    limit = limit_kmh(tags, direction=direction)
    assert limit is None or limit == math.inf or LOWEST_LIMIT_KMH <= limit <= HIGHEST_LIMIT_KMH


@given(st.integers(1, 99), st.sampled_from([("", 1.0), (" km/h", 1.0), (" mph", MPH_KMH), ("knots", KNOT_KMH)]))
def test_units_convert_exactly(number: int, unit: tuple[str, float]) -> None:
    name, factor = unit
    expected = number * factor
    assert forward(maxspeed=f"{number}{name}") == (expected if expected <= HIGHEST_LIMIT_KMH else None)


@given(st.lists(st.sampled_from(["30 mph", "50", "none", "walk", "GB:nsl_dual", "signals", ""]), min_size=1))
def test_a_list_is_never_faster_than_any_of_its_parts(parts: list[str]) -> None:
    alone = [limit for part in parts if (limit := forward(maxspeed=part)) is not None]
    for separator in (";", "; ", "|"):
        assert forward(maxspeed=separator.join(parts)) == min(alone, default=None)
