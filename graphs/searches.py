"""The kernels of the engine: costs to a place, resolved upward from wherever they are asked.

Strasser and Zeitz, "A Fast and Tight Heuristic for A* in Road Networks" (SEA 2021), call it lazy RPHAST. One sweep from
the place gives the costs of all its ancestors in the elimination tree. The cost from any other vertex is the least over
its arcs up, whose heads are its own ancestors; each is worked out once and kept in a `Room`.
"""

from __future__ import annotations

import heapq

import numpy as np

from graphs.chart import UNKNOWN, Chart, Room, Rows, Starts, Stops
from graphs.compiled import Whole, compiled
from graphs.network import Ints, Longs
from graphs.times import NEVER

Waiting = tuple[np.int64, np.int64, np.int64, np.int64]


@compiled
def look(chart: Chart, stops: Stops, room: Room) -> None:
    """Work out the costs to a place from all ancestors of the vertices that its approaches are turned onto from."""
    aim(chart, stops, room)
    to_place, by, up_start, up_head, up = room.to_place, room.by, chart.up_start, chart.up_head, chart.up
    for below in room.touched[: room.used[0]][::-1]:
        for arc in range(up_start[below], up_start[below + 1]):
            told = up[arc] + to_place[up_head[arc]]
            if told < to_place[below]:
                to_place[below], by[below] = told, by[up_head[arc]]


@compiled
def aim(chart: Chart, stops: Stops, room: Room) -> None:
    """Work out the costs of ways that lead down alone to a place; the room is empty before.

    Afterwards it has touched the ancestors of the vertices from which an approach is turned onto, upward: all that have
    such a way.
    """
    into_start, into_turn, turn_cost, beside = chart.into_start, chart.into_turn, chart.turn_cost, chart.beside
    to_place, by, touched, used = room.to_place, room.by, room.touched, room.used
    for row in range(len(stops.edge)):
        state = np.int64(stops.edge[row])
        while state >= 0:
            for place in range(into_start[state], into_start[state + 1]):
                turn = into_turn[place]
                if turn_cost[turn] >= 0:
                    seed = np.int64(chart.vertex[chart.source[turn]])
                    told = stops.stop[row] + turn_cost[turn]
                    touch_ancestors(seed, chart.parent, to_place, touched, used)
                    if told < to_place[seed]:
                        to_place[seed], by[seed] = told, row
            state = np.int64(beside[state])
    touched[: used[0]].sort()
    sweep(touched[: used[0]], chart.up_start, chart.up_head, chart.down, to_place, by)


@compiled
def touch_ancestors(vertex: Whole, parent: Ints, to_place: Longs, touched: Ints, used: Longs) -> None:
    """Touch a vertex and those of its ancestors that are new."""
    above = np.int64(vertex)
    while above >= 0 and to_place[above] == UNKNOWN:
        to_place[above] = NEVER
        touched[used[0]] = above
        used[0] += 1
        above = np.int64(parent[above])


@compiled
def clear(room: Room) -> None:
    """Empty a room: forget all that was touched."""
    for vertex in room.touched[: room.used[0]]:
        room.to_place[vertex], room.by[vertex] = UNKNOWN, -1
    room.used[0] = 0


@compiled
def sweep(ranks: Ints, up_start: Longs, up_head: Ints, down: Longs, to_place: Longs, by: Rows) -> None:
    """Carry the costs of the vertices told up to all their ancestors."""
    for below in ranks:
        for arc in range(up_start[below], up_start[below + 1]):
            told = to_place[below] + down[arc]
            if told < to_place[up_head[arc]]:
                to_place[up_head[arc]], by[up_head[arc]] = told, by[below]


