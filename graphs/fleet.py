"""Kernels for many vehicles: the best way of each, the nearest of all, tables."""

from __future__ import annotations

import math

import numpy as np

from graphs.chart import UNKNOWN, Chart, Room, Starts, Stops
from graphs.compiled import Whole, compiled
from graphs.coordinates import EARTH_RADIUS_M
from graphs.nearby import Mask
from graphs.network import Floats, Ints, Longs
from graphs.searches import aim, clear, climb, from_spot, from_vehicle, look, stop_at, taken
from graphs.times import COST_BITS, NEVER

BUCKETS = 64


@compiled
def least_of(  # noqa: PLR0913, PLR0917 - plain arrays: a chart handed over for each vehicle costs more than the search
    first: Whole,
    last: Whole,
    starts_edge: Longs,
    starts_rest: Longs,
    starts_delay: Longs,
    stops_edge: Longs,
    edge_cost: Longs,
    vertex: Ints,
    twin: Ints,
    up_start: Longs,
    up_head: Ints,
    parent: Ints,
    up: Longs,
    to_place: Longs,
    touched: Ints,
    used: Longs,
) -> tuple[Whole, Whole]:
    """Return the least cost from the spots ``first:last`` of one vehicle and the spot; `UNKNOWN` if it is not so plain.

    A spot's vertex may be too cheap only where a vehicle turns round at once. Nothing turns round where the other
    direction of its road is another spot, ready no later and dearer, or where going back is dearer than going on.
    """
    best, second = NEVER, NEVER
    chosen = np.int64(-1)
    for one in range(first, last):
        for row in range(len(stops_edge)):
            if stops_edge[row] == starts_edge[one]:
                return np.int64(UNKNOWN), np.int64(-1)
        if starts_rest[one] < NEVER:
            told = starts_rest[one] + climb(
                vertex[starts_edge[one]], up_start, up_head, parent, up, to_place, touched, used
            )
            if told < best:
                best, second, chosen = told, best, np.int64(one)
            else:
                second = min(second, told)
    if best >= NEVER:
        return best, np.int64(-1)
    back = np.int64(twin[starts_edge[chosen]])
    for one in range(first, last):
        if starts_edge[one] == back and starts_delay[one] <= starts_delay[chosen] and best < second:
            return best, chosen
    again = back_cost(back, stops_edge, edge_cost, vertex, up_start, up_head, parent, up, to_place, touched, used)
    if starts_rest[chosen] + again > best:
        return best, chosen
    return np.int64(UNKNOWN), np.int64(-1)


@compiled
def back_cost(
    back: Whole,
    stops_edge: Longs,
    edge_cost: Longs,
    vertex: Ints,
    up_start: Longs,
    up_head: Ints,
    parent: Ints,
    up: Longs,
    to_place: Longs,
    touched: Ints,
    used: Longs,
) -> Whole:
    """Return what going back along an edge would cost at least; nothing where a vehicle may stop on it."""
    for row in range(len(stops_edge)):
        if stops_edge[row] == back:
            return np.int64(0)
    if back < 0 or edge_cost[back] < 0:
        return NEVER
    return np.int64(edge_cost[back] + climb(vertex[back], up_start, up_head, parent, up, to_place, touched, used))


@compiled
def best_of(chart: Chart, starts: Starts, stops: Stops, room: Room) -> tuple[Longs, Longs, Longs]:
    """Return the least cost from each vehicle, the spot, and the row of the approach, -1 where there is no way."""
    size = len(starts.first) - 1
    costs, spots, rows = np.empty(size, np.int64), np.empty(size, np.int64), np.full(size, -1, np.int64)
    to_place, touched, used = room.to_place, room.touched, room.used
    first, edge, rest, delay, stop_edge = starts.first, starts.edge, starts.rest, starts.delay, stops.edge
    edge_cost, vertex, twin, parent = chart.edge_cost, chart.vertex, chart.twin, chart.parent
    up_start, up_head, up = chart.up_start, chart.up_head, chart.up
    for vehicle in range(size):
        cost, spot = least_of(
            first[vehicle], first[vehicle + 1], edge, rest, delay, stop_edge, edge_cost, vertex, twin,
            up_start, up_head, parent, up, to_place, touched, used,
        )  # fmt: skip
        if cost == UNKNOWN:
            costs[vehicle], spots[vehicle], rows[vehicle] = from_vehicle(chart, starts, stops, vehicle, room)
            continue
        costs[vehicle], spots[vehicle] = cost, spot
        if spot >= 0:
            rows[vehicle] = taken(vertex[edge[spot]], up_start, up_head, up, to_place, room.by)
    return costs, spots, rows


