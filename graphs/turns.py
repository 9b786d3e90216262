"""Every turn that the roads allow, what kind of turn it is, and which restrictions may forbid it.

A turn leads from one state to another. A state is a directed edge; where a restriction runs over a via road, it is the
edge together with the edges driven before it, as far as the restriction needs them (the trie of Aho and Corasick,
Communications of the ACM 1975;18(6):333-340). Nothing here depends on a profile or on the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from graphs.network import ROUNDABOUT, TURN_OBLIGATORY, Bytes, Floats, Ints, Longs, Network
from graphs.tags import ACCESS_GROUPS, ROAD_CLASSES

# What a turn does, as bits.
U_TURN, ROUNDABOUT_ENTRY, PRIVATE_ENTRY, ACROSS = 1, 2, 4, 8
KINDS = 16
# Between these angles from straight on, a turn to the far side crosses the oncoming lane; more is turning round.
ACROSS_DEG = (45.0, 160.0)
# Roads with so little traffic that nobody waits for a gap are left out: only these and their links count.
BUSY_CLASSES = ("trunk", "primary", "secondary", "tertiary")
# A road that comes from ahead, within this angle, is oncoming.
ONCOMING_DEG = 45.0

Chain = tuple[int, ...]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Turns:
    """The turns of a network: S states, T turns; the turns out of state ``s`` are ``first[s]:first[s + 1]``.

    Parameters
    ----------
    edge : (S,) int32
        The edge of each state. State ``e`` is edge ``e`` with nothing remembered; the states after the edges remember.
    first : (S + 1,) int64
    onto : (T,) int32
        The state after the turn. The turns of a state are in the order of the edges turned onto.
    kind : (T,) uint8
        `U_TURN`, `ROUNDABOUT_ENTRY`, `PRIVATE_ENTRY` and `ACROSS` bits.
    ruled_turn, ruled_by : (Q,) int32
        Pairs of a turn and a restriction (a row of ``turn_kind``) that forbids it where the restriction applies.
    """

    network: Network
    edge: Ints
    first: Longs
    onto: Ints
    kind: Bytes
    ruled_turn: Ints
    ruled_by: Ints

    @property
    def state_count(self) -> int:
        """Number of states."""
        return len(self.edge)

    @cached_property
    def source(self) -> Ints:
        """(T,) the state that each turn leaves."""
        return np.repeat(np.arange(self.state_count, dtype=np.int32), np.diff(self.first))

    @cached_property
    def into(self) -> tuple[Longs, Ints]:
        """``(start, turn)``: the turns into state ``s`` are ``turn[start[s]:start[s + 1]]``."""
        order = np.argsort(self.onto, kind="stable").astype(np.int32)
        return np.searchsorted(self.onto[order], np.arange(self.state_count + 1)), order

    @cached_property
    def states_of_edge(self) -> dict[int, tuple[int, ...]]:
        """The states of each edge that has more than one, the plain one first."""
        found: dict[int, list[int]] = defaultdict(list)
        for state in range(self.network.edge_count, self.state_count):
            found[int(self.edge[state])].append(state)
        return {edge: (edge, *states) for edge, states in found.items()}

    def of(self, state: int, onto_edge: int) -> int:
        """Return the turn from a state onto an edge that begins where the state's edge ends."""
        return int(self.first[state]) + onto_edge - int(self.network.out_start[self.network.head[self.edge[state]]])


@lru_cache(maxsize=8)
def turns_of(network: Network) -> Turns:
    """Return the turns of a network, found once."""
    memory = _Memory(network)
    edge = np.concatenate((np.arange(network.edge_count), [chain[-1] for chain in memory.kept])).astype(np.int32)
    count = np.diff(network.out_start)[network.head[edge]]
    first = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
    source_edge = np.repeat(edge, count)
    place = np.arange(first[-1]) - np.repeat(first[:-1], count)
    onto = (place + network.out_start[network.head[source_edge]]).astype(np.int32)
    kind = _kinds(network, source_edge, onto)
    ruled: list[tuple[int, int]] = []
    for state, chain in memory.states():
        for turn in range(int(first[state]), int(first[state + 1])):
            after = (*chain, int(onto[turn]))
            ruled += [(turn, rule) for rule in memory.forbidding(after)]
            onto[turn] = memory.state_after(after)
    pairs = np.array(sorted(set(ruled)), np.int32).reshape(-1, 2)
    return Turns(network, edge, first, onto, kind, pairs[:, 0].copy(), pairs[:, 1].copy())


