"""A roster with the fewest officers that meets the target: calculated first, then held against the simulation.

The calculation knows no roads, handovers or breaks. Where the simulation misses the target, the hours in which most
incidents were late get a crew more; where it meets the target, more calls may wait; and all is done again, until fewer
officers than those that met the target are not to be had. What met it is simulated once more, with calls that no roster
was chosen by; where it misses the target then, it met it by luck, and the search goes on with all that is known by now.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from dispatch.model import Incident
from scenarios.aims import to_try, urgent
from scenarios.demand import calls_of
from scenarios.experiment_memory import simulated
from scenarios.results_intervals import Estimate, estimate
from scenarios.roster_lines import Lines, lines_of
from scenarios.roster_need import ANY, Load, Needs, Want, load_of, needs_of, raised, wants_of
from scenarios.roster_rows import Crew, Officer, crews_of, duties_of, officers_of, rows_of
from scenarios.roster_rules import HOURS_A_DAY, Rules
from scenarios.roster_shifts import Cover, Kind, Shift, cover, kinds_of
from scenarios.scenario import PolicyChoice, Scenario
from scenarios.scenario_rows import RosterRow
from scenarios.simulated import Simulated

Tell = Callable[[str], None]
# By so much more may wait, after a roster that met the target.
_LOOSER = 2.0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a roster.

    Parameters
    ----------
    target
        The share of incidents of the most urgent grade that are to be in target, 0 to 1.
    waiting
        The share of calls that may have to wait for a crew, from which the calculation starts; above 0.
    rules
        What duties and lines keep to.
    choice
        The policy that it is simulated with.
    replications
        Of the demand that is calculated with, and of each simulation.
    rounds
        How often it is simulated at the most.
    work
        Deterministic seconds for each problem of the solver.
    jobs
        Processes that simulate.
    """

    target: float
    waiting: float
    rules: Rules
    choice: PolicyChoice
    replications: int
    rounds: int
    work: float = 5.0
    jobs: int = 1


@dataclass(frozen=True, eq=False)
class Roster:
    """A roster as calculated.

    Parameters
    ----------
    needs
        What it covers.
    cover, lines
        Its duties, and by kind of crew the lines of its officers, with how far each is from the best.
    """

    needs: Needs
    cover: Cover
    lines: Mapping[Kind, Lines]
    crews: tuple[Crew, ...]
    rows: tuple[RosterRow, ...]
    officers: tuple[Officer, ...]

    @property
    def bound(self) -> int:
        """Fewer officers cannot work these duties by the rules."""
        return sum(lines.bound for lines in self.lines.values())

    def least(self, rules: Rules) -> int:
        """Return below what number of officers no duties at all can cover the needs."""
        return math.ceil(self.cover.bound / rules.weekly_hours)


@dataclass(frozen=True, slots=True)
class Round:
    """What a simulation said.

    Parameters
    ----------
    share
        In target; None where no incident of the most urgent grade was to judge.
    afresh
        In as many replications more, where the target was met by luck alone.
    """

    officers: int
    officer_hours: int
    share: Estimate | None
    afresh: Estimate | None = None

    def meets(self, target: float) -> bool:
        """Tell whether the target is met, by the mean."""
        return self.share is not None and self.share.mean >= target


@dataclass(frozen=True, eq=False)
class Found:
    """The roster with the fewest officers that met the target, or the last one where none did; and all rounds.

    Parameters
    ----------
    roster, round
        The roster, and what the simulation said by which it was chosen.
    fresh
        What it came to in replications that it was not chosen by: the figure to believe.
    """

    load: Load
    roster: Roster
    round: Round
    rounds: tuple[Round, ...]
    fresh: Round


def find_roster(scenario: Scenario, question: Question, tell: Tell) -> Found:
    """Find a roster; see the head of this module.

    Parameters
    ----------
    scenario
        Its roster says what kinds of crews there are and how they patrol.
    tell
        Called with a sentence as the work goes on.

    Raises
    ------
    InputError
        The scenario is shorter than a week, or its demand has faults.
    NoRoster
        There is none, and why.
    """
    tell("reading the demand")
    return _Search(scenario, question, tell).found()


