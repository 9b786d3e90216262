"""Where to put posts: what is asked, what the answer is, and what it comes to for every demand point.

Nothing here knows roads, names or files: a question is a matrix of times and a weight for each demand point. There are
four models:

- p-median (Hakimi 1964; as a whole-number programme ReVelle & Swain 1970, Geographical Analysis 2, 30-42): so many
  posts that the sum of weight times time to the nearest post is least;
- maximal covering (Church & ReVelle 1974, Papers of the Regional Science Association 32, 101-118): so many posts that
  the most weight is within a time of some post;
- set covering (Toregas, Swain, ReVelle & Bergman 1971, Operations Research 19, 1363-1373): the fewest posts that have
  all the weight, or a share of it, within a time;
- MEXCLP (Daskin 1983, Transportation Science 17, 48-70): so many units that the weight expected within a time of a free
  unit is most, where each unit is busy a share q of the time, on its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, get_args

import numpy as np

from graphs.errors import NearestError
from graphs.nearby import Mask
from graphs.network import Floats, Longs

Model = Literal["p-median", "maximal-covering", "set-covering", "mexclp"]
MODELS: Final[tuple[Model, ...]] = get_args(Model)
# Weights that are no whole numbers are counted in parts of their sum, so many of them.
PARTS: Final = 1_000_000_000


class NotSited(NearestError):
    """No posts do what is asked, or none were found in the work allowed."""

    exit_code = 3
    status = 422
    slug = "not-sited"
    title = "No posts do what is asked"


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked.

    Parameters
    ----------
    model
        One of `MODELS`.
    time_ms : (n, m) int64
        From each of m candidates to each of n demand points; -1 where there is no way.
    weight : (n,) float64
        0 or more, some of it above 0.
    count
        How many posts; of MEXCLP, how many units. Set covering looks for it.
    within_ms
        The time within which a demand point is covered; only a p-median can do without.
    busy
        Of MEXCLP: the share of its time for which a unit cannot be sent, 0 to below 1.
    share
        Of set covering: how much of all weight has to be covered. None: all that any candidate covers.
    kept
        Candidates that have to be posts.
    work
        How much the search for a proof may do, in the solver's deterministic seconds: about one second each.
    gap
        By what share of its value an answer may fall short of the best: the search ends as soon as it is shown that it
        does not by more. 0: it goes on until none is better.
    """

    model: Model
    time_ms: Longs
    weight: Floats
    count: int = 0
    within_ms: int | None = None
    busy: float = 0.0
    share: float | None = None
    kept: tuple[int, ...] = ()
    work: float = 30.0
    gap: float = 0.0

    @property
    def candidates(self) -> int:
        """How many candidates there are."""
        return int(self.time_ms.shape[1])

    @cached_property
    def reaches(self) -> Mask:
        """Which candidate (column) a road leads from to which demand point (row)."""
        return self.time_ms >= 0

    @cached_property
    def covers(self) -> Mask:
        """Which candidate (column) has which demand point (row) within the time."""
        if self.within_ms is None:
            raise ValueError("there is no time within which a demand point is covered")
        return self.reaches & (self.time_ms <= self.within_ms)

    @cached_property
    def serves(self) -> Mask:
        """Which candidate counts for which demand point: reaches it for a p-median, covers it for all others."""
        return self.reaches if self.model == "p-median" else self.covers

    @cached_property
    def hopeless(self) -> Longs:
        """Rows of the demand points that no candidate serves."""
        return np.flatnonzero(~self.serves.any(axis=1))

    @cached_property
    def whole(self) -> tuple[Longs, float]:
        """The weights as whole numbers, and what one of these is worth.

        Weights that are whole stay as they are, but for MEXCLP; all others are told in billionths of their sum, at
        least in one: a point of little weight is not one of none.
        """
        total = float(self.weight.sum())
        if self.model != "mexclp" and total <= PARTS and bool((self.weight == np.floor(self.weight)).all()):
            return self.weight.astype(np.int64), 1.0
        share = self.weight / self.weight.max()
        parts = np.rint(share * (PARTS / share.sum())).astype(np.int64)
        return np.maximum(parts, self.weight > 0), total / PARTS


@dataclass(frozen=True, eq=False)
class Sited:
    """Posts for a question.

    Parameters
    ----------
    question
        What was asked.
    units : (m,) int64
        How many units each candidate has; 0 is no post. Only MEXCLP puts more than one.
    value
        What the model makes least or most: of a p-median the sum of weight times milliseconds, of set covering the
        number of posts, else weight.
    bound
        No posts can do better than this.
    proved
        Whether none can do better than these posts.
    """

    question: Question
    units: Longs
    value: float
    bound: float
    proved: bool

    @property
    def posts(self) -> list[int]:
        """The candidates chosen, in their order."""
        return [int(row) for row in np.flatnonzero(self.units)]

    @property
    def gap(self) -> float | None:
        """By how much of its value the answer may fall short of the best; None where the value is 0 and no best."""
        if self.proved:
            return 0.0
        return abs(self.bound - self.value) / abs(self.value) if self.value else None

    @cached_property
    def nearest(self) -> Longs:
        """(n,) for each demand point the candidate of its soonest post, the first on a tie; -1 without any way."""
        chosen = np.array(self.posts, np.int64)
        if not len(chosen):
            return np.full(len(self.question.time_ms), -1)
        times = self.question.time_ms[:, chosen]
        soonest = np.where(times < 0, np.iinfo(np.int64).max, times).argmin(axis=1)
        return np.where((times >= 0).any(axis=1), chosen[soonest], -1)

    @cached_property
    def time_ms(self) -> Longs:
        """(n,) milliseconds from the soonest post; -1 where none reaches the demand point."""
        rows = np.arange(len(self.nearest))
        return np.where(self.nearest < 0, -1, self.question.time_ms[rows, self.nearest])

    @property
    def covered(self) -> Mask | None:
        """(n,) which demand points have a post within the time; None where no time is told."""
        within_ms = self.question.within_ms
        return None if within_ms is None else (self.time_ms >= 0) & (self.time_ms <= within_ms)

    def mean_ms(self, rows: Mask) -> float | None:
        """Return the mean time of demand points, by weight; None where none of them has weight and a way."""
        rows = rows & (self.time_ms >= 0)
        weight = self.question.weight[rows]
        return float(weight @ self.time_ms[rows] / weight.sum()) if weight.sum() > 0 else None


def value_of(question: Question, units: Longs) -> float:
    """Return what the model makes least or most for some posts, from the weights as they were given.

    Parameters
    ----------
    units : (m,) int64
        How many each candidate has.
    """
    chosen = np.flatnonzero(units)
    if question.model == "set-covering":
        return float(len(chosen))
    if question.model == "p-median":
        times = np.where(question.reaches, question.time_ms, np.iinfo(np.int64).max)[:, chosen].min(axis=1)
        served = question.serves.any(axis=1)
        return float(question.weight[served] @ times[served])
    covering = question.covers @ units
    if question.model == "maximal-covering":
        return float(question.weight[covering > 0].sum())
    # At least one of k units is free: 1 - q^k.
    return float(question.weight @ (1.0 - question.busy**covering))