class _Memory:
    """What must be remembered of the edges driven so that every restriction can be kept."""

    def __init__(self, network: Network) -> None:
        self._forbidden: dict[Chain, set[int]] = defaultdict(set)
        for chain, rule in _forbidden_chains(network):
            self._forbidden[chain].add(rule)
        begun = {chain[:size] for chain in self._forbidden for size in range(2, len(chain))}
        self.kept: list[Chain] = sorted(begun)
        self._state = {chain: network.edge_count + row for row, chain in enumerate(self.kept)}
        self._longest = max(map(len, self._forbidden), default=0)

    def states(self) -> Iterator[tuple[int, Chain]]:
        """Yield each state from which a restriction takes a turn or is begun, with the edges it remembers."""
        edges = {chain[-2] for chain in self._forbidden} | {chain[0] for chain in self._forbidden}
        yield from ((edge, (edge,)) for edge in sorted(edges))
        yield from ((state, chain) for chain, state in self._state.items())

    def forbidding(self, chain: Chain) -> Iterator[int]:
        for start in range(len(chain) - 1):
            yield from self._forbidden.get(chain[start:], ())

    def state_after(self, chain: Chain) -> int:
        """Return the state that remembers the longest end of a chain that a restriction begins with."""
        ends = (chain[start:] for start in range(max(len(chain) - self._longest, 0), len(chain) - 1))
        return next((self._state[end] for end in ends if end in self._state), chain[-1])


def _forbidden_chains(network: Network) -> Iterator[tuple[Chain, int]]:
    """Yield the chains of edges that no vehicle may drive in a row, each with its restriction."""
    chains = [tuple(network.turn_edge[start:end].tolist()) for start, end in pairwise(network.turn_start.tolist())]
    obligatory: dict[tuple[Chain, int, int], dict[int, int]] = defaultdict(dict)
    for rule, chain in enumerate(chains):
        if network.turn_kind[rule] != TURN_OBLIGATORY:
            yield chain, rule
            continue
        for size in range(1, len(chain)):
            key = (chain[:size], int(network.turn_except[rule]), int(network.turn_condition[rule]))
            obligatory[key].setdefault(chain[size], rule)
    # Two obligations from one edge that hold at the same times leave both ways open.
    for (begun, _, _), allowed in obligatory.items():
        rule = min(allowed.values())
        node = network.head[begun[-1]]
        for onto in range(int(network.out_start[node]), int(network.out_start[node + 1])):
            if onto not in allowed:
                yield (*begun, onto), rule


def _kinds(network: Network, source: Ints, onto: Ints) -> Bytes:
    kind = np.zeros(len(source), np.uint8)
    roundabout = network.flags & ROUNDABOUT > 0
    private = network.access == ACCESS_GROUPS.index("private")
    kind[network.twin[source] == onto] |= U_TURN
    kind[roundabout[onto] & ~roundabout[source]] |= ROUNDABOUT_ENTRY
    kind[private[onto] & ~private[source]] |= PRIVATE_ENTRY
    if not len(network.given_ms):  # a source that states the times of edges has the waits at their ends in them
        kind[_across(network, source, onto) & ~roundabout[source] & ~roundabout[onto]] |= ACROSS
    return kind


def _across(network: Network, source: Ints, onto: Ints) -> Mask:
    """Tell which turns cross the traffic of a busy road: leaving it over the oncoming lane, or joining its far lane."""
    leaving_deg, arriving_deg = _bearings(network)
    turned = _turned_deg(arriving_deg[source], leaving_deg[onto])
    far_side = turned if drives_on_left(network) else -turned
    busy = np.isin(network.road_class, _busy_classes())
    # Both ways of the road joined are driven, so its near lane has to be crossed.
    joins = busy[onto] & (network.twin[onto] >= 0)
    leaves = busy[source] & _has_oncoming(network, arriving_deg, busy)[source]
    angled = (far_side > ACROSS_DEG[0]) & (far_side < ACROSS_DEG[1])
    # Where two roads meet end to end there is nobody to cross: it is a bend.
    return np.asarray(angled & (joins | leaves) & (_arms(network)[network.head[source]] > 2))  # noqa: PLR2004


