"""Answers to hold the router against: networkx on a graph of edges and turns, built from the arrays alone."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx

from graphs.snapping import Approach, Spot
from graphs.times import EdgeTimes

START, END = "start", "end"
Node = int | tuple[str, int]


def turn_graph(times: EdgeTimes) -> nx.DiGraph:
    """Return a graph whose nodes are open edges; an arc costs the turn and the whole of the edge turned onto."""
    network = times.network
    graph = nx.DiGraph()
    leaving: dict[int, list[int]] = {}
    for edge in range(network.edge_count):
        if times.edge_ms[edge] >= 0:
            leaving.setdefault(int(network.tail[edge]), []).append(edge)
            graph.add_node(edge)
    for edge in list(graph):
        for onto in leaving.get(int(network.head[edge]), ()):
            graph.add_edge(edge, onto, weight=times.turn(edge, onto) + int(times.edge_ms[onto]))
    return graph


def add_start(graph: nx.DiGraph, times: EdgeTimes, row: int, spots: Sequence[Spot], ends: Sequence[Node]) -> Node:
    """Add a vehicle as a node; ``ends`` are places already added."""
    start: Node = (START, row)
    graph.add_node(start)
    for spot in spots:
        rest = spot.delay_ms + int(times.edge_ms[spot.edge]) - times.along_ms(spot.edge, spot.fraction)
        for onto, weight in [(onto, data["weight"]) for onto, data in graph[spot.edge].items()]:
            _add(graph, start, onto, rest + weight)
        for end in ends:
            target = graph.nodes[end]["approaches"].get(spot.edge)
            if target is not None and target.fraction >= spot.fraction:
                ahead = times.along_ms(spot.edge, target.fraction) - times.along_ms(spot.edge, spot.fraction)
                _add(graph, start, end, spot.delay_ms + ahead + target.walk_ms)
    return start


def add_end(graph: nx.DiGraph, times: EdgeTimes, row: int, approaches: Sequence[Approach]) -> Node:
    """Add a place as a node that is entered from every edge from which one can turn onto an approach."""
    end: Node = (END, row)
    graph.add_node(end, approaches={item.edge: item for item in approaches})
    for target in approaches:
        whole = int(times.edge_ms[target.edge])
        part = times.along_ms(target.edge, target.fraction) + target.walk_ms
        before = [(edge, data["weight"]) for edge, _, data in graph.in_edges(target.edge, data=True)]
        for edge, weight in before:
            _add(graph, edge, end, weight - whole + part)
    return end


def _add(graph: nx.DiGraph, start: Node, end: Node, weight: int) -> None:
    known = graph.get_edge_data(start, end)
    if known is None or weight < known["weight"]:
        graph.add_edge(start, end, weight=weight)


def times_between(
    times: EdgeTimes, starts: Sequence[Sequence[Spot]], ends: Sequence[Sequence[Approach]]
) -> list[list[int | None]]:
    """Return the time in milliseconds from each start to each end, None where there is no way."""
    graph = turn_graph(times)
    # Places first: a vehicle on the edge of a place is joined to it; a place gains no way out.
    targets = [add_end(graph, times, row, approaches) for row, approaches in enumerate(ends)]
    sources = []
    for row, spots in enumerate(starts):
        sources.append(add_start(graph, times, row, spots, targets))
    rows = []
    for source in sources:
        found = nx.single_source_dijkstra_path_length(graph, source)
        rows.append([found.get(target) for target in targets])
    return rows
