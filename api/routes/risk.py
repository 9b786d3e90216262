"""Risk: checks, markers, assessments, reviews, releases and what is to be done for victims."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
from apiflask import APIBlueprint
from flask import Response

from api.consultation import looked_through
from api.desk_schemas import CaseAnswer, Nothing
from api.openapi import call
from api.orders import perform, read_model, telling
from api.responses import json_response
from api.risk_answers import marker_answer, markers_answer, review_answer, reviews_answer, task_answer, tasks_answer
from api.risk_schemas import (
    DashAnswer,
    DashBody,
    DiscussedAnswer,
    DiscussionBody,
    DoneBody,
    MarkerAnswer,
    MarkerBody,
    MarkersAnswer,
    ReleaseAnswer,
    ReleaseBody,
    RenewBody,
    ReviewedAnswer,
    ReviewedBody,
    ReviewsAnswer,
    TaskAnswer,
    TaskBody,
    TaskDoneAnswer,
    TasksAnswer,
    VulnerabilityBody,
    WhyBody,
)
from api.routes.incidents import open_case
from api.service import service
from dispatch import dash, markers, releases, risk, tasks
from dispatch.live import Live
from dispatch.record import Row

blueprint = APIBlueprint("risk", __name__, tag="Risk")


@blueprint.post("/v1/incidents/<incident_id>/check")
@call(blueprint, "historyChecked", CaseAnswer, "The incident.", body=Nothing)
def check(incident_id: str) -> Response:
    """Check the history of an open incident again, on what is known by now."""
    read_model(Nothing)
    return perform(partial(risk.check_again, incident_id=incident_id), telling(partial(open_case, incident_id)))


@blueprint.post("/v1/incidents/<incident_id>/vulnerability")
@call(blueprint, "vulnerabilityAnswered", CaseAnswer, "The incident.", body=VulnerabilityBody)
def vulnerability(incident_id: str) -> Response:
    """Note what the call handler was told on the force's questions; one yes marks the incident as vulnerable."""
    body = read_model(VulnerabilityBody)
    decide = partial(risk.answered, incident_id=incident_id, answers=body.answers)
    return perform(decide, telling(partial(open_case, incident_id)))


@blueprint.get("/v1/markers")
@call(blueprint, "markers", MarkersAnswer, "The markers.")
def all_markers() -> Response:
    """List the markers, those that have expired too, until they are lifted."""
    looked_through()
    known = service()
    return json_response(orjson.dumps(markers_answer(known.desk.live().state, known.clock())))


@blueprint.post("/v1/markers")
@call(blueprint, "markerPlaced", MarkerAnswer, "The marker.", body=MarkerBody, status=201)
def place() -> Response:
    """Place a marker on a person or an address; open incidents that it concerns are checked again."""
    body = read_model(MarkerBody)
    values = {name: getattr(body, name) for name in MarkerBody.model_fields if name != "place"}
    at = None if body.place is None else (body.place.lat, body.place.lon)
    return perform(partial(markers.placed, warn=markers.Warn(**values, place=at)), telling(_placed, 201))


def _placed(live: Live, rows: Sequence[Row]) -> dict[str, Any]:
    return _marker(_told(rows, "marker_placed")["marker_id"], live, rows)


def _told(rows: Sequence[Row], *kinds: str) -> dict[str, Any]:
    """Return the details of the row of what was done, among those of what came with it."""
    return next(row.details or {} for row in rows if row.kind in kinds)


def _marker(marker_id: str, live: Live, _rows: Sequence[Row]) -> dict[str, Any]:
    return marker_answer(live.state, live.state.markers[marker_id], service().clock())


@blueprint.post("/v1/markers/<marker_id>/renew")
@call(blueprint, "markerRenewed", MarkerAnswer, "The marker.", body=RenewBody)
def renew(marker_id: str) -> Response:
    """Let a marker hold for longer, on a level that may be higher."""
    body = read_model(RenewBody)
    decide = partial(
        markers.renewed,
        marker_id=marker_id,
        expires_at=body.expires_at,
        because=body.because,
        level=body.level,
        support=body.support,
    )
    return perform(decide, telling(partial(_marker, marker_id)))


@blueprint.post("/v1/markers/<marker_id>/lift")
@call(blueprint, "markerLifted", MarkersAnswer, "The markers that are left.", body=WhyBody)
def lift(marker_id: str) -> Response:
    """Take a marker off before it ends by itself: a supervisor's decision."""
    body = read_model(WhyBody)
    decide = partial(markers.lifted, marker_id=marker_id, because=body.because)
    return perform(decide, telling(lambda live, _rows: markers_answer(live.state, service().clock())))


@blueprint.post("/v1/conferences/discussions")
@call(blueprint, "conferenceDiscussed", DiscussedAnswer, "The person.", body=DiscussionBody, status=201)
def discussion() -> Response:
    """Note that a multi-agency conference discussed somebody, or that somebody was referred to one."""
    body = read_model(DiscussionBody)
    decide = partial(markers.discussed, person=body.person, discussed_at=body.discussed_at, note=body.note)
    return perform(decide, telling(_discussed, 201))


def _discussed(live: Live, rows: Sequence[Row]) -> dict[str, Any]:
    row = next(each for each in rows if each.kind == "conference_discussed")
    found = live.state.subjects[row.subject or ""]
    return {"subject": found.subject, "name": found.name, "discussed_at": found.discussed_at}