def _arms(network: Network) -> Longs:
    """(N,) how many roads meet at each node."""
    ends = np.concatenate((network.tail, network.head)).astype(np.int64)
    roads = np.unique(ends * len(network.shape_start) + np.concatenate((network.shape, network.shape)))
    return np.bincount(roads // len(network.shape_start), minlength=network.node_count)


def _busy_classes() -> list[int]:
    return [row for row, name in enumerate(ROAD_CLASSES) if name.removesuffix("_link") in BUSY_CLASSES]


def _has_oncoming(network: Network, arriving_deg: Floats, busy: Mask) -> Mask:
    """(E,) whether busy traffic comes towards the end of an edge from straight ahead."""
    start, edges = network.into
    count = np.diff(start)[network.head]
    mine = np.repeat(np.arange(network.edge_count), count)
    first = np.concatenate(([0], np.cumsum(count)))[:-1]
    other = edges[np.arange(len(mine)) - np.repeat(first, count) + start[network.head[mine]]]
    against = np.abs(np.abs(_turned_deg(arriving_deg[mine], arriving_deg[other])) - 180.0) < ONCOMING_DEG
    found = np.zeros(network.edge_count, np.bool_)
    found[mine[against & busy[other]]] = True
    return found


def _turned_deg(before: Floats, after: Floats) -> Floats:
    """Return the angle from one bearing to another, clockwise, -180 to 180."""
    return np.asarray((after - before + 180.0) % 360.0 - 180.0)


def _bearings(network: Network) -> tuple[Floats, Floats]:
    """Return the bearings in degrees with which each edge leaves its tail and arrives at its head."""
    first, last = network.shape_start[network.shape], network.shape_start[network.shape.astype(np.int64) + 1] - 1
    turned = network.backward > 0
    begin, end = np.where(turned, last, first), np.where(turned, first, last)
    step = np.where(turned, -1, 1)
    return _bearing(network, begin, begin + step), _bearing(network, end - step, end)


def _bearing(network: Network, start: Longs, end: Longs) -> Floats:
    (lon, lat), (to_lon, to_lat) = network.shape_lonlat[start].T, network.shape_lonlat[end].T
    east = (to_lon - lon) * np.cos(np.radians(lat))
    return np.asarray(np.degrees(np.arctan2(east, to_lat - lat)))


def drives_on_left(network: Network) -> bool:
    """Tell on which side of the road a network drives: its roundabouts run clockwise where that is the left.

    Without a roundabout the profile table says.
    """
    edges = np.flatnonzero((network.flags & ROUNDABOUT > 0) & (network.twin < 0)).tolist()
    lines = [network.edge_lonlat(edge) for edge in edges]
    turned = _turning_deg(lines) if lines else 0.0
    return turned > 0.0 if turned else network.profiles.drives_on_left


def _turning_deg(lines: list[Floats]) -> float:
    """Return how far lines turn in all, clockwise."""
    points = np.concatenate(lines)
    steps = np.diff(points, axis=0) * (np.cos(np.radians(points[0, 1])), 1.0)
    line = np.repeat(np.arange(len(lines)), [len(it) for it in lines])
    # Neither a step from one line to the next nor one that goes nowhere has a bearing.
    kept = (line[1:] == line[:-1]) & np.any(steps != 0.0, axis=1)
    bearings = np.degrees(np.arctan2(steps[kept, 0], steps[kept, 1]))
    within = line[:-1][kept]
    return float(_turned_deg(bearings[:-1], bearings[1:])[within[1:] == within[:-1]].sum())


def state_path(turns: Turns, edges: Iterable[int]) -> list[int]:
    """Return the states of a drive along edges, in which nothing is remembered at the first."""
    path: list[int] = []
    for edge in edges:
        path.append(int(turns.onto[turns.of(path[-1], edge)]) if path else edge)
    return path
