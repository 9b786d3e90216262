"""Times from candidates to demand points, by road."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.network import Longs, Network
from graphs.router import Router
from graphs.times import MS_PER_S

Place = tuple[float, float]


def roads_at(network: Network, profile: str, places: Sequence[Place]) -> list[str]:
    """Return the name of the road on which a vehicle at each place stands; empty where it has none."""
    reports = Router(network, profile).reports(places)
    return [network.edge_name(spot.edge) for spot in reports.made(reports.first[:-1])]


def times_ms(
    network: Network,
    profile: str,
    moments: Sequence[datetime],
    candidates: Sequence[Place],
    points: Sequence[Place],
    conditions: Conditions = NO_CONDITIONS,
    mobilisation_s: int = 0,
) -> Longs:
    """Return the time from every candidate to every demand point, at the slowest of some moments.

    Parameters
    ----------
    moments
        In local time. Without any, roads are as fast as at the best of times.
    candidates, points
        m and n places, ``(lat, lon)`` in degrees. A vehicle stands at a candidate and may leave either way.
    conditions
        What is closed or slowed at those moments; nothing, where there are none.
    mobilisation_s
        Is added to every drive.

    Returns
    -------
    (n, m) int64
        Milliseconds, the walk from the road included; -1 where there is no way at one of the moments.

    Raises
    ------
    OutsideNetwork
        A place is outside the network's area.
    InputError
        There is no such profile.
    """
    found = np.zeros((len(points), len(candidates)), np.int64)
    for at in moments or (None,):
        router = Router(network, profile, conditions, at)
        table = router.times(router.vehicles_at(candidates), [router.approaches(*place) for place in points])
        now = table.time_ms.T
        found = np.where((found < 0) | (now < 0), -1, np.maximum(found, now))
    return np.where(found < 0, -1, found + mobilisation_s * MS_PER_S)
