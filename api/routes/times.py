"""``GET /v1/table``, ``/v1/nearest`` and ``/v1/reachable``: how soon, from many places at once."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request

from api.answers import to_json
from api.areas import reachable_answer
from api.openapi import answers
from api.queries import DEFAULT_COUNT, MAX_PAIRS, MAX_VEHICLES, Query
from api.responses import json_response
from api.road_answers import nearest_answer, nearest_units_answer, table_answer
from api.road_schemas import NearestAnswer, ReachableAnswer, TableAnswer
from api.service import service

blueprint = APIBlueprint("times", __name__, tag="Times")
_NO_UNITS = "this service has no demonstration picture to take units from"


@blueprint.get("/v1/table")
@blueprint.doc(operation_id="table", responses=answers(TableAnswer, "Times and lengths of ways.", "input"))
def table() -> Response:
    """Tell how long it takes from every origin to every destination; null where there is no way."""
    query = Query(request.args, ("origins", "destinations", "profile", "at"), service())
    origins, destinations = query.places("origins"), query.places("destinations")
    pairs = len(origins) * len(destinations)
    if pairs > MAX_PAIRS:
        found = f"{len(origins):,} x {len(destinations):,} places, {pairs:,} pairs"
        query.refuse("origins, destinations", found, f"{MAX_PAIRS:,} pairs at most")
    driving = query.driving()
    query.require_sound()
    return json_response(to_json(table_answer(driving, origins, destinations)))


@blueprint.get("/v1/nearest")
@blueprint.doc(operation_id="nearest", responses=answers(NearestAnswer, "The soonest, first.", "input"))
def nearest() -> Response:
    """Tell which vehicles are soonest at a place, by the roads alone: nothing is asked about who may be sent.

    Without from they are the units of the demonstration picture, where there is one, at the picture's moment.
    """
    known = service()
    query = Query(request.args, ("to", "from", "k", "profile", "at"), known)
    to = query.place("to")
    picture = None if query.has("from") else known.picture
    places = query.places("from", MAX_PAIRS, _NO_UNITS) if picture is None else []
    count = query.count("k", DEFAULT_COUNT)
    driving = query.driving(None if picture is None else picture.now)
    query.require_sound()
    if picture is None:
        return json_response(to_json(nearest_answer(driving, to, places, count)))
    return json_response(to_json(nearest_units_answer(driving, to, picture, known.force, count)))


@blueprint.get("/v1/reachable")
@blueprint.doc(operation_id="reachable", responses=answers(ReachableAnswer, "Areas, as GeoJSON.", "input"))
def reachable() -> Response:
    """Show what can be reached in so many minutes, from one place or from any of several, as GeoJSON."""
    query = Query(request.args, ("from", "minutes", "profile", "at", "roads"), service())
    places, minutes = query.places("from", MAX_VEHICLES), query.minutes("minutes")
    driving, roads = query.driving(), query.flag("roads")
    query.require_sound()
    return json_response(to_json(reachable_answer(driving, places, minutes, roads=roads)))
