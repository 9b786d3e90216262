"""How much work a scenario brings, and how many crews there are for it, hour by hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from dispatch.model import Incident
from graphs.network import Floats, Longs
from scenarios.demand import service_of
from scenarios.demand_days import LocalDay, days_of
from scenarios.demand_history import past_of
from scenarios.demand_rates import expected
from scenarios.scenario import MS_PER_HOUR, History, Rate, Scenario, Service

HOURS_PER_DAY: Final = 24
_S_PER_HOUR: Final = 3_600


@dataclass(frozen=True, eq=False)
class Load:
    """Work and crews, hour by hour of the period that counts.

    Parameters
    ----------
    begin_ms : (n,) int64
        When each begins.
    hour : (n,) int64
        What the clocks say.
    lasts_h : (n,) float64
        How much of it counts, in hours.
    incidents : (n,) float64
        Expected in it.
    work : (n,) float64
        Crews bound at once, on average, by time at the scene and in custody; driving is not counted.
    crews : (n,) float64
        Crews on duty, on average.
    by_grade
        Incidents to expect in a day.
    fewest, most
        Crews on duty at any moment.
    alone_h
        Hours with nobody on duty.
    """

    begin_ms: Longs
    hour: Longs
    lasts_h: Floats
    incidents: Floats
    work: Floats
    crews: Floats
    by_grade: Mapping[str, float]
    fewest: int
    most: int
    alone_h: float

    @property
    def share(self) -> float | None:
        """Work for each crew on duty, over the whole period; None where there is none."""
        crews = float(self.crews @ self.lasts_h)
        return float(self.work @ self.lasts_h) / crews if crews else None

    @property
    def overloaded_h(self) -> float:
        """Hours in which there is more work than crews."""
        return float(self.lasts_h[self.work > self.crews].sum())

    def by_hour(self, values: Floats) -> list[float | None]:
        """Return the mean of values by what the clocks say, 0 to 23; None for an hour that does not occur."""
        weight = np.bincount(self.hour, self.lasts_h, HOURS_PER_DAY)
        total = np.bincount(self.hour, values * self.lasts_h, HOURS_PER_DAY)
        return [float(each) / float(hours) if hours else None for each, hours in zip(total, weight, strict=True)]


def load_of(scenario: Scenario) -> Load:
    """Work out what a scenario brings."""
    days = list(days_of(scenario, 0, scenario.end_ms))
    bounds = [_counted(day, scenario.end_ms) for day in days]
    begin_ms, end_ms = (np.concatenate([each[side] for each in bounds]) for side in (0, 1))
    lasts_h = (end_ms - begin_ms) / MS_PER_HOUR
    share = lasts_h / np.concatenate([day.lasts_h for day in days])
    incidents, work_h, by_grade = _demand(scenario, days, share)
    kept = lasts_h > 0.0
    levels = list(_levels(scenario))
    return Load(
        begin_ms=begin_ms[kept],
        hour=np.concatenate([day.hour for day in days])[kept],
        lasts_h=lasts_h[kept],
        incidents=incidents[kept],
        work=work_h[kept] / lasts_h[kept],
        crews=_crew_hours(scenario, begin_ms, end_ms)[kept] / lasts_h[kept],
        by_grade=by_grade,
        fewest=min(crews for crews, _ in levels),
        most=max(crews for crews, _ in levels),
        alone_h=sum(lasts_ms for crews, lasts_ms in levels if not crews) / MS_PER_HOUR,
    )


def _counted(day: LocalDay, end_ms: int) -> tuple[Longs, Longs]:
    """Return from when to when each hour of a day counts."""
    return np.clip(day.bounds_ms[:-1], 0, end_ms), np.clip(day.bounds_ms[1:], 0, end_ms)


def _demand(scenario: Scenario, days: Sequence[LocalDay], share: Floats) -> tuple[Floats, Floats, dict[str, float]]:
    """Return incidents and hours of work in each hour, and incidents a day by grade."""
    count = _by_rates if isinstance(scenario.demand, tuple) else _by_history
    kinds = count(scenario, days)
    per_day = MS_PER_HOUR * HOURS_PER_DAY / scenario.end_ms
    incidents, work_h, by_grade = np.zeros(len(share)), np.zeros(len(share)), dict[str, float]()
    for grade, bound_h, numbers in kinds:
        counted = numbers * share
        incidents += counted
        work_h += counted * bound_h
        by_grade[grade] = by_grade.get(grade, 0.0) + float(counted.sum()) * per_day
    ranked = sorted(by_grade, key=lambda grade: scenario.force.grades[grade].rank)
    return incidents, work_h, {grade: by_grade[grade] for grade in ranked}


def _by_rates(scenario: Scenario, days: Sequence[LocalDay]) -> Iterator[tuple[str, float, Floats]]:
    rates: tuple[Rate, ...] = scenario.demand if isinstance(scenario.demand, tuple) else ()
    numbers = np.concatenate([expected(rates, day) for day in days], axis=1)
    for rate, row in zip(rates, numbers, strict=True):
        yield rate.grade, _bound_h(scenario, rate), row


def _by_history(scenario: Scenario, days: Sequence[LocalDay]) -> Iterator[tuple[str, float, Floats]]:
    history = scenario.demand
    if not isinstance(history, History):
        return
    hours = [(day, hour) for day in days for hour in day.hour.tolist()]
    fill = partial(_as_it_was if history.resample == "none" else _resampled, scenario, history, hours)
    groups = dict[tuple[str, float], list[Incident]]()
    for incident in history.incidents:
        groups.setdefault((incident.grade, _bound_h(scenario, incident)), []).append(incident)
    for (grade, bound_h), incidents in groups.items():
        yield grade, bound_h, fill(incidents)


def _as_it_was(
    scenario: Scenario, _history: History, hours: Sequence[tuple[LocalDay, int]], incidents: Sequence[Incident]
) -> Floats:
    walls = Counter(it.received_at.astimezone(scenario.zone).strftime("%F %H") for it in incidents if it.received_at)
    return np.array([float(walls[f"{day.day:%F} {hour:02d}"]) for day, hour in hours])


def _resampled(
    scenario: Scenario, _history: History, hours: Sequence[tuple[LocalDay, int]], incidents: Sequence[Incident]
) -> Floats:
    walls = (it.received_at.astimezone(scenario.zone) for it in incidents if it.received_at)
    counts = Counter((wall.weekday(), wall.hour) for wall in walls)
    past = past_of(scenario).days
    return np.array(
        [counts[day.day.weekday(), hour] / max(len(past[day.day.weekday()]), 1) for day, hour in hours], np.float64
    )


def _bound_h(scenario: Scenario, kind: Rate | Incident) -> float:
    """Return for how many crew hours an incident of a kind binds, driving not counted."""
    service: Service = service_of(scenario.services, kind.type, kind.grade, kind.tags)
    custody_s = 0.0 if service.custody is None else service.custody_share * service.custody.mean_s
    return (kind.units_needed * service.on_scene.mean_s + custody_s) / _S_PER_HOUR


def _crew_hours(scenario: Scenario, begin_ms: Longs, end_ms: Longs) -> Floats:
    """Return the hours that crews are on duty between moments, all crews together."""
    until_h = partial(_passed_h, np.sort([duty.start_ms for duty in scenario.duties]))
    left_h = partial(_passed_h, np.sort([duty.end_ms for duty in scenario.duties]))
    return (until_h(end_ms) - left_h(end_ms)) - (until_h(begin_ms) - left_h(begin_ms))


def _passed_h(edges_ms: Longs, at_ms: Longs) -> Floats:
    """Return how many hours have passed since all edges before a moment, together."""
    summed = np.concatenate([[0], np.cumsum(edges_ms)])
    before = np.searchsorted(edges_ms, at_ms)
    return np.asarray((before * at_ms - summed[before]) / MS_PER_HOUR)


def _levels(scenario: Scenario) -> Iterator[tuple[int, int]]:
    """Yield how many crews are on duty, and for how many milliseconds, through the period that counts."""
    changes = Counter[int]()
    for duty in scenario.duties:
        changes[max(duty.start_ms, 0)] += 1
        changes[max(duty.end_ms, 0)] -= 1
    crews, since_ms = 0, 0
    for at_ms in [*sorted(at_ms for at_ms in changes if at_ms < scenario.end_ms), scenario.end_ms]:
        if at_ms > since_ms:
            yield crews, at_ms - since_ms
        crews, since_ms = crews + changes.get(at_ms, 0), at_ms


def summary(scenario: Scenario, load: Load) -> dict[str, Any]:
    """Return what `nearest scenario check` prints, as values for JSON."""
    return {
        "name": scenario.name,
        "start": scenario.local(0).isoformat(),
        "end": scenario.local(scenario.end_ms).isoformat(),
        "hours": scenario.hours,
        "force": scenario.force.name,
        "network": scenario.network.meta.source,
        "stations": len(scenario.stations),
        "areas": len(scenario.areas),
        "hot_spots": len(scenario.hot_spots),
        "closures": len(scenario.conditions.changes),
        "duties": len(scenario.duties),
        "callsigns": len({duty.callsign for duty in scenario.duties}),
        "policies": [choice.label for choice in scenario.policies],
        "replications": scenario.replications,
        "incidents_per_day": {grade: round(number, 2) for grade, number in load.by_grade.items()},
        "crews_on_duty": {"fewest": load.fewest, "most": load.most},
        "work_share": None if load.share is None else round(load.share, 3),
        "hours_overloaded": round(load.overloaded_h, 2),
        "hours_alone": round(load.alone_h, 2),
        "by_hour": [
            {"hour": hour, "incidents": incidents, "work_crews": work, "crews": crews}
            for hour, incidents, work, crews in zip(range(HOURS_PER_DAY), *_rounded(load), strict=True)
        ],
    }


def _rounded(load: Load) -> Iterator[list[float | None]]:
    for values in (load.incidents / load.lasts_h, load.work, load.crews):
        yield [None if each is None else round(each, 2) for each in load.by_hour(values)]
