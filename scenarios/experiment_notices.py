"""What a reader of a simulation must know before its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scenarios.report_words import count, share
from scenarios.results import Outcome, Results
from scenarios.results_measures import Key

# Where of more than this share of incidents nothing is decided, the others no longer speak for them.
_MANY: Final = 0.05


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning with its title."""

    title: str
    text: str


def notices_of(results: Results) -> tuple[Notice, ...]:
    """Return what stands before the numbers."""
    each = (notice for outcome in results.outcomes for notice in (*_pending(outcome), *_unreached(outcome)))
    return (*_too_few(results), *each)


def _too_few(results: Results) -> Iterator[Notice]:
    if any(len(outcome.replications) == 1 for outcome in results.outcomes):
        yield Notice(
            "One replication",
            "A policy was simulated once. What chance did in that one replication cannot be told from what the policy "
            "did, so that no interval is given and nothing can be compared. Ask for ten replications or more.",
        )
    numbers = {outcome.replications for outcome in results.outcomes}
    if len(numbers) > 1:
        told = ", ".join(f"{outcome.policy}: {count(len(outcome.replications))}" for outcome in results.outcomes)
        yield Notice(
            "Not the same replications",
            f"Policies were simulated in different replications ({told}). They are compared over those that both have; "
            "their own numbers are over all of theirs.",
        )


def _pending(outcome: Outcome) -> Iterator[Notice]:
    pending, incidents = (outcome.estimates.get(Key(name)) for name in ("pending", "incidents"))
    if pending is None or incidents is None or pending.mean <= _MANY * incidents.mean:
        return
    yield Notice(
        f"{outcome.policy}: the simulation ended too soon",
        f"{share(pending.mean / incidents.mean)} of the incidents were still open when it ended, their "
        "targets not up. They are in no share in target but that of all: let it run on longer after the period "
        "(cool_down_h).",
    )


def _unreached(outcome: Outcome) -> Iterator[Notice]:
    """Warn where so many were reached by nobody that the times of the others are too good."""
    never, lost, incidents = (outcome.estimates.get(Key(name)) for name in ("open", "lost", "incidents"))
    if never is None or lost is None or incidents is None or never.mean + lost.mean <= _MANY * incidents.mean:
        return
    yield Notice(
        f"{outcome.policy}: many were reached by nobody",
        f"{share((never.mean + lost.mean) / incidents.mean)} of the incidents were lost, or open when the simulation "
        "ended. Response times are of the others, and better than they would be with these: look at the shares in "
        "target, in which these count as not reached once their targets are up.",
    )
