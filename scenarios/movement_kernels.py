"""The kernels of `scenarios.movement`."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphs.compiled import Whole, compiled
from graphs.network import Bytes, Floats, Ints, Longs
from graphs.times import CLOSED

STANDING: Final = 0
DRIVING: Final = 1
WANDERING: Final = 2
# Later than anything that is simulated.
FAR_OFF: Final = 2**60


MS: Final = 0
STATE: Final = 1
ONTO: Final = 2
BEAT: Final = 3
ROUND: Final = 4


class Streets(NamedTuple):
    """The roads of a network as patrols drive on them; see `Network`, `Turns` and `EdgeTimes`.

    Parameters
    ----------
    edge_ms : (E,)
        Of a patrol; `CLOSED` where none drives.
    turned : (T, 5)
        What a patrol looks at of a turn, side by side in memory: `MS`, of the turn and the whole edge after it,
        `CLOSED` where either is; `STATE`, `ONTO` and `BEAT`, the state and the edge after it, and that edge's beat;
        and `ROUND`, whether it is back along the same road.
    """

    edge_ms: Longs
    turned: Longs
    first: Longs
    length_cm: Longs
    shape: Ints
    backward: Bytes
    shape_start: Longs
    shape_lonlat: Floats
    length_m: Floats


class Fleet(NamedTuple):
    """Vehicles, a slot each: the part of a road on which each is, and what comes after it.

    Parameters
    ----------
    mode
        `STANDING`, `DRIVING` or `WANDERING`.
    edge, begin, end, from_ms, until_ms
        The present part.
    state, beat, seed
        Of who wanders: the state of the turns it is in, its beat, and what it draws from.
    driven_cm
        Before the present part.
    at, parts, part_edge, part_ms, part_begin, part_end
        Of who drives: the row of the present part, how many there are, and what they are; ``part_ms`` is when each
        is over.
    """

    mode: Bytes
    edge: Longs
    begin: Floats
    end: Floats
    from_ms: Longs
    until_ms: Longs
    state: Longs
    beat: Longs
    seed: NDArray[np.uint64]
    driven_cm: Longs
    at: Longs
    parts: Longs
    part_edge: Longs
    part_ms: Longs
    part_begin: Floats
    part_end: Floats


@compiled
def advance(fleet: Fleet, streets: Streets, slots: Longs, now_ms: Whole) -> None:  # pragma: no cover - compiled
    """Bring vehicles up to a moment."""
    for slot in slots:
        bring(fleet, streets, slot, now_ms)


@compiled
def bring(fleet: Fleet, streets: Streets, slot: Whole, now_ms: Whole) -> None:  # pragma: no cover - compiled
    """Bring a vehicle up to a moment."""
    while fleet.mode[slot] != STANDING and fleet.until_ms[slot] <= now_ms:
        length_cm = streets.length_cm[fleet.edge[slot]]
        fleet.driven_cm[slot] += np.int64(np.rint(length_cm * fleet.end[slot])) - np.int64(
            np.rint(length_cm * fleet.begin[slot])
        )
        fleet.from_ms[slot] = fleet.until_ms[slot]
        if fleet.mode[slot] == DRIVING:
            next_part(fleet, slot)
        else:
            next_street(fleet, streets, slot)


@compiled
def halt(
    fleet: Fleet, streets: Streets, slot: Whole, now_ms: Whole
) -> tuple[Whole, float, bool]:  # pragma: no cover - compiled
    """Stop a vehicle where it is; return the edge, the fraction of it, and whether it was moving."""
    fleet.driven_cm[slot] = driven_by(fleet, streets, slot, now_ms)
    edge, fraction, moved = fleet.edge[slot], fraction_at(fleet, slot, now_ms), fleet.mode[slot] != STANDING
    stay(fleet, slot, edge, fraction, now_ms)
    return edge, fraction, moved


@compiled
def stay(fleet: Fleet, slot: Whole, edge: Whole, fraction: float, now_ms: Whole) -> None:  # pragma: no cover - compiled
    """Let a vehicle stand somewhere from a moment on."""
    fleet.mode[slot], fleet.edge[slot] = STANDING, edge
    fleet.begin[slot] = fleet.end[slot] = fraction
    fleet.from_ms[slot], fleet.until_ms[slot] = now_ms, FAR_OFF


@compiled
def begin_way(
    fleet: Fleet, slot: Whole, edge: Longs, begin: Floats, end: Floats, lasts_ms: Longs, now_ms: Whole
) -> None:  # pragma: no cover - compiled
    """Let a vehicle drive parts of roads one after the other."""
    until_ms = now_ms
    for row in range(len(edge)):
        until_ms += lasts_ms[row]
        fleet.part_edge[slot, row], fleet.part_ms[slot, row] = edge[row], until_ms
        fleet.part_begin[slot, row], fleet.part_end[slot, row] = begin[row], end[row]
    fleet.mode[slot], fleet.at[slot], fleet.parts[slot] = DRIVING, 0, len(edge)
    fleet.edge[slot], fleet.begin[slot], fleet.end[slot] = edge[0], begin[0], end[0]
    fleet.from_ms[slot], fleet.until_ms[slot] = now_ms, fleet.part_ms[slot, 0]


@compiled
def next_part(fleet: Fleet, slot: Whole) -> None:  # pragma: no cover - compiled
    """Go on to the next part of a way; at its end, stand."""
    row = fleet.at[slot] + 1
    if row == fleet.parts[slot]:
        fleet.mode[slot], fleet.begin[slot], fleet.until_ms[slot] = STANDING, fleet.end[slot], FAR_OFF
        return
    fleet.at[slot], fleet.edge[slot] = row, fleet.part_edge[slot, row]
    fleet.begin[slot], fleet.end[slot] = fleet.part_begin[slot, row], fleet.part_end[slot, row]
    fleet.until_ms[slot] = fleet.part_ms[slot, row]


@compiled
def next_street(fleet: Fleet, streets: Streets, slot: Whole) -> None:  # pragma: no cover - compiled
    """Turn into a street of the beat, rather than out of it, and rather than round; where none can be driven, stand."""
    state, beat, turned = fleet.state[slot], fleet.beat[slot], streets.turned
    low, high = streets.first[state], streets.first[state + 1]
    best: Whole = 0
    count: Whole = 0
    for turn in range(low, high):
        worth = worth_of(turned, turn, beat)
        if worth > best:
            best, count = worth, 0
        count += int(worth == best and worth > 0)
    if best == 0:
        fleet.mode[slot], fleet.begin[slot], fleet.until_ms[slot] = STANDING, fleet.end[slot], FAR_OFF
        return
    chosen: Whole = int(drawn(fleet, slot) % np.uint64(count))
    for turn in range(low, high):
        if worth_of(turned, turn, beat) != best:
            continue
        if chosen == 0:
            fleet.state[slot], fleet.edge[slot] = turned[turn, STATE], turned[turn, ONTO]
            fleet.begin[slot], fleet.end[slot] = 0.0, 1.0
            fleet.until_ms[slot] = fleet.from_ms[slot] + turned[turn, MS]
            return
        chosen -= 1


@compiled
def worth_of(turned: Longs, turn: Whole, beat: Whole) -> Whole:  # pragma: no cover - compiled
    """Return 0 for a turn that cannot be taken, and more for one that is better."""
    if turned[turn, MS] == CLOSED:
        return np.int64(0)
    inside = np.int64(turned[turn, BEAT] == beat)
    return np.int64(2 + 2 * inside - turned[turn, ROUND])


@compiled
def drawn(fleet: Fleet, slot: Whole) -> np.uint64:  # pragma: no cover - compiled
    """Draw 64 bits: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, doi:10.1145/2660193.2660195)."""
    fleet.seed[slot] += np.uint64(0x9E3779B97F4A7C15)
    bits = fleet.seed[slot]
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.uint64(bits ^ (bits >> np.uint64(31)))


@compiled
def fraction_at(fleet: Fleet, slot: Whole, now_ms: Whole) -> float:  # pragma: no cover - compiled
    """Return the fraction of its edge at which a vehicle is that was brought up to the moment."""
    if fleet.mode[slot] == STANDING:
        return float(fleet.end[slot])
    share = (now_ms - fleet.from_ms[slot]) / (fleet.until_ms[slot] - fleet.from_ms[slot])
    return float(fleet.begin[slot] + share * (fleet.end[slot] - fleet.begin[slot]))


@compiled
def driven_by(fleet: Fleet, streets: Streets, slot: Whole, now_ms: Whole) -> Whole:  # pragma: no cover - compiled
    """Bring a vehicle up to a moment, and return the centimetres driven."""
    bring(fleet, streets, slot, now_ms)
    driven_cm = fleet.driven_cm[slot]
    if fleet.mode[slot] == STANDING:
        return np.int64(driven_cm)
    length_cm = streets.length_cm[fleet.edge[slot]]
    here, begin = np.rint(length_cm * fraction_at(fleet, slot, now_ms)), np.rint(length_cm * fleet.begin[slot])
    return np.int64(driven_cm + np.int64(here) - np.int64(begin))


@compiled
def reports(
    fleet: Fleet, streets: Streets, slots: Longs, now_ms: Whole
) -> tuple[Floats, Floats, Floats, Floats]:  # pragma: no cover - compiled
    """Bring vehicles up to a moment, and return latitude, longitude, course and speed."""
    advance(fleet, streets, slots, now_ms)
    size = len(slots)
    lat, lon = np.empty(size), np.empty(size)
    course_deg, speed_kmh = np.full(size, np.nan), np.zeros(size)
    for row in range(size):
        slot = slots[row]
        edge = fleet.edge[slot]
        on_lon, on_lat, course = place_on(streets, edge, fraction_at(fleet, slot, now_ms))
        lat[row], lon[row] = on_lat, on_lon
        if fleet.mode[slot] != STANDING and fleet.end[slot] > fleet.begin[slot]:
            way_m = (fleet.end[slot] - fleet.begin[slot]) * streets.length_m[edge]
            course_deg[row] = course
            speed_kmh[row] = way_m / max(fleet.until_ms[slot] - fleet.from_ms[slot], 1) * 3600.0
    return lat, lon, course_deg, speed_kmh


@compiled
def place_on(streets: Streets, edge: Whole, fraction: float) -> tuple[float, float, float]:  # pragma: no cover
    """Return longitude, latitude and course at a fraction of an edge's length."""
    line, low = streets.shape_lonlat, streets.shape_start[streets.shape[edge]]
    high = streets.shape_start[streets.shape[edge] + 1] - 1
    against = streets.backward[edge] == 1
    narrow = math.cos(math.radians(line[low, 1]))
    whole = 0.0
    for point in range(low, high):
        whole += math.hypot((line[point + 1, 0] - line[point, 0]) * narrow, line[point + 1, 1] - line[point, 1])
    left = whole * (1.0 - fraction if against else fraction)
    for point in range(low, high):
        east, north = (line[point + 1, 0] - line[point, 0]) * narrow, line[point + 1, 1] - line[point, 1]
        step = math.hypot(east, north)
        if left <= step or point == high - 1:
            share = min(left / step, 1.0) if step > 0.0 else 0.0
            course = math.degrees(math.atan2(-east if against else east, -north if against else north)) % 360.0
            lon = line[point, 0] + share * (line[point + 1, 0] - line[point, 0])
            return lon, line[point, 1] + share * (line[point + 1, 1] - line[point, 1]), course
        left -= step
    return line[low, 0], line[low, 1], 0.0