class _Search:
    """Rounds of calculating a roster and simulating it."""

    def __init__(self, scenario: Scenario, question: Question, tell: Tell) -> None:
        self.scenario, self.question, self.tell = scenario, question, tell
        self.load, self.kinds = load_of(scenario, question.replications), kinds_of(scenario)
        self.waiting, self.needs = question.waiting, needs_of(self.load, question.waiting, question.rules)
        self.rounds, self.seen, self.lucky = list[Round](), question.replications, False
        self.best: _Check | None = None
        self.last: _Check | None = None

    def found(self) -> Found:
        while True:
            while len(self.rounds) < self.question.rounds and self._goes_on():
                pass
            chosen = self.best or self.last
            if chosen is None:
                raise ValueError("a roster takes one round at the least")
            self.tell(f"simulating {chosen.round.officers} officers afresh")
            fresh = self._check(chosen.roster, self.seen + 1, self.question.replications)
            met, left = fresh.round.meets(self.question.target), self.question.rounds - len(self.rounds)
            if self.best is None or met or not left:
                return Found(self.load, chosen.roster, chosen.round, tuple(self.rounds), fresh.round)
            self._was_luck(chosen, fresh)

    def _goes_on(self) -> bool:
        """Play a round; tell whether another one may find better."""
        number = len(self.rounds) + 1
        self.tell(f"round {number}: duties and lines")
        roster = calculated(self.scenario, self.load, self.needs, self.kinds, self.question)
        if self.best is not None and len(roster.officers) >= self.best.round.officers:
            return False
        self.tell(f"round {number}: simulating {len(roster.officers)} officers")
        self.last = self._check(roster, 1, self.seen)
        self.rounds.append(self.last.round)
        if not self.last.round.meets(self.question.target):
            self.needs = raised(self.needs, self.last.worst(self.question.target))
            return bool(self.last.late)
        self.best, self.waiting = self.last, self.waiting * _LOOSER
        self.needs = needs_of(self.load, min(self.waiting, 1.0), self.question.rules)
        # With fewer crews luck has met the target before.
        return not self.lucky

    def _was_luck(self, chosen: _Check, fresh: _Check) -> None:
        """Go on from a roster that met the target only in the replications by which it was chosen."""
        self.rounds[self.rounds.index(chosen.round)] = replace(chosen.round, afresh=fresh.round.share)
        self.needs = raised(chosen.roster.needs, fresh.worst(self.question.target))
        self.seen, self.lucky, self.best = self.seen + self.question.replications, True, None

    def _check(self, roster: Roster, first: int, count: int) -> _Check:
        return _Check(self.scenario, roster, self.question, first, count)


def calculated(scenario: Scenario, load: Load, needs: Needs, kinds: tuple[Kind, ...], question: Question) -> Roster:
    """Return the roster that covers needs, without simulating it."""
    found = cover(needs, kinds, question.rules, question.work)
    lines = {kind: lines_of(_officers(found, kind), question.rules, question.work) for kind in kinds}
    crews = crews_of(found, load, scenario.stations)
    officers = officers_of(crews, {kind: its.lines for kind, its in lines.items()})
    return Roster(needs, found, lines, crews, rows_of(crews, question.rules), officers)


def _officers(found: Cover, kind: Kind) -> dict[Shift, int]:
    return {shift: crews * kind.crew for (own, shift), crews in found.crews.items() if own == kind}


class _Check:
    """What a simulation says of a roster: the share in target, and when and for what incidents were late."""

    def __init__(self, scenario: Scenario, roster: Roster, question: Question, first: int, count: int) -> None:
        shares, self.judged, self.roster = list[float](), 0, roster
        self.late = Counter[tuple[Want, int]]()
        scenario = to_try(scenario.with_(duties=duties_of(roster.rows, scenario)))
        for told in simulated(scenario, [question.choice], count, question.jobs, first):
            incidents = urgent(scenario, told)
            late = _late(scenario, told, incidents)
            self.judged += incidents.height
            if incidents.height:
                shares.append(1 - len(late) / incidents.height)
            self.late.update((want, hour) for hour, incident in late for want in wants_of(incident, scenario.force))
        share = estimate(shares, self.judged, highest=1.0) if shares else None
        self.round = Round(len(roster.officers), roster.cover.officer_hours, share)

    def worst(self, target: float) -> Iterator[tuple[Want, int]]:
        """Yield the hours with the most late incidents, with all these want, until they make up for what is missed.

        A want beside `ANY` asks for no crew more, but for the one more crew to be such.
        """
        share = 0.0 if self.round.share is None else self.round.share.mean
        missed = (target - share) * self.judged
        hours = [(count, hour) for (want, hour), count in self.late.items() if want == ANY]
        for count, hour in sorted(hours, key=lambda each: (-each[0], each[1])):
            if missed <= 0:
                return
            yield from ((want, hour) for want, late in sorted(self.late) if late == hour)
            missed -= count


def _late(scenario: Scenario, told: Simulated, incidents: pl.DataFrame) -> list[tuple[int, Incident]]:
    """Return the hour of the week of every late incident, and the incident."""
    late = incidents.filter(~pl.col("in_target"))
    if late.is_empty():
        return []
    by_id = {call.incident.incident_id: call.incident for call in calls_of(scenario, told.replication)}
    walls = [scenario.local(at_ms) for at_ms in late["received_ms"].to_list()]
    hours = [wall.weekday() * HOURS_A_DAY + wall.hour for wall in walls]
    return [(hour, by_id[name]) for hour, name in zip(hours, late["incident_id"].to_list(), strict=True)]
