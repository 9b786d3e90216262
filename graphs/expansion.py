"""The smallest graph in which shortest paths are exact: junctions forget where a vehicle came from where they may.

A turn has a cost, so the ways into a junction must be told apart; but only where their turns differ. The states that
end at a junction and whose turns cost the same are one vertex. Turning round is left out of that comparison where no
best way does it:

    A best way turns round at the end of edge ``a`` only if something at the start of ``a`` makes it worth while. If no
    turn is dear or forbidden there, whatever comes in by ``p``, turns round behind ``a`` and leaves by ``q``, had
    better turn from ``p`` to ``q`` at once.

So a state is `remembered`, and pays its U-turn, behind a junction with restrictions, and within the driving time that a
detour to save a dear turn could take. Where a vehicle starts, both directions of its road are asked for, and where it
stops likewise; see `graphs.router`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphs.compiled import Whole, compiled
from graphs.network import Bytes, Ints, Longs, Network
from graphs.times import CLOSED, EdgeTimes, edge_times
from graphs.turns import U_TURN, Mask, Turns, turns_of

ANY_KIND = -1
Shorts = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Expansion:
    """The vertices of a network: V of them.

    Parameters
    ----------
    vertex : (S,) int32
        The vertex of each state.
    remembered : (S,) bool
        Whether the U-turn behind the state is told apart.
    vertex_count
        V.
    """

    vertex: Ints
    remembered: Mask
    vertex_count: int

    def is_exact_for(self, times: EdgeTimes) -> bool:
        """Tell whether enough is remembered for a set of times, and no vertex holds turns of different kinds."""
        if (remembered_for(times) & ~self.remembered).any():
            return False
        vertex, count = merged(times.turns, self.remembered)
        pairs = np.unique(vertex.astype(np.int64) << 32 | self.vertex)
        return len(pairs) == count == self.vertex_count


def expand(network: Network) -> Expansion:
    """Find the vertices of a network for every profile of its table."""
    turns = turns_of(network)
    remembered = np.zeros(turns.state_count, np.bool_)
    for name in network.profiles.names:
        remembered |= remembered_for(edge_times(network, name))
    vertex, count = merge_states(*states_into_nodes(turns), turns.first, turns.kind, special_states(turns), remembered)
    return Expansion(vertex, remembered, int(count))


def merged(turns: Turns, remembered: Mask) -> tuple[Ints, int]:
    """Return the vertex of each state, and how many vertices there are, given what is remembered."""
    vertex, count = merge_states(*states_into_nodes(turns), turns.first, turns.kind, special_states(turns), remembered)
    return vertex, int(count)


def special_states(turns: Turns) -> Mask:
    """(S,) whether a restriction takes a turn of the state, or must remember which turn was taken."""
    special = np.zeros(turns.state_count, np.bool_)
    special[turns.source[turns.ruled_turn]] = True
    special[turns.source[turns.onto >= turns.network.edge_count]] = True
    special[turns.network.edge_count :] = True
    return special


def states_into_nodes(turns: Turns) -> tuple[Longs, Ints]:
    """``(start, state)``: the states that end at node ``v`` are ``state[start[v]:start[v + 1]]``."""
    head = turns.network.head[turns.edge]
    order = np.argsort(head, kind="stable").astype(np.int32)
    return np.searchsorted(head[order], np.arange(turns.network.node_count + 1)), order


def remembered_for(times: EdgeTimes) -> Mask:
    """(S,) which states must pay their U-turn so that no best way under these times is missed or made up."""
    turns, network = times.turns, times.network
    special = special_states(turns)
    guarded = np.zeros(network.node_count, np.bool_)
    guarded[network.head[turns.edge[special]]] = True
    both_ms = np.where(network.twin >= 0, times.edge_ms + times.edge_ms[network.twin], CLOSED)
    both_ms[(times.edge_ms == CLOSED) | (times.edge_ms[network.twin] == CLOSED)] = CLOSED
    saving = savings(
        *states_into_nodes(turns),
        turns.first,
        turns.kind,
        np.where(times.turn_ms == CLOSED, 0, times.turn_ms),
        special,
    )
    # Turning round into private ground costs both.
    turning_ms = int(times.turn_ms[turns.kind & U_TURN > 0].max(initial=0))
    cheap = cheaper_round(*states_into_nodes(turns), turns.first, turns.kind, times.turn_ms)
    edges = spread(network.out_start, network.head, both_ms, guarded, saving, turning_ms)
    edges |= cheap[: network.edge_count]
    return np.asarray(np.concatenate((edges, np.zeros(turns.state_count - network.edge_count, np.bool_))))


@compiled
def merge_states(
    start: Longs, state: Ints, first: Longs, kind: Bytes, special: Mask, remembered: Mask
) -> tuple[Ints, Whole]:
    """Return the vertex of each state, and how many there are: states whose turns are of the same kinds are one.

    A U-turn that is not remembered fits any kind. A special state is a vertex of its own.
    """
    vertex = np.full(len(first) - 1, -1, np.int32)
    count = 0
    for node in range(len(start) - 1):
        shared = [(np.int64(0), np.empty(0, np.int16)) for _ in range(0)]
        for place in range(start[node], start[node + 1]):
            one = state[place]
            told = kind[first[one] : first[one + 1]].astype(np.int16)
            if not remembered[one]:
                told[(told & U_TURN) > 0] = ANY_KIND
            found = np.int64(-1)
            if not special[one]:
                found = fitting(shared, told)
            if found < 0:
                found = np.int64(count)
                count += 1
                if not special[one]:
                    shared.append((found, told))
            vertex[one] = found
    return vertex, count


@compiled
def fitting(shared: list[tuple[np.int64, Shorts]], told: Shorts) -> np.int64:
    """Return the first vertex whose kinds fit these, which it takes on; -1 if there is none."""
    for vertex, kinds in shared:
        fits = True
        for out in range(len(told)):
            fits = fits and (kinds[out] == told[out] or kinds[out] == ANY_KIND or told[out] == ANY_KIND)
        if fits:
            for out in range(len(told)):
                kinds[out] = max(kinds[out], told[out])
            return vertex
    return np.int64(-1)


@compiled
def savings(start: Longs, state: Ints, first: Longs, kind: Bytes, turn_ms: Longs, special: Mask) -> Longs:
    """(N,) the most that a turn at each node costs more than another turn onto the same edge, U-turns left out."""
    most = np.zeros(len(start) - 1, np.int64)
    for node in range(len(start) - 1):
        if start[node] == start[node + 1]:
            continue
        size = first[state[start[node]] + 1] - first[state[start[node]]]
        for out in range(size):
            low, high = np.int64(2**61), np.int64(-1)
            for place in range(start[node], start[node + 1]):
                turn = first[state[place]] + out
                if kind[turn] & U_TURN == 0 and not special[state[place]]:
                    low, high = min(low, turn_ms[turn]), max(high, turn_ms[turn])
            most[node] = max(most[node], high - low)
    return most


@compiled
def cheaper_round(start: Longs, state: Ints, first: Longs, kind: Bytes, turn_ms: Longs) -> Mask:
    """(S,) whether turning round behind a state costs less than another turn onto the same edge.

    Told as one vertex, the dearer turn would cost what turning round does.
    """
    cheaper = np.zeros(len(first) - 1, np.bool_)
    for node in range(len(start) - 1):
        for place in range(start[node], start[node + 1]):
            one = state[place]
            for out in range(first[one + 1] - first[one]):
                if kind[first[one] + out] & U_TURN:
                    for other in range(start[node], start[node + 1]):
                        turn = first[state[other]] + out
                        round_ms = turn_ms[first[one] + out]
                        if kind[turn] & U_TURN == 0 and round_ms < turn_ms[turn]:
                            cheaper[one] = True
    return cheaper


@compiled
def spread(out_start: Ints, head: Ints, both_ms: Longs, guarded: Mask, saving: Longs, u_turn_ms: Whole) -> Mask:
    """(E,) which edges must be remembered at their head.

    From a guarded node (one with restrictions) every edge must, and from there on whatever can be driven there and back
    within a U-turn's time; from a node where a turn is dear, whatever can be driven there and back for less than it
    saves.
    """
    needed = np.zeros(len(head), np.bool_)
    left = saving.copy()
    waiting = [node for node in range(len(saving)) if saving[node] > 0]
    for node in range(len(guarded)):
        if guarded[node]:
            for edge in range(out_start[node], out_start[node + 1]):
                if both_ms[edge] >= 0:
                    needed[edge] = True
                    left[head[edge]] = max(left[head[edge]], u_turn_ms)
                    waiting.append(head[edge])
    while len(waiting) > 0:
        node = waiting.pop()
        for edge in range(out_start[node], out_start[node + 1]):
            rest = left[node] - both_ms[edge]
            if both_ms[edge] >= 0 and rest > 0:
                needed[edge] = True
                if rest > left[head[edge]]:
                    left[head[edge]] = rest
                    waiting.append(head[edge])
    return needed
