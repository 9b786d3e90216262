"""How long each edge and each turn takes for a profile.

All times are integer milliseconds, so that sums are exact and two runs cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from graphs.network import ROUNDABOUT, Longs, Network
from graphs.profiles import Profile
from graphs.tags import ACCESS_GROUPS, OBSTACLES, ROAD_CLASSES

CLOSED = -1
MS_PER_S = 1000
_GIVEN_COLUMN = {"normal": 0, "response": 1}
# Groups of edges between which a turn costs the same, as bits.
_IN_ROUNDABOUT, _IN_PRIVATE = 1, 2

# A strongly connected part this large beside the largest is a second core; see `EdgeTimes._core_reach`.
CORE_SHARE = 0.05

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class EdgeTimes:
    """Times of one network under one profile.

    Parameters
    ----------
    edge_ms : (E,) int64
        Time along the whole edge, obstacles included; `CLOSED` where the profile may not drive.
    wait_ms : (E,) int64
        The part of it that obstacles take.
    group : (E,) uint8
        The group of each edge in ``turn_ms``.
    turn_ms : (4, 4) int64
        Time to turn from an edge of one group onto an edge of another.
    u_turn_ms : int
        Time to turn round, added to ``turn_ms``.
    """

    network: Network
    profile: Profile
    edge_ms: Longs
    wait_ms: Longs
    group: NDArray[np.uint8]
    turn_ms: Longs
    u_turn_ms: int

    def along_ms(self, edge: int, fraction: float) -> int:
        """Time from the start of an edge to a fraction of it; what stands on an edge is spread over its length."""
        return round(int(self.edge_ms[edge]) * fraction)

    def turn(self, edge: int, onto: int) -> int:
        """Time to turn from the end of one edge onto the next, milliseconds."""
        u_turn = self.u_turn_ms if self.network.twin[edge] == onto else 0
        return int(self.turn_ms[self.group[edge], self.group[onto]]) + u_turn

    @cached_property
    def open(self) -> Mask:
        """(E,) whether the profile may drive the edge."""
        return np.asarray(self.edge_ms != CLOSED)

    @cached_property
    def leaves(self) -> Mask:
        """(E,) whether a vehicle that may be on the edge can get from it to the core of the network."""
        return self.open & self._core_reach(backward=True)[self.network.head]

    @cached_property
    def arrives(self) -> Mask:
        """(E,) whether a vehicle in the core of the network can get to the edge."""
        return self.open & self._core_reach(backward=False)[self.network.tail]

    @cached_property
    def _links(self) -> csr_array:
        tail, head = self.network.tail[self.open], self.network.head[self.open]
        size = self.network.node_count
        return csr_array((np.ones(len(tail), np.int8), (tail, head)), shape=(size, size))

    def _core_reach(self, *, backward: bool) -> Mask:
        """Return which nodes the core reaches, or which reach it.

        The core is the union of all strongly connected parts with at least `CORE_SHARE` of the nodes of the largest:
        an extract with a wide river in it may have two real halves, and neither is an island.
        """
        links = self._links.T.tocsr() if backward else self._links
        count, part = connected_components(self._links, connection="strong")
        sizes = np.bincount(part, minlength=count)
        reached = np.zeros(self.network.node_count, np.bool_)
        for core in np.flatnonzero(sizes >= max(sizes.max() * CORE_SHARE, 2)):
            start = int(np.flatnonzero(part == core)[0])
            reached[breadth_first_order(links, start, return_predecessors=False)] = True
        return reached


@lru_cache(maxsize=16)
def edge_times(network: Network, profile_name: str) -> EdgeTimes:
    """Compute the times of a network under one of its profiles, once.

    An edge takes ``length / speed`` plus the delay of each obstacle on it, where
    ``speed = min(limit * limit_share, class ceiling)``. A time that the source of the network states replaces that.
    """
    profile = network.profiles.profile(profile_name)
    driving = _stated_ms(network, profile) if len(network.given_ms) else _driven_ms(network, profile)
    delays = [profile.delay_ms.get(name) for name in OBSTACLES]
    waits = network.obstacles.astype(np.int64) @ np.array([wait or 0 for wait in delays], np.int64)
    if len(network.given_ms):
        waits[:] = 0  # whoever stated the time of an edge drove past what stands on it
    shut = np.array([wait is None for wait in delays])
    closed = np.isnan(driving) | ~_admitted(network, profile) | (network.obstacles[:, shut] > 0).any(axis=1)
    whole = np.rint(np.where(closed, 0.0, driving)).astype(np.int64) + waits
    return EdgeTimes(
        network=network,
        profile=profile,
        edge_ms=np.where(closed, CLOSED, whole),
        wait_ms=waits,
        group=_groups(network),
        turn_ms=_turn_ms(profile),
        u_turn_ms=_required(profile, "u_turn"),
    )


def _stated_ms(network: Network, profile: Profile) -> NDArray[np.float64]:
    return network.given_ms[:, _GIVEN_COLUMN[profile.name]].astype(np.float64)


def _driven_ms(network: Network, profile: Profile) -> NDArray[np.float64]:
    """Return driving times without delays; NaN where the profile does not drive that class of road."""
    ceiling = np.array([profile.class_kmh[name] or np.nan for name in ROAD_CLASSES])[network.road_class]
    untagged = np.array([profile.untagged_limit_kmh[name] for name in ROAD_CLASSES])[network.road_class]
    limit = np.where(np.isnan(network.limit_kmh), untagged, network.limit_kmh)
    speed_kmh = np.minimum(limit * profile.limit_share, ceiling)
    return np.asarray(network.length_m * 3.6 * MS_PER_S / speed_kmh)


def _admitted(network: Network, profile: Profile) -> Mask:
    return np.array([name in profile.access for name in ACCESS_GROUPS])[network.access]


def _groups(network: Network) -> NDArray[np.uint8]:
    roundabout = (network.flags & ROUNDABOUT > 0) * _IN_ROUNDABOUT
    private = (network.access == ACCESS_GROUPS.index("private")) * _IN_PRIVATE
    return np.asarray(roundabout + private, np.uint8)


def _turn_ms(profile: Profile) -> Longs:
    """Return what entering a roundabout or private ground costs, by group left and group entered."""
    roundabout, private = _required(profile, "roundabout_entry"), profile.delay_ms.get("private_entry") or 0
    cost = np.zeros((4, 4), np.int64)
    for left in range(4):
        for entered in range(4):
            new = entered & ~left
            cost[left, entered] = roundabout * bool(new & _IN_ROUNDABOUT) + private * bool(new & _IN_PRIVATE)
    return cost


def _required(profile: Profile, delay: str) -> int:
    value = profile.delay_ms[delay]
    if value is None:
        raise ValueError(f"profile {profile.name}: {delay} must have a time")
    return value
