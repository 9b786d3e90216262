"""The supervisor's assessment of the initial response."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from apiflask import APIBlueprint
from flask import Response, request

from api.assessment_schemas import (
    AssessBody,
    AssessmentAnswer,
    AssessmentsAnswer,
    FormAnswer,
    SampleAnswer,
    SampleBody,
    SamplesAnswer,
)
from api.openapi import call
from api.orders import perform, read_model, telling
from api.responses import json_response
from api.service import service
from dispatch.assessments import Wanted, assessed, outstanding, sampled
from dispatch.errors import Unknown
from dispatch.live import Live
from dispatch.record import Row
from dispatch.store import Reading
from graphs.errors import Fault, InputError
from graphs.faults import gather
from scenarios.rows import read_moment

blueprint = APIBlueprint("assessments", __name__, tag="Assessment")


@blueprint.get("/v1/assessments/form")
@call(blueprint, "assessmentForm", FormAnswer, "The form.")
def form() -> Response:
    """Tell what the force's form asks."""
    return json_response(orjson.dumps(service().force.assessment.model_dump()))


@blueprint.post("/v1/assessments/samples")
@call(blueprint, "sampleDrawn", SampleAnswer, "The sample.", body=SampleBody, status=201)
def draw() -> Response:
    """Draw a sample of closed incidents to assess; nobody can choose which."""
    body = read_model(SampleBody)
    wanted = Wanted(body.start, body.end, frozenset(body.tags), frozenset(body.grades))
    return perform(partial(sampled, wanted=wanted, size=body.size), telling(_drawn, 201))


def _drawn(_live: Live, rows: Sequence[Row]) -> dict[str, Any]:
    return _sample(rows[0], ())


@blueprint.get("/v1/assessments/samples")
@call(blueprint, "samples", SamplesAnswer, "The samples.", "input")
def samples() -> Response:
    """List the samples drawn in a period, ``from`` and ``to``, the newest first, and what of each is to be assessed."""
    start, end = _period()
    with service().desk.store.reading() as reading:
        rows = [row for row in reading.of_kind("sample_drawn", start, end) if row.details is not None]
        told = _samples(reading, rows)
    return json_response(orjson.dumps({"samples": told[::-1]}))


@blueprint.get("/v1/assessments/samples/<sample_id>")
@call(blueprint, "sample", SampleAnswer, "The sample.", "unknown")
def sample(sample_id: str) -> Response:
    """Tell what was drawn, and what of it is still to be assessed."""
    with service().desk.store.reading() as reading:
        rows = [row for row in reading.about(sample_id) if row.kind == "sample_drawn"]
        if not rows or rows[0].details is None:
            raise Unknown(f"there is no sample {sample_id}")
        (told,) = _samples(reading, rows)
    return json_response(orjson.dumps(told))


def _samples(reading: Reading, drawn: Sequence[Row]) -> list[dict[str, Any]]:
    """Tell samples, in order; what was assessed before a sample was drawn is outstanding in it."""
    since = service().clock() if not drawn else drawn[0].happened
    made = reading.of_kind("assessed", since, service().clock())
    return [_sample(row, [each.subject for each in made if each.subject and each.seq > row.seq]) for row in drawn]


def _sample(row: Row, done: Sequence[str]) -> dict[str, Any]:
    told = row.details or {}
    return {
        "sample_id": row.subject,
        "drawn_at": row.at,
        "by": row.actor,
        "period_from": told["from"],
        "period_to": told["to"],
        **{name: told[name] for name in ("tags", "grades", "population", "seed", "incidents")},
        "outstanding": outstanding(told["incidents"], done),
    }


@blueprint.post("/v1/incidents/<incident_id>/assessments")
@call(blueprint, "assessed", AssessmentAnswer, "The assessment.", body=AssessBody, status=201)
def assess(incident_id: str) -> Response:
    """Keep what a supervisor found of the initial response to an incident that has ended."""
    body = read_model(AssessBody)
    decide = partial(assessed, incident_id=incident_id, answers=body.answers, outcome=body.outcome, note=body.note)
    return perform(decide, telling(_made, 201))


def _made(_live: Live, rows: Sequence[Row]) -> dict[str, Any]:
    return _assessment(rows[0])


def _assessment(row: Row) -> dict[str, Any]:
    return {"seq": row.seq, "incident_id": row.subject, "at": row.at, "by": row.actor, **(row.details or {})}


@blueprint.get("/v1/assessments")
@call(blueprint, "assessments", AssessmentsAnswer, "The assessments.", "input")
def assessments() -> Response:
    """List the assessments of a period, ``from`` and ``to``, and count what they came to."""
    start, end = _period()
    with service().desk.store.reading() as reading:
        rows = reading.of_kind("assessed", start, end)
    made = [_assessment(row) for row in rows if row.details is not None]
    counted = {
        key: dict(Counter(item["answers"][key] for item in made if key in item["answers"]))
        for key in service().force.assessment.questions
    }
    outcomes = dict(Counter(item["outcome"] for item in made))
    return json_response(orjson.dumps({"assessments": made, "outcomes": outcomes, "answers": counted}))


def _period() -> tuple[datetime, datetime]:
    faults: list[Fault] = []
    told = [gather(faults, partial(read_moment, request.args.get(name), "query", name)) for name in ("from", "to")]
    start, end = told
    if start is None or end is None:
        raise InputError(faults)
    return start, end
