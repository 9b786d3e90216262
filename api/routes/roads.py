"""``GET /v1/route`` and ``GET /v1/network``: what the service knows of the roads."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request

from api.answers import route_answer, to_json
from api.openapi import answers
from api.places import QUERY, parameter_faults, read_place
from api.responses import json_response
from api.schemas import NetworkAnswer, RouteAnswer
from api.service import service
from graphs.errors import InputError
from graphs.faults import unknown_name

blueprint = APIBlueprint("roads", __name__, tag="Roads")
_PARAMETERS = ("from", "to", "profile")


@blueprint.get("/v1/route")
@blueprint.doc(operation_id="route", responses=answers(RouteAnswer, "The fastest way.", "unreachable", "input"))
def route() -> Response:
    """Show the fastest way from one point to another, as the engine drives it."""
    network, query = service().network, request.args
    faults = list(parameter_faults(query, _PARAMETERS))
    start = read_place(query.get("from"), QUERY, "from", network, faults)
    end = read_place(query.get("to"), QUERY, "to", network, faults)
    profile = query.get("profile", "response")
    if profile not in network.profiles.names:
        faults.append(unknown_name(QUERY, "profile", profile, network.profiles.names))
    if faults:
        raise InputError(faults)
    return json_response(to_json(route_answer(network, profile, start, end)))


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