@blueprint.post("/v1/incidents/<incident_id>/dash")
@call(blueprint, "riskAssessed", DashAnswer, "The assessment.", body=DashBody, status=201)
def assess(incident_id: str) -> Response:
    """Record a risk assessment; judgement may raise what the ticks make, never lower it."""
    body = read_model(DashBody)
    decide = partial(dash.assessed, incident_id=incident_id, ticks=body.ticks, level=body.level, because=body.because)
    return perform(decide, telling(partial(_assessment, incident_id), 201))


def _assessment(incident_id: str, live: Live, rows: Sequence[Row]) -> dict[str, Any]:
    told = _told(rows, "dash_recorded")
    shown = {name: told[name] for name in ("level", "least", "ticks", "why", "because")}
    return {"incident_id": incident_id, **shown, "review": _next_review(live, rows)}


def _next_review(live: Live, rows: Sequence[Row]) -> dict[str, Any] | None:
    for row in rows:
        if row.kind == "review_set":
            return review_answer(live.state.reviews[(row.details or {})["review_id"]], service().clock())
    return None


@blueprint.get("/v1/reviews")
@call(blueprint, "reviews", ReviewsAnswer, "The reviews.")
def all_reviews() -> Response:
    """List the risks that are to be looked at again, the longest overdue first."""
    looked_through()
    known = service()
    return json_response(orjson.dumps(reviews_answer(known.desk.live().state, known.clock())))


@blueprint.post("/v1/reviews/<review_id>/done")
@call(blueprint, "reviewDone", ReviewedAnswer, "The review.", body=ReviewedBody)
def reviewed(review_id: str) -> Response:
    """Note what a review came to; the next one becomes due where the risk is still medium or high."""
    body = read_model(ReviewedBody)
    decide = partial(dash.reviewed, review_id=review_id, outcome=body.outcome, level=body.level)
    return perform(decide, telling(_reviewed))


def _reviewed(live: Live, rows: Sequence[Row]) -> dict[str, Any]:
    told = _told(rows, "review_done")
    shown = {name: told[name] for name in ("review_id", "level", "outcome")}
    return {**shown, "incident_id": rows[0].subject, "review": _next_review(live, rows)}


@blueprint.post("/v1/releases")
@call(blueprint, "releaseNotified", ReleaseAnswer, "What follows from the release.", body=ReleaseBody, status=201)
def release() -> Response:
    """Note a release from custody or prison: linked markers are raised, tasks to tell and to reassess are set."""
    body = read_model(ReleaseBody)
    told = releases.Release(body.perpetrator, body.out_of, body.release_at, body.conditions)
    return perform(partial(releases.notified, release=told), telling(_released, 201))


def _released(live: Live, rows: Sequence[Row]) -> dict[str, Any]:
    row = next(each for each in rows if each.kind in {releases.NOTIFIED, releases.CANCELLED})
    names = [(each.details or {})["marker_id"] for each in rows if each.kind in {"marker_raised", "marker_raise_ended"}]
    state, now, release_id = live.state, service().clock(), (row.details or {})["release_id"]
    return {
        "release_id": release_id,
        "subject": row.subject,
        "markers": [marker_answer(state, state.markers[name], now) for name in names],
        "tasks": [task_answer(state, each, now) for each in state.tasks.values() if each.release_id == release_id],
    }


@blueprint.post("/v1/releases/<release_id>/cancel")
@call(blueprint, "releaseCancelled", ReleaseAnswer, "What is left to be done.", body=WhyBody)
def cancel_release(release_id: str) -> Response:
    """Note that a release does not happen: its tasks are closed, and who was told of it is to be told of that."""
    body = read_model(WhyBody)
    decide = partial(releases.cancelled, release_id=release_id, because=body.because)
    return perform(decide, telling(_released))


@blueprint.get("/v1/tasks")
@call(blueprint, "tasks", TasksAnswer, "The tasks.")
def all_tasks() -> Response:
    """List what is to be done for victims, the longest overdue first."""
    looked_through()
    known = service()
    return json_response(orjson.dumps(tasks_answer(known.desk.live().state, known.clock())))


@blueprint.post("/v1/tasks")
@call(blueprint, "taskSet", TaskAnswer, "The task.", body=TaskBody, status=201)
def set_task() -> Response:
    """Set a task, such as to keep a victim informed."""
    body = read_model(TaskBody)
    return perform(partial(tasks.task_set, **dict(body)), telling(_set, 201))


def _set(live: Live, rows: Sequence[Row]) -> dict[str, Any]:
    state = live.state
    return task_answer(state, state.tasks[_told(rows, "task_set")["task_id"]], service().clock())


@blueprint.post("/v1/tasks/<task_id>/done")
@call(blueprint, "taskDone", TaskDoneAnswer, "What was done.", body=DoneBody)
def done(task_id: str) -> Response:
    """Note what was done; a task of telling somebody stays open until that person was told."""
    body = read_model(DoneBody)
    decide = partial(tasks.task_done, task_id=task_id, done=body.done, by=body.by, victim_told=body.victim_told)
    return perform(decide, telling(_done))


def _done(_live: Live, rows: Sequence[Row]) -> dict[str, Any]:
    return {**_told(rows, "task_done", "task_tried"), "open": rows[0].kind == "task_tried"}
