"""A leg as it is driven: how long each part of it takes, turns apart, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphs.compiled import compiled
from graphs.legs import Leg
from graphs.network import Floats, Ints, Longs
from graphs.times import CLOSED, EdgeTimes, time_of


@dataclass(frozen=True, slots=True, eq=False)
class Driven:
    """Parts of roads driven one after the other; a turn, or turning round, is a part of no length.

    Parameters
    ----------
    edge, lasts_ms : (n,) int64
    begin, end : (n,) float64
        Fractions of the edge.
    """

    edge: Longs
    begin: Floats
    end: Floats
    lasts_ms: Longs

    @property
    def time_ms(self) -> int:
        """How long all of it takes."""
        return int(self.lasts_ms.sum())


def driven(times: EdgeTimes, leg: Leg, factor: float = 1.0) -> Driven:
    """Return a leg part by part.

    Parameters
    ----------
    factor
        What the time along roads is multiplied with, turns apart; with 1 the parts add up to ``leg.drive_ms``.
    """
    edges = np.array(leg.edges, np.int64)
    from_, to = leg.spot.fraction, leg.approach.fraction
    turns, network = times.turns, times.network
    still_ms, drive_ms = _parts(
        edges, from_, to, leg.spot.delay_ms, times.usual_ms, times.turn_ms, turns.first, turns.onto, turns.edge,
        network.out_start, network.head,
    )  # fmt: skip
    for row in _altered(times, edges):
        begin, end = from_ if row == 0 else 0.0, to if row == len(edges) - 1 else 1.0
        cost = times.between(int(edges[row]), begin, end)
        if cost is None:
            raise ValueError(f"edge {edges[row]} is closed on the way: nobody drives this way")
        drive_ms[row] = time_of(cost)
    if factor != 1.0:
        drive_ms = np.rint(drive_ms * factor).astype(np.int64)
    return Driven(*_with_turns(edges, from_, to, still_ms, drive_ms))


def _altered(times: EdgeTimes, edges: Longs) -> list[int]:
    return [row for row, edge in enumerate(edges.tolist()) if edge in times.pieces] if times.pieces else []


@compiled
def _with_turns(
    edges: Longs, from_: float, to: float, still_ms: Longs, drive_ms: Longs
) -> tuple[Longs, Floats, Floats, Longs]:
    """Put what is waited before each edge in front of it, where there is any."""
    size = len(edges) + np.count_nonzero(still_ms > 0)
    edge, lasts_ms = np.empty(size, np.int64), np.empty(size, np.int64)
    begin, end = np.zeros(size), np.ones(size)
    used = 0
    for row in range(len(edges)):
        start = from_ if row == 0 else 0.0
        if still_ms[row] > 0:
            edge[used], lasts_ms[used], begin[used], end[used] = edges[row], still_ms[row], start, start
            used += 1
        edge[used], lasts_ms[used], begin[used] = edges[row], drive_ms[row], start
        used += 1
    end[size - 1] = to
    return edge, begin, end, lasts_ms


@compiled
def _parts(
    edges: Longs, from_: float, to: float, delay_ms: int, usual_ms: Longs, turn_ms: Longs, first: Longs, onto: Ints,
    edge_of: Ints, out_start: Ints, head: Ints,
) -> tuple[Longs, Longs]:  # fmt: skip
    """Return, for each edge, the time before it and the time on it."""
    still_ms, drive_ms = np.empty(len(edges), np.int64), np.empty(len(edges), np.int64)
    state = edges[0]
    for row in range(len(edges)):
        edge = edges[row]
        if row == 0:
            still_ms[row] = delay_ms
        else:
            turn = first[state] + edge - out_start[head[edge_of[state]]]
            if turn_ms[turn] == CLOSED:
                raise ValueError("a turn on the way is forbidden")
            still_ms[row], state = turn_ms[turn], np.int64(onto[turn])
        start = from_ if row == 0 else 0.0
        end = to if row == len(edges) - 1 else 1.0
        drive_ms[row] = np.int64(np.rint(usual_ms[edge] * end)) - np.int64(np.rint(usual_ms[edge] * start))
    return still_ms, drive_ms