@compiled
def climb(
    vertex: Whole,
    up_start: Longs,
    up_head: Ints,
    parent: Ints,
    up: Longs,
    to_place: Longs,
    touched: Ints,
    used: Longs,
) -> Whole:
    """Return the cost from a vertex to the place, `NEVER` or more where there is no way."""
    low = used[0]
    high = low
    above = np.int64(vertex)
    while above >= 0 and to_place[above] == UNKNOWN:
        touched[high] = above
        high += 1
        above = np.int64(parent[above])
    used[0] = high
    for step in range(high - 1, low - 1, -1):
        below = touched[step]
        best = NEVER
        for arc in range(up_start[below], up_start[below + 1]):
            best = min(best, up[arc] + to_place[up_head[arc]])
        to_place[below] = best
    return np.int64(to_place[vertex])


@compiled
def resolve(chart: Chart, vertex: Whole, room: Room) -> Whole:
    """Return what `climb` does."""
    to_place, touched, used = room.to_place, room.touched, room.used
    return climb(vertex, chart.up_start, chart.up_head, chart.parent, chart.up, to_place, touched, used)


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
    """Return the row of the approach on an edge at which who comes from its start stops, or -1 where there is none."""
    best = -1
    for row in range(len(stops.edge)):
        if stops.edge[row] == edge and (best < 0 or stops.stop[row] < stops.stop[best]):
            best = row
    return best


@compiled
def turned_back(chart: Chart, stops: Stops, state: Whole, room: Room) -> Whole:
    """Return the cost to the place for who could turn round at the end of a state's edge for nothing."""
    back = chart.twin[chart.edge[state]]
    if back < 0:
        return NEVER
    best = NEVER
    if chart.edge_cost[back] >= 0:
        best = chart.edge_cost[back] + resolve(chart, chart.vertex[back], room)
    row = stop_at(stops, back)
    return min(best, stops.stop[row]) if row >= 0 else best


@compiled
def onward(chart: Chart, stops: Stops, state: Whole, room: Room) -> tuple[Whole, Whole]:
    """Return the cost from the end of a state's edge to the place, and the row of the approach.

    The vertices forget where a vehicle came from, so theirs is the cost unless it rests on turning round at once. Then
    the turns around are searched, each state no cheaper than its vertex (A* of Hart, Nilsson and Raphael, 1968).
    """
    told = resolve(chart, chart.vertex[state], room)
    if told >= NEVER or turned_back(chart, stops, state, room) > told:
        return min(told, NEVER), taken(
            chart.vertex[state], chart.up_start, chart.up_head, chart.up, room.to_place, room.by
        )
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
        told = resolve(chart, chart.vertex[at], room)
        if turned_back(chart, stops, at, room) > told:
            return driven + told, taken(
                chart.vertex[at], chart.up_start, chart.up_head, chart.up, room.to_place, room.by
            )
        for turn in range(chart.first[at], chart.first[at + 1]):
            if chart.turn_cost[turn] >= 0:
                turn_onto(chart, stops, turn, driven + chart.turn_cost[turn], room, heap)
    return NEVER, -1


@compiled
def turn_onto(chart: Chart, stops: Stops, turn: Whole, driven: Whole, room: Room, heap: list[Waiting]) -> None:
    """Add what a turn leads to: the place, if it can be reached along the edge, and the state at its end."""
    after = np.int64(chart.onto[turn])
    row = stop_at(stops, chart.edge[after])
    if row >= 0 and stops.stop[row] < NEVER:
        heapq.heappush(heap, (driven + stops.stop[row], np.int64(0), np.int64(-1), np.int64(row)))
    through = chart.edge_cost[chart.edge[after]]
    if through < 0:
        return
    least = min(resolve(chart, chart.vertex[after], room), turned_back(chart, stops, after, room))
    if least < NEVER:
        heapq.heappush(heap, (driven + through + least, driven + through, after, np.int64(-1)))


