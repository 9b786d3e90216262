"""How many crews are needed in each hour of the week, so that few calls have to wait.

The load of an hour is how many crews would be bound in it, on average, were there always enough of them (the modified
offered load: Jennings, Mandelbaum, Massey and Whitt, "Server staffing to meet time-varying demand", Management Science
42 (1996) 1383-1394): what began in the hour before counts where it lasts. Erlang's formula then tells for each hour by
itself how many crews keep the share of calls that wait low. Roads, breaks and handovers are left to the simulation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from dispatch.eligibility import required_skills
from dispatch.force import Force
from dispatch.model import Incident
from graphs.errors import Fault, InputError, NearestError
from graphs.nearby import Mask
from graphs.network import Floats, Longs
from graphs.router import Router
from scenarios.demand import calls_of
from scenarios.demand_days import days_of
from scenarios.queueing import servers_needed
from scenarios.roster_rules import HOURS_A_DAY, HOURS_A_WEEK, Rules
from scenarios.scenario import MS_PER_HOUR, Call, Scenario

_UNHURRIED = "normal"


class NoRoster(NearestError):
    """No roster does what is asked; the message says why."""

    exit_code = 3
    status = 422
    slug = "no-roster"
    title = "No roster does what is asked"


@dataclass(frozen=True, slots=True, order=True)
class Want:
    """What an incident asks of each crew: a skill, or so many officers aboard; nothing for any crew at all."""

    skill: str = ""
    aboard: int = 1

    def __str__(self) -> str:
        if self.skill:
            return self.skill
        return f"crews of {self.aboard}" if self.aboard > 1 else "crews"

    def met(self, crew: int, skills: frozenset[str]) -> bool:
        """Tell whether a crew has it."""
        return crew >= self.aboard and (not self.skill or self.skill in skills)


ANY = Want()


def wants_of(incident: Incident, force: Force) -> frozenset[Want]:
    """Return what an incident asks of a crew, each by itself."""
    tags = [force.tags[tag] for tag in incident.tags if tag in force.tags]
    alone = (tag.crew for tag in tags if tag.crew is not None and tag.or_units is None and tag.crew > 1)
    skills = (Want(skill=skill) for skill in required_skills(incident, force))
    return frozenset({ANY, *skills, *(Want(aboard=crew) for crew in alone)})


@dataclass(frozen=True, eq=False)
class Load:
    """How many crews are bound, on average, in each hour of the week; hour 0 is Monday 00:00 by the force's clocks.

    Parameters
    ----------
    by_want
        For what calls ask for, (168,) erlangs; `ANY` is all of them.
    by_station
        For each station, (168,) erlangs of the calls that it is nearest to.
    calls, unreached
        How many calls were looked at, and how many no road leads to, which bind nobody.
    """

    by_want: Mapping[Want, Floats]
    by_station: Mapping[str, Floats]
    calls: int
    unreached: int


@dataclass(frozen=True, eq=False)
class _Bound:
    """Calls, from when to when each of them binds a crew, and the station nearest to it; one row for each crew."""

    call: Longs
    begin_ms: Longs
    end_ms: Longs
    station: Longs


def load_of(scenario: Scenario, replications: int) -> Load:
    """Return the load of a scenario's demand.

    Parameters
    ----------
    replications
        How many draws of the demand are looked at, numbered from 1.

    Raises
    ------
    InputError
        The scenario is shorter than a week, so that hours are missing, or its demand has faults.
    """
    if scenario.hours < HOURS_A_WEEK:
        accepted = f"{HOURS_A_WEEK} hours or more, for a roster is made for every hour of the week"
        raise InputError([Fault("scenario.toml", "", "days, hours", f"{scenario.hours} hours", accepted)])
    calls = [[*calls_of(scenario, number)] for number in range(1, replications + 1)]
    every = [*chain.from_iterable(calls)]
    bound = _bound(scenario, every)
    wants = [wants_of(call.incident, scenario.force) for call in every]
    known = sorted(frozenset[Want]({ANY}).union(*wants))
    hours = _Hours(scenario, replications)
    asked = {want: np.array([want in each for each in wants], np.bool_) for want in known}
    return Load(
        {want: hours.load(bound, asked[want][bound.call]) for want in known},
        {each.name: hours.load(bound, bound.station == row) for row, each in enumerate(scenario.stations)},
        len(every),
        len(every) - len(np.unique(bound.call)),
    )


def _bound(scenario: Scenario, calls: Sequence[Call]) -> _Bound:
    """Return when calls bind crews, each driven to from the nearest station."""
    station, there_ms = _drives(scenario, calls, outward=True)
    _, custody_ms = _drives(scenario, calls, outward=False)
    rows = list[tuple[int, int, int]]()
    for row, call in enumerate(calls):
        if there_ms[row] < 0:
            continue
        for unit in range(call.incident.units_needed):
            lasts_ms = int(there_ms[row]) + call.on_scene_ms[min(unit, len(call.on_scene_ms) - 1)]
            if unit == 0 and call.custody_ms and custody_ms[row] >= 0:
                lasts_ms += int(custody_ms[row]) + call.custody_ms
            rows.append((row, call.ready_ms, call.ready_ms + lasts_ms))
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    return _Bound(columns[0], columns[1], columns[2], station[columns[0]])


def _drives(scenario: Scenario, calls: Sequence[Call], *, outward: bool) -> tuple[Longs, Longs]:
    """Return for each call the nearest station, and the drive from it; or to one with custody. -1 where there is none.

    The way back is taken to last as long as the way there.
    """
    stations = [each for each in scenario.stations if outward or each.custody]
    found, time_ms = np.full(len(calls), -1, np.int64), np.full(len(calls), -1, np.int64)
    profiles = [scenario.force.grade(call.incident.grade).profile if outward else _UNHURRIED for call in calls]
    for profile in sorted(set(profiles)) if stations else ():
        router = Router(scenario.network, profile, scenario.conditions, scenario.start)
        rows = np.flatnonzero(np.array(profiles) == profile)
        asked = [calls[row].incident for row in rows.tolist()]
        to = [router.approaches(it.lat, it.lon, on_road=it.on_road) for it in asked]
        table = router.times(router.vehicles_at([(each.lat, each.lon) for each in stations]), to).time_ms
        reached = np.where(table < 0, np.iinfo(np.int64).max, table)
        found[rows], time_ms[rows] = reached.argmin(axis=0), table[reached.argmin(axis=0), np.arange(len(rows))]
    return found, time_ms


class _Hours:
    """The hours of a period that counts, each with its place in the week."""

    def __init__(self, scenario: Scenario, replications: int) -> None:
        self._replications = replications
        days = [*days_of(scenario, 0, scenario.end_ms)]
        begin = np.concatenate([day.bounds_ms[:-1] for day in days])
        end = np.concatenate([day.bounds_ms[1:] for day in days])
        slot = np.concatenate([day.day.weekday() * HOURS_A_DAY + day.hour for day in days])
        inside = (begin >= 0) & (end <= scenario.end_ms)
        self._begin, self._end, self._slot = begin[inside], end[inside], slot[inside]
        lasts = np.bincount(self._slot, self._end - self._begin, HOURS_A_WEEK)
        self._lasts_ms = np.where(lasts > 0, lasts, MS_PER_HOUR)

    def load(self, bound: _Bound, counted: Mask) -> Floats:
        begin, end = np.sort(bound.begin_ms[counted]), np.sort(bound.end_ms[counted])

        def passed(at: Longs) -> Longs:
            return _passed_ms(begin, at) - _passed_ms(end, at)

        bound_ms = np.bincount(self._slot, passed(self._end) - passed(self._begin), HOURS_A_WEEK)
        return np.asarray(bound_ms / self._lasts_ms / self._replications, np.float64)


def _passed_ms(edges: Longs, at: Longs) -> Longs:
    """Return how much time has passed since all edges before a moment, together."""
    summed = np.concatenate([np.zeros(1, np.int64), np.cumsum(edges)])
    before = np.searchsorted(edges, at)
    return np.asarray(before * at - summed[before], np.int64)


Needs = Mapping[Want, tuple[int, ...]]


def needs_of(load: Load, waiting: float, rules: Rules) -> Needs:
    """Return the crews that each hour of the week needs, for each want.

    Parameters
    ----------
    waiting
        The share of calls that may have to wait for a crew, above 0.
    """
    least = {want: rules.least_with_skill if want.skill else rules.least_crews for want in load.by_want}
    return {
        want: tuple(max(servers_needed(hour, waiting), least[want]) for hour in hours.tolist())
        for want, hours in load.by_want.items()
    }


def raised(needs: Needs, hours: Iterable[tuple[Want, int]]) -> Needs:
    """Return needs with one crew more for each want and hour named."""
    more = frozenset(hours)
    return {
        want: tuple(crews + ((want, hour) in more) for hour, crews in enumerate(each)) for want, each in needs.items()
    }
