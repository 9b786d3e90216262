"""Replays for auditors: asked for here, run by a process of their own, and told from the files that it writes."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, Final

import orjson
from apiflask import APIBlueprint
from flask import Response, request

from api.consultation import look, looked_at, looked_through
from api.job_orders import begin, end_or_remove
from api.job_requests import kept_for
from api.job_results import MEDIA_TYPES, REPORT, find_job, handed_out, result_file, shown
from api.openapi import call, plain_answers, text_answer
from api.orders import read_model
from api.queries import DEFAULT_RECORD_ROWS, MAX_RECORD_ROWS, Query
from api.replay_index import FOUND_BY, ORDERS
from api.replay_looks import known_values, moments_values
from api.replay_open import LOOK_BACKS, look_back
from api.replay_requests import folders, go_on, kept_by, request_of, room_of
from api.replay_results import incident_of, incidents_of, replay_values, sentences_of
from api.replay_schemas import (
    ReplayAnswer,
    ReplayBody,
    ReplayIncidentAnswer,
    ReplayIncidentsAnswer,
    ReplayKnownAnswer,
    ReplayMomentsAnswer,
    ReplaysAnswer,
)
from api.replays import Replay, Replays, Request
from api.responses import json_response
from api.service import service
from dispatch.record import Event
from graphs.errors import InputError
from graphs.faults import NOTHING
from graphs.moments import MOMENT
from scenarios.verdict import CLASSES

blueprint = APIBlueprint("replays", __name__, tag="Replays")
_PROBLEMS: Final = ("unknown", "input", "conflict", "no-database")


@blueprint.post("/v1/replays")
@call(blueprint, "replayAsked", ReplayAnswer, "It waits, or runs.", body=ReplayBody, status=202)
def ask() -> Response:
    """Have a period replayed: of this service's own record, or of an imported folder.

    One is run at a time. Ask at Location how far it is.
    """
    body, settings = read_model(ReplayBody), service().settings

    def looks(asked: Request, now: datetime) -> list[Event]:
        return [look("list replayAsked", now, **_period(asked))]

    begun = begin(_kept(), room_of(settings), partial(request_of, body, settings), looks, replay_values)
    go_on(settings)
    return begun


@blueprint.get("/v1/replays")
@call(blueprint, "replays", ReplaysAnswer, "The replays.")
def replays() -> Response:
    """List the replays that are kept, the newest first."""
    settings = service().settings
    keeps = kept_by(settings) is not None
    kept = _kept().all() if keeps else []
    go_on(settings)
    told = {"replays": [replay_values(each) for each in kept], "keeps": keeps, "folders": folders(settings)}
    return json_response(orjson.dumps(told))


@blueprint.get("/v1/replays/<replay_id>")
@call(blueprint, "replay", ReplayAnswer, "The replay.", "unknown")
def replay(replay_id: str) -> Response:
    """Tell how far a replay is, and what came of it: ask again every few seconds until finished_at is told."""
    found = _find(replay_id)
    go_on(service().settings)
    return json_response(orjson.dumps(replay_values(found)))


@blueprint.delete("/v1/replays/<replay_id>")
@blueprint.doc(
    operation_id="replayEnded",
    responses=plain_answers(
        {202: "It is being ended, and stays in the list as cancelled.", 204: "It is removed, with its results."},
        "unknown",
    ),
)
def end(replay_id: str) -> Response:
    """Cancel a replay that waits or runs; remove one that has ended, with its results."""
    ended = end_or_remove(_kept(), replay_id)
    LOOK_BACKS.let_go()
    go_on(service().settings)
    return ended


@blueprint.get("/v1/replays/<replay_id>/report")
@blueprint.doc(
    operation_id="replayReport",
    responses=text_answer("The report.", *_PROBLEMS, media_types=("text/html",)),
)
def report(replay_id: str) -> Response:
    """Show the report of a replay, which needs no other host and runs nothing."""
    found = _find(replay_id)
    path = result_file(found, REPORT, Replays.noun)
    looked_through(**_period(found.request))
    return shown(path)


@blueprint.get("/v1/replays/<replay_id>/files/<path:name>")
@blueprint.doc(
    operation_id="replayFile",
    responses=text_answer("The file.", *_PROBLEMS, media_types=tuple(MEDIA_TYPES.values())),
)
def file(replay_id: str, name: str) -> Response:
    """Hand out a file of a result: files of the replay names them."""
    found = _find(replay_id)
    path = result_file(found, name, Replays.noun)
    looked_through(**_period(found.request), file=name)
    return handed_out(path, found)


@blueprint.get("/v1/replays/<replay_id>/incidents")
@call(blueprint, "replayIncidents", ReplayIncidentsAnswer, "The incidents.", "unknown", "input", "conflict")
def incidents(replay_id: str) -> Response:
    """List incidents of a replay, with their verdicts.

    Go on with after = next, until next is null.
    """
    query = Query(request.args, (*FOUND_BY, "order", "after", "limit"), service())
    wanted: dict[str, str | bool] = {name: request.args[name] for name in FOUND_BY if query.has(name)}
    if query.has("verdict"):
        wanted["verdict"] = query.one_of("verdict", CLASSES)
    if query.has("domestic_abuse"):
        wanted["domestic_abuse"] = query.flag("domestic_abuse")
    order = query.one_of("order", tuple(ORDERS))
    after = query.whole("after", 0, 0, 10**9)
    limit = query.whole("limit", DEFAULT_RECORD_ROWS, 1, MAX_RECORD_ROWS)
    query.require_sound()
    found = _find(replay_id)
    listed = incidents_of(found, wanted, order, after, limit)
    looked_through(**_period(found.request))
    return json_response(orjson.dumps({"replay_id": replay_id, **listed}))


@blueprint.get("/v1/replays/<replay_id>/incidents/<incident_id>")
@call(blueprint, "replayIncident", ReplayIncidentAnswer, "The incident.", "unknown", "input", "conflict")
def incident(replay_id: str, incident_id: str) -> Response:
    """Tell what is said of one incident, with the ledger that it rests on."""
    found = _find(replay_id)
    verdict, ledger = incident_of(found, incident_id)
    looked_at(incident_id, replay_id=replay_id, folder=found.request.folder)
    told = {"replay_id": replay_id, "incident_id": incident_id, "verdict": verdict, "ledger": ledger}
    return json_response(orjson.dumps({**told, "sentences": sentences_of([verdict])}))


@blueprint.get("/v1/replays/<replay_id>/incidents/<incident_id>/moments")
@call(blueprint, "replayMoments", ReplayMomentsAnswer, "The steps.", "unknown", "input", "conflict")
def moments(replay_id: str, incident_id: str) -> Response:
    """Tell what happened about one incident, step by step, and when each step was entered."""
    found, _ = _looked_into(replay_id, incident_id)
    with look_back(found, service().settings, service().network) as back:
        told = moments_values(back, incident_id)
    return json_response(orjson.dumps({"replay_id": replay_id, "incident_id": incident_id, **told}))


@blueprint.get("/v1/replays/<replay_id>/incidents/<incident_id>/known")
@call(blueprint, "replayKnown", ReplayKnownAnswer, "What was known.", "unknown", "input", "conflict")
def known(replay_id: str, incident_id: str) -> Response:
    """Tell what was known at a moment of one incident: the units, who could have gone, what was entered only later."""
    at = _moment()
    found, verdict = _looked_into(replay_id, incident_id)
    with look_back(found, service().settings, service().network) as back:
        told = known_values(back, incident_id, at, (verdict["judged"], verdict["better"]))
    return json_response(orjson.dumps({"replay_id": replay_id, "incident_id": incident_id, **told}))


def _moment() -> datetime:
    query = Query(request.args, ("at",), service())
    at = query.moment("at")
    if at is None and not query.faults:
        query.refuse("at", NOTHING, MOMENT)
    if at is None or query.faults:
        raise InputError(query.faults)
    return at


def _looked_into(replay_id: str, incident_id: str) -> tuple[Replay, Any]:
    """Return a replay and its verdict on an incident, once it is written down that somebody looks into that."""
    found = _find(replay_id)
    # Records are long to read: not for an incident that the replay does not have.
    verdict, _ = incident_of(found, incident_id)
    # A refusal tells of it too: when it began and ended, or that its records are gone.
    looked_through(incident_id, replay_id=replay_id, folder=found.request.folder)
    return found, verdict


def _kept() -> Replays:
    known = service()
    return kept_for(kept_by(known.settings), Replays, room_of(known.settings), known.clock())


def _find(replay_id: str) -> Replay:
    return find_job(_kept(), replay_id)


def _period(asked: Request) -> dict[str, str | None]:
    """Return what a look at a whole period says of it."""
    return {"replay_id": asked.job_id, "folder": asked.folder, "from": asked.start, "to": asked.end}