@compiled
def least_costs(chart: Chart, starts: Starts, stops: Stops, room: Room) -> Longs:
    """Return the least cost from each vehicle."""
    costs = np.empty(len(starts.first) - 1, np.int64)
    to_place, touched, used = room.to_place, room.touched, room.used
    first, edge, rest, delay, stop_edge = starts.first, starts.edge, starts.rest, starts.delay, stops.edge
    edge_cost, vertex, twin, parent = chart.edge_cost, chart.vertex, chart.twin, chart.parent
    up_start, up_head, up = chart.up_start, chart.up_head, chart.up
    for vehicle in range(len(costs)):
        costs[vehicle] = least_of(
            first[vehicle], first[vehicle + 1], edge, rest, delay, stop_edge, edge_cost, vertex, twin,
            up_start, up_head, parent, up, to_place, touched, used,
        )[0]  # fmt: skip
        if costs[vehicle] == UNKNOWN:
            costs[vehicle] = from_vehicle(chart, starts, stops, vehicle, room)[0]
    return costs


@compiled
def from_each(chart: Chart, starts: Starts, stops: Stops, room: Room) -> Longs:
    """Return the cost from each spot."""
    costs = np.empty(len(starts.edge), np.int64)
    to_place, touched, used = room.to_place, room.touched, room.used
    edge, rest, delay, stop_edge = starts.edge, starts.rest, starts.delay, stops.edge
    edge_cost, vertex, twin, parent = chart.edge_cost, chart.vertex, chart.twin, chart.parent
    up_start, up_head, up = chart.up_start, chart.up_head, chart.up
    for spot in range(len(costs)):
        costs[spot] = least_of(
            spot, spot + 1, edge, rest, delay, stop_edge, edge_cost, vertex, twin,
            up_start, up_head, parent, up, to_place, touched, used,
        )[0]  # fmt: skip
        if costs[spot] == UNKNOWN:
            costs[spot] = from_spot(chart, starts, stops, spot, room)[0]
    return costs


@compiled
def nearest(chart: Chart, starts: Starts, stops: Stops, count: Whole, room: Room) -> tuple[Longs, Longs]:
    """Return the vehicles soonest there, at most ``count`` of them, and their costs; equal times in the order given.

    Vehicles are looked at by straight-line distance, in buckets; nobody is left out but who could not be sooner at the
    speed of the fastest road of all.
    """
    return soonest(chart, starts, stops, bounds(chart, starts, stops), count, room)


@compiled
def soonest(chart: Chart, starts: Starts, stops: Stops, least: Longs, count: Whole, room: Room) -> tuple[Longs, Longs]:
    """Return what `nearest` does, given milliseconds that no vehicle can beat; `NEVER` for who is left out."""
    order, bucket_start = bucketed(least)
    found = np.empty(count, np.int64)
    costs = np.full(count, NEVER, np.int64)
    filled: Whole = 0
    to_place, touched, used = room.to_place, room.touched, room.used
    first, edge, rest, delay, stop_edge = starts.first, starts.edge, starts.rest, starts.delay, stops.edge
    edge_cost, vertex, twin, up_start, up_head, parent, up = (
        chart.edge_cost, chart.vertex, chart.twin, chart.up_start, chart.up_head, chart.parent, chart.up
    )  # fmt: skip
    for bucket in range(len(bucket_start) - 1):
        for place in range(bucket_start[bucket], bucket_start[bucket + 1]):
            vehicle = order[place]
            if least[vehicle] >= NEVER or (filled == count and least[vehicle] > costs[filled - 1] >> COST_BITS):
                continue
            cost = least_of(
                first[vehicle], first[vehicle + 1], edge, rest, delay, stop_edge, edge_cost, vertex, twin,
                up_start, up_head, parent, up, to_place, touched, used,
            )[0]  # fmt: skip
            if cost == UNKNOWN:
                cost = from_vehicle(chart, starts, stops, vehicle, room)[0]
            if cost >= NEVER:
                continue
            row = filled
            while row > 0 and sooner(cost, vehicle, costs[row - 1], found[row - 1]):
                row -= 1
            if row == count:
                continue
            filled = min(filled + 1, count)
            for moved in range(filled - 1, row, -1):
                costs[moved], found[moved] = costs[moved - 1], found[moved - 1]
            costs[row], found[row] = cost, vehicle
    return found[:filled], costs[:filled]


