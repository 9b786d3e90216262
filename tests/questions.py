"""Random questions about a real network: units, incidents, and what is closed or slow."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import graphs.samples
from graphs.assemble import assemble
from graphs.conditions import Change, Conditions, Stretch
from graphs.jemss import read_jemss
from graphs.legs import Leg
from graphs.network import Network
from graphs.routing import Routing
from graphs.snapping import Approach, Spot
from graphs.sources import build_network
from shared_data import real_network, shared

GOTHENBURG, AUCKLAND = "gothenburg", "auckland"
# A working day's morning peak.
MOMENT = datetime(2026, 2, 3, 8, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEAR_ROAD_DEG = 0.0008


@cache
def network_of(name: str) -> Network:
    """Return a real network by name, built once."""
    if name == GOTHENBURG:
        return build_network(str(Path(graphs.samples.__file__).parent / "gothenburg.osm.pbf"))
    if name == AUCKLAND:
        return assemble(read_jemss(shared("jemss/auckland_roads.zip")))
    return real_network(name)


def points(router: Routing, count: int, chance: random.Random) -> list[tuple[float, float]]:
    """Return ``(lat, lon)`` near roads, every third near one that is closed or slow if there is any."""
    network, altered = router.network, list(router.edge_times.pieces)
    found: list[tuple[float, float]] = []
    while len(found) < count:
        beside = altered and len(found) % 3 == 0
        edge = chance.choice(altered) if beside else chance.randrange(network.edge_count)
        lon, lat = network.edge_lonlat(edge)[0]
        at = float(lat) + chance.gauss(0, NEAR_ROAD_DEG), float(lon) + chance.gauss(0, NEAR_ROAD_DEG)
        if network.contains(*at):
            found.append(at)
    return found


def units(router: Routing, count: int, chance: random.Random) -> list[tuple[Spot, ...]]:
    """Return where units may be; every other one moves, so that turning round costs it time."""
    moving = [{"course_deg": chance.uniform(0, 360), "speed_kmh": 40.0} if row % 2 else {} for row in range(count)]
    places = points(router, count, chance)
    return [router.spots(*at, **report) for at, report in zip(places, moving, strict=True)]


def incidents(router: Routing, count: int, chance: random.Random) -> list[tuple[Approach, ...]]:
    """Return from where incidents are reached; a few are on the road itself."""
    places = points(router, count, chance)
    return [router.approaches(*at, on_road=row % 5 == 0) for row, at in enumerate(places)]


def disturbed(network: Network, chance: random.Random, count: int = 60) -> Conditions:
    """Return closures and slowdowns of whole edges, of stretches and of neighbourhoods, some over or not for all."""
    changes = []
    for number in range(count):
        kind = number % 3
        stretches = [_whole, _part, _neighbourhood][kind](network, chance)
        factor = chance.choice([0.0, 0.0, 0.1, 0.5, 0.9])
        start, end = chance.choice([(None, None), (MOMENT - HOUR, MOMENT + HOUR), (MOMENT, None), (None, MOMENT)])
        changes.append(
            Change(f"change {number}", stretches, factor, start, end, chance.choice([None, None, "response"]))
        )
    return Conditions(tuple(changes))


def _whole(network: Network, chance: random.Random) -> tuple[Stretch, ...]:
    return _both_ways(network, Stretch(chance.randrange(network.edge_count), 0.0, 1.0), chance)


def _part(network: Network, chance: random.Random) -> tuple[Stretch, ...]:
    start, end = sorted(chance.sample(range(11), 2))
    return _both_ways(network, Stretch(chance.randrange(network.edge_count), start / 10, end / 10), chance)


def _both_ways(network: Network, one: Stretch, chance: random.Random) -> tuple[Stretch, ...]:
    twin = int(network.twin[one.edge])
    if twin < 0 or chance.random() < 0.3:
        return (one,)
    return one, Stretch(twin, 1.0 - one.end, 1.0 - one.start)


def _neighbourhood(network: Network, chance: random.Random) -> tuple[Stretch, ...]:
    """Return every road of a few junctions next to each other, as a polygon covers them."""
    inside = {chance.randrange(network.node_count)}
    for _ in range(chance.randint(1, 4)):
        node = chance.choice(sorted(inside))
        inside |= set(network.head[network.out_start[node] : network.out_start[node + 1]].tolist())
    start, into = network.into
    edges = {edge for node in inside for edge in range(int(network.out_start[node]), int(network.out_start[node + 1]))}
    edges |= {edge for node in inside for edge in into[start[node] : start[node + 1]].tolist()}
    return tuple(Stretch(edge, 0.0, 1.0) for edge in sorted(edges))


def told(leg: Leg | None) -> tuple[int, int] | None:
    """Return the time in milliseconds and the length in centimetres of a leg."""
    return None if leg is None else (leg.time_ms, round(leg.length_m * 100))
