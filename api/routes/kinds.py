"""``GET /problems/SLUG``: what a kind of problem means, at the address that a problem's ``type`` gives."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, abort

from api.answers import to_json
from api.openapi import answers
from api.problems import KINDS, PREFIX, described
from api.responses import json_response
from api.schemas import KindAnswer

blueprint = APIBlueprint("problems", __name__, tag="Problems")


@blueprint.get(f"{PREFIX}<slug>")
@blueprint.doc(operation_id="problem", responses=answers(KindAnswer, "The kind of problem.", "not-found"))
def kind(slug: str) -> Response:
    """Say what a kind of problem means."""
    if slug not in KINDS:
        abort(404)
    return json_response(to_json(described(KINDS[slug])))
