"""``GET /healthz``: whether this process answers, and on what it rests. ``GET /readyz``: whether it can do its work."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from api.answers import to_json
from api.examples import ask_example
from api.openapi import answers
from api.readiness import require_ready
from api.responses import json_response
from api.schemas import HealthAnswer, ReadyAnswer
from api.service import Service, service
from dispatch.model import Picture
from graphs.conditions import NO_CONDITIONS
from graphs.errors import NearestError
from graphs.provenance import product_version

blueprint = APIBlueprint("health", __name__, tag="Service")


@blueprint.get("/healthz")
@blueprint.doc(operation_id="health", responses=answers(HealthAnswer, "It answers."))
def health() -> Response:
    """Answer a question about the service's own network, and say on what answers rest.

    It is about this process alone: to start it again would not help where the database is gone.
    """
    known = service()
    ask_example(known, NO_CONDITIONS)
    told = {
        "status": "ok",
        "version": product_version(),
        "network": {"name": known.network.meta.source, "hash": known.network.hash},
        "profiles": known.network.profiles.hash,
        "conditions": _conditions(known),
        "force": {"name": known.force.name, "hash": known.force.hash},
        "picture": _picture(known.picture),
    }
    return json_response(to_json(told))


@blueprint.get("/readyz")
@blueprint.doc(operation_id="ready", responses=answers(ReadyAnswer, "It is ready.", "not-ready"))
def ready() -> Response:
    """Check that the network and the database can be used at this moment."""
    known = service()
    require_ready(known)
    return json_response(to_json({"status": "ready", "checks": list(known.checks)}))


def _conditions(known: Service) -> str | None:
    try:
        return known.conditions.hash
    except NearestError:
        return None


def _picture(picture: Picture | None) -> dict[str, Any] | None:
    if picture is None:
        return None
    now = picture.now.astimezone(UTC).isoformat()
    return {"now": now, "units": len(picture.units), "incidents": len(picture.incidents)}
