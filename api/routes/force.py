"""``GET /v1/force``: the force's rules, for lists, forms and clocks."""

from __future__ import annotations

import hashlib
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from api.answers import to_json
from api.force_answers import force_answer
from api.force_schemas import ForceAnswer
from api.openapi import answers
from api.responses import json_response
from api.service import service

blueprint = APIBlueprint("force", __name__, tag="Force")
_UNCHANGED: dict[int, Any] = {304: {"description": "It is still what If-None-Match names."}}


@blueprint.get("/v1/force")
@blueprint.doc(
    operation_id="force", responses={**answers(ForceAnswer, "The force's rules, with an ETag."), **_UNCHANGED}
)
def force() -> Response:
    """Say what grades, status codes, skills, tags, reasons and forms the force has, and by what its clocks run."""
    known = service()
    body = to_json(force_answer(known.force, known.network))
    response = json_response(body)
    # What is told beside the profile, such as the steps of an assignment, is not in the profile's hash.
    response.set_etag(f"{known.force.hash[:32]}-{hashlib.sha256(body).hexdigest()[:16]}")
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response
