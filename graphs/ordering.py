"""The order in which the vertices of a network are contracted, and the hierarchy that follows from it.

The order is a nested dissection by METIS (Karypis and Kumar, SIAM Journal on Scientific Computing 1998;20(1):359-392):
small sets of vertices that part the network into halves come last. What was measured is in ``docs/engine.md``.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import coo_array, csr_array

from graphs.compiled import compiled
from graphs.expansion import Expansion, expand
from graphs.hierarchy import Hierarchy
from graphs.network import Ints, Longs, Network
from graphs.times import edge_times
from graphs.turns import Turns, turns_of

_GIVEN: WeakKeyDictionary[Network, Hierarchy] = WeakKeyDictionary()
_KNOWN: WeakKeyDictionary[Network, Hierarchy] = WeakKeyDictionary()


def give_hierarchy(network: Network, hierarchy: Hierarchy) -> None:
    """Tell the hierarchy that came with a network; it is looked at when it is first needed."""
    _GIVEN[network] = hierarchy


def hierarchy_of(network: Network) -> Hierarchy:
    """Return the hierarchy of a network: the one that came with it, or one built now, once.

    One that was built for another profile table may not be exact for the network's own, in which a turn costs more:
    then another is built.
    """
    if network not in _KNOWN:
        given = _GIVEN.get(network)
        _KNOWN[network] = given if given is not None and _is_exact(given, network) else build_hierarchy(network)
    return _KNOWN[network]


def hierarchy_to_keep(network: Network) -> Hierarchy:
    """Return what a file of the network should have: the hierarchy in use, else the one that came with it.

    Whoever loads a file looks whether its hierarchy is exact, so whoever only writes it need not.
    """
    given = _GIVEN.get(network)
    return given if given is not None and network not in _KNOWN else hierarchy_of(network)


def _is_exact(hierarchy: Hierarchy, network: Network) -> bool:
    return all(hierarchy.expansion.is_exact_for(edge_times(network, name)) for name in network.profiles.names)


def build_hierarchy(network: Network) -> Hierarchy:
    """Order a network and build the shape of its hierarchy; the same network gives the same hierarchy."""
    expansion = expand(network)
    links = links_of(turns_of(network), expansion)
    return contracted(links, dissected(links), expansion)


def contracted(links: csr_array, rank: Ints, expansion: Expansion) -> Hierarchy:
    """Contract vertices in an order.

    Parameters
    ----------
    links
        From `links_of`.
    rank : (V,) int32
        When each vertex is contracted.
    expansion
        The vertices.
    """
    start = links.indptr.astype(np.int64)
    up_start, up_head = contract(start, links.indices, rank)
    # Neighbours in the elimination tree are made neighbours in memory, which changes nothing else.
    rank = depth_first(up_start, up_head)[rank]
    up_start, up_head = contract(start, links.indices, rank)
    return Hierarchy(rank[expansion.vertex].astype(np.int32), expansion.remembered, up_start, up_head)


def links_of(turns: Turns, expansion: Expansion) -> csr_array:
    """Return which vertices a turn joins, in either direction."""
    source, onto = expansion.vertex[turns.source], expansion.vertex[turns.onto]
    apart = source != onto
    size = expansion.vertex_count
    links = coo_array((np.ones(int(apart.sum()), np.int8), (source[apart], onto[apart])), shape=(size, size)).tocsr()
    both = csr_array(links + links.T)
    both.sum_duplicates()
    return both


def dissected(links: csr_array) -> Ints:
    """Return the rank of each vertex."""
    import pymetis  # noqa: PLC0415 - loading a network needs none

    if links.nnz == 0:
        return np.arange(links.shape[0], dtype=np.int32)
    adjacency = pymetis.CSRAdjacency(adj_starts=links.indptr, adjacent=links.indices)
    _, rank = pymetis.nested_dissection(adjacency)
    return np.asarray(rank, np.int32)


@compiled
def contract(start: Longs, neighbour: Ints, rank: Ints) -> tuple[Longs, Ints]:
    """Return the arcs up from each vertex, by rank, after all below it are contracted.

    The heads of a vertex are its own neighbours above it and those of the vertices whose parent it is.
    """
    size = len(rank)
    at = np.empty(size, np.int64)
    at[rank] = np.arange(size)
    up_start = np.zeros(size + 1, np.int64)
    up_head = np.empty(max(2 * len(neighbour), 1), np.int32)
    first_child, next_child = np.full(size, -1, np.int64), np.full(size, -1, np.int64)
    seen = np.full(size, -1, np.int64)
    used = 0
    for vertex in range(size):
        if used + size > len(up_head):
            up_head = np.concatenate((up_head, np.empty(max(len(up_head), size), np.int32)))
        begun = used
        for place in range(start[at[vertex]], start[at[vertex] + 1]):
            head = rank[neighbour[place]]
            if head > vertex and seen[head] != vertex:
                seen[head] = vertex
                up_head[used] = head
                used += 1
        child = first_child[vertex]
        while child >= 0:
            for place in range(up_start[child], up_start[child + 1]):
                head = up_head[place]
                if head > vertex and seen[head] != vertex:
                    seen[head] = vertex
                    up_head[used] = head
                    used += 1
            child = next_child[child]
        up_head[begun:used].sort()
        up_start[vertex + 1] = used
        if used > begun:
            parent = up_head[begun]
            next_child[vertex], first_child[parent] = first_child[parent], vertex
    return up_start, up_head[:used].copy()


@compiled
def depth_first(up_start: Longs, up_head: Ints) -> Ints:
    """Return new ranks, children before parents, each subtree of the elimination tree in a row."""
    size = len(up_start) - 1
    below = np.ones(size, np.int64)
    for vertex in range(size):
        if up_start[vertex] < up_start[vertex + 1]:
            below[up_head[up_start[vertex]]] += below[vertex]
    again = np.empty(size, np.int32)
    # A subtree gets the ranks that end with its root's; its children get theirs from the top down.
    free = np.empty(size, np.int64)
    roots = size
    for vertex in range(size - 1, -1, -1):
        if up_start[vertex] == up_start[vertex + 1]:
            again[vertex] = roots - 1
            roots -= below[vertex]
        else:
            parent = up_head[up_start[vertex]]
            again[vertex] = free[parent]
            free[parent] -= below[vertex]
        free[vertex] = again[vertex] - 1
    return again
