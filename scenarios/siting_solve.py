"""Posts that do what is asked, with a bound on how good any others could be.

A good answer is found first, without proof; CP-SAT starts from it, betters it where it can, and proves how far from the
best it is at most. One worker and a limit in deterministic seconds: two runs give the same answer, wherever they run.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from ortools.sat.python import cp_model

from graphs.nearby import Mask
from graphs.network import Longs
from scenarios.siting import NotSited, Question, Sited, value_of
from scenarios.siting_median import median
from scenarios.siting_proof import Proof, prove
from scenarios.siting_search import covering_posts, covering_units

# A share is told in decimals, which are not all exact in binary.
_ROUNDING: Final = 1e-12


def solve(question: Question) -> Sited:
    """Choose posts.

    Returns
    -------
    Sited
        The same for the same question.

    Raises
    ------
    NotSited
        No posts do what is asked, or none were found in the work allowed.
    """
    if (
        question.model in {"p-median", "set-covering"}
        and not (question.serves.any(axis=1) & (question.weight > 0)).any()
    ):
        what = "reaches any of the demand" if question.model == "p-median" else "covers any of the demand in that time"
        raise NotSited(f"no candidate {what}")
    if question.model == "p-median":
        return median(question)
    if question.model == "set-covering":
        return _fewest(question)
    return _most_covered(question)


def _most_covered(question: Question) -> Sited:
    """Solve maximal covering and MEXCLP: the first is the second with units that are never busy.

    A demand point gains ``w (1 - q) q^(k - 1)`` by the k-th unit that covers it (Daskin 1983).
    """
    weight, worth = question.whole
    covers, weight = merged(question.covers, weight)
    once = question.model == "maximal-covering"
    # What all first units gain is left out of the whole numbers, or units that are almost always busy gain nothing.
    busy, worth = (0.0, worth) if once else (question.busy, worth * (1.0 - question.busy))
    gains = _gains(weight, busy, 1 if once else question.count)
    start = covering_units(covers, gains, question.count, question.kept, once=once)
    model = cp_model.CpModel()
    most = 1 if once else question.count
    units = [model.new_int_var(int(row in question.kept), most, "") for row in range(question.candidates)]
    model.add(cp_model.LinearExpr.sum(units) == question.count)
    steps, worths = list[cp_model.IntVar](), list[int]()
    for row, held in zip(range(len(covers)), (covers @ start).tolist(), strict=True):
        own = [model.new_bool_var("") for _ in range(int(np.count_nonzero(gains[row])))]
        near = cp_model.LinearExpr.sum([units[column] for column in np.flatnonzero(covers[row]).tolist()])
        model.add(cp_model.LinearExpr.sum(own) <= near)
        for number, step in enumerate(own):
            model.add_hint(step, number < held)
        steps += own
        worths += gains[row, : len(own)].tolist()
    for var, told in zip(units, start.tolist(), strict=True):
        model.add_hint(var, told)
    model.maximize(cp_model.LinearExpr.weighted_sum(steps, worths))
    proof = prove(model, units, question.work, question.gap)
    if proof is None:
        return _sited(question, start, float(gains.sum()) * worth, proved=False)
    return _sited(question, proof.values, proof.bound * worth, proved=proof.complete)


def _gains(weight: Longs, busy: float, count: int) -> Longs:
    """Return what each row gains by its first unit, its second and so on, down to nothing, as shares of ``1 - q``."""
    by_unit = busy ** np.arange(count)
    gains = np.rint(weight[:, None] * by_unit).astype(np.int64)
    used = int(np.count_nonzero(gains.any(axis=0)))
    return np.hstack([gains[:, :used], np.zeros((len(weight), 1), np.int64)])


def _fewest(question: Question) -> Sited:
    weight = question.whole[0]
    total = int(weight.sum())
    covers, weight = merged(question.covers, weight)
    possible = int(weight.sum())
    needed = possible if question.share is None else math.ceil(question.share * total * (1.0 - _ROUNDING))
    if needed > possible:
        share = math.floor(possible / total * 1e4) / 1e2
        raise NotSited(f"all {question.candidates} candidates together cover {share:.2f} % of the weight in that time")
    start = covering_posts(covers, weight, needed, question.kept)
    proof = _fewest_proof(question, covers, weight, needed, start)
    if proof is None:
        return _sited(question, start, float(len(question.kept)), proved=False)
    return _sited(question, proof.values, float(proof.bound), proved=proof.complete)


def _fewest_proof(question: Question, covers: Mask, weight: Longs, needed: int, start: Longs) -> Proof | None:
    model = cp_model.CpModel()
    posts = [model.new_bool_var("") for _ in range(question.candidates)]
    for row in question.kept:
        model.add(posts[row] == 1)
    near = [[posts[column] for column in np.flatnonzero(row).tolist()] for row in covers]
    if needed == weight.sum():
        for each in near:
            model.add_bool_or(each)
    else:
        left = [model.new_bool_var("") for _ in near]
        for each, out in zip(near, left, strict=True):
            model.add_bool_or([*each, out])
        model.add(cp_model.LinearExpr.weighted_sum(left, weight.tolist()) <= int(weight.sum()) - needed)
        for out, held in zip(left, covers @ start > 0, strict=True):
            model.add_hint(out, not held)
    for post, told in zip(posts, start.tolist(), strict=True):
        model.add_hint(post, told)
    model.minimize(cp_model.LinearExpr.sum(posts))
    return prove(model, posts, question.work, question.gap)


def merged(covers: Mask, weight: Longs) -> tuple[Mask, Longs]:
    """Make one demand point of all that the same candidates cover; those with none, or without weight, are left out."""
    useful = covers.any(axis=1) & (weight > 0)
    kinds, which = np.unique(covers[useful], axis=0, return_inverse=True)
    total = np.zeros(len(kinds), np.int64)
    np.add.at(total, which.ravel(), weight[useful])
    return kinds, total


def _sited(question: Question, units: Longs, bound: float, *, proved: bool) -> Sited:
    value = value_of(question, units)
    least = question.model == "set-covering"
    # What the bound loses to whole numbers never makes it worse than the answer.
    bound = value if proved else min(bound, value) if least else max(bound, value)
    return Sited(question, units, value, bound, proved)
