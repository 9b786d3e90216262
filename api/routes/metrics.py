"""``GET /metrics``: what is counted, for Prometheus to collect."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, abort
from prometheus_client import CONTENT_TYPE_LATEST

from api.metrics import metrics as counted
from api.openapi import text_answer

blueprint = APIBlueprint("metrics", __name__, tag="Measures")


@blueprint.get("/metrics")
@blueprint.doc(operation_id="metrics", responses=text_answer("Counts and times, in Prometheus's text format."))
def metrics() -> Response:
    """Count requests and recommendations, and how long they took, over all workers since the start."""
    known = counted()
    if known is None:
        abort(404)
    return Response(known.text(), content_type=CONTENT_TYPE_LATEST)
