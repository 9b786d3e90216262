"""Ask everything once before the first request, which then is answered as quickly as any other."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from api.areas import reachable_answer
from api.driving import Driving
from api.examples import ask_example, example_places
from api.road_answers import closures_answer, nearest_answer, nearest_units_answer, route_answer, table_answer
from api.service import Service
from graphs.conditions import Change, Stretch
from graphs.errors import Unreachable
from graphs.gazetteer import gazetteer_of
from graphs.router import FEW_PLACES, Router
from graphs.tiles import tiles_of
from graphs.times import edge_times
from scenarios.rates import rate


def warm_up(service: Service) -> None:
    """Compile, index and time everything that a request of any grade or profile uses."""
    for grade in service.force.grades:
        ask_example(service, grade=grade)
    for profile in service.network.profiles.names:
        driving = service.driving(profile)
        _ask(driving, service)
        if service.conditions.changes:
            # Whether or not anything is closed now, the code for a closed road is compiled.
            _ask(_with_a_closed_road(driving), service)
    closures_answer(service.network, service.conditions, service.clock())
    # A console opens with dozens of tiles at once, and whoever types asks for names.
    _ = tiles_of(service.network).streets
    gazetteer_of(service.network)
    # What works out intervals takes a second to import.
    rate(1, 2)


def _ask(driving: Driving, service: Service) -> None:
    incident, *units = example_places(service)
    with suppress(Unreachable):
        route_answer(driving, units[-1], incident)
    for places in ([incident], [incident] * (FEW_PLACES + 1)):
        table_answer(driving, units, places)
    nearest_answer(driving, incident, units, 1)
    # No unit of the example leaves another incident.
    router = driving.by(Router)
    reports = router.reports(units)
    router.coming(reports, np.ones(len(units), np.bool_), [router.approaches(*incident)], [[0]], 1)
    reachable_answer(driving, units, [1.0], roads=True)
    if service.picture is not None:
        driving = replace(driving, at=service.driving(driving.profile, service.picture.now).at)
        nearest_units_answer(driving, incident, service.picture, service.force, 1)


def _with_a_closed_road(driving: Driving) -> Driving:
    first = int(edge_times(driving.network, driving.profile).open.argmax())
    change = Change("warming up", (Stretch(first, 0.0, 1.0),))
    return replace(driving, conditions=driving.conditions.with_(change))
