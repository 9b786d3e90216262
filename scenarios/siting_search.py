"""Good posts, fast and without proof: greedy addition, then the best exchange again and again.

For a p-median this is the vertex substitution of Teitz & Bart 1968 (Operations Research 16, 955-961) with the gains and
losses of all exchanges worked out at once, as Resende & Werneck 2007 (Annals of Operations Research 150, 205-230) take
them apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from graphs.nearby import Mask
from graphs.network import Floats, Longs


def median_posts(cost: Floats, count: int, kept: Sequence[int]) -> list[int]:
    """Choose columns so that the sum of the least of each row is small.

    Parameters
    ----------
    cost : (n, m) float64
        Finite.
    count
        How many columns.
    kept
        Columns that have to be chosen.
    """
    posts = list(kept)
    least = cost[:, posts].min(axis=1) if posts else np.full(len(cost), cost.max(initial=0.0))
    while len(posts) < count:
        total = np.minimum(cost, least[:, None]).sum(axis=0)
        total[posts] = np.inf
        posts.append(int(total.argmin()))
        least = np.minimum(least, cost[:, posts[-1]])
    return exchanged(cost, posts, kept)


def exchanged(cost: Floats, posts: Sequence[int], kept: Sequence[int]) -> list[int]:
    """Exchange one column for another as long as that makes the sum less, always by the best exchange."""
    posts, rows = list(posts), np.arange(len(cost))
    fixed = [place for place, post in enumerate(posts) if post in kept]
    while len(fixed) < len(posts):
        order = np.argsort(cost[:, posts], axis=1, kind="stable")
        nearest = cost[rows, np.take(posts, order[:, 0])]
        second = cost[rows, np.take(posts, order[:, 1])] if len(posts) > 1 else cost.max(axis=1)
        with_it = np.minimum(cost, nearest[:, None])
        served_by = csr_array((np.ones(len(cost)), (order[:, 0], rows)), (len(posts), len(cost)))
        loss = served_by @ (np.minimum(cost, second[:, None]) - with_it)
        total = with_it.sum(axis=0)[None, :] + loss
        total[fixed], total[:, posts] = np.inf, np.inf
        place, post = np.unravel_index(int(total.argmin()), total.shape)
        # Less than rounding is no gain.
        if not total[place, post] < nearest.sum() * (1.0 - 1e-12):
            break
        posts[int(place)] = int(post)
    return posts


def covering_units(covers: Mask, gains: Longs, count: int, kept: Sequence[int], *, once: bool) -> Longs:
    """Choose columns, each once or any number of times, so that the sum of what rows gain is large.

    Parameters
    ----------
    covers : (n, m) bool
        Which column is for which row.
    gains : (n, k + 1) int64
        What a row gains by its first column, its second and so on; never more than by the one before, the last 0.
    count
        How many columns in all.
    kept
        Columns that have to be chosen.
    once
        Whether a column may be chosen only once.

    Returns
    -------
    (m,) int64
        How often each column is chosen.
    """
    chosen, columns = list(kept), csr_array(covers.T.astype(np.int64))
    rows, last = np.arange(len(covers)), gains.shape[1] - 1
    held = covers[:, chosen].sum(axis=1)

    def best() -> int:
        gain = columns @ gains[rows, np.minimum(held, last)]
        if once:
            gain[chosen] = -1
        return int(gain.argmax())

    while len(chosen) < count:
        chosen.append(best())
        held = held + covers[:, chosen[-1]]
    better = True
    while better:
        better = False
        for place in range(len(kept), count):
            leaving = chosen[place]
            held = held - covers[:, leaving]
            column = best()
            now = gains[rows, np.minimum(held, last)]
            if now[covers[:, column]].sum() > now[covers[:, leaving]].sum():
                chosen[place], better = column, True
            held = held + covers[:, chosen[place]]
    return np.bincount(chosen, minlength=covers.shape[1]).astype(np.int64)


def covering_posts(covers: Mask, weight: Longs, needed: int, kept: Sequence[int]) -> Longs:
    """Choose columns, the one that adds most weight first, until so much is covered; then leave out what is not needed.

    Returns
    -------
    (m,) int64
        1 for each column chosen. All columns together have to cover so much.
    """
    chosen = list(kept)
    covered = covers[:, chosen].any(axis=1)
    while weight[covered].sum() < needed:
        chosen.append(int(((weight * ~covered) @ covers).argmax()))
        covered = covered | covers[:, chosen[-1]]
    for column in [each for each in reversed(chosen) if each not in kept]:
        others = [each for each in chosen if each != column]
        if weight[covers[:, others].any(axis=1)].sum() >= needed:
            chosen = others
    units = np.zeros(covers.shape[1], np.int64)
    units[chosen] = 1
    return units