@compiled
def coming(
    chart: Chart, starts: Starts, stops: Stops, free: Mask, bound_first: Longs, bound: Longs, count: Whole, room: Room
) -> tuple[Longs, Longs, Longs]:
    """Return who can be soonest at each of several places, and when those are there who are bound to it.

    Parameters
    ----------
    free : (vehicles,)
        Who may be told for any place; for the one that it is bound to, a vehicle is not told among the soonest.
    bound_first, bound
        The vehicles bound to place ``p`` are ``bound[bound_first[p]:bound_first[p + 1]]``.
    count
        How many to tell for each place, at most.

    Returns
    -------
    rows, costs : (places, count)
        The vehicles soonest there, -1 where there are no more, and their costs.
    bound_costs : (len(bound),)
    """
    places = len(stops.first) - 1
    rows, costs = np.full((places, count), -1, np.int64), np.full((places, count), NEVER, np.int64)
    bound_costs = np.empty(len(bound), np.int64)
    heads = heads_of(chart, starts)
    for place in range(places):
        one = place_of(stops, place)
        look(chart, one, room)
        least = bounds_from(chart, starts, one, heads)
        for row in range(len(free)):
            if not free[row]:
                least[row] = NEVER
        for at in range(bound_first[place], bound_first[place + 1]):
            bound_costs[at] = from_vehicle(chart, starts, one, bound[at], room)[0]
            least[bound[at]] = NEVER
        if len(free):
            found, told = soonest(chart, starts, one, least, count, room)
            rows[place, : len(found)], costs[place, : len(found)] = found, told
        clear(room)
    return rows, costs, bound_costs


@compiled
def sooner(cost: Whole, vehicle: Whole, other_cost: Whole, other: Whole) -> bool:
    """Tell whether a vehicle comes before another: by time, then in the order given."""
    time, other_time = cost >> COST_BITS, other_cost >> COST_BITS
    return bool(time < other_time or (time == other_time and vehicle < other))


@compiled
def bounds(chart: Chart, starts: Starts, stops: Stops) -> Longs:
    """Return, for each vehicle, milliseconds that no spot of it can beat: no road is shorter than a chord."""
    return bounds_from(chart, starts, stops, heads_of(chart, starts))


@compiled
def heads_of(chart: Chart, starts: Starts) -> Floats:
    """(spots, 3) the ends of the spots' edges on the unit sphere."""
    heads = np.empty((len(starts.edge), 3))
    for spot in range(len(heads)):
        heads[spot] = chart.sphere[chart.head[starts.edge[spot]]]
    return heads


@compiled
def bounds_from(chart: Chart, starts: Starts, stops: Stops, heads: Floats) -> Longs:
    """Return what `bounds` does, given the ends of the spots' edges."""
    tail, sphere, m_per_ms = chart.tail, chart.sphere, chart.m_per_ms
    first, edge, rest = starts.first, starts.edge, starts.rest
    middle = np.zeros(3)
    for row in range(len(stops.edge)):
        middle += sphere[tail[stops.edge[row]]] / len(stops.edge)
    reach_m = 0.0
    for row in range(len(stops.edge)):
        reach_m = max(reach_m, chord_m(sphere[tail[stops.edge[row]]], middle))
    least = np.full(len(first) - 1, NEVER, np.int64)
    for vehicle in range(len(least)):
        for spot in range(first[vehicle], first[vehicle + 1]):
            if stop_at(stops, edge[spot]) >= 0:
                least[vehicle] = 0
            elif rest[spot] < NEVER:
                far_m = max(chord_m(heads[spot], middle) - reach_m, 0.0)
                least[vehicle] = min(least[vehicle], np.int64(far_m / m_per_ms) + (rest[spot] >> COST_BITS))
    return least