@compiled
def direct(starts: Starts, stops: Stops, spot: Whole) -> tuple[Whole, Whole]:
    """Return the cost to an approach ahead on a spot's own edge, and its row; `NEVER` where there is none."""
    best, chosen = NEVER, -1
    for row in range(len(stops.edge)):
        ahead = stops.edge[row] == starts.edge[spot] and stops.fraction[row] >= starts.fraction[spot]
        if ahead and starts.fraction[spot] > stops.after[row]:
            told = starts.delay[spot] + stops.along[row] - starts.along[spot] + stops.walk[row]
            if told < best:
                best, chosen = told, row
    return best, chosen


@compiled
def from_spot(chart: Chart, starts: Starts, stops: Stops, spot: Whole, room: Room) -> tuple[Whole, Whole]:
    """Return the cost from one spot to the place, and the row of the approach."""
    best, row = direct(starts, stops, spot)
    if starts.rest[spot] < NEVER:
        rest, other = onward(chart, stops, starts.edge[spot], room)
        if rest + starts.rest[spot] < best:
            best, row = rest + starts.rest[spot], other
    return best, row


@compiled
def from_vehicle(chart: Chart, starts: Starts, stops: Stops, vehicle: Whole, room: Room) -> tuple[Whole, Whole, Whole]:
    """Return the least cost from any spot of a vehicle, that spot, and the row of the approach."""
    best: Whole = NEVER
    spot: Whole = -1
    row: Whole = -1
    for one in range(starts.first[vehicle], starts.first[vehicle + 1]):
        # No spot is cheaper than its vertex: one that cannot be better is not looked at more closely.
        told, _ = direct(starts, stops, one)
        if starts.rest[one] < NEVER:
            told = min(told, starts.rest[one] + resolve(chart, chart.vertex[starts.edge[one]], room))
        if told < best:
            told, other = from_spot(chart, starts, stops, one, room)
            if told < best:
                best, spot, row = told, one, other
    return best, spot, row


@compiled
def drive(chart: Chart, stops: Stops, state: Whole, cost: Whole, row: Whole, room: Room) -> Longs:
    """Return the states of a way of a known cost from the end of a state's edge to an approach, both included.

    Any way of that cost is followed, the lowest turns first; a state is tried once, so that edges that cost nothing
    cannot make it a circle.
    """
    first, onto, turn_cost, edge_of, edge_cost = chart.first, chart.onto, chart.turn_cost, chart.edge, chart.edge_cost
    vertex, up_start, up_head, parent, up = chart.vertex, chart.up_start, chart.up_head, chart.parent, chart.up
    to_place, touched, used = room.to_place, room.touched, room.used
    last, stop = stops.edge[row], stops.stop[row]
    path, left, turn_at = [np.int64(state)], [np.int64(cost)], [first[state]]
    tried = {np.int64(state): True}
    while len(path) > 0:
        turn = turn_at[-1]
        if turn == first[path[-1] + 1]:
            path.pop()
            left.pop()
            turn_at.pop()
            continue
        turn_at[-1] += 1
        after = np.int64(onto[turn])
        rest = left[-1] - turn_cost[turn]
        if turn_cost[turn] >= 0 and edge_of[after] == last and rest == stop:
            path.append(after)
            break
        through = edge_cost[edge_of[after]]
        if turn_cost[turn] < 0 or through < 0 or through > rest or after in tried:
            continue
        told = climb(vertex[after], up_start, up_head, parent, up, to_place, touched, used)
        if leads(chart, stops, after, rest - through, told, room):
            tried[after] = True
            path.append(after)
            left.append(rest - through)
            turn_at.append(first[after])
    return np.array(path)


@compiled
def leads(chart: Chart, stops: Stops, state: Whole, cost: Whole, told: Whole, room: Room) -> bool:
    """Tell whether the cost from the end of a state's edge to the place is this; ``told`` is that of its vertex."""
    if told > cost:
        return False  # no state is cheaper than its vertex
    if turned_back(chart, stops, state, room) > told:
        return bool(told == cost)
    return bool(onward(chart, stops, state, room)[0] == cost)
