"""A customizable contraction hierarchy over the vertices of a network.

Dibbelt, Strasser and Wagner, "Customizable Contraction Hierarchies" (ACM Journal of Experimental Algorithmics 2016;21).
The order of the vertices and the shape of the hierarchy depend on the roads alone; weights are customised for each set
of times. Vertices are named by their rank: an arc leads up from ``v`` to a vertex above, and the lowest of those is the
parent of ``v`` in the elimination tree. Everything that a search from ``v`` can meet is an ancestor of ``v``.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphs.compiled import Whole, compiled
from graphs.expansion import Expansion
from graphs.network import Ints, Longs
from graphs.times import NEVER, EdgeTimes
from graphs.turns import Mask, Turns

NO_SLOT = -1
UP, DOWN = 0, 1


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """The shape of the hierarchy: V vertices, A arcs up, S states, T turns.

    Parameters
    ----------
    vertex : (S,) int32
        The vertex of each state, by rank.
    remembered : (S,) bool
        See `Expansion`.
    up_start : (V + 1,) int64
        The arcs up from ``v`` are ``up_start[v]:up_start[v + 1]``, the lowest head first.
    up_head : (A,) int32
    """

    vertex: Ints
    remembered: Mask
    up_start: Longs
    up_head: Ints

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, as a file keeps them."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @property
    def vertex_count(self) -> int:
        """Number of vertices."""
        return len(self.up_start) - 1

    @property
    def expansion(self) -> Expansion:
        """The vertices without their order."""
        return Expansion(self.vertex, self.remembered, self.vertex_count)

    @cached_property
    def parent(self) -> Ints:
        """(V,) the parent of each vertex in the elimination tree, -1 at a root."""
        parent = np.full(self.vertex_count, -1, np.int32)
        some = np.flatnonzero(np.diff(self.up_start))
        parent[some] = self.up_head[self.up_start[some]]
        return parent

    @cached_property
    def triangles(self) -> Ints:
        """The arc between each pair of vertices above a vertex, in the order in which `customise` meets them."""
        return closing_arcs(self.up_start, self.up_head)

    @cached_property
    def up_tail(self) -> Ints:
        """(A,) the lower end of each arc."""
        return np.repeat(np.arange(self.vertex_count, dtype=np.int32), np.diff(self.up_start))

    @cached_property
    def lower(self) -> tuple[Longs, Ints, Ints]:
        """``(start, tail, arc)``: the arcs that lead up to ``v``, and from where."""
        order = np.argsort(self.up_head, kind="stable").astype(np.int32)
        start = np.searchsorted(self.up_head[order], np.arange(self.vertex_count + 1))
        return start, self.up_tail[order], order


@dataclass(frozen=True, eq=False)
class Slots:
    """Where each turn's cost goes: ``arc`` for one that leads up, ``A + arc`` for one that leads down.

    Parameters
    ----------
    slot : (T,) int32
        `NO_SLOT` for a turn within one vertex.
    first, turn
        The turns of slot ``s`` are ``turn[first[s]:first[s + 1]]``.
    """

    slot: Ints
    first: Longs
    turn: Ints


def slots_of(hierarchy: Hierarchy, turns: Turns) -> Slots:
    """Find the slot of every turn."""
    slot = slots(hierarchy.up_start, hierarchy.up_head, hierarchy.vertex[turns.source], hierarchy.vertex[turns.onto])
    order = np.argsort(slot, kind="stable").astype(np.int32)
    first = np.searchsorted(slot[order], np.arange(2 * len(hierarchy.up_head) + 1))
    return Slots(slot, first, order)


@dataclass(frozen=True, eq=False)
class Weights:
    """Costs of the arcs under one set of times: (2, A), up and down."""

    cost: Longs


def customise(hierarchy: Hierarchy, slots: Slots, times: EdgeTimes) -> Weights:
    """Compute the weights of a hierarchy for a set of times."""
    cost = np.full((2, len(hierarchy.up_head)), NEVER, np.int64)
    turns = times.turns
    fill(cost.reshape(-1), slots.slot, turns.onto, turns.edge, times.edge_cost, times.turn_cost)
    relax_triangles(hierarchy.up_start, hierarchy.triangles, cost)
    return Weights(cost)


def recustomise(
    hierarchy: Hierarchy, slots: Slots, weights: Weights, times: EdgeTimes, edges: Iterable[int]
) -> Weights:
    """Return the weights for times that differ from those of ``weights`` on some edges only."""
    turns = times.turns
    edges = list(edges)
    if not edges:
        return weights
    states = [state for edge in edges for state in turns.states_of_edge.get(edge, (edge,))]
    into_start, into_turn = turns.into
    changed = np.unique(np.concatenate([into_turn[into_start[state] : into_start[state + 1]] for state in states]))
    touched = np.unique(slots.slot[changed])
    cost = weights.cost.copy()
    asked = Asked(slots.first, slots.turn, turns.onto, turns.edge, times.edge_cost, times.turn_cost)
    shape = Shape(hierarchy.up_start, hierarchy.up_head, hierarchy.up_tail, *hierarchy.lower)
    repair(cost, touched[touched >= 0].astype(np.int64), asked, shape)
    return Weights(cost)


class Asked(NamedTuple):
    """The turns of each slot, and what they cost; see `Slots`, `Turns` and `EdgeTimes`."""

    first: Longs
    turn: Ints
    onto: Ints
    edge: Ints
    edge_cost: Longs
    turn_cost: Longs


class Shape(NamedTuple):
    """The arcs up and down from each vertex; see `Hierarchy`."""

    up_start: Longs
    up_head: Ints
    up_tail: Ints
    lower_start: Longs
    lower_tail: Ints
    lower_arc: Ints


@compiled
def fill(cost: Longs, slot: Ints, onto: Ints, edge: Ints, edge_cost: Longs, turn_cost: Longs) -> None:
    """Put the least cost of the turns of each slot into it: the turn and the whole of the edge turned onto."""
    for turn in range(len(slot)):
        through = edge_cost[edge[onto[turn]]]
        if slot[turn] >= 0 and through >= 0 and turn_cost[turn] >= 0:
            cost[slot[turn]] = min(cost[slot[turn]], through + turn_cost[turn])


@compiled
def relax_triangles(up_start: Longs, closing: Ints, cost: Longs) -> None:
    """Make every arc no longer than the way below it, from the lowest vertex to the highest."""
    row = 0
    for vertex in range(len(up_start) - 1):
        for one in range(up_start[vertex], up_start[vertex + 1]):
            to_one, from_one = cost[UP, one], cost[DOWN, one]
            for other in range(one + 1, up_start[vertex + 1]):
                arc = closing[row]
                row += 1
                up, down = from_one + cost[UP, other], cost[DOWN, other] + to_one
                cost[UP, arc] = min(cost[UP, arc], up)
                cost[DOWN, arc] = min(cost[DOWN, arc], down)


@compiled
def closing_arcs(up_start: Longs, up_head: Ints) -> Ints:
    """Return, for each vertex and each two arcs up from it, the arc between their heads."""
    count = 0
    for vertex in range(len(up_start) - 1):
        size = up_start[vertex + 1] - up_start[vertex]
        count += size * (size - 1) // 2
    closing = np.empty(count, np.int32)
    row = 0
    for vertex in range(len(up_start) - 1):
        for one in range(up_start[vertex], up_start[vertex + 1]):
            at = up_start[up_head[one]]
            for other in range(one + 1, up_start[vertex + 1]):
                while up_head[at] != up_head[other]:
                    at += 1
                closing[row] = at
                row += 1
    return closing


@compiled
def slots(up_start: Longs, up_head: Ints, source: Ints, onto: Ints) -> Ints:
    """Return the slot of each turn between two vertices."""
    found = np.full(len(source), NO_SLOT, np.int32)
    for turn in range(len(source)):
        low, high = min(source[turn], onto[turn]), max(source[turn], onto[turn])
        if low != high:
            heads = up_head[up_start[low] : up_start[low + 1]]
            arc = up_start[low] + np.searchsorted(heads, high)
            found[turn] = arc + (0 if source[turn] == low else len(up_head))
    return found


@compiled
def arc_between(up_start: Longs, up_head: Ints, low: Whole, high: Whole) -> Whole:
    """Return the arc from a vertex up to another."""
    return np.int64(up_start[low] + np.searchsorted(up_head[up_start[low] : up_start[low + 1]], high))


@compiled
def repair(cost: Longs, touched: Longs, asked: Asked, shape: Shape) -> None:
    """Compute the arcs of some slots again, and those that rest on them, from the lowest to the highest.

    An arc rests on arcs of lower tails alone, and arcs are numbered by tail: the least that waits is final.
    """
    waiting = np.zeros(len(shape.up_head), np.bool_)
    heap = [np.int64(0) for _ in range(0)]
    for slot in touched:
        wake(np.int64(slot % cost.shape[1]), waiting, heap)
    while len(heap) > 0:
        arc = heapq.heappop(heap)
        waiting[arc] = False
        up_before, down_before = cost[UP, arc], cost[DOWN, arc]
        compute(arc, cost, asked, shape)
        up, down = cost[UP, arc], cost[DOWN, arc]
        if up == up_before and down == down_before:
            continue
        low, high = shape.up_tail[arc], shape.up_head[arc]
        for beside in range(shape.up_start[low], shape.up_start[low + 1]):
            other = shape.up_head[beside]
            if beside == arc:
                continue
            side = UP if high < other else DOWN
            closing = arc_between(shape.up_start, shape.up_head, min(high, other), max(high, other))
            there, back = cost[side, closing], cost[1 - side, closing]
            rested = down_before + cost[UP, beside] == there or up_before + cost[DOWN, beside] == back
            if rested or down + cost[UP, beside] < there or up + cost[DOWN, beside] < back:
                wake(closing, waiting, heap)


@compiled
def wake(arc: Whole, waiting: Mask, heap: list[np.int64]) -> None:
    """Let an arc wait to be computed, once."""
    if not waiting[arc]:
        waiting[arc] = True
        heapq.heappush(heap, np.int64(arc))


@compiled
def compute(arc: Whole, cost: Longs, asked: Asked, shape: Shape) -> None:
    """Compute both costs of an arc from its turns and from the arcs below it."""
    least = np.full(2, NEVER, np.int64)
    for side in range(2):
        for place in range(asked.first[side * cost.shape[1] + arc], asked.first[side * cost.shape[1] + arc + 1]):
            turn = asked.turn[place]
            through = asked.edge_cost[asked.edge[asked.onto[turn]]]
            if through >= 0 and asked.turn_cost[turn] >= 0:
                least[side] = min(least[side], through + asked.turn_cost[turn])
    low, high = shape.up_tail[arc], shape.up_head[arc]
    one, other = shape.lower_start[low], shape.lower_start[high]
    while one < shape.lower_start[low + 1] and other < shape.lower_start[high + 1]:
        if shape.lower_tail[one] == shape.lower_tail[other]:
            from_low, from_high = shape.lower_arc[one], shape.lower_arc[other]
            least[UP] = min(least[UP], cost[DOWN, from_low] + cost[UP, from_high])
            least[DOWN] = min(least[DOWN], cost[DOWN, from_high] + cost[UP, from_low])
            one += 1
            other += 1
        elif shape.lower_tail[one] < shape.lower_tail[other]:
            one += 1
        else:
            other += 1
    cost[UP, arc], cost[DOWN, arc] = least[UP], least[DOWN]
