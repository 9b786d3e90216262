"""``GET /v1/queue/plan``: who should go to each waiting incident, all of them together."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from api.consultation import looked_through
from api.openapi import call
from api.queue_schemas import PlanAnswer
from api.responses import json_response
from api.service import service
from dispatch.assign import assign

blueprint = APIBlueprint("queue", __name__, tag="Queue")


@blueprint.get("/v1/queue/plan")
@call(blueprint, "queuePlan", PlanAnswer, "The plan.")
def plan() -> Response:
    """Propose who goes to each waiting incident, why others are left, and which nearer units might take over.

    The same picture gives the same bytes. Nothing is sent: each unit is assigned by a person.
    """
    looked_through()
    known = service()
    live = known.desk.live()
    made = assign(live.picture(known.clock(), known.force), known.network, known.force, live.conditions)
    return json_response(made.to_json())
