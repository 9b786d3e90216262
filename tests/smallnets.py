"""Small random networks, and what can be asked of them, for hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from hypothesis import strategies as st

from graphs.approaching import up_to_closures
from graphs.assemble import Lane, Roads, Segment, SegmentTurn, assemble
from graphs.conditions import Change, Conditions, Stretch
from graphs.network import TURN_FORBIDDEN, TURN_OBLIGATORY, Network, NetworkMeta
from graphs.snapping import Approach, Spot
from graphs.tags import OBSTACLES
from graphs.times import EdgeTimes

# A working day's morning peak, in which `PEAK_HOURS` holds and `NIGHT_HOURS` does not.
MOMENT = datetime(2026, 2, 3, 8, 10, tzinfo=UTC)
PEAK_HOURS, NIGHT_HOURS = "(Mo-Fr 07:00-09:00)", "(22:00-05:00)"
PLAIN = (0,) * len(OBSTACLES)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
# Few lengths, so that ties are common; a road of no length takes no time, a long one is no island.
LENGTHS_M = (0.0, 20.0, 20.0, 100.0, 100.0, 250.0, 6_000.0)


def lanes(*, obstacles: bool) -> st.SearchStrategy[Lane]:
    """One direction of a road."""
    counts = st.lists(st.integers(0, 1), min_size=len(OBSTACLES), max_size=len(OBSTACLES))
    return st.builds(
        Lane,
        access=st.sampled_from(["open", "open", "open", "private", "bus"]),
        limit_kmh=st.just(50.0),
        obstacles=counts if obstacles else st.just(PLAIN),
    )


@st.composite
def small_roads(draw_: st.DrawFn) -> Roads:
    """One-ways, parallel and zero-length edges, self loops, islands, roundabouts, private ground, and rules."""
    nodes = draw_(st.integers(2, 9))
    place = {node: (-1.0 + 0.01 * (node % 3), 54.0 + 0.01 * (node // 3)) for node in range(nodes)}
    lane = lanes(obstacles=draw_(st.booleans()))
    segments = []
    for way in range(draw_(st.integers(1, 14))):
        start, end = draw_(st.integers(0, nodes - 1)), draw_(st.integers(0, nodes - 1))
        along, against = draw_(lane), draw_(st.none() | lane)
        bend = (place[start][0] + 0.001, place[start][1] + 0.001)
        segments.append(
            Segment(
                start=start,
                end=end,
                lonlat=[place[start], bend, place[end]],
                road_class=draw_(st.sampled_from(["residential", "primary", "tertiary", "track"])),
                along=along,
                against=against,
                way_id=way,
                roundabout=draw_(st.booleans()) and against is None,
                length_m=draw_(st.sampled_from(LENGTHS_M)),
            )
        )
    return Roads(NetworkMeta("drawn"), segments, turns=draw_(st.lists(rules(segments), max_size=3)))


@st.composite
def street_grids(draw_: st.DrawFn) -> Network:
    """Quiet streets in a grid, most of them two-way: where closures leave no way out but one."""
    wide, high = draw_(st.integers(2, 4)), draw_(st.integers(1, 3))
    ends = [(node, node + 1) for node in range(wide * high) if (node + 1) % wide]
    ends += [(node, node + wide) for node in range(wide * (high - 1))]
    place = {node: (-1.0 + 0.001 * (node % wide), 54.0 + 0.001 * (node // wide)) for node in range(wide * high)}
    segments = []
    for way, (start, end) in enumerate(ends):
        against = None if draw_(st.integers(0, 4)) == 0 else Lane()
        line = [place[start], place[end]]
        segments.append(Segment(start, end, line, "residential", Lane(), against, way, length_m=100.0))
    return assemble(Roads(NetworkMeta("drawn"), segments, turns=draw_(st.lists(rules(segments), max_size=1))))


@st.composite
def rules(draw_: st.DrawFn, segments: Sequence[Segment]) -> SegmentTurn:
    """A restriction over a walk of two to five segments: by way of a node, or of one to three roads."""
    steps: list[tuple[Segment, bool]] = []
    for _ in range(draw_(st.integers(2, 5))):
        at = None if not steps else steps[-1][0].start if steps[-1][1] else steps[-1][0].end
        onward = [(part, False) for part in segments if at in {None, part.start}]
        onward += [(part, True) for part in segments if part.against and at in {None, part.end}]
        steps += [draw_(st.sampled_from(onward))] if onward else []
    return SegmentTurn(
        steps if len(steps) > 1 else steps * 2,
        draw_(st.sampled_from([TURN_FORBIDDEN, TURN_OBLIGATORY])),
        draw_(st.sampled_from(["", "", "", "psv;emergency"])),
        draw_(st.sampled_from(["", "", "", PEAK_HOURS, NIGHT_HOURS])),
    )


def small_networks() -> st.SearchStrategy[Network]:
    """Networks of those roads."""
    return small_roads().map(assemble)


def stretches(network: Network) -> st.SearchStrategy[Stretch]:
    """A part of an edge, or the whole of it."""
    edge = st.integers(0, network.edge_count - 1)
    parts = [(low, high) for low in SHARES for high in SHARES if low < high]
    part = st.sampled_from([(0.0, 1.0)] * 5 + parts)
    return st.builds(lambda edge, part: Stretch(edge, *part), edge, part)


@st.composite
def closed_roads(draw_: st.DrawFn, network: Network) -> Conditions:
    """Roads that are closed in both directions, wholly or in part."""
    roads = draw_(st.lists(st.integers(0, network.edge_count - 1), min_size=1, max_size=6, unique=True))
    found = []
    for edge in roads:
        start, end = draw_(st.sampled_from([(0.0, 1.0), (0.0, 1.0), (0.25, 0.5), (0.5, 1.0)]))
        twin = int(network.twin[edge])
        found += [Stretch(edge, start, end)] + ([Stretch(twin, 1.0 - end, 1.0 - start)] if twin >= 0 else [])
    return Conditions((Change("closed", tuple(found)),))


@st.composite
def conditions(draw_: st.DrawFn, network: Network) -> Conditions:
    """Closures and slowdowns, some on both directions of a road."""
    changes = []
    for number in range(draw_(st.integers(1, 3))):
        found = draw_(st.lists(stretches(network), min_size=1, max_size=3))
        if draw_(st.booleans()):
            twins = [(int(network.twin[it.edge]), it) for it in found]
            found += [Stretch(twin, 1.0 - it.end, 1.0 - it.start) for twin, it in twins if twin >= 0]
        factor = draw_(st.sampled_from([0.0, 0.0, 0.25, 0.5]))
        changes.append(Change(f"change {number}", tuple(found), factor))
    return Conditions(tuple(changes))


@st.composite
def vehicles(draw_: st.DrawFn, times: EdgeTimes) -> tuple[Spot, ...]:
    """Where a vehicle may be, as the snapper tells: both directions of a road, the other one after a U-turn or not.

    Some are told in one direction only.
    """
    edge, share = draw_(st.sampled_from(open_edges(times))), draw_(st.sampled_from(SHARES))
    delay_ms = draw_(st.sampled_from([0, 0, 3_000]))
    turn_ms = draw_(st.sampled_from([0, times.u_turn_ms // 2, times.u_turn_ms]))
    ahead = Spot(edge, share, 0.0, delay_ms, 0.0, 0.0)
    twin = int(times.network.twin[edge])
    if twin < 0 or times.usual_ms[twin] < 0 or draw_(st.integers(0, 3)) == 0:
        return (ahead,)
    return (ahead, Spot(twin, 1.0 - share, 0.0, delay_ms + turn_ms, 0.0, 0.0))


@st.composite
def places(draw_: st.DrawFn, times: EdgeTimes) -> tuple[Approach, ...]:
    """Where a place is reached from, as a router tells: both directions of one to three roads, up to any closure."""
    found: dict[int, Approach] = {}
    for _ in range(draw_(st.integers(1, 3))):
        edge, share = draw_(st.sampled_from(open_edges(times))), draw_(st.sampled_from(SHARES))
        walk_ms = draw_(st.sampled_from([0, 1_000, 9_000]))
        twin, known = int(times.network.twin[edge]), set(found)
        for one, fraction in ((edge, share), (twin, 1.0 - share)):
            # A road that is known already is not told again, in either direction.
            if one >= 0 and times.usual_ms[one] >= 0 and edge not in known and twin not in known:
                found[one] = Approach(one, fraction, 0.0, walk_ms, 0.0, 0.0)
    near = sorted(found.values(), key=lambda item: (item.walk_ms, item.edge))
    return up_to_closures(times, near)[0]


def open_edges(times: EdgeTimes) -> list[int]:
    """Return the edges that a profile may drive."""
    return np.flatnonzero(times.open).tolist()
