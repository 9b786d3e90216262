"""Past incidents as calls: each as it was, or past days drawn anew."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from zoneinfo import ZoneInfo

from dispatch.model import Incident
from graphs.errors import Fault, InputError
from scenarios.demand_days import LocalDay, days_of, time_ms
from scenarios.demand_draws import PAST_DAYS, stream
from scenarios.scenario import History, Scenario

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Timed = tuple[int, Incident]


@dataclass(frozen=True, eq=False)
class Past:
    """Past incidents by the wall clocks.

    Parameters
    ----------
    on
        By day, the moments by the wall with what was received then, in order.
    days
        By weekday, 0 is Monday, all days from the first with an incident to the last, those without one too.
    """

    on: Mapping[date, Sequence[tuple[datetime, Incident]]]
    days: Mapping[int, Sequence[date]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A history to be kept by days, known by which it is and not by what is in it: comparing that takes long."""

    number: int
    zone: ZoneInfo
    history: History = field(compare=False)


@lru_cache(maxsize=2)
def past_of(scenario: Scenario) -> Past:
    """Return a scenario's history by days.

    Raises
    ------
    InputError
        A weekday of the scenario does not occur in the history, or an incident has no time of receipt.
    """
    history = _history(scenario)
    past = _by_days(_Kept(id(history), scenario.zone, history))
    _refuse(_lacking(past, scenario))
    return past


@lru_cache(maxsize=2)
def _by_days(kept: _Kept) -> Past:
    incidents = kept.history.incidents
    _refuse(_untimed(incidents))
    timed = [(it.received_at.astimezone(kept.zone).replace(tzinfo=None), it) for it in incidents if it.received_at]
    on = dict[date, list[tuple[datetime, Incident]]]()
    for wall, incident in sorted(timed, key=lambda each: (each[0], each[1].incident_id)):
        on.setdefault(wall.date(), []).append((wall, incident))
    first, last = min(on, default=date.max), max(on, default=date.min)
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    return Past(on, {weekday: [day for day in days if day.weekday() == weekday] for weekday in range(7)})


def arrivals(scenario: Scenario, replication: int, day: LocalDay) -> list[Timed]:
    """Return the calls of a whole day, each with its milliseconds from the scenario's start, in order."""
    if _history(scenario).resample == "none":
        timed = _as_they_were(scenario)
        begin, end = (bisect_left(timed, at_ms, key=itemgetter(0)) for at_ms in (day.begin_ms, day.end_ms))
        return timed[begin:end]
    past = past_of(scenario)
    drawn = stream(scenario, replication, PAST_DAYS, day.day.toordinal()).random()
    days = past.days[day.day.weekday()]
    return as_on(scenario, past, days[int(drawn * len(days))], day)


def as_on(scenario: Scenario, past: Past, past_day: date, day: LocalDay) -> list[Timed]:
    """Return the incidents of a past day at the same times by the wall on another.

    What was received in an hour that the other day leaves out is left out; an hour that it has twice has them once, in
    the half in which they were.
    """
    timed = ((_on(scenario, wall, day), incident) for wall, incident in past.on.get(past_day, ()))
    named = f"{day.day:%Y%m%d}"
    kept = ((at_ms, replace(it, incident_id=f"{named}-{it.incident_id}")) for at_ms, it in timed if at_ms is not None)
    return sorted(kept, key=itemgetter(0))


def history_faults(scenario: Scenario, source: str = "incidents") -> list[Fault]:
    """Return what keeps a history from being played again; ``source`` is what to call it in faults."""
    faults = [replace(fault, source=source) for fault in _untimed(_history(scenario).incidents)]
    if faults or _history(scenario).resample == "none":
        return faults
    try:
        past_of(scenario)
    except InputError as error:
        return [replace(fault, source=source) for fault in error.faults]
    return []


def _history(scenario: Scenario) -> History:
    if not isinstance(scenario.demand, History):
        raise TypeError("the demand of this scenario is rates")
    return scenario.demand


@lru_cache(maxsize=2)
def _as_they_were(scenario: Scenario) -> list[Timed]:
    incidents = _history(scenario).incidents
    _refuse(_untimed(incidents))
    timed = [(scenario.since_start(it.received_at), it) for it in incidents if it.received_at]
    return sorted(timed, key=lambda each: (each[0], each[1].incident_id))


def _on(scenario: Scenario, wall: datetime, day: LocalDay) -> int | None:
    return time_ms(scenario, datetime.combine(day.day, wall.timetz(), None))


def _untimed(incidents: Sequence[Incident]) -> list[Fault]:
    return [
        Fault("incidents", incident.incident_id, "received_at", "nothing", "a time with an offset")
        for incident in incidents
        if incident.received_at is None
    ]


def _lacking(past: Past, scenario: Scenario) -> list[Fault]:
    days = {each.day.weekday() for each in days_of(scenario, scenario.begin_ms, scenario.until_ms)}
    return [
        Fault(
            "incidents", "", "received_at", f"no {DAY_NAMES[weekday]}", "a history with every weekday of the scenario"
        )
        for weekday in sorted(days)
        if not past.days[weekday]
    ]


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise InputError(faults)
