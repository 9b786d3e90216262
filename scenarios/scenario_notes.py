"""What a planner should know about a scenario before it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from graphs.snapping import snapper
from scenarios.demand_places import places_of
from scenarios.scenario import HotSpot, Scenario, Station
from scenarios.scenario_load import Load

# Where crews are bound for so much of their time by the work at the scene alone, calls queue.
_MUCH: Final = 0.7
_FAR_M: Final = 200.0
_SHOWN: Final = 5


def notes_of(scenario: Scenario, load: Load) -> Iterator[str]:
    """Yield what is not wrong with a scenario, and still likely not meant."""
    if load.alone_h:
        yield f"nobody is on duty for {load.alone_h:,.1f} of {scenario.hours:,} hours"
    if load.overloaded_h:
        yield (
            f"in {load.overloaded_h:,.1f} of {scenario.hours:,} hours there is more work than crews on duty, "
            f"driving not counted: calls will queue, most on {_worst(scenario, load)}"
        )
    elif load.share is not None and load.share > _MUCH:
        yield f"crews are bound for {load.share:.0%} of their time, driving not counted: calls will queue"
    waiting = _without_a_vehicle(scenario)
    if waiting:
        yield f"{waiting:,} duties begin while their vehicle is rostered to another crew: they wait for it"
    yield from _nobody_has(scenario)
    yield from _off_road(scenario)
    yield from _without_streets(scenario)


def _without_a_vehicle(scenario: Scenario) -> int:
    """Return how many duties begin before the one ahead of them in the same vehicle is over."""
    until_ms, waiting = dict[str, int](), 0
    for duty in sorted(scenario.duties, key=lambda each: each.start_ms):
        if duty.vehicle is not None:
            waiting += until_ms.get(duty.vehicle, duty.start_ms) > duty.start_ms
            until_ms[duty.vehicle] = max(duty.end_ms, until_ms.get(duty.vehicle, duty.end_ms))
    return waiting


def _worst(scenario: Scenario, load: Load) -> str:
    begin_ms = int(load.begin_ms[np.argmax(load.work - load.crews)])
    return f"{scenario.local(begin_ms):%A %Y-%m-%d at %H:%M}"


def _nobody_has(scenario: Scenario) -> Iterator[str]:
    there = frozenset[str]().union(*(duty.skills for duty in scenario.duties))
    kinds = scenario.demand if isinstance(scenario.demand, tuple) else scenario.demand.incidents
    wanted = {skill for kind in kinds for skill in kind.needs}
    wanted |= {skill for kind in kinds for tag in kind.tags for skill in scenario.force.tags[tag].needs}
    for skill in sorted(wanted - there):
        yield f"nobody on the roster has {skill}, which incidents need: they will wait for ever"


def _off_road(scenario: Scenario) -> Iterator[str]:
    roads = snapper(scenario.network)
    places: list[Station | HotSpot] = [*scenario.stations, *scenario.hot_spots]
    far = [each.name for each in places if not len(roads.near(each.lat, each.lon, _FAR_M).edge)]
    if far:
        yield f"further than {_FAR_M:g} m from any road: {_some(far)}"


def _without_streets(scenario: Scenario) -> Iterator[str]:
    bare = places_of(scenario.network, scenario.areas).bare if isinstance(scenario.demand, tuple) else ()
    if bare:
        yield f"areas without an ordinary street, whose calls come from one point inside: {_some(bare)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
