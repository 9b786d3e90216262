"""Posts held against the stations of a scenario by simulation: the same crews, calls and policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from scenarios.experiment import Progress, told_nobody
from scenarios.experiment_memory import simulated
from scenarios.results import Measured, measured, results_of
from scenarios.results_compared import Comparison, comparison
from scenarios.scenario import Duty, Scenario, Station
from scenarios.simulated import Simulated

AS_IT_IS = "stations as they are"
SITED = "posts as sited"


def at_posts(scenario: Scenario, posts: Sequence[Station], units: Sequence[int]) -> Scenario:
    """Return a scenario whose crews are based at posts.

    Each duty, in order of its start, goes to the post that then has the fewest crews on duty for each of its units, the
    first of them on a tie. Stations stay where they are, for prisoners are taken there.

    Parameters
    ----------
    posts, units
        The posts, and for how many units each is.
    """
    known = {station.name for station in scenario.stations}
    # A sector of theirs would become that of incidents near them, and other incidents cannot be compared.
    added = tuple(replace(post, sector=None, custody=False) for post in posts if post.name not in known)
    there = [list[Duty]() for _ in posts]
    based = dict[int, str]()
    order = sorted(range(len(scenario.duties)), key=lambda row: (scenario.duties[row].start_ms, row))
    for row in order:
        duty = scenario.duties[row]
        present = [sum(other.end_ms > duty.start_ms for other in here) for here in there]
        best = min(range(len(posts)), key=lambda place: (present[place] / units[place], place))
        there[best] = [other for other in there[best] if other.end_ms > duty.start_ms] + [duty]
        based[row] = posts[best].name
    duties = tuple(replace(duty, station=based[row]) for row, duty in enumerate(scenario.duties))
    return scenario.with_(duties=duties, stations=(*scenario.stations, *added))


@dataclass(frozen=True, slots=True)
class Played:
    """How a scenario is played.

    Parameters
    ----------
    replications
        How often as it is, and as often with its crews at the posts.
    jobs
        How many processes play; 0 for one a processor.
    progress
        Called with how many replications of how many are done.
    """

    replications: int
    jobs: int = 1
    progress: Progress = told_nobody


def check(scenario: Scenario, posts: Sequence[Station], units: Sequence[int], asked: Played) -> Comparison:
    """Play a scenario as it is and with its crews at posts, under its first policy, and compare pair by pair.

    Parameters
    ----------
    posts, units
        See `at_posts`.
    """
    choice, runs, total = scenario.policies[0], [], 2 * asked.replications
    asked.progress(0, total)
    for before, each in zip((0, asked.replications), (scenario, at_posts(scenario, posts, units)), strict=True):
        played = simulated(each, (choice,), asked.replications, asked.jobs)
        results = results_of(each, _measured(each, played, partial(_tell, asked.progress, before, total)))
        runs.append((results.headline, results.runs[choice.label]))
    (headline, base), (_, other) = runs
    return comparison(headline, (AS_IT_IS, base), (SITED, other))


def _tell(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _measured(scenario: Scenario, played: Iterable[Simulated], done: Callable[[int], None]) -> Iterator[Measured]:
    for number, one in enumerate(played, 1):
        yield measured(scenario, one)
        done(number)
