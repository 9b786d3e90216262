"""The kernels of the engine: costs to a place, resolved upward from wherever they are asked.

Strasser and Zeitz, "A Fast and Tight Heuristic for A* in Road Networks" (SEA 2021), call it lazy RPHAST. One sweep from
the place gives the costs of all its ancestors in the elimination tree. The cost from any other vertex is the least over
its arcs up, whose heads are its own ancestors; each is worked out once and kept in ``to_place``, by vertex, `UNKNOWN`
where nobody asked yet. ``by`` is the row of the approach taken, told for the ancestors that the sweep met.
"""

from __future__ import annotations

import heapq
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphs.compiled import Whole, compiled
from graphs.coordinates import EARTH_RADIUS_M
from graphs.network import Floats, Ints, Longs
from graphs.times import COST_BITS, NEVER

UNKNOWN = -1
BUCKETS = 64

Rows = NDArray[np.int16]
Waiting = tuple[np.int64, np.int64, np.int64, np.int64]


class Chart(NamedTuple):
    """Everything that a search reads: S states, T turns, V vertices, A arcs, E edges.

    Parameters
    ----------
    vertex, edge, beside : (S,)
        The vertex and the edge of each state, and the next state of the same edge or -1.
    first, onto, turn_cost
        The turns out of each state, see `Turns`; `CLOSED` where forbidden.
    into_start, into_turn, source
        The turns into each state.
    edge_cost, twin, head : (E,)
    sphere : (N, 3)
        The nodes on the unit sphere.
    m_per_ms
        No edge is driven faster.
    up_start, up_head, parent, up, down
        See `Hierarchy` and `Weights`.
    depth
        The most ancestors that a vertex has, itself included.
    """

    vertex: Ints
    edge: Ints
    beside: Ints
    first: Longs
    onto: Ints
    turn_cost: Longs
    into_start: Longs
    into_turn: Ints
    source: Ints
    edge_cost: Longs
    twin: Ints
    head: Ints
    sphere: Floats
    m_per_ms: float
    up_start: Longs
    up_head: Ints
    parent: Ints
    up: Longs
    down: Longs
    depth: int


class Stops(NamedTuple):
    """The approaches of one place, as columns.

    Parameters
    ----------
    edge, fraction
        Where a vehicle stops.
    along, walk
        Cost from the start of the edge, and of the walk from there.
    stop
        Both together, for who comes from the start of the edge; `NEVER` where a closure is on the way.
    after
        A vehicle on the edge must be beyond this fraction, or a closure is on its way.
    middle : (3,)
        A point on the unit sphere.
    reach_m
        No approach's edge starts farther from the middle.
    """

    edge: Longs
    fraction: Floats
    along: Longs
    walk: Longs
    stop: Longs
    after: Floats
    middle: Floats
    reach_m: float


class Starts(NamedTuple):
    """The spots of vehicles, as columns; those of vehicle ``u`` are ``first[u]:first[u + 1]``.

    Parameters
    ----------
    edge, fraction, along
        As in `Stops`.
    delay, rest
        Cost before the vehicle moves, and that together with the rest of the edge; `NEVER` where a closure is ahead.
    """

    first: Longs
    edge: Longs
    fraction: Floats
    along: Longs
    delay: Longs
    rest: Longs


@compiled
def aim(chart: Chart, stops: Stops, to_place: Longs, by: Rows) -> None:
    """Work out the costs to a place from all ancestors of the vertices that its approaches are turned onto from."""
    reached = [np.int64(0) for _ in range(0)]
    for row in range(len(stops.edge)):
        state = np.int64(stops.edge[row])
        while state >= 0:
            for place in range(chart.into_start[state], chart.into_start[state + 1]):
                turn = chart.into_turn[place]
                if chart.turn_cost[turn] >= 0:
                    seed(chart, turn, stops.stop[row], row, to_place, by, reached)
            state = np.int64(chart.beside[state])
    ranks = np.empty(len(reached), np.int64)
    for row in range(len(reached)):
        ranks[row] = reached[row]
    ranks.sort()
    sweep(ranks, chart.up_start, chart.up_head, chart.up, chart.down, to_place, by)


