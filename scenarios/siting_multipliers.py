"""How good a p-median could be at most: a bound by Lagrange multipliers, and the candidates that it leaves open.

Each demand point's "served once" is relaxed with a multiplier (Cornuejols, Fisher & Nemhauser 1977, Management Science
23, 789-810), and the multipliers follow subgradients (Held, Wolfe & Crowder 1974, Mathematical Programming 6, 62-88).
Floats look for them; every bound that something rests on is worked out in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from graphs.network import Floats, Longs
from scenarios.siting import Question
from scenarios.siting_cost import Cost
from scenarios.siting_search import exchanged

_ROUNDS: Final = 2_000
# Without a better bound for so many rounds, steps are halved; below the last step nothing moves any more.
_PATIENCE, _LAST_STEP = 30, 1e-4
# A bound has to be better by this share to count.
_BETTER: Final = 1e-6
# Every so many rounds the posts that the multipliers choose are tried, and candidates are settled.
_TRY_EVERY: Final = 25
# Posts that are worse than the best known by more than this share seldom lead to better ones.
_NEAR: Final = 1.1


@dataclass(frozen=True, eq=False)
class Bounded:
    """What the multipliers show.

    Parameters
    ----------
    posts
        The best known.
    bound
        No others come to less.
    open
        The candidates that posts which come to less can be among, with the posts known.
    sure
        Those of the posts that such posts would have too.
    """

    posts: list[int]
    bound: int
    open: list[int]
    sure: set[int]


def bounded(cost: Cost, question: Question, posts: Sequence[int]) -> Bounded:
    """Better the bound, and the posts where others turn up."""
    search = _Search(cost, question, list(posts))
    search.run()
    return search.found()


@dataclass(frozen=True, eq=False)
class _Saved:
    """What multipliers come to.

    Parameters
    ----------
    bound
        What the posts chosen come to under them.
    chosen, others
        Places among the open candidates; those chosen begin with the kept ones.
    by : (m,) int64
        What each open candidate saves, 0 or less.
    """

    bound: int
    chosen: list[int]
    others: list[int]
    by: Longs


class _Search:
    """The multipliers as they move, over the candidates that are still open."""

    def __init__(self, cost: Cost, question: Question, posts: list[int]) -> None:
        self.cost, self.question, self.posts = cost, question, posts
        self.value = cost.known(posts)
        self.finite = cost.finite()
        self.open = np.arange(question.candidates)
        self.here = self.finite
        self.best, self.best_at = -np.inf, self._first()

    def run(self) -> None:
        now, step, waited = self.best_at, 1.0, 0
        for number in range(_ROUNDS):
            saved = np.minimum(self.here - now[:, None], 0.0).sum(axis=0)
            chosen, _ = self._cheapest(saved)
            bound = float(now.sum() + saved[chosen].sum())
            waited = 0 if bound > self.best + abs(self.best) * _BETTER else waited + 1
            if bound > self.best:
                self.best, self.best_at = bound, now
            slope = 1.0 - (self.here[:, chosen] < now[:, None]).sum(axis=1)
            if number % _TRY_EVERY == 0:
                self._try(self.open[chosen].tolist())
                self._settle()
            if self.best > self._enough() or step < _LAST_STEP or not slope.any():
                break
            if waited > _PATIENCE:
                step, waited, now = step / 2.0, 0, self.best_at
                continue
            # A little above the value, so that steps do not die out where the value is the bound.
            now = now + slope * (step * (self.value * 1.0005 - bound) / (slope @ slope))

    def _enough(self) -> float:
        """Return beyond which bound nothing is left to show; costs are whole numbers."""
        return self.value - max(1.0, self.value * self.question.gap)

    def found(self) -> Bounded:
        saved = self._settle()
        free = [place for place in saved.chosen if self.open[place] not in self.question.kept]
        best = min((int(saved.by[place]) for place in saved.others), default=0)
        # With a post out, the best of the others comes in.
        needed = {int(self.open[place]) for place in free if saved.bound - int(saved.by[place]) + best >= self.value}
        sure = set(self.question.kept) | (needed & set(self.posts))
        return Bounded(self.posts, min(saved.bound, self.value), self.open.tolist(), sure)

    def _first(self) -> Floats:
        """Return multipliers under which a demand point is all but indifferent between its best post and the next."""
        ordered = np.sort(self.finite[:, self.posts], axis=1)
        second = np.minimum(ordered[:, min(1, len(self.posts) - 1)], ordered[:, 0] * 2.0)
        return (ordered[:, 0] + second) / 2.0

    def _cheapest(self, saved: Floats | Longs) -> tuple[list[int], list[int]]:
        """Return the places of the posts that save most, the kept ones first, and those of the others."""
        kept = np.isin(self.open, self.question.kept)
        order = np.lexsort((saved, ~kept)).tolist()
        return order[: self.question.count], order[self.question.count :]

    def _whole(self) -> _Saved:
        multipliers = np.floor(self.best_at).astype(np.int64)
        below = np.minimum(self.cost.told[:, self.open] - multipliers[:, None], 0)
        saved = np.asarray(np.where(self.cost.reaches[:, self.open], below, 0).sum(axis=0), np.int64)
        chosen, others = self._cheapest(saved)
        return _Saved(int(multipliers.sum() + saved[chosen].sum()), chosen, others, saved)

    def _try(self, chosen: list[int]) -> None:
        """Take the posts that the multipliers choose for an answer, bettered by exchanges among the open ones."""
        total = self.cost.total(chosen)
        if total is not None and total > self.value * _NEAR:
            return
        places = np.searchsorted(self.open, chosen).tolist()
        kept = np.searchsorted(self.open, self.question.kept).tolist()
        found = self.open[exchanged(self.here, places, kept)].tolist()
        total = self.cost.total(found)
        if total is not None and total < self.value:
            self.posts, self.value = found, total

    def _settle(self) -> _Saved:
        """Leave out candidates with which no posts are better than the known ones (Beasley 1993); return the rest.

        Beasley: Lagrangean heuristics for location problems, European Journal of Operational Research 65, 383-399.
        """
        saved = self._whole()
        free = [int(saved.by[place]) for place in saved.chosen if self.open[place] not in self.question.kept]
        # With one of the others in, the last of those chosen goes out.
        worst = max(free, default=0)
        out = [place for place in saved.others if saved.bound - worst + int(saved.by[place]) >= self.value]
        stays = np.ones(len(self.open), bool)
        stays[out] = False
        stays |= np.isin(self.open, self.posts)
        if not stays.all():
            self.open, self.here = self.open[stays], self.here[:, stays]
            saved = self._whole()
        return saved
