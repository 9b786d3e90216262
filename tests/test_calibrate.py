"""Factors fitted to trips, against factors that are known; and the profile table that comes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli import main
from graphs.netfile import load_network
from graphs.network import Network
from graphs.profiles import Profiles
from graphs.tags import ROAD_CLASSES
from graphs.times import edge_times
from recorded_trips import Truth, evidence_of, junctions, recorded, write_folder
from roadmaps import draw
from scenarios.calibrate import Calibration, TooFewTrips, calibrate, errors_of, fit, held_out_of, retimed
from scenarios.factors import BOUNDS, LEAST_TRIPS, Factor
from scenarios.profile_file import Figured, profiles_toml, with_figures
from scenarios.trips import UNUSABLE, Trips, trips_of

SHIPPED = Profiles.default()
CLASSES = ("primary", "secondary", "tertiary", "residential")


def made(
    count: int,
    by_class: Mapping[str, float],
    *,
    by_period: Mapping[str, float] | None = None,
    spread: float = 0.1,
    outliers: float = 0.05,
    wait_s: float = 20.0,
    seed: int = 0,
    profile: str = "response",
) -> Trips:
    """Return trips that take what the factors say, over all classes that these name."""
    random = np.random.default_rng(seed)
    class_s = np.zeros((count, len(ROAD_CLASSES)))
    columns = [ROAD_CLASSES.index(name) for name in by_class]
    class_s[:, columns] = random.uniform(0, 300, (count, len(columns)))
    period = random.choice([-1, 0, 1], count, p=[0.6, 0.2, 0.2])
    named = np.array([[name in each.classes for name in ROAD_CLASSES] for each in SHIPPED.periods] + [[False] * 18])
    lift = np.array([*((by_period or {}).get(each.name, 1.0) for each in SHIPPED.periods), 1.0])[period]
    factors = np.ones(len(ROAD_CLASSES))
    factors[columns] = list(by_class.values())
    driven_s = (class_s * factors * np.where(named[period], lift[:, np.newaxis], 1.0)).sum(axis=1)
    far = np.where(random.random(count) < outliers, random.uniform(3, 10, count), 1.0)
    return Trips(
        profiles=SHIPPED,
        incident=tuple(f"I{row}" for row in range(count)),
        callsign=("X1",) * count,
        started_us=np.arange(count) * 3_600_000_000,
        profile=np.full(count, SHIPPED.names.index(profile)),
        period=period,
        class_s=class_s,
        wait_s=np.full(count, wait_s),
        walk_s=np.full(count, wait_s / 2),
        actual_s=(driven_s + 1.5 * wait_s) * np.exp(random.normal(0, spread, count)) * far,
        funnel={"assignments": count, **dict.fromkeys(UNUSABLE, 0)},
        records="0" * 64,
    )


def factors_of(found: Calibration, kind: str = "class") -> dict[str, Factor]:
    return {each.name: each for each in found.factors if each.kind == kind}


def measured(found: Calibration, kind: str = "class") -> dict[str, float]:
    return {name: each.factor for name, each in factors_of(found, kind).items() if each.low is not None}


# Known factors


def test_known_factors_are_found_under_noise_and_gross_outliers() -> None:
    told = {"primary": 1.3, "secondary": 0.8, "tertiary": 1.0, "residential": 1.6}
    found = fit(made(3000, told, by_period={"morning peak": 1.4, "evening peak": 1.1}))
    assert measured(found) == pytest.approx(told, rel=0.03)
    assert measured(found, "period") == pytest.approx({"morning peak": 1.4, "evening peak": 1.1}, rel=0.03)
    assert (found.after.median_s or 0) < (found.before.median_s or 0)
    assert found.after.ratio == pytest.approx(1.0, abs=0.02)


def test_without_noise_factors_are_exact() -> None:
    told = {"primary": 1.3, "residential": 0.7}
    assert measured(fit(made(400, told, spread=0.0, outliers=0.0))) == pytest.approx(told, rel=1e-3)


def test_every_trip_equal_to_its_prediction_changes_nothing() -> None:
    found = fit(made(400, dict.fromkeys(CLASSES, 1.0), spread=0.0, outliers=0.0))
    assert measured(found) == pytest.approx(dict.fromkeys(CLASSES, 1.0), abs=1e-6)
    assert found.before.median_s == found.after.median_s == 0.0
    assert any("not better" in each for each in found.warnings)


def test_intervals_hold_the_truth_in_nineteen_of_twenty() -> None:
    told = {"primary": 1.3, "secondary": 0.8, "residential": 1.6}
    held = []
    for seed in range(40):
        factors = factors_of(fit(made(400, told, spread=0.2, seed=seed)))
        held += [(factors[name].low or 9) <= truth <= (factors[name].high or 0) for name, truth in told.items()]
    # 120 intervals of 95%: fewer than 105 would come up once in a thousand times.
    assert 105 <= sum(held) < 120


def test_a_class_never_driven_takes_the_factor_of_the_profile_and_says_so() -> None:
    found = fit(made(600, {"primary": 1.2, "residential": 1.2}))
    motorway, whole = factors_of(found)["motorway"], factors_of(found, "profile")[""]
    assert (motorway.factor, motorway.low, motorway.trips) == (whole.factor, None, 0)
    assert "fewer than 30 trips" in motorway.note
    assert found.profiles.classes.motorway.response_pace is not None
    assert found.profiles.classes.motorway.response_pace.value == pytest.approx(1 / 1.2, rel=0.03)


def test_classes_that_no_trip_tells_apart_share_their_factor() -> None:
    trips = made(600, {"primary": 1.4, "residential": 1.4})
    class_s = trips.class_s.copy()
    class_s[:, ROAD_CLASSES.index("residential")] = class_s[:, ROAD_CLASSES.index("primary")]
    driven_s = class_s.sum(axis=1) * 1.4
    same = replace(trips, class_s=class_s, period=np.full(600, -1), actual_s=driven_s + trips.wait_s + trips.walk_s)
    found = factors_of(fit(same))
    assert [found[name].factor for name in ("primary", "residential")] == pytest.approx([1.4, 1.4], rel=0.01)
    assert (found["primary"].high or 0) > 1.5 * (found["primary"].low or 0)


def test_what_no_driving_explains_is_held_at_a_limit() -> None:
    found = fit(made(600, {"primary": 5.0}))
    assert factors_of(found)["primary"].factor == pytest.approx(BOUNDS[1], rel=1e-3)
    assert any("held at 3.00, the limit" in each for each in found.warnings)


def test_a_peak_that_is_quicker_than_the_rest_of_the_day_is_held_at_no_slower() -> None:
    found = fit(made(3000, {"primary": 1.0, "secondary": 1.0}, by_period={"morning peak": 0.7}))
    assert factors_of(found, "period")["morning peak"].factor == pytest.approx(0.9, abs=1e-3)
    assert found.profiles.periods[0].response.value == 1.0


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(0.6, 1.6), seed=st.integers(0, 1000))
def test_scaling_every_time_scales_the_factor_of_the_profile(scale: float, seed: int) -> None:
    trips = made(300, {"primary": 1.2, "residential": 0.9}, wait_s=0.0, seed=seed)
    one, other = fit(trips), fit(replace(trips, actual_s=trips.actual_s * scale))
    for name, factor in measured(one).items():
        assert measured(other)[name] == pytest.approx(factor * scale, rel=1e-3)
    whole, scaled = (factors_of(each, "profile")[""].factor for each in (one, other))
    assert scaled == pytest.approx(whole * scale, rel=1e-3)


# What is held out, and what is refused


def test_the_same_seed_holds_out_the_same_incidents_whatever_others_there_are() -> None:
    names = [f"I{row}" for row in range(2000)]
    held = held_out_of(names, 0.2, 7)
    assert held[::3].tolist() == held_out_of(names[::3], 0.2, 7).tolist()
    assert 340 < held.sum() < 460
    assert held.tolist() != held_out_of(names, 0.2, 8).tolist()
    assert not held_out_of(names, 0.0, 7).any()


def test_nothing_is_fitted_to_what_is_held_out() -> None:
    trips = made(600, {"primary": 1.2, "residential": 0.9})
    held = held_out_of(trips.incident, 0.2, 0)
    moved = replace(trips, actual_s=np.where(held, trips.actual_s * 3, trips.actual_s))
    assert fit(trips).factors == fit(moved).factors
    assert fit(trips).before != fit(moved).before


def test_too_few_trips_are_refused_with_their_number() -> None:
    with pytest.raises(TooFewTrips, match=r"49 usable trips in 49 assignments.*50 of one profile are needed"):
        fit(made(LEAST_TRIPS - 1, {"primary": 1.0}), held_out=0.0)
    assert fit(made(LEAST_TRIPS, {"primary": 1.0}), held_out=0.0).trained == LEAST_TRIPS


def test_a_profile_with_too_few_trips_keeps_its_numbers() -> None:
    found = fit(made(600, {"primary": 1.5}, profile="normal"))
    assert {each.profile for each in found.factors} == {"normal"}
    assert found.profiles.profile("response") == SHIPPED.profile("response")
    assert any(each.startswith("response: 0 trips, fewer than 50") for each in found.warnings)


# The table


def test_the_shipped_table_survives_being_written() -> None:
    assert Profiles.parse(profiles_toml(SHIPPED, ["a head", "# 'quoted' \\ \"so\""]), "again.toml").hash == SHIPPED.hash


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), min_size=1))
def test_any_source_survives_being_written(text: str) -> None:
    figure = Figured("response", 0.5, text, period="morning peak")
    table = with_figures(SHIPPED, [figure, Figured("normal", 1.25, text, road_class="primary")])
    again = Profiles.parse(profiles_toml(table), "again.toml")
    assert again == table
    assert again.profile("normal").class_pace["primary"] == 1.25
    assert again.sources[figure.key] == text


@pytest.mark.parametrize("limit", ["limit=20mph", "limit=none"])
def test_a_pace_multiplies_whatever_speed_limit_and_ceiling_leave(limit: str) -> None:
    road = draw("A---B", f"A-B primary length=5000 {limit}")
    slower = with_figures(SHIPPED, [Figured("response", 0.8, "measured", road_class="primary")])
    usual, paced = (edge_times(replace(road.network, profiles=each), "response") for each in (SHIPPED, slower))
    assert paced.edge_ms[0] == pytest.approx(usual.edge_ms[0] / 0.8, abs=1)
    assert slower.profile("normal") == SHIPPED.profile("normal")


def test_every_number_measured_names_its_trips_and_records() -> None:
    found = fit(made(600, {"primary": 1.5}))
    rows = {row.what: row for row in found.profiles.table()}
    pace = rows["class.primary.response_pace"]
    assert pace.profile == "response"
    assert "trips from 1970-01-01 to 1970-01-25, records 000000000000" in pace.source
    assert "95% interval" in pace.source
    assert "class.primary.normal_pace" not in rows


# From a record to a table, over real roads

TRUTH = Truth(
    {"residential": 1.3, "tertiary": 1.15, "secondary": 0.9}, {"evening peak": 1.3}, spread=0.1, outliers=0.05
)
MAIN = ("residential", "tertiary", "secondary")


def test_known_factors_are_found_on_real_roads(gothenburg: Network) -> None:
    found = fit(trips_of(recorded(gothenburg, junctions(gothenburg), 4000, TRUTH, seed=2), gothenburg))
    assert {name: measured(found)[name] for name in MAIN} == pytest.approx(TRUTH.by_class, rel=0.03)
    assert measured(found, "period")["evening peak"] == pytest.approx(1.3, rel=0.03)


def test_the_table_written_predicts_what_was_said_of_it(gothenburg: Network, tmp_path: Path) -> None:
    record = recorded(gothenburg, junctions(gothenburg), 600, TRUTH, profiles=("response", "normal"))
    found = calibrate(record, gothenburg, seed=4)
    path = tmp_path / "profiles.toml"
    path.write_text(profiles_toml(found.profiles), "utf-8")
    trips = trips_of(record, retimed(gothenburg, Profiles.read(path)))
    assert errors_of(trips, held_out_of(trips.incident, 0.2, 4)) == found.after
    assert (found.after.median_s or 0) < (found.before.median_s or 0)


def test_two_calibrations_are_equal(gothenburg: Network) -> None:
    record = recorded(gothenburg, junctions(gothenburg), 300, TRUTH)
    first, second = (calibrate(record, gothenburg) for _ in range(2))
    assert first.as_json() == second.as_json()
    assert profiles_toml(first.profiles) == profiles_toml(second.profiles)


def test_a_record_without_a_trip_is_refused_with_the_reasons(gothenburg: Network) -> None:
    record = recorded(gothenburg, junctions(gothenburg), 20, Truth())
    bare = evidence_of(record.incidents, [each for group in record.assignments.values() for each in group])
    with pytest.raises(TooFewTrips, match="20 no position report when the unit set off") as caught:
        calibrate(bare, gothenburg)
    assert caught.value.exit_code == 3


# The command


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["calibrate", *map(str, arguments)])


def test_the_command_writes_a_table_that_the_roads_can_be_driven_by(gothenburg_file: Path, tmp_path: Path) -> None:
    network = load_network(gothenburg_file)
    record = write_folder(recorded(network, junctions(network), 300, TRUTH), gothenburg_file, tmp_path / "imported")
    table = tmp_path / "profiles.toml"
    told = run(record, "-o", table, "--seed", 5, "--json")
    assert told.exit_code == 0, told.output
    answer = json.loads(told.stdout)
    assert answer["profiles"]["suggested"] == Profiles.read(table).hash
    unused = sum(answer["funnel"][key] for key in UNUSABLE)
    assert answer["trained"] + answer["before"]["trips"] + unused == answer["funnel"]["assignments"] == 300
    again = run(record, "-o", tmp_path / "again.toml", "--seed", 5, "--json")
    assert json.loads(again.stdout) == {**answer, "output": str(tmp_path / "again.toml")}
    assert (tmp_path / "again.toml").read_bytes() == table.read_bytes()
    ends = ("--from", "57.7089,11.9746", "--to", "57.6969,11.9865", "--at-time", "2026-01-05T12:00:00+00:00", "--json")
    route = ["route", "--graph", str(gothenburg_file), *ends]
    usual, fitted = (CliRunner().invoke(main, each) for each in (route, [*route, "--profiles", str(table)]))
    assert (usual.exit_code, fitted.exit_code) == (0, 0), usual.output + fitted.output
    assert usual.stdout != fitted.stdout


def test_the_command_shows_people_factors_and_errors(gothenburg_file: Path, tmp_path: Path) -> None:
    network = load_network(gothenburg_file)
    record = write_folder(recorded(network, junctions(network), 300, TRUTH), gothenburg_file, tmp_path / "imported")
    told = run(record, "-o", tmp_path / "profiles.toml")
    assert told.exit_code == 0, told.output
    for sentence in ("300 assignments", "all of it", "residential", "held out, before: median", "held out, after:"):
        assert sentence in told.stdout


def test_the_command_refuses_too_few_trips_with_exit_code_3(gothenburg_file: Path, tmp_path: Path) -> None:
    network = load_network(gothenburg_file)
    record = write_folder(recorded(network, junctions(network), 20, Truth()), gothenburg_file, tmp_path / "imported")
    told = run(record, "-o", tmp_path / "profiles.toml")
    assert told.exit_code == 3
    assert "20 usable trips in 20 assignments" in told.stderr
    assert not (tmp_path / "profiles.toml").exists()


def test_the_command_refuses_records_without_a_network_and_options_out_of_range(tmp_path: Path) -> None:
    record = write_folder(evidence_of([], []), None, tmp_path / "imported")
    told = run(record, "-o", tmp_path / "profiles.toml")
    assert (told.exit_code, "imported with a road network" in told.stderr) == (2, True)
    told = run(record, "-o", tmp_path / "absent" / "profiles.toml", "--held-out", 1.5)
    assert told.exit_code == 2
    assert "-o" in told.stderr
    assert "--held-out" in told.stderr