@compiled
def sweep(ranks: Longs, up_start: Longs, up_head: Ints, up: Longs, down: Longs, to_place: Longs, by: Rows) -> None:
    """Carry the costs of the vertices told up to all their ancestors, and down again among these."""
    for below in ranks:
        for arc in range(up_start[below], up_start[below + 1]):
            told = to_place[below] + down[arc]
            if told < to_place[up_head[arc]]:
                to_place[up_head[arc]], by[up_head[arc]] = told, by[below]
    for below in ranks[::-1]:
        for arc in range(up_start[below], up_start[below + 1]):
            told = up[arc] + to_place[up_head[arc]]
            if told < to_place[below]:
                to_place[below], by[below] = told, by[up_head[arc]]


@compiled
def seed(
    chart: Chart, turn: Whole, stop: Whole, row: Whole, to_place: Longs, by: Rows, reached: list[np.int64]
) -> None:
    """Tell the vertex before a turn onto an approach, and add those of its ancestors that are new to a list."""
    vertex = np.int64(chart.vertex[chart.source[turn]])
    above = vertex
    while above >= 0 and to_place[above] == UNKNOWN:
        to_place[above] = NEVER
        reached.append(above)
        above = np.int64(chart.parent[above])
    told = stop + chart.turn_cost[turn]
    if told < to_place[vertex]:
        to_place[vertex], by[vertex] = told, row


@compiled
def climb(
    vertex: Whole, up_start: Longs, up_head: Ints, parent: Ints, up: Longs, to_place: Longs, chain: Longs
) -> Whole:
    """Return the cost from a vertex to the place, `NEVER` or more where there is no way.

    ``chain`` is room for the ancestors of a vertex.
    """
    size = 0
    above = np.int64(vertex)
    while above >= 0 and to_place[above] == UNKNOWN:
        chain[size] = above
        size += 1
        above = np.int64(parent[above])
    for step in range(size - 1, -1, -1):
        below = chain[step]
        best = NEVER
        for arc in range(up_start[below], up_start[below + 1]):
            best = min(best, up[arc] + to_place[up_head[arc]])
        to_place[below] = best
    return np.int64(to_place[vertex])


@compiled
def resolve(chart: Chart, vertex: Whole, to_place: Longs) -> Whole:
    """Return what `climb` does."""
    chain = np.empty(chart.depth, np.int64)
    return climb(vertex, chart.up_start, chart.up_head, chart.parent, chart.up, to_place, chain)


@compiled
def taken(vertex: Whole, up_start: Longs, up_head: Ints, up: Longs, to_place: Longs, by: Rows) -> Whole:
    """Return the row of the approach taken from a vertex whose cost is known; -1 where there is no way."""
    above = np.int64(vertex)
    while by[above] < 0 and to_place[above] < NEVER:
        told = to_place[above]
        for arc in range(up_start[above], up_start[above + 1]):
            if up[arc] + to_place[up_head[arc]] == told:
                above = np.int64(up_head[arc])
                break
        else:
            return np.int64(-1)
    return np.int64(by[above])


@compiled
def stop_at(stops: Stops, edge: Whole) -> Whole:
    """Return the row of the approach on an edge, or -1."""
    for row in range(len(stops.edge)):
        if stops.edge[row] == edge:
            return row
    return -1


@compiled
def turned_back(chart: Chart, stops: Stops, state: Whole, to_place: Longs) -> Whole:
    """Return the cost to the place for who could turn round at the end of a state's edge for nothing."""
    back = chart.twin[chart.edge[state]]
    if back < 0:
        return NEVER
    best: Whole = NEVER
    if chart.edge_cost[back] >= 0:
        best = chart.edge_cost[back] + resolve(chart, chart.vertex[back], to_place)
    row = stop_at(stops, back)
    return min(best, stops.stop[row]) if row >= 0 else best


