"""The calls of a scenario: who calls when and from where, and all that chance decides about it.

They are the same for every policy and every roster; other services change how long things take and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final

import numpy as np

from graphs.errors import Fault, InputError
from graphs.network import Longs
from scenarios.demand_days import days_of
from scenarios.demand_draws import ARREST, CHANCE, CUSTODY, HANDLING, ON_SCENE, chances, lengths_ms
from scenarios.demand_expected import demand_points, expected_per_hour
from scenarios.demand_history import history_faults
from scenarios.demand_places import area_faults
from scenarios.demand_received import Received, received_on
from scenarios.scenario import Call, Scenario, Service

__all__ = ["calls_from", "calls_of", "demand_faults", "demand_points", "expected_per_hour", "service_of"]

# For so many units a time at the scene is drawn at least, and at most; the last holds for all that follow.
_FEWEST_UNITS: Final = 3
_MOST_UNITS: Final = ON_SCENE.stop - ON_SCENE.start


def calls_of(scenario: Scenario, replication: int) -> tuple[Call, ...]:
    """Return all calls of a replication, in order of receipt.

    Parameters
    ----------
    scenario
        Calls are received from ``begin_ms`` on and before ``until_ms``, so warming up and cooling down have theirs.
    replication
        Its number; the same number gives the same calls, whatever the roster, the stations and the policy.

    Raises
    ------
    InputError
        See `demand_faults`.
    """
    return tuple(calls_from(scenario, replication))


def calls_from(scenario: Scenario, replication: int) -> Iterator[Call]:
    """Yield what `calls_of` returns one after the other; only the calls of one day are held at a time."""
    _require_sound(scenario)
    days = days_of(scenario, scenario.begin_ms, scenario.until_ms)
    return chain.from_iterable(_calls(scenario, received_on(scenario, replication, day)) for day in days)


def demand_faults(scenario: Scenario) -> list[Fault]:
    """Return what keeps calls from being made.

    That is areas outside the network or without any weight, incidents that no service fits, and a history that lacks
    times or weekdays of the scenario.
    """
    rates = scenario.demand if isinstance(scenario.demand, tuple) else ()
    kinds = rates or getattr(scenario.demand, "incidents", ())
    asked = {(kind.type, kind.grade, kind.tags) for kind in kinds}
    unserved = [kind for kind in sorted(asked, key=str) if _first_fit(scenario.services, *kind) is None]
    shared = any(rate.area is None for rate in rates) and scenario.areas
    weightless = shared and not sum(area.weight for area in scenario.areas) > 0.0
    return [
        *area_faults(scenario.network, scenario.areas),
        *([Fault("areas", "", "weight", "0 in all areas", "a weight above 0 in one of them")] if weightless else ()),
        *(_no_service(*kind) for kind in unserved),
        *([] if isinstance(scenario.demand, tuple) else history_faults(scenario)),
    ]


@lru_cache(maxsize=4)
def _require_sound(scenario: Scenario) -> None:
    faults = demand_faults(scenario)
    if faults:
        raise InputError(faults)


def service_of(
    services: Sequence[Service], type_: str | None, grade: str, tags: frozenset[str]
) -> Service:  # fmt: skip
    """Return the first service that fits an incident.

    Raises
    ------
    InputError
        None does.
    """
    return services[_fitting(services, type_, grade, tags)]


def _fitting(services: Sequence[Service], type_: str | None, grade: str, tags: frozenset[str]) -> int:
    row = _first_fit(services, type_, grade, tags)
    if row is None:
        raise InputError([_no_service(type_, grade, tags)])
    return row


def _first_fit(services: Sequence[Service], type_: str | None, grade: str, tags: frozenset[str]) -> int | None:
    fits = (
        row
        for row, it in enumerate(services)
        if it.type in {None, type_} and it.grade in {None, grade} and (it.tag is None or it.tag in tags)
    )
    return next(fits, None)


def _no_service(type_: str | None, grade: str, tags: frozenset[str]) -> Fault:
    what = ", ".join([f"type {type_}", f"grade {grade}", *(f"tag {tag}" for tag in sorted(tags))])
    return Fault("services", "", "", what, "a row that fits; one without type, grade and tag fits all")


def _calls(scenario: Scenario, received: Received) -> Iterator[Call]:
    """Yield the calls of a day with all that is drawn for them."""
    if not received.incidents:
        return
    numbers = received.numbers
    on_scene_ms, custody_ms = _service_ms(scenario.services, received)
    ready_ms = received.received_ms + _handling_ms(scenario, received)
    names = [*(area.name for area in scenario.areas), None]
    columns = zip(
        received.incidents,
        received.received_ms.tolist(),
        ready_ms.tolist(),
        received.area.tolist(),
        on_scene_ms.tolist(),
        custody_ms.tolist(),
        chances(scenario.crews.travel_spread, numbers[:, CHANCE]).tolist(),
        strict=True,
    )
    for incident, at_ms, looked_ms, area, scene_ms, cell_ms, chance in columns:
        units = min(max(incident.units_needed, _FEWEST_UNITS), _MOST_UNITS)
        yield Call(incident, at_ms, looked_ms, names[area], tuple(scene_ms[:units]), cell_ms, tuple(chance))


def _service_ms(services: Sequence[Service], received: Received) -> tuple[Longs, Longs]:
    """Return (n, units) the times at the scene and (n,) in custody, milliseconds; 0 where nobody is arrested."""
    fitting = _service_rows(services, received)
    on_scene_ms = np.zeros((len(fitting), _MOST_UNITS), np.int64)
    custody_ms = np.zeros(len(fitting), np.int64)
    for row in np.unique(fitting):
        service, here = services[row], fitting == row
        numbers = received.numbers[here]
        on_scene_ms[here] = lengths_ms(service.on_scene, numbers[:, ON_SCENE])
        if service.custody is not None:
            arrest = numbers[:, ARREST] < service.custody_share
            # Somebody who is arrested is taken there, however short the stay: 0 says that nobody is.
            custody_ms[here] = np.where(arrest, np.maximum(lengths_ms(service.custody, numbers[:, CUSTODY]), 1), 0)
    return on_scene_ms, custody_ms


def _service_rows(services: Sequence[Service], received: Received) -> Longs:
    kinds = [(it.type, it.grade, it.tags) for it in received.incidents]
    row_of = {kind: _fitting(services, *kind) for kind in set(kinds)}
    return np.array([row_of[kind] for kind in kinds], np.int64)


def _handling_ms(scenario: Scenario, received: Received) -> Longs:
    """Return (n,) how long each call is handled before anybody looks for a unit, milliseconds."""
    handling_ms = np.zeros(len(received.incidents), np.int64)
    grades = np.array([it.grade for it in received.incidents])
    for grade, length in scenario.room.handling.items():
        here = grades == grade
        handling_ms[here] = lengths_ms(length, received.numbers[here, HANDLING])
    return handling_ms
