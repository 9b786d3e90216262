"""Better posts or rosters by local search against the simulation, with common random numbers.

Every arrangement meets the same calls, so that two are held against each other replication by replication. What
promises most by a formula is tried first, several changes at once before single ones. A change is taken only where the
95 % interval of the paired differences says that it is better: a few replications first, more for one that looks
promising. Looking again and again, and at many changes, makes some luck look like skill; so what was found is held
against the beginning once more, on replications that the search has never seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from scenarios.aims import Aim, to_try
from scenarios.experiment_memory import simulated
from scenarios.improve_moves import Arrangement, Move, Moves
from scenarios.improve_outlook import Outlook
from scenarios.results_intervals import half_width, mean_and_sd
from scenarios.scenario import PolicyChoice, Scenario

Tell = Callable[[str], None]
# So many replications are played before a change is judged, and judged again.
_LOOKS: Final = (4, 8, 16, 32)


@dataclass(frozen=True, slots=True)
class Paired:
    """How much better one arrangement is than another, over replications that met the same calls.

    Parameters
    ----------
    pairs
        Replications in which both have a value.
    base, other
        Means.
    mean, low, high
        Of ``other`` less ``base`` with the 95 % interval of the mean; None where there is no pair, or a single one.
    """

    pairs: int
    base: float | None
    other: float | None
    mean: float | None
    low: float | None
    high: float | None


def paired(base: Sequence[float | None], other: Sequence[float | None]) -> Paired:
    """Hold values of replications against those of the same numbers.

    >>> told = paired([0.5, 0.6, None], [0.7, 0.7, 0.9])
    >>> told.pairs, round(told.mean, 3)
    (2, 0.15)
    """
    known = [(one, two) for one, two in zip(base, other, strict=True) if one is not None and two is not None]
    if not known:
        return Paired(0, None, None, None, None, None)
    ones, twos = ([each[side] for each in known] for side in (0, 1))
    mean, sd = mean_and_sd([two - one for one, two in known])
    half = half_width(sd, len(known))
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return Paired(len(known), mean_and_sd(ones)[0], mean_and_sd(twos)[0], mean, low, high)


class Trials:
    """Plays arrangements, and knows what each came to in each replication.

    Parameters
    ----------
    scenario
        What is not changed: the demand, the network, the rules.
    choice
        The policy.
    aim
        What is looked at.
    jobs
        Processes that play.
    """

    def __init__(self, scenario: Scenario, choice: PolicyChoice, aim: Aim, jobs: int = 1) -> None:
        self.scenario, self.aim, self.played = scenario, aim, 0
        self._choice, self._jobs = choice, jobs
        self._known: dict[Arrangement, list[float | None]] = {}

    def values(self, arrangement: Arrangement, count: int) -> list[float | None]:
        """Return what an arrangement comes to in the replications 1 to ``count``; those known are not played again."""
        known = self._known.setdefault(arrangement, [])
        if len(known) < count:
            known += self.fresh(arrangement, len(known) + 1, count - len(known))
        return known[:count]

    def missing(self, arrangement: Arrangement, count: int) -> int:
        """Return how many of the replications 1 to ``count`` an arrangement has not been played in."""
        return max(count - len(self._known.get(arrangement, ())), 0)

    def fresh(self, arrangement: Arrangement, first: int, count: int) -> list[float | None]:
        """Return what an arrangement comes to in so many replications from a number on."""
        scenario = to_try(arrangement.over(self.scenario))
        self.played += count
        told = simulated(scenario, [self._choice], count, self._jobs, first)
        return [self.aim.of(scenario, each) for each in told]

    def forget(self, arrangement: Arrangement) -> None:
        """Forget an arrangement that was not taken."""
        self._known.pop(arrangement, None)


@dataclass(frozen=True, slots=True)
class Step:
    """A change that was taken, and by what difference."""

    words: str
    told: Paired


@dataclass(frozen=True, eq=False)
class Improved:
    """What a search came to.

    Parameters
    ----------
    arrangement
        The best arrangement found; the first one where nothing better was.
    steps
        The changes taken, in order.
    tried, played
        How many changes were looked at, and how many replications played for that.
    exhausted
        Whether all changes of the last arrangement were looked at, none of them better; else the budget was used up.
    proof
        The arrangement against the first one, on replications that the search has not seen.
    """

    arrangement: Arrangement
    steps: tuple[Step, ...]
    tried: int
    played: int
    exhausted: bool
    proof: Paired


class _BudgetUsedError(Exception):
    """The next look would play more than the budget."""


def told_nobody(_sentence: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Search:
    """How a search goes.

    Parameters
    ----------
    moves
        Yields the changes of an arrangement.
    outlook
        Says what promises most.
    budget
        Replications that may be played; those of the last comparison are not counted.
    fresh
        Replications of the last comparison.
    looks
        After how many replications a change is judged.
    tell
        Called with a sentence for every change that is taken.
    """

    moves: Moves
    outlook: Outlook
    budget: int
    fresh: int
    looks: tuple[int, ...] = _LOOKS
    tell: Tell = told_nobody


def improve(arrangement: Arrangement, trials: Trials, search: Search) -> Improved:
    """Search from an arrangement on.

    Returns
    -------
    Improved
        The same for the same arrangement, scenario and search, whatever the number of jobs.
    """
    best, steps, refused, exhausted = arrangement, list[Step](), list[str](), False
    try:
        while not exhausted:
            exhausted = True
            for move in _in_turn(best, search, refused, leap=not steps):
                told = _better(best, move.arrangement, trials, search)
                if told is not None:
                    search.tell(f"{move.words}: {told.mean:+.4g} on {told.pairs} replications")
                    trials.forget(best)
                    best, exhausted = move.arrangement, False
                    steps.append(Step(move.words, told))
                    break
                refused.append(move.words)
                trials.forget(move.arrangement)
    except _BudgetUsedError:
        exhausted = False
    played, tried = trials.played, len(steps) + len(refused)
    first = search.looks[-1] + 1
    proof = paired(trials.fresh(arrangement, first, search.fresh), trials.fresh(best, first, search.fresh))
    return Improved(best, tuple(steps), tried, played, exhausted, proof)


def _in_turn(best: Arrangement, search: Search, refused: Sequence[str], *, leap: bool) -> Iterator[Move]:
    """Yield changes in the order in which they are tried; what was refused before, in another place, comes last."""
    if leap:
        yield from search.outlook.leaps(best, search.moves)
    before = frozenset(refused)
    ordered = [move for _, move in search.outlook.ordered(best, [*search.moves(best)])]
    yield from sorted(ordered, key=lambda move: move.words in before)


def _better(base: Arrangement, other: Arrangement, trials: Trials, search: Search) -> Paired | None:
    """Return the difference where it is beyond doubt for the better; None where it is not, or looks like none."""
    for count in search.looks:
        if trials.played + trials.missing(base, count) + trials.missing(other, count) > search.budget:
            raise _BudgetUsedError
        told = paired(trials.values(base, count), trials.values(other, count))
        sign = trials.aim.sign
        if told.mean is None or told.mean * sign <= 0:
            return None
        if told.low is not None and told.high is not None and min(told.low * sign, told.high * sign) > 0:
            return told
    return None
