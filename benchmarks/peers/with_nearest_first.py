"""This product's own engine: edges and turns, as the service drives them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from benchmarks.peers.peer import Peer, Place, Route, Seconds, Source
from graphs.conditions import Change, Conditions, Stretch
from graphs.legs import leg_line
from graphs.ordering import build_hierarchy, give_hierarchy
from graphs.router import Router, Vehicles
from graphs.times import MS_PER_S

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PROFILE = "response"


class NearestFirstPeer(Peer):
    """Exact times over edges and turns; the units are spots on the road."""

    name: ClassVar[str] = "nearest-first"

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._network = source.network
        begun = time.perf_counter()
        give_hierarchy(self._network, build_hierarchy(self._network))
        self.steps_s["order"] = time.perf_counter() - begun
        begun = time.perf_counter()
        self._router = Router(self._network, PROFILE)
        self.steps_s["customise and index"] = time.perf_counter() - begun

    def hold(self, units: Sequence[Place]) -> Vehicles:
        """Put the units on the road."""
        return self._router.vehicles_at(units)

    def times_to_held(self, incident: Place, held: Any) -> Seconds:
        """Look from the incident to every unit."""
        found = self._router.times(held, [self._router.approaches(*incident)]).time_ms[:, 0]
        return [None if value < 0 else value / MS_PER_S for value in found.tolist()]

    def nearest_held(self, incident: Place, held: Any, count: int) -> list[tuple[int, float]]:
        """Look from the incident until no other unit can be sooner."""
        found = self._router.nearest(self._router.approaches(*incident), held, count)
        return [(one.row, one.time_ms / MS_PER_S) for one in found]

    def table(self, origins: Sequence[Place], destinations: Sequence[Place]) -> list[Seconds]:
        """Meet what leads up from the origins with what leads down to the destinations."""
        places = [self._router.approaches(*place) for place in destinations]
        found = self._router.times(self.hold(origins), places).time_ms
        return [[None if value < 0 else value / MS_PER_S for value in row] for row in found.tolist()]

    def route(self, origin: Place, destination: Place) -> Route | None:
        """Follow the way edge by edge."""
        leg = self._router.route(*origin, *destination)
        if leg is None:
            return None
        return Route(leg.time_ms / MS_PER_S, list(leg_line(self._network, leg).coords))

    def close_middle(self, origin: Place, destination: Place) -> dict[str, float]:
        """Close the road in the middle of the route; the weights without it are kept as they are."""
        before = self._router.route(*origin, *destination)
        if before is None:
            raise ValueError("no way to close")
        middle = before.edges[len(before.edges) // 2]
        both = [edge for edge in (middle, int(self._network.twin[middle])) if edge >= 0]
        begun = time.perf_counter()
        shut = Conditions((Change("closed", tuple(Stretch(edge, 0.0, 1.0) for edge in both)),))
        router = Router(self._network, PROFILE, shut, NOON)
        customised = time.perf_counter()
        after = router.route(*origin, *destination)
        answered = time.perf_counter()
        longer = float("inf") if after is None else (after.time_ms - before.time_ms) / MS_PER_S
        return {
            "customise_s": customised - begun,
            "first_route_s": answered - customised,
            "total_s": answered - begun,
            "longer_s": longer,
        }
