"""How many calls a scenario expects, and from where: what coverage, sites and rosters are planned for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from graphs.network import Floats, Longs
from scenarios import demand_history, demand_rates
from scenarios.demand_days import LocalDay, days_of
from scenarios.demand_history import past_of
from scenarios.demand_places import DECIMALS, places_of
from scenarios.demand_received import area_shares
from scenarios.scenario import MS_PER_HOUR, Rate, Scenario

_HOURS, _WEEKDAYS = 24, 7


def expected_per_hour(scenario: Scenario) -> Floats:
    """Return (hours, grades) how many calls to expect in each hour of the period that counts.

    Hours are counted from the scenario's start, grades are in the order of ``scenario.force.grades``.

    Raises
    ------
    InputError
        A history lacks times or weekdays of the scenario.
    """
    days = list(days_of(scenario, 0, scenario.end_ms))
    each = [_by_hour(scenario, day) for day in days]
    bounds_ms = np.concatenate([days[0].bounds_ms[:1], *(day.bounds_ms[1:] for day in days)])
    until = np.cumsum(np.pad(np.concatenate(each), ((1, 0), (0, 0))), axis=0)
    hours_ms = np.arange(scenario.hours + 1) * MS_PER_HOUR
    return np.column_stack([np.diff(np.interp(hours_ms, bounds_ms, column)) for column in until.T])


def demand_points(scenario: Scenario, count: int) -> tuple[Floats, Floats, Floats]:
    """Return places that stand for the demand of the period that counts, with weights that add up to 1.

    A systematic sample in the order of a curve that fills the plane, so that every part of the area has its share of
    the points (F. Yates, Systematic sampling, Phil. Trans. R. Soc. A 241 (1948) 345-377; G. M. Morton's order, 1966).

    Parameters
    ----------
    scenario
        Its areas and rates, or its history, say where calls come from.
    count
        How many places are wanted; fewer come where so many are not told apart.

    Returns
    -------
    lat, lon, weight : (n,) float64
        Of each, with no random number in it; none at all where no call is expected.

    Raises
    ------
    ValueError
        ``count`` is below 1.
    InputError
        An area lies outside the network, or a history lacks times or weekdays.
    """
    if count < 1:
        raise ValueError(f"{count} places stand for nothing")
    by_rates = isinstance(scenario.demand, tuple)
    lat, lon = _on_streets(scenario, count) if by_rates else _of_history(scenario, count)
    places, times = np.unique(np.column_stack([lat, lon]), axis=0, return_counts=True)
    return places[:, 0], places[:, 1], times / max(times.sum(), 1)


def _by_hour(scenario: Scenario, day: LocalDay) -> Floats:
    """Return (k, grades) how many calls to expect in each hour of a day by the clocks."""
    grades = list(scenario.force.grades)
    if isinstance(scenario.demand, tuple):
        of_rows = demand_rates.expected(scenario.demand, day)
        grade = np.array([grades.index(rate.grade) for rate in scenario.demand], np.int64)
        return np.stack([of_rows[grade == row].sum(axis=0) for row in range(len(grades))], axis=1)
    if scenario.demand.resample == "days":
        # An hour that the day has twice has its calls once.
        times = (day.hour[:, None] == day.hour[None]).sum(axis=0)
        return np.asarray(_usual(scenario)[day.day.weekday(), day.hour] / times[:, None])
    found = np.zeros((len(day.hour), len(grades)))
    for at_ms, incident in demand_history.arrivals(scenario, 0, day):
        hour = int(np.searchsorted(day.bounds_ms, at_ms, side="right")) - 1
        found[hour, grades.index(incident.grade)] += 1.0
    return found


@lru_cache(maxsize=2)
def _usual(scenario: Scenario) -> Floats:
    """Return (weekdays, hours, grades) the mean of a history."""
    grades, past = list(scenario.force.grades), past_of(scenario)
    found = np.zeros((_WEEKDAYS, _HOURS, len(grades)))
    for day, received in past.on.items():
        for wall, incident in received:
            found[day.weekday(), wall.hour, grades.index(incident.grade)] += 1.0 / len(past.days[day.weekday()])
    return found


def _on_streets(scenario: Scenario, count: int) -> tuple[Floats, Floats]:
    """Return latitudes and longitudes of a sample of streets, each with its share of the calls of its areas."""
    places = places_of(scenario.network, scenario.areas)
    length_m = np.diff(places.along_m)
    area = np.repeat(np.arange(len(places.first) - 1), np.diff(places.first))
    weight = (_by_area(scenario) / np.add.reduceat(length_m, places.first[:-1]))[area] * length_m
    order = along_curve(*((places.begin + places.end) / 2.0).T)
    row, share = systematic(weight[order], count)
    return places.on(order[row], share)


def _by_area(scenario: Scenario) -> Floats:
    """Return (areas,) how many calls to expect in each area; without areas, in the network."""
    rates: Sequence[Rate] = scenario.demand if isinstance(scenario.demand, tuple) else ()
    of_rows = np.zeros(len(rates))
    for day in days_of(scenario, 0, scenario.end_ms):
        inside_ms = np.diff(np.clip(day.bounds_ms, 0, scenario.end_ms))
        of_rows += demand_rates.expected(rates, day) @ (inside_ms / np.diff(day.bounds_ms))
    if not scenario.areas:
        return np.array([of_rows.sum()])
    found: Floats = of_rows[[rate.area is None for rate in rates]].sum() * np.diff(area_shares(scenario.areas))
    number_of = {area.name: row for row, area in enumerate(scenario.areas)}
    for rate, expected in zip(rates, of_rows, strict=True):
        if rate.area is not None:
            found[number_of[rate.area]] += expected
    return found


def _of_history(scenario: Scenario, count: int) -> tuple[Floats, Floats]:
    """Return latitudes and longitudes of a sample of past incidents."""
    lonlat, weight = _weighed(scenario)
    order = along_curve(*lonlat.T) if len(lonlat) else np.empty(0, np.int64)
    row, _ = systematic(weight[order], count)
    lon, lat = np.round(lonlat[order[row]], DECIMALS).T
    return lat, lon


def _weighed(scenario: Scenario) -> tuple[Floats, Floats]:
    """Return (n, 2) longitudes and latitudes of past incidents, and how often each is expected in the period."""
    days = list(days_of(scenario, 0, scenario.end_ms))
    if isinstance(scenario.demand, tuple) or scenario.demand.resample == "none":
        timed = [each for day in days for each in demand_history.arrivals(scenario, 0, day)]
        lonlat = [(it.lon, it.lat) for at_ms, it in timed if 0 <= at_ms < scenario.end_ms]
        return np.array(lonlat).reshape(-1, 2), np.ones(len(lonlat))
    past = past_of(scenario)
    often = np.bincount([day.day.weekday() for day in days], minlength=_WEEKDAYS)
    told = [(day.weekday(), it) for day, received in past.on.items() for _, it in received]
    weight = [often[weekday] / len(past.days[weekday]) for weekday, _ in told]
    return np.array([(it.lon, it.lat) for _, it in told]).reshape(-1, 2), np.array(weight)


def systematic(weight: Floats, count: int) -> tuple[Longs, Floats]:
    """Return so many rows at equal steps along their weights, and the share of its row at which each step is.

    None where nothing weighs anything.
    """
    until = np.concatenate([[0.0], np.cumsum(weight)])
    if until[-1] == 0.0:
        return np.empty(0, np.int64), np.empty(0)
    steps = (np.arange(count) + 0.5) / count * until[-1]
    row = np.searchsorted(until, steps, side="right") - 1
    return row, (steps - until[row]) / weight[row]


def along_curve(lon: Floats, lat: Floats) -> Longs:
    """Return the order of places along Morton's curve, by which neighbours mostly follow each other."""
    bits = np.zeros(len(lon), np.int64)
    for shift, degrees in enumerate((lon, lat)):
        span = max(float(np.ptp(degrees)), 1e-9)
        cell = ((degrees - degrees.min()) / span * 0xFFFF).astype(np.int64)
        for step, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
            cell = (cell | cell << step) & mask
        bits |= cell << shift
    return np.argsort(bits, kind="stable")
