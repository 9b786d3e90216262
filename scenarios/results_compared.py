"""One policy, roster or set of posts held against another: the same replications met the same incidents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from graphs.errors import Fault, InputError
from scenarios.results import Results, Run
from scenarios.results_intervals import half_width, mean_and_sd, needed
from scenarios.results_measures import MEASURES, Key

# More and less are said of what is neither good nor bad.
Finding = Literal["better", "worse", "more", "less", "same", "cannot_tell"]


@dataclass(frozen=True, slots=True)
class Difference:
    """How much a number of one is above that of the other, over replications that both have.

    Parameters
    ----------
    pairs
        Replications in which both have the number.
    base, other
        Means over these.
    mean, sd, low, high
        Of ``other`` less ``base``, pair by pair, with the 95 % interval of the mean: a positive one is that ``other``
        has more. None for a single pair.
    finding
        ``cannot_tell`` where the interval has 0 in it or there is a single pair; ``same`` where no pair differs.
    needed
        How many replications it would take to tell, were mean and deviation these; None for more than
        `results_intervals.MOST`, or where nothing can be said.
    few
        One of the numbers is of so few things that the difference says little.
    """

    key: Key
    pairs: int
    base: float
    other: float
    mean: float
    sd: float | None
    low: float | None
    high: float | None
    finding: Finding
    needed: int | None
    few: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A policy, or a whole simulation, held against another by the headline's numbers; ``pairs`` are replications."""

    base: str
    other: str
    pairs: int
    differences: tuple[Difference, ...]


def comparisons_of(results: Results) -> tuple[Comparison, ...]:
    """Return every other policy held against the first.

    Raises
    ------
    InputError
        Their replications met different incidents.
    """
    (base, *others) = (outcome.policy for outcome in results.outcomes)
    runs = results.runs
    return tuple(comparison(results.headline, (base, runs[base]), (other, runs[other])) for other in others)


def comparison(
    headline: Sequence[Key], base: tuple[str, Sequence[Run]], other: tuple[str, Sequence[Run]]
) -> Comparison:
    """Hold the replications of one against those of another, each against the one of the same number.

    Parameters
    ----------
    headline
        What is compared.
    base, other
        Name and replications; numbers that only one of them has are left out.

    Raises
    ------
    InputError
        No number is in both, or replications of one number met different incidents; each is named.
    """
    (base_name, base_runs), (other_name, other_runs) = base, other
    by_number = {run.replication: run for run in base_runs}
    pairs = [(by_number[run.replication], run) for run in other_runs if run.replication in by_number]
    faults = list(_unlike(pairs, base_name, other_name))
    if not pairs:
        numbers = ", ".join(str(run.replication) for run in base_runs)
        faults = [Fault(other_name, "", "replications", "none in common", f"those of {base_name}: {numbers}")]
    if faults:
        raise InputError(faults)
    known = [(key, [(one, two) for one, two in pairs if key in one.values and key in two.values]) for key in headline]
    return Comparison(base_name, other_name, len(pairs), tuple(_difference(key, both) for key, both in known if both))


def _unlike(pairs: Sequence[tuple[Run, Run]], base: str, other: str) -> Iterator[Fault]:
    for one, two in pairs:
        if one.incidents_sha256 != two.incidents_sha256:
            hint = "another seed, demand or period cannot be compared"
            accepted = f"the incidents of {base}, {one.incidents_sha256}"
            yield Fault(other, f"replication {two.replication}", "incidents", two.incidents_sha256, accepted, hint)


def _difference(key: Key, pairs: Sequence[tuple[Run, Run]]) -> Difference:
    base, other = ([run.values[key] for run in runs] for runs in zip(*pairs, strict=True))
    mean, sd = mean_and_sd([two.value - one.value for one, two in zip(base, other, strict=True)])
    half = half_width(sd, len(pairs))
    low, high = (None, None) if half is None else (mean - half, mean + half)
    kind = MEASURES[key.measure]
    return Difference(
        key=key,
        pairs=len(pairs),
        base=mean_and_sd([one.value for one in base])[0],
        other=mean_and_sd([one.value for one in other])[0],
        mean=mean,
        sd=sd,
        low=low,
        high=high,
        finding=_finding(key, mean, half),
        needed=needed(mean, sd),
        few=any(kind.few(sum(one.n for one in values), len(pairs)) for values in (base, other)),
    )


def _finding(key: Key, mean: float, half: float | None) -> Finding:
    if half is None or half >= abs(mean) > 0:
        return "cannot_tell"
    if mean == 0:
        return "same" if half == 0 else "cannot_tell"
    way: Literal["more", "less"] = "more" if mean > 0 else "less"
    better = MEASURES[key.measure].better
    if better is None:
        return way
    return "better" if way == better else "worse"
