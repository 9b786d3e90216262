"""Closures opened and lifted while the service runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from api.bodies import BODY
from api.desk_schemas import ClosureBody, ClosureOpenedAnswer, Nothing
from api.openapi import call
from api.orders import perform, read_model, telling
from api.service import service
from dispatch import closing
from dispatch.live import Live
from dispatch.record import Row
from graphs.closures import closures_of

blueprint = APIBlueprint("closing", __name__, tag="Closures")


@blueprint.post("/v1/closures")
@call(blueprint, "closureOpened", ClosureOpenedAnswer, "The closure.", body=ClosureBody, status=201)
def open_closure() -> Response:
    """Close or slow a road from now on, or for the time that the feature names."""
    body = read_model(ClosureBody)
    # It must be one that this network can be told of; faults name what is wrong with it.
    closures_of({"type": "FeatureCollection", "features": [body.feature]}, service().network, BODY)
    decide = partial(closing.opened, closure_id=body.closure_id, feature=body.feature)
    return perform(decide, telling(partial(_closure, body.closure_id), 201))


@blueprint.post("/v1/closures/<closure_id>/lift")
@call(blueprint, "closureLifted", ClosureOpenedAnswer, "The closure, lifted.", body=Nothing)
def lift_closure(closure_id: str) -> Response:
    """Lift a closure."""
    read_model(Nothing)
    return perform(partial(closing.lifted, closure_id=closure_id), telling(partial(_closure, closure_id)))


def _closure(closure_id: str, live: Live, _rows: Sequence[Row]) -> dict[str, Any]:
    return {"closure_id": closure_id, "feature": live.state.closures.get(closure_id)}
