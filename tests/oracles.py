"""Answers to hold the routers against: networkx on a graph of edges and turns, built from the arrays alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

import networkx as nx

from graphs.network import TURN_OBLIGATORY, Network
from graphs.restrictions import binding
from graphs.snapping import Approach, Spot
from graphs.times import EdgeTimes
from graphs.turns import ACROSS, PRIVATE_ENTRY, ROUNDABOUT_ENTRY

START, END = "start", "end"
# The edges driven that a restriction may ask about, the present one last; a vehicle or a place.
Node = tuple[int, ...] | tuple[str, int]
Chain = tuple[int, ...]
Words = tuple[str, str]
# A weight is milliseconds times this, and centimetres.
MS = 10**12


def turn_graph(times: EdgeTimes, at: datetime | None = None) -> nx.DiGraph:
    """Return a graph whose nodes are open edges; an arc costs the turn and the whole of the edge turned onto."""
    network, rules = times.network, Rules(times, at)
    graph = nx.DiGraph()
    leaving: dict[int, list[int]] = {}
    for edge in range(network.edge_count):
        if times.usual_ms[edge] >= 0:
            leaving.setdefault(int(network.tail[edge]), []).append(edge)
            graph.add_node((edge,))
    waiting = list(graph)
    while waiting:
        node = waiting.pop()
        for onto in leaving.get(int(network.head[node[-1]]), ()):
            if rules.forbid(node, onto):
                continue
            after = rules.kept(node, onto)
            if after not in graph:
                waiting.append(after)
            through = _whole(times, onto)
            if through is not None:
                graph.add_edge(node, after, weight=_turn_ms(times, node[-1], onto) * MS + through)
            # Whoever stops on the way along the edge needs not come to its end.
            graph.add_node(after)
            graph.nodes[node].setdefault("onto", []).append((onto, _turn_ms(times, node[-1], onto) * MS))
    return graph


class Rules:
    """The turn restrictions of a network, read as they stand, for a profile at a moment."""

    def __init__(self, times: EdgeTimes, at: datetime | None = None) -> None:
        network = times.network
        binds = binding(network, times.profile, at)
        chains = [tuple(network.turn_edge[a:b].tolist()) for a, b in pairwise(network.turn_start.tolist())]
        told = [(chain, row) for row, chain in enumerate(chains) if binds[row]]
        self._no = {chain for chain, row in told if network.turn_kind[row] != TURN_OBLIGATORY}
        # What an obligation allows after each beginning of its chain, by the last edge of that beginning.
        self._only: dict[int, list[tuple[Chain, int, Words]]] = defaultdict(list)
        for chain, row in told:
            if network.turn_kind[row] == TURN_OBLIGATORY:
                for size in range(1, len(chain)):
                    self._only[chain[size - 1]].append((chain[:size], chain[size], _words(network, row)))
        self._long = {edge for chain, _ in told if len(chain) > 2 for edge in chain}
        self.longest = max((len(chain) for chain, _ in told), default=2)

    def forbid(self, driven: Chain, onto: int) -> bool:
        after = (*driven, onto)
        if any(after[-size:] in self._no for size in range(2, min(len(after), self.longest) + 1)):
            return True
        allowed: dict[tuple[Chain, Words], set[int]] = defaultdict(set)
        for begun, edge, words in self._only.get(driven[-1], ()):
            if driven[-len(begun) :] == begun:
                allowed[begun, words].add(edge)
        return any(onto not in edges for edges in allowed.values())

    def kept(self, driven: Chain, onto: int) -> Chain:
        before = [edge for edge in driven if edge in self._long]
        if before != list(driven):
            before = before if driven[-1] in self._long else []
            before = before[-1:]
        return (*before[-(self.longest - 2) :], onto) if self.longest > 2 else (onto,)


def _words(network: Network, row: int) -> Words:
    return network.text(int(network.turn_except[row])), network.text(int(network.turn_condition[row]))


def _turn_ms(times: EdgeTimes, edge: int, onto: int) -> int:
    delay = times.profile.delay_ms
    kind = int(times.turns.kind[times.turns.of(edge, onto)])
    cost = (delay["u_turn"] or 0) if times.network.twin[edge] == onto else 0
    for bit, name in (
        (ROUNDABOUT_ENTRY, "roundabout_entry"),
        (PRIVATE_ENTRY, "private_entry"),
        (ACROSS, "turn_across"),
    ):
        cost += (delay[name] or 0) if kind & bit else 0
    return cost


def _whole(times: EdgeTimes, edge: int) -> int | None:
    return None if times.edge_ms[edge] < 0 else int(times.edge_ms[edge]) * MS + _cm(times, edge, 1.0)


def _cm(times: EdgeTimes, edge: int, fraction: float) -> int:
    return round(round(float(times.network.length_m[edge]) * 100) * fraction)


def _shut(times: EdgeTimes, edge: int, start: float, end: float) -> bool:
    return any(it.factor == 0 and start <= it.start < end for it in times.pieces.get(edge, ()))


def _between(times: EdgeTimes, edge: int, start: float, end: float) -> int:
    driven_ms = times.along_ms(edge, end) - times.along_ms(edge, start)
    return driven_ms * MS + _cm(times, edge, end) - _cm(times, edge, start)


def add_start(graph: nx.DiGraph, times: EdgeTimes, row: int, spots: Sequence[Spot], ends: Sequence[Node]) -> Node:
    """Add a vehicle as a node; ``ends`` are places already added."""
    start: Node = (START, row)
    graph.add_node(start)
    for spot in spots:
        delay = spot.delay_ms * MS
        if not _shut(times, spot.edge, spot.fraction, 1.0):
            rest = delay + _between(times, spot.edge, spot.fraction, 1.0)
            for onto, weight in [(onto, data["weight"]) for onto, data in graph[(spot.edge,)].items()]:
                _add(graph, start, onto, rest + weight)
        for end in ends:
            for target in graph.nodes[end]["approaches"].get(spot.edge, ()):
                ahead = target.fraction >= spot.fraction
                if ahead and not _shut(times, spot.edge, spot.fraction, target.fraction):
                    driven = _between(times, spot.edge, spot.fraction, target.fraction)
                    _add(graph, start, end, delay + driven + target.walk_ms * MS)
    return start


def add_end(graph: nx.DiGraph, times: EdgeTimes, row: int, approaches: Sequence[Approach]) -> Node:
    """Add a place as a node that is entered from every edge from which one can turn onto an approach."""
    end: Node = (END, row)
    of_edge: dict[int, list[Approach]] = {}
    for item in approaches:
        of_edge.setdefault(item.edge, []).append(item)
    graph.add_node(end, approaches=of_edge)
    for node, onto in [(node, onto) for node, onto in graph.nodes(data="onto") if onto]:
        for edge, weight in onto:
            for target in of_edge.get(edge, ()):
                if not _shut(times, edge, 0.0, target.fraction):
                    _add(graph, node, end, weight + _between(times, edge, 0.0, target.fraction) + target.walk_ms * MS)
    return end


def _add(graph: nx.DiGraph, start: Node, end: Node, weight: int) -> None:
    known = graph.get_edge_data(start, end)
    if known is None or weight < known["weight"]:
        graph.add_edge(start, end, weight=weight)


def costs_between(
    times: EdgeTimes,
    starts: Sequence[Sequence[Spot]],
    ends: Sequence[Sequence[Approach]],
    at: datetime | None = None,
) -> Iterator[list[tuple[int, int] | None]]:
    """Yield for each start the milliseconds and centimetres to each end, None where there is no way."""
    graph = turn_graph(times, at)
    # Places first: a vehicle on the edge of a place is joined to it; a place gains no way out.
    targets = [add_end(graph, times, row, approaches) for row, approaches in enumerate(ends)]
    sources = [add_start(graph, times, row, spots, targets) for row, spots in enumerate(starts)]
    for source in sources:
        found = nx.single_source_dijkstra_path_length(graph, source)
        yield [divmod(found[target], MS) if target in found else None for target in targets]


def times_between(
    times: EdgeTimes, starts: Sequence[Sequence[Spot]], ends: Sequence[Sequence[Approach]]
) -> list[list[int | None]]:
    """Return the time in milliseconds from each start to each end, None where there is no way."""
    return [[told[0] if told else None for told in row] for row in costs_between(times, starts, ends)]