@compiled
def chord_m(one: Floats, other: Floats) -> float:
    """Return the metres between two points of the unit sphere, through the globe."""
    return math.sqrt((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2) * EARTH_RADIUS_M


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
def table(chart: Chart, starts: Starts, stops: Stops, room: Room) -> Longs:
    """Return the least cost from each vehicle to each place; `UNKNOWN` for a pair that takes a closer look.

    Every way runs up from a vehicle to some vertex and down from there to the place: the vehicles' costs up are worked
    out once and met by each place's costs down (Knopp and others, "Computing many-to-many shortest paths using highway
    hierarchies", ALENEX 2007). That is right where both ways out of a vehicle's road are asked for alike, and the place
    is on another road: what turns round at once is then no cheaper than the other way out.
    """
    size, places = len(starts.first) - 1, len(stops.first) - 1
    costs = np.full((size, places), UNKNOWN, np.int64)
    begun, ranks, ups = climbed(chart, starts, room.to_place)
    for place in range(places):
        one = place_of(stops, place)
        aim(chart, one, room)
        for vehicle in range(size):
            if starts.alike[vehicle] and not on_one_road(starts, one, vehicle):
                low, high = begun[vehicle], begun[vehicle + 1]
                costs[vehicle, place] = met(ranks[low:high], ups[low:high], room.to_place)
        clear(room)
    return costs


@compiled
def on_one_road(starts: Starts, stops: Stops, vehicle: Whole) -> bool:
    """Tell whether a vehicle may be on an edge from which the place is approached."""
    for spot in range(starts.first[vehicle], starts.first[vehicle + 1]):
        if stop_at(stops, starts.edge[spot]) >= 0:
            return True
    return False


@compiled
def place_of(stops: Stops, place: Whole) -> Stops:
    """Return the approaches of one place."""
    low, high = stops.first[place], stops.first[place + 1]
    return Stops(
        np.array([0, high - low]), stops.edge[low:high], stops.fraction[low:high], stops.along[low:high],
        stops.walk[low:high], stops.stop[low:high], stops.after[low:high],
    )  # fmt: skip


@compiled
def met(ranks: Ints, ups: Longs, room: Longs) -> Whole:
    """Return the least sum of a cost up to a vertex and the cost down from it."""
    best = NEVER
    for row in range(len(ranks)):
        down = room[ranks[row]]
        if down != UNKNOWN:
            best = min(best, ups[row] + down)
    return best


@compiled
def climbed(chart: Chart, starts: Starts, room: Longs) -> tuple[Longs, Ints, Longs]:
    """Return, for each vehicle, the ancestors of its spots' vertices and the costs up to them, in a row.

    ``room`` is `UNKNOWN` at every vertex, before and after.
    """
    vertex, parent, up_start, up_head, up = chart.vertex, chart.parent, chart.up_start, chart.up_head, chart.up
    begun = np.zeros(len(starts.first), np.int64)
    ranks = np.empty(256 * len(starts.first), np.int32)
    costs = np.empty(len(ranks), np.int64)
    used = 0
    for vehicle in range(len(begun) - 1):
        low = used
        for spot in range(starts.first[vehicle], starts.first[vehicle + 1]):
            above = np.int64(vertex[starts.edge[spot]])
            seed = above
            while above >= 0 and room[above] == UNKNOWN:
                if used == len(ranks):
                    ranks, costs = np.append(ranks, np.empty_like(ranks)), np.append(costs, np.empty_like(costs))
                room[above] = NEVER
                ranks[used] = above
                used += 1
                above = np.int64(parent[above])
            room[seed] = min(room[seed], starts.rest[spot])
        ranks[low:used].sort()
        for row in range(low, used):
            below = ranks[row]
            costs[row] = room[below]
            for arc in range(up_start[below], up_start[below + 1]):
                room[up_head[arc]] = min(room[up_head[arc]], costs[row] + up[arc])
        for row in range(low, used):
            room[ranks[row]] = UNKNOWN
        begun[vehicle + 1] = used
    return begun, ranks, costs
