"""Positions in: batches, and one at a time from Traccar's forwarder."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from apiflask import APIBlueprint
from flask import Response, request

from api.bodies import read_body
from api.csv_bodies import is_csv, read_table
from api.desk_schemas import PositionsAnswer
from api.openapi import POSITIONS, call
from api.orders import actor, model_of
from api.position_schemas import MAX_POSITIONS, PositionRow, PositionsBody, PositionTableRow, TraccarBody
from api.responses import json_response
from api.service import service
from dispatch.store import Report

blueprint = APIBlueprint("positions", __name__, tag="Positions")


@blueprint.post("/v1/positions")
@call(blueprint, "positions", PositionsAnswer, "What became of them.", *POSITIONS, reads=PositionsBody, csv=True)
def positions() -> Response:
    """Store position reports; one that was stored before, for its callsign and time, is stored once."""
    now = service().clock()
    return _stored([row.report(now, actor()) for row in _rows()])


def _rows() -> Sequence[PositionRow]:
    if is_csv():
        return [row for _, row in read_table(PositionTableRow, most=MAX_POSITIONS)]
    return model_of(PositionsBody, _body()).positions


@blueprint.post("/v1/positions/traccar")
@call(blueprint, "traccar", PositionsAnswer, "What became of it.", *POSITIONS, reads=TraccarBody)
def traccar() -> Response:
    """Store what Traccar's position forwarder sends: speeds in knots, and old places told again as outdated."""
    body = model_of(TraccarBody, _body())
    return _stored([body.report(service().clock(), actor())])


def _body() -> object:
    return read_body(request, service().settings.max_body_bytes)


def _stored(reports: Sequence[Report]) -> Response:
    told = service().desk.report(reports)
    refused = [
        {"callsign": report.callsign, "fixed_at": report.fix.fixed_at.isoformat(), "because": report.refused}
        for report in told
        if report is not None and report.refused is not None
    ]
    new = sum(report is not None for report in told)
    return json_response(orjson.dumps({"stored": new, "known": len(told) - new, "refused": refused}))
