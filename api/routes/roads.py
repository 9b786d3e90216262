"""``GET /v1/route``, ``/v1/closures`` and ``/v1/network``: what the service knows of the roads."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request

from api.answers import to_json
from api.openapi import answers
from api.queries import REPORTED, Query
from api.responses import json_response
from api.road_answers import closures_answer, route_answer
from api.road_schemas import ClosuresAnswer, NetworkAnswer, RouteAnswer
from api.service import service

blueprint = APIBlueprint("roads", __name__, tag="Roads")


@blueprint.get("/v1/route")
@blueprint.doc(operation_id="route", responses=answers(RouteAnswer, "The fastest way.", "unreachable", "input"))
def route() -> Response:
    """Show the fastest way from one point to another, as the engine drives it.

    With all that a unit's position report says, and on_road as the incident has it, it is the way of its ledger line.
    """
    query = Query(request.args, ("from", *REPORTED, "to", "on_road", "profile", "at"), service())
    start, end = query.place("from"), query.place("to")
    reported = {name: value for name, most in REPORTED.items() if (value := query.number(name, 0.0, most)) is not None}
    driving, on_road = query.driving(), query.flag("on_road")
    query.require_sound()
    return json_response(to_json(route_answer(driving, start, end, reported=reported, on_road=on_road)))


@blueprint.get("/v1/closures")
@blueprint.doc(operation_id="closures", responses=answers(ClosuresAnswer, "What is closed or slowed.", "input"))
def closures() -> Response:
    """Show the closures that are in force at a moment, for any profile, as GeoJSON."""
    known = service()
    query = Query(request.args, ("at",), known)
    at = query.moment()
    query.require_sound()
    live = known.desk.live()
    return json_response(to_json(closures_answer(known.network, live.conditions, at or known.clock(), live.closed_by)))


@blueprint.get("/v1/network")
@blueprint.doc(operation_id="network", responses=answers(NetworkAnswer, "The network, with an ETag."))
def network() -> Response:
    """Say what the road network holds, what was left out of it, and where it ends."""
    page = service().about_network
    response = json_response(page.body)
    response.set_etag(page.etag)
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response