@compiled
def onward(chart: Chart, stops: Stops, state: Whole, to_place: Longs, by: Rows) -> tuple[Whole, Whole]:
    """Return the cost from the end of a state's edge to the place, and the row of the approach.

    The vertices forget where a vehicle came from, so theirs is the cost unless it rests on turning round at once. Then
    the turns around are searched, each state no cheaper than its vertex (A* of Hart, Nilsson and Raphael, 1968).
    """
    told = resolve(chart, chart.vertex[state], to_place)
    if told >= NEVER or turned_back(chart, stops, state, to_place) > told:
        return min(told, NEVER), taken(chart.vertex[state], chart.up_start, chart.up_head, chart.up, to_place, by)
    # Least cost in all, cost so far, state or -1 at the place, row of the approach.
    heap = [(np.int64(told), np.int64(0), np.int64(state), np.int64(-1))]
    settled = {np.int64(state): NEVER}
    while len(heap) > 0:
        whole, driven, at, row = heapq.heappop(heap)
        if at < 0:
            return whole, row
        if at in settled and settled[at] <= driven:
            continue
        settled[at] = driven
        told = resolve(chart, chart.vertex[at], to_place)
        if turned_back(chart, stops, at, to_place) > told:
            return driven + told, taken(chart.vertex[at], chart.up_start, chart.up_head, chart.up, to_place, by)
        for turn in range(chart.first[at], chart.first[at + 1]):
            if chart.turn_cost[turn] >= 0:
                turn_onto(chart, stops, turn, driven + chart.turn_cost[turn], to_place, heap)
    return NEVER, -1


@compiled
def turn_onto(chart: Chart, stops: Stops, turn: Whole, driven: Whole, to_place: Longs, heap: list[Waiting]) -> None:
    """Add what a turn leads to: the place, if it can be reached along the edge, and the state at its end."""
    after = np.int64(chart.onto[turn])
    row = stop_at(stops, chart.edge[after])
    if row >= 0 and stops.stop[row] < NEVER:
        heapq.heappush(heap, (driven + stops.stop[row], np.int64(0), np.int64(-1), np.int64(row)))
    through = chart.edge_cost[chart.edge[after]]
    if through < 0:
        return
    least = min(resolve(chart, chart.vertex[after], to_place), turned_back(chart, stops, after, to_place))
    if least < NEVER:
        heapq.heappush(heap, (driven + through + least, driven + through, after, np.int64(-1)))


@compiled
def direct(starts: Starts, stops: Stops, spot: Whole) -> tuple[Whole, Whole]:
    """Return the cost to an approach ahead on a spot's own edge, and its row; `NEVER` where there is none."""
    row = stop_at(stops, starts.edge[spot])
    if row < 0 or stops.fraction[row] < starts.fraction[spot] or starts.fraction[spot] <= stops.after[row]:
        return NEVER, -1
    return starts.delay[spot] + stops.along[row] - starts.along[spot] + stops.walk[row], row


@compiled
def from_spot(
    chart: Chart, starts: Starts, stops: Stops, spot: Whole, to_place: Longs, by: Rows
) -> tuple[Whole, Whole]:
    """Return the cost from one spot to the place, and the row of the approach."""
    best, row = direct(starts, stops, spot)
    if starts.rest[spot] < NEVER:
        rest, other = onward(chart, stops, starts.edge[spot], to_place, by)
        if rest + starts.rest[spot] < best:
            best, row = rest + starts.rest[spot], other
    return best, row


@compiled
def from_vehicle(
    chart: Chart, starts: Starts, stops: Stops, vehicle: Whole, to_place: Longs, by: Rows
) -> tuple[Whole, Whole, Whole]:
    """Return the least cost from any spot of a vehicle, that spot, and the row of the approach."""
    best: Whole = NEVER
    spot: Whole = -1
    row: Whole = -1
    for one in range(starts.first[vehicle], starts.first[vehicle + 1]):
        # No spot is cheaper than its vertex: one that cannot be better is not looked at more closely.
        told, _ = direct(starts, stops, one)
        if starts.rest[one] < NEVER:
            told = min(told, starts.rest[one] + resolve(chart, chart.vertex[starts.edge[one]], to_place))
        if told < best:
            told, other = from_spot(chart, starts, stops, one, to_place, by)
            if told < best:
                best, spot, row = told, one, other
    return best, spot, row


