"""``POST /v1/recommendations``: units and an incident in, the ledger out; nothing is kept."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request

from api.bodies import read_body
from api.metrics import recommending
from api.openapi import answers
from api.questions import read_question
from api.responses import json_response
from api.schemas import RecommendationAnswer
from api.service import service
from dispatch.recommend import recommend

blueprint = APIBlueprint("recommendations", __name__, tag="Dispatch")


@blueprint.post("/v1/recommendations")
@blueprint.doc(
    operation_id="recommend",
    responses=answers(
        RecommendationAnswer,
        "The recommendation, whatever its outcome: that nobody can be sent is an answer too, and the ledger says why.",
        "malformed-json",
        "body-too-large",
        "media-type",
        "input",
    ),
)
def recommendations() -> Response:
    """Say who should go to an incident, and why not the others.

    Give exactly one of units and picture. The same question gives the same bytes here and from the command line.
    """
    known = service()
    picture, incident = read_question(read_body(request, known.settings.max_body_bytes), known)
    with recommending():
        answer = recommend(picture, incident, known.network, known.force, known.conditions)
    return json_response(answer.to_json())
