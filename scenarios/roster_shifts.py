"""Which duties cover what every hour of the week needs, with the fewest officer hours: a covering problem, by CP-SAT.

Dantzig, "A comment on Edie's Traffic delays at toll booths", Operations Research 2 (1954) 339-341; the week is a
circle, so Sunday night runs into Monday.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from scenarios.roster_need import ANY, Needs, NoRoster, Want
from scenarios.roster_rules import HOURS_A_DAY, HOURS_A_WEEK, Rules
from scenarios.scenario import Patrol, Scenario
from scenarios.scenario_clock import WEEKDAYS
from scenarios.siting_proof import Proof, prove


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """From when to when a duty is, every week.

    Parameters
    ----------
    start
        Hour of the week, 0 is Monday 00:00.
    hours
        How long it is.
    """

    start: int
    hours: int

    @property
    def day(self) -> int:
        """On which day it begins, 0 is Monday."""
        return self.start // HOURS_A_DAY

    @property
    def start_h(self) -> int:
        """At which hour of the day it begins."""
        return self.start % HOURS_A_DAY

    @property
    def covers(self) -> tuple[int, ...]:
        """The hours of the week that it has."""
        return tuple(hour % HOURS_A_WEEK for hour in range(self.start, self.start + self.hours))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of crew: how many are aboard, what they are trained for, and what they do when they are free."""

    crew: int
    skills: frozenset[str]
    patrol: Patrol

    def __str__(self) -> str:
        return f"crew of {self.crew}" + (f" with {', '.join(sorted(self.skills))}" if self.skills else "")


@dataclass(frozen=True, eq=False)
class Cover:
    """Duties that cover what is needed.

    Parameters
    ----------
    crews
        How many crews of a kind have a shift.
    officer_hours, bound
        In a week; no duties cover it with fewer officer hours than ``bound``.
    """

    crews: Mapping[tuple[Kind, Shift], int]
    officer_hours: int
    bound: int

    @property
    def gap(self) -> float:
        """How far from the best it is at the most, as a share of what it is."""
        return (self.officer_hours - self.bound) / self.officer_hours if self.officer_hours else 0.0

    def on_duty(self) -> dict[int, int]:
        """Return how many crews there are in each hour of the week."""
        count = dict.fromkeys(range(HOURS_A_WEEK), 0)
        for (_, shift), crews in self.crews.items():
            for hour in shift.covers:
                count[hour] += crews
        return count


def kinds_of(scenario: Scenario) -> tuple[Kind, ...]:
    """Return the kinds of crews on a scenario's roster; each patrols as most crews of its kind do.

    Raises
    ------
    NoRoster
        Nobody is on it: it cannot be told what crews there could be.
    """
    patrols: dict[tuple[int, frozenset[str]], list[Patrol]] = {}
    for duty in scenario.duties:
        patrols.setdefault((duty.crew, duty.skills), []).append(duty.patrol)
    if not patrols:
        raise NoRoster("nobody is on the roster of the scenario, which says what kinds of crews there are")
    order = sorted(patrols, key=lambda key: (key[0], sorted(key[1])))
    return tuple(Kind(*key, max(sorted(set(patrols[key])), key=patrols[key].count)) for key in order)


def cover(needs: Needs, kinds: Sequence[Kind], rules: Rules, work: float) -> Cover:
    """Find the duties with the fewest officer hours; of these those with the fewest skills and different shifts.

    Parameters
    ----------
    work
        Deterministic seconds for the solver.

    Raises
    ------
    NoRoster
        No kind of crew has what is needed, no duty may be where somebody is needed, or none were found in the work.
    """
    shifts = legal_shifts(rules)
    _require_possible(needs, kinds, shifts)
    model = cp_model.CpModel()
    most = sum(max(hours) for hours in needs.values())
    crews = {(kind, shift): model.new_int_var(0, most, "") for kind in kinds for shift in shifts}
    for want, hours in needs.items():
        for hour, terms in enumerate(_covering(want, crews)):
            if hours[hour]:
                model.add(cp_model.LinearExpr.sum(terms) >= hours[hour])
    _few_starts(model, crews, most, rules)
    variables = list(crews.values())
    officer_hours = [kind.crew * shift.hours for kind, shift in crews]
    model.minimize(cp_model.LinearExpr.weighted_sum(variables, officer_hours))
    proof = _proof(model, variables, rules, work)
    spent = sum(hours * count for hours, count in zip(officer_hours, proof.values.tolist(), strict=True))
    told = _tidied(model, crews, officer_hours, spent, proof, work / 2)
    counts = {key: count for key, count in zip(crews, told, strict=True) if count}
    return Cover(counts, spent, min(proof.bound, spent))


def _few_starts(
    model: cp_model.CpModel, crews: Mapping[tuple[Kind, Shift], cp_model.IntVar], most: int, rules: Rules
) -> None:
    if rules.most_starts >= len(set(rules.starts)):
        return
    used = {start_h: model.new_bool_var("") for start_h in sorted(set(rules.starts))}
    for (_, shift), var in crews.items():
        model.add(var <= most * used[shift.start_h])
    model.add(cp_model.LinearExpr.sum(list(used.values())) <= rules.most_starts)


