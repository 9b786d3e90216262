"""Calls: their rates, their places, how long they take; the same for whatever is compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dispatch.model import Incident
from graphs.coordinates import METRES_PER_DEGREE, distance_m
from graphs.errors import InputError
from graphs.network import Network
from nightshift import CLEVELAND
from roadmaps import draw
from scenarios.demand import (
    calls_from,
    calls_of,
    demand_faults,
    demand_points,
    expected_per_hour,
    service_of,
)
from scenarios.demand_days import days_of
from scenarios.demand_draws import chances, lengths_ms
from scenarios.demand_places import places_of
from scenarios.scenario import (
    MS_PER_HOUR,
    Area,
    Call,
    Crews,
    History,
    Kind,
    Length,
    Rate,
    Room,
    Scenario,
    Service,
    Station,
)

# Of every test of chance here: seeds are fixed, so none of them fails now and then.
ALPHA = 1e-3
TOWN = draw(
    """
    A---B---C
    |   |   |
    D---E---F

    G-------H
    |
    I
    """,
    "A-B-C-F-E-D-A residential",
    "B-E residential",
    "D-G residential length=400",
    "G-H residential",
    "G-I motorway",
    "F-H primary",
)
# By the clocks of Middlesbrough: winter, and the two days on which they change.
WINTER = datetime(2026, 1, 12, tzinfo=UTC)
FORWARD = datetime(2026, 3, 29, tzinfo=UTC)
BACK = datetime(2026, 10, 24, 23, tzinfo=UTC)
HOUR_SERVICE = (Service(Length("fixed", 3600.0)),)
WEEK_H = 168


def box(name: str, west: float, south: float, east: float, north: float, weight: float = 1.0, **more: Any) -> Area:
    """Make an area from metres east and south of the corner of the town."""
    (lat, lon), east_m = TOWN.at("A"), METRES_PER_DEGREE * np.cos(np.radians(TOWN.at("A")[0]))
    bounds = lon + west / east_m, lat + south / METRES_PER_DEGREE, lon + east / east_m, lat + north / METRES_PER_DEGREE
    return Area(name, shapely.box(*bounds), weight, **more)


NORTH = box("north", -50, -250, 1000, 50, 3.0, sector="N")
SOUTH = box("south", -50, -450, 1000, -250, 1.0)
# Between the streets there is nothing but a yard.
YARD = box("yard", 100, -150, 300, -50, 1.0)
NORTH_STATION = Station("North", *TOWN.at("A"), sector="A1")
SOUTH_STATION = Station("South", *TOWN.at("H"), sector="B2", custody=True)
STATIONS = (NORTH_STATION, SOUTH_STATION)


def scenario(*rates: Rate, **more: Any) -> Scenario:
    told: dict[str, Any] = {
        "name": "town",
        "network": TOWN.network,
        "force": CLEVELAND,
        "start": WINTER,
        "hours": WEEK_H,
        "stations": STATIONS,
        "duties": (),
        "demand": rates,
        "services": HOUR_SERVICE,
        "codes": {},
        "warm_up_h": 0,
        "cool_down_h": 0,
    }
    return Scenario(**{**told, **more})


def history(*incidents: Incident, resample: Any = "days", **more: Any) -> Scenario:
    return replace(scenario(), demand=History(incidents, resample), **more)


def past(name: str, moment: datetime, place: str = "A", grade: str = "priority", **more: Any) -> Incident:
    return Incident(*TOWN.at(place), grade, name, moment, **more)


def local_hours(asked: Scenario, replication: int) -> list[int]:
    return [asked.local(call.received_ms).hour for call in calls_of(asked, replication)]


THEFT = Rate("theft", "priority", 6.0)
ABUSE = Rate("violence", "emergency", 2.5, tags=frozenset({"domestic_abuse"}), units_needed=2)


class TestArrivals:
    def test_numbers_and_gaps_are_those_of_a_poisson_process(self) -> None:
        asked = scenario(THEFT)
        counts = [len(calls_of(asked, replication)) for replication in range(1, 41)]
        low, high = stats.chi2.ppf([ALPHA / 2, 1 - ALPHA / 2], len(counts) - 1)
        dispersion = np.var(counts, ddof=1) * (len(counts) - 1) / (6.0 * WEEK_H)
        assert abs(sum(counts) - 40 * 6 * WEEK_H) < stats.norm.isf(ALPHA / 2) * (40 * 6 * WEEK_H) ** 0.5
        assert low < dispersion < high
        moments_h = np.array([call.received_ms for call in calls_of(asked, 1)]) / MS_PER_HOUR
        assert stats.kstest(np.diff(moments_h), "expon", (0, 1 / 6.0)).pvalue > ALPHA

    def test_each_hour_and_weekday_has_its_rate(self) -> None:
        night = Rate("noise", "standard", 4.0, days=frozenset({4, 5}), from_hour=20)
        asked = scenario(night, replace(night, per_hour=1.0, from_hour=0, to_hour=20, days=frozenset(range(7))))
        calls = [call for replication in range(1, 31) for call in calls_of(asked, replication)]
        found = np.zeros((7, 24))
        for call in calls:
            local = asked.local(call.received_ms)
            found[local.weekday(), local.hour] += 1
        expected = np.zeros((7, 24))
        expected[:, :20], expected[4:6, 20:] = 30.0, 120.0
        assert not found[expected == 0].any()
        deviation = ((found - expected)[expected > 0] ** 2 / expected[expected > 0]).sum()
        assert deviation < stats.chi2.isf(ALPHA, (expected > 0).sum())

    def test_they_come_in_order_within_the_period_with_names_of_their_own(self) -> None:
        calls = calls_of(scenario(THEFT, ABUSE, warm_up_h=3, cool_down_h=5, hours=30), 7)
        received = [call.received_ms for call in calls]
        assert received == sorted(received)
        assert -3 * MS_PER_HOUR <= received[0] < 0
        assert 30 * MS_PER_HOUR < received[-1] < 35 * MS_PER_HOUR
        assert len({call.incident.incident_id for call in calls}) == len(calls)
        assert all(WINTER + timedelta(milliseconds=it.received_ms) == it.incident.received_at for it in calls)

    def test_what_an_incident_is_comes_from_its_row(self) -> None:
        row = Rate("burglary", "emergency", 3.0, needs=frozenset({"taser"}), tags=frozenset({"x"}), units_needed=4)
        for call in calls_of(scenario(row, hours=24), 1):
            it = call.incident
            assert (it.type, it.grade, it.needs, it.tags, it.units_needed) == (
                *("burglary", "emergency", {"taser"}, {"x"}, 4),
            )
            assert it.graded_at == it.received_at
            assert len(call.on_scene_ms) == 4

    def test_a_midnight_that_the_clocks_skip_begins_no_other_day(self) -> None:
        santiago = CLEVELAND.model_copy(update={"time_zone": "America/Santiago"})
        asked = scenario(force=santiago, start=datetime(2026, 9, 5, 4, tzinfo=UTC), hours=48)
        days = list(days_of(asked, 0, asked.end_ms))
        assert [(it.day.day, it.hour[0], len(it.hour)) for it in days] == [(5, 0, 24), (6, 1, 23), (7, 0, 24)]
        assert [it.end_ms for it in days[:-1]] == [it.begin_ms for it in days[1:]]

    @pytest.mark.parametrize(("start", "shown"), [(FORWARD, 0), (BACK, 2)])
    def test_an_hour_comes_as_often_as_the_clocks_show_it(self, start: datetime, shown: int) -> None:
        asked = scenario(Rate("x", "priority", 400.0, from_hour=1, to_hour=2), start=start, hours=23)
        count = len(calls_of(asked, 1))
        assert abs(count - shown * 400) < stats.norm.isf(ALPHA / 2) * max(shown * 400, 1) ** 0.5
        assert sum(expected_per_hour(asked)[:, 1]) == pytest.approx(shown * 400)
        assert set(local_hours(asked, 1)) == ({1} if shown else set())

    def test_half_an_hour_of_change_has_half_the_calls(self) -> None:
        lord_howe = CLEVELAND.model_copy(update={"time_zone": "Australia/Lord_Howe"})
        asked = scenario(
            Rate("x", "priority", 600.0, from_hour=1, to_hour=2), force=lord_howe,
            start=datetime(2026, 4, 4, 13, tzinfo=UTC), hours=24,
        )  # fmt: skip
        assert expected_per_hour(asked).sum() == pytest.approx(900.0)
        assert abs(len(calls_of(asked, 1)) - 900) < stats.norm.isf(ALPHA / 2) * 30

    def test_nothing_is_asked_of_nobody(self) -> None:
        assert calls_of(scenario(), 1) == ()
        assert calls_of(scenario(replace(THEFT, per_hour=0.0)), 1) == ()


class TestPlaces:
    def test_areas_share_calls_by_weight_and_streets_by_length(self) -> None:
        calls = calls_of(scenario(Rate("x", "priority", 60.0), areas=(NORTH, SOUTH)), 1)
        north = sum(call.area == "north" for call in calls)
        assert stats.binomtest(north, len(calls), 0.75).pvalue > ALPHA
        # Of all streets in the north, so much is the 800 m from A to C.
        streets, top = places_of(TOWN.network, (NORTH,)), TOWN.at("A")[0]
        length_m, on_top = np.diff(streets.along_m), (np.abs(streets.begin[:, 1] - top) < 1e-9)
        on_top &= np.abs(streets.end[:, 1] - top) < 1e-9
        assert length_m[on_top].sum() == pytest.approx(800, abs=1)
        lat = np.array([call.incident.lat for call in calls if call.area == "north"])
        share = length_m[on_top].sum() / length_m.sum()
        assert stats.binomtest(int((np.abs(lat - top) < 1e-6).sum()), len(lat), share).pvalue > ALPHA

    def test_a_row_for_an_area_stays_in_it(self) -> None:
        calls = calls_of(scenario(replace(THEFT, area="south"), areas=(NORTH, SOUTH)), 1)
        assert {call.area for call in calls} == {"south"}
        edge = SOUTH.shape.buffer(1e-6)
        assert all(shapely.contains_xy(edge, call.incident.lon, call.incident.lat) for call in calls)

    def test_they_lie_on_ordinary_streets_of_the_network(self) -> None:
        network = TOWN.network
        lines = [
            network.edge_line(edge) for edge in range(network.edge_count) if network.class_name(edge) != "motorway"
        ]
        streets = shapely.union_all(lines)
        for call in calls_of(scenario(Rate("x", "priority", 5.0)), 1):
            it = call.incident
            assert network.contains(it.lat, it.lon)
            assert streets.distance(shapely.Point(it.lon, it.lat)) < 2e-6
            assert (it.lat, it.lon) == (round(it.lat, 6), round(it.lon, 6))
            assert call.area is None

    def test_an_area_without_streets_has_one_place_and_is_named(self) -> None:
        assert places_of(TOWN.network, (NORTH, YARD)).bare == ("yard",)
        calls = calls_of(scenario(replace(THEFT, area="yard"), areas=(NORTH, YARD)), 1)
        (place,) = {(call.incident.lon, call.incident.lat) for call in calls}
        assert shapely.contains_xy(YARD.shape, *place)

    def test_an_area_outside_the_network_is_refused_by_name(self) -> None:
        asked = scenario(THEFT, areas=(NORTH, box("sea", 9e5, 0, 9e5 + 50, 50)))
        with pytest.raises(InputError, match="sea"):
            calls_of(asked, 1)
        assert [fault.field for fault in demand_faults(asked)] == ["sea"]

    def test_areas_that_weigh_nothing_share_nothing(self) -> None:
        asked = scenario(THEFT, areas=(replace(NORTH, weight=0.0), replace(SOUTH, weight=0.0)))
        with pytest.raises(InputError, match="0 in all areas"):
            calls_of(asked, 1)
        assert not demand_faults(replace(asked, demand=(replace(THEFT, area="south"),)))
        assert calls_of(replace(asked, demand=(replace(THEFT, area="south"),)), 1)

    def test_a_sector_is_that_of_the_area_or_of_the_nearest_station(self) -> None:
        calls = calls_of(scenario(Rate("x", "priority", 20.0), areas=(NORTH, SOUTH)), 1)
        assert {(call.area, call.incident.sector) for call in calls} == {
            *(("north", "N"), ("south", "A1"), ("south", "B2")),
        }
        for call in calls:
            if call.incident.sector in {"A1", "B2"}:
                near = {it.sector: distance_m(call.incident.lat, call.incident.lon, it.lat, it.lon) for it in STATIONS}
                assert call.incident.sector == min(near, key=near.__getitem__)
        alone = scenario(THEFT, stations=(Station("Bare", *TOWN.at("A")),))
        assert {call.incident.sector for call in calls_of(alone, 1)} == {None}


def what_and_where(call: Call) -> tuple[Any, ...]:
    return call.incident, call.received_ms, call.area


class TestSameForAll:
    """Common random numbers."""

    BASE = scenario(THEFT, ABUSE, areas=(NORTH, SOUTH))

    def test_the_same_replication_gives_the_same_and_another_gives_others(self) -> None:
        assert calls_of(self.BASE, 3) == calls_of(replace(self.BASE), 3) == tuple(calls_from(self.BASE, 3))
        assert calls_of(self.BASE, 3) != calls_of(self.BASE, 4)
        assert calls_of(self.BASE, 3) != calls_of(replace(self.BASE, seed=2), 3)

    def test_rosters_and_services_change_no_call(self) -> None:
        slower = (Service(Length("gamma", 7200.0, 600.0), custody_share=0.5, custody=Length("fixed", 60.0)),)
        room = Room({"priority": Length("exponential", 90.0)})
        other = replace(self.BASE, services=slower, room=room, crews=Crews(travel_spread=0.3), replications=99)
        assert list(map(what_and_where, calls_of(other, 1))) == list(map(what_and_where, calls_of(self.BASE, 1)))

    def test_another_rate_leaves_the_calls_of_the_others(self) -> None:
        fewer = replace(self.BASE, demand=(replace(THEFT, per_hour=3.0), ABUSE))
        kept = {call.incident.incident_id: call for call in calls_of(self.BASE, 1)}
        found = {call.incident.incident_id: call for call in calls_of(fewer, 1)}
        abuse = {name for name in kept if kept[name].incident.grade == "emergency"}
        assert {name: kept[name] for name in abuse} == {name: found[name] for name in abuse}
        # The calls of the row itself are the first ones of each day, later.
        assert set(found) < set(kept)
        for name in set(found) - abuse:
            assert (found[name].incident.lat, found[name].incident.lon) == (
                kept[name].incident.lat,
                kept[name].incident.lon,
            )
            assert found[name].received_ms > kept[name].received_ms

    def test_a_longer_warm_up_only_adds_calls_before(self) -> None:
        longer = replace(self.BASE, warm_up_h=30, cool_down_h=3)
        inside = [call for call in calls_of(longer, 1) if 0 <= call.received_ms < self.BASE.end_ms]
        assert tuple(inside) == calls_of(self.BASE, 1)

    def test_a_longer_service_is_longer_for_each(self) -> None:
        short, long = (
            calls_of(replace(self.BASE, services=(Service(Length("lognormal", mean, mean / 2)),)), 1)
            for mean in (1200.0, 1500.0)
        )
        assert all(a.on_scene_ms < b.on_scene_ms for a, b in zip(short, long, strict=True))

    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 2**40), st.integers(1, 10**6), st.floats(0.01, 30.0), st.integers(1, 60))
    def test_any_seed_and_rate(self, seed: int, replication: int, per_hour: float, hours: int) -> None:
        asked = scenario(replace(THEFT, per_hour=per_hour), seed=seed, hours=hours, areas=(NORTH, SOUTH))
        calls = calls_of(asked, replication)
        assert calls == calls_of(asked, replication)
        assert all(0 <= call.received_ms <= call.ready_ms < asked.end_ms for call in calls)
        assert abs(len(calls) - per_hour * hours) < 8 * (per_hour * hours) ** 0.5 + 12
        assert all(asked.network.contains(call.incident.lat, call.incident.lon) for call in calls)


class TestLengths:
    @pytest.mark.parametrize(
        ("kind", "mean_s", "sd_s", "same"),
        [
            ("exponential", 900.0, 900.0, stats.expon(0, 900)),
            ("gamma", 1800.0, 600.0, stats.gamma(9.0, 0, 200.0)),
            ("lognormal", 1800.0, 1800.0, stats.lognorm(np.log(2) ** 0.5, 0, 1800 / 2**0.5)),
        ],
    )
    def test_they_have_the_mean_and_the_deviation_told(self, kind: Kind, mean_s: float, sd_s: float, same: Any) -> None:
        number = (np.arange(200_000) + 0.5) / 200_000
        drawn_s = lengths_ms(Length(kind, mean_s, sd_s), number) / 1000
        assert drawn_s.mean() == pytest.approx(mean_s, rel=1e-3)
        assert drawn_s.std() == pytest.approx(sd_s, rel=1e-2)
        assert drawn_s[::1000] == pytest.approx(same.ppf(number[::1000]), rel=1e-3, abs=1e-3)

    @pytest.mark.parametrize("kind", ["fixed", "lognormal", "gamma"])
    def test_without_a_deviation_all_are_the_mean(self, kind: Kind) -> None:
        assert set(lengths_ms(Length(kind, 12.3456), np.linspace(0.01, 0.99, 9)).tolist()) == {12_346}
        assert set(lengths_ms(Length(kind, 0.0, 5.0), np.linspace(0.01, 0.99, 9)).tolist()) == {0}

    def test_chance_has_the_median_one_and_the_spread_told(self) -> None:
        number = (np.arange(100_000) + 0.5) / 100_000
        drawn = chances(0.2, number)
        assert np.median(drawn) == pytest.approx(1.0, abs=1e-4)
        assert np.log(drawn).std() == pytest.approx(0.2, rel=1e-3)
        assert set(chances(0.0, number)) == {1.0}

    def test_the_numbers_of_a_call_and_of_calls_are_independent(self) -> None:
        asked = scenario(
            Rate("x", "priority", 40.0),
            services=(Service(Length("exponential", 600.0), custody_share=0.25, custody=Length("exponential", 600.0)),),
            crews=Crews(travel_spread=0.1), room=Room({"priority": Length("exponential", 60.0)}),
        )  # fmt: skip
        calls = calls_of(asked, 1)
        drawn = np.array([(*call.on_scene_ms, call.ready_ms - call.received_ms, *call.chance) for call in calls])
        between = np.corrcoef(np.column_stack([drawn[:-1], drawn[1:, 0]]).T)
        off = np.abs(between[np.triu_indices_from(between, 1)])
        assert off.max() < stats.norm.isf(ALPHA / 2 / len(off)) / len(calls) ** 0.5
        arrests = sum(call.custody_ms > 0 for call in calls)
        assert stats.binomtest(arrests, len(calls), 0.25).pvalue > ALPHA
        assert stats.kstest([it.custody_ms / 1000 for it in calls if it.custody_ms], "expon", (0, 600)).pvalue > ALPHA
        assert stats.kstest(drawn[:, 3] / 1000, "expon", (0, 60)).pvalue > ALPHA

    def test_the_first_service_that_fits_counts(self) -> None:
        any_, urgent, abuse, theft = (Length("fixed", seconds) for seconds in (1.0, 2.0, 3.0, 4.0))
        services = (
            Service(abuse, tag="domestic_abuse", grade="emergency"),
            Service(theft, type="theft"),
            Service(urgent, grade="emergency"),
            Service(any_),
        )
        found = [
            service_of(services, *asked).on_scene
            for asked in [
                ("x", "emergency", frozenset({"domestic_abuse", "y"})),
                ("theft", "emergency", frozenset()),
                (None, "emergency", frozenset()),
                ("x", "standard", frozenset({"domestic_abuse"})),
            ]
        ]
        assert found == [abuse, theft, urgent, any_]

    def test_what_no_service_fits_is_named(self) -> None:
        asked = scenario(THEFT, ABUSE, services=(Service(Length("fixed", 1.0), type="theft"),))
        (fault,) = demand_faults(asked)
        assert fault.value == "type violence, grade emergency, tag domestic_abuse"
        with pytest.raises(InputError, match="type violence"):
            calls_of(asked, 1)

    def test_somebody_arrested_is_taken_there_however_short_the_stay(self) -> None:
        service = Service(Length("fixed", 1.0), custody_share=1.0, custody=Length("fixed", 0.0))
        assert {call.custody_ms for call in calls_of(scenario(THEFT, services=(service,), hours=24), 1)} == {1}

    def test_a_crowd_has_a_time_for_eight_units_at_most(self) -> None:
        rows = [replace(THEFT, type=str(units), units_needed=units) for units in (1, 3, 5, 12)]
        calls = calls_of(scenario(*rows, hours=24), 1)
        assert {(it.incident.units_needed, len(it.on_scene_ms)) for it in calls} == {(1, 3), (3, 3), (5, 5), (12, 8)}


class TestHistory:
    # A Monday and a week after it.
    EARLY = datetime(2025, 11, 3, 0, 30, tzinfo=UTC)

    def test_as_they_were(self) -> None:
        inside = past("b", WINTER + timedelta(hours=5, microseconds=1500), sector="S7", raised_by=("x",))
        asked = history(
            past("c", WINTER + timedelta(hours=WEEK_H)), inside, past("a", WINTER - timedelta(hours=1)),
            past("d", WINTER + timedelta(hours=WEEK_H + 2)), resample="none", warm_up_h=2, cool_down_h=2,
        )  # fmt: skip
        calls = calls_of(asked, 1)
        assert [(it.incident.incident_id, it.received_ms) for it in calls] == [
            *(("a", -MS_PER_HOUR), ("b", 5 * MS_PER_HOUR + 1), ("c", WEEK_H * MS_PER_HOUR)),
        ]
        assert (calls[1].incident.sector, calls[1].incident.raised_by) == ("S7", ())
        assert calls[0].incident.sector == "A1"

    def test_days_are_of_the_same_weekday_at_the_same_times(self) -> None:
        # On the n-th day of three weeks, one call at n minutes past noon; the second Wednesday has none.
        told = [past(str(n), self.EARLY + timedelta(days=n, hours=11, minutes=n - 30)) for n in range(21) if n != 9]
        found = dict[tuple[date, int], int]()
        for replication in range(1, 101):
            for call in calls_of(history(*told), replication):
                local = call.incident.received_at.astimezone(history().zone)  # type: ignore[union-attr]
                n = int(call.incident.incident_id.split("-")[1])
                assert (local.hour, local.minute, local.weekday()) == (11, n, n % 7)
                found[local.date(), n] = found.get((local.date(), n), 0) + 1
        for n in set(range(21)) - {9}:
            day = (WINTER + timedelta(days=n % 7)).date()
            assert stats.binomtest(found[day, n], 100, 1 / 3).pvalue > ALPHA

    def test_a_day_that_comes_twice_has_names_of_its_own(self) -> None:
        told = [past(f"I-{n}", self.EARLY + timedelta(days=n // 5, minutes=n)) for n in range(35)]
        calls = calls_of(history(*told, hours=4 * WEEK_H), 1)
        assert len({call.incident.incident_id for call in calls}) == len(calls) == 140

    @pytest.mark.parametrize(("start", "hours"), [(FORWARD, (0, 2)), (BACK, (0, 1, 2))])
    def test_times_are_kept_by_the_wall(self, start: datetime, hours: tuple[int, ...]) -> None:
        told = [past(str(n), datetime(2025, 11, 2, n, 30, tzinfo=UTC)) for n in range(3)]
        asked = history(*told, start=start, hours=23)
        assert local_hours(asked, 1) == list(hours)

    def test_an_hour_that_was_there_twice_is_kept_apart(self) -> None:
        told = [past(str(n), datetime(2025, 10, 26, 0, 30, tzinfo=UTC) + timedelta(hours=n)) for n in range(2)]
        calls = calls_of(history(*told, start=BACK, hours=23), 1)
        assert [it.received_ms for it in calls] == [3 * MS_PER_HOUR // 2, 5 * MS_PER_HOUR // 2]
        assert len(calls_of(history(*told, start=WINTER - timedelta(days=1), hours=24), 1)) == 2

    def test_a_history_without_a_weekday_is_refused(self) -> None:
        asked = history(past("a", self.EARLY), past("b", self.EARLY + timedelta(days=4)))
        faults = demand_faults(asked)
        assert [fault.value for fault in faults] == ["no Saturday", "no Sunday"]
        with pytest.raises(InputError, match="no Sunday"):
            calls_of(asked, 1)
        assert not demand_faults(replace(asked, hours=24))

    @pytest.mark.parametrize("resample", ["none", "days"])
    def test_an_incident_without_a_time_is_refused(self, resample: str) -> None:
        asked = history(replace(past("a", self.EARLY), received_at=None), resample=resample)
        assert demand_faults(asked)[0].where == "a"
        with pytest.raises(InputError, match="received_at"):
            calls_of(asked, 1)

    def test_areas_are_found_by_place(self) -> None:
        told = [past(place, WINTER + timedelta(hours=1), place) for place in "AGI"]
        yard = box("first", -60, -60, 60, 60, sector="F")
        calls = calls_of(history(*told, resample="none", areas=(yard, NORTH, SOUTH)), 1)
        assert [(it.area, it.incident.sector) for it in calls] == [("first", "F"), ("south", "A1"), (None, "A1")]


class TestExpected:
    def test_hours_and_grades(self) -> None:
        asked = scenario(THEFT, replace(ABUSE, days=frozenset({1}), from_hour=6, to_hour=8))
        found = expected_per_hour(asked)
        emergency, priority = (list(CLEVELAND.grades).index(name) for name in ("emergency", "priority"))
        assert found.shape == (WEEK_H, len(CLEVELAND.grades))
        assert found[:, priority] == pytest.approx(np.full(WEEK_H, 6.0))
        assert np.flatnonzero(found[:, emergency]).tolist() == [30, 31]
        assert found.sum() == pytest.approx(6 * WEEK_H + 5)

    def test_a_start_within_the_hour_shares_it(self) -> None:
        asked = scenario(replace(THEFT, from_hour=1, to_hour=2), start=WINTER + timedelta(minutes=45), hours=3)
        assert expected_per_hour(asked).sum(axis=1) == pytest.approx([4.5, 1.5, 0.0])

    def test_a_history_expects_what_it_gives(self) -> None:
        told = [past(str(n), TestHistory.EARLY + timedelta(days=n % 14, hours=n % 23)) for n in range(200)]
        asked = history(*told)
        means = np.zeros(WEEK_H)
        for replication in range(1, 81):
            for call in calls_of(asked, replication):
                means[call.received_ms // MS_PER_HOUR] += 1 / 80
        assert expected_per_hour(asked).sum(axis=1) == pytest.approx(means, abs=0.25)
        assert expected_per_hour(asked).sum() == pytest.approx(100.0)
        as_it_was = expected_per_hour(replace(asked, demand=History(tuple(told), "none"), start=TestHistory.EARLY))
        assert as_it_was.sum() == sum(it.received_at < TestHistory.EARLY + timedelta(days=7) for it in told)  # type: ignore[operator]

    def test_points_stand_for_the_demand_of_areas(self) -> None:
        asked = scenario(replace(THEFT, per_hour=4.0), replace(THEFT, area="south", per_hour=2.0), areas=(NORTH, SOUTH))
        lat, lon, weight = demand_points(asked, 1000)
        assert weight.sum() == pytest.approx(1.0)
        assert weight[shapely.contains_xy(NORTH.shape, lon, lat)].sum() == pytest.approx(0.5, abs=0.002)
        assert all(TOWN.network.contains(*place) for place in zip(lat.tolist(), lon.tolist(), strict=True))
        again = demand_points(replace(asked, seed=99), 1000)
        assert all((a == b).all() for a, b in zip(again, (lat, lon, weight), strict=True))

    def test_points_of_a_history_are_its_places(self) -> None:
        told = [past(str(n), TestHistory.EARLY + timedelta(days=n), "AAAG"[n % 4]) for n in range(28)]
        lat, _, weight = demand_points(history(*told), 400)
        north = lat > TOWN.at("D")[0] - 0.0001
        assert sorted(zip(north.tolist(), weight.tolist(), strict=True)) == [
            *((False, pytest.approx(0.25)), (True, pytest.approx(0.75))),
        ]

    def test_without_demand_there_are_none(self) -> None:
        assert [len(column) for column in demand_points(scenario(), 10)] == [0, 0, 0]
        assert [len(column) for column in demand_points(history(resample="none"), 10)] == [0, 0, 0]
        with pytest.raises(ValueError, match="0 places"):
            demand_points(scenario(THEFT), 0)


class TestRealRoads:
    def test_a_night_in_gothenburg(self, gothenburg: Network) -> None:
        asked = scenario(Rate("x", "priority", 30.0), network=gothenburg, hours=24)
        calls = calls_of(asked, 1)
        assert len(calls) > 600
        assert all(gothenburg.contains(call.incident.lat, call.incident.lon) for call in calls)
        lat, lon, weight = demand_points(asked, 500)
        assert len(lat) == len(lon) > 490
        assert weight.sum() == pytest.approx(1.0)
