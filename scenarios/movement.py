"""Where the crews of a simulation are: standing, driving along a way, or wandering through the streets of a beat.

Every vehicle has a slot. Nothing moves by itself: where a vehicle is, is worked out when it is asked for, and does not
depend on when it was asked before. Moments are whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graphs.driven import Driven
from graphs.network import Bytes, Floats, Longs, Network
from graphs.times import CLOSED, EdgeTimes
from scenarios.movement_kernels import (
    BEAT,
    FAR_OFF,
    MS,
    ONTO,
    ROUND,
    STANDING,
    STATE,
    WANDERING,
    Fleet,
    Streets,
    begin_way,
    driven_by,
    halt,
    place_on,
    reports,
    stay,
)

_PARTS_AT_FIRST: Final = 256
# Out of a yard, say, where no patrol drives: 20 km/h.
_OFF_BEAT_MS_PER_M: Final = 180.0


class Movement:
    """All vehicles of one replication on one network.

    Parameters
    ----------
    times
        By which patrols drive, at any hour, those without conditions.
    stroll
        How much longer a patrol takes along a road.
    beats : (E,) int64
        The beat of each edge, -1 where a patrol does not drive.
    slots
        How many vehicles there may be at once.
    """

    def __init__(self, times: EdgeTimes, stroll: float, beats: Longs, slots: int) -> None:
        self.network: Network = times.network
        self.streets = streets_of(times, stroll, beats)
        self.fleet = _fleet(slots, _PARTS_AT_FIRST)

    def stand(self, slot: int, edge: int, fraction: float, now_ms: int) -> None:
        """Put a vehicle somewhere, with nothing driven yet."""
        self.fleet.driven_cm[slot] = 0
        stay(self.fleet, slot, edge, fraction, now_ms)

    def stop(self, slot: int, now_ms: int) -> tuple[int, float, bool]:
        """Stop a vehicle where it is; return the edge, the fraction of it, and whether it was moving."""
        fleet = self.fleet
        # Handing all columns to compiled code takes longer than what it does.
        if fleet.mode[slot] == STANDING:
            return int(fleet.edge[slot]), float(fleet.end[slot]), False
        edge, fraction, moved = halt(fleet, self.streets, slot, now_ms)
        return int(edge), fraction, moved

    def drive(self, slot: int, way: Driven, now_ms: int) -> None:
        """Let a vehicle that stands where a way begins drive it."""
        if len(way.edge) > self.fleet.part_edge.shape[1]:
            self.fleet = _grown(self.fleet, len(way.edge))
        begin_way(self.fleet, slot, way.edge, way.begin, way.end, way.lasts_ms, now_ms)

    def wander(self, slot: int, beat: int, seed: int, now_ms: int) -> None:
        """Let a vehicle that stands somewhere drive about in a beat, turning as chance has it."""
        edge, fraction, _ = self.stop(slot, now_ms)
        fleet = self.fleet
        fleet.mode[slot], fleet.beat[slot], fleet.seed[slot] = WANDERING, beat, np.uint64(seed)
        fleet.state[slot], fleet.end[slot] = edge, 1.0
        whole_ms = float(self.streets.edge_ms[edge])
        if whole_ms == CLOSED:
            whole_ms = float(self.network.length_m[edge]) * _OFF_BEAT_MS_PER_M
        fleet.until_ms[slot] = now_ms + max(round(whole_ms * (1.0 - fraction)), 1)

    def reports(self, slots: Longs, now_ms: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Return latitude, longitude, course in degrees (NaN for who stands) and speed in km/h at a moment."""
        lat, lon, course_deg, speed_kmh = reports(self.fleet, self.streets, slots, now_ms)
        return lat, lon, course_deg, speed_kmh

    def place_of(self, edge: int, fraction: float) -> tuple[float, float]:
        """Return latitude and longitude of a fraction of an edge."""
        lon, lat, _ = place_on(self.streets, edge, fraction)
        return float(lat), float(lon)

    def driven_cm(self, slot: int, now_ms: int) -> int:
        """Return the centimetres that a vehicle has driven since it was put somewhere."""
        if self.fleet.mode[slot] == STANDING:
            return int(self.fleet.driven_cm[slot])
        return int(driven_by(self.fleet, self.streets, slot, now_ms))


def streets_of(times: EdgeTimes, stroll: float, beats: Longs) -> Streets:
    """Return the roads as patrols drive on them."""
    network, turns = times.network, times.turns
    driven = (times.usual_ms != CLOSED) & times.leaves & times.arrives & (beats >= 0)
    edge_ms = np.where(driven, np.maximum(np.rint(times.usual_ms * stroll), 1.0), CLOSED).astype(np.int64)
    onto = turns.edge[turns.onto]
    shut = (times.turn_ms == CLOSED) | (edge_ms[onto] == CLOSED)
    turned = np.empty((len(onto), 5), np.int64)
    turned[:, MS] = np.where(shut, CLOSED, times.turn_ms + edge_ms[onto])
    turned[:, STATE], turned[:, ONTO], turned[:, BEAT] = turns.onto, onto, beats[onto]
    turned[:, ROUND] = onto == network.twin[turns.edge[turns.source]]
    return Streets(
        edge_ms, turned, turns.first, times.length_cm, network.shape, network.backward, network.shape_start,
        network.shape_lonlat, network.length_m,
    )  # fmt: skip


def _fleet(slots: int, parts: int) -> Fleet:
    whole: Sequence[Longs] = [np.zeros(slots, np.int64) for _ in range(9)]
    mode: Bytes = np.full(slots, STANDING, np.uint8)
    seed: NDArray[np.uint64] = np.zeros(slots, np.uint64)
    edge, from_ms, until_ms, state, beat, driven_cm, at, count, _ = whole
    until_ms[:] = FAR_OFF
    return Fleet(
        mode, edge, np.zeros(slots), np.zeros(slots), from_ms, until_ms, state, beat, seed, driven_cm, at, count,
        np.zeros((slots, parts), np.int64), np.zeros((slots, parts), np.int64), np.zeros((slots, parts)),
        np.zeros((slots, parts)),
    )  # fmt: skip


def _grown(fleet: Fleet, parts: int) -> Fleet:
    """Return the fleet with room for longer ways."""

    def wider(column: NDArray[Any]) -> NDArray[Any]:
        more = np.zeros((len(column), 2 * parts), column.dtype)
        more[:, : column.shape[1]] = column
        return more

    return fleet._replace(
        part_edge=wider(fleet.part_edge),
        part_ms=wider(fleet.part_ms),
        part_begin=wider(fleet.part_begin),
        part_end=wider(fleet.part_end),
    )