def _tidied(
    model: cp_model.CpModel,
    crews: Mapping[tuple[Kind, Shift], cp_model.IntVar],
    officer_hours: Sequence[int],
    spent: int,
    proof: Proof,
    work: float,
) -> list[int]:
    """Return, of the answers with as many officer hours, one with few skilled hours, then with few different shifts."""
    variables, told = list(crews.values()), [int(count) for count in proof.values]
    model.add(cp_model.LinearExpr.weighted_sum(variables, officer_hours) <= spent)
    skilled = [len(kind.skills) * shift.hours for kind, shift in crews]
    if any(skilled):
        told = _better(model, variables, told, skilled, work)
        least = sum(hours * count for hours, count in zip(skilled, told, strict=True))
        model.add(cp_model.LinearExpr.weighted_sum(variables, skilled) <= least)
    used = {key: model.new_bool_var("") for key in dict.fromkeys(_times(key) for key in crews)}
    for key, var in crews.items():
        model.add(var <= spent * used[_times(key)])
    there = {_times(key) for key, count in zip(crews, told, strict=True) if count}
    every = [*variables, *used.values()]
    hint = [*told, *(int(key in there) for key in used)]
    return _better(model, every, hint, [0] * len(variables) + [1] * len(used), work)[: len(variables)]


def _better(
    model: cp_model.CpModel, variables: Sequence[cp_model.IntVar], hint: list[int], cost: Sequence[int], work: float
) -> list[int]:
    """Return values that cost less than a hint does, or the hint."""
    model.clear_hints()  # type: ignore[no-untyped-call]
    for var, count in zip(variables, hint, strict=True):
        model.add_hint(var, count)
    model.minimize(cp_model.LinearExpr.weighted_sum(variables, cost))
    found = prove(model, variables, work)
    return hint if found is None else [int(count) for count in found.values]


def _times(key: tuple[Kind, Shift]) -> tuple[Kind, int, int]:
    kind, shift = key
    return kind, shift.start_h, shift.hours


def _proof(model: cp_model.CpModel, variables: Sequence[cp_model.IntVar], rules: Rules, work: float) -> Proof:
    try:
        proof = prove(model, variables, work)
    except ValueError as error:
        # Every hour can be covered by some duty, so that nothing else stands in the way.
        starts = f"duties that begin at no more than {rules.most_starts} hours of the day"
        raise NoRoster(f"{starts} do not cover what is needed: look at most_starts and shift_hours") from error
    if proof is None:
        raise NoRoster("no duties were found in the work allowed: allow more")
    return proof


def _covering(want: Want, crews: Mapping[tuple[Kind, Shift], cp_model.IntVar]) -> list[list[cp_model.IntVar]]:
    """Return for each hour of the week what covers it."""
    terms: list[list[cp_model.IntVar]] = [[] for _ in range(HOURS_A_WEEK)]
    for (kind, shift), var in crews.items():
        if want.met(kind.crew, kind.skills):
            for hour in shift.covers:
                terms[hour].append(var)
    return terms


def legal_shifts(rules: Rules) -> tuple[Shift, ...]:
    """Return all duties that somebody could work by the rules, were it the only one of the week."""
    return tuple(
        Shift(day * HOURS_A_DAY + start_h, hours)
        for day in range(len(WEEKDAYS))
        for start_h in sorted(set(rules.starts))
        for hours in sorted(set(rules.shift_hours))
        if rules.allows(start_h, hours)
    )


def _require_possible(needs: Needs, kinds: Sequence[Kind], shifts: Sequence[Shift]) -> None:
    reasons = [*_nobody_has(needs, kinds), *_nobody_may(needs, shifts)]
    if reasons:
        raise NoRoster("\n".join(reasons))


def _nobody_has(needs: Needs, kinds: Sequence[Kind]) -> Iterator[str]:
    for want, hours in needs.items():
        if any(hours) and not any(want.met(kind.crew, kind.skills) for kind in kinds):
            there = "; ".join(map(str, kinds))
            yield f"incidents need {want}, and no crew on the roster of the scenario is such: there are {there}"


def _nobody_may(needs: Needs, shifts: Sequence[Shift]) -> Iterator[str]:
    covered = {hour for shift in shifts for hour in shift.covers}
    missing = [hour for hour, crews in enumerate(needs[ANY]) if crews and hour not in covered]
    if missing:
        first = f"{WEEKDAYS[missing[0] // HOURS_A_DAY]} {missing[0] % HOURS_A_DAY:02d}:00"
        yield (
            f"crews are needed in {len(missing)} hours of the week, the first {first}, in which no duty may be by the "
            "rules: look at starts, shift_hours, weekly_hours, weekly_rest, night_daily and night_longest"
        )