@compiled
def least_of(  # noqa: PLR0913, PLR0917 - plain arrays: a chart handed over for each vehicle costs more than the search
    first: Whole,
    last: Whole,
    starts_edge: Longs,
    starts_rest: Longs,
    starts_delay: Longs,
    stops_edge: Longs,
    vertex: Ints,
    twin: Ints,
    up_start: Longs,
    up_head: Ints,
    parent: Ints,
    up: Longs,
    to_place: Longs,
    chain: Longs,
) -> tuple[Whole, Whole]:
    """Return the least cost from the spots ``first:last`` of one vehicle and the spot; `UNKNOWN` if it is not so plain.

    A spot's vertex may be too cheap only where a vehicle turns round at once. Where the other direction of its road is
    another spot, ready no later and dearer, nothing turns round.
    """
    best, second = NEVER, NEVER
    chosen = np.int64(-1)
    for one in range(first, last):
        for row in range(len(stops_edge)):
            if stops_edge[row] == starts_edge[one]:
                return np.int64(UNKNOWN), np.int64(-1)
        if starts_rest[one] < NEVER:
            told = starts_rest[one] + climb(vertex[starts_edge[one]], up_start, up_head, parent, up, to_place, chain)
            if told < best:
                best, second, chosen = told, best, np.int64(one)
            else:
                second = min(second, told)
    if best >= NEVER:
        return best, np.int64(-1)
    back = twin[starts_edge[chosen]]
    if back < 0:
        return best, chosen
    for one in range(first, last):
        if starts_edge[one] == back and starts_delay[one] <= starts_delay[chosen] and best < second:
            return best, chosen
    return np.int64(UNKNOWN), np.int64(-1)


@compiled
def best_of(chart: Chart, starts: Starts, stops: Stops, to_place: Longs, by: Rows) -> tuple[Longs, Longs, Longs]:
    """Return the least cost from each vehicle, the spot, and the row of the approach, -1 where there is no way."""
    size = len(starts.first) - 1
    costs, spots, rows = np.empty(size, np.int64), np.empty(size, np.int64), np.full(size, -1, np.int64)
    chain = np.empty(chart.depth, np.int64)
    first, edge, rest, delay, stop_edge = starts.first, starts.edge, starts.rest, starts.delay, stops.edge
    vertex, twin, up_start, up_head = chart.vertex, chart.twin, chart.up_start, chart.up_head
    parent, up = chart.parent, chart.up
    for vehicle in range(size):
        cost, spot = least_of(
            first[vehicle], first[vehicle + 1], edge, rest, delay, stop_edge, vertex, twin,
            up_start, up_head, parent, up, to_place, chain,
        )  # fmt: skip
        if cost == UNKNOWN:
            costs[vehicle], spots[vehicle], rows[vehicle] = from_vehicle(chart, starts, stops, vehicle, to_place, by)
            continue
        costs[vehicle], spots[vehicle] = cost, spot
        if spot >= 0:
            rows[vehicle] = taken(vertex[edge[spot]], up_start, up_head, up, to_place, by)
    return costs, spots, rows


@compiled
def from_each(chart: Chart, starts: Starts, stops: Stops, to_place: Longs, by: Rows) -> Longs:
    """Return the cost from each spot."""
    costs = np.empty(len(starts.edge), np.int64)
    for spot in range(len(costs)):
        costs[spot] = from_spot(chart, starts, stops, spot, to_place, by)[0]
    return costs


@compiled
def nearest(chart: Chart, starts: Starts, stops: Stops, count: Whole, to_place: Longs, by: Rows) -> tuple[Longs, Longs]:
    """Return the vehicles soonest there, at most ``count`` of them, and their costs; equal times in the order given.

    Vehicles are looked at by straight-line distance, in buckets; nobody is left out but who could not be sooner at the
    speed of the fastest road of all.
    """
    size = len(starts.first) - 1
    least = np.empty(size, np.int64)
    for vehicle in range(size):
        least[vehicle] = least_ms(chart, starts, stops, vehicle)
    order, bucket_start = bucketed(least)
    found = np.empty(count, np.int64)
    costs = np.full(count, NEVER, np.int64)
    used: Whole = 0
    chain = np.empty(chart.depth, np.int64)
    first, edge, rest, delay, stop_edge = starts.first, starts.edge, starts.rest, starts.delay, stops.edge
    vertex, twin, up_start, up_head, parent, up = (
        chart.vertex, chart.twin, chart.up_start, chart.up_head, chart.parent, chart.up
    )  # fmt: skip
    for bucket in range(len(bucket_start) - 1):
        for place in range(bucket_start[bucket], bucket_start[bucket + 1]):
            vehicle = order[place]
            if used == count and least[vehicle] > costs[used - 1] >> COST_BITS:
                continue
            cost = least_of(
                first[vehicle], first[vehicle + 1], edge, rest, delay, stop_edge, vertex, twin,
                up_start, up_head, parent, up, to_place, chain,
            )[0]  # fmt: skip
            if cost == UNKNOWN:
                cost = from_vehicle(chart, starts, stops, vehicle, to_place, by)[0]
            if cost >= NEVER:
                continue
            row = used
            while row > 0 and sooner(cost, vehicle, costs[row - 1], found[row - 1]):
                row -= 1
            if row == count:
                continue
            used = min(used + 1, count)
            for moved in range(used - 1, row, -1):
                costs[moved], found[moved] = costs[moved - 1], found[moved - 1]
            costs[row], found[row] = cost, vehicle
    return found[:used], costs[:used]


