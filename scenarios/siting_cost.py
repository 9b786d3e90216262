"""What a p-median makes less: weight times milliseconds, of every demand point to every candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graphs.nearby import Mask
from graphs.network import Floats, Longs
from scenarios.siting import Question


@dataclass(frozen=True, eq=False)
class Cost:
    """The costs of the demand points that have weight and that some candidate reaches.

    Parameters
    ----------
    told : (n, m) int64
        Where there is a way; elsewhere 0.
    reaches : (n, m) bool
        Where there is a way.
    worth
        What one of these is worth, as weight times milliseconds.
    """

    told: Longs
    reaches: Mask
    worth: float

    @classmethod
    def of(cls, question: Question) -> Cost:
        """Return the costs of a question."""
        weight, worth = question.whole
        rows = question.reaches.any(axis=1) & (weight > 0)
        reaches = question.reaches[rows]
        return cls(np.where(reaches, question.time_ms[rows], 0) * weight[rows, None], reaches, worth)

    def total(self, posts: Sequence[int]) -> int | None:
        """Return what posts come to; None where they leave a demand point without any."""
        reaches = self.reaches[:, posts]
        if not reaches.any(axis=1).all():
            return None
        return int(np.where(reaches, self.told[:, posts], np.iinfo(np.int64).max).min(axis=1).sum())

    def known(self, posts: Sequence[int]) -> int:
        """Return what posts that reach every demand point come to.

        Raises
        ------
        ValueError
            They do not.
        """
        total = self.total(posts)
        if total is None:
            raise ValueError("posts that leave a demand point without any")
        return total

    def finite(self) -> Floats:
        """Return costs for exchanges: where there is no way, more than all demand points at their farthest."""
        none = float(self.told.max(axis=1, initial=0).sum()) + 1.0
        return np.where(self.reaches, self.told.astype(np.float64), none)
