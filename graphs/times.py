"""How long each edge and each turn takes for a profile.

All times are integer milliseconds, so that sums are exact and two runs cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from graphs.conditions import NO_CONDITIONS, Altered, Conditions, Piece, Pieces
from graphs.network import Longs, Network
from graphs.profiles import Period, Profile
from graphs.restrictions import binding
from graphs.tags import ACCESS_GROUPS, OBSTACLES, ROAD_CLASSES
from graphs.turns import ACROSS, KINDS, PRIVATE_ENTRY, ROUNDABOUT_ENTRY, U_TURN, Mask, Turns, turns_of

CLOSED = -1
NEVER = np.int64(2**61)
MS_PER_S = 1000
# A cost is milliseconds and centimetres in one integer, so that the shorter of two equally quick ways is taken and one
# search tells both: 2**31 ms are 24 days, 2**30 cm are 10,737 km. `NEVER` can be added to itself.
COST_BITS = 30
_LENGTH_MASK = (1 << COST_BITS) - 1
# What takes longer than fits a cost is as good as closed.
_TOO_LONG_MS = 2**31
_GIVEN_COLUMN = {"normal": 0, "response": 1}

# A strongly connected part this large beside the largest is a second core; see `EdgeTimes._core_reach`.
CORE_SHARE = 0.05
# Times, and the weights that follow from them, are kept for this many moments: both profiles with the hours of a day,
# and the last conditions. Each takes some 12 MB on a network of 160,000 edges.
KEPT = 8


def cost_of(time_ms: int, length_cm: int = 0) -> int:
    """Return a time and a length as one cost."""
    return (time_ms << COST_BITS) + length_cm


def time_of(cost: int) -> int:
    """Return the milliseconds of a cost."""
    return cost >> COST_BITS


def metres_of(cost: int) -> float:
    """Return the metres of a cost."""
    return (cost & _LENGTH_MASK) / 100.0


@dataclass(frozen=True, eq=False)
class EdgeTimes:
    """Times of one network under one profile, as they are at one moment.

    Parameters
    ----------
    edge_ms : (E,) int64
        Time along the whole edge, obstacles included; `CLOSED` where nobody drives through.
    wait_ms : (E,) int64
        The part of it that obstacles take.
    length_cm : (E,) int64
    turns
        The turns of the network.
    turn_ms : (T,) int64
        The time that each of them takes; `CLOSED` where it is forbidden.
    turn_cost : (T,) int64
        The same as a cost.
    u_turn_ms : int
        Time to turn round, the part of a U-turn's time that is not the profile's for what it enters.
    usual_ms : (E,) int64
        Time along the whole edge as if what is closed were driven; `CLOSED` where the profile may never drive.
    unslowed_ms : (E,) int64
        The same as if nothing were slowed by conditions either.
    pieces
        The stretches that conditions close or slow, by edge.
    base
        The same times without conditions, where there are any.
    """

    network: Network
    profile: Profile
    edge_ms: Longs
    wait_ms: Longs
    length_cm: Longs
    turns: Turns
    turn_ms: Longs
    turn_cost: Longs
    u_turn_ms: int
    usual_ms: Longs
    unslowed_ms: Longs
    pieces: Mapping[int, tuple[Piece, ...]] = field(default_factory=dict)
    base: EdgeTimes | None = None

    def along_ms(self, edge: int, fraction: float) -> int:
        """Time from the start of an edge to a fraction of it; what stands on an edge is spread over its length.

        What is closed is passed at its usual speed: whoever is behind the closure did not pass it.
        """
        if edge not in self.pieces:
            return round(int(self.usual_ms[edge]) * fraction)
        more = 0.0
        for piece in self.pieces[edge]:
            if piece.start < fraction:
                more += (min(piece.end, fraction) - piece.start) * piece.more
        wait_ms = int(self.wait_ms[edge])
        return round((int(self.unslowed_ms[edge]) - wait_ms) * (fraction + more) + wait_ms * fraction)

    def along_cm(self, edge: int, fraction: float) -> int:
        """Centimetres from the start of an edge to a fraction of it."""
        return round(int(self.length_cm[edge]) * fraction)

    def between(self, edge: int, start: float, end: float) -> int | None:
        """Return the cost of driving from one fraction of an edge to another; None where a closure is on the way.

        A closure stops whoever would drive into it; a vehicle within it drives out.
        """
        if self.closure_ahead(edge, start, end) is not None:
            return None
        time_ms = self.along_ms(edge, end) - self.along_ms(edge, start)
        return cost_of(time_ms, self.along_cm(edge, end) - self.along_cm(edge, start))

    def closure_ahead(self, edge: int, start: float, end: float) -> float | None:
        """Return the fraction at which the first closure between two fractions of an edge begins, or None."""
        pieces = self.pieces.get(edge, ())
        return next((it.start for it in pieces if it.factor == 0.0 and start <= it.start < end), None)

    def turn(self, edge: int, onto: int) -> int | None:
        """Time to turn from the end of one edge onto the next, milliseconds; None where it is forbidden."""
        time_ms = int(self.turn_ms[self.turns.of(edge, onto)])
        return None if time_ms == CLOSED else time_ms

    @cached_property
    def edge_cost(self) -> Longs:
        """(E,) cost of driving each whole edge, `CLOSED` where nobody drives through."""
        cost = np.where(self.edge_ms == CLOSED, CLOSED, (self.edge_ms << COST_BITS) + self.length_cm)
        _freeze(cost)
        return cost

    @cached_property
    def open(self) -> Mask:
        """(E,) whether the profile may drive the edge."""
        return np.asarray(self.usual_ms != CLOSED)

    @cached_property
    def leaves(self) -> Mask:
        """(E,) whether a vehicle that may be on the edge can get from it to the core of the network.

        Conditions do not count: who is cut off by a closure is cut off, and not put on the next road.
        """
        if self.base is not None:
            return self.base.leaves
        return self.open & self._core_reach(backward=True)[self.network.head]

    @cached_property
    def arrives(self) -> Mask:
        """(E,) whether a vehicle in the core of the network can get to the edge; conditions do not count."""
        if self.base is not None:
            return self.base.arrives
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


def edge_times(
    network: Network, profile_name: str, conditions: Conditions = NO_CONDITIONS, at: datetime | None = None
) -> EdgeTimes:
    """Return the times of a network under one of its profiles, as they are at one moment.

    An edge takes ``length / speed`` plus the delay of each obstacle on it, where
    ``speed = min(limit * limit_share, class ceiling) * pace of the class * share of the period``. A time that the
    source of the network states replaces the length over the speed.

    Parameters
    ----------
    network, profile_name
        The roads, and one of the profiles of their table.
    conditions
        What is closed or slowed.
    at
        The moment, with the offset of the local time there. Without one, roads are as fast as at the best of times,
        and turn restrictions hold that hold at certain hours only.

    Raises
    ------
    ValueError
        There are conditions but no moment, the moment has no offset, or the conditions are of another network.
    InputError
        There is no such profile.
    """
    if at is None and conditions.changes:
        raise ValueError("conditions hold from a time to a time: say at which moment")
    if at is not None and at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no offset from UTC")
    if conditions.network not in {"", network.hash}:
        raise ValueError(f"the conditions are of network {conditions.network}, not of {network.hash}")
    period = network.profiles.period(at)
    binds = binding(network, _profile(network, profile_name), at)
    base = _base(network, profile_name, period, binds.tobytes())
    altered = conditions.at(at, profile_name) if at is not None and conditions.changes else None
    return base if altered is None or not len(altered.edge) else _times_under(_Asked(base, altered.hash, altered))


@lru_cache(maxsize=KEPT)
def _profile(network: Network, profile_name: str) -> Profile:
    return network.profiles.profile(profile_name)


@lru_cache(maxsize=KEPT)
def _base(network: Network, profile_name: str, period: Period | None, binds: bytes) -> EdgeTimes:
    """Return the times without conditions, computed once."""
    profile = _profile(network, profile_name)
    driving = _stated_ms(network, profile) if len(network.given_ms) else _driven_ms(network, profile)
    if period is not None:
        driving = driving / _period_share(network, profile_name, period)
    delays = [profile.delay_ms.get(name) for name in OBSTACLES]
    waits = network.obstacles.astype(np.int64) @ np.array([wait or 0 for wait in delays], np.int64)
    if len(network.given_ms):
        waits[:] = 0  # whoever stated the time of an edge drove past what stands on it
    shut = np.array([wait is None for wait in delays])
    closed = np.isnan(driving) | ~_admitted(network, profile) | (network.obstacles[:, shut] > 0).any(axis=1)
    closed |= ~(driving < _TOO_LONG_MS - waits)
    whole = np.where(closed, CLOSED, np.rint(np.where(closed, 0.0, driving)).astype(np.int64) + waits)
    turn_ms, turn_cost = _turns_take(network, profile_name, binds)
    _freeze(whole, waits)
    return EdgeTimes(
        network=network,
        profile=profile,
        edge_ms=whole,
        wait_ms=waits,
        length_cm=_length_cm(network),
        turns=turns_of(network),
        turn_ms=turn_ms,
        turn_cost=turn_cost,
        u_turn_ms=_required(profile, "u_turn"),
        usual_ms=whole,
        unslowed_ms=whole,
    )


def _freeze(*arrays: NDArray[Any]) -> None:
    """Make arrays that are kept and shared unchangeable."""
    for array in arrays:
        array.flags.writeable = False


@lru_cache(maxsize=8)
def _length_cm(network: Network) -> Longs:
    length_cm = np.rint(network.length_m * 100.0).astype(np.int64)
    if len(length_cm) and length_cm.max() > _LENGTH_MASK:
        raise ValueError(f"a road of {network.length_m.max() / 1000:.0f} km is longer than any")
    _freeze(length_cm)
    return length_cm


@dataclass(frozen=True, slots=True)
class _Asked:
    """Times to change, and the changes; equal where these are, so that they are kept for conditions of one content."""

    base: EdgeTimes
    hash: str
    altered: Altered = field(compare=False)


@lru_cache(maxsize=KEPT)
def _times_under(asked: _Asked) -> EdgeTimes:
    """Return times with what conditions change; edges that the profile may not drive stay as they are."""
    base, altered = asked.base, asked.altered
    usual_ms, edge_ms = base.usual_ms.copy(), base.edge_ms.copy()
    driven = base.usual_ms[altered.edge] != CLOSED
    if not driven.any():
        return base
    edge, factor = altered.edge[driven], altered.factor[driven]
    share = altered.end[driven] - altered.start[driven]
    more = np.zeros(len(usual_ms))
    # One after the other, as `EdgeTimes.along_ms` adds them: a sum in another order may round otherwise.
    np.add.at(more, edge[factor > 0.0], share[factor > 0.0] * (1.0 / factor[factor > 0.0] - 1.0))
    once = np.unique(edge)
    wait_ms = base.wait_ms[once]
    usual_ms[once] = np.rint((base.unslowed_ms[once] - wait_ms) * (1.0 + more[once]) + wait_ms * 1.0)
    edge_ms[once] = np.where(usual_ms[once] < _TOO_LONG_MS, usual_ms[once], CLOSED)
    edge_ms[edge[factor == 0.0]] = CLOSED
    _freeze(edge_ms, usual_ms)
    return replace(base, edge_ms=edge_ms, usual_ms=usual_ms, pieces=Pieces(altered, driven), base=base)


def _period_share(network: Network, profile_name: str, period: Period) -> NDArray[np.float64]:
    """(E,) the share of the usual speed that a period leaves."""
    share = getattr(period, profile_name).value
    return np.array([share if name in period.classes else 1.0 for name in ROAD_CLASSES])[network.road_class]


def _stated_ms(network: Network, profile: Profile) -> NDArray[np.float64]:
    return network.given_ms[:, _GIVEN_COLUMN[profile.name]].astype(np.float64)


def _driven_ms(network: Network, profile: Profile) -> NDArray[np.float64]:
    """Return driving times without delays; NaN where the profile does not drive that class of road."""
    ceiling = np.array([profile.class_kmh[name] or np.nan for name in ROAD_CLASSES])[network.road_class]
    untagged = np.array([profile.untagged_limit_kmh[name] for name in ROAD_CLASSES])[network.road_class]
    limit = np.where(np.isnan(network.limit_kmh), untagged, network.limit_kmh)
    pace = np.array([profile.class_pace[name] for name in ROAD_CLASSES])[network.road_class]
    speed_kmh = np.minimum(limit * profile.limit_share, ceiling) * pace
    return np.asarray(network.length_m * 3.6 * MS_PER_S / speed_kmh)


def _admitted(network: Network, profile: Profile) -> Mask:
    return np.array([name in profile.access for name in ACCESS_GROUPS])[network.access]


@lru_cache(maxsize=KEPT)
def _turns_take(network: Network, profile_name: str, binds: bytes) -> tuple[Longs, Longs]:
    """Return what each turn takes, as milliseconds and as a cost: the same at all hours at which the same rules bind.

    Entering a roundabout or private ground, turning round and across add up.
    """
    turns, profile = turns_of(network), _profile(network, profile_name)
    of_bit = {
        U_TURN: _required(profile, "u_turn"),
        ROUNDABOUT_ENTRY: _required(profile, "roundabout_entry"),
        PRIVATE_ENTRY: profile.delay_ms.get("private_entry") or 0,
        ACROSS: _required(profile, "turn_across"),
    }
    of_kind = np.array([sum(ms for bit, ms in of_bit.items() if kind & bit) for kind in range(KINDS)], np.int64)
    turn_ms = of_kind[turns.kind]
    turn_ms[turns.ruled_turn[np.frombuffer(binds, np.bool_)[turns.ruled_by]]] = CLOSED
    cost = np.where(turn_ms == CLOSED, CLOSED, turn_ms << COST_BITS)
    _freeze(turn_ms, cost)
    return turn_ms, cost


def _required(profile: Profile, delay: str) -> int:
    value = profile.delay_ms[delay]
    if value is None:
        raise ValueError(f"profile {profile.name}: {delay} must have a time")
    return value
