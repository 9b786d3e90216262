"""Pair rows with columns so that one sum is least, then a second among those that are left, and so on, exactly.

Each sum is a min-cost flow over whole numbers. What its best answers have in common is read from its prices (a pair is
in some best answer only if it costs nothing at those prices), and only that is left for the next sum: no weight has to
be large enough to put one sum before another, and none can be so large that it loses figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]
# Far more than any sum of costs here, far less than what overflows when costs are added to it.
_FAR = np.int64(1) << 61


@dataclass(frozen=True, eq=False)
class Sum:
    """One sum to make least.

    Parameters
    ----------
    cost : (n, m) int64
        Of a row with a column.
    alone : (n,) int64
        Of a row without one.
    """

    cost: Longs
    alone: Longs


@dataclass(frozen=True, eq=False)
class _Face:
    """Every answer that is still among the best: rows with allowed columns or alone, and all wanted columns taken.

    ``answer`` is one of them: for each row its column, or -1.
    """

    allowed: Flags
    alone: Flags
    wanted: Flags
    answer: Longs

    @property
    def open(self) -> Longs:
        """Rows with more than one choice."""
        return np.flatnonzero(self.allowed.sum(axis=1) + self.alone > 1)

    @property
    def held(self) -> Flags:
        """Columns that the one answer gives to some row."""
        held = np.zeros(len(self.wanted), bool)
        held[self.answer[self.answer >= 0]] = True
        return held


def match(allowed: Flags, sums: Sequence[Sum]) -> list[int]:
    """Give every row a column of its own or none.

    Of all such answers, those with the least first sum are kept, of these those with the least second sum, and so on.
    Of what is then left, the first row takes the first column it can, then the second row.

    Parameters
    ----------
    allowed : (n, m) bool
        Which row may have which column.
    sums
        The most important first; costs below 2**44 in size, so that no sum overflows.

    Returns
    -------
    list of int
        For each row its column, or -1.
    """
    columns, count = _useful(allowed, sums), len(allowed)
    nobody = np.full(count, -1, np.int64)
    face = _Face(allowed[:, columns], np.ones(count, bool), np.zeros(len(columns), bool), nobody)
    for each in sums:
        if face.open.size and (each.cost.any() or each.alone.any()):
            face = _best(face, Sum(each.cost[:, columns], each.alone))
    face = _interchangeable(face)
    while face.open.size:
        face = _interchangeable(_best(face, _first_column(face, int(face.open[0]))))
    return [int(columns[column]) if column >= 0 else -1 for column in face.answer.tolist()]


def _useful(allowed: Flags, sums: Sequence[Sum]) -> Longs:
    """Return the columns that are among the n best of some of the n rows.

    No other is in the answer: its row would do better with one of its n best that no other row has.
    """
    count, width = allowed.shape
    if width <= count:
        return np.flatnonzero(allowed.any(axis=0))
    keys = [np.broadcast_to(np.arange(width), allowed.shape), *(each.cost for each in reversed(sums)), ~allowed]
    best = np.lexsort(keys, axis=1)[:, :count]
    useful = np.zeros(width, bool)
    useful[best[np.take_along_axis(allowed, best, axis=1)]] = True
    return np.flatnonzero(useful)


def _first_column(face: _Face, row: int) -> Sum:
    """Return the sum that is least where a row has the first column it can."""
    count, width = face.allowed.shape
    cost, alone = np.zeros((count, width), np.int64), np.zeros(count, np.int64)
    cost[row], alone[row] = np.arange(width), width
    return Sum(cost, alone)


def _best(face: _Face, least: Sum) -> _Face:
    """Return the answers of a face for which a sum is least."""
    answer = _solve(face, least)
    there = replace(face, answer=answer)
    rows, columns, end = _prices(there, least)
    # A column that nobody has, and that costs something to take, nobody has in any best answer.
    shut = ~there.held & (columns > end)
    return _Face(
        face.allowed & (rows[:, None] + least.cost == columns) & ~shut,
        face.alone & (rows + least.alone == end),
        face.wanted | (there.held & (columns < end)),
        answer,
    )


def _interchangeable(face: _Face) -> _Face:
    """Keep only what stands in some answer: what lies on a circle of changes that starts from the one answer."""
    if not face.open.size:
        return face
    count, width = face.allowed.shape
    end, held = count + width, face.held
    paired, single = np.flatnonzero(face.answer >= 0), np.flatnonzero(face.answer < 0)
    row, able = np.nonzero(face.allowed)
    alone = np.flatnonzero(face.alone)
    take, give = np.flatnonzero(~held), np.flatnonzero(held & ~face.wanted)
    # A row may change to a column or go without; a column goes back to its row; what is free is taken or given up.
    tails = (row, alone, count + face.answer[paired], count + take, np.full(len(single) + len(give), end))
    heads = (count + able, np.full(len(alone), end), paired, np.full(len(take), end), single, count + give)
    arcs = (np.concatenate(tails), np.concatenate(heads))
    graph = csr_array((np.ones(len(arcs[0]), np.int8), arcs), shape=(end + 1, end + 1))
    _, ring = connected_components(graph, directed=True, connection="strong")
    rows, columns = ring[:count], ring[count:end]
    return _Face(
        face.allowed & (rows[:, None] == columns),
        face.alone & (rows == ring[end]),
        face.wanted | (held & (columns != ring[end])),
        face.answer,
    )


def _solve(face: _Face, least: Sum) -> Longs:
    """Return one best answer: for each row its column, or -1."""
    count, width = face.allowed.shape
    row, column = np.nonzero(face.allowed)
    alone, spare = np.flatnonzero(face.alone), np.flatnonzero(~face.wanted)
    end = count + width
    tails = np.concatenate((row, alone, count + spare))
    heads = np.concatenate((count + column, np.full(len(alone) + len(spare), end)))
    costs = np.concatenate((least.cost[row, column], least.alone[alone], np.zeros(len(spare), np.int64)))
    flow = SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        tails.astype(np.int32), heads.astype(np.int32), np.ones(len(tails), np.int64), costs
    )
    supply = np.concatenate((np.ones(count, np.int64), -face.wanted.astype(np.int64), [face.wanted.sum() - count]))
    flow.set_nodes_supplies(np.arange(end + 1, dtype=np.int32), supply)
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the solver ended with {status.name}; every row may go without, so an answer exists")
    used = flow.flows(arcs)[: len(row)] > 0
    found = np.full(count, -1, np.int64)
    found[row[used]] = column[used]
    return found


def _prices(face: _Face, least: Sum) -> tuple[Longs, Longs, np.int64]:
    """Return prices of rows, columns and of going without: the shortest ways through what the answer may change.

    Ahuja, Magnanti and Orlin, Network Flows (1993), theorem 9.4: with these, no change of a best answer costs less
    than nothing, and what costs more than nothing is in no best answer.
    """
    count, width = face.allowed.shape
    cost = np.where(face.allowed, least.cost, _FAR)
    alone = np.where(face.alone, least.alone, _FAR)
    paired, single = np.flatnonzero(face.answer >= 0), np.flatnonzero(face.answer < 0)
    taken = face.answer[paired]
    back = cost[paired, taken]
    spare, lent = ~face.wanted & ~face.held, face.held & ~face.wanted
    rows, columns, end = np.zeros(count, np.int64), np.zeros(width, np.int64), np.int64(0)
    while True:
        before = rows.sum() + columns.sum() + end
        columns = np.minimum(columns, (rows[:, None] + cost).min(axis=0, initial=_FAR))
        end = min(end, (rows + alone).min(initial=_FAR), columns[spare].min(initial=_FAR))
        columns[lent] = np.minimum(columns[lent], end)
        rows[paired] = np.minimum(rows[paired], columns[taken] - back)
        rows[single] = np.minimum(rows[single], end - alone[single])
        if rows.sum() + columns.sum() + end == before:
            return rows, columns, np.int64(end)
