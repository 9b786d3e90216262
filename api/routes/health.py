"""``GET /healthz``: whether the service can answer, and on what it rests."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from api.answers import to_json
from api.examples import ask_example
from api.openapi import answers
from api.responses import json_response
from api.schemas import HealthAnswer
from api.service import service
from dispatch.model import Picture
from graphs.provenance import product_version

blueprint = APIBlueprint("health", __name__, tag="Service")


@blueprint.get("/healthz")
@blueprint.doc(operation_id="health", responses=answers(HealthAnswer, "It answers."))
def health() -> Response:
    """Answer a question about the service's own network, and say on what answers rest."""
    known = service()
    ask_example(known)
    told = {
        "status": "ok",
        "version": product_version(),
        "network": {"name": known.network.meta.source, "hash": known.network.hash},
        "profiles": known.network.profiles.hash,
        "conditions": known.conditions.hash,
        "force": {"name": known.force.name, "hash": known.force.hash},
        "picture": _picture(known.picture),
    }
    return json_response(to_json(told))


def _picture(picture: Picture | None) -> dict[str, Any] | None:
    if picture is None:
        return None
    now = picture.now.astimezone(UTC).isoformat()
    return {"now": now, "units": len(picture.units), "incidents": len(picture.incidents)}
