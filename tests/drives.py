"""Is a leg a drive that the roads allow?"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest

from graphs.legs import Leg, leg_parts
from graphs.routing import Routing
from oracles import Rules


def assert_sound(router: Routing, leg: Leg, rules: Rules | None = None, at: datetime | None = None) -> None:
    """A leg is a drive: its edges join, none is closed, no rule forbids it, and its parts add up to the whole.

    ``rules`` are those of the router at the moment, read once for many legs.
    """
    network, times = router.network, router.edge_times
    rules = rules or Rules(times, at)
    assert leg.time_ms == leg.drive_ms + leg.walk_ms
    assert (leg.edges[0], leg.edges[-1]) == (leg.spot.edge, leg.approach.edge)
    assert all(network.head[edge] == network.tail[onto] for edge, onto in pairwise(leg.edges))
    assert (times.usual_ms[list(leg.edges)] >= 0).all()
    assert (times.edge_ms[list(leg.edges[1:-1])] >= 0).all()
    for row in range(1, len(leg.edges)):
        assert not rules.forbid(leg.edges[max(row - rules.longest, 0) : row], leg.edges[row])
    # The first edge is driven from the spot, the last to the approach; a closure on either is an error here.
    parts = leg_parts(times, leg)
    assert all(part.time_ms >= 0 for part in parts)
    assert sum(part.time_ms for part in parts) == leg.drive_ms
    assert sum(part.length_m for part in parts) == pytest.approx(leg.length_m, abs=1e-6)
