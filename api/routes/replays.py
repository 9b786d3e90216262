"""Replays for auditors: asked for here, run by a process of their own, and told from the files that it writes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import orjson
from apiflask import APIBlueprint
from flask import Response, send_file

from api.consultation import look, looked_at, looked_through
from api.openapi import call, plain_answers, text_answer
from api.orders import actor, answered, order, read_model
from api.replay_requests import go_on, replays_of, request_of, require_room
from api.replay_results import MEDIA_TYPES, REPORT, incident_of, replay_values, result_file
from api.replay_schemas import ReplayAnswer, ReplayBody, ReplayIncidentAnswer, ReplaysAnswer
from api.replays import WAITING, Replay, Replays, Request
from api.responses import json_response
from api.service import service
from dispatch.desk import Answer, Known
from dispatch.errors import Unknown
from dispatch.live import Live
from dispatch.record import Event, Row

blueprint = APIBlueprint("replays", __name__, tag="Replays")
# The report brings its own styles and pictures, and may do nothing else.
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PROBLEMS: Final = ("unknown", "input", "conflict", "no-database")
_log = logging.getLogger("nearest.replays")


@blueprint.post("/v1/replays")
@call(blueprint, "replayAsked", ReplayAnswer, "It waits, or runs.", body=ReplayBody, status=202)
def ask() -> Response:
    """Have a period replayed: of this service's own record, or of an imported folder.

    One is run at a time. Ask at Location how far it is.
    """
    body, settings, replays = read_model(ReplayBody), service().settings, _kept()
    asked, requests = order(), list[Request]()

    def decide(known: Known) -> list[Event]:
        request = request_of(body, settings, known.now, asked)
        if replays.find(request.replay_id) is None:
            require_room(replays, settings)
        # It is there before that is told: whoever is told of it finds it, whatever ends this process meanwhile.
        replays.add(request)
        requests.append(request)
        return [look("list replayAsked", known.now, **_period(request))]

    def tell(_live: Live, _rows: Sequence[Row]) -> Answer:
        replay = _find(replays, requests[-1].replay_id)
        return Answer(orjson.dumps(replay_values(replay)) + b"\n", 202, _address(replay))

    try:
        done = service().desk.perform(asked, decide, tell)
    except Exception:
        _take_back(replays, requests)
        raise
    go_on(settings)
    return answered(done)


def _take_back(replays: Replays, requests: Sequence[Request]) -> None:
    """Remove what was begun for a request that is not recorded."""
    for request in requests:
        if (replay := replays.find(request.replay_id)) is not None:
            replays.cancel(replay)
            replays.remove(replay)


@blueprint.get("/v1/replays")
@call(blueprint, "replays", ReplaysAnswer, "The replays.")
def replays() -> Response:
    """List the replays that are kept, the newest first."""
    kept = _kept() if service().settings.replays_dir is not None else None
    go_on(service().settings)
    told = [] if kept is None else [replay_values(each) for each in kept.all()]
    return json_response(orjson.dumps({"replays": told}))


@blueprint.get("/v1/replays/<replay_id>")
@call(blueprint, "replay", ReplayAnswer, "The replay.", "unknown")
def replay(replay_id: str) -> Response:
    """Tell how far a replay is, and what came of it: ask again every few seconds until finished_at is told."""
    found = _find(_kept(), replay_id)
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
    kept, settings = _kept(), service().settings
    found = _find(kept, replay_id)
    _log.info("replay ended", extra={"replay": replay_id, "was": found.state, "actor": actor()})
    if found.state in WAITING:
        kept.cancel(found)
        go_on(settings)
        return Response(status=202)
    kept.remove(found)
    return Response(status=204)


@blueprint.get("/v1/replays/<replay_id>/report")
@blueprint.doc(
    operation_id="replayReport",
    responses=text_answer("The report.", *_PROBLEMS, media_types=("text/html",)),
)
def report(replay_id: str) -> Response:
    """Show the report of a replay, which needs no other host and runs nothing."""
    found = _find(_kept(), replay_id)
    path = result_file(found, REPORT)
    looked_through(**_period(found.request))
    response = _sent(path)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@blueprint.get("/v1/replays/<replay_id>/files/<path:name>")
@blueprint.doc(
    operation_id="replayFile",
    responses=text_answer("The file.", *_PROBLEMS, media_types=tuple(MEDIA_TYPES.values())),
)
def file(replay_id: str, name: str) -> Response:
    """Hand out a file of a result: files of the replay names them."""
    found = _find(_kept(), replay_id)
    path = result_file(found, name)
    looked_through(**_period(found.request), file=name)
    response = _sent(path)
    response.headers.set("Content-Disposition", "attachment", filename=f"{replay_id}-{path.name}")
    return response


@blueprint.get("/v1/replays/<replay_id>/incidents/<incident_id>")
@call(blueprint, "replayIncident", ReplayIncidentAnswer, "The incident.", "unknown", "input", "conflict")
def incident(replay_id: str, incident_id: str) -> Response:
    """Tell what is said of one incident, with the ledger that it rests on."""
    found = _find(_kept(), replay_id)
    verdict, ledger = incident_of(found, incident_id)
    looked_at(incident_id, replay_id=replay_id, folder=found.request.folder)
    told = {"replay_id": replay_id, "incident_id": incident_id, "verdict": verdict, "ledger": ledger}
    return json_response(orjson.dumps(told))


def _sent(path: Path) -> Response:
    media_type = MEDIA_TYPES[path.suffix]
    response = send_file(path, media_type, conditional=False, etag=False)
    response.headers["Cache-Control"] = "no-store"
    del response.headers["Last-Modified"]
    return response


def _kept() -> Replays:
    known = service()
    return replays_of(known.settings, known.clock())


def _find(kept: Replays, replay_id: str) -> Replay:
    found = kept.find(replay_id)
    if found is None:
        raise Unknown(f"there is no replay {replay_id}")
    return found


def _address(replay: Replay) -> str:
    return f"/v1/replays/{replay.request.replay_id}"


def _period(request: Request) -> dict[str, str | None]:
    """Return what a look at a whole period says of it."""
    return {"replay_id": request.replay_id, "folder": request.folder, "from": request.start, "to": request.end}