@compiled
def sooner(cost: Whole, vehicle: Whole, other_cost: Whole, other: Whole) -> bool:
    """Tell whether a vehicle comes before another: by time, then in the order given."""
    time, other_time = cost >> COST_BITS, other_cost >> COST_BITS
    return bool(time < other_time or (time == other_time and vehicle < other))


@compiled
def least_ms(chart: Chart, starts: Starts, stops: Stops, vehicle: Whole) -> Whole:
    """Return a time that no spot of a vehicle can beat: a chord of the globe is no longer than any road."""
    best = NEVER
    for spot in range(starts.first[vehicle], starts.first[vehicle + 1]):
        if stop_at(stops, starts.edge[spot]) >= 0:
            return 0
        if starts.rest[spot] < NEVER:
            square = 0.0
            for axis in range(3):
                square += (chart.sphere[chart.head[starts.edge[spot]], axis] - stops.middle[axis]) ** 2
            chord_m = math.sqrt(square) * EARTH_RADIUS_M - stops.reach_m
            least = max(np.int64(chord_m / chart.m_per_ms), 0)
            best = min(best, least + (starts.rest[spot] >> COST_BITS))
    return best


@compiled
def bucketed(least: Longs) -> tuple[Longs, Longs]:
    """Return rows in the order of `BUCKETS` buckets of equal width, and where each bucket starts."""
    low, high = least.min(), np.int64(0)
    for told in least:
        if told < NEVER:
            high = max(high, told)
    width = (high - low) // BUCKETS + 1
    start = np.zeros(BUCKETS + 2, np.int64)
    for told in least:
        start[min((told - low) // width, BUCKETS) + 1] += 1
    for bucket in range(BUCKETS + 1):
        start[bucket + 1] += start[bucket]
    order = np.empty(len(least), np.int64)
    free = start.copy()
    for row in range(len(least)):
        bucket = min((least[row] - low) // width, BUCKETS)
        order[free[bucket]] = row
        free[bucket] += 1
    return order, start


@compiled
def drive(chart: Chart, stops: Stops, state: Whole, cost: Whole, row: Whole, to_place: Longs, by: Rows) -> Longs:
    """Return the states of a way of a known cost from the end of a state's edge to an approach, both included.

    Any way of that cost is followed, the lowest turns first; a state is tried once, so that edges that cost nothing
    cannot make it a circle.
    """
    path = [np.int64(state)]
    left = [np.int64(cost)]
    turn_at = [chart.first[state]]
    tried = {np.int64(state): True}
    while len(path) > 0:
        at, turn = path[-1], turn_at[-1]
        if turn == chart.first[at + 1]:
            path.pop()
            left.pop()
            turn_at.pop()
            continue
        turn_at[-1] += 1
        if chart.turn_cost[turn] < 0:
            continue
        after = np.int64(chart.onto[turn])
        rest = left[-1] - chart.turn_cost[turn]
        if chart.edge[after] == stops.edge[row] and rest == stops.stop[row]:
            path.append(after)
            break
        through = chart.edge_cost[chart.edge[after]]
        if through < 0 or through > rest or after in tried:
            continue
        if costs_just(chart, stops, after, rest - through, to_place, by):
            tried[after] = True
            path.append(after)
            left.append(rest - through)
            turn_at.append(chart.first[after])
    found = np.empty(len(path), np.int64)
    for step in range(len(path)):
        found[step] = path[step]
    return found


@compiled
def costs_just(chart: Chart, stops: Stops, state: Whole, cost: Whole, to_place: Longs, by: Rows) -> bool:
    """Tell whether the cost from the end of a state's edge to the place is this."""
    least = min(resolve(chart, chart.vertex[state], to_place), turned_back(chart, stops, state, to_place))
    return bool(least <= cost and onward(chart, stops, state, to_place, by)[0] == cost)
