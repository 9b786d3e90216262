"""The p-median: good posts by exchanges, a bound by Lagrange multipliers, and what is left open to CP-SAT."""

from __future__ import annotations

from typing import Final

import numpy as np
from ortools.sat.python import cp_model

from scenarios.siting import NotSited, Question, Sited, value_of
from scenarios.siting_cost import Cost
from scenarios.siting_multipliers import Bounded, bounded
from scenarios.siting_proof import prove
from scenarios.siting_search import exchanged, median_posts

# CP-SAT gets nowhere with more steps than these: the bound by multipliers is then what there is.
_MOST_STEPS: Final = 300_000


def median(question: Question) -> Sited:
    """Choose posts so that the sum of weight times time is least.

    Raises
    ------
    NotSited
        So many posts cannot reach every demand point that some candidate reaches.
    """
    cost = Cost.of(question)
    found = bounded(cost, question, _start(cost, question))
    posts, bound = found.posts, found.bound
    if cost.known(posts) - bound > question.gap * cost.known(posts):
        posts, bound = _proved(cost, question, found)
    units = np.zeros(question.candidates, np.int64)
    units[posts] = 1
    value, proved = value_of(question, units), bound >= cost.known(posts)
    return Sited(question, units, value, value if proved else min(bound * cost.worth, value), proved)


def _start(cost: Cost, question: Question) -> list[int]:
    """Return good posts that reach every demand point that some candidate reaches."""
    finite = cost.finite()
    posts = median_posts(finite, question.count, question.kept)
    if cost.total(posts) is not None:
        return posts
    model = cp_model.CpModel()
    chosen = [model.new_int_var(int(row in question.kept), 1, "") for row in range(question.candidates)]
    for row in np.unique(cost.reaches, axis=0):
        model.add_bool_or([chosen[column] for column in np.flatnonzero(row).tolist()])
    model.minimize(cp_model.LinearExpr.sum(chosen))
    proof = prove(model, chosen, question.work)
    reaching = "reach every demand point that some candidate reaches"
    if proof is None or (proof.values.sum() > question.count and not proof.complete):
        raise NotSited(f"no {question.count} posts were found in the work allowed that {reaching}: allow more")
    if proof.values.sum() > question.count:
        raise NotSited(f"too few posts to {reaching}: {question.count}; it takes {proof.values.sum()}")
    posts = [*question.kept, *(row for row in np.flatnonzero(proof.values).tolist() if row not in question.kept)]
    spare = [row for row in range(question.candidates) if row not in posts]
    return exchanged(finite, [*posts, *spare[: question.count - len(posts)]], question.kept)


def _proved(cost: Cost, question: Question, found: Bounded) -> tuple[list[int], int]:
    """Close the gap with CP-SAT, as far as the work goes; return the posts and the bound then.

    Each demand point climbs its levels of cost until it meets a post: a step is climbed unless one is met below it
    (Elloumi 2010, Journal of Combinatorial Optimization 19, 69-83,
    after Cornuejols, Nemhauser & Wolsey 1980).
    """
    posts, bound, open_, sure = found.posts, found.bound, found.open, found.sure
    if cost.reaches[:, open_].sum() > _MOST_STEPS:
        return posts, bound
    ladders = [_ladder(cost, row, open_, sure) for row in range(len(cost.told))]
    model = cp_model.CpModel()
    chosen = {row: model.new_int_var(int(row in sure), 1, "") for row in open_}
    model.add(cp_model.LinearExpr.sum(list(chosen.values())) == question.count)
    steps, heights, least = list[cp_model.IntVar](), list[int](), 0
    for row, ladder in enumerate(ladders):
        least += ladder[0][0]
        held, below = _served(cost, row, posts), list[cp_model.IntVar]()
        for (level, met), above in zip(ladder, [*ladder[1:], None], strict=True):
            either = [*(chosen[column] for column in met), *(step.negated() for step in below)]
            if above is None:
                model.add_bool_or(either)
                break
            step = model.new_bool_var("")
            model.add_bool_or([*either, step])
            model.add_hint(step, held > level)
            steps.append(step)
            heights.append(above[0] - level)
            below = [step]
    for row, var in chosen.items():
        model.add_hint(var, row in posts)
    model.minimize(cp_model.LinearExpr.weighted_sum(steps, heights) + least)
    proof = prove(model, list(chosen.values()), question.work, question.gap)
    if proof is None:
        return posts, bound
    better = [row for row, told in zip(open_, proof.values.tolist(), strict=True) if told]
    return better, max(bound, proof.bound)


def _served(cost: Cost, row: int, posts: list[int]) -> int:
    return min(int(cost.told[row, column]) for column in posts if cost.reaches[row, column])


def _ladder(cost: Cost, row: int, open_: list[int], sure: set[int]) -> list[tuple[int, list[int]]]:
    """Return a demand point's levels of cost, the least first, each with the candidates that have it.

    None lies above that of a post that is sure.
    """
    levels = dict[int, list[int]]()
    for column in open_:
        if cost.reaches[row, column]:
            levels.setdefault(int(cost.told[row, column]), []).append(column)
    ladder = list[tuple[int, list[int]]]()
    for level, met in sorted(levels.items()):
        ladder.append((level, met))
        if not sure.isdisjoint(met):
            break
    return ladder
