"""Running CP-SAT so that it gives the same answer every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from ortools.sat.python import cp_model

from graphs.network import Longs

_SEED: Final = 1


@dataclass(frozen=True, eq=False)
class Proof:
    """What CP-SAT found.

    Parameters
    ----------
    values
        Of the variables asked for, in the best answer found.
    bound
        No answer is better.
    complete
        Whether the answer found is as good.
    """

    values: Longs
    bound: int
    complete: bool


def prove(model: cp_model.CpModel, variables: Sequence[cp_model.IntVar], work: float, gap: float = 0.0) -> Proof | None:
    """Solve a model from its hint on; None where no answer was found in the work allowed.

    Parameters
    ----------
    work
        Deterministic seconds.
    gap
        By what share of the best value an answer may fall short of its bound.

    Raises
    ------
    ValueError
        The model is wrong, or has no answer at all.
    """
    solver = cp_model.CpSolver()
    asked = solver.parameters
    # Several workers share what they find as they go; with one, the order is always the same.
    asked.num_workers, asked.random_seed, asked.linearization_level = 1, _SEED, 2
    asked.max_deterministic_time, asked.relative_gap_limit = work, gap
    status = solver.solve(model)
    if status == cp_model.UNKNOWN:
        return None
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        raise ValueError(f"CP-SAT: {solver.status_name(status)} {model.validate()}")
    values = np.array([solver.value(each) for each in variables], np.int64)
    # With a gap allowed, CP-SAT calls an answer optimal that is only near enough.
    bound = round(solver.best_objective_bound)
    return Proof(values, bound, status == cp_model.OPTIMAL and (gap == 0.0 or bound == round(solver.objective_value)))
