"""Simulations for planners: asked for here, run by a process of their own, and told from the files that it writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

import orjson
from apiflask import APIBlueprint
from flask import Response, request

from api.consultation import look, looked_through
from api.job_orders import begin, cancel, end_or_remove
from api.job_requests import folder_names, kept_for
from api.job_results import MEDIA_TYPES, REPORT, find_job, handed_out, result_file, shown, standing_values
from api.job_stream import JobStream, message_id
from api.jobs import WAITING
from api.openapi import call, plain_answers, text_answer
from api.orders import order, read_model
from api.places import QUERY, parameter_faults
from api.pushing import places, pushed, still_allowed
from api.queries import Query
from api.responses import json_response
from api.service import service
from api.simulation_compared import compared_values
from api.simulation_requests import go_on, kept_by, request_of, room_of
from api.simulation_scenarios import scenarios_told
from api.simulation_schemas import (
    ComparedAnswer,
    ScenariosAnswer,
    SimulationAnswer,
    SimulationBody,
    SimulationsAnswer,
    WholeScenarioAnswer,
)
from api.simulation_tables import changed_tables, require_tables, scenario_told
from api.simulations import Request, Simulation, Simulations
from dispatch.errors import Unknown
from dispatch.record import Event
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, written

blueprint = APIBlueprint("simulations", __name__, tag="Simulations")
EVENTS: Final = "simulationEvents"
_AFTER: Final = "last_event_id"
_PROBLEMS: Final = ("unknown", "input", "conflict", "no-database")
_ID: Final = re.compile(r"[0-9a-z-]{1,100}")


@blueprint.get("/v1/scenarios")
@call(blueprint, "scenarios", ScenariosAnswer, "The scenarios.")
def scenarios() -> Response:
    """List the scenarios that can be simulated."""
    return json_response(orjson.dumps({"scenarios": list(scenarios_told(service().settings))}))


@blueprint.get("/v1/scenarios/<scenario_name>")
@call(blueprint, "scenario", WholeScenarioAnswer, "The scenario.", "unknown", "input")
def scenario(scenario_name: str) -> Response:
    """Tell a scenario with its stations and its roster, cell by cell, as its files have them.

    POST /v1/simulations takes both back with other rows.
    """
    settings = service().settings
    if settings.scenarios_dir is None or scenario_name not in folder_names(settings.scenarios_dir):
        raise Unknown(f"there is no scenario {scenario_name}")
    return json_response(orjson.dumps(scenario_told(scenario_name, settings)))


@blueprint.post("/v1/simulations")
@call(blueprint, "simulationAsked", SimulationAnswer, "It waits, or runs.", body=SimulationBody, status=202)
def ask() -> Response:
    """Have a scenario simulated under one policy or several.

    One is run at a time. Ask at Location how far it is, or watch its events.
    """
    body, settings = read_model(SimulationBody), service().settings
    # Before the record is held: others write meanwhile. What was asked before is told again, or refused, unchecked.
    if not _was_asked():
        require_tables(body.scenario, changed_tables(body), settings)

    def looks(asked: Request, now: datetime) -> list[Event]:
        return [look("list simulationAsked", now, **_of_past(asked))] if asked.past_incidents else []

    begun = begin(_kept(), room_of(settings), partial(request_of, body, settings), looks, simulation_values)
    go_on(settings)
    return begun


def _was_asked() -> bool:
    asked = order()
    with service().desk.store.reading() as reading:
        return reading.given(asked.actor, asked.key) is not None


@blueprint.get("/v1/simulations")
@call(blueprint, "simulations", SimulationsAnswer, "The simulations.")
def simulations() -> Response:
    """List the simulations that are kept, the newest first."""
    kept = [] if kept_by(service().settings) is None else _kept().all()
    go_on(service().settings)
    return json_response(orjson.dumps({"simulations": [simulation_values(each) for each in kept]}))


@blueprint.get("/v1/simulations/<simulation_id>")
@call(blueprint, "simulation", SimulationAnswer, "The simulation.", "unknown")
def simulation(simulation_id: str) -> Response:
    """Tell how far a simulation is, and what came of it."""
    found = find_job(_kept(), simulation_id)
    go_on(service().settings)
    return _told(found)


@blueprint.get("/v1/simulations/<simulation_id>/events")
@call(
    blueprint,
    EVENTS,
    SimulationAnswer,
    "Messages until the simulation has ended, its client goes or may not watch any more, or the service stops.",
    "unknown",
    "input",
    "streams-full",
    media_type="text/event-stream",
)
def events(simulation_id: str) -> Response:
    """Push how far a simulation is: now, and whenever that changes.

    ``event`` is ``progress``, and ``ended`` for the last; ``data`` is all that is told of the simulation. Whoever comes
    back with ``Last-Event-ID``, at any worker, is told what it has come to since, and 204 where it had ended with that.
    """
    last_id, kept, settings = _last_id(), _kept(), service().settings
    found = find_job(kept, simulation_id)
    if found.state not in WAITING and last_id == message_id(found, simulation_values(found)):
        # The one answer after which a browser does not come back.
        return Response(status=204)
    allowed = still_allowed(EVENTS)

    def look_after() -> bool:
        go_on(settings)
        return allowed()

    go_on(settings)
    places().take()
    find = partial(kept.find, simulation_id)
    heartbeat_s, stopping = settings.heartbeat_s, service().stopping
    stream = JobStream(find, simulation_values, last_id, heartbeat_s, stopping, look_after)
    return pushed(stream.messages(), places().leave)


@blueprint.post("/v1/simulations/<simulation_id>/cancel")
@call(blueprint, "simulationCancelled", SimulationAnswer, "It is being ended, or had ended already.", "unknown")
def cancel_one(simulation_id: str) -> Response:
    """Cancel a simulation that waits or runs; one that has ended stays as it is, however often this is asked."""
    found = cancel(_kept(), simulation_id)
    go_on(service().settings)
    return _told(found)


@blueprint.delete("/v1/simulations/<simulation_id>")
@blueprint.doc(
    operation_id="simulationEnded",
    responses=plain_answers(
        {202: "It is being ended, and stays in the list as cancelled.", 204: "It is removed, with its results."},
        "unknown",
    ),
)
def end(simulation_id: str) -> Response:
    """Cancel a simulation that waits or runs; remove one that has ended, with its results."""
    ended = end_or_remove(_kept(), simulation_id)
    go_on(service().settings)
    return ended


@blueprint.get("/v1/simulations/<simulation_id>/report")
@blueprint.doc(
    operation_id="simulationReport",
    responses=text_answer("The report.", *_PROBLEMS, media_types=("text/html",)),
)
def report(simulation_id: str) -> Response:
    """Show the report of a simulation, which needs no other host and runs nothing."""
    found = find_job(_kept(), simulation_id)
    path = result_file(found, REPORT, Simulations.noun)
    _looked(found)
    return shown(path)


@blueprint.get("/v1/simulations/<simulation_id>/files/<path:name>")
@blueprint.doc(
    operation_id="simulationFile",
    responses=text_answer("The file.", *_PROBLEMS, media_types=tuple(MEDIA_TYPES.values())),
)
def file(simulation_id: str, name: str) -> Response:
    """Hand out a file of a result, such as results.json: files of the simulation names them."""
    found = find_job(_kept(), simulation_id)
    path = result_file(found, name, Simulations.noun)
    _looked(found, file=name)
    return handed_out(path, found)


@blueprint.get("/v1/simulations/<simulation_id>/compared")
@call(blueprint, "simulationCompared", ComparedAnswer, "The differences.", "unknown", "input", "conflict")
def compared(simulation_id: str) -> Response:
    """Hold another simulation, with, against this one: by the differences of replications that met the same incidents.

    Both have ended, and share a policy, the seed, the demand and the period.
    """
    query = Query(request.args, ("with",), service())
    if not query.has("with"):
        query.refuse("with", NOTHING, "the other simulation")
    query.require_sound()
    base, other = (find_job(_kept(), name) for name in (simulation_id, request.args["with"]))
    told = compared_values(base, other)
    for each in (base, other):
        _looked(each)
    return json_response(orjson.dumps(told))


def simulation_values(found: Simulation) -> Mapping[str, Any]:
    """Return what is told of a simulation."""
    asked = found.request
    return {
        "simulation_id": asked.job_id,
        "asked_at": asked.asked_at,
        "by": asked.by,
        "scenario": asked.scenario,
        "past_incidents": asked.past_incidents,
        "policies": asked.policies,
        "replications": asked.replications,
        "seed": asked.seed,
        "jobs": asked.jobs,
        "animate": asked.animate,
        "called": asked.called,
        "changed": list(asked.tables),
        **standing_values(found),
    }


def _told(found: Simulation) -> Response:
    return json_response(orjson.dumps(simulation_values(found)))


def _kept() -> Simulations:
    known = service()
    return kept_for(kept_by(known.settings), Simulations, room_of(known.settings), known.clock())


def _last_id() -> str | None:
    """Return the id of the last message that the client has; its address counts less than what a browser adds."""
    faults = list(parameter_faults(request.args, {_AFTER}))
    header = request.headers.get("Last-Event-ID") or None
    text = header if header is not None else request.args.get(_AFTER)
    if text is not None and not _ID.fullmatch(text):
        name, source = ("Last-Event-ID", "request") if header is not None else (_AFTER, QUERY)
        faults.append(Fault(source, "", name, written(text), "the id of the last message"))
    if faults:
        raise InputError(faults)
    return text


def _looked(found: Simulation, **more: str) -> None:
    """Write down who looks at past incidents; what chance has made is nobody's."""
    if found.request.past_incidents:
        looked_through(**_of_past(found.request), **more)


def _of_past(asked: Request) -> dict[str, str | None]:
    return {"simulation_id": asked.job_id, "scenario": asked.scenario}
