"""Posts held against the stations of a scenario by simulation: the same crews, calls and policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scenarios.experiment_memory import simulated
from scenarios.results import measured, results_of
from scenarios.results_compared import Comparison, comparison
from scenarios.scenario import Duty, Scenario, Station

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


def check(scenario: Scenario, posts: Sequence[Station], units: Sequence[int], jobs: int = 1) -> Comparison:
    """Play a scenario as it is and with its crews at posts, under its first policy, and compare pair by pair.

    Parameters
    ----------
    posts, units
        See `at_posts`.
    jobs
        How many processes play; 0 for one a processor.
    """
    choice = scenario.policies[0]
    runs = []
    for each in (scenario, at_posts(scenario, posts, units)):
        played = simulated(each, (choice,), scenario.replications, jobs)
        results = results_of(each, (measured(each, one) for one in played))
        runs.append((results.headline, results.runs[choice.label]))
    (headline, base), (_, other) = runs
    return comparison(headline, (AS_IT_IS, base), (SITED, other))
