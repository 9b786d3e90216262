"""Posts chosen: against every other choice on small questions, and to published optima."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse.csgraph import shortest_path

from scenarios.siting import MODELS, NotSited, Question, value_of
from scenarios.siting_solve import solve
from shared_data import shared

WITHIN_MS = 50


@st.composite
def questions(draw: st.DrawFn, model: str) -> Question:
    points, candidates = draw(st.integers(1, 7)), draw(st.integers(1, 6))
    times = st.one_of(st.just(-1), st.integers(0, 100))
    weights = st.one_of(st.integers(0, 5), st.floats(0.125, 9.0))
    weight = draw(arrays(np.float64, points, elements=weights.map(float)))
    weight[0] += 1.0
    kept = draw(st.sets(st.integers(0, candidates - 1), max_size=2))
    most = 4 if model == "mexclp" else candidates
    return Question(
        model=model,
        time_ms=draw(arrays(np.int64, (points, candidates), elements=times)),
        weight=weight,
        count=draw(st.integers(max(1, len(kept)), max(1, len(kept), most))),
        within_ms=WITHIN_MS,
        busy=draw(st.sampled_from([0.0, 0.3, 0.75])),
        share=draw(st.sampled_from([None, 0.5, 1.0])),
        kept=tuple(sorted(kept)),
    )


def choices(question: Question) -> Iterator[np.ndarray]:
    """Yield how many units each candidate has, in every way that the question allows, the best or not."""
    columns = range(question.candidates)
    if question.model == "set-covering":
        sets = (chosen for count in range(question.candidates + 1) for chosen in combinations(columns, count))
    elif question.model == "mexclp":
        sets = combinations_with_replacement(columns, question.count)
    else:
        sets = combinations(columns, question.count)
    for chosen in sets:
        units = np.bincount(np.array(chosen, np.int64), minlength=question.candidates)
        if units[list(question.kept)].all() and does(question, units):
            yield units


def does(question: Question, units: np.ndarray) -> bool:
    """Tell whether posts do what cannot be done by halves."""
    chosen = np.flatnonzero(units)
    if question.model == "p-median":
        reached = (question.time_ms[:, chosen] >= 0).any(axis=1)
        return bool((reached | (question.weight == 0) | (question.time_ms < 0).all(axis=1)).all())
    if question.model != "set-covering":
        return True
    within = (question.time_ms >= 0) & (question.time_ms <= WITHIN_MS)
    covered = question.weight[within[:, chosen].any(axis=1)].sum()
    if question.share is None:
        return bool(covered >= question.weight[within.any(axis=1)].sum() - 1e-9)
    return bool(covered >= question.share * question.weight.sum() * (1 - 1e-9))


@pytest.mark.parametrize("model", ["p-median", "maximal-covering", "set-covering", "mexclp"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_as_good_as_the_best_of_all_choices(model: str, data: st.DataObject) -> None:
    question = data.draw(questions(model))
    all_choices = list(choices(question))
    served = (question.serves.any(axis=1) & (question.weight > 0)).any()
    if not all_choices or (model in {"p-median", "set-covering"} and not served):
        with pytest.raises(NotSited):
            solve(question)
        return
    values = [value_of(question, units) for units in all_choices]
    best = min(values) if model in {"p-median", "set-covering"} else max(values)
    answer = solve(question)
    assert any((answer.units == units).all() for units in all_choices)
    assert answer.proved
    assert answer.gap == 0.0
    assert answer.value == pytest.approx(best, rel=1e-7, abs=1e-6)


def pmed(name: str) -> Question:
    """Return an OR-Library p-median (Beasley 1990): every node is a candidate and a demand point of weight 1.

    A road that is told again replaces the one before.
    """
    (nodes, _, count), *edges = (
        [int(number) for number in line.split()] for line in shared(f"siting/{name}").read_text().splitlines() if line
    )
    length = np.full((nodes, nodes), np.inf)
    for start, end, told in edges:
        length[start - 1, end - 1] = length[end - 1, start - 1] = told
    return Question("p-median", shortest_path(length, method="D").astype(np.int64), np.ones(nodes), count)


@pytest.mark.parametrize(("name", "optimum"), [("pmed1.txt", 5819), ("pmed5.txt", 1355)])
def test_published_optima_of_the_or_library_are_proved(name: str, optimum: int) -> None:
    answer = solve(pmed(name))
    assert answer.value == answer.bound == optimum
    assert answer.proved
    assert len(answer.posts) == answer.question.count


def town(model: str, size: int = 40, **asked: object) -> Question:
    """Return a question with more candidates than one can try, which chance has drawn."""
    chance = np.random.default_rng(4)
    candidates, points = chance.uniform(0, 100, (size, 2)), chance.uniform(0, 100, (8 * size, 2))
    time_ms = (np.hypot(*(points[:, None] - candidates[None]).T) * 6_000).astype(np.int64).T
    return Question(model, time_ms, chance.integers(1, 50, 8 * size).astype(float), **asked)


ASKED = [
    town("p-median", count=6),
    town("maximal-covering", count=6, within_ms=90_000),
    town("set-covering", within_ms=150_000),
    town("set-covering", within_ms=120_000, share=0.8),
    town("mexclp", count=8, within_ms=150_000, busy=0.4),
]


@pytest.mark.parametrize("question", ASKED, ids=lambda question: f"{question.model} {question.share}")
def test_twice_asked_the_answer_is_the_same(question: Question) -> None:
    first, second = solve(question), solve(question)
    assert first.units.tobytes() == second.units.tobytes()
    assert (first.value, first.bound, first.proved) == (second.value, second.bound, second.proved)


@pytest.mark.parametrize("question", ASKED, ids=lambda question: f"{question.model} {question.share}")
def test_without_time_for_a_proof_the_bound_still_holds(question: Question) -> None:
    best, hasty = solve(question), solve(replace(question, work=0.01))
    assert best.proved
    least = question.model in {"p-median", "set-covering"}
    worse = hasty.value >= best.value if least else hasty.value <= best.value
    holds = hasty.bound <= best.value if least else hasty.bound >= best.value
    assert worse
    assert holds
    assert hasty.proved == (hasty.bound == hasty.value)


def test_a_gap_that_is_left_open_is_told() -> None:
    hasty = solve(town("mexclp", 150, count=15, within_ms=120_000, busy=0.5, work=0.01))
    assert not hasty.proved
    assert hasty.bound > hasty.value
    assert hasty.gap is not None
    assert hasty.gap > 0.0


def test_what_no_candidate_reaches_is_left_out_and_named() -> None:
    question = Question("p-median", np.array([[10, 40], [-1, -1], [60, 20]]), np.array([1.0, 5.0, 1.0]), 1)
    answer = solve(question)
    assert answer.value == 60
    assert question.hopeless.tolist() == [1]
    assert answer.nearest.tolist()[1] == -1
    assert answer.time_ms.tolist()[1] == -1


def test_what_some_candidate_reaches_has_to_be_reached_at_any_price() -> None:
    # The near candidate serves two of three points at once, but only the far one has a road to the third.
    question = Question("p-median", np.array([[1, 900], [1, 900], [-1, 900]]), np.ones(3), 1)
    answer = solve(question)
    assert answer.posts == [1]
    assert answer.value == 2_700


def test_too_few_posts_to_reach_everybody_are_no_answer() -> None:
    question = Question("p-median", np.array([[5, -1], [-1, 5]]), np.ones(2), 1)
    with pytest.raises(
        NotSited, match="too few posts to reach every demand point that some candidate reaches: 1; it takes 2"
    ):
        solve(question)


@pytest.mark.parametrize(
    ("model", "said"),
    [("p-median", "no candidate reaches any of the demand"), ("set-covering", "no candidate covers any of the demand")],
)
def test_no_posts_are_an_answer_for_demand_that_nobody_serves(model: str, said: str) -> None:
    """Least of all one with a mean time of nothing, proved."""
    question = Question(model, np.array([[-1, -1], [7, 9]]), np.array([1.0, 0.0]), 1, within_ms=50)
    with pytest.raises(NotSited, match=said):
        solve(question)


def test_a_point_of_next_to_no_weight_has_to_be_reached_too() -> None:
    """Beside a weight of 10^12 its own is nothing in billionths."""
    times, weight = np.array([[5, -1], [-1, 5]]), np.array([1e12, 1.0])
    with pytest.raises(NotSited, match="it takes 2"):
        solve(Question("p-median", times, weight, 1))
    assert solve(Question("p-median", times, weight, 2)).value == pytest.approx(5e12)
    assert solve(Question("set-covering", times, weight, within_ms=50)).value == 2


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1.0, 1e300])
@pytest.mark.parametrize("model", MODELS)
def test_in_what_unit_weights_are_told_changes_no_post(model: str, scale: float) -> None:
    times = np.array([[5, 60, 90], [60, 5, 90], [90, 60, 5], [70, 45, 30]])
    question = Question(model, times, np.array([3.5, 2.25, 1.0, 2.0]), 2, 50, busy=0.3, share=0.7)
    answer, told = solve(question), solve(replace(question, weight=question.weight * scale))
    assert told.proved
    assert told.units.tolist() == answer.units.tolist()


def test_units_that_are_almost_always_busy_stand_where_they_gain_most() -> None:
    """The k-th unit at a place gains w (1 - q) q^(k - 1), all but alike: 20 to 19 units for weights of 1.02 and 1."""
    question = Question("mexclp", np.array([[5, 90], [90, 5]]), np.array([10.2, 10.0]), 3, 50, busy=1 - 1e-7)
    answer = solve(question)
    assert answer.units.tolist() == [3, 0]
    assert answer.value == pytest.approx(10.2 * 3e-7, rel=1e-5)


@pytest.mark.parametrize("question", ASKED, ids=lambda question: f"{question.model} {question.share}")
@pytest.mark.parametrize("gap", [0.01, 0.2])
def test_near_enough_is_as_near_as_asked_and_no_proof(question: Question, gap: float) -> None:
    best, near = solve(question), solve(replace(question, gap=gap))
    assert near.gap is not None
    assert near.gap <= gap
    least = question.model in {"p-median", "set-covering"}
    assert near.bound <= best.value <= near.value if least else near.bound >= best.value >= near.value
    assert near.proved == (near.bound == near.value)


def test_a_share_that_all_candidates_together_miss_is_no_answer() -> None:
    question = Question("set-covering", np.array([[5], [90]]), np.array([3.0, 1.0]), within_ms=50, share=0.9)
    with pytest.raises(NotSited, match=r"all 1 candidates together cover 75.00 % of the weight"):
        solve(question)


def test_set_covering_leaves_out_what_cannot_be_covered() -> None:
    question = Question("set-covering", np.array([[5, 5], [90, 90]]), np.ones(2), within_ms=50)
    answer = solve(question)
    assert answer.value == 1
    assert question.hopeless.tolist() == [1]
    assert answer.covered is not None
    assert answer.covered.tolist() == [True, False]


def test_busy_units_share_a_post_where_most_of_the_demand_is() -> None:
    # A second one at the large place is worth 10 * 0.6 * 0.4, the only one at the small place 2 * 0.6.
    question = Question("mexclp", np.array([[5, 90], [90, 5]]), np.array([10.0, 2.0]), 2, 50, busy=0.4)
    answer = solve(question)
    assert answer.units.tolist() == [2, 0]
    assert answer.value == pytest.approx(10 * (1 - 0.4**2))


def test_units_that_are_never_busy_gain_nothing_side_by_side() -> None:
    question = Question("mexclp", np.array([[5, 90], [90, 5]]), np.array([10.0, 2.0]), 2, 50, busy=0.0)
    assert solve(question).units.tolist() == [1, 1]


def test_a_kept_post_is_chosen_though_others_are_better() -> None:
    question = Question("p-median", np.array([[50, 1, 2], [50, 2, 1]]), np.ones(2), 1, kept=(0,))
    answer = solve(question)
    assert answer.posts == [0]
    assert answer.value == 100


def test_equal_times_are_served_by_the_first_candidate() -> None:
    question = Question("p-median", np.array([[7, 7], [7, 7]]), np.ones(2), 2)
    answer = solve(question)
    assert answer.nearest.tolist() == [0, 0]
    assert answer.mean_ms(np.array([True, True])) == 7
    assert answer.mean_ms(np.array([False, False])) is None
